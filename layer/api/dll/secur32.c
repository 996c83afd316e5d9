/* SPDX-License-Identifier: Apache-2.0 */
/* secur32.c -- who the user is, and the security packages, of which there is one: Schannel.
 *
 * A program that wants NTLM or Kerberos is told that the package does not exist, as on a machine
 * where it is not installed.
 */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/secur32.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/text/utf.h"

enum { NAME_SAM_COMPATIBLE = 2, NAME_LAST = 12, MOST = 256, ERROR_NONE_MAPPED = 1332 };

WINAPI BOOL advapi32_GetUserNameW(WCHAR *out, DWORD *n);
WINAPI BOOL kernel32_GetComputerNameW(WCHAR *out, DWORD *n);

/* COMPUTER\user, the only form of name that a local account has. */
WINAPI BYTE
secur32_GetUserNameExW(int format, WCHAR *out, ULONG *size)
{
	WCHAR w[2 * MOST + 1];
	DWORD n = MOST, k = MOST;
	if (!size || format <= 0 || format > NAME_LAST)
		return (BYTE)refuse(ERROR_INVALID_PARAMETER);
	if (format != NAME_SAM_COMPATIBLE)
		return (BYTE)refuse(ERROR_NONE_MAPPED);
	if (!kernel32_GetComputerNameW(w, &n))
		return FALSE;
	w[n++] = '\\';
	if (!advapi32_GetUserNameW(w + n, &k))
		return FALSE;
	n += k - 1;
	if (*size <= n || !out) {
		*size = n + 1;
		return (BYTE)refuse(ERROR_MORE_DATA);
	}
	memcpy(out, w, (n + 1) * sizeof *w);
	*size = n;
	return TRUE;
}

WINAPI BYTE
secur32_GetUserNameExA(int format, char *out, ULONG *size)
{
	WCHAR w[2 * MOST + 1];
	ULONG n = 2 * MOST, k;
	if (!size)
		return (BYTE)refuse(ERROR_INVALID_PARAMETER);
	if (!secur32_GetUserNameExW(format, w, &n))
		return FALSE;
	k = (ULONG)nls_8_of_16(w, n, NULL, 0, NULL);
	if (*size <= k || !out) {
		*size = k + 1;
		return (BYTE)refuse(ERROR_MORE_DATA);
	}
	nls_8_of_16(w, n, out, k, NULL);
	out[k] = '\0';
	*size = k;
	return TRUE;
}

/* -- security packages ------------------------------------------------------------------------ */

/* One package under three names. */
static const WCHAR *const packages[] = { u"Schannel",
	                                 u"Microsoft Unified Security Protocol Provider",
	                                 u"Default TLS SSP" };
enum { PACKAGES = sizeof packages / sizeof *packages };

/* Of bytes or of wide characters: behind it, or behind the last of a list, are its texts. */
struct SecPkgInfo {
	ULONG fCapabilities;
	USHORT wVersion, wRPCID;
	ULONG cbMaxToken;
	void *Name, *Comment;
};

static size_t
find(const WCHAR *name)
{
	size_t i = 0;
	while (i < PACKAGES && utf_compare(packages[i], name))
		i++;
	return i;
}

bool
secur32_is_schannel(const WCHAR *name)
{
	return find(name) < PACKAGES;
}

static void *
put_text(char **at, const WCHAR *text, bool wide)
{
	void *p = *at;
	size_t n = utf_length(text);
	if (wide)
		memcpy(p, text, (n + 1) * sizeof *text);
	else
		((char *)p)[utf_to_8(p, text, n)] = 0; /* ASCII */
	*at += (n + 1) * sizeof *text;
	return p;
}

/* Packages from..to, in one piece. */
static LONG
describe(size_t from, size_t to, bool wide, void **out)
{
	/* integrity, privacy, connections, many requests, extended errors, client by user, streams ... */
	enum { CAPABILITIES = 0x1107b3, RPC_ID = 14, MOST_TOKEN = 24576 };
	static const WCHAR comment[] = u"Schannel Security Package";
	size_t n = to - from, room = n * (sizeof(struct SecPkgInfo) + sizeof comment);
	for (size_t i = from; i < to; i++)
		room += (utf_length(packages[i]) + 1) * sizeof(WCHAR);
	struct SecPkgInfo *p = malloc(room);
	if (!p)
		return SEC_E_INSUFFICIENT_MEMORY;
	char *at = (char *)(p + n);
	for (size_t i = 0; i < n; i++) {
		p[i] = (struct SecPkgInfo){ CAPABILITIES, 1, RPC_ID, MOST_TOKEN, NULL, NULL };
		p[i].Name = put_text(&at, packages[from + i], wide);
		p[i].Comment = put_text(&at, comment, wide);
	}
	*out = p;
	return SEC_E_OK;
}

LONG
secur32_package(size_t i, bool wide, void **out)
{
	return describe(i, i + 1, wide, out);
}

WINAPI LONG
secur32_EnumerateSecurityPackagesW(ULONG *n, void **out)
{
	*n = PACKAGES;
	return describe(0, PACKAGES, true, out);
}

WINAPI LONG
secur32_EnumerateSecurityPackagesA(ULONG *n, void **out)
{
	*n = PACKAGES;
	return describe(0, PACKAGES, false, out);
}

WINAPI LONG
secur32_QuerySecurityPackageInfoW(const WCHAR *name, void **info)
{
	size_t i = find(name);
	*info = NULL;
	return i < PACKAGES ? describe(i, i + 1, true, info) : SEC_E_SECPKG_NOT_FOUND;
}

WINAPI LONG
secur32_QuerySecurityPackageInfoA(const char *name, void **info)
{
	WCHAR *w = utf_wide(name);
	size_t i = w ? find(w) : PACKAGES;
	free(w);
	*info = NULL;
	return i < PACKAGES ? describe(i, i + 1, false, info) : SEC_E_SECPKG_NOT_FOUND;
}

WINAPI LONG
secur32_FreeContextBuffer(void *p)
{
	free(p);
	return SEC_E_OK;
}

/* What Schannel does not have: messages signed alone, other users, contexts of another process. */
WINAPI LONG
secur32_ImpersonateSecurityContext(const struct SecHandle *h)
{
	return secur32_context_of(h) ? SEC_E_UNSUPPORTED_FUNCTION : SEC_E_INVALID_HANDLE;
}

static WINAPI LONG
unsupported(void)
{
	return SEC_E_UNSUPPORTED_FUNCTION;
}

/* -- all of it as a table: the order is sspi.h's ---------------------------------------------------- */

typedef void any(void);
struct SecurityFunctionTable {
	ULONG version; /* 2 ends with SetContextAttributes */
	any *f[27];
};

/* W or A: the same but for those that take texts. */
#define TABLE(W)                                                                                           \
	{                                                                                                  \
		2,                                                                                         \
		        {                                                                                  \
			        (any *)secur32_EnumerateSecurityPackages##W,                               \
			        (any *)secur32_QueryCredentialsAttributesW,                                \
			        (any *)secur32_AcquireCredentialsHandle##W,                                \
			        (any *)secur32_FreeCredentialsHandle,                                      \
			        NULL,                                                                      \
			        (any *)secur32_InitializeSecurityContext##W,                               \
			        (any *)secur32_AcceptSecurityContext,                                      \
			        (any *)secur32_CompleteAuthToken,                                          \
			        (any *)secur32_DeleteSecurityContext,                                      \
			        (any *)secur32_ApplyControlToken,                                          \
			        (any *)secur32_QueryContextAttributes##W,                                  \
			        (any *)secur32_ImpersonateSecurityContext, /* and: revert, sign, verify */ \
			        (any *)secur32_ImpersonateSecurityContext,                                 \
			        (any *)secur32_ImpersonateSecurityContext,                                 \
			        (any *)secur32_ImpersonateSecurityContext,                                 \
			        (any *)secur32_FreeContextBuffer,                                          \
			        (any *)secur32_QuerySecurityPackageInfo##W,                                \
			        NULL,                                                                      \
			        NULL,                                                                      \
			        (any *)secur32_ImpersonateSecurityContext, /* export */                    \
			        (any *)unsupported, /* import, add credentials */                          \
			        (any *)unsupported,                                                        \
			        NULL,                                                                      \
			        (any *)secur32_ImpersonateSecurityContext, /* token */                     \
			        (any *)secur32_EncryptMessage,                                             \
			        (any *)secur32_DecryptMessage,                                             \
			        (any *)secur32_SetContextAttributesW,                                      \
		        },                                                                                 \
	}

WINAPI const void *
secur32_InitSecurityInterfaceW(void)
{
	static const struct SecurityFunctionTable table = TABLE(W);
	return &table;
}

WINAPI const void *
secur32_InitSecurityInterfaceA(void)
{
	static const struct SecurityFunctionTable table = TABLE(A);
	return &table;
}
