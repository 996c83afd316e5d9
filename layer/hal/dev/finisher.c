/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/dev/finisher.h"

enum { PASS = 0x5555, FAIL = 0x3333, RESET = 0x7777 };

static uint64_t
read(void *dev, uint64_t offset, unsigned size)
{
	(void)dev, (void)offset, (void)size;
	return 0;
}

static void
write(void *dev, uint64_t offset, unsigned size, uint64_t value)
{
	(void)size;
	if (offset)
		return;
	switch (value & 0xffff) {
	case PASS: board_raise(dev, BOARD_POWEROFF, 0, NULL); break;
	case FAIL: board_raise(dev, BOARD_POWEROFF, value >> 16 & 255, NULL); break;
	case RESET: board_raise(dev, BOARD_RESET, 0, NULL); break;
	default: break;
	}
}

int
finisher_new(struct board *b, uint64_t address, struct err *e)
{
	static const struct bus_ops ops = { read, write, 2, 4, false };
	return bus_add(board_bus(b), address, FINISHER_SIZE, &ops, b, "finisher", e);
}
