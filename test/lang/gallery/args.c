/* SPDX-License-Identifier: Apache-2.0 */
// What a program is told when it begins.
// needs: joist wasi

// test: arguments behind the module are the program's
// run: joist run --rm $GUEST one '' 'two words' --rm
// expect: arguments 4 [one] [] [two words] [--rm]

// test: variables, and none of the host's
// run: SECRET=1 joist run --rm -e A=1 -e EMPTY= $GUEST
// expect: arguments 0
// expect: A=1
// expect: EMPTY=

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
main(int argc, char **argv)
{
	const char *names[] = { "A", "EMPTY", "SECRET" };
	printf("arguments %d", argc - 1);
	for (int i = 1; i < argc; i++)
		printf(" [%s]", argv[i]);
	printf("\n");
	for (int i = 0; i < 3; i++)
		if (getenv(names[i]))
			printf("%s=%s\n", names[i], getenv(names[i]));
	return argv[argc] != NULL;
}
