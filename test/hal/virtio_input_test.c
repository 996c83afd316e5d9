/* SPDX-License-Identifier: Apache-2.0 */
#include "test/hal/driver.h"

#include <linux/input-event-codes.h>

#include "layer/hal/dev/virtio_input.h"

enum { EVENTS = 0, STATUS = 1 };

static uint64_t buffers;

static struct driver *
input_new(enum virtio_input_kind kind)
{
	struct driver *d = driver_new();
	driver_plug(d, virtio_input_new(d->board, "input0", kind));
	return d;
}

static void
up(struct driver *d, unsigned n)
{
	driver_up(d, 0, 64);
	buffers = driver_room(d, 64 * 8, 8);
	for (unsigned i = 0; i < n; i++)
		driver_add(d, EVENTS, &(struct part){ buffers + i * 8, 8, true }, 1);
	driver_kick(d, EVENTS);
}

static void
expect(struct driver *d, uint16_t type, uint16_t code, int32_t value)
{
	uint32_t head = 0, n = 0;
	assert_true(driver_take(d, EVENTS, &head, &n));
	assert_int_equal(n, 8);
	const uint8_t *p = driver_ptr(d, buffers + head * 8);
	struct cur c = cur_of(p, 8);
	assert_int_equal(cur_u16(&c), type);
	assert_int_equal(cur_u16(&c), code);
	assert_int_equal((int32_t)cur_u32(&c), value);
}

static void
nothing_more(struct driver *d)
{
	assert_int_equal(driver_used_index(d, EVENTS), d->q[EVENTS].seen);
}

static void
key(struct driver *d, uint16_t code, bool down)
{
	pthread_mutex_lock(&d->bus->lock);
	virtio_input_key(d->v, code, down);
	pthread_mutex_unlock(&d->bus->lock);
}

static void
point(struct driver *d, uint32_t x, uint32_t y, unsigned buttons, int wheel)
{
	pthread_mutex_lock(&d->bus->lock);
	virtio_input_point(d->v, x, y, buttons, wheel);
	pthread_mutex_unlock(&d->bus->lock);
}

/* The answer to a question about the device; its length. */
static uint8_t
ask(struct driver *d, uint8_t select, uint8_t subsel, uint8_t to[128])
{
	uint64_t n = 0;
	assert_true(bus_write(d->bus, DRIVER_MMIO + 0x100, 1, select));
	assert_true(bus_write(d->bus, DRIVER_MMIO + 0x101, 1, subsel));
	assert_true(bus_read(d->bus, DRIVER_MMIO + 0x102, 1, &n));
	driver_config(d, 8, to, 120);
	for (unsigned i = (unsigned)n; i < 120; i++)
		assert_int_equal(to[i], 0);
	return (uint8_t)n;
}

static void
they_say_what_they_are(void **state)
{
	uint8_t a[128];
	(void)state;
	struct driver *k = input_new(VIRTIO_INPUT_KEYBOARD), *t = input_new(VIRTIO_INPUT_TABLET);
	assert_int_equal(driver_get(k, 0x008), 18);
	assert_int_equal(ask(k, 1, 0, a), 14);
	assert_memory_equal(a, "Joist keyboard", 14);
	assert_int_equal(ask(t, 1, 0, a), 12);
	assert_int_equal(ask(k, 3, 0, a), 8);
	assert_int_equal(ask(k, 0x11, EV_KEY, a), 31);
	assert_int_equal(a[0], 0xfe);
	assert_int_equal(ask(k, 0x11, EV_REP, a), 1);
	assert_int_equal(ask(k, 0x11, EV_LED, a), 1);
	assert_int_equal(a[0], 7);
	assert_int_equal(ask(k, 0x11, EV_ABS, a), 0);
	assert_int_equal(ask(t, 0x11, EV_KEY, a), 0x112 / 8 + 1);
	assert_int_equal(a[0x110 / 8], 7);
	assert_int_equal(ask(t, 0x11, EV_ABS, a), 1);
	assert_int_equal(a[0], 3);
	assert_int_equal(ask(t, 0x11, EV_REL, a), 2);
	assert_int_equal(ask(t, 0x12, ABS_Y, a), 20);
	assert_memory_equal(a, "\0\0\0\0\xff\x7f\0\0\0\0\0\0", 12);
	assert_int_equal(ask(t, 0x12, 2, a), 0);
	assert_int_equal(ask(k, 0x12, 0, a), 0);
	for (unsigned s = 0; s < 256; s++)
		if (s != 1 && s != 3 && s != 0x11 && s != 0x12)
			assert_int_equal(ask(t, (uint8_t)s, 1, a), 0);
	driver_free(k);
	driver_free(t);
}

static void
keys_are_pressed(void **state)
{
	(void)state;
	struct driver *d = input_new(VIRTIO_INPUT_KEYBOARD);
	key(d, KEY_A, true); /* nobody is there */
	up(d, 64);
	nothing_more(d);
	key(d, KEY_A, true);
	expect(d, EV_KEY, KEY_A, 1);
	expect(d, EV_SYN, 0, 0);
	assert_int_equal(driver_ack(d), 1);
	key(d, KEY_A, false);
	expect(d, EV_KEY, KEY_A, 0);
	expect(d, EV_SYN, 0, 0);
	key(d, 0, true);
	key(d, 1000, true);
	nothing_more(d);
	/* lights */
	struct part p = { driver_bytes(d, "\x11\0\1\0\1\0\0\0", 8), 8, false };
	driver_do(d, STATUS, &p, 1);
	json_t *o = board_inspect(d->board);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(o, "input0"), "leds")),
	                 2);
	json_decref(o);
	p.n = 7;
	driver_do(d, STATUS, &p, 1);
	p = (struct part){ driver_bytes(d, "\x11\0\xff\xff\1\0\0\0", 8), 8, false };
	driver_do(d, STATUS, &p, 1);
	driver_free(d);
}

static void
the_pointer_is_moved(void **state)
{
	(void)state;
	struct driver *d = input_new(VIRTIO_INPUT_TABLET);
	up(d, 64);
	point(d, 100, 40000, 1 | 4, 0);
	expect(d, EV_ABS, ABS_X, 100);
	expect(d, EV_ABS, ABS_Y, 32767);
	expect(d, EV_KEY, BTN_LEFT, 1);
	expect(d, EV_KEY, BTN_RIGHT, 1);
	expect(d, EV_SYN, 0, 0);
	point(d, 0, 0, 4, -1);
	expect(d, EV_ABS, ABS_X, 0);
	expect(d, EV_ABS, ABS_Y, 0);
	expect(d, EV_KEY, BTN_LEFT, 0);
	expect(d, EV_REL, REL_WHEEL, -1);
	expect(d, EV_SYN, 0, 0);
	nothing_more(d);
	driver_free(d);
}

/* Without buffers events wait, here or elsewhere; too many are lost in whole groups. */
static void
events_wait_for_buffers(void **state)
{
	(void)state;
	struct driver *d = input_new(VIRTIO_INPUT_KEYBOARD);
	up(d, 1);
	for (uint16_t i = 1; i < 100; i++)
		key(d, i, true);
	expect(d, EV_KEY, 1, 1);
	nothing_more(d);
	struct snap *s = driver_save(d);
	struct driver *t = input_new(VIRTIO_INPUT_KEYBOARD);
	driver_load(t, d, s);
	/* 64 groups fill the room; then one event was taken away, so no more fit */
	for (unsigned i = 0; i < 127; i++) {
		driver_add(t, EVENTS, &(struct part){ buffers + (i + 1) % 64 * 8, 8, true }, 1);
		driver_kick(t, EVENTS);
		expect(t, i % 2 ? EV_KEY : EV_SYN, i % 2 ? (uint16_t)(i / 2 + 2) : 0, i % 2);
	}
	driver_add(t, EVENTS, &(struct part){ buffers, 8, true }, 1);
	driver_kick(t, EVENTS);
	nothing_more(t);
	/* a buffer that is too small gets what fits */
	key(t, 5, true);
	snap_free(s);
	driver_free(t);
	driver_free(d);
}

UNIT_MAIN(TEST(they_say_what_they_are), TEST(keys_are_pressed), TEST(the_pointer_is_moved),
          TEST(events_wait_for_buffers))
