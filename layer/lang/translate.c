/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/code.h"
#include "layer/lang/translate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "layer/lang/leb.h"
#include "layer/lang/lower.h"

const void *code_go[CODE_COUNT];

/* -- reading: the bytes are validated, so no bounds are checked ------------------------- */

uint32_t
translate_u32(struct translate *x)
{
	if (*x->p < 0x80)
		return *x->p++;
	return (uint32_t)leb_u(&x->p);
}

int64_t
translate_s64(struct translate *x)
{
	return leb_s(&x->p);
}

static enum op
opcode(struct translate *x)
{
	uint8_t b = *x->p++;
	if (b == 0x1c)
		return OP_select_t;
	return (enum op)(b < 0xfb ? op_decode(0, b) : op_decode(b, translate_u32(x)));
}

static void
skip_valtype(struct translate *x)
{
	uint8_t b = *x->p++;
	if (b == 0x63 || b == 0x64)
		translate_s64(x);
}

static void
skip_clauses(struct translate *x)
{
	for (uint32_t n = translate_u32(x); n--;) {
		uint8_t kind = *x->p++;
		if (kind < 2)
			translate_u32(x);
		translate_u32(x);
	}
}

static void
skip_blocktype(struct translate *x)
{
	if (*x->p == 0x63 || *x->p == 0x64)
		skip_valtype(x);
	else
		translate_s64(x);
}

uint64_t
translate_memarg(struct translate *x, uint32_t *memory)
{
	uint32_t flags = translate_u32(x);
	*memory = flags & 64 ? translate_u32(x) : 0;
	return leb_u(&x->p);
}

uint64_t
translate_heaptype(struct translate *x)
{
	int64_t v = translate_s64(x);
	return v >= 0 ? x->m->type[v] : ((uint64_t)v & 0x7f) | HEAP_ABSTRACT;
}

void
translate_immediates(struct translate *x, enum op op, uint64_t *i, uint64_t *j)
{
	uint32_t memory;
	*i = *j = 0;
	switch (op_info[op].imm) {
	case IMM_NONE: break;
	case IMM_FENCE: x->p++; break;
	case IMM_MEMARG:
	case IMM_ATOMIC:
	case IMM_MEMARG_LANE:
		*j = translate_memarg(x, &memory);
		*i = memory;
		if (op_info[op].imm == IMM_MEMARG_LANE)
			*i |= (uint64_t)*x->p++ << 32;
		break;
	case IMM_HEAPTYPE: *i = translate_heaptype(x); break;
	case IMM_FIELD:
	case IMM_TYPE_N:
	case IMM_TYPE_DATA:
	case IMM_TYPE_ELEM:
	case IMM_TYPE_TYPE:
	case IMM_DATA_MEMORY:
	case IMM_MEMORY_MEMORY:
	case IMM_ELEM_TABLE:
	case IMM_TABLE_TABLE:
		*i = translate_u32(x);
		*j = translate_u32(x);
		break;
	default: *i = translate_u32(x);
	}
}

void
translate_skip(struct translate *x, enum op op)
{
	uint32_t n;
	uint64_t i, j;
	switch (op_info[op].imm) {
	case IMM_BLOCK: skip_blocktype(x); break;
	case IMM_TRY_TABLE:
		skip_blocktype(x);
		skip_clauses(x);
		break;
	case IMM_LABELS:
		for (n = translate_u32(x) + 1; n--;)
			translate_u32(x);
		break;
	case IMM_SELECT:
		for (n = translate_u32(x); n--;)
			skip_valtype(x);
		break;
	case IMM_F32: x->p += 4; break;
	case IMM_F64: x->p += 8; break;
	case IMM_V128:
	case IMM_SHUFFLE: x->p += 16; break;
	case IMM_LANE: x->p++; break;
	case IMM_BR_CAST:
		x->p++;
		translate_u32(x);
		translate_s64(x);
		translate_s64(x);
		break;
	case IMM_I32:
	case IMM_I64: translate_s64(x); break;
	case IMM_CALL_INDIRECT:
		translate_u32(x);
		translate_u32(x);
		break;
	default: translate_immediates(x, op, &i, &j);
	}
}

/* -- emitting ---------------------------------------------------------------------------- */

void
translate_word(struct translate *x, uint64_t w)
{
	if (x->n == x->cap) {
		x->cap = x->cap ? x->cap * 2 : 64;
		x->word = xrealloc(x->word, x->cap * sizeof *x->word);
	}
	x->word[x->n++] = w;
}

void
translate_remember(struct translate *x)
{
	if (x->nhist == 4) {
		memmove(x->hist, x->hist + 1, 3 * sizeof *x->hist);
		x->nhist = 3;
	}
	x->hist[x->nhist++] = x->n;
	if (x->line) {
		uint32_t offset = (uint32_t)(x->at - x->m->bytes);
		while (x->nline && x->line[2 * x->nline - 2] >= x->n)
			x->nline--;
		if (x->nline == x->line_cap) {
			x->line_cap *= 2;
			x->line = xrealloc(x->line, 2 * x->line_cap * sizeof *x->line);
		}
		x->line[2 * x->nline] = x->n;
		x->line[2 * x->nline++ + 1] = offset;
	}
}

uint32_t
translate_emit(struct translate *x, enum code_op op, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	translate_remember(x);
	uint32_t at = x->n;
	if ((a | b | c | d) > 0xffff)
		x->bad = true;
	/* The number goes in first: peepholes look at it.  finish() makes addresses of them. */
	translate_word(x, op);
	translate_word(x, (uint64_t)(a & 0xffff) | (uint64_t)(b & 0xffff) << 16 |
	                          (uint64_t)(c & 0xffff) << 32 | (uint64_t)(d & 0xffff) << 48);
	x->producer = NOWHERE;
	return at;
}

uint32_t
translate_emit_k(struct translate *x, enum code_op op, uint32_t a, uint32_t b, int32_t k)
{
	return translate_emit(x, op, a, b, (uint32_t)k & 0xffff, (uint32_t)k >> 16);
}

void
translate_label_here(struct translate *x)
{
	x->nhist = 0;
	x->producer = NOWHERE;
}

bool
translate_look(const struct translate *x, struct last *out)
{
	if (!x->nhist)
		return false;
	uint32_t at = x->hist[x->nhist - 1];
	uint64_t w = x->word[at + 1];
	*out = (struct last){
		(enum code_op)x->word[at], at, w & 0xffff, w >> 16 & 0xffff, w >> 32 & 0xffff,
		(int32_t)(w >> 32)
	};
	return true;
}

void
translate_drop_last(struct translate *x)
{
	x->n = x->hist[--x->nhist];
	x->producer = NOWHERE;
}

/* -- places ------------------------------------------------------------------------------- */

void
translate_place(struct translate *x, enum place_kind kind)
{
	struct place *want = x->want;
	if (!want || x->found)
		return;
	uint32_t offset = (uint32_t)(x->at - x->m->bytes);
	if (x->by_offset ? want->offset != offset || want->kind != kind
	                 : want->pc != x->n || x->returning != (kind == PLACE_RETURN))
		return;
	want->kind = kind;
	want->pc = x->n;
	want->offset = offset;
	want->top = x->top;
	want->n = x->nentry;
	want->entry = xmalloc((x->nentry + 1) * sizeof *want->entry);
	if (x->nentry)
		memcpy(want->entry, x->entry, x->nentry * sizeof *want->entry);
	for (uint32_t i = 0; i < x->nentry; i++)
		if (want->entry[i].kept == KEPT_LOCAL)
			want->entry[i].slot = x->locals.slot[want->entry[i].k];
	x->found = true;
}

/* -- operands -------------------------------------------------------------------------------- */

uint32_t
translate_slots(char type)
{
	return type == 'v' ? 2 : 1;
}

char
translate_letter(valtype t)
{
	switch (t) {
	case T_I32:
	case T_I8:
	case T_I16: return 'i';
	case T_I64: return 'I';
	case T_F32: return 'f';
	case T_F64: return 'F';
	case T_V128: return 'v';
	default: return 'r';
	}
}

struct entry *
translate_entry(struct translate *x, char type, enum kept kept, uint64_t k)
{
	if (x->nentry == x->entry_cap) {
		x->entry_cap = x->entry_cap ? x->entry_cap * 2 : 64;
		x->entry = xrealloc(x->entry, x->entry_cap * sizeof *x->entry);
	}
	struct entry *e = &x->entry[x->nentry++];
	*e = (struct entry){ (uint8_t)kept, type, (uint16_t)x->top, k };
	x->top += translate_slots(type);
	if (x->top > x->frame)
		x->frame = x->top;
	if (x->top > 0xff00)
		x->bad = true;
	return e;
}

void
translate_push(struct translate *x, char type)
{
	translate_entry(x, type, KEPT_SLOT, 0);
}

void
translate_push_type(struct translate *x, valtype t)
{
	translate_push(x, translate_letter(t));
}

void
translate_push_const(struct translate *x, char type, uint64_t k)
{
	translate_entry(x, type, KEPT_CONST, k);
}

void
translate_pop(struct translate *x, uint32_t n)
{
	if (n == 0)
		return;
	x->nentry -= n;
	x->top = x->entry[x->nentry].slot;
}

static void
emit_const(struct translate *x, uint32_t slot, uint64_t k)
{
	if (k <= UINT32_MAX) {
		translate_emit_k(x, C_const32, slot, 0, (int32_t)(uint32_t)k);
	} else {
		translate_emit(x, C_const64, slot, 0, 0, 0);
		translate_word(x, k);
	}
}

void
translate_move(struct translate *x, const struct entry *from, uint32_t slot)
{
	if (from->kept == KEPT_CONST) {
		emit_const(x, slot, from->k);
		return;
	}
	uint32_t source = from->kept == KEPT_LOCAL ? x->locals.slot[from->k] : from->slot;
	struct last before;
	if (source == slot)
		return;
	if (from->type == 'v') {
		translate_emit(x, C_move_v128, slot, source, 0, 0);
	} else if (translate_look(x, &before) && before.op == C_move) {
		translate_drop_last(x);
		translate_emit(x, C_move2, before.a, before.b, slot, source);
	} else {
		translate_emit(x, C_move, slot, source, 0, 0);
	}
}

void
translate_settle(struct translate *x, struct entry *e)
{
	if (e->kept == KEPT_SLOT)
		return;
	translate_move(x, e, e->slot);
	e->kept = KEPT_SLOT;
}

void
translate_flush(struct translate *x, uint32_t n)
{
	for (uint32_t i = x->nentry - n; i < x->nentry; i++)
		translate_settle(x, &x->entry[i]);
}

uint32_t
translate_source(struct translate *x, uint32_t from_top)
{
	struct entry *e = &x->entry[x->nentry - 1 - from_top];
	if (e->kept == KEPT_LOCAL)
		return x->locals.slot[e->k];
	translate_settle(x, e);
	return e->slot;
}

/* Take n operands off and push the result of the instruction just emitted. */
void
translate_result(struct translate *x, uint32_t n, char type)
{
	translate_pop(x, n);
	translate_push(x, type);
	x->producer = x->hist[x->nhist - 1];
}

/* Where the result goes once n operands are gone. */
uint32_t
translate_target(const struct translate *x, uint32_t n)
{
	return n ? x->entry[x->nentry - n].slot : x->top;
}

/* In dead code only the nesting matters. */
static bool
skip_dead(struct translate *x, enum op op)
{
	if (!x->dead)
		return false;
	switch (op) {
	case OP_block:
	case OP_loop:
	case OP_if:
	case OP_try:
	case OP_try_table: x->skip++; break;
	case OP_else:
	case OP_catch:
	case OP_catch_all:
		if (x->skip == 0)
			return false;
		break;
	case OP_end:
	case OP_delegate:
		if (x->skip == 0)
			return false;
		x->skip--;
		break;
	default: break;
	}
	translate_skip(x, op);
	return true;
}

static void
body(struct translate *x)
{
	control_begin(x);
	while (x->nlabel && !x->bad && !x->found) {
		x->at = x->p;
		enum op op = opcode(x);
		if (skip_dead(x, op))
			continue;
		if (x->meters && x->meter != NOWHERE)
			x->word[x->meter + 1] += (uint64_t)1 << 32;
		if (!control_op(x, op))
			lower_plain(x, op);
	}
}

/* -- the locals ------------------------------------------------------------------------------------------------ */

static valtype
local_type(struct translate *x)
{
	uint8_t b = *x->p++;
	if (b != 0x63 && b != 0x64)
		return b >= T_V128 ? b : T_REF | T_NULL | b | HEAP_ABSTRACT;
	return T_REF | (b == 0x63 ? T_NULL : 0) | (valtype)translate_heaptype(x);
}

static void
add_local(struct locals *l, valtype t, uint32_t *slot)
{
	l->type[l->n] = t;
	l->slot[l->n++] = (uint16_t)*slot;
	*slot += type_slots(t);
}

/* Read the declarations; x->p stands behind them afterwards. */
static void
locals(struct translate *x)
{
	struct locals *l = &x->locals;
	const uint8_t *start = x->p;
	uint32_t total = x->type->nparam;
	for (uint32_t groups = translate_u32(x); groups--;) {
		total += translate_u32(x);
		skip_valtype(x);
	}
	x->p = start;
	l->type = xmalloc((total + 1) * sizeof *l->type);
	l->slot = xmalloc((total + 1) * sizeof *l->slot);
	uint32_t slot = 0;
	for (uint32_t i = 0; i < x->type->nparam; i++)
		add_local(l, x->type->param[i], &slot);
	l->pslots = slot;
	slot += CODE_HEADER;
	l->first = slot;
	for (uint32_t groups = translate_u32(x); groups--;) {
		uint32_t n = translate_u32(x);
		valtype t = local_type(x);
		while (n--)
			add_local(l, t, &slot);
		if (slot > 0xff00)
			x->bad = true;
	}
	l->end = slot;
	x->top = x->frame = slot;
}

void
code_locals_free(struct locals *l)
{
	free(l->type);
	free(l->slot);
	*l = (struct locals){ 0 };
}

/* -- the whole --------------------------------------------------------------------------------------------------- */

static void
begin(struct translate *x, struct thread *t, struct func *f)
{
	const struct module *m = f->inst->module;
	struct body b = m->body[f->index - m->func_imports];
	*x = (struct translate){ .t = t,
		                 .f = f,
		                 .inst = f->inst,
		                 .m = m,
		                 .type = type_of(f->type),
		                 .p = m->bytes + b.offset,
		                 .end = m->bytes + b.offset + b.size,
		                 .producer = NOWHERE,
		                 .meter = NOWHERE };
	x->at = x->p;
	x->meters = f->inst->store->limits.meter;
	x->canonical = f->inst->store->limits.deterministic;
	locals(x);
}

static void
end(struct translate *x)
{
	for (uint32_t i = 0; i < x->nlabel; i++)
		free(x->label[i].clause);
	free(x->label);
	free(x->entry);
	free(x->word);
	free(x->handler);
	free(x->fix);
	free(x->line);
	code_locals_free(&x->locals);
}

/* clang-format off */
/* Numbers of instructions become the addresses of their handlers. */
static uint32_t
length(const uint64_t *w)
{
	static const uint8_t len[CODE_COUNT] = {
#define ARITH(name, w)
#define FARITH(name, w) [C_##name##_k] = 3,
#define COMPARE(name, w)
#define FCOMPARE(name, w)
#define BINARY(name)
#define UNARY(name)
#define TRAPPING(name, t)
#define TRAPPING1(name, from, to)
#define LOAD(name, t, as)
#define STORE(name, t)
#define OTHER(name, words) [C_##name] = words,
#include "layer/lang/code.def"
#include "layer/lang/code_undef.h"
#define PAIR(t, w, f, s)
#define PAIR_K(t, w, f, s)
#define PAIR_2(t, w, f, s)
#define PAIR_KK(t, w, f, s)
#define FPAIR(t, w, f, s)
#define FPAIR_R(t, w, f, s)
#define LOADED(load, type, t, w, s)
#define FLOADED(load, type, t, w, s)
#define FLOADED_R(load, type, t, w, s)
#define STORED(t, w, f, type)
#define STORED_K(t, w, f, type)
#define FSTORED(t, w, f)
#define COPIED(type)
#define STEPPED(load, type, as) [C_step__##load] = 3,
#define STEP_BR(c) [C_step__br_##c] = 3,
#define STEP_BR_K(c) [C_step__br_##c##_k] = 3,
#include "layer/lang/fuse.def"
#include "layer/lang/code_undef.h"
	};
	if (*w == C_br_table)
		return 2 + ((uint32_t)(w[1] >> 32) + 2) / 2;
	return len[*w] ? len[*w] : 2;
}
/* clang-format on */

static void
finish(struct translate *x)
{
	for (uint32_t i = 0; i < x->n;) {
		uint32_t n = length(x->word + i);
		x->word[i] = (uint64_t)(uintptr_t)code_go[x->word[i]];
		i += n;
	}
}

bool
code_make(struct thread *t, struct func *f)
{
	struct translate x;
	begin(&x, t, f);
	if (!x.bad)
		body(&x);
	if (x.bad) {
		fail(&t->err, E2BIG, "function %u needs a larger frame than 65,000 slots",
		     f->index);
		t->trap = TRAP_limit;
		end(&x);
		return false;
	}
	finish(&x);
	struct code *c = xcalloc(1, sizeof *c);
	*c = (struct code){
		xrealloc(x.word, (x.n + 1) * sizeof *x.word), x.n, 0, x.handler, x.nhandler, NULL
	};
	x.word = NULL;
	x.handler = NULL;
	uint32_t rslots = x.type->rslots;
	c->frame = x.frame > rslots ? x.frame : rslots;
	f->translation = c;
	f->frame = c->frame;
	__atomic_store_n(&f->code, c->word, __ATOMIC_RELEASE);
	end(&x);
	return true;
}

void
code_free(struct code *c)
{
	if (!c)
		return;
	free(c->word);
	free(c->handler);
	roots_free(c->refmap);
	free(c);
}

static bool
seek(struct func *f, struct place *out, bool by_offset, bool returning)
{
	struct translate x;
	begin(&x, NULL, f);
	out->entry = NULL;
	x.want = out;
	x.by_offset = by_offset;
	x.returning = returning;
	body(&x);
	end(&x);
	return x.found;
}

bool
code_place(struct func *f, const uint64_t *pc, bool returning, struct place *out)
{
	*out = (struct place){ .pc = (uint32_t)(pc - f->code) };
	return seek(f, out, false, returning);
}

bool
code_find(struct func *f, enum place_kind kind, uint32_t offset, struct place *out)
{
	*out = (struct place){ .kind = kind, .offset = offset };
	return seek(f, out, true, false);
}

void
code_place_free(struct place *p)
{
	free(p->entry);
	p->entry = NULL;
}

uint32_t
code_offset(struct func *f, const uint64_t *pc)
{
	struct translate x;
	begin(&x, NULL, f);
	x.line_cap = 64;
	x.line = xmalloc(2 * x.line_cap * sizeof *x.line);
	body(&x);
	uint32_t at = (uint32_t)(pc - f->code), offset = (uint32_t)(x.at - x.m->bytes);
	for (uint32_t i = 0; i < x.nline && x.line[2 * i] <= at; i++)
		offset = x.line[2 * i + 1];
	end(&x);
	return offset;
}

bool
code_locals(struct func *f, struct locals *out)
{
	struct translate x;
	begin(&x, NULL, f);
	*out = x.locals;
	x.locals = (struct locals){ 0 };
	end(&x);
	return !x.bad;
}
