/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/lower.h"

#include <stdlib.h>
#include <string.h>

#include "layer/lang/fuse.h"
#include "layer/lang/help.h"

/* -- tables --------------------------------------------------------------------------- */

/* How an instruction of numbers becomes register code. */
enum shape {
	SHAPE_NONE,
	SHAPE_ARITH,
	SHAPE_FARITH,
	SHAPE_COMPARE,
	SHAPE_FCOMPARE,
	SHAPE_BINARY,
	SHAPE_UNARY
};

struct lower {
	uint8_t shape, width;
	uint16_t code;
};

/* clang-format off */
static const struct lower lower[OP_COUNT] = {
#define ARITH(name, w) [OP_##name] = { SHAPE_ARITH, w, C_##name },
#define FARITH(name, w) [OP_##name] = { SHAPE_FARITH, w, C_##name },
#define COMPARE(name, w) [OP_##name] = { SHAPE_COMPARE, w, C_##name },
#define FCOMPARE(name, w) [OP_##name] = { SHAPE_FCOMPARE, w, C_##name },
#define BINARY(name) [OP_##name] = { SHAPE_BINARY, 0, C_##name },
#define UNARY(name) [OP_##name] = { SHAPE_UNARY, 0, C_##name },
#define TRAPPING(name, t) [OP_##name] = { SHAPE_BINARY, 0, C_##name },
#define TRAPPING1(name, from, to) [OP_##name] = { SHAPE_UNARY, 0, C_##name },
#define LOAD(name, t, as)
#define STORE(name, t)
#define OTHER(name, words)
#include "layer/lang/code.def"
#include "layer/lang/code_undef.h"
};
/* clang-format on */

/* Plain loads and stores of the first memory; several share one code, since a
 * slot is always written whole. */
static const uint16_t memory_code[OP_COUNT] = {
	[OP_i32_load] = C_i32_load,         [OP_i64_load] = C_i64_load,
	[OP_f32_load] = C_i32_load,         [OP_f64_load] = C_i64_load,
	[OP_i32_load8_s] = C_i32_load8_s,   [OP_i32_load8_u] = C_i32_load8_u,
	[OP_i32_load16_s] = C_i32_load16_s, [OP_i32_load16_u] = C_i32_load16_u,
	[OP_i64_load8_s] = C_i64_load8_s,   [OP_i64_load8_u] = C_i32_load8_u,
	[OP_i64_load16_s] = C_i64_load16_s, [OP_i64_load16_u] = C_i32_load16_u,
	[OP_i64_load32_s] = C_i64_load32_s, [OP_i64_load32_u] = C_i32_load,
	[OP_i32_store] = C_i32_store,       [OP_i64_store] = C_i64_store,
	[OP_f32_store] = C_i32_store,       [OP_f64_store] = C_i64_store,
	[OP_i32_store8] = C_i32_store8,     [OP_i32_store16] = C_i32_store16,
	[OP_i64_store8] = C_i32_store8,     [OP_i64_store16] = C_i32_store16,
	[OP_i64_store32] = C_i32_store,
};

static const uint16_t vector_code[OP_COUNT] = {
#define VECTOR_NONE(name)                             [OP_##name] = C_##name,
#define VECTOR_LANE(name)                             [OP_##name] = C_##name,
#define OP(name, text, prefix, code, in, out, imm, n) VECTOR_##imm(name)
#include "layer/lang/op_simd.def"
#undef OP
};

/* -- locals ------------------------------------------------------------------------------------ */

/* Operands that are this local keep its old value. */
static void
keep_aliases(struct translate *x, uint32_t local)
{
	for (uint32_t i = 0; i < x->nentry; i++)
		if (x->entry[i].kept == KEPT_LOCAL && x->entry[i].k == local)
			translate_settle(x, &x->entry[i]);
}

static bool
has_alias(const struct translate *x, uint32_t local)
{
	for (uint32_t i = 0; i < x->nentry; i++)
		if (x->entry[i].kept == KEPT_LOCAL && x->entry[i].k == local)
			return true;
	return false;
}

/* The move that keeps an alias must come before the instruction that makes the
 * new value straight in the local: put it there. */
static void
keep_before(struct translate *x, uint32_t at, uint32_t local)
{
	uint32_t len = x->n - at, hist = x->nhist;
	uint64_t saved[8];
	memcpy(saved, x->word + at, len * sizeof *saved);
	x->n = at;
	x->nhist = hist - 1;
	keep_aliases(x, local);
	translate_remember(x);
	for (uint32_t i = 0; i < len; i++)
		translate_word(x, saved[i]);
}

static void
local_set(struct translate *x, uint32_t local, bool tee)
{
	uint32_t slot = x->locals.slot[local];
	struct entry e = x->entry[x->nentry - 1];
	uint32_t at = x->producer;
	bool made = e.kept == KEPT_SLOT && at != NOWHERE && x->n - at <= 8;
	if (e.kept == KEPT_LOCAL && e.k == local) {
		if (!tee)
			translate_pop(x, 1);
		return;
	}
	translate_pop(x, 1);
	if (made) {
		if (has_alias(x, local)) {
			keep_before(x, at, local);
			at = x->hist[x->nhist - 1];
		}
		x->word[at + 1] = (x->word[at + 1] & ~(uint64_t)0xffff) | slot;
		x->producer = NOWHERE;
	} else {
		keep_aliases(x, local);
		translate_move(x, &e, slot);
	}
	if (tee)
		translate_entry(x, e.type, KEPT_LOCAL, local);
}

/* -- numbers --------------------------------------------------------------------------------------- */

/* Can this constant stand in k, sign-extended? */
static bool
fits(const struct entry *e, unsigned width, int32_t *k)
{
	if (e->kept != KEPT_CONST)
		return false;
	*k = (int32_t)(uint32_t)e->k;
	return width == 32 || (int64_t)e->k == *k;
}

static bool
commutes(enum op op)
{
	switch (op) {
	case OP_i32_add:
	case OP_i32_mul:
	case OP_i32_and:
	case OP_i32_or:
	case OP_i32_xor:
	case OP_i64_add:
	case OP_i64_mul:
	case OP_i64_and:
	case OP_i64_or:
	case OP_i64_xor:
	case OP_i32_eq:
	case OP_i32_ne:
	case OP_i64_eq:
	case OP_i64_ne: return true;
	default: return false;
	}
}

static void
canonical(struct translate *x, char type, enum op op)
{
	if (!x->canonical || (type != 'f' && type != 'F') || op == OP_f32_neg || op == OP_f64_neg ||
	    op == OP_f32_abs || op == OP_f64_abs || op == OP_f32_copysign || op == OP_f64_copysign)
		return;
	translate_emit(x, type == 'f' ? C_canon_f32 : C_canon_f64, x->entry[x->nentry - 1].slot, 0,
	               0, 0);
}

/* Is this operand what the last instruction made, and in nobody else's hands? */
static bool
just_made(const struct translate *x, uint32_t from_top, struct last *out)
{
	const struct entry *e = &x->entry[x->nentry - 1 - from_top];
	return e->kept == KEPT_SLOT && translate_look(x, out) && out->at == x->producer &&
	       out->a == e->slot;
}

/* Let the second operation be done by the instruction that made one of its
 * operands: `from_top` says which.  d is the other operand, a slot or a constant. */
static bool
fused(struct translate *x, enum code_op second, uint32_t from_top, uint32_t dst, uint32_t d,
      bool reversed)
{
	struct last first;
	uint32_t b, c;
	if (!just_made(x, from_top, &first) || !fuse_operands(&first, &b, &c))
		return false;
	int op = reversed ? fuse_reversed(first.op, second) : fuse_pair(first.op, second);
	if (op < 0)
		return false;
	translate_drop_last(x);
	translate_emit(x, (enum code_op)op, dst, b, c, d);
	return true;
}

/* The slot of an operand that needs no instruction to be in one. */
static bool
in_slot(const struct translate *x, uint32_t from_top, uint32_t *slot)
{
	const struct entry *e = &x->entry[x->nentry - 1 - from_top];
	*slot = e->kept == KEPT_LOCAL ? x->locals.slot[e->k] : e->slot;
	return e->kept != KEPT_CONST;
}

static bool
fuse_two(struct translate *x, enum op op, const struct lower *l, uint32_t dst)
{
	const struct entry *b = &x->entry[x->nentry - 1];
	enum code_op second = (enum code_op)l->code;
	uint32_t d;
	if (b->kept == KEPT_CONST)
		return l->shape == SHAPE_ARITH && (int64_t)b->k == (int16_t)b->k &&
		       fused(x, (enum code_op)(l->code + 1), 1, dst, (uint16_t)b->k, false);
	if (in_slot(x, 0, &d) && fused(x, second, 1, dst, d, false))
		return true;
	if (!in_slot(x, 1, &d))
		return false;
	bool swaps = commutes(op) || op == OP_f32_add || op == OP_f32_mul || op == OP_f64_add ||
	             op == OP_f64_mul;
	return fused(x, second, 0, dst, d, !swaps);
}

static void
arith(struct translate *x, enum op op, const struct lower *l, char type)
{
	struct entry *b = &x->entry[x->nentry - 1], *a = b - 1;
	int32_t k;
	uint32_t dst = translate_target(x, 2);
	if (l->shape == SHAPE_ARITH && fuse_two(x, op, l, dst)) {
		;
	} else if (fits(b, l->width, &k)) {
		uint32_t s = translate_source(x, 1);
		translate_emit_k(x, (enum code_op)(l->code + 1), dst, s, k);
	} else if (commutes(op) && fits(a, l->width, &k)) {
		uint32_t s = translate_source(x, 0);
		translate_emit_k(x, (enum code_op)(l->code + 1), dst, s, k);
	} else {
		uint32_t s = translate_source(x, 1), r = translate_source(x, 0);
		translate_emit(x, (enum code_op)l->code, dst, s, r, 0);
	}
	translate_result(x, 2, type);
}

static void
farith(struct translate *x, enum op op, const struct lower *l, char type)
{
	const struct entry *b = &x->entry[x->nentry - 1];
	uint32_t dst = translate_target(x, 2);
	if (!x->canonical && fuse_two(x, op, l, dst)) {
		translate_result(x, 2, type);
		return;
	}
	uint32_t s = translate_source(x, 1);
	if (b->kept == KEPT_CONST) {
		translate_emit(x, (enum code_op)(l->code + 1), dst, s, 0, 0);
		translate_word(x, b->k);
	} else {
		uint32_t r = translate_source(x, 0);
		translate_emit(x, (enum code_op)l->code, dst, s, r, 0);
	}
	translate_result(x, 2, type);
}

static void
number(struct translate *x, enum op op, const struct lower *l)
{
	char type = *op_info[op].out;
	uint32_t dst, a, b;
	switch ((enum shape)l->shape) {
	case SHAPE_ARITH:
	case SHAPE_COMPARE: arith(x, op, l, type); break;
	case SHAPE_FARITH: farith(x, op, l, type); break;
	case SHAPE_FCOMPARE:
	case SHAPE_BINARY:
		dst = translate_target(x, 2);
		a = translate_source(x, 1);
		b = translate_source(x, 0);
		translate_emit(x, (enum code_op)l->code, dst, a, b, 0);
		translate_result(x, 2, type);
		break;
	default:
		dst = translate_target(x, 1);
		a = translate_source(x, 0);
		translate_emit(x, (enum code_op)l->code, dst, a, 0, 0);
		translate_result(x, 1, type);
	}
	canonical(x, type, op);
}

static void
eqz(struct translate *x, bool wide)
{
	uint32_t dst = translate_target(x, 1), a = translate_source(x, 0);
	translate_emit_k(x, wide ? C_i64_eq_k : C_i32_eq_k, dst, a, 0);
	translate_result(x, 1, 'i');
}

/* -- memory ----------------------------------------------------------------------------------------- */

/* The address was just added up: the load or store can do that. */
static bool
sum_of(struct translate *x, uint32_t from_top, uint64_t offset, struct last *add)
{
	const struct entry *e = &x->entry[x->nentry - 1 - from_top];
	return e->kept == KEPT_SLOT && offset <= 0xffff && translate_look(x, add) &&
	       add->op == C_i32_add && add->a == e->slot;
}

/* A pointer was just moved on, and is loaded from: p += k; *p. */
static bool
stepped(struct translate *x, enum op op, uint32_t dst, uint64_t offset)
{
	struct last add;
	uint32_t slot, b, c;
	if (*op_info[op].out == 'v' || !in_slot(x, 0, &slot) || !translate_look(x, &add) ||
	    add.op != C_i32_add_k || add.a != slot || !fuse_operands(&add, &b, &c))
		return false;
	int code = fuse_pair(C_i32_add_k, (enum code_op)memory_code[op]);
	if (code < 0)
		return false;
	translate_drop_last(x);
	translate_emit(x, (enum code_op)code, slot, b, c, dst);
	translate_word(x, offset);
	return true;
}

static void
load(struct translate *x, enum op op)
{
	uint32_t memory;
	uint64_t offset = translate_memarg(x, &memory);
	char type = *op_info[op].out;
	uint32_t dst = translate_target(x, 1);
	struct last add;
	bool plain = memory == 0 && !x->m->memory[0].limits.is64;
	if (plain && type != 'v' && sum_of(x, 0, offset, &add)) {
		translate_drop_last(x);
		translate_emit(x, (enum code_op)(memory_code[op] + 1), dst, add.b, add.c,
		               (uint32_t)offset);
	} else if (plain && stepped(x, op, dst, offset)) {
		;
	} else if (plain) {
		uint32_t a = translate_source(x, 0);
		translate_emit_k(x, type == 'v' ? C_load_v128 : (enum code_op)memory_code[op], dst,
		                 a, (int32_t)(uint32_t)offset);
	} else {
		uint32_t a = translate_source(x, 0);
		translate_emit_k(x, C_load_any, dst, a, (int32_t)op);
		translate_word(x, (uint64_t)(uintptr_t)x->inst->memory[memory]);
		translate_word(x, offset);
	}
	translate_result(x, 1, type);
	struct last made;
	if (translate_look(x, &made) &&
	    (int)made.op == fuse_pair(C_i32_add_k, (enum code_op)memory_code[op]))
		x->producer = NOWHERE; /* its result is in d: nobody may turn it elsewhere */
}

static void
store(struct translate *x, enum op op)
{
	uint32_t memory;
	uint64_t offset = translate_memarg(x, &memory);
	char type = op_info[op].in[1];
	uint32_t a;
	struct last add;
	bool plain = memory == 0 && !x->m->memory[0].limits.is64;
	if (plain && type != 'v' && x->entry[x->nentry - 1].kept == KEPT_LOCAL &&
	    sum_of(x, 1, offset, &add)) {
		translate_drop_last(x);
		translate_emit(x, (enum code_op)(memory_code[op] + 1), add.b,
		               translate_source(x, 0), add.c, (uint32_t)offset);
	} else if (plain && type != 'v' && offset <= 0xffff && in_slot(x, 1, &a) &&
	           fused(x, (enum code_op)memory_code[op], 0, a, (uint32_t)offset, false)) {
		;
	} else {
		a = translate_source(x, 1);
		uint32_t v = translate_source(x, 0);
		if (plain) {
			translate_emit_k(x,
			                 type == 'v' ? C_store_v128 : (enum code_op)memory_code[op],
			                 a, v, (int32_t)(uint32_t)offset);
		} else {
			translate_emit_k(x, C_store_any, a, v, (int32_t)op);
			translate_word(x, (uint64_t)(uintptr_t)x->inst->memory[memory]);
			translate_word(x, offset);
		}
	}
	translate_pop(x, 2);
}

/* -- vectors ------------------------------------------------------------------------------------------ */

static void
canonical_vector(struct translate *x, enum op op)
{
	const char *text = op_info[op].text;
	bool wide = strncmp(text, "f64x2", 5) == 0;
	if (!x->canonical || (!wide && strncmp(text, "f32x4", 5) != 0) || *op_info[op].out != 'v' ||
	    op_info[op].imm != IMM_NONE || strstr(text, ".neg") || strstr(text, ".abs") ||
	    strstr(text, ".splat") || strchr("eglnp", text[6]) == NULL)
		return;
	translate_emit(x, wide ? C_canon_f64x2 : C_canon_f32x4, x->entry[x->nentry - 1].slot, 0, 0,
	               0);
}

static void
vector(struct translate *x, enum op op)
{
	const struct opinfo *o = &op_info[op];
	uint32_t n = (uint32_t)strlen(o->in), lane = 0;
	if (op == OP_v128_const) {
		translate_emit(x, C_const128, x->top, 0, 0, 0);
		uint64_t w[2];
		memcpy(w, x->p, 16);
		x->p += 16;
		translate_word(x, w[0]);
		translate_word(x, w[1]);
		translate_result(x, 0, 'v');
		return;
	}
	if (o->imm == IMM_LANE)
		lane = *x->p++;
	uint32_t dst = translate_target(x, n), s[3] = { 0 };
	for (uint32_t i = 0; i < n; i++)
		s[i] = translate_source(x, n - 1 - i);
	if (op == OP_i8x16_shuffle) {
		translate_emit(x, C_shuffle, dst, s[0], s[1], 0);
		uint64_t w[2];
		memcpy(w, x->p, 16);
		x->p += 16;
		translate_word(x, w[0]);
		translate_word(x, w[1]);
	} else {
		translate_emit(x, (enum code_op)vector_code[op], dst, s[0], n > 1 ? s[1] : lane,
		               n > 2 ? s[2] : lane);
	}
	translate_result(x, n, *o->out);
	canonical_vector(x, op);
}

/* -- references, globals, and what a C function does -------------------------------------------------------- */

static void
global(struct translate *x, enum op op)
{
	uint32_t i = translate_u32(x);
	struct global *g = x->inst->global[i];
	bool wide = g->type == T_V128;
	if (op == OP_global_set) {
		uint32_t a = translate_source(x, 0);
		translate_emit(x, wide ? C_global_set_v128 : C_global_set, a, 0, 0, 0);
		translate_word(x, (uint64_t)(uintptr_t)g->v);
		translate_pop(x, 1);
		return;
	}
	if (!g->mut && !wide && !type_is_ref(g->type)) {
		bool half = g->type == T_I32 || g->type == T_F32;
		translate_push_const(x, translate_letter(g->type),
		                     half ? (uint32_t)g->v[0] : g->v[0]);
		return;
	}
	translate_emit(x, wide ? C_global_get_v128 : C_global_get, x->top, 0, 0, 0);
	translate_word(x, (uint64_t)(uintptr_t)g->v);
	translate_result(x, 0, translate_letter(g->type));
}

/* Operands and results of an instruction that help.h does. */
struct effect {
	uint32_t in;
	char out[3];
};

static struct effect
effect_of(struct translate *x, enum op op, uint64_t i, uint64_t j)
{
	const struct opinfo *o = &op_info[op];
	const struct module *m = x->m;
	const struct type *t;
	struct effect e = { 0 };
	switch (op) {
	case OP_memory_size:
	case OP_memory_grow:
		return (struct effect){ op == OP_memory_grow,
			                { m->memory[i].limits.is64 ? 'I' : 'i' } };
	case OP_memory_init:
	case OP_memory_copy:
	case OP_memory_fill:
	case OP_table_init:
	case OP_table_copy:
	case OP_table_fill: return (struct effect){ 3, { 0 } };
	case OP_table_get: return (struct effect){ 1, { 'r' } };
	case OP_table_set: return (struct effect){ 2, { 0 } };
	case OP_table_size:
	case OP_table_grow:
		return (struct effect){ op == OP_table_grow ? 2 : 0,
			                { m->table[i].limits.is64 ? 'I' : 'i' } };
	case OP_struct_new: return (struct effect){ type_of(m->type[i])->nfield, { 'r' } };
	case OP_struct_new_default: return (struct effect){ 0, { 'r' } };
	case OP_struct_get:
	case OP_struct_get_s:
	case OP_struct_get_u:
		t = type_of(m->type[i]);
		return (struct effect){ 1, { translate_letter(t->field[j].type) } };
	case OP_struct_set: return (struct effect){ 2, { 0 } };
	case OP_array_new: return (struct effect){ 2, { 'r' } };
	case OP_array_new_default: return (struct effect){ 1, { 'r' } };
	case OP_array_new_fixed: return (struct effect){ (uint32_t)j, { 'r' } };
	case OP_array_new_data:
	case OP_array_new_elem: return (struct effect){ 2, { 'r' } };
	case OP_array_get:
	case OP_array_get_s:
	case OP_array_get_u:
		return (struct effect){ 2, { translate_letter(type_of(m->type[i])->field->type) } };
	case OP_array_set: return (struct effect){ 3, { 0 } };
	case OP_array_len:
	case OP_ref_test:
	case OP_ref_test_null:
	case OP_i31_get_s:
	case OP_i31_get_u: return (struct effect){ 1, { 'i' } };
	case OP_array_fill:
	case OP_array_init_data:
	case OP_array_init_elem: return (struct effect){ 4, { 0 } };
	case OP_array_copy: return (struct effect){ 5, { 0 } };
	case OP_ref_cast:
	case OP_ref_cast_null:
	case OP_any_convert_extern:
	case OP_extern_convert_any:
	case OP_ref_i31: return (struct effect){ 1, { 'r' } };
	default:
		e.in = (uint32_t)strlen(o->in);
		memcpy(e.out, o->out, strlen(o->out) < 3 ? strlen(o->out) : 2);
		return e;
	}
}

static void
help(struct translate *x, enum op op)
{
	uint64_t i, j;
	translate_immediates(x, op, &i, &j);
	struct effect e = effect_of(x, op, i, j);
	translate_flush(x, e.in);
	translate_place(x, PLACE_HELP);
	uint32_t a = translate_target(x, e.in);
	translate_emit_k(x, C_help, a, 0, (int32_t)op);
	translate_word(x, (uint64_t)(uintptr_t)help_of(op));
	translate_word(x, (uint64_t)(uintptr_t)x->inst);
	translate_word(x, i);
	translate_word(x, j);
	translate_pop(x, e.in);
	for (const char *c = e.out; *c; c++)
		translate_push(x, *c);
}

static void
reference(struct translate *x, enum op op)
{
	uint32_t a, b, dst;
	switch (op) {
	case OP_ref_null:
		translate_s64(x);
		translate_push_const(x, 'r', 0);
		break;
	case OP_ref_func:
		translate_push_const(
		        x, 'r',
		        store_ref(x->inst->store, instance_func(x->inst, translate_u32(x))));
		break;
	case OP_ref_is_null:
		dst = translate_target(x, 1);
		a = translate_source(x, 0);
		translate_emit(x, C_ref_is_null, dst, a, 0, 0);
		translate_result(x, 1, 'i');
		break;
	case OP_ref_eq:
		dst = translate_target(x, 2);
		a = translate_source(x, 1);
		b = translate_source(x, 0);
		translate_emit(x, C_ref_eq, dst, a, b, 0);
		translate_result(x, 2, 'i');
		break;
	default: /* ref.as_non_null */
		translate_emit_k(x, C_as_non_null, translate_source(x, 0), 0, TRAP_null_reference);
	}
}

static void
choose(struct translate *x)
{
	char type = x->entry[x->nentry - 2].type;
	uint32_t dst = translate_target(x, 3), c = translate_source(x, 0),
	         a = translate_source(x, 2), b = translate_source(x, 1);
	translate_emit(x, type == 'v' ? C_select_v128 : C_select, dst, a, b, c);
	translate_result(x, 3, type);
}

/* -- all instructions --------------------------------------------------------------------------------------- */

static void
constant(struct translate *x, enum op op)
{
	uint32_t w;
	uint64_t d;
	switch (op) {
	case OP_i32_const: translate_push_const(x, 'i', (uint32_t)translate_s64(x)); break;
	case OP_i64_const: translate_push_const(x, 'I', (uint64_t)translate_s64(x)); break;
	case OP_f32_const:
		memcpy(&w, x->p, 4);
		x->p += 4;
		translate_push_const(x, 'f', w);
		break;
	default:
		memcpy(&d, x->p, 8);
		x->p += 8;
		translate_push_const(x, 'F', d);
	}
}

void
lower_plain(struct translate *x, enum op op)
{
	const struct lower *l = &lower[op];
	uint32_t local;
	if (l->shape) {
		number(x, op, l);
		return;
	}
	switch (op) {
	case OP_nop: return;
	case OP_local_get:
		local = translate_u32(x);
		translate_entry(x, translate_letter(x->locals.type[local]), KEPT_LOCAL, local);
		return;
	case OP_local_set:
	case OP_local_tee: local_set(x, translate_u32(x), op == OP_local_tee); return;
	case OP_i32_const:
	case OP_i64_const:
	case OP_f32_const:
	case OP_f64_const: constant(x, op); return;
	case OP_i32_eqz:
	case OP_i64_eqz: eqz(x, op == OP_i64_eqz); return;
	case OP_i32_wrap_i64:
	case OP_i32_reinterpret_f32:
	case OP_i64_reinterpret_f64:
	case OP_f32_reinterpret_i32:
	case OP_f64_reinterpret_i64:
		x->entry[x->nentry - 1].type = *op_info[op].out; /* a slot holds bits */
		return;
	case OP_drop:
		translate_pop(x, 1);
		x->producer = NOWHERE;
		return;
	case OP_select:
	case OP_select_t:
		translate_skip(x, op);
		choose(x);
		return;
	case OP_global_get:
	case OP_global_set: global(x, op); return;
	case OP_ref_null:
	case OP_ref_func:
	case OP_ref_is_null:
	case OP_ref_eq:
	case OP_ref_as_non_null: reference(x, op); return;
	case OP_v128_load: load(x, op); return;
	case OP_v128_store: store(x, op); return;
	default: break;
	}
	if (memory_code[op]) {
		if (*op_info[op].out)
			load(x, op);
		else
			store(x, op);
	} else if (vector_code[op] || op == OP_v128_const || op == OP_i8x16_shuffle) {
		vector(x, op);
	} else {
		help(x, op);
	}
}
