/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/mount.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/host_linux.h"
#include "base/str.h"
#include "layer/os/cgroup.h"

enum kind { SET, CLEAR, RSET, RCLEAR, PROP, BIND, SUPER, IDMAP, IGNORE };

static const struct {
	const char *name;
	enum kind kind;
	uint64_t flag;
} table[] = {
#define OPT(name, kind, flag) { name, kind, flag },
#include "layer/os/mountopt.def"
#undef OPT
};

static int
add_data(struct mountopt *o, const char *text, struct err *e)
{
	size_t n = strlen(o->data), k = strlen(text);

	if (n + k + 2 > sizeof o->data)
		return fail(e, E2BIG, "the mount's options are too long");
	if (n)
		o->data[n++] = ',';
	memcpy(o->data + n, text, k + 1);
	return 0;
}

bool
mount_knows(const char *option)
{
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (strcmp(table[i].name, option) == 0)
			return true;
	return false;
}

int
mount_options(char *const *options, struct mountopt *o, struct err *e)
{
	*o = (struct mountopt){ 0 };
	for (; options && *options; options++) {
		size_t i = 0, n = sizeof table / sizeof table[0];
		while (i < n && strcmp(table[i].name, *options) != 0)
			i++;
		if (i == n) {
			if (add_data(o, *options, e) < 0)
				return -1;
			continue;
		}
		uint64_t f = table[i].flag;
		switch (table[i].kind) {
		case SET:
			o->set |= f;
			o->clear &= ~f;
			break;
		case CLEAR:
			o->clear |= f;
			o->set &= ~f;
			break;
		case RSET: o->rset |= f; break;
		case RCLEAR: o->rclear |= f; break;
		case PROP: o->propagation = f; break;
		case BIND:
			o->bind = true;
			o->recursive = f != 0;
			break;
		case SUPER: o->super |= f; break;
		case IDMAP: o->idmap = true; break;
		case IGNORE: break;
		}
	}
	/* mount_setattr(2): to set an atime mode, the old one must be cleared. */
	if (o->set & (MOUNT_ATTR_NOATIME | MOUNT_ATTR_STRICTATIME))
		o->clear |= MOUNT_ATTR__ATIME;
	return 0;
}

/* The MS_ flags of mount(2) for attributes of mount_setattr(2). */
static unsigned long
classic(uint64_t attrs)
{
	static const struct {
		uint64_t attr;
		unsigned long ms;
	} map[] = {
		{ MOUNT_ATTR_RDONLY, MS_RDONLY },
		{ MOUNT_ATTR_NOSUID, MS_NOSUID },
		{ MOUNT_ATTR_NODEV, MS_NODEV },
		{ MOUNT_ATTR_NOEXEC, MS_NOEXEC },
		{ MOUNT_ATTR_NOATIME, MS_NOATIME },
		{ MOUNT_ATTR_STRICTATIME, MS_STRICTATIME },
		{ MOUNT_ATTR_NODIRATIME, MS_NODIRATIME },
		{ MOUNT_ATTR_NOSYMFOLLOW, 256 },
	};
	unsigned long ms = 0;

	for (size_t i = 0; i < sizeof map / sizeof map[0]; i++)
		if (attrs & map[i].attr)
			ms |= map[i].ms;
	return ms;
}

bool
mount_is_bind(const struct mount_spec *m)
{
	for (char *const *o = m->options; o && *o; o++)
		if (strcmp(*o, "bind") == 0 || strcmp(*o, "rbind") == 0)
			return true;
	return m->type && strcmp(m->type, "bind") == 0;
}

int
mount_take(const struct mount_spec *m, int idmap, struct err *e)
{
	struct mountopt o;

	if (mount_options(m->options, &o, e) < 0)
		return -1;
	int fd = host_open_tree(AT_FDCWD, m->source ? m->source : "",
	                        OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
	                                (o.recursive ? AT_RECURSIVE : 0));
	if (fd < 0) {
		fail(e, errno, "volume '%s': %s", m->source ? m->source : "", strerror(errno));
		if (errno == ENOENT)
			err_hint(e, "make the folder first, or correct the path");
		return -1;
	}
	struct mount_attr a = { .attr_set = o.set, .attr_clr = o.clear };
	struct mount_attr all = { .attr_set = o.rset, .attr_clr = o.rclear };
	struct mount_attr map = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)idmap };
	struct mount_attr prop = { .propagation = o.propagation & ~(unsigned long)MS_REC };
	unsigned below = AT_EMPTY_PATH | AT_RECURSIVE;
	if ((idmap >= 0 &&
	     host_mount_setattr(fd, "", o.recursive ? below : AT_EMPTY_PATH, &map) < 0) ||
	    ((o.set | o.clear) && host_mount_setattr(fd, "", AT_EMPTY_PATH, &a) < 0) ||
	    ((o.rset | o.rclear) && host_mount_setattr(fd, "", below, &all) < 0) ||
	    (o.propagation &&
	     host_mount_setattr(fd, "", o.propagation & MS_REC ? below : AT_EMPTY_PATH, &prop) <
	             0)) {
		fail(e, errno, "volume '%s': its options cannot be set: %s", m->source,
		     strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

static int
find(const char *path)
{
	return host_openat2(AT_FDCWD, path, O_PATH | O_CLOEXEC, 0,
	                    RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

int
mount_point(const char *path, bool folder, struct err *e)
{
	char part[4096];
	size_t n = strlen(path);

	if (n >= sizeof part)
		return fail(e, ENAMETOOLONG, "'%s': the path is too long", path);
	int dir = find("/");
	for (size_t at = 1; dir >= 0 && at <= n; at++) {
		if (path[at] && path[at] != '/')
			continue;
		bool last = at == n || strspn(path + at, "/") == n - at;
		memcpy(part, path, at);
		part[at] = '\0';
		int next = find(part);
		if (next < 0 && errno == ENOENT) {
			char *slash = strrchr(part, '/');
			int rc;
			if (last && !folder) {
				rc = openat(dir, slash + 1,
				            O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
				            0644);
				if (rc >= 0)
					close(rc);
			} else {
				rc = mkdirat(dir, slash + 1, 0755);
			}
			if (rc >= 0 || errno == EEXIST)
				next = find(part);
		}
		int why = errno;
		close(dir);
		errno = why;
		dir = next;
		if (last)
			break;
	}
	if (dir < 0)
		return fail(e, errno, "cannot make '%s' in the container: %s", path,
		            strerror(errno));
	close(dir);
	return 0;
}

/* A detached mount into its place, which is made when it is missing. */
static int
place(int taken, const char *dest, struct err *e)
{
	struct stat st;
	int to = find(dest);

	if (to < 0 && errno == ENOENT) {
		bool folder = fstat(taken, &st) < 0 || S_ISDIR(st.st_mode);
		if (mount_point(dest, folder, e) < 0)
			return -1;
		to = find(dest);
	}
	if (to < 0 || host_move_mount(taken, "", to, "",
	                              MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0) {
		int why = errno;
		if (to >= 0)
			close(to);
		if (why == ENOTDIR || why == EISDIR) {
			fail(e, why, "cannot mount on '%s': one is a folder and the other is not",
			     dest);
			return err_hint(e, "give a file for a file, a folder for a folder");
		}
		return fail(e, why, "cannot mount on '%s': %s", dest, strerror(why));
	}
	close(to);
	return 0;
}

/* A folder of the host's own instance, for file systems that we may not
 * mount anew without owning their namespace. */
static int
borrow(int host_root, const char *source, const char *dest, uint64_t set, struct err *e)
{
	int fd = host_open_tree(host_root, source,
	                        OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	struct mount_attr a = { .attr_set = set };

	if (fd < 0)
		return fail(e, errno, "cannot mount on '%s': %s", dest, strerror(errno));
	if (set)
		host_mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &a);
	int rc = place(fd, dest, e);
	close(fd);
	return rc;
}

/* Has this process the number there that it has here? */
static bool
shares_pids(int host_root)
{
	char text[24];
	ssize_t n = readlinkat(host_root, "proc/self", text, sizeof text - 1);

	text[n < 0 ? 0 : n] = '\0';
	return n > 0 && strtol(text, NULL, 10) == (long)getpid();
}

static int
new_instance(const struct mount_spec *m, const struct mountopt *o, struct err *e)
{
	unsigned long flags = o->super | classic(o->set);
	const char *source = m->source ? m->source : m->type;
	int rc = mount(source, m->dest, m->type, flags, o->data);

	if (rc < 0 && errno == ENOENT) {
		if (mount_point(m->dest, true, e) < 0)
			return -1;
		rc = mount(source, m->dest, m->type, flags, o->data);
	}
	/* devpts: a group number that the user namespace does not map. */
	if (rc < 0 && errno == EINVAL && strcmp(m->type, "devpts") == 0)
		rc = mount(source, m->dest, m->type, flags, "newinstance,ptmxmode=0666,mode=0620");
	if (rc == 0) {
		struct mount_attr all = { .attr_set = o->rset, .attr_clr = o->rclear };
		if (all.attr_set | all.attr_clr)
			rc = host_mount_setattr(AT_FDCWD, m->dest, AT_RECURSIVE, &all);
		if (rc == 0 && o->propagation)
			rc = mount(NULL, m->dest, NULL, o->propagation, NULL);
		return rc < 0 ? fail(e, errno, "options of '%s': %s", m->dest, strerror(errno)) : 0;
	}
	if (errno == ENODEV)
		fail(e, ENODEV, "cannot mount '%s' on '%s': this kernel has no such file system",
		     m->type, m->dest);
	else
		fail(e, errno, "cannot mount %s on '%s': %s", m->type, m->dest, strerror(errno));
	return -1;
}

int
mount_put(const struct mount_spec *m, int taken, const struct cgroup *cg, int host_root,
          struct err *e)
{
	struct mountopt o;

	if (taken >= 0)
		return place(taken, m->dest, e);
	if (mount_options(m->options, &o, e) < 0)
		return err_prefix(e, "mount '%s'", m->dest);
	if (!m->type)
		return fail(e, EINVAL, "mount '%s' has neither 'type' nor the option 'bind'",
		            m->dest);
	if (strcmp(m->type, "cgroup") == 0)
		return cgroup_mount(cg, m->dest, classic(o.set), e);
	if (new_instance(m, &o, e) == 0)
		return 0;
	/* Without a network namespace of our own the kernel refuses sysfs,
	 * without a pid namespace proc. */
	if (e->code == EPERM && strcmp(m->type, "sysfs") == 0)
		return borrow(host_root, "sys", m->dest, o.set, e);
	if (e->code == EPERM && strcmp(m->type, "proc") == 0 && shares_pids(host_root))
		return borrow(host_root, "proc", m->dest, o.set, e);
	return -1;
}

int
mount_mask(char *const *paths, struct err *e)
{
	for (; paths && *paths; paths++) {
		if (mount("/dev/null", *paths, NULL, MS_BIND, NULL) == 0)
			continue;
		if (errno == ENOTDIR &&
		    mount("tmpfs", *paths, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		          "nr_blocks=1,nr_inodes=1") == 0)
			continue;
		if (errno != ENOENT && errno != ENOTDIR)
			return fail(e, errno, "cannot mask '%s': %s", *paths, strerror(errno));
	}
	return 0;
}

int
mount_readonly(char *const *paths, struct err *e)
{
	struct mount_attr a = { .attr_set = MOUNT_ATTR_RDONLY };

	for (; paths && *paths; paths++) {
		if (mount(*paths, *paths, NULL, MS_BIND | MS_REC, NULL) < 0) {
			if (errno == ENOENT || errno == ENOTDIR)
				continue;
			return fail(e, errno, "cannot make '%s' read-only: %s", *paths,
			            strerror(errno));
		}
		if (host_mount_setattr(AT_FDCWD, *paths, AT_RECURSIVE, &a) < 0)
			return fail(e, errno, "cannot make '%s' read-only: %s", *paths,
			            strerror(errno));
	}
	return 0;
}
