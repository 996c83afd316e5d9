/* cli.h -- the command line: a client of the library like any other.
 *
 * One table (verb.def) makes the parser; a verb is a function in a file of its
 * own name.  Only this room prints.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "include/joist.h"

enum flag_kind { KIND_BOOL, KIND_STR, KIND_LIST, KIND_INT, KIND_REAL, KIND_SIZE, KIND_TIME };

enum {
	SET_GLOBAL = 1 << 0, SET_MACHINE = 1 << 1, SET_RUN = 1 << 2, SET_ALL = 1 << 3,
	SET_JSON = 1 << 4, SET_START = 1 << 5, SET_STOP = 1 << 6, SET_KILL = 1 << 7,
	SET_RM = 1 << 8, SET_PS = 1 << 9, SET_LOGS = 1 << 10, SET_TOP = 1 << 11,
	SET_EVENTS = 1 << 12, SET_EXEC = 1 << 13, SET_ATTACH = 1 << 14, SET_CP = 1 << 15,
	SET_REGISTRY = 1 << 16, SET_PULL = 1 << 17, SET_RMI = 1 << 18, SET_IMPORT = 1 << 19,
	SET_EXPORT = 1 << 20, SET_DEBUG = 1 << 21, SET_RESTORE = 1 << 22,
	SET_DISK_NEW = 1 << 23, SET_DISK_INFO = 1 << 24, SET_DISK_CONVERT = 1 << 25,
	SET_DISK_CHECK = 1 << 26, SET_DISK_SNAPSHOT = 1 << 27, SET_DISK_RESIZE = 1 << 28,
	SET_GUEST = 1 << 30,    /* what follows the fixed arguments is the guest's */
};

enum { MANY = -1 };

struct flag {
	unsigned set;
	char letter;            /* 0: none */
	const char *name;
	enum flag_kind kind;
	const char *argument, *help;
};

/* A command line taken apart. */
struct call {
	struct joist *joist;
	const struct verb *verb;
	json_t *flags;          /* own: the request object, a member a flag */
	char **args;            /* own list of lent texts: positional arguments */
	int nargs;
	bool quiet, json;
};

struct verb {
	const char *name, *group, *arguments;
	int least, most;
	unsigned sets;
	const char *brief, *detail;
	int (*run)(struct call *c);     /* exit status */
};

extern const struct verb cli_verbs[];   /* ended by a NULL name */
extern const struct flag cli_flags[];   /* ended by a NULL name */

/* parse.c: argv into *c; -1 with an error that ends with where to look. */
int parse_line(int argc, char **argv, struct call *c, struct err *e);
const struct verb *parse_verb(const char *name);        /* of one word or two */
const struct verb *parse_words(char **word, int n);     /* likewise, in one text or two */

/* run.c: join this terminal with a machine that `take` gives the socket of; the exit status. */
typedef int run_taker(struct call *c, const char *name, bool input, struct err *e);
int run_attached(struct call *c, const char *name, bool input, run_taker *take);

/* say.c: the two-line error; returns the exit status it stands for. */
int say_error(const struct err *e);
void say_warning(const char *sentence);
void say_table(FILE *to, const json_t *rows, const char *const columns[][2]);
char *say_request(json_t *flags);               /* compact text, the caller's */
const char *say_ago(const char *time, char buf[32]);    /* RFC 3339 -> "3 minutes" */

/* Call fn for each name (all machines with --all); the worst status. */
int say_each(struct call *c, int (*fn)(struct call *c, const char *name, struct err *e));

/* "-f", "1h", "2026-01-01T..": the member as ns since 1970; -1 with an error. */
int say_when(json_t *flags, const char *key, struct err *e);

/* term.c: this terminal, carried to a machine and back. */
struct keys {
	char seq[8];
	size_t n;
};
int term_keys(const char *text, struct keys *k, struct err *e);
/* Join our terminal (or plain descriptors) with an attach socket; the exit
 * status, or -1 when it was left with the detach keys. */
int term_attach(int sock, bool input, const struct keys *k, int *status, struct err *e);
/* Join our terminal with the master side of a command's terminal until wait_fd
 * (lent) has something to read; false when it was left. */
bool term_console(int console, int wait_fd, const struct keys *k);
void term_size(json_t *request);        /* adds "consoleSize" when we have one */

#endif
