/* SPDX-License-Identifier: Apache-2.0 */
#include "img/disk.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "img/qcow2.h"

enum { HEADER_MOST = 64 << 10, LONGEST_NAME = 1023 };

/* Is there room for a longer name?  In the first cluster, of which n bytes are here, nothing
 * of ours stands behind the old one. */
static bool
fits(const uint8_t *h, size_t n, uint64_t at, size_t old_length, size_t length)
{
	if (length > LONGEST_NAME || at > n || old_length > n - at || length > n - at)
		return false;
	for (size_t i = at + old_length; i < at + length; i++)
		if (h[i])
			return false;
	return true;
}

static int
rename_backing(int fd, const char *path, const char *backing, struct err *e)
{
	uint8_t *h = xcalloc(1, HEADER_MOST);
	ssize_t n = pread(fd, h, HEADER_MOST, 0);
	uint64_t at;
	uint32_t bits, length, now = htobe32((uint32_t)strlen(backing));
	int rc = -1;
	memcpy(&at, h + 8, 8);
	memcpy(&length, h + 16, 4);
	memcpy(&bits, h + 20, 4);
	at = be64toh(at);
	length = be32toh(length);
	bits = be32toh(bits);
	if (n < QCOW2_HEADER_2 || memcmp(h, "QFI\xfb", 4) != 0 || at == 0 || bits < 9 || bits > 21)
		fail(e, EINVAL, "'%s' is no qcow2 image that stands on another", path);
	else if (!fits(h, (size_t)n < (size_t)1 << bits ? (size_t)n : (size_t)1 << bits, at, length,
	               strlen(backing)))
		fail(e, ENOSPC, "'%s' has no room for the name '%s'", path, backing);
	/* the longer of two names is there before it counts */
	else if (pwrite(fd, backing, strlen(backing), (off_t)at) < 0 ||
	         pwrite(fd, &now, sizeof now, 16) < 0 || fsync(fd) < 0)
		fail(e, errno, "'%s': %s", path, strerror(errno));
	else
		rc = 0;
	free(h);
	return rc;
}

int
disk_rebase(int dir, const char *path, const char *backing, struct err *e)
{
	int fd = openat(dir, path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail(e, errno, "'%s': %s", path, strerror(errno));
	int rc = rename_backing(fd, path, backing, e);
	close(fd);
	return rc;
}
