/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/wasi/inner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "layer/lang/wasi/wasi.h"

/* The program's text at `at`; a path of the host ends at a zero, one of WASI may not
 * hold any. */
int
wasi_path_text(struct wasi_call *c, uint64_t at, uint64_t n, char out[PATH_MAX])
{
	n = (uint32_t)n;
	const uint8_t *p = wasi_mem(c, at, n);
	if (!p)
		return EFAULT;
	if (n >= PATH_MAX)
		return ENAMETOOLONG;
	memcpy(out, p, n);
	out[n] = '\0';
	if (memchr(out, 0, n))
		return EINVAL;
	return n ? 0 : ENOENT;
}

static int
folder(struct wasi_call *c, uint64_t fd, uint64_t rights, struct wasi_file **out)
{
	int r = wasi_hold(c, fd, 0, out);
	if (r)
		return r;
	if ((*out)->kind != KIND_DIR)
		return ENOTDIR;
	return ((*out)->base & rights) == rights ? 0 : ENOTCAPABLE;
}

/* A folder that will be changed, and the place in it. */
static int
change(struct wasi_call *c, uint64_t fd, uint64_t right, uint64_t at, uint64_t n,
       char path[PATH_MAX], struct wasi_place *p)
{
	struct wasi_file *d;
	int r;
	if ((r = folder(c, fd, right, &d)) != 0 || (r = wasi_path_text(c, at, n, path)) != 0)
		return r;
	r = wasi_beneath_parent(c->w, d->fd, path, p);
	if (!r && d->readonly)
		r = EROFS;
	if (r)
		wasi_beneath_done(p);
	return r;
}

int
wasi_path_create_directory(struct wasi_call *c, const uint64_t *a)
{
	char path[PATH_MAX];
	struct wasi_place p;
	int r = change(c, a[0], RIGHT_(PATH_CREATE_DIRECTORY), a[1], a[2], path, &p);
	if (r)
		return r;
	r = mkdirat(p.fd, p.name, 0777) < 0 ? errno : 0;
	wasi_beneath_done(&p);
	return r;
}

static int
remove_name(struct wasi_call *c, const uint64_t *a, uint64_t right, int flags)
{
	char path[PATH_MAX];
	struct wasi_place p;
	int r = change(c, a[0], right, a[1], a[2], path, &p);
	if (r)
		return r;
	r = unlinkat(p.fd, p.name, flags) < 0 ? errno : 0;
	wasi_beneath_done(&p);
	return r;
}

int
wasi_path_remove_directory(struct wasi_call *c, const uint64_t *a)
{
	return remove_name(c, a, RIGHT_(PATH_REMOVE_DIRECTORY), AT_REMOVEDIR);
}

int
wasi_path_unlink_file(struct wasi_call *c, const uint64_t *a)
{
	return remove_name(c, a, RIGHT_(PATH_UNLINK_FILE), 0);
}

/* fd, path, length; new fd, new path, length */
int
wasi_path_rename(struct wasi_call *c, const uint64_t *a)
{
	char from[PATH_MAX], to[PATH_MAX];
	struct wasi_place p, q;
	int r = change(c, a[0], RIGHT_(PATH_RENAME_SOURCE), a[1], a[2], from, &p);
	if (r)
		return r;
	r = change(c, a[3], RIGHT_(PATH_RENAME_TARGET), a[4], a[5], to, &q);
	if (!r) {
		r = renameat(p.fd, p.name, q.fd, q.name) < 0 ? errno : 0;
		wasi_beneath_done(&q);
	}
	wasi_beneath_done(&p);
	return r;
}

/* Why a name that ends with a slash cannot be linked.  The kernel would follow it. */
static int
slashed(const struct wasi_place *p)
{
	char name[PATH_MAX];
	struct stat st;
	size_t n = strlen(p->name) - 1;
	memcpy(name, p->name, n);
	name[n] = '\0';
	if (fstatat(p->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno;
	return S_ISDIR(st.st_mode) ? EPERM : ENOTDIR;
}

/* fd, flags, path, length; new fd, new path, length */
int
wasi_path_link(struct wasi_call *c, const uint64_t *a)
{
	char from[PATH_MAX], to[PATH_MAX];
	struct wasi_place p, q;
	/* A folder to be read only is one too few: the other name could be written. */
	int r = change(c, a[0], RIGHT_(PATH_LINK_SOURCE), a[2], a[3], from, &p);
	if (r)
		return r;
	r = change(c, a[4], RIGHT_(PATH_LINK_TARGET), a[5], a[6], to, &q);
	if (!r) {
		if ((uint32_t)a[1] != 0)
			r = EINVAL;
		else if (strchr(p.name, '/'))
			r = slashed(&p);
		else
			r = linkat(p.fd, p.name, q.fd, q.name, 0) < 0 ? errno : 0;
		wasi_beneath_done(&q);
	}
	wasi_beneath_done(&p);
	return r;
}

/* text, length; fd, path, length */
int
wasi_path_symlink(struct wasi_call *c, const uint64_t *a)
{
	char to[PATH_MAX], path[PATH_MAX];
	struct wasi_place p;
	int r = wasi_path_text(c, a[0], a[1], to);
	if (r)
		return r;
	if ((r = change(c, a[2], RIGHT_(PATH_SYMLINK), a[3], a[4], path, &p)) != 0)
		return r;
	if (to[0] == '/')
		r = ENOTCAPABLE;
	else
		r = symlinkat(to, p.fd, p.name) < 0 ? errno : 0;
	wasi_beneath_done(&p);
	return r;
}

/* -- looking ------------------------------------------------------------------------ */

/* The thing itself, link or what it leads to: fd, flags, path, length. */
static int
look(struct wasi_call *c, const uint64_t *a, uint64_t right, struct wasi_file **d, int *fd)
{
	char path[PATH_MAX];
	uint32_t flags = (uint32_t)a[1];
	int r;
	if ((r = folder(c, a[0], right, d)) != 0 || (r = wasi_path_text(c, a[2], a[3], path)) != 0)
		return r;
	if (flags & ~(uint32_t)LOOKUP_FOLLOW)
		return EINVAL;
	*fd = wasi_beneath(c->w, (*d)->fd, path, O_PATH | (flags & LOOKUP_FOLLOW ? 0 : O_NOFOLLOW),
	                   0);
	return *fd < 0 ? errno : 0;
}

int
wasi_path_filestat_get(struct wasi_call *c, const uint64_t *a)
{
	struct wasi_file *d;
	struct stat st;
	int fd, r;
	uint8_t *to = wasi_mem(c, a[4], c->unstable ? WASI_FILESTAT_UNSTABLE : WASI_FILESTAT);
	if ((r = look(c, a, RIGHT_(PATH_FILESTAT_GET), &d, &fd)) != 0)
		return r;
	r = !to ? EFAULT : fstat(fd, &st) < 0 ? errno : 0;
	close(fd);
	if (!r)
		wasi_file_stat(to, &st, wasi_file_type(&st, -1), c->unstable);
	return r;
}

/* utimensat takes no O_PATH descriptor before Linux 5.8. */
static int
set_times(int fd, const struct timespec ts[2])
{
	char name[64];
	if (utimensat(fd, "", ts, AT_EMPTY_PATH) == 0)
		return 0;
	if (errno != EINVAL)
		return errno;
	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	return utimensat(AT_FDCWD, name, ts, 0) < 0 ? errno : 0;
}

int
wasi_path_filestat_set_times(struct wasi_call *c, const uint64_t *a)
{
	struct wasi_file *d;
	struct timespec ts[2];
	int fd, r;
	if ((r = look(c, a, RIGHT_(PATH_FILESTAT_SET_TIMES), &d, &fd)) != 0)
		return r;
	if ((r = wasi_file_times(a[4], a[5], (uint32_t)a[6], ts)) == 0)
		r = d->readonly ? EROFS : set_times(fd, ts);
	close(fd);
	return r;
}

/* fd, path, length, buffer, its size, where to say how much was used */
int
wasi_path_readlink(struct wasi_call *c, const uint64_t *a)
{
	const uint64_t there[] = { a[0], 0, a[1], a[2] };
	char to[PATH_MAX];
	struct wasi_file *d;
	struct stat st;
	int fd, r;
	uint32_t room = (uint32_t)a[4];
	uint8_t *p = wasi_mem(c, a[3], room), *said = wasi_mem(c, a[5], 4);
	if ((r = look(c, there, RIGHT_(PATH_READLINK), &d, &fd)) != 0)
		return r;
	ssize_t n = -1;
	if (!p || !said)
		r = EFAULT;
	else if (fstat(fd, &st) < 0 ||
	         (S_ISLNK(st.st_mode) && (n = readlinkat(fd, "", to, sizeof to)) < 0))
		r = errno;
	else if (n < 0)
		r = EINVAL;
	else if (to[0] == '/')
		r = ENOTCAPABLE; /* tells where we are */
	close(fd);
	if (r)
		return r;
	n = n < (ssize_t)room ? n : (ssize_t)room;
	memcpy(p, to, (size_t)n);
	wasi_put32(said, (uint32_t)n);
	return 0;
}
