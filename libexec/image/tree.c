/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/host_linux.h"

enum { KEPT = 64 };

struct kept {
	char *path; /* own; NULL: free */
	size_t n;
	int fd; /* own */
};

struct tree {
	int root; /* lent */
	struct kept kept[KEPT];
	size_t implied;
};

struct tree *
tree_open(int root)
{
	struct tree *t = xcalloc(1, sizeof *t);

	t->root = root;
	return t;
}

static void
forget(struct tree *t)
{
	for (size_t i = 0; i < KEPT; i++) {
		if (!t->kept[i].path)
			continue;
		close(t->kept[i].fd);
		free(t->kept[i].path);
		t->kept[i].path = NULL;
	}
}

void
tree_close(struct tree *t)
{
	if (!t)
		return;
	forget(t);
	free(t);
}

size_t
tree_implied(const struct tree *t)
{
	return t->implied;
}

int
tree_plain(const char *name, bool absolute, char path[TREE_PATH + 1], struct err *e)
{
	size_t n = 0, depth = 0;
	const char *p = name;

	if (*p == '/' && !absolute)
		return fail(e, EINVAL, "'%.200s' is an absolute name", name);
	while (*p) {
		size_t k = strcspn(p, "/");
		if (k == 2 && p[0] == '.' && p[1] == '.')
			return fail(e, EINVAL, "'%.200s' leads out of its folder", name);
		if (k && !(k == 1 && p[0] == '.')) {
			if (k > 255 || n + k + 1 > TREE_PATH)
				return fail(e, ENAMETOOLONG, "'%.200s...' is too long a name",
				            name);
			if (++depth > TREE_DEPTH)
				return fail(e, ENAMETOOLONG, "'%.200s...' is too deep", name);
			if (n)
				path[n++] = '/';
			memcpy(path + n, p, k);
			n += k;
		}
		p += k + (p[k] == '/');
	}
	path[n] = '\0';
	return 0;
}

static struct kept *
slot(struct tree *t, const char *path, size_t n)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)path[i]) * 16777619u;
	return &t->kept[h % KEPT];
}

static int
beneath(const struct tree *t, const char *path)
{
	return host_openat2(t->root, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0,
	                    RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
}

/* mkdir -p beneath the root, a component at a time. */
static int
implied(struct tree *t, char *path)
{
	for (char *p = path;; p++) {
		if (*p != '/' && *p != '\0')
			continue;
		char was = *p;
		*p = '\0';
		int fd = beneath(t, path);
		if (fd < 0 && errno == ENOENT) {
			char *slash = strrchr(path, '/');
			if (slash)
				*slash = '\0';
			int dir = slash ? beneath(t, path) : dup(t->root);
			if (slash)
				*slash = '/';
			if (dir < 0)
				return -1;
			int rc = mkdirat(dir, slash ? slash + 1 : path, 0755);
			int why = errno;
			close(dir);
			errno = why;
			if (rc < 0)
				return -1;
			t->implied++;
			fd = beneath(t, path);
		}
		*p = was;
		if (fd < 0 || was == '\0')
			return fd;
		close(fd);
	}
}

int
tree_parent(struct tree *t, const char *path, bool make, const char **name, struct err *e)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;

	*name = slash ? slash + 1 : path;
	if (n == 0)
		return t->root;
	struct kept *k = slot(t, path, n);
	if (k->path && k->n == n && memcmp(k->path, path, n) == 0)
		return k->fd;
	char *folder = xmalloc(n + 1);
	memcpy(folder, path, n);
	folder[n] = '\0';
	int fd = beneath(t, folder);
	if (fd < 0 && errno == ENOENT && make)
		fd = implied(t, folder);
	if (fd < 0) {
		if (errno == EXDEV || errno == ELOOP)
			fail(e, EXDEV, "'%.200s' leads out of its folder by a link", path);
		else
			fail(e, errno, "'%.200s': %s", path, strerror(errno));
		free(folder);
		return -1;
	}
	if (k->path) {
		close(k->fd);
		free(k->path);
	}
	*k = (struct kept){ .path = folder, .n = n, .fd = fd };
	return fd;
}

int
tree_remove(struct tree *t, const char *path, struct err *e)
{
	const char *name;
	int dir = tree_parent(t, path, false, &name, e);

	if (dir < 0)
		return -1;
	int rc = file_remove(dir, name, e);
	/* What was removed may have been a folder, or a link to one. */
	forget(t);
	return rc;
}
