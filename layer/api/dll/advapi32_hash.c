/* SPDX-License-Identifier: Apache-2.0 */
/* advapi32_hash.c -- hashes of CryptoAPI. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/crypto/digest.h"

#define NTE_BAD_ALGID      0x80090008
#define NTE_BAD_HASH       0x80090002
#define NTE_BAD_HASH_STATE 0x8009000c
enum { MAGIC = 0x4348, HP_ALGID = 1, HP_HASHVAL = 2, HP_HASHSIZE = 4 };

struct hash {
	DWORD magic, id;
	bool ended;
	struct digest d;
	BYTE value[DIGEST_MOST];
};

static struct hash *
hash(void *h)
{
	return (ULONG_PTR)h >= 0x10000 && *(DWORD *)h == MAGIC ? h : NULL;
}

WINAPI BOOL
advapi32_CryptCreateHash(void *provider, DWORD id, void *key, DWORD flags, void **out)
{
	static const struct {
		DWORD id;
		enum digest_kind kind;
	} known[] = { { 0x8003, DIGEST_MD5 },
		      { 0x8004, DIGEST_SHA1 },
		      { 0x800c, DIGEST_SHA256 },
		      { 0x800d, DIGEST_SHA384 },
		      { 0x800e, DIGEST_SHA512 } };
	if (!provider || flags || !out)
		return refuse(ERROR_INVALID_PARAMETER);
	for (size_t i = 0; !key && i < sizeof known / sizeof *known; i++) {
		if (known[i].id != id)
			continue;
		struct hash *x = calloc(1, sizeof *x);
		if (!x)
			return refuse(ERROR_NOT_ENOUGH_MEMORY);
		x->magic = MAGIC;
		x->id = id;
		digest_start(&x->d, known[i].kind);
		*out = x;
		return TRUE;
	}
	return refuse(NTE_BAD_ALGID);
}

WINAPI BOOL
advapi32_CryptHashData(void *h, const BYTE *in, DWORD n, DWORD flags)
{
	struct hash *x = hash(h);
	(void)flags;
	if (!x)
		return refuse(NTE_BAD_HASH);
	if (x->ended)
		return refuse(NTE_BAD_HASH_STATE);
	digest_add(&x->d, in, n);
	return TRUE;
}

WINAPI BOOL
advapi32_CryptGetHashParam(void *h, DWORD what, BYTE *out, DWORD *size, DWORD flags)
{
	struct hash *x = hash(h);
	if (!x || !size)
		return refuse(x ? ERROR_INVALID_PARAMETER : NTE_BAD_HASH);
	DWORD n = (DWORD)digest_size(x->d.kind), room = *size, v = what == HP_ALGID ? x->id : n;
	if (flags || (what != HP_ALGID && what != HP_HASHVAL && what != HP_HASHSIZE))
		return refuse(0x8009000a); /* NTE_BAD_TYPE */
	*size = what == HP_HASHVAL ? n : 4;
	if (!out)
		return TRUE;
	if (room < *size)
		return refuse(ERROR_MORE_DATA);
	if (what == HP_HASHVAL && !x->ended) {
		digest_end(&x->d, x->value);
		x->ended = true;
	}
	memcpy(out, what == HP_HASHVAL ? (const void *)x->value : &v, *size);
	return TRUE;
}

WINAPI BOOL
advapi32_CryptDuplicateHash(void *h, DWORD *reserved, DWORD flags, void **out)
{
	struct hash *x = hash(h), *y;
	(void)reserved, (void)flags;
	if (!x)
		return refuse(NTE_BAD_HASH);
	if (!(y = malloc(sizeof *y)))
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	*y = *x;
	*out = y;
	return TRUE;
}

WINAPI BOOL
advapi32_CryptDestroyHash(void *h)
{
	struct hash *x = hash(h);
	if (!x)
		return refuse(NTE_BAD_HASH);
	x->magic = 0;
	free(x);
	return TRUE;
}
