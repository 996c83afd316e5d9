/* SPDX-License-Identifier: Apache-2.0 */
#include "test/hal/driver.h"

#include <sys/mman.h>

#include "layer/hal/dev/virtio_balloon.h"

enum { INFLATE = 0, DEFLATE = 1, PAGE = 4096, STATS = 1 << 1, REPORTING = 1 << 5 };

/* Is a page of the guest's in memory? */
static bool
there(struct driver *d, uint64_t at)
{
	unsigned char in;
	assert_int_equal(mincore(driver_ptr(d, at), PAGE, &in), 0);
	return in & 1;
}

static struct driver *
balloon_new(int64_t interval)
{
	struct driver *d = driver_new();
	driver_plug(d, virtio_balloon_new(d->board, "balloon0", interval));
	return d;
}

static void
inflated_pages_are_given_back(void **state)
{
	uint32_t list[6];
	(void)state;
	struct driver *d = balloon_new(0);
	assert_int_equal(driver_get(d, 0x008), 5);
	assert_int_equal(driver_offer(d) & 0xff, REPORTING);
	driver_up(d, 0, 16);
	uint64_t at = driver_room(d, 8 * PAGE, PAGE);
	memset(driver_ptr(d, at), 'x', 8 * PAGE);
	/* two that follow each other, one alone, one beyond all memory, one twice */
	uint32_t pfn = (uint32_t)(at / PAGE);
	list[0] = htole32(pfn);
	list[1] = htole32(pfn + 1);
	list[2] = htole32(UINT32_MAX);
	list[3] = htole32((uint32_t)((DRIVER_RAM + DRIVER_SIZE) / PAGE));
	list[4] = htole32(pfn + 3);
	list[5] = htole32(pfn + 3);
	struct part p = { driver_bytes(d, list, sizeof list), sizeof list, false };
	assert_int_equal(driver_do(d, INFLATE, &p, 1), 0);
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(there(d, at + i * PAGE), i != 0 && i != 1 && i != 3);
	}
	assert_int_equal(*(char *)driver_ptr(d, at + PAGE), 0);
	assert_int_equal(*(char *)driver_ptr(d, at + 2 * PAGE), 'x');
	driver_do(d, DEFLATE, &p, 1);
	/* the last page, and the one behind it that is none */
	at = DRIVER_RAM + DRIVER_SIZE - PAGE;
	*(char *)driver_ptr(d, at) = 'x';
	list[0] = htole32((uint32_t)(at / PAGE));
	list[1] = htole32((uint32_t)(at / PAGE + 1));
	p = (struct part){ driver_bytes(d, list, 8), 8, false };
	driver_do(d, INFLATE, &p, 1);
	assert_false(there(d, at));
	/* half a number, far too many */
	p.n = 3;
	driver_do(d, INFLATE, &p, 1);
	p = (struct part){ DRIVER_RAM + (32 << 20), 16 << 20, false };
	driver_do(d, INFLATE, &p, 1);
	driver_free(d);
}

static void
reported_pages_are_given_back(void **state)
{
	(void)state;
	/* the queue's number depends on what was agreed on */
	for (unsigned queue = 2; queue < 4; queue++) {
		struct driver *d = balloon_new(1000000);
		driver_up(d, REPORTING | (queue == 3 ? STATS : 0), 16);
		uint64_t at = driver_room(d, 8 * PAGE, PAGE);
		memset(driver_ptr(d, at), 'x', 8 * PAGE);
		/* only whole pages */
		struct part p[2] = { { at, 2 * PAGE, true },
			             { at + 4 * PAGE - 1, 2 * PAGE + 2, true } };
		driver_do(d, queue, p, 2);
		for (unsigned i = 0; i < 8; i++)
			assert_int_equal(there(d, at + i * PAGE),
			                 i != 0 && i != 1 && i != 4 && i != 5);
		driver_free(d);
	}
}

static void
its_size_is_told_and_heard(void **state)
{
	uint32_t c[2];
	(void)state;
	struct driver *d = balloon_new(0);
	driver_up(d, 0, 16);
	pthread_mutex_lock(&d->bus->lock);
	virtio_balloon_target(d->v, 10 << 20);
	pthread_mutex_unlock(&d->bus->lock);
	assert_int_equal(driver_ack(d), 2);
	driver_config(d, 0, c, 8);
	assert_int_equal(le32toh(c[0]), 2560);
	assert_int_equal(c[1], 0);
	driver_set(d, 0x104, 2000);
	assert_true(bus_write(d->bus, DRIVER_MMIO + 0x105, 1, 9));
	driver_set(d, 0x100, 7);
	driver_set(d, 0x108, 7);
	driver_config(d, 0, c, 8);
	assert_int_equal(le32toh(c[0]), 2560);
	assert_int_equal(le32toh(c[1]), 0x9d0);
	assert_int_equal(virtio_balloon_actual(d->v), 0x9d0 * (uint64_t)PAGE);
	struct snap *s = driver_save(d);
	struct driver *t = balloon_new(0);
	driver_load(t, d, s);
	assert_int_equal(virtio_balloon_actual(t->v), 0x9d0 * (uint64_t)PAGE);
	snap_free(s);
	driver_free(t);
	driver_free(d);
}

static void
counters_are_asked_for(void **state)
{
	uint64_t value;
	(void)state;
	struct driver *d = balloon_new(20000000);
	driver_up(d, STATS, 16);
	assert_false(virtio_balloon_stat(d->v, VIRTIO_BALLOON_FREE, &value));
	/* one, many that nobody knows, another one */
	uint8_t list[200] = { 4, 0, 1, 2, 3, 4, 5, 6, 7, 8 };
	for (unsigned i = 1; i < 19; i++)
		list[i * 10] = (uint8_t)(20 + i);
	list[190] = 7;
	list[192] = 9;
	struct part p = { driver_bytes(d, list, sizeof list), sizeof list, false };
	uint16_t head = driver_add(d, 2, &p, 1);
	driver_kick(d, 2);
	pthread_mutex_lock(&d->bus->lock);
	assert_true(virtio_balloon_stat(d->v, VIRTIO_BALLOON_FREE, &value));
	assert_int_equal(value, UINT64_C(0x0807060504030201));
	assert_true(virtio_balloon_stat(d->v, VIRTIO_BALLOON_CACHES, &value));
	assert_int_equal(value, 9);
	assert_false(virtio_balloon_stat(d->v, VIRTIO_BALLOON_TOTAL, &value));
	pthread_mutex_unlock(&d->bus->lock);
	/* given back after a while, again and again, elsewhere too */
	assert_int_equal(driver_wait(d, 2, head), 0);
	head = driver_add(d, 2, &p, 1);
	driver_kick(d, 2);
	struct snap *s = driver_save(d);
	struct driver *t = balloon_new(20000000);
	driver_load(t, d, s);
	assert_int_equal(driver_wait(t, 2, head), 0);
	assert_true(virtio_balloon_stat(t->v, VIRTIO_BALLOON_CACHES, &value));
	snap_free(s);
	driver_free(t);
	driver_free(d);
}

UNIT_MAIN(TEST(inflated_pages_are_given_back), TEST(reported_pages_are_given_back),
          TEST(its_size_is_told_and_heard), TEST(counters_are_asked_for))
