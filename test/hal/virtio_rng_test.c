/* SPDX-License-Identifier: Apache-2.0 */
#include "test/hal/driver.h"

#include "layer/hal/dev/virtio_rng.h"

static void
buffers_are_filled_and_not_twice_alike(void **state)
{
	static const uint8_t zero[64];
	(void)state;
	struct driver *d = driver_new();
	driver_plug(d, virtio_rng_new(d->board, "rng0"));
	assert_int_equal(driver_get(d, 0x008), 4);
	driver_up(d, 0, 8);
	uint64_t at = driver_room(d, 256, 16);
	struct part p[2] = { { at, 64, true }, { at + 128, 64, true } };
	assert_int_equal(driver_do(d, 0, p, 2), 128);
	assert_memory_not_equal(driver_ptr(d, at), zero, 64);
	assert_memory_equal(driver_ptr(d, at + 64), zero, 64);
	assert_memory_not_equal(driver_ptr(d, at + 128), zero, 64);
	uint8_t before[64];
	memcpy(before, driver_ptr(d, at), 64);
	assert_int_equal(driver_do(d, 0, p, 1), 64);
	assert_memory_not_equal(driver_ptr(d, at), before, 64);
	driver_free(d);
}

static void
a_greedy_guest_gets_some(void **state)
{
	(void)state;
	struct driver *d = driver_new();
	driver_plug(d, virtio_rng_new(d->board, "rng0"));
	driver_up(d, 0, 8);
	struct part p = { DRIVER_RAM + (8 << 20), 48 << 20, true };
	uint32_t n = driver_do(d, 0, &p, 1);
	assert_true(n > 0 && n <= 4096);
	p = (struct part){ DRIVER_RAM, 64, false };
	assert_int_equal(driver_do(d, 0, &p, 1), 0);
	driver_free(d);
}

UNIT_MAIN(TEST(buffers_are_filled_and_not_twice_alike), TEST(a_greedy_guest_gets_some))
