/* SPDX-License-Identifier: Apache-2.0 */
/* look.c -- the face of the library: what there is, and how it is. */
#include "include/joist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "all/face.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/str.h"
#include "core/artifact.h"
#include "core/control.h"
#include "core/layer.h"
#include "core/machine.h"
#include "core/snapshot.h"
#include "core/spec.h"

/* "sh -c 'sleep 1'": the command as a person would type it, more or less. */
static json_t *
command_of(const json_t *config)
{
	json_t *args = json_object_get(json_object_get(config, "process"), "args"), *v, *out;
	struct str s = { 0 };
	size_t i;

	json_array_foreach(args, i, v) {
		if (i)
			str_addc(&s, ' ');
		str_add(&s, json_string_value(v) ? json_string_value(v) : "");
	}
	out = json_string(str_text(&s));
	str_free(&s);
	return out;
}

static json_t *
parsed_note(const json_t *config, const char *key)
{
	const char *text = spec_note_of(config, key, NULL);
	return text ? json_loads(text, 0, NULL) : NULL;
}

static json_t *
row(const struct machine *m)
{
	const char *stack = spec_note_of(m->config, "stack", "os");
	const char *image = spec_note_of(m->config, "image", NULL);
	const char *artifact =
	        spec_note_of(m->config, "artifact", spec_note_of(m->config, "bundle", ""));
	json_t *o = state_save(&m->state);
	json_t *labels = parsed_note(m->config, "labels");

	json_object_set_new(o, "name", json_string(m->name));
	json_object_set_new(o, "stack", json_string(stack));
	json_object_set_new(o, "artifact", json_string(image ? image : artifact));
	json_object_set_new(o, "command", command_of(m->config));
	json_object_set_new(o, "labels", labels ? labels : json_object());
	return o;
}

/* Filters of one key are alternatives; those of different keys must all hold. */
static bool
passes(const json_t *o, const json_t *filters, const char *key, bool *seen)
{
	size_t i, n = strlen(key);
	json_t *v;
	bool any = false;

	*seen = false;
	json_array_foreach(filters, i, v) {
		const char *f = json_string_value(v);
		if (strncmp(f, key, n) != 0 || f[n] != '=')
			continue;
		*seen = true;
		const char *want = f + n + 1;
		if (strcmp(key, "name") == 0)
			any = any || strstr(json_str(o, "name", ""), want);
		else if (strcmp(key, "status") == 0)
			any = any || strcmp(json_str(o, "status", ""), want) == 0;
		else if (strcmp(key, "image") == 0)
			any = any || strcmp(json_str(o, "artifact", ""), want) == 0;
		else {
			size_t k = strcspn(want, "=");
			json_t *label = json_object_getn(json_object_get(o, "labels"), want, k);
			any = any || (label && (!want[k] || strcmp(json_string_value(label),
			                                           want + k + 1) == 0));
		}
	}
	return any;
}

static bool
wanted(const json_t *o, const json_t *options)
{
	static const char *const keys[] = { "name", "status", "image", "label" };
	const json_t *filters = json_object_get(options, "filter"),
	             *names = json_object_get(options, "names");
	const char *status = json_str(o, "status", "");
	bool seen, named = json_array_size(names) > 0, by_status = false, hit = false;
	size_t i;
	json_t *v;

	json_array_foreach(names, i, v)
		hit = hit || strcmp(json_string_value(v), json_str(o, "name", "")) == 0;
	if (named && !hit)
		return false;
	for (i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		bool ok = passes(o, filters, keys[i], &seen);
		if (seen && !ok)
			return false;
		by_status = by_status || (seen && i == 1);
	}
	if (json_yes(options, "all") || named || by_status)
		return true;
	return strcmp(status, "running") == 0 || strcmp(status, "paused") == 0 ||
	       strcmp(status, "restarting") == 0;
}

static int
check_filters(const json_t *options, struct err *e)
{
	size_t i;
	json_t *v;

	json_array_foreach(json_object_get(options, "filter"), i, v) {
		const char *f = json_string_value(v), *eq = strchr(f, '=');
		size_t n = eq ? (size_t)(eq - f) : 0;
		if ((n == 4 && memcmp(f, "name", n) == 0) ||
		    (n == 6 && memcmp(f, "status", n) == 0) ||
		    (n == 5 && (memcmp(f, "label", n) == 0 || memcmp(f, "image", n) == 0)))
			continue;
		fail(e, EINVAL, "there is no --filter '%s'", f);
		return err_hint(e, "use name=, status=, label= or image=");
	}
	return 0;
}

int
joist_ps(struct joist *j, const char *options, char **json, struct err *e)
{
	json_t *o = face_options(options, e), *list;
	struct store *s = o ? face_store(j, e) : NULL;
	char **names = NULL;

	if (s && check_filters(o, e) == 0)
		names = machine_names(s, e);
	if (!names) {
		json_decref(o);
		return -1;
	}
	list = json_array();
	for (size_t i = 0; names[i]; i++) {
		struct err inner = { 0 };
		struct machine *m = machine_open(s, names[i], &inner);
		json_t *r;
		if (m) {
			machine_settle(m, NULL);
			r = row(m);
			machine_close(m);
		} else if (inner.code == ENOENT) {
			continue; /* it went while we looked */
		} else {
			r = json_pack("{s:s, s:s, s:s}", "name", names[i], "status", "broken",
			              "error", inner.what);
		}
		if (wanted(r, o))
			json_array_append(list, r);
		json_decref(r);
	}
	machine_names_free(names);
	json_decref(o);
	*json = face_text(list);
	return 0;
}

static struct machine *
settled(struct joist *j, const char *name, struct err *e)
{
	struct store *s = face_store(j, e);
	struct machine *m = s ? machine_open(s, name, e) : NULL;

	if (m)
		machine_settle(m, NULL);
	return m;
}

static json_t *
live(struct machine *m, bool inside, struct err *e)
{
	struct channel c = { 0 };
	int sock = control_connect(m, e);
	json_t *answer = NULL;

	if (sock >= 0) {
		json_t *q = json_pack("{s:s, s:b}", "do", "state", "inspect", inside);
		answer = control_ask(sock, &c, q, NULL, 0, e);
		json_decref(q);
		channel_free(&c);
		close(sock);
	}
	return answer;
}

int
joist_inspect(struct joist *j, const char *name, char **json, struct err *e)
{
	struct machine *m = settled(j, name, e);

	if (!m)
		return -1;
	json_t *now = live(m, true, NULL);
	json_t *o = json_pack("{s:s, s:s, s:o, s:O, s:s}", "kind", "machine", "name", m->name,
	                      "state", now ? now : state_save(&m->state), "config", m->config,
	                      "folder", m->path);
	json_object_set_new(o, "snapshots", snapshot_list(m));
	machine_close(m);
	*json = face_text(o);
	return 0;
}

int
joist_describe(struct joist *j, const char *path, char **json, struct err *e)
{
	struct artifact *a = artifact_of(path, e);
	json_t *o = NULL;

	(void)j;
	if (!a)
		return -1;
	if (a->kind == ARTIFACT_IMAGE)
		fail(e, ENOENT, "'%s' is no file", path);
	for (size_t i = 0; a->kind == ARTIFACT_FILE && layer_at(i); i++)
		if (layer_at(i)->describe && layer_at(i)->probe(a) > 0) {
			o = layer_at(i)->describe(a, e);
			break;
		}
	if (!o && e && !e->code)
		fail(e, ENOENT, "'%s' is %s: no floor of this build can look into it", path,
		     a->about);
	artifact_free(a);
	if (!o)
		return -1;
	*json = face_text(o);
	return 0;
}

int
joist_top(struct joist *j, const char *name, char **json, struct err *e)
{
	struct machine *m = settled(j, name, e);
	json_t *now = m ? live(m, false, e) : NULL;

	if (now) {
		json_t *stats = json_object_get(now, "stats");
		json_t *o = stats ? json_incref(stats) : json_object();
		char when[40];
		json_object_set_new(o, "name", json_string(m->name));
		json_object_set(o, "status", json_object_get(now, "status"));
		json_object_set_new(o, "time", json_string(proc_time_text(proc_now(), when)));
		*json = face_text(o);
		json_decref(now);
	}
	machine_close(m);
	return now ? 0 : -1;
}

int
joist_what(struct joist *j, const char *path, char **json, struct err *e)
{
	struct artifact *a = artifact_of(path, e);
	const struct layer *best = NULL;
	int sure = 0;

	(void)j;
	if (!a)
		return -1;
	for (size_t i = 0; layer_at(i); i++) {
		int n = layer_at(i)->probe(a);
		if (n > sure) {
			sure = n;
			best = layer_at(i);
		}
	}
	json_t *o = json_pack("{s:s, s:s, s:s, s:s?}", "name", a->name, "type", a->type, "about",
	                      a->about, "path", a->path);
	const char *command = "run";
	if (best) {
		json_object_set_new(o, "floor", json_string(best->name));
		json_object_set_new(o, "run", json_sprintf("joist %s %s", command, path));
		/* what it needs and this build does not have, for floors that can tell */
		struct err other = { 0 };
		json_t *d = best->describe ? best->describe(a, &other) : NULL;
		if (json_array_size(json_object_get(d, "missing")))
			json_object_set(o, "missing", json_object_get(d, "missing"));
		if (json_array_size(json_object_get(d, "needs files")))
			json_object_set(o, "needsFiles", json_object_get(d, "needs files"));
		if (best->describe && !d)
			json_object_set_new(o, "broken", json_string(other.what));
		json_decref(d);
	} else if (a->floor) {
		json_object_set_new(o, "missingFloor", json_string(a->floor));
	}
	if (strcmp(a->type, "tar") == 0 || strcmp(a->type, "gzip") == 0 ||
	    strcmp(a->type, "zstd") == 0 || strcmp(a->type, "xz") == 0)
		json_object_set_new(o, "run",
		                    json_sprintf("joist import %s NAME; joist run NAME", path));
	artifact_free(a);
	*json = face_text(o);
	return 0;
}
