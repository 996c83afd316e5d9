/* SPDX-License-Identifier: Apache-2.0 */
// Heaps, and local and global memory.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: alloc: 1 aligned 1 size 100 zero 1
// expect: realloc: size 5000 kept 1 zero 1
// expect: in place: smaller 1, too large 0
// expect: free: 1, nothing: 1
// expect: wild: 0
// expect: private: 1 sizes 24 valid 1 blocks 3 compact 1
// expect: fixed: small 1 large 0
// expect: exception: c0000017
// expect: lock: 1 1, destroy: 1, of the process: 0
// expect: heaps: 1
// expect: information: 2 4
// expect: executable heap: 9
// expect: rtl: 1 1 64 1 1 1 1 1 0
// expect: local: 40 0, moved 1 size 80, freed 1
// expect: global: handle 1 locks 1 found 1 flags 1, then 0, unlocked 0 158, freed 1
// expect: discarded: 4000, lock 0
// expect: fixed is its own handle: 1 1 1
#include <stdio.h>
#include <string.h>
#include <windows.h>

static DWORD code;

static LONG CALLBACK
handler(EXCEPTION_POINTERS *p)
{
	code = p->ExceptionRecord->ExceptionCode;
	return code == 0xc0000017 ? EXCEPTION_CONTINUE_EXECUTION : EXCEPTION_CONTINUE_SEARCH;
}

static int
all(const char *p, char c, size_t n)
{
	while (n && *p == c)
		p++, n--;
	return n == 0;
}

static void
process_heap(void)
{
	HANDLE h = GetProcessHeap();
	char *p = HeapAlloc(h, HEAP_ZERO_MEMORY, 100);
	printf("alloc: %d aligned %d size %d zero %d\n", p != NULL, (ULONG_PTR)p % 16 == 0,
	       (int)HeapSize(h, 0, p), all(p, 0, 100));
	memset(p, 7, 100);
	p = HeapReAlloc(h, HEAP_ZERO_MEMORY, p, 5000);
	printf("realloc: size %d kept %d zero %d\n", (int)HeapSize(h, 0, p), all(p, 7, 100),
	       all(p + 100, 0, 4900));
	int small = HeapReAlloc(h, HEAP_REALLOC_IN_PLACE_ONLY, p, 50) == p;
	printf("in place: smaller %d, too large %d\n", small,
	       HeapReAlloc(h, HEAP_REALLOC_IN_PLACE_ONLY, p, 50000000) != NULL);
	printf("free: %d, nothing: %d\n", HeapFree(h, 0, p), HeapFree(h, 0, NULL));
	static char block[64];
	printf("wild: %d\n", HeapFree(h, 0, block + 32 - (ULONG_PTR)block % 16));
}

static void
own_heaps(void)
{
	HANDLE h = HeapCreate(0, 0, 0);
	void *a = HeapAlloc(h, 0, 24), *b = HeapAlloc(h, 0, 1000);
	HeapAlloc(h, 0, 0);
	(void)b;
	PROCESS_HEAP_ENTRY e = { 0 };
	int n = 0;
	while (HeapWalk(h, &e))
		n += (e.wFlags & PROCESS_HEAP_ENTRY_BUSY) != 0;
	printf("private: %d sizes %d valid %d blocks %d compact %d\n", h != NULL,
	       (int)HeapSize(h, 0, a), HeapValidate(h, 0, NULL), n, HeapCompact(h, 0) > 0);
	HANDLE f = HeapCreate(0, 0, 0x10000);
	printf("fixed: small %d large %d\n", HeapAlloc(f, 0, 1000) != NULL,
	       HeapAlloc(f, 0, 0x20000) != NULL);
	HeapAlloc(f, HEAP_GENERATE_EXCEPTIONS, 0x20000);
	printf("exception: %lx\n", code);
	int lock = HeapLock(h), unlock = HeapUnlock(h);
	printf("lock: %d %d, destroy: %d, of the process: %d\n", lock, unlock, HeapDestroy(h),
	       HeapDestroy(GetProcessHeap()));
	HANDLE list[16];
	DWORD count = GetProcessHeaps(16, list);
	int found = 0;
	for (DWORD i = 0; i < count; i++)
		found |= list[i] == GetProcessHeap();
	printf("heaps: %d\n", found && count >= 2);
	ULONG kind = 0;
	SIZE_T size;
	HeapQueryInformation(GetProcessHeap(), HeapCompatibilityInformation, &kind, sizeof kind,
	                     &size);
	HeapSetInformation(GetProcessHeap(), HeapEnableTerminationOnCorruption, NULL, 0);
	printf("information: %lu %d\n", kind, (int)size);
	HANDLE x = HeapCreate(HEAP_CREATE_ENABLE_EXECUTE, 0, 0);
	unsigned char *c = HeapAlloc(x, 0, 16);
	memcpy(c, "\xb8\x09\0\0\0\xc3", 6);
	printf("executable heap: %d\n", ((int (*)(void))(void *)c)());
	HeapDestroy(x);
}

#define RTL(name) (void *)GetProcAddress(GetModuleHandleA("ntdll"), #name)

static void
rtl(void)
{
	HANDLE(NTAPI * create)(ULONG, void *, SIZE_T, SIZE_T, void *, void *) = RTL(RtlCreateHeap);
	void *(NTAPI * alloc)(HANDLE, ULONG, SIZE_T) = RTL(RtlAllocateHeap);
	void *(NTAPI * again)(HANDLE, ULONG, void *, SIZE_T) = RTL(RtlReAllocateHeap);
	SIZE_T(NTAPI * size)(HANDLE, ULONG, void *) = RTL(RtlSizeHeap);
	BOOLEAN(NTAPI * release)(HANDLE, ULONG, void *) = RTL(RtlFreeHeap);
	BOOLEAN(NTAPI * valid)(HANDLE, ULONG, void *) = RTL(RtlValidateHeap);
	BOOLEAN(NTAPI * lock)
	(HANDLE) = RTL(RtlLockHeap), (NTAPI * unlock)(HANDLE) = RTL(RtlUnlockHeap);
	HANDLE(NTAPI * destroy)(HANDLE) = RTL(RtlDestroyHeap);
	ULONG(NTAPI * heaps)(ULONG, HANDLE *) = RTL(RtlGetProcessHeaps);
	SIZE_T(NTAPI * compact)(HANDLE, ULONG) = RTL(RtlCompactHeap);
	LONG(NTAPI * query)(HANDLE, int, void *, SIZE_T, SIZE_T *) = RTL(RtlQueryHeapInformation);
	LONG(NTAPI * set)(HANDLE, int, void *, SIZE_T) = RTL(RtlSetHeapInformation);
	ULONG kind = 0;
	HANDLE h = create(2, NULL, 0, 0, NULL, NULL);
	void *p = alloc(h, 0, 32);
	p = again(h, 0, p, 64);
	printf("rtl: %d %d %d", h != NULL, p != NULL, (int)size(h, 0, p));
	printf(" %d %d", valid(h, 0, p), lock(h) && unlock(h));
	printf(" %d %d", release(h, 0, p), compact(h, 0) > 0 && heaps(0, NULL) >= 2);
	printf(" %d",
	       query(h, 0, &kind, sizeof kind, NULL) == 0 && set(h, 0, &kind, sizeof kind) == 0);
	printf(" %d\n", destroy(h) != NULL);
}

static void
movable(void)
{
	HLOCAL l = LocalAlloc(LPTR, 40);
	printf("local: %d %d", (int)LocalSize(l), *(char *)l);
	l = LocalReAlloc(l, 80, LMEM_MOVEABLE);
	int size = (int)LocalSize(l);
	printf(", moved %d size %d, freed %d\n", l != NULL, size, LocalFree(l) == NULL);
	HGLOBAL g = GlobalAlloc(GMEM_MOVEABLE, 100);
	void *p = GlobalLock(g);
	int locks = GlobalFlags(g) & GMEM_LOCKCOUNT, handle = GlobalHandle(p) == g,
	    size_right = GlobalSize(g) == 100;
	BOOL more = GlobalUnlock(g);
	SetLastError(0);
	BOOL over = GlobalUnlock(g);
	DWORD e = GetLastError();
	printf("global: handle %d locks %d found %d flags %d, then %d, unlocked %d %lu, freed %d\n",
	       (void *)g != p, locks, handle, size_right, more, over, e, GlobalFree(g) == NULL);
	g = GlobalAlloc(GMEM_MOVEABLE | GMEM_DISCARDABLE, 10);
	g = GlobalReAlloc(g, 0, GMEM_MOVEABLE);
	printf("discarded: %x, lock %d\n", GlobalFlags(g) & GMEM_DISCARDED, GlobalLock(g) != NULL);
	GlobalFree(g);
	HLOCAL f = LocalAlloc(LMEM_FIXED, 8);
	int own = LocalLock(f) == f, flags = LocalFlags(f) == 0;
	LocalUnlock(f);
	printf("fixed is its own handle: %d %d %d\n", own, flags, LocalHandle(f) == f);
	LocalFree(f);
}

int
main(void)
{
	AddVectoredExceptionHandler(1, handler);
	process_heap();
	own_heaps();
	rtl();
	movable();
	return 0;
}
