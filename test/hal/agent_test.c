/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cur.h"
#include "base/str.h"
#include "libexec/agent/request.h"
#include "libexec/agent/session.h"
#include "libexec/agent/wire.h"

/* The agent's side of a conversation in a process of its own; ours is *w. */
static pid_t
begin(struct wire *w)
{
	int fd[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	pid_t pid = fork();
	if (pid == 0) {
		signal(SIGPIPE, SIG_IGN);
		close(fd[0]);
		session_serve(fd[1]);
		_exit(0);
	}
	close(fd[1]);
	wire_open(w, fd[0]);
	return pid;
}

static void
end(struct wire *w, pid_t pid)
{
	wire_close(w);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* The next frame; kind 0 when there is none any more. */
static struct frame
next(struct wire *w)
{
	struct frame f = { 0 };
	int rc;
	while ((rc = wire_next(w, &f)) == 0) {
		struct pollfd p = { .fd = w->fd, .events = POLLIN };
		wire_write(w);
		if (wire_waiting(w))
			p.events |= POLLOUT;
		poll(&p, 1, -1);
		if (p.revents & ~POLLOUT && !wire_read(w))
			return (struct frame){ 0 };
	}
	assert_true(rc > 0);
	return f;
}

/* All output until the exit status, which is returned. */
static int
outcome(struct wire *w, struct str *out, struct str *errors)
{
	for (;;) {
		struct frame f = next(w);
		struct cur c = cur_of(f.p, f.n);
		switch (f.kind) {
		case WIRE_OUTPUT:
		case WIRE_ANSWER: str_addn(out, f.p, f.n); break;
		case WIRE_ERRORS: str_addn(errors, f.p, f.n); break;
		case WIRE_FAILED: str_addn(errors, f.p + 4, f.n - 4); return (int)cur_u32(&c);
		case WIRE_EXIT: return (int)cur_u32(&c);
		default: fail_msg("frame of kind %d", f.kind);
		}
	}
}

#define ASK(w, words) wire_put(w, WIRE_REQUEST, words, sizeof words)

static void
a_program_has_three_streams_and_a_status(void **state)
{
	(void)state;
	struct wire w;
	struct str out = { 0 }, errors = { 0 };
	pid_t pid = begin(&w);
	ASK(&w, "env=WORD=two words\0arg=sh\0arg=-c\0"
	        "arg=cat; echo \"$WORD\" >&2; pwd >&2; exit 7\0cwd=/usr\0later=unknown");
	/* all in one piece: input may stand behind the request in the same buffer */
	wire_put(&w, WIRE_INPUT, "in", 2);
	wire_put(&w, WIRE_INPUT, "put\n", 4);
	wire_put(&w, WIRE_INPUT, NULL, 0);
	assert_int_equal(outcome(&w, &out, &errors), 7);
	assert_string_equal(str_text(&out), "input\n");
	assert_string_equal(str_text(&errors), "two words\n/usr\n");
	str_free(&out);
	str_free(&errors);
	end(&w, pid);
}

static void
more_than_any_buffer_goes_through(void **state)
{
	(void)state;
	enum { PIECE = 100000, PIECES = 100 };
	static char bytes[PIECE];
	struct wire w;
	size_t got = 0, put = 0;
	pid_t pid = begin(&w);
	memset(bytes, 'x', sizeof bytes);
	ASK(&w, "arg=cat");
	for (;;) {
		while (put < PIECES && wire_waiting(&w) < WIRE_FULL) {
			wire_put(&w, WIRE_INPUT, bytes, PIECE);
			if (++put == PIECES)
				wire_put(&w, WIRE_INPUT, NULL, 0);
			wire_write(&w);
		}
		struct frame f = next(&w);
		if (f.kind == WIRE_EXIT)
			break;
		assert_int_equal(f.kind, WIRE_OUTPUT);
		got += f.n;
	}
	assert_int_equal(got, (size_t)PIECE * PIECES);
	end(&w, pid);
}

static void
what_cannot_run_says_why(void **state)
{
	(void)state;
	static const struct {
		const char *words;
		size_t n;
		int status;
		const char *why;
	} rows[] = {
#define ROW(words, status, why) { words, sizeof words, status, why }
		ROW("arg=no-such-program", 127, "cannot run 'no-such-program': No such file"),
		ROW("arg=/", 126, "cannot run '/': Permission denied"),
		ROW("arg=true\0cwd=/nowhere", 126, "the folder '/nowhere': No such file"),
		ROW("cwd=/", 125, "a request names no program"),
		ROW("arg=true\0umask=8x", 125, "'8x' is no number"),
		ROW("arg=true\0user=nobody-has-this-name", 125, "there is no user"),
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct wire w;
		struct str out = { 0 };
		pid_t pid = begin(&w);
		wire_put(&w, WIRE_REQUEST, rows[i].words, rows[i].n);
		assert_int_equal(outcome(&w, &out, &out), rows[i].status);
		if (!str_starts(str_text(&out), rows[i].why))
			fail_msg("'%s' is no '%s'", str_text(&out), rows[i].why);
		str_free(&out);
		end(&w, pid);
	}
}

static void
a_signal_is_a_status(void **state)
{
	(void)state;
	struct wire w;
	struct str out = { 0 };
	pid_t pid = begin(&w);
	ASK(&w, "arg=sh\0arg=-c\0arg=kill -9 $$");
	assert_int_equal(outcome(&w, &out, &out), 128 + SIGKILL);
	str_free(&out);
	end(&w, pid);
}

/* A child that keeps the output open does not keep the caller. */
static void
what_a_program_leaves_running_is_not_waited_for(void **state)
{
	(void)state;
	struct wire w;
	struct str out = { 0 };
	pid_t pid = begin(&w);
	ASK(&w, "arg=sh\0arg=-c\0arg=sleep 30 & echo $!");
	assert_int_equal(outcome(&w, &out, &out), 0);
	pid_t left = (pid_t)strtol(str_text(&out), NULL, 10);
	assert_true(left > 1);
	assert_int_equal(kill(left, 0), 0);
	kill(left, SIGKILL);
	str_free(&out);
	end(&w, pid);
}

static void
who_goes_away_takes_the_program_along(void **state)
{
	(void)state;
	struct wire w;
	struct frame f;
	pid_t pid = begin(&w);
	/* not even by trying not to hear */
	ASK(&w, "arg=sh\0arg=-c\0arg=trap '' HUP TERM; echo $$; while :; do sleep 1; done");
	f = next(&w);
	assert_int_equal(f.kind, WIRE_OUTPUT);
	pid_t program = (pid_t)strtol((const char *)f.p, NULL, 10);
	assert_int_equal(kill(program, 0), 0);
	end(&w, pid); /* the agent's process ends when that is done */
	for (int i = 0; i < 100 && kill(program, 0) == 0; i++)
		poll(NULL, 0, 50);
	assert_int_equal(kill(program, 0), -1);
}

static void
one_that_is_detached_goes_on(void **state)
{
	(void)state;
	char name[] = "/tmp/agent.XXXXXX", words[128];
	int fd = mkstemp(name);
	struct wire w;
	int n = snprintf(words, sizeof words,
	                 "detached=1%carg=sh%carg=-c%carg=sleep 1; echo x; rm %s", 0, 0, 0, name);
	assert_true(fd >= 0);
	close(fd);
	pid_t pid = begin(&w);
	wire_put(&w, WIRE_REQUEST, words, (size_t)n + 1);
	while (wire_waiting(&w))
		wire_write(&w);
	poll(NULL, 0, 300);
	end(&w, pid);
	assert_int_equal(access(name, F_OK), 0);
	for (int i = 0; i < 200 && access(name, F_OK) == 0; i++)
		poll(NULL, 0, 50);
	assert_int_equal(access(name, F_OK), -1);
}

static void
a_terminal_has_a_size_that_changes(void **state)
{
	(void)state;
	struct wire w;
	struct str out = { 0 };
	const uint8_t size[4] = { 50, 0, 44, 1 };
	pid_t pid = begin(&w);
	ASK(&w, "terminal=1\0rows=20\0cols=70\0arg=sh\0arg=-c\0"
	        "arg=test -t 0 && stty size; read x; stty size; echo \"$x.\"");
	while (!strstr(str_text(&out), "20 70")) {
		struct frame f = next(&w);
		assert_int_equal(f.kind, WIRE_OUTPUT);
		str_addn(&out, f.p, f.n);
	}
	wire_put(&w, WIRE_SIZE, size, sizeof size);
	wire_put(&w, WIRE_INPUT, "said\n", 5);
	assert_int_equal(outcome(&w, &out, &out), 0);
	assert_non_null(strstr(str_text(&out), "50 300\r\nsaid.\r\n"));
	str_free(&out);
	end(&w, pid);
}

static void
how_the_guest_is(void **state)
{
	(void)state;
	struct wire w;
	struct str out = { 0 };
	unsigned long long total = 0, used = 0;
	unsigned processes = 0;
	pid_t pid = begin(&w);
	ASK(&w, "do=stats");
	assert_int_equal(outcome(&w, &out, &out), 0);
	assert_int_equal(sscanf(str_text(&out),
	                        "{\"memory\": {\"total\": %llu, \"used\": %llu}, \"processes\": %u",
	                        &total, &used, &processes),
	                 3);
	assert_true(used > 0 && used < total && processes > 1);
	str_free(&out);
	end(&w, pid);
}

/* What is no conversation ends it, and nothing else. */
static void
noise_is_refused(void **state)
{
	(void)state;
	static const char noise[] = "\xff\xff\xff\xffR and so on";
	struct wire w;
	struct str out = { 0 };
	pid_t pid = begin(&w);
	assert_int_equal(send(w.fd, noise, sizeof noise, MSG_NOSIGNAL), sizeof noise);
	assert_int_equal(next(&w).kind, 0);
	end(&w, pid);

	pid = begin(&w);
	wire_put(&w, WIRE_INPUT, "x", 1);
	assert_int_equal(outcome(&w, &out, &out), 125);
	assert_non_null(strstr(str_text(&out), "begins with a request"));
	str_free(&out);
	end(&w, pid);
}

static void
words_of_a_request(void **state)
{
	(void)state;
	static const char words[] =
	        "arg=a\0arg=b c\0user=x:y\0group=g\0umask=18\0rows=1\0cols=2\0uid=3\0"
	        "gid=4\0terminal=1\0env=A=B";
	struct request r;
	struct err e = { 0 };
	assert_int_equal(request_read(&r, words, sizeof words, &e), 0);
	assert_int_equal(r.args.n, 2);
	assert_string_equal(r.args.p[1], "b c");
	assert_string_equal(r.user, "x:y");
	assert_string_equal(r.groups.p[0], "g");
	assert_string_equal(r.env.p[0], "A=B");
	assert_int_equal(r.umask, 18);
	assert_true(r.terminal && r.rows == 1 && r.cols == 2 && r.uid == 3 && r.gid == 4);
	assert_true(!r.stats && !r.settle && !r.cwd);
	request_free(&r);
	assert_int_equal(request_read(&r, words, sizeof words - 1, &e), -1);
	request_free(&r);
	assert_int_equal(request_read(&r, words, 0, &e), -1);
	request_free(&r);
}

UNIT_MAIN(TEST(a_program_has_three_streams_and_a_status), TEST(more_than_any_buffer_goes_through),
          TEST(what_cannot_run_says_why), TEST(a_signal_is_a_status),
          TEST(what_a_program_leaves_running_is_not_waited_for),
          TEST(who_goes_away_takes_the_program_along), TEST(one_that_is_detached_goes_on),
          TEST(a_terminal_has_a_size_that_changes), TEST(how_the_guest_is), TEST(noise_is_refused),
          TEST(words_of_a_request))
