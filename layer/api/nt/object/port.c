/* SPDX-License-Identifier: Apache-2.0 */
/* port.c -- a ring of packets, and the threads that wait for one: the last that came first.
 *
 * A packet is handed to a waiting thread directly; it stands in the ring only while nobody
 * waits.  The ring's length is the object's state, so a port can be waited for as well.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/except/except.h"
#include "layer/api/nt/object/port.h"
#include "layer/api/nt/object/reactor.h"
#include "layer/api/nt/status.h"
#include "layer/api/nt/object/sync.h"
#include "layer/api/nt/object/wait.h"

struct taker {
	struct taker *next;
	struct wait_block block;
	struct packet packet;
	bool queued;
};

struct port {
	struct object object;
	uint32_t limit;     /* fixed; of threads that run with its packets; 0: none */
	_Atomic bool files; /* who waits may look for descriptors himself (reactor.h) */
	/* under object.lock */
	struct taker *takers;
	struct packet *ring;         /* own */
	uint32_t size, first, count; /* size: a power of two */
	uint32_t running;            /* with a limit: those with a packet that do not wait */
	bool closed;
};

_Thread_local struct port_mine port_mine __attribute__((tls_model("initial-exec")));

static void
destroy(struct object *o)
{
	struct port *p = (struct port *)o;

	free(p->ring);
	free(p);
}

/* The last handle is closed: whoever waits is told. */
static void
port_close(struct object *o)
{
	struct port *p = (struct port *)o;

	steady_lock(&o->lock);
	p->closed = true;
	for (struct taker *k = p->takers, *next; k; k = next) {
		next = k->next;
		k->queued = false;
		if (wait_claim(&k->block))
			wait_finish(&k->block, STATUS_ABANDONED_WAIT_0);
	}
	p->takers = NULL;
	steady_unlock(&o->lock);
}

const struct object_class port_class = {
	.name = "IoCompletion",
	.destroy = destroy,
	.close = port_close,
};

struct object *
port_new(uint32_t concurrency)
{
	struct port *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	object_init(&p->object, &port_class, 0);
	p->limit = concurrency;
	return &p->object;
}

void
port_for_files(struct object *o)
{
	atomic_store(&((struct port *)o)->files, true);
}

static bool
grow(struct port *p)
{
	uint32_t size = p->size ? p->size * 2 : 32;
	struct packet *new = malloc(size * sizeof *new);

	if (!new)
		return false;
	for (uint32_t i = 0; i < p->count; i++)
		new[i] = p->ring[(p->first + i) & (p->size - 1)];
	free(p->ring);
	p->ring = new;
	p->size = size;
	p->first = 0;
	return true;
}

/* Under the lock: may one more thread run? */
static bool
room(const struct port *p)
{
	return !p->limit || p->running < p->limit;
}

/* To a thread that waits; false: there is none, or it may not run.  Under the lock. */
static bool
hand(struct port *p, const struct packet *packet)
{
	struct taker *k;

	while (room(p) && (k = p->takers) != NULL) {
		p->takers = k->next;
		k->queued = false;
		if (!wait_claim(&k->block))
			continue;
		k->packet = *packet;
		p->running += p->limit != 0;
		wait_finish(&k->block, STATUS_SUCCESS);
		return true;
	}
	return false;
}

NTSTATUS
port_post(struct object *o, const struct packet *packet)
{
	struct port *p = (struct port *)o;
	NTSTATUS s = STATUS_SUCCESS;

	steady_lock(&o->lock);
	if (hand(p, packet)) {
		steady_unlock(&o->lock);
		return STATUS_SUCCESS;
	}
	if (p->count == p->size && !grow(p)) {
		s = STATUS_NO_MEMORY;
	} else {
		p->ring[(p->first + p->count++) & (p->size - 1)] = *packet;
		atomic_store(&o->state, (int32_t)p->count);
	}
	steady_unlock(&o->lock);
	if (atomic_load(&o->waiters))
		object_wake(o);
	return s;
}

/* Under the lock. */
static ULONG
from_ring(struct port *p, struct packet *out, ULONG n)
{
	ULONG i;

	for (i = 0; i < n && p->count; i++) {
		out[i] = p->ring[p->first];
		p->first = (p->first + 1) & (p->size - 1);
		p->count--;
	}
	if (i)
		atomic_store_explicit(&p->object.state, (int32_t)p->count, memory_order_release);
	return i;
}

/* -- with a limit ------------------------------------------------------------------- */

/* Under the lock: one thread less runs. */
static void
stop_running(struct port *p)
{
	p->running--;
	while (p->count && hand(p, &p->ring[p->first])) {
		p->first = (p->first + 1) & (p->size - 1);
		p->count--;
		atomic_store_explicit(&p->object.state, (int32_t)p->count, memory_order_release);
	}
}

void
port_pause_it(void)
{
	struct port *p = port_mine.port;

	port_mine.runs = false;
	steady_lock(&p->object.lock);
	stop_running(p);
	steady_unlock(&p->object.lock);
}

/* There may be more than the limit then: who waited goes on at once. */
void
port_resume(bool paused)
{
	struct port *p = port_mine.port;

	if (!paused)
		return;
	steady_lock(&p->object.lock);
	p->running++;
	steady_unlock(&p->object.lock);
	port_mine.runs = true;
}

void
port_leave(void)
{
	struct port *p = port_mine.port;

	port_pause();
	port_mine.port = NULL;
	if (p)
		object_unref(&p->object);
}

/* It has a packet of a port with a limit, and is counted. */
static void
run_for(struct port *p)
{
	if (port_mine.port != p) {
		port_leave();
		object_ref(&p->object);
		port_mine.port = p;
	}
	port_mine.runs = true;
}

/* Up to n of the ring by a thread that wants some.  Under the lock; if it had taken from this port
 * before, it still counts, and is not counted again. */
static ULONG
take_now(struct port *p, struct packet *out, ULONG n)
{
	bool counts = port_mine.runs && port_mine.port == p;

	if (!p->limit)
		return from_ring(p, out, n);
	if (counts)
		p->running--;
	n = room(p) ? from_ring(p, out, n) : 0;
	if (n || counts)
		p->running++;
	return n;
}

/* -- taking --------------------------------------------------------------------------- */

static void
take_off(struct port *p, struct taker *k)
{
	struct taker **at;

	for (at = &p->takers; *at; at = &(*at)->next)
		if (*at == k) {
			*at = k->next;
			break;
		}
	k->queued = false;
}

static __attribute__((noinline)) NTSTATUS
take_slowly(struct port *p, struct packet *out, ULONG n, ULONG *taken, bool alertable,
            uint64_t deadline)
{
	struct taker k = { 0 };
	bool files = atomic_load_explicit(&p->files, memory_order_relaxed);

	if (!wait_begin(&k.block, thread_self(), false, alertable)) {
		wait_apc_run();
		return STATUS_USER_APC;
	}
	port_pause();
	steady_lock(&p->object.lock);
	*taken = take_now(p, out, n);
	if (*taken || p->closed) {
		steady_unlock(&p->object.lock);
		if (p->limit && *taken)
			run_for(p);
		/* an APC or the thread's end may have claimed it: that is seen at the next wait */
		wait_end(&k.block);
		if (*taken)
			return STATUS_SUCCESS;
		return STATUS_ABANDONED_WAIT_0;
	}
	k.next = p->takers;
	p->takers = &k;
	k.queued = true;
	k.block.leads = files && reactor_lead();
	steady_unlock(&p->object.lock);
	wait_sleep_on(&k.block, deadline);
	if (files)
		reactor_follow(k.block.leads);
	if (k.block.result == STATUS_SUCCESS) {
		out[0] = k.packet;
		*taken = 1;
		if (p->limit)
			run_for(p);
	} else {
		steady_lock(&p->object.lock);
		if (k.queued)
			take_off(p, &k);
		steady_unlock(&p->object.lock);
	}
	wait_end(&k.block);
	if (k.block.result == STATUS_USER_APC)
		wait_apc_run();
	return k.block.result;
}

NTSTATUS
port_take(struct object *o, struct packet *out, ULONG n, ULONG *taken, bool alertable,
          uint64_t deadline)
{
	struct port *p = (struct port *)o;

	*taken = 0;
	if (!n)
		return STATUS_INVALID_PARAMETER;
	if (atomic_load_explicit(&o->state, memory_order_relaxed)) {
		steady_lock(&o->lock);
		*taken = take_now(p, out, n);
		steady_unlock(&o->lock);
		if (*taken) {
			if (p->limit)
				run_for(p);
			else if (port_mine.runs)
				port_leave();
			return STATUS_SUCCESS;
		}
	}
	if (!deadline) {
		if (alertable && wait_apc_run())
			return STATUS_USER_APC;
		return STATUS_TIMEOUT;
	}
	return take_slowly(p, out, n, taken, alertable, deadline);
}

bool
port_remove(struct object *o, const struct packet *like)
{
	struct port *p = (struct port *)o;
	bool found = false;
	uint32_t i;

	steady_lock(&o->lock);
	for (i = 0; i < p->count && !found; i++) {
		const struct packet *k = &p->ring[(p->first + i) & (p->size - 1)];

		found = k->key == like->key && k->apc_context == like->apc_context &&
		        k->status == like->status && k->information == like->information;
	}
	if (found) {
		for (; i < p->count; i++) /* those behind it move up */
			p->ring[(p->first + i - 1) & (p->size - 1)] =
			        p->ring[(p->first + i) & (p->size - 1)];
		p->count--;
		atomic_store(&o->state, (int32_t)p->count);
	}
	steady_unlock(&o->lock);
	return found;
}

uint32_t
port_depth(struct object *o)
{
	return (uint32_t)atomic_load(&o->state);
}

struct result {
	struct IO_STATUS_BLOCK *iosb;
	NTSTATUS status;
	ULONG_PTR information;
};

static void
tell(void *a)
{
	struct result *r = a;

	r->iosb->Information = r->information;
	/* whoever polls for it sees the rest first */
	__atomic_store_n(&r->iosb->Status, r->status, __ATOMIC_RELEASE);
}

void
port_done(struct io *io, NTSTATUS status, ULONG_PTR information)
{
	struct result r = { io->iosb, status, information };

	/* It may be gone: the program has freed it too early, and then nobody looks.  We may be
	 * the reactor, in which no exception can begin. */
	if (io->iosb)
		except_try(tell, &r);
	if (io->event)
		sync_set(io->event, NULL);
	if (io->file)
		object_signal(io->file);
	if (io->apc && io->thread)
		wait_apc_queue(io->thread, io->apc, io->apc_context, io->iosb, NULL);
	else if (io->port && !io->skip_port && io->apc_context) {
		struct packet p = { io->key, io->apc_context, status, information };

		port_post(io->port, &p);
	}
	if (io->event)
		object_unref(io->event);
	if (io->file)
		object_unref(io->file);
	if (io->port)
		object_unref(io->port);
	if (io->thread)
		object_unref(&io->thread->object);
	io->event = io->file = io->port = NULL;
	io->thread = NULL;
}
