/* unit.h -- what every unit test includes first.
 *
 * cmocka wants these headers before its own, in this order.  A test file ends
 * with UNIT_MAIN(test, test, ...), which runs its functions `static void
 * test(void **state)` and reports them by name.
 */
#ifndef TEST_UNIT_H
#define TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* cmocka's word for "this test fails" is ours for "make an error" (base/err.h). */
#undef fail
#undef fail_msg
#define fail_msg(...) (print_error(__VA_ARGS__), print_error("\n"), _fail(__FILE__, __LINE__))

#define UNIT_MAIN(...)                                                              \
	int                                                                         \
	main(void)                                                                  \
	{                                                                           \
		const struct CMUnitTest tests[] = { __VA_ARGS__ };                  \
		return cmocka_run_group_tests(tests, NULL, NULL);                   \
	}

/* One row of UNIT_MAIN. */
#define TEST(f) cmocka_unit_test(f)

#endif
