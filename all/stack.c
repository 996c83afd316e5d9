/* SPDX-License-Identifier: Apache-2.0 */
#include "all/stack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"
#include "core/artifact.h"
#include "core/layer.h"
#include "core/store.h"

/* Inside: our binary, and the store of the floor that it makes. */
#define BINARY "/joist"
#define STORE  "/joist.store"

/* What is the program's, not the machine's, and how it is written on a command line. */
static const struct {
	const char *key, *flag;
} inner[] = {
	{ "allow", "--allow" },
	{ "deny_all", "--deny-all" },
	{ "invoke", "--invoke" },
	{ "fuel", "--fuel" },
	{ "time_limit", "--time-limit" },
	{ "max_stack", "--max-stack" },
	{ "max_heap", "--max-heap" },
	{ "max_table", "--max-table" },
	{ "max_instances", "--max-instances" },
	{ "workdir", "--workdir" },
	{ "env", "--env" },
	{ "env_file", "--env-file" },
	{ "volume", "--volume" },
	{ "tty", "--tty" },
	{ "interactive", "--interactive" },
	{ "deterministic", "--deterministic" },
};

bool
stack_is(const char *in)
{
	return in && strchr(in, '/') != NULL;
}

static int
check(const char *in, const struct artifact *a, struct err *e)
{
	if (strcmp(in, "os/win") != 0 && strcmp(in, "os/wasm") != 0) {
		fail(e, ENOSYS, "--in '%s': these floors do not stand on each other in this build",
		     in);
		return err_hint(e, "use os/win or os/wasm, or name one floor");
	}
	if (a->kind != ARTIFACT_FILE || !a->path) {
		fail(e, EINVAL, "--in '%s': '%s' is no program of floor '%s'", in, a->name, in + 3);
		err_hint(e, "give the path of a program");
		return err_status(e, EXIT_CANNOT_EXEC);
	}
	return 0;
}

static void
word(json_t *list, const char *text)
{
	json_array_append_new(list, json_string(text));
}

/* Show a path of the host under the same path. */
static void
show(json_t *volumes, const char *path, bool readonly)
{
	char *text = xprintf("%s:%s%s", path, path, readonly ? ":ro" : "");
	if (strcmp(path, "/") != 0)
		word(volumes, text);
	free(text);
}

/* SRC or SRC:REST, with SRC as an absolute path; its folder or file is shown. */
static char *
shown(json_t *volumes, const char *text, struct err *e)
{
	const char *rest = strchrnul(text, ':');
	char *source = xprintf("%.*s", (int)(rest - text), text), *path = realpath(source, NULL);
	char *made = NULL;
	size_t n = strlen(rest);
	if (!path) {
		fail(e, errno, "'%s': %s", source, strerror(errno));
		err_hint(e, "make it first, or check the path");
	} else {
		show(volumes, path, n >= 3 && strcmp(rest + n - 3, ":ro") == 0);
		made = xprintf("%s%s", path, rest);
	}
	free(source);
	free(path);
	return made;
}

/* One value of a flag, as the program inside is to read it. */
static int
value(json_t *args, json_t *volumes, const char *key, const char *flag, const char *text,
      struct err *e)
{
	char *made = NULL;
	if (strcmp(key, "volume") == 0 || strcmp(key, "env_file") == 0) {
		made = shown(volumes, text, e);
	} else if (strcmp(key, "allow") == 0 && str_starts(text, "fs:")) {
		char *path = shown(volumes, text + 3, e);
		made = path ? xprintf("fs:%s", path) : NULL;
		free(path);
	} else if (strcmp(key, "env") == 0) {
		/* the value is given by the environment: arguments can be seen by everybody */
		made = xprintf("%.*s", (int)strcspn(text, "="), text);
	} else {
		made = xstrdup(text);
	}
	if (!made)
		return -1;
	word(args, flag);
	word(args, made);
	free(made);
	return 0;
}

static int
option(json_t *args, json_t *volumes, size_t i, const json_t *v, struct err *e)
{
	const char *key = inner[i].key, *flag = inner[i].flag;
	char number[40];
	const json_t *each;
	size_t k;
	if (json_is_true(v)) {
		word(args, flag);
	} else if (json_is_string(v)) {
		return value(args, volumes, key, flag, json_string_value(v), e);
	} else if (json_is_integer(v)) {
		bool time = strcmp(key, "time_limit") == 0; /* in nanoseconds */
		snprintf(number, sizeof number, "%lld%s", (long long)json_integer_value(v),
		         time ? "ns" : "");
		return value(args, volumes, key, flag, number, e);
	}
	json_array_foreach(v, k, each)
		if (value(args, volumes, key, flag, json_string_value(each), e) < 0)
			return -1;
	return 0;
}

/* The program, what lies beside it, and the folder that the user stands in. */
static char *
files(json_t *volumes, const char *path, bool none, struct err *e)
{
	char *program = realpath(path, NULL), *here = getcwd(NULL, 0);
	if (!program || !here) {
		fail(e, errno, "'%s': %s", program ? "." : path, strerror(errno));
		err_hint(e, "check the path of the program");
		free(program);
		program = NULL;
	} else {
		char *folder = xprintf("%.*s", (int)(strrchr(program, '/') - program), program);
		show(volumes, *folder ? folder : program, true);
		if (!none && strcmp(here, folder) != 0)
			show(volumes, here, false);
		else if (!none)
			json_array_set_new(volumes, json_array_size(volumes) - 1,
			                   json_sprintf("%s:%s", here, here));
		free(folder);
	}
	free(here);
	return program;
}

/* A folder with nothing in it but the places where things are shown. */
static char *
root(const struct store *s, struct err *e)
{
	char *cache = xprintf("%s/cache", s->path), *path = xprintf("%s/stack", cache);
	if ((mkdir(cache, 0700) < 0 && errno != EEXIST) ||
	    (mkdir(path, 0755) < 0 && errno != EEXIST)) {
		fail(e, errno, "'%s' cannot be made: %s", path, strerror(errno));
		err_hint(e, "look for a full disk");
		free(path);
		path = NULL;
	}
	free(cache);
	return path;
}

json_t *
stack_request(struct store *s, const struct artifact *a, const json_t *request, struct err *e)
{
	const char *in = json_str(request, "in", "");
	char own[4096];
	ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);
	if (check(in, a, e) < 0)
		return NULL;
	if (n <= 0) {
		fail(e, errno, "/proc/self/exe: %s", strerror(errno));
		err_hint(e, "is /proc mounted?");
		return NULL;
	}
	own[n] = '\0';
	json_t *args = json_pack("[s, s, s, s, s, s, s]", BINARY, "--root", STORE, "run", "--rm",
	                         "--in", strchr(in, '/') + 1);
	json_t *volumes = json_array(), *outer = json_deep_copy(request), *v;
	char *folder = root(s, e), *program = NULL;
	size_t i;
	int rc = folder ? 0 : -1;
	json_array_append_new(volumes, json_sprintf("%s:%s:ro", own, BINARY));
	if (strcmp(in, "os/win") == 0) {
		word(args, "--net"); /* that of the outer floor */
		word(args, "host");
	}
	program = rc == 0 ? files(volumes, a->path, json_yes(request, "deny_all"), e) : NULL;
	for (i = 0; program && rc == 0 && i < sizeof inner / sizeof *inner; i++) {
		v = json_object_get(outer, inner[i].key);
		if (v && option(args, volumes, i, v, e) < 0)
			rc = -1;
		/* of these the outer floor has to know too */
		if (strcmp(inner[i].key, "env") != 0 && strcmp(inner[i].key, "env_file") != 0 &&
		    strcmp(inner[i].key, "tty") != 0 && strcmp(inner[i].key, "interactive") != 0)
			json_object_del(outer, inner[i].key);
	}
	if (!program || rc < 0) {
		json_decref(outer);
		outer = NULL;
	} else {
		char *here = getcwd(NULL, 0);
		word(args, program);
		json_array_foreach(json_object_get(request, "args"), i, v)
			json_array_append(args, v);
		json_object_set(outer, "args", args);
		json_object_set(outer, "volume", volumes);
		json_object_set_new(outer, "artifact", json_string(folder));
		json_object_set_new(outer, "program", json_string(a->path));
		json_object_set_new(outer, "tmpfs", json_pack("[s]", STORE));
		json_object_set_new(outer, "read_only", json_true());
		json_object_set_new(
		        outer, "workdir",
		        json_string(here && !json_yes(request, "deny_all") ? here : "/"));
		if (!json_yes(request, "detach"))
			json_object_set_new(outer, "interactive", json_true());
		free(here);
	}
	json_decref(args);
	json_decref(volumes);
	free(folder);
	free(program);
	return outer;
}
