/* SPDX-License-Identifier: Apache-2.0 */
/* thread.c -- a thread of the program runs on a thread of the host, which has one mapping:
 *
 *	guard | yellow | the program's stack | TEB | signal stack | the host's own stack
 *
 * When the program's thread has ended, its host waits a while for the next one: a program that
 * makes a thread for each little task gets the same one again.
 */
#include <asm/prctl.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "layer/api/nt/object/port.h"
#include "layer/api/nt/except/except.h"
#include "layer/api/nt/thread/fls.h"
#include "layer/api/nt/own.h"
#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/image/ldr.h"
#include "layer/api/nt/sandbox.h"
#include "layer/api/nt/object/shared.h"
#include "layer/api/nt/object/sync.h"
#include "layer/api/nt/process/process.h"
#include "layer/api/nt/thread/thread.h"
#include "layer/api/nt/mem/vm.h"
#include "layer/api/nt/object/wait.h"

enum {
	PARKED_MOST = 8,
	PARKED_SECONDS = 4,
	TEB_SIZE = 2 * 4096,
	HOST_STACK = 64 * 1024, /* with the C library's own block on top */
	STACK_KEPT = 64 * 1024, /* what a parked thread keeps of its stack */
	STILL_ACTIVE = 259,
	GRAIN = 65536,
};

_Static_assert(sizeof(struct TEB) <= TEB_SIZE, "room for a TEB");

struct thread_host {
	char *map;                   /* own: all of it */
	size_t map_size, stack_size; /* fixed; stack_size with its guards */
	char *stack;                 /* lent: in the mapping */
	struct TEB *teb;
	char *signal_stack;
	pthread_t id;
	pid_t tid;
	uint64_t cpu;             /* ns that it has used for threads that are gone */
	struct thread *thread;    /* that runs on it, or is to; lent: the thread has a count */
	_Atomic uint32_t work;    /* futex: 1 when there is a thread to run */
	struct thread_host *next; /* of the parked or the dead; under hosts_lock */
};

void thread_switch(void **base, void *stack, void (*f)(void *), void *argument);
_Noreturn void thread_switch_back(void *base);

struct PEB *thread_peb;
size_t thread_stack_default = 1 << 20;
uint32_t thread_process_id;

static _Atomic uint32_t hosts_lock;
static struct thread_host *parked, *dead;
static unsigned nparked;
static sigset_t signals; /* that the first thread had blocked */

static _Atomic uint32_t list_lock;
static struct thread *threads;
static _Atomic uint32_t nthreads; /* futex: thread_first waits for 0 */
static _Atomic uint32_t nliving;  /* that have not begun to end */
static _Atomic uint32_t next_number;
static _Atomic uint32_t last_code;

static void
destroy(struct object *o)
{
	struct thread *t = (struct thread *)o;

	if (t->token)
		object_unref(t->token);
	if (t->end)
		shared_close(t->end);
	free(t->description);
	free(t);
}

const struct object_class thread_class = {
	.name = "Thread",
	.destroy = destroy,
	.give = process_thread_give,
	.remake = process_thread_remake,
};

void
thread_set_gs(struct TEB *t)
{
	if (getauxval(AT_HWCAP2) & 2) /* FSGSBASE may be used */
		__asm__ volatile("wrgsbase %0" ::"r"(t));
	else
		syscall(SYS_arch_prctl, ARCH_SET_GS, t);
}

static uint64_t
filetime(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return ((uint64_t)t.tv_sec + 11644473600u) * 10000000 + (uint64_t)t.tv_nsec / 100;
}

static uint64_t
cpu_time(void)
{
	struct timespec t;

	/* not by the vDSO, which has to ask as well */
	syscall(SYS_clock_gettime, CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* -- hosts -------------------------------------------------------------------- */

static struct thread_host *
host_new(size_t stack)
{
	size_t whole = stack + TEB_SIZE + THREAD_SIGNAL_STACK + HOST_STACK;
	size_t guards = THREAD_GUARD + THREAD_YELLOW;
	struct thread_host *h = calloc(1, sizeof *h);
	char *m;

	if (!h)
		return NULL;
	/* aligned as Windows' own allocations; the slack is only addresses */
	m = mmap(NULL, whole + GRAIN, PROT_NONE,
	         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (m == MAP_FAILED)
		goto undo;
	h->map = m;
	h->map_size = whole + GRAIN;
	m = (char *)(((uintptr_t)m + GRAIN - 1) & ~(uintptr_t)(GRAIN - 1));
	if (mprotect(m + guards, whole - guards, PROT_READ | PROT_WRITE) < 0)
		goto undo_map;
	if (vm_adopt(m, stack, MEM_PRIVATE, PAGE_READWRITE) < 0)
		goto undo_map;
	vm_adopt_protect(m, THREAD_GUARD, 0);
	vm_adopt_protect(m + THREAD_GUARD, THREAD_YELLOW, PAGE_READWRITE | PAGE_GUARD);
	h->stack = m;
	h->stack_size = stack;
	h->teb = (struct TEB *)(m + stack);
	h->signal_stack = m + stack + TEB_SIZE;
	return h;
undo_map:
	munmap(h->map, h->map_size);
undo:
	free(h);
	return NULL;
}

static void
host_free(struct thread_host *h)
{
	vm_forget(h->stack);
	munmap(h->map, h->map_size);
	free(h);
}

static void
teb_init(struct thread_host *h, struct thread *t)
{
	struct TEB *b = h->teb;

	memset(b, 0, sizeof *b);
	b->StackBase = h->stack + h->stack_size;
	b->StackLimit = h->stack + THREAD_GUARD + THREAD_YELLOW;
	b->DeallocationStack = h->stack;
	b->Self = b;
	b->ClientId.UniqueProcess = (HANDLE)(uintptr_t)thread_process_id;
	b->ClientId.UniqueThread = (HANDLE)(uintptr_t)t->number;
	b->ProcessEnvironmentBlock = thread_peb;
	b->StaticUnicodeString.Buffer = b->StaticUnicodeBuffer;
	b->StaticUnicodeString.MaximumLength = sizeof b->StaticUnicodeBuffer;
	b->CurrentLocale = 0x409;
	b->thread = t;
	t->teb = b;
	t->stack = h->stack;
	t->stack_size = h->stack_size;
	t->signal_stack = h->signal_stack;
	t->host = h;
	t->cpu_before = h->cpu;
}

/* Windows computes with 53 bits in the x87 unit, where the host has 64: results differ. */
static void
precision(void)
{
	static const uint16_t word = 0x27f;

	__asm__ volatile("fldcw %0" : : "m"(word));
}

/* On the program's stack: the thread's life. */
static void
body(void *argument)
{
	struct thread *t = argument;
	uint32_t n;

	steady_off(); /* not before its base is known: it may be led to thread_exit() from here */
	while ((n = (uint32_t)atomic_load(&t->suspend_count)) != 0 && !t->dying)
		steady_futex_wait((_Atomic uint32_t *)&t->suspend_count, n, UINT64_MAX);
	if (t->dying)
		thread_die();
	ldr_thread_attach();
	precision();
	thread_exit(((uint32_t(WINAPI *)(void *))(uintptr_t)t->start)(t->argument));
}

/* The first thread's modules have been told already (ldr_start). */
static void
first_body(void *argument)
{
	struct thread *t = argument;

	steady_off();
	precision();
	thread_exit(((uint32_t(WINAPI *)(void *))(uintptr_t)t->start)(t->argument));
}

static void
host_run(struct thread_host *h, void (*f)(void *))
{
	struct thread *t = h->thread;

	t->tid = h->tid;
	t->id = h->id;
	except_thread(t);
	atomic_store(&t->started, 1);
	steady_futex_wake(&t->started, INT32_MAX);
	/* what calls the program's functions keeps 32 bytes for them above */
	thread_switch(&t->base, h->stack + h->stack_size - 64, f, t);
}

/* Wait for another thread to run; false: nobody wants one. */
static bool
host_park(struct thread_host *h)
{
	struct thread_host **at;
	bool found = false;

	/* its guard pages are not where another thread expects them */
	if (vm_changed(h->stack))
		return false;
	atomic_store(&h->work, 0);
	/* a stack that was used deeply gives its pages back */
	madvise(h->stack + THREAD_GUARD + THREAD_YELLOW,
	        h->stack_size - THREAD_GUARD - THREAD_YELLOW - STACK_KEPT, MADV_DONTNEED);
	steady_lock(&hosts_lock);
	if (nparked >= PARKED_MOST) {
		steady_unlock(&hosts_lock);
		return false;
	}
	h->next = parked;
	parked = h;
	nparked++;
	steady_unlock(&hosts_lock);
	while (!atomic_load(&h->work))
		if (steady_futex_wait(&h->work, 0,
		                      wait_now() + PARKED_SECONDS * UINT64_C(1000000000)) ==
		    ETIMEDOUT)
			break;
	if (atomic_load(&h->work))
		return true;
	steady_lock(&hosts_lock);
	for (at = &parked; *at; at = &(*at)->next)
		if (*at == h) {
			*at = h->next;
			nparked--;
			found = true;
			break;
		}
	steady_unlock(&hosts_lock);
	if (found)
		return false;
	while (!atomic_load(&h->work)) /* it was chosen at the last moment */
		steady_futex_wait(&h->work, 0, UINT64_MAX);
	return true;
}

/* Join one that has left for good, and take its mapping away. */
static void
bury(void)
{
	struct thread_host *h, *left = NULL;

	steady_lock(&hosts_lock);
	h = dead;
	dead = NULL;
	steady_unlock(&hosts_lock);
	while (h) {
		struct thread_host *next = h->next;

		if (pthread_tryjoin_np(h->id, NULL) == 0) {
			host_free(h);
		} else {
			h->next = left;
			left = h;
		}
		h = next;
	}
	while (left) {
		h = left->next;
		steady_lock(&hosts_lock);
		left->next = dead;
		dead = left;
		steady_unlock(&hosts_lock);
		left = h;
	}
}

static void *
host_main(void *argument)
{
	struct thread_host *h = argument;

	/* the reactor, which blocks all, may have made it */
	pthread_sigmask(SIG_SETMASK, &signals, NULL);
	steady_on(); /* while no thread of the program runs on it */
	h->tid = (pid_t)syscall(SYS_gettid);
	h->id = pthread_self();
	thread_set_gs(h->teb);
	sandbox_thread();
	do
		host_run(h, body);
	while (host_park(h));
	if (dead)
		bury();
	steady_lock(&hosts_lock);
	h->next = dead;
	dead = h;
	steady_unlock(&hosts_lock);
	return NULL;
}

static struct thread_host *
host_parked(size_t stack)
{
	struct thread_host *h = NULL, **at;

	steady_lock(&hosts_lock);
	for (at = &parked; *at; at = &(*at)->next)
		if ((*at)->stack_size == stack) {
			h = *at;
			*at = h->next;
			nparked--;
			break;
		}
	steady_unlock(&hosts_lock);
	return h;
}

/* -- threads ------------------------------------------------------------------ */

static struct thread *
thread_alloc(void *start, void *argument, bool suspended)
{
	struct thread *t = calloc(1, sizeof *t);
	uint32_t none = 0;

	if (!t)
		return NULL;
	object_init(&t->object, &thread_class, 0);
	atomic_compare_exchange_strong(&next_number, &none, thread_process_id);
	t->number = atomic_fetch_add(&next_number, 4) + 4;
	t->start = start;
	t->argument = argument;
	t->exit_code = STILL_ACTIVE;
	t->suspend_count = suspended;
	t->created = filetime();
	return t;
}

static void
enlist(struct thread *t)
{
	steady_lock(&list_lock);
	t->next = threads;
	threads = t;
	atomic_fetch_add(&nthreads, 1);
	atomic_fetch_add(&nliving, 1);
	steady_unlock(&list_lock);
}

static void
delist(struct thread *t)
{
	struct thread **at;

	steady_lock(&list_lock);
	for (at = &threads; *at && *at != t; at = &(*at)->next)
		;
	if (*at)
		*at = t->next;
	steady_unlock(&list_lock);
}

static size_t
stack_for(size_t stack)
{
	const size_t step = 65536;

	if (!stack)
		stack = thread_stack_default;
	if (stack < 2 * STACK_KEPT)
		stack = 2 * STACK_KEPT;
	return (stack + THREAD_GUARD + THREAD_YELLOW + step - 1) & ~(step - 1);
}

static int
host_start(struct thread_host *h)
{
	pthread_attr_t a;
	int r;

	pthread_attr_init(&a);
	r = pthread_attr_setstack(&a, h->signal_stack + THREAD_SIGNAL_STACK, HOST_STACK);
	if (r == 0)
		r = pthread_create(&h->id, &a, host_main, h);
	pthread_attr_destroy(&a);
	return r;
}

NTSTATUS
thread_new(void *start, void *argument, size_t stack, bool suspended, struct thread **out)
{
	struct thread *t = thread_alloc(start, argument, suspended);
	size_t size = stack_for(stack);
	struct thread_host *h;
	bool new = false;

	if (!t)
		return STATUS_NO_MEMORY;
	if (dead)
		bury();
	h = host_parked(size);
	if (!h) {
		new = true;
		h = host_new(size);
		if (!h) {
			free(t);
			return STATUS_NO_MEMORY;
		}
	}
	h->thread = t;
	teb_init(h, t);
	object_ref(&t->object); /* the running thread's own */
	enlist(t);
	if (!new) {
		t->tid = h->tid;
		t->id = h->id;
		atomic_store(&h->work, 1);
		steady_futex_wake(&h->work, 1);
	} else if (host_start(h) != 0) {
		delist(t);
		atomic_fetch_sub(&nliving, 1);
		atomic_fetch_sub(&nthreads, 1);
		host_free(h);
		free(t);
		return STATUS_INSUFFICIENT_RESOURCES;
	}
	*out = t;
	return STATUS_SUCCESS;
}

/* It lives as long as the process; leak checkers shall find it. */
static struct thread_host *volatile first;

NTSTATUS
thread_first(void *start, void *argument, size_t stack, uint32_t *code)
{
	struct thread *t = thread_alloc(start, argument, false);
	struct thread_host *h = t ? host_new(stack_for(stack)) : NULL;
	uint32_t n;

	if (!h) {
		free(t);
		return STATUS_NO_MEMORY;
	}
	if (stack)
		thread_stack_default = stack; /* the program's is for all of its threads */
	pthread_sigmask(SIG_SETMASK, NULL, &signals);
	steady_on();
	first = h;
	h->thread = t;
	h->tid = (pid_t)syscall(SYS_gettid);
	h->id = pthread_self();
	teb_init(h, t);
	thread_set_gs(h->teb);
	enlist(t);
	host_run(h, first_body);
	while ((n = atomic_load(&nthreads)) != 0)
		steady_futex_wait(&nthreads, n, UINT64_MAX);
	*code = last_code;
	steady_off();
	return STATUS_SUCCESS;
}

_Noreturn void
thread_exit(uint32_t code)
{
	struct thread *t = thread_self();
	void *base = t->base;

	atomic_store(&t->dying, false);
	fls_thread_end(t);
	if (atomic_fetch_sub(&nliving, 1) == 1)
		ldr_process_detach();
	else
		ldr_thread_detach();
	sync_abandon(t);
	steady_on(); /* from here it cannot be suspended: it is no more */
	except_thread_end(t);
	delist(t);
	t->host->cpu = cpu_time();
	steady_lock(&t->object.lock);
	t->cpu = t->host->cpu - t->cpu_before;
	t->ended_at = filetime();
	atomic_store(&t->exit_code, code);
	atomic_store(&t->ended, true);
	steady_unlock(&t->object.lock);
	wait_apc_drop(t);
	port_leave();
	atomic_store(&last_code, code);
	free(t->teb->TlsExpansionSlots);
	t->teb->thread = NULL;
	object_signal(&t->object);
	if (t->end)
		process_thread_ended(t->end, code);
	object_unref(&t->object);
	if (atomic_fetch_sub(&nthreads, 1) == 1)
		steady_futex_wake(&nthreads, 1);
	thread_switch_back(base);
}

_Noreturn void
thread_die(void)
{
	thread_exit(atomic_load(&thread_self()->exit_code));
}

/* -- ending another one ------------------------------------------------------- */

static WINAPI void
die(void)
{
	thread_die();
}

/* It runs code of the program: let it go on in thread_die().  false: it runs ours, which may
 * be in the midst of something. */
static bool
divert(struct thread *t)
{
	struct CONTEXT c = { .ContextFlags = CONTEXT_FULL };
	ULONG before;
	bool done = false;

	if (suspend_thread(t, &before) < 0)
		return true; /* it has ended */
	if (suspend_get(t, &c) >= 0 && !own_code((const void *)(uintptr_t)c.Rip)) {
		c.Rip = (uintptr_t)die;
		c.Rsp = ((c.Rsp - 256) & ~UINT64_C(15)) - 8;
		done = suspend_set(t, &c) >= 0;
	}
	suspend_resume(t, &before);
	return done;
}

NTSTATUS
thread_terminate(struct thread *t, uint32_t code)
{
	if (t == thread_self())
		thread_exit(code);
	steady_lock(&t->object.lock);
	if (atomic_load(&t->ended)) {
		steady_unlock(&t->object.lock);
		return STATUS_SUCCESS;
	}
	atomic_store(&t->exit_code, code);
	atomic_store(&t->dying, true);
	if (t->block && wait_claim(t->block))
		wait_finish(t->block, STATUS_THREAD_IS_TERMINATING);
	steady_unlock(&t->object.lock);
	for (ULONG before = 2; before > 1;)
		if (suspend_resume(t, &before) < 0)
			break;
	for (int i = 0; i < 50 && !atomic_load(&t->ended) && atomic_load(&t->started); i++) {
		struct timespec pause = { 0, 200000 };

		if (divert(t))
			break;
		nanosleep(&pause, NULL);
	}
	return STATUS_SUCCESS;
}

struct thread *
thread_find(DWORD id)
{
	struct thread *t;

	steady_lock(&list_lock);
	for (t = threads; t && t->number != id; t = t->next)
		;
	if (t)
		object_ref(&t->object);
	steady_unlock(&list_lock);
	return t;
}

void
thread_each(void (*f)(struct thread *t, void *ctx), void *ctx)
{
	steady_lock(&list_lock);
	for (struct thread *t = threads; t; t = t->next)
		f(t, ctx);
	steady_unlock(&list_lock);
}

struct fls_values *
thread_take_fls(struct thread *t)
{
	struct fls_values *v;

	steady_lock(&list_lock);
	v = atomic_exchange(&t->fls, NULL);
	steady_unlock(&list_lock);
	return v;
}

uint32_t
thread_count(void)
{
	return atomic_load(&nliving);
}
