/* SPDX-License-Identifier: Apache-2.0 */
/* time.c -- snapshot, restore, snaps. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
			json_array_append_new(all, json_pack("{s:s%, s:s}", "machine", ref, (size_t)n, "label", label));
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

int
verb_restore(struct call *c)
{
	struct err e = { 0 };
	char *name, *options;

	if (json_yes(c->flags, "attach") && (json_yes(c->flags, "force") || json_str(c->flags, "name", NULL))) {
		fail(&e, EINVAL, "restore -a goes with neither --name nor -f");
		err_hint(&e, "restore first, then: joist attach NAME");
		return say_error(&e);
	}
	if (json_yes(c->flags, "attach"))
		return run_attached(c, c->args[0], json_yes(c->flags, "interactive"), joist_restore_attached);
	options = say_request(c->flags);
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
	if (c->json) {
		puts(text);
		free(text);
		return 0;
	}
	json_t *all = json_loads(text, 0, NULL);
	free(text);
	printf("%-32s %-20s %s\n", "SNAPSHOT", "CREATED", "SIZE");
	json_array_foreach(all, i, v) {
		char ref[160], when[40];
		snprintf(ref, sizeof ref, "%s@%s", json_str(v, "machine", ""), json_str(v, "label", ""));
		proc_time_text(json_int(v, "created", 0), when);
		printf("%-32s %-20.19s %" PRId64 "\n", ref, when, json_int(v, "size", 0));
	}
	json_decref(all);
	return 0;
}
