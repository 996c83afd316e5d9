/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/dev/vnc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/proc.h"
#include "base/str.h"
#include "core/viewer.h"
#include "layer/hal/dev/keysym.h"
#include "layer/hal/dev/virtio_input.h"

enum {
	BACKLOG = 16,
	PAUSE = 15, /* ms between two looks: what changes often is sent less often */
	WHEEL_UP = 8,
	WHEEL_DOWN = 16,
};

struct vnc {
	struct board *board; /* lent, as these */
	struct screen *screen;
	struct virtio *keyboard, *tablet;
	char *path; /* own: of the Unix socket, or NULL */
	int door;   /* own, until the program has it: viewers knock here */
	int stream; /* own: to the program */
	pid_t pid;
	pthread_t thread;
	bool has_thread;

	/* under bus->lock: what came */
	struct board_source *source;
	uint8_t in[16 * sizeof(struct viewer_message)];
	size_t n;
	unsigned buttons;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool news, ending;
};

/* -- addresses ------------------------------------------------------------------------ */

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	} u;
	socklen_t n;
	bool far;
};

static int
unix_address(struct address *a, const char *path, struct err *e)
{
	size_t n = strlen(path);
	if (n == 0 || n >= sizeof a->u.un.sun_path)
		return fail(e, ENAMETOOLONG, "'%s' cannot be the path of a socket: 1 to %zu bytes",
		            path, sizeof a->u.un.sun_path - 1);
	a->u.un.sun_family = AF_UNIX;
	memcpy(a->u.un.sun_path, path, n + 1);
	a->n = sizeof a->u.un;
	return 0;
}

static int
parse(struct address *a, const char *text, struct err *e)
{
	static const struct in6_addr loop = IN6ADDR_LOOPBACK_INIT;
	char host[64];
	uint64_t port;
	memset(a, 0, sizeof *a);
	if (str_starts(text, "unix:"))
		return unix_address(a, text + 5, e);
	const char *colon = strrchr(text, ':');
	size_t n = colon ? (size_t)(colon - text) : 0;
	bool brackets = n > 2 && text[0] == '[' && text[n - 1] == ']';
	if (n - 2 * brackets > 0 && n - 2 * brackets < sizeof host &&
	    str_u64(colon + 1, 65535, &port) && port > 0) {
		memcpy(host, text + brackets, n - 2 * brackets);
		host[n - 2 * brackets] = '\0';
		if (!brackets && inet_pton(AF_INET, strcmp(host, "localhost") ? host : "127.0.0.1",
		                           &a->u.in.sin_addr) == 1) {
			a->u.in.sin_family = AF_INET;
			a->u.in.sin_port = htons((uint16_t)port);
			a->n = sizeof a->u.in;
			a->far = ntohl(a->u.in.sin_addr.s_addr) >> 24 != 127;
			return 0;
		}
		if (brackets && inet_pton(AF_INET6, host, &a->u.in6.sin6_addr) == 1) {
			a->u.in6.sin6_family = AF_INET6;
			a->u.in6.sin6_port = htons((uint16_t)port);
			a->n = sizeof a->u.in6;
			a->far = memcmp(&a->u.in6.sin6_addr, &loop, sizeof loop) != 0;
			return 0;
		}
	}
	fail(e, EINVAL, "'%s' is no address for VNC", text);
	return err_hint(e, "write it as 127.0.0.1:5900, [::1]:5900 or unix:PATH");
}

int
vnc_check(const char *address, bool *far, struct err *e)
{
	struct address a;
	if (parse(&a, address, e) < 0)
		return -1;
	*far = a.far;
	return 0;
}

/* A socket whose owner was killed is in the way of the next one. */
static void
clear(const struct address *a)
{
	struct stat st;
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock >= 0 && lstat(a->u.un.sun_path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    connect(sock, &a->u.any, a->n) < 0 && errno == ECONNREFUSED)
		unlink(a->u.un.sun_path);
	if (sock >= 0)
		close(sock);
}

static int
open_door(struct vnc *v, const char *text, struct err *e)
{
	struct address a;
	int one = 1;
	if (parse(&a, text, e) < 0)
		return -1;
	bool local = a.u.any.sa_family == AF_UNIX;
	v->door = socket(a.u.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (local)
		clear(&a);
	else if (v->door >= 0)
		setsockopt(v->door, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (v->door < 0 || bind(v->door, &a.u.any, a.n) < 0) {
		fail(e, errno, "cannot serve VNC at %s: %s", text, strerror(errno));
		if (errno == EADDRINUSE)
			err_hint(e, "another one is served there; give this machine an address of "
			            "its own: --display vnc=HOST:PORT");
		return -1;
	}
	if (local) {
		v->path = xstrdup(a.u.un.sun_path);
		/* nobody can connect before listen() */
		if (chmod(v->path, 0600) < 0)
			return fail(e, errno, "'%s': %s", v->path, strerror(errno));
	}
	if (listen(v->door, BACKLOG) < 0)
		return fail(e, errno, "cannot serve VNC at %s: %s", text, strerror(errno));
	return 0;
}

/* -- pictures, to the program: our thread ------------------------------------------------- */

static bool
send_all(struct vnc *v, const struct buf *b)
{
	for (size_t done = 0; done < b->n;) {
		ssize_t n = send(v->stream, b->p + done, b->n - done, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

static void
put(struct buf *b, enum viewer_kind kind, uint32_t x, uint32_t y, uint32_t z, uint32_t w)
{
	struct viewer_message m = { kind, { x, y, z, w } };
	buf_put(b, &m, sizeof m);
}

static void
put_cursor(struct buf *b, const struct screen_cursor *c)
{
	_Static_assert(sizeof c->pixels == VIEWER_CURSOR_SIDE * VIEWER_CURSOR_SIDE * 4,
	               "both have the same cursor");
	put(b, VIEWER_CURSOR, c->shown, c->hot_x, c->hot_y, 0);
	buf_put(b, c->pixels, sizeof c->pixels);
}

static void
put_pixels(struct buf *b, const struct screen *f, const struct screen_rect *r)
{
	put(b, VIEWER_PIXELS, r->x, r->y, r->width, r->height);
	for (uint32_t y = 0; y < r->height; y++)
		buf_put(b, f->pixels + (size_t)(r->y + y) * f->width + r->x, (size_t)r->width * 4);
}

/* All that changed behind *seen, some tiles at a time so that who draws is not kept
 * waiting.  What changes meanwhile is behind *seen the next time; when that is the size,
 * all of this is anew.  False: the program has gone. */
static bool
send_changes(struct vnc *v, uint64_t *seen, struct buf *b)
{
	struct screen *f = v->screen;
	struct screen_rect r;
	uint32_t at = 0;
	bool more = true, cursor = false;
	uint64_t now = 0;
	for (bool first = true; more; first = false) {
		b->n = 0;
		pthread_mutex_lock(&f->lock);
		if (first) {
			now = f->count;
			cursor = f->cursor_changed > *seen;
			if (f->sized > *seen)
				put(b, VIEWER_SIZE, f->width, f->height, 0, 0);
		}
		if (f->sized > now) {
			pthread_mutex_unlock(&f->lock);
			return true;
		}
		more = screen_changes(f, *seen, &at, &r);
		if (more)
			put_pixels(b, f, &r);
		else if (cursor)
			put_cursor(b, &f->cursor);
		pthread_mutex_unlock(&f->lock);
		if (!send_all(v, b))
			return false;
	}
	*seen = now;
	return true;
}

static void
wait_a_little(struct vnc *v)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += PAUSE * 1000000L;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	while (!v->ending && pthread_cond_timedwait(&v->changed, &v->lock, &t) == 0)
		;
}

static void *
thread(void *ctx)
{
	struct vnc *v = ctx;
	struct buf b = { 0 };
	uint64_t seen = 0;
	bool there = true;
	pthread_mutex_lock(&v->lock);
	while (!v->ending && there) {
		if (!v->news) {
			pthread_cond_wait(&v->changed, &v->lock);
			continue;
		}
		v->news = false;
		pthread_mutex_unlock(&v->lock);
		there = send_changes(v, &seen, &b);
		pthread_mutex_lock(&v->lock);
		if (there)
			wait_a_little(v);
	}
	if (!there && !v->ending)
		err_warn("the VNC server has ended: nobody sees the screen any more");
	pthread_mutex_unlock(&v->lock);
	buf_free(&b);
	return NULL;
}

/* The screen's thread, or whoever loads or resets the card. */
static void
changed(void *ctx)
{
	struct vnc *v = ctx;
	pthread_mutex_lock(&v->lock);
	v->news = true;
	pthread_cond_signal(&v->changed);
	pthread_mutex_unlock(&v->lock);
}

static void
listen_to_screen(struct vnc *v, void (*fn)(void *ctx))
{
	pthread_mutex_lock(&v->screen->lock);
	v->screen->changed = fn;
	v->screen->ctx = v;
	pthread_mutex_unlock(&v->screen->lock);
}

/* -- keys and the pointer, from the program: the board's thread --------------------------- */

static void
obey(struct vnc *v, const struct viewer_message *m)
{
	const uint32_t *p = m->value;
	if (m->kind == VIEWER_KEY) {
		uint16_t code = keysym_code(p[0]);
		if (code)
			virtio_input_key(v->keyboard, code, p[1] != 0);
	} else if (m->kind == VIEWER_POINT) {
		/* a turn of the wheel is a press of a button there is none of */
		unsigned pressed = p[2] & ~v->buttons;
		int wheel = !!(pressed & WHEEL_UP) - !!(pressed & WHEEL_DOWN);
		v->buttons = p[2];
		virtio_input_point(v->tablet, p[0], p[1], p[2] & 7, wheel);
	}
}

static void
input(void *ctx, uint32_t events)
{
	struct vnc *v = ctx;
	struct viewer_message m;
	size_t done = 0;
	(void)events;
	ssize_t n = recv(v->stream, v->in + v->n, sizeof v->in - v->n, MSG_DONTWAIT);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		board_remove(v->source);
		v->source = NULL;
	}
	if (n <= 0)
		return;
	v->n += (size_t)n;
	for (; v->n - done >= sizeof m; done += sizeof m) {
		memcpy(&m, v->in + done, sizeof m);
		obey(v, &m);
	}
	v->n -= done;
	memmove(v->in, v->in + done, v->n);
}

/* -- its life ------------------------------------------------------------------------------ */

/* The password is said over the stream: arguments can be seen by all. */
static int
say_password(struct vnc *v, const char *path, struct err *e)
{
	char *text;
	if (file_read(AT_FDCWD, path, VIEWER_PASSWORD_MOST, &text, NULL, e) < 0)
		return -1;
	size_t n = strcspn(text, "\r\n");
	struct buf b = { 0 };
	put(&b, VIEWER_PASSWORD, (uint32_t)n, 0, 0, 0);
	buf_put(&b, text, n);
	int rc = 0;
	if (n == 0) {
		fail(e, EINVAL, "password file '%s': its first line is empty", path);
		rc = err_hint(e, "write the password there; 8 characters of it count");
	} else if (!send_all(v, &b)) {
		rc = fail(e, EPIPE, "the VNC server has ended");
	}
	explicit_bzero(text, n);
	explicit_bzero(b.p, b.n);
	buf_free(&b);
	free(text);
	return rc;
}

static int
start(struct vnc *v, struct err *e)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(e, errno, "no sockets for VNC: %s", strerror(errno));
	v->stream = pair[0];
	char *program = proc_libexec("joist-vnc");
	char *argv[] = { program, NULL };
	v->pid = proc_spawn(argv, NULL, (int[3]){ pair[1], v->door, -1 }, e);
	close(pair[1]);
	close(v->door);
	v->door = -1;
	free(program);
	if (v->pid > 0)
		return 0;
	if (e && e->code == ENOENT) {
		fail(e, ENOSYS, "this build has no VNC");
		err_hint(e, "install libvncserver (apt install libvncserver-dev) and build "
		            "again, or use --display screen");
	}
	return -1;
}

struct vnc *
vnc_new(struct board *b, struct screen *screen, struct virtio *keyboard, struct virtio *tablet,
        const char *address, const char *password, struct err *e)
{
	struct vnc *v = xcalloc(1, sizeof *v);
	*v = (struct vnc){ .board = b,
		           .screen = screen,
		           .keyboard = keyboard,
		           .tablet = tablet,
		           .door = -1,
		           .stream = -1,
		           .news = true };
	pthread_mutex_init(&v->lock, NULL);
	pthread_cond_init(&v->changed, NULL);
	if (open_door(v, address, e) < 0 || start(v, e) < 0 ||
	    (password && say_password(v, password, e) < 0))
		goto bad;
	int rc = pthread_create(&v->thread, NULL, thread, v);
	if (rc != 0) {
		fail(e, rc, "cannot start a thread: %s", strerror(rc));
		goto bad;
	}
	v->has_thread = true;
	listen_to_screen(v, changed);
	v->source = board_fd(b, v->stream, EPOLLIN, input, v);
	return v;
bad:
	vnc_free(v);
	return NULL;
}

void
vnc_free(struct vnc *v)
{
	if (!v)
		return;
	if (v->has_thread) {
		struct bus *bus = board_bus(v->board);
		listen_to_screen(v, NULL);
		pthread_mutex_lock(&bus->lock);
		board_remove(v->source);
		pthread_mutex_unlock(&bus->lock);
		pthread_mutex_lock(&v->lock);
		v->ending = true;
		pthread_cond_signal(&v->changed);
		pthread_mutex_unlock(&v->lock);
		shutdown(v->stream, SHUT_RDWR);
		pthread_join(v->thread, NULL);
	}
	if (v->path)
		unlink(v->path);
	if (v->stream >= 0)
		close(v->stream);
	if (v->door >= 0)
		close(v->door);
	/* it may wait for a slow viewer */
	if (v->pid > 0) {
		kill(v->pid, SIGKILL);
		proc_wait(v->pid);
	}
	pthread_cond_destroy(&v->changed);
	pthread_mutex_destroy(&v->lock);
	free(v->path);
	free(v);
}
