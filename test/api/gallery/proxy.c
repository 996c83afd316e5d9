/* SPDX-License-Identifier: Apache-2.0 */
// WINHTTP.dll, as far as programs ask it for proxies.
// needs: joist mingw
// libs: -lwinhttp -ladvapi32
// run: joist run --rm $GUEST
// expect: of the user: ok
// expect: of the system: ok
// expect: sessions: ok
#include "check.h"
#include <winhttp.h>

static void
user(void)
{
	static const char path[] =
	        "Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings";
	WINHTTP_CURRENT_USER_IE_PROXY_CONFIG c;
	DWORD on = 1;
	HKEY k;
	memset(&c, 0xff, sizeof c);
	IS(WinHttpGetIEProxyConfigForCurrentUser(&c));
	IS(!c.fAutoDetect && !c.lpszAutoConfigUrl && !c.lpszProxy && !c.lpszProxyBypass);
	IS(!RegCreateKeyA(HKEY_CURRENT_USER, path, &k));
	RegSetValueExA(k, "ProxyServer", 0, REG_SZ, (const BYTE *)"proxy:8080", 11);
	RegSetValueExA(k, "ProxyOverride", 0, REG_SZ, (const BYTE *)"<local>", 8);
	IS(WinHttpGetIEProxyConfigForCurrentUser(&c) && !c.lpszProxy); /* not switched on */
	RegSetValueExA(k, "ProxyEnable", 0, REG_DWORD, (const BYTE *)&on, sizeof on);
	RegCloseKey(k);
	IS(WinHttpGetIEProxyConfigForCurrentUser(&c));
	IS(c.lpszProxy && !wcscmp(c.lpszProxy, L"proxy:8080"));
	IS(c.lpszProxyBypass && !wcscmp(c.lpszProxyBypass, L"<local>"));
	IS(!GlobalFree(c.lpszProxy) && !GlobalFree(c.lpszProxyBypass));
	IS(!WinHttpGetIEProxyConfigForCurrentUser(NULL) &&
	   GetLastError() == ERROR_INVALID_PARAMETER);
	done("of the user");
}

static void
defaults(void)
{
	WINHTTP_PROXY_INFO p;
	LPWSTR url = NULL;
	memset(&p, 0xff, sizeof p);
	IS(WinHttpCheckPlatform());
	IS(WinHttpGetDefaultProxyConfiguration(&p));
	IS(p.dwAccessType == WINHTTP_ACCESS_TYPE_NO_PROXY && !p.lpszProxy && !p.lpszProxyBypass);
	IS(!WinHttpDetectAutoProxyConfigUrl(WINHTTP_AUTO_DETECT_TYPE_DHCP, &url));
	IS(GetLastError() == ERROR_WINHTTP_AUTODETECTION_FAILED && !url);
	done("of the system");
}

static void
sessions(void)
{
	WINHTTP_PROXY_INFO p;
	WINHTTP_AUTOPROXY_OPTIONS o = { .dwFlags = WINHTTP_AUTOPROXY_AUTO_DETECT,
		                        .dwAutoDetectFlags = WINHTTP_AUTO_DETECT_TYPE_DNS_A };
	HINTERNET s =
	        WinHttpOpen(L"agent", WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, WINHTTP_FLAG_ASYNC);
	IS(s != NULL);
	IS(WinHttpSetTimeouts(s, 1000, 1000, 1000, 1000));
	IS(!WinHttpGetProxyForUrl(s, L"http://example.org/", &o, &p));
	IS(GetLastError() == ERROR_WINHTTP_AUTODETECTION_FAILED);
	o.dwFlags = WINHTTP_AUTOPROXY_CONFIG_URL;
	o.lpszAutoConfigUrl = L"http://127.0.0.1/proxy.pac";
	IS(!WinHttpGetProxyForUrl(s, L"http://example.org/", &o, &p));
	IS(GetLastError() == ERROR_WINHTTP_UNABLE_TO_DOWNLOAD_SCRIPT);
	IS(WinHttpCloseHandle(s));
	IS(!WinHttpCloseHandle(NULL) && GetLastError() == ERROR_INVALID_HANDLE);
	done("sessions");
}

int
main(void)
{
	user();
	defaults();
	sessions();
	return 0;
}
