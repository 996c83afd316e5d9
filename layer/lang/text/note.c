/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations (appendix A.7 of the Core specification, and the branch hints of the
 * tool conventions): @custom, @name, @metadata.code.branch_hint. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layer/lang/text/encode.h"

/* The first annotation before a token, or behind it. */
static uint32_t
first_at(const struct encode *c, uint32_t token)
{
	uint32_t low = 0, high = c->lex.nnote;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (c->lex.note[mid].token < token)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool
note_at(const struct encode *c, uint32_t i, uint32_t token)
{
	return i < c->lex.nnote && c->lex.note[i].token == token;
}

static void
wrong(struct encode *c, const struct annotation *a, const char *name, const char *what)
{
	char text[128];

	snprintf(text, sizeof text, "@%s annotation: %s", name, what);
	encode_fail_at(c, a->at, text);
}

/* -- names -------------------------------------------------------------------- */

static struct symbol
name_of(struct encode *c, const struct annotation *a)
{
	struct symbol s = { 0 };
	struct buf b = { 0 };
	struct lex l;

	if (lex_open(&l, c->lex.src, a->from, a->to, c->e) < 0)
		return s;
	if (l.ntok != 2 || l.tok[0].kind != TOK_STRING) {
		wrong(c, a, "name", "unexpected token");
	} else {
		lex_string(&l, &l.tok[0], &b);
		char *copy = arena_alloc(c->lex.arena, b.n + 1);
		if (b.n)
			memcpy(copy, b.p, b.n);
		s = (struct symbol){ copy, (uint32_t)b.n };
		if (!lex_utf8(b.p, b.n))
			wrong(c, a, "name", "malformed UTF-8 encoding");
	}
	buf_free(&b);
	lex_close(&l);
	return s;
}

struct symbol
encode_note_name(struct encode *c, const char *kind)
{
	struct symbol s = { 0 };

	if (!c->lex.nnote || c->bad)
		return s;
	uint32_t token = c->pos;
	for (uint32_t i = first_at(c, token); note_at(c, i, token) && !c->bad; i++) {
		struct annotation *a = &c->lex.note[i];
		if (a->note != NOTE_NAME || a->used)
			continue;
		a->used = true;
		if (s.p) {
			char text[64];
			snprintf(text, sizeof text, "multiple %s", kind);
			wrong(c, a, "name", text);
		} else {
			s = name_of(c, a);
		}
	}
	return s;
}

/* -- custom sections --------------------------------------------------------------- */

static int
section_of(const struct token *t)
{
	static const struct {
		uint16_t word, section;
	} words[] = {
		{ WORD_first, SECTION_FIRST },   { WORD_last, SECTION_LAST },
		{ WORD_type, SECTION_TYPE },     { WORD_import, SECTION_IMPORT },
		{ WORD_func, SECTION_FUNC },     { WORD_table, SECTION_TABLE },
		{ WORD_memory, SECTION_MEMORY }, { WORD_global, SECTION_GLOBAL },
		{ WORD_export, SECTION_EXPORT }, { WORD_start, SECTION_START },
		{ WORD_elem, SECTION_ELEM },     { WORD_code, SECTION_CODE },
		{ WORD_data, SECTION_DATA },     { WORD_datacount, SECTION_DATACOUNT },
		{ WORD_tag, SECTION_TAG },
	};

	if (t->kind == TOK_WORD)
		for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
			if (words[i].word == t->word)
				return words[i].section;
	return -1;
}

/* (before SECTION) or (after SECTION), behind its "("; what is wrong, or NULL. */
static const char *
place(const struct token **t, struct placed *p)
{
	int section;

	if ((*t)->kind != TOK_WORD || ((*t)->word != WORD_before && (*t)->word != WORD_after))
		return "malformed placement";
	p->after = (*t)->word == WORD_after;
	++*t;
	section = section_of(*t);
	if (section < 0 || section == (p->after ? SECTION_FIRST : SECTION_LAST))
		return "malformed section kind";
	p->where = (uint8_t)section;
	++*t;
	if ((*t)->kind != TOK_RPAR)
		return "unexpected token";
	++*t;
	return NULL;
}

/* What an annotation holds; what is wrong with it, or NULL. */
static const char *
custom(struct encode *c, const struct lex *l, struct placed *p)
{
	const struct token *t = l->tok;
	const char *bad = NULL;
	struct buf name = { 0 };

	if (t->kind != TOK_STRING)
		return "missing section name";
	lex_string(l, t++, &name);
	if (!lex_utf8(name.p, name.n))
		bad = "malformed UTF-8 encoding";
	buf_uleb(&c->custom, name.n);
	buf_put(&c->custom, name.p, name.n);
	buf_free(&name);
	if (!bad && t->kind == TOK_LPAR) {
		t++;
		bad = place(&t, p);
	}
	if (bad)
		return bad;
	for (; t->kind == TOK_STRING; t++)
		lex_string(l, t, &c->custom);
	return t->kind == TOK_EOF ? NULL : "unexpected token";
}

static void
add_custom(struct encode *c, const struct annotation *a)
{
	struct placed p = { .where = SECTION_LAST, .after = true, .at = c->custom.n };
	struct lex l;

	if (lex_open(&l, c->lex.src, a->from, a->to, c->e) < 0)
		return;
	const char *bad = custom(c, &l, &p);
	lex_close(&l);
	if (bad) {
		wrong(c, a, "custom", bad);
		return;
	}
	p.n = c->custom.n - p.at;
	if (c->nplaced == c->placed_cap) {
		c->placed_cap = c->placed_cap ? c->placed_cap * 2 : 8;
		c->placed = xrealloc(c->placed, c->placed_cap * sizeof *c->placed);
	}
	c->placed[c->nplaced++] = p;
}

void
encode_note_custom(struct encode *c)
{
	uint32_t token = c->pos;

	if (!c->lex.nnote)
		return;
	for (uint32_t i = first_at(c, token); note_at(c, i, token) && !c->bad; i++) {
		struct annotation *a = &c->lex.note[i];
		if (a->note != NOTE_CUSTOM)
			continue;
		a->used = true;
		add_custom(c, a);
	}
}

void
encode_placed(const struct encode *c, unsigned where, bool after, struct buf *out)
{
	for (uint32_t i = 0; i < c->nplaced; i++) {
		const struct placed *p = &c->placed[i];
		if (p->where != where || p->after != after)
			continue;
		buf_u8(out, SECTION_CUSTOM);
		buf_uleb(out, p->n);
		buf_put(out, c->custom.p + p->at, p->n);
	}
}

/* -- branch hints ------------------------------------------------------------------- */

static const char hint_name[] = "metadata.code.branch_hint";

static int
hint_value(struct encode *c, const struct annotation *a)
{
	struct buf b = { 0 };
	struct lex l;
	int v = -1;

	if (lex_open(&l, c->lex.src, a->from, a->to, c->e) < 0)
		return -1;
	if (l.ntok == 2 && l.tok[0].kind == TOK_STRING)
		lex_string(&l, &l.tok[0], &b);
	if (b.n == 1 && b.p[0] <= 1)
		v = b.p[0];
	else
		wrong(c, a, hint_name, "malformed hint");
	buf_free(&b);
	lex_close(&l);
	return v;
}

int
encode_note_hint(struct encode *c, uint32_t token, unsigned op)
{
	int hint = -1;

	for (; c->next_hint < c->lex.nnote && !c->bad; c->next_hint++) {
		struct annotation *a = &c->lex.note[c->next_hint];
		if (a->token > token)
			break;
		if (a->token < token || a->note != NOTE_HINT)
			continue;
		a->used = true;
		if (!c->function)
			wrong(c, a, hint_name, "not in a function");
		else if (hint >= 0)
			wrong(c, a, hint_name, "duplicate annotation");
		else if (op != OP_if && op != OP_br_if)
			wrong(c, a, hint_name, "invalid target");
		else
			hint = hint_value(c, a);
	}
	return hint;
}

void
encode_hinted(struct encode *c, int hint)
{
	if (c->out != &c->code)
		return;
	buf_uleb(&c->function_hints, c->code.n);
	buf_u8(&c->function_hints, 1);
	buf_u8(&c->function_hints, (uint8_t)hint);
	c->nfunction_hints++;
}

/* -- ends ---------------------------------------------------------------------------- */

static void
flush(uint32_t index, struct buf *from, uint32_t *n, struct buf *to, uint32_t *entries)
{
	if (*n) {
		buf_uleb(to, index);
		encode_vec(to, *n, from);
		++*entries;
	}
	from->n = 0;
	*n = 0;
}

void
encode_note_function(struct encode *c, uint32_t index)
{
	flush(index, &c->local_names, &c->nlocal_names, &c->named_locals, &c->nnamed_locals);
	flush(index, &c->function_hints, &c->nfunction_hints, &c->hints, &c->nhints);
}

void
encode_note_end(struct encode *c)
{
	for (uint32_t i = 0; i < c->lex.nnote && !c->bad; i++) {
		const struct annotation *a = &c->lex.note[i];
		if (a->used)
			continue;
		switch (a->note) {
		case NOTE_CUSTOM: encode_fail_at(c, a->at, "misplaced @custom annotation"); break;
		case NOTE_NAME: encode_fail_at(c, a->at, "misplaced @name annotation"); break;
		case NOTE_HINT: wrong(c, a, hint_name, "not in a function"); break;
		}
	}
}
