/* SPDX-License-Identifier: Apache-2.0 */
/* health.c -- the image's HEALTHCHECK (image-spec "Healthcheck" as Docker
 * defined it): a command run in the machine at intervals; its exit status says
 * how the machine is. */
#include "core/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/str.h"
#include "core/event.h"
#include "core/machine.h"
#include "core/spec.h"

#define SECOND INT64_C(1000000000)

enum { OUTPUT_MOST = 4096, LOG_MOST = 5 };

struct health {
	json_t *config;      /* own: the annotation's document */
	struct arena *arena; /* own: the command */
	struct process process;
	int64_t interval, timeout, start_period, began;
	int64_t retries, failures;
	struct source *timer, *done, *late, *text;
	int fd, out; /* the running look; -1 */
	struct str output;
	bool timed_out;
	int64_t look_began;
};

static void look(void *ctx, uint32_t events);

static void
publish(struct watch *w, const char *status)
{
	struct health *h = w->health;
	json_t **doc = &w->machine->state.health;

	if (!*doc)
		*doc = json_pack("{s:s, s:i, s:[]}", "status", "starting", "failures", 0, "log");
	if (strcmp(json_str(*doc, "status", ""), status) != 0)
		event_add(w->machine->store, "health", w->machine->name, status);
	json_object_set_new(*doc, "status", json_string(status));
	json_object_set_new(*doc, "failures", json_integer(h->failures));
}

static void
note_look(struct watch *w, int status)
{
	struct health *h = w->health;
	json_t *log = json_object_get(w->machine->state.health, "log");
	char begin[40], end[40];

	/* Output that is no UTF-8 cannot be said in JSON. */
	json_t *text = json_stringn(str_text(&h->output), h->output.n);
	json_array_append_new(log, json_pack("{s:s, s:s, s:i, s:o}", "start",
	                                     proc_time_text(h->look_began, begin), "end",
	                                     proc_time_text(proc_now(), end), "exitCode", status,
	                                     "output", text ? text : json_string("(binary)")));
	while (json_array_size(log) > LOG_MOST)
		json_array_remove(log, 0);
}

static void
close_output(struct health *h)
{
	loop_remove(h->text);
	h->text = NULL;
	if (h->out >= 0)
		close(h->out);
	h->out = -1;
}

static void
said(void *ctx, uint32_t events)
{
	struct health *h = ((struct watch *)ctx)->health;
	char buf[1024];

	(void)events;
	ssize_t n = read(h->out, buf, sizeof buf);
	if (n > 0 && h->output.n < OUTPUT_MOST)
		str_addn(&h->output, buf, (size_t)n);
	else if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		close_output(h);
}

static void
looked(void *ctx, uint32_t events)
{
	struct watch *w = ctx;
	struct health *h = w->health;

	(void)events;
	while (h->out >= 0 && h->text) {
		size_t before = h->output.n;
		said(w, 0);
		if (h->out >= 0 && h->output.n == before)
			break;
	}
	close_output(h);
	loop_remove(h->done);
	loop_remove(h->late);
	h->done = h->late = NULL;
	int status = w->layer->reap(w->guest, h->fd);
	h->fd = -1;
	if (h->timed_out)
		status = -1;
	if (status == 0) {
		h->failures = 0;
		publish(w, "healthy");
	} else {
		bool early = proc_now() - h->began < h->start_period;
		const char *now = json_str(w->machine->state.health, "status", "starting");
		if (!early)
			h->failures++;
		publish(w, h->failures >= h->retries ? "unhealthy" : now);
	}
	note_look(w, status);
	machine_write(w->machine, NULL);
	loop_again(h->timer, h->interval);
}

static void
too_late(void *ctx, uint32_t events)
{
	struct watch *w = ctx;
	struct health *h = w->health;

	(void)events;
	h->timed_out = true;
	str_printf(&h->output, "took more than %.1f s", (double)h->timeout / 1e9);
	w->layer->cancel(w->guest, h->fd);
}

static void
look(void *ctx, uint32_t events)
{
	struct watch *w = ctx;
	struct health *h = w->health;
	struct err e = { 0 };
	int pipe_fd[2], console = -1;

	(void)events;
	if (!watch_running(w) || pipe2(pipe_fd, O_CLOEXEC) < 0) {
		loop_again(h->timer, h->interval);
		return;
	}
	fcntl(pipe_fd[0], F_SETFL, O_NONBLOCK);
	str_cut(&h->output, 0);
	h->timed_out = false;
	h->look_began = proc_now();
	h->fd = w->layer->exec(w->guest, &h->process, (int[3]){ -1, pipe_fd[1], pipe_fd[1] },
	                       &console, &e);
	close(pipe_fd[1]);
	if (h->fd < 0) {
		close(pipe_fd[0]);
		str_add(&h->output, e.what);
		h->failures++;
		publish(w, h->failures >= h->retries ? "unhealthy" : "starting");
		note_look(w, err_exit(&e));
		machine_write(w->machine, NULL);
		loop_again(h->timer, h->interval);
		return;
	}
	h->out = pipe_fd[0];
	h->text = loop_fd(w->loop, h->out, EPOLLIN, said, w, NULL);
	h->done = loop_fd(w->loop, h->fd, EPOLLIN, looked, w, NULL);
	h->late = loop_timer(w->loop, h->timeout, too_late, w);
}

/* The test of an image: ["NONE"], ["CMD", arg...], ["CMD-SHELL", command]. */
static bool
command(struct health *h, struct watch *w)
{
	json_t *test = json_object_get(h->config, "test"), *args = json_array();
	const char *kind = json_string_value(json_array_get(test, 0));

	if (kind && strcmp(kind, "CMD-SHELL") == 0) {
		json_array_append_new(args, json_string("/bin/sh"));
		json_array_append_new(args, json_string("-c"));
		json_array_append(args, json_array_get(test, 1));
	} else if (kind && strcmp(kind, "CMD") == 0) {
		for (size_t i = 1; i < json_array_size(test); i++)
			json_array_append(args, json_array_get(test, i));
	}
	json_t *doc = json_copy(json_object_get(w->machine->config, "process"));
	json_object_set_new(doc, "args", args);
	json_object_set_new(doc, "terminal", json_false());
	json_object_set_new(h->config, "process", doc);
	return json_array_size(args) > 0 && spec_process(doc, &h->process, h->arena, NULL) == 0 &&
	       h->process.args[0];
}

void
health_start(struct watch *w)
{
	const char *text = spec_note(w->spec, "health", NULL);

	if (!text || !w->layer->exec || w->health)
		return;
	struct health *h = xcalloc(1, sizeof *h);
	h->config = json_loads(text, 0, NULL);
	h->arena = arena_new();
	h->fd = h->out = -1;
	w->health = h;
	if (!h->config || !command(h, w)) {
		health_stop(w);
		return;
	}
	h->interval = json_int(h->config, "interval", 0);
	h->timeout = json_int(h->config, "timeout", 0);
	h->start_period = json_int(h->config, "startPeriod", 0);
	h->retries = json_int(h->config, "retries", 0);
	if (h->interval <= 0)
		h->interval = 30 * SECOND;
	if (h->timeout <= 0)
		h->timeout = 30 * SECOND;
	if (h->retries <= 0)
		h->retries = 3;
	h->began = proc_now();
	json_decref(w->machine->state.health);
	w->machine->state.health = NULL;
	publish(w, "starting");
	machine_write(w->machine, NULL);
	h->timer = loop_timer(w->loop, h->interval, look, w);
}

void
health_stop(struct watch *w)
{
	struct health *h = w->health;

	if (!h)
		return;
	close_output(h);
	loop_remove(h->timer);
	loop_remove(h->done);
	loop_remove(h->late);
	if (h->fd >= 0)
		w->layer->reap(w->guest, h->fd);
	json_decref(h->config);
	arena_free(h->arena);
	str_free(&h->output);
	free(h);
	w->health = NULL;
}
