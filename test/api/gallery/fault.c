/* SPDX-License-Identifier: Apache-2.0 */
// Faults as exceptions: codes, parameters and addresses, and going on behind them.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: read c0000005: 0 10
// expect: write c0000005: 1 20
// expect: run c0000005: 8 1230
// expect: wild c0000005: 0 ffffffffffffffff
// expect: divide c0000094:
// expect: quotient c0000095:
// expect: int3 80000003: 0, at the int3
// expect: ud2 c000001d:
// expect: hlt c0000096:
// expect: step 80000004:
// expect: guard 80000001: 1 0
// expect: once only
// expect: protect c0000005: 1 1
// expect: vectors c0000005: 0 10
// expect: upper halves kept
// expect: raise 12345: 1 2 3
// expect: record 2345: 7
// expect: 15 continued
// expect: ours c0000005: 1 40
// expect: overflow c00000fd: 1
// expect: made whole 1
// expect: overflow c00000fd: 1
// expect: guaranteed 4096
// expect: filter 54321:
// expect: filtered
#include <windows.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

NTSYSAPI VOID NTAPI RtlRaiseException(PEXCEPTION_RECORD);

static const char *volatile what;
static char *volatile page;
static volatile int continued;
static CONTEXT back;
static volatile int again;

/* Each piece of assembly says in R11 where it wants to go on. */
static LONG CALLBACK
handler(EXCEPTION_POINTERS *p)
{
	EXCEPTION_RECORD *r = p->ExceptionRecord;
	CONTEXT *c = p->ContextRecord;
	DWORD old;

	if (r->ExceptionCode == 0x54321)
		return EXCEPTION_CONTINUE_SEARCH;
	printf("%s %lx:", what, (unsigned long)r->ExceptionCode);
	/* of an overflow the address is somewhere */
	for (DWORD i = 0; i < r->NumberParameters - (what[0] == 'o' && what[1] == 'v'); i++)
		printf(" %llx",
		       r->ExceptionInformation[i] -
		               (r->ExceptionInformation[i] >= (ULONG_PTR)page && i == 1 && page
		                        ? (ULONG_PTR)page
		                        : 0));
	if (r->ExceptionCode == EXCEPTION_BREAKPOINT && *(BYTE *)c->Rip == 0xcc)
		printf(", at the int3");
	printf("\n");
	if (r->ExceptionAddress != (void *)c->Rip)
		printf("at another address\n");
	if (what[0] == 'v' && __builtin_cpu_supports("avx"))
		asm volatile("vxorps %%ymm7, %%ymm7, %%ymm7; vzeroupper" ::: "xmm7");
	switch (r->ExceptionCode) {
	case EXCEPTION_ACCESS_VIOLATION:
		if (what[0] == 'r' && what[1] == 'u') {
			c->Rip = *(DWORD64 *)c->Rsp;
			c->Rsp += 8;
		} else if (what[0] == 'p') {
			VirtualProtect(page, 4096, PAGE_READWRITE, &old);
		} else if (what[0] == 'o') {
			*c = back;
			again++;
		} else {
			c->Rip = c->R11;
		}
		break;
	case EXCEPTION_INT_DIVIDE_BY_ZERO: c->Rcx = 1; break;
	case EXCEPTION_INT_OVERFLOW: c->Rdx = 0; break;
	case EXCEPTION_BREAKPOINT:
	case EXCEPTION_PRIV_INSTRUCTION: c->Rip++; break;
	case EXCEPTION_ILLEGAL_INSTRUCTION: c->Rip += 2; break;
	case EXCEPTION_STACK_OVERFLOW:
		*c = back;
		again++;
		break;
	}
	return EXCEPTION_CONTINUE_EXECUTION;
}

static LONG CALLBACK
count(EXCEPTION_POINTERS *p)
{
	(void)p;
	continued++;
	return EXCEPTION_CONTINUE_SEARCH;
}

static LONG CALLBACK
filter(EXCEPTION_POINTERS *p)
{
	printf("filter %lx:\n", (unsigned long)p->ExceptionRecord->ExceptionCode);
	return EXCEPTION_CONTINUE_EXECUTION;
}

static __attribute__((noinline)) int
deep(int n)
{
	volatile char b[3000];

	b[0] = (char)n;
	return deep(n + 1) + b[0];
}

static DWORD CALLBACK
overflows(void *unused)
{
	ULONG bytes = 4096;

	(void)unused;
	for (int i = 0; i < 2; i++) {
		again = 0;
		RtlCaptureContext(&back);
		if (!again)
			deep(0);
		if (i == 0)
			printf("made whole %d\n", _resetstkoflw());
	}
	SetThreadStackGuarantee(&bytes);
	bytes = 0;
	SetThreadStackGuarantee(&bytes);
	printf("guaranteed %lu\n", bytes);
	return 0;
}

static void
faults(void)
{
	what = "read";
	asm volatile("mov $0x10, %%eax; lea 1f(%%rip), %%r11; mov (%%rax), %%rax; 1:" ::
	                     : "rax", "r11", "memory");
	what = "write";
	asm volatile("mov $0x20, %%eax; lea 1f(%%rip), %%r11; movl $1, (%%rax); 1:" ::
	                     : "rax", "r11", "memory");
	what = "run";
	((void (*)(void))0x1230)();
	what = "wild";
	asm volatile(
	        "mov $1, %%eax; shl $62, %%rax; lea 1f(%%rip), %%r11; mov (%%rax), %%rax; 1:" ::
	                : "rax", "r11", "memory");
	what = "divide";
	asm volatile("mov $5, %%eax; xor %%edx, %%edx; xor %%ecx, %%ecx; idiv %%ecx" ::
	                     : "rax", "rcx", "rdx", "memory");
	what = "quotient";
	asm volatile("mov $5, %%eax; mov $7, %%edx; mov $1, %%ecx; div %%ecx" ::
	                     : "rax", "rcx", "rdx", "memory");
	what = "int3";
	asm volatile("int3" ::: "memory");
	what = "ud2";
	asm volatile("ud2" ::: "memory");
	what = "hlt";
	asm volatile("hlt" ::: "memory");
	what = "step";
	asm volatile("pushfq; orl $0x100, (%%rsp); popfq; nop" ::: "memory");
}

/* A fault does not touch what CONTEXT has no place for. */
static void
vectors(void)
{
	static const ULONG64 in[4] = { 1, 2, 3, 4 };
	ULONG64 out[4] = { 0 };

	what = "vectors";
	if (__builtin_cpu_supports("avx"))
		asm volatile("vmovups %1, %%ymm7; mov $0x10, %%eax; lea 1f(%%rip), %%r11; mov "
		             "(%%rax), %%rax; 1:"
		             "vmovups %%ymm7, %0; vzeroupper"
		             : "=m"(out)
		             : "m"(in)
		             : "rax", "r11", "xmm7", "memory");
	else
		memcpy(out, in, sizeof in), puts("vectors c0000005: 0 10"), continued++;
	puts(memcmp(in, out, sizeof in) == 0 ? "upper halves kept" : "upper halves lost");
}

int
main(void)
{
	DWORD old;
	ULONG_PTR args[] = { 1, 2, 3 };
	EXCEPTION_RECORD r = { .ExceptionCode = 0x2345,
		               .NumberParameters = 1,
		               .ExceptionInformation = { 7 } };
	void *v, *c;

	setvbuf(stdout, NULL, _IONBF, 0);
	v = AddVectoredExceptionHandler(1, handler);
	c = AddVectoredContinueHandler(1, count);
	faults();
	page = VirtualAlloc(NULL, 4096, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE | PAGE_GUARD);
	what = "guard";
	page[0] = 1;
	page[0] = 2;
	puts("once only");
	VirtualProtect(page, 4096, PAGE_READONLY, &old);
	what = "protect";
	page[1] = 1;
	vectors();
	what = "raise";
	RaiseException(0x12345, 0, 3, args);
	what = "record";
	RtlRaiseException(&r);
	printf("%d continued\n", continued);
	what = "ours";
	RtlCaptureContext(&back);
	if (!again)
		GetSystemTimeAsFileTime((FILETIME *)0x40);
	what = "overflow";
	page = NULL;
	WaitForSingleObject(CreateThread(NULL, 0x20000, overflows, NULL, 0, NULL), INFINITE);
	SetUnhandledExceptionFilter(filter);
	RaiseException(0x54321, 0, 0, NULL);
	puts("filtered");
	if (!RemoveVectoredExceptionHandler(v) || !RemoveVectoredContinueHandler(c) ||
	    RemoveVectoredExceptionHandler(v))
		puts("not removed");
	return 0;
}
