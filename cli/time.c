/* SPDX-License-Identifier: Apache-2.0 */
/* time.c -- snapshot, restore, snaps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/verbs.h"

int
verb_snapshot(struct call *c)
{
	json_t *all = json_array();
	struct err e = { 0 };
	int worst = 0;

	for (int i = 0; i < c->nargs; i++) {
		const char *ref = c->args[i], *at = strchr(ref, '@');
		char *label;
		if (joist_snapshot(c->joist, ref, &label, &e) < 0) {
			worst = say_error(&e);
			continue;
		}
		int n = (int)(at ? (size_t)(at - ref) : strlen(ref));
		if (c->json)
			json_array_append_new(all, json_pack("{s:s%, s:s}", "machine", ref,
			                                     (size_t)n, "label", label));
		else
			printf("%.*s@%s\n", n, ref, label);
		free(label);
	}
	if (c->json) {
		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(all);
	return worst;
}

static int
take_restored(struct call *c, const char *name, bool input, struct err *e)
{
	char *options = say_request(c->flags);
	int sock = joist_restore_attached(c->joist, c->args[0], options, input, e);
	(void)name;
	free(options);
	return sock;
}

int
verb_restore(struct call *c)
{
	struct err e = { 0 };
	char *name;

	if (json_yes(c->flags, "attach")) {
		const char *as = json_str(c->flags, "name", NULL);
		name = as ? xstrdup(as)
		          : xprintf("%.*s", (int)strcspn(c->args[0], "@"), c->args[0]);
		int status =
		        run_attached(c, name, json_yes(c->flags, "interactive"), take_restored);
		free(name);
		return status;
	}
	char *options = say_request(c->flags);
	int rc = joist_restore(c->joist, c->args[0], options, &name, &e);
	free(options);
	if (rc < 0)
		return say_error(&e);
	if (c->json)
		printf("{\n  \"machine\": \"%s\"\n}\n", name);
	else
		puts(name);
	free(name);
	return 0;
}

int
verb_snaps(struct call *c)
{
	struct err e = { 0 };
	char *text;
	size_t i;
	json_t *v;

	if (joist_snaps(c->joist, c->nargs ? c->args[0] : NULL, &text, &e) < 0)
		return say_error(&e);
	static const char *const columns[][2] = {
		{ "ref", "SNAPSHOT" }, { "when", "CREATED" }, { "human", "SIZE" }, { NULL, NULL }
	};
	json_t *all = json_loads(text, 0, NULL);
	free(text);
	if (c->json) {
		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(all);
		return 0;
	}
	json_array_foreach(all, i, v) {
		char when[40], ago[32], human[32];
		proc_time_text(json_int(v, "created", 0), when);
		json_object_set_new(v, "ref",
		                    json_sprintf("%s@%s", json_str(v, "machine", ""),
		                                 json_str(v, "label", "")));
		json_object_set_new(v, "when", json_sprintf("%s ago", say_ago(when, ago)));
		json_object_set_new(
		        v, "human",
		        json_string(str_human((uint64_t)json_int(v, "size", 0), human)));
	}
	say_table(stdout, all, columns);
	json_decref(all);
	return 0;
}
