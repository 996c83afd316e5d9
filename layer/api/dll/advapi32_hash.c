/* SPDX-License-Identifier: Apache-2.0 */
/* advapi32_hash.c -- hashes and HMAC of CryptoAPI. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/advapi32_crypt.h"

enum { HP_ALGID = 1, HP_HASHVAL = 2, HP_HASHSIZE = 4, HP_HMAC_INFO = 5 };

static const struct {
	DWORD id;
	enum digest_kind kind;
} known[] = { { CALG_MD2, DIGEST_MD2 },       { CALG_MD4, DIGEST_MD4 },
	      { CALG_MD5, DIGEST_MD5 },       { CALG_SHA1, DIGEST_SHA1 },
	      { CALG_SHA256, DIGEST_SHA256 }, { CALG_SHA384, DIGEST_SHA384 },
	      { CALG_SHA512, DIGEST_SHA512 } };

static enum digest_kind
kind_of(DWORD id)
{
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i].id == id)
			return known[i].kind;
	return DIGEST_KINDS;
}

struct advapi32_hash *
advapi32_crypt_hash(void *h)
{
	return (ULONG_PTR)h >= 0x10000 && *(DWORD *)h == ADVAPI32_HASH ? h : NULL;
}

enum digest_kind
advapi32_crypt_kind(const struct advapi32_hash *x)
{
	return x->keyed ? x->hmac.kind : x->plain.kind;
}

void
advapi32_crypt_add(struct advapi32_hash *x, const void *p, size_t n)
{
	if (x->keyed)
		digest_hmac_add(&x->hmac, p, n);
	else
		digest_add(&x->plain, p, n);
}

bool
advapi32_crypt_end(struct advapi32_hash *x)
{
	if (x->ended)
		return true;
	if (x->keyed && !x->named)
		return false;
	if (x->keyed)
		digest_hmac_end(&x->hmac, x->value);
	else
		digest_end(&x->plain, x->value);
	x->ended = true;
	return true;
}

static void
destroy(struct advapi32_hash *x)
{
	if (x->key)
		cipher_wipe(x->key, x->key_size);
	free(x->key);
	advapi32_csp_unref(x->csp);
	cipher_wipe(x, sizeof *x);
	free(x);
}

/* What HMAC hashes with is told later, by HP_HMAC_INFO. */
WINAPI BOOL
advapi32_CryptCreateHash(void *provider, DWORD id, void *key, DWORD flags, void **out)
{
	enum digest_kind kind = kind_of(id);
	struct advapi32_key *k = key ? advapi32_crypt_key(key) : NULL;
	if (k && k->rsa)
		return refuse(NTE_BAD_KEY);
	struct advapi32_csp *csp = advapi32_csp(provider);
	if (!csp || flags || !out)
		return refuse(ERROR_INVALID_PARAMETER);
	if (kind == DIGEST_KINDS && id != CALG_HMAC)
		return refuse(NTE_BAD_ALGID);
	if (id == CALG_HMAC ? !k : key != NULL)
		return refuse(NTE_BAD_KEY);
	struct advapi32_hash *x = calloc(1, sizeof *x);
	if (!x || (k && !(x->key = malloc(k->size ? k->size : 1)))) {
		free(x);
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	}
	x->magic = ADVAPI32_HASH;
	x->id = id;
	x->csp = advapi32_csp_ref(csp);
	if (k) {
		x->keyed = true;
		x->key_size = k->size;
		memcpy(x->key, k->secret, k->size);
	} else {
		digest_start(&x->plain, kind);
	}
	*out = x;
	return TRUE;
}

/* HMAC_INFO */
struct hmac_info {
	DWORD id;
	const BYTE *inner;
	DWORD inner_size;
	const BYTE *outer;
	DWORD outer_size;
};

WINAPI BOOL
advapi32_CryptSetHashParam(void *h, DWORD what, const BYTE *in, DWORD flags)
{
	struct advapi32_hash *x = advapi32_crypt_hash(h);
	if (!x)
		return refuse(NTE_BAD_HASH);
	if (flags)
		return refuse(NTE_BAD_FLAGS);
	if (!in)
		return refuse(ERROR_INVALID_PARAMETER);
	if (what == HP_HMAC_INFO) {
		const struct hmac_info *i = (const void *)in;
		enum digest_kind kind = kind_of(i->id);
		if (!x->keyed || x->named)
			return refuse(NTE_BAD_HASH_STATE);
		if (kind == DIGEST_KINDS)
			return refuse(NTE_BAD_ALGID);
		/* strings of its own instead of 0x36 and 0x5c: nobody's HMAC */
		if ((i->inner && i->inner_size) || (i->outer && i->outer_size))
			return refuse(ERROR_NOT_SUPPORTED);
		digest_hmac_start(&x->hmac, kind, x->key, x->key_size);
		x->named = true;
		return TRUE;
	}
	if (what == HP_HASHVAL) { /* to be signed */
		if (x->keyed && !x->named)
			return refuse(NTE_BAD_HASH_STATE);
		memcpy(x->value, in, digest_size(advapi32_crypt_kind(x)));
		x->ended = true;
		return TRUE;
	}
	return refuse(NTE_BAD_TYPE);
}

WINAPI BOOL
advapi32_CryptHashData(void *h, const BYTE *in, DWORD n, DWORD flags)
{
	struct advapi32_hash *x = advapi32_crypt_hash(h);
	if (!x)
		return refuse(NTE_BAD_HASH);
	if (x->ended || (x->keyed && !x->named))
		return refuse(NTE_BAD_HASH_STATE);
	if (flags)
		return refuse(NTE_BAD_FLAGS);
	advapi32_crypt_add(x, in, n);
	return TRUE;
}

WINAPI BOOL
advapi32_CryptHashSessionKey(void *h, void *key, DWORD flags)
{
	struct advapi32_hash *x = advapi32_crypt_hash(h);
	struct advapi32_key *k = advapi32_crypt_key(key);
	if (!x)
		return refuse(NTE_BAD_HASH);
	if (!k || k->rsa)
		return refuse(NTE_BAD_KEY);
	if (x->ended || (x->keyed && !x->named))
		return refuse(NTE_BAD_HASH_STATE);
	if (flags & ~1u) /* CRYPT_LITTLE_ENDIAN: as it is */
		return refuse(NTE_BAD_FLAGS);
	advapi32_crypt_add(x, k->secret, k->size);
	return TRUE;
}

WINAPI BOOL
advapi32_CryptGetHashParam(void *h, DWORD what, BYTE *out, DWORD *size, DWORD flags)
{
	struct advapi32_hash *x = advapi32_crypt_hash(h);
	if (!x || !size)
		return refuse(x ? ERROR_INVALID_PARAMETER : NTE_BAD_HASH);
	if (flags || (what != HP_ALGID && what != HP_HASHVAL && what != HP_HASHSIZE))
		return refuse(NTE_BAD_TYPE);
	if (what != HP_ALGID && x->keyed && !x->named)
		return refuse(NTE_BAD_HASH_STATE);
	DWORD n = what == HP_ALGID ? 4 : (DWORD)digest_size(advapi32_crypt_kind(x));
	DWORD room = *size, v = what == HP_ALGID ? x->id : n;
	*size = what == HP_HASHVAL ? n : 4;
	if (!out)
		return TRUE;
	if (room < *size)
		return refuse(ERROR_MORE_DATA);
	if (what == HP_HASHVAL)
		advapi32_crypt_end(x);
	memcpy(out, what == HP_HASHVAL ? (const void *)x->value : &v, *size);
	return TRUE;
}

WINAPI BOOL
advapi32_CryptDuplicateHash(void *h, DWORD *reserved, DWORD flags, void **out)
{
	struct advapi32_hash *x = advapi32_crypt_hash(h), *y;
	if (!x)
		return refuse(NTE_BAD_HASH);
	if (reserved || flags || !out)
		return refuse(ERROR_INVALID_PARAMETER);
	if (!(y = malloc(sizeof *y)))
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	*y = *x;
	if (x->key && !(y->key = malloc(x->key_size ? x->key_size : 1))) {
		free(y);
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	}
	if (x->key)
		memcpy(y->key, x->key, x->key_size);
	advapi32_csp_ref(y->csp);
	*out = y;
	return TRUE;
}

WINAPI BOOL
advapi32_CryptDestroyHash(void *h)
{
	struct advapi32_hash *x = advapi32_crypt_hash(h);
	if (!x)
		return refuse(NTE_BAD_HASH);
	destroy(x);
	return TRUE;
}
