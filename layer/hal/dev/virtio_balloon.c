/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/dev/virtio_balloon.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/arena.h"

/* Feature bits (5.5.3). */
enum { F_STATS = 1, F_REPORTING = 5 };
enum { INFLATE = 0, DEFLATE = 1 }; /* queues; the others come behind as agreed */
enum { QUEUE = 128, PAGE = 4096, AT_ONCE = 4096, STAT = 10, STATS_MOST = 64 };

struct balloon {
	uint32_t pages, actual; /* the configuration: wanted, lent */
	uint64_t stat[VIRTIO_BALLOON_STATS];
	uint16_t known; /* bits: which of them the guest has said */
	int64_t interval;
	struct board_source *timer; /* NULL: nobody asks */
	struct chain c;
};

static const struct field balloon_fields[] = { FIELD_OF_U32(struct balloon, pages),
	                                       FIELD_OF_U32(struct balloon, actual),
	                                       FIELD_OF_U64(struct balloon, stat),
	                                       FIELD_OF_U16(struct balloon, known),
	                                       { 0 } };

/* The queues behind the first two are numbered without those that were not agreed on,
 * as drivers do it. */
static unsigned
stats_queue(const struct virtio *v)
{
	return virtio_has(v, F_STATS) ? 2 : VIRTIO_QUEUES;
}

static unsigned
report_queue(const struct virtio *v)
{
	return !virtio_has(v, F_REPORTING) ? VIRTIO_QUEUES : virtio_has(v, F_STATS) ? 3 : 2;
}

/* -- memory ----------------------------------------------------------------------------- */

/* Give the whole pages within a range of RAM back to the host. */
static void
give_back(struct virtio *v, uint64_t addr, uint64_t n)
{
	uint64_t start = (addr + PAGE - 1) / PAGE * PAGE, end = (addr + n) / PAGE * PAGE;
	if (start >= end)
		return;
	if (bus_discard(v->bus, start, end - start) == 0)
		bus_wrote(v->bus, start, end - start);
}

/* Page numbers in 32 bits; pages that follow each other go at once. */
static void
inflate(struct virtio *v)
{
	struct balloon *b = v->self;
	uint64_t n = b->c.out_bytes / 4, start = 0, end = 0;
	/* More than that at once nobody gives: those stay where they are. */
	for (uint64_t i = 0; i < n && i < AT_ONCE; i++) {
		uint8_t bytes[4];
		virtio_gather(bytes, 4, b->c.out, b->c.nout, i * 4);
		struct cur c = cur_of(bytes, 4);
		uint64_t at = (uint64_t)cur_u32(&c) * PAGE;
		bool inside = bus_is_ram(v->bus, at, PAGE);
		if (at != end || !inside) {
			give_back(v, start, end - start);
			start = end = at;
		}
		if (inside)
			end += PAGE;
	}
	give_back(v, start, end - start);
}

/* The buffers themselves are the free pages. */
static void
report(struct virtio *v)
{
	struct balloon *b = v->self;
	for (unsigned i = 0; i < b->c.nin; i++) {
		uint64_t at = (uint64_t)((uint8_t *)b->c.in[i].iov_base - v->bus->ram);
		give_back(v, v->bus->ram_start + at, b->c.in[i].iov_len);
	}
}

/* -- counters ---------------------------------------------------------------------------- */

/* The guest's answer stays in the queue; giving it back is the next question. */
static void
stats(struct virtio *v)
{
	struct balloon *b = v->self;
	if (virtio_pop(v, stats_queue(v), &b->c) <= 0)
		return;
	/* Newer kernels have more than we know, and in front of those. */
	for (uint64_t i = 0; i < STATS_MOST && (i + 1) * STAT <= b->c.out_bytes; i++) {
		uint8_t bytes[STAT];
		virtio_gather(bytes, STAT, b->c.out, b->c.nout, i * STAT);
		struct cur c = cur_of(bytes, STAT);
		uint16_t tag = cur_u16(&c);
		if (tag >= VIRTIO_BALLOON_STATS)
			continue;
		b->stat[tag] = cur_u64(&c);
		b->known |= (uint16_t)(1u << tag);
	}
	virtio_unpop(v, stats_queue(v));
	if (b->timer)
		board_at(b->timer, board_now(v->board) + b->interval);
}

static void
ask(void *ctx, uint32_t events)
{
	struct virtio *v = ctx;
	struct balloon *b = v->self;
	(void)events;
	if (!virtio_has(v, F_STATS) || virtio_pop(v, stats_queue(v), &b->c) <= 0)
		return;
	virtio_push(v, stats_queue(v), &b->c, 0);
	virtio_signal(v, stats_queue(v));
}

/* -- the device --------------------------------------------------------------------------- */

static void
notify(struct virtio *v, unsigned queue)
{
	struct balloon *b = v->self;
	if (queue == stats_queue(v)) {
		stats(v);
		return;
	}
	while (virtio_pop(v, queue, &b->c) > 0) {
		if (queue == INFLATE)
			inflate(v);
		else if (queue == report_queue(v))
			report(v);
		virtio_push(v, queue, &b->c, 0);
	}
	virtio_signal(v, queue);
}

static void
reset(struct virtio *v)
{
	struct balloon *b = v->self;
	b->actual = 0;
	b->known = 0;
	memset(b->stat, 0, sizeof b->stat);
	if (b->timer)
		board_at(b->timer, INT64_MAX);
}

static void
config_read(struct virtio *v, uint32_t offset, uint8_t *bytes, uint32_t n)
{
	const struct balloon *b = v->self;
	uint8_t c[8];
	for (unsigned i = 0; i < 4; i++) {
		c[i] = (uint8_t)(b->pages >> 8 * i);
		c[4 + i] = (uint8_t)(b->actual >> 8 * i);
	}
	virtio_config_bytes(c, sizeof c, offset, bytes, n);
}

static void
config_write(struct virtio *v, uint32_t offset, const uint8_t *bytes, uint32_t n)
{
	struct balloon *b = v->self;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = offset + i;
		if (at < 4 || at >= 8)
			continue;
		uint32_t shift = 8 * (at - 4);
		b->actual = (b->actual & ~(UINT32_C(0xff) << shift)) | (uint32_t)bytes[i] << shift;
	}
}

static void
destroy(struct virtio *v)
{
	struct balloon *b = v->self;
	pthread_mutex_lock(&v->bus->lock);
	board_remove(b->timer);
	pthread_mutex_unlock(&v->bus->lock);
	free(b);
}

static const struct virtio_ops balloon_ops = { .type = "virtio-balloon",
	                                       .id = 5,
	                                       .queues = 4,
	                                       .size = QUEUE,
	                                       .features = 1 << F_REPORTING,
	                                       .fields = balloon_fields,
	                                       .reset = reset,
	                                       .notify = notify,
	                                       .config_read = config_read,
	                                       .config_write = config_write,
	                                       .destroy = destroy };

struct virtio *
virtio_balloon_new(struct board *board, const char *name, int64_t interval)
{
	struct balloon *b = xcalloc(1, sizeof *b);
	struct virtio *v = virtio_new(board, &balloon_ops, name, b);
	if (interval > 0) {
		v->offer |= 1 << F_STATS;
		b->interval = interval;
		pthread_mutex_lock(&v->bus->lock);
		b->timer = board_timer(board, ask, v);
		pthread_mutex_unlock(&v->bus->lock);
	}
	return v;
}

void
virtio_balloon_target(struct virtio *v, uint64_t bytes)
{
	struct balloon *b = v->self;
	uint32_t pages = bytes / PAGE > UINT32_MAX ? UINT32_MAX : (uint32_t)(bytes / PAGE);
	if (pages == b->pages)
		return;
	b->pages = pages;
	virtio_config_changed(v);
}

uint64_t
virtio_balloon_actual(const struct virtio *v)
{
	return (uint64_t)((const struct balloon *)v->self)->actual * PAGE;
}

bool
virtio_balloon_stat(const struct virtio *v, enum virtio_balloon_stat s, uint64_t *value)
{
	const struct balloon *b = v->self;
	*value = b->stat[s];
	return b->known >> s & 1;
}
