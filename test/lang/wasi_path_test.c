/* SPDX-License-Identifier: Apache-2.0 */
/* What names may do: everything beneath the folder, nothing beyond it. */
#include "test/lang/wasi_guest.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "base/host_linux.h"

/* All of it twice: with openat2, and as on hosts that lack it. */
static void
both(void (*test)(struct guest *g))
{
	for (int walk = 0; walk < 2; walk++) {
		struct guest g;
		guest_new(&g);
		if (walk)
			g.w->walk = true;
		else if (g.w->walk)
			print_message("this host has no openat2\n");
		test(&g);
		guest_free(&g);
	}
}

static void
open_modes(struct guest *g)
{
	char text[64];
	uint32_t fd = opened(g, "a", CREAT | EXCL, ALL_RIGHTS);
	assert_true(fd > 2);
	assert_int_equal(write_text(g, fd, "hello"), 0);
	assert_int_equal(CALL(g, fd_close, fd), 0);
	assert_int_equal(CALL(g, fd_close, fd), N_BADF);

	assert_int_equal(open_as(g, 3, "a", CREAT | EXCL, ALL_RIGHTS, 0, NULL), N_EXIST);
	assert_int_equal(open_as(g, 3, "b", 0, ALL_RIGHTS, 0, NULL), N_NOENT);
	assert_int_equal(open_as(g, 3, "a/b", CREAT, ALL_RIGHTS, 0, NULL), N_NOTDIR);
	assert_int_equal(open_as(g, 3, "a/", 0, READ_RIGHTS, 0, NULL), N_NOTDIR);
	assert_int_equal(open_as(g, 3, "a///", 0, READ_RIGHTS, 0, NULL), N_NOTDIR);
	assert_int_equal(open_as(g, 3, "new/", CREAT, ALL_RIGHTS, 0, NULL), N_ISDIR);
	assert_int_equal(open_as(g, 3, "a", DIRECTORY, READ_RIGHTS, 0, NULL), N_NOTDIR);
	assert_int_equal(open_as(g, 3, "", 0, READ_RIGHTS, 0, NULL), N_NOENT);
	assert_int_equal(open_as(g, 3, ".", 0, ALL_RIGHTS, 0, NULL), N_ISDIR);
	assert_int_equal(open_as(g, 3, ".", CREAT, READ_RIGHTS, 0, NULL), N_ISDIR);
	assert_int_equal(open_as(g, 3, ".", CREAT | EXCL, READ_RIGHTS, 0, NULL), N_EXIST);
	assert_int_equal(open_as(g, 3, ".", DIRECTORY | CREAT, READ_RIGHTS, 0, NULL), N_INVAL);
	assert_int_equal(open_as(g, 0, "a", 0, READ_RIGHTS, 0, NULL), N_NOTDIR);
	assert_int_equal(open_as(g, 77, "a", 0, READ_RIGHTS, 0, NULL), N_BADF);
	/* a zero inside, an odd flag, too long */
	assert_int_equal(CALL(g, path_open, 3, 0, put(g, PATH, "a"), 2, 0, 0, 0, 0, OUT), N_INVAL);
	assert_int_equal(CALL(g, path_open, 3, 2, PATH, 1, 0, 0, 0, 0, OUT), N_INVAL);
	assert_int_equal(CALL(g, path_open, 3, 0, PATH, 1, 16, 0, 0, 0, OUT), N_INVAL);
	assert_int_equal(CALL(g, path_open, 3, 0, PATH, 1, 0, 0, 0, 32, OUT), N_INVAL);
	memset(at(g, DATA), 'x', 5000);
	assert_int_equal(CALL(g, path_open, 3, 0, DATA, 4096, 0, 0, 0, 0, OUT), N_NAMETOOLONG);
	assert_int_equal(CALL(g, path_open, 3, 0, DATA, 300, 0, 0, 0, 0, OUT), N_NAMETOOLONG);

	fd = opened(g, "a", 0, READ_RIGHTS);
	assert_int_equal(read_text(g, fd, text, sizeof text), 0);
	assert_string_equal(text, "hello");
	assert_int_equal(write_text(g, fd, "x"), N_NOTCAPABLE);
	fd = opened(g, "a", 0, RIGHT_(FD_WRITE));
	assert_int_equal(read_text(g, fd, text, sizeof text), N_NOTCAPABLE);
	assert_int_equal(write_text(g, fd, "J"), 0);
	opened(g, "a", TRUNC, READ_RIGHTS);
	assert_int_equal(stat_of(g, 3, "a", false), 0);
	assert_int_equal(get64(g, OUT + 32), 0);
	/* the lowest number that is free */
	CALL(g, fd_close, fd);
	assert_int_equal(opened(g, "a", 0, READ_RIGHTS), fd);
}

static void
names(struct guest *g)
{
	assert_int_equal(PATHCALL(g, path_create_directory, 3, "d"), 0);
	assert_int_equal(PATHCALL(g, path_create_directory, 3, "d/"), N_EXIST);
	assert_int_equal(PATHCALL(g, path_create_directory, 3, "."), N_EXIST);
	assert_int_equal(PATHCALL(g, path_create_directory, 3, "d/.."), N_EXIST);
	assert_int_equal(PATHCALL(g, path_create_directory, 3, "d/e/"), 0);
	assert_int_equal(PATHCALL(g, path_create_directory, 3, "no/e"), N_NOENT);
	assert_int_equal(PATHCALL(g, path_create_directory, 3, ""), N_NOENT);
	assert_int_equal(PATHCALL(g, path_remove_directory, 3, "d"), N_NOTEMPTY);
	assert_int_equal(PATHCALL(g, path_remove_directory, 3, "d/."), N_INVAL);
	opened(g, "d/.//e/../../d/e/../e///./f", CREAT, ALL_RIGHTS);
	assert_int_equal(stat_of(g, 3, "d/e/f", false), 0);
	assert_int_equal(at(g, OUT)[16], TYPE_REGULAR);
	assert_int_equal(PATHCALL(g, path_unlink_file, 3, "d/e/f/"), N_NOTDIR);
	assert_int_equal(PATHCALL(g, path_unlink_file, 3, "d/e"), N_ISDIR);
	assert_int_equal(PATHCALL(g, path_unlink_file, 3, "d/e/"), N_ISDIR);
	assert_int_equal(PATHCALL(g, path_remove_directory, 3, "d/e/f"), N_NOTDIR);
	assert_int_equal(PATHCALL(g, path_remove_directory, 3, "d/e/f/"), N_NOTDIR);

	/* rename */
	assert_int_equal(renamed(g, 3, "d/e/f", 3, "f"), 0);
	assert_int_equal(stat_of(g, 3, "d/e/f", false), N_NOENT);
	assert_int_equal(renamed(g, 3, "d/e/", 3, "e/"), 0);
	assert_int_equal(renamed(g, 3, "e", 3, "d"), 0);
	opened(g, "d/x", CREAT, ALL_RIGHTS);
	assert_int_equal(PATHCALL(g, path_create_directory, 3, "e"), 0);
	assert_int_equal(renamed(g, 3, "e", 3, "d"), N_NOTEMPTY);
	assert_int_equal(renamed(g, 3, "e", 3, "d/x"), N_NOTDIR);
	assert_int_equal(renamed(g, 3, "f", 3, "e"), N_ISDIR);
	assert_int_equal(renamed(g, 3, "e", 3, "e/e"), N_INVAL);
	assert_int_equal(renamed(g, 3, "f/", 3, "g"), N_NOTDIR);
	uint32_t d = opened(g, "d", DIRECTORY, READ_RIGHTS);
	assert_int_equal(renamed(g, d, "x", 3, "y"), 0);
	assert_int_equal(renamed(g, 3, "y", d, "x"), 0);

	/* link */
	assert_int_equal(linked(g, 3, "f", d, "g"), 0);
	assert_int_equal(stat_of(g, d, "g", false), 0);
	assert_int_equal(get64(g, OUT + 24), 2);
	assert_int_equal(linked(g, 3, "f", d, "g"), N_EXIST);
	assert_int_equal(linked(g, 3, "f", 3, "f"), N_EXIST);
	assert_int_equal(linked(g, 3, "e", 3, "h"), N_PERM);
	assert_int_equal(linked(g, 3, "e/", 3, "h"), N_PERM);
	assert_int_equal(linked(g, 3, "f/", 3, "h"), N_NOTDIR);
	assert_int_equal(linked(g, 3, "no/", 3, "h"), N_NOENT);
	assert_int_equal(linked(g, 3, "f", 3, "h/"), N_NOENT);
	assert_int_equal(CALL(g, path_link, 3, 1, put(g, PATH, "f"), 1, 3, put(g, PATH2, "h"), 1),
	                 N_INVAL);

	/* symlink and readlink */
	assert_int_equal(symlinked(g, "d/g", 3, "s"), 0);
	assert_int_equal(symlinked(g, "d/g", 3, "s"), N_EXIST);
	assert_int_equal(symlinked(g, "d/g", 3, "t/"), N_NOENT);
	assert_int_equal(symlinked(g, "d/g", 3, "d/"), N_EXIST);
	assert_int_equal(symlinked(g, "", 3, "t"), N_NOENT);
	memset(at(g, DATA), '#', 16);
	assert_int_equal(CALL(g, path_readlink, 3, put(g, PATH, "s"), 1, DATA, 10, OUT), 0);
	assert_int_equal(get32(g, OUT), 3);
	assert_memory_equal(at(g, DATA), "d/g####", 7);
	assert_int_equal(CALL(g, path_readlink, 3, put(g, PATH, "s"), 1, DATA, 2, OUT), 0);
	assert_int_equal(get32(g, OUT), 2);
	assert_int_equal(CALL(g, path_readlink, 3, put(g, PATH, "f"), 1, DATA, 2, OUT), N_INVAL);
	assert_int_equal(stat_of(g, 3, "s", false), 0);
	assert_int_equal(at(g, OUT)[16], TYPE_LINK);
	assert_int_equal(stat_of(g, 3, "s", true), 0);
	assert_int_equal(at(g, OUT)[16], TYPE_REGULAR);
	/* a link to a link, a link in the way, a link to nothing, a loop */
	assert_int_equal(symlinked(g, "d", 3, "dd"), 0);
	assert_int_equal(symlinked(g, "../s", d, "s"), 0);
	assert_int_equal(stat_of(g, 3, "dd/s", true), 0);
	assert_int_equal(at(g, OUT)[16], TYPE_REGULAR);
	assert_int_equal(stat_of(g, 3, "dd/", false), 0);
	assert_int_equal(at(g, OUT)[16], TYPE_DIRECTORY);
	assert_int_equal(stat_of(g, 3, "s/", false), N_NOTDIR);
	assert_int_equal(symlinked(g, "nothing", 3, "n"), 0);
	assert_int_equal(stat_of(g, 3, "n", true), N_NOENT);
	assert_int_equal(linked(g, 3, "n", 3, "n2"), 0);
	opened(g, "n", CREAT, ALL_RIGHTS);
	assert_int_equal(stat_of(g, 3, "nothing", false), 0);
	assert_int_equal(symlinked(g, "l", 3, "l"), 0);
	assert_int_equal(open_as(g, 3, "l", 0, READ_RIGHTS, 0, NULL), N_LOOP);
	assert_int_equal(stat_of(g, 3, "l/x", true), N_LOOP);
	/* not to be followed */
	assert_int_equal(CALL(g, path_open, 3, 0, put(g, PATH, "s"), 1, 0, 0, 0, 0, OUT), N_LOOP);
	assert_int_equal(CALL(g, path_open, 3, 0, put(g, PATH, "dd"), 2, DIRECTORY, 0, 0, 0, OUT),
	                 N_NOTDIR);
	assert_int_equal(CALL(g, path_open, 3, 0, put(g, PATH, "s"), 1, CREAT | EXCL, 0, 0, 0, OUT),
	                 N_EXIST);
	assert_int_equal(
	        CALL(g, path_open, 3, O_FOLLOW, put(g, PATH, "dd"), 2, DIRECTORY, 0, 0, 0, OUT), 0);
	assert_int_equal(PATHCALL(g, path_unlink_file, 3, "dd"), 0);
}

static uint64_t
mtime(struct guest *g, const char *path, bool follow)
{
	assert_int_equal(stat_of(g, 3, path, follow), 0);
	return get64(g, OUT + 48);
}

static void
times(struct guest *g)
{
	const uint64_t when = 1234567890123456789;
	opened(g, "f", CREAT, ALL_RIGHTS);
	symlinked(g, "f", 3, "l");
#define SET(path, follow, a, m, flags)                                                             \
	CALL(g, path_filestat_set_times, 3, follow, put(g, PATH, path), 1, a, m, flags)
	assert_int_equal(SET("f", 0, 5, when, 1 | 4), 0);
	assert_int_equal(mtime(g, "f", false), when);
	assert_int_equal(get64(g, OUT + 40), 5);
	assert_int_equal(SET("f", 0, 7, 7, 0), 0);
	assert_int_equal(mtime(g, "f", false), when);
	assert_int_equal(SET("l", 0, 0, 99, 4), 0);
	assert_int_equal(mtime(g, "l", false), 99);
	assert_int_equal(mtime(g, "l", true), when);
	assert_int_equal(SET("l", 1, 0, 77, 4), 0);
	assert_int_equal(mtime(g, "f", false), 77);
	assert_int_equal(SET("f", 0, 0, 0, 8), 0);
	assert_true(mtime(g, "f", false) > when);
	assert_int_equal(SET("f", 0, 0, 0, 4 | 8), N_INVAL);
	assert_int_equal(SET("f", 0, 0, 0, 1 | 2), N_INVAL);
	assert_int_equal(SET("f", 0, 0, 0, 16), N_INVAL);
	assert_int_equal(SET("x", 0, 0, 0, 4), N_NOENT);

	uint32_t fd = opened(g, "f", 0, ALL_RIGHTS);
	assert_int_equal(CALL(g, fd_filestat_set_times, fd, 11, 12, 1 | 4), 0);
	assert_int_equal(mtime(g, "f", false), 12);
	assert_int_equal(get64(g, OUT + 40), 11);
	assert_int_equal(CALL(g, fd_filestat_set_times, fd, 0, 0, 2 | 8), 0);
	assert_int_equal(CALL(g, fd_filestat_set_times, fd, 0, 0, 3), N_INVAL);
}

/* Every call that takes a path, with one that leads out. */
static void
leads_out(struct guest *g, const char *path)
{
	int want = N_NOTCAPABLE;
	static const char *const free_name = "free";
	if (open_as(g, 3, path, 0, READ_RIGHTS, 0, NULL) != want ||
	    open_as(g, 3, path, CREAT, ALL_RIGHTS, 0, NULL) != want ||
	    open_as(g, 3, path, DIRECTORY, READ_RIGHTS, 0, NULL) != want ||
	    open_as(g, 3, path, TRUNC, READ_RIGHTS, 0, NULL) != want)
		fail_msg("path_open '%s'", path);
	if (stat_of(g, 3, path, true) != want)
		fail_msg("path_filestat_get '%s'", path);
	if (CALL(g, path_filestat_set_times, 3, 1, put(g, PATH, path), strlen(path), 0, 0, 8) !=
	    want)
		fail_msg("path_filestat_set_times '%s'", path);
	/* these do not follow the last: a link there is theirs to remove */
	char below[256];
	snprintf(below, sizeof below, "%s/x", path);
	for (int i = 0; i < 2; i++) {
		const char *p = i ? below : path;
		struct stat st;
		if (!i && path[0] != '/' &&
		    fstatat(g->w->dir[0].fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISLNK(st.st_mode))
			continue;
		assert_int_equal(PATHCALL(g, path_create_directory, 3, p), want);
		assert_int_equal(PATHCALL(g, path_remove_directory, 3, p), want);
		assert_int_equal(PATHCALL(g, path_unlink_file, 3, p), want);
		assert_int_equal(
		        CALL(g, path_readlink, 3, put(g, PATH, p), strlen(p), DATA, 64, OUT), want);
		assert_int_equal(renamed(g, 3, p, 3, free_name), want);
		assert_int_equal(renamed(g, 3, "file", 3, p), want);
		assert_int_equal(linked(g, 3, p, 3, free_name), want);
		assert_int_equal(linked(g, 3, "file", 3, p), want);
		assert_int_equal(symlinked(g, "file", 3, p), want);
	}
}

static void
escapes(struct guest *g)
{
	host_file(g, "secret", "secret");
	assert_int_equal(mkdirat(g->fd, "out", 0755), 0);
	host_file(g, "out/x", "secret");
	opened(g, "file", CREAT, ALL_RIGHTS);
	PATHCALL(g, path_create_directory, 3, "d");
	/* what the host left lying about */
	char absolute[128];
	snprintf(absolute, sizeof absolute, "%s/secret", g->dir);
	assert_int_equal(symlinkat(absolute, g->fd, "in/abs"), 0);
	assert_int_equal(symlinkat("/", g->fd, "in/root"), 0);
	assert_int_equal(symlinkat("../secret", g->fd, "in/rel"), 0);
	assert_int_equal(symlinkat("../out", g->fd, "in/outdir"), 0);
	assert_int_equal(symlinkat("..", g->fd, "in/d/up"), 0);
	assert_int_equal(symlinkat("up/../secret", g->fd, "in/d/deep"), 0);
	assert_int_equal(symlinkat("d/up/up2", g->fd, "in/chain"), 0);
	assert_int_equal(symlinkat("../../secret", g->fd, "in/up2"), 0);

	leads_out(g, "..");
	leads_out(g, "../");
	leads_out(g, "../secret");
	leads_out(g, "../in/file");
	leads_out(g, "d/../../secret");
	leads_out(g, "./../secret");
	leads_out(g, "/");
	leads_out(g, "/etc/passwd");
	leads_out(g, absolute);
	leads_out(g, "//file");
	leads_out(g, "abs");
	leads_out(g, "root");
	leads_out(g, "root/etc/passwd");
	leads_out(g, "rel");
	leads_out(g, "outdir");
	leads_out(g, "outdir/x");
	leads_out(g, "outdir/../in/file");
	leads_out(g, "d/up/../secret");
	leads_out(g, "d/deep");
	leads_out(g, "d/up/rel");
	/* `..` inside is fine, from a folder beneath too, as far as that folder */
	assert_int_equal(open_as(g, 3, "d/../file", 0, READ_RIGHTS, 0, NULL), 0);
	assert_int_equal(open_as(g, 3, "d/up/file", 0, READ_RIGHTS, 0, NULL), 0);
	uint32_t d = opened(g, "d", DIRECTORY, READ_RIGHTS);
	assert_int_equal(open_as(g, d, "../file", 0, READ_RIGHTS, 0, NULL), N_NOTCAPABLE);
	assert_int_equal(open_as(g, d, "up/file", 0, READ_RIGHTS, 0, NULL), N_NOTCAPABLE);
	/* chain -> d/up/up2 -> ../../secret, from the top */
	assert_int_equal(open_as(g, 3, "chain", 0, READ_RIGHTS, 0, NULL), N_NOTCAPABLE);

	/* links: none to an absolute place is made or read */
	assert_int_equal(symlinked(g, "/etc/passwd", 3, "mine"), N_NOTCAPABLE);
	assert_int_equal(CALL(g, path_readlink, 3, put(g, PATH, "abs"), 3, DATA, 64, OUT),
	                 N_NOTCAPABLE);
	/* one that leads out is made and useless, wherever it is moved to */
	assert_int_equal(symlinked(g, "../secret", 3, "d/mine"), 0);
	assert_int_equal(open_as(g, 3, "d/mine", 0, READ_RIGHTS, 0, NULL), N_NOENT);
	assert_int_equal(renamed(g, 3, "d/mine", 3, "mine"), 0);
	assert_int_equal(open_as(g, 3, "mine", 0, READ_RIGHTS, 0, NULL), N_NOTCAPABLE);
	assert_int_equal(linked(g, 3, "mine", 3, "d/hard"), 0);
	assert_int_equal(linked(g, 3, "outdir/", 3, "hard"), N_NOTDIR);
	/* kernel magic is not followed either */
	assert_int_equal(symlinked(g, "proc/self/root", 3, "magic"), 0);

	char *text = NULL;
	assert_int_equal(file_read(g->fd, "secret", 100, &text, NULL, NULL), 0);
	assert_string_equal(text, "secret");
	free(text);
}

/* A folder is swapped for a link to the outside, over and over. */
struct race {
	struct guest *g;
	atomic_bool stop;
};

static void *
swap(void *p)
{
	struct race *r = p;
	while (!atomic_load(&r->stop))
		syscall(SYS_renameat2, r->g->fd, "in/a/b", r->g->fd, "in/link",
		        2 /* RENAME_EXCHANGE */);
	return NULL;
}

static void *
shift(void *p)
{
	struct race *r = p;
	while (!atomic_load(&r->stop)) {
		renameat(r->g->fd, "in/a/b", r->g->fd, "in/b");
		renameat(r->g->fd, "in/b", r->g->fd, "in/a/b");
	}
	return NULL;
}

static void
race(struct guest *g, void *(*thread)(void *), const char *const *paths)
{
	struct race r = { .g = g };
	pthread_t t;
	char text[64];
	assert_int_equal(pthread_create(&t, NULL, thread, &r), 0);
	for (int i = 0; i < 4000; i++) {
		uint32_t fd;
		int e = open_as(g, 3, paths[i % 3], 0, READ_RIGHTS, 0, &fd);
		if (e == 0) {
			assert_int_equal(read_text(g, fd, text, sizeof text), 0);
			assert_string_equal(text, "inside");
			assert_int_equal(CALL(g, fd_close, fd), 0);
		}
		PATHCALL(g, path_unlink_file, 3, "a/b/victim");
		PATHCALL(g, path_create_directory, 3, "a/b/made");
		renamed(g, 3, "a/b/victim", 3, "caught");
	}
	atomic_store(&r.stop, true);
	pthread_join(t, NULL);
	/* nothing of the outside was touched */
	assert_int_equal(faccessat(g->fd, "out/victim", F_OK, 0), 0);
	assert_int_equal(faccessat(g->fd, "out/made", F_OK, 0), -1);
	assert_int_equal(stat_of(g, 3, "caught", false), N_NOENT);
}

static void
races(struct guest *g)
{
	static const char *const swapped[] = { "a/b/file", "a/./b/../b/file", "a/b/c/../file" };
	static const char *const shifted[] = { "a/b/c/../../../file", "a/b/../../file",
		                               "a/b/c/../../../../file" };
	assert_int_equal(mkdirat(g->fd, "out", 0755), 0);
	assert_int_equal(mkdirat(g->fd, "out/c", 0755), 0);
	host_file(g, "out/file", "outside");
	host_file(g, "file", "outside");
	host_file(g, "out/victim", "outside");
	assert_int_equal(mkdirat(g->fd, "in/a", 0755), 0);
	assert_int_equal(mkdirat(g->fd, "in/a/b", 0755), 0);
	assert_int_equal(mkdirat(g->fd, "in/a/b/c", 0755), 0);
	host_file(g, "in/a/b/file", "inside");
	host_file(g, "in/file", "inside");
	char absolute[128];
	snprintf(absolute, sizeof absolute, "%s/out", g->dir);
	assert_int_equal(symlinkat(absolute, g->fd, "in/link"), 0);
	race(g, swap, swapped);
	struct stat st;
	if (fstatat(g->fd, "in/a/b", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
		syscall(SYS_renameat2, g->fd, "in/a/b", g->fd, "in/link", 2);
	race(g, shift, shifted);
}

/* -- rights and read-only folders ------------------------------------------------- */

static void
rights(struct guest *g)
{
	uint32_t fd;
	PATHCALL(g, path_create_directory, 3, "d");
	opened(g, "d/f", CREAT, ALL_RIGHTS);
	/* what a folder cannot have is not given */
	fd = opened(g, "d", DIRECTORY, RIGHT_(FD_SEEK) | RIGHT_(FD_READ) | RIGHT_(FD_READDIR));
	assert_int_equal(CALL(g, fd_fdstat_get, fd, OUT), 0);
	assert_int_equal(at(g, OUT)[0], TYPE_DIRECTORY);
	assert_int_equal(get64(g, OUT + 8), RIGHT_(FD_READDIR));
	assert_int_equal(get64(g, OUT + 16), ALL_RIGHTS);
	assert_int_equal(open_as(g, fd, "f", 0, READ_RIGHTS, 0, NULL), N_NOTCAPABLE);
	assert_int_equal(stat_of(g, fd, "f", false), N_NOTCAPABLE);
	/* each right of a folder is what its call needs */
	static const struct {
		uint64_t right;
		int fn;
	} needs[] = {
		{ RIGHT_(PATH_CREATE_DIRECTORY), FN_path_create_directory },
		{ RIGHT_(PATH_REMOVE_DIRECTORY), FN_path_remove_directory },
		{ RIGHT_(PATH_UNLINK_FILE), FN_path_unlink_file },
	};
	for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
		const uint64_t a[16] = { 0, put(g, PATH, "nothing/x"), 9 };
		uint64_t with[16], without[16];
		memcpy(with, a, sizeof a);
		memcpy(without, a, sizeof a);
		with[0] = opened(g, "d", DIRECTORY, needs[i].right);
		without[0] =
		        opened(g, "d", DIRECTORY, ALL_RIGHTS & ~needs[i].right & ~RIGHT_(FD_WRITE));
		put(g, PATH, "nothing/x");
		assert_int_equal(guest_call(g, needs[i].fn, with, false), N_NOENT);
		assert_int_equal(guest_call(g, needs[i].fn, without, false), N_NOTCAPABLE);
	}
	uint32_t none = opened(g, "d", DIRECTORY, 0);
	assert_int_equal(renamed(g, none, "f", 3, "f"), N_NOTCAPABLE);
	assert_int_equal(renamed(g, 3, "d/f", none, "g"), N_NOTCAPABLE);
	assert_int_equal(linked(g, none, "f", 3, "f"), N_NOTCAPABLE);
	assert_int_equal(linked(g, 3, "d/f", none, "g"), N_NOTCAPABLE);
	assert_int_equal(symlinked(g, "f", none, "g"), N_NOTCAPABLE);
	assert_int_equal(CALL(g, path_readlink, none, put(g, PATH, "f"), 1, DATA, 9, OUT),
	                 N_NOTCAPABLE);
	assert_int_equal(CALL(g, path_filestat_set_times, none, 0, put(g, PATH, "f"), 1, 0, 0, 8),
	                 N_NOTCAPABLE);
	assert_int_equal(CALL(g, fd_readdir, none, DATA, 100, 0, OUT), N_NOTCAPABLE);
	assert_int_equal(CALL(g, fd_sync, none), N_NOTCAPABLE);
	assert_int_equal(CALL(g, fd_filestat_get, none, OUT), N_NOTCAPABLE);

	/* they are handed down, and can be given up but not taken */
	fd = opened(g, "d", DIRECTORY, READ_RIGHTS);
	assert_int_equal(CALL(g, fd_fdstat_set_rights, fd, RIGHT_(PATH_OPEN), RIGHT_(FD_READ)), 0);
	assert_int_equal(CALL(g, fd_fdstat_set_rights, fd, RIGHT_(PATH_OPEN),
	                      RIGHT_(FD_READ) | RIGHT_(FD_WRITE)),
	                 N_NOTCAPABLE);
	assert_int_equal(CALL(g, fd_fdstat_set_rights, fd, ALL_RIGHTS, 0), N_NOTCAPABLE);
	assert_int_equal(
	        CALL(g, path_open, fd, 0, put(g, PATH, "f"), 1, 0, RIGHT_(FD_WRITE), 0, 0, OUT),
	        N_NOTCAPABLE);
	assert_int_equal(CALL(g, path_open, fd, 0, PATH, 1, 0, 0, RIGHT_(FD_WRITE), 0, OUT),
	                 N_NOTCAPABLE);
	assert_int_equal(CALL(g, path_open, fd, 0, PATH, 1, CREAT, RIGHT_(FD_READ), 0, 0, OUT),
	                 N_NOTCAPABLE);
	assert_int_equal(CALL(g, path_open, fd, 0, PATH, 1, TRUNC, RIGHT_(FD_READ), 0, 0, OUT),
	                 N_NOTCAPABLE);
	assert_int_equal(
	        CALL(g, path_open, fd, 0, PATH, 1, 0, RIGHT_(FD_READ), 0, FDFLAG_SYNC, OUT),
	        N_NOTCAPABLE);
	assert_int_equal(CALL(g, path_open, fd, 0, PATH, 1, 0, RIGHT_(FD_READ), 0, 0, OUT), 0);
	fd = get32(g, OUT);
	assert_int_equal(CALL(g, fd_fdstat_get, fd, OUT), 0);
	assert_int_equal(get64(g, OUT + 8), RIGHT_(FD_READ));
	assert_int_equal(CALL(g, fd_seek, fd, 0, 0, OUT), N_NOTCAPABLE);
	assert_int_equal(CALL(g, fd_tell, fd, OUT), N_NOTCAPABLE);
	assert_int_equal(CALL(g, fd_pread, fd, iov(g, DATA, 1), 1, 0, OUT), N_NOTCAPABLE);
	assert_int_equal(CALL(g, fd_filestat_set_size, fd, 0), N_NOTCAPABLE);
	assert_int_equal(CALL(g, fd_filestat_set_times, fd, 0, 0, 0), N_NOTCAPABLE);
	assert_int_equal(CALL(g, fd_allocate, fd, 0, 1), N_NOTCAPABLE);
	assert_int_equal(CALL(g, fd_advise, fd, 0, 1, 0), N_NOTCAPABLE);
	assert_int_equal(CALL(g, fd_datasync, fd), N_NOTCAPABLE);
	assert_int_equal(CALL(g, fd_fdstat_set_flags, fd, 0), N_NOTCAPABLE);
}

static void
readonly(struct guest *g)
{
	char text[64];
	wasi_free(g->w);
	int in = openat(g->fd, "in", O_RDONLY | O_DIRECTORY);
	assert_int_equal(mkdirat(g->fd, "rw", 0755), 0);
	int rw = openat(g->fd, "rw", O_RDONLY | O_DIRECTORY);
	const struct wasi_dir dirs[] = { { "/ro", in, true }, { "/rw", rw, false } };
	guest_wasi(g, &(struct wasi_config){ .dirs = dirs, .ndir = 2, .fd = { -1, -1, -1 } });
	close(in);
	close(rw);
	host_file(g, "in/f", "text");
	assert_int_equal(mkdirat(g->fd, "in/d", 0755), 0);
	uint32_t d = opened(g, "d", DIRECTORY, READ_RIGHTS);

	uint32_t fd = opened(g, "f", 0, ALL_RIGHTS & ~RIGHT_(FD_WRITE));
	assert_int_equal(read_text(g, fd, text, sizeof text), 0);
	assert_string_equal(text, "text");
	assert_int_equal(CALL(g, fd_filestat_set_times, fd, 0, 0, 10), N_ROFS);
	assert_int_equal(CALL(g, fd_filestat_set_times, 3, 0, 0, 10), N_ROFS);
	assert_int_equal(CALL(g, fd_filestat_set_size, fd, 0), N_NOTCAPABLE);
	assert_int_equal(CALL(g, fd_allocate, fd, 0, 1), N_NOTCAPABLE);
	assert_int_equal(open_as(g, 3, "f", 0, ALL_RIGHTS, 0, NULL), N_ROFS);
	assert_int_equal(open_as(g, 3, "f", TRUNC, READ_RIGHTS, 0, NULL), N_ROFS);
	assert_int_equal(open_as(g, 3, "f", CREAT, READ_RIGHTS, 0, NULL), 0);
	assert_int_equal(open_as(g, 3, "f", CREAT | EXCL, READ_RIGHTS, 0, NULL), N_EXIST);
	assert_int_equal(open_as(g, 3, "new", CREAT, READ_RIGHTS, 0, NULL), N_ROFS);
	assert_int_equal(open_as(g, d, "new", CREAT | EXCL, READ_RIGHTS, 0, NULL), N_ROFS);
	assert_int_equal(PATHCALL(g, path_create_directory, d, "new"), N_ROFS);
	assert_int_equal(PATHCALL(g, path_remove_directory, 3, "d"), N_ROFS);
	assert_int_equal(PATHCALL(g, path_unlink_file, 3, "f"), N_ROFS);
	assert_int_equal(symlinked(g, "f", 3, "l"), N_ROFS);
	assert_int_equal(renamed(g, 3, "f", 3, "g"), N_ROFS);
	assert_int_equal(renamed(g, 3, "f", 4, "g"), N_ROFS);
	/* the other name could be written */
	assert_int_equal(linked(g, 3, "f", 4, "g"), N_ROFS);
	assert_int_equal(CALL(g, path_filestat_set_times, 3, 0, put(g, PATH, "f"), 1, 0, 0, 8),
	                 N_ROFS);
	assert_int_equal(open_as(g, 4, "new", CREAT, ALL_RIGHTS, 0, NULL), 0);
	assert_int_equal(renamed(g, 4, "new", 3, "new"), N_ROFS);
	/* and a link in the one does not lead into the other */
	assert_int_equal(symlinked(g, "../in/f", 4, "l"), 0);
	assert_int_equal(open_as(g, 4, "l", 0, READ_RIGHTS, 0, NULL), N_NOTCAPABLE);
}

/* -- reading folders --------------------------------------------------------------- */

/* All names with a buffer of n bytes, in `seen`; how many. */
static int
names_of(struct guest *g, uint32_t fd, uint32_t n, char seen[][32],
         void (*meanwhile)(struct guest *, int))
{
	uint64_t cookie = 0;
	int count = 0;
	for (int turn = 0;; turn++) {
		assert_int_equal(CALL(g, fd_readdir, fd, DATA, n, cookie, OUT), 0);
		uint32_t used = get32(g, OUT), i = 0;
		assert_true(used <= n);
		int before = count;
		while (i + 24 <= used) {
			uint32_t len = get32(g, DATA + i + 16);
			if (i + 24 + len > used)
				break;
			cookie = get64(g, DATA + i);
			assert_true(len < 32);
			memcpy(seen[count], at(g, DATA + i + 24), len);
			seen[count++][len] = '\0';
			i += 24 + len;
		}
		if (used < n)
			return count;
		assert_true(count > before);
		if (meanwhile)
			meanwhile(g, turn);
	}
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static char seen[300][32];

static void
remove_some(struct guest *g, int turn)
{
	char name[32];
	snprintf(name, sizeof name, "d/file.%d", turn);
	assert_int_equal(PATHCALL(g, path_unlink_file, 3, name), 0);
}

static void
readdir_(struct guest *g)
{
	char name[32];
	PATHCALL(g, path_create_directory, 3, "d");
	uint32_t d = opened(g, "d", DIRECTORY, READ_RIGHTS);
	assert_int_equal(names_of(g, d, 4096, seen, NULL), 2);
	qsort(seen, 2, sizeof seen[0], by_text);
	assert_string_equal(seen[0], ".");
	assert_string_equal(seen[1], "..");
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "d/file.%d", i);
		CALL(g, fd_close, opened(g, name, CREAT, ALL_RIGHTS));
	}
	for (uint32_t n = 24 + 7; n < 6000; n = n * 2 + 1)
		assert_int_equal(names_of(g, d, n, seen, NULL), 102);
	/* what vanishes while it is read does no harm */
	assert_int_equal(names_of(g, d, 200, seen, remove_some), 102);
	qsort(seen, 102, sizeof seen[0], by_text);
	for (int i = 1; i < 102; i++)
		assert_string_not_equal(seen[i - 1], seen[i]);
	assert_true(names_of(g, d, 200, seen, NULL) < 102);
	/* too small for anything */
	assert_int_equal(CALL(g, fd_readdir, d, DATA, 0, 0, OUT), 0);
	assert_int_equal(get32(g, OUT), 0);
	assert_int_equal(CALL(g, fd_readdir, d, DATA, 5, 0, OUT), 0);
	assert_int_equal(get32(g, OUT), 5);
	/* a cookie of nothing is the end */
	assert_int_equal(CALL(g, fd_readdir, d, DATA, 100, 0xffffffffffffffff, OUT), 0);
	assert_int_equal(get32(g, OUT), 0);
	assert_int_equal(CALL(g, fd_readdir, opened(g, "f", CREAT, ALL_RIGHTS), DATA, 9, 0, OUT),
	                 N_NOTDIR);

	/* numbers and types; the folder above the given one is not told */
	struct stat in;
	assert_int_equal(fstatat(g->fd, "in", &in, 0), 0);
	symlinked(g, "f", 3, "l");
	assert_int_equal(CALL(g, fd_readdir, 3, DATA, 4096, 0, OUT), 0);
	for (uint32_t i = 0; i < get32(g, OUT);) {
		uint32_t len = get32(g, DATA + i + 16);
		memcpy(name, at(g, DATA + i + 24), len);
		name[len] = '\0';
		uint8_t type = at(g, DATA + i)[20];
		if (name[0] == '.') {
			assert_int_equal(type, TYPE_DIRECTORY);
			assert_int_equal(get64(g, DATA + i + 8), in.st_ino);
		} else {
			assert_int_equal(type, name[0] == 'f'   ? TYPE_REGULAR
			                       : name[0] == 'l' ? TYPE_LINK
			                                        : TYPE_DIRECTORY);
		}
		i += 24 + len;
	}
}

static void test_open(void **s) { (void)s, both(open_modes); }
static void test_names(void **s) { (void)s, both(names); }
static void test_times(void **s) { (void)s, both(times); }
static void test_escapes(void **s) { (void)s, both(escapes); }
static void test_races(void **s) { (void)s, both(races); }
static void test_rights(void **s) { (void)s, both(rights); }
static void test_readonly(void **s) { (void)s, both(readonly); }
static void test_readdir(void **s) { (void)s, both(readdir_); }

UNIT_MAIN(TEST(test_open), TEST(test_names), TEST(test_times), TEST(test_escapes), TEST(test_races),
          TEST(test_rights), TEST(test_readonly), TEST(test_readdir))
