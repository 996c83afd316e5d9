/* SPDX-License-Identifier: Apache-2.0 */
/* Every function of WASI but those with paths (wasi_path_test.c). */
#include "test/lang/wasi_guest.h"

#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>

#include "layer/lang/type.h"

static void
nothing(int sig)
{
	(void)sig;
}

/* What the process owes us (wasi.h). */
static void
signals(void)
{
	struct sigaction a = { .sa_handler = nothing };
	sigaction(SIGURG, &a, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* -- the tables ---------------------------------------------------------------- */

static void
test_errno(void **s)
{
	(void)s;
	int last = 0;
#define ERRNO(number, name, host)                                                                  \
	assert_int_equal(wasi_errno(host), number);                                                \
	assert_int_equal(number, last + 1);                                                        \
	last = number;
#include "layer/lang/wasi/errno.def"
#undef ERRNO
	assert_int_equal(last, 76);
	assert_int_equal(wasi_errno(0), 0);
	assert_int_equal(wasi_errno(EWOULDBLOCK), 6);
	assert_int_equal(wasi_errno(ENOTSUP), 58);
	/* nothing of the host's is taken for success, and all of it for something */
	for (int e = 1; e < 200; e++)
		assert_true(wasi_errno(e) > 0 && wasi_errno(e) < 77);
}

static void
test_rights_table(void **s)
{
	(void)s;
	assert_int_equal(BIT_COUNT, 30);
	uint64_t all = 0;
#define RIGHT(name, kinds)                                                                         \
	for (const char *k = kinds; *k; k++) {                                                     \
		assert_non_null(strchr("fdtsl", *k));                                              \
		assert_true((wasi_file_rights(*k) & RIGHT_(name)) != 0);                           \
	}                                                                                          \
	all |= RIGHT_(name);
#include "layer/lang/wasi/right.def"
#undef RIGHT
	assert_int_equal(all, 0x3fffffff);
	/* bits that api.h gives a number to */
	assert_int_equal(RIGHT_(FD_READDIR), 1 << 14);
	assert_int_equal(RIGHT_(POLL_FD_READWRITE), 1 << 27);
	assert_int_equal(RIGHT_(SOCK_ACCEPT), 1 << 29);
}

static uint32_t
type_by(const char *params, const char *results)
{
	valtype p[16], r[1];
	uint32_t n = 0, m = 0;
	for (; params[n]; n++)
		p[n] = params[n] == 'i' ? T_I32 : T_I64;
	for (; results[m]; m++)
		r[m] = T_I32;
	return type_func(p, n, r, m);
}

static bool
import(struct guest *g, struct store *store, const char *module, const char *name, uint32_t type,
       struct external *x, struct err *e)
{
	return wasi_import(g->w, store, (struct name){ module, (uint32_t)strlen(module) },
	                   (struct name){ name, (uint32_t)strlen(name) }, type, x, e);
}

static void
test_import(void **state)
{
	(void)state;
	struct guest g;
	struct err e = { 0 };
	struct external x, y;
	struct store *store = store_new(NULL);
	guest_new(&g);
	int rows = 0;
#define FN(name, p, r)                                                                             \
	assert_true(import(&g, store, "wasi_snapshot_preview1", #name, type_by(p, r), &x, &e));    \
	assert_int_equal(x.kind, EXTERN_FUNC);                                                     \
	assert_string_equal(x.func->host_name, "wasi_snapshot_preview1." #name);                   \
	rows++;                                                                                    \
	assert_true(import(&g, store, "wasi_snapshot_preview1", #name, type_by(p, r), &y, &e));    \
	assert_ptr_equal(x.func, y.func);                                                          \
	assert_int_equal(import(&g, store, "wasi_unstable", #name, type_by(p, r), &y, &e),         \
	                 strcmp(#name, "sock_accept") != 0);                                       \
	assert_false(                                                                              \
	        import(&g, store, "wasi_snapshot_preview1", #name, type_by(p "i", r), &y, &e));    \
	assert_memory_equal(e.what, "incompatible import type", 24);
#include "layer/lang/wasi/wasi.def"
#undef FN
	assert_int_equal(rows, 46);
	assert_int_equal(FN_COUNT, 47);
	assert_true(import(&g, store, "wasi", "thread-spawn", type_by("i", "i"), &x, &e));
	assert_string_equal(x.func->host_name, "wasi.thread-spawn");
	assert_false(import(&g, store, "wasi_snapshot_preview1", "thread-spawn", type_by("i", "i"),
	                    &x, &e));
	assert_false(import(&g, store, "wasi", "fd_close", type_by("i", "i"), &x, &e));
	assert_false(import(&g, store, "env", "fd_close", type_by("i", "i"), &x, &e));
	assert_string_equal(e.what, "unknown import: env.fd_close");
	/* and it is the function that it says */
	assert_true(import(&g, store, "wasi_snapshot_preview1", "args_sizes_get",
	                   type_by("ii", "i"), &x, &e));
	uint64_t slots[2] = { OUT, OUT + 4 };
	assert_int_equal(x.func->host(&g.t, x.func->env, slots), HOST_OK);
	assert_int_equal((uint32_t)slots[0], 0);
	guest_free(&g);
	store_free(store);
}

/* -- arguments, clocks, random ------------------------------------------------------ */

static void
test_args(void **s)
{
	(void)s;
	struct guest g;
	guest_new(&g);
	assert_int_equal(CALL(&g, args_sizes_get, OUT, OUT + 4), 0);
	assert_int_equal(get32(&g, OUT), 0);
	assert_int_equal(CALL(&g, args_get, OUT, OUT), 0);
	wasi_free(g.w);
	char *argv[] = { "prog", "", "two words", NULL }, *env[] = { "A=1", "B=", NULL };
	guest_wasi(&g, &(struct wasi_config){ .argv = argv, .env = env, .fd = { -1, -1, -1 } });
	assert_int_equal(CALL(&g, args_sizes_get, OUT, OUT + 4), 0);
	assert_int_equal(get32(&g, OUT), 3);
	assert_int_equal(get32(&g, OUT + 4), 16);
	assert_int_equal(CALL(&g, args_get, OUT, DATA), 0);
	assert_int_equal(get32(&g, OUT), DATA);
	assert_int_equal(get32(&g, OUT + 4), DATA + 5);
	assert_string_equal((char *)at(&g, get32(&g, OUT + 8)), "two words");
	assert_int_equal(CALL(&g, environ_sizes_get, OUT, OUT + 4), 0);
	assert_int_equal(get32(&g, OUT), 2);
	assert_int_equal(get32(&g, OUT + 4), 7);
	assert_int_equal(CALL(&g, environ_get, OUT, DATA), 0);
	assert_string_equal((char *)at(&g, get32(&g, OUT + 4)), "B=");
	/* they fit exactly, or not at all */
	assert_int_equal(CALL(&g, args_get, OUT, MEMORY - 16), 0);
	assert_int_equal(CALL(&g, args_get, OUT, MEMORY - 15), N_FAULT);
	assert_int_equal(CALL(&g, args_get, MEMORY - 12, DATA), 0);
	assert_int_equal(CALL(&g, args_get, MEMORY - 11, DATA), N_FAULT);
	/* no descriptors were given */
	for (uint32_t fd = 0; fd < 5; fd++)
		assert_int_equal(CALL(&g, fd_fdstat_get, fd, OUT), N_BADF);
	/* a caller without a memory */
	g.m.nexport = 0;
	assert_int_equal(CALL(&g, args_get, OUT, DATA), N_FAULT);
	assert_int_equal(CALL(&g, sched_yield, 0), 0);
	g.t.caller = NULL;
	assert_int_equal(CALL(&g, args_sizes_get, OUT, DATA), N_FAULT);
	guest_free(&g);
}

static void
test_clocks(void **s)
{
	(void)s;
	struct guest g;
	guest_new(&g);
	for (uint32_t id = 0; id < 4; id++) {
		assert_int_equal(CALL(&g, clock_res_get, id, OUT), 0);
		assert_true(get64(&g, OUT) > 0 && get64(&g, OUT) <= 1000000000);
		assert_int_equal(CALL(&g, clock_time_get, id, 1000, OUT), 0);
	}
	assert_int_equal(CALL(&g, clock_time_get, 0, 0, OUT), 0);
	assert_true((uint64_t)time(NULL) - get64(&g, OUT) / 1000000000 <= 1);
	assert_int_equal(CALL(&g, clock_time_get, 1, 0, OUT), 0);
	assert_int_equal(CALL(&g, clock_time_get, 1, 0, OUT + 8), 0);
	assert_true(get64(&g, OUT) <= get64(&g, OUT + 8));
	assert_int_equal(CALL(&g, clock_time_get, 4, 0, OUT), N_INVAL);
	assert_int_equal(CALL(&g, clock_res_get, 4, OUT), N_INVAL);
	wasi_free(g.w);
	guest_wasi(&g, &(struct wasi_config){ .fd = { -1, -1, -1 } });
	assert_int_equal(CALL(&g, clock_time_get, 1, 0, OUT), N_NOTSUP);
	assert_int_equal(CALL(&g, clock_res_get, 0, OUT), N_NOTSUP);
	assert_int_equal(CALL(&g, clock_time_get, 9, 0, OUT), N_INVAL);
	guest_free(&g);
}

static void
test_random(void **s)
{
	(void)s;
	struct guest g;
	guest_new(&g);
	assert_int_equal(CALL(&g, random_get, DATA, 0x10000), 0);
	int count[256] = { 0 };
	for (int i = 0; i < 0x10000; i++)
		count[at(&g, DATA)[i]]++;
	for (int i = 0; i < 256; i++)
		assert_true(count[i] > 100);
	assert_int_equal(CALL(&g, random_get, MEMORY, 0), 0);
	/* the same twice when it must be, and not for another seed */
	uint8_t was[64];
	for (uint64_t turn = 0; turn < 3; turn++) {
		wasi_free(g.w);
		guest_wasi(&g, &(struct wasi_config){ .fd = { -1, -1, -1 },
		                                      .deterministic = true,
		                                      .seed = turn / 2 });
		assert_int_equal(CALL(&g, random_get, DATA, 13), 0);
		assert_int_equal(CALL(&g, random_get, DATA + 13, 51), 0);
		if (turn == 1)
			assert_memory_equal(was, at(&g, DATA), 64);
		if (turn == 2)
			assert_memory_not_equal(was, at(&g, DATA), 64);
		memcpy(was, at(&g, DATA), 64);
	}
	guest_free(&g);
}

static void
test_exit(void **s)
{
	(void)s;
	struct guest g;
	guest_new(&g);
	assert_int_equal(CALL(&g, proc_exit, 37), EXITED);
	assert_int_equal(g.t.status, 37);
	assert_int_equal(CALL(&g, proc_exit, 0xffffffff), EXITED);
	assert_int_equal(g.t.status, -1);
	/* none, and those that Linux ignores by default: chld, cont, urg, winch */
	static const uint32_t harmless[] = { 0, 16, 17, 22, 27 }, stops[] = { 18, 19, 20, 21 };
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(CALL(&g, proc_raise, harmless[i]), 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(CALL(&g, proc_raise, stops[i]), N_NOTSUP);
	assert_int_equal(CALL(&g, proc_raise, 6), EXITED);
	assert_int_equal(g.t.status, 128 + SIGABRT);
	assert_int_equal(CALL(&g, proc_raise, 15), EXITED);
	assert_int_equal(g.t.status, 128 + SIGTERM);
	assert_int_equal(CALL(&g, proc_raise, 30), EXITED);
	assert_int_equal(g.t.status, 128 + SIGSYS);
	assert_int_equal(CALL(&g, proc_raise, 31), N_INVAL);
	assert_int_equal(CALL(&g, sched_yield, 0), 0);
	guest_free(&g);
}

/* -- files ------------------------------------------------------------------------------ */

static void
test_io(void **s)
{
	(void)s;
	struct guest g;
	char text[64];
	guest_new(&g);
	uint32_t fd = opened(&g, "f", CREAT, ALL_RIGHTS);
	/* gathered and scattered, an empty one between */
	put(&g, DATA, "hello, world");
	for (uint32_t i = 0; i < 4; i++) {
		wasi_put32(at(&g, IOV + 8 * i), i == 3 ? DATA + 6 : DATA + 2 * i);
		wasi_put32(at(&g, IOV + 8 * i + 4), i == 1 ? 0 : i == 3 ? 6 : 2);
	}
	assert_int_equal(CALL(&g, fd_write, fd, IOV, 4, OUT), 0);
	assert_int_equal(get32(&g, OUT), 10);
	assert_int_equal(CALL(&g, fd_tell, fd, OUT), 0);
	assert_int_equal(get64(&g, OUT), 10);
	assert_int_equal(CALL(&g, fd_seek, fd, 0, 0, OUT), 0);
	assert_int_equal(read_text(&g, fd, text, sizeof text), 0);
	assert_string_equal(text, "heo, world");
	assert_int_equal(read_text(&g, fd, text, sizeof text), 0);
	assert_string_equal(text, "");
	/* no buffers at all */
	assert_int_equal(CALL(&g, fd_read, fd, IOV, 0, OUT), 0);
	assert_int_equal(CALL(&g, fd_write, fd, MEMORY, 0, OUT), 0);
	/* more than the host takes at once: some of them */
	for (uint32_t i = 0; i < 2000; i++) {
		wasi_put32(at(&g, DATA + 8 * i), OUT);
		wasi_put32(at(&g, DATA + 8 * i + 4), 1);
	}
	assert_int_equal(CALL(&g, fd_pwrite, fd, DATA, 2000, 0, OUT), 0);
	assert_int_equal(get32(&g, OUT), IOV_MAX);

	/* places */
	assert_int_equal(CALL(&g, fd_seek, fd, 5, 0, OUT), 0);
	assert_int_equal(CALL(&g, fd_seek, fd, (uint64_t)-2, 1, OUT), 0);
	assert_int_equal(get64(&g, OUT), 3);
	assert_int_equal(CALL(&g, fd_seek, fd, 0, 2, OUT), 0);
	assert_int_equal(get64(&g, OUT), IOV_MAX);
	assert_int_equal(CALL(&g, fd_seek, fd, (uint64_t)-5000, 1, OUT), N_INVAL);
	assert_int_equal(CALL(&g, fd_seek, fd, 0, 3, OUT), N_INVAL);
	assert_int_equal(CALL(&g, fd_tell, fd, OUT), 0);
	assert_int_equal(get64(&g, OUT), IOV_MAX);
	/* the old order: current, end, set */
	assert_int_equal(OLD(&g, fd_seek, fd, 7, 2, OUT), 0);
	assert_int_equal(OLD(&g, fd_seek, fd, 1, 0, OUT), 0);
	assert_int_equal(get64(&g, OUT), 8);
	assert_int_equal(OLD(&g, fd_seek, fd, (uint64_t)-1, 1, OUT), 0);
	assert_int_equal(get64(&g, OUT), IOV_MAX - 1);
	put(&g, DATA, "XY");
	assert_int_equal(CALL(&g, fd_pwrite, fd, iov(&g, DATA, 2), 1, 2, OUT), 0);
	assert_int_equal(CALL(&g, fd_pread, fd, iov(&g, DATA, 3), 1, 2, OUT), 0);
	assert_memory_equal(at(&g, DATA), "XY", 2);
	assert_int_equal(CALL(&g, fd_pread, fd, iov(&g, DATA, 3), 1, 99999, OUT), 0);
	assert_int_equal(get32(&g, OUT), 0);
	assert_int_equal(CALL(&g, fd_pread, fd, IOV, 1, (uint64_t)-1, OUT), N_INVAL);
	assert_int_equal(CALL(&g, fd_tell, fd, OUT), 0);
	assert_int_equal(get64(&g, OUT), IOV_MAX - 1);

	/* rights that imply others */
	assert_int_equal(open_as(&g, 3, "f", 0, RIGHT_(FD_TELL), 0, &fd), 0);
	assert_int_equal(CALL(&g, fd_tell, fd, OUT), 0);
	assert_int_equal(CALL(&g, fd_seek, fd, 0, 1, OUT), 0);
	assert_int_equal(CALL(&g, fd_seek, fd, 1, 1, OUT), N_NOTCAPABLE);
	assert_int_equal(open_as(&g, 3, "f", 0, RIGHT_(FD_SEEK), 0, &fd), 0);
	assert_int_equal(CALL(&g, fd_tell, fd, OUT), 0);

	/* a folder is none of that */
	assert_int_equal(CALL(&g, fd_read, 3, IOV, 0, OUT), N_ISDIR);
	assert_int_equal(CALL(&g, fd_write, 3, IOV, 0, OUT), N_ISDIR);
	assert_int_equal(CALL(&g, fd_pread, 3, IOV, 0, 0, OUT), N_ISDIR);
	assert_int_equal(CALL(&g, fd_seek, 3, 0, 0, OUT), N_ISDIR);
	assert_int_equal(CALL(&g, fd_tell, 3, OUT), N_ISDIR);
	assert_int_equal(CALL(&g, fd_allocate, 3, 0, 1), N_ISDIR);
	assert_int_equal(CALL(&g, fd_advise, 3, 0, 1, 0), N_BADF);
	assert_int_equal(CALL(&g, fd_filestat_set_size, 3, 1), N_ISDIR);
	guest_free(&g);
}

static void
test_file(void **s)
{
	(void)s;
	struct guest g;
	guest_new(&g);
	uint32_t fd = opened(&g, "f", CREAT, ALL_RIGHTS);
	assert_int_equal(CALL(&g, fd_filestat_set_size, fd, 100), 0);
	assert_int_equal(CALL(&g, fd_filestat_set_size, fd, (uint64_t)-1), N_FBIG);
	assert_int_equal(CALL(&g, fd_advise, fd, 10, 50, 0), 0);
	assert_int_equal(CALL(&g, fd_advise, fd, 10, 50, 5), 0);
	assert_int_equal(CALL(&g, fd_advise, fd, 10, 50, 6), N_INVAL);
	assert_int_equal(CALL(&g, fd_advise, fd, (uint64_t)-1, 50, 0), N_INVAL);
	int r = CALL(&g, fd_allocate, fd, 90, 20);
	assert_true(r == 0 || r == N_NOTSUP);
	assert_int_equal(CALL(&g, fd_allocate, fd, (uint64_t)-1, 20), N_FBIG);
	assert_int_equal(CALL(&g, fd_allocate, fd, 1, 0), N_INVAL);
	assert_int_equal(CALL(&g, fd_sync, fd), 0);
	assert_int_equal(CALL(&g, fd_datasync, fd), 0);
	assert_int_equal(CALL(&g, fd_sync, 3), 0);

	struct stat st;
	assert_int_equal(fstatat(g.fd, "in/f", &st, 0), 0);
	assert_int_equal(CALL(&g, fd_filestat_get, fd, OUT), 0);
	assert_int_equal(get64(&g, OUT), st.st_dev);
	assert_int_equal(get64(&g, OUT + 8), st.st_ino);
	assert_int_equal(get64(&g, OUT + 16), TYPE_REGULAR);
	assert_int_equal(get64(&g, OUT + 24), 1);
	assert_int_equal(get64(&g, OUT + 32), r == 0 ? 110 : 100);
	assert_int_equal(get64(&g, OUT + 48),
	                 (uint64_t)st.st_mtim.tv_sec * 1000000000 + (uint64_t)st.st_mtim.tv_nsec);
	/* nlink was 4 bytes then */
	assert_int_equal(OLD(&g, fd_filestat_get, fd, OUT), 0);
	assert_int_equal(at(&g, OUT)[16], TYPE_REGULAR);
	assert_int_equal(get32(&g, OUT + 20), 1);
	assert_int_equal(get64(&g, OUT + 24), r == 0 ? 110 : 100);
	assert_int_equal(OLD(&g, fd_filestat_get, fd, MEMORY - 56), 0);
	assert_int_equal(CALL(&g, fd_filestat_get, fd, MEMORY - 63), N_FAULT);

	/* flags */
	assert_int_equal(open_as(&g, 3, "f", 0, ALL_RIGHTS, FDFLAG_APPEND | FDFLAG_SYNC, &fd), 0);
	assert_int_equal(CALL(&g, fd_fdstat_get, fd, OUT), 0);
	assert_int_equal(at(&g, OUT)[0], TYPE_REGULAR);
	assert_int_equal(get16(&g, OUT + 2), FDFLAG_APPEND | FDFLAG_SYNC);
	assert_int_equal(get64(&g, OUT + 8), wasi_file_rights('f'));
	assert_int_equal(CALL(&g, fd_filestat_set_size, fd, 10), 0);
	assert_int_equal(CALL(&g, fd_seek, fd, 0, 0, OUT), 0);
	assert_int_equal(write_text(&g, fd, "end"), 0);
	assert_int_equal(CALL(&g, fd_tell, fd, OUT), 0);
	assert_int_equal(get64(&g, OUT), 13);
	assert_int_equal(CALL(&g, fd_fdstat_set_flags, fd, 0), N_NOTSUP);
	assert_int_equal(CALL(&g, fd_fdstat_set_flags, fd, FDFLAG_SYNC | FDFLAG_NONBLOCK), 0);
	assert_int_equal(CALL(&g, fd_fdstat_set_flags, fd, 32), N_INVAL);
	assert_int_equal(CALL(&g, fd_seek, fd, 0, 0, OUT), 0);
	assert_int_equal(write_text(&g, fd, "begin"), 0);
	assert_int_equal(CALL(&g, fd_tell, fd, OUT), 0);
	assert_int_equal(get64(&g, OUT), 5);

	/* given folders */
	assert_int_equal(CALL(&g, fd_prestat_get, 3, OUT), 0);
	assert_int_equal(get32(&g, OUT), 0);
	assert_int_equal(get32(&g, OUT + 4), 1);
	assert_int_equal(CALL(&g, fd_prestat_dir_name, 3, OUT, 1), 0);
	assert_int_equal(at(&g, OUT)[0], '/');
	assert_int_equal(CALL(&g, fd_prestat_dir_name, 3, OUT, 9), 0);
	assert_int_equal(CALL(&g, fd_prestat_dir_name, 3, OUT, 0), N_NAMETOOLONG);
	assert_int_equal(CALL(&g, fd_prestat_get, fd, OUT), N_BADF);
	assert_int_equal(CALL(&g, fd_prestat_get, 0, OUT), N_BADF);
	assert_int_equal(CALL(&g, fd_prestat_dir_name, 99, OUT, 9), N_BADF);

	/* renumber */
	uint32_t a = opened(&g, "a", CREAT, ALL_RIGHTS), b = opened(&g, "b", CREAT, ALL_RIGHTS);
	assert_int_equal(write_text(&g, a, "a"), 0);
	assert_int_equal(CALL(&g, fd_renumber, a, b), 0);
	assert_int_equal(CALL(&g, fd_close, a), N_BADF);
	assert_int_equal(CALL(&g, fd_tell, b, OUT), 0);
	assert_int_equal(get64(&g, OUT), 1);
	assert_int_equal(CALL(&g, fd_renumber, b, a), N_BADF);
	assert_int_equal(CALL(&g, fd_renumber, a, b), N_BADF);
	assert_int_equal(CALL(&g, fd_renumber, b, b), 0);
	assert_int_equal(CALL(&g, fd_renumber, b, 0xffffffff), N_BADF);
	assert_int_equal(CALL(&g, fd_renumber, b, 3), 0);
	assert_int_equal(CALL(&g, fd_prestat_get, 3, OUT), N_BADF);
	assert_int_equal(CALL(&g, fd_renumber, 1, 3), 0);
	assert_int_equal(CALL(&g, fd_fdstat_get, 1, OUT), N_BADF);
	assert_int_equal(CALL(&g, fd_close, 3), 0);
	guest_free(&g);
}

/* A guest whose standard input and output are these. */
static void
guest_with(struct guest *g, int in, int out, const int *sockets, size_t nsocket)
{
	memset(g, 0, sizeof *g);
	guest_memory(g);
	guest_wasi(g, &(struct wasi_config){ .fd = { in, out, -1 },
	                                     .sockets = sockets,
	                                     .nsocket = nsocket,
	                                     .clocks = true });
}

static void
test_stdio(void **s)
{
	(void)s;
	struct guest g;
	char text[64];
	int p[2], q[2];
	signals();
	/* pipes */
	assert_int_equal(pipe(p) | pipe(q), 0);
	guest_with(&g, p[0], q[1], NULL, 0);
	close(q[1]);
	assert_int_equal(CALL(&g, fd_fdstat_get, 0, OUT), 0);
	assert_int_equal(at(&g, OUT)[0], TYPE_UNKNOWN);
	assert_int_equal(get64(&g, OUT + 8) &
	                         (RIGHT_(FD_READ) | RIGHT_(FD_WRITE) | RIGHT_(FD_SEEK)),
	                 RIGHT_(FD_READ));
	assert_int_equal(CALL(&g, fd_seek, 0, 0, 0, OUT), N_SPIPE);
	assert_int_equal(CALL(&g, fd_tell, 1, OUT), N_SPIPE);
	assert_int_equal(CALL(&g, fd_pread, 0, iov(&g, DATA, 1), 1, 0, OUT), N_SPIPE);
	assert_int_equal(CALL(&g, fd_pwrite, 1, IOV, 1, 0, OUT), N_SPIPE);
	assert_int_equal(CALL(&g, fd_advise, 0, 0, 0, 0), N_SPIPE);
	assert_int_equal(CALL(&g, fd_allocate, 1, 0, 1), N_SPIPE);
	assert_int_equal(CALL(&g, fd_filestat_set_size, 1, 1), N_INVAL);
	assert_int_equal(CALL(&g, sock_shutdown, 1, 1), N_NOTSOCK);
	assert_int_equal(CALL(&g, fd_readdir, 0, DATA, 9, 0, OUT), N_NOTDIR);
	assert_int_equal(write_text(&g, 0, "x"), N_NOTCAPABLE);
	assert_int_equal(read_text(&g, 1, text, 2), N_NOTCAPABLE);
	assert_int_equal(write(p[1], "typed", 5), 5);
	assert_int_equal(read_text(&g, 0, text, sizeof text), 0);
	assert_string_equal(text, "typed");
	/* one that does not wait, and no other open file of the host's is changed */
	assert_int_equal(CALL(&g, fd_fdstat_set_flags, 0, FDFLAG_NONBLOCK), 0);
	assert_int_equal(read_text(&g, 0, text, sizeof text), N_AGAIN);
	assert_int_equal(fcntl(p[0], F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(CALL(&g, fd_fdstat_set_flags, 0, FDFLAG_APPEND), N_NOTSUP);
	close(p[1]);
	assert_int_equal(read_text(&g, 0, text, sizeof text), 0);
	assert_string_equal(text, "");
	/* writing: a full pipe, and a broken one */
	assert_int_equal(CALL(&g, fd_fdstat_set_flags, 1, FDFLAG_NONBLOCK), 0);
	memset(at(&g, DATA), 'x', 0x10000);
	int total = 0, r;
	while ((r = CALL(&g, fd_write, 1, iov(&g, DATA, 0x10000), 1, OUT)) == 0)
		total += (int)get32(&g, OUT);
	assert_int_equal(r, N_AGAIN);
	assert_int_equal(total, fcntl(q[0], F_GETPIPE_SZ));
	close(q[0]);
	assert_int_equal(write_text(&g, 1, "x"), N_PIPE);
	/* the table has its own descriptors */
	assert_int_equal(CALL(&g, fd_close, 0), 0);
	assert_true(fcntl(p[0], F_GETFD) >= 0);
	close(p[0]);
	guest_free(&g);

	/* a file, with its own place */
	guest_new(&g);
	host_file(&g, "stdin", "0123456789");
	int fd = openat(g.fd, "stdin", O_RDWR), null = open("/dev/null", O_RDWR);
	lseek(fd, 3, SEEK_SET);
	wasi_free(g.w);
	guest_wasi(&g, &(struct wasi_config){ .fd = { fd, null, g.fd } });
	assert_int_equal(CALL(&g, fd_fdstat_get, 0, OUT), 0);
	assert_int_equal(at(&g, OUT)[0], TYPE_REGULAR);
	assert_int_equal(read_text(&g, 0, text, 4), 0);
	assert_string_equal(text, "345");
	assert_int_equal(CALL(&g, fd_seek, 0, 0, 0, OUT), 0);
	/* a device with a place is no terminal to a program, which looks at these rights */
	assert_int_equal(CALL(&g, fd_fdstat_get, 1, OUT), 0);
	assert_int_equal(at(&g, OUT)[0], TYPE_CHARACTER);
	assert_true((get64(&g, OUT + 8) & RIGHT_(FD_SEEK)) != 0);
	/* a folder there gives nothing away */
	assert_int_equal(open_as(&g, 2, "stdin", 0, 0, 0, NULL), N_NOTCAPABLE);
	assert_int_equal(CALL(&g, fd_readdir, 2, DATA, 99, 0, OUT), N_NOTCAPABLE);
	close(fd);
	close(null);
	guest_free(&g);

	/* a terminal */
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0) {
		print_message("no terminals here\n");
		return;
	}
	int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);
	guest_with(&g, slave, slave, NULL, 0);
	assert_int_equal(CALL(&g, fd_fdstat_get, 1, OUT), 0);
	assert_int_equal(at(&g, OUT)[0], TYPE_CHARACTER);
	assert_int_equal(get64(&g, OUT + 8) & (RIGHT_(FD_SEEK) | RIGHT_(FD_TELL)), 0);
	assert_int_equal(CALL(&g, fd_seek, 1, 0, 0, OUT), N_SPIPE);
	assert_int_equal(write(master, "line\n", 5), 5);
	assert_int_equal(read_text(&g, 0, text, sizeof text), 0);
	assert_string_equal(text, "line\n");
	close(master);
	close(slave);
	guest_free(&g);
}

/* -- waiting --------------------------------------------------------------------------------- */

/* A thread that kicks another, as the engine does. */
struct kicker {
	struct guest *g;
	pthread_t whom;
	int ms;
};

static void *
kick(void *p)
{
	struct kicker *k = p;
	struct timespec ts = { .tv_nsec = k->ms * 1000000L };
	nanosleep(&ts, NULL);
	atomic_store(&k->g->t.pending, 1);
	pthread_kill(k->whom, SIGURG);
	return NULL;
}

/* The call waits until it is kicked, and then has done nothing. */
static void
kicked(struct guest *g, int fn, const uint64_t *args)
{
	for (int ms = 0; ms < 60; ms += 30) {
		struct kicker k = { .g = g, .whom = pthread_self(), .ms = ms };
		pthread_t t;
		g->t.pending = 0;
		assert_int_equal(pthread_create(&t, NULL, kick, &k), 0);
		int r = guest_call(g, fn, args, false);
		pthread_join(t, NULL);
		if (r != AGAIN)
			fail_msg("%s gave %d", wasi_row[fn].name[0], r);
	}
	g->t.pending = 0;
}

static void *
poke(void *whom)
{
	for (int i = 0; i < 5; i++) {
		nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
		pthread_kill(*(pthread_t *)whom, SIGURG);
	}
	return NULL;
}

static void
test_kick(void **s)
{
	(void)s;
	struct guest g;
	char text[64];
	int p[2], q[2];
	signals();
	assert_int_equal(pipe(p) | pipe(q), 0);
	guest_with(&g, p[0], q[1], NULL, 0);
	kicked(&g, FN_fd_read, (const uint64_t[16]){ 0, iov(&g, DATA, 10), 1, OUT });
	/* pending before it is called */
	g.t.pending = 1;
	assert_int_equal(CALL(&g, fd_read, 0, IOV, 1, OUT), AGAIN);
	/* what needs no waiting is done all the same */
	assert_int_equal(write(p[1], "x", 1), 1);
	assert_int_equal(read_text(&g, 0, text, sizeof text), 0);
	g.t.pending = 0;
	/* another signal is no kick */
	pthread_t t, me = pthread_self();
	pthread_create(&t, NULL, poke, &me);
	uint64_t before = wasi_clock_host();
	memset(at(&g, DATA), 0, 48);
	wasi_put32(at(&g, DATA + 16), 1);
	wasi_put64(at(&g, DATA + 24), 60000000);
	assert_int_equal(CALL(&g, poll_oneoff, DATA, DATA + 100, 1, OUT), 0);
	assert_true(wasi_clock_host() - before >= 60000000);
	pthread_join(t, NULL);

	/* a full pipe: all is written that fits, and then it waits */
	uint32_t room = (uint32_t)fcntl(q[0], F_GETPIPE_SZ);
	assert_true(room <= 0x10000);
	memset(at(&g, DATA), 'x', 0x10000);
	assert_int_equal(CALL(&g, fd_write, 1, iov(&g, DATA, room - PIPE_BUF), 1, OUT), 0);
	assert_int_equal(get32(&g, OUT), room - PIPE_BUF);
	struct kicker k = { .g = &g, .whom = pthread_self(), .ms = 30 };
	pthread_create(&t, NULL, kick, &k);
	assert_int_equal(CALL(&g, fd_write, 1, iov(&g, DATA, 3 * PIPE_BUF), 1, OUT), 0);
	assert_int_equal(get32(&g, OUT), PIPE_BUF);
	pthread_join(t, NULL);
	kicked(&g, FN_fd_write, (const uint64_t[16]){ 1, iov(&g, DATA, 0x10000), 1, OUT });
	for (int i = 0; i < 2; i++) {
		close(p[i]);
		close(q[i]);
	}
	guest_free(&g);

	/* a fifo that nobody reads, and one that nobody writes */
	guest_new(&g);
	assert_int_equal(mkfifoat(g.fd, "in/fifo", 0644), 0);
	kicked(&g, FN_path_open,
	       (const uint64_t[16]){ 3, 0, put(&g, PATH, "fifo"), 4, 0, RIGHT_(FD_WRITE), 0, 0,
	                             OUT });
	assert_int_equal(
	        CALL(&g, path_open, 3, 0, PATH, 4, 0, RIGHT_(FD_WRITE), 0, FDFLAG_NONBLOCK, OUT),
	        N_NXIO);
	uint32_t r = opened(&g, "fifo", 0, READ_RIGHTS);
	kicked(&g, FN_fd_read, (const uint64_t[16]){ r, iov(&g, DATA, 10), 1, OUT });
	uint32_t w = opened(&g, "fifo", 0, RIGHT_(FD_WRITE));
	assert_int_equal(write_text(&g, w, "through"), 0);
	assert_int_equal(read_text(&g, r, text, sizeof text), 0);
	assert_string_equal(text, "through");
	assert_int_equal(CALL(&g, fd_close, w), 0);
	assert_int_equal(read_text(&g, r, text, sizeof text), 0);
	assert_string_equal(text, "");
	guest_free(&g);
}

/* -- poll_oneoff --------------------------------------------------------------------------------- */

/* The i-th subscription at DATA. */
static void
sub_fd(struct guest *g, int i, uint64_t data, int what, uint32_t fd)
{
	uint8_t *q = at(g, DATA + 48 * (uint32_t)i);
	memset(q, 0, 48);
	wasi_put64(q, data);
	q[8] = (uint8_t)what;
	wasi_put32(q + 16, fd);
}

static void
sub_clock(struct guest *g, int i, uint64_t data, uint32_t id, uint64_t timeout, int flags)
{
	uint8_t *q = at(g, DATA + 48 * (uint32_t)i);
	memset(q, 0, 48);
	wasi_put64(q, data);
	wasi_put32(q + 16, id);
	wasi_put64(q + 24, timeout);
	q[40] = (uint8_t)flags;
}

enum { EVENTS = 0x10000 };

/* How many events there are. */
static int
polled(struct guest *g, int n)
{
	int r = CALL(g, poll_oneoff, DATA, EVENTS, n, OUT);
	if (r)
		fail_msg("poll_oneoff: %d", r);
	return (int)get32(g, OUT);
}

static void
event_is(struct guest *g, int i, uint64_t data, int error, int what, uint64_t bytes, int flags)
{
	uint32_t e = EVENTS + 32 * (uint32_t)i;
	assert_int_equal(get64(g, e), data);
	assert_int_equal(get16(g, e + 8), error);
	assert_int_equal(at(g, e)[10], what);
	assert_int_equal(get64(g, e + 16), bytes);
	assert_int_equal(get16(g, e + 24), flags);
}

static void
test_poll(void **s)
{
	(void)s;
	struct guest g;
	int p[2], q[2];
	enum { MS = 1000000 };
	signals();
	assert_int_equal(pipe(p) | pipe(q), 0);
	guest_with(&g, p[0], q[1], NULL, 0);
	assert_int_equal(CALL(&g, poll_oneoff, DATA, EVENTS, 0, OUT), N_INVAL);

	/* clocks: from now on, and at a time */
	uint64_t before = wasi_clock_host();
	sub_clock(&g, 0, 11, 1, 30 * MS, 0);
	sub_clock(&g, 1, 12, 1, (uint64_t)-1, 0);
	sub_fd(&g, 2, 13, 1, 0);
	assert_int_equal(polled(&g, 3), 1);
	event_is(&g, 0, 11, 0, 0, 0, 0);
	assert_true(wasi_clock_host() - before >= 30 * MS);
	sub_clock(&g, 0, 14, 1, wasi_clock_host() + 20 * MS, 1);
	assert_int_equal(polled(&g, 1), 1);
	sub_clock(&g, 0, 15, 0, wasi_clock_now(g.w, true) + 20 * MS, 1);
	sub_clock(&g, 1, 16, 0, 10 * MS, 0);
	assert_int_equal(polled(&g, 2), 1);
	event_is(&g, 0, 16, 0, 0, 0, 0);
	assert_int_equal(polled(&g, 1), 1);
	sub_clock(&g, 0, 17, 0, 1, 1);
	assert_int_equal(polled(&g, 1), 1);

	/* what is wrong with one is its own event, at once */
	sub_clock(&g, 0, 1, 1, (uint64_t)-1, 0);
	sub_fd(&g, 1, 2, 1, 99);
	sub_fd(&g, 2, 3, 2, 0);
	sub_clock(&g, 3, 4, 7, 0, 0);
	sub_clock(&g, 4, 5, 2, 0, 0);
	sub_clock(&g, 5, 6, 1, 0, 2);
	assert_int_equal(polled(&g, 6), 5);
	event_is(&g, 0, 2, N_BADF, 1, 0, 0);
	event_is(&g, 1, 3, N_NOTCAPABLE, 2, 0, 0);
	event_is(&g, 2, 4, N_INVAL, 0, 0, 0);
	event_is(&g, 3, 5, N_NOTSUP, 0, 0, 0);
	event_is(&g, 4, 6, N_INVAL, 0, 0, 0);
	sub_fd(&g, 0, 1, 3, 0);
	assert_int_equal(CALL(&g, poll_oneoff, DATA, EVENTS, 1, OUT), N_INVAL);

	/* descriptors, one of them twice */
	assert_int_equal(write(p[1], "12345", 5), 5);
	sub_fd(&g, 0, 1, 1, 0);
	sub_fd(&g, 1, 2, 2, 1);
	sub_fd(&g, 2, 3, 1, 0);
	assert_int_equal(polled(&g, 3), 3);
	event_is(&g, 0, 1, 0, 1, 5, 0);
	event_is(&g, 1, 2, 0, 2, PIPE_BUF, 0);
	event_is(&g, 2, 3, 0, 1, 5, 0);
	close(p[1]);
	close(q[0]);
	assert_int_equal(polled(&g, 3), 3);
	event_is(&g, 0, 1, 0, 1, 5, 1);
	event_is(&g, 1, 2, 0, 2, PIPE_BUF, 1);
	/* events where the subscriptions stood */
	assert_int_equal(CALL(&g, poll_oneoff, DATA, DATA, 3, OUT), 0);
	assert_int_equal(get64(&g, DATA + 64), 3);
	/* very many */
	for (int i = 0; i < 600; i++)
		sub_fd(&g, i, (uint64_t)i, 1, 0);
	assert_int_equal(polled(&g, 600), 600);
	event_is(&g, 599, 599, 0, 1, 5, 1);

	/* snapshot 0 has 56 bytes for each, and a name before the clock */
	memset(at(&g, DATA), 0, 112);
	wasi_put64(at(&g, DATA), 21);
	wasi_put64(at(&g, DATA + 16), 77);
	wasi_put32(at(&g, DATA + 24), 1);
	wasi_put64(at(&g, DATA + 32), 1);
	wasi_put64(at(&g, DATA + 56), 22);
	at(&g, DATA)[56 + 8] = 1;
	assert_int_equal(OLD(&g, poll_oneoff, DATA, EVENTS, 2, OUT), 0);
	event_is(&g, get32(&g, OUT) == 2, 22, 0, 1, 5, 1);
	guest_free(&g);
	close(p[0]);
	close(q[1]);

	/* files are always ready */
	guest_new(&g);
	uint32_t fd = opened(&g, "f", CREAT, ALL_RIGHTS);
	assert_int_equal(CALL(&g, fd_filestat_set_size, fd, 1000), 0);
	assert_int_equal(CALL(&g, fd_seek, fd, 10, 0, OUT), 0);
	sub_fd(&g, 0, 1, 1, fd);
	sub_fd(&g, 1, 2, 2, fd);
	sub_fd(&g, 2, 3, 1, 3);
	assert_int_equal(polled(&g, 3), 3);
	event_is(&g, 0, 1, 0, 1, 990, 0);
	event_is(&g, 1, 2, 0, 2, PIPE_BUF, 0);
	event_is(&g, 2, 3, N_NOTCAPABLE, 1, 0, 0);
	/* without clocks one may sleep but not look at them */
	wasi_free(g.w);
	guest_wasi(&g, &(struct wasi_config){ .fd = { -1, -1, -1 } });
	sub_clock(&g, 0, 1, 1, 1000, 0);
	assert_int_equal(polled(&g, 1), 1);
	event_is(&g, 0, 1, 0, 0, 0, 0);
	sub_clock(&g, 0, 1, 1, 1000, 1);
	assert_int_equal(polled(&g, 1), 1);
	event_is(&g, 0, 1, N_NOTSUP, 0, 0, 0);
	guest_free(&g);
}

/* A sleep that is kicked goes on, it does not begin anew. */
static void
test_sleep(void **s)
{
	(void)s;
	struct guest g;
	struct kicker k = { .g = &g, .whom = pthread_self(), .ms = 200 };
	pthread_t t;
	enum { MS = 1000000 };
	signals();
	guest_new(&g);
	sub_clock(&g, 0, 1, 1, 300 * MS, 0);
	uint64_t before = wasi_clock_host(), took;
	pthread_create(&t, NULL, kick, &k);
	assert_int_equal(CALL(&g, poll_oneoff, DATA, EVENTS, 1, OUT), AGAIN);
	pthread_join(t, NULL);
	assert_int_equal(CALL(&g, poll_oneoff, DATA, EVENTS, 1, OUT), AGAIN);
	assert_int_equal(g.w->nsleep, 1);
	g.t.pending = 0;
	/* another thread's sleep is its own */
	g.t.number = 2;
	sub_clock(&g, 2, 1, 1, 1, 0);
	assert_int_equal(CALL(&g, poll_oneoff, DATA + 96, EVENTS, 1, OUT), 0);
	g.t.number = 1;
	assert_int_equal(polled(&g, 1), 1);
	took = wasi_clock_host() - before;
	assert_true(took >= 300 * MS && took < 480 * MS);
	assert_int_equal(g.w->nsleep, 0);
	guest_free(&g);
}

/* -- sockets ----------------------------------------------------------------------------------- */

static int
listening(struct sockaddr_un *a)
{
	static int n;
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	/* abstract: gone with the process */
	snprintf(a->sun_path + 1, sizeof a->sun_path - 1, "joist-wasi-%d-%d", (int)getpid(), n++);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)a, sizeof *a), 0);
	assert_int_equal(listen(fd, 5), 0);
	return fd;
}

static int
caller(const struct sockaddr_un *a)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)a, sizeof *a), 0);
	return fd;
}

static void
test_sockets(void **s)
{
	(void)s;
	struct guest g;
	struct sockaddr_un a;
	char text[64];
	signals();
	int l = listening(&a), c;
	guest_with(&g, -1, -1, &l, 1);
	assert_int_equal(CALL(&g, fd_fdstat_get, 3, OUT), 0);
	assert_int_equal(at(&g, OUT)[0], TYPE_STREAM);
	assert_true((get64(&g, OUT + 8) & RIGHT_(SOCK_ACCEPT)) != 0);
	kicked(&g, FN_sock_accept, (const uint64_t[16]){ 3, 0, OUT });
	assert_int_equal(CALL(&g, sock_accept, 3, 1, OUT), N_INVAL);
	assert_int_equal(CALL(&g, sock_accept, 9, 0, OUT), N_BADF);
	assert_int_equal(CALL(&g, fd_read, 3, IOV, 0, OUT), N_NOTCONN);
	assert_int_equal(CALL(&g, fd_write, 3, IOV, 0, OUT), N_NOTCONN);
	assert_int_equal(CALL(&g, sock_recv, 3, IOV, 0, 0, OUT, OUT + 4), N_NOTCONN);
	assert_int_equal(CALL(&g, sock_send, 3, IOV, 0, 0, OUT), N_NOTCONN);
	assert_int_equal(CALL(&g, fd_fdstat_set_flags, 3, FDFLAG_NONBLOCK), 0);
	assert_int_equal(CALL(&g, sock_accept, 3, 0, OUT), N_AGAIN);
	c = caller(&a);
	sub_fd(&g, 0, 1, 1, 3);
	assert_int_equal(polled(&g, 1), 1);
	event_is(&g, 0, 1, 0, 1, 0, 0);
	/* a fault before it, not behind */
	assert_int_equal(CALL(&g, sock_accept, 3, 0, MEMORY - 3), N_FAULT);
	assert_int_equal(CALL(&g, sock_accept, 3, FDFLAG_NONBLOCK, OUT), 0);
	uint32_t fd = get32(&g, OUT);
	assert_true(fd > 3);
	assert_int_equal(CALL(&g, sock_recv, fd, iov(&g, DATA, 60), 1, 0, OUT, OUT + 4), N_AGAIN);
	assert_int_equal(CALL(&g, fd_fdstat_set_flags, fd, 0), 0);
	kicked(&g, FN_sock_recv, (const uint64_t[16]){ fd, IOV, 1, 0, OUT, OUT + 4 });
	kicked(&g, FN_fd_read, (const uint64_t[16]){ fd, IOV, 1, OUT });

	assert_int_equal(send(c, "hello", 5, 0), 5);
	assert_int_equal(CALL(&g, sock_recv, fd, IOV, 1, 1, OUT, OUT + 4), 0);
	assert_int_equal(get32(&g, OUT), 5);
	assert_int_equal(read_text(&g, fd, text, 3), 0);
	assert_string_equal(text, "he");
	assert_int_equal(CALL(&g, sock_recv, fd, iov(&g, DATA, 60), 1, 4, OUT, OUT + 4), N_INVAL);
	/* all that there is room for: a part of it is here when the kick comes */
	wasi_put32(at(&g, IOV + 8), DATA + 100);
	wasi_put32(at(&g, IOV + 12), 2);
	wasi_put32(at(&g, IOV + 4), 2);
	struct kicker k = { .g = &g, .whom = pthread_self(), .ms = 30 };
	pthread_t t;
	pthread_create(&t, NULL, kick, &k);
	assert_int_equal(CALL(&g, sock_recv, fd, IOV, 2, 2, OUT, OUT + 4), 0);
	pthread_join(t, NULL);
	g.t.pending = 0;
	assert_int_equal(get32(&g, OUT), 3);
	assert_memory_equal(at(&g, DATA), "ll", 2);
	assert_memory_equal(at(&g, DATA + 100), "o", 1);
	assert_int_equal(send(c, "abcd", 4, 0), 4);
	assert_int_equal(CALL(&g, sock_recv, fd, IOV, 2, 2, OUT, OUT + 4), 0);
	assert_int_equal(get32(&g, OUT), 4);
	assert_int_equal(get16(&g, OUT + 4), 0);

	put(&g, DATA, "answer");
	assert_int_equal(CALL(&g, sock_send, fd, iov(&g, DATA, 6), 1, 0, OUT), 0);
	assert_int_equal(get32(&g, OUT), 6);
	assert_int_equal(CALL(&g, sock_send, fd, IOV, 1, 1, OUT), N_INVAL);
	assert_int_equal(write_text(&g, fd, "!"), 0);
	assert_int_equal(recv(c, text, sizeof text, MSG_WAITALL | MSG_DONTWAIT), 7);
	assert_int_equal(CALL(&g, sock_shutdown, fd, 0), N_INVAL);
	assert_int_equal(CALL(&g, sock_shutdown, fd, 4), N_INVAL);
	assert_int_equal(CALL(&g, sock_shutdown, fd, 2), 0);
	assert_int_equal(recv(c, text, sizeof text, 0), 0);
	assert_int_equal(CALL(&g, sock_send, fd, IOV, 1, 0, OUT), N_PIPE);
	assert_int_equal(CALL(&g, sock_shutdown, 3, 1), N_NOTCONN);
	assert_int_equal(CALL(&g, sock_shutdown, 7, 1), N_BADF);
	assert_int_equal(CALL(&g, sock_accept, fd, 0, OUT), N_INVAL);
	assert_int_equal(CALL(&g, fd_seek, fd, 0, 0, OUT), N_SPIPE);
	close(c);
	assert_int_equal(CALL(&g, sock_recv, fd, IOV, 1, 0, OUT, OUT + 4), 0);
	assert_int_equal(get32(&g, OUT), 0);
	close(l);
	guest_free(&g);

	/* a message cut off */
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	guest_with(&g, pair[0], pair[0], NULL, 0);
	assert_int_equal(CALL(&g, fd_fdstat_get, 0, OUT), 0);
	assert_int_equal(at(&g, OUT)[0], TYPE_DGRAM);
	assert_int_equal(send(pair[1], "message", 7, 0), 7);
	assert_int_equal(CALL(&g, sock_recv, 0, iov(&g, DATA, 3), 1, 0, OUT, OUT + 4), 0);
	assert_int_equal(get32(&g, OUT), 3);
	assert_int_equal(get16(&g, OUT + 4), 1);
	close(pair[0]);
	close(pair[1]);
	guest_free(&g);

	/* what does not listen is not taken */
	struct err e = { 0 };
	int not = open("/dev/null", O_RDONLY);
	assert_null(wasi_new(
	        &(struct wasi_config){ .fd = { -1, -1, -1 }, .sockets = &not, .nsocket = 1 }, &e));
	assert_string_equal(e.what, "listening socket 0: it does not listen");
	const struct wasi_dir d = { "/d", not, false };
	assert_null(
	        wasi_new(&(struct wasi_config){ .fd = { -1, -1, -1 }, .dirs = &d, .ndir = 1 }, &e));
	assert_string_equal(e.what, "folder '/d': Not a directory");
	close(not );
}

/* -- threads ------------------------------------------------------------------------------------- */

static uint32_t last_tid, last_arg;
static int spawns = 0;

static int
spawn(void *ctx, struct thread *t, uint32_t arg, uint32_t tid)
{
	assert_ptr_equal(ctx, &spawns);
	assert_non_null(t);
	last_tid = tid;
	last_arg = arg;
	return spawns;
}

/* Opens and closes what others open and close. */
static void *
busy(void *p)
{
	struct guest *g = p, mine;
	memset(&mine, 0, sizeof mine);
	guest_memory(&mine);
	mine.w = g->w;
	for (int i = 0; i < 3000; i++) {
		uint32_t fd = 3 + (uint32_t)i % 5;
		if (open_as(&mine, 3, "f", CREAT, ALL_RIGHTS, 0, &fd) == 0)
			write_text(&mine, fd, "x");
		CALL(&mine, fd_renumber, fd, fd + 1);
		CALL(&mine, fd_fdstat_set_flags, fd, FDFLAG_APPEND);
		CALL(&mine, fd_readdir, 3, DATA, 200, i % 3, OUT);
		if (fd > 3)
			CALL(&mine, fd_close, fd);
	}
	free(mine.memory.base);
	return NULL;
}

static void
test_threads(void **s)
{
	(void)s;
	struct guest g;
	guest_new(&g);
	assert_int_equal(CALL(&g, thread_spawn, 1), -1);
	wasi_free(g.w);
	guest_wasi(&g, &(struct wasi_config){
	                       .fd = { -1, -1, -1 }, .spawn = spawn, .spawn_ctx = &spawns });
	assert_int_equal(CALL(&g, thread_spawn, 0x87654321), 1);
	assert_int_equal(last_tid, 1);
	assert_int_equal(last_arg, 0x87654321);
	assert_int_equal(CALL(&g, thread_spawn, 0), 2);
	spawns = -1;
	assert_int_equal(CALL(&g, thread_spawn, 0), -1);
	spawns = 0;
	g.w->tid = 0x1ffffffe;
	assert_int_equal(CALL(&g, thread_spawn, 0), 0x1fffffff);
	assert_int_equal(CALL(&g, thread_spawn, 0), -1);
	guest_free(&g);

	pthread_t t[3];
	guest_new(&g);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&t[i], NULL, busy, &g), 0);
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	guest_free(&g);
}

/* -- a hostile program ----------------------------------------------------------------------------- */

static bool
is_open(struct guest *g, uint32_t fd)
{
	struct wasi_file *f = wasi_file_ref(g->w, fd);
	wasi_file_put(f);
	return f != NULL;
}

static void
hostile_guest(struct guest *g, uint32_t *fd, uint32_t *dir)
{
	guest_new(g);
	*fd = opened(g, "f", CREAT, ALL_RIGHTS);
	*dir = opened(g, ".", DIRECTORY, READ_RIGHTS);
	/* Whatever it waits for, it is kicked. */
	g->t.pending = 1;
}

/* Every function with every argument at the edge of the memory and beyond it. */
static void
test_hostile(void **s)
{
	(void)s;
	static const uint32_t edge[] = { MEMORY - 1, MEMORY,     MEMORY + 1, 0xffffffff, 0xfffffff8,
		                         0x80000000, 0x7fffffff, MEMORY - 8, MEMORY - 63 };
	struct guest g;
	uint32_t fd, dir;
	signals();
	hostile_guest(&g, &fd, &dir);
	for (int fn = 0; fn < FN_thread_spawn; fn++) {
		const char *params = wasi_row[fn].params;
		int n = (int)strlen(params);
		for (int one = 0; one < n; one++)
			for (int two = 0; two < n; two++)
				for (size_t e = 0; e < sizeof edge / sizeof edge[0] * 4; e++) {
					uint64_t a[16];
					for (int i = 0; i < n; i++)
						a[i] = OUT + 64 * (uint64_t)i;
					a[0] = e & 1 ? fd : dir;
					if (one)
						a[one] = edge[e / 4];
					if (two)
						a[two] = e & 2 ? edge[e / 4] : 0xffffffffffffffff;
					int r = guest_call(&g, fn, a, e & 2);
					assert_true(r >= EXITED && r <= 76);
					if (!is_open(&g, fd) || !is_open(&g, dir)) {
						guest_free(&g);
						hostile_guest(&g, &fd, &dir);
					}
				}
	}
	guest_free(&g);
}

/* The exact places: each call's pointer as far up as it goes, and one further. */
static void
test_edges(void **s)
{
	(void)s;
	struct guest g;
	guest_new(&g);
	uint32_t fd = opened(&g, "f", CREAT, ALL_RIGHTS);
#define EDGE(size, name, ...)                                                                      \
	do {                                                                                       \
		uint32_t edge = MEMORY - (size);                                                   \
		memset(at(&g, edge), 0, size);                                                     \
		assert_int_not_equal(CALL(&g, name, __VA_ARGS__), N_FAULT);                        \
		edge++;                                                                            \
		assert_int_equal(CALL(&g, name, __VA_ARGS__), N_FAULT);                            \
	} while (0)
	EDGE(4, args_sizes_get, edge, OUT);
	EDGE(4, args_sizes_get, OUT, edge);
	EDGE(4, environ_sizes_get, edge, OUT);
	EDGE(8, clock_res_get, 0, edge);
	EDGE(8, clock_time_get, 0, 0, edge);
	EDGE(24, fd_fdstat_get, fd, edge);
	EDGE(64, fd_filestat_get, fd, edge);
	EDGE(8, fd_prestat_get, 3, edge);
	EDGE(1, fd_prestat_dir_name, 3, edge, 1);
	EDGE(8, fd_seek, fd, 0, 0, edge);
	EDGE(8, fd_tell, fd, edge);
	EDGE(4, fd_write, fd, IOV, 0, edge);
	EDGE(8, fd_write, fd, edge, 1, OUT);
	EDGE(8, fd_read, fd, edge, 1, OUT);
	EDGE(16, fd_pread, fd, edge, 2, 0, OUT);
	EDGE(8, fd_pwrite, fd, edge, 1, 0, OUT);
	EDGE(100, fd_readdir, 3, edge, 100, 0, OUT);
	EDGE(4, fd_readdir, 3, DATA, 100, 0, edge);
	EDGE(1, path_create_directory, 3, edge, 1);
	EDGE(1, path_unlink_file, 3, edge, 1);
	EDGE(1, path_remove_directory, 3, edge, 1);
	EDGE(64, path_filestat_get, 3, 0, put(&g, PATH, "f"), 1, edge);
	EDGE(1, path_filestat_get, 3, 0, edge, 1, OUT);
	EDGE(1, path_filestat_set_times, 3, 0, edge, 1, 0, 0, 0);
	EDGE(4, path_open, 3, 0, PATH, 1, 0, 0, 0, 0, edge);
	EDGE(1, path_open, 3, 0, edge, 1, 0, 0, 0, 0, OUT);
	symlinkat("f", g.fd, "in/l");
	EDGE(10, path_readlink, 3, put(&g, PATH, "l"), 1, edge, 10, OUT);
	EDGE(4, path_readlink, 3, put(&g, PATH, "l"), 1, DATA, 10, edge);
	EDGE(1, path_rename, 3, edge, 1, 3, put(&g, PATH2, "g"), 1);
	EDGE(1, path_rename, 3, put(&g, PATH, "f"), 1, 3, edge, 1);
	EDGE(1, path_link, 3, 0, edge, 1, 3, put(&g, PATH2, "h"), 1);
	EDGE(1, path_symlink, edge, 1, 3, put(&g, PATH2, "s"), 1);
	EDGE(9, random_get, edge, 9);
	memset(at(&g, DATA), 0, 48);
	EDGE(32, poll_oneoff, DATA, edge, 1, OUT);
	EDGE(4, poll_oneoff, DATA, EVENTS, 1, edge);
	EDGE(48, poll_oneoff, edge, EVENTS, 1, OUT);
	/* a buffer in a list */
	iov(&g, MEMORY - 4, 4);
	assert_int_equal(CALL(&g, fd_pread, fd, IOV, 1, 0, OUT), 0);
	iov(&g, MEMORY - 4, 5);
	assert_int_equal(CALL(&g, fd_pread, fd, IOV, 1, 0, OUT), N_FAULT);
	iov(&g, 5, 0xffffffff);
	assert_int_equal(CALL(&g, fd_write, fd, IOV, 1, OUT), N_FAULT);
	iov(&g, MEMORY + 1, 0);
	assert_int_equal(CALL(&g, fd_write, fd, IOV, 1, OUT), N_FAULT);
	/* so many that their number overflows */
	assert_int_equal(CALL(&g, fd_read, fd, 0, 0x20000000, OUT), N_FAULT);
	assert_int_equal(CALL(&g, fd_read, fd, 0, 0xffffffff, OUT), N_FAULT);
	assert_int_equal(CALL(&g, poll_oneoff, 0, 0, 0x05555556, OUT), N_FAULT);
	assert_int_equal(CALL(&g, fd_readdir, 3, 8, 0xfffffff8, 0, OUT), N_FAULT);
	guest_free(&g);
}

UNIT_MAIN(TEST(test_errno), TEST(test_rights_table), TEST(test_import), TEST(test_args),
          TEST(test_clocks), TEST(test_random), TEST(test_exit), TEST(test_io), TEST(test_file),
          TEST(test_stdio), TEST(test_kick), TEST(test_poll), TEST(test_sleep), TEST(test_sockets),
          TEST(test_threads), TEST(test_hostile), TEST(test_edges))
