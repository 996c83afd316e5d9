/* SPDX-License-Identifier: Apache-2.0 */
/* fault.c -- a signal of the host as an exception of Windows: code, parameters, address.
 *
 * The host's signals say less than the processor's vectors do, which come with them
 * (gregs[REG_TRAPNO], REG_ERR); where these are not enough, the instruction is looked at.
 */
#include <string.h>

#include "layer/api/nt/except/except.h"

enum {
	VECTOR_DIVIDE = 0,
	VECTOR_DEBUG = 1,
	VECTOR_BREAKPOINT = 3,
	VECTOR_OVERFLOW = 4,
	VECTOR_BOUND = 5,
	VECTOR_INVALID = 6,
	VECTOR_STACK = 12,
	VECTOR_PROTECTION = 13,
	VECTOR_PAGE = 14,
	VECTOR_X87 = 16,
	VECTOR_ALIGNMENT = 17,
	VECTOR_SIMD = 19,

	PAGE_WRITE = 2,
	PAGE_FETCH = 16,
};

enum {
	ASSERTION_FAILURE = (int)0xc0000420,
	FLOAT_DENORMAL_OPERAND = (int)0xc000008d,
	FLOAT_INEXACT_RESULT = (int)0xc000008f,
	FLOAT_INVALID_OPERATION = (int)0xc0000090,
	FLOAT_OVERFLOW = (int)0xc0000091,
	FLOAT_STACK_CHECK = (int)0xc0000092,
	FLOAT_UNDERFLOW = (int)0xc0000093,
};

struct peek {
	const uint8_t *from;
	uint8_t bytes[16];
	size_t n;
};

static void
peek_one(void *a)
{
	struct peek *p = a;
	p->bytes[p->n] = p->from[p->n];
}

/* The instruction's bytes, as many as can be read. */
static void
peek(struct peek *p, uint64_t rip)
{
	*p = (struct peek){ .from = (const uint8_t *)(uintptr_t)rip };
	while (p->n < sizeof p->bytes && except_try(peek_one, p))
		p->n++;
}

static size_t
prefixes(const struct peek *p, bool *rex_w, uint8_t *rex)
{
	size_t i = 0;
	*rex = 0;
	while (i < p->n && (p->bytes[i] == 0x66 || p->bytes[i] == 0x67 ||
	                    (p->bytes[i] & 0xe7) == 0x26 || (p->bytes[i] & 0xfe) == 0x64 ||
	                    p->bytes[i] == 0xf0 || (p->bytes[i] & 0xfe) == 0xf2))
		i++;
	if (i < p->n && (p->bytes[i] & 0xf0) == 0x40)
		*rex = p->bytes[i++];
	*rex_w = *rex & 8;
	return i;
}

/* Instructions that only an operating system may use (SDM volume 3, 5.9; IOPL is 0). */
static bool
privileged(const struct peek *p)
{
	bool w;
	uint8_t rex;
	size_t i = prefixes(p, &w, &rex);
	if (i >= p->n)
		return false;
	uint8_t op = p->bytes[i], next = i + 1 < p->n ? p->bytes[i + 1] : 0;
	uint8_t modrm = i + 2 < p->n ? p->bytes[i + 2] : 0, field = (modrm >> 3) & 7;
	if (op == 0xf4 || op == 0xfa || op == 0xfb) /* HLT CLI STI */
		return true;
	if ((op & 0xfc) == 0xe4 || (op & 0xfc) == 0xec || (op & 0xfc) == 0x6c) /* IN OUT INS OUTS */
		return true;
	if (op != 0x0f)
		return false;
	switch (next) {
	case 0x06:
	case 0x07:
	case 0x08:
	case 0x09: /* CLTS SYSRET INVD WBINVD */
	case 0x20:
	case 0x21:
	case 0x22:
	case 0x23: /* MOV CR, DR */
	case 0x30:
	case 0x32:
	case 0x33:
	case 0x35: return true;                     /* WRMSR RDMSR RDPMC SYSEXIT */
	case 0x00: return field == 2 || field == 3; /* LLDT LTR */
	case 0x01: return field == 2 || field == 3 || field == 6 || field == 7;
	}
	return false;
}

/* DIV and IDIV fault for a zero and for a quotient that is too big alike. */
static bool
divisor_is_zero(const struct peek *p, const struct CONTEXT *c)
{
	bool w;
	uint8_t rex;
	size_t i = prefixes(p, &w, &rex);
	if (i + 1 >= p->n || (p->bytes[i] & 0xfe) != 0xf6 || p->bytes[i + 1] >> 6 != 3)
		return true; /* in memory: an overflow is rare */
	int n = (p->bytes[i + 1] & 7) | (rex & 1) << 3;
	uint64_t v = (&c->Rax)[n];
	if (p->bytes[i] == 0xf6) {
		if (!rex && n >= 4)
			v = (&c->Rax)[n - 4] >> 8;
		return !(v & 0xff);
	}
	if (w)
		return !v;
	return p->bytes[0] == 0x66 ? !(v & 0xffff) : !(v & 0xffffffff);
}

static DWORD
float_code(int code)
{
	switch (code) {
	case FPE_FLTDIV: return (DWORD)STATUS_FLOAT_DIVIDE_BY_ZERO;
	case FPE_FLTOVF: return (DWORD)FLOAT_OVERFLOW;
	case FPE_FLTUND: return (DWORD)FLOAT_UNDERFLOW;
	case FPE_FLTRES: return (DWORD)FLOAT_INEXACT_RESULT;
	case FPE_FLTSUB: return (DWORD)FLOAT_STACK_CHECK;
	default: return (DWORD)FLOAT_INVALID_OPERATION;
	}
}

static void
access_violation(struct EXCEPTION_RECORD *r, ULONG_PTR how, ULONG_PTR address)
{
	r->ExceptionCode = (DWORD)STATUS_ACCESS_VIOLATION;
	r->NumberParameters = 2;
	r->ExceptionInformation[0] = how;
	r->ExceptionInformation[1] = address;
}

/* INT n is a protection fault whose error code names the gate. */
static void
protection(struct EXCEPTION_RECORD *r, struct CONTEXT *c)
{
	struct peek p;
	peek(&p, c->Rip);
	if (p.n >= 2 && p.bytes[0] == 0xcd) {
		switch (p.bytes[1]) {
		case 0x29: /* __fastfail */
			r->ExceptionCode = (DWORD)STATUS_STACK_BUFFER_OVERRUN;
			r->ExceptionFlags = EXCEPTION_NONCONTINUABLE;
			r->NumberParameters = 1;
			r->ExceptionInformation[0] = c->Rcx & 0xffffffff;
			return;
		case 0x2c: r->ExceptionCode = (DWORD)ASSERTION_FAILURE; return;
		case 0x2d: /* a debugger's service, and there is none; a byte follows */
			r->ExceptionCode = (DWORD)STATUS_BREAKPOINT;
			c->Rip += 2;
			r->NumberParameters = 1;
			r->ExceptionInformation[0] = c->Rax;
			return;
		}
	}
	if (privileged(&p))
		r->ExceptionCode = (DWORD)STATUS_PRIVILEGED_INSTRUCTION;
	else
		access_violation(r, 0, UINT64_MAX);
}

bool
fault_is_access(const ucontext_t *u, bool *write, bool *execute)
{
	uint64_t error = (uint64_t)u->uc_mcontext.gregs[REG_ERR];
	*write = error & PAGE_WRITE;
	*execute = error & PAGE_FETCH;
	return u->uc_mcontext.gregs[REG_TRAPNO] == VECTOR_PAGE;
}

static void
divide(struct EXCEPTION_RECORD *r, const struct CONTEXT *c)
{
	struct peek p;
	peek(&p, c->Rip);
	r->ExceptionCode = (DWORD)(divisor_is_zero(&p, c) ? STATUS_INTEGER_DIVIDE_BY_ZERO
	                                                  : STATUS_INTEGER_OVERFLOW);
}

bool
fault_record(int sig, const siginfo_t *si, struct CONTEXT *c, const ucontext_t *u,
             struct EXCEPTION_RECORD *r)
{
	bool write, execute;
	*r = (struct EXCEPTION_RECORD){ .ExceptionCode = 0 };
	if (si->si_code <= 0 && si->si_code != SI_KERNEL)
		return false; /* kill() and friends */
	switch (u->uc_mcontext.gregs[REG_TRAPNO]) {
	case VECTOR_DIVIDE: divide(r, c); break;
	case VECTOR_DEBUG:
		r->ExceptionCode = (DWORD)STATUS_SINGLE_STEP;
		c->EFlags &= ~0x100u;
		break;
	case VECTOR_BREAKPOINT: /* reported at the INT3, as a fault would be */
		c->Rip--;
		r->ExceptionCode = (DWORD)STATUS_BREAKPOINT;
		r->NumberParameters = 1;
		break;
	case VECTOR_OVERFLOW: r->ExceptionCode = (DWORD)STATUS_INTEGER_OVERFLOW; break;
	case VECTOR_BOUND: r->ExceptionCode = (DWORD)STATUS_ARRAY_BOUNDS_EXCEEDED; break;
	case VECTOR_INVALID: r->ExceptionCode = (DWORD)STATUS_ILLEGAL_INSTRUCTION; break;
	case VECTOR_STACK: access_violation(r, 0, UINT64_MAX); break;
	case VECTOR_PROTECTION: protection(r, c); break;
	case VECTOR_PAGE:
		fault_is_access(u, &write, &execute);
		access_violation(r, execute ? 8 : write, (ULONG_PTR)u->uc_mcontext.gregs[REG_CR2]);
		if (sig == SIGBUS) { /* behind the end of its file */
			r->ExceptionCode = (DWORD)STATUS_IN_PAGE_ERROR;
			r->NumberParameters = 3;
			r->ExceptionInformation[2] = (DWORD)STATUS_END_OF_FILE;
		}
		break;
	case VECTOR_X87:
	case VECTOR_SIMD: r->ExceptionCode = float_code(si->si_code); break;
	case VECTOR_ALIGNMENT: r->ExceptionCode = (DWORD)STATUS_DATATYPE_MISALIGNMENT; break;
	default: access_violation(r, 0, (ULONG_PTR)si->si_addr); break;
	}
	r->ExceptionAddress = (void *)(uintptr_t)c->Rip;
	return true;
}
