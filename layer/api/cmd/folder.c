/* SPDX-License-Identifier: Apache-2.0 */
/* folder.c -- commands about folders: cd pushd popd md rd vol. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/vec.h"
#include "layer/api/cmd/builtin.h"
#include "layer/api/nt/file/path.h"

/* One name that may hold spaces without quotes. */
static WCHAR *
whole(const WCHAR *s)
{
	struct wtext t = { 0 };

	while (*s == ' ' || *s == '\t' || *s == ',' || *s == ';' || *s == '=')
		s++;
	for (; *s; s++)
		if (*s != '"')
			wtext_addc(&t, *s);
	while (t.n && (t.p[t.n - 1] == ' ' || t.p[t.n - 1] == '\t'))
		wtext_cut(&t, t.n - 1);
	return wtext_take(&t);
}

static void
line(struct cmd *c, const WCHAR *s)
{
	struct wtext t = { 0 };

	wtext_add(&t, s);
	wtext_ascii(&t, "\r\n");
	cmd_out(c, wtext_of(&t));
	wtext_free(&t);
}

static int32_t
enter(struct cmd *c, const WCHAR *name)
{
	if (kernel32_SetCurrentDirectoryW(name))
		return 0;
	DWORD error = kernel32_GetLastError();
	/* A file is no folder, and what is not there is a path. */
	return cmd_system(c, error == 2 ? 3 : error);
}

int32_t
builtin_cd(struct cmd *c, const WCHAR *args)
{
	WCHAR *name = whole(args), *from = name;
	bool drive = false;
	int32_t code = 0;

	if (from[0] == '/' && wtext_upper(from[1]) == 'D' && (from[2] == ' ' || !from[2])) {
		drive = true;
		for (from += 2; *from == ' ';)
			from++;
	}
	bool other = from[0] && from[1] == ':';
	if (!*from || (other && !from[2] && !drive)) {
		WCHAR *cd = other ? cmd_full(from) : cmd_current();
		line(c, cd);
		free(cd);
	} else {
		WCHAR *before = cmd_current();
		bool elsewhere = other && !drive && wtext_upper(from[0]) != wtext_upper(before[0]);
		code = enter(c, from);
		/* Without /d the other drive's folder is set, and the drive stays. */
		if (elsewhere && code == 0)
			kernel32_SetCurrentDirectoryW(before);
		free(before);
	}
	free(name);
	return code;
}

int32_t
builtin_pushd(struct cmd *c, const WCHAR *args)
{
	WCHAR *name = whole(args), *before = cmd_current();
	int32_t code = 0;

	if (!*name) {
		for (size_t i = c->folders->n; i-- > 0;)
			line(c, c->folders->p[i]);
	} else if ((code = enter(c, name)) == 0) {
		vec_push(c->folders, before);
		before = NULL;
	}
	free(before);
	free(name);
	return code;
}

int32_t
builtin_popd(struct cmd *c, const WCHAR *args)
{
	(void)args;
	if (!c->folders->n)
		return 1;
	WCHAR *folder = c->folders->p[--c->folders->n];
	int32_t code = kernel32_SetCurrentDirectoryW(folder) ? 0 : cmd_last(c);
	free(folder);
	return code;
}

/* -- md ------------------------------------------------------------------------------ */

static bool
make(const WCHAR *name)
{
	if (kernel32_CreateDirectoryW(name, NULL))
		return true;
	if (kernel32_GetLastError() != ERROR_PATH_NOT_FOUND)
		return false;
	/* with all above it */
	for (const WCHAR *p = name; *p; p++) {
		if ((*p != '\\' && *p != '/') || p == name || p[-1] == ':')
			continue;
		WCHAR *part = wtext_dupn(name, (size_t)(p - name));
		if (!cmd_is_folder(part))
			kernel32_CreateDirectoryW(part, NULL);
		free(part);
	}
	return kernel32_CreateDirectoryW(name, NULL) || cmd_is_folder(name);
}

int32_t
builtin_md(struct cmd *c, const WCHAR *args)
{
	struct words w = cmd_words_of(args);
	int32_t code = 0;

	if (!w.n)
		code = cmd_fail(c, "The syntax of the command is incorrect.");
	for (size_t i = 0; i < w.n; i++) {
		/* a final backslash is none of the name's */
		size_t n = wtext_len(w.p[i].text);
		if (n > 1 && (w.p[i].text[n - 1] == '\\' || w.p[i].text[n - 1] == '/') &&
		    w.p[i].text[n - 2] != ':')
			w.p[i].text[n - 1] = 0;
		if (make(w.p[i].text))
			continue;
		if (cmd_exists(w.p[i].text)) {
			struct wtext t = { 0 };
			wtext_ascii(&t, "A subdirectory or file ");
			wtext_add(&t, w.p[i].text);
			wtext_ascii(&t, " already exists.\r\n");
			cmd_write(c, c->std[2], t.p, t.n);
			wtext_free(&t);
			code = 1;
		} else {
			code = cmd_last(c);
		}
	}
	cmd_words_free(&w);
	return code;
}

/* -- rd ------------------------------------------------------------------------------ */

static bool
remove_tree(struct cmd *c, const WCHAR *name, int depth)
{
	DWORD a = kernel32_GetFileAttributesW(name);
	bool fine = true;

	if (a & FILE_ATTRIBUTE_DIRECTORY && !(a & FILE_ATTRIBUTE_REPARSE_POINT) &&
	    depth < CMD_DEEPEST) {
		WCHAR *all = cmd_join(name, u"*");
		struct found f = cmd_find(all, false);
		for (size_t i = 0; i < f.n; i++) {
			WCHAR *below = cmd_join(name, f.p[i].cFileName);
			DWORD of = f.p[i].dwFileAttributes;
			if (of & FILE_ATTRIBUTE_READONLY)
				kernel32_SetFileAttributesW(below, FILE_ATTRIBUTE_NORMAL);
			if (of & FILE_ATTRIBUTE_DIRECTORY) {
				fine &= remove_tree(c, below, depth + 1);
			} else if (!kernel32_DeleteFileW(below)) {
				fine = false;
				struct wtext t = { 0 };
				wtext_add(&t, below);
				wtext_ascii(&t, " - ");
				cmd_write(c, c->std[2], t.p, t.n);
				wtext_free(&t);
				cmd_last(c);
			}
			free(below);
		}
		free(f.p);
		free(all);
	}
	if (!kernel32_RemoveDirectoryW(name)) {
		if (fine)
			cmd_last(c);
		return false;
	}
	return fine;
}

/* One that asks is answered by standard input. */
static bool
sure(struct cmd *c, const WCHAR *name)
{
	struct wtext t = { 0 }, answer = { 0 };

	wtext_add(&t, name);
	wtext_ascii(&t, ", Are you sure (Y/N)? ");
	cmd_out(c, wtext_of(&t));
	bool yes = cmd_read_line(c, c->std[0], &answer) && wtext_upper(*wtext_of(&answer)) == 'Y';
	wtext_free(&t);
	wtext_free(&answer);
	return yes;
}

int32_t
builtin_rd(struct cmd *c, const WCHAR *args)
{
	struct words flags = { 0 }, w = cmd_words_flags(args, &flags);
	bool all = cmd_flag(&flags, "S"), quiet = cmd_flag(&flags, "Q");
	int32_t code = 0;

	if (!w.n)
		code = cmd_fail(c, "The syntax of the command is incorrect.");
	for (size_t i = 0; i < w.n; i++) {
		const WCHAR *name = w.p[i].text;
		DWORD a = kernel32_GetFileAttributesW(name);
		if (a == (DWORD)INVALID_ATTRIBUTES) {
			code = cmd_last(c) + 1;
		} else if (!(a & FILE_ATTRIBUTE_DIRECTORY)) {
			code = cmd_system(c, 267);
		} else if (!all) {
			if (!kernel32_RemoveDirectoryW(name))
				code = cmd_last(c);
		} else if ((quiet || sure(c, name)) && !remove_tree(c, name, 0)) {
			code = 1;
		}
	}
	cmd_words_free(&w);
	cmd_words_free(&flags);
	return code;
}

int32_t
builtin_vol(struct cmd *c, const WCHAR *args)
{
	WCHAR *name = whole(args), *cd = cmd_current(), root[4] = u"C:\\";
	struct wtext t = { 0 };

	root[0] = wtext_upper(*name ? *name : *cd);
	bool is = path_drives() >> (root[0] - 'A') & 1;
	free(name);
	free(cd);
	if (!is)
		return cmd_system(c, 15);
	wtext_ascii(&t, " Volume in drive ");
	wtext_addc(&t, root[0]);
	wtext_ascii(&t, " has no label.\r\n");
	cmd_out(c, wtext_of(&t));
	wtext_free(&t);
	return 0;
}
