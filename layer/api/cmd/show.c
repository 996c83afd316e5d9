/* SPDX-License-Identifier: Apache-2.0 */
/* show.c -- a tree as a command line again: for the echo, and for the children that are the
 * two sides of a pipe. */
#include "layer/api/cmd/syntax.h"

/* The special characters of a text were escaped or quoted: they are again. */
static void
escaped(const WCHAR *s, bool escape, struct wtext *out)
{
	bool quoted = false;

	for (; *s; s++) {
		if (*s == '"')
			quoted = !quoted;
		if (escape && !quoted && wtext_chr(u"&|<>()^", *s))
			wtext_addc(out, '^');
		wtext_addc(out, *s);
	}
}

static void
redirects(const struct redirect *r, bool escape, struct wtext *out)
{
	for (; r; r = r->next) {
		if (!escape)
			wtext_addc(out, ' ');
		wtext_addc(out, (WCHAR)('0' + r->handle));
		wtext_ascii(out, r->kind == REDIRECT_READ     ? "<"
		                 : r->kind == REDIRECT_APPEND ? ">>"
		                                              : ">");
		if (r->kind == REDIRECT_DUP) {
			wtext_addc(out, '&');
			wtext_addc(out, (WCHAR)('0' + r->of));
		} else {
			escaped(r->target, escape, out);
		}
		if (escape)
			wtext_addc(out, ' ');
	}
}

static void show(const struct node *n, bool escape, struct wtext *out);

static void
test(const struct node *n, bool escape, struct wtext *out)
{
	static const char *const words[] = { "EXIST ", "DEFINED ", "ERRORLEVEL ", "CMDEXTVERSION ",
		                             " == ",   " EQU ",    " NEQ ",       " LSS ",
		                             " LEQ ",  " GTR ",    " GEQ " };

	wtext_ascii(out, n->ignore_case ? "if /I " : "if ");
	wtext_ascii(out, n->not ? "NOT " : "");
	if (n->test < IF_SAME)
		wtext_ascii(out, words[n->test]);
	escaped(n->a, escape, out);
	if (n->test >= IF_SAME) {
		wtext_ascii(out, words[n->test]);
		escaped(n->b, escape, out);
	}
	wtext_addc(out, ' ');
	show(n->left, escape, out);
	if (n->right) {
		wtext_ascii(out, " else ");
		show(n->right, escape, out);
	}
}

static void
loop(const struct node *n, bool escape, struct wtext *out)
{
	wtext_ascii(out, "for ");
	if (n->mode) {
		wtext_addc(out, '/');
		wtext_addc(out, n->mode);
		wtext_addc(out, ' ');
	}
	if (n->options) {
		wtext_add(out, n->options);
		wtext_addc(out, ' ');
	}
	wtext_addc(out, '%');
	wtext_addc(out, n->letter);
	wtext_ascii(out, " in (");
	escaped(n->set, escape, out);
	wtext_ascii(out, ") do ");
	show(n->left, escape, out);
}

/* The lines of a block: a remark ends with its line. */
static void
rows(const struct node *n, bool escape, struct wtext *out)
{
	for (; n && n->kind == NODE_THEN && n->right; n = n->right) {
		show(n->left, escape, out);
		wtext_addc(out, '\n');
	}
	show(n, escape, out);
}

static void
show(const struct node *n, bool escape, struct wtext *out)
{
	if (!n)
		return;
	if (n->silent)
		wtext_addc(out, '@');
	/* A word behind the command could take the handle's digit for its own. */
	bool before = escape && n->kind == NODE_COMMAND;
	if (before)
		redirects(n->redirects, escape, out);
	switch (n->kind) {
	case NODE_COMMAND: escaped(n->text, escape, out); break;
	case NODE_REM:
		wtext_ascii(out, "rem");
		wtext_add(out, n->text);
		break;
	case NODE_BLOCK:
		wtext_addc(out, '(');
		rows(n->left, escape, out);
		wtext_addc(out, ')');
		break;
	case NODE_IF: test(n, escape, out); break;
	case NODE_FOR: loop(n, escape, out); break;
	default:
		show(n->left, escape, out);
		wtext_ascii(out, n->kind == NODE_THEN  ? "&"
		                 : n->kind == NODE_AND ? "&&"
		                 : n->kind == NODE_OR  ? "||"
		                                       : "|");
		show(n->right, escape, out);
	}
	if (!before)
		redirects(n->redirects, escape, out);
}

void
syntax_text(const struct node *n, struct wtext *out)
{
	show(n, true, out);
}

void
syntax_show(const struct node *n, struct wtext *out)
{
	show(n, false, out);
}
