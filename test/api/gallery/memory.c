/* SPDX-License-Identifier: Apache-2.0 */
// Virtual memory: reserved, committed, protected, watched, cut.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: reserve: base 1 state 2000 size 100000 protect 0 allocated 4 type 20000
// expect: commit: same 1 state 1000 size 3000
// expect: protect: 4 then 2, size 1000
// expect: not committed: 487
// expect: decommit and commit: zero 1
// expect: release with a size: 87, inside: 487, right: 1, again: 487
// expect: commit of nothing: 487; of no size: 87; large pages: 1314
// expect: at an address: 1, again: 487
// expect: top down: 1
// expect: aligned: 1, between: 1, full: 8
// expect: placeholders: 10000 10000 20000, filled 1, joined 40000
// expect: guard: code 80000001, then 5
// expect: watch: 3 pages 3 5 70, after 0, written 1
// expect: read only: c0000005 at 1
// expect: executed: 42
// expect: itself: 1 1000 20 1000000
// expect: kernel32: 1 1000000
// expect: the stack: 1 20000
// expect: free: 10000 1
// expect: reading: 1 4, 0 299, writing: 1 7
// expect: ex: 1 1 1 1
// expect: discard: 0 0, offer 0, reclaim 0, prefetch 1, lock 1 1
// expect: reset: 1 7
// expect: bad pointers: 1 0 1 0
// expect: large page minimum: 200000
// expect: native: 0 1000 0 0 0 0 c0000018
// expect: region information: 10000
// expect: app: 1 1 1 0
// expect: awe: 1314
// expect: ntdll: 1 2 0 0 1 0 1
#define _WIN32_WINNT 0x0a00
#include <stdio.h>
#include <string.h>
#include <windows.h>

/* newer than the headers of some compilers */
#ifndef MEM_RESERVE_PLACEHOLDER
#define MEM_COALESCE_PLACEHOLDERS 1
#define MEM_PRESERVE_PLACEHOLDER  2
#define MEM_REPLACE_PLACEHOLDER   0x4000
#define MEM_RESERVE_PLACEHOLDER   0x40000
#endif

static volatile LONG caught, code_seen;

static LONG CALLBACK
handler(EXCEPTION_POINTERS *p)
{
	DWORD code = p->ExceptionRecord->ExceptionCode;
	if (code == 0x80000001) {
		caught++;
		code_seen = (LONG)code;
		return EXCEPTION_CONTINUE_EXECUTION;
	}
	if (code == 0xc0000005 && caught < 100) {
		DWORD old;
		caught++;
		code_seen = (LONG)code;
		VirtualProtect((void *)p->ExceptionRecord->ExceptionInformation[1], 1,
		               PAGE_READWRITE, &old);
		return EXCEPTION_CONTINUE_EXECUTION;
	}
	return EXCEPTION_CONTINUE_SEARCH;
}

static MEMORY_BASIC_INFORMATION
at(const void *p)
{
	MEMORY_BASIC_INFORMATION m = { 0 };
	VirtualQuery(p, &m, sizeof m);
	return m;
}

static void
pages(void)
{
	char *p = VirtualAlloc(NULL, 0x100000, MEM_RESERVE, PAGE_READWRITE);
	MEMORY_BASIC_INFORMATION m = at(p);
	DWORD old;
	printf("reserve: base %d state %lx size %llx protect %lx allocated %lx type %lx\n",
	       m.AllocationBase == p, m.State, (unsigned long long)m.RegionSize, m.Protect,
	       m.AllocationProtect, m.Type);
	char *q = VirtualAlloc(p + 0x3010, 0x2000, MEM_COMMIT, PAGE_READWRITE);
	m = at(p + 0x3000);
	printf("commit: same %d state %lx size %llx\n", q == p + 0x3000, m.State,
	       (unsigned long long)m.RegionSize);
	p[0x3000] = p[0x4000] = 1;
	VirtualProtect(p + 0x4000, 1, PAGE_READONLY, &old);
	DWORD before = old;
	m = at(p + 0x4000);
	VirtualProtect(p + 0x4000, 1, PAGE_READWRITE, &old);
	printf("protect: %lx then %lx, size %llx\n", before, old, (unsigned long long)m.RegionSize);
	SetLastError(0);
	VirtualProtect(p, 0x1000, PAGE_READONLY, &old);
	printf("not committed: %lu\n", GetLastError());
	VirtualFree(p + 0x3000, 0x1000, MEM_DECOMMIT);
	VirtualAlloc(p + 0x3000, 0x1000, MEM_COMMIT, PAGE_READWRITE);
	printf("decommit and commit: zero %d\n", p[0x3000] == 0 && p[0x4000] == 1);
	SetLastError(0);
	VirtualFree(p, 0x1000, MEM_RELEASE);
	DWORD a = GetLastError();
	VirtualFree(p + 0x1000, 0, MEM_RELEASE);
	DWORD b = GetLastError();
	int right = VirtualFree(p, 0, MEM_RELEASE);
	VirtualFree(p, 0, MEM_RELEASE);
	printf("release with a size: %lu, inside: %lu, right: %d, again: %lu\n", a, b, right,
	       GetLastError());
	VirtualAlloc(p, 0x1000, MEM_COMMIT, PAGE_READWRITE);
	a = GetLastError();
	VirtualAlloc(NULL, 0, MEM_COMMIT, PAGE_READWRITE);
	b = GetLastError();
	VirtualAlloc(NULL, 0x200000, MEM_RESERVE | MEM_COMMIT | MEM_LARGE_PAGES, PAGE_READWRITE);
	printf("commit of nothing: %lu; of no size: %lu; large pages: %lu\n", a, b, GetLastError());
	p = VirtualAlloc((void *)0xc000000000, 0x4000000, MEM_RESERVE, PAGE_READWRITE);
	VirtualAlloc(p, 0x10000, MEM_RESERVE, PAGE_READWRITE);
	printf("at an address: %d, again: %lu\n", p == (void *)0xc000000000, GetLastError());
	q = VirtualAlloc(NULL, 0x10000, MEM_RESERVE | MEM_TOP_DOWN, PAGE_READWRITE);
	printf("top down: %d\n", q > p);
	VirtualFree(q, 0, MEM_RELEASE);
	VirtualFree(p, 0, MEM_RELEASE);
}

typedef void *(WINAPI *alloc2)(HANDLE, void *, SIZE_T, ULONG, ULONG, MEM_EXTENDED_PARAMETER *,
                               ULONG);

static void
places(void)
{
	alloc2 f = (alloc2)(void *)GetProcAddress(GetModuleHandleA("kernelbase"), "VirtualAlloc2");
	MEM_ADDRESS_REQUIREMENTS r = { NULL, NULL, 1ull << 32 };
	MEM_EXTENDED_PARAMETER x = { { 0 } };
	x.Type = 1;
	x.Pointer = &r;
	char *p = f(NULL, NULL, 1ull << 32, MEM_RESERVE, PAGE_NOACCESS, &x, 1);
	int aligned = p && (ULONG_PTR)p % (1ull << 32) == 0;
	VirtualFree(p, 0, MEM_RELEASE);
	r = (MEM_ADDRESS_REQUIREMENTS){ (void *)0x50000000, (void *)0x5000ffff, 0 };
	p = f(NULL, NULL, 0x10000, MEM_RESERVE, PAGE_NOACCESS, &x, 1);
	f(NULL, NULL, 0x10000, MEM_RESERVE, PAGE_NOACCESS, &x, 1);
	printf("aligned: %d, between: %d, full: %lu\n", aligned, p == (void *)0x50000000,
	       GetLastError());
	VirtualFree(p, 0, MEM_RELEASE);
	p = f(NULL, NULL, 0x40000, MEM_RESERVE | MEM_RESERVE_PLACEHOLDER, PAGE_NOACCESS, NULL, 0);
	VirtualFree(p + 0x10000, 0x10000, MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER);
	printf("placeholders: %llx %llx %llx", (unsigned long long)at(p).RegionSize,
	       (unsigned long long)at(p + 0x10000).RegionSize,
	       (unsigned long long)at(p + 0x20000).RegionSize);
	char *q = f(NULL, p + 0x10000, 0x10000, MEM_RESERVE | MEM_COMMIT | MEM_REPLACE_PLACEHOLDER,
	            PAGE_READWRITE, NULL, 0);
	q[5] = 1;
	VirtualFree(q, 0x10000, MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER);
	VirtualFree(p, 0x40000, MEM_RELEASE | MEM_COALESCE_PLACEHOLDERS);
	printf(", filled %d, joined %llx\n", q == p + 0x10000,
	       (unsigned long long)at(p).RegionSize);
	VirtualFree(p, 0, MEM_RELEASE);
}

static void
faults(void)
{
	volatile char *p =
	        VirtualAlloc(NULL, 0x2000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD);
	p[5] = 5;
	printf("guard: code %lx, then %d\n", (unsigned long)code_seen, p[5]);
	char *w = VirtualAlloc(NULL, 0x100000, MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH,
	                       PAGE_READWRITE);
	w[0x3004] = w[0x5000] = w[0x70fff] = 1;
	void *list[8];
	ULONG_PTR n = 8, after = 8, again = 8;
	DWORD grain;
	GetWriteWatch(WRITE_WATCH_FLAG_RESET, w, 0x100000, list, &n, &grain);
	printf("watch: %d pages %llx %llx %llx", (int)n,
	       (unsigned long long)((char *)list[0] - w) / grain,
	       (unsigned long long)((char *)list[1] - w) / grain,
	       (unsigned long long)((char *)list[2] - w) / grain);
	GetWriteWatch(0, w, 0x100000, list, &after, &grain);
	w[0x9000] = 1;
	GetWriteWatch(0, w, 0x100000, list, &again, &grain);
	printf(", after %d, written %d\n", (int)after, (int)again);
	ResetWriteWatch(w, 0x100000);
	p = VirtualAlloc(NULL, 0x1000, MEM_COMMIT, PAGE_READONLY);
	caught = 0;
	p[0] = 1;
	printf("read only: %lx at %d\n", (unsigned long)code_seen, (int)caught);
	unsigned char *x = VirtualAlloc(NULL, 0x1000, MEM_COMMIT, PAGE_EXECUTE_READWRITE);
	memcpy(x, "\xb8\x2a\0\0\0\xc3", 6);
	FlushInstructionCache(GetCurrentProcess(), x, 6);
	printf("executed: %d\n", ((int (*)(void))(void *)x)());
}

static void
queries(void)
{
	int local;
	MEMORY_BASIC_INFORMATION m = at((void *)queries);
	HMODULE self = GetModuleHandleA(NULL), k = GetModuleHandleA("kernel32");
	printf("itself: %d %lx %lx %lx\n", m.AllocationBase == self, m.State, m.Protect, m.Type);
	m = at(k);
	printf("kernel32: %d %lx\n", m.AllocationBase == k, m.Type);
	m = at(&local);
	printf("the stack: %d %lx\n", m.AllocationBase < (void *)&local && m.State == MEM_COMMIT,
	       m.Type);
	m = at((void *)0x20000);
	printf("free: %lx %d\n", m.State, m.AllocationBase == NULL);
	int a = 4, b = 0;
	SIZE_T n = 0;
	int ok = ReadProcessMemory(GetCurrentProcess(), &a, &b, sizeof a, &n);
	int bad = ReadProcessMemory(GetCurrentProcess(), (void *)0x20000, &b, sizeof b, NULL);
	DWORD e = GetLastError();
	a = 7;
	int w = WriteProcessMemory(GetCurrentProcess(), &b, &a, sizeof a, &n);
	printf("reading: %d 4, %d %lu, writing: %d %d\n", ok, bad, e, w, b);
	HANDLE me = GetCurrentProcess();
	DWORD old;
	char *p = VirtualAllocEx(me, NULL, 0x10000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
	printf("ex: %d %d %d", p != NULL, VirtualProtectEx(me, p, 1, PAGE_READONLY, &old),
	       VirtualQueryEx(me, p, &m, sizeof m) == sizeof m);
	printf(" %d\n", VirtualFreeEx(me, p, 0, MEM_RELEASE));
}

static void
advice(void)
{
	char *p = VirtualAlloc(NULL, 0x4000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
	memset(p, 1, 0x4000);
	DWORD d = DiscardVirtualMemory(p, 0x4000);
	WIN32_MEMORY_RANGE_ENTRY r = { p, 0x4000 };
	printf("discard: %lu %d, offer %lu, reclaim %lu, prefetch %d", d, p[0] == 1,
	       OfferVirtualMemory(p, 0x4000, VmOfferPriorityLow), ReclaimVirtualMemory(p, 0x4000),
	       PrefetchVirtualMemory(GetCurrentProcess(), 1, &r, 0));
	int lock = VirtualLock(p, 0x1000);
	printf(", lock %d %d\n", lock, VirtualUnlock(p, 0x1000));
	memset(p, 7, 0x4000);
	void *x = VirtualAlloc(p, 0x4000, MEM_RESET, PAGE_READWRITE);
	void *y = VirtualAlloc(p, 0x4000, 0x1000000, PAGE_READWRITE);
	printf("reset: %d %d\n", x == p, y ? p[0x1000] : 7);
	printf("bad pointers: %d %d %d %d\n", IsBadReadPtr((void *)0x20000, 1), IsBadReadPtr(p, 1),
	       IsBadWritePtr((void *)(ULONG_PTR)advice, 1), IsBadCodePtr((FARPROC)(void *)advice));
	printf("large page minimum: %llx\n", (unsigned long long)GetLargePageMinimum());
}

typedef LONG(NTAPI *nt_alloc)(HANDLE, void **, ULONG_PTR, SIZE_T *, ULONG, ULONG);
typedef LONG(NTAPI *nt_free)(HANDLE, void **, SIZE_T *, ULONG);
typedef LONG(NTAPI *nt_protect)(HANDLE, void **, SIZE_T *, ULONG, ULONG *);
typedef LONG(NTAPI *nt_query)(HANDLE, void *, int, void *, SIZE_T, SIZE_T *);

static void
native(void)
{
	HMODULE n = GetModuleHandleA("ntdll");
	nt_alloc alloc = (nt_alloc)(void *)GetProcAddress(n, "NtAllocateVirtualMemory");
	nt_free release = (nt_free)(void *)GetProcAddress(n, "NtFreeVirtualMemory");
	nt_protect prot = (nt_protect)(void *)GetProcAddress(n, "NtProtectVirtualMemory");
	nt_query query = (nt_query)(void *)GetProcAddress(n, "NtQueryVirtualMemory");
	HANDLE me = GetCurrentProcess();
	void *p = NULL;
	SIZE_T size = 100, zero = 0;
	ULONG old;
	LONG a = alloc(me, &p, 0, &size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
	void *q = p;
	SIZE_T m = size;
	LONG b = prot(me, &q, &m, PAGE_READONLY, &old);
	MEMORY_BASIC_INFORMATION i;
	LONG c = query(me, p, 0, &i, sizeof i, NULL);
	q = p;
	LONG e = alloc(me, &q, 0, &size, MEM_RESERVE, PAGE_READWRITE);
	LONG d = release(me, &p, &zero, MEM_RELEASE);
	printf("native: %lx %llx %lx %lx %lx 0 %lx\n", (unsigned long)a, (unsigned long long)size,
	       (unsigned long)b, (unsigned long)c, (unsigned long)d, (unsigned long)e);
	struct {
		void *base;
		ULONG protect, type;
		SIZE_T size, commit;
	} r = { 0 };
	p = VirtualAlloc(NULL, 0x10000, MEM_RESERVE, PAGE_READWRITE);
	BOOL(WINAPI * information)
	(HANDLE, const void *, int, void *, SIZE_T, SIZE_T *) = (void *)GetProcAddress(
	        GetModuleHandleA("kernelbase"), "QueryVirtualMemoryInformation");
	information(me, p, 0, &r, sizeof r, NULL);
	printf("region information: %llx\n", (unsigned long long)r.size);
	HMODULE kb = GetModuleHandleA("kernelbase");
	void *(WINAPI * from_app)(void *, SIZE_T, ULONG, ULONG) =
	        (void *)GetProcAddress(kb, "VirtualAllocFromApp");
	BOOL(WINAPI * protect_app)
	(void *, SIZE_T, ULONG, ULONG *) = (void *)GetProcAddress(kb, "VirtualProtectFromApp");
	void *(WINAPI * numa)(HANDLE, void *, SIZE_T, DWORD, DWORD, DWORD) =
	        (void *)GetProcAddress(kb, "VirtualAllocExNuma");
	alloc2 app2 = (alloc2)(void *)GetProcAddress(kb, "VirtualAlloc2FromApp");
	char *x = from_app(NULL, 1, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
	printf("app: %d %d %d %d\n", x != NULL, protect_app(x, 1, PAGE_READONLY, &old),
	       numa(me, NULL, 1, MEM_RESERVE, PAGE_READWRITE, 0) != NULL,
	       app2(me, NULL, 0, MEM_RESERVE, PAGE_READWRITE, NULL, 0) != NULL);
	ULONG_PTR count = 1, frame;
	AllocateUserPhysicalPages(me, &count, &frame);
	printf("awe: %lu\n", GetLastError());
	LONG(NTAPI * lock)
	(HANDLE, void **, SIZE_T *, ULONG) = (void *)GetProcAddress(n, "NtLockVirtualMemory");
	LONG(NTAPI * unlock)
	(HANDLE, void **, SIZE_T *, ULONG) = (void *)GetProcAddress(n, "NtUnlockVirtualMemory");
	LONG(NTAPI * flush)
	(HANDLE, void *, SIZE_T) = (void *)GetProcAddress(n, "NtFlushInstructionCache");
	LONG(NTAPI * watch)
	(HANDLE, ULONG, void *, SIZE_T, void **, ULONG_PTR *, ULONG *) =
	        (void *)GetProcAddress(n, "NtGetWriteWatch");
	LONG(NTAPI * reset)
	(HANDLE, void *, SIZE_T) = (void *)GetProcAddress(n, "NtResetWriteWatch");
	LONG(NTAPI * nread)
	(HANDLE, void *, void *, SIZE_T, SIZE_T *) =
	        (void *)GetProcAddress(n, "NtReadVirtualMemory");
	LONG(NTAPI * nwrite)
	(HANDLE, void *, void *, SIZE_T, SIZE_T *) =
	        (void *)GetProcAddress(n, "NtWriteVirtualMemory");
	LONG(NTAPI * alloc_ex)
	(HANDLE, void **, SIZE_T *, ULONG, ULONG, void *, ULONG) =
	        (void *)GetProcAddress(n, "NtAllocateVirtualMemoryEx");
	int from = 2, to = 0;
	nread(me, &from, &to, sizeof to, NULL);
	char *w = VirtualAlloc(NULL, 0x1000, MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH,
	                       PAGE_READWRITE);
	int three = 3;
	nwrite(me, w, &three, sizeof three, NULL);
	void *list[1];
	ULONG_PTR seen = 1;
	ULONG grain;
	LONG g = watch(me, 0, w, 0x1000, list, &seen, &grain);
	LONG z = reset(me, w, 0x1000);
	q = NULL;
	size = 1;
	LONG ex = alloc_ex(me, &q, &size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE, NULL, 0);
	void *l = q;
	SIZE_T ln = 1;
	printf("ntdll: %d %d %lx %lx %d %lx %d\n", (int)seen, to, (unsigned long)g,
	       (unsigned long)z, *(int *)w == 3, (unsigned long)ex,
	       lock(me, &l, &ln, 1) == 0 && unlock(me, &l, &ln, 1) == 0 && flush(me, l, 1) == 0);
}

int
main(void)
{
	AddVectoredExceptionHandler(1, handler);
	pages();
	places();
	faults();
	queries();
	advice();
	native();
	return 0;
}
