/* SPDX-License-Identifier: Apache-2.0 */
/* A client that says what v9fs says, and worse. */
#include "test/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "layer/hal/dev/ninep.h"

enum {
#define OP(name, number, changes) T_##name = number,
#include "layer/hal/dev/ninep.def"
#undef OP
};
enum { ROOT = 0, RLERROR = 7 };

struct client {
	char path[64]; /* of the folder that is shared; beside it stands "secret" */
	int dir;
	struct ninep *server;
	struct buf request, reply;
	struct cur c;
};

/* -- messages: begin, add, then send ------------------------------------------------------ */

static struct buf *
begin(struct client *x, int type)
{
	x->request.n = 0;
	buf_u32(&x->request, 0);
	buf_u8(&x->request, (uint8_t)type);
	buf_u16(&x->request, 0x1234);
	return &x->request;
}

static void
text(struct buf *b, const char *s)
{
	buf_u16(b, (uint16_t)strlen(s));
	buf_put(b, s, strlen(s));
}

/* The errno that came back, or 0; x->c reads what follows the head. */
static int
send(struct client *x)
{
	uint8_t type = x->request.p[4];
	for (int i = 0; i < 4; i++)
		x->request.p[i] = (uint8_t)(x->request.n >> 8 * i);
	/* a copy of that size, so that a sanitizer sees what lies behind it */
	uint8_t *copy = xmalloc(x->request.n);
	memcpy(copy, x->request.p, x->request.n);
	ninep_serve(x->server, copy, x->request.n, &x->reply);
	free(copy);
	x->c = cur_of(x->reply.p, x->reply.n);
	assert_int_equal(cur_u32(&x->c), x->reply.n);
	uint8_t got = cur_u8(&x->c);
	assert_int_equal(cur_u16(&x->c), 0x1234);
	if (got == RLERROR)
		return (int)cur_u32(&x->c);
	assert_int_equal(got, type + 1);
	return 0;
}

static int
say_version(struct client *x, uint32_t msize)
{
	struct buf *b = begin(x, T_version);
	buf_u32(b, msize);
	text(b, "9P2000.L");
	return send(x);
}

static int
say_attach(struct client *x, uint32_t fid, uint32_t uid)
{
	struct buf *b = begin(x, T_attach);
	buf_u32(b, fid);
	buf_u32(b, UINT32_MAX);
	text(b, "root");
	text(b, "");
	buf_u32(b, uid);
	return send(x);
}

/* "a/b/c"; "" clones. */
static int
say_walk(struct client *x, uint32_t fid, uint32_t to, const char *path)
{
	char names[4200], *save = NULL;
	uint16_t n = 0;
	snprintf(names, sizeof names, "%s", path);
	struct buf *b = begin(x, T_walk);
	buf_u32(b, fid);
	buf_u32(b, to);
	size_t at = b->n;
	buf_u16(b, 0);
	for (char *s = strtok_r(names, "/", &save); s; s = strtok_r(NULL, "/", &save), n++)
		text(b, s);
	b->p[at] = (uint8_t)n;
	b->p[at + 1] = (uint8_t)(n >> 8);
	int rc = send(x);
	if (rc == 0 && cur_u16(&x->c) != n)
		return -1;
	return rc;
}

static int
say_fid(struct client *x, int type, uint32_t fid)
{
	buf_u32(begin(x, type), fid);
	return send(x);
}

static int
say_open(struct client *x, uint32_t fid, uint32_t flags)
{
	struct buf *b = begin(x, T_lopen);
	buf_u32(b, fid);
	buf_u32(b, flags);
	return send(x);
}

static int
say_create(struct client *x, uint32_t fid, const char *name, uint32_t flags, uint32_t mode)
{
	struct buf *b = begin(x, T_lcreate);
	buf_u32(b, fid);
	text(b, name);
	buf_u32(b, flags);
	buf_u32(b, mode);
	buf_u32(b, getgid());
	return send(x);
}

static int
say_write(struct client *x, uint32_t fid, uint64_t at, const void *p, uint32_t n)
{
	struct buf *b = begin(x, T_write);
	buf_u32(b, fid);
	buf_u64(b, at);
	buf_u32(b, n);
	buf_put(b, p, n);
	int rc = send(x);
	if (rc == 0)
		assert_int_equal(cur_u32(&x->c), n);
	return rc;
}

/* How many came; -errno. */
static int
say_read(struct client *x, int type, uint32_t fid, uint64_t at, uint32_t n)
{
	struct buf *b = begin(x, type);
	buf_u32(b, fid);
	buf_u64(b, at);
	buf_u32(b, n);
	int rc = send(x);
	if (rc != 0)
		return -rc;
	uint32_t got = cur_u32(&x->c);
	assert_int_equal(got, cur_left(&x->c));
	assert_true(got <= n);
	return (int)got;
}

static int
say_name(struct client *x, int type, uint32_t fid, const char *name, const char *target,
         uint32_t mode)
{
	struct buf *b = begin(x, type);
	buf_u32(b, fid);
	text(b, name);
	if (target)
		text(b, target);
	else
		buf_u32(b, mode);
	if (type == T_mknod)
		buf_u64(b, 0);
	buf_u32(b, getgid());
	return send(x);
}

static int
say_renameat(struct client *x, uint32_t from, const char *old, uint32_t to, const char *new)
{
	struct buf *b = begin(x, T_renameat);
	buf_u32(b, from);
	text(b, old);
	buf_u32(b, to);
	text(b, new);
	return send(x);
}

static int
say_unlink(struct client *x, uint32_t fid, const char *name, uint32_t flags)
{
	struct buf *b = begin(x, T_unlinkat);
	buf_u32(b, fid);
	text(b, name);
	buf_u32(b, flags);
	return send(x);
}

static int
say_link(struct client *x, int type, uint32_t folder, uint32_t fid, const char *name)
{
	struct buf *b = begin(x, type);
	buf_u32(b, folder);
	buf_u32(b, fid);
	text(b, name);
	return send(x);
}

struct attr {
	uint8_t qid[13];
	uint32_t mode, uid, gid;
	uint64_t nlink, size, mtime, mtime_nsec;
};

static int
say_getattr(struct client *x, uint32_t fid, struct attr *a)
{
	struct buf *b = begin(x, T_getattr);
	buf_u32(b, fid);
	buf_u64(b, 0x7ff);
	int rc = send(x);
	if (rc != 0)
		return rc;
	assert_int_equal(cur_u64(&x->c), 0x7ff);
	memcpy(a->qid, cur_bytes(&x->c, 13), 13);
	a->mode = cur_u32(&x->c);
	a->uid = cur_u32(&x->c);
	a->gid = cur_u32(&x->c);
	a->nlink = cur_u64(&x->c);
	cur_u64(&x->c);
	a->size = cur_u64(&x->c);
	cur_bytes(&x->c, 32);
	a->mtime = cur_u64(&x->c);
	a->mtime_nsec = cur_u64(&x->c);
	cur_bytes(&x->c, 48);
	assert_false(x->c.bad);
	assert_int_equal(cur_left(&x->c), 0);
	return 0;
}

static int
say_setattr(struct client *x, uint32_t fid, uint32_t valid, uint32_t mode, uint64_t size,
            uint64_t mtime)
{
	struct buf *b = begin(x, T_setattr);
	buf_u32(b, fid);
	buf_u32(b, valid);
	buf_u32(b, mode);
	buf_u32(b, getuid());
	buf_u32(b, getgid());
	buf_u64(b, size);
	buf_u64(b, 0);
	buf_u64(b, 0);
	buf_u64(b, mtime);
	buf_u64(b, 5);
	return send(x);
}

static int
say_lock(struct client *x, uint32_t fid, uint8_t type, uint64_t start, uint64_t n, uint8_t *status)
{
	struct buf *b = begin(x, T_lock);
	buf_u32(b, fid);
	buf_u8(b, type);
	buf_u32(b, 1);
	buf_u64(b, start);
	buf_u64(b, n);
	buf_u32(b, 7);
	text(b, "guest");
	int rc = send(x);
	*status = cur_u8(&x->c);
	return rc;
}

/* -- a folder ------------------------------------------------------------------------------- */

static void
put_file(struct client *x, const char *name, const char *text_)
{
	struct err e;
	assert_int_equal(file_write(x->dir, name, text_, strlen(text_), 0644, false, &e), 0);
}

static void
client_new(struct client *x, bool readonly)
{
	struct err e = { 0 };
	char top[] = "/tmp/joist-9p-XXXXXX";
	memset(x, 0, sizeof *x);
	assert_non_null(mkdtemp(top));
	snprintf(x->path, sizeof x->path, "%s/share", top);
	assert_int_equal(mkdir(x->path, 0755), 0);
	x->dir = open(x->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put_file(x, "../secret", "secret");
	put_file(x, "hello", "hello, world");
	mkdirat(x->dir, "a", 0755);
	mkdirat(x->dir, "a/b", 0755);
	put_file(x, "a/b/deep", "deep");
	assert_int_equal(symlinkat("hello", x->dir, "link"), 0);
	assert_int_equal(symlinkat("..", x->dir, "up"), 0);
	assert_int_equal(symlinkat("/etc", x->dir, "abs"), 0);
	assert_int_equal(mkfifoat(x->dir, "pipe", 0644), 0);
	x->server = ninep_new(x->dir, readonly, &e);
	assert_non_null(x->server);
	assert_int_equal(say_version(x, 65536), 0);
	assert_int_equal(cur_u32(&x->c), 65536);
	assert_int_equal(say_attach(x, ROOT, getuid()), 0);
}

static void
client_free(struct client *x)
{
	struct err e;
	ninep_free(x->server);
	close(x->dir);
	*strrchr(x->path, '/') = '\0';
	assert_int_equal(file_remove(AT_FDCWD, x->path, &e), 0);
	buf_free(&x->request);
	buf_free(&x->reply);
}

static void
expect_file(struct client *x, const char *name, const char *want)
{
	char *got;
	struct err e;
	assert_int_equal(file_read(x->dir, name, 1 << 20, &got, NULL, &e), 0);
	assert_string_equal(got, want);
	free(got);
}

/* -- tests ---------------------------------------------------------------------------------- */

static void
a_session_begins(void **state)
{
	struct client x;
	(void)state;
	client_new(&x, false);
	struct buf *b = begin(&x, T_version);
	buf_u32(b, UINT32_MAX);
	text(b, "9P2000.u");
	assert_int_equal(send(&x), 0);
	assert_int_equal(cur_u32(&x.c), NINEP_MSIZE);
	assert_int_equal(cur_u16(&x.c), 7);
	assert_memory_equal(cur_bytes(&x.c, 7), "unknown", 7);
	/* a new session knows no fids of the old */
	assert_int_equal(ninep_fids(x.server), 0);
	assert_int_equal(say_fid(&x, T_clunk, ROOT), EBADF);
	assert_int_equal(say_version(&x, 100), EMSGSIZE);
	assert_int_equal(say_version(&x, 8192), 0);
	assert_int_equal(say_attach(&x, 5, 0), 0);
	assert_int_equal(cur_u8(&x.c), 0x80);
	assert_int_equal(say_attach(&x, 5, 0), EBADF);
	b = begin(&x, T_auth);
	buf_u32(b, 1);
	assert_int_equal(send(&x), EOPNOTSUPP);
	b = begin(&x, T_flush);
	buf_u16(b, 1);
	assert_int_equal(send(&x), 0);
	assert_int_equal(say_fid(&x, 6, 0), EOPNOTSUPP);
	client_free(&x);
}

static void
ways_lead_nowhere_else(void **state)
{
	struct client x;
	(void)state;
	client_new(&x, false);
	assert_int_equal(say_walk(&x, ROOT, 1, "a/b/deep"), 0);
	assert_int_equal(say_walk(&x, ROOT, 2, ""), 0);
	assert_int_equal(say_walk(&x, 2, 2, "a"), 0);
	assert_int_equal(say_walk(&x, 2, 3, "b/deep"), 0);
	assert_int_equal(say_walk(&x, 3, 4, "../../../hello"), 0);
	/* above the folder is the folder */
	assert_int_equal(say_walk(&x, ROOT, 5, "../../../../secret"), -1);
	assert_int_equal(say_walk(&x, ROOT, 5, "../secret"), -1);
	assert_int_equal(say_walk(&x, ROOT, 5, "nothing"), ENOENT);
	assert_int_equal(say_walk(&x, ROOT, 5, "a/nothing/more"), -1);
	assert_int_equal(say_walk(&x, ROOT, 5, "hello/x"), -1);
	/* links are the guest's to follow */
	assert_int_equal(say_walk(&x, ROOT, 6, "up"), 0);
	assert_int_equal(cur_u8(&x.c), 0x02);
	assert_int_equal(say_walk(&x, ROOT, 7, "up/secret"), -1);
	assert_int_equal(say_walk(&x, 6, 7, "secret"), ELOOP);
	assert_int_equal(say_walk(&x, ROOT, 7, "abs/passwd"), -1);
	assert_int_equal(say_open(&x, 6, 0), ELOOP);
	/* names that are none, numbers that are taken or too many */
	static const char *const bad[] = { "", ".", "a/b", "/", "..", "../secret" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (i < 4 || i == 5) {
			struct buf *b = begin(&x, T_walk);
			buf_u32(b, ROOT);
			buf_u32(b, 8);
			buf_u16(b, 1);
			text(b, bad[i]);
			assert_int_equal(send(&x), ENOENT);
		}
		assert_int_equal(say_create(&x, ROOT, bad[i], 2, 0644), EINVAL);
		assert_int_equal(say_name(&x, T_mkdir, ROOT, bad[i], NULL, 0755), EINVAL);
		assert_int_equal(say_name(&x, T_symlink, ROOT, bad[i], "x", 0), EINVAL);
		assert_int_equal(say_unlink(&x, ROOT, bad[i], 0x200), EINVAL);
		assert_int_equal(say_renameat(&x, ROOT, "hello", ROOT, bad[i]), EINVAL);
		assert_int_equal(say_renameat(&x, ROOT, bad[i], ROOT, "new"), EINVAL);
		assert_int_equal(say_link(&x, T_link, ROOT, 1, bad[i]), EINVAL);
	}
	assert_int_equal(say_walk(&x, ROOT, 1, "a"), EBADF);
	assert_int_equal(say_walk(&x, 77, 9, "a"), EBADF);
	assert_int_equal(say_walk(&x, ROOT, 9, "a/../a/../a/../a/../a/../a/../a/../a/.."), 0);
	assert_int_equal(say_walk(&x, ROOT, 10, "a/../a/../a/../a/../a/../a/../a/../a/../a"),
	                 EINVAL);
	client_free(&x);
}

static void
files_are_read_and_written(void **state)
{
	struct client x;
	char big[70000];
	(void)state;
	client_new(&x, false);
	assert_int_equal(say_walk(&x, ROOT, 1, "hello"), 0);
	assert_int_equal(say_read(&x, T_read, 1, 0, 5), -EBADF);
	assert_int_equal(say_open(&x, 1, 2), 0);
	assert_int_equal(say_open(&x, 1, 2), EINVAL);
	assert_int_equal(say_read(&x, T_read, 1, 7, 100), 5);
	assert_memory_equal(x.c.p, "world", 5);
	assert_int_equal(say_read(&x, T_read, 1, 100, 100), 0);
	assert_int_equal(say_read(&x, T_read, 1, UINT64_MAX, 100), -EINVAL);
	assert_int_equal(say_write(&x, 1, 7, "WORLD!", 6), 0);
	assert_int_equal(say_write(&x, 1, UINT64_MAX, "x", 1), EINVAL);
	expect_file(&x, "hello", "hello, WORLD!");
	struct buf *b = begin(&x, T_fsync);
	buf_u32(b, 1);
	buf_u32(b, 1);
	assert_int_equal(send(&x), 0);
	assert_int_equal(say_fid(&x, T_fsync, 1), 0);
	assert_int_equal(ninep_opened(x.server), 1);
	assert_int_equal(say_fid(&x, T_clunk, 1), 0);
	assert_int_equal(ninep_opened(x.server), 0);

	/* created, with no umask of ours; never more than a message holds */
	mode_t old = umask(077);
	assert_int_equal(say_walk(&x, ROOT, 1, "a"), 0);
	assert_int_equal(say_create(&x, 1, "new", 2 | 0100, 0664), 0);
	umask(old);
	memset(big, 'z', sizeof big);
	assert_int_equal(say_write(&x, 1, 0, big, 60000), 0);
	assert_int_equal(say_write(&x, 1, 60000, big, 60000), 0);
	assert_int_equal(say_read(&x, T_read, 1, 0, 4000000), 65536 - 11);
	struct attr a;
	assert_int_equal(say_getattr(&x, 1, &a), 0);
	assert_int_equal(a.mode, S_IFREG | 0664);
	assert_int_equal(a.size, 120000);
	assert_int_equal(a.uid, getuid());
	/* there already: opened, or an error when it may not be */
	assert_int_equal(say_walk(&x, ROOT, 2, "a"), 0);
	assert_int_equal(say_create(&x, 2, "new", 2 | 0300, 0664), EEXIST);
	assert_int_equal(say_create(&x, 2, "new", 2 | 0100 | 01000, 0664), 0);
	assert_int_equal(say_getattr(&x, 1, &a), 0);
	assert_int_equal(a.size, 0);
	/* appended, wherever the client thinks it is */
	assert_int_equal(say_fid(&x, T_clunk, 2), 0);
	assert_int_equal(say_walk(&x, ROOT, 2, "hello"), 0);
	assert_int_equal(say_open(&x, 2, 1 | 02000), 0);
	assert_int_equal(say_write(&x, 2, 0, "!", 1), 0);
	expect_file(&x, "hello", "hello, WORLD!!");
	assert_int_equal(say_read(&x, T_read, 2, 0, 1), -EBADF);
	client_free(&x);
}

/* Devices, pipes and sockets are the guest's own: ours are never opened. */
static void
only_files_and_folders_are_opened(void **state)
{
	struct client x;
	struct attr a;
	(void)state;
	client_new(&x, false);
	assert_int_equal(say_walk(&x, ROOT, 1, "pipe"), 0);
	assert_int_equal(say_open(&x, 1, 0), EACCES);
	assert_int_equal(say_open(&x, 1, 2), EACCES);
	assert_int_equal(say_walk(&x, ROOT, 2, ""), 0);
	assert_int_equal(say_create(&x, 2, "pipe", 2 | 0100, 0644), EACCES);
	assert_int_equal(say_create(&x, 2, "link", 2 | 0100, 0644), ELOOP);
	assert_int_equal(say_name(&x, T_mknod, ROOT, "null", NULL, S_IFCHR | 0666), EPERM);
	assert_int_equal(say_name(&x, T_mknod, ROOT, "disk", NULL, S_IFBLK | 0666), EPERM);
	assert_int_equal(say_name(&x, T_mknod, ROOT, "fifo", NULL, S_IFIFO | 0622), 0);
	assert_int_equal(say_name(&x, T_mknod, ROOT, "socket", NULL, S_IFSOCK | 0600), 0);
	assert_int_equal(say_walk(&x, ROOT, 3, "fifo"), 0);
	assert_int_equal(say_getattr(&x, 3, &a), 0);
	assert_int_equal(a.mode, S_IFIFO | 0622);
	client_free(&x);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
folders_are_listed(void **state)
{
	enum { FILES = 300 };
	struct client x;
	char *names[FILES + 10];
	(void)state;
	client_new(&x, false);
	for (int i = 0; i < FILES; i++) {
		char name[64];
		snprintf(name, sizeof name, "a/b/file-%03d-with-a-name", i);
		put_file(&x, name, "");
	}
	assert_int_equal(say_walk(&x, ROOT, 1, "a/b"), 0);
	assert_int_equal(say_read(&x, T_readdir, 1, 0, 1000), -EBADF);
	assert_int_equal(say_open(&x, 1, 0200000), 0);
	assert_int_equal(say_read(&x, T_read, 1, 0, 1000), -EISDIR);
	/* in pieces of any size */
	for (uint32_t size = 60; size < 40000; size = size * 3 + 1) {
		int n = 0, got;
		uint64_t at = 0;
		while ((got = say_read(&x, T_readdir, 1, at, size)) > 0) {
			while (cur_left(&x.c) > 0) {
				uint8_t kind = cur_u8(&x.c);
				cur_bytes(&x.c, 12);
				at = cur_u64(&x.c);
				uint8_t type = cur_u8(&x.c);
				uint16_t len = cur_u16(&x.c);
				const uint8_t *p = cur_bytes(&x.c, len);
				assert_false(x.c.bad);
				assert_int_equal(kind, type == DT_DIR ? 0x80 : 0);
				assert_true(n < FILES + 10);
				names[n++] = xprintf("%.*s", (int)len, (const char *)p);
			}
		}
		assert_int_equal(got, 0);
		assert_int_equal(n, FILES + 3);
		qsort(names, (size_t)n, sizeof names[0], by_name);
		assert_string_equal(names[0], ".");
		assert_string_equal(names[1], "..");
		assert_string_equal(names[2], "deep");
		assert_string_equal(names[3], "file-000-with-a-name");
		assert_string_equal(names[FILES + 2], "file-299-with-a-name");
		for (int i = 0; i < n; i++)
			free(names[i]);
	}
	assert_int_equal(say_read(&x, T_readdir, 1, UINT64_MAX, 1000), -EINVAL);
	assert_int_equal(say_read(&x, T_readdir, 1, 0, 10), 0);
	assert_int_equal(say_walk(&x, ROOT, 2, "hello"), 0);
	assert_int_equal(say_open(&x, 2, 0200000), ENOTDIR);
	assert_int_equal(say_open(&x, 2, 0), 0);
	assert_int_equal(say_read(&x, T_readdir, 2, 0, 1000), -ENOTDIR);
	client_free(&x);
}

static void
attributes_are_shown_and_set(void **state)
{
	struct client x;
	struct attr a;
	(void)state;
	client_new(&x, false);
	assert_int_equal(say_walk(&x, ROOT, 1, "hello"), 0);
	assert_int_equal(say_setattr(&x, 1, 1 | 8 | 0x20 | 0x100, 0600, 5, 1000), 0);
	assert_int_equal(say_getattr(&x, 1, &a), 0);
	assert_int_equal(a.mode, S_IFREG | 0600);
	assert_int_equal(a.size, 5);
	assert_int_equal(a.mtime, 1000);
	assert_int_equal(a.mtime_nsec, 5);
	assert_int_equal(a.nlink, 1);
	assert_int_equal(say_setattr(&x, 1, 2 | 4, 0, 0, 0), 0);
	assert_int_equal(say_setattr(&x, 1, 0x40, 0, 0, 0), 0);
	assert_int_equal(say_setattr(&x, 1, 0x10 | 0x20, 0, 0, 0), 0);
	assert_int_equal(say_getattr(&x, 1, &a), 0);
	assert_true(a.mtime > 1000000000);
	assert_int_equal(say_setattr(&x, 1, 8, 0, UINT64_MAX, 0), EINVAL);
	/* of a link, not of what it leads to */
	assert_int_equal(say_walk(&x, ROOT, 2, "abs"), 0);
	assert_int_equal(say_getattr(&x, 2, &a), 0);
	assert_true(S_ISLNK(a.mode));
	assert_int_equal(a.qid[0], 2);
	assert_int_equal(say_setattr(&x, 2, 2 | 4, 0, 0, 0), 0);
	assert_int_equal(say_setattr(&x, 2, 0x20 | 0x100, 0, 0, 1000), 0);
	assert_int_equal(say_getattr(&x, 2, &a), 0);
	assert_int_equal(a.mtime, 1000);
	assert_int_not_equal(say_setattr(&x, 2, 8, 0, 0, 0), 0);
	assert_int_equal(say_fid(&x, T_readlink, 2), 0);
	assert_int_equal(cur_u16(&x.c), 4);
	assert_memory_equal(x.c.p, "/etc", 4);
	assert_int_equal(say_fid(&x, T_readlink, 1), EINVAL);
	assert_int_equal(say_fid(&x, T_statfs, 1), 0);
	assert_int_equal(cur_u32(&x.c), 0x01021997);
	assert_int_equal(cur_left(&x.c), 56);
	client_free(&x);
}

static void
names_are_made_changed_and_removed(void **state)
{
	struct client x;
	struct attr a;
	(void)state;
	client_new(&x, false);
	assert_int_equal(say_name(&x, T_mkdir, ROOT, "new", NULL, 0771), 0);
	assert_int_equal(cur_u8(&x.c), 0x80);
	assert_int_equal(say_name(&x, T_mkdir, ROOT, "new", NULL, 0771), EEXIST);
	assert_int_equal(say_name(&x, T_symlink, ROOT, "sym", "../../etc/passwd", 0), 0);
	assert_int_equal(cur_u8(&x.c), 0x02);
	assert_int_equal(say_walk(&x, ROOT, 1, "new"), 0);
	assert_int_equal(say_getattr(&x, 1, &a), 0);
	assert_int_equal(a.mode, S_IFDIR | 0771);
	assert_int_equal(say_walk(&x, ROOT, 2, "hello"), 0);
	assert_int_equal(say_link(&x, T_link, 1, 2, "second"), 0);
	assert_int_equal(say_getattr(&x, 2, &a), 0);
	assert_int_equal(a.nlink, 2);
	expect_file(&x, "new/second", "hello, world");

	/* fids move with what they name, opened or not */
	assert_int_equal(say_walk(&x, ROOT, 3, "a/b/deep"), 0);
	assert_int_equal(say_walk(&x, ROOT, 4, "a/b"), 0);
	assert_int_equal(say_walk(&x, ROOT, 5, "a/b/deep"), 0);
	assert_int_equal(say_open(&x, 5, 0), 0);
	assert_int_equal(say_renameat(&x, ROOT, "a", 1, "moved"), 0);
	expect_file(&x, "new/moved/b/deep", "deep");
	assert_int_equal(say_getattr(&x, 3, &a), 0);
	assert_int_equal(a.size, 4);
	assert_int_equal(say_walk(&x, 4, 6, "deep"), 0);
	assert_int_equal(say_read(&x, T_read, 5, 0, 10), 4);
	/* one whose name only begins alike stays */
	assert_int_equal(say_name(&x, T_mkdir, ROOT, "new2", NULL, 0755), 0);
	assert_int_equal(say_walk(&x, ROOT, 7, "new2"), 0);
	assert_int_equal(say_link(&x, T_rename, 1, ROOT, "newer"), 0);
	assert_int_equal(say_getattr(&x, 3, &a), 0);
	assert_int_equal(say_getattr(&x, 7, &a), 0);
	assert_int_equal(say_link(&x, T_rename, ROOT, 7, "root"), EBUSY);

	assert_int_equal(say_unlink(&x, ROOT, "newer", 0), EISDIR);
	assert_int_equal(say_unlink(&x, ROOT, "newer", 0x200), ENOTEMPTY);
	assert_int_equal(say_unlink(&x, ROOT, "new2", 0x200), 0);
	assert_int_equal(say_unlink(&x, ROOT, "sym", 0), 0);
	assert_int_equal(say_fid(&x, T_remove, 2), 0);
	assert_int_equal(say_fid(&x, T_clunk, 2), EBADF);
	assert_int_equal(say_fid(&x, T_remove, ROOT), EBUSY);
	/* an open file without a name can be read and asked */
	assert_int_equal(say_unlink(&x, 4, "deep", 0), 0);
	assert_int_equal(say_read(&x, T_read, 5, 0, 10), 4);
	assert_int_equal(say_getattr(&x, 5, &a), 0);
	assert_int_equal(a.nlink, 0);
	assert_int_equal(say_setattr(&x, 5, 1, 0700, 0, 0), 0);
	assert_int_equal(say_getattr(&x, 3, &a), ENOENT);
	client_free(&x);
}

static int
say_xattr(struct client *x, uint32_t fid, uint32_t to, const char *name)
{
	struct buf *b = begin(x, T_xattrwalk);
	buf_u32(b, fid);
	buf_u32(b, to);
	text(b, name);
	return send(x);
}

static int
say_set_xattr(struct client *x, uint32_t fid, const char *name, uint64_t size, uint32_t flags)
{
	struct buf *b = begin(x, T_xattrcreate);
	buf_u32(b, fid);
	text(b, name);
	buf_u64(b, size);
	buf_u32(b, flags);
	return send(x);
}

static void
extended_attributes(void **state)
{
	struct client x;
	char path[128];
	(void)state;
	client_new(&x, false);
	snprintf(path, sizeof path, "%s/hello", x.path);
	if (setxattr(path, "user.before", "1", 1, 0) < 0) {
		client_free(&x);
		skip();
	}
	assert_int_equal(say_walk(&x, ROOT, 1, "hello"), 0);
	assert_int_equal(say_walk(&x, 1, 2, ""), 0);
	assert_int_equal(say_set_xattr(&x, 2, "user.color", 5, 0), 0);
	assert_int_equal(say_write(&x, 2, 0, "gre", 3), 0);
	assert_int_equal(say_write(&x, 2, 9, "x", 1), EINVAL);
	assert_int_equal(say_write(&x, 2, 3, "enx", 3), EINVAL);
	assert_int_equal(say_write(&x, 2, 3, "en", 2), 0);
	assert_int_equal(say_fid(&x, T_clunk, 2), 0);
	assert_int_equal(say_xattr(&x, 1, 3, "user.color"), 0);
	assert_int_equal(cur_u64(&x.c), 5);
	assert_int_equal(say_read(&x, T_read, 3, 0, 100), 5);
	assert_memory_equal(x.c.p, "green", 5);
	assert_int_equal(say_read(&x, T_read, 3, 3, 1), 1);
	assert_int_equal(say_read(&x, T_read, 3, UINT64_MAX, 1), 0);
	assert_int_equal(say_write(&x, 3, 0, "x", 1), EBADF);
	assert_int_equal(say_xattr(&x, 1, 4, ""), 0);
	assert_int_equal(say_read(&x, T_read, 4, 0, 100), 23);
	assert_int_equal(say_xattr(&x, 1, 4, "user.color"), EBADF);
	assert_int_equal(say_xattr(&x, 1, 5, "user.none"), ENODATA);
	/* too little was written: nothing is set */
	assert_int_equal(say_walk(&x, 1, 5, ""), 0);
	assert_int_equal(say_set_xattr(&x, 5, "user.color", 7, 0), 0);
	assert_int_equal(say_fid(&x, T_clunk, 5), EINVAL);
	/* there is one; there is none; an empty one; none again */
	assert_int_equal(say_walk(&x, 1, 5, ""), 0);
	assert_int_equal(say_set_xattr(&x, 5, "user.color", 0, 1), 0);
	assert_int_equal(say_fid(&x, T_clunk, 5), EEXIST);
	assert_int_equal(say_walk(&x, 1, 5, ""), 0);
	assert_int_equal(say_set_xattr(&x, 5, "user.color", 0, 0), 0);
	assert_int_equal(say_fid(&x, T_clunk, 5), 0);
	assert_int_equal(getxattr(path, "user.color", NULL, 0), 0);
	assert_int_equal(say_walk(&x, 1, 5, ""), 0);
	assert_int_equal(say_set_xattr(&x, 5, "user.color", 0, 2), 0);
	assert_int_equal(say_fid(&x, T_clunk, 5), 0);
	assert_int_equal(getxattr(path, "user.color", NULL, 0), -1);
	assert_int_equal(say_walk(&x, 1, 5, ""), 0);
	assert_int_equal(say_set_xattr(&x, 5, "user.color", 65537, 0), E2BIG);
	assert_int_equal(say_set_xattr(&x, 5, "", 1, 0), EINVAL);
	assert_int_equal(say_set_xattr(&x, 5, "user.x", 1, 4), EINVAL);
	/* such a fid is nothing else */
	assert_int_equal(say_walk(&x, 3, 6, ""), EINVAL);
	assert_int_equal(say_open(&x, 3, 0), EINVAL);
	client_free(&x);
}

static void
locks_hold(void **state)
{
	struct client x, y;
	uint8_t status;
	(void)state;
	client_new(&x, false);
	client_new(&y, false);
	assert_int_equal(say_walk(&x, ROOT, 1, "hello"), 0);
	assert_int_equal(say_open(&x, 1, 2), 0);
	assert_int_equal(say_walk(&x, ROOT, 2, "hello"), 0);
	assert_int_equal(say_open(&x, 2, 2), 0);
	assert_int_equal(say_lock(&x, 1, 1, 10, 5, &status), 0);
	assert_int_equal(status, 0);
	assert_int_equal(say_lock(&x, 2, 1, 12, 1, &status), 0);
	assert_int_equal(status, 1);
	assert_int_equal(say_lock(&x, 2, 0, 15, 0, &status), 0);
	assert_int_equal(status, 0);
	struct buf *b = begin(&x, T_getlock);
	buf_u32(b, 2);
	buf_u8(b, 1);
	buf_u64(b, 0);
	buf_u64(b, 0);
	buf_u32(b, 7);
	text(b, "guest");
	assert_int_equal(send(&x), 0);
	assert_int_equal(cur_u8(&x.c), 1);
	assert_int_equal(cur_u64(&x.c), 10);
	assert_int_equal(cur_u64(&x.c), 5);
	assert_int_equal(say_lock(&x, 1, 2, 0, 0, &status), 0);
	assert_int_equal(say_lock(&x, 2, 1, 12, 1, &status), 0);
	assert_int_equal(status, 0);
	assert_int_equal(say_fid(&x, T_clunk, 2), 0);
	/* what may only be read is locked whole, by flock() */
	int fd = openat(x.dir, "hello", O_RDONLY | O_CLOEXEC);
	assert_int_equal(say_walk(&x, ROOT, 2, "hello"), 0);
	assert_int_equal(say_open(&x, 2, 0), 0);
	assert_int_equal(say_lock(&x, 2, 1, 0, 0, &status), 0);
	assert_int_equal(status, 0);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), -1);
	assert_int_equal(say_lock(&x, 2, 2, 0, 0, &status), 0);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(say_lock(&x, 2, 1, 0, 0, &status), 0);
	assert_int_equal(status, 1);
	close(fd);
	assert_int_equal(say_lock(&x, 1, 3, 0, 0, &status), EINVAL);
	assert_int_equal(say_lock(&x, 1, 1, UINT64_MAX, 0, &status), EINVAL);
	assert_int_equal(say_lock(&x, ROOT, 1, 0, 0, &status), EBADF);
	client_free(&x);
	client_free(&y);
}

static void
nothing_changes_when_it_may_only_be_read(void **state)
{
	struct client x;
	struct attr a;
	(void)state;
	client_new(&x, true);
	assert_int_equal(say_walk(&x, ROOT, 1, "hello"), 0);
	assert_int_equal(say_open(&x, 1, 1), EROFS);
	assert_int_equal(say_open(&x, 1, 2), EROFS);
	assert_int_equal(say_open(&x, 1, 01000), EROFS);
	assert_int_equal(say_create(&x, ROOT, "new", 0, 0644), EROFS);
	assert_int_equal(say_name(&x, T_mkdir, ROOT, "new", NULL, 0755), EROFS);
	assert_int_equal(say_name(&x, T_mknod, ROOT, "new", NULL, S_IFIFO), EROFS);
	assert_int_equal(say_name(&x, T_symlink, ROOT, "new", "x", 0), EROFS);
	assert_int_equal(say_link(&x, T_link, ROOT, 1, "new"), EROFS);
	assert_int_equal(say_link(&x, T_rename, 1, ROOT, "new"), EROFS);
	assert_int_equal(say_renameat(&x, ROOT, "hello", ROOT, "new"), EROFS);
	assert_int_equal(say_unlink(&x, ROOT, "hello", 0), EROFS);
	assert_int_equal(say_setattr(&x, 1, 1, 0, 0, 0), EROFS);
	assert_int_equal(say_set_xattr(&x, 1, "user.x", 0, 0), EROFS);
	assert_int_equal(say_write(&x, 1, 0, "x", 1), EROFS);
	assert_int_equal(say_open(&x, 1, 0), 0);
	assert_int_equal(say_read(&x, T_read, 1, 0, 5), 5);
	assert_int_equal(say_getattr(&x, 1, &a), 0);
	assert_int_equal(say_fid(&x, T_remove, 1), EROFS);
	expect_file(&x, "hello", "hello, world");
	client_free(&x);
}

/* Who is root makes files as the user that asks. */
static void
new_files_are_the_callers(void **state)
{
	struct client x;
	struct attr a;
	(void)state;
	if (geteuid() != 0)
		skip();
	client_new(&x, false);
	assert_int_equal(say_attach(&x, 1, 1234), 0);
	assert_int_equal(say_walk(&x, 1, 2, ""), 0);
	assert_int_equal(say_create(&x, 2, "mine", 2, 04755), 0);
	assert_int_equal(say_getattr(&x, 2, &a), 0);
	assert_int_equal(a.uid, 1234);
	assert_int_equal(a.mode, S_IFREG | 04755);
	assert_int_equal(say_name(&x, T_mkdir, 1, "dir", NULL, 0700), 0);
	assert_int_equal(say_name(&x, T_symlink, 1, "sym", "/etc/passwd", 0), 0);
	assert_int_equal(say_walk(&x, 1, 3, "dir"), 0);
	assert_int_equal(say_getattr(&x, 3, &a), 0);
	assert_int_equal(a.uid, 1234);
	assert_int_equal(say_walk(&x, 1, 4, "sym"), 0);
	assert_int_equal(say_getattr(&x, 4, &a), 0);
	assert_int_equal(a.uid, 1234);
	struct stat st;
	assert_int_equal(stat("/etc/passwd", &st), 0);
	assert_int_equal(st.st_uid, 0);
	client_free(&x);
}

static void
it_goes_on_elsewhere(void **state)
{
	struct client x;
	struct attr a;
	struct err e = { 0 };
	(void)state;
	client_new(&x, false);
	assert_int_equal(say_walk(&x, ROOT, 1, "hello"), 0);
	assert_int_equal(say_open(&x, 1, 2), 0);
	assert_int_equal(say_walk(&x, ROOT, 2, "a/b"), 0);
	assert_int_equal(say_walk(&x, ROOT, 3, ""), 0);
	assert_int_equal(say_create(&x, 3, "gone", 2 | 0300, 0644), 0);
	assert_int_equal(say_unlink(&x, ROOT, "gone", 0), 0);
	assert_int_equal(say_walk(&x, ROOT, 4, ""), 0);
	assert_int_equal(say_create(&x, 4, "fresh", 2 | 01300, 0644), 0);
	assert_int_equal(say_write(&x, 4, 0, "kept", 4), 0);
	assert_int_equal(say_walk(&x, ROOT, 5, "hello"), 0);
	assert_int_equal(say_set_xattr(&x, 5, "user.half", 4, 0), 0);
	assert_int_equal(say_write(&x, 5, 0, "ha", 2), 0);
	struct buf b = { 0 };
	ninep_save(x.server, &b);
	ninep_free(x.server);
	x.server = ninep_new(x.dir, false, &e);
	struct cur c = cur_of(b.p, b.n);
	assert_int_equal(ninep_load(x.server, &c, &e), 0);
	assert_int_equal(cur_left(&c), 0);
	assert_int_equal(ninep_fids(x.server), 6);
	assert_int_equal(say_read(&x, T_read, 1, 0, 5), 5);
	assert_int_equal(say_write(&x, 1, 0, "J", 1), 0);
	assert_int_equal(say_walk(&x, 2, 6, "deep"), 0);
	assert_int_equal(say_read(&x, T_read, 3, 0, 5), -ESTALE);
	assert_int_equal(say_getattr(&x, 3, &a), ESTALE);
	assert_int_equal(say_fid(&x, T_clunk, 3), 0);
	/* not emptied again, not refused for being there */
	assert_int_equal(say_read(&x, T_read, 4, 0, 5), 4);
	assert_int_equal(say_write(&x, 5, 2, "lf", 2), 0);
	/* cut anywhere it is damaged, and harms nobody */
	for (size_t n = 0; n < b.n; n++) {
		uint8_t *cut = xmalloc(n + 1);
		memcpy(cut, b.p, n);
		c = cur_of(cut, n);
		assert_int_equal(ninep_load(x.server, &c, &e), -1);
		free(cut);
	}
	buf_free(&b);
	client_free(&x);
}

/* Every message, cut anywhere and with numbers that are none. */
static void
messages_that_make_no_sense(void **state)
{
	static const struct {
		const char *name;
		uint8_t type;
		bool changes;
	} all[] = {
#define OP(name, type, changes) { #name, type, changes },
#include "layer/hal/dev/ninep.def"
#undef OP
	};
	struct client x;
	(void)state;
	client_new(&x, false);
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		for (unsigned fill = 0; fill < 3; fill++) {
			for (unsigned n = 0; n < 80; n++) {
				struct buf *b = begin(&x, all[i].type);
				for (unsigned k = 0; k < n; k++)
					buf_u8(b, fill == 0   ? 0
					          : fill == 1 ? 0xff
					                      : (uint8_t)(k % 3));
				send(&x);
			}
		}
		/* without a session again, if it was one that ended it */
		say_version(&x, 65536);
		say_attach(&x, ROOT, 0);
	}
	/* heads that lie */
	uint8_t head[16] = { 200, 0, 0, 0, T_getattr, 1, 2 };
	for (size_t n = 0; n <= sizeof head; n++) {
		uint8_t *copy = xmalloc(n + 1);
		memcpy(copy, head, n);
		ninep_serve(x.server, copy, n, &x.reply);
		assert_int_equal(x.reply.n, 11);
		assert_int_equal(x.reply.p[4], RLERROR);
		free(copy);
	}
	expect_file(&x, "hello", "hello, world");
	client_free(&x);
}

static void
only_folders_are_shared(void **state)
{
	struct err e = { 0 };
	(void)state;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_null(ninep_new(fd, false, &e));
	assert_int_equal(e.code, ENOTDIR);
	assert_null(ninep_new(-1, false, &e));
	assert_int_equal(e.code, EBADF);
	close(fd);
}

UNIT_MAIN(TEST(a_session_begins), TEST(ways_lead_nowhere_else), TEST(files_are_read_and_written),
          TEST(only_files_and_folders_are_opened), TEST(folders_are_listed),
          TEST(attributes_are_shown_and_set), TEST(names_are_made_changed_and_removed),
          TEST(extended_attributes), TEST(locks_hold),
          TEST(nothing_changes_when_it_may_only_be_read), TEST(new_files_are_the_callers),
          TEST(it_goes_on_elsewhere), TEST(messages_that_make_no_sense),
          TEST(only_folders_are_shared))
