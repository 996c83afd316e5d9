/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "layer/lang/help.h"

/* Threads and atomics (proposal threads).  All accesses are sequentially
 * consistent; an address that is not natural traps. */

struct cell {
	struct memory *m;
	uint8_t *p;
	uint64_t at;
};

static int
reach(const uint64_t *s, const uint64_t *imm, unsigned n, struct cell *c)
{
	const struct instance *i = (const struct instance *)(uintptr_t)imm[0];
	struct memory *m = i->memory[(uint32_t)imm[1]];
	uint64_t at = m->limits.is64 ? s[0] : (uint32_t)s[0], size = atomic_load(&m->size);
	if (at > UINT64_MAX - imm[2] || n > size || at + imm[2] > size - n)
		return TRAP_memory;
	at += imm[2];
	if (at % n)
		return TRAP_unaligned;
	*c = (struct cell){ m, m->base + at, at };
	return TRAP_none;
}

#define SEQ __ATOMIC_SEQ_CST

/* clang-format off */
/* One set of functions per width; results are zero-extended. */
#define WIDTH(bits, type) \
	static int load##bits(struct thread *t, uint64_t *s, const uint64_t *imm) \
	{ \
		(void)t; \
		struct cell c; \
		int trap = reach(s, imm, bits / 8, &c); \
		if (!trap) \
			s[0] = __atomic_load_n((type *)(void *)c.p, SEQ); \
		return trap; \
	} \
	static int store##bits(struct thread *t, uint64_t *s, const uint64_t *imm) \
	{ \
		(void)t; \
		struct cell c; \
		int trap = reach(s, imm, bits / 8, &c); \
		if (!trap) \
			__atomic_store_n((type *)(void *)c.p, (type)s[1], SEQ); \
		return trap; \
	} \
	static int cmpxchg##bits(struct thread *t, uint64_t *s, const uint64_t *imm) \
	{ \
		(void)t; \
		struct cell c; \
		int trap = reach(s, imm, bits / 8, &c); \
		if (trap) \
			return trap; \
		type expected = (type)s[1]; \
		/* a narrow one compares all of the wider operand */ \
		if (expected != s[1]) { \
			s[0] = __atomic_load_n((type *)(void *)c.p, SEQ); \
			return TRAP_none; \
		} \
		__atomic_compare_exchange_n((type *)(void *)c.p, &expected, (type)s[2], false, SEQ, SEQ); \
		s[0] = expected; \
		return TRAP_none; \
	} \
	RMW(bits, type, add, __atomic_fetch_add) \
	RMW(bits, type, sub, __atomic_fetch_sub) \
	RMW(bits, type, and, __atomic_fetch_and) \
	RMW(bits, type, or, __atomic_fetch_or) \
	RMW(bits, type, xor, __atomic_fetch_xor) \
	RMW(bits, type, xchg, __atomic_exchange_n)
#define RMW(bits, type, name, fn) \
	static int name##bits(struct thread *t, uint64_t *s, const uint64_t *imm) \
	{ \
		(void)t; \
		struct cell c; \
		int trap = reach(s, imm, bits / 8, &c); \
		if (!trap) \
			s[0] = fn((type *)(void *)c.p, (type)s[1], SEQ); \
		return trap; \
	}
WIDTH(8, uint8_t)
WIDTH(16, uint16_t)
WIDTH(32, uint32_t)
WIDTH(64, uint64_t)
/* clang-format on */

/* The upper half of an i32 slot is not defined: clear it first. */
static int
cmpxchg_i32(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	s[1] = (uint32_t)s[1];
	return cmpxchg32(t, s, imm);
}

static int
cmpxchg_i32_8(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	s[1] = (uint32_t)s[1];
	return cmpxchg8(t, s, imm);
}

static int
cmpxchg_i32_16(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	s[1] = (uint32_t)s[1];
	return cmpxchg16(t, s, imm);
}

static int
notify(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	(void)t;
	struct cell c;
	int trap = reach(s, imm, 4, &c);
	if (!trap)
		s[0] = memory_notify(c.m, c.at, (uint32_t)s[1]);
	return trap;
}

static int
wait(struct thread *t, uint64_t *s, const uint64_t *imm, int bytes)
{
	struct cell c;
	int trap = reach(s, imm, (unsigned)bytes, &c);
	if (trap)
		return trap;
	if (!c.m->limits.shared)
		return TRAP_unshared_wait;
	uint64_t expected = bytes == 4 ? (uint32_t)s[1] : s[1];
	int r = memory_wait(t, c.m, c.at, expected, bytes, (int64_t)s[2]);
	if (r == 3)
		return HELP_AGAIN;
	s[0] = (uint64_t)r;
	return TRAP_none;
}

static int
wait32(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	return wait(t, s, imm, 4);
}

static int
wait64(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	return wait(t, s, imm, 8);
}

static int
fence(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	(void)t, (void)s, (void)imm;
	__atomic_thread_fence(SEQ);
	return TRAP_none;
}

help_fn *
atomic_help(enum op op)
{
	switch (op) {
	case OP_memory_atomic_notify: return notify;
	case OP_memory_atomic_wait32: return wait32;
	case OP_memory_atomic_wait64: return wait64;
	case OP_atomic_fence: return fence;
	case OP_i32_atomic_rmw_cmpxchg: return cmpxchg_i32;
	case OP_i32_atomic_rmw8_cmpxchg_u: return cmpxchg_i32_8;
	case OP_i32_atomic_rmw16_cmpxchg_u: return cmpxchg_i32_16;
	case OP_i64_atomic_rmw_cmpxchg: return cmpxchg64;
	case OP_i64_atomic_rmw8_cmpxchg_u: return cmpxchg8;
	case OP_i64_atomic_rmw16_cmpxchg_u: return cmpxchg16;
	case OP_i64_atomic_rmw32_cmpxchg_u: return cmpxchg32;
	case OP_i32_atomic_load:
	case OP_i64_atomic_load32_u: return load32;
	case OP_i64_atomic_load: return load64;
	case OP_i32_atomic_load8_u:
	case OP_i64_atomic_load8_u: return load8;
	case OP_i32_atomic_load16_u:
	case OP_i64_atomic_load16_u: return load16;
	case OP_i32_atomic_store:
	case OP_i64_atomic_store32: return store32;
	case OP_i64_atomic_store: return store64;
	case OP_i32_atomic_store8:
	case OP_i64_atomic_store8: return store8;
	case OP_i32_atomic_store16:
	case OP_i64_atomic_store16:
		return store16;
/* clang-format off */
#define EACH(name) \
	case OP_i32_atomic_rmw_##name: case OP_i64_atomic_rmw32_##name##_u: return name##32; \
	case OP_i64_atomic_rmw_##name: return name##64; \
	case OP_i32_atomic_rmw8_##name##_u: case OP_i64_atomic_rmw8_##name##_u: return name##8; \
	case OP_i32_atomic_rmw16_##name##_u: case OP_i64_atomic_rmw16_##name##_u: return name##16;
	EACH(add)
	EACH(sub)
	EACH(and)
	EACH(or)
	EACH(xor)
	EACH(xchg)
		/* clang-format on */

	default: return NULL;
	}
}
