/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "layer/lang/help.h"

/* Whole pieces of memories and tables (Core specification 4.6.9, 4.6.10), and the
 * plain loads and stores of a memory that is not the first, or has 64-bit
 * addresses. */

static struct instance *
instance(const uint64_t *imm)
{
	return (struct instance *)(uintptr_t)imm[0];
}

static bool
inside(uint64_t at, uint64_t n, uint64_t size)
{
	return n <= size && at <= size - n;
}

static uint64_t
bytes_of(struct memory *m)
{
	return atomic_load_explicit(&m->size, memory_order_acquire);
}

static uint64_t
address(const struct limits *l, uint64_t slot)
{
	return l->is64 ? slot : (uint32_t)slot;
}

static uint64_t
count(const struct limits *a, const struct limits *b, uint64_t slot)
{
	return a->is64 && b->is64 ? slot : (uint32_t)slot;
}

/* -- memories ------------------------------------------------------------------------- */

static int
memory_size_(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	(void)t;
	s[0] = memory_pages(instance(imm)->memory[imm[1]]);
	return TRAP_none;
}

static int
memory_grow_(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	struct memory *m = instance(imm)->memory[imm[1]];
	uint64_t old = memory_grow(t->store, m, address(&m->limits, s[0]));
	s[0] = m->limits.is64 ? old : (uint32_t)old;
	return TRAP_none;
}

static int
memory_fill(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	(void)t;
	struct memory *m = instance(imm)->memory[imm[1]];
	uint64_t at = address(&m->limits, s[0]), n = address(&m->limits, s[2]);
	if (!inside(at, n, bytes_of(m)))
		return TRAP_memory;
	if (n)
		memset(m->base + at, (int)(s[1] & 0xff), n);
	return TRAP_none;
}

static int
memory_copy(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	(void)t;
	struct memory *to = instance(imm)->memory[imm[1]], *from = instance(imm)->memory[imm[2]];
	uint64_t dst = address(&to->limits, s[0]), src = address(&from->limits, s[1]),
	         n = count(&to->limits, &from->limits, s[2]);
	if (!inside(dst, n, bytes_of(to)) || !inside(src, n, bytes_of(from)))
		return TRAP_memory;
	if (n)
		memmove(to->base + dst, from->base + src, n);
	return TRAP_none;
}

static int
memory_init(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	(void)t;
	struct instance *i = instance(imm);
	struct memory *m = i->memory[imm[2]];
	const struct datadef *d = &i->module->data[imm[1]];
	uint64_t size = i->data_dropped[imm[1]] ? 0 : d->size, at = address(&m->limits, s[0]);
	uint32_t from = (uint32_t)s[1], n = (uint32_t)s[2];
	if (!inside(from, n, size) || !inside(at, n, bytes_of(m)))
		return TRAP_memory;
	if (n)
		memcpy(m->base + at, i->module->bytes + d->offset + from, n);
	return TRAP_none;
}

static int
data_drop(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	(void)t, (void)s;
	instance(imm)->data_dropped[imm[1]] = 1;
	return TRAP_none;
}

/* -- tables ---------------------------------------------------------------------------- */

static int
table_get(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	(void)t;
	const struct table *x = instance(imm)->table[imm[1]];
	uint64_t i = address(&x->limits, s[0]);
	if (i >= x->size)
		return TRAP_table;
	s[0] = x->elem[i];
	return TRAP_none;
}

static int
table_set(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	(void)t;
	struct table *x = instance(imm)->table[imm[1]];
	uint64_t i = address(&x->limits, s[0]);
	if (i >= x->size)
		return TRAP_table;
	x->elem[i] = s[1];
	return TRAP_none;
}

static int
table_size(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	(void)t;
	s[0] = instance(imm)->table[imm[1]]->size;
	return TRAP_none;
}

static int
table_grow_(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	struct table *x = instance(imm)->table[imm[1]];
	uint64_t old = table_grow(t->store, x, address(&x->limits, s[1]), s[0]);
	s[0] = x->limits.is64 ? old : (uint32_t)old;
	return TRAP_none;
}

static int
table_fill(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	(void)t;
	struct table *x = instance(imm)->table[imm[1]];
	uint64_t i = address(&x->limits, s[0]), n = address(&x->limits, s[2]);
	if (!inside(i, n, x->size))
		return TRAP_table;
	while (n--)
		x->elem[i++] = s[1];
	return TRAP_none;
}

static int
table_copy(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	(void)t;
	struct table *to = instance(imm)->table[imm[1]], *from = instance(imm)->table[imm[2]];
	uint64_t dst = address(&to->limits, s[0]), src = address(&from->limits, s[1]),
	         n = count(&to->limits, &from->limits, s[2]);
	if (!inside(dst, n, to->size) || !inside(src, n, from->size))
		return TRAP_table;
	if (n)
		memmove(to->elem + dst, from->elem + src, n * sizeof *to->elem);
	return TRAP_none;
}

static int
table_init(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	(void)t;
	struct instance *i = instance(imm);
	struct table *x = i->table[imm[2]];
	uint64_t at = address(&x->limits, s[0]);
	uint32_t from = (uint32_t)s[1], n = (uint32_t)s[2];
	if (!inside(from, n, i->elem_n[imm[1]]) || !inside(at, n, x->size))
		return TRAP_table;
	if (n)
		memcpy(x->elem + at, i->elem[imm[1]] + from, n * sizeof *x->elem);
	return TRAP_none;
}

static int
elem_drop(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	(void)t, (void)s;
	instance(imm)->elem_n[imm[1]] = 0;
	return TRAP_none;
}

/* -- wide arithmetic ----------------------------------------------------------------------- */

__extension__ typedef unsigned __int128 u128;
__extension__ typedef __int128 i128;

static int
wide(uint64_t *s, u128 v)
{
	s[0] = (uint64_t)v;
	s[1] = (uint64_t)(v >> 64);
	return TRAP_none;
}

static u128
joined(const uint64_t *s)
{
	return (u128)s[1] << 64 | s[0];
}

static int
add128(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	(void)t, (void)imm;
	return wide(s, joined(s) + joined(s + 2));
}

static int
sub128(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	(void)t, (void)imm;
	return wide(s, joined(s) - joined(s + 2));
}

static int
mul_wide_s(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	(void)t, (void)imm;
	return wide(s, (u128)((i128)(int64_t)s[0] * (int64_t)s[1]));
}

static int
mul_wide_u(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	(void)t, (void)imm;
	return wide(s, (u128)s[0] * s[1]);
}

help_fn *
bulk_help(enum op op)
{
	switch (op) {
	case OP_memory_size: return memory_size_;
	case OP_memory_grow: return memory_grow_;
	case OP_memory_fill: return memory_fill;
	case OP_memory_copy: return memory_copy;
	case OP_memory_init: return memory_init;
	case OP_data_drop: return data_drop;
	case OP_table_get: return table_get;
	case OP_table_set: return table_set;
	case OP_table_size: return table_size;
	case OP_table_grow: return table_grow_;
	case OP_table_fill: return table_fill;
	case OP_table_copy: return table_copy;
	case OP_table_init: return table_init;
	case OP_elem_drop: return elem_drop;
	case OP_i64_add128: return add128;
	case OP_i64_sub128: return sub128;
	case OP_i64_mul_wide_s: return mul_wide_s;
	case OP_i64_mul_wide_u: return mul_wide_u;
	default: return NULL;
	}
}

/* -- plain loads and stores of any memory ------------------------------------------------------ */

static const uint8_t *
reach(struct memory *m, uint64_t at, uint64_t offset, uint64_t n)
{
	if (offset > UINT64_MAX - at || !inside(at + offset, n, bytes_of(m)))
		return NULL;
	return m->base + at + offset;
}

int
bulk_load(enum op op, struct memory *m, uint64_t at, uint64_t offset, uint64_t *out)
{
	unsigned n = 0, bits = 64;
	bool sign = false;
	switch (op) {
	case OP_i32_load:
	case OP_f32_load:
	case OP_i64_load32_u: n = 4; break;
	case OP_i32_load8_u:
	case OP_i64_load8_u: n = 1; break;
	case OP_i32_load16_u:
	case OP_i64_load16_u: n = 2; break;
	case OP_i32_load8_s:
		n = 1;
		sign = true;
		bits = 32;
		break;
	case OP_i32_load16_s:
		n = 2;
		sign = true;
		bits = 32;
		break;
	case OP_i64_load8_s:
		n = 1;
		sign = true;
		break;
	case OP_i64_load16_s:
		n = 2;
		sign = true;
		break;
	case OP_i64_load32_s:
		n = 4;
		sign = true;
		break;
	case OP_v128_load: n = 16; break;
	default: n = 8; break;
	}
	const uint8_t *p = reach(m, at, offset, n);
	if (!p)
		return TRAP_memory;
	if (n == 16) {
		memcpy(out, p, 16);
		return TRAP_none;
	}
	uint64_t v = 0;
	memcpy(&v, p, n);
	if (sign)
		v = (uint64_t)((int64_t)(v << (64 - 8 * n)) >> (64 - 8 * n));
	*out = bits == 32 ? (uint32_t)v : v;
	return TRAP_none;
}

int
bulk_store(enum op op, struct memory *m, uint64_t at, uint64_t offset, const uint64_t *v)
{
	unsigned n;
	switch (op) {
	case OP_i32_store:
	case OP_f32_store:
	case OP_i64_store32: n = 4; break;
	case OP_i32_store8:
	case OP_i64_store8: n = 1; break;
	case OP_i32_store16:
	case OP_i64_store16: n = 2; break;
	case OP_v128_store: n = 16; break;
	default: n = 8; break;
	}
	const uint8_t *p = reach(m, at, offset, n);
	if (!p)
		return TRAP_memory;
	memcpy(m->base + (p - m->base), v, n);
	return TRAP_none;
}
