/* values.h -- operands that are worth a try: ends of ranges, NaNs, ties, chance.
 *
 * All are bit patterns.  Chance is the same in every run, so that what failed once
 * fails again.
 */
#ifndef TEST_LANG_VALUES_H
#define TEST_LANG_VALUES_H

#include <stddef.h>
#include <stdint.h>

static const uint64_t values_whole[] = {
	0, 1, 2, 3, 7, 8, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 32767, 32768, 65535, 65536,
	0x7fffff80, 0x7fffffff, 0x80000000, 0x80000001, 0xffffffff, 0x100000000, 0x00ffffff, 0x01000001,
	0x7fffffffffffffff, 0x8000000000000000, 0x8000000000000001, 0xffffffffffffff80, 0xffffffffffff8000,
	0xffffffff80000000, 0xffffffff7fffffff, 0xfffffffffffffffe, 0xffffffffffffffff, 0x0020000000000001,
	0x8080808080808080, 0x7f7f7f7f7f7f7f7f, 0x8000800080008000, 0x0123456789abcdef, 0x5555555555555555,
};

static const uint64_t values_f32[] = {
	0x00000000, 0x00000001, 0x007fffff, 0x00800000, 0x00800001, /* 0, subnormal, least normal */
	0x3effffff, 0x3f000000, 0x3f000001, 0x3f7fffff, 0x3f800000, 0x3f800001, /* round 0.5 and 1 */
	0x3fc00000, 0x40000000, 0x40200000, 0x40490fdb, 0x40600000, 0x40900000, /* 1.5 2 2.5 pi 3.5 4.5 */
	0x4affffff, 0x4b000000, 0x4b000001, 0x4b800000, 0x4a7fffff, 0x4a800001, /* round 2^23: the last halves */
	0x4effffff, 0x4f000000, 0x4f000001, 0x4f7fffff, 0x4f800000, /* round 2^31 and 2^32 */
	0x5effffff, 0x5f000000, 0x5f7fffff, 0x5f800000, /* round 2^63 and 2^64 */
	0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fbfffff, 0x7fc00000, 0x7fc00001, 0x7fffffff, /* inf, NaNs */
	0x42fe0000, 0x43000000, 0x46fffe00, 0x477fff00, 0x20000000, 0x5f3504f3, 0x1fb504f3,
};

static const uint64_t values_f64[] = {
	0x0000000000000000, 0x0000000000000001, 0x000fffffffffffff, 0x0010000000000000, 0x0010000000000001,
	0x3fdfffffffffffff, 0x3fe0000000000000, 0x3fe0000000000001, 0x3fefffffffffffff, 0x3ff0000000000000,
	0x3ff0000000000001, 0x3ff8000000000000, 0x4000000000000000, 0x4004000000000000, 0x400921fb54442d18,
	0x400c000000000000, 0x432fffffffffffff, 0x4330000000000000, 0x4330000000000001, 0x4340000000000000,
	0x431fffffffffffff, 0x4320000000000001, 0x41dfffffffc00000, 0x41dfffffffffffff, 0x41e0000000000000,
	0x41e0000000100000, 0x41e0000000200000, 0x41efffffffe00000, 0x41efffffffffffff, 0x41f0000000000000,
	0x43dfffffffffffff, 0x43e0000000000000, 0x43efffffffffffff, 0x43f0000000000000, 0x7fefffffffffffff,
	0x7ff0000000000000, 0x7ff0000000000001, 0x7ff7ffffffffffff, 0x7ff8000000000000, 0x7ff8000000000001,
	0x7fffffffffffffff,
	0x36a0000000000000, 0x369fffffffffffff, 0x3690000000000001, 0x3690000000000000, /* round f32's least */
	0x380fffffe0000000, 0x380ffffff0000000, 0x47efffffe0000000, 0x47efffffefffffff, 0x47effffff0000000,
	0x3ff0000010000000, 0x3ff0000030000000, 0x3ff0000010000001, /* ties for f32 */
};

static uint64_t values_seed = 0x9e3779b97f4a7c15;

static inline uint64_t
values_chance(void)
{
	values_seed ^= values_seed << 13;
	values_seed ^= values_seed >> 7;
	values_seed ^= values_seed << 17;
	return values_seed * 0x2545f4914f6cdd1d;
}

static inline uint64_t
values_of(const uint64_t *list, size_t n, uint64_t sign)
{
	return list[values_chance() % n] ^ (values_chance() & 1 ? sign : 0);
}
#define VALUES_OF(list, sign) values_of(list, sizeof(list) / sizeof *(list), sign)

/* One operand of a value type as op.def has them: i, I, f, F. */
static inline uint64_t
values_any(char type)
{
	uint64_t r = values_chance() >> 8, v = values_chance();

	switch (type) {
	case 'i': return (uint32_t)(r % 3 ? v >> (r / 8 % 64) : VALUES_OF(values_whole, 0));
	case 'I': return r % 3 ? v >> (r / 8 % 64) : VALUES_OF(values_whole, 0);
	case 'f':
		if (r % 4 == 0)
			return (uint32_t)v;
		if (r % 4 == 1) /* between 2^-8 and 2^40: fractions, and what conversions take */
			return (uint32_t)((v & 0x807fffff) + ((119 + r / 4 % 48) << 23));
		return VALUES_OF(values_f32, 0x80000000U);
	default:
		if (r % 4 == 0)
			return v;
		if (r % 4 == 1)
			return (v & 0x800fffffffffffff) + ((1015 + r / 4 % 80) << 52);
		return VALUES_OF(values_f64, 0x8000000000000000U);
	}
}

#endif
