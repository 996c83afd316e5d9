/* SPDX-License-Identifier: Apache-2.0 */
/* stream.c -- what the guest writes, to the log, to us and to who attached;
 * what it reads.  A reader that does not read stops the guest's output, never
 * the monitor. */
#include "core/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/str.h"
#include "core/log.h"
#include "core/machine.h"
#include "core/spec.h"

enum { CHUNK = 4096 }; /* PIPE_BUF: what poll calls writable takes at least this */

struct pipe_end {
	struct watch *w;
	int fd;     /* own: our end; -1 */
	int stream; /* 1 or 2 */
	struct source *source;
	bool held; /* not watched: a reader is behind */
};

struct stream {
	struct pipe_end out[2];
	int in;       /* own: our end of its standard input, -1 */
	int given[3]; /* own: the guest's ends, until it has them */
	bool terminal;
	struct str pending; /* input that the guest has no room for yet */
	bool end_of_input;
	struct source *in_source;
	struct source *out_ready[2]; /* watches our own descriptors while they are full */
};

static void output(void *ctx, uint32_t events);

static int
pair(int fd[2], struct err *e)
{
	if (pipe2(fd, O_CLOEXEC) < 0)
		return fail(e, errno, "cannot make a pipe: %s", strerror(errno));
	return 0;
}

int
stream_open(struct watch *w, struct err *e)
{
	struct stream *s = xcalloc(1, sizeof *s);
	bool want_in = strcmp(spec_note(w->spec, "stdin", ""), "true") == 0;
	int fd[2];

	w->stream = s;
	s->in = -1;
	s->terminal = w->spec->process.terminal;
	for (int i = 0; i < 3; i++)
		s->given[i] = w->home.fd[i] = -1;
	for (int i = 0; i < 2; i++)
		s->out[i] = (struct pipe_end){ .w = w, .fd = -1, .stream = i + 1 };
	if (s->terminal)
		return 0; /* it comes with the guest's start */
	if (w->mode != MONITOR_QUIET && want_in)
		w->home.fd[0] = 0;
	/* Ours, because a root of the user's own may have no /dev/null. */
	if (!want_in) {
		s->given[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		w->home.fd[0] = s->given[0];
	}
	if (w->mode == MONITOR_DIRECT) {
		w->home.fd[1] = 1;
		w->home.fd[2] = 2;
		return 0;
	}
	for (int i = 0; i < 2; i++) {
		if (pair(fd, e) < 0)
			return -1;
		fcntl(fd[0], F_SETFL, O_NONBLOCK);
		s->out[i].fd = fd[0];
		w->home.fd[i + 1] = s->given[i + 1] = fd[1];
	}
	if (w->mode == MONITOR_QUIET && want_in) {
		if (pair(fd, e) < 0)
			return -1;
		fcntl(fd[1], F_SETFL, O_NONBLOCK);
		s->in = fd[1];
		w->home.fd[0] = s->given[0] = fd[0];
	}
	return 0;
}

static void
close_given(struct stream *s)
{
	for (int i = 0; i < 3; i++) {
		if (s->given[i] >= 0)
			close(s->given[i]);
		s->given[i] = -1;
	}
}

static void
watch_output(struct watch *w, struct pipe_end *p)
{
	if (p->fd >= 0 && !p->source)
		p->source = loop_fd(w->loop, p->fd, EPOLLIN, output, p, NULL);
}

void
stream_started(struct watch *w)
{
	struct stream *s = w->stream;

	/* A guest that is made anew each time that it rests is given them again. */
	if (!watch_anew(w))
		close_given(s);
	if (s->terminal && w->layer->console && s->out[0].fd < 0) {
		int master = w->layer->console(w->guest);
		if (master >= 0) {
			s->out[0].fd = fcntl(master, F_DUPFD_CLOEXEC, 0);
			s->in = fcntl(master, F_DUPFD_CLOEXEC, 0);
			fcntl(master, F_SETFL, O_NONBLOCK);
		}
	}
	for (int i = 0; i < 2; i++)
		watch_output(w, &s->out[i]);
	watch_settle(w);
}

/* -- output -------------------------------------------------------------------- */

static void
own_ready(void *ctx, uint32_t events)
{
	struct pipe_end *p = ctx;
	struct stream *s = p->w->stream;

	(void)events;
	loop_remove(s->out_ready[p->stream - 1]);
	s->out_ready[p->stream - 1] = NULL;
	stream_flow(p->w);
}

/* Can our own descriptor take a chunk?  If not, be told when it can. */
static bool
own_room(struct pipe_end *p)
{
	struct stream *s = p->w->stream;
	struct pollfd f = { .fd = p->stream, .events = POLLOUT };

	if (p->w->mode != MONITOR_TEE || (poll(&f, 1, 0) != 0))
		return true;
	if (!s->out_ready[p->stream - 1])
		s->out_ready[p->stream - 1] =
		        loop_fd(p->w->loop, p->stream, EPOLLOUT, own_ready, p, NULL);
	/* What epoll cannot watch is a plain file, which is always ready. */
	return s->out_ready[p->stream - 1] == NULL;
}

static void
give_out(struct watch *w, int stream, const char *bytes, size_t n)
{
	if (w->log)
		log_put(w->log, stream, bytes, n);
	if (w->mode == MONITOR_TEE)
		file_write_all(stream, bytes, n); /* a closed reader loses it */
	serve_output(w, stream, bytes, n);
}

void
stream_say(struct watch *w, const struct err *e)
{
	char *text = xprintf("joist: %s\n%s%s%s", e->what, e->hint[0] ? "  " : "", e->hint,
	                     e->hint[0] ? "\n" : "");
	give_out(w, 2, text, strlen(text));
	free(text);
}

static void
shut(struct pipe_end *p)
{
	loop_remove(p->source);
	p->source = NULL;
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

static void
output(void *ctx, uint32_t events)
{
	struct pipe_end *p = ctx;
	char buf[CHUNK];

	(void)events;
	if (!own_room(p) || serve_behind(p->w)) {
		p->held = true;
		loop_remove(p->source);
		p->source = NULL;
		return;
	}
	ssize_t n = read(p->fd, buf, sizeof buf);
	if (n > 0)
		give_out(p->w, p->stream, buf, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		shut(p); /* EIO: the last program closed the terminal */
}

void
stream_flow(struct watch *w)
{
	for (int i = 0; w->stream && i < 2; i++) {
		struct pipe_end *p = &w->stream->out[i];
		if (!p->held || serve_behind(w))
			continue;
		p->held = false;
		watch_output(w, p);
	}
}

void
stream_drain(struct watch *w)
{
	char buf[CHUNK];

	for (int i = 0; i < 2; i++) {
		struct pipe_end *p = &w->stream->out[i];
		ssize_t n;
		/* What is in the pipe is at most its size; a terminal likewise. */
		while (p->fd >= 0 &&
		       ((n = read(p->fd, buf, sizeof buf)) > 0 || (n < 0 && errno == EINTR)))
			if (n > 0)
				give_out(w, p->stream, buf, (size_t)n);
	}
}

void
stream_close(struct watch *w)
{
	struct stream *s = w->stream;

	if (!s)
		return;
	for (int i = 0; i < 2; i++) {
		shut(&s->out[i]);
		loop_remove(s->out_ready[i]);
	}
	loop_remove(s->in_source);
	if (s->in >= 0)
		close(s->in);
	close_given(s);
	str_free(&s->pending);
	free(s);
	w->stream = NULL;
}

/* -- input ---------------------------------------------------------------------- */

static void
push(void *ctx, uint32_t events)
{
	struct watch *w = ctx;
	struct stream *s = w->stream;

	(void)events;
	while (s->pending.n > 0 && s->in >= 0) {
		ssize_t n = write(s->in, s->pending.p, s->pending.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			if (!s->in_source)
				s->in_source = loop_fd(w->loop, s->in, EPOLLOUT, push, w, NULL);
			return;
		}
		if (n < 0) { /* nobody reads any more */
			str_cut(&s->pending, 0);
			break;
		}
		memmove(s->pending.p, s->pending.p + n, s->pending.n - (size_t)n);
		str_cut(&s->pending, s->pending.n - (size_t)n);
	}
	loop_remove(s->in_source);
	s->in_source = NULL;
	if (s->end_of_input && s->in >= 0) {
		if (s->terminal) {
			/* A terminal says end of input with a character. */
			ssize_t put = write(s->in, "\004", 1);
			(void)put;
		} else {
			close(s->in);
			s->in = -1;
		}
		s->end_of_input = false;
	}
}

void
stream_input(struct watch *w, const char *bytes, size_t n)
{
	struct stream *s = w->stream;

	if (!s || s->in < 0)
		return;
	if (n == 0)
		s->end_of_input = true;
	str_addn(&s->pending, bytes, n);
	push(w, 0);
}

void
stream_size(struct watch *w, unsigned rows, unsigned cols)
{
	struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };

	if (w->stream && w->stream->terminal && w->stream->in >= 0)
		ioctl(w->stream->in, TIOCSWINSZ, &size);
	/* who has no process that the terminal could tell */
	if (w->stream && w->stream->terminal)
		watch_settle(w);
}
