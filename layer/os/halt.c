/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/halt.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Is the process already as it shall be?  Field 3 of /proc/PID/stat. */
static bool
stopped(const char *pid)
{
	char path[300], text[512], *p;

	snprintf(path, sizeof path, "/proc/%s/stat", pid);
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
	if (f)
		fclose(f);
	text[n] = '\0';
	p = strrchr(text, ')');
	return !p || strchr("TtZX", p[2]);
}

int
halt_all(pid_t pid, bool stop, struct err *e)
{
	char path[300];
	struct stat ours, other;
	struct dirent *ent;
	bool more = true;

	snprintf(path, sizeof path, "/proc/%d/ns/pid", (int)pid);
	if (stat(path, &ours) < 0)
		return fail(e, errno, "cannot pause: %s", strerror(errno));
	/* A process may be born while we look: until all are still. */
	for (int round = 0; more && round < 20; round++) {
		DIR *d = opendir("/proc");
		more = false;
		while (d && (ent = readdir(d))) {
			long one = strtol(ent->d_name, NULL, 10);
			if (one <= 0)
				continue;
			snprintf(path, sizeof path, "/proc/%s/ns/pid", ent->d_name);
			if (stat(path, &other) < 0 || other.st_ino != ours.st_ino)
				continue;
			if (stop && stopped(ent->d_name))
				continue;
			if (kill((pid_t)one, stop ? SIGSTOP : SIGCONT) == 0)
				more = stop;
		}
		if (d)
			closedir(d);
	}
	return more ? fail(e, EBUSY,
	                   "cannot pause: it makes processes faster than they are stopped")
	            : 0;
}
