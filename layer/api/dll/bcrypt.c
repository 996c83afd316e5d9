/* SPDX-License-Identifier: Apache-2.0 */
/* bcrypt.c -- random numbers, hashes, HMAC, PBKDF2.  Ciphers are not done: their providers are
 * not found. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/digest.h"
#include "layer/api/nt/host.h"
#include "layer/api/nt/text/nls.h"

/* A provider: kind -1 is random numbers.  What it is stands first, so that a wrong handle is
 * seen. */
enum { PROVIDER = 0x5052, HASH = 0x4841 };

struct provider {
	DWORD magic;
	int kind;
	const char *name;
	bool keyed;
};

static struct provider providers[] = {
	{ PROVIDER, -1, "RNG", false },
	{ PROVIDER, DIGEST_MD5, "MD5", false },
	{ PROVIDER, DIGEST_MD5, "MD5", true },
	{ PROVIDER, DIGEST_SHA1, "SHA1", false },
	{ PROVIDER, DIGEST_SHA1, "SHA1", true },
	{ PROVIDER, DIGEST_SHA256, "SHA256", false },
	{ PROVIDER, DIGEST_SHA256, "SHA256", true },
	{ PROVIDER, DIGEST_SHA384, "SHA384", false },
	{ PROVIDER, DIGEST_SHA384, "SHA384", true },
	{ PROVIDER, DIGEST_SHA512, "SHA512", false },
	{ PROVIDER, DIGEST_SHA512, "SHA512", true },
};

struct hash {
	DWORD magic;
	struct provider *provider;
	bool reusable;
	struct digest plain;
	struct digest_hmac keyed, begun;
};

enum { ALG_HANDLE_HMAC = 8, REUSABLE = 0x20 };

WINAPI NTSTATUS
bcrypt_BCryptOpenAlgorithmProvider(void **out, const WCHAR *id, const WCHAR *implementation,
                                   ULONG flags)
{
	(void)implementation;
	if (!out || !id)
		return STATUS_INVALID_PARAMETER;
	*out = NULL;
	for (size_t i = 0; i < sizeof providers / sizeof *providers; i++) {
		if (!nls_equal_ascii(id, providers[i].name) ||
		    providers[i].keyed != !!(flags & ALG_HANDLE_HMAC))
			continue;
		*out = &providers[i];
		return STATUS_SUCCESS;
	}
	return STATUS_NOT_FOUND;
}

/* Also BCRYPT_SHA256_ALG_HANDLE and its kin, which need no opening. */
static struct provider *
provider(void *h)
{
	static const struct {
		ULONG_PTR pseudo;
		int index;
	} known[] = { { 0x21, 1 }, { 0x31, 3 }, { 0x41, 5 }, { 0x51, 7 }, { 0x61, 9 }, { 0x81, 0 },
		      { 0x91, 2 }, { 0xa1, 4 }, { 0xb1, 6 }, { 0xc1, 8 }, { 0xd1, 10 } };
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if ((ULONG_PTR)h == known[i].pseudo)
			return &providers[known[i].index];
	if ((ULONG_PTR)h < 0x10000 || *(DWORD *)h != PROVIDER)
		return NULL;
	return h;
}

static struct hash *
hash(void *h)
{
	return (ULONG_PTR)h >= 0x10000 && *(DWORD *)h == HASH ? h : NULL;
}

WINAPI NTSTATUS
bcrypt_BCryptCloseAlgorithmProvider(void *h, ULONG flags)
{
	(void)flags;
	return provider(h) ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
}

WINAPI NTSTATUS
bcrypt_BCryptGenRandom(void *h, BYTE *out, ULONG n, ULONG flags)
{
	if (!h && !(flags & 2))
		return STATUS_INVALID_HANDLE;
	if (h && !provider(h))
		return STATUS_INVALID_HANDLE;
	if (!out && n)
		return STATUS_INVALID_PARAMETER;
	host_random(out, n);
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
bcrypt_BCryptGetFipsAlgorithmMode(BYTE *on)
{
	if (!on)
		return STATUS_INVALID_PARAMETER;
	*on = 0;
	return STATUS_SUCCESS;
}

/* -- hashes -------------------------------------------------------------------------- */

WINAPI NTSTATUS
bcrypt_BCryptGetProperty(void *h, const WCHAR *name, BYTE *out, ULONG room, ULONG *size,
                         ULONG flags)
{
	struct hash *x = h ? hash(h) : NULL;
	struct provider *p = x ? x->provider : h ? provider(h) : NULL;
	DWORD v;
	(void)flags;
	if (!p)
		return STATUS_INVALID_HANDLE;
	if (!name || !size)
		return STATUS_INVALID_PARAMETER;
	if (nls_equal_ascii(name, "AlgorithmName")) {
		size_t n = strlen(p->name) + 1;
		*size = (ULONG)n * 2;
		if (out && room < n * 2)
			return STATUS_BUFFER_TOO_SMALL;
		if (out)
			nls_16_of_8(p->name, n, (WCHAR *)(void *)out, n, NULL);
		return STATUS_SUCCESS;
	}
	if (p->kind < 0)
		return STATUS_NOT_SUPPORTED;
	if (nls_equal_ascii(name, "HashDigestLength"))
		v = (DWORD)digest_size((enum digest_kind)p->kind);
	else if (nls_equal_ascii(name, "HashBlockLength"))
		v = (DWORD)digest_block((enum digest_kind)p->kind);
	else if (nls_equal_ascii(name, "ObjectLength"))
		v = sizeof(struct hash);
	else
		return STATUS_NOT_SUPPORTED;
	*size = 4;
	if (out && room < 4)
		return STATUS_BUFFER_TOO_SMALL;
	if (out)
		memcpy(out, &v, 4);
	return STATUS_SUCCESS;
}

static void
begin(struct hash *x)
{
	if (x->provider->keyed)
		x->keyed = x->begun;
	else
		digest_start(&x->plain, (enum digest_kind)x->provider->kind);
}

/* The object that a caller lends is not needed: ours is behind the handle. */
WINAPI NTSTATUS
bcrypt_BCryptCreateHash(void *h, void **out, BYTE *object, ULONG size, BYTE *key, ULONG key_size,
                        ULONG flags)
{
	struct provider *p = provider(h);
	struct hash *x;
	(void)object, (void)size;
	if (!p || p->kind < 0)
		return STATUS_INVALID_HANDLE;
	if (!out || (key_size && !key))
		return STATUS_INVALID_PARAMETER;
	if (!(x = calloc(1, sizeof *x)))
		return STATUS_NO_MEMORY;
	x->magic = HASH;
	x->provider = p;
	x->reusable = flags & REUSABLE;
	if (p->keyed)
		digest_hmac_start(&x->begun, (enum digest_kind)p->kind, key, key_size);
	begin(x);
	*out = x;
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
bcrypt_BCryptHashData(void *h, BYTE *in, ULONG n, ULONG flags)
{
	struct hash *x = hash(h);
	(void)flags;
	if (!x)
		return STATUS_INVALID_HANDLE;
	if (!in && n)
		return STATUS_INVALID_PARAMETER;
	digest_add(x->provider->keyed ? &x->keyed.inner : &x->plain, in, n);
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
bcrypt_BCryptFinishHash(void *h, BYTE *out, ULONG n, ULONG flags)
{
	struct hash *x = hash(h);
	(void)flags;
	if (!x)
		return STATUS_INVALID_HANDLE;
	if (!out || n != digest_size((enum digest_kind)x->provider->kind))
		return STATUS_INVALID_PARAMETER;
	if (x->provider->keyed)
		digest_hmac_end(&x->keyed, out);
	else
		digest_end(&x->plain, out);
	if (x->reusable)
		begin(x);
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
bcrypt_BCryptDuplicateHash(void *h, void **out, BYTE *object, ULONG size, ULONG flags)
{
	struct hash *x = hash(h), *y;
	(void)object, (void)size, (void)flags;
	if (!x)
		return STATUS_INVALID_HANDLE;
	if (!(y = malloc(sizeof *y)))
		return STATUS_NO_MEMORY;
	*y = *x;
	*out = y;
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
bcrypt_BCryptDestroyHash(void *h)
{
	struct hash *x = hash(h);
	if (!x)
		return STATUS_INVALID_HANDLE;
	x->magic = 0;
	free(x);
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
bcrypt_BCryptHash(void *h, BYTE *key, ULONG key_size, BYTE *in, ULONG n, BYTE *out, ULONG room)
{
	void *x;
	NTSTATUS s = bcrypt_BCryptCreateHash(h, &x, NULL, 0, key, key_size, 0);
	if (s < 0)
		return s;
	s = bcrypt_BCryptHashData(x, in, n, 0);
	if (s >= 0)
		s = bcrypt_BCryptFinishHash(x, out, room, 0);
	bcrypt_BCryptDestroyHash(x);
	return s;
}

WINAPI NTSTATUS
bcrypt_BCryptDeriveKeyPBKDF2(void *h, BYTE *password, ULONG n, BYTE *salt, ULONG m,
                             ULONGLONG rounds, BYTE *out, ULONG size, ULONG flags)
{
	struct provider *p = provider(h);
	(void)flags;
	if (!p || !p->keyed)
		return STATUS_INVALID_HANDLE;
	if (!out || !size || !rounds)
		return STATUS_INVALID_PARAMETER;
	digest_pbkdf2((enum digest_kind)p->kind, password, n, salt, m, rounds, out, size);
	return STATUS_SUCCESS;
}
