/* SPDX-License-Identifier: Apache-2.0 */
// Names: links of both kinds, and moving.
// needs: joist wasi

// test: links and renames
// run: mkdir $W/d; joist run --rm -v $W/d:/data $GUEST
// expect: soft -> file
// expect: 2 names
// expect: through the link: text
// expect: moved: text
// expect: dangling: No such file or directory
// expect: the link itself is there
// expect: loop: Symbolic link loop

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
show(const char *what, const char *path)
{
	char text[64];
	FILE *f = fopen(path, "r");
	printf("%s: %s\n", what, f ? fgets(text, sizeof text, f) : strerror(errno));
	if (f)
		fclose(f);
}

int
main(void)
{
	char text[64] = "";
	struct stat st;
	FILE *f = fopen("/data/file", "w");
	fputs("text", f);
	fclose(f);
	if (symlink("file", "/data/soft") < 0 || link("/data/file", "/data/hard") < 0)
		perror("link");
	readlink("/data/soft", text, sizeof text - 1);
	printf("soft -> %s\n", text);
	stat("/data/hard", &st);
	printf("%d names\n", (int)st.st_nlink);
	show("through the link", "/data/soft");
	mkdir("/data/sub", 0755);
	if (rename("/data/file", "/data/sub/file") < 0)
		perror("rename");
	show("moved", "/data/sub/file");
	show("dangling", "/data/soft");
	if (lstat("/data/soft", &st) == 0 && S_ISLNK(st.st_mode))
		puts("the link itself is there");
	symlink("loop", "/data/loop");
	show("loop", "/data/loop");
	return 0;
}
