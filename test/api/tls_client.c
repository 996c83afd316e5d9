/* SPDX-License-Identifier: Apache-2.0 */
/* A client of Schannel: what curl, .NET and Rust's schannel do with it, in turn.
 *
 *	tls_client PORT NAME [manual] [root=FILE] [alpn=NAME] [tls1] [again] [send=BYTES | get=PATH]
 *
 * It trusts, for itself, the certificate in FILE (PEM).  It says what was agreed, sends a line, prints the
 * answer up to the close.  again: a second connection; send: a line of that many bytes, which the
 * server turns round.
 */
#define SECURITY_WIN32
#include <winsock2.h>
#include <stdio.h>
#include <windows.h>
#include <sspi.h>
#include <schannel.h>
#include <wincrypt.h>

enum { ROOM = 1 << 17 };
static CredHandle cred;
static unsigned char in[ROOM];
static DWORD have;

static const struct {
	LONG status;
	const char *name;
} names[] = {
	{ SEC_E_UNTRUSTED_ROOT, "untrusted root" },
	{ SEC_E_WRONG_PRINCIPAL, "wrong principal" },
	{ SEC_E_CERT_EXPIRED, "certificate expired" },
	{ SEC_E_CERT_UNKNOWN, "certificate unknown" },
	{ SEC_E_ILLEGAL_MESSAGE, "illegal message" },
	{ SEC_E_ALGORITHM_MISMATCH, "algorithm mismatch" },
	{ SEC_E_INVALID_TOKEN, "invalid token" },
	{ SEC_E_MESSAGE_ALTERED, "message altered" },
	{ SEC_E_UNSUPPORTED_FUNCTION, "unsupported" },
	{ SEC_E_SECPKG_NOT_FOUND, "no such package" },
	{ (LONG)0x80090367, "no application protocol" },
};

static int
fail(const char *what, LONG s)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].status == s) {
			printf("%s: %s\n", what, names[i].name);
			return 1;
		}
	printf("%s: %#lx\n", what, s);
	return 1;
}

static int
send_all(SOCKET s, const void *p, DWORD n)
{
	for (DWORD at = 0; at < n;) {
		int k = send(s, (const char *)p + at, (int)(n - at), 0);
		if (k <= 0)
			return 0;
		at += (DWORD)k;
	}
	return 1;
}

static int
more(SOCKET s)
{
	int k = have < ROOM ? recv(s, (char *)in + have, (int)(ROOM - have), 0) : -1;
	if (k <= 0)
		return 0;
	have += (DWORD)k;
	return 1;
}

/* What was not read is at the end of what was given. */
static void
keep(DWORD n)
{
	memmove(in, in + have - n, n);
	have = n;
}

static LONG
handshake(SOCKET s, CtxtHandle *c, const char *name, const char *alpn, DWORD flags)
{
	unsigned char list[300] = { 0 };
	SecBuffer ib[2], ob[1], ab[1];
	SecBufferDesc id = { SECBUFFER_VERSION, 2, ib }, od = { SECBUFFER_VERSION, 1, ob },
	              ad = { SECBUFFER_VERSION, 1, ab };
	DWORD attr;
	size_t k = alpn ? strlen(alpn) : 0;
	if (alpn) { /* SEC_APPLICATION_PROTOCOLS */
		*(DWORD *)list = (DWORD)(k + 1 + 6);
		*(DWORD *)(list + 4) = 2;
		*(WORD *)(list + 8) = (WORD)(k + 1);
		list[10] = (unsigned char)k;
		memcpy(list + 11, alpn, k);
	}
	ab[0] = (SecBuffer){ (DWORD)(alpn ? k + 11 : 0), 18, list };
	flags |= ISC_REQ_SEQUENCE_DETECT | ISC_REQ_REPLAY_DETECT | ISC_REQ_CONFIDENTIALITY |
	         ISC_REQ_ALLOCATE_MEMORY | ISC_REQ_STREAM;
	ob[0] = (SecBuffer){ 0, SECBUFFER_TOKEN, NULL };
	LONG r = InitializeSecurityContextA(&cred, NULL, (char *)name, flags, 0, 0,
	                                    alpn ? &ad : NULL, 0, c, &od, &attr, NULL);
	for (have = 0; r == SEC_I_CONTINUE_NEEDED || r == SEC_E_INCOMPLETE_MESSAGE ||
	               r == SEC_I_INCOMPLETE_CREDENTIALS;) {
		if (r == SEC_I_INCOMPLETE_CREDENTIALS) {
			printf("a certificate is wanted\n");
			flags |= ISC_REQ_USE_SUPPLIED_CREDS;
		} else {
			if (r == SEC_I_CONTINUE_NEEDED && ob[0].cbBuffer) {
				if (!send_all(s, ob[0].pvBuffer, ob[0].cbBuffer))
					return -1;
				FreeContextBuffer(ob[0].pvBuffer);
			}
			if ((r == SEC_E_INCOMPLETE_MESSAGE || !have) && !more(s))
				return -2;
		}
		ib[0] = (SecBuffer){ have, SECBUFFER_TOKEN, in };
		ib[1] = (SecBuffer){ 0, SECBUFFER_EMPTY, NULL };
		ob[0] = (SecBuffer){ 0, SECBUFFER_TOKEN, NULL };
		r = InitializeSecurityContextA(&cred, c, (char *)name, flags, 0, 0, &id, 0, NULL,
		                               &od, &attr, NULL);
		if (r == SEC_E_OK || r == SEC_I_CONTINUE_NEEDED)
			keep(ib[1].BufferType == SECBUFFER_EXTRA ? ib[1].cbBuffer : 0);
	}
	if (r == SEC_E_OK && ob[0].cbBuffer && !send_all(s, ob[0].pvBuffer, ob[0].cbBuffer))
		return -1;
	if (r == SEC_E_OK && !(attr & ISC_RET_CONFIDENTIALITY && attr & ISC_RET_STREAM))
		return -3;
	return r;
}

static int
say(SOCKET s, CtxtHandle *c, const char *text, DWORD n)
{
	SecPkgContext_StreamSizes sizes;
	if (QueryContextAttributesA(c, SECPKG_ATTR_STREAM_SIZES, &sizes) != SEC_E_OK)
		return 0;
	unsigned char *p = malloc(sizes.cbHeader + sizes.cbMaximumMessage + sizes.cbTrailer);
	for (DWORD at = 0; at < n;) {
		DWORD k = n - at < sizes.cbMaximumMessage ? n - at : sizes.cbMaximumMessage;
		memcpy(p + sizes.cbHeader, text + at, k);
		SecBuffer b[4] = { { sizes.cbHeader, SECBUFFER_STREAM_HEADER, p },
			           { k, SECBUFFER_DATA, p + sizes.cbHeader },
			           { sizes.cbTrailer, SECBUFFER_STREAM_TRAILER,
			             p + sizes.cbHeader + k },
			           { 0, SECBUFFER_EMPTY, NULL } };
		SecBufferDesc d = { SECBUFFER_VERSION, 4, b };
		LONG r = EncryptMessage(c, 0, &d, 0);
		if (r != SEC_E_OK)
			return !fail("EncryptMessage", r);
		if (!send_all(s, p, b[0].cbBuffer + b[1].cbBuffer + b[2].cbBuffer))
			return 0;
		at += k;
	}
	free(p);
	return 1;
}

/* Up to the close, or to `want` bytes. */
static int
hear(SOCKET s, CtxtHandle *c, DWORD want, unsigned long *sum)
{
	DWORD got = 0;
	*sum = 0;
	while (!want || got < want) {
		SecBuffer b[4] = { { have, SECBUFFER_DATA, in } };
		SecBufferDesc d = { SECBUFFER_VERSION, 4, b };
		LONG r = have ? DecryptMessage(c, &d, 0, NULL) : SEC_E_INCOMPLETE_MESSAGE;
		if (r == SEC_E_INCOMPLETE_MESSAGE) {
			if (!more(s)) {
				printf("closed without a word\n");
				return 0;
			}
			continue;
		}
		if (r != SEC_E_OK && r != SEC_I_CONTEXT_EXPIRED && r != SEC_I_RENEGOTIATE)
			return fail("DecryptMessage", r);
		DWORD rest = 0;
		for (int i = 0; i < 4; i++) {
			if (b[i].BufferType == SECBUFFER_DATA && !want)
				fwrite(b[i].pvBuffer, 1, b[i].cbBuffer, stdout);
			for (DWORD k = 0; b[i].BufferType == SECBUFFER_DATA && k < b[i].cbBuffer;
			     k++)
				*sum = *sum * 31 + ((unsigned char *)b[i].pvBuffer)[k];
			if (b[i].BufferType == SECBUFFER_DATA)
				got += b[i].cbBuffer;
			if (b[i].BufferType == SECBUFFER_EXTRA)
				rest = b[i].cbBuffer;
		}
		keep(rest);
		if (r == SEC_I_CONTEXT_EXPIRED) {
			printf("closed\n");
			return 0;
		}
	}
	return 0;
}

static void
tell(CtxtHandle *c)
{
	SecPkgContext_ConnectionInfo i;
	PCCERT_CONTEXT cert = NULL;
	char subject[100] = "";
	DWORD session[10] = { 0 };
	struct {
		int status, kind;
		BYTE n, name[255];
	} alpn;
	if (QueryContextAttributesA(c, SECPKG_ATTR_CONNECTION_INFO, &i) == SEC_E_OK)
		printf("version %#lx, cipher %#x of %lu, exchange %#x\n", i.dwProtocol, i.aiCipher,
		       i.dwCipherStrength, i.aiExch);
	if (QueryContextAttributesA(c, SECPKG_ATTR_REMOTE_CERT_CONTEXT, &cert) == SEC_E_OK) {
		DWORD n = 0, all = 0;
		for (DWORD k = 0; k < cert->pCertInfo->Subject.cbData && n < sizeof subject - 1;
		     k++) {
			BYTE b = cert->pCertInfo->Subject.pbData[k];
			if (b >= ' ' && b < 127 && k > 10)
				subject[n++] = (char)b;
		}
		for (PCCERT_CONTEXT k = NULL;
		     (k = CertEnumCertificatesInStore(cert->hCertStore, k));)
			all++;
		printf("server %s, %lu certificates\n", subject, all);
		CertFreeCertificateContext(cert);
	}
	if (QueryContextAttributesA(c, 35, &alpn) == SEC_E_OK && alpn.status == 1)
		printf("protocol %.*s\n", alpn.n, alpn.name);
	if (QueryContextAttributesA(c, SECPKG_ATTR_SESSION_INFO, session) == SEC_E_OK && session[0])
		printf("the session of before\n");
}

static int
trust(const char *file)
{
	static char pem[1 << 16];
	BYTE der[1 << 14];
	DWORD n = sizeof der;
	FILE *f = fopen(file, "rb");
	HCERTSTORE roots = CertOpenSystemStoreA(0, "ROOT");
	if (!f || !fread(pem, 1, sizeof pem - 1, f) ||
	    !CryptStringToBinaryA(pem, 0, CRYPT_STRING_BASE64HEADER, der, &n, NULL, NULL))
		return 0;
	fclose(f);
	return CertAddEncodedCertificateToStore(roots, X509_ASN_ENCODING, der, n,
	                                        CERT_STORE_ADD_ALWAYS, NULL);
}

int
main(int argc, char **argv)
{
	SCHANNEL_CRED set = { .dwVersion = SCHANNEL_CRED_VERSION };
	const char *alpn = NULL, *path = "";
	char request[300];
	DWORD flags = 0, bytes = 0;
	int turns = 1, result = 0;
	WSADATA w;
	WSAStartup(0x202, &w);
	for (int i = 3; i < argc; i++) {
		if (!strcmp(argv[i], "manual"))
			set.dwFlags |= SCH_CRED_MANUAL_CRED_VALIDATION;
		else if (!strncmp(argv[i], "root=", 5) && !trust(argv[i] + 5))
			return fail("root", (LONG)GetLastError());
		else if (!strncmp(argv[i], "alpn=", 5))
			alpn = argv[i] + 5;
		else if (!strcmp(argv[i], "tls1"))
			set.grbitEnabledProtocols = SP_PROT_TLS1_CLIENT;
		else if (!strcmp(argv[i], "again"))
			turns = 2;
		else if (!strncmp(argv[i], "send=", 5))
			bytes = (DWORD)strtoul(argv[i] + 5, NULL, 10);
		else if (!strncmp(argv[i], "get=", 4))
			path = argv[i] + 4;
	}
	LONG r = AcquireCredentialsHandleA(NULL, (char *)UNISP_NAME_A, SECPKG_CRED_OUTBOUND, NULL,
	                                   &set, NULL, NULL, &cred, NULL);
	if (r != SEC_E_OK)
		return fail("AcquireCredentialsHandle", r);
	for (int turn = 0; turn < turns && !result; turn++) {
		struct sockaddr_in to = { .sin_family = AF_INET,
			                  .sin_port = htons((WORD)strtoul(argv[1], NULL, 10)),
			                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		CtxtHandle c;
		unsigned long sum;
		SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(s, (void *)&to, sizeof to))
			return fail("connect", WSAGetLastError());
		r = handshake(s, &c, argv[2], alpn, flags);
		if (r != SEC_E_OK)
			return fail("InitializeSecurityContext", r);
		tell(&c);
		if (bytes) {
			char *p = malloc(bytes);
			unsigned long mine = 0;
			for (DWORD k = 0; k < bytes; k++)
				p[k] = k + 1 == bytes ? '\n' : (char)('a' + k * 7 % 26);
			for (DWORD k = 0; k < bytes; k++)
				mine = mine * 31 +
				       (unsigned char)(k + 1 == bytes ? '\n' : p[bytes - 2 - k]);
			result = !say(s, &c, p, bytes) || hear(s, &c, bytes, &sum);
			printf("%lu bytes: %s\n", bytes, sum == mine ? "turned round" : "others");
			free(p);
		} else {
			int n = snprintf(request, sizeof request, "GET /%s HTTP/1.0\r\n\r\n", path);
			result = !say(s, &c, request, (DWORD)n) || hear(s, &c, 0, &sum);
		}
		DWORD shut = SCHANNEL_SHUTDOWN, attr;
		SecBuffer tb = { sizeof shut, SECBUFFER_TOKEN, &shut },
		          ob = { 0, SECBUFFER_TOKEN, NULL };
		SecBufferDesc td = { SECBUFFER_VERSION, 1, &tb },
		              od = { SECBUFFER_VERSION, 1, &ob };
		if (ApplyControlToken(&c, &td) == SEC_E_OK &&
		    InitializeSecurityContextA(&cred, &c, NULL, ISC_REQ_ALLOCATE_MEMORY, 0, 0, NULL,
		                               0, &c, &od, &attr, NULL) == SEC_E_OK &&
		    ob.cbBuffer) {
			send_all(s, ob.pvBuffer, ob.cbBuffer);
			FreeContextBuffer(ob.pvBuffer);
		}
		DeleteSecurityContext(&c);
		closesocket(s);
	}
	FreeCredentialsHandle(&cred);
	return result;
}
