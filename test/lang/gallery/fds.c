/* SPDX-License-Identifier: Apache-2.0 */
// Descriptors: closed ones, and those that cannot seek.
// needs: joist wasi

// test: each mistake has its error
// run: mkdir $W/d; echo | joist run --rm -i -v $W/d:/data $GUEST | cat
// expect: not a terminal
// expect: seek: Invalid seek
// expect: closed: Bad file descriptor
// expect: a folder: Is a directory
// expect: twice: Bad file descriptor
// expect: missing: No such file or directory
// expect: a file as a folder: Not a directory
// expect: 200 files open
// expect: the same number again

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void
say(const char *what, long r)
{
	printf("%s: %s\n", what, r < 0 ? strerror(errno) : "done");
}

int
main(void)
{
	char c;
	int fd[200];
	puts(isatty(1) ? "a terminal" : "not a terminal");
	say("seek", lseek(0, 0, SEEK_CUR));
	say("closed", read(99, &c, 1));
	int d = open("/data", O_RDONLY | O_DIRECTORY);
	say("a folder", read(d, &c, 1));
	close(d);
	say("twice", close(d));
	say("missing", open("/data/missing", O_RDONLY));
	close(open("/data/f", O_WRONLY | O_CREAT, 0644));
	say("a file as a folder", open("/data/f/g", O_RDONLY));
	int n = 0;
	while (n < 200 && (fd[n] = open("/data/f", O_RDONLY)) >= 0)
		n++;
	printf("%d files open\n", n);
	close(fd[50]);
	puts(open("/data/f", O_RDONLY) == fd[50] ? "the same number again" : "another number");
	return 0;
}
