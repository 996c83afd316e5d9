/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/text/encode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layer/lang/text/number.h"

/* -- errors -------------------------------------------------------------------- */

static void
stop(struct encode *c)
{
	c->bad = true;
	c->pos = c->lex.ntok - 1;
}

void
encode_fail(struct encode *c, const char *what)
{
	const struct token *t = encode_peek(c);

	/* Where cutting ended early, what is missing is not what is wrong. */
	if (t->kind == TOK_EOF && c->lex.ntok > 1 && t[-1].kind == TOK_BAD)
		t--;
	if (!c->bad)
		lex_fail(&c->lex, t, c->e, what);
	stop(c);
}

void
encode_fail_at(struct encode *c, uint32_t at, const char *what)
{
	if (!c->bad)
		lex_fail_at(c->lex.src, at, c->e, what);
	stop(c);
}

void
encode_unexpected(struct encode *c)
{
	encode_fail(c, "unexpected token");
}

void
encode_fail_id(struct encode *c, const char *what, uint32_t symbol)
{
	struct symbol s = c->lex.sym[symbol];
	char text[160];

	snprintf(text, sizeof text, "%s $%.*s", what, (int)(s.n < 100 ? s.n : 100), s.p);
	encode_fail(c, text);
}

/* -- the cursor ---------------------------------------------------------------- */

const struct token *
encode_peek2(const struct encode *c)
{
	const struct token *t = encode_peek(c);

	return t->kind == TOK_EOF ? t : t + 1;
}

bool
encode_eat(struct encode *c, enum tok kind)
{
	if (encode_peek(c)->kind != kind)
		return false;
	c->pos++;
	return true;
}

bool
encode_at_word(const struct encode *c, unsigned word)
{
	const struct token *t = encode_peek(c);

	return t->kind == TOK_WORD && t->word == word;
}

bool
encode_at_list(const struct encode *c, unsigned word)
{
	const struct token *t = encode_peek2(c);

	return encode_peek(c)->kind == TOK_LPAR && t->kind == TOK_WORD && t->word == word;
}

bool
encode_eat_word(struct encode *c, unsigned word)
{
	bool yes = encode_at_word(c, word);

	c->pos += yes;
	return yes;
}

bool
encode_eat_list(struct encode *c, unsigned word)
{
	bool yes = encode_at_list(c, word);

	c->pos += yes ? 2 : 0;
	return yes;
}

void
encode_need(struct encode *c, enum tok kind)
{
	if (!encode_eat(c, kind))
		encode_unexpected(c);
}

bool
encode_more(const struct encode *c)
{
	enum tok kind = encode_peek(c)->kind;

	return kind != TOK_RPAR && kind != TOK_EOF;
}

void
encode_skip(struct encode *c)
{
	c->pos = encode_peek(c)->v;
	encode_need(c, TOK_RPAR);
}

/* -- pieces ---------------------------------------------------------------------- */

uint64_t
encode_nat(struct encode *c, unsigned bits, const char *what)
{
	const struct token *t = encode_peek(c);
	uint64_t v = 0;

	if (t->kind != TOK_NAT) {
		encode_unexpected(c);
		return 0;
	}
	if (!number_nat(c->lex.src + t->at, t->v, &v) || v > UINT64_MAX >> (64 - bits)) {
		encode_fail(c, what);
		return 0;
	}
	c->pos++;
	return v;
}

uint32_t
encode_u32(struct encode *c)
{
	return (uint32_t)encode_nat(c, 32, "i32 constant out of range");
}

uint32_t
encode_opt_id(struct encode *c)
{
	if (encode_peek(c)->kind != TOK_ID)
		return ENCODE_NONE;
	return c->lex.tok[c->pos++].v;
}

void
encode_name(struct encode *c, struct buf *out)
{
	const struct token *t = encode_peek(c);
	struct buf b = { 0 };

	if (t->kind != TOK_STRING) {
		encode_unexpected(c);
		return;
	}
	lex_string(&c->lex, t, &b);
	if (!lex_utf8(b.p, b.n)) {
		encode_fail(c, "malformed UTF-8 encoding");
	} else {
		c->pos++;
		buf_uleb(out, b.n);
		buf_put(out, b.p, b.n);
	}
	buf_free(&b);
}

void
encode_strings(struct encode *c, struct buf *out)
{
	while (encode_peek(c)->kind == TOK_STRING)
		lex_string(&c->lex, &c->lex.tok[c->pos++], out);
}

void
encode_section(struct buf *out, unsigned id, const struct buf *content)
{
	buf_u8(out, (uint8_t)id);
	buf_uleb(out, content->n);
	buf_put(out, content->p, content->n);
}

void
encode_vec(struct buf *out, uint32_t n, const struct buf *items)
{
	buf_uleb(out, n);
	buf_put(out, items->p, items->n);
}

/* -- identifiers ------------------------------------------------------------------- */

static const char *const unknown[SPACE_COUNT] = {
	[SPACE_FUNC] = "unknown function",     [SPACE_TABLE] = "unknown table",
	[SPACE_MEMORY] = "unknown memory",     [SPACE_GLOBAL] = "unknown global",
	[SPACE_TAG] = "unknown tag",           [SPACE_TYPE] = "unknown type",
	[SPACE_ELEM] = "unknown elem segment", [SPACE_DATA] = "unknown data segment",
};

static const char *const duplicate[SPACE_COUNT] = {
	[SPACE_FUNC] = "duplicate func",         [SPACE_TABLE] = "duplicate table",
	[SPACE_MEMORY] = "duplicate memory",     [SPACE_GLOBAL] = "duplicate global",
	[SPACE_TAG] = "duplicate tag",           [SPACE_TYPE] = "duplicate type",
	[SPACE_ELEM] = "duplicate elem segment", [SPACE_DATA] = "duplicate data segment",
};

bool
encode_at_index(const struct encode *c)
{
	enum tok kind = encode_peek(c)->kind;

	return kind == TOK_NAT || kind == TOK_ID;
}

uint32_t
encode_index(struct encode *c, enum space s)
{
	const struct token *t = encode_peek(c);

	if (t->kind != TOK_ID)
		return encode_u32(c);
	uint32_t i = c->bind[t->v].index[s];
	if (!i) {
		encode_fail_id(c, unknown[s], t->v);
		return 0;
	}
	c->pos++;
	return i - 1;
}

uint32_t
encode_opt_index(struct encode *c, enum space s)
{
	return encode_at_index(c) ? encode_index(c, s) : 0;
}

uint32_t
encode_new(struct encode *c, enum space s, struct symbol name)
{
	uint32_t i = c->count[s]++;

	if (i == c->name_cap[s]) {
		c->name_cap[s] = i ? i * 2 : 32;
		c->name[s] = xrealloc(c->name[s], c->name_cap[s] * sizeof *c->name[s]);
	}
	c->name[s][i] = name;
	return i;
}

void
encode_bind(struct encode *c, enum space s, uint32_t symbol)
{
	struct symbol name = encode_note_name(c, "definition");

	if (symbol != ENCODE_NONE) {
		if (c->bind[symbol].index[s]) {
			encode_fail_id(c, duplicate[s], symbol);
			return;
		}
		c->bind[symbol].index[s] = c->count[s] + 1;
		if (!name.p)
			name = c->lex.sym[symbol];
	}
	encode_new(c, s, name);
}

void
encode_bind_local(struct encode *c, uint32_t symbol)
{
	struct symbol name = encode_note_name(c, "local");

	if (symbol != ENCODE_NONE) {
		struct binding *b = &c->bind[symbol];
		if (b->local_of == c->function) {
			encode_fail_id(c, "duplicate local", symbol);
			return;
		}
		b->local_of = c->function;
		b->local = c->nlocal;
		if (!name.p)
			name = c->lex.sym[symbol];
	}
	if (name.p) {
		buf_uleb(&c->local_names, c->nlocal);
		buf_uleb(&c->local_names, name.n);
		buf_put(&c->local_names, name.p, name.n);
		c->nlocal_names++;
	}
	c->nlocal++;
}

uint32_t
encode_local(struct encode *c)
{
	const struct token *t = encode_peek(c);

	if (t->kind != TOK_ID)
		return encode_u32(c);
	const struct binding *b = &c->bind[t->v];
	if (!c->function || b->local_of != c->function) {
		encode_fail_id(c, "unknown local", t->v);
		return 0;
	}
	c->pos++;
	return b->local;
}

/* -- fields of structures ---------------------------------------------------------- */

/* A field's key: its type and name, never 0. */
static uint64_t
member_key(uint32_t type, uint32_t symbol)
{
	return ((uint64_t)type << 32 | symbol) + 1;
}

static uint32_t *
member_slot(struct encode *c, uint64_t key)
{
	uint64_t i = key * UINT64_C(0x9e3779b97f4a7c15) >> 32;

	for (;; i++) {
		uint64_t *k = &c->member[i & (c->member_slots - 1)];
		if (*k && *k != key)
			continue;
		*k = key;
		return &c->member_index[i & (c->member_slots - 1)];
	}
}

static void
member_grow(struct encode *c)
{
	uint64_t *old = c->member;
	uint32_t *index = c->member_index, n = c->member_slots;

	c->member_slots = n ? n * 2 : 32;
	c->member = xcalloc(c->member_slots, sizeof *c->member);
	c->member_index = xcalloc(c->member_slots, sizeof *c->member_index);
	for (uint32_t i = 0; i < n; i++)
		if (old[i])
			*member_slot(c, old[i]) = index[i];
	free(old);
	free(index);
}

void
encode_bind_member(struct encode *c, uint32_t type, uint32_t symbol, uint32_t index)
{
	if (c->nmember * 2 >= c->member_slots)
		member_grow(c);
	uint32_t *slot = member_slot(c, member_key(type, symbol));
	if (*slot) {
		encode_fail_id(c, "duplicate field", symbol);
		return;
	}
	*slot = index + 1;
	c->nmember++;
}

uint32_t
encode_member(struct encode *c, uint32_t type)
{
	const struct token *t = encode_peek(c);

	if (t->kind != TOK_ID)
		return encode_u32(c);
	/* Asking makes a slot, so there must be room for one. */
	if (c->nmember * 2 >= c->member_slots)
		member_grow(c);
	uint32_t *slot = member_slot(c, member_key(type, t->v));
	if (!*slot) {
		encode_fail_id(c, "unknown field", t->v);
		return 0;
	}
	c->pos++;
	return *slot - 1;
}
