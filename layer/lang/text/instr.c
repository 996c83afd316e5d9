/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions, plain and folded (Core specification 6.5).
 *
 * Nesting has no limit but memory: what is open is on a stack of our own.  A
 * folded instruction stands before its operands in the text and behind them in
 * the binary; its bytes wait in c->pend. */
#include <stdlib.h>
#include <string.h>

#include "layer/lang/text/encode.h"

enum frame_kind {
	LIST, /* everything up to a ")" that is the caller's */
	ONE,  /* exactly one in parentheses */
	/* plain: ended by a word */
	PLAIN_BLOCK,
	PLAIN_IF,
	PLAIN_ELSE,
	PLAIN_TRY,
	PLAIN_CATCH,
	PLAIN_CATCH_ALL,
	/* folded: ended by a ")" */
	FOLD_OP,        /* operands, then what waits */
	FOLD_BLOCK,     /* instructions */
	FOLD_IF,        /* operands, then the branches */
	FOLD_IF_THEN,   /* has its (then) */
	FOLD_IF_ELSE,   /* has both */
	FOLD_TRY,       /* wants its (do) */
	FOLD_TRY_DO,    /* has it */
	FOLD_TRY_CATCH, /* has catches, too */
	FOLD_TRY_END,   /* wants its ")" */
	FOLD_DELEGATED, /* the same, and no `end` */
	FOLD_PART,      /* instructions of a (then), (else), (do), (catch) */
};

struct frame {
	uint8_t kind;    /* enum frame_kind */
	int8_t hint;     /* FOLD_OP, FOLD_IF: of what waits, or -1 */
	uint32_t symbol; /* FOLD_IF: its label */
	size_t pend;     /* FOLD_OP, FOLD_IF: where it begins in c->pend */
};

static struct frame *top(struct encode *c) { return &c->frame[c->nframe - 1]; }

static struct frame *
push(struct encode *c, enum frame_kind kind)
{
	if (c->nframe == c->frame_cap) {
		c->frame_cap = c->frame_cap ? c->frame_cap * 2 : 64;
		c->frame = xrealloc(c->frame, c->frame_cap * sizeof *c->frame);
	}
	c->frame[c->nframe++] =
	        (struct frame){ .kind = (uint8_t)kind, .hint = -1, .pend = c->pend.n };
	return top(c);
}

/* When the one instruction is complete so is what asked for it. */
static void
pop(struct encode *c)
{
	c->nframe--;
	if (top(c)->kind == ONE)
		c->nframe--;
}

/* -- labels ------------------------------------------------------------------- */

static void
push_label(struct encode *c, uint32_t symbol)
{
	if (c->nlabel == c->label_cap) {
		c->label_cap = c->label_cap ? c->label_cap * 2 : 64;
		c->label = xrealloc(c->label, c->label_cap * sizeof *c->label);
	}
	struct label *l = &c->label[c->nlabel++];
	*l = (struct label){ .symbol = symbol };
	if (symbol != ENCODE_NONE) {
		l->shadowed = c->bind[symbol].label;
		c->bind[symbol].label = c->nlabel;
	}
}

static void
pop_label(struct encode *c)
{
	const struct label *l = &c->label[--c->nlabel];

	if (l->symbol != ENCODE_NONE)
		c->bind[l->symbol].label = l->shadowed;
}

uint32_t
encode_label(struct encode *c)
{
	const struct token *t = encode_peek(c);

	if (t->kind != TOK_ID)
		return encode_u32(c);
	uint32_t place = c->bind[t->v].label;
	if (!place) {
		encode_fail_id(c, "unknown label", t->v);
		return 0;
	}
	c->pos++;
	return c->nlabel - place;
}

/* Behind `end` or `else` the label may be named again. */
static void
same_label(struct encode *c)
{
	const struct token *t = encode_peek(c);

	if (t->kind != TOK_ID)
		return;
	if (t->v != c->label[c->nlabel - 1].symbol)
		encode_fail(c, "mismatching label");
	else
		c->pos++;
}

/* -- blocks --------------------------------------------------------------------- */

static void
catches(struct encode *c, struct buf *out)
{
	struct buf list = { 0 };
	uint32_t n = 0;

	for (;; n++) {
		bool tagged = true;
		uint8_t kind;
		if (encode_eat_list(c, OP_catch)) {
			kind = 0;
		} else if (encode_eat_list(c, WORD_catch_ref)) {
			kind = 1;
		} else if (encode_eat_list(c, OP_catch_all)) {
			kind = 2;
			tagged = false;
		} else if (encode_eat_list(c, WORD_catch_all_ref)) {
			kind = 3;
			tagged = false;
		} else {
			break;
		}
		buf_u8(&list, kind);
		if (tagged)
			buf_uleb(&list, encode_index(c, SPACE_TAG));
		buf_uleb(&list, encode_label(c));
		encode_need(c, TOK_RPAR);
	}
	encode_vec(out, n, &list);
	buf_free(&list);
}

static bool
is_block(unsigned word)
{
	return word == OP_block || word == OP_loop || word == OP_if || word == OP_try ||
	       word == OP_try_table;
}

/* The cursor is at block, loop, if, try or try_table.  Its label, which is not yet
 * pushed. */
static uint32_t
header(struct encode *c, struct buf *out)
{
	unsigned op = c->lex.tok[c->pos++].word;
	uint32_t symbol = encode_opt_id(c);

	encode_op(op, out);
	encode_blocktype(c, out);
	if (op == OP_try_table)
		catches(c, out);
	return symbol;
}

/* What waited since the top frame began. */
static void
emit_pending(struct encode *c)
{
	const struct frame *f = top(c);

	if (f->hint >= 0)
		encode_hinted(c, f->hint);
	buf_put(c->out, c->pend.p + f->pend, c->pend.n - f->pend);
	c->pend.n = f->pend;
}

static void
emit_end(struct encode *c)
{
	encode_op(OP_end, c->out);
	pop_label(c);
}

/* -- words ------------------------------------------------------------------------ */

static void
plain_else(struct encode *c)
{
	if (top(c)->kind != PLAIN_IF) {
		encode_unexpected(c);
		return;
	}
	c->pos++;
	same_label(c);
	encode_op(OP_else, c->out);
	top(c)->kind = PLAIN_ELSE;
}

static void
plain_end(struct encode *c)
{
	if (top(c)->kind < PLAIN_BLOCK || top(c)->kind > PLAIN_CATCH_ALL) {
		encode_unexpected(c);
		return;
	}
	c->pos++;
	same_label(c);
	if (c->bad)
		return;
	emit_end(c);
	pop(c);
}

static void
plain_catch(struct encode *c, unsigned op)
{
	if (top(c)->kind != PLAIN_TRY && top(c)->kind != PLAIN_CATCH) {
		encode_unexpected(c);
		return;
	}
	c->pos++;
	encode_op(op, c->out);
	if (op == OP_catch)
		buf_uleb(c->out, encode_index(c, SPACE_TAG));
	top(c)->kind = op == OP_catch ? PLAIN_CATCH : PLAIN_CATCH_ALL;
}

/* The label counts from outside the block that delegates. */
static void
delegate(struct encode *c)
{
	pop_label(c);
	encode_op(OP_delegate, c->out);
	buf_uleb(c->out, encode_label(c));
}

static void
plain_delegate(struct encode *c)
{
	if (top(c)->kind != PLAIN_TRY) {
		encode_unexpected(c);
		return;
	}
	c->pos++;
	delegate(c);
	pop(c);
}

static void
plain(struct encode *c)
{
	const struct token *t = encode_peek(c);
	unsigned op = t->word;
	enum frame_kind in = top(c)->kind;

	/* Operands of folded instructions are folded. */
	if (in == ONE || (in >= FOLD_OP && in != FOLD_BLOCK && in != FOLD_PART) || op >= OP_COUNT) {
		encode_unexpected(c);
		return;
	}
	switch (op) {
	case OP_else: plain_else(c); return;
	case OP_end: plain_end(c); return;
	case OP_catch:
	case OP_catch_all: plain_catch(c, op); return;
	case OP_delegate: plain_delegate(c); return;
	default: break;
	}
	int hint = encode_note_hint(c, c->pos, op);
	if (c->bad)
		return;
	if (hint >= 0)
		encode_hinted(c, hint);
	if (is_block(op)) {
		push_label(c, header(c, c->out));
		push(c, op == OP_if ? PLAIN_IF : op == OP_try ? PLAIN_TRY : PLAIN_BLOCK);
		return;
	}
	c->pos++;
	encode_plain(c, op, c->out);
}

/* -- parentheses -------------------------------------------------------------------- */

/* "(" and an instruction. */
static void
fold(struct encode *c)
{
	uint32_t begin = c->pos++;
	const struct token *t = encode_peek(c);

	if (t->kind != TOK_WORD || t->word >= OP_COUNT || t->word == OP_else || t->word == OP_end ||
	    t->word == OP_catch || t->word == OP_catch_all || t->word == OP_delegate) {
		encode_unexpected(c);
		return;
	}
	unsigned op = t->word;
	int hint = encode_note_hint(c, begin, op);
	if (c->bad)
		return;
	if (op == OP_if) {
		struct frame *f = push(c, FOLD_IF);
		f->hint = (int8_t)hint;
		uint32_t symbol = header(c, &c->pend);
		top(c)->symbol = symbol;
	} else if (is_block(op)) {
		push_label(c, header(c, c->out));
		push(c, op == OP_try ? FOLD_TRY : FOLD_BLOCK);
	} else {
		struct frame *f = push(c, FOLD_OP);
		f->hint = (int8_t)hint;
		c->pos++;
		encode_plain(c, op, &c->pend);
	}
}

static void
if_part(struct encode *c)
{
	if (top(c)->kind == FOLD_IF && encode_eat_list(c, WORD_then)) {
		emit_pending(c);
		push_label(c, top(c)->symbol);
		top(c)->kind = FOLD_IF_THEN;
	} else if (top(c)->kind == FOLD_IF) {
		fold(c);
		return;
	} else if (top(c)->kind == FOLD_IF_THEN && encode_eat_list(c, OP_else)) {
		encode_op(OP_else, c->out);
		top(c)->kind = FOLD_IF_ELSE;
	} else {
		encode_unexpected(c);
		return;
	}
	push(c, FOLD_PART);
}

static void
try_part(struct encode *c)
{
	struct frame *f = top(c);

	if (f->kind == FOLD_TRY && encode_eat_list(c, WORD_do)) {
		f->kind = FOLD_TRY_DO;
	} else if (f->kind == FOLD_TRY_DO && encode_eat_list(c, OP_delegate)) {
		f->kind = FOLD_DELEGATED;
		delegate(c);
		encode_need(c, TOK_RPAR);
		return;
	} else if (f->kind != FOLD_TRY && encode_eat_list(c, OP_catch)) {
		encode_op(OP_catch, c->out);
		buf_uleb(c->out, encode_index(c, SPACE_TAG));
		f->kind = FOLD_TRY_CATCH;
	} else if (f->kind != FOLD_TRY && encode_eat_list(c, OP_catch_all)) {
		encode_op(OP_catch_all, c->out);
		f->kind = FOLD_TRY_END;
	} else {
		encode_unexpected(c);
		return;
	}
	push(c, FOLD_PART);
}

static void
open_list(struct encode *c)
{
	switch (top(c)->kind) {
	case FOLD_IF:
	case FOLD_IF_THEN:
	case FOLD_IF_ELSE: if_part(c); return;
	case FOLD_TRY:
	case FOLD_TRY_DO:
	case FOLD_TRY_CATCH: try_part(c); return;
	case FOLD_TRY_END:
	case FOLD_DELEGATED: encode_unexpected(c); return;
	default: fold(c);
	}
}

static void
close_list(struct encode *c)
{
	switch (top(c)->kind) {
	case LIST: c->nframe--; return;
	case FOLD_OP: emit_pending(c); break;
	case FOLD_BLOCK:
	case FOLD_IF_THEN:
	case FOLD_IF_ELSE:
	case FOLD_TRY_DO:
	case FOLD_TRY_CATCH:
	case FOLD_TRY_END: emit_end(c); break;
	case FOLD_PART:
	case FOLD_DELEGATED: break;
	default: encode_unexpected(c); return;
	}
	c->pos++;
	pop(c);
}

/* -- from outside ---------------------------------------------------------------------- */

static void
instrs(struct encode *c, enum frame_kind kind)
{
	uint32_t base = c->nframe, labels = c->nlabel;

	push(c, kind);
	while (c->nframe > base && !c->bad) {
		switch (encode_peek(c)->kind) {
		case TOK_LPAR: open_list(c); break;
		case TOK_RPAR: close_list(c); break;
		case TOK_WORD: plain(c); break;
		default: encode_unexpected(c);
		}
	}
	/* after an error some may be open */
	c->nframe = base;
	while (c->nlabel > labels)
		pop_label(c);
}

static void
expr(struct encode *c, struct buf *out, enum frame_kind kind)
{
	struct buf *before = c->out;

	c->out = out;
	instrs(c, kind);
	encode_op(OP_end, out);
	c->out = before;
}

void
encode_expr(struct encode *c, struct buf *out)
{
	expr(c, out, LIST);
}

void
encode_one_expr(struct encode *c, struct buf *out)
{
	expr(c, out, ONE);
}
