/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/host_linux.h"
#include "base/str.h"
#include "layer/os/guest.h"

/* The classic call hands all options over in one page; more layers need the
 * newer one, which takes them one by one (Linux 6.5). */
static int
overlay(const struct root_source *r, bool user_ns, const char *at, struct err *e)
{
	char data[4096], path[PATH_MAX];

	int n = snprintf(data, sizeof data, "lowerdir=%s,upperdir=%s/upper,workdir=%s/work%s",
	                 r->lowerdir, r->base, r->base, user_ns ? ",userxattr" : "");
	if (n < (int)sizeof data - 1 && !strchr(r->base, ',') && !strchr(r->base, ':')) {
		if (fchdir(r->lower) < 0)
			return fail(e, errno, "the layers: %s", strerror(errno));
		return mount("overlay", at, "overlay", 0, data);
	}
	int fs = host_fsopen("overlay", FSOPEN_CLOEXEC);
	if (fs < 0 || fchdir(r->lower) < 0)
		return -1;
	for (const char *p = r->lowerdir; *p;) {
		size_t k = strcspn(p, ":");
		snprintf(path, sizeof path, "%.*s", (int)k, p);
		if (host_fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir+", path, 0) < 0)
			goto bad;
		p += k + (p[k] == ':');
	}
	snprintf(path, sizeof path, "%s/upper", r->base);
	if (host_fsconfig(fs, FSCONFIG_SET_STRING, "upperdir", path, 0) < 0)
		goto bad;
	snprintf(path, sizeof path, "%s/work", r->base);
	if (host_fsconfig(fs, FSCONFIG_SET_STRING, "workdir", path, 0) < 0 ||
	    (user_ns && host_fsconfig(fs, FSCONFIG_SET_FLAG, "userxattr", NULL, 0) < 0) ||
	    host_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		goto bad;
	int m = host_fsmount(fs, FSMOUNT_CLOEXEC, 0);
	if (m < 0 || host_move_mount(m, "", AT_FDCWD, at, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		goto bad;
	close(m);
	close(fs);
	return 0;
bad:
	close(fs);
	return -1;
}

static int
stand_in(const char *path, struct err *e)
{
	if (chdir(path) < 0)
		return fail(e, errno, "root folder '%s': %s", path, strerror(errno));
	return 0;
}

static int
bind_here(const char *path, struct err *e)
{
	if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) < 0) {
		fail(e, errno, "root folder '%s': %s", path, strerror(errno));
		if (errno == ENOENT)
			err_hint(e, "check the path; an image is run by its name");
		return -1;
	}
	return stand_in(path, e);
}

static unsigned long
propagation(const char *word)
{
	if (word && str_ends(word, "slave"))
		return MS_SLAVE | MS_REC;
	if (word && str_ends(word, "shared"))
		return MS_SHARED | MS_REC;
	return MS_PRIVATE | MS_REC;
}

int
root_mount(const struct guest *g, struct err *e)
{
	const struct root_source *r = &g->root;
	char at[PATH_MAX];

	if (mount(NULL, "/", NULL, propagation(g->spec->propagation), NULL) < 0)
		return fail(e, errno, "cannot keep mounts private: %s", strerror(errno));
	/* Made by the monitor, for a child that may not see the store: any folder
	 * of the host will do for the moment until it is the root itself. */
	if (r->mount >= 0) {
		if (host_move_mount(r->mount, "", AT_FDCWD, "/sys", MOVE_MOUNT_F_EMPTY_PATH) < 0)
			return fail(e, errno, "cannot mount the root: %s", strerror(errno));
		return stand_in("/sys", e);
	}
	if (r->path)
		return bind_here(r->path, e);
	snprintf(at, sizeof at, "%s/root", r->base);
	if (overlay(r, g->user_ns, at, e) == 0)
		return stand_in(at, e);
	if (errno == EPERM || errno == EINVAL || errno == ENODEV || errno == EOPNOTSUPP)
		return fail(e, ENOTSUP, "overlayfs is refused here: %s", strerror(errno));
	return fail(e, errno, "cannot mount the machine's layers: %s", strerror(errno));
}

int
root_flat(const struct guest *g, struct err *e)
{
	char at[PATH_MAX];

	snprintf(at, sizeof at, "%s/flat", g->root.base);
	return bind_here(at, e);
}

int
root_enter(struct err *e)
{
	/* Not pivot_root yet: it would lay the old root over the new one, and ".."
	 * in a link of the image would climb from the new one into it.  Nothing
	 * lies over the root of a chroot, so there ".." stays where it is. */
	if (chroot(".") < 0)
		return fail(e, errno, "cannot enter the root: %s", strerror(errno));
	return 0;
}

int
root_leave(const struct guest *g, int host_root, struct err *e)
{
	struct mount_attr ro = { .attr_set = MOUNT_ATTR_RDONLY };
	int own = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (own < 0 || fchdir(host_root) < 0 || chroot(".") < 0 || fchdir(own) < 0)
		return fail(e, errno, "cannot enter the root: %s", strerror(errno));
	close(own);
	if (host_pivot_root(".", ".") == 0) {
		/* The old root lies over "." now (pivot_root(2), "Notes"). */
		if (umount2(".", MNT_DETACH) < 0 && errno != EINVAL)
			return fail(e, errno, "cannot leave the host's root: %s", strerror(errno));
	} else if (errno != EINVAL || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0) {
		/* EINVAL: the host still runs from its initial ram disk, which cannot
		 * be moved away; the new root goes over it. */
		return fail(e, errno, "cannot enter the root: %s", strerror(errno));
	}
	if (chdir("/") < 0)
		return fail(e, errno, "cannot enter the root: %s", strerror(errno));
	if (g->spec->root_readonly && host_mount_setattr(AT_FDCWD, "/", 0, &ro) < 0)
		return fail(e, errno, "cannot make the root read-only: %s", strerror(errno));
	/* The tree inside was made private above; hand on what was asked for. */
	if (g->spec->propagation &&
	    mount(NULL, "/", NULL, propagation(g->spec->propagation), NULL) < 0)
		return fail(e, errno, "rootfsPropagation: %s", strerror(errno));
	return 0;
}
