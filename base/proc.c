/* SPDX-License-Identifier: Apache-2.0 */
#include "base/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/host_linux.h"
#include "base/sig.h"
#include "base/str.h"

extern char **environ;

bool
proc_which(const char *name, char *path, size_t size)
{
	static const char extra[] = ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin";
	char buf[4096];
	struct stat st;

	if (strchr(name, '/')) {
		if (path)
			snprintf(path, size, "%s", name);
		return access(name, X_OK) == 0;
	}
	const char *env = getenv("PATH");
	char *all = xprintf("%s%s", env ? env : "", extra), *rest = all, *dir;
	bool found = false;
	while (!found && (dir = strsep(&rest, ":"))) {
		if (!*dir)
			continue;
		snprintf(buf, sizeof buf, "%s/%s", dir, name);
		found = access(buf, X_OK) == 0 && stat(buf, &st) == 0 && S_ISREG(st.st_mode);
	}
	free(all);
	if (found && path)
		snprintf(path, size, "%s", buf);
	return found;
}

pid_t
proc_spawn(char *const argv[], char *const env[], const int fd[3], struct err *e)
{
	char path[4096];
	int report[2];

	if (!proc_which(argv[0], path, sizeof path))
		return fail(e, ENOENT, "program '%s' is not there", argv[0]),
		       err_status(e, EXIT_NOT_FOUND);
	if (pipe2(report, O_CLOEXEC) < 0)
		return fail(e, errno, "cannot make a pipe: %s", strerror(errno));
	struct clone_args a = { .flags = CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD };
	pid_t pid = host_clone3(&a);
	if (pid == 0) {
		int in[3];
		sigset_t none;
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		/* clone(2): CLONE_CLEAR_SIGHAND leaves what is ignored ignored. */
		for (int sig = 1; sig < NSIG; sig++)
			signal(sig, SIG_DFL);
		/* First out of the way, so that no dup2 overwrites a later source. */
		int r = fcntl(report[1], F_DUPFD_CLOEXEC, 10);
		for (int i = 0; i < 3; i++)
			in[i] = fd[i] < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC)
			                  : fcntl(fd[i], F_DUPFD_CLOEXEC, 10);
		for (int i = 0; i < 3; i++)
			dup2(in[i], i);
		close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
		execve(path, argv, env ? env : environ);
		int why = errno;
		file_write_all(r, &why, sizeof why);
		_exit(127);
	}
	int why = errno;
	close(report[1]);
	if (pid < 0) {
		close(report[0]);
		return fail(e, why, "cannot start '%s': %s", argv[0], strerror(why));
	}
	ssize_t n;
	do
		n = read(report[0], &why, sizeof why);
	while (n < 0 && errno == EINTR);
	close(report[0]);
	if (n == sizeof why) {
		proc_wait(pid);
		return fail(e, why, "cannot start '%s': %s", path, strerror(why));
	}
	return pid;
}

int
proc_status(int wstatus)
{
	if (WIFSIGNALED(wstatus))
		return 128 + WTERMSIG(wstatus);
	return WEXITSTATUS(wstatus);
}

int
proc_wait(pid_t pid)
{
	int w;

	while (waitpid(pid, &w, 0) < 0)
		if (errno != EINTR)
			return -1;
	return proc_status(w);
}

int
proc_run(char *const argv[], char **out, struct err *e)
{
	enum { MOST = 64 << 10 };
	struct str s = { 0 };
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return fail(e, errno, "cannot make a pipe: %s", strerror(errno));
	pid_t pid = proc_spawn(argv, NULL, (int[3]){ -1, p[1], p[1] }, e);
	close(p[1]);
	if (pid < 0) {
		close(p[0]);
		return -1;
	}
	for (;;) {
		char buf[4096];
		ssize_t n = read(p[0], buf, sizeof buf);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		if (s.n < MOST)
			str_addn(&s, buf, (size_t)n);
	}
	close(p[0]);
	int status = proc_wait(pid);
	if (out)
		*out = str_take(&s);
	str_free(&s);
	return status;
}

uint64_t
proc_start_time(pid_t pid)
{
	char path[32], buf[1024];

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (pid <= 0 || file_peek(AT_FDCWD, path, buf, sizeof buf) < 0)
		return 0;
	/* The name in field 2 may hold anything, also ") "; the last ')' ends it. */
	const char *p = strrchr(buf, ')');
	for (int field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	return p ? strtoull(p + 1, NULL, 10) : 0;
}

const char *
proc_boot_id(void)
{
	static char id[40];

	if (!id[0] && file_peek(AT_FDCWD, "/proc/sys/kernel/random/boot_id", id, sizeof id) < 0)
		snprintf(id, sizeof id, "unknown");
	return id;
}

char *
proc_libexec(const char *name)
{
	static const char *const where[] = { "libexec", "../libexec/joist", "." };
	char self[4096];

	const char *env = getenv("JOIST_LIBEXEC");
	if (env && *env)
		return xprintf("%s/%s", env, name);
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	self[n < 0 ? 0 : n] = '\0';
	char *slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; i < sizeof where / sizeof where[0]; i++) {
		char *path = xprintf("%s/%s/%s", self, where[i], name);
		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return xprintf(JOIST_PREFIX "/libexec/joist/%s", name);
}

static int64_t
clock_ns(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t
proc_now(void)
{
	return clock_ns(CLOCK_REALTIME);
}
int64_t
proc_monotonic(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* Days since 1970 of a date of the Gregorian calendar, and back: a year begins
 * in March, so that the day that comes and goes is its last.  The C library's
 * own would read the time zone's file at every start of a program. */
static int64_t
days_of(int64_t y, int64_t m, int64_t d)
{
	y -= m <= 2;
	int64_t era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void
date_of(int64_t days, int *y, int *m, int *d)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097, day = days - era * 146097;
	int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	int64_t of_year = day - (365 * year + year / 4 - year / 100),
	        month = (5 * of_year + 2) / 153;

	*d = (int)(of_year - (153 * month + 2) / 5 + 1);
	*m = (int)(month < 10 ? month + 3 : month - 9);
	*y = (int)(year + era * 400 + (*m <= 2));
}

const char *
proc_time_text(int64_t ns, char buf[40])
{
	int64_t s = ns / 1000000000, rest = ns % 1000000000;
	int y, m, d;

	if (rest < 0) {
		rest += 1000000000;
		s--;
	}
	int64_t days = (s >= 0 ? s : s - 86399) / 86400;
	int t = (int)(s - days * 86400);
	date_of(days, &y, &m, &d);
	/* The compiler cannot know how small the numbers are. */
	snprintf(buf, 40, "%04u-%02u-%02uT%02u:%02u:%02u.%09uZ", (unsigned)y % 10000,
	         (unsigned)m % 100, (unsigned)d % 100, (unsigned)t / 3600 % 24,
	         (unsigned)t / 60 % 60, (unsigned)t % 60, (unsigned)rest % 1000000000);
	return buf;
}

/* Exactly n digits at *p, which moves behind them; -1 when there are fewer. */
static int
digits(const char **p, int n)
{
	int v = 0;

	for (; n > 0; n--, (*p)++) {
		if (**p < '0' || **p > '9')
			return -1;
		v = v * 10 + (**p - '0');
	}
	return v;
}

int64_t
proc_time_parse(const char *p)
{
	/* Separators of "2026-01-31T12:00:00", behind each number. */
	static const char after[] = "--T::";
	static const int width[] = { 4, 2, 2, 2, 2, 2 }, least[] = { 1970, 1, 1, 0, 0, 0 },
	                 most[] = { 2261, 12, 31, 23, 59, 60 };
	int64_t frac = 0, unit = 100000000, shift = 0;
	int v[6];

	for (int i = 0; i < 6; i++) {
		v[i] = digits(&p, width[i]);
		if (v[i] < least[i] || v[i] > most[i] || (i < 5 && *p++ != after[i]))
			return -1;
	}
	if (*p == '.')
		for (p++; *p >= '0' && *p <= '9'; p++, unit /= 10)
			frac += (*p - '0') * unit;
	if (*p == '+' || *p == '-') {
		int sign = *p++ == '-' ? 1 : -1, h = digits(&p, 2),
		    m = *p == ':' ? (p++, digits(&p, 2)) : -1;
		if (h < 0 || m < 0 || h > 23 || m > 59)
			return -1;
		shift = sign * (h * 3600 + m * 60);
	} else if (*p == 'Z' || *p == 'z') {
		p++;
	} else {
		return -1;
	}
	if (*p)
		return -1;
	int64_t s = days_of(v[0], v[1], v[2]) * 86400 + v[3] * 3600 + v[4] * 60 + v[5] + shift;
	return s * 1000000000 + frac;
}

int
proc_stdio(const int fd[3], struct err *e)
{
	int in[3];

	/* First out of the way, so that no dup2 overwrites a later source. */
	for (int i = 0; i < 3; i++) {
		if (fd[i] == i) {
			in[i] = -1;
			continue;
		}
		in[i] = fd[i] < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC)
		                  : fcntl(fd[i], F_DUPFD_CLOEXEC, 10);
		if (in[i] < 0)
			return fail(e, errno, "standard descriptor %d: %s", i, strerror(errno));
	}
	for (int i = 0; i < 3; i++) {
		if (in[i] < 0)
			fcntl(i, F_SETFD, 0);
		else if (dup2(in[i], i) < 0)
			return fail(e, errno, "standard descriptor %d: %s", i, strerror(errno));
	}
	return 0;
}

bool
proc_spared(pid_t pid, int sig)
{
	char path[32], text[8192];
	static const char *const keys[] = { "\nSigBlk:", "\nSigIgn:", "\nSigCgt:" };
	uint64_t bit = UINT64_C(1) << (sig - 1);

	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	if (!sig_fatal(sig) || file_peek(AT_FDCWD, path, text, sizeof text) < 0)
		return false;
	for (int i = 0; i < 3; i++) {
		char *p = strstr(text, keys[i]);
		if (!p || (strtoull(p + 8, NULL, 16) & bit))
			return false;
	}
	return true;
}

/* The parent of a process: the second field behind its name, which may hold anything. */
static pid_t
parent_of(const char *pid)
{
	char path[300], text[512];
	snprintf(path, sizeof path, "/proc/%s/stat", pid);
	if (file_peek(AT_FDCWD, path, text, sizeof text) <= 0)
		return 0;
	const char *end = strrchr(text, ')');
	int parent = 0;
	return end && sscanf(end + 1, " %*c %d", &parent) == 1 ? (pid_t)parent : 0;
}

static bool
holds(const pid_t *list, size_t n, pid_t pid)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == pid)
			return true;
	return false;
}

void
proc_signal_tree(pid_t pid, int sig)
{
	size_t n = 1, room = 16, before;
	pid_t *list = xcalloc(room, sizeof *list);
	list[0] = pid;
	kill(pid, sig);
	/* again until there is none that we had not: who was not stopped yet could make another */
	do {
		before = n;
		DIR *d = opendir("/proc");
		for (struct dirent *x; d && (x = readdir(d));) {
			pid_t p = (pid_t)strtol(x->d_name, NULL, 10);
			if (p <= 0 || holds(list, n, p) || !holds(list, n, parent_of(x->d_name)) ||
			    kill(p, sig) < 0)
				continue;
			if (n == room)
				list = xrealloc(list, (room *= 2) * sizeof *list);
			list[n++] = p;
		}
		if (d)
			closedir(d);
	} while (n > before);
	free(list);
}
