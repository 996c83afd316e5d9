/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/wasi/inner.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "layer/lang/wasi/wasi.h"

/* Reading and writing of these never waits long enough to speak of. */
static bool
at_once(const struct wasi_file *f)
{
	return f->type == TYPE_REGULAR || f->type == TYPE_BLOCK || f->type == TYPE_DIRECTORY;
}

/* How much of n buffers to write at once.  A pipe or terminal whose open file we
 * share may block when it is more than what POLLOUT promises: one PIPE_BUF
 * (poll(2), pipe(7)). */
static int
portion(const struct wasi_file *f, const struct iovec *iov, int n, struct iovec *part)
{
	size_t room = PIPE_BUF;
	int i;
	for (i = 0; i < n && room; i++) {
		part[i] = iov[i];
		if (!f->lent || at_once(f) || f->kind == KIND_CONNECTION)
			continue;
		if (part[i].iov_len > room)
			part[i].iov_len = room;
		room -= part[i].iov_len;
	}
	return i;
}

static ssize_t
move(const struct wasi_file *f, bool out, struct iovec *iov, int n)
{
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = (size_t)n };
	if (f->kind == KIND_CONNECTION)
		return out ? sendmsg(f->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL)
		           : recvmsg(f->fd, &m, MSG_DONTWAIT);
	return out ? writev(f->fd, iov, n) : readv(f->fd, iov, n);
}

void
wasi_iov_skip(struct iovec **iov, int *n, size_t bytes)
{
	for (; *n && bytes >= (*iov)->iov_len; --*n)
		bytes -= (*iov)++->iov_len;
	if (*n) {
		(*iov)->iov_base = (char *)(*iov)->iov_base + bytes;
		(*iov)->iov_len -= bytes;
	}
}

/* All of it when the file waits, as much as there is room for when it does not. */
int
wasi_write_all(struct wasi_call *c, struct wasi_file *f, struct iovec *iov, int n, uint32_t *total)
{
	struct iovec part[IOV_MAX];
	*total = 0;
	for (;;) {
		int r = at_once(f) ? 0 : wasi_wait_file(c, f, POLLOUT);
		ssize_t got = -1;
		if (!r && (got = move(f, true, part, portion(f, iov, n, part))) < 0 &&
		    (r = wasi_wait_again(c, f, errno)) == 0)
			continue;
		/* What is written cannot be taken back: it is the answer. */
		if (got < 0)
			return *total ? 0 : r;
		*total += (uint32_t)got;
		wasi_iov_skip(&iov, &n, (size_t)got);
		if (!n || at_once(f) || f->type == TYPE_DGRAM || *total >= INT32_MAX)
			return 0;
	}
}

static int
read_some(struct wasi_call *c, struct wasi_file *f, struct iovec *iov, int n, uint32_t *total)
{
	for (;;) {
		int r = at_once(f) ? 0 : wasi_wait_file(c, f, POLLIN);
		if (r)
			return r;
		ssize_t got = move(f, false, iov, n);
		if (got >= 0) {
			*total = (uint32_t)got;
			return 0;
		}
		if ((r = wasi_wait_again(c, f, errno)) != 0)
			return r;
	}
}

/* fd_read and fd_write: fd, buffers, how many, where to say how many bytes. */
static int
stream(struct wasi_call *c, const uint64_t *a, bool out)
{
	struct wasi_file *f;
	struct iovec iov[IOV_MAX];
	uint32_t total;
	int n, r = wasi_hold(c, a[0], 0, &f);
	if (r)
		return r;
	if (f->kind == KIND_DIR)
		return EISDIR;
	if (f->kind == KIND_LISTENER)
		return ENOTCONN;
	uint64_t right = out ? RIGHT_(FD_WRITE) : RIGHT_(FD_READ);
	if ((f->base & right) != right)
		return ENOTCAPABLE;
	uint8_t *said = wasi_mem(c, a[3], 4);
	if (!said)
		return EFAULT;
	if ((r = wasi_iov(c, a[1], a[2], iov, &n)) != 0)
		return r;
	r = out ? wasi_write_all(c, f, iov, n, &total) : read_some(c, f, iov, n, &total);
	if (!r)
		wasi_put32(said, total);
	return r;
}

int wasi_fd_read(struct wasi_call *c, const uint64_t *a) { return stream(c, a, false); }

int wasi_fd_write(struct wasi_call *c, const uint64_t *a) { return stream(c, a, true); }

/* fd_pread and fd_pwrite: fd, buffers, how many, at, where to say how many bytes. */
static int
place(struct wasi_call *c, const uint64_t *a, bool out)
{
	struct wasi_file *f;
	struct iovec iov[IOV_MAX];
	int n, r = wasi_hold(c, a[0], 0, &f);
	if (r)
		return r;
	if (f->kind == KIND_DIR)
		return EISDIR;
	if (f->kind != KIND_FILE)
		return ESPIPE;
	uint64_t rights = RIGHT_(FD_SEEK) | (out ? RIGHT_(FD_WRITE) : RIGHT_(FD_READ));
	if ((f->base & rights) != rights)
		return ENOTCAPABLE;
	uint8_t *said = wasi_mem(c, a[4], 4);
	if (!said)
		return EFAULT;
	if ((r = wasi_iov(c, a[1], a[2], iov, &n)) != 0)
		return r;
	if (a[3] > INT64_MAX)
		return EINVAL;
	for (;;) {
		ssize_t got = out ? pwritev(f->fd, iov, n, (off_t)a[3])
		                  : preadv(f->fd, iov, n, (off_t)a[3]);
		if (got >= 0) {
			wasi_put32(said, (uint32_t)got);
			return 0;
		}
		if ((r = wasi_wait_again(c, f, errno)) != 0)
			return r;
	}
}

int wasi_fd_pread(struct wasi_call *c, const uint64_t *a) { return place(c, a, false); }

int wasi_fd_pwrite(struct wasi_call *c, const uint64_t *a) { return place(c, a, true); }

/* -- the place in a file ------------------------------------------------------------ */

static int
seek(struct wasi_call *c, struct wasi_file *f, uint64_t right, int64_t by, int whence, uint64_t at)
{
	uint8_t *said = wasi_mem(c, at, 8);
	if (f->kind == KIND_DIR)
		return EISDIR;
	if (f->kind != KIND_FILE)
		return ESPIPE;
	if ((f->base & right) != right)
		return ENOTCAPABLE;
	if (!said)
		return EFAULT;
	off_t now = lseek(f->fd, by, whence);
	if (now < 0)
		return errno;
	wasi_put64(said, (uint64_t)now);
	return 0;
}

int
wasi_fd_seek(struct wasi_call *c, const uint64_t *a)
{
	static const int by[2][3] = { { SEEK_SET, SEEK_CUR, SEEK_END },
		                      { SEEK_CUR, SEEK_END, SEEK_SET } }; /* unstable */
	struct wasi_file *f;
	uint32_t whence = (uint32_t)a[2];
	int r = wasi_hold(c, a[0], 0, &f);
	if (r)
		return r;
	if (whence > 2)
		return EINVAL;
	int host = by[c->unstable][whence];
	/* FD_TELL: "may invoke fd_seek in such a way that the offset remains unaltered". */
	bool tells = host == SEEK_CUR && a[1] == 0 && f->base & RIGHT_(FD_TELL);
	return seek(c, f, tells ? 0 : RIGHT_(FD_SEEK), (int64_t)a[1], host, a[3]);
}

int
wasi_fd_tell(struct wasi_call *c, const uint64_t *a)
{
	struct wasi_file *f;
	int r = wasi_hold(c, a[0], 0, &f);
	/* "FD_SEEK: this implies FD_TELL". */
	bool seeks = !r && f->base & RIGHT_(FD_SEEK);
	return r ? r : seek(c, f, seeks ? 0 : RIGHT_(FD_TELL), 0, SEEK_CUR, a[1]);
}
