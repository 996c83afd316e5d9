/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/json.h"
#include "base/proc.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/verbs.h"

/* Names of the machines to show: those given, or all that run. */
static json_t *
names(struct call *c, struct err *e)
{
	json_t *list = json_array(), *rows, *r;
	char *text;
	size_t i;

	for (int k = 0; k < c->nargs; k++)
		json_array_append_new(list, json_string(c->args[k]));
	if (c->nargs)
		return list;
	if (joist_ps(c->joist, NULL, &text, e) < 0) {
		json_decref(list);
		return NULL;
	}
	rows = json_loads(text, 0, NULL);
	free(text);
	json_array_foreach(rows, i, r)
		json_array_append_new(list, json_string(json_str(r, "name", "")));
	json_decref(rows);
	return list;
}

/* One look at all of them.  A machine that ended meanwhile is left out unless
 * it was named. */
static json_t *
look(struct call *c, struct err *e)
{
	json_t *list = names(c, e), *all = json_array(), *v;
	size_t i;

	json_array_foreach(list, i, v) {
		char *text;
		if (joist_top(c->joist, json_string_value(v), &text, e) == 0) {
			json_array_append_new(all, json_loads(text, 0, NULL));
			free(text);
		} else if (c->nargs) {
			json_decref(all);
			all = NULL;
			break;
		}
	}
	if (!list) {
		json_decref(all);
		all = NULL;
	}
	json_decref(list);
	return all;
}

static const json_t *
of_name(const json_t *rows, const char *name)
{
	size_t i;
	json_t *r;

	json_array_foreach(rows, i, r)
		if (strcmp(json_str(r, "name", ""), name) == 0)
			return r;
	return NULL;
}

static int64_t
in(const json_t *r, const char *part, const char *key)
{
	return json_int(json_object_get(r, part), key, 0);
}

static void
pair(json_t *r, const char *key, int64_t a, int64_t b)
{
	char x[16], y[16];

	json_object_set_new(
	        r, key,
	        json_sprintf("%s / %s", str_human((uint64_t)a, x), str_human((uint64_t)b, y)));
}

/* What a person wants to see of one machine, from two looks. */
static void
words(json_t *r, const json_t *before)
{
	int64_t now = proc_time_parse(json_str(r, "time", "")), limit = in(r, "memory", "limit");
	int64_t then = before ? proc_time_parse(json_str(before, "time", "")) : 0;
	char used[16], most[16];

	if (before && now > then)
		json_object_set_new(
		        r, "cpu%",
		        json_sprintf(
		                "%.1f%%",
		                100.0 * (double)(in(r, "cpu", "usec") - in(before, "cpu", "usec")) *
		                        1e3 / (double)(now - then)));
	str_human((uint64_t)in(r, "memory", "current"), used);
	json_object_set_new(
	        r, "mem",
	        limit > 0 ? json_sprintf("%s / %s", used, str_human((uint64_t)limit, most))
	                  : json_string(used));
	json_object_set_new(r, "procs", json_integer(in(r, "pids", "current")));
	pair(r, "block", in(r, "io", "rbytes"), in(r, "io", "wbytes"));
	pair(r, "netio", in(r, "network", "rx_bytes"), in(r, "network", "tx_bytes"));
}

static void
show(json_t *rows, const json_t *before)
{
	static const char *const columns[][2] = {
		{ "name", "NAME" },   { "cpu%", "CPU" },          { "mem", "MEMORY" },
		{ "procs", "PROCS" }, { "block", "BLOCK R / W" }, { "netio", "NET IN / OUT" },
		{ NULL, NULL }
	};
	size_t i;
	json_t *r;

	json_array_foreach(rows, i, r)
		words(r, before ? of_name(before, json_str(r, "name", "")) : NULL);
	say_table(stdout, rows, columns);
}

static struct termios saved;

static void
restore(void)
{
	tcsetattr(0, TCSANOW, &saved);
	fputs("\033[?25h", stdout);
}

/* q or ctrl-c ends; a key is read without waiting for a line. */
static int
redraw(struct call *c, json_t *before)
{
	struct err e = { 0 };
	struct termios t;
	json_t *rows;
	char key = 0;

	if (tcgetattr(0, &saved) == 0) {
		t = saved;
		t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		tcsetattr(0, TCSANOW, &t);
		atexit(restore);
	}
	fputs("\033[?25l", stdout);
	while (key != 'q' && (rows = look(c, &e))) {
		fputs("\033[H\033[2J", stdout);
		show(rows, before);
		fputs("\nq: quit\n", stdout);
		fflush(stdout);
		json_decref(before);
		before = rows;
		struct pollfd p = { .fd = 0, .events = POLLIN };
		if (poll(&p, 1, 1000) > 0 && read(0, &key, 1) <= 0)
			break;
	}
	json_decref(before);
	return e.code ? say_error(&e) : 0;
}

int
verb_top(struct call *c)
{
	struct err e = { 0 };
	json_t *rows = look(c, &e), *before;

	if (!rows)
		return say_error(&e);
	if (c->json) {
		json_dumpf(rows, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(rows);
		return 0;
	}
	if (isatty(0) && isatty(1) && !json_yes(c->flags, "once"))
		return redraw(c, rows);
	/* A rate needs two looks. */
	before = rows;
	poll(NULL, 0, 200);
	rows = look(c, &e);
	if (!rows) {
		json_decref(before);
		return say_error(&e);
	}
	show(rows, before);
	json_decref(rows);
	json_decref(before);
	return 0;
}
