/* SPDX-License-Identifier: Apache-2.0 */
/* The first walk: what there is, and by which index. */
#include <stdio.h>
#include <stdlib.h>

#include "layer/lang/text/encode.h"

static void
note_field(struct encode *c, unsigned word, uint32_t index)
{
	if (c->nfield == c->field_cap) {
		c->field_cap = c->field_cap ? c->field_cap * 2 : 64;
		c->field = xrealloc(c->field, c->field_cap * sizeof *c->field);
	}
	c->field[c->nfield++] = (struct module_field){ (uint16_t)word, c->pos, index };
}

/* 6.6.13: imports come before what the module defines. */
static void
imported(struct encode *c)
{
	char text[64];

	if (!c->defined)
		return;
	snprintf(text, sizeof text, "import after %s", c->defined);
	encode_fail(c, text);
}

static int
space_of(unsigned word)
{
	switch (word) {
	case WORD_func: return SPACE_FUNC;
	case WORD_table: return SPACE_TABLE;
	case WORD_memory: return SPACE_MEMORY;
	case WORD_global: return SPACE_GLOBAL;
	case WORD_tag: return SPACE_TAG;
	case WORD_elem: return SPACE_ELEM;
	case WORD_data: return SPACE_DATA;
	default: return -1;
	}
}

static void
bind(struct encode *c, enum space s)
{
	uint32_t id = encode_opt_id(c);

	encode_bind(c, s, id);
}

static void
import(struct encode *c)
{
	imported(c);
	encode_need(c, TOK_STRING);
	encode_need(c, TOK_STRING);
	encode_need(c, TOK_LPAR);
	const struct token *t = encode_peek(c);
	int s = t->kind == TOK_WORD ? space_of(t->word) : -1;
	if (s < 0 || s >= SPACE_EXTERN) {
		encode_unexpected(c);
		return;
	}
	c->pos++;
	bind(c, (enum space)s);
}

/* A segment inside a definition has an index among the segments. */
static void
inner_segment(struct encode *c, enum space s)
{
	if (!encode_eat_word(c, WORD_i32))
		encode_eat_word(c, WORD_i64);
	if (s == SPACE_TABLE && encode_at_reftype(c))
		encode_new(c, SPACE_ELEM, (struct symbol){ 0 });
	else if (s == SPACE_MEMORY && encode_peek(c)->kind == TOK_LPAR)
		encode_new(c, SPACE_DATA, (struct symbol){ 0 });
}

static void
define(struct encode *c, enum space s)
{
	static const char *const words[] = {
		[SPACE_FUNC] = "function", [SPACE_TABLE] = "table", [SPACE_MEMORY] = "memory",
		[SPACE_GLOBAL] = "global", [SPACE_TAG] = "tag",
	};

	bind(c, s);
	while (encode_at_list(c, WORD_export))
		encode_skip(c);
	if (encode_at_list(c, WORD_import)) {
		imported(c);
		return;
	}
	if (!c->defined)
		c->defined = words[s];
	inner_segment(c, s);
}

static void
types(struct encode *c, unsigned word)
{
	if (word == WORD_type) {
		bind(c, SPACE_TYPE);
		return;
	}
	while (encode_at_list(c, WORD_type)) {
		uint32_t end = encode_peek(c)->v;
		c->pos += 2;
		bind(c, SPACE_TYPE);
		c->pos = c->bad ? c->pos : end;
		encode_need(c, TOK_RPAR);
	}
}

static void
field(struct encode *c, bool *started)
{
	uint32_t open = c->pos, end = encode_peek(c)->v;
	const struct token *t = encode_peek2(c);
	int s;

	if (!encode_eat(c, TOK_LPAR) || t->kind != TOK_WORD) {
		encode_unexpected(c);
		return;
	}
	unsigned word = t->word;
	c->pos++;
	s = space_of(word);
	note_field(c, word, s >= 0 ? c->count[s] : 0);
	if (s >= 0 && s < SPACE_EXTERN) {
		define(c, (enum space)s);
	} else if (s >= 0) {
		bind(c, (enum space)s);
	} else if (word == WORD_type || word == WORD_rec) {
		types(c, word);
	} else if (word == WORD_import) {
		import(c);
	} else if (word == WORD_start) {
		if (*started)
			encode_fail_at(c, c->lex.tok[open].at, "multiple start sections");
		*started = true;
	} else if (word != WORD_export) {
		c->pos--;
		encode_unexpected(c);
	}
	c->pos = c->bad ? c->pos : end;
	encode_need(c, TOK_RPAR);
}

void
encode_scan(struct encode *c)
{
	bool started = false;

	while (!c->bad) {
		encode_note_custom(c);
		if (!encode_more(c))
			break;
		field(c, &started);
	}
}
