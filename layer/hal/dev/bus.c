/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/dev/bus.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/arena.h"
#include "layer/hal/dev/lazy.h"

struct bus *
bus_new(uint64_t start, uint64_t size, struct err *e)
{
	if (!size || size % 4096 || start % 4096 || start + size < start || size > SIZE_MAX / 2) {
		fail(e, EINVAL, "a memory of %" PRIu64 " bytes cannot be", size);
		return NULL;
	}
	void *ram = mmap(NULL, size, PROT_READ | PROT_WRITE,
	                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (ram == MAP_FAILED) {
		fail(e, errno, "no address space for %" PRIu64 " MiB of memory: %s", size >> 20,
		     strerror(errno));
		err_hint(e, "give the machine less with -m, or raise the limit (ulimit -v)");
		return NULL;
	}
	struct bus *b = xcalloc(1, sizeof *b);
	pthread_mutex_init(&b->lock, NULL);
	b->ram = ram;
	b->ram_start = start;
	b->ram_size = size;
	return b;
}

void
bus_free(struct bus *b)
{
	if (!b)
		return;
	munmap(b->ram, b->ram_size);
	pthread_mutex_destroy(&b->lock);
	free(b->region);
	free(b);
}

void
bus_touch(const struct bus *b, uint64_t at, uint64_t n)
{
	const volatile uint8_t *p = b->ram + at;
	for (uint64_t i = 0; i < n; i += 4096 - (at + i) % 4096)
		(void)p[i];
}

int
bus_discard(struct bus *b, uint64_t addr, uint64_t n)
{
	uint64_t at = addr - b->ram_start;
	if (!bus_is_ram(b, addr, n))
		return -1;
	if (b->lazy)
		return lazy_discard(b->lazy, at, n);
	return madvise(b->ram + at, n, MADV_DONTNEED);
}

/* The region that holds addr, or the place where one would be put. */
static size_t
place(const struct bus *b, uint64_t addr)
{
	size_t low = 0, high = b->nregion;
	while (low < high) {
		size_t mid = (low + high) / 2;
		const struct region *r = &b->region[mid];
		if (addr - r->start < r->size && addr >= r->start)
			return mid;
		if (addr < r->start)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

static bool
is_free(const struct bus *b, uint64_t start, uint64_t size)
{
	uint64_t last = start + size - 1;
	if (!size || last < start)
		return false;
	if (start <= b->ram_start + b->ram_size - 1 && last >= b->ram_start)
		return false;
	for (size_t i = 0; i < b->nregion; i++) {
		const struct region *r = &b->region[i];
		if (start <= r->start + r->size - 1 && last >= r->start)
			return false;
	}
	return true;
}

static void
insert(struct bus *b, const struct region *r)
{
	size_t at = place(b, r->start);
	b->region = xrealloc(b->region, (b->nregion + 1) * sizeof *b->region);
	memmove(&b->region[at + 1], &b->region[at], (b->nregion - at) * sizeof *b->region);
	b->region[at] = *r;
	b->nregion++;
}

int
bus_add(struct bus *b, uint64_t start, uint64_t size, const struct bus_ops *ops, void *dev,
        const char *name, struct err *e)
{
	if (!is_free(b, start, size))
		return fail(e, EEXIST, "%s at 0x%" PRIx64 " lies on another device or memory", name,
		            start);
	insert(b, &(struct region){ start, size, ops, dev, name });
	return 0;
}

void
bus_move(struct bus *b, void *dev, const struct bus_ops *ops, uint64_t start, uint64_t size,
         const char *name)
{
	for (size_t i = 0; i < b->nregion; i++)
		if (b->region[i].dev == dev && b->region[i].ops == ops) {
			b->nregion--;
			memmove(&b->region[i], &b->region[i + 1],
			        (b->nregion - i) * sizeof *b->region);
			break;
		}
	/* Where a guest puts a device on top of another, it is not seen. */
	if (size && is_free(b, start, size))
		insert(b, &(struct region){ start, size, ops, dev, name });
}

/* The region for an access of that size, or NULL; lock held. */
static const struct region *
find(const struct bus *b, uint64_t addr, unsigned size)
{
	size_t at = place(b, addr);
	if (at >= b->nregion)
		return NULL;
	const struct region *r = &b->region[at];
	uint64_t offset = addr - r->start;
	if (addr < r->start || offset >= r->size || size > r->size - offset)
		return NULL;
	if (size < r->ops->min || size > r->ops->max)
		return NULL;
	return r;
}

static uint64_t
read_bytes(const struct region *r, uint64_t offset, unsigned size)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < size; i++)
		value |= (r->ops->read(r->dev, offset + i, 1) & 255) << 8 * i;
	return value;
}

bool
bus_read(struct bus *b, uint64_t addr, unsigned size, uint64_t *value)
{
	const void *ram = bus_ram(b, addr, size);
	*value = 0;
	if (ram) {
		memcpy(value, ram, size);
		return true;
	}
	pthread_mutex_lock(&b->lock);
	const struct region *r = find(b, addr, size);
	uint64_t offset = r ? addr - r->start : 0;
	bool ok = r && (offset % size == 0 || r->ops->memory);
	if (ok)
		*value = offset % size ? read_bytes(r, offset, size)
		                       : r->ops->read(r->dev, offset, size);
	pthread_mutex_unlock(&b->lock);
	return ok;
}

bool
bus_write(struct bus *b, uint64_t addr, unsigned size, uint64_t value)
{
	void *ram = bus_ram(b, addr, size);
	if (ram) {
		memcpy(ram, &value, size);
		bus_wrote(b, addr, size);
		return true;
	}
	pthread_mutex_lock(&b->lock);
	const struct region *r = find(b, addr, size);
	bool ok = r && (addr - r->start) % size == 0;
	if (ok)
		r->ops->write(r->dev, addr - r->start, size, value);
	pthread_mutex_unlock(&b->lock);
	return ok;
}
