/* SPDX-License-Identifier: Apache-2.0 */
// msvcp140: what std::mutex, std::condition_variable and std::chrono of Visual C++ call.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: mutex: ok
// expect: recursive: ok
// expect: condition: ok
// expect: everybody: ok
// expect: clocks: ok
#include "check.h"

enum { SUCCESS, NOMEM, TIMEDOUT, BUSY, FAILED_ }; /* xthreads.h: _Thrd_success ... */
enum { PLAIN = 1, TRY = 2, TIMED = 4, RECURSIVE = 0x100 };

static char mutex[80], condition[72], many[72];

static FARPROC
of(const char *name)
{
	FARPROC p = GetProcAddress(LoadLibraryA("msvcp140.dll"), name);
	if (!p)
		printf("no %s\n", name);
	return p;
}
#define CALL(result, name, ...) ((result(*)(__VA_ARGS__))(void *)of(#name))

static int lock(void *m) { return CALL(int, _Mtx_lock, void *)(m); }
static int unlock(void *m) { return CALL(int, _Mtx_unlock, void *)(m); }
static int trylock(void *m) { return CALL(int, _Mtx_trylock, void *)(m); }
static int owns(void *m) { return CALL(int, _Mtx_current_owns, void *)(m); }

/* In a thread of its own. */
static int
elsewhere(LPTHREAD_START_ROUTINE f, void *x)
{
	DWORD code = 99;
	HANDLE t = CreateThread(NULL, 0, f, x, 0, NULL);
	WaitForSingleObject(t, INFINITE);
	GetExitCodeThread(t, &code);
	CloseHandle(t);
	return (int)code;
}

static DWORD WINAPI
try_it(void *m)
{
	int r = trylock(m);
	if (r == SUCCESS)
		unlock(m);
	return (DWORD)(r + 10 * owns(m));
}

static long sum, turns;
static DWORD WINAPI
adder(void *m)
{
	for (int i = 0; i < 20000; i++) {
		lock(m);
		sum++;
		unlock(m);
	}
	return 0;
}

static void
mutexes(void)
{
	CALL(void, _Mtx_init_in_situ, void *, int)(mutex, PLAIN | TRY);
	IS(!owns(mutex));
	IS(lock(mutex) == SUCCESS && owns(mutex));
	IS(elsewhere(try_it, mutex) == BUSY);
	IS(trylock(mutex) == BUSY); /* it is ours, and not recursive */
	IS(unlock(mutex) == SUCCESS && !owns(mutex));
	IS(elsewhere(try_it, mutex) == SUCCESS);
	IS(trylock(mutex) == SUCCESS && unlock(mutex) == SUCCESS);
	HANDLE t[3];
	for (int i = 0; i < 3; i++)
		t[i] = CreateThread(NULL, 0, adder, mutex, 0, NULL);
	WaitForMultipleObjects(3, t, TRUE, INFINITE);
	IS(sum == 60000);
	CALL(void, _Mtx_destroy_in_situ, void *)(mutex);
	done("mutex");
	CALL(void, _Mtx_init_in_situ, void *, int)(mutex, PLAIN | TRY | RECURSIVE);
	IS(lock(mutex) == SUCCESS && lock(mutex) == SUCCESS && trylock(mutex) == SUCCESS);
	IS(unlock(mutex) == SUCCESS && unlock(mutex) == SUCCESS && owns(mutex));
	IS(elsewhere(try_it, mutex) == BUSY);
	IS(unlock(mutex) == SUCCESS && elsewhere(try_it, mutex) == SUCCESS);
	CALL(void, _Mtx_destroy_in_situ, void *)(mutex);
	done("recursive");
}

/* After so many milliseconds, as an xtime: seconds and nanoseconds since 1970. */
static void
after(int ms, long long out[2])
{
	long long ticks = CALL(long long, _Xtime_get_ticks, void)() + ms * 10000ll;
	out[0] = ticks / 10000000;
	out[1] = ticks % 10000000 * 100;
}

static DWORD WINAPI
partner(void *x)
{
	(void)x;
	lock(mutex);
	turns = 1;
	CALL(int, _Cnd_signal, void *)(condition);
	while (turns == 1)
		CALL(int, _Cnd_wait, void *, void *)(condition, mutex);
	int mine = owns(mutex);
	unlock(mutex);
	return (DWORD)(turns * 10 + mine);
}

static void
conditions(void)
{
	long long until[2];
	CALL(void, _Mtx_init_in_situ, void *, int)(mutex, PLAIN);
	CALL(void, _Cnd_init_in_situ, void *)(condition);
	lock(mutex);
	after(30, until);
	IS(CALL(int, _Cnd_timedwait, void *, void *, long long *)(condition, mutex, until) ==
	   TIMEDOUT);
	long long now[2];
	after(0, now);
	IS(now[0] > until[0] || (now[0] == until[0] && now[1] >= until[1]));
	IS(owns(mutex));
	until[0] = 1; /* long ago */
	IS(CALL(int, _Cnd_timedwait, void *, void *, long long *)(condition, mutex, until) ==
	   TIMEDOUT);
	HANDLE t = CreateThread(NULL, 0, partner, NULL, 0, NULL);
	while (!turns)
		IS(CALL(int, _Cnd_wait, void *, void *)(condition, mutex) == SUCCESS);
	IS(turns == 1 && owns(mutex));
	turns = 2;
	IS(CALL(int, _Cnd_signal, void *)(condition) == SUCCESS);
	unlock(mutex);
	DWORD code = 0;
	WaitForSingleObject(t, INFINITE);
	IS(GetExitCodeThread(t, &code) && code == 21);
	CALL(void, _Cnd_destroy_in_situ, void *)(condition);
	done("condition");
}

static int go, waiting;
static DWORD WINAPI
waiter(void *x)
{
	long long until[2];
	int r = SUCCESS;
	(void)x;
	after(20000, until);
	lock(mutex);
	waiting++;
	while (!go && r == SUCCESS)
		r = CALL(int, _Cnd_timedwait, void *, void *, long long *)(many, mutex, until);
	unlock(mutex);
	return (DWORD)r;
}

static void
everybody(void)
{
	HANDLE t[4];
	CALL(void, _Cnd_init_in_situ, void *)(many);
	for (int i = 0; i < 4; i++)
		t[i] = CreateThread(NULL, 0, waiter, NULL, 0, NULL);
	for (int all = 0; !all; Sleep(1)) {
		lock(mutex);
		all = waiting == 4;
		go = all;
		unlock(mutex);
	}
	IS(CALL(int, _Cnd_broadcast, void *)(many) == SUCCESS);
	WaitForMultipleObjects(4, t, TRUE, INFINITE);
	for (int i = 0; i < 4; i++) {
		DWORD code = 99;
		IS(GetExitCodeThread(t[i], &code) && code == SUCCESS);
	}
	CALL(void, _Cnd_destroy_in_situ, void *)(many);
	CALL(void, _Mtx_destroy_in_situ, void *)(mutex);
	done("everybody");
}

static void
clocks(void)
{
	LARGE_INTEGER f, a, b;
	FILETIME t;
	QueryPerformanceFrequency(&f);
	IS(CALL(long long, _Query_perf_frequency, void)() == f.QuadPart);
	QueryPerformanceCounter(&a);
	long long between = CALL(long long, _Query_perf_counter, void)();
	QueryPerformanceCounter(&b);
	IS(a.QuadPart <= between && between <= b.QuadPart);
	IS(CALL(DWORD, _Thrd_id, void)() == GetCurrentThreadId());
	/* 100 ns since 1970; FILETIME counts them since 1601 */
	GetSystemTimeAsFileTime(&t);
	long long now =
	        ((long long)t.dwHighDateTime << 32 | t.dwLowDateTime) - 116444736000000000ll;
	long long got = CALL(long long, _Xtime_get_ticks, void)() - now;
	IS(got > -10000000 && got < 10000000 * 60ll);
	done("clocks");
}

int
main(void)
{
	mutexes();
	conditions();
	everybody();
	clocks();
	return 0;
}
