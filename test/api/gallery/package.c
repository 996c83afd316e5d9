/* SPDX-License-Identifier: Apache-2.0 */
// The user's name and security packages; functions by a second name; what a desktop is asked for.
// needs: joist mingw
// libs: -lsecur32 -lcomctl32
// run: joist run --rm $GUEST
// expect: package: all right
#define SECURITY_WIN32
#include "right.h"

#include <bcrypt.h>
#include <commctrl.h>
#include <security.h>

static void
user(void)
{
	WCHAR w[300], computer[100], name[100], all[300];
	char b[300];
	ULONG n = 300;
	DWORD k = 100, l = 100;
	GetComputerNameW(computer, &k);
	GetUserNameW(name, &l);
	swprintf(all, 300, L"%ls\\%ls", computer, name);
	IS(GetUserNameExW(NameSamCompatible, w, &n) && !wcscmp(w, all) && n == wcslen(all));
	n = 300;
	IS(GetUserNameExA(NameSamCompatible, b, &n) && n == wcslen(all) && strlen(b) == n);
	n = 3;
	FAILS(GetUserNameExW(NameSamCompatible, w, &n), ERROR_MORE_DATA);
	IS(n == wcslen(all) + 1);
	n = 300;
	FAILS(GetUserNameExW(NameDisplay, w, &n), ERROR_NONE_MAPPED);
	FAILS(GetUserNameExW(0, w, &n), ERROR_INVALID_PARAMETER);
}

static void
packages(void)
{
	SecurityFunctionTableW *t = InitSecurityInterfaceW();
	SecPkgInfoW *wide;
	SecPkgInfoA *info;
	CredHandle c = { 0, 0 };
	CtxtHandle x = { 0, 0 };
	TimeStamp expires;
	ULONG n = 7;
	IS(t && t->dwVersion >= 1 && InitSecurityInterfaceA());
	IS(t->EnumerateSecurityPackagesW(&n, &wide) == SEC_E_OK && n == 3);
	IS(t->FreeContextBuffer(wide) == SEC_E_OK);
	IS(EnumerateSecurityPackagesA(&n, &info) == SEC_E_OK &&
	   FreeContextBuffer(info) == SEC_E_OK);
	IS(EnumerateSecurityPackagesW(&n, &wide) == SEC_E_OK &&
	   FreeContextBuffer(wide) == SEC_E_OK);
	IS(QuerySecurityPackageInfoA((char *)"NTLM", &info) == SEC_E_SECPKG_NOT_FOUND);
	IS(QuerySecurityPackageInfoW((WCHAR *)L"NTLM", &wide) == SEC_E_SECPKG_NOT_FOUND);
	IS(t->AcquireCredentialsHandleW(NULL, (WCHAR *)L"Kerberos", SECPKG_CRED_OUTBOUND, NULL,
	                                NULL, NULL, NULL, &c, &expires) == SEC_E_SECPKG_NOT_FOUND);
	IS(AcquireCredentialsHandleA(NULL, (char *)"Kerberos", SECPKG_CRED_OUTBOUND, NULL, NULL,
	                             NULL, NULL, &c, &expires) == SEC_E_SECPKG_NOT_FOUND);
	IS(AcquireCredentialsHandleW(NULL, (WCHAR *)L"Kerberos", SECPKG_CRED_OUTBOUND, NULL, NULL,
	                             NULL, NULL, &c, &expires) == SEC_E_SECPKG_NOT_FOUND);
	IS(InitializeSecurityContextA(&c, NULL, NULL, 0, 0, 0, NULL, 0, &x, NULL, &n, &expires) ==
	   SEC_E_INVALID_HANDLE);
	IS(InitializeSecurityContextW(&c, NULL, NULL, 0, 0, 0, NULL, 0, &x, NULL, &n, &expires) ==
	   SEC_E_INVALID_HANDLE);
	IS(AcceptSecurityContext(&c, NULL, NULL, 0, 0, &x, NULL, &n, &expires) ==
	   SEC_E_INVALID_HANDLE);
	IS(CompleteAuthToken(&x, NULL) == SEC_E_INVALID_HANDLE);
	IS(ApplyControlToken(&x, NULL) == SEC_E_INVALID_HANDLE);
	IS(QueryContextAttributesA(&x, 0, &n) == SEC_E_INVALID_HANDLE);
	IS(QueryContextAttributesW(&x, 0, &n) == SEC_E_INVALID_HANDLE);
	IS(EncryptMessage(&x, 0, NULL, 0) == SEC_E_INVALID_HANDLE);
	IS(DecryptMessage(&x, NULL, 0, NULL) == SEC_E_INVALID_HANDLE);
	IS(t->DeleteSecurityContext(&x) == SEC_E_INVALID_HANDLE);
	IS(DeleteSecurityContext(&x) == SEC_E_INVALID_HANDLE);
	IS(FreeCredentialsHandle(&c) == SEC_E_INVALID_HANDLE);
	IS(GetProcAddress(LoadLibraryA("sspicli"), "FreeContextBuffer") ==
	   GetProcAddress(LoadLibraryA("secur32"), "FreeContextBuffer"));
}

int
main(void)
{
	NTSTATUS(WINAPI * open)(BCRYPT_ALG_HANDLE *, const WCHAR *, const WCHAR *, ULONG);
	BCRYPT_ALG_HANDLE a = NULL;
	DWORD_PTR result = 5;
	user();
	packages();
	open = (void *)GetProcAddress(LoadLibraryA("ncrypt"), "BCryptOpenAlgorithmProvider");
	IS(open && open(&a, L"SHA256", NULL, 0) == 0 && a);
	InitCommonControls();
	IS(SendMessageTimeoutW(HWND_BROADCAST, WM_SETTINGCHANGE, 0, (LPARAM)L"Environment", 0, 100,
	                       &result) &&
	   result == 0);
	IS(SendMessageTimeoutA(HWND_BROADCAST, WM_SETTINGCHANGE, 0, 0, 0, 100, NULL));
	FAILS(SendMessageTimeoutW((HWND)(ULONG_PTR)0x77777, WM_NULL, 0, 0, 0, 100, NULL),
	      ERROR_INVALID_WINDOW_HANDLE);
	MSG m = { .message = WM_NULL };
	IS(!CallMsgFilterA(&m, 0) && !CallMsgFilterW(&m, 0));
	return done("package");
}
