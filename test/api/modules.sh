#!/bin/bash
# parallel
# DLLs of a program: in which order they begin and end, thread-local storage, forwarders,
# resources, loading by name and by path, and one that is not there.
. "$(dirname "$0")/../lib.sh"
needs joist mingw
cc=x86_64-w64-mingw32-gcc
cd "$W" || exit 1

cat >low.c <<'END'
#include <windows.h>
#include <stdio.h>
/* as a compiler does for __declspec(thread), which this one cannot */
extern ULONG _tls_index;
extern char _tls_start[];
static int counter __attribute__((section(".tls$B"), used)) = 40;
__declspec(dllexport) int low_next(void) {
	char *block = ((char **)__readgsqword(0x58))[_tls_index];
	return ++*(int *)(block + ((char *)&counter - _tls_start));
}
BOOL WINAPI DllMain(HINSTANCE h, DWORD why, LPVOID r) {
	(void)h;
	if (why == DLL_PROCESS_ATTACH) printf("low in %d\n", r != NULL), fflush(stdout);
	if (why == DLL_THREAD_ATTACH) printf("low thread\n"), fflush(stdout);
	if (why == DLL_PROCESS_DETACH) printf("low out\n"), fflush(stdout);
	return TRUE;
}
END
cat >high.c <<'END'
#include <windows.h>
#include <stdio.h>
__declspec(dllimport) int low_next(void);
__declspec(dllexport) int high_sum(void) { return low_next() + low_next(); }
BOOL WINAPI DllMain(HINSTANCE h, DWORD why, LPVOID r) {
	(void)h, (void)r;
	if (why == DLL_PROCESS_ATTACH) printf("high in\n"), fflush(stdout);
	if (why == DLL_THREAD_DETACH) printf("high thread gone\n"), fflush(stdout);
	if (why == DLL_PROCESS_DETACH) printf("high out\n"), fflush(stdout);
	return TRUE;
}
END
printf 'LIBRARY high\nEXPORTS\nhigh_sum\npassed_on = low.low_next\nnumbered = high_sum @77\n' >high.def
cat >main.c <<'END'
#include <windows.h>
#include <stdio.h>
__declspec(dllimport) int high_sum(void);
static DWORD WINAPI thread(LPVOID p) { (void)p; printf("thread %d\n", high_sum()); fflush(stdout); return 0; }
/* A text of the registry that is a resource of a file. */
static void mui(void) {
	WCHAR w[64], folder[MAX_PATH];
	DWORD n = 0;
	HKEY k;
	GetModuleFileNameW(NULL, folder, MAX_PATH);
	*wcsrchr(folder, '\\') = 0;
	RegCreateKeyW(HKEY_CURRENT_USER, L"Mui", &k);
	RegSetValueExW(k, L"a", 0, REG_SZ, (BYTE *)L"@main.exe,-3;text", 36);
	RegSetValueExW(k, L"none", 0, REG_SZ, (BYTE *)L"@main.exe,-9", 26);
	RegSetValueExW(k, L"plain", 0, REG_EXPAND_SZ, (BYTE *)L"plain %OS%", 22);
	LONG e = RegLoadMUIStringW(k, L"a", w, 64 * 2, &n, 0, folder);
	printf("mui %ld %ls %lu\n", e, w, n);
	printf("mui more %ld", RegLoadMUIStringW(k, L"a", w, 4, &n, 0, folder));
	printf(" %lu %ld", n, RegLoadMUIStringW(k, L"a", w, 6, NULL, REG_MUI_STRING_TRUNCATE, folder));
	printf(" %ls %ld", w, RegLoadMUIStringW(k, L"none", w, 128, &n, 0, folder));
	printf(" %ld %ld\n", RegLoadMUIStringW(k, L"nothing", w, 128, &n, 0, NULL),
	       RegLoadMUIStringA(k, "a", NULL, 0, NULL, 0, NULL));
	printf("mui plain %ld", RegLoadMUIStringW(k, L"plain", w, 128, &n, 0, NULL));
	printf(" %ls\n", w);
}
int main(void) {
	char text[64];
	HRSRC r = FindResourceA(NULL, MAKEINTRESOURCEA(7), RT_RCDATA);
	printf("main %d\n", high_sum());
	HANDLE h = CreateThread(NULL, 0, thread, NULL, 0, NULL);
	WaitForSingleObject(h, INFINITE);
	HMODULE m = GetModuleHandleA("high.dll");
	int (*f)(void) = (void *)GetProcAddress(m, "passed_on"), (*g)(void) = (void *)GetProcAddress(m, (char *)77);
	int one = f ? f() : -1, other = g ? g() : -1;
	printf("forwarded %d, by number %d\n", one, other);
	printf("resource %.*s\n", (int)SizeofResource(NULL, r), (char *)LockResource(LoadResource(NULL, r)));
	if (LoadStringA(GetModuleHandleA(NULL), 3, text, sizeof text)) printf("string %s\n", text);
	mui();
	fflush(stdout);
	return 0;
}
END
printf '7 RCDATA { "bytes" }\nSTRINGTABLE { 3 "three" }\n' >main.rc
$cc -O1 -shared -o low.dll low.c -Wl,--out-implib,liblow.a &&
	$cc -O1 -shared -o high.dll high.c high.def -L. -llow -Wl,--out-implib,libhigh.a &&
	x86_64-w64-mingw32-windres main.rc main.res.o &&
	$cc -O1 -o main.exe main.c main.res.o -L. -lhigh -ladvapi32 || { not_ok "they do not compile"; exit 1; }
run joist run --rm ./main.exe
out=${out//$'\r'/}
expect_status 0 "a program with DLLs" && expect_out "low in 1
high in
main 83
low thread
thread 83
high thread gone
forwarded 43, by number 89
resource bytes
string three
mui 0 three 12
mui more 234 12 0 th 2 2 120
mui plain 0 plain Windows_NT
high out
low out" "the order of beginnings and ends" && ok "DLLs begin in order of need, end in the other, and have thread-local storage"

mkdir -p other && mv low.dll other/
run joist run --rm ./main.exe
expect_status 126 "a DLL is missing" && expect_err "it needs 'low.dll'" && ok "a missing DLL is named"
run joist run --rm -e "PATH=C:\\;$W/other" ./main.exe
expect_status 0 "a DLL on PATH" && ok "a DLL is found on PATH"
mv other/low.dll .

cat >late.c <<'END'
#include <windows.h>
#include <stdio.h>
int main(int argc, char **argv) {
	HMODULE m = LoadLibraryA(argv[1]), n;
	int (*f)(void) = m ? (void *)GetProcAddress(m, "low_next") : NULL;
	char name[300];
	printf("%d\n", f ? f() : (int)GetLastError());
	if (m) {
		GetModuleFileNameA(m, name, sizeof name);
		n = GetModuleHandleA(strrchr(name, '\\') + 1);
		printf("%d %d\n", m == n, LoadLibraryA(name) == m);
	}
	fflush(stdout);
	return argc < 2;
}
END
$cc -O1 -include string.h -o late.exe late.c
for name in low low.dll LOW.DLL '.\low.dll' "$W/low.dll"; do
	run joist run --rm ./late.exe "$name"
	out=${out//$'\r'/}
	[ "$out" = "low in 0
41
1 1
low out" ] && ok "LoadLibrary '${name##*/}'" || wrong "LoadLibrary '$name'" "output"
done
run joist run --rm ./late.exe nothing.dll
out=${out//$'\r'/}
expect_out 126 && ok "LoadLibrary says what is not there"
head -c 3000 low.dll >cut.dll
run joist run --rm ./late.exe cut.dll
out=${out//$'\r'/}
expect_out 193 "a DLL that was cut off" && ok "and what is no DLL"

# A program's own copy of the C++ library, and of Windows' own DLLs none.
cat >own.c <<'END'
#include <windows.h>
__declspec(dllexport) int _Thrd_id(void) { return -5; }
BOOL WINAPI DllMain(HINSTANCE h, DWORD why, LPVOID r) { (void)h, (void)why, (void)r; return TRUE; }
END
cat >brought.c <<'END'
#include <windows.h>
#include <stdio.h>
int main(void) {
	int (*id)(void) = (int (*)(void))(void *)GetProcAddress(LoadLibraryA("MSVCP140.dll"), "_Thrd_id");
	void *none = (void *)GetProcAddress(LoadLibraryA("ws2_32.dll"), "_Thrd_id");
	printf("%s %s\n", id() == -5 ? "own" : id() == (int)GetCurrentThreadId() ? "ours" : "none", none ? "own" : "ours");
	return 0;
}
END
mkdir -p own alone
$cc -O1 -shared -o own/msvcp140.dll own.c && cp own/msvcp140.dll own/ws2_32.dll && $cc -O1 -o own/brought.exe brought.c &&
	cp own/brought.exe alone/ || { not_ok "does not compile"; exit 1; }
run joist run --rm ./own/brought.exe
out=${out//$'\r'/}
expect_status 0 && expect_out "own ours" && ok "a program brings the C++ library"
run joist run --rm ./alone/brought.exe
out=${out//$'\r'/}
expect_status 0 && expect_out "ours ours" && ok "a program without its own finds ours"
no_leaks "nothing left"
