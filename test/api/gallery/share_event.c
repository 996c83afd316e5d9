/* SPDX-License-Identifier: Apache-2.0 */
// Events that several processes have: by name, by inheritance, by DuplicateHandle.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: by name: 200 times, child 0
// expect: inherited: 200 times, child 0
// expect: given: 200 times, child 0
// expect: exists: 183, opened 1, still set 1, wrong kind 6 6, not there 2, case 2
// expect: Local 183, Global 183
// expect: manual: 4 of 4
// expect: auto: 3 of 3, then 258
// expect: PulseEvent manual: 3 of 3, then 258
// expect: PulseEvent auto: 1 of 3
// expect: SetEvent and ResetEvent at once: 3 of 3
// expect: SignalObjectAndWait: 100 times, child 0
// expect: any: 0 1 2 258
// expect: all: 258 258 0, then 258 258
// expect: a handle given and closed: 1
// expect: given: a process 17 77, a file: 0
// expect: names freed: 2 2 2
// expect: while a child has it 1, after it was killed 2
// expect: a wait when it became shared: 0 0
// expect: RegisterWaitForSingleObject: 3, then 3
// expect: grandchild: 0
#include <stdlib.h>
#include "share.h"

#define ROUNDS 200

static HANDLE
open(const char *name)
{
	return OpenEventA(EVENT_ALL_ACCESS, FALSE, name);
}

static int
pong(HANDLE a, HANDLE b)
{
	for (int i = 0; i < ROUNDS; i++)
		if (WaitForSingleObject(a, 10000) || !SetEvent(b))
			return 1 + i;
	return 0;
}

static int pong_name(int n, char **v) { (void)n; return pong(open(v[0]), open(v[1])); }
static int pong_handle(int n, char **v) { (void)n; return pong(handle(v[0]), handle(v[1])); }

/* Gets its handles in a mapping when they have been put into its table. */
static int
pong_given(int n, char **v)
{
	(void)n;
	HANDLE m = OpenFileMappingA(FILE_MAP_READ, FALSE, v[0]), go = open(v[1]);
	WaitForSingleObject(go, INFINITE);
	const UINT64 *h = MapViewOfFile(m, FILE_MAP_READ, 0, 0, 0);
	return pong((HANDLE)(UINT_PTR)h[0], (HANDLE)(UINT_PTR)h[1]);
}

/* Says that it is there, then waits for the event: 0 when it came. */
static int
waits(int n, char **v)
{
	(void)n;
	HANDLE ready = OpenSemaphoreA(SEMAPHORE_ALL_ACCESS, FALSE, v[0]);
	HANDLE e = open(v[1]);
	return SignalObjectAndWait(ready, e, (DWORD)strtoul(v[2], NULL, 10), FALSE) == 0 ? 0 : 1;
}

static int
holds(int n, char **v)
{
	(void)n;
	HANDLE e = open(v[0]), ready = open(v[1]);
	SetEvent(ready);
	Sleep(INFINITE);
	return e != NULL;
}

static int
pairs(int n, char **v)
{
	(void)n;
	HANDLE a = open(v[0]), b = open(v[1]);
	for (int i = 0; i < 100; i++)
		if (WaitForSingleObject(a, 10000) || !SetEvent(b))
			return 1;
	return 0;
}

static int
closes(int n, char **v)
{
	(void)n;
	HANDLE go = open(v[0]);
	WaitForSingleObject(go, INFINITE);
	return !CloseHandle(handle(v[1])) || CloseHandle(handle(v[1])) ? 1 : 0;
}

static int
ends_other(int n, char **v)
{
	(void)n;
	HANDLE go = open(v[0]);
	WaitForSingleObject(go, INFINITE);
	return TerminateProcess(handle(v[1]), 77) ? 17 : 1;
}

static int
sets(int n, char **v)
{
	HANDLE e = handle(v[0]);
	for (int i = 0; i < (n > 1 ? (int)strtol(v[1], NULL, 10) : 1); i++) {
		SetEvent(e);
		Sleep(n > 1 ? 20 : 0);
	}
	return 0;
}

static int
grand(int n, char **v)
{
	(void)n;
	return end(start("sets %s", v[0]));
}

static int
sleeps(int n, char **v)
{
	(void)n, (void)v;
	Sleep(INFINITE);
	return 0;
}

static const struct part parts[] = {
	{ "name", pong_name }, { "handle", pong_handle }, { "given", pong_given },
	{ "waits", waits },    { "holds", holds },        { "pairs", pairs },
	{ "closes", closes },  { "ends", ends_other },    { "sets", sets },
	{ "grand", grand },    { "sleeps", sleeps },      { NULL, NULL },
};

static int
ping(HANDLE a, HANDLE b)
{
	int i = 0;
	while (i < ROUNDS && SetEvent(a) && WaitForSingleObject(b, 10000) == 0)
		i++;
	return i;
}

static void
ping_pong(void)
{
	SECURITY_ATTRIBUTES sa = { sizeof sa, NULL, TRUE };
	HANDLE a = CreateEventA(NULL, FALSE, FALSE, "a"), b = CreateEventA(NULL, FALSE, FALSE, "b");
	HANDLE p = start("name a b");
	int n = ping(a, b);
	printf("by name: %d times, child %d\n", n, end(p));
	HANDLE c = CreateEventA(&sa, FALSE, FALSE, NULL), d = CreateEventA(&sa, FALSE, FALSE, NULL);
	p = start("handle %llx %llx", (UINT64)(UINT_PTR)c, (UINT64)(UINT_PTR)d);
	n = ping(c, d);
	printf("inherited: %d times, child %d\n", n, end(p));
	HANDLE e = CreateEventA(NULL, FALSE, FALSE, NULL),
	       f = CreateEventA(NULL, FALSE, FALSE, NULL);
	HANDLE m = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096, "table");
	HANDLE go = CreateEventA(NULL, FALSE, FALSE, "go");
	UINT64 *h = MapViewOfFile(m, FILE_MAP_WRITE, 0, 0, 0);
	p = start("given table go");
	HANDLE x = NULL, y = NULL;
	if (!DuplicateHandle(GetCurrentProcess(), e, p, &x, 0, FALSE, DUPLICATE_SAME_ACCESS) ||
	    !DuplicateHandle(GetCurrentProcess(), f, p, &y, EVENT_ALL_ACCESS, FALSE, 0))
		printf("DuplicateHandle: %lu\n", GetLastError());
	h[0] = (UINT_PTR)x, h[1] = (UINT_PTR)y;
	SetEvent(go);
	n = ping(e, f);
	printf("given: %d times, child %d\n", n, end(p));
	UnmapViewOfFile(h);
	HANDLE all[] = { a, b, c, d, e, f, m, go };
	for (int i = 0; i < 8; i++)
		CloseHandle(all[i]);
}

static void
names(void)
{
	HANDLE a = CreateEventA(NULL, TRUE, TRUE, "name");
	HANDLE b = CreateEventA(NULL, FALSE, FALSE, "name");
	DWORD exists = GetLastError();
	HANDLE c = open("name");
	int set = WaitForSingleObject(b, 0) == 0 && WaitForSingleObject(c, 0) == 0;
	HANDLE m = CreateMutexA(NULL, FALSE, "name");
	DWORD wrong = m ? 0 : GetLastError();
	HANDLE s = OpenSemaphoreA(SEMAPHORE_ALL_ACCESS, FALSE, "name");
	DWORD wrong2 = s ? 0 : GetLastError();
	DWORD none = open("no such name") ? 0 : GetLastError();
	DWORD other = open("Name") ? 0 : GetLastError();
	printf("exists: %lu, opened %d, still set %d, wrong kind %lu %lu, not there %lu, case "
	       "%lu\n",
	       exists, c != NULL, set, wrong, wrong2, none, other);
	HANDLE l = CreateEventA(NULL, FALSE, FALSE, "Local\\name");
	DWORD local = GetLastError();
	HANDLE g = CreateEventA(NULL, FALSE, FALSE, "Global\\name");
	printf("Local %lu, Global %lu\n", local, GetLastError());
	HANDLE all[] = { a, b, c, l, g };
	for (int i = 0; i < 5; i++)
		CloseHandle(all[i]);
}

/* n children wait for the event of this kind, then f is done; how many were released. */
static int
released(int n, BOOL manual, void (*f)(HANDLE), DWORD ms, HANDLE *event)
{
	HANDLE ready = CreateSemaphoreA(NULL, 0, 10, "ready"), p[8];
	HANDLE e = CreateEventA(NULL, manual, FALSE, "released");
	int got = 0;

	for (int i = 0; i < n; i++)
		p[i] = start("waits ready released %lu", ms);
	for (int i = 0; i < n; i++)
		WaitForSingleObject(ready, INFINITE);
	Sleep(100); /* they have said that they are ready, and wait a moment later */
	f(e);
	for (int i = 0; i < n; i++)
		got += end(p[i]) == 0;
	CloseHandle(ready);
	if (event)
		*event = e;
	else
		CloseHandle(e);
	return got;
}

static void set(HANDLE e) { SetEvent(e); }
static void pulse(HANDLE e) { PulseEvent(e); }
static void set_3(HANDLE e) { SetEvent(e), SetEvent(e), SetEvent(e); }
static void set_reset(HANDLE e) { SetEvent(e), ResetEvent(e); }

static void
many(void)
{
	HANDLE e;
	printf("manual: %d of 4\n", released(4, TRUE, set, 10000, NULL));
	int n = released(3, FALSE, set_3, 10000, &e);
	printf("auto: %d of 3, then %lu\n", n, WaitForSingleObject(e, 0));
	CloseHandle(e);
	n = released(3, TRUE, pulse, 10000, &e);
	printf("PulseEvent manual: %d of 3, then %lu\n", n, WaitForSingleObject(e, 0));
	CloseHandle(e);
	printf("PulseEvent auto: %d of 3\n", released(3, FALSE, pulse, 700, NULL));
	printf("SetEvent and ResetEvent at once: %d of 3\n",
	       released(3, TRUE, set_reset, 10000, NULL));
}

static void
mixed(void)
{
	HANDLE a = CreateEventA(NULL, FALSE, FALSE, "a"), b = CreateEventA(NULL, FALSE, FALSE, "b");
	HANDLE p = start("pairs a b");
	int i = 0;
	while (i < 100 && SignalObjectAndWait(a, b, 10000, FALSE) == 0)
		i++;
	printf("SignalObjectAndWait: %d times, child %d\n", i, end(p));
	HANDLE own = CreateEventA(NULL, FALSE, TRUE, NULL);
	HANDLE s = CreateSemaphoreA(NULL, 1, 1, "s");
	HANDLE h[] = { own, a, s };
	SetEvent(a);
	DWORD r[4];
	for (i = 0; i < 4; i++)
		r[i] = WaitForMultipleObjects(3, h, FALSE, 0);
	printf("any: %lu %lu %lu %lu\n", r[0], r[1], r[2], r[3]);
	SetEvent(own);
	r[0] = WaitForMultipleObjects(3, h, TRUE, 20);
	SetEvent(a);
	r[1] = WaitForMultipleObjects(3, h, TRUE, 20);
	ReleaseSemaphore(s, 1, NULL);
	r[2] = WaitForMultipleObjects(3, h, TRUE, 20);
	printf("all: %lu %lu %lu, then %lu %lu\n", r[0], r[1], r[2], WaitForSingleObject(own, 0),
	       WaitForMultipleObjects(3, h, FALSE, 0));
	HANDLE all[] = { a, b, own, s };
	for (i = 0; i < 4; i++)
		CloseHandle(all[i]);
}

static void
given(void)
{
	HANDLE go = CreateEventA(NULL, FALSE, FALSE, "go"), x, p, q, e;
	/* the first one has this number in every process */
	p = start("closes go 3fc0000");
	e = CreateEventA(NULL, FALSE, FALSE, NULL);
	DuplicateHandle(GetCurrentProcess(), e, p, &x, 0, FALSE,
	                DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE);
	int closed = x == handle("3fc0000") && !CloseHandle(e);
	SetEvent(go);
	printf("a handle given and closed: %d\n", closed && end(p) == 0);
	q = start("sleeps");
	p = start("ends go 3fc0000");
	DuplicateHandle(GetCurrentProcess(), q, p, &x, PROCESS_TERMINATE, FALSE, 0);
	SetEvent(go);
	int a = end(p), b = end(q);
	p = start("sleeps");
	HANDLE f = CreateFileA("NUL", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
	DWORD no = DuplicateHandle(GetCurrentProcess(), f, p, &x, 0, FALSE, 2) ? 0 : GetLastError();
	TerminateProcess(p, 0);
	end(p);
	printf("given: a process %d %d, a file: %lu\n", a, b, no);
	CloseHandle(f);
	CloseHandle(go);
}

static DWORD
not_there(const char *name)
{
	HANDLE e = open(name);
	DWORD why = e ? 1 : GetLastError();
	if (e)
		CloseHandle(e);
	return why;
}

static void
freed(void)
{
	HANDLE ready = CreateEventA(NULL, FALSE, FALSE, "ready");
	HANDLE e = CreateEventA(NULL, FALSE, FALSE, "held");
	HANDLE p = start("holds held ready");
	WaitForSingleObject(ready, INFINITE);
	CloseHandle(e);
	printf("names freed: %lu %lu %lu\n", not_there("a"), not_there("name"), not_there("go"));
	DWORD held = not_there("held");
	TerminateProcess(p, 1);
	end(p);
	printf("while a child has it %lu, after it was killed %lu\n", held, not_there("held"));
	CloseHandle(ready);
}

static DWORD WINAPI
wait_in_thread(void *e)
{
	return WaitForSingleObject(e, 10000);
}

static void CALLBACK
count(void *n, BOOLEAN timeout)
{
	(void)timeout;
	InterlockedIncrement(n);
}

static void
moved(void)
{
	SECURITY_ATTRIBUTES sa = { sizeof sa, NULL, TRUE };
	HANDLE e = CreateEventA(&sa, FALSE, FALSE, NULL);
	HANDLE t = CreateThread(NULL, 0, wait_in_thread, e, 0, NULL);
	Sleep(50);
	HANDLE p = start("sets %llx", (UINT64)(UINT_PTR)e);
	DWORD code = 1;
	WaitForSingleObject(t, INFINITE);
	GetExitCodeThread(t, &code);
	printf("a wait when it became shared: %lu %d\n", code, end(p));
	CloseHandle(t);
	HANDLE f = CreateEventA(&sa, FALSE, FALSE, NULL), w;
	LONG n = 0, m;
	RegisterWaitForSingleObject(&w, f, count, &n, INFINITE, WT_EXECUTEDEFAULT);
	Sleep(20);
	end(start("sets %llx 3", (UINT64)(UINT_PTR)f));
	for (int i = 0; i < 500 && n < 3; i++)
		Sleep(10);
	m = n;
	UnregisterWaitEx(w, INVALID_HANDLE_VALUE);
	SetEvent(f);
	printf("RegisterWaitForSingleObject: %ld, then %ld\n", m, n);
	p = start("grand %llx", (UINT64)(UINT_PTR)e);
	DWORD r = WaitForSingleObject(e, 10000);
	printf("grandchild: %lu\n", r + (DWORD)end(p));
	CloseHandle(e);
	CloseHandle(f);
}

int
main(int argc, char **argv)
{
	int code = part(parts, argc, argv);

	if (code >= 0)
		return code;
	setvbuf(stdout, NULL, _IONBF, 0);
	ping_pong();
	names();
	many();
	mixed();
	given();
	freed();
	moved();
	return 0;
}
