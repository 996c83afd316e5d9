/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/seccode.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "layer/os/caps.h"
#include "layer/os/secrule.h"

enum { CMP_EQ, CMP_NE, CMP_MASKED };

static const char *const allowed[] = {
#define ALLOW(call) #call,
#define ALLOW_CAP(call, cap)
#define ALLOW_ARG(call, n, op, mask, value)
#define DENY(call)
#include "layer/os/seccomp.def"
#undef ALLOW
#undef ALLOW_CAP
#undef DENY
#undef ALLOW_ARG
};

static const struct {
	const char *call, *cap;
} by_cap[] = {
#define ALLOW(call)
#define ALLOW_CAP(call, cap) { #call, #cap },
#define ALLOW_ARG(call, n, op, mask, value)
#define DENY(call)
#include "layer/os/seccomp.def"
#undef ALLOW
#undef ALLOW_CAP
#undef DENY
#undef ALLOW_ARG
};

static const char *const denied[] = {
#define ALLOW(call)
#define ALLOW_CAP(call, cap)
#define ALLOW_ARG(call, n, op, mask, value)
#define DENY(call) #call,
#include "layer/os/seccomp.def"
#undef ALLOW
#undef ALLOW_CAP
#undef DENY
#undef ALLOW_ARG
};

static const struct {
	const char *call;
	unsigned n;
	int op;
	uint64_t mask, value;
} by_arg[] = {
#define ALLOW(call)
#define ALLOW_CAP(call, cap)
#define DENY(call)
#define ALLOW_ARG(call, n, op, mask, value) { #call, n, CMP_##op, mask, value },
#include "layer/os/seccomp.def"
#undef ALLOW
#undef ALLOW_CAP
#undef DENY
#undef ALLOW_ARG
};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static bool
has(uint64_t caps, const char *name)
{
	return caps & UINT64_C(1) << caps_number(name);
}

/* Is the call opened by some capability that the container has? */
static bool
opened(uint64_t caps, const char *call)
{
	for (size_t i = 0; i < COUNT(by_cap); i++)
		if (strcmp(by_cap[i].call, call) == 0 && has(caps, by_cap[i].cap))
			return true;
	return false;
}

/* The table as text, made by the compiler: it is asked for at each start.  Two
 * texts, because C promises no longer ones than 4095 letters. */
static const char always[] =
#define ALLOW(call) #call " "
#define ALLOW_CAP(call, cap)
#define DENY(call)
#define ALLOW_ARG(call, n, op, mask, value)
#include "layer/os/seccomp.def"
#undef ALLOW
#undef ALLOW_CAP
#undef DENY
#undef ALLOW_ARG
        ;

static const char others[] =
#define ALLOW(call)
#define ALLOW_CAP(call, cap)                #call "+" #cap " "
#define DENY(call)                          "-" #call " "
#define ALLOW_ARG(call, n, op, mask, value) #call "(" #n "," #op "," #mask "," #value ") "
#include "layer/os/seccomp.def"
#undef ALLOW
#undef ALLOW_CAP
#undef DENY
#undef ALLOW_ARG
        ;

char *
seccode_text(uint64_t caps)
{
	char *version = secrule_version();
	char *text = xprintf("default 3, capabilities %llx, numbers of %s\n%s%s",
	                     (unsigned long long)caps, version, always, others);

	free(version);
	return text;
}

/* -- what is answered to each number ------------------------------------------- */

enum decision { HOLE, ALLOWED, REFUSED, UNKNOWN, BY_ARG };

enum { MOST_CALLS = 1024 };

static void
decide(unsigned char *of, uint32_t arch, const char *call, unsigned char d)
{
	int nr = seccomp_syscall_resolve_name_arch(arch, call);

	if (nr >= 0 && nr < MOST_CALLS)
		of[nr] = d;
}

/* Returns how many numbers there are; those behind them are UNKNOWN. */
static int
decisions(unsigned char *of, uint32_t arch, uint64_t caps)
{
	int n = MOST_CALLS;

	memset(of, HOLE, MOST_CALLS);
	for (size_t i = 0; i < COUNT(denied); i++)
		decide(of, arch, denied[i], REFUSED);
	for (size_t i = 0; i < COUNT(by_cap); i++)
		decide(of, arch, by_cap[i].call, REFUSED);
	/* clone is judged by its flags; clone3, whose flags a filter cannot see,
	 * is not there, and the C library then uses clone. */
	decide(of, arch, "clone3", UNKNOWN);
	for (size_t i = 0; i < COUNT(allowed); i++)
		decide(of, arch, allowed[i], ALLOWED);
	for (size_t i = COUNT(by_arg); i-- > 0;)
		decide(of, arch, by_arg[i].call, (unsigned char)(BY_ARG + i));
	for (size_t i = 0; i < COUNT(by_cap); i++)
		if (opened(caps, by_cap[i].call))
			decide(of, arch, by_cap[i].call, ALLOWED);
	/* Calls of this kernel's past or future that no row names; also a number that
	 * no call had when libseccomp was made may be one by now. */
	while (n > 0 && of[n - 1] == HOLE)
		n--;
	for (int nr = 0; nr < n; nr++)
		if (of[nr] == HOLE)
			of[nr] = UNKNOWN;
	return n;
}

/* -- code -------------------------------------------------------------------------- */

struct run {
	uint32_t from;
	unsigned char decision;
};

static void
emit(struct seccode *c, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
	if (c->n < SECCODE_MOST)
		c->code[c->n] = (struct sock_filter){ .code = code, .k = k, .jt = jt, .jf = jf };
	c->n++;
}

static void
answer(struct seccode *c, uint32_t action)
{
	emit(c, BPF_RET | BPF_K, action, 0, 0);
}

/* All rows of one call are alternatives.  Only the lower half of an argument
 * is looked at: these are ints to the kernel, and a caller could put anything
 * into the upper one. */
static void
by_argument(struct seccode *c, size_t row)
{
	for (size_t i = row; i < COUNT(by_arg); i++) {
		if (strcmp(by_arg[i].call, by_arg[row].call) != 0)
			continue;
		emit(c, BPF_LD | BPF_W | BPF_ABS,
		     (uint32_t)offsetof(struct seccomp_data, args) + 8 * by_arg[i].n, 0, 0);
		if (by_arg[i].op == CMP_MASKED)
			emit(c, BPF_ALU | BPF_AND | BPF_K, (uint32_t)by_arg[i].mask, 0, 0);
		bool unequal = by_arg[i].op == CMP_NE;
		emit(c, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)by_arg[i].value, unequal, !unequal);
		answer(c, SECCOMP_RET_ALLOW);
	}
	answer(c, SECCOMP_RET_ERRNO | EPERM);
}

static void
leaf(struct seccode *c, unsigned char d)
{
	if (d >= BY_ARG)
		by_argument(c, (size_t)(d - BY_ARG));
	else
		answer(c, d == ALLOWED   ? SECCOMP_RET_ALLOW
		          : d == REFUSED ? SECCOMP_RET_ERRNO | EPERM
		                         : SECCOMP_RET_ERRNO | ENOSYS);
}

/* A search among runs [lo, hi]; the number is in the accumulator. */
static void
tree(struct seccode *c, const struct run *r, int lo, int hi)
{
	if (lo == hi) {
		leaf(c, r[lo].decision);
		return;
	}
	int mid = (lo + hi + 1) / 2, at = c->n;
	emit(c, BPF_JMP | BPF_JGE | BPF_K, r[mid].from, 0, 0);
	tree(c, r, lo, mid - 1);
	int left = c->n - at - 1;
	if (c->n >= SECCODE_MOST)
		return;
	if (left <= 255) {
		c->code[at].jt = (uint8_t)left;
	} else {
		/* Too far for a conditional jump: over a long one. */
		memmove(&c->code[at + 2], &c->code[at + 1], (size_t)left * sizeof c->code[0]);
		c->code[at].jf = 1;
		c->code[at + 1] =
		        (struct sock_filter){ .code = BPF_JMP | BPF_JA, .k = (uint32_t)left };
		c->n++;
	}
	tree(c, r, mid, hi);
}

static void
architecture(struct seccode *c, uint32_t arch, uint64_t caps)
{
	unsigned char of[MOST_CALLS];
	struct run runs[MOST_CALLS + 1];
	int n = decisions(of, arch, caps), k = 0, at = c->n;

	emit(c, BPF_JMP | BPF_JEQ | BPF_K, arch, 1, 0);
	emit(c, BPF_JMP | BPF_JA, 0, 0, 0);
	emit(c, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	for (int nr = 0; nr < n; nr++) {
		if (k > 0 && runs[k - 1].decision == of[nr] && of[nr] < BY_ARG)
			continue;
		runs[k] = (struct run){ k > 0 ? (uint32_t)nr : 0, of[nr] };
		k++;
	}
	runs[k++] = (struct run){ (uint32_t)n, UNKNOWN };
	tree(c, runs, 0, k - 1);
	if (c->n <= SECCODE_MOST)
		c->code[at + 1].k = (uint32_t)(c->n - at - 2);
}

/* The 32-bit sister of this processor, whose programs run here too. */
static uint32_t
sister(uint32_t native)
{
	return native == SCMP_ARCH_X86_64    ? SCMP_ARCH_X86
	       : native == SCMP_ARCH_AARCH64 ? SCMP_ARCH_ARM
	                                     : 0;
}

int
seccode_build(struct seccode *c, uint64_t caps, struct err *e)
{
	uint32_t native = seccomp_arch_native();

	c->n = 0;
	emit(c, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	architecture(c, native, caps);
	if (sister(native))
		architecture(c, sister(native), caps);
	answer(c, SECCOMP_RET_ERRNO | ENOSYS);
	if (c->n > SECCODE_MOST)
		return fail(e, E2BIG, "the default seccomp profile does not fit into a filter");
	return 0;
}
