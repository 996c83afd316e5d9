/* script.h -- the scripts of WebAssembly's test suite (.wast), command by command.
 *
 * The language is that of the reference interpreter (interpreter/README.md,
 * "Scripts", in the specification's repository), and the commands thread and
 * wait of the threads proposal.
 */
#ifndef LAYER_LANG_TEXT_SCRIPT_H
#define LAYER_LANG_TEXT_SCRIPT_H

#include "layer/lang/text/lex.h"

enum script_command {
	SCRIPT_MODULE,          /* define, and unless it is a definition instantiate */
	SCRIPT_INSTANCE,        /* instantiate a definition */
	SCRIPT_REGISTER,
	SCRIPT_ACTION,
	SCRIPT_ASSERT_RETURN, SCRIPT_ASSERT_TRAP, SCRIPT_ASSERT_EXHAUSTION, SCRIPT_ASSERT_EXCEPTION,
	SCRIPT_ASSERT_MALFORMED, SCRIPT_ASSERT_INVALID, SCRIPT_ASSERT_UNLINKABLE,
	SCRIPT_THREAD, SCRIPT_WAIT,
};

enum script_form { SCRIPT_TEXT, SCRIPT_BINARY, SCRIPT_QUOTE };

enum script_type {
	SCRIPT_I32, SCRIPT_I64, SCRIPT_F32, SCRIPT_F64, SCRIPT_V128,
	SCRIPT_NULL, SCRIPT_EXTERN, SCRIPT_HOST, SCRIPT_FUNC, SCRIPT_ANY, SCRIPT_EQ, SCRIPT_I31,
	SCRIPT_STRUCT, SCRIPT_ARRAY, SCRIPT_EXN,
	SCRIPT_EITHER,
};

enum script_nan { SCRIPT_EXACT, SCRIPT_CANONICAL, SCRIPT_ARITHMETIC };

/* An argument, or what a result must look like. */
struct script_value {
	enum script_type type;
	uint64_t bits[2];               /* the value; of EXTERN and HOST the number */
	bool given;                     /* EXTERN, HOST: there is a number */
	uint8_t lanes;                  /* V128: 4 or 2 for float lanes, else 0 */
	uint8_t nan[4];                 /* enum script_nan, by lane */
	struct script_value *either;    /* EITHER: any of these */
	uint32_t neither;
};

struct script_name { const char *p; uint32_t n; };      /* p NULL: none */

struct script_item {
	enum script_command command;
	uint32_t line;
	const char *word;               /* "assert_return" */

	/* MODULE and those assertions that have one (has_module) */
	bool has_module, definition;
	enum script_form form;
	struct script_name module;      /* its identifier; INSTANCE: the definition's; of an
	                                 * action and REGISTER: the instance's */
	uint32_t from, to;              /* TEXT: in the source; else tokens that are strings */

	struct script_name instance;    /* INSTANCE, THREAD, WAIT: identifier */
	struct script_name name;        /* of the export; REGISTER: as it is known */
	bool get;                       /* the action asks a global */
	struct script_value *arg, *result;
	uint32_t narg, nresult;
	const char *text;               /* expected message */

	/* THREAD: shared modules, and where its commands are */
	struct script_name *shared;
	uint32_t nshared, first, last;
};

struct script {
	struct lex lex;
	struct arena *arena;            /* own: what items point to */
	uint32_t pos, end;              /* tokens */
	uint32_t line_pos, line;        /* line of that place in the text */
};

int  script_open(struct script *s, const char *src, size_t n, struct err *e);
void script_close(struct script *s);

/* 1: *i is the next command; 0: there is none; -1: it is wrong, and was left out. */
int script_next(struct script *s, struct script_item *i, struct err *e);

/* The commands of a THREAD, to be asked for with script_next; not to be closed. */
struct script script_inside(const struct script *s, const struct script_item *thread);

/* The binary of an item's module, behind what is in *out. */
int script_module(const struct script *s, const struct script_item *i, struct buf *out,
                  struct err *e);

#endif
