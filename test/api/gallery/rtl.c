/* SPDX-License-Identifier: Apache-2.0 */
// ntdll's own library: counted strings, numbers, times, GUIDs, environment, the loader, images,
// random numbers, and the functions below kernel32's of system and clocks.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: strings: ok
// expect: conversions: ok
// expect: numbers: ok
// expect: times: ok
// expect: environment: ok
// expect: loader: ok
// expect: images: ok
// expect: errors: ok
// expect: system: ok
// expect: events: ok
// expect: files: ok
#include "check.h"
#include <stdbool.h>
#include <winternl.h>

static HMODULE ntdll;
static FARPROC
of(const char *name)
{
	FARPROC p = GetProcAddress(ntdll, name);
	if (!p)
		printf("no %s\n", name), fflush(stdout);
	return p;
}
/* Most of these have no prototype in a header: each is called as its documentation has it. */
#define CALL(result, name, ...) ((result(WINAPI *)(__VA_ARGS__))(void *)of(#name))

typedef UNICODE_STRING *U;
typedef ANSI_STRING *A;

static UNICODE_STRING
text(const WCHAR *s)
{
	UNICODE_STRING u;
	IS(!CALL(NTSTATUS, RtlInitUnicodeStringEx, U, const WCHAR *)(&u, s));
	return u;
}

static bool
is(U u, const WCHAR *s)
{
	return u->Length == wcslen(s) * 2 && !memcmp(u->Buffer, s, u->Length);
}

static void
strings(void)
{
	UNICODE_STRING a = text(L"Alpha"), b = text(L"ALPHA beta"), c, d;
	WCHAR room[32];
	IS(a.Length == 10 && a.MaximumLength == 12);
	IS(CALL(LONG, RtlCompareUnicodeString, U, U, BOOLEAN)(&a, &b, TRUE) < 0);
	IS(CALL(LONG, RtlCompareUnicodeStrings, PCWSTR, SIZE_T, PCWSTR, SIZE_T,
	        BOOLEAN)(L"ab", 2, L"AB", 2, TRUE) == 0);
	IS(CALL(BOOLEAN, RtlPrefixUnicodeString, U, U, BOOLEAN)(&a, &b, TRUE));
	IS(!CALL(BOOLEAN, RtlPrefixUnicodeString, U, U, BOOLEAN)(&a, &b, FALSE));
	IS(!CALL(BOOLEAN, RtlEqualUnicodeString, U, U, BOOLEAN)(&a, &b, TRUE));
	IS(CALL(BOOLEAN, RtlCreateUnicodeString, U, PCWSTR)(&c, L"made"));
	IS(is(&c, L"made"));
	CALL(void, RtlFreeUnicodeString, U)(&c);
	IS(!c.Buffer);
	c = (UNICODE_STRING){ 0, sizeof room, room };
	CALL(void, RtlCopyUnicodeString, U, U)(&c, &a);
	IS(is(&c, L"Alpha"));
	IS(!CALL(NTSTATUS, RtlAppendUnicodeToString, U, PCWSTR)(&c, L"-"));
	IS(!CALL(NTSTATUS, RtlAppendUnicodeStringToString, U, U)(&c, &b));
	IS(is(&c, L"Alpha-ALPHA beta"));
	c.MaximumLength = c.Length;
	IS(CALL(NTSTATUS, RtlAppendUnicodeToString, U, PCWSTR)(&c, L"-") == (NTSTATUS)0xc0000023);
	IS(!CALL(NTSTATUS, RtlDowncaseUnicodeString, U, U, BOOLEAN)(&d, &b, TRUE));
	IS(is(&d, L"alpha beta"));
	CALL(void, RtlFreeUnicodeString, U)(&d);
	IS(!CALL(NTSTATUS, RtlUpcaseUnicodeString, U, U, BOOLEAN)(&d, &a, TRUE));
	IS(is(&d, L"ALPHA"));
	CALL(void, RtlFreeUnicodeString, U)(&d);
	IS(!CALL(NTSTATUS, RtlDuplicateUnicodeString, ULONG, U, U)(1, &a, &d));
	IS(is(&d, L"Alpha") && d.Buffer != a.Buffer && d.Buffer[5] == 0);
	CALL(void, RtlFreeUnicodeString, U)(&d);
	IS(CALL(WCHAR, RtlUpcaseUnicodeChar, WCHAR)(0xe9) == 0xc9);
	IS(CALL(WCHAR, RtlDowncaseUnicodeChar, WCHAR)(0xc9) == 0xe9);
	ULONG h1 = 0, h2 = 1;
	UNICODE_STRING upper = text(L"ALPHA");
	IS(!CALL(NTSTATUS, RtlHashUnicodeString, U, BOOLEAN, ULONG, ULONG *)(&a, TRUE, 0, &h1));
	IS(!CALL(NTSTATUS, RtlHashUnicodeString, U, BOOLEAN, ULONG, ULONG *)(&upper, TRUE, 0, &h2));
	IS(h1 == h2);
	done("strings");
}

static void
conversions(void)
{
	ANSI_STRING a, b;
	UNICODE_STRING u, back;
	char bytes[32];
	WCHAR units[32];
	ULONG n = 0;
	CALL(void, RtlInitAnsiString, A, const char *)(&a, "plain");
	IS(!CALL(NTSTATUS, RtlInitAnsiStringEx, A, const char *)(&b, "plain") &&
	   b.Length == a.Length);
	IS(CALL(ULONG, RtlAnsiStringToUnicodeSize, A)(&a) == 12);
	IS(!CALL(NTSTATUS, RtlAnsiStringToUnicodeString, U, A, BOOLEAN)(&u, &a, TRUE));
	IS(is(&u, L"plain"));
	IS(CALL(ULONG, RtlUnicodeStringToAnsiSize, U)(&u) == 6);
	IS(!CALL(NTSTATUS, RtlUnicodeStringToAnsiString, A, U, BOOLEAN)(&b, &u, TRUE));
	IS(b.Length == 5 && !strcmp(b.Buffer, "plain"));
	CALL(void, RtlFreeAnsiString, A)(&b);
	back = u;
	CALL(void, RtlFreeUnicodeString, U)(&back);
	IS(!CALL(NTSTATUS, RtlMultiByteToUnicodeN, WCHAR *, ULONG, ULONG *, const char *,
	         ULONG)(units, sizeof units, &n, "abc", 3));
	IS(n == 6 && units[2] == 'c');
	IS(!CALL(NTSTATUS, RtlMultiByteToUnicodeSize, ULONG *, const char *, ULONG)(&n, "abc", 3));
	IS(n == 6);
	IS(!CALL(NTSTATUS, RtlUnicodeToMultiByteN, char *, ULONG, ULONG *, const WCHAR *,
	         ULONG)(bytes, sizeof bytes, &n, L"xyz", 6));
	IS(n == 3 && bytes[2] == 'z');
	IS(!CALL(NTSTATUS, RtlUnicodeToMultiByteSize, ULONG *, const WCHAR *, ULONG)(&n, L"xyz",
	                                                                             6));
	IS(n == 3);
	IS(!CALL(NTSTATUS, RtlUTF8ToUnicodeN, WCHAR *, ULONG, ULONG *, const char *,
	         ULONG)(units, sizeof units, &n, "\xe2\x82\xac", 3));
	IS(n == 2 && units[0] == 0x20ac);
	IS(!CALL(NTSTATUS, RtlUnicodeToUTF8N, char *, ULONG, ULONG *, const WCHAR *,
	         ULONG)(bytes, sizeof bytes, &n, L"\x20ac", 2));
	IS(n == 3 && !memcmp(bytes, "\xe2\x82\xac", 3));
	done("conversions");
}

static void
numbers(void)
{
	UNICODE_STRING u = text(L"-0x1f"), out;
	WCHAR room[40];
	ULONG v = 0, seed = 1, other = 1;
	IS(!CALL(NTSTATUS, RtlUnicodeStringToInteger, U, ULONG, ULONG *)(&u, 0, &v));
	IS(v == (ULONG)-31);
	out = (UNICODE_STRING){ 0, sizeof room, room };
	IS(!CALL(NTSTATUS, RtlIntegerToUnicodeString, ULONG, ULONG, U)(255, 16, &out));
	IS(is(&out, L"FF"));
	GUID g = { 0 };
	UNICODE_STRING name = text(L"{00112233-4455-6677-8899-AABBCCDDEEFF}");
	IS(!CALL(NTSTATUS, RtlGUIDFromString, U, GUID *)(&name, &g));
	IS(g.Data1 == 0x112233 && g.Data3 == 0x6677 && g.Data4[7] == 0xff);
	IS(!CALL(NTSTATUS, RtlStringFromGUID, GUID *, U)(&g, &out));
	IS(is(&out, L"{00112233-4455-6677-8899-AABBCCDDEEFF}"));
	CALL(void, RtlFreeUnicodeString, U)(&out);
	name.Length -= 2;
	IS(CALL(NTSTATUS, RtlGUIDFromString, U, GUID *)(&name, &g) < 0);
	v = CALL(ULONG, RtlUniform, ULONG *)(&seed);
	IS(v == CALL(ULONG, RtlUniform, ULONG *)(&other) && v < 0x7fffffff && seed != 1);
	IS(CALL(ULONG, RtlRandom, ULONG *)(&seed) < 0x80000000);
	IS(CALL(ULONG, RtlRandomEx, ULONG *)(&seed) < 0x80000000);
	void *coded = CALL(void *, RtlEncodePointer, void *)(&seed);
	IS(CALL(void *, RtlDecodePointer, void *)(coded) == &seed);
	coded = CALL(void *, RtlEncodeSystemPointer, void *)(&seed);
	IS(CALL(void *, RtlDecodeSystemPointer, void *)(coded) == &seed);
	done("numbers");
}

static void
times(void)
{
	LARGE_INTEGER t = { 0 }, u, local;
	struct fields {
		SHORT year, month, day, hour, minute, second, ms, weekday;
	} f;
	ULONG s = 0;
	CALL(void, RtlSecondsSince1970ToTime, ULONG, LARGE_INTEGER *)(951782400, &t);
	CALL(void, RtlTimeToTimeFields, LARGE_INTEGER *, struct fields *)(&t, &f);
	IS(f.year == 2000 && f.month == 2 && f.day == 29 && f.hour == 0 && f.weekday == 2);
	IS(CALL(BOOLEAN, RtlTimeFieldsToTime, struct fields *, LARGE_INTEGER *)(&f, &u));
	IS(u.QuadPart == t.QuadPart);
	f.month = 13;
	IS(!CALL(BOOLEAN, RtlTimeFieldsToTime, struct fields *, LARGE_INTEGER *)(&f, &u));
	IS(CALL(BOOLEAN, RtlTimeToSecondsSince1970, LARGE_INTEGER *, ULONG *)(&t, &s));
	IS(s == 951782400);
	IS(CALL(BOOLEAN, RtlTimeToSecondsSince1980, LARGE_INTEGER *, ULONG *)(&t, &s));
	IS(s == 951782400 - 315532800);
	CALL(void, RtlSecondsSince1980ToTime, ULONG, LARGE_INTEGER *)(s, &u);
	IS(u.QuadPart == t.QuadPart);
	IS(!CALL(NTSTATUS, RtlSystemTimeToLocalTime, LARGE_INTEGER *, LARGE_INTEGER *)(&t, &local));
	IS(!CALL(NTSTATUS, RtlLocalTimeToSystemTime, LARGE_INTEGER *, LARGE_INTEGER *)(&local, &u));
	IS(u.QuadPart == t.QuadPart);
	LARGE_INTEGER now, precise, count, frequency;
	IS(!CALL(NTSTATUS, NtQuerySystemTime, LARGE_INTEGER *)(&now));
	precise.QuadPart = CALL(LONGLONG, RtlGetSystemTimePrecise, void)();
	IS(now.QuadPart > t.QuadPart && precise.QuadPart > t.QuadPart);
	IS(!CALL(NTSTATUS, NtQueryPerformanceCounter, LARGE_INTEGER *,
	         LARGE_INTEGER *)(&count, &frequency));
	IS(count.QuadPart > 0 && frequency.QuadPart > 0);
	IS(CALL(BOOL, RtlQueryPerformanceCounter, LARGE_INTEGER *)(&now));
	IS(now.QuadPart >= count.QuadPart);
	IS(CALL(BOOL, RtlQueryPerformanceFrequency, LARGE_INTEGER *)(&now));
	IS(now.QuadPart == frequency.QuadPart);
	ULONG least, most, is;
	IS(!CALL(NTSTATUS, NtQueryTimerResolution, ULONG *, ULONG *, ULONG *)(&least, &most, &is));
	IS(least >= most && is >= most && is <= least);
	done("times");
}

static void
environment(void)
{
	UNICODE_STRING name = text(L"DEEP"), value = text(L"blue"), out;
	WCHAR room[32];
	ULONG n = 0;
	out = (UNICODE_STRING){ 0, sizeof room, room };
	IS(!CALL(NTSTATUS, RtlSetEnvironmentVariable, void *, U, U)(NULL, &name, &value));
	IS(!CALL(NTSTATUS, RtlQueryEnvironmentVariable_U, void *, U, U)(NULL, &name, &out));
	IS(is(&out, L"blue"));
	SIZE_T units = 0;
	IS(!CALL(NTSTATUS, RtlQueryEnvironmentVariable, void *, PCWSTR, SIZE_T, PWSTR, SIZE_T,
	         SIZE_T *)(NULL, L"deep", 4, room, 32, &units));
	IS(units == 4);
	UNICODE_STRING in = text(L"[%deep%]");
	IS(!CALL(NTSTATUS, RtlExpandEnvironmentStrings_U, void *, U, U, ULONG *)(NULL, &in, &out,
	                                                                         &n));
	IS(is(&out, L"[blue]"));
	IS(!CALL(NTSTATUS, RtlSetEnvironmentVariable, void *, U, U)(NULL, &name, NULL));
	IS(CALL(NTSTATUS, RtlQueryEnvironmentVariable_U, void *, U, U)(NULL, &name, &out) ==
	   (NTSTATUS)0xc0000100);
	void *peb = CALL(void *, RtlGetCurrentPeb, void)();
	IS(peb == *(void **)((char *)NtCurrentTeb() + 0x60));
	CALL(void, RtlAcquirePebLock, void)();
	CALL(void, RtlReleasePebLock, void)();
	done("environment");
}

static void
loader(void)
{
	UNICODE_STRING name = text(L"version.dll"), none = text(L"there-is-none.dll");
	ANSI_STRING what;
	HMODULE m = NULL, again = NULL;
	void *p = NULL;
	ULONG_PTR cookie = 0;
	IS(!CALL(NTSTATUS, LdrLoadDll, PCWSTR, ULONG *, U, HMODULE *)(NULL, NULL, &name, &m));
	IS(!CALL(NTSTATUS, LdrGetDllHandle, PCWSTR, ULONG *, U, HMODULE *)(NULL, NULL, &name,
	                                                                   &again));
	IS(m && m == again);
	IS(CALL(NTSTATUS, LdrGetDllHandle, PCWSTR, ULONG *, U,
	        HMODULE *)(NULL, NULL, &none, &again) == (NTSTATUS)0xc0000135);
	CALL(void, RtlInitAnsiString, A, const char *)(&what, "GetFileVersionInfoW");
	IS(!CALL(NTSTATUS, LdrGetProcedureAddress, HMODULE, A, ULONG, void **)(m, &what, 0, &p));
	IS(p && p == (void *)GetProcAddress(m, "GetFileVersionInfoW"));
	IS(!CALL(NTSTATUS, LdrAddRefDll, ULONG, HMODULE)(0, m));
	IS(!CALL(NTSTATUS, LdrDisableThreadCalloutsForDll, HMODULE)(m));
	IS(!CALL(NTSTATUS, LdrLockLoaderLock, ULONG, ULONG *, ULONG_PTR *)(0, NULL, &cookie));
	IS(!CALL(NTSTATUS, LdrUnlockLoaderLock, ULONG, ULONG_PTR)(0, cookie));
	IS(!CALL(NTSTATUS, LdrUnloadDll, HMODULE)(m));
	done("loader");
}

static void
images(void)
{
	HMODULE me = GetModuleHandleA(NULL);
	IMAGE_NT_HEADERS *h = CALL(IMAGE_NT_HEADERS *, RtlImageNtHeader, void *)(me), *ex = NULL;
	ULONG size = 0;
	IS(h && h->Signature == IMAGE_NT_SIGNATURE);
	IS(!CALL(NTSTATUS, RtlImageNtHeaderEx, ULONG, void *, ULONG64,
	         IMAGE_NT_HEADERS **)(1, me, 0, &ex));
	IS(ex == h);
	void *imports = CALL(void *, RtlImageDirectoryEntryToData, void *, BOOLEAN, USHORT,
	                     ULONG *)(me, TRUE, IMAGE_DIRECTORY_ENTRY_IMPORT, &size);
	ULONG rva = h->OptionalHeader.DataDirectory[1].VirtualAddress;
	IS(imports == (char *)me + rva && size == h->OptionalHeader.DataDirectory[1].Size);
	IMAGE_SECTION_HEADER *s = CALL(IMAGE_SECTION_HEADER *, RtlImageRvaToSection,
	                               IMAGE_NT_HEADERS *, void *, ULONG)(h, me, rva);
	IS(s && s->VirtualAddress <= rva);
	IS(RtlPcToFileHeader((void *)images, (void **)&ex) == me);
	done("images");
}

static void
errors(void)
{
	CALL(void, RtlSetLastWin32Error, DWORD)(1234);
	IS(GetLastError() == 1234);
	IS(CALL(DWORD, RtlGetLastWin32Error, void)() == 1234);
	IS(CALL(DWORD, RtlNtStatusToDosError, NTSTATUS)((NTSTATUS)0xc0000022) ==
	   ERROR_ACCESS_DENIED);
	IS(CALL(DWORD, RtlNtStatusToDosErrorNoTeb, NTSTATUS)((NTSTATUS)0xc0000034) ==
	   ERROR_FILE_NOT_FOUND);
	CALL(void, RtlSetLastWin32ErrorAndNtStatusFromNtStatus, NTSTATUS)((NTSTATUS)0xc0000008);
	IS(GetLastError() == ERROR_INVALID_HANDLE);
	IS(CALL(NTSTATUS, RtlGetLastNtStatus, void)() == (NTSTATUS)0xc0000008);
	done("errors");
}

static void
system_words(void)
{
	OSVERSIONINFOEXW v = { .dwOSVersionInfoSize = sizeof v }, six = v;
	DWORD major = 0, minor = 0, build = 0, kind = 0;
	IS(!CALL(NTSTATUS, RtlGetVersion, OSVERSIONINFOEXW *)(&v) && v.dwMajorVersion >= 6);
	CALL(void, RtlGetNtVersionNumbers, DWORD *, DWORD *, DWORD *)(&major, &minor, &build);
	IS(major == v.dwMajorVersion && minor == v.dwMinorVersion);
	IS((build & 0xfffffff) == v.dwBuildNumber);
	IS(CALL(BOOLEAN, RtlGetProductInfo, DWORD, DWORD, DWORD, DWORD, DWORD *)(10, 0, 0, 0,
	                                                                         &kind));
	six.dwMajorVersion = 6;
	IS(!CALL(NTSTATUS, RtlVerifyVersionInfo, OSVERSIONINFOEXW *, DWORD,
	         ULONGLONG)(&six, VER_MAJORVERSION,
	                    CALL(ULONGLONG, VerSetConditionMask, ULONGLONG, DWORD,
	                         BYTE)(0, VER_MAJORVERSION, VER_GREATER_EQUAL)));
	SYSTEM_BASIC_INFORMATION basic;
	ULONG n = 0;
	SYSTEM_INFO s;
	GetSystemInfo(&s);
	IS(!CALL(NTSTATUS, NtQuerySystemInformation, int, void *, ULONG,
	         ULONG *)(0, &basic, sizeof basic, &n));
	IS(n == sizeof basic && (DWORD)basic.NumberOfProcessors == s.dwNumberOfProcessors);
	IS(CALL(NTSTATUS, ZwQuerySystemInformation, int, void *, ULONG,
	        ULONG *)(0, &basic, 1, &n) == (NTSTATUS)0xc0000004);
	CALL(ULONG, RtlGetNtGlobalFlags, void)();
	done("system");
}

/* Nobody listens: registering works, nothing is enabled, writing succeeds. */
static void
events(void)
{
	static const GUID provider = { 1, 2, 3, { 4 } };
	struct {
		USHORT id;
		UCHAR version, channel, level, opcode;
		USHORT task;
		ULONGLONG keyword;
	} event = { .id = 1 };
	ULONGLONG h = 0;
	IS(!CALL(ULONG, EtwEventRegister, const GUID *, void *, void *,
	         ULONGLONG *)(&provider, NULL, NULL, &h));
	IS(!CALL(BOOLEAN, EtwEventEnabled, ULONGLONG, void *)(h, &event));
	IS(!CALL(BOOLEAN, EtwEventProviderEnabled, ULONGLONG, UCHAR, ULONGLONG)(h, 4, 1));
	IS(!CALL(ULONG, EtwEventWrite, ULONGLONG, void *, ULONG, void *)(h, &event, 0, NULL));
	IS(!CALL(ULONG, EtwEventUnregister, ULONGLONG)(h));
	done("events");
}

/* The second names of the system services are the same functions. */
static void
files(void)
{
	static const char *const names[] = {
		"AllocateVirtualMemory",
		"CancelIoFile",
		"CancelIoFileEx",
		"CreateFile",
		"DeviceIoControlFile",
		"FreeVirtualMemory",
		"OpenFile",
		"ProtectVirtualMemory",
		"QueryInformationFile",
		"QueryVirtualMemory",
		"ReadFile",
		"WriteFile",
	};
	char a[64], b[64];
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(a, sizeof a, "Nt%s", names[i]);
		snprintf(b, sizeof b, "Zw%s", names[i]);
		IS(of(a) == of(b));
	}
	HANDLE h = NULL;
	UNICODE_STRING path = text(L"\\??\\C:\\rtl.txt");
	OBJECT_ATTRIBUTES o = { .Length = sizeof o,
		                .ObjectName = &path,
		                .Attributes = OBJ_CASE_INSENSITIVE };
	IO_STATUS_BLOCK s;
	char got[8] = "";
	LARGE_INTEGER start = { 0 };
	IS(!CALL(NTSTATUS, ZwCreateFile, HANDLE *, ULONG, OBJECT_ATTRIBUTES *, IO_STATUS_BLOCK *,
	         void *, ULONG, ULONG, ULONG, ULONG, void *,
	         ULONG)(&h, GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE, &o, &s, NULL, 0, 0, 5, 0x20,
	                NULL, 0));
	IS(!CALL(NTSTATUS, ZwWriteFile, HANDLE, HANDLE, void *, void *, IO_STATUS_BLOCK *, void *,
	         ULONG, LARGE_INTEGER *, ULONG *)(h, NULL, NULL, NULL, &s, "words", 5, NULL, NULL));
	IS(s.Information == 5);
	IS(!CALL(NTSTATUS, ZwReadFile, HANDLE, HANDLE, void *, void *, IO_STATUS_BLOCK *, void *,
	         ULONG, LARGE_INTEGER *, ULONG *)(h, NULL, NULL, NULL, &s, got, 5, &start, NULL));
	IS(!strcmp(got, "words"));
	IS(!CALL(NTSTATUS, ZwFlushBuffersFile, HANDLE, IO_STATUS_BLOCK *)(h, &s));
	CloseHandle(h);
	IS(!CALL(NTSTATUS, ZwDeleteFile, OBJECT_ATTRIBUTES *)(&o));
	IS(GetFileAttributesA("C:\\rtl.txt") == INVALID_FILE_ATTRIBUTES);
	done("files");
}

int
main(void)
{
	ntdll = GetModuleHandleA("ntdll");
	strings();
	conversions();
	numbers();
	times();
	environment();
	loader();
	images();
	errors();
	system_words();
	events();
	files();
	return 0;
}
