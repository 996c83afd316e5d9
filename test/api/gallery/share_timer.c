/* SPDX-License-Identifier: Apache-2.0 */
// Timers that several processes have; keyed events, whose names they share.
// needs: joist mingw
// libs: -lntdll
// run: joist run --rm $GUEST
// expect: set here, waits there: 0, not early 1
// expect: set there, waits here: 0, child 0
// expect: moved to earlier while it waits: 0
// expect: cancelled: 258, child 0
// expect: auto: one of two
// expect: manual: two of two
// expect: periodic: 4 of 4
// expect: exists 183, there 1, manual 1, wrong kind 6 6, not there 2
// expect: inherited 0, given 0, taken 0
// expect: its own call comes 1, of one that another set anew 0
// expect: a registered wait, set there: 1
// expect: when it was set before it was shared: 0
// expect: names freed: 2, while a child has it 0, after it was killed 2
// expect: keyed event: opened 00000000, collides c0000035, wrong type c0000024, met 00000000
#include "share.h"

typedef struct {
	USHORT Length, MaximumLength;
	WCHAR *Buffer;
} STRING_;
typedef struct {
	ULONG Length;
	HANDLE Root;
	STRING_ *Name;
	ULONG Attributes;
	void *a, *b;
} ATTRIBUTES_;
LONG WINAPI NtCreateKeyedEvent(HANDLE *h, ULONG access, ATTRIBUTES_ *a, ULONG flags);
LONG WINAPI NtOpenKeyedEvent(HANDLE *h, ULONG access, ATTRIBUTES_ *a);
LONG WINAPI NtWaitForKeyedEvent(HANDLE h, void *key, BOOLEAN alertable, LARGE_INTEGER *t);
LONG WINAPI NtReleaseKeyedEvent(HANDLE h, void *key, BOOLEAN alertable, LARGE_INTEGER *t);

static HANDLE ready, go;

static void
meet(void)
{
	ready = CreateSemaphoreA(NULL, 0, 100, "ready");
	go = CreateEventA(NULL, FALSE, FALSE, "go");
}

static HANDLE
open_timer(const char *name)
{
	WCHAR w[64];
	MultiByteToWideChar(CP_UTF8, 0, name, -1, w, 64);
	return OpenWaitableTimerW(TIMER_ALL_ACCESS, FALSE, w);
}

static HANDLE
make_timer(BOOL manual, const char *name)
{
	WCHAR w[64];
	if (name)
		MultiByteToWideChar(CP_UTF8, 0, name, -1, w, 64);
	return CreateWaitableTimerW(NULL, manual, name ? w : NULL);
}

/* In so many milliseconds. */
static BOOL
set(HANDLE t, int ms, int period)
{
	LARGE_INTEGER due = { .QuadPart = -10000LL * ms };
	return SetWaitableTimer(t, &due, period, NULL, NULL, FALSE);
}

static int
waits(int n, char **v)
{
	(void)n;
	meet();
	HANDLE t = open_timer(v[0]);
	ReleaseSemaphore(ready, 1, NULL);
	return (int)WaitForSingleObject(t, (DWORD)strtoul(v[1], NULL, 10));
}

static int
sets(int n, char **v)
{
	meet();
	HANDLE t = n > 2 ? handle(v[0]) : open_timer(v[0]);
	return set(t, (int)strtol(v[1], NULL, 10), 0) ? 0 : (int)GetLastError();
}

static int
cancels(int n, char **v)
{
	(void)n;
	return CancelWaitableTimer(open_timer(v[0])) ? 0 : (int)GetLastError();
}

static int
holds(int n, char **v)
{
	(void)n;
	meet();
	HANDLE t = open_timer(v[0]);
	ReleaseSemaphore(ready, 1, NULL);
	Sleep(INFINITE);
	return t != NULL;
}

static int
waits_handle(int n, char **v)
{
	(void)n;
	return (int)WaitForSingleObject(handle(v[0]), 10000);
}

/* Waits for a handle whose number comes by a mapping. */
static int
waits_given(int n, char **v)
{
	(void)n;
	meet();
	HANDLE m = OpenFileMappingA(FILE_MAP_ALL_ACCESS, FALSE, v[0]);
	UINT64 *h = MapViewOfFile(m, FILE_MAP_WRITE, 0, 0, 0);
	HANDLE own = make_timer(FALSE, NULL);
	h[1] = (UINT_PTR)own;
	ReleaseSemaphore(ready, 1, NULL);
	WaitForSingleObject(go, INFINITE);
	DWORD r = WaitForSingleObject((HANDLE)(UINT_PTR)h[0], 10000);
	/* the parent takes ours, and waits for it */
	set(own, 20, 0);
	ReleaseSemaphore(ready, 1, NULL);
	WaitForSingleObject(go, INFINITE);
	return (int)r;
}

static void
name_of(const WCHAR *name, STRING_ *s, ATTRIBUTES_ *a)
{
	*s = (STRING_){ (USHORT)(2 * lstrlenW(name)), (USHORT)(2 * lstrlenW(name)),
		        (WCHAR *)(UINT_PTR)name };
	*a = (ATTRIBUTES_){ .Length = sizeof *a, .Name = s };
}

static int
keyed_child(int n, char **v)
{
	STRING_ s;
	ATTRIBUTES_ a;
	HANDLE h;
	(void)n, (void)v;
	name_of(L"\\BaseNamedObjects\\keyed", &s, &a);
	return (int)NtOpenKeyedEvent(&h, 3, &a);
}

static const struct part parts[] = {
	{ "waits", waits },         { "sets", sets },
	{ "cancels", cancels },     { "holds", holds },
	{ "handle", waits_handle }, { "given", waits_given },
	{ "keyed", keyed_child },   { NULL, NULL },
};

static void wait_ready(void) { WaitForSingleObject(ready, INFINITE); }

static void
both_ways(void)
{
	HANDLE t = make_timer(FALSE, "t"), p = start("waits t 10000");
	wait_ready();
	DWORD from = GetTickCount();
	set(t, 60, 0);
	int r = end(p);
	printf("set here, waits there: %d, not early %d\n", r, GetTickCount() - from >= 50);
	p = start("sets t 40");
	DWORD w = WaitForSingleObject(t, 10000);
	printf("set there, waits here: %lu, child %d\n", w, end(p));
	set(t, 100000, 0);
	p = start("waits t 20000");
	wait_ready();
	Sleep(30);
	set(t, 10, 0);
	printf("moved to earlier while it waits: %d\n", end(p));
	set(t, 200, 0);
	p = start("cancels t");
	int code = end(p);
	printf("cancelled: %lu, child %d\n", WaitForSingleObject(t, 300), code);
	CloseHandle(t);
}

static int
count_of(BOOL manual, int children, int period, DWORD ms)
{
	HANDLE t = make_timer(manual, "many"), p[8];
	char line[32];
	int got = 0;
	snprintf(line, sizeof line, "waits many %lu", ms);
	for (int i = 0; i < children; i++)
		p[i] = start(line);
	for (int i = 0; i < children; i++)
		wait_ready();
	set(t, 20, period);
	for (int i = 0; i < children; i++)
		got += end(p[i]) == 0;
	CloseHandle(t);
	return got;
}

static void
many(void)
{
	printf("auto: %s of two\n", count_of(FALSE, 2, 0, 600) == 1 ? "one" : "not one");
	printf("manual: %s of two\n", count_of(TRUE, 2, 0, 10000) == 2 ? "two" : "not two");
	printf("periodic: %d of 4\n", count_of(FALSE, 4, 20, 10000));
}

static void
names(void)
{
	HANDLE t = make_timer(TRUE, "name"), same = make_timer(FALSE, "name");
	DWORD exists = GetLastError();
	set(t, 0, 0);
	/* it is the manual one: signalled for good */
	int manual = WaitForSingleObject(same, 1000) == 0 && WaitForSingleObject(same, 0) == 0;
	HANDLE e = OpenEventA(EVENT_ALL_ACCESS, FALSE, "name");
	DWORD wrong = e ? 0 : GetLastError();
	HANDLE m = CreateMutexA(NULL, FALSE, "name");
	DWORD wrong2 = m ? 0 : GetLastError();
	DWORD none = open_timer("none") ? 0 : GetLastError();
	printf("exists %lu, there %d, manual %d, wrong kind %lu %lu, not there %lu\n", exists,
	       same != NULL, manual, wrong, wrong2, none);
	CloseHandle(t);
	CloseHandle(same);
}

static void
handles(void)
{
	SECURITY_ATTRIBUTES sa = { sizeof sa, NULL, TRUE };
	HANDLE t = CreateWaitableTimerW(&sa, FALSE, NULL), there, mine;
	HANDLE p = start("handle %llx", (UINT64)(UINT_PTR)t);
	Sleep(20);
	set(t, 10, 0);
	int inherits = end(p);
	HANDLE m = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096, "table");
	UINT64 *h = MapViewOfFile(m, FILE_MAP_WRITE, 0, 0, 0);
	HANDLE u = make_timer(FALSE, NULL);
	p = start("given table");
	wait_ready();
	DuplicateHandle(GetCurrentProcess(), u, p, &there, 0, FALSE, DUPLICATE_SAME_ACCESS);
	h[0] = (UINT_PTR)there;
	SetEvent(go);
	set(u, 20, 0);
	wait_ready();
	DuplicateHandle(p, (HANDLE)(UINT_PTR)h[1], GetCurrentProcess(), &mine, 0, FALSE,
	                DUPLICATE_SAME_ACCESS);
	DWORD taken = WaitForSingleObject(mine, 10000);
	SetEvent(go);
	int given = end(p);
	printf("inherited %d, given %d, taken %lu\n", inherits, given, taken);
	HANDLE all[] = { t, u, mine, m };
	for (int i = 0; i < 4; i++)
		CloseHandle(all[i]);
	UnmapViewOfFile(h);
}

static int calls;
static void CALLBACK
called(void *x, DWORD low, DWORD high)
{
	(void)x, (void)low, (void)high;
	calls++;
}

static void CALLBACK
fired(void *n, BOOLEAN timeout)
{
	if (!timeout)
		InterlockedIncrement(n);
}

static void
watched(void)
{
	HANDLE t = make_timer(FALSE, "w"), wait;
	LARGE_INTEGER due = { .QuadPart = -200000 };
	LONG n = 0;
	SetWaitableTimer(t, &due, 0, called, NULL, FALSE);
	SleepEx(2000, TRUE);
	int first = calls;
	due.QuadPart = -3000000;
	SetWaitableTimer(t, &due, 0, called, NULL, FALSE);
	end(start("sets w 100000"));
	SleepEx(500, TRUE);
	printf("its own call comes %d, of one that another set anew %d\n", first, calls - first);
	RegisterWaitForSingleObject(&wait, t, fired, &n, INFINITE, WT_EXECUTEONLYONCE);
	end(start("sets w 20"));
	for (int i = 0; i < 500 && !n; i++)
		Sleep(10);
	printf("a registered wait, set there: %ld\n", n);
	UnregisterWaitEx(wait, INVALID_HANDLE_VALUE);
	CloseHandle(t);
	/* unnamed and set, then given */
	SECURITY_ATTRIBUTES sa = { sizeof sa, NULL, TRUE };
	HANDLE u = CreateWaitableTimerW(&sa, TRUE, NULL);
	set(u, 30, 0);
	printf("when it was set before it was shared: %d\n",
	       end(start("handle %llx", (UINT64)(UINT_PTR)u)));
	CloseHandle(u);
}

static DWORD
not_there(const char *name)
{
	HANDLE t = open_timer(name);
	DWORD e = t ? 0 : GetLastError();
	if (t)
		CloseHandle(t);
	return e;
}

static void
freed(void)
{
	HANDLE t = make_timer(FALSE, "held"), p = start("holds held");
	DWORD gone = not_there("t");
	wait_ready();
	CloseHandle(t);
	DWORD held = not_there("held");
	TerminateProcess(p, 1);
	end(p);
	printf("names freed: %lu, while a child has it %lu, after it was killed %lu\n", gone, held,
	       not_there("held"));
}

static DWORD WINAPI
release(void *h)
{
	LARGE_INTEGER t = { .QuadPart = -100000000 };
	return (DWORD)NtReleaseKeyedEvent(h, (void *)0x1000, FALSE, &t);
}

static void
keyed(void)
{
	LARGE_INTEGER t = { .QuadPart = -100000000 };
	STRING_ s;
	ATTRIBUTES_ a;
	HANDLE h, again;
	name_of(L"\\BaseNamedObjects\\keyed", &s, &a);
	NtCreateKeyedEvent(&h, 3, &a, 0);
	int opened = end(start("keyed"));
	LONG collides = NtCreateKeyedEvent(&again, 3, &a, 0);
	CloseHandle(CreateEventA(NULL, FALSE, FALSE, "other"));
	HANDLE e = CreateEventA(NULL, FALSE, FALSE, "an event");
	name_of(L"\\BaseNamedObjects\\an event", &s, &a);
	LONG wrong = NtOpenKeyedEvent(&again, 3, &a);
	HANDLE thread = CreateThread(NULL, 0, release, h, 0, NULL);
	LONG met = NtWaitForKeyedEvent(h, (void *)0x1000, FALSE, &t);
	WaitForSingleObject(thread, INFINITE);
	printf("keyed event: opened %08x, collides %08lx, wrong type %08lx, met %08lx\n", opened,
	       collides, wrong, met);
	CloseHandle(thread);
	CloseHandle(e);
	CloseHandle(h);
}

int
main(int argc, char **argv)
{
	int code = part(parts, argc, argv);

	if (code >= 0)
		return code;
	setvbuf(stdout, NULL, _IONBF, 0);
	meet();
	both_ways();
	many();
	names();
	handles();
	watched();
	freed();
	keyed();
	return 0;
}
