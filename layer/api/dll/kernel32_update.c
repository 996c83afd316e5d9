/* SPDX-License-Identifier: Apache-2.0 */
/* Changing the resources of a program's file: BeginUpdateResource and what follows it.
 *
 * All that is there is read, changed in memory, and written as a section of its own in the place of
 * the old one; what stands behind it in the file moves.  The PE format: Microsoft's "PE Format".
 */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/image/pe.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/text/utf.h"

enum {
	MOST = 1 << 30, /* bytes of a file */
	ENTRIES = 1 << 16,
	SECTION = 40,
	DIRECTORY = 16,
	ENTRY = 8,
	LEAF = 16,
	GENERIC_READ = (int)0x80000000,
	GENERIC_WRITE = 0x40000000,
	OPEN_EXISTING = 3,
	MAGIC = 0x44505552,
	ERROR_WRITE_FAULT = 29,
	ERROR_READ_FAULT = 30,
	ERROR_BAD_EXE_FORMAT = 193,
};

WINAPI HANDLE kernel32_CreateFileW(const WCHAR *name, DWORD access, DWORD share,
                                   struct SECURITY_ATTRIBUTES *sa, DWORD how, DWORD flags,
                                   HANDLE like);
WINAPI BOOL kernel32_ReadFile(HANDLE h, void *buffer, DWORD n, DWORD *read, struct OVERLAPPED *o);
WINAPI BOOL kernel32_WriteFile(HANDLE h, const void *buffer, DWORD n, DWORD *written,
                               struct OVERLAPPED *o);
WINAPI BOOL kernel32_SetEndOfFile(HANDLE h);
WINAPI BOOL kernel32_CloseHandle(HANDLE h);
WINAPI DWORD kernel32_GetFileSize(HANDLE h, DWORD *high);

/* A number, or a text (own). */
struct key {
	WCHAR *text;
	WORD number;
};

struct item {
	struct key type, name;
	WORD language;
	DWORD codepage, n;
	BYTE *data; /* own */
};

struct update {
	uint32_t magic;
	WCHAR *path; /* own */
	BYTE *file;  /* own */
	DWORD size;
	/* of the file: places of headers */
	DWORD sections, count, optional, directories;
	struct item *item; /* own */
	size_t n;
};

static DWORD
get(const BYTE *p, DWORD bytes)
{
	DWORD v = 0;
	memcpy(&v, p, bytes);
	return v;
}

static void put32(BYTE *p, DWORD v) { memcpy(p, &v, 4); }
static void put16(BYTE *p, DWORD v) { memcpy(p, &v, 2); }
static DWORD up(DWORD n, DWORD to) { return to ? (n + to - 1) / to * to : n; }

static void
item_free(struct item *i)
{
	free(i->type.text);
	free(i->name.text);
	free(i->data);
}

static void
update_free(struct update *u)
{
	for (size_t i = 0; i < u->n; i++)
		item_free(&u->item[i]);
	free(u->item);
	free(u->path);
	free(u->file);
	free(u);
}

/* -- reading ------------------------------------------------------------------------------------ */

/* The headers; false: it is no program. */
static bool
headers(struct update *u)
{
	if (u->size < 64 || get(u->file, 2) != 0x5a4d)
		return false;
	DWORD at = get(u->file + 60, 4);
	if (at > u->size || u->size - at < 24 + 112 || get(u->file + at, 4) != 0x4550)
		return false;
	DWORD optional = get(u->file + at + 20, 2);
	u->optional = at + 24;
	u->count = get(u->file + at + 6, 2);
	u->sections = u->optional + optional;
	bool wide = get(u->file + u->optional, 2) == 0x20b;
	u->directories = u->optional + (wide ? 112 : 96);
	return u->sections <= u->size && u->count * SECTION <= u->size - u->sections &&
	       u->directories + 8 * (PE_RELOC + 1) <= u->sections;
}

static BYTE *directory(struct update *u, int i) { return u->file + u->directories + 8 * i; }
static BYTE *section(struct update *u, DWORD i) { return u->file + u->sections + SECTION * i; }

/* Bytes at an address; NULL: they are not in the file. */
static const BYTE *
bytes(struct update *u, DWORD address, DWORD n)
{
	for (DWORD i = 0; i < u->count; i++) {
		const BYTE *s = section(u, i);
		DWORD from = get(s + 12, 4), have = get(s + 16, 4), raw = get(s + 20, 4);
		if (address < from || address - from > have || n > have - (address - from))
			continue;
		raw += address - from;
		return raw <= u->size && n <= u->size - raw ? u->file + raw : NULL;
	}
	return NULL;
}

static bool
key_at(struct update *u, DWORD base, DWORD name, struct key *k)
{
	*k = (struct key){ NULL, (WORD)name };
	if (!(name & 0x80000000))
		return true;
	DWORD at = base + (name & 0x7fffffff);
	const BYTE *p = bytes(u, at, 2);
	DWORD n = p ? get(p, 2) : 0;
	p = p ? bytes(u, at + 2, n * 2) : NULL;
	k->text = p ? calloc(n + 1, sizeof *k->text) : NULL;
	if (k->text)
		memcpy(k->text, p, n * 2);
	return k->text;
}

static struct key
key_copy(const struct key *k)
{
	return (struct key){ k->text ? utf_copy(k->text, utf_length(k->text)) : NULL, k->number };
}

static struct item *
item_new(struct update *u)
{
	struct item *more = u->n < ENTRIES ? realloc(u->item, (u->n + 1) * sizeof *more) : NULL;
	if (!more)
		return NULL;
	u->item = more;
	memset(&more[u->n], 0, sizeof *more);
	return &more[u->n++];
}

static bool
leaf(struct update *u, DWORD at, const struct key k[2], WORD language)
{
	const BYTE *p = bytes(u, at, LEAF);
	DWORD n = p ? get(p + 4, 4) : 0;
	const BYTE *data = p ? bytes(u, get(p, 4), n) : NULL;
	struct item *i = data ? item_new(u) : NULL;
	if (!i)
		return false;
	i->type = key_copy(&k[0]);
	i->name = key_copy(&k[1]);
	i->language = language;
	i->codepage = get(p + 8, 4);
	i->n = n;
	i->data = malloc(n ? n : 1);
	if (i->data)
		memcpy(i->data, data, n);
	return i->data;
}

/* Types, names, languages. */
static bool
tree(struct update *u, DWORD base, DWORD offset, int level, struct key k[2])
{
	const BYTE *p = bytes(u, base + offset, DIRECTORY);
	DWORD n = p ? get(p + 12, 2) + get(p + 14, 2) : 0;
	bool ok = p;
	for (DWORD i = 0; ok && i < n; i++) {
		p = bytes(u, base + offset + DIRECTORY + ENTRY * i, ENTRY);
		if (!p)
			return false;
		DWORD name = get(p, 4), to = get(p + 4, 4);
		bool deeper = to & 0x80000000;
		if (deeper != (level < 2))
			return false;
		if (level == 2) {
			ok = leaf(u, base + to, k, (WORD)name);
			continue;
		}
		ok = key_at(u, base, name, &k[level]) &&
		     tree(u, base, to & 0x7fffffff, level + 1, k);
		free(k[level].text);
		k[level].text = NULL;
	}
	return ok;
}

static DWORD
load(struct update *u, bool drop)
{
	HANDLE h =
	        kernel32_CreateFileW(u->path, (DWORD)GENERIC_READ, 1, NULL, OPEN_EXISTING, 0, NULL);
	DWORD high = 0, done = 0;
	struct key k[2] = { { NULL, 0 }, { NULL, 0 } };

	if (h == INVALID_HANDLE_VALUE)
		return teb()->LastErrorValue;
	u->size = kernel32_GetFileSize(h, &high);
	u->file = !high && u->size < MOST ? malloc(u->size + 1) : NULL;
	bool read = u->file && kernel32_ReadFile(h, u->file, u->size, &done, NULL);
	kernel32_CloseHandle(h);
	if (!read || done != u->size)
		return u->file ? ERROR_READ_FAULT : ERROR_NOT_ENOUGH_MEMORY;
	if (!headers(u))
		return ERROR_BAD_EXE_FORMAT;
	DWORD base = get(directory(u, PE_RESOURCE), 4);
	return drop || !base || tree(u, base, 0, 0, k) ? ERROR_SUCCESS : ERROR_INVALID_DATA;
}

static struct update *
begin(WCHAR *path, BOOL drop)
{
	struct update *u = path ? calloc(1, sizeof *u) : NULL;
	if (!u) {
		free(path);
		last_error(ERROR_NOT_ENOUGH_MEMORY);
		return NULL;
	}
	u->magic = MAGIC;
	u->path = path;
	DWORD e = load(u, drop);
	if (!e)
		return u;
	update_free(u);
	last_error(e);
	return NULL;
}

WINAPI void *
kernel32_BeginUpdateResourceW(const WCHAR *path, BOOL drop)
{
	return begin(utf_copy(path, utf_length(path)), drop);
}

WINAPI void *
kernel32_BeginUpdateResourceA(const char *path, BOOL drop)
{
	return begin(nls_wide_ansi(path), drop);
}

/* -- changing ---------------------------------------------------------------------------------- */

/* A number in a pointer, "#12", or a text, which is kept in upper case. */
static bool
key_of(const WCHAR *s, struct key *k)
{
	DWORD v = 0;

	*k = (struct key){ NULL, (WORD)(uintptr_t)s };
	if ((uintptr_t)s < 0x10000)
		return true;
	if (*s == '#') {
		for (s++; *s >= '0' && *s <= '9'; s++)
			v = v * 10 + (DWORD)(*s - '0');
		k->number = (WORD)v;
		return true;
	}
	k->text = utf_copy(s, utf_length(s));
	for (WCHAR *p = k->text; p && *p; p++)
		*p = utf_upper(*p);
	return k->text;
}

/* Texts before numbers. */
static int
key_compare(const struct key *a, const struct key *b)
{
	if (!a->text != !b->text)
		return a->text ? -1 : 1;
	return a->text ? utf_compare(a->text, b->text) : a->number - b->number;
}

static int
compare(const void *x, const void *y)
{
	const struct item *a = x, *b = y;
	int r = key_compare(&a->type, &b->type);
	if (!r)
		r = key_compare(&a->name, &b->name);
	return r ? r : a->language - b->language;
}

WINAPI BOOL
kernel32_UpdateResourceW(struct update *u, const WCHAR *type, const WCHAR *name, WORD language,
                         const void *data, DWORD n)
{
	struct item want = { .language = language, .n = n };

	if (!u || u->magic != MAGIC)
		return refuse(ERROR_INVALID_HANDLE);
	bool ok = key_of(type, &want.type);
	ok &= key_of(name, &want.name);
	if (ok && data && n) {
		want.data = malloc(n);
		if (want.data)
			memcpy(want.data, data, n);
		ok = want.data;
	}
	bool removes = !data || !n;
	struct item *old = NULL;
	for (size_t i = 0; i < u->n && !old; i++)
		if (!compare(&u->item[i], &want))
			old = &u->item[i];
	if (!ok || (removes && !old)) {
		item_free(&want);
		return refuse(ok ? ERROR_INVALID_PARAMETER : ERROR_NOT_ENOUGH_MEMORY);
	}
	if (old) {
		item_free(old);
		*old = want;
		if (removes) {
			item_free(old);
			*old = u->item[--u->n];
		}
		return TRUE;
	}
	struct item *i = item_new(u);
	if (!i) {
		item_free(&want);
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	}
	*i = want;
	return TRUE;
}

WINAPI BOOL
kernel32_UpdateResourceA(struct update *u, const char *type, const char *name, WORD language,
                         const void *data, DWORD n)
{
	WCHAR *t = (uintptr_t)type < 0x10000 ? (WCHAR *)(uintptr_t)type : nls_wide_ansi(type);
	WCHAR *m = (uintptr_t)name < 0x10000 ? (WCHAR *)(uintptr_t)name : nls_wide_ansi(name);
	BOOL ok = kernel32_UpdateResourceW(u, t, m, language, data, n);

	if ((uintptr_t)type >= 0x10000)
		free(t);
	if ((uintptr_t)name >= 0x10000)
		free(m);
	return ok;
}

/* -- writing ----------------------------------------------------------------------------------- */

/* Where the next of each kind goes. */
struct place {
	BYTE *out; /* NULL: only counted */
	DWORD text, leaf, data, address;
};

static DWORD
put_key(struct place *p, const struct key *k)
{
	if (!k->text)
		return k->number;
	DWORD n = (DWORD)utf_length(k->text), at = p->text;
	if (p->out) {
		put16(p->out + at, n);
		memcpy(p->out + at + 2, k->text, n * 2);
	}
	p->text += 2 + n * 2;
	return at | 0x80000000;
}

/* The number of different ones of a level among sorted items. */
static DWORD
kinds(const struct item *i, size_t n, int level, DWORD *named)
{
	DWORD k = 0;
	*named = 0;
	for (size_t j = 0; j < n; j++) {
		if (j && !key_compare(&i[j].type, &i[j - 1].type) &&
		    (level < 1 || !key_compare(&i[j].name, &i[j - 1].name)) && level < 2)
			continue;
		k++;
		*named += level == 0 ? i[j].type.text != NULL : level == 1 && i[j].name.text;
	}
	return k;
}

static void
put_directory(struct place *p, DWORD at, DWORD n, DWORD named)
{
	if (p->out) {
		put16(p->out + at + 12, named);
		put16(p->out + at + 14, n - named);
	}
}

static void
put_entry(struct place *p, DWORD at, DWORD name, DWORD to)
{
	if (p->out) {
		put32(p->out + at, name);
		put32(p->out + at + 4, to);
	}
}

/* Where those end that are of the type (level 0), or of the type and name (1), of the one at from.  The
 * directories of a level stand behind each other. */
static size_t
run(const struct item *i, size_t from, size_t n, int level)
{
	size_t to = from + 1;
	while (to < n && !key_compare(&i[to].type, &i[from].type) &&
	       (level < 1 || !key_compare(&i[to].name, &i[from].name)))
		to++;
	return to;
}

static void
put_languages(struct place *p, const struct item *i, size_t n, DWORD at)
{
	put_directory(p, at, (DWORD)n, 0);
	for (size_t j = 0; j < n; j++) {
		put_entry(p, at + DIRECTORY + ENTRY * (DWORD)j, i[j].language, p->leaf);
		p->data = up(p->data, 8);
		if (p->out) {
			put32(p->out + p->leaf, p->address + p->data);
			put32(p->out + p->leaf + 4, i[j].n);
			put32(p->out + p->leaf + 8, i[j].codepage);
			memcpy(p->out + p->data, i[j].data, i[j].n);
		}
		p->leaf += LEAF;
		p->data += i[j].n;
	}
}

static void
put_names(struct place *p, const struct item *i, size_t n, DWORD at, DWORD *next)
{
	DWORD named, k = kinds(i, n, 1, &named), e = at + DIRECTORY;
	put_directory(p, at, k, named);
	for (size_t j = 0, to; j < n; j = to, e += ENTRY) {
		to = run(i, j, n, 1);
		put_entry(p, e, put_key(p, &i[j].name), *next | 0x80000000);
		put_languages(p, i + j, to - j, *next);
		*next += DIRECTORY + ENTRY * (DWORD)(to - j);
	}
}

/* The whole section: its size; out NULL counts. */
static DWORD
put_all(const struct item *i, size_t n, BYTE *out, DWORD address)
{
	DWORD named, k = kinds(i, n, 0, &named), types = DIRECTORY + ENTRY * k, names = types;
	struct place p = { .out = out, .address = address };
	size_t j, to;

	for (j = 0; j < n; j = to) {
		DWORD ignored;
		to = run(i, j, n, 0);
		names += DIRECTORY + ENTRY * kinds(i + j, to - j, 1, &ignored);
	}
	DWORD languages = names;
	for (j = 0; j < n; j = to) {
		to = run(i, j, n, 1);
		languages += DIRECTORY + ENTRY * (DWORD)(to - j);
	}
	/* leaves, texts, data */
	p.leaf = languages;
	p.text = languages + LEAF * (DWORD)n;
	DWORD texts = p.text;
	for (j = 0; j < n; j = to) {
		to = run(i, j, n, 0);
		texts += i[j].type.text ? 2 + 2 * (DWORD)utf_length(i[j].type.text) : 0;
	}
	for (j = 0; j < n; j = to) {
		to = run(i, j, n, 1);
		texts += i[j].name.text ? 2 + 2 * (DWORD)utf_length(i[j].name.text) : 0;
	}
	p.data = up(texts, 8);
	put_directory(&p, 0, k, named);
	DWORD e = DIRECTORY, at = types, next = names;
	for (j = 0; j < n; j = to, e += ENTRY) {
		DWORD ignored;
		to = run(i, j, n, 0);
		put_entry(&p, e, put_key(&p, &i[j].type), at | 0x80000000);
		put_names(&p, i + j, to - j, at, &next);
		at += DIRECTORY + ENTRY * kinds(i + j, to - j, 1, &ignored);
	}
	return p.data;
}

/* The section that begins with the resources; count: there is none. */
static DWORD
own_section(struct update *u)
{
	DWORD base = get(directory(u, PE_RESOURCE), 4), i = 0;
	while (i < u->count && (!base || get(section(u, i) + 12, 4) != base))
		i++;
	return i;
}

/* A section at the end, for n bytes; count: there is no room for its header. */
static DWORD
new_section(struct update *u, DWORD alignment, DWORD file_alignment)
{
	DWORD end = 0, raw = 0, at = u->sections + SECTION * u->count;
	DWORD first = get(u->file + u->optional + 60, 4); /* SizeOfHeaders */

	for (DWORD i = 0; i < u->count; i++) {
		const BYTE *s = section(u, i);
		DWORD size = get(s + 8, 4) > get(s + 16, 4) ? get(s + 8, 4) : get(s + 16, 4);
		if (get(s + 12, 4) + size > end)
			end = get(s + 12, 4) + size;
		if (get(s + 16, 4) && get(s + 20, 4) + get(s + 16, 4) > raw)
			raw = get(s + 20, 4) + get(s + 16, 4);
	}
	if (at + SECTION > first || first > u->size || raw > u->size || raw % file_alignment)
		return u->count;
	BYTE *s = u->file + at;
	memset(s, 0, SECTION);
	memcpy(s, ".rsrc", 5);
	put32(s + 12, up(end, alignment));
	put32(s + 20, raw);
	put32(s + 36, 0x40000040); /* initialized data, to be read */
	put16(u->file + u->optional - 18, u->count + 1);
	return u->count++;
}

/* The file with n bytes as section i; what is behind them moves.  NULL: no memory. */
static BYTE *
rebuilt(struct update *u, DWORD i, DWORD n, DWORD *size)
{
	BYTE *s = section(u, i), *optional = u->file + u->optional;
	DWORD alignment = get(optional + 32, 4), file_alignment = get(optional + 36, 4);
	DWORD raw = get(s + 20, 4), old = get(s + 16, 4), have = up(n, file_alignment), end = 0;
	DWORD room = up(get(s + 8, 4) > old ? get(s + 8, 4) : old, alignment);
	DWORD grows = up(n, alignment) > room ? up(n, alignment) - room : 0;
	DWORD address = get(s + 12, 4);

	if (raw > u->size || old > u->size - raw)
		return NULL;
	put32(s + 8, n);
	put32(s + 16, have);
	put32(directory(u, PE_RESOURCE), address);
	put32(directory(u, PE_RESOURCE) + 4, n);
	/* a signature is none any more */
	memset(directory(u, PE_SECURITY), 0, 8);
	for (DWORD k = 0; k < u->count; k++) {
		BYTE *t = section(u, k);
		if (k != i && get(t + 16, 4) && get(t + 20, 4) >= raw + old)
			put32(t + 20, get(t + 20, 4) + have - old);
		if (get(t + 12, 4) > address)
			put32(t + 12, get(t + 12, 4) + grows);
		DWORD most = get(t + 8, 4) > get(t + 16, 4) ? get(t + 8, 4) : get(t + 16, 4);
		if (up(get(t + 12, 4) + most, alignment) > end)
			end = up(get(t + 12, 4) + most, alignment);
	}
	BYTE *relocations = directory(u, PE_RELOC);
	if (get(relocations, 4) > address)
		put32(relocations, get(relocations, 4) + grows);
	put32(optional + 56, end);                              /* SizeOfImage */
	put32(optional + 8, get(optional + 8, 4) + have - old); /* SizeOfInitializedData */
	put32(optional + 64, 0);                                /* CheckSum: not known */
	*size = u->size - old + have;
	BYTE *out = calloc(1, *size + 1);
	if (!out)
		return NULL;
	memcpy(out, u->file, raw);
	put_all(u->item, u->n, out + raw, address);
	memcpy(out + raw + have, u->file + raw + old, u->size - raw - old);
	return out;
}

/* May what is behind a section be moved?  Only what nothing but the headers points into. */
static bool
may_move(struct update *u, DWORD i)
{
	DWORD address = get(section(u, i) + 12, 4), relocations = get(directory(u, PE_RELOC), 4);
	for (DWORD k = 0; k < u->count; k++)
		if (get(section(u, k) + 12, 4) > address &&
		    get(section(u, k) + 12, 4) != relocations)
			return false;
	return true;
}

static DWORD
save(struct update *u)
{
	const BYTE *optional = u->file + u->optional;
	DWORD alignment = get(optional + 32, 4), file_alignment = get(optional + 36, 4), size, done;

	if (!alignment || !file_alignment)
		return ERROR_BAD_EXE_FORMAT;
	qsort(u->item, u->n, sizeof *u->item, compare);
	DWORD n = put_all(u->item, u->n, NULL, 0), i = own_section(u);
	if (i < u->count) {
		const BYTE *s = section(u, i);
		DWORD have = get(s + 8, 4) > get(s + 16, 4) ? get(s + 8, 4) : get(s + 16, 4);
		if (up(n, alignment) > up(have, alignment) && !may_move(u, i))
			i = u->count;
	}
	if (i == u->count && (i = new_section(u, alignment, file_alignment)) == u->count)
		return ERROR_BAD_EXE_FORMAT;
	BYTE *out = rebuilt(u, i, n, &size);
	if (!out)
		return ERROR_NOT_ENOUGH_MEMORY;
	HANDLE h = kernel32_CreateFileW(u->path, GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
	DWORD e = ERROR_SUCCESS;
	if (h == INVALID_HANDLE_VALUE) {
		e = teb()->LastErrorValue;
	} else {
		if (!kernel32_WriteFile(h, out, size, &done, NULL) || done != size ||
		    !kernel32_SetEndOfFile(h))
			e = ERROR_WRITE_FAULT;
		kernel32_CloseHandle(h);
	}
	free(out);
	return e;
}

WINAPI BOOL
kernel32_EndUpdateResourceW(struct update *u, BOOL discard)
{
	if (!u || u->magic != MAGIC)
		return refuse(ERROR_INVALID_HANDLE);
	DWORD e = discard ? ERROR_SUCCESS : save(u);
	u->magic = 0;
	update_free(u);
	return e ? refuse(e) : TRUE;
}

WINAPI BOOL
kernel32_EndUpdateResourceA(struct update *u, BOOL discard)
{
	return kernel32_EndUpdateResourceW(u, discard);
}
