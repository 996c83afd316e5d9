/* SPDX-License-Identifier: Apache-2.0 */
/* What waits and is kicked, and poll_oneoff. */
#include "test/lang/wasi_wait.h"

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
	guest_signals();
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

static void
test_poll(void **s)
{
	(void)s;
	struct guest g;
	int p[2], q[2];
	enum { MS = 1000000 };
	guest_signals();
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
	guest_signals();
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

UNIT_MAIN(TEST(test_kick), TEST(test_poll), TEST(test_sleep))
