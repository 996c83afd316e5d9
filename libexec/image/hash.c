/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/hash.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"

struct hash {
	EVP_MD_CTX *ctx; /* own */
};

struct hash *
hash_new(void)
{
	struct hash *h = xcalloc(1, sizeof *h);

	h->ctx = EVP_MD_CTX_new();
	if (!h->ctx || EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL) != 1)
		abort();
	return h;
}

void
hash_add(struct hash *h, const void *bytes, size_t n)
{
	EVP_DigestUpdate(h->ctx, bytes, n);
}

void
hash_digest(struct hash *h, char digest[80])
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	EVP_DigestFinal_ex(h->ctx, raw, &n);
	int at = snprintf(digest, 80, "sha256:");
	for (unsigned i = 0; i < n && i < 32; i++)
		at += snprintf(digest + at, 80 - (size_t)at, "%02x", raw[i]);
	hash_free(h);
}

void
hash_free(struct hash *h)
{
	if (!h)
		return;
	EVP_MD_CTX_free(h->ctx);
	free(h);
}

void
hash_of(const void *bytes, size_t n, char digest[80])
{
	struct hash *h = hash_new();

	hash_add(h, bytes, n);
	hash_digest(h, digest);
}
