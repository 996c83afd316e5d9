/* SPDX-License-Identifier: Apache-2.0 */
/* crash.c -- what is said of an exception that nobody handled.
 *
 *	joist: app.exe: access violation (0xc0000005): it wrote to 0x10
 *	       at app.exe+0x1234
 *	       by app.exe+0x1300
 *	       rax 0x0 ...
 *	       the program ends with status 0xc0000005; ...
 *
 * It is written when little works: without memory of the heap, and each look at the program's
 * memory may fail.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "layer/api/nt/except/except.h"
#include "layer/api/nt/image/ldr.h"
#include "layer/api/nt/own.h"
#include "layer/api/nt/except/unwind.h"

enum { FRAMES = 24, CPP = (int)0xe06d7363, CLR = (int)0xe0434352 };

const char *
crash_name(DWORD code)
{
	switch ((NTSTATUS)code) {
	case STATUS_ACCESS_VIOLATION: return "access violation";
	case STATUS_STACK_OVERFLOW: return "stack overflow";
	case STATUS_GUARD_PAGE_VIOLATION: return "guard page touched";
	case STATUS_IN_PAGE_ERROR: return "file cannot be read where it is mapped";
	case STATUS_BREAKPOINT: return "breakpoint";
	case STATUS_SINGLE_STEP: return "single step";
	case STATUS_ILLEGAL_INSTRUCTION: return "illegal instruction";
	case STATUS_PRIVILEGED_INSTRUCTION: return "privileged instruction";
	case STATUS_INTEGER_DIVIDE_BY_ZERO: return "division by zero";
	case STATUS_INTEGER_OVERFLOW: return "integer overflow";
	case STATUS_FLOAT_DIVIDE_BY_ZERO: return "floating-point division by zero";
	case STATUS_ARRAY_BOUNDS_EXCEEDED: return "array bounds exceeded";
	case STATUS_DATATYPE_MISALIGNMENT: return "misaligned data";
	case STATUS_STACK_BUFFER_OVERRUN: return "the program gave up (fail fast)";
	case STATUS_HEAP_CORRUPTION: return "heap corruption";
	case STATUS_NONCONTINUABLE_EXCEPTION: return "noncontinuable exception continued";
	case STATUS_INVALID_CRUNTIME_PARAMETER: return "invalid parameter of a C function";
	case STATUS_NO_MEMORY: return "out of memory";
	case (NTSTATUS)0xc0000028: return "unwinding met a bad stack";
	case (NTSTATUS)0xc0000029: return "unwinding missed its frame";
	case (NTSTATUS)0xc0000420: return "assertion failed";
	case CPP: return "C++ exception";
	case CLR: return ".NET exception";
	default: return "exception";
	}
}

struct text {
	char s[4096];
	size_t n;
};

__attribute__((format(printf, 2, 3))) static void
add(struct text *t, const char *format, ...)
{
	va_list v;
	va_start(v, format);
	int n = vsnprintf(t->s + t->n, sizeof t->s - t->n, format, v);
	va_end(v);
	if (n > 0)
		t->n = t->n + (size_t)n < sizeof t->s ? t->n + (size_t)n : sizeof t->s - 1;
}

static void
where(struct text *t, const char *word, uint64_t pc)
{
	if (cfi_ours(pc)) {
		add(t, "       %s joist+0x%llx\n", word,
		    (unsigned long long)(pc - (uint64_t)(uintptr_t)__ehdr_start));
		return;
	}
	struct module *m = ldr_at((const void *)(uintptr_t)pc);
	if (m)
		add(t, "       %s %s+0x%llx\n", word, m->name,
		    (unsigned long long)(pc - (uint64_t)(uintptr_t)m->entry.DllBase));
	else
		add(t, "       %s 0x%llx, in no module\n", word, (unsigned long long)pc);
}

struct cpp {
	const struct EXCEPTION_RECORD *r;
	char name[200];
};

/* The name of what was thrown: ThrowInfo, its first catchable type, the type's descriptor. */
static void
cpp_name(void *a)
{
	struct cpp *x = a;
	uint64_t base = x->r->ExceptionInformation[3];
	const int32_t *throw_info = (const int32_t *)x->r->ExceptionInformation[2];
	const int32_t *array = (const int32_t *)(base + (uint32_t)throw_info[3]);
	const int32_t *type = (const int32_t *)(base + (uint32_t)array[1]);
	const char *name = (const char *)(base + (uint32_t)type[1]) + 16;
	size_t n = strnlen(name, sizeof x->name - 1);
	memcpy(x->name, name, n);
	x->name[n] = 0;
}

static void
details(struct text *t, const struct EXCEPTION_RECORD *r)
{
	struct cpp x = { .r = r };
	DWORD code = r->ExceptionCode;
	if ((code == (DWORD)STATUS_ACCESS_VIOLATION || code == (DWORD)STATUS_IN_PAGE_ERROR ||
	     code == (DWORD)STATUS_GUARD_PAGE_VIOLATION) &&
	    r->NumberParameters >= 2) {
		const char *how = r->ExceptionInformation[0] == 0   ? "it read"
		                  : r->ExceptionInformation[0] == 1 ? "it wrote to"
		                                                    : "it ran";
		if (r->ExceptionInformation[1] == UINT64_MAX)
			add(t, ": an address that cannot be");
		else
			add(t, ": %s 0x%llx", how, (unsigned long long)r->ExceptionInformation[1]);
	} else if (code == (DWORD)STATUS_STACK_BUFFER_OVERRUN && r->NumberParameters) {
		add(t, ": code %llu", (unsigned long long)r->ExceptionInformation[0]);
	} else if (code == (DWORD)CPP && r->NumberParameters >= 4 && except_try(cpp_name, &x)) {
		add(t, ": %s", x.name);
	}
}

struct walk {
	const struct CONTEXT *c;
	bool exact;
	void *frames[FRAMES];
	ULONG n;
};

static void
walk(void *a)
{
	struct walk *w = a;
	w->n = unwind_trace(w->c, w->exact, 0, FRAMES, w->frames);
}

void
crash_report(const struct EXCEPTION_RECORD *r, const struct CONTEXT *c)
{
	struct text t = { .n = 0 };
	struct module *m = ldr_main();
	struct walk w = { .c = c };
	add(&t, "joist: %s: %s (0x%x)", m ? m->name : "program", crash_name(r->ExceptionCode),
	    (unsigned)r->ExceptionCode);
	details(&t, r);
	add(&t, "\n");
	/* of RaiseException: who called it */
	const uint64_t *caller = (const uint64_t *)(uintptr_t)c->Rsp;
	bool raised = r->ExceptionAddress == except_standing &&
	              c->Rip == (uint64_t)(uintptr_t)except_standing;
	const void *at = raised ? (const void *)(uintptr_t)*caller : r->ExceptionAddress;
	where(&t, "at", (uint64_t)(uintptr_t)at);
	/* a fault stands where it is, a call that raises behind itself */
	w.exact = true;
	if (!except_try(walk, &w) || w.n <= 1) {
		w.exact = false;
		except_try(walk, &w);
	}
	for (ULONG i = 0; i < w.n; i++)
		if (w.frames[i] != at && w.frames[i] != r->ExceptionAddress)
			where(&t, "by", (uint64_t)(uintptr_t)w.frames[i]);
	static const char names[16][4] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		                           "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15" };
	for (int i = 0; i < 16; i++)
		add(&t, "%s%s 0x%llx%s", i % 4 ? " " : "       ", names[i],
		    (unsigned long long)(&c->Rax)[i], i % 4 == 3 ? "\n" : "");
	add(&t,
	    "       the program ends with status 0x%x; if it works on Windows, report these lines "
	    "to Joist\n",
	    (unsigned)r->ExceptionCode);
	for (size_t done = 0; done < t.n;) {
		ssize_t n = write(2, t.s + done, t.n - done);
		if (n <= 0)
			break;
		done += (size_t)n;
	}
}
