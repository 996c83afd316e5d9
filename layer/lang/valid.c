/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "layer/lang/op.h"
#include "layer/lang/reader.h"

/* The validation algorithm of the specification's appendix: a stack of operand
 * types and a stack of control frames, one pass.  Three quarters of all code are
 * a dozen instructions; they are handled in loop() with the place and the stack
 * in registers, all others in rare(), a row of op.def at a time.
 */

enum kind {
	FRAME_BLOCK,
	FRAME_LOOP,
	FRAME_IF,
	FRAME_ELSE,
	FRAME_TRY,
	FRAME_CATCH,
	FRAME_TABLE,
	FRAME_FUNC
};

struct frame {
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
	struct frame *frame, *top; /* own */
	size_t frame_cap;
	uint32_t stamp;
	uint32_t globals; /* a constant expression may name so many */
};

/* What every single instruction of one byte takes and gives, from op.def. */
struct simple {
	uint8_t n; /* operands; 0xff: not simple */
	uint8_t a, b, out;
};
static struct simple simple[256];

static valtype
letter(char c)
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
make_simple(void)
{
	memset(simple, 0xff, sizeof simple);
	for (size_t i = 0; i < OP_COUNT; i++) {
		const struct opinfo *o = &op_info[i];
		size_t n = strlen(o->in);
		if (o->prefix || (o->imm != IMM_NONE && o->imm != IMM_MEMARG) || *o->in == '*' ||
		    n == 0 || n > 2)
			continue;
		simple[o->code] =
		        (struct simple){ (uint8_t)n, (uint8_t)letter(o->in[0]),
			                 (uint8_t)letter(o->in[n - 1]), (uint8_t)letter(*o->out) };
	}
}

/* -- the operand stack -------------------------------------------------------------- */

_Noreturn static void
mismatch(struct reader *r, valtype want, valtype have)
{
	char a[48], b[48];
	if (have == T_BOT)
		reader_stop(r, r->p, "type mismatch: instruction requires [%s] but stack has []",
		            type_text(want, a));
	reader_stop(r, r->p, "type mismatch: instruction requires [%s] but stack has [%s]",
	            type_text(want, a), type_text(have, b));
}

static inline size_t
height(const struct valid *v)
{
	return (size_t)(v->sp - v->stack);
}

/* Any value; T_BOT in dead code. */
static valtype
pop_any(struct reader *r)
{
	struct valid *v = r->valid;
	if (height(v) > v->top->height)
		return *--v->sp;
	if (!v->top->dead)
		reader_stop(r, r->p,
		            "type mismatch: instruction requires a value but stack has []");
	return T_BOT;
}

static valtype
pop(struct reader *r, valtype want)
{
	struct valid *v = r->valid;
	if (height(v) <= v->top->height) {
		if (!v->top->dead)
			mismatch(r, want, T_BOT);
		return want;
	}
	valtype have = *--v->sp;
	if (have != want && have != T_BOT && !type_matches(have, want))
		mismatch(r, want, have);
	return have;
}

/* A reference of any kind. */
static valtype
pop_ref(struct reader *r)
{
	valtype t = pop_any(r);
	if (t != T_BOT && !type_is_ref(t))
		mismatch(r, T_REF | T_NULL | HEAP_ANY, t);
	return t;
}

static void
push(struct reader *r, valtype t)
{
	*r->valid->sp++ = t;
}

/* Room for n values, and then for one per byte that is left: loop() pushes
 * without asking. */
static void
room(struct reader *r, size_t n)
{
	struct valid *v = r->valid;
	size_t have = height(v);
	n += 64 + (r->function == UINT32_MAX ? 0 : (size_t)(r->end - r->p));
	if (have + n < v->stack_cap)
		return;
	v->stack_cap = (v->stack_cap + n) * 2;
	v->stack = xrealloc(v->stack, v->stack_cap * sizeof *v->stack);
	v->sp = v->stack + have;
}

static void
pop_all(struct reader *r, const valtype *t, uint32_t n)
{
	while (n--)
		pop(r, t[n]);
}

static void
push_all(struct reader *r, const valtype *t, uint32_t n)
{
	room(r, n);
	for (uint32_t i = 0; i < n; i++)
		*r->valid->sp++ = t[i];
}

/* -- control frames -------------------------------------------------------------------- */

static const valtype *
results(const struct frame *f)
{
	return f->single ? &f->one : f->out;
}

static const valtype *
label(const struct frame *f, uint32_t *n)
{
	*n = f->kind == FRAME_LOOP ? f->nin : f->nout;
	return f->kind == FRAME_LOOP ? f->in : results(f);
}

static void
dead(struct reader *r)
{
	struct valid *v = r->valid;
	v->sp = v->stack + v->top->height;
	v->top->dead = true;
}

static struct frame *
frame_room(struct valid *v)
{
	size_t n = v->top ? (size_t)(v->top - v->frame) + 1 : 0;
	if (n + 1 >= v->frame_cap) {
		v->frame_cap = v->frame_cap ? v->frame_cap * 2 : 64;
		v->frame = xrealloc(v->frame, v->frame_cap * sizeof *v->frame);
	}
	v->top = v->frame + n;
	return v->top;
}

static struct frame
blocktype(struct reader *r)
{
	struct frame f = { 0 };
	uint8_t b = r->p < r->end ? *r->p : 0;
	if (b == 0x40) {
		r->p++;
	} else if (b >= 0x40 && b < 0x80) {
		f.one = reader_valtype(r);
		f.single = true;
		f.nout = 1;
	} else {
		const uint8_t *at = r->p;
		int64_t i = reader_sleb_slow(r, 33);
		if (i < 0 || i >= r->m->ntype || type_of(r->m->type[i])->kind != TYPE_FUNC)
			reader_stop(r, at, "unknown type %lld", (long long)i);
		const struct type *t = type_of(r->m->type[i]);
		f.nin = t->nparam;
		f.in = t->param;
		f.nout = t->nresult;
		f.out = t->result;
		if (f.nin || f.nout > 1)
			r->m->features |= FEATURE_MULTI_VALUE;
	}
	return f;
}

static void
enter(struct reader *r, struct frame f, enum kind kind)
{
	struct valid *v = r->valid;
	pop_all(r, f.in, f.nin);
	f.kind = (uint8_t)kind;
	f.height = (uint32_t)height(v);
	f.nset = v->nset;
	*frame_room(v) = f;
	push_all(r, f.in, f.nin);
}

static void
unset(struct valid *v, uint32_t n)
{
	while (v->nset > n)
		v->set[v->setlist[--v->nset]] = 0;
}

/* What every block must leave at its end: just its results. */
static void
leave(struct reader *r)
{
	struct valid *v = r->valid;
	struct frame *f = v->top;
	pop_all(r, results(f), f->nout);
	if (height(v) != f->height)
		reader_stop(r, r->p, "type mismatch: block leaves values on the stack");
	unset(v, f->nset);
}

static struct frame *
target(struct reader *r)
{
	struct valid *v = r->valid;
	const uint8_t *at = r->p;
	uint32_t depth = reader_u32(r);
	if (depth > (size_t)(v->top - v->frame))
		reader_stop(r, at, "unknown label %u", depth);
	return v->top - depth;
}

/* The stack must fit the label, and holds what the label says afterwards. */
static void
branch_through(struct reader *r, const struct frame *f)
{
	uint32_t n;
	const valtype *t = label(f, &n);
	pop_all(r, t, n);
	push_all(r, t, n);
}

/* The values of a label against those on the stack, without changing it: those
 * below what the frame owns are anything in dead code. */
static void
peek_all(struct reader *r, const valtype *t, uint32_t n)
{
	struct valid *v = r->valid;
	valtype *sp = v->sp, kept[8], *keep = n <= 8 ? kept : xmalloc(n * sizeof *keep);
	size_t have = height(v) - v->top->height, k = have < n ? have : n;
	memcpy(keep, sp - k, k * sizeof *keep);
	/* keep is lost when this leaves by reader_stop, so it is checked by hand */
	for (size_t i = 0; i < k; i++) {
		valtype want = t[n - k + i], is = keep[i];
		if (is != want && is != T_BOT && !type_matches(is, want)) {
			if (keep != kept)
				free(keep);
			mismatch(r, want, is);
		}
	}
	if (keep != kept)
		free(keep);
	if (have < n && !v->top->dead)
		reader_stop(r, r->p, "type mismatch: branch needs %u values but stack has %zu", n,
		            have);
}

/* -- immediates ------------------------------------------------------------------------------ */

static const struct type *
type_index(struct reader *r, enum type_kind kind)
{
	const uint8_t *at = r->p;
	uint32_t i = reader_u32(r);
	if (i >= r->m->ntype)
		reader_stop(r, at, "unknown type %u", i);
	const struct type *t = type_of(r->m->type[i]);
	if (t->kind != kind)
		reader_stop(r, at, "type mismatch: type %u is no %s", i,
		            kind == TYPE_FUNC     ? "function"
		            : kind == TYPE_STRUCT ? "structure"
		                                  : "array");
	return t;
}

static uint32_t
table_index(struct reader *r)
{
	const uint8_t *at = r->p;
	uint32_t i = reader_u32(r);
	if (i >= r->m->ntable)
		reader_stop(r, at, "unknown table %u", i);
	return i;
}

static uint32_t
memory_index(struct reader *r)
{
	const uint8_t *at = r->p;
	uint32_t i = reader_u32(r);
	if (i >= r->m->nmemory)
		reader_stop(r, at, "unknown memory %u", i);
	return i;
}

static uint32_t
check_elem(struct reader *r, const uint8_t *at, uint32_t i)
{
	if (i >= r->m->nelem)
		reader_stop(r, at, "unknown elem segment %u", i);
	return i;
}

static uint32_t
elem_index(struct reader *r)
{
	const uint8_t *at = r->p;
	return check_elem(r, at, reader_u32(r));
}

static void
check_data(struct reader *r, const uint8_t *at, uint32_t i)
{
	if (!r->has_data_count)
		reader_stop(r, at, "data count section required");
	if (i >= r->data_count)
		reader_stop(r, at, "unknown data segment %u", i);
}

static void
data_index(struct reader *r)
{
	const uint8_t *at = r->p;
	check_data(r, at, reader_u32(r));
}

static const struct type *
tag_index(struct reader *r)
{
	const uint8_t *at = r->p;
	uint32_t i = reader_u32(r);
	if (i >= r->m->ntag)
		reader_stop(r, at, "unknown tag %u", i);
	return type_of(r->m->tag[i]);
}

static valtype
address_type(const struct limits *l)
{
	return l->is64 ? T_I64 : T_I32;
}

/* 5.4.6: returns the memory's address type. */
static valtype
memarg(struct reader *r, unsigned natural, bool exact)
{
	const uint8_t *at = r->p;
	uint32_t flags = reader_u32(r), memory = 0;
	if (flags >= 128)
		reader_stop(r, at, "malformed memop flags");
	if (flags & 64) {
		memory = reader_u32(r);
		flags -= 64;
	}
	if (memory >= r->m->nmemory)
		reader_stop(r, at, "unknown memory %u", memory);
	if (flags > natural || (exact && flags != natural))
		reader_stop(r, at,
		            exact ? "alignment must be natural: alignment must not be larger than "
		                    "natural"
		                  : "alignment must not be larger than natural");
	at = r->p;
	const struct limits *l = &r->m->memory[memory].limits;
	uint64_t offset = reader_u64(r);
	if (!l->is64 && offset > UINT32_MAX)
		reader_stop(r, at, "offset out of range");
	return address_type(l);
}

/* -- instructions by their row of op.def ------------------------------------------------------- */

static void
by_table(struct reader *r, const struct opinfo *o)
{
	valtype address = T_BOT;
	switch (o->imm) {
	case IMM_MEMARG: address = memarg(r, o->n, false); break;
	case IMM_ATOMIC: address = memarg(r, o->n, true); break;
	case IMM_MEMARG_LANE:
		address = memarg(r, o->n, false);
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
	case IMM_DATA: data_index(r); break;
	case IMM_ELEM: elem_index(r); break;
	default: break;
	}
	for (size_t i = strlen(o->in); i--;)
		pop(r, o->in[i] == 'a' ? address : letter(o->in[i]));
	room(r, 4);
	for (const char *c = o->out; *c; c++)
		push(r, letter(*c));
}

/* -- calls ----------------------------------------------------------------------------------------- */

static void
call(struct reader *r, const struct type *t, bool tail)
{
	pop_all(r, t->param, t->nparam);
	if (!tail) {
		push_all(r, t->result, t->nresult);
		return;
	}
	const struct frame *f = r->valid->frame;
	r->m->features |= FEATURE_TAIL_CALLS;
	if (t->nresult != f->nout)
		reader_stop(r, r->p, "type mismatch: the callee's results are not the caller's");
	for (uint32_t i = 0; i < f->nout; i++)
		if (!type_matches(t->result[i], results(f)[i]))
			mismatch(r, results(f)[i], t->result[i]);
	dead(r);
}

static const struct type *
func_index(struct reader *r)
{
	const uint8_t *at = r->p;
	uint32_t i = reader_u32(r);
	if (i >= r->m->nfunc)
		reader_stop(r, at, "unknown function %u", i);
	return type_of(r->m->func[i]);
}

static void
call_indirect(struct reader *r, bool tail)
{
	const uint8_t *at = r->p;
	uint32_t i = reader_u32(r);
	if (i >= r->m->ntype)
		reader_stop(r, at, "unknown type %u", i);
	const struct type *t = type_of(r->m->type[i]);
	if (t->kind != TYPE_FUNC)
		reader_stop(r, at, "type mismatch: type %u is no function", i);
	const struct tabledef *table = &r->m->table[table_index(r)];
	if (!type_matches(table->elem, T_FUNCREF))
		reader_stop(r, at, "type mismatch: the table does not hold functions");
	pop(r, address_type(&table->limits));
	call(r, t, tail);
}

/* -- references and aggregates ------------------------------------------------------------------------ */

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
	const uint8_t *at = r->p;
	uint32_t i = reader_u32(r);
	if (i >= t->nfield)
		reader_stop(r, at, "unknown field %u", i);
	return &t->field[i];
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

static valtype
ref_to(const struct type *t, bool null)
{
	return T_REF | (null ? T_NULL : 0) | t->id;
}

static void
array_op(struct reader *r, enum op op)
{
	const struct type *t = type_index(r, TYPE_ARRAY), *from;
	const struct field *x = t->field;
	const uint8_t *at = r->p;
	uint32_t n;
	switch (op) {
	case OP_array_new_default:
		all_defaultable(r, t);
		pop(r, T_I32);
		push(r, ref_to(t, false));
		return;
	case OP_array_new:
		pop(r, T_I32);
		pop(r, unpacked(x->type));
		push(r, ref_to(t, false));
		return;
	case OP_array_new_fixed:
		n = reader_u32(r);
		if (n > READER_FIELDS)
			reader_stop(r, at, "too many array elements");
		while (n--)
			pop(r, unpacked(x->type));
		push(r, ref_to(t, false));
		return;
	case OP_array_new_data:
	case OP_array_init_data:
		data_index(r);
		if (op == OP_array_init_data)
			mutable_field(r, x, "array");
		numeric_array(r, t);
		break;
	case OP_array_new_elem:
	case OP_array_init_elem:
		n = elem_index(r);
		if (op == OP_array_init_elem)
			mutable_field(r, x, "array");
		if (!type_matches(r->m->elem[n].type, x->type))
			reader_stop(r, at, "type mismatch: the segment does not fit the array");
		break;
	case OP_array_get:
	case OP_array_get_s:
	case OP_array_get_u:
		pop(r, T_I32);
		pop(r, ref_to(t, true));
		push(r, field_value(r, x, op != OP_array_get));
		return;
	case OP_array_set:
		mutable_field(r, x, "array");
		pop(r, unpacked(x->type));
		pop(r, T_I32);
		pop(r, ref_to(t, true));
		return;
	case OP_array_fill:
		mutable_field(r, x, "array");
		pop(r, T_I32);
		pop(r, unpacked(x->type));
		pop(r, T_I32);
		pop(r, ref_to(t, true));
		return;
	case OP_array_copy:
		from = type_index(r, TYPE_ARRAY);
		mutable_field(r, x, "array");
		if (from->field->type != x->type &&
		    (!type_is_ref(x->type) || !type_is_ref(from->field->type) ||
		     !type_matches(from->field->type, x->type)))
			reader_stop(r, at, "array types do not match");
		pop(r, T_I32);
		pop(r, T_I32);
		pop(r, ref_to(from, true));
		pop(r, T_I32);
		pop(r, ref_to(t, true));
		return;
	default: break;
	}
	pop(r, T_I32);
	pop(r, T_I32);
	if (op == OP_array_new_data || op == OP_array_new_elem) {
		push(r, ref_to(t, false));
		return;
	}
	pop(r, T_I32);
	pop(r, ref_to(t, true));
}

static void
struct_op(struct reader *r, enum op op)
{
	const struct type *t = type_index(r, TYPE_STRUCT);
	const struct field *f;
	switch (op) {
	case OP_struct_new:
		for (uint32_t i = t->nfield; i--;)
			pop(r, unpacked(t->field[i].type));
		push(r, ref_to(t, false));
		return;
	case OP_struct_new_default:
		all_defaultable(r, t);
		push(r, ref_to(t, false));
		return;
	case OP_struct_set:
		f = field_index(r, t);
		mutable_field(r, f, "field");
		pop(r, unpacked(f->type));
		pop(r, ref_to(t, true));
		return;
	default:
		f = field_index(r, t);
		pop(r, ref_to(t, true));
		push(r, field_value(r, f, op != OP_struct_get));
	}
}

static valtype
top_ref(uint32_t heap)
{
	return T_REF | T_NULL | type_top(heap);
}

static void
br_on_cast(struct reader *r, bool on_fail)
{
	uint8_t flags = reader_u8(r);
	if (flags > 3)
		reader_stop(r, r->p - 1, "malformed br_on_cast flags");
	struct frame *f = target(r);
	valtype from = T_REF | (flags & 1 ? T_NULL : 0) | reader_heaptype(r);
	valtype to = T_REF | (flags & 2 ? T_NULL : 0) | reader_heaptype(r);
	if (!type_matches(to, from))
		mismatch(r, from, to);
	/* 3.4.3: what is left when the cast is not taken */
	valtype rest = to & T_NULL ? from & ~T_NULL : from;
	valtype sent = on_fail ? rest : to, kept = on_fail ? to : rest;
	uint32_t n;
	const valtype *t = label(f, &n);
	if (n == 0)
		reader_stop(r, r->p, "type mismatch: the label takes nothing");
	if (!type_matches(sent, t[n - 1]))
		mismatch(r, t[n - 1], sent);
	pop(r, from);
	pop_all(r, t, n - 1);
	push_all(r, t, n - 1);
	push(r, kept);
}

static void
reference(struct reader *r, enum op op)
{
	struct frame *f;
	const valtype *t;
	valtype v;
	uint32_t n;
	const uint8_t *at = r->p;
	switch (op) {
	case OP_ref_null: push(r, T_REF | T_NULL | reader_heaptype(r)); break;
	case OP_ref_is_null:
		pop_ref(r);
		push(r, T_I32);
		break;
	case OP_ref_func:
		n = reader_u32(r);
		if (n >= r->m->nfunc)
			reader_stop(r, at, "unknown function %u", n);
		if (r->function == UINT32_MAX)
			r->m->declared[n / 8] |= (uint8_t)(1 << n % 8);
		else if (!(r->m->declared[n / 8] >> n % 8 & 1))
			reader_stop(r, at, "undeclared function reference");
		push(r, T_REF | r->m->func[n]);
		break;
	case OP_ref_eq:
		pop(r, T_REF | T_NULL | HEAP_EQ);
		pop(r, T_REF | T_NULL | HEAP_EQ);
		push(r, T_I32);
		break;
	case OP_ref_as_non_null:
		v = pop_ref(r);
		push(r, v == T_BOT ? T_BOT : v & ~T_NULL);
		break;
	case OP_br_on_null:
		f = target(r);
		v = pop_ref(r);
		branch_through(r, f);
		push(r, v == T_BOT ? T_BOT : v & ~T_NULL);
		break;
	case OP_br_on_non_null:
		f = target(r);
		t = label(f, &n);
		if (n == 0 || !type_is_ref(t[n - 1]))
			reader_stop(r, at, "type mismatch: the label takes no reference");
		v = pop_ref(r);
		if (v != T_BOT && !type_matches(v & ~T_NULL, t[n - 1]))
			mismatch(r, t[n - 1], v);
		pop_all(r, t, n - 1);
		push_all(r, t, n - 1);
		break;
	case OP_ref_test:
	case OP_ref_test_null:
	case OP_ref_cast:
	case OP_ref_cast_null:
		n = reader_heaptype(r);
		pop(r, top_ref(n));
		push(r, op == OP_ref_test || op == OP_ref_test_null
		                ? (valtype)T_I32
		                : T_REF | (op == OP_ref_cast_null ? T_NULL : 0) | n);
		break;
	case OP_any_convert_extern:
	case OP_extern_convert_any: {
		uint32_t from = op == OP_any_convert_extern ? HEAP_EXTERN : HEAP_ANY;
		uint32_t to = op == OP_any_convert_extern ? HEAP_ANY : HEAP_EXTERN;
		v = pop(r, T_REF | T_NULL | from);
		push(r, T_REF | (v == T_BOT ? 0 : v & T_NULL) | to);
		break;
	}
	case OP_ref_i31:
		pop(r, T_I32);
		push(r, T_REF | HEAP_I31);
		break;
	case OP_i31_get_s:
	case OP_i31_get_u:
		pop(r, T_REF | T_NULL | HEAP_I31);
		push(r, T_I32);
		break;
	default:
		pop(r, T_REF | T_NULL | HEAP_ARRAY); /* array.len */
		push(r, T_I32);
	}
}

/* -- exceptions ------------------------------------------------------------------------------------------ */

static void
catch_clause(struct reader *r)
{
	uint8_t kind = reader_u8(r);
	if (kind > 3)
		reader_stop(r, r->p - 1, "malformed catch clause");
	const struct type *tag = kind < 2 ? tag_index(r) : NULL;
	struct frame *f = target(r);
	uint32_t n, give = (tag ? tag->nparam : 0) + (kind & 1);
	const valtype *t = label(f, &n);
	if (n != give)
		reader_stop(r, r->p, "type mismatch: catch gives %u values, the label takes %u",
		            give, n);
	for (uint32_t i = 0; i < n; i++) {
		valtype have = tag && i < tag->nparam ? tag->param[i] : T_REF | HEAP_EXN;
		if (!type_matches(have, t[i]))
			mismatch(r, t[i], have);
	}
}

static void
try_table(struct reader *r)
{
	r->m->features |= FEATURE_EXCEPTIONS;
	struct frame f = blocktype(r);
	pop_all(r, f.in, f.nin);
	push_all(r, f.in, f.nin);
	const uint8_t *at = r->p;
	uint32_t n = reader_u32(r);
	if (n > (size_t)(r->end - r->p))
		reader_stop(r, at, "unexpected end of section or function");
	while (n--)
		catch_clause(r);
	enter(r, f, FRAME_TABLE);
}

/* The form before exnref (proposal exception-handling, legacy). */
static void
legacy(struct reader *r, enum op op)
{
	struct valid *v = r->valid;
	struct frame *f = v->top;
	const uint8_t *at = r->p;
	r->m->features |= FEATURE_LEGACY_EXCEPTIONS;
	if (op == OP_try) {
		enter(r, blocktype(r), FRAME_TRY);
	} else if (op == OP_catch || op == OP_catch_all) {
		const struct type *tag = op == OP_catch ? tag_index(r) : NULL;
		if (f->kind != FRAME_TRY && f->kind != FRAME_CATCH)
			reader_stop(r, at, "unexpected catch: no try to belong to");
		if (f->all)
			reader_stop(r, at, "unexpected catch behind catch_all");
		leave(r);
		f->kind = FRAME_CATCH;
		f->dead = false;
		f->all = op == OP_catch_all;
		if (tag)
			push_all(r, tag->param, tag->nparam);
	} else if (op == OP_delegate) {
		if (f->kind != FRAME_TRY)
			reader_stop(r, at, "unexpected delegate: no try to belong to");
		leave(r);
		struct frame ended = *f;
		v->top--;
		uint32_t depth = reader_u32(r);
		if (depth > (size_t)(v->top - v->frame))
			reader_stop(r, at, "unknown label %u", depth);
		push_all(r, results(&ended), ended.nout);
	} else { /* rethrow */
		if (target(r)->kind != FRAME_CATCH)
			reader_stop(r, at, "invalid rethrow label");
		dead(r);
	}
}

/* -- the rest --------------------------------------------------------------------------------------------- */

static void
select_plain(struct reader *r)
{
	pop(r, T_I32);
	valtype a = pop_any(r), b = pop_any(r);
	if (type_is_ref(a) || type_is_ref(b))
		reader_stop(r, r->p, "type mismatch: select of references needs a type");
	if (a != b && a != T_BOT && b != T_BOT)
		mismatch(r, b, a);
	push(r, a == T_BOT ? b : a);
}

static void
select_typed(struct reader *r)
{
	const uint8_t *at = r->p;
	if (reader_u32(r) != 1)
		reader_stop(r, at, "invalid result arity");
	valtype t = reader_valtype(r);
	pop(r, T_I32);
	pop(r, t);
	pop(r, t);
	push(r, t);
}

static void
br_table(struct reader *r)
{
	struct valid *v = r->valid;
	const uint8_t *at = r->p;
	uint32_t n = reader_u32(r), arity = 0;
	if (n > (size_t)(r->end - r->p))
		reader_stop(r, at, "unexpected end of section or function");
	pop(r, T_I32);
	v->stamp++;
	for (uint32_t i = 0; i <= n; i++) {
		struct frame *f = target(r);
		if (f->stamp == v->stamp && i > 0)
			continue;
		f->stamp = v->stamp;
		uint32_t k;
		const valtype *t = label(f, &k);
		if (i > 0 && k != arity)
			reader_stop(r, at, "type mismatch: br_table labels differ in arity");
		arity = k;
		peek_all(r, t, k);
	}
	dead(r);
}

static void
table_op(struct reader *r, enum op op)
{
	const uint8_t *at = r->p;
	struct module *m = r->m;
	if (op == OP_table_init) {
		uint32_t e = reader_u32(r), t = table_index(r);
		check_elem(r, at, e);
		if (!type_matches(m->elem[e].type, m->table[t].elem))
			reader_stop(r, at, "type mismatch: the segment does not fit the table");
		pop(r, T_I32);
		pop(r, T_I32);
		pop(r, address_type(&m->table[t].limits));
		return;
	}
	const struct tabledef *t = &m->table[table_index(r)];
	valtype a = address_type(&t->limits);
	switch (op) {
	case OP_table_get:
		pop(r, a);
		push(r, t->elem);
		break;
	case OP_table_set:
		pop(r, t->elem);
		pop(r, a);
		break;
	case OP_table_size: push(r, a); break;
	case OP_table_grow:
		pop(r, a);
		pop(r, t->elem);
		push(r, a);
		break;
	case OP_table_fill:
		pop(r, a);
		pop(r, t->elem);
		pop(r, a);
		break;
	default: { /* table.copy */
		const struct tabledef *from = &m->table[table_index(r)];
		valtype b = address_type(&from->limits);
		if (!type_matches(from->elem, t->elem))
			reader_stop(r, at, "type mismatch: the tables differ in type");
		pop(r, a == T_I64 && b == T_I64 ? T_I64 : T_I32);
		pop(r, b);
		pop(r, a);
	}
	}
}

static void
memory_op(struct reader *r, enum op op)
{
	struct module *m = r->m;
	const uint8_t *at = r->p;
	uint32_t data = op == OP_memory_init ? reader_u32(r) : 0;
	valtype a = address_type(&m->memory[memory_index(r)].limits), b;
	if (op == OP_memory_init)
		check_data(r, at, data);
	switch (op) {
	case OP_memory_size: push(r, a); break;
	case OP_memory_grow:
		pop(r, a);
		push(r, a);
		break;
	case OP_memory_init:
		pop(r, T_I32);
		pop(r, T_I32);
		pop(r, a);
		break;
	case OP_memory_fill:
		pop(r, a);
		pop(r, T_I32);
		pop(r, a);
		break;
	default: /* memory.copy */
		b = address_type(&m->memory[memory_index(r)].limits);
		pop(r, a == T_I64 && b == T_I64 ? T_I64 : T_I32);
		pop(r, b);
		pop(r, a);
	}
}

static void
global_get(struct reader *r, bool constant)
{
	const uint8_t *at = r->p;
	uint32_t i = reader_u32(r);
	if (i >= (constant ? r->valid->globals : r->m->nglobal))
		reader_stop(r, at, "unknown global %u", i);
	if (constant && r->m->global[i].mut)
		reader_stop(r, at, "constant expression required");
	push(r, r->m->global[i].type);
}

static void
global_set_index(struct reader *r, uint32_t i)
{
	if (i >= r->m->nglobal)
		reader_stop(r, r->p, "unknown global %u", i);
	if (!r->m->global[i].mut)
		reader_stop(r, r->p, "immutable global");
	pop(r, r->m->global[i].type);
}

static void
local_set(struct reader *r, uint32_t i)
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
	uint32_t i = reader_u32(r);
	if (i >= v->nlocal)
		reader_stop(r, at, "unknown local %u", i);
	valtype t = v->local[i];
	if (op != OP_local_get) {
		pop(r, t);
		local_set(r, i);
	} else if (v->sets && !v->set[i] && !type_defaultable(t)) {
		reader_stop(r, at, "uninitialized local %u", i);
	}
	if (op != OP_local_set)
		push(r, t);
}

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

/* One instruction of any kind but block structure; r->p stands at its first byte. */
static void
rare(struct reader *r, bool constant)
{
	const uint8_t *at = r->p;
	enum op op = (enum op)opcode(r);
	const struct opinfo *o = &op_info[op];
	if (constant && !constant_op(op))
		reader_stop(r, at, "constant expression required");
	note_feature(r, o, op);
	room(r, 4);
	if (*o->in != '*') {
		by_table(r, o);
		return;
	}
	uint32_t n;
	const struct type *t;
	switch (op) {
	case OP_unreachable: dead(r); break;
	case OP_try:
	case OP_catch:
	case OP_catch_all:
	case OP_delegate:
	case OP_rethrow: legacy(r, op); break;
	case OP_throw:
		t = tag_index(r);
		pop_all(r, t->param, t->nparam);
		dead(r);
		break;
	case OP_throw_ref:
		pop(r, T_EXNREF);
		dead(r);
		break;
	case OP_try_table: try_table(r); break;
	case OP_br: {
		const struct frame *f = target(r);
		const valtype *types = label(f, &n);
		pop_all(r, types, n);
		dead(r);
		break;
	}
	case OP_br_table: br_table(r); break;
	case OP_return:
		pop_all(r, results(r->valid->frame), r->valid->frame->nout);
		dead(r);
		break;
	case OP_call: call(r, func_index(r), false); break;
	case OP_return_call: call(r, func_index(r), true); break;
	case OP_call_indirect: call_indirect(r, false); break;
	case OP_return_call_indirect: call_indirect(r, true); break;
	case OP_call_ref:
	case OP_return_call_ref:
		t = type_index(r, TYPE_FUNC);
		pop(r, ref_to(t, true));
		call(r, t, op == OP_return_call_ref);
		break;
	case OP_drop: pop_any(r); break;
	case OP_select: select_plain(r); break;
	case OP_select_t: select_typed(r); break;
	case OP_local_get:
	case OP_local_set:
	case OP_local_tee: local_op(r, op); break;
	case OP_br_if: {
		const struct frame *f = target(r);
		pop(r, T_I32);
		branch_through(r, f);
		break;
	}
	case OP_global_get: global_get(r, constant); break;
	case OP_global_set: global_set_index(r, reader_u32(r)); break;
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
	case OP_struct_new:
	case OP_struct_new_default:
	case OP_struct_get:
	case OP_struct_get_s:
	case OP_struct_get_u:
	case OP_struct_set: struct_op(r, op); break;
	case OP_br_on_cast:
	case OP_br_on_cast_fail: br_on_cast(r, op == OP_br_on_cast_fail); break;
	default:
		if (op >= OP_array_new && op <= OP_array_init_elem && op != OP_array_len)
			array_op(r, op);
		else
			reference(r, op);
	}
}

/* -- blocks ------------------------------------------------------------------------------------------------- */

static void
otherwise(struct reader *r)
{
	struct valid *v = r->valid;
	if (v->top->kind != FRAME_IF)
		reader_stop(r, r->p, "unexpected else: no if to belong to");
	leave(r);
	v->top->kind = FRAME_ELSE;
	v->top->dead = false;
	push_all(r, v->top->in, v->top->nin);
	r->p++;
}

/* true: that was the outermost. */
static bool
finish(struct reader *r)
{
	struct valid *v = r->valid;
	struct frame *f = v->top;
	leave(r);
	if (f->kind == FRAME_IF) {
		if (f->nin != f->nout)
			reader_stop(r, r->p, "type mismatch: if without else gives nothing");
		for (uint32_t i = 0; i < f->nin; i++)
			if (!type_matches(f->in[i], results(f)[i]))
				mismatch(r, results(f)[i], f->in[i]);
	}
	r->p++;
	if (f != v->frame)
		v->top--;
	push_all(r, results(f), f->nout);
	return f == v->frame;
}

static void
open_block(struct reader *r, uint8_t b)
{
	r->p++;
	struct frame f = blocktype(r);
	if (b == 0x04)
		pop(r, T_I32);
	enter(r, f, b == 0x02 ? FRAME_BLOCK : b == 0x03 ? FRAME_LOOP : FRAME_IF);
}

/* The instructions of a constant expression. */
static void
constant_loop(struct reader *r)
{
	for (;;) {
		if (r->p >= r->end)
			reader_stop(r, r->p, "unexpected end of section or function");
		if (*r->p != 0x0b)
			rare(r, true);
		else if (finish(r))
			return;
	}
}

/* The instructions up to the end that closes the outermost frame.  Each common one
 * looks at the next byte itself and goes there: a processor guesses such jumps
 * far better than those of one switch. */
static void
loop(struct reader *r)
{
	static const int32_t go[256] = {
#define TO(label) ((int32_t)((const char *)&&label - (const char *)&&other))
		[0x02] = TO(block),
		[0x03] = TO(block),
		[0x04] = TO(block),
		[0x05] = TO(or_else),
		[0x0b] = TO(end),
		[0x0c] = TO(br),
		[0x0d] = TO(br),
		[0x10] = TO(call),
		[0x1a] = TO(drop),
		[0x1b] = TO(select),
		[0x20] = TO(get),
		[0x21] = TO(set),
		[0x22] = TO(tee),
		[0x23] = TO(global_get),
		[0x24] = TO(global_set),
		[0x28 ... 0x35] = TO(load),
		[0x36 ... 0x3e] = TO(store),
		[0x41] = TO(i32_const),
		[0x42] = TO(i64_const),
		[0x44] = TO(f64_const),
		[0x45] = TO(unary),
		[0x46 ... 0x4f] = TO(binary),
		[0x50] = TO(unary),
		[0x51 ... 0x66] = TO(binary),
		[0x67 ... 0x69] = TO(unary),
		[0x6a ... 0x78] = TO(binary),
		[0x79 ... 0x7b] = TO(unary),
		[0x7c ... 0x8a] = TO(binary),
		[0x8b ... 0x91] = TO(unary),
		[0x92 ... 0x98] = TO(binary),
		[0x99 ... 0x9f] = TO(unary),
		[0xa0 ... 0xa6] = TO(binary),
		[0xa7 ... 0xc4] = TO(unary),
	};
	struct valid *v = r->valid;
	const uint8_t *p = r->p, *end = r->end, *last = r->start + r->m->nbytes;
	valtype *sp = v->sp, *base = v->stack + v->top->height;
	const valtype *local = v->local;
	const uint32_t nlocal = v->nlocal;
	const bool sets = v->sets, plain = r->m->nmemory && !r->m->memory[0].limits.is64;
	uint32_t i;
	struct simple s;
	valtype t;

#define SAVE() (r->p = p, v->sp = sp)
#define BACK() (p = r->p, sp = v->sp, base = v->stack + v->top->height)
#define NEXT()                                                                                     \
	do {                                                                                       \
		if (__builtin_expect(p >= end, 0))                                                 \
			goto over;                                                                 \
		goto *((const char *)&&other + go[*p]);                                            \
	} while (0)
/* An index behind the opcode, of up to three bytes; others are rare.  Reading may
 * run over the body's end, but not the file's: NEXT finds out. */
#define INDEX()                                                                                    \
	do {                                                                                       \
		if (__builtin_expect(last - p < 4, 0))                                             \
			goto other;                                                                \
		i = p[1];                                                                          \
		if (i >= 0x80) {                                                                   \
			i = (i & 0x7f) | (uint32_t)p[2] << 7;                                      \
			if (p[2] >= 0x80) {                                                        \
				if (p[3] >= 0x80)                                                  \
					goto other;                                                \
				i = (i & 0x3fff) | (uint32_t)p[3] << 14;                           \
				p++;                                                               \
			}                                                                          \
			p++;                                                                       \
		}                                                                                  \
		p += 2;                                                                            \
	} while (0)

	NEXT();
get:
	INDEX();
	if (__builtin_expect(i >= nlocal, 0))
		goto no_local;
	t = local[i];
	if (__builtin_expect(sets, 0) && !v->set[i] && !type_defaultable(t)) {
		SAVE();
		reader_stop(r, p, "uninitialized local %u", i);
	}
	*sp++ = t;
	NEXT();
set:
	INDEX();
	if (__builtin_expect(i >= nlocal, 0))
		goto no_local;
	if (__builtin_expect(sp > base && sp[-1] == local[i], 1)) {
		sp--;
	} else {
		SAVE();
		pop(r, local[i]);
		sp = v->sp;
	}
	if (__builtin_expect(sets, 0))
		local_set(r, i);
	NEXT();
tee:
	INDEX();
	if (__builtin_expect(i >= nlocal, 0))
		goto no_local;
	if (__builtin_expect(!(sp > base && sp[-1] == local[i]), 0)) {
		SAVE();
		pop(r, local[i]);
		push(r, local[i]);
		sp = v->sp;
	}
	if (__builtin_expect(sets, 0))
		local_set(r, i);
	NEXT();
no_local:
	SAVE();
	reader_stop(r, p, "unknown local %u", i);
i32_const:
	/* up to four bytes cannot be too large */
	for (i = 1; i < 5; i++)
		if (p + i < last && p[i] < 0x80) {
			p += i + 1;
			*sp++ = T_I32;
			NEXT();
		}
	goto other;
i64_const:
	for (i = 1; i < 10; i++)
		if (p + i < last && p[i] < 0x80) {
			p += i + 1;
			*sp++ = T_I64;
			NEXT();
		}
	goto other;
f64_const:
	if (last - p < 9)
		goto other;
	p += 9;
	*sp++ = T_F64;
	NEXT();
unary:
	s = simple[*p];
	if (__builtin_expect(sp > base && sp[-1] == s.a, 1)) {
		sp[-1] = s.out;
		p++;
		NEXT();
	}
	goto other;
binary:
	s = simple[*p];
	if (__builtin_expect(sp - base > 1 && sp[-1] == s.b && sp[-2] == s.a, 1)) {
		sp--;
		sp[-1] = s.out;
		p++;
		NEXT();
	}
	goto other;
/* Alignment, and an offset of at most four bytes. */
#define MEMARG()                                                                                   \
	do {                                                                                       \
		if (__builtin_expect(last - p < 7 || p[1] > o->n || !plain, 0))                    \
			goto other;                                                                \
		for (i = 2; p[i] >= 0x80; i++)                                                     \
			if (i == 5)                                                                \
				goto other;                                                        \
	} while (0)
load : {
	const struct opinfo *o = &op_info[OP_i32_load + (*p - 0x28)];
	MEMARG();
	if (__builtin_expect(sp > base && sp[-1] == T_I32, 1)) {
		sp[-1] = simple[*p].out;
		p += i + 1;
		NEXT();
	}
	goto other;
}
store : {
	const struct opinfo *o = &op_info[OP_i32_load + (*p - 0x28)];
	MEMARG();
	if (__builtin_expect(sp - base > 1 && sp[-2] == T_I32 && sp[-1] == simple[*p].b, 1)) {
		sp -= 2;
		p += i + 1;
		NEXT();
	}
	goto other;
}
global_get:
	INDEX();
	if (__builtin_expect(i >= r->m->nglobal, 0)) {
		SAVE();
		reader_stop(r, p, "unknown global %u", i);
	}
	*sp++ = r->m->global[i].type;
	NEXT();
global_set:
	INDEX();
	if (i < r->m->nglobal && r->m->global[i].mut && sp > base &&
	    sp[-1] == r->m->global[i].type) {
		sp--;
		NEXT();
	}
	SAVE();
	global_set_index(r, i);
	sp = v->sp;
	NEXT();
drop:
	if (__builtin_expect(sp > base, 1)) {
		sp--;
		p++;
		NEXT();
	}
	goto other;
select:
	if (sp - base > 2 && sp[-1] == T_I32 && sp[-2] == sp[-3] && !type_is_ref(sp[-2])) {
		sp -= 2;
		p++;
		NEXT();
	}
	goto other;
call : {
	INDEX();
	if (__builtin_expect(i >= r->m->nfunc, 0)) {
		SAVE();
		reader_stop(r, p, "unknown function %u", i);
	}
	const struct type *f = type_of(r->m->func[i]);
	if (__builtin_expect((size_t)(sp - base) >= f->nparam && f->nresult <= 1, 1)) {
		uint32_t k = 0;
		while (k < f->nparam && sp[(ptrdiff_t)k - f->nparam] == f->param[k])
			k++;
		if (k == f->nparam) {
			sp -= k;
			if (f->nresult)
				*sp++ = *f->result;
			NEXT();
		}
	}
	SAVE();
	call(r, f, false);
	BACK();
	NEXT();
}
br : {
	uint8_t b = *p;
	SAVE();
	r->p++;
	const struct frame *f = target(r);
	if (b == 0x0d)
		pop(r, T_I32);
	uint32_t n;
	const valtype *types = label(f, &n);
	if (n)
		pop_all(r, types, n);
	if (b == 0x0c)
		dead(r);
	else if (n)
		push_all(r, types, n);
	BACK();
	NEXT();
}
block:
	SAVE();
	open_block(r, *p);
	BACK();
	NEXT();
or_else:
	SAVE();
	otherwise(r);
	BACK();
	NEXT();
end:
	/* of a block that gives nothing, as most */
	if (__builtin_expect(sp == base && !v->top->nout && v->top->kind <= FRAME_LOOP && !sets,
	                     1)) {
		v->top--;
		base = v->stack + v->top->height;
		p++;
		NEXT();
	}
	SAVE();
	if (finish(r))
		return;
	BACK();
	NEXT();
other:
	SAVE();
	rare(r, false);
	BACK();
	NEXT();
over:
	SAVE();
	reader_stop(r, p,
	            v->top == v->frame ? "unexpected end of section or function: END opcode "
	                                 "expected, section size mismatch"
	                               : "unexpected end of section or function");
#undef SAVE
#undef BACK
#undef NEXT
#undef INDEX
#undef MEMARG
#undef TO
}

/* -- functions and constant expressions ------------------------------------------------------------------- */

static struct valid *
scratch(struct reader *r, size_t values)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	if (!r->valid) {
		pthread_once(&once, make_simple);
		r->valid = xcalloc(1, sizeof *r->valid);
	}
	struct valid *v = r->valid;
	if (values + 128 > v->stack_cap) {
		v->stack_cap = (values + 128) * 2;
		free(v->stack);
		v->stack = NULL;
		v->stack = xmalloc(v->stack_cap * sizeof *v->stack);
	}
	v->sp = v->stack;
	v->top = NULL;
	v->nset = 0;
	v->sets = false;
	v->nlocal = 0;
	return v;
}

void
valid_free(struct reader *r)
{
	struct valid *v = r->valid;
	if (!v)
		return;
	free(v->local);
	free(v->set);
	free(v->setlist);
	free(v->stack);
	free(v->frame);
	free(v);
	r->valid = NULL;
}

static void
add_locals(struct valid *v, valtype t, uint32_t n)
{
	if (v->nlocal + n > v->local_cap) {
		v->local_cap = (v->nlocal + n) * 2;
		v->local = xrealloc(v->local, v->local_cap * sizeof *v->local);
		v->set = xrealloc(v->set, v->local_cap);
		v->setlist = xrealloc(v->setlist, v->local_cap * sizeof *v->setlist);
	}
	for (uint32_t i = 0; i < n; i++)
		v->local[v->nlocal + i] = t;
	if (!type_defaultable(t) && !v->sets) {
		v->sets = true;
	}
	v->nlocal += n;
}

static void
locals(struct reader *r, const struct type *t)
{
	struct valid *v = r->valid;
	for (uint32_t i = 0; i < t->nparam; i++)
		add_locals(v, t->param[i], 1);
	const uint8_t *at = r->p;
	uint32_t groups = reader_u32(r);
	uint64_t total = t->nparam;
	v->sets = false;
	for (uint32_t i = 0; i < groups; i++) {
		at = r->p;
		uint32_t n = reader_u32(r);
		total += n;
		if (total > READER_LOCALS)
			reader_stop(r, at, "too many locals");
		add_locals(v, reader_valtype(r), n);
	}
	if (v->sets) {
		memset(v->set, 0, v->nlocal);
		memset(v->set, 1, t->nparam);
	}
}

void
valid_function(struct reader *r, uint32_t index)
{
	const struct type *t = type_of(r->m->func[index]);
	struct valid *v = scratch(r, (size_t)(r->end - r->p));
	locals(r, t);
	*frame_room(v) = (struct frame){ .kind = FRAME_FUNC, .nout = t->nresult, .out = t->result };
	loop(r);
	if (r->p != r->end)
		reader_stop(r, r->p, "section size mismatch: END opcode expected");
}

struct expr
valid_constant(struct reader *r, valtype want, uint32_t globals)
{
	struct expr x = { .offset = (uint32_t)(r->p - r->start) };
	struct valid *v = scratch(r, 0);
	v->globals = globals;
	*frame_room(v) =
	        (struct frame){ .kind = FRAME_FUNC, .nout = 1, .single = true, .one = want };
	constant_loop(r);
	x.size = (uint32_t)(r->p - r->start) - x.offset;
	return x;
}
