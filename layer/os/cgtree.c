/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/cgtree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"

#define TOP "/sys/fs/cgroup"

enum { CGROUP2_MAGIC = 0x63677270, MODE = 0755, FOLDER = O_RDONLY | O_DIRECTORY | O_CLOEXEC };

/* -- where they are ----------------------------------------------------------------- */

const char *
cgtree_v2_path(void)
{
	static const char *const places[] = { TOP, TOP "/unified", NULL };
	struct statfs fs;

	for (int i = 0; places[i]; i++)
		if (statfs(places[i], &fs) == 0 && fs.f_type == CGROUP2_MAGIC)
			return places[i];
	return NULL;
}

int
cgtree_v2(void)
{
	const char *path = cgtree_v2_path();

	return path ? open(path, FOLDER) : -1;
}

int
cgtree_v1(const char *controller)
{
	char path[64];
	struct statfs fs;

	snprintf(path, sizeof path, TOP "/%s", controller);
	int fd = open(path, FOLDER);
	/* 0x27e0eb is CGROUP_SUPER_MAGIC; an empty folder is no hierarchy. */
	if (fd >= 0 && (fstatfs(fd, &fs) < 0 || fs.f_type != 0x27e0eb)) {
		close(fd);
		return -1;
	}
	return fd;
}

char *
cgtree_own(void)
{
	char *text, *line, *rest, *found = NULL;

	if (file_read(AT_FDCWD, "/proc/self/cgroup", 1 << 16, &text, NULL, NULL) < 0)
		return NULL;
	rest = text;
	while (!found && (line = strsep(&rest, "\n")))
		if (strncmp(line, "0::", 3) == 0)
			found = xstrdup(line + 3);
	free(text);
	return found;
}

/* -- made --------------------------------------------------------------------------- */

/* Give every controller that a folder has to its children; most hosts have
 * done it already.  A folder with processes of its own refuses. */
static void
enable(int dir)
{
	char have[256], line[64], *rest = have, *one;

	if (dir < 0 || file_peek(dir, "cgroup.controllers", have, sizeof have) < 0)
		return;
	while ((one = strsep(&rest, " "))) {
		snprintf(line, sizeof line, "+%s", one);
		if (*one)
			file_poke(dir, "cgroup.subtree_control", line);
	}
}

/* Call fn with each folder from `top` on, without the last one when `inner`. */
static void
each(int top, const char *rel, bool inner, void (*fn)(int above, int dir))
{
	char *copy = xstrdup(rel);
	int above = fcntl(top, F_DUPFD_CLOEXEC, 0);

	for (char *part = copy, *next; above >= 0 && part; part = next) {
		next = strchr(part, '/');
		if (next)
			*next++ = '\0';
		else if (inner)
			break;
		if (!*part)
			continue;
		mkdirat(above, part, MODE);
		int dir = openat(above, part, FOLDER | O_NOFOLLOW);
		if (dir >= 0)
			fn(above, dir);
		close(above);
		above = dir;
	}
	if (above >= 0)
		close(above);
	free(copy);
}

static void
enable_both(int above, int dir)
{
	(void)above;
	enable(dir);
}

void
cgtree_enable(int top, const char *rel)
{
	enable(top);
	each(top, rel, true, enable_both);
}

static void
only_make(int above, int dir)
{
	(void)above;
	(void)dir;
}

int
cgtree_make(int top, const char *rel, bool v2)
{
	/* Usually only the last part is missing. */
	if (mkdirat(top, rel, MODE) < 0 && errno == ENOENT) {
		if (v2)
			cgtree_enable(top, rel);
		else
			each(top, rel, true, only_make);
		mkdirat(top, rel, MODE);
	}
	return openat(top, rel, FOLDER);
}

static void
fill(int above, int dir)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
	char text[1024];

	for (int i = 0; i < 2; i++)
		if (file_peek(dir, files[i], text, sizeof text) <= 0 &&
		    file_peek(above, files[i], text, sizeof text) > 0)
			file_poke(dir, files[i], text);
}

void
cgtree_fill_cpuset(int top, const char *rel)
{
	each(top, rel, false, fill);
}

/* -- emptied ------------------------------------------------------------------------ */

/* Call fn for each folder right below one. */
static void
below(int dir, void (*fn)(int dir, const char *name, void *ctx), void *ctx)
{
	int copy = openat(dir, ".", FOLDER);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *ent;

	while (d && (ent = readdir(d)))
		if (ent->d_type == DT_DIR && ent->d_name[0] != '.')
			fn(dir, ent->d_name, ctx);
	if (d)
		closedir(d);
	else if (copy >= 0)
		close(copy);
}

/* How many processes there are; each is sent the signal, if there is one. */
static int tell_all(int dir, int sig);

static void
tell_sub(int dir, const char *name, void *ctx)
{
	int *both = ctx; /* the count, the signal */
	int sub = openat(dir, name, FOLDER | O_NOFOLLOW);

	if (sub >= 0) {
		both[0] += tell_all(sub, both[1]);
		close(sub);
	}
}

static int
tell_all(int dir, int sig)
{
	char *text, *line, *rest;
	int both[2] = { 0, sig };

	if (file_read(dir, "cgroup.procs", 1 << 22, &text, NULL, NULL) < 0)
		return 0;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		if (!*line)
			continue;
		/* 0 is a process of a namespace that we cannot see. */
		int pid = (int)strtol(line, NULL, 10);
		both[0]++;
		if (sig && pid > 1)
			kill(pid, sig);
	}
	free(text);
	below(dir, tell_sub, both);
	return both[0];
}

bool
cgtree_busy(int dir)
{
	return tell_all(dir, 0) > 0;
}

void
cgtree_kill(int dir)
{
	if (file_poke(dir, "cgroup.kill", "1") == 0)
		return;
	/* Version 1, or before Linux 5.14.  Nothing is born in what is frozen;
	 * in version 1 nothing dies there either until it is thawed. */
	for (int round = 0; round < 200; round++) {
		if (file_poke(dir, "freezer.state", "FROZEN") < 0)
			file_poke(dir, "cgroup.freeze", "1");
		int n = tell_all(dir, SIGKILL);
		if (file_poke(dir, "freezer.state", "THAWED") < 0)
			file_poke(dir, "cgroup.freeze", "0");
		if (!n)
			return;
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
}

/* -- taken away --------------------------------------------------------------------- */

/* Folders that the guest made below its own go first. */
static void
remove_sub(int dir, const char *name, void *ctx)
{
	int sub = openat(dir, name, FOLDER | O_NOFOLLOW);

	if (sub < 0)
		return;
	cgtree_kill(sub);
	below(sub, remove_sub, ctx);
	close(sub);
	unlinkat(dir, name, AT_REMOVEDIR);
}

void
cgtree_remove(int top, const char *rel)
{
	long ns = 200000;

	/* A dead process leaves its group a moment after it was waited for. */
	for (int i = 0; i < 14 && unlinkat(top, rel, AT_REMOVEDIR) < 0; i++) {
		if (errno != EBUSY && errno != ENOTEMPTY)
			return;
		int dir = openat(top, rel, FOLDER);
		if (dir >= 0) {
			if (i > 2)
				cgtree_kill(dir);
			below(dir, remove_sub, NULL);
			close(dir);
		}
		nanosleep(&(struct timespec){ .tv_nsec = ns }, NULL);
		ns = ns < 200000000 ? ns * 2 : ns;
	}
}
