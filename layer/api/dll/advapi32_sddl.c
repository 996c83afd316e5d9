/* SPDX-License-Identifier: Apache-2.0 */
/* advapi32_sddl.c -- security descriptors written as text: "Security Descriptor Definition
 * Language".  O:owner G:group D:flags(type;flags;rights;;;sid)... S:... */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "layer/api/dll/dll.h"
#include "layer/api/nt/mem/movable.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/sid.h"

enum {
	ERROR_INVALID_ACL = 1336,
	ERROR_INVALID_SID = 1337,
	ERROR_UNKNOWN_REVISION = 1305,
	HEAD = 20, /* SECURITY_DESCRIPTOR_RELATIVE */
	ACL_HEAD = 8,
};

/* Two letters and what they stand for. */
struct word {
	char text[3];
	DWORD value;
};

static const struct word rights[] = {
	{ "GA", 0x10000000 }, { "GR", 0x80000000 }, { "GW", 0x40000000 }, { "GX", 0x20000000 },
	{ "RC", 0x20000 },    { "SD", 0x10000 },    { "WD", 0x40000 },    { "WO", 0x80000 },
	{ "RP", 0x10 },       { "WP", 0x20 },       { "CC", 1 },          { "DC", 2 },
	{ "LC", 4 },          { "SW", 8 },          { "LO", 0x80 },       { "DT", 0x40 },
	{ "CR", 0x100 },      { "FA", 0x1f01ff },   { "FR", 0x120089 },   { "FW", 0x120116 },
	{ "FX", 0x1200a0 },   { "KA", 0xf003f },    { "KR", 0x20019 },    { "KW", 0x20006 },
	{ "KX", 0x20019 },    { "NW", 1 },          { "NR", 2 },          { "NX", 4 },
};
static const struct word ace_flags[] = {
	{ "OI", 1 },    { "CI", 2 },    { "NP", 4 },    { "IO", 8 },
	{ "ID", 0x10 }, { "SA", 0x40 }, { "FA", 0x80 },
};
static const struct word ace_types[] = {
	{ "A", 0 }, { "D", 1 }, { "AU", 2 }, { "AL", 3 }, { "ML", 0x11 }
};
static const struct word acl_flags[] = { { "P", 0x1000 }, { "AR", 0x100 }, { "AI", 0x400 } };

#define FIND(table, text, n) find(table, sizeof(table) / sizeof *(table), text, n)

static const struct word *
find(const struct word *w, size_t count, const WCHAR *s, size_t n)
{
	for (size_t i = 0; i < count; i++) {
		size_t k = strlen(w[i].text);
		bool same = k <= n;
		for (size_t j = 0; same && j < k; j++)
			same = nls_up(s[j]) == (WCHAR)w[i].text[j];
		if (same)
			return &w[i];
	}
	return NULL;
}

/* Up to a bracket, a semicolon, or the next part ("D:"). */
static size_t
span(const WCHAR *s)
{
	size_t n = 0;
	while (s[n] && s[n] != ';' && s[n] != ')' && s[n] != '(' && s[n + 1] != ':')
		n++;
	return n;
}

static bool
mask_of(const WCHAR *s, size_t n, DWORD *out)
{
	*out = 0;
	if (n > 2 && s[0] == '0' && nls_up(s[1]) == 'X') {
		for (size_t i = 2; i < n; i++) {
			WCHAR c = nls_up(s[i]);
			if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F')) || i > 9)
				return false;
			*out = *out << 4 | (DWORD)(c <= '9' ? c - '0' : c - 'A' + 10);
		}
		return true;
	}
	for (size_t i = 0; i < n; i += 2) {
		const struct word *w = FIND(rights, s + i, n - i);
		if (!w)
			return false;
		*out |= w->value;
	}
	return true;
}

/* (type;flags;rights;object;inherited object;sid): *at stands behind the bracket. */
static DWORD
ace(const WCHAR **at, struct buf *b)
{
	const WCHAR *field[6];
	size_t n[6];
	BYTE sid[SID_MOST], flags = 0;
	DWORD mask;
	for (int i = 0; i < 6; i++) {
		field[i] = *at;
		n[i] = span(*at);
		*at += n[i] + 1;
		if ((*at)[-1] != (i < 5 ? ';' : ')'))
			return ERROR_INVALID_ACL;
	}
	const struct word *type = FIND(ace_types, field[0], n[0]);
	if (!type || strlen(type->text) != n[0] || n[3] || n[4] || !mask_of(field[2], n[2], &mask))
		return ERROR_INVALID_ACL;
	for (size_t i = 0; i < n[1]; i += 2) {
		const struct word *w = FIND(ace_flags, field[1] + i, n[1] - i);
		if (!w)
			return ERROR_INVALID_ACL;
		flags |= (BYTE)w->value;
	}
	size_t size = sid_read(field[5], n[5], sid);
	if (!size)
		return ERROR_INVALID_SID;
	buf_u8(b, (uint8_t)type->value);
	buf_u8(b, flags);
	buf_u16(b, (uint16_t)(8 + size));
	buf_u32(b, mask);
	buf_put(b, sid, size);
	return ERROR_SUCCESS;
}

static DWORD
acl(const WCHAR **at, struct buf *b, WORD *control, unsigned shift)
{
	size_t start = b->n;
	WORD count = 0;
	while (**at && **at != '(' && (*at)[1] != ':') {
		const struct word *w = FIND(acl_flags, *at, 2);
		if (!w)
			return ERROR_INVALID_ACL;
		*control |= (WORD)(w->value << shift);
		*at += strlen(w->text);
	}
	buf_u32(b, 2); /* ACL_REVISION; the size comes below */
	buf_u32(b, 0);
	while (**at == '(') {
		(*at)++;
		DWORD e = ace(at, b);
		if (e)
			return e;
		count++;
	}
	size_t size = b->n - start;
	if (size > 0xfffc)
		return ERROR_INVALID_ACL;
	WORD words[2] = { (WORD)size, count };
	memcpy(b->p + start + 2, words, sizeof words);
	return ERROR_SUCCESS;
}

/* The descriptor in b.  ERROR_SUCCESS, or what is wrong. */
static DWORD
parse(const WCHAR *s, struct buf *b)
{
	DWORD at[4] = { 0 };   /* owner, group, SACL, DACL */
	WORD control = 0x8000; /* SE_SELF_RELATIVE */
	memset(buf_room(b, HEAD), 0, HEAD);
	while (*s == ' ')
		s++;
	while (*s) {
		BYTE sid[SID_MOST];
		WCHAR part = nls_up(*s);
		if (s[1] != ':')
			return ERROR_INVALID_PARAMETER;
		s += 2;
		DWORD here = (DWORD)b->n, e = ERROR_SUCCESS;
		if (part == 'O' || part == 'G') {
			size_t n = span(s), size = sid_read(s, n, sid);
			if (!size)
				return ERROR_INVALID_SID;
			buf_put(b, sid, size);
			at[part == 'G'] = here;
			s += n;
		} else if (part == 'D' || part == 'S') {
			control |= part == 'D' ? 4 : 0x10; /* SE_DACL_PRESENT, SE_SACL_PRESENT */
			e = acl(&s, b, &control, part == 'S');
			at[part == 'D' ? 3 : 2] = here;
		} else {
			return ERROR_INVALID_PARAMETER;
		}
		if (e)
			return e;
	}
	b->p[0] = 1;
	memcpy(b->p + 2, &control, 2);
	memcpy(b->p + 4, at, sizeof at);
	return ERROR_SUCCESS;
}

WINAPI BOOL
advapi32_ConvertStringSecurityDescriptorToSecurityDescriptorW(const WCHAR *s, DWORD revision,
                                                              void **out, ULONG *size)
{
	struct buf b = { 0 };
	HANDLE h = NULL;
	if (!s || !out)
		return refuse(ERROR_INVALID_PARAMETER);
	if (revision != 1)
		return refuse(ERROR_UNKNOWN_REVISION);
	DWORD e = parse(s, &b);
	if (!e)
		e = movable_alloc(0, b.n, &h);
	if (!e) {
		memcpy(h, b.p, b.n);
		*out = h;
		if (size)
			*size = (ULONG)b.n;
	}
	buf_free(&b);
	return e ? refuse(e) : TRUE;
}

WINAPI BOOL
advapi32_ConvertStringSecurityDescriptorToSecurityDescriptorA(const char *s, DWORD revision,
                                                              void **out, ULONG *size)
{
	WCHAR *w = nls_wide_ansi(s);
	BOOL ok = advapi32_ConvertStringSecurityDescriptorToSecurityDescriptorW(w, revision, out,
	                                                                        size);
	free(w);
	return ok;
}
