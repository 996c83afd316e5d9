/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/agent/stats.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The first bytes of a file of /proc; "" when there is none. */
static void
peek(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, size - 1);
	text[n < 0 ? 0 : n] = '\0';
	if (fd >= 0)
		close(fd);
}

/* "Name:   123 kB" of /proc/meminfo. */
static unsigned long long
bytes(const char *info, const char *name)
{
	unsigned long long kib = 0;
	const char *line = strstr(info, name);
	if (line)
		sscanf(line + strlen(name), " %llu", &kib);
	return kib << 10;
}

static unsigned
processes(void)
{
	DIR *d = opendir("/proc");
	const struct dirent *entry;
	unsigned n = 0;
	while (d && (entry = readdir(d)))
		n += isdigit((unsigned char)entry->d_name[0]) != 0;
	if (d)
		closedir(d);
	return n;
}

void
stats_write(struct str *out)
{
	char text[4096];
	double load = 0, uptime = 0;
	peek("/proc/meminfo", text, sizeof text);
	unsigned long long total = bytes(text, "MemTotal:"), left = bytes(text, "MemAvailable:");
	peek("/proc/loadavg", text, sizeof text);
	sscanf(text, "%lf", &load);
	peek("/proc/uptime", text, sizeof text);
	sscanf(text, "%lf", &uptime);
	str_printf(out, "{\"memory\": {\"total\": %llu, \"used\": %llu}, \"processes\": %u, ",
	           total, total > left ? total - left : 0, processes());
	str_printf(out, "\"load\": %.2f, \"uptime\": %.2f}", load, uptime);
}
