/* SPDX-License-Identifier: Apache-2.0 */
// Schannel: both ends of a connection in one program, what they say handed from one to the other.
// needs: joist mingw
// libs: -lsecur32 -lcrypt32 -lncrypt
// run: joist run --rm $GUEST
// expect: packages: ok
// expect: credentials: ok
// expect: agreed: ok
// expect: what is known: ok
// expect: records: ok
// expect: bit by bit: ok
// expect: whom one trusts: ok
// expect: a client's certificate: ok
// expect: versions and protocols: ok
// expect: a session again: ok
// expect: a hostile end: ok
// expect: threads: ok
// expect: names: ok
// expect: objects: ok
#define _WIN32_WINNT 0x0A00
#define SECURITY_WIN32
#include "check.h"
#include <ncrypt.h>
#include <sspi.h>
#include <schannel.h>
#include <wincrypt.h>
#include "loop.h"

enum { ROOM = 1 << 16, PROTOCOLS = 18, ALPN_ATTRIBUTE = 35, CIPHER_ATTRIBUTE = 0x64 };
enum { NO_ALPN = (int)0x80090367 };

struct bytes {
	BYTE p[ROOM];
	DWORD n;
};

static CredHandle server, client;
static PCCERT_CONTEXT server_cert, client_cert, root_cert;
static HCERTSTORE roots;

static DWORD
decode(const char *text, BYTE *out)
{
	DWORD n = ROOM;
	IS(CryptStringToBinaryA(text, 0, CRYPT_STRING_BASE64, out, &n, NULL, NULL));
	return n;
}

static PCCERT_CONTEXT
certificate(const char *text, const char *key)
{
	static BYTE p[ROOM];
	DWORD n = decode(text, p);
	PCCERT_CONTEXT c = CertCreateCertificateContext(X509_ASN_ENCODING, p, n);
	NCRYPT_PROV_HANDLE prov;
	NCRYPT_KEY_HANDLE k;
	if (!key)
		return c;
	n = decode(key, p);
	IS(!NCryptOpenStorageProvider(&prov, MS_KEY_STORAGE_PROVIDER, 0));
	IS(!NCryptImportKey(prov, 0, L"PKCS8_PRIVATEKEY", NULL, &k, p, n, 0));
	IS(CertSetCertificateContextProperty(c, 78 /* CERT_NCRYPT_KEY_HANDLE_PROP_ID */, 0,
	                                     (void *)k));
	NCryptFreeObject(prov);
	return c;
}

static LONG
acquire(CredHandle *h, int inbound, PCCERT_CONTEXT c, DWORD flags, DWORD protocols)
{
	SCHANNEL_CRED set = { .dwVersion = SCHANNEL_CRED_VERSION,
		              .cCreds = c != NULL,
		              .paCred = &c,
		              .dwFlags = flags,
		              .grbitEnabledProtocols = protocols };
	TimeStamp until;
	return AcquireCredentialsHandleW(NULL, (WCHAR *)UNISP_NAME_W,
	                                 inbound ? SECPKG_CRED_INBOUND : SECPKG_CRED_OUTBOUND, NULL,
	                                 &set, NULL, NULL, h, &until);
}

static void
packages(void)
{
	PSecPkgInfoW w, list;
	PSecPkgInfoA a, narrow;
	ULONG n = 0;
	IS(EnumerateSecurityPackagesW(&n, &list) == SEC_E_OK && n == 3 &&
	   !wcscmp(list[0].Name, L"Schannel"));
	IS(list[2].cbMaxToken > 16384 && list[2].fCapabilities & SECPKG_FLAG_STREAM &&
	   *list[2].Comment);
	FreeContextBuffer(list);
	IS(EnumerateSecurityPackagesA(&n, &narrow) == SEC_E_OK && n == 3 &&
	   !strcmp(narrow[1].Name, UNISP_NAME_A));
	FreeContextBuffer(narrow);
	IS(QuerySecurityPackageInfoW((WCHAR *)SCHANNEL_NAME_W, &w) == SEC_E_OK &&
	   !wcscmp(w->Name, L"Schannel"));
	FreeContextBuffer(w);
	IS(QuerySecurityPackageInfoA((char *)"microsoft unified security protocol provider", &a) ==
	   SEC_E_OK);
	FreeContextBuffer(a);
	IS(QuerySecurityPackageInfoA((char *)"Kerberos", &a) == SEC_E_SECPKG_NOT_FOUND);
	IS(QuerySecurityPackageInfoW((WCHAR *)L"NTLM", &w) == SEC_E_SECPKG_NOT_FOUND);
	PSecurityFunctionTableW t = InitSecurityInterfaceW();
	PSecurityFunctionTableA ta = InitSecurityInterfaceA();
	HMODULE dll = GetModuleHandleA("secur32");
	IS(t->dwVersion >= 1 &&
	   (void *)t->EncryptMessage == (void *)GetProcAddress(dll, "EncryptMessage"));
	IS((void *)t->AcquireCredentialsHandleW ==
	   (void *)GetProcAddress(dll, "AcquireCredentialsHandleW"));
	IS((void *)ta->InitializeSecurityContextA ==
	   (void *)GetProcAddress(dll, "InitializeSecurityContextA"));
	IS((void *)ta->DecryptMessage == (void *)GetProcAddress(dll, "DecryptMessage"));
	done("packages");
}

static void
credentials(void)
{
	CredHandle h = { 0 };
	DWORD strengths[2] = { 0 }, protocols = 0, wrong_version[20] = { 99 };
	SecPkgCred_SupportedAlgs algorithms = { 0 };
	IS(acquire(&h, 1, NULL, 0, 0) == SEC_E_NO_CREDENTIALS);
	IS(acquire(&h, 1, root_cert, 0, 0) == SEC_E_NO_CREDENTIALS);
	IS(AcquireCredentialsHandleA(NULL, (char *)"Negotiate", SECPKG_CRED_OUTBOUND, NULL, NULL,
	                             NULL, NULL, &h, NULL) == SEC_E_SECPKG_NOT_FOUND);
	IS(AcquireCredentialsHandleA(NULL, (char *)UNISP_NAME_A, SECPKG_CRED_OUTBOUND, NULL,
	                             wrong_version, NULL, NULL, &h,
	                             NULL) == SEC_E_UNKNOWN_CREDENTIALS);
	IS(AcquireCredentialsHandleA(NULL, (char *)UNISP_NAME_A, SECPKG_CRED_OUTBOUND, NULL, NULL,
	                             NULL, NULL, &h, NULL) == SEC_E_OK);
	IS(QueryCredentialsAttributesW(&h, SECPKG_ATTR_CIPHER_STRENGTHS, strengths) == SEC_E_OK &&
	   strengths[1] == 256);
	IS(QueryCredentialsAttributesA(&h, SECPKG_ATTR_SUPPORTED_ALGS, &algorithms) == SEC_E_OK &&
	   algorithms.cSupportedAlgs > 4);
	IS(QueryCredentialsAttributesW(&h, SECPKG_ATTR_SUPPORTED_PROTOCOLS, &protocols) ==
	           SEC_E_OK &&
	   protocols & SP_PROT_TLS1_2_CLIENT && !(protocols & SP_PROT_TLS1_CLIENT));
	IS(QueryCredentialsAttributesW(&h, 1, &protocols) == SEC_E_UNSUPPORTED_FUNCTION);
	IS(SetCredentialsAttributesW(&h, 1, &protocols, 4) == SEC_E_UNSUPPORTED_FUNCTION);
	IS(FreeCredentialsHandle(&h) == SEC_E_OK &&
	   FreeCredentialsHandle(&h) == SEC_E_INVALID_HANDLE);
	IS(SetCredentialsAttributesA(&h, 1, &protocols, 4) == SEC_E_INVALID_HANDLE);
	IS(acquire(&server, 1, server_cert, 0, 0) == SEC_E_OK);
	IS(acquire(&client, 0, NULL, SCH_CRED_NO_DEFAULT_CREDS, 0) == SEC_E_OK);
	done("credentials");
}

/* -- two ends -------------------------------------------------------------------------------------- */

struct end {
	CtxtHandle c;
	CredHandle *cred;
	const WCHAR *name; /* NULL: of a server */
	DWORD flags;
	const char *alpn;
	struct bytes in; /* what the other end sent */
	DWORD step;      /* how much of it is shown at a time; 0: all */
	LONG said;
};

static DWORD
names(BYTE *out, const char *alpn)
{
	size_t n = strlen(alpn);
	memset(out, 0, 300);
	*(DWORD *)out = (DWORD)n + 7;
	*(DWORD *)(out + 4) = 2;
	*(WORD *)(out + 8) = (WORD)(n + 1);
	out[10] = (BYTE)n;
	memcpy(out + 11, alpn, n);
	return (DWORD)n + 11;
}

/* One call; what it wants to say goes to the other end. */
static void
turn(struct end *e, struct end *other, DWORD shown)
{
	BYTE list[300];
	SecBuffer ib[3] = { { shown, SECBUFFER_TOKEN, e->in.p },
		            { 0, SECBUFFER_EMPTY, NULL },
		            { 0, SECBUFFER_EMPTY, NULL } };
	SecBuffer ob[2] = { { 0, SECBUFFER_TOKEN, NULL }, { 0, SECBUFFER_ALERT, NULL } };
	SecBufferDesc in = { SECBUFFER_VERSION, 2, ib }, out = { SECBUFFER_VERSION, 2, ob };
	int first = !e->c.dwLower;
	DWORD attr;
	if (e->alpn && first) {
		ib[2] = (SecBuffer){ names(list, e->alpn), PROTOCOLS, list };
		in.cBuffers = 3;
	}
	if (e->name)
		e->said =
		        InitializeSecurityContextW(e->cred, first ? NULL : &e->c, (WCHAR *)e->name,
		                                   e->flags | ISC_REQ_ALLOCATE_MEMORY |
		                                           ISC_REQ_STREAM | ISC_REQ_EXTENDED_ERROR,
		                                   0, 0, &in, 0, &e->c, &out, &attr, NULL);
	else
		e->said = AcceptSecurityContext(e->cred, first ? NULL : &e->c, &in,
		                                e->flags | ASC_REQ_ALLOCATE_MEMORY |
		                                        ASC_REQ_STREAM | ASC_REQ_EXTENDED_ERROR,
		                                0, &e->c, &out, &attr, NULL);
	if (e->said == SEC_E_OK || e->said == SEC_I_CONTINUE_NEEDED) {
		DWORD rest = ib[1].BufferType == SECBUFFER_EXTRA ? ib[1].cbBuffer : 0;
		memmove(e->in.p, e->in.p + shown - rest, e->in.n - shown + rest);
		e->in.n -= shown - rest;
	}
	if (ob[0].cbBuffer) {
		memcpy(other->in.p + other->in.n, ob[0].pvBuffer, ob[0].cbBuffer);
		other->in.n += ob[0].cbBuffer;
		FreeContextBuffer(ob[0].pvBuffer);
	}
}

static void
advance(struct end *e, struct end *other)
{
	if (!e->step || !e->in.n) {
		turn(e, other, e->in.n);
		return;
	}
	for (DWORD n = 1, all = e->in.n; n < all + e->step; n += e->step) {
		turn(e, other, n < all ? n : all);
		if (e->said != SEC_E_INCOMPLETE_MESSAGE)
			return;
	}
}

/* Until both are done, or one of them does not want to. */
static void
agree(struct end *c, struct end *s)
{
	c->said = s->said = SEC_I_CONTINUE_NEEDED;
	for (int k = 0; k < 5000 && (c->said != SEC_E_OK || s->said != SEC_E_OK); k++) {
		if (c->said == SEC_I_CONTINUE_NEEDED && (c->in.n || !c->c.dwLower))
			advance(c, s);
		if (c->said == SEC_I_INCOMPLETE_CREDENTIALS || (c->said < 0 && !s->in.n))
			return;
		if (s->said == SEC_I_CONTINUE_NEEDED && s->in.n)
			advance(s, c);
		if (s->said < 0 && (!c->in.n || c->said < 0))
			return;
	}
}

static void
begin(struct end *c, struct end *s)
{
	memset(c, 0, sizeof *c);
	memset(s, 0, sizeof *s);
	c->cred = &client;
	c->name = L"server.loop";
	c->flags = ISC_REQ_MANUAL_CRED_VALIDATION;
	s->cred = &server;
}

static void
end(struct end *c, struct end *s)
{
	if (c->c.dwLower)
		IS(DeleteSecurityContext(&c->c) == SEC_E_OK);
	if (s->c.dwLower)
		IS(DeleteSecurityContext(&s->c) == SEC_E_OK);
}

static struct end c, s;

/* -- records -------------------------------------------------------------------------------------------- */

static LONG
seal(CtxtHandle *h, const BYTE *p, DWORD n, struct bytes *out)
{
	SecPkgContext_StreamSizes z;
	LONG r = QueryContextAttributesW(h, SECPKG_ATTR_STREAM_SIZES, &z);
	if (r != SEC_E_OK)
		return r;
	BYTE *at = out->p + out->n;
	if (n)
		memcpy(at + z.cbHeader, p, n);
	SecBuffer b[4] = { { z.cbHeader, SECBUFFER_STREAM_HEADER, at },
		           { n, SECBUFFER_DATA, at + z.cbHeader },
		           { z.cbTrailer, SECBUFFER_STREAM_TRAILER, at + z.cbHeader + n },
		           { 0, SECBUFFER_EMPTY, NULL } };
	SecBufferDesc d = { SECBUFFER_VERSION, 4, b };
	r = EncryptMessage(h, 0, &d, 0);
	if (r == SEC_E_OK)
		out->n += b[0].cbBuffer + b[1].cbBuffer + b[2].cbBuffer;
	return r;
}

/* The text is moved to its front; what is behind the record stays in `in`. */
static LONG
open(CtxtHandle *h, struct bytes *in, struct bytes *out)
{
	static BYTE room[ROOM];
	DWORD n = in->n;
	memcpy(room, in->p, n);
	SecBuffer b[4] = { { n, SECBUFFER_DATA, room } };
	SecBufferDesc d = { SECBUFFER_VERSION, 4, b };
	LONG r = DecryptMessage(h, &d, 0, NULL);
	out->n = 0;
	if (r < 0) {
		if (r == SEC_E_INCOMPLETE_MESSAGE)
			IS(b[1].BufferType == SECBUFFER_MISSING && b[1].cbBuffer);
		return r;
	}
	IS(b[0].BufferType == SECBUFFER_STREAM_HEADER && b[1].BufferType == SECBUFFER_DATA &&
	   b[2].BufferType == SECBUFFER_STREAM_TRAILER);
	memcpy(out->p, b[1].pvBuffer, b[1].cbBuffer);
	out->n = b[1].cbBuffer;
	in->n = b[3].BufferType == SECBUFFER_EXTRA ? b[3].cbBuffer : 0;
	if (in->n)
		memcpy(in->p, b[3].pvBuffer, in->n);
	return r;
}

static LONG
control(struct end *e, struct end *other, DWORD word, DWORD level, DWORD alert)
{
	DWORD words[3] = { word, level, alert };
	SecBuffer b = { word == SCHANNEL_SHUTDOWN ? 4 : 12, SECBUFFER_TOKEN, words };
	SecBufferDesc d = { SECBUFFER_VERSION, 1, &b };
	LONG r = ApplyControlToken(&e->c, &d);
	if (r == SEC_E_OK)
		turn(e, other, 0);
	return r;
}

static struct bytes wire, text;

static void
agreed(void)
{
	begin(&c, &s);
	agree(&c, &s);
	IS(c.said == SEC_E_OK && s.said == SEC_E_OK && !c.in.n && !s.in.n);
	done("agreed");
}

static void
known(void)
{
	SecPkgContext_ConnectionInfo i = { 0 };
	SecPkgContext_Sizes sizes;
	SecPkgContext_StreamSizes z = { 0 };
	SecPkgContext_KeyInfoW key;
	SecPkgContext_KeyInfoA key_a;
	SecPkgContext_Bindings b1 = { 0 }, b2 = { 0 };
	SecPkgContext_Lifespan life;
	PSecPkgInfoW info;
	PCCERT_CONTEXT cert = NULL, own = NULL;
	HCERTSTORE trusted = NULL;
	DWORD flags = 0, issuers[4] = { 1, 1, 1, 1 };
	struct {
		DWORD version, protocol, suite, base;
		WCHAR name[64], cipher[64];
		DWORD bits, block;
		WCHAR hash[64];
		DWORD hash_bits;
		WCHAR exchange[64];
		DWORD least, most;
		WCHAR certificate[64];
		DWORD type;
	} cipher = { 1 };
	IS(QueryContextAttributesW(&c.c, SECPKG_ATTR_CONNECTION_INFO, &i) == SEC_E_OK &&
	   i.dwProtocol >= SP_PROT_TLS1_2_CLIENT);
	IS(i.dwCipherStrength == 256 && i.aiCipher == CALG_AES_256 && i.aiExch == 0xae06);
	IS(QueryContextAttributesA(&s.c, SECPKG_ATTR_CONNECTION_INFO, &i) == SEC_E_OK &&
	   i.dwProtocol == SP_PROT_TLS1_2_SERVER);
	IS(QueryContextAttributesW(&c.c, SECPKG_ATTR_SIZES, &sizes) == SEC_E_OK &&
	   sizes.cbMaxToken > 16384);
	IS(QueryContextAttributesW(&c.c, SECPKG_ATTR_STREAM_SIZES, &z) == SEC_E_OK &&
	   z.cbMaximumMessage == 16384 && z.cBuffers == 4);
	IS(z.cbHeader == 13 && z.cbTrailer >= 16);
	HMODULE dll = GetModuleHandleA("secur32");
	typedef LONG WINAPI query_ex(CtxtHandle *, ULONG, void *, ULONG);
	query_ex *wide = (query_ex *)(void *)GetProcAddress(dll, "QueryContextAttributesExW");
	query_ex *narrow = (query_ex *)(void *)GetProcAddress(dll, "QueryContextAttributesExA");
	IS(wide(&c.c, SECPKG_ATTR_STREAM_SIZES, &z, sizeof z) == SEC_E_OK);
	IS(narrow(&c.c, SECPKG_ATTR_STREAM_SIZES, &z, 8) == (LONG)0x80090321);
	IS(QueryContextAttributesW(&c.c, CIPHER_ATTRIBUTE, &cipher) == SEC_E_OK &&
	   cipher.suite == 0xc02c);
	IS(!wcscmp(cipher.name, L"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384") &&
	   !wcscmp(cipher.cipher, L"AES") && cipher.bits == 256);
	IS(!wcscmp(cipher.exchange, L"ECDH") && !wcscmp(cipher.certificate, L"ECDSA") &&
	   cipher.protocol == 0x303);
	IS(QueryContextAttributesW(&c.c, SECPKG_ATTR_KEY_INFO, &key) == SEC_E_OK &&
	   key.KeySize == 256 && !wcscmp(key.sEncryptAlgorithmName, L"AES"));
	IS(QueryContextAttributesA(&c.c, SECPKG_ATTR_KEY_INFO, &key_a) == SEC_E_OK &&
	   !strcmp(key_a.sSignatureAlgorithmName, "ECDSA"));
	IS(QueryContextAttributesW(&c.c, SECPKG_ATTR_UNIQUE_BINDINGS, &b1) == SEC_E_OK &&
	   b1.BindingsLength == 32 + 11 + 12);
	IS(QueryContextAttributesW(&s.c, SECPKG_ATTR_UNIQUE_BINDINGS, &b2) == SEC_E_OK &&
	   b2.BindingsLength == b1.BindingsLength);
	IS(!memcmp(b1.Bindings, b2.Bindings, b1.BindingsLength) &&
	   !memcmp((BYTE *)b1.Bindings + 32, "tls-unique:", 11));
	FreeContextBuffer(b1.Bindings);
	IS(QueryContextAttributesW(&c.c, SECPKG_ATTR_ENDPOINT_BINDINGS, &b1) == SEC_E_OK &&
	   b1.BindingsLength == 32 + 21 + 32);
	IS(QueryContextAttributesW(&c.c, SECPKG_ATTR_LIFESPAN, &life) == SEC_E_OK);
	IS(QueryContextAttributesW(&c.c, SECPKG_ATTR_FLAGS, &flags) == SEC_E_OK &&
	   flags & ISC_RET_STREAM);
	IS(QueryContextAttributesW(&c.c, SECPKG_ATTR_PACKAGE_INFO, &info) == SEC_E_OK &&
	   !wcscmp(info->Name, L"Schannel"));
	IS(QueryContextAttributesW(&c.c, SECPKG_ATTR_REMOTE_CERT_CONTEXT, &cert) == SEC_E_OK &&
	   CertCompareCertificate(X509_ASN_ENCODING, cert->pCertInfo, server_cert->pCertInfo));
	IS(QueryContextAttributesW(&s.c, SECPKG_ATTR_REMOTE_CERT_CONTEXT, &own) ==
	   SEC_E_NO_CREDENTIALS);
	IS(QueryContextAttributesW(&s.c, SECPKG_ATTR_LOCAL_CERT_CONTEXT, &own) == SEC_E_OK &&
	   own->cbCertEncoded == cert->cbCertEncoded);
	IS(QueryContextAttributesW(&s.c, SECPKG_ATTR_ROOT_STORE, &trusted) == SEC_E_OK &&
	   CertCloseStore(trusted, 0));
	IS(QueryContextAttributesW(&c.c, SECPKG_ATTR_ISSUER_LIST_EX, issuers) == SEC_E_OK &&
	   !issuers[2]);
	IS(QueryContextAttributesW(&c.c, 0x7777, issuers) == SEC_E_UNSUPPORTED_FUNCTION);
	IS(SetContextAttributesW(&c.c, 1, issuers, 4) == SEC_E_UNSUPPORTED_FUNCTION);
	IS(SetContextAttributesA(&client, 1, issuers, 4) == SEC_E_INVALID_HANDLE);
	IS(ImpersonateSecurityContext(&s.c) == SEC_E_UNSUPPORTED_FUNCTION &&
	   RevertSecurityContext(&s.c) == SEC_E_UNSUPPORTED_FUNCTION);
	IS(MakeSignature(&s.c, 0, NULL, 0) == SEC_E_UNSUPPORTED_FUNCTION &&
	   VerifySignature(&s.c, NULL, 0, NULL) == SEC_E_UNSUPPORTED_FUNCTION);
	IS(QuerySecurityContextToken(&s.c, NULL) == SEC_E_UNSUPPORTED_FUNCTION &&
	   ExportSecurityContext(&s.c, 0, NULL, NULL) == SEC_E_UNSUPPORTED_FUNCTION);
	IS(CompleteAuthToken(&s.c, NULL) == SEC_E_UNSUPPORTED_FUNCTION);
	CertFreeCertificateContext(cert);
	CertFreeCertificateContext(own);
	done("what is known");
}

static void
records(void)
{
	static BYTE big[16385];
	static const DWORD sizes[] = { 0, 1, 15, 16, 1000, 16384 };
	for (DWORD i = 0; i < sizeof big; i++)
		big[i] = (BYTE)(i * 7 + i / 256);
	for (int way = 0; way < 2; way++)
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
			wire.n = 0;
			IS(seal(way ? &s.c : &c.c, big, sizes[i], &wire) == SEC_E_OK &&
			   wire.n > sizes[i]);
			IS(open(way ? &c.c : &s.c, &wire, &text) == SEC_E_OK &&
			   text.n == sizes[i] && !memcmp(text.p, big, text.n));
		}
	IS(seal(&c.c, big, sizeof big, &wire) == SEC_E_INVALID_TOKEN);
	/* two in one buffer, and one that comes in pieces */
	wire.n = 0;
	IS(seal(&c.c, big, 100, &wire) == SEC_E_OK &&
	   seal(&c.c, big + 100, 200, &wire) == SEC_E_OK);
	DWORD all = wire.n;
	IS(open(&s.c, &wire, &text) == SEC_E_OK && text.n == 100 && wire.n && wire.n < all);
	DWORD rest = wire.n;
	for (wire.n = 0; wire.n < rest; wire.n++)
		IS(open(&s.c, &wire, &text) == SEC_E_INCOMPLETE_MESSAGE);
	IS(open(&s.c, &wire, &text) == SEC_E_OK && text.n == 200 &&
	   !memcmp(text.p, big + 100, 200));
	/* the end is said, and heard */
	IS(control(&c, &s, SCHANNEL_SHUTDOWN, 0, 0) == SEC_E_OK && c.said == SEC_E_OK && s.in.n);
	IS(open(&s.c, &s.in, &text) == SEC_I_CONTEXT_EXPIRED);
	/* and an alert */
	IS(control(&s, &c, SCHANNEL_ALERT, TLS1_ALERT_FATAL, TLS1_ALERT_ACCESS_DENIED) ==
	           SEC_E_OK &&
	   c.in.n);
	IS(open(&c.c, &c.in, &text) == SEC_E_ILLEGAL_MESSAGE &&
	   seal(&c.c, big, 1, &wire) == SEC_E_ILLEGAL_MESSAGE);
	end(&c, &s);
	IS(DeleteSecurityContext(&c.c) == SEC_E_INVALID_HANDLE);
	/* one that was changed on its way */
	begin(&c, &s);
	agree(&c, &s);
	wire.n = 0;
	IS(seal(&c.c, big, 100, &wire) == SEC_E_OK);
	wire.p[50] ^= 1;
	IS(open(&s.c, &wire, &text) == SEC_E_MESSAGE_ALTERED &&
	   open(&s.c, &wire, &text) == SEC_E_MESSAGE_ALTERED);
	end(&c, &s);
	done("records");
}

static void
bit_by_bit(void)
{
	static const DWORD steps[] = { 1, 3, 500 };
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		begin(&c, &s);
		c.step = s.step = steps[i];
		agree(&c, &s);
		IS(c.said == SEC_E_OK && s.said == SEC_E_OK && !c.in.n && !s.in.n);
		end(&c, &s);
	}
	done("bit by bit");
}

/* Without MANUAL the client looks itself; what it thinks is what both of them hear. */
static LONG
judged(const WCHAR *name, DWORD flags, LONG *other)
{
	CredHandle h, *old = &client;
	IS(acquire(&h, 0, NULL, flags, 0) == SEC_E_OK);
	begin(&c, &s);
	c.cred = &h;
	c.name = name;
	c.flags = 0;
	agree(&c, &s);
	LONG r = c.said;
	if (other)
		*other = s.said;
	end(&c, &s);
	IS(FreeCredentialsHandle(&h) == SEC_E_OK && old == &client);
	return r;
}

static void
trust(void)
{
	LONG other;
	IS(judged(L"server.loop", 0, &other) == SEC_E_UNTRUSTED_ROOT &&
	   other == SEC_E_UNTRUSTED_ROOT);
	IS(judged(L"server.loop", SCH_CRED_MANUAL_CRED_VALIDATION, NULL) == SEC_E_OK);
	IS(CertAddCertificateContextToStore(roots, root_cert, CERT_STORE_ADD_ALWAYS, NULL));
	IS(judged(L"server.loop", 0, &other) == SEC_E_OK && other == SEC_E_OK);
	IS(judged(L"a.server.loop", 0, NULL) == SEC_E_OK);
	IS(judged(L"another.loop", 0, NULL) == SEC_E_WRONG_PRINCIPAL);
	IS(judged(L"another.loop", SCH_CRED_NO_SERVERNAME_CHECK, NULL) == SEC_E_OK);
	done("whom one trusts");
}

static void
client_certificate(void)
{
	CredHandle with;
	PCCERT_CONTEXT cert = NULL;
	/* the server asks, and there is none: the program may say that it knows */
	begin(&c, &s);
	s.flags = ASC_REQ_MUTUAL_AUTH;
	agree(&c, &s);
	IS(c.said == SEC_I_INCOMPLETE_CREDENTIALS);
	c.flags |= ISC_REQ_USE_SUPPLIED_CREDS;
	turn(&c, &s, c.in.n);
	IS(c.said == SEC_I_CONTINUE_NEEDED);
	advance(&s, &c);
	advance(&c, &s);
	IS(c.said == SEC_E_OK && s.said == SEC_E_OK);
	IS(QueryContextAttributesW(&s.c, SECPKG_ATTR_REMOTE_CERT_CONTEXT, &cert) ==
	   SEC_E_NO_CREDENTIALS);
	end(&c, &s);
	/* or come with another credential */
	IS(acquire(&with, 0, client_cert, 0, 0) == SEC_E_OK);
	begin(&c, &s);
	s.flags = ASC_REQ_MUTUAL_AUTH;
	agree(&c, &s);
	IS(c.said == SEC_I_INCOMPLETE_CREDENTIALS);
	c.cred = &with;
	turn(&c, &s, c.in.n);
	advance(&s, &c);
	advance(&c, &s);
	IS(c.said == SEC_E_OK && s.said == SEC_E_OK);
	IS(QueryContextAttributesW(&s.c, SECPKG_ATTR_REMOTE_CERT_CONTEXT, &cert) == SEC_E_OK &&
	   CertCompareCertificate(X509_ASN_ENCODING, cert->pCertInfo, client_cert->pCertInfo));
	CertFreeCertificateContext(cert);
	end(&c, &s);
	/* a server's certificate is not good for a client */
	IS(FreeCredentialsHandle(&with) == SEC_E_OK &&
	   acquire(&with, 0, server_cert, 0, 0) == SEC_E_OK);
	begin(&c, &s);
	c.cred = &with;
	s.flags = ASC_REQ_MUTUAL_AUTH;
	agree(&c, &s);
	IS(s.said == SEC_E_CERT_WRONG_USAGE);
	end(&c, &s);
	FreeCredentialsHandle(&with);
	done("a client's certificate");
}

static void
versions(void)
{
	CredHandle old, old_server;
	SecPkgContext_ConnectionInfo i;
	struct {
		int status, kind;
		BYTE n, name[255];
	} alpn;
	/* one of old is not there for who does not ask for it */
	IS(acquire(&old, 0, NULL, 0, SP_PROT_TLS1_CLIENT) == SEC_E_OK &&
	   acquire(&old_server, 1, server_cert, 0, SP_PROT_TLS1_SERVER) == SEC_E_OK);
	begin(&c, &s);
	c.cred = &old;
	agree(&c, &s);
	IS(s.said < 0 && c.said < 0);
	end(&c, &s);
	begin(&c, &s);
	c.cred = &old;
	s.cred = &old_server;
	agree(&c, &s);
	IS(c.said == SEC_E_OK &&
	   QueryContextAttributesW(&c.c, SECPKG_ATTR_CONNECTION_INFO, &i) == SEC_E_OK &&
	   i.dwProtocol == SP_PROT_TLS1_CLIENT);
	wire.n = 0;
	IS(seal(&c.c, (const BYTE *)"some text", 9, &wire) == SEC_E_OK);
	end(&c, &s);
	FreeCredentialsHandle(&old);
	FreeCredentialsHandle(&old_server);
	begin(&c, &s);
	c.alpn = s.alpn = "h2";
	agree(&c, &s);
	IS(QueryContextAttributesW(&c.c, ALPN_ATTRIBUTE, &alpn) == SEC_E_OK && alpn.status == 1 &&
	   alpn.n == 2 && !memcmp(alpn.name, "h2", 2));
	IS(QueryContextAttributesW(&s.c, ALPN_ATTRIBUTE, &alpn) == SEC_E_OK && alpn.status == 1 &&
	   alpn.n == 2);
	end(&c, &s);
	begin(&c, &s);
	c.alpn = "h2";
	s.alpn = "http/1.1";
	agree(&c, &s);
	IS(s.said == NO_ALPN && c.said == NO_ALPN);
	end(&c, &s);
	begin(&c, &s);
	c.alpn = "h2";
	agree(&c, &s);
	IS(c.said == SEC_E_OK && QueryContextAttributesW(&c.c, ALPN_ATTRIBUTE, &alpn) == SEC_E_OK &&
	   !alpn.status);
	end(&c, &s);
	done("versions and protocols");
}

static void
session(void)
{
	CredHandle h;
	DWORD i[10];
	SecPkgContext_Bindings b1 = { 0 }, b2 = { 0 };
	PCCERT_CONTEXT cert = NULL;
	IS(acquire(&h, 0, NULL, 0, 0) == SEC_E_OK);
	for (int k = 0; k < 3; k++) {
		begin(&c, &s);
		c.cred = &h;
		agree(&c, &s);
		IS(c.said == SEC_E_OK && s.said == SEC_E_OK);
		IS(QueryContextAttributesW(&c.c, SECPKG_ATTR_SESSION_INFO, i) == SEC_E_OK &&
		   i[0] == (k > 0));
		IS(QueryContextAttributesW(&s.c, SECPKG_ATTR_SESSION_INFO, i) == SEC_E_OK &&
		   i[0] == (k > 0));
		/* who it was is known all the same, and what binds */
		IS(QueryContextAttributesW(&c.c, SECPKG_ATTR_REMOTE_CERT_CONTEXT, &cert) ==
		   SEC_E_OK);
		CertFreeCertificateContext(cert);
		IS(QueryContextAttributesW(&c.c, SECPKG_ATTR_UNIQUE_BINDINGS, &b1) == SEC_E_OK &&
		   QueryContextAttributesW(&s.c, SECPKG_ATTR_UNIQUE_BINDINGS, &b2) == SEC_E_OK &&
		   !memcmp(b1.Bindings, b2.Bindings, b1.BindingsLength));
		wire.n = 0;
		IS(seal(&c.c, (const BYTE *)"hello", 5, &wire) == SEC_E_OK &&
		   open(&s.c, &wire, &text) == SEC_E_OK && text.n == 5);
		end(&c, &s);
	}
	FreeCredentialsHandle(&h);
	done("a session again");
}

/* What no end of TLS says; each must be refused, by both. */
static void
hostile(void)
{
	unsigned seed = 1;
	for (int k = 0; k < 400; k++) {
		begin(&c, &s);
		turn(&c, &s, 0);
		if (k & 1) { /* or something that was changed */
			turn(&s, &c, s.in.n);
			if (s.said != SEC_I_CONTINUE_NEEDED)
				continue;
		}
		struct end *e = k & 1 ? &c : &s, *other = k & 1 ? &s : &c;
		for (int j = 0; j < 1 + k % 7; j++) {
			seed = seed * 1103515245 + 12345;
			e->in.p[(seed >> 8) % (e->in.n ? e->in.n : 1)] = (BYTE)(seed >> 20);
		}
		turn(e, other, e->in.n);
		IS(e->said == SEC_E_OK || e->said == SEC_I_CONTINUE_NEEDED || e->said < 0);
		end(&c, &s);
	}
	begin(&c, &s);
	memcpy(s.in.p, "GET / HTTP/1.1\r\n\r\n", 18);
	s.in.n = 18;
	turn(&s, &c, 18);
	IS(s.said == SEC_E_INVALID_TOKEN && !s.c.dwLower);
	SecBuffer b = { 4, SECBUFFER_TOKEN, "abcd" };
	SecBufferDesc d = { SECBUFFER_VERSION, 1, &b };
	IS(ApplyControlToken(&s.c, &d) == SEC_E_INVALID_HANDLE);
	IS(EncryptMessage(&client, 0, &d, 0) == SEC_E_INVALID_HANDLE &&
	   DecryptMessage(&client, &d, 0, NULL) == SEC_E_INVALID_HANDLE);
	turn(&c, &s, 0);
	IS(EncryptMessage(&c.c, 0, &d, 0) == SEC_E_INVALID_TOKEN &&
	   seal(&c.c, b.pvBuffer, 1, &wire) == SEC_E_INVALID_HANDLE);
	end(&c, &s);
	done("a hostile end");
}

/* One thread writes and another reads: both of one connection. */
static volatile LONG bad;
static struct bytes to_server;

static DWORD WINAPI
reads(void *arg)
{
	static struct bytes in, out;
	(void)arg;
	for (int k = 0; k < 500; k++) {
		memcpy(in.p, to_server.p + k * 130, 130);
		in.n = 129;
		if (open(&c.c, &in, &out) != SEC_E_OK || out.n != 100)
			InterlockedIncrement(&bad);
	}
	return 0;
}

static void
threads(void)
{
	static BYTE part[100];
	static struct bytes out;
	begin(&c, &s);
	agree(&c, &s);
	for (int k = 0; k < 500; k++) {
		out.n = 0;
		IS(seal(&s.c, part, 100, &out) == SEC_E_OK && out.n == 129);
		memcpy(to_server.p + k * 130, out.p, out.n);
	}
	HANDLE t = CreateThread(NULL, 0, reads, NULL, 0, NULL);
	for (int k = 0; k < 500; k++) {
		out.n = 0;
		if (seal(&c.c, part, 100, &out) != SEC_E_OK || out.n != 129)
			InterlockedIncrement(&bad);
	}
	WaitForSingleObject(t, INFINITE);
	CloseHandle(t);
	IS(!bad);
	end(&c, &s);
	done("threads");
}

/* -- names of certificates, and what bytes are -------------------------------------------------------------- */

static int
is_named(DWORD kind, DWORD flags, const void *more, const WCHAR *want)
{
	WCHAR w[100];
	char a[100];
	DWORD n = CertGetNameStringW(server_cert, kind, flags, (void *)more, w, 100);
	DWORD k = CertGetNameStringA(server_cert, kind, flags, (void *)more, a, 100);
	int same = n == wcslen(want) + 1 && k == n && !wcscmp(w, want);
	for (DWORD i = 0; i < n; i++)
		same &= a[i] == (char)want[i];
	return same && CertGetNameStringW(server_cert, kind, flags, (void *)more, NULL, 0) == n;
}

static void
names_of(void)
{
	CERT_NAME_BLOB *subject = &server_cert->pCertInfo->Subject;
	DWORD x500 = CERT_X500_NAME_STR;
	WCHAR w[200];
	char a[200];
	IS(is_named(CERT_NAME_SIMPLE_DISPLAY_TYPE, 0, NULL, L"server.loop"));
	IS(is_named(CERT_NAME_SIMPLE_DISPLAY_TYPE, CERT_NAME_ISSUER_FLAG, NULL, L"Root of a loop"));
	IS(is_named(CERT_NAME_FRIENDLY_DISPLAY_TYPE, 0, NULL, L"server.loop"));
	IS(is_named(CERT_NAME_DNS_TYPE, 0, NULL, L"server.loop"));
	IS(is_named(CERT_NAME_EMAIL_TYPE, 0, NULL, L"server@loop.test"));
	IS(is_named(CERT_NAME_URL_TYPE, 0, NULL, L"http://loop.test/server"));
	IS(is_named(CERT_NAME_UPN_TYPE, 0, NULL, L""));
	IS(is_named(CERT_NAME_ATTR_TYPE, 0, szOID_ORGANIZATION_NAME, L"Joist tests"));
	IS(is_named(CERT_NAME_RDN_TYPE, 0, &x500, L"O=Joist tests, CN=server.loop"));
	/* all names: each with its zero, and one more */
	IS(CertGetNameStringW(server_cert, CERT_NAME_DNS_TYPE, 2, NULL, w, 200) == 12 + 14 + 1 &&
	   !wcscmp(w + 12, L"*.server.loop"));
	IS(CertNameToStrW(X509_ASN_ENCODING, subject,
	                  CERT_X500_NAME_STR | CERT_NAME_STR_REVERSE_FLAG, w, 200) == 30 &&
	   !wcscmp(w, L"CN=server.loop, O=Joist tests"));
	IS(CertNameToStrA(X509_ASN_ENCODING, subject, CERT_SIMPLE_NAME_STR, a, 200) == 25 &&
	   !strcmp(a, "Joist tests, server.loop"));
	IS(CertNameToStrA(X509_ASN_ENCODING, subject,
	                  CERT_OID_NAME_STR | CERT_NAME_STR_SEMICOLON_FLAG, a, 200) &&
	   !strcmp(a, "2.5.4.10=Joist tests; 2.5.4.3=server.loop"));
	IS(CertNameToStrW(X509_ASN_ENCODING, subject, CERT_SIMPLE_NAME_STR, w, 6) == 6 &&
	   !wcscmp(w, L"Joist"));
	/* a value with a comma stands between quotation marks: C=x, CN="a, \"b\"" */
	static BYTE quoted[] = { 0x30, 0x13, 0x31, 0x11, 0x30, 0x0f, 6,   3,   0x55, 4,   3,
		                 0x0c, 8,    'a',  ',',  ' ',  '"',  'b', '"', 0xc3, 0xa4 };
	CERT_NAME_BLOB q = { sizeof quoted, quoted };
	IS(CertNameToStrW(X509_ASN_ENCODING, &q, CERT_X500_NAME_STR, w, 200) &&
	   !wcscmp(w, L"CN=\"a, \"\"b\"\"\x00e4\""));
	quoted[3] = 0x7f;
	IS(CertNameToStrW(X509_ASN_ENCODING, &q, CERT_X500_NAME_STR, w, 200) == 1 && !*w);
	done("names");
}

static void
objects(void)
{
	CRYPT_DATA_BLOB blob = { server_cert->cbCertEncoded, server_cert->pbCertEncoded };
	DWORD encoding = 0, content = 0, format = 0, n = 0, size;
	HCERTSTORE store = NULL;
	PCCERT_CONTEXT cert = NULL;
	BYTE usage[2], sum[64], again[64];
	char text[4096], *list[8];
	int count;
	IS(CryptQueryObject(CERT_QUERY_OBJECT_BLOB, &blob, CERT_QUERY_CONTENT_FLAG_ALL,
	                    CERT_QUERY_FORMAT_FLAG_ALL, 0, &encoding, &content, &format, &store,
	                    NULL, (const void **)&cert));
	IS(content == CERT_QUERY_CONTENT_CERT && format == CERT_QUERY_FORMAT_BINARY &&
	   cert->cbCertEncoded == blob.cbData);
	CertFreeCertificateContext(cert);
	IS(CertEnumCertificatesInStore(store, NULL) && CertCloseStore(store, 0));
	size = sizeof text;
	IS(CryptBinaryToStringA(blob.pbData, blob.cbData, CRYPT_STRING_BASE64HEADER, text, &size));
	HANDLE f = CreateFileW(L"server.pem", GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
	IS(WriteFile(f, text, size, &n, NULL) && CloseHandle(f));
	IS(CryptQueryObject(CERT_QUERY_OBJECT_FILE, L"server.pem", CERT_QUERY_CONTENT_FLAG_CERT,
	                    CERT_QUERY_FORMAT_FLAG_ALL, 0, NULL, NULL, &format, NULL, NULL,
	                    (const void **)&cert) &&
	   format == CERT_QUERY_FORMAT_BASE64_ENCODED);
	CertFreeCertificateContext(cert);
	DeleteFileW(L"server.pem");
	ERR(CryptQueryObject(CERT_QUERY_OBJECT_FILE, L"nothing.pem", CERT_QUERY_CONTENT_FLAG_CERT,
	                     CERT_QUERY_FORMAT_FLAG_ALL, 0, NULL, NULL, NULL, NULL, NULL, NULL),
	    ERROR_FILE_NOT_FOUND);
	blob = (CRYPT_DATA_BLOB){ 5, (BYTE *)"hello" };
	ERR(CryptQueryObject(CERT_QUERY_OBJECT_BLOB, &blob, CERT_QUERY_CONTENT_FLAG_ALL,
	                     CERT_QUERY_FORMAT_FLAG_ALL, 0, NULL, NULL, NULL, NULL, NULL, NULL),
	    0x80092009);
	IS(CertGetIntendedKeyUsage(X509_ASN_ENCODING, server_cert->pCertInfo, usage, 2) &&
	   usage[0] == CERT_DIGITAL_SIGNATURE_KEY_USAGE && !usage[1]);
	IS(!CertGetIntendedKeyUsage(X509_ASN_ENCODING, root_cert->pCertInfo, usage, 2));
	PCCERT_CONTEXT both[2] = { root_cert, server_cert };
	size = sizeof list;
	IS(CertGetValidUsages(2, both, &count, list, &size) && count == 1 &&
	   !strcmp(list[0], szOID_PKIX_KP_SERVER_AUTH));
	both[0] = client_cert;
	size = sizeof list;
	IS(CertGetValidUsages(2, both, &count, list, &size) && count == 0);
	IS(CertGetValidUsages(1, &root_cert, &count, NULL, &size) && count == -1);
	size = n = sizeof sum;
	IS(CryptHashCertificate(0, CALG_SHA_256, 0, (const BYTE *)"abc", 3, sum, &size) &&
	   size == 32 && sum[0] == 0xba && sum[1] == 0x78);
	typedef BOOL WINAPI hash2(const WCHAR *, DWORD, void *, const BYTE *, DWORD, BYTE *,
	                          DWORD *);
	hash2 *CryptHashCertificate2 = (hash2 *)(void *)GetProcAddress(GetModuleHandleA("crypt32"),
	                                                               "CryptHashCertificate2");
	IS(CryptHashCertificate2(L"SHA256", 0, NULL, (const BYTE *)"abc", 3, again, &n) &&
	   n == 32 && !memcmp(sum, again, 32));
	PCCRYPT_OID_INFO i =
	        CryptFindOIDInfo(CRYPT_OID_INFO_OID_KEY, (void *)szOID_RSA_SHA256RSA, 0);
	IS(i && !wcscmp(i->pwszName, L"sha256RSA") && i->dwGroupId == CRYPT_SIGN_ALG_OID_GROUP_ID);
	IS((i = CryptFindOIDInfo(CRYPT_OID_INFO_NAME_KEY, (void *)L"aes256", 0)) &&
	   i->Algid == CALG_AES_256);
	IS(!CryptFindOIDInfo(CRYPT_OID_INFO_OID_KEY, (void *)"1.2.3.4", 0));
	IS(CertOIDToAlgId(szOID_OIWSEC_sha1) == CALG_SHA1 &&
	   !strcmp(CertAlgIdToOID(CALG_SHA_512), "2.16.840.1.101.3.4.2.3"));
	done("objects");
}

int
main(void)
{
	server_cert = certificate(loop_server, loop_server_key);
	client_cert = certificate(loop_client, loop_client_key);
	root_cert = certificate(loop_root, NULL);
	roots = CertOpenSystemStoreA(0, "ROOT");
	IS(server_cert && client_cert && root_cert);
	packages();
	credentials();
	agreed();
	known();
	records();
	bit_by_bit();
	trust();
	client_certificate();
	versions();
	session();
	hostile();
	threads();
	names_of();
	objects();
	IS(FreeCredentialsHandle(&server) == SEC_E_OK &&
	   FreeCredentialsHandle(&client) == SEC_E_OK);
	return 0;
}
