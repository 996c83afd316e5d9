/* SPDX-License-Identifier: Apache-2.0 */
/* A disk in memory that fails when it is told to. */
#include "test/hal/driver.h"

#include <fcntl.h>
#include <unistd.h>

#include "img/disk.h"
#include "layer/hal/dev/virtio_blk.h"

enum { SECTORS = 64, DISK = SECTORS * 512 };

struct memory {
	uint8_t bytes[DISK];
	_Atomic unsigned reads, writes, flushes, discards, zeroes;
	_Atomic int error; /* of the next calls */
	_Atomic bool hold; /* a read waits for it to be false */
	bool unmap;
	unsigned *count;
};

static void
move(struct memory *m, uint64_t at, const struct iovec *v, int n, bool in)
{
	for (int i = 0; i < n; i++) {
		assert_true(at + v[i].iov_len <= DISK);
		if (in)
			memcpy(v[i].iov_base, m->bytes + at, v[i].iov_len);
		else
			memcpy(m->bytes + at, v[i].iov_base, v[i].iov_len);
		at += v[i].iov_len;
	}
}

static int
mem_read(void *disk, uint64_t at, const struct iovec *v, int n)
{
	struct memory *m = disk;
	m->reads++;
	while (m->hold)
		driver_nap();
	if (!m->error)
		move(m, at, v, n, true);
	return m->error;
}

static int
mem_write(void *disk, uint64_t at, const struct iovec *v, int n)
{
	struct memory *m = disk;
	m->writes++;
	if (!m->error)
		move(m, at, v, n, false);
	return m->error;
}

static int
mem_flush(void *disk)
{
	struct memory *m = disk;
	m->flushes++;
	return m->error;
}

static int
mem_discard(void *disk, uint64_t at, uint64_t n)
{
	struct memory *m = disk;
	assert_true(at + n <= DISK);
	m->discards++;
	return m->error;
}

static int
mem_zero(void *disk, uint64_t at, uint64_t n, bool unmap)
{
	struct memory *m = disk;
	assert_true(at + n <= DISK);
	memset(m->bytes + at, 0, n);
	m->zeroes++;
	m->unmap = unmap;
	return m->error;
}

static void
mem_close(void *disk)
{
	struct memory *m = disk;
	if (m->count)
		++*m->count;
	free(m);
}

static const struct virtio_blk_disk mem_ops = { mem_read,    mem_write, mem_flush,
	                                        mem_discard, mem_zero,  mem_close };
static const struct virtio_blk_disk readonly_ops = { .read = mem_read, .close = mem_close };

enum {
	RO = 1 << 5,
	FLUSH = 1 << 9,
	MQ = 1 << 12,
	DISCARD = 1 << 13,
	ZEROES = 1 << 14,
	IN = 0,
	OUT = 1,
	DO_FLUSH = 4,
	GET_ID = 8,
	DO_DISCARD = 11,
	DO_ZEROES = 13,
};

static struct driver *
blk_with(const struct virtio_blk_disk *ops, struct memory **m, unsigned queues)
{
	struct driver *d = driver_new();
	struct virtio_blk_options o = { .size = DISK + 100, .serial = "night", .queues = queues };
	*m = xcalloc(1, sizeof **m);
	for (int i = 0; i < DISK; i++)
		(*m)->bytes[i] = (uint8_t)(i * 7 + i / 512);
	driver_plug(d, virtio_blk_new(d->board, "vda", ops, *m, &o));
	return d;
}

static struct driver *
blk_new(const struct virtio_blk_disk *ops, struct memory **m)
{
	return blk_with(ops, m, 1);
}

/* A request's three parts; returns its head in the queue, its status is at *status. */
static uint16_t
ask_in(struct driver *d, unsigned queue, uint32_t type, uint64_t sector, uint64_t data, uint32_t n,
       uint64_t *status)
{
	uint8_t head[16] = { (uint8_t)type };
	memcpy(head + 8, &(uint64_t){ htole64(sector) }, 8);
	*status = driver_room(d, 1, 1);
	*(uint8_t *)driver_ptr(d, *status) = 99;
	struct part p[4] = { { driver_bytes(d, head, 16), 16, false },
		             { data, n / 2, type == IN || type == GET_ID },
		             { data + n / 2, n - n / 2, type == IN || type == GET_ID },
		             { *status, 1, true } };
	uint16_t at = driver_add(d, queue, p, 4);
	driver_kick(d, queue);
	return at;
}

static uint16_t
ask(struct driver *d, uint32_t type, uint64_t sector, uint64_t data, uint32_t n, uint64_t *status)
{
	return ask_in(d, 0, type, sector, data, n, status);
}

static uint8_t
request(struct driver *d, uint32_t type, uint64_t sector, uint64_t data, uint32_t n)
{
	uint64_t status;
	uint16_t head = ask(d, type, sector, data, n, &status);
	uint32_t wrote = driver_wait(d, 0, head);
	assert_int_equal(wrote, type == IN || type == GET_ID ? n + 1 : 1);
	return *(uint8_t *)driver_ptr(d, status);
}

static void
the_configuration(void **state)
{
	struct memory *m;
	uint8_t c[64];
	(void)state;
	struct driver *d = blk_new(&mem_ops, &m);
	assert_int_equal(driver_offer(d) & 0xffffff,
	                 1 << 2 | 1 << 6 | FLUSH | 1 << 10 | DISCARD | ZEROES);
	assert_int_equal(driver_get(d, 0x008), 2);
	driver_config(d, 0, c, 64);
	assert_int_equal(driver_get(d, 0x100), SECTORS);
	assert_int_equal(driver_get(d, 0x104), 0);
	assert_int_equal(driver_get(d, 0x114), 512);
	assert_int_equal(c[24], 3);
	assert_int_equal(c[56], 1);
	assert_true(driver_get(d, 0x124) > 0 && driver_get(d, 0x130) > 0);
	driver_up(d, 0, 16);
	pthread_mutex_lock(&d->bus->lock);
	virtio_blk_resize(d->v, 1024);
	pthread_mutex_unlock(&d->bus->lock);
	assert_int_equal(driver_get(d, 0x100), 2);
	assert_int_equal(driver_ack(d), 2);
	driver_free(d);
	d = blk_new(&readonly_ops, &m);
	assert_int_equal(driver_offer(d) & (RO | DISCARD | ZEROES), RO);
	driver_free(d);
}

/* 5.2.2, 5.2.3: more queues than one are for a driver that agreed on F_MQ. */
static void
each_hart_has_a_queue(void **state)
{
	struct memory *m;
	uint8_t c[64];
	uint64_t status[3];
	uint16_t head[3];
	(void)state;
	struct driver *d = blk_with(&mem_ops, &m, 3);
	assert_int_equal(driver_offer(d) & MQ, MQ);
	driver_config(d, 0, c, 64);
	assert_int_equal(c[34] | c[35] << 8, 3);
	driver_up(d, FLUSH, 16);
	assert_int_equal(d->q[0].size, 16);
	assert_int_equal(d->q[1].size, 0);
	driver_up(d, FLUSH | MQ, 16);
	assert_int_equal(d->q[2].size, 16);
	assert_int_equal(d->q[3].size, 0);
	uint64_t data = driver_room(d, 3 * 1024, 512);
	for (unsigned i = 0; i < 3; i++)
		head[i] = ask_in(d, i, IN, 10 * i, data + 1024 * i, 1024, &status[i]);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(driver_wait(d, i, head[i]), 1025);
		assert_int_equal(*(uint8_t *)driver_ptr(d, status[i]), 0);
		assert_memory_equal(driver_ptr(d, data + 1024 * i), m->bytes + 10 * i * 512, 1024);
	}
	/* and each of them is saved */
	struct snap *saved = driver_save(d);
	struct memory *m2;
	struct driver *to = blk_with(&mem_ops, &m2, 3);
	driver_load(to, d, saved);
	snap_free(saved);
	head[2] = ask_in(to, 2, IN, 5, data, 512, &status[2]);
	assert_int_equal(driver_wait(to, 2, head[2]), 513);
	driver_free(to);
	driver_free(d);
	d = blk_with(&mem_ops, &m, 99);
	driver_config(d, 0, c, 64);
	assert_int_equal(c[34], VIRTIO_QUEUES);
	driver_free(d);
}

static void
sectors_are_read_and_written(void **state)
{
	struct memory *m;
	(void)state;
	struct driver *d = blk_new(&mem_ops, &m);
	driver_up(d, FLUSH | DISCARD | ZEROES, 16);
	uint64_t data = driver_room(d, 4096, 512);
	uint8_t *p = driver_ptr(d, data);
	assert_int_equal(request(d, IN, 3, data, 1024), 0);
	assert_memory_equal(p, m->bytes + 3 * 512, 1024);
	memset(p, 0xa5, 1536);
	assert_int_equal(request(d, OUT, SECTORS - 3, data, 1536), 0);
	assert_memory_equal(m->bytes + DISK - 1536, p, 1536);
	assert_int_equal(request(d, OUT, 0, data, 0), 0);
	assert_int_equal(m->flushes, 0);
	assert_int_equal(request(d, DO_FLUSH, 0, data, 0), 0);
	assert_int_equal(m->flushes, 1);
	memset(p, 'x', 30);
	assert_int_equal(request(d, GET_ID, 0, data, 20), 0);
	assert_memory_equal(p, "night\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0x", 21);
	driver_free(d);
}

static void
without_flush_each_write_is_on_the_disk(void **state)
{
	struct memory *m;
	(void)state;
	struct driver *d = blk_new(&mem_ops, &m);
	driver_up(d, 0, 16);
	uint64_t data = driver_room(d, 512, 512);
	assert_int_equal(request(d, OUT, 0, data, 512), 0);
	assert_int_equal(m->flushes, 1);
	driver_free(d);
}

static void
what_is_beyond_the_disk_fails(void **state)
{
	static const struct {
		uint64_t sector;
		uint32_t n;
	} bad[] = { { SECTORS, 512 },
		    { SECTORS - 1, 1024 },
		    { UINT64_MAX, 512 },
		    { UINT64_MAX / 512, 512 },
		    { 0, 511 },
		    { 0, 513 },
		    { UINT64_MAX / 512 + 1, 512 },
		    { SECTORS + 1, 0 },
		    { 0, DISK + 512 } };
	struct memory *m;
	(void)state;
	struct driver *d = blk_new(&mem_ops, &m);
	driver_up(d, FLUSH, 16);
	uint64_t data = driver_room(d, DISK + 512, 512);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(request(d, IN, bad[i].sector, data, bad[i].n), 1);
		assert_int_equal(request(d, OUT, bad[i].sector, data, bad[i].n), 1);
	}
	assert_int_equal(m->reads + m->writes, 0);
	/* what it does not know, and a read-only disk */
	assert_int_equal(request(d, 14, 0, data, 16), 2);
	assert_int_equal(request(d, 2, 0, data, 0), 2);
	driver_free(d);
	d = blk_new(&readonly_ops, &m);
	driver_up(d, 0, 16);
	data = driver_room(d, 512, 512);
	assert_int_equal(request(d, OUT, 0, data, 512), 1);
	assert_int_equal(request(d, DO_FLUSH, 0, data, 0), 0);
	assert_int_equal(request(d, IN, 0, data, 512), 0);
	driver_free(d);
}

static void
set_range(uint8_t *p, uint64_t sector, uint32_t n, uint32_t flags)
{
	memcpy(p, &(uint64_t){ htole64(sector) }, 8);
	memcpy(p + 8, &(uint32_t){ htole32(n) }, 4);
	memcpy(p + 12, &(uint32_t){ htole32(flags) }, 4);
}

static void
ranges_are_discarded_and_zeroed(void **state)
{
	struct memory *m;
	(void)state;
	struct driver *d = blk_new(&mem_ops, &m);
	driver_up(d, FLUSH | DISCARD | ZEROES, 16);
	uint64_t data = driver_room(d, 1024, 16);
	uint8_t *p = driver_ptr(d, data);
	set_range(p, 1, 2, 1);
	set_range(p + 16, SECTORS - 1, 1, 0);
	assert_int_equal(request(d, DO_ZEROES, 0, data, 32), 0);
	assert_int_equal(m->zeroes, 2);
	assert_false(m->unmap);
	assert_int_equal(m->bytes[512] | m->bytes[1535] | m->bytes[DISK - 1], 0);
	assert_int_not_equal(m->bytes[1537], 0);
	set_range(p, 1, 2, 0);
	assert_int_equal(request(d, DO_DISCARD, 0, data, 16), 0);
	assert_int_equal(m->discards, 1);
	/* none is done when one is wrong */
	set_range(p + 16, SECTORS, 1, 0);
	assert_int_equal(request(d, DO_DISCARD, 0, data, 32), 1);
	set_range(p + 16, 1, UINT32_MAX, 0);
	assert_int_equal(request(d, DO_ZEROES, 0, data, 32), 1);
	set_range(p + 16, UINT64_MAX, 2, 0);
	assert_int_equal(request(d, DO_ZEROES, 0, data, 32), 1);
	set_range(p + 16, 1, 1, 1);
	assert_int_equal(request(d, DO_DISCARD, 0, data, 32), 2);
	set_range(p + 16, 1, 1, 2);
	assert_int_equal(request(d, DO_ZEROES, 0, data, 32), 2);
	assert_int_equal(request(d, DO_ZEROES, 0, data, 17), 1);
	assert_int_equal(request(d, DO_ZEROES, 0, data, 17 * 16), 1);
	assert_int_equal(m->discards, 1);
	assert_int_equal(m->zeroes, 2);
	driver_free(d);
}

static void
an_error_of_the_host_is_one_of_the_guest(void **state)
{
	struct memory *m;
	(void)state;
	struct driver *d = blk_new(&mem_ops, &m);
	driver_up(d, FLUSH, 16);
	uint64_t data = driver_room(d, 512, 512);
	m->error = -EIO;
	assert_int_equal(request(d, IN, 0, data, 512), 1);
	assert_int_equal(request(d, OUT, 0, data, 512), 1);
	assert_int_equal(request(d, DO_FLUSH, 0, data, 0), 1);
	m->error = -EOPNOTSUPP;
	assert_int_equal(request(d, DO_FLUSH, 0, data, 0), 2);
	m->error = 0;
	assert_int_equal(request(d, IN, 0, data, 512), 0);
	driver_free(d);
}

/* A full file system stops the machine; after it, all goes on as if nothing was. */
static void
a_full_disk_waits_for_room(void **state)
{
	struct memory *m;
	uint64_t status[3];
	uint16_t head[3];
	enum board_event what;
	struct err why = { 0 };
	int code;
	(void)state;
	struct driver *d = blk_new(&mem_ops, &m);
	driver_up(d, FLUSH, 16);
	uint64_t data = driver_room(d, 512, 512);
	memset(driver_ptr(d, data), 'w', 512);
	m->error = -ENOSPC;
	for (int i = 0; i < 3; i++)
		head[i] = ask(d, OUT, (uint64_t)i, data, 512, &status[i]);
	for (int i = 0; i < 5000 && !m->writes; i++)
		driver_nap();
	while (!board_raised(d->board, &what, &code, &why))
		driver_nap();
	assert_int_equal(what, BOARD_STUCK);
	assert_non_null(strstr(why.what, "vda"));
	for (int i = 0; i < 20; i++)
		driver_nap();
	assert_int_equal(m->writes, 1);
	assert_int_equal(driver_used_index(d, 0), 0);
	/* saved so, it goes on elsewhere */
	struct snap *s = driver_save(d);
	struct memory *m2;
	struct driver *t = blk_new(&mem_ops, &m2);
	driver_load(t, d, s);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(driver_wait(t, 0, head[i]), 1);
		assert_int_equal(*(uint8_t *)driver_ptr(t, status[i]), 0);
		assert_int_equal(m2->bytes[512 * i], 'w');
	}
	driver_free(t);
	snap_free(s);
	/* still full, then not */
	board_wake(d->board);
	while (!board_raised(d->board, &what, &code, &why))
		driver_nap();
	board_rest(d->board);
	m->error = 0;
	board_wake(d->board);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(driver_wait(d, 0, head[i]), 1);
		assert_int_equal(*(uint8_t *)driver_ptr(d, status[i]), 0);
		assert_int_equal(m->bytes[512 * i], 'w');
	}
	/* a guest that resets gives its requests up */
	m->error = -EDQUOT;
	ask(d, OUT, 5, data, 512, &status[0]);
	while (!board_raised(d->board, &what, &code, &why))
		driver_nap();
	driver_up(d, FLUSH, 16);
	m->error = 0;
	assert_int_equal(request(d, IN, 0, data, 512), 0);
	driver_free(d);
}

static void *
let_go(void *arg)
{
	for (int i = 0; i < 100; i++)
		driver_nap();
	((struct memory *)arg)->hold = false;
	return NULL;
}

/* Neither a rest nor a reset comes back while a request writes into memory. */
static void
nothing_is_in_flight_at_rest(void **state)
{
	struct memory *m;
	uint64_t status;
	pthread_t t;
	(void)state;
	for (int reset = 0; reset < 2; reset++) {
		struct driver *d = blk_new(&mem_ops, &m);
		driver_up(d, FLUSH, 16);
		uint64_t data = driver_room(d, 1024, 512);
		m->hold = true;
		uint16_t first = ask(d, IN, 0, data, 512, &status);
		uint16_t second = ask(d, IN, 0, data + 512, 512, &status);
		while (!m->reads)
			driver_nap();
		pthread_create(&t, NULL, let_go, m);
		if (reset)
			driver_set(d, 0x070, 0);
		else
			board_rest(d->board);
		assert_false(m->hold);
		assert_int_equal(*(uint8_t *)driver_ptr(d, data + 1), m->bytes[1]);
		pthread_join(t, NULL);
		if (reset) {
			driver_up(d, FLUSH, 16);
		} else {
			board_wake(d->board);
			driver_wait(d, 0, first);
			driver_wait(d, 0, second);
		}
		assert_int_equal(request(d, IN, 0, data, 512), 0);
		driver_free(d);
	}
}

/* Requests without head or status come back, and nothing else happens. */
static void
half_a_request(void **state)
{
	struct memory *m;
	(void)state;
	struct driver *d = blk_new(&mem_ops, &m);
	driver_up(d, FLUSH, 16);
	uint64_t data = driver_room(d, 1024, 512);
	struct part p[2] = { { data, 15, false }, { data + 512, 513, true } };
	assert_int_equal(driver_do(d, 0, p, 2), 0);
	assert_int_equal(driver_do(d, 0, p, 1), 0);
	assert_int_equal(driver_do(d, 0, p + 1, 1), 0);
	/* head and data in one, the status with the data */
	p[0].n = 16;
	assert_int_equal(driver_do(d, 0, p, 2), 513);
	assert_memory_equal(driver_ptr(d, data + 512), m->bytes, 512);
	assert_int_equal(m->reads, 1);
	driver_free(d);
}

static void
the_image_is_closed(void **state)
{
	struct memory *m;
	unsigned closed = 0;
	(void)state;
	struct driver *d = blk_new(&mem_ops, &m);
	m->count = &closed;
	driver_free(d);
	assert_int_equal(closed, 1);
}

/* The same over a real image, that may be written or not. */
static void
an_image_is_a_disk(void **state)
{
	struct err e = { 0 };
	char path[] = "/tmp/joist-blk-XXXXXX";
	(void)state;
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	for (int writable = 1; writable >= 0; writable--) {
		struct disk *image =
		        disk_open(AT_FDCWD, path, DISK_RAW | (writable ? DISK_WRITE : 0), &e);
		assert_non_null(image);
		struct driver *d = driver_new();
		driver_plug(d, virtio_blk_image(d->board, "vda", image, NULL, 1));
		assert_int_equal(driver_get(d, 0x100), 2048);
		assert_int_equal(!(driver_offer(d) & RO), writable);
		driver_up(d, FLUSH | (writable ? DISCARD | ZEROES : 0), 16);
		uint64_t data = driver_room(d, 512, 512);
		memset(driver_ptr(d, data), 'w', 512);
		if (writable) {
			assert_int_equal(request(d, OUT, 7, data, 512), 0);
			assert_int_equal(request(d, DO_FLUSH, 0, data, 0), 0);
			set_range(driver_ptr(d, data), 8, 9, 0);
			assert_int_equal(request(d, DO_ZEROES, 0, data, 16), 0);
			assert_int_equal(request(d, DO_DISCARD, 0, data, 16), 0);
		}
		assert_int_equal(request(d, IN, 7, data, 512), 0);
		assert_int_equal(*(uint8_t *)driver_ptr(d, data + 511), 'w');
		driver_free(d);
	}
	char c;
	assert_int_equal(pread(fd, &c, 1, 7 * 512), 1);
	assert_int_equal(c, 'w');
	close(fd);
	unlink(path);
}

UNIT_MAIN(TEST(the_configuration), TEST(each_hart_has_a_queue), TEST(sectors_are_read_and_written),
          TEST(without_flush_each_write_is_on_the_disk), TEST(what_is_beyond_the_disk_fails),
          TEST(ranges_are_discarded_and_zeroed), TEST(an_error_of_the_host_is_one_of_the_guest),
          TEST(a_full_disk_waits_for_room), TEST(nothing_is_in_flight_at_rest),
          TEST(half_a_request), TEST(the_image_is_closed), TEST(an_image_is_a_disk))
