/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.c -- what this host has, and what that means. */
#include "include/joist.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "all/face.h"
#include "base/file.h"
#include "base/host_linux.h"
#include "base/proc.h"
#include "base/str.h"

enum verdict { GOOD, FAIR, MISSING };

static const char *const words[] = { "ok", "limited", "missing" };

struct report {
	json_t *list;
};

static void say(struct report *r, const char *what, enum verdict v, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));

static void
say(struct report *r, const char *what, enum verdict v, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	json_array_append_new(r->list, json_pack("{s:s, s:s, s:s}", "what", what, "verdict",
	                                         words[v], "about", text));
}

static void
kernel(struct report *r)
{
	struct utsname u;
	int major = 0, minor = 0;

	uname(&u);
	sscanf(u.release, "%d.%d", &major, &minor);
	bool enough = major > 5 || (major == 5 && minor >= 14);
	say(r, "kernel", enough ? GOOD : MISSING,
	    enough ? "Linux %s has all calls that Joist needs"
	           : "Linux %s is too old: 5.14 is the least",
	    u.release);
}

/* Run fn in a child with these clone flags; true when both work. */
static bool
works(uint64_t flags, int (*fn)(void))
{
	struct clone_args a = { .flags = flags | CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD };
	pid_t pid = host_clone3(&a);

	if (pid == 0)
		_exit(fn ? fn() : 0);
	return pid > 0 && proc_wait(pid) == 0;
}

static void
namespaces(struct report *r)
{
	static const struct {
		const char *name;
		uint64_t flag;
		const char *without;
	} rows[] = {
		{ "mount", CLONE_NEWNS, "containers cannot have a root of their own" },
		{ "pid", CLONE_NEWPID, "use --pid host" },
		{ "network", CLONE_NEWNET, "use --net host" },
		{ "ipc", CLONE_NEWIPC, "use --ipc host" },
		{ "uts", CLONE_NEWUTS, "use --uts host" },
		{ "cgroup", CLONE_NEWCGROUP, "use --cgroupns host" },
		{ "time", CLONE_NEWTIME, "linux.timeOffsets cannot be used" },
	};
	bool root = geteuid() == 0, users = works(CLONE_NEWUSER, NULL);
	struct str bad = { 0 };

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (!works(rows[i].flag | (root ? 0u : CLONE_NEWUSER), NULL))
			str_printf(&bad, "%s%s (%s)", bad.n ? ", " : "", rows[i].name,
			           rows[i].without);
	say(r, "namespaces", bad.n ? FAIR : GOOD, bad.n ? "not available: %s" : "all kinds%s",
	    str_text(&bad));
	str_free(&bad);
	if (users)
		say(r, "user namespaces", GOOD,
		    "containers can run without root, and root's can be "
		    "nobody outside (--userns private)");
	else
		say(r, "user namespaces", root ? FAIR : MISSING,
		    "forbidden on this host: only root can run containers; look at "
		    "/proc/sys/user/max_user_namespaces and "
		    "/proc/sys/kernel/unprivileged_userns_clone");
}

static void
cgroups(struct report *r)
{
	struct statfs top, unified;
	char controllers[256] = "";
	bool v2 = statfs("/sys/fs/cgroup", &top) == 0 && top.f_type == 0x63677270;
	bool hybrid = !v2 && statfs("/sys/fs/cgroup/unified", &unified) == 0 &&
	              unified.f_type == 0x63677270;

	if (v2) {
		file_peek(AT_FDCWD, "/sys/fs/cgroup/cgroup.controllers", controllers,
		          sizeof controllers);
		say(r, "cgroups", *controllers ? GOOD : FAIR, "version 2, controllers: %s",
		    *controllers ? controllers : "none, so limits cannot be set");
	} else if (hybrid) {
		say(r, "cgroups", GOOD,
		    "versions 1 and 2 side by side (hybrid): version 2 holds the "
		    "processes, a version 1 hierarchy is used for each limit");
	} else if (access("/sys/fs/cgroup/memory", F_OK) == 0) {
		say(r, "cgroups", FAIR,
		    "version 1 only: everything works, killing and pausing are slower");
	} else {
		say(r, "cgroups", MISSING, "none mounted: limits, pause and top do not work");
	}
	if (geteuid() != 0 && access("/sys/fs/cgroup/cgroup.procs", W_OK) < 0)
		say(r, "cgroup delegation", FAIR,
		    "this user may not make cgroups: limits and pause need "
		    "a login session of systemd with delegation, or root");
}

static int
try_overlay(void)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/tmp", "tmpfs", 0, NULL) < 0 || mkdir("/tmp/l", 0755) < 0 ||
	    mkdir("/tmp/u", 0755) < 0 || mkdir("/tmp/w", 0755) < 0 || mkdir("/tmp/m", 0755) < 0)
		return 1;
	return mount("overlay", "/tmp/m", "overlay", 0,
	             "lowerdir=/tmp/l,upperdir=/tmp/u,workdir=/tmp/w") < 0;
}

static void
files(struct report *r)
{
	bool root = geteuid() == 0;

	/* Mapping oneself to root is not needed for the question: an overlay in
	 * a fresh user namespace is allowed to its owner. */
	bool ok = works(CLONE_NEWNS | (root ? 0u : CLONE_NEWUSER), try_overlay);
	say(r, "overlayfs", ok ? GOOD : FAIR,
	    ok ? "machines share the layers of their image"
	       : "refused here: each machine gets a copy of its image's layers");
}

static void
devices(struct report *r)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd >= 0) {
		say(r, "/dev/kvm", GOOD, "hardware virtualisation can be used");
		close(fd);
	} else {
		say(r, "/dev/kvm", errno == ENOENT ? MISSING : FAIR,
		    "%s: computers run in software only", strerror(errno));
	}
	bool tun = access("/dev/net/tun", R_OK | W_OK) == 0;
	say(r, "/dev/net/tun", tun ? GOOD : MISSING,
	    tun ? "the user network can be used" : "not usable: --net user does not work");
}

static void
programs(struct report *r)
{
	static const struct {
		const char *name, *package, *gives;
	} rows[] = {
		{ "pasta", "passt", "--net user" },
		{ "slirp4netns", "slirp4netns", "--net user where pasta cannot" },
		{ "nft", "nftables", "named networks: addresses to the outside, published ports" },
		{ "newuidmap", "uidmap", "containers of several users without root" },
		{ "criu", "criu", "checkpoints of containers" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (proc_which(rows[i].name, NULL, 0))
			say(r, rows[i].name, GOOD, "there, for %s", rows[i].gives);
		else
			say(r, rows[i].name, MISSING, "would give %s: apt-get install %s",
			    rows[i].gives, rows[i].package);
	}
	static const char *const own[] = { "joist-image", "joist-dns" };
	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
		char *path = proc_libexec(own[i]);
		bool there = access(path, X_OK) == 0;
		say(r, own[i], there ? GOOD : MISSING, "%s%s", path, there ? "" : " is not there");
		free(path);
	}
}

static void
security(struct report *r)
{
	char lsm[256];

	bool seccomp =
	        file_peek(AT_FDCWD, "/proc/sys/kernel/seccomp/actions_avail", lsm, sizeof lsm) > 0;
	say(r, "seccomp", seccomp ? GOOD : MISSING,
	    seccomp ? "system calls are filtered" : "this kernel cannot filter system calls");
	if (file_peek(AT_FDCWD, "/sys/kernel/security/lsm", lsm, sizeof lsm) > 0)
		say(r, "security modules", GOOD, "%s", lsm);
	else
		say(r, "security modules", FAIR, "not known: /sys/kernel/security is not mounted");
}

int
joist_doctor(struct joist *j, char **json, struct err *e)
{
	struct report r = { .list = json_array() };
	struct err inner = { 0 };

	(void)e;
	kernel(&r);
	namespaces(&r);
	cgroups(&r);
	files(&r);
	security(&r);
	devices(&r);
	programs(&r);
	struct store *s = face_store(j, &inner);
	say(&r, "store", s ? GOOD : MISSING, "%s", s ? s->path : inner.what);
	*json = face_text(r.list);
	return 0;
}
