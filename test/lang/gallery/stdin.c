/* SPDX-License-Identifier: Apache-2.0 */
// Standard input, output and error.
// needs: joist wasi

// test: from a pipe
// run: printf 'a line\nand another' | joist run --rm -i $GUEST
// expect: A LINE
// expect: AND ANOTHER
// expect-err: 2 lines, 18 bytes

// test: from a file
// run: seq 1 10000 >$W/in; joist run --rm -i $GUEST <$W/in | tail -n 1
// expect: 10000
// expect-err: 10000 lines, 48894 bytes

// test: slowly
// run: (for i in 1 2 3; do echo $i; sleep 0.1; done) | joist run --rm -i $GUEST
// expect: 1
// expect: 2
// expect: 3

// test: a reader that goes away does no harm
// run: yes | joist run --rm -i $GUEST | head -n 1; exit ${PIPESTATUS[2]}
// expect: Y

#include <ctype.h>
#include <stdio.h>

int
main(void)
{
	long lines = 0, bytes = 0;
	int c, last = '\n';
	for (; (c = getchar()) != EOF; last = c) {
		bytes++;
		lines += last == '\n';
		if (putchar(toupper(c)) == EOF)
			return 1;
	}
	if (last != '\n')
		putchar('\n');
	fprintf(stderr, "%ld lines, %ld bytes\n", lines, bytes);
	return fflush(stdout) != 0;
}
