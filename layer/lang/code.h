/* code.h -- a function as the interpreter runs it.
 *
 * When a function is first called its body is translated, once and in linear
 * time, to register code (code.def): operands are slots of the frame, so
 * that local.get, constants and most moves vanish.  The code is a cache.  What
 * the specification calls the state of a frame can always be said in its terms:
 * translating is deterministic, so doing it again up to a place tells for each
 * operand where it is kept (code_place).
 *
 * A frame, from fp on: parameters | header | other locals | operands.
 * The header: where to go on in the caller, the caller's fp, its function, and
 * one spare.  Arguments are the caller's topmost operands, in place; results
 * are left where they were.
 */
#ifndef LAYER_LANG_CODE_H
#define LAYER_LANG_CODE_H

#include <stdbool.h>
#include <stdint.h>

#include "layer/lang/store.h"

enum { CODE_HEADER = 4 }; /* slots */
enum { HEADER_PC, HEADER_FP, HEADER_FUNC };

/* clang-format off */
enum code_op {
#define ARITH(name, w) C_##name, C_##name##_k,
#define FARITH(name, w) C_##name, C_##name##_k,
#define COMPARE(name, w) \
	C_##name, C_##name##_k, C_br_##name, C_br_##name##_k, C_un_##name, C_un_##name##_k,
#define FCOMPARE(name, w) C_##name, C_br_##name, C_un_##name,
#define BINARY(name) C_##name,
#define UNARY(name) C_##name,
#define TRAPPING(name, t) C_##name,
#define TRAPPING1(name, from, to) C_##name,
#define LOAD(name, t, as) C_##name, C_##name##_x,
#define STORE(name, t) C_##name, C_##name##_x,
#define OTHER(name, words) C_##name,
#include "layer/lang/code.def"
#include "layer/lang/code_undef.h"
#define PAIR(t, w, first, second) C_##t##_##first##__##second,
#define PAIR_K(t, w, first, second) C_##t##_##first##_k__##second,
#define PAIR_2(t, w, first, second) C_##t##_##first##__##second##_k,
#define PAIR_KK(t, w, first, second) C_##t##_##first##_k__##second##_k,
#define FPAIR(t, w, first, second) C_##t##_##first##__##second,
#define FPAIR_R(t, w, first, second) C_##t##_##first##__r##second,
#define LOADED(load, type, t, w, second) C_##load##__##t##_##second,
#define FLOADED(load, type, t, w, second) C_##load##__##t##_##second,
#define FLOADED_R(load, type, t, w, second) C_##load##__##t##_r##second,
#define STORED(t, w, first, type) C_##t##_##first##__store,
#define STORED_K(t, w, first, type) C_##t##_##first##_k__store,
#define FSTORED(t, w, first) C_##t##_##first##__store,
#define COPIED(type) C_copy_##type,
#define STEPPED(load, type, as) C_step__##load,
#define STEP_BR(compare) C_step__br_##compare,
#define STEP_BR_K(compare) C_step__br_##compare##_k,
#include "layer/lang/fuse.def"
#include "layer/lang/code_undef.h"
/* Rows of op_simd.def by their immediate: those of these four are OTHER rows above, here and
 * for whoever reads that table for code. */
#define VECTOR_SHUFFLE(name)
#define VECTOR_V128(name)
#define VECTOR_MEMARG(name)
#define VECTOR_MEMARG_LANE(name)
#define VECTOR_NONE(name) C_##name,
#define VECTOR_LANE(name) C_##name,
#define OP(name, text, prefix, code, in, out, imm, n) VECTOR_##imm(name)
#include "layer/lang/op_simd.def"
#undef OP
#undef VECTOR_NONE
#undef VECTOR_LANE
	CODE_COUNT
};
/* clang-format on */

/* Addresses of the handlers, once run.c has been asked for them. */
extern const void *code_go[CODE_COUNT];

/* An exception handler: what is thrown between two places of the code. */
struct handler {
	uint32_t start, end; /* words; (start, end] of a return address */
	uint32_t level;      /* depth of its block; delegate: look on at this depth or less */
	struct tag *tag;     /* lent; NULL: all */
	uint32_t pc;         /* where to go on */
	uint16_t slot;       /* where the values go */
	bool ref;            /* the exception itself behind them */
	bool delegate;       /* no clause */
	uint16_t keep;       /* slot that keeps the exception for rethrow, or 0xffff */
};

struct code {
	uint64_t *word; /* own */
	uint32_t n;
	uint32_t frame;          /* slots */
	struct handler *handler; /* own: innermost first */
	uint32_t nhandler;
	struct refmap *refmap; /* own: roots.c */
};
void roots_free(struct refmap *r);

/* Make f->code.  false: t->trap is set (the function is beyond what we can). */
bool code_make(struct thread *t, struct func *f);
void code_free(struct code *c);

/* Where an operand is kept. */
enum kept { KEPT_SLOT, KEPT_LOCAL, KEPT_CONST };
struct entry {
	uint8_t kept;
	char type;     /* i I f F v, r: a reference */
	uint16_t slot; /* its own slot; KEPT_LOCAL: the local's */
	uint64_t k;
};

enum place_kind {
	PLACE_ENTRY,  /* nothing of the function has run */
	PLACE_LOOP,   /* at the head of a loop */
	PLACE_CALL,   /* about to call; the arguments are operands */
	PLACE_RETURN, /* in a call; the arguments belong to the callee */
	PLACE_HELP,   /* about to do something that can collect or wait */
};

struct place {
	enum place_kind kind;
	uint32_t pc;     /* word in the code */
	uint32_t offset; /* of the instruction, in the module */
	uint32_t top;    /* first slot behind the operands: of PLACE_RETURN, where the
	                                 * callee's frame begins */
	uint32_t n;
	struct entry *entry; /* own: operands, bottom first */
};

/* The place that a pc stands at; `returning` tells a return address from the
 * instruction behind the call.  false: it is none. */
bool code_place(struct func *f, const uint64_t *pc, bool returning, struct place *out);
/* The same the other way round. */
bool code_find(struct func *f, enum place_kind kind, uint32_t offset, struct place *out);
void code_place_free(struct place *p);

/* Offset in the module of the instruction that made the word at pc. */
uint32_t code_offset(struct func *f, const uint64_t *pc);

/* Types of all locals, parameters first, and the slot of each. */
struct locals {
	uint32_t n;
	valtype *type;               /* own */
	uint16_t *slot;              /* own */
	uint32_t pslots, first, end; /* header at pslots; other locals' slots [first, end) */
};
bool code_locals(struct func *f, struct locals *out);
void code_locals_free(struct locals *l);

#endif
