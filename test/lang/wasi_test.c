/* SPDX-License-Identifier: Apache-2.0 */
/* WASI: its tables, what a program is told and may ask, threads.  Files are in
 * wasi_file_test.c, names in wasi_path_test.c, waiting in wasi_wait_test.c, sockets in
 * wasi_sock_test.c, and programs that mean harm in wasi_edge_test.c. */
#include "test/lang/wasi_guest.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "layer/lang/type.h"

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
import(struct guest *g, struct wasm_store *store, const char *module, const char *name,
       uint32_t type, struct external *x, struct err *e)
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
	struct wasm_store *store = store_new(NULL);
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

UNIT_MAIN(TEST(test_errno), TEST(test_rights_table), TEST(test_import), TEST(test_args),
          TEST(test_clocks), TEST(test_random), TEST(test_exit), TEST(test_threads))
