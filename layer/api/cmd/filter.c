/* SPDX-License-Identifier: Apache-2.0 */
/* filter.c -- find findstr more sort: programs of Windows that batch files count on. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/vec.h"
#include "layer/api/cmd/builtin.h"

/* The lines of a text, without their ends; they point into it. */
static struct vec
lines_of(WCHAR *text)
{
	struct vec v = { 0 };

	while (*text) {
		WCHAR *end = text;
		while (*end && *end != '\n')
			end++;
		vec_push(&v, text);
		text = *end ? end + 1 : end;
		if (*end)
			*end = 0;
		if (end > (WCHAR *)v.p[v.n - 1] && end[-1] == '\r')
			end[-1] = 0;
	}
	return v;
}

static WCHAR *
text_of(struct cmd *c, const WCHAR *name)
{
	if (!name)
		return cmd_read(c->std[0]);
	HANDLE h = kernel32_CreateFileW(name, (DWORD)GENERIC_READ, FILE_SHARE_ALL, NULL,
	                                OPEN_EXISTING, 0, NULL);
	if (h == INVALID_HANDLE_VALUE)
		return NULL;
	WCHAR *text = cmd_read(h);
	kernel32_CloseHandle(h);
	return text;
}

/* Names that match the words, or one NULL for standard input. */
static struct vec
names_of(const struct words *w, size_t from)
{
	struct vec v = { 0 };

	for (size_t i = from; i < w->n; i++) {
		if (!cmd_has_wildcard(w->p[i].text)) {
			vec_push(&v, wtext_dup(w->p[i].text));
			continue;
		}
		struct found f = cmd_find(w->p[i].text, false);
		WCHAR *folder = cmd_folder_of(w->p[i].text);
		for (size_t k = 0; k < f.n; k++)
			if (!(f.p[k].dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY))
				vec_push(&v, cmd_join(folder, f.p[k].cFileName));
		free(folder);
		free(f.p);
	}
	if (w->n <= from)
		vec_push(&v, NULL);
	return v;
}

static void
free_names(struct vec *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->p[i]);
	vec_free(v);
}

static const WCHAR *
inside(const WCHAR *line, const WCHAR *what, bool fold)
{
	size_t n = wtext_len(what);

	for (;; line++) {
		size_t i = 0;
		while (i < n && line[i] &&
		       (fold ? wtext_upper(line[i]) == wtext_upper(what[i]) : line[i] == what[i]))
			i++;
		if (i == n)
			return line;
		if (!*line)
			return NULL;
	}
}

/* -- find ------------------------------------------------------------------------------ */

static int64_t
find_in(struct cmd *c, const WCHAR *what, const WCHAR *name, WCHAR *text, const struct words *flags)
{
	struct vec lines = lines_of(text);
	struct wtext out = { 0 };
	bool count = cmd_flag(flags, "C"), number = cmd_flag(flags, "N");
	int64_t found = 0;

	if (name) {
		WCHAR *upper = wtext_dup(name);
		for (WCHAR *p = upper; *p; p++)
			*p = wtext_upper(*p);
		wtext_ascii(&out, "\r\n---------- ");
		wtext_add(&out, upper);
		wtext_ascii(&out, count ? ": " : "\r\n");
		free(upper);
	}
	for (size_t i = 0; i < lines.n; i++) {
		bool is = *what && inside(lines.p[i], what, cmd_flag(flags, "I"));
		if (is == cmd_flag(flags, "V"))
			continue;
		found++;
		if (count)
			continue;
		if (number) {
			wtext_addc(&out, '[');
			wtext_number(&out, (int64_t)i + 1);
			wtext_addc(&out, ']');
		}
		wtext_add(&out, lines.p[i]);
		wtext_ascii(&out, "\r\n");
	}
	if (count) {
		wtext_number(&out, found);
		wtext_ascii(&out, "\r\n");
	}
	cmd_out(c, wtext_of(&out));
	wtext_free(&out);
	vec_free(&lines);
	return found;
}

int32_t
builtin_find(struct cmd *c, const WCHAR *args)
{
	struct words flags = { 0 }, w = cmd_words_flags(args, &flags);
	int64_t found = 0;
	int32_t code = 0;

	if (!w.n || !w.p[0].quoted) {
		cmd_fail(c, "FIND: Parameter format not correct");
		code = 2;
	} else {
		struct vec names = names_of(&w, 1);
		for (size_t i = 0; i < names.n; i++) {
			WCHAR *text = text_of(c, names.p[i]);
			if (text) {
				found += find_in(c, w.p[0].text, names.p[i], text, &flags);
			} else {
				struct wtext t = { 0 };
				wtext_ascii(&t, "File not found - ");
				wtext_add(&t, names.p[i]);
				wtext_ascii(&t, "\r\n");
				cmd_write(c, c->std[2], t.p, t.n);
				wtext_free(&t);
			}
			free(text);
		}
		free_names(&names);
		code = found == 0;
	}
	cmd_words_free(&w);
	cmd_words_free(&flags);
	return code;
}

/* -- findstr ---------------------------------------------------------------------------- */

struct finder {
	bool fold, literal, begin, end, whole;
	struct vec patterns; /* own: of WCHAR * */
};

/* One element of a pattern at *p: does it match c?  *p moves behind it. */
static bool
element(const WCHAR **p, WCHAR c, bool fold)
{
	const WCHAR *s = *p;
	bool is = false, not ;

	if (*s == '\\' && s[1]) {
		*p = s + 2;
		return c && (fold ? wtext_upper(c) == wtext_upper(s[1]) : c == s[1]);
	}
	if (*s == '.') {
		*p = s + 1;
		return c;
	}
	if (*s != '[' || !wtext_chr(s + 1, ']')) {
		*p = s + 1;
		return c && (fold ? wtext_upper(c) == wtext_upper(*s) : c == *s);
	}
	s++;
	not = *s == '^';
	s += not ;
	for (bool first = true; *s && (*s != ']' || first); first = false) {
		WCHAR from = *s, to = *s;
		if (s[1] == '-' && s[2] && s[2] != ']') {
			to = s[2];
			s += 2;
		}
		s++;
		is |= c >= from && c <= to;
		if (fold)
			is |= (wtext_upper(c) >= from && wtext_upper(c) <= to) ||
			      (c >= 'A' && c <= 'Z' && c + 32 >= from && c + 32 <= to);
	}
	*p = *s ? s + 1 : s;
	return c && is != not ;
}

static bool
is_word(WCHAR c)
{
	return (c >= '0' && c <= '9') || (wtext_upper(c) >= 'A' && wtext_upper(c) <= 'Z') ||
	       c == '_';
}

/* Does the pattern match here? */
static bool
matches(const WCHAR *p, const WCHAR *start, const WCHAR *s, bool fold, int depth)
{
	while (*p) {
		const WCHAR *next = p;
		if (*p == '$' && !p[1])
			return !*s;
		if (p[0] == '\\' && (p[1] == '<' || p[1] == '>')) {
			bool before = s > start && is_word(s[-1]), after = is_word(*s);
			if (p[1] == '<' ? before || !after : !before || after)
				return false;
			p += 2;
			continue;
		}
		bool is = element(&next, *s, fold);
		if (*next == '*') {
			const WCHAR *t = s;
			for (const WCHAR *e = p; *t && (e = p, element(&e, *t, fold)); t++)
				;
			for (; depth < 64; t--) {
				if (matches(next + 1, start, t, fold, depth + 1))
					return true;
				if (t == s)
					return false;
			}
			return false;
		}
		if (!is)
			return false;
		p = next;
		s++;
	}
	return true;
}

static bool
line_matches(const struct finder *f, const WCHAR *line)
{
	for (size_t i = 0; i < f->patterns.n; i++) {
		const WCHAR *p = f->patterns.p[i];
		size_t n = wtext_len(p), len = wtext_len(line);
		if (f->literal) {
			const WCHAR *at = inside(line, p, f->fold);
			if (f->whole || (f->begin && f->end))
				at = at == line && len == n ? at : NULL;
			else if (f->begin)
				at = at == line ? at : NULL;
			else if (f->end)
				at = len >= n ? inside(line + len - n, p, f->fold) : NULL;
			if (at)
				return true;
			continue;
		}
		bool anchored = *p == '^';
		struct wtext own = { 0 };
		wtext_add(&own, p + anchored);
		if ((f->end || f->whole) && !(n && p[n - 1] == '$'))
			wtext_addc(&own, '$');
		anchored |= f->begin || f->whole;
		bool is = false;
		for (const WCHAR *s = line;; s++) {
			is = matches(wtext_of(&own), line, s, f->fold, 0);
			if (is || anchored || !*s)
				break;
		}
		wtext_free(&own);
		if (is)
			return true;
	}
	return false;
}

/* Is it an expression?  Without /l or /r, special characters decide. */
static bool
special(const WCHAR *s)
{
	for (; *s; s++)
		if (wtext_chr(u".*[]^$\\", *s))
			return true;
	return false;
}

struct search {
	struct cmd *c;
	struct finder f;
	bool invert, number, names_only, with_name, offset, files_below;
	bool found;
};

static void
search_file(struct search *s, const WCHAR *name)
{
	WCHAR *text = text_of(s->c, name);
	struct wtext out = { 0 };

	if (!text) {
		wtext_ascii(&out, "FINDSTR: Cannot open ");
		wtext_add(&out, name);
		wtext_ascii(&out, "\r\n");
		cmd_write(s->c, s->c->std[2], out.p, out.n);
		wtext_free(&out);
		return;
	}
	struct vec lines = lines_of(text);
	for (size_t i = 0; i < lines.n; i++) {
		if (line_matches(&s->f, lines.p[i]) == s->invert)
			continue;
		s->found = true;
		if (s->names_only) {
			wtext_add(&out, name ? name : u"");
			wtext_ascii(&out, "\r\n");
			break;
		}
		if (s->with_name && name) {
			wtext_add(&out, name);
			wtext_addc(&out, ':');
		}
		if (s->number) {
			wtext_number(&out, (int64_t)i + 1);
			wtext_addc(&out, ':');
		}
		wtext_add(&out, lines.p[i]);
		wtext_ascii(&out, "\r\n");
	}
	cmd_out(s->c, wtext_of(&out));
	wtext_free(&out);
	vec_free(&lines);
	free(text);
}

static void
search_tree(struct search *s, const WCHAR *folder, const WCHAR *pattern, int depth)
{
	WCHAR *names = *folder ? cmd_join(folder, u"*") : wtext_dup(u"*");
	struct found f = cmd_find(names, false);

	for (size_t i = 0; i < f.n; i++) {
		WCHAR *name =
		        *folder ? cmd_join(folder, f.p[i].cFileName) : wtext_dup(f.p[i].cFileName);
		if (!(f.p[i].dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)) {
			if (wtext_match(pattern, f.p[i].cFileName))
				search_file(s, name);
		} else if (depth < CMD_DEEPEST) {
			search_tree(s, name, pattern, depth + 1);
		}
		free(name);
	}
	free(f.p);
	free(names);
}

/* A list of words, each a pattern. */
static void
add_patterns(struct finder *f, const WCHAR *text)
{
	while (*text) {
		size_t n = 0;
		while (*text == ' ')
			text++;
		while (text[n] && text[n] != ' ')
			n++;
		if (n)
			vec_push(&f->patterns, wtext_dupn(text, n));
		text += n;
	}
}

/* /c: and /g: keep their case, so flags are read from the line once more. */
static void
finder_of(struct search *s, const struct words *w, size_t *used)
{
	bool literal = false, regular = false, any = false;

	for (*used = 0; *used < w->n && *w->p[*used].text == '/'; ++*used) {
		const WCHAR *t = w->p[*used].text + 1;
		if (wtext_nicmp(t, u"c:", 2) == 0) {
			vec_push(&s->f.patterns, wtext_dup(t + 2));
			any = true;
			literal |= !regular && !special(t + 2);
			continue;
		}
		if (wtext_nicmp(t, u"g:", 2) == 0) {
			WCHAR *text = text_of(s->c, wtext_is(t + 2, "/") ? NULL : t + 2);
			struct vec lines = { 0 };
			if (text)
				lines = lines_of(text);
			for (size_t i = 0; i < lines.n; i++)
				vec_push(&s->f.patterns, wtext_dup(lines.p[i]));
			vec_free(&lines);
			free(text);
			any = true;
			continue;
		}
		for (; *t; t++) {
			switch (wtext_upper(*t)) {
			case 'B': s->f.begin = true; break;
			case 'E': s->f.end = true; break;
			case 'X': s->f.whole = true; break;
			case 'I': s->f.fold = true; break;
			case 'L': literal = true; break;
			case 'R': regular = true; break;
			case 'V': s->invert = true; break;
			case 'N': s->number = true; break;
			case 'M': s->names_only = true; break;
			case 'S': s->files_below = true; break;
			default: break;
			}
		}
	}
	if (!any && *used < w->n) {
		const WCHAR *text = w->p[*used].text;
		add_patterns(&s->f, text);
		literal |= !regular && !special(text);
		++*used;
	}
	s->f.literal = literal && !regular;
}

int32_t
builtin_findstr(struct cmd *c, const WCHAR *args)
{
	struct words w = cmd_words_of(args);
	struct search s = { .c = c };
	size_t used;
	int32_t code;

	finder_of(&s, &w, &used);
	if (!s.f.patterns.n) {
		cmd_fail(c, "FINDSTR: Bad command line");
		code = 2;
	} else {
		struct vec names = s.files_below ? (struct vec){ 0 } : names_of(&w, used);
		s.with_name = names.n > 1 || s.files_below ||
		              (used < w.n && cmd_has_wildcard(w.p[used].text));
		for (size_t i = 0; i < names.n; i++)
			search_file(&s, names.p[i]);
		for (size_t i = used; s.files_below && i < w.n; i++) {
			WCHAR *folder = cmd_folder_of(w.p[i].text);
			search_tree(&s, folder, cmd_base_of(w.p[i].text), 0);
			free(folder);
		}
		free_names(&names);
		code = !s.found;
	}
	free_names(&s.f.patterns);
	cmd_words_free(&w);
	return code;
}

/* -- more, sort -------------------------------------------------------------------------- */

int32_t
builtin_more(struct cmd *c, const WCHAR *args)
{
	struct words flags = { 0 }, w = cmd_words_flags(args, &flags);
	struct vec names = names_of(&w, 0);
	int32_t code = 0;

	/* Pages are for consoles that somebody looks at: here it all comes at once. */
	for (size_t i = 0; i < names.n; i++) {
		WCHAR *text = text_of(c, names.p[i]);
		if (!text) {
			code = cmd_last(c);
			continue;
		}
		struct vec lines = lines_of(text);
		struct wtext out = { 0 };
		for (size_t k = 0; k < lines.n; k++) {
			wtext_add(&out, lines.p[k]);
			wtext_ascii(&out, "\r\n");
		}
		cmd_out(c, wtext_of(&out));
		wtext_free(&out);
		vec_free(&lines);
		free(text);
	}
	free_names(&names);
	cmd_words_free(&w);
	cmd_words_free(&flags);
	return code;
}

static int
by_text(const void *a, const void *b)
{
	const WCHAR *const *x = a, *const *y = b;

	return wtext_icmp(*x, *y);
}

int32_t
builtin_sort(struct cmd *c, const WCHAR *args)
{
	struct words flags = { 0 }, w = cmd_words_flags(args, &flags);
	WCHAR *text = text_of(c, w.n ? w.p[0].text : NULL);
	int32_t code = 0;

	if (!text) {
		code = cmd_last(c);
	} else {
		struct vec lines = lines_of(text);
		struct wtext out = { 0 };
		bool back = cmd_flag(&flags, "R") || cmd_flag(&flags, "REVERSE");
		if (lines.n)
			qsort(lines.p, lines.n, sizeof *lines.p, by_text);
		for (size_t i = 0; i < lines.n; i++) {
			wtext_add(&out, lines.p[back ? lines.n - 1 - i : i]);
			wtext_ascii(&out, "\r\n");
		}
		cmd_out(c, wtext_of(&out));
		wtext_free(&out);
		vec_free(&lines);
		free(text);
	}
	cmd_words_free(&w);
	cmd_words_free(&flags);
	return code;
}
