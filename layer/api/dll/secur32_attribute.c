/* SPDX-License-Identifier: Apache-2.0 */
/* What a program may ask of a connection that stands: sizes, versions, ciphers, certificates.
 */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/secur32.h"
#include "layer/api/nt/crypto/digest.h"
#include "layer/api/nt/text/utf.h"
#include "layer/api/nt/thread/steady.h"

enum { NAME = 64, CIPHER_BLOCK = 16 };

/* ALG_IDs */
enum {
	CALG_SHA1 = 0x8004,
	CALG_SHA_256 = 0x800c,
	CALG_SHA_384,
	CALG_AES_128 = 0x660e,
	CALG_AES_256 = 0x6610,
	CALG_RSA_KEYX = 0xa400,
	CALG_DH_EPHEM = 0xaa02,
	CALG_ECDH_EPHEM = 0xae06
};

/* A cipher suite, as its name says it. */
struct suite {
	WCHAR name[NAME];
	const WCHAR *cipher, *hash, *exchange, *certificate;
	DWORD cipher_id, cipher_bits, hash_id, hash_bits, exchange_id, exchange_bits, block;
};

static void
read_suite(const struct tlsconn *t, struct suite *s)
{
	char name[TLS_NAME];
	tlsconn_suite_name(t, name);
	*s = (struct suite){ .hash = u"" };
	s->name[utf_to_16(s->name, name, strlen(name))] = 0;
	bool chacha = strstr(name, "CHACHA20"), aead = chacha || strstr(name, "GCM");
	s->cipher = chacha ? u"CHACHA20_POLY1305" : u"AES";
	s->cipher_bits = strstr(name, "AES_128") ? 128 : 256;
	s->cipher_id = chacha ? 0 : s->cipher_bits == 128 ? CALG_AES_128 : CALG_AES_256;
	s->block = chacha ? 0 : CIPHER_BLOCK;
	s->hash_id = strstr(name, "SHA384")   ? CALG_SHA_384
	             : strstr(name, "SHA256") ? CALG_SHA_256
	                                      : CALG_SHA1;
	if (!aead) { /* else the cipher vouches for its text */
		s->hash = s->hash_id == CALG_SHA_384   ? u"SHA384"
		          : s->hash_id == CALG_SHA_256 ? u"SHA256"
		                                       : u"SHA1";
		s->hash_bits = s->hash_id == CALG_SHA_384   ? 384
		               : s->hash_id == CALG_SHA_256 ? 256
		                                            : 160;
	}
	bool ephemeral = strstr(name, "DHE_") || tlsconn_version(t) >= TLS_1_3;
	bool curve = ephemeral && !strstr(name, "TLS_DHE_");
	s->exchange = curve ? u"ECDH" : ephemeral ? u"DH" : u"RSA";
	s->exchange_id = curve ? CALG_ECDH_EPHEM : ephemeral ? CALG_DH_EPHEM : CALG_RSA_KEYX;
	s->exchange_bits =
	        ephemeral ? 0 : tlsconn_key_bits(t); /* a passing key's size is not told */
	s->certificate = strstr(name, "ECDSA")          ? u"ECDSA"
	                 : tlsconn_version(t) < TLS_1_3 ? u"RSA"
	                                                : u"";
}

static DWORD
protocol(const struct secur32_context *c)
{
	DWORD bit = 0x40 << 2 * (tlsconn_version(c->tls) - TLS_1_0);
	return c->credential->server ? bit : bit << 1;
}

/* -- each of them: under the lock ------------------------------------------------------------------------ */

static LONG
sizes(struct secur32_context *c, void *out)
{
	struct {
		ULONG cbMaxToken, cbMaxSignature, cbBlockSize, cbSecurityTrailer;
	} *o = out;
	(void)c;
	o->cbMaxToken = TLS_RECORD_MOST;
	o->cbMaxSignature = o->cbBlockSize = o->cbSecurityTrailer = 0;
	return SEC_E_OK;
}

static LONG
stream_sizes(struct secur32_context *c, void *out)
{
	struct {
		ULONG cbHeader, cbTrailer, cbMaximumMessage, cBuffers, cbBlockSize;
	} *o = out;
	struct suite s;
	size_t more = tlsconn_expansion(c->tls);
	read_suite(c->tls, &s);
	o->cbHeader = SECUR32_HEADER;
	o->cbTrailer =
	        more > SECUR32_HEADER + CIPHER_BLOCK ? (ULONG)more - SECUR32_HEADER : CIPHER_BLOCK;
	o->cbMaximumMessage = (ULONG)tlsconn_most(c->tls);
	o->cBuffers = 4;
	o->cbBlockSize = s.block ? s.block : 1;
	return SEC_E_OK;
}

static LONG
lifespan(struct secur32_context *c, void *out)
{
	LONGLONG *o = out;
	(void)c;
	o[0] = 0;
	o[1] = INT64_MAX;
	return SEC_E_OK;
}

static LONG
flags(struct secur32_context *c, void *out)
{
	*(ULONG *)out = c->flags;
	return SEC_E_OK;
}

static LONG
connection_info(struct secur32_context *c, void *out)
{
	struct {
		DWORD dwProtocol, aiCipher, dwCipherStrength, aiHash, dwHashStrength, aiExch,
		        dwExchStrength;
	} *o = out;
	struct suite s;
	read_suite(c->tls, &s);
	o->dwProtocol = protocol(c);
	o->aiCipher = s.cipher_id;
	o->dwCipherStrength = s.cipher_bits;
	o->aiHash = s.hash_id;
	o->dwHashStrength = s.hash_bits;
	o->aiExch = s.exchange_id;
	o->dwExchStrength = s.exchange_bits;
	return SEC_E_OK;
}

static void
put(WCHAR to[NAME], const WCHAR *from)
{
	size_t n = utf_length(from);
	memset(to, 0, NAME * sizeof *to);
	memcpy(to, from, (n < NAME ? n : NAME - 1) * sizeof *to);
}

static LONG
connection_info_ex(struct secur32_context *c, void *out)
{
	struct {
		DWORD dwVersion, dwProtocol;
		WCHAR szCipher[NAME];
		DWORD dwCipherStrength;
		WCHAR szHash[NAME];
		DWORD dwHashStrength;
		WCHAR szExchange[NAME];
		DWORD dwExchStrength;
	} *o = out;
	struct suite s;
	read_suite(c->tls, &s);
	o->dwVersion = 1;
	o->dwProtocol = protocol(c);
	put(o->szCipher, s.cipher);
	o->dwCipherStrength = s.cipher_bits;
	put(o->szHash, s.hash);
	o->dwHashStrength = s.hash_bits;
	put(o->szExchange, s.exchange);
	o->dwExchStrength = s.exchange_bits;
	return SEC_E_OK;
}

static LONG
cipher_info(struct secur32_context *c, void *out)
{
	enum { LONGEST_EXCHANGE = 65536 };
	struct {
		DWORD dwVersion, dwProtocol, dwCipherSuite, dwBaseCipherSuite;
		WCHAR szCipherSuite[NAME], szCipher[NAME];
		DWORD dwCipherLen, dwCipherBlockLen;
		WCHAR szHash[NAME];
		DWORD dwHashLen;
		WCHAR szExchange[NAME];
		DWORD dwMinExchangeLen, dwMaxExchangeLen;
		WCHAR szCertificate[NAME];
		DWORD dwKeyType;
	} *o = out;
	struct suite s;
	if (o->dwVersion && o->dwVersion != 1)
		return SEC_E_UNSUPPORTED_FUNCTION;
	read_suite(c->tls, &s);
	memset(o, 0, sizeof *o);
	o->dwVersion = 1;
	o->dwProtocol = (DWORD)tlsconn_version(c->tls);
	o->dwCipherSuite = o->dwBaseCipherSuite = tlsconn_suite(c->tls);
	put(o->szCipherSuite, s.name);
	put(o->szCipher, s.cipher);
	o->dwCipherLen = s.cipher_bits;
	o->dwCipherBlockLen = s.block;
	put(o->szHash, s.hash);
	o->dwHashLen = s.hash_bits;
	put(o->szExchange, s.exchange);
	o->dwMaxExchangeLen = LONGEST_EXCHANGE;
	put(o->szCertificate, s.certificate);
	return SEC_E_OK;
}

static LONG
key_info(struct secur32_context *c, void *out, bool wide)
{
	struct {
		void *sSignatureAlgorithmName, *sEncryptAlgorithmName;
		ULONG KeySize, SignatureAlgorithm, EncryptAlgorithm;
	} *o = out;
	struct suite s;
	read_suite(c->tls, &s);
	memset(o, 0, sizeof *o);
	if (wide) {
		o->sSignatureAlgorithmName = utf_copy(s.certificate, utf_length(s.certificate));
		o->sEncryptAlgorithmName = utf_copy(s.cipher, utf_length(s.cipher));
	} else {
		o->sSignatureAlgorithmName = utf_narrow(s.certificate);
		o->sEncryptAlgorithmName = utf_narrow(s.cipher);
	}
	o->KeySize = s.cipher_bits;
	o->EncryptAlgorithm = s.cipher_id;
	return o->sSignatureAlgorithmName && o->sEncryptAlgorithmName ? SEC_E_OK
	                                                              : SEC_E_INSUFFICIENT_MEMORY;
}

static LONG
session_info(struct secur32_context *c, void *out)
{
	enum { SSL_SESSION_RECONNECT = 1 };
	struct {
		DWORD dwFlags, cbSessionId;
		BYTE rgbSessionId[32];
	} *o = out;
	memset(o, 0, sizeof *o);
	o->dwFlags = tlsconn_resumed(c->tls) ? SSL_SESSION_RECONNECT : 0;
	return SEC_E_OK;
}

static LONG
application_protocol(struct secur32_context *c, void *out)
{
	enum { SUCCESS = 1, ALPN };
	struct {
		int ProtoNegoStatus, ProtoNegoExt;
		BYTE ProtocolIdSize, ProtocolId[255];
	} *o = out;
	const char *name = tlsconn_alpn(c->tls);
	size_t n = name ? strlen(name) : 0;
	memset(o, 0, sizeof *o);
	if (!n)
		return SEC_E_OK;
	o->ProtoNegoStatus = SUCCESS;
	o->ProtoNegoExt = ALPN;
	o->ProtocolIdSize = (BYTE)n;
	memcpy(o->ProtocolId, name, n);
	return SEC_E_OK;
}

static LONG
issuers(struct secur32_context *c, void *out)
{
	(void)c;
	memset(out, 0, 2 * sizeof(void *)); /* nobody in particular */
	return SEC_E_OK;
}

static LONG
remote(struct secur32_context *c, void *out)
{
	struct crypt32_cert *cert = secur32_peer(c->tls);
	*(const void **)out = cert;
	return cert ? SEC_E_OK : SEC_E_NO_CREDENTIALS;
}

static LONG
local(struct secur32_context *c, void *out)
{
	struct crypt32_cert *cert = c->credential->local;
	*(const void **)out = cert ? crypt32_cert_ref(cert) : NULL;
	return cert ? SEC_E_OK : SEC_E_NO_CREDENTIALS;
}

static LONG
root_store(struct secur32_context *c, void *out)
{
	void *roots = c->credential->roots;
	*(void **)out = roots ? crypt32_store_ref(roots) : crypt32_store_roots();
	return *(void **)out ? SEC_E_OK : SEC_E_INSUFFICIENT_MEMORY;
}

/* RFC 5929 4: of the server's certificate, by its own hash, MD5 and SHA-1 replaced. */
static size_t
end_point(const struct tlsconn *t, uint8_t out[64])
{
	struct crypt32_cert *c = secur32_peer(t);
	enum digest_kind kind = DIGEST_SHA256;
	struct digest d;
	if (!c)
		return 0;
	char oid[64] = "";
	x509_oid_text(c->x.algorithm, oid, sizeof oid);
	if (!strcmp(oid, "1.2.840.113549.1.1.12") || !strcmp(oid, "1.2.840.10045.4.3.3"))
		kind = DIGEST_SHA384;
	else if (!strcmp(oid, "1.2.840.113549.1.1.13") || !strcmp(oid, "1.2.840.10045.4.3.4"))
		kind = DIGEST_SHA512;
	digest_start(&d, kind);
	digest_add(&d, c->x.raw.p, c->x.raw.n);
	digest_end(&d, out);
	crypt32_cert_unref(c);
	return digest_size(kind);
}

/* SEC_CHANNEL_BINDINGS, with a name and the bytes behind it, for FreeContextBuffer(). */
static LONG
bindings(struct secur32_context *c, void *out, bool unique)
{
	struct {
		ULONG BindingsLength;
		void *Bindings;
	} *o = out;
	struct {
		DWORD dwInitiatorAddrType, cbInitiatorLength, dwInitiatorOffset;
		DWORD dwAcceptorAddrType, cbAcceptorLength, dwAcceptorOffset;
		DWORD cbApplicationDataLength, dwApplicationDataOffset;
	} head = { 0 };
	const char *name = unique ? "tls-unique:" : "tls-server-end-point:";
	uint8_t bytes[64];
	size_t k = strlen(name), n = unique ? (tlsconn_unique(c->tls, bytes) ? TLS_UNIQUE : 0)
	                                    : end_point(c->tls, bytes);
	if (!n)
		return SEC_E_UNSUPPORTED_FUNCTION;
	uint8_t *p = malloc(sizeof head + k + n);
	if (!p)
		return SEC_E_INSUFFICIENT_MEMORY;
	head.cbApplicationDataLength = (DWORD)(k + n);
	head.dwApplicationDataOffset = sizeof head;
	memcpy(p, &head, sizeof head);
	memcpy(p + sizeof head, name, k);
	memcpy(p + sizeof head + k, bytes, n);
	o->BindingsLength = (ULONG)(sizeof head + k + n);
	o->Bindings = p;
	return SEC_E_OK;
}

/* -- asking --------------------------------------------------------------------------------------------- */

enum { ATTR_KEY_INFO = 5, ATTR_PACKAGE_INFO = 10, ATTR_UNIQUE = 25, ATTR_END_POINT = 26 };

static const struct {
	ULONG attribute, size;
	LONG (*of)(struct secur32_context *, void *);
} answers[] = {
	{ 0, 16, sizes },
	{ 2, 16, lifespan },
	{ 4, 20, stream_sizes },
	{ 14, 4, flags },
	{ 35, 264, application_protocol },
	{ 0x53, 8, remote },
	{ 0x54, 8, local },
	{ 0x55, 8, root_store },
	{ 0x59, 16, issuers },
	{ 0x5a, 28, connection_info },
	{ 0x5d, 40, session_info },
	{ 0x64, 684, cipher_info },
	{ 0x67, 8, remote },
	{ 0x6e, 404, connection_info_ex },
};

/* size: of the program's memory; 0: it did not say. */
static LONG
ask(const struct SecHandle *h, ULONG attribute, void *out, ULONG size, bool wide)
{
	struct secur32_context *c = secur32_context_of(h);
	LONG s = SEC_E_UNSUPPORTED_FUNCTION;
	if (!c)
		return SEC_E_INVALID_HANDLE;
	if (!out)
		return SEC_E_INVALID_PARAMETER;
	if (attribute == ATTR_PACKAGE_INFO)
		return secur32_package(0, wide, (void **)out);
	steady_lock(&c->lock);
	bool unique = attribute == ATTR_UNIQUE;
	if (!tlsconn_stands(c->tls) && attribute > 2)
		s = SEC_E_INVALID_HANDLE;
	else if (attribute == ATTR_KEY_INFO)
		s = key_info(c, out, wide);
	else if (unique || attribute == ATTR_END_POINT)
		s = bindings(c, out, unique);
	for (size_t i = 0; s == SEC_E_UNSUPPORTED_FUNCTION && i < sizeof answers / sizeof *answers;
	     i++)
		if (answers[i].attribute == attribute) {
			s = size && size < answers[i].size ? SEC_E_BUFFER_TOO_SMALL
			                                   : answers[i].of(c, out);
			break;
		}
	steady_unlock(&c->lock);
	return s;
}

WINAPI LONG
secur32_QueryContextAttributesW(const struct SecHandle *h, ULONG attribute, void *out)
{
	return ask(h, attribute, out, 0, true);
}

WINAPI LONG
secur32_QueryContextAttributesA(const struct SecHandle *h, ULONG attribute, void *out)
{
	return ask(h, attribute, out, 0, false);
}

WINAPI LONG
secur32_QueryContextAttributesExW(const struct SecHandle *h, ULONG attribute, void *out, ULONG size)
{
	return ask(h, attribute, out, size, true);
}

WINAPI LONG
secur32_QueryContextAttributesExA(const struct SecHandle *h, ULONG attribute, void *out, ULONG size)
{
	return ask(h, attribute, out, size, false);
}

/* Nothing of a connection can be set. */
WINAPI LONG
secur32_SetContextAttributesW(const struct SecHandle *h, ULONG attribute, const void *p, ULONG n)
{
	(void)attribute, (void)p, (void)n;
	return secur32_context_of(h) ? SEC_E_UNSUPPORTED_FUNCTION : SEC_E_INVALID_HANDLE;
}

/* -- of a credential --------------------------------------------------------------------------------------- */

WINAPI LONG
secur32_QueryCredentialsAttributesW(const struct SecHandle *h, ULONG attribute, void *out)
{
	enum {
		SUPPORTED_ALGS = 86,
		CIPHER_STRENGTHS,
		SUPPORTED_PROTOCOLS,
		WEAKEST = 128,
		STRONGEST = 256
	};
	static DWORD algorithms[] = { CALG_AES_256, CALG_AES_128,  CALG_SHA_384,    CALG_SHA_256,
		                      CALG_SHA1,    CALG_RSA_KEYX, CALG_ECDH_EPHEM, CALG_DH_EPHEM };
	const struct secur32_credential *c = secur32_credential_of(h);
	struct {
		DWORD n;
		DWORD *p;
	} *list = out;
	DWORD *o = out;
	if (!c)
		return SEC_E_INVALID_HANDLE;
	switch (attribute) {
	case SUPPORTED_ALGS:
		list->n = sizeof algorithms / sizeof *algorithms;
		list->p = algorithms;
		return SEC_E_OK;
	case CIPHER_STRENGTHS:
		o[0] = WEAKEST;
		o[1] = STRONGEST;
		return SEC_E_OK;
	case SUPPORTED_PROTOCOLS:
		o[0] = 0;
		for (unsigned v = c->lowest; v <= c->highest; v++)
			o[0] |= (DWORD)(c->server ? 0x40 : 0x80) << 2 * (v - TLS_1_0);
		return SEC_E_OK;
	default: return SEC_E_UNSUPPORTED_FUNCTION;
	}
}

WINAPI LONG
secur32_SetCredentialsAttributesW(const struct SecHandle *h, ULONG attribute, const void *p,
                                  ULONG n)
{
	(void)attribute, (void)p, (void)n;
	return secur32_credential_of(h) ? SEC_E_UNSUPPORTED_FUNCTION : SEC_E_INVALID_HANDLE;
}
