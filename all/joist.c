/* SPDX-License-Identifier: Apache-2.0 */
/* joist.c -- the face of the library: machines. */
#include "include/joist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/socket.h>
#include <unistd.h>

#include "all/face.h"
#include "all/layers.h"
#include "all/make.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/proc.h"
#include "core/control.h"
#include "core/event.h"
#include "core/layer.h"
#include "core/log.h"
#include "core/machine.h"
#include "core/monitor.h"
#include "core/snapshot.h"
#include "core/spec.h"

const char *
joist_version(void)
{
	return JOIST_VERSION;
}

int
joist_again(int argc, char **argv)
{
	return layer_again(layers_all, argc, argv);
}

const char *
joist_floors(void)
{
	static char *text;
	json_t *list = json_array();

	for (size_t i = 0; layer_at(i); i++)
		json_array_append_new(list, json_pack("{s:s, s:i, s:s}", "name", layer_at(i)->name,
		                                      "floor", layer_at(i)->floor, "about",
		                                      layer_at(i)->brief));
	free(text);
	text = face_text(list);
	return text;
}

struct joist *
joist_open(const char *root, struct err *e)
{
	struct joist *j = xcalloc(1, sizeof *j);

	(void)e;
	layer_list(layers_all);
	j->root = root ? xstrdup(root) : NULL;
	return j;
}

void
joist_close(struct joist *j)
{
	if (!j)
		return;
	machine_close(j->fresh);
	store_close(j->store);
	free(j->root);
	free(j);
}

struct store *
face_store(struct joist *j, struct err *e)
{
	if (!j->store)
		j->store = store_open(j->root, e);
	return j->store;
}

const char *
joist_root(const struct joist *j)
{
	return j->store ? j->store->path : j->root;
}

json_t *
face_options(const char *text, struct err *e)
{
	json_t *o = text ? json_parse(text, strlen(text), "request", e) : json_object();

	if (o && !json_is_object(o)) {
		fail(e, EINVAL, "the request is not an object");
		json_decref(o);
		return NULL;
	}
	return o;
}

char *
face_text(json_t *doc)
{
	char *text = json_dumps(doc, JSON_COMPACT | JSON_ENCODE_ANY);

	json_decref(doc);
	return text ? text : xstrdup("null");
}

/* Open a machine and put it in order if its monitor was killed. */
static struct machine *
find(struct joist *j, const char *name, struct err *e)
{
	struct store *s = face_store(j, e);
	struct machine *m = s ? machine_open(s, name, e) : NULL;

	if (m && machine_settle(m, e) < 0) {
		machine_close(m);
		return NULL;
	}
	return m;
}

/* -- making and starting -------------------------------------------------------- */

int
joist_create(struct joist *j, const char *request, char **name, struct err *e)
{
	json_t *r = face_options(request, e);
	int rc = r ? make_machine(j, r, name, e) : -1;

	json_decref(r);
	return rc;
}

static struct machine *
ready_to_start(struct joist *j, const char *name, struct err *e)
{
	struct machine *m = j->fresh;

	j->fresh = NULL;
	if (m && strcmp(m->name, name) != 0) {
		machine_close(m);
		m = NULL;
	}
	bool fresh = m;
	if (!m)
		m = find(j, name, e);
	if (!m)
		return NULL;
	if (!fresh && machine_has_monitor(m) && m->state.status != LIFE_STOPPED &&
	    m->state.status != LIFE_CREATED) {
		fail(e, EALREADY, "machine '%s' is %s already", name, state_names[m->state.status]);
		machine_close(m);
		return NULL;
	}
	if (machine_lock(m, e) < 0) {
		machine_close(m);
		return NULL;
	}
	return m;
}

int
joist_run(struct joist *j, const char *name, int *status, struct err *e)
{
	struct machine *m = ready_to_start(j, name, e);

	*status = EXIT_OURS;
	if (!m)
		return -1;
	bool direct = strcmp(spec_note_of(m->config, "rm", ""), "true") == 0;
	int rc = monitor_run(m, direct ? MONITOR_DIRECT : MONITOR_TEE, status, e);
	machine_close(m);
	return rc;
}

int
joist_start(struct joist *j, const char *name, struct err *e)
{
	struct machine *m = ready_to_start(j, name, e);

	if (!m)
		return -1;
	int rc = monitor_spawn(m, e);
	machine_close(m);
	return rc;
}

int
joist_start_attached(struct joist *j, const char *name, bool with_input, struct err *e)
{
	struct machine *m = ready_to_start(j, name, e);

	if (!m)
		return -1;
	int sock = monitor_spawn_attached(m, with_input, e);
	machine_close(m);
	return sock;
}

/* -- asking a monitor ---------------------------------------------------------------- */

static json_t *
ask(struct machine *m, json_t *request, struct err *e)
{
	struct channel c = { 0 };
	int sock = control_connect(m, e);
	json_t *answer = NULL;

	if (sock >= 0) {
		answer = control_ask(sock, &c, request, NULL, 0, e);
		channel_free(&c);
		close(sock);
	}
	json_decref(request);
	return answer;
}

static int
command(struct joist *j, const char *name, const char *verb, const char *options, struct err *e)
{
	struct machine *m = find(j, name, e);
	json_t *o = m ? face_options(options, e) : NULL;
	int rc = -1;

	if (o) {
		json_object_set_new(o, "do", json_string(verb));
		json_t *answer = ask(m, o, e);
		rc = answer ? 0 : -1;
		json_decref(answer);
	}
	machine_close(m);
	return rc;
}

int
joist_stop(struct joist *j, const char *name, const char *options, struct err *e)
{
	struct err inner = { 0 };

	if (command(j, name, "stop", options, &inner) == 0 || inner.code == ESRCH)
		return 0; /* it is stopped: that is what was wanted */
	/* The monitor went while it was asked: settled by the next look. */
	if (inner.code == EPIPE)
		return 0;
	if (e)
		*e = inner;
	return -1;
}

int
joist_kill(struct joist *j, const char *name, const char *options, struct err *e)
{
	return command(j, name, "kill", options, e);
}

int
joist_pause(struct joist *j, const char *name, struct err *e)
{
	return command(j, name, "pause", NULL, e);
}

int
joist_resume(struct joist *j, const char *name, struct err *e)
{
	return command(j, name, "resume", NULL, e);
}

int
joist_restart(struct joist *j, const char *name, const char *options, struct err *e)
{
	if (joist_stop(j, name, options, e) < 0)
		return -1;
	return joist_start(j, name, e);
}

int
joist_wait(struct joist *j, const char *name, int *status, struct err *e)
{
	struct machine *m = find(j, name, e);
	struct err inner = { 0 };
	int rc = 0;

	if (!m)
		return -1;
	json_t *answer = ask(m, json_pack("{s:s}", "do", "wait"), &inner);
	if (answer) {
		*status = (int)json_int(answer, "exit", EXIT_OURS);
	} else if (inner.code == ESRCH || inner.code == EPIPE) {
		/* No monitor: the state knows how it ended. */
		rc = machine_read(m, e);
		if (rc == 0 && inner.code == EPIPE)
			rc = machine_settle(m, e);
		*status = (int)m->state.exit;
		if (rc == 0 && m->state.status == LIFE_CREATED) {
			rc = fail(e, EINVAL, "machine '%s' was never started", name);
			err_hint(e, "start it with: joist start %s", name);
		}
	} else {
		rc = -1;
		if (e)
			*e = inner;
	}
	json_decref(answer);
	machine_close(m);
	return rc;
}

/* A monitor's working folder is not ours. */
static char *
whole_path(const char *path)
{
	char *here = *path == '/' ? NULL : getcwd(NULL, 0);
	char *whole = here ? xprintf("%s/%s", here, path) : xstrdup(path);
	free(here);
	return whole;
}

int
joist_debug(struct joist *j, const char *name, const char *options, char **where, struct err *e)
{
	struct machine *m = find(j, name, e);
	json_t *o = m ? face_options(options, e) : NULL;
	const struct layer *l = o ? machine_layer(m, e) : NULL;
	json_t *answer = NULL;

	if (l && layer_debugs(l, e) == 0) {
		const char *path = json_str(o, "socket", NULL);
		if (path) {
			char *whole = whole_path(path);
			json_object_set_new(o, "socket", json_string(whole));
			free(whole);
		}
		json_object_set_new(o, "do", json_string("debug"));
		answer = ask(m, json_incref(o), e);
	}
	if (answer)
		*where = xstrdup(json_str(answer, "target", ""));
	json_decref(answer);
	json_decref(o);
	machine_close(m);
	return answer ? 0 : -1;
}

/* -- snapshots ----------------------------------------------------------------------- */

/* NAME@LABEL in two, both own; label NULL when there is none. */
static void
split(const char *ref, char **name, char **label)
{
	const char *at = strchr(ref, '@');
	*name = at ? xprintf("%.*s", (int)(at - ref), ref) : xstrdup(ref);
	*label = at ? xstrdup(at + 1) : NULL;
}

int
joist_snapshot(struct joist *j, const char *ref, char **label, struct err *e)
{
	char *name;
	split(ref, &name, label);
	if (!*label) {
		char when[32];
		time_t now = time(NULL);
		struct tm tm;
		strftime(when, sizeof when, "%Y%m%d-%H%M%S", gmtime_r(&now, &tm));
		*label = xstrdup(when);
	}
	json_t *o = json_pack("{s:s}", "label", *label);
	char *options = json_dumps(o, JSON_COMPACT);
	int rc = command(j, name, "snapshot", options, e);
	json_decref(o);
	free(options);
	free(name);
	if (rc < 0) {
		free(*label);
		*label = NULL;
	}
	return rc;
}

/* A new machine of that name with m's configuration and a snapshot of it. */
static int
derive(struct joist *j, struct machine *m, const char *label, const char *name, struct err *e)
{
	struct machine *made = machine_new(face_store(j, e), name, m->config, e);
	int rc = made ? snapshot_copy(m, made, label, e) : -1;
	if (made && rc < 0 && machine_lock(made, NULL) == 0)
		machine_delete(made, NULL);
	machine_close(made);
	return rc;
}

/* Is m stopped, or may it be killed? */
static int
make_way(struct joist *j, struct machine *m, const char *ref, bool force, struct err *e)
{
	if (!machine_has_monitor(m) || m->state.status == LIFE_STOPPED ||
	    m->state.status == LIFE_CREATED)
		return 0;
	if (!force) {
		fail(e, EBUSY, "machine '%s' is %s", m->name, state_names[m->state.status]);
		return err_hint(e, "stop it first: joist stop %s, or: joist restore -f %s", m->name,
		                ref);
	}
	if (strcmp(spec_note_of(m->config, "rm", ""), "true") == 0) {
		fail(e, EBUSY, "machine '%s' is removed when it ends, and its snapshots with it",
		     m->name);
		return err_hint(e, "let a new one begin there: joist restore --name NEW %s", ref);
	}
	return joist_stop(j, m->name, "{\"time\":0}", e);
}

/* The machine of ref, locked, to be started from its snapshot.  *derived: it was
 * made for that. */
static struct machine *
ready_to_restore(struct joist *j, const char *ref, const char *options, bool *derived,
                 struct err *e)
{
	char *name, *label;
	struct machine *m = NULL, *from = NULL;
	json_t *o = face_options(options, e);
	const char *as = json_str(o, "name", NULL);

	*derived = false;
	split(ref, &name, &label);
	if (!o)
		goto out;
	if (!label) {
		fail(e, EINVAL, "'%s' names no snapshot", ref);
		err_hint(e, "write it as NAME@LABEL; see: joist snaps");
		goto out;
	}
	from = find(j, name, e);
	const struct layer *l = from ? machine_layer(from, e) : NULL;
	if (!l || snapshot_check(from, l, label, e) < 0)
		goto out;
	if (as)
		*derived = derive(j, from, label, as, e) == 0;
	if (as ? *derived : make_way(j, from, ref, json_yes(o, "force"), e) == 0)
		m = ready_to_start(j, as ? as : name, e);
	if (m)
		m->restore = xstrdup(label);
out:
	machine_close(from);
	json_decref(o);
	free(name);
	free(label);
	return m;
}

int
joist_restore(struct joist *j, const char *ref, const char *options, char **name, struct err *e)
{
	bool derived;
	struct machine *m = ready_to_restore(j, ref, options, &derived, e);

	if (!m)
		return -1;
	int rc = monitor_spawn(m, e);
	*name = rc == 0 ? xstrdup(m->name) : NULL;
	/* One that could not even begin was never there. */
	machine_unlock(m);
	if (rc < 0 && derived && machine_lock(m, NULL) == 0)
		machine_delete(m, NULL);
	machine_close(m);
	return rc;
}

int
joist_restore_attached(struct joist *j, const char *ref, const char *options, bool with_input,
                       struct err *e)
{
	bool derived;
	struct machine *m = ready_to_restore(j, ref, options, &derived, e);

	if (!m)
		return -1;
	int sock = monitor_spawn_attached(m, with_input, e);
	machine_close(m);
	return sock;
}

int
joist_snaps(struct joist *j, const char *name, char **json, struct err *e)
{
	struct store *s = face_store(j, e);
	char **names = s ? machine_names(s, e) : NULL;
	struct machine *m = names && name ? find(j, name, e) : NULL;

	if (!names || (name && !m)) {
		machine_names_free(names);
		return -1;
	}
	json_t *all = m ? snapshot_list(m) : json_array();
	machine_close(m);
	for (size_t i = 0; !name && names[i]; i++) {
		m = machine_open(s, names[i], NULL);
		if (!m)
			continue;
		json_t *some = snapshot_list(m);
		json_array_extend(all, some);
		json_decref(some);
		machine_close(m);
	}
	machine_names_free(names);
	*json = face_text(all);
	return 0;
}

static int
remove_snapshot(struct joist *j, const char *ref, const char *options, struct err *e)
{
	struct err inner = { 0 };
	char *name, *label;
	json_t *o = face_options(options, e);

	if (!o)
		return -1;
	split(ref, &name, &label);
	struct machine *m = find(j, name, &inner);
	int rc = m ? snapshot_remove(m, label, &inner) : -1;
	machine_close(m);
	if (rc < 0 && inner.code == ENOENT && json_yes(o, "force"))
		rc = 0;
	if (rc < 0 && e)
		*e = inner;
	json_decref(o);
	free(name);
	free(label);
	return rc;
}

int
joist_rm(struct joist *j, const char *name, const char *options, struct err *e)
{
	if (strchr(name, '@'))
		return remove_snapshot(j, name, options, e);
	json_t *o = face_options(options, e);
	bool force = json_yes(o, "force");
	struct store *s = face_store(j, e);
	struct err inner = { 0 };
	int rc = -1;

	json_decref(o);
	if (!o || !s)
		return -1;
	struct machine *m = machine_open(s, name, &inner);
	if (!m && force && inner.code == ENOENT)
		return 0;
	if (!m && force && machine_name_ok(name))
		return machine_wreck(s, name, e);
	if (!m) {
		if (e)
			*e = inner;
		return -1;
	}
	if (machine_settle(m, e) < 0)
		goto out;
	if (machine_has_monitor(m) && !force && m->state.status != LIFE_STOPPED) {
		fail(e, EBUSY, "machine '%s' is %s", name, state_names[m->state.status]);
		err_hint(e, "stop it first: joist stop %s, or: joist rm -f %s", name, name);
		goto out;
	}
	if (machine_has_monitor(m)) {
		/* Not kill: there is nothing to kill between two runs. */
		json_t *stop = json_pack("{s:s, s:i}", "do", "stop", "time", 0);
		json_decref(ask(m, stop, NULL));
	}
	rc = machine_lock(m, e);
	if (rc == 0 && faccessat(s->machines, name, F_OK, 0) < 0)
		goto out; /* it was one that removes itself */
	if (rc == 0) {
		const struct layer *l = machine_layer(m, NULL);
		struct home h;
		machine_home(m, &h);
		if (l && l->recover)
			l->recover(m->name, m->config, &h);
		rc = machine_delete(m, e);
	}
out:
	machine_close(m);
	return rc;
}

/* -- entering ------------------------------------------------------------------------- */

/* The process of an exec: the machine's own, with what the request changes. */
static json_t *
exec_process(const struct machine *m, const json_t *r, struct err *e)
{
	json_t *p = json_deep_copy(json_object_get(m->config, "process"));
	json_t *env = json_object_get(p, "env");

	if (!env) {
		env = json_array();
		json_object_set_new(p, "env", env);
	}
	json_object_set(p, "args", json_object_get(r, "args"));
	json_object_set_new(p, "terminal", json_boolean(json_yes(r, "tty")));
	json_object_del(p, "oomScoreAdj");
	if (json_str(r, "workdir", NULL))
		json_object_set(p, "cwd", json_object_get(r, "workdir"));
	if (json_str(r, "user", NULL)) {
		json_object_set_new(p, "user",
		                    json_pack("{s:O}", "username", json_object_get(r, "user")));
		json_t *v;
		size_t i;
		json_array_foreach(env, i, v)
			if (strncmp(json_string_value(v), "HOME=", 5) == 0)
				json_array_remove(env, i--);
	}
	if (json_object_get(r, "consoleSize"))
		json_object_set(p, "consoleSize", json_object_get(r, "consoleSize"));
	if (json_yes(r, "tty") && getenv("TERM"))
		json_array_append_new(env, json_sprintf("TERM=%s", getenv("TERM")));
	if (make_env(env, r, e) < 0) {
		json_decref(p);
		return NULL;
	}
	return p;
}

int
joist_exec(struct joist *j, const char *name, const char *request, const int fd[3], int *console,
           struct err *e)
{
	json_t *r = face_options(request, e), *p = NULL, *answer = NULL;
	struct machine *m = r ? find(j, name, e) : NULL;
	struct channel c = { 0 };
	int sock = -1;
	bool tty = json_yes(r, "tty");

	*console = -1;
	if (m)
		p = exec_process(m, r, e);
	if (p)
		sock = control_connect(m, e);
	if (sock >= 0) {
		json_t *q =
		        json_pack("{s:s, s:O, s:b, s:b}", "do", "exec", "process", p, "privileged",
		                  json_yes(r, "privileged"), "detach", json_yes(r, "detach"));
		answer = control_ask(sock, &c, q, fd, tty ? 0 : 3, e);
		json_decref(q);
	}
	if (answer && c.nfd > 0) {
		*console = c.fd[0];
		c.nfd = 0;
	}
	channel_free(&c);
	if (!answer && sock >= 0) {
		close(sock);
		sock = -1;
	}
	json_decref(answer);
	json_decref(p);
	json_decref(r);
	machine_close(m);
	return sock;
}

int
joist_exec_wait(int wait_fd, int *status, struct err *e)
{
	struct channel c = { 0 };
	json_t *answer = control_answer(wait_fd, &c, e);

	*status = answer ? (int)json_int(answer, "exit", EXIT_OURS) : EXIT_OURS;
	channel_free(&c);
	json_decref(answer);
	return answer ? 0 : -1;
}

int
joist_attach(struct joist *j, const char *name, bool with_input, struct err *e)
{
	struct machine *m = find(j, name, e);
	struct channel c = { 0 };
	int sock = m ? control_connect(m, e) : -1;

	if (sock >= 0) {
		json_t *q = json_pack("{s:s, s:b}", "do", "attach", "stdin", with_input);
		if (channel_send_json(sock, q, NULL, 0) < 0) {
			fail(e, errno, "machine '%s': %s", name, strerror(errno));
			close(sock);
			sock = -1;
		}
		json_decref(q);
	}
	channel_free(&c);
	machine_close(m);
	return sock;
}

/* -- reading ------------------------------------------------------------------------------ */

static int64_t
when(const json_t *o, const char *key)
{
	json_t *v = json_object_get(o, key);

	return json_is_integer(v) ? json_integer_value(v) : 0;
}

struct by_name {
	const json_t *names;
	bool (*fn)(void *ctx, const char *line);
	void *ctx;
};

static bool
named(void *ctx, const char *line)
{
	struct by_name *b = ctx;
	size_t i;
	json_t *v, *o;
	bool wanted = json_array_size(b->names) == 0;

	if (!wanted && (o = json_loads(line, 0, NULL))) {
		json_array_foreach(b->names, i, v)
			wanted = wanted ||
			         strcmp(json_str(o, "name", ""), json_string_value(v)) == 0;
		json_decref(o);
	}
	return wanted ? b->fn(b->ctx, line) : true;
}

int
joist_events(struct joist *j, const char *options, bool (*fn)(void *ctx, const char *line),
             void *ctx, struct err *e)
{
	json_t *o = face_options(options, e);
	struct store *s = o ? face_store(j, e) : NULL;
	int rc = -1;

	if (s) {
		struct by_name b = { json_object_get(o, "names"), fn, ctx };
		rc = event_read(s, json_yes(o, "follow"), when(o, "since"), when(o, "until"), named,
		                &b, e);
	}
	json_decref(o);
	return rc;
}

/* log.c asks whether the writer lives and hands out pieces with one context. */
struct tailing {
	struct machine *machine;
	bool (*fn)(void *ctx, int stream, int64_t when, const char *text, size_t n);
	void *ctx;
};

static bool
writer_lives(void *ctx)
{
	return machine_has_monitor(((struct tailing *)ctx)->machine);
}

static bool
piece(void *ctx, int stream, int64_t at, const char *text, size_t n)
{
	struct tailing *t = ctx;
	return t->fn(t->ctx, stream, at, text, n);
}

int
joist_logs(struct joist *j, const char *name, const char *options,
           bool (*fn)(void *ctx, int stream, int64_t when, const char *text, size_t n), void *ctx,
           struct err *e)
{
	json_t *o = face_options(options, e);
	struct machine *m = o ? find(j, name, e) : NULL;
	int rc = -1;

	if (m && m->state.no_log) {
		fail(e, ENOENT,
		     "machine '%s' keeps no log: it writes straight to where it was started", name);
		err_hint(e, "machines that are run with -d, or without --rm, keep one");
	} else if (m) {
		struct tailing t = { m, fn, ctx };
		struct log_query q = { .follow = json_yes(o, "follow"),
			               .tail = json_int(o, "tail", -1),
			               .since = when(o, "since"),
			               .until = when(o, "until"),
			               .alive = writer_lives,
			               .fn = piece,
			               .ctx = &t };
		rc = log_read(m->dir, &q, e);
	}
	json_decref(o);
	machine_close(m);
	return rc;
}
