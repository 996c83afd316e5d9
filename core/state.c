/* SPDX-License-Identifier: Apache-2.0 */
#include "core/state.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/proc.h"

const char *const state_names[LIFE_COUNT] = { "created", "running", "paused", "stopped",
	                                      "restarting" };

enum kind { INT, BOOL, TEXT, TIME, DOC };

static const struct row {
	const char *key;
	enum kind kind;
	size_t at;
} rows[] = {
	{ "pid", INT, offsetof(struct state, pid) },
	{ "monitor", INT, offsetof(struct state, monitor) },
	{ "created", TIME, offsetof(struct state, created) },
	{ "started", TIME, offsetof(struct state, started) },
	{ "finished", TIME, offsetof(struct state, finished) },
	{ "exitCode", INT, offsetof(struct state, exit) },
	{ "restarts", INT, offsetof(struct state, restarts) },
	{ "oomKilled", BOOL, offsetof(struct state, oom) },
	{ "stoppedByUser", BOOL, offsetof(struct state, stopped_by_user) },
	{ "noLog", BOOL, offsetof(struct state, no_log) },
	{ "boot", TEXT, offsetof(struct state, boot) },
	{ "error", TEXT, offsetof(struct state, error) },
	{ "health", DOC, offsetof(struct state, health) },
	{ "network", DOC, offsetof(struct state, net) },
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static void *
field(const struct state *s, const struct row *r)
{
	return (char *)s + r->at;
}

void
state_set(char **text, const char *value)
{
	free(*text);
	*text = value && *value ? xstrdup(value) : NULL;
}

void
state_free(struct state *s)
{
	state_set(&s->boot, NULL);
	state_set(&s->error, NULL);
	json_decref(s->health);
	json_decref(s->net);
	*s = (struct state){ .exit = -1 };
}

json_t *
state_save(const struct state *s)
{
	json_t *doc = json_object();
	char buf[40];

	json_object_set_new(doc, "status", json_string(state_names[s->status]));
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *r = &rows[i];
		const void *p = field(s, r);
		json_t *v = NULL;

		if (r->kind == INT)
			v = json_integer(*(const int64_t *)p);
		else if (r->kind == BOOL)
			v = *(const bool *)p ? json_true() : NULL;
		else if (r->kind == TEXT)
			v = *(char *const *)p ? json_string(*(char *const *)p) : NULL;
		else if (r->kind == DOC)
			v = json_incref(*(json_t *const *)p);
		else if (*(const int64_t *)p)
			v = json_string(proc_time_text(*(const int64_t *)p, buf));
		if (v)
			json_object_set_new(doc, r->key, v);
	}
	return doc;
}

int
state_load(struct state *s, const json_t *doc, struct err *e)
{
	if (!json_is_object(doc))
		return fail(e, EINVAL, "'state.json' is not an object");
	*s = (struct state){ .exit = -1, .status = LIFE_STOPPED };
	const char *status = json_str(doc, "status", "");
	for (int i = 0; i < LIFE_COUNT; i++)
		if (strcmp(status, state_names[i]) == 0)
			s->status = (enum life)i;
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *r = &rows[i];
		void *p = field(s, r);
		json_t *v = json_object_get(doc, r->key);

		if (r->kind == INT && json_is_integer(v))
			*(int64_t *)p = json_integer_value(v);
		else if (r->kind == BOOL)
			*(bool *)p = json_is_true(v);
		else if (r->kind == TEXT && json_is_string(v))
			state_set(p, json_string_value(v));
		else if (r->kind == DOC && v)
			*(json_t **)p = json_incref(v);
		else if (r->kind == TIME && json_is_string(v)) {
			int64_t t = proc_time_parse(json_string_value(v));
			*(int64_t *)p = t < 0 ? 0 : t;
		}
	}
	return 0;
}
