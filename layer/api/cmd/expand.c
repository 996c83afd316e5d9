/* SPDX-License-Identifier: Apache-2.0 */
/* expand.c -- as `help set`, `help call` and `help for` of cmd describe it. */
#include "layer/api/cmd/expand.h"

#include <stdlib.h>

void
expand_unquote(const WCHAR *s, struct wtext *out)
{
	size_t n = wtext_len(s);

	if (n && *s == '"') {
		s++, n--;
		if (n && s[n - 1] == '"')
			n--;
	}
	wtext_addn(out, s, n);
}

/* -- ~modifiers ----------------------------------------------------------------- */

struct modifiers {
	bool any, path, drive, folder, name, extension, attributes, time, size;
	WCHAR *search; /* own: the variable of $PATH: */
};

static bool
is_modifier(WCHAR c)
{
	static const WCHAR letters[] = u"fdpnxsatz";
	return c < 0x80 && c && wtext_chr(letters, c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static void
note(struct modifiers *m, WCHAR c)
{
	m->any = true;
	switch (wtext_upper(c)) {
	case 'F': m->path = m->drive = m->folder = m->name = m->extension = true; break;
	case 'D': m->path = m->drive = true; break;
	case 'P': m->path = m->folder = true; break;
	case 'N': m->path = m->name = true; break;
	case 'X': m->path = m->extension = true; break;
	case 'S': /* names have no short form here */ m->path = true; break;
	case 'A': m->attributes = true; break;
	case 'T': m->time = true; break;
	case 'Z': m->size = true; break;
	default: break;
	}
}

static void
add_word(struct wtext *out, size_t start, WCHAR *word)
{
	if (out->n > start)
		wtext_addc(out, ' ');
	wtext_add(out, word);
	free(word);
}

static void
add_path(const struct modifiers *m, const WCHAR *full, struct wtext *out)
{
	const WCHAR *after = full, *base, *dot, *end = full + wtext_len(full);
	bool all = !m->drive && !m->folder && !m->name && !m->extension;

	if (full[0] && full[1] == ':')
		after = full + 2;
	base = wtext_rchr(after, '\\');
	base = base ? base + 1 : after;
	dot = wtext_rchr(base, '.');
	if (!dot)
		dot = end;
	if (all || m->drive)
		wtext_addn(out, full, (size_t)(after - full));
	if (all || m->folder)
		wtext_addn(out, after, (size_t)(base - after));
	if (all || m->name)
		wtext_addn(out, base, (size_t)(dot - base));
	if (all || m->extension)
		wtext_addn(out, dot, (size_t)(end - dot));
}

static void
apply(const struct expand *x, const struct modifiers *m, const WCHAR *value, struct wtext *out)
{
	struct wtext bare = { 0 };
	WCHAR *full = NULL;
	size_t start = out->n;

	expand_unquote(value, &bare);
	if (!m->any && !m->search) {
		wtext_add(out, wtext_of(&bare));
		wtext_free(&bare);
		return;
	}
	if (m->search)
		full = x->search ? x->search(x->ctx, m->search, wtext_of(&bare)) : NULL;
	else if (bare.n)
		full = x->full ? x->full(x->ctx, wtext_of(&bare)) : wtext_dup(wtext_of(&bare));
	wtext_free(&bare);
	if (!full)
		return;
	for (const char *what = "atz"; x->about && *what; what++) {
		bool wanted = *what == 'a' ? m->attributes : *what == 't' ? m->time : m->size;
		WCHAR *word = wanted ? x->about(x->ctx, full, *what) : NULL;
		if (word)
			add_word(out, start, word);
	}
	if (m->path || (m->search && !m->attributes && !m->time && !m->size)) {
		if (out->n > start)
			wtext_addc(out, ' ');
		add_path(m, full, out);
	}
	free(full);
}

/* At the ~: read the modifiers up to the variable's place.  ends(c) says whether c can be a
 * variable; the longest row of modifiers wins whose next character is one.  NULL: none. */
static const WCHAR *
read_modifiers(const struct expand *x, const WCHAR *s, bool (*ends)(const struct expand *, WCHAR),
               struct modifiers *m)
{
	const WCHAR *best = NULL, *p = s + 1;

	for (;; p++) {
		if (*p && ends(x, *p))
			best = p;
		if (!is_modifier(*p))
			break;
	}
	if (*p == '$') {
		const WCHAR *colon = wtext_chr(p, ':');
		if (colon && colon > p + 1 && colon[1] && ends(x, colon[1])) {
			m->search = wtext_dupn(p + 1, (size_t)(colon - p - 1));
			for (const WCHAR *q = s + 1; q < p; q++)
				note(m, *q);
			return colon + 1;
		}
	}
	if (!best)
		return NULL;
	for (const WCHAR *q = s + 1; q < best; q++)
		note(m, *q);
	return best;
}

/* -- %VAR:a=b% ------------------------------------------------------------------- */

/* A whole number of :~; what is none is 0. */
static long
number(const WCHAR **s)
{
	bool minus = **s == '-';
	long v = 0;

	if (**s == '-' || **s == '+')
		++*s;
	for (; **s >= '0' && **s <= '9'; ++*s)
		if (v < 100000)
			v = v * 10 + (**s - '0');
	return minus ? -v : v;
}

static void
piece(const WCHAR *value, const WCHAR *how, struct wtext *out)
{
	long n = (long)wtext_len(value), from = number(&how), count = n;

	if (from < 0)
		from = n + from < 0 ? 0 : n + from;
	if (from > n)
		from = n;
	if (*how == ',') {
		how++;
		count = number(&how);
		if (count < 0)
			count = n - from + count < 0 ? 0 : n - from + count;
	}
	if (count > n - from)
		count = n - from;
	wtext_addn(out, value + from, (size_t)count);
}

/* a=b, *a=b; how is terminated. */
static void
replace(const WCHAR *value, const WCHAR *how, struct wtext *out)
{
	const WCHAR *equal = *how ? wtext_chr(how + 1, '=') : NULL;
	bool upto = *how == '*';

	if (!equal || (upto && equal == how + 1)) {
		wtext_add(out, value);
		return;
	}
	const WCHAR *what = how + upto, *with = equal + 1;
	size_t n = (size_t)(equal - what);
	for (const WCHAR *p = value; *p;) {
		if (wtext_nicmp(p, what, n) != 0 || wtext_len(p) < n) {
			wtext_addc(out, *p++);
			continue;
		}
		if (upto) {
			wtext_cut(out, out->n - (size_t)(p - value));
			wtext_add(out, with);
			wtext_add(out, p + n);
			return;
		}
		wtext_add(out, with);
		p += n;
	}
}

static void
modified(const WCHAR *value, const WCHAR *how, struct wtext *out)
{
	if (*how == '~')
		piece(value, how + 1, out);
	else
		replace(value, how, out);
}

/* s stands behind the opening mark; where to go on, or NULL: it is no variable. */
static const WCHAR *
variable(const struct expand *x, const WCHAR *s, WCHAR mark, bool keep, struct wtext *out)
{
	const WCHAR *end = s, *close;
	WCHAR *name, *value, *how;

	while (*end && *end != mark && !(x->extensions && *end == ':' && end > s))
		end++;
	if (!*end || end == s)
		return NULL;
	/* %a:% is a variable of the name "a:". */
	if (*end == ':' && end[1] == mark)
		end++;
	name = wtext_dupn(s, (size_t)(end - s));
	value = x->variable(x->ctx, name);
	free(name);
	if (*end == mark) {
		if (!value && keep)
			return NULL;
		wtext_add(out, value);
		free(value);
		return end + 1;
	}
	close = wtext_chr(end, mark);
	if (!value) {
		if (keep)
			return NULL;
		/* A batch file forgets the name and goes on behind the colon. */
		return mark == '!' ? (close ? close + 1 : NULL) : end + 1;
	}
	if (!close) {
		free(value);
		return NULL;
	}
	how = wtext_dupn(end + 1, (size_t)(close - end - 1));
	modified(value, how, out);
	free(how);
	free(value);
	return close + 1;
}

/* -- the three -------------------------------------------------------------------- */

static bool
is_digit(const struct expand *x, WCHAR c)
{
	(void)x;
	return c >= '0' && c <= '9';
}

static bool
is_for(const struct expand *x, WCHAR c)
{
	WCHAR *value = x->of_for(x->ctx, c);
	bool is = value;

	free(value);
	return is;
}

static const WCHAR *
argument(const struct expand *x, const WCHAR *s, struct wtext *out)
{
	struct modifiers m = { 0 };
	WCHAR *value;

	if (*s == '*') {
		value = x->argument(x->ctx, -1);
		wtext_add(out, value);
		free(value);
		return s + 1;
	}
	if (is_digit(x, *s)) {
		value = x->argument(x->ctx, *s - '0');
		wtext_add(out, value);
		free(value);
		return s + 1;
	}
	if (*s != '~' || !x->extensions)
		return NULL;
	const WCHAR *at = read_modifiers(x, s, is_digit, &m);
	if (!at)
		return NULL;
	value = x->argument(x->ctx, *at - '0');
	if (value)
		apply(x, &m, value, out);
	free(value);
	free(m.search);
	return at + 1;
}

void
expand_percent(const struct expand *x, const WCHAR *line, struct wtext *out)
{
	for (const WCHAR *s = line, *next; *s;) {
		if (*s != '%') {
			wtext_addc(out, *s++);
			continue;
		}
		if (x->batch && s[1] == '%') {
			wtext_addc(out, '%');
			s += 2;
		} else if (x->batch && x->argument && (next = argument(x, s + 1, out))) {
			s = next;
		} else if ((next = variable(x, s + 1, '%', !x->batch, out))) {
			s = next;
		} else {
			if (!x->batch)
				wtext_addc(out, '%');
			s++;
		}
	}
}

void
expand_delayed(const struct expand *x, const WCHAR *line, struct wtext *out)
{
	if (!wtext_chr(line, '!')) {
		wtext_add(out, line);
		return;
	}
	for (const WCHAR *s = line, *next; *s;) {
		if (*s == '^') {
			if (*++s)
				wtext_addc(out, *s++);
		} else if (*s != '!') {
			wtext_addc(out, *s++);
		} else {
			next = variable(x, s + 1, '!', false, out);
			s = next ? next : s + 1;
		}
	}
}

void
expand_for(const struct expand *x, const WCHAR *line, struct wtext *out)
{
	for (const WCHAR *s = line; *s;) {
		struct modifiers m = { 0 };
		WCHAR *value = NULL;
		const WCHAR *at = s + 1;
		if (*s == '%' && *at == '~' && x->extensions)
			at = read_modifiers(x, at, is_for, &m);
		if (*s == '%' && at && *at)
			value = x->of_for(x->ctx, *at);
		if (!value) {
			wtext_addc(out, *s++);
		} else if (s[1] == '~' && at > s + 1) {
			apply(x, &m, value, out);
			s = at + 1;
		} else {
			wtext_add(out, value);
			s = at + 1;
		}
		free(value);
		free(m.search);
	}
}
