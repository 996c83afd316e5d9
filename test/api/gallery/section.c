/* SPDX-License-Identifier: Apache-2.0 */
// File mappings: views of files and of memory, shared, copied, named.
// needs: joist mingw
// run: cd $W && joist run --rm $GUEST
// expect: memory: 1 seen 42 type 40000 base 1
// expect: flushed: 1, unmapped 1, again 487
// expect: named: 183 and 42, opened 1, not there 2
// expect: offset: 7, odd: 1132, behind: 5
// expect: file: grown 65536, wrote a, in the file a
// expect: empty file: 1006, too large: 8
// expect: copy: b in the view, a in the file
// expect: read only: 5
// expect: reserved: 2000 then 1000 value 3
// expect: committed: 1000 20 3000, again 1, behind 2000 4
// expect: a view that was there: 2000 1000 4
// expect: a later one: 2000 1000 4 2000
// expect: run: 42, seen: 42
// expect: without the others: 1000 42 2
// expect: at an address: 1, taken: 487
// expect: placeholder: 1 9 10000
// expect: twice in a row: 5
// expect: native: 0 0 0 1 10000 0
// expect: others: 1 1 1 1 1 1
#define _WIN32_WINNT 0x0a00
#include <stdio.h>
#include <windows.h>

static MEMORY_BASIC_INFORMATION
at(const void *p)
{
	MEMORY_BASIC_INFORMATION m = { 0 };
	VirtualQuery(p, &m, sizeof m);
	return m;
}

static void
memory(void)
{
	HANDLE h = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 0x20000,
	                              "Local\\joist test");
	char *p = MapViewOfFile(h, FILE_MAP_WRITE, 0, 0, 0),
	     *q = MapViewOfFile(h, FILE_MAP_READ, 0, 0, 0);
	p[0x100] = 42;
	MEMORY_BASIC_INFORMATION m = at(q + 0x100);
	printf("memory: %d seen %d type %lx base %d\n", h != NULL && p != q, q[0x100], m.Type,
	       m.AllocationBase == q);
	int f = FlushViewOfFile(p, 0), u = UnmapViewOfFile(q);
	UnmapViewOfFile(q);
	printf("flushed: %d, unmapped %d, again %lu\n", f, u, GetLastError());
	HANDLE other = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 0x20000,
	                                  L"joist test");
	DWORD e = GetLastError();
	q = MapViewOfFile(other, FILE_MAP_ALL_ACCESS, 0, 0, 0);
	HANDLE o = OpenFileMappingA(FILE_MAP_READ, FALSE, "joist test");
	OpenFileMappingW(FILE_MAP_READ, FALSE, L"no such mapping");
	printf("named: %lu and %d, opened %d, not there %lu\n", e, q[0x100], o != NULL,
	       GetLastError());
	p[0x10005] = 7;
	char *r = MapViewOfFile(h, FILE_MAP_READ, 0, 0x10000, 0x1000);
	printf("offset: %d", r[5]);
	MapViewOfFile(h, FILE_MAP_READ, 0, 0x1000, 0);
	printf(", odd: %lu", GetLastError());
	MapViewOfFile(h, FILE_MAP_READ, 0, 0x10000, 0x20000);
	printf(", behind: %lu\n", GetLastError());
}

static void
file(void)
{
	HANDLE f = CreateFileA("mapped", GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0,
	                       NULL),
	       m;
	CreateFileMappingA(f, NULL, PAGE_READWRITE, 0, 0, NULL);
	DWORD e = GetLastError(), n;
	m = CreateFileMappingA(f, NULL, PAGE_READONLY, 0, 0x1000, NULL);
	DWORD big = GetLastError();
	m = CreateFileMappingA(f, NULL, PAGE_READWRITE, 0, 65536, NULL);
	char *p = MapViewOfFile(m, FILE_MAP_WRITE, 0, 0, 65536), c = 0;
	p[0] = 'a';
	ReadFile(f, &c, 1, &n, NULL);
	printf("file: grown %lu, wrote %c, in the file %c\n", GetFileSize(f, NULL), p[0], c);
	printf("empty file: %lu, too large: %lu\n", e, big);
	char *v = MapViewOfFile(m, FILE_MAP_COPY, 0, 0, 0);
	v[0] = 'b';
	printf("copy: %c in the view, %c in the file\n", v[0], p[0]);
	HANDLE r = CreateFileMappingA(f, NULL, PAGE_READONLY, 0, 0, NULL);
	MapViewOfFile(r, FILE_MAP_WRITE, 0, 0, 0);
	printf("read only: %lu\n", GetLastError());
}

/* As a compiler at run time does: two views of the same pages, one to run them and one to write
 * them, of a section far greater than memory. */
static void
reserved(void)
{
	HANDLE h = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL,
	                              PAGE_EXECUTE_READWRITE | SEC_RESERVE, 0x200, 0, NULL);
	char *run = MapViewOfFileEx(h, FILE_MAP_EXECUTE | FILE_MAP_READ | FILE_MAP_WRITE, 0,
	                            0x10000, 0x10000, NULL);
	char *old = MapViewOfFile(h, FILE_MAP_WRITE, 0, 0x10000, 0x10000);
	VirtualAlloc(run + 0x2000, 0x2000, MEM_COMMIT, PAGE_EXECUTE_READ);
	void *again = VirtualAlloc(run + 0x2000, 0x3000, MEM_COMMIT, PAGE_EXECUTE_READ);
	VirtualAlloc(run + 0x8000, 0x1000, MEM_COMMIT, PAGE_READWRITE);
	printf("committed: %lx %lx %lx, again %d, behind %lx %lx\n", at(run + 0x2000).State,
	       at(run + 0x2000).Protect, (long)at(run + 0x2000).RegionSize, again == run + 0x2000,
	       at(run + 0x5000).State, at(run + 0x8000).Protect);
	printf("a view that was there: %lx %lx %lx\n", at(old).State, at(old + 0x2000).State,
	       at(old + 0x2000).Protect);
	char *late = MapViewOfFile(h, FILE_MAP_WRITE, 0, 0x10000, 0x10000);
	printf("a later one: %lx %lx %lx %lx\n", at(late).State, at(late + 0x4000).State,
	       at(late + 0x4000).Protect, at(late + 0x5000).State);
	memcpy(late + 0x4ff0, "\xb8\x2a\0\0\0\xc3", 6);
	UnmapViewOfFile(late);
	printf("run: %d, seen: %d\n", ((int (*)(void))(run + 0x4ff0))(), old[0x4ff1]);
	UnmapViewOfFile(run);
	UnmapViewOfFile(old);
	late = MapViewOfFile(h, FILE_MAP_READ, 0, 0x10000, 0x10000);
	printf("without the others: %lx %d %lx\n", at(late + 0x4000).State, late[0x4ff1],
	       at(late + 0x8000).Protect);
}

static void
places(void)
{
	HANDLE h = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE | SEC_RESERVE, 0,
	                              0x10000, NULL);
	char *p = MapViewOfFile(h, FILE_MAP_WRITE, 0, 0, 0);
	DWORD before = at(p).State;
	VirtualAlloc(p, 0x1000, MEM_COMMIT, PAGE_READWRITE);
	p[0] = 3;
	printf("reserved: %lx then %lx value %d\n", before, at(p).State, p[0]);
	reserved();
	h = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 0x10000, NULL);
	p = MapViewOfFileEx(h, FILE_MAP_WRITE, 0, 0, 0, (void *)0x60000000);
	MapViewOfFileEx(h, FILE_MAP_WRITE, 0, 0, 0, (void *)0x60000000);
	printf("at an address: %d, taken: %lu\n", p == (void *)0x60000000, GetLastError());
	HMODULE k = GetModuleHandleA("kernelbase");
	void *(WINAPI * alloc2)(HANDLE, void *, SIZE_T, ULONG, ULONG, void *, ULONG) =
	        (void *)GetProcAddress(k, "VirtualAlloc2");
	void *(WINAPI * map3)(HANDLE, HANDLE, void *, ULONG64, SIZE_T, ULONG, ULONG, void *,
	                      ULONG) = (void *)GetProcAddress(k, "MapViewOfFile3");
	BOOL(WINAPI * unmap2)
	(HANDLE, void *, ULONG) = (void *)GetProcAddress(k, "UnmapViewOfFile2");
	char *q = alloc2(NULL, NULL, 0x20000, MEM_RESERVE | 0x40000, PAGE_NOACCESS, NULL, 0);
	VirtualFree(q, 0x10000, MEM_RELEASE | 2);
	char *v = map3(h, NULL, q, 0, 0x10000, 0x4000, PAGE_READWRITE, NULL, 0);
	p[1] = 9;
	int seen = v ? v[1] : -1;
	unmap2(GetCurrentProcess(), v, 2);
	printf("placeholder: %d %d %llx\n", v == q, seen, (unsigned long long)at(q).RegionSize);
	/* a ring: the same memory twice, side by side */
	v = map3(h, NULL, q, 0, 0x10000, 0x4000, PAGE_READWRITE, NULL, 0);
	char *w = map3(h, NULL, q + 0x10000, 0, 0x10000, 0x4000, PAGE_READWRITE, NULL, 0);
	v[0xffff] = 5;
	printf("twice in a row: %d\n", w[0xffff]);
}

#define NT(name) (void *)GetProcAddress(GetModuleHandleA("ntdll"), #name)

static void
native(void)
{
	LONG(NTAPI * create)
	(HANDLE *, ULONG, void *, LARGE_INTEGER *, ULONG, ULONG, HANDLE) = NT(NtCreateSection);
	LONG(NTAPI * map)
	(HANDLE, HANDLE, void **, ULONG_PTR, SIZE_T, LARGE_INTEGER *, SIZE_T *, ULONG, ULONG,
	 ULONG) = NT(NtMapViewOfSection);
	LONG(NTAPI * map_ex)
	(HANDLE, HANDLE, void **, LARGE_INTEGER *, SIZE_T *, ULONG, ULONG, void *, ULONG) =
	        NT(NtMapViewOfSectionEx);
	LONG(NTAPI * unmap)(HANDLE, void *) = NT(NtUnmapViewOfSection);
	LONG(NTAPI * unmap_ex)(HANDLE, void *, ULONG) = NT(NtUnmapViewOfSectionEx);
	LONG(NTAPI * query)(HANDLE, int, void *, SIZE_T, SIZE_T *) = NT(NtQuerySection);
	LONG(NTAPI * extend)(HANDLE, LARGE_INTEGER *) = NT(NtExtendSection);
	LONG(NTAPI * flush)(HANDLE, void **, SIZE_T *, void *) = NT(NtFlushVirtualMemory);
	LONG(NTAPI * open)(HANDLE *, ULONG, void *) = NT(NtOpenSection);
	HANDLE h, me = GetCurrentProcess();
	LARGE_INTEGER size;
	size.QuadPart = 0x10000;
	void *p = NULL, *q = NULL;
	SIZE_T n = 0, m = 0;
	struct {
		void *base;
		ULONG attributes;
		LARGE_INTEGER size;
	} i;
	LONG a = create(&h, SECTION_ALL_ACCESS, NULL, &size, PAGE_READWRITE, SEC_COMMIT, NULL);
	LONG b = map(h, me, &p, 0, 0, NULL, &n, 1, 0, PAGE_READWRITE),
	     c = map_ex(h, me, &q, NULL, &m, 0, PAGE_READWRITE, NULL, 0);
	*(int *)p = 1;
	void *base = p;
	SIZE_T whole = n;
	char io[16];
	LONG f = flush(me, &base, &whole, io);
	int seen = *(int *)q;
	query(h, 0, &i, sizeof i, NULL);
	printf("native: %lx %lx %lx %d %llx %lx\n", (unsigned long)a, (unsigned long)b,
	       (unsigned long)(c | f), seen, (unsigned long long)i.size.QuadPart,
	       (unsigned long)(unmap(me, p) | unmap_ex(me, q, 0)));
	HMODULE k = GetModuleHandleA("kernelbase");
	HANDLE(WINAPI * from_app)
	(HANDLE, void *, ULONG, ULONG64, const WCHAR *) =
	        (void *)GetProcAddress(k, "CreateFileMappingFromApp");
	void *(WINAPI * view_app)(HANDLE, ULONG, ULONG64, SIZE_T) =
	        (void *)GetProcAddress(k, "MapViewOfFileFromApp");
	HANDLE(WINAPI * mapping2)
	(HANDLE, void *, ULONG, ULONG, ULONG, ULONG64, const WCHAR *, void *, ULONG) =
	        (void *)GetProcAddress(k, "CreateFileMapping2");
	void *(WINAPI * numa2)(HANDLE, HANDLE, ULONG64, void *, SIZE_T, ULONG, ULONG, ULONG) =
	        (void *)GetProcAddress(k, "MapViewOfFileNuma2");
	HANDLE(WINAPI * open_app)
	(ULONG, BOOL, const WCHAR *) = (void *)GetProcAddress(k, "OpenFileMappingFromApp");
	void *(WINAPI * map3_app)(HANDLE, HANDLE, void *, ULONG64, SIZE_T, ULONG, ULONG, void *,
	                          ULONG) = (void *)GetProcAddress(k, "MapViewOfFile3FromApp");
	BOOL(WINAPI * unmap_view)(void *, ULONG) = (void *)GetProcAddress(k, "UnmapViewOfFileEx");
	h = from_app(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0x1000, L"app");
	p = view_app(h, FILE_MAP_WRITE, 0, 0);
	HANDLE two = mapping2(INVALID_HANDLE_VALUE, NULL, 0, PAGE_READWRITE, SEC_COMMIT, 0x1000,
	                      NULL, NULL, 0);
	HANDLE numa = CreateFileMappingNumaA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096,
	                                     NULL, 0);
	HANDLE numa_w = CreateFileMappingNumaW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096,
	                                       NULL, 0);
	printf("others: %d %d %d %d %d", p != NULL,
	       numa2(two, me, 0, NULL, 0, 0, PAGE_READWRITE, 0) != NULL,
	       open_app(FILE_MAP_READ, FALSE, L"app") != NULL &&
	               map3_app(h, NULL, NULL, 0, 0, 0, PAGE_READONLY, NULL, 0) != NULL,
	       numa && numa_w && MapViewOfFileExNuma(numa, FILE_MAP_READ, 0, 0, 0, NULL, 0) != NULL,
	       unmap_view(p, 0));
	size.QuadPart = 0x20000;
	printf(" %d\n", extend(h, &size) != 0 && open(&h, 4, NULL) != 0);
}

int
main(void)
{
	memory();
	file();
	places();
	native();
	return 0;
}
