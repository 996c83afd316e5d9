/* SPDX-License-Identifier: Apache-2.0 */
// crypt32: certificates, what stores do with them, chains and policies.
// needs: joist mingw
// libs: -lcrypt32
// run: joist run --rm $GUEST
// expect: a certificate: ok
// expect: properties: ok
// expect: a store: ok
// expect: several stores: ok
// expect: a chain: ok
// expect: what speaks against it: ok
// expect: servers: ok
#include "check.h"
#include "chain.h"
#include <wincrypt.h>

/* What MinGW's header does not have. */
struct config {
	DWORD cbSize;
	HCERTSTORE restricted[3];
	DWORD n;
	HCERTSTORE *more;
	DWORD flags, timeout, cached, modulus;
	HCERTSTORE exclusive, people;
	DWORD exclusive_flags;
};

static const FILETIME in_2030 = { 0xa005c000, 0x1e0f6c0 }, in_2040 = { 0xac9cc000, 0x1ec2c81 };

static PCCERT_CONTEXT
cert(const char *base64)
{
	BYTE der[2048];
	DWORD n = sizeof der;
	if (!CryptStringToBinaryA(base64, 0, CRYPT_STRING_BASE64, der, &n, NULL, NULL))
		return NULL;
	return CertCreateCertificateContext(X509_ASN_ENCODING, der, n);
}

static void
one(void)
{
	PCCERT_CONTEXT c = cert(inter);
	IS(c && c->dwCertEncodingType == X509_ASN_ENCODING && c->cbCertEncoded && !c->hCertStore);
	CERT_INFO *i = c->pCertInfo;
	IS(i->dwVersion == CERT_V3);
	/* the lowest byte first */
	IS(i->SerialNumber.cbData == 3 && i->SerialNumber.pbData[0] == 0x77);
	IS(!strcmp(i->SignatureAlgorithm.pszObjId, szOID_ECDSA_SHA384));
	IS(!strcmp(i->SubjectPublicKeyInfo.Algorithm.pszObjId, szOID_RSA_RSA));
	IS(i->cExtension == 4 && i->SubjectPublicKeyInfo.PublicKey.cUnusedBits == 0);
	CERT_EXTENSION *e =
	        CertFindExtension(szOID_BASIC_CONSTRAINTS2, i->cExtension, i->rgExtension);
	IS(e && e->fCritical && !CertFindExtension("1.2.3", i->cExtension, i->rgExtension));
	PCCERT_CONTEXT r = cert(root);
	IS(CertCompareCertificateName(X509_ASN_ENCODING, &i->Issuer, &r->pCertInfo->Subject));
	IS(!CertCompareCertificateName(X509_ASN_ENCODING, &i->Subject, &r->pCertInfo->Subject));
	IS(CertCompareCertificate(X509_ASN_ENCODING, i, i));
	IS(!CertCompareCertificate(X509_ASN_ENCODING, i, r->pCertInfo));
	FILETIME early = { 0, 0x1a00000 };
	IS(CertVerifyTimeValidity((FILETIME *)&in_2030, i) == 0);
	IS(CertVerifyTimeValidity(&early, i) == -1);
	PCCERT_CONTEXT l = cert(leaf);
	IS(CertVerifyTimeValidity((FILETIME *)&in_2040, l->pCertInfo) == 1);
	/* bytes that are none */
	ERR(CertCreateCertificateContext(X509_ASN_ENCODING, (BYTE *)"0\3abc", 5),
	    CRYPT_E_ASN1_BADTAG);
	ERR(CertCreateCertificateContext(X509_ASN_ENCODING, l->pbCertEncoded, 200),
	    CRYPT_E_ASN1_BADTAG);
	IS(CertDuplicateCertificateContext(l) == l && CertFreeCertificateContext(l));
	CertFreeCertificateContext(l);
	CertFreeCertificateContext(r);
	CertFreeCertificateContext(c);
	done("a certificate");
}

static void
properties(void)
{
	static const BYTE sha1[] = { 0xdb, 0xe1, 0x38, 0x0c, 0xe8, 0x5e, 0xa7, 0x2f, 0x5e, 0xec,
		                     0xe3, 0x80, 0xb8, 0x9d, 0xdc, 0x68, 0xee, 0xd0, 0xe3, 0xb4 };
	PCCERT_CONTEXT c = cert(inter), l = cert(leaf);
	BYTE out[64];
	DWORD n = 0;
	IS(CertGetCertificateContextProperty(c, CERT_SHA1_HASH_PROP_ID, NULL, &n) && n == 20);
	IS(CertGetCertificateContextProperty(c, CERT_SHA1_HASH_PROP_ID, out, &n));
	IS(!memcmp(out, sha1, 20));
	n = 5;
	ERR(CertGetCertificateContextProperty(c, CERT_SHA1_HASH_PROP_ID, out, &n), ERROR_MORE_DATA);
	ERR(CertGetCertificateContextProperty(c, CERT_FRIENDLY_NAME_PROP_ID, NULL, &n),
	    CRYPT_E_NOT_FOUND);
	CRYPT_DATA_BLOB name = { 6, (BYTE *)L"me" };
	IS(CertSetCertificateContextProperty(c, CERT_FRIENDLY_NAME_PROP_ID, 0, &name));
	n = sizeof out;
	IS(CertGetCertificateContextProperty(c, CERT_FRIENDLY_NAME_PROP_ID, out, &n));
	IS(n == 6 && !wcscmp((WCHAR *)out, L"me"));
	IS(CertSetCertificateContextProperty(c, CERT_FRIENDLY_NAME_PROP_ID, 0, NULL));
	ERR(CertGetCertificateContextProperty(c, CERT_FRIENDLY_NAME_PROP_ID, out, &n),
	    CRYPT_E_NOT_FOUND);
	/* usages: of the server's one, of the other none, which is all */
	CERT_ENHKEY_USAGE *u = (CERT_ENHKEY_USAGE *)out;
	n = 0;
	IS(CertGetEnhancedKeyUsage(l, 0, NULL, &n) && n <= sizeof out);
	IS(CertGetEnhancedKeyUsage(l, 0, u, &n) && u->cUsageIdentifier == 1);
	IS(!strcmp(u->rgpszUsageIdentifier[0], szOID_PKIX_KP_SERVER_AUTH));
	n = sizeof out;
	IS(CertGetEnhancedKeyUsage(c, 0, u, &n) && u->cUsageIdentifier == 0);
	IS(GetLastError() == (DWORD)CRYPT_E_NOT_FOUND);
	CertFreeCertificateContext(l);
	CertFreeCertificateContext(c);
	done("properties");
}

static HCERTSTORE
memory(void)
{
	return CertOpenStore(CERT_STORE_PROV_MEMORY, 0, 0, 0, NULL);
}

static DWORD
count(HCERTSTORE s)
{
	DWORD n = 0;
	for (PCCERT_CONTEXT c = NULL; (c = CertEnumCertificatesInStore(s, c));)
		n++;
	return n;
}

static void
store(void)
{
	HCERTSTORE s = memory();
	PCCERT_CONTEXT r = cert(root), l = cert(leaf), c, d;
	IS(CertAddCertificateContextToStore(s, r, CERT_STORE_ADD_NEW, &c));
	IS(c != r && c->hCertStore == s && count(s) == 1);
	ERR(CertAddCertificateContextToStore(s, r, CERT_STORE_ADD_NEW, NULL), CRYPT_E_EXISTS);
	IS(CertAddCertificateContextToStore(s, r, CERT_STORE_ADD_USE_EXISTING, &d) && d == c);
	CertFreeCertificateContext(d);
	IS(CertAddEncodedCertificateToStore(s, X509_ASN_ENCODING, l->pbCertEncoded,
	                                    l->cbCertEncoded, CERT_STORE_ADD_ALWAYS, NULL));
	IS(CertAddCertificateContextToStore(s, r, CERT_STORE_ADD_REPLACE_EXISTING, NULL));
	IS(count(s) == 2);
	d = CertFindCertificateInStore(s, X509_ASN_ENCODING, 0, CERT_FIND_SUBJECT_STR_A, "LEAF",
	                               NULL);
	IS(d && d->cbCertEncoded == l->cbCertEncoded);
	BYTE hash[20];
	DWORD n = 20;
	CertGetCertificateContextProperty(d, CERT_SHA1_HASH_PROP_ID, hash, &n);
	CertFreeCertificateContext(d);
	CRYPT_HASH_BLOB b = { 20, hash };
	d = CertFindCertificateInStore(s, X509_ASN_ENCODING, 0, CERT_FIND_SHA1_HASH, &b, NULL);
	IS(d);
	/* a search goes on behind what it found */
	ERR(CertFindCertificateInStore(s, X509_ASN_ENCODING, 0, CERT_FIND_SHA1_HASH, &b, d),
	    CRYPT_E_NOT_FOUND);
	d = CertFindCertificateInStore(s, X509_ASN_ENCODING, 0, CERT_FIND_EXISTING, r, NULL);
	IS(d && CertDeleteCertificateFromStore(d) && count(s) == 1);
	/* what is held outlives its store, in it or out of it */
	d = CertEnumCertificatesInStore(s, NULL);
	IS(CertCloseStore(s, 0) && d->pCertInfo->dwVersion == CERT_V3);
	CertFreeCertificateContext(d);
	CertFreeCertificateContext(c);
	CertFreeCertificateContext(r);
	CertFreeCertificateContext(l);
	done("a store");
}

static void
several(void)
{
	HCERTSTORE all = CertOpenStore(CERT_STORE_PROV_COLLECTION, 0, 0, 0, NULL), a = memory(),
	           b = memory(), my = CertOpenSystemStoreA(0, "joist"), same;
	PCCERT_CONTEXT r = cert(root), l = cert(leaf);
	CertAddCertificateContextToStore(a, r, CERT_STORE_ADD_ALWAYS, NULL);
	CertAddCertificateContextToStore(b, l, CERT_STORE_ADD_ALWAYS, NULL);
	IS(CertAddStoreToCollection(all, a, 0, 0) && CertAddStoreToCollection(all, b, 0, 1));
	IS(count(all) == 2 && !CertAddStoreToCollection(a, b, 0, 0));
	PCCERT_CONTEXT c = CertEnumCertificatesInStore(all, NULL);
	IS(c && c->cbCertEncoded == l->cbCertEncoded); /* by priority */
	CertFreeCertificateContext(c);
	CertRemoveStoreFromCollection(all, b);
	IS(count(all) == 1);
	/* who opens a store of the system opens the same one */
	CertAddCertificateContextToStore(my, l, CERT_STORE_ADD_ALWAYS, NULL);
	same = CertOpenStore(CERT_STORE_PROV_SYSTEM_W, 0, 0, CERT_SYSTEM_STORE_CURRENT_USER,
	                     L"JOIST");
	IS(count(same) == 1 && CertDuplicateStore(same) == same && CertCloseStore(same, 0));
	IS(CertCloseStore(same, 0) && CertCloseStore(my, 0));
	IS(CertCloseStore(a, 0) && CertCloseStore(b, 0) && CertCloseStore(all, 0));
	CertFreeCertificateContext(r);
	CertFreeCertificateContext(l);
	done("several stores");
}

/* -- chains: root is trusted by an engine of its own -------------------------------------------- */

static HCERTCHAINENGINE engine;
static HCERTSTORE more;

static PCCERT_CHAIN_CONTEXT
chain(const char *of, const FILETIME *when, const char *usage, DWORD flags)
{
	char *ids[] = { (char *)usage };
	CERT_CHAIN_PARA para = { .cbSize = sizeof para };
	PCCERT_CHAIN_CONTEXT out = NULL;
	PCCERT_CONTEXT c = cert(of);
	para.RequestedUsage.Usage.cUsageIdentifier = usage != NULL;
	para.RequestedUsage.Usage.rgpszUsageIdentifier = ids;
	IS(CertGetCertificateChain(engine, c, (FILETIME *)when, more, &para, flags, NULL, &out));
	CertFreeCertificateContext(c);
	return out;
}

static DWORD
status(const char *of, const FILETIME *when, const char *usage)
{
	PCCERT_CHAIN_CONTEXT c = chain(of, when, usage, 0);
	DWORD e = c->TrustStatus.dwErrorStatus;
	CertFreeCertificateChain(c);
	return e;
}

static void
chains(void)
{
	PCCERT_CHAIN_CONTEXT c = chain(leaf, &in_2030, szOID_PKIX_KP_SERVER_AUTH, 0);
	IS(c->TrustStatus.dwErrorStatus == CERT_TRUST_NO_ERROR && c->cChain == 1);
	CERT_SIMPLE_CHAIN *s = c->rgpChain[0];
	IS(s->cElement == 3 && s->TrustStatus.dwErrorStatus == CERT_TRUST_NO_ERROR);
	IS(s->rgpElement[2]->TrustStatus.dwInfoStatus & CERT_TRUST_IS_SELF_SIGNED);
	IS(CertCompareCertificateName(X509_ASN_ENCODING,
	                              &s->rgpElement[0]->pCertContext->pCertInfo->Issuer,
	                              &s->rgpElement[1]->pCertContext->pCertInfo->Subject));
	IS(CertDuplicateCertificateChain(c) == c);
	CertFreeCertificateChain(c);
	CertFreeCertificateChain(c);
	/* nobody can be asked whether one was revoked */
	c = chain(leaf, &in_2030, NULL, CERT_CHAIN_REVOCATION_CHECK_CHAIN_EXCLUDE_ROOT);
	IS(c->TrustStatus.dwErrorStatus ==
	   (CERT_TRUST_REVOCATION_STATUS_UNKNOWN | CERT_TRUST_IS_OFFLINE_REVOCATION));
	CertFreeCertificateChain(c);
	done("a chain");
}

static void
against(void)
{
	IS(status(leaf, &in_2040, NULL) == CERT_TRUST_IS_NOT_TIME_VALID);
	IS(status(leaf, &in_2030, szOID_PKIX_KP_CLIENT_AUTH) == CERT_TRUST_IS_NOT_VALID_FOR_USAGE);
	/* one that is no authority has issued it, and the one above that allows none below */
	IS(status(below, &in_2030, NULL) == CERT_TRUST_INVALID_BASIC_CONSTRAINTS);
	IS(status(other, &in_2030, NULL) == CERT_TRUST_INVALID_NAME_CONSTRAINTS);
	IS(status(root, &in_2030, NULL) == CERT_TRUST_NO_ERROR);
	HCERTCHAINENGINE mine = engine;
	engine = NULL;
	/* by what the system trusts: somebody else */
	IS(status(leaf, &in_2030, NULL) == CERT_TRUST_IS_UNTRUSTED_ROOT);
	HCERTSTORE all = more;
	more = NULL;
	IS(status(leaf, &in_2030, NULL) == CERT_TRUST_IS_PARTIAL_CHAIN);
	engine = mine;
	more = all;
	/* a byte of what was signed is another one */
	PCCERT_CONTEXT l = cert(leaf), bad;
	BYTE der[2048];
	memcpy(der, l->pbCertEncoded, l->cbCertEncoded);
	for (DWORD i = 0; i + 4 < l->cbCertEncoded; i++)
		if (!memcmp(der + i, "leaf", 4))
			der[i] = 'L';
	bad = CertCreateCertificateContext(X509_ASN_ENCODING, der, l->cbCertEncoded);
	PCCERT_CHAIN_CONTEXT c;
	CERT_CHAIN_PARA para = { .cbSize = sizeof para };
	IS(bad &&
	   CertGetCertificateChain(engine, bad, (FILETIME *)&in_2030, more, &para, 0, NULL, &c));
	IS(c->TrustStatus.dwErrorStatus == CERT_TRUST_IS_PARTIAL_CHAIN);
	CertFreeCertificateChain(c);
	CertFreeCertificateContext(bad);
	CertFreeCertificateContext(l);
	done("what speaks against it");
}

static DWORD
server(PCCERT_CHAIN_CONTEXT c, const WCHAR *name, DWORD flags, DWORD checks)
{
	HTTPSPolicyCallbackData ssl = { .dwAuthType = AUTHTYPE_SERVER, .fdwChecks = checks };
	CERT_CHAIN_POLICY_PARA p = { sizeof p, flags, &ssl };
	CERT_CHAIN_POLICY_STATUS s = { .cbSize = sizeof s };
	ssl.cbStruct = sizeof ssl;
	ssl.pwszServerName = (WCHAR *)name;
	IS(CertVerifyCertificateChainPolicy(CERT_CHAIN_POLICY_SSL, c, &p, &s));
	return s.dwError;
}

static void
servers(void)
{
	PCCERT_CHAIN_CONTEXT c = chain(leaf, &in_2030, szOID_PKIX_KP_SERVER_AUTH, 0);
	const DWORD no = (DWORD)CERT_E_CN_NO_MATCH;
	IS(server(c, L"www.example.test", 0, 0) == 0 && server(c, L"WWW.Example.Test.", 0, 0) == 0);
	IS(server(c, L"example.test", 0, 0) == no && server(c, L"leaf", 0, 0) == no);
	IS(server(c, L"a.wild.test", 0, 0) == 0 && server(c, L"wild.test", 0, 0) == no);
	IS(server(c, L"a.b.wild.test", 0, 0) == no && server(c, L".wild.test", 0, 0) == no);
	IS(server(c, L"127.0.0.1", 0, 0) == 0 && server(c, L"127.0.0.2", 0, 0) == no);
	IS(server(c, L"else.test", 0, 0x1000) == 0); /* SECURITY_FLAG_IGNORE_CERT_CN_INVALID */
	CertFreeCertificateChain(c);
	c = chain(leaf, &in_2040, NULL, 0);
	IS(server(c, L"www.example.test", 0, 0) == (DWORD)CERT_E_EXPIRED);
	IS(server(c, L"www.example.test", CERT_CHAIN_POLICY_IGNORE_NOT_TIME_VALID_FLAG, 0) == 0);
	CertFreeCertificateChain(c);
	engine = NULL;
	c = chain(leaf, &in_2030, NULL, 0);
	IS(server(c, L"www.example.test", 0, 0) == (DWORD)CERT_E_UNTRUSTEDROOT);
	IS(server(c, L"www.example.test", CERT_CHAIN_POLICY_ALLOW_UNKNOWN_CA_FLAG, 0) == 0);
	CertFreeCertificateChain(c);
	done("servers");
}

int
main(void)
{
	one();
	properties();
	store();
	several();
	HCERTSTORE roots = memory();
	more = memory();
	const char *const others[] = { root, inter, leaf, only };
	for (int i = 0; i < 4; i++) {
		PCCERT_CONTEXT c = cert(others[i]);
		CertAddCertificateContextToStore(i ? more : roots, c, CERT_STORE_ADD_ALWAYS, NULL);
		if (!i)
			CertAddCertificateContextToStore(more, c, CERT_STORE_ADD_ALWAYS, NULL);
		CertFreeCertificateContext(c);
	}
	struct config config = { .cbSize = sizeof config, .exclusive = roots };
	IS(CertCreateCertificateChainEngine((CERT_CHAIN_ENGINE_CONFIG *)&config, &engine));
	HCERTCHAINENGINE mine = engine;
	chains();
	against();
	servers();
	CertFreeCertificateChainEngine(mine);
	CertCloseStore(roots, 0);
	CertCloseStore(more, 0);
	return 0;
}
