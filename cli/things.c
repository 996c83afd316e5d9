/* SPDX-License-Identifier: Apache-2.0 */
/* things.c -- pull, push, import, export, images, rmi, cp. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"
#include "base/vec.h"
#include "cli/cli.h"
#include "cli/verbs.h"

/* The image program takes the same flags: write them out again, by the table. */
static void
flags_again(struct call *c, struct vec *v)
{
	for (const struct flag *f = cli_flags; f->name; f++) {
		char *key = xstrdup(f->name);
		size_t i;
		json_t *value, *one;

		for (char *p = key; *p; p++)
			if (*p == '-')
				*p = '_';
		value = json_object_get(c->flags, key);
		free(key);
		if (!value || !(f->set & (c->verb->sets | SET_GLOBAL)) ||
		    strcmp(f->name, "root") == 0)
			continue;
		if (json_is_true(value))
			vec_push(v, xprintf("--%s", f->name));
		else if (json_is_string(value))
			vec_push(v, xprintf("--%s=%s", f->name, json_string_value(value)));
		else
			json_array_foreach(value, i, one)
				vec_push(v, xprintf("--%s=%s", f->name, json_string_value(one)));
	}
}

static int
program(struct call *c)
{
	struct vec v = { 0 };
	char *text = NULL;
	struct err e = { 0 };
	int status = EXIT_OURS;

	vec_push(&v, xstrdup(c->verb->name));
	flags_again(c, &v);
	/* A name is a machine's before it is an image's. */
	bool machine = c->verb->run == verb_export &&
	               joist_inspect(c->joist, c->args[0], &text, NULL) == 0;
	free(text);
	if (machine)
		vec_push(&v, xprintf("--machine=%s", c->args[0]));
	vec_push(&v, xstrdup("--"));
	for (int i = machine; i < c->nargs; i++)
		vec_push(&v, xstrdup(c->args[i]));
	fflush(stdout);
	if (joist_image_program(c->joist, vec_argv(&v), &status, &e) < 0)
		status = say_error(&e);
	for (size_t i = 0; i < v.n; i++)
		free(v.p[i]);
	vec_free(&v);
	return status;
}

int verb_pull(struct call *c) { return program(c); }
int verb_push(struct call *c) { return program(c); }
int verb_import(struct call *c) { return program(c); }
int verb_export(struct call *c) { return program(c); }
int verb_cp(struct call *c) { return program(c); }

int
verb_images(struct call *c)
{
	static const char *const columns[][2] = {
		{ "name", "IMAGE" },  { "digest12", "DIGEST" }, { "platform", "PLATFORM" },
		{ "age", "CREATED" }, { "human", "SIZE" },      { NULL, NULL }
	};
	struct err e = { 0 };
	char *text;
	size_t i;
	json_t *r;

	if (joist_images(c->joist, c->nargs ? c->args[0] : NULL, &text, &e) < 0)
		return say_error(&e);
	json_t *rows = json_loads(text, 0, NULL);
	free(text);
	if (c->json) {
		json_dumpf(rows, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(rows);
		return 0;
	}
	json_array_foreach(rows, i, r) {
		const char *digest = json_str(r, "digest", "");
		char human[16], ago[32];
		digest += str_starts(digest, "sha256:") ? 7 : 0;
		json_object_set_new(r, "digest12", json_sprintf("%.12s", digest));
		json_object_set_new(
		        r, "human",
		        json_string(str_human((uint64_t)json_int(r, "size", 0), human)));
		json_object_set_new(
		        r, "age",
		        json_sprintf("%s ago", say_ago(json_str(r, "created", NULL), ago)));
	}
	say_table(stdout, rows, columns);
	json_decref(rows);
	return 0;
}

/* What was taken away: {"untagged": [...], "deleted": [...], "freed": bytes} */
static void
removed(char *text)
{
	static const char *const kinds[] = { "untagged", "deleted" };
	json_t *o = json_loads(text, 0, NULL), *v;
	char human[16];
	size_t i;

	free(text);
	for (int k = 0; k < 2; k++)
		json_array_foreach(json_object_get(o, kinds[k]), i, v)
			printf("%s %s\n", kinds[k],
			       json_string_value(v) ? json_string_value(v) : "");
	if (json_int(o, "freed", 0) > 0)
		printf("freed %s\n", str_human((uint64_t)json_int(o, "freed", 0), human));
	json_decref(o);
}

int
verb_rmi(struct call *c)
{
	bool unused = json_yes(c->flags, "unused");
	struct err e = { 0 };
	char *text;
	int worst = 0;

	if (!unused && c->nargs == 0) {
		fail(&e, EINVAL, "'rmi' takes IMAGE...");
		err_hint(&e, "name one, or remove all that no machine uses with --unused");
		return say_error(&e);
	}
	for (int i = 0; i < c->nargs; i++) {
		e = (struct err){ 0 };
		if (joist_rmi(c->joist, c->args[i], json_yes(c->flags, "force"), &text, &e) < 0)
			worst = say_error(&e);
		else
			removed(text);
	}
	e = (struct err){ 0 };
	if (unused) {
		if (joist_image_gc(c->joist, true, &text, &e) < 0)
			worst = say_error(&e);
		else
			removed(text);
	}
	return worst;
}
