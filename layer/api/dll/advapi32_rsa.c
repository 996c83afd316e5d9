/* SPDX-License-Identifier: Apache-2.0 */
/* advapi32_rsa.c -- RSA of CryptoAPI: pairs, their blobs, signatures, encryption.  The lowest byte comes
 * first in all of it. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/advapi32_crypt.h"
#include "layer/api/nt/crypto/rsablob.h"

enum { PUBLICKEYBLOB = 6, PRIVATEKEYBLOB, SIMPLEBLOB = 1, BLOB_VERSION = 2, RSA_DEFAULT = 1024 };
enum { HEAD = 8, NOHASHOID = 1, X931 = 4, NO_PADDING_CHECK = 0x20 };

/* -- pairs ----------------------------------------------------------------------------------------- */

struct advapi32_rsa *
advapi32_rsa_of(struct keypair *own, DWORD flags)
{
	struct advapi32_rsa *r = calloc(1, sizeof *r);
	if (!r)
		return NULL;
	r->refs = 1;
	r->flags = flags & CRYPT_EXPORTABLE;
	r->pair = *own;
	*own = (struct keypair){ 0 };
	return r;
}

struct advapi32_rsa *
advapi32_rsa_ref(struct advapi32_rsa *r)
{
	r->refs++;
	return r;
}

void
advapi32_rsa_unref(struct advapi32_rsa *r)
{
	if (--r->refs)
		return;
	keypair_clear(&r->pair);
	free(r);
}

DWORD
advapi32_rsa_spec(DWORD id)
{
	return id == AT_KEYEXCHANGE || id == CALG_RSA_KEYX ? AT_KEYEXCHANGE
	       : id == AT_SIGNATURE || id == CALG_RSA_SIGN ? AT_SIGNATURE
	                                                   : 0;
}

BOOL
advapi32_rsa_handle(struct advapi32_rsa *r, DWORD spec, void **out)
{
	struct advapi32_key *k = calloc(1, sizeof *k);
	if (!k) {
		advapi32_rsa_unref(r);
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	}
	k->magic = ADVAPI32_KEY;
	k->id = spec == AT_SIGNATURE ? CALG_RSA_SIGN : CALG_RSA_KEYX;
	k->rsa = r;
	*out = k;
	return TRUE;
}

/* Into the provider, and a handle of it. */
static BOOL
settle(struct advapi32_csp *c, struct keypair *own, DWORD spec, DWORD flags, void **out)
{
	struct advapi32_rsa *r = advapi32_rsa_of(own, flags);
	if (!r)
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	DWORD e = advapi32_csp_put(c, spec, advapi32_rsa_ref(r));
	if (!e)
		return advapi32_rsa_handle(r, spec, out);
	advapi32_rsa_unref(r);
	return refuse(e);
}

BOOL
advapi32_rsa_generate(struct advapi32_csp *c, DWORD id, DWORD flags, void **out)
{
	DWORD bits = flags >> 16 ? flags >> 16 : RSA_DEFAULT;
	struct keypair own = { 0 };
	if (bits < RSAKEY_LEAST || bits > RSAKEY_MOST || bits % 8)
		return refuse(NTE_BAD_FLAGS);
	keypair_begin_rsa(&own);
	BOOL ok = rsakey_generate(&own.key, bits)
	                  ? settle(c, &own, advapi32_rsa_spec(id), flags, out)
	                  : refuse(NTE_FAIL);
	keypair_clear(&own);
	return ok;
}

/* -- blobs ----------------------------------------------------------------------------------------- */

struct head {
	BYTE type, version;
	WORD reserved;
	DWORD id;
};

/* A private key becomes the provider's. */
BOOL
advapi32_rsa_import(struct advapi32_csp *c, const BYTE *in, DWORD n, DWORD flags, void **out)
{
	struct head h;
	struct keypair own = { 0 };
	memcpy(&h, in, sizeof h);
	DWORD spec = h.id >= CALG_RSA_SIGN ? advapi32_rsa_spec(h.id) : 0;
	bool private = h.type == PRIVATEKEYBLOB;
	if (!spec)
		return refuse(NTE_BAD_ALGID);
	if (!rsablob_read(&own, (struct x509_span){ in + HEAD, n - HEAD }, private))
		return refuse(NTE_BAD_DATA);
	if (private) {
		BOOL ok = settle(c, &own, spec, flags, out);
		keypair_clear(&own);
		return ok;
	}
	struct advapi32_rsa *r = advapi32_rsa_of(&own, CRYPT_EXPORTABLE);
	keypair_clear(&own);
	return r ? advapi32_rsa_handle(r, spec, out) : refuse(ERROR_NOT_ENOUGH_MEMORY);
}

static BOOL
give(const void *data, size_t n, BYTE *out, DWORD *size)
{
	DWORD room = *size;
	*size = (DWORD)n;
	if (!out)
		return TRUE;
	if (room < n)
		return refuse(ERROR_MORE_DATA);
	memcpy(out, data, n);
	return TRUE;
}

BOOL
advapi32_rsa_export(struct advapi32_key *k, DWORD type, BYTE *out, DWORD *size)
{
	bool private = type == PRIVATEKEYBLOB;
	struct head h = { (BYTE)type, BLOB_VERSION, 0, k->id };
	struct der d = { 0 };
	if (private && !keypair_private(&k->rsa->pair))
		return refuse(NTE_BAD_KEY);
	if (private && !(k->rsa->flags & CRYPT_EXPORTABLE))
		return refuse(NTE_BAD_KEY_STATE);
	der_raw(&d, &h, sizeof h);
	rsablob_put(&k->rsa->pair, private, &d);
	BOOL ok = d.bad ? refuse(NTE_FAIL) : give(d.p, d.n, out, size);
	der_free(&d);
	return ok;
}

/* -- encryption ------------------------------------------------------------------------------------ */

static struct rsakey_padding
padding(DWORD flags)
{
	return (struct rsakey_padding){ .scheme = flags & CRYPT_OAEP ? RSAKEY_OAEP : RSAKEY_PKCS1,
		                        .hash = flags & CRYPT_OAEP ? DIGEST_SHA1 : DIGEST_KINDS };
}

BOOL
advapi32_rsa_encrypt(const struct advapi32_key *k, DWORD flags, BYTE *data, DWORD *size, DWORD room)
{
	struct rsakey_padding p = padding(flags);
	BYTE text[RSAKEY_MOST / 8];
	const struct rsakey *r = &k->rsa->pair.key;
	DWORD n = *size, need = (DWORD)rsakey_size(r);
	if (flags & ~(DWORD)CRYPT_OAEP)
		return refuse(NTE_BAD_FLAGS);
	*size = need;
	if (!data)
		return TRUE;
	if (room < need)
		return refuse(ERROR_MORE_DATA);
	if (n > need || !rsakey_encrypt(r, &p, data, n, text)) {
		*size = n;
		return refuse(NTE_BAD_LEN);
	}
	memcpy(data, text, need);
	rsablob_turn(data, need);
	return TRUE;
}

static BOOL
decrypt(const struct advapi32_rsa *r, const struct rsakey_padding *p, const BYTE *in, DWORD n,
        BYTE *out, DWORD *size)
{
	BYTE turned[RSAKEY_MOST / 8];
	size_t m = 0;
	if (!keypair_private(&r->pair))
		return refuse(NTE_NO_KEY);
	if (n != rsakey_size(&r->pair.key))
		return refuse(NTE_BAD_LEN);
	memcpy(turned, in, n);
	rsablob_turn(turned, n);
	if (!rsakey_decrypt(&r->pair.key, p, turned, n, out, &m))
		return refuse(NTE_BAD_DATA);
	*size = (DWORD)m;
	return TRUE;
}

BOOL
advapi32_rsa_decrypt(const struct advapi32_key *k, DWORD flags, BYTE *data, DWORD *size)
{
	struct rsakey_padding p = padding(flags);
	BYTE text[RSAKEY_MOST / 8];
	DWORD n = 0;
	if (flags & ~(DWORD)(CRYPT_OAEP | NO_PADDING_CHECK))
		return refuse(NTE_BAD_FLAGS);
	if (!data)
		return refuse(ERROR_INVALID_PARAMETER);
	if (flags & NO_PADDING_CHECK)
		p.scheme = RSAKEY_RAW;
	BOOL ok = decrypt(k->rsa, &p, data, *size, text, &n);
	if (ok) {
		if (flags & NO_PADDING_CHECK)
			rsablob_turn(text, n);
		memcpy(data, text, n);
		*size = n;
	}
	cipher_wipe(text, sizeof text);
	return ok;
}

/* Without a key that is named it is the provider's own. */
BOOL
advapi32_rsa_unwrap(struct advapi32_csp *c, void *wrapping, const BYTE *in, DWORD n, DWORD flags,
                    BYTE *secret, DWORD *size)
{
	struct rsakey_padding p = padding(flags);
	struct advapi32_key *k = wrapping ? advapi32_crypt_key(wrapping) : NULL;
	struct advapi32_rsa *r = NULL;
	DWORD by;
	if (wrapping && (!k || !k->rsa))
		return refuse(NTE_BAD_KEY);
	if (n < HEAD + sizeof by)
		return refuse(NTE_BAD_DATA);
	memcpy(&by, in + HEAD, sizeof by);
	if (by != CALG_RSA_KEYX)
		return refuse(NTE_BAD_ALGID);
	r = k ? advapi32_rsa_ref(k->rsa) : advapi32_csp_pair(c, AT_KEYEXCHANGE);
	if (!r)
		return refuse(NTE_NO_KEY);
	BOOL ok = decrypt(r, &p, in + HEAD + sizeof by, n - HEAD - (DWORD)sizeof by, secret, size);
	advapi32_rsa_unref(r);
	return ok;
}

BOOL
advapi32_rsa_wrap(const struct advapi32_key *k, void *wrapping, DWORD flags, BYTE *out, DWORD *size)
{
	struct rsakey_padding p = padding(flags);
	struct advapi32_key *w = wrapping ? advapi32_crypt_key(wrapping) : NULL;
	BYTE blob[HEAD + 4 + RSAKEY_MOST / 8];
	struct head h = { SIMPLEBLOB, BLOB_VERSION, 0, k->id };
	DWORD by = CALG_RSA_KEYX;
	if (!w || !w->rsa)
		return refuse(NTE_BAD_KEY);
	if (flags & ~(DWORD)CRYPT_OAEP)
		return refuse(NTE_BAD_FLAGS);
	if (!(k->flags & CRYPT_EXPORTABLE))
		return refuse(NTE_BAD_KEY_STATE);
	size_t n = rsakey_size(&w->rsa->pair.key);
	memcpy(blob, &h, sizeof h);
	memcpy(blob + HEAD, &by, sizeof by);
	if (!rsakey_encrypt(&w->rsa->pair.key, &p, k->secret, k->size, blob + HEAD + 4))
		return refuse(NTE_BAD_LEN);
	rsablob_turn(blob + HEAD + 4, n);
	return give(blob, HEAD + 4 + n, out, size);
}

/* -- signatures ------------------------------------------------------------------------------------ */

static BOOL
signed_how(struct advapi32_hash *x, DWORD flags, struct rsakey_padding *p)
{
	if (!x)
		return refuse(NTE_BAD_HASH);
	if (flags & ~(DWORD)(NOHASHOID))
		return refuse(NTE_BAD_FLAGS);
	*p = (struct rsakey_padding){ .scheme = RSAKEY_PKCS1,
		                      .hash = flags & NOHASHOID ? DIGEST_KINDS
		                                                : advapi32_crypt_kind(x) };
	return TRUE;
}

/* The description was once a part of what is signed; nobody gives one. */
WINAPI BOOL
advapi32_CryptSignHashW(void *h, DWORD spec, const WCHAR *description, DWORD flags, BYTE *out,
                        DWORD *size)
{
	struct advapi32_hash *x = advapi32_crypt_hash(h);
	struct rsakey_padding p;
	BYTE text[RSAKEY_MOST / 8];
	if (!signed_how(x, flags, &p))
		return FALSE;
	if (!size || (description && *description) || spec < AT_KEYEXCHANGE || spec > AT_SIGNATURE)
		return refuse(ERROR_INVALID_PARAMETER);
	struct advapi32_rsa *r = advapi32_csp_pair(x->csp, spec);
	if (!r)
		return refuse(NTE_NO_KEY);
	DWORD n = (DWORD)rsakey_size(&r->pair.key);
	BOOL ok = TRUE;
	if (out) {
		if (!advapi32_crypt_end(x))
			ok = refuse(NTE_BAD_HASH_STATE);
		else if (!rsakey_sign(&r->pair.key, &p, x->value,
		                      digest_size(advapi32_crypt_kind(x)), text))
			ok = refuse(NTE_BAD_LEN);
		rsablob_turn(text, n);
	}
	advapi32_rsa_unref(r);
	return ok && give(text, n, out, size);
}

WINAPI BOOL
advapi32_CryptSignHashA(void *h, DWORD spec, const char *description, DWORD flags, BYTE *out,
                        DWORD *size)
{
	return advapi32_CryptSignHashW(h, spec, description && *description ? u"?" : NULL, flags,
	                               out, size);
}

WINAPI BOOL
advapi32_CryptVerifySignatureW(void *h, const BYTE *signature, DWORD n, void *key,
                               const WCHAR *description, DWORD flags)
{
	struct advapi32_hash *x = advapi32_crypt_hash(h);
	struct advapi32_key *k = advapi32_crypt_key(key);
	struct rsakey_padding p;
	BYTE text[RSAKEY_MOST / 8];
	if (!signed_how(x, flags, &p))
		return FALSE;
	if (!k || !k->rsa)
		return refuse(NTE_BAD_KEY);
	if (!signature || (description && *description))
		return refuse(ERROR_INVALID_PARAMETER);
	if (!advapi32_crypt_end(x))
		return refuse(NTE_BAD_HASH_STATE);
	if (n != rsakey_size(&k->rsa->pair.key))
		return refuse(NTE_BAD_SIGNATURE);
	memcpy(text, signature, n);
	rsablob_turn(text, n);
	return rsakey_verify(&k->rsa->pair.key, &p, x->value, digest_size(advapi32_crypt_kind(x)),
	                     text, n)
	               ? TRUE
	               : refuse(NTE_BAD_SIGNATURE);
}

WINAPI BOOL
advapi32_CryptVerifySignatureA(void *h, const BYTE *signature, DWORD n, void *key,
                               const char *description, DWORD flags)
{
	return advapi32_CryptVerifySignatureW(h, signature, n, key,
	                                      description && *description ? u"?" : NULL, flags);
}
