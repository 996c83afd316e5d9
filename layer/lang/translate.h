/* translate.h -- inside of the translator: translate.c, lower.c, control.c, fuse.c.
 *
 * One pass over a validated body.  Operands are kept where they are until
 * somebody needs them elsewhere (struct entry); each has a slot of its own where
 * it goes at the latest at a block's boundary, so that all ways into a label
 * agree.
 */
#ifndef LAYER_LANG_TRANSLATE_H
#define LAYER_LANG_TRANSLATE_H

#include "layer/lang/code.h"
#include "layer/lang/op.h"

enum label_kind {
	LABEL_BLOCK,
	LABEL_LOOP,
	LABEL_IF,
	LABEL_ELSE,
	LABEL_TRY,
	LABEL_CATCH,
	LABEL_TABLE,
	LABEL_FUNC
};

#define NOWHERE UINT32_MAX

/* Where a displacement stands: in the low or the high half of a word, and what
 * it counts from. */
struct cell {
	uint32_t word, from;
	bool high;
};

struct fix { /* a displacement whose label is still open */
	uint32_t word, from, next;
	bool high;
};

struct clause {
	uint8_t kind; /* as encoded: 1 bit "ref", 2 bit "all" */
	uint32_t tag, label;
};

struct label {
	uint8_t kind;
	uint32_t height; /* operands below its parameters */
	uint32_t slot;   /* where its parameters and results begin */
	uint32_t nin, nout;
	const valtype *in, *out;
	valtype one;           /* what in or out point to for a single result */
	uint32_t fix;          /* the last displacement that leads to its end, or NOWHERE */
	struct cell otherwise; /* if: the branch to else */
	bool has_otherwise;
	uint32_t start;        /* loop: its head; try: the first word of its body */
	struct clause *clause; /* own: try_table */
	uint32_t nclause;
	uint32_t body_end; /* legacy try: first word behind its body */
};

struct translate {
	struct thread *t;
	struct func *f;
	struct instance *inst;
	const struct module *m;
	const struct type *type;
	const uint8_t *p, *end, *at; /* at: the instruction being read */
	struct locals locals;

	uint64_t *word; /* own until it becomes the code's */
	uint32_t n, cap;
	uint32_t hist[4], nhist; /* starts of the last instructions behind the last label */
	uint32_t producer;       /* start of the one that made the top operand, or NOWHERE */

	struct entry *entry; /* own */
	uint32_t nentry, entry_cap;
	uint32_t top;   /* first slot behind the operands */
	uint32_t frame; /* largest top, and the frame in the end */

	struct label *label; /* own */
	uint32_t nlabel, label_cap;
	struct fix *fix; /* own */
	uint32_t nfix, fix_cap;
	uint32_t skip; /* blocks open inside dead code */
	bool dead;

	struct handler *handler; /* own */
	uint32_t nhandler, handler_cap;

	uint32_t meter; /* the instruction that counts fuel here */
	bool meters, canonical;
	bool bad; /* beyond our limits */

	/* asked by code_place and friends */
	struct place *want;
	bool by_offset, returning, found;
	uint32_t *line; /* own: pairs of word, offset; NULL: not asked */
	uint32_t nline, line_cap;
};

/* -- reading ---- */
uint32_t translate_u32(struct translate *x);
int64_t translate_s64(struct translate *x);
void translate_skip(struct translate *x, enum op op);
/* Up to two indices; of a memory access its memory (and lane << 32), and offset. */
void translate_immediates(struct translate *x, enum op op, uint64_t *i, uint64_t *j);

/* -- emitting: the index of the instruction's first word ---- */
uint32_t translate_emit(struct translate *x, enum code_op op, uint32_t a, uint32_t b, uint32_t c,
                        uint32_t d);
uint32_t translate_emit_k(struct translate *x, enum code_op op, uint32_t a, uint32_t b, int32_t k);
void translate_word(struct translate *x, uint64_t w);
void translate_label_here(struct translate *x); /* nothing may be fused over this point */
void translate_place(struct translate *x, enum place_kind kind);

/* The last instruction, if nothing can jump in behind it. */
struct last {
	enum code_op op;
	uint32_t at, a, b, c;
	int32_t k;
};
bool translate_look(const struct translate *x, struct last *out);
void translate_drop_last(struct translate *x);

/* -- operands ---- */
void translate_push(struct translate *x, char type); /* in its own slot */
void translate_push_type(struct translate *x, valtype t);
void translate_push_const(struct translate *x, char type, uint64_t k);
void translate_pop(struct translate *x, uint32_t n);
uint32_t translate_source(struct translate *x, uint32_t from_top); /* slot to read it from */
void translate_flush(struct translate *x, uint32_t n); /* the topmost n into their slots */
void translate_move(struct translate *x, const struct entry *from, uint32_t slot);
uint32_t translate_slots(char type);
char translate_letter(valtype t);

struct entry *translate_entry(struct translate *x, char type, enum kept kept, uint64_t k);
void translate_settle(struct translate *x, struct entry *e); /* into its own slot */
uint32_t
translate_target(const struct translate *x, uint32_t n); /* where a result goes once n are off */
void translate_result(struct translate *x, uint32_t n,
                      char type);             /* n off, that of the last instruction on */
void translate_remember(struct translate *x); /* an instruction begins here */
uint64_t translate_memarg(struct translate *x, uint32_t *memory);
uint64_t translate_heaptype(struct translate *x); /* as a number that no module changes */

/* control.c: blocks, branches, calls, exceptions.  false: not its instruction. */
bool control_op(struct translate *x, enum op op);
void control_begin(struct translate *x);

#endif
