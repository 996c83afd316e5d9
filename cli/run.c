/* SPDX-License-Identifier: Apache-2.0 */
/* run.c -- run, create, start, attach: machines and this terminal. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/proc.h"
#include "cli/cli.h"
#include "cli/verbs.h"

/* The request of run and create: the flags, the artifact and its arguments. */
static int
make(struct call *c, char **name, struct err *e)
{
	json_t *args = json_array();

	for (int i = 1; i < c->nargs; i++)
		json_array_append_new(args, json_string(c->args[i]));
	if (json_object_set_new(c->flags, "artifact", json_string(c->args[0])) < 0 ||
	    (int)json_array_size(args) != c->nargs - 1) {
		json_decref(args);
		fail(e, EILSEQ, "the command line has bytes that are not UTF-8");
		return err_hint(e, "put such names into a script or a file that the machine reads");
	}
	json_object_set_new(c->flags, "args", args);
	char *request = say_request(c->flags);
	int rc = joist_create(c->joist, request, name, e);
	free(request);
	return rc;
}

int
verb_create(struct call *c)
{
	struct err e = { 0 };
	char *name;

	if (make(c, &name, &e) < 0)
		return say_error(&e);
	puts(name);
	free(name);
	return 0;
}

/* Join this terminal with a machine: one that runs (joist_attach), or one that
 * is started now with us attached from its first word (joist_start_attached),
 * so that it can be left and taken again. */
int
run_attached(struct call *c, const char *name, bool input, run_taker *take)
{
	struct err e = { 0 };
	struct keys keys;
	int status = 0;

	if (term_keys(json_str(c->flags, "detach_keys", NULL), &keys, &e) < 0)
		return say_error(&e);
	int sock = take(c, name, input, &e);
	if (sock < 0 || term_attach(sock, input, &keys, &status, &e) < 0)
		return say_error(&e);
	close(sock);
	if (status < 0) {
		fprintf(stderr, "\r\njoist: left machine '%s'; back with: joist attach %s\n", name,
		        name);
		return 0;
	}
	return status;
}

static int
take_new(struct call *c, const char *name, bool input, struct err *e)
{
	return joist_start_attached(c->joist, name, input, e);
}

static int
take_old(struct call *c, const char *name, bool input, struct err *e)
{
	return joist_attach(c->joist, name, input, e);
}

int
verb_run(struct call *c)
{
	bool detach = json_yes(c->flags, "detach"), tty = json_yes(c->flags, "tty");
	struct err e = { 0 };
	char *name;
	int status;

	if (tty && !detach && !isatty(0) && json_yes(c->flags, "interactive")) {
		fail(&e, ENOTTY, "-t needs a terminal, and standard input is none");
		err_hint(&e, "leave -t out, or run it with: script -qc '...'");
		return say_error(&e);
	}
	if (tty)
		term_size(c->flags);
	if (make(c, &name, &e) < 0)
		return say_error(&e);
	if (detach) {
		status = joist_start(c->joist, name, &e) < 0 ? say_error(&e) : (puts(name), 0);
	} else if (tty) {
		status = run_attached(c, name, json_yes(c->flags, "interactive"), take_new);
	} else if (joist_run(c->joist, name, &status, &e) < 0) {
		status = say_error(&e);
	}
	free(name);
	return status;
}

static int
boot(struct call *c)
{
	struct err e = { 0 };
	char *text;
	int worst = 0;
	size_t i;
	json_t *r;

	if (joist_ps(c->joist, "{\"all\":true}", &text, &e) < 0)
		return say_error(&e);
	json_t *rows = json_loads(text, 0, NULL);
	free(text);
	json_array_foreach(rows, i, r) {
		const char *name = json_str(r, "name", ""), *policy = NULL;
		char *detail;
		if (strcmp(json_str(r, "status", ""), "stopped") != 0 ||
		    joist_inspect(c->joist, name, &detail, &e) < 0)
			continue;
		json_t *o = json_loads(detail, 0, NULL);
		free(detail);
		policy = json_str(json_object_get(json_object_get(o, "config"), "annotations"),
		                  "dev.joist.restart", "no");
		bool start =
		        strcmp(policy, "always") == 0 ||
		        (strcmp(policy, "unless-stopped") == 0 && !json_yes(r, "stoppedByUser"));
		json_decref(o);
		if (start && joist_start(c->joist, name, &e) < 0)
			worst = say_error(&e);
		else if (start)
			puts(name);
	}
	json_decref(rows);
	return worst;
}

static int
start_one(struct call *c, const char *name, struct err *e)
{
	return joist_start(c->joist, name, e);
}

int
verb_start(struct call *c)
{
	struct err e = { 0 };

	if (json_yes(c->flags, "boot"))
		return boot(c);
	if (json_yes(c->flags, "attach")) {
		if (c->nargs != 1) {
			fail(&e, EINVAL, "start -a takes one machine");
			err_hint(&e, "start the others without -a");
			return say_error(&e);
		}
		return run_attached(c, c->args[0], json_yes(c->flags, "interactive"), take_new);
	}
	return say_each(c, start_one);
}

int
verb_attach(struct call *c)
{
	return run_attached(c, c->args[0], !json_yes(c->flags, "no_stdin"), take_old);
}

int
verb_exec(struct call *c)
{
	bool tty = json_yes(c->flags, "tty"), input = json_yes(c->flags, "interactive");
	bool detach = json_yes(c->flags, "detach");
	int fd[3] = { input ? 0 : -1, 1, 2 }, console = -1, status, null = -1;
	struct keys keys;
	struct err e = { 0 };
	json_t *args = json_array();

	if (term_keys(json_str(c->flags, "detach_keys", NULL), &keys, &e) < 0)
		return say_error(&e);
	for (int i = 1; i < c->nargs; i++)
		json_array_append_new(args, json_string(c->args[i]));
	json_object_set_new(c->flags, "args", args);
	if (tty)
		term_size(c->flags);
	if (!input || detach) {
		null = open("/dev/null", O_RDWR | O_CLOEXEC);
		fd[0] = null;
	}
	if (detach)
		fd[1] = fd[2] = null;
	char *request = say_request(c->flags);
	int sock = joist_exec(c->joist, c->args[0], request, fd, &console, &e);
	free(request);
	if (null >= 0)
		close(null);
	if (sock < 0)
		return say_error(&e);
	if (detach)
		return 0;
	if (tty && console >= 0 && !term_console(console, sock, &keys))
		return 0;
	if (console >= 0)
		close(console);
	if (joist_exec_wait(sock, &status, &e) < 0) {
		err_prefix(&e, "machine '%s'", c->args[0]);
		return say_error(&e);
	}
	return status;
}
