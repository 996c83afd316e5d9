/* SPDX-License-Identifier: Apache-2.0 */
/* bcrypt_sign.c -- signatures, encryption with public keys, and secrets that two keys share. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/bcrypt.h"
#include "layer/api/nt/text/nls.h"

enum { PAD_NONE = 1, PAD_PKCS1 = 2, PAD_OAEP = 4, PAD_PSS = 8 };

/* BCRYPT_PKCS1_PADDING_INFO, ..._PSS_..., ..._OAEP_... begin alike. */
struct padding_info {
	const WCHAR *hash;
	union {
		ULONG salt;
		const BYTE *label;
	} of;
	ULONG label_size;
};

static NTSTATUS
read_padding(const struct padding_info *i, ULONG flags, struct rsakey_padding *p)
{
	*p = (struct rsakey_padding){ .hash = DIGEST_KINDS };
	if (flags == PAD_NONE)
		return STATUS_SUCCESS;
	if (flags == PAD_PKCS1)
		p->scheme = RSAKEY_PKCS1;
	else if (flags == PAD_PSS)
		p->scheme = RSAKEY_PSS;
	else if (flags == PAD_OAEP)
		p->scheme = RSAKEY_OAEP;
	else
		return STATUS_INVALID_PARAMETER;
	if (!i)
		return p->scheme == RSAKEY_PKCS1 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
	if (i->hash &&
	    !bcrypt_hash_named((const BYTE *)i->hash, (ULONG)nls_length(i->hash) * 2, &p->hash))
		return STATUS_NOT_SUPPORTED;
	if (p->scheme != RSAKEY_PKCS1 && !i->hash)
		return STATUS_INVALID_PARAMETER;
	if (p->scheme == RSAKEY_PSS)
		p->salt = i->of.salt;
	if (p->scheme == RSAKEY_OAEP && i->label_size) {
		p->label = i->of.label;
		p->label_size = i->label_size;
	}
	return STATUS_SUCCESS;
}

static bool
signs(const struct bcrypt_pair *k)
{
	return bcrypt_algorithm(k->set.algorithm)->class != BCRYPT_AGREEMENT;
}

WINAPI NTSTATUS
bcrypt_BCryptSignHash(void *h, void *info, BYTE *hash, ULONG n, BYTE *out, ULONG room, ULONG *size,
                      ULONG flags)
{
	struct bcrypt_pair *k = bcrypt_pair(h);
	struct rsakey_padding p;
	if (!k || !k->ready)
		return STATUS_INVALID_HANDLE;
	if (!hash || !size)
		return STATUS_INVALID_PARAMETER;
	if (!signs(k) || !keypair_private(&k->pair))
		return STATUS_NOT_SUPPORTED;
	*size = (ULONG)(k->pair.rsa ? rsakey_size(&k->pair.key)
	                            : 2 * curve_size(k->pair.curve.kind));
	if (!out)
		return STATUS_SUCCESS;
	if (room < *size)
		return STATUS_BUFFER_TOO_SMALL;
	if (!k->pair.rsa)
		return !info && curve_sign(&k->pair.curve, hash, n, out) ? STATUS_SUCCESS
		                                                         : STATUS_INVALID_PARAMETER;
	NTSTATUS s = read_padding(info, flags, &p);
	if (s < 0)
		return s;
	if (p.scheme == RSAKEY_RAW || p.scheme == RSAKEY_OAEP)
		return STATUS_NOT_SUPPORTED;
	return rsakey_sign(&k->pair.key, &p, hash, n, out) ? STATUS_SUCCESS
	                                                   : STATUS_INVALID_PARAMETER;
}

WINAPI NTSTATUS
bcrypt_BCryptVerifySignature(void *h, void *info, BYTE *hash, ULONG n, BYTE *signature, ULONG m,
                             ULONG flags)
{
	struct bcrypt_pair *k = bcrypt_pair(h);
	struct rsakey_padding p;
	bool ok;
	if (!k || !k->ready)
		return STATUS_INVALID_HANDLE;
	if (!hash || !signature)
		return STATUS_INVALID_PARAMETER;
	if (!signs(k))
		return STATUS_NOT_SUPPORTED;
	if (k->pair.rsa) {
		NTSTATUS s = read_padding(info, flags, &p);
		if (s < 0)
			return s;
		if (p.scheme == RSAKEY_RAW || p.scheme == RSAKEY_OAEP)
			return STATUS_NOT_SUPPORTED;
		ok = rsakey_verify(&k->pair.key, &p, hash, n, signature, m);
	} else {
		ok = m == 2 * curve_size(k->pair.curve.kind) &&
		     curve_verify(&k->pair.curve, hash, n, signature);
	}
	return ok ? STATUS_SUCCESS : STATUS_INVALID_SIGNATURE;
}

/* BCryptEncrypt and BCryptDecrypt of such keys. */
NTSTATUS
bcrypt_pair_crypt(struct bcrypt_pair *k, bool encrypt, const BYTE *in, ULONG n, const void *info,
                  BYTE *out, ULONG room, ULONG *size, ULONG flags)
{
	struct rsakey_padding p;
	BYTE text[RSAKEY_MOST / 8];
	size_t m = 0;
	if (!k->ready)
		return STATUS_INVALID_HANDLE;
	if (!k->pair.rsa || bcrypt_algorithm(k->set.algorithm)->class != BCRYPT_ASYMMETRIC)
		return STATUS_NOT_SUPPORTED;
	NTSTATUS s = read_padding(info, flags, &p);
	if (s < 0)
		return s;
	if ((!in && n) || p.scheme == RSAKEY_PSS || (!encrypt && !k->pair.key.private))
		return STATUS_INVALID_PARAMETER;
	*size = (ULONG)rsakey_size(&k->pair.key);
	if (!out)
		return STATUS_SUCCESS;
	if (encrypt) {
		if (room < *size)
			return STATUS_BUFFER_TOO_SMALL;
		return rsakey_encrypt(&k->pair.key, &p, in, n, out) ? STATUS_SUCCESS
		                                                    : STATUS_INVALID_PARAMETER;
	}
	if (!rsakey_decrypt(&k->pair.key, &p, in, n, text, &m))
		return STATUS_INVALID_PARAMETER;
	*size = (ULONG)m;
	if (room >= m)
		memcpy(out, text, m);
	cipher_wipe(text, sizeof text);
	return room < m ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS;
}

/* -- secrets ---------------------------------------------------------------------------------- */

struct secret {
	DWORD magic;
	size_t n;
	BYTE x[CURVE_MOST];
};

static struct secret *
secret(void *h)
{
	return (ULONG_PTR)h >= 0x10000 && *(DWORD *)h == BCRYPT_SECRET ? h : NULL;
}

WINAPI NTSTATUS
bcrypt_BCryptSecretAgreement(void *own, void *other, void **out, ULONG flags)
{
	struct bcrypt_pair *a = bcrypt_pair(own), *b = bcrypt_pair(other);
	struct secret *x;
	if (!a || !b || !a->ready || !b->ready)
		return STATUS_INVALID_HANDLE;
	if (!out || flags)
		return STATUS_INVALID_PARAMETER;
	if (a->pair.rsa || b->pair.rsa || signs(a))
		return STATUS_NOT_SUPPORTED;
	if (!(x = calloc(1, sizeof *x)))
		return STATUS_NO_MEMORY;
	x->magic = BCRYPT_SECRET;
	x->n = curve_size(a->pair.curve.kind);
	if (!curve_agree(&a->pair.curve, &b->pair.curve, x->x)) {
		free(x);
		return STATUS_INVALID_PARAMETER;
	}
	*out = x;
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
bcrypt_BCryptDestroySecret(void *h)
{
	struct secret *x = secret(h);
	if (!x)
		return STATUS_INVALID_HANDLE;
	cipher_wipe(x, sizeof *x);
	free(x);
	return STATUS_SUCCESS;
}

/* A hash of the secret, or HMAC of it, with what stands before and behind it. */
static void
hash_secret(const struct secret *x, enum digest_kind k, const struct bcrypt_parameters *p,
            const BYTE *key, size_t key_size, bool keyed, BYTE *out)
{
	struct digest d;
	struct digest_hmac h;
	if (keyed)
		digest_hmac_start(&h, k, key, key_size);
	else
		digest_start(&d, k);
	for (int part = 0; part < 3; part++) {
		ULONG type = part == 0 ? BCRYPT_P_PREPEND : BCRYPT_P_APPEND;
		for (ULONG i = 0; part != 1 && p && i < p->count; i++) {
			const struct bcrypt_parameter *q = &p->list[i];
			if (q->type == type && keyed)
				digest_hmac_add(&h, q->data, q->size);
			else if (q->type == type)
				digest_add(&d, q->data, q->size);
		}
		if (part == 1 && keyed)
			digest_hmac_add(&h, x->x, x->n);
		else if (part == 1)
			digest_add(&d, x->x, x->n);
	}
	if (keyed)
		digest_hmac_end(&h, out);
	else
		digest_end(&d, out);
}

WINAPI NTSTATUS
bcrypt_BCryptDeriveKey(void *h, const WCHAR *kdf, const struct bcrypt_parameters *p, BYTE *out,
                       ULONG room, ULONG *size, ULONG flags)
{
	enum { SECRET_IS_KEY = 1 };
	struct secret *x = secret(h);
	enum digest_kind k = DIGEST_SHA1;
	BYTE value[DIGEST_MOST + CURVE_MOST];
	size_t n;
	if (!x)
		return STATUS_INVALID_HANDLE;
	if (!kdf || !size)
		return STATUS_INVALID_PARAMETER;
	const struct bcrypt_parameter *name = bcrypt_find(p, BCRYPT_P_HASH);
	const struct bcrypt_parameter *key = bcrypt_find(p, BCRYPT_P_HMAC_KEY);
	if (name && !bcrypt_hash_named(name->data, name->size, &k))
		return STATUS_NOT_SUPPORTED;
	if (nls_equal_ascii(kdf, "TRUNCATE")) { /* the secret as a number of this machine */
		n = x->n;
		for (size_t i = 0; i < n; i++)
			value[i] = x->x[n - 1 - i];
	} else if (nls_equal_ascii(kdf, "HASH")) {
		n = digest_size(k);
		hash_secret(x, k, p, NULL, 0, false, value);
	} else if (nls_equal_ascii(kdf, "HMAC")) {
		bool itself = flags & SECRET_IS_KEY;
		if (!itself && !key)
			return STATUS_INVALID_PARAMETER;
		n = digest_size(k);
		hash_secret(x, k, p, itself ? x->x : key->data, itself ? x->n : key->size, true,
		            value);
	} else if (nls_equal_ascii(kdf, "SP800_56A_CONCAT")) {
		*size = room;
		return out ? bcrypt_concat(x->x, x->n, name ? k : DIGEST_SHA256, p, out, room)
		           : STATUS_INVALID_PARAMETER;
	} else {
		return STATUS_NOT_SUPPORTED;
	}
	/* as much of it as there is room for */
	*size = (ULONG)n;
	if (out) {
		*size = room < n ? room : (ULONG)n;
		memcpy(out, value, *size);
	}
	cipher_wipe(value, sizeof value);
	return STATUS_SUCCESS;
}
