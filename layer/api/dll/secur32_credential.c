/* SPDX-License-Identifier: Apache-2.0 */
/* Schannel's credentials: versions, flags, a certificate with its key, and sessions of before.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "layer/api/dll/secur32.h"
#include "layer/api/nt/text/utf.h"
#include "layer/api/nt/thread/steady.h"

enum { SECPKG_CRED_INBOUND = 1, SECPKG_CRED_OUTBOUND = 2 };
enum { SCHANNEL_CRED_VERSION = 4, SCH_CREDENTIALS_VERSION };

struct SCHANNEL_CRED {
	DWORD dwVersion, cCreds;
	const struct CERT_CONTEXT **paCred;
	void *hRootStore;
	DWORD cMappers;
	void **aphMappers;
	DWORD cSupportedAlgs;
	const DWORD *palgSupportedAlgs;
	DWORD grbitEnabledProtocols, dwMinimumCipherStrength, dwMaximumCipherStrength;
	DWORD dwSessionLifespan, dwFlags, dwCredFormat;
};

struct TLS_PARAMETERS {
	DWORD cAlpnIds;
	void *rgstrAlpnIds;
	DWORD grbitDisabledProtocols, cDisabledCrypto;
	void *pDisabledCrypto;
	DWORD dwFlags;
};

struct SCH_CREDENTIALS {
	DWORD dwVersion, dwCredFormat, cCreds;
	const struct CERT_CONTEXT **paCred;
	void *hRootStore;
	DWORD cMappers;
	void **aphMappers;
	DWORD dwSessionLifespan, dwFlags, cTlsParameters;
	const struct TLS_PARAMETERS *pTlsParameters;
};

/* What a program says with either of them. */
struct wish {
	DWORD n, flags, enabled, disabled; /* enabled 0: as the system has it */
	const struct CERT_CONTEXT **certificate;
	void *roots;
};

/* SP_PROT_..., a client's and a server's bit of each version. */
static const struct {
	uint16_t version;
	DWORD bits;
} protocols[] = {
	{ TLS_1_0, 0x40 | 0x80 },
	{ TLS_1_1, 0x100 | 0x200 },
	{ TLS_1_2, 0x400 | 0x800 },
	{ TLS_1_3, 0x1000 | 0x2000 },
};

/* Without a wish the old ones are off. */
static bool
versions(struct secur32_credential *c, const struct wish *w)
{
	enum { GOOD = 0x3c00, ALL = 0x3fc0 };
	DWORD on = (w->enabled & ALL ? w->enabled : GOOD) & ~w->disabled;
	for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
		if (on & protocols[i].bits) {
			c->lowest = c->lowest ? c->lowest : protocols[i].version;
			c->highest = protocols[i].version;
		}
	return c->highest;
}

static bool
read_wish(const void *data, struct wish *w)
{
	const struct SCHANNEL_CRED *old = data;
	const struct SCH_CREDENTIALS *new = data;
	if (!data)
		return true;
	if (old->dwVersion == SCHANNEL_CRED_VERSION) {
		*w = (struct wish){ .n = old->cCreds,
			            .flags = old->dwFlags,
			            .enabled = old->grbitEnabledProtocols,
			            .certificate = old->paCred,
			            .roots = old->hRootStore };
		return true;
	}
	if (new->dwVersion != SCH_CREDENTIALS_VERSION)
		return false;
	*w = (struct wish){ .n = new->cCreds,
		            .flags = new->dwFlags,
		            .certificate = new->paCred,
		            .roots = new->hRootStore };
	for (DWORD i = 0; i < new->cTlsParameters; i++)
		w->disabled |= new->pTlsParameters[i].grbitDisabledProtocols;
	return true;
}

/* -- one's own certificate -------------------------------------------------------------------------- */

static bool
copy(struct tlsconn_bytes *to, const void *from, size_t n)
{
	uint8_t *p = malloc(n);
	if (!p)
		return false;
	memcpy(p, from, n);
	*to = (struct tlsconn_bytes){ p, n };
	return true;
}

static LONG
read_own(struct secur32_credential *c, const struct CERT_CONTEXT *context)
{
	struct crypt32_cert *way[TLS_CERTIFICATES];
	struct der key = { 0 };
	if (!crypt32_private_key(context, &key))
		return SEC_E_NO_CREDENTIALS;
	bool ok = copy(&c->own.key, key.p, key.n);
	der_free(&key);
	size_t n = crypt32_way_up(context, way, TLS_CERTIFICATES);
	for (size_t i = 0; i < n; i++) {
		const struct x509 *x = &way[i]->x;
		/* whoever asks has the root, or does not trust it */
		bool root = i && x509_same(x->issuer, x->subject);
		if (ok && (!root || c->flags & SCH_SEND_ROOT)) {
			ok = copy(&c->own.certificate[c->own.n], x->raw.p, x->raw.n);
			c->own.n += ok;
		}
		crypt32_cert_unref(way[i]);
	}
	c->local = crypt32_cert_ref((struct crypt32_cert *)context);
	return ok && n ? SEC_E_OK : SEC_E_INSUFFICIENT_MEMORY;
}

static void
own_free(struct tlsconn_own *own)
{
	for (size_t i = 0; i < own->n; i++)
		free((void *)own->certificate[i].p);
	if (own->key.p) {
		explicit_bzero((void *)own->key.p, own->key.n);
		free((void *)own->key.p);
	}
}

/* -- their life --------------------------------------------------------------------------------------- */

struct secur32_credential *
secur32_credential_of(const struct SecHandle *h)
{
	struct secur32_credential *c = h ? (struct secur32_credential *)h->dwLower : NULL;
	return c && h->dwLower != (ULONG_PTR)-1 && c->magic == SECUR32_CREDENTIAL ? c : NULL;
}

struct secur32_credential *
secur32_credential_ref(struct secur32_credential *c)
{
	c->refs++;
	return c;
}

void
secur32_credential_unref(struct secur32_credential *c)
{
	if (!c || --c->refs)
		return;
	c->magic = 0;
	for (size_t i = 0; i < SECUR32_SESSIONS; i++) {
		free(c->session[i].host);
		tlsconn_session_free(c->session[i].session);
	}
	own_free(&c->own);
	tlsconn_memory_free(c->memory);
	if (c->local)
		crypt32_cert_unref(c->local);
	if (c->roots)
		crypt32_store_unref(c->roots);
	free(c);
}

static LONG
fill(struct secur32_credential *c, const struct wish *w)
{
	c->flags = w->flags;
	if (!versions(c, w))
		return SEC_E_ALGORITHM_MISMATCH;
	if (w->roots && !(c->roots = crypt32_store_ref(w->roots)))
		return SEC_E_UNKNOWN_CREDENTIALS;
	if (c->server && !(c->memory = tlsconn_memory_new()))
		return SEC_E_INSUFFICIENT_MEMORY;
	if (w->n && w->certificate && w->certificate[0])
		return read_own(c, w->certificate[0]);
	return c->server ? SEC_E_NO_CREDENTIALS : SEC_E_OK;
}

static LONG
acquire(ULONG use, const void *data, struct SecHandle *out, LONGLONG *expires)
{
	struct wish w = { 0 };
	if (!out || (use != SECPKG_CRED_INBOUND && use != SECPKG_CRED_OUTBOUND))
		return SEC_E_INVALID_PARAMETER;
	if (!read_wish(data, &w))
		return SEC_E_UNKNOWN_CREDENTIALS;
	struct secur32_credential *c = calloc(1, sizeof *c);
	if (!c)
		return SEC_E_INSUFFICIENT_MEMORY;
	c->magic = SECUR32_CREDENTIAL;
	c->refs = 1;
	c->server = use == SECPKG_CRED_INBOUND;
	LONG s = fill(c, &w);
	if (s != SEC_E_OK) {
		secur32_credential_unref(c);
		return s;
	}
	*out = (struct SecHandle){ (ULONG_PTR)c, 0 };
	if (expires)
		*expires = INT64_MAX;
	return SEC_E_OK;
}

WINAPI LONG
secur32_AcquireCredentialsHandleW(const WCHAR *principal, const WCHAR *package, ULONG use,
                                  void *logon, const void *data, void *key, void *key_of,
                                  struct SecHandle *credential, LONGLONG *expires)
{
	(void)principal, (void)logon, (void)key, (void)key_of;
	if (!package || !secur32_is_schannel(package))
		return SEC_E_SECPKG_NOT_FOUND;
	return acquire(use, data, credential, expires);
}

WINAPI LONG
secur32_AcquireCredentialsHandleA(const char *principal, const char *package, ULONG use,
                                  void *logon, const void *data, void *key, void *key_of,
                                  struct SecHandle *credential, LONGLONG *expires)
{
	WCHAR *name = package ? utf_wide(package) : NULL;
	LONG s = secur32_AcquireCredentialsHandleW(NULL, name, use, logon, data, key, key_of,
	                                           credential, expires);
	(void)principal;
	free(name);
	return s;
}

WINAPI LONG
secur32_FreeCredentialsHandle(struct SecHandle *h)
{
	struct secur32_credential *c = secur32_credential_of(h);
	if (!c)
		return SEC_E_INVALID_HANDLE;
	h->dwLower = h->dwUpper = 0;
	secur32_credential_unref(c);
	return SEC_E_OK;
}

/* -- sessions ------------------------------------------------------------------------------------------- */

struct tlsconn_session *
secur32_session_take(struct secur32_credential *c, const char *host, bool judged)
{
	struct tlsconn_session *s = NULL;
	char *name = NULL;
	steady_lock(&c->lock);
	for (size_t i = 0; i < SECUR32_SESSIONS && !s; i++) {
		struct secur32_session *e = &c->session[i];
		if (!e->host || strcasecmp(e->host, host) || e->judged < judged)
			continue;
		s = e->session;
		name = e->host;
		*e = (struct secur32_session){ 0 };
	}
	steady_unlock(&c->lock);
	free(name);
	return s;
}

void
secur32_session_keep(struct secur32_credential *c, const char *host, bool judged,
                     struct tlsconn_session *s)
{
	struct secur32_session fresh = { strdup(host), judged, s }, old;
	if (!fresh.host || !s) {
		free(fresh.host);
		tlsconn_session_free(s);
		return;
	}
	steady_lock(&c->lock);
	unsigned at = c->next++ % SECUR32_SESSIONS;
	for (unsigned i = 0; i < SECUR32_SESSIONS; i++)
		if (c->session[i].host && !strcasecmp(c->session[i].host, host))
			at = i;
	old = c->session[at];
	c->session[at] = fresh;
	steady_unlock(&c->lock);
	free(old.host);
	tlsconn_session_free(old.session);
}
