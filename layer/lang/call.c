/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "layer/lang/run.h"

/* Calls by the host: a frame whose return address is the one word that ends a
 * run.  A host function may call back; that run stands on top of the frame that
 * called the host. */

bool
run_pending(struct thread *t)
{
	uint32_t n = atomic_load(&t->pending);
	while (n > 1)
		if (atomic_compare_exchange_weak(&t->pending, &n, n - 1))
			return false;
	return n == 1;
}

static void
fill(void)
{
	run_loop(NULL);
}

void
run_ready(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, fill);
}

/* The first slot that is free above what runs. */
uint64_t *
run_base(const struct thread *t)
{
	return t->outer ? t->outer->fp + t->outer->func->frame : t->stack;
}

int
run_begin(struct thread *t, struct func *f, const uint64_t *args, struct err *e)
{
	run_ready();
	const struct type *type = type_of(f->type);
	uint64_t *fp = run_base(t);
	size_t room = (size_t)(t->stack_end - fp),
	       slots = type->pslots + type->rslots + CODE_HEADER;
	t->trap = TRAP_none;
	t->err = (struct err){ 0 };
	t->running = false;
	if (room < slots) {
		t->trap = TRAP_stack;
		return fail(e, ENOMEM, "call stack exhausted");
	}
	if (args)
		memcpy(fp, args, type->pslots * sizeof *fp);
	t->wait_until = (struct timespec){ 0 };
	t->fp = fp;
	t->func = f;
	if (!f->host) {
		if (!f->code && !code_make(t, f))
			return fail(e, E2BIG, "%s", t->err.what);
		if (room < f->frame) {
			t->trap = TRAP_stack;
			return fail(e, ENOMEM, "call stack exhausted");
		}
		uint64_t *header = fp + f->pslots;
		header[HEADER_PC] = (uint64_t)(uintptr_t)run_exit_word;
		header[HEADER_FP] = (uint64_t)(uintptr_t)fp;
		header[HEADER_FUNC] = (uint64_t)(uintptr_t)f;
		t->pc = f->code;
	}
	t->running = true;
	return 0;
}

static enum stop
call_host(struct thread *t)
{
	enum host r = t->func->host(t, t->func->env, t->fp);
	switch (r) {
	case HOST_OK: return STOP_DONE;
	case HOST_EXIT: return STOP_EXIT;
	case HOST_AGAIN: return STOP_KICK;
	default: return t->trap == TRAP_exception ? STOP_THROW : STOP_TRAP;
	}
}

enum stop
run_go(struct thread *t)
{
	run_ready();
	t->self = pthread_self();
	bool was = atomic_exchange(&t->inside, true);
	enum stop r = t->func->host ? call_host(t) : run_loop(t);
	atomic_store(&t->inside, was);
	if (r == STOP_KICK)
		atomic_store(&t->pending, 0);
	else
		t->running = false;
	return r;
}

void
run_nest(struct thread *t, struct run_outer *outer)
{
	*outer = (struct run_outer){ t->fp, t->pc, t->func, t->caller, t->outer, t->running };
	if (outer->running) {
		t->outer = outer;
		t->depth++;
	}
}

void
run_unnest(struct thread *t, const struct run_outer *outer)
{
	if (!outer->running)
		return;
	t->outer = outer->outer;
	t->depth--;
	t->fp = outer->fp;
	t->pc = outer->pc;
	t->func = outer->func;
	t->caller = outer->caller;
	t->running = true;
}

enum stop
run_call(struct thread *t, struct func *f, const uint64_t *args, uint64_t *results)
{
	struct run_outer outer;
	struct err e = { 0 };
	enum stop r = STOP_TRAP;
	run_nest(t, &outer);
	const uint64_t *fp = run_base(t);
	if (run_begin(t, f, args, &e) == 0) {
		do
			r = run_go(t);
		while (r == STOP_KICK);
	} else if (!t->err.code) {
		t->err = e;
	}
	if (r == STOP_DONE && results && type_of(f->type)->rslots)
		memcpy(results, fp, type_of(f->type)->rslots * sizeof *fp);
	run_unnest(t, &outer);
	return r;
}

void
run_kick(struct thread *t)
{
	atomic_store(&t->pending, 1);
	if (atomic_load(&t->inside))
		pthread_kill(t->self, SIGURG);
	memory_wake_thread(t);
}
