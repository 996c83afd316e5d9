/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "layer/lang/fuse.h"
#include "layer/lang/help.h"
#include "layer/lang/translate.h"

/* Blocks, branches, calls and exceptions.  The law of a label: all ways into it
 * find its values in the slots from label.slot on, and every operand below where
 * it was when the block began. */

/* -- labels --------------------------------------------------------------------------- */

static struct label *
label_at(struct translate *x, uint32_t depth)
{
	return &x->label[x->nlabel - 1 - depth];
}

static const valtype *
types(const struct label *l, bool in)
{
	const valtype *t = in ? l->in : l->out;
	return t ? t : &l->one;
}

static struct label *
push_label(struct translate *x, struct label l)
{
	if (x->nlabel == x->label_cap) {
		x->label_cap = x->label_cap ? x->label_cap * 2 : 32;
		x->label = xrealloc(x->label, x->label_cap * sizeof *x->label);
	}
	l.fix = NOWHERE;
	x->label[x->nlabel] = l;
	return &x->label[x->nlabel++];
}

static struct label
blocktype(struct translate *x)
{
	struct label l = { 0 };
	uint8_t b = *x->p;
	if (b == 0x40) {
		x->p++;
		return l;
	}
	if (b > 0x40 && b < 0x80) {
		x->p++;
		l.nout = 1;
		l.one = b >= T_V128 ? b : (valtype)(T_REF | T_NULL | HEAP_ANY);
		if (b == 0x63 || b == 0x64)
			translate_s64(x);
		return l;
	}
	const struct type *t = type_of(x->m->type[translate_s64(x)]);
	l.nin = t->nparam;
	l.in = t->param;
	l.nout = t->nresult;
	l.out = t->result;
	return l;
}

/* Operands that are locals could change on one way into a label and not on
 * another; constants cannot. */
static void
settle_locals(struct translate *x)
{
	for (uint32_t i = 0; i < x->nentry; i++)
		if (x->entry[i].kept == KEPT_LOCAL)
			translate_flush(x, x->nentry - i), i = x->nentry;
}

static void
meter(struct translate *x)
{
	x->meter = NOWHERE;
	if (x->meters)
		x->meter = translate_emit_k(x, C_meter, 0, 0, 0);
}

/* -- jumps -------------------------------------------------------------------------------- */

static uint32_t
swap_half(struct translate *x, uint32_t word, bool high, uint32_t v)
{
	uint64_t *w = &x->word[word];
	uint32_t old = (uint32_t)(high ? *w >> 32 : *w);
	*w = high ? (*w & 0xffffffff) | (uint64_t)v << 32 : (*w & ~(uint64_t)0xffffffff) | v;
	return old;
}

/* Let the displacement lead to the label: now, or when its end is known. */
static void
aim(struct translate *x, struct cell c, struct label *l)
{
	if (l->kind == LABEL_LOOP) {
		swap_half(x, c.word, c.high, l->start - c.from);
		return;
	}
	if (x->nfix == x->fix_cap) {
		x->fix_cap = x->fix_cap ? x->fix_cap * 2 : 64;
		x->fix = xrealloc(x->fix, x->fix_cap * sizeof *x->fix);
	}
	x->fix[x->nfix] = (struct fix){ c.word, c.from, l->fix, c.high };
	l->fix = x->nfix++;
}

static void
land(struct translate *x, uint32_t fix)
{
	for (; fix != NOWHERE; fix = x->fix[fix].next)
		swap_half(x, x->fix[fix].word, x->fix[fix].high, x->n - x->fix[fix].from);
}

/* The displacement of the jump that begins at `at`. */
static struct cell
cell_of(const struct translate *x, uint32_t at)
{
	bool step = x->n - at == 3;
	return (struct cell){ at + (step ? 2 : 1), at, !step };
}

static void
jump_here(struct translate *x, struct cell c)
{
	swap_half(x, c.word, c.high, x->n - c.from);
}

static uint32_t
arity(const struct label *l)
{
	return l->kind == LABEL_LOOP ? l->nin : l->nout;
}

/* The topmost n operands into the label's slots: always downwards, so in order. */
static void
carry(struct translate *x, const struct label *l, uint32_t n)
{
	uint32_t slot = l->slot;
	for (uint32_t i = x->nentry - n; i < x->nentry; i++) {
		translate_move(x, &x->entry[i], slot);
		slot += translate_slots(x->entry[i].type);
	}
	if (slot > x->frame)
		x->frame = slot;
}

static bool
in_place(const struct translate *x, const struct label *l, uint32_t n)
{
	uint32_t slot = l->slot;
	for (uint32_t i = x->nentry - n; i < x->nentry; i++) {
		if (x->entry[i].kept != KEPT_SLOT || x->entry[i].slot != slot)
			return false;
		slot += translate_slots(x->entry[i].type);
	}
	return true;
}

static void
give_back(struct translate *x, uint32_t n)
{
	uint32_t slots = 0;
	for (uint32_t i = x->nentry - n; i < x->nentry; i++)
		slots += translate_slots(x->entry[i].type);
	if (n == 0) {
		translate_emit(x, C_ret, 0, x->locals.pslots, 0, 0);
	} else if (n == 1 && slots == 1) {
		translate_emit(x, C_ret1, translate_source(x, 0), x->locals.pslots, 0, 0);
	} else {
		translate_flush(x, n);
		translate_emit(x, C_retn, x->entry[x->nentry - n].slot, x->locals.pslots, slots, 0);
	}
}

static void
go(struct translate *x, struct label *l)
{
	if (l->kind == LABEL_FUNC) {
		give_back(x, l->nout);
		return;
	}
	carry(x, l, arity(l));
	uint32_t at = translate_emit_k(x, C_br, 0, 0, 0);
	aim(x, cell_of(x, at), l);
}

static void
die(struct translate *x)
{
	x->dead = true;
	x->skip = 0;
	x->meter = NOWHERE;
	translate_label_here(x);
}

/* A jump that is taken when slot a (and b) say so; which one it is, is already
 * emitted at `at` and its target open.  `unless` has the opposite sense. */
struct test {
	enum code_op op, unless;
	uint32_t a, b;
	bool step; /* a = from + by first; op and unless are of that kind */
	uint32_t from, by;
};

static struct cell
emit_test(struct translate *x, const struct test *t, bool unless)
{
	enum code_op op = unless ? t->unless : t->op;
	uint32_t at;
	if (t->step) {
		at = translate_emit(x, op, t->a, t->from, t->by, t->b);
		translate_word(x, 0);
	} else {
		at = translate_emit_k(x, op, t->a, t->b, 0);
	}
	return cell_of(x, at);
}

static void
jump_if(struct translate *x, struct test test, struct label *l)
{
	uint32_t n = arity(l);
	if (l->kind != LABEL_FUNC && in_place(x, l, n)) {
		aim(x, emit_test(x, &test, false), l);
		return;
	}
	/* values must move, only if it is taken */
	struct cell over = emit_test(x, &test, true);
	struct entry kept[16], *keep = n <= 16 ? kept : xmalloc(n * sizeof *keep);
	memcpy(keep, x->entry + x->nentry - n, n * sizeof *keep);
	go(x, l);
	memcpy(x->entry + x->nentry - n, keep, n * sizeof *keep);
	if (keep != kept)
		free(keep);
	jump_here(x, over);
	translate_label_here(x);
}

/* -- conditions ------------------------------------------------------------------------------ */

/* clang-format off */
/* A comparison's branches stand behind its two value forms in enum code_op. */
static bool
compares(enum code_op op, struct test *t, bool *k)
{
	switch (op) {
#define ARITH(name, w)
#define FARITH(name, w)
#define COMPARE(name, w) \
	case C_##name: *t = (struct test){ .op = C_br_##name, .unless = C_un_##name }; *k = false; return true; \
	case C_##name##_k: *t = (struct test){ .op = C_br_##name##_k, .unless = C_un_##name##_k }; *k = true; return true;
#define FCOMPARE(name, w) \
	case C_##name: *t = (struct test){ .op = C_br_##name, .unless = C_un_##name }; *k = false; return true;
#define BINARY(name)
#define UNARY(name)
#define TRAPPING(name, t)
#define TRAPPING1(name, from, to)
#define LOAD(name, t, as)
#define STORE(name, t)
#define OTHER(name, words)
#include "layer/lang/code.def"
#include "layer/lang/code_undef.h"
	default:
		return false;
	}
}
/* clang-format on */

/* If the topmost operand is what the last instruction compared, take that
 * instruction away and say how to branch on it. */
static bool
take_compare(struct translate *x, uint32_t slot, struct test *out)
{
	struct last last;
	struct test t;
	bool k;
	if (!translate_look(x, &last) || !compares(last.op, &t, &k) || last.a != slot)
		return false;
	if (k && last.k != (int16_t)last.k)
		return false;
	t.a = last.b;
	t.b = k ? (uint16_t)last.k : last.c;
	translate_drop_last(x);
	*out = t;
	return true;
}

static struct test
opposite(struct test t)
{
	enum code_op op = t.op;
	t.op = t.unless;
	t.unless = op;
	return t;
}

/* The branch that is taken when this one is not, of whole numbers. */
static enum code_op
negated(enum code_op op)
{
	switch (op) {
#define BOTH(a, b)                                                                                 \
	case C_br_i32_##a: return C_br_i32_##b;                                                    \
	case C_br_i32_##a##_k: return C_br_i32_##b##_k;                                            \
	case C_un_i32_##a: return C_br_i32_##a;                                                    \
	case C_un_i32_##a##_k: return C_br_i32_##a##_k;
		BOTH(eq, ne)
		BOTH(ne, eq)
		BOTH(lt_s, ge_s)
		BOTH(lt_u, ge_u)
		BOTH(gt_s, le_s)
		BOTH(gt_u, le_u)
		BOTH(le_s, gt_s)
		BOTH(le_u, gt_u)
		BOTH(ge_s, lt_s)
		BOTH(ge_u, lt_u)
#undef BOTH
	default: return CODE_COUNT;
	}
}

/* A counter was just moved on, and is compared: let the branch do both. */
static struct test
with_step(struct translate *x, struct test t)
{
	struct last add;
	uint32_t from, by;
	enum code_op no = negated(t.op);
	if (no == CODE_COUNT || !translate_look(x, &add) || add.op != C_i32_add_k || add.a != t.a ||
	    !fuse_operands(&add, &from, &by))
		return t;
	enum code_op yes = negated(no);
	t.op = (enum code_op)fuse_pair(C_i32_add_k, yes);
	t.unless = (enum code_op)fuse_pair(C_i32_add_k, no);
	t.step = true;
	t.from = from;
	t.by = by;
	translate_drop_last(x);
	return t;
}

/* Pop the condition. */
static struct test
condition(struct translate *x)
{
	struct entry e = x->entry[x->nentry - 1];
	struct test t = { .op = C_br_nz, .unless = C_br_z };
	if (e.kept == KEPT_SLOT && x->producer != NOWHERE && take_compare(x, e.slot, &t)) {
		translate_pop(x, 1);
		/* x == 0 of a comparison is its opposite */
		struct test inner;
		if ((t.op == C_br_i32_eq_k || t.op == C_br_i32_ne_k) && t.b == 0 && t.a == e.slot &&
		    take_compare(x, t.a, &inner)) {
			if (t.op == C_br_i32_eq_k)
				inner = opposite(inner);
			return with_step(x, inner);
		}
		if (t.op == C_br_i32_eq_k && t.b == 0)
			return (struct test){ .op = C_br_z, .unless = C_br_nz, .a = t.a };
		if (t.op == C_br_i32_ne_k && t.b == 0)
			return (struct test){ .op = C_br_nz, .unless = C_br_z, .a = t.a };
		return with_step(x, t);
	}
	t.a = translate_source(x, 0);
	translate_pop(x, 1);
	return t;
}

/* -- blocks -------------------------------------------------------------------------------------- */

static void
open_block(struct translate *x, enum label_kind kind)
{
	struct label l = blocktype(x);
	struct test t = { .op = C_br };
	if (kind == LABEL_IF)
		t = condition(x);
	settle_locals(x);
	l.kind = (uint8_t)kind;
	translate_flush(x, l.nin);
	l.height = x->nentry - l.nin;
	l.slot = l.nin ? x->entry[l.height].slot : x->top;
	struct label *made = push_label(x, l);
	if (kind == LABEL_IF) {
		made->otherwise = emit_test(x, &t, true);
		made->has_otherwise = true;
	}
	if (kind == LABEL_LOOP) {
		translate_place(x, PLACE_LOOP);
		made->start = x->n;
		translate_label_here(x);
	}
	if (kind != LABEL_BLOCK)
		meter(x);
}

/* Operands as the label's end finds them. */
static void
restack(struct translate *x, const struct label *l, bool in)
{
	translate_pop(x, x->nentry - l->height);
	x->top = l->slot;
	uint32_t n = in ? l->nin : l->nout;
	const valtype *t = types(l, in);
	for (uint32_t i = 0; i < n; i++)
		translate_push_type(x, t[i]);
}

static void
otherwise(struct translate *x)
{
	struct label *l = label_at(x, 0);
	if (!x->dead)
		go(x, l);
	x->dead = false;
	jump_here(x, l->otherwise);
	l->has_otherwise = false;
	l->kind = LABEL_ELSE;
	restack(x, l, true);
	translate_label_here(x);
	meter(x);
}

static struct handler *
add_handler(struct translate *x)
{
	if (x->nhandler == x->handler_cap) {
		x->handler_cap = x->handler_cap ? x->handler_cap * 2 : 8;
		x->handler = xrealloc(x->handler, x->handler_cap * sizeof *x->handler);
	}
	struct handler *h = &x->handler[x->nhandler++];
	*h = (struct handler){ .level = x->nlabel - 1, .keep = 0xffff };
	return h;
}

/* The clauses of a try_table: stubs behind its body that carry the values to
 * their labels. */
static void
catches(struct translate *x)
{
	uint32_t me = x->nlabel - 1, end = x->n;
	if (!x->dead)
		go(x, &x->label[me]);
	for (uint32_t i = 0; i < x->label[me].nclause; i++) {
		struct label *l = &x->label[me];
		struct clause c = l->clause[i];
		translate_pop(x, x->nentry - l->height);
		x->top = l->slot;
		translate_label_here(x);
		struct handler *h = add_handler(x);
		h->start = l->start;
		h->end = end;
		h->tag = c.kind & 2 ? NULL : x->inst->tag[c.tag];
		h->ref = c.kind & 1;
		h->pc = x->n;
		h->slot = (uint16_t)l->slot;
		if (h->tag) {
			const struct type *t = type_of(h->tag->type);
			for (uint32_t j = 0; j < t->nparam; j++)
				translate_push_type(x, t->param[j]);
		}
		if (h->ref)
			translate_push(x, 'r');
		go(x, &x->label[me - 1 - c.label]);
	}
	x->dead = true;
}

static void
close_block(struct translate *x)
{
	struct label *l = label_at(x, 0);
	if (l->kind == LABEL_FUNC) {
		if (!x->dead)
			give_back(x, l->nout);
		x->nlabel--;
		return;
	}
	if (l->kind == LABEL_TABLE) {
		catches(x);
		l = label_at(x, 0);
	}
	bool reached = !x->dead || l->fix != NOWHERE || l->has_otherwise;
	if (!x->dead)
		carry(x, l, l->nout);
	if (l->has_otherwise)
		jump_here(x, l->otherwise);
	land(x, l->fix);
	bool target = l->fix != NOWHERE || l->has_otherwise;
	restack(x, l, false);
	bool loop = l->kind == LABEL_LOOP;
	free(l->clause);
	x->nlabel--;
	x->dead = !reached;
	if (target || !loop)
		translate_label_here(x);
	if (x->dead)
		x->skip = 0;
	else
		meter(x);
}

static void
try_table(struct translate *x)
{
	struct label l = blocktype(x);
	uint32_t n = translate_u32(x);
	l.clause = xcalloc(n + 1, sizeof *l.clause);
	l.nclause = n;
	for (uint32_t i = 0; i < n; i++) {
		l.clause[i].kind = *x->p++;
		l.clause[i].tag = l.clause[i].kind < 2 ? translate_u32(x) : 0;
		l.clause[i].label = translate_u32(x);
	}
	settle_locals(x);
	translate_flush(x, l.nin);
	l.kind = LABEL_TABLE;
	l.height = x->nentry - l.nin;
	l.slot = l.nin ? x->entry[l.height].slot : x->top;
	l.start = x->n;
	push_label(x, l);
	translate_label_here(x);
	meter(x);
}

/* -- exceptions as they were ------------------------------------------------------------------------- */

/* A try has a slot below its parameters that keeps the exception for rethrow. */
static void
legacy_try(struct translate *x)
{
	struct label l = blocktype(x);
	settle_locals(x);
	translate_flush(x, l.nin);
	l.kind = LABEL_TRY;
	l.height = x->nentry - l.nin;
	l.slot = l.nin ? x->entry[l.height].slot : x->top;
	uint32_t end = x->top;
	translate_pop(x, l.nin);
	translate_push(x, 'r');
	for (uint32_t s = end; s-- > l.slot;)
		translate_emit(x, C_move, s + 1, s, 0, 0);
	translate_emit_k(x, C_const32, l.slot, 0, 0);
	const valtype *t = types(&l, true);
	for (uint32_t i = 0; i < l.nin; i++)
		translate_push_type(x, t[i]);
	l.start = x->n;
	push_label(x, l);
	translate_label_here(x);
	meter(x);
}

static struct handler *
legacy_handler(struct translate *x, const struct label *l, uint32_t end)
{
	struct handler *h = add_handler(x);
	h->start = l->start;
	h->end = end;
	h->keep = (uint16_t)l->slot;
	h->slot = (uint16_t)(l->slot + 1);
	return h;
}

static void
legacy_catch(struct translate *x, bool all)
{
	struct label *l = label_at(x, 0);
	if (l->kind == LABEL_TRY)
		l->body_end = x->n;
	uint32_t end = l->body_end;
	if (!x->dead)
		go(x, l);
	l->kind = LABEL_CATCH;
	x->dead = false;
	struct handler *h = legacy_handler(x, l, end);
	h->tag = all ? NULL : x->inst->tag[translate_u32(x)];
	h->pc = x->n;
	translate_pop(x, x->nentry - l->height);
	x->top = l->slot;
	translate_push(x, 'r');
	if (!all) {
		const struct type *t = type_of(h->tag->type);
		for (uint32_t i = 0; i < t->nparam; i++)
			translate_push_type(x, t->param[i]);
	}
	translate_label_here(x);
	meter(x);
}

static void
legacy_delegate(struct translate *x)
{
	struct label *l = label_at(x, 0);
	uint32_t depth = translate_u32(x);
	struct handler *h = legacy_handler(x, l, x->n);
	h->delegate = true;
	h->level = x->nlabel - 2 - depth;
	l->kind = LABEL_BLOCK;
	close_block(x);
}

static void
rethrow(struct translate *x)
{
	const struct label *l = label_at(x, translate_u32(x));
	translate_emit(x, C_throw_ref, l->slot, 0, 0, 0);
	die(x);
}

static void throw(struct translate * x)
{
	struct tag *tag = x->inst->tag[translate_u32(x)];
	uint32_t n = type_of(tag->type)->nparam;
	translate_flush(x, n);
	uint32_t a = n ? x->entry[x->nentry - n].slot : x->top;
	translate_place(x, PLACE_HELP);
	translate_emit(x, C_throw, a, 0, 0, 0);
	translate_word(x, (uint64_t)(uintptr_t)tag);
	die(x);
}

/* -- branches -------------------------------------------------------------------------------------------- */

static void
br_if(struct translate *x)
{
	struct label *l = label_at(x, translate_u32(x));
	struct test t = condition(x);
	jump_if(x, t, l);
	meter(x);
}

static void
br_null(struct translate *x, bool on_null)
{
	struct label *l = label_at(x, translate_u32(x));
	uint32_t a = translate_source(x, 0);
	struct entry ref = x->entry[x->nentry - 1];
	if (on_null) {
		translate_pop(x, 1);
		jump_if(x, (struct test){ .op = C_br_null, .unless = C_br_non_null, .a = a }, l);
		/* the reference is still where it was */
		x->nentry++;
		x->entry[x->nentry - 1] = ref;
		x->top = ref.slot + 1U;
	} else {
		jump_if(x, (struct test){ .op = C_br_non_null, .unless = C_br_null, .a = a }, l);
		translate_pop(x, 1);
	}
	meter(x);
}

/* Test a copy of the reference, then branch on the answer. */
static void
br_on_cast(struct translate *x, bool on_fail)
{
	uint8_t flags = *x->p++;
	struct label *l = label_at(x, translate_u32(x));
	translate_heaptype(x);
	uint64_t to = translate_heaptype(x);
	struct entry ref = x->entry[x->nentry - 1];
	uint32_t a = x->top;
	translate_push(x, 'r');
	translate_move(x, &ref, a);
	translate_emit_k(x, C_help, a, 0, OP_ref_test);
	translate_word(x, (uint64_t)(uintptr_t)help_of(flags & 2 ? OP_ref_test_null : OP_ref_test));
	translate_word(x, (uint64_t)(uintptr_t)x->inst);
	translate_word(x, to);
	translate_word(x, 0);
	translate_pop(x, 1);
	jump_if(x,
	        on_fail ? (struct test){ .op = C_br_z, .unless = C_br_nz, .a = a }
	                : (struct test){ .op = C_br_nz, .unless = C_br_z, .a = a },
	        l);
	meter(x);
}

static void
br_table(struct translate *x)
{
	uint32_t n = translate_u32(x);
	uint32_t a = translate_source(x, 0);
	translate_pop(x, 1);
	const uint8_t *labels = x->p;
	uint32_t k = arity(label_at(x, translate_u32(x)));
	translate_flush(x, k);
	uint32_t at = translate_emit_k(x, C_br_table, a, 0, (int32_t)n);
	uint32_t table = x->n;
	for (uint32_t i = 0; i < (n + 2) / 2; i++)
		translate_word(x, 0);
	/* A label whose values must move has a stub that moves them. */
	uint32_t *stub = xmalloc(x->nlabel * sizeof *stub);
	memset(stub, 0xff, x->nlabel * sizeof *stub);
	x->p = labels;
	for (uint32_t i = 0; i <= n; i++) {
		uint32_t depth = translate_u32(x);
		struct label *l = label_at(x, depth);
		struct cell c = { table + i / 2, at, i % 2 };
		if (l->kind != LABEL_FUNC && in_place(x, l, k)) {
			aim(x, c, l);
			continue;
		}
		if (stub[depth] == NOWHERE) {
			translate_label_here(x);
			stub[depth] = x->n;
			go(x, l);
		}
		swap_half(x, c.word, c.high, stub[depth] - at);
	}
	free(stub);
	die(x);
}

/* -- calls ------------------------------------------------------------------------------------------------ */

/* Take the arguments off and push the results. */
static void
after_call(struct translate *x, const struct type *t)
{
	translate_pop(x, t->nparam);
	translate_place(x, PLACE_RETURN);
	for (uint32_t i = 0; i < t->nresult; i++)
		translate_push_type(x, t->result[i]);
	translate_label_here(x);
}

/* The arguments, and `more` operands on top of them, in their slots; where they begin. */
static uint32_t
before_call(struct translate *x, const struct type *t, uint32_t more)
{
	uint32_t n = t->nparam + more;
	translate_flush(x, n);
	uint32_t a = n ? x->entry[x->nentry - n].slot : x->top;
	if (a + t->rslots > x->frame)
		x->frame = a + t->rslots;
	translate_place(x, PLACE_CALL);
	return a;
}

/* The instruction is there: a tail call ends with where our header is. */
static void
finish_call(struct translate *x, const struct type *t, bool tail)
{
	if (tail) {
		translate_word(x, x->locals.pslots);
		die(x);
	} else {
		after_call(x, t);
	}
}

static void
call(struct translate *x, struct func *f, bool tail)
{
	const struct type *t = type_of(f->type);
	uint32_t a = before_call(x, t, 0);
	enum code_op op = tail ? C_tail_call : f->host ? C_call_host : C_call;
	translate_emit(x, op, a, t->pslots, 0, 0);
	translate_word(x, (uint64_t)(uintptr_t)f);
	finish_call(x, t, tail);
}

static void
call_indirect(struct translate *x, bool tail)
{
	uint32_t id = x->m->type[translate_u32(x)];
	struct table *table = x->inst->table[translate_u32(x)];
	const struct type *t = type_of(id);
	uint32_t a = before_call(x, t, 1), b = x->entry[x->nentry - 1].slot;
	translate_emit(x, tail ? C_tail_indirect : C_call_indirect, a, b, t->pslots,
	               table->limits.is64);
	translate_word(x, (uint64_t)(uintptr_t)table);
	translate_word(x, id);
	translate_pop(x, 1);
	finish_call(x, t, tail);
}

static void
call_ref(struct translate *x, bool tail)
{
	const struct type *t = type_of(x->m->type[translate_u32(x)]);
	uint32_t a = before_call(x, t, 1), b = x->entry[x->nentry - 1].slot;
	translate_emit(x, tail ? C_tail_ref : C_call_ref, a, b, t->pslots, 0);
	translate_word(x, 0);
	translate_pop(x, 1);
	finish_call(x, t, tail);
}

/* -- which is whose ----------------------------------------------------------------------------------------- */

bool
control_op(struct translate *x, enum op op)
{
	switch (op) {
	case OP_unreachable:
		translate_emit(x, C_unreachable, 0, 0, 0, 0);
		die(x);
		return true;
	case OP_block: open_block(x, LABEL_BLOCK); return true;
	case OP_loop: open_block(x, LABEL_LOOP); return true;
	case OP_if: open_block(x, LABEL_IF); return true;
	case OP_else: otherwise(x); return true;
	case OP_end: close_block(x); return true;
	case OP_br: {
		struct label *l = label_at(x, translate_u32(x));
		go(x, l);
		die(x);
		return true;
	}
	case OP_br_if: br_if(x); return true;
	case OP_br_table: br_table(x); return true;
	case OP_return:
		give_back(x, x->label[0].nout);
		die(x);
		return true;
	case OP_call:
	case OP_return_call:
		call(x, instance_func(x->inst, translate_u32(x)), op == OP_return_call);
		return true;
	case OP_call_indirect:
	case OP_return_call_indirect: call_indirect(x, op == OP_return_call_indirect); return true;
	case OP_call_ref:
	case OP_return_call_ref: call_ref(x, op == OP_return_call_ref); return true;
	case OP_br_on_null:
	case OP_br_on_non_null: br_null(x, op == OP_br_on_null); return true;
	case OP_br_on_cast:
	case OP_br_on_cast_fail: br_on_cast(x, op == OP_br_on_cast_fail); return true;
	case OP_try_table: try_table(x); return true;
	case OP_throw: throw(x); return true;
	case OP_throw_ref:
		translate_emit(x, C_throw_ref, translate_source(x, 0), 0, 0, 0);
		die(x);
		return true;
	case OP_try: legacy_try(x); return true;
	case OP_catch:
	case OP_catch_all: legacy_catch(x, op == OP_catch_all); return true;
	case OP_delegate: legacy_delegate(x); return true;
	case OP_rethrow: rethrow(x); return true;
	default: return false;
	}
}

void
control_begin(struct translate *x)
{
	struct label l = { .kind = LABEL_FUNC,
		           .slot = x->locals.end,
		           .nout = x->type->nresult,
		           .out = x->type->result };
	push_label(x, l);
	translate_place(x, PLACE_ENTRY);
	if (x->locals.end > x->locals.first)
		translate_emit_k(x, C_enter, x->locals.first, 0,
		                 (int32_t)(x->locals.end - x->locals.first));
	translate_label_here(x);
	meter(x);
}
