/* SPDX-License-Identifier: Apache-2.0 */
// In which folders the file of a DLL is looked for.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: dll_folder: all right
// A variable of a DLL stays one when calls are written down.
// run: joist run --rm --trace $W/calls $GUEST
// expect: dll_folder: all right
#include "right.h"

static WCHAR root[MAX_PATH], first[MAX_PATH], second[MAX_PATH], own[MAX_PATH];

/* Where it was found; empty: it was not.  It is this very program, as data. */
static const WCHAR *
where(const WCHAR *name, DWORD flags)
{
	static WCHAR path[MAX_PATH];
	HMODULE h = LoadLibraryExW(name, NULL, LOAD_LIBRARY_AS_DATAFILE | flags);
	*path = 0;
	if (h) {
		GetModuleFileNameW((HMODULE)((ULONG_PTR)h & ~(ULONG_PTR)3), path, MAX_PATH);
		FreeLibrary(h);
	}
	return path;
}

static int
in(const WCHAR *path, const WCHAR *folder)
{
	return *path && !_wcsnicmp(path, folder, wcslen(folder)) && path[wcslen(folder)] == '\\';
}

static void
put(const WCHAR *folder, const WCHAR *name)
{
	WCHAR to[MAX_PATH];
	swprintf(to, MAX_PATH, L"%ls\\%ls", folder, name);
	IS(CopyFileW(own, to, FALSE));
}

int
main(void)
{
	WCHAR text[MAX_PATH];
	char narrow[MAX_PATH];
	DLL_DIRECTORY_COOKIE c;
	GetModuleFileNameW(NULL, own, MAX_PATH);
	GetTempPathW(MAX_PATH, root);
	swprintf(first, MAX_PATH, L"%lsone", root);
	swprintf(second, MAX_PATH, L"%lstwo", root);
	CreateDirectoryW(first, NULL);
	CreateDirectoryW(second, NULL);
	put(first, L"a.dll");
	put(first, L"Both.dll");
	put(second, L"both.dll");
	put(second, L"c.dll");

	IS(!*where(L"a.dll", 0) && GetLastError() == ERROR_MOD_NOT_FOUND);
	IS(SetDllDirectoryW(first) && in(where(L"a.dll", 0), first));
	IS(in(where(L"both", 0), first));
	IS(GetDllDirectoryW(MAX_PATH, text) == wcslen(first) && !wcscmp(text, first));
	IS(GetDllDirectoryA(MAX_PATH, narrow) == wcslen(first) && strlen(narrow) == wcslen(first));
	IS(GetDllDirectoryW(2, text) == wcslen(first) + 1 &&
	   GetDllDirectoryA(0, NULL) == wcslen(first) + 1);
	FAILS(SetDllDirectoryA("C:\\x;C:\\y"), ERROR_INVALID_PARAMETER);
	/* what is set takes the current folder out */
	SetCurrentDirectoryW(second);
	IS(!*where(L"c.dll", 0));
	IS(SetDllDirectoryA(NULL) && in(where(L"c.dll", 0), second) && !*where(L"a.dll", 0));
	IS(SetDllDirectoryW(L"") && !*where(L"c.dll", 0) && SetDllDirectoryW(NULL));
	SetCurrentDirectoryW(root);
	/* PATH, also in quotation marks */
	swprintf(text, MAX_PATH, L"C:\\nowhere;\"%ls\"", second);
	SetEnvironmentVariableW(L"PATH", text);
	IS(in(where(L"c.dll", 0), second) && !*where(L"a.dll", 0));
	/* folders that are added count with flags only */
	FAILS(AddDllDirectory(L"one"), ERROR_INVALID_PARAMETER);
	FAILS(AddDllDirectory(L"C:\\nowhere"), ERROR_FILE_NOT_FOUND);
	c = AddDllDirectory(first);
	IS(c && !*where(L"a.dll", 0));
	IS(in(where(L"a.dll", LOAD_LIBRARY_SEARCH_USER_DIRS), first));
	IS(in(where(L"a.dll", LOAD_LIBRARY_SEARCH_DEFAULT_DIRS), first));
	IS(!*where(L"a.dll", LOAD_LIBRARY_SEARCH_SYSTEM32));
	IS(!*where(L"c.dll", LOAD_LIBRARY_SEARCH_DEFAULT_DIRS));
	FAILS(SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR), ERROR_INVALID_PARAMETER);
	IS(SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_DEFAULT_DIRS));
	IS(in(where(L"a.dll", 0), first) && !*where(L"c.dll", 0));
	IS(RemoveDllDirectory(c) && !*where(L"a.dll", 0));
	IS(!RemoveDllDirectory((DLL_DIRECTORY_COOKIE)text));
	return done("dll_folder");
}
