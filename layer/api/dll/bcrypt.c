/* SPDX-License-Identifier: Apache-2.0 */
/* bcrypt.c -- CNG's algorithms: providers, their properties, random numbers. */
#include "layer/api/dll/bcrypt.h"

#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/host.h"
#include "layer/api/nt/text/nls.h"

static const struct bcrypt_algorithm algorithms[] = {
	{ "RNG", BCRYPT_RANDOM, 0 },
	{ "MD2", BCRYPT_HASH, DIGEST_MD2 },
	{ "MD4", BCRYPT_HASH, DIGEST_MD4 },
	{ "MD5", BCRYPT_HASH, DIGEST_MD5 },
	{ "SHA1", BCRYPT_HASH, DIGEST_SHA1 },
	{ "SHA256", BCRYPT_HASH, DIGEST_SHA256 },
	{ "SHA384", BCRYPT_HASH, DIGEST_SHA384 },
	{ "SHA512", BCRYPT_HASH, DIGEST_SHA512 },
	{ "AES-CMAC", BCRYPT_HASH, BCRYPT_CMAC },
	{ "AES", BCRYPT_CIPHER, CIPHER_AES },
	{ "DES", BCRYPT_CIPHER, CIPHER_DES },
	{ "3DES_112", BCRYPT_CIPHER, CIPHER_DES3_112 },
	{ "3DES", BCRYPT_CIPHER, CIPHER_DES3 },
	{ "RC2", BCRYPT_CIPHER, CIPHER_RC2 },
	{ "RC4", BCRYPT_CIPHER, CIPHER_RC4 },
	{ "PBKDF2", BCRYPT_DERIVATION, BCRYPT_PBKDF2 },
	{ "CAPI_KDF", BCRYPT_DERIVATION, BCRYPT_CAPI_KDF },
	{ "HKDF", BCRYPT_DERIVATION, BCRYPT_HKDF },
	{ "SP800_108_CTR_HMAC", BCRYPT_DERIVATION, BCRYPT_SP800_108 },
	{ "SP800_56A_CONCAT", BCRYPT_DERIVATION, BCRYPT_SP800_56A },
	{ "RSA", BCRYPT_ASYMMETRIC, BCRYPT_RSA },
	{ "RSA_SIGN", BCRYPT_SIGNATURE, BCRYPT_RSA },
	{ "ECDSA_P256", BCRYPT_SIGNATURE, CURVE_P256 },
	{ "ECDSA_P384", BCRYPT_SIGNATURE, CURVE_P384 },
	{ "ECDSA_P521", BCRYPT_SIGNATURE, CURVE_P521 },
	{ "ECDSA", BCRYPT_SIGNATURE, CURVE_KINDS },
	{ "ECDH_P256", BCRYPT_AGREEMENT, CURVE_P256 },
	{ "ECDH_P384", BCRYPT_AGREEMENT, CURVE_P384 },
	{ "ECDH_P521", BCRYPT_AGREEMENT, CURVE_P521 },
	{ "ECDH", BCRYPT_AGREEMENT, CURVE_KINDS },
};
enum { ALGORITHMS = sizeof algorithms / sizeof *algorithms };

/* The numbers above, for the pseudo handles. */
enum {
	A_RNG,
	A_MD2,
	A_MD4,
	A_MD5,
	A_SHA1,
	A_SHA256,
	A_SHA384,
	A_SHA512,
	A_CMAC,
	A_AES,
	A_DES,
	A_DES3_112,
	A_DES3,
	A_RC2,
	A_RC4,
	A_PBKDF2,
	A_CAPI_KDF,
	A_HKDF,
	A_SP800_108,
	A_SP800_56A,
	A_RSA,
	A_RSA_SIGN,
	A_ECDSA_P256,
	A_ECDSA_P384,
	A_ECDSA_P521,
	A_ECDSA,
	A_ECDH_P256,
	A_ECDH_P384,
	A_ECDH_P521,
	A_ECDH
};

const struct bcrypt_algorithm *
bcrypt_algorithm(unsigned number)
{
	return &algorithms[number];
}

int
bcrypt_algorithm_number(const WCHAR *name)
{
	for (int i = 0; i < ALGORITHMS; i++)
		if (nls_equal_ascii(name, algorithms[i].name))
			return i;
	return -1;
}

/* BCRYPT_SHA256_ALG_HANDLE and its kin: 1, 0x11, 0x21 ... in the order of bcrypt.h. */
#define HASH_PSEUDO(a, is_keyed)                                                                   \
	{                                                                                          \
		BCRYPT_PROVIDER, a, CIPHER_STREAM, is_keyed, false, false, 1, 0, CURVE_KINDS       \
	}
#define CURVE_PSEUDO(a, c)                                                                         \
	{                                                                                          \
		BCRYPT_PROVIDER, a, CIPHER_STREAM, false, false, false, 1, 0, c                    \
	}
#define MODE_PSEUDO(a, m)                                                                          \
	{                                                                                          \
		BCRYPT_PROVIDER, a, m, false, false, false, 1, 0, CURVE_KINDS                      \
	}
static struct bcrypt_provider pseudo[] = {
	[0x00] = HASH_PSEUDO(A_MD2, false),
	[0x01] = HASH_PSEUDO(A_MD4, false),
	[0x02] = HASH_PSEUDO(A_MD5, false),
	[0x03] = HASH_PSEUDO(A_SHA1, false),
	[0x04] = HASH_PSEUDO(A_SHA256, false),
	[0x05] = HASH_PSEUDO(A_SHA384, false),
	[0x06] = HASH_PSEUDO(A_SHA512, false),
	[0x07] = HASH_PSEUDO(A_RC4, false),
	[0x08] = HASH_PSEUDO(A_RNG, false),
	[0x09] = HASH_PSEUDO(A_MD5, true),
	[0x0a] = HASH_PSEUDO(A_SHA1, true),
	[0x0b] = HASH_PSEUDO(A_SHA256, true),
	[0x0c] = HASH_PSEUDO(A_SHA384, true),
	[0x0d] = HASH_PSEUDO(A_SHA512, true),
	[0x0e] = HASH_PSEUDO(A_RSA, false),
	[0x0f] = HASH_PSEUDO(A_ECDSA, false),
	[0x10] = HASH_PSEUDO(A_CMAC, false),
	[0x12] = HASH_PSEUDO(A_MD2, true),
	[0x13] = HASH_PSEUDO(A_MD4, true),
	[0x14] = MODE_PSEUDO(A_DES3, CIPHER_CBC),
	[0x15] = MODE_PSEUDO(A_DES3, CIPHER_ECB),
	[0x16] = MODE_PSEUDO(A_DES3, CIPHER_CFB),
	[0x17] = MODE_PSEUDO(A_DES3_112, CIPHER_CBC),
	[0x18] = MODE_PSEUDO(A_DES3_112, CIPHER_ECB),
	[0x19] = MODE_PSEUDO(A_DES3_112, CIPHER_CFB),
	[0x1a] = MODE_PSEUDO(A_AES, CIPHER_CBC),
	[0x1b] = MODE_PSEUDO(A_AES, CIPHER_ECB),
	[0x1c] = MODE_PSEUDO(A_AES, CIPHER_CFB),
	[0x1d] = MODE_PSEUDO(A_AES, CIPHER_CCM),
	[0x1e] = MODE_PSEUDO(A_AES, CIPHER_GCM),
	[0x1f] = MODE_PSEUDO(A_DES, CIPHER_CBC),
	[0x20] = MODE_PSEUDO(A_DES, CIPHER_ECB),
	[0x21] = MODE_PSEUDO(A_DES, CIPHER_CFB),
	[0x25] = MODE_PSEUDO(A_RC2, CIPHER_CBC),
	[0x26] = MODE_PSEUDO(A_RC2, CIPHER_ECB),
	[0x27] = MODE_PSEUDO(A_RC2, CIPHER_CFB),
	[0x29] = HASH_PSEUDO(A_ECDH, false),
	[0x2a] = CURVE_PSEUDO(A_ECDH_P256, CURVE_P256),
	[0x2b] = CURVE_PSEUDO(A_ECDH_P384, CURVE_P384),
	[0x2c] = CURVE_PSEUDO(A_ECDH_P521, CURVE_P521),
	[0x2e] = CURVE_PSEUDO(A_ECDSA_P256, CURVE_P256),
	[0x2f] = CURVE_PSEUDO(A_ECDSA_P384, CURVE_P384),
	[0x30] = CURVE_PSEUDO(A_ECDSA_P521, CURVE_P521),
	[0x31] = HASH_PSEUDO(A_RSA_SIGN, false),
	[0x32] = HASH_PSEUDO(A_CAPI_KDF, false),
	[0x33] = HASH_PSEUDO(A_PBKDF2, false),
	[0x39] = HASH_PSEUDO(A_HKDF, false),
};

static bool
is_pseudo(const struct bcrypt_provider *p)
{
	return p >= pseudo && p < pseudo + sizeof pseudo / sizeof *pseudo;
}

struct bcrypt_provider *
bcrypt_provider(void *h)
{
	ULONG_PTR v = (ULONG_PTR)h;
	if (v < 0x10000) {
		struct bcrypt_provider *p = &pseudo[v >> 4];
		return (v & 15) == 1 && is_pseudo(p) && p->magic ? p : NULL;
	}
	return *(DWORD *)h == BCRYPT_PROVIDER ? h : NULL;
}

static bool
is_pair(const struct bcrypt_algorithm *a)
{
	return a->class == BCRYPT_ASYMMETRIC || a->class == BCRYPT_AGREEMENT ||
	       a->class == BCRYPT_SIGNATURE;
}

WINAPI NTSTATUS
bcrypt_BCryptOpenAlgorithmProvider(void **out, const WCHAR *id, const WCHAR *implementation,
                                   ULONG flags)
{
	struct bcrypt_provider *p;
	if (!out || !id)
		return STATUS_INVALID_PARAMETER;
	*out = NULL;
	int i = bcrypt_algorithm_number(id);
	if (i < 0 ||
	    (implementation && !nls_equal_ascii(implementation, "Microsoft Primitive Provider")))
		return STATUS_NOT_FOUND;
	const struct bcrypt_algorithm *a = &algorithms[i];
	if ((flags & (BCRYPT_HMAC_FLAG | BCRYPT_REUSABLE_FLAG)) && a->class != BCRYPT_HASH)
		return STATUS_INVALID_PARAMETER;
	if ((flags & BCRYPT_HMAC_FLAG) && a->kind == BCRYPT_CMAC)
		return STATUS_NOT_FOUND;
	if (!(p = calloc(1, sizeof *p)))
		return STATUS_NO_MEMORY;
	p->magic = BCRYPT_PROVIDER;
	p->algorithm = (uint8_t)i;
	p->keyed = flags & BCRYPT_HMAC_FLAG;
	p->reusable = flags & BCRYPT_REUSABLE_FLAG;
	p->segment = 1;
	p->curve = is_pair(a) && a->kind != BCRYPT_RSA ? a->kind : CURVE_KINDS;
	p->mode = a->class == BCRYPT_CIPHER && a->kind != CIPHER_RC4 ? CIPHER_CBC : CIPHER_STREAM;
	*out = p;
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
bcrypt_BCryptCloseAlgorithmProvider(void *h, ULONG flags)
{
	struct bcrypt_provider *p = bcrypt_provider(h);
	(void)flags;
	if (!p)
		return STATUS_INVALID_HANDLE;
	if (!is_pseudo(p) && !p->lent) {
		p->magic = 0;
		free(p);
	}
	return STATUS_SUCCESS;
}

/* -- which there are ----------------------------------------------------------------------- */

struct algorithm_identifier {
	WCHAR *name;
	ULONG class, flags;
};

/* One block: the list and the names behind it. */
WINAPI NTSTATUS
bcrypt_BCryptEnumAlgorithms(ULONG operations, ULONG *count, void **list, ULONG flags)
{
	enum { NAME_ROOM = sizeof algorithms->name };
	if (!count || !list || flags)
		return STATUS_INVALID_PARAMETER;
	struct algorithm_identifier *a = calloc(ALGORITHMS, sizeof *a + NAME_ROOM * sizeof(WCHAR));
	if (!a)
		return STATUS_NO_MEMORY;
	WCHAR *text = (WCHAR *)(void *)(a + ALGORITHMS);
	ULONG n = 0;
	for (int i = 0; i < ALGORITHMS; i++) {
		const struct bcrypt_algorithm *from = &algorithms[i];
		if (operations && !(operations & 1u << (from->class - 1)))
			continue;
		a[n] = (struct algorithm_identifier){ text, from->class, 0 };
		nls_16_of_8(from->name, strlen(from->name) + 1, text, NAME_ROOM, NULL);
		text += NAME_ROOM;
		n++;
	}
	*count = n;
	*list = a;
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
bcrypt_BCryptEnumProviders(const WCHAR *id, ULONG *count, void **list, ULONG flags)
{
	static const WCHAR only[] = u"Microsoft Primitive Provider";
	if (!id || !count || !list || flags)
		return STATUS_INVALID_PARAMETER;
	if (bcrypt_algorithm_number(id) < 0)
		return STATUS_NOT_FOUND;
	WCHAR **a = malloc(sizeof *a + sizeof only);
	if (!a)
		return STATUS_NO_MEMORY;
	*a = memcpy(a + 1, only, sizeof only);
	*count = 1;
	*list = a;
	return STATUS_SUCCESS;
}

WINAPI void
bcrypt_BCryptFreeBuffer(void *p)
{
	free(p);
}

WINAPI NTSTATUS
bcrypt_BCryptGetFipsAlgorithmMode(BYTE *on)
{
	if (!on)
		return STATUS_INVALID_PARAMETER;
	*on = 0;
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
bcrypt_BCryptGenRandom(void *h, BYTE *out, ULONG n, ULONG flags)
{
	struct bcrypt_provider *p = h ? bcrypt_provider(h) : NULL;
	if (h ? !p || algorithms[p->algorithm].class != BCRYPT_RANDOM : !(flags & 2))
		return STATUS_INVALID_HANDLE;
	if (!out && n)
		return STATUS_INVALID_PARAMETER;
	host_random(out, n);
	return STATUS_SUCCESS;
}

/* -- properties --------------------------------------------------------------------------- */

NTSTATUS
bcrypt_give(const void *data, size_t n, BYTE *out, ULONG room, ULONG *size)
{
	*size = (ULONG)n;
	if (!out)
		return STATUS_SUCCESS;
	if (room < n)
		return STATUS_BUFFER_TOO_SMALL;
	memcpy(out, data, n);
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
bcrypt_BCryptGetProperty(void *h, const WCHAR *name, BYTE *out, ULONG room, ULONG *size,
                         ULONG flags)
{
	struct bcrypt_key *k = h ? bcrypt_key(h) : NULL;
	struct bcrypt_hash *x = h && !k ? bcrypt_hash(h) : NULL;
	struct bcrypt_pair *pair = h && !k && !x ? bcrypt_pair(h) : NULL;
	struct bcrypt_provider *p = k      ? &k->set
	                            : x    ? &x->set
	                            : pair ? &pair->set
	                            : h    ? bcrypt_provider(h)
	                                   : NULL;
	(void)flags;
	if (!p)
		return STATUS_INVALID_HANDLE;
	if (!name || !size)
		return STATUS_INVALID_PARAMETER;
	const struct bcrypt_algorithm *a = &algorithms[p->algorithm];
	if (nls_equal_ascii(name, "AlgorithmName")) {
		WCHAR text[sizeof a->name];
		size_t n = strlen(a->name) + 1;
		nls_16_of_8(a->name, n, text, n, NULL);
		return bcrypt_give(text, n * 2, out, room, size);
	}
	if (nls_equal_ascii(name, "PrimitiveType"))
		return bcrypt_give(&(DWORD){ a->class }, 4, out, room, size);
	/* what a hash or a key keeps of its provider is one itself */
	if ((k || x || pair) && nls_equal_ascii(name, "ProviderHandle"))
		return bcrypt_give(&p, sizeof p, out, room, size);
	if (a->class == BCRYPT_HASH)
		return bcrypt_hash_property(p, name, out, room, size);
	if (a->class == BCRYPT_CIPHER)
		return bcrypt_cipher_property(p, k, name, out, room, size);
	if (is_pair(a))
		return bcrypt_pair_property(p, pair, name, out, room, size);
	if (a->class == BCRYPT_DERIVATION && nls_equal_ascii(name, "ObjectLength"))
		return bcrypt_give(&(DWORD){ sizeof(struct bcrypt_key) }, 4, out, room, size);
	return STATUS_NOT_SUPPORTED;
}

WINAPI NTSTATUS
bcrypt_BCryptSetProperty(void *h, const WCHAR *name, BYTE *in, ULONG n, ULONG flags)
{
	struct bcrypt_key *k = h ? bcrypt_key(h) : NULL;
	struct bcrypt_pair *pair = h && !k ? bcrypt_pair(h) : NULL;
	struct bcrypt_provider *p = k ? &k->set : pair ? &pair->set : h ? bcrypt_provider(h) : NULL;
	(void)flags;
	if (!p)
		return h && bcrypt_hash(h) ? STATUS_NOT_SUPPORTED : STATUS_INVALID_HANDLE;
	if (!name || (!in && n))
		return STATUS_INVALID_PARAMETER;
	if (is_pseudo(p))
		return STATUS_ACCESS_DENIED;
	if (algorithms[p->algorithm].class == BCRYPT_DERIVATION)
		return bcrypt_derive_set(k, name, in, n);
	if (algorithms[p->algorithm].class == BCRYPT_CIPHER)
		return bcrypt_cipher_set(p, k, name, in, n);
	if (is_pair(&algorithms[p->algorithm]))
		return bcrypt_pair_set(p, pair, name, in, n);
	return STATUS_NOT_SUPPORTED;
}
