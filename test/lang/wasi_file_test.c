/* SPDX-License-Identifier: Apache-2.0 */
/* What is done with open files: of folders, pipes, terminals. */
#include "test/lang/wasi_guest.h"

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

static void
test_stdio(void **s)
{
	(void)s;
	struct guest g;
	char text[64];
	int p[2], q[2];
	guest_signals();
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

UNIT_MAIN(TEST(test_io), TEST(test_file), TEST(test_stdio))
