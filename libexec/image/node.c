/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/node.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/file.h"
#include "base/host_linux.h"
#include "base/str.h"

/* All attributes of a file; the kernel allows one to have 64 KiB. */
enum { XATTR_MOST = 64 << 10, XATTR_COUNT = 256 };

static void
warn_once(atomic_bool *said, const char *sentence)
{
	if (!atomic_exchange(said, true))
		err_warn("%s", sentence);
}

struct node_policy
node_policy(void)
{
	static const char whole[] = "         0          0 4294967295";
	char map[128] = "";
	bool root = geteuid() == 0;
	bool host = root && file_peek(AT_FDCWD, "/proc/self/uid_map", map, sizeof map) > 0 &&
	            strcmp(map, whole) == 0;

	return (struct node_policy){ .owners = root, .devices = host, .trusted = host };
}

/* A path of an entry for the calls that take no folder descriptor. */
static const char *
proc_path(int dir, const char *name, char buf[PATH_MAX])
{
	snprintf(buf, PATH_MAX, "/proc/self/fd/%d%s%s", dir, *name ? "/" : "", name);
	return buf;
}

static int
set_xattr(int dir, const char *name, int fd, const char *key, const void *value, size_t n)
{
	char path[PATH_MAX];

	if (fd >= 0)
		return fsetxattr(fd, key, value, n, 0);
	/* The folder itself: its descriptor's name in /proc is a link to it. */
	if (!*name)
		return setxattr(proc_path(dir, name, path), key, value, n, 0);
	return lsetxattr(proc_path(dir, name, path), key, value, n, 0);
}

/* Overlayfs's own marks would let a layer show files of others (redirect,
 * metacopy); labels belong to the host's policy. */
static bool
foreign(const struct node_policy *p, const char *key)
{
	static const char *const labels[] = { "security.selinux", "security.ima", "security.evm",
		                              "security.SMACK64", "security.apparmor" };

	if (str_starts(key, "trusted.overlay.") || str_starts(key, "user.overlay."))
		return !p->marks;
	for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
		if (strcmp(key, labels[i]) == 0)
			return true;
	return false;
}

int
node_xattrs(const struct node_policy *p, int dir, const char *name, int fd, struct archive_entry *a,
            struct err *e)
{
	static atomic_bool refused, unsupported;
	const char *key;
	const void *value;
	size_t n, sum = 0, count = 0;

	if (archive_entry_xattr_reset(a) == 0)
		return 0;
	while (archive_entry_xattr_next(a, &key, &value, &n) == ARCHIVE_OK) {
		sum += n + strlen(key);
		if (++count > XATTR_COUNT || sum > XATTR_MOST || strlen(key) > 255)
			return fail(e, E2BIG,
			            "'%.200s' has more extended attributes than a file can have",
			            name);
		if (foreign(p, key))
			continue;
		if (set_xattr(dir, name, fd, key, value, n) == 0)
			continue;
		if (errno == EPERM || errno == EACCES)
			warn_once(&refused,
			          "some extended attributes may only be set by root: left out");
		else if (errno == ENOTSUP)
			warn_once(&unsupported, "this file system has no place for some extended "
			                        "attributes: left out");
		else if (errno == ENOSPC || errno == E2BIG || errno == ERANGE)
			return fail(
			        e, E2BIG,
			        "'%.200s' has more extended attributes than this file system keeps",
			        name);
		else
			return fail(e, errno, "attribute '%.80s' of '%.200s': %s", key, name,
			            strerror(errno));
	}
	return 0;
}

/* acl(5) in the form of the xattr: a version, then tag, permissions and id. */
struct acl_entry {
	uint16_t tag, perm;
	uint32_t id;
};

static int
tag_of(int archive_tag)
{
	switch (archive_tag) {
	case ARCHIVE_ENTRY_ACL_USER_OBJ: return 0x01;
	case ARCHIVE_ENTRY_ACL_USER: return 0x02;
	case ARCHIVE_ENTRY_ACL_GROUP_OBJ: return 0x04;
	case ARCHIVE_ENTRY_ACL_GROUP: return 0x08;
	case ARCHIVE_ENTRY_ACL_MASK: return 0x10;
	case ARCHIVE_ENTRY_ACL_OTHER: return 0x20;
	}
	return -1;
}

/* Lists that came as text (SCHILY.acl.*) and not as the attribute itself. */
static int
set_acl(int dir, const char *name, int fd, struct archive_entry *a, int kind, const char *key,
        struct err *e)
{
	enum { MOST = 512 };
	struct {
		uint32_t version;
		struct acl_entry list[MOST];
	} acl = { .version = 2 };
	int type, perm, tag, id;
	const char *who;
	size_t n = 0;

	if (archive_entry_acl_reset(a, kind) <= 0)
		return 0;
	while (n < MOST &&
	       archive_entry_acl_next(a, kind, &type, &perm, &tag, &id, &who) == ARCHIVE_OK) {
		int t = tag_of(tag);
		bool named = t == 0x02 || t == 0x08;
		if (t < 0 || (named && id < 0))
			continue;
		struct acl_entry one = { (uint16_t)t, (uint16_t)(perm & 7),
			                 named ? (uint32_t)id : UINT32_MAX };
		/* The kernel wants them in the order of tags, then of ids. */
		size_t k = n++;
		for (; k > 0 && (acl.list[k - 1].tag > one.tag ||
		                 (acl.list[k - 1].tag == one.tag && acl.list[k - 1].id > one.id));
		     k--)
			acl.list[k] = acl.list[k - 1];
		acl.list[k] = one;
	}
	if (n <= 3 && kind == ARCHIVE_ENTRY_ACL_TYPE_ACCESS)
		return 0;
	if (n && set_xattr(dir, name, fd, key, &acl, 4 + n * sizeof acl.list[0]) < 0 &&
	    errno != ENOTSUP && errno != EPERM)
		return fail(e, errno, "access list of '%.200s': %s", name, strerror(errno));
	return 0;
}

static int
set_owner(int dir, const char *name, int fd, struct archive_entry *a, struct err *e)
{
	static atomic_bool unmapped;
	int64_t uid = archive_entry_uid(a), gid = archive_entry_gid(a);

	if (uid < 0 || gid < 0 || uid >= UINT32_MAX || gid >= UINT32_MAX)
		return fail(e, EINVAL, "'%.200s' has an impossible owner", name);
	/* New files are ours already: folders get their set-group-id bits last. */
	if (uid == 0 && gid == 0)
		return 0;
	int rc = fd >= 0 ? fchown(fd, (uid_t)uid, (gid_t)gid)
	                 : fchownat(dir, name, (uid_t)uid, (gid_t)gid, AT_SYMLINK_NOFOLLOW);
	if (rc < 0 && errno == EINVAL) {
		warn_once(&unmapped,
		          "some files have owners outside of the ranges in /etc/subuid and "
		          "/etc/subgid: they are root's now");
		return 0;
	}
	if (rc < 0)
		return fail(e, errno, "owner of '%.200s': %s", name, strerror(errno));
	return 0;
}

int
node_attributes(const struct node_policy *p, int dir, const char *name, int fd,
                struct archive_entry *a, struct err *e)
{
	static atomic_bool squashed;
	mode_t mode = archive_entry_perm(a);
	bool link = archive_entry_filetype(a) == AE_IFLNK;

	if (p->owners) {
		if (set_owner(dir, name, fd, a, e) < 0)
			return -1;
	} else if (archive_entry_uid(a) != 0 || archive_entry_gid(a) != 0) {
		warn_once(&squashed,
		          "this user has no ranges in /etc/subuid and /etc/subgid: all files "
		          "of the image get one owner");
	}
	/* open(2) gave it the lower bits: umask is 0. */
	bool folder = archive_entry_filetype(a) == AE_IFDIR;
	if (!link && ((mode & 07000) || folder || fd < 0)) {
		int rc = fd >= 0 ? fchmod(fd, mode) : fchmodat(dir, name, mode, 0);
		if (rc < 0)
			return fail(e, errno, "mode of '%.200s': %s", name, strerror(errno));
	}
	if (node_xattrs(p, dir, name, fd, a, e) < 0)
		return -1;
	if (archive_entry_acl_types(a) & ARCHIVE_ENTRY_ACL_TYPE_POSIX1E) {
		if (set_acl(dir, name, fd, a, ARCHIVE_ENTRY_ACL_TYPE_ACCESS,
		            "system.posix_acl_access", e) < 0 ||
		    set_acl(dir, name, fd, a, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT,
		            "system.posix_acl_default", e) < 0)
			return -1;
	}
	struct timespec when = { archive_entry_mtime(a), archive_entry_mtime_nsec(a) };
	struct timespec both[2] = { when, when };
	int rc = fd >= 0 ? futimens(fd, both) : utimensat(dir, name, both, AT_SYMLINK_NOFOLLOW);
	if (rc < 0 && errno != EINVAL)
		return fail(e, errno, "time of '%.200s': %s", name, strerror(errno));
	return 0;
}

int
node_whiteout(int dir, const char *name, struct err *e)
{
	if (mknodat(dir, name, S_IFCHR, makedev(0, 0)) == 0)
		return 0;
	if (errno != EPERM)
		return fail(e, errno, "whiteout of '%.200s': %s", name, strerror(errno));
	fail(e, EPERM, "whiteout of '%.200s': this kernel or file system allows none", name);
	return err_hint(e, "put the store on a plain disk file system: --root DIR");
}

int
node_opaque(const struct node_policy *p, int dir, const char *name, struct err *e)
{
	/* A machine with a user namespace of its own reads the user's mark. */
	if ((p->trusted && set_xattr(dir, name, -1, "trusted.overlay.opaque", "y", 1) < 0) ||
	    (set_xattr(dir, name, -1, "user.overlay.opaque", "y", 1) < 0 && !p->trusted)) {
		fail(e, errno, "cannot mark '%.200s' as opaque: %s", name, strerror(errno));
		return err_hint(
		        e, "put the store on a file system with extended attributes: --root DIR");
	}
	return 0;
}

int
node_special(const struct node_policy *p, int dir, const char *name, struct archive_entry *a,
             struct err *e)
{
	static atomic_bool skipped;
	mode_t type = archive_entry_filetype(a), mode = archive_entry_perm(a) & 0777;
	bool device = type == AE_IFCHR || type == AE_IFBLK;
	dev_t dev = device ? makedev(archive_entry_rdevmajor(a), archive_entry_rdevminor(a)) : 0;

	/* A character device 0:0 is a whiteout in all but name. */
	bool whiteout = type == AE_IFCHR && dev == 0;
	if (device && !p->devices && !whiteout) {
		warn_once(&skipped, "device files of the image are left out: only root makes them");
		return 1;
	}
	if (whiteout)
		mode = 0;
	if (mknodat(dir, name, (type & S_IFMT) | mode, dev) == 0)
		return 0;
	return fail(e, errno, "'%.200s': %s", name, strerror(errno));
}
