/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/save.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "img/manifest.h"
#include "img/ref.h"

enum { SIZE = 256 << 10 };

/* What is to be saved. */
struct wanted {
	json_t *descriptor; /* own; with the annotations that others look for */
	char *name;         /* own; full, or NULL */
	json_t *blobs;      /* own; a set of digests */
};

static void
wanted_free(struct wanted *w)
{
	json_decref(w->descriptor);
	json_decref(w->blobs);
	free(w->name);
}

static int
blobs_of(struct image_store *s, const char *digest, json_t *set, int depth, struct err *e)
{
	struct manifest m;
	json_t *member;
	size_t i;
	int rc = 0;

	json_t *doc = layout_json(&s->layout, digest, "manifest", e);
	if (!doc)
		return -1;
	json_object_set_new(set, digest, json_true());
	if (manifest_is_index(doc)) {
		json_array_foreach(json_object_get(doc, "manifests"), i, member) {
			const char *inner = json_str(member, "digest", "");
			/* Platforms that were never fetched are not there to save. */
			if (rc == 0 && depth < 4 && ref_is_digest(inner) &&
			    layout_has(&s->layout, inner, -1))
				rc = blobs_of(s, inner, set, depth + 1, e);
		}
		json_decref(doc);
		return rc;
	}
	if (manifest_of(doc, &m, e) < 0)
		return -1;
	json_object_set_new(set, m.config.digest, json_true());
	for (i = 0; i < m.nlayers; i++)
		json_object_set_new(set, m.layers[i].digest, json_true());
	manifest_free(&m);
	return 0;
}

static int
look(struct wanted *w, struct image_store *s, const struct options *o, struct err *e)
{
	json_t *index = layout_index(&s->layout, e);
	const json_t *d = index ? image_lookup(index, o->args[0], o->platform, e) : NULL;
	struct descriptor desc;
	int rc = -1;

	*w = (struct wanted){ .blobs = json_object() };
	if (!d || manifest_descriptor(d, "the store's index", &desc, e) < 0)
		goto out;
	const char *name = json_str(json_object_get(d, "annotations"), LAYOUT_REF, "");
	w->descriptor = json_deep_copy(d);
	json_object_del(w->descriptor, "annotations");
	if (*name) {
		const char *tag = strrchr(name, ':');
		w->name = xstrdup(name);
		json_object_set_new(w->descriptor, "annotations",
		                    json_pack("{s:s, s:s}", LAYOUT_REF,
		                              tag && !strchr(name, '@') ? tag + 1 : "latest",
		                              "io.containerd.image.name", name));
	}
	rc = blobs_of(s, desc.digest, w->blobs, 0, e);
out:
	json_decref(index);
	if (rc < 0)
		wanted_free(w);
	return rc;
}

/* -- tar ------------------------------------------------------------------------------- */

struct tar {
	struct archive *a; /* own */
	save_fn *put;
	void *ctx;
	struct err *e;
};

static la_ssize_t
written(struct archive *a, void *ctx, const void *bytes, size_t n)
{
	struct tar *t = ctx;

	if (t->put(t->ctx, bytes, n, t->e) == 0)
		return (la_ssize_t)n;
	archive_set_error(a, EIO, "it could not be written");
	return -1;
}

static int
tar_open(struct tar *t, save_fn *put, void *ctx, struct err *e)
{
	*t = (struct tar){ archive_write_new(), put, ctx, e };
	archive_write_set_format_pax_restricted(t->a);
	archive_write_set_bytes_per_block(t->a, 64 << 10);
	archive_write_set_bytes_in_last_block(t->a, 1);
	return archive_write_open(t->a, t, NULL, written, NULL) == ARCHIVE_OK ? 0 : -1;
}

static int
tar_close(struct tar *t, int rc)
{
	if (rc == 0 && archive_write_close(t->a) != ARCHIVE_OK)
		rc = t->e && t->e->code ? -1 : fail(t->e, EIO, "%s", archive_error_string(t->a));
	archive_write_free(t->a);
	return rc;
}

static int
tar_header(struct tar *t, const char *name, int64_t size)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, size < 0 ? AE_IFDIR : AE_IFREG);
	archive_entry_set_perm(entry, size < 0 ? 0755 : 0644);
	archive_entry_set_size(entry, size < 0 ? 0 : size);
	archive_entry_set_mtime(entry, 0, 0);
	int rc = archive_write_header(t->a, entry) < ARCHIVE_WARN ? -1 : 0;
	archive_entry_free(entry);
	return rc;
}

static int
tar_text(struct tar *t, const char *name, const char *text, size_t n)
{
	if (tar_header(t, name, (int64_t)n) < 0 || archive_write_data(t->a, text, n) < 0)
		return t->e && t->e->code ? -1 : fail(t->e, EIO, "%s", archive_error_string(t->a));
	return 0;
}

static int
tar_json(struct tar *t, const char *name, const json_t *doc)
{
	char *text = json_dumps(doc, JSON_COMPACT);
	int rc = tar_text(t, name, text, strlen(text));

	free(text);
	return rc;
}

static int
tar_fd(struct tar *t, const char *name, int fd)
{
	char *buf = xmalloc(SIZE);
	struct stat st;
	off_t at = 0;
	int rc = fstat(fd, &st) < 0 || tar_header(t, name, st.st_size) < 0 ? -1 : 0;

	while (rc == 0 && at < st.st_size) {
		ssize_t n = pread(fd, buf, SIZE, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || archive_write_data(t->a, buf, (size_t)n) < 0)
			rc = -1;
		else if (atomic_load(&options_stop))
			rc = fail(t->e, EINTR, "interrupted");
		at += n;
	}
	free(buf);
	if (rc < 0 && !(t->e && t->e->code))
		fail(t->e, EIO, "'%s' could not be written", name);
	return rc;
}

static int
open_blob(struct image_store *s, const char *digest, struct err *e)
{
	char path[80];
	int fd = openat(s->layout.dir, layout_blob(digest, path), O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		fail(e, errno, "broken image: %.19s... is not in the store: %s", digest,
		     strerror(errno));
		err_hint(e, "get it anew with: joist pull");
	}
	return fd;
}

int
save_oci(struct image_store *s, const struct options *o, save_fn *put, void *ctx, struct err *e)
{
	static const char version[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
	const char *digest;
	struct wanted w;
	struct tar t;
	char path[80];
	json_t *v;

	if (look(&w, s, o, e) < 0)
		return -1;
	json_t *index = json_pack("{s:i, s:s, s:[O]}", "schemaVersion", 2, "mediaType", MEDIA_INDEX,
	                          "manifests", w.descriptor);
	int rc = tar_open(&t, put, ctx, e);
	if (rc == 0)
		rc = tar_text(&t, "oci-layout", version, sizeof version - 1);
	if (rc == 0)
		rc = tar_json(&t, "index.json", index);
	if (rc == 0)
		rc = tar_header(&t, "blobs/", -1) | tar_header(&t, "blobs/sha256/", -1);
	json_object_foreach(w.blobs, digest, v) {
		int fd = rc == 0 ? open_blob(s, digest, e) : -1;
		rc = fd < 0 ? -1 : tar_fd(&t, layout_blob(digest, path), fd);
		if (fd >= 0)
			close(fd);
	}
	rc = tar_close(&t, rc);
	json_decref(index);
	wanted_free(&w);
	return rc;
}

/* -- docker-archive ------------------------------------------------------------------------ */

/* A layer as plain tar, in a file without a name. */
static int
inflated(struct image_store *s, const char *digest, struct err *e)
{
	struct archive *a = archive_read_new();
	struct archive_entry *entry;
	int in = open_blob(s, digest, e), out = -1;
	char *buf = xmalloc(SIZE);
	la_ssize_t n = 0;

	archive_read_support_filter_none(a);
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_format_raw(a);
	archive_read_support_format_empty(a);
	if (in >= 0)
		out = openat(s->layout.dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (out < 0 && in >= 0)
		fail(e, errno, "no temporary file in '%s': %s", s->layout.path, strerror(errno));
	bool good = out >= 0 && archive_read_open_fd(a, in, SIZE) == ARCHIVE_OK;
	if (good && archive_read_next_header(a, &entry) == ARCHIVE_OK) {
		while ((n = archive_read_data(a, buf, SIZE)) > 0)
			if (file_write_all(out, buf, (size_t)n) < 0)
				break;
	}
	if (out >= 0 && (n != 0 || !good)) {
		fail(e, n > 0 ? errno : EINVAL, "layer %.19s...: %s", digest,
		     n > 0 ? strerror(errno) : archive_error_string(a));
		close(out);
		out = -1;
	}
	archive_read_free(a);
	free(buf);
	if (in >= 0)
		close(in);
	return out;
}

static int
docker_layers(struct image_store *s, struct tar *t, const struct manifest *m, const char **ids,
              json_t *names, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < m->nlayers && rc == 0; i++) {
		char *name = xprintf("%s.tar", ref_hex(ids[i]));
		bool again = false;
		for (size_t k = 0; k < i; k++)
			again |= strcmp(ids[k], ids[i]) == 0;
		int fd = again ? -1 : inflated(s, m->layers[i].digest, e);
		if (!again)
			rc = fd < 0 ? -1 : tar_fd(t, name, fd);
		if (fd >= 0)
			close(fd);
		json_array_append_new(names, json_string(name));
		free(name);
	}
	return rc;
}

int
save_docker(struct image_store *s, const struct options *o, save_fn *put, void *ctx, struct err *e)
{
	struct wanted w;
	struct platform p;
	struct descriptor d;
	struct manifest m = { 0 };
	const char **ids = NULL;
	json_t *config = NULL, *doc, *names = json_array(), *list = NULL;
	char *digest = NULL, *file = NULL;
	struct tar t;
	int rc = -1;

	if (manifest_platform(o->platform, &p, e) < 0 || look(&w, s, o, e) < 0) {
		json_decref(names);
		return -1;
	}
	if (manifest_descriptor(w.descriptor, "the image", &d, e) < 0 ||
	    !(digest = layout_follow(&s->layout, &d, &p, e)) ||
	    !(doc = layout_json(&s->layout, digest, "manifest", e)) ||
	    manifest_of(doc, &m, e) < 0 ||
	    !(config = layout_json(&s->layout, m.config.digest, "configuration", e)) ||
	    manifest_diff_ids(config, m.nlayers, &ids, e) < 0)
		goto out;
	file = xprintf("%s.json", ref_hex(m.config.digest));
	if (tar_open(&t, put, ctx, e) < 0)
		goto out;
	int fd = open_blob(s, m.config.digest, e);
	rc = fd < 0 ? -1 : tar_fd(&t, file, fd);
	if (fd >= 0)
		close(fd);
	if (rc == 0)
		rc = docker_layers(s, &t, &m, ids, names, e);
	json_t *tags = json_array();
	if (w.name && !strchr(w.name, '@'))
		json_array_append_new(tags, json_string(ref_short(w.name)));
	list = json_pack("[{s:s, s:o, s:O}]", "Config", file, "RepoTags", tags, "Layers", names);
	if (rc == 0)
		rc = tar_json(&t, "manifest.json", list);
	rc = tar_close(&t, rc);
out:
	json_decref(list);
	json_decref(names);
	json_decref(config);
	free(ids);
	free(digest);
	free(file);
	manifest_free(&m);
	wanted_free(&w);
	return rc;
}

/* -- a folder ------------------------------------------------------------------------------ */

static int
copy_blob(struct image_store *s, const struct layout *to, const char *digest, struct err *e)
{
	char path[80];
	int in, out = -1, rc = 0;
	off_t at = 0;
	ssize_t n;

	if (layout_has(to, digest, -1))
		return 0;
	if ((in = open_blob(s, digest, e)) < 0)
		return -1;
	char *buf = xmalloc(SIZE),
	     *part = xprintf("%s.part-%d", layout_blob(digest, path), (int)getpid());
	out = openat(to->dir, part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	while (out >= 0 && (n = pread(in, buf, SIZE, at)) > 0 && rc == 0) {
		rc = file_write_all(out, buf, (size_t)n);
		at += n;
	}
	if (out < 0 || rc < 0 || renameat(to->dir, part, to->dir, path) < 0) {
		rc = fail(e, errno, "'%s/%s': %s", to->path, path, strerror(errno));
		unlinkat(to->dir, part, 0);
	}
	free(buf);
	free(part);
	close(in);
	if (out >= 0)
		close(out);
	return rc;
}

int
save_folder(struct image_store *s, const struct options *o, const char *path, struct err *e)
{
	struct wanted w;
	struct layout to;
	const char *digest;
	json_t *v, *index = NULL, *list;
	int rc = -1;

	if (!path) {
		fail(e, EINVAL, "a layout is a folder");
		return err_hint(e, "say which: --output DIR");
	}
	if (look(&w, s, o, e) < 0)
		return -1;
	if (layout_open(&to, path, true, e) < 0)
		goto out;
	rc = 0;
	json_object_foreach(w.blobs, digest, v) {
		if (rc == 0)
			rc = copy_blob(s, &to, digest, e);
	}
	index = rc == 0 ? layout_index(&to, e) : NULL;
	list = json_object_get(index, "manifests");
	const char *tag = json_str(json_object_get(w.descriptor, "annotations"), LAYOUT_REF, "");
	for (size_t i = json_array_size(list); i-- > 0;) {
		const json_t *other = json_object_get(json_array_get(list, i), "annotations");
		if (strcmp(json_str(other, LAYOUT_REF, ""), tag) == 0)
			json_array_remove(list, i);
	}
	if (index) {
		json_array_append(list, w.descriptor);
		rc = json_save(to.dir, "index.json", index, true, e);
		if (rc == 0)
			fchmodat(to.dir, "index.json", 0644, 0);
	} else {
		rc = -1;
	}
	layout_close(&to);
out:
	json_decref(index);
	wanted_free(&w);
	return rc;
}
