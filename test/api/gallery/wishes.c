/* SPDX-License-Identifier: Apache-2.0 */
// What a process asks for it is told again; the version of Windows, for a program without a
// manifest; a file that is opened once more by its handle.
// needs: joist mingw
// libs: -lntdll
// run: joist run --rm $GUEST
// expect: wishes: ok
// expect: version: ok
// expect: again: ok
#define _WIN32_WINNT 0x0A00
#include "check.h"
#include <winternl.h>

static NTSTATUS(NTAPI *set)(HANDLE, int, void *, ULONG);
static NTSTATUS(NTAPI *get)(HANDLE, int, void *, ULONG, ULONG *);

static int
number(int class)
{
	ULONG v = 0x5555, n = 0;
	return get(GetCurrentProcess(), class, &v, 4, &n) || n != 4 ? -1 : (int)v;
}

static int
wish(int class, ULONG v)
{
	return (int)set(GetCurrentProcess(), class, &v, 4);
}

static void
wishes(void)
{
	enum {
		ERRORS = 12,
		PRIORITY = 18,
		AFFINITY = 21,
		BOOST = 22,
		TERMINATION = 29,
		IO = 33,
		PAGES = 39
	};
	BYTE class[2] = { 0, 6 }, now[2] = { 9, 9 };
	ULONG_PTR mask = 0;
	ULONG n = 0;
	set = (void *)GetProcAddress(GetModuleHandleA("ntdll"), "NtSetInformationProcess");
	get = (void *)GetProcAddress(GetModuleHandleA("ntdll"), "NtQueryInformationProcess");
	SetErrorMode(SEM_NOGPFAULTERRORBOX);
	IS(number(ERRORS) == (SEM_NOGPFAULTERRORBOX | 1));
	IS(!wish(ERRORS, 0) && GetErrorMode() == SEM_FAILCRITICALERRORS && number(ERRORS) == 0);
	IS(!set(GetCurrentProcess(), PRIORITY, class, 2) &&
	   GetPriorityClass(GetCurrentProcess()) == ABOVE_NORMAL_PRIORITY_CLASS);
	IS(!get(GetCurrentProcess(), PRIORITY, now, 2, &n) && now[1] == 6);
	IS(SetPriorityClass(GetCurrentProcess(), IDLE_PRIORITY_CLASS) &&
	   !get(GetCurrentProcess(), PRIORITY, now, 2, &n));
	IS(now[1] == 1);
	class[1] = 7;
	IS(set(GetCurrentProcess(), PRIORITY, class, 2) == (NTSTATUS)0xc000000d);
	IS(!wish(BOOST, 1) && number(BOOST) == 1 && !wish(BOOST, 0) && number(BOOST) == 0);
	IS(number(IO) == 2 && !wish(IO, 1) && number(IO) == 1 && wish(IO, 9) == (int)0xc000000d);
	IS(number(PAGES) == 5 && !wish(PAGES, 2) && number(PAGES) == 2);
	IS(wish(TERMINATION, 1) == (int)0xc0000061 && number(TERMINATION) == 0);
	IS(!get(GetCurrentProcess(), AFFINITY, &mask, sizeof mask, &n) && mask);
	IS(!set(GetCurrentProcess(), AFFINITY, &(ULONG_PTR){ 1 }, sizeof mask));
	IS(!get(GetCurrentProcess(), AFFINITY, &mask, sizeof mask, &n) && mask == 1);
	done("wishes");
}

static void
version(void)
{
	OSVERSIONINFOEXW told = { .dwOSVersionInfoSize = sizeof told },
	                 real = { .dwOSVersionInfoSize = sizeof real };
	NTSTATUS(NTAPI * rtl)
	(void *) = (void *)GetProcAddress(GetModuleHandleA("ntdll"), "RtlGetVersion");
	IS(GetVersionExW((OSVERSIONINFOW *)&told) && told.dwMajorVersion == 6 &&
	   told.dwMinorVersion == 2);
	IS(told.dwBuildNumber == 9200 && GetVersion() == (6 | 2 << 8 | 9200u << 16));
	IS(!rtl(&real) && real.dwMajorVersion == 10 && real.dwBuildNumber >= 19041);
	done("version");
}

static void
again(void)
{
	char text[20] = "";
	DWORD n = 0;
	HANDLE f = CreateFileW(L"again.txt", GENERIC_WRITE,
	                       FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
	                       CREATE_ALWAYS, 0, NULL);
	IS(WriteFile(f, "hello", 5, &n, NULL));
	IS(!ReadFile(f, text, 5, &n, NULL));
	HANDLE r = ReOpenFile(f, GENERIC_READ,
	                      FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, 0);
	/* with a position of its own */
	IS(r != INVALID_HANDLE_VALUE && ReadFile(r, text, 20, &n, NULL) && n == 5 &&
	   !memcmp(text, "hello", 5));
	IS(CloseHandle(r));
	IS(MoveFileW(L"again.txt", L"moved.txt"));
	r = ReOpenFile(f, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
	               FILE_FLAG_OVERLAPPED);
	IS(r != INVALID_HANDLE_VALUE && CloseHandle(r));
	/* who shares nothing is refused while another one writes */
	r = ReOpenFile(f, GENERIC_READ, 0, 0);
	IS(r == INVALID_HANDLE_VALUE && GetLastError() == ERROR_SHARING_VIOLATION);
	HANDLE in, out;
	IS(CreatePipe(&in, &out, NULL, 0) &&
	   ReOpenFile(in, GENERIC_READ, 0, 0) == INVALID_HANDLE_VALUE);
	IS(ReOpenFile((HANDLE)0x7f0, GENERIC_READ, 0, 0) == INVALID_HANDLE_VALUE &&
	   GetLastError() == ERROR_INVALID_HANDLE);
	CloseHandle(in), CloseHandle(out), CloseHandle(f);
	IS(DeleteFileW(L"moved.txt"));
	done("again");
}

int
main(void)
{
	wishes();
	version();
	again();
	return 0;
}
