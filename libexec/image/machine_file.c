/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/machine_file.h"

#include <archive.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"
#include "core/machine.h"
#include "core/spec.h"
#include "img/collect.h"
#include "img/disk.h"
#include "img/overlay.h"
#include "libexec/image/apply.h"
#include "libexec/image/unpack.h"

enum { FORM = 1, DISKS = 16 };

/* Files of the host that a computer begins with: the last part of each note is its name here. */
static const char *const files[] = { "rv.kernel", "rv.initrd", "rv.firmware", "rv.dtb" };

/* What else goes along as it is: the shape of the computer, nothing of the host. */
static const char *const kept[] = { "stack",        "stdin",         "stop-signal",
	                            "stop-timeout", "rv.harts",      "rv.append",
	                            "rv.display",   "rv.resolution", "rv.deterministic" };

static const char *
name_of(const char *note)
{
	return strchr(note, '.') + 1;
}

static json_t *
disks_of(const json_t *config)
{
	json_t *list = json_loads(spec_note_of(config, "rv.disks", "[]"), 0, NULL);
	return list ? list : json_array();
}

static void
set_disks(json_t *config, const json_t *disks)
{
	char *text = json_dumps(disks, JSON_COMPACT);
	if (json_array_size(disks))
		spec_note_set(config, "rv.disks", text);
	free(text);
}

/* An image must be whole: what it stands on would stay behind, or be anybody's. */
static int
whole(int dir, const char *path, const char *called, struct err *e)
{
	struct disk *d = disk_open(dir, path, DISK_ALONE | DISK_UNLOCKED, e);
	json_t *info = d ? disk_info(d, e) : NULL;
	const char *below = json_str(info, "backing-filename", NULL);
	int rc = info ? 0 : -1;
	if (below) {
		rc = fail(e, EINVAL, "disk '%s' stands on '%s'", called, below);
		err_hint(e, "make one image of both: joist disk convert %s NEW.qcow2", called);
	}
	json_decref(info);
	disk_close(d);
	return rc;
}

/* -- saving -------------------------------------------------------------------------------- */

struct saving {
	struct machine *m;
	json_t *config;        /* own: with names for paths */
	char *path[4 + DISKS]; /* own: files of the host, */
	char *name[4 + DISKS]; /* own: and their names here */
	size_t n;
};

static int
take_file(struct saving *s, const char *path, const char *name, struct err *e)
{
	char *real = realpath(path, NULL);
	if (!real)
		return fail(e, errno, "'%s': %s", path, strerror(errno));
	s->path[s->n] = real;
	s->name[s->n++] = xstrdup(name);
	return 0;
}

/* The configuration as it will be, and the files that it needs. */
static int
survey(struct saving *s, struct err *e)
{
	json_t *disks = disks_of(s->config), *v;
	size_t i;
	int rc = 0;
	for (i = 0; i < sizeof files / sizeof files[0] && rc == 0; i++) {
		const char *path = spec_note_of(s->config, files[i], NULL);
		if (path && (rc = take_file(s, path, name_of(files[i]), e)) == 0)
			spec_note_set(s->config, files[i], name_of(files[i]));
	}
	json_array_foreach(disks, i, v) {
		const char *path = json_str(v, "path", "");
		char name[32];
		snprintf(name, sizeof name, "image%zu", i);
		if (rc == 0 && i == DISKS)
			rc = fail(e, E2BIG, "more than %d disks", DISKS);
		if (rc == 0)
			rc = whole(AT_FDCWD, path, path, e);
		if (rc == 0)
			rc = take_file(s, path, name, e);
		if (rc == 0)
			json_object_set_new(v, "path", json_string(name));
	}
	set_disks(s->config, disks);
	json_decref(disks);
	return rc;
}

static int
own_file(const struct dirent *x)
{
	return strcmp(x->d_name, "snap") == 0 ||
	       (str_starts(x->d_name, "disk") && str_ends(x->d_name, ".qcow2"));
}

static int
write_all(struct saving *s, struct packer *p, struct err *e)
{
	json_t *mark = json_pack("{s:i, s:s, s:O}", "joist-machine", FORM, "name", s->m->name,
	                         "config", s->config);
	char *text = json_dumps(mark, JSON_INDENT(2));
	struct dirent **list;
	int rc = pack_text(p, MACHINE_FILE_MARK, text);
	for (size_t i = 0; i < s->n && rc == 0; i++)
		rc = pack_one(p, AT_FDCWD, s->path[i], s->name[i]);
	int n = scandirat(s->m->dir, ".", &list, own_file, alphasort);
	if (n < 0 && rc == 0)
		rc = fail(e, errno, "machine '%s': %s", s->m->name, strerror(errno));
	for (int i = 0; i < n; i++) {
		if (rc == 0)
			rc = pack_one(p, s->m->dir, list[i]->d_name, list[i]->d_name);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	free(text);
	json_decref(mark);
	return rc;
}

static int
save_locked(struct machine *m, pack_put *put, void *ctx, struct err *e)
{
	struct saving s = { .m = m, .config = json_deep_copy(m->config) };
	int rc = survey(&s, e);
	struct packer *p = rc == 0 ? pack_begin(put, ctx, e) : NULL;
	rc = p ? pack_end(p, write_all(&s, p, e)) : -1;
	for (size_t i = 0; i < s.n; i++) {
		free(s.path[i]);
		free(s.name[i]);
	}
	json_decref(s.config);
	return rc;
}

int
machine_file_save(struct image_store *s, const char *machine, pack_put *put, void *ctx,
                  struct err *e)
{
	struct store *store = store_open(s->root, e);
	struct machine *m = store ? machine_open(store, machine, e) : NULL;
	int rc = -1;
	if (m && machine_has_monitor(m)) {
		fail(e, EBUSY, "computer '%s' is not off", machine);
		err_hint(e, "snapshots go along: joist snapshot %s, then joist stop %s", machine,
		         machine);
	} else if (m && machine_lock(m, e) == 0) {
		rc = save_locked(m, put, ctx, e);
		machine_unlock(m);
	}
	if (m)
		machine_close(m);
	if (store)
		store_close(store);
	return rc;
}

/* -- loading: what came ------------------------------------------------------------------------ */

static int
strange(const char *path, const char *why, struct err *e)
{
	fail(e, EINVAL, "'%s' is not a machine that Joist exported: %s", path, why);
	return err_hint(e, "export it anew: joist export -o FILE NAME");
}

/* A folder from its beginning: a duplicate would go on where another one ended. */
static DIR *
list_of(int folder)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? NULL : fdopendir(fd);
}

/* Folders and plain files, nothing else. */
static int
plain(int dir, int depth, const char *path, struct err *e)
{
	DIR *d = list_of(dir);
	struct dirent *x;
	struct stat st;
	int rc = d ? 0 : fail(e, errno, "'%s': %s", path, strerror(errno));
	while (rc == 0 && (x = readdir(d))) {
		if (strcmp(x->d_name, ".") == 0 || strcmp(x->d_name, "..") == 0)
			continue;
		if (fstatat(dir, x->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !(S_ISREG(st.st_mode) || (S_ISDIR(st.st_mode) && depth > 0))) {
			rc = strange(path, "it holds more than files", e);
		} else if (S_ISDIR(st.st_mode)) {
			int sub = openat(dir, x->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			rc = plain(sub, depth - 1, path, e);
			close(sub);
		}
	}
	if (d)
		closedir(d);
	return rc;
}

/* The layers of a disk in the machine's folder, and in those of its snapshots. */
static int
stand_on(int folder, const char *disk, const char *image, struct err *e)
{
	int rc = overlay_rebase(folder, disk, image, e);
	int snaps = rc < 0 ? -1 : openat(folder, "snap", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = snaps < 0 ? NULL : fdopendir(snaps);
	struct dirent *x;
	while (rc == 0 && d && (x = readdir(d))) {
		int sub = x->d_name[0] != '.' || strspn(x->d_name, ".") == strlen(x->d_name)
		                  ? -1
		                  : openat(snaps, x->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (sub < 0)
			continue;
		rc = overlay_rebase(sub, disk, image, e);
		close(sub);
	}
	if (d)
		closedir(d);
	return rc;
}

/* -- loading: the configuration ------------------------------------------------------------------ */

struct loading {
	const char *path;  /* of the file, for errors */
	const char *name;  /* of the machine */
	char *home;        /* own: where it will be */
	int folder;        /* lent: what came */
	const json_t *old; /* lent: the configuration that came */
	json_t *config;    /* own: the new one */
	const char *lost;  /* something that does not go along, or NULL */
};

static bool
is_here(const struct loading *l, const char *name)
{
	return *name && !strchr(name, '/') && faccessat(l->folder, name, F_OK, 0) == 0;
}

static int
new_files(struct loading *l, struct err *e)
{
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		const char *name = spec_note_of(l->old, files[i], NULL);
		if (!name)
			continue;
		if (strcmp(name, name_of(files[i])) != 0 || !is_here(l, name))
			return strange(l->path, "a file is missing", e);
		char *at = xprintf("%s/%s", l->home, name);
		spec_note_set(l->config, files[i], at);
		free(at);
	}
	return 0;
}

static int
new_disk(struct loading *l, size_t i, json_t *v, struct err *e)
{
	char image[32], disk[32];
	snprintf(image, sizeof image, "image%zu", i);
	snprintf(disk, sizeof disk, "disk%zu", i);
	if (i >= DISKS || strcmp(json_str(v, "path", ""), image) != 0 || !is_here(l, image))
		return strange(l->path, "a disk is missing", e);
	char *at = xprintf("%s/%s", l->home, image);
	int rc = whole(l->folder, image, image, e);
	if (rc == 0)
		rc = stand_on(l->folder, disk, at, e);
	json_object_set_new(v, "path", json_string(at));
	free(at);
	return rc;
}

static int
new_disks(struct loading *l, struct err *e)
{
	json_t *disks = disks_of(l->old), *v;
	size_t i;
	int rc = 0;
	json_array_foreach(disks, i, v)
		if (rc == 0)
			rc = new_disk(l, i, v, e);
	set_disks(l->config, disks);
	json_decref(disks);
	return rc;
}

/* A folder of the host that was shared is an empty one now: the device stays, as its snapshots
 * and the guest know it. */
static int
new_folders(struct loading *l, struct err *e)
{
	json_t *mounts = json_array(), *v;
	size_t i;
	int rc = 0;
	json_array_foreach(json_object_get(l->old, "mounts"), i, v) {
		char name[32];
		snprintf(name, sizeof name, "folder%zu", i);
		if (mkdirat(l->folder, name, 0700) < 0 && errno != EEXIST) {
			rc = fail(e, errno, "'%s': %s", name, strerror(errno));
			break;
		}
		json_t *m = json_pack("{s:s, s:o}", "destination", json_str(v, "destination", "/"),
		                      "source", json_sprintf("%s/%s", l->home, name));
		if (json_object_get(v, "options"))
			json_object_set(m, "options", json_object_get(v, "options"));
		json_array_append_new(mounts, m);
		l->lost = "folders of its host are empty ones";
	}
	json_object_set_new(l->config, "mounts", mounts);
	return rc;
}

static void
new_notes(struct loading *l)
{
	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
		const char *v = spec_note_of(l->old, kept[i], NULL);
		if (v)
			spec_note_set(l->config, kept[i], v);
	}
	spec_note_set(l->config, "net", "none");
	if (strcmp(spec_note_of(l->old, "rv.net", ""), "user") == 0)
		spec_note_set(l->config, "rv.net", "user");
	else if (spec_note_of(l->old, "rv.net", NULL))
		l->lost = "its network is this host's to give";
	if (spec_note_of(l->old, "rv.publish", NULL))
		l->lost = "its ports are not published here";
	if (spec_note_of(l->old, "rv.vnc", NULL))
		l->lost = "its screen is not served here";
}

/* Nothing is taken over that is not known to be the computer's own. */
static int
configure(struct loading *l, struct err *e)
{
	const json_t *process = json_object_get(l->old, "process");
	const json_t *memory = json_object_get(
	        json_object_get(json_object_get(l->old, "linux"), "resources"), "memory");
	l->config = json_pack(
	        "{s:s, s:{}, s:s, s:{s:b, s:{s:i, s:i}, s:[s], s:[], s:s}, s:{s:{s:{s:I}}}}",
	        "ociVersion", "1.2.0", "annotations", "hostname", l->name, "process", "terminal",
	        json_is_true(json_object_get(process, "terminal")), "user", "uid", 0, "gid", 0,
	        "args", "computer", "env", "cwd", "/", "linux", "resources", "memory", "limit",
	        (json_int_t)json_int(memory, "limit", 0));
	if (strcmp(spec_note_of(l->old, "stack", ""), "rv") != 0)
		return strange(l->path, "it is no computer", e);
	new_notes(l);
	if (new_files(l, e) < 0 || new_disks(l, e) < 0)
		return -1;
	/* what it is called by */
	spec_note_set(l->config, "artifact", spec_note_of(l->config, "rv.kernel", l->home));
	return new_folders(l, e);
}

/* -- loading: the machine --------------------------------------------------------------------------- */

static int
move_in(const struct loading *l, struct machine *m, struct err *e)
{
	DIR *d = list_of(l->folder);
	struct dirent *x;
	int rc = d ? 0 : fail(e, errno, "machine '%s': %s", m->name, strerror(errno));
	while (rc == 0 && (x = readdir(d))) {
		const char *n = x->d_name;
		bool ours = own_file(x) || str_starts(n, "image") || str_starts(n, "folder");
		for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
			ours = ours || strcmp(n, name_of(files[i])) == 0;
		if (ours && renameat(l->folder, n, m->dir, n) < 0)
			rc = fail(e, errno, "machine '%s': '%s': %s", m->name, n, strerror(errno));
	}
	if (d)
		closedir(d);
	return rc;
}

static int
make(struct loading *l, struct store *store, struct err *e)
{
	struct machine *m = machine_new(store, l->name, l->config, e);
	if (!m) {
		if (e && e->code == EEXIST)
			err_hint(e, "give it another name: joist import FILE NAME");
		return -1;
	}
	int rc = machine_lock(m, e) < 0 ? -1 : move_in(l, m, e);
	if (rc < 0) {
		machine_delete(m, NULL);
	} else {
		machine_unlock(m);
		printf("%s\n", l->name);
		if (l->lost)
			err_warn("machine '%s': %s", l->name, l->lost);
	}
	machine_close(m);
	return rc;
}

static int
load(struct loading *l, const char *name, const char *root, struct err *e)
{
	struct store *store = store_open(root, e);
	json_t *mark = store ? json_file(l->folder, MACHINE_FILE_MARK, e) : NULL;
	int64_t form = json_int(mark, "joist-machine", 0);
	int rc = -1;
	l->name = name ? name : json_str(mark, "name", "");
	l->old = json_object_get(mark, "config");
	l->home = store ? xprintf("%s/machines/%s", store->path, l->name) : NULL;
	if (mark && form > FORM) {
		fail(e, ENOTSUP, "'%s' is of a newer Joist", l->path);
		err_hint(e, "import it with that one");
	} else if (mark && (form < 1 || !json_is_object(l->old))) {
		strange(l->path, "its description is not one", e);
	} else if (mark && !machine_name_ok(l->name)) {
		fail(e, EINVAL, "'%s' is no name for a machine", l->name);
		err_hint(e, "give it one: joist import FILE NAME");
	} else if (mark && plain(l->folder, 2, l->path, e) == 0 && configure(l, e) == 0) {
		rc = make(l, store, e);
	}
	json_decref(l->config);
	json_decref(mark);
	free(l->home);
	if (store)
		store_close(store);
	return rc;
}

int
machine_file_load(struct image_store *s, int fd, const char *path, const char *name, struct err *e)
{
	struct loading l = { .path = path };
	struct archive *a = archive_read_new();
	struct stat st;
	char *temporary = unpack_temporary(s, &l.folder, e);
	int rc = -1;
	archive_read_support_filter_all(a);
	archive_read_support_format_tar(a);
	if (temporary && archive_read_open_fd(a, fd, 64 << 10) != ARCHIVE_OK) {
		fail(e, EINVAL, "'%s' is no tar archive: %s", path, archive_error_string(a));
	} else if (temporary) {
		/* all of it becomes ours */
		struct apply p = { .root = l.folder, .stop = &options_stop };
		p.limits = apply_limits(l.folder, fstat(fd, &st) == 0 ? st.st_size : 0);
		rc = apply_archive(&p, a, e);
	}
	archive_read_free(a);
	if (rc == 0)
		rc = load(&l, name, s->root, e);
	if (temporary) {
		close(l.folder);
		collect_folder(s, temporary, NULL);
	}
	free(temporary);
	return rc;
}
