/* SPDX-License-Identifier: Apache-2.0 */
/* copy.c -- commands that copy, move and rename: copy xcopy move ren. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "layer/api/cmd/builtin.h"

static void
count_line(struct cmd *c, int64_t n, const char *done)
{
	struct wtext t = { 0 };
	int64_t width = 100000000;

	for (; width > 1 && n < width; width /= 10)
		wtext_addc(&t, ' ');
	wtext_number(&t, n);
	wtext_ascii(&t, done);
	wtext_ascii(&t, "\r\n");
	cmd_out(c, wtext_of(&t));
	wtext_free(&t);
}

static void
name_line(struct cmd *c, const WCHAR *name)
{
	struct wtext t = { 0 };

	wtext_add(&t, name);
	wtext_ascii(&t, "\r\n");
	cmd_out(c, wtext_of(&t));
	wtext_free(&t);
}

/* The name that a pattern such as *.bak makes of a name: ren a.txt *.bak. */
static WCHAR *
renamed(const WCHAR *name, const WCHAR *pattern)
{
	struct wtext t = { 0 };
	const WCHAR *n = name;

	for (const WCHAR *p = pattern; *p; p++) {
		if (*p == '?') {
			if (*n && *n != '.')
				wtext_addc(&t, *n++);
		} else if (*p == '*') {
			/* up to the last place where the pattern's next character is */
			const WCHAR *end = n + wtext_len(n);
			if (p[1]) {
				for (const WCHAR *q = end; q > n;)
					if (wtext_upper(*--q) == wtext_upper(p[1])) {
						end = q;
						break;
					}
			}
			wtext_addn(&t, n, (size_t)(end - n));
			n = end;
		} else if (*p == '.') {
			while (*n && *n != '.')
				n++;
			wtext_addc(&t, '.');
			n += *n == '.';
		} else {
			wtext_addc(&t, *p);
			n += *n && *n != '.';
		}
	}
	while (t.n && t.p[t.n - 1] == '.')
		wtext_cut(&t, t.n - 1);
	return wtext_take(&t);
}

/* Where a file goes: into a folder, to a pattern's name, or to that name itself. */
static WCHAR *
destination(const WCHAR *to, const WCHAR *name)
{
	size_t n = wtext_len(to);

	if (cmd_is_folder(to) || (n && (to[n - 1] == '\\' || to[n - 1] == '/')))
		return cmd_join(to, name);
	if (!cmd_has_wildcard(to))
		return wtext_dup(to);
	WCHAR *folder = cmd_folder_of(to), *base = renamed(name, cmd_base_of(to));
	WCHAR *whole = *folder ? cmd_join(folder, base) : wtext_dup(base);
	free(folder);
	free(base);
	return whole;
}

/* -- copy ---------------------------------------------------------------------------- */

static bool
append(struct cmd *c, HANDLE out, const WCHAR *name)
{
	char *buffer = xmalloc(65536);
	DWORD got, done;
	bool fine = true;
	HANDLE in = kernel32_CreateFileW(name, (DWORD)GENERIC_READ, FILE_SHARE_ALL, NULL,
	                                 OPEN_EXISTING, 0, NULL);

	if (in == INVALID_HANDLE_VALUE) {
		free(buffer);
		cmd_last(c);
		return false;
	}
	while (fine && kernel32_ReadFile(in, buffer, 65536, &got, NULL) && got)
		fine = kernel32_WriteFile(out, buffer, got, &done, NULL) && done == got;
	if (!fine)
		cmd_last(c);
	kernel32_CloseHandle(in);
	free(buffer);
	return fine;
}

/* Files that match, as whole names. */
static size_t
expand_sources(const WCHAR *name, WCHAR ***list)
{
	WCHAR *pattern = cmd_is_folder(name) ? cmd_join(name, u"*") : wtext_dup(name);
	WCHAR *folder = cmd_folder_of(pattern);
	size_t n = 0;

	*list = NULL;
	if (!cmd_has_wildcard(pattern)) {
		*list = xmalloc(sizeof **list);
		(*list)[n++] = wtext_dup(pattern);
	} else {
		struct found f = cmd_find(pattern, false);
		*list = xcalloc(f.n + 1, sizeof **list);
		for (size_t i = 0; i < f.n; i++)
			if (!(f.p[i].dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY))
				(*list)[n++] = *folder ? cmd_join(folder, f.p[i].cFileName)
				                       : wtext_dup(f.p[i].cFileName);
		free(f.p);
	}
	free(folder);
	free(pattern);
	return n;
}

static void
free_list(WCHAR **list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i]);
	free(list);
}

/* a+b and the like into one file. */
static int32_t
concatenate(struct cmd *c, const struct words *w, size_t last, const WCHAR *to)
{
	WCHAR *target = destination(to, cmd_base_of(w->p[0].text));
	HANDLE out;
	bool fine = true;
	bool self = w->n && wtext_icmp(target, w->p[0].text) == 0;

	out = kernel32_CreateFileW(target, GENERIC_WRITE, 3, NULL,
	                           self ? OPEN_EXISTING : CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL,
	                           NULL);
	free(target);
	if (out == INVALID_HANDLE_VALUE)
		return cmd_last(c);
	if (self)
		kernel32_SetFilePointerEx(out, 0, NULL, 2);
	for (size_t i = self; i <= last && fine; i++) {
		WCHAR **list;
		size_t n = expand_sources(w->p[i].text, &list);
		for (size_t k = 0; k < n && fine; k++)
			fine = append(c, out, list[k]);
		free_list(list, n);
	}
	kernel32_CloseHandle(out);
	count_line(c, fine, " file(s) copied.");
	return !fine;
}

static int32_t
copy_each(struct cmd *c, const WCHAR *from, const WCHAR *to)
{
	WCHAR **list;
	size_t n = expand_sources(from, &list);
	int64_t copied = 0;
	int32_t code = 0;
	bool many = cmd_has_wildcard(from) || cmd_is_folder(from);

	if (many && n > 1 && !cmd_has_wildcard(to) && !cmd_is_folder(to)) {
		/* all of them into one file */
		struct words w = { .p = xcalloc(n, sizeof *w.p), .n = n };
		for (size_t i = 0; i < n; i++)
			w.p[i].text = list[i];
		code = concatenate(c, &w, n - 1, to);
		free(w.p);
		free_list(list, n);
		return code;
	}
	for (size_t i = 0; i < n; i++) {
		WCHAR *target = destination(to, cmd_base_of(list[i]));
		if (many)
			name_line(c, list[i]);
		WCHAR *a = cmd_full(list[i]), *b = cmd_full(target);
		if (wtext_icmp(a, b) == 0) {
			code = cmd_fail(c, "The file cannot be copied onto itself.");
		} else if (kernel32_CopyFileW(list[i], target, FALSE)) {
			copied++;
		} else {
			code = cmd_last(c);
		}
		free(a);
		free(b);
		free(target);
	}
	if (n == 0)
		code = cmd_system(c, 2);
	count_line(c, copied, " file(s) copied.");
	free_list(list, n);
	return code;
}

int32_t
builtin_copy(struct cmd *c, const WCHAR *args)
{
	struct wtext spaced = { 0 };
	struct words flags = { 0 };
	bool plus = false, quoted = false;
	int32_t code;

	/* a+b is two words, and says that they belong together */
	for (const WCHAR *s = args; *s; s++) {
		if (*s == '"')
			quoted = !quoted;
		if (*s == '+' && !quoted)
			plus = true;
		wtext_addc(&spaced, *s == '+' && !quoted ? ' ' : *s);
	}
	size_t sources = 0;
	/* How many words stand before the last plus and its right side? */
	struct words w = cmd_words_flags(wtext_of(&spaced), &flags);
	if (plus) {
		struct wtext head = { 0 };
		const WCHAR *end = wtext_rchr(args, '+');
		for (const WCHAR *s = args; s < end; s++)
			wtext_addc(&head, *s == '+' ? ' ' : *s);
		struct words dropped = { 0 }, before = cmd_words_flags(wtext_of(&head), &dropped);
		sources = before.n + 1;
		cmd_words_free(&before);
		cmd_words_free(&dropped);
		wtext_free(&head);
	}
	if (w.n == 0)
		code = cmd_fail(c, "The syntax of the command is incorrect.");
	else if (plus)
		code = concatenate(c, &w, (sources < w.n ? sources : w.n) - 1,
		                   sources < w.n ? w.p[w.n - 1].text : w.p[0].text);
	else
		code = copy_each(c, w.p[0].text, w.n > 1 ? w.p[1].text : u".");
	cmd_words_free(&w);
	cmd_words_free(&flags);
	wtext_free(&spaced);
	return code;
}

/* -- xcopy ---------------------------------------------------------------------------- */

static bool
copy_tree(struct cmd *c, const WCHAR *from, const WCHAR *pattern, const WCHAR *to, bool below,
          bool empty, int depth, int64_t *copied)
{
	WCHAR *all = cmd_join(from, u"*");
	struct found f = cmd_find(all, false);
	bool fine = true, made = cmd_is_folder(to);

	if (empty && !made)
		made = kernel32_CreateDirectoryW(to, NULL);
	for (size_t i = 0; i < f.n && fine; i++) {
		WCHAR *a = cmd_join(from, f.p[i].cFileName), *b = cmd_join(to, f.p[i].cFileName);
		if (f.p[i].dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) {
			if (below && depth < CMD_DEEPEST) {
				if (!made && !empty)
					made = kernel32_CreateDirectoryW(to, NULL);
				fine = copy_tree(c, a, pattern, b, below, empty, depth + 1, copied);
			}
		} else if (wtext_match(pattern, f.p[i].cFileName)) {
			if (!made)
				made = kernel32_CreateDirectoryW(to, NULL);
			name_line(c, a);
			fine = kernel32_CopyFileW(a, b, FALSE);
			if (fine)
				++*copied;
			else
				cmd_last(c);
		}
		free(a);
		free(b);
	}
	free(f.p);
	free(all);
	return fine;
}

int32_t
builtin_xcopy(struct cmd *c, const WCHAR *args)
{
	struct words flags = { 0 }, w = cmd_words_flags(args, &flags);
	bool empty = cmd_flag(&flags, "E"), below = empty || cmd_flag(&flags, "S");
	int64_t copied = 0;
	int32_t code = 0;

	if (w.n == 0) {
		code = cmd_fail(c, "Invalid number of parameters") + 3;
	} else {
		const WCHAR *from = w.p[0].text, *to = w.n > 1 ? w.p[1].text : u".";
		if (cmd_is_folder(from)) {
			code = copy_tree(c, from, u"*", to, below, empty, 0, &copied) ? 0 : 4;
		} else {
			WCHAR *folder = cmd_folder_of(from), *target;
			bool one = !cmd_has_wildcard(from) && !below;
			if (one && !cmd_exists(from)) {
				code = cmd_fail(c, "File not found") + 3;
			} else if (one) {
				/* what ends with a backslash is a folder, also a new one */
				size_t n = wtext_len(to);
				if ((cmd_flag(&flags, "I") || (n && to[n - 1] == '\\')) &&
				    !cmd_exists(to))
					kernel32_CreateDirectoryW(to, NULL);
				target = destination(to, cmd_base_of(from));
				name_line(c, from);
				copied = kernel32_CopyFileW(from, target, FALSE);
				code = copied ? 0 : cmd_last(c) + 3;
				free(target);
			} else {
				code = copy_tree(c, *folder ? folder : u".", cmd_base_of(from), to,
				                 below, empty, 0, &copied)
				               ? 0
				               : 4;
			}
			free(folder);
		}
		struct wtext t = { 0 };
		wtext_number(&t, copied);
		wtext_ascii(&t, " File(s) copied\r\n");
		cmd_out(c, wtext_of(&t));
		wtext_free(&t);
	}
	cmd_words_free(&w);
	cmd_words_free(&flags);
	return code;
}

/* -- move, ren ------------------------------------------------------------------------- */

int32_t
builtin_move(struct cmd *c, const WCHAR *args)
{
	struct words flags = { 0 }, w = cmd_words_flags(args, &flags);
	int64_t moved = 0;
	int32_t code = 0;

	if (w.n == 0 || w.n > 2) {
		code = cmd_fail(c, "The syntax of the command is incorrect.");
	} else {
		const WCHAR *from = w.p[0].text, *to = w.n > 1 ? w.p[1].text : u".";
		bool folder = !cmd_has_wildcard(from) && cmd_is_folder(from);
		WCHAR **list = NULL;
		size_t n;
		if (folder) {
			list = xmalloc(sizeof *list);
			list[0] = wtext_dup(from);
			n = 1;
		} else {
			n = expand_sources(from, &list);
		}
		for (size_t i = 0; i < n; i++) {
			WCHAR *target = destination(to, cmd_base_of(list[i]));
			if (cmd_has_wildcard(from))
				name_line(c, list[i]);
			if (kernel32_MoveFileExW(list[i], target,
			                         MOVEFILE_COPY_ALLOWED | MOVEFILE_REPLACE_EXISTING))
				moved++;
			else
				code = cmd_last(c);
			free(target);
		}
		if (n == 0)
			code = cmd_system(c, 2);
		if (moved || code == 0)
			count_line(c, moved, folder ? " dir(s) moved." : " file(s) moved.");
		free_list(list, n);
	}
	cmd_words_free(&w);
	cmd_words_free(&flags);
	return code;
}

int32_t
builtin_ren(struct cmd *c, const WCHAR *args)
{
	struct words w = cmd_words_of(args);
	int32_t code = 0;

	if (w.n != 2 || cmd_base_of(w.p[1].text) != w.p[1].text) {
		code = cmd_fail(c, "The syntax of the command is incorrect.");
		cmd_words_free(&w);
		return code;
	}
	struct found f = cmd_find(w.p[0].text, false);
	WCHAR *folder = cmd_folder_of(w.p[0].text);
	if (f.n == 0)
		code = cmd_system(c, 2);
	for (size_t i = 0; i < f.n; i++) {
		WCHAR *from = cmd_join(folder, f.p[i].cFileName);
		WCHAR *base = renamed(f.p[i].cFileName, w.p[1].text), *to = cmd_join(folder, base);
		bool same = wtext_icmp(from, to) == 0;
		if (!same && cmd_exists(to))
			code = cmd_fail(c, "A duplicate file name exists, or the file\r\n"
			                   "cannot be found.");
		else if (!kernel32_MoveFileExW(from, to, 0))
			code = cmd_last(c);
		free(from);
		free(base);
		free(to);
	}
	free(folder);
	free(f.p);
	cmd_words_free(&w);
	return code;
}
