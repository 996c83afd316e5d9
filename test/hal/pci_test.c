/* SPDX-License-Identifier: Apache-2.0 */
/* A bus as firmware and a kernel find it. */
#include "test/hal/driver.h"

#include "layer/hal/dev/pci.h"
#include "layer/hal/dev/virtio_rng.h"

#define ECAM UINT64_C(0x30000000)
#define MMIO UINT64_C(0x40000000)

enum { BAR = 16 << 10 };

static bool level[4];

static void
wire(void *ctx, unsigned line, bool to)
{
	(void)ctx;
	level[line - 32] = to;
}

/* A host with `n` devices: random numbers in slots 1, 2 ... */
static struct driver *
host_new(unsigned n)
{
	struct err e = { 0 };
	struct driver *d = driver_new();
	struct irq wires[4];
	for (unsigned i = 0; i < 4; i++)
		wires[i] = (struct irq){ wire, NULL, 32 + i };
	struct pci *p = pci_new(d->board, ECAM, MMIO, 0x40000000, wires, &e);
	assert_non_null(p);
	for (unsigned i = 0; i < n; i++) {
		char name[16];
		snprintf(name, sizeof name, "rng%u", i);
		struct virtio *v = virtio_rng_new(d->board, name);
		assert_int_equal(pci_virtio(p, v, &e), i < 31 ? 0 : -1);
	}
	board_reset(d->board);
	board_wake(d->board);
	return d;
}

static uint64_t
get(struct driver *d, uint64_t at, unsigned size)
{
	uint64_t value;
	if (!bus_read(d->bus, at, size, &value))
		fail_msg("nothing answers at 0x%llx", (unsigned long long)at);
	return value;
}

static void
set(struct driver *d, uint64_t at, unsigned size, uint64_t value)
{
	if (!bus_write(d->bus, at, size, value))
		fail_msg("nothing answers at 0x%llx", (unsigned long long)at);
}

static uint64_t
slot(unsigned n, unsigned reg)
{
	return ECAM + n * 0x8000u + reg;
}

static bool
answers(struct driver *d, uint64_t at)
{
	uint64_t value;
	return bus_read(d->bus, at, 4, &value);
}

/* Where the capability of a kind stands, or 0. */
static unsigned
cap(struct driver *d, unsigned n, uint8_t type)
{
	unsigned at = (unsigned)get(d, slot(n, 0x34), 1);
	for (int i = 0; at && i < 16; i++) {
		assert_int_equal(get(d, slot(n, at), 1), 9);
		if (get(d, slot(n, at + 3), 1) == type)
			return at;
		at = (unsigned)get(d, slot(n, at + 1), 1);
	}
	return 0;
}

static void
the_bus_is_found(void **state)
{
	(void)state;
	struct driver *d = host_new(2);
	assert_int_equal(get(d, slot(0, 0), 4), 0x00081b36);
	assert_int_equal(get(d, slot(0, 8), 4), 0x06000000);
	assert_int_equal(get(d, slot(1, 0), 4), 0x10441af4);
	assert_int_equal(get(d, slot(1, 0), 2), 0x1af4);
	assert_int_equal(get(d, slot(1, 8), 1), 1);
	assert_int_equal(get(d, slot(1, 6), 2), 0x10);
	assert_int_equal(get(d, slot(1, 0x3d), 1), 1);
	assert_true(get(d, slot(1, 0x2e), 2) >= 0x40);
	/* no other slot, function, or what is behind the header */
	assert_int_equal(get(d, slot(3, 0), 4), UINT32_MAX);
	assert_int_equal(get(d, slot(3, 0), 2), 0xffff);
	assert_int_equal(get(d, slot(1, 0) + 0x1000, 4), UINT32_MAX);
	assert_int_equal(get(d, slot(1, 0x100), 4), 0);
	set(d, slot(3, 4), 4, UINT32_MAX);
	set(d, slot(1, 0x100), 4, UINT32_MAX);
	/* what is only read stays */
	set(d, slot(1, 0), 4, 0x12345678);
	set(d, slot(1, 8), 4, 0x12345678);
	set(d, slot(0, 0x10), 4, UINT32_MAX);
	assert_int_equal(get(d, slot(1, 0), 4), 0x10441af4);
	assert_int_equal(get(d, slot(0, 0x10), 4), 0);
	set(d, slot(1, 0x3c), 1, 33);
	assert_int_equal(get(d, slot(1, 0x3c), 2), 0x0121);
	assert_false(bus_write(d->bus, ECAM, 8, 0));
	assert_false(answers(d, ECAM + (1 << 20)));
	driver_free(d);
}

static void
all_slots_and_not_one_more(void **state)
{
	(void)state;
	struct driver *d = host_new(32);
	assert_int_equal(get(d, slot(31, 0), 4), 0x10441af4);
	driver_free(d);
}

static void
bars_are_sized_and_moved(void **state)
{
	(void)state;
	struct driver *d = host_new(2);
	set(d, slot(1, 0x10), 4, UINT32_MAX);
	assert_int_equal(get(d, slot(1, 0x10), 4), UINT32_MAX & ~(BAR - 1u));
	for (unsigned reg = 0x14; reg < 0x28; reg += 4) {
		set(d, slot(1, reg), 4, UINT32_MAX);
		assert_int_equal(get(d, slot(1, reg), 4), 0);
	}
	set(d, slot(1, 0x30), 4, UINT32_MAX);
	assert_int_equal(get(d, slot(1, 0x30), 4), 0);
	set(d, slot(1, 0x10), 4, MMIO + BAR);
	assert_false(answers(d, MMIO + BAR));
	set(d, slot(1, 4), 2, 0xffff);
	assert_int_equal(get(d, slot(1, 4), 2), 0x406);
	assert_true(answers(d, MMIO + BAR));
	assert_false(answers(d, MMIO));
	set(d, slot(1, 0x10), 4, MMIO + 8 * BAR);
	assert_false(answers(d, MMIO + BAR));
	assert_true(answers(d, MMIO + 9 * BAR - 4));
	/* byte by byte */
	set(d, slot(1, 0x12), 1, 4);
	assert_true(answers(d, MMIO + (4 << 16)));
	/* outside of the window, over RAM, over other devices: not seen */
	static const uint32_t bad[] = { 0, 0x30000000, 0x3fffc000, 0x80000000, 0xffffc000 };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		set(d, slot(1, 0x10), 4, bad[i]);
		assert_int_equal(get(d, slot(0, 0), 4), 0x00081b36);
		assert_int_equal(get(d, slot(1, 0x10), 4), bad[i]);
		assert_false(answers(d, MMIO + BAR));
	}
	set(d, slot(1, 0x10), 4, 0x7fffc000);
	assert_true(answers(d, 0x7fffc000));
	/* two in one place: one is seen, and both when they part */
	set(d, slot(2, 0x10), 4, 0x7fffc000);
	set(d, slot(2, 4), 2, 2);
	assert_true(answers(d, 0x7fffc000));
	set(d, slot(1, 0x10), 4, MMIO);
	assert_true(answers(d, 0x7fffc000));
	assert_true(answers(d, MMIO));
	set(d, slot(2, 4), 2, 0);
	assert_false(answers(d, 0x7fffc000));
	driver_free(d);
}

/* The places of the parts, once a BAR is given. */
struct parts {
	uint64_t common, notify, isr, device;
};

static struct parts
map(struct driver *d, unsigned n)
{
	uint64_t bar = MMIO + n * (uint64_t)BAR;
	uint64_t at[6] = { 0 };
	set(d, slot(n, 0x10), 4, bar);
	set(d, slot(n, 4), 2, 6);
	for (uint8_t i = 1; i <= 4; i++) {
		unsigned c = cap(d, n, i);
		assert_int_not_equal(c, 0);
		assert_int_equal(get(d, slot(n, c + 4), 1), 0);
		uint64_t offset = get(d, slot(n, c + 8), 4), size = get(d, slot(n, c + 12), 4);
		assert_true(size > 0 && offset + size <= BAR);
		at[i] = bar + offset;
	}
	assert_int_equal(get(d, slot(n, cap(d, n, 2) + 16), 4), 4);
	return (struct parts){ at[1], at[2], at[3], at[4] };
}

/* Queue 0 of a device in a slot is ready, so is the driver. */
static void
up(struct driver *d, const struct parts *p, uint16_t size)
{
	struct driver_queue *q = &d->q[0];
	set(d, p->common + 20, 1, 0);
	set(d, p->common + 20, 1, 3);
	set(d, p->common + 8, 4, 1);
	set(d, p->common + 12, 4, 1);
	set(d, p->common + 20, 1, 11);
	assert_int_equal(get(d, p->common + 20, 1), 11);
	set(d, p->common + 22, 2, 0);
	q->size = size;
	q->next = q->seen = 0;
	q->desc = driver_room(d, 16u * size, 16);
	q->avail = driver_room(d, 6 + 2u * size, 2);
	q->used = driver_room(d, 6 + 8u * size, 4);
	set(d, p->common + 24, 2, size);
	set(d, p->common + 32, 4, (uint32_t)q->desc);
	set(d, p->common + 36, 4, q->desc >> 32);
	set(d, p->common + 40, 8, q->avail);
	set(d, p->common + 48, 8, q->used);
	set(d, p->common + 28, 2, 1);
	assert_int_equal(get(d, p->common + 28, 2), 1);
	assert_int_equal(get(d, p->common + 32, 8), q->desc);
	assert_int_equal(get(d, p->common + 44, 4), q->avail >> 32);
	set(d, p->common + 20, 1, 15);
}

static void
ask(struct driver *d, const struct parts *p)
{
	struct part part = { driver_room(d, 16, 16), 16, true };
	uint16_t head = driver_add(d, 0, &part, 1);
	set(d, p->notify, 2, 0);
	assert_int_equal(driver_wait(d, 0, head), 16);
}

static void
a_device_works(void **state)
{
	(void)state;
	struct driver *d = host_new(1);
	struct parts p = map(d, 1);
	assert_int_equal(get(d, p.common + 18, 2), 1);
	assert_int_equal(get(d, p.common + 24, 2), 64);
	assert_int_equal(get(d, p.common + 16, 2), 0xffff);
	set(d, p.common + 16, 2, 0);
	assert_int_equal(get(d, p.common + 16, 2), 0xffff);
	set(d, p.common, 4, 1);
	assert_int_equal(get(d, p.common + 4, 4), 1);
	set(d, p.common, 4, 2);
	assert_int_equal(get(d, p.common + 4, 4), 0);
	set(d, p.common + 22, 2, 1);
	assert_int_equal(get(d, p.common + 24, 2), 0);
	up(d, &p, 8);
	assert_false(level[1]);
	ask(d, &p);
	/* slot 1's pin A is wire 1 */
	assert_true(level[1]);
	assert_int_equal(get(d, slot(1, 6), 2), 0x18);
	assert_int_equal(get(d, p.isr, 1), 1);
	assert_int_equal(get(d, p.isr, 1), 0);
	assert_false(level[1]);
	/* no interrupts wanted: shown, but not on the wire */
	set(d, slot(1, 4), 2, 0x406);
	ask(d, &p);
	assert_false(level[1]);
	assert_int_equal(get(d, slot(1, 6), 2), 0x18);
	set(d, slot(1, 4), 2, 6);
	assert_true(level[1]);
	/* to other queues, with other sizes, at odd places: nothing happens */
	set(d, p.notify + 4, 2, 0);
	set(d, p.notify + 0xffc, 4, 0);
	set(d, p.notify + 1, 1, 0);
	set(d, p.common + 20, 4, 0);
	set(d, p.common + 28, 2, 0);
	set(d, p.common + 0x800, 4, 1);
	assert_int_equal(get(d, p.common + 0x800, 4), 0);
	assert_int_equal(get(d, p.common + 28, 2), 1);
	assert_int_equal(get(d, p.common + 20, 1), 15);
	set(d, p.common + 20, 1, 0);
	assert_false(level[1]);
	assert_int_equal(get(d, p.common + 28, 2), 0);
	driver_free(d);
}

static void
slots_share_wires(void **state)
{
	(void)state;
	struct driver *d = host_new(5);
	struct parts one = map(d, 1), five = map(d, 5);
	up(d, &one, 8);
	ask(d, &one);
	up(d, &five, 8);
	ask(d, &five);
	assert_true(level[1]);
	get(d, one.isr, 1);
	assert_true(level[1]);
	get(d, five.isr, 1);
	assert_false(level[1]);
	driver_free(d);
}

/* 4.1.4.9: without any memory mapped. */
static void
through_the_window(void **state)
{
	struct err e = { 0 };
	(void)state;
	struct driver *d = host_new(1);
	unsigned c = cap(d, 1, 5);
	assert_int_not_equal(c, 0);
	set(d, slot(1, c + 8), 4, 4); /* the features */
	assert_int_equal(get(d, slot(1, c + 16), 4), 0);
	set(d, slot(1, c + 12), 4, 4);
	assert_int_equal(get(d, slot(1, c + 16), 4), 0x30000000);
	set(d, slot(1, c + 8), 4, 20);
	set(d, slot(1, c + 12), 4, 1);
	set(d, slot(1, c + 16), 1, 3);
	assert_int_equal(get(d, slot(1, c + 16), 1), 3);
	/* beyond the BAR, another BAR, sizes that are none */
	static const uint32_t bad[] = { BAR, BAR - 2, UINT32_MAX, 1 };
	set(d, slot(1, c + 12), 4, 4);
	for (size_t i = 0; i < 4; i++) {
		set(d, slot(1, c + 8), 4, bad[i]);
		set(d, slot(1, c + 16), 4, 0);
		assert_int_equal(get(d, slot(1, c + 16), 4), 0);
	}
	set(d, slot(1, c + 8), 4, 20);
	set(d, slot(1, c + 4), 1, 1);
	set(d, slot(1, c + 12), 4, 1);
	set(d, slot(1, c + 16), 1, 0);
	set(d, slot(1, c + 4), 1, 0);
	assert_int_equal(get(d, slot(1, c + 16), 1), 3);
	driver_free(d);
	/* a host whose window is none */
	d = driver_new();
	struct irq none[4] = { 0 };
	assert_null(pci_new(d->board, ECAM, MMIO, 0, none, &e));
	assert_null(pci_new(d->board, ECAM, UINT32_MAX, 1 << 20, none, &e));
	assert_null(pci_new(d->board, DRIVER_RAM, MMIO, 1 << 20, none, &e));
	driver_free(d);
}

static void
it_goes_on_elsewhere(void **state)
{
	(void)state;
	struct driver *d = host_new(2);
	struct parts p = map(d, 2);
	up(d, &p, 8);
	ask(d, &p);
	struct snap *s = driver_save(d);
	level[2] = false;
	struct driver *t = host_new(2);
	driver_load(t, d, s);
	assert_true(level[2]);
	assert_int_equal(get(t, p.isr, 1), 1);
	assert_false(level[2]);
	ask(t, &p);
	json_t *o = board_inspect(t->board);
	json_t *slots = json_object_get(json_object_get(o, "pci"), "slots");
	assert_int_equal(json_array_size(slots), 2);
	json_decref(o);
	snap_free(s);
	driver_free(t);
	driver_free(d);
}

UNIT_MAIN(TEST(the_bus_is_found), TEST(all_slots_and_not_one_more), TEST(bars_are_sized_and_moved),
          TEST(a_device_works), TEST(slots_share_wires), TEST(through_the_window),
          TEST(it_goes_on_elsewhere))
