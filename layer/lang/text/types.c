/* SPDX-License-Identifier: Apache-2.0 */
/* Types (Core specification 6.4): value types, definitions, type uses. */
#include <stdlib.h>
#include <string.h>

#include "layer/lang/text/encode.h"

/* -- value types -------------------------------------------------------------- */

static bool
at_class(const struct encode *c, enum word_class class)
{
	const struct token *t = encode_peek(c);

	return t->kind == TOK_WORD && word_class(t->word) == class;
}

static uint8_t
take_value(struct encode *c)
{
	return word_value(c->lex.tok[c->pos++].word);
}

bool
encode_at_reftype(const struct encode *c)
{
	return at_class(c, WORD_REF) || encode_at_list(c, WORD_ref);
}

void
encode_heaptype(struct encode *c, struct buf *out)
{
	if (at_class(c, WORD_HEAP))
		buf_u8(out, take_value(c));
	else
		buf_sleb(out, encode_index(c, SPACE_TYPE));
}

bool
encode_heap_of_reftype(struct encode *c, struct buf *out)
{
	if (at_class(c, WORD_REF)) {
		buf_u8(out, take_value(c));
		return true;
	}
	if (!encode_eat_list(c, WORD_ref)) {
		encode_unexpected(c);
		return false;
	}
	bool null = encode_eat_word(c, WORD_null);
	encode_heaptype(c, out);
	encode_need(c, TOK_RPAR);
	return null;
}

void
encode_reftype(struct encode *c, struct buf *out)
{
	struct buf heap = { 0 };
	bool null = encode_heap_of_reftype(c, &heap);

	/* 5.3.5: (ref null HEAP) of an abstract HEAP is HEAP's byte alone.  Always, for
	 * equal types must have equal bytes. */
	bool abstract = heap.n == 1 && heap.p[0] >= 0x69 && heap.p[0] <= 0x74;
	if (!null || !abstract)
		buf_u8(out, null ? 0x63 : 0x64);
	buf_put(out, heap.p, heap.n);
	buf_free(&heap);
}

void
encode_valtype(struct encode *c, struct buf *out)
{
	if (at_class(c, WORD_NUMBER))
		buf_u8(out, take_value(c));
	else
		encode_reftype(c, out);
}

static void
storagetype(struct encode *c, struct buf *out)
{
	if (at_class(c, WORD_PACKED))
		buf_u8(out, take_value(c));
	else
		encode_valtype(c, out);
}

/* A type, perhaps as (mut TYPE), and then whether it is. */
static void mutable(struct encode *c, struct buf *out, void (*type)(struct encode *, struct buf *))
{
	bool mut = encode_eat_list(c, WORD_mut);

	type(c, out);
	if (mut)
		encode_need(c, TOK_RPAR);
	buf_u8(out, mut);
}

void
encode_globaltype(struct encode *c, struct buf *out)
{
	mutable(c, out, encode_valtype);
}

/* -- function types ------------------------------------------------------------- */

enum params {
	PARAMS_PLAIN,  /* have no names */
	PARAMS_NAMED,  /* may have names, for the reader */
	PARAMS_LOCALS, /* the same, and are locals */
};

struct signature {
	struct buf param, result;
	uint32_t nparam, nresult;
};

static void
signature(struct encode *c, enum params mode, struct signature *s)
{
	while (encode_eat_list(c, WORD_param)) {
		uint32_t id = ENCODE_NONE;
		bool named = mode != PARAMS_PLAIN && encode_peek(c)->kind == TOK_ID;
		if (named)
			id = encode_opt_id(c);
		while (named || encode_more(c)) {
			if (mode == PARAMS_LOCALS)
				encode_bind_local(c, id);
			encode_valtype(c, &s->param);
			s->nparam++;
			if (named)
				break;
		}
		encode_need(c, TOK_RPAR);
	}
	while (encode_eat_list(c, WORD_result)) {
		while (encode_more(c)) {
			encode_valtype(c, &s->result);
			s->nresult++;
		}
		encode_need(c, TOK_RPAR);
	}
}

static void
functype(struct signature *s, struct buf *out)
{
	buf_u8(out, 0x60);
	encode_vec(out, s->nparam, &s->param);
	encode_vec(out, s->nresult, &s->result);
	buf_free(&s->param);
	buf_free(&s->result);
}

/* -- the table of types ------------------------------------------------------------ */

static uint32_t
hash(const uint8_t *p, size_t n)
{
	uint32_t h = 2166136261U; /* FNV-1a */

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 16777619U;
	return h ^ h >> 15;
}

/* The slot of a plain function type: its own, or the empty one where it goes. */
static uint32_t *
slot(struct encode *c, const uint8_t *p, uint32_t n)
{
	for (uint32_t i = hash(p, n);; i++) {
		uint32_t *s = &c->type_slot[i & (c->ntype_slot - 1)];
		if (!*s)
			return s;
		const struct type_info *t = &c->type[*s - 1];
		if (t->n == n && memcmp(c->functype.p + t->at, p, n) == 0)
			return s;
	}
}

static void
slots_grow(struct encode *c)
{
	uint32_t *old = c->type_slot, n = c->ntype_slot;

	c->ntype_slot = n ? n * 2 : 64;
	c->type_slot = xcalloc(c->ntype_slot, sizeof *c->type_slot);
	for (uint32_t i = 0; i < n; i++) {
		if (old[i]) {
			const struct type_info *t = &c->type[old[i] - 1];
			*slot(c, c->functype.p + t->at, t->n) = old[i];
		}
	}
	free(old);
}

/* Note type `index`; fn is its function type, empty for another.  `plain`: an inline
 * signature may stand for it. */
static void
note(struct encode *c, uint32_t index, const struct buf *fn, uint32_t nparam, bool plain)
{
	while (index >= c->type_cap) {
		c->type_cap = c->type_cap ? c->type_cap * 2 : 64;
		c->type = xrealloc(c->type, c->type_cap * sizeof *c->type);
	}
	c->type[index] = (struct type_info){ c->functype.n, (uint32_t)fn->n, nparam };
	buf_put(&c->functype, fn->p, fn->n);
	if (!plain || !fn->n)
		return;
	if ((index + 1) * 2 >= c->ntype_slot)
		slots_grow(c);
	uint32_t *s = slot(c, fn->p, (uint32_t)fn->n);
	if (!*s)
		*s = index + 1;
}

/* The first plain type with these bytes; a new one behind all others if there is none. */
static uint32_t
implicit(struct encode *c, const struct buf *fn, uint32_t nparam)
{
	if (!c->ntype_slot)
		slots_grow(c);
	uint32_t found = *slot(c, fn->p, (uint32_t)fn->n);
	if (found)
		return found - 1;
	uint32_t index = encode_new(c, SPACE_TYPE, (struct symbol){ 0 });
	note(c, index, fn, nparam, true);
	buf_put(&c->section[SECTION_TYPE], fn->p, fn->n);
	c->entries[SECTION_TYPE]++;
	return index;
}

/* -- type uses ------------------------------------------------------------------------ */

/* 6.4.8: what is written beside (type x) must be what x is. */
static void
check_inline(struct encode *c, uint32_t index, const struct buf *fn)
{
	if (index >= c->count[SPACE_TYPE]) {
		encode_fail(c, "unknown type");
		return;
	}
	/* Wrong order is wrong grammar, which comes first. */
	if (encode_at_list(c, WORD_type) || encode_at_list(c, WORD_param) ||
	    encode_at_list(c, WORD_result)) {
		encode_unexpected(c);
		return;
	}
	const struct type_info *t = &c->type[index];
	if (t->n != fn->n || memcmp(c->functype.p + t->at, fn->p, fn->n) != 0)
		encode_fail(c, "inline function type");
}

static uint32_t
typeuse(struct encode *c, enum params mode, bool *inline_only, struct signature *s)
{
	uint32_t index = 0, nparam;
	bool given = encode_eat_list(c, WORD_type);
	struct buf fn = { 0 };

	if (given) {
		index = encode_index(c, SPACE_TYPE);
		encode_need(c, TOK_RPAR);
	}
	signature(c, mode, s);
	if (inline_only && !given && s->nparam == 0 && s->nresult <= 1) {
		*inline_only = true;
		return 0;
	}
	nparam = s->nparam;
	bool empty = !s->nparam && !s->nresult;
	functype(s, &fn);
	if (!given)
		index = implicit(c, &fn, nparam);
	else if (!empty)
		check_inline(c, index, &fn);
	else if (mode == PARAMS_LOCALS && index < c->count[SPACE_TYPE])
		c->nlocal += c->type[index].nparam;
	buf_free(&fn);
	return index;
}

uint32_t
encode_typeuse(struct encode *c, bool bind)
{
	return typeuse(c, bind ? PARAMS_LOCALS : PARAMS_PLAIN, NULL, &(struct signature){ 0 });
}

void
encode_blocktype(struct encode *c, struct buf *out)
{
	struct signature s = { 0 };
	bool inline_only = false;
	uint32_t index = typeuse(c, PARAMS_PLAIN, &inline_only, &s);

	if (!inline_only) {
		buf_sleb(out, index);
		return;
	}
	if (s.nresult)
		buf_put(out, s.result.p, s.result.n);
	else
		buf_u8(out, 0x40);
	buf_free(&s.param);
	buf_free(&s.result);
}

/* -- definitions ------------------------------------------------------------------------ */

static void
structtype(struct encode *c, uint32_t index, struct buf *out)
{
	struct buf fields = { 0 };
	uint32_t n = 0;

	while (encode_eat_list(c, WORD_field)) {
		uint32_t id = encode_opt_id(c);
		if (id != ENCODE_NONE) {
			encode_bind_member(c, index, id, n);
			mutable(c, &fields, storagetype);
			n++;
		} else {
			for (; encode_more(c); n++)
				mutable(c, &fields, storagetype);
		}
		encode_need(c, TOK_RPAR);
	}
	buf_u8(out, 0x5f);
	encode_vec(out, n, &fields);
	buf_free(&fields);
}

/* (func ...), (struct ...) or (array ...). */
static void
comptype(struct encode *c, uint32_t index, bool plain, struct buf *out)
{
	struct buf fn = { 0 };
	struct signature s = { 0 };

	if (encode_eat_list(c, WORD_func)) {
		signature(c, PARAMS_NAMED, &s);
		uint32_t nparam = s.nparam;
		functype(&s, &fn);
		note(c, index, &fn, nparam, plain);
		buf_put(out, fn.p, fn.n);
	} else if (encode_eat_list(c, WORD_struct)) {
		note(c, index, &fn, 0, false);
		structtype(c, index, out);
	} else if (encode_eat_list(c, WORD_array)) {
		note(c, index, &fn, 0, false);
		buf_u8(out, 0x5e);
		mutable(c, out, storagetype);
	} else {
		encode_unexpected(c);
	}
	buf_free(&fn);
	encode_need(c, TOK_RPAR);
}

/* Behind "(type": an identifier, and the type, perhaps as (sub ...). */
static void
definition(struct encode *c, uint32_t index, bool alone, struct buf *out)
{
	encode_opt_id(c);
	if (!encode_eat_list(c, WORD_sub)) {
		comptype(c, index, alone, out);
		encode_need(c, TOK_RPAR);
		return;
	}
	struct buf supers = { 0 };
	uint32_t n = 0;
	bool final = encode_eat_word(c, WORD_final);
	for (; encode_at_index(c); n++)
		buf_uleb(&supers, encode_index(c, SPACE_TYPE));
	if (!final || n) {
		buf_u8(out, final ? 0x4f : 0x50);
		encode_vec(out, n, &supers);
	}
	buf_free(&supers);
	comptype(c, index, alone && final && !n, out);
	encode_need(c, TOK_RPAR);
	encode_need(c, TOK_RPAR);
}

void
encode_type_field(struct encode *c, unsigned word)
{
	struct buf *out = &c->section[SECTION_TYPE], group = { 0 };
	/* c->entries counts groups; indices go on by definitions. */
	uint32_t first = c->ntypes_done, n = 0;

	c->entries[SECTION_TYPE]++;
	if (word == WORD_type) {
		c->ntypes_done++;
		definition(c, first, true, out);
		return;
	}
	uint32_t begin = c->pos;
	for (; encode_at_list(c, WORD_type); n++)
		encode_skip(c);
	c->pos = c->bad ? c->pos : begin;
	for (uint32_t i = 0; i < n && encode_eat_list(c, WORD_type); i++)
		definition(c, first + i, n == 1, &group);
	encode_need(c, TOK_RPAR);
	c->ntypes_done += n;
	if (n != 1) {
		buf_u8(out, 0x4e);
		buf_uleb(out, n);
	}
	buf_put(out, group.p, group.n);
	buf_free(&group);
}
