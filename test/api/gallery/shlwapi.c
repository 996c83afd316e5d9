/* SPDX-License-Identifier: Apache-2.0 */
// Paths as shlwapi and pathcch cut and join them, strings compared, and the shell's folders.
// needs: joist mingw
// libs: -lshlwapi -lshell32
// run: joist run --rm $GUEST
// expect: paths: ok
// expect: strings: ok
// expect: pathcch: ok
// expect: shell: ok
#define _WIN32_WINNT 0x0A00
#include "check.h"
#include <shellapi.h>
#include <shlobj.h>
#include <shlwapi.h>

#define SAME(a, b) IS(!wcscmp(a, b))

static void
paths(void)
{
	WCHAR p[MAX_PATH] = L"C:\\a";
	IS(PathAppendW(p, L"..\\b\\c.txt"));
	SAME(p, L"C:\\b\\c.txt");
	SAME(PathFindExtensionW(p), L".txt");
	PathRemoveExtensionW(p);
	SAME(p, L"C:\\b\\c");
	IS(PathRemoveFileSpecW(p));
	SAME(p, L"C:\\b");
	PathAddBackslashW(p);
	SAME(p, L"C:\\b\\");
	PathRemoveBackslashW(p);
	SAME(p, L"C:\\b");
	wcscpy_s(p, MAX_PATH, L"C:\\x\\y.z");
	PathStripPathW(p);
	SAME(p, L"y.z");
	IS(PathIsRootW(L"C:\\") && !PathIsRootW(L"C:\\x"));
	IS(PathIsUNCW(L"\\\\server\\share") && !PathIsUNCW(L"C:\\"));
	IS(PathIsURLW(L"https://example.org/") && !PathIsURLW(L"C:\\x"));
	IS(PathIsPrefixW(L"C:\\a", L"C:\\a\\b") && !PathIsPrefixW(L"C:\\b", L"C:\\a\\b"));
	IS(PathIsDirectoryW(L"C:\\") && !PathIsDirectoryW(L"C:\\there is none"));
	IS(PathFileExistsW(L"C:\\") && PathFileExistsA("C:\\"));
	ERR(PathFileExistsA("C:\\there is none"), ERROR_FILE_NOT_FOUND);
	DWORD n = MAX_PATH;
	IS(PathCreateFromUrlW(L"file:///C:/a%20b", p, &n, 0) == S_OK);
	SAME(p, L"C:\\a b");
	done("paths");
}

static void
strings(void)
{
	IS(StrCmpW(L"a", L"b") < 0 && StrCmpIW(L"ABC", L"abc") == 0);
	IS(StrCmpNW(L"abX", L"abY", 2) == 0 && StrCmpNIW(L"ABx", L"abY", 2) == 0);
	SAME(StrStrW(L"find it here", L"it"), L"it here");
	SAME(StrStrIW(L"find IT here", L"it"), L"IT here");
	IS(!StrStrW(L"find IT here", L"it"));
	IS(UrlIsW(L"file:///x", URLIS_FILEURL) && !UrlIsW(L"http://x", URLIS_FILEURL));
	done("strings");
}

static FARPROC
of(const char *name)
{
	FARPROC p = GetProcAddress(LoadLibraryA("api-ms-win-core-path-l1-1-0.dll"), name);
	if (!p)
		printf("no %s\n", name);
	return p;
}
#define CALL(name, ...) ((HRESULT(WINAPI *)(__VA_ARGS__))(void *)of(#name))

static void
pathcch(void)
{
	WCHAR p[MAX_PATH] = L"C:\\a";
	PWSTR made = NULL;
	const WCHAR *part = NULL;
	IS(CALL(PathCchAddBackslash, PWSTR, SIZE_T)(p, MAX_PATH) == S_OK);
	SAME(p, L"C:\\a\\");
	IS(CALL(PathCchAppend, PWSTR, SIZE_T, PCWSTR)(p, MAX_PATH, L"b\\..\\c.d") == S_OK);
	SAME(p, L"C:\\a\\c.d");
	IS(CALL(PathCchAppendEx, PWSTR, SIZE_T, PCWSTR, ULONG)(p, MAX_PATH, L"..", 0) == S_OK);
	SAME(p, L"C:\\a");
	IS(CALL(PathCchCanonicalize, PWSTR, SIZE_T, PCWSTR)(p, MAX_PATH, L"C:\\x\\.\\y") == S_OK);
	SAME(p, L"C:\\x\\y");
	IS(CALL(PathCchCanonicalizeEx, PWSTR, SIZE_T, PCWSTR, ULONG)(p, MAX_PATH, L"C:\\..", 0) ==
	   S_OK);
	SAME(p, L"C:\\");
	IS(CALL(PathCchIsRoot, PCWSTR)(p) == TRUE);
	IS(CALL(PathCchCombine, PWSTR, SIZE_T, PCWSTR, PCWSTR)(p, MAX_PATH, L"C:\\q", L"r.s") ==
	   S_OK);
	SAME(p, L"C:\\q\\r.s");
	IS(CALL(PathCchCombineEx, PWSTR, SIZE_T, PCWSTR, PCWSTR, ULONG)(p, MAX_PATH, L"C:\\q",
	                                                                L"\\t", 0) == S_OK);
	SAME(p, L"C:\\t");
	IS(CALL(PathCchFindExtension, PCWSTR, SIZE_T, PCWSTR *)(L"C:\\q.r\\s.t", 11, &part) ==
	   S_OK);
	SAME(part, L".t");
	IS(CALL(PathCchSkipRoot, PCWSTR, PCWSTR *)(L"C:\\q", &part) == S_OK);
	SAME(part, L"q");
	IS(CALL(PathCchRemoveFileSpec, PWSTR, SIZE_T)(p, MAX_PATH) == S_OK);
	SAME(p, L"C:\\");
	IS(CALL(PathAllocCanonicalize, PCWSTR, ULONG, PWSTR *)(L"C:\\a\\..\\b", 0, &made) == S_OK);
	SAME(made, L"C:\\b");
	LocalFree(made);
	IS(CALL(PathAllocCombine, PCWSTR, PCWSTR, ULONG, PWSTR *)(L"C:\\a", L"b", 0, &made) ==
	   S_OK);
	SAME(made, L"C:\\a\\b");
	LocalFree(made);
	done("pathcch");
}

static void
shell(void)
{
	char a[MAX_PATH];
	WCHAR w[MAX_PATH];
	IS(SHGetFolderPathA(NULL, CSIDL_LOCAL_APPDATA, NULL, 0, a) == S_OK && a[1] == ':');
	IS(SHGetSpecialFolderPathA(NULL, a, CSIDL_PROFILE, FALSE) && a[1] == ':');
	IS(SHGetSpecialFolderPathW(NULL, w, CSIDL_PROFILE, FALSE) && w[1] == ':');
	IS(SHCreateDirectoryExW(NULL, L"C:\\shell\\one\\two", NULL) == ERROR_SUCCESS);
	IS(SHCreateDirectoryExW(NULL, L"C:\\shell\\one", NULL) != ERROR_SUCCESS);
	IS(PathIsDirectoryW(L"C:\\shell\\one\\two"));
	IS(SHCreateDirectory(NULL, L"C:\\shell\\three") == ERROR_SUCCESS);
	RemoveDirectoryW(L"C:\\shell\\three"), RemoveDirectoryW(L"C:\\shell\\one\\two");
	RemoveDirectoryW(L"C:\\shell\\one"), RemoveDirectoryW(L"C:\\shell");
	IS((INT_PTR)ShellExecuteW(NULL, L"open", L"C:\\there is none", NULL, NULL, 0) <= 32);
	IS((INT_PTR)ShellExecuteA(NULL, "open", "C:\\there is none", NULL, NULL, 0) <= 32);
	IS(SetCurrentProcessExplicitAppUserModelID(L"joist.test") == S_OK);
	PWSTR id = NULL;
	IS(GetCurrentProcessExplicitAppUserModelID(&id) == S_OK && !wcscmp(id, L"joist.test"));
	done("shell");
}

int
main(void)
{
	paths();
	strings();
	pathcch();
	shell();
	return 0;
}
