/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/wasi/inner.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "layer/lang/wasi/wasi.h"

enum { OFLAG_CREAT = 1, OFLAG_DIRECTORY = 2, OFLAG_EXCL = 4, OFLAG_TRUNC = 8 };

/* Rights that need a descriptor for writing but say nothing of an intention: some
 * languages ask for all that there are whenever they open. */
#define MAY_WRITE (RIGHT_(FD_ALLOCATE) | RIGHT_(FD_FILESTAT_SET_SIZE))

/* What the host is to do, without access mode and O_CREAT. */
static int
host_flags(uint32_t look, uint32_t oflags, uint32_t fdflags)
{
	/* We wait by ourselves (wait.c), and must not do it in open. */
	return O_NONBLOCK | O_NOCTTY | (look & LOOKUP_FOLLOW ? 0 : O_NOFOLLOW) |
	       (oflags & OFLAG_DIRECTORY ? O_DIRECTORY : 0) | (oflags & OFLAG_TRUNC ? O_TRUNC : 0) |
	       (fdflags & FDFLAG_APPEND ? O_APPEND : 0) | (fdflags & FDFLAG_DSYNC ? O_DSYNC : 0) |
	       (fdflags & (FDFLAG_RSYNC | FDFLAG_SYNC) ? O_SYNC : 0);
}

static bool
is_fifo(struct wasi_call *c, const struct wasi_file *d, const char *path, int flags)
{
	struct stat st;
	int fd = wasi_beneath(c->w, d->fd, path, O_PATH | (flags & O_NOFOLLOW), 0);
	bool yes = fd >= 0 && fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
	if (fd >= 0)
		close(fd);
	return yes;
}

/* Opened, a descriptor in *fd; or an errno. */
static int
open_it(struct wasi_call *c, const struct wasi_file *d, const char *path, int flags, bool waits,
        int *fd)
{
	for (;;) {
		*fd = wasi_beneath(c->w, d->fd, path, flags, 0666);
		if (*fd >= 0)
			return 0;
		int error = errno, ready, r;
		if (error == EINTR) {
			if (atomic_load(&c->t->pending))
				return WASI_AGAIN;
			continue;
		}
		/* A fifo without a reader: look again now and then. */
		if (error != ENXIO || !waits || !is_fifo(c, d, path, flags))
			return error;
		if ((r = wasi_wait(c, NULL, 0, 20000000, &ready)) != 0 && r != EINTR)
			return r;
	}
}

static int
open_in_readonly(struct wasi_call *c, const struct wasi_file *d, const char *path, uint32_t oflags,
                 int flags, bool writes, bool waits, int *fd)
{
	if (writes || oflags & OFLAG_TRUNC)
		return EROFS;
	int r = open_it(c, d, path, flags, waits, fd);
	if (!(oflags & OFLAG_CREAT))
		return r;
	if (r == ENOENT)
		return EROFS;
	if (r == 0 && oflags & OFLAG_EXCL) {
		close(*fd);
		return EEXIST;
	}
	return r;
}

static char *
join(const struct wasi_file *d, const char *path)
{
	return d->path ? xprintf("%s/%s", d->path, path) : xstrdup(path);
}

/* fd, lookup flags, path, length, oflags, rights, rights to inherit, fdflags, where
 * to say the new fd */
int
wasi_path_open(struct wasi_call *c, const uint64_t *a)
{
	uint32_t look = (uint32_t)a[1], oflags = (uint32_t)a[4], fdflags = (uint32_t)a[7];
	uint64_t all = wasi_file_rights(KIND_FILE) | wasi_file_rights(KIND_DIR);
	uint64_t base = a[5] & all, inheriting = a[6] & all;
	char path[PATH_MAX];
	struct wasi_file *d;
	int r, fd;

	if ((r = wasi_hold(c, a[0], 0, &d)) != 0)
		return r;
	if (d->kind != KIND_DIR)
		return ENOTDIR;
	uint64_t need = RIGHT_(PATH_OPEN) | (oflags & OFLAG_CREAT ? RIGHT_(PATH_CREATE_FILE) : 0) |
	                (oflags & OFLAG_TRUNC ? RIGHT_(PATH_FILESTAT_SET_SIZE) : 0);
	uint64_t hand = base | inheriting | (fdflags & FDFLAG_DSYNC ? RIGHT_(FD_DATASYNC) : 0) |
	                (fdflags & (FDFLAG_RSYNC | FDFLAG_SYNC) ? RIGHT_(FD_SYNC) : 0);
	if ((d->base & need) != need || (d->inheriting & hand) != hand)
		return ENOTCAPABLE;
	if ((r = wasi_path_text(c, a[2], a[3], path)) != 0)
		return r;
	uint8_t *said = wasi_mem(c, a[8], 4);
	if (!said)
		return EFAULT;
	if (look & ~1U || oflags & ~15U || fdflags & ~31U)
		return EINVAL;
	if (oflags & OFLAG_DIRECTORY && oflags & (OFLAG_CREAT | OFLAG_EXCL | OFLAG_TRUNC))
		return EINVAL;

	bool writes = base & RIGHT_(FD_WRITE), waits = !(fdflags & FDFLAG_NONBLOCK);
	bool reads = base & (RIGHT_(FD_READ) | RIGHT_(FD_READDIR));
	int flags = host_flags(look, oflags, fdflags);
	int mode = !writes ? O_RDONLY : reads ? O_RDWR : O_WRONLY;
	int make = oflags & OFLAG_CREAT ? O_CREAT | (oflags & OFLAG_EXCL ? O_EXCL : 0) : 0;
	if (d->readonly) {
		r = open_in_readonly(c, d, path, oflags, flags, writes, waits, &fd);
	} else if (!writes && base & MAY_WRITE && !(oflags & OFLAG_DIRECTORY) &&
	           !is_fifo(c, d, path, flags)) {
		r = open_it(c, d, path, flags | make | O_RDWR, waits, &fd);
		if (r == EACCES || r == EPERM || r == EROFS || r == EISDIR || r == ETXTBSY)
			r = open_it(c, d, path, flags | make, waits, &fd);
	} else {
		r = open_it(c, d, path, flags | make | mode, waits, &fd);
	}
	if (r)
		return r;

	struct wasi_file *f = wasi_file_new(fd, SOURCE_PATH, d->number);
	if (!f)
		return errno;
	f->path = join(d, path);
	f->readonly = d->readonly;
	f->flags = (uint16_t)fdflags;
	f->base = base & wasi_file_rights(f->kind);
	if (f->access == O_RDONLY)
		f->base &= ~MAY_WRITE;
	f->inheriting = f->kind == KIND_DIR ? inheriting : 0;
	uint32_t number;
	if ((r = wasi_file_add(c->w, f, &number)) != 0)
		return r;
	wasi_put32(said, number);
	return 0;
}
