/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/dev/virtio.h"

#include <endian.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "core/snap.h"

enum { QUEUE_TAG = SNAP_TAG('V', 'Q', 'U', 'E'), SELF_TAG = SNAP_TAG('V', 'D', 'E', 'V') };

/* Flags of a descriptor (2.7.5) and of a ring (2.7.6, 2.7.8). */
enum { DESC_NEXT = 1, DESC_WRITE = 2, DESC_INDIRECT = 4 };
enum { AVAIL_NO_INTERRUPT = 1, USED_NO_NOTIFY = 1 };

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

struct used {
	uint32_t id, len;
};

/* The three parts of a queue, in our memory. */
struct ring {
	const struct desc *desc;
	const uint16_t *avail; /* flags, index, ring[size], used_event */
	uint16_t *used;        /* flags, index, struct used[size], avail_event */
};

static const struct field virtio_fields[] = { FIELD_OF_U64(struct virtio, features),
	                                      FIELD_OF_U8(struct virtio, status),
	                                      FIELD_OF_U32(struct virtio, generation),
	                                      FIELD_OF_BOOL(struct virtio, broken),
	                                      { 0 } };

static const struct field queue_fields[] = { FIELD_OF_U64(struct virtqueue, desc),
	                                     FIELD_OF_U64(struct virtqueue, avail),
	                                     FIELD_OF_U64(struct virtqueue, used),
	                                     FIELD_OF_U16(struct virtqueue, size),
	                                     FIELD_OF_BOOL(struct virtqueue, ready),
	                                     FIELD_OF_U16(struct virtqueue, next_avail),
	                                     FIELD_OF_U16(struct virtqueue, next_used),
	                                     FIELD_OF_U16(struct virtqueue, signalled),
	                                     FIELD_OF_BOOL(struct virtqueue, signalled_valid),
	                                     FIELD_OF_BOOL(struct virtqueue, quiet),
	                                     { 0 } };

/* -- rings ------------------------------------------------------------------------ */

/* Other harts write the rings while we read: each value is taken once. */
static uint16_t
get16(const uint16_t *p)
{
	return le16toh(__atomic_load_n(p, __ATOMIC_ACQUIRE));
}

static void
put16(uint16_t *p, uint16_t v)
{
	__atomic_store_n(p, htole16(v), __ATOMIC_RELEASE);
}

static bool
ring_of(const struct virtio *v, const struct virtqueue *q, struct ring *r)
{
	/* 2.7: alignment 16, 2 and 4 */
	if (!q->size || q->desc % 16 || q->avail % 2 || q->used % 4)
		return false;
	r->desc = bus_ram(v->bus, q->desc, 16 * (uint64_t)q->size);
	r->avail = bus_ram(v->bus, q->avail, 6 + 2 * (uint64_t)q->size);
	r->used = bus_ram(v->bus, q->used, 6 + 8 * (uint64_t)q->size);
	return r->desc && r->avail && r->used;
}

static uint16_t *
avail_event(const struct virtqueue *q, const struct ring *r)
{
	return r->used + 2 + 4 * (size_t)q->size;
}

/* Ask to be told of the next chain; true when one came meanwhile. */
static bool
arm(struct virtio *v, const struct virtqueue *q, const struct ring *r)
{
	if (q->quiet || !(v->features & VIRTIO_EVENT_IDX))
		return false;
	put16(avail_event(q, r), q->next_avail);
	bus_wrote(v->bus, q->used + 4 + 8 * (uint64_t)q->size, 2);
	/* The driver writes its index, then looks at ours; we the other way round. */
	atomic_thread_fence(memory_order_seq_cst);
	return get16(r->avail + 1) != q->next_avail;
}

static struct desc
desc_at(const void *table, uint64_t i)
{
	struct desc d;
	memcpy(&d, (const uint8_t *)table + i * sizeof d, sizeof d);
	/* what was checked is what is used: the compiler may not read it again */
	atomic_signal_fence(memory_order_seq_cst);
	return (struct desc){ le64toh(d.addr), le32toh(d.len), le16toh(d.flags), le16toh(d.next) };
}

/* Put one buffer into the chain; NULL or what is wrong about it. */
static const char *
buffer(const struct virtio *v, struct chain *c, const struct desc *d)
{
	bool in = d->flags & DESC_WRITE;
	if (!in && c->nin)
		return "a buffer to read follows one to write";
	/* An empty buffer is odd but harms nobody. */
	if (!d->len)
		return NULL;
	void *p = bus_ram(v->bus, d->addr, d->len);
	if (!p)
		return "a buffer is not in RAM";
	if (c->nout + c->nin >= VIRTIO_CHAIN)
		return "a chain has too many buffers";
	if (in) {
		c->in[c->nin++] = (struct iovec){ p, d->len };
		c->in_bytes += d->len;
	} else {
		c->out[c->nout++] = (struct iovec){ p, d->len };
		c->out_bytes += d->len;
	}
	return NULL;
}

/* Follow a chain from descriptor `at` of a table of n. */
static const char *
walk(const struct virtio *v, struct chain *c, const void *table, uint32_t n, uint32_t at,
     bool indirect)
{
	/* As many steps as descriptors: more is a loop. */
	for (uint32_t step = 0; step < n; step++) {
		if (at >= n)
			return "a descriptor is beyond its table";
		struct desc d = desc_at(table, at);
		if (d.flags & DESC_INDIRECT) {
			/* 2.7.5.3.1 */
			if (indirect || d.flags & DESC_NEXT ||
			    !(v->features & VIRTIO_INDIRECT_DESC))
				return "a table of descriptors where none can be";
			const void *t = bus_ram(v->bus, d.addr, d.len);
			if (!t || !d.len || d.len % sizeof d)
				return "a table of descriptors is not in RAM or of no right size";
			return walk(v, c, t, d.len / sizeof d, 0, true);
		}
		const char *wrong = buffer(v, c, &d);
		if (wrong || !(d.flags & DESC_NEXT))
			return wrong;
		at = d.next;
	}
	return "a chain of descriptors is a loop";
}

int
virtio_pop(struct virtio *v, unsigned queue, struct chain *c)
{
	struct virtqueue *q = &v->queue[queue];
	struct ring r;
	if (v->broken)
		return -1;
	if (!virtio_running(v) || !q->ready)
		return 0;
	if (!ring_of(v, q, &r)) {
		virtio_break(v, "a queue is not in RAM");
		return -1;
	}
	uint16_t index = get16(r.avail + 1);
	if (index == q->next_avail) {
		if (!arm(v, q, &r))
			return 0;
		index = get16(r.avail + 1);
	}
	if ((uint16_t)(index - q->next_avail) > q->size) {
		virtio_break(v, "more chains than its queue can hold");
		return -1;
	}
	c->head = get16(r.avail + 2 + (q->next_avail & (q->size - 1)));
	c->nout = c->nin = 0;
	c->out_bytes = c->in_bytes = 0;
	const char *wrong = walk(v, c, r.desc, q->size, c->head, false);
	/* 2.7.5: no more than 2^32 bytes; what is written is told in 32 bits */
	if (!wrong && (c->out_bytes > UINT32_MAX || c->in_bytes > UINT32_MAX))
		wrong = "a chain has too many bytes";
	if (wrong) {
		virtio_break(v, wrong);
		return -1;
	}
	q->next_avail++;
	return 1;
}

void
virtio_put(struct virtio *v, unsigned queue, uint16_t head, const struct iovec *in, unsigned nin,
           uint32_t written)
{
	struct virtqueue *q = &v->queue[queue];
	struct ring r;
	uint64_t left = written;
	struct used u = { htole32(head), htole32(written) };
	for (unsigned i = 0; left > 0 && i < nin; i++) {
		uint64_t n = in[i].iov_len < left ? in[i].iov_len : left;
		uint64_t at = (uint64_t)((uint8_t *)in[i].iov_base - v->bus->ram);
		bus_wrote(v->bus, v->bus->ram_start + at, n);
		left -= n;
	}
	if (v->broken || !q->ready || !ring_of(v, q, &r))
		return;
	uint32_t slot = q->next_used++ & (q->size - 1);
	memcpy(r.used + 2 + 4 * slot, &u, sizeof u);
	bus_wrote(v->bus, q->used + 4 + 8 * (uint64_t)slot, 8);
}

void
virtio_publish(struct virtio *v, unsigned queue)
{
	struct virtqueue *q = &v->queue[queue];
	struct ring r;
	if (v->broken || !q->ready || !ring_of(v, q, &r))
		return;
	put16(r.used + 1, q->next_used);
	bus_wrote(v->bus, q->used, 4);
}

void
virtio_push(struct virtio *v, unsigned queue, const struct chain *c, uint32_t written)
{
	uint32_t n = written < c->in_bytes ? written : (uint32_t)c->in_bytes;
	virtio_put(v, queue, c->head, c->in, c->nin, n);
	virtio_publish(v, queue);
}

void
virtio_unpop(struct virtio *v, unsigned queue)
{
	/* The guest may have given the queue up meanwhile. */
	if (v->queue[queue].ready)
		v->queue[queue].next_avail--;
}

bool
virtio_more(struct virtio *v, unsigned queue)
{
	struct virtqueue *q = &v->queue[queue];
	struct ring r;
	if (v->broken || !virtio_running(v) || !q->ready || !ring_of(v, q, &r))
		return false;
	return get16(r.avail + 1) != q->next_avail || arm(v, q, &r);
}

void
virtio_signal(struct virtio *v, unsigned queue)
{
	struct virtqueue *q = &v->queue[queue];
	struct ring r;
	if (v->broken || !q->ready || q->next_used == q->signalled || !ring_of(v, q, &r))
		return;
	/* What was pushed is seen before the driver's wish is read. */
	atomic_thread_fence(memory_order_seq_cst);
	bool want;
	if (v->features & VIRTIO_EVENT_IDX) {
		/* 2.7.7.2: has the index passed the one that the driver waits for? */
		uint16_t event = get16(r.avail + 2 + q->size);
		want = !q->signalled_valid || (uint16_t)(q->next_used - event - 1) <
		                                      (uint16_t)(q->next_used - q->signalled);
	} else {
		want = !(get16(r.avail) & AVAIL_NO_INTERRUPT);
	}
	q->signalled = q->next_used;
	q->signalled_valid = true;
	if (want && v->interrupt)
		v->interrupt(v->transport, (int)queue);
}

void
virtio_want_notify(struct virtio *v, unsigned queue, bool want)
{
	struct virtqueue *q = &v->queue[queue];
	struct ring r;
	q->quiet = !want;
	if (!virtio_running(v) || v->broken || !q->ready || !ring_of(v, q, &r))
		return;
	if (v->features & VIRTIO_EVENT_IDX) {
		arm(v, q, &r);
		return;
	}
	put16(r.used, want ? 0 : USED_NO_NOTIFY);
	bus_wrote(v->bus, q->used, 2);
	atomic_thread_fence(memory_order_seq_cst);
}

/* -- bytes in lists of buffers ------------------------------------------------------ */

uint64_t
virtio_gather(void *to, uint64_t n, const struct iovec *v, unsigned nv, uint64_t skip)
{
	uint64_t done = 0;
	for (unsigned i = 0; i < nv && done < n; i++) {
		if (skip >= v[i].iov_len) {
			skip -= v[i].iov_len;
			continue;
		}
		uint64_t k = v[i].iov_len - skip;
		if (k > n - done)
			k = n - done;
		memcpy((uint8_t *)to + done, (const uint8_t *)v[i].iov_base + skip, k);
		skip = 0;
		done += k;
	}
	return done;
}

uint64_t
virtio_scatter(const struct iovec *v, unsigned nv, uint64_t skip, const void *from, uint64_t n)
{
	uint64_t done = 0;
	for (unsigned i = 0; i < nv && done < n; i++) {
		if (skip >= v[i].iov_len) {
			skip -= v[i].iov_len;
			continue;
		}
		uint64_t k = v[i].iov_len - skip;
		if (k > n - done)
			k = n - done;
		memcpy((uint8_t *)v[i].iov_base + skip, (const uint8_t *)from + done, k);
		skip = 0;
		done += k;
	}
	return done;
}

/* -- what the driver does ------------------------------------------------------------ */

bool
virtio_running(const struct virtio *v)
{
	return v->status & VIRTIO_DRIVER_OK;
}

void
virtio_break(struct virtio *v, const char *why)
{
	if (v->broken)
		return;
	v->broken = true;
	v->status |= VIRTIO_NEEDS_RESET;
	err_warn("%s: the guest's driver: %s", v->name, why);
	virtio_config_changed(v);
}

void
virtio_config_changed(struct virtio *v)
{
	v->generation++;
	/* 2.1.2: nothing is sent before the driver is ready */
	if (virtio_running(v) && v->interrupt)
		v->interrupt(v->transport, -1);
}

static void
queues_reset(struct virtio *v)
{
	memset(v->queue, 0, sizeof v->queue);
	for (unsigned i = 0; i < v->ops->queues + (unsigned)v->more; i++)
		v->queue[i].size = v->ops->size;
}

static void
reset(struct virtio *v)
{
	/* The device first: what it has in flight it may still give back. */
	if (v->ops->reset)
		v->ops->reset(v);
	queues_reset(v);
	v->features = 0;
	v->status = 0;
	v->broken = false;
}

void
virtio_set_status(struct virtio *v, uint8_t value)
{
	if (!value) {
		reset(v);
		return;
	}
	uint8_t was = v->status;
	value &= (uint8_t)~VIRTIO_NEEDS_RESET;
	/* 2.2.2, 6.1: only what was offered, and no driver of old */
	if (value & VIRTIO_FEATURES_OK && !(was & VIRTIO_FEATURES_OK) &&
	    (v->features & ~v->offer || !(v->features & VIRTIO_VERSION_1)))
		value &= (uint8_t)~VIRTIO_FEATURES_OK;
	v->status |= value;
	if (!(v->status & VIRTIO_FEATURES_OK))
		v->status &= (uint8_t)~VIRTIO_DRIVER_OK;
	if (!virtio_running(v) || was & VIRTIO_DRIVER_OK)
		return;
	if (v->ops->start)
		v->ops->start(v);
	for (unsigned i = 0; i < virtio_queues(v); i++)
		virtio_notify(v, i);
}

uint32_t
virtio_offered(const struct virtio *v, uint32_t word)
{
	return word < 2 ? (uint32_t)(v->offer >> 32 * word) : 0;
}

uint32_t
virtio_agreed(const struct virtio *v, uint32_t word)
{
	return word < 2 ? (uint32_t)(v->features >> 32 * word) : 0;
}

void
virtio_agree(struct virtio *v, uint32_t word, uint32_t bits)
{
	if (word >= 2 || v->status & VIRTIO_FEATURES_OK)
		return;
	v->features &= ~(UINT64_C(0xffffffff) << 32 * word);
	v->features |= (uint64_t)bits << 32 * word;
}

struct virtqueue *
virtio_queue(struct virtio *v, uint32_t queue)
{
	return queue < virtio_queues(v) ? &v->queue[queue] : NULL;
}

/* The queue, while it may still be changed. */
static struct virtqueue *
unready(struct virtio *v, uint32_t queue)
{
	struct virtqueue *q = virtio_queue(v, queue);
	return q && !q->ready ? q : NULL;
}

void
virtio_queue_size(struct virtio *v, uint32_t queue, uint32_t size)
{
	struct virtqueue *q = unready(v, queue);
	/* 2.7: a power of two; with another the queue cannot be made ready */
	if (q)
		q->size = size <= v->ops->size && !(size & (size - 1)) ? (uint16_t)size : 0;
}

void
virtio_queue_set(struct virtio *v, uint32_t queue, enum virtio_ring r, int half, uint32_t to)
{
	struct virtqueue *q = unready(v, queue);
	if (!q)
		return;
	uint64_t *p = r == VIRTIO_DESC ? &q->desc : r == VIRTIO_AVAIL ? &q->avail : &q->used;
	*p = half ? (*p & 0xffffffff) | (uint64_t)to << 32 : (*p & ~UINT64_C(0xffffffff)) | to;
}

void
virtio_queue_ready(struct virtio *v, uint32_t queue, bool ready)
{
	struct virtqueue *q = virtio_queue(v, queue);
	struct ring r;
	if (!q || q->ready == ready)
		return;
	if (!ready) {
		/* Given up without a reset (4.2.2.2): it begins anew. */
		q->ready = false;
		q->next_avail = q->next_used = q->signalled = 0;
		q->signalled_valid = q->quiet = false;
		return;
	}
	if (!ring_of(v, q, &r)) {
		virtio_break(v, "a queue is not in RAM, badly aligned or of no right size");
		return;
	}
	q->ready = true;
}

void
virtio_notify(struct virtio *v, uint32_t queue)
{
	struct virtqueue *q = virtio_queue(v, queue);
	if (q && q->ready && virtio_running(v) && !v->broken && v->ops->notify)
		v->ops->notify(v, queue);
}

/* -- configuration space -------------------------------------------------------------- */

void
virtio_config_bytes(const void *config, size_t size, uint32_t offset, uint8_t *bytes, uint32_t n)
{
	for (uint32_t i = 0; i < n && offset < size && i < size - offset; i++)
		bytes[i] = ((const uint8_t *)config)[offset + i];
}

uint64_t
virtio_config_get(struct virtio *v, uint32_t offset, unsigned size)
{
	uint8_t bytes[8] = { 0 };
	uint64_t value;
	if (v->ops->config_read)
		v->ops->config_read(v, offset, bytes, size);
	memcpy(&value, bytes, sizeof value);
	return le64toh(value);
}

void
virtio_config_set(struct virtio *v, uint32_t offset, unsigned size, uint64_t value)
{
	uint8_t bytes[8];
	value = htole64(value);
	memcpy(bytes, &value, sizeof bytes);
	if (v->ops->config_write)
		v->ops->config_write(v, offset, bytes, size);
}

/* -- what the board does -------------------------------------------------------------- */

static void
board_reset_(void *self)
{
	reset(self);
}

static int
save(void *self, struct snap *s, struct err *e)
{
	struct virtio *v = self;
	struct buf b = { 0 };
	int rc = 0;
	for (unsigned i = 0; i < virtio_queues(v) && rc == 0; i++) {
		b.n = 0;
		field_save(&b, queue_fields, &v->queue[i]);
		rc = snap_put_buf(s, QUEUE_TAG, &b, e);
	}
	if (rc == 0 && v->ops->fields) {
		b.n = 0;
		field_save(&b, v->ops->fields, v->self);
		rc = snap_put_buf(s, SELF_TAG, &b, e);
	}
	buf_free(&b);
	if (rc == 0 && v->ops->save)
		rc = v->ops->save(v, s, e);
	return rc;
}

/* A snapshot is no more to be trusted than a guest. */
static bool
sane(const struct virtio *v)
{
	for (unsigned i = 0; i < virtio_queues(v); i++) {
		uint16_t size = v->queue[i].size;
		if (size > v->ops->size || size & (size - 1) || (v->queue[i].ready && !size))
			return false;
	}
	return !(v->features & ~v->offer) || !(v->status & VIRTIO_FEATURES_OK);
}

static int
load(void *self, struct snap *s, struct err *e)
{
	struct virtio *v = self;
	struct cur c;
	for (unsigned i = 0; i < virtio_queues(v); i++) {
		if (snap_get(s, QUEUE_TAG, &c, e) < 0 ||
		    field_load(&c, queue_fields, &v->queue[i], v->name, e) < 0)
			return -1;
	}
	if (v->ops->fields && (snap_get(s, SELF_TAG, &c, e) < 0 ||
	                       field_load(&c, v->ops->fields, v->self, v->name, e) < 0))
		return -1;
	if (!sane(v))
		return fail(e, EBADMSG,
		            "%s: the snapshot has features or queues that this device has not",
		            v->name);
	return v->ops->load ? v->ops->load(v, s, e) : 0;
}

static void
rest(void *self)
{
	struct virtio *v = self;
	if (v->ops->rest)
		v->ops->rest(v);
}

static void
wake(void *self)
{
	struct virtio *v = self;
	if (v->ops->wake)
		v->ops->wake(v);
	pthread_mutex_lock(&v->bus->lock);
	for (unsigned i = 0; i < virtio_queues(v); i++)
		virtio_notify(v, i);
	pthread_mutex_unlock(&v->bus->lock);
}

static json_t *
inspect(void *self)
{
	struct virtio *v = self;
	json_t *o = v->ops->fields ? field_json(v->ops->fields, v->self) : json_object();
	json_t *queues = json_array();
	for (unsigned i = 0; i < virtio_queues(v); i++)
		json_array_append_new(queues, field_json(queue_fields, &v->queue[i]));
	json_object_set_new(o, "queues", queues);
	if (v->ops->inspect) {
		json_t *more = v->ops->inspect(v);
		json_object_update(o, more);
		json_decref(more);
	}
	return o;
}

static void
destroy(void *self)
{
	struct virtio *v = self;
	if (v->ops->destroy)
		v->ops->destroy(v);
	free(v->name);
	free(v);
}

struct virtio *
virtio_new(struct board *b, const struct virtio_ops *ops, const char *name, void *self)
{
	struct virtio *v = xcalloc(1, sizeof *v);
	v->ops = ops;
	v->name = xstrdup(name);
	v->self = self;
	v->board = b;
	v->bus = board_bus(b);
	v->offer = ops->features | VIRTIO_VERSION_1 | VIRTIO_INDIRECT_DESC | VIRTIO_EVENT_IDX;
	v->kind = (struct device){ .type = ops->type,
		                   .fields = virtio_fields,
		                   .reset = board_reset_,
		                   .save = save,
		                   .load = load,
		                   .rest = rest,
		                   .wake = wake,
		                   .inspect = inspect,
		                   .destroy = destroy };
	queues_reset(v);
	board_add(b, &v->kind, name, v);
	return v;
}

void
virtio_offer_queues(struct virtio *v, uint8_t more, uint8_t bit)
{
	v->more = more;
	v->more_bit = bit;
	v->offer |= UINT64_C(1) << bit;
	queues_reset(v);
}
