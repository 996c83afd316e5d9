/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/valid.h"

/* -- branches ------------------------------------------------------------------------- */

/* The stack must fit the label, and holds what the label says afterwards. */
static void
branch_through(struct reader *r, const struct block *b)
{
	uint32_t n;
	const valtype *t = valid_label(b, &n);
	valid_pop_all(r, t, n);
	valid_push_all(r, t, n);
}

/* The values of a label against those on the stack, without changing it: those
 * below what the block owns are anything in dead code. */
static void
peek_all(struct reader *r, const valtype *t, uint32_t n)
{
	const struct valid *v = r->valid;
	size_t have = valid_height(v) - v->top->height, k = have < n ? have : n;
	const valtype *is = v->sp - k, *want = t + (n - k);
	for (size_t i = 0; i < k; i++)
		if (is[i] != want[i] && is[i] != T_BOT && !type_matches(is[i], want[i]))
			valid_mismatch(r, want[i], is[i]);
	if (have < n && !v->top->dead)
		reader_stop(r, r->p, "type mismatch: branch needs %u values but stack has %zu", n,
		            have);
}

static void
br_table(struct reader *r)
{
	struct valid *v = r->valid;
	const uint8_t *at = r->p;
	uint32_t n = reader_u32(r), arity = 0;
	if (n > (size_t)(r->end - r->p))
		reader_stop(r, at, "unexpected end of section or function");
	valid_pop(r, T_I32);
	v->stamp++;
	for (uint32_t i = 0; i <= n; i++) {
		struct block *b = valid_target(r);
		if (b->stamp == v->stamp && i > 0)
			continue;
		b->stamp = v->stamp;
		uint32_t k;
		const valtype *t = valid_label(b, &k);
		if (i > 0 && k != arity)
			reader_stop(r, at, "type mismatch: br_table labels differ in arity");
		arity = k;
		peek_all(r, t, k);
	}
	valid_dead(r);
}

static void
br_on_null(struct reader *r)
{
	const struct block *b = valid_target(r);
	valtype v = valid_pop_ref(r);
	branch_through(r, b);
	valid_push(r, v == T_BOT ? T_BOT : v & ~T_NULL);
}

static void
br_on_non_null(struct reader *r)
{
	const uint8_t *at = r->p;
	uint32_t n;
	const valtype *t = valid_label(valid_target(r), &n);
	if (n == 0 || !type_is_ref(t[n - 1]))
		reader_stop(r, at, "type mismatch: the label takes no reference");
	valtype v = valid_pop_ref(r);
	if (v != T_BOT && !type_matches(v & ~T_NULL, t[n - 1]))
		valid_mismatch(r, t[n - 1], v);
	valid_pop_all(r, t, n - 1);
	valid_push_all(r, t, n - 1);
}

static void
br_on_cast(struct reader *r, bool on_fail)
{
	uint8_t flags = reader_u8(r);
	if (flags > 3)
		reader_stop(r, r->p - 1, "malformed br_on_cast flags");
	struct block *b = valid_target(r);
	valtype from = T_REF | (flags & 1 ? T_NULL : 0) | reader_heaptype(r);
	valtype to = T_REF | (flags & 2 ? T_NULL : 0) | reader_heaptype(r);
	if (!type_matches(to, from))
		valid_mismatch(r, from, to);
	/* 3.4.3: what is left when the cast is not taken */
	valtype rest = to & T_NULL ? from & ~T_NULL : from;
	valtype sent = on_fail ? rest : to, kept = on_fail ? to : rest;
	uint32_t n;
	const valtype *t = valid_label(b, &n);
	if (n == 0)
		reader_stop(r, r->p, "type mismatch: the label takes nothing");
	if (!type_matches(sent, t[n - 1]))
		valid_mismatch(r, t[n - 1], sent);
	valid_pop(r, from);
	valid_pop_all(r, t, n - 1);
	valid_push_all(r, t, n - 1);
	valid_push(r, kept);
}

/* -- calls ---------------------------------------------------------------------------- */

void
valid_call(struct reader *r, const struct type *t, bool tail)
{
	valid_pop_all(r, t->param, t->nparam);
	if (!tail) {
		valid_push_all(r, t->result, t->nresult);
		return;
	}
	const struct block *b = r->valid->block;
	r->m->features |= FEATURE_TAIL_CALLS;
	if (t->nresult != b->nout)
		reader_stop(r, r->p, "type mismatch: the callee's results are not the caller's");
	for (uint32_t i = 0; i < b->nout; i++)
		if (!type_matches(t->result[i], valid_results(b)[i]))
			valid_mismatch(r, valid_results(b)[i], t->result[i]);
	valid_dead(r);
}

static void
call_indirect(struct reader *r, bool tail)
{
	const uint8_t *at = r->p;
	const struct type *t = valid_type_index(r, TYPE_FUNC);
	const struct tabledef *table = &r->m->table[valid_table_index(r)];
	if (!type_matches(table->elem, T_FUNCREF))
		reader_stop(r, at, "type mismatch: the table does not hold functions");
	valid_pop(r, valid_address_type(&table->limits));
	valid_call(r, t, tail);
}

/* -- exceptions ----------------------------------------------------------------------- */

static void
catch_clause(struct reader *r)
{
	uint8_t kind = reader_u8(r);
	if (kind > 3)
		reader_stop(r, r->p - 1, "malformed catch clause");
	const struct type *tag = kind < 2 ? valid_tag_index(r) : NULL;
	struct block *b = valid_target(r);
	uint32_t n, give = (tag ? tag->nparam : 0) + (kind & 1);
	const valtype *t = valid_label(b, &n);
	if (n != give)
		reader_stop(r, r->p, "type mismatch: catch gives %u values, the label takes %u",
		            give, n);
	for (uint32_t i = 0; i < n; i++) {
		valtype have = tag && i < tag->nparam ? tag->param[i] : T_REF | HEAP_EXN;
		if (!type_matches(have, t[i]))
			valid_mismatch(r, t[i], have);
	}
}

static void
try_table(struct reader *r)
{
	r->m->features |= FEATURE_EXCEPTIONS;
	struct block b = valid_blocktype(r);
	valid_pop_all(r, b.in, b.nin);
	valid_push_all(r, b.in, b.nin);
	const uint8_t *at = r->p;
	uint32_t n = reader_u32(r);
	if (n > (size_t)(r->end - r->p))
		reader_stop(r, at, "unexpected end of section or function");
	while (n--)
		catch_clause(r);
	valid_enter(r, &b, BLOCK_TABLE);
}

/* The form before exnref (proposal exception-handling, legacy). */
static void
legacy(struct reader *r, enum op op)
{
	struct block *b = r->valid->top;
	const uint8_t *at = r->p;
	r->m->features |= FEATURE_LEGACY_EXCEPTIONS;
	if (op == OP_try) {
		struct block try = valid_blocktype(r);
		valid_enter(r, &try, BLOCK_TRY);
	} else if (op == OP_catch || op == OP_catch_all) {
		const struct type *tag = op == OP_catch ? valid_tag_index(r) : NULL;
		if (b->kind != BLOCK_TRY && b->kind != BLOCK_CATCH)
			reader_stop(r, at, "unexpected catch: no try to belong to");
		if (b->all)
			reader_stop(r, at, "unexpected catch behind catch_all");
		valid_leave(r);
		b->kind = BLOCK_CATCH;
		b->dead = false;
		b->all = op == OP_catch_all;
		if (tag)
			valid_push_all(r, tag->param, tag->nparam);
	} else if (op == OP_delegate) {
		if (b->kind != BLOCK_TRY)
			reader_stop(r, at, "unexpected delegate: no try to belong to");
		valid_leave(r);
		r->valid->top--;
		valid_target(r);
		valid_push_all(r, valid_results(b), b->nout);
	} else { /* rethrow */
		if (valid_target(r)->kind != BLOCK_CATCH)
			reader_stop(r, at, "invalid rethrow label");
		valid_dead(r);
	}
}

bool
valid_jump(struct reader *r, enum op op)
{
	const struct type *t;
	const valtype *types;
	const struct block *b;
	uint32_t n;
	switch (op) {
	case OP_unreachable: valid_dead(r); break;
	case OP_br:
		types = valid_label(valid_target(r), &n);
		valid_pop_all(r, types, n);
		valid_dead(r);
		break;
	case OP_br_if:
		b = valid_target(r);
		valid_pop(r, T_I32);
		branch_through(r, b);
		break;
	case OP_br_table: br_table(r); break;
	case OP_br_on_null: br_on_null(r); break;
	case OP_br_on_non_null: br_on_non_null(r); break;
	case OP_br_on_cast:
	case OP_br_on_cast_fail: br_on_cast(r, op == OP_br_on_cast_fail); break;
	case OP_return:
		valid_pop_all(r, valid_results(r->valid->block), r->valid->block->nout);
		valid_dead(r);
		break;
	case OP_call:
	case OP_return_call: valid_call(r, valid_func_index(r), op == OP_return_call); break;
	case OP_call_indirect:
	case OP_return_call_indirect: call_indirect(r, op == OP_return_call_indirect); break;
	case OP_call_ref:
	case OP_return_call_ref:
		t = valid_type_index(r, TYPE_FUNC);
		valid_pop(r, valid_ref_to(t, true));
		valid_call(r, t, op == OP_return_call_ref);
		break;
	case OP_throw:
		t = valid_tag_index(r);
		valid_pop_all(r, t->param, t->nparam);
		valid_dead(r);
		break;
	case OP_throw_ref:
		valid_pop(r, T_EXNREF);
		valid_dead(r);
		break;
	case OP_try_table: try_table(r); break;
	case OP_try:
	case OP_catch:
	case OP_catch_all:
	case OP_delegate:
	case OP_rethrow: legacy(r, op); break;
	default: return false;
	}
	return true;
}
