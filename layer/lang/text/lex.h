/* lex.h -- text to tokens (Core specification 6.3).
 *
 * The whole text is cut into tokens before anybody looks at one.  A wrong token
 * is a token too, which is an error when the parser comes to it, so the first
 * error of the text is the one that is told.  An opening parenthesis knows the
 * one that closes it; identifiers are numbers, equal when their names are.
 */
#ifndef LAYER_LANG_TEXT_LEX_H
#define LAYER_LANG_TEXT_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "layer/lang/text/word.h"

enum tok {
	TOK_EOF,                /* the last one, and only that */
	TOK_LPAR, TOK_RPAR,
	TOK_WORD,
	TOK_NAT, TOK_INT, TOK_FLOAT,
	TOK_STRING,
	TOK_ID,
	TOK_OFFSET, TOK_ALIGN,  /* offset=NAT, align=NAT: one token each */
	TOK_BAD,
};

enum bad {
	BAD_OPERATOR, BAD_CHARACTER, BAD_UTF8, BAD_STRING, BAD_CONTROL, BAD_ESCAPE, BAD_COMMENT,
	BAD_ANNOTATION, BAD_ANNOTATION_ID, BAD_ID,
};

struct token {
	uint32_t at;            /* in the text */
	uint32_t v;             /* LPAR: the token that closes it; ID: symbol; else length */
	uint8_t kind;           /* enum tok */
	uint16_t word;          /* WORD: enum op or enum word; BAD: enum bad */
};

struct symbol { const char *p; uint32_t n; };   /* without $, unescaped */

enum note { NOTE_CUSTOM, NOTE_NAME, NOTE_HINT };

/* An annotation that we know: (@custom ...), (@name ...), (@metadata.code.branch_hint ...). */
struct annotation {
	enum note note;
	bool used;              /* set by the parser: it stands where it may */
	uint32_t at;
	uint32_t from, to;      /* what it holds */
	uint32_t token;         /* it stands before this one */
};

struct lex {
	const char *src;                /* lent */
	struct arena *arena;            /* own: names of symbols */
	struct token *tok;              /* own, as all below */
	struct symbol *sym;
	struct annotation *note;
	uint32_t ntok, nsym, nnote;
	uint32_t tok_cap, sym_cap, note_cap;
	uint32_t *slot, nslot;          /* symbol + 1, hashed */
};

/* Cut src[from .. to).  Fails only when that is longer than 4 GiB. */
int  lex_open(struct lex *l, const char *src, size_t from, size_t to, struct err *e);
void lex_close(struct lex *l);

/* Append the bytes that a STRING token stands for. */
void lex_string(const struct lex *l, const struct token *t, struct buf *out);

/* An error at a token, "WHAT at LINE:COLUMN"; for a BAD token it is its own
 * error.  `lex_fail_at` takes a place in the text. */
int  lex_fail(const struct lex *l, const struct token *t, struct err *e, const char *what);
int  lex_fail_at(const char *src, size_t at, struct err *e, const char *what);

bool lex_utf8(const void *bytes, size_t n);

#endif
