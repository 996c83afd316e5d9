/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/agent/call.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "base/cur.h"
#include "base/err.h"
#include "base/file.h"
#include "base/proc.h"
#include "libexec/agent/wire.h"

enum { PIECE = 32 << 10 };
enum { PATIENCE = 10 }; /* seconds for a guest to answer the door */
enum { BREATH = 500 };  /* ms between two knocks */

extern char **environ;

static int
say(const struct err *e)
{
	dprintf(2, "joist: %s\n", e->what);
	if (e->hint[0])
		dprintf(2, "       %s\n", e->hint);
	return err_exit(e);
}

/* -- the door -------------------------------------------------------------------------------- */

static int
nobody(struct err *e)
{
	const char *name = getenv("machine");
	fail(e, ENOTCONN, "no agent answers in machine '%s'", name ? name : "");
	return err_hint(
	        e, "run joist-agent in the guest, as tool/guest's images do (joist help exec)");
}

/* Sockets have short names: go where it is.  Returns its name there. */
static const char *
approach(char *path, struct err *e)
{
	char *slash = strrchr(path, '/');
	if (!slash)
		return path;
	*slash = '\0';
	if (chdir(*path ? path : "/") == 0)
		return slash + 1;
	fail(e, errno, "'%s': %s", path, strerror(errno));
	return NULL;
}

static int
reach(const char *name, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	if (strlen(name) >= sizeof a.sun_path)
		return fail(e, ENAMETOOLONG, "'%s' is too long for a socket", name);
	memcpy(a.sun_path, name, strlen(name));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	fail(e, errno, "'%s': %s", name, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static int
knock_once(const char *name, struct err *e)
{
	struct timeval patience = { .tv_sec = PATIENCE };
	int fd = reach(name, e);
	char c = 0, first = 0;
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	char hello[32];
	int n = snprintf(hello, sizeof hello, "CONNECT %d\n", WIRE_PORT);
	send(fd, hello, (size_t)n, MSG_NOSIGNAL); /* the answer tells */
	while (c != '\n') {
		if (recv(fd, &c, 1, 0) != 1) {
			close(fd);
			return nobody(e);
		}
		first = first ? first : c;
	}
	if (first == 'O')
		return fd;
	close(fd);
	return nobody(e);
}

/* patience=SECONDS: its agent may not have started yet. */
static int
knock(const char *name, struct err *e)
{
	const char *text = getenv("patience");
	long left = text ? strtol(text, NULL, 10) * 1000 / BREATH : 0;
	int fd;
	while ((fd = knock_once(name, e)) < 0 && left-- > 0)
		poll(NULL, 0, BREATH);
	return fd;
}

/* -- what is said ---------------------------------------------------------------------------- */

static int
ask(struct wire *w, struct err *e)
{
	struct buf words = { 0 };
	struct winsize size;
	char text[40];
	for (char **v = environ; *v; v++)
		buf_put(&words, *v, strlen(*v) + 1);
	/* what is so now, not when we were started */
	if (getenv("do") && strcmp(getenv("do"), "settle") == 0) {
		int n = snprintf(text, sizeof text, "now=%lld", (long long)proc_now());
		buf_put(&words, text, (size_t)n + 1);
	}
	if (ioctl(0, TIOCGWINSZ, &size) == 0) {
		int n = snprintf(text, sizeof text, "rows=%u%ccols=%u", size.ws_row, 0,
		                 size.ws_col);
		buf_put(&words, text, (size_t)n + 1);
	}
	int rc = 0;
	if (words.n > WIRE_MOST) {
		fail(e, E2BIG, "the command has %zu bytes of arguments and environment", words.n);
		rc = err_hint(e, "a guest takes up to 1 MiB");
	} else {
		wire_put(w, WIRE_REQUEST, words.p, words.n);
	}
	buf_free(&words);
	return rc;
}

static void
tell_size(struct wire *w)
{
	struct winsize size;
	if (ioctl(0, TIOCGWINSZ, &size) < 0)
		return;
	const uint8_t bytes[4] = { (uint8_t)size.ws_row, (uint8_t)(size.ws_row >> 8),
		                   (uint8_t)size.ws_col, (uint8_t)(size.ws_col >> 8) };
	wire_put(w, WIRE_SIZE, bytes, sizeof bytes);
}

static int
ending(const struct frame *f, struct err *e)
{
	struct cur c = cur_of(f->p, f->n);
	uint32_t status = cur_u32(&c);
	if (f->kind == WIRE_EXIT)
		return c.bad ? EXIT_OURS : (int)(status & 255);
	size_t n = cur_left(&c);
	const char *text = (const char *)cur_bytes(&c, n), *line;
	line = text ? memchr(text, '\n', n) : NULL;
	if (!line)
		return EXIT_OURS;
	fail(e, EREMOTE, "%.*s", (int)(line - text), text);
	err_hint(e, "%.*s", (int)(n - (size_t)(line + 1 - text)), line + 1);
	err_status(e, (int)(status & 255));
	return say(e);
}

/* All that has come; the exit status once that is known, or -1. */
static int
hear(struct wire *w, struct err *e)
{
	struct frame f;
	bool there = wire_read(w);
	int rc;
	while ((rc = wire_next(w, &f)) > 0) {
		switch (f.kind) {
		case WIRE_ANSWER:
		case WIRE_OUTPUT:
		case WIRE_ERRORS:
			/* as to any program: who does not read is not written to */
			if (file_write_all(f.kind == WIRE_ERRORS ? 2 : 1, f.p, f.n) < 0)
				return EXIT_OURS;
			break;
		case WIRE_EXIT:
		case WIRE_FAILED: return ending(&f, e);
		}
	}
	if (there && rc == 0)
		return -1;
	fail(e, ECONNRESET,
	     rc < 0 ? "the guest's agent says what no agent says"
	            : "the connection to the guest's agent is gone");
	return say(e);
}

/* false: there is no more. */
static bool
pass_input(struct wire *w)
{
	char bytes[PIECE];
	ssize_t n = read(0, bytes, sizeof bytes);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	wire_put(w, WIRE_INPUT, bytes, n > 0 ? (size_t)n : 0);
	return n > 0;
}

static int
converse(struct wire *w, int sizes, struct err *e)
{
	enum { WIRE, IN, SIZE };
	bool input = true;
	int status = -1;
	while (status < 0) {
		struct pollfd p[] = {
			[WIRE] = { w->fd, (short)(POLLIN | (wire_waiting(w) ? POLLOUT : 0)), 0 },
			[IN] = { input && wire_waiting(w) < WIRE_FULL ? 0 : -1, POLLIN, 0 },
			[SIZE] = { sizes, POLLIN, 0 },
		};
		struct signalfd_siginfo info;
		if (poll(p, 3, -1) < 0)
			continue;
		if (p[SIZE].revents && read(sizes, &info, sizeof info) > 0)
			tell_size(w);
		if (p[IN].revents)
			input = pass_input(w);
		wire_write(w); /* who is gone is heard of below */
		if (p[WIRE].revents & ~POLLOUT)
			status = hear(w, e);
	}
	return status;
}

/* A terminal of our own tells us when its size changes. */
static int
take_terminal(void)
{
	sigset_t set;
	const char *wanted = getenv("terminal");
	if (!wanted || strcmp(wanted, "1") != 0)
		return -1;
	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	setsid();
	ioctl(0, TIOCSCTTY, 0);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int
call_run(char *socket)
{
	struct err e = { 0 };
	struct wire w;
	int sizes = take_terminal();
	const char *name = approach(socket, &e);
	int fd = name ? knock(name, &e) : -1;
	if (fd < 0)
		return say(&e);
	wire_open(&w, fd);
	if (ask(&w, &e) < 0)
		return say(&e);
	int status = converse(&w, sizes, &e);
	wire_close(&w);
	return status;
}
