/* SPDX-License-Identifier: Apache-2.0 */
#include "all/make.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "all/face.h"
#include "all/stack.h"
#include "all/takes.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/sig.h"
#include "base/str.h"
#include "core/artifact.h"
#include "core/layer.h"
#include "core/machine.h"
#include "core/spec.h"
#include "img/image.h"

/* What an image says of itself: image-spec config.md, "config". */
struct source {
	struct artifact *artifact; /* own */
	struct image_store store;  /* own; keeps collectors away while it is open */
	bool open;
	struct image image;   /* own; zero when there is none */
	const json_t *config; /* lent by image.config: its "config", or NULL */
};

/* -- the artifact ------------------------------------------------------------- */

static int
program(struct joist *j, const char *verb, const char *what, const char *platform, struct err *e)
{
	/* Standard output is the guest's. */
	char *argv[] = { (char *)verb, "--no-digest", (char *)what, NULL, NULL, NULL };
	int status;

	if (platform) {
		argv[2] = "--platform";
		argv[3] = (char *)platform;
		argv[4] = (char *)what;
	}
	if (joist_image_program(j, argv, &status, e) < 0)
		return -1;
	if (status == 0)
		return 0;
	/* The program has said why; a second error would only push it away. */
	return fail(e, EIO, "%s", "");
}

static int
resolve_image(struct joist *j, const char *ref, const json_t *request, struct source *src,
              struct err *e)
{
	const char *pull = json_str(request, "pull", "missing");
	const char *platform = json_str(request, "platform", NULL);

	if (strcmp(pull, "always") == 0 && program(j, "pull", ref, platform, e) < 0)
		return -1;
	int rc = image_resolve(&src->store, ref, platform, &src->image, e);
	if (rc < 0 && (e->code == ENOENT || e->code == ENODATA) && strcmp(pull, "missing") == 0) {
		image_release(&src->store);
		rc = program(j, "pull", ref, platform, e);
		if (rc == 0)
			rc = image_resolve(&src->store, ref, platform, &src->image, e);
	}
	return rc;
}

/* An OCI layout is run in place: only its layers are unpacked into the store. */
static int
resolve_layout(struct joist *j, const struct artifact *a, const json_t *request, struct source *src,
               struct err *e)
{
	const char *platform = json_str(request, "platform", NULL);
	int rc = image_resolve_layout(&src->store, a->path, a->tag, platform, &src->image, e);

	if (rc < 0 && e->code == ENODATA) {
		char *what = a->tag ? xprintf("%s:%s", a->path, a->tag) : xstrdup(a->path);
		image_release(&src->store);
		rc = program(j, "unpack", what, platform, e);
		if (rc == 0)
			rc = image_resolve_layout(&src->store, a->path, a->tag, platform,
			                          &src->image, e);
		free(what);
	}
	return rc;
}

/* -- the process ----------------------------------------------------------------- */

static void
set_env(json_t *env, const char *text)
{
	size_t n = strcspn(text, "="), i;
	json_t *v;

	json_array_foreach(env, i, v) {
		const char *old = json_string_value(v);
		if (strncmp(old, text, n) == 0 && old[n] == '=') {
			json_array_set_new(env, i, json_string(text));
			return;
		}
	}
	json_array_append_new(env, json_string(text));
}

/* K=V sets; K alone takes the value that we have, if any. */
static void
add_env(json_t *env, const char *text)
{
	if (strchr(text, '=')) {
		set_env(env, text);
	} else if (getenv(text)) {
		char *pair = xprintf("%s=%s", text, getenv(text));
		set_env(env, pair);
		free(pair);
	}
}

static int
env_file(json_t *env, const char *path, struct err *e)
{
	char *text, *rest, *line;

	if (file_read(AT_FDCWD, path, 1 << 20, &text, NULL, e) < 0)
		return err_prefix(e, "--env-file");
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		while (isspace((unsigned char)*line))
			line++;
		line[strcspn(line, "\r")] = '\0';
		if (*line && *line != '#')
			add_env(env, line);
	}
	free(text);
	return 0;
}

int
make_env(json_t *env, const json_t *request, struct err *e)
{
	size_t i;
	json_t *v;

	json_array_foreach(json_object_get(request, "env_file"), i, v)
		if (env_file(env, json_string_value(v), e) < 0)
			return -1;
	json_array_foreach(json_object_get(request, "env"), i, v) {
		const char *text = json_string_value(v);
		if (!*text || *text == '=') {
			fail(e, EINVAL, "-e '%s' names no variable", text);
			return err_hint(e, "write it as -e NAME=VALUE");
		}
		add_env(env, text);
	}
	return 0;
}

static json_t *
environment(const struct source *src, const json_t *request, struct err *e)
{
	json_t *env = json_array(), *v;
	size_t i;

	/* A program that is a file of its own, and no system, is given only what was asked for. */
	if (src->artifact->kind != ARTIFACT_FILE)
		json_array_append_new(env, json_string("PATH=/usr/local/sbin:/usr/local/bin:/usr/"
		                                       "sbin:/usr/bin:/sbin:/bin"));
	if (json_yes(request, "tty")) {
		const char *term = getenv("TERM");
		json_array_append_new(env, json_sprintf("TERM=%s", term ? term : "xterm"));
	}
	json_array_foreach(json_object_get(src->config, "Env"), i, v)
		if (json_is_string(v))
			set_env(env, json_string_value(v));
	if (make_env(env, request, e) < 0) {
		json_decref(env);
		return NULL;
	}
	return env;
}

/* Entrypoint and Cmd as every container tool puts them together: arguments
 * replace Cmd; --entrypoint replaces Entrypoint and forgets Cmd. */
static json_t *
arguments(const struct source *src, const json_t *request)
{
	json_t *args = json_array(), *given = json_object_get(request, "args");
	const char *entry = json_str(request, "entrypoint", NULL);

	if (src->artifact->kind == ARTIFACT_FILE) {
		const char *path = src->artifact->path, *slash = strrchr(path, '/');
		json_array_append_new(args, json_string(entry && *entry ? entry
		                                        : slash         ? slash + 1
		                                                        : path));
		if (given)
			json_array_extend(args, given);
		return args;
	}
	if (entry) {
		if (*entry)
			json_array_append_new(args, json_string(entry));
	} else {
		json_array_extend(args, json_object_get(src->config, "Entrypoint"));
	}
	if (json_array_size(given))
		json_array_extend(args, given);
	else if (!entry)
		json_array_extend(args, json_object_get(src->config, "Cmd"));
	return args;
}

static int
process(json_t *config, const struct source *src, const json_t *request, struct err *e)
{
	const char *cwd = json_str(request, "workdir", json_str(src->config, "WorkingDir", "/"));
	const char *user = json_str(request, "user", json_str(src->config, "User", ""));
	json_t *env = environment(src, request, e), *args = arguments(src, request);

	if (!env || json_array_size(args) == 0) {
		if (env) {
			fail(e, EINVAL, "'%s' does not say what to run", src->artifact->name);
			err_hint(e, "add a command: joist run %s COMMAND", src->artifact->name);
		}
		json_decref(env);
		json_decref(args);
		return -1;
	}
	json_t *u = json_pack("{s:i, s:i}", "uid", 0, "gid", 0);
	if (*user)
		json_object_set_new(u, "username", json_string(user));
	else if (json_object_get(request, "group_add"))
		json_object_set_new(u, "username", json_string("0"));
	if (json_object_get(request, "group_add"))
		json_object_set(u, "groupNames", json_object_get(request, "group_add"));
	json_t *p = json_pack("{s:b, s:o, s:o, s:o, s:s}", "terminal", json_yes(request, "tty"),
	                      "user", u, "args", args, "env", env, "cwd", *cwd ? cwd : "/");
	json_object_set_new(config, "process", p);
	return 0;
}

/* -- the life ------------------------------------------------------------------------ */

static int
restart_policy(json_t *config, const json_t *request, struct err *e)
{
	const char *p = json_str(request, "restart", "no");
	uint64_t n;

	if (strcmp(p, "no") == 0)
		return 0;
	bool counted = str_starts(p, "on-failure:") && str_u64(p + 11, INT32_MAX, &n);
	if (!counted && strcmp(p, "always") != 0 && strcmp(p, "unless-stopped") != 0 &&
	    strcmp(p, "on-failure") != 0) {
		fail(e, EINVAL, "there is no restart policy '%s'", p);
		return err_hint(e, "use no, on-failure, on-failure:N, always or unless-stopped");
	}
	if (json_yes(request, "rm")) {
		fail(e, EINVAL, "--restart and --rm contradict each other");
		return err_hint(e, "leave one of them out");
	}
	return spec_note_set(config, "restart", p);
}

static int
stop_signal(json_t *config, const struct source *src, const json_t *request, struct err *e)
{
	const char *s = json_str(request, "stop_signal", json_str(src->config, "StopSignal", NULL));
	int64_t patience = json_int(request, "stop_timeout", -1);

	if (s && sig_number(s) < 1) {
		fail(e, EINVAL, "there is no signal '%s'", s);
		return err_hint(e, "use a name such as TERM or RTMIN+3, or a number");
	}
	if (s)
		spec_note_set(config, "stop-signal", s);
	if (patience >= 0) {
		char text[24];
		snprintf(text, sizeof text, "%lld", (long long)patience);
		spec_note_set(config, "stop-timeout", text);
	}
	return 0;
}

static void
health(json_t *config, const struct source *src, const json_t *request)
{
	static const struct {
		const char *flag, *image, *own;
	} rows[] = {
		{ "health_interval", "Interval", "interval" },
		{ "health_timeout", "Timeout", "timeout" },
		{ "health_start_period", "StartPeriod", "startPeriod" },
		{ "health_retries", "Retries", "retries" },
	};
	const json_t *image = json_object_get(src->config, "Healthcheck");
	const char *cmd = json_str(request, "health_cmd", NULL);
	json_t *test = cmd ? json_pack("[s, s]", "CMD-SHELL", cmd)
	                   : json_incref(json_object_get(image, "Test"));

	const char *kind = json_string_value(json_array_get(test, 0));
	if (kind && strcmp(kind, "NONE") != 0 && !json_yes(request, "no_healthcheck")) {
		json_t *h = json_pack("{s:O}", "test", test);
		for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
			json_t *v = json_object_get(request, rows[i].flag);
			if (!v)
				v = json_object_get(image, rows[i].image);
			if (v)
				json_object_set(h, rows[i].own, v);
		}
		char *text = face_text(h);
		spec_note_set(config, "health", text);
		free(text);
	}
	json_decref(test);
}

static int
log_options(json_t *config, const json_t *request, struct err *e)
{
	size_t i;
	json_t *v;

	json_array_foreach(json_object_get(request, "log_opt"), i, v) {
		const char *o = json_string_value(v);
		char text[24];
		uint64_t n;
		if (str_starts(o, "max-size=") && str_size(o + 9, &n) && n >= 4096) {
			snprintf(text, sizeof text, "%llu", (unsigned long long)n);
			spec_note_set(config, "log.max-size", text);
		} else if (str_starts(o, "max-file=") && str_u64(o + 9, 1000, &n) && n >= 1) {
			spec_note_set(config, "log.max-file", o + 9);
		} else {
			fail(e, EINVAL, "there is no --log-opt '%s'", o);
			return err_hint(e, "use max-size=10m (at least 4k) and max-file=3");
		}
	}
	return 0;
}

/* Pairs of the command line as an object, kept as text in an annotation. */
static void
pairs(json_t *config, const char *key, const json_t *list, const json_t *first)
{
	json_t *o = first ? json_copy((json_t *)first) : json_object(), *v;
	size_t i;

	json_array_foreach(list, i, v) {
		const char *text = json_string_value(v), *eq = strchr(text, '=');
		size_t n = eq ? (size_t)(eq - text) : strlen(text);
		json_object_setn_new(o, text, n, json_string(eq ? eq + 1 : ""));
	}
	if (json_object_size(o)) {
		char *text = json_dumps(o, JSON_COMPACT);
		spec_note_set(config, key, text);
		free(text);
	}
	json_decref(o);
}

static int
network(json_t *config, const json_t *request, struct err *e)
{
	static const char *const lists[] = { "publish", "dns", "dns_search", "add_host",
		                             "net_alias" };
	bool ports = json_array_size(json_object_get(request, "publish")) > 0;
	const char *net = json_str(request, "net", ports ? "user" : "none");

	if (ports && (strcmp(net, "none") == 0 || strcmp(net, "host") == 0)) {
		fail(e, EINVAL, "-p needs a network of the machine's own, not --net %s", net);
		return err_hint(e, "use --net user, or the name of a network");
	}
	spec_note_set(config, "net", net);
	if (json_str(request, "ip", NULL))
		spec_note_set(config, "net.ip", json_str(request, "ip", ""));
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		json_t *v = json_object_get(request, lists[i]);
		if (!json_array_size(v))
			continue;
		char *key = xprintf("net.%s", lists[i]), *text = json_dumps(v, JSON_COMPACT);
		spec_note_set(config, key, text);
		free(key);
		free(text);
	}
	return 0;
}

static int
life(json_t *config, const struct source *src, const json_t *request, struct err *e)
{
	json_t *v;
	size_t i;

	if (json_yes(request, "rm"))
		spec_note_set(config, "rm", "true");
	if (json_yes(request, "interactive"))
		spec_note_set(config, "stdin", "true");
	if (json_yes(request, "init"))
		spec_note_set(config, "init", "true");
	if (json_yes(request, "debug"))
		spec_note_set(config, "debug", "true");
	pairs(config, "labels", json_object_get(request, "label"),
	      json_object_get(src->config, "Labels"));
	health(config, src, request);
	if (restart_policy(config, request, e) < 0 || stop_signal(config, src, request, e) < 0 ||
	    log_options(config, request, e) < 0 || network(config, request, e) < 0)
		return -1;
	json_array_foreach(json_object_get(request, "annotation"), i, v) {
		const char *text = json_string_value(v), *eq = strchr(text, '=');
		if (!eq || eq == text || str_starts(text, "dev.joist.")) {
			fail(e, EINVAL, "--annotation '%s' cannot be used", text);
			return err_hint(e, "write it as NAME=VALUE; dev.joist.* is our own");
		}
		json_object_setn_new(json_object_get(config, "annotations"), text,
		                     (size_t)(eq - text), json_string(eq + 1));
	}
	return 0;
}

/* -- the whole --------------------------------------------------------------------------- */

static void
from_image(json_t *config, const struct source *src)
{
	spec_note_set(config, "image", src->artifact->name);
	spec_note_set(config, "image.digest", src->image.digest);
	spec_note_set(config, "image.layers", src->image.layers);
}

static const struct layer *
floor_for(const struct artifact *a, const json_t *request, struct err *e)
{
	const char *in = json_str(request, "in", NULL);
	const struct layer *best = NULL;
	int sure = 0;

	if (in) {
		char *copy = xstrdup(in), *rest = copy, *word;
		while ((word = strsep(&rest, "/"))) {
			const struct layer *l = layer_find(word);
			best = best ? best : l;
			if (!l) {
				fail(e, ENOSYS, "--in '%s': this build has no floor '%s'", in,
				     word);
				err_hint(e, "see the floors of this build: joist version");
				best = NULL;
				break;
			}
		}
		free(copy);
		return best;
	}
	for (size_t i = 0; layer_at(i); i++) {
		int n = layer_at(i)->probe(a);
		if (n > sure) {
			sure = n;
			best = layer_at(i);
		}
	}
	if (best)
		return best;
	fail(e, ENOEXEC, "'%s' is %s, and this build has no floor to run it", a->name, a->about);
	err_hint(e,
	         a->floor ? "it would be run by floor '%s'" : "see what Joist runs: joist help run",
	         a->floor);
	err_status(e, EXIT_CANNOT_EXEC);
	return NULL;
}

/* A bundle's own config.json, as it is: the request adds only the life. */
static json_t *
from_bundle(const struct source *src, const json_t *request, struct err *e)
{
	char *path = xprintf("%s/config.json", src->artifact->path);
	json_t *config = json_file(AT_FDCWD, path, e);

	free(path);
	if (!config)
		return NULL;
	if (!json_is_object(config)) {
		fail(e, EINVAL, "'%s/config.json' is not an object", src->artifact->path);
		json_decref(config);
		return NULL;
	}
	spec_note_set(config, "bundle", src->artifact->path);
	if (json_yes(request, "rm"))
		spec_note_set(config, "rm", "true");
	if (json_yes(request, "interactive"))
		spec_note_set(config, "stdin", "true");
	json_t *args = json_object_get(request, "args"), *p = json_object_get(config, "process");
	if (json_array_size(args) && p)
		json_object_set(p, "args", args);
	if (restart_policy(config, request, e) < 0 || log_options(config, request, e) < 0) {
		json_decref(config);
		return NULL;
	}
	return config;
}

static json_t *
whole(const struct source *src, const struct layer *l, const json_t *request, struct err *e)
{
	const char *host = json_str(request, "hostname", json_str(request, "name", NULL));
	json_t *config = json_pack("{s:s, s:{}}", "ociVersion", "1.2.0", "annotations");

	spec_note_set(config, "stack", json_str(request, "in", l->name));
	if (src->image.digest) {
		from_image(config, src);
		if (json_yes(request, "read_only"))
			json_object_set_new(config, "root", json_pack("{s:b}", "readonly", 1));
	} else if (src->artifact->path) {
		spec_note_set(config, "artifact",
		              json_str(request, "program", src->artifact->path));
		if (src->artifact->kind != ARTIFACT_FILE)
			json_object_set_new(config, "root",
			                    json_pack("{s:s, s:b}", "path", src->artifact->path,
			                              "readonly", json_yes(request, "read_only")));
	}
	if (host)
		json_object_set_new(config, "hostname", json_string(host));
	if (json_str(request, "domainname", NULL))
		json_object_set(config, "domainname", json_object_get(request, "domainname"));
	if (process(config, src, request, e) == 0 && life(config, src, request, e) == 0 &&
	    (!l->complete || l->complete(config, request, e) == 0))
		return config;
	json_decref(config);
	return NULL;
}

static int
open_source(struct joist *j, struct store *s, const json_t *request, struct source *src,
            struct err *e)
{
	const struct artifact *a = src->artifact;

	if (a->kind != ARTIFACT_IMAGE && a->kind != ARTIFACT_LAYOUT)
		return 0;
	if (image_store_open(&src->store, s->path, e) < 0)
		return -1;
	src->open = true;
	int rc = a->kind == ARTIFACT_IMAGE ? resolve_image(j, a->name, request, src, e)
	                                   : resolve_layout(j, a, request, src, e);
	if (rc == 0)
		src->config = json_object_get(src->image.config, "config");
	return rc;
}

static void
close_source(struct source *src)
{
	if (src->open) {
		image_free(&src->image);
		image_store_close(&src->store);
	}
	artifact_free(src->artifact);
}

int
make_machine(struct joist *j, const json_t *request, char **made, struct err *e)
{
	struct source src = { 0 };
	struct store *s = face_store(j, e);
	const char *name = json_str(request, "artifact", NULL);
	json_t *config = NULL, *stack = NULL;
	int rc = -1;

	if (!s)
		return -1;
	if (!name || !*name) {
		fail(e, EINVAL, "the request names no artifact");
		return err_hint(e, "name an image, a bundle or a folder");
	}
	src.artifact = artifact_of(name, e);
	const struct layer *l = src.artifact ? floor_for(src.artifact, request, e) : NULL;
	if (l && stack_is(json_str(request, "in", NULL))) {
		stack = stack_request(s, src.artifact, request, e);
		artifact_free(src.artifact);
		request = stack;
		src.artifact = stack ? artifact_of(json_str(stack, "artifact", ""), e) : NULL;
		if (!src.artifact)
			l = NULL;
	}
	if (l && json_yes(request, "debug") && layer_debugs(l, e) < 0)
		l = NULL;
	if (l && takes_check(l, request, e) < 0)
		l = NULL;
	if (l && open_source(j, s, request, &src, e) == 0)
		config = src.artifact->kind == ARTIFACT_BUNDLE ? from_bundle(&src, request, e)
		                                               : whole(&src, l, request, e);
	/* What cannot be run is refused now, not at the start. */
	struct spec *spec =
	        config ? spec_of(json_incref(config), spec_note_of(config, "bundle", "/"), name, e)
	               : NULL;
	struct machine *m =
	        spec ? machine_new(s, json_str(request, "name", NULL), config, e) : NULL;
	if (m) {
		*made = xstrdup(m->name);
		machine_close(j->fresh);
		j->fresh = m;
		rc = 0;
	}
	spec_free(spec);
	json_decref(config);
	json_decref(stack);
	close_source(&src);
	return rc;
}
