/* SPDX-License-Identifier: Apache-2.0 */
// Locks that live in the program: critical sections, slim locks, condition variables, one-time
// initialisation, waiting for an address, interlocked lists, barriers; with four threads at them.
// needs: joist mingw
// libs: -lsynchronization
// run: joist run --rm $GUEST
// expect: critical sections: ok
// expect: slim locks: ok
// expect: condition variables: ok
// expect: once: ok
// expect: addresses: ok
// expect: lists: ok
// expect: barriers: ok
#define _WIN32_WINNT 0x0A00
#include "check.h"

enum { THREADS = 4, TIMES = 20000 };

static volatile LONG inside, collided;
static long sum;
static CRITICAL_SECTION cs;
static SRWLOCK slim = SRWLOCK_INIT;

static void
touch(void)
{
	if (InterlockedIncrement(&inside) != 1)
		collided = 1;
	sum++;
	InterlockedDecrement(&inside);
}

static DWORD WINAPI
enter(void *a)
{
	for (int i = 0; i < TIMES; i++) {
		EnterCriticalSection(&cs);
		EnterCriticalSection(&cs);
		touch();
		LeaveCriticalSection(&cs);
		LeaveCriticalSection(&cs);
	}
	return (DWORD)(INT_PTR)a;
}

static void
all(LPTHREAD_START_ROUTINE f)
{
	HANDLE t[THREADS];

	sum = 0;
	for (INT_PTR i = 0; i < THREADS; i++)
		t[i] = CreateThread(NULL, 0, f, (void *)i, 0, NULL);
	IS(WaitForMultipleObjects(THREADS, t, TRUE, INFINITE) == WAIT_OBJECT_0);
	for (int i = 0; i < THREADS; i++)
		CloseHandle(t[i]);
}

static DWORD WINAPI
try_enter(void *ok)
{
	*(BOOL *)ok = TryEnterCriticalSection(&cs);
	return 0;
}

static void
critical_sections(void)
{
	BOOL got = TRUE;
	HANDLE t;

	IS(sizeof cs == 40);
	InitializeCriticalSection(&cs);
	IS(cs.LockCount == -1 && cs.OwningThread == NULL);
	EnterCriticalSection(&cs);
	IS(cs.LockCount == -2 && cs.RecursionCount == 1);
	IS((DWORD)(UINT_PTR)cs.OwningThread == GetCurrentThreadId());
	IS(TryEnterCriticalSection(&cs) && cs.RecursionCount == 2);
	t = CreateThread(NULL, 0, try_enter, &got, 0, NULL);
	WaitForSingleObject(t, INFINITE);
	CloseHandle(t);
	IS(!got);
	LeaveCriticalSection(&cs);
	LeaveCriticalSection(&cs);
	IS(cs.LockCount == -1 && cs.OwningThread == NULL);
	all(enter);
	IS(sum == THREADS * TIMES && !collided);
	IS(SetCriticalSectionSpinCount(&cs, 100) == 0);
	DeleteCriticalSection(&cs);
	IS(InitializeCriticalSectionAndSpinCount(&cs, 4000));
	DeleteCriticalSection(&cs);
	IS(InitializeCriticalSectionEx(&cs, 10, CRITICAL_SECTION_NO_DEBUG_INFO));
	IS(TryEnterCriticalSection(&cs));
	LeaveCriticalSection(&cs);
	DeleteCriticalSection(&cs);
	done("critical sections");
}

static volatile LONG readers, together;

static DWORD WINAPI
read_and_write(void *a)
{
	for (int i = 0; i < TIMES; i++)
		if (i % 4 == (int)(INT_PTR)a % 4) {
			AcquireSRWLockExclusive(&slim);
			if (readers)
				collided = 1;
			touch();
			ReleaseSRWLockExclusive(&slim);
		} else {
			AcquireSRWLockShared(&slim);
			if (InterlockedIncrement(&readers) > 1)
				together = 1;
			if (inside)
				collided = 1;
			InterlockedDecrement(&readers);
			ReleaseSRWLockShared(&slim);
		}
	return 0;
}

static void
slim_locks(void)
{
	InitializeSRWLock(&slim);
	IS(slim.Ptr == NULL);
	AcquireSRWLockExclusive(&slim);
	IS(!TryAcquireSRWLockExclusive(&slim) && !TryAcquireSRWLockShared(&slim));
	ReleaseSRWLockExclusive(&slim);
	IS(TryAcquireSRWLockShared(&slim) && TryAcquireSRWLockShared(&slim));
	IS(!TryAcquireSRWLockExclusive(&slim));
	ReleaseSRWLockShared(&slim);
	ReleaseSRWLockShared(&slim);
	IS(TryAcquireSRWLockExclusive(&slim));
	ReleaseSRWLockExclusive(&slim);
	IS(slim.Ptr == NULL);
	all(read_and_write);
	IS(sum == THREADS * TIMES / 4 && !collided && slim.Ptr == NULL);
	done("slim locks");
}

static CONDITION_VARIABLE changed = CONDITION_VARIABLE_INIT;
static int turn;

static DWORD WINAPI
in_turn(void *a)
{
	for (int i = 0; i < 500; i++) {
		EnterCriticalSection(&cs);
		while (turn % THREADS != (int)(INT_PTR)a)
			SleepConditionVariableCS(&changed, &cs, INFINITE);
		turn++;
		LeaveCriticalSection(&cs);
		WakeAllConditionVariable(&changed);
	}
	return 0;
}

static DWORD WINAPI
in_turn_slim(void *a)
{
	for (int i = 0; i < 500; i++) {
		AcquireSRWLockExclusive(&slim);
		while (turn % THREADS != (int)(INT_PTR)a)
			SleepConditionVariableSRW(&changed, &slim, INFINITE, 0);
		turn++;
		ReleaseSRWLockExclusive(&slim);
		WakeAllConditionVariable(&changed);
	}
	return 0;
}

static void
condition_variables(void)
{
	InitializeConditionVariable(&changed);
	InitializeCriticalSection(&cs);
	EnterCriticalSection(&cs);
	ERR(SleepConditionVariableCS(&changed, &cs, 5), ERROR_TIMEOUT);
	IS((DWORD)(UINT_PTR)cs.OwningThread == GetCurrentThreadId());
	LeaveCriticalSection(&cs);
	AcquireSRWLockShared(&slim);
	ERR(SleepConditionVariableSRW(&changed, &slim, 0, CONDITION_VARIABLE_LOCKMODE_SHARED),
	    ERROR_TIMEOUT);
	ReleaseSRWLockShared(&slim);
	WakeConditionVariable(&changed);
	all(in_turn);
	IS(turn == THREADS * 500);
	all(in_turn_slim);
	IS(turn == THREADS * 1000);
	done("condition variables");
}

static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
static volatile LONG made;

static BOOL CALLBACK
make(INIT_ONCE *o, void *p, void **context)
{
	(void)o;
	Sleep(2);
	InterlockedIncrement(&made);
	*context = (void *)0x1230;
	return p != NULL;
}

static DWORD WINAPI
make_once(void *a)
{
	void *c = NULL;

	(void)a;
	IS(InitOnceExecuteOnce(&once, make, (void *)1, &c) && c == (void *)0x1230);
	return 0;
}

static void
onces(void)
{
	INIT_ONCE other;
	BOOL pending;
	void *c = NULL;

	IS(!InitOnceExecuteOnce(&once, make, NULL, &c) && made == 1);
	all(make_once);
	IS(made == 2);
	InitOnceInitialize(&other);
	IS(!InitOnceBeginInitialize(&other, INIT_ONCE_CHECK_ONLY, &pending, &c));
	IS(InitOnceBeginInitialize(&other, INIT_ONCE_ASYNC, &pending, &c) && pending);
	IS(InitOnceBeginInitialize(&other, INIT_ONCE_ASYNC, &pending, &c) && pending);
	IS(InitOnceComplete(&other, INIT_ONCE_ASYNC, (void *)0x40));
	IS(!InitOnceComplete(&other, INIT_ONCE_ASYNC, (void *)0x80));
	IS(InitOnceBeginInitialize(&other, 0, &pending, &c) && !pending && c == (void *)0x40);
	done("once");
}

static volatile LONG64 word8;
static volatile BYTE word1;

static DWORD WINAPI
pass_on(void *a)
{
	for (int i = 0; i < 300; i++) {
		LONG64 v;

		while ((v = word8) % THREADS != (INT_PTR)a)
			WaitOnAddress(&word8, &v, sizeof v, INFINITE);
		word8++;
		WakeByAddressAll((void *)&word8);
	}
	return 0;
}

static DWORD WINAPI
set_byte(void *a)
{
	(void)a;
	Sleep(5);
	word1 = 1;
	WakeByAddressSingle((void *)&word1);
	return 0;
}

static void
addresses(void)
{
	BYTE zero = 0;
	USHORT two = 2, is = 2;
	HANDLE t = CreateThread(NULL, 0, set_byte, NULL, 0, NULL);

	while (!word1)
		IS(WaitOnAddress(&word1, &zero, 1, INFINITE));
	CloseHandle(t);
	ERR(WaitOnAddress(&is, &two, 2, 3), ERROR_TIMEOUT);
	is = 3;
	IS(WaitOnAddress(&is, &two, 2, INFINITE));
	ERR(WaitOnAddress(&is, &two, 3, INFINITE), ERROR_INVALID_PARAMETER);
	all(pass_on);
	IS(word8 == THREADS * 300);
	done("addresses");
}

static SLIST_HEADER list;

struct item {
	__declspec(align(16)) SLIST_ENTRY entry;
	int n;
};

static DWORD WINAPI
push_and_pop(void *a)
{
	static struct item items[THREADS][8];
	struct item *mine = items[(INT_PTR)a];

	for (int i = 0; i < 8; i++)
		InterlockedPushEntrySList(&list, &mine[i].entry);
	for (int i = 0; i < TIMES; i++) {
		SLIST_ENTRY *e = InterlockedPopEntrySList(&list);

		if (e)
			InterlockedPushEntrySList(&list, e);
	}
	return 0;
}

static void
lists(void)
{
	static struct item i[3];
	SLIST_ENTRY *e;

	InitializeSListHead(&list);
	IS(!InterlockedPopEntrySList(&list) && QueryDepthSList(&list) == 0);
	for (int k = 0; k < 3; k++)
		InterlockedPushEntrySList(&list, &i[k].entry);
	IS(QueryDepthSList(&list) == 3);
	IS(InterlockedPopEntrySList(&list) == &i[2].entry);
	e = InterlockedFlushSList(&list);
	IS(e == &i[1].entry && e->Next == &i[0].entry && !e->Next->Next &&
	   QueryDepthSList(&list) == 0);
	i[0].entry.Next = &i[1].entry;
	IS(!InterlockedPushListSListEx(&list, &i[0].entry, &i[1].entry, 2) &&
	   QueryDepthSList(&list) == 2);
	InterlockedFlushSList(&list);
	all(push_and_pop);
	IS(QueryDepthSList(&list) == THREADS * 8);
	done("lists");
}

static SYNCHRONIZATION_BARRIER barrier;
static volatile LONG leaders, arrived;

static DWORD WINAPI
meet(void *a)
{
	(void)a;
	for (int i = 1; i <= 50; i++) {
		InterlockedIncrement(&arrived);
		if (EnterSynchronizationBarrier(&barrier, 0))
			InterlockedIncrement(&leaders);
		if (arrived < i * THREADS)
			collided = 1;
	}
	return 0;
}

static void
barriers(void)
{
	IS(InitializeSynchronizationBarrier(&barrier, THREADS, -1));
	all(meet);
	IS(leaders == 50 && !collided);
	IS(DeleteSynchronizationBarrier(&barrier));
	done("barriers");
}

int
main(void)
{
	critical_sections();
	slim_locks();
	condition_variables();
	onces();
	addresses();
	lists();
	barriers();
	return 0;
}
