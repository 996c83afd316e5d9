/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/bundle.h"

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
#include "base/host_linux.h"
#include "base/json.h"
#include "base/str.h"
#include "img/collect.h"
#include "img/manifest.h"
#include "img/ref.h"
#include "libexec/image/apply.h"
#include "libexec/image/hash.h"
#include "libexec/image/import.h"
#include "libexec/image/machine_file.h"
#include "libexec/image/tree.h"
#include "libexec/image/unpack.h"

enum { SIZE = 256 << 10 };

/* A tar of any compression, from its start. */
static struct archive *
reader(int fd, const char *path, struct err *e)
{
	struct archive *a = archive_read_new();

	archive_read_support_filter_none(a);
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_filter_xz(a);
	archive_read_support_filter_bzip2(a);
	archive_read_support_format_tar(a);
	if (lseek(fd, 0, SEEK_SET) == 0 && archive_read_open_fd(a, fd, SIZE) == ARCHIVE_OK)
		return a;
	const char *why = archive_error_string(a);
	fail(e, EINVAL, "'%s' is not a tar file: %s", path, why ? why : strerror(errno));
	err_hint(e, "import takes an OCI layout, a docker-archive, a root tarball or a folder");
	archive_read_free(a);
	return NULL;
}

static bool
is_hex(const char *s, size_t n)
{
	return n == 64 && strspn(s, "0123456789abcdef") >= n;
}

/* Could this be a member of an archive of images, rather than of a root? */
static bool
plausible(const char *path)
{
	static const char *const known[] = { "",           "blobs",         "oci-layout",
		                             "index.json", "manifest.json", "repositories" };
	size_t n = strcspn(path, "/.");

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp(path, known[i]) == 0)
			return true;
	/* <hex>.json, <hex>.tar, <hex>/layer.tar; podman writes such names too */
	return str_starts(path, "blobs/") || is_hex(path, n) || str_starts(path, "sha256:") ||
	       (!strchr(path, '/') && (str_ends(path, ".tar") || str_ends(path, ".tar.gz")));
}

int
bundle_kind(int fd, const char *path, struct err *e)
{
	char plain[TREE_PATH + 1];
	struct archive_entry *entry;
	struct archive *a = reader(fd, path, e);
	int kind = BUNDLE_ROOT, rc;

	if (!a)
		return -1;
	while ((rc = archive_read_next_header(a, &entry)) == ARCHIVE_OK || rc == ARCHIVE_WARN) {
		const char *name = archive_entry_pathname(entry);
		if (!name || tree_plain(name, true, plain, NULL) < 0)
			break;
		if (strcmp(plain, MACHINE_FILE_MARK) == 0)
			kind = BUNDLE_MACHINE;
		if (!plausible(plain))
			break;
		if (strcmp(plain, "oci-layout") == 0 || strcmp(plain, "manifest.json") == 0) {
			kind = BUNDLE_ARCHIVE;
			break;
		}
	}
	if (rc == ARCHIVE_FATAL) {
		const char *why = archive_error_string(a);
		fail(e, EINVAL, "'%s' is not a whole tar file: %s", path,
		     why ? why : "it is broken");
		err_hint(
		        e,
		        "import takes an OCI layout, a docker-archive, a root tarball or a folder");
		kind = -1;
	}
	archive_read_free(a);
	return kind;
}

int
bundle_spool(struct image_store *s, int fd, struct err *e)
{
	int out = openat(s->dir, "images", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char *buf = xmalloc(SIZE);

	if (out < 0) {
		fail(e, errno, "no temporary file in '%s/images': %s", s->root, strerror(errno));
		goto bad;
	}
	for (;;) {
		ssize_t n = read(fd, buf, SIZE);
		if (n < 0 && errno == EINTR && !atomic_load(&options_stop))
			continue;
		if (n == 0)
			break;
		if (n < 0 || file_write_all(out, buf, (size_t)n) < 0) {
			fail(e, errno, "standard input into '%s/images': %s", s->root,
			     strerror(errno));
			if (errno == ENOSPC)
				err_hint(e, "free some space (joist rmi --unused), or put the "
				            "store elsewhere: "
				            "--root DIR");
			goto bad;
		}
	}
	free(buf);
	close(fd);
	return out;
bad:
	free(buf);
	close(fd);
	if (out >= 0)
		close(out);
	return -1;
}

/* -- docker-archive ------------------------------------------------------------------------ */

/* Move a member to its place among the blobs; describe it. */
static json_t *
blob_of(int dir, const char *member, const char *media, struct err *e)
{
	char path[TREE_PATH + 1], digest[80], place[100];
	unsigned char *buf = NULL;
	struct hash *h = NULL;
	struct stat st;
	json_t *d = NULL;
	ssize_t n;

	if (!member || tree_plain(member, false, path, e) < 0)
		return NULL;
	/* Layers that images share are links within the archive. */
	int fd = host_openat2(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0,
	                      RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		fail(e, ENODATA, "the archive has no member '%.200s'", member);
		goto out;
	}
	buf = xmalloc(SIZE);
	h = hash_new();
	off_t at = 0;
	unsigned char head[4] = { 0 };
	while ((n = pread(fd, buf, SIZE, at)) > 0) {
		if (at == 0)
			memcpy(head, buf, n < 4 ? (size_t)n : 4);
		hash_add(h, buf, (size_t)n);
		at += n;
	}
	hash_digest(h, digest);
	if (!media && memcmp(head, "\x1f\x8b", 2) == 0)
		media = MEDIA_LAYER "+gzip";
	else if (!media && memcmp(head, "\x28\xb5\x2f\xfd", 4) == 0)
		media = MEDIA_LAYER "+zstd";
	char *proc = xprintf("/proc/self/fd/%d", fd);
	layout_blob(digest, place);
	if (linkat(AT_FDCWD, proc, dir, place, AT_SYMLINK_FOLLOW) < 0 && errno != EEXIST)
		fail(e, errno, "cannot lay out the archive: %s", strerror(errno));
	else
		d = json_pack("{s:s, s:s, s:I}", "mediaType", media ? media : MEDIA_LAYER, "digest",
		              digest, "size", (json_int_t)at);
	free(proc);
out:
	free(buf);
	if (fd >= 0)
		close(fd);
	return d;
}

/* One row of manifest.json becomes a manifest. */
static json_t *
manifest_for(int dir, const json_t *row, struct err *e)
{
	char digest[80], place[80];
	json_t *layers = json_array(), *m = NULL, *d = NULL, *name;
	size_t i;

	json_t *config = blob_of(dir, json_str(row, "Config", NULL), MEDIA_CONFIG, e);
	if (!config)
		goto out;
	json_array_foreach(json_object_get(row, "Layers"), i, name) {
		json_t *layer = blob_of(dir, json_string_value(name), NULL, e);
		if (!layer)
			goto out;
		json_array_append_new(layers, layer);
	}
	m = json_pack("{s:i, s:s, s:O, s:O}", "schemaVersion", 2, "mediaType", MEDIA_MANIFEST,
	              "config", config, "layers", layers);
	char *text = json_dumps(m, JSON_COMPACT);
	hash_of(text, strlen(text), digest);
	if (file_write(dir, layout_blob(digest, place), text, strlen(text), 0600, false, e) == 0)
		d = json_pack("{s:s, s:s, s:I}", "mediaType", MEDIA_MANIFEST, "digest", digest,
		              "size", (json_int_t)strlen(text));
	free(text);
out:
	json_decref(m);
	json_decref(config);
	json_decref(layers);
	return d;
}

static int
docker_archive(struct image_store *s, const struct options *o, int dir, const char *at,
               const char *path, const char *name, struct err *e)
{
	json_t *list = json_file(dir, "manifest.json", e), *row, *tag, *index = NULL;
	size_t i, k;
	int rc = -1;

	if (!list)
		return -1;
	if (!json_is_array(list) || json_array_size(list) == 0) {
		fail(e, EINVAL, "manifest.json of the archive is not a list of images");
		goto out;
	}
	if (file_mkdirs(dir, "blobs/sha256", 0700, e) < 0)
		goto out;
	json_array_foreach(list, i, row) {
		json_t *d = manifest_for(dir, row, e), *tags = json_object_get(row, "RepoTags");
		if (!d)
			goto out;
		json_decref(index);
		json_object_set_new(d, "annotations", json_pack("{s:s}", LAYOUT_REF, "this"));
		index = json_pack("{s:i, s:[o]}", "schemaVersion", 2, "manifests", d);
		if (json_save(dir, "index.json", index, false, e) < 0)
			goto out;
		bool named = false;
		json_array_foreach(tags, k, tag) {
			struct ref r;
			if (name || !json_is_string(tag) ||
			    ref_parse(json_string_value(tag), &r, e) < 0)
				continue;
			char *full = ref_name(&r);
			ref_free(&r);
			rc = import_layout(s, o, at, "this", full, path, e);
			free(full);
			named = true;
			if (rc < 0)
				goto out;
		}
		if (!named &&
		    (rc = import_layout(s, o, at, "this", name ? name : NULL, path, e)) < 0)
			goto out;
	}
out:
	json_decref(index);
	json_decref(list);
	return rc;
}

/* Every image of a layout that has a name, or the only one. */
static int
whole_layout(struct image_store *s, const struct options *o, const char *at, const char *path,
             const char *name, struct err *e)
{
	struct layout l;
	size_t i, done = 0;
	json_t *d;
	int rc = 0;

	if (layout_open(&l, at, false, e) < 0)
		return -1;
	json_t *index = layout_index(&l, e);
	layout_close(&l);
	if (!index)
		return -1;
	json_t *list = json_object_get(index, "manifests");
	json_array_foreach(list, i, d) {
		const char *tag = json_str(json_object_get(d, "annotations"), LAYOUT_REF, NULL);
		if (rc < 0 || !tag || json_array_size(list) < 2 || name)
			continue;
		rc = import_layout(s, o, at, tag, NULL, path, e);
		done++;
	}
	if (rc == 0 && done == 0)
		rc = import_layout(s, o, at, NULL, name, path, e);
	json_decref(index);
	return rc;
}

int
bundle_import(struct image_store *s, const struct options *o, int fd, const char *path,
              const char *name, struct err *e)
{
	struct apply p = { .stop = &options_stop };
	struct archive *a = reader(fd, path, e);
	struct stat st;

	if (!a)
		return -1;
	char *temporary = unpack_temporary(s, &p.root, e);
	if (!temporary) {
		archive_read_free(a);
		return -1;
	}
	p.limits = apply_limits(p.root, fstat(fd, &st) == 0 ? st.st_size : 0);
	p.limits.devices = 0;
	int rc = apply_archive(&p, a, e);
	archive_read_free(a);
	char *at = xprintf("%s/%s/fs", s->root, temporary);
	if (rc < 0)
		err_prefix(e, "'%s'", path);
	else if (faccessat(p.root, "manifest.json", F_OK, 0) == 0)
		rc = docker_archive(s, o, p.root, at, path, name, e);
	else
		rc = whole_layout(s, o, at, path, name, e);
	close(p.root);
	if (collect_folder(s, temporary, NULL) < 0)
		err_warn("'%s/%s' could not be removed", s->root, temporary);
	free(at);
	free(temporary);
	return rc;
}
