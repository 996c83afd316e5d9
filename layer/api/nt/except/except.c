/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/except/except.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/clock.h"
#include "layer/api/nt/except/cxx.h"
#include "layer/api/nt/own.h"
#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/image/ldr.h"
#include "layer/api/nt/except/unwind.h"
#include "layer/api/nt/except/xstate.h"
#include "layer/api/nt/mem/vm.h"

enum { RED_ZONE = 128, LONGJUMP = (int)0x80000026, UNWIND_CONSOLIDATE = (int)0x80000029 };

/* An attempt that may fault. */
struct attempt {
	struct attempt *outer;
	void *rsp;
	uint32_t holds;
};

/* What lies on the program's stack while its exception is dispatched, and beneath an area with the
 * upper parts of vector registers when they are in use. */
struct block {
	struct CONTEXT c;
	struct CONTEXT_EX ex;
	struct EXCEPTION_RECORD r;
};

_Static_assert(offsetof(struct block, ex) == sizeof(struct CONTEXT), "CONTEXT_EX");

static _Thread_local struct {
	struct thread *thread; /* NULL: none of the program's */
	struct attempt *attempt;
	const char *signal_stack; /* that the kernel knows of */
} me __attribute__((tls_model("initial-exec")));

bool except_try_call(void (*f)(void *), void *a, void **rsp);
extern const char except_try_failed[];
_Noreturn void except_jump(const struct CONTEXT *c, const void *extended, uint32_t features);

bool
except_try(void (*f)(void *a), void *a)
{
	struct attempt t = { .outer = me.attempt, .holds = steady_self.depth };
	me.attempt = &t;
	bool ok = except_try_call(f, a, &t.rsp);
	me.attempt = t.outer;
	return ok;
}

struct copy {
	void *to;
	const void *from;
	size_t n;
};

static void
copy(void *a)
{
	struct copy *c = a;
	memcpy(c->to, c->from, c->n);
}

bool
except_copy(void *to, const void *from, size_t n)
{
	struct copy c = { to, from, n };
	return except_try(copy, &c);
}

struct thread *
except_self(void)
{
	return me.thread;
}

/* -- contexts ------------------------------------------------------------------------------------- */

void
except_context_of(struct CONTEXT *c, const ucontext_t *u)
{
	const greg_t *g = u->uc_mcontext.gregs;
	memset(c, 0, offsetof(struct CONTEXT, FltSave));
	memset(c->VectorRegister, 0, sizeof *c - offsetof(struct CONTEXT, VectorRegister));
	c->ContextFlags = CONTEXT_FULL | CONTEXT_SEGMENTS;
	c->Rax = (uint64_t)g[REG_RAX];
	c->Rcx = (uint64_t)g[REG_RCX];
	c->Rdx = (uint64_t)g[REG_RDX];
	c->Rbx = (uint64_t)g[REG_RBX];
	c->Rsp = (uint64_t)g[REG_RSP];
	c->Rbp = (uint64_t)g[REG_RBP];
	c->Rsi = (uint64_t)g[REG_RSI];
	c->Rdi = (uint64_t)g[REG_RDI];
	c->R8 = (uint64_t)g[REG_R8];
	c->R9 = (uint64_t)g[REG_R9];
	c->R10 = (uint64_t)g[REG_R10];
	c->R11 = (uint64_t)g[REG_R11];
	c->R12 = (uint64_t)g[REG_R12];
	c->R13 = (uint64_t)g[REG_R13];
	c->R14 = (uint64_t)g[REG_R14];
	c->R15 = (uint64_t)g[REG_R15];
	c->Rip = (uint64_t)g[REG_RIP];
	c->EFlags = (DWORD)g[REG_EFL];
	c->SegCs = (WORD)g[REG_CSGSFS];
	c->SegSs = 0x2b;
	c->SegDs = c->SegEs = 0x2b;
	c->SegFs = 0x53;
	c->SegGs = 0x2b;
	if (u->uc_mcontext.fpregs) {
		memcpy(&c->FltSave, u->uc_mcontext.fpregs, sizeof c->FltSave);
		memset(c->FltSave.Reserved4, 0, sizeof c->FltSave.Reserved4);
		c->MxCsr = c->FltSave.MxCsr;
	}
}

/* The frame's floating-point state: the host puts back only what its XSAVE header names. */
static void
touch_fp(ucontext_t *u)
{
	char *fp = (char *)u->uc_mcontext.fpregs;
	uint32_t magic;
	uint64_t present;
	memcpy(&magic, fp + 464, 4); /* struct _fpx_sw_bytes: FP_XSTATE_MAGIC1 */
	if (magic != 0x46505853)
		return;
	memcpy(&present, fp + 512, 8);
	present |= 3;
	memcpy(fp + 512, &present, 8);
}

void
except_context_to(const struct CONTEXT *c, ucontext_t *u)
{
	greg_t *g = u->uc_mcontext.gregs;
	if ((c->ContextFlags & CONTEXT_CONTROL) == CONTEXT_CONTROL) {
		g[REG_RIP] = (greg_t)c->Rip;
		g[REG_RSP] = (greg_t)c->Rsp;
		g[REG_EFL] = (greg_t)((c->EFlags & 0x244dd5) | 0x202);
	}
	if ((c->ContextFlags & CONTEXT_INTEGER) == CONTEXT_INTEGER) {
		g[REG_RAX] = (greg_t)c->Rax;
		g[REG_RCX] = (greg_t)c->Rcx;
		g[REG_RDX] = (greg_t)c->Rdx;
		g[REG_RBX] = (greg_t)c->Rbx;
		g[REG_RBP] = (greg_t)c->Rbp;
		g[REG_RSI] = (greg_t)c->Rsi;
		g[REG_RDI] = (greg_t)c->Rdi;
		g[REG_R8] = (greg_t)c->R8;
		g[REG_R9] = (greg_t)c->R9;
		g[REG_R10] = (greg_t)c->R10;
		g[REG_R11] = (greg_t)c->R11;
		g[REG_R12] = (greg_t)c->R12;
		g[REG_R13] = (greg_t)c->R13;
		g[REG_R14] = (greg_t)c->R14;
		g[REG_R15] = (greg_t)c->R15;
	}
	if ((c->ContextFlags & CONTEXT_FLOATING_POINT) == CONTEXT_FLOATING_POINT &&
	    u->uc_mcontext.fpregs) {
		/* not the last 96 bytes, which are the host's */
		memcpy(u->uc_mcontext.fpregs, &c->FltSave,
		       offsetof(struct XMM_SAVE_AREA32, Reserved4));
		uint32_t mxcsr = c->MxCsr & 0xffff;
		memcpy((char *)u->uc_mcontext.fpregs + offsetof(struct XMM_SAVE_AREA32, MxCsr),
		       &mxcsr, 4);
		touch_fp(u);
	}
	const struct XSTATE *x = xstate_of(c);
	if (x)
		xstate_store(x, u->uc_mcontext.fpregs);
}

void
except_context_parts(struct CONTEXT *to, const struct CONTEXT *from, DWORD flags)
{
	if ((flags & CONTEXT_CONTROL) == CONTEXT_CONTROL) {
		to->Rip = from->Rip;
		to->Rsp = from->Rsp;
		to->EFlags = from->EFlags;
		to->SegCs = from->SegCs;
		to->SegSs = from->SegSs;
	}
	if ((flags & CONTEXT_INTEGER) == CONTEXT_INTEGER) {
		uint64_t rsp = to->Rsp;
		memcpy(&to->Rax, &from->Rax,
		       offsetof(struct CONTEXT, Rip) - offsetof(struct CONTEXT, Rax));
		to->Rsp = rsp;
	}
	if ((flags & CONTEXT_SEGMENTS) == CONTEXT_SEGMENTS)
		memcpy(&to->SegDs, &from->SegDs, 4 * sizeof to->SegDs);
	if ((flags & CONTEXT_FLOATING_POINT) == CONTEXT_FLOATING_POINT) {
		to->FltSave = from->FltSave;
		to->MxCsr = from->MxCsr;
	}
	if ((flags & CONTEXT_DEBUG_REGISTERS) == CONTEXT_DEBUG_REGISTERS)
		memcpy(&to->Dr0, &from->Dr0, 6 * sizeof to->Dr0);
}

/* Where registers are put together before they are taken back.  Not on the stack, which may be as short
 * as programs make it that know what an exception of Windows needs there (Go: 4 KiB). */
static _Thread_local struct {
	_Alignas(64) char area[XSTATE_AREA];
	struct CONTEXT c;
} back __attribute__((tls_model("initial-exec")));

_Noreturn void
except_resume(const struct CONTEXT *c)
{
	struct CONTEXT *t = &back.c;
	const struct XSTATE *x = xstate_of(c);
	uint64_t features = x ? xstate_unpack(x, back.area) : 0;
	except_capture(t);
	except_context_parts(t, c, c->ContextFlags);
	t->MxCsr &= 0xffff;
	t->FltSave.MxCsr = t->MxCsr;
	except_jump(t, features ? back.area : NULL, (uint32_t)features);
}

/* -- at the end ---------------------------------------------------------------------------- */

static except_filter *_Atomic top;
static _Atomic uint32_t crashing;

_Noreturn void
except_fatal(struct EXCEPTION_POINTERS *p)
{
	if (!atomic_exchange(&crashing, 1))
		crash_report(p->ExceptionRecord, p->ContextRecord);
	birth_end(p->ExceptionRecord->ExceptionCode);
}

except_filter *
except_set_filter(except_filter *f)
{
	except_filter *before = top;
	top = f;
	return before;
}

LONG
except_unhandled(struct EXCEPTION_POINTERS *p)
{
	except_filter *f = top;
	if (f) {
		LONG answer = f(p);
		if (answer != EXCEPTION_CONTINUE_SEARCH)
			return answer;
	}
	except_fatal(p);
}

_Noreturn void
except_second_chance(struct EXCEPTION_RECORD *r, struct CONTEXT *c)
{
	struct EXCEPTION_POINTERS p = { r, c };
	if (except_unhandled(&p) == EXCEPTION_CONTINUE_EXECUTION &&
	    !(r->ExceptionFlags & EXCEPTION_NONCONTINUABLE))
		except_resume(c);
	birth_end(r->ExceptionCode);
}

static uint64_t
consolidate(void *a)
{
	struct EXCEPTION_RECORD *r = a;
	return (uint64_t)(uintptr_t)((void *(
	        WINAPI *)(struct EXCEPTION_RECORD *))r->ExceptionInformation[0])(r);
}

/* RtlRestoreContext's two special records: a function that still runs on this stack, with the
 * target beneath it, and says where to go on; and a jump buffer. */
_Noreturn void
except_restore(struct CONTEXT *c, struct EXCEPTION_RECORD *r, DWORD scope)
{
	if (r && r->ExceptionCode == (DWORD)UNWIND_CONSOLIDATE && r->NumberParameters >= 1) {
		struct guard g = { .beneath = c, .scope = scope };
		c->Rip = unwind_guard(consolidate, r, &g);
	} else if (r && r->ExceptionCode == (DWORD)LONGJUMP && r->NumberParameters >= 1) {
		const uint64_t *b = (const uint64_t *)r->ExceptionInformation[0];
		c->Rbx = b[1];
		c->Rsp = b[2];
		c->Rbp = b[3];
		c->Rsi = b[4];
		c->Rdi = b[5];
		c->R12 = b[6];
		c->R13 = b[7];
		c->R14 = b[8];
		c->R15 = b[9];
		c->Rip = b[10];
		memcpy(&c->MxCsr, &b[11], 4);
		memcpy(&c->FltSave.ControlWord, (const char *)&b[11] + 4, 2);
		memcpy(&c->FltSave.XmmRegisters[6], &b[12], 160);
	}
	except_resume(c);
}

/* -- from a signal ---------------------------------------------------------------------------------- */

static uint64_t
dispatch_block(void *a)
{
	struct block *b = a;
	dispatch(&b->r, &b->c, true);
}

/* Where the thread goes on behind the signal: on its own stack, with the frame that has faulted
 * beneath. */
static _Noreturn void
entered(struct block *b)
{
	struct guard g = { .beneath = &b->c };
	unwind_guard(dispatch_block, b, &g);
	__builtin_trap();
}

static void
die(struct EXCEPTION_RECORD *r, struct CONTEXT *c)
{
	struct EXCEPTION_POINTERS p = { r, c };
	except_fatal(&p);
}

/* A thread of the host has faulted: Joist's own error. */
static void
host_fault(int sig, const ucontext_t *u)
{
	char text[160];
	int n = snprintf(text, sizeof text,
	                 "joist: internal error: signal %d at joist+0x%llx\n"
	                 "       report it with this line and the program that was run\n",
	                 sig,
	                 (unsigned long long)u->uc_mcontext.gregs[REG_RIP] -
	                         (unsigned long long)(uintptr_t)__ehdr_start);
	if (write(2, text, (size_t)n) < 0)
		(void)sig;
	signal(sig, SIG_DFL); /* and again, for the one who debugs it */
}

/* The stack's yellow pages (thread.h) are touched: all of them become the program's, so that it
 * can be told.  The memory table goes on calling them guard pages: its lock may be held by this
 * very thread, somewhere below. */
static bool
overflow(struct TEB *t, char *address)
{
	char *low = t->DeallocationStack, *limit = t->StackLimit, *hard = low + THREAD_GUARD;
	if (!low || address < low || address >= limit)
		return false;
	if (limit > hard && mprotect(hard, (size_t)(limit - hard), PROT_READ | PROT_WRITE) == 0)
		t->StackLimit = hard;
	return true;
}

/* Guard pages that the program has put at the end of its stack (Java's virtual machine does) are
 * the end of the stack, as on Windows; all of it is opened, as in overflow(). */
static bool
own_guard(struct TEB *t, const char *address)
{
	char *low = t->DeallocationStack, *hard = low + THREAD_GUARD;
	if (!low || address < low || address >= hard + THREAD_YELLOW)
		return false;
	if (mprotect(hard, THREAD_YELLOW, PROT_READ | PROT_WRITE) == 0)
		t->StackLimit = hard;
	return true;
}

bool
except_reset_stack(void)
{
	struct TEB *t = teb();
	char *hard = (char *)t->DeallocationStack + THREAD_GUARD, *limit = hard + THREAD_YELLOW;
	if (t->StackLimit != hard || (char *)__builtin_frame_address(0) < limit + 4096)
		return false;
	if (mprotect(hard, THREAD_YELLOW, PROT_NONE) < 0)
		return false;
	t->StackLimit = limit;
	return true;
}

struct extended {
	struct XSTATE x;
	char features[XSTATE_SPACE];
};

struct placing {
	struct block *to;
	const struct block *from;
	void *area;
	const void *area_from;
	size_t size;
};

static void
place(void *a)
{
	struct placing *p = a;
	memcpy(p->to, p->from, sizeof *p->to);
	if (p->size)
		memcpy(p->area, p->area_from, p->size);
}

/* Beneath what the thread has on its stack. */
static void
arrange(struct placing *p, struct block *b, struct extended *more, const ucontext_t *u)
{
	const void *frame = u->uc_mcontext.fpregs;
	uint64_t features = xstate_there(frame);
	uint64_t rsp = (uint64_t)u->uc_mcontext.gregs[REG_RSP],
	         rip = (uint64_t)u->uc_mcontext.gregs[REG_RIP];
	p->size = features ? xstate_size(features) : 0;
	/* Microsoft's convention has no red zone, ours has */
	uint64_t area = (rsp - (own_code((void *)rip) ? RED_ZONE : 0) - p->size) & ~UINT64_C(63);
	p->to = (struct block *)((area - sizeof *b) & ~UINT64_C(15));
	p->from = b;
	p->area = (void *)area;
	p->area_from = more;
	if (!features)
		return;
	xstate_attach(&b->c, &b->ex, &more->x, (LONG)(area - (uint64_t)&p->to->ex), features);
	xstate_load(&more->x, frame);
}

static void
on_fault(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *u = ctx;
	int saved = errno;
	bool write, execute, guard = false, access = fault_is_access(u, &write, &execute);
	char *address = (char *)(uintptr_t)u->uc_mcontext.gregs[REG_CR2];
	bool over = access && me.thread && overflow(me.thread->teb, address);
	if (access && !over &&
	    (vm_fault(address, write, &guard) || (!write && clock_page((uintptr_t)address))))
		goto out;
	over |= guard && me.thread && own_guard(me.thread->teb, address);
	if (me.attempt && (sig == SIGSEGV || sig == SIGBUS)) {
		steady_self.depth = me.attempt->holds;
		u->uc_mcontext.gregs[REG_RSP] = (greg_t)(uintptr_t)me.attempt->rsp;
		u->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)except_try_failed;
		me.attempt = me.attempt->outer;
		goto out;
	}
	if (!me.thread) {
		host_fault(sig, u);
		goto out;
	}
	struct block b;
	memset(&b, 0, sizeof b);
	except_context_of(&b.c, u);
	if (!fault_record(sig, si, &b.c, u, &b.r))
		goto out;
	if (guard)
		b.r.ExceptionCode = (DWORD)STATUS_GUARD_PAGE_VIOLATION;
	if (over)
		b.r.ExceptionCode = (DWORD)STATUS_STACK_OVERFLOW;
	if (b.r.ExceptionCode == (DWORD)STATUS_STACK_BUFFER_OVERRUN)
		die(&b.r, &b.c);
	struct placing p;
	struct extended more;
	arrange(&p, &b, &more, u);
	if (!except_try(place, &p))
		die(&b.r, &b.c); /* without a stack nobody can be told */
	greg_t *g = u->uc_mcontext.gregs;
	g[REG_RDI] = (greg_t)(uintptr_t)p.to;
	g[REG_RSP] = (greg_t)(uintptr_t)p.to - 8;
	g[REG_RIP] = (greg_t)(uintptr_t)entered;
	g[REG_EFL] = 0x202;
	if (u->uc_mcontext.fpregs) {
		struct XMM_SAVE_AREA32 *fp = (struct XMM_SAVE_AREA32 *)u->uc_mcontext.fpregs;
		fp->ControlWord = 0x27f;
		fp->StatusWord = 0;
		fp->TagWord = 0;
		fp->MxCsr = 0x1f80;
		touch_fp(u);
	}
out:
	errno = saved;
}

void
except_start(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
	cfi_start();
	suspend_start();
	struct sigaction a = { .sa_sigaction = on_fault,
		               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
	sigemptyset(&a.sa_mask);
	sigaddset(&a.sa_mask, suspend_signal);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		sigaction(signals[i], &a, NULL);
}

int
except_thread(struct thread *t)
{
	me.thread = t;
	me.attempt = NULL;
	if (me.signal_stack == t->signal_stack)
		return 0;
	stack_t s = { .ss_sp = t->signal_stack, .ss_size = THREAD_SIGNAL_STACK };
	if (sigaltstack(&s, NULL) < 0)
		return -1;
	me.signal_stack = t->signal_stack;
	return 0;
}

void
except_thread_end(struct thread *t)
{
	(void)t;
	except_reset_stack(); /* the next one on it has a whole one */
	me.thread = NULL;
}

/* -- from a call -------------------------------------------------------------------------------------
 * Each gets the context of its caller, with the arguments in it (except_entry.S). */

_Noreturn void
except_raise_record(struct EXCEPTION_RECORD *r, struct CONTEXT *c)
{
	dispatch(r, c, false);
}

static _Noreturn void
raise_call(struct CONTEXT *c, DWORD code, DWORD flags, DWORD n, const ULONG_PTR *args)
{
	/* bit 28 is the system's (RaiseException) */
	struct EXCEPTION_RECORD r = { .ExceptionCode = code & ~0x10000000u,
		                      .ExceptionFlags = flags & EXCEPTION_NONCONTINUABLE,
		                      .ExceptionAddress = (void *)(uintptr_t)c->Rip };
	for (DWORD i = 0; args && i < n && i < 15; i++)
		r.ExceptionInformation[r.NumberParameters++] = args[i];
	except_raise_record(&r, c);
}

_Noreturn void except_raise_host(struct CONTEXT *c);
_Noreturn void except_RaiseException(struct CONTEXT *c);
_Noreturn void except_RtlRaiseException(struct CONTEXT *c);
_Noreturn void except_RtlRaiseStatus(struct CONTEXT *c);
NTSTATUS except_NtRaiseException(struct CONTEXT *c);
_Noreturn void except_RtlUnwind(struct CONTEXT *c);
_Noreturn void except_RtlUnwindEx(struct CONTEXT *c);
ULONG except_RtlCaptureStackBackTrace(struct CONTEXT *c);
ULONG except_RtlWalkFrameChain(struct CONTEXT *c);
_Noreturn void except_CxxThrowException(struct CONTEXT *c);
_Noreturn void except_local_unwind(struct CONTEXT *c);
_Noreturn void except_longjmp(struct CONTEXT *c);

_Noreturn void
except_raise_host(struct CONTEXT *c)
{
	raise_call(c, (DWORD)c->Rdi, (DWORD)c->Rsi, (DWORD)c->Rdx, (const ULONG_PTR *)c->Rcx);
}

_Noreturn void
except_RaiseException(struct CONTEXT *c)
{
	/* In the function itself, as on Windows, not in who called it: .NET takes an access violation
	 * that stands in its own code for a fault of its own, and ends. */
	c->Rsp -= 8;
	c->Rip = (uint64_t)(uintptr_t)except_standing;
	raise_call(c, (DWORD)c->Rcx, (DWORD)c->Rdx, (DWORD)c->R8, (const ULONG_PTR *)c->R9);
}

_Noreturn void
except_RtlRaiseException(struct CONTEXT *c)
{
	struct EXCEPTION_RECORD *r = (struct EXCEPTION_RECORD *)c->Rcx;
	r->ExceptionAddress = (void *)(uintptr_t)c->Rip;
	except_raise_record(r, c);
}

_Noreturn void
except_RtlRaiseStatus(struct CONTEXT *c)
{
	raise_call(c, (DWORD)c->Rcx, EXCEPTION_NONCONTINUABLE, 0, NULL);
}

NTSTATUS
except_NtRaiseException(struct CONTEXT *c)
{
	struct EXCEPTION_RECORD *r = (struct EXCEPTION_RECORD *)c->Rcx;
	if (!(c->R8 & 0xff))
		except_second_chance(r, (struct CONTEXT *)c->Rdx);
	except_raise_record(r, (struct CONTEXT *)c->Rdx);
}

_Noreturn void
except_RtlUnwind(struct CONTEXT *c)
{
	unwind_to(c, (void *)c->Rcx, (void *)c->Rdx, (struct EXCEPTION_RECORD *)c->R8,
	          (void *)c->R9, NULL);
}

_Noreturn void
except_RtlUnwindEx(struct CONTEXT *c)
{
	void **more = (void **)(c->Rsp + 0x20);
	unwind_to(c, (void *)c->Rcx, (void *)c->Rdx, (struct EXCEPTION_RECORD *)c->R8,
	          (void *)c->R9, more[1]);
}

ULONG
except_RtlCaptureStackBackTrace(struct CONTEXT *c)
{
	void **out = (void **)c->R8;
	ULONG n = unwind_trace(c, false, (ULONG)c->Rcx, (ULONG)c->Rdx, out);
	DWORD hash = 0;
	for (ULONG i = 0; i < n; i++)
		hash += (DWORD)(uintptr_t)out[i];
	if (c->R9)
		*(DWORD *)c->R9 = hash;
	return n & 0xffff;
}

ULONG
except_RtlWalkFrameChain(struct CONTEXT *c)
{
	return unwind_trace(c, false, (ULONG)c->R8 >> 8, (ULONG)c->Rdx, (void **)c->Rcx);
}

_Noreturn void
except_local_unwind(struct CONTEXT *c)
{
	unwind_to(c, (void *)c->Rcx, (void *)c->Rdx, NULL, NULL, NULL);
}

/* A buffer without a frame is of who wants no unwinding. */
_Noreturn void
except_longjmp(struct CONTEXT *c)
{
	uint64_t *buffer = (uint64_t *)c->Rcx;
	DWORD value = (DWORD)c->Rdx ? (DWORD)c->Rdx : 1;
	struct EXCEPTION_RECORD r = { .ExceptionCode = (DWORD)LONGJUMP,
		                      .NumberParameters = 1,
		                      .ExceptionInformation = { (ULONG_PTR)buffer } };
	if (buffer[0])
		unwind_to(c, (void *)buffer[0], (void *)buffer[10], &r, (void *)(uintptr_t)value,
		          NULL);
	c->Rax = value;
	except_restore(c, &r, 0);
}

_Noreturn void
except_CxxThrowException(struct CONTEXT *c)
{
	cxx_throwing(!c->Rdx);
	struct module *m = c->Rdx ? ldr_at((const void *)c->Rdx) : NULL;
	ULONG_PTR args[4] = { CXX_MAGIC, c->Rcx, c->Rdx, m ? (ULONG_PTR)m->entry.DllBase : 0 };
	raise_call(c, (DWORD)CXX_CODE, EXCEPTION_NONCONTINUABLE, 4, args);
}
