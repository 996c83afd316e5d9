/* SPDX-License-Identifier: Apache-2.0 */
#include "img/platter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/falloc.h>
#include <linux/fs.h>

#include "base/arena.h"

/* QEMU's locks: a byte for each right that somebody has, and one for each that
 * he does not allow to others (docs/system/images.rst of QEMU). */
enum { HAS = 100, FORBIDS = 200 };
enum { READ = 0, WRITE = 1, RESIZE = 3 };

enum { PIECES = 64 };

/* What open files cannot do on this file system, they need not do. */
static bool
cannot(int code)
{
	return code == EINVAL || code == ENOSYS || code == EOPNOTSUPP || code == ENOLCK;
}

static int
lock_byte(int fd, int byte)
{
	struct flock l = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };
	return fcntl(fd, F_OFD_SETLK, &l) < 0 && !cannot(errno) ? -1 : 0;
}

/* Has somebody else locked it? */
static bool
taken(int fd, int byte)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };
	return fcntl(fd, F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK;
}

/* First say what we want, then look whether it was there for us to want: of two
 * that come at once one may see the other, and then neither gets it. */
static int
lock(struct platter *p, const char *path, struct err *e)
{
	static const int reader[] = { HAS + READ, FORBIDS + WRITE, FORBIDS + RESIZE, -1 };
	static const int writer[] = { HAS + READ,      HAS + WRITE,      HAS + RESIZE,
		                      FORBIDS + WRITE, FORBIDS + RESIZE, -1 };
	static const int bad_reader[] = { HAS + WRITE, HAS + RESIZE, FORBIDS + READ, -1 };
	static const int bad_writer[] = { HAS + WRITE,     HAS + RESIZE,     FORBIDS + READ,
		                          FORBIDS + WRITE, FORBIDS + RESIZE, -1 };

	bool ok = true;
	for (const int *b = p->writable ? writer : reader; *b >= 0; b++)
		ok = ok && lock_byte(p->fd, *b) == 0;
	for (const int *b = p->writable ? bad_writer : bad_reader; *b >= 0; b++)
		ok = ok && !taken(p->fd, *b);
	if (ok) {
		p->locked = true;
		return 0;
	}
	fail(e, EBUSY, "disk '%s' is in use by another %s", path,
	     p->writable ? "program" : "program, which writes to it");
	return err_hint(e, p->writable ? "stop the machine that has it, or give this one a copy"
	                               : "stop the machine that has it, or look at it with -U");
}

/* What kind of file is it, and how long? */
static int
look(struct platter *p, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(p->fd, &st) < 0)
		return fail(e, errno, "disk '%s': %s", path, strerror(errno));
	p->regular = S_ISREG(st.st_mode);
	p->size = (uint64_t)st.st_size;
	if (S_ISBLK(st.st_mode) && ioctl(p->fd, BLKGETSIZE64, &p->size) < 0)
		return fail(e, errno, "disk '%s': %s", path, strerror(errno));
	if (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode))
		return 0;
	return fail(e, S_ISDIR(st.st_mode) ? EISDIR : EINVAL,
	            "disk '%s' is neither a file nor a block device", path);
}

struct platter *
platter_of(int fd, bool writable, struct err *e)
{
	struct platter *p = xcalloc(1, sizeof *p);

	p->fd = fd;
	p->writable = writable;
	if (look(p, "(nameless)", e) == 0)
		return p;
	platter_close(p);
	return NULL;
}

struct platter *
platter_open(int dir, const char *path, unsigned flags, struct err *e)
{
	struct platter *p = xcalloc(1, sizeof *p);
	bool create = flags & PLATTER_CREATE;

	p->writable = create || (flags & PLATTER_WRITE);
	/* O_NONBLOCK: a pipe of that name must not make us wait for a writer. */
	p->fd = openat(dir, path,
	               (p->writable ? O_RDWR : O_RDONLY) | (create ? O_CREAT : 0) | O_CLOEXEC |
	                       O_NOCTTY | O_NONBLOCK,
	               0644);
	if (p->fd < 0) {
		int code = errno;
		fail(e, code, "disk '%s': %s", path, strerror(code));
		if (code == ENOENT && !create)
			err_hint(e, "make one with: joist disk new %s 4G", path);
		else if (code == EACCES && p->writable)
			err_hint(e, "it must be yours to write");
		goto undo;
	}
	if (look(p, path, e) < 0)
		goto undo;
	if (!(flags & PLATTER_UNLOCKED) && lock(p, path, e) < 0)
		goto undo;
	/* Only now that it is ours. */
	if (create && p->regular && p->size > 0) {
		int rc = platter_resize(p, 0);
		if (rc < 0) {
			fail(e, -rc, "disk '%s': %s", path, strerror(-rc));
			goto undo;
		}
	}
	return p;
undo:
	platter_close(p);
	return NULL;
}

struct platter *
platter_scratch(struct err *e)
{
	const char *folder = getenv("TMPDIR");
	if (!folder || !*folder)
		folder = "/var/tmp";
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0) {
		/* A file system that knows no nameless files. */
		char *name = xprintf("%s/joist-disk-XXXXXX", folder);
		fd = mkostemp(name, O_CLOEXEC);
		if (fd >= 0)
			unlink(name);
		free(name);
	}
	if (fd < 0) {
		fail(e, errno, "a place for what is written, in '%s': %s", folder, strerror(errno));
		err_hint(e, "set TMPDIR to a folder with room");
		return NULL;
	}
	struct platter *p = platter_of(fd, true, e);
	if (p)
		p->fleeting = true;
	return p;
}

void
platter_close(struct platter *p)
{
	if (!p)
		return;
	if (p->fd >= 0)
		close(p->fd);
	free(p);
}

static void
tell(struct platter *p, enum platter_act act, uint64_t offset, uint64_t n, const void *bytes)
{
	p->changed = act != PLATTER_SYNC;
	if (p->watch)
		p->watch(p->watch_arg, act, offset, n, bytes);
}

/* One round of reading or writing: all of the pieces, however often the kernel
 * stops in between. */
static int
move(struct platter *p, bool out, uint64_t offset, struct iovec *v, int n)
{
	while (n > 0) {
		ssize_t k = out ? pwritev(p->fd, v, n, (off_t)offset)
		                : preadv(p->fd, v, n, (off_t)offset);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -errno;
		if (k == 0)
			return -EIO;
		offset += (uint64_t)k;
		for (; n > 0 && (size_t)k >= v->iov_len; v++, n--)
			k -= (ssize_t)v->iov_len;
		if (n > 0) {
			v->iov_base = (char *)v->iov_base + k;
			v->iov_len -= (size_t)k;
		}
	}
	return 0;
}

static bool
sane(uint64_t offset, uint64_t n)
{
	uint64_t end;
	return !__builtin_add_overflow(offset, n, &end) && end <= INT64_MAX;
}

int
platter_readv(struct platter *p, uint64_t offset, struct scatter *s, uint64_t n)
{
	if (!sane(offset, n))
		return -EINVAL;
	uint64_t there = offset >= p->size ? 0 : p->size - offset;
	if (there > n)
		there = n;
	for (uint64_t done = 0; done < there;) {
		struct iovec v[PIECES];
		int pieces;
		uint64_t k = scatter_take(s, there - done, v, PIECES, &pieces);
		if (k == 0)
			return -EINVAL;
		int rc = move(p, false, offset + done, v, pieces);
		if (rc < 0)
			return rc;
		done += k;
	}
	scatter_fill(s, n - there);
	return 0;
}

int
platter_writev(struct platter *p, uint64_t offset, struct scatter *s, uint64_t n)
{
	if (!sane(offset, n))
		return -EINVAL;
	if (!p->writable)
		return -EROFS;
	for (uint64_t done = 0; done < n;) {
		struct iovec v[PIECES];
		int pieces;
		uint64_t k = scatter_take(s, n - done, v, PIECES, &pieces);
		if (k == 0)
			return -EINVAL;
		p->changed = true;
		if (p->watch) {
			/* in one, as the kernel writes it */
			uint8_t *all = xmalloc(k);
			struct scatter copy = scatter_of(v, pieces);
			scatter_get(&copy, all, k);
			tell(p, PLATTER_PUT, offset + done, k, all);
			free(all);
		}
		int rc = move(p, true, offset + done, v, pieces);
		if (rc < 0)
			return rc;
		done += k;
		if (p->regular && offset + done > p->size)
			p->size = offset + done;
	}
	return 0;
}

int
platter_read(struct platter *p, uint64_t offset, void *bytes, size_t n)
{
	struct iovec v = { bytes, n };
	struct scatter s = scatter_of(&v, 1);
	return platter_readv(p, offset, &s, n);
}

int
platter_write(struct platter *p, uint64_t offset, const void *bytes, size_t n)
{
	struct iovec v = { (void *)bytes, n };
	struct scatter s = scatter_of(&v, 1);
	return platter_writev(p, offset, &s, n);
}

int
platter_sync(struct platter *p)
{
	if (p->broken)
		return p->broken;
	tell(p, PLATTER_SYNC, 0, 0, NULL);
	if (p->fleeting || fdatasync(p->fd) == 0)
		return 0;
	return p->broken = -errno;
}

int
platter_barrier(struct platter *p)
{
	return p->changed || p->broken ? platter_sync(p) : 0;
}

int
platter_resize(struct platter *p, uint64_t size)
{
	if (!p->writable)
		return -EROFS;
	if (!p->regular)
		return size <= p->size ? 0 : -ENOSPC;
	if (size > INT64_MAX)
		return -EFBIG;
	tell(p, PLATTER_SIZE, size, 0, NULL);
	if (ftruncate(p->fd, (off_t)size) < 0)
		return -errno;
	p->size = size;
	return 0;
}

static int
write_zeros(struct platter *p, uint64_t offset, uint64_t n)
{
	static const char zeros[65536];
	while (n > 0) {
		size_t k = n < sizeof zeros ? (size_t)n : sizeof zeros;
		int rc = platter_write(p, offset, zeros, k);
		if (rc < 0)
			return rc;
		offset += k;
		n -= k;
	}
	return 0;
}

static int
allocate(struct platter *p, int mode, uint64_t offset, uint64_t n)
{
	int rc;
	do
		rc = fallocate(p->fd, mode, (off_t)offset, (off_t)n);
	while (rc < 0 && errno == EINTR);
	return rc < 0 ? -errno : 0;
}

int
platter_zero(struct platter *p, uint64_t offset, uint64_t n, bool unmap)
{
	if (!p->writable)
		return -EROFS;
	if (!sane(offset, n))
		return -EINVAL;
	if (n == 0)
		return 0;
	/* A hole keeps the size, so that the file must be made longer first. */
	if (p->regular && offset + n > p->size) {
		uint64_t old = p->size;
		int rc = platter_resize(p, offset + n);
		if (rc < 0)
			return rc;
		if (unmap && offset >= old)
			return 0;
	}
	tell(p, PLATTER_CLEAR, offset, n, NULL);
	int mode = FALLOC_FL_KEEP_SIZE | (unmap ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE);
	int rc = allocate(p, mode, offset, n);
	return rc < 0 && cannot(-rc) ? write_zeros(p, offset, n) : rc;
}

int
platter_discard(struct platter *p, uint64_t offset, uint64_t n)
{
	if (!p->writable)
		return -EROFS;
	if (!sane(offset, n))
		return -EINVAL;
	if (offset >= p->size)
		return 0;
	if (n > p->size - offset)
		n = p->size - offset;
	if (n == 0)
		return 0;
	tell(p, PLATTER_CLEAR, offset, n, NULL);
	int rc = allocate(p, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, offset, n);
	return rc < 0 && cannot(-rc) ? 0 : rc;
}

int
platter_reserve(struct platter *p, uint64_t offset, uint64_t n)
{
	if (!p->writable)
		return -EROFS;
	if (!sane(offset, n))
		return -EINVAL;
	if (!p->regular || n == 0)
		return 0;
	if (offset + n > p->size) {
		int rc = platter_resize(p, offset + n);
		if (rc < 0)
			return rc;
	}
	int rc = allocate(p, 0, offset, n);
	return rc < 0 && cannot(-rc) ? 0 : rc;
}

bool
platter_data(struct platter *p, uint64_t offset, uint64_t end, uint64_t *n)
{
	off_t at;

	*n = end - offset;
	if (!p->regular)
		return true;
	if (offset >= p->size)
		return false;
	at = lseek(p->fd, (off_t)offset, SEEK_DATA);
	if (at < 0 && errno == ENXIO)
		return false; /* a hole up to the end of the file */
	if (at < 0)
		return true; /* it cannot say */
	if ((uint64_t)at > offset) {
		if ((uint64_t)at < end)
			*n = (uint64_t)at - offset;
		return false;
	}
	at = lseek(p->fd, (off_t)offset, SEEK_HOLE);
	if (at > (off_t)offset && (uint64_t)at < end)
		*n = (uint64_t)at - offset;
	return true;
}

uint64_t
platter_used(struct platter *p)
{
	struct stat st;
	return fstat(p->fd, &st) == 0 ? (uint64_t)st.st_blocks * 512 : 0;
}
