/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/wasi/inner.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "layer/lang/wasi/wasi.h"

enum { PEEK = 1, WAITALL = 2, TRUNCATED = 1 };

static int
socket_of(struct wasi_call *c, uint64_t fd, uint64_t right, struct wasi_file **f)
{
	int r = wasi_hold(c, fd, 0, f);
	if (r)
		return r;
	if ((*f)->kind != KIND_CONNECTION && (*f)->kind != KIND_LISTENER)
		return ENOTSOCK;
	return ((*f)->base & right) == right ? 0 : ENOTCAPABLE;
}

static int
connection_of(struct wasi_call *c, uint64_t fd, uint64_t right, struct wasi_file **f)
{
	int r = socket_of(c, fd, 0, f);
	if (r)
		return r;
	if ((*f)->kind == KIND_LISTENER)
		return ENOTCONN;
	return ((*f)->base & right) == right ? 0 : ENOTCAPABLE;
}

/* fd, fdflags, where to say the new fd */
int
wasi_sock_accept(struct wasi_call *c, const uint64_t *a)
{
	struct wasi_file *l;
	uint32_t flags = (uint32_t)a[1], number;
	int fd, r = socket_of(c, a[0], 0, &l);
	if (r)
		return r;
	if (l->kind != KIND_LISTENER)
		return EINVAL;
	if (!(l->base & RIGHT_(SOCK_ACCEPT)))
		return ENOTCAPABLE;
	uint8_t *said = wasi_mem(c, a[2], 4);
	if (!said)
		return EFAULT;
	if (flags & ~(uint32_t)FDFLAG_NONBLOCK)
		return EINVAL;
	for (;;) {
		if ((r = wasi_wait_file(c, l, POLLIN)) != 0)
			return r;
		fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0)
			break;
		if ((r = wasi_wait_again(c, l, errno)) != 0)
			return r;
	}
	struct wasi_file *f = wasi_file_new(fd, SOURCE_ACCEPTED, 0);
	if (!f)
		return errno;
	f->flags = (uint16_t)flags;
	if ((r = wasi_file_add(c->w, f, &number)) == 0)
		wasi_put32(said, number);
	return r;
}

/* fd, buffers, how many, flags, where to say how many bytes, where to say flags */
int
wasi_sock_recv(struct wasi_call *c, const uint64_t *a)
{
	struct wasi_file *f;
	struct iovec iov[IOV_MAX], *v = iov;
	uint32_t flags = (uint32_t)a[3], total = 0;
	int n, r = connection_of(c, a[0], RIGHT_(FD_READ), &f);
	if (r)
		return r;
	uint8_t *said = wasi_mem(c, a[4], 4), *out = wasi_mem(c, a[5], 2);
	if (!said || !out)
		return EFAULT;
	if ((r = wasi_iov(c, a[1], a[2], iov, &n)) != 0)
		return r;
	if (flags & ~(uint32_t)(PEEK | WAITALL))
		return EINVAL;
	bool all = flags & WAITALL && !(flags & PEEK) && f->type == TYPE_STREAM;
	for (;;) {
		struct msghdr m = { .msg_iov = v, .msg_iovlen = (size_t)n };
		r = wasi_wait_file(c, f, POLLIN);
		ssize_t got =
		        r ? -1 : recvmsg(f->fd, &m, MSG_DONTWAIT | (flags & PEEK ? MSG_PEEK : 0));
		if (got < 0) {
			if (!r && (r = wasi_wait_again(c, f, errno)) == 0)
				continue;
			/* What is here already cannot be put back: it is the answer. */
			if (!total)
				return r;
			got = 0;
		}
		total += (uint32_t)got;
		wasi_iov_skip(&v, &n, (size_t)got);
		if (!all || !got || !n || total >= INT32_MAX) {
			wasi_put32(said, total);
			wasi_put16(out, m.msg_flags & MSG_TRUNC ? TRUNCATED : 0);
			return 0;
		}
	}
}

/* fd, buffers, how many, flags (none), where to say how many bytes */
int
wasi_sock_send(struct wasi_call *c, const uint64_t *a)
{
	struct wasi_file *f;
	struct iovec iov[IOV_MAX];
	uint32_t total;
	int n, r = connection_of(c, a[0], RIGHT_(FD_WRITE), &f);
	if (r)
		return r;
	uint8_t *said = wasi_mem(c, a[4], 4);
	if (!said)
		return EFAULT;
	if ((r = wasi_iov(c, a[1], a[2], iov, &n)) != 0)
		return r;
	if ((uint32_t)a[3])
		return EINVAL;
	if ((r = wasi_write_all(c, f, iov, n, &total)) == 0)
		wasi_put32(said, total);
	return r;
}

int
wasi_sock_shutdown(struct wasi_call *c, const uint64_t *a)
{
	static const int how[] = { -1, SHUT_RD, SHUT_WR, SHUT_RDWR };
	struct wasi_file *f;
	uint32_t flags = (uint32_t)a[1];
	int r = connection_of(c, a[0], RIGHT_(SOCK_SHUTDOWN), &f);
	if (r)
		return r;
	if (flags == 0 || flags > 3)
		return EINVAL;
	return shutdown(f->fd, how[flags]) < 0 ? errno : 0;
}
