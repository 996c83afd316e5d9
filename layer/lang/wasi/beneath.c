/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/wasi/inner.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/host_linux.h"
#include "layer/lang/wasi/wasi.h"

enum { LINKS = 40, DEPTH = 256 };

bool
wasi_beneath_missing(int dir)
{
	int fd = host_openat2(dir, ".", O_PATH | O_DIRECTORY | O_CLOEXEC, 0, RESOLVE_BENEATH);
	if (fd < 0)
		return true;
	close(fd);
	return false;
}

/* -- without openat2 ------------------------------------------------------------ */

/* The folders from the given one down to where we are.  `..` goes back in this
 * list and never up in the file system, so whoever moves folders about meanwhile
 * cannot lead us out. */
struct walk {
	int fd[DEPTH];
	int depth;
	int links;
	char rest[2 * PATH_MAX]; /* what is still to go, ends with 0 */
};

static int
walk_up(struct walk *k)
{
	if (k->depth == 0) {
		errno = ENOTCAPABLE;
		return -1;
	}
	close(k->fd[k->depth--]);
	return 0;
}

/* A link in the way: what it says, and then the rest. */
static int
walk_link(struct walk *k, const char *name, const char *rest)
{
	char text[2 * PATH_MAX];
	ssize_t n = readlinkat(k->fd[k->depth], name, text, PATH_MAX);
	if (n < 0)
		return -1;
	size_t left = strlen(rest);
	if (++k->links > LINKS) {
		errno = ELOOP;
		return -1;
	}
	if (n == 0 || n == PATH_MAX || (size_t)n + left >= sizeof text) {
		errno = n == 0 ? ENOENT : ENAMETOOLONG;
		return -1;
	}
	if (text[0] == '/') {
		errno = ENOTCAPABLE;
		return -1;
	}
	memcpy(text + n, rest, left + 1);
	memcpy(k->rest, text, (size_t)n + left + 1);
	return 0;
}

static bool
is_link(int dir, const char *name)
{
	struct stat st;
	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
}

static int
walk_steps(struct walk *k, int flags, mode_t mode)
{
	for (;;) {
		char *name = k->rest, *end = strchrnul(name, '/'), *next = end;
		while (*next == '/')
			next++;
		bool last = !*next, slash = *end != '\0';
		bool up = end - name == 2 && name[0] == '.' && name[1] == '.';
		bool here = end - name == 1 && name[0] == '.';
		if (end - name > NAME_MAX) {
			errno = ENAMETOOLONG;
			return -1;
		}
		char one[NAME_MAX + 1];
		memcpy(one, name, (size_t)(end - name));
		one[end - name] = '\0';
		if (up || here) {
			if (up && walk_up(k) < 0)
				return -1;
			if (last) {
				if (flags & O_CREAT) {
					errno = flags & O_EXCL ? EEXIST : EISDIR;
					return -1;
				}
				return openat(k->fd[k->depth], ".", flags, mode);
			}
			memmove(k->rest, next, strlen(next) + 1);
			continue;
		}
		if (last && !slash) {
			int fd = openat(k->fd[k->depth], one, flags | O_NOFOLLOW, mode);
			bool follow = !(flags & O_NOFOLLOW) && !(flags & O_EXCL && flags & O_CREAT);
			if (!follow)
				return fd;
			struct stat st;
			/* O_PATH opens the link itself. */
			if (fd >= 0 &&
			    (!(flags & O_PATH) || fstat(fd, &st) < 0 || !S_ISLNK(st.st_mode)))
				return fd;
			int error = errno;
			if (fd >= 0)
				close(fd);
			else if ((error != ELOOP && error != ENOTDIR) ||
			         !is_link(k->fd[k->depth], one)) {
				errno = error;
				return -1;
			}
			if (walk_link(k, one, "") < 0)
				return -1;
			continue;
		}
		if (last && flags & O_CREAT) {
			errno = EISDIR;
			return -1;
		}
		int fd =
		        openat(k->fd[k->depth], one, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0) {
			int error = errno;
			if (!is_link(k->fd[k->depth], one)) {
				errno = error;
				return -1;
			}
			if (walk_link(k, one, end) < 0)
				return -1;
			continue;
		}
		if (last) {
			int got = openat(fd, ".", flags, mode);
			int error = errno;
			close(fd);
			errno = error;
			return got;
		}
		if (k->depth + 1 >= DEPTH) {
			close(fd);
			errno = ENAMETOOLONG;
			return -1;
		}
		k->fd[++k->depth] = fd;
		memmove(k->rest, next, strlen(next) + 1);
	}
}

static int
walk(int dir, const char *path, int flags, mode_t mode)
{
	struct walk k = { .depth = 0 };
	if (!*path || path[0] == '/') {
		errno = *path ? ENOTCAPABLE : ENOENT;
		return -1;
	}
	if (strlen(path) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(k.rest, path, strlen(path) + 1);
	k.fd[0] = dir;
	int fd = walk_steps(&k, flags | O_CLOEXEC, mode), error = errno;
	while (k.depth > 0)
		close(k.fd[k.depth--]);
	errno = error;
	return fd;
}

/* -- the two as one --------------------------------------------------------------- */

int
wasi_beneath(const struct wasi *w, int dir, const char *path, int flags, mode_t mode)
{
	if (w->walk)
		return walk(dir, path, flags, mode);
	/* openat2 takes no modes but of what it makes. */
	if (!(flags & O_CREAT))
		mode = 0;
	for (int tries = 0;; tries++) {
		int fd = host_openat2(dir, path, (uint64_t)(unsigned)flags | O_CLOEXEC, mode,
		                      RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
		if (fd >= 0)
			return fd;
		/* EAGAIN: a folder was moved while `..` was looked at.  Whoever moves folders
		 * without end gets an end from us. */
		if (errno == EAGAIN && tries < 1000)
			continue;
		if (errno == EXDEV)
			errno = ENOTCAPABLE;
		return -1;
	}
}

int
wasi_beneath_parent(const struct wasi *w, int dir, char *path, struct wasi_place *p)
{
	size_t n = strlen(path), end, begin;
	*p = (struct wasi_place){ .fd = dir };
	if (!n)
		return ENOENT;
	for (end = n; end > 0 && path[end - 1] == '/';)
		end--;
	for (begin = end; begin > 0 && path[begin - 1] != '/';)
		begin--;
	if (path[0] == '/')
		return ENOTCAPABLE;
	/* One slash says as much as many. */
	if (end < n)
		path[end + 1] = '\0';
	p->name = path + begin;
	bool up = end - begin == 2 && path[begin] == '.' && path[begin + 1] == '.';
	if (up) {
		p->fd = wasi_beneath(w, dir, path, O_PATH | O_DIRECTORY, 0);
		p->name = ".";
	} else if (begin > 0) {
		path[begin - 1] = '\0';
		p->fd = wasi_beneath(w, dir, path, O_PATH | O_DIRECTORY, 0);
	} else {
		return 0;
	}
	p->own = true;
	return p->fd < 0 ? errno : 0;
}

void
wasi_beneath_done(struct wasi_place *p)
{
	if (p->own && p->fd >= 0)
		close(p->fd);
	p->own = false;
}
