/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/lsm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/file.h"

/* An image could have put something else where proc should be. */
static int
proc_file(const char *path)
{
	struct statfs fs;
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd >= 0 && (fstatfs(fd, &fs) < 0 || fs.f_type != 0x9fa0 /* PROC_SUPER_MAGIC */)) {
		close(fd);
		errno = ENOENT;
		return -1;
	}
	return fd;
}

static int
write_label(const char *const paths[], const char *text, const char *what, struct err *e)
{
	int fd = -1;

	for (; fd < 0 && *paths; paths++)
		fd = proc_file(*paths);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));
	int why = errno;
	if (fd >= 0)
		close(fd);
	if (n >= 0)
		return 0;
	if (why == ENOENT || why == EINVAL) {
		fail(e, ENOENT, "%s '%s' cannot be used: this host has no such module or profile",
		     what, text);
		return err_hint(e, "load it first, or leave the option out");
	}
	return fail(e, why, "%s '%s': %s", what, text, strerror(why));
}

int
lsm_check(const char *mount_label, struct err *e)
{
	if (!mount_label || !*mount_label)
		return 0;
	fail(e, ENOTSUP, "linux.mountLabel '%s' cannot be used: mounts are not labelled",
	     mount_label);
	return err_hint(e, "label the files themselves (chcon), and leave mountLabel out");
}

int
lsm_apply(const char *apparmor, const char *selinux, struct err *e)
{
	static const char *const armor[] = { "/proc/self/attr/apparmor/exec",
		                             "/proc/self/attr/exec", NULL };
	static const char *const linux_[] = { "/proc/self/attr/exec", NULL };
	char text[512];

	if (apparmor && *apparmor && strcmp(apparmor, "unconfined") != 0) {
		snprintf(text, sizeof text, "exec %s", apparmor);
		if (write_label(armor, text, "AppArmor profile", e) < 0)
			return -1;
	}
	if (selinux && *selinux)
		return write_label(linux_, selinux, "SELinux label", e);
	return 0;
}
