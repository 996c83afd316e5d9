/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "cli/cli.h"

static struct termios saved;
static bool is_raw;

static void
cooked(void)
{
	if (is_raw)
		tcsetattr(0, TCSADRAIN, &saved);
	is_raw = false;
}

/* Every key goes to the machine, also ctrl-c; put back at exit, whatever way. */
static void
raw(void)
{
	struct termios t;

	if (is_raw || tcgetattr(0, &saved) < 0)
		return;
	t = saved;
	cfmakeraw(&t);
	if (tcsetattr(0, TCSADRAIN, &t) == 0) {
		is_raw = true;
		atexit(cooked);
	}
}

void
term_size(json_t *request)
{
	struct winsize w;

	if (ioctl(0, TIOCGWINSZ, &w) == 0 || ioctl(1, TIOCGWINSZ, &w) == 0)
		json_object_set_new(request, "consoleSize",
		                    json_pack("{s:i, s:i}", "height", w.ws_row, "width", w.ws_col));
}

/* "ctrl-p,ctrl-q": a letter, or ctrl- and one of a-z @ [ \ ] ^ _; "" is none. */
int
term_keys(const char *text, struct keys *k, struct err *e)
{
	*k = (struct keys){ .seq = { 16, 17 }, .n = 2 };
	if (!text)
		return 0;
	k->n = 0;
	while (*text && k->n < sizeof k->seq) {
		size_t n = strcspn(text, ",");
		char c = 0;
		if (n == 1)
			c = text[0];
		else if (n == 6 && memcmp(text, "ctrl-", 5) == 0 &&
		         strchr("abcdefghijklmnopqrstuvwxyz@[\\]^_", text[5]))
			c = text[5] & 0x1f;
		else {
			fail(e, EINVAL, "--detach-keys: '%.*s' is no key", (int)n, text);
			return err_hint(e, "write them as ctrl-p,ctrl-q or a,b");
		}
		k->seq[k->n++] = c;
		text += n + (text[n] == ',');
	}
	return 0;
}

/* Watches for the detach keys in what is typed.  Bytes of a sequence that may
 * be beginning are held back; returns how many of buf are to be sent now: what
 * was typed before the keys is not lost. */
struct matcher {
	const struct keys *keys;
	size_t at;
	bool left; /* the keys were typed */
};

static size_t
filter(struct matcher *m, const char *in, size_t n, char *out)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		if (m->keys->n && in[i] == m->keys->seq[m->at]) {
			m->left = ++m->at == m->keys->n;
			if (m->left)
				return k;
			continue;
		}
		memcpy(out + k, m->keys->seq, m->at);
		k += m->at;
		m->at = 0;
		if (m->keys->n && in[i] == m->keys->seq[0]) {
			m->at = 1;
			m->left = m->keys->n == 1;
			if (m->left)
				return k;
			continue;
		}
		out[k++] = in[i];
	}
	return k;
}

static int
size_signal(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void
send_size(int sock)
{
	struct winsize w;

	if (ioctl(0, TIOCGWINSZ, &w) < 0 && ioctl(1, TIOCGWINSZ, &w) < 0)
		return;
	unsigned char b[4] = { (unsigned char)w.ws_row, (unsigned char)(w.ws_row >> 8),
		               (unsigned char)w.ws_col, (unsigned char)(w.ws_col >> 8) };
	channel_send(sock, FRAME_SIZE, b, sizeof b, NULL, 0);
}

/* -- attach: frames ---------------------------------------------------------------- */

struct session {
	int sock;
	struct channel channel;
	bool greeted, terminal, input, ended;
	int *status;
	struct err *e;
};

/* Everything that has come from the monitor. */
static int
heard(struct session *s)
{
	struct frame f;
	int rc;

	while ((rc = channel_next(&s->channel, &f, s->e)) > 0) {
		if (f.kind == FRAME_OUT || f.kind == FRAME_ERR) {
			file_write_all(f.kind == FRAME_OUT ? 1 : 2, f.data, f.n);
			continue;
		}
		if (f.kind != FRAME_JSON)
			continue;
		json_t *doc = json_loads(f.data, 0, NULL);
		if (json_str(doc, "error", NULL)) {
			fail(s->e, (int)json_int(doc, "code", EIO), "%s",
			     json_str(doc, "error", ""));
			err_hint(s->e, "%s", json_str(doc, "hint", ""));
			err_status(s->e, (int)json_int(doc, "status", 0));
			json_decref(doc);
			return -1;
		}
		if (json_object_get(doc, "exit")) {
			*s->status = (int)json_int(doc, "exit", 0);
			s->ended = true;
		} else if (!s->greeted) {
			s->greeted = true;
			s->terminal = json_yes(doc, "terminal");
			if (s->terminal) {
				send_size(s->sock);
				if (s->input && isatty(0))
					raw();
			}
		}
		json_decref(doc);
	}
	return rc;
}

int
term_attach(int sock, bool input, const struct keys *k, int *status, struct err *e)
{
	struct session s = { .sock = sock, .input = input, .status = status, .e = e };
	struct matcher m = { .keys = k };
	char in[4096], out[4096 + sizeof k->seq];
	int sizes = size_signal(), rc = 0;
	bool eof = !input, left = false;

	while (!s.ended && rc >= 0 && !left) {
		struct pollfd p[3] = { { .fd = sock, .events = POLLIN },
			               { .fd = sizes, .events = POLLIN },
			               { .fd = eof || !s.greeted ? -1 : 0, .events = POLLIN } };
		if (poll(p, 3, -1) < 0 && errno != EINTR)
			break;
		if (p[0].revents) {
			ssize_t n = channel_read(&s.channel, sock);
			if (n <= 0) {
				rc = fail(e, EPIPE, "the machine's monitor went away");
				break;
			}
			rc = heard(&s);
		}
		if (p[1].revents) {
			struct signalfd_siginfo info;
			if (read(sizes, &info, sizeof info) > 0)
				send_size(sock);
		}
		if (p[2].revents) {
			ssize_t n = read(0, in, sizeof in);
			if (n <= 0) {
				eof = true;
				channel_send(sock, FRAME_IN, NULL, 0, NULL, 0);
				continue;
			}
			size_t send = s.terminal ? filter(&m, in, (size_t)n, out) : (size_t)n;
			left = m.left;
			if (send > 0)
				channel_send(sock, FRAME_IN, s.terminal ? out : in, send, NULL, 0);
		}
	}
	cooked();
	close(sizes);
	channel_free(&s.channel);
	if (left)
		*status = -1;
	return rc < 0 ? -1 : 0;
}

/* -- exec: the master side itself ------------------------------------------------------ */

static void
copy_size(int console)
{
	struct winsize w;

	if (ioctl(0, TIOCGWINSZ, &w) == 0 || ioctl(1, TIOCGWINSZ, &w) == 0)
		ioctl(console, TIOCSWINSZ, &w);
}

bool
term_console(int console, int wait_fd, const struct keys *k)
{
	struct matcher m = { .keys = k };
	char in[4096], out[4096 + sizeof k->seq];
	int sizes = size_signal();
	bool eof = false, left = false, hung = false;

	if (isatty(0))
		raw();
	copy_size(console);
	while (!left && !hung) {
		struct pollfd p[4] = { { .fd = console, .events = POLLIN },
			               { .fd = sizes, .events = POLLIN },
			               { .fd = eof ? -1 : 0, .events = POLLIN },
			               { .fd = wait_fd, .events = POLLIN } };
		if (poll(p, 4, -1) < 0 && errno != EINTR)
			break;
		if (p[0].revents) {
			ssize_t n = read(console, in, sizeof in);
			if (n > 0)
				file_write_all(1, in, (size_t)n);
			else if (n == 0 || (errno != EINTR && errno != EAGAIN))
				hung = true;
		} else if (p[3].revents) {
			/* It has ended, and all that it wrote has been read. */
			hung = true;
		}
		if (p[1].revents) {
			struct signalfd_siginfo info;
			if (read(sizes, &info, sizeof info) > 0)
				copy_size(console);
		}
		if (p[2].revents) {
			ssize_t n = read(0, in, sizeof in);
			if (n <= 0) {
				eof = true;
				file_write_all(console, "\004", 1);
				continue;
			}
			size_t send = filter(&m, in, (size_t)n, out);
			left = m.left;
			if (send > 0)
				file_write_all(console, out, send);
		}
	}
	cooked();
	close(sizes);
	return !left;
}
