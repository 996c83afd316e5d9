/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/host.h"
#include "layer/api/nt/process/birth.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

struct host host = { .user = "user", .meminfo = -1, .statm = -1, .stat = -1 };

static const char *
of_env(char *const *env, const char *key)
{
	size_t n = strlen(key);
	for (; env && *env; env++)
		if (!strncmp(*env, key, n) && (*env)[n] == '=')
			return *env + n + 1;
	return NULL;
}

static void
copy(char *to, size_t room, const char *from, size_t n)
{
	if (n >= room)
		n = room - 1;
	memcpy(to, from, n);
	to[n] = 0;
}

/* A file of the database ends with the rule for all times to come (RFC 8536 3.3). */
static void
read_zone(const char *path)
{
	char end[256];
	ssize_t n;
	off_t size;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	size = lseek(fd, 0, SEEK_END);
	n = pread(fd, end, sizeof end, size > (off_t)sizeof end ? size - (off_t)sizeof end : 0);
	close(fd);
	if (n < 2 || end[n - 1] != '\n')
		return;
	char *last = memrchr(end, '\n', (size_t)n - 1);
	if (last)
		copy(host.zone, sizeof host.zone, last + 1, (size_t)(end + n - 1 - (last + 1)));
}

static void
find_zone(const char *tz)
{
	char link[256];
	const char *at;
	ssize_t n;
	if (tz && *tz == ':')
		tz++;
	if (tz && *tz && *tz != '/') {
		char path[320];
		copy(host.place, sizeof host.place, tz, strlen(tz));
		snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", tz);
		if (!strstr(tz, ".."))
			read_zone(path);
		if (!host.zone[0]) { /* it is a rule itself */
			copy(host.zone, sizeof host.zone, tz, strlen(tz));
			host.place[0] = 0;
		}
		return;
	}
	if (tz && !*tz)
		return;
	n = readlink("/etc/localtime", link, sizeof link - 1);
	if (n > 0) {
		link[n] = 0;
		if ((at = strstr(link, "zoneinfo/")))
			copy(host.place, sizeof host.place, at + 9, strlen(at + 9));
	}
	read_zone(tz ? tz : "/etc/localtime");
}

void
host_read(char *const *env)
{
	const char *user = of_env(env, "USER");
	if (!user || !*user)
		user = of_env(env, "LOGNAME");
	if (user && *user)
		copy(host.user, sizeof host.user, user, strlen(user));
	else if (geteuid() == 0)
		copy(host.user, sizeof host.user, "root", 4);
	find_zone(of_env(env, "TZ"));
	host.statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	if (host.meminfo < 0)
		host.meminfo = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
	if (host.stat < 0)
		host.stat = open("/proc/stat", O_RDONLY | O_CLOEXEC);
}

void
host_adopt(int meminfo, int stat)
{
	host.meminfo = meminfo;
	host.stat = stat;
	if (meminfo >= 0)
		fcntl(meminfo, F_SETFD, FD_CLOEXEC);
	if (stat >= 0)
		fcntl(stat, F_SETFD, FD_CLOEXEC);
}

uint32_t
host_processors(void)
{
	static _Atomic uint32_t known;
	if (!known) {
		cpu_set_t set[16];
		int n = sched_getaffinity(0, sizeof set, set) == 0 ? CPU_COUNT_S(sizeof set, set)
		                                                   : 1;
		known = n < 1 ? 1 : n > 64 ? 64 : (uint32_t)n;
	}
	return known;
}

uint64_t
host_processor_mask(void)
{
	uint32_t n = host_processors();
	return n == 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
}

static uint64_t
field(const char *text, const char *key)
{
	const char *p = strstr(text, key);
	return p ? strtoull(p + strlen(key), NULL, 10) * 1024 : 0;
}

struct host_memory
host_memory(void)
{
	struct host_memory m = { 0 };
	struct sysinfo s;
	char text[2048];
	ssize_t n = host.meminfo < 0 ? -1 : pread(host.meminfo, text, sizeof text - 1, 0);
	if (n > 0) {
		text[n] = 0;
		m.total = field(text, "MemTotal:");
		m.available = field(text, "MemAvailable:");
		m.swap_total = field(text, "SwapTotal:");
		m.swap_free = field(text, "SwapFree:");
	} else if (sysinfo(&s) == 0) {
		m.total = s.totalram * s.mem_unit;
		m.available = (s.freeram + s.bufferram) * s.mem_unit;
		m.swap_total = s.totalswap * s.mem_unit;
		m.swap_free = s.freeswap * s.mem_unit;
	}
	return m;
}

struct host_use
host_use(void)
{
	struct host_use u = { 0 };
	struct rusage r;
	char text[128];
	ssize_t n = host.statm < 0 ? -1 : pread(host.statm, text, sizeof text - 1, 0);
	if (getrusage(RUSAGE_SELF, &r) == 0) {
		u.peak = (uint64_t)r.ru_maxrss * 1024;
		u.faults = (uint64_t)(r.ru_minflt + r.ru_majflt);
	}
	u.resident = u.private = u.size = u.peak;
	if (n > 0) {
		unsigned long size, resident, shared;
		text[n] = 0;
		if (sscanf(text, "%lu %lu %lu", &size, &resident, &shared) == 3) {
			u.size = size * 4096;
			u.resident = resident * 4096;
			u.private = (resident - shared) * 4096;
		}
	}
	if (u.peak < u.resident)
		u.peak = u.resident;
	return u;
}

struct host_times
host_times(int processor)
{
	struct host_times t = { 0 };
	char text[8192], key[16];
	const char *p;
	ssize_t n = host.stat < 0 ? -1 : pread(host.stat, text, sizeof text - 1, 0);
	unsigned long long user, nice, kernel, idle, wait, irq, soft;
	if (n <= 0)
		return t;
	text[n] = 0;
	snprintf(key, sizeof key, processor < 0 ? "cpu " : "cpu%d ", processor);
	p = strstr(text, key);
	if (p && sscanf(p + strlen(key), "%llu %llu %llu %llu %llu %llu %llu", &user, &nice,
	                &kernel, &idle, &wait, &irq, &soft) == 7) {
		/* hundredths of a second */
		t.idle = (idle + wait) * 100000;
		t.kernel = (kernel + irq + soft) * 100000;
		t.user = (user + nice) * 100000;
	}
	return t;
}

void
host_name(char out[65])
{
	struct utsname u;
	if (birth.hostname)
		snprintf(out, 65, "%s", birth.hostname);
	else if (uname(&u) < 0 || !u.nodename[0])
		snprintf(out, 65, "joist");
	else
		snprintf(out, 65, "%s", u.nodename);
}

void
host_short(const char *name, char out[16])
{
	size_t n = 0;
	for (; name[n] && name[n] != '.' && n < 15; n++)
		out[n] = name[n] >= 'a' && name[n] <= 'z' ? (char)(name[n] - 32) : name[n];
	out[n] = 0;
}

void
host_random(void *out, size_t n)
{
	char *p = out;
	while (n) {
		ssize_t k = getrandom(p, n > 256 ? 256 : n, 0);
		if (k <= 0)
			continue;
		p += k;
		n -= (size_t)k;
	}
}
