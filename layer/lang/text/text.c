/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/text/text.h"

#include <stdlib.h>

#include "layer/lang/text/encode.h"

static void
put_custom(struct buf *out, const char *name, const struct buf *content)
{
	struct buf b = { 0 };
	size_t n = 0;

	while (name[n])
		n++;
	buf_uleb(&b, n);
	buf_put(&b, name, n);
	buf_put(&b, content->p, content->n);
	encode_section(out, SECTION_CUSTOM, &b);
	buf_free(&b);
}

static void
section(struct encode *c, unsigned id, struct buf *out)
{
	struct buf content = { 0 };

	if (id == SECTION_DATACOUNT) {
		if (!c->needs_datacount)
			return;
		buf_uleb(&content, c->entries[SECTION_DATA]);
	} else if (!c->entries[id]) {
		return;
	} else if (id == SECTION_START) {
		buf_put(&content, c->section[id].p, c->section[id].n);
	} else {
		encode_vec(&content, c->entries[id], &c->section[id]);
	}
	encode_section(out, id, &content);
	buf_free(&content);
}

static void
put_hints(struct encode *c, struct buf *out)
{
	struct buf content = { 0 };

	if (!c->nhints)
		return;
	encode_vec(&content, c->nhints, &c->hints);
	put_custom(out, "metadata.code.branch_hint", &content);
	buf_free(&content);
}

static void
assemble(struct encode *c, struct buf *out)
{
	static const uint8_t order[] = {
		SECTION_TYPE,      SECTION_IMPORT, SECTION_FUNC,   SECTION_TABLE, SECTION_MEMORY,
		SECTION_TAG,       SECTION_GLOBAL, SECTION_EXPORT, SECTION_START, SECTION_ELEM,
		SECTION_DATACOUNT, SECTION_CODE,   SECTION_DATA,
	};
	struct buf names = { 0 };

	buf_put(out, "\0asm\1\0\0\0", 8);
	encode_placed(c, SECTION_FIRST, false, out);
	for (size_t i = 0; i < sizeof order; i++) {
		encode_placed(c, order[i], false, out);
		/* It must stand before the code. */
		if (order[i] == SECTION_CODE)
			put_hints(c, out);
		section(c, order[i], out);
		encode_placed(c, order[i], true, out);
	}
	encode_names(c, &names);
	if (names.n)
		put_custom(out, "name", &names);
	buf_free(&names);
	encode_placed(c, SECTION_LAST, true, out);
}

/* (module ...), or its fields without that. */
static void
module(struct encode *c, struct buf *out)
{
	bool wrapped = encode_eat_list(c, WORD_module);
	if (wrapped)
		encode_eat_word(c, WORD_definition); /* of a script: no affair of ours */
	uint32_t id = wrapped ? encode_opt_id(c) : ENCODE_NONE;

	if (wrapped && encode_eat_word(c, WORD_binary)) {
		encode_strings(c, out);
		encode_need(c, TOK_RPAR);
		encode_need(c, TOK_EOF);
		return;
	}
	c->module_name = encode_note_name(c, "module");
	if (!c->module_name.p && id != ENCODE_NONE)
		c->module_name = c->lex.sym[id];
	encode_scan(c);
	if (wrapped)
		encode_need(c, TOK_RPAR);
	if (!c->bad && encode_peek(c)->kind != TOK_EOF)
		encode_unexpected(c);
	if (!c->bad)
		encode_fields(c);
	if (!c->bad)
		encode_note_end(c);
	if (!c->bad)
		assemble(c, out);
}

static void
free_all(struct encode *c)
{
	for (unsigned i = 0; i < SECTION_COUNT; i++)
		buf_free(&c->section[i]);
	for (unsigned i = 0; i < SPACE_COUNT; i++)
		free(c->name[i]);
	buf_free(&c->functype);
	buf_free(&c->code);
	buf_free(&c->pend);
	buf_free(&c->local_names);
	buf_free(&c->named_locals);
	buf_free(&c->hints);
	buf_free(&c->function_hints);
	buf_free(&c->custom);
	free(c->bind);
	free(c->field);
	free(c->type);
	free(c->type_slot);
	free(c->member);
	free(c->member_index);
	free(c->frame);
	free(c->label);
	free(c->placed);
	lex_close(&c->lex);
}

int
text_part(const char *src, size_t from, size_t to, struct buf *out, struct err *e)
{
	struct encode c = { .e = e };
	size_t before = out->n;

	if (lex_open(&c.lex, src, from, to, e) < 0)
		return -1;
	c.bind = xcalloc(c.lex.nsym + 1, sizeof *c.bind);
	module(&c, out);
	if (c.bad)
		out->n = before;
	free_all(&c);
	return c.bad ? -1 : 0;
}

int
text_module(const char *src, size_t n, struct buf *out, struct err *e)
{
	return text_part(src, 0, n, out, e);
}
