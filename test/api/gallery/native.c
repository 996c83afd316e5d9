/* SPDX-License-Identifier: Apache-2.0 */
// The native names of objects, waits, ports, threads and locks, which run-times call by GetProcAddress.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: native events: ok
// expect: native mutants: ok
// expect: native semaphores: ok
// expect: native timers: ok
// expect: native objects: ok
// expect: native ports: ok
// expect: completion packets: ok
// expect: native threads: ok
// expect: keyed events: ok
// expect: native locks: ok
// expect: native lists: ok
// expect: second names: ok
#define _WIN32_WINNT 0x0A00
#include "check.h"

/* Every argument is passed as a pointer is. */
#define V(x)     ((void *)(INT_PTR)(x))
#define NT(name) ((LONG(WINAPI *)())nt(#name))

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

enum { TIMEOUT_ = 0x102, ALL = 0x1f0003, PENDING_ = 0x103, APC_ = 0xc0 };

static FARPROC
nt(const char *name)
{
	FARPROC f = GetProcAddress(GetModuleHandleA("ntdll"), name);

	if (!f) {
		printf("no %s\n", name);
		ExitProcess(1);
	}
	return f;
}

static LONGLONG none = 0, soon = -20000;

static void
named(ATTRIBUTES_ *a, STRING_ *s, WCHAR *text)
{
	*s = (STRING_){ (USHORT)(2 * wcslen(text)), (USHORT)(2 * wcslen(text) + 2), text };
	*a = (ATTRIBUTES_){ sizeof *a, NULL, s, 0, NULL, NULL };
}

static void
events(void)
{
	ATTRIBUTES_ a;
	STRING_ s;
	HANDLE e, o, pair[2];
	LONG before = 9, info[2];

	named(&a, &s, L"\\BaseNamedObjects\\native");
	IS(NT(NtCreateEvent)(&e, V(ALL), &a, V(0), V(0)) == 0);
	IS(NT(NtCreateEvent)(&o, V(ALL), &a, V(0), V(0)) == (LONG)0xc0000035);
	a.Attributes = 0x80;
	IS(NT(NtCreateEvent)(&o, V(ALL), &a, V(0), V(0)) == 0x40000000);
	IS(NT(NtClose)(o) == 0);
	IS(NT(NtOpenEvent)(&o, V(ALL), &a) == 0 && NT(NtCompareObjects)(e, o) == 0);
	IS(NT(NtSetEvent)(o, &before) == 0 && before == 0);
	IS(NT(NtSetEvent)(o, &before) == 0 && before == 1);
	IS(NT(NtQueryEvent)(e, V(0), info, V(8), NULL) == 0 && info[0] == 0 && info[1] == 1);
	IS(NT(NtWaitForSingleObject)(e, V(0), &none) == 0);
	IS(NT(NtResetEvent)(o, &before) == 0 && before == 1);
	IS(NT(NtWaitForSingleObject)(e, V(0), &soon) == TIMEOUT_);
	IS(NT(NtPulseEvent)(o, NULL) == 0 && NT(NtClearEvent)(o) == 0);
	pair[0] = e;
	IS(NT(NtCreateEvent)(&pair[1], V(ALL), NULL, V(1), V(1)) == 0);
	IS(NT(NtWaitForMultipleObjects)(V(2), pair, V(1), V(0), &none) == 1);
	IS(NT(NtWaitForMultipleObjects)(V(2), pair, V(0), V(0), &none) == TIMEOUT_);
	IS(NT(NtSignalAndWaitForSingleObject)(pair[1], pair[1], V(0), NULL) == 0);
	NT(NtClose)(e);
	NT(NtClose)(o);
	NT(NtClose)(pair[1]);
	IS(NT(NtOpenEvent)(&o, V(ALL), &a) == (LONG)0xc0000034);
	IS(NT(NtDelayExecution)(V(0), &soon) == 0 && NT(RtlDelayExecution)(V(0), &soon) == 0);
	IS(NT(NtYieldExecution)() >= 0);
	done("native events");
}

static void
mutants(void)
{
	ATTRIBUTES_ a;
	STRING_ s;
	HANDLE m, o;
	LONG before = 9;
	struct {
		LONG count;
		BOOLEAN owned, abandoned;
	} info;

	named(&a, &s, L"\\Sessions\\1\\BaseNamedObjects\\mutant");
	IS(NT(NtCreateMutant)(&m, V(ALL), &a, V(1)) == 0);
	IS(NT(NtOpenMutant)(&o, V(ALL), &a) == 0);
	IS(NT(NtQueryMutant)(o, V(0), &info, V(sizeof info), NULL) == 0 && info.count == 0 &&
	   info.owned);
	IS(NT(NtReleaseMutant)(o, &before) == 0 && before == 0);
	IS(NT(NtReleaseMutant)(o, &before) == (LONG)0xc0000046);
	NT(NtClose)(m);
	NT(NtClose)(o);
	done("native mutants");
}

static void
semaphores(void)
{
	ATTRIBUTES_ a;
	STRING_ s;
	HANDLE m, o;
	LONG before = 9, info[2];

	named(&a, &s, L"\\BaseNamedObjects\\semaphore");
	IS(NT(NtCreateSemaphore)(&m, V(ALL), &a, V(1), V(2)) == 0);
	IS(NT(NtOpenSemaphore)(&o, V(ALL), &a) == 0);
	IS(NT(NtReleaseSemaphore)(o, V(1), &before) == 0 && before == 1);
	IS(NT(NtReleaseSemaphore)(o, V(1), &before) == (LONG)0xc0000047);
	IS(NT(NtQuerySemaphore)(o, V(0), info, V(8), NULL) == 0 && info[0] == 2 && info[1] == 2);
	NT(NtClose)(m);
	NT(NtClose)(o);
	done("native semaphores");
}

static void
timers(void)
{
	ATTRIBUTES_ a;
	STRING_ s;
	HANDLE t, o;
	BOOLEAN was = 9;
	struct {
		LONGLONG left;
		BOOLEAN state;
	} info;

	named(&a, &s, L"\\BaseNamedObjects\\timer");
	IS(NT(NtCreateTimer)(&t, V(ALL), &a, V(0)) == 0 && NT(NtOpenTimer)(&o, V(ALL), &a) == 0);
	IS(NT(NtSetTimer)(o, &soon, NULL, NULL, V(0), V(0), &was) == 0 && !was);
	IS(NT(NtQueryTimer)(t, V(0), &info, V(sizeof info), NULL) == 0 && !info.state &&
	   info.left > 0);
	IS(NT(NtWaitForSingleObject)(t, V(0), NULL) == 0);
	IS(NT(NtCancelTimer)(t, &was) == 0 && was);
	NT(NtClose)(t);
	NT(NtClose)(o);
	IS(NT(NtCreateTimer2)(&t, NULL, NULL, V(0), V(ALL)) == 0);
	NT(NtClose)(t);
	done("native timers");
}

static void
objects(void)
{
	HANDLE e, d;
	ULONG basic[14], n;
	WCHAR text[200];
	BOOLEAN flags[2] = { 1, 0 };
	STRING_ *s = (STRING_ *)text;

	e = CreateEventW(NULL, TRUE, FALSE, L"queried");
	IS(NT(NtDuplicateObject)(V(-1), e, V(-1), &d, V(0), V(0), V(2)) == 0);
	IS(NT(NtQueryObject)(e, V(0), basic, V(sizeof basic), &n) == 0 && basic[2] == 2 && n == 56);
	IS(NT(NtQueryObject)(e, V(1), text, V(sizeof text), &n) == 0);
	IS(s->Length == 2 * 36 &&
	   wcscmp(s->Buffer, L"\\Sessions\\1\\BaseNamedObjects\\queried") == 0);
	IS(NT(NtQueryObject)(e, V(2), text, V(sizeof text), &n) == 0 &&
	   wcscmp(s->Buffer, L"Event") == 0);
	IS(NT(NtQueryObject)(e, V(1), text, V(20), &n) < 0);
	IS(NT(NtSetInformationObject)(e, V(4), flags, V(2)) == 0);
	IS(NT(NtQueryObject)(e, V(4), flags, V(2), &n) == 0 && flags[0] == 1);
	IS(NT(NtMakeTemporaryObject)(e) == 0);
	CloseHandle(e);
	CloseHandle(d);
	done("native objects");
}

static void
ports(void)
{
	ATTRIBUTES_ a;
	STRING_ s;
	HANDLE p, o;
	void *key, *context;
	ULONG_PTR iosb[2], several[4 * 4];
	ULONG n;

	named(&a, &s, L"\\BaseNamedObjects\\port");
	IS(NT(NtCreateIoCompletion)(&p, V(ALL), &a, V(0)) == 0 &&
	   NT(NtOpenIoCompletion)(&o, V(ALL), &a) == 0);
	IS(NT(NtRemoveIoCompletion)(p, &key, &context, iosb, &none) == TIMEOUT_);
	IS(NT(NtSetIoCompletion)(o, V(1), V(2), V(3), V(4)) == 0);
	IS(NT(NtQueryIoCompletion)(p, V(0), &n, V(4), NULL) == 0 && n == 1);
	IS(NT(NtRemoveIoCompletion)(p, &key, &context, iosb, &none) == 0);
	IS(key == V(1) && context == V(2) && (ULONG)iosb[0] == 3 && iosb[1] == 4);
	IS(NT(NtSetIoCompletionEx)(o, NULL, V(5), V(6), V(7), V(8)) == 0);
	IS(NT(NtRemoveIoCompletionEx)(p, several, V(4), &n, &none, V(0)) == 0 && n == 1);
	IS(several[0] == 5 && several[1] == 6 && (ULONG)several[2] == 7 && several[3] == 8);
	NT(NtClose)(p);
	NT(NtClose)(o);
	done("native ports");
}

static void
packets(void)
{
	HANDLE p = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0), w, t, e;
	LARGE_INTEGER due = { .QuadPart = -20000 };
	OVERLAPPED_ENTRY entry[2];
	BOOLEAN was = 9;
	DWORD n;

	e = CreateEventA(NULL, FALSE, FALSE, NULL);
	t = CreateWaitableTimerExW(NULL, NULL, 2, TIMER_ALL_ACCESS);
	IS(NT(NtCreateWaitCompletionPacket)(&w, V(1), NULL) == 0);
	IS(NT(NtAssociateWaitCompletionPacket)(w, p, e, V(1), V(2), V(0), V(3), &was) == 0 && !was);
	IS(NT(NtAssociateWaitCompletionPacket)(w, p, e, V(1), V(2), V(0), V(3), &was) < 0);
	ERR(GetQueuedCompletionStatusEx(p, entry, 2, &n, 2, FALSE), WAIT_TIMEOUT);
	SetEvent(e);
	IS(GetQueuedCompletionStatusEx(p, entry, 2, &n, 5000, FALSE) && n == 1);
	IS(entry[0].lpCompletionKey == 1 && entry[0].lpOverlapped == V(2) &&
	   entry[0].dwNumberOfBytesTransferred == 3);
	IS(WaitForSingleObject(e, 0) == WAIT_TIMEOUT);
	/* Go's timers; one that is due already is as good */
	for (int i = 0; i < 3; i++) {
		IS(SetWaitableTimer(t, &due, 0, NULL, NULL, FALSE));
		IS(NT(NtAssociateWaitCompletionPacket)(w, p, t, V(7), V(8), V(0), V(0), &was) == 0);
		IS(GetQueuedCompletionStatusEx(p, entry, 2, &n, 5000, FALSE) &&
		   entry[0].lpCompletionKey == 7);
	}
	IS(NT(NtAssociateWaitCompletionPacket)(w, p, e, V(1), V(2), V(0), V(3), &was) == 0);
	IS(NT(NtCancelWaitCompletionPacket)(w, V(1)) == 0);
	SetEvent(e);
	IS(NT(NtAssociateWaitCompletionPacket)(w, p, e, V(1), V(2), V(0), V(3), &was) == 0 && was);
	IS(NT(NtCancelWaitCompletionPacket)(w, V(1)) == 0);
	ERR(GetQueuedCompletionStatusEx(p, entry, 2, &n, 2, FALSE), WAIT_TIMEOUT);
	CloseHandle(w);
	CloseHandle(p);
	CloseHandle(t);
	CloseHandle(e);
	done("completion packets");
}

static int called;
static HANDLE other;

static void CALLBACK
call(void *a, void *b, void *c)
{
	called += (int)((INT_PTR)a + (INT_PTR)b + (INT_PTR)c);
}

static DWORD WINAPI
exits(void *a)
{
	if (a)
		NT(RtlExitUserThread)(a);
	IS(NT(NtWaitForAlertByThreadId)(NULL, NULL) == 0x101);
	return 5;
}

static void
threads(void)
{
	struct {
		LONG status;
		void *teb;
		HANDLE process, thread;
		ULONG_PTR mask;
		LONG priority, base;
	} basic;
	HANDLE id[2] = { NULL, V(GetCurrentThreadId()) }, t;
	ATTRIBUTES_ a = { sizeof a, NULL, NULL, 0, NULL, NULL };
	STRING_ name = { 8, 8, L"four" };
	BYTE buffer[64];
	DWORD code = 0, slot;
	void *value = V(1);

	IS(NT(NtCreateThreadEx)(&t, V(0x1fffff), NULL, V(-1), exits, V(9), V(0), V(0), V(0), V(0),
	                        V(0)) == 0);
	IS(NT(NtWaitForSingleObject)(t, V(0), NULL) == 0 && GetExitCodeThread(t, &code) &&
	   code == 9);
	NT(NtClose)(t);
	IS(NT(RtlCreateUserThread)(V(-1), NULL, V(0), V(0), V(0), V(0), exits, NULL, &t, NULL) ==
	   0);
	Sleep(5);
	IS(NT(NtAlertThreadByThreadId)(V(GetThreadId(t))) == 0);
	IS(WaitForSingleObject(t, 5000) == 0 && GetExitCodeThread(t, &code) && code == 5);
	NT(NtClose)(t);
	IS(NT(NtAlertThreadByThreadId)(V(0x7ffffffc)) < 0);
	t = CreateThread(NULL, 0, exits, NULL, 0, NULL);
	Sleep(5);
	IS(NT(NtTerminateThread)(t, V(66)) == 0);
	IS(WaitForSingleObject(t, 5000) == 0 && GetExitCodeThread(t, &code) && code == 66);
	NT(NtClose)(t);
	IS(NT(NtOpenThread)(&t, V(0x1fffff), &a, id) == 0 &&
	   GetThreadId(t) == GetCurrentThreadId());
	IS(NT(NtQueryInformationThread)(t, V(0), &basic, V(sizeof basic), NULL) == 0);
	IS(basic.teb == NtCurrentTeb() && basic.thread == id[1] && basic.status == 0x103);
	IS(NT(NtSetInformationThread)(t, V(38), &name, V(sizeof name)) == 0);
	IS(NT(NtQueryInformationThread)(t, V(38), buffer, V(sizeof buffer), NULL) == 0);
	IS(memcmp(buffer + 16, L"four", 8) == 0);
	NT(NtClose)(t);
	IS(NT(NtQueueApcThread)(V(-2), call, V(1), V(2), V(3)) == 0);
	IS(NT(NtQueueApcThreadEx)(V(-2), NULL, call, V(10), V(20), V(30)) == 0);
	IS(NT(NtTestAlert)() == 0 && called == 66);
	IS(NT(RtlFlsAlloc)(NULL, &slot) == 0 && NT(RtlFlsSetValue)(V(slot), V(4)) == 0);
	IS(NT(RtlFlsGetValue)(V(slot), &value) == 0 && value == V(4) &&
	   NT(RtlFlsFree)(V(slot)) == 0);
	done("native threads");
}

static DWORD WINAPI
releases(void *a)
{
	return NT(NtReleaseKeyedEvent)(other, a, V(0), NULL) ||
	       NT(NtWaitForKeyedEvent)(other, a, V(0), NULL);
}

static void
keyed(void)
{
	ATTRIBUTES_ a;
	STRING_ s;
	HANDLE t, o;
	DWORD code = 9;

	named(&a, &s, L"\\BaseNamedObjects\\keyed");
	IS(NT(NtCreateKeyedEvent)(&other, V(3), &a, V(0)) == 0 &&
	   NT(NtOpenKeyedEvent)(&o, V(3), &a) == 0);
	IS(NT(NtWaitForKeyedEvent)(other, V(16), V(0), &soon) == TIMEOUT_);
	IS(NT(NtWaitForKeyedEvent)(other, V(17), V(0), &soon) < 0);
	t = CreateThread(NULL, 0, releases, V(16), 0, NULL);
	IS(NT(NtWaitForKeyedEvent)(o, V(16), V(0), NULL) == 0);
	IS(NT(NtReleaseKeyedEvent)(o, V(16), V(0), NULL) == 0);
	IS(WaitForSingleObject(t, 5000) == 0 && GetExitCodeThread(t, &code) && code == 0);
	CloseHandle(t);
	CloseHandle(o);
	CloseHandle(other);
	done("keyed events");
}

static ULONG CALLBACK
once(void *o, void *p, void **context)
{
	(void)o;
	*context = p;
	return 1;
}

static void
locks(void)
{
	CRITICAL_SECTION c;
	SRWLOCK l;
	CONDITION_VARIABLE v;
	void *run, *context = NULL;
	LONG word = 1, one = 1;

	IS(NT(RtlInitializeCriticalSection)(&c) == 0 && NT(RtlEnterCriticalSection)(&c) == 0);
	IS(NT(RtlIsCriticalSectionLocked)(&c) && NT(RtlIsCriticalSectionLockedByThread)(&c));
	IS(NT(RtlTryEnterCriticalSection)(&c) == 1 && NT(RtlLeaveCriticalSection)(&c) == 0);
	NT(RtlInitializeConditionVariable)(&v);
	IS(NT(RtlSleepConditionVariableCS)(&v, &c, &soon) == TIMEOUT_);
	IS(NT(RtlLeaveCriticalSection)(&c) == 0 && !NT(RtlIsCriticalSectionLocked)(&c));
	IS(NT(RtlDeleteCriticalSection)(&c) == 0);
	IS(NT(RtlInitializeCriticalSectionAndSpinCount)(&c, V(50)) == 0);
	IS(NT(RtlSetCriticalSectionSpinCount)(&c, V(70)) == 50);
	IS(NT(RtlInitializeCriticalSectionEx)(&c, V(50), V(0)) == 0);
	NT(RtlInitializeSRWLock)(&l);
	NT(RtlAcquireSRWLockExclusive)(&l);
	IS(!(NT(RtlTryAcquireSRWLockShared)(&l) & 0xff) &&
	   !(NT(RtlTryAcquireSRWLockExclusive)(&l) & 0xff));
	IS(NT(RtlSleepConditionVariableSRW)(&v, &l, &soon, V(0)) == TIMEOUT_);
	NT(RtlReleaseSRWLockExclusive)(&l);
	NT(RtlAcquireSRWLockShared)(&l);
	NT(RtlReleaseSRWLockShared)(&l);
	IS(l.Ptr == NULL);
	NT(RtlWakeConditionVariable)(&v);
	NT(RtlWakeAllConditionVariable)(&v);
	NT(RtlRunOnceInitialize)(&run);
	IS(NT(RtlRunOnceExecuteOnce)(&run, once, V(0x40), &context) == 0 && context == V(0x40));
	NT(RtlRunOnceInitialize)(&run);
	IS(NT(RtlRunOnceBeginInitialize)(&run, V(0), &context) == PENDING_);
	IS(NT(RtlRunOnceComplete)(&run, V(0), V(0x80)) == 0);
	IS(NT(RtlRunOnceBeginInitialize)(&run, V(0), &context) == 0 && context == V(0x80));
	IS(NT(RtlWaitOnAddress)(&word, &one, V(4), &soon) == TIMEOUT_);
	word = 2;
	IS(NT(RtlWaitOnAddress)(&word, &one, V(4), NULL) == 0);
	NT(RtlWakeAddressSingle)(&word);
	NT(RtlWakeAddressAll)(&word);
	done("native locks");
}

static void
lists(void)
{
	static __declspec(align(16)) SLIST_HEADER h;
	static __declspec(align(16)) SLIST_ENTRY e[4][2];
	void *(WINAPI * push)(void *, void *) = (void *)nt("RtlInterlockedPushEntrySList");
	void *(WINAPI * pop)(void *) = (void *)nt("RtlInterlockedPopEntrySList");
	void *(WINAPI * flush)(void *) = (void *)nt("RtlInterlockedFlushSList");
	void *(WINAPI * first)(void *) = (void *)nt("RtlFirstEntrySList");
	void *(WINAPI * many)(void *, void *, void *, ULONG) =
	        (void *)nt("RtlInterlockedPushListSListEx");
	USHORT(WINAPI * depth)(void *) = (void *)nt("RtlQueryDepthSList");

	NT(RtlInitializeSListHead)(&h);
	IS(!push(&h, e[0]) && push(&h, e[1]) == e[0] && first(&h) == e[1] && depth(&h) == 2);
	IS(pop(&h) == e[1] && flush(&h) == e[0] && !pop(&h));
	e[2]->Next = e[3];
	IS(!many(&h, e[2], e[3], 2) && depth(&h) == 2 && pop(&h) == e[2]);
	done("native lists");
}

/* In a program they are the same functions. */
static const char *const zw[] = { "ZwAssociateWaitCompletionPacket",
	                          "ZwCancelTimer",
	                          "ZwCancelWaitCompletionPacket",
	                          "ZwClearEvent",
	                          "ZwClose",
	                          "ZwCreateEvent",
	                          "ZwCreateIoCompletion",
	                          "ZwCreateMutant",
	                          "ZwCreateSemaphore",
	                          "ZwCreateThreadEx",
	                          "ZwCreateTimer",
	                          "ZwCreateTimer2",
	                          "ZwCreateWaitCompletionPacket",
	                          "ZwDelayExecution",
	                          "ZwDuplicateObject",
	                          "ZwOpenEvent",
	                          "ZwOpenIoCompletion",
	                          "ZwOpenMutant",
	                          "ZwOpenSemaphore",
	                          "ZwOpenThread",
	                          "ZwOpenTimer",
	                          "ZwPulseEvent",
	                          "ZwQueryEvent",
	                          "ZwQueryInformationThread",
	                          "ZwQueryIoCompletion",
	                          "ZwQueryMutant",
	                          "ZwQueryObject",
	                          "ZwQuerySemaphore",
	                          "ZwQueryTimer",
	                          "ZwQueueApcThread",
	                          "ZwQueueApcThreadEx",
	                          "ZwReleaseMutant",
	                          "ZwReleaseSemaphore",
	                          "ZwRemoveIoCompletion",
	                          "ZwRemoveIoCompletionEx",
	                          "ZwResetEvent",
	                          "ZwSetEvent",
	                          "ZwSetInformationThread",
	                          "ZwSetIoCompletion",
	                          "ZwSetIoCompletionEx",
	                          "ZwSetTimer",
	                          "ZwSignalAndWaitForSingleObject",
	                          "ZwTerminateThread",
	                          "ZwTestAlert",
	                          "ZwWaitForMultipleObjects",
	                          "ZwWaitForSingleObject",
	                          "ZwYieldExecution" };

static void
zw_names(void)
{
	for (size_t i = 0; i < sizeof zw / sizeof *zw; i++) {
		char name[64] = "Nt";

		strncat(name, zw[i] + 2, 60);
		IS(nt(zw[i]) == nt(name));
	}
	done("second names");
}

int
main(void)
{
	DWORD(WINAPI * get2)
	(DWORD) = (void *)GetProcAddress(GetModuleHandleA("kernel32"), "TlsGetValue2");

	IS(get2 && !get2(TlsAlloc()));
	get2 = (void *)GetProcAddress(GetModuleHandleA("kernel32"), "FlsGetValue2");
	IS(get2 && !get2(FlsAlloc(NULL)));
	events();
	mutants();
	semaphores();
	timers();
	objects();
	ports();
	packets();
	threads();
	keyed();
	locks();
	lists();
	zw_names();
	return 0;
}
