/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/valid.h"

/* -- structures and arrays ---------------------------------------------------------------- */

static valtype
unpacked(valtype t)
{
	return t == T_I8 || t == T_I16 ? T_I32 : t;
}

static void
mutable_field(struct reader *r, const struct field *f, const char *what)
{
	if (!f->mut)
		reader_stop(r, r->p, "immutable %s", what);
}

static const struct field *
field_index(struct reader *r, const struct type *t)
{
	return &t->field[valid_index(r, t->nfield, "field")];
}

/* _s and _u are for packed fields, and only for them. */
static valtype
field_value(struct reader *r, const struct field *f, bool extends)
{
	if (extends != (f->type == T_I8 || f->type == T_I16))
		reader_stop(r, r->p, "type mismatch: field is %spacked", extends ? "not " : "");
	return unpacked(f->type);
}

static void
all_defaultable(struct reader *r, const struct type *t)
{
	for (uint32_t i = 0; i < t->nfield; i++)
		if (!type_defaultable(t->field[i].type))
			reader_stop(r, r->p, "type mismatch: field type is not defaultable");
}

static void
numeric_array(struct reader *r, const struct type *t)
{
	if (type_is_ref(t->field->type))
		reader_stop(r, r->p, "array type is not numeric or vector");
}

static void
array_op(struct reader *r, enum op op)
{
	const struct type *t = valid_type_index(r, TYPE_ARRAY), *from;
	const struct field *x = t->field;
	const uint8_t *at = r->p;
	uint32_t n;
	switch (op) {
	case OP_array_new_default:
		all_defaultable(r, t);
		valid_pop(r, T_I32);
		valid_push(r, valid_ref_to(t, false));
		return;
	case OP_array_new:
		valid_pop(r, T_I32);
		valid_pop(r, unpacked(x->type));
		valid_push(r, valid_ref_to(t, false));
		return;
	case OP_array_new_fixed:
		n = reader_u32(r);
		if (n > READER_FIELDS)
			reader_stop(r, at, "too many array elements");
		while (n--)
			valid_pop(r, unpacked(x->type));
		valid_push(r, valid_ref_to(t, false));
		return;
	case OP_array_new_data:
	case OP_array_init_data:
		valid_data_index(r);
		if (op == OP_array_init_data)
			mutable_field(r, x, "array");
		numeric_array(r, t);
		break;
	case OP_array_new_elem:
	case OP_array_init_elem:
		n = valid_elem_index(r);
		if (op == OP_array_init_elem)
			mutable_field(r, x, "array");
		if (!type_matches(r->m->elem[n].type, x->type))
			reader_stop(r, at, "type mismatch: the segment does not fit the array");
		break;
	case OP_array_get:
	case OP_array_get_s:
	case OP_array_get_u:
		valid_pop(r, T_I32);
		valid_pop(r, valid_ref_to(t, true));
		valid_push(r, field_value(r, x, op != OP_array_get));
		return;
	case OP_array_set:
		mutable_field(r, x, "array");
		valid_pop(r, unpacked(x->type));
		valid_pop(r, T_I32);
		valid_pop(r, valid_ref_to(t, true));
		return;
	case OP_array_fill:
		mutable_field(r, x, "array");
		valid_pop(r, T_I32);
		valid_pop(r, unpacked(x->type));
		valid_pop(r, T_I32);
		valid_pop(r, valid_ref_to(t, true));
		return;
	case OP_array_copy:
		from = valid_type_index(r, TYPE_ARRAY);
		mutable_field(r, x, "array");
		if (from->field->type != x->type &&
		    (!type_is_ref(x->type) || !type_is_ref(from->field->type) ||
		     !type_matches(from->field->type, x->type)))
			reader_stop(r, at, "array types do not match");
		valid_pop(r, T_I32);
		valid_pop(r, T_I32);
		valid_pop(r, valid_ref_to(from, true));
		valid_pop(r, T_I32);
		valid_pop(r, valid_ref_to(t, true));
		return;
	default: break;
	}
	valid_pop(r, T_I32);
	valid_pop(r, T_I32);
	if (op == OP_array_new_data || op == OP_array_new_elem) {
		valid_push(r, valid_ref_to(t, false));
		return;
	}
	valid_pop(r, T_I32);
	valid_pop(r, valid_ref_to(t, true));
}

static void
struct_op(struct reader *r, enum op op)
{
	const struct type *t = valid_type_index(r, TYPE_STRUCT);
	const struct field *f;
	switch (op) {
	case OP_struct_new:
		for (uint32_t i = t->nfield; i--;)
			valid_pop(r, unpacked(t->field[i].type));
		valid_push(r, valid_ref_to(t, false));
		return;
	case OP_struct_new_default:
		all_defaultable(r, t);
		valid_push(r, valid_ref_to(t, false));
		return;
	case OP_struct_set:
		f = field_index(r, t);
		mutable_field(r, f, "field");
		valid_pop(r, unpacked(f->type));
		valid_pop(r, valid_ref_to(t, true));
		return;
	default:
		f = field_index(r, t);
		valid_pop(r, valid_ref_to(t, true));
		valid_push(r, field_value(r, f, op != OP_struct_get));
	}
}

/* -- references of any kind ------------------------------------------------------------ */

static valtype
top_ref(uint32_t heap)
{
	return T_REF | T_NULL | type_top(heap);
}

static void
reference(struct reader *r, enum op op)
{
	valtype v;
	uint32_t n;
	const uint8_t *at = r->p;
	switch (op) {
	case OP_ref_null: valid_push(r, T_REF | T_NULL | reader_heaptype(r)); break;
	case OP_ref_is_null:
		valid_pop_ref(r);
		valid_push(r, T_I32);
		break;
	case OP_ref_func:
		n = valid_index(r, r->m->nfunc, "function");
		if (r->function == UINT32_MAX)
			r->m->declared[n / 8] |= (uint8_t)(1 << n % 8);
		else if (!(r->m->declared[n / 8] >> n % 8 & 1))
			reader_stop(r, at, "undeclared function reference");
		valid_push(r, T_REF | r->m->func[n]);
		break;
	case OP_ref_eq:
		valid_pop(r, T_REF | T_NULL | HEAP_EQ);
		valid_pop(r, T_REF | T_NULL | HEAP_EQ);
		valid_push(r, T_I32);
		break;
	case OP_ref_as_non_null:
		v = valid_pop_ref(r);
		valid_push(r, v == T_BOT ? T_BOT : v & ~T_NULL);
		break;
	case OP_ref_test:
	case OP_ref_test_null:
	case OP_ref_cast:
	case OP_ref_cast_null:
		n = reader_heaptype(r);
		valid_pop(r, top_ref(n));
		valid_push(r, op == OP_ref_test || op == OP_ref_test_null
		                      ? (valtype)T_I32
		                      : T_REF | (op == OP_ref_cast_null ? T_NULL : 0) | n);
		break;
	case OP_any_convert_extern:
	case OP_extern_convert_any: {
		uint32_t from = op == OP_any_convert_extern ? HEAP_EXTERN : HEAP_ANY;
		uint32_t to = op == OP_any_convert_extern ? HEAP_ANY : HEAP_EXTERN;
		v = valid_pop(r, T_REF | T_NULL | from);
		valid_push(r, T_REF | (v == T_BOT ? 0 : v & T_NULL) | to);
		break;
	}
	case OP_ref_i31:
		valid_pop(r, T_I32);
		valid_push(r, T_REF | HEAP_I31);
		break;
	case OP_i31_get_s:
	case OP_i31_get_u:
		valid_pop(r, T_REF | T_NULL | HEAP_I31);
		valid_push(r, T_I32);
		break;
	default:
		valid_pop(r, T_REF | T_NULL | HEAP_ARRAY); /* array.len */
		valid_push(r, T_I32);
	}
}

void
valid_ref(struct reader *r, enum op op)
{
	switch (op) {
	case OP_struct_new:
	case OP_struct_new_default:
	case OP_struct_get:
	case OP_struct_get_s:
	case OP_struct_get_u:
	case OP_struct_set: struct_op(r, op); break;
	default:
		if (op >= OP_array_new && op <= OP_array_init_elem && op != OP_array_len)
			array_op(r, op);
		else
			reference(r, op);
	}
}
