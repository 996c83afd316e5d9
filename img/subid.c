/* SPDX-License-Identifier: Apache-2.0 */
#include "img/subid.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/proc.h"
#include "base/str.h"

/* subuid(5): the largest range of our user, by number or by name. */
static bool
range(const char *file, const char *uid, const char *name, uint64_t *from, uint64_t *count)
{
	char *text, *rest, *line;

	*count = 0;
	if (file_read(AT_FDCWD, file, 1 << 20, &text, NULL, NULL) < 0)
		return false;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		char *who = strsep(&line, ":"), *first = strsep(&line, ":");
		uint64_t a, n;
		if (!first || !line || (strcmp(who, uid) != 0 && (!name || strcmp(who, name) != 0)))
			continue;
		if (str_u64(first, UINT32_MAX - 1, &a) && str_u64(line, UINT32_MAX - a, &n) &&
		    n > *count) {
			*from = a;
			*count = n;
		}
	}
	free(text);
	return *count > 0;
}

/* From the file itself: this code is linked into a static program too, where
 * the C library's name service cannot be used. */
static char *
user_name(const char *uid)
{
	char *text, *rest, *line, *name = NULL;

	if (file_read(AT_FDCWD, "/etc/passwd", 4 << 20, &text, NULL, NULL) < 0)
		return NULL;
	rest = text;
	while (!name && (line = strsep(&rest, "\n"))) {
		char *who = strsep(&line, ":");
		strsep(&line, ":");
		char *number = strsep(&line, ":");
		if (number && strcmp(number, uid) == 0)
			name = xstrdup(who);
	}
	free(text);
	return name;
}

static bool
find(uint64_t uid[2], uint64_t gid[2])
{
	char number[16];

	snprintf(number, sizeof number, "%u", geteuid());
	char *name = user_name(number);
	bool ok = range("/etc/subuid", number, name, &uid[0], &uid[1]) &&
	          range("/etc/subgid", number, name, &gid[0], &gid[1]);
	free(name);
	return ok && proc_which("newuidmap", NULL, 0) && proc_which("newgidmap", NULL, 0);
}

bool
subid_possible(void)
{
	uint64_t uid[2], gid[2];

	return geteuid() != 0 && find(uid, gid);
}

static int
write_map(const char *program, pid_t pid, unsigned self, const uint64_t range_of[2], struct err *e)
{
	char p[16], own[16], from[24], count[24], *out = NULL;
	char *argv[] = { (char *)program, p, "0", own, "1", "1", from, count, NULL };

	snprintf(p, sizeof p, "%d", (int)pid);
	snprintf(own, sizeof own, "%u", self);
	snprintf(from, sizeof from, "%llu", (unsigned long long)range_of[0]);
	snprintf(count, sizeof count, "%llu", (unsigned long long)range_of[1]);
	int status = proc_run(argv, &out, e);
	if (status > 0) {
		if (out)
			out[strcspn(out, "\n")] = '\0';
		fail(e, EPERM, "%s: %s", program, out && *out ? out : "it failed");
	}
	free(out);
	return status == 0 ? 0 : -1;
}

/* A child that stays outside writes the maps of us, who went in. */
int
subid_enter(struct err *e)
{
	uint64_t uid[2] = { 0 }, gid[2] = { 0 };
	unsigned our_uid = geteuid(), our_gid = getegid();
	pid_t us = getpid();
	int go[2];
	char c = 0;

	if (!find(uid, gid))
		return fail(e, ENOENT,
		            "there are no ranges for this user in /etc/subuid and /etc/subgid");
	struct err *told =
	        mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (told == MAP_FAILED)
		return fail(e, errno, "cannot share memory: %s", strerror(errno));
	if (pipe2(go, O_CLOEXEC) < 0) {
		munmap(told, sizeof *told);
		return fail(e, errno, "cannot make a pipe: %s", strerror(errno));
	}
	pid_t pid = fork();
	if (pid == 0) {
		close(go[1]);
		ssize_t n;
		while ((n = read(go[0], &c, 1)) < 0 && errno == EINTR)
			;
		if (n != 1)
			_exit(1);
		_exit(write_map("newuidmap", us, our_uid, uid, told) < 0 ||
		      write_map("newgidmap", us, our_gid, gid, told) < 0);
	}
	close(go[0]);
	int rc = pid < 0 ? fail(e, errno, "cannot fork: %s", strerror(errno)) : 0;
	if (rc == 0 && unshare(CLONE_NEWUSER) < 0) {
		rc = fail(e, errno, "cannot make a user namespace: %s", strerror(errno));
		err_hint(e, "look at: joist doctor");
	}
	if (rc == 0 && file_write_all(go[1], &c, 1) < 0)
		rc = fail(e, errno, "cannot map the ids of /etc/subuid: %s", strerror(errno));
	close(go[1]);
	if (pid > 0 && proc_wait(pid) != 0 && rc == 0)
		rc = fail(e, told->code ? told->code : EPERM, "%s",
		          told->what[0] ? told->what : "cannot map the ids of /etc/subuid");
	munmap(told, sizeof *told);
	/* We are 0 already; this settles the groups and the file system ids. */
	if (rc == 0 && (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0))
		rc = fail(e, errno, "cannot become root of the user namespace: %s",
		          strerror(errno));
	return rc;
}

int
subid_run(int (*fn)(void *ctx, struct err *e), void *ctx, struct err *e)
{
	struct err *told =
	        mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (told == MAP_FAILED)
		return fail(e, errno, "cannot share memory: %s", strerror(errno));
	pid_t pid = fork();
	if (pid == 0)
		_exit(subid_enter(told) < 0 || fn(ctx, told) < 0);
	int rc = 0;
	if (pid < 0) {
		rc = fail(e, errno, "cannot fork: %s", strerror(errno));
	} else if (proc_wait(pid) != 0) {
		rc = fail(e, told->code ? told->code : EIO, "%s",
		          told->what[0] ? told->what : "a helper process failed");
		if (told->hint[0])
			err_hint(e, "%s", told->hint);
	}
	munmap(told, sizeof *told);
	return rc;
}
