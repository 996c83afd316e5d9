/* SPDX-License-Identifier: Apache-2.0 */
// Folders: made, read, and removed while they are read.
// needs: joist wasi

// test: a thousand files, and away with them
// run: mkdir $W/d; joist run --rm -v $W/d:/data $GUEST; ls -A $W/d | wc -l
// expect: 1000 files, 1 folder, . ..
// expect: not empty
// expect: 0 files, 0 folders
// expect: 0

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int files, folders, dots;

static void
look(const char *path, int away)
{
	char name[256];
	struct dirent *e;
	DIR *d = opendir(path);
	if (!d)
		perror(path);
	files = folders = dots = 0;
	while (d && (e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) {
			dots++;
			continue;
		}
		*(e->d_type == DT_DIR ? &folders : &files) += 1;
		snprintf(name, sizeof name, "%s/%s", path, e->d_name);
		if (away && (e->d_type == DT_DIR ? rmdir(name) : unlink(name)) < 0)
			perror(name);
	}
	if (d)
		closedir(d);
}

int
main(void)
{
	char name[64];
	if (mkdir("/data/top", 0755) < 0 || mkdir("/data/top/below", 0755) < 0)
		return perror("mkdir"), 1;
	if (mkdir("/data/top", 0755) == 0 || errno != EEXIST)
		puts("made twice");
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "/data/top/file-%04d", i);
		int fd = open(name, O_WRONLY | O_CREAT, 0644);
		if (fd < 0)
			perror(name);
		close(fd);
	}
	look("/data/top", 0);
	printf("%d files, %d folder, %s\n", files, folders, dots == 2 ? ". .." : "no dots");
	puts(rmdir("/data/top") < 0 && errno == ENOTEMPTY ? "not empty" : "gone");
	look("/data/top", 1);
	look("/data/top", 0);
	printf("%d files, %d folders\n", files, folders);
	if (rmdir("/data/top") < 0)
		perror("rmdir");
	return 0;
}
