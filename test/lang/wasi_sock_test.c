/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets that a program was given. */
#include "test/lang/wasi_wait.h"

#include <sys/socket.h>
#include <sys/un.h>

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
	guest_signals();
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

UNIT_MAIN(TEST(test_sockets))
