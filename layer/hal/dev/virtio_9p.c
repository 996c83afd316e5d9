/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/dev/virtio_9p.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "core/snap.h"
#include "layer/hal/dev/ninep.h"
#include "layer/hal/dev/worker.h"

enum { F_MOUNT_TAG = 0 };
enum { QUEUE = 128, TAG_MAX = 255, FIDS_TAG = SNAP_TAG('9', 'F', 'I', 'D') };

struct share {
	struct ninep *server; /* own: the worker's thread, or at rest */
	struct worker *worker;
	char *tag; /* own */
	uint8_t *request;
	struct buf reply;
};

/* What does not fit into the guest's buffers is an error that does. */
static void
too_long(struct buf *reply)
{
	uint8_t error[11] = { 11, 0, 0, 0, 7, reply->p[5], reply->p[6], EMSGSIZE };
	reply->n = 0;
	buf_put(reply, error, sizeof error);
}

static bool
one(struct virtio *v, unsigned queue, struct chain *c, uint32_t *written)
{
	struct share *s = v->self;
	(void)queue;
	size_t n = virtio_gather(s->request, NINEP_MSIZE, c->out, c->nout, 0);
	ninep_serve(s->server, s->request, n, &s->reply);
	if (s->reply.n > c->in_bytes)
		too_long(&s->reply);
	*written = (uint32_t)virtio_scatter(c->in, c->nin, 0, s->reply.p, s->reply.n);
	return true;
}

static void
notify(struct virtio *v, unsigned queue)
{
	(void)queue;
	worker_notify(((struct share *)v->self)->worker);
}

static void
reset(struct virtio *v)
{
	struct share *s = v->self;
	worker_drain(s->worker);
	ninep_reset(s->server);
}

static void
rest(struct virtio *v)
{
	worker_rest(((struct share *)v->self)->worker);
}

static void
wake(struct virtio *v)
{
	worker_wake(((struct share *)v->self)->worker);
}

static void
config_read(struct virtio *v, uint32_t offset, uint8_t *bytes, uint32_t n)
{
	const struct share *s = v->self;
	size_t len = strlen(s->tag);
	uint8_t c[2 + TAG_MAX] = { (uint8_t)len, (uint8_t)(len >> 8) };
	memcpy(c + 2, s->tag, len);
	virtio_config_bytes(c, 2 + len, offset, bytes, n);
}

static int
save(struct virtio *v, struct snap *to, struct err *e)
{
	struct share *s = v->self;
	struct buf b = { 0 };
	ninep_save(s->server, &b);
	int rc = snap_put_buf(to, FIDS_TAG, &b, e);
	buf_free(&b);
	return rc;
}

static int
load(struct virtio *v, struct snap *from, struct err *e)
{
	struct share *s = v->self;
	struct cur c;
	return snap_get(from, FIDS_TAG, &c, e) < 0 ? -1 : ninep_load(s->server, &c, e);
}

static json_t *
inspect(struct virtio *v)
{
	const struct share *s = v->self;
	return json_pack("{s:s}", "tag", s->tag);
}

static void
destroy(struct virtio *v)
{
	struct share *s = v->self;
	worker_free(s->worker);
	ninep_free(s->server);
	buf_free(&s->reply);
	free(s->request);
	free(s->tag);
	free(s);
}

static const struct virtio_ops share_ops = { .type = "virtio-9p",
	                                     .id = 9,
	                                     .queues = 1,
	                                     .size = QUEUE,
	                                     .features = 1 << F_MOUNT_TAG,
	                                     .reset = reset,
	                                     .notify = notify,
	                                     .config_read = config_read,
	                                     .save = save,
	                                     .load = load,
	                                     .rest = rest,
	                                     .wake = wake,
	                                     .inspect = inspect,
	                                     .destroy = destroy };

struct virtio *
virtio_9p_new(struct board *b, const char *name, const char *tag, int folder, bool readonly,
              struct err *e)
{
	if (!*tag || strlen(tag) > TAG_MAX) {
		fail(e, EINVAL, "%s: a shared folder's name has 1 to %d bytes", name, TAG_MAX);
		return NULL;
	}
	struct ninep *server = ninep_new(folder, readonly, e);
	if (!server) {
		err_prefix(e, "%s", name);
		return NULL;
	}
	struct share *s = xcalloc(1, sizeof *s);
	s->server = server;
	s->tag = xstrdup(tag);
	s->request = xmalloc(NINEP_MSIZE);
	struct virtio *v = virtio_new(b, &share_ops, name, s);
	s->worker = worker_new(v, 1, one);
	return v;
}
