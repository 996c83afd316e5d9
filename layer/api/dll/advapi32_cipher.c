/* SPDX-License-Identifier: Apache-2.0 */
/* advapi32_cipher.c -- CryptEncrypt and CryptDecrypt. */
#include <string.h>

#include "layer/api/dll/advapi32_crypt.h"

/* After its last part a key is as new. */
static void
again(struct advapi32_key *k)
{
	memcpy(k->at, k->iv, sizeof k->at);
	if (k->cipher.kind == CIPHER_RC4)
		cipher_start(&k->cipher, CIPHER_RC4, k->secret, k->size, 0);
}

/* The hash that goes along, in *x; FALSE with the reason. */
static BOOL
begin(void *h, void *hash, DWORD flags, const DWORD *size, struct advapi32_key **k,
      struct advapi32_hash **x)
{
	if (!(*k = advapi32_crypt_key(h)) || (*k)->no_cipher)
		return refuse(NTE_BAD_KEY);
	*x = hash ? advapi32_crypt_hash(hash) : NULL;
	if (hash && !*x)
		return refuse(NTE_BAD_HASH);
	if (*x && ((*x)->ended || ((*x)->keyed && !(*x)->named)))
		return refuse(NTE_BAD_HASH_STATE);
	if (flags)
		return refuse(NTE_BAD_FLAGS);
	return size ? TRUE : refuse(ERROR_INVALID_PARAMETER);
}

/* RSA does it in one piece. */
static BOOL
whole(const void *hash, BOOL final, const DWORD *size)
{
	if (hash)
		return refuse(NTE_BAD_HASH);
	if (!final)
		return refuse(ERROR_NOT_SUPPORTED);
	return size ? TRUE : refuse(ERROR_INVALID_PARAMETER);
}

WINAPI BOOL
advapi32_CryptEncrypt(void *h, void *hash, BOOL final, DWORD flags, BYTE *data, DWORD *size,
                      DWORD room)
{
	struct advapi32_key *k = advapi32_crypt_key(h);
	struct advapi32_hash *x;
	if (k && k->rsa)
		return whole(hash, final, size) ? advapi32_rsa_encrypt(k, flags, data, size, room)
		                                : FALSE;
	if (!begin(h, hash, flags, size, &k, &x))
		return FALSE;
	DWORD block = cipher_trait[k->cipher.kind].block, n = *size, need = n;
	if (block > 1 && final)
		need = (n / block + 1) * block;
	else if (n % block)
		return refuse(NTE_BAD_LEN);
	*size = need;
	if (!data)
		return TRUE;
	if (room < need)
		return refuse(ERROR_MORE_DATA);
	if (x)
		advapi32_crypt_add(x, data, n);
	memset(data + n, (int)(need - n), need - n);
	cipher_run(&k->cipher, k->mode, true, k->at, k->segment, data, data, need);
	if (final)
		again(k);
	return TRUE;
}

WINAPI BOOL
advapi32_CryptDecrypt(void *h, void *hash, BOOL final, DWORD flags, BYTE *data, DWORD *size)
{
	struct advapi32_key *k = advapi32_crypt_key(h);
	struct advapi32_hash *x;
	if (k && k->rsa)
		return whole(hash, final, size) ? advapi32_rsa_decrypt(k, flags, data, size)
		                                : FALSE;
	if (!begin(h, hash, flags, size, &k, &x))
		return FALSE;
	DWORD block = cipher_trait[k->cipher.kind].block, n = *size;
	if (n % block || (final && block > 1 && !n))
		return refuse(NTE_BAD_LEN);
	if (!data)
		return n ? refuse(ERROR_INVALID_PARAMETER) : TRUE;
	cipher_run(&k->cipher, k->mode, false, k->at, k->segment, data, data, n);
	if (final) {
		again(k);
		if (block > 1) {
			size_t text = cipher_unpadded(data, n, block);
			if (text == SIZE_MAX)
				return refuse(NTE_BAD_DATA);
			n = (DWORD)text;
		}
	}
	if (x)
		advapi32_crypt_add(x, data, n);
	*size = n;
	return TRUE;
}
