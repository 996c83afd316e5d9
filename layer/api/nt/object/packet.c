/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stdlib.h>

#include "layer/api/nt/object/packet.h"
#include "layer/api/nt/status.h"
#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/object/wait.h"

struct completion {
	struct object object;
	_Atomic uint32_t lock; /* held while it is associated or cancelled */
	bool associated;       /* under the lock: `watch` and `port` are in use */
	struct object *port;   /* own (a count) */
	struct wait_watch watch;
	struct packet what;
};

/* Nobody waits for its end: the last handle is closed. */
static void
closed(struct object *o)
{
	packet_cancel(o, false);
}

static void
destroy(struct object *o)
{
	struct completion *c = (struct completion *)o;

	if (c->port)
		object_unref(c->port);
	free(c);
}

const struct object_class packet_class = {
	.name = "WaitCompletionPacket",
	.destroy = destroy,
	.close = closed,
};

struct object *
packet_new(void)
{
	struct completion *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	object_init(&c->object, &packet_class, 0);
	return &c->object;
}

/* The target could be taken. */
static void
ended(struct wait_block *b)
{
	struct completion *c =
	        (struct completion *)((char *)b - offsetof(struct completion, watch.block));

	port_post(c->port, &c->what);
}

/* Give back what an association that is over has left.  Under the lock. */
static bool
settle(struct completion *c)
{
	bool cancelled = c->associated && wait_watch_end(&c->watch);

	c->associated = false;
	return cancelled;
}

NTSTATUS
packet_associate(struct object *o, struct object *port, struct object *target,
                 const struct packet *what, bool *signalled)
{
	struct completion *c = (struct completion *)o;
	NTSTATUS s = STATUS_INVALID_PARAMETER;

	steady_lock(&c->lock);
	if (c->associated && atomic_load(&c->watch.block.state) != WAIT_DONE)
		goto out; /* it waits already */
	settle(c);
	if (c->port)
		object_unref(c->port);
	c->port = object_ref(port);
	c->what = *what;
	c->watch.block.ended = ended;
	s = wait_watch_begin(&c->watch, object_ref(target), signalled);
	if (s < 0) {
		object_unref(target);
		goto out;
	}
	c->associated = true;
	if (*signalled)
		port_post(port, what);
out:
	steady_unlock(&c->lock);
	return s;
}

NTSTATUS
packet_cancel(struct object *o, bool take)
{
	struct completion *c = (struct completion *)o;
	NTSTATUS s = STATUS_SUCCESS;

	steady_lock(&c->lock);
	if (!c->associated)
		s = STATUS_CANCELLED;
	else if (!settle(c))
		s = take && port_remove(c->port, &c->what) ? STATUS_SUCCESS : STATUS_PENDING;
	steady_unlock(&c->lock);
	return s;
}
