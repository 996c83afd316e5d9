/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/crt/crt.h"

#include <string.h>

#include "layer/api/nt/text/nls.h"

enum { UTF8 = 65001 };

static int
decode_utf8(const unsigned char *s, size_t n, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	int len = s[0] < 0x80   ? 1
	          : s[0] < 0xc2 ? 0
	          : s[0] < 0xe0 ? 2
	          : s[0] < 0xf0 ? 3
	          : s[0] < 0xf5 ? 4
	                        : 0;
	if (len == 1) {
		*c = s[0];
		return s[0] != 0;
	}
	if (len == 0)
		return -1;
	uint32_t v = s[0] & (0x7fu >> len);
	for (int i = 1; i < len; i++) {
		if ((size_t)i >= n)
			return -2;
		if ((s[i] & 0xc0) != 0x80)
			return -1;
		v = v << 6 | (s[i] & 0x3f);
	}
	if (v < least[len] || v > 0x10ffff || (v & 0xfffff800) == 0xd800)
		return -1;
	*c = v;
	return len;
}

int
crt_decode(unsigned page, const char *s, size_t n, uint32_t *c)
{
	WCHAR w[2];
	if (n == 0)
		return -2;
	if (page == UTF8)
		return decode_utf8((const unsigned char *)s, n, c);
	if (page == 0 || (unsigned char)s[0] < 0x80) {
		*c = (unsigned char)s[0];
		return *c != 0;
	}
	bool lead = nls_page_lead(page, (BYTE)s[0]);
	if (lead && n < 2)
		return -2;
	int got = nls_decode(page, 8 /* MB_ERR_INVALID_CHARS */, s, lead ? 2 : 1, w, 2);
	if (got < 1)
		return -1;
	crt_decode16(w, (size_t)got, c);
	return lead ? 2 : 1;
}

int
crt_encode(unsigned page, uint32_t c, char out[4])
{
	WCHAR w[2];
	BOOL lost = FALSE;
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (page == 0) {
		if (c > 0xff)
			return -1;
		out[0] = (char)c;
		return 1;
	}
	if (page == UTF8) {
		int n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
		if ((c & 0xfffff800) == 0xd800)
			return -1;
		for (int i = n - 1; i > 0; i--, c >>= 6)
			out[i] = (char)(0x80 | (c & 0x3f));
		out[0] = (char)(0xf00 >> n | c);
		return n;
	}
	int got = nls_encode(page, 0x400 /* WC_NO_BEST_FIT_CHARS */, w, crt_encode16(c, w), out, 4,
	                     NULL, &lost);
	return got < 1 || lost ? -1 : got;
}

WCHAR *
crt_wide(unsigned page, const char *s)
{
	size_t n = strlen(s), j = 0;
	WCHAR *w = crt_alloc((n + 1) * sizeof *w);
	if (!w)
		return NULL;
	for (size_t i = 0; i < n;) {
		uint32_t c;
		int used = crt_decode(page, s + i, n - i, &c);
		if (used <= 0) {
			c = 0xfffd;
			used = 1;
		}
		j += (size_t)crt_encode16(c, w + j);
		i += (size_t)used;
	}
	w[j] = 0;
	return w;
}

char *
crt_narrow(unsigned page, const WCHAR *s)
{
	size_t n = crt_wcslen(s), j = 0;
	char *out = crt_alloc(n * 3 + 1);
	if (!out)
		return NULL;
	for (size_t i = 0; i < n;) {
		uint32_t c;
		i += (size_t)crt_decode16(s + i, n - i, &c);
		int m = crt_encode(page, c, out + j);
		if (m < 0) {
			/* a lone surrogate, or nothing that the page has */
			if (page == UTF8) {
				m = crt_encode(page, 0xfffd, out + j);
			} else {
				out[j] = '?';
				m = 1;
			}
		}
		j += (size_t)m;
	}
	out[j] = 0;
	return out;
}

unsigned
crt_acp(void)
{
	return nls_page(0);
}
