/* bus.h -- the physical address space of a computer.
 *
 * RAM is memory of ours and is read directly; all else is a region whose
 * device is called.  Device code runs under one lock, bus->lock, whoever calls:
 * a processor's thread through bus_read and bus_write, or the board's thread
 * (board.h).  A device never waits while it holds it.
 *
 * Whoever writes RAM other than as a processor (devices, loaders) says so with
 * bus_wrote, so that decoded code and the map of changed pages stay true.
 */
#ifndef LAYER_HAL_DEV_BUS_H
#define LAYER_HAL_DEV_BUS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct bus_ops {
	/* size is 1, 2, 4 or 8 and offset a multiple of it, within the region; what reads as
	 * memory does is read at any address, byte by byte where it has to be */
	uint64_t (*read)(void *dev, uint64_t offset, unsigned size);
	void (*write)(void *dev, uint64_t offset, unsigned size, uint64_t value);
	unsigned min, max; /* sizes of access that it takes; others fault */
	bool memory;
};

struct region {
	uint64_t start, size;
	const struct bus_ops *ops;
	void *dev;        /* lent */
	const char *name; /* lent: for inspect */
};

struct bus {
	pthread_mutex_t lock;
	uint8_t *ram; /* own: one piece, anonymous, pages appear when touched */
	uint64_t ram_start, ram_size;
	struct region *region; /* own: sorted by start, never overlapping */
	size_t nregion;
	/* Called for every range of RAM that bus_wrote names; set by the processor's
	 * side (lent context), NULL until then. */
	void (*wrote)(void *ctx, uint64_t addr, uint64_t n);
	void *wrote_ctx;
	/* RAM that is not here yet (lazy.h): the kernel must not be the first to want it.
	 * Changes only at rest. */
	struct lazy *lazy;
};

/* RAM of `size` bytes (a multiple of 4 KiB) at physical address `start`. */
struct bus *bus_new(uint64_t start, uint64_t size, struct err *e);
void bus_free(struct bus *b); /* NULL is allowed; the devices are not its own */

/* Add a region (before processors run, or at rest).  It must not overlap. */
int bus_add(struct bus *b, uint64_t start, uint64_t size, const struct bus_ops *ops, void *dev,
            const char *name, struct err *e);
/* Move one (a PCI base address register) or take it out with size 0; lock held. */
void bus_move(struct bus *b, void *dev, const struct bus_ops *ops, uint64_t start, uint64_t size,
              const char *name);

/* One access to what is not RAM (RAM works too); false: nothing answers there in
 * that size, an access fault.  Takes the lock. */
bool bus_read(struct bus *b, uint64_t addr, unsigned size, uint64_t *value);
bool bus_write(struct bus *b, uint64_t addr, unsigned size, uint64_t value);

/* Are n bytes at addr all RAM? */
static inline bool
bus_is_ram(const struct bus *b, uint64_t addr, uint64_t n)
{
	uint64_t at = addr - b->ram_start;

	return at <= b->ram_size && n <= b->ram_size - at;
}

void bus_touch(const struct bus *b, uint64_t at, uint64_t n);

/* n bytes of RAM at addr, or NULL when one of them is not RAM.  n may be 0. */
static inline void *
bus_ram(const struct bus *b, uint64_t addr, uint64_t n)
{
	uint64_t at = addr - b->ram_start;

	if (!bus_is_ram(b, addr, n))
		return NULL;
	if (b->lazy)
		bus_touch(b, at, n);
	return b->ram + at;
}

/* Whole pages of RAM at addr that are zero from now on and take no room. */
int bus_discard(struct bus *b, uint64_t addr, uint64_t n);

static inline void
bus_wrote(struct bus *b, uint64_t addr, uint64_t n)
{
	if (b->wrote)
		b->wrote(b->wrote_ctx, addr, n);
}

/* A wire to an interrupt controller, lent; set under the bus's lock. */
struct irq {
	void (*set)(void *ctx, unsigned line, bool level);
	void *ctx;
	unsigned line;
};

static inline void
irq_set(const struct irq *i, bool level)
{
	if (i->set)
		i->set(i->ctx, i->line, level);
}

#endif
