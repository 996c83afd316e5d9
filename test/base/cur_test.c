/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include "base/cur.h"

static void
reads_little_endian(void **state)
{
	static const uint8_t b[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
	struct cur c = cur_of(b, sizeof b);

	(void)state;
	assert_int_equal(cur_u8(&c), 1);
	assert_int_equal(cur_u16(&c), 0x0302);
	assert_int_equal(cur_u32(&c), 0x07060504);
	assert_int_equal(cur_u64(&c), 0x0f0e0d0c0b0a0908);
	assert_int_equal(cur_left(&c), 1);
	assert_false(c.bad);
}

static void
the_end_is_never_passed(void **state)
{
	static const uint8_t b[] = { 0xff, 0xff, 0xff };
	struct cur c = cur_of(b, sizeof b);

	(void)state;
	assert_int_equal(cur_u32(&c), 0);
	assert_true(c.bad);
	/* What would have fitted is refused as well: the place is not known any more. */
	assert_int_equal(cur_u8(&c), 0);
	assert_null(cur_bytes(&c, 0));
}

static void
asking_for_everything_there_is(void **state)
{
	static const uint8_t b[4] = { 0 };
	struct cur c = cur_of(b, sizeof b);

	(void)state;
	assert_ptr_equal(cur_bytes(&c, 4), b);
	assert_false(c.bad);
	assert_non_null(cur_bytes(&c, 0));
	assert_null(cur_bytes(&c, SIZE_MAX));
	assert_true(c.bad);
	c = cur_of(NULL, 0);
	assert_int_equal(cur_left(&c), 0);
	assert_int_equal(cur_u8(&c), 0);
	assert_true(c.bad);
}

UNIT_MAIN(TEST(reads_little_endian), TEST(the_end_is_never_passed),
          TEST(asking_for_everything_there_is))
