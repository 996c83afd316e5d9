/* SPDX-License-Identifier: Apache-2.0 */
/* Queues and registers, by a device that only copies. */
#include "test/hal/driver.h"

/* -- a device: what it may read it writes back, doubled ------------------------------ */

struct echo {
	uint32_t done;
	uint8_t config[8];
	bool asleep; /* do nothing when notified */
	unsigned starts, resets;
	struct chain c;
};

static const struct field echo_fields[] = { FIELD_OF_U32(struct echo, done),
	                                    FIELD_OF_U8(struct echo, config),
	                                    { 0 } };

static void
echo_notify(struct virtio *v, unsigned queue)
{
	struct echo *x = v->self;
	while (!x->asleep && virtio_pop(v, queue, &x->c) > 0) {
		uint8_t bytes[256];
		uint64_t n = virtio_gather(bytes, sizeof bytes, x->c.out, x->c.nout, 0);
		for (uint64_t i = 0; i < n; i++)
			bytes[i] = (uint8_t)(bytes[i] * 2);
		n = virtio_scatter(x->c.in, x->c.nin, 0, bytes, n);
		virtio_push(v, queue, &x->c, (uint32_t)n);
		x->done++;
	}
	virtio_signal(v, queue);
}

static void
echo_start(struct virtio *v)
{
	((struct echo *)v->self)->starts++;
}

static void
echo_reset(struct virtio *v)
{
	((struct echo *)v->self)->resets++;
	((struct echo *)v->self)->done = 0;
}

static void
echo_config_read(struct virtio *v, uint32_t offset, uint8_t *bytes, uint32_t n)
{
	virtio_config_bytes(((struct echo *)v->self)->config, 8, offset, bytes, n);
}

static void
echo_config_write(struct virtio *v, uint32_t offset, const uint8_t *bytes, uint32_t n)
{
	for (uint32_t i = 0; i < n && offset + i < 8; i++)
		((struct echo *)v->self)->config[offset + i] = bytes[i];
}

static void
echo_destroy(struct virtio *v)
{
	free(v->self);
}

static const struct virtio_ops echo_ops = { .type = "virtio-echo",
	                                    .id = 42,
	                                    .queues = 2,
	                                    .size = 256,
	                                    .features = 5,
	                                    .fields = echo_fields,
	                                    .start = echo_start,
	                                    .reset = echo_reset,
	                                    .notify = echo_notify,
	                                    .config_read = echo_config_read,
	                                    .config_write = echo_config_write,
	                                    .destroy = echo_destroy };

static struct driver *
echo_new(struct echo **x)
{
	struct driver *d = driver_new();
	*x = xcalloc(1, sizeof **x);
	driver_plug(d, virtio_new(d->board, &echo_ops, "echo0", *x));
	return d;
}

/* "abc" there, doubled back, in a chain of two. */
static void
one(struct driver *d, uint8_t letter)
{
	uint8_t bytes[3] = { letter, 2, 3 };
	struct part p[2] = { { driver_bytes(d, bytes, 3), 3, false },
		             { driver_room(d, 8, 8), 8, true } };
	assert_int_equal(driver_do(d, 0, p, 2), 3);
	uint8_t *got = driver_ptr(d, p[1].at);
	assert_int_equal(got[0], (uint8_t)(letter * 2));
	assert_int_equal(got[2], 6);
	assert_int_equal(got[3], 0);
}

/* -- registers ------------------------------------------------------------------------ */

static void
the_registers_say_what_it_is(void **state)
{
	struct echo *x;
	(void)state;
	struct driver *d = echo_new(&x);
	assert_int_equal(driver_get(d, 0x000), 0x74726976);
	assert_int_equal(driver_get(d, 0x004), 2);
	assert_int_equal(driver_get(d, 0x008), 42);
	assert_int_equal(driver_offer(d), UINT64_C(0x130000005));
	driver_set(d, 0x014, 7);
	assert_int_equal(driver_get(d, 0x010), 0);
	assert_int_equal(driver_get(d, 0x034), 256);
	driver_set(d, 0x030, 2);
	assert_int_equal(driver_get(d, 0x034), 0);
	driver_set(d, 0x030, UINT32_MAX);
	assert_int_equal(driver_get(d, 0x034), 0);
	driver_set(d, 0x044, 1);
	assert_int_equal(driver_get(d, 0x044), 0);
	assert_int_equal(driver_get(d, 0x0b0), UINT32_MAX);
	assert_int_equal(driver_get(d, 0x0bc), UINT32_MAX);
	/* sizes that registers do not have, and the end of the region */
	uint64_t value = 1;
	assert_true(bus_read(d->bus, DRIVER_MMIO, 1, &value));
	assert_int_equal(value, 0);
	assert_false(bus_read(d->bus, DRIVER_MMIO, 8, &value));
	assert_true(bus_write(d->bus, DRIVER_MMIO + 0x1fc, 4, 1));
	assert_false(bus_read(d->bus, DRIVER_MMIO + 0x200, 4, &value));
	driver_free(d);
}

static void
only_what_was_offered_is_agreed(void **state)
{
	struct echo *x;
	(void)state;
	struct driver *d = echo_new(&x);
	static const uint64_t bad[] = { VIRTIO_VERSION_1 | 2, 5, 0, VIRTIO_VERSION_1 << 1,
		                        UINT64_MAX };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		driver_set(d, 0x070, 0);
		driver_set(d, 0x070, 3);
		driver_set(d, 0x024, 0);
		driver_set(d, 0x020, (uint32_t)bad[i]);
		driver_set(d, 0x024, 1);
		driver_set(d, 0x020, (uint32_t)(bad[i] >> 32));
		driver_set(d, 0x070, 11);
		assert_int_equal(driver_get(d, 0x070), 3);
		/* and without that it does not start */
		driver_set(d, 0x070, 7);
		assert_int_equal(driver_get(d, 0x070), 3);
	}
	assert_int_equal(x->starts, 0);
	driver_up(d, 4, 8);
	assert_int_equal(x->starts, 1);
	assert_int_equal(d->v->features, VIRTIO_VERSION_1 | 4);
	/* too late */
	driver_set(d, 0x024, 0);
	driver_set(d, 0x020, 1);
	assert_int_equal(d->v->features, VIRTIO_VERSION_1 | 4);
	driver_free(d);
}

static void
a_reset_forgets_all(void **state)
{
	struct echo *x;
	(void)state;
	struct driver *d = echo_new(&x);
	driver_up(d, 0, 8);
	one(d, 1);
	assert_true(d->level);
	unsigned resets = x->resets;
	driver_set(d, 0x070, 0);
	assert_int_equal(x->resets, resets + 1);
	assert_false(d->level);
	assert_int_equal(driver_get(d, 0x070), 0);
	driver_set(d, 0x030, 0);
	assert_int_equal(driver_get(d, 0x044), 0);
	assert_int_equal(d->v->queue[0].next_avail, 0);
	driver_up(d, 0, 8);
	one(d, 2);
	driver_free(d);
}

static void
the_configuration_is_read_and_written(void **state)
{
	struct echo *x;
	uint8_t got[12];
	uint64_t value = 0;
	(void)state;
	struct driver *d = echo_new(&x);
	for (uint8_t i = 0; i < 8; i++)
		x->config[i] = (uint8_t)(i + 1);
	driver_config(d, 0, got, 12);
	assert_memory_equal(got, "\1\2\3\4\5\6\7\10\0\0\0\0", 12);
	assert_true(bus_read(d->bus, DRIVER_MMIO + 0x106, 2, &value));
	assert_int_equal(value, 0x0807);
	assert_true(bus_write(d->bus, DRIVER_MMIO + 0x102, 2, 0xbbaa));
	assert_int_equal(driver_get(d, 0x100), 0xbbaa0201);
	driver_up(d, 0, 8);
	uint32_t g = driver_get(d, 0x0fc);
	pthread_mutex_lock(&d->bus->lock);
	virtio_config_changed(d->v);
	pthread_mutex_unlock(&d->bus->lock);
	assert_int_equal(driver_get(d, 0x0fc), g + 1);
	assert_true(d->level);
	assert_int_equal(driver_ack(d), 2);
	assert_false(d->level);
	driver_free(d);
}

/* -- queues --------------------------------------------------------------------------- */

static void
chains_go_and_come_back(void **state)
{
	struct echo *x;
	(void)state;
	struct driver *d = echo_new(&x);
	driver_up(d, 0, 8);
	/* more often than a ring index can count */
	uint64_t heap = d->heap;
	for (int i = 0; i < 66000; i++) {
		d->heap = heap;
		one(d, (uint8_t)i);
	}
	assert_int_equal(driver_ack(d), 1);
	assert_false(d->level);

	/* many buffers, one empty, the answer longer than its room */
	struct part p[6];
	for (unsigned i = 0; i < 6; i++)
		p[i] = (struct part){ driver_room(d, 4, 1), i == 1 ? 0 : i + 1, i >= 3 };
	memcpy(driver_ptr(d, p[0].at), "a", 1);
	memcpy(driver_ptr(d, p[2].at), "bcd", 3);
	p[4].n = 0;
	p[3].n = 1;
	p[5].n = 2;
	assert_int_equal(driver_do(d, 1, p, 6), 3);
	assert_int_equal(*(uint8_t *)driver_ptr(d, p[3].at), 'a' * 2);
	assert_int_equal(*(uint8_t *)driver_ptr(d, p[5].at), 'b' * 2);
	assert_int_equal(((uint8_t *)driver_ptr(d, p[5].at))[1], 'c' * 2);
	driver_free(d);
}

static void
a_table_of_descriptors(void **state)
{
	struct echo *x;
	uint32_t head = 0, n = 0;
	(void)state;
	struct driver *d = echo_new(&x);
	driver_up(d, VIRTIO_INDIRECT_DESC, 2);
	/* longer than the queue, in an odd order, at no aligned address */
	uint64_t table = driver_room(d, 16 * 5 + 1, 16) + 1;
	uint64_t out = driver_bytes(d, "abcd", 4), in = driver_room(d, 4, 1);
	driver_desc(d, table, 0, out, 1, 1, 3);
	driver_desc(d, table, 3, out + 1, 3, 1, 2);
	driver_desc(d, table, 2, in, 1, 3, 1);
	driver_desc(d, table, 1, in + 1, 3, 2, 0xffff);
	driver_desc(d, d->q[0].desc, 1, table, 16 * 5, 4, 0);
	driver_offer_head(d, 0, 1);
	driver_kick(d, 0);
	assert_true(driver_take(d, 0, &head, &n));
	assert_int_equal(head, 1);
	assert_int_equal(n, 4);
	assert_int_equal(*(uint8_t *)driver_ptr(d, in + 3), (uint8_t)('d' * 2));
	/* behind other descriptors (2.7.5.3.2) */
	driver_desc(d, d->q[0].desc, 0, out, 2, 1, 1);
	driver_offer_head(d, 0, 0);
	driver_desc(d, table, 0, in, 4, 2, 0);
	driver_kick(d, 0);
	assert_true(driver_take(d, 0, &head, &n));
	assert_int_equal(n, 2);
	driver_free(d);
}

/* Interrupts only at the index that the driver names, notifications likewise. */
static void
event_indices(void **state)
{
	struct echo *x;
	(void)state;
	struct driver *d = echo_new(&x);
	driver_up(d, VIRTIO_EVENT_IDX, 8);
	uint16_t *avail = driver_ptr(d, d->q[0].avail), *used = driver_ptr(d, d->q[0].used);
	avail[2 + 8] = htole16(2);
	one(d, 1); /* the first is always told */
	assert_int_equal(driver_ack(d), 1);
	one(d, 2);
	assert_false(d->level);
	/* what notification is wanted next */
	assert_int_equal(le16toh(used[2 + 8 * 4]), 2);
	one(d, 3);
	assert_int_equal(driver_ack(d), 1);
	one(d, 4);
	assert_false(d->level);
	assert_int_equal(le16toh(used[2 + 8 * 4]), 4);
	/* a flag means nothing then */
	avail[0] = htole16(1);
	avail[2 + 8] = htole16(4);
	one(d, 5);
	assert_int_equal(driver_ack(d), 1);
	/* while it polls it asks for nothing */
	pthread_mutex_lock(&d->bus->lock);
	virtio_want_notify(d->v, 0, false);
	pthread_mutex_unlock(&d->bus->lock);
	one(d, 6);
	assert_int_equal(le16toh(used[2 + 8 * 4]), 5);
	pthread_mutex_lock(&d->bus->lock);
	virtio_want_notify(d->v, 0, true);
	pthread_mutex_unlock(&d->bus->lock);
	assert_int_equal(le16toh(used[2 + 8 * 4]), 6);
	driver_free(d);
}

static void
flags_instead_of_indices(void **state)
{
	struct echo *x;
	(void)state;
	struct driver *d = echo_new(&x);
	driver_up(d, 0, 8);
	uint16_t *avail = driver_ptr(d, d->q[0].avail), *used = driver_ptr(d, d->q[0].used);
	avail[0] = htole16(1);
	one(d, 1);
	assert_false(d->level);
	avail[0] = 0;
	one(d, 2);
	assert_true(d->level);
	pthread_mutex_lock(&d->bus->lock);
	virtio_want_notify(d->v, 0, false);
	assert_int_equal(le16toh(used[0]), 1);
	virtio_want_notify(d->v, 0, true);
	assert_int_equal(used[0], 0);
	pthread_mutex_unlock(&d->bus->lock);
	driver_free(d);
}

static void
what_is_popped_can_be_popped_again(void **state)
{
	struct echo *x;
	(void)state;
	struct driver *d = echo_new(&x);
	driver_up(d, 0, 8);
	x->asleep = true;
	struct part p = { driver_bytes(d, "x", 1), 1, false };
	uint16_t first = driver_add(d, 0, &p, 1), second = driver_add(d, 0, &p, 1);
	driver_kick(d, 0);
	pthread_mutex_lock(&d->bus->lock);
	assert_int_equal(virtio_pop(d->v, 0, &x->c), 1);
	assert_int_equal(x->c.head, first);
	assert_true(virtio_more(d->v, 0));
	assert_int_equal(virtio_pop(d->v, 0, &x->c), 1);
	assert_int_equal(x->c.head, second);
	assert_false(virtio_more(d->v, 0));
	assert_int_equal(virtio_pop(d->v, 0, &x->c), 0);
	virtio_unpop(d->v, 0);
	virtio_unpop(d->v, 0);
	assert_int_equal(virtio_pop(d->v, 0, &x->c), 1);
	assert_int_equal(x->c.head, first);
	virtio_unpop(d->v, 0);
	pthread_mutex_unlock(&d->bus->lock);
	driver_free(d);
}

/* What came before DRIVER_OK or while nobody looked is found. */
static void
nothing_is_forgotten(void **state)
{
	struct echo *x;
	(void)state;
	struct driver *d = echo_new(&x);
	driver_up(d, 0, 8);
	x->asleep = true;
	struct part p = { driver_bytes(d, "x", 1), 1, false };
	uint16_t head = driver_add(d, 0, &p, 1);
	driver_kick(d, 0);
	board_rest(d->board);
	x->asleep = false;
	assert_int_equal(driver_used_index(d, 0), 0);
	board_wake(d->board);
	driver_wait(d, 0, head);
	driver_free(d);
}

/* -- drivers that break the rules ------------------------------------------------------- */

static unsigned warned;

static void
warn(const char *sentence)
{
	assert_true(strncmp(sentence, "echo0: ", 7) == 0);
	warned++;
}

static void
broken(struct driver *d, struct echo *x)
{
	warned = 0;
	driver_kick(d, 0);
	if (!(driver_get(d, 0x070) & 64))
		fail_msg("a wrong chain was taken");
	assert_int_equal(warned, 1);
	assert_int_equal(driver_ack(d), 2);
	assert_int_equal(driver_used_index(d, 0), 0);
	/* and it stands still */
	uint32_t done = x->done;
	driver_kick(d, 0);
	driver_kick(d, 1);
	assert_int_equal(warned, 1);
	assert_int_equal(x->done, done);
	driver_up(d, VIRTIO_INDIRECT_DESC, 8);
	one(d, 1);
	driver_up(d, VIRTIO_INDIRECT_DESC, 8);
	driver_ack(d);
}

static void
wrong_chains_break_the_device(void **state)
{
	struct echo *x;
	(void)state;
	err_warn_to(warn);
	struct driver *d = echo_new(&x);
	driver_up(d, VIRTIO_INDIRECT_DESC, 8);
	uint64_t at = driver_room(d, 64, 16);
	static const struct {
		uint64_t at;
		uint32_t n;
		uint16_t flags, next;
	} bad[] = {
		{ 0, 4, 0, 0 },                            /* not in RAM */
		{ DRIVER_RAM - 1, 4, 0, 0 },               /* begins before */
		{ DRIVER_RAM + DRIVER_SIZE - 3, 4, 2, 0 }, /* ends behind */
		{ UINT64_MAX, 4, 0, 0 },                   /* around the end */
		{ DRIVER_RAM + DRIVER_SIZE, UINT32_MAX, 0, 0 },
		{ DRIVER_RAM, 4, 1, 0 },                     /* a loop */
		{ DRIVER_RAM, 4, 1, 8 },                     /* beyond the table */
		{ DRIVER_RAM, 4, 3, 7 },                     /* to read behind to write */
		{ DRIVER_RAM, 16, 5, 0 },                    /* a table that goes on */
		{ DRIVER_RAM, 0, 4, 0 },                     /* an empty one */
		{ DRIVER_RAM, 17, 4, 0 },                    /* half a descriptor */
		{ DRIVER_RAM + DRIVER_SIZE - 16, 32, 4, 0 }, /* a table not in RAM */
		{ DRIVER_RAM + DRIVER_HEAP - 64, 16, 4, 0 }, /* a table in a table */
		{ DRIVER_RAM + DRIVER_HEAP - 32, 32, 4, 0 }, /* a loop in a table */
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		uint64_t end = DRIVER_RAM + DRIVER_HEAP;
		driver_desc(d, end - 64, 0, at, 16, 4, 0);
		driver_desc(d, end - 32, 0, at, 4, 1, 1);
		driver_desc(d, end - 32, 1, at, 4, 1, 0);
		driver_desc(d, d->q[0].desc, 0, bad[i].at, bad[i].n, bad[i].flags, bad[i].next);
		driver_desc(d, d->q[0].desc, 7, DRIVER_RAM, 4, 0, 0);
		driver_offer_head(d, 0, 0);
		broken(d, x);
	}
	/* a head that is none */
	driver_offer_head(d, 0, 8);
	broken(d, x);
	/* an index that ran away */
	((uint16_t *)driver_ptr(d, d->q[0].avail))[1] = htole16(9);
	broken(d, x);
	/* more than 4 GiB in one chain */
	uint64_t table = driver_room(d, 16 * 200, 16);
	for (uint16_t i = 0; i < 200; i++)
		driver_desc(d, table, i, DRIVER_RAM, DRIVER_SIZE, 2 | (i < 199), (uint16_t)(i + 1));
	driver_desc(d, d->q[0].desc, 0, table, 16 * 200, 4, 0);
	driver_offer_head(d, 0, 0);
	broken(d, x);
	/* more buffers than one can have */
	table = driver_room(d, 16 * 2000, 16);
	for (uint16_t i = 0; i < 2000; i++)
		driver_desc(d, table, i, DRIVER_RAM, 1, 2 | (i < 1999), (uint16_t)(i + 1));
	driver_desc(d, d->q[0].desc, 0, table, 16 * 2000, 4, 0);
	driver_offer_head(d, 0, 0);
	broken(d, x);
	/* a table though none was agreed on */
	driver_up(d, 0, 8);
	driver_desc(d, table, 0, DRIVER_RAM, 1, 0, 0);
	driver_desc(d, d->q[0].desc, 0, table, 16, 4, 0);
	driver_offer_head(d, 0, 0);
	broken(d, x);
	driver_free(d);
	err_warn_to(NULL);
}

static void
wrong_queues_are_never_ready(void **state)
{
	static const struct {
		uint64_t desc, avail, used;
		uint32_t size;
	} bad[] = {
		{ DRIVER_RAM + 8, DRIVER_RAM, DRIVER_RAM, 8 },
		{ DRIVER_RAM, DRIVER_RAM + 1, DRIVER_RAM, 8 },
		{ DRIVER_RAM, DRIVER_RAM, DRIVER_RAM + 2, 8 },
		{ 0, DRIVER_RAM, DRIVER_RAM, 8 },
		{ DRIVER_RAM, DRIVER_RAM - 16, DRIVER_RAM, 8 },
		{ DRIVER_RAM, DRIVER_RAM, DRIVER_RAM + DRIVER_SIZE - 64, 8 },
		{ DRIVER_RAM + DRIVER_SIZE - 112, DRIVER_RAM, DRIVER_RAM, 8 },
		{ DRIVER_RAM, DRIVER_RAM, DRIVER_RAM, 0 },
		{ DRIVER_RAM, DRIVER_RAM, DRIVER_RAM, 7 },
		{ DRIVER_RAM, DRIVER_RAM, DRIVER_RAM, 512 },
		{ DRIVER_RAM, DRIVER_RAM, DRIVER_RAM, 65536 },
		{ UINT64_MAX - 15, DRIVER_RAM, DRIVER_RAM, 8 },
	};
	struct echo *x;
	(void)state;
	struct driver *d = echo_new(&x);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		driver_set(d, 0x070, 0);
		driver_set(d, 0x070, 3);
		driver_set(d, 0x030, 1);
		driver_set(d, 0x038, bad[i].size);
		driver_set(d, 0x080, (uint32_t)bad[i].desc);
		driver_set(d, 0x084, (uint32_t)(bad[i].desc >> 32));
		driver_set(d, 0x090, (uint32_t)bad[i].avail);
		driver_set(d, 0x094, (uint32_t)(bad[i].avail >> 32));
		driver_set(d, 0x0a0, (uint32_t)bad[i].used);
		driver_set(d, 0x0a4, (uint32_t)(bad[i].used >> 32));
		driver_set(d, 0x044, 1);
		assert_int_equal(driver_get(d, 0x044), 0);
		assert_int_equal(driver_get(d, 0x070), 3 | 64);
	}
	/* a queue in use does not move */
	driver_up(d, 0, 8);
	driver_set(d, 0x030, 0);
	driver_set(d, 0x038, 2);
	driver_set(d, 0x080, 0);
	one(d, 1);
	/* one that is given up begins anew */
	driver_set(d, 0x044, 0);
	driver_set(d, 0x038, 16);
	assert_int_equal(d->v->queue[0].size, 16);
	assert_int_equal(d->v->queue[0].next_used, 0);
	driver_free(d);
}

/* -- snapshots ---------------------------------------------------------------------------- */

static void
it_goes_on_elsewhere(void **state)
{
	struct echo *x, *y;
	(void)state;
	struct driver *d = echo_new(&x);
	driver_up(d, VIRTIO_EVENT_IDX | 1, 8);
	for (uint8_t i = 0; i < 20; i++)
		one(d, i);
	x->config[3] = 77;
	/* one that nobody has looked at */
	x->asleep = true;
	struct part p[2] = { { driver_bytes(d, "\5", 1), 1, false },
		             { driver_room(d, 8, 8), 8, true } };
	uint16_t head = driver_add(d, 0, p, 2);
	struct snap *s = driver_save(d);
	struct driver *t = echo_new(&y);
	driver_load(t, d, s);
	assert_int_equal(driver_wait(t, 0, head), 1);
	assert_int_equal(*(uint8_t *)driver_ptr(t, p[1].at), 10);
	assert_int_equal(y->done, 21);
	assert_int_equal(y->config[3], 77);
	assert_true(t->level);
	assert_int_equal(t->v->features, VIRTIO_VERSION_1 | VIRTIO_EVENT_IDX | 1);
	for (uint8_t i = 0; i < 20; i++)
		one(t, i);
	json_t *o = board_inspect(t->board);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(o, "echo0"), "done")),
	                 41);
	json_decref(o);
	snap_free(s);
	driver_free(t);
	driver_free(d);
}

UNIT_MAIN(TEST(the_registers_say_what_it_is), TEST(only_what_was_offered_is_agreed),
          TEST(a_reset_forgets_all), TEST(the_configuration_is_read_and_written),
          TEST(chains_go_and_come_back), TEST(a_table_of_descriptors), TEST(event_indices),
          TEST(flags_instead_of_indices), TEST(what_is_popped_can_be_popped_again),
          TEST(nothing_is_forgotten), TEST(wrong_chains_break_the_device),
          TEST(wrong_queues_are_never_ready), TEST(it_goes_on_elsewhere))
