/* SPDX-License-Identifier: Apache-2.0 */
// Contexts made, copied and looked into; unwinding to a frame; filters of exceptions; jumps of
// ntdll; and a catch block by the compressed tables of __CxxFrameHandler4.
// needs: joist mingw
// libs: -lntdll
// run: joist run --rm $GUEST
// expect: contexts: ok
// expect: unwinding: ok
// expect: filters: ok
// expect: handlers: ok
// expect: jumps: ok
// expect: tables: ok
// expect: caught: ok
#define _WIN32_WINNT 0x0A00
#include "check.h"
#include <stdlib.h>

#define OF(dll, name) ((void *)GetProcAddress(LoadLibraryA(dll), name))

static void
contexts(void)
{
	BOOL(WINAPI * init)
	(void *, DWORD, CONTEXT **, DWORD *) = OF("kernel32", "InitializeContext");
	BOOL(WINAPI * init2)
	(void *, DWORD, CONTEXT **, DWORD *, ULONG64) = OF("kernel32", "InitializeContext2");
	BOOL(WINAPI * copy)(CONTEXT *, DWORD, CONTEXT *) = OF("kernel32", "CopyContext");
	BOOL(WINAPI * get)(CONTEXT *, DWORD64 *) = OF("kernel32", "GetXStateFeaturesMask");
	BOOL(WINAPI * set)(CONTEXT *, DWORD64) = OF("kernel32", "SetXStateFeaturesMask");
	void *(WINAPI * locate)(CONTEXT *, DWORD, DWORD *) = OF("kernel32", "LocateXStateFeature");
	static BYTE room[2][8192];
	CONTEXT *a = NULL, *b = NULL;
	DWORD n = 0;
	DWORD64 mask = 0;
	ERR(init(NULL, CONTEXT_ALL, &a, &n), ERROR_INSUFFICIENT_BUFFER);
	IS(n >= sizeof *a && n <= sizeof room[0]);
	n = sizeof room[0];
	IS(init(room[0] + 1, CONTEXT_ALL, &a, &n) && (BYTE *)a > room[0] &&
	   (BYTE *)(a + 1) <= room[0] + sizeof room[0] && !((ULONG_PTR)a & 15) &&
	   a->ContextFlags == CONTEXT_ALL);
	n = 0;
	ERR(init2(NULL, CONTEXT_ALL, &b, &n, 3), ERROR_INSUFFICIENT_BUFFER);
	n = sizeof room[1];
	IS(init2(room[1], CONTEXT_ALL, &b, &n, 3) && b->ContextFlags == CONTEXT_ALL);
	a->Rax = 1, a->R15 = 15, a->Rip = 2, a->Rsp = 3, a->MxCsr = 0x1f80;
	a->FltSave.XmmRegisters[3].Low = 33;
	/* the parts that are asked for, and no others */
	IS(copy(b, CONTEXT_INTEGER, a) && b->Rax == 1 && b->R15 == 15 && !b->Rip && !b->Rsp);
	IS(copy(b, CONTEXT_CONTROL, a) && b->Rip == 2 && b->Rsp == 3 &&
	   !b->FltSave.XmmRegisters[3].Low);
	IS(copy(b, CONTEXT_FLOATING_POINT, a) && b->FltSave.XmmRegisters[3].Low == 33);
	IS(locate(a, 0, &n) == &a->FltSave && n);
	IS(locate(a, 1, &n) == a->FltSave.XmmRegisters && n == 256);
	IS(!locate(a, 17, &n)); /* it was made without */
	IS(get(a, &mask) && !(mask & ~(DWORD64)3));
	IS(set(a, 3) && !set(a, 4));
	done("contexts");
}

/* Frames with handlers of their own: guarded() calls f with its frame and returns 1; who comes
 * back at landed returns what is in eax.  passed() lies in between. */
asm(".text\n"
    "	.seh_proc guarded\n"
    "guarded:	push %rbp\n	.seh_pushreg %rbp\n"
    "	sub $32, %rsp\n	.seh_stackalloc 32\n	.seh_endprologue\n"
    "	.seh_handler take, @except, @unwind\n"
    "	mov %rcx, %rax\n	mov %rsp, %rcx\n	call *%rax\n	mov $1, %eax\n"
    "landed:	add $32, %rsp\n	pop %rbp\n	ret\n"
    "	.seh_endproc\n"
    "	.seh_proc passed\n"
    "passed:	sub $40, %rsp\n	.seh_stackalloc 40\n	.seh_endprologue\n"
    "	.seh_handler let_by, @except, @unwind\n"
    "	call *%rdx\n	nop\n	add $40, %rsp\n	ret\n"
    "	.seh_endproc\n");
int guarded(void (*f)(void *frame));
void passed(void *frame, void (*f)(void *frame));
extern char landed[];

static enum { UNWIND, UNWIND_EX } how;
static void(WINAPI *unwind)(void *, void *, EXCEPTION_RECORD *, void *);
static void(WINAPI *unwind_ex)(void *, void *, EXCEPTION_RECORD *, void *, CONTEXT *, void *);
static void(WINAPI *local_unwind)(void *, void *);
static int by, targets;

EXCEPTION_DISPOSITION CALLBACK
let_by(EXCEPTION_RECORD *r, void *frame, CONTEXT *c, void *dispatcher)
{
	(void)frame, (void)c, (void)dispatcher;
	if (r->ExceptionFlags & EXCEPTION_UNWINDING)
		by += !(r->ExceptionFlags & EXCEPTION_TARGET_UNWIND);
	return ExceptionContinueSearch;
}

EXCEPTION_DISPOSITION CALLBACK
take(EXCEPTION_RECORD *r, void *frame, CONTEXT *c, void *dispatcher)
{
	static CONTEXT room;
	(void)c, (void)dispatcher;
	if (r->ExceptionFlags & EXCEPTION_UNWINDING) {
		targets += !!(r->ExceptionFlags & EXCEPTION_TARGET_UNWIND);
		return ExceptionContinueSearch;
	}
	if (r->ExceptionCode != 0x20002)
		return ExceptionContinueSearch;
	if (how == UNWIND)
		unwind(frame, landed, r, (void *)77);
	else
		unwind_ex(frame, landed, r, (void *)78, &room, NULL);
	return ExceptionContinueSearch;
}

static void
raise(void *frame)
{
	(void)frame;
	RaiseException(0x20002, 0, 0, NULL);
}
static void
deep(void *frame)
{
	passed(frame, raise);
}
static void *kept;
static void
leave(void *frame)
{
	(void)frame;
	local_unwind(kept, landed);
}
static void
deep_leave(void *frame)
{
	kept = frame;
	passed(frame, leave);
}
static void
nothing(void *frame)
{
	(void)frame;
}

static void
unwinding(void)
{
	static const char *const dll[] = { "ntdll", "kernel32" };
	IS(guarded(nothing) == 1 && !by && !targets);
	for (int i = 0; i < 2; i++) {
		unwind = OF(dll[i], "RtlUnwind");
		unwind_ex = OF(dll[i], "RtlUnwindEx");
		how = UNWIND, by = targets = 0;
		IS(guarded(deep) == 77 && by == 1 && targets == 1);
		how = UNWIND_EX, by = targets = 0;
		IS(guarded(deep) == 78 && by == 1 && targets == 1);
	}
	local_unwind = OF("ntdll", "_local_unwind");
	by = targets = 0;
	IS(guarded(deep_leave) != 1 && by == 1 && targets == 1);
	done("unwinding");
}

static LONG answer;
static int asked;
static LONG WINAPI
filter(EXCEPTION_POINTERS *p)
{
	asked += p->ExceptionRecord->ExceptionCode == 0x20003;
	return answer;
}

static void
filters(void)
{
	LONG(WINAPI * unhandled)(EXCEPTION_POINTERS *) = OF("ntdll", "RtlUnhandledExceptionFilter");
	void(WINAPI * set)(void *) = OF("ntdll", "RtlSetUnhandledExceptionFilter");
	EXCEPTION_RECORD r = { .ExceptionCode = 0x20003 };
	CONTEXT c = { .ContextFlags = CONTEXT_FULL };
	EXCEPTION_POINTERS p = { &r, &c };
	/* the program's own is asked, and its answer is the answer */
	SetUnhandledExceptionFilter(filter);
	for (answer = -1; answer <= 1; answer += 2)
		IS(UnhandledExceptionFilter(&p) == answer);
	IS(asked == 2);
	SetUnhandledExceptionFilter(NULL);
	set(filter);
	answer = -1;
	IS(unhandled(&p) == -1 && asked == 3);
	answer = 1;
	IS(unhandled(&p) == 1 && asked == 4);
	set(NULL);
	done("filters");
}

static char order[20];
static int ordered;
static LONG CALLBACK
first(EXCEPTION_POINTERS *p)
{
	order[ordered++] = '1';
	(void)p;
	return EXCEPTION_CONTINUE_SEARCH;
}
static LONG CALLBACK
second(EXCEPTION_POINTERS *p)
{
	order[ordered++] = '2';
	return p->ExceptionRecord->ExceptionCode == 0x20004 ? EXCEPTION_CONTINUE_EXECUTION
	                                                    : EXCEPTION_CONTINUE_SEARCH;
}
static LONG CALLBACK
going_on(EXCEPTION_POINTERS *p)
{
	order[ordered++] = 'c';
	(void)p;
	return EXCEPTION_CONTINUE_SEARCH;
}

static void
handlers(void)
{
	void *(NTAPI * add)(ULONG, void *) = OF("ntdll", "RtlAddVectoredExceptionHandler");
	ULONG(NTAPI * remove)(void *) = OF("ntdll", "RtlRemoveVectoredExceptionHandler");
	void *(NTAPI * add_going)(ULONG, void *) = OF("ntdll", "RtlAddVectoredContinueHandler");
	ULONG(NTAPI * remove_going)(void *) = OF("ntdll", "RtlRemoveVectoredContinueHandler");
	void *b = add(0, second), *a = add(1, first), *c = add_going(1, going_on);
	IS(a && b && c);
	RaiseException(0x20004, 0, 0, NULL);
	IS(!strcmp(order, "12c"));
	IS(remove(a) && !remove(a) && remove_going(c) && !remove_going(c));
	memset(order, 0, sizeof order);
	ordered = 0;
	RaiseException(0x20004, 0, 0, NULL);
	IS(!strcmp(order, "2"));
	IS(remove(b));
	done("handlers");
}

/* The two are what a compiler calls by name; here they are found. */
void *sj, *sjex;
asm(".text\n"
    "jump_here:	jmp *sj(%rip)\n"
    "jump_here_ex:	jmp *sjex(%rip)\n");
int jump_here(void *buffer, void *frame) __attribute__((returns_twice));
int jump_here_ex(void *buffer, void *frame) __attribute__((returns_twice));
static _Alignas(16) BYTE buffer[256];
static void (*jump)(void *, int);

static void
far_away(void *frame)
{
	(void)frame;
	jump(buffer, 5);
}

static void
jumps(void)
{
	volatile int turn = 0;
	sj = OF("ntdll", "_setjmp");
	sjex = OF("ntdll", "_setjmpex");
	jump = OF("ntdll", "longjmp");
	IS(sj && sjex && jump);
	/* without a frame nothing is unwound; 0 becomes 1 */
	int r = jump_here(buffer, NULL);
	if (turn++ == 0) {
		IS(r == 0);
		jump(buffer, 0);
	}
	IS(r == 1 && turn == 2);
	/* with its frame those in between are told */
	turn = by = 0;
	r = jump_here_ex(buffer, __builtin_frame_address(0));
	if (turn++ == 0) {
		IS(r == 0);
		passed(NULL, far_away);
	}
	IS(r == 5 && turn == 2 && by == 1);
	done("jumps");
}

static void
tables(void)
{
	RUNTIME_FUNCTION *(NTAPI * lookup)(void *, void **, ULONG *) =
	        OF("ntdll", "RtlLookupFunctionTable");
	void *base = NULL;
	ULONG size = 0;
	DWORD64 image;
	RUNTIME_FUNCTION *f = lookup((void *)tables, &base, &size),
	                 *e = RtlLookupFunctionEntry((DWORD64)tables, &image, NULL);
	IS(f && base == (void *)GetModuleHandleW(NULL) && size % sizeof *f == 0 && e >= f &&
	   (BYTE *)e < (BYTE *)f + size);
	IS(!lookup(&base, &base, &size)); /* on the stack is none */
	done("tables");
}

/* try { object o; throw 4711; } catch (int i) {}  State 0: in the try, 1: o is there, 2: in the
 * catch.  A number below 128 is one byte, twice itself. */
void *frame_handler;
int undone, in_catch, in_order;
void throw_int(void);
int catcher(void);
asm(".text\n"
    "by_frame:	jmp *frame_handler(%rip)\n"
    "	.seh_proc catcher\n"
    "catcher:	push %rbp\n	.seh_pushreg %rbp\n"
    "	sub $64, %rsp\n	.seh_stackalloc 64\n	.seh_endprologue\n"
    "	.seh_handler by_frame, @except, @unwind\n"
    "	.seh_handlerdata\n	.rva function4\n	.text\n"
    "	nop\n"
    "trying:	call throw_int\n	nop\n"
    "tried:	mov $-1, %eax\n	jmp 1f\n"
    "go_on:	mov 40(%rsp), %eax\n"
    "1:	add $64, %rsp\n	pop %rbp\n	ret\n"
    "	.seh_endproc\n"
    "	.seh_proc catching\n"
    "catching:	sub $40, %rsp\n	.seh_stackalloc 40\n	.seh_endprologue\n"
    "	incl in_catch(%rip)\n	mov undone(%rip), %eax\n	mov %eax, in_order(%rip)\n"
    "	xor %eax, %eax\n	add $40, %rsp\n	ret\n"
    "	.seh_endproc\n"
    "undoing:	incl undone(%rip)\n	ret\n"
    "	.section .rdata, \"dr\"\n"
    "function4:	.byte 0x18\n	.rva states4, tries4, addresses4\n"
    "states4:	.byte 2*3, 2*(1<<2), 2*(1<<2 | 3)\n	.rva undoing\n	.byte 2*(7<<2)\n"
    "tries4:	.byte 2*1, 2*0, 2*1, 2*2\n	.rva catches4\n"
    "catches4:	.byte 2*1, 0x1e\n	.rva int_type\n	.byte 2*40\n	.rva catching, go_on\n"
    "addresses4:	.byte 2*3, 0, 0, 2*(trying - catcher), 2*(1 + 1), 2*(tried - trying), 0\n"
    "	.balign 8\n"
    "thrown:	.long 0, 0, 0\n	.rva types\n"
    "types:	.long 1\n	.rva int_as\n"
    "int_as:	.long 1\n	.rva int_type\n	.long 0, -1, 0, 4, 0\n"
    "	.data\n	.balign 8\n"
    "int_type:	.quad 0, 0\n	.asciz \".H\"\n"
    "	.text\n");
extern char thrown[];

void
throw_int(void)
{
	void(WINAPI * throw)(void *, void *) = OF("vcruntime140", "_CxxThrowException");
	int value = 4711;
	throw(&value, thrown);
}

static void
caught(void)
{
	frame_handler = OF("vcruntime140_1", "__CxxFrameHandler4");
	IS(frame_handler);
	IS(catcher() == 4711);
	IS(in_catch == 1 && undone == 1);
	IS(in_order == 1); /* what the try had is undone before the catch block begins */
	done("caught");
}

int
main(void)
{
	contexts();
	unwinding();
	filters();
	handlers();
	jumps();
	tables();
	caught();
	return 0;
}
