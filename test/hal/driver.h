/* driver.h -- the driver's side of a virtio device, for its tests.
 *
 * A board with RAM and one device behind virtio-mmio registers, reached as a
 * guest reaches it: by bus_read and bus_write, and rings that are written in
 * RAM.  Nothing here looks into the device.
 */
#ifndef TEST_HAL_DRIVER_H
#define TEST_HAL_DRIVER_H

#include "test/unit.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "core/pages.h"
#include "layer/hal/dev/virtio.h"

#define DRIVER_RAM  UINT64_C(0x80000000)
#define DRIVER_MMIO UINT64_C(0x10001000)

enum { DRIVER_SIZE = 64 << 20, DRIVER_HEAP = 1 << 20 };

struct driver_queue {
	uint64_t desc, avail, used;
	uint16_t size, next, seen; /* next free descriptor, next used to look at */
};

struct driver {
	struct board *board;
	struct bus *bus;
	struct virtio *v;
	uint64_t heap;
	struct driver_queue q[VIRTIO_QUEUES];
	uint64_t features;
	_Atomic bool level;
	_Atomic unsigned raised; /* how often the wire rose */
};

/* A buffer of a chain: `in` is for the device to write. */
struct part {
	uint64_t at;
	uint32_t n;
	bool in;
};

static inline void
driver_irq(void *ctx, unsigned line, bool level)
{
	struct driver *d = ctx;
	assert_int_equal(line, 1);
	if (level && !d->level)
		d->raised++;
	d->level = level;
}

static inline void
driver_set(struct driver *d, uint64_t reg, uint32_t value)
{
	assert_true(bus_write(d->bus, DRIVER_MMIO + reg, 4, value));
}

static inline uint32_t
driver_get(struct driver *d, uint64_t reg)
{
	uint64_t value = 0;
	assert_true(bus_read(d->bus, DRIVER_MMIO + reg, 4, &value));
	return (uint32_t)value;
}

/* A board without a device. */
static inline struct driver *
driver_new(void)
{
	struct err e = { 0 };
	struct driver *d = xcalloc(1, sizeof *d);
	d->board = board_new(DRIVER_RAM, DRIVER_SIZE, &e);
	assert_non_null(d->board);
	d->bus = board_bus(d->board);
	d->heap = DRIVER_RAM + DRIVER_HEAP;
	return d;
}

/* Put the device behind the registers. */
static inline void
driver_plug(struct driver *d, struct virtio *v)
{
	struct err e = { 0 };
	d->v = v;
	assert_int_equal(
	        virtio_mmio(v, DRIVER_MMIO, (struct irq){ driver_irq, d, 1 }, &e), 0);
	board_reset(d->board);
	board_wake(d->board);
}

static inline void
driver_free(struct driver *d)
{
	board_rest(d->board);
	board_free(d->board);
	free(d);
}

/* n bytes of guest memory, zero. */
static inline uint64_t
driver_room(struct driver *d, uint64_t n, uint64_t align)
{
	uint64_t at = (d->heap + align - 1) / align * align;
	d->heap = at + n;
	void *p = bus_ram(d->bus, at, n);
	assert_non_null(p);
	memset(p, 0, n);
	return at;
}

static inline void *
driver_ptr(struct driver *d, uint64_t at)
{
	void *p = bus_ram(d->bus, at, 1);
	assert_non_null(p);
	return p;
}

static inline uint64_t
driver_bytes(struct driver *d, const void *bytes, uint64_t n)
{
	uint64_t at = driver_room(d, n, 16);
	memcpy(driver_ptr(d, at), bytes, n);
	return at;
}

static inline uint64_t
driver_offer(struct driver *d)
{
	driver_set(d, 0x014, 1);
	uint64_t high = driver_get(d, 0x010);
	driver_set(d, 0x014, 0);
	return high << 32 | driver_get(d, 0x010);
}

/* Reset, agree on features (VERSION_1 is added), set the queues up, ready. */
static inline void
driver_up(struct driver *d, uint64_t features, uint16_t size)
{
	features |= VIRTIO_VERSION_1;
	driver_set(d, 0x070, 0);
	driver_set(d, 0x070, 1);
	driver_set(d, 0x070, 3);
	driver_set(d, 0x024, 0);
	driver_set(d, 0x020, (uint32_t)features);
	driver_set(d, 0x024, 1);
	driver_set(d, 0x020, (uint32_t)(features >> 32));
	driver_set(d, 0x070, 11);
	assert_int_equal(driver_get(d, 0x070), 11);
	d->features = features;
	for (uint32_t i = 0; i < VIRTIO_QUEUES; i++) {
		struct driver_queue *q = &d->q[i];
		driver_set(d, 0x030, i);
		uint32_t max = driver_get(d, 0x034);
		if (!max)
			continue;
		q->size = size < max ? size : (uint16_t)max;
		q->next = q->seen = 0;
		q->desc = driver_room(d, 16u * q->size, 16);
		q->avail = driver_room(d, 6 + 2u * q->size, 2);
		q->used = driver_room(d, 6 + 8u * q->size, 4);
		driver_set(d, 0x038, q->size);
		driver_set(d, 0x080, (uint32_t)q->desc);
		driver_set(d, 0x084, (uint32_t)(q->desc >> 32));
		driver_set(d, 0x090, (uint32_t)q->avail);
		driver_set(d, 0x094, (uint32_t)(q->avail >> 32));
		driver_set(d, 0x0a0, (uint32_t)q->used);
		driver_set(d, 0x0a4, (uint32_t)(q->used >> 32));
		driver_set(d, 0x044, 1);
		assert_int_equal(driver_get(d, 0x044), 1);
	}
	driver_set(d, 0x070, 15);
}

static inline void
driver_desc(struct driver *d, uint64_t table, uint16_t i, uint64_t at, uint32_t n, uint16_t flags,
            uint16_t next)
{
	uint8_t *p = driver_ptr(d, table + 16u * i);
	memcpy(p, &(uint64_t){ htole64(at) }, 8);
	memcpy(p + 8, &(uint32_t){ htole32(n) }, 4);
	memcpy(p + 12, &(uint16_t){ htole16(flags) }, 2);
	memcpy(p + 14, &(uint16_t){ htole16(next) }, 2);
}

/* Make the chain that begins at descriptor `head` available. */
static inline void
driver_offer_head(struct driver *d, unsigned queue, uint16_t head)
{
	struct driver_queue *q = &d->q[queue];
	uint16_t *avail = driver_ptr(d, q->avail);
	uint16_t index = le16toh(avail[1]);
	avail[2 + index % q->size] = htole16(head);
	__atomic_store_n(&avail[1], htole16((uint16_t)(index + 1)), __ATOMIC_SEQ_CST);
}

/* Give a chain; returns its head.  Descriptors are taken in a circle: a test
 * never has more under way than the queue is long. */
static inline uint16_t
driver_add(struct driver *d, unsigned queue, const struct part *p, unsigned n)
{
	struct driver_queue *q = &d->q[queue];
	uint16_t head = q->next;
	assert_true(n > 0 && n <= q->size);
	for (unsigned i = 0; i < n; i++) {
		uint16_t at = q->next;
		q->next = (uint16_t)((q->next + 1) % q->size);
		driver_desc(d, q->desc, at, p[i].at, p[i].n,
		            (uint16_t)((p[i].in ? 2 : 0) | (i + 1 < n ? 1 : 0)), q->next);
	}
	driver_offer_head(d, queue, head);
	return head;
}

static inline void
driver_kick(struct driver *d, unsigned queue)
{
	driver_set(d, 0x050, queue);
}

static inline uint16_t
driver_used_index(struct driver *d, unsigned queue)
{
	uint16_t *used = driver_ptr(d, d->q[queue].used);
	return le16toh(__atomic_load_n(&used[1], __ATOMIC_SEQ_CST));
}

/* Is there a chain that came back?  Then *head and *n are what the device said. */
static inline bool
driver_take(struct driver *d, unsigned queue, uint32_t *head, uint32_t *n)
{
	struct driver_queue *q = &d->q[queue];
	if (driver_used_index(d, queue) == q->seen)
		return false;
	uint32_t *used = driver_ptr(d, q->used + 4 + 8u * (q->seen++ % q->size));
	*head = le32toh(used[0]);
	*n = le32toh(used[1]);
	return true;
}

static inline void
driver_nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL);
}

/* Wait for the next chain that comes back and return how much was written. */
static inline uint32_t
driver_wait(struct driver *d, unsigned queue, uint32_t head)
{
	uint32_t got = 0, n = 0;
	for (int i = 0; i < 50000; i++) {
		if (driver_take(d, queue, &got, &n)) {
			assert_int_equal(got, head);
			return n;
		}
		driver_nap();
	}
	fail_msg("nothing came back from queue %u", queue);
	return 0;
}

/* One chain there and back. */
static inline uint32_t
driver_do(struct driver *d, unsigned queue, const struct part *p, unsigned n)
{
	uint16_t head = driver_add(d, queue, p, n);
	driver_kick(d, queue);
	return driver_wait(d, queue, head);
}

/* Acknowledge what the interrupt says; returns it. */
static inline uint32_t
driver_ack(struct driver *d)
{
	uint32_t why = driver_get(d, 0x060);
	driver_set(d, 0x064, why);
	return why;
}

static inline void
driver_config(struct driver *d, uint32_t offset, void *to, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint64_t value = 0;
		assert_true(bus_read(d->bus, DRIVER_MMIO + 0x100 + offset + i, 1, &value));
		((uint8_t *)to)[i] = (uint8_t)value;
	}
}

/* The board's state, and the RAM that belongs to it. */
static inline struct snap *
driver_save(struct driver *d)
{
	struct err e = { 0 };
	struct snap *s = snap_new();
	board_rest(d->board);
	assert_int_equal(board_save(d->board, s, &e), 0);
	assert_int_equal(pages_put(s, SNAP_TAG('R', 'A', 'M', ' '), 0, d->bus->ram,
	                                DRIVER_SIZE, &e),
	                 0);
	assert_int_equal(snap_finish(s, &e), 0);
	return s;
}

/* Into a board that was made alike; it goes on where the other one rested. */
static inline void
driver_load(struct driver *d, const struct driver *from, struct snap *saved)
{
	struct err e = { 0 };
	struct snap *s = snap_of(snap_bytes(saved)->p, snap_bytes(saved)->n);
	board_rest(d->board);
	int rc = board_load(d->board, s, &e);
	if (rc < 0)
		fail_msg("%s", e.what);
	assert_int_equal(pages_get(s, SNAP_TAG('R', 'A', 'M', ' '), 0, d->bus->ram,
	                                DRIVER_SIZE, &e),
	                 0);
	snap_free(s);
	d->heap = from->heap;
	memcpy(d->q, from->q, sizeof d->q);
	d->features = from->features;
	board_wake(d->board);
}

#endif
