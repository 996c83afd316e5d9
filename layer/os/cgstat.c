/* SPDX-License-Identifier: Apache-2.0 */
/* cgstat.c -- what a container uses.  A number that no controller keeps is
 * added up from /proc (core/usage.h): slower, and only when somebody asks. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "core/usage.h"
#include "layer/os/cgdir.h"
#include "layer/os/cgroup.h"

/* The number behind a word at the start of a line; -1 when there is none. */
static int64_t
field(int dir, const char *file, const char *word)
{
	char *text, *line, *rest;
	int64_t v = -1;
	size_t n = strlen(word);

	if (dir < 0 || file_read(dir, file, 1 << 20, &text, NULL, NULL) < 0)
		return -1;
	rest = text;
	while (v < 0 && (line = strsep(&rest, "\n")))
		if (strncmp(line, word, n) == 0 && line[n] == ' ')
			v = strtoll(line + n + 1, NULL, 10);
	free(text);
	return v;
}

static int64_t
number(int dir, const char *file)
{
	char text[64];

	if (dir < 0 || file_peek(dir, file, text, sizeof text) < 0)
		return -1;
	return strcmp(text, "max") == 0 ? 0 : strtoll(text, NULL, 10);
}

/* All processes of one group. */
static void
add_up(int dir, struct usage *s)
{
	char *text, *line, *rest;

	if (dir < 0 || file_read(dir, "cgroup.procs", 1 << 22, &text, NULL, NULL) < 0)
		return;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		long pid = strtol(line, NULL, 10);
		if (pid > 0)
			usage_add(pid, s);
	}
	free(text);
}

/* And of those that the guest made below it. */
static void
add_all(int dir, struct usage *s)
{
	struct dirent *ent;
	int copy = dir < 0 ? -1 : openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);

	add_up(dir, s);
	while (d && (ent = readdir(d))) {
		if (ent->d_type != DT_DIR || ent->d_name[0] == '.')
			continue;
		int sub = openat(dir, ent->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		add_all(sub, s);
		if (sub >= 0)
			close(sub);
	}
	if (d)
		closedir(d);
	else if (copy >= 0)
		close(copy);
}

/* io.stat: "8:0 rbytes=1 wbytes=2 ...", a line a device; version 1 has
 * "8:0 Read 1" lines. */
static void
block(struct cgroup *c, int64_t *rd, int64_t *wr)
{
	bool v2 = c->v2 >= 0 && (c->v2_has & 1u << C_IO);
	int dir = v2 ? c->v2 : c->v1[C_IO];
	char *text, *line, *rest, *p;

	if (dir < 0 || file_read(dir, v2 ? "io.stat" : "blkio.throttle.io_service_bytes", 1 << 20,
	                         &text, NULL, NULL) < 0)
		return;
	*rd = *wr = 0;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		if ((p = strstr(line, v2 ? "rbytes=" : " Read ")))
			*rd += strtoll(p + (v2 ? 7 : 6), NULL, 10);
		if ((p = strstr(line, v2 ? "wbytes=" : " Write ")))
			*wr += strtoll(p + 7, NULL, 10);
	}
	free(text);
}

static json_t *
memory(struct cgroup *c, int64_t rss)
{
	bool v2 = c->v2 >= 0 && (c->v2_has & 1u << C_MEMORY);
	int dir = v2 ? c->v2 : c->v1[C_MEMORY];
	int64_t now = number(dir, v2 ? "memory.current" : "memory.usage_in_bytes");
	int64_t peak = number(dir, v2 ? "memory.peak" : "memory.max_usage_in_bytes");
	int64_t limit = number(dir, v2 ? "memory.max" : "memory.limit_in_bytes");
	json_t *o = json_object();

	/* Version 1 says "no limit" with a number near the top. */
	if (limit > INT64_MAX / 2)
		limit = 0;
	json_object_set_new(o, "current", json_integer(now >= 0 ? now : rss));
	if (peak >= 0)
		json_object_set_new(o, "peak", json_integer(peak));
	if (limit > 0)
		json_object_set_new(o, "limit", json_integer(limit));
	return o;
}

json_t *
cgroup_stats(struct cgroup *c)
{
	struct usage s = { 0 };
	int64_t usec = field(c->v2, "cpu.stat", "usage_usec");
	int64_t throttled = field(c->v2, "cpu.stat", "throttled_usec");

	add_all(c->v2 >= 0 ? c->v2 : c->v1[C_FREEZER], &s);
	if (usec < 0 && c->v1[C_CPUACCT] >= 0)
		usec = number(c->v1[C_CPUACCT], "cpuacct.usage") / 1000;
	if (usec < 0)
		usec = s.usec;
	if (throttled < 0 && c->v1[C_CPU] >= 0)
		throttled = field(c->v1[C_CPU], "cpu.stat", "throttled_time") / 1000;
	block(c, &s.read, &s.written);
	bool v2 = c->v2 >= 0 && (c->v2_has & 1u << C_PIDS);
	int64_t most = number(v2 ? c->v2 : c->v1[C_PIDS], "pids.max");
	json_t *pids = json_pack("{s:I}", "current", (json_int_t)s.processes);
	if (most > 0)
		json_object_set_new(pids, "limit", json_integer(most));
	json_t *cpu = json_pack("{s:I}", "usec", (json_int_t)usec);
	if (throttled >= 0)
		json_object_set_new(cpu, "throttledUsec", json_integer(throttled));
	return json_pack("{s:o, s:o, s:o, s:{s:I, s:I}}", "cpu", cpu, "memory", memory(c, s.rss),
	                 "pids", pids, "io", "rbytes", (json_int_t)s.read, "wbytes",
	                 (json_int_t)s.written);
}

int
cgroup_oom_kills(struct cgroup *c)
{
	int64_t n = c->v2 >= 0 && (c->v2_has & 1u << C_MEMORY)
	                    ? field(c->v2, "memory.events", "oom_kill")
	                    : field(c->v1[C_MEMORY], "memory.oom_control", "oom_kill");

	return n > 0 ? (int)n : 0;
}
