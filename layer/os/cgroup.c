/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/str.h"
#include "layer/os/cgdir.h"
#include "layer/os/cgtree.h"
#include "layer/os/devices.h"

const char *const cgdir_names[C_COUNT][2] = {
	{ "cpu", "cpu" },           { "cpuacct", "cpu" },     { "cpuset", "cpuset" },
	{ "memory", "memory" },     { "pids", "pids" },       { "blkio", "io" },
	{ "hugetlb", "hugetlb" },   { "freezer", "freezer" }, { "net_cls", "net_cls" },
	{ "net_prio", "net_prio" }, { "rdma", "rdma" },       { "devices", "devices" },
};

/* -- making ------------------------------------------------------------------------- */

/* A group that the user names may be there already; with others' processes in
 * it, ending all of "ours" would end them. */
static int
busy(const struct cgroup *c, struct err *e)
{
	fail(e, EBUSY, "the cgroup '/%s' has processes in it that are not this machine's", c->rel);
	return err_hint(e, "let cgroupsPath name a group of the machine's own");
}

/* Which of the names in a folder's cgroup.controllers we know, as bits. */
static unsigned
controllers(int dir)
{
	char text[256], *rest = text, *one;
	unsigned set = 0;

	if (dir < 0 || file_peek(dir, "cgroup.controllers", text, sizeof text) < 0)
		return 0;
	while ((one = strsep(&rest, " ")))
		for (int i = 0; i < C_COUNT; i++)
			if (strcmp(one, cgdir_names[i][1]) == 0)
				set |= 1u << i;
	return set;
}

/* Somebody made our folder without giving it all controllers, or two machines
 * made the folder above it at the same time: once more from the top. */
static bool
given(struct cgroup *c, enum controller which)
{
	int top = cgtree_v2();

	if (controllers(top) & 1u << which) {
		cgtree_enable(top, c->rel);
		c->v2_has = controllers(c->v2);
	}
	if (top >= 0)
		close(top);
	return c->v2_has & 1u << which;
}

int
cgdir_of(struct cgroup *c, enum controller which, bool *v2, struct err *e)
{
	const char *name = cgdir_names[which][0];

	*v2 = true;
	if (c->v2 >= 0 && (c->v2_has & 1u << which))
		return c->v2;
	*v2 = false;
	if (c->v1[which] >= 0)
		return c->v1[which];
	int top = cgtree_v1(name);
	if (top < 0 && c->v2 >= 0 && given(c, which)) {
		*v2 = true;
		return c->v2;
	}
	if (top < 0) {
		fail(e, ENOENT, "this host has no '%s' controller for cgroups",
		     cgdir_names[which][1]);
		return err_hint(e, "see: joist doctor");
	}
	int dir = cgtree_make(top, c->rel, false);
	int why = errno;
	if (dir >= 0 && which == C_CPUSET)
		cgtree_fill_cpuset(top, c->rel);
	close(top);
	if (dir >= 0 && c->theirs && cgtree_busy(dir)) {
		close(dir);
		return busy(c, e);
	}
	c->v1[which] = dir;
	if (dir >= 0) {
		c->procs[which] = openat(dir, "cgroup.procs", O_WRONLY | O_CLOEXEC);
		why = errno;
	}
	if (dir < 0 || c->procs[which] < 0)
		return fail(e, why, "cannot make a '%s' cgroup: %s", name, strerror(why));
	return dir;
}

/* Most containers may use the same devices.  Loading the program that says so
 * costs more than all else that is done for a cgroup, so it is attached once,
 * to the folder that those containers share. */
static char *
relative(const char *name, const char *path, bool usual)
{
	while (path && *path == '/')
		path++;
	if (path && *path)
		return xstrdup(path);
	return xprintf(usual ? "joist/" DEVICES_USUAL "/%s" : "joist/%s", name);
}

/* A user's part of the tree, as systemd delegates it: beside our own group,
 * because a group with processes gives no controllers to its children. */
static int
delegated(struct cgroup *c, const char *top)
{
	char *own = cgtree_own(), *slash = own ? strrchr(own, '/') : NULL;
	int fd = -1;

	if (slash && slash > own) {
		*slash = '\0';
		char *place = xprintf("%s%s", top, own), *rel = xprintf("%s/%s", own + 1, c->rel);
		int dir = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		fd = dir < 0 ? -1 : cgtree_make(dir, c->rel, true);
		if (fd >= 0) {
			free(c->rel);
			c->rel = rel;
			rel = NULL;
		}
		if (dir >= 0)
			close(dir);
		free(place);
		free(rel);
	}
	free(own);
	return fd;
}

static int
open_v2(struct cgroup *c, struct err *e)
{
	const char *path = cgtree_v2_path();
	int top = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (top < 0)
		return 0;
	int old = openat(top, c->rel, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (old >= 0 && c->theirs) {
		bool in_use = cgtree_busy(old);
		close(old);
		if (in_use) {
			close(top);
			return busy(c, e);
		}
	} else if (old >= 0) {
		/* Left by a monitor that was killed: nothing of it may live on. */
		cgtree_kill(old);
		close(old);
		cgtree_remove(top, c->rel);
	}
	c->v2 = cgtree_make(top, c->rel, true);
	if (c->v2 < 0 && c->rootless)
		c->v2 = delegated(c, path);
	if (c->v2 >= 0)
		c->v2_has = controllers(c->v2);
	close(top);
	return 0;
}

int
cgroup_open(const char *name, const char *path, const json_t *resources, bool rootless,
            struct cgroup **out, struct err *e)
{
	struct cgroup *c = xcalloc(1, sizeof *c);
	struct err why = { 0 };
	bool v2;

	*out = NULL;
	if (path && (strstr(path, "..") || strlen(path) >= PATH_MAX)) {
		free(c);
		return fail(e, EINVAL, "linux.cgroupsPath: '%s' is not a way down", path);
	}
	bool usual = devices_are_usual(json_object_get(resources, "devices"));
	c->rel = relative(name, path, usual);
	c->theirs = path != NULL;
	c->shared = usual && !path;
	c->rootless = rootless;
	c->v2 = -1;
	for (int i = 0; i < C_COUNT; i++)
		c->v1[i] = c->procs[i] = -1;
	if (open_v2(c, e) < 0) {
		cgroup_close(c);
		return -1;
	}
	/* Something must be able to stop all of it: without version 2 that is
	 * the freezer. */
	if (c->v2 < 0 && cgdir_of(c, C_FREEZER, &v2, &why) < 0) {
		cgroup_close(c);
		if (!cglimit_any(resources))
			return 0;
		if (rootless) {
			err_warn("limits are not set: this user may not make cgroups");
			return 0;
		}
		fail(e, why.code, "limits cannot be set: %s", why.what);
		return err_hint(e, "see: joist doctor");
	}
	if (cglimit_apply(c, resources, e) < 0 ||
	    devices_apply(c, json_object_get(resources, "devices"), e) < 0) {
		cgroup_close(c);
		return -1;
	}
	*out = c;
	return 0;
}

void
cgroup_close(struct cgroup *c)
{
	if (!c)
		return;
	if (c->v2 >= 0) {
		int top = cgtree_v2();
		close(c->v2);
		if (top >= 0) {
			cgtree_remove(top, c->rel);
			close(top);
		}
	}
	for (int i = 0; i < C_COUNT; i++) {
		if (c->v1[i] < 0)
			continue;
		int top = cgtree_v1(cgdir_names[i][0]);
		close(c->v1[i]);
		if (c->procs[i] >= 0)
			close(c->procs[i]);
		if (top >= 0) {
			cgtree_remove(top, c->rel);
			close(top);
		}
	}
	free(c->rel);
	free(c);
}

static void
recover(int top, const char *rel)
{
	int dir = openat(top, rel, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return;
	cgtree_kill(dir);
	close(dir);
	cgtree_remove(top, rel);
}

void
cgroup_recover(const char *name, const char *path)
{
	char *own = cgtree_own(), *slash = own ? strrchr(own, '/') : NULL;

	if (path && strstr(path, ".."))
		path = NULL;
	for (int i = -1; i < C_COUNT; i++) {
		int top = i < 0 ? cgtree_v2() : cgtree_v1(cgdir_names[i][0]);
		for (int usual = 0; top >= 0 && usual < 2; usual++) {
			char *rel = relative(name, path, usual);
			recover(top, rel);
			/* where delegated() put it */
			if (i < 0 && slash > own && geteuid() != 0) {
				char *deep =
				        xprintf("%.*s/%s", (int)(slash - own - 1), own + 1, rel);
				recover(top, deep);
				free(deep);
			}
			free(rel);
		}
		if (top >= 0)
			close(top);
	}
	free(own);
}

/* -- the processes in it ------------------------------------------------------------------ */

int
cgroup_fd(const struct cgroup *c)
{
	return c->v2;
}

int
cgroup_join_self(const struct cgroup *c, struct err *e)
{
	for (int i = 0; i < C_COUNT; i++)
		if (c->procs[i] >= 0 && write(c->procs[i], "0", 1) < 0)
			return fail(e, errno, "cannot enter the '%s' cgroup: %s", cgdir_names[i][0],
			            strerror(errno));
	return 0;
}

void
cgroup_kill(struct cgroup *c)
{
	if (c->v2 >= 0)
		cgtree_kill(c->v2);
	else if (c->v1[C_FREEZER] >= 0)
		cgtree_kill(c->v1[C_FREEZER]);
}

/* Wait until a file says `want`; a group with a process in an uninterruptible
 * call may take its time. */
static int
wait_for(int dir, const char *file, const char *want)
{
	char text[256];
	int64_t end = proc_monotonic() + 10 * INT64_C(1000000000);
	int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);

	while (fd >= 0 && proc_monotonic() < end) {
		ssize_t n = pread(fd, text, sizeof text - 1, 0);
		text[n < 0 ? 0 : n] = '\0';
		if (strstr(text, want)) {
			close(fd);
			return 0;
		}
		/* cgroup.events tells of changes by POLLPRI (cgroup-v2.rst). */
		struct pollfd p = { .fd = fd, .events = POLLPRI };
		poll(&p, 1, 20);
	}
	if (fd >= 0)
		close(fd);
	errno = ETIMEDOUT;
	return -1;
}

int
cgroup_freeze(struct cgroup *c, struct err *e)
{
	int rc;

	if (c->v2 >= 0) {
		rc = file_poke(c->v2, "cgroup.freeze", "1");
		if (rc == 0)
			rc = wait_for(c->v2, "cgroup.events", "frozen 1");
	} else {
		rc = file_poke(c->v1[C_FREEZER], "freezer.state", "FROZEN");
		if (rc == 0)
			rc = wait_for(c->v1[C_FREEZER], "freezer.state", "FROZEN");
	}
	if (rc == 0)
		return 0;
	/* Half of it at rest is neither running nor paused. */
	int why = errno;
	cgroup_thaw(c, NULL);
	return fail(e, why, "cannot pause: the freezer says: %s", strerror(why));
}

int
cgroup_thaw(struct cgroup *c, struct err *e)
{
	int rc = c->v2 >= 0 ? file_poke(c->v2, "cgroup.freeze", "0")
	                    : file_poke(c->v1[C_FREEZER], "freezer.state", "THAWED");

	if (rc < 0)
		return fail(e, errno, "cannot resume: the freezer says: %s", strerror(errno));
	return 0;
}

/* -- what the container sees ---------------------------------------------------------------- */

static int
mount_v1(const struct cgroup *c, const char *dest, unsigned long flags, struct err *e)
{
	char path[256];

	if (mount("tmpfs", dest, "tmpfs", flags & ~(unsigned long)MS_RDONLY, "mode=755,size=64k") <
	    0)
		return fail(e, errno, "cannot mount on '%s': %s", dest, strerror(errno));
	for (int i = 0; i < C_COUNT; i++) {
		if (c->v1[i] < 0)
			continue;
		snprintf(path, sizeof path, "%s/%s", dest, cgdir_names[i][0]);
		if (mkdir(path, 0755) < 0 ||
		    (mount("cgroup", path, "cgroup", flags, cgdir_names[i][0]) < 0 &&
		     errno != EPERM))
			return fail(e, errno, "cannot mount the '%s' cgroup: %s", cgdir_names[i][0],
			            strerror(errno));
	}
	snprintf(path, sizeof path, "%s/unified", dest);
	if (c->v2 >= 0 && mkdir(path, 0755) == 0 &&
	    mount("cgroup2", path, "cgroup2", flags, NULL) < 0 && errno != EPERM && errno != EBUSY)
		return fail(e, errno, "cannot mount the cgroup: %s", strerror(errno));
	if ((flags & MS_RDONLY) && mount(NULL, dest, NULL, MS_REMOUNT | MS_BIND | flags, NULL) < 0)
		return fail(e, errno, "cannot make '%s' read-only: %s", dest, strerror(errno));
	return 0;
}

int
cgroup_mount(const struct cgroup *c, const char *dest, unsigned long flags, struct err *e)
{
	bool v1 = false;

	if (!c)
		return 0;
	for (int i = 0; i < C_COUNT; i++)
		v1 = v1 || c->v1[i] >= 0;
	if (v1)
		return mount_v1(c, dest, flags, e);
	/* EPERM, EBUSY: a namespace that may not; it sees none then. */
	if (mount("cgroup2", dest, "cgroup2", flags, NULL) < 0 && errno != EPERM && errno != EBUSY)
		return fail(e, errno, "cannot mount the cgroup on '%s': %s", dest, strerror(errno));
	return 0;
}
