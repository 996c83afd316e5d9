/* SPDX-License-Identifier: Apache-2.0 */
/* pkcs12.c -- files of keys by anybody: what opens is whole, and what was read can be written and read
 * again.  The same bytes are read as a single key, too, and what is one comes back as it was written. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/crypto/keypair.h"
#include "layer/api/nt/crypto/pkcs12.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
one_key(const uint8_t *p, size_t n)
{
	struct keypair k = { 0 }, again = { 0 };
	struct der d = { 0 };
	if (!keypair_read_pkcs8(&k, (struct x509_span){ p, n }))
		return;
	keypair_put_pkcs8(&k, &d);
	if (d.bad || !keypair_read_pkcs8(&again, (struct x509_span){ d.p, d.n }) ||
	    !keypair_same(&k, &again))
		abort();
	der_free(&d);
	keypair_clear(&again);
	keypair_clear(&k);
}

/* One round costs as much as another: a few are enough. */
static void
write_again(const struct pkcs12 *x)
{
	struct pkcs12 y = { 0 };
	struct der d = { 0 };
	pkcs12_write(x, u"secret", PBE_SHA256_AES, &d);
	if (d.bad ||
	    pkcs12_read(&y, (struct x509_span){ d.p, d.n }, u"secret", PBE_ROUNDS) != PKCS12_GOOD ||
	    y.n != x->n)
		abort();
	pkcs12_free(&y);
	der_free(&d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct pkcs12 x = { 0 };
	struct keypair k = { 0 };
	if (n > 8192)
		return 0;
	uint8_t *p = malloc(n ? n : 1); /* a copy: what is behind its end is nobody's */
	if (!p)
		return 0;
	if (n)
		memcpy(p, data, n);
	struct x509_span all = { p, n };
	one_key(p, n);
	if (keypair_read_public(&k, all))
		keypair_clear(&k);
	if (pkcs12_read(&x, all, u"secret", 100) == PKCS12_GOOD) {
		if (!pkcs12_is(all))
			abort();
		for (size_t i = 0; i < x.n; i++)
			if (x.item[i].key)
				one_key(x.item[i].der.p, x.item[i].der.n);
		if (x.n < 3)
			write_again(&x);
	} else if (x.n || x.item) {
		abort();
	}
	pkcs12_free(&x);
	free(p);
	return 0;
}
