/* cmd.h -- the command interpreter: cmd.exe as a part of Joist.
 *
 * It is a process of its own that CreateProcess starts in place of a file, and it runs on the
 * process's first thread.  A line is read, expanded by percents, parsed (parse.h) and run
 * node by node (run.c).  Whatever leaves a line early (goto, exit) sets `jump`, and every
 * loop looks at it.
 */
#ifndef LAYER_API_CMD_CMD_H
#define LAYER_API_CMD_CMD_H

#include "layer/api/cmd/expand.h"
#include "layer/api/cmd/syntax.h"
#include "layer/api/cmd/win.h"
#include "layer/api/cmd/wtext.h"

enum { CMD_HANDLES = 10, CMD_LETTERS = 128, CMD_DEEPEST = 200 };

enum cmd_jump {
	JUMP_NONE,
	JUMP_GOTO,              /* the batch file goes on elsewhere */
	JUMP_RETURN,            /* this batch file or :label ends */
	JUMP_ABORT,             /* all batch files end: a syntax error */
	JUMP_EXIT,              /* the interpreter ends */
};

/* A batch file that runs, or a :label of one that was called. */
struct batch {
	struct batch *up;
	WCHAR *path;            /* own: full */
	WCHAR *text;            /* own, or the file's of `up` */
	bool owns_text;
	size_t at;              /* the next line */
	WCHAR **args;           /* own: %0 ... NULL */
	size_t nargs, shifted;
	WCHAR *first;           /* own: %0 while it was not shifted away; for %~dp0 */
};

/* What setlocal keeps. */
struct local {
	struct local *up;
	struct batch *batch;
	WCHAR *environment, *current;   /* own */
	bool extensions, delayed;
};

struct cmd {
	HANDLE std[CMD_HANDLES];
	bool echo, extensions, delayed, unicode, interactive;
	int32_t errorlevel;
	enum cmd_jump jump;
	struct batch *batch;            /* NULL: lines of the user */
	struct local *locals;
	WCHAR *letters[CMD_LETTERS];    /* own: variables of for */
	struct vec *folders;            /* own: pushd */
	WCHAR *line;                    /* own: what cmd itself was called with */
	int depth;
	uint32_t random;
};

/* A command that needs no program. */
struct builtin {
	const char *name;
	int32_t (*run)(struct cmd *c, const WCHAR *args);
	const char *flags;      /* cmd.def */
	const char *brief;
};

/* run.c */
int32_t cmd_run(struct cmd *c, const struct node *n);
int32_t cmd_line(struct cmd *c, const WCHAR *line);     /* expand, parse, run */
WCHAR *cmd_expand(struct cmd *c, const WCHAR *text);    /* for and delayed; the caller's */
int32_t cmd_text(struct cmd *c, const WCHAR *text);     /* a simple command, expanded already */
int32_t cmd_for(struct cmd *c, const struct node *n);   /* for.c */
void cmd_expander(struct cmd *c, struct expand *x);

/* batch.c */
int32_t cmd_batch(struct cmd *c, const WCHAR *path, const WCHAR *name, const WCHAR *args);
int32_t cmd_call(struct cmd *c, const WCHAR *args);
bool cmd_goto(struct cmd *c, const WCHAR *label);
bool cmd_next_line(struct cmd *c, struct wtext *line);
void cmd_setlocal(struct cmd *c);
bool cmd_endlocal(struct cmd *c);

/* spawn.c */
bool cmd_is_batch(const WCHAR *path);
WCHAR *cmd_program(struct cmd *c, const WCHAR *name);   /* its full path, or NULL */
HANDLE cmd_spawn(struct cmd *c, const WCHAR *program, const WCHAR *line, const WCHAR *current);
HANDLE cmd_spawn_self(struct cmd *c, const WCHAR *text);        /* cmd /s /d /c "text" */
int32_t cmd_wait(HANDLE process);                       /* closes it */
/* Split the program's name from a command: *rest points behind it. */
WCHAR *cmd_name(const WCHAR *text, const WCHAR **rest);
/* The command that stands for a program of System32, or for one that is not there; or NULL. */
const struct builtin *cmd_stands_for(const WCHAR *program, const WCHAR *name);
int32_t cmd_external(struct cmd *c, const WCHAR *text);

/* builtin.c */
const struct builtin *builtin_named(const WCHAR *text, const WCHAR **args);
const struct builtin *builtin_fallback(const WCHAR *name);  /* find, more ...: programs of System32 */

/* message.c */
void cmd_write(struct cmd *c, HANDLE h, const WCHAR *s, size_t n);
void cmd_out(struct cmd *c, const WCHAR *s);
void cmd_say(struct cmd *c, const char *ascii);         /* standard output, and a line end */
int32_t cmd_fail(struct cmd *c, const char *ascii);     /* standard error, a line end; 1 */
int32_t cmd_system(struct cmd *c, DWORD error);         /* what the system says of an error; 1 */
int32_t cmd_last(struct cmd *c);                        /* of the last error */
const char *cmd_words(DWORD error);

/* word.c: what commands find in their arguments */
struct word {
	WCHAR *text;            /* own, without quotes */
	bool quoted;
};
struct words {
	struct word *p;         /* own */
	size_t n;
};
struct words cmd_words_of(const WCHAR *args);
/* Without the words that begin with a slash; these go into *flags, each in upper case without its
 * slash; "/a/b" are two. */
struct words cmd_words_flags(const WCHAR *args, struct words *flags);
void cmd_words_free(struct words *w);
bool cmd_flag(const struct words *flags, const char *name);

/* files.c: names of files */
WCHAR *cmd_full(const WCHAR *name);                     /* GetFullPathName; the caller's */
WCHAR *cmd_current(void);
WCHAR *cmd_getenv(const WCHAR *name);
WCHAR *cmd_variable(struct cmd *c, const WCHAR *name);  /* also the dynamic ones */
bool cmd_exists(const WCHAR *name);                     /* wildcards work */
bool cmd_is_folder(const WCHAR *name);
bool cmd_has_wildcard(const WCHAR *name);
WCHAR *cmd_join(const WCHAR *folder, const WCHAR *name);
WCHAR *cmd_folder_of(const WCHAR *path);                /* with its final backslash, or "" */
const WCHAR *cmd_base_of(const WCHAR *path);
/* Names in a folder that match, sorted as cmd does; each with its data. */
struct found {
	struct WIN32_FIND_DATAW *p;     /* own */
	size_t n;
};
struct found cmd_find(const WCHAR *pattern, bool dots);
/* The whole of a file as text; NULL: the last error says why. */
WCHAR *cmd_read(HANDLE h);
bool cmd_read_line(struct cmd *c, HANDLE h, struct wtext *line);
void cmd_stamp(const struct FILETIME *t, struct wtext *out);    /* 01/02/2026  03:04 PM */

#endif
