/* SPDX-License-Identifier: Apache-2.0 */
#include "img/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The layer with a number; 0: the one that is written. */
static const char *
layer_name(char path[OVERLAY_NAME_MAX + 16], const char *name, unsigned number)
{
	if (number)
		snprintf(path, OVERLAY_NAME_MAX + 16, "%s.%u.qcow2", name, number);
	else
		snprintf(path, OVERLAY_NAME_MAX + 16, "%s.qcow2", name);
	return path;
}

static bool
is_there(int dir, const char *path)
{
	return faccessat(dir, path, F_OK, 0) == 0;
}

/* How many layers have a number. */
static unsigned
count(int dir, const char *name)
{
	char path[OVERLAY_NAME_MAX + 16];
	unsigned n = 0;
	while (is_there(dir, layer_name(path, name, n + 1)))
		n++;
	return n;
}

struct disk *
overlay_open(int dir, const char *name, const char *image, struct err *e)
{
	char path[OVERLAY_NAME_MAX + 16], below[OVERLAY_NAME_MAX + 16];
	unsigned n = count(dir, name);
	layer_name(path, name, 0);
	if (!is_there(dir, path)) {
		struct disk_options o = { .format = "qcow2", .backing = image };
		if (n) {
			o.backing = layer_name(below, name, n);
			o.backing_format = "qcow2";
		}
		if (disk_create(dir, path, 0, &o, e) < 0)
			return NULL;
	}
	return disk_open(dir, path, DISK_WRITE | DISK_QCOW2, e);
}

int
overlay_freeze(int dir, const char *name, struct disk **d, struct err *e)
{
	char path[OVERLAY_NAME_MAX + 16], layer[OVERLAY_NAME_MAX + 16];
	layer_name(path, name, 0);
	layer_name(layer, name, count(dir, name) + 1);
	int rc = disk_flush(*d);
	if (rc < 0)
		return fail(e, -rc, "disk '%s': %s", name, strerror(-rc));
	disk_close(*d);
	*d = NULL;
	if (renameat(dir, path, dir, layer) < 0) {
		fail(e, errno, "disk '%s': %s", name, strerror(errno));
	} else {
		*d = overlay_open(dir, name, NULL, e);
		if (*d)
			return 0;
		unlinkat(dir, path, 0);
		renameat(dir, layer, dir, path);
	}
	*d = disk_open(dir, path, DISK_WRITE | DISK_QCOW2, NULL);
	return -1;
}

int
overlay_keep(int dir, const char *name, int to, struct err *e)
{
	char path[OVERLAY_NAME_MAX + 16];
	for (unsigned i = 1, n = count(dir, name); i <= n; i++) {
		layer_name(path, name, i);
		if (linkat(dir, path, to, path, 0) < 0)
			return fail(e, errno, "disk '%s': cannot keep '%s': %s", name, path,
			            strerror(errno));
	}
	return 0;
}

int
overlay_restore(int dir, const char *name, const char *image, int from, struct disk **d,
                struct err *e)
{
	char path[OVERLAY_NAME_MAX + 16];
	disk_close(*d);
	*d = NULL;
	for (unsigned i = count(dir, name) + 1; i-- > 0;)
		if (unlinkat(dir, layer_name(path, name, i), 0) < 0 && errno != ENOENT)
			return fail(e, errno, "disk '%s': %s", name, strerror(errno));
	for (unsigned i = 1, n = count(from, name); i <= n; i++) {
		layer_name(path, name, i);
		if (linkat(from, path, dir, path, 0) < 0)
			return fail(e, errno, "disk '%s': %s", name, strerror(errno));
	}
	*d = overlay_open(dir, name, image, e);
	return *d ? 0 : -1;
}

/* What a layer says that it stands on. */
static int
check_below(int dir, const char *path, const char *below, struct err *e)
{
	struct disk *d = disk_open(dir, path, DISK_ALONE | DISK_QCOW2, e);
	json_t *info = d ? disk_info(d, e) : NULL;
	const char *said = json_string_value(json_object_get(info, "backing-filename"));
	int rc = info ? 0 : -1;
	if (info && (!said || strcmp(said, below) != 0)) {
		rc = fail(e, EINVAL, "'%s' does not stand on '%s'", path, below);
		err_hint(e, "somebody changed it: take another copy");
	}
	json_decref(info);
	disk_close(d);
	return rc;
}

int
overlay_rebase(int dir, const char *name, const char *image, struct err *e)
{
	char path[OVERLAY_NAME_MAX + 16], below[OVERLAY_NAME_MAX + 16];
	unsigned n = count(dir, name);
	layer_name(path, name, n ? 1 : 0);
	if (is_there(dir, path) &&
	    (disk_rebase(dir, path, image, e) < 0 || check_below(dir, path, image, e) < 0))
		return -1;
	for (unsigned i = 2; i <= n; i++)
		if (check_below(dir, layer_name(path, name, i), layer_name(below, name, i - 1), e) <
		    0)
			return -1;
	layer_name(path, name, 0);
	if (n && is_there(dir, path))
		return check_below(dir, path, layer_name(below, name, n), e);
	return 0;
}
