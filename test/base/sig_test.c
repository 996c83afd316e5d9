/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/sig.h"

enum { FATAL = 1, MILD = 0 };

static const struct {
	const char *name;
	int number, fatal;
} rows[] = {
#define SIG(name, what) { #name, SIG##name, what },
#include "base/sig.def"
#undef SIG
};

static void
every_row_by_each_of_its_names(void **state)
{
	char text[32], buf[16];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(sig_number(rows[i].name), rows[i].number);
		snprintf(text, sizeof text, "SIG%s", rows[i].name);
		assert_int_equal(sig_number(text), rows[i].number);
		assert_string_equal(sig_name(rows[i].number, buf), text);
		for (char *p = text; *p; p++)
			*p = (char)tolower((unsigned char)*p);
		assert_int_equal(sig_number(text), rows[i].number);
		snprintf(text, sizeof text, "%d", rows[i].number);
		assert_int_equal(sig_number(text), rows[i].number);
		assert_int_equal(sig_fatal(rows[i].number), rows[i].fatal);
	}
	/* Each signal of the kernel but the real-time ones has a row. */
	assert_int_equal(sizeof rows / sizeof rows[0], 31);
}

static void
real_time_ones(void **state)
{
	char buf[16];

	(void)state;
	assert_int_equal(sig_number("RTMIN"), SIGRTMIN);
	assert_int_equal(sig_number("SIGRTMIN+3"), SIGRTMIN + 3);
	assert_int_equal(sig_number("RTMAX"), SIGRTMAX);
	assert_string_equal(sig_name(SIGRTMIN + 3, buf), "SIGRTMIN+3");
}

static void
what_is_no_signal(void **state)
{
	static const char *const bad[] = {
		"",     "SIG",      "TERMINATE", "-1",      "65",
		"1x",   "RTMIN+99", "RTMIN+-1",  "RTMIN+x", "99999999999999999999",
		" TERM"
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (sig_number(bad[i]) != -1)
			print_message("# '%s' is %d\n", bad[i], sig_number(bad[i]));
		assert_int_equal(sig_number(bad[i]), -1);
	}
}

UNIT_MAIN(TEST(every_row_by_each_of_its_names), TEST(real_time_ones), TEST(what_is_no_signal))
