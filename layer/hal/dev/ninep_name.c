/* SPDX-License-Identifier: Apache-2.0 */
/* 9P2000.L: names made, changed and removed. */
#include "layer/hal/dev/ninep_op.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REMOVE_FOLDER = 0x200 };

/* Whose a new file is, and its mode whatever our umask is. */
int
ninep_op_give(const struct ninep *p, int fd, uint32_t uid, uint32_t gid, mode_t mode, bool link)
{
	char text[32];
	/* Numbers that our namespace does not have are not an error: it stays ours. */
	if (p->is_root && fchownat(fd, "", uid, gid, AT_EMPTY_PATH) < 0 && errno != EINVAL &&
	    errno != EPERM)
		return -errno;
	if (!link && chmod(ninep_op_proc(fd, text), mode & 07777) < 0)
		return -errno;
	return 0;
}

/* What made a new name: a call for each kind. */
struct making {
	uint32_t mode, gid;
	const char *target;
};

static int
new_name(struct ninep *p, const struct ninep_fid *f, const char *name, const struct making *m,
         int (*make)(int folder, const char *name, const struct making *m), struct buf *o)
{
	char path[PATH_MAX];
	struct stat st;
	int rc = ninep_fid_join(f->path, name, path);
	if (rc < 0)
		return rc;
	int folder = ninep_fid_point(&p->fids, f->path);
	if (folder < 0)
		return folder;
	if (make(folder, name, m) < 0) {
		rc = -errno;
		close(folder);
		return rc;
	}
	int fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	rc = fd < 0 ? -errno : ninep_op_give(p, fd, f->uid, m->gid, m->mode, m->target != NULL);
	if (rc == 0)
		rc = fstat(fd, &st) < 0 ? -errno : 0;
	if (fd >= 0)
		close(fd);
	close(folder);
	if (rc == 0)
		ninep_op_put_stat(p, o, &st);
	return rc;
}

static int
make_folder(int folder, const char *name, const struct making *m)
{
	return mkdirat(folder, name, m->mode & 07777);
}

static int
make_link(int folder, const char *name, const struct making *m)
{
	return symlinkat(m->target, folder, name);
}

static int
make_node(int folder, const char *name, const struct making *m)
{
	return mknodat(folder, name, m->mode & (S_IFMT | 07777), 0);
}

int
ninep_op_mkdir(struct ninep *p, struct cur *c, struct buf *o)
{
	char name[NINEP_OP_NAME];
	struct ninep_fid *f;
	int rc = ninep_op_folder(p, c, &f);
	if (rc == 0)
		rc = ninep_op_name(c, name);
	struct making m = { .mode = cur_u32(c), .gid = cur_u32(c) };
	if (rc < 0 || c->bad)
		return rc < 0 ? rc : -EINVAL;
	return new_name(p, f, name, &m, make_folder, o);
}

int
ninep_op_symlink(struct ninep *p, struct cur *c, struct buf *o)
{
	char name[NINEP_OP_NAME], target[PATH_MAX];
	struct ninep_fid *f;
	int rc = ninep_op_folder(p, c, &f);
	if (rc == 0)
		rc = ninep_op_name(c, name);
	if (rc == 0)
		rc = ninep_op_text(c, target, sizeof target);
	struct making m = { .gid = cur_u32(c), .target = target };
	if (rc < 0 || c->bad)
		return rc < 0 ? rc : -EINVAL;
	return new_name(p, f, name, &m, make_link, o);
}

int
ninep_op_mknod(struct ninep *p, struct cur *c, struct buf *o)
{
	char name[NINEP_OP_NAME];
	struct ninep_fid *f;
	int rc = ninep_op_folder(p, c, &f);
	if (rc == 0)
		rc = ninep_op_name(c, name);
	struct making m = { .mode = cur_u32(c) };
	cur_u64(c); /* major and minor number */
	m.gid = cur_u32(c);
	if (rc < 0 || c->bad)
		return rc < 0 ? rc : -EINVAL;
	/* A device that a guest makes would be one of the host's. */
	if (!S_ISREG(m.mode) && !S_ISFIFO(m.mode) && !S_ISSOCK(m.mode))
		return -EPERM;
	return new_name(p, f, name, &m, make_node, o);
}

/* Both folders and names of a change: 0, then close both. */
struct two {
	char path[2][PATH_MAX];
	const char *name[2];
	int folder[2];
};

static int
open_two(const struct ninep *p, struct two *t)
{
	for (int i = 0; i < 2; i++) {
		t->folder[i] = ninep_fid_parent(&p->fids, t->path[i], &t->name[i]);
		if (t->folder[i] < 0) {
			if (i == 1)
				close(t->folder[0]);
			return t->folder[i];
		}
	}
	return 0;
}

static void
close_two(struct two *t)
{
	close(t->folder[0]);
	close(t->folder[1]);
}

static int
move(struct ninep *p, struct two *t)
{
	int rc = open_two(p, t);
	if (rc < 0)
		return rc;
	rc = renameat(t->folder[0], t->name[0], t->folder[1], t->name[1]) < 0 ? -errno : 0;
	close_two(t);
	if (rc == 0)
		ninep_fid_moved(&p->fids, t->path[0], t->path[1]);
	return rc;
}

int
ninep_op_link(struct ninep *p, struct cur *c, struct buf *o)
{
	char name[NINEP_OP_NAME];
	struct ninep_fid *folder, *f;
	struct two t;
	int rc = ninep_op_folder(p, c, &folder);
	(void)o;
	if (rc == 0)
		rc = ninep_op_folder(p, c, &f);
	if (rc == 0)
		rc = ninep_op_name(c, name);
	if (rc == 0)
		rc = ninep_fid_join(folder->path, name, t.path[1]);
	if (rc < 0)
		return rc;
	memcpy(t.path[0], f->path, strlen(f->path) + 1);
	if ((rc = open_two(p, &t)) < 0)
		return rc;
	rc = linkat(t.folder[0], t.name[0], t.folder[1], t.name[1], 0) < 0 ? -errno : 0;
	close_two(&t);
	return rc;
}

int
ninep_op_rename(struct ninep *p, struct cur *c, struct buf *o)
{
	char name[NINEP_OP_NAME];
	struct ninep_fid *folder, *f;
	struct two t;
	int rc = ninep_op_folder(p, c, &f);
	(void)o;
	if (rc == 0)
		rc = ninep_op_folder(p, c, &folder);
	if (rc == 0)
		rc = ninep_op_name(c, name);
	if (rc == 0)
		rc = ninep_fid_join(folder->path, name, t.path[1]);
	if (rc < 0)
		return rc;
	memcpy(t.path[0], f->path, strlen(f->path) + 1);
	return move(p, &t);
}

int
ninep_op_renameat(struct ninep *p, struct cur *c, struct buf *o)
{
	char name[NINEP_OP_NAME];
	struct ninep_fid *f;
	struct two t;
	(void)o;
	for (int i = 0; i < 2; i++) {
		int rc = ninep_op_folder(p, c, &f);
		if (rc == 0)
			rc = ninep_op_name(c, name);
		if (rc == 0)
			rc = ninep_fid_join(f->path, name, t.path[i]);
		if (rc < 0)
			return rc;
	}
	return move(p, &t);
}

static int
unlink_path(const struct ninep *p, const char *path, int flags)
{
	const char *name;
	int folder = ninep_fid_parent(&p->fids, path, &name);
	if (folder < 0)
		return folder;
	int rc = unlinkat(folder, name, flags) < 0 ? -errno : 0;
	close(folder);
	return rc;
}

int
ninep_op_unlinkat(struct ninep *p, struct cur *c, struct buf *o)
{
	char name[NINEP_OP_NAME], path[PATH_MAX];
	struct ninep_fid *f;
	int rc = ninep_op_folder(p, c, &f);
	(void)o;
	if (rc == 0)
		rc = ninep_op_name(c, name);
	uint32_t flags = cur_u32(c);
	if (rc < 0 || c->bad)
		return rc < 0 ? rc : -EINVAL;
	if ((rc = ninep_fid_join(f->path, name, path)) < 0)
		return rc;
	return unlink_path(p, path, flags & REMOVE_FOLDER ? AT_REMOVEDIR : 0);
}

/* The fid is gone in any case. */
int
ninep_op_remove(struct ninep *p, struct cur *c, struct buf *o)
{
	struct ninep_fid *f;
	int rc = ninep_op_fid(p, c, &f);
	(void)o;
	if (rc < 0)
		return rc;
	rc = p->readonly ? -EROFS : unlink_path(p, f->path, 0);
	if (rc == -EISDIR)
		rc = unlink_path(p, f->path, AT_REMOVEDIR);
	ninep_fid_drop(&p->fids, f);
	return rc;
}
