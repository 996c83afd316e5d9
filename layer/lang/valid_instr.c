/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/valid.h"

#include <string.h>

/* -- by their row of op.def ----------------------------------------------------------- */

valtype
valid_letter(char c)
{
	switch (c) {
	case 'i': return T_I32;
	case 'I': return T_I64;
	case 'f': return T_F32;
	case 'F': return T_F64;
	case 'v': return T_V128;
	default: return T_BOT;
	}
}

static void
by_table(struct reader *r, const struct opinfo *o)
{
	valtype address = T_BOT;
	switch (o->imm) {
	case IMM_MEMARG: address = valid_memarg(r, o->n, false); break;
	case IMM_ATOMIC: address = valid_memarg(r, o->n, true); break;
	case IMM_MEMARG_LANE:
		address = valid_memarg(r, o->n, false);
		if (reader_u8(r) >= 16 >> o->n)
			reader_stop(r, r->p - 1, "invalid lane index");
		break;
	case IMM_LANE:
		if (reader_u8(r) >= o->n)
			reader_stop(r, r->p - 1, "invalid lane index");
		break;
	case IMM_SHUFFLE:
		for (int i = 0; i < 16; i++)
			if (reader_u8(r) >= 32)
				reader_stop(r, r->p - 1, "invalid lane index");
		break;
	case IMM_V128:
		for (int i = 0; i < 16; i++)
			reader_u8(r);
		break;
	case IMM_F32:
	case IMM_F64:
		for (int i = 0; i < (o->imm == IMM_F32 ? 4 : 8); i++)
			reader_u8(r);
		break;
	case IMM_I32: reader_sleb_slow(r, 32); break;
	case IMM_I64: reader_sleb_slow(r, 64); break;
	case IMM_FENCE:
		if (reader_u8(r) != 0)
			reader_stop(r, r->p - 1, "zero byte expected");
		break;
	case IMM_DATA: valid_data_index(r); break;
	case IMM_ELEM: valid_elem_index(r); break;
	default: break;
	}
	for (size_t i = strlen(o->in); i--;)
		valid_pop(r, o->in[i] == 'a' ? address : valid_letter(o->in[i]));
	valid_room(r, 4);
	for (const char *c = o->out; *c; c++)
		valid_push(r, valid_letter(*c));
}

/* -- values and variables ------------------------------------------------------------- */

static void
select_plain(struct reader *r)
{
	valid_pop(r, T_I32);
	valtype a = valid_pop_any(r), b = valid_pop_any(r);
	if (type_is_ref(a) || type_is_ref(b))
		reader_stop(r, r->p, "type mismatch: select of references needs a type");
	if (a != b && a != T_BOT && b != T_BOT)
		valid_mismatch(r, b, a);
	valid_push(r, a == T_BOT ? b : a);
}

static void
select_typed(struct reader *r)
{
	const uint8_t *at = r->p;
	if (reader_u32(r) != 1)
		reader_stop(r, at, "invalid result arity");
	valtype t = reader_valtype(r);
	valid_pop(r, T_I32);
	valid_pop(r, t);
	valid_pop(r, t);
	valid_push(r, t);
}

void
valid_local_set(struct reader *r, uint32_t i)
{
	struct valid *v = r->valid;
	if (v->sets && !v->set[i]) {
		v->set[i] = 1;
		v->setlist[v->nset++] = i;
	}
}

static void
local_op(struct reader *r, enum op op)
{
	struct valid *v = r->valid;
	const uint8_t *at = r->p;
	uint32_t i = valid_index(r, v->nlocal, "local");
	valtype t = v->local[i];
	if (op != OP_local_get) {
		valid_pop(r, t);
		valid_local_set(r, i);
	} else if (v->sets && !v->set[i] && !type_defaultable(t)) {
		reader_stop(r, at, "uninitialized local %u", i);
	}
	if (op != OP_local_set)
		valid_push(r, t);
}

static void
global_get(struct reader *r, bool constant)
{
	const uint8_t *at = r->p;
	uint32_t i = valid_index(r, constant ? r->valid->globals : r->m->nglobal, "global");
	if (constant && r->m->global[i].mut)
		reader_stop(r, at, "constant expression required");
	valid_push(r, r->m->global[i].type);
}

void
valid_global_set(struct reader *r, uint32_t i)
{
	if (i >= r->m->nglobal)
		reader_stop(r, r->p, "unknown global %u", i);
	if (!r->m->global[i].mut)
		reader_stop(r, r->p, "immutable global");
	valid_pop(r, r->m->global[i].type);
}

/* -- tables and memories -------------------------------------------------------------- */

static void
table_op(struct reader *r, enum op op)
{
	const uint8_t *at = r->p;
	struct module *m = r->m;
	if (op == OP_table_init) {
		uint32_t e = reader_u32(r), t = valid_table_index(r);
		valid_elem_at(r, at, e);
		if (!type_matches(m->elem[e].type, m->table[t].elem))
			reader_stop(r, at, "type mismatch: the segment does not fit the table");
		valid_pop(r, T_I32);
		valid_pop(r, T_I32);
		valid_pop(r, valid_address_type(&m->table[t].limits));
		return;
	}
	const struct tabledef *t = &m->table[valid_table_index(r)];
	valtype a = valid_address_type(&t->limits);
	switch (op) {
	case OP_table_get:
		valid_pop(r, a);
		valid_push(r, t->elem);
		break;
	case OP_table_set:
		valid_pop(r, t->elem);
		valid_pop(r, a);
		break;
	case OP_table_size: valid_push(r, a); break;
	case OP_table_grow:
		valid_pop(r, a);
		valid_pop(r, t->elem);
		valid_push(r, a);
		break;
	case OP_table_fill:
		valid_pop(r, a);
		valid_pop(r, t->elem);
		valid_pop(r, a);
		break;
	default: { /* table.copy */
		const struct tabledef *from = &m->table[valid_table_index(r)];
		valtype b = valid_address_type(&from->limits);
		if (!type_matches(from->elem, t->elem))
			reader_stop(r, at, "type mismatch: the tables differ in type");
		valid_pop(r, a == T_I64 && b == T_I64 ? T_I64 : T_I32);
		valid_pop(r, b);
		valid_pop(r, a);
	}
	}
}

static void
memory_op(struct reader *r, enum op op)
{
	struct module *m = r->m;
	const uint8_t *at = r->p;
	uint32_t data = op == OP_memory_init ? reader_u32(r) : 0;
	valtype a = valid_address_type(&m->memory[valid_memory_index(r)].limits), b;
	if (op == OP_memory_init)
		valid_data_at(r, at, data);
	switch (op) {
	case OP_memory_size: valid_push(r, a); break;
	case OP_memory_grow:
		valid_pop(r, a);
		valid_push(r, a);
		break;
	case OP_memory_init:
		valid_pop(r, T_I32);
		valid_pop(r, T_I32);
		valid_pop(r, a);
		break;
	case OP_memory_fill:
		valid_pop(r, a);
		valid_pop(r, T_I32);
		valid_pop(r, a);
		break;
	default: /* memory.copy */
		b = valid_address_type(&m->memory[valid_memory_index(r)].limits);
		valid_pop(r, a == T_I64 && b == T_I64 ? T_I64 : T_I32);
		valid_pop(r, b);
		valid_pop(r, a);
	}
}

/* -- one instruction ------------------------------------------------------------------ */

static void
note_feature(struct reader *r, const struct opinfo *o, enum op op)
{
	uint32_t f = 0;
	switch (o->prefix) {
	case 0xfb: f = FEATURE_GC; break;
	case 0xfc:
		f = o->code < 8 ? FEATURE_SATURATING : o->code < 19 ? FEATURE_BULK : FEATURE_WIDE;
		break;
	case 0xfd: f = o->code < 0x100 ? FEATURE_SIMD : FEATURE_RELAXED | FEATURE_SIMD; break;
	case 0xfe: f = FEATURE_ATOMICS; break;
	default:
		if (op == OP_throw || op == OP_throw_ref)
			f = FEATURE_EXCEPTIONS;
		else if (op >= OP_i32_extend8_s && op <= OP_i64_extend32_s)
			f = FEATURE_SIGN_EXTENSION;
		else if (op >= OP_ref_null && op <= OP_br_on_non_null)
			f = FEATURE_REFERENCES;
	}
	r->m->features |= f;
}

/* The opcode that begins at r->p. */
static int
opcode(struct reader *r)
{
	const uint8_t *at = r->p;
	uint8_t b = reader_u8(r);
	if (b == 0x1c)
		return OP_select_t;
	int op = b < 0xfb || b == 0xff ? op_decode(0, b) : op_decode(b, reader_u32(r));
	if (op < 0)
		reader_stop(r, at, "illegal opcode %02x", b);
	return op;
}

/* 3.4.13: what a constant expression may hold. */
static bool
constant_op(enum op op)
{
	switch (op) {
	case OP_i32_const:
	case OP_i64_const:
	case OP_f32_const:
	case OP_f64_const:
	case OP_v128_const:
	case OP_i32_add:
	case OP_i32_sub:
	case OP_i32_mul:
	case OP_i64_add:
	case OP_i64_sub:
	case OP_i64_mul:
	case OP_global_get:
	case OP_ref_null:
	case OP_ref_func:
	case OP_ref_i31:
	case OP_struct_new:
	case OP_struct_new_default:
	case OP_array_new:
	case OP_array_new_default:
	case OP_array_new_fixed:
	case OP_any_convert_extern:
	case OP_extern_convert_any:
	case OP_end: return true;
	default: return false;
	}
}

void
valid_instr(struct reader *r, bool constant)
{
	const uint8_t *at = r->p;
	enum op op = (enum op)opcode(r);
	const struct opinfo *o = &op_info[op];
	if (constant && !constant_op(op))
		reader_stop(r, at, "constant expression required");
	note_feature(r, o, op);
	valid_room(r, 4);
	if (*o->in != '*') {
		by_table(r, o);
		return;
	}
	if (valid_jump(r, op))
		return;
	switch (op) {
	case OP_drop: valid_pop_any(r); break;
	case OP_select: select_plain(r); break;
	case OP_select_t: select_typed(r); break;
	case OP_local_get:
	case OP_local_set:
	case OP_local_tee: local_op(r, op); break;
	case OP_global_get: global_get(r, constant); break;
	case OP_global_set: valid_global_set(r, reader_u32(r)); break;
	case OP_table_get:
	case OP_table_set:
	case OP_table_init:
	case OP_table_copy:
	case OP_table_grow:
	case OP_table_size:
	case OP_table_fill: table_op(r, op); break;
	case OP_memory_size:
	case OP_memory_grow:
	case OP_memory_init:
	case OP_memory_copy:
	case OP_memory_fill: memory_op(r, op); break;
	default: valid_ref(r, op);
	}
}
