/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/agent/session.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/cur.h"
#include "base/str.h"
#include "libexec/agent/program.h"
#include "libexec/agent/request.h"
#include "libexec/agent/stats.h"
#include "libexec/agent/wire.h"

enum { PIECE = 32 << 10, LAST_WORDS = 1 << 20 };
enum { NEAR = 50000000 }; /* ns that a clock may be off */
enum { TERMINAL = 100 };  /* ms until what was written to one can be read */

struct session {
	struct wire w;
	struct program program;
	struct buf input; /* for the program */
	size_t input_at;
	bool input_ends;
};

static void
failed(struct wire *w, const struct err *e)
{
	char *text = NULL;
	if (asprintf(&text, "%s\n%s", e->what, e->hint) < 0)
		return;
	wire_put_u32(w, WIRE_FAILED, (uint32_t)err_exit(e), text);
	free(text);
}

/* -- input --------------------------------------------------------------------------------- */

static void
no_more_input(struct session *s)
{
	if (s->program.in >= 0)
		close(s->program.in);
	s->program.in = -1;
	buf_free(&s->input);
	s->input_at = 0;
}

/* What waits for the program goes there, as far as it takes it. */
static void
feed(struct session *s)
{
	while (s->program.in >= 0 && s->input_at < s->input.n) {
		ssize_t n =
		        write(s->program.in, s->input.p + s->input_at, s->input.n - s->input_at);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) {
			no_more_input(s);
			return;
		}
		s->input_at += (size_t)n;
	}
	s->input.n = s->input_at = 0;
	/* who closes a terminal ends it: there the end of input is a character */
	if (s->input_ends && s->program.errors >= 0)
		no_more_input(s);
}

static void
take(struct session *s, const struct frame *f)
{
	struct cur c = cur_of(f->p, f->n);
	unsigned rows, cols;
	switch (f->kind) {
	case WIRE_INPUT:
		if (f->n == 0)
			s->input_ends = true;
		else if (s->program.in >= 0)
			buf_put(&s->input, f->p, f->n);
		feed(s);
		break;
	case WIRE_SIZE:
		rows = cur_u16(&c);
		cols = cur_u16(&c);
		if (!c.bad && s->program.errors < 0)
			program_size(&s->program, rows, cols);
		break;
	default: break; /* of a newer caller */
	}
}

/* All that has come; false: it cannot be. */
static bool
hear(struct session *s)
{
	struct frame f;
	int rc;
	while ((rc = wire_next(&s->w, &f)) > 0)
		take(s, &f);
	return rc == 0;
}

/* -- output -------------------------------------------------------------------------------- */

/* A piece of what the program wrote, or the end of it. */
static void
tell(struct session *s, int *fd, enum wire_kind kind)
{
	char bytes[PIECE];
	ssize_t n = *fd < 0 ? 0 : read(*fd, bytes, sizeof bytes);
	if (n > 0) {
		wire_put(&s->w, kind, bytes, (size_t)n);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		/* a terminal that nobody has open reads as an error */
		if (*fd >= 0)
			close(*fd);
		*fd = -1;
	}
}

/* What is still on its way from a program that has ended.  What it left running may write on
 * for ever: that is nobody's. */
static void
drain(struct session *s, int *fd, enum wire_kind kind)
{
	size_t most = LAST_WORDS / PIECE;
	struct pollfd p = { .fd = *fd, .events = POLLIN };
	while (most-- > 0 && *fd >= 0 && poll(&p, 1, s->program.errors < 0 ? TERMINAL : 0) > 0) {
		tell(s, fd, kind);
		if (wire_waiting(&s->w) > WIRE_FULL)
			wire_finish(&s->w);
	}
}

/* The program has ended: what it wrote and its status are the last words. */
static void
ended(struct session *s)
{
	drain(s, &s->program.out, WIRE_OUTPUT);
	drain(s, &s->program.errors, WIRE_ERRORS);
	wire_put_u32(&s->w, WIRE_EXIT, (uint32_t)program_status(&s->program), "");
	wire_finish(&s->w);
}

static void
run(struct session *s, const struct request *r)
{
	enum { WIRE, IN, OUT, ERRORS, ENDED, SOURCES };
	/* some of it may have come with the request */
	bool there = hear(s);
	while (there) {
		bool full = wire_waiting(&s->w) > WIRE_FULL;
		bool fed = s->input.n - s->input_at > WIRE_FULL;
		struct pollfd p[SOURCES] = {
			[WIRE] = { s->w.fd,
			           (short)((fed ? 0 : POLLIN) |
			                   (wire_waiting(&s->w) ? POLLOUT : 0)),
			           0 },
			[IN] = { s->input.n > s->input_at ? s->program.in : -1, POLLOUT, 0 },
			[OUT] = { full ? -1 : s->program.out, POLLIN, 0 },
			[ERRORS] = { full ? -1 : s->program.errors, POLLIN, 0 },
			[ENDED] = { s->program.pidfd, POLLIN, 0 },
		};
		if (poll(p, SOURCES, -1) < 0)
			continue;
		if (p[ENDED].revents) {
			ended(s);
			return;
		}
		if (p[IN].revents)
			feed(s);
		if (p[OUT].revents)
			tell(s, &s->program.out, WIRE_OUTPUT);
		if (p[ERRORS].revents)
			tell(s, &s->program.errors, WIRE_ERRORS);
		there = (!(p[WIRE].revents & ~POLLOUT) || wire_read(&s->w)) && hear(s) &&
		        wire_write(&s->w);
	}
	/* who asked has gone, or it was another computer, from which this one was restored */
	if (!r->detached)
		program_end(&s->program);
}

/* -- from the first word ------------------------------------------------------------------- */

static void
answer_stats(struct session *s)
{
	struct str text = { 0 };
	stats_write(&text);
	wire_put(&s->w, WIRE_ANSWER, text.p, text.n);
	wire_put_u32(&s->w, WIRE_EXIT, 0, "");
	str_free(&text);
}

/* A serial line has no size of its own: its kernel has to be told. */
static void
set_size(const struct request *r)
{
	struct winsize size = { .ws_row = (unsigned short)r->rows,
		                .ws_col = (unsigned short)r->cols };
	int fd = open("/dev/console", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return;
	ioctl(fd, TIOCSWINSZ, &size);
	close(fd);
}

/* Its clock stood still while the guest did. */
static void
set_clock(int64_t now)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	int64_t off = now - (t.tv_sec * INT64_C(1000000000) + t.tv_nsec);
	if (off > -NEAR && off < NEAR)
		return;
	t.tv_sec = (time_t)(now / 1000000000);
	t.tv_nsec = (long)(now % 1000000000);
	clock_settime(CLOCK_REALTIME, &t);
}

/* What cannot be set stays as it is: nobody waits to hear of it. */
static void
settle(struct session *s, const struct request *r)
{
	if (r->rows)
		set_size(r);
	if (r->now)
		set_clock(r->now);
	wire_put_u32(&s->w, WIRE_EXIT, 0, "");
}

static int
serve(struct session *s, const struct frame *f, struct err *e)
{
	struct request r = { 0 };
	int rc = -1;
	if (f->kind != WIRE_REQUEST) {
		fail(e, EPROTO, "a conversation begins with a request");
	} else if ((rc = request_read(&r, (const char *)f->p, f->n, e)) < 0) {
		/* it says why */
	} else if (r.stats) {
		answer_stats(s);
	} else if (r.settle) {
		settle(s, &r);
	} else if ((rc = program_start(&r, &s->program, e)) == 0) {
		run(s, &r);
	}
	request_free(&r);
	return rc;
}

void
session_serve(int fd)
{
	struct session s = { .program = {
		                     .pid = -1, .pidfd = -1, .in = -1, .out = -1, .errors = -1 } };
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct frame f;
	struct err e = { 0 };
	int rc = 0;
	wire_open(&s.w, fd);
	while (rc == 0 && (poll(&p, 1, -1) < 0 || wire_read(&s.w)))
		rc = wire_next(&s.w, &f);
	if (rc > 0) {
		/* what it says stays where it is while more is read */
		char *words = malloc(f.n + 1);
		if (words) {
			memcpy(words, f.p, f.n);
			f.p = (const uint8_t *)words;
			if (serve(&s, &f, &e) < 0)
				failed(&s.w, &e);
		}
		free(words);
	}
	wire_finish(&s.w);
	wire_close(&s.w);
}
