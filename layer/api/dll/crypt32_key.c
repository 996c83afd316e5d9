/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys of certificates: as a handle, or by the name that one is kept under. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/advapi32_csp.h"
#include "layer/api/dll/crypt32.h"
#include "layer/api/dll/ncrypt.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/thread/steady.h"

struct CERT_KEY_CONTEXT {
	DWORD cbSize;
	void *handle;
	DWORD dwKeySpec;
};

bool
crypt32_key_property(DWORD id)
{
	return id == CERT_KEY_PROV_HANDLE_PROP_ID || id == CERT_KEY_PROV_INFO_PROP_ID ||
	       id == CERT_KEY_CONTEXT_PROP_ID || id == CERT_KEY_SPEC_PROP_ID ||
	       id == CERT_NCRYPT_KEY_HANDLE_PROP_ID ||
	       id == CERT_HCRYPTPROV_OR_NCRYPT_KEY_HANDLE_PROP_ID;
}

/* -- handles --------------------------------------------------------------------------------------- */

static bool
is_cng(const struct crypt32_key *k)
{
	return k->spec == CERT_NCRYPT_KEY_SPEC;
}

void
crypt32_key_free(struct crypt32_key *k)
{
	if (k->handle && is_cng(k))
		ncrypt_unref(k->handle);
	else if (k->handle)
		advapi32_csp_unref(k->handle);
	*k = (struct crypt32_key){ 0 };
}

void
crypt32_key_copy(struct crypt32_key *to, const struct crypt32_key *from)
{
	*to = *from;
	if (to->handle && is_cng(to))
		ncrypt_ref(to->handle);
	else if (to->handle)
		advapi32_csp_ref(to->handle);
}

/* A count of the handle that a certificate has. */
static struct crypt32_key
held(struct crypt32_cert *c)
{
	struct crypt32_key k;
	steady_lock(&crypt32_lock);
	crypt32_key_copy(&k, &c->key);
	steady_unlock(&crypt32_lock);
	return k;
}

static void
put(struct crypt32_cert *c, struct crypt32_key k)
{
	steady_lock(&crypt32_lock);
	struct crypt32_key old = c->key;
	c->key = k;
	steady_unlock(&crypt32_lock);
	crypt32_key_free(&old);
}

/* For later calls; another thread may have been the first. */
static void
cache(struct crypt32_cert *c, struct crypt32_key *k)
{
	struct crypt32_key late = { 0 };
	steady_lock(&crypt32_lock);
	if (c->key.handle) {
		late = *k;
		*k = c->key;
	} else {
		c->key = *k;
	}
	steady_unlock(&crypt32_lock);
	crypt32_key_free(&late);
}

/* The certificate takes the program's count, or one more. */
static BOOL
set_handle(struct crypt32_cert *c, void *handle, DWORD spec, DWORD flags)
{
	struct crypt32_key k = { handle, spec }, more;
	if (handle &&
	    (is_cng(&k) ? !ncrypt_key(handle)
	                : !advapi32_csp(handle) || spec < AT_KEYEXCHANGE || spec > AT_SIGNATURE))
		return refuse(CRYPT_E_INVALID_ARGUMENT);
	if (handle && flags & CERT_STORE_NO_CRYPT_RELEASE_FLAG)
		crypt32_key_copy(&more, &k);
	if (!handle)
		k.spec = 0;
	put(c, k);
	return TRUE;
}

/* Which pair of a container a handle without more is about. */
static DWORD
spec_of_handle(void *handle)
{
	struct advapi32_csp *p = handle && !ncrypt_key(handle) ? advapi32_csp(handle) : NULL;
	if (!p)
		return CERT_NCRYPT_KEY_SPEC;
	struct advapi32_rsa *r = advapi32_csp_pair(p, AT_KEYEXCHANGE);
	if (r)
		advapi32_rsa_unref(r);
	return r ? AT_KEYEXCHANGE : AT_SIGNATURE;
}

/* -- names ------------------------------------------------------------------------------------------- */

/* As it is kept: texts behind the structure, which has their places instead of pointers. */
static struct crypt32_property *
flat(const struct CRYPT_KEY_PROV_INFO *from)
{
	size_t n = from->pwszContainerName ? nls_length(from->pwszContainerName) + 1 : 0;
	size_t m = from->pwszProvName ? nls_length(from->pwszProvName) + 1 : 0;
	struct crypt32_property *p = calloc(1, sizeof *p + sizeof *from + (n + m) * sizeof(WCHAR));
	if (!p)
		return NULL;
	struct CRYPT_KEY_PROV_INFO i = { .dwProvType = from->dwProvType,
		                         .dwFlags = from->dwFlags,
		                         .dwKeySpec = from->dwKeySpec };
	WCHAR *text = (WCHAR *)(void *)(p->data + sizeof i);
	if (n)
		memcpy(text, from->pwszContainerName, n * sizeof *text);
	if (m)
		memcpy(text + n, from->pwszProvName, m * sizeof *text);
	i.pwszContainerName = (WCHAR *)(n ? sizeof i : 0);
	i.pwszProvName = (WCHAR *)(m ? sizeof i + n * sizeof *text : 0);
	memcpy(p->data, &i, sizeof i);
	p->id = CERT_KEY_PROV_INFO_PROP_ID;
	p->n = (DWORD)(sizeof i + (n + m) * sizeof *text);
	return p;
}

static void
point(BYTE *at)
{
	struct CRYPT_KEY_PROV_INFO *i = (struct CRYPT_KEY_PROV_INFO *)(void *)at;
	if (i->pwszContainerName)
		i->pwszContainerName = (WCHAR *)(void *)(at + (uintptr_t)i->pwszContainerName);
	if (i->pwszProvName)
		i->pwszProvName = (WCHAR *)(void *)(at + (uintptr_t)i->pwszProvName);
}

/* A copy to be freed, which points into itself; NULL: there is none, or no memory. */
static struct CRYPT_KEY_PROV_INFO *
named(struct crypt32_cert *c, DWORD *n)
{
	BYTE *copy = NULL;
	steady_lock(&crypt32_lock);
	struct crypt32_property *p = crypt32_cert_property(c, CERT_KEY_PROV_INFO_PROP_ID);
	if (p && (copy = malloc(p->n)))
		memcpy(copy, p->data, *n = p->n);
	steady_unlock(&crypt32_lock);
	if (copy)
		point(copy);
	return (struct CRYPT_KEY_PROV_INFO *)(void *)copy;
}

bool
crypt32_key_there(struct crypt32_cert *c)
{
	steady_lock(&crypt32_lock);
	bool there = c->key.handle || crypt32_cert_property(c, CERT_KEY_PROV_INFO_PROP_ID);
	steady_unlock(&crypt32_lock);
	return there;
}

/* -- properties ------------------------------------------------------------------------------------- */

BOOL
crypt32_key_set(struct crypt32_cert *c, DWORD id, DWORD flags, const void *data)
{
	if (id == CERT_KEY_PROV_INFO_PROP_ID) {
		struct crypt32_property *p = data ? flat(data) : NULL;
		if (data && !p)
			return refuse(ERROR_NOT_ENOUGH_MEMORY);
		crypt32_cert_attach(c, id, p);
		return TRUE;
	}
	if (id == CERT_KEY_CONTEXT_PROP_ID) {
		const struct CERT_KEY_CONTEXT *k = data;
		if (k && k->cbSize < sizeof *k)
			return refuse(CRYPT_E_INVALID_ARGUMENT);
		return set_handle(c, k ? k->handle : NULL, k ? k->dwKeySpec : 0, flags);
	}
	if (id == CERT_KEY_SPEC_PROP_ID)
		return refuse(CRYPT_E_INVALID_ARGUMENT);
	/* the value itself is the handle */
	return set_handle(c, (void *)data,
	                  id == CERT_NCRYPT_KEY_HANDLE_PROP_ID ? CERT_NCRYPT_KEY_SPEC
	                                                       : spec_of_handle((void *)data),
	                  flags);
}

static BOOL
get_named(struct crypt32_cert *c, void *out, DWORD *size)
{
	DWORD n = 0;
	struct CRYPT_KEY_PROV_INFO *i = named(c, &n);
	if (!i)
		return refuse(CRYPT_E_NOT_FOUND);
	/* with pointers into what the caller lends */
	BYTE *base = (BYTE *)i;
	if (i->pwszContainerName)
		i->pwszContainerName = (WCHAR *)((uintptr_t)((BYTE *)i->pwszContainerName - base));
	if (i->pwszProvName)
		i->pwszProvName = (WCHAR *)((uintptr_t)((BYTE *)i->pwszProvName - base));
	BOOL ok = crypt32_hand(i, n, out, size);
	free(i);
	if (ok && out)
		point(out);
	return ok;
}

static DWORD
spec_of(struct crypt32_cert *c, const struct crypt32_key *k)
{
	DWORD n = 0;
	struct CRYPT_KEY_PROV_INFO *i = k->handle ? NULL : named(c, &n);
	DWORD spec = i ? i->dwKeySpec : k->spec;
	free(i);
	return spec;
}

BOOL
crypt32_key_get(struct crypt32_cert *c, DWORD id, void *out, DWORD *size)
{
	if (id == CERT_KEY_PROV_INFO_PROP_ID)
		return get_named(c, out, size);
	struct crypt32_key k = held(c);
	struct CERT_KEY_CONTEXT x = { sizeof x, k.handle, k.spec };
	bool cng = is_cng(&k);
	DWORD spec = spec_of(c, &k);
	bool there = id == CERT_KEY_SPEC_PROP_ID            ? spec != 0
	             : id == CERT_NCRYPT_KEY_HANDLE_PROP_ID ? k.handle && cng
	             : id == CERT_KEY_PROV_HANDLE_PROP_ID   ? k.handle && !cng
	                                                    : k.handle != NULL;
	/* what the caller gets is the certificate's, which still has it */
	crypt32_key_free(&k);
	if (!there)
		return refuse(CRYPT_E_NOT_FOUND);
	if (id == CERT_KEY_CONTEXT_PROP_ID)
		return crypt32_hand(&x, sizeof x, out, size);
	if (id == CERT_KEY_SPEC_PROP_ID)
		return crypt32_hand(&spec, sizeof spec, out, size);
	return crypt32_hand(&x.handle, sizeof x.handle, out, size);
}

/* -- the key itself --------------------------------------------------------------------------------- */

#define NTE_BAD_PROV_TYPE  0x80090014
#define NTE_BAD_PUBLIC_KEY 0x80090015

enum {
	ACQUIRE_CACHE = 1,
	ACQUIRE_USE_PROV_INFO = 2,
	ACQUIRE_COMPARE_KEY = 4,
	ACQUIRE_NCRYPT = 0x70000, /* allowed, preferred, only */
	ACQUIRE_PREFER_NCRYPT = 0x20000,
	ACQUIRE_ONLY_NCRYPT = 0x40000
};

/* One count of what the certificate names. */
static BOOL
open_named(struct crypt32_cert *c, struct crypt32_key *k)
{
	DWORD n = 0;
	struct ncrypt_key *key = NULL;
	struct CRYPT_KEY_PROV_INFO *i = named(c, &n);
	if (!i || !i->pwszContainerName) {
		free(i);
		return refuse(CRYPT_E_NO_KEY_PROPERTY);
	}
	bool machine = i->dwFlags & CRYPT_MACHINE_KEYSET;
	DWORD e = (DWORD)NTE_BAD_KEYSET, spec = i->dwKeySpec;
	if (i->dwProvType) {
		struct advapi32_csp *p = NULL;
		e = spec != AT_KEYEXCHANGE && spec != AT_SIGNATURE
		            ? (DWORD)NTE_BAD_KEYSET
		            : advapi32_csp_open(i->pwszContainerName, machine, &p);
		*k = (struct crypt32_key){ p, spec };
	} else if (ncrypt_provider_named(i->pwszProvName)) {
		e = (DWORD)ncrypt_open(i->pwszContainerName, machine, &key);
		*k = (struct crypt32_key){ key, CERT_NCRYPT_KEY_SPEC };
	}
	free(i);
	return e ? refuse(e) : TRUE;
}

/* The pair that a handle is about, and whether it may leave; with what is to be given back. */
struct lent {
	const struct keypair *pair; /* NULL: there is none */
	bool leaves;
	struct advapi32_rsa *rsa; /* own */
};

static struct lent
lend(const struct crypt32_key *k)
{
	enum { LEAVES = NCRYPT_ALLOW_EXPORT_FLAG | NCRYPT_ALLOW_PLAINTEXT_EXPORT_FLAG };
	struct lent l = { 0 };
	if (is_cng(k)) {
		const struct ncrypt_key *key = k->handle;
		l.pair = &key->pair->pair;
		l.leaves = key->policy & LEAVES;
	} else if ((l.rsa = advapi32_csp_pair(k->handle, k->spec))) {
		l.pair = &l.rsa->pair;
		l.leaves = l.rsa->flags & CRYPT_EXPORTABLE;
	}
	return l;
}

static void
give_back(struct lent *l)
{
	if (l->rsa)
		advapi32_rsa_unref(l->rsa);
}

static BOOL
matches(const struct crypt32_cert *c, const struct crypt32_key *k)
{
	struct keypair public = { 0 };
	struct lent l = lend(k);
	bool same = l.pair && keypair_read_public(&public, c->x.key_all) &&
	            keypair_same(&public, l.pair);
	keypair_clear(&public);
	give_back(&l);
	return same ? TRUE : refuse(NTE_BAD_PUBLIC_KEY);
}

/* One count of the key, and whether the certificate had it already. */
static BOOL
acquire(struct crypt32_cert *c, DWORD flags, struct crypt32_key *k, bool *had)
{
	*k = held(c);
	*had = k->handle != NULL;
	if (!*had && !open_named(c, k))
		return FALSE;
	if (!(flags & ACQUIRE_COMPARE_KEY) || matches(c, k))
		return TRUE;
	crypt32_key_free(k);
	return FALSE;
}

/* A container's pair as a key of NCrypt, in place of the container. */
static BOOL
as_cng(struct crypt32_key *k)
{
	struct lent l = lend(k);
	struct keypair copy = { 0 };
	struct ncrypt_key *key = NULL;
	bool there = l.pair;
	if (there && keypair_copy(&copy, l.pair))
		key = ncrypt_of(&copy, false, l.leaves ? NCRYPT_ALLOW_EXPORT_FLAG : 0);
	keypair_clear(&copy);
	give_back(&l);
	crypt32_key_free(k);
	*k = (struct crypt32_key){ key, CERT_NCRYPT_KEY_SPEC };
	return key ? TRUE : refuse(there ? ERROR_NOT_ENOUGH_MEMORY : (DWORD)NTE_BAD_KEYSET);
}

WINAPI BOOL
crypt32_CryptAcquireCertificatePrivateKey(const struct CERT_CONTEXT *context, DWORD flags,
                                          void *parameters, void **out, DWORD *spec, BOOL *free_it)
{
	struct crypt32_cert *c = (struct crypt32_cert *)context;
	struct crypt32_key k;
	bool had;
	(void)parameters; /* a window, or nothing */
	if (!c || !out)
		return refuse(CRYPT_E_INVALID_ARGUMENT);
	*out = NULL;
	if (!acquire(c, flags, &k, &had))
		return FALSE;
	if (is_cng(&k) && !(flags & ACQUIRE_NCRYPT)) {
		crypt32_key_free(&k);
		return refuse(NTE_BAD_PROV_TYPE);
	}
	if (!is_cng(&k) && flags & (ACQUIRE_PREFER_NCRYPT | ACQUIRE_ONLY_NCRYPT)) {
		if (!as_cng(&k))
			return FALSE;
		had = false;
		flags &= ~(DWORD)(ACQUIRE_CACHE | ACQUIRE_USE_PROV_INFO);
	}
	bool keep = flags & (ACQUIRE_CACHE | ACQUIRE_USE_PROV_INFO);
	if (!had && keep)
		cache(c, &k);
	*out = k.handle;
	if (spec)
		*spec = k.spec;
	if (free_it)
		*free_it = !had && !keep;
	if (had)
		crypt32_key_free(&k); /* the certificate's, as long as that lives */
	return TRUE;
}

static BOOL
take(struct crypt32_cert *c, bool leaves, struct der *der)
{
	struct crypt32_key k;
	bool had;
	if (!acquire(c, 0, &k, &had))
		return FALSE;
	struct lent l = lend(&k);
	bool there = l.pair, may = there && (l.leaves || !leaves);
	if (may)
		keypair_put_pkcs8(l.pair, der);
	give_back(&l);
	crypt32_key_free(&k);
	if (may && !der->bad)
		return TRUE;
	der_free(der);
	return refuse(!there ? CRYPT_E_NO_KEY_PROPERTY
	              : may  ? ERROR_NOT_ENOUGH_MEMORY
	                     : (DWORD)NTE_BAD_KEY_STATE);
}

bool
crypt32_private_key(const struct CERT_CONTEXT *context, struct der *der)
{
	return take((struct crypt32_cert *)context, false, der);
}

BOOL
crypt32_key_export(struct crypt32_cert *c, struct der *der)
{
	return take(c, true, der);
}
