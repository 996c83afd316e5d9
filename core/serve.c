/* SPDX-License-Identifier: Apache-2.0 */
/* serve.c -- conversations on the control socket (core/control.h). */
#include "core/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cur.h"
#include "base/file.h"
#include "base/json.h"
#include "base/sig.h"
#include "core/control.h"
#include "core/event.h"
#include "core/machine.h"
#include "core/snapshot.h"
#include "core/spec.h"

enum { BEHIND = 256 << 10, MOST_CLIENTS = 256 };

enum waits { WAITS_NOTHING, WAITS_END, WAITS_REST, WAITS_EXEC };

struct client {
	struct watch *w;
	struct client *next;
	int sock; /* own */
	struct source *source;
	struct channel channel;
	struct str out; /* what its socket has no room for */
	bool asked;     /* its request has come */
	bool attached, with_input, last_words;
	bool adopted; /* not greeted yet */
	enum waits waits;
	char *label; /* own: of the snapshot that it waits for, or NULL */
	int exec_fd; /* own by the layer: WAITS_EXEC */
	struct source *exec_source;
	bool dead;
};

static void ready(void *ctx, uint32_t events);
static void sweep(struct watch *w);

/* -- answering ------------------------------------------------------------------- */

static void
flush_out(struct client *c)
{
	while (c->out.n > 0) {
		ssize_t n = send(c->sock, c->out.p, c->out.n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			c->dead = true;
			break;
		}
		memmove(c->out.p, c->out.p + n, c->out.n - (size_t)n);
		str_cut(&c->out, c->out.n - (size_t)n);
	}
	if (c->out.n == 0 && c->last_words)
		c->dead = true;
	if (c->source && !c->dead)
		loop_events(c->source, EPOLLIN | (c->out.n ? EPOLLOUT : 0u));
}

static void
frame(struct client *c, enum frame_kind kind, const void *data, size_t n)
{
	uint32_t len = (uint32_t)n;
	char head[FRAME_HEAD] = { (char)len, (char)(len >> 8), (char)(len >> 16), (char)(len >> 24),
		                  (char)kind };

	str_addn(&c->out, head, sizeof head);
	str_addn(&c->out, data, n);
	flush_out(c);
}

static void
reply(struct client *c, json_t *doc)
{
	char *text = json_dumps(doc, JSON_COMPACT);

	frame(c, FRAME_JSON, text, strlen(text));
	free(text);
	json_decref(doc);
}

static void
reply_ok(struct client *c)
{
	reply(c, json_pack("{s:b}", "ok", 1));
}

static void
reply_error(struct client *c, const struct err *e)
{
	reply(c, control_error(e));
}

static void
farewell(struct client *c)
{
	c->waits = WAITS_NOTHING;
	c->last_words = true;
	flush_out(c);
}

/* -- exec -------------------------------------------------------------------------- */

static void
exec_over(struct client *c)
{
	loop_remove(c->exec_source);
	c->exec_source = NULL;
	int status = c->w->layer->reap(c->w->guest, c->exec_fd);
	c->exec_fd = -1;
	if (!c->dead) {
		reply(c, json_pack("{s:i}", "exit", status));
		farewell(c);
	}
}

static void
exec_ended(void *ctx, uint32_t events)
{
	struct client *c = ctx;

	(void)events;
	exec_over(c);
	sweep(c->w);
}

static int
exec(struct client *c, const json_t *request, struct err *e)
{
	struct arena *a = arena_new();
	struct process p;
	int fd[3] = { -1, -1, -1 }, console = -1, rc = -1;

	for (size_t i = 0; i < c->channel.nfd && i < 3; i++)
		fd[i] = c->channel.fd[i];
	if (!c->w->layer->exec) {
		fail(e, ENOSYS, "floor '%s' has no exec", c->w->layer->name);
	} else if (!watch_running(c->w)) {
		fail(e, ESRCH, "machine '%s' is not running", c->w->machine->name);
		err_hint(e, "paused machines go on with: joist resume %s", c->w->machine->name);
	} else if (spec_process(json_object_get(request, "process"), &p, a, e) == 0) {
		p.privileged = json_is_true(json_object_get(request, "privileged"));
		p.detached = json_is_true(json_object_get(request, "detach"));
		if (!p.args || !p.args[0])
			fail(e, EINVAL, "exec needs a command");
		else
			rc = c->w->layer->exec(c->w->guest, &p, fd, &console, e);
	}
	arena_free(a);
	for (size_t i = 0; i < c->channel.nfd; i++)
		close(c->channel.fd[i]);
	c->channel.nfd = 0;
	if (rc < 0)
		return -1;
	c->exec_fd = rc;
	c->waits = WAITS_EXEC;
	c->exec_source = loop_fd(c->w->loop, rc, EPOLLIN, exec_ended, c, e);
	/* Descriptors go with the frame itself, so nothing may wait before it. */
	json_t *ok = json_pack("{s:b}", "ok", 1);
	if (channel_send_json(c->sock, ok, &console, console >= 0) < 0)
		c->dead = true;
	json_decref(ok);
	if (console >= 0)
		close(console);
	return 0;
}

/* -- requests ------------------------------------------------------------------------ */

static int
do_state(struct client *c, const json_t *request, struct err *e)
{
	struct watch *w = c->w;
	json_t *o = state_save(&w->machine->state);

	(void)e;
	if (w->guest && w->layer->inspect && !w->over && json_yes(request, "inspect"))
		json_object_set_new(o, "guest", w->layer->inspect(w->guest));
	if (w->guest && w->layer->stats && !w->over) {
		json_t *stats = w->layer->stats(w->guest);
		if (stats)
			json_object_set_new(o, "stats", stats);
	}
	reply(c, o);
	farewell(c);
	return 0;
}

static int
do_stop(struct client *c, const json_t *request, struct err *e)
{
	struct watch *w = c->w;
	const char *name = json_str(request, "signal", spec_note(w->spec, "stop-signal", "TERM"));
	int64_t patience = json_int(request, "time", -1);
	int sig = sig_number(name);

	if (sig < 1) {
		fail(e, EINVAL, "there is no signal '%s'", name);
		return err_hint(e, "use a name such as TERM, or a number");
	}
	if (patience < 0) {
		const char *own = spec_note(w->spec, "stop-timeout", "10000000000");
		patience = strtoll(own, NULL, 10);
	}
	if (json_yes(request, "restart"))
		w->restart_asked = true;
	c->waits = WAITS_END;
	watch_stop(w, sig, patience);
	return 0;
}

static int
do_kill(struct client *c, const json_t *request, struct err *e)
{
	const char *name = json_str(request, "signal", "KILL");
	int sig = sig_number(name);

	if (sig < 0) {
		fail(e, EINVAL, "there is no signal '%s'", name);
		return err_hint(e, "use a name such as TERM, or a number");
	}
	if (sig == SIGKILL || sig == SIGTERM)
		c->w->machine->state.stopped_by_user = true;
	if (watch_signal(c->w, sig, e) < 0)
		return -1;
	if (sig == SIGKILL) {
		c->w->stopping = true;
		c->waits = WAITS_END;
		return 0;
	}
	reply_ok(c);
	farewell(c);
	return 0;
}

static int
do_pause(struct client *c, const json_t *request, struct err *e)
{
	(void)request;
	if (watch_pause(c->w, e) < 0)
		return -1;
	if (c->w->machine->state.status == LIFE_PAUSED) {
		reply_ok(c);
		farewell(c);
	} else {
		c->waits = WAITS_REST;
	}
	return 0;
}

static int
do_resume(struct client *c, const json_t *request, struct err *e)
{
	(void)request;
	if (watch_resume(c->w, e) < 0)
		return -1;
	reply_ok(c);
	farewell(c);
	return 0;
}

static int
save_now(struct client *c, struct err *e)
{
	struct watch *w = c->w;
	if (snapshot_take(w->machine, w->layer, w->guest, c->label, e) < 0)
		return -1;
	event_add(w->machine->store, "snapshot", w->machine->name, c->label);
	reply_ok(c);
	farewell(c);
	return 0;
}

static int
do_snapshot(struct client *c, const json_t *request, struct err *e)
{
	struct watch *w = c->w;
	if (snapshot_can(w->layer, e) < 0)
		return -1;
	c->label = xstrdup(json_str(request, "label", ""));
	if (w->machine->state.status == LIFE_PAUSED)
		return save_now(c, e);
	if (watch_save(w, e) < 0)
		return -1;
	c->waits = WAITS_REST;
	return 0;
}

static int
do_attach(struct client *c, const json_t *request, struct err *e)
{
	if (c->w->mode == MONITOR_DIRECT) {
		fail(e, EBUSY, "machine '%s' writes straight to where it was started",
		     c->w->machine->name);
		return err_hint(e, "start machines to attach to with -d, or without --rm");
	}
	c->attached = true;
	c->with_input = json_yes(request, "stdin");
	c->waits = WAITS_END;
	reply(c, json_pack("{s:b, s:b}", "ok", 1, "terminal", c->w->spec->process.terminal));
	return 0;
}

static int
do_wait(struct client *c, const json_t *request, struct err *e)
{
	(void)request;
	(void)e;
	c->waits = WAITS_END;
	return 0;
}

static int
do_debug(struct client *c, const json_t *request, struct err *e)
{
	struct watch *w = c->w;
	if (!w->guest || w->over) {
		fail(e, ESRCH, "machine '%s' is not running", w->machine->name);
		return err_hint(e, "start it with: joist start %s", w->machine->name);
	}
	int64_t port = json_int(request, "port", -1);
	if (port > 65535 || port < -1) {
		fail(e, EINVAL, "there is no port %lld", (long long)port);
		return err_hint(e, "use 1 to 65535, or 0 for any");
	}
	const char *where = hold_open(w, json_str(request, "socket", NULL), (int)port, e);
	if (!where)
		return -1;
	if (json_yes(request, "wait"))
		hold_wait(w);
	reply(c, json_pack("{s:b, s:s}", "ok", 1, "target", where));
	farewell(c);
	return 0;
}

/* A file without a name that holds these bytes. */
static int
nameless(const void *bytes, size_t n, struct err *e)
{
	int fd = memfd_create("picture", MFD_CLOEXEC);
	if (fd >= 0 && file_write_all(fd, bytes, n) == 0)
		return fd;
	fail(e, errno, "no memory for a picture: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static int
do_picture(struct client *c, const json_t *request, struct err *e)
{
	struct watch *w = c->w;
	uint32_t width, height;
	(void)request;
	if (!w->layer->picture) {
		fail(e, ENOSYS, "machine '%s' has no screen: floor '%s' gives it none",
		     w->machine->name, w->layer->name);
		return err_hint(e, "computers have one: joist run --display screen --kernel FILE");
	}
	if (!w->guest || w->over) {
		fail(e, ESRCH, "machine '%s' is not running", w->machine->name);
		return err_hint(e, "see its state with: joist ps -a");
	}
	uint32_t *pixels = w->layer->picture(w->guest, &width, &height, e);
	int fd = pixels ? nameless(pixels, (size_t)width * height * sizeof *pixels, e) : -1;
	free(pixels);
	if (fd < 0)
		return -1;
	/* As in exec: the descriptor goes with the frame. */
	json_t *ok = json_pack("{s:b, s:I, s:I}", "ok", 1, "width", (json_int_t)width, "height",
	                       (json_int_t)height);
	if (channel_send_json(c->sock, ok, &fd, 1) < 0)
		c->dead = true;
	json_decref(ok);
	close(fd);
	farewell(c);
	return 0;
}

static const struct {
	const char *verb;
	int (*fn)(struct client *c, const json_t *request, struct err *e);
} verbs[] = {
	{ "state", do_state },     { "stop", do_stop },     { "kill", do_kill },
	{ "pause", do_pause },     { "resume", do_resume }, { "exec", exec },
	{ "attach", do_attach },   { "wait", do_wait },     { "snapshot", do_snapshot },
	{ "picture", do_picture }, { "debug", do_debug },
};

static void
request(struct client *c, const struct frame *f)
{
	struct err e = { 0 };
	json_t *doc = f->kind == FRAME_JSON ? json_parse(f->data, f->n, "request", &e) : NULL;
	const char *verb = json_str(doc, "do", "");
	size_t i = 0, n = sizeof verbs / sizeof verbs[0];

	c->asked = true;
	while (i < n && strcmp(verbs[i].verb, verb) != 0)
		i++;
	if (!doc && !e.code)
		fail(&e, EPROTO, "a conversation begins with a request");
	else if (doc && i == n)
		fail(&e, ENOSYS, "this monitor does not know '%s'", verb);
	else if (doc)
		verbs[i].fn(c, doc, &e);
	if (e.code) {
		reply_error(c, &e);
		farewell(c);
	}
	json_decref(doc);
}

static void
further(struct client *c, const struct frame *f)
{
	struct cur cur = cur_of(f->data, f->n);

	if (f->kind == FRAME_IN && c->attached && c->with_input) {
		stream_input(c->w, f->data, f->n);
	} else if (f->kind == FRAME_SIZE && c->attached) {
		unsigned rows = cur_u16(&cur), cols = cur_u16(&cur);
		if (!cur.bad)
			stream_size(c->w, rows, cols);
	}
}

/* -- connections ------------------------------------------------------------------------ */

static void
bury(struct client *c)
{
	loop_remove(c->source);
	loop_remove(c->exec_source);
	if (c->sock >= 0)
		close(c->sock);
	channel_free(&c->channel);
	str_free(&c->out);
	free(c->label);
	c->label = NULL;
}

/* Take the dead out of the list.  A client whose command still runs stays as a
 * shell without a socket until the command ends. */
static void
sweep(struct watch *w)
{
	for (struct client **p = &w->clients; *p;) {
		struct client *c = *p;
		if (!c->dead) {
			p = &c->next;
			continue;
		}
		if (c->exec_fd >= 0) {
			if (c->source) {
				loop_remove(c->source);
				c->source = NULL;
				close(c->sock);
				c->sock = -1;
			}
			p = &c->next;
			continue;
		}
		*p = c->next;
		bury(c);
		free(c);
	}
}

static void
ready(void *ctx, uint32_t events)
{
	struct client *c = ctx;
	struct watch *w = c->w;
	struct err e = { 0 };
	struct frame f;
	int rc;

	if (events & EPOLLOUT) {
		flush_out(c);
		stream_flow(w);
	}
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		ssize_t n = channel_read(&c->channel, c->sock);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			c->dead = true;
		while (!c->dead && (rc = channel_next(&c->channel, &f, &e)) != 0) {
			if (rc < 0) {
				reply_error(c, &e);
				farewell(c);
				break;
			}
			if (c->asked)
				further(c, &f);
			else
				request(c, &f);
		}
	}
	sweep(w);
	stream_flow(w);
}

static void
knock(void *ctx, uint32_t events)
{
	struct client *door = ctx;
	struct watch *w = door->w;

	(void)events;
	int sock = accept4(door->sock, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (sock < 0)
		return;
	size_t n = 0;
	for (struct client *c = w->clients; c; c = c->next)
		n++;
	if (n > MOST_CLIENTS || !control_may(sock)) {
		close(sock);
		return;
	}
	struct client *c = xcalloc(1, sizeof *c);
	*c = (struct client){ .w = w, .next = w->clients, .sock = sock, .exec_fd = -1 };
	w->clients = c;
	c->source = loop_fd(w->loop, sock, EPOLLIN, ready, c, NULL);
	c->dead = !c->source;
}

int
serve_open(struct watch *w, struct err *e)
{
	int sock = control_listen(w->machine, e);

	if (sock < 0)
		return -1;
	struct client *door = xcalloc(1, sizeof *door);
	*door = (struct client){ .w = w, .next = w->clients, .sock = sock, .exec_fd = -1 };
	w->clients = door;
	door->source = loop_fd(w->loop, sock, EPOLLIN, knock, door, e);
	return door->source ? 0 : -1;
}

void
serve_adopt(struct watch *w, int sock, bool input)
{
	struct client *c = xcalloc(1, sizeof *c);

	fcntl(sock, F_SETFL, O_NONBLOCK);
	*c = (struct client){ .w = w,
		              .next = w->clients,
		              .sock = sock,
		              .exec_fd = -1,
		              .asked = true,
		              .attached = true,
		              .with_input = input,
		              .waits = WAITS_END,
		              .adopted = true };
	w->clients = c;
	c->source = loop_fd(w->loop, sock, EPOLLIN, ready, c, NULL);
	c->dead = !c->source;
}

void
serve_greet(struct watch *w, const struct err *why)
{
	for (struct client *c = w->clients; c; c = c->next) {
		if (!c->adopted)
			continue;
		c->adopted = false;
		if (why) {
			reply_error(c, why);
			farewell(c);
		} else {
			reply(c, json_pack("{s:b, s:b}", "ok", 1, "terminal",
			                   c->w->spec->process.terminal));
		}
	}
}

void
serve_close(struct watch *w)
{
	for (struct client *c = w->clients, *next; c; c = next) {
		next = c->next;
		/* Last words of some length: give a slow reader a moment. */
		for (int i = 0; c->out.n > 0 && !c->dead && i < 100; i++) {
			flush_out(c);
			if (c->out.n > 0)
				usleep(5000);
		}
		if (c->sock >= 0)
			bury(c);
		free(c->label);
		free(c);
	}
	w->clients = NULL;
	unlinkat(w->machine->dir, "control", 0);
}

void
serve_output(struct watch *w, int stream, const char *bytes, size_t n)
{
	for (struct client *c = w->clients; c; c = c->next)
		if (c->attached && !c->dead && !c->last_words)
			frame(c, stream == 1 ? FRAME_OUT : FRAME_ERR, bytes, n);
}

bool
serve_behind(const struct watch *w)
{
	for (const struct client *c = w->clients; c; c = c->next)
		if (c->attached && !c->dead && c->out.n > BEHIND)
			return true;
	return false;
}

void
serve_save(struct watch *w)
{
	for (struct client *c = w->clients; c; c = c->next) {
		struct err e = { 0 };
		if (c->waits != WAITS_REST || !c->label)
			continue;
		c->waits = WAITS_NOTHING;
		if (save_now(c, &e) < 0) {
			reply_error(c, &e);
			farewell(c);
		}
	}
}

void
serve_rest(struct watch *w, const struct err *why)
{
	for (struct client *c = w->clients; c; c = c->next) {
		if (c->waits != WAITS_REST)
			continue;
		if (why)
			reply_error(c, why);
		else
			reply_ok(c);
		farewell(c);
	}
}

void
serve_ended(struct watch *w, int status)
{
	for (struct client *c = w->clients; c; c = c->next) {
		if (c->waits != WAITS_NOTHING && !c->dead) {
			reply(c, json_pack("{s:b, s:i}", "ok", 1, "exit", status));
			farewell(c);
		}
	}
}

void
serve_exec_ended(struct watch *w)
{
	for (struct client *c = w->clients; c; c = c->next)
		if (c->exec_source)
			exec_over(c);
	sweep(w);
}
