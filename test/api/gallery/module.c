/* SPDX-License-Identifier: Apache-2.0 */
// Modules: those that are there, what they export, and resources.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: kernel32 is kernel32.dll
// expect: itself is module or guest
// expect: by address
// expect: GetProcAddress works
// expect: nothing unknown: 127
// expect: no such DLL: 126
// expect: LoadLibrary counts
// expect: walked by hand
// expect: sets lead to it
// expect: thread calls off
// expect: delay-free
// expect: sets: 1 1 0
#include <windows.h>
#include <stdio.h>
#include <string.h>

static void
walked(HMODULE h)
{
	/* as a program does that wants to ask nobody */
	BYTE *b = (BYTE *)h;
	IMAGE_NT_HEADERS64 *nt = (IMAGE_NT_HEADERS64 *)(b + ((IMAGE_DOS_HEADER *)b)->e_lfanew);
	IMAGE_EXPORT_DIRECTORY *x =
	        (IMAGE_EXPORT_DIRECTORY *)(b + nt->OptionalHeader.DataDirectory[0].VirtualAddress);
	DWORD *names = (DWORD *)(b + x->AddressOfNames), *at = (DWORD *)(b + x->AddressOfFunctions);
	WORD *ord = (WORD *)(b + x->AddressOfNameOrdinals);
	for (DWORD i = 0; i < x->NumberOfNames; i++)
		if (strcmp((char *)b + names[i], "GetTickCount64") == 0 &&
		    (FARPROC)(b + at[ord[i]]) == GetProcAddress(h, "GetTickCount64"))
			puts("walked by hand");
}

int
main(void)
{
	char name[300];
	WCHAR wide[300];
	HMODULE h = GetModuleHandleA("KERNEL32"), m = NULL;
	GetModuleFileNameA(h, name, sizeof name);
	GetModuleFileNameW(NULL, wide, 300);
	printf("kernel32 is %s\n",
	       _stricmp(strrchr(name, '\\') + 1, "kernel32.dll") ? name : "kernel32.dll");
	printf("itself is %s\n", wcsstr(wide, L".exe") ? "module or guest" : "?");
	if (GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
	                               GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
	                       (LPCWSTR)(void *)main, &m) &&
	    m == GetModuleHandleW(NULL))
		puts("by address");
	DWORD(WINAPI * tick)(void) = (void *)GetProcAddress(h, "GetTickCount");
	if (tick && tick() + 1)
		puts("GetProcAddress works");
	FARPROC none = GetProcAddress(h, "NobodyHasThis");
	printf("nothing unknown: %lu\n", none ? 0 : GetLastError());
	m = LoadLibraryA("nobody-has-this.dll");
	printf("no such DLL: %lu\n", m ? 0 : GetLastError());
	m = LoadLibraryExW(L"kernel32.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
	if (m == h && FreeLibrary(m) && GetModuleHandleExA(0, "kernel32.dll", &m) && m == h)
		puts("LoadLibrary counts");
	walked(h);
	if (GetProcAddress(LoadLibraryW(L"api-ms-win-core-synch-l1-2-0"), "Sleep") ==
	            (FARPROC)Sleep ||
	    LoadLibraryW(L"api-ms-win-core-synch-l1-2-0.dll"))
		puts("sets lead to it");
	if (DisableThreadLibraryCalls(GetModuleHandleW(NULL)) && SetDllDirectoryW(L"") &&
	    SetDllDirectoryA(NULL) && SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_DEFAULT_DIRS))
		puts("thread calls off");
	DLL_DIRECTORY_COOKIE c = AddDllDirectory(L"C:\\");
	if (c && RemoveDllDirectory(c) && !FindResourceA(NULL, "x", "y") &&
	    !FindResourceW(NULL, L"x", L"y") && !FindResourceExW(NULL, L"x", L"y", 0) &&
	    !FindResourceExA(NULL, "x", "y", 0))
		puts("delay-free");
	BOOL(WINAPI * set)
	(const char *) = (void *)GetProcAddress(LoadLibraryA("api-ms-win-core-apiquery-l2-1-0.dll"),
	                                        "IsApiSetImplemented");
	printf("sets: %d %d %d\n", set && set("api-ms-win-core-file-l1-1-0"),
	       set && set("API-MS-Win-Security-Base-l1-2-2"), set && set("ext-ms-win-none-l1-1-0"));
	return 0;
}
