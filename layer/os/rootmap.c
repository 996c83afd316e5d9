/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/rootmap.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/host_linux.h"
#include "base/proc.h"
#include "base/str.h"
#include "layer/os/guest.h"
#include "layer/os/idmap.h"

/* Where the pieces are put together: a place where nobody keeps a store. */
#define DESK "/sys"

/* Show folder `from` at `to` with its owners mapped.  The path is looked up
 * anew: a descriptor from before leads to a mount of the other namespace. */
static int
shifted(const char *from, const char *to, int ns, struct err *e)
{
	struct mount_attr a = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)ns };
	int fd = host_open_tree(AT_FDCWD, from, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd < 0 || host_mount_setattr(fd, "", AT_EMPTY_PATH, &a) < 0 ||
	    (mkdir(to, 0755) < 0 && errno != EEXIST) ||
	    host_move_mount(fd, "", AT_FDCWD, to, MOVE_MOUNT_F_EMPTY_PATH) < 0) {
		fail(e, errno, "layer '%s' cannot be id-mapped: %s", from, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	close(fd);
	return 0;
}

/* The host's number of the container's root. */
static uint32_t
outside(const struct idmap *map, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (map[i].inside == 0)
			return map[i].outside;
	return 0;
}

static int
chown_root(const struct guest *g, const char *name)
{
	const struct spec *s = g->spec;

	return fchownat(g->home.dir, name, outside(s->uid_map, s->nuid_map),
	                outside(s->gid_map, s->ngid_map), 0);
}

/* In a mount namespace of its own, so that nothing of this is seen outside:
 * every layer, and the machine's own folder, mapped; an overlay of them. */
static int
build(struct guest *g, int ns, struct err *e)
{
	const struct root_source *r = &g->root;
	struct str lower = { 0 };
	char to[64], from[PATH_MAX], data[4096];
	int i = 0;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", DESK, "tmpfs", 0, "mode=755") < 0)
		return fail(e, errno, "cannot prepare the root: %s", strerror(errno));
	for (const char *p = r->lowerdir; *p; i++) {
		size_t k = strcspn(p, ":");
		snprintf(from, sizeof from, "%s/layers/%.*s", g->home.root_path, (int)k, p);
		snprintf(to, sizeof to, DESK "/%d", i);
		if (shifted(from, to, ns, e) < 0)
			return -1;
		str_printf(&lower, "%s%s", i ? ":" : "", to);
		p += k + (p[k] == ':');
	}
	/* What the container changes is kept with the numbers that it has here:
	 * overlayfs works on its upper folder as root, whom the map leaves out. */
	if (chown_root(g, "upper") < 0 || mkdir(DESK "/m", 0755) < 0)
		return fail(e, errno, "cannot prepare the root: %s", strerror(errno));
	int n = snprintf(data, sizeof data, "lowerdir=%s,upperdir=%s/upper,workdir=%s/work",
	                 lower.p, r->base, r->base);
	str_free(&lower);
	if (n >= (int)sizeof data)
		return fail(e, E2BIG, "the image has too many layers for a user namespace");
	if (mount("overlay", DESK "/m", "overlay", 0, data) < 0)
		return fail(e, errno, "cannot mount the machine's layers: %s", strerror(errno));
	int fd = host_open_tree(AT_FDCWD, DESK "/m", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (fd < 0)
		return fail(e, errno, "cannot take the root: %s", strerror(errno));
	return fd;
}

static _Noreturn void
helper(struct guest *g, int ns, int sock)
{
	struct msg m = { .kind = MSG_ANSWER };
	int fd = build(g, ns, &m.err);

	if (fd < 0)
		m.kind = MSG_ERROR;
	file_send_fds(sock, &m, sizeof m, &fd, fd >= 0);
	_exit(0);
}

int
rootmap(struct guest *g, struct err *e)
{
	const struct spec *s = g->spec;
	struct clone_args a = { .flags = CLONE_NEWNS | CLONE_CLEAR_SIGHAND,
		                .exit_signal = SIGCHLD };
	struct msg m = { 0 };
	int sock[2], fd = -1;
	size_t n = 1;

	int ns = idmap_namespace(s->uid_map, s->nuid_map, s->gid_map, s->ngid_map, e);
	if (ns < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock) < 0) {
		close(ns);
		return fail(e, errno, "cannot make a socket pair: %s", strerror(errno));
	}
	pid_t pid = host_clone3(&a);
	if (pid == 0)
		helper(g, ns, sock[1]);
	close(sock[1]);
	close(ns);
	if (pid > 0) {
		file_recv_fds(sock[0], &m, sizeof m, &fd, &n);
		proc_wait(pid);
	}
	close(sock[0]);
	if (m.kind != MSG_ANSWER || n != 1) {
		*e = m.err;
		return m.err.code ? -1 : fail(e, EIO, "the root could not be prepared");
	}
	g->root.mount = fd;
	return 0;
}
