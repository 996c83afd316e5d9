/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"

static int
read_open(int fd, const char *path, size_t max, char **data, size_t *n, struct err *e)
{
	struct stat st;
	size_t cap = 4096, len = 0;

	if (fstat(fd, &st) < 0)
		return fail(e, errno, "'%s': %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return fail(e, EISDIR, "'%s' is a folder, not a file", path);
	if (st.st_size > 0 && (uint64_t)st.st_size <= max)
		cap = (size_t)st.st_size + 1;
	char *buf = xmalloc(cap);
	for (;;) {
		if (len + 1 >= cap) {
			cap *= 2;
			buf = xrealloc(buf, cap);
		}
		ssize_t got = read(fd, buf + len, cap - len - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			fail(e, errno, "'%s': %s", path, strerror(errno));
			free(buf);
			return -1;
		}
		if (got == 0)
			break;
		len += (size_t)got;
		if (len > max) {
			free(buf);
			return fail(e, EFBIG, "'%s' is larger than %zu bytes", path, max);
		}
	}
	buf[len] = '\0';
	*data = buf;
	if (n)
		*n = len;
	return 0;
}

int
file_read(int dir, const char *path, size_t max, char **data, size_t *n, struct err *e)
{
	*data = NULL;
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return fail(e, errno, "'%s': %s", path, strerror(errno));
	int rc = read_open(fd, path, max, data, n, e);
	close(fd);
	return rc;
}

int
file_read_if(int dir, const char *path, size_t max, char **data, size_t *n, struct err *e)
{
	struct err inner = { 0 };

	if (n)
		*n = 0;
	if (file_read(dir, path, max, data, n, &inner) == 0)
		return 0;
	if (inner.code == ENOENT)
		return 0;
	return fail(e, inner.code, "%s", inner.what);
}

ssize_t
file_peek(int dir, const char *path, char *buf, size_t size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -1;
	ssize_t n = read(fd, buf, size - 1);
	int why = errno;
	close(fd);
	errno = why;
	if (n < 0)
		return -1;
	while (n > 0 && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return n;
}

int
file_poke(int dir, const char *path, const char *text)
{
	int fd = openat(dir, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -1;
	ssize_t n = write(fd, text, strlen(text));
	int why = errno;
	close(fd);
	errno = why;
	return n < 0 ? -1 : 0;
}

int
file_write_all(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n > 0) {
		ssize_t put = write(fd, p, n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -1;
		p += put;
		n -= (size_t)put;
	}
	return 0;
}

int
file_over(int dir, const char *path, const char *text, struct err *e)
{
	char page[FILE_OVER_MAX];
	struct stat st;
	size_t n = strlen(text);
	int fd = openat(dir, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	bool ok = fd >= 0 && fstat(fd, &st) == 0;

	if (ok && (n > sizeof page || st.st_size > FILE_OVER_MAX)) {
		errno = ENOSPC;
		ok = false;
	}
	if (ok) {
		size_t whole = n > (size_t)st.st_size ? n : (size_t)st.st_size;
		memcpy(page, text, n);
		memset(page + n, '\n', whole - n);
		ok = pwrite(fd, page, whole, 0) == (ssize_t)whole;
	}
	if (!ok)
		fail(e, errno, "cannot write over '%s': %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return ok ? 0 : -1;
}

int
file_write(int dir, const char *path, const void *data, size_t n, mode_t mode, bool durable,
           struct err *e)
{
	char *tmp = xprintf("%s.%d.tmp", path, (int)getpid());
	int fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		goto bad;
	if (file_write_all(fd, data, n) < 0 || (durable && fsync(fd) < 0)) {
		int why = errno;
		close(fd);
		unlinkat(dir, tmp, 0);
		errno = why;
		goto bad;
	}
	if (close(fd) < 0 || renameat(dir, tmp, dir, path) < 0) {
		int why = errno;
		unlinkat(dir, tmp, 0);
		errno = why;
		goto bad;
	}
	free(tmp);
	if (durable && dir != AT_FDCWD && !strchr(path, '/'))
		fsync(dir);
	return 0;
bad:
	free(tmp);
	return fail(e, errno, "cannot write '%s': %s", path, strerror(errno));
}

int
file_mkdirs(int dir, const char *path, mode_t mode, struct err *e)
{
	if (mkdirat(dir, path, mode) == 0 || errno == EEXIST)
		return 0;
	char *copy = xstrdup(path);
	for (char *p = copy + 1; errno == ENOENT && *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdirat(dir, copy, mode) == 0 || errno == EEXIST)
			errno = ENOENT;
		*p = '/';
	}
	free(copy);
	if (errno != ENOENT || (mkdirat(dir, path, mode) < 0 && errno != EEXIST))
		return fail(e, errno, "cannot make folder '%s': %s", path, strerror(errno));
	return 0;
}

/* Remove what is in the open folder fd (owned here), but nothing of another
 * file system: a mount that somebody left is not ours to empty. */
static int
empty(int fd, dev_t dev)
{
	DIR *d = fdopendir(fd);
	struct dirent *ent;
	int rc = 0;

	if (!d) {
		close(fd);
		return -1;
	}
	while ((ent = readdir(d))) {
		if (strcmp(ent->d_name, ".") == 0 || strcmp(ent->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(d), ent->d_name, 0) == 0 || errno == ENOENT)
			continue;
		if (errno != EISDIR && errno != EPERM) {
			rc = -1;
			break;
		}
		int why = errno;
		/* an empty folder is gone in one call */
		if (unlinkat(dirfd(d), ent->d_name, AT_REMOVEDIR) == 0)
			continue;
		int sub = openat(dirfd(d), ent->d_name,
		                 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (sub < 0 && errno == EACCES) {
			fchmodat(dirfd(d), ent->d_name, 0700, 0);
			sub = openat(dirfd(d), ent->d_name,
			             O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		}
		struct stat st;
		if (sub < 0) {
			if (errno == ENOTDIR)
				errno = why;
			rc = -1;
			break;
		}
		if (fstat(sub, &st) == 0 && st.st_dev != dev) {
			close(sub);
			errno = EBUSY;
			rc = -1;
			break;
		}
		if (!(st.st_mode & S_IWUSR) || !(st.st_mode & S_IXUSR))
			fchmod(sub, 0700);
		if (empty(sub, dev) < 0 || unlinkat(dirfd(d), ent->d_name, AT_REMOVEDIR) < 0) {
			rc = -1;
			break;
		}
	}
	int why = errno;
	closedir(d);
	errno = why;
	return rc;
}

int
file_remove(int dir, const char *path, struct err *e)
{
	struct stat st;

	if (unlinkat(dir, path, 0) == 0 || errno == ENOENT)
		return 0;
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		goto bad;
	if (empty(fd, st.st_dev) < 0 || unlinkat(dir, path, AT_REMOVEDIR) < 0)
		goto bad;
	return 0;
bad:
	return fail(e, errno, "cannot remove '%s': %s", path, strerror(errno));
}

int
file_opendir(int dir, const char *path, struct err *e)
{
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(e, errno, "'%s': %s", path, strerror(errno));
	return fd;
}

enum { MAXFDS = 16 };

ssize_t
file_send_fds(int sock, const void *data, size_t n, const int *fds, size_t nfd)
{
	_Alignas(struct cmsghdr) char buf[CMSG_SPACE(MAXFDS * sizeof(int))] = { 0 };
	struct iovec iov = { .iov_base = (void *)data, .iov_len = n };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t put;

	if (nfd > MAXFDS) {
		errno = EINVAL;
		return -1;
	}
	if (nfd > 0) {
		msg.msg_control = buf;
		msg.msg_controllen = CMSG_SPACE(nfd * sizeof(int));
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(nfd * sizeof(int));
		memcpy(CMSG_DATA(c), fds, nfd * sizeof(int));
	}
	do
		put = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (put < 0 && errno == EINTR);
	return put;
}

ssize_t
file_recv_fds(int sock, void *data, size_t n, int *fds, size_t *nfd)
{
	_Alignas(struct cmsghdr) char buf[CMSG_SPACE(MAXFDS * sizeof(int))];
	struct iovec iov = { .iov_base = data, .iov_len = n };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = buf, .msg_controllen = sizeof buf
	};
	size_t room = *nfd;
	ssize_t got;

	*nfd = 0;
	do
		got = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -1;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t k = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < k; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			if (*nfd < room)
				fds[(*nfd)++] = fd;
			else
				close(fd);
		}
	}
	return got;
}
