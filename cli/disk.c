/* SPDX-License-Identifier: Apache-2.0 */
/* disk.c -- disk new, info, convert, check, snapshot, resize. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/verbs.h"

enum { DAMAGED = 2, LEAKS = 3 };

/* -- saying ------------------------------------------------------------------------ */

/* "human" or "json" as other tools want it said. */
static int
output(struct call *c, struct err *e)
{
	const char *how = json_str(c->flags, "output", NULL);

	if (how && strcmp(how, "json") == 0)
		c->json = true;
	else if (how && strcmp(how, "human") != 0)
		return fail(e, EINVAL, "--output is human or json, not '%s'", how);
	return 0;
}

static void
size_line(const char *label, uint64_t bytes, bool exact)
{
	char human[16];

	printf("%s: %s", label, str_human(bytes, human));
	if (exact)
		printf(" (%llu bytes)", (unsigned long long)bytes);
	putchar('\n');
}

static void
snapshots(const json_t *list)
{
	size_t i;
	json_t *s;

	printf("%-9s %-19s %9s %19s %14s\n", "ID", "NAME", "VM SIZE", "DATE", "VM CLOCK");
	json_array_foreach(list, i, s) {
		time_t t = (time_t)json_int(s, "date-sec", 0);
		int64_t clock = json_int(s, "vm-clock-sec", 0);
		char date[32] = "", human[16];
		struct tm tm;
		if (localtime_r(&t, &tm))
			strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &tm);
		printf("%-9s %-19s %9s %19s %4lld:%02d:%02d.%03d\n", json_str(s, "id", ""),
		       json_str(s, "name", ""),
		       str_human((uint64_t)json_int(s, "vm-state-size", 0), human), date,
		       (long long)(clock / 3600), (int)(clock / 60 % 60), (int)(clock % 60),
		       (int)(json_int(s, "vm-clock-nsec", 0) / 1000000));
	}
}

static void
describe(const json_t *o)
{
	const json_t *own = json_object_get(json_object_get(o, "format-specific"), "data");
	const char *below = json_str(o, "backing-filename", NULL);
	const char *full = json_str(o, "full-backing-filename", ""), *key;
	json_t *list = json_object_get(o, "snapshots"), *v;

	printf("image: %s\nfile format: %s\n", json_str(o, "filename", ""),
	       json_str(o, "format", ""));
	size_line("virtual size", (uint64_t)json_int(o, "virtual-size", 0), true);
	size_line("disk size", (uint64_t)json_int(o, "actual-size", 0), false);
	if (json_yes(o, "dirty-flag"))
		puts("cleanly shut down: no");
	if (json_object_get(o, "cluster-size"))
		printf("cluster_size: %lld\n", (long long)json_int(o, "cluster-size", 0));
	if (below)
		printf(strcmp(below, full) == 0 ? "backing file: %s\n"
		                                : "backing file: %s (actual path: %s)\n",
		       below, full);
	if (json_object_get(o, "backing-filename-format"))
		printf("backing file format: %s\n", json_str(o, "backing-filename-format", ""));
	if (json_array_size(list)) {
		puts("Snapshot list:");
		snapshots(list);
	}
	if (own)
		puts("Format specific information:");
	json_object_foreach((json_t *)(uintptr_t)own, key, v) {
		printf("    ");
		for (const char *p = key; *p; p++)
			putchar(*p == '-' ? ' ' : *p);
		printf(": ");
		if (json_is_string(v))
			puts(json_string_value(v));
		else if (json_is_integer(v))
			printf("%lld\n", (long long)json_integer_value(v));
		else
			puts(json_is_true(v) ? "true" : "false");
	}
}

/* -- sizes ---------------------------------------------------------------------------- */

static int
size_of(json_t *flags, const char *key, const char *text, struct err *e)
{
	uint64_t n;

	if (!str_size(text, &n) || n > INT64_MAX) {
		fail(e, EINVAL, "'%s' is not the size of a disk", text);
		return err_hint(e, "a size is bytes or has a unit: 512M, 10G, 2T");
	}
	json_object_set_new(flags, key, json_integer((json_int_t)n));
	return 0;
}

/* -- the verbs ---------------------------------------------------------------------------- */

typedef int
asker(struct joist *j, const char *path, const char *options, char **json, struct err *e);

/* The answer to our flags, said already when it is to be JSON; NULL: an error was
 * said, and *status is not 0. */
static json_t *
ask(struct call *c, asker *f, int *status)
{
	struct err e = { 0 };
	char *request, *text;
	json_t *o = NULL;

	*status = 0;
	if (output(c, &e) < 0) {
		*status = say_error(&e);
		return NULL;
	}
	request = say_request(c->flags);
	if (f(c->joist, c->args[0], request, &text, &e) == 0) {
		o = json_loads(text, JSON_DECODE_ANY, NULL);
		free(text);
	} else {
		*status = say_error(&e);
	}
	free(request);
	if (o && c->json) {
		json_dumpf(o, stdout, JSON_INDENT(4) | JSON_ENCODE_ANY);
		putchar('\n');
	}
	return o;
}

/* One line of what came to be. */
static void
made(struct call *c, json_t *o)
{
	char human[16];

	if (o && !c->json && !c->quiet)
		printf("%s: %s, %s\n", json_str(o, "filename", ""), json_str(o, "format", ""),
		       str_human((uint64_t)json_int(o, "virtual-size", 0), human));
	json_decref(o);
}

int
verb_disk_new(struct call *c)
{
	struct err e = { 0 };
	int status;

	if (c->nargs > 1 && size_of(c->flags, "size", c->args[1], &e) < 0)
		return say_error(&e);
	made(c, ask(c, joist_disk_new, &status));
	return status;
}

int
verb_disk_info(struct call *c)
{
	int status;
	json_t *o = ask(c, joist_disk_info, &status), *one;
	size_t i;

	if (o && !c->json && json_is_object(o))
		describe(o);
	else if (o && !c->json)
		json_array_foreach(o, i, one) {
			if (i)
				putchar('\n');
			describe(one);
		}
	json_decref(o);
	return status;
}

static void
percent(void *ctx, uint64_t done, uint64_t all)
{
	int *last = ctx, now = all ? (int)(done / 1048576.0 * 100 / (all / 1048576.0)) : 100;

	if (now == *last)
		return;
	*last = now;
	fprintf(stderr, "\r%3d%%", now);
}

int
verb_disk_convert(struct call *c)
{
	struct err e = { 0 };
	char *request = say_request(c->flags), *text;
	bool show = json_yes(c->flags, "progress") && !c->quiet;
	int last = -1, status = 0;

	if (joist_disk_convert(c->joist, c->args[0], c->args[1], request, show ? percent : NULL,
	                       &last, &text, &e) < 0) {
		if (last >= 0)
			fputc('\n', stderr);
		status = say_error(&e);
	} else {
		if (last >= 0)
			fputc('\n', stderr);
		json_t *o = json_loads(text, 0, NULL);
		free(text);
		if (c->json) {
			json_dumpf(o, stdout, JSON_INDENT(4));
			putchar('\n');
		}
		made(c, o);
	}
	free(request);
	return status;
}

static void
result(const json_t *o)
{
	static const char *const kinds[][2] = {
		{ "corruptions", "errors were found" },
		{ "leaks", "leaked clusters were found, which only take room" },
		{ "corruptions-fixed", "errors were repaired" },
		{ "leaks-fixed", "leaked clusters were taken back" },
	};
	json_t *found = json_object_get(o, "findings"), *v;
	long long total = json_int(o, "total-clusters", 0);
	bool any = false;
	size_t i;

	json_array_foreach(found, i, v)
		puts(json_string_value(v));
	for (int k = 0; k < 4; k++) {
		long long n = json_int(o, kinds[k][0], 0);
		if (n)
			printf("%lld %s\n", n, kinds[k][1]);
		any = any || n;
	}
	if (!any)
		puts("No errors were found on the image.");
	if (total > 0)
		printf("%lld/%lld = %.2f%% allocated, %lld fragmented, %lld compressed clusters\n",
		       (long long)json_int(o, "allocated-clusters", 0), total,
		       100.0 * (double)json_int(o, "allocated-clusters", 0) / (double)total,
		       (long long)json_int(o, "fragmented-clusters", 0),
		       (long long)json_int(o, "compressed-clusters", 0));
	printf("Image end offset: %lld\n", (long long)json_int(o, "image-end-offset", 0));
}

int
verb_disk_check(struct call *c)
{
	int status;
	json_t *o = ask(c, joist_disk_check, &status);

	if (!o)
		return status;
	if (!c->json && !c->quiet)
		result(o);
	if (json_int(o, "corruptions", 0) > 0)
		status = DAMAGED;
	else if (json_int(o, "leaks", 0) > 0)
		status = LEAKS;
	json_decref(o);
	return status;
}

int
verb_disk_snapshot(struct call *c)
{
	int status;
	json_t *list = ask(c, joist_disk_snapshot, &status);
	bool acts = json_object_get(c->flags, "create") || json_object_get(c->flags, "apply") ||
	            json_object_get(c->flags, "delete");

	if (!c->json && !acts && json_array_size(list)) {
		puts("Snapshot list:");
		snapshots(list);
	}
	json_decref(list);
	return status;
}

int
verb_disk_resize(struct call *c)
{
	const char *text = c->args[1];
	const char *key = *text == '+' ? "grow" : *text == '-' ? "shrink_by" : "size";
	struct err e = { 0 };
	int status;

	if (size_of(c->flags, key, text + (*text == '+' || *text == '-'), &e) < 0)
		return say_error(&e);
	made(c, ask(c, joist_disk_resize, &status));
	return status;
}
