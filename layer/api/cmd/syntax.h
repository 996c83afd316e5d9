/* syntax.h -- a command line of cmd as a tree.
 *
 * What is parsed is expanded by percents already.  Quotes stay in the texts, carets are gone:
 * a special character that is left in a text was escaped or quoted.  All nodes live in one
 * arena.  Precedence, loosest first: & || && | command.
 */
#ifndef LAYER_API_CMD_SYNTAX_H
#define LAYER_API_CMD_SYNTAX_H

#include "base/arena.h"
#include "layer/api/cmd/wtext.h"

enum redirect_kind { REDIRECT_READ, REDIRECT_WRITE, REDIRECT_APPEND, REDIRECT_DUP };

struct redirect {
	enum redirect_kind kind;
	int handle;             /* 0..9 */
	int of;                 /* of REDIRECT_DUP */
	WCHAR *target;
	struct redirect *next;
};

enum node_kind { NODE_COMMAND, NODE_BLOCK, NODE_THEN, NODE_AND, NODE_OR, NODE_PIPE, NODE_IF,
	         NODE_FOR, NODE_REM };

enum if_kind { IF_EXIST, IF_DEFINED, IF_ERRORLEVEL, IF_VERSION, IF_SAME, IF_EQU, IF_NEQ, IF_LSS,
	       IF_LEQ, IF_GTR, IF_GEQ };

struct node {
	enum node_kind kind;
	bool silent;            /* @ */
	struct redirect *redirects;
	WCHAR *text;            /* COMMAND: all of it; REM: what follows */
	/* THEN AND OR PIPE: both (right may be NULL of THEN); BLOCK FOR IF: left; IF: right is else */
	struct node *left, *right;
	/* IF */
	enum if_kind test;
	bool not, ignore_case;
	WCHAR *a, *b;
	/* FOR */
	WCHAR letter, mode;     /* mode: 0 D R L F */
	WCHAR *options, *set;   /* options: of /f, or the folder of /r; or NULL */
};

struct parse {
	struct arena *arena;
	/* One more line of the batch file, expanded; false: there is none. */
	bool (*more)(void *ctx, struct wtext *line);
	void *ctx;
	struct wtext line;      /* own */
	size_t at;
	int depth;
	bool failed;
	WCHAR *unexpected;      /* in the arena; NULL with failed: "the syntax ... is incorrect" */
};

/* NULL: nothing there (or p->failed). */
struct node *syntax_line(struct parse *p, const WCHAR *line);
void syntax_free(struct parse *p);       /* the line, not the arena */

/* The command line of a node again, so that parsing it gives the same. */
void syntax_text(const struct node *n, struct wtext *out);
/* As it is shown with echo on. */
void syntax_show(const struct node *n, struct wtext *out);

#endif
