/* SPDX-License-Identifier: Apache-2.0 */
/* bcrypt_derive.c -- keys out of passwords, hashes and other keys. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/bcrypt.h"
#include "layer/api/nt/text/nls.h"

WINAPI NTSTATUS
bcrypt_BCryptDeriveKeyPBKDF2(void *h, BYTE *password, ULONG n, BYTE *salt, ULONG m,
                             ULONGLONG rounds, BYTE *out, ULONG size, ULONG flags)
{
	struct bcrypt_provider *p = bcrypt_provider(h);
	if (!p || !p->keyed)
		return STATUS_INVALID_HANDLE;
	if (!out || !size || !rounds || rounds > UINT32_MAX || (n && !password) || (m && !salt) ||
	    flags)
		return STATUS_INVALID_PARAMETER;
	digest_pbkdf2((enum digest_kind)bcrypt_algorithm(p->algorithm)->kind, password, n, salt, m,
	              (uint32_t)rounds, out, size);
	return STATUS_SUCCESS;
}

/* CryptDeriveKey's way, out of a hash's value: the value itself, or 2 hashes of it for what is
 * longer, and for AES and 3DES when the hash is older than SHA-2. */
bool
bcrypt_capi(enum digest_kind k, const BYTE *value, bool stretch, BYTE *out, ULONG n)
{
	size_t have = digest_size(k);
	BYTE pad[64], both[2 * DIGEST_MOST];
	if (n <= have && !(stretch && k < DIGEST_SHA256)) {
		memcpy(out, value, n);
		return true;
	}
	if (n > 2 * have)
		return false;
	for (int half = 0; half < 2; half++) {
		struct digest d;
		memset(pad, half ? 0x5c : 0x36, sizeof pad);
		for (size_t i = 0; i < have; i++)
			pad[i] ^= value[i];
		digest_start(&d, k);
		digest_add(&d, pad, sizeof pad);
		digest_end(&d, both + half * have);
	}
	memcpy(out, both, n);
	cipher_wipe(both, sizeof both);
	return true;
}

WINAPI NTSTATUS bcrypt_BCryptFinishHash(void *h, BYTE *out, ULONG n, ULONG flags);

WINAPI NTSTATUS
bcrypt_BCryptDeriveKeyCapi(void *h, void *target, BYTE *out, ULONG n, ULONG flags)
{
	struct bcrypt_hash *x = h ? bcrypt_hash(h) : NULL;
	struct bcrypt_provider *t = target ? bcrypt_provider(target) : NULL;
	BYTE value[DIGEST_MOST];
	bool stretch = false;
	if (!x || (target && !t))
		return STATUS_INVALID_HANDLE;
	const struct bcrypt_algorithm *a = bcrypt_algorithm(x->set.algorithm);
	if (a->kind == BCRYPT_CMAC || x->set.keyed)
		return STATUS_NOT_SUPPORTED;
	enum digest_kind k = (enum digest_kind)a->kind;
	if (!out || !n || n > 2 * digest_size(k) || (flags & ~(ULONG)BCRYPT_CAPI_AES_FLAG))
		return STATUS_INVALID_PARAMETER;
	if (t) {
		const struct bcrypt_algorithm *b = bcrypt_algorithm(t->algorithm);
		stretch = b->class == BCRYPT_CIPHER &&
		          (b->kind == CIPHER_AES || b->kind == CIPHER_DES3);
	}
	NTSTATUS s = bcrypt_BCryptFinishHash(h, value, (ULONG)digest_size(k), 0);
	if (s >= 0)
		bcrypt_capi(k, value, stretch || (flags & BCRYPT_CAPI_AES_FLAG), out, n);
	return s;
}

/* -- BCryptKeyDerivation -------------------------------------------------------------------- */

enum {
	P_HASH = 0,
	P_ALGORITHM = 8,
	P_PARTY_U,
	P_PARTY_V,
	P_PUBLIC,
	P_PRIVATE,
	P_LABEL,
	P_CONTEXT,
	P_SALT,
	P_ROUNDS,
	P_GENERIC,
	P_HKDF_INFO = 0x14
};

const struct bcrypt_parameter *
bcrypt_find(const struct bcrypt_parameters *p, ULONG type)
{
	for (ULONG i = 0; p && i < p->count; i++)
		if (p->list[i].type == type)
			return &p->list[i];
	return NULL;
}

bool
bcrypt_hash_named(const BYTE *name, ULONG size, enum digest_kind *k)
{
	WCHAR text[24] = { 0 };
	memcpy(text, name, size < sizeof text - 2 ? size & ~1u : sizeof text - 2);
	int i = bcrypt_algorithm_number(text);
	if (i < 0 || bcrypt_algorithm((unsigned)i)->class != BCRYPT_HASH ||
	    bcrypt_algorithm((unsigned)i)->kind == BCRYPT_CMAC)
		return false;
	*k = (enum digest_kind)bcrypt_algorithm((unsigned)i)->kind;
	return true;
}

static void
big32(BYTE out[4], uint32_t v)
{
	for (int i = 0; i < 4; i++)
		out[i] = (BYTE)(v >> (24 - 8 * i));
}

static void
add_parameter(struct digest_hmac *h, struct digest *d, const struct bcrypt_parameters *p,
              ULONG type)
{
	const struct bcrypt_parameter *x = bcrypt_find(p, type);
	if (x && x->size && h)
		digest_hmac_add(h, x->data, x->size);
	if (x && x->size && d)
		digest_add(d, x->data, x->size);
}

static NTSTATUS
pbkdf2(const struct bcrypt_key *k, enum digest_kind hash, const struct bcrypt_parameters *p,
       BYTE *out, ULONG n)
{
	const struct bcrypt_parameter *salt = bcrypt_find(p, P_SALT), *r = bcrypt_find(p, P_ROUNDS);
	ULONGLONG rounds = 10000;
	if (r)
		memcpy(&rounds, r->data, r->size < sizeof rounds ? r->size : sizeof rounds);
	if (!salt || !rounds || rounds > UINT32_MAX)
		return STATUS_INVALID_PARAMETER;
	digest_pbkdf2(hash, k->secret, k->size, salt->data, salt->size, (uint32_t)rounds, out, n);
	return STATUS_SUCCESS;
}

/* SP 800-108 5.1: HMAC of counter, label, 0, context, length, both numbers of 32 bits. */
static NTSTATUS
sp800_108(const struct bcrypt_key *k, enum digest_kind hash, const struct bcrypt_parameters *p,
          BYTE *out, ULONG n)
{
	struct digest_hmac h;
	BYTE number[4], value[DIGEST_MOST];
	ULONG step = (ULONG)digest_size(hash), done = 0;
	bool generic = bcrypt_find(p, P_GENERIC);
	digest_hmac_start(&h, hash, k->secret, k->size);
	for (uint32_t i = 1; done < n; i++) {
		big32(number, i);
		digest_hmac_add(&h, number, 4);
		if (generic) {
			add_parameter(&h, NULL, p, P_GENERIC);
		} else {
			add_parameter(&h, NULL, p, P_LABEL);
			digest_hmac_add(&h, "", 1);
			add_parameter(&h, NULL, p, P_CONTEXT);
		}
		big32(number, n * 8);
		digest_hmac_add(&h, number, 4);
		digest_hmac_end(&h, value);
		ULONG give = n - done < step ? n - done : step;
		memcpy(out + done, value, give);
		done += give;
	}
	return STATUS_SUCCESS;
}

/* SP 800-56A 5.8.1: hashes of counter, secret and who takes part. */
NTSTATUS
bcrypt_concat(const BYTE *secret, size_t size, enum digest_kind hash,
              const struct bcrypt_parameters *p, BYTE *out, ULONG n)
{
	BYTE number[4], value[DIGEST_MOST];
	ULONG step = (ULONG)digest_size(hash), done = 0;
	if (!bcrypt_find(p, P_ALGORITHM) || !bcrypt_find(p, P_PARTY_U) ||
	    !bcrypt_find(p, P_PARTY_V))
		return STATUS_INVALID_PARAMETER;
	for (uint32_t i = 1; done < n; i++) {
		struct digest d;
		digest_start(&d, hash);
		big32(number, i);
		digest_add(&d, number, 4);
		digest_add(&d, secret, size);
		for (ULONG type = P_ALGORITHM; type <= P_PRIVATE; type++)
			add_parameter(NULL, &d, p, type);
		digest_end(&d, value);
		ULONG give = n - done < step ? n - done : step;
		memcpy(out + done, value, give);
		done += give;
	}
	return STATUS_SUCCESS;
}

static NTSTATUS
hkdf(const struct bcrypt_key *k, const struct bcrypt_parameters *p, BYTE *out, ULONG n)
{
	const struct bcrypt_parameter *info = bcrypt_find(p, P_HKDF_INFO);
	if (!k->hkdf_ready || n > 255 * digest_size(k->hkdf_hash))
		return STATUS_INVALID_PARAMETER;
	digest_hkdf_expand(k->hkdf_hash, k->hkdf_key, k->hkdf_size, info ? info->data : NULL,
	                   info ? info->size : 0, out, n);
	return STATUS_SUCCESS;
}

/* First the hash, then the salt, or that the secret is a pseudorandom key already. */
NTSTATUS
bcrypt_derive_set(struct bcrypt_key *k, const WCHAR *name, const BYTE *in, ULONG n)
{
	if (!k || bcrypt_algorithm(k->set.algorithm)->kind != BCRYPT_HKDF)
		return STATUS_NOT_SUPPORTED;
	if (nls_equal_ascii(name, "HkdfHashAlgorithm")) {
		if (k->hkdf_ready || !in || !bcrypt_hash_named(in, n, &k->hkdf_hash))
			return STATUS_INVALID_PARAMETER;
		k->hkdf_named = true;
		return STATUS_SUCCESS;
	}
	bool salt = nls_equal_ascii(name, "HkdfSaltAndFinalize");
	if (!salt && !nls_equal_ascii(name, "HkdfPrkAndFinalize"))
		return STATUS_NOT_SUPPORTED;
	if (!k->hkdf_named || k->hkdf_ready || (n && !in))
		return STATUS_INVALID_PARAMETER;
	if (salt) {
		k->hkdf_size = (DWORD)digest_size(k->hkdf_hash);
		digest_hkdf_extract(k->hkdf_hash, in, n, k->secret, k->size, k->hkdf_key);
	} else {
		if (k->size > sizeof k->hkdf_key)
			return STATUS_INVALID_PARAMETER;
		k->hkdf_size = k->size;
		memcpy(k->hkdf_key, k->secret, k->size);
	}
	k->hkdf_ready = true;
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
bcrypt_BCryptKeyDerivation(void *h, const void *parameters, BYTE *out, ULONG n, ULONG *size,
                           ULONG flags)
{
	struct bcrypt_key *k = h ? bcrypt_key(h) : NULL;
	const struct bcrypt_parameters *p = parameters;
	enum digest_kind hash = DIGEST_KINDS;
	NTSTATUS s = STATUS_NOT_SUPPORTED;
	if (!k)
		return STATUS_INVALID_HANDLE;
	const struct bcrypt_algorithm *a = bcrypt_algorithm(k->set.algorithm);
	if (a->class != BCRYPT_DERIVATION)
		return STATUS_NOT_SUPPORTED;
	if (!out || !n || !size)
		return STATUS_INVALID_PARAMETER;
	const struct bcrypt_parameter *name = bcrypt_find(p, P_HASH);
	if (a->kind != BCRYPT_HKDF && (!name || !bcrypt_hash_named(name->data, name->size, &hash)))
		return STATUS_INVALID_PARAMETER;
	switch ((enum bcrypt_derivation)a->kind) {
	case BCRYPT_PBKDF2: s = pbkdf2(k, hash, p, out, n); break;
	case BCRYPT_SP800_108: s = sp800_108(k, hash, p, out, n); break;
	case BCRYPT_SP800_56A: s = bcrypt_concat(k->secret, k->size, hash, p, out, n); break;
	case BCRYPT_HKDF: s = hkdf(k, p, out, n); break;
	case BCRYPT_CAPI_KDF: {
		BYTE value[DIGEST_MOST];
		struct digest d;
		digest_start(&d, hash);
		digest_add(&d, k->secret, k->size);
		digest_end(&d, value);
		s = bcrypt_capi(hash, value, flags & BCRYPT_CAPI_AES_FLAG, out, n)
		            ? STATUS_SUCCESS
		            : STATUS_INVALID_PARAMETER;
		break;
	}
	}
	*size = s >= 0 ? n : 0;
	return s;
}
