/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/guid.h"

#include "layer/api/nt/host.h"
#include "layer/api/nt/text/nls.h"

void
guid_new(struct GUID *g)
{
	host_random(g, sizeof *g);
	g->Data3 = (USHORT)((g->Data3 & 0xfff) | 0x4000);
	g->Data4[0] = (BYTE)((g->Data4[0] & 0x3f) | 0x80);
}

static WCHAR *
put(WCHAR *p, uint32_t v, int digits)
{
	for (int i = digits * 4 - 4; i >= 0; i -= 4)
		*p++ = (WCHAR) "0123456789ABCDEF"[v >> i & 15];
	return p;
}

void
guid_text(const struct GUID *g, WCHAR out[39])
{
	WCHAR *p = out;
	*p++ = '{';
	p = put(p, g->Data1, 8);
	*p++ = '-';
	p = put(p, g->Data2, 4);
	*p++ = '-';
	p = put(p, g->Data3, 4);
	*p++ = '-';
	for (int i = 0; i < 8; i++) {
		if (i == 2)
			*p++ = '-';
		p = put(p, g->Data4[i], 2);
	}
	*p++ = '}';
	*p = 0;
}

static bool
get(const WCHAR **p, int digits, uint32_t *out)
{
	*out = 0;
	for (; digits; digits--, (*p)++) {
		WCHAR c = nls_up(**p);
		if (c >= '0' && c <= '9')
			*out = *out << 4 | (uint32_t)(c - '0');
		else if (c >= 'A' && c <= 'F')
			*out = *out << 4 | (uint32_t)(c - 'A' + 10);
		else
			return false;
	}
	return true;
}

bool
guid_parse(const WCHAR *s, struct GUID *g)
{
	uint32_t v, w, x, b;
	if (*s++ != '{' || !get(&s, 8, &v) || *s++ != '-' || !get(&s, 4, &w) || *s++ != '-' ||
	    !get(&s, 4, &x) || *s++ != '-')
		return false;
	g->Data1 = v;
	g->Data2 = (USHORT)w;
	g->Data3 = (USHORT)x;
	for (int i = 0; i < 8; i++) {
		if (i == 2 && *s++ != '-')
			return false;
		if (!get(&s, 2, &b))
			return false;
		g->Data4[i] = (BYTE)b;
	}
	return s[0] == '}' && s[1] == 0;
}
