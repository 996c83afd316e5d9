/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/image/undone.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "layer/api/dll/table.h"
#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/types.h"

enum { CHUNK = 65536, STUB = 32 };

struct entry {
	char *dll, *function; /* own */
	void *target;
	unsigned args;
	struct entry *next;
};

/* under lock; entries are never moved or freed: the program may hold their addresses */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned char *chunk, *writable; /* one piece of memory, seen twice */
static size_t used;
static struct entry *entries; /* who looks for leaks does not look into stubs */

static struct entry *
entry_of(const char *dll, const char *function)
{
	struct entry *x = xcalloc(1, sizeof *x);
	pthread_mutex_lock(&lock);
	x->next = entries;
	entries = x;
	pthread_mutex_unlock(&lock);
	x->dll = xstrdup(dll);
	x->function = xstrdup(function);
	return x;
}

/* Executed where nobody can write and written where nobody can execute: threads run stubs
 * while others are added. */
static bool
fresh(void)
{
	int fd = memfd_create("stubs", MFD_CLOEXEC);
	if (fd < 0)
		return false;
	void *w = MAP_FAILED, *x = MAP_FAILED;
	if (ftruncate(fd, CHUNK) == 0) {
		w = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		x = mmap(NULL, CHUNK, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	}
	close(fd);
	if (w == MAP_FAILED || x == MAP_FAILED)
		return false;
	chunk = x;
	writable = w;
	used = 0;
	return true;
}

/* mov rax, <entry>; mov r11, <to>; jmp r11 -- both registers are the callee's to change
 * (x64 calling convention: volatile, and no argument). */
static void *
emit(const struct entry *x, const void *to)
{
	unsigned char code[STUB] = { 0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0,    0,    0x49, 0xbb,
		                     0,    0,    0, 0, 0, 0, 0, 0, 0x41, 0xff, 0xe3 };
	void *at = NULL;
	memcpy(code + 2, &x, 8);
	memcpy(code + 12, &to, 8);
	pthread_mutex_lock(&lock);
	if ((chunk && used < CHUNK) || fresh()) {
		at = chunk + used;
		memcpy(writable + used, code, STUB);
		used += STUB;
	}
	pthread_mutex_unlock(&lock);
	return at;
}

static void
say(const char *text)
{
	ssize_t n = write(2, text, strlen(text));
	(void)n;
}

__attribute__((used, noreturn)) static void
reached(const struct entry *x)
{
	char text[512];
	snprintf(text, sizeof text,
	         "joist: the program calls %s!%s, which Joist does not have yet\n"
	         "       see what it needs with: joist inspect PROGRAM\n",
	         x->dll, x->function);
	say(text);
	birth_end(EXIT_OURS);
}

/* One line: the four register arguments that there are. */
__attribute__((used)) static void
called(const struct entry *x, const uint64_t *reg)
{
	char text[256];
	int n = snprintf(text, sizeof text, "%d %s!%s(", (int)gettid(), x->dll, x->function);
	for (unsigned i = 0; i < x->args && i < 4 && n < 200; i++)
		n += snprintf(text + n, sizeof text - (size_t)n, "%s%llx", i ? ", " : "",
		              (unsigned long long)reg[i]);
	n += snprintf(text + n, sizeof text - (size_t)n, "%s)\n", x->args > 4 ? ", ..." : "");
	ssize_t k = write(birth.trace_fd, text, (size_t)n);
	(void)k;
}

void undone_reached(void);
void undone_called(void);

/* rax: the entry.  The stack is as at any function's first instruction. */
__asm__(".text\n"
        ".globl undone_reached\n.hidden undone_reached\n"
        "undone_reached:\n"
        "	mov %rax, %rdi\n"
        "	and $-16, %rsp\n"
        "	call reached\n"
        "	ud2\n"
        ".globl undone_called\n.hidden undone_called\n"
        "undone_called:\n"
        "	push %rbp\n"
        "	mov %rsp, %rbp\n"
        "	push %rax\n"
        "	push %rdi\n"
        "	push %rsi\n"
        "	push %r9\n"
        "	push %r8\n"
        "	push %rdx\n"
        "	push %rcx\n"
        "	push %r10\n"
        "	mov %rsp, %rsi\n"
        "	add $8, %rsi\n"
        "	mov %rax, %rdi\n"
        "	sub $272, %rsp\n"
        "	and $-64, %rsp\n"
        "	movaps %xmm0, (%rsp)\n"
        "	movaps %xmm1, 16(%rsp)\n"
        "	movaps %xmm2, 32(%rsp)\n"
        "	movaps %xmm3, 48(%rsp)\n"
        "	movaps %xmm4, 64(%rsp)\n"
        "	movaps %xmm5, 80(%rsp)\n"
        "	movaps %xmm6, 96(%rsp)\n"
        "	movaps %xmm7, 112(%rsp)\n"
        "	movaps %xmm8, 128(%rsp)\n"
        "	movaps %xmm9, 144(%rsp)\n"
        "	movaps %xmm10, 160(%rsp)\n"
        "	movaps %xmm11, 176(%rsp)\n"
        "	movaps %xmm12, 192(%rsp)\n"
        "	movaps %xmm13, 208(%rsp)\n"
        "	movaps %xmm14, 224(%rsp)\n"
        "	movaps %xmm15, 240(%rsp)\n"
        "	call called\n"
        "	movaps (%rsp), %xmm0\n"
        "	movaps 16(%rsp), %xmm1\n"
        "	movaps 32(%rsp), %xmm2\n"
        "	movaps 48(%rsp), %xmm3\n"
        "	movaps 64(%rsp), %xmm4\n"
        "	movaps 80(%rsp), %xmm5\n"
        "	movaps 96(%rsp), %xmm6\n"
        "	movaps 112(%rsp), %xmm7\n"
        "	movaps 128(%rsp), %xmm8\n"
        "	movaps 144(%rsp), %xmm9\n"
        "	movaps 160(%rsp), %xmm10\n"
        "	movaps 176(%rsp), %xmm11\n"
        "	movaps 192(%rsp), %xmm12\n"
        "	movaps 208(%rsp), %xmm13\n"
        "	movaps 224(%rsp), %xmm14\n"
        "	movaps 240(%rsp), %xmm15\n"
        "	lea -64(%rbp), %rsp\n"
        "	pop %r10\n"
        "	pop %rcx\n"
        "	pop %rdx\n"
        "	pop %r8\n"
        "	pop %r9\n"
        "	pop %rsi\n"
        "	pop %rdi\n"
        "	pop %rax\n"
        "	pop %rbp\n"
        "	jmp *16(%rax)\n");
_Static_assert(offsetof(struct entry, target) == 16, "undone_called jumps there");

void *
undone_stub(const char *dll, const char *function)
{
	return emit(entry_of(dll, function), (void *)(uintptr_t)undone_reached);
}

void *
undone_trace(const char *dll, const char *function, void *target)
{
	unsigned args = birth.trace ? table_args(target) : TABLE_VARIABLE;
	if (args == TABLE_VARIABLE)
		return target;
	struct entry *x = entry_of(dll, function);
	x->target = target;
	x->args = args;
	void *thunk = emit(x, (void *)(uintptr_t)undone_called);
	return thunk ? thunk : target;
}
