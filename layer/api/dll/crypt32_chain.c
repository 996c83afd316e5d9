/* SPDX-License-Identifier: Apache-2.0 */
/* Chains: from a certificate up to somebody who is trusted, and what speaks against it.
 *
 * RFC 5280 6.1, without policies.  Nobody is asked over the network: issuers come from the stores that
 * are given and from ROOT and CA, and whether one was revoked is not known.
 */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/crypt32.h"
#include "layer/api/nt/clock.h"
#include "layer/api/nt/text/utf.h"
#include "layer/api/nt/thread/steady.h"

enum { LONGEST = 16, MOST_SIGNATURES = 256 };

enum {
	NOT_TIME_VALID = 1,
	NOT_SIGNATURE_VALID = 8,
	NOT_VALID_FOR_USAGE = 0x10,
	UNTRUSTED_ROOT = 0x20,
	REVOCATION_UNKNOWN = 0x40,
	BASIC_CONSTRAINTS = 0x400,
	NAME_CONSTRAINTS = 0x800,
	PARTIAL_CHAIN = 0x10000,
	OFFLINE_REVOCATION = 0x1000000,
	CRITICAL_EXTENSION = 0x8000000,
	/* dwInfoStatus */
	NAME_MATCH_ISSUER = 4,
	SELF_SIGNED = 8,
	PREFERRED_ISSUER = 0x100,
	/* dwFlags of CertGetCertificateChain */
	CHECK_END = 0x10000000,
	CHECK_CHAIN = 0x20000000,
	CHECK_WITHOUT_ROOT = 0x40000000,
};

struct trust {
	DWORD dwErrorStatus, dwInfoStatus;
};

struct CERT_CHAIN_ELEMENT {
	DWORD cbSize;
	const struct CERT_CONTEXT *pCertContext;
	struct trust TrustStatus;
	void *pRevocationInfo, *pIssuanceUsage, *pApplicationUsage;
	const WCHAR *pwszExtendedErrorInfo;
};

struct CERT_SIMPLE_CHAIN {
	DWORD cbSize;
	struct trust TrustStatus;
	DWORD cElement;
	struct CERT_CHAIN_ELEMENT **rgpElement;
	void *pTrustListInfo;
	BOOL fHasRevocationFreshnessTime;
	DWORD dwRevocationFreshnessTime;
};

struct CERT_CHAIN_CONTEXT {
	DWORD cbSize;
	struct trust TrustStatus;
	DWORD cChain;
	struct CERT_SIMPLE_CHAIN **rgpChain;
	DWORD cLowerQualityChainContext;
	const struct CERT_CHAIN_CONTEXT **rgpLowerQualityChainContext;
	BOOL fHasRevocationFreshnessTime;
	DWORD dwRevocationFreshnessTime, dwCreateFlags;
	BYTE ChainId[16];
};

struct CERT_USAGE_MATCH {
	DWORD dwType; /* 0: all of them, 1: one of them */
	struct {
		DWORD n;
		char **id;
	} Usage;
};

struct CERT_CHAIN_PARA {
	DWORD cbSize;
	struct CERT_USAGE_MATCH RequestedUsage;
};

struct CERT_CHAIN_ENGINE_CONFIG {
	DWORD cbSize;
	void *hRestrictedRoot, *hRestrictedTrust, *hRestrictedOther;
	DWORD cAdditionalStore;
	void **rghAdditionalStore;
	DWORD dwFlags, dwUrlRetrievalTimeout, MaximumCachedCertificates, CycleDetectionModulus;
	void *hExclusiveRoot, *hExclusiveTrustedPeople;
	DWORD dwExclusiveFlags;
};

enum { STORES = 16 };

struct engine {
	void *roots;         /* own: instead of ROOT */
	void *store[STORES]; /* own: where issuers are looked for, too */
	size_t n;
	bool any_ca; /* CERT_CHAIN_EXCLUSIVE_ENABLE_CA_FLAG: what is in roots need not be self-signed */
};

/* What programs see, and all that it is made of. */
struct chain {
	struct CERT_CHAIN_CONTEXT context;
	struct CERT_SIMPLE_CHAIN simple, *simples[1];
	struct CERT_CHAIN_ELEMENT element[LONGEST], *elements[LONGEST];
	struct crypt32_cert *cert[LONGEST]; /* own: counts */
	_Atomic uint32_t refs;
};

/* -- engines ------------------------------------------------------------------------------------ */

static void
engine_free(struct engine *e)
{
	if (e->roots)
		crypt32_store_unref(e->roots);
	for (size_t i = 0; i < e->n; i++)
		crypt32_store_unref(e->store[i]);
	free(e);
}

static bool
also(struct engine *e, void *store)
{
	if (e->n == STORES || !crypt32_store_ref(store))
		return false;
	e->store[e->n++] = store;
	return true;
}

WINAPI BOOL
crypt32_CertCreateCertificateChainEngine(const struct CERT_CHAIN_ENGINE_CONFIG *c, void **out)
{
	bool exclusive = c && c->cbSize > offsetof(struct CERT_CHAIN_ENGINE_CONFIG, hExclusiveRoot);

	if (!c || !out || c->cbSize < offsetof(struct CERT_CHAIN_ENGINE_CONFIG, dwFlags))
		return refuse(CRYPT_E_INVALID_ARGUMENT);
	struct engine *e = calloc(1, sizeof *e);
	if (!e)
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	void *roots = exclusive && c->hExclusiveRoot ? c->hExclusiveRoot : c->hRestrictedRoot;
	bool ok = !roots || (e->roots = crypt32_store_ref(roots));
	e->any_ca = c->cbSize >= sizeof *c && c->dwExclusiveFlags & 1;
	if (ok && c->hRestrictedOther)
		ok = also(e, c->hRestrictedOther);
	for (DWORD i = 0; ok && i < c->cAdditionalStore; i++)
		ok = also(e, c->rghAdditionalStore[i]);
	if (!ok) {
		engine_free(e);
		return refuse(CRYPT_E_INVALID_ARGUMENT);
	}
	*out = e;
	return TRUE;
}

/* HCCE_CURRENT_USER, HCCE_LOCAL_MACHINE and HCCE_SERIAL_LOCAL_MACHINE are 0, 1 and 2 */
static struct engine *
engine_of(void *h)
{
	return (uintptr_t)h > 2 ? h : NULL;
}

WINAPI void
crypt32_CertFreeCertificateChainEngine(void *h)
{
	if (engine_of(h))
		engine_free(h);
}

/* -- search --------------------------------------------------------------------------------------- */

struct search {
	void *store[STORES + 3]; /* lent; the first is the one with those who are trusted */
	size_t n;
	bool any_ca;
	int signatures;
	struct crypt32_cert *way[LONGEST], *best[LONGEST]; /* counts */
	size_t best_n;
	int best_rank;
	bool best_signed;
};

static bool
is_in(void *store, const struct crypt32_cert *c)
{
	bool found = false;
	for (struct crypt32_cert *k = crypt32_store_next(store, NULL), *next; k; k = next) {
		found = x509_same(k->x.raw, c->x.raw);
		next = found ? NULL : crypt32_store_next(store, k);
		crypt32_cert_unref(k);
	}
	return found;
}

static bool
self_issued(const struct crypt32_cert *c)
{
	return x509_same(c->x.issuer, c->x.subject);
}

/* Where both say which key it is, it is the same. */
static bool
key_fits(const struct x509 *x, const struct x509 *issuer)
{
	struct x509_span a = x->known[X509_ISSUER_KEY], b = issuer->known[X509_SUBJECT_KEY];
	struct x509_element all, id, own;

	if (!a.p || !b.p || !x509_take(&a, 0x30, &all) || !x509_take(&all.in, 0x80, &id) ||
	    !x509_take(&b, 4, &own))
		return true;
	return x509_same(id.in, own.in);
}

/* A way ends here: is it better than the best so far?  3: with somebody trusted, 2: with one who
 * signed himself, 1: nowhere. */
static void
ends(struct search *s, size_t n, int rank)
{
	if (rank <= s->best_rank)
		return;
	for (size_t i = 0; i < s->best_n; i++)
		crypt32_cert_unref(s->best[i]);
	for (size_t i = 0; i < n; i++)
		s->best[i] = crypt32_cert_ref(s->way[i]);
	s->best_n = n;
	s->best_rank = rank;
}

static void
climb(struct search *s, size_t n)
{
	struct crypt32_cert *c = s->way[n - 1];
	bool self = self_issued(c);

	if (self || s->any_ca) {
		bool trusted = is_in(s->store[0], c);
		if (trusted || self) {
			ends(s, n, trusted ? 3 : 2);
			if (self || trusted)
				return;
		}
	}
	bool any = false;
	for (size_t i = 0; i < s->n && n < LONGEST && s->best_rank < 3; i++)
		for (struct crypt32_cert *k = crypt32_store_next(s->store[i], NULL), *next; k;
		     k = next) {
			bool loop = false;
			for (size_t j = 0; j < n; j++)
				loop |= x509_same(s->way[j]->x.raw, k->x.raw);
			if (!loop && x509_same(k->x.subject, c->x.issuer) &&
			    key_fits(&c->x, &k->x) && s->signatures > 0 &&
			    (s->signatures--, x509_signed_by(&c->x, &k->x))) {
				any = true;
				s->way[n] = k;
				climb(s, n + 1);
			}
			next = s->best_rank < 3 ? crypt32_store_next(s->store[i], k) : NULL;
			crypt32_cert_unref(k);
		}
	if (!any)
		ends(s, n, 1);
}

/* -- what speaks against it ------------------------------------------------------------------- */

static DWORD
usage_errors(const struct x509 *x, const struct CERT_USAGE_MATCH *u)
{
	DWORD good = 0;

	if (!u->Usage.n)
		return 0;
	for (DWORD i = 0; i < u->Usage.n; i++)
		good += x509_good_for(x, u->Usage.id[i]);
	return (u->dwType ? good > 0 : good == u->Usage.n) ? 0 : NOT_VALID_FOR_USAGE;
}

/* Of the certificate at i of n; trusted: the last one is. */
static DWORD
errors(const struct search *s, size_t i, int64_t now, const struct CERT_USAGE_MATCH *usage,
       DWORD flags)
{
	const struct x509 *x = &s->best[i]->x;
	size_t n = s->best_n, below = 0;
	bool last = i + 1 == n, root = last && self_issued(s->best[i]);
	DWORD e = usage_errors(x, usage);

	if (now < x->from || now > x->until)
		e |= NOT_TIME_VALID;
	if (x->unknown_critical)
		e |= CRITICAL_EXTENSION;
	if (i) {
		for (size_t j = 1; j < i; j++)
			below += !self_issued(s->best[j]);
		/* one of version 1 says nothing of that: as a root only */
		if (!(x->ca || (x->version < 2 && root)) ||
		    (x->known[X509_USAGE].p && !(x->usage & X509_MAY_SIGN)) ||
		    (x->path_most >= 0 && below > (size_t)x->path_most))
			e |= BASIC_CONSTRAINTS;
		for (size_t j = 0; j < i; j++)
			if (!x509_allows(x, &s->best[j]->x))
				e |= NAME_CONSTRAINTS;
	}
	if (root && s->best_rank < 3) {
		e |= UNTRUSTED_ROOT;
		if (!x509_signed_by(x, x))
			e |= NOT_SIGNATURE_VALID;
	}
	if (last && s->best_rank == 1)
		e |= PARTIAL_CHAIN;
	if (i == 0 ? flags & (CHECK_END | CHECK_CHAIN | CHECK_WITHOUT_ROOT)
	           : flags & (root ? CHECK_CHAIN : CHECK_CHAIN | CHECK_WITHOUT_ROOT))
		e |= root ? 0 : REVOCATION_UNKNOWN | OFFLINE_REVOCATION;
	return e;
}

static struct chain *
chain_of(struct search *s, int64_t now, const struct CERT_USAGE_MATCH *usage, DWORD flags)
{
	struct chain *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->refs = 1;
	c->context.cbSize = sizeof c->context;
	c->context.cChain = 1;
	c->context.rgpChain = c->simples;
	c->context.dwCreateFlags = flags;
	c->simples[0] = &c->simple;
	c->simple.cbSize = sizeof c->simple;
	c->simple.cElement = (DWORD)s->best_n;
	c->simple.rgpElement = c->elements;
	for (size_t i = 0; i < s->best_n; i++) {
		struct CERT_CHAIN_ELEMENT *e = c->elements[i] = &c->element[i];
		c->cert[i] = s->best[i];
		e->cbSize = sizeof *e;
		e->pCertContext = &s->best[i]->context;
		e->TrustStatus.dwErrorStatus = errors(s, i, now, usage, flags);
		e->TrustStatus.dwInfoStatus = self_issued(s->best[i])
		                                      ? SELF_SIGNED | NAME_MATCH_ISSUER
		                                      : NAME_MATCH_ISSUER;
		c->simple.TrustStatus.dwErrorStatus |= e->TrustStatus.dwErrorStatus;
	}
	c->simple.TrustStatus.dwInfoStatus = PREFERRED_ISSUER;
	c->context.TrustStatus = c->simple.TrustStatus;
	s->best_n = 0;
	return c;
}

WINAPI BOOL
crypt32_CertGetCertificateChain(void *h, const struct CERT_CONTEXT *context,
                                const struct FILETIME *when, void *more,
                                const struct CERT_CHAIN_PARA *para, DWORD flags, void *reserved,
                                const struct CERT_CHAIN_CONTEXT **out)
{
	const struct engine *e = engine_of(h);
	struct crypt32_cert *c = (struct crypt32_cert *)context;
	const struct CERT_USAGE_MATCH any = { 0 };
	void *ca, *roots;

	if (!c || !out || reserved)
		return refuse(CRYPT_E_INVALID_ARGUMENT);
	const struct CERT_USAGE_MATCH *usage =
	        para && para->cbSize >= sizeof *para ? &para->RequestedUsage : &any;
	struct search *s = calloc(1, sizeof *s);
	if (!s)
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	roots = e && e->roots ? crypt32_store_ref(e->roots) : crypt32_store_roots();
	ca = crypt32_store_named(u"CA");
	if (roots)
		s->store[s->n++] = roots;
	if (more && (more = crypt32_store_ref(more)))
		s->store[s->n++] = more;
	for (size_t i = 0; e && i < e->n; i++)
		s->store[s->n++] = e->store[i];
	if (ca)
		s->store[s->n++] = ca;
	s->any_ca = e && e->any_ca;
	s->signatures = MOST_SIGNATURES;
	s->way[0] = c;
	struct chain *chain = NULL;
	if (roots) {
		climb(s, 1);
		chain = chain_of(s, when ? clock_of(when) : clock_now(), usage, flags);
		for (size_t i = 0; i < s->best_n; i++)
			crypt32_cert_unref(s->best[i]);
		crypt32_store_unref(roots);
	}
	if (more)
		crypt32_store_unref(more);
	if (ca)
		crypt32_store_unref(ca);
	free(s);
	if (!chain)
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	*out = &chain->context;
	return TRUE;
}

WINAPI const struct CERT_CHAIN_CONTEXT *
crypt32_CertDuplicateCertificateChain(const struct CERT_CHAIN_CONTEXT *context)
{
	if (context)
		((struct chain *)context)->refs++;
	return context;
}

WINAPI void
crypt32_CertFreeCertificateChain(const struct CERT_CHAIN_CONTEXT *context)
{
	struct chain *c = (struct chain *)context;

	if (!c || --c->refs)
		return;
	for (DWORD i = 0; i < c->simple.cElement; i++)
		crypt32_cert_unref(c->cert[i]);
	free(c);
}

/* -- policies -------------------------------------------------------------------------------------- */

struct CERT_CHAIN_POLICY_PARA {
	DWORD cbSize, dwFlags;
	const void *pvExtraPolicyPara;
};

struct CERT_CHAIN_POLICY_STATUS {
	DWORD cbSize, dwError;
	LONG lChainIndex, lElementIndex;
	void *pvExtraPolicyStatus;
};

struct SSL_EXTRA_CERT_CHAIN_POLICY_PARA {
	DWORD cbSize, dwAuthType; /* 1: a client, 2: a server */
	DWORD fdwChecks;
	const WCHAR *pwszServerName;
};

#define CERT_E_CN_NO_MATCH 0x800b010f

/* What speaks against a chain, gravest first, and what lets it pass: flags of the policy, and of the
 * checks of SSL. */
static const struct {
	DWORD status, error, flags, checks;
} verdicts[] = {
	{ PARTIAL_CHAIN, 0x800b010a, 0x10, 0x100 },       /* CERT_E_CHAINING */
	{ NOT_SIGNATURE_VALID, 0x80096004, 0, 0 },        /* TRUST_E_CERT_SIGNATURE */
	{ UNTRUSTED_ROOT, 0x800b0109, 0x10, 0x100 },      /* CERT_E_UNTRUSTEDROOT */
	{ NOT_VALID_FOR_USAGE, 0x800b0110, 0x20, 0x200 }, /* CERT_E_WRONG_USAGE */
	{ NOT_TIME_VALID, 0x800b0101, 0x1, 0x2000 },      /* CERT_E_EXPIRED */
	{ BASIC_CONSTRAINTS, 0x80096019, 0x8, 0 },        /* TRUST_E_BASIC_CONSTRAINTS */
	{ NAME_CONSTRAINTS, 0x800b0114, 0x40, 0 },        /* CERT_E_INVALID_NAME */
	{ CRITICAL_EXTENSION, 0x800b0105, 0x2000, 0 },    /* CERT_E_CRITICAL */
	{ REVOCATION_UNKNOWN, 0x80092013, 0xf00, 0x80 },  /* CRYPT_E_REVOCATION_OFFLINE */
};

static void
judge(const struct CERT_SIMPLE_CHAIN *c, DWORD flags, DWORD checks,
      struct CERT_CHAIN_POLICY_STATUS *s)
{
	for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
		if (flags & verdicts[i].flags || checks & verdicts[i].checks)
			continue;
		for (DWORD k = 0; k < c->cElement; k++)
			if (c->rgpElement[k]->TrustStatus.dwErrorStatus & verdicts[i].status) {
				s->dwError = verdicts[i].error;
				s->lChainIndex = 0;
				s->lElementIndex = (LONG)k;
				return;
			}
	}
}

static bool
named(const struct CERT_SIMPLE_CHAIN *c, const WCHAR *name)
{
	const struct crypt32_cert *leaf = (const void *)c->rgpElement[0]->pCertContext;
	char *host = utf_narrow(name);
	bool is = host && x509_for_host(&leaf->x, host);

	free(host);
	return is;
}

WINAPI BOOL
crypt32_CertVerifyCertificateChainPolicy(const char *policy, const struct CERT_CHAIN_CONTEXT *chain,
                                         const struct CERT_CHAIN_POLICY_PARA *para,
                                         struct CERT_CHAIN_POLICY_STATUS *s)
{
	enum { BASE = 1, AUTHENTICODE, AUTHENTICODE_TS, SSL, BASIC, NT_AUTH, MICROSOFT_ROOT };
	uintptr_t which = (uintptr_t)policy;
	DWORD flags = para ? para->dwFlags : 0, checks = 0;

	if (!chain || !s || !chain->cChain || !chain->rgpChain[0]->cElement)
		return refuse(CRYPT_E_INVALID_ARGUMENT);
	if (which < BASE || which > BASIC)
		return refuse(ERROR_FILE_NOT_FOUND);
	const struct CERT_SIMPLE_CHAIN *c = chain->rgpChain[0];
	const struct SSL_EXTRA_CERT_CHAIN_POLICY_PARA *ssl =
	        which == SSL && para ? para->pvExtraPolicyPara : NULL;
	s->dwError = 0;
	s->lChainIndex = s->lElementIndex = -1;
	if (which == BASIC) /* only that */
		flags |= 0x1 | 0x10 | 0x20 | 0x40 | 0xf00 | 0x2000;
	if (ssl)
		checks = ssl->fdwChecks;
	judge(c, flags, checks, s);
	if (!s->dwError && ssl && ssl->dwAuthType == 2 && ssl->pwszServerName &&
	    !(checks & 0x1000) && !(flags & 0x40) && !named(c, ssl->pwszServerName)) {
		s->dwError = CERT_E_CN_NO_MATCH;
		s->lChainIndex = s->lElementIndex = 0;
	}
	return TRUE;
}

/* -- for Schannel ---------------------------------------------------------------------------------- */

size_t
crypt32_way_up(const struct CERT_CONTEXT *c, struct crypt32_cert **out, size_t most)
{
	const struct CERT_CHAIN_CONTEXT *chain;
	size_t n = 0;

	if (!crypt32_CertGetCertificateChain(NULL, c, NULL, c->hCertStore, NULL, 0, NULL, &chain))
		return 0;
	for (; n < chain->rgpChain[0]->cElement && n < most; n++)
		out[n] = crypt32_cert_ref(((const struct chain *)chain)->cert[n]);
	crypt32_CertFreeCertificateChain(chain);
	return n;
}

DWORD
crypt32_verdict(const struct CERT_CONTEXT *c, void *roots, bool server, const WCHAR *host)
{
	static char server_usage[] = "1.3.6.1.5.5.7.3.1", client_usage[] = "1.3.6.1.5.5.7.3.2";
	char *usage[] = { server ? server_usage : client_usage };
	const struct CERT_CHAIN_PARA para = { sizeof para, { 0, { 1, usage } } };
	const struct SSL_EXTRA_CERT_CHAIN_POLICY_PARA ssl = { sizeof ssl, server ? 2 : 1, 0, host };
	const struct CERT_CHAIN_POLICY_PARA policy = { sizeof policy, 0, &ssl };
	struct CERT_CHAIN_POLICY_STATUS status = { sizeof status, CRYPT_E_NOT_FOUND, -1, -1, NULL };
	struct engine engine = { .roots = roots };
	const struct CERT_CHAIN_CONTEXT *chain;

	if (!crypt32_CertGetCertificateChain(roots ? &engine : NULL, c, NULL, c->hCertStore, &para,
	                                     0, NULL, &chain))
		return CRYPT_E_NOT_FOUND;
	crypt32_CertVerifyCertificateChainPolicy((const char *)4, chain, &policy, &status);
	crypt32_CertFreeCertificateChain(chain);
	return status.dwError;
}
