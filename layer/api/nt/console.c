/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "layer/api/nt/utf.h"

static bool
can(int fd, short events)
{
	struct pollfd p = { fd, events, 0 };
	return poll(&p, 1, 0) != 0;
}

/* A line of the terminal ends with a line feed; a console's with both. */
static NTSTATUS
read_bytes(struct file *f, struct file_io *x)
{
	if (!can(f->fd, POLLIN))
		return STATUS_PENDING;
	ssize_t n = read(f->fd, x->buf, x->n > 1 ? x->n - 1 : x->n);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? STATUS_PENDING : status_errno(errno);
	if (n > 0 && (size_t)n < x->n && x->buf[n - 1] == '\n' && !f->own) {
		x->buf[n - 1] = '\r';
		x->buf[n++] = '\n';
	}
	x->done = (size_t)n;
	return STATUS_SUCCESS;
}

static NTSTATUS
write_bytes(struct file *f, struct file_io *x)
{
	while (x->done < x->n) {
		ssize_t n = write(f->fd, x->buf + x->done, x->n - x->done);
		if (n < 0 && errno == EAGAIN && file_wait(f, f->fd, POLLOUT, -1) >= 0)
			continue;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return status_errno(errno);
		x->done += (size_t)n;
	}
	return STATUS_SUCCESS;
}

const struct file_kind console_kind = {
	.type = FILE_TYPE_CHAR,
	.device = 0x50, /* FILE_DEVICE_CONSOLE */
	.read = read_bytes,
	.write = write_bytes,
};

/* CON, CONIN$, CONOUT$: the terminal that controls us; without one they cannot be opened. */
NTSTATUS
console_open(const WCHAR *name, ACCESS_MASK access, DWORD share, DWORD disposition, DWORD options,
             struct file **out)
{
	(void)name, (void)disposition;
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return STATUS_INVALID_HANDLE;
	struct file *f = file_new(&console_kind, fd);
	if (!f)
		return STATUS_NO_MEMORY;
	f->access = access;
	f->share = share;
	f->options = options | FILE_SYNCHRONOUS_IO_NONALERT;
	*out = f;
	return STATUS_SUCCESS;
}
