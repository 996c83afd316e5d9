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
// expect: stacks: ok
// expect: modules: ok
// expect: images: ok
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

/* -- stacks ------------------------------------------------------------------------------ */

/* What MinGW's header does not have. */
BOOL WINAPI StackWalkEx(DWORD, HANDLE, HANDLE, STACKFRAME_EX *, PVOID,
                        PREAD_PROCESS_MEMORY_ROUTINE64, PFUNCTION_TABLE_ACCESS_ROUTINE64,
                        PGET_MODULE_BASE_ROUTINE64, PTRANSLATE_ADDRESS_ROUTINE64, DWORD);
typedef PVOID WINAPI access_routines(HANDLE, DWORD64, void *, void *);

static DWORD64 seen[64];
static int nseen;

__declspec(noinline) static void walk(CONTEXT *c, int ex)
{
	STACKFRAME_EX f;
	DWORD64 stack = 0;
	memset(&f, 0, sizeof f);
	f.StackFrameSize = sizeof f;
	f.AddrPC.Offset = c->Rip, f.AddrPC.Mode = AddrModeFlat;
	f.AddrFrame.Offset = c->Rbp, f.AddrFrame.Mode = AddrModeFlat;
	f.AddrStack.Offset = c->Rsp, f.AddrStack.Mode = AddrModeFlat;
	for (nseen = 0; nseen < 64; nseen++) {
		BOOL more = ex ? StackWalkEx(IMAGE_FILE_MACHINE_AMD64, me, GetCurrentThread(), &f,
		                             c, NULL, SymFunctionTableAccess64, SymGetModuleBase64,
		                             NULL, 0)
		               : StackWalk64(IMAGE_FILE_MACHINE_AMD64, me, GetCurrentThread(),
		                             (STACKFRAME64 *)&f, c, NULL, SymFunctionTableAccess64,
		                             SymGetModuleBase64, NULL);
		if (!more)
			break;
		IS(f.AddrStack.Offset > stack);
		stack = f.AddrStack.Offset;
		seen[nseen] = f.AddrPC.Offset;
		if (nseen)
			IS(f.AddrPC.Offset == seen[63]);
		seen[63] = f.AddrReturn.Offset; /* what the next one must be */
	}
}

__declspec(noinline) static void deep(int n, int ex)
{
	CONTEXT c;
	volatile char room[100];
	room[n] = 1;
	if (n) {
		deep(n - 1, ex);
		room[n]++;
		return;
	}
	c.ContextFlags = CONTEXT_FULL;
	RtlCaptureContext(&c);
	walk(&c, ex);
}

static void
stacks(void)
{
	void *same[64];
	CONTEXT c;
	STACKFRAME64 f = { 0 };
	for (int ex = 0; ex < 2; ex++) {
		deep(5, ex);
		IS(nseen > 8);
		/* the middle of it are the returns into deep() */
		for (int i = 2; i < 5; i++)
			IS(seen[i] == seen[1]);
		IS(RtlCaptureStackBackTrace(0, 64, same, NULL) > 1 &&
		   seen[nseen - 1] ==
		           (DWORD64)(ULONG_PTR)
		                   same[RtlCaptureStackBackTrace(0, 64, same, NULL) - 1]);
	}
	IS(SymFunctionTableAccess64(me, (DWORD64)(ULONG_PTR)deep) != NULL &&
	   !SymFunctionTableAccess64(me, 16));
	access_routines *other = (access_routines *)(void *)GetProcAddress(
	        GetModuleHandleA("dbghelp"), "SymFunctionTableAccess64AccessRoutines");
	IS(other(me, (DWORD64)(ULONG_PTR)deep, NULL, NULL) ==
	   SymFunctionTableAccess64(me, (DWORD64)(ULONG_PTR)deep));
	/* a stack that leads nowhere is the end */
	memset(&c, 0, sizeof c);
	c.Rip = (DWORD64)(ULONG_PTR)deep + 40;
	c.Rsp = 0x10;
	IS(StackWalk64(IMAGE_FILE_MACHINE_AMD64, me, GetCurrentThread(), &f, &c, NULL,
	               SymFunctionTableAccess64, SymGetModuleBase64, NULL));
	IS(!f.AddrReturn.Offset && !StackWalk64(IMAGE_FILE_MACHINE_AMD64, me, GetCurrentThread(),
	                                        &f, &c, NULL, NULL, NULL, NULL));
	ERR(StackWalk64(IMAGE_FILE_MACHINE_I386, me, GetCurrentThread(), &f, &c, NULL, NULL, NULL,
	                NULL),
	    ERROR_INVALID_PARAMETER);
	done("stacks");
}

static int narrow, wide, ex, ex_wide;

static BOOL CALLBACK
note_narrow(PCSTR name, DWORD64 base, ULONG size, void *arg)
{
	if (base == (DWORD64)(ULONG_PTR)GetModuleHandleA(NULL))
		IS(strstr(name, ".exe") && size > 0x1000);
	++*(int *)arg;
	return TRUE;
}

static BOOL CALLBACK
note_wide(PCWSTR name, DWORD64 base, ULONG size, void *arg)
{
	if (base == (DWORD64)(ULONG_PTR)GetModuleHandleA("kernel32"))
		IS(wcsstr(name, L"\\") && size > 0);
	return ++*(int *)arg != 2; /* and no more */
}

static void
modules(void)
{
	IMAGEHLP_MODULE64 i = { .SizeOfStruct = sizeof i };
	IMAGEHLP_MODULEW64 w = { .SizeOfStruct = sizeof w };
	IS(EnumerateLoadedModules64(me, note_narrow, &narrow) && narrow > 2);
	IS(EnumerateLoadedModulesW64(me, note_wide, &wide) && wide == 2);
	IS(EnumerateLoadedModulesEx(me, note_narrow, &ex) && ex == narrow);
	IS(EnumerateLoadedModulesExW(me, note_wide, &ex_wide) && ex_wide == 2);
	IS(SymGetModuleInfo64(me, (DWORD64)(ULONG_PTR)exported_here, &i) &&
	   i.BaseOfImage == (DWORD64)(ULONG_PTR)GetModuleHandleA(NULL));
	IS(i.ImageSize && i.SymType == SymExport && strstr(i.ImageName, i.ModuleName) &&
	   !strstr(i.ModuleName, ".exe"));
	IS(SymGetModuleInfoW64(
	           me, (DWORD64)(ULONG_PTR)GetProcAddress(GetModuleHandleA("kernel32"), "Sleep"),
	           &w) &&
	   *w.ModuleName);
	ERR(SymGetModuleInfoW64(me, 16, &w), ERROR_MOD_NOT_FOUND);
	done("modules");
}

static void
images(void)
{
	BYTE *base = (BYTE *)GetModuleHandleA(NULL);
	IMAGE_NT_HEADERS *nt = ImageNtHeader(base);
	PIMAGE_SECTION_HEADER s = NULL, last = NULL;
	ULONG size = 0;
	IS(nt && nt->OptionalHeader.ImageBase && (BYTE *)nt > base);
	ERR(ImageNtHeader((void *)16), ERROR_BAD_EXE_FORMAT);
	ULONG rva = nt->OptionalHeader.AddressOfEntryPoint;
	IS((s = ImageRvaToSection(nt, base, rva)) && !memcmp(s->Name, ".text", 5) &&
	   !ImageRvaToSection(nt, base, 0x7fffffff));
	IS(ImageRvaToVa(nt, base, rva, &last) ==
	           base + s->PointerToRawData + (rva - s->VirtualAddress) &&
	   last == s);
	IS((BYTE *)ImageDirectoryEntryToData(base, TRUE, IMAGE_DIRECTORY_ENTRY_EXPORT, &size) ==
	           base + nt->OptionalHeader.DataDirectory[0].VirtualAddress &&
	   size);
	IS(ImageDirectoryEntryToDataEx(base, TRUE, IMAGE_DIRECTORY_ENTRY_IMPORT, &size, &s) &&
	   size && s);
	IS(!ImageDirectoryEntryToData(base, TRUE, 15, &size) && !size);
	done("images");
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
	stacks();
	modules();
	images();
	return 0;
}
