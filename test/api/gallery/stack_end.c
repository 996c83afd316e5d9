/* SPDX-License-Identifier: Apache-2.0 */
// The end of a stack as Java's virtual machine makes it: pages that it commits and guards itself, and
// guards again after each overflow; and that the next thread knows nothing of it.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: guards: ok
// expect: overflows: ok
// expect: the next thread: ok
#include "check.h"

enum { ZONE = 4 * 4096, TIMES = 3 };

static CONTEXT back;
static volatile int overflows, others;
static char *low;

static LONG CALLBACK
handler(EXCEPTION_POINTERS *p)
{
	EXCEPTION_RECORD *r = p->ExceptionRecord;
	if (r->ExceptionCode == EXCEPTION_STACK_OVERFLOW && r->NumberParameters == 2 &&
	    r->ExceptionInformation[1] - (ULONG_PTR)low < 0x20000)
		overflows++;
	else
		others++;
	*p->ContextRecord = back;
	return EXCEPTION_CONTINUE_EXECUTION;
}

static __attribute__((noinline)) int
deep(int n)
{
	volatile char room[1024];
	room[n & 1023] = 1;
	return deep(n + 1) + room[n & 1023];
}

static DWORD WINAPI
run(void *a)
{
	MEMORY_BASIC_INFORMATION m;
	DWORD old;
	(void)a;
	VirtualQuery(&m, &m, sizeof m);
	low = m.AllocationBase;
	IS(VirtualAlloc(low, ZONE, MEM_COMMIT, PAGE_READWRITE) == low);
	IS(VirtualQuery(low, &m, sizeof m) && m.State == MEM_COMMIT && m.Protect == PAGE_READWRITE);
	IS(VirtualProtect(low, ZONE, PAGE_READWRITE | PAGE_GUARD, &old));
	done("guards");
	void *h = AddVectoredExceptionHandler(1, handler);
	volatile int times = 0;
	RtlCaptureContext(&back);
	if (times++ < TIMES) {
		IS(VirtualProtect(low, ZONE, PAGE_READWRITE | PAGE_GUARD, &old));
		deep(0);
	}
	RemoveVectoredExceptionHandler(h);
	IS(overflows == TIMES && !others);
	IS(VirtualFree(low, ZONE, MEM_DECOMMIT));
	IS(VirtualQuery(low, &m, sizeof m) && m.State == MEM_RESERVE);
	IS(!VirtualFree(low, 0, MEM_RELEASE));
	done("overflows");
	return 0;
}

static DWORD WINAPI
next(void *a)
{
	MEMORY_BASIC_INFORMATION m;
	(void)a;
	VirtualQuery(&m, &m, sizeof m);
	char *base = m.AllocationBase;
	IS(VirtualQuery(base, &m, sizeof m) && m.State == MEM_RESERVE);
	IS(VirtualQuery(base + m.RegionSize, &m, sizeof m) && m.Protect & PAGE_GUARD);
	done("the next thread");
	return 0;
}

int
main(void)
{
	HANDLE h = CreateThread(NULL, 1 << 18, run, NULL, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
	WaitForSingleObject(h, INFINITE);
	CloseHandle(h);
	h = CreateThread(NULL, 1 << 18, next, NULL, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
	WaitForSingleObject(h, INFINITE);
	CloseHandle(h);
	return 0;
}
