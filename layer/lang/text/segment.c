/* SPDX-License-Identifier: Apache-2.0 */
/* Element and data segments (Core specification 6.6.10, 6.6.11). */
#include "layer/lang/text/encode.h"

/* Elements: functions by index as long as nothing else is asked for. */
struct items {
	struct buf type; /* own: of expressions; empty: they are functions */
	struct buf list; /* own */
	uint32_t n;
};

static void
items_free(struct items *i)
{
	buf_free(&i->type);
	buf_free(&i->list);
}

/* Where an active segment goes: (offset EXPR) or one instruction. */
static void
offset(struct encode *c, struct buf *out)
{
	if (encode_eat_list(c, WORD_offset)) {
		encode_expr(c, out);
		encode_need(c, TOK_RPAR);
	} else {
		encode_one_expr(c, out);
	}
}

static void
functions(struct encode *c, struct items *i)
{
	for (; encode_at_index(c); i->n++)
		buf_uleb(&i->list, encode_index(c, SPACE_FUNC));
}

static void
expressions(struct encode *c, struct items *i)
{
	for (; encode_more(c); i->n++) {
		if (encode_eat_list(c, WORD_item)) {
			encode_expr(c, &i->list);
			encode_need(c, TOK_RPAR);
		} else {
			encode_one_expr(c, &i->list);
		}
	}
}

/* func INDEX* or REFTYPE EXPR*. */
static void
elemlist(struct encode *c, struct items *i)
{
	if (encode_eat_word(c, WORD_func)) {
		functions(c, i);
	} else {
		encode_reftype(c, &i->type);
		expressions(c, i);
	}
}

/* 5.5.12.  mode: 0 active, 1 passive, 3 declared. */
static void
put_elem(struct encode *c, unsigned mode, uint32_t table, const struct buf *at,
         const struct items *i)
{
	struct buf *out = &c->section[SECTION_ELEM];
	bool funcref = i->type.n == 1 && i->type.p[0] == 0x70;
	unsigned flags = mode | (i->type.n ? 4U : 0);

	/* An active one names its table and its type, unless they are the usual ones. */
	if (mode == 0 && (table || (i->type.n && !funcref)))
		flags |= 2;
	buf_u8(out, (uint8_t)flags);
	if (mode == 0) {
		if (flags & 2)
			buf_uleb(out, table);
		buf_put(out, at->p, at->n);
	}
	if (flags & 3) {
		if (i->type.n)
			buf_put(out, i->type.p, i->type.n);
		else
			buf_u8(out, 0);
	}
	encode_vec(out, i->n, &i->list);
	c->entries[SECTION_ELEM]++;
}

void
encode_elem(struct encode *c)
{
	struct items items = { 0 };
	struct buf at = { 0 };
	uint32_t table = 0;
	unsigned mode = 0;

	encode_opt_id(c);
	if (encode_peek(c)->kind == TOK_NAT) {
		/* Before version 2 a number stood for (table NUMBER). */
		table = encode_index(c, SPACE_TABLE);
		offset(c, &at);
		functions(c, &items);
	} else if (encode_eat_word(c, WORD_declare)) {
		mode = 3;
		elemlist(c, &items);
	} else if (encode_at_word(c, WORD_func) || encode_at_reftype(c)) {
		mode = 1;
		elemlist(c, &items);
	} else if (encode_eat_list(c, WORD_table)) {
		table = encode_index(c, SPACE_TABLE);
		encode_need(c, TOK_RPAR);
		offset(c, &at);
		elemlist(c, &items);
	} else {
		offset(c, &at);
		if (encode_at_index(c) || !encode_more(c))
			functions(c, &items);
		else
			elemlist(c, &items);
	}
	put_elem(c, mode, table, &at, &items);
	buf_free(&at);
	items_free(&items);
}

static void
zero(struct buf *at, bool is64)
{
	buf_u8(at, is64 ? 0x42 : 0x41);
	buf_u8(at, 0);
	buf_u8(at, 0x0b);
}

uint32_t
encode_table_elem(struct encode *c, uint32_t table, const struct buf *type, bool is64)
{
	struct items items = { 0 };
	struct buf at = { 0 };

	if (!encode_at_index(c)) {
		expressions(c, &items);
		buf_put(&items.type, type->p, type->n);
	} else if (type->n == 1 && type->p[0] == 0x70) {
		functions(c, &items);
	} else {
		/* A segment of functions would be of funcref, and not fit. */
		for (; encode_at_index(c); items.n++) {
			encode_op(OP_ref_func, &items.list);
			buf_uleb(&items.list, encode_index(c, SPACE_FUNC));
			encode_op(OP_end, &items.list);
		}
		buf_put(&items.type, type->p, type->n);
	}
	encode_need(c, TOK_RPAR);
	zero(&at, is64);
	put_elem(c, 0, table, &at, &items);
	buf_free(&at);
	items_free(&items);
	return items.n;
}

/* -- data --------------------------------------------------------------------------- */

static uint64_t
put_data(struct encode *c, bool active, uint32_t memory, const struct buf *at)
{
	struct buf *out = &c->section[SECTION_DATA], bytes = { 0 };
	uint64_t n;

	buf_u8(out, active ? (memory ? 2 : 0) : 1);
	if (memory)
		buf_uleb(out, memory);
	buf_put(out, at->p, at->n);
	encode_strings(c, &bytes);
	n = bytes.n;
	buf_uleb(out, n);
	buf_put(out, bytes.p, bytes.n);
	buf_free(&bytes);
	c->entries[SECTION_DATA]++;
	return n;
}

void
encode_data(struct encode *c)
{
	struct buf at = { 0 };
	uint32_t memory = 0;
	bool active = false;

	encode_opt_id(c);
	if (encode_eat_list(c, WORD_memory)) {
		memory = encode_index(c, SPACE_MEMORY);
		encode_need(c, TOK_RPAR);
		active = true;
	} else if (encode_peek(c)->kind == TOK_NAT) {
		/* Before version 2 a number stood for (memory NUMBER). */
		memory = encode_index(c, SPACE_MEMORY);
		active = true;
	}
	if (active || encode_peek(c)->kind == TOK_LPAR) {
		active = true;
		offset(c, &at);
	}
	put_data(c, active, memory, &at);
	buf_free(&at);
}

uint64_t
encode_memory_data(struct encode *c, uint32_t memory, bool is64)
{
	struct buf at = { 0 };

	zero(&at, is64);
	uint64_t n = put_data(c, true, memory, &at);
	encode_need(c, TOK_RPAR);
	buf_free(&at);
	return n;
}
