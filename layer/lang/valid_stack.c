/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/valid.h"

#include "base/arena.h"

/* -- operand types ------------------------------------------------------------------- */

_Noreturn void
valid_mismatch(struct reader *r, valtype want, valtype have)
{
	char a[48], b[48];
	if (have == T_BOT)
		reader_stop(r, r->p, "type mismatch: instruction requires [%s] but stack has []",
		            type_text(want, a));
	reader_stop(r, r->p, "type mismatch: instruction requires [%s] but stack has [%s]",
	            type_text(want, a), type_text(have, b));
}

valtype
valid_pop(struct reader *r, valtype want)
{
	struct valid *v = r->valid;
	if (valid_height(v) <= v->top->height) {
		if (!v->top->dead)
			valid_mismatch(r, want, T_BOT);
		return want;
	}
	valtype have = *--v->sp;
	if (have != want && have != T_BOT && !type_matches(have, want))
		valid_mismatch(r, want, have);
	return have;
}

valtype
valid_pop_any(struct reader *r)
{
	struct valid *v = r->valid;
	if (valid_height(v) > v->top->height)
		return *--v->sp;
	if (!v->top->dead)
		reader_stop(r, r->p,
		            "type mismatch: instruction requires a value but stack has []");
	return T_BOT;
}

valtype
valid_pop_ref(struct reader *r)
{
	valtype t = valid_pop_any(r);
	if (t != T_BOT && !type_is_ref(t))
		valid_mismatch(r, T_REF | T_NULL | HEAP_ANY, t);
	return t;
}

void
valid_room(struct reader *r, size_t n)
{
	struct valid *v = r->valid;
	size_t have = valid_height(v);
	n += 64 + (r->function == UINT32_MAX ? 0 : (size_t)(r->end - r->p));
	if (have + n < v->stack_cap)
		return;
	v->stack_cap = (v->stack_cap + n) * 2;
	v->stack = xrealloc(v->stack, v->stack_cap * sizeof *v->stack);
	v->sp = v->stack + have;
}

void
valid_pop_all(struct reader *r, const valtype *t, uint32_t n)
{
	while (n--)
		valid_pop(r, t[n]);
}

void
valid_push_all(struct reader *r, const valtype *t, uint32_t n)
{
	valid_room(r, n);
	for (uint32_t i = 0; i < n; i++)
		*r->valid->sp++ = t[i];
}

/* -- blocks ----------------------------------------------------------------------------- */

struct block *
valid_open(struct valid *v)
{
	size_t n = v->top ? (size_t)(v->top - v->block) + 1 : 0;
	if (n + 1 >= v->block_cap) {
		v->block_cap = v->block_cap ? v->block_cap * 2 : 64;
		v->block = xrealloc(v->block, v->block_cap * sizeof *v->block);
	}
	v->top = v->block + n;
	return v->top;
}

struct block
valid_blocktype(struct reader *r)
{
	struct block b = { 0 };
	uint8_t first = r->p < r->end ? *r->p : 0;
	if (first == 0x40) {
		r->p++;
	} else if (first >= 0x40 && first < 0x80) {
		b.one = reader_valtype(r);
		b.single = true;
		b.nout = 1;
	} else {
		const uint8_t *at = r->p;
		int64_t i = reader_sleb_slow(r, 33);
		if (i < 0 || i >= r->m->ntype || type_of(r->m->type[i])->kind != TYPE_FUNC)
			reader_stop(r, at, "unknown type %lld", (long long)i);
		const struct type *t = type_of(r->m->type[i]);
		b.nin = t->nparam;
		b.in = t->param;
		b.nout = t->nresult;
		b.out = t->result;
		if (b.nin || b.nout > 1)
			r->m->features |= FEATURE_MULTI_VALUE;
	}
	return b;
}

void
valid_enter(struct reader *r, const struct block *b, enum block_kind kind)
{
	struct valid *v = r->valid;
	valid_pop_all(r, b->in, b->nin);
	struct block *top = valid_open(v);
	*top = *b;
	top->kind = (uint8_t)kind;
	top->height = (uint32_t)valid_height(v);
	top->nset = v->nset;
	valid_push_all(r, b->in, b->nin);
}

static void
unset(struct valid *v, uint32_t n)
{
	while (v->nset > n)
		v->set[v->setlist[--v->nset]] = 0;
}

void
valid_leave(struct reader *r)
{
	struct valid *v = r->valid;
	struct block *b = v->top;
	valid_pop_all(r, valid_results(b), b->nout);
	if (valid_height(v) != b->height)
		reader_stop(r, r->p, "type mismatch: block leaves values on the stack");
	unset(v, b->nset);
}

struct block *
valid_target(struct reader *r)
{
	struct valid *v = r->valid;
	return v->top - valid_index(r, (uint32_t)(v->top - v->block) + 1, "label");
}
