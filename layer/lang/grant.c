/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/grant.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"
#include "layer/lang/listen.h"

/* -- from the request to the configuration ------------------------------------------------ */

static char *
absolute(const char *path)
{
	char *real = realpath(path, NULL);
	return real ? real : xstrdup(path);
}

static void
add_folder(json_t *mounts, const char *source, const char *dest, bool readonly)
{
	char *path = absolute(source);
	json_array_append_new(mounts, json_pack("{s:s, s:s, s:s, s:[s, s]}", "destination", dest,
	                                        "type", "bind", "source", path, "options", "rbind",
	                                        readonly ? "ro" : "rw"));
	free(path);
}

/* SRC[:DST][:ro|:rw]; without DST the folder has its own name inside. */
static int
volume(json_t *mounts, const char *text, struct err *e)
{
	char *copy = xstrdup(text), *rest = copy;
	const char *source = strsep(&rest, ":"), *dest = source, *word;
	bool readonly = false;
	int n = 0, rc = 0;
	while ((word = strsep(&rest, ":"))) {
		if (strcmp(word, "ro") == 0 || strcmp(word, "rw") == 0)
			readonly = *(word + 1) == 'o';
		else if (n++ == 0 && *word)
			dest = word;
		else
			rc = -1;
	}
	if (rc < 0 || !*source) {
		fail(e, EINVAL, "-v '%s' cannot be read", text);
		err_hint(e, "write it as -v FOLDER:INSIDE[:ro]");
		rc = -1;
	} else {
		add_folder(mounts, source, dest, readonly);
	}
	free(copy);
	return rc;
}

/* --allow fs:PATH[:ro] | net:ADDRESS:PORT | time */
static int
allow(json_t *mounts, json_t *listen, bool *time, const char *text, struct err *e)
{
	if (strcmp(text, "time") == 0) {
		*time = true;
		return 0;
	}
	if (str_starts(text, "fs:") && text[3])
		return volume(mounts, text + 3, e);
	if (str_starts(text, "net:") && strrchr(text + 4, ':')) {
		json_array_append_new(listen, json_string(text + 4));
		return 0;
	}
	fail(e, EINVAL, "--allow '%s' is nothing that a WebAssembly program can be given", text);
	return err_hint(e, "use fs:PATH[:ro], net:ADDRESS:PORT (a socket to accept on) or time");
}

static int
grants(json_t *config, const json_t *request, struct err *e)
{
	json_t *mounts = json_array(), *listen = json_array(), *v;
	bool time = !json_yes(request, "deny_all");
	size_t i;
	int rc = 0;
	json_array_foreach(json_object_get(request, "volume"), i, v)
		if (rc == 0)
			rc = volume(mounts, json_string_value(v), e);
	json_array_foreach(json_object_get(request, "allow"), i, v)
		if (rc == 0)
			rc = allow(mounts, listen, &time, json_string_value(v), e);
	json_object_set(config, "mounts", mounts);
	if (json_array_size(listen)) {
		char *text = json_dumps(listen, JSON_COMPACT);
		spec_note_set(config, "wasm.listen", text);
		free(text);
	}
	if (!time)
		spec_note_set(config, "wasm.time", "no");
	json_decref(mounts);
	json_decref(listen);
	return rc;
}

/* Flags that are a number, kept as they are. */
static const struct {
	const char *flag, *note;
} numbers[] = {
	{ "fuel", "wasm.fuel" },           { "time_limit", "wasm.time-limit" },
	{ "max_stack", "wasm.max-stack" }, { "max_table", "wasm.max-table" },
	{ "max_heap", "wasm.max-heap" },   { "max_instances", "wasm.max-instances" },
};

int
grant_complete(json_t *config, const json_t *request, struct err *e)
{
	int64_t memory = json_int(request, "memory", 0);
	if (memory > 0)
		json_object_set_new(config, "linux",
		                    json_pack("{s:{s:{s:I}}}", "resources", "memory", "limit",
		                              (json_int_t)memory));
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		int64_t n = json_int(request, numbers[i].flag, 0);
		if (n < 0) {
			fail(e, EINVAL, "--%s must be more than 0", numbers[i].flag);
			return err_hint(e, "leave it out for no limit");
		}
		if (n > 0) {
			char text[24];
			snprintf(text, sizeof text, "%lld", (long long)n);
			spec_note_set(config, numbers[i].note, text);
		}
	}
	if (json_yes(request, "deterministic"))
		spec_note_set(config, "wasm.deterministic", "true");
	if (json_str(request, "invoke", NULL))
		spec_note_set(config, "wasm.invoke", json_str(request, "invoke", ""));
	return grants(config, request, e);
}

/* -- from the configuration to what it says ------------------------------------------------ */

static bool
has_option(const struct mount_spec *m, const char *option)
{
	for (char **o = m->options; o && *o; o++)
		if (strcmp(*o, option) == 0)
			return true;
	return false;
}

static int
folders(const struct spec *s, struct grant *g, struct err *e)
{
	g->dirs = xcalloc(s->nmounts + 1, sizeof *g->dirs);
	for (size_t i = 0; i < s->nmounts; i++) {
		const struct mount_spec *m = &s->mounts[i];
		int fd = m->source ? open(m->source, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
		if (fd < 0) {
			fail(e, errno, "-v '%s': %s", m->source ? m->source : m->dest,
			     strerror(errno));
			return err_hint(
			        e, "a WebAssembly program can be given folders; make it first");
		}
		g->dirs[g->ndir++] = (struct wasi_dir){ m->dest, fd, has_option(m, "ro") };
	}
	return 0;
}

static int
sockets(const struct spec *s, struct grant *g, struct err *e)
{
	json_t *list = json_loads(spec_note(s, "wasm.listen", "[]"), 0, NULL), *v;
	size_t i;
	int rc = 0;
	g->sockets = xcalloc(json_array_size(list) + 1, sizeof *g->sockets);
	json_array_foreach(list, i, v) {
		int fd = listen_on(json_string_value(v), e);
		if (fd < 0) {
			rc = -1;
			break;
		}
		g->sockets[g->nsocket++] = fd;
	}
	json_decref(list);
	return rc;
}

static uint64_t
note(const struct spec *s, const char *key)
{
	return strtoull(spec_note(s, key, "0"), NULL, 10);
}

int
grant_read(const struct spec *s, struct grant *g, struct err *e)
{
	const json_t *memory = json_object_get(s->resources, "memory");
	*g = (struct grant){ 0 };
	g->limits.memory = (uint64_t)json_int(memory, "limit", 0);
	g->limits.stack = note(s, "wasm.max-stack");
	g->limits.table = note(s, "wasm.max-table");
	g->limits.heap = note(s, "wasm.max-heap");
	g->limits.instances = (uint32_t)note(s, "wasm.max-instances");
	g->limits.deterministic = strcmp(spec_note(s, "wasm.deterministic", ""), "true") == 0;
	g->fuel = (int64_t)note(s, "wasm.fuel");
	g->limits.meter = g->fuel > 0;
	g->time = (int64_t)note(s, "wasm.time-limit");
	g->clocks = strcmp(spec_note(s, "wasm.time", ""), "no") != 0 && !g->limits.deterministic;
	g->invoke = spec_note(s, "wasm.invoke", NULL);
	if (folders(s, g, e) == 0 && sockets(s, g, e) == 0)
		return 0;
	grant_free(g);
	return -1;
}

void
grant_free(struct grant *g)
{
	for (size_t i = 0; i < g->ndir; i++)
		close(g->dirs[i].fd);
	for (size_t i = 0; i < g->nsocket; i++)
		close(g->sockets[i]);
	free(g->dirs);
	free(g->sockets);
	*g = (struct grant){ 0 };
}
