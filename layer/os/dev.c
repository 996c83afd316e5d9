/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/dev.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "base/host_linux.h"
#include "base/str.h"
#include "layer/os/mount.h"

static const struct {
	const char *name;
	unsigned major, minor;
} nodes[] = {
#define DEV(name, major, minor) { name, major, minor },
#include "layer/os/dev.def"
#undef DEV
};

static const struct {
	const char *name, *to;
} links[] = {
	{ "/dev/fd", "/proc/self/fd" },       { "/dev/stdin", "/proc/self/fd/0" },
	{ "/dev/stdout", "/proc/self/fd/1" }, { "/dev/stderr", "/proc/self/fd/2" },
	{ "/dev/ptmx", "pts/ptmx" },
};

/* The host's node in place of one of our own. */
static int
show(const char *path, int host_root, struct err *e)
{
	int fd = host_open_tree(host_root, path + 1, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd < 0)
		return fail(e, errno, "device '%s': %s", path, strerror(errno));
	int rc = mount_point(path, false, e);
	if (rc == 0 && host_move_mount(fd, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		rc = fail(e, errno, "device '%s': %s", path, strerror(errno));
	close(fd);
	return rc;
}

static int
make(const char *path, mode_t mode, dev_t dev, bool user_ns, int host_root, struct err *e)
{
	if (user_ns && !S_ISFIFO(mode))
		return show(path, host_root, e);
	if (mknod(path, mode, dev) == 0 || errno == EEXIST)
		return 0;
	if (errno == ENOENT) {
		if (mount_point(path, false, e) < 0)
			return -1;
		unlink(path);
		if (mknod(path, mode, dev) == 0)
			return 0;
	}
	if (errno == EPERM)
		return show(path, host_root, e);
	return fail(e, errno, "device '%s': %s", path, strerror(errno));
}

static int
own(const struct spec *s, bool user_ns, int host_root, struct err *e)
{
	for (size_t i = 0; i < s->ndevices; i++) {
		const struct device_spec *d = &s->devices[i];
		mode_t kind = d->type == 'b' ? S_IFBLK : d->type == 'p' ? S_IFIFO : S_IFCHR;

		if (make(d->path, kind | d->mode, makedev(d->major, d->minor), user_ns, host_root,
		         e) < 0)
			return -1;
		if (!user_ns && (chmod(d->path, d->mode) < 0 || chown(d->path, d->uid, d->gid) < 0))
			return fail(e, errno, "device '%s': %s", d->path, strerror(errno));
	}
	return 0;
}

int
dev_fill(const struct spec *s, bool user_ns, int host_root, struct err *e)
{
	char path[32];
	bool fresh = false;

	/* A /dev that is the host's own, or the image's, is not ours to fill. */
	for (size_t i = 0; i < s->nmounts && !fresh; i++)
		fresh = strcmp(s->mounts[i].dest, "/dev") == 0 && s->mounts[i].type &&
		        strcmp(s->mounts[i].type, "tmpfs") == 0;
	if (fresh) {
		mode_t mask = umask(0);
		for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++) {
			snprintf(path, sizeof path, "/dev/%s", nodes[i].name);
			if (make(path, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor),
			         user_ns, host_root, e) < 0)
				return -1;
		}
		umask(mask);
		/* Where devpts, shm and mqueue go, so that no mount has to look. */
		mkdir("/dev/pts", 0755);
		mkdir("/dev/shm", 0755);
		mkdir("/dev/mqueue", 0755);
		for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
			if (symlink(links[i].to, links[i].name) < 0 && errno != EEXIST)
				return fail(e, errno, "'%s': %s", links[i].name, strerror(errno));
	}
	return own(s, user_ns, host_root, e);
}

int
dev_console(const struct process *p, bool show_it, struct err *e)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct winsize size = { .ws_row = (unsigned short)p->rows,
		                .ws_col = (unsigned short)p->cols };
	char path[32];
	int zero = 0;
	unsigned n;

	if (master < 0 || ioctl(master, TIOCSPTLCK, &zero) < 0 || ioctl(master, TIOCGPTN, &n) < 0) {
		fail(e, errno, "cannot make a terminal: %s", strerror(errno));
		return err_hint(e, "the container needs devpts on /dev/pts; or run it without -t");
	}
	int tty = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (tty < 0)
		return fail(e, errno, "cannot open the terminal: %s", strerror(errno));
	if (p->rows)
		ioctl(master, TIOCSWINSZ, &size);
	if (fchown(tty, p->uid, (gid_t)-1) < 0 && errno != EINVAL && errno != EPERM &&
	    errno != EROFS)
		return fail(e, errno, "cannot give the terminal away: %s", strerror(errno));
	snprintf(path, sizeof path, "/dev/pts/%u", n);
	if (show_it && mount_point("/dev/console", false, NULL) == 0 &&
	    mount(path, "/dev/console", NULL, MS_BIND, NULL) < 0)
		return fail(e, errno, "cannot show the terminal as /dev/console: %s",
		            strerror(errno));
	if (ioctl(tty, TIOCSCTTY, 0) < 0)
		return fail(e, errno, "cannot take the terminal: %s", strerror(errno));
	for (int i = 0; i < 3; i++)
		if (dup2(tty, i) < 0)
			return fail(e, errno, "cannot use the terminal: %s", strerror(errno));
	if (tty > 2)
		close(tty);
	return master;
}
