/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/str.h"
#include "cli/cli.h"

int
say_error(const struct err *e)
{
	/* No words: a program that we ran has said it already. */
	if (e->what[0])
		fprintf(stderr, "joist: %s\n", e->what);
	if (e->what[0] && e->hint[0])
		fprintf(stderr, "       %s\n", e->hint);
	return err_exit(e);
}

void
say_warning(const char *sentence)
{
	fprintf(stderr, "joist: warning: %s\n", sentence);
}

char *
say_request(json_t *flags)
{
	char *text = json_dumps(flags, JSON_COMPACT);
	return text ? text : xstrdup("{}");
}

/* -- tables --------------------------------------------------------------------- */

static const char *
cell(const json_t *row, const char *key, char buf[64])
{
	json_t *v = json_object_get(row, key);

	if (json_is_string(v))
		return json_string_value(v);
	if (json_is_integer(v))
		snprintf(buf, 64, "%lld", (long long)json_integer_value(v));
	else if (json_is_real(v))
		snprintf(buf, 64, "%.1f", json_real_value(v));
	else
		buf[0] = '\0';
	return buf;
}

/* Columns as wide as they need; the last one is not padded. */
void
say_table(FILE *to, const json_t *rows, const char *const columns[][2])
{
	enum { MOST = 16 };
	int width[MOST] = { 0 };
	char buf[64];
	size_t n = 0, i;
	json_t *r;

	while (n < MOST && columns[n][0])
		n++;
	for (size_t k = 0; k < n; k++)
		width[k] = (int)strlen(columns[k][1]);
	json_array_foreach(rows, i, r)
		for (size_t k = 0; k < n; k++) {
			int w = (int)strlen(cell(r, columns[k][0], buf));
			width[k] = w > width[k] ? w : width[k];
		}
	for (size_t k = 0; k < n; k++)
		fprintf(to, k + 1 < n ? "%-*s  " : "%-*s", k + 1 < n ? width[k] : 0, columns[k][1]);
	fputc('\n', to);
	json_array_foreach(rows, i, r) {
		for (size_t k = 0; k < n; k++)
			fprintf(to, k + 1 < n ? "%-*s  " : "%-*s", k + 1 < n ? width[k] : 0,
			        cell(r, columns[k][0], buf));
		fputc('\n', to);
	}
}

const char *
say_ago(const char *time, char buf[32])
{
	static const struct {
		int64_t s;
		const char *name;
	} units[] = { { 31536000, "year" }, { 2592000, "month" }, { 86400, "day" },
		      { 3600, "hour" },     { 60, "minute" },     { 1, "second" } };
	int64_t t = time ? proc_time_parse(time) : -1;

	if (t < 0)
		return "";
	int64_t s = (proc_now() - t) / 1000000000;
	size_t i = 0;
	while (i < 5 && s < units[i].s)
		i++;
	int64_t n = s / units[i].s;
	snprintf(buf, 32, "%lld %s%s", (long long)n, units[i].name, n == 1 ? "" : "s");
	return buf;
}

/* -- many names ---------------------------------------------------------------------- */

int
say_each(struct call *c, int (*fn)(struct call *c, const char *name, struct err *e))
{
	json_t *names = json_array(), *v;
	struct err e = { 0 };
	int worst = 0;
	size_t i;

	for (int k = 0; k < c->nargs; k++)
		json_array_append_new(names, json_string(c->args[k]));
	if (json_is_true(json_object_get(c->flags, "all"))) {
		char *text;
		if (joist_ps(c->joist, "{\"all\":true}", &text, &e) < 0) {
			json_decref(names);
			return say_error(&e);
		}
		json_t *rows = json_loads(text, 0, NULL), *r;
		free(text);
		json_array_foreach(rows, i, r)
			json_array_append_new(names, json_string(json_str(r, "name", "")));
		json_decref(rows);
	} else if (c->nargs == 0) {
		fail(&e, EINVAL, "'%s' takes %s", c->verb->name, c->verb->arguments);
		err_hint(&e, "name one, or see: joist help %s", c->verb->name);
		worst = say_error(&e);
	}
	json_array_foreach(names, i, v) {
		e = (struct err){ 0 };
		if (fn(c, json_string_value(v), &e) < 0)
			worst = say_error(&e);
		else if (!c->quiet && !c->json)
			puts(json_string_value(v));
	}
	json_decref(names);
	return worst;
}

int
say_when(json_t *flags, const char *key, struct err *e)
{
	const char *text = json_str(flags, key, NULL);
	int64_t ns;

	if (!text)
		return 0;
	if (str_duration(text, &ns))
		ns = proc_now() - ns;
	else
		ns = proc_time_parse(text);
	if (ns < 0) {
		fail(e, EINVAL, "--%s '%s' is no time", key, text);
		return err_hint(e, "use a duration such as 10m, or 2026-01-31T12:00:00Z");
	}
	json_object_set_new(flags, key, json_integer(ns));
	return 0;
}
