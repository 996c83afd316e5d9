/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/fuse.h"

/* Two instructions as one: which pairs there are, and what they are called. */

/* clang-format off */
#define KEY(a, b) ((uint32_t)(a) << 16 | (uint32_t)(b))

int
fuse_pair(enum code_op first, enum code_op second)
{
	switch (KEY(first, second)) {
#define PAIR(t, w, f, s) case KEY(C_##t##_##f, C_##t##_##s): return C_##t##_##f##__##s;
#define PAIR_K(t, w, f, s) case KEY(C_##t##_##f##_k, C_##t##_##s): return C_##t##_##f##_k__##s;
#define PAIR_2(t, w, f, s) case KEY(C_##t##_##f, C_##t##_##s##_k): return C_##t##_##f##__##s##_k;
#define PAIR_KK(t, w, f, s) case KEY(C_##t##_##f##_k, C_##t##_##s##_k): return C_##t##_##f##_k__##s##_k;
#define FPAIR(t, w, f, s) case KEY(C_##t##_##f, C_##t##_##s): return C_##t##_##f##__##s;
#define FPAIR_R(t, w, f, s)
#define LOADED(load, type, t, w, s) case KEY(C_##load, C_##t##_##s): return C_##load##__##t##_##s;
#define FLOADED(load, type, t, w, s) case KEY(C_##load, C_##t##_##s): return C_##load##__##t##_##s;
#define FLOADED_R(load, type, t, w, s)
#define STORED(t, w, f, type) case KEY(C_##t##_##f, C_##t##_store): return C_##t##_##f##__store;
#define STORED_K(t, w, f, type) case KEY(C_##t##_##f##_k, C_##t##_store): return C_##t##_##f##_k__store;
#define FSTORED(t, w, f) case KEY(C_##t##_##f, C_i##w##_store): return C_##t##_##f##__store;
#define COPIED(type)
#define STEPPED(load, type, as) case KEY(C_i32_add_k, C_##load): return C_step__##load;
#define STEP_BR(c) case KEY(C_i32_add_k, C_br_i32_##c): return C_step__br_##c;
#define STEP_BR_K(c) case KEY(C_i32_add_k, C_br_i32_##c##_k): return C_step__br_##c##_k;
#include "layer/lang/fuse.def"
#include "layer/lang/code_undef.h"
	/* bytes that only pass through */
	case KEY(C_i32_load, C_i32_store): return C_copy_uint32_t;
	case KEY(C_i64_load, C_i64_store): return C_copy_uint64_t;
	case KEY(C_i32_load8_u, C_i32_store8): return C_copy_uint8_t;
	case KEY(C_i32_load8_s, C_i32_store8): return C_copy_uint8_t;
	case KEY(C_i32_load16_u, C_i32_store16): return C_copy_uint16_t;
	case KEY(C_i32_load16_s, C_i32_store16): return C_copy_uint16_t;
	default: return -1;
	}
}

int
fuse_reversed(enum code_op first, enum code_op second)
{
	switch (KEY(first, second)) {
#define PAIR(t, w, f, s)
#define PAIR_K(t, w, f, s)
#define PAIR_2(t, w, f, s)
#define PAIR_KK(t, w, f, s)
#define FPAIR(t, w, f, s)
#define FPAIR_R(t, w, f, s) case KEY(C_##t##_##f, C_##t##_##s): return C_##t##_##f##__r##s;
#define LOADED(load, type, t, w, s)
#define FLOADED(load, type, t, w, s)
#define FLOADED_R(load, type, t, w, s) case KEY(C_##load, C_##t##_##s): return C_##load##__##t##_r##s;
#define STORED(t, w, f, type)
#define STORED_K(t, w, f, type)
#define FSTORED(t, w, f)
#define COPIED(type)
#define STEPPED(load, type, as)
#define STEP_BR(c)
#define STEP_BR_K(c)
#include "layer/lang/fuse.def"
#include "layer/lang/code_undef.h"
	default: return -1;
	}
}

/* The first's b and c in 16 bits each, if they fit: a constant or an offset of 32
 * bits may not. */
bool
fuse_operands(const struct last *first, uint32_t *b, uint32_t *c)
{
	*b = first->b;
	switch (first->op) {
#define ARITH(name, w) \
	case C_##name: *c = first->c; return true; \
	case C_##name##_k: *c = (uint16_t)first->k; return first->k == (int16_t)first->k;
#define FARITH(name, w) case C_##name: *c = first->c; return true;
#define COMPARE(name, w)
#define FCOMPARE(name, w)
#define BINARY(name)
#define UNARY(name)
#define TRAPPING(name, t)
#define TRAPPING1(name, from, to)
#define LOAD(name, t, as) case C_##name: *c = (uint16_t)first->k; return (uint32_t)first->k <= 0xffff;
#define STORE(name, t)
#define OTHER(name, words)
#include "layer/lang/code.def"
#include "layer/lang/code_undef.h"
	default:
		return false;
	}
}
/* clang-format on */
