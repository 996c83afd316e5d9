/* SPDX-License-Identifier: Apache-2.0 */
/* remove.c -- commands about files as they are: del attrib type mklink. */
#include <stdlib.h>

#include "base/arena.h"
#include "layer/api/cmd/builtin.h"

/* -- del ------------------------------------------------------------------------------ */

struct deletion {
	struct cmd *c;
	bool below, force, ask, quiet, said;
	size_t deleted;
};

static bool
yes(struct cmd *c, const WCHAR *question, const char *rest)
{
	struct wtext t = { 0 }, answer = { 0 };

	wtext_add(&t, question);
	wtext_ascii(&t, rest);
	cmd_out(c, wtext_of(&t));
	bool is = cmd_read_line(c, c->std[0], &answer) && wtext_upper(*wtext_of(&answer)) == 'Y';
	wtext_free(&t);
	wtext_free(&answer);
	return is;
}

static void
about(struct cmd *c, const WCHAR *name)
{
	struct wtext t = { 0 };

	wtext_add(&t, name);
	wtext_ascii(&t, "\r\n");
	cmd_write(c, c->std[2], t.p, t.n);
	wtext_free(&t);
}

static void
delete_in(struct deletion *d, const WCHAR *folder, const WCHAR *pattern, int depth)
{
	WCHAR *names = *folder ? cmd_join(folder, pattern) : wtext_dup(pattern);
	struct found f = cmd_find(names, false);

	for (size_t i = 0; i < f.n; i++) {
		WCHAR *name =
		        *folder ? cmd_join(folder, f.p[i].cFileName) : wtext_dup(f.p[i].cFileName);
		DWORD a = f.p[i].dwFileAttributes;
		WCHAR *full = cmd_full(name);
		/* Hidden files are not there for it. */
		if (a & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_HIDDEN)) {
			free(full);
			free(name);
			continue;
		}
		if (!d->ask || yes(d->c, full, ", Delete (Y/N)? ")) {
			if (a & FILE_ATTRIBUTE_READONLY && d->force)
				kernel32_SetFileAttributesW(name, FILE_ATTRIBUTE_NORMAL);
			if (!kernel32_DeleteFileW(name)) {
				DWORD error = kernel32_GetLastError();
				about(d->c, full);
				cmd_system(d->c, error);
			} else if (d->below && !d->quiet) {
				struct wtext t = { 0 };
				wtext_ascii(&t, "Deleted file - ");
				wtext_add(&t, full);
				wtext_ascii(&t, "\r\n");
				cmd_out(d->c, wtext_of(&t));
				wtext_free(&t);
			}
		}
		d->deleted++;
		free(full);
		free(name);
	}
	free(f.p);
	free(names);
	if (!d->below || depth > CMD_DEEPEST)
		return;
	WCHAR *all = cmd_join(*folder ? folder : u".", u"*");
	f = cmd_find(all, false);
	for (size_t i = 0; i < f.n; i++) {
		DWORD a = f.p[i].dwFileAttributes;
		if (!(a & FILE_ATTRIBUTE_DIRECTORY) || a & FILE_ATTRIBUTE_REPARSE_POINT)
			continue;
		WCHAR *name = cmd_join(*folder ? folder : u".", f.p[i].cFileName);
		delete_in(d, name, pattern, depth + 1);
		free(name);
	}
	free(f.p);
	free(all);
}

int32_t
builtin_del(struct cmd *c, const WCHAR *args)
{
	struct words flags = { 0 }, w = cmd_words_flags(args, &flags);
	int32_t code = 0;

	if (!w.n)
		code = cmd_fail(c, "The syntax of the command is incorrect.");
	for (size_t i = 0; i < w.n; i++) {
		struct deletion d = { c,
			              cmd_flag(&flags, "S"),
			              cmd_flag(&flags, "F"),
			              cmd_flag(&flags, "P"),
			              cmd_flag(&flags, "Q"),
			              false,
			              0 };
		WCHAR *name = w.p[i].text, *folder, *full = cmd_full(name);
		const WCHAR *pattern;
		if (!cmd_has_wildcard(name) && cmd_is_folder(name)) {
			folder = wtext_dup(name);
			pattern = u"*";
		} else {
			folder = cmd_folder_of(name);
			pattern = cmd_base_of(name);
		}
		bool all = wtext_is(pattern, "*") || wtext_is(pattern, "*.*");
		if (!all || d.quiet || d.below || yes(c, full, ", Are you sure (Y/N)? ")) {
			delete_in(&d, folder, pattern, 0);
			if (!d.deleted && !cmd_has_wildcard(name)) {
				struct wtext t = { 0 };
				wtext_ascii(&t, "Could Not Find ");
				wtext_add(&t, full);
				about(c, wtext_of(&t));
				wtext_free(&t);
			}
		}
		free(folder);
		free(full);
	}
	cmd_words_free(&w);
	cmd_words_free(&flags);
	return code;
}

/* -- attrib --------------------------------------------------------------------------- */

static DWORD
bit_of(WCHAR c)
{
	switch (wtext_upper(c)) {
	case 'R': return FILE_ATTRIBUTE_READONLY;
	case 'A': return FILE_ATTRIBUTE_ARCHIVE;
	case 'S': return FILE_ATTRIBUTE_SYSTEM;
	case 'H': return FILE_ATTRIBUTE_HIDDEN;
	default: return 0;
	}
}

static void
show_attributes(struct cmd *c, const WCHAR *name, DWORD a)
{
	struct wtext t = { 0 };
	WCHAR *full = cmd_full(name);

	wtext_addc(&t, a & FILE_ATTRIBUTE_ARCHIVE ? 'A' : ' ');
	wtext_ascii(&t, "  ");
	wtext_addc(&t, a & FILE_ATTRIBUTE_SYSTEM ? 'S' : ' ');
	wtext_addc(&t, a & FILE_ATTRIBUTE_HIDDEN ? 'H' : ' ');
	wtext_addc(&t, a & FILE_ATTRIBUTE_READONLY ? 'R' : ' ');
	wtext_ascii(&t, "               ");
	wtext_add(&t, full);
	wtext_ascii(&t, "\r\n");
	cmd_out(c, wtext_of(&t));
	wtext_free(&t);
	free(full);
}

static int32_t
attributes_of(struct cmd *c, const WCHAR *pattern, DWORD on, DWORD off, bool below, bool folders,
              int depth)
{
	struct found f = cmd_find(pattern, false);
	WCHAR *folder = cmd_folder_of(pattern);
	int32_t code = 0;

	for (size_t i = 0; i < f.n; i++) {
		DWORD a = f.p[i].dwFileAttributes;
		WCHAR *name =
		        *folder ? cmd_join(folder, f.p[i].cFileName) : wtext_dup(f.p[i].cFileName);
		if (a & FILE_ATTRIBUTE_DIRECTORY && cmd_has_wildcard(pattern) && !folders) {
			free(name);
			continue;
		}
		if (!on && !off) {
			show_attributes(c, name, a);
		} else {
			DWORD next = ((a & 0x27) | on) & ~off;
			if (!kernel32_SetFileAttributesW(name, next ? next : FILE_ATTRIBUTE_NORMAL))
				code = cmd_last(c);
		}
		free(name);
	}
	size_t found = f.n;
	free(f.p);
	if (below && depth < CMD_DEEPEST) {
		WCHAR *all = cmd_join(*folder ? folder : u".", u"*");
		f = cmd_find(all, false);
		for (size_t i = 0; i < f.n; i++) {
			if (!(f.p[i].dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY))
				continue;
			WCHAR *in = cmd_join(*folder ? folder : u".", f.p[i].cFileName);
			WCHAR *next = cmd_join(in, cmd_base_of(pattern));
			attributes_of(c, next, on, off, below, folders, depth + 1);
			free(next);
			free(in);
		}
		free(f.p);
		free(all);
	} else if (!found) {
		struct wtext t = { 0 };
		WCHAR *full = cmd_full(pattern);
		wtext_ascii(&t, "File not found - ");
		wtext_add(&t, full);
		wtext_ascii(&t, "\r\n");
		cmd_out(c, wtext_of(&t));
		wtext_free(&t);
		free(full);
		code = 1;
	}
	free(folder);
	return code;
}

int32_t
builtin_attrib(struct cmd *c, const WCHAR *args)
{
	struct words flags = { 0 }, w = cmd_words_flags(args, &flags);
	DWORD on = 0, off = 0;
	const WCHAR *pattern = u"*";
	int32_t code = 0;

	for (size_t i = 0; i < w.n && !code; i++) {
		const WCHAR *s = w.p[i].text;
		if ((*s == '+' || *s == '-') && !s[1 + (s[1] != 0)] && s[1]) {
			DWORD bit = bit_of(s[1]);
			if (!bit)
				code = cmd_fail(c, "Parameter format not correct -");
			*(*s == '+' ? &on : &off) |= bit;
		} else {
			pattern = s;
		}
	}
	if (!code)
		code = attributes_of(c, pattern, on, off, cmd_flag(&flags, "S"),
		                     cmd_flag(&flags, "D"), 0);
	cmd_words_free(&w);
	cmd_words_free(&flags);
	return code;
}

/* -- type ------------------------------------------------------------------------------- */

static int32_t
type_one(struct cmd *c, const WCHAR *name, bool titled)
{
	char *buffer = xmalloc(65536);
	DWORD got, done;
	HANDLE h = kernel32_CreateFileW(name, (DWORD)GENERIC_READ, FILE_SHARE_ALL, NULL,
	                                OPEN_EXISTING, 0, NULL);
	int32_t code = 0;

	if (h == INVALID_HANDLE_VALUE) {
		code = cmd_last(c);
		if (titled) {
			struct wtext t = { 0 };
			wtext_ascii(&t, "Error occurred while processing: ");
			wtext_add(&t, name);
			wtext_ascii(&t, ".\r\n");
			cmd_write(c, c->std[2], t.p, t.n);
			wtext_free(&t);
		}
		free(buffer);
		return code;
	}
	if (titled) {
		struct wtext t = { 0 };
		wtext_ascii(&t, "\r\n");
		wtext_add(&t, name);
		wtext_ascii(&t, "\r\n\r\n\r\n");
		cmd_write(c, c->std[2], t.p, t.n);
		wtext_free(&t);
	}
	while (kernel32_ReadFile(h, buffer, 65536, &got, NULL) && got)
		if (!kernel32_WriteFile(c->std[1], buffer, got, &done, NULL) || done != got) {
			code = cmd_last(c);
			break;
		}
	kernel32_CloseHandle(h);
	free(buffer);
	return code;
}

int32_t
builtin_type(struct cmd *c, const WCHAR *args)
{
	struct words w = cmd_words_of(args);
	int32_t code = 0;

	if (!w.n)
		code = cmd_fail(c, "The syntax of the command is incorrect.");
	for (size_t i = 0; i < w.n; i++) {
		const WCHAR *s = w.p[i].text;
		if (!cmd_has_wildcard(s)) {
			int32_t one = type_one(c, s, w.n > 1);
			code = one ? one : code;
			continue;
		}
		struct found f = cmd_find(s, false);
		WCHAR *folder = cmd_folder_of(s);
		for (size_t k = 0; k < f.n; k++) {
			if (f.p[k].dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)
				continue;
			WCHAR *name = *folder ? cmd_join(folder, f.p[k].cFileName)
			                      : wtext_dup(f.p[k].cFileName);
			code |= type_one(c, name, true);
			free(name);
		}
		if (!f.n)
			code = cmd_system(c, 2);
		free(folder);
		free(f.p);
	}
	cmd_words_free(&w);
	return code;
}

/* -- mklink ------------------------------------------------------------------------------- */

int32_t
builtin_mklink(struct cmd *c, const WCHAR *args)
{
	struct words flags = { 0 }, w = cmd_words_flags(args, &flags);
	bool folder = cmd_flag(&flags, "D") || cmd_flag(&flags, "J"), hard = cmd_flag(&flags, "H");
	int32_t code;

	if (w.n != 2) {
		code = cmd_fail(c, "The syntax of the command is incorrect.");
	} else {
		const WCHAR *name = w.p[0].text, *to = w.p[1].text;
		WCHAR *full = cmd_flag(&flags, "J") ? cmd_full(to) : wtext_dup(to);
		bool fine = hard ? kernel32_CreateHardLinkW(name, to, NULL)
		                 : kernel32_CreateSymbolicLinkW(name, full, folder ? 1 : 0);
		struct wtext t = { 0 };
		code = fine ? 0 : cmd_last(c);
		wtext_ascii(&t, hard                    ? "Hardlink"
		                : cmd_flag(&flags, "J") ? "Junction"
		                                        : "symbolic link");
		wtext_ascii(&t, " created for ");
		wtext_add(&t, name);
		wtext_ascii(&t, " <<===>> ");
		wtext_add(&t, to);
		wtext_ascii(&t, "\r\n");
		if (fine)
			cmd_out(c, wtext_of(&t));
		wtext_free(&t);
		free(full);
	}
	cmd_words_free(&w);
	cmd_words_free(&flags);
	return code;
}
