/* SPDX-License-Identifier: Apache-2.0 */
/* for.c -- the loops of cmd: over words and files, folders (/d), trees (/r), numbers (/l), and
 * over the lines of files, texts and the output of commands (/f). */
#include <stdlib.h>

#include "base/arena.h"
#include "layer/api/cmd/cmd.h"

/* Run the body with a value; false: leave the loop. */
static bool
once(struct cmd *c, const struct node *n, const WCHAR *value)
{
	WCHAR *before = c->letters[n->letter];

	c->letters[n->letter] = wtext_dup(value);
	cmd_run(c, n->left);
	free(c->letters[n->letter]);
	c->letters[n->letter] = before;
	return !c->jump;
}

/* The words of a set keep their quotes. */
static WCHAR *
next_word(const WCHAR **s)
{
	struct wtext t = { 0 };
	bool quoted = false;

	while (**s && wtext_chr(u" \t,;=\n", **s))
		++*s;
	if (!**s)
		return NULL;
	for (; **s && (quoted || !wtext_chr(u" \t,;=\n", **s)); ++*s) {
		if (**s == '"')
			quoted = !quoted;
		wtext_addc(&t, **s);
	}
	return wtext_take(&t);
}

static bool
files(struct cmd *c, const struct node *n, const WCHAR *pattern, bool folders)
{
	struct found f = cmd_find(pattern, false);
	WCHAR *folder = cmd_folder_of(pattern);
	bool on = true;

	for (size_t i = 0; i < f.n && on; i++) {
		DWORD a = f.p[i].dwFileAttributes;
		if ((a & FILE_ATTRIBUTE_DIRECTORY) != (folders ? FILE_ATTRIBUTE_DIRECTORY : 0u) ||
		    a & FILE_ATTRIBUTE_HIDDEN)
			continue;
		WCHAR *name =
		        *folder ? cmd_join(folder, f.p[i].cFileName) : wtext_dup(f.p[i].cFileName);
		on = once(c, n, name);
		free(name);
	}
	free(folder);
	free(f.p);
	return on;
}

static void
words(struct cmd *c, const struct node *n, const WCHAR *set, bool folders)
{
	WCHAR *w;
	bool on = true;

	for (const WCHAR *s = set; on && (w = next_word(&s)); free(w)) {
		if (cmd_has_wildcard(w)) {
			struct wtext bare = { 0 };
			expand_unquote(w, &bare);
			on = files(c, n, wtext_of(&bare), folders);
			wtext_free(&bare);
		} else {
			on = once(c, n, w);
		}
	}
}

/* A folder and all below it: each word of the set in each. */
static bool
tree(struct cmd *c, const struct node *n, const WCHAR *folder, const WCHAR *set, int depth)
{
	WCHAR *w, *all = cmd_join(folder, u"*");
	bool on = true;

	for (const WCHAR *s = set; on && (w = next_word(&s)); free(w)) {
		struct wtext bare = { 0 };
		expand_unquote(w, &bare);
		WCHAR *name = cmd_join(folder, wtext_of(&bare));
		if (cmd_has_wildcard(w))
			on = files(c, n, name, false);
		else
			on = once(c, n, name);
		free(name);
		wtext_free(&bare);
	}
	struct found f = cmd_find(all, false);
	for (size_t i = 0; i < f.n && on && depth < CMD_DEEPEST; i++) {
		DWORD a = f.p[i].dwFileAttributes;
		if (!(a & FILE_ATTRIBUTE_DIRECTORY) || a & FILE_ATTRIBUTE_REPARSE_POINT)
			continue;
		WCHAR *below = cmd_join(folder, f.p[i].cFileName);
		on = tree(c, n, below, set, depth + 1);
		free(below);
	}
	free(f.p);
	free(all);
	return on;
}

static void
numbers(struct cmd *c, const struct node *n, const WCHAR *set)
{
	int32_t v[3] = { 0, 0, 0 };
	WCHAR *w;
	int i = 0;

	for (const WCHAR *s = set; i < 3 && (w = next_word(&s)); i++, free(w))
		wtext_int(w, &v[i]);
	/* A step of 0 goes on for ever, as documented, until something jumps. */
	for (int64_t k = v[0]; v[1] >= 0 ? k <= v[2] : k >= v[2]; k += v[1]) {
		struct wtext t = { 0 };
		wtext_number(&t, k);
		bool on = once(c, n, wtext_of(&t));
		wtext_free(&t);
		if (!on)
			break;
	}
}

/* -- /f ---------------------------------------------------------------------------------- */

enum { TOKENS = 32 };

struct options {
	WCHAR eol; /* 0: none */
	int32_t skip;
	WCHAR *delimiters; /* own */
	bool take[TOKENS]; /* [0] is the first */
	bool rest;
	bool usebackq;
};

static const WCHAR *
take_tokens(struct options *o, const WCHAR *s)
{
	for (int i = 0; i < TOKENS; i++)
		o->take[i] = false;
	o->rest = false;
	while (*s && *s != ' ' && *s != '\t') {
		int from = 0, to;
		if (*s == '*') {
			o->rest = true;
			s++;
			continue;
		}
		if (*s < '0' || *s > '9') {
			s++;
			continue;
		}
		while (*s >= '0' && *s <= '9' && from < 1000)
			from = from * 10 + (*s++ - '0');
		to = from;
		if (*s == '-') {
			for (s++, to = 0; *s >= '0' && *s <= '9' && to < 1000;)
				to = to * 10 + (*s++ - '0');
		}
		for (int i = from; i <= to && i <= TOKENS; i++)
			if (i > 0)
				o->take[i - 1] = true;
	}
	return s;
}

/* delims=xyz goes up to the next option, or to the end with all its spaces. */
static const WCHAR *
take_delimiters(struct options *o, const WCHAR *s)
{
	static const WCHAR *const names[] = { u"tokens=", u"eol=", u"skip=", u"usebackq" };
	const WCHAR *end = s;

	for (; *end; end++) {
		bool option = false;
		for (int i = 0; i < 4 && *end == ' '; i++)
			option |= wtext_nicmp(end + 1, names[i], wtext_len(names[i])) == 0;
		if (option)
			break;
	}
	free(o->delimiters);
	o->delimiters = wtext_dupn(s, (size_t)(end - s));
	return end;
}

static bool
read_options(struct options *o, const WCHAR *text)
{
	struct wtext bare = { 0 };
	bool fine = true;

	*o = (struct options){ .eol = ';', .delimiters = wtext_dup(u" \t"), .take = { true } };
	expand_unquote(text ? text : u"", &bare);
	for (const WCHAR *s = wtext_of(&bare); *s && fine;) {
		if (*s == ' ' || *s == '\t') {
			s++;
		} else if (wtext_nicmp(s, u"tokens=", 7) == 0) {
			s = take_tokens(o, s + 7);
		} else if (wtext_nicmp(s, u"delims=", 7) == 0) {
			s = take_delimiters(o, s + 7);
		} else if (wtext_nicmp(s, u"skip=", 5) == 0) {
			for (s += 5; *s >= '0' && *s <= '9' && o->skip < 100000000; s++)
				o->skip = o->skip * 10 + (*s - '0');
		} else if (wtext_nicmp(s, u"eol=", 4) == 0) {
			o->eol = s[4];
			s += s[4] ? 5 : 4;
		} else if (wtext_nicmp(s, u"usebackq", 8) == 0) {
			o->usebackq = true;
			s += 8;
		} else {
			fine = false;
		}
	}
	wtext_free(&bare);
	return fine;
}

/* Cut a line into tokens, give them to letters from the loop's on, run the body. */
static bool
one_line(struct cmd *c, const struct node *n, const struct options *o, const WCHAR *line)
{
	WCHAR *before[TOKENS + 1] = { 0 };
	int letters = 0;
	bool any = false;
	const WCHAR *s = line;

	for (int i = 0; i < TOKENS; i++)
		letters += o->take[i];
	letters += o->rest;
	for (int i = 0; i < letters && n->letter + i < CMD_LETTERS; i++) {
		before[i] = c->letters[n->letter + i];
		c->letters[n->letter + i] = wtext_dup(u"");
	}
	int last = -1, letter = 0;
	for (int i = 0; i < TOKENS; i++)
		if (o->take[i])
			last = i;
	for (int i = 0; i <= last || o->rest; i++) {
		while (*s && wtext_chr(o->delimiters, *s))
			s++;
		const WCHAR *start = s;
		bool rest = o->rest && i > last;
		while (*s && (rest || !wtext_chr(o->delimiters, *s)))
			s++;
		if ((rest || o->take[i]) && n->letter + letter < CMD_LETTERS) {
			any |= s > start;
			free(c->letters[n->letter + letter]);
			c->letters[n->letter + letter++] = wtext_dupn(start, (size_t)(s - start));
		}
		if (rest)
			break;
	}
	/* A line without the first token that is asked for is passed over. */
	if (any || (last < 0 && o->rest))
		cmd_run(c, n->left);
	for (int i = 0; i < letters && n->letter + i < CMD_LETTERS; i++) {
		free(c->letters[n->letter + i]);
		c->letters[n->letter + i] = before[i];
	}
	return !c->jump;
}

static bool
all_lines(struct cmd *c, const struct node *n, const struct options *o, const WCHAR *text)
{
	int64_t skip = o->skip;

	while (*text) {
		size_t len = 0;
		while (text[len] && text[len] != '\n')
			len++;
		size_t keep = len && text[len - 1] == '\r' ? len - 1 : len;
		WCHAR *line = wtext_dupn(text, keep);
		text += len + (text[len] == '\n');
		const WCHAR *first = line;
		bool on = true;
		while (*first && wtext_chr(o->delimiters, *first))
			first++;
		if (skip > 0)
			skip--;
		else if (*first && (!o->eol || *first != o->eol))
			on = one_line(c, n, o, line);
		free(line);
		if (!on)
			return false;
	}
	return true;
}

/* What a command writes. */
static WCHAR *
output_of(struct cmd *c, const WCHAR *command)
{
	HANDLE read, write, before = c->std[1], child;
	WCHAR *text = NULL;

	if (!kernel32_CreatePipe(&read, &write, NULL, 0)) {
		cmd_last(c);
		return NULL;
	}
	c->std[1] = write;
	child = cmd_spawn_self(c, command);
	c->std[1] = before;
	kernel32_CloseHandle(write);
	if (child) {
		text = cmd_read(read);
		cmd_wait(child);
	} else {
		cmd_last(c);
	}
	kernel32_CloseHandle(read);
	return text;
}

static WCHAR *
content_of(struct cmd *c, const WCHAR *name)
{
	struct wtext bare = { 0 }, t = { 0 };

	expand_unquote(name, &bare);
	HANDLE h = kernel32_CreateFileW(wtext_of(&bare), (DWORD)GENERIC_READ, FILE_SHARE_ALL, NULL,
	                                OPEN_EXISTING, 0, NULL);
	if (h == INVALID_HANDLE_VALUE) {
		wtext_ascii(&t, "The system cannot find the file ");
		wtext_add(&t, wtext_of(&bare));
		wtext_ascii(&t, ".\r\n");
		cmd_write(c, c->std[2], t.p, t.n);
		wtext_free(&t);
		wtext_free(&bare);
		return NULL;
	}
	wtext_free(&bare);
	WCHAR *text = cmd_read(h);
	kernel32_CloseHandle(h);
	return text;
}

static int32_t
lines(struct cmd *c, const struct node *n, const WCHAR *set)
{
	struct options o;
	struct wtext trimmed = { 0 };
	int32_t code = 0;
	size_t from = 0;

	WCHAR *expanded = n->options ? cmd_expand(c, n->options) : NULL;
	bool fine = read_options(&o, expanded);
	free(expanded);
	if (!fine) {
		free(o.delimiters);
		c->jump = c->batch ? JUMP_ABORT : c->jump;
		return c->errorlevel = cmd_fail(c, "The syntax of the command is incorrect.");
	}
	wtext_add(&trimmed, set);
	while (trimmed.n && (trimmed.p[trimmed.n - 1] == ' ' || trimmed.p[trimmed.n - 1] == '\t'))
		wtext_cut(&trimmed, trimmed.n - 1);
	while (from < trimmed.n && (trimmed.p[from] == ' ' || trimmed.p[from] == '\t'))
		from++;
	const WCHAR *s = wtext_of(&trimmed) + from;
	size_t len = wtext_len(s);
	WCHAR command = o.usebackq ? '`' : '\'', text = o.usebackq ? '\'' : '"';
	if (len > 1 && *s == command && s[len - 1] == command) {
		WCHAR *inner = wtext_dupn(s + 1, len - 2), *out = output_of(c, inner);
		if (out)
			all_lines(c, n, &o, out);
		code = out ? 0 : 1;
		free(inner);
		free(out);
	} else if (len > 1 && *s == text && s[len - 1] == text) {
		WCHAR *inner = wtext_dupn(s + 1, len - 2);
		all_lines(c, n, &o, inner);
		free(inner);
	} else {
		WCHAR *w;
		bool on = true;
		for (; on && (w = next_word(&s)); free(w)) {
			WCHAR *content = content_of(c, w);
			code = content ? code : 1;
			if (content)
				on = all_lines(c, n, &o, content);
			free(content);
		}
	}
	if (code)
		c->errorlevel = code;
	wtext_free(&trimmed);
	free(o.delimiters);
	return code;
}

int32_t
cmd_for(struct cmd *c, const struct node *n)
{
	int32_t code = 0;

	if (n->letter >= CMD_LETTERS)
		return cmd_fail(c, "The syntax of the command is incorrect.");
	if (++c->depth > CMD_DEEPEST) {
		c->depth--;
		c->jump = JUMP_ABORT;
		return cmd_fail(c, "The batch recursion is too deep.");
	}
	WCHAR *set = cmd_expand(c, n->set);
	if (n->mode == 'L') {
		numbers(c, n, set);
	} else if (n->mode == 'F') {
		code = lines(c, n, set);
	} else if (n->mode == 'R') {
		struct wtext root = { 0 };
		WCHAR *expanded = n->options ? cmd_expand(c, n->options) : cmd_current();
		expand_unquote(expanded, &root);
		WCHAR *full = cmd_full(wtext_of(&root));
		tree(c, n, full, set, 0);
		free(full);
		free(expanded);
		wtext_free(&root);
	} else {
		words(c, n, set, n->mode == 'D');
	}
	free(set);
	c->depth--;
	return c->errorlevel && code == 0 ? c->errorlevel : code;
}
