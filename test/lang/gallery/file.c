/* SPDX-License-Identifier: Apache-2.0 */
// Files beneath a folder that was given.
// needs: joist wasi

// test: write, seek, append, cut and read
// run: mkdir $W/d; joist run --rm -v $W/d:/data $GUEST; cat $W/d/f
// expect: 0123456789
// expect: 01XX456789
// expect: 01XX456789!
// expect: at 11
// expect: 01XX4
// expect: 4 MiB well
// expect: removed
// expect: 01XX4

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
show(const char *path)
{
	char text[64];
	FILE *f = fopen(path, "r");
	if (!f || !fgets(text, sizeof text, f))
		snprintf(text, sizeof text, "%s: %s", path, strerror(errno));
	puts(text);
	if (f)
		fclose(f);
}

/* More than any buffer. */
static void
big(const char *path)
{
	enum { N = 1 << 20 };
	unsigned *a = malloc(N * sizeof *a), *b = malloc(N * sizeof *b);
	for (unsigned i = 0, v = 1; i < N; i++, v = v * 1664525 + 1013904223)
		a[i] = v;
	FILE *f = fopen(path, "w+");
	if (fwrite(a, sizeof *a, N, f) != N || fseek(f, 0, SEEK_SET) != 0 ||
	    fread(b, sizeof *b, N, f) != N || memcmp(a, b, N * sizeof *a) != 0)
		perror("big");
	else
		puts("4 MiB well");
	fclose(f);
	puts(unlink(path) == 0 && access(path, F_OK) < 0 && errno == ENOENT ? "removed"
	                                                                    : "still there");
}

int
main(void)
{
	int fd = open("/data/f", O_RDWR | O_CREAT | O_EXCL, 0644);
	if (fd < 0 || write(fd, "0123456789", 10) != 10)
		return perror("/data/f"), 1;
	show("/data/f");
	if (pwrite(fd, "XX", 2, 2) != 2)
		perror("pwrite");
	close(fd);
	show("/data/f");
	fd = open("/data/f", O_WRONLY | O_APPEND);
	if (write(fd, "!", 1) != 1)
		perror("append");
	show("/data/f");
	printf("at %d\n", (int)lseek(fd, 0, SEEK_CUR));
	if (ftruncate(fd, 5) < 0)
		perror("ftruncate");
	close(fd);
	show("/data/f");
	big("/data/big");
	return 0;
}
