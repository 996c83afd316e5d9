/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/json.h"
#include "core/control.h"

static int s[2];

static int
make_pair(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s);
}

static int
close_pair(void **state)
{
	(void)state;
	close(s[0]);
	close(s[1]);
	return 0;
}

static void
frames_keep_their_borders(void **state)
{
	struct channel c = { 0 };
	struct frame f;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(channel_send(s[0], FRAME_OUT, "one", 3, NULL, 0), 0);
	assert_int_equal(channel_send(s[0], FRAME_ERR, "", 0, NULL, 0), 0);
	assert_int_equal(channel_send(s[0], FRAME_IN, "a\0b", 3, NULL, 0), 0);
	while (c.in.n < 3 * FRAME_HEAD + 6)
		assert_true(channel_read(&c, s[1]) > 0);
	assert_int_equal(channel_next(&c, &f, &e), 1);
	assert_int_equal(f.kind, FRAME_OUT);
	assert_string_equal(f.data, "one");
	assert_int_equal(channel_next(&c, &f, &e), 1);
	assert_int_equal(f.n, 0);
	assert_int_equal(channel_next(&c, &f, &e), 1);
	assert_memory_equal(f.data, "a\0b", 4);
	assert_int_equal(channel_next(&c, &f, &e), 0);
	channel_free(&c);
}

static void
a_frame_may_come_in_pieces(void **state)
{
	static const char bytes[] = "\x05\0\0\0Jhello";
	struct channel c = { 0 };
	struct frame f;
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof bytes - 1; i++) {
		assert_int_equal(channel_next(&c, &f, &e), 0);
		assert_int_equal(write(s[0], bytes + i, 1), 1);
		assert_int_equal(channel_read(&c, s[1]), 1);
	}
	assert_int_equal(channel_next(&c, &f, &e), 1);
	assert_string_equal(f.data, "hello");
	channel_free(&c);
}

static void
what_is_no_frame_is_refused(void **state)
{
	static const char *const bad[] = { "\xff\xff\xff\xffJ", "\x01\0\x40\0J", "\x01\0\0\0?x",
		                           "\x01\0\0\0\0x" };
	struct frame f;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct channel c = { 0 };
		struct err e = { 0 };
		str_addn(&c.in, bad[i], 6);
		assert_int_equal(channel_next(&c, &f, &e), -1);
		assert_int_equal(e.code, EPROTO);
		channel_free(&c);
	}
	errno = 0;
	char *big = xcalloc(1, FRAME_MOST + 1);
	assert_int_equal(channel_send(s[0], FRAME_OUT, big, FRAME_MOST + 1, NULL, 0), -1);
	assert_int_equal(errno, EMSGSIZE);
	free(big);
}

static int
open_descriptors(void)
{
	int n = 0;
	for (int i = 0; i < 200; i++)
		n += fcntl(i, F_GETFD) >= 0;
	return n;
}

/* A peer may send more than anybody wants: none is leaked. */
static void
descriptors_are_kept_or_closed(void **state)
{
	struct channel c = { 0 };
	struct frame f;
	struct err e = { 0 };
	int before = open_descriptors(), fds[3] = { s[0], s[0], s[0] };

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(channel_send(s[0], FRAME_JSON, "{}", 2, fds, 3), 0);
		assert_true(channel_read(&c, s[1]) > 0);
		assert_int_equal(channel_next(&c, &f, &e), 1);
	}
	assert_int_equal(c.nfd, FRAME_FDS);
	assert_int_equal(open_descriptors(), before + FRAME_FDS);
	channel_free(&c);
	assert_int_equal(open_descriptors(), before);
}

static void
an_error_comes_back_whole(void **state)
{
	struct channel c = { 0 };
	struct err e = { 0 }, back = { 0 };

	(void)state;
	fail(&e, ENOENT, "there is no command '%s'", "x");
	err_hint(&e, "try y");
	err_status(&e, 127);
	json_t *doc = control_error(&e);
	assert_int_equal(channel_send_json(s[0], doc, NULL, 0), 0);
	json_decref(doc);
	assert_null(control_answer(s[1], &c, &back));
	assert_string_equal(back.what, e.what);
	assert_string_equal(back.hint, e.hint);
	assert_int_equal(back.code, ENOENT);
	assert_int_equal(err_exit(&back), 127);
	channel_free(&c);
}

/* A name may hold any bytes; JSON may not.  The answer must come all the same. */
static void
an_error_may_hold_any_bytes(void **state)
{
	struct channel c = { 0 };
	struct err e = { 0 }, back = { 0 };

	(void)state;
	fail(&e, ENOENT, "there is no file '\xff\xfe'");
	json_t *doc = control_error(&e);
	assert_non_null(doc);
	assert_int_equal(channel_send_json(s[0], doc, NULL, 0), 0);
	json_decref(doc);
	assert_null(control_answer(s[1], &c, &back));
	assert_int_equal(back.code, ENOENT);
	assert_non_null(strstr(back.what, "there is no file"));
	channel_free(&c);
}

/* An answer and what follows it may come at once; the second is for the next
 * reader of the socket. */
static void
an_answer_leaves_what_follows(void **state)
{
	struct channel c = { 0 }, next = { 0 };
	struct err e = { 0 };
	json_t *ok = json_pack("{s:b}", "ok", 1), *end = json_pack("{s:i}", "exit", 7);

	(void)state;
	assert_int_equal(channel_send_json(s[0], ok, NULL, 0), 0);
	assert_int_equal(channel_send(s[0], FRAME_JSON, "", 0, NULL, 0), 0);
	assert_int_equal(channel_send_json(s[0], end, NULL, 0), 0);
	json_t *first = control_answer(s[1], &c, &e);
	assert_true(json_yes(first, "ok"));
	channel_free(&c);
	assert_null(control_answer(s[1], &c, &e));
	channel_free(&c);
	json_t *second = control_answer(s[1], &next, &e);
	assert_int_equal(json_int(second, "exit", -1), 7);
	channel_free(&next);
	json_decref(ok);
	json_decref(end);
	json_decref(first);
	json_decref(second);
}

static void
a_monitor_that_went_away(void **state)
{
	struct channel c = { 0 };
	struct err e = { 0 };

	(void)state;
	shutdown(s[0], SHUT_WR);
	assert_null(control_answer(s[1], &c, &e));
	assert_true(e.what[0]);
	channel_free(&c);
}

#define PAIR(f) cmocka_unit_test_setup_teardown(f, make_pair, close_pair)

UNIT_MAIN(PAIR(frames_keep_their_borders), PAIR(a_frame_may_come_in_pieces),
          PAIR(what_is_no_frame_is_refused), PAIR(descriptors_are_kept_or_closed),
          PAIR(an_error_comes_back_whole), PAIR(an_error_may_hold_any_bytes),
          PAIR(an_answer_leaves_what_follows), PAIR(a_monitor_that_went_away))
