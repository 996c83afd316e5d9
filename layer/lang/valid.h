/* valid.h -- inside of the validator: valid.c, valid_stack.c, valid_index.c, valid_instr.c,
 * valid_jump.c, valid_ref.c.
 *
 * The validation algorithm of the specification's appendix: a stack of operand types
 * and a stack of open blocks, one pass.  Three quarters of all code are a dozen
 * instructions; valid.c handles them with the place and the stack in registers.  All
 * others are valid_instr's, a row of op.def at a time.  What does not fit leaves by
 * reader_stop.
 */
#ifndef LAYER_LANG_VALID_H
#define LAYER_LANG_VALID_H

#include "layer/lang/op.h"
#include "layer/lang/reader.h"

enum block_kind {
	BLOCK_BLOCK,
	BLOCK_LOOP,
	BLOCK_IF,
	BLOCK_ELSE,
	BLOCK_TRY,
	BLOCK_CATCH,
	BLOCK_TABLE,
	BLOCK_FUNC
};

struct block {
	uint8_t kind;
	bool dead;   /* behind an unconditional branch */
	bool single; /* its one result is `one` */
	bool all;    /* catch_all was there */
	valtype one;
	uint32_t height; /* of the operand stack below it */
	uint32_t nset;   /* locals set when it began */
	uint32_t nin, nout;
	const valtype *in, *out; /* NULL out: `one` */
	uint32_t stamp;          /* last br_table that looked at it */
};

struct valid {
	valtype *local;    /* own */
	uint8_t *set;      /* own: non-defaultable locals that have a value */
	uint32_t *setlist; /* own: in the order they were set */
	uint32_t nlocal, local_cap, nset;
	bool sets; /* there are such locals */

	valtype *stack, *sp; /* own: room for one value per byte of code, and more */
	size_t stack_cap;
	struct block *block, *top; /* own: the body first, and the innermost */
	size_t block_cap;
	uint32_t stamp;
	uint32_t globals; /* a constant expression may name so many */
};

/* -- valid_stack.c: operand types ---- */

_Noreturn void valid_mismatch(struct reader *r, valtype want, valtype have);

static inline size_t
valid_height(const struct valid *v)
{
	return (size_t)(v->sp - v->stack);
}

static inline void
valid_push(struct reader *r, valtype t)
{
	*r->valid->sp++ = t;
}

/* Room for n values, and then for one per byte that is left: the loop over a body
 * pushes without asking. */
void valid_room(struct reader *r, size_t n);
void valid_push_all(struct reader *r, const valtype *t, uint32_t n);
valtype valid_pop(struct reader *r, valtype want);
void valid_pop_all(struct reader *r, const valtype *t, uint32_t n);
valtype valid_pop_any(struct reader *r); /* T_BOT in dead code */
valtype valid_pop_ref(struct reader *r); /* a reference of any kind */

/* -- valid_stack.c: blocks ---- */

static inline const valtype *
valid_results(const struct block *b)
{
	return b->single ? &b->one : b->out;
}

/* What a branch to the block takes. */
static inline const valtype *
valid_label(const struct block *b, uint32_t *n)
{
	*n = b->kind == BLOCK_LOOP ? b->nin : b->nout;
	return b->kind == BLOCK_LOOP ? b->in : valid_results(b);
}

/* The code behind this cannot be reached. */
static inline void
valid_dead(struct reader *r)
{
	struct valid *v = r->valid;
	v->sp = v->stack + v->top->height;
	v->top->dead = true;
}

struct block valid_blocktype(struct reader *r);
void valid_enter(struct reader *r, const struct block *b, enum block_kind kind);
void valid_leave(struct reader *r);           /* it must hold just its results */
struct block *valid_target(struct reader *r); /* of a label index */
struct block *valid_open(struct valid *v);    /* one more, to be filled in */

/* -- valid_index.c: what an instruction names ---- */

/* Below n: there are so many. */
uint32_t valid_index(struct reader *r, uint32_t n, const char *what);
const struct type *valid_type_index(struct reader *r, enum type_kind kind);
const struct type *valid_func_index(struct reader *r);
const struct type *valid_tag_index(struct reader *r);
uint32_t valid_table_index(struct reader *r);
uint32_t valid_memory_index(struct reader *r);
uint32_t valid_elem_index(struct reader *r);
void valid_data_index(struct reader *r);
/* An index that was read at `at`. */
uint32_t valid_elem_at(struct reader *r, const uint8_t *at, uint32_t i);
void valid_data_at(struct reader *r, const uint8_t *at, uint32_t i);
/* 5.4.6; returns the memory's address type. */
valtype valid_memarg(struct reader *r, unsigned natural, bool exact);

static inline valtype
valid_address_type(const struct limits *l)
{
	return l->is64 ? T_I64 : T_I32;
}

static inline valtype
valid_ref_to(const struct type *t, bool null)
{
	return T_REF | (null ? T_NULL : 0) | t->id;
}

/* -- instructions ---- */

/* Any but block, loop, if, else and end; r->p stands at its first byte. */
void valid_instr(struct reader *r, bool constant);
valtype valid_letter(char c); /* of op.def */
void valid_local_set(struct reader *r, uint32_t i);
void valid_global_set(struct reader *r, uint32_t i);

/* valid_jump.c: branches, calls, exceptions.  false: not its instruction. */
bool valid_jump(struct reader *r, enum op op);
void valid_call(struct reader *r, const struct type *t, bool tail);

/* valid_ref.c: references and aggregates. */
void valid_ref(struct reader *r, enum op op);

#endif
