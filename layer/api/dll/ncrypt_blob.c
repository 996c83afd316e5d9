/* SPDX-License-Identifier: Apache-2.0 */
/* ncrypt_blob.c -- keys that come in and go out: bcrypt's blobs, and PKCS #8. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/ncrypt.h"
#include "layer/api/nt/crypto/pbe.h"
#include "layer/api/nt/crypto/rsablob.h"
#include "layer/api/nt/text/nls.h"

WINAPI NTSTATUS bcrypt_BCryptOpenAlgorithmProvider(void **out, const WCHAR *id,
                                                   const WCHAR *implementation, ULONG flags);
WINAPI NTSTATUS bcrypt_BCryptCloseAlgorithmProvider(void *h, ULONG flags);
WINAPI NTSTATUS bcrypt_BCryptSetProperty(void *h, const WCHAR *name, BYTE *in, ULONG n,
                                         ULONG flags);
WINAPI NTSTATUS bcrypt_BCryptImportKeyPair(void *h, void *wrapping, const WCHAR *type, void **out,
                                           BYTE *in, ULONG n, ULONG flags);

static bool
is_pkcs8(const WCHAR *type)
{
	return nls_equal_ascii(type, "PKCS8_PRIVATEKEY");
}

/* A text among the parameters, as a copy to be freed; NULL: it is not there, or no memory. */
static WCHAR *
text_parameter(const struct bcrypt_parameters *p, ULONG type)
{
	const struct bcrypt_parameter *x = bcrypt_find(p, type);
	if (!x || !x->data || x->size > 2 * KEYSTORE_NAME_MOST)
		return NULL;
	WCHAR *s = calloc(x->size / 2 + 1, sizeof *s);
	if (s)
		memcpy(s, x->data, x->size & ~1u);
	return s;
}

/* -- in -------------------------------------------------------------------------------------------- */

/* The first word of a blob says what it is. */
static const WCHAR *
algorithm_of(const BYTE *in, DWORD n, bool *rsa)
{
	static const struct {
		char magic[5];
		const WCHAR *name;
	} known[] = {
		{ "RSA1", u"RSA" },        { "RSA2", u"RSA" },        { "RSA3", u"RSA" },
		{ "ECS1", u"ECDSA_P256" }, { "ECS2", u"ECDSA_P256" }, { "ECS3", u"ECDSA_P384" },
		{ "ECS4", u"ECDSA_P384" }, { "ECS5", u"ECDSA_P521" }, { "ECS6", u"ECDSA_P521" },
		{ "ECK1", u"ECDH_P256" },  { "ECK2", u"ECDH_P256" },  { "ECK3", u"ECDH_P384" },
		{ "ECK4", u"ECDH_P384" },  { "ECK5", u"ECDH_P521" },  { "ECK6", u"ECDH_P521" },
		{ "ECDP", u"ECDSA" },      { "ECDV", u"ECDSA" },      { "ECKP", u"ECDH" },
		{ "ECKV", u"ECDH" },
	};
	for (size_t i = 0; n >= 4 && i < sizeof known / sizeof *known; i++)
		if (!memcmp(in, known[i].magic, 4)) {
			*rsa = known[i].magic[0] == 'R';
			return known[i].name;
		}
	return NULL;
}

static NTSTATUS
import_pair(const WCHAR *type, const struct bcrypt_parameters *list, BYTE *in, DWORD n,
            struct bcrypt_pair **out)
{
	bool rsa = false;
	void *p, *pair;
	const WCHAR *algorithm = algorithm_of(in, n, &rsa);
	if (!algorithm)
		return STATUS_INVALID_PARAMETER;
	NTSTATUS s = bcrypt_BCryptOpenAlgorithmProvider(&p, algorithm, NULL, 0);
	if (s < 0)
		return s;
	WCHAR *curve = text_parameter(list, NCRYPTBUFFER_ECC_CURVE_NAME);
	if (curve && !rsa && nls_length(algorithm) < 6)
		s = bcrypt_BCryptSetProperty(p, u"ECCCurveName", (BYTE *)curve,
		                             (ULONG)(nls_length(curve) + 1) * 2, 0);
	free(curve);
	if (s >= 0)
		s = bcrypt_BCryptImportKeyPair(p, NULL, type, &pair, in, n, 0);
	bcrypt_BCryptCloseAlgorithmProvider(p, 0);
	if (s >= 0)
		*out = pair;
	return s;
}

/* EncryptedPrivateKeyInfo */
static bool
unseal(const WCHAR *password, struct x509_span in, struct der *plain)
{
	struct pbe p = { password, nls_length(password), PBE_ROUNDS, 0 };
	struct x509_element all, algorithm, octets;
	return x509_take(&in, DER_SEQUENCE, &all) && x509_take(&all.in, DER_SEQUENCE, &algorithm) &&
	       x509_take(&all.in, DER_OCTETS, &octets) &&
	       pbe_open(&p, algorithm.in, octets.in, plain);
}

static void
forget(WCHAR *secret)
{
	if (secret)
		cipher_wipe(secret, nls_length(secret) * sizeof *secret);
	free(secret);
}

static LONG
import_pkcs8(const struct bcrypt_parameters *list, const BYTE *in, DWORD n, struct ncrypt_key **out)
{
	struct keypair own = { 0 };
	struct x509_span from = { in, n };
	struct der plain = { 0 };
	WCHAR *secret = text_parameter(list, NCRYPTBUFFER_PKCS_SECRET);
	bool ok = !secret || unseal(secret, from, &plain);
	if (secret)
		from = (struct x509_span){ plain.p, plain.n };
	ok = ok && keypair_read_pkcs8(&own, from);
	forget(secret);
	der_free(&plain);
	if (!ok)
		return NTE_BAD_DATA;
	*out = ncrypt_of(&own, false, 0);
	keypair_clear(&own);
	return *out ? 0 : NTE_NO_MEMORY;
}

/* CryptoAPI's, with their BLOBHEADER. */
static bool
is_capi(const WCHAR *type, bool *private)
{
	*private = nls_equal_ascii(type, "CAPIPRIVATEBLOB");
	return *private || nls_equal_ascii(type, "CAPIPUBLICBLOB");
}

static LONG
import_capi(bool private, const BYTE *in, DWORD n, struct ncrypt_key **out)
{
	struct keypair own = { 0 };
	if (n < 8 || in[0] != (private ? 7 : 6) || in[1] != 2 ||
	    !rsablob_read(&own, (struct x509_span){ in + 8, n - 8 }, private))
		return NTE_BAD_DATA;
	*out = ncrypt_of(&own, false, 0);
	keypair_clear(&own);
	return *out ? 0 : NTE_NO_MEMORY;
}

static LONG
import_blob(const WCHAR *type, const struct bcrypt_parameters *list, BYTE *in, DWORD n,
            struct ncrypt_key **out)
{
	struct bcrypt_pair *pair;
	bool private;
	if (is_pkcs8(type))
		return import_pkcs8(list, in, n, out);
	if (is_capi(type, &private))
		return import_capi(private, in, n, out);
	NTSTATUS s = import_pair(type, list, in, n, &pair);
	if (s < 0)
		return s == STATUS_INVALID_PARAMETER ? NTE_BAD_DATA : ncrypt_status(s);
	if (!(*out = ncrypt_around(pair)))
		bcrypt_pair_destroy(pair);
	return *out ? 0 : NTE_NO_MEMORY;
}

WINAPI LONG
ncrypt_NCryptImportKey(void *h, void *wrapping, const WCHAR *type,
                       const struct bcrypt_parameters *list, void **out, BYTE *in, DWORD n,
                       DWORD flags)
{
	enum {
		KNOWN = NCRYPT_SILENT_FLAG | NCRYPT_MACHINE_KEY_FLAG | NCRYPT_OVERWRITE_KEY_FLAG |
		        NCRYPT_DO_NOT_FINALIZE_FLAG | NCRYPT_NO_KEY_VALIDATION
	};
	struct ncrypt_key *k = NULL;
	if (!ncrypt_provider(h))
		return NTE_INVALID_HANDLE;
	if (!type || !out || !in)
		return NTE_INVALID_PARAMETER;
	if (flags & ~(DWORD)KNOWN)
		return NTE_BAD_FLAGS;
	if (wrapping)
		return NTE_NOT_SUPPORTED;
	LONG e = import_blob(type, list, in, n, &k);
	if (e)
		return e;
	k->machine = flags & NCRYPT_MACHINE_KEY_FLAG;
	k->replace = flags & NCRYPT_OVERWRITE_KEY_FLAG;
	/* a public key is kept nowhere */
	if (keypair_private(&k->pair->pair))
		k->name = text_parameter(list, NCRYPTBUFFER_PKCS_KEY_NAME);
	k->final = !(flags & NCRYPT_DO_NOT_FINALIZE_FLAG);
	if (k->final && (e = ncrypt_keep(k, k->replace)) != 0) {
		ncrypt_unref(k);
		return e;
	}
	*out = k;
	return 0;
}

/* -- out ------------------------------------------------------------------------------------------- */

/* How: CRYPT_PKCS12_PBE_PARAMS has the rounds first; the salt is ours. */
static enum pbe_scheme
scheme(const struct bcrypt_parameters *list, struct pbe *p)
{
	static const char aes[] = "1.2.840.113549.1.5.13";
	const struct bcrypt_parameter *oid = bcrypt_find(list, NCRYPTBUFFER_PKCS_ALG_OID);
	const struct bcrypt_parameter *how = bcrypt_find(list, NCRYPTBUFFER_PKCS_ALG_PARAM);
	if (how && how->data && how->size >= sizeof p->cost)
		memcpy(&p->cost, how->data, sizeof p->cost);
	return oid && oid->data && oid->size >= sizeof aes && !memcmp(oid->data, aes, sizeof aes)
	               ? PBE_SHA256_AES
	               : PBE_SHA1_DES3;
}

static void
seal(const WCHAR *password, const struct bcrypt_parameters *list, struct der *d)
{
	struct pbe p = { password, nls_length(password), PBE_ROUNDS, 0 };
	struct der sealed = { 0 };
	enum pbe_scheme how = scheme(list, &p);
	if (d->bad)
		return;
	der_begin(&sealed, DER_SEQUENCE);
	pbe_seal(&p, how, DER_OCTETS, d->p, d->n, &sealed);
	der_end(&sealed);
	der_free(d);
	*d = sealed;
}

static LONG
export_pkcs8(const struct ncrypt_key *k, const struct bcrypt_parameters *list, BYTE *out,
             DWORD room, DWORD *size)
{
	struct der d = { 0 };
	WCHAR *secret = text_parameter(list, NCRYPTBUFFER_PKCS_SECRET);
	keypair_put_pkcs8(&k->pair->pair, &d);
	if (secret)
		seal(secret, list, &d);
	forget(secret);
	LONG e = d.bad ? NTE_FAIL : ncrypt_status(bcrypt_give(d.p, d.n, out, room, size));
	der_free(&d);
	return e;
}

static LONG
export_capi(const struct ncrypt_key *k, bool private, BYTE *out, DWORD room, DWORD *size)
{
	struct der d = { 0 };
	if (!k->pair->pair.rsa)
		return NTE_NOT_SUPPORTED;
	der_raw(&d, (BYTE[8]){ private ? 7 : 6, 2, 0, 0, 0, 0xa4, 0, 0 }, 8); /* CALG_RSA_KEYX */
	rsablob_put(&k->pair->pair, private, &d);
	LONG e = d.bad ? NTE_FAIL : ncrypt_status(bcrypt_give(d.p, d.n, out, room, size));
	der_free(&d);
	return e;
}

static bool
is_public(const WCHAR *type)
{
	return nls_equal_ascii(type, "CAPIPUBLICBLOB") || nls_equal_ascii(type, "PUBLICBLOB") ||
	       nls_equal_ascii(type, "RSAPUBLICBLOB") || nls_equal_ascii(type, "ECCPUBLICBLOB");
}

WINAPI LONG
ncrypt_NCryptExportKey(void *h, void *wrapping, const WCHAR *type,
                       const struct bcrypt_parameters *list, BYTE *out, DWORD room, DWORD *size,
                       DWORD flags)
{
	struct ncrypt_key *k = ncrypt_key(h);
	DWORD may = NCRYPT_ALLOW_PLAINTEXT_EXPORT_FLAG;
	bool private;
	if (!k)
		return NTE_INVALID_HANDLE;
	if (!type || !size)
		return NTE_INVALID_PARAMETER;
	if (flags & ~(DWORD)NCRYPT_SILENT_FLAG)
		return NTE_BAD_FLAGS;
	if (wrapping)
		return NTE_NOT_SUPPORTED;
	if (!k->final)
		return NTE_BAD_KEY_STATE;
	if (is_pkcs8(type) && bcrypt_find(list, NCRYPTBUFFER_PKCS_SECRET))
		may |= NCRYPT_ALLOW_EXPORT_FLAG;
	if (!is_public(type) && (!keypair_private(&k->pair->pair) || !(k->policy & may)))
		return NTE_NOT_SUPPORTED;
	if (is_pkcs8(type))
		return export_pkcs8(k, list, out, room, size);
	if (is_capi(type, &private))
		return export_capi(k, private, out, room, size);
	return ncrypt_status(bcrypt_pair_export(k->pair, type, out, room, size));
}
