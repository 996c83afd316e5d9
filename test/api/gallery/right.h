/* right.h -- a test's questions: each that is answered wrongly is printed with its line.
 *
 * A test ends with done("name"), which prints "name: all N right" when they were; so one
 * expectation stands for all of them, and a failure says which it was.
 */
#ifndef TEST_API_RIGHT_H
#define TEST_API_RIGHT_H

#include <stdio.h>
#include <string.h>
#include <windows.h>

static int asked, wrong;

static void
ask(int right, const char *what, int line)
{
	asked++;
	if (!right) {
		wrong++;
		printf("line %d: %s (error %lu)\n", line, what, GetLastError());
	}
}

#define IS(x) ask(!!(x), #x, __LINE__)
#define FAILS(x, e) do { SetLastError(0); ask(!(x) && GetLastError() == (e), #x " fails with " #e, __LINE__); } while (0)

static int
done(const char *name)
{
	if (wrong)
		printf("%s: %d of %d wrong\n", name, wrong, asked);
	else
		printf("%s: all right\n", name);
	return wrong != 0;
}

#endif
