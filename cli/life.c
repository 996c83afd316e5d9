/* SPDX-License-Identifier: Apache-2.0 */
/* life.c -- stop, kill, rm, pause, resume, restart, wait. */
#include <stdlib.h>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/verbs.h"

typedef int with_options(struct joist *j, const char *name, const char *options, struct err *e);

static int
ask(struct call *c, const char *name, with_options *fn, struct err *e)
{
	char *options = say_request(c->flags);
	int rc = fn(c->joist, name, options, e);

	free(options);
	return rc;
}

static int
stop(struct call *c, const char *name, struct err *e)
{
	return ask(c, name, joist_stop, e);
}

static int
kill_one(struct call *c, const char *name, struct err *e)
{
	return ask(c, name, joist_kill, e);
}

static int
rm(struct call *c, const char *name, struct err *e)
{
	return ask(c, name, joist_rm, e);
}

static int
restart(struct call *c, const char *name, struct err *e)
{
	return ask(c, name, joist_restart, e);
}

static int
pause_one(struct call *c, const char *name, struct err *e)
{
	return joist_pause(c->joist, name, e);
}

static int
resume(struct call *c, const char *name, struct err *e)
{
	return joist_resume(c->joist, name, e);
}

int verb_stop(struct call *c) { return say_each(c, stop); }
int verb_kill(struct call *c) { return say_each(c, kill_one); }
int verb_rm(struct call *c) { return say_each(c, rm); }
int verb_restart(struct call *c) { return say_each(c, restart); }
int verb_pause(struct call *c) { return say_each(c, pause_one); }
int verb_resume(struct call *c) { return say_each(c, resume); }

int
verb_wait(struct call *c)
{
	json_t *all = json_object();
	struct err e = { 0 };
	int worst = 0, status;

	for (int i = 0; i < c->nargs; i++) {
		if (joist_wait(c->joist, c->args[i], &status, &e) < 0) {
			worst = say_error(&e);
			continue;
		}
		if (c->json)
			json_object_set_new(all, c->args[i], json_integer(status));
		else
			printf("%d\n", status);
	}
	if (c->json) {
		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(all);
	return worst;
}
