/* SPDX-License-Identifier: Apache-2.0 */
/* 9P2000.L: opened files and folders. */
#include "layer/hal/dev/ninep_op.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { P_EXCL = 0200, P_TRUNC = 01000, P_ACCMODE = 3 };

static bool
writes(uint32_t flags)
{
	return (flags & P_ACCMODE) != 0 || flags & P_TRUNC;
}

int
ninep_op_lopen(struct ninep *p, struct cur *c, struct buf *o)
{
	struct ninep_fid *f;
	struct stat st;
	int rc = ninep_op_fid(p, c, &f);
	uint32_t flags = cur_u32(c);
	if (rc < 0 || c->bad)
		return rc < 0 ? rc : -EINVAL;
	if (f->kind != NINEP_PATH)
		return -EINVAL;
	if (p->readonly && writes(flags))
		return -EROFS;
	int fd = ninep_fid_open(&p->fids, f->path, flags, &f->folder);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0) {
		close(fd);
		return -EIO;
	}
	ninep_fid_opened(&p->fids, f, fd, flags);
	ninep_op_put_stat(p, o, &st);
	buf_u32(o, 0); /* as much at once as a message holds */
	return 0;
}

static int
create(struct ninep *p, struct ninep_fid *f, const char *name, const char *path, uint32_t flags,
       uint32_t mode, uint32_t gid)
{
	if (!ninep_fid_room(&p->fids))
		return -EMFILE;
	int folder = ninep_fid_point(&p->fids, f->path);
	if (folder < 0)
		return folder;
	/* What is there already is opened as everything is: only if it is a file. */
	int fd = openat(folder, name,
	                ninep_fid_flags(flags) | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY |
	                        O_CLOEXEC,
	                mode & 07777);
	int rc = fd < 0 ? -errno : ninep_op_give(p, fd, f->uid, gid, mode, false);
	close(folder);
	if (rc == -EEXIST && fd < 0 && !(flags & P_EXCL))
		return ninep_fid_open(&p->fids, path, flags, &f->folder);
	if (rc < 0 && fd >= 0)
		close(fd);
	return rc < 0 ? rc : fd;
}

int
ninep_op_lcreate(struct ninep *p, struct cur *c, struct buf *o)
{
	char name[NINEP_OP_NAME], path[PATH_MAX];
	struct ninep_fid *f;
	struct stat st;
	int rc = ninep_op_folder(p, c, &f);
	if (rc == 0)
		rc = ninep_op_name(c, name);
	uint32_t flags = cur_u32(c), mode = cur_u32(c), gid = cur_u32(c);
	if (rc < 0 || c->bad)
		return rc < 0 ? rc : -EINVAL;
	if (f->kind != NINEP_PATH)
		return -EINVAL;
	if ((rc = ninep_fid_join(f->path, name, path)) < 0)
		return rc;
	int fd = create(p, f, name, path, flags, mode, gid);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0) {
		close(fd);
		return -EIO;
	}
	ninep_fid_set_path(&p->fids, f, path);
	ninep_fid_opened(&p->fids, f, fd, flags);
	ninep_op_put_stat(p, o, &st);
	buf_u32(o, 0);
	return 0;
}

/* An open file, not a folder. */
static int
get_file(struct ninep *p, struct cur *c, struct ninep_fid **f)
{
	int rc = ninep_op_fid(p, c, f);
	if (rc < 0)
		return rc;
	if ((*f)->kind != NINEP_FILE)
		return -EBADF;
	return (*f)->fd < 0 ? -ESTALE : (*f)->folder ? -EISDIR : 0;
}

int
ninep_op_read(struct ninep *p, struct cur *c, struct buf *o)
{
	struct cur again = *c;
	struct ninep_fid *f;
	ssize_t n = 0;
	int rc = ninep_op_fid(p, &again, &f);
	if (rc == 0 && f->kind != NINEP_XATTR_READ)
		rc = get_file(p, c, &f);
	else
		cur_u32(c);
	uint64_t offset = cur_u64(c);
	uint32_t count = cur_u32(c), most = p->msize - NINEP_OP_HEAD - 4;
	if (rc < 0 || c->bad)
		return rc < 0 ? rc : -EINVAL;
	if (count > most)
		count = most;
	size_t at = o->n;
	buf_u32(o, 0);
	if (f->kind == NINEP_XATTR_READ) {
		uint64_t left = offset < f->value.n ? f->value.n - offset : 0;
		n = (ssize_t)(left < count ? left : count);
		if (n > 0)
			buf_put(o, f->value.p + offset, (size_t)n);
	} else {
		if (offset > INT64_MAX)
			return -EINVAL;
		uint8_t *to = buf_room(o, count);
		do
			n = pread(f->fd, to, count, (off_t)offset);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			return -errno;
		o->n -= count - (size_t)n;
	}
	uint32_t le = (uint32_t)n;
	for (int i = 0; i < 4; i++)
		o->p[at + (size_t)i] = (uint8_t)(le >> 8 * i);
	return 0;
}

static int
write_xattr(struct ninep_fid *f, uint64_t offset, const uint8_t *p, uint32_t n)
{
	if (offset != f->done || n > f->size - f->done)
		return -EINVAL;
	if (n > 0)
		memcpy(f->value.p + f->done, p, n);
	f->done += n;
	return 0;
}

int
ninep_op_write(struct ninep *p, struct cur *c, struct buf *o)
{
	struct cur again = *c;
	struct ninep_fid *f;
	ssize_t n;
	int rc = ninep_op_fid(p, &again, &f);
	if (rc == 0 && f->kind != NINEP_XATTR_WRITE)
		rc = get_file(p, c, &f);
	else
		cur_u32(c);
	uint64_t offset = cur_u64(c);
	uint32_t count = cur_u32(c);
	const uint8_t *from = cur_bytes(c, count);
	if (rc < 0 || !from || offset > INT64_MAX)
		return rc < 0 ? rc : -EINVAL;
	if (f->kind == NINEP_XATTR_WRITE) {
		if ((rc = write_xattr(f, offset, from, count)) < 0)
			return rc;
		n = count;
	} else {
		do
			n = pwrite(f->fd, from, count, (off_t)offset);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			return -errno;
	}
	buf_u32(o, (uint32_t)n);
	return 0;
}

int
ninep_op_fsync(struct ninep *p, struct cur *c, struct buf *o)
{
	struct ninep_fid *f;
	int rc = ninep_op_fid(p, c, &f);
	/* A client of old has no word for data only. */
	bool data = cur_left(c) >= 4 && cur_u32(c);
	(void)o;
	if (rc < 0)
		return rc;
	if (f->kind != NINEP_FILE || f->fd < 0)
		return f->kind == NINEP_FILE ? -ESTALE : -EBADF;
	return (data ? fdatasync(f->fd) : fsync(f->fd)) < 0 ? -errno : 0;
}

/* One entry of a folder; false: it does not fit. */
static bool
put_entry(const struct ninep *p, struct buf *o, size_t end, const struct ninep_fid *f,
          const struct dirent64 *d)
{
	size_t n = strlen(d->d_name);
	if (o->n + 13 + 8 + 1 + 2 + n > end)
		return false;
	mode_t mode = (mode_t)DTTOIF(d->d_type);
	uint64_t ino = d->d_ino;
	struct stat st;
	/* What is above the folder is no business of the guest's. */
	if (!*f->path && strcmp(d->d_name, "..") == 0 && fstat(f->fd, &st) == 0)
		ino = st.st_ino;
	ninep_op_put_qid(p, o, mode, 0, p->dev, ino);
	buf_u64(o, (uint64_t)d->d_off);
	buf_u8(o, d->d_type);
	ninep_op_put_text(o, d->d_name, n);
	return true;
}

int
ninep_op_readdir(struct ninep *p, struct cur *c, struct buf *o)
{
	struct ninep_fid *f;
	int rc = ninep_op_fid(p, c, &f);
	uint64_t offset = cur_u64(c);
	uint32_t count = cur_u32(c), most = p->msize - NINEP_OP_HEAD - 4;
	if (rc < 0 || c->bad)
		return rc < 0 ? rc : -EINVAL;
	if (f->kind != NINEP_FILE || f->fd < 0 || !f->folder)
		return f->kind != NINEP_FILE ? -EBADF : f->fd < 0 ? -ESTALE : -ENOTDIR;
	if (count > most)
		count = most;
	if (offset > INT64_MAX || lseek(f->fd, (off_t)offset, SEEK_SET) < 0)
		return -EINVAL;
	size_t at = o->n, end = at + 4 + count;
	bool fits = true;
	ssize_t n = 1;
	buf_u32(o, 0);
	/* What was read and does not fit is read again from the offset of the one before. */
	while (fits && n > 0) {
		size_t room = end - o->n < NINEP_OP_DIRENTS ? end - o->n : NINEP_OP_DIRENTS;
		n = getdents64(f->fd, p->dirents, room < 300 ? 300 : room);
		if (n < 0 && o->n == at + 4)
			return -errno;
		for (ssize_t i = 0; fits && i < n;) {
			const struct dirent64 *d = (const void *)(p->dirents + i);
			fits = put_entry(p, o, end, f, d);
			i += d->d_reclen;
		}
	}
	uint32_t bytes = (uint32_t)(o->n - at - 4);
	for (int i = 0; i < 4; i++)
		o->p[at + (size_t)i] = (uint8_t)(bytes >> 8 * i);
	return 0;
}

/* -- locks ----------------------------------------------------------------------------------- */

enum { READ = 0, WRITE = 1, NONE = 2 };
enum { SUCCESS = 0, BLOCKED = 1 };

static int
get_lock(struct cur *c, bool flags, struct flock *l, uint8_t *type)
{
	static const short kinds[] = { F_RDLCK, F_WRLCK, F_UNLCK };
	*type = cur_u8(c);
	if (flags)
		cur_u32(c); /* to wait or not: the client asks again */
	uint64_t start = cur_u64(c), n = cur_u64(c);
	cur_u32(c); /* the process: the guest's kernel knows which of them holds it */
	if (c->bad || *type > NONE || start > INT64_MAX || n > INT64_MAX)
		return -EINVAL;
	*l = (struct flock){ .l_type = kinds[*type],
		             .l_whence = SEEK_SET,
		             .l_start = (off_t)start,
		             .l_len = (off_t)n };
	return 0;
}

int
ninep_op_lock(struct ninep *p, struct cur *c, struct buf *o)
{
	struct ninep_fid *f;
	struct flock l;
	uint8_t type;
	int rc = get_file(p, c, &f);
	if (rc == 0)
		rc = get_lock(c, true, &l, &type);
	if (rc < 0)
		return rc;
	rc = fcntl(f->fd, F_OFD_SETLK, &l) < 0 ? -errno : 0;
	/* flock() in the guest locks whole files, also those that may only be read. */
	if (rc == -EBADF && !l.l_start && !l.l_len)
		rc = flock(f->fd, LOCK_NB | (type == WRITE ? LOCK_EX : LOCK_SH)) < 0 ? -errno : 0;
	if (type == NONE && !l.l_start && !l.l_len)
		flock(f->fd, LOCK_UN);
	if (rc < 0 && rc != -EAGAIN && rc != -EACCES)
		return rc;
	buf_u8(o, rc < 0 ? BLOCKED : SUCCESS);
	return 0;
}

int
ninep_op_getlock(struct ninep *p, struct cur *c, struct buf *o)
{
	char client[NINEP_OP_NAME];
	struct ninep_fid *f;
	struct flock l;
	uint8_t type;
	int rc = get_file(p, c, &f);
	if (rc == 0)
		rc = get_lock(c, false, &l, &type);
	if (rc == 0)
		rc = ninep_op_text(c, client, NINEP_OP_NAME);
	if (rc < 0)
		return rc;
	if (type == NONE)
		return -EINVAL;
	if (fcntl(f->fd, F_OFD_GETLK, &l) < 0)
		return -errno;
	buf_u8(o, l.l_type == F_RDLCK ? READ : l.l_type == F_WRLCK ? WRITE : NONE);
	buf_u64(o, (uint64_t)l.l_start);
	buf_u64(o, (uint64_t)l.l_len);
	buf_u32(o, l.l_pid > 0 ? (uint32_t)l.l_pid : 0);
	ninep_op_put_text(o, client, strlen(client));
	return 0;
}
