/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "layer/lang/help.h"

/* Vector loads and stores that move less than a vector (4.6.9). */

static uint8_t *
reach(uint64_t slot, const uint64_t *imm, uint64_t n)
{
	const struct instance *i = (const struct instance *)(uintptr_t)imm[0];
	struct memory *m = i->memory[(uint32_t)imm[1]];
	uint64_t at = m->limits.is64 ? slot : (uint32_t)slot, size = atomic_load(&m->size);
	if (at > UINT64_MAX - imm[2] || n > size || at + imm[2] > size - n)
		return NULL;
	return m->base + at + imm[2];
}

/* Widen n lanes of `from` bytes each to twice that. */
static int
widen(uint64_t *s, const uint64_t *imm, unsigned from, bool sign)
{
	const uint8_t *p = reach(s[0], imm, 8);
	if (!p)
		return TRAP_memory;
	uint8_t out[16];
	for (unsigned i = 0; i < 8 / from; i++) {
		uint64_t v = 0;
		memcpy(&v, p + i * from, from);
		if (sign)
			v = (uint64_t)((int64_t)(v << (64 - 8 * from)) >> (64 - 8 * from));
		memcpy(out + 2 * i * from, &v, 2 * from);
	}
	memcpy(s, out, 16);
	return TRAP_none;
}

static int
splat(uint64_t *s, const uint64_t *imm, unsigned n)
{
	const uint8_t *p = reach(s[0], imm, n);
	if (!p)
		return TRAP_memory;
	uint8_t out[16];
	for (unsigned i = 0; i < 16; i += n)
		memcpy(out + i, p, n);
	memcpy(s, out, 16);
	return TRAP_none;
}

static int
zero(uint64_t *s, const uint64_t *imm, unsigned n)
{
	const uint8_t *p = reach(s[0], imm, n);
	if (!p)
		return TRAP_memory;
	s[0] = s[1] = 0;
	memcpy(s, p, n);
	return TRAP_none;
}

/* Operands: address, then the vector. */
static int
load_lane(uint64_t *s, const uint64_t *imm, unsigned n)
{
	const uint8_t *p = reach(s[0], imm, n);
	if (!p)
		return TRAP_memory;
	uint8_t v[16];
	memcpy(v, s + 1, 16);
	memcpy(v + (imm[1] >> 32) * n, p, n);
	memcpy(s, v, 16);
	return TRAP_none;
}

static int
store_lane(uint64_t *s, const uint64_t *imm, unsigned n)
{
	uint8_t *p = reach(s[0], imm, n);
	if (!p)
		return TRAP_memory;
	memcpy(p, (const uint8_t *)(s + 1) + (imm[1] >> 32) * n, n);
	return TRAP_none;
}

/* clang-format off */
#define LANE(name, call) \
	static int name(struct thread *t, uint64_t *s, const uint64_t *imm) { (void)t; return call; }
LANE(load8x8_s, widen(s, imm, 1, true))
LANE(load8x8_u, widen(s, imm, 1, false))
LANE(load16x4_s, widen(s, imm, 2, true))
LANE(load16x4_u, widen(s, imm, 2, false))
LANE(load32x2_s, widen(s, imm, 4, true))
LANE(load32x2_u, widen(s, imm, 4, false))
LANE(load8_splat, splat(s, imm, 1))
LANE(load16_splat, splat(s, imm, 2))
LANE(load32_splat, splat(s, imm, 4))
LANE(load64_splat, splat(s, imm, 8))
LANE(load32_zero, zero(s, imm, 4))
LANE(load64_zero, zero(s, imm, 8))
LANE(load8_lane, load_lane(s, imm, 1))
LANE(load16_lane, load_lane(s, imm, 2))
LANE(load32_lane, load_lane(s, imm, 4))
LANE(load64_lane, load_lane(s, imm, 8))
LANE(store8_lane, store_lane(s, imm, 1))
LANE(store16_lane, store_lane(s, imm, 2))
LANE(store32_lane, store_lane(s, imm, 4))
LANE(store64_lane, store_lane(s, imm, 8))
/* clang-format on */

help_fn *
lane_help(enum op op)
{
	switch (op) {
	case OP_v128_load8x8_s: return load8x8_s;
	case OP_v128_load8x8_u: return load8x8_u;
	case OP_v128_load16x4_s: return load16x4_s;
	case OP_v128_load16x4_u: return load16x4_u;
	case OP_v128_load32x2_s: return load32x2_s;
	case OP_v128_load32x2_u: return load32x2_u;
	case OP_v128_load8_splat: return load8_splat;
	case OP_v128_load16_splat: return load16_splat;
	case OP_v128_load32_splat: return load32_splat;
	case OP_v128_load64_splat: return load64_splat;
	case OP_v128_load32_zero: return load32_zero;
	case OP_v128_load64_zero: return load64_zero;
	case OP_v128_load8_lane: return load8_lane;
	case OP_v128_load16_lane: return load16_lane;
	case OP_v128_load32_lane: return load32_lane;
	case OP_v128_load64_lane: return load64_lane;
	case OP_v128_store8_lane: return store8_lane;
	case OP_v128_store16_lane: return store16_lane;
	case OP_v128_store32_lane: return store32_lane;
	case OP_v128_store64_lane: return store64_lane;
	default: return NULL;
	}
}
