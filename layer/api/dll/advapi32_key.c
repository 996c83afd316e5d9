/* SPDX-License-Identifier: Apache-2.0 */
/* advapi32_key.c -- symmetric keys of CryptoAPI: made, derived, imported, asked. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/advapi32_crypt.h"
#include "layer/api/dll/bcrypt.h"
#include "layer/api/nt/host.h"

enum { CRYPT_IPSEC_HMAC_KEY = 0x100 };
enum { SIMPLEBLOB = 1, PUBLICKEYBLOB = 6, PRIVATEKEYBLOB, PLAINTEXTKEYBLOB, BLOB_VERSION = 2 };

/* The size is what it is when nothing is said. */
static const struct trait {
	WORD id;
	BYTE kind, size, least, most;
} traits[] = {
	{ CALG_DES, CIPHER_DES, 8, 8, 8 },        { CALG_3DES_112, CIPHER_DES3_112, 16, 16, 16 },
	{ CALG_3DES, CIPHER_DES3, 24, 24, 24 },   { CALG_AES_128, CIPHER_AES, 16, 16, 16 },
	{ CALG_AES_192, CIPHER_AES, 24, 24, 24 }, { CALG_AES_256, CIPHER_AES, 32, 32, 32 },
	{ CALG_AES, CIPHER_AES, 16, 16, 32 },     { CALG_RC2, CIPHER_RC2, 16, 5, 16 },
	{ CALG_RC4, CIPHER_RC4, 16, 5, 16 },
};

static const struct trait *
trait(DWORD id)
{
	for (size_t i = 0; i < sizeof traits / sizeof *traits; i++)
		if (traits[i].id == id)
			return &traits[i];
	return NULL;
}

/* The upper half of the flags is a length in bits; DES has 56 of 64, 3DES 112 of 128 and 168 of
 * 192.  0: it is not one. */
static DWORD
length_asked(const struct trait *t, DWORD flags)
{
	DWORD bits = flags >> 16;
	if (!bits)
		return t->size;
	if (t->kind == CIPHER_DES || t->kind == CIPHER_DES3 || t->kind == CIPHER_DES3_112)
		return bits == t->size * 8u || bits == t->size * 7u ? t->size : 0;
	return bits % 8 == 0 && bits / 8 >= t->least && bits / 8 <= t->most ? bits / 8 : 0;
}

struct advapi32_key *
advapi32_crypt_key(void *h)
{
	return (ULONG_PTR)h >= 0x10000 && *(DWORD *)h == ADVAPI32_KEY ? h : NULL;
}

static void
destroy(struct advapi32_key *k)
{
	if (k->secret)
		cipher_wipe(k->secret, k->size);
	free(k->secret);
	if (k->rsa)
		advapi32_rsa_unref(k->rsa);
	cipher_wipe(k, sizeof *k);
	free(k);
}

static BOOL
make(const struct trait *t, DWORD id, const BYTE *secret, DWORD n, DWORD flags, void **out)
{
	struct advapi32_key *k = calloc(1, sizeof *k);
	if (!k || !(k->secret = malloc(n ? n : 1))) {
		free(k);
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	}
	k->magic = ADVAPI32_KEY;
	k->id = id;
	k->flags = flags;
	k->size = n;
	memcpy(k->secret, secret, n);
	k->mode = t->kind == CIPHER_RC4 ? CIPHER_STREAM : CIPHER_CBC;
	k->segment = 1;
	k->effective = n * 8;
	k->permissions = 0x3b | (flags & CRYPT_EXPORTABLE ? 4 : 0);
	if (flags & CRYPT_IPSEC_HMAC_KEY)
		k->no_cipher = true;
	else if (!cipher_start(&k->cipher, (enum cipher_kind)t->kind, k->secret, n, 0)) {
		destroy(k);
		return refuse(NTE_BAD_LEN);
	}
	*out = k;
	return TRUE;
}

WINAPI BOOL
advapi32_CryptGenKey(void *provider, DWORD id, DWORD flags, void **out)
{
	const struct trait *t = trait(id);
	BYTE secret[CIPHER_KEY_MOST];
	struct advapi32_csp *csp = advapi32_csp(provider);
	if (!csp || !out)
		return refuse(ERROR_INVALID_PARAMETER);
	if (advapi32_rsa_spec(id))
		return advapi32_rsa_generate(csp, id, flags, out);
	if (!t)
		return refuse(NTE_BAD_ALGID);
	DWORD n = length_asked(t, flags);
	if (!n)
		return refuse(NTE_BAD_FLAGS);
	host_random(secret, n);
	BOOL ok = make(t, id, secret, n, flags & 0xffff, out);
	cipher_wipe(secret, sizeof secret);
	return ok;
}

WINAPI BOOL
advapi32_CryptDeriveKey(void *provider, DWORD id, void *hash, DWORD flags, void **out)
{
	const struct trait *t = trait(id);
	struct advapi32_hash *x = advapi32_crypt_hash(hash);
	BYTE secret[CIPHER_KEY_MOST];
	if (!advapi32_csp(provider) || !out)
		return refuse(ERROR_INVALID_PARAMETER);
	if (!x)
		return refuse(NTE_BAD_HASH);
	if (!t)
		return refuse(NTE_BAD_ALGID);
	DWORD n = length_asked(t, flags);
	if (!n)
		return refuse(NTE_BAD_FLAGS);
	if (!advapi32_crypt_end(x))
		return refuse(NTE_BAD_HASH_STATE);
	if (!bcrypt_capi(advapi32_crypt_kind(x), x->value,
	                 t->kind == CIPHER_AES || t->kind == CIPHER_DES3, secret, n))
		return refuse(NTE_BAD_LEN);
	BOOL ok = make(t, id, secret, n, flags & 0xffff, out);
	cipher_wipe(secret, sizeof secret);
	return ok;
}

WINAPI BOOL
advapi32_CryptDestroyKey(void *h)
{
	struct advapi32_key *k = advapi32_crypt_key(h);
	if (!k)
		return refuse(NTE_BAD_KEY);
	destroy(k);
	return TRUE;
}

WINAPI BOOL
advapi32_CryptDuplicateKey(void *h, DWORD *reserved, DWORD flags, void **out)
{
	struct advapi32_key *k = advapi32_crypt_key(h), *y;
	if (!k)
		return refuse(NTE_BAD_KEY);
	if (reserved || flags || !out)
		return refuse(ERROR_INVALID_PARAMETER);
	if (k->rsa)
		return advapi32_rsa_handle(advapi32_rsa_ref(k->rsa), advapi32_rsa_spec(k->id), out);
	y = malloc(sizeof *y);
	BYTE *secret = malloc(k->size ? k->size : 1);
	if (!y || !secret) {
		free(y);
		free(secret);
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	}
	*y = *k;
	y->secret = memcpy(secret, k->secret, k->size);
	*out = y;
	return TRUE;
}

WINAPI BOOL
advapi32_CryptGetUserKey(void *provider, DWORD which, void **out)
{
	struct advapi32_csp *csp = advapi32_csp(provider);
	if (!csp || !out || which < AT_KEYEXCHANGE || which > AT_SIGNATURE)
		return refuse(ERROR_INVALID_PARAMETER);
	struct advapi32_rsa *r = advapi32_csp_pair(csp, which);
	return r ? advapi32_rsa_handle(r, which, out) : refuse(NTE_NO_KEY);
}

/* -- blobs ------------------------------------------------------------------------------------ */

/* PUBLICKEYSTRUC and the length of a plain key. */
struct plain_blob {
	BYTE type, version;
	WORD reserved;
	DWORD id, size;
};

static BOOL
import_plain(const BYTE *in, DWORD n, DWORD flags, void **out)
{
	struct plain_blob b;
	if (n < sizeof b)
		return refuse(NTE_BAD_DATA);
	memcpy(&b, in, sizeof b);
	const struct trait *t = trait(b.id);
	if (!t)
		return refuse(NTE_BAD_ALGID);
	if (b.size > n - sizeof b || !b.size)
		return refuse(NTE_BAD_DATA);
	if (!(flags & CRYPT_IPSEC_HMAC_KEY) && (b.size < t->least || b.size > t->most))
		return refuse(NTE_BAD_LEN);
	return make(t, b.id, in + sizeof b, b.size, flags, out);
}

/* A cipher's key that RSA encrypted. */
static BOOL
import_simple(struct advapi32_csp *csp, void *wrapping, const BYTE *in, DWORD n, DWORD flags,
              void **out)
{
	BYTE secret[RSAKEY_MOST / 8];
	DWORD id, size = 0;
	memcpy(&id, in + 4, sizeof id);
	const struct trait *t = trait(id);
	if (!t)
		return refuse(NTE_BAD_ALGID);
	if (!advapi32_rsa_unwrap(csp, wrapping, in, n, flags, secret, &size))
		return FALSE;
	BOOL ok = size < t->least || size > t->most ? refuse(NTE_BAD_DATA)
	                                            : make(t, id, secret, size, flags, out);
	cipher_wipe(secret, sizeof secret);
	return ok;
}

WINAPI BOOL
advapi32_CryptImportKey(void *provider, const BYTE *in, DWORD n, void *wrapping, DWORD flags,
                        void **out)
{
	struct advapi32_csp *csp = advapi32_csp(provider);
	if (!csp || !in || !out)
		return refuse(ERROR_INVALID_PARAMETER);
	if (n < 8)
		return refuse(NTE_BAD_DATA);
	if (in[1] != BLOB_VERSION)
		return refuse(NTE_BAD_VER);
	if (in[0] == SIMPLEBLOB)
		return import_simple(csp, wrapping, in, n, flags, out);
	if (in[0] != PLAINTEXTKEYBLOB && in[0] != PUBLICKEYBLOB && in[0] != PRIVATEKEYBLOB)
		return refuse(NTE_BAD_TYPE);
	if (wrapping) /* a private key that a cipher encrypted */
		return refuse(NTE_BAD_KEY);
	return in[0] == PLAINTEXTKEYBLOB ? import_plain(in, n, flags, out)
	                                 : advapi32_rsa_import(csp, in, n, flags, out);
}

WINAPI BOOL
advapi32_CryptExportKey(void *h, void *wrapping, DWORD type, DWORD flags, BYTE *out, DWORD *size)
{
	struct advapi32_key *k = advapi32_crypt_key(h);
	if (!k)
		return refuse(NTE_BAD_KEY);
	if (!size || (flags && type != SIMPLEBLOB))
		return refuse(size ? NTE_BAD_FLAGS : ERROR_INVALID_PARAMETER);
	if (type == SIMPLEBLOB && !k->rsa)
		return advapi32_rsa_wrap(k, wrapping, flags, out, size);
	if (k->rsa ? type != PUBLICKEYBLOB && type != PRIVATEKEYBLOB : type != PLAINTEXTKEYBLOB)
		return refuse(NTE_BAD_TYPE);
	if (wrapping)
		return refuse(NTE_BAD_KEY);
	if (k->rsa)
		return advapi32_rsa_export(k, type, out, size);
	if (!(k->flags & CRYPT_EXPORTABLE))
		return refuse(NTE_BAD_KEY_STATE);
	struct plain_blob b = { PLAINTEXTKEYBLOB, BLOB_VERSION, 0, k->id, k->size };
	DWORD room = *size;
	*size = (DWORD)sizeof b + k->size;
	if (!out)
		return TRUE;
	if (room < *size)
		return refuse(ERROR_MORE_DATA);
	memcpy(out, &b, sizeof b);
	memcpy(out + sizeof b, k->secret, k->size);
	return TRUE;
}

/* -- parameters ------------------------------------------------------------------------------- */

enum {
	KP_IV = 1,
	KP_SALT,
	KP_PADDING,
	KP_MODE,
	KP_MODE_BITS,
	KP_PERMISSIONS,
	KP_ALGID,
	KP_BLOCKLEN,
	KP_KEYLEN,
	KP_EFFECTIVE_KEYLEN = 19
};
enum { MODE_CBC = 1, MODE_ECB, MODE_CFB = 4, PKCS5_PADDING = 1 };

static BOOL
give(const void *data, DWORD n, BYTE *out, DWORD *size)
{
	DWORD room = *size;
	*size = n;
	if (!out)
		return TRUE;
	if (room < n)
		return refuse(ERROR_MORE_DATA);
	memcpy(out, data, n);
	return TRUE;
}

static BOOL
pair_param(const struct advapi32_key *k, DWORD what, BYTE *out, DWORD *size)
{
	DWORD v, bits = rsakey_bits(&k->rsa->pair.key);
	switch (what) {
	case KP_ALGID: v = k->id; break;
	case KP_BLOCKLEN: v = bits; break;
	case KP_KEYLEN: v = bits; break;
	case KP_PERMISSIONS: v = 0x3b | (k->rsa->flags & CRYPT_EXPORTABLE ? 4 : 0); break;
	default: return refuse(NTE_BAD_TYPE);
	}
	return give(&v, 4, out, size);
}

WINAPI BOOL
advapi32_CryptGetKeyParam(void *h, DWORD what, BYTE *out, DWORD *size, DWORD flags)
{
	struct advapi32_key *k = advapi32_crypt_key(h);
	if (!k)
		return refuse(NTE_BAD_KEY);
	if (!size || flags)
		return refuse(size ? NTE_BAD_FLAGS : ERROR_INVALID_PARAMETER);
	if (k->rsa)
		return pair_param(k, what, out, size);
	const struct trait *t = trait(k->id);
	DWORD block = cipher_trait[t->kind].block, v;
	bool blocks = block > 1;
	switch (what) {
	case KP_IV: return blocks ? give(k->iv, block, out, size) : refuse(NTE_BAD_TYPE);
	case KP_SALT: return give("", 0, out, size);
	case KP_PADDING: v = PKCS5_PADDING; break;
	case KP_MODE:
		if (!blocks)
			return refuse(NTE_BAD_TYPE);
		v = k->mode == CIPHER_CBC ? MODE_CBC : k->mode == CIPHER_ECB ? MODE_ECB : MODE_CFB;
		break;
	case KP_MODE_BITS: v = k->mode == CIPHER_CFB ? k->segment * 8 : 0; break;
	case KP_PERMISSIONS: v = k->permissions; break;
	case KP_ALGID: v = k->id; break;
	case KP_BLOCKLEN: v = blocks ? block * 8 : 0; break;
	case KP_KEYLEN: v = k->size * 8; break;
	case KP_EFFECTIVE_KEYLEN:
		v = t->kind == CIPHER_DES || t->kind == CIPHER_DES3 || t->kind == CIPHER_DES3_112
		            ? k->size * 7
		            : k->effective;
		break;
	default: return refuse(NTE_BAD_TYPE);
	}
	return give(&v, 4, out, size);
}

static BOOL
set_mode(struct advapi32_key *k, DWORD v)
{
	k->mode = v == MODE_CBC   ? CIPHER_CBC
	          : v == MODE_ECB ? CIPHER_ECB
	          : v == MODE_CFB ? CIPHER_CFB
	                          : k->mode;
	return v == MODE_CBC || v == MODE_ECB || v == MODE_CFB ? TRUE : refuse(NTE_BAD_DATA);
}

WINAPI BOOL
advapi32_CryptSetKeyParam(void *h, DWORD what, const BYTE *in, DWORD flags)
{
	struct advapi32_key *k = advapi32_crypt_key(h);
	DWORD v = 0;
	if (!k)
		return refuse(NTE_BAD_KEY);
	if (!in || flags)
		return refuse(in ? NTE_BAD_FLAGS : ERROR_INVALID_PARAMETER);
	if (k->rsa)
		return refuse(NTE_BAD_TYPE);
	const struct trait *t = trait(k->id);
	DWORD block = cipher_trait[t->kind].block;
	if (k->no_cipher || (block == 1 && what != KP_PERMISSIONS))
		return refuse(NTE_BAD_TYPE);
	if (what == KP_IV) {
		memcpy(k->iv, in, block);
		memcpy(k->at, in, block);
		return TRUE;
	}
	memcpy(&v, in, sizeof v);
	switch (what) {
	case KP_PADDING: return v == PKCS5_PADDING ? TRUE : refuse(NTE_BAD_DATA);
	case KP_MODE: return set_mode(k, v);
	case KP_MODE_BITS:
		if (v != 8 && v != block * 8)
			return refuse(NTE_BAD_DATA);
		k->segment = v / 8;
		return TRUE;
	case KP_PERMISSIONS:
		k->permissions = v;
		if (!(v & 4))
			k->flags &= ~(DWORD)CRYPT_EXPORTABLE;
		return TRUE;
	case KP_EFFECTIVE_KEYLEN:
		if (t->kind != CIPHER_RC2)
			return refuse(NTE_BAD_TYPE);
		if (!v || v > 1024)
			return refuse(NTE_BAD_DATA);
		k->effective = v;
		cipher_start(&k->cipher, CIPHER_RC2, k->secret, k->size, v);
		return TRUE;
	}
	return refuse(NTE_BAD_TYPE);
}
