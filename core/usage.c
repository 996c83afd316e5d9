/* SPDX-License-Identifier: Apache-2.0 */
#include "core/usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

/* Fields 14 to 17 of /proc/PID/stat: its own time and that of the children it
 * has waited for, so that a whole family is counted once. */
static int64_t
ticks(const char *stat)
{
	const char *p = strrchr(stat, ')');
	int64_t sum = 0;

	for (int i = 3; p && i <= 17; i++) {
		p = strchr(p + 1, ' ');
		if (p && i >= 14)
			sum += strtoll(p + 1, NULL, 10);
	}
	return sum;
}

void
usage_add(long pid, struct usage *s)
{
	char path[64], buf[1024];
	long size, rss;

	s->processes++;
	snprintf(path, sizeof path, "/proc/%ld/statm", pid);
	if (file_peek(AT_FDCWD, path, buf, sizeof buf) > 0 &&
	    sscanf(buf, "%ld %ld", &size, &rss) == 2)
		s->rss += (int64_t)rss * sysconf(_SC_PAGESIZE);
	snprintf(path, sizeof path, "/proc/%ld/stat", pid);
	if (file_peek(AT_FDCWD, path, buf, sizeof buf) > 0)
		s->usec += ticks(buf) * 1000000 / sysconf(_SC_CLK_TCK);
	snprintf(path, sizeof path, "/proc/%ld/io", pid);
	if (file_peek(AT_FDCWD, path, buf, sizeof buf) > 0) {
		char *r = strstr(buf, "\nread_bytes: "), *w = strstr(buf, "\nwrite_bytes: ");
		s->read += r ? strtoll(r + 13, NULL, 10) : 0;
		s->written += w ? strtoll(w + 14, NULL, 10) : 0;
	}
}

json_t *
usage_of_namespace(pid_t first)
{
	char path[300];
	struct stat ours, other;
	struct dirent *ent;
	struct usage s = { 0 };
	DIR *d = NULL;

	snprintf(path, sizeof path, "/proc/%d/ns/pid", (int)first);
	/* where there are no namespaces it is alone in what it shares with all */
	if (stat(path, &ours) == 0 && stat("/proc/self/ns/pid", &other) == 0 &&
	    other.st_ino == ours.st_ino)
		usage_add(first, &s);
	else if (stat(path, &ours) == 0)
		d = opendir("/proc");
	while (d && (ent = readdir(d))) {
		long pid = strtol(ent->d_name, NULL, 10);
		snprintf(path, sizeof path, "/proc/%ld/ns/pid", pid);
		if (pid > 0 && stat(path, &other) == 0 && other.st_ino == ours.st_ino)
			usage_add(pid, &s);
	}
	if (d)
		closedir(d);
	return json_pack("{s:{s:I}, s:{s:I}, s:{s:I}, s:{s:I, s:I}}", "cpu", "usec",
	                 (json_int_t)s.usec, "memory", "current", (json_int_t)s.rss, "pids",
	                 "current", (json_int_t)s.processes, "io", "rbytes", (json_int_t)s.read,
	                 "wbytes", (json_int_t)s.written);
}
