/* SPDX-License-Identifier: Apache-2.0 */
// How a program ends.
// needs: joist wasi

// test: what main returns
// run: joist run --rm $GUEST return 37
// expect: main
// expect: at exit
// expect-status: 37

// test: exit runs what is to be run at the end
// run: joist run --rm $GUEST exit 3
// expect: main
// expect: at exit
// expect-status: 3

// test: _Exit does not
// run: joist run --rm $GUEST _Exit 4 | cat; exit ${PIPESTATUS[0]}
// expect-not: at exit
// expect-status: 4

// test: nothing is success
// run: joist run --rm $GUEST return 0
// expect: main
// expect: at exit

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void last(void) { puts("at exit"); }

int
main(int argc, char **argv)
{
	int status = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 0;
	atexit(last);
	puts("main");
	if (strcmp(argv[1], "exit") == 0)
		exit(status);
	if (strcmp(argv[1], "_Exit") == 0)
		_Exit(status);
	return status;
}
