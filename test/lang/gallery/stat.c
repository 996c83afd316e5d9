/* SPDX-License-Identifier: Apache-2.0 */
// What is said of files, and their times.
// needs: joist wasi

// test: types, sizes, times and numbers
// run: mkdir $W/d; joist run --rm -v $W/d:/data $GUEST; stat -c '%s %Y' $W/d/f
// expect: a folder
// expect: a file of 12345 bytes
// expect: times: 1000000000.5 1234567890.25
// expect: one file, one number
// expect: not a terminal
// expect: 12345 1234567890

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int
main(void)
{
	struct stat st, same;
	const struct timespec ts[2] = { { 1000000000, 500000000 }, { 1234567890, 250000000 } };
	if (stat("/data", &st) == 0 && S_ISDIR(st.st_mode))
		puts("a folder");
	int fd = open("/data/f", O_RDWR | O_CREAT, 0644);
	if (ftruncate(fd, 12345) < 0)
		perror("ftruncate");
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		printf("a file of %d bytes\n", (int)st.st_size);
	if (utimensat(AT_FDCWD, "/data/f", ts, 0) < 0)
		perror("utimensat");
	stat("/data/f", &st);
	printf("times: %lld.%d %lld.%02d\n", (long long)st.st_atim.tv_sec,
	       (int)st.st_atim.tv_nsec / 100000000, (long long)st.st_mtim.tv_sec,
	       (int)st.st_mtim.tv_nsec / 10000000);
	stat("/data/f", &same);
	puts(st.st_ino == same.st_ino && st.st_dev == same.st_dev && st.st_ino
	             ? "one file, one number"
	             : "numbers");
	puts(isatty(fd) ? "a terminal" : "not a terminal");
	return 0;
}
