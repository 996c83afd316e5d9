/* SPDX-License-Identifier: Apache-2.0 */
/* look.c -- ps, inspect, logs, events, what, doctor, version. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/proc.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/verbs.h"

static int
print_json(char *text)
{
	json_t *doc = json_loads(text, JSON_DECODE_ANY, NULL);

	json_dumpf(doc, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
	putchar('\n');
	json_decref(doc);
	free(text);
	return 0;
}

/* "running 3 minutes (healthy)", "exit 1, 2 hours ago, out of memory" */
static json_t *
status_words(const json_t *r)
{
	const char *status = json_str(r, "status", "");
	const char *health = json_str(json_object_get(r, "health"), "status", NULL);
	char ago[32];
	struct str s = { 0 };

	if (strcmp(status, "stopped") == 0) {
		str_printf(&s, "exit %lld, %s ago", (long long)json_int(r, "exitCode", 0),
		           say_ago(json_str(r, "finished", NULL), ago));
		if (json_yes(r, "oomKilled"))
			str_add(&s, ", out of memory");
		else if (json_str(r, "error", NULL))
			str_printf(&s, ", %.60s", json_str(r, "error", ""));
	} else if (strcmp(status, "created") == 0) {
		str_add(&s, "created");
	} else if (strcmp(status, "broken") == 0) {
		str_printf(&s, "broken: %s", json_str(r, "error", ""));
	} else {
		str_printf(&s, "%s %s", status, say_ago(json_str(r, "started", NULL), ago));
		if (health)
			str_printf(&s, " (%s)", health);
		if (json_str(r, "error", NULL))
			str_printf(&s, ", %.60s", json_str(r, "error", ""));
	}
	json_t *text = json_string(str_text(&s));
	str_free(&s);
	return text;
}

static json_t *
port_words(const json_t *r)
{
	json_t *ports = json_object_get(json_object_get(r, "network"), "ports"), *p;
	struct str s = { 0 };
	size_t i;

	json_array_foreach(ports, i, p) {
		const char *ip = json_str(p, "host_ip", json_str(p, "hostIp", ""));
		str_printf(&s, "%s%s%s%lld:%lld/%s", i ? ", " : "", ip, *ip ? ":" : "",
		           (long long)json_int(p, "host", 0), (long long)json_int(p, "guest", 0),
		           json_str(p, "proto", "tcp"));
	}
	json_t *text = json_string(str_text(&s));
	str_free(&s);
	return text;
}

int
verb_ps(struct call *c)
{
	static const char *const columns[][2] = { { "name", "NAME" },   { "artifact", "ARTIFACT" },
		                                  { "stack", "IN" },    { "words", "STATUS" },
		                                  { "ports", "PORTS" }, { "short", "COMMAND" },
		                                  { NULL, NULL } };
	bool only_names = json_yes(c->flags, "names");
	json_t *names = json_array(), *r;
	struct err e = { 0 };
	char *text;
	size_t i;

	for (int k = 0; k < c->nargs; k++)
		json_array_append_new(names, json_string(c->args[k]));
	json_object_set_new(c->flags, "names", names);
	char *request = say_request(c->flags);
	int rc = joist_ps(c->joist, request, &text, &e);
	free(request);
	if (rc < 0)
		return say_error(&e);
	if (c->json)
		return print_json(text);
	json_t *rows = json_loads(text, 0, NULL);
	free(text);
	json_array_foreach(rows, i, r) {
		char brief[48];
		const char *command = json_str(r, "command", "");
		if (only_names) {
			puts(json_str(r, "name", ""));
			continue;
		}
		snprintf(brief, sizeof brief, strlen(command) > 40 ? "%.37s..." : "%s", command);
		json_object_set_new(r, "words", status_words(r));
		json_object_set_new(r, "ports", port_words(r));
		json_t *shown = json_string(brief);
		json_object_set_new(r, "short", shown ? shown : json_string("..."));
	}
	if (!only_names)
		say_table(stdout, rows, columns);
	json_decref(rows);
	return 0;
}

int
verb_inspect(struct call *c)
{
	json_t *all = json_array();
	int worst = 0;

	for (int i = 0; i < c->nargs; i++) {
		struct err e = { 0 }, other = { 0 };
		char *text;
		if (strchr(c->args[i], '/') || strchr(c->args[i], '.')) {
			/* A path, or perhaps an image's or a machine's name with a dot. */
			if (joist_describe(c->joist, c->args[i], &text, &other) == 0)
				goto found;
			if (other.code != ENOENT) {
				worst = say_error(&other);
				continue;
			}
		}
		if (joist_inspect(c->joist, c->args[i], &text, &e) < 0 &&
		    ((e.code != ENOENT && e.code != EINVAL) ||
		     joist_image_inspect(c->joist, c->args[i], &text, &other) < 0)) {
			if (e.code == ENOENT || e.code == EINVAL) {
				fail(&e, ENOENT, "there is no machine and no image '%s'",
				     c->args[i]);
				err_hint(&e, "see those that are: joist ps -a, joist images");
			}
			worst = say_error(&e);
			continue;
		}
	found:
		json_array_append_new(all, json_loads(text, 0, NULL));
		free(text);
	}
	json_dumpf(all, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
	return worst;
}

/* -- logs and events ----------------------------------------------------------------- */

struct showing {
	bool times, json;
};

static bool
show_piece(void *ctx, int stream, int64_t when, const char *text, size_t n)
{
	struct showing *s = ctx;
	FILE *to = stream == 2 && !s->json ? stderr : stdout;
	char stamp[40];

	if (s->json) {
		json_t *words = json_stringn(text, n);
		json_t *o = json_pack("{s:s, s:s, s:o}", "time", proc_time_text(when, stamp),
		                      "stream", stream == 2 ? "stderr" : "stdout", "text",
		                      words ? words : json_string("(binary)"));
		json_dumpf(o, to, JSON_COMPACT);
		fputc('\n', to);
		json_decref(o);
	} else {
		if (s->times)
			fprintf(to, "%s ", proc_time_text(when, stamp));
		fwrite(text, 1, n, to);
	}
	return fflush(to) == 0;
}

int
verb_logs(struct call *c)
{
	struct showing s = { json_yes(c->flags, "timestamps"), c->json };
	struct err e = { 0 };

	if (say_when(c->flags, "since", &e) < 0 || say_when(c->flags, "until", &e) < 0)
		return say_error(&e);
	char *options = say_request(c->flags);
	int rc = joist_logs(c->joist, c->args[0], options, show_piece, &s, &e);
	free(options);
	return rc < 0 ? say_error(&e) : 0;
}

static bool
show_event(void *ctx, const char *line)
{
	struct call *c = ctx;

	if (c->json) {
		puts(line);
	} else {
		json_t *o = json_loads(line, 0, NULL);
		const char *detail = json_str(o, "detail", NULL);
		printf("%.19sZ  %-8s %s%s%s%s\n", json_str(o, "time", ""), json_str(o, "event", ""),
		       json_str(o, "name", ""), detail ? " (" : "", detail ? detail : "",
		       detail ? ")" : "");
		json_decref(o);
	}
	return fflush(stdout) == 0;
}

int
verb_events(struct call *c)
{
	json_t *names = json_array();
	struct err e = { 0 };

	for (int i = 0; i < c->nargs; i++)
		json_array_append_new(names, json_string(c->args[i]));
	json_object_set_new(c->flags, "names", names);
	if (say_when(c->flags, "since", &e) < 0 || say_when(c->flags, "until", &e) < 0)
		return say_error(&e);
	char *options = say_request(c->flags);
	int rc = joist_events(c->joist, options, show_event, c, &e);
	free(options);
	return rc < 0 ? say_error(&e) : 0;
}

/* -- what, doctor, version --------------------------------------------------------------- */

/* What an artifact lacks, a few names of each kind. */
static void
lacks(const json_t *o)
{
	static const struct {
		const char *key, *words;
	} rows[] = {
		{ "needsFiles", "needs beside it" },
		{ "missing", "calls what this build does not have" },
	};
	size_t i;
	json_t *v;

	if (json_str(o, "broken", NULL))
		printf("  cannot run: %s\n", json_str(o, "broken", ""));
	for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
		const json_t *list = json_object_get(o, rows[k].key);
		size_t n = json_array_size(list);
		if (!n)
			continue;
		printf("  %s:", rows[k].words);
		json_array_foreach(list, i, v)
			if (i < 12)
				printf(" %s", json_string_value(v));
		printf(n > 12 ? " and %zu more (joist inspect)\n" : "\n", n - 12);
	}
}

int
verb_what(struct call *c)
{
	json_t *all = json_array(), *o;
	int worst = 0;
	size_t k;

	for (int i = 0; i < c->nargs; i++) {
		struct err e = { 0 };
		char *text;
		if (joist_what(c->joist, c->args[i], &text, &e) < 0) {
			worst = say_error(&e);
			continue;
		}
		json_array_append_new(all, json_loads(text, 0, NULL));
		free(text);
	}
	if (c->json) {
		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		json_array_foreach(all, k, o) {
			const char *run = json_str(o, "run", NULL),
			           *floor = json_str(o, "floor", NULL);
			const char *missing = json_str(o, "missingFloor", NULL);
			printf("%s: %s\n", json_str(o, "name", ""), json_str(o, "about", ""));
			if (floor)
				printf("  floor %s; run it with: %s\n", floor, run);
			else if (run)
				printf("  make an image of it: %s\n", run);
			else if (missing)
				printf("  floor %s would run it; this build has none\n", missing);
			else
				printf("  no floor runs it\n");
			lacks(o);
		}
	}
	json_decref(all);
	return worst;
}

int
verb_doctor(struct call *c)
{
	struct err e = { 0 };
	char *text;
	size_t i;
	json_t *r;

	if (joist_doctor(c->joist, &text, &e) < 0)
		return say_error(&e);
	if (c->json)
		return print_json(text);
	json_t *rows = json_loads(text, 0, NULL);
	free(text);
	json_array_foreach(rows, i, r)
		printf("%-8s %-18s %s\n", json_str(r, "verdict", ""), json_str(r, "what", ""),
		       json_str(r, "about", ""));
	json_decref(rows);
	return 0;
}

int
verb_version(struct call *c)
{
	if (c->json)
		printf("{\"version\": \"%s\", \"floors\": %s}\n", joist_version(), joist_floors());
	else
		printf("joist %s\n", joist_version());
	return 0;
}
