/* SPDX-License-Identifier: Apache-2.0 */
/* debug.c -- let a debugger in. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/verbs.h"

int
verb_debug(struct call *c)
{
	struct err e = { 0 };
	char *where;

	if (json_object_get(c->flags, "port") && json_object_get(c->flags, "socket")) {
		fail(&e, EINVAL, "--port and --socket contradict each other");
		err_hint(&e, "leave one of them out");
		return say_error(&e);
	}
	char *options = say_request(c->flags);
	int rc = joist_debug(c->joist, c->args[0], options, &where, &e);
	free(options);
	if (rc < 0)
		return say_error(&e);
	if (c->json) {
		json_t *o = json_pack("{s:s, s:s}", "machine", c->args[0], "target", where);
		json_dumpf(o, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(o);
	} else {
		printf("gdb -ex 'target remote %s'\n", where);
	}
	free(where);
	return 0;
}
