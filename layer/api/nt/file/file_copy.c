/* SPDX-License-Identifier: Apache-2.0 */
/* CopyFile: by sharing blocks where the host can, else inside the kernel, else by hand. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "layer/api/nt/file/file_fs.h"
#include "layer/api/nt/text/utf.h"

enum { CHUNK = 4 << 20 };

static ssize_t
some(int from, int to, char **buf, size_t n, bool *by_hand)
{
	if (!*by_hand) {
		ssize_t got = copy_file_range(from, NULL, to, NULL, n, 0);
		if (got > 0 || (got < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EIO)))
			return got;
		*by_hand = true; /* not on these file systems, or files without a size */
	}
	if (!*buf && !(*buf = malloc(1 << 16))) {
		errno = ENOMEM;
		return -1;
	}
	ssize_t got = read(from, *buf, 1 << 16);
	for (ssize_t put = 0; put < got;) {
		ssize_t k = write(to, *buf + put, (size_t)(got - put));
		if (k < 0)
			return -1;
		put += k;
	}
	return got;
}

static NTSTATUS
content(int from, int to, uint64_t size, file_progress *progress, void *ctx)
{
	NTSTATUS s = progress ? progress(ctx, size, 0) : STATUS_SUCCESS;
	if (s < 0)
		return s;
	if (size && ioctl(to, FICLONE, from) == 0)
		return progress ? progress(ctx, size, size) : STATUS_SUCCESS;
	char *buf = NULL;
	bool by_hand = false;
	uint64_t done = 0;
	for (;;) {
		ssize_t n = some(from, to, &buf, CHUNK, &by_hand);
		if (n < 0)
			s = status_errno(errno);
		if (n <= 0)
			break;
		done += (uint64_t)n;
		if (progress && (s = progress(ctx, size, done)) < 0)
			break;
	}
	free(buf);
	return s;
}

static NTSTATUS
copy_link(struct path *from, struct path *to)
{
	char buf[4096];
	ssize_t n = readlink(from->host, buf, sizeof buf - 1);
	if (n < 0)
		return status_errno(errno);
	buf[n] = 0;
	(void)unlink(to->host);
	return symlink(buf, to->host) < 0 ? status_errno(errno) : STATUS_SUCCESS;
}

/* The copy has the original's attributes and time of writing. */
NTSTATUS
file_copy(struct path *from, struct path *to, bool fail_if_exists, bool keep_link,
          file_progress *progress, void *ctx)
{
	struct file *a = NULL, *b = NULL;
	ULONG_PTR what;
	struct stat st;
	if (keep_link && from->host && lstat(from->host, &st) == 0 && S_ISLNK(st.st_mode)) {
		if (lstat(to->host, &st) == 0 && fail_if_exists)
			return STATUS_OBJECT_NAME_COLLISION;
		return copy_link(from, to);
	}
	char *from_host = from->host ? strdup(from->host) : NULL;
	NTSTATUS s = file_create(from, FILE_GENERIC_READ, 0,
	                         FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, FILE_OPEN,
	                         FILE_NON_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT, &a, &what);
	if (!from->host)
		from->host = from_host; /* the file has the other */
	else
		free(from_host);
	if (s < 0)
		return s;
	if (fstat(a->fd, &st) < 0) {
		s = status_errno(errno);
		goto out;
	}
	char *to_host = to->host ? strdup(to->host) : NULL;
	s = file_create(to, FILE_GENERIC_READ | FILE_GENERIC_WRITE, 0, 0,
	                fail_if_exists ? FILE_CREATE : FILE_OVERWRITE_IF,
	                FILE_NON_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT, &b, &what);
	if (!to->host)
		to->host = to_host;
	else
		free(to_host);
	if (s < 0)
		goto out;
	s = content(a->fd, b->fd, (uint64_t)st.st_size, progress, ctx);
	if (s < 0) {
		(void)unlink(b->path);
		goto out;
	}
	struct timespec t[2] = { { 0, UTIME_OMIT }, st.st_mtim };
	(void)futimens(b->fd, t);
	(void)fchmod(b->fd, st.st_mode & 0777);
out:
	if (a)
		file_unref(a);
	if (b)
		file_unref(b);
	return s;
}
