/* SPDX-License-Identifier: Apache-2.0 */
/* A hostile program: arguments at the edge of its memory and beyond it. */
#include "test/lang/wasi_guest.h"

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
	guest_signals();
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

UNIT_MAIN(TEST(test_hostile), TEST(test_edges))
