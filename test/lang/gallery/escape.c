/* SPDX-License-Identifier: Apache-2.0 */
// There is no way out of the folders that were given.
// needs: joist wasi

// test: by names, by links of the host and by links of one's own
// run: mkdir $W/d $W/out; echo secret >$W/out/secret; ln -s $W/out $W/d/abs; ln -s ../out $W/d/rel; ln -s / $W/d/root; joist run --rm -v $W/d:/data $GUEST; cat $W/out/secret; ls $W/out
// expect: closed: /data/../out/secret
// expect: closed: /etc/passwd
// expect: closed: /data/abs/secret
// expect: closed: /data/rel/secret
// expect: closed: /data/root/etc/passwd
// expect: closed: /data/sub/../../out/secret
// expect: closed: /data/mine/secret
// expect: closed: /data/up/out/secret
// expect: closed: ../../../../etc/passwd
// expect: no absolute links
// expect: not moved out
// expect: not moved in
// expect: not made
// expect: not removed
// expect: not linked
// expect: secret
// expect: secret

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void
closed(const char *path)
{
	static const int modes[] = { O_RDONLY, O_WRONLY, O_RDWR | O_CREAT, O_RDONLY | O_DIRECTORY };
	struct stat st;
	int open_ = 0;
	for (int i = 0; i < 4; i++)
		open_ += open(path, modes[i], 0644) >= 0;
	open_ += stat(path, &st) == 0;
	printf("%s: %s\n", open_ ? "OPEN" : "closed", path);
}

int
main(void)
{
	mkdir("/data/sub", 0755);
	symlink("../out", "/data/mine");
	symlink("..", "/data/up");
	closed("/data/../out/secret");
	closed("/etc/passwd");
	closed("/data/abs/secret");
	closed("/data/rel/secret");
	closed("/data/root/etc/passwd");
	closed("/data/sub/../../out/secret");
	closed("/data/mine/secret");
	closed("/data/up/out/secret");
	closed("../../../../etc/passwd");
	puts(symlink("/etc/passwd", "/data/passwd") < 0 ? "no absolute links" : "ABSOLUTE");
	puts(rename("/data/sub", "/data/rel/sub") < 0 ? "not moved out" : "MOVED OUT");
	puts(rename("/data/rel/secret", "/data/secret") < 0 ? "not moved in" : "MOVED IN");
	puts(mkdir("/data/rel/new", 0755) < 0 ? "not made" : "MADE");
	puts(unlink("/data/abs/secret") < 0 ? "not removed" : "REMOVED");
	puts(link("/data/rel/secret", "/data/secret") < 0 ? "not linked" : "LINKED");
	return 0;
}
