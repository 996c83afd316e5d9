/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/machine_root.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/host_linux.h"
#include "base/json.h"
#include "base/str.h"
#include "base/vec.h"
#include "img/collect.h"
#include "libexec/image/merge.h"
#include "libexec/image/unpack.h"

/* Where a machine's root is: one folder, or layers (lowest first). */
struct places {
	char *folder;      /* own, or NULL */
	struct vec layers; /* own texts */
};

static void
places_free(struct places *p)
{
	free(p->folder);
	for (size_t i = 0; i < p->layers.n; i++)
		free(p->layers.p[i]);
	vec_free(&p->layers);
}

static int
find(struct places *p, struct image_store *s, const char *machine, struct err *e)
{
	struct stat st;

	*p = (struct places){ 0 };
	if (!*machine || machine[0] == '.' || strchr(machine, '/'))
		return fail(e, EINVAL, "'%.80s' is not the name of a machine", machine);
	char *at = xprintf("machines/%s/config.json", machine);
	struct err inner = { 0 };
	json_t *doc = json_file(s->dir, at, &inner);
	free(at);
	if (!doc && inner.code == ENOENT) {
		fail(e, ENOENT, "there is no machine '%s'", machine);
		return err_hint(e, "see which there are: joist ps -a");
	}
	if (!doc)
		return fail(e, inner.code, "machine '%s': %s", machine, inner.what);
	const char *layers =
	        json_str(json_object_get(doc, "annotations"), "dev.joist.image.layers", "");
	const char *root = json_str(json_object_get(doc, "root"), "path", "");
	char *flat = xprintf("%s/machines/%s/flat", s->root, machine);
	int rc = 0;
	if (stat(flat, &st) == 0) {
		p->folder = xstrdup(flat);
	} else if (*layers) {
		char *all = xstrdup(layers), *rest = all, *id;
		while ((id = strsep(&rest, ",")))
			vec_push(&p->layers, xprintf("%s/layers/%s/fs", s->root, id));
		free(all);
		char *upper = xprintf("%s/machines/%s/upper", s->root, machine);
		if (stat(upper, &st) == 0)
			vec_push(&p->layers, upper);
		else
			free(upper);
	} else if (root[0] == '/') {
		p->folder = xstrdup(root);
	} else {
		rc = fail(e, EINVAL, "machine '%s' has neither a root folder nor an image",
		          machine);
	}
	free(flat);
	json_decref(doc);
	return rc;
}

/* A mount namespace of our own; a user without ranges needs a user namespace
 * for it as well. */
static int
own_mounts(void)
{
	char map[32];
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (unshare(CLONE_NEWNS) < 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
			return -1;
		snprintf(map, sizeof map, "0 %u 1", uid);
		file_poke(AT_FDCWD, "/proc/self/setgroups", "deny");
		if (file_poke(AT_FDCWD, "/proc/self/uid_map", map) < 0)
			return -1;
		snprintf(map, sizeof map, "0 %u 1", gid);
		if (file_poke(AT_FDCWD, "/proc/self/gid_map", map) < 0)
			return -1;
	}
	return mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL);
}

static int
set_layers(int fs, const struct places *p, bool write)
{
	struct str all = { 0 };
	int rc = 0;
	size_t n = p->layers.n - write;

	/* Linux 6.5 takes them one by one, uppermost first, and any name. */
	for (size_t i = n; i-- > 0 && rc == 0;)
		rc = host_fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir+", p->layers.p[i], 0);
	if (rc == 0)
		return 0;
	for (size_t i = n; i-- > 0;)
		str_printf(&all, "%s%s", all.n ? ":" : "", (char *)p->layers.p[i]);
	rc = host_fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir", all.p, 0);
	str_free(&all);
	return rc;
}

/* The overlay without a place in any tree: a descriptor is enough. */
static int
overlay(const struct places *p, bool write)
{
	char map[128] = "";
	char *upper = write ? p->layers.p[p->layers.n - 1] : NULL;
	char *work = write ? xprintf("%.*swork", (int)strlen(upper) - 5, upper) : NULL;

	int fs = own_mounts() < 0 ? -1 : host_fsopen("overlay", FSOPEN_CLOEXEC);
	if (fs < 0) {
		free(work);
		return -1;
	}
	file_peek(AT_FDCWD, "/proc/self/uid_map", map, sizeof map);
	bool host = strstr(map, "4294967295") != NULL;
	int fd = -1;
	if (set_layers(fs, p, write) == 0 &&
	    (host || host_fsconfig(fs, FSCONFIG_SET_FLAG, "userxattr", NULL, 0) == 0) &&
	    (write ? host_fsconfig(fs, FSCONFIG_SET_STRING, "upperdir", upper, 0) == 0 &&
	                     host_fsconfig(fs, FSCONFIG_SET_STRING, "workdir", work, 0) == 0
	           : host_fsconfig(fs, FSCONFIG_SET_FLAG, "ro", NULL, 0) == 0) &&
	    host_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0) {
		int m = host_fsmount(fs, FSMOUNT_CLOEXEC, write ? 0 : MOUNT_ATTR_RDONLY);
		if (m >= 0)
			fd = openat(m, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (m >= 0)
			close(m);
	}
	close(fs);
	free(work);
	return fd;
}

static int
copy(const struct places *p, int to, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < p->layers.n && rc == 0; i++) {
		int from = file_opendir(AT_FDCWD, p->layers.p[i], e);
		rc = from < 0 ? -1 : merge_layer(from, to, e);
		if (from >= 0)
			close(from);
	}
	return rc;
}

int
machine_root_open(struct machine_root *r, struct image_store *s, const char *machine, struct err *e)
{
	struct places p;
	int rc = -1;

	*r = (struct machine_root){ .fd = -1 };
	if (find(&p, s, machine, e) < 0)
		goto out;
	if (p.folder) {
		r->fd = file_opendir(AT_FDCWD, p.folder, e);
		rc = r->fd < 0 ? -1 : 0;
		goto out;
	}
	/* One layer is no overlay. */
	r->fd = p.layers.n > 1 ? overlay(&p, false) : -1;
	if (r->fd >= 0) {
		rc = 0;
		goto out;
	}
	r->temporary = unpack_temporary(s, &r->fd, e);
	if (!r->temporary)
		goto out;
	rc = copy(&p, r->fd, e);
	if (rc < 0)
		machine_root_close(r, s);
out:
	places_free(&p);
	return rc;
}

int
machine_root_write(struct machine_root *r, struct image_store *s, const char *machine,
                   struct err *e)
{
	static const char *const own[] = { "upper", "work" };
	struct places p;

	*r = (struct machine_root){ .fd = -1 };
	/* A machine that never ran has nothing of its own yet. */
	for (int i = 0; i < 2; i++) {
		char *path = xprintf("machines/%s/%s", machine, own[i]);
		mkdirat(s->dir, path, 0755);
		free(path);
	}
	int rc = find(&p, s, machine, e);
	if (rc == 0)
		r->fd = p.folder ? file_opendir(AT_FDCWD, p.folder, e) : overlay(&p, true);
	if (rc == 0 && r->fd < 0) {
		rc = -1;
		if (!p.folder) {
			fail(e, errno,
			     "machine '%s': its root cannot be written while it is stopped: %s",
			     machine, strerror(errno));
			err_hint(e, "start it first: joist start %s", machine);
		}
	}
	places_free(&p);
	return rc;
}

void
machine_root_close(struct machine_root *r, struct image_store *s)
{
	if (r->fd >= 0)
		close(r->fd);
	if (r->temporary)
		collect_folder(s, r->temporary, NULL);
	free(r->temporary);
	*r = (struct machine_root){ .fd = -1 };
}

int
machine_root_flatten(struct image_store *s, const char *machine, const char *as, struct err *e)
{
	struct places p;
	struct stat st;
	char *path = NULL, *part = NULL;
	int rc = -1, fd = -1;

	if (find(&p, s, machine, e) < 0)
		goto out;
	path = xprintf("machines/%s/%s", machine, as);
	part = xprintf("machines/%s/.%s-part", machine, as);
	if (fstatat(s->dir, path, &st, 0) == 0) {
		rc = 0;
		goto out;
	}
	if (p.folder) {
		rc = fail(e, EINVAL, "machine '%s' is a root folder already", machine);
		goto out;
	}
	if (collect_folder(s, part, e) < 0 || file_mkdirs(s->dir, part, 0755, e) < 0 ||
	    (fd = file_opendir(s->dir, part, e)) < 0)
		goto out;
	rc = copy(&p, fd, e);
	if (rc == 0 && renameat(s->dir, part, s->dir, path) < 0)
		rc = fail(e, errno, "'%s/%s': %s", s->root, path, strerror(errno));
	if (rc < 0)
		collect_folder(s, part, NULL);
out:
	if (fd >= 0)
		close(fd);
	free(path);
	free(part);
	places_free(&p);
	return rc;
}
