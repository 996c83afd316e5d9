/* SPDX-License-Identifier: Apache-2.0 */
/* word.c -- the arguments of a command as words: between spaces, commas, semicolons and equal
 * signs, unless quoted. */
#include <stdlib.h>

#include "base/arena.h"
#include "layer/api/cmd/cmd.h"

static bool
delimits(WCHAR c)
{
	return c == ' ' || c == '\t' || c == ',' || c == ';' || c == '=' || c == '\n';
}

static void
add(struct words *w, struct wtext *t, bool quoted)
{
	w->p = xrealloc(w->p, (w->n + 1) * sizeof *w->p);
	w->p[w->n++] = (struct word){ wtext_take(t), quoted };
}

struct words
cmd_words_of(const WCHAR *s)
{
	return cmd_words_flags(s, NULL);
}

/* /a/b and /a:x: up to a delimiter or the next slash. */
static const WCHAR *
flag(const WCHAR *s, struct words *flags)
{
	struct wtext t = { 0 };
	bool quoted = false;

	for (s++; *s && (quoted || (!delimits(*s) && *s != '/')); s++) {
		if (*s == '"')
			quoted = !quoted;
		else
			wtext_addc(&t, wtext_upper(*s));
	}
	add(flags, &t, false);
	return s;
}

struct words
cmd_words_flags(const WCHAR *s, struct words *flags)
{
	struct words w = { 0 };

	for (;;) {
		struct wtext t = { 0 };
		bool quoted = false, was = false;
		while (delimits(*s))
			s++;
		if (!*s)
			return w;
		if (*s == '/' && flags) {
			s = flag(s, flags);
			continue;
		}
		for (; *s && (quoted || !delimits(*s)); s++) {
			if (!quoted && *s == '/' && flags && t.n)
				break;
			if (*s == '"')
				quoted = !quoted, was = true;
			else
				wtext_addc(&t, *s);
		}
		add(&w, &t, was);
	}
}

void
cmd_words_free(struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->p[i].text);
	free(w->p);
	*w = (struct words){ 0 };
}

bool
cmd_flag(const struct words *flags, const char *name)
{
	for (size_t i = 0; i < flags->n; i++)
		if (wtext_is(flags->p[i].text, name))
			return true;
	return false;
}
