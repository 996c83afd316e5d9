/* SPDX-License-Identifier: Apache-2.0 */
#include "base/harsh.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Only in a harsh build, linked with --wrap: a call of read is one of
 * __wrap_read, and __real_read is the C library's. */
ssize_t __real_read(int fd, void *buf, size_t n);
ssize_t __real_write(int fd, const void *buf, size_t n);
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);

ssize_t __wrap_read(int fd, void *buf, size_t n);
ssize_t __wrap_write(int fd, const void *buf, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

enum what { WHOLE, SHORT, INTERRUPTED };

static long
setting(const char *name, long fallback)
{
	const char *s = getenv(name);
	return s && *s ? strtol(s, NULL, 10) : fallback;
}

/* What an honest kernel could do to this call: a signal interrupts only what
 * can wait, and what keeps its boundaries (a datagram) is never cut. */
static enum what
fate(int fd, size_t n)
{
	static _Atomic unsigned long calls;
	static _Atomic long every = -1;
	struct statfs fs;
	struct stat st;
	int type;
	socklen_t len = sizeof type;

	if (every < 0)
		every = setting("JOIST_HARSH_IO", 5);
	if (n < 2 || every == 0)
		return WHOLE;
	unsigned long call = ++calls;
	if (call % (unsigned long)every != 0 || fstat(fd, &st) < 0)
		return WHOLE;
	if (S_ISREG(st.st_mode)) {
		if (fstatfs(fd, &fs) < 0 || fs.f_type == PROC_SUPER_MAGIC ||
		    fs.f_type == SYSFS_MAGIC || fs.f_type == CGROUP_SUPER_MAGIC ||
		    fs.f_type == CGROUP2_SUPER_MAGIC || fs.f_type == SECURITYFS_MAGIC)
			return WHOLE;
		return SHORT;
	}
	if (S_ISSOCK(st.st_mode) &&
	    (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || type != SOCK_STREAM))
		return WHOLE;
	if (!S_ISSOCK(st.st_mode) && !S_ISFIFO(st.st_mode))
		return WHOLE;
	return call % 2 ? SHORT : INTERRUPTED;
}

ssize_t
__wrap_read(int fd, void *buf, size_t n)
{
	switch (fate(fd, n)) {
	case SHORT: n = 1 + n / 3; break;
	case INTERRUPTED: errno = EINTR; return -1;
	case WHOLE: break;
	}
	return __real_read(fd, buf, n);
}

ssize_t
__wrap_write(int fd, const void *buf, size_t n)
{
	switch (fate(fd, n)) {
	case SHORT: n = 1 + n / 3; break;
	case INTERRUPTED: errno = EINTR; return -1;
	case WHOLE: break;
	}
	return __real_write(fd, buf, n);
}

static bool started;

/* The C library allocates before main and ends badly by itself. */
__attribute__((constructor)) static void
start(void)
{
	started = true;
}

static bool
no_memory(void)
{
	static _Atomic long left = -1;

	if (!started)
		return false;
	if (left < 0)
		left = setting("JOIST_HARSH_ALLOC", 0);
	if (left == 0 || --left > 0)
		return false;
	errno = ENOMEM;
	return true;
}

void *__wrap_malloc(size_t n) { return no_memory() ? NULL : __real_malloc(n); }
void *__wrap_calloc(size_t n, size_t size) { return no_memory() ? NULL : __real_calloc(n, size); }
void *__wrap_realloc(void *p, size_t n) { return no_memory() ? NULL : __real_realloc(p, n); }
