/* SPDX-License-Identifier: Apache-2.0 */
// The upper parts of vector registers: in contexts of threads that stand, in those of exceptions,
// and through RtlRestoreContext.  A processor without AVX has none, and says so.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: buffers: ok
// expect: a thread: ok
// expect: led elsewhere: ok
// expect: exceptions: ok
// expect: masks: ok
#define _WIN32_WINNT 0x0A00
#include "check.h"
#include <stdbool.h>

#define OF(name) ((void *)GetProcAddress(GetModuleHandleA("kernel32"), name))
enum { XSTATE = 0x40, AVX = 1 << 2, HIGH = 1 << 6 };

typedef BOOL(WINAPI *initialize)(void *, DWORD, CONTEXT **, DWORD *);
typedef BOOL(WINAPI *initialize2)(void *, DWORD, CONTEXT **, DWORD *, ULONG64);
typedef BOOL(WINAPI *copier)(CONTEXT *, DWORD, CONTEXT *);
typedef BOOL(WINAPI *getter)(CONTEXT *, DWORD64 *);
typedef BOOL(WINAPI *setter)(CONTEXT *, DWORD64);
typedef void *(WINAPI *locator)(CONTEXT *, DWORD, DWORD *);

static initialize init;
static initialize2 init2;
static copier copy;
static getter get;
static setter set;
static locator locate;
static DWORD64 has;
static volatile LONG go, there;
static BYTE room[2][8192];
static DWORD64 seen[4], led[4];
static CONTEXT *kept;

/* A context with these features; its upper parts of ymm. */
static CONTEXT *
make(int i, DWORD64 features, DWORD64 **ymm)
{
	CONTEXT *c = NULL;
	DWORD n = sizeof room[i];
	IS(init2(room[i] + 1, CONTEXT_ALL | XSTATE, &c, &n, features));
	*ymm = locate(c, 2, &n);
	IS(!(features & has & AVX) == !*ymm);
	return c;
}

static void
buffers(void)
{
	CONTEXT *a = NULL;
	DWORD n = 0, plain = 0;
	DWORD64 mask = 99, *x, *y;
	ERR(init(NULL, CONTEXT_ALL, &a, &plain), ERROR_INSUFFICIENT_BUFFER);
	ERR(init(NULL, CONTEXT_ALL | XSTATE, &a, &n), ERROR_INSUFFICIENT_BUFFER);
	IS(n >= plain + 64 + (has & AVX ? 256 : 0) && n <= sizeof room[0]);
	n--;
	ERR(init(room[0], CONTEXT_ALL | XSTATE, &a, &n), ERROR_INSUFFICIENT_BUFFER);
	CONTEXT *c = make(0, has, &x), *d = make(1, has & AVX, &y);
	IS(get(c, &mask) && mask == 3);
	IS((has & AVX) == AVX ? set(c, AVX) && get(c, &mask) && mask == (3 | AVX) : !set(c, AVX));
	IS(!set(d, HIGH));
	if (x) {
		x[0] = 1, x[31] = 31;
		IS(copy(d, CONTEXT_ALL | XSTATE, c) && y[0] == 1 && y[31] == 31);
		IS(get(d, &mask) && mask == (3 | AVX));
		/* as at the start: what is there is not looked at */
		x[0] = 2;
		IS(set(c, 0) && copy(d, CONTEXT_ALL | XSTATE, c) && y[0] == 1);
		IS(get(d, &mask) && mask == 3);
	}
	ERR(copy(d, 0x100080, c), ERROR_INVALID_PARAMETER);
	IS(!locate(c, 3, &n) && !locate(c, 40, &n));
	done("buffers");
}

/* Stands with 1 2 3 4 in ymm6. */
static DWORD CALLBACK
spins(void *unused)
{
	static const DWORD64 first[4] = { 1, 2, 3, 4 };
	(void)unused;
	asm volatile("vmovdqu %1, %%ymm6\n\t"
	             "movl $1, %2\n"
	             "1:\tpause\n\t"
	             "cmpl $0, %3\n\t"
	             "je 1b\n\t"
	             "vmovdqu %%ymm6, %0\n\t"
	             "vzeroupper"
	             : "=m"(seen)
	             : "m"(first), "m"(there), "m"(go)
	             : "xmm6", "memory");
	return 0;
}

static HANDLE
spinning(void)
{
	go = there = 0;
	HANDLE t = CreateThread(NULL, 0, spins, NULL, 0, NULL);
	while (!there)
		Sleep(0);
	IS(SuspendThread(t) == 0);
	return t;
}

static void
goes_on(HANDLE t)
{
	ResumeThread(t);
	go = 1;
	WaitForSingleObject(t, INFINITE);
	CloseHandle(t);
}

static void
a_thread(void)
{
	DWORD64 *y, mask = 0;
	HANDLE t = spinning();
	CONTEXT *c = make(0, AVX, &y);
	set(c, AVX);
	IS(GetThreadContext(t, c) && get(c, &mask) && mask == (3 | AVX));
	IS(c->FltSave.XmmRegisters[6].Low == 1 && c->FltSave.XmmRegisters[6].High == 2);
	IS(y[12] == 3 && y[13] == 4);
	y[12] = 33, c->FltSave.XmmRegisters[6].High = 22;
	IS(SetThreadContext(t, c));
	goes_on(t);
	IS(seen[0] == 1 && seen[1] == 22 && seen[2] == 33 && seen[3] == 4);
	/* as at the start: zero */
	t = spinning();
	IS(GetThreadContext(t, c) && set(c, 0) && SetThreadContext(t, c));
	goes_on(t);
	IS(seen[0] == 1 && seen[1] == 2 && !seen[2] && !seen[3]);
	done("a thread");
}

/* Where the thread is led: it spoils what it finds, and goes back. */
static void
elsewhere(void)
{
	static const DWORD64 other[4] = { 9, 9, 9, 9 };
	asm volatile("vmovdqu %%ymm6, %0\n\tvmovdqu %1, %%ymm6\n\t"
	             "vmovdqu %%ymm6, %%ymm15"
	             : "=m"(led)
	             : "m"(other)
	             : "xmm6", "xmm15");
	RtlRestoreContext(kept, NULL);
}

static void
led_elsewhere(void)
{
	DWORD64 *y;
	HANDLE t = spinning();
	kept = make(0, has, &y);
	set(kept, has & ~3ull);
	IS(GetThreadContext(t, kept));
	CONTEXT c = *kept;
	c.ContextFlags = CONTEXT_CONTROL;
	c.Rsp = ((c.Rsp - 1024) & ~15ull) - 8;
	c.Rip = (DWORD64)(ULONG_PTR)elsewhere;
	IS(SetThreadContext(t, &c));
	goes_on(t);
	IS(led[0] == 1 && led[1] == 2 && led[2] == 3 && led[3] == 4);
	IS(seen[0] == 1 && seen[1] == 2 && seen[2] == 3 && seen[3] == 4);
	done("led elsewhere");
}

static LONG CALLBACK
handles(EXCEPTION_POINTERS *p)
{
	DWORD n;
	DWORD64 mask = 0, *y = locate(p->ContextRecord, 2, &n);
	IS((p->ContextRecord->ContextFlags & (CONTEXT_CONTROL | XSTATE)) ==
	   (CONTEXT_CONTROL | XSTATE));
	IS(get(p->ContextRecord, &mask) && mask & AVX && y);
	if (y) {
		IS(y[12] == 3 && y[13] == 4);
		y[13] = 44;
	}
	asm volatile("vxorps %%ymm6, %%ymm6, %%ymm6; vzeroupper" ::: "xmm6");
	p->ContextRecord->Rip += 2;
	return EXCEPTION_CONTINUE_EXECUTION;
}

static void
exceptions(void)
{
	static const DWORD64 first[4] = { 1, 2, 3, 4 };
	void *h = AddVectoredExceptionHandler(1, handles);
	asm volatile("vmovdqu %1, %%ymm6\n\tud2\n\tvmovdqu %%ymm6, %0\n\tvzeroupper"
	             : "=m"(seen)
	             : "m"(first)
	             : "xmm6");
	IS(seen[0] == 1 && seen[1] == 2 && seen[2] == 3 && seen[3] == 44);
	RemoveVectoredExceptionHandler(h);
	done("exceptions");
}

/* AVX-512: the upper halves of zmm. */
static DWORD CALLBACK
spins_wide(void *unused)
{
	static DWORD64 first[8] = { 1, 2, 3, 4, 5, 6, 7, 8 }, now[8];
	(void)unused;
	asm volatile("vmovdqu64 %1, %%zmm6\n\t"
	             "movl $1, %2\n"
	             "1:\tpause\n\t"
	             "cmpl $0, %3\n\t"
	             "je 1b\n\t"
	             "vmovdqu64 %%zmm6, %0\n\t"
	             "vzeroupper"
	             : "=m"(now)
	             : "m"(first), "m"(there), "m"(go)
	             : "xmm6", "memory");
	memcpy(seen, now + 4, sizeof seen);
	return 0;
}

static void
wide(void)
{
	DWORD64 *y, mask = 0;
	DWORD n;
	go = there = 0;
	HANDLE t = CreateThread(NULL, 0, spins_wide, NULL, 0, NULL);
	while (!there)
		Sleep(0);
	IS(SuspendThread(t) == 0);
	CONTEXT *c = make(0, has, &y);
	set(c, has & ~3ull);
	IS(GetThreadContext(t, c) && get(c, &mask) && mask & HIGH);
	DWORD64 *high = locate(c, 6, &n);
	IS(high && n == 512 && high[24] == 5 && high[27] == 8);
	high[25] = 66;
	IS(SetThreadContext(t, c));
	goes_on(t);
	IS(seen[0] == 5 && seen[1] == 66 && seen[2] == 7 && seen[3] == 8);
}

int
main(void)
{
	init = OF("InitializeContext");
	init2 = OF("InitializeContext2");
	copy = OF("CopyContext");
	get = OF("GetXStateFeaturesMask");
	set = OF("SetXStateFeaturesMask");
	locate = OF("LocateXStateFeature");
	DWORD64(WINAPI * enabled)(void) = OF("GetEnabledXStateFeatures");
	has = enabled();
	IS((has & 3) == 3 && !(has & AVX) == !IsProcessorFeaturePresent(39));
	buffers();
	bool avx = has & AVX;
	avx ? a_thread() : done("a thread");
	avx ? led_elsewhere() : done("led elsewhere");
	avx ? exceptions() : done("exceptions");
	if (has & HIGH)
		wide();
	done("masks");
	return 0;
}
