/* SPDX-License-Identifier: Apache-2.0 */
#include "img/collect.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "img/ref.h"
#include "img/subid.h"

enum { WAIT_MS = 2000, PARTIAL_DAYS = 7 };

/* -- what machines use -------------------------------------------------------- */

json_t *
collect_users(struct image_store *s, bool *blind, struct err *e)
{
	json_t *users = json_object();
	struct dirent *ent;

	if (blind)
		*blind = false;
	int fd = openat(s->dir, "machines", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return users;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		fail(e, errno, "'%s/machines': %s", s->root, strerror(errno));
		if (fd >= 0)
			close(fd);
		json_decref(users);
		return NULL;
	}
	while ((ent = readdir(d))) {
		if (ent->d_name[0] == '.')
			continue;
		char *path = xprintf("%s/config.json", ent->d_name);
		struct err bad = { 0 };
		json_t *doc = json_file(fd, path, &bad);
		free(path);
		/* Without a configuration it is being made (and then its maker holds the
		 * lock) or removed. */
		if (!doc && bad.code != ENOENT && bad.code != ENOTDIR && blind)
			*blind = true;
		const json_t *notes = json_object_get(doc, "annotations");
		const char *digest = json_str(notes, "dev.joist.image.digest", "");
		const char *layers = json_str(notes, "dev.joist.image.layers", "");
		if (*digest || *layers)
			json_object_set_new(
			        users, ent->d_name,
			        json_pack("{s:s, s:s}", "digest", digest, "layers", layers));
		json_decref(doc);
	}
	closedir(d);
	return users;
}

/* The machine that uses a descriptor's image, or NULL.  Machines name the
 * manifest itself, a name may stand for an index above it. */
static const char *
user_of(struct image_store *s, json_t *users, const json_t *descriptor)
{
	const char *machine, *found = NULL;
	struct platform host = manifest_host();
	struct descriptor d;
	char *inner = NULL;
	json_t *use;

	if (manifest_descriptor(descriptor, "", &d, NULL) < 0)
		return NULL;
	inner = layout_follow(&s->layout, &d, &host, NULL);
	json_object_foreach(users, machine, use) {
		const char *digest = json_str(use, "digest", "");
		if (strcmp(digest, d.digest) == 0 || (inner && strcmp(digest, inner) == 0))
			found = machine;
	}
	free(inner);
	return found;
}

/* -- removing folders ----------------------------------------------------------- */

struct removal {
	int dir;
	const char *path;
};

static int
remove_inside(void *ctx, struct err *e)
{
	struct removal *r = ctx;

	return file_remove(r->dir, r->path, e);
}

int
collect_folder(struct image_store *s, const char *path, struct err *e)
{
	struct removal r = { s->dir, path };
	struct err first = { 0 };

	if (file_remove(s->dir, path, &first) == 0)
		return 0;
	if ((first.code == EACCES || first.code == EPERM) && subid_possible())
		return subid_run(remove_inside, &r, e);
	return fail(e, first.code, "%s", first.what);
}

/* -- marking ---------------------------------------------------------------------- */

struct mark {
	struct image_store *s;
	json_t *blobs, *layers; /* sets of hex digits */
};

static void
keep(json_t *set, const char *hex)
{
	json_object_set_new(set, hex, json_true());
}

static void
mark_manifest(struct mark *m, const char *digest, int depth)
{
	const char **ids;
	struct manifest man;
	size_t i;
	json_t *o;

	if (!ref_is_digest(digest) || json_object_get(m->blobs, ref_hex(digest)))
		return;
	keep(m->blobs, ref_hex(digest));
	json_t *doc = layout_json(&m->s->layout, digest, "manifest", NULL);
	if (!doc)
		return;
	if (manifest_is_index(doc)) {
		json_array_foreach(json_object_get(doc, "manifests"), i, o) {
			if (depth < 4)
				mark_manifest(m, json_str(o, "digest", ""), depth + 1);
		}
		json_decref(doc);
		return;
	}
	if (manifest_of(doc, &man, NULL) < 0)
		return;
	keep(m->blobs, ref_hex(man.config.digest));
	for (i = 0; i < man.nlayers; i++)
		keep(m->blobs, ref_hex(man.layers[i].digest));
	json_t *config = layout_json(&m->s->layout, man.config.digest, "configuration", NULL);
	if (config && manifest_diff_ids(config, man.nlayers, &ids, NULL) == 0) {
		for (i = 0; i < man.nlayers; i++)
			keep(m->layers, ref_hex(ids[i]));
		free(ids);
	}
	json_decref(config);
	manifest_free(&man);
}

static void
mark_machines(struct mark *m, json_t *users)
{
	const char *machine;
	json_t *use;

	json_object_foreach(users, machine, use) {
		mark_manifest(m, json_str(use, "digest", ""), 0);
		char *all = xstrdup(json_str(use, "layers", "")), *rest = all, *id;
		while ((id = strsep(&rest, ",")))
			keep(m->layers, id);
		free(all);
	}
}

/* -- sweeping --------------------------------------------------------------------- */

static int64_t
layer_size(struct image_store *s, const char *id)
{
	char *path = xprintf("layers/%s/info.json", id);
	json_t *info = json_file(s->dir, path, NULL);
	int64_t n = json_int(info, "size", 0);

	json_decref(info);
	free(path);
	return n;
}

/* Call `fn` with each name in a folder of the store. */
static void
each(struct image_store *s, const char *path, void (*fn)(void *, const char *), void *ctx)
{
	struct dirent *ent;
	int fd = openat(s->dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	while (d && (ent = readdir(d)))
		if (strcmp(ent->d_name, ".") != 0 && strcmp(ent->d_name, "..") != 0)
			fn(ctx, ent->d_name);
	if (d)
		closedir(d);
	else if (fd >= 0)
		close(fd);
}

struct sweep {
	struct mark m;
	json_t *report;
	int64_t freed;
};

static void
sweep_blob(void *ctx, const char *name)
{
	struct sweep *w = ctx;
	struct stat st;

	if (json_object_get(w->m.blobs, name))
		return;
	char *path = xprintf("images/blobs/sha256/%s", name);
	if (fstatat(w->m.s->dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    unlinkat(w->m.s->dir, path, 0) == 0) {
		w->freed += st.st_blocks * 512;
		json_array_append_new(json_object_get(w->report, "deleted"),
		                      json_sprintf("sha256:%s", name));
	}
	free(path);
}

static void
sweep_layer(void *ctx, const char *name)
{
	struct sweep *w = ctx;
	struct err bad = { 0 };

	if (json_object_get(w->m.layers, name))
		return;
	/* Renamed first, so that half a layer never has a whole one's name. */
	char *from = xprintf("layers/%s", name), *to = xprintf("layers/.gone-%s", name);
	int64_t size = layer_size(w->m.s, name);
	bool whole = name[0] != '.';
	if (whole && renameat(w->m.s->dir, from, w->m.s->dir, to) < 0)
		err_warn("cannot remove layer '%s': %s", name, strerror(errno));
	else if (collect_folder(w->m.s, whole ? to : from, &bad) < 0)
		err_warn("%s", bad.what);
	else
		w->freed += size;
	free(from);
	free(to);
}

static void
sweep_partial(void *ctx, const char *name)
{
	struct image_store *s = ctx;
	struct stat st;

	char *path = xprintf("images/partial/%s", name);
	/* We are alone: a lock is nobody's, and a blob that has no digest yet can
	 * never be gone on with. */
	if (str_ends(name, ".lock") || str_starts(name, ".new-"))
		unlinkat(s->dir, path, 0);
	else if (fstatat(s->dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	         time(NULL) - st.st_mtime > PARTIAL_DAYS * 86400L)
		unlinkat(s->dir, path, 0);
	free(path);
}

static void
sweep_left(void *ctx, const char *name)
{
	struct image_store *s = ctx;
	struct err bad = { 0 };

	if (name[0] != '.')
		return;
	char *path = xprintf("layers/%s", name);
	if (collect_folder(s, path, &bad) < 0)
		err_warn("%s", bad.what);
	free(path);
}

void
collect_sweep(struct image_store *s)
{
	if (image_exclude(s, 0, NULL) < 0)
		return;
	each(s, "layers", sweep_left, s);
	each(s, "images/partial", sweep_partial, s);
	image_release(s);
}

/* Remove all that is not reachable.  The caller holds the lock. */
static int
sweep(struct image_store *s, json_t *report, struct err *e)
{
	struct sweep w = { .m = { s, json_object(), json_object() }, .report = report };
	bool blind;
	int rc = -1;
	size_t i;
	json_t *d, *index = layout_index(&s->layout, e), *users = collect_users(s, &blind, e);

	if (!index || !users)
		goto out;
	if (blind) {
		fail(e, EINVAL, "nothing was collected: a machine's configuration cannot be read");
		err_hint(e, "find it with: joist ps -a");
		goto out;
	}
	json_array_foreach(json_object_get(index, "manifests"), i, d) {
		mark_manifest(&w.m, json_str(d, "digest", ""), 0);
	}
	mark_machines(&w.m, users);
	each(s, "images/blobs/sha256", sweep_blob, &w);
	each(s, "layers", sweep_layer, &w);
	each(s, "images/partial", sweep_partial, s);
	json_object_set_new(report, "freed", json_integer(w.freed));
	rc = 0;
out:
	json_decref(index);
	json_decref(users);
	json_decref(w.m.blobs);
	json_decref(w.m.layers);
	return rc;
}

/* -- the verbs ---------------------------------------------------------------------- */

static int
finish(struct image_store *s, json_t *report, json_t **out, int rc, struct err *e)
{
	struct err busy = { 0 };

	if (rc == 0 && image_exclude(s, WAIT_MS, &busy) < 0)
		json_object_set_new(report, "busy", json_true());
	else if (rc == 0)
		rc = sweep(s, report, e);
	image_release(s);
	if (rc < 0) {
		json_decref(report);
		report = NULL;
	}
	if (out)
		*out = report;
	else
		json_decref(report);
	return rc;
}

static const char *
name_of(const json_t *d)
{
	return json_str(json_object_get(d, "annotations"), LAYOUT_REF, "");
}

/* Would the digest lose its last name if those of `text` went? */
static int
untag(struct image_store *s, json_t *index, const char *text, bool force, json_t *report,
      struct err *e)
{
	json_t *list = json_object_get(index, "manifests"), *users;
	const json_t *d = image_lookup(index, text, NULL, e);
	size_t left = 0, gone = 0, i;
	struct ref r = { 0 };
	json_t *o;

	if (!d)
		return -1;
	char *digest = xstrdup(json_str(d, "digest", ""));
	char *name = ref_parse(text, &r, NULL) == 0 ? ref_name(&r) : xstrdup("");
	ref_free(&r);
	bool by_name = strcmp(name_of(d), name) == 0 && *name;
	json_array_foreach(list, i, o) {
		if (by_name && strcmp(name_of(o), name) == 0)
			gone++;
		else if (strcmp(json_str(o, "digest", ""), digest) == 0)
			by_name ? left++ : gone++;
	}
	users = collect_users(s, NULL, e);
	const char *machine = users ? user_of(s, users, d) : NULL;
	int rc = users ? 0 : -1;
	if (users && machine && left == 0 && !force) {
		rc = fail(e, EBUSY, "image '%s' is used by machine '%s'", text, machine);
		err_hint(e, "remove the machine first: joist rm %s (or untag with --force)",
		         machine);
	} else if (users && !by_name && gone > 1 && !force) {
		rc = fail(e, EBUSY, "image '%s' has %zu names", text, gone);
		err_hint(e, "remove it by name, or all of them with --force");
	}
	for (i = json_array_size(list); rc == 0 && i-- > 0;) {
		o = json_array_get(list, i);
		if (by_name ? strcmp(name_of(o), name) != 0
		            : strcmp(json_str(o, "digest", ""), digest) != 0)
			continue;
		json_array_append_new(json_object_get(report, "untagged"),
		                      json_string(ref_short(*name_of(o) ? name_of(o) : digest)));
		json_array_remove(list, i);
	}
	json_decref(users);
	free(digest);
	free(name);
	return rc;
}

static void
untag_unused(struct image_store *s, json_t *index, json_t *users, json_t *report)
{
	json_t *list = json_object_get(index, "manifests");

	for (size_t i = json_array_size(list); i-- > 0;) {
		const json_t *d = json_array_get(list, i);
		if (user_of(s, users, d))
			continue;
		json_array_append_new(
		        json_object_get(report, "untagged"),
		        json_string(
		                ref_short(*name_of(d) ? name_of(d) : json_str(d, "digest", ""))));
		json_array_remove(list, i);
	}
}

/* Change the index under its lock: one name, or (text NULL) all that are unused. */
static int
change(struct image_store *s, const char *text, bool force, json_t *report, struct err *e)
{
	json_t *index = NULL, *users = NULL;
	bool blind = false;
	int rc = -1, fd = layout_lock(&s->layout, e);

	if (fd < 0 || !(index = layout_index(&s->layout, e)))
		goto out;
	if (text) {
		rc = untag(s, index, text, force, report, e);
	} else if ((users = collect_users(s, &blind, e))) {
		rc = 0;
		if (!blind)
			untag_unused(s, index, users, report);
	}
	if (rc == 0 && json_array_size(json_object_get(report, "untagged")))
		rc = layout_save(&s->layout, index, e);
out:
	json_decref(index);
	json_decref(users);
	if (fd >= 0)
		close(fd);
	return rc;
}

int
collect_remove(struct image_store *s, const char *text, bool force, json_t **report, struct err *e)
{
	json_t *r = json_pack("{s:[], s:[], s:i}", "untagged", "deleted", "freed", 0);

	return finish(s, r, report, change(s, text, force, r, e), e);
}

int
collect_run(struct image_store *s, bool unused, json_t **report, struct err *e)
{
	json_t *r = json_pack("{s:[], s:[], s:i}", "untagged", "deleted", "freed", 0);
	int rc = unused ? change(s, NULL, false, r, e) : 0;

	return finish(s, r, report, rc, e);
}
