/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/prepare.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/host_linux.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/str.h"
#include "core/store.h"
#include "layer/os/caps.h"
#include "layer/os/cgroup.h"
#include "layer/os/guest.h"
#include "layer/os/idmap.h"
#include "layer/os/mount.h"
#include "layer/os/lsm.h"
#include "layer/os/netglue.h"
#include "layer/os/rlimit.h"
#include "layer/os/rootmap.h"
#include "layer/os/filter.h"
#include "layer/os/sysctl.h"

/* A child in a user namespace of root's making is nobody outside, and may not
 * even see the store: what it is given is taken by us. */
static bool
outside(const struct guest *g)
{
	return g->user_ns && !g->home.rootless;
}

/* -- the root ----------------------------------------------------------------- */

static int
root_taken(struct guest *g, struct err *e)
{
	g->root.mount = host_open_tree(AT_FDCWD, g->root.path,
	                               OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (g->root.mount >= 0)
		return 0;
	return fail(e, errno, "root folder '%s': %s", g->root.path, strerror(errno));
}

static int
root(struct guest *g, struct err *e)
{
	static const char *const folders[] = { "upper", "work", "root" };
	const char *layers = spec_note(g->spec, "image.layers", NULL);
	struct root_source *r = &g->root;

	*r = (struct root_source){ .lower = -1, .base = g->home.dir_path, .mount = -1 };
	if (g->spec->root) {
		r->path = g->spec->root;
		return outside(g) ? root_taken(g, e) : 0;
	}
	if (!layers || !*layers) {
		fail(e, EINVAL, "machine '%s' has neither a root folder nor an image",
		     g->home.name);
		return err_hint(e, "root.path names a folder in a bundle's config.json");
	}
	if (faccessat(g->home.dir, "flat", F_OK, 0) == 0) {
		r->path = xprintf("%s/flat", g->home.dir_path);
		return 0;
	}
	/* As overlayfs wants them: uppermost first; the annotation says lowest
	 * first, with commas. */
	struct str s = { 0 };
	for (size_t end = strlen(layers); end > 0;) {
		size_t at = end;
		while (at > 0 && layers[at - 1] != ',')
			at--;
		if (s.n)
			str_addc(&s, ':');
		str_addn(&s, layers + at, end - at);
		str_add(&s, "/fs");
		end = at ? at - 1 : 0;
	}
	r->lowerdir = str_take(&s);
	for (size_t i = 0; i < 3; i++)
		if (mkdirat(g->home.dir, folders[i], 0755) < 0 && errno != EEXIST)
			return fail(e, errno, "machine '%s': %s: %s", g->home.name, folders[i],
			            strerror(errno));
	r->lower = openat(g->home.root, "layers", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r->lower < 0)
		return fail(e, errno, "'%s/layers': %s", g->home.root_path, strerror(errno));
	/* Root gives its layers to another range of users by id-mapped mounts. */
	if (g->user_ns && !g->home.rootless && g->spec->nuid_map)
		return rootmap(g, e);
	return 0;
}

int
prepare_flat(struct guest *g, struct err *e)
{
	char *program = proc_libexec("joist-image"), *out = NULL;
	char *argv[] = { program,   "--root",    (char *)g->home.root_path,
		         "flatten", "--machine", (char *)g->home.name,
		         NULL };
	int status = proc_run(argv, &out, e);

	if (status > 0) {
		if (out)
			out[strcspn(out, "\n")] = '\0';
		fail(e, EIO, "overlayfs is refused here, and the layers could not be copied: %s",
		     out ? out : "");
		err_hint(e, "put the store on a plain disk file system: --root DIR");
	}
	free(out);
	free(program);
	return status == 0 ? 0 : -1;
}

/* -- mounts that only we may take ------------------------------------------------ */

static int
taken(struct guest *g, struct err *e)
{
	const struct spec *s = g->spec;
	struct mountopt o;

	g->taken = xcalloc(s->nmounts + 1, sizeof *g->taken);
	for (size_t i = 0; i < s->nmounts; i++)
		g->taken[i] = -1;
	for (size_t i = 0; i < s->nmounts; i++) {
		const struct mount_spec *m = &s->mounts[i];
		if (mount_options(m->options, &o, e) < 0)
			return err_prefix(e, "mount '%s'", m->dest);
		bool mapped = m->uid_map || m->gid_map || o.idmap;
		if (!mapped && !(outside(g) && mount_is_bind(m)))
			continue;
		int ns = mapped ? idmap_of_mount(s, m, e) : -1;
		if (mapped && ns < 0)
			return -1;
		g->taken[i] = mount_take(m, ns, e);
		if (ns >= 0)
			close(ns);
		if (g->taken[i] < 0)
			return -1;
	}
	return 0;
}

static int
extras(struct guest *g, struct err *e)
{
	for (size_t i = 0; outside(g) && i < g->nextra; i++)
		if ((g->extra_taken[i] = mount_take(&g->extra[i], -1, e)) < 0)
			return -1;
	return 0;
}

/* -- namespaces --------------------------------------------------------------- */

static int
joined(struct guest *g, struct err *e)
{
	for (int i = 0; i < NS_COUNT; i++) {
		const char *path = g->spec->ns[i].path;
		if (!path)
			continue;
		g->ns_fd[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (g->ns_fd[i] < 0)
			return fail(e, errno, "the %s namespace '%s': %s", spec_ns_names[i], path,
			            strerror(errno));
	}
	return 0;
}

static int
users(struct guest *g, struct err *e)
{
	const struct spec *s = g->spec;

	g->user_ns = s->ns[NS_USER].fresh || s->ns[NS_USER].path;
	if (g->home.rootless && !g->user_ns) {
		fail(e, EPERM, "only root can run a container without a user namespace");
		return err_hint(e, "add {\"type\": \"user\"} to linux.namespaces, with mappings");
	}
	if (!s->ns[NS_USER].fresh)
		return 0;
	if (s->nuid_map == 0 || s->ngid_map == 0)
		return fail(e, EINVAL,
		            "a new user namespace needs 'uidMappings' and 'gidMappings'");
	g->map_self = g->home.rootless && s->nuid_map == 1 && s->ngid_map == 1 &&
	              s->uid_map[0].count == 1 && s->gid_map[0].count == 1;
	if (g->map_self) {
		snprintf(g->uid_line, sizeof g->uid_line, "%u %u 1", s->uid_map[0].inside,
		         s->uid_map[0].outside);
		snprintf(g->gid_line, sizeof g->gid_line, "%u %u 1", s->gid_map[0].inside,
		         s->gid_map[0].outside);
	}
	return 0;
}

int
prepare_birth(struct guest *g, int *own_pid, int *own_time, struct err *e)
{
	const struct spec *s = g->spec;
	const char *clock;
	json_t *v;

	if (g->ns_fd[NS_PID] >= 0) {
		*own_pid = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
		if (*own_pid < 0 || setns(g->ns_fd[NS_PID], CLONE_NEWPID) < 0)
			return fail(e, errno, "cannot join the pid namespace '%s': %s",
			            s->ns[NS_PID].path, strerror(errno));
	}
	if (!s->ns[NS_TIME].fresh)
		return 0;
	*own_time = open("/proc/self/ns/time", O_RDONLY | O_CLOEXEC);
	if (*own_time < 0 || unshare(CLONE_NEWTIME) < 0)
		return fail(e, errno, "cannot make a time namespace: %s", strerror(errno));
	/* config-linux.md#time-namespace: {"monotonic": {"secs": .., "nanosecs": ..}} */
	json_object_foreach((json_t *)s->time_offsets, clock, v) {
		char line[96];
		snprintf(line, sizeof line, "%.32s %lld %lld\n", clock,
		         (long long)json_int(v, "secs", 0), (long long)json_int(v, "nanosecs", 0));
		if (file_poke(AT_FDCWD, "/proc/self/timens_offsets", line) < 0)
			return fail(e, errno, "timeOffsets: '%s': %s", clock, strerror(errno));
	}
	return 0;
}

void
prepare_birth_done(int own_pid, int own_time)
{
	if (own_pid >= 0) {
		setns(own_pid, CLONE_NEWPID);
		close(own_pid);
	}
	if (own_time >= 0) {
		setns(own_time, CLONE_NEWTIME);
		close(own_time);
	}
}

/* -- the rest ------------------------------------------------------------------- */

static int
personality_of(struct guest *g, struct err *e)
{
	const char *domain = json_str(g->spec->personality, "domain", NULL);

	if (!domain || strcmp(domain, "LINUX") == 0)
		return 0;
	if (strcmp(domain, "LINUX32") != 0)
		return fail(e, EINVAL, "personality: there is no domain '%s'", domain);
	g->personality = 0x0008; /* PER_LINUX32 */
	return 0;
}

static int
system_calls(struct guest *g, struct err *e)
{
	const char *which = spec_note(g->spec, "seccomp", "");
	int cache = -1;

	if (!g->spec->seccomp && strcmp(which, "default") != 0)
		return 0;
	if (mkdirat(g->home.root, "cache", 0700) == 0 || errno == EEXIST)
		cache = openat(g->home.root, "cache", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = filter_prepare(g->spec->seccomp, caps_effective(g->caps), cache, &g->filter, e);
	if (cache >= 0)
		close(cache);
	return rc;
}

char *
prepare_group(const struct home *h)
{
	return xprintf("%s-%08x", h->name, (uint32_t)str_hash(h->root_path, STR_HASH));
}

static int
group(struct guest *g, struct err *e)
{
	const char *parent = spec_note(g->spec, "cgroup-parent", NULL);
	char *name = prepare_group(&g->home), *path = NULL;

	if (g->spec->cgroups_path)
		path = xstrdup(g->spec->cgroups_path);
	else if (parent)
		path = xprintf("%s/%s", parent, name);
	int rc = cgroup_open(name, path, g->spec->resources, g->home.rootless, &g->cgroup, e);
	free(name);
	free(path);
	return rc;
}

int
prepare(struct guest *g, struct err *e)
{
	const struct spec *s = g->spec;

	for (int i = 0; i < NS_COUNT; i++)
		g->ns_fd[i] = -1;
	for (size_t i = 0; i < sizeof g->extra_taken / sizeof g->extra_taken[0]; i++)
		g->extra_taken[i] = -1;
	g->plain_env = spec_note(s, "stack", NULL) == NULL;
	g->init = strcmp(spec_note(s, "init", ""), "true") == 0;
	g->hostname = s->hostname || g->plain_env ? s->hostname : g->home.name;
	if (!s->process.args || !s->process.args[0]) {
		fail(e, EINVAL, "machine '%s' has no command to run", g->home.name);
		return err_hint(e, "name one behind the artifact: joist run IMAGE COMMAND");
	}
	if (users(g, e) < 0 || joined(g, e) < 0 || root(g, e) < 0 || taken(g, e) < 0 ||
	    personality_of(g, e) < 0)
		return -1;
	if (caps_parse(s->process.capabilities, &g->caps, e) < 0 ||
	    rlimits_parse(s->process.rlimits, &g->rlimits, e) < 0 || system_calls(g, e) < 0)
		return -1;
	if ((s->sysctl && sysctl_check(s, e) < 0) || lsm_check(s->mount_label, e) < 0)
		return -1;
	if (netglue_prepare(g, e) < 0 || extras(g, e) < 0)
		return -1;
	int rc = group(g, e);
	if (rc == 0)
		for (int p = 0; p < HOOK_POINTS; p++)
			if (s->hooks[p].n && !g->state_text)
				prepare_state_text(g, "creating");
	return rc;
}

void
prepare_state_text(struct guest *g, const char *status)
{
	char word[24], number[16];

	/* The two members that change have a fixed width: the child, which may
	 * not allocate, writes over them. */
	if (!g->state_text) {
		json_t *o = json_pack("{s:s, s:s, s:s, s:i, s:s}", "ociVersion", "1.2.0", "id",
		                      g->home.name, "status", "creating", "pid", INT_MAX, "bundle",
		                      g->home.dir_path);
		if (g->spec->annotations)
			json_object_set(o, "annotations", (json_t *)g->spec->annotations);
		g->state_text = json_dumps(o, JSON_COMPACT);
		json_decref(o);
	}
	char *at = g->state_text ? strstr(g->state_text, "\"status\":\"") : NULL;
	char *pid = at ? strstr(at, "\"pid\":") : NULL;
	if (!pid)
		return;
	snprintf(word, sizeof word, "\"%.8s\"        ", status);
	memcpy(at + strlen("\"status\":"), word, strlen("\"creating\""));
	snprintf(number, sizeof number, "%10d", (int)g->pid);
	memcpy(pid + strlen("\"pid\":"), number, strlen("2147483647"));
}

void
prepare_undo(struct guest *g)
{
	for (int i = 0; i < NS_COUNT; i++)
		if (g->ns_fd[i] >= 0)
			close(g->ns_fd[i]);
	for (size_t i = 0; g->taken && i < g->spec->nmounts; i++)
		if (g->taken[i] >= 0)
			close(g->taken[i]);
	free(g->taken);
	for (size_t i = 0; i < g->nextra; i++)
		if (g->extra_taken[i] >= 0)
			close(g->extra_taken[i]);
	if (g->root.lower >= 0)
		close(g->root.lower);
	if (g->root.mount >= 0)
		close(g->root.mount);
	free((char *)g->root.lowerdir);
	if (g->root.path != g->spec->root)
		free((char *)g->root.path);
	caps_free(g->caps);
	rlimits_free(g->rlimits);
	filter_free(g->filter);
	netglue_free(g);
	free(g->state_text);
}
