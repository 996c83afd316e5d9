/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

static void
grows_and_stays_terminated(void **state)
{
	struct str s = { 0 };

	(void)state;
	assert_string_equal(str_text(&s), "");
	for (int i = 0; i < 1000; i++)
		str_printf(&s, "%d,", i);
	assert_int_equal(s.n, strlen(s.p));
	str_cut(&s, 4);
	assert_string_equal(s.p, "0,1,");
	str_cut(&s, 100);
	assert_string_equal(s.p, "0,1,");
	str_addn(&s, "a\0b", 3);
	str_addc(&s, 'c');
	assert_int_equal(s.n, 8);
	assert_memory_equal(s.p, "0,1,a\0bc", 9);
	char *p = str_take(&s);
	assert_null(s.p);
	str_addn(&s, p, 4);
	assert_string_equal(str_text(&s), "0,1,");
	str_free(&s);
	str_free(&(struct str){ .p = p });
}

static void
begins_and_ends(void **state)
{
	(void)state;
	assert_true(str_starts("abc", "ab"));
	assert_true(str_starts("abc", ""));
	assert_false(str_starts("ab", "abc"));
	assert_true(str_ends("a.json", ".json"));
	assert_false(str_ends("json", ".json"));
}

static void
whole_numbers(void **state)
{
	uint64_t u = 7;
	int64_t i = 7;

	(void)state;
	assert_true(str_u64("0", 10, &u) && u == 0);
	assert_true(str_u64("18446744073709551615", UINT64_MAX, &u) && u == UINT64_MAX);
	u = 7;
	static const char *const bad[] = { "",
		                           "-1",
		                           "+1",
		                           " 1",
		                           "1 ",
		                           "0x1",
		                           "11",
		                           "18446744073709551616",
		                           "99999999999999999999999" };
	for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++)
		assert_false(str_u64(bad[k], 10, &u));
	assert_int_equal(u, 7);
	assert_true(str_i64("-5", -5, 5, &i) && i == -5);
	assert_false(str_i64("-6", -5, 5, &i));
	assert_false(str_i64("-", -5, 5, &i));
	assert_false(str_i64("9223372036854775808", INT64_MIN, INT64_MAX, &i));
}

static void
sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{ "0", 0 },
		{ "512", 512 },
		{ "64k", 65536 },
		{ "1.5G", 1610612736 },
		{ "2GiB", 2147483648 },
		{ "1mb", 1048576 },
		{ "7b", 7 },
		{ "1T", 1099511627776 },
	};
	static const char *const bad[] = { "",    "k",   "-1",    "1x",        "1kk", "1e9", "0x10",
		                           "inf", "nan", "1kib2", "99999999P", "1bb", " 1" };
	uint64_t n;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_true(str_size(good[i].text, &n));
		assert_int_equal(n, good[i].bytes);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(str_size(bad[i], &n));
}

static void
durations(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
	} good[] = {
		{ "10", 10000000000 },  { "1.5s", 1500000000 },     { "250ms", 250000000 },
		{ "2m", 120000000000 }, { "1h30m", 5400000000000 }, { "0", 0 },
		{ "5ns", 5 },
	};
	static const char *const bad[] = { "", "s", "-1s", "1d", "1s ", "1e3" };
	int64_t ns;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_true(str_duration(good[i].text, &ns));
		assert_int_equal(ns, good[i].ns);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(str_duration(bad[i], &ns));
}

static void
for_people(void **state)
{
	char b[16];

	(void)state;
	assert_string_equal(str_human(0, b), "0B");
	assert_string_equal(str_human(1023, b), "1023B");
	assert_string_equal(str_human(1536, b), "1.5K");
	assert_string_equal(str_human(UINT64_C(200) << 20, b), "200M");
	assert_string_equal(str_human(UINT64_MAX, b), "16E");
}

static void
any_bytes_become_printable(void **state)
{
	static const char *const pairs[][2] = {
		{ "plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x8c\xb2",
		  "plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x8c\xb2" },
		{ "\x1b[31mred\x7f", "?[31mred?" },
		{ "two\nlines\t", "two lines " },
		{ "\xff\xfe", "??" },
		{ "cut \xe2\x82", "cut ??" },
		{ "\xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80", "?? ??? ????" },
		{ "\xc2\x9b", "??" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		char buf[64];
		snprintf(buf, sizeof buf, "%s", pairs[i][0]);
		str_printable(buf);
		assert_string_equal(buf, pairs[i][1]);
	}
}

static void
hashes_are_fnv1a(void **state)
{
	(void)state;
	assert_true(str_hash("", STR_HASH) == STR_HASH);
	assert_true(str_hash("a", STR_HASH) == UINT64_C(0xaf63dc4c8601ec8c));
	assert_true(str_hash("bar", str_hash("foo", STR_HASH)) == UINT64_C(0x85944171f73967e8));
}

UNIT_MAIN(TEST(grows_and_stays_terminated), TEST(begins_and_ends), TEST(whole_numbers), TEST(sizes),
          TEST(durations), TEST(for_people), TEST(any_bytes_become_printable),
          TEST(hashes_are_fnv1a))
