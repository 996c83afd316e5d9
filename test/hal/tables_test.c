/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <string.h>

#include "base/json.h"
#include "layer/hal/rv/tables.h"

#define RAM UINT64_C(0x80000000)

enum { SIZE = 8 << 20, ROOT = 0, SECOND = 4096, THIRD = 8192 };
enum { V = 1, R = 2, W = 4, X = 8, U = 16, G = 32, A = 64, D = 128 };

static uint64_t
satp(unsigned mode)
{
	return (uint64_t)mode << 60 | RAM >> 12;
}

static uint64_t
entry(uint64_t paddr, uint64_t flags)
{
	return paddr >> 12 << 10 | flags;
}

static struct bus *
fresh(void)
{
	struct err e = { 0 };
	struct bus *b = bus_new(RAM, SIZE, &e);
	assert_non_null(b);
	return b;
}

static void
put(struct bus *b, uint64_t table, unsigned i, uint64_t v)
{
	memcpy(bus_ram(b, RAM + table + i * 8, 8), &v, 8);
}

static void
is(const json_t *o, size_t i, const char *virtual, const char *physical, int64_t size,
   const char *flags)
{
	const json_t *r = json_array_get(json_object_get(o, "ranges"), i);
	assert_non_null(r);
	assert_string_equal(json_str(r, "virtual", ""), virtual);
	assert_string_equal(json_str(r, "physical", ""), physical);
	assert_int_equal(json_int(r, "size", 0), size);
	assert_string_equal(json_str(r, "flags", ""), flags);
}

static size_t
count(const json_t *o)
{
	return json_array_size(json_object_get(o, "ranges"));
}

static void
bare(void **state)
{
	struct bus *b = fresh();
	(void)state;
	json_t *o = tables_json(b, 0, TABLES_RANGES);
	assert_string_equal(json_str(o, "mode", ""), "bare");
	json_decref(o);
	o = tables_json(b, satp(8), TABLES_RANGES);
	assert_string_equal(json_str(o, "mode", ""), "sv39");
	assert_string_equal(json_str(o, "root", ""), "0x80000000");
	assert_int_equal(count(o), 0);
	json_decref(o);
	/* no RAM there */
	o = tables_json(b, UINT64_C(8) << 60 | 1, TABLES_RANGES);
	assert_int_equal(count(o), 0);
	json_decref(o);
	bus_free(b);
}

/* Neighbours are one range, whatever was accessed; what faults is none. */
static void
merged(void **state)
{
	struct bus *b = fresh();
	(void)state;
	put(b, ROOT, 0, entry(RAM + SECOND, V));
	put(b, ROOT, 255, entry(0x40000000, V | R | W | A | D));
	put(b, ROOT, 256, entry(0x80000000, V | R | W | A | D)); /* beyond the hole */
	put(b, ROOT, 257, entry(0x40001000, V | R | W | A | D)); /* crooked */
	put(b, SECOND, 0, entry(RAM + THIRD, V));
	put(b, SECOND, 1, entry(0x80200000, V | R | X | U));
	put(b, SECOND, 2, entry(0x80400000, V | R | X | U | A));
	put(b, SECOND, 3, entry(0x80600000, V | R | X | U | G));
	put(b, THIRD, 510, entry(0x801fe000, V | R | X | U));
	put(b, THIRD, 511, entry(0x801ff000, V | R | X | U));
	put(b, THIRD, 1, entry(0x80001000, V | W)); /* reserved */
	put(b, THIRD, 2, entry(0x80002000, R));     /* not there */
	put(b, THIRD, 3, entry(0x80003000, V | U)); /* no table at the last level */
	put(b, THIRD, 4, entry(0x80004000, V | R) | UINT64_C(1) << 54);
	json_t *o = tables_json(b, satp(8), TABLES_RANGES);
	assert_int_equal(count(o), 4);
	is(o, 0, "0x1fe000", "0x801fe000", 0x402000, "rxu");
	is(o, 1, "0x600000", "0x80600000", 0x200000, "rxug");
	is(o, 2, "0x3fc0000000", "0x40000000", 0x40000000, "rw");
	is(o, 3, "0xffffffc000000000", "0x80000000", 0x40000000, "rw");
	assert_null(json_object_get(o, "truncated"));
	json_decref(o);
	bus_free(b);
}

static void
wide(void **state)
{
	struct bus *b = fresh();
	(void)state;
	put(b, ROOT, 0, entry(RAM + SECOND, V));
	put(b, SECOND, 0, entry(RAM + THIRD, V));
	put(b, THIRD, 0, entry(RAM + 3 * 4096, V));
	/* Svnapot: 64 KiB, and one page of it by itself; Svpbmt */
	for (unsigned i = 16; i < 32; i++)
		put(b, 3 * 4096, i, entry(0x80010000 | 8 << 12, V | R) | UINT64_C(1) << 63);
	put(b, 3 * 4096, 40, entry(0x10000000, V | R | W) | UINT64_C(2) << 61);
	put(b, 3 * 4096, 41, entry(0x10001000, V | R | W) | UINT64_C(1) << 61);
	put(b, 3 * 4096, 42, entry(0x10002000, V | R | W) | UINT64_C(3) << 61);
	json_t *o = tables_json(b, satp(9), TABLES_RANGES);
	assert_string_equal(json_str(o, "mode", ""), "sv48");
	assert_int_equal(count(o), 3);
	is(o, 0, "0x10000", "0x80010000", 0x10000, "r");
	is(o, 1, "0x28000", "0x10000000", 4096, "rwi");
	is(o, 2, "0x29000", "0x10001000", 4096, "rwn");
	json_decref(o);
	o = tables_json(b, satp(10), TABLES_RANGES);
	assert_string_equal(json_str(o, "mode", ""), "sv57");
	/* one level more than there are: what were pages of 4 KiB are of 2 MiB now */
	assert_int_equal(count(o), 1);
	is(o, 0, "0x5000000", "0x10000000", 0x200000, "rwi");
	json_decref(o);
	bus_free(b);
}

/* A table that is its own child at each entry, and one with a range in each. */
static void
hostile(void **state)
{
	struct bus *b = fresh();
	(void)state;
	for (unsigned i = 0; i < 512; i++)
		put(b, ROOT, i, entry(RAM, V));
	json_t *o = tables_json(b, satp(10), TABLES_RANGES);
	assert_int_equal(count(o), 0);
	assert_true(json_yes(o, "truncated"));
	json_decref(o);
	for (unsigned i = 0; i < 512; i++)
		put(b, ROOT, i, entry(RAM + SECOND, V));
	for (unsigned i = 0; i < 512; i++)
		put(b, SECOND, i, entry(RAM + THIRD, V));
	for (unsigned i = 0; i < 512; i++)
		put(b, THIRD, i, entry(0x80000000, V | R));
	o = tables_json(b, satp(8), TABLES_RANGES);
	assert_int_equal(count(o), TABLES_RANGES);
	assert_true(json_yes(o, "truncated"));
	json_decref(o);
	o = tables_json(b, satp(8), 0);
	assert_int_equal(count(o), 0);
	assert_true(json_yes(o, "truncated"));
	json_decref(o);
	bus_free(b);
}

UNIT_MAIN(TEST(bare), TEST(merged), TEST(wide), TEST(hostile))
