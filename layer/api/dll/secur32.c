/* SPDX-License-Identifier: Apache-2.0 */
/* secur32.c -- who the user is, and the security packages, of which there is none.
 *
 * A program that wants Schannel, NTLM or Kerberos is told that the package does not exist, as
 * on a machine where it is not installed; so there is never a credential or a context, and what
 * takes one says that it is no valid one.
 */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/text/nls.h"

#define SEC_E_OK               ((LONG)0)
#define SEC_E_UNSUPPORTED      ((LONG)0x80090302)
#define SEC_E_INVALID_HANDLE   ((LONG)0x80090301)
#define SEC_E_SECPKG_NOT_FOUND ((LONG)0x80090305)

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

WINAPI LONG
secur32_EnumerateSecurityPackagesW(ULONG *n, void **packages)
{
	*n = 0;
	*packages = calloc(1, 1);
	return SEC_E_OK;
}

WINAPI LONG
secur32_QuerySecurityPackageInfoW(const void *name, void **info)
{
	(void)name;
	*info = NULL;
	return SEC_E_SECPKG_NOT_FOUND;
}

WINAPI LONG
secur32_AcquireCredentialsHandleW(const void *principal, const void *package, ULONG use,
                                  void *logon, const void *data, void *key, void *key_of,
                                  ULONG_PTR *credential, LONGLONG *expires)
{
	(void)principal, (void)package, (void)use, (void)logon, (void)data, (void)key, (void)key_of;
	(void)credential, (void)expires;
	return SEC_E_SECPKG_NOT_FOUND;
}

/* All that takes a credential or a context. */
WINAPI LONG
secur32_FreeCredentialsHandle(const ULONG_PTR *handle)
{
	(void)handle;
	return SEC_E_INVALID_HANDLE;
}

WINAPI LONG
secur32_FreeContextBuffer(void *p)
{
	free(p);
	return SEC_E_OK;
}

static WINAPI LONG
unsupported(void)
{
	return SEC_E_UNSUPPORTED;
}

/* SecurityFunctionTable: the order is sspi.h's.  Version 1 ends with DecryptMessage. */
WINAPI const void *
secur32_InitSecurityInterfaceW(void)
{
	typedef void any(void);
	static const struct {
		ULONG version;
		any *f[27];
	} table = { 1,
		    {
		            (any *)secur32_EnumerateSecurityPackagesW,
		            (any *)secur32_FreeCredentialsHandle, /* query */
		            (any *)secur32_AcquireCredentialsHandleW,
		            (any *)secur32_FreeCredentialsHandle,
		            NULL,
		            (any *)secur32_FreeCredentialsHandle, /* initialize */
		            (any *)secur32_FreeCredentialsHandle, /* accept */
		            (any *)secur32_FreeCredentialsHandle, /* complete */
		            (any *)secur32_FreeCredentialsHandle, /* delete */
		            (any *)secur32_FreeCredentialsHandle, /* apply token */
		            (any *)secur32_FreeCredentialsHandle, /* query */
		            (any *)secur32_FreeCredentialsHandle, /* impersonate */
		            (any *)secur32_FreeCredentialsHandle, /* revert */
		            (any *)secur32_FreeCredentialsHandle, /* sign */
		            (any *)secur32_FreeCredentialsHandle, /* verify */
		            (any *)secur32_FreeContextBuffer,
		            (any *)secur32_QuerySecurityPackageInfoW,
		            NULL,
		            NULL,
		            (any *)secur32_FreeCredentialsHandle, /* export */
		            (any *)unsupported,                   /* import */
		            (any *)unsupported,                   /* add credentials */
		            NULL,
		            (any *)secur32_FreeCredentialsHandle, /* token */
		            (any *)secur32_FreeCredentialsHandle, /* encrypt */
		            (any *)secur32_FreeCredentialsHandle, /* decrypt */
		    } };
	return &table;
}
