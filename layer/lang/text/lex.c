/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/text/lex.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layer/lang/text/number.h"

static const char *const bad_text[] = {
	[BAD_OPERATOR] = "unknown operator",
	[BAD_CHARACTER] = "illegal character",
	[BAD_UTF8] = "malformed UTF-8 encoding",
	[BAD_STRING] = "unclosed string",
	[BAD_CONTROL] = "illegal control character in string literal",
	[BAD_ESCAPE] = "illegal escape",
	[BAD_COMMENT] = "unclosed comment",
	[BAD_ANNOTATION] = "unclosed annotation",
	[BAD_ANNOTATION_ID] = "empty annotation id",
	[BAD_ID] = "empty identifier",
};

/* A text being cut: raw pieces, before anybody asks what they mean. */
struct cut {
	const char *src;
	size_t i, end;
};

enum raw {
	RAW_EOF,
	RAW_LPAR,
	RAW_RPAR,
	RAW_ATOM,   /* identifier characters only */
	RAW_STRING, /* one string and nothing beside it */
	RAW_ID,     /* $"..." */
	RAW_OTHER,  /* what the grammar reserves */
	RAW_BAD,
};

/* -- characters ------------------------------------------------------------- */

/* Length of the UTF-8 character at p, 0: there is none (Unicode table 3-7). */
static size_t
utf8(const uint8_t *p, const uint8_t *end)
{
	uint8_t low = 0x80, high = 0xbf;
	size_t n;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if ((size_t)(end - p) < n || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

bool
lex_utf8(const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	for (size_t i = 0, k; i < n; i += k) {
		k = utf8(p + i, p + n);
		if (!k)
			return false;
	}
	return true;
}

static size_t
utf8_at(const struct cut *c, size_t i)
{
	return utf8((const uint8_t *)c->src + i, (const uint8_t *)c->src + c->end);
}

static bool
is_idchar(char ch)
{
	return ch > ' ' && ch < 0x7f && !strchr("\"(),;[]{}", ch);
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 32) >= 'a' && (c | 32) <= 'f')
		return (c | 32) - 'a' + 10;
	return -1;
}

/* -- pieces ------------------------------------------------------------------- */

/* Length of the escape at i, a backslash, or 0. */
static size_t
escape(const struct cut *c, size_t i)
{
	size_t k = i + 1;
	uint32_t v = 0;

	if (k >= c->end)
		return 0;
	if (memchr("tnr\"'\\", c->src[k], 6))
		return 2;
	if (hex(c->src[k]) >= 0)
		return k + 1 < c->end && hex(c->src[k + 1]) >= 0 ? 3 : 0;
	if (c->src[k] != 'u' || k + 2 >= c->end || c->src[k + 1] != '{')
		return 0;
	for (k += 2; k < c->end; k++) {
		if (c->src[k] == '_' && hex(c->src[k - 1]) >= 0 && k + 1 < c->end &&
		    hex(c->src[k + 1]) >= 0)
			continue;
		if (hex(c->src[k]) < 0)
			break;
		v = v * 16 + (uint32_t)hex(c->src[k]);
		if (v > 0x10ffff)
			return 0;
	}
	/* 6.3.3: a scalar value, no surrogate */
	if (k >= c->end || c->src[k] != '}' || k == i + 3 || (v >= 0xd800 && v < 0xe000))
		return 0;
	return k + 1 - i;
}

/* A string from the quote at c->i to behind its end.  false: *bad. */
static bool
string(struct cut *c, enum bad *bad)
{
	for (size_t i = c->i + 1; i < c->end;) {
		unsigned char ch = (unsigned char)c->src[i];
		size_t k = 1;
		if (ch == '"') {
			c->i = i + 1;
			return true;
		}
		if (ch == '\n') {
			*bad = BAD_STRING;
			return false;
		}
		if (ch < ' ' || ch == 0x7f) {
			*bad = BAD_CONTROL;
			return false;
		}
		if (ch == '\\' && (k = escape(c, i)) == 0) {
			*bad = i + 1 < c->end ? BAD_ESCAPE : BAD_STRING;
			return false;
		}
		if (ch >= 0x80 && (k = utf8_at(c, i)) == 0) {
			*bad = BAD_UTF8;
			return false;
		}
		i += k;
	}
	*bad = BAD_STRING;
	return false;
}

/* From "(;" to behind its ";)"; comments nest. */
static bool
comment(struct cut *c, enum bad *bad)
{
	size_t depth = 0;

	for (size_t i = c->i; i < c->end;) {
		bool two = i + 1 < c->end;
		size_t k = utf8_at(c, i);
		if (!k) {
			*bad = BAD_UTF8;
			return false;
		}
		if (two && c->src[i] == '(' && c->src[i + 1] == ';') {
			depth++;
			k = 2;
		} else if (two && c->src[i] == ';' && c->src[i + 1] == ')') {
			depth--;
			k = 2;
		}
		i += k;
		if (!depth) {
			c->i = i;
			return true;
		}
	}
	*bad = BAD_COMMENT;
	return false;
}

static bool
line_comment(struct cut *c, enum bad *bad)
{
	while (c->i < c->end && c->src[c->i] != '\n' && c->src[c->i] != '\r') {
		size_t k = utf8_at(c, c->i);
		if (!k) {
			*bad = BAD_UTF8;
			return false;
		}
		c->i += k;
	}
	return true;
}

/* 6.3.4: white space and comments. */
static bool
space(struct cut *c, enum bad *bad)
{
	while (c->i < c->end) {
		char ch = c->src[c->i], next = c->i + 1 < c->end ? c->src[c->i + 1] : '\0';
		if (ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r') {
			c->i++;
		} else if (ch == ';' && next == ';') {
			if (!line_comment(c, bad))
				return false;
		} else if (ch == '(' && next == ';') {
			if (!comment(c, bad))
				return false;
		} else {
			break;
		}
	}
	return true;
}

/* Identifier characters and strings that nothing separates are one piece. */
static enum raw
run(struct cut *c, enum bad *bad)
{
	size_t begin = c->i, strings = 0, chars = 0;

	while (c->i < c->end) {
		if (is_idchar(c->src[c->i])) {
			c->i++;
			chars++;
		} else if (c->src[c->i] == '"') {
			size_t at = c->i;
			if (!string(c, bad)) {
				if (at == begin + 1 && c->src[begin] == '$' && *bad != BAD_UTF8)
					*bad = BAD_ID;
				return RAW_BAD;
			}
			strings++;
		} else {
			break;
		}
	}
	if (!strings)
		return RAW_ATOM;
	if (strings == 1 && !chars)
		return RAW_STRING;
	if (strings == 1 && chars == 1 && c->src[begin] == '$')
		return RAW_ID;
	return RAW_OTHER;
}

/* The next piece, from *at to c->i. */
static enum raw
cut(struct cut *c, size_t *at, enum bad *bad)
{
	bool ok = space(c, bad);

	*at = c->i;
	if (!ok)
		return RAW_BAD;
	if (c->i >= c->end)
		return RAW_EOF;
	char ch = c->src[c->i];
	if (ch == '"' || is_idchar(ch))
		return run(c, bad);
	if (utf8_at(c, c->i) != 1) {
		*bad = utf8_at(c, c->i) ? BAD_CHARACTER : BAD_UTF8;
		return RAW_BAD;
	}
	c->i++;
	if (ch == '(')
		return RAW_LPAR;
	if (ch == ')')
		return RAW_RPAR;
	if (ch > ' ' && ch < 0x7f)
		return RAW_OTHER;
	*bad = BAD_CHARACTER;
	return RAW_BAD;
}

/* -- tokens -------------------------------------------------------------------- */

static struct token *
add(struct lex *l, enum tok kind, size_t at, size_t v)
{
	if (l->ntok == l->tok_cap) {
		l->tok_cap = l->tok_cap ? l->tok_cap * 2 : 64;
		l->tok = xrealloc(l->tok, (size_t)l->tok_cap * sizeof *l->tok);
	}
	struct token *t = &l->tok[l->ntok++];
	*t = (struct token){ .at = (uint32_t)at, .v = (uint32_t)v, .kind = (uint8_t)kind };
	return t;
}

static void
add_bad(struct lex *l, enum bad why, size_t at, size_t n)
{
	add(l, TOK_BAD, at, n)->word = (uint16_t)why;
}

static uint64_t
hash(const char *p, size_t n)
{
	uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a */

	for (size_t i = 0; i < n; i++)
		h = (h ^ (uint8_t)p[i]) * UINT64_C(1099511628211);
	return h ^ h >> 32;
}

static void
put_slot(struct lex *l, uint32_t symbol)
{
	uint64_t i = hash(l->sym[symbol].p, l->sym[symbol].n);

	while (l->slot[i & (l->nslot - 1)])
		i++;
	l->slot[i & (l->nslot - 1)] = symbol + 1;
}

/* The number of a name; `keep` when p does not outlive l. */
static uint32_t
symbol(struct lex *l, const char *p, size_t n, bool keep)
{
	if (l->nsym * 2 >= l->nslot) {
		free(l->slot);
		l->nslot = l->nslot ? l->nslot * 2 : 64;
		l->slot = xcalloc(l->nslot, sizeof *l->slot);
		for (uint32_t k = 0; k < l->nsym; k++)
			put_slot(l, k);
	}
	for (uint64_t i = hash(p, n);; i++) {
		uint32_t s = l->slot[i & (l->nslot - 1)];
		if (!s)
			break;
		if (l->sym[s - 1].n == n && memcmp(l->sym[s - 1].p, p, n) == 0)
			return s - 1;
	}
	if (l->nsym == l->sym_cap) {
		l->sym_cap = l->sym_cap ? l->sym_cap * 2 : 64;
		l->sym = xrealloc(l->sym, l->sym_cap * sizeof *l->sym);
	}
	if (keep) {
		char *copy = arena_alloc(l->arena, n ? n : 1);
		memcpy(copy, p, n);
		p = copy;
	}
	l->sym[l->nsym] = (struct symbol){ p, (uint32_t)n };
	put_slot(l, l->nsym);
	return l->nsym++;
}

static void
add_id(struct lex *l, size_t at, size_t end, bool quoted)
{
	if (!quoted) {
		if (end == at + 1)
			add_bad(l, BAD_ID, at, 1);
		else
			add(l, TOK_ID, at, symbol(l, l->src + at + 1, end - at - 1, false));
		return;
	}
	struct buf b = { 0 };
	lex_string(l, &(struct token){ .at = (uint32_t)at + 1, .v = (uint32_t)(end - at - 1) }, &b);
	if (!b.n)
		add_bad(l, BAD_ID, at, end - at);
	else if (!lex_utf8(b.p, b.n))
		add_bad(l, BAD_UTF8, at, end - at);
	else
		add(l, TOK_ID, at, symbol(l, (const char *)b.p, b.n, true));
	buf_free(&b);
}

static void
add_atom(struct lex *l, size_t at, size_t end)
{
	static const enum tok kinds[] = { TOK_BAD, TOK_NAT, TOK_INT, TOK_FLOAT };
	const char *p = l->src + at;
	size_t n = end - at;
	int word;

	if (p[0] == '$') {
		add_id(l, at, end, false);
	} else if ((word = word_find(p, n)) >= 0) {
		add(l, TOK_WORD, at, n)->word = (uint16_t)word;
	} else if (n > 7 && memcmp(p, "offset=", 7) == 0 &&
	           number_kind(p + 7, n - 7) == NUMBER_NAT) {
		add(l, TOK_OFFSET, at, n);
	} else if (n > 6 && memcmp(p, "align=", 6) == 0 &&
	           number_kind(p + 6, n - 6) == NUMBER_NAT) {
		add(l, TOK_ALIGN, at, n);
	} else if (number_kind(p, n) != NUMBER_NONE) {
		add(l, kinds[number_kind(p, n)], at, n);
	} else {
		add_bad(l, BAD_OPERATOR, at, n);
	}
}

/* -- annotations ----------------------------------------------------------------- */

static bool
names(const char *p, size_t n, const char *text)
{
	return n == strlen(text) && memcmp(p, text, n) == 0;
}

static void
add_note(struct lex *l, const char *id, size_t n, size_t at, size_t from, size_t to)
{
	enum note note;

	if (names(id, n, "custom"))
		note = NOTE_CUSTOM;
	else if (names(id, n, "name"))
		note = NOTE_NAME;
	else if (names(id, n, "metadata.code.branch_hint"))
		note = NOTE_HINT;
	else
		return;
	if (l->nnote == l->note_cap) {
		l->note_cap = l->note_cap ? l->note_cap * 2 : 16;
		l->note = xrealloc(l->note, l->note_cap * sizeof *l->note);
	}
	l->note[l->nnote++] = (struct annotation){ .note = note,
		                                   .at = (uint32_t)at,
		                                   .from = (uint32_t)from,
		                                   .to = (uint32_t)to,
		                                   .token = l->ntok };
}

/* The name behind "(@", at c->i: identifier characters or a string.  false: a
 * wrong token was added. */
static bool
note_id(struct lex *l, struct cut *c, struct buf *id)
{
	size_t at = c->i;
	enum bad bad = BAD_ANNOTATION_ID;

	if (c->i < c->end && c->src[c->i] == '"') {
		if (!string(c, &bad)) {
			add_bad(l, bad == BAD_UTF8 ? bad : BAD_ANNOTATION_ID, at, 1);
			return false;
		}
		lex_string(l, &(struct token){ .at = (uint32_t)at, .v = (uint32_t)(c->i - at) },
		           id);
		if (!lex_utf8(id->p, id->n)) {
			add_bad(l, BAD_UTF8, at, c->i - at);
			return false;
		}
	} else {
		while (c->i < c->end && is_idchar(c->src[c->i]))
			c->i++;
		buf_put(id, c->src + at, c->i - at);
	}
	if (!id->n)
		add_bad(l, BAD_ANNOTATION_ID, at, 1);
	return id->n != 0;
}

/* 6.3.5: from behind "(@" to behind its ")".  Inside anything goes that is a token. */
static bool
annotation(struct lex *l, struct cut *c, size_t begin)
{
	struct buf id = { 0 };
	size_t from, at = begin, depth = 1;
	enum bad bad = BAD_ANNOTATION;

	if (!note_id(l, c, &id)) {
		buf_free(&id);
		return false;
	}
	from = c->i;
	while (depth) {
		enum raw r = cut(c, &at, &bad);
		if (r == RAW_BAD || r == RAW_EOF) {
			buf_free(&id);
			add_bad(l, r == RAW_BAD ? bad : BAD_ANNOTATION, r == RAW_BAD ? at : begin,
			        1);
			return false;
		}
		depth += r == RAW_LPAR;
		depth -= r == RAW_RPAR;
	}
	add_note(l, (const char *)id.p, id.n, begin, from, at);
	buf_free(&id);
	return true;
}

/* -- all of it ---------------------------------------------------------------------- */

/* Add one token; false at the end, or where it makes no sense to go on. */
static bool
step(struct lex *l, struct cut *c)
{
	size_t at;
	enum bad bad = BAD_CHARACTER;

	switch (cut(c, &at, &bad)) {
	case RAW_EOF: return false;
	case RAW_LPAR:
		if (c->i < c->end && c->src[c->i] == '@') {
			c->i++;
			return annotation(l, c, at);
		}
		add(l, TOK_LPAR, at, 0);
		return true;
	case RAW_RPAR: add(l, TOK_RPAR, at, 1); return true;
	case RAW_ATOM: add_atom(l, at, c->i); return true;
	case RAW_STRING: add(l, TOK_STRING, at, c->i - at); return true;
	case RAW_ID: add_id(l, at, c->i, true); return true;
	case RAW_OTHER: add_bad(l, BAD_OPERATOR, at, c->i - at); return true;
	case RAW_BAD: add_bad(l, bad, at, 1); return false;
	}
	return false;
}

/* Each parenthesis finds its other half; what is never closed ends at the end. */
static void
match(struct lex *l)
{
	uint32_t top = UINT32_MAX;

	/* v of one that is open is the one outside it */
	for (uint32_t i = 0; i < l->ntok; i++) {
		struct token *t = &l->tok[i];
		if (t->kind == TOK_LPAR) {
			t->v = top;
			top = i;
		} else if (t->kind == TOK_RPAR && top != UINT32_MAX) {
			uint32_t outer = l->tok[top].v;
			l->tok[top].v = i;
			top = outer;
		}
	}
	while (top != UINT32_MAX) {
		uint32_t outer = l->tok[top].v;
		l->tok[top].v = l->ntok - 1;
		top = outer;
	}
}

int
lex_open(struct lex *l, const char *src, size_t from, size_t to, struct err *e)
{
	struct cut c = { .src = src, .i = from, .end = to };

	*l = (struct lex){ .src = src };
	if (to >= UINT32_MAX)
		return fail(e, EFBIG, "the text is too long at 1:1");
	l->arena = arena_new();
	while (step(l, &c))
		;
	add(l, TOK_EOF, to, 0);
	match(l);
	return 0;
}

void
lex_close(struct lex *l)
{
	arena_free(l->arena);
	free(l->tok);
	free(l->sym);
	free(l->note);
	free(l->slot);
	*l = (struct lex){ 0 };
}

/* -- strings and errors ---------------------------------------------------------------- */

static void
put_utf8(struct buf *out, uint32_t v)
{
	if (v < 0x80) {
		buf_u8(out, (uint8_t)v);
		return;
	}
	if (v < 0x800) {
		buf_u8(out, (uint8_t)(0xc0 | v >> 6));
	} else {
		if (v < 0x10000) {
			buf_u8(out, (uint8_t)(0xe0 | v >> 12));
		} else {
			buf_u8(out, (uint8_t)(0xf0 | v >> 18));
			buf_u8(out, (uint8_t)(0x80 | (v >> 12 & 0x3f)));
		}
		buf_u8(out, (uint8_t)(0x80 | (v >> 6 & 0x3f)));
	}
	buf_u8(out, (uint8_t)(0x80 | (v & 0x3f)));
}

void
lex_string(const struct lex *l, const struct token *t, struct buf *out)
{
	const char *p = l->src + t->at + 1, *end = l->src + t->at + t->v - 1;

	while (p < end) {
		const char *plain = p;
		while (p < end && *p != '\\')
			p++;
		buf_put(out, plain, (size_t)(p - plain));
		if (p == end)
			break;
		p++;
		if (hex(*p) >= 0) {
			buf_u8(out, (uint8_t)(hex(p[0]) * 16 + hex(p[1])));
			p += 2;
		} else if (*p == 'u') {
			uint32_t v = 0;
			for (p += 2; *p != '}'; p++)
				if (*p != '_')
					v = v * 16 + (uint32_t)hex(*p);
			put_utf8(out, v);
			p++;
		} else {
			char ch = *p++;
			buf_u8(out, (uint8_t)(ch == 't'   ? '\t'
			                      : ch == 'n' ? '\n'
			                      : ch == 'r' ? '\r'
			                                  : ch));
		}
	}
}

int
lex_fail_at(const char *src, size_t at, struct err *e, const char *what)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < at; i++) {
		if (src[i] == '\n' || (src[i] == '\r' && (i + 1 == at || src[i + 1] != '\n'))) {
			line++;
			column = 1;
		} else {
			column++;
		}
	}
	return fail(e, EINVAL, "%s at %zu:%zu", what, line, column);
}

int
lex_fail(const struct lex *l, const struct token *t, struct err *e, const char *what)
{
	char text[160];

	if (t->kind != TOK_BAD)
		return lex_fail_at(l->src, t->at, e, what);
	int n = t->word == BAD_OPERATOR ? (int)(t->v < 80 ? t->v : 80) : 0;
	snprintf(text, sizeof text, "%s%s%.*s", bad_text[t->word], n ? " " : "", n, l->src + t->at);
	return lex_fail_at(l->src, t->at, e, text);
}
