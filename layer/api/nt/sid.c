/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/sid.h"

#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/host.h"
#include "layer/api/nt/text/nls.h"

static const struct well {
	int type;
	const WCHAR *text, *name, *domain;
	int use;
} wells[] = {
#define WELL(type, text, name, domain, use) { type, text, name, domain, use },
#include "layer/api/nt/sid.def"
#undef WELL
};

#define SUBS 21, 741852963, 159357258, 456123789
static const struct {
	BYTE head[8];
	DWORD sub[5];
} user = { { 1, 5, 0, 0, 0, 0, 0, 5 }, { SUBS, 1001 } },
  none_group = { { 1, 5, 0, 0, 0, 0, 0, 5 }, { SUBS, 513 } };

bool
sid_valid(const struct SID *s)
{
	return s && s->Revision == 1 && s->SubAuthorityCount <= SID_SUB_MOST;
}

bool
sid_equal(const struct SID *a, const struct SID *b)
{
	return a->SubAuthorityCount == b->SubAuthorityCount && memcmp(a, b, sid_size(a)) == 0;
}

static size_t
decimal(uint64_t v, WCHAR *out)
{
	WCHAR digits[20];
	size_t n = 0, k = 0;
	do
		digits[n++] = (WCHAR)('0' + v % 10);
	while (v /= 10);
	while (n)
		out[k++] = digits[--n];
	return k;
}

size_t
sid_text(const struct SID *s, WCHAR *out, size_t room)
{
	WCHAR text[8 + 16 + SID_SUB_MOST * 11];
	uint64_t authority = 0;
	size_t n = 0;
	if (!sid_valid(s))
		return 0;
	text[n++] = 'S';
	text[n++] = '-';
	text[n++] = '1';
	text[n++] = '-';
	for (int i = 0; i < 6; i++)
		authority = authority << 8 | s->IdentifierAuthority[i];
	n += decimal(authority, text + n);
	for (int i = 0; i < s->SubAuthorityCount; i++) {
		text[n++] = '-';
		n += decimal(s->SubAuthority[i], text + n);
	}
	if (n >= room)
		return 0;
	memcpy(out, text, n * sizeof *out);
	out[n] = 0;
	return n;
}

static const WCHAR *
number(const WCHAR *p, const WCHAR *end, uint64_t most, uint64_t *out)
{
	const WCHAR *begin = p;
	*out = 0;
	for (; p < end && *p >= '0' && *p <= '9'; p++) {
		*out = *out * 10 + (*p - '0');
		if (*out > most)
			return NULL;
	}
	return p > begin ? p : NULL;
}

size_t
sid_parse(const WCHAR *s, size_t length, BYTE out[SID_MOST])
{
	const WCHAR *p = s + 4, *end = s + length;
	uint64_t v;
	BYTE n = 0;
	if (length < 5 || nls_up(s[0]) != 'S' || s[1] != '-' || s[2] != '1' || s[3] != '-')
		return 0;
	if (!(p = number(p, end, (UINT64_C(1) << 48) - 1, &v)))
		return 0;
	out[0] = 1;
	for (int i = 0; i < 6; i++)
		out[2 + i] = (BYTE)(v >> (40 - 8 * i));
	while (p < end) {
		DWORD sub;
		if (*p != '-' || n == SID_SUB_MOST || !(p = number(p + 1, end, UINT32_MAX, &v)))
			return 0;
		sub = (DWORD)v;
		memcpy(out + 8 + n++ * 4, &sub, 4);
	}
	out[1] = n;
	return 8 + n * 4u;
}

size_t
sid_user_text(WCHAR *out, size_t room)
{
	return sid_text(sid_user(), out, room);
}

static size_t
domain_relative(DWORD id, BYTE out[SID_MOST])
{
	memcpy(out, &user, sizeof user);
	memcpy(out + 24, &id, 4);
	return sizeof user;
}

size_t
sid_well_known(int type, BYTE out[SID_MOST])
{
	static const struct {
		int type;
		DWORD id;
	} accounts[] = { { 38, 500 }, { 39, 501 }, { 40, 502 }, { 41, 512 },
		         { 42, 513 }, { 43, 514 }, { 44, 515 }, { 45, 516 } };
	for (size_t i = 0; i < sizeof wells / sizeof *wells; i++)
		if (wells[i].type == type)
			return sid_parse(wells[i].text, nls_length(wells[i].text), out);
	for (size_t i = 0; i < sizeof accounts / sizeof *accounts; i++)
		if (accounts[i].type == type)
			return domain_relative(accounts[i].id, out);
	return 0;
}

size_t
sid_read(const WCHAR *s, size_t length, BYTE out[SID_MOST])
{
	static const struct {
		char two[3];
		BYTE type; /* WELL_KNOWN_SID_TYPE */
	} known[] = { { "AC", 84 }, { "AN", 13 }, { "AO", 30 }, { "AU", 17 }, { "BA", 26 },
		      { "BG", 28 }, { "BO", 33 }, { "BU", 27 }, { "CG", 4 },  { "CO", 3 },
		      { "DA", 41 }, { "DU", 42 }, { "HI", 68 }, { "IU", 11 }, { "LA", 38 },
		      { "LG", 39 }, { "LS", 23 }, { "LW", 66 }, { "ME", 67 }, { "NS", 24 },
		      { "NU", 9 },  { "OW", 71 }, { "PU", 29 }, { "RC", 18 }, { "SI", 69 },
		      { "SU", 12 }, { "SY", 22 }, { "WD", 1 } };
	for (size_t i = 0; length == 2 && i < sizeof known / sizeof *known; i++)
		if (nls_up(s[0]) == (WCHAR)known[i].two[0] &&
		    nls_up(s[1]) == (WCHAR)known[i].two[1])
			return sid_well_known(known[i].type, out);
	return sid_parse(s, length, out);
}

static void
put(WCHAR out[64], const WCHAR *s)
{
	size_t n = nls_length(s);
	if (n > 63)
		n = 63;
	memcpy(out, s, n * sizeof *out);
	out[n] = 0;
}

static void
put_utf8(WCHAR out[64], const char *s, bool upper)
{
	size_t n = nls_16_of_8(s, strlen(s), out, 63, NULL);
	out[n < 63 ? n : 63] = 0;
	for (WCHAR *p = out; upper && *p; p++)
		*p = nls_up(*p);
}

static void
computer(WCHAR out[64])
{
	char full[65], name[16];
	host_name(full);
	host_short(full, name);
	put_utf8(out, name, true);
}

bool
sid_account(const struct SID *s, WCHAR name[64], WCHAR domain[64], int *use)
{
	BYTE b[SID_MOST];
	if (sid_equal(s, sid_user())) {
		put_utf8(name, host.user, false);
		computer(domain);
		*use = SID_USER;
		return true;
	}
	if (sid_equal(s, (const struct SID *)(const void *)&none_group)) {
		put(name, u"None");
		computer(domain);
		*use = SID_GROUP;
		return true;
	}
	for (size_t i = 0; i < sizeof wells / sizeof *wells; i++) {
		if (!sid_parse(wells[i].text, nls_length(wells[i].text), b) ||
		    !sid_equal(s, (const struct SID *)(const void *)b))
			continue;
		put(name, wells[i].name);
		put(domain, wells[i].domain);
		*use = wells[i].use;
		return true;
	}
	return false;
}

/* Is a name's domain (n units; 0: any) this one? */
static bool
domain_is(const WCHAR *domain, size_t n, const WCHAR *what)
{
	return !n || nls_compare_case(domain, n, what, nls_length(what)) == 0;
}

size_t
sid_of_account(const WCHAR *name, BYTE out[SID_MOST])
{
	WCHAR mine[64], here[64];
	const WCHAR *domain = name;
	size_t n = 0;
	for (const WCHAR *p = name; *p; p++)
		if (*p == '\\') {
			n = (size_t)(p - domain);
			name = p + 1;
		}
	put_utf8(mine, host.user, false);
	computer(here);
	if (nls_equal(name, mine) && (domain_is(domain, n, here) || domain_is(domain, n, u"."))) {
		memcpy(out, &user, sizeof user);
		return sizeof user;
	}
	if (nls_equal(name, u"None") && domain_is(domain, n, here)) {
		memcpy(out, &none_group, sizeof none_group);
		return sizeof none_group;
	}
	for (size_t i = 0; i < sizeof wells / sizeof *wells; i++)
		if (*wells[i].name && nls_equal(name, wells[i].name) &&
		    domain_is(domain, n, wells[i].domain))
			return sid_parse(wells[i].text, nls_length(wells[i].text), out);
	return 0;
}

const struct SID *sid_user(void) { return (const struct SID *)(const void *)&user; }

const struct SID *
sid_group(unsigned i, DWORD *attributes)
{
	static const struct {
		BYTE head[8];
		DWORD sub[2];
	} groups[] = { { { 1, 1, 0, 0, 0, 0, 0, 1 }, { 0 } },
		       { { 1, 2, 0, 0, 0, 0, 0, 5 }, { 32, 545 } },
		       { { 1, 1, 0, 0, 0, 0, 0, 5 }, { 4 } },
		       { { 1, 1, 0, 0, 0, 0, 0, 5 }, { 11 } },
		       { { 1, 1, 0, 0, 0, 0, 0, 2 }, { 0 } } };
	*attributes = 7; /* mandatory, enabled by default, enabled */
	if (i == 0)
		return (const struct SID *)(const void *)&none_group;
	return i <= sizeof groups / sizeof *groups
	               ? (const struct SID *)(const void *)&groups[i - 1]
	               : NULL;
}
