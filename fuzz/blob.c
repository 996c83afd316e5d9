/* SPDX-License-Identifier: Apache-2.0 */
/* blob.c -- keys and sealed data as programs hand them over: CNG's and CryptoAPI's blobs, what
 * CryptProtectData made, base64 and hexadecimal text.  The first byte says what it is taken for.
 * A key that is taken comes out again as it went in. */
#include <asm/prctl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "layer/api/dll/bcrypt.h"
#include "layer/api/nt/crypto/protect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { MOST = 2048 };

WINAPI NTSTATUS bcrypt_BCryptImportKeyPair(void *h, void *wrapping, const WCHAR *type, void **out,
                                           BYTE *in, ULONG n, ULONG flags);
WINAPI NTSTATUS bcrypt_BCryptImportKey(void *h, void *wrapping, const WCHAR *type, void **out,
                                       BYTE *object, ULONG object_size, BYTE *in, ULONG n,
                                       ULONG flags);
WINAPI NTSTATUS bcrypt_BCryptExportKey(void *k, void *wrapping, const WCHAR *type, BYTE *out,
                                       ULONG room, ULONG *size, ULONG flags);
WINAPI NTSTATUS bcrypt_BCryptDestroyKey(void *k);
WINAPI NTSTATUS bcrypt_BCryptOpenAlgorithmProvider(void **out, const WCHAR *id, const WCHAR *who,
                                                   ULONG flags);
WINAPI NTSTATUS bcrypt_BCryptCloseAlgorithmProvider(void *h, ULONG flags);
WINAPI BOOL advapi32_CryptAcquireContextA(void **out, const char *container, const char *name,
                                          DWORD type, DWORD flags);
WINAPI BOOL advapi32_CryptImportKey(void *p, const BYTE *in, DWORD n, void *by, DWORD flags,
                                    void **out);
WINAPI BOOL advapi32_CryptDestroyKey(void *k);
WINAPI BOOL crypt32_CryptStringToBinaryA(const char *s, DWORD length, DWORD flags, BYTE *out,
                                         DWORD *n, DWORD *skipped, DWORD *was);

/* What a pair of a kind comes out as, when it came in so. */
static void
pair(const WCHAR *algorithm, const WCHAR *type, uint8_t *in, ULONG n)
{
	static BYTE again[3 * MOST];
	ULONG size = 0;
	void *h, *k = NULL;
	if (bcrypt_BCryptOpenAlgorithmProvider(&h, algorithm, NULL, 0) < 0)
		abort();
	if (bcrypt_BCryptImportKeyPair(h, NULL, type, &k, in, n, 0) >= 0) {
		if (bcrypt_BCryptExportKey(k, NULL, type, again, sizeof again, &size, 0) < 0 ||
		    size > sizeof again)
			abort();
		bcrypt_BCryptDestroyKey(k);
	}
	bcrypt_BCryptCloseAlgorithmProvider(h, 0);
}

static void
cipher(const WCHAR *algorithm, const WCHAR *type, uint8_t *in, ULONG n)
{
	void *h, *k = NULL;
	if (bcrypt_BCryptOpenAlgorithmProvider(&h, algorithm, NULL, 0) < 0)
		abort();
	if (bcrypt_BCryptImportKey(h, NULL, type, &k, NULL, 0, in, n, 0) >= 0)
		bcrypt_BCryptDestroyKey(k);
	bcrypt_BCryptCloseAlgorithmProvider(h, 0);
}

static void
sealed(const uint8_t *in, DWORD n)
{
	const struct protect p = { .data = in, .size = n };
	BYTE *out = malloc(n + 1);
	WCHAR *name = NULL;
	DWORD size = 0;
	if (out && protect_open(&p, out, &size, &name) >= 0 && size > n)
		abort();
	free(out);
	free(name);
}

/* The length that is asked for is the length that comes. */
static void
text(const char *s, DWORD n, DWORD flags)
{
	DWORD need = 0, have, skipped = 0, was = 0;
	if (!crypt32_CryptStringToBinaryA(s, n, flags, NULL, &need, &skipped, &was))
		return;
	BYTE *out = malloc(need + 1);
	have = need;
	if (out &&
	    (!crypt32_CryptStringToBinaryA(s, n, flags, out, &have, &skipped, &was) || have > need))
		abort();
	free(out);
}

static void
capi(const uint8_t *in, DWORD n)
{
	void *p, *k = NULL;
	if (!advapi32_CryptAcquireContextA(&p, NULL, NULL, 24, 0xf0000000))
		abort();
	if (advapi32_CryptImportKey(p, in, n, NULL, 1, &k))
		advapi32_CryptDestroyKey(k);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct TEB self;
	if (!self.Self) {
		self.Self = &self;
		syscall(SYS_arch_prctl, ARCH_SET_GS, &self);
	}
	if (n < 1 || n > MOST)
		return 0;
	uint8_t *in = malloc(n);
	if (!in)
		return 0;
	memcpy(in, data + 1, n - 1);
	in[n - 1] = 0; /* a length of 0 is "as long as it is" */
	ULONG size = (ULONG)n - 1;
	switch (data[0] % 10) {
	case 0: pair(u"RSA", u"RSAPUBLICBLOB", in, size); break;
	case 1: pair(u"RSA", u"RSAFULLPRIVATEBLOB", in, size); break;
	case 2: pair(u"RSA", u"RSAPRIVATEBLOB", in, size); break;
	case 3: pair(u"ECDSA_P256", u"ECCPUBLICBLOB", in, size); break;
	case 4: pair(u"ECDH_P521", u"ECCPRIVATEBLOB", in, size); break;
	case 5: cipher(u"AES", u"KeyDataBlob", in, size); break;
	case 6: cipher(u"AES", u"OpaqueKeyBlob", in, size); break;
	case 7: sealed(in, size); break;
	case 8: text((const char *)in, size, size ? in[0] : 0); break;
	case 9: capi(in, size); break;
	}
	free(in);
	return 0;
}
