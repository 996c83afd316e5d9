/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the other end of a connection is who it should be: Schannel's own judgement, for those
 * programs that do not want to look themselves.  Nobody is asked over the network whether a
 * certificate was revoked.
 */
#include "layer/api/dll/secur32.h"

#define CERT_E_EXPIRED       0x800b0101
#define CERT_E_UNTRUSTEDROOT 0x800b0109
#define CERT_E_CHAINING      0x800b010a
#define CERT_E_CN_NO_MATCH   0x800b010f
#define CERT_E_WRONG_USAGE   0x800b0110

static const struct {
	DWORD error;
	LONG status;
	int alert;
} reasons[] = {
	{ CERT_E_EXPIRED, SEC_E_CERT_EXPIRED, TLS_CERTIFICATE_EXPIRED },
	{ CERT_E_UNTRUSTEDROOT, SEC_E_UNTRUSTED_ROOT, TLS_UNKNOWN_CA },
	{ CERT_E_CHAINING, SEC_E_UNTRUSTED_ROOT, TLS_UNKNOWN_CA },
	{ CERT_E_CN_NO_MATCH, SEC_E_WRONG_PRINCIPAL, TLS_BAD_CERTIFICATE },
	{ CERT_E_WRONG_USAGE, SEC_E_CERT_WRONG_USAGE, TLS_BAD_CERTIFICATE },
};

WINAPI void *
crypt32_CertOpenStore(const char *by, DWORD encoding, void *legacy, DWORD flags, const void *param);
WINAPI BOOL crypt32_CertAddEncodedCertificateToStore(void *store, DWORD encoding, const BYTE *p,
                                                     DWORD n, DWORD how,
                                                     const struct CERT_CONTEXT **out);

struct crypt32_cert *
secur32_peer(const struct tlsconn *t)
{
	enum { MEMORY = 2, X509_ASN = 1, ALWAYS = 4 };
	const struct tlsconn_bytes *all;
	const struct CERT_CONTEXT *own = NULL;
	size_t n = tlsconn_peer(t, &all);
	void *store = n ? crypt32_CertOpenStore((const char *)MEMORY, 0, NULL, 0, NULL) : NULL;
	if (!store)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (!crypt32_CertAddEncodedCertificateToStore(
		            store, X509_ASN, all[i].p, (DWORD)all[i].n, ALWAYS, i ? NULL : &own) &&
		    !i)
			break;
	crypt32_store_unref(store); /* it lives as long as its certificate is held */
	return (struct crypt32_cert *)own;
}

int
secur32_judge(const struct tlsconn *t, bool server, const WCHAR *host, void *roots, LONG *why)
{
	struct crypt32_cert *c = secur32_peer(t);
	if (!c) {
		*why = SEC_E_CERT_UNKNOWN;
		return TLS_BAD_CERTIFICATE;
	}
	DWORD error = crypt32_verdict(&c->context, roots, server, host);
	crypt32_cert_unref(c);
	if (!error)
		return 0;
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (reasons[i].error == error) {
			*why = reasons[i].status;
			return reasons[i].alert;
		}
	*why = SEC_E_CERT_UNKNOWN;
	return TLS_CERTIFICATE_UNKNOWN;
}
