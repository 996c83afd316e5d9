/* SPDX-License-Identifier: Apache-2.0 */
/* x509.c -- certificates of anybody: what is read of one lies within it, and every question about one
 * that was read has an answer.  After the first 0xff 0x00 another one may follow. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/crypt32.h"

WINAPI DWORD crypt32_CertGetNameStringW(const struct CERT_CONTEXT *c, DWORD kind, DWORD flags,
                                        const void *more, WCHAR *out, DWORD room);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
inside(struct x509_span s, const uint8_t *p, size_t n)
{
	if (s.p && (s.p < p || s.p > p + n || s.n > (size_t)(p + n - s.p)))
		abort();
}

static void
ask(const struct x509 *x, const uint8_t *p, size_t n)
{
	char text[40];
	const struct x509_span all[] = { x->raw,       x->signed_part, x->serial,  x->algorithm,
		                         x->signature, x->issuer,      x->subject, x->issuer_id,
		                         x->key_all,   x->key,         x->key_more };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		inside(all[i], p, n);
	for (size_t i = 0; i < x->n; i++) {
		inside(x->extension[i].oid, p, n);
		inside(x->extension[i].value, p, n);
		size_t need = x509_oid_text(x->extension[i].oid, text, sizeof text);
		if (need <= sizeof text && strlen(text) != need - 1)
			abort();
	}
	(void)x509_good_for(x, "1.3.6.1.5.5.7.3.1");
	(void)x509_for_host(x, "www.example.com");
	(void)x509_for_host(x, "127.0.0.1");
	(void)x509_for_host(x, "::1");
	(void)x509_for_host(x, "");
}

/* Its names as texts. */
static void
name(const uint8_t *p, size_t n)
{
	enum { EMAIL = 1, FRIENDLY = 5, UPN = 8, ROOM = 64 };
	WCHAR w[ROOM];
	struct crypt32_cert *c = crypt32_cert_new(p, n);
	if (!c)
		return;
	for (DWORD kind = EMAIL; kind <= UPN; kind++)
		for (DWORD flags = 0; flags < 4 && kind != FRIENDLY; flags++) {
			DWORD how = 1 + flags % 3;
			DWORD k = crypt32_CertGetNameStringW(&c->context, kind, flags,
			                                     kind == 2 ? &how : NULL, w, ROOM);
			if (!k || k > ROOM || w[k - 1])
				abort();
		}
	crypt32_cert_unref(c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct x509 x, y;
	size_t half = 0;
	if (n > 8192)
		return 0;
	while (half + 1 < n && (data[half] != 0xff || data[half + 1] != 0))
		half++;
	size_t first = half + 1 < n ? half : n, rest = half + 1 < n ? n - half - 2 : 0;
	/* copies: what is behind their ends is nobody's */
	uint8_t *p = malloc(first ? first : 1), *q = malloc(rest ? rest : 1);
	if (p && q) {
		memcpy(p, data, first);
		memcpy(q, data + n - rest, rest);
		bool one = x509_read(&x, p, first), two = x509_read(&y, q, rest);
		if (one) {
			ask(&x, p, first);
			name(p, first);
			(void)x509_allows(&x, &x);
			(void)x509_signed_by(&x, &x);
		}
		if (one && two) {
			(void)x509_allows(&y, &x);
			(void)x509_signed_by(&x, &y);
		}
	}
	free(p);
	free(q);
	return 0;
}
