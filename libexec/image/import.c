/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "img/ref.h"
#include "libexec/image/bundle.h"
#include "libexec/image/feed.h"
#include "libexec/image/intake.h"
#include "libexec/image/machine_file.h"
#include "libexec/image/rootfs.h"
#include "libexec/image/unpack.h"

/* -- a layout as a source of blobs ------------------------------------------------ */

static int
copy_blob(void *ctx, const struct descriptor *d, struct blob *b, struct progress_row *row,
          struct err *e)
{
	static const size_t size = 1 << 20;
	const struct layout *l = ctx;
	char path[80];
	int rc = 0;

	int fd = openat(l->dir, layout_blob(d->digest, path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		fail(e, errno, "broken image: %.19s... is not in '%s': %s", d->digest, l->path,
		     strerror(errno));
		return err_hint(e, "copy the layout anew");
	}
	char *buf = xmalloc(size);
	for (;;) {
		ssize_t n = pread(fd, buf, size, b->have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = fail(e, errno, "'%s/%s': %s", l->path, path, strerror(errno));
		if (n <= 0 || (rc = blob_write(b, buf, (size_t)n, e)) < 0)
			break;
		atomic_store(&row->done, b->have);
		if (atomic_load(&options_stop)) {
			rc = fail(e, EINTR, "interrupted");
			break;
		}
	}
	free(buf);
	close(fd);
	return rc;
}

/* -- names --------------------------------------------------------------------------- */

char *
import_name(const char *path)
{
	struct str s = { 0 };
	const char *p = strrchr(path, '/');
	struct ref r;

	p = p && p[1] ? p + 1 : path;
	for (; *p && !str_starts(p, ".tar") && !str_starts(p, ".tgz"); p++) {
		char c = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
		bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		/* One '-' for each run of other characters, none at the ends. */
		if (word)
			str_addc(&s, c);
		else if (s.n && s.p[s.n - 1] != '-')
			str_addc(&s, '-');
	}
	while (s.n && s.p[s.n - 1] == '-')
		str_cut(&s, s.n - 1);
	char *name = NULL;
	if (s.n && ref_parse(s.p, &r, NULL) == 0) {
		name = ref_name(&r);
		ref_free(&r);
	}
	str_free(&s);
	return name ? name : xstrdup("docker.io/library/imported:latest");
}

void
import_done(const struct options *o, const char *name, const char *digest)
{
	progress_say(o->quiet, "imported %s", ref_short(name));
	printf("%s\n", digest);
	fflush(stdout);
}

/* The name that a layout gives to a manifest, if it is a whole one. */
static char *
name_in(const struct layout *l, const char *tag)
{
	json_t *index = layout_index(l, NULL), *d;
	char *name = NULL;
	struct ref r;
	size_t i;

	json_array_foreach(json_object_get(index, "manifests"), i, d) {
		const json_t *notes = json_object_get(d, "annotations");
		const char *full = json_str(notes, "io.containerd.image.name",
		                            json_str(notes, LAYOUT_REF, ""));
		if (name || !strchr(full, ':') || (tag && !str_ends(full, tag)))
			continue;
		if (ref_parse(full, &r, NULL) == 0) {
			name = ref_name(&r);
			ref_free(&r);
		}
	}
	json_decref(index);
	return name;
}

int
import_layout(struct image_store *s, const struct options *o, const char *path, const char *tag,
              const char *name, const char *fallback, struct err *e)
{
	struct layout l;
	struct platform p;
	char blob[80], *text = NULL, *own = NULL;
	size_t n;
	int rc = -1;

	if (manifest_platform(o->platform, &p, e) < 0 || layout_open(&l, path, false, e) < 0)
		return -1;
	struct intake in = {
		.store = s, .quiet = o->quiet, .verb = "copied", .bring = copy_blob, .ctx = &l
	};
	char *digest = layout_find(&l, tag, &p, e);
	if (!digest)
		goto out;
	if (file_read(l.dir, layout_blob(digest, blob), MANIFEST_MOST, &text, &n, e) < 0) {
		err_prefix(e, "broken image in '%s'", path);
		goto out;
	}
	char got[80];
	hash_of(text, n, got);
	if (strcmp(got, digest) != 0) {
		fail(e, EBADMSG, "wrong digest: the manifest %.19s... in '%s' is %.19s...", digest,
		     path, got);
		err_hint(e, "copy the layout anew");
		goto out;
	}
	json_t *d = intake_manifest(&in, text, n, digest, e);
	if (!d)
		goto out;
	if (!name)
		name = own = name_in(&l, tag);
	if (!name)
		name = own = import_name(fallback);
	rc = image_tag(s, name, d, e);
	if (rc == 0)
		import_done(o, name, digest);
out:
	free(own);
	free(text);
	free(digest);
	layout_close(&l);
	return rc;
}

/* -- unpack ------------------------------------------------------------------------------ */

/* DIR[:TAG]; a folder's name may hold a ':' itself. */
static char *
split_tag(const char *arg, char **tag)
{
	struct stat st;
	char *path = xstrdup(arg), *colon = strrchr(path, ':');

	*tag = NULL;
	if (colon && !strchr(colon, '/') && stat(path, &st) < 0) {
		*colon = '\0';
		*tag = xstrdup(colon + 1);
	}
	return path;
}

static int
unpack_one(struct image_store *s, const struct layout *l, const struct descriptor *d,
           const char *id, struct err *e)
{
	char path[80], diff_id[80];
	struct stat st;

	if (image_has_layer(s, id))
		return 0;
	int fd = openat(l->dir, layout_blob(d->digest, path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(e, errno, "broken image: layer %.19s... is not in '%s': %s", d->digest,
		            l->path, strerror(errno));
	struct feed *f = feed_new(fd, st.st_size);
	feed_end(f, true);
	memcpy(diff_id, id, strlen(id) + 1);
	int rc = unpack_layer(s, f, st.st_size, diff_id, &options_stop, e);
	feed_free(f);
	close(fd);
	return rc < 0 ? err_prefix(e, "layer %.19s", d->digest) : 0;
}

/* A document of a layout, only if it is what its name says. */
static json_t *
checked(const struct layout *l, const char *digest, const char *what, struct err *e)
{
	char path[80], got[80], *text;
	size_t n;

	if (file_read(l->dir, layout_blob(digest, path), MANIFEST_MOST, &text, &n, e) < 0) {
		err_prefix(e, "broken image: its %s", what);
		return NULL;
	}
	hash_of(text, n, got);
	json_t *doc = NULL;
	if (strcmp(got, digest) != 0) {
		fail(e, EBADMSG, "wrong digest: the %s %.19s... in '%s' is %.19s...", what, digest,
		     l->path, got);
		err_hint(e, "copy the layout anew");
	} else {
		doc = json_parse(text, n, what, e);
	}
	free(text);
	return doc;
}

int
import_unpack(struct image_store *s, const struct options *o, struct err *e)
{
	const char *arg = str_starts(o->args[0], "oci:") ? o->args[0] + 4 : o->args[0];
	struct manifest m = { 0 };
	const char **ids = NULL;
	struct platform p;
	struct layout l;
	char *tag, *path = split_tag(arg, &tag), *digest = NULL;
	json_t *doc = NULL, *config = NULL;
	int rc = -1;

	if (manifest_platform(o->platform, &p, e) < 0 || layout_open(&l, path, false, e) < 0) {
		free(path);
		free(tag);
		return -1;
	}
	if (!(digest = layout_find(&l, tag, &p, e)) ||
	    !(doc = checked(&l, digest, "manifest", e)) || manifest_of(doc, &m, e) < 0 ||
	    !(config = checked(&l, m.config.digest, "configuration", e)) ||
	    manifest_diff_ids(config, m.nlayers, &ids, e) < 0)
		goto out;
	rc = 0;
	for (size_t i = 0; i < m.nlayers && rc == 0; i++)
		rc = unpack_one(s, &l, &m.layers[i], ids[i], e);
	if (rc == 0 && !o->no_digest)
		printf("%s\n", digest);
out:
	free(ids);
	free(digest);
	json_decref(config);
	manifest_free(&m);
	layout_close(&l);
	free(path);
	free(tag);
	return rc;
}

/* -- import ------------------------------------------------------------------------------- */

static bool
is_layout(const char *path)
{
	char *marker = xprintf("%s/oci-layout", path);
	bool yes = access(marker, R_OK) == 0;

	free(marker);
	return yes;
}

static int
import_dir(struct image_store *s, const struct options *o, const char *path, const char *name,
           struct err *e)
{
	int fd = file_opendir(AT_FDCWD, path, e);

	if (fd < 0)
		return -1;
	char *full = realpath(path, NULL);
	int rc = rootfs_folder(s, o, fd, name, full ? full : path, e);
	free(full);
	close(fd);
	return rc;
}

static int
import_file(struct image_store *s, const struct options *o, const char *path, bool archive,
            const char *name, struct err *e)
{
	int fd = strcmp(path, "-") == 0 ? fcntl(0, F_DUPFD_CLOEXEC, 3)
	                                : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int rc = -1, kind;

	if (fd < 0)
		return fail(e, errno, "'%s': %s", path, strerror(errno));
	/* What a pipe holds can be looked at only once. */
	if (lseek(fd, 0, SEEK_CUR) < 0 && (fd = bundle_spool(s, fd, e)) < 0)
		return -1;
	kind = archive ? BUNDLE_ARCHIVE : bundle_kind(fd, path, e);
	if (kind == BUNDLE_ARCHIVE)
		rc = bundle_import(s, o, fd, path, name, e);
	else if (kind == BUNDLE_MACHINE)
		rc = lseek(fd, 0, SEEK_SET) < 0
		             ? fail(e, errno, "'%s': %s", path, strerror(errno))
		             : machine_file_load(s, fd, path, o->nargs > 1 ? o->args[1] : NULL, e);
	else if (kind == BUNDLE_ROOT)
		rc = rootfs_tarball(s, o, fd, name, path, e);
	close(fd);
	return rc;
}

int
import_command(struct image_store *s, const struct options *o, struct err *e)
{
	static const char *const prefixes[] = { "oci:", "oci-archive:", "docker-archive:", "dir:",
		                                "tar:" };
	const char *source = o->args[0];
	char *name = NULL, *tag = NULL, *path = NULL;
	int kind = -1, rc = -1;
	struct stat st;
	struct ref r;

	if (o->nargs > 1) {
		if (ref_parse(o->args[1], &r, e) < 0)
			return -1;
		name = ref_name(&r);
		ref_free(&r);
	}
	for (int i = 0; i < 5 && kind < 0; i++)
		if (str_starts(source, prefixes[i])) {
			kind = i;
			source += strlen(prefixes[i]);
		}
	path = kind == 0 ? split_tag(source, &tag) : xstrdup(source);
	bool folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
	if (kind == 0 || (kind < 0 && folder && is_layout(path)))
		rc = import_layout(s, o, path, tag, name, path, e);
	else if (kind == 3 || (kind < 0 && folder))
		rc = import_dir(s, o, path, name, e);
	else if (kind == 4)
		rc = import_file(s, o, path, false, name, e);
	else
		rc = import_file(s, o, path, kind == 1 || kind == 2, name, e);
	if (rc < 0 && e && e->code == ENOENT && !e->hint[0])
		err_hint(e, "the source is a folder, a tar file, or - for standard input");
	free(name);
	free(tag);
	free(path);
	return rc;
}
