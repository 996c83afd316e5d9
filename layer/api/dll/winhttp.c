/* SPDX-License-Identifier: Apache-2.0 */
/* winhttp.c -- which proxy a program should use: programs with an HTTP of their own (.NET's)
 * ask that here.
 *
 * What the user has set is in the registry, under Internet Settings.  There is neither a script of
 * a proxy nor anybody who would tell where one is.
 */
#include <stdlib.h>

#include "layer/api/dll/advapi32_reg.h"
#include "layer/api/dll/dll.h"

enum {
	ERROR_WINHTTP_INCORRECT_HANDLE_TYPE = 12018,
	ERROR_WINHTTP_UNABLE_TO_DOWNLOAD_SCRIPT = 12167,
	ERROR_WINHTTP_AUTODETECTION_FAILED = 12180,
	WINHTTP_ACCESS_TYPE_NO_PROXY = 1,
	WINHTTP_ACCESS_TYPE_NAMED_PROXY = 3,
	WINHTTP_AUTOPROXY_CONFIG_URL = 2,
	RRF_RT_REG_SZ = 2,
	RRF_RT_REG_DWORD = 0x10,
};

WINAPI void *kernel32_GlobalAlloc(UINT flags, SIZE_T n);
WINAPI void *kernel32_GlobalFree(void *p);
WINAPI LONG advapi32_RegGetValueW(HKEY h, const WCHAR *path, const WCHAR *name, DWORD flags,
                                  DWORD *type, void *data, DWORD *size);

struct session {
	uint32_t magic;
};
enum { SESSION = 0x50545448 };

struct WINHTTP_CURRENT_USER_IE_PROXY_CONFIG {
	BOOL fAutoDetect;
	WCHAR *lpszAutoConfigUrl, *lpszProxy, *lpszProxyBypass;
};

struct WINHTTP_PROXY_INFO {
	DWORD dwAccessType;
	WCHAR *lpszProxy, *lpszProxyBypass;
};

struct WINHTTP_AUTOPROXY_OPTIONS {
	DWORD dwFlags, dwAutoDetectFlags;
	const WCHAR *lpszAutoConfigUrl;
	void *lpvReserved;
	DWORD dwReserved;
	BOOL fAutoLogonIfChallenged;
};

static const WCHAR settings[] = u"Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings";

/* A text of the user's settings, for GlobalFree; NULL: there is none. */
static WCHAR *
setting(const WCHAR *name)
{
	const HKEY user = (HKEY)(ULONG_PTR)(LONG)0x80000001;
	DWORD n = 0;

	if (advapi32_RegGetValueW(user, settings, name, RRF_RT_REG_SZ, NULL, NULL, &n) || n <= 2)
		return NULL;
	WCHAR *s = kernel32_GlobalAlloc(0, n);
	if (s && advapi32_RegGetValueW(user, settings, name, RRF_RT_REG_SZ, NULL, s, &n)) {
		kernel32_GlobalFree(s);
		s = NULL;
	}
	return s;
}

WINAPI BOOL
winhttp_WinHttpGetIEProxyConfigForCurrentUser(struct WINHTTP_CURRENT_USER_IE_PROXY_CONFIG *c)
{
	const HKEY user = (HKEY)(ULONG_PTR)(LONG)0x80000001;
	DWORD on = 0, n = sizeof on;

	if (!c)
		return refuse(ERROR_INVALID_PARAMETER);
	*c = (struct WINHTTP_CURRENT_USER_IE_PROXY_CONFIG){ 0 };
	c->lpszAutoConfigUrl = setting(u"AutoConfigURL");
	if (!advapi32_RegGetValueW(user, settings, u"ProxyEnable", RRF_RT_REG_DWORD, NULL, &on,
	                           &n) &&
	    on) {
		c->lpszProxy = setting(u"ProxyServer");
		c->lpszProxyBypass = setting(u"ProxyOverride");
	}
	return TRUE;
}

/* What `netsh winhttp` sets: nobody has. */
WINAPI BOOL
winhttp_WinHttpGetDefaultProxyConfiguration(struct WINHTTP_PROXY_INFO *p)
{
	if (!p)
		return refuse(ERROR_INVALID_PARAMETER);
	*p = (struct WINHTTP_PROXY_INFO){ WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL };
	return TRUE;
}

WINAPI BOOL
winhttp_WinHttpCheckPlatform(void)
{
	return TRUE;
}

WINAPI BOOL
winhttp_WinHttpDetectAutoProxyConfigUrl(DWORD flags, WCHAR **url)
{
	if (!url || !flags || flags > 3)
		return refuse(ERROR_INVALID_PARAMETER);
	*url = NULL;
	return refuse(ERROR_WINHTTP_AUTODETECTION_FAILED);
}

static bool
is_session(const struct session *s)
{
	if (s && s->magic == SESSION)
		return true;
	last_error(s ? ERROR_WINHTTP_INCORRECT_HANDLE_TYPE : ERROR_INVALID_HANDLE);
	return false;
}

WINAPI void *
winhttp_WinHttpOpen(const WCHAR *agent, DWORD access, const WCHAR *proxy, const WCHAR *bypass,
                    DWORD flags)
{
	(void)agent, (void)bypass, (void)flags;
	if (access == WINHTTP_ACCESS_TYPE_NAMED_PROXY ? !proxy : proxy != NULL) {
		last_error(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	struct session *s = calloc(1, sizeof *s);
	if (!s)
		last_error(ERROR_NOT_ENOUGH_MEMORY);
	else
		s->magic = SESSION;
	return s;
}

WINAPI BOOL
winhttp_WinHttpSetTimeouts(struct session *s, int resolve, int connect, int send, int receive)
{
	if (!is_session(s))
		return FALSE;
	return resolve < -1 || connect < -1 || send < -1 || receive < -1
	               ? refuse(ERROR_INVALID_PARAMETER)
	               : TRUE;
}

WINAPI BOOL
winhttp_WinHttpGetProxyForUrl(struct session *s, const WCHAR *url,
                              const struct WINHTTP_AUTOPROXY_OPTIONS *o,
                              struct WINHTTP_PROXY_INFO *p)
{
	if (!is_session(s))
		return FALSE;
	if (!url || !o || !p || !(o->dwFlags & 3))
		return refuse(ERROR_INVALID_PARAMETER);
	return refuse(o->dwFlags & WINHTTP_AUTOPROXY_CONFIG_URL
	                      ? ERROR_WINHTTP_UNABLE_TO_DOWNLOAD_SCRIPT
	                      : ERROR_WINHTTP_AUTODETECTION_FAILED);
}

WINAPI BOOL
winhttp_WinHttpCloseHandle(struct session *s)
{
	if (!is_session(s))
		return FALSE;
	s->magic = 0;
	free(s);
	return TRUE;
}
