/* SPDX-License-Identifier: Apache-2.0 */
// Function tables, unwinding by hand and by the system, back traces, jumps.
// needs: joist mingw
// libs: -lntdll
// link: -lntdll
// run: joist run --rm $GUEST
// expect: main is found: its own entry
// expect: by hand: outer is 2 frames up
// expect: trace: inner outer main
// expect: chain the same
// expect: header is ours
// expect: registered: found, grown, gone
// expect: by callback
// expect: jump 5 through 3
// expect: handler: exception 0, unwinding 1
// expect: own filter saw c0000017, noncontinuable
// expect: context comes back 2
// expect: through qsort
#include <windows.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

NTSYSAPI VOID NTAPI RtlRaiseStatus(LONG);
NTSYSAPI ULONG NTAPI RtlWalkFrameChain(PVOID *, ULONG, ULONG);
NTSYSAPI DWORD NTAPI RtlAddGrowableFunctionTable(PVOID *, PRUNTIME_FUNCTION, DWORD, DWORD,
                                                 ULONG_PTR, ULONG_PTR);
NTSYSAPI VOID NTAPI RtlGrowFunctionTable(PVOID, DWORD);
NTSYSAPI VOID NTAPI RtlDeleteGrowableFunctionTable(PVOID);

int main(void);
static DWORD64 trace_at[3];
static int seen_exception, seen_unwinding;

/* Of a frame: the begin of its function. */
static DWORD64
begin(DWORD64 pc)
{
	DWORD64 base;
	PRUNTIME_FUNCTION f = RtlLookupFunctionEntry(pc, &base, NULL);
	return f ? base + f->BeginAddress : 0;
}

static __attribute__((noinline)) void
inner(void)
{
	CONTEXT c;
	void *frames[62], *again[62], *data, *base;
	DWORD64 frame, image;
	int up = 0;

	RtlCaptureContext(&c);
	while (c.Rip && begin(c.Rip) != trace_at[1] && up < 20) {
		PRUNTIME_FUNCTION f = RtlLookupFunctionEntry(c.Rip, &image, NULL);
		RtlVirtualUnwind(UNW_FLAG_NHANDLER, image, c.Rip, f, &c, &data, &frame, NULL);
		up++;
	}
	printf("by hand: outer is %d frames up\n", up + 1);
	USHORT n = RtlCaptureStackBackTrace(0, 62, frames, NULL);
	printf("trace:%s%s%s\n", n > 0 && begin((DWORD64)frames[0]) == trace_at[0] ? " inner" : "",
	       n > 1 && begin((DWORD64)frames[1]) == trace_at[1] ? " outer" : "",
	       n > 2 && begin((DWORD64)frames[2]) == trace_at[2] ? " main" : "");
	ULONG m = RtlWalkFrameChain(again, 62, 0);
	printf("chain %s\n", m == n && memcmp(frames + 1, again + 1, (n - 1) * sizeof *frames) == 0
	                             ? "the same"
	                             : "another");
	printf("header is %s\n",
	       RtlPcToFileHeader((void *)inner, &base) == (void *)GetModuleHandleW(NULL) &&
	                       base == (void *)GetModuleHandleW(NULL)
	               ? "ours"
	               : "another");
}

static __attribute__((noinline)) void
outer(void)
{
	inner();
	asm volatile("");
}

static EXCEPTION_DISPOSITION CALLBACK
handled(PEXCEPTION_RECORD r, void *frame, PCONTEXT c, PDISPATCHER_CONTEXT dc)
{
	(void)c;
	(void)frame;
	(void)dc;
	if (r->ExceptionFlags & 2)
		seen_unwinding++;
	else
		seen_exception++;
	return ExceptionContinueSearch;
}

/* A frame with a handler of its own. */
static __attribute__((noinline)) void
with_handler(void (*f)(void))
{
	asm volatile(
	        ".seh_handler handled, @except, @unwind\n.seh_handlerdata\n.long 0\n.text" ::"i"(
	                handled));
	f();
	asm volatile("nop");
}

static jmp_buf target;

static void
jump(void)
{
	longjmp(target, 5);
}

static LONG CALLBACK
vectored(EXCEPTION_POINTERS *p)
{
	printf("own filter saw %lx%s\n", (unsigned long)p->ExceptionRecord->ExceptionCode,
	       p->ExceptionRecord->ExceptionFlags & 1 ? ", noncontinuable" : "");
	longjmp(target, 9);
}

static BYTE *code;
static RUNTIME_FUNCTION table[2];

static PRUNTIME_FUNCTION CALLBACK
callback(DWORD64 pc, void *context)
{
	(void)pc;
	return context;
}

static void
registered(void)
{
	DWORD64 base;
	void *dynamic;
	int found, grown, gone;

	code = VirtualAlloc(NULL, 65536, MEM_COMMIT | MEM_RESERVE, PAGE_EXECUTE_READWRITE);
	memset(code, 0x90, 256);
	memcpy(code + 512, "\1\0\0\0", 4);
	for (int i = 0; i < 2; i++)
		table[i] = (RUNTIME_FUNCTION){ i * 64, i * 64 + 64, 512 };
	found = RtlAddFunctionTable(table, 2, (DWORD64)code) &&
	        RtlLookupFunctionEntry((DWORD64)code + 70, &base, NULL) == table + 1 &&
	        base == (DWORD64)code;
	gone = RtlDeleteFunctionTable(table) &&
	       !RtlLookupFunctionEntry((DWORD64)code + 70, &base, NULL);
	RtlAddGrowableFunctionTable(&dynamic, table, 1, 2, (ULONG_PTR)code, (ULONG_PTR)code + 256);
	grown = !RtlLookupFunctionEntry((DWORD64)code + 70, &base, NULL);
	RtlGrowFunctionTable(dynamic, 2);
	grown &= RtlLookupFunctionEntry((DWORD64)code + 70, &base, NULL) == table + 1;
	RtlDeleteGrowableFunctionTable(dynamic);
	gone &= !RtlLookupFunctionEntry((DWORD64)code + 70, &base, NULL);
	printf("registered:%s%s%s\n", found ? " found," : "", grown ? " grown," : "",
	       gone ? " gone" : "");
	if (RtlInstallFunctionTableCallback((DWORD64)code | 3, (DWORD64)code, 256, callback, table,
	                                    NULL) &&
	    RtlLookupFunctionEntry((DWORD64)code + 5, &base, NULL) == table &&
	    RtlDeleteFunctionTable((PRUNTIME_FUNCTION)((DWORD64)code | 3)))
		puts("by callback");
}

static int CALLBACK
compare(const void *a, const void *b)
{
	(void)a;
	(void)b;
	longjmp(target, 4);
}

int
main(void)
{
	DWORD64 base;
	PRUNTIME_FUNCTION f = RtlLookupFunctionEntry((DWORD64)main + 8, &base, NULL);
	volatile int here = 0;
	int two[2] = { 2, 1 };
	static CONTEXT back;

	setvbuf(stdout, NULL, _IONBF, 0);
	printf("main is %s\n",
	       f && base + f->BeginAddress == (DWORD64)main ? "found: its own entry" : "not found");
	trace_at[0] = begin((DWORD64)inner);
	trace_at[1] = begin((DWORD64)outer);
	trace_at[2] = begin((DWORD64)main);
	outer();
	registered();
	int r = setjmp(target);
	if (r == 0)
		with_handler(jump);
	printf("jump %d through %d\n", r, seen_unwinding * 2 + 1);
	printf("handler: exception %d, unwinding %d\n", seen_exception, seen_unwinding);
	void *v = AddVectoredExceptionHandler(0, vectored);
	if ((r = setjmp(target)) == 0)
		RtlRaiseStatus(0xc0000017);
	RemoveVectoredExceptionHandler(v);
	RtlCaptureContext(&back);
	if (here++ == 0)
		RtlRestoreContext(&back, NULL);
	printf("context comes back %d\n", here);
	if ((r = setjmp(target)) == 0)
		qsort(two, 2, sizeof *two, compare);
	puts(r == 4 ? "through qsort" : "not through qsort");
	return 0;
}
