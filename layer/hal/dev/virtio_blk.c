/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/dev/virtio_blk.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "layer/hal/dev/worker.h"

/* Feature bits (5.2.3). */
enum {
	F_SEG_MAX = 2,
	F_RO = 5,
	F_BLK_SIZE = 6,
	F_FLUSH = 9,
	F_TOPOLOGY = 10,
	F_MQ = 12,
	F_DISCARD = 13,
	F_WRITE_ZEROES = 14,
};

/* Types of a request, and how it ends (5.2.6). */
enum { T_IN = 0, T_OUT = 1, T_FLUSH = 4, T_GET_ID = 8, T_DISCARD = 11, T_WRITE_ZEROES = 13 };
enum { S_OK = 0, S_IOERR = 1, S_UNSUPP = 2 };

enum {
	SECTOR = 512,
	HEAD = 16,
	ID = 20,
	RANGE = 16,
	QUEUE = 256,
	SEGMENTS = 254, /* with head and status a full queue */
	RANGES = 16,    /* of one request to discard or zero */
};
#define MAX_SECTORS UINT32_C(0x3fffff) /* of one range: 2 GiB less a sector */

struct blk {
	const struct virtio_blk_disk *ops;
	void *disk; /* own if ops->close */
	struct worker *worker;
	_Atomic uint64_t sectors;
	uint32_t block_size, cluster;
	uint16_t queues;
	char serial[ID + 1];
	_Atomic bool through; /* no FLUSH was agreed on: each write is on the disk */

	/* the worker's thread only */
	struct iovec part[VIRTIO_CHAIN];
};

struct request {
	uint32_t type;
	uint64_t sector;
	const struct iovec *v; /* data */
	unsigned nv;
	uint64_t bytes;
};

/* -- requests: the worker's thread ----------------------------------------------------- */

/* n bytes of a list behind the first `skip`, as a list. */
static unsigned
part_of(struct iovec *to, const struct iovec *v, unsigned nv, uint64_t skip, uint64_t n)
{
	unsigned k = 0;
	for (unsigned i = 0; i < nv && n > 0; i++) {
		if (skip >= v[i].iov_len) {
			skip -= v[i].iov_len;
			continue;
		}
		uint64_t len = v[i].iov_len - skip;
		if (len > n)
			len = n;
		to[k++] = (struct iovec){ (uint8_t *)v[i].iov_base + skip, len };
		skip = 0;
		n -= len;
	}
	return k;
}

static bool
within(const struct blk *b, uint64_t sector, uint64_t bytes)
{
	uint64_t sectors = atomic_load(&b->sectors);
	return bytes % SECTOR == 0 && sector <= sectors && bytes / SECTOR <= sectors - sector;
}

static int
flush(struct blk *b)
{
	return b->ops->flush ? b->ops->flush(b->disk) : 0;
}

static int
transfer(struct blk *b, const struct request *r)
{
	if (!within(b, r->sector, r->bytes))
		return -EINVAL;
	if (!r->bytes)
		return 0;
	if (r->type == T_IN)
		return b->ops->read(b->disk, r->sector * SECTOR, r->v, (int)r->nv);
	if (!b->ops->write)
		return -EROFS;
	int rc = b->ops->write(b->disk, r->sector * SECTOR, r->v, (int)r->nv);
	return rc < 0 || !atomic_load(&b->through) ? rc : flush(b);
}

/* 5.2.6.1: one after the other; all are looked at before the first is done. */
static int
ranges(struct blk *b, const struct request *r)
{
	struct {
		uint64_t at, n;
		bool unmap;
	} range[RANGES];
	bool zero = r->type == T_WRITE_ZEROES;
	unsigned n = (unsigned)(r->bytes / RANGE);
	if (!b->ops->write)
		return -EROFS;
	if (zero ? !b->ops->zero : !b->ops->discard)
		return -ENOTSUP;
	if (r->bytes % RANGE || n > RANGES)
		return -EINVAL;
	for (unsigned i = 0; i < n; i++) {
		uint8_t bytes[RANGE];
		struct cur c = cur_of(bytes, sizeof bytes);
		virtio_gather(bytes, RANGE, r->v, r->nv, (uint64_t)i * RANGE);
		uint64_t sector = cur_u64(&c);
		uint32_t count = cur_u32(&c), flags = cur_u32(&c);
		/* 5.2.6.2: of a discard no flag may be set */
		if (flags & ~1u || (flags && !zero))
			return -ENOTSUP;
		if (count > MAX_SECTORS || !within(b, sector, (uint64_t)count * SECTOR))
			return -EINVAL;
		range[i].at = sector * SECTOR;
		range[i].n = (uint64_t)count * SECTOR;
		range[i].unmap = flags & 1;
	}
	int rc = 0;
	for (unsigned i = 0; i < n && rc == 0; i++) {
		if (range[i].n > 0)
			rc = zero ? b->ops->zero(b->disk, range[i].at, range[i].n, range[i].unmap)
			          : b->ops->discard(b->disk, range[i].at, range[i].n);
	}
	return rc < 0 || !atomic_load(&b->through) ? rc : flush(b);
}

static int
identify(const struct blk *b, const struct request *r)
{
	virtio_scatter(r->v, r->nv, 0, b->serial, ID);
	return 0;
}

static int
serve(struct blk *b, const struct request *r)
{
	if (!b->disk)
		return -ENOMEDIUM;
	switch (r->type) {
	case T_IN:
	case T_OUT: return transfer(b, r);
	case T_FLUSH: return flush(b);
	case T_GET_ID: return identify(b, r);
	case T_DISCARD:
	case T_WRITE_ZEROES: return ranges(b, r);
	default: return -ENOTSUP;
	}
}

static void
full(struct virtio *v, int code)
{
	char sentence[256];
	snprintf(sentence, sizeof sentence, "disk '%s': %s", v->name, strerror(code));
	pthread_mutex_lock(&v->bus->lock);
	board_raise(v->board, BOARD_STUCK, 0, sentence);
	pthread_mutex_unlock(&v->bus->lock);
}

static bool
one(struct virtio *v, unsigned queue, struct chain *c, uint32_t *written)
{
	struct blk *b = v->self;
	uint8_t head[HEAD], status = S_OK;
	(void)queue;
	/* Without a place for its status a request cannot even fail. */
	if (virtio_gather(head, HEAD, c->out, c->nout, 0) < HEAD || c->in_bytes < 1)
		return true;
	struct cur cur = cur_of(head, HEAD);
	struct request r = { .type = cur_u32(&cur) };
	cur_u32(&cur);
	r.sector = cur_u64(&cur);
	bool in = r.type == T_IN || r.type == T_GET_ID;
	r.v = b->part;
	r.bytes = in ? c->in_bytes - 1 : c->out_bytes - HEAD;
	r.nv = in ? part_of(b->part, c->in, c->nin, 0, r.bytes)
	          : part_of(b->part, c->out, c->nout, HEAD, r.bytes);
	int rc = serve(b, &r);
	if (rc == -ENOSPC || rc == -EDQUOT) {
		full(v, -rc);
		return false;
	}
	if (rc < 0)
		status = rc == -ENOTSUP || rc == -EOPNOTSUPP ? S_UNSUPP : S_IOERR;
	virtio_scatter(c->in, c->nin, c->in_bytes - 1, &status, 1);
	/* To the status, which stands last. */
	*written = (uint32_t)c->in_bytes;
	return true;
}

/* -- the device -------------------------------------------------------------------------- */

static void
config_read(struct virtio *v, uint32_t offset, uint8_t *bytes, uint32_t n)
{
	struct blk *b = v->self;
	struct buf c = { 0 };
	uint8_t exp = 0;
	uint32_t per = b->cluster / b->block_size;
	while (b->block_size << exp < 4096)
		exp++;
	buf_u64(&c, atomic_load(&b->sectors));
	buf_u32(&c, 0); /* size_max: not offered */
	buf_u32(&c, SEGMENTS);
	buf_u32(&c, 0); /* geometry: not offered */
	buf_u32(&c, b->block_size);
	buf_u8(&c, exp); /* a physical block is 4 KiB, the first begins at 0 */
	buf_u8(&c, 0);
	buf_u16(&c, (uint16_t)(1u << exp));
	buf_u32(&c, per);
	buf_u8(&c, 0);
	buf_u8(&c, 0);
	buf_u16(&c, b->queues);
	buf_u32(&c, MAX_SECTORS);
	buf_u32(&c, RANGES);
	buf_u32(&c, b->block_size / SECTOR);
	buf_u32(&c, MAX_SECTORS);
	buf_u32(&c, RANGES);
	buf_u32(&c, 1); /* write_zeroes_may_unmap, and three bytes unused */
	virtio_config_bytes(c.p, c.n, offset, bytes, n);
	buf_free(&c);
}

static void
start(struct virtio *v)
{
	struct blk *b = v->self;
	/* 5.2.6.2: who cannot flush finds each write on the disk */
	atomic_store(&b->through, !virtio_has(v, F_FLUSH));
}

static void
notify(struct virtio *v, unsigned queue)
{
	(void)queue;
	worker_notify(((struct blk *)v->self)->worker);
}

static void
reset(struct virtio *v)
{
	worker_drain(((struct blk *)v->self)->worker);
}

static void
rest(struct virtio *v)
{
	worker_rest(((struct blk *)v->self)->worker);
}

static void
wake(struct virtio *v)
{
	start(v);
	worker_wake(((struct blk *)v->self)->worker);
}

static json_t *
inspect(struct virtio *v)
{
	struct blk *b = v->self;
	return json_pack("{s:I, s:b, s:s}", "size", (json_int_t)(atomic_load(&b->sectors) * SECTOR),
	                 "readonly", b->ops->write == NULL, "serial", b->serial);
}

static void
destroy(struct virtio *v)
{
	struct blk *b = v->self;
	worker_free(b->worker);
	if (b->ops->close)
		b->ops->close(b->disk);
	free(b);
}

static const struct virtio_ops blk_ops = { .type = "virtio-blk",
	                                   .id = 2,
	                                   .queues = 1,
	                                   .size = QUEUE,
	                                   .features = 1 << F_SEG_MAX | 1 << F_BLK_SIZE |
	                                               1 << F_FLUSH | 1 << F_TOPOLOGY,
	                                   .start = start,
	                                   .reset = reset,
	                                   .notify = notify,
	                                   .config_read = config_read,
	                                   .rest = rest,
	                                   .wake = wake,
	                                   .inspect = inspect,
	                                   .destroy = destroy };

struct virtio *
virtio_blk_new(struct board *board, const char *name, const struct virtio_blk_disk *ops, void *disk,
               const struct virtio_blk_options *o)
{
	struct blk *b = xcalloc(1, sizeof *b);
	b->ops = ops;
	b->disk = disk;
	b->sectors = o->size / SECTOR;
	b->block_size = SECTOR;
	while (b->block_size < o->block_size && b->block_size < 4096)
		b->block_size *= 2;
	b->cluster = o->cluster;
	if (o->serial) {
		snprintf(b->serial, sizeof b->serial, "%s", o->serial);
		str_printable(b->serial);
	}
	struct virtio *v = virtio_new(board, &blk_ops, name, b);
	b->queues = (uint16_t)(o->queues < 1               ? 1
	                       : o->queues > VIRTIO_QUEUES ? VIRTIO_QUEUES
	                                                   : o->queues);
	if (b->queues > 1)
		virtio_offer_queues(v, (uint8_t)(b->queues - 1), F_MQ);
	b->worker = worker_new(v, b->queues, one);
	if (!ops->write)
		v->offer |= 1 << F_RO;
	if (ops->write && ops->discard)
		v->offer |= 1 << F_DISCARD;
	if (ops->write && ops->zero)
		v->offer |= 1 << F_WRITE_ZEROES;
	return v;
}

void
virtio_blk_insert(struct virtio *v, struct disk *image)
{
	((struct blk *)v->self)->disk = image;
}

void
virtio_blk_resize(struct virtio *v, uint64_t size)
{
	atomic_store(&((struct blk *)v->self)->sectors, size / SECTOR);
	virtio_config_changed(v);
}
