/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "layer/lang/heap.h"
#include "layer/lang/help.h"

/* Structures, arrays, and questions about references (Core specification 4.6.5 to
 * 4.6.8).  An allocation can move every object: operands are read behind it. */

static const struct instance *
instance(const uint64_t *imm)
{
	return (const struct instance *)(uintptr_t)imm[0];
}

static const struct type *
type(const uint64_t *imm, int i)
{
	return type_of(instance(imm)->module->type[imm[i]]);
}

static struct object *
object(const struct thread *t, uint64_t ref)
{
	return heap_object(t->store->heap, ref);
}

/* A value between a slot and its place in an object. */
static void
put(uint8_t *to, valtype t, const uint64_t *slot)
{
	memcpy(to, slot, type_bytes(t));
}

static void
get(uint64_t *slot, valtype t, const uint8_t *from, bool sign)
{
	uint32_t n = type_bytes(t);
	if (n < 8)
		*slot = 0;
	memcpy(slot, from, n);
	if (sign)
		*slot = (uint32_t)(t == T_I8 ? (int8_t)*slot : (int16_t)*slot);
}

/* Where the field or the element of an instruction is; or why it is nowhere. */
struct where {
	uint8_t *at;
	valtype type;
};
typedef enum trap
find_fn(const struct thread *, const uint64_t *, const uint64_t *, struct where *);

static int
get_from(find_fn *find, struct thread *t, uint64_t *s, const uint64_t *imm, bool sign)
{
	struct where w;
	enum trap why = find(t, s, imm, &w);
	if (why == TRAP_none)
		get(s, w.type, w.at, sign);
	return why;
}

static int
put_into(find_fn *find, struct thread *t, const uint64_t *s, const uint64_t *imm,
         const uint64_t *value)
{
	struct where w;
	enum trap why = find(t, s, imm, &w);
	if (why == TRAP_none)
		put(w.at, w.type, value);
	return why;
}

static uint8_t *
element(struct object *o, const struct type *t, uint64_t i)
{
	return o->bytes + i * type_bytes(t->field->type);
}

static bool
inside(uint64_t at, uint64_t n, uint64_t size)
{
	return n <= size && at <= size - n;
}

/* -- structures ---------------------------------------------------------------------------- */

static int
struct_new_default(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	const struct type *x = type(imm, 1);
	uint64_t ref = heap_new_object(t->store, x->id, 0, x->size);
	if (!ref)
		return TRAP_heap;
	s[0] = ref;
	return TRAP_none;
}

static int
struct_new(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	const struct type *x = type(imm, 1);
	uint64_t ref = heap_new_object(t->store, x->id, 0, x->size);
	if (!ref)
		return TRAP_heap;
	struct object *o = object(t, ref);
	for (uint32_t i = 0, slot = 0; i < x->nfield; i++) {
		put(o->bytes + x->field[i].offset, x->field[i].type, s + slot);
		slot += type_slots(x->field[i].type);
	}
	s[0] = ref;
	return TRAP_none;
}

static enum trap
field(const struct thread *t, const uint64_t *s, const uint64_t *imm, struct where *w)
{
	if (!s[0])
		return TRAP_null_structure;
	const struct field *f = &type(imm, 1)->field[imm[2]];
	*w = (struct where){ object(t, s[0])->bytes + f->offset, f->type };
	return TRAP_none;
}

static int
struct_get(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	return get_from(field, t, s, imm, false);
}

static int
struct_get_s(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	return get_from(field, t, s, imm, true);
}

static int
struct_set(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	return put_into(field, t, s, imm, s + 1);
}

/* -- arrays ---------------------------------------------------------------------------------- */

static uint64_t
new_array(struct thread *t, const struct type *x, uint32_t n)
{
	return heap_new_object(t->store, x->id, n, (uint64_t)n * type_bytes(x->field->type));
}

static void
fill(uint8_t *to, const struct type *x, uint64_t n, const uint64_t *value)
{
	for (; n--; to += type_bytes(x->field->type))
		put(to, x->field->type, value);
}

static int
array_new(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	const struct type *x = type(imm, 1);
	uint32_t n = (uint32_t)s[type_slots(x->field->type)];
	uint64_t ref = new_array(t, x, n);
	if (!ref)
		return TRAP_heap;
	fill(object(t, ref)->bytes, x, n, s);
	s[0] = ref;
	return TRAP_none;
}

static int
array_new_default(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	uint64_t ref = new_array(t, type(imm, 1), (uint32_t)s[0]);
	if (!ref)
		return TRAP_heap;
	s[0] = ref;
	return TRAP_none;
}

static int
array_new_fixed(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	const struct type *x = type(imm, 1);
	uint64_t ref = new_array(t, x, (uint32_t)imm[2]);
	if (!ref)
		return TRAP_heap;
	for (uint32_t i = 0; i < imm[2]; i++)
		put(element(object(t, ref), x, i), x->field->type,
		    s + i * type_slots(x->field->type));
	s[0] = ref;
	return TRAP_none;
}

static const uint8_t *
data_piece(const uint64_t *imm, uint64_t from, uint64_t n)
{
	const struct instance *i = instance(imm);
	const struct datadef *d = &i->module->data[imm[2]];
	if (!inside(from, n, i->data_dropped[imm[2]] ? 0 : d->size))
		return NULL;
	return i->module->bytes + d->offset + from;
}

static int
array_new_data(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	const struct type *x = type(imm, 1);
	uint32_t from = (uint32_t)s[0], n = (uint32_t)s[1];
	uint64_t bytes = (uint64_t)n * type_bytes(x->field->type);
	const uint8_t *p = data_piece(imm, from, bytes);
	if (!p)
		return TRAP_memory;
	uint64_t ref = new_array(t, x, n);
	if (!ref)
		return TRAP_heap;
	memcpy(object(t, ref)->bytes, p, bytes);
	s[0] = ref;
	return TRAP_none;
}

static int
array_new_elem(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	const struct type *x = type(imm, 1);
	const struct instance *i = instance(imm);
	uint32_t from = (uint32_t)s[0], n = (uint32_t)s[1];
	if (!inside(from, n, i->elem_n[imm[2]]))
		return TRAP_table;
	uint64_t ref = new_array(t, x, n);
	if (!ref)
		return TRAP_heap;
	if (n)
		memcpy(object(t, ref)->bytes, i->elem[imm[2]] + from, 8 * (uint64_t)n);
	s[0] = ref;
	return TRAP_none;
}

static enum trap
item(const struct thread *t, const uint64_t *s, const uint64_t *imm, struct where *w)
{
	if (!s[0])
		return TRAP_null_array;
	const struct type *x = type(imm, 1);
	struct object *o = object(t, s[0]);
	uint32_t i = (uint32_t)s[1];
	if (i >= o->length)
		return TRAP_array;
	*w = (struct where){ element(o, x, i), x->field->type };
	return TRAP_none;
}

static int
array_get(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	return get_from(item, t, s, imm, false);
}

static int
array_get_s(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	return get_from(item, t, s, imm, true);
}

static int
array_set(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	return put_into(item, t, s, imm, s + 2);
}

static int
array_len(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	(void)imm;
	if (!s[0])
		return TRAP_null_array;
	s[0] = object(t, s[0])->length;
	return TRAP_none;
}

/* Where `n` elements of an array begin: its reference and the index are operands. */
static enum trap
items(const struct thread *t, const uint64_t *s, const struct type *x, uint32_t n, uint8_t **at)
{
	if (!s[0])
		return TRAP_null_array;
	struct object *o = object(t, s[0]);
	uint32_t i = (uint32_t)s[1];
	if (!inside(i, n, o->length))
		return TRAP_array;
	*at = element(o, x, i);
	return TRAP_none;
}

static int
array_fill(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	const struct type *x = type(imm, 1);
	uint32_t n = (uint32_t)s[2 + type_slots(x->field->type)];
	uint8_t *at;
	enum trap why = items(t, s, x, n, &at);
	if (why == TRAP_none)
		fill(at, x, n, s + 2);
	return why;
}

static int
array_copy(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	if (!s[0] || !s[2])
		return TRAP_null_array;
	const struct type *x = type(imm, 1);
	struct object *to = object(t, s[0]), *from = object(t, s[2]);
	uint32_t dst = (uint32_t)s[1], src = (uint32_t)s[3], n = (uint32_t)s[4];
	if (!inside(dst, n, to->length) || !inside(src, n, from->length))
		return TRAP_array;
	memmove(element(to, x, dst), element(from, x, src),
	        (uint64_t)n * type_bytes(x->field->type));
	return TRAP_none;
}

static int
array_init_data(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	const struct type *x = type(imm, 1);
	uint32_t from = (uint32_t)s[2], n = (uint32_t)s[3];
	uint8_t *at;
	enum trap why = items(t, s, x, n, &at);
	if (why != TRAP_none)
		return why;
	uint64_t bytes = (uint64_t)n * type_bytes(x->field->type);
	const uint8_t *p = data_piece(imm, from, bytes);
	if (!p)
		return TRAP_memory;
	memcpy(at, p, bytes);
	return TRAP_none;
}

static int
array_init_elem(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	const struct instance *i = instance(imm);
	uint32_t from = (uint32_t)s[2], n = (uint32_t)s[3];
	uint8_t *at;
	enum trap why = items(t, s, type(imm, 1), n, &at);
	if (why != TRAP_none)
		return why;
	if (!inside(from, n, i->elem_n[imm[2]]))
		return TRAP_table;
	if (n)
		memcpy(at, i->elem[imm[2]] + from, 8 * (uint64_t)n);
	return TRAP_none;
}

/* -- references --------------------------------------------------------------------------------- */

static int
ref_test(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	s[0] = s[0] && heap_is(t->store, s[0], (uint32_t)imm[1]);
	return TRAP_none;
}

static int
ref_test_null(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	s[0] = !s[0] || heap_is(t->store, s[0], (uint32_t)imm[1]);
	return TRAP_none;
}

static int
ref_cast(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	return s[0] && heap_is(t->store, s[0], (uint32_t)imm[1]) ? TRAP_none : TRAP_cast;
}

static int
ref_cast_null(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	return !s[0] || heap_is(t->store, s[0], (uint32_t)imm[1]) ? TRAP_none : TRAP_cast;
}

/* A reference has the same bits on both sides. */
static int
convert(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	(void)t, (void)s, (void)imm;
	return TRAP_none;
}

static int
ref_i31(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	(void)t, (void)imm;
	s[0] = (s[0] & 0x7fffffff) << 1 | 1;
	return TRAP_none;
}

static int
i31_get_u(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	(void)t, (void)imm;
	if (!s[0])
		return TRAP_null_i31;
	s[0] >>= 1;
	return TRAP_none;
}

static int
i31_get_s(struct thread *t, uint64_t *s, const uint64_t *imm)
{
	(void)t, (void)imm;
	if (!s[0])
		return TRAP_null_i31;
	s[0] = (uint32_t)((int32_t)(uint32_t)s[0] >> 1);
	return TRAP_none;
}

help_fn *
aggregate_help(enum op op)
{
	switch (op) {
	case OP_struct_new: return struct_new;
	case OP_struct_new_default: return struct_new_default;
	case OP_struct_get:
	case OP_struct_get_u: return struct_get;
	case OP_struct_get_s: return struct_get_s;
	case OP_struct_set: return struct_set;
	case OP_array_new: return array_new;
	case OP_array_new_default: return array_new_default;
	case OP_array_new_fixed: return array_new_fixed;
	case OP_array_new_data: return array_new_data;
	case OP_array_new_elem: return array_new_elem;
	case OP_array_get:
	case OP_array_get_u: return array_get;
	case OP_array_get_s: return array_get_s;
	case OP_array_set: return array_set;
	case OP_array_len: return array_len;
	case OP_array_fill: return array_fill;
	case OP_array_copy: return array_copy;
	case OP_array_init_data: return array_init_data;
	case OP_array_init_elem: return array_init_elem;
	case OP_ref_test: return ref_test;
	case OP_ref_test_null: return ref_test_null;
	case OP_ref_cast: return ref_cast;
	case OP_ref_cast_null: return ref_cast_null;
	case OP_any_convert_extern:
	case OP_extern_convert_any: return convert;
	case OP_ref_i31: return ref_i31;
	case OP_i31_get_s: return i31_get_s;
	case OP_i31_get_u: return i31_get_u;
	default: return NULL;
	}
}
