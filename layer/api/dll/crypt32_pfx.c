/* SPDX-License-Identifier: Apache-2.0 */
/* Files of certificates with their private keys: PKCS #12. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/advapi32_csp.h"
#include "layer/api/dll/crypt32.h"
#include "layer/api/dll/ncrypt.h"
#include "layer/api/nt/crypto/pkcs12.h"
#include "layer/api/nt/guid.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/thread/steady.h"

enum { CERT_FRIENDLY_NAME_PROP_ID = 11, CERT_STORE_PROV_MEMORY = 2, CERT_STORE_ADD_ALWAYS = 4 };
enum { ERROR_INVALID_PASSWORD = 86 };
enum {
	PKCS12_PREFER_CNG_KSP = 0x100,
	PKCS12_ALWAYS_CNG_KSP = 0x200,
	PKCS12_NO_PERSIST_KEY = 0x8000,
	/* of exports */
	REPORT_NO_PRIVATE_KEY = 1,
	REPORT_NOT_ABLE = 2,
	EXPORT_PRIVATE_KEYS = 4,
	PKCS12_EXPORT_PBES2_PARAMS = 0x80
};

WINAPI void *
crypt32_CertOpenStore(const char *by, DWORD encoding, void *legacy, DWORD flags, const void *param);
WINAPI BOOL crypt32_CertCloseStore(void *store, DWORD flags);
WINAPI BOOL crypt32_CertAddEncodedCertificateToStore(void *store, DWORD encoding, const BYTE *p,
                                                     DWORD n, DWORD how,
                                                     const struct CERT_CONTEXT **out);
WINAPI BOOL crypt32_CertSetCertificateContextProperty(const struct CERT_CONTEXT *context, DWORD id,
                                                      DWORD flags, const void *value);

static struct x509_span
span(const struct CRYPT_BLOB *b)
{
	return b && b->pbData ? (struct x509_span){ b->pbData, b->cbData }
	                      : (struct x509_span){ 0 };
}

WINAPI BOOL
crypt32_PFXIsPFXBlob(const struct CRYPT_BLOB *file)
{
	return pkcs12_is(span(file));
}

static BOOL
answer(enum pkcs12_result r)
{
	switch (r) {
	case PKCS12_GOOD: return TRUE;
	case PKCS12_PASSWORD: return refuse(ERROR_INVALID_PASSWORD);
	case PKCS12_NO_MEMORY: return refuse(ERROR_NOT_ENOUGH_MEMORY);
	case PKCS12_BAD: break;
	}
	return refuse(CRYPT_E_ASN1_BADTAG);
}

WINAPI BOOL
crypt32_PFXVerifyPassword(const struct CRYPT_BLOB *file, const WCHAR *password, DWORD flags)
{
	(void)flags;
	return answer(pkcs12_check(span(file), password));
}

/* -- in -------------------------------------------------------------------------------------------- */

/* Under a name that nothing else has. */
static bool
keep_cng(const struct CERT_CONTEXT *c, struct ncrypt_key *k, WCHAR *name)
{
	WCHAR provider[] = u"Microsoft Software Key Storage Provider";
	struct CRYPT_KEY_PROV_INFO info = {
		name, provider, 0, k->machine ? CRYPT_MACHINE_KEYSET : 0, 0, NULL, 0
	};
	if (!(k->name = nls_dup(name)))
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	LONG e = ncrypt_keep(k, false);
	return e ? refuse((DWORD)e)
	         : crypt32_CertSetCertificateContextProperty(c, CERT_KEY_PROV_INFO_PROP_ID, 0,
	                                                     &info);
}

/* RSA, for programs that know CryptoAPI. */
static bool
keep_csp(const struct CERT_CONTEXT *c, struct keypair *own, WCHAR *name, DWORD flags)
{
	WCHAR provider[] = u"Microsoft Enhanced Cryptographic Provider v1.0";
	bool machine = flags & CRYPT_MACHINE_KEYSET;
	struct CRYPT_KEY_PROV_INFO info = {
		name, provider, PROV_RSA_FULL, machine ? CRYPT_MACHINE_KEYSET : 0,
		0,    NULL,     AT_KEYEXCHANGE
	};
	struct advapi32_csp *p;
	DWORD e = advapi32_csp_make(name, machine, &p);
	if (e)
		return refuse(e);
	struct advapi32_rsa *r = advapi32_rsa_of(own, flags);
	e = r ? advapi32_csp_put(p, AT_KEYEXCHANGE, r) : ERROR_NOT_ENOUGH_MEMORY;
	advapi32_csp_unref(p);
	return e ? refuse(e)
	         : crypt32_CertSetCertificateContextProperty(c, CERT_KEY_PROV_INFO_PROP_ID, 0,
	                                                     &info);
}

static bool
attach_key(const struct CERT_CONTEXT *c, struct keypair *own, DWORD flags)
{
	DWORD policy = flags & CRYPT_EXPORTABLE
	                       ? NCRYPT_ALLOW_EXPORT_FLAG | NCRYPT_ALLOW_PLAINTEXT_EXPORT_FLAG
	                       : 0;
	WCHAR name[39];
	struct GUID g;
	guid_new(&g);
	guid_text(&g, name);
	if (own->rsa &&
	    !(flags & (PKCS12_NO_PERSIST_KEY | PKCS12_PREFER_CNG_KSP | PKCS12_ALWAYS_CNG_KSP)))
		return keep_csp(c, own, name, flags);
	struct ncrypt_key *k = ncrypt_of(own, false, policy);
	if (!k)
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	k->machine = flags & CRYPT_MACHINE_KEYSET;
	if (flags & PKCS12_NO_PERSIST_KEY)
		return crypt32_CertSetCertificateContextProperty(c, CERT_NCRYPT_KEY_HANDLE_PROP_ID,
		                                                 0, k);
	bool ok = keep_cng(c, k, name);
	ncrypt_unref(k);
	return ok;
}

/* The keys of a file, each read once; those that cannot be read are empty.  NULL: no memory. */
static struct keypair *
read_keys(const struct pkcs12 *x)
{
	struct keypair *keys = calloc(x->n + 1, sizeof *keys);
	for (size_t i = 0; keys && i < x->n; i++)
		if (x->item[i].key)
			(void)keypair_read_pkcs8(
			        &keys[i], (struct x509_span){ x->item[i].der.p, x->item[i].der.n });
	return keys;
}

/* The key whose public half the certificate has; another certificate may have it, too. */
static bool
find_key(const struct keypair *keys, size_t n, const struct CERT_CONTEXT *c, DWORD flags)
{
	const struct crypt32_cert *cert = (const struct crypt32_cert *)c;
	struct keypair public = { 0 }, own = { 0 };
	size_t i = 0;
	if (!keypair_read_public(&public, cert->x.key_all))
		return true; /* of a kind that no key can have here */
	while (i < n && !(keys[i].begun && keypair_same(&public, &keys[i])))
		i++;
	keypair_clear(&public);
	if (i == n)
		return true;
	bool ok = keypair_copy(&own, &keys[i]) ? attach_key(c, &own, flags)
	                                       : refuse(ERROR_NOT_ENOUGH_MEMORY);
	keypair_clear(&own);
	return ok;
}

static bool
import_cert(void *store, const struct pkcs12_item *i, const struct keypair *keys, size_t n,
            DWORD flags)
{
	const struct CERT_CONTEXT *c;
	if (!crypt32_CertAddEncodedCertificateToStore(store, 1, i->der.p, (DWORD)i->der.n,
	                                              CERT_STORE_ADD_ALWAYS, &c))
		return false;
	bool ok = true;
	if (i->name) {
		struct CRYPT_BLOB name = { (DWORD)(nls_length(i->name) + 1) * 2, (BYTE *)i->name };
		ok = crypt32_CertSetCertificateContextProperty(c, CERT_FRIENDLY_NAME_PROP_ID, 0,
		                                               &name);
	}
	ok = ok && find_key(keys, n, c, flags);
	crypt32_cert_unref((struct crypt32_cert *)c);
	return ok;
}

WINAPI void *
crypt32_PFXImportCertStore(const struct CRYPT_BLOB *file, const WCHAR *password, DWORD flags)
{
	struct pkcs12 x = { 0 };
	if (!answer(pkcs12_read(&x, span(file), password, PBE_ROUNDS)))
		return NULL;
	void *store = crypt32_CertOpenStore((const char *)CERT_STORE_PROV_MEMORY, 0, NULL, 0, NULL);
	struct keypair *keys = read_keys(&x);
	bool ok = store && (keys || refuse(ERROR_NOT_ENOUGH_MEMORY));
	for (size_t i = 0; ok && i < x.n; i++)
		if (!x.item[i].key)
			ok = import_cert(store, &x.item[i], keys, x.n, flags);
	for (size_t i = 0; keys && i < x.n; i++)
		keypair_clear(&keys[i]);
	free(keys);
	pkcs12_free(&x);
	if (ok)
		return store;
	DWORD error = teb()->LastErrorValue;
	if (store)
		crypt32_CertCloseStore(store, 0);
	last_error(error);
	return NULL;
}

/* -- out ------------------------------------------------------------------------------------------- */

struct pbes2_parameters {
	DWORD size;
	void *descriptor;
	const WCHAR *algorithm;
};

static bool
add_name(struct crypt32_cert *c, struct pkcs12_item *i)
{
	bool ok = true;
	steady_lock(&crypt32_lock);
	struct crypt32_property *p = crypt32_cert_property(c, CERT_FRIENDLY_NAME_PROP_ID);
	if (p) {
		ok = (i->name = calloc(p->n / 2 + 1, sizeof *i->name)) != NULL;
		if (ok)
			memcpy(i->name, p->data, p->n & ~1u);
	}
	steady_unlock(&crypt32_lock);
	return ok;
}

/* Keys that must not leave stay where they are, or are told of. */
static BOOL
add_key(struct pkcs12 *x, struct crypt32_cert *c, const BYTE id[4], DWORD flags)
{
	struct der der = { 0 };
	if (!crypt32_key_export(c, &der)) {
		bool none = teb()->LastErrorValue == CRYPT_E_NO_KEY_PROPERTY;
		return !(flags & (none ? REPORT_NO_PRIVATE_KEY : REPORT_NOT_ABLE));
	}
	struct pkcs12_item *i = pkcs12_add(x);
	if (!i) {
		der_free(&der);
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	}
	i->key = true;
	i->der = der;
	memcpy(i->id, id, i->id_size = 4);
	return TRUE;
}

static BOOL
add_cert(struct pkcs12 *x, struct crypt32_cert *c, DWORD flags)
{
	BYTE id[4] = { (BYTE)(x->n + 1), (BYTE)((x->n + 1) >> 8), 0, 0 };
	size_t before = x->n;
	if (flags & EXPORT_PRIVATE_KEYS && !add_key(x, c, id, flags))
		return FALSE;
	struct pkcs12_item *i = pkcs12_add(x);
	if (!i || !add_name(c, i))
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	if (x->n == before + 2)
		memcpy(i->id, id, i->id_size = 4);
	der_raw(&i->der, c->x.raw.p, c->x.raw.n);
	return i->der.bad ? refuse(ERROR_NOT_ENOUGH_MEMORY) : TRUE;
}

WINAPI BOOL
crypt32_PFXExportCertStoreEx(void *store, struct CRYPT_BLOB *out, const WCHAR *password,
                             const struct pbes2_parameters *parameters, DWORD flags)
{
	enum pbe_scheme scheme = PBE_SHA1_DES3;
	struct crypt32_cert *c = NULL, *next;
	struct pkcs12 x = { 0 };
	struct der d = { 0 };
	BOOL ok = TRUE;
	if (!store || !out)
		return refuse(CRYPT_E_INVALID_ARGUMENT);
	if (flags & PKCS12_EXPORT_PBES2_PARAMS) {
		if (!parameters || parameters->size < sizeof *parameters ||
		    !parameters->algorithm ||
		    !nls_equal_ascii(parameters->algorithm, "AES256-SHA256"))
			return refuse(CRYPT_E_INVALID_ARGUMENT);
		scheme = PBE_SHA256_AES;
	}
	if (!crypt32_store_is(store))
		return FALSE;
	while (ok && (next = crypt32_store_next(store, c))) {
		if (c)
			crypt32_cert_unref(c);
		c = next;
		ok = add_cert(&x, c, flags);
	}
	if (c)
		crypt32_cert_unref(c);
	if (ok) {
		pkcs12_write(&x, password, scheme, &d);
		ok = d.bad ? refuse(ERROR_NOT_ENOUGH_MEMORY)
		           : crypt32_hand(d.p, (DWORD)d.n, out->pbData, &out->cbData);
	}
	pkcs12_free(&x);
	der_free(&d);
	return ok;
}

WINAPI BOOL
crypt32_PFXExportCertStore(void *store, struct CRYPT_BLOB *out, const WCHAR *password, DWORD flags)
{
	return crypt32_PFXExportCertStoreEx(store, out, password, NULL,
	                                    flags & ~(DWORD)PKCS12_EXPORT_PBES2_PARAMS);
}
