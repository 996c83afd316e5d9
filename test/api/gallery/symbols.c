/* SPDX-License-Identifier: Apache-2.0 */
// dbghelp: sessions, their paths, names of addresses by what modules export.
// needs: joist mingw
// libs: -ldbghelp
// run: joist run --rm $GUEST
// expect: sessions: ok
// expect: paths: ok
// expect: addresses: ok
// expect: names: ok
// expect: dump: ok
#include "check.h"
#include <dbghelp.h>

__declspec(dllexport) int exported_here(int x);
__declspec(dllexport) int exported_here(int x) { return x * 2 + 1; }

static HANDLE me;

static void
sessions(void)
{
	DWORD before = SymGetOptions();
	IS(SymSetOptions(SYMOPT_UNDNAME | SYMOPT_LOAD_LINES) ==
	   (SYMOPT_UNDNAME | SYMOPT_LOAD_LINES));
	IS(SymGetOptions() == (SYMOPT_UNDNAME | SYMOPT_LOAD_LINES));
	IS(SymSetOptions(before) == before);
	IS(!SymRefreshModuleList(me) && !SymCleanup(me)); /* not begun */
	IS(SymInitialize(me, NULL, TRUE));
	IS(!SymInitialize(me, NULL, TRUE)); /* begun already */
	IS(SymRefreshModuleList(me));
	IS(SymCleanup(me) && !SymCleanup(me));
	IS(SymInitializeW(me, L"C:\\symbols", FALSE));
	IS(!SymInitializeW(NULL, NULL, FALSE));
	done("sessions");
}

static void
paths(void)
{
	WCHAR w[300] = L"";
	IS(SymGetSearchPathW(me, w, 300) && !wcscmp(w, L"C:\\symbols"));
	IS(SymSetSearchPathW(me, L"C:\\more;C:\\else"));
	IS(SymGetSearchPathW(me, w, 300) && !wcscmp(w, L"C:\\more;C:\\else"));
	SetEnvironmentVariableW(L"_NT_SYMBOL_PATH", L"C:\\variable");
	IS(SymSetSearchPathW(me, NULL)); /* as it would be by itself: here, and by the variable */
	IS(SymGetSearchPathW(me, w, 300) && !wcsncmp(w, L".", 1) && wcsstr(w, L"C:\\variable"));
	IS(!SymGetSearchPathW((HANDLE)0x4711, w, 300) && !SymSetSearchPathW((HANDLE)0x4711, L"x"));
	done("paths");
}

static void
addresses(void)
{
	union {
		SYMBOL_INFO i;
		char room[sizeof(SYMBOL_INFO) + 256];
	} s;
	union {
		SYMBOL_INFOW i;
		char room[sizeof(SYMBOL_INFOW) + 512];
	} w;
	IMAGEHLP_LINE64 l = { .SizeOfStruct = sizeof l };
	IMAGEHLP_LINEW64 lw = { .SizeOfStruct = sizeof lw };
	DWORD64 at = (DWORD64)(ULONG_PTR)exported_here, away = 99;
	DWORD column = 0;
	IS(exported_here(3) == 7);
	s.i.SizeOfStruct = sizeof(SYMBOL_INFO), s.i.MaxNameLen = 256;
	w.i.SizeOfStruct = sizeof(SYMBOL_INFOW), w.i.MaxNameLen = 256;
	IS(SymFromAddr(me, at + 1, &away, &s.i) && away == 1 && s.i.Address == at);
	IS(!strcmp(s.i.Name, "exported_here") && s.i.NameLen == 13);
	IS(s.i.ModBase == (DWORD64)(ULONG_PTR)GetModuleHandleA(NULL));
	IS(SymGetModuleBase64(me, at) == s.i.ModBase);
	IS(SymFromAddrW(me, at, &away, &w.i) && away == 0 && !wcscmp(w.i.Name, L"exported_here"));
	/* a name that is cut */
	s.i.MaxNameLen = 5;
	IS(SymFromAddr(me, at, &away, &s.i) &&
	   !strncmp(s.i.Name, "exported_here", strlen(s.i.Name)) && strlen(s.i.Name) < 6 &&
	   s.i.NameLen == 13);
	s.i.MaxNameLen = 256;
	at = (DWORD64)(ULONG_PTR)GetProcAddress(GetModuleHandleA("kernel32"), "Sleep");
	IS(SymFromAddr(me, at, &away, &s.i) && away == 0 && !strcmp(s.i.Name, "Sleep"));
	IS(SymGetModuleBase64(me, at) != 0);
	/* where nothing is; a structure of no size; no session */
	IS(!SymFromAddr(me, 16, &away, &s.i) && !SymFromAddrW(me, 16, &away, &w.i));
	IS(SymGetModuleBase64(me, 16) == 0);
	IS(!SymFromAddr((HANDLE)0x4711, at, &away, &s.i));
	s.i.SizeOfStruct = 3;
	ERR(SymFromAddr(me, at, &away, &s.i), ERROR_INVALID_PARAMETER);
	/* nobody has said where lines begin */
	IS(!SymGetLineFromAddr64(me, at, &column, &l) && GetLastError() != 0);
	IS(!SymGetLineFromAddrW64(me, at, &column, &lw) && GetLastError() != 0);
	done("addresses");
}

static void
names(void)
{
	char out[64] = "";
	IS(UnDecorateSymbolName("?area@shape@draw@@QEAAHXZ", out, 64, UNDNAME_NAME_ONLY) == 17);
	IS(!strcmp(out, "draw::shape::area"));
	IS(UnDecorateSymbolName("?f@@YAHXZ", out, 64, UNDNAME_NAME_ONLY) && !strcmp(out, "f"));
	IS(UnDecorateSymbolName("main", out, 64, UNDNAME_COMPLETE) == 4 && !strcmp(out, "main"));
	IS(UnDecorateSymbolName("main", out, 0, UNDNAME_COMPLETE) == 0);
	done("names");
}

/* Either there is one afterwards, or it is said that there is none. */
static void
dump(void)
{
	HANDLE f = CreateFileA("dump", GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS,
	                       FILE_FLAG_DELETE_ON_CLOSE, NULL);
	char head[4] = "";
	DWORD n = 0;
	SetLastError(0);
	if (MiniDumpWriteDump(me, GetCurrentProcessId(), f, MiniDumpNormal, NULL, NULL, NULL)) {
		SetFilePointer(f, 0, NULL, FILE_BEGIN);
		IS(ReadFile(f, head, 4, &n, NULL) && !memcmp(head, "MDMP", 4));
	} else {
		IS(GetLastError() != 0 && GetFileSize(f, NULL) == 0);
	}
	CloseHandle(f);
	IS(SymCleanup(me));
	done("dump");
}

int
main(void)
{
	me = GetCurrentProcess();
	sessions();
	paths();
	addresses();
	names();
	dump();
	return 0;
}
