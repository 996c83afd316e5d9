/* SPDX-License-Identifier: Apache-2.0 */
/* What a snapshot keeps of a program's open files, and what it does not. */
#include "test/lang/wasi_guest.h"

#include <sys/socket.h>
#include <sys/un.h>

static struct buf saved;

static int
save(struct guest *g, struct err *e)
{
	buf_free(&saved);
	return wasi_save(g->w, &saved, e);
}

/* The same folders again for a fresh guest, which then loads n bytes of what was saved. */
static int
load(struct guest *g, size_t n, struct err *e)
{
	int in = openat(g->fd, "in", O_RDONLY | O_DIRECTORY), null = open("/dev/null", O_RDWR);
	const struct wasi_dir dirs[] = { { "/other", g->fd, false }, { "/", in, false } };
	wasi_free(g->w);
	char *argv[] = { "other", NULL };
	guest_wasi(g, &(struct wasi_config){ .argv = argv,
	                                     .dirs = dirs,
	                                     .ndir = 2,
	                                     .fd = { null, null, null },
	                                     .clocks = true,
	                                     .deterministic = true });
	close(in);
	close(null);
	struct cur c = cur_of(saved.p, n);
	return wasi_load(g->w, &c, e);
}

static void
test_same(void **s)
{
	(void)s;
	struct guest g;
	struct err e = { 0 };
	char text[64];
	guest_new(&g);
	int in = openat(g.fd, "in", O_RDONLY | O_DIRECTORY), null = open("/dev/null", O_RDWR);
	const struct wasi_dir dirs[] = { { "/", in, false } };
	char *argv[] = { "prog", "arg", NULL }, *env[] = { "A=1", NULL };
	wasi_free(g.w);
	guest_wasi(&g, &(struct wasi_config){ .argv = argv,
	                                      .env = env,
	                                      .dirs = dirs,
	                                      .ndir = 1,
	                                      .fd = { null, null, null },
	                                      .clocks = true,
	                                      .deterministic = true });
	close(in);
	close(null);
	/* open files of all kinds, some moved, some closed */
	uint32_t f = opened(&g, "f", CREAT, ALL_RIGHTS);
	write_text(&g, f, "0123456789");
	CALL(&g, fd_seek, f, 4, 0, OUT);
	PATHCALL(&g, path_create_directory, 3, "d");
	uint32_t d = opened(&g, "d", DIRECTORY, READ_RIGHTS), below, app;
	assert_int_equal(open_as(&g, d, "x", CREAT, RIGHT_(FD_READ) | RIGHT_(FD_TELL), 0, &below),
	                 0);
	assert_int_equal(open_as(&g, 3, "app", CREAT, ALL_RIGHTS, FDFLAG_APPEND, &app), 0);
	write_text(&g, app, "12");
	uint32_t moved = opened(&g, "moved", CREAT, ALL_RIGHTS);
	write_text(&g, moved, "m");
	renamed(&g, 3, "moved", 3, "d/away");
	CALL(&g, fd_fdstat_set_flags, 0, FDFLAG_NONBLOCK);
	CALL(&g, fd_close, 2);
	CALL(&g, fd_readdir, d, DATA, 60, 0, OUT);
	uint64_t cookie = get64(&g, DATA);
	CALL(&g, random_get, DATA, 8);
	CALL(&g, clock_time_get, 1, 0, OUT);
	uint64_t then = get64(&g, OUT);
	/* one that sleeps */
	memset(at(&g, DATA), 0, 48);
	wasi_put32(at(&g, DATA + 16), 1);
	wasi_put64(at(&g, DATA + 24), 50000000);
	g.t.pending = 1;
	assert_int_equal(CALL(&g, poll_oneoff, DATA, DATA, 1, OUT), AGAIN);
	g.t.pending = 0;
	g.w->tid = 7;

	assert_int_equal(save(&g, &e), 0);
	uint8_t random[8];
	CALL(&g, random_get, DATA + 100, 8);
	memcpy(random, at(&g, DATA + 100), 8);
	if (load(&g, saved.n, &e) < 0)
		fail_msg("%s", e.what);

	assert_int_equal(CALL(&g, args_get, OUT, DATA + 200), 0);
	assert_string_equal((char *)at(&g, get32(&g, OUT + 4)), "arg");
	assert_int_equal(CALL(&g, environ_sizes_get, OUT, OUT + 4), 0);
	assert_int_equal(get32(&g, OUT + 4), 4);
	assert_int_equal(CALL(&g, random_get, DATA + 100, 8), 0);
	assert_memory_equal(at(&g, DATA + 100), random, 8);
	/* the clock goes on, and the sleep */
	CALL(&g, clock_time_get, 1, 0, OUT);
	assert_true(get64(&g, OUT) >= then && get64(&g, OUT) < then + 5000000000);
	assert_int_equal(CALL(&g, poll_oneoff, DATA, DATA, 1, OUT), 0);
	CALL(&g, clock_time_get, 1, 0, OUT);
	assert_true(get64(&g, OUT) >= then + 50000000);
	assert_int_equal(g.w->tid, 7);

	/* the same descriptors, and no others */
	assert_int_equal(read_text(&g, f, text, sizeof text), 0);
	assert_string_equal(text, "456789");
	assert_int_equal(CALL(&g, fd_fdstat_get, below, OUT), 0);
	assert_int_equal(get64(&g, OUT + 8), RIGHT_(FD_READ) | RIGHT_(FD_TELL));
	CALL(&g, fd_seek, app, 0, 0, OUT);
	write_text(&g, app, "34");
	CALL(&g, fd_tell, app, OUT);
	assert_int_equal(get64(&g, OUT), 4);
	assert_int_equal(write_text(&g, moved, "ved"), 0);
	assert_int_equal(CALL(&g, fd_filestat_get, moved, OUT), 0);
	assert_int_equal(get64(&g, OUT + 32), 4);
	assert_int_equal(CALL(&g, fd_fdstat_get, 2, OUT), N_BADF);
	assert_int_equal(CALL(&g, fd_fdstat_get, 0, OUT), 0);
	assert_int_equal(get16(&g, OUT + 2), FDFLAG_NONBLOCK);
	assert_int_equal(CALL(&g, fd_prestat_get, 3, OUT), 0);
	assert_int_equal(get32(&g, OUT + 4), 1);
	assert_int_equal(CALL(&g, fd_fdstat_get, moved + 1, OUT), N_BADF);
	/* a folder that is half read: what came since is not in the list */
	assert_int_equal(open_as(&g, d, "later", CREAT, READ_RIGHTS, 0, NULL), 0);
	assert_int_equal(CALL(&g, fd_readdir, d, DATA, 1000, cookie, OUT), 0);
	assert_null(memmem(at(&g, DATA), get32(&g, OUT), "later", 5));
	assert_int_equal(CALL(&g, fd_readdir, d, DATA, 1000, 0, OUT), 0);
	assert_non_null(memmem(at(&g, DATA), get32(&g, OUT), "later", 5));
	/* sorted, because it is deterministic */
	assert_memory_equal(at(&g, DATA + 24), ".", 1);
	assert_memory_equal(at(&g, DATA + 49), "..", 2);
	/* and once more */
	assert_int_equal(save(&g, &e), 0);
	assert_int_equal(load(&g, saved.n, &e), 0);
	assert_int_equal(CALL(&g, fd_tell, app, OUT), 0);
	assert_int_equal(get64(&g, OUT), 4);
	guest_free(&g);
	buf_free(&saved);
}

static void
test_gone(void **s)
{
	(void)s;
	struct guest g;
	struct err e = { 0 };
	guest_new(&g);
	opened(&g, "f", CREAT, ALL_RIGHTS);
	assert_int_equal(save(&g, &e), 0);
	/* gone between the two */
	assert_int_equal(unlinkat(g.fd, "in/f", 0), 0);
	assert_int_equal(load(&g, saved.n, &e), -1);
	assert_string_equal(e.what,
	                    "the program's open file 'f' beneath '/': No such file or directory");
	/* or another thing, or a way out */
	assert_int_equal(mkfifoat(g.fd, "in/f", 0644), 0);
	assert_int_equal(load(&g, saved.n, &e), -1);
	assert_int_equal(unlinkat(g.fd, "in/f", 0), 0);
	host_file(&g, "secret", "");
	assert_int_equal(symlinkat("../secret", g.fd, "in/f"), 0);
	assert_int_equal(load(&g, saved.n, &e), -1);
	assert_string_equal(e.what,
	                    "the program's open file 'f' beneath '/': it is not beneath it");
	assert_int_equal(unlinkat(g.fd, "in/f", 0), 0);
	host_file(&g, "in/f", "");
	assert_int_equal(load(&g, saved.n, &e), 0);
	guest_free(&g);

	/* gone before */
	guest_new(&g);
	opened(&g, "f", CREAT, ALL_RIGHTS);
	assert_int_equal(PATHCALL(&g, path_unlink_file, 3, "f"), 0);
	assert_int_equal(save(&g, &e), -1);
	assert_string_equal(e.what, "the open file 'f' beneath '/' was removed or moved away");
	opened(&g, "f", CREAT, ALL_RIGHTS);
	assert_int_equal(save(&g, &e), -1);
	guest_free(&g);

	/* a folder that is not given */
	guest_new(&g);
	assert_int_equal(save(&g, &e), 0);
	wasi_free(g.w);
	const struct wasi_dir other = { "/x", g.fd, false };
	guest_wasi(&g, &(struct wasi_config){ .dirs = &other, .ndir = 1, .fd = { -1, -1, -1 } });
	struct cur c = cur_of(saved.p, saved.n);
	assert_int_equal(wasi_load(g.w, &c, &e), -1);
	assert_string_equal(e.what, "the program had a folder '/', which is not given now");
	wasi_free(g.w);
	/* one that may only be read now */
	const struct wasi_dir ro = { "/", g.fd, true };
	guest_wasi(&g, &(struct wasi_config){ .dirs = &ro, .ndir = 1, .fd = { -1, -1, -1 } });
	c = cur_of(saved.p, saved.n);
	assert_int_equal(wasi_load(g.w, &c, &e), -1);
	assert_string_equal(e.what, "the program had descriptor 0, which is not given now");
	guest_free(&g);
	buf_free(&saved);
}

static void
test_connection(void **s)
{
	(void)s;
	struct guest g;
	struct err e = { 0 };
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	snprintf(a.sun_path + 1, sizeof a.sun_path - 1, "joist-wasi-save-%d", (int)getpid());
	int l = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(l, (struct sockaddr *)&a, sizeof a) | listen(l, 1), 0);
	guest_new(&g);
	wasi_free(g.w);
	const struct wasi_config config = { .fd = { -1, -1, -1 }, .sockets = &l, .nsocket = 1 };
	guest_wasi(&g, &config);
	assert_int_equal(save(&g, &e), 0);
	wasi_free(g.w);
	guest_wasi(&g, &config);
	struct cur cur = cur_of(saved.p, saved.n);
	assert_int_equal(wasi_load(g.w, &cur, &e), 0);
	assert_int_equal(connect(c, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(CALL(&g, sock_accept, 3, 0, OUT), 0);
	assert_int_equal(save(&g, &e), -1);
	assert_string_equal(e.what,
	                    "descriptor 4 of the program is a connection, which cannot be saved");
	close(l);
	close(c);
	guest_free(&g);
	buf_free(&saved);
}

/* Cut off anywhere, and changed anywhere. */
static void
test_damaged(void **s)
{
	(void)s;
	struct guest g;
	struct err e = { 0 };
	guest_new(&g);
	uint32_t f = opened(&g, "f", CREAT, ALL_RIGHTS);
	CALL(&g, fd_readdir, 3, DATA, 100, 0, OUT);
	assert_true(f > 3);
	assert_int_equal(save(&g, &e), 0);
	for (size_t n = 0; n < saved.n; n++)
		assert_int_equal(load(&g, n, &e), -1);
	for (size_t n = 0; n < saved.n; n++)
		for (int v = 0; v < 3; v++) {
			uint8_t was = saved.p[n];
			saved.p[n] = v == 0 ? (uint8_t)~was : v == 1 ? 0xff : 0;
			load(&g, saved.n, &e);
			saved.p[n] = was;
		}
	assert_int_equal(load(&g, saved.n, &e), 0);
	guest_free(&g);
	buf_free(&saved);
}

UNIT_MAIN(TEST(test_same), TEST(test_gone), TEST(test_connection), TEST(test_damaged))
