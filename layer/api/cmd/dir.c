/* SPDX-License-Identifier: Apache-2.0 */
/* dir.c -- dir: /b bare, /s below, /a attributes, /o order, /l lower case, /w wide, /-c. */
#include <stdlib.h>
#include <sys/statvfs.h>

#include "base/arena.h"
#include "layer/api/cmd/builtin.h"
#include "layer/api/nt/file/path.h"

struct listing {
	struct cmd *c;
	bool bare, below, lower, plain, wide, any;
	DWORD with, without; /* attributes */
	const WCHAR *order;  /* of /o, or NULL */
	char time;           /* C A W */
	struct wtext out;
	int64_t files, folders, bytes;
};

static const struct listing *sorting; /* qsort has no context */

static int64_t
time_of(const struct WIN32_FIND_DATAW *d, char which)
{
	const struct FILETIME *t = which == 'C'   ? &d->ftCreationTime
	                           : which == 'A' ? &d->ftLastAccessTime
	                                          : &d->ftLastWriteTime;

	return (int64_t)t->dwHighDateTime << 32 | t->dwLowDateTime;
}

static int64_t
size_of(const struct WIN32_FIND_DATAW *d)
{
	return (int64_t)d->nFileSizeHigh << 32 | d->nFileSizeLow;
}

static int
order(const void *a, const void *b)
{
	const struct WIN32_FIND_DATAW *x = a, *y = b;
	const WCHAR *dx, *dy;

	for (const WCHAR *o = sorting->order; *o; o++) {
		bool back = *o == '-';
		int64_t d = 0;
		o += back;
		switch (*o) {
		case 'N': d = wtext_icmp(x->cFileName, y->cFileName); break;
		case 'S': d = size_of(x) < size_of(y) ? -1 : size_of(x) > size_of(y); break;
		case 'D':
			d = time_of(x, sorting->time) < time_of(y, sorting->time)
			            ? -1
			            : time_of(x, sorting->time) > time_of(y, sorting->time);
			break;
		case 'E':
			dx = wtext_rchr(x->cFileName, '.');
			dy = wtext_rchr(y->cFileName, '.');
			d = wtext_icmp(dx ? dx : u"", dy ? dy : u"");
			break;
		case 'G':
			d = (int)(y->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) -
			    (int)(x->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY);
			break;
		case 0: return 0;
		default: break;
		}
		if (d)
			return (d < 0) != back ? -1 : 1;
	}
	return 0;
}

static bool
wanted(const struct listing *l, const struct WIN32_FIND_DATAW *d)
{
	DWORD a = d->dwFileAttributes;

	return (a & l->with) == l->with && !(a & l->without);
}

/* 1,234,567 to the right of a column */
static void
column(struct listing *l, int64_t n, size_t width)
{
	char digits[40];
	size_t i = sizeof digits;
	int k = 0;

	digits[--i] = 0;
	do {
		if (k && k % 3 == 0 && !l->plain)
			digits[--i] = ',';
		digits[--i] = (char)('0' + n % 10);
		k++;
	} while (n /= 10);
	for (size_t have = sizeof digits - 1 - i; have < width; have++)
		wtext_addc(&l->out, ' ');
	wtext_ascii(&l->out, digits + i);
}

static void
name(struct listing *l, const WCHAR *s)
{
	for (; *s; s++)
		wtext_addc(&l->out, l->lower && *s >= 'A' && *s <= 'Z' ? *s + 32 : *s);
}

static void
flush(struct listing *l)
{
	cmd_write(l->c, l->c->std[1], wtext_of(&l->out), l->out.n);
	wtext_cut(&l->out, 0);
}

static void
row(struct listing *l, const WCHAR *folder, const struct WIN32_FIND_DATAW *d)
{
	bool is = d->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY;
	bool link = d->dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT;

	if (l->bare) {
		if (l->below) {
			WCHAR *whole = cmd_join(folder, d->cFileName);
			name(l, whole);
			free(whole);
		} else {
			name(l, d->cFileName);
		}
		wtext_ascii(&l->out, "\r\n");
		return;
	}
	if (l->wide) {
		wtext_ascii(&l->out, is ? "[" : "");
		name(l, d->cFileName);
		wtext_ascii(&l->out, is ? "]  " : "  ");
		return;
	}
	const struct FILETIME *t = l->time == 'C'   ? &d->ftCreationTime
	                           : l->time == 'A' ? &d->ftLastAccessTime
	                                            : &d->ftLastWriteTime;
	cmd_stamp(t, &l->out);
	if (is)
		wtext_ascii(&l->out, link ? "    <SYMLINKD>     " : "    <DIR>          ");
	else if (link)
		wtext_ascii(&l->out, "    <SYMLINK>      ");
	else
		column(l, size_of(d), 18);
	if (!is && !link)
		wtext_addc(&l->out, ' ');
	name(l, d->cFileName);
	wtext_ascii(&l->out, "\r\n");
}

/* All of one folder; true: something was there. */
static void
one_folder(struct listing *l, const WCHAR *folder, const WCHAR *pattern, int depth)
{
	WCHAR *names = cmd_join(folder, pattern);
	struct found f = cmd_find(names, !l->bare && !l->below);
	int64_t files = 0, folders = 0, bytes = 0;
	size_t shown = 0;

	if (l->order && f.n) {
		sorting = l;
		qsort(f.p, f.n, sizeof *f.p, order);
	}
	for (size_t i = 0; i < f.n; i++) {
		if (!wanted(l, &f.p[i]))
			continue;
		if (shown++ == 0 && !l->bare) {
			wtext_ascii(&l->out, " Directory of ");
			wtext_add(&l->out, folder);
			wtext_ascii(&l->out, "\r\n\r\n");
		}
		if (f.p[i].dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) {
			folders++;
		} else {
			files++;
			bytes += size_of(&f.p[i]);
		}
		row(l, folder, &f.p[i]);
	}
	if (shown && l->wide && !l->bare)
		wtext_ascii(&l->out, "\r\n");
	if (shown && !l->bare && (l->below || depth == 0)) {
		column(l, files, 16);
		wtext_ascii(&l->out, " File(s) ");
		column(l, bytes, 14);
		wtext_ascii(&l->out, " bytes\r\n");
		if (l->below)
			wtext_ascii(&l->out, "\r\n");
	}
	l->any |= shown > 0;
	l->files += files;
	l->folders += folders;
	l->bytes += bytes;
	flush(l);
	free(f.p);
	free(names);
	if (!l->below || depth >= CMD_DEEPEST)
		return;
	WCHAR *all = cmd_join(folder, u"*");
	f = cmd_find(all, false);
	for (size_t i = 0; i < f.n; i++) {
		DWORD a = f.p[i].dwFileAttributes;
		if (!(a & FILE_ATTRIBUTE_DIRECTORY) || a & FILE_ATTRIBUTE_REPARSE_POINT)
			continue;
		WCHAR *in = cmd_join(folder, f.p[i].cFileName);
		one_folder(l, in, pattern, depth + 1);
		free(in);
	}
	free(f.p);
	free(all);
}

static void
attributes(struct listing *l, const WCHAR *s)
{
	static const struct {
		WCHAR letter;
		DWORD bit;
	} bits[] = { { 'D', 0x10 }, { 'R', 1 },    { 'H', 2 },
		     { 'S', 4 },    { 'A', 0x20 }, { 'L', 0x400 } };

	l->with = l->without = 0;
	for (; *s; s++) {
		bool not = *s == '-';
		s += not ;
		for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
			if (bits[i].letter == *s)
				*(not ? &l->without : &l->with) |= bits[i].bit;
		if (!*s)
			return;
	}
}

static void
options(struct listing *l, const struct words *flags)
{
	for (size_t i = 0; i < flags->n; i++) {
		const WCHAR *s = flags->p[i].text;
		const WCHAR *rest = s[0] ? s + 1 : s;
		rest += *rest == ':';
		if (wtext_is(s, "-C"))
			l->plain = true;
		else if (*s == 'B')
			l->bare = true;
		else if (*s == 'S')
			l->below = true;
		else if (*s == 'L')
			l->lower = true;
		else if (*s == 'W' || *s == 'D')
			l->wide = true;
		else if (*s == 'A')
			attributes(l, rest);
		else if (*s == 'O')
			l->order = *rest ? rest : u"GN";
		else if (*s == 'T' && *rest)
			l->time = (char)*rest;
	}
}

static void
footer(struct listing *l, const WCHAR *folder)
{
	struct statvfs v = { 0 };
	char *host = NULL;
	WCHAR *device = NULL;

	if (l->below) {
		wtext_ascii(&l->out, "     Total Files Listed:\r\n");
		column(l, l->files, 16);
		wtext_ascii(&l->out, " File(s) ");
		column(l, l->bytes, 14);
		wtext_ascii(&l->out, " bytes\r\n");
	}
	if (path_host(folder, true, &host, &device) >= 0 && host)
		statvfs(host, &v);
	free(host);
	free(device);
	column(l, l->folders, 16);
	wtext_ascii(&l->out, " Dir(s) ");
	column(l, (int64_t)(v.f_bavail * v.f_frsize), 15);
	wtext_ascii(&l->out, " bytes free\r\n");
	flush(l);
}

static int32_t
list(struct listing *l, const WCHAR *what)
{
	WCHAR *full = cmd_full(what), *folder;
	const WCHAR *pattern = u"*";
	int32_t code = 0;

	if (!cmd_has_wildcard(what) && cmd_is_folder(full)) {
		folder = wtext_dup(full);
		size_t n = wtext_len(folder);
		if (n > 3 && folder[n - 1] == '\\')
			folder[n - 1] = 0;
	} else {
		folder = cmd_folder_of(full);
		size_t n = wtext_len(folder);
		if (n > 3 && folder[n - 1] == '\\')
			folder[n - 1] = 0;
		pattern = cmd_base_of(full);
	}
	if (!l->bare) {
		WCHAR drive[3] = { full[0], ':', 0 };
		builtin_vol(l->c, drive);
		wtext_ascii(&l->out, "\r\n");
	}
	if (!cmd_is_folder(folder)) {
		code = cmd_system(l->c, 3);
	} else {
		l->any = false;
		one_folder(l, folder, pattern, 0);
		if (!l->any)
			code = cmd_fail(l->c, "File Not Found");
		else if (!l->bare)
			footer(l, folder);
	}
	free(folder);
	free(full);
	return code;
}

int32_t
builtin_dir(struct cmd *c, const WCHAR *args)
{
	struct words flags = { 0 }, w = cmd_words_flags(args, &flags), given = { 0 };
	struct listing l = { .c = c,
		             .without = FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM,
		             .time = 'W' };
	WCHAR *more = cmd_getenv(u"DIRCMD");
	int32_t code = 0;

	if (more) {
		struct words none = cmd_words_flags(more, &given);
		options(&l, &given);
		cmd_words_free(&none);
	}
	options(&l, &flags);
	if (!w.n)
		code = list(&l, u".");
	for (size_t i = 0; i < w.n; i++) {
		int32_t one = list(&l, w.p[i].text);
		code = one ? one : code;
	}
	flush(&l);
	wtext_free(&l.out);
	free(more);
	cmd_words_free(&given);
	cmd_words_free(&w);
	cmd_words_free(&flags);
	return code;
}
