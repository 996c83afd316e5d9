/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "layer/os/seccode.h"

/* The default profile is a program; this is the machine that it runs on, as the
 * kernel has it (seccomp(2): loads of aligned words of struct seccomp_data). */
static uint32_t
answer(const struct seccode *c, const struct seccomp_data *d)
{
	uint32_t a = 0, word;

	for (int pc = 0; pc < c->n; pc++) {
		const struct sock_filter *i = &c->code[pc];

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			assert_true(i->k % 4 == 0 && i->k + 4 <= sizeof *d);
			memcpy(&word, (const char *)d + i->k, 4);
			a = word;
			break;
		case BPF_ALU | BPF_AND | BPF_K: a &= i->k; break;
		case BPF_JMP | BPF_JA: pc += (int)i->k; break;
		case BPF_JMP | BPF_JEQ | BPF_K: pc += a == i->k ? i->jt : i->jf; break;
		case BPF_JMP | BPF_JGT | BPF_K: pc += a > i->k ? i->jt : i->jf; break;
		case BPF_JMP | BPF_JGE | BPF_K: pc += a >= i->k ? i->jt : i->jf; break;
		case BPF_JMP | BPF_JSET | BPF_K: pc += a & i->k ? i->jt : i->jf; break;
		case BPF_RET | BPF_K: return i->k;
		default: fail_msg("instruction %#x", i->code);
		}
	}
	fail_msg("the program has no end");
	return 0;
}

enum kind { ALWAYS, WITH_CAP, NEVER, BY_ARG };
enum { EQ, NE, MASKED };

static const struct {
	enum kind kind;
	const char *call;
	int cap;
} rows[] = {
#define ALLOW(call)                         { ALWAYS, #call, -1 },
#define ALLOW_CAP(call, cap)                { WITH_CAP, #call, CAP_##cap },
#define DENY(call)                          { NEVER, #call, -1 },
#define ALLOW_ARG(call, n, op, mask, value) { BY_ARG, #call, -1 },
#include "layer/os/seccomp.def"
#undef ALLOW
#undef ALLOW_CAP
#undef DENY
#undef ALLOW_ARG
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static struct seccode code;
static uint32_t arch;

static uint32_t
ask(int call, uint64_t arg0)
{
	struct seccomp_data d = { .nr = call, .arch = arch, .args = { arg0 } };
	return answer(&code, &d);
}

static void
build(uint64_t caps)
{
	struct err e = { 0 };

	arch = seccomp_arch_native();
	assert_int_equal(seccode_build(&code, caps, &e), 0);
	assert_in_range(code.n, 10, SECCODE_MOST);
}

/* What the table says of a call for these capabilities. */
static uint32_t
expected(const char *call, uint64_t caps)
{
	uint32_t known = SECCOMP_RET_ERRNO | ENOSYS;

	for (int i = 0; i < ROWS; i++) {
		if (strcmp(rows[i].call, call) != 0)
			continue;
		if (rows[i].kind == ALWAYS ||
		    (rows[i].kind == WITH_CAP && (caps & UINT64_C(1) << rows[i].cap)))
			return SECCOMP_RET_ALLOW;
		known = SECCOMP_RET_ERRNO | EPERM;
	}
	return known;
}

static void
every_row_is_answered_as_it_says(uint64_t caps)
{
	build(caps);
	for (int i = 0; i < ROWS; i++) {
		int n = seccomp_syscall_resolve_name(rows[i].call);
		/* Calls of other processors, and those whose argument decides. */
		bool by_arg = false;
		for (int k = 0; k < ROWS; k++)
			by_arg |= rows[k].kind == BY_ARG && strcmp(rows[k].call, rows[i].call) == 0;
		if (n < 0 || by_arg)
			continue;
		uint32_t want = expected(rows[i].call, caps), got = ask(n, 0);
		/* clone3 hides its flags from a filter: ENOSYS makes libraries use clone. */
		if (strcmp(rows[i].call, "clone3") == 0 && want != SECCOMP_RET_ALLOW)
			want = SECCOMP_RET_ERRNO | ENOSYS;
		if (got != want)
			print_message("# %s: %#x, expected %#x\n", rows[i].call, got, want);
		assert_int_equal(got, want);
	}
}

static void
with_the_default_capabilities(void **state)
{
	(void)state;
	every_row_is_answered_as_it_says(0xa80425fb);
}

static void
with_all_and_with_none(void **state)
{
	(void)state;
	every_row_is_answered_as_it_says(~UINT64_C(0));
	every_row_is_answered_as_it_says(0);
}

/* Of each number that no row names, a kernel could make a call some day. */
static void
no_other_call_is_let_through(void **state)
{
	static bool named[600];

	(void)state;
	build(0xa80425fb);
	for (int i = 0; i < ROWS; i++) {
		int n = seccomp_syscall_resolve_name(rows[i].call);
		if (n >= 0 && n < 600)
			named[n] = true;
	}
	for (int n = 0; n < 600; n++)
		if (!named[n])
			assert_int_equal(ask(n, 0), SECCOMP_RET_ERRNO | ENOSYS);
	assert_int_equal(ask(-1, 0), SECCOMP_RET_ERRNO | ENOSYS);
	assert_int_equal(ask(INT32_MAX, 0), SECCOMP_RET_ERRNO | ENOSYS);
}

static void
arguments_decide(void **state)
{
	(void)state;
	build(0xa80425fb);
	int clone_call = seccomp_syscall_resolve_name("clone");
	assert_int_equal(ask(clone_call, 0x1200011), SECCOMP_RET_ALLOW);          /* fork */
	assert_int_equal(ask(clone_call, 0x10000000), SECCOMP_RET_ERRNO | EPERM); /* NEWUSER */
	assert_int_equal(ask(clone_call, 0x00020000), SECCOMP_RET_ERRNO | EPERM); /* NEWNS */
	int personality = seccomp_syscall_resolve_name("personality");
	assert_int_equal(ask(personality, 0xffffffff), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(personality, 8), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(personality, 0x400000), SECCOMP_RET_ERRNO | EPERM);
	/* To the kernel these are ints: what is in the upper half changes nothing. */
	assert_int_equal(ask(personality, UINT64_C(0x100000008)), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(clone_call, UINT64_C(0x110000000)), SECCOMP_RET_ERRNO | EPERM);
	int sock = seccomp_syscall_resolve_name("socket");
	if (sock >= 0) {
		assert_int_equal(ask(sock, 2), SECCOMP_RET_ALLOW);
		assert_int_equal(ask(sock, 40), SECCOMP_RET_ERRNO | EPERM); /* AF_VSOCK */
	}
}

/* On x86-64 the same number means other things to programs of 32 bits, and a
 * bit turns it into one of the x32 interface. */
static void
other_interfaces_are_no_way_around(void **state)
{
	(void)state;
	build(0xa80425fb);
	if (arch != AUDIT_ARCH_X86_64)
		skip();
	int mount_call = seccomp_syscall_resolve_name("mount");
	assert_int_not_equal(ask(mount_call | 0x40000000, 0), SECCOMP_RET_ALLOW);
	struct seccomp_data d = { .nr = 21 /* mount, on i386 */, .arch = AUDIT_ARCH_I386 };
	assert_int_not_equal(answer(&code, &d), SECCOMP_RET_ALLOW);
	d.arch = 0x12345678;
	assert_int_not_equal(answer(&code, &d), SECCOMP_RET_ALLOW);
}

UNIT_MAIN(TEST(with_the_default_capabilities), TEST(with_all_and_with_none),
          TEST(no_other_call_is_let_through), TEST(arguments_decide),
          TEST(other_interfaces_are_no_way_around))
