/* SPDX-License-Identifier: Apache-2.0 */
/* Signing what certificates are made of: for others, and by oneself. */
#include <stdlib.h>

#include "layer/api/dll/advapi32_csp.h"
#include "layer/api/dll/crypt32_code.h"
#include "layer/api/dll/ncrypt.h"
#include "layer/api/nt/clock.h"
#include "layer/api/nt/crypto/rsablob.h"
#include "layer/api/nt/host.h"
#include "layer/api/nt/text/nls.h"

WINAPI BOOL crypt32_CertSetCertificateContextProperty(const struct CERT_CONTEXT *context, DWORD id,
                                                      DWORD flags, const void *value);

#define NTE_BAD_ALGID 0x80090008

/* -- a signature ---------------------------------------------------------------------------------- */

static const struct {
	const char *oid;
	enum digest_kind hash;
	bool rsa;
} algorithms[] = {
	{ "1.2.840.113549.1.1.5", DIGEST_SHA1, true },
	{ "1.2.840.113549.1.1.11", DIGEST_SHA256, true },
	{ "1.2.840.113549.1.1.12", DIGEST_SHA384, true },
	{ "1.2.840.113549.1.1.13", DIGEST_SHA512, true },
	{ "1.2.840.10045.4.1", DIGEST_SHA1, false },
	{ "1.2.840.10045.4.3.2", DIGEST_SHA256, false },
	{ "1.2.840.10045.4.3.3", DIGEST_SHA384, false },
	{ "1.2.840.10045.4.3.4", DIGEST_SHA512, false },
};
enum { SIZE_MOST = RSAKEY_MOST / 8 };

/* Of a curve it is a sequence of both numbers: RFC 3279 2.2.3. */
static bool
sign_curve(const struct curve_key *c, const BYTE *hash, size_t n, BYTE *out, size_t *size)
{
	BYTE rs[2 * CURVE_MOST];
	size_t half = curve_size(c->kind);
	struct der d = { 0 };
	if (!curve_sign(c, hash, n, rs))
		return false;
	der_begin(&d, DER_SEQUENCE);
	der_integer(&d, rs, half);
	der_integer(&d, rs + half, half);
	der_end(&d);
	bool ok = !d.bad;
	if (ok)
		memcpy(out, d.p, *size = d.n);
	der_free(&d);
	return ok;
}

/* As it stands in a certificate; a Win32 error. */
static DWORD
sign(const struct keypair *k, const char *oid, struct x509_span text, BYTE out[SIZE_MOST],
     size_t *size)
{
	BYTE hash[DIGEST_MOST];
	struct digest d;
	size_t i = 0;
	while (i < sizeof algorithms / sizeof *algorithms && strcmp(algorithms[i].oid, oid))
		i++;
	if (i == sizeof algorithms / sizeof *algorithms || algorithms[i].rsa != k->rsa)
		return NTE_BAD_ALGID;
	if (!keypair_private(k))
		return (DWORD)NTE_BAD_KEYSET;
	digest_start(&d, algorithms[i].hash);
	digest_add(&d, text.p, text.n);
	digest_end(&d, hash);
	size_t n = digest_size(algorithms[i].hash);
	struct rsakey_padding p = { .scheme = RSAKEY_PKCS1, .hash = algorithms[i].hash };
	*size = k->rsa ? rsakey_size(&k->key) : 0;
	bool ok = k->rsa ? rsakey_sign(&k->key, &p, hash, n, out)
	                 : sign_curve(&k->curve, hash, n, out, size);
	return ok ? ERROR_SUCCESS : (DWORD)NTE_FAIL;
}

/* -- whose key -------------------------------------------------------------------------------------- */

struct signer {
	const struct keypair *pair;
	struct advapi32_rsa *rsa; /* own */
};

static bool
signer(void *handle, DWORD spec, struct signer *s)
{
	struct ncrypt_key *k = handle ? ncrypt_key(handle) : NULL;
	struct advapi32_csp *c = handle && !k ? advapi32_csp(handle) : NULL;
	*s = (struct signer){ 0 };
	if (k)
		s->pair = &k->pair->pair;
	else if (c && (spec == AT_KEYEXCHANGE || spec == AT_SIGNATURE) &&
	         (s->rsa = advapi32_csp_pair(c, spec)))
		s->pair = &s->rsa->pair;
	return s->pair ? true : refuse(k || c ? (DWORD)NTE_BAD_KEYSET : CRYPT_E_INVALID_ARGUMENT);
}

static void
signed_off(struct signer *s)
{
	if (s->rsa)
		advapi32_rsa_unref(s->rsa);
}

/* SIGNED: RFC 5280 4.1. */
static DWORD
put_signed(struct der *d, const struct der *text, const struct keypair *k,
           const struct CRYPT_ALGORITHM_IDENTIFIER *how)
{
	BYTE signature[SIZE_MOST];
	size_t size = 0;
	if (text->bad)
		return CRYPT_E_INVALID_ARGUMENT;
	DWORD e = sign(k, how->pszObjId, (struct x509_span){ text->p, text->n }, signature, &size);
	if (e)
		return e;
	der_begin(d, DER_SEQUENCE);
	der_raw(d, text->p, text->n);
	crypt32_encode_algorithm(d, how);
	der_bits(d, signature, size, 0);
	der_end(d);
	return d->bad ? ERROR_NOT_ENOUGH_MEMORY : ERROR_SUCCESS;
}

/* -- for others -------------------------------------------------------------------------------------- */

WINAPI BOOL
crypt32_CryptSignCertificate(void *handle, DWORD spec, DWORD encoding, const BYTE *p, DWORD n,
                             const struct CRYPT_ALGORITHM_IDENTIFIER *how, const void *more,
                             BYTE *out, DWORD *size)
{
	BYTE signature[SIZE_MOST];
	struct signer s;
	size_t m = 0;
	(void)encoding, (void)more;
	if (!p || !how || !how->pszObjId || !size)
		return refuse(CRYPT_E_INVALID_ARGUMENT);
	if (!signer(handle, spec, &s))
		return FALSE;
	DWORD e = sign(s.pair, how->pszObjId, (struct x509_span){ p, n }, signature, &m);
	signed_off(&s);
	if (e)
		return refuse(e);
	rsablob_turn(signature, m); /* as CryptoAPI has it */
	return crypt32_hand(signature, (DWORD)m, out, size);
}

/* The structure is one that becomes something to be signed: X509_CERT_TO_BE_SIGNED. */
WINAPI BOOL
crypt32_CryptSignAndEncodeCertificate(void *handle, DWORD spec, DWORD encoding, const char *type,
                                      const void *from,
                                      const struct CRYPT_ALGORITHM_IDENTIFIER *how,
                                      const void *more, BYTE *out, DWORD *size)
{
	struct der text = { 0 }, d = { 0 };
	struct signer s;
	(void)encoding, (void)more;
	if (!from || !how || !how->pszObjId || !size)
		return refuse(CRYPT_E_INVALID_ARGUMENT);
	if (type != (const char *)2)
		return refuse(ERROR_FILE_NOT_FOUND);
	if (!signer(handle, spec, &s))
		return FALSE;
	crypt32_encode_info(&text, from);
	DWORD e = put_signed(&d, &text, s.pair, how);
	signed_off(&s);
	der_free(&text);
	if (e) {
		der_free(&d);
		return refuse(e);
	}
	return crypt32_encode_give(&d, 0, out, size);
}

/* -- by oneself -------------------------------------------------------------------------------------- */

struct extensions {
	DWORD n;
	struct CERT_EXTENSION *list;
};

/* RFC 5280 4.1.2, with a number of its own. */
static void
put_own(struct der *d, const struct CRYPT_BLOB *name, const struct keypair *k,
        const struct CRYPT_ALGORITHM_IDENTIFIER *how, const int64_t times[2],
        const struct extensions *x)
{
	BYTE serial[16];
	host_random(serial, sizeof serial);
	serial[0] = (BYTE)((serial[0] & 0x7f) | 0x40);
	der_begin(d, DER_SEQUENCE);
	der_begin(d, DER_CONTEXT | DER_MADE);
	der_number(d, 2);
	der_end(d);
	der_integer(d, serial, sizeof serial);
	crypt32_encode_algorithm(d, how);
	der_raw(d, name->pbData, name->cbData);
	der_begin(d, DER_SEQUENCE);
	der_time(d, times[0]);
	der_time(d, times[1]);
	der_end(d);
	der_raw(d, name->pbData, name->cbData);
	keypair_put_public(k, d);
	if (x && x->n) {
		der_begin(d, DER_CONTEXT | DER_MADE | 3);
		crypt32_encode_extensions(d, x);
		der_end(d);
	}
	der_end(d);
}

/* From now for a year, when nobody says it. */
static bool
read_times(const struct SYSTEMTIME *from, const struct SYSTEMTIME *until, int64_t out[2])
{
	static const int64_t day = 864000000000;
	out[0] = clock_now();
	if (from && !clock_of_fields(from, &out[0]))
		return refuse(ERROR_INVALID_PARAMETER);
	out[1] = out[0] + 365 * day;
	return !until || clock_of_fields(until, &out[1]) || refuse(ERROR_INVALID_PARAMETER);
}

static bool
fresh_key(struct keypair *own)
{
	keypair_begin_rsa(own);
	return rsakey_generate(&own->key, 2048) || refuse((DWORD)NTE_FAIL);
}

/* A new key of RSA; with a name the machine keeps it. */
static bool
make_cng(const WCHAR *name, bool machine, struct crypt32_key *out)
{
	struct keypair own = { 0 };
	struct ncrypt_key *k = fresh_key(&own) ? ncrypt_of(&own, false, 0) : NULL;
	keypair_clear(&own);
	if (!k)
		return false;
	LONG e = 0;
	k->machine = machine;
	if (name)
		e = (k->name = nls_dup(name)) ? ncrypt_keep(k, false) : NTE_NO_MEMORY;
	if (e) {
		ncrypt_unref(k);
		return refuse((DWORD)e);
	}
	*out = (struct crypt32_key){ k, CERT_NCRYPT_KEY_SPEC };
	return true;
}

static bool
make_csp(const WCHAR *name, bool machine, DWORD spec, struct crypt32_key *out)
{
	struct advapi32_csp *c = NULL;
	struct keypair own = { 0 };
	DWORD e = advapi32_csp_open(name, machine, &c);
	if (e == (DWORD)NTE_BAD_KEYSET)
		e = advapi32_csp_make(name, machine, &c);
	if (e)
		return refuse(e);
	struct advapi32_rsa *r = advapi32_csp_pair(c, spec);
	if (r) {
		advapi32_rsa_unref(r);
	} else {
		r = fresh_key(&own) ? advapi32_rsa_of(&own, 0) : NULL;
		keypair_clear(&own);
		e = r ? advapi32_csp_put(c, spec, r) : (DWORD)NTE_FAIL;
	}
	*out = (struct crypt32_key){ c, spec };
	if (!e)
		return true;
	crypt32_key_free(out);
	return refuse(e);
}

/* Who brings no key says where one is kept, or is to be; or else one is made. */
static bool
find_key(const struct CRYPT_KEY_PROV_INFO *i, struct crypt32_key *out)
{
	struct ncrypt_key *k;
	if (!i || !i->pwszContainerName)
		return make_cng(NULL, false, out);
	bool machine = i->dwFlags & CRYPT_MACHINE_KEYSET;
	DWORD spec = i->dwKeySpec;
	if (i->dwProvType)
		return spec == AT_KEYEXCHANGE || spec == AT_SIGNATURE
		               ? make_csp(i->pwszContainerName, machine, spec, out)
		               : refuse(CRYPT_E_INVALID_ARGUMENT);
	LONG e = ncrypt_open(i->pwszContainerName, machine, &k);
	if (e == NTE_BAD_KEYSET)
		return make_cng(i->pwszContainerName, machine, out);
	if (e)
		return refuse((DWORD)e);
	*out = (struct crypt32_key){ k, CERT_NCRYPT_KEY_SPEC };
	return true;
}

/* The certificate has the key: by what it is kept under, or the handle itself. */
static bool
attach(const struct CERT_CONTEXT *c, void *handle, DWORD flags,
       const struct CRYPT_KEY_PROV_INFO *info)
{
	enum { NO_KEY_INFO = 2 };
	if (flags & NO_KEY_INFO)
		return true;
	if (info && info->pwszContainerName)
		return crypt32_CertSetCertificateContextProperty(c, CERT_KEY_PROV_INFO_PROP_ID, 0,
		                                                 info);
	return crypt32_CertSetCertificateContextProperty(
	        c, CERT_HCRYPTPROV_OR_NCRYPT_KEY_HANDLE_PROP_ID, CERT_STORE_NO_CRYPT_RELEASE_FLAG,
	        handle);
}

WINAPI const struct CERT_CONTEXT *
crypt32_CertCreateSelfSignCertificate(void *handle, const struct CRYPT_BLOB *name, DWORD flags,
                                      const struct CRYPT_KEY_PROV_INFO *info,
                                      const struct CRYPT_ALGORITHM_IDENTIFIER *how,
                                      const struct SYSTEMTIME *from, const struct SYSTEMTIME *until,
                                      const struct extensions *x)
{
	enum { NO_SIGN = 1 };
	static const struct CRYPT_ALGORITHM_IDENTIFIER rsa = { (char *)"1.2.840.113549.1.1.11",
		                                               { 0 } },
	                                               curve = { (char *)"1.2.840.10045.4.3.2",
		                                                 { 0 } };
	struct crypt32_key made = { 0 };
	struct der text = { 0 }, d = { 0 };
	struct crypt32_cert *c = NULL;
	struct signer s = { 0 };
	int64_t times[2];
	if (!name || !read_times(from, until, times)) {
		if (!name)
			last_error(CRYPT_E_INVALID_ARGUMENT);
		return NULL;
	}
	if (!handle && !find_key(info, &made))
		return NULL;
	handle = handle ? handle : made.handle;
	if (!signer(handle, info ? info->dwKeySpec : AT_SIGNATURE, &s) &&
	    (info || !signer(handle, AT_KEYEXCHANGE, &s)))
		goto done;
	if (!how)
		how = s.pair->rsa ? &rsa : &curve;
	put_own(&text, name, s.pair, how, times, x);
	DWORD e = ERROR_SUCCESS;
	if (flags & NO_SIGN) {
		d = text;
		text = (struct der){ 0 };
	} else {
		e = put_signed(&d, &text, s.pair, how);
	}
	if (e || d.bad)
		last_error(e ? e : CRYPT_E_INVALID_ARGUMENT);
	else if ((c = crypt32_cert_new(d.p, d.n)) && !attach(&c->context, handle, flags, info)) {
		crypt32_cert_unref(c);
		c = NULL;
	}
done:
	signed_off(&s);
	der_free(&text);
	der_free(&d);
	crypt32_key_free(&made);
	return c ? &c->context : NULL;
}
