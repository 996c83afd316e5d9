/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/str.h"
#include "layer/os/cgdir.h"
#include "layer/os/devices.h"

#define TOP "/sys/fs/cgroup"

enum { CGROUP2_MAGIC = 0x63677270, MODE = 0755 };

const char *const cgdir_names[C_COUNT][2] = {
	{ "cpu", "cpu" },         { "cpuacct", "cpu" },     { "cpuset", "cpuset" },
	{ "memory", "memory" },   { "pids", "pids" },       { "blkio", "io" },
	{ "hugetlb", "hugetlb" }, { "freezer", "freezer" }, { "net_cls", "net_cls" },
	{ "net_prio", "net_prio" }, { "rdma", "rdma" },   { "devices", "devices" },
};

/* Where the version 2 hierarchy is mounted: alone, beside version 1, or not. */
static const char *
v2_top(void)
{
	static const char *const places[] = { TOP, TOP "/unified", NULL };
	struct statfs fs;

	for (int i = 0; places[i]; i++)
		if (statfs(places[i], &fs) == 0 && fs.f_type == CGROUP2_MAGIC)
			return places[i];
	return NULL;
}

/* Our own cgroup in a hierarchy, as /proc/self/cgroup says: "/" for the root.
 * `controller` NULL is version 2. */
static char *
own_path(const char *controller)
{
	char *text, *line, *rest, *found = NULL;

	if (file_read(AT_FDCWD, "/proc/self/cgroup", 1 << 16, &text, NULL, NULL) < 0)
		return NULL;
	rest = text;
	while (!found && (line = strsep(&rest, "\n"))) {
		char *id = strsep(&line, ":"), *names = strsep(&line, ":"), *one;
		if (!id || !names || !line)
			continue;
		if (!controller && !*names)
			found = xstrdup(line);
		while (controller && !found && (one = strsep(&names, ",")))
			if (strcmp(one, controller) == 0)
				found = xstrdup(line);
	}
	free(text);
	return found;
}

/* Give every controller that the parent has to its children; most hosts have
 * done it already.  A parent with processes of its own refuses. */
static void
enable(int dir)
{
	char have[256], line[64], *rest = have, *one;

	if (file_peek(dir, "cgroup.controllers", have, sizeof have) < 0)
		return;
	while ((one = strsep(&rest, " "))) {
		snprintf(line, sizeof line, "+%s", one);
		if (*one)
			file_poke(dir, "cgroup.subtree_control", line);
	}
}

/* mkdir -p below a hierarchy, enabling controllers on the way down in version
 * 2.  Returns the last folder. */
static int
make(int top, const char *rel, bool v2)
{
	/* Usually only the last part is missing. */
	if (mkdirat(top, rel, MODE) < 0 && errno == ENOENT) {
		char *copy = xstrdup(rel);
		if (v2)
			enable(top);
		for (char *p = copy; *p; p++) {
			if (*p != '/')
				continue;
			*p = '\0';
			if (mkdirat(top, copy, MODE) == 0 && v2) {
				int dir = openat(top, copy, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
				if (dir >= 0) {
					enable(dir);
					close(dir);
				}
			}
			*p = '/';
		}
		free(copy);
		mkdirat(top, rel, MODE);
	}
	return openat(top, rel, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* -- taking folders away ---------------------------------------------------------- */

static void
kill_all(int dir)
{
	char *text, *line, *rest;

	if (file_poke(dir, "cgroup.kill", "1") == 0)
		return;
	/* Version 1, or before Linux 5.14: until nothing new is born. */
	for (int round = 0; round < 100; round++) {
		bool any = false;
		if (file_read(dir, "cgroup.procs", 1 << 22, &text, NULL, NULL) < 0)
			return;
		rest = text;
		while ((line = strsep(&rest, "\n"))) {
			int pid = (int)strtol(line, NULL, 10);
			if (pid > 1) {
				any = true;
				kill(pid, SIGKILL);
			}
		}
		free(text);
		if (!any)
			return;
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
}

/* Folders that the guest made below its own go first. */
static void
remove_below(int dir)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *ent;

	while (d && (ent = readdir(d))) {
		if (ent->d_type != DT_DIR || ent->d_name[0] == '.')
			continue;
		int sub = openat(dir, ent->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (sub < 0)
			continue;
		kill_all(sub);
		remove_below(sub);
		close(sub);
		unlinkat(dir, ent->d_name, AT_REMOVEDIR);
	}
	if (d)
		closedir(d);
}

/* A dead process leaves its group a moment after it was waited for. */
static void
take_away(int top, const char *rel)
{
	long ns = 200000;

	for (int i = 0; i < 14 && unlinkat(top, rel, AT_REMOVEDIR) < 0; i++) {
		if (errno != EBUSY && errno != ENOTEMPTY)
			return;
		int dir = openat(top, rel, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dir >= 0) {
			if (i > 2)
				kill_all(dir);
			remove_below(dir);
			close(dir);
		}
		nanosleep(&(struct timespec){ .tv_nsec = ns }, NULL);
		ns = ns < 200000000 ? ns * 2 : ns;
	}
}

static int
open_top(const char *path)
{
	return path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
}

static int
v1_top(enum controller which)
{
	char path[64];
	struct statfs fs;

	snprintf(path, sizeof path, TOP "/%s", cgdir_names[which][0]);
	if (statfs(path, &fs) < 0 || fs.f_type == CGROUP2_MAGIC)
		return -1;
	return open_top(path);
}

/* -- making ------------------------------------------------------------------------- */

int
cgdir_of(struct cgroup *c, enum controller which, bool *v2, struct err *e)
{
	*v2 = true;
	if (c->v2 >= 0 && (c->v2_has & 1u << which))
		return c->v2;
	*v2 = false;
	if (c->v1[which] >= 0)
		return c->v1[which];
	int top = v1_top(which);
	if (top < 0) {
		fail(e, ENOENT, "this host has no '%s' controller for cgroups", cgdir_names[which][1]);
		return err_hint(e, "see: joist doctor");
	}
	/* Version 1 cpusets start empty, and nothing can run in an empty one. */
	if (which == C_CPUSET)
		file_poke(top, "cgroup.clone_children", "1");
	int dir = make(top, c->rel, false);
	int why = errno;
	close(top);
	c->v1[which] = dir;
	if (dir >= 0)
		c->procs[which] = openat(dir, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (dir < 0 || c->procs[which] < 0)
		return fail(e, why, "cannot make a '%s' cgroup: %s", cgdir_names[which][0], strerror(why));
	return dir;
}

static unsigned
controllers(int dir)
{
	char text[256], *rest = text, *one;
	unsigned set = 0;

	if (file_peek(dir, "cgroup.controllers", text, sizeof text) < 0)
		return 0;
	while ((one = strsep(&rest, " ")))
		for (int i = 0; i < C_COUNT; i++)
			if (strcmp(one, cgdir_names[i][1]) == 0)
				set |= 1u << i;
	return set;
}

/* Most containers may use the same devices.  Loading the program that says so
 * costs more than all else that is done for a cgroup, so it is attached once,
 * to the folder that those containers share. */
static char *
relative(const char *name, const char *path, bool usual)
{
	while (path && *path == '/')
		path++;
	/* No ".." can lead out: each part is made as it is named. */
	if (path && *path && !strstr(path, ".."))
		return xstrdup(path);
	return xprintf(usual ? "joist/" DEVICES_USUAL "/%s" : "joist/%s", name);
}

/* A user's part of the tree, as systemd delegates it: beside our own group,
 * because a group with processes gives no controllers to its children. */
static int
delegated(struct cgroup *c, const char *top)
{
	char *own = own_path(NULL), *slash = own ? strrchr(own, '/') : NULL;
	int fd = -1;

	if (slash && slash > own) {
		*slash = '\0';
		char *place = xprintf("%s%s", top, own), *rel = xprintf("%s/%s", own + 1, c->rel);
		int dir = open_top(place);
		fd = dir < 0 ? -1 : make(dir, c->rel, true);
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

static void
open_v2(struct cgroup *c)
{
	const char *path = v2_top();
	int top = open_top(path);

	if (top < 0)
		return;
	int old = openat(top, c->rel, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (old >= 0) {
		/* Left by a monitor that was killed: nothing of it may live on. */
		kill_all(old);
		close(old);
		take_away(top, c->rel);
	}
	c->v2 = make(top, c->rel, true);
	if (c->v2 < 0 && c->rootless)
		c->v2 = delegated(c, path);
	if (c->v2 >= 0)
		c->v2_has = controllers(c->v2);
	close(top);
}

int
cgroup_open(const char *name, const char *path, const json_t *resources, bool rootless,
            struct cgroup **out, struct err *e)
{
	struct cgroup *c = xcalloc(1, sizeof *c);
	struct err why = { 0 };
	bool v2;

	*out = NULL;
	bool usual = devices_are_usual(json_object_get(resources, "devices"));
	c->rel = relative(name, path, usual);
	c->shared = usual && !path;
	c->rootless = rootless;
	c->v2 = -1;
	for (int i = 0; i < C_COUNT; i++)
		c->v1[i] = c->procs[i] = -1;
	open_v2(c);
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
		int top = open_top(v2_top());
		close(c->v2);
		if (top >= 0) {
			take_away(top, c->rel);
			close(top);
		}
	}
	for (int i = 0; i < C_COUNT; i++) {
		if (c->v1[i] < 0)
			continue;
		int top = v1_top((enum controller)i);
		close(c->v1[i]);
		if (c->procs[i] >= 0)
			close(c->procs[i]);
		if (top >= 0) {
			take_away(top, c->rel);
			close(top);
		}
	}
	free(c->rel);
	free(c);
}

void
cgroup_recover(const char *name, const char *path)
{
	for (int i = -1; i < C_COUNT; i++) {
		int top = i < 0 ? open_top(v2_top()) : v1_top((enum controller)i);
		for (int usual = 0; top >= 0 && usual < 2; usual++) {
			char *rel = relative(name, path, usual);
			int dir = openat(top, rel, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			if (dir >= 0) {
				file_poke(dir, "freezer.state", "THAWED");
				kill_all(dir);
				close(dir);
				take_away(top, rel);
			}
			free(rel);
		}
		if (top >= 0)
			close(top);
	}
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
		kill_all(c->v2);
	else if (c->v1[C_FREEZER] >= 0)
		kill_all(c->v1[C_FREEZER]);
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
	if (rc < 0)
		return fail(e, errno, "cannot pause: the freezer says: %s", strerror(errno));
	return 0;
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

	if (mount("tmpfs", dest, "tmpfs", flags & ~(unsigned long)MS_RDONLY, "mode=755,size=64k") < 0)
		return fail(e, errno, "cannot mount on '%s': %s", dest, strerror(errno));
	for (int i = 0; i < C_COUNT; i++) {
		if (c->v1[i] < 0)
			continue;
		snprintf(path, sizeof path, "%s/%s", dest, cgdir_names[i][0]);
		if (mkdir(path, 0755) < 0 ||
		    (mount("cgroup", path, "cgroup", flags, cgdir_names[i][0]) < 0 && errno != EPERM))
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
