/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_ini.c -- initialization files: sections in brackets, lines of key=value.
 *
 * A file is read each time, so that what another program wrote is seen.  One that begins with
 * a byte order mark is UTF-16, and stays so; all others are in the ANSI code page.  A name without
 * a folder is in the Windows folder, as is that of none, win.ini.
 */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/text/utf.h"

enum {
	MOST = 1 << 24, /* bytes of a file */
	GENERIC_READ_ = (int)0x80000000,
	GENERIC_WRITE_ = 0x40000000,
	SHARE = 3,
	OPEN_EXISTING_ = 3,
	CREATE_ALWAYS_ = 2,
	BOM = 0xfeff,
};

WINAPI HANDLE kernel32_CreateFileW(const WCHAR *name, DWORD access, DWORD share, void *security,
                                   DWORD disposition, DWORD flags, HANDLE template);
WINAPI BOOL kernel32_ReadFile(HANDLE h, void *buf, DWORD n, DWORD *done, void *overlapped);
WINAPI BOOL kernel32_WriteFile(HANDLE h, const void *buf, DWORD n, DWORD *done, void *overlapped);
WINAPI BOOL kernel32_GetFileSizeEx(HANDLE h, LONGLONG *size);
WINAPI BOOL kernel32_CloseHandle(HANDLE h);

struct ini {
	WCHAR *text; /* own */
	size_t n;
	bool wide;
};

/* To be freed; NULL: no memory. */
static WCHAR *
path_of(const WCHAR *name)
{
	static const WCHAR folder[] = u"C:\\Windows\\";
	bool has_folder = false;
	if (!name)
		name = u"win.ini";
	for (const WCHAR *p = name; *p; p++)
		has_folder |= *p == '\\' || *p == '/' || *p == ':';
	size_t n = utf_length(name), k = has_folder ? 0 : sizeof folder / sizeof *folder - 1;
	WCHAR *path = malloc((k + n + 1) * sizeof *path);
	if (path) {
		memcpy(path, folder, k * sizeof *path);
		memcpy(path + k, name, (n + 1) * sizeof *path);
	}
	return path;
}

static bool
decode(struct ini *f, const char *bytes, size_t n)
{
	WCHAR mark = 0;
	if (n >= 2)
		memcpy(&mark, bytes, 2);
	f->wide = mark == BOM;
	size_t units = f->wide ? n / 2 - 1 : nls_16_of_8(bytes, n, NULL, 0, NULL);
	if (!(f->text = malloc((units + 1) * sizeof *f->text)))
		return false;
	if (f->wide)
		memcpy(f->text, bytes + 2, units * 2);
	else
		nls_16_of_8(bytes, n, f->text, units, NULL);
	f->n = units;
	f->text[units] = 0;
	return true;
}

/* A file that is not there is an empty one.  0, or an error. */
static DWORD
load(const WCHAR *name, struct ini *f)
{
	WCHAR *path = path_of(name);
	LONGLONG size = 0;
	DWORD done = 0, e = ERROR_SUCCESS;
	*f = (struct ini){ 0 };
	if (!path)
		return ERROR_NOT_ENOUGH_MEMORY;
	HANDLE h = kernel32_CreateFileW(path, (DWORD)GENERIC_READ_, SHARE, NULL, OPEN_EXISTING_, 0,
	                                NULL);
	free(path);
	if (h == INVALID_HANDLE_VALUE) {
		e = teb()->LastErrorValue;
		return decode(f, "", 0) ? e : (DWORD)ERROR_NOT_ENOUGH_MEMORY;
	}
	char *bytes = NULL;
	if (!kernel32_GetFileSizeEx(h, &size) || size > MOST)
		e = ERROR_NOT_ENOUGH_MEMORY;
	else if (!(bytes = malloc((size_t)size + 1)))
		e = ERROR_NOT_ENOUGH_MEMORY;
	else if (!kernel32_ReadFile(h, bytes, (DWORD)size, &done, NULL))
		e = teb()->LastErrorValue;
	kernel32_CloseHandle(h);
	if (!decode(f, e ? "" : bytes, e ? 0 : done))
		e = ERROR_NOT_ENOUGH_MEMORY;
	free(bytes);
	return e;
}

/* -- lines ------------------------------------------------------------------------------------------- */

struct line {
	const WCHAR *begin, *end, *next; /* without blanks around; where the next one begins */
	const WCHAR *key_end, *value;    /* of key=value; or value is NULL */
	bool section;                    /* begin..end is its name, then */
};

static bool
blank(WCHAR c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void
trim(const WCHAR **begin, const WCHAR **end)
{
	while (*begin < *end && blank(**begin))
		++*begin;
	while (*end > *begin && blank((*end)[-1]))
		--*end;
}

static bool
next_line(const struct ini *f, const WCHAR *at, struct line *l)
{
	const WCHAR *last = f->text + f->n, *p = at;
	if (!f->text || at >= last)
		return false;
	while (p < last && *p != '\n')
		p++;
	*l = (struct line){ .begin = at, .end = p, .next = p < last ? p + 1 : p };
	trim(&l->begin, &l->end);
	if (l->begin < l->end && *l->begin == '[') {
		l->begin++;
		const WCHAR *close = l->begin;
		while (close < l->end && *close != ']')
			close++;
		l->end = close;
		trim(&l->begin, &l->end);
		l->section = true;
		return true;
	}
	for (p = l->begin; p < l->end && *p != '=';)
		p++;
	l->key_end = p;
	l->value = p < l->end ? p + 1 : NULL;
	const WCHAR *begin = l->begin;
	trim(&begin, &l->key_end);
	return true;
}

static bool
comment(const struct line *l)
{
	return l->begin == l->end || *l->begin == ';';
}

static bool
same(const WCHAR *begin, const WCHAR *end, const WCHAR *name)
{
	const WCHAR *last = name + utf_length(name);
	trim(&name, &last);
	size_t n = (size_t)(last - name);
	return n == (size_t)(end - begin) && !utf_compare_n(begin, name, n);
}

/* The first line behind the section's; NULL: there is no such. */
static const WCHAR *
find_section(const struct ini *f, const WCHAR *name, const WCHAR **head)
{
	struct line l;
	for (const WCHAR *at = f->text; next_line(f, at, &l); at = l.next)
		if (l.section && same(l.begin, l.end, name)) {
			if (head)
				*head = at;
			return l.next;
		}
	return NULL;
}

/* -- reading ------------------------------------------------------------------------------------------ */

/* What is given back: counted to the end, written as far as there is room. */
struct out {
	WCHAR *at;
	size_t n, room;
};

static void
put(struct out *o, const WCHAR *begin, const WCHAR *end)
{
	for (; begin < end; begin++, o->n++)
		if (o->at && o->n < o->room)
			o->at[o->n] = *begin;
}

static void
put_zero(struct out *o)
{
	static const WCHAR zero[1];
	put(o, zero, zero + 1);
}

/* Whole lines of a section, names of its keys, or (no section) names of sections. */
static void
list(const struct ini *f, const WCHAR *section, bool whole, struct out *o)
{
	struct line l;
	const WCHAR *at = section ? find_section(f, section, NULL) : f->text;
	for (; at && next_line(f, at, &l); at = l.next) {
		if (section && l.section)
			return;
		if (section ? comment(&l) || (!whole && !l.value) : !l.section)
			continue;
		put(o, l.begin, section && !whole ? l.key_end : l.end);
		put_zero(o);
	}
}

static bool
value(const struct ini *f, const WCHAR *section, const WCHAR *key, const WCHAR **begin,
      const WCHAR **end)
{
	struct line l;
	const WCHAR *at = find_section(f, section, NULL);
	for (; at && next_line(f, at, &l) && !l.section; at = l.next) {
		if (comment(&l) || !l.value || !same(l.begin, l.key_end, key))
			continue;
		*begin = l.value;
		*end = l.end;
		trim(begin, end);
		if (*end - *begin >= 2 && (**begin == '"' || **begin == '\'') &&
		    (*end)[-1] == **begin) {
			++*begin;
			--*end;
		}
		return true;
	}
	return false;
}

/* Everything that a question has, made by the two passes of it: to be freed.  lists: it is one. */
static WCHAR *
answer(const WCHAR *section, const WCHAR *key, const WCHAR *otherwise, bool whole,
       const WCHAR *name, size_t *n, bool *lists)
{
	struct ini f;
	const WCHAR *begin = NULL, *end = NULL;
	DWORD e = load(name, &f);
	*lists = whole || !section || !key;
	if (!*lists && !value(&f, section, key, &begin, &end)) {
		begin = otherwise ? otherwise : u"";
		end = begin + utf_length(begin);
		while (end > begin && end[-1] == ' ')
			end--;
	}
	struct out o = { 0 };
	for (int pass = 0; pass < 2 && (pass == 0 || o.at); pass++) {
		o.n = 0;
		if (*lists)
			list(&f, section, whole, &o);
		else
			put(&o, begin, end);
		if (pass == 0) {
			o.room = o.n;
			o.at = malloc((o.n + 1) * sizeof *o.at);
		}
	}
	free(f.text);
	last_error(o.at ? e : (DWORD)ERROR_NOT_ENOUGH_MEMORY);
	*n = o.n;
	return o.at;
}

/* The ends of what was cut off: one zero, or two. */
static DWORD
give(const void *from, size_t n, size_t unit, bool lists, void *out, DWORD room)
{
	size_t zeroes = lists ? 2 : 1, k = n;
	char *to = out;
	if (!out || !room)
		return 0;
	if (lists && n)
		n = k = n - 1; /* the last text's zero is counted below */
	if (room < zeroes) {
		memset(to, 0, room * unit);
		return 0;
	}
	if (k + zeroes > room) {
		k = room - zeroes;
		last_error(ERROR_MORE_DATA);
	}
	memcpy(to, from, k * unit);
	memset(to + k * unit, 0, zeroes * unit);
	/* a list's number has its last text's zero in it, unless it was cut off */
	return (DWORD)(k + (lists && k && k == n));
}

static DWORD
get_wide(const WCHAR *section, const WCHAR *key, const WCHAR *otherwise, bool whole, WCHAR *out,
         DWORD room, const WCHAR *name)
{
	size_t n;
	bool lists;
	WCHAR *text = answer(section, key, otherwise, whole, name, &n, &lists);
	DWORD k = text ? give(text, n, sizeof *text, lists, out, room) : 0;
	free(text);
	return k;
}

static WCHAR *
widen(const char *s, bool *fine)
{
	WCHAR *w = s ? nls_wide_ansi(s) : NULL;
	*fine &= w || !s;
	return w;
}

static DWORD
get_narrow(const char *section, const char *key, const char *otherwise, bool whole, char *out,
           DWORD room, const char *name)
{
	bool fine = true, lists;
	size_t n = 0, k = 0;
	WCHAR *a = widen(section, &fine), *b = widen(key, &fine), *c = widen(otherwise, &fine);
	WCHAR *d = widen(name, &fine);
	WCHAR *text = fine ? answer(a, b, c, whole, d, &n, &lists) : NULL;
	char *bytes = text ? malloc(3 * n + 1) : NULL;
	if (bytes) {
		k = nls_8_of_16(text, n, bytes, 3 * n, NULL);
		k = give(bytes, k, 1, lists, out, room);
	} else {
		last_error(ERROR_NOT_ENOUGH_MEMORY);
	}
	free(bytes);
	free(text);
	free(a);
	free(b);
	free(c);
	free(d);
	return (DWORD)k;
}

WINAPI DWORD
kernel32_GetPrivateProfileStringW(const WCHAR *section, const WCHAR *key, const WCHAR *otherwise,
                                  WCHAR *out, DWORD room, const WCHAR *name)
{
	return get_wide(section, key, otherwise, false, out, room, name);
}

WINAPI DWORD
kernel32_GetPrivateProfileStringA(const char *section, const char *key, const char *otherwise,
                                  char *out, DWORD room, const char *name)
{
	return get_narrow(section, key, otherwise, false, out, room, name);
}

WINAPI DWORD
kernel32_GetProfileStringW(const WCHAR *section, const WCHAR *key, const WCHAR *otherwise,
                           WCHAR *out, DWORD room)
{
	return get_wide(section, key, otherwise, false, out, room, NULL);
}

WINAPI DWORD
kernel32_GetProfileStringA(const char *section, const char *key, const char *otherwise, char *out,
                           DWORD room)
{
	return get_narrow(section, key, otherwise, false, out, room, NULL);
}

WINAPI DWORD
kernel32_GetPrivateProfileSectionW(const WCHAR *section, WCHAR *out, DWORD room, const WCHAR *name)
{
	return section ? get_wide(section, NULL, NULL, true, out, room, name) : 0;
}

WINAPI DWORD
kernel32_GetPrivateProfileSectionA(const char *section, char *out, DWORD room, const char *name)
{
	return section ? get_narrow(section, NULL, NULL, true, out, room, name) : 0;
}

WINAPI DWORD
kernel32_GetPrivateProfileSectionNamesW(WCHAR *out, DWORD room, const WCHAR *name)
{
	return get_wide(NULL, NULL, NULL, false, out, room, name);
}

WINAPI DWORD
kernel32_GetPrivateProfileSectionNamesA(char *out, DWORD room, const char *name)
{
	return get_narrow(NULL, NULL, NULL, false, out, room, name);
}

/* Decimal, or hexadecimal behind 0x; what follows does not count. */
static UINT
number(const WCHAR *p)
{
	bool minus = *p == '-';
	UINT v = 0, base = 10;
	if (minus || *p == '+')
		p++;
	if (p[0] == '0' && (p[1] | 32) == 'x') {
		base = 16;
		p += 2;
	}
	for (;; p++) {
		UINT d = *p >= '0' && *p <= '9'                 ? *p - (UINT)'0'
		         : (*p | 32) >= 'a' && (*p | 32) <= 'f' ? (*p | 32u) - 'a' + 10
		                                                : 99;
		if (d >= base)
			return minus ? 0 - v : v;
		v = v * base + d;
	}
}

WINAPI UINT
kernel32_GetPrivateProfileIntW(const WCHAR *section, const WCHAR *key, int otherwise,
                               const WCHAR *name)
{
	WCHAR text[32];
	if (!section || !key)
		return (UINT)otherwise;
	DWORD n = get_wide(section, key, u"", false, text, 32, name);
	return n ? number(text) : (UINT)otherwise;
}

WINAPI UINT
kernel32_GetPrivateProfileIntA(const char *section, const char *key, int otherwise,
                               const char *name)
{
	bool fine = true;
	WCHAR *a = widen(section, &fine), *b = widen(key, &fine), *c = widen(name, &fine);
	UINT v = fine ? kernel32_GetPrivateProfileIntW(a, b, otherwise, c) : (UINT)otherwise;
	free(a);
	free(b);
	free(c);
	return v;
}

WINAPI UINT
kernel32_GetProfileIntW(const WCHAR *section, const WCHAR *key, int otherwise)
{
	return kernel32_GetPrivateProfileIntW(section, key, otherwise, NULL);
}

WINAPI UINT
kernel32_GetProfileIntA(const char *section, const char *key, int otherwise)
{
	return kernel32_GetPrivateProfileIntA(section, key, otherwise, NULL);
}

/* -- writing -------------------------------------------------------------------------------------------- */

static BOOL
store(const WCHAR *name, bool wide, const WCHAR *text, size_t n)
{
	WCHAR *path = path_of(name);
	char *bytes = malloc(3 * n + 2);
	size_t size = 0;
	DWORD done;
	if (!path || !bytes) {
		free(path);
		free(bytes);
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	}
	if (wide) {
		memcpy(bytes, &(WCHAR){ BOM }, 2);
		memcpy(bytes + 2, text, n * 2);
		size = 2 + n * 2;
	} else {
		size = nls_8_of_16(text, n, bytes, 3 * n, NULL);
	}
	HANDLE h =
	        kernel32_CreateFileW(path, GENERIC_WRITE_, SHARE, NULL, CREATE_ALWAYS_, 0x80, NULL);
	free(path);
	BOOL fine =
	        h != INVALID_HANDLE_VALUE && kernel32_WriteFile(h, bytes, (DWORD)size, &done, NULL);
	if (h != INVALID_HANDLE_VALUE)
		kernel32_CloseHandle(h);
	free(bytes);
	return fine;
}

static void
put_text(struct out *o, const WCHAR *s)
{
	put(o, s, s + utf_length(s));
}

/* Where the new line belongs: its old one, or behind the last line of the section that is not
 * empty. */
static void
place(const struct ini *f, const WCHAR *at, const WCHAR *key, const WCHAR **from, const WCHAR **to)
{
	struct line l;
	*from = *to = at;
	for (; next_line(f, at, &l) && !l.section; at = l.next) {
		if (!comment(&l) && same(l.begin, l.key_end, key)) {
			*from = at;
			*to = l.next;
			return;
		}
		if (l.begin < l.end)
			*from = *to = l.next;
	}
}

static const WCHAR *
section_end(const struct ini *f, const WCHAR *at)
{
	struct line l;
	while (next_line(f, at, &l) && !l.section)
		at = l.next;
	return at;
}

/* The file with its change; from..to is what goes. */
static void
compose(const struct ini *f, const WCHAR *section, const WCHAR *key, const WCHAR *v, struct out *o)
{
	const WCHAR *last = f->text + f->n, *from = last, *to = last, *head = NULL;
	const WCHAR *body = find_section(f, section, &head);
	if (body && key)
		place(f, body, key, &from, &to);
	else if (body) {
		from = head;
		to = section_end(f, body);
	}
	put(o, f->text, from);
	if (key && v) {
		if (from > f->text && from[-1] != '\n')
			put_text(o, u"\r\n");
		if (!body) {
			put_text(o, u"[");
			put_text(o, section);
			put_text(o, u"]\r\n");
		}
		put_text(o, key);
		put_text(o, u"=");
		put_text(o, v);
		put_text(o, u"\r\n");
	}
	put(o, to, last);
}

WINAPI BOOL
kernel32_WritePrivateProfileStringW(const WCHAR *section, const WCHAR *key, const WCHAR *v,
                                    const WCHAR *name)
{
	struct ini f;
	if (!section) /* nothing is kept that would have to be written */
		return key || v ? refuse(ERROR_FILE_NOT_FOUND) : FALSE;
	DWORD e = load(name, &f);
	if (!f.text || (e && e != ERROR_FILE_NOT_FOUND)) {
		free(f.text);
		return refuse(e);
	}
	struct out o = { 0 };
	compose(&f, section, key, v, &o);
	o.room = o.n;
	o.n = 0;
	BOOL fine = FALSE;
	if ((o.at = malloc((o.room + 1) * sizeof *o.at))) {
		compose(&f, section, key, v, &o);
		fine = store(name, f.wide, o.at, o.n);
	} else {
		last_error(ERROR_NOT_ENOUGH_MEMORY);
	}
	free(o.at);
	free(f.text);
	return fine;
}

WINAPI BOOL
kernel32_WritePrivateProfileStringA(const char *section, const char *key, const char *v,
                                    const char *name)
{
	bool fine = true;
	WCHAR *a = widen(section, &fine), *b = widen(key, &fine), *c = widen(v, &fine);
	WCHAR *d = widen(name, &fine);
	BOOL done = fine ? kernel32_WritePrivateProfileStringW(a, b, c, d)
	                 : refuse(ERROR_NOT_ENOUGH_MEMORY);
	free(a);
	free(b);
	free(c);
	free(d);
	return done;
}

WINAPI BOOL
kernel32_WriteProfileStringW(const WCHAR *section, const WCHAR *key, const WCHAR *v)
{
	return kernel32_WritePrivateProfileStringW(section, key, v, NULL);
}

WINAPI BOOL
kernel32_WriteProfileStringA(const char *section, const char *key, const char *v)
{
	return kernel32_WritePrivateProfileStringA(section, key, v, NULL);
}
