/* SPDX-License-Identifier: Apache-2.0 */
#include "core/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/proc.h"
#include "base/str.h"
#include "core/snap.h"

enum { CHUNK_MACHINE = SNAP_TAG('M', 'A', 'C', 'H') };

static const char half[] = "snap/.half";

/* Files that belong to a snapshot are in snap/.LABEL.CREATED. */
enum { FOLDER_MAX = MACHINE_NAME_MAX + 32 };

static void
folder_of(char path[FOLDER_MAX], const char *label, uint64_t created)
{
	snprintf(path, FOLDER_MAX, "snap/.%s.%016llx", label, (unsigned long long)created);
}

/* Is it the folder of a snapshot with this label? */
static bool
is_folder(const char *name, const char *label)
{
	size_t n = strlen(label);
	return name[0] == '.' && strncmp(name + 1, label, n) == 0 && name[n + 1] == '.' &&
	       strlen(name + n + 2) == 16 && strspn(name + n + 2, "0123456789abcdef") == 16;
}

/* Remove the folders of a label, but for `keep` (NULL: all). */
static void
sweep(const struct machine *m, const char *label, const char *keep)
{
	int fd = openat(m->dir, "snap", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	for (struct dirent *x; d && (x = readdir(d));)
		if (is_folder(x->d_name, label) && (!keep || strcmp(x->d_name, keep + 5) != 0))
			file_remove(fd, x->d_name, NULL);
	if (d)
		closedir(d);
}

int
snapshot_can(const struct layer *l, struct err *e)
{
	if (l->save && l->load)
		return 0;
	char can[64] = "";
	const struct layer *x;
	for (size_t i = 0, n = 0; (x = layer_at(i)); i++)
		if (x->save && x->load && n < sizeof can)
			n += (size_t)snprintf(can + n, sizeof can - n, "%s%s", n ? ", " : "",
			                      x->name);
	fail(e, ENOSYS, "a machine of the floor '%s' cannot be saved", l->name);
	return err_hint(e, "floors that can: %s; this one can be paused: joist pause NAME",
	                *can ? can : "none");
}

static int
label_ok(const char *label, struct err *e)
{
	if (machine_name_ok(label))
		return 0;
	fail(e, EINVAL, "'%s' cannot be the label of a snapshot", label);
	return err_hint(e, "use letters, digits, '.', '_' and '-', at most %d of them",
	                MACHINE_NAME_MAX);
}

/* -- taking ----------------------------------------------------------------------------- */

static int
write_all(struct machine *m, const struct layer *l, struct guest *g, struct snap *s,
          uint64_t created, struct err *e)
{
	char *config = json_dumps(m->config, JSON_COMPACT);
	struct buf b = { 0 };
	buf_u64(&b, created);
	buf_u32(&b, (uint32_t)strlen(l->name));
	buf_put(&b, l->name, strlen(l->name));
	buf_put(&b, config, strlen(config));
	free(config);
	int rc = snap_put_buf(s, CHUNK_MACHINE, &b, e);
	buf_free(&b);
	if (rc == 0)
		rc = l->save(g, s, e);
	return rc < 0 ? -1 : snap_finish(s, e);
}

/* A file that survives a crash of the host needs its name to do so too. */
static void
keep_names(const struct machine *m)
{
	fsync(m->dir);
	int fd = openat(m->dir, "snap", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
}

int
snapshot_take(struct machine *m, const struct layer *l, struct guest *g, const char *label,
              struct err *e)
{
	char path[MACHINE_NAME_MAX + 8], folder[FOLDER_MAX];
	uint64_t created = (uint64_t)proc_now();
	if (snapshot_can(l, e) < 0 || label_ok(label, e) < 0)
		return -1;
	folder_of(folder, label, created);
	snprintf(path, sizeof path, "snap/%s", label);
	if (file_mkdirs(m->dir, folder, 0700, e) < 0)
		return -1;
	int files = openat(m->dir, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = openat(m->dir, half, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int rc = -1;
	if (fd < 0 || files < 0) {
		fail(e, errno, "snapshot '%s': %s", label, strerror(errno));
	} else {
		struct snap *s = snap_writer(fd, label);
		snap_set_folder(s, files);
		rc = write_all(m, l, g, s, created, e);
		snap_free(s);
	}
	if (fd >= 0)
		close(fd);
	if (files >= 0)
		close(files);
	if (rc == 0 && renameat(m->dir, half, m->dir, path) < 0)
		rc = fail(e, errno, "snapshot '%s': %s", label, strerror(errno));
	if (rc < 0) {
		unlinkat(m->dir, half, 0);
		file_remove(m->dir, folder, NULL);
		return rc;
	}
	/* one that nothing was put into is not needed */
	unlinkat(m->dir, folder, AT_REMOVEDIR);
	sweep(m, label, folder);
	if (m->durable)
		keep_names(m);
	return rc;
}

/* -- loading ------------------------------------------------------------------------------ */

int
snapshot_find(struct machine *m, const char *label, struct err *e)
{
	char path[MACHINE_NAME_MAX + 8];
	if (label_ok(label, e) < 0)
		return -1;
	snprintf(path, sizeof path, "snap/%s", label);
	if (faccessat(m->dir, path, R_OK, 0) == 0)
		return 0;
	fail(e, ENOENT, "machine '%s' has no snapshot '%s'", m->name, label);
	return err_hint(e, "see which there are: joist snaps %s", m->name);
}

static int
check_floor(struct snap *s, const struct layer *l, const char *label, uint64_t *created,
            struct err *e)
{
	struct cur c;
	if (snap_get(s, CHUNK_MACHINE, &c, e) < 0)
		return -1;
	*created = cur_u64(&c);
	uint32_t n = cur_u32(&c);
	const uint8_t *name = cur_bytes(&c, n);
	if (name && n == strlen(l->name) && memcmp(name, l->name, n) == 0)
		return 0;
	fail(e, EINVAL, "snapshot '%s' is not of a machine of the floor '%s'", label, l->name);
	return err_hint(e, "use another one: joist snaps");
}

/* Its reader behind the core's own part, and what the caller closes. */
struct opened {
	int fd, folder; /* -1: no file belongs to it */
};

static void
close_snap(struct snap *s, const struct opened *o)
{
	snap_free(s);
	close(o->fd);
	if (o->folder >= 0)
		close(o->folder);
}

static struct snap *
open_snap(struct machine *m, const struct layer *l, const char *label, struct opened *o,
          struct err *e)
{
	char path[MACHINE_NAME_MAX + 8], folder[FOLDER_MAX];
	uint64_t created;
	if (snapshot_can(l, e) < 0 || snapshot_find(m, label, e) < 0)
		return NULL;
	snprintf(path, sizeof path, "snap/%s", label);
	o->folder = -1;
	o->fd = openat(m->dir, path, O_RDONLY | O_CLOEXEC);
	if (o->fd < 0) {
		fail(e, errno, "snapshot '%s': %s", label, strerror(errno));
		return NULL;
	}
	struct snap *s = snap_reader(o->fd, label, e);
	if (s && check_floor(s, l, label, &created, e) == 0) {
		folder_of(folder, label, created);
		o->folder = openat(m->dir, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		snap_set_folder(s, o->folder);
		return s;
	}
	close_snap(s, o);
	return NULL;
}

int
snapshot_check(struct machine *m, const struct layer *l, const char *label, struct err *e)
{
	struct opened o;
	struct snap *s = open_snap(m, l, label, &o, e);
	if (!s)
		return -1;
	close_snap(s, &o);
	return 0;
}

int
snapshot_load(struct machine *m, const struct layer *l, struct guest *g, const char *label,
              struct err *e)
{
	struct opened o;
	struct snap *s = open_snap(m, l, label, &o, e);
	if (!s)
		return -1;
	int rc = l->load(g, s, e);
	if (rc == 0)
		rc = snap_end(s, e);
	close_snap(s, &o);
	return rc;
}

int
snapshot_anew(const struct layer *l, const struct spec *spec, const struct home *h,
              struct guest **g, struct err *e)
{
	struct snap *out = snap_new();
	int rc = l->save(*g, out, e);
	if (rc == 0)
		rc = snap_finish(out, e);
	if (rc < 0) {
		/* What cannot be saved goes on as it is. */
		snap_free(out);
		return 0;
	}
	l->destroy(*g);
	*g = l->create(spec, h, e);
	if (*g) {
		struct snap *in = snap_of(snap_bytes(out)->p, snap_bytes(out)->n);
		rc = l->load(*g, in, e);
		if (rc == 0)
			rc = snap_end(in, e);
		snap_free(in);
	}
	snap_free(out);
	if (*g && rc < 0) {
		l->destroy(*g);
		*g = NULL;
	}
	return *g ? 0 : -1;
}

/* Of the files that belong to it; those that others have too count as well. */
static int64_t
files_size(int snaps, const char *name)
{
	int64_t size = 0;
	int fd = openat(snaps, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct stat st;
	for (struct dirent *x; d && (x = readdir(d));)
		if (x->d_name[0] != '.' && fstatat(fd, x->d_name, &st, 0) == 0)
			size += st.st_blocks * INT64_C(512);
	if (d)
		closedir(d);
	return size;
}

static int64_t
folders_size(const struct machine *m, const char *label)
{
	int64_t size = 0;
	int fd = openat(m->dir, "snap", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	for (struct dirent *x; d && (x = readdir(d));)
		if (is_folder(x->d_name, label))
			size += files_size(fd, x->d_name);
	if (d)
		closedir(d);
	return size;
}

/* -- all of them ------------------------------------------------------------------------------ */

static int
by_time(const void *a, const void *b)
{
	json_int_t x = json_integer_value(json_object_get(*(json_t *const *)a, "created"));
	json_int_t y = json_integer_value(json_object_get(*(json_t *const *)b, "created"));
	return x < y ? -1 : x > y;
}

json_t *
snapshot_list(struct machine *m)
{
	json_t **rows = NULL, *all = json_array();
	size_t n = 0;
	int fd = openat(m->dir, "snap", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	for (struct dirent *x; d && (x = readdir(d));) {
		struct stat st;
		if (!machine_name_ok(x->d_name) || fstatat(fd, x->d_name, &st, 0) < 0)
			continue;
		int64_t size = st.st_size + folders_size(m, x->d_name);
		int64_t when = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
		rows = xrealloc(rows, (n + 1) * sizeof *rows);
		rows[n++] =
		        json_pack("{s:s, s:s, s:I, s:I}", "machine", m->name, "label", x->d_name,
		                  "created", (json_int_t)when, "size", (json_int_t)size);
	}
	if (d)
		closedir(d);
	if (n)
		qsort(rows, n, sizeof *rows, by_time);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(all, rows[i]);
	free(rows);
	return all;
}

int
snapshot_remove(struct machine *m, const char *label, struct err *e)
{
	char path[MACHINE_NAME_MAX + 8];
	if (snapshot_find(m, label, e) < 0)
		return -1;
	snprintf(path, sizeof path, "snap/%s", label);
	if (unlinkat(m->dir, path, 0) < 0)
		return fail(e, errno, "snapshot '%s': %s", label, strerror(errno));
	sweep(m, label, NULL);
	return 0;
}

/* None of the files is ever written again, so two names may share them. */
static int
copy_folder(int from, int to, const char *name, const char *label, struct err *e)
{
	int a = openat(from, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int b = mkdirat(to, name, 0700) < 0 ? -1
	                                    : openat(to, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = a >= 0 ? fdopendir(a) : NULL;
	int rc = d && b >= 0 ? 0 : fail(e, errno, "snapshot '%s': %s", label, strerror(errno));
	for (struct dirent *x; rc == 0 && (x = readdir(d));)
		if (x->d_name[0] != '.' && linkat(a, x->d_name, b, x->d_name, 0) < 0)
			rc = fail(e, errno, "snapshot '%s': %s", label, strerror(errno));
	if (d)
		closedir(d);
	else if (a >= 0)
		close(a);
	if (b >= 0)
		close(b);
	return rc;
}

/* What belongs to it. */
static int
copy_folders(const struct machine *from, const struct machine *to, const char *label, struct err *e)
{
	int a = openat(from->dir, "snap", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int b = openat(to->dir, "snap", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = a >= 0 ? fdopendir(a) : NULL;
	int rc = d && b >= 0 ? 0 : fail(e, errno, "snapshot '%s': %s", label, strerror(errno));
	for (struct dirent *x; rc == 0 && (x = readdir(d));)
		if (is_folder(x->d_name, label))
			rc = copy_folder(a, b, x->d_name, label, e);
	if (d)
		closedir(d);
	else if (a >= 0)
		close(a);
	if (b >= 0)
		close(b);
	return rc;
}

int
snapshot_copy(struct machine *from, struct machine *to, const char *label, struct err *e)
{
	char path[MACHINE_NAME_MAX + 8];
	if (snapshot_find(from, label, e) < 0 || file_mkdirs(to->dir, "snap", 0700, e) < 0)
		return -1;
	snprintf(path, sizeof path, "snap/%s", label);
	if (copy_folders(from, to, label, e) < 0)
		return -1;
	if (linkat(from->dir, path, to->dir, path, 0) < 0)
		return fail(e, errno, "snapshot '%s': %s", label, strerror(errno));
	return 0;
}
