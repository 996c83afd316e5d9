/* SPDX-License-Identifier: Apache-2.0 */
/* ncrypt_use.c -- what is done with keys: bcrypt's functions, for keys that may do so. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/ncrypt.h"

WINAPI NTSTATUS bcrypt_BCryptSignHash(void *h, void *info, BYTE *hash, ULONG n, BYTE *out,
                                      ULONG room, ULONG *size, ULONG flags);
WINAPI NTSTATUS bcrypt_BCryptVerifySignature(void *h, void *info, BYTE *hash, ULONG n,
                                             BYTE *signature, ULONG m, ULONG flags);
WINAPI NTSTATUS bcrypt_BCryptSecretAgreement(void *own, void *other, void **out, ULONG flags);
WINAPI NTSTATUS bcrypt_BCryptDestroySecret(void *h);
WINAPI NTSTATUS bcrypt_BCryptDeriveKey(void *h, const WCHAR *kdf, const struct bcrypt_parameters *p,
                                       BYTE *out, ULONG room, ULONG *size, ULONG flags);

enum { ALLOW_DECRYPT = 1, ALLOW_SIGNING = 2, ALLOW_AGREEMENT = 4 };

static LONG
usable(void *h, DWORD usage, struct ncrypt_key **k)
{
	if (!(*k = ncrypt_key(h)))
		return NTE_INVALID_HANDLE;
	if (!(*k)->final)
		return NTE_BAD_KEY_STATE;
	return usage & ~(*k)->usage ? NTE_PERM : 0;
}

static ULONG
spoken(DWORD flags)
{
	return flags & ~(DWORD)NCRYPT_SILENT_FLAG;
}

WINAPI LONG
ncrypt_NCryptSignHash(void *h, void *info, BYTE *hash, DWORD n, BYTE *out, DWORD room, DWORD *size,
                      DWORD flags)
{
	struct ncrypt_key *k;
	LONG e = usable(h, ALLOW_SIGNING, &k);
	return e ? e
	         : ncrypt_status(bcrypt_BCryptSignHash(k->pair, info, hash, n, out, room, size,
	                                               spoken(flags)));
}

WINAPI LONG
ncrypt_NCryptVerifySignature(void *h, void *info, BYTE *hash, DWORD n, BYTE *signature, DWORD m,
                             DWORD flags)
{
	struct ncrypt_key *k;
	LONG e = usable(h, 0, &k);
	return e ? e
	         : ncrypt_status(bcrypt_BCryptVerifySignature(k->pair, info, hash, n, signature, m,
	                                                      spoken(flags)));
}

WINAPI LONG
ncrypt_NCryptEncrypt(void *h, BYTE *in, DWORD n, void *info, BYTE *out, DWORD room, DWORD *size,
                     DWORD flags)
{
	struct ncrypt_key *k;
	LONG e = usable(h, 0, &k);
	if (!e && !size)
		e = NTE_INVALID_PARAMETER;
	return e ? e
	         : ncrypt_status(bcrypt_pair_crypt(k->pair, true, in, n, info, out, room, size,
	                                           spoken(flags)));
}

WINAPI LONG
ncrypt_NCryptDecrypt(void *h, BYTE *in, DWORD n, void *info, BYTE *out, DWORD room, DWORD *size,
                     DWORD flags)
{
	struct ncrypt_key *k;
	LONG e = usable(h, ALLOW_DECRYPT, &k);
	if (!e && !size)
		e = NTE_INVALID_PARAMETER;
	return e ? e
	         : ncrypt_status(bcrypt_pair_crypt(k->pair, false, in, n, info, out, room, size,
	                                           spoken(flags)));
}

/* -- secrets -------------------------------------------------------------------------------------- */

struct secret {
	DWORD magic;
	void *own; /* own: bcrypt's */
};

void
ncrypt_secret_free(void *h)
{
	struct secret *x = h;
	bcrypt_BCryptDestroySecret(x->own);
	x->magic = 0;
	free(x);
}

WINAPI LONG
ncrypt_NCryptSecretAgreement(void *h, void *other, void **out, DWORD flags)
{
	struct ncrypt_key *a, *b;
	LONG e = usable(h, ALLOW_AGREEMENT, &a);
	if (!e)
		e = usable(other, 0, &b);
	if (!e && !out)
		e = NTE_INVALID_PARAMETER;
	if (e)
		return e;
	struct secret *x = calloc(1, sizeof *x);
	if (!x)
		return NTE_NO_MEMORY;
	x->magic = NCRYPT_SECRET;
	e = ncrypt_status(bcrypt_BCryptSecretAgreement(a->pair, b->pair, &x->own, spoken(flags)));
	if (e)
		free(x);
	else
		*out = x;
	return e;
}

WINAPI LONG
ncrypt_NCryptDeriveKey(void *h, const WCHAR *kdf, const struct bcrypt_parameters *p, BYTE *out,
                       DWORD room, DWORD *size, DWORD flags)
{
	struct secret *x = h;
	if ((ULONG_PTR)h < 0x10000 || x->magic != NCRYPT_SECRET)
		return NTE_INVALID_HANDLE;
	return ncrypt_status(
	        bcrypt_BCryptDeriveKey(x->own, kdf, p, out, room, size, spoken(flags)));
}
