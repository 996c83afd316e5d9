/* SPDX-License-Identifier: Apache-2.0 */
// Mutexes and semaphores that several processes have; named sections; what the killed leave.
// needs: joist mingw
// libs: -lntdll
// run: joist run --rm $GUEST
// expect: counted: 8000 of 8000
// expect: counted by inheritance: 8000 of 8000
// expect: owned by its maker: 258, then 0
// expect: recursion: 258 258 0
// expect: its thread ended: 128, then 0
// expect: its process ended: 0 128, then 0
// expect: its process was killed: 128, then 0
// expect: killed while others wait: 1 abandoned, 2 not
// expect: not the owner: 288
// expect: closed while owned: 183, later 2
// expect: all with a mutex: 258, then 128
// expect: single instance: 183 in the child
// expect: semaphore: 0 0 258, released 0, too many 298, exists 183
// expect: semaphore over processes: 30 of 30
// expect: at most at once: 2
// expect: queries: 1 0 0, 1 3
// expect: section: 183, same 7, opened by a child 7 9, freed 2
// expect: section of a file: 5 6
// expect: killed at any moment: 60 times, two inside 0
#include <stdlib.h>
#include "share.h"
#include <winternl.h>

NTSTATUS NTAPI NtQueryMutant(HANDLE, int, void *, ULONG, ULONG *);
NTSTATUS NTAPI NtQuerySemaphore(HANDLE, int, void *, ULONG, ULONG *);

static volatile LONG *
counters(HANDLE *section)
{
	*section = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 65536,
	                              "Local\\counters");
	return MapViewOfFile(*section, FILE_MAP_WRITE, 0, 0, 0);
}

static int
counting(HANDLE m)
{
	HANDLE s;
	volatile LONG *n = counters(&s);
	for (int i = 0; i < 2000; i++) {
		if (WaitForSingleObject(m, 20000))
			return 1;
		LONG was = *n;
		if (i % 100 == 0)
			Sleep(0);
		*n = was + 1;
		ReleaseMutex(m);
	}
	return 0;
}

static int counts(int n, char **v) { (void)n; return counting(OpenMutexA(SYNCHRONIZE, FALSE, v[0])); }
static int counts_handle(int n, char **v) { (void)n; return counting(handle(v[0])); }

/* The wait's result, in ms milliseconds, and releases it. */
static int
tries(int n, char **v)
{
	(void)n;
	HANDLE m = OpenMutexA(MUTEX_ALL_ACCESS, FALSE, v[0]);
	DWORD r = WaitForSingleObject(m, (DWORD)strtoul(v[1], NULL, 10));
	if (r == WAIT_OBJECT_0 || r == WAIT_ABANDONED)
		ReleaseMutex(m);
	return (int)r;
}

/* Takes it, says so, and ends as it is told: by itself, or not. */
static int
takes(int n, char **v)
{
	(void)n;
	HANDLE m = OpenMutexA(MUTEX_ALL_ACCESS, FALSE, v[0]);
	HANDLE ready = OpenEventA(EVENT_ALL_ACCESS, FALSE, v[1]);
	WaitForSingleObject(m, INFINITE);
	SetEvent(ready);
	if (strcmp(v[2], "stay") == 0)
		Sleep(INFINITE);
	return 0;
}

static int
instance(int n, char **v)
{
	(void)n;
	HANDLE m = CreateMutexA(NULL, TRUE, v[0]);
	return m ? (int)GetLastError() : 1;
}

static int
releases(int n, char **v)
{
	(void)n;
	HANDLE s = OpenSemaphoreA(SEMAPHORE_ALL_ACCESS, FALSE, v[0]);
	for (int i = 0; i < 10; i++)
		if (!ReleaseSemaphore(s, 1, NULL))
			return 1;
	return 0;
}

static int
crowds(int n, char **v)
{
	(void)n;
	HANDLE s = OpenSemaphoreA(SEMAPHORE_ALL_ACCESS, FALSE, v[0]), x;
	volatile LONG *c = counters(&x);
	for (int i = 0; i < 50; i++) {
		WaitForSingleObject(s, INFINITE);
		LONG now = InterlockedIncrement(c + 1);
		for (LONG most = c[2]; now > most; most = c[2])
			InterlockedCompareExchange(c + 2, now, most);
		Sleep(1);
		InterlockedDecrement(c + 1);
		ReleaseSemaphore(s, 1, NULL);
	}
	return 0;
}

static int
reads(int n, char **v)
{
	(void)n;
	HANDLE s = OpenFileMappingA(FILE_MAP_ALL_ACCESS, FALSE, v[0]);
	int *p = MapViewOfFile(s, FILE_MAP_ALL_ACCESS, 0, 0, 0);
	if (!p)
		return 1;
	int was = p[0];
	p[1] = (int)strtol(v[1], NULL, 10);
	return was;
}

static volatile LONG *state; /* 3: who is inside, 4: how often two were */

/* What a wait for the mutex says; then one is inside and no other. */
static void
inside(HANDLE m, DWORD r)
{
	if (r == WAIT_TIMEOUT)
		return;
	if (state[3] && r < WAIT_ABANDONED)
		InterlockedIncrement(state + 4);
	state[3] = (LONG)GetCurrentProcessId();
	YieldProcessor();
	if (state[3] != (LONG)GetCurrentProcessId())
		InterlockedIncrement(state + 4);
	state[3] = 0;
	ReleaseMutex(m);
}

/* Everything at once, until it is killed. */
static int
works(int n, char **v)
{
	(void)n, (void)v;
	HANDLE m = CreateMutexA(NULL, FALSE, "wm"), s = CreateSemaphoreA(NULL, 1, 100, "ws");
	HANDLE e = CreateEventA(NULL, FALSE, FALSE, "we"), all[] = { m, s }, x;
	state = counters(&x);
	for (;;) {
		CloseHandle(CreateEventA(NULL, FALSE, FALSE, "a short one"));
		SetEvent(e);
		WaitForSingleObject(e, 0);
		DWORD r = WaitForMultipleObjects(2, all, TRUE, 100);
		if (r != WAIT_TIMEOUT)
			ReleaseSemaphore(s, 1, NULL);
		inside(m, r);
		inside(m, WaitForSingleObject(m, 100));
		r = WaitForMultipleObjects(2, all, FALSE, 100);
		if (r == WAIT_OBJECT_0 + 1)
			ReleaseSemaphore(s, 1, NULL);
		else
			inside(m, r);
	}
	return 0;
}

static const struct part parts[] = {
	{ "counts", counts }, { "handle", counts_handle }, { "tries", tries },
	{ "takes", takes },   { "instance", instance },    { "releases", releases },
	{ "crowds", crowds }, { "reads", reads },          { "works", works },
	{ NULL, NULL },
};

static void
exclusion(void)
{
	SECURITY_ATTRIBUTES sa = { sizeof sa, NULL, TRUE };
	HANDLE s, p[4], m = CreateMutexA(NULL, FALSE, "m");
	volatile LONG *n = counters(&s);
	for (int i = 0; i < 4; i++)
		p[i] = start("counts m");
	for (int i = 0; i < 4; i++)
		end(p[i]);
	printf("counted: %ld of 8000\n", *n);
	*n = 0;
	CloseHandle(m);
	m = CreateMutexA(&sa, FALSE, NULL);
	for (int i = 0; i < 4; i++)
		p[i] = start("handle %llx", (UINT64)(UINT_PTR)m);
	for (int i = 0; i < 4; i++)
		end(p[i]);
	printf("counted by inheritance: %ld of 8000\n", *n);
	CloseHandle(m);
	UnmapViewOfFile((void *)n);
	CloseHandle(s);
}

static DWORD WINAPI
take_and_end(void *m)
{
	return WaitForSingleObject(m, INFINITE);
}

static void
owners(void)
{
	HANDLE m = CreateMutexA(NULL, TRUE, "owned");
	int a = end(start("tries owned 30"));
	ReleaseMutex(m);
	printf("owned by its maker: %d, then %d\n", a, end(start("tries owned 30")));
	WaitForSingleObject(m, INFINITE);
	WaitForSingleObject(m, INFINITE);
	a = end(start("tries owned 30"));
	ReleaseMutex(m);
	int b = end(start("tries owned 30"));
	ReleaseMutex(m);
	printf("recursion: %d %d %d\n", a, b, end(start("tries owned 30")));
	HANDLE t = CreateThread(NULL, 0, take_and_end, m, 0, NULL);
	WaitForSingleObject(t, INFINITE);
	CloseHandle(t);
	a = end(start("tries owned 5000"));
	printf("its thread ended: %d, then %d\n", a, end(start("tries owned 5000")));
	HANDLE ready = CreateEventA(NULL, FALSE, FALSE, "ready"),
	       p = start("takes owned ready end");
	a = (int)WaitForSingleObject(ready, 5000);
	b = (int)WaitForSingleObject(m, 5000);
	ReleaseMutex(m);
	end(p);
	printf("its process ended: %d %d, then %lu\n", a, b, WaitForSingleObject(m, 0));
	ReleaseMutex(m);
	p = start("takes owned ready stay");
	WaitForSingleObject(ready, INFINITE);
	a = (int)WaitForSingleObject(m, 10);
	TerminateProcess(p, 3);
	b = (int)WaitForSingleObject(m, 5000);
	ReleaseMutex(m);
	end(p);
	printf("its process was killed: %d, then %lu\n", b, WaitForSingleObject(m, 0));
	ReleaseMutex(m);
	p = start("takes owned ready stay");
	WaitForSingleObject(ready, INFINITE);
	HANDLE q[3];
	for (int i = 0; i < 3; i++)
		q[i] = start("tries owned 10000");
	Sleep(100);
	TerminateProcess(p, 3);
	end(p);
	int r[3], abandoned = 0, zero = 0;
	for (int i = 0; i < 3; i++)
		r[i] = end(q[i]), abandoned += r[i] == WAIT_ABANDONED, zero += r[i] == 0;
	printf("killed while others wait: %d abandoned, %d not\n", abandoned, zero);
	int code = ReleaseMutex(m) ? 0 : (int)GetLastError();
	printf("not the owner: %d\n", code);
	CloseHandle(ready);
	CloseHandle(m);
}

static void
names(void)
{
	HANDLE m = CreateMutexA(NULL, TRUE, "once"), n;
	int a = (int)(CloseHandle(CreateMutexA(NULL, TRUE, "once")), GetLastError());
	CloseHandle(m);
	n = OpenMutexA(SYNCHRONIZE, FALSE, "once");
	printf("closed while owned: %d, later %lu\n", a, n ? 0 : GetLastError());
	m = CreateMutexA(NULL, FALSE, "with all");
	HANDLE own = CreateEventA(NULL, FALSE, FALSE, NULL), h[] = { own, m };
	HANDLE ready = CreateEventA(NULL, FALSE, FALSE, "ready");
	end(start("takes \"with all\" ready end"));
	a = (int)WaitForMultipleObjects(2, h, TRUE, 20);
	SetEvent(own);
	printf("all with a mutex: %d, then %lu\n", a, WaitForMultipleObjects(2, h, TRUE, 5000));
	ReleaseMutex(m);
	CloseHandle(m);
	m = CreateMutexA(NULL, TRUE, "Global\\only one");
	printf("single instance: %d in the child\n", end(start("instance \"only one\"")));
	CloseHandle(m);
	CloseHandle(own);
	CloseHandle(ready);
}

static void
semaphores(void)
{
	HANDLE s = CreateSemaphoreA(NULL, 2, 3, "s");
	DWORD a = WaitForSingleObject(s, 0), b = WaitForSingleObject(s, 0),
	      c = WaitForSingleObject(s, 0);
	LONG before = -1;
	ReleaseSemaphore(s, 3, &before);
	DWORD many = ReleaseSemaphore(s, 1, NULL) ? 0 : GetLastError();
	CloseHandle(CreateSemaphoreA(NULL, 0, 9, "s"));
	printf("semaphore: %lu %lu %lu, released %ld, too many %lu, exists %lu\n", a, b, c, before,
	       many, GetLastError());
	LONG state[2];
	struct {
		LONG count;
		BYTE owned, abandoned;
	} mutant;
	HANDLE m = CreateMutexA(NULL, FALSE, "m");
	CloseHandle(OpenMutexA(SYNCHRONIZE, FALSE, "m"));
	HANDLE t = CreateSemaphoreA(NULL, 0, 100, "t"), p[3];
	int got = 0;
	for (int i = 0; i < 3; i++)
		p[i] = start("releases t");
	while (WaitForSingleObject(t, got < 30 ? 5000 : 0) == 0)
		got++;
	for (int i = 0; i < 3; i++)
		end(p[i]);
	printf("semaphore over processes: %d of 30\n", got);
	HANDLE x, u = CreateSemaphoreA(NULL, 2, 2, "u");
	volatile LONG *n = counters(&x);
	for (int i = 0; i < 3; i++)
		p[i] = start("crowds u");
	for (int i = 0; i < 3; i++)
		end(p[i]);
	printf("at most at once: %ld\n", n[2]);
	NtQueryMutant(m, 0, &mutant, sizeof mutant, NULL);
	WaitForSingleObject(s, 0);
	WaitForSingleObject(s, 0);
	NtQuerySemaphore(s, 0, state, sizeof state, NULL);
	printf("queries: %ld %d %d, %ld %ld\n", mutant.count, mutant.owned, mutant.abandoned,
	       state[0], state[1]);
	UnmapViewOfFile((void *)n);
	HANDLE all[] = { s, m, t, u, x };
	for (int i = 0; i < 5; i++)
		CloseHandle(all[i]);
}

static void
sections(void)
{
	HANDLE s = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 100, "sec");
	HANDLE again = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 100,
	                                  "Local\\sec");
	DWORD exists = GetLastError();
	int *p = MapViewOfFile(s, FILE_MAP_WRITE, 0, 0, 0), *q;
	q = MapViewOfFile(again, FILE_MAP_WRITE, 0, 0, 0);
	p[0] = 7;
	int same = q[0], child = end(start("reads sec 9")), told = p[1];
	CloseHandle(s);
	CloseHandle(again);
	HANDLE none = OpenFileMappingA(FILE_MAP_READ, FALSE, "sec");
	printf("section: %lu, same %d, opened by a child %d %d, freed %lu\n", exists, same, child,
	       told, none ? 0 : GetLastError());
	UnmapViewOfFile(p);
	UnmapViewOfFile(q);
	HANDLE f = CreateFileA("C:\\x.bin", GENERIC_READ | GENERIC_WRITE, 3, NULL, CREATE_ALWAYS, 0,
	                       NULL);
	s = CreateFileMappingA(f, NULL, PAGE_READWRITE, 0, 4096, "of a file");
	p = MapViewOfFile(s, FILE_MAP_WRITE, 0, 0, 0);
	p[0] = 5;
	child = end(start("reads \"of a file\" 6"));
	printf("section of a file: %d %d\n", child, p[1]);
	UnmapViewOfFile(p);
	CloseHandle(s);
	CloseHandle(f);
	DeleteFileA("C:\\x.bin");
}

/* Three that work with the same things; one is killed at some moment, and another one begins.
 * None may hang, and neither may we, and at no time may two be inside. */
static void
killed(int kills)
{
	HANDLE m = CreateMutexA(NULL, FALSE, "wm"), s = CreateSemaphoreA(NULL, 1, 100, "ws");
	HANDLE p[3] = { start("works"), start("works"), start("works") }, x;
	unsigned seed = GetTickCount();
	int i;
	state = counters(&x);
	for (i = 0; i < kills; i++) {
		seed = seed * 1103515245 + 12345;
		Sleep(1 + seed / 65536 % 5);
		DWORD r = WaitForSingleObject(m, 20000);
		if (r != WAIT_OBJECT_0 && r != WAIT_ABANDONED) {
			printf("round %d: %lu\n", i, r);
			break;
		}
		inside(m, r);
		TerminateProcess(p[i % 3], 0);
		end(p[i % 3]);
		p[i % 3] = start("works");
		/* one that was killed may have taken it along */
		if (WaitForSingleObject(s, 0) == 0 || i % 16 == 0)
			ReleaseSemaphore(s, 1, NULL);
	}
	for (int k = 0; k < 3; k++)
		TerminateProcess(p[k], 0), end(p[k]);
	printf("killed at any moment: %d times, two inside %ld\n", i, state[4]);
}

int
main(int argc, char **argv)
{
	int code = part(parts, argc, argv);

	if (code >= 0)
		return code;
	setvbuf(stdout, NULL, _IONBF, 0);
	exclusion();
	owners();
	names();
	semaphores();
	sections();
	killed(60);
	return 0;
}
