/* wasi_guest.h -- a program without a program: what calls WASI in the unit tests.
 *
 * A thread, an instance and a memory made by hand, just enough for host functions.
 * The memory is malloc'ed, so that a sanitizer sees whoever leaves it.
 */
#ifndef TEST_LANG_WASI_GUEST_H
#define TEST_LANG_WASI_GUEST_H

#include "test/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "layer/lang/wasi/inner.h"
#include "layer/lang/wasi/wasi.h"

enum { MEMORY = 0x20000, AGAIN = -1, EXITED = -2 };

/* WASI's errors as the program sees them: N_NOENT. */
enum {
#define ERRNO(number, name, host) N_##name = number,
#include "layer/lang/wasi/errno.def"
#undef ERRNO
};

struct guest {
	struct wasi *w;
	struct thread t;
	struct instance i;
	struct module m;
	struct memory memory, *list[1];
	struct export export;
	uint32_t order;
	char dir[64];           /* on the host */
	int fd;                 /* of it */
};

/* What the process owes WASI (wasi.h). */
static inline void
guest_nothing(int sig)
{
	(void)sig;
}

static inline void
guest_signals(void)
{
	struct sigaction a = { .sa_handler = guest_nothing };
	sigaction(SIGURG, &a, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static inline void
guest_memory(struct guest *g)
{
	g->memory.base = calloc(1, MEMORY);
	assert_non_null(g->memory.base);
	g->memory.size = MEMORY;
	g->list[0] = &g->memory;
	g->export = (struct export){ .name = { "memory", 6 }, .kind = EXTERN_MEMORY };
	g->m.export = &g->export;
	g->m.export_order = &g->order;
	g->m.nexport = 1;
	g->i.module = &g->m;
	g->i.memory = g->list;
	g->t.caller = &g->i;
	g->t.number = 1;
}

static inline void
guest_wasi(struct guest *g, const struct wasi_config *c)
{
	struct err e = { 0 };
	g->w = wasi_new(c, &e);
	if (!g->w)
		fail_msg("wasi_new: %s", e.what);
}

/* A guest with nothing on its standard descriptors and an empty folder "/" as 3. */
static inline void
guest_new(struct guest *g)
{
	memset(g, 0, sizeof *g);
	guest_memory(g);
	snprintf(g->dir, sizeof g->dir, "/tmp/joist-wasi.XXXXXX");
	assert_non_null(mkdtemp(g->dir));
	g->fd = open(g->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(g->fd >= 0);
	assert_int_equal(mkdirat(g->fd, "in", 0755), 0);
	int in = openat(g->fd, "in", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	assert_true(in >= 0 && null >= 0);
	const struct wasi_dir dirs[] = { { "/", in, false } };
	guest_wasi(g, &(struct wasi_config){ .dirs = dirs,
	                                     .ndir = 1,
	                                     .fd = { null, null, null },
	                                     .clocks = true });
	close(in);
	close(null);
}

/* A guest whose standard input and output are these. */
static inline void
guest_with(struct guest *g, int in, int out, const int *sockets, size_t nsocket)
{
	memset(g, 0, sizeof *g);
	guest_memory(g);
	guest_wasi(g, &(struct wasi_config){ .fd = { in, out, -1 },
	                                     .sockets = sockets,
	                                     .nsocket = nsocket,
	                                     .clocks = true });
}

static inline void
guest_free(struct guest *g)
{
	wasi_free(g->w);
	free(g->memory.base);
	if (g->fd > 0)
		close(g->fd);
	if (g->dir[0])
		file_remove(AT_FDCWD, g->dir, NULL);
}

/* Call it; the errno, AGAIN or EXITED.  What is not defined is not zero. */
static inline int
guest_call(struct guest *g, int fn, const uint64_t *args, bool unstable)
{
	uint64_t slots[16] = { 0 };
	const struct wasi_row *row = &wasi_row[fn];
	for (int i = 0; row->params[i]; i++)
		slots[i] = row->params[i] == 'i' ? (uint32_t)args[i] | 0xdeadbeef00000000 : args[i];
	enum host r = wasi_enter(&g->t, &g->w->bind[unstable][fn], slots);
	return r == HOST_AGAIN ? AGAIN : r == HOST_EXIT ? EXITED : (int)(uint32_t)slots[0];
}

#define CALL(g, name, ...) guest_call(g, FN_##name, (const uint64_t[16]){ __VA_ARGS__ }, false)
#define OLD(g, name, ...) guest_call(g, FN_##name, (const uint64_t[16]){ __VA_ARGS__ }, true)

static inline uint8_t *at(struct guest *g, uint32_t a) { return g->memory.base + a; }
static inline uint64_t get64(struct guest *g, uint32_t a) { return wasi_get_le(at(g, a), 8); }
static inline uint32_t get32(struct guest *g, uint32_t a) { return (uint32_t)wasi_get_le(at(g, a), 4); }
static inline uint32_t get16(struct guest *g, uint32_t a) { return (uint32_t)wasi_get_le(at(g, a), 2); }

/* Text into its memory; where it is. */
static inline uint32_t
put(struct guest *g, uint32_t a, const char *s)
{
	memcpy(at(g, a), s, strlen(s) + 1);
	return a;
}

/* Places in the memory: paths at PATH and PATH2, lists of buffers at IOV, what calls
 * say at OUT, data at DATA, events at EVENTS. */
enum { OUT = 0x100, IOV = 0x200, PATH = 0x1000, PATH2 = 0x3000, DATA = 0x8000, EVENTS = 0x10000 };

static inline uint32_t
iov(struct guest *g, uint32_t a, uint32_t n)
{
	wasi_put32(at(g, IOV), a);
	wasi_put32(at(g, IOV + 4), n);
	return IOV;
}

#define ALL_RIGHTS (wasi_file_rights('f') | wasi_file_rights('d'))
#define READ_RIGHTS (ALL_RIGHTS & ~(RIGHT_(FD_WRITE) | RIGHT_(FD_ALLOCATE) | RIGHT_(FD_FILESTAT_SET_SIZE)))
enum { O_FOLLOW = 1, CREAT = 1, DIRECTORY = 2, EXCL = 4, TRUNC = 8 };

static inline int
open_as(struct guest *g, uint32_t dir, const char *path, uint32_t oflags, uint64_t rights, uint32_t fdflags,
        uint32_t *fd)
{
	int r = CALL(g, path_open, dir, O_FOLLOW, put(g, PATH, path), strlen(path), oflags, rights,
	             ALL_RIGHTS, fdflags, OUT);
	if (r == 0 && fd)
		*fd = get32(g, OUT);
	return r;
}

/* Opened, or the test fails. */
static inline uint32_t
opened(struct guest *g, const char *path, uint32_t oflags, uint64_t rights)
{
	uint32_t fd = 0;
	int r = open_as(g, 3, path, oflags, rights, 0, &fd);
	if (r)
		fail_msg("'%s': %d", path, r);
	return fd;
}

static inline int
write_text(struct guest *g, uint32_t fd, const char *s)
{
	put(g, DATA, s);
	return CALL(g, fd_write, fd, iov(g, DATA, (uint32_t)strlen(s)), 1, OUT);
}

/* What is read, ended with a zero; the errno. */
static inline int
read_text(struct guest *g, uint32_t fd, char *to, size_t n)
{
	int r = CALL(g, fd_read, fd, iov(g, DATA, (uint32_t)n - 1), 1, OUT);
	if (r == 0) {
		memcpy(to, at(g, DATA), get32(g, OUT));
		to[get32(g, OUT)] = '\0';
	}
	return r;
}

/* Calls with one path. */
#define PATHCALL(g, name, dir, path) CALL(g, name, dir, put(g, PATH, path), strlen(path))

static inline int
stat_of(struct guest *g, uint32_t dir, const char *path, bool follow)
{
	return CALL(g, path_filestat_get, dir, follow, put(g, PATH, path), strlen(path), OUT);
}

/* Two paths: rename, link, and the text of a link. */
static inline int
renamed(struct guest *g, uint32_t a, const char *from, uint32_t b, const char *to)
{
	return CALL(g, path_rename, a, put(g, PATH, from), strlen(from), b, put(g, PATH2, to), strlen(to));
}
static inline int
linked(struct guest *g, uint32_t a, const char *from, uint32_t b, const char *to)
{
	return CALL(g, path_link, a, 0, put(g, PATH, from), strlen(from), b, put(g, PATH2, to), strlen(to));
}
static inline int
symlinked(struct guest *g, const char *text, uint32_t b, const char *to)
{
	return CALL(g, path_symlink, put(g, PATH, text), strlen(text), b, put(g, PATH2, to), strlen(to));
}

/* Files of the host, below g->dir. */
static inline void
host_file(struct guest *g, const char *path, const char *text)
{
	assert_int_equal(file_write(g->fd, path, text, strlen(text), 0644, false, NULL), 0);
}

#endif
