/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of a module (Core specification 6.6) to sections. */
#include <string.h>

#include "layer/lang/text/encode.h"

/* -- imports and exports ---------------------------------------------------------- */

static void export(struct encode *c, enum space kind, uint32_t index)
{
	struct buf *out = &c->section[SECTION_EXPORT];

	buf_u8(out, (uint8_t)kind);
	buf_uleb(out, index);
	c->entries[SECTION_EXPORT]++;
}

/* Exports written inside a definition, and perhaps an import: then true, and its
 * description is to follow in the section of imports. */
static bool
outside(struct encode *c, enum space kind, uint32_t index)
{
	struct buf *out = &c->section[SECTION_IMPORT];

	while (encode_eat_list(c, WORD_export)) {
		encode_name(c, &c->section[SECTION_EXPORT]);
		export(c, kind, index);
		encode_need(c, TOK_RPAR);
	}
	if (!encode_eat_list(c, WORD_import))
		return false;
	encode_name(c, out);
	encode_name(c, out);
	encode_need(c, TOK_RPAR);
	buf_u8(out, (uint8_t)kind);
	c->entries[SECTION_IMPORT]++;
	return true;
}

static int
kind_of(const struct token *t)
{
	if (t->kind != TOK_WORD)
		return -1;
	switch (t->word) {
	case WORD_func: return SPACE_FUNC;
	case WORD_table: return SPACE_TABLE;
	case WORD_memory: return SPACE_MEMORY;
	case WORD_global: return SPACE_GLOBAL;
	case WORD_tag: return SPACE_TAG;
	default: return -1;
	}
}

static void
export_field(struct encode *c)
{
	encode_name(c, &c->section[SECTION_EXPORT]);
	encode_need(c, TOK_LPAR);
	int kind = kind_of(encode_peek(c));
	if (kind < 0) {
		encode_unexpected(c);
		return;
	}
	c->pos++;
	export(c, (enum space)kind, encode_index(c, (enum space)kind));
	encode_need(c, TOK_RPAR);
}

/* -- types of tables, memories and tags -------------------------------------------- */

struct limits {
	bool is64, has_max;
	uint64_t min, max;
};

static void
addrtype(struct encode *c, struct limits *l)
{
	l->is64 = encode_eat_word(c, WORD_i64);
	if (!l->is64)
		encode_eat_word(c, WORD_i32);
}

static void
limits(struct encode *c, struct limits *l)
{
	/* What is too much for 32-bit addresses is invalid, not malformed. */
	l->min = encode_nat(c, 64, "i64 constant out of range");
	l->has_max = encode_peek(c)->kind == TOK_NAT;
	if (l->has_max)
		l->max = encode_nat(c, 64, "i64 constant out of range");
}

/* 5.3.11; `more` are flags besides. */
static void
put_limits(const struct limits *l, unsigned more, struct buf *out)
{
	buf_u8(out, (uint8_t)(more | (l->has_max ? 1 : 0) | (l->is64 ? 4 : 0)));
	buf_uleb(out, l->min);
	if (l->has_max)
		buf_uleb(out, l->max);
}

static void
tabletype(struct encode *c, struct limits *l, struct buf *out)
{
	limits(c, l);
	encode_reftype(c, out);
	put_limits(l, 0, out);
}

/* (pagesize N): its logarithm; 16 when it is not there. */
static unsigned
pagesize(struct encode *c)
{
	uint64_t v;

	if (!encode_eat_list(c, WORD_pagesize))
		return 16;
	uint32_t at = encode_peek(c)->at;
	v = encode_nat(c, 64, "i64 constant out of range");
	if (!c->bad && (v == 0 || (v & (v - 1)) != 0))
		encode_fail_at(c, at, "invalid custom page size");
	encode_need(c, TOK_RPAR);
	return v ? (unsigned)__builtin_ctzll(v) : 0;
}

static void
put_memory(const struct limits *l, bool shared, unsigned page, struct buf *out)
{
	put_limits(l, (shared ? 2U : 0) | (page != 16 ? 8U : 0), out);
	if (page != 16)
		buf_uleb(out, page);
}

static void
memorytype(struct encode *c, struct limits *l, struct buf *out)
{
	limits(c, l);
	bool shared = encode_eat_word(c, WORD_shared);
	put_memory(l, shared, pagesize(c), out);
}

static void
tagtype(struct encode *c, struct buf *out)
{
	buf_u8(out, 0); /* 5.3.13: an exception */
	buf_uleb(out, encode_typeuse(c, false));
}

/* -- functions ------------------------------------------------------------------------- */

/* 5.5.13: equal neighbours are one entry. */
static void
locals(struct encode *c)
{
	struct buf groups = { 0 }, type = { 0 }, last = { 0 };
	uint32_t ngroup = 0, n = 0;

	while (encode_eat_list(c, WORD_local)) {
		bool named = encode_peek(c)->kind == TOK_ID;
		uint32_t id = encode_opt_id(c);
		while (named || encode_more(c)) {
			encode_bind_local(c, id);
			type.n = 0;
			encode_valtype(c, &type);
			if (n && (type.n != last.n || memcmp(type.p, last.p, type.n) != 0)) {
				buf_uleb(&groups, n);
				buf_put(&groups, last.p, last.n);
				ngroup++;
				n = 0;
			}
			last.n = 0;
			buf_put(&last, type.p, type.n);
			n++;
			if (named)
				break;
		}
		encode_need(c, TOK_RPAR);
	}
	if (n) {
		buf_uleb(&groups, n);
		buf_put(&groups, last.p, last.n);
		ngroup++;
	}
	encode_vec(&c->code, ngroup, &groups);
	buf_free(&groups);
	buf_free(&type);
	buf_free(&last);
}

static void
func(struct encode *c, uint32_t index)
{
	encode_opt_id(c);
	bool import = outside(c, SPACE_FUNC, index);

	c->function = ++c->functions;
	c->nlocal = 0;
	uint32_t type = encode_typeuse(c, true);
	if (import) {
		buf_uleb(&c->section[SECTION_IMPORT], type);
	} else {
		buf_uleb(&c->section[SECTION_FUNC], type);
		c->entries[SECTION_FUNC]++;
		c->code.n = 0;
		locals(c);
		encode_expr(c, &c->code);
		buf_uleb(&c->section[SECTION_CODE], c->code.n);
		buf_put(&c->section[SECTION_CODE], c->code.p, c->code.n);
		c->entries[SECTION_CODE]++;
	}
	encode_note_function(c, index);
	c->function = 0;
}

/* -- tables, memories, globals, tags ------------------------------------------------------ */

static void
table(struct encode *c, uint32_t index)
{
	struct buf *out = &c->section[SECTION_TABLE], type = { 0 };
	struct limits l = { 0 };

	encode_opt_id(c);
	bool import = outside(c, SPACE_TABLE, index);
	addrtype(c, &l);
	if (import) {
		tabletype(c, &l, &c->section[SECTION_IMPORT]);
		return;
	}
	if (encode_at_reftype(c)) {
		encode_reftype(c, &type);
		if (!encode_eat_list(c, WORD_elem))
			encode_unexpected(c);
		l.min = l.max = encode_table_elem(c, index, &type, l.is64);
		l.has_max = true;
		buf_put(out, type.p, type.n);
		put_limits(&l, 0, out);
	} else {
		tabletype(c, &l, &type);
		/* 5.5.7: one that is not filled with null */
		bool init = encode_more(c);
		if (init)
			buf_put(out, "\x40\x00", 2);
		buf_put(out, type.p, type.n);
		if (init)
			encode_expr(c, out);
	}
	c->entries[SECTION_TABLE]++;
	buf_free(&type);
}

static void
memory(struct encode *c, uint32_t index)
{
	struct buf *out = &c->section[SECTION_MEMORY];
	struct limits l = { 0 };

	encode_opt_id(c);
	bool import = outside(c, SPACE_MEMORY, index);
	addrtype(c, &l);
	if (import) {
		memorytype(c, &l, &c->section[SECTION_IMPORT]);
		return;
	}
	c->entries[SECTION_MEMORY]++;
	if (encode_peek(c)->kind != TOK_LPAR) {
		memorytype(c, &l, out);
		return;
	}
	unsigned page = pagesize(c);
	if (!encode_eat_list(c, WORD_data))
		encode_unexpected(c);
	uint64_t bytes = encode_memory_data(c, index, l.is64);
	l.min = l.max =
	        page < 64 ? (bytes >> page) + ((bytes & (((uint64_t)1 << page) - 1)) != 0) : 0;
	l.has_max = true;
	put_memory(&l, false, page, out);
}

static void
global(struct encode *c, uint32_t index)
{
	struct buf *out = &c->section[SECTION_GLOBAL];

	encode_opt_id(c);
	if (outside(c, SPACE_GLOBAL, index)) {
		encode_globaltype(c, &c->section[SECTION_IMPORT]);
		return;
	}
	encode_globaltype(c, out);
	encode_expr(c, out);
	c->entries[SECTION_GLOBAL]++;
}

static void
tag(struct encode *c, uint32_t index)
{
	encode_opt_id(c);
	if (outside(c, SPACE_TAG, index)) {
		tagtype(c, &c->section[SECTION_IMPORT]);
		return;
	}
	tagtype(c, &c->section[SECTION_TAG]);
	c->entries[SECTION_TAG]++;
}

/* -- the others ----------------------------------------------------------------------------- */

/* (import "module" "name" (KIND ...)) */
static void
import_field(struct encode *c)
{
	struct buf *out = &c->section[SECTION_IMPORT];
	struct limits l = { 0 };

	encode_name(c, out);
	encode_name(c, out);
	encode_need(c, TOK_LPAR);
	int kind = kind_of(encode_peek(c));
	if (kind < 0) {
		encode_unexpected(c);
		return;
	}
	c->pos++;
	encode_opt_id(c);
	buf_u8(out, (uint8_t)kind);
	switch (kind) {
	case SPACE_FUNC:
		/* its parameters may have names, which nobody can ask for */
		c->function = ++c->functions;
		c->nlocal = 0;
		buf_uleb(out, encode_typeuse(c, true));
		c->local_names.n = c->nlocal_names = 0;
		c->function = 0;
		break;
	case SPACE_TABLE:
		addrtype(c, &l);
		tabletype(c, &l, out);
		break;
	case SPACE_MEMORY:
		addrtype(c, &l);
		memorytype(c, &l, out);
		break;
	case SPACE_GLOBAL: encode_globaltype(c, out); break;
	case SPACE_TAG: tagtype(c, out); break;
	}
	c->entries[SECTION_IMPORT]++;
	encode_need(c, TOK_RPAR);
}

static void
field(struct encode *c, unsigned word, uint32_t index)
{
	switch (word) {
	case WORD_import: import_field(c); break;
	case WORD_func: func(c, index); break;
	case WORD_table: table(c, index); break;
	case WORD_memory: memory(c, index); break;
	case WORD_global: global(c, index); break;
	case WORD_tag: tag(c, index); break;
	case WORD_export: export_field(c); break;
	case WORD_start:
		buf_uleb(&c->section[SECTION_START], encode_index(c, SPACE_FUNC));
		c->entries[SECTION_START]++;
		break;
	case WORD_elem: encode_elem(c); break;
	case WORD_data: encode_data(c); break;
	}
	encode_need(c, TOK_RPAR);
}

void
encode_fields(struct encode *c)
{
	/* All defined types come before those that signatures add. */
	for (uint32_t i = 0; i < c->nfield && !c->bad; i++) {
		const struct module_field *f = &c->field[i];
		c->pos = f->token;
		if (f->word == WORD_type || f->word == WORD_rec)
			encode_type_field(c, f->word);
	}
	for (uint32_t i = 0; i < c->nfield && !c->bad; i++) {
		const struct module_field *f = &c->field[i];
		c->pos = f->token;
		if (f->word != WORD_type && f->word != WORD_rec)
			field(c, f->word, f->index);
	}
}
