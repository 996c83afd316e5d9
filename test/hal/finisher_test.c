/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <stdlib.h>

#include "layer/hal/dev/finisher.h"

#define RAM      UINT64_C(0x80000000)
#define FINISHER UINT64_C(0x100000)

static struct board *board;
static unsigned heard;

static void listen(void *ctx) { (void)ctx; heard++; }

static int
begin(void **state)
{
	struct err e = { 0 };
	(void)state;
	board = board_new(RAM, 4096, &e);
	if (!board || finisher_new(board, FINISHER, &e) < 0)
		return -1;
	board_listen(board, listen, NULL);
	heard = 0;
	return 0;
}

static int
end(void **state)
{
	(void)state;
	board_free(board);
	return 0;
}

static void
what_is_written_is_raised(void **state)
{
	(void)state;
	static const struct {
		uint32_t value;
		enum board_event what;
		int status;
	} rows[] = {
		{ 0x5555, BOARD_POWEROFF, 0 },
		{ 0x7777, BOARD_RESET, 0 },
		{ 0x3333 | 1 << 16, BOARD_POWEROFF, 1 },
		{ 0x3333 | 255 << 16, BOARD_POWEROFF, 255 },
		{ 0x3333, BOARD_POWEROFF, 0 },
		{ 0x5555 | 7 << 16, BOARD_POWEROFF, 0 }, /* passed is passed */
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		enum board_event what = BOARD_STUCK;
		int status = -1;
		struct err e = { 0 };
		assert_true(bus_write(board_bus(board), FINISHER, 4, rows[i].value));
		assert_int_equal(heard, i + 1);
		assert_true(board_raised(board, &what, &status, &e));
		assert_int_equal(what, rows[i].what);
		assert_int_equal(status, rows[i].status);
		assert_string_equal(e.what, "");
		assert_false(board_raised(board, &what, &status, &e));
	}
	/* a half-word is enough */
	assert_true(bus_write(board_bus(board), FINISHER, 2, 0x7777));
	assert_int_equal(heard, sizeof rows / sizeof *rows + 1);
}

static void
all_else_is_nothing(void **state)
{
	(void)state;
	struct bus *b = board_bus(board);
	enum board_event what;
	int status;
	struct err e = { 0 };
	uint64_t v = 1;
	static const uint32_t values[] = { 0, 1, 0x3332, 0x5554, 0x7776, 0x55550000, UINT32_MAX };
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		assert_true(bus_write(b, FINISHER, 4, values[i]));
	assert_true(bus_write(b, FINISHER + 4, 4, 0x5555));
	assert_true(bus_write(b, FINISHER + 2, 2, 0x5555));
	assert_true(bus_write(b, FINISHER + FINISHER_SIZE - 4, 4, 0x5555));
	assert_false(bus_write(b, FINISHER + FINISHER_SIZE, 4, 0x5555));
	assert_false(bus_write(b, FINISHER, 1, 0x55));
	assert_false(bus_write(b, FINISHER, 8, 0x5555));
	assert_false(bus_write(b, FINISHER + 2, 4, 0x5555));
	assert_true(bus_read(b, FINISHER, 4, &v));
	assert_int_equal(v, 0);
	assert_int_equal(heard, 0);
	assert_false(board_raised(board, &what, &status, &e));
}

/* Who is off already is not restarted. */
static void
the_first_counts(void **state)
{
	(void)state;
	enum board_event what;
	int status;
	struct err e = { 0 };
	assert_true(bus_write(board_bus(board), FINISHER, 4, 0x3333 | 9 << 16));
	assert_true(bus_write(board_bus(board), FINISHER, 4, 0x7777));
	assert_int_equal(heard, 1);
	assert_true(board_raised(board, &what, &status, &e));
	assert_int_equal(what, BOARD_POWEROFF);
	assert_int_equal(status, 9);
	assert_false(board_raised(board, &what, &status, &e));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_written_is_raised, begin, end),
		cmocka_unit_test_setup_teardown(all_else_is_nothing, begin, end),
		cmocka_unit_test_setup_teardown(the_first_counts, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
