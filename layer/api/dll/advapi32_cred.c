/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials: names and secrets that a user keeps (Learn: wincred.h).
 *
 * They are in the user's part of the registry, sealed with the key of the machine; those for one
 * session in a volatile key.  A credential is one value: its name is type and target.
 */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/advapi32_reg.h"
#include "layer/api/dll/dll.h"
#include "layer/api/nt/clock.h"
#include "layer/api/nt/crypto/protect.h"
#include "layer/api/nt/text/utf.h"

enum {
	TYPES = 7,
	BLOB_MOST = 5 * 512,
	TARGET_MOST = 32767,
	ATTRIBUTES_MOST = 64,
	VALUE_MOST = 256,
	SESSION = 1,
	ENTERPRISE = 3,
	PRESERVE_CREDENTIAL_BLOB = 1,
	ALL_CREDENTIALS = 1,
};

struct attribute {
	WCHAR *Keyword;
	DWORD Flags, ValueSize;
	BYTE *Value;
};

struct CREDENTIALW {
	DWORD Flags, Type;
	WCHAR *TargetName, *Comment;
	struct FILETIME LastWritten;
	DWORD CredentialBlobSize;
	BYTE *CredentialBlob;
	DWORD Persist, AttributeCount;
	struct attribute *Attributes;
	WCHAR *TargetAlias, *UserName;
};

WINAPI LONG advapi32_RegCreateKeyExW(HKEY h, const WCHAR *path, DWORD reserved, WCHAR *class,
                                     DWORD options, DWORD access, void *sa, HKEY *out, DWORD *how);
WINAPI LONG advapi32_RegCloseKey(HKEY h);
WINAPI LONG advapi32_RegSetValueExW(HKEY h, const WCHAR *name, DWORD reserved, DWORD type,
                                    const BYTE *data, DWORD n);
WINAPI LONG advapi32_RegQueryValueExW(HKEY h, const WCHAR *name, DWORD *reserved, DWORD *type,
                                      BYTE *data, DWORD *n);
WINAPI LONG advapi32_RegDeleteValueW(HKEY h, const WCHAR *name);
WINAPI LONG advapi32_RegEnumValueW(HKEY h, DWORD index, WCHAR *name, DWORD *n, DWORD *reserved,
                                   DWORD *type, BYTE *data, DWORD *size);

/* -- as it is kept --------------------------------------------------------------------------- */

/* Numbers, then texts with their zeros and bytes with their lengths before them. */
struct packed {
	BYTE *p; /* own */
	size_t n, cap;
	bool failed;
};

static void
put(struct packed *b, const void *p, size_t n)
{
	if (b->n + n > b->cap) {
		size_t cap = (b->n + n) * 2 + 64;
		BYTE *q = realloc(b->p, cap);
		if (!q) {
			b->failed = true;
			return;
		}
		b->p = q;
		b->cap = cap;
	}
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
}

static void put_number(struct packed *b, DWORD n) { put(b, &n, sizeof n); }

static void
put_bytes(struct packed *b, const void *p, size_t n)
{
	put_number(b, (DWORD)n);
	put(b, p, n);
}

static void
put_text(struct packed *b, const WCHAR *s)
{
	put_bytes(b, s, s ? (utf_length(s) + 1) * sizeof *s : 0);
}

static void
pack(struct packed *b, const struct CREDENTIALW *c)
{
	const DWORD numbers[] = { c->Flags,
		                  c->Type,
		                  c->LastWritten.dwLowDateTime,
		                  c->LastWritten.dwHighDateTime,
		                  c->Persist,
		                  c->AttributeCount };
	put(b, numbers, sizeof numbers);
	put_text(b, c->TargetName);
	put_text(b, c->Comment);
	put_text(b, c->TargetAlias);
	put_text(b, c->UserName);
	put_bytes(b, c->CredentialBlob, c->CredentialBlobSize);
	for (DWORD i = 0; i < c->AttributeCount; i++) {
		put_text(b, c->Attributes[i].Keyword);
		put_number(b, c->Attributes[i].Flags);
		put_bytes(b, c->Attributes[i].Value, c->Attributes[i].ValueSize);
	}
}

/* What was packed, in one piece of memory: its parts point into a copy behind it. */
struct reader {
	BYTE *at, *end;
	bool bad;
};

static void *
get_bytes(struct reader *r, DWORD *n)
{
	*n = 0;
	if (r->bad || r->end - r->at < 4) {
		r->bad = true;
		return NULL;
	}
	memcpy(n, r->at, 4);
	r->at += 4;
	if (*n > (size_t)(r->end - r->at)) {
		r->bad = true;
		return NULL;
	}
	void *p = *n ? r->at : NULL;
	r->at += *n;
	return p;
}

/* Texts were put with their zeros; each moves to an even address of `to`. */
static WCHAR *
get_text(struct reader *r, WCHAR **to)
{
	DWORD n;
	void *p = get_bytes(r, &n);
	WCHAR *s = *to;
	if (!p || n < 2)
		return NULL;
	memcpy(s, p, n);
	s[n / 2 - 1] = 0;
	*to = s + n / 2;
	return s;
}

/* What it takes in memory, for n bytes as kept. */
static size_t
room(size_t n, DWORD attributes)
{
	return sizeof(struct CREDENTIALW) + attributes * sizeof(struct attribute) + 2 * n + 64;
}

static DWORD
attributes_of(const BYTE *p, size_t n)
{
	DWORD k = 0;
	if (n >= 24)
		memcpy(&k, p + 20, 4);
	return k <= ATTRIBUTES_MOST ? k : 0;
}

/* At a place with room for it; false: it is none. */
static bool
unpack(BYTE *place, const BYTE *p, size_t n)
{
	struct CREDENTIALW *c = (struct CREDENTIALW *)place;
	DWORD numbers[6];

	if (n < sizeof numbers)
		return false;
	memcpy(numbers, p, sizeof numbers);
	DWORD count = attributes_of(p, n);
	struct attribute *a = (struct attribute *)(c + 1);
	BYTE *copy = (BYTE *)(a + count);
	memcpy(copy, p, n);
	WCHAR *texts = (WCHAR *)(copy + ((n + 15) & ~(size_t)15));
	struct reader r = { copy + sizeof numbers, copy + n, false };
	*c = (struct CREDENTIALW){ .Flags = numbers[0], .Type = numbers[1], .Persist = numbers[4] };
	c->LastWritten = (struct FILETIME){ numbers[2], numbers[3] };
	c->TargetName = get_text(&r, &texts);
	c->Comment = get_text(&r, &texts);
	c->TargetAlias = get_text(&r, &texts);
	c->UserName = get_text(&r, &texts);
	c->CredentialBlob = get_bytes(&r, &c->CredentialBlobSize);
	c->AttributeCount = count;
	c->Attributes = count ? a : NULL;
	for (DWORD i = 0; i < count; i++) {
		a[i].Keyword = get_text(&r, &texts);
		if (r.end - r.at < 4)
			return false;
		memcpy(&a[i].Flags, r.at, 4);
		r.at += 4;
		a[i].Value = get_bytes(&r, &a[i].ValueSize);
	}
	return !r.bad;
}

/* -- where it is kept --------------------------------------------------------------------------- */

static HKEY
key(bool session)
{
	const HKEY user = (HKEY)(ULONG_PTR)(LONG)0x80000001;
	HKEY k = NULL;

	return advapi32_RegCreateKeyExW(user,
	                                session ? u"Volatile Environment\\Credentials"
	                                        : u"Software\\Microsoft\\Credentials",
	                                0, NULL, session, 0xf003f, NULL, &k, NULL)
	               ? NULL
	               : k;
}

static WCHAR *
value_name(const WCHAR *target, DWORD type)
{
	size_t n = utf_length(target);
	WCHAR *s = malloc((n + 3) * sizeof *s);
	if (s) {
		s[0] = (WCHAR)('0' + type);
		s[1] = ':';
		memcpy(s + 2, target, (n + 1) * sizeof *s);
	}
	return s;
}

/* The bytes as packed, to be freed; NULL: there is none. */
static BYTE *
load(HKEY k, const WCHAR *name, DWORD *size)
{
	DWORD n = 0;
	BYTE *sealed = NULL, *open = NULL;
	WCHAR *words = NULL;

	if (!advapi32_RegQueryValueExW(k, name, NULL, NULL, NULL, &n) && n) {
		sealed = malloc(n);
		open = malloc(n);
	}
	struct protect p = { .data = sealed };
	if (!sealed || !open || advapi32_RegQueryValueExW(k, name, NULL, NULL, sealed, &n) ||
	    (p.size = n, protect_open(&p, open, size, &words) < 0)) {
		free(open);
		open = NULL;
	}
	free(words);
	free(sealed);
	return open;
}

static bool
valid(const WCHAR *target, DWORD type)
{
	return target && *target && utf_length(target) <= TARGET_MOST && type && type <= TYPES;
}

WINAPI BOOL
advapi32_CredWriteW(const struct CREDENTIALW *given, DWORD flags)
{
	struct packed b = { 0 };
	DWORD old_size = 0;
	BYTE *old = NULL, *place = NULL;

	if (!given || !valid(given->TargetName, given->Type) || given->Persist < SESSION ||
	    given->Persist > ENTERPRISE || given->CredentialBlobSize > BLOB_MOST ||
	    given->AttributeCount > ATTRIBUTES_MOST)
		return refuse(ERROR_INVALID_PARAMETER);
	for (DWORD i = 0; i < given->AttributeCount; i++)
		if (given->Attributes[i].ValueSize > VALUE_MOST)
			return refuse(ERROR_INVALID_PARAMETER);
	if (flags & ~(DWORD)PRESERVE_CREDENTIAL_BLOB)
		return refuse(ERROR_INVALID_FLAGS);
	struct CREDENTIALW c = *given;
	c.LastWritten = clock_filetime(clock_now());
	HKEY k = key(c.Persist == SESSION), other = key(c.Persist != SESSION);
	WCHAR *name = value_name(c.TargetName, c.Type);
	bool ok = k && name;
	if (ok && flags & PRESERVE_CREDENTIAL_BLOB && !(old = load(k, name, &old_size)) && other)
		old = load(other, name, &old_size);
	if (old && (place = malloc(room(old_size, attributes_of(old, old_size)))) &&
	    unpack(place, old, old_size)) {
		c.CredentialBlob = ((struct CREDENTIALW *)place)->CredentialBlob;
		c.CredentialBlobSize = ((struct CREDENTIALW *)place)->CredentialBlobSize;
	}
	if (ok)
		pack(&b, &c);
	struct protect p = { .data = b.p, .size = (DWORD)b.n };
	BYTE *sealed = ok && !b.failed ? malloc(protect_room(&p)) : NULL;
	DWORD error = ERROR_NOT_ENOUGH_MEMORY;
	if (sealed) {
		NTSTATUS s = protect_seal(&p, sealed);
		error = s < 0 ? status_error(s)
		              : (DWORD)advapi32_RegSetValueExW(k, name, 0, 3, sealed,
		                                               (DWORD)protect_room(&p));
		/* it is kept in one of the two */
		if (!error && other)
			(void)advapi32_RegDeleteValueW(other, name);
	}
	free(sealed);
	free(place);
	free(old);
	free(b.p);
	free(name);
	if (k)
		advapi32_RegCloseKey(k);
	if (other)
		advapi32_RegCloseKey(other);
	return error ? refuse(error) : TRUE;
}

WINAPI BOOL
advapi32_CredReadW(const WCHAR *target, DWORD type, DWORD flags, struct CREDENTIALW **out)
{
	DWORD n = 0;
	BYTE *bytes = NULL, *place = NULL;

	if (!valid(target, type) || !out)
		return refuse(ERROR_INVALID_PARAMETER);
	if (flags)
		return refuse(ERROR_INVALID_FLAGS);
	WCHAR *name = value_name(target, type);
	for (int session = 0; session < 2 && name && !bytes; session++) {
		HKEY k = key(session);
		if (k) {
			bytes = load(k, name, &n);
			advapi32_RegCloseKey(k);
		}
	}
	free(name);
	if (bytes)
		place = calloc(1, room(n, attributes_of(bytes, n)));
	if (place && !unpack(place, bytes, n)) {
		free(place);
		place = NULL;
	}
	bool found = bytes;
	free(bytes);
	if (!place)
		return refuse(found ? ERROR_NOT_ENOUGH_MEMORY : ERROR_NOT_FOUND);
	*out = (struct CREDENTIALW *)place;
	return TRUE;
}

WINAPI BOOL
advapi32_CredDeleteW(const WCHAR *target, DWORD type, DWORD flags)
{
	bool gone = false;

	if (!valid(target, type))
		return refuse(ERROR_INVALID_PARAMETER);
	if (flags)
		return refuse(ERROR_INVALID_FLAGS);
	WCHAR *name = value_name(target, type);
	for (int session = 0; session < 2 && name; session++) {
		HKEY k = key(session);
		if (k) {
			gone |= !advapi32_RegDeleteValueW(k, name);
			advapi32_RegCloseKey(k);
		}
	}
	free(name);
	return gone ? TRUE : refuse(ERROR_NOT_FOUND);
}

/* -- all of them --------------------------------------------------------------------------------- */

/* A filter is a name that may end with a star. */
static bool
passes(const WCHAR *filter, const WCHAR *target)
{
	size_t n = filter ? utf_length(filter) : 0;

	if (!n)
		return true;
	if (filter[n - 1] == '*')
		return !utf_compare_n(target, filter, n - 1);
	return !utf_compare(target, filter);
}

struct found {
	BYTE *bytes; /* own */
	DWORD n;
};

WINAPI BOOL
advapi32_CredEnumerateW(const WCHAR *filter, DWORD flags, DWORD *count, struct CREDENTIALW ***out)
{
	static const size_t name_most = TARGET_MOST + 3;
	struct found *all = NULL;
	size_t n = 0, size = 0;
	WCHAR *name = malloc(name_most * sizeof *name);

	if (!count || !out || flags > ALL_CREDENTIALS || (flags && filter) || !name) {
		free(name);
		return refuse(flags > ALL_CREDENTIALS || (flags && filter)
		                      ? ERROR_INVALID_FLAGS
		                      : ERROR_INVALID_PARAMETER);
	}
	for (int session = 0; session < 2; session++) {
		HKEY k = key(session);
		for (DWORD i = 0; k; i++) {
			DWORD length = (DWORD)name_most;
			if (advapi32_RegEnumValueW(k, i, name, &length, NULL, NULL, NULL, NULL))
				break;
			if (length < 3 || !passes(filter, name + 2))
				continue;
			struct found *more = realloc(all, (n + 1) * sizeof *all);
			if (!more)
				break;
			all = more;
			if ((all[n].bytes = load(k, name, &all[n].n))) {
				size_t one = room(all[n].n, attributes_of(all[n].bytes, all[n].n));
				size += (one + 15) & ~(size_t)15;
				n++;
			}
		}
		if (k)
			advapi32_RegCloseKey(k);
	}
	free(name);
	size_t head = (n * sizeof(void *) + 15) & ~(size_t)15;
	BYTE *block = n ? calloc(1, head + size) : NULL, *at = block ? block + head : NULL;
	*count = 0;
	for (size_t i = 0; i < n; i++) {
		if (block && unpack(at, all[i].bytes, all[i].n)) {
			((struct CREDENTIALW **)block)[(*count)++] = (struct CREDENTIALW *)at;
			size_t one = room(all[i].n, attributes_of(all[i].bytes, all[i].n));
			at += (one + 15) & ~(size_t)15;
		}
		free(all[i].bytes);
	}
	free(all);
	if (!block)
		return refuse(n ? ERROR_NOT_ENOUGH_MEMORY : ERROR_NOT_FOUND);
	*out = (struct CREDENTIALW **)block;
	return TRUE;
}

WINAPI void
advapi32_CredFree(void *p)
{
	free(p);
}
