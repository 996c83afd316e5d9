/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a disk, and devices of the host that are neither a terminal nor a pipe. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layer/api/nt/file/file.h"
#include "layer/api/nt/file/file_fs.h"

static NTSTATUS
io_error(void)
{
	switch (errno) {
	case EBADF: return STATUS_ACCESS_DENIED;
	case EISDIR: return STATUS_INVALID_DEVICE_REQUEST;
	case EINVAL: return STATUS_INVALID_PARAMETER;
	case EIO: return STATUS_UNSUCCESSFUL;
	}
	return status_errno(errno);
}

/* A synchronous file's position goes where the operation was asked to be. */
static NTSTATUS
seek(struct file *f, struct file_io *x, bool *at)
{
	*at = false;
	if (x->offset == FILE_CURRENT)
		return f->overlapped ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
	if (x->offset == FILE_AT_END) {
		struct stat st;
		if (fstat(f->fd, &st) < 0)
			return io_error();
		x->offset = st.st_size;
	}
	if (x->offset < 0)
		return STATUS_INVALID_PARAMETER;
	if (f->overlapped)
		*at = true;
	else if (lseek(f->fd, x->offset, SEEK_SET) < 0)
		return io_error();
	return STATUS_SUCCESS;
}

static NTSTATUS
disk_read(struct file *f, struct file_io *x)
{
	bool at;
	NTSTATUS s = seek(f, x, &at);
	if (s < 0)
		return f->folder ? STATUS_INVALID_DEVICE_REQUEST : s;
	while (x->done < x->n) {
		size_t n = x->n - x->done;
		ssize_t got = at ? pread(f->fd, x->buf + x->done, n, x->offset + (off_t)x->done)
		                 : read(f->fd, x->buf + x->done, n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return io_error();
		x->done += (size_t)got;
		/* what is short is not the end yet: a host's file system may give less than there is */
		if (got == 0)
			break;
	}
	return x->n && !x->done ? STATUS_END_OF_FILE : STATUS_SUCCESS;
}

static NTSTATUS
disk_write(struct file *f, struct file_io *x)
{
	bool at;
	NTSTATUS s = f->folder ? STATUS_INVALID_DEVICE_REQUEST : seek(f, x, &at);
	if (s < 0)
		return s;
	while (x->done < x->n) {
		size_t n = x->n - x->done;
		ssize_t put = at ? pwrite(f->fd, x->buf + x->done, n, x->offset + (off_t)x->done)
		                 : write(f->fd, x->buf + x->done, n);
		if (put < 0 && errno == EINTR)
			continue;
		/* what was written is written; the rest is told by the next call */
		if (put < 0)
			return x->done ? STATUS_SUCCESS : io_error();
		x->done += (size_t)put;
	}
	return STATUS_SUCCESS;
}

static NTSTATUS
disk_flush(struct file *f)
{
	if (fdatasync(f->fd) < 0 && errno != EINVAL && errno != EROFS && errno != EBADF)
		return io_error();
	return STATUS_SUCCESS;
}

const struct file_kind file_disk = {
	.type = FILE_TYPE_DISK,
	.device = 7, /* FILE_DEVICE_DISK */
	.read = disk_read,
	.write = disk_write,
	.control = file_fs_control,
	.flush = disk_flush,
};

/* -- NUL ------------------------------------------------------------------------ */

static NTSTATUS
null_read(struct file *f, struct file_io *x)
{
	(void)f;
	return x->n ? STATUS_END_OF_FILE : STATUS_SUCCESS;
}

static NTSTATUS
null_write(struct file *f, struct file_io *x)
{
	(void)f;
	x->done = x->n;
	return STATUS_SUCCESS;
}

const struct file_kind file_null = {
	.type = FILE_TYPE_CHAR,
	.device = 0x15, /* FILE_DEVICE_NULL */
	.read = null_read,
	.write = null_write,
};

NTSTATUS
file_open_null(const WCHAR *name, ACCESS_MASK access, DWORD share, DWORD disposition, DWORD options,
               struct file **out)
{
	(void)name, (void)disposition;
	if (options & FILE_DIRECTORY_FILE)
		return STATUS_NOT_A_DIRECTORY;
	struct file *f = file_new(&file_null, -1);
	if (!f)
		return STATUS_NO_MEMORY;
	f->access = access;
	f->share = share;
	f->options = options;
	f->overlapped = !(options & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT));
	*out = f;
	return STATUS_SUCCESS;
}

/* -- other devices ---------------------------------------------------------------- */

static bool
can(struct file *f, short events)
{
	struct pollfd p = { f->fd, events, 0 };
	return poll(&p, 1, 0) != 0;
}

static NTSTATUS
char_read(struct file *f, struct file_io *x)
{
	if (!can(f, POLLIN))
		return STATUS_PENDING;
	ssize_t n = read(f->fd, x->buf, x->n);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? STATUS_PENDING : io_error();
	x->done = (size_t)n;
	return x->n && !n ? STATUS_END_OF_FILE : STATUS_SUCCESS;
}

static NTSTATUS
char_write(struct file *f, struct file_io *x)
{
	while (x->done < x->n) {
		if (!x->wait && !can(f, POLLOUT))
			return STATUS_PENDING;
		ssize_t n = write(f->fd, x->buf + x->done, x->n - x->done);
		if (n < 0 && errno == EAGAIN)
			return STATUS_PENDING;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return io_error();
		x->done += (size_t)n;
	}
	return STATUS_SUCCESS;
}

const struct file_kind file_char = {
	.type = FILE_TYPE_CHAR,
	.device = 0x22, /* FILE_DEVICE_UNKNOWN */
	.read = char_read,
	.write = char_write,
};
