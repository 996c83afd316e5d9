/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/cmd/syntax.h"

#include <string.h>

static struct node *sequence(struct parse *p);

static WCHAR
peek(const struct parse *p)
{
	return p->at < p->line.n ? p->line.p[p->at] : 0;
}

static WCHAR
peek2(const struct parse *p)
{
	return p->at + 1 < p->line.n ? p->line.p[p->at + 1] : 0;
}

static bool
more(struct parse *p)
{
	struct wtext line = { 0 };
	bool is = p->more && p->more(p->ctx, &line);

	if (is) {
		wtext_addc(&p->line, '\n');
		wtext_add(&p->line, wtext_of(&line));
	}
	wtext_free(&line);
	return is;
}

static WCHAR *
keep(struct parse *p, struct wtext *t)
{
	size_t n = t->n;
	WCHAR *s = arena_alloc(p->arena, (n + 1) * sizeof *s);

	memcpy(s, wtext_of(t), n * sizeof *s);
	s[n] = 0;
	wtext_free(t);
	return s;
}

static bool
is_space(WCHAR c)
{
	return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == 0xa0;
}

static bool
is_delimiter(WCHAR c)
{
	return is_space(c) || c == ',' || c == ';' || c == '=';
}

static void
skip(struct parse *p)
{
	while (is_delimiter(peek(p)))
		p->at++;
}

static void
skip_space(struct parse *p)
{
	while (is_space(peek(p)))
		p->at++;
}

/* The word that stands here, for a complaint. */
static void *
unexpected(struct parse *p)
{
	struct wtext t = { 0 };

	if (p->failed)
		return NULL;
	p->failed = true;
	skip(p);
	WCHAR c = peek(p);
	if (!c || c == '\n')
		return NULL;
	if (c == '&' || c == '|' || c == '<' || c == '>') {
		wtext_addc(&t, c);
		if (peek2(p) == c)
			wtext_addc(&t, c);
	} else if (c == '(' || c == ')') {
		wtext_addc(&t, c);
	} else {
		while ((c = peek(p)) && c != '\n' && !is_delimiter(c) && !wtext_chr(u"&|<>()", c)) {
			wtext_addc(&t, c);
			p->at++;
		}
	}
	p->unexpected = keep(p, &t);
	return NULL;
}

/* A caret: the next character, whatever it is; at the end of a line the next line's first. */
static void
caret(struct parse *p, struct wtext *out)
{
	p->at++;
	if (!peek(p) && !more(p))
		return;
	if (peek(p) == '\n') {
		p->at++;
		if (!peek(p) && !more(p))
			return;
		if (peek(p) == '\n') {
			wtext_addc(out, '\n');
			p->at++;
			return;
		}
	}
	if (peek(p))
		wtext_addc(out, p->line.p[p->at++]);
}

/* A word that ends at a delimiter, with its quotes. */
static WCHAR *
word(struct parse *p)
{
	struct wtext t = { 0 };
	bool quoted = false;

	skip(p);
	for (WCHAR c; (c = peek(p)) && c != '\n';) {
		if (c == '"')
			quoted = !quoted;
		if (!quoted && (is_delimiter(c) || wtext_chr(u"&|<>", c) || (c == ')' && p->depth)))
			break;
		if (!quoted && c == '^') {
			caret(p, &t);
			continue;
		}
		wtext_addc(&t, c);
		p->at++;
	}
	return keep(p, &t);
}

/* At < or >, which `handle` belongs to. */
static bool
redirect(struct parse *p, int handle, struct redirect ***last)
{
	struct redirect *r = arena_zero(p->arena, sizeof *r);
	WCHAR c = peek(p);

	r->kind = c == '<' ? REDIRECT_READ : REDIRECT_WRITE;
	r->handle = handle >= 0 ? handle : c == '<' ? 0 : 1;
	p->at++;
	if (c == '>' && peek(p) == '>') {
		r->kind = REDIRECT_APPEND;
		p->at++;
	}
	if (peek(p) == '&') {
		p->at++;
		skip(p);
		if (peek(p) < '0' || peek(p) > '9')
			return unexpected(p), false;
		r->kind = REDIRECT_DUP;
		r->of = peek(p) - '0';
		p->at++;
	} else {
		r->target = word(p);
		if (!*r->target)
			return unexpected(p), false;
	}
	**last = r;
	*last = &r->next;
	return true;
}

/* Is there a redirection at this place, perhaps with a digit before it?  *handle: the digit */
static bool
redirects_here(const struct parse *p, int *handle)
{
	WCHAR c = peek(p);

	*handle = -1;
	if (c == '<' || c == '>')
		return true;
	if (c >= '0' && c <= '9' && (peek2(p) == '<' || peek2(p) == '>')) {
		*handle = c - '0';
		return true;
	}
	return false;
}

static bool
redirections(struct parse *p, struct redirect ***last)
{
	int handle;

	for (;;) {
		size_t before = p->at;
		skip(p);
		if (!redirects_here(p, &handle)) {
			p->at = before;
			return true;
		}
		p->at += handle >= 0;
		if (!redirect(p, handle, last))
			return false;
	}
}

static struct node *
new_node(struct parse *p, enum node_kind kind)
{
	struct node *n = arena_zero(p->arena, sizeof *n);

	n->kind = kind;
	return n;
}

static struct node *
simple(struct parse *p, struct redirect *first, struct redirect **last)
{
	struct node *n = new_node(p, NODE_COMMAND);
	struct wtext t = { 0 };
	bool quoted = false, fresh = true; /* fresh: a digit here may be a handle's */
	int handle;

	n->redirects = first;
	if (!first)
		last = &n->redirects;
	for (WCHAR c; (c = peek(p)) && c != '\n';) {
		if (c == '"')
			quoted = !quoted;
		if (!quoted && c == '^') {
			caret(p, &t);
			fresh = false;
			continue;
		}
		if (!quoted && (c == '&' || c == '|' || (c == ')' && p->depth)))
			break;
		if (!quoted && redirects_here(p, &handle) && (handle < 0 || fresh)) {
			p->at += handle >= 0;
			if (!redirect(p, handle, &last)) {
				wtext_free(&t);
				return NULL;
			}
			fresh = true;
			continue;
		}
		fresh = is_delimiter(c);
		wtext_addc(&t, c);
		p->at++;
	}
	n->text = keep(p, &t);
	return n;
}

/* Is the next word this one?  Then it is behind us. */
static bool
keyword(struct parse *p, const char *w)
{
	size_t i = p->at;

	for (; *w; w++, i++)
		if (i >= p->line.n || wtext_upper(p->line.p[i]) != wtext_upper((BYTE)*w))
			return false;
	WCHAR c = i < p->line.n ? p->line.p[i] : 0;
	if (c && c != '\n' && !is_delimiter(c) && c != '(' && c != '/' && c != '"')
		return false;
	p->at = i;
	return true;
}

/* Blank lines and the space before a command of a block. */
static bool
to_command(struct parse *p)
{
	for (;;) {
		while (is_delimiter(peek(p)) || peek(p) == '\n')
			p->at++;
		if (peek(p))
			return true;
		if (!p->depth || !more(p))
			return false;
	}
}

static struct node *
block(struct parse *p)
{
	struct node *n = new_node(p, NODE_BLOCK), *all = NULL, **end = &all;
	struct redirect **last = &n->redirects;

	p->at++;
	p->depth++;
	for (;;) {
		if (!to_command(p)) {
			p->failed = true;
			return NULL;
		}
		if (peek(p) == ')')
			break;
		struct node *one = sequence(p);
		if (p->failed)
			return NULL;
		if (one && *end) {
			struct node *both = new_node(p, NODE_THEN);
			both->left = *end;
			both->right = one;
			*end = both;
			end = &both->right;
		} else if (one) {
			*end = one;
		}
		if (peek(p) && peek(p) != '\n' && peek(p) != ')')
			return unexpected(p);
	}
	p->at++;
	p->depth--;
	n->left = all;
	return redirections(p, &last) ? n : NULL;
}

/* -- if ------------------------------------------------------------------------- */

static bool
comparison(struct parse *p, struct node *n)
{
	static const struct {
		const char *word;
		enum if_kind test;
	} words[] = { { "equ", IF_EQU }, { "neq", IF_NEQ }, { "lss", IF_LSS },
		      { "leq", IF_LEQ }, { "gtr", IF_GTR }, { "geq", IF_GEQ } };

	n->a = word(p);
	skip_space(p);
	if (peek(p) == '=' && peek2(p) == '=') {
		n->test = IF_SAME;
	} else {
		WCHAR *w = word(p);
		size_t i = 0;
		while (i < 6 && !wtext_is(w, words[i].word))
			i++;
		if (i == 6) {
			p->at -= wtext_len(w) < p->at ? wtext_len(w) : p->at;
			return unexpected(p), false;
		}
		n->test = words[i].test;
	}
	n->b = word(p);
	return *n->a && *n->b ? true : (unexpected(p), false);
}

static struct node *
conditional(struct parse *p)
{
	struct node *n = new_node(p, NODE_IF);

	for (skip(p); peek(p) == '/' && wtext_upper(peek2(p)) == 'I'; skip(p)) {
		n->ignore_case = true;
		p->at += 2;
	}
	if (keyword(p, "not"))
		n->not = true;
	for (skip(p); peek(p) == '/' && wtext_upper(peek2(p)) == 'I'; skip(p)) {
		n->ignore_case = true;
		p->at += 2;
	}
	static const struct {
		const char *word;
		enum if_kind test;
	} words[] = { { "exist", IF_EXIST },
		      { "defined", IF_DEFINED },
		      { "errorlevel", IF_ERRORLEVEL },
		      { "cmdextversion", IF_VERSION } };
	size_t i = 0;
	while (i < 4 && !keyword(p, words[i].word))
		i++;
	if (i < 4) {
		n->test = words[i].test;
		n->a = word(p);
		if (!*n->a)
			return unexpected(p);
	} else if (!comparison(p, n)) {
		return NULL;
	}
	n->left = sequence(p);
	if (p->failed || !n->left)
		return p->failed ? NULL : unexpected(p);
	size_t before = p->at;
	skip(p);
	if (n->left->kind == NODE_BLOCK && keyword(p, "else")) {
		n->right = sequence(p);
		if (p->failed || !n->right)
			return p->failed ? NULL : unexpected(p);
	} else {
		p->at = before;
	}
	return n;
}

/* -- for ------------------------------------------------------------------------ */

/* Between the parentheses; line ends are spaces. */
static bool
for_set(struct parse *p, struct node *n)
{
	struct wtext t = { 0 };
	bool quoted = false;

	skip(p);
	if (peek(p) != '(')
		return unexpected(p), false;
	p->at++;
	for (;;) {
		WCHAR c = peek(p);
		if (!c) {
			if (!more(p)) {
				p->failed = true;
				wtext_free(&t);
				return false;
			}
			continue;
		}
		if (c == '\n')
			quoted = false;
		if (c == '"')
			quoted = !quoted;
		if (c == ')' && !quoted)
			break;
		if (c == '^' && !quoted) {
			caret(p, &t);
			continue;
		}
		wtext_addc(&t, c == '\n' ? ' ' : c);
		p->at++;
	}
	p->at++;
	n->set = keep(p, &t);
	return true;
}

static struct node *
loop(struct parse *p)
{
	struct node *n = new_node(p, NODE_FOR);

	for (skip(p); peek(p) == '/'; skip(p)) {
		n->mode = wtext_upper(peek2(p));
		if (!n->mode || !wtext_chr(u"DRLF", n->mode))
			return unexpected(p);
		p->at += 2;
		skip(p);
		if ((n->mode == 'F' || n->mode == 'R') && peek(p) != '%')
			n->options = word(p);
	}
	if (peek(p) != '%' || !peek2(p) || is_delimiter(peek2(p)) || peek2(p) == '%')
		return unexpected(p);
	n->letter = peek2(p);
	p->at += 2;
	if (peek(p) && !is_delimiter(peek(p)) && peek(p) != '\n')
		return unexpected(p);
	skip(p);
	if (!keyword(p, "in") || !for_set(p, n))
		return unexpected(p);
	skip(p);
	if (!keyword(p, "do"))
		return unexpected(p);
	n->left = sequence(p);
	return p->failed ? NULL : n->left ? n : unexpected(p);
}

/* -- operators ------------------------------------------------------------------ */

static struct node *
remark(struct parse *p)
{
	struct node *n = new_node(p, NODE_REM);
	struct wtext t = { 0 };

	for (WCHAR c; (c = peek(p)) && c != '\n'; p->at++)
		wtext_addc(&t, c);
	n->text = keep(p, &t);
	return n;
}

/* One command; NULL: there is none here. */
static struct node *
command(struct parse *p)
{
	struct redirect *first = NULL, **last = &first;
	struct node *n;
	bool silent = false;

	for (skip(p); peek(p) == '@'; skip(p)) {
		silent = true;
		p->at++;
	}
	if (peek(p) == ':') { /* a label, in a block too */
		remark(p);
		return NULL;
	}
	if (!redirections(p, &last))
		return NULL;
	skip(p);
	WCHAR c = peek(p);
	if (!first && (!c || c == '\n' || c == ')'))
		return NULL;
	if (!first && (c == '&' || c == '|'))
		return unexpected(p);
	if (c == '(')
		n = block(p);
	else if (keyword(p, "if"))
		n = conditional(p);
	else if (keyword(p, "for"))
		n = loop(p);
	else if (keyword(p, "rem"))
		n = remark(p);
	else
		n = simple(p, first, last);
	if (!n)
		return NULL;
	n->silent = silent;
	if (first && n->redirects != first) {
		*last = n->redirects;
		n->redirects = first;
	}
	return n;
}

static struct node *
binary(struct parse *p, enum node_kind kind, struct node *left, struct node *right)
{
	if (p->failed)
		return NULL;
	if (!right && kind != NODE_THEN)
		return unexpected(p);
	struct node *n = new_node(p, kind);
	n->left = left;
	n->right = right;
	return n;
}

static struct node *
pipeline(struct parse *p)
{
	struct node *n = command(p);

	if (n && !p->failed)
		skip(p);
	if (n && !p->failed && peek(p) == '|' && peek2(p) != '|') {
		p->at++;
		n = binary(p, NODE_PIPE, n, pipeline(p));
	}
	return n;
}

static struct node *
both(struct parse *p)
{
	struct node *n = pipeline(p);

	while (n && !p->failed && peek(p) == '&' && peek2(p) == '&') {
		p->at += 2;
		n = binary(p, NODE_AND, n, pipeline(p));
	}
	return n;
}

static struct node *
either(struct parse *p)
{
	struct node *n = both(p);

	while (n && !p->failed && peek(p) == '|' && peek2(p) == '|') {
		p->at += 2;
		n = binary(p, NODE_OR, n, both(p));
	}
	return n;
}

static struct node *
sequence(struct parse *p)
{
	struct node *n = either(p);

	while (n && !p->failed && peek(p) == '&' && peek2(p) != '&') {
		p->at++;
		skip(p);
		WCHAR c = peek(p);
		if (!c || c == '\n' || c == ')')
			break;
		n = binary(p, NODE_THEN, n, either(p));
	}
	return n;
}

struct node *
syntax_line(struct parse *p, const WCHAR *line)
{
	p->line.n = 0;
	wtext_add(&p->line, line);
	p->at = 0;
	p->depth = 0;
	p->failed = false;
	p->unexpected = NULL;
	struct node *n = sequence(p);
	if (!p->failed) {
		skip(p);
		/* A closing parenthesis that nothing opened ends the line, as cmd has it. */
		if (!n && peek(p) == ')')
			return NULL;
		if (peek(p) && peek(p) != '\n')
			unexpected(p);
	}
	return p->failed ? NULL : n;
}

void
syntax_free(struct parse *p)
{
	wtext_free(&p->line);
}
