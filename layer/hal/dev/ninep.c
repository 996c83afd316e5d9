/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions, fids and ways of 9P2000.L, as diod's protocol.md and Linux's net/9p
 * describe it. */
#include "layer/hal/dev/ninep.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "layer/hal/dev/ninep_op.h"

enum { RLERROR = 7, MSIZE = 8192, MSIZE_MIN = 4096, NAMES = 16 };
enum { QID_FOLDER = 0x80, QID_LINK = 0x02 };

/* -- strings, names and numbers of files ----------------------------------------------------- */

/* A string of a message into to[size], with a zero behind it. */
int
ninep_op_text(struct cur *c, char *to, size_t size)
{
	uint16_t n = cur_u16(c);
	const uint8_t *p = cur_bytes(c, n);
	if (!p || memchr(p, 0, n))
		return -EINVAL;
	if (n >= size)
		return -ENAMETOOLONG;
	memcpy(to, p, n);
	to[n] = '\0';
	return 0;
}

/* One part of a path, that is no way to another folder. */
int
ninep_op_name(struct cur *c, char to[NINEP_OP_NAME])
{
	int rc = ninep_op_text(c, to, NINEP_OP_NAME);
	if (rc == 0 && (!*to || strchr(to, '/') || !strcmp(to, ".") || !strcmp(to, "..")))
		rc = -EINVAL;
	return rc;
}

void
ninep_op_put_text(struct buf *o, const char *s, size_t n)
{
	buf_u16(o, (uint16_t)n);
	buf_put(o, s, n);
}

void
ninep_op_put_qid(const struct ninep *p, struct buf *o, mode_t mode, uint32_t version, dev_t dev,
                 uint64_t ino)
{
	buf_u8(o, S_ISDIR(mode) ? QID_FOLDER : S_ISLNK(mode) ? QID_LINK : 0);
	buf_u32(o, version);
	/* What is mounted beneath has inodes of its own with the same numbers. */
	buf_u64(o, ino ^ (uint64_t)(dev - p->dev) * UINT64_C(0x9e3779b97f4a0001));
}

void
ninep_op_put_stat(const struct ninep *p, struct buf *o, const struct stat *st)
{
	uint32_t version = (uint32_t)st->st_mtim.tv_sec ^ (uint32_t)st->st_mtim.tv_nsec ^
	                   (uint32_t)st->st_size << 8;
	ninep_op_put_qid(p, o, st->st_mode, version, st->st_dev, st->st_ino);
}

int
ninep_op_fid(struct ninep *p, struct cur *c, struct ninep_fid **f)
{
	*f = ninep_fid_find(&p->fids, cur_u32(c));
	return c->bad || !*f ? -EBADF : 0;
}

/* A fid that can be a folder to look into or to change. */
int
ninep_op_folder(struct ninep *p, struct cur *c, struct ninep_fid **f)
{
	int rc = ninep_op_fid(p, c, f);
	if (rc == 0 && (*f)->kind != NINEP_PATH && (*f)->kind != NINEP_FILE)
		rc = -EINVAL;
	return rc;
}

/* A descriptor for what the fid is: its own, or a new one (*mine). */
int
ninep_op_hold(const struct ninep *p, const struct ninep_fid *f, bool *mine)
{
	*mine = false;
	if (f->kind == NINEP_FILE)
		return f->fd >= 0 ? f->fd : -ESTALE;
	*mine = true;
	return ninep_fid_point(&p->fids, f->path);
}

static int
stat_at(const struct ninep *p, const char *path, struct stat *st)
{
	int fd = ninep_fid_point(&p->fids, path);
	if (fd < 0)
		return fd;
	int rc = fstat(fd, st) < 0 ? -errno : 0;
	close(fd);
	return rc;
}

/* The path by which calls reach what a descriptor of either kind is. */
const char *
ninep_op_proc(int fd, char to[32])
{
	snprintf(to, 32, "/proc/self/fd/%d", fd);
	return to;
}

/* -- sessions -------------------------------------------------------------------------------- */

int
ninep_op_version(struct ninep *p, struct cur *c, struct buf *o)
{
	char name[64];
	uint32_t msize = cur_u32(c);
	int rc = ninep_op_text(c, name, sizeof name);
	if (rc < 0)
		return rc;
	if (msize < MSIZE_MIN)
		return -EMSGSIZE;
	const char *answer = strcmp(name, "9P2000.L") == 0 ? "9P2000.L" : "unknown";
	ninep_reset(p);
	p->msize = msize < NINEP_MSIZE ? msize : NINEP_MSIZE;
	buf_u32(o, p->msize);
	ninep_op_put_text(o, answer, strlen(answer));
	return 0;
}

int
ninep_op_attach(struct ninep *p, struct cur *c, struct buf *o)
{
	char name[NINEP_OP_NAME];
	struct stat st;
	uint32_t number = cur_u32(c);
	cur_u32(c); /* nobody has to prove who he is */
	int rc = ninep_op_text(c, name, sizeof name);
	if (rc == 0)
		rc = ninep_op_text(c, name, sizeof name);
	uint32_t uid = cur_u32(c);
	if (rc < 0 || c->bad)
		return -EINVAL;
	if ((rc = stat_at(p, "", &st)) < 0)
		return rc;
	if (!ninep_fid_add(&p->fids, number, "", uid))
		return -EBADF;
	ninep_op_put_stat(p, o, &st);
	return 0;
}

int
ninep_op_auth(struct ninep *p, struct cur *c, struct buf *o)
{
	(void)p, (void)c, (void)o;
	return -EOPNOTSUPP;
}

/* Requests are done one after the other: what is to be forgotten is done. */
int
ninep_op_flush(struct ninep *p, struct cur *c, struct buf *o)
{
	(void)p, (void)c, (void)o;
	return 0;
}

int
ninep_op_walk(struct ninep *p, struct cur *c, struct buf *o)
{
	char path[PATH_MAX], next[PATH_MAX], name[NINEP_OP_NAME];
	struct ninep_fid *f;
	struct stat st;
	size_t count = o->n;
	uint16_t done = 0;
	int rc = ninep_op_folder(p, c, &f);
	uint32_t number = cur_u32(c);
	uint16_t n = cur_u16(c);
	if (rc < 0)
		return rc;
	if (c->bad || n > NAMES)
		return -EINVAL;
	if (number == f->number ? f->kind != NINEP_PATH : !!ninep_fid_find(&p->fids, number))
		return -EBADF;
	buf_u16(o, 0);
	memcpy(path, f->path, strlen(f->path) + 1);
	for (; done < n; done++) {
		rc = ninep_op_text(c, name, NINEP_OP_NAME);
		if (rc == 0 && (!*name || strchr(name, '/') || !strcmp(name, ".")))
			rc = -ENOENT;
		if (rc == 0)
			rc = ninep_fid_join(path, name, next);
		if (rc == 0)
			rc = stat_at(p, next, &st);
		if (rc < 0)
			break;
		memcpy(path, next, strlen(next) + 1);
		ninep_op_put_stat(p, o, &st);
	}
	/* The first must be there; of the others it is said how far the way led. */
	if (rc < 0 && done == 0)
		return rc;
	o->p[count] = (uint8_t)done;
	if (done < n)
		return 0;
	if (number == f->number)
		ninep_fid_set_path(&p->fids, f, path);
	else if (!ninep_fid_add(&p->fids, number, path, f->uid))
		return -ENFILE;
	return 0;
}

int
ninep_op_clunk(struct ninep *p, struct cur *c, struct buf *o)
{
	struct ninep_fid *f;
	int rc = ninep_op_fid(p, c, &f);
	(void)o;
	if (rc < 0)
		return rc;
	if (f->kind == NINEP_XATTR_WRITE)
		rc = ninep_op_set_xattr(p, f);
	ninep_fid_drop(&p->fids, f);
	return rc;
}

/* -- the server ------------------------------------------------------------------------------ */

static const struct {
	uint8_t type;
	bool changes; /* refused of a folder that is only read */
	int (*serve)(struct ninep *p, struct cur *c, struct buf *o);
} messages[] = {
#define OP(name, type, changes) { type, changes, ninep_op_##name },
#include "layer/hal/dev/ninep.def"
#undef OP
};

static int
serve(struct ninep *p, uint8_t type, struct cur *c, struct buf *o)
{
	for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
		if (messages[i].type != type)
			continue;
		return p->readonly && messages[i].changes ? -EROFS : messages[i].serve(p, c, o);
	}
	return -EOPNOTSUPP;
}

void
ninep_serve(struct ninep *p, const uint8_t *message, size_t n, struct buf *reply)
{
	struct cur c = cur_of(message, n);
	uint32_t size = cur_u32(&c);
	uint8_t type = cur_u8(&c);
	uint16_t tag = cur_u16(&c);
	bool whole = !c.bad && size >= NINEP_OP_HEAD && size <= n && size <= NINEP_MSIZE;
	reply->n = 0;
	buf_u32(reply, 0);
	buf_u8(reply, (uint8_t)(type + 1));
	buf_u16(reply, tag);
	c = cur_of(message + NINEP_OP_HEAD, whole ? size - NINEP_OP_HEAD : 0);
	int rc = whole ? serve(p, type, &c, reply) : -EPROTO;
	if (rc == 0 && reply->n > p->msize)
		rc = -EMSGSIZE;
	if (rc < 0) {
		reply->n = NINEP_OP_HEAD;
		reply->p[4] = RLERROR;
		buf_u32(reply, (uint32_t)-rc);
	}
	for (int i = 0; i < 4; i++)
		reply->p[i] = (uint8_t)(reply->n >> 8 * i);
}

struct ninep *
ninep_new(int folder, bool readonly, struct err *e)
{
	struct stat st;
	struct rlimit files;
	int root = fcntl(folder, F_DUPFD_CLOEXEC, 3);
	if (root < 0 || fstat(root, &st) < 0 || !S_ISDIR(st.st_mode)) {
		fail(e, root < 0 ? errno : ENOTDIR, "what is to be shared is no folder");
		if (root >= 0)
			close(root);
		return NULL;
	}
	struct ninep *p = xcalloc(1, sizeof *p);
	p->fids.root = root;
	p->readonly = readonly;
	p->is_root = geteuid() == 0;
	p->dev = st.st_dev;
	p->msize = MSIZE;
	p->dirents = xmalloc(NINEP_OP_DIRENTS);
	/* The rest of the program needs descriptors too. */
	if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur < 64)
		files.rlim_cur = 64;
	p->fids.max_opened = files.rlim_cur / 4 * 3;
	return p;
}

void
ninep_free(struct ninep *p)
{
	if (!p)
		return;
	ninep_reset(p);
	close(p->fids.root);
	free(p->dirents);
	free(p);
}

void
ninep_reset(struct ninep *p)
{
	ninep_fid_clear(&p->fids);
	p->msize = MSIZE;
}

size_t
ninep_fids(const struct ninep *p)
{
	return p->fids.n;
}

size_t
ninep_opened(const struct ninep *p)
{
	return p->fids.opened;
}

void
ninep_save(const struct ninep *p, struct buf *b)
{
	buf_u32(b, p->msize);
	ninep_fid_save(&p->fids, b);
}

int
ninep_load(struct ninep *p, struct cur *c, struct err *e)
{
	uint32_t msize = cur_u32(c);
	if (msize < MSIZE_MIN || msize > NINEP_MSIZE || !ninep_fid_load(&p->fids, c))
		return fail(e, EBADMSG, "the snapshot's state of a shared folder is damaged");
	p->msize = msize;
	return 0;
}
