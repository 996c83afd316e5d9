/* SPDX-License-Identifier: Apache-2.0 */
// Threads that are suspended: counts, their registers, and registers that are changed.
// needs: joist mingw
// libs: -lntdll
// link: -lntdll
// run: joist run --rm $GUEST
// expect: made suspended: not begun, 1 before, begins
// expect: suspended 0, then 1; stands
// expect: its registers: in spin
// expect: resumed 2: stands, resumed 1: goes on, resumed 0
// expect: led astray: 77
// expect: native 0 1 1
// expect: 20000 times
// expect: each other
// expect: itself
// expect: ended: refused
// expect: in a wait: in ours
#include <windows.h>
#include <stdio.h>

NTSYSAPI LONG NTAPI NtSuspendThread(HANDLE, PULONG);
NTSYSAPI LONG NTAPI NtResumeThread(HANDLE, PULONG);
NTSYSAPI LONG NTAPI NtGetContextThread(HANDLE, PCONTEXT);
NTSYSAPI LONG NTAPI NtSetContextThread(HANDLE, PCONTEXT);

static volatile LONG counter, stop, astray;

static DWORD CALLBACK
spin(void *unused)
{
	(void)unused;
	while (!stop)
		counter++;
	return 9;
}

static DWORD CALLBACK
elsewhere(void)
{
	astray = 77;
	ExitThread(77);
}

static int
goes_on(void)
{
	LONG before = counter;
	for (int i = 0; i < 500 && counter == before; i++)
		Sleep(1);
	return counter != before;
}

static int
stands(void)
{
	LONG before = counter;
	Sleep(20);
	return counter == before;
}

static HANDLE pair[2];
static volatile LONG turns[2];

/* Suspends the other one, again and again. */
static DWORD CALLBACK
rival(void *me)
{
	int i = (int)(INT_PTR)me;
	while (turns[i] < 2000) {
		if (SuspendThread(pair[!i]) != (DWORD)-1)
			ResumeThread(pair[!i]);
		turns[i]++;
	}
	return 0;
}

static DWORD CALLBACK
stops_itself(void *unused)
{
	(void)unused;
	SuspendThread(GetCurrentThread());
	return 0;
}

static DWORD CALLBACK
waits(void *event)
{
	WaitForSingleObject(event, INFINITE);
	return 0;
}

int
main(void)
{
	CONTEXT c = { .ContextFlags = CONTEXT_FULL };
	ULONG a, b, d;
	DWORD code;

	setvbuf(stdout, NULL, _IONBF, 0);
	HANDLE t = CreateThread(NULL, 0, spin, NULL, CREATE_SUSPENDED, NULL);
	int still = stands();
	DWORD before = ResumeThread(t);
	printf("made suspended: %s, %lu before, %s\n", still ? "not begun" : "begun", before,
	       goes_on() ? "begins" : "never begins");
	a = SuspendThread(t), b = SuspendThread(t);
	printf("suspended %lu, then %lu; %s\n", a, b, stands() ? "stands" : "goes on");
	BOOL got = GetThreadContext(t, &c);
	printf("its registers: %s\n", got && c.Rip - (DWORD64)spin < 200 ? "in spin" : "elsewhere");
	a = ResumeThread(t);
	still = stands();
	b = ResumeThread(t);
	int on = goes_on();
	printf("resumed %lu: %s, resumed %lu: %s, resumed %lu\n", a, still ? "stands" : "goes on",
	       b, on ? "goes on" : "stands", ResumeThread(t));
	HANDLE u = CreateThread(NULL, 0, spin, NULL, 0, NULL);
	SuspendThread(u);
	GetThreadContext(u, &c);
	c.Rip = (DWORD64)elsewhere;
	c.Rsp = (c.Rsp & ~15ull) - 136;
	SetThreadContext(u, &c);
	ResumeThread(u);
	WaitForSingleObject(u, INFINITE);
	GetExitCodeThread(u, &code);
	printf("led astray: %lu\n", astray == 77 ? code : 0);
	NtSuspendThread(t, &a);
	NtSuspendThread(t, &b);
	NtResumeThread(t, &d);
	NtGetContextThread(t, &c);
	NtSetContextThread(t, &c);
	NtResumeThread(t, NULL);
	printf("native %lu %lu %lu\n", a, b, d - 1);
	int n = 0;
	for (; n < 20000; n++) {
		SuspendThread(t);
		if (!GetThreadContext(t, &c) || !SetThreadContext(t, &c))
			break;
		ResumeThread(t);
	}
	printf("%d times\n", n);
	stop = 1;
	WaitForSingleObject(t, INFINITE);
	for (int i = 0; i < 2; i++)
		pair[i] = CreateThread(NULL, 0, rival, (void *)(INT_PTR)i, CREATE_SUSPENDED, NULL);
	ResumeThread(pair[0]);
	ResumeThread(pair[1]);
	/* Both may have stopped the other at once, on Windows too: somebody else lets them go on. */
	while (WaitForMultipleObjects(2, pair, TRUE, 20) == WAIT_TIMEOUT) {
		ResumeThread(pair[0]);
		ResumeThread(pair[1]);
	}
	puts("each other");
	u = CreateThread(NULL, 0, stops_itself, NULL, 0, NULL);
	while (ResumeThread(u) == 0)
		Sleep(1);
	WaitForSingleObject(u, INFINITE);
	puts("itself");
	printf("ended: %s\n", SuspendThread(u) == (DWORD)-1 ? "refused" : "suspended");
	HANDLE e = CreateEventW(NULL, TRUE, FALSE, NULL);
	u = CreateThread(NULL, 0, waits, e, 0, NULL);
	Sleep(20);
	SuspendThread(u);
	GetThreadContext(u, &c);
	BYTE *image = (BYTE *)GetModuleHandleW(NULL);
	printf("in a wait: in %s\n", c.Rip - (DWORD64)image < 0x100000 ? "the program" : "ours");
	ResumeThread(u);
	SetEvent(e);
	WaitForSingleObject(u, INFINITE);
	return 0;
}
