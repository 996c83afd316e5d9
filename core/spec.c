/* SPDX-License-Identifier: Apache-2.0 */
#include "core/spec.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/host_linux.h"
#include "base/json.h"
#include "base/str.h"

const char *const spec_ns_names[NS_COUNT] = {
	"mount", "pid", "network", "ipc", "uts", "user", "cgroup", "time",
};
const uint64_t spec_ns_flags[NS_COUNT] = {
	CLONE_NEWNS,  CLONE_NEWPID,  CLONE_NEWNET,    CLONE_NEWIPC,
	CLONE_NEWUTS, CLONE_NEWUSER, CLONE_NEWCGROUP, CLONE_NEWTIME,
};

/* A list of strings; a NUL inside one cannot be represented and is refused. */
static int
strings(const json_t *o, const char *key, struct arena *a, char ***out, struct err *e)
{
	json_t *list = NULL;

	if (json_opt_arr(o, key, &list, e) < 0)
		return -1;
	size_t n = json_array_size(list);
	char **v = arena_array(a, n + 2, sizeof *v); /* room for one more (HOME) */
	for (size_t i = 0; i < n; i++) {
		const char *s = json_string_value(json_array_get(list, i));
		if (!s)
			return fail(e, EINVAL, "'%s' must be a list of strings", key);
		v[i] = arena_dup(a, s);
	}
	*out = v;
	return 0;
}

static int
number(const json_t *o, const char *key, int64_t min, int64_t max, int64_t *out, struct err *e)
{
	int64_t v = *out;

	if (json_opt_int(o, key, &v, e) < 0)
		return -1;
	if (v != *out && (v < min || v > max))
		return fail(e, ERANGE, "'%s' is %lld; it must be from %lld to %lld", key,
		            (long long)v, (long long)min, (long long)max);
	*out = v;
	return 0;
}

static int
id(const json_t *o, const char *key, uint32_t *out, struct err *e)
{
	int64_t v = *out;

	if (number(o, key, 0, UINT32_MAX - 1, &v, e) < 0)
		return -1;
	*out = (uint32_t)v;
	return 0;
}

static int
process_user(const json_t *user, struct process *p, struct arena *a, struct err *e)
{
	json_t *groups = NULL;
	int64_t mask = -1;

	if (id(user, "uid", &p->uid, e) < 0 || id(user, "gid", &p->gid, e) < 0 ||
	    json_opt_str(user, "username", &p->user_name, e) < 0 ||
	    strings(user, "groupNames", a, &p->group_names, e) < 0 ||
	    json_opt_arr(user, "additionalGids", &groups, e) < 0 ||
	    number(user, "umask", -1, 07777, &mask, e) < 0)
		return -1;
	p->umask = (int)mask;
	p->ngroups = json_array_size(groups);
	p->groups = arena_array(a, p->ngroups + 1, sizeof *p->groups);
	for (size_t i = 0; i < p->ngroups; i++) {
		json_t *g = json_array_get(groups, i);
		if (!json_is_integer(g) || json_integer_value(g) < 0 ||
		    json_integer_value(g) >= UINT32_MAX)
			return fail(e, EINVAL, "'additionalGids' must be a list of group numbers");
		p->groups[i] = (uint32_t)json_integer_value(g);
	}
	return 0;
}

int
spec_process(const json_t *doc, struct process *p, struct arena *a, struct err *e)
{
	json_t *user = NULL, *size = NULL, *caps = NULL, *rlimits = NULL, *sched = NULL, *io = NULL;
	int64_t rows = 0, cols = 0, adj = 0;
	const char *cwd = "/";

	*p = (struct process){ .umask = -1 };
	if (strings(doc, "args", a, &p->args, e) < 0 || strings(doc, "env", a, &p->env, e) < 0 ||
	    json_opt_str(doc, "cwd", &cwd, e) < 0 ||
	    json_opt_bool(doc, "terminal", &p->terminal, e) < 0 ||
	    json_opt_obj(doc, "consoleSize", &size, e) < 0 ||
	    number(size, "height", 0, 65535, &rows, e) < 0 ||
	    number(size, "width", 0, 65535, &cols, e) < 0 ||
	    json_opt_obj(doc, "user", &user, e) < 0 || process_user(user, p, a, e) < 0 ||
	    json_opt_bool(doc, "noNewPrivileges", &p->no_new_privs, e) < 0 ||
	    number(doc, "oomScoreAdj", -1000, 1000, &adj, e) < 0 ||
	    json_opt_obj(doc, "capabilities", &caps, e) < 0 ||
	    json_opt_arr(doc, "rlimits", &rlimits, e) < 0 ||
	    json_opt_obj(doc, "scheduler", &sched, e) < 0 ||
	    json_opt_obj(doc, "ioPriority", &io, e) < 0 ||
	    json_opt_str(doc, "apparmorProfile", &p->apparmor, e) < 0 ||
	    json_opt_str(doc, "selinuxLabel", &p->selinux, e) < 0)
		return err_prefix(e, "process");
	if (cwd[0] != '/')
		return fail(e, EINVAL, "process: 'cwd' must be an absolute path, not '%s'", cwd);
	p->cwd = cwd;
	p->rows = (unsigned)rows;
	p->cols = (unsigned)cols;
	p->capabilities = caps;
	p->rlimits = rlimits;
	p->scheduler = sched;
	p->io_priority = io;
	p->has_oom_adj = json_is_integer(json_object_get(doc, "oomScoreAdj"));
	p->oom_adj = (int)adj;
	return 0;
}

static int
mounts(struct spec *s, struct err *e)
{
	json_t *list = NULL;

	if (json_opt_arr(s->doc, "mounts", &list, e) < 0)
		return -1;
	s->nmounts = json_array_size(list);
	s->mounts = arena_array(s->arena, s->nmounts + 1, sizeof *s->mounts);
	for (size_t i = 0; i < s->nmounts; i++) {
		struct mount_spec *m = &s->mounts[i];
		json_t *o = json_array_get(list, i), *uids = NULL, *gids = NULL;

		if (!json_is_object(o))
			return fail(e, EINVAL, "'mounts' must be a list of objects");
		if (json_opt_str(o, "destination", &m->dest, e) < 0 ||
		    json_opt_str(o, "type", &m->type, e) < 0 ||
		    json_opt_str(o, "source", &m->source, e) < 0 ||
		    json_opt_arr(o, "uidMappings", &uids, e) < 0 ||
		    json_opt_arr(o, "gidMappings", &gids, e) < 0 ||
		    strings(o, "options", s->arena, &m->options, e) < 0)
			return err_prefix(e, "mounts[%zu]", i);
		if (!m->dest || !*m->dest)
			return fail(e, EINVAL, "mounts[%zu] has no 'destination'", i);
		m->uid_map = uids;
		m->gid_map = gids;
	}
	return 0;
}

static int
hooks(struct spec *s, struct err *e)
{
	static const char *const names[HOOK_POINTS] = { "prestart",        "createRuntime",
		                                        "createContainer", "startContainer",
		                                        "poststart",       "poststop" };
	json_t *all = NULL;

	if (json_opt_obj(s->doc, "hooks", &all, e) < 0)
		return -1;
	for (int p = 0; p < HOOK_POINTS; p++) {
		json_t *list = NULL;
		if (json_opt_arr(all, names[p], &list, e) < 0)
			return err_prefix(e, "hooks");
		s->hooks[p].n = json_array_size(list);
		s->hooks[p].list = arena_array(s->arena, s->hooks[p].n + 1, sizeof(struct hook));
		for (size_t i = 0; i < s->hooks[p].n; i++) {
			struct hook *h = &s->hooks[p].list[i];
			json_t *o = json_array_get(list, i);

			if (json_opt_str(o, "path", &h->path, e) < 0 ||
			    strings(o, "env", s->arena, &h->env, e) < 0 ||
			    number(o, "timeout", 1, INT32_MAX, &h->timeout, e) < 0 ||
			    (json_object_get(o, "args") &&
			     strings(o, "args", s->arena, &h->args, e) < 0))
				return err_prefix(e, "hooks.%s[%zu]", names[p], i);
			if (!h->path || h->path[0] != '/')
				return fail(e, EINVAL, "hooks.%s[%zu]: 'path' must be absolute",
				            names[p], i);
		}
	}
	return 0;
}

static int
namespaces(struct spec *s, const json_t *linux_part, struct err *e)
{
	json_t *list = NULL;

	if (json_opt_arr(linux_part, "namespaces", &list, e) < 0)
		return -1;
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *o = json_array_get(list, i);
		const char *type = json_str(o, "type", ""), *path = NULL;
		int k = 0;

		if (json_opt_str(o, "path", &path, e) < 0)
			return err_prefix(e, "namespaces[%zu]", i);
		while (k < NS_COUNT && strcmp(type, spec_ns_names[k]) != 0)
			k++;
		if (k == NS_COUNT)
			return fail(e, EINVAL, "namespaces[%zu]: there is no namespace '%s'", i,
			            type),
			       err_hint(e,
			                "the types are mount pid network ipc uts user cgroup time");
		if (s->ns[k].fresh || s->ns[k].path)
			return fail(e, EINVAL, "namespace '%s' is listed twice", type);
		if (path && path[0] != '/')
			return fail(e, EINVAL, "namespaces[%zu]: 'path' must be absolute", i);
		s->ns[k].path = path;
		s->ns[k].fresh = !path;
	}
	return 0;
}

static int
idmaps(struct spec *s, const json_t *o, const char *key, struct idmap **out, size_t *n,
       struct err *e)
{
	json_t *list = NULL;

	if (json_opt_arr(o, key, &list, e) < 0)
		return -1;
	*n = json_array_size(list);
	if (*n > 340) /* the kernel's limit, user_namespaces(7) */
		return fail(e, E2BIG, "'%s' has %zu lines; the kernel takes 340", key, *n);
	*out = arena_array(s->arena, *n + 1, sizeof **out);
	for (size_t i = 0; i < *n; i++) {
		json_t *m = json_array_get(list, i);
		struct idmap *to = &(*out)[i];
		if (id(m, "containerID", &to->inside, e) < 0 ||
		    id(m, "hostID", &to->outside, e) < 0 || id(m, "size", &to->count, e) < 0)
			return err_prefix(e, "%s[%zu]", key, i);
		if (to->count == 0)
			return fail(e, EINVAL, "%s[%zu]: 'size' must be at least 1", key, i);
	}
	return 0;
}

static int
devices(struct spec *s, const json_t *linux_part, struct err *e)
{
	json_t *list = NULL;

	if (json_opt_arr(linux_part, "devices", &list, e) < 0)
		return -1;
	s->ndevices = json_array_size(list);
	s->devices = arena_array(s->arena, s->ndevices + 1, sizeof *s->devices);
	for (size_t i = 0; i < s->ndevices; i++) {
		struct device_spec *d = &s->devices[i];
		json_t *o = json_array_get(list, i);
		const char *type = NULL;
		int64_t major = 0, minor = 0, mode = 0666;

		if (json_opt_str(o, "path", &d->path, e) < 0 ||
		    json_opt_str(o, "type", &type, e) < 0 ||
		    number(o, "major", 0, 0xfff, &major, e) < 0 ||
		    number(o, "minor", 0, 0xfffff, &minor, e) < 0 ||
		    number(o, "fileMode", 0, 0177777, &mode, e) < 0 ||
		    id(o, "uid", &d->uid, e) < 0 || id(o, "gid", &d->gid, e) < 0)
			return err_prefix(e, "linux.devices[%zu]", i);
		if (!d->path || d->path[0] != '/')
			return fail(e, EINVAL, "linux.devices[%zu]: 'path' must be absolute", i);
		if (!type || strlen(type) != 1 || !strchr("cbup", type[0]))
			return fail(e, EINVAL, "linux.devices[%zu]: 'type' must be c, b, u or p",
			            i);
		d->type = type[0] == 'u' ? 'c' : type[0];
		d->major = (unsigned)major;
		d->minor = (unsigned)minor;
		d->mode = (uint32_t)mode & 07777;
	}
	return 0;
}

static int
linux_part(struct spec *s, struct err *e)
{
	json_t *o = NULL, *resources = NULL, *seccomp = NULL, *sysctl = NULL, *times = NULL,
	       *personality = NULL;

	if (json_opt_obj(s->doc, "linux", &o, e) < 0)
		return -1;
	if (namespaces(s, o, e) < 0 ||
	    idmaps(s, o, "uidMappings", &s->uid_map, &s->nuid_map, e) < 0 ||
	    idmaps(s, o, "gidMappings", &s->gid_map, &s->ngid_map, e) < 0 ||
	    json_opt_str(o, "cgroupsPath", &s->cgroups_path, e) < 0 ||
	    json_opt_obj(o, "resources", &resources, e) < 0 ||
	    json_opt_obj(o, "seccomp", &seccomp, e) < 0 ||
	    json_opt_obj(o, "sysctl", &sysctl, e) < 0 ||
	    json_opt_obj(o, "timeOffsets", &times, e) < 0 ||
	    json_opt_obj(o, "personality", &personality, e) < 0 ||
	    strings(o, "maskedPaths", s->arena, &s->masked, e) < 0 ||
	    strings(o, "readonlyPaths", s->arena, &s->readonly, e) < 0 ||
	    json_opt_str(o, "rootfsPropagation", &s->propagation, e) < 0 ||
	    json_opt_str(o, "mountLabel", &s->mount_label, e) < 0)
		return err_prefix(e, "linux");
	if (devices(s, o, e) < 0)
		return -1;
	s->resources = resources;
	s->seccomp = seccomp;
	s->sysctl = sysctl;
	s->time_offsets = times;
	s->personality = personality;
	if ((s->nuid_map || s->ngid_map) && !s->ns[NS_USER].fresh && !s->ns[NS_USER].path)
		return fail(e, EINVAL, "linux: 'uidMappings' need a user namespace"),
		       err_hint(e, "add {\"type\": \"user\"} to linux.namespaces");
	return 0;
}

static int
root(struct spec *s, const char *bundle, struct err *e)
{
	json_t *o = NULL;
	const char *path = NULL;

	if (json_opt_obj(s->doc, "root", &o, e) < 0 || json_opt_str(o, "path", &path, e) < 0 ||
	    json_opt_bool(o, "readonly", &s->root_readonly, e) < 0)
		return err_prefix(e, "root");
	if (!path)
		return 0;
	if (path[0] == '/')
		s->root = path;
	else if (bundle)
		s->root = arena_printf(s->arena, "%s/%s", bundle, path);
	else
		return fail(e, EINVAL, "root: 'path' must be absolute, not '%s'", path);
	return 0;
}

/* config.md#specification-version: any 1.x is ours. */
static int
version(const json_t *doc, struct err *e)
{
	const char *v = NULL;

	if (json_opt_str(doc, "ociVersion", &v, e) < 0)
		return -1;
	if (!v)
		return fail(e, EINVAL, "'ociVersion' is missing"),
		       err_hint(e, "add \"ociVersion\": \"1.2.0\"");
	if (!str_starts(v, "1."))
		return fail(e, EINVAL, "'ociVersion' is \"%s\"; Joist reads 1.x", v);
	return 0;
}

static int
check(struct spec *s, const char *bundle, struct err *e)
{
	json_t *process = NULL, *notes = NULL;

	if (!json_is_object(s->doc))
		return fail(e, EINVAL, "not a JSON object");
	if (version(s->doc, e) < 0 || json_opt_obj(s->doc, "process", &process, e) < 0 ||
	    spec_process(process, &s->process, s->arena, e) < 0 || root(s, bundle, e) < 0 ||
	    json_opt_str(s->doc, "hostname", &s->hostname, e) < 0 ||
	    json_opt_str(s->doc, "domainname", &s->domainname, e) < 0 || mounts(s, e) < 0 ||
	    hooks(s, e) < 0 || json_opt_obj(s->doc, "annotations", &notes, e) < 0 ||
	    linux_part(s, e) < 0)
		return -1;
	const char *key;
	json_t *v;
	json_object_foreach(notes, key, v)
		if (!json_is_string(v))
			return fail(e, EINVAL, "annotations: '%s' must be a string", key);
	s->annotations = notes;
	if (s->hostname && strlen(s->hostname) > 64)
		return fail(e, ENAMETOOLONG, "'hostname' is longer than 64 characters");
	return 0;
}

struct spec *
spec_of(json_t *doc, const char *bundle, const char *name, struct err *e)
{
	struct arena *a = arena_new();
	struct spec *s = arena_zero(a, sizeof *s);

	s->arena = a;
	s->doc = doc;
	if (check(s, bundle, e) < 0) {
		err_prefix(e, "%s", name);
		spec_free(s);
		return NULL;
	}
	return s;
}

struct spec *
spec_read(int dir, const char *path, const char *bundle, struct err *e)
{
	json_t *doc = json_file(dir, path, e);
	return doc ? spec_of(doc, bundle, path, e) : NULL;
}

void
spec_free(struct spec *s)
{
	if (!s)
		return;
	json_decref(s->doc);
	arena_free(s->arena);
}

const char *
spec_note_of(const json_t *doc, const char *key, const char *fallback)
{
	char full[128] = "dev.joist.";
	size_t n = strlen(full), k = strlen(key);

	if (k >= sizeof full - n)
		return fallback;
	memcpy(full + n, key, k + 1);
	return json_str(json_object_get(doc, "annotations"), full, fallback);
}

const char *
spec_note(const struct spec *s, const char *key, const char *fallback)
{
	return spec_note_of(s->doc, key, fallback);
}

int
spec_note_set(json_t *doc, const char *key, const char *value)
{
	char *full = xprintf("dev.joist.%s", key);
	json_t *notes = json_object_get(doc, "annotations");

	if (!notes) {
		notes = json_object();
		json_object_set_new(doc, "annotations", notes);
	}
	int rc = json_object_set_new(notes, full, json_string(value));
	free(full);
	return rc;
}
