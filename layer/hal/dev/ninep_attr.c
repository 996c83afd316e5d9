/* SPDX-License-Identifier: Apache-2.0 */
/* 9P2000.L: what a file is. */
#include "layer/hal/dev/ninep_op.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/arena.h"

enum { XATTR_MAX = 65536 };
#define NO_ID UINT32_MAX

int
ninep_op_getattr(struct ninep *p, struct cur *c, struct buf *o)
{
	struct ninep_fid *f;
	struct stat st;
	bool mine;
	int rc = ninep_op_fid(p, c, &f);
	cur_u64(c); /* what is wished for: it gets all */
	if (rc < 0)
		return rc;
	int fd = ninep_op_hold(p, f, &mine);
	if (fd < 0)
		return fd;
	rc = fstat(fd, &st) < 0 ? -errno : 0;
	if (mine)
		close(fd);
	if (rc < 0)
		return rc;
	buf_u64(o, 0x7ff); /* P9_STATS_BASIC */
	ninep_op_put_stat(p, o, &st);
	buf_u32(o, st.st_mode);
	buf_u32(o, st.st_uid);
	buf_u32(o, st.st_gid);
	buf_u64(o, st.st_nlink);
	buf_u64(o, st.st_rdev);
	buf_u64(o, (uint64_t)st.st_size);
	buf_u64(o, (uint64_t)st.st_blksize);
	buf_u64(o, (uint64_t)st.st_blocks);
	const struct timespec *t[] = { &st.st_atim, &st.st_mtim, &st.st_ctim };
	for (int i = 0; i < 3; i++) {
		buf_u64(o, (uint64_t)t[i]->tv_sec);
		buf_u64(o, (uint64_t)t[i]->tv_nsec);
	}
	for (int i = 0; i < 4; i++) /* birth, generation, version of the data: not known */
		buf_u64(o, 0);
	return 0;
}

enum {
	SET_MODE = 1,
	SET_UID = 2,
	SET_GID = 4,
	SET_SIZE = 8,
	SET_ATIME = 0x10,
	SET_MTIME = 0x20,
	SET_CTIME = 0x40,
	SET_ATIME_TO = 0x80,
	SET_MTIME_TO = 0x100,
};

struct change {
	uint32_t valid, mode, uid, gid;
	uint64_t size;
	struct timespec time[2];
};

/* Owners first, which clears bits of the mode; times last, which all else changes. */
static int
change(int fd, const struct change *a)
{
	char link[32];
	ninep_op_proc(fd, link);
	uid_t uid = a->valid & SET_UID ? a->uid : NO_ID;
	gid_t gid = a->valid & SET_GID ? a->gid : NO_ID;
	if (a->valid & (SET_UID | SET_GID | SET_CTIME) &&
	    fchownat(fd, "", uid, gid, AT_EMPTY_PATH) < 0)
		return -errno;
	if (a->valid & SET_MODE && chmod(link, a->mode & 07777) < 0)
		return -errno;
	if (a->valid & SET_SIZE && truncate(link, (off_t)a->size) < 0)
		return -errno;
	if (a->valid & (SET_ATIME | SET_MTIME) && utimensat(AT_FDCWD, link, a->time, 0) < 0)
		return -errno;
	return 0;
}

int
ninep_op_setattr(struct ninep *p, struct cur *c, struct buf *o)
{
	struct ninep_fid *f;
	bool mine;
	int rc = ninep_op_fid(p, c, &f);
	struct change a = { .valid = cur_u32(c), .mode = cur_u32(c) };
	(void)o;
	a.uid = cur_u32(c);
	a.gid = cur_u32(c);
	a.size = cur_u64(c);
	for (int i = 0; i < 2; i++) {
		uint64_t sec = cur_u64(c), nsec = cur_u64(c);
		bool set = a.valid & (i ? SET_MTIME : SET_ATIME);
		bool to = a.valid & (i ? SET_MTIME_TO : SET_ATIME_TO);
		a.time[i].tv_sec = (time_t)sec;
		a.time[i].tv_nsec = !set ? UTIME_OMIT : to ? (long)nsec : UTIME_NOW;
		if (set && to && nsec > 999999999)
			return -EINVAL;
	}
	if (rc < 0 || c->bad)
		return rc < 0 ? rc : -EINVAL;
	if (a.valid & SET_SIZE && a.size > INT64_MAX)
		return -EINVAL;
	int fd = ninep_op_hold(p, f, &mine);
	if (fd < 0)
		return fd;
	rc = change(fd, &a);
	if (mine)
		close(fd);
	return rc;
}

int
ninep_op_statfs(struct ninep *p, struct cur *c, struct buf *o)
{
	struct ninep_fid *f;
	struct statfs s;
	bool mine;
	int rc = ninep_op_fid(p, c, &f);
	if (rc < 0)
		return rc;
	int fd = ninep_op_hold(p, f, &mine);
	if (fd < 0)
		return fd;
	rc = fstatfs(fd, &s) < 0 ? -errno : 0;
	if (mine)
		close(fd);
	if (rc < 0)
		return rc;
	uint64_t id;
	memcpy(&id, &s.f_fsid, sizeof id);
	buf_u32(o, 0x01021997); /* V9FS_MAGIC */
	buf_u32(o, (uint32_t)s.f_bsize);
	buf_u64(o, s.f_blocks);
	buf_u64(o, s.f_bfree);
	buf_u64(o, s.f_bavail);
	buf_u64(o, s.f_files);
	buf_u64(o, s.f_ffree);
	buf_u64(o, id);
	buf_u32(o, (uint32_t)s.f_namelen);
	return 0;
}

int
ninep_op_readlink(struct ninep *p, struct cur *c, struct buf *o)
{
	struct ninep_fid *f;
	char to[PATH_MAX];
	int rc = ninep_op_fid(p, c, &f);
	if (rc < 0)
		return rc;
	int fd = ninep_fid_point(&p->fids, f->path);
	if (fd < 0)
		return fd;
	ssize_t n = readlinkat(fd, "", to, sizeof to);
	rc = n < 0 ? (errno == ENOENT ? -EINVAL : -errno) : 0;
	close(fd);
	if (rc == 0)
		ninep_op_put_text(o, to, (size_t)n);
	return rc;
}

/* -- extended attributes --------------------------------------------------------------------- */

/* All names, or the value of one, into value; it may grow between two calls. */
static int
fetch_xattr(int fd, const char *name, struct buf *value)
{
	char link[32];
	ssize_t n;
	ninep_op_proc(fd, link);
	uint8_t *to = buf_room(value, XATTR_MAX);
	if (*name)
		n = getxattr(link, name, to, XATTR_MAX);
	else
		n = listxattr(link, (char *)to, XATTR_MAX);
	value->n = n < 0 ? 0 : (size_t)n;
	return n < 0 ? -errno : 0;
}

int
ninep_op_xattrwalk(struct ninep *p, struct cur *c, struct buf *o)
{
	char name[NINEP_OP_NAME];
	struct ninep_fid *f;
	struct buf value = { 0 };
	bool mine;
	int rc = ninep_op_folder(p, c, &f);
	uint32_t number = cur_u32(c);
	if (rc == 0)
		rc = ninep_op_text(c, name, NINEP_OP_NAME);
	if (rc < 0)
		return rc;
	if (ninep_fid_find(&p->fids, number))
		return -EBADF;
	int fd = ninep_op_hold(p, f, &mine);
	if (fd < 0)
		return fd;
	rc = fetch_xattr(fd, name, &value);
	if (mine)
		close(fd);
	struct ninep_fid *x = rc < 0 ? NULL : ninep_fid_add(&p->fids, number, f->path, f->uid);
	if (x) {
		x->kind = NINEP_XATTR_READ;
		x->size = (uint32_t)value.n;
		buf_put(&x->value, value.p, value.n);
		p->fids.bytes += x->size;
		buf_u64(o, value.n);
	} else if (rc == 0) {
		rc = -ENFILE;
	}
	buf_free(&value);
	return rc;
}

int
ninep_op_xattrcreate(struct ninep *p, struct cur *c, struct buf *o)
{
	char name[NINEP_OP_NAME];
	struct ninep_fid *f;
	int rc = ninep_op_fid(p, c, &f);
	(void)o;
	if (rc == 0)
		rc = ninep_op_text(c, name, NINEP_OP_NAME);
	uint64_t size = cur_u64(c);
	uint32_t flags = cur_u32(c);
	if (rc < 0 || c->bad)
		return rc < 0 ? rc : -EINVAL;
	if (f->kind != NINEP_PATH || !*name || flags & ~(uint32_t)(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	if (size > XATTR_MAX)
		return -E2BIG;
	f->kind = NINEP_XATTR_WRITE;
	f->name = xstrdup(name);
	f->size = (uint32_t)size;
	f->how = flags;
	if (size > 0)
		memset(buf_room(&f->value, size), 0, size);
	p->fids.bytes += size;
	return 0;
}

/* All bytes are there when the fid is given up: now it is set.  To set it to nothing
 * when it must exist is how v9fs removes it. */
int
ninep_op_set_xattr(struct ninep *p, struct ninep_fid *f)
{
	char link[32];
	if (f->done != f->size)
		return -EINVAL;
	int fd = ninep_fid_point(&p->fids, f->path);
	if (fd < 0)
		return fd;
	ninep_op_proc(fd, link);
	int rc = !f->size && f->how & XATTR_REPLACE
	                 ? removexattr(link, f->name)
	                 : setxattr(link, f->name, f->value.p, f->size, (int)f->how);
	rc = rc < 0 ? -errno : 0;
	close(fd);
	return rc;
}
