/* SPDX-License-Identifier: Apache-2.0 */
// Folders and command lines of the shell, messages without windows, versions, COM without
// classes, hashes, messages of errors, what a process asks about itself.
// needs: joist mingw
// libs: -lole32 -loleaut32 -lshlwapi -lversion -lpsapi -lbcrypt -luuid
// run: joist run --rm $GUEST
// expect: shell: all right
#define _WIN32_WINNT 0x0A00
#define INITGUID
#include "right.h"
#include <bcrypt.h>
#include <objbase.h>
#include <oleauto.h>
#include <psapi.h>
#include <shlobj.h>
#include <knownfolders.h>
#include <shlwapi.h>

static int got;

static LRESULT CALLBACK
procedure(HWND h, UINT m, WPARAM a, LPARAM b)
{
	if (m == WM_USER) {
		got = (int)a * 10 + (int)b;
		PostQuitMessage(5);
	}
	return DefWindowProcW(h, m, a, b);
}

static void
messages(void)
{
	WNDCLASSW c = { .lpfnWndProc = procedure, .lpszClassName = L"Joist test" };
	MSG m;
	IS(RegisterClassW(&c));
	FAILS(RegisterClassW(&c), ERROR_CLASS_ALREADY_EXISTS);
	HWND h = CreateWindowExW(0, L"Joist test", L"", 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL,
	                         NULL);
	IS(h && IsWindow(h) && GetWindowThreadProcessId(h, NULL) == GetCurrentThreadId());
	IS(SetWindowLongPtrW(h, GWLP_USERDATA, 7) == 0 && GetWindowLongPtrW(h, GWLP_USERDATA) == 7);
	IS(!PeekMessageW(&m, NULL, 0, 0, PM_REMOVE) && PostMessageW(h, WM_USER, 1, 2));
	IS(MsgWaitForMultipleObjects(0, NULL, FALSE, INFINITE, QS_ALLINPUT) == WAIT_OBJECT_0);
	while (GetMessageW(&m, NULL, 0, 0) > 0)
		DispatchMessageW(&m);
	IS(got == 12 && m.message == WM_QUIT && m.wParam == 5);
	IS(SetTimer(h, 3, 10, NULL) == 3 && GetMessageW(&m, h, WM_TIMER, WM_TIMER) > 0 &&
	   m.wParam == 3 && KillTimer(h, 3));
	IS(DestroyWindow(h) && !IsWindow(h) && UnregisterClassW(L"Joist test", NULL));
	FAILS(CreateWindowExW(0, L"No such class", L"", 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL),
	      ERROR_CANNOT_FIND_WND_CLASS);
}

static void
folders(void)
{
	WCHAR *p, w[MAX_PATH];
	int n;
	VS_FIXEDFILEINFO *f;
	UINT k;
	char v[512];
	DWORD zero;
	IS(SHGetKnownFolderPath(&FOLDERID_Profile, 0, NULL, &p) == S_OK && p[1] == ':');
	CoTaskMemFree(p);
	IS(SHGetFolderPathW(NULL, CSIDL_LOCAL_APPDATA, NULL, 0, w) == S_OK && w[1] == ':');
	WCHAR **a = CommandLineToArgvW(L"\"a b\" c\\\\\"d e\\\"f\" \"\" x", &n);
	IS(n == 4 && !wcscmp(a[0], L"a b") && !wcscmp(a[1], L"c\\d e\"f") && !*a[2] &&
	   !wcscmp(a[3], L"x"));
	IS(!LocalFree(a));
	IS(GetFileVersionInfoSizeW(L"kernel32.dll", &zero) &&
	   GetFileVersionInfoW(L"kernel32.dll", 0, sizeof v, v));
	IS(VerQueryValueW(v, L"\\", (void **)&f, &k) && f->dwSignature == 0xfeef04bd &&
	   f->dwFileVersionMS >> 16 == 10);
	IS(!wcscmp(PathFindFileNameW(L"C:\\a\\b.c"), L"b.c") &&
	   PathMatchSpecW(L"b.c", L"*.h;*.C") && PathIsRelativeW(L"a\\b"));
	IS(PathCanonicalizeW(w, L"C:\\a\\.\\b\\..\\c") && !wcscmp(w, L"C:\\a\\c"));
	IS(PathCombineW(w, L"C:\\a", L"..\\b") && !wcscmp(w, L"C:\\b") &&
	   StrCmpLogicalW(L"a10", L"a9") > 0);
}

static void
objects(void)
{
	void *p;
	GUID g, h;
	WCHAR t[40];
	IS(CoCreateInstance(&FOLDERID_Profile, NULL, CLSCTX_ALL, &IID_IUnknown, &p) ==
	   CO_E_NOTINITIALIZED);
	IS(CoInitializeEx(NULL, COINIT_MULTITHREADED) == S_OK &&
	   CoInitialize(NULL) == RPC_E_CHANGED_MODE);
	ULONG_PTR token = 0;
	IComThreadingInfo *info = NULL;
	APTTYPE apartment = APTTYPE_CURRENT;
	THDTYPE thread = THDTYPE_PROCESSMESSAGES;
	IS(CoGetContextToken(&token) == S_OK && token &&
	   ((IUnknown *)token)
	                   ->lpVtbl->QueryInterface((IUnknown *)token, &IID_IComThreadingInfo,
	                                            (void **)&info) == S_OK);
	IS(info && info->lpVtbl->GetCurrentApartmentType(info, &apartment) == S_OK &&
	   apartment == APTTYPE_MTA && info->lpVtbl->GetCurrentThreadType(info, &thread) == S_OK &&
	   thread == THDTYPE_BLOCKMESSAGES);
	GUID logical = { 1 }, again = { 0 };
	IS(info && info->lpVtbl->SetCurrentLogicalThreadId(info, &logical) == S_OK &&
	   info->lpVtbl->GetCurrentLogicalThreadId(info, &again) == S_OK &&
	   IsEqualGUID(&logical, &again));
	IS(((IUnknown *)token)
	                   ->lpVtbl->QueryInterface((IUnknown *)token, &IID_IStream,
	                                            (void **)&info) == E_NOINTERFACE &&
	   !info);
	IS(CoCreateInstance(&FOLDERID_Profile, NULL, CLSCTX_ALL, &IID_IUnknown, &p) ==
	           REGDB_E_CLASSNOTREG &&
	   !p);
	IS(CoCreateGuid(&g) == S_OK && StringFromGUID2(&g, t, 40) == 39 &&
	   CLSIDFromString(t, &h) == S_OK && IsEqualGUID(&g, &h));
	CoUninitialize();
	BSTR b = SysAllocString(L"abc");
	VARIANT v, u;
	IS(SysStringLen(b) == 3 && SysStringByteLen(b) == 6);
	VariantInit(&v), VariantInit(&u);
	v.vt = VT_BSTR, v.bstrVal = b;
	IS(VariantCopy(&u, &v) == S_OK && u.bstrVal != b && !wcscmp(u.bstrVal, L"abc") &&
	   VariantClear(&u) == S_OK && VariantClear(&v) == S_OK);
}

static void
itself(void)
{
	char b[200], r[64];
	BYTE d[32];
	MEMORYSTATUSEX m = { sizeof m };
	SYSTEM_INFO s;
	PROCESS_MEMORY_COUNTERS pm;
	FILETIME t[4];
	DWORD_PTR one, all;
	BOOL wow;
	IS(FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM, NULL, 2, 0, b, 200, NULL) == 44 &&
	   !strcmp(b, "The system cannot find the file specified.\r\n"));
	IS(FormatMessageA(FORMAT_MESSAGE_FROM_STRING | FORMAT_MESSAGE_ARGUMENT_ARRAY,
	                  "%1!s! %2!5d!|%%", 0, 0, b, 200,
	                  (va_list *)(DWORD_PTR[]){ (DWORD_PTR) "x", 42 }) &&
	   !strcmp(b, "x    42|%"));
	FAILS(FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM, NULL, 0x12345, 0, b, 200, NULL),
	      ERROR_MR_MID_NOT_FOUND);
	IS(SetEnvironmentVariableA("Joist_Test", "1%x") &&
	   GetEnvironmentVariableA("JOIST_TEST", b, 200) == 3);
	IS(ExpandEnvironmentStringsA("<%joist_test%>%none%", b, 200) == 12 &&
	   !strcmp(b, "<1%x>%none%"));
	IS(SetEnvironmentVariableA("joist_test", NULL));
	FAILS(GetEnvironmentVariableA("Joist_Test", b, 200), ERROR_ENVVAR_NOT_FOUND);
	IS(GlobalMemoryStatusEx(&m) && m.ullTotalPhys > m.ullAvailPhys && m.ullAvailPhys);
	GetSystemInfo(&s);
	IS(s.dwPageSize == 4096 && s.dwNumberOfProcessors &&
	   GetProcessAffinityMask(GetCurrentProcess(), &one, &all) && one == all);
	IS(GetProcessMemoryInfo(GetCurrentProcess(), &pm, sizeof pm) && pm.WorkingSetSize > 100000);
	IS(GetProcessTimes(GetCurrentProcess(), t, t + 1, t + 2, t + 3) &&
	   IsWow64Process(GetCurrentProcess(), &wow) && !wow);
	IS(IsBadReadPtr((void *)8, 4) && !IsBadReadPtr(b, 4) && IsBadStringPtrW((WCHAR *)16, 10));
	IS(DecodePointer(EncodePointer(b)) == b && EncodePointer(b) != b &&
	   IsProcessorFeaturePresent(10));
	BCRYPT_ALG_HANDLE a;
	IS(BCryptOpenAlgorithmProvider(&a, BCRYPT_SHA256_ALGORITHM, NULL, 0) == 0);
	IS(BCryptHash(a, NULL, 0, (UCHAR *)"abc", 3, d, 32) == 0 && d[0] == 0xba && d[31] == 0xad &&
	   BCryptCloseAlgorithmProvider(a, 0) == 0);
	IS(BCryptGenRandom(NULL, (UCHAR *)r, 64, BCRYPT_USE_SYSTEM_PREFERRED_RNG) == 0);
	ATOM x = GlobalAddAtomA("Joist atom");
	IS(x >= 0xc000 && GlobalFindAtomA("JOIST ATOM") == x &&
	   GlobalGetAtomNameA(x, b, 200) == 10 && GlobalDeleteAtom(x) == 0);
}

int
main(void)
{
	messages();
	folders();
	objects();
	itself();
	return done("shell");
}
