/* SPDX-License-Identifier: Apache-2.0 */
// A folder that may only be read.
// needs: joist wasi

// test: reading is all one can do
// run: mkdir $W/d; echo text >$W/d/f; joist run --rm -v $W/d:/data:ro $GUEST; cat $W/d/f; ls $W/d
// expect: read: text
// expect: write: Read-only file system
// expect: create: Read-only file system
// expect: truncate: Read-only file system
// expect: mkdir: Read-only file system
// expect: unlink: Read-only file system
// expect: rename: Read-only file system
// expect: text
// expect: f

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
say(const char *what, int r)
{
	printf("%s: %s\n", what, r < 0 ? strerror(errno) : "done");
}

int
main(void)
{
	char text[16];
	FILE *f = fopen("/data/f", "r");
	printf("read: %s", f && fgets(text, sizeof text, f) ? text : "nothing\n");
	say("write", open("/data/f", O_WRONLY));
	say("create", open("/data/new", O_WRONLY | O_CREAT, 0644));
	say("truncate", open("/data/f", O_WRONLY | O_TRUNC));
	say("mkdir", mkdir("/data/sub", 0755));
	say("unlink", unlink("/data/f"));
	say("rename", rename("/data/f", "/data/g"));
	return 0;
}
