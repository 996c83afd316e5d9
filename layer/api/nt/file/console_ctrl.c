/* SPDX-License-Identifier: Apache-2.0 */
/* Ctrl+C and its kin: a signal of the host rings a bell, the reactor hears it and starts a thread
 * for the program's handlers. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/file/console.h"
#include "layer/api/nt/thread/thread.h"

enum { MOST = 64 };

typedef BOOL(WINAPI *handler)(DWORD event);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static handler handlers[MOST];
static size_t nhandlers;
static bool ignore_c;
static int bell = -1;
static _Atomic uint32_t rung; /* a bit for each event */
static struct reactor_wait wait;

/* The last handler first, until one says that it has done what is to be done. */
static WINAPI DWORD
run(void *arg)
{
	DWORD event = (DWORD)(uintptr_t)arg;
	handler all[MOST];
	pthread_mutex_lock(&lock);
	size_t n = nhandlers;
	memcpy(all, handlers, sizeof all);
	bool ignored = event == CTRL_C_EVENT && ignore_c;
	pthread_mutex_unlock(&lock);
	if (ignored)
		return 0;
	bool done = false;
	while (n-- && !done)
		done = all[n](event);
	/* a close ends the process even when it was handled */
	if (!done || event == CTRL_CLOSE_EVENT)
		birth_exit(0xc000013a); /* STATUS_CONTROL_C_EXIT */
	return 0;
}

static void
hear(struct reactor_wait *w, uint32_t events)
{
	uint64_t count;
	(void)events;
	if (read(bell, &count, sizeof count) < 0) {
		/* somebody else heard it */
	}
	uint32_t which = atomic_exchange(&rung, 0);
	for (DWORD e = 0; e < 8; e++)
		if (which >> e & 1) {
			struct thread *t;
			if (thread_new((void *)(uintptr_t)run, (void *)(uintptr_t)e, 0, false,
			               &t) >= 0)
				object_unref(&t->object);
		}
	(void)reactor_arm(w);
}

static void
ring(DWORD event)
{
	uint64_t one = 1;
	int e = errno;
	atomic_fetch_or(&rung, 1u << event);
	if (write(bell, &one, sizeof one) < 0) {
		/* it is ringing */
	}
	errno = e;
}

static void
on_signal(int sig)
{
	ring(sig == SIGINT ? CTRL_C_EVENT : sig == SIGQUIT ? CTRL_BREAK_EVENT : CTRL_CLOSE_EVENT);
}

/* Under lock.  Only who asks for it gets signals: else they end the process as they do. */
static bool
listen(void)
{
	if (bell >= 0)
		return true;
	bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (bell < 0)
		return false;
	wait = (struct reactor_wait){ .ready = hear, .fd = bell, .events = EPOLLIN };
	if (reactor_arm(&wait) < 0) {
		close(bell);
		bell = -1;
		return false;
	}
	struct sigaction a = { .sa_handler = on_signal, .sa_flags = SA_RESTART | SA_ONSTACK };
	static const int signals[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP };
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		(void)sigaction(signals[i], &a, NULL);
	return true;
}

NTSTATUS
console_handler(void *f, bool add)
{
	NTSTATUS s = STATUS_SUCCESS;
	handler h;
	memcpy(&h, &f, sizeof h);
	pthread_mutex_lock(&lock);
	if (!listen()) {
		s = STATUS_INSUFFICIENT_RESOURCES;
	} else if (!h) {
		ignore_c = add;
	} else if (add) {
		if (nhandlers < MOST)
			handlers[nhandlers++] = h;
		else
			s = STATUS_NO_MEMORY;
	} else {
		size_t i = nhandlers;
		while (i > 0 && handlers[i - 1] != h)
			i--;
		if (i) {
			memmove(handlers + i - 1, handlers + i, (nhandlers - i) * sizeof *handlers);
			nhandlers--;
		} else {
			s = STATUS_INVALID_PARAMETER;
		}
	}
	pthread_mutex_unlock(&lock);
	return s;
}

NTSTATUS
console_event(DWORD event)
{
	if (event > CTRL_BREAK_EVENT)
		return STATUS_INVALID_PARAMETER;
	pthread_mutex_lock(&lock);
	bool ok = listen();
	pthread_mutex_unlock(&lock);
	if (!ok)
		return STATUS_INSUFFICIENT_RESOURCES;
	ring(event);
	return STATUS_SUCCESS;
}
