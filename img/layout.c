/* SPDX-License-Identifier: Apache-2.0 */
#include "img/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "img/ref.h"

static int
make_layout(const char *path, struct err *e)
{
	static const char version[] = "{\"imageLayoutVersion\":\"1.0.0\"}";

	if (file_mkdirs(AT_FDCWD, path, 0755, e) < 0)
		return -1;
	int dir = file_opendir(AT_FDCWD, path, e);
	if (dir < 0)
		return -1;
	int rc = file_mkdirs(dir, "blobs/sha256", 0755, e);
	if (rc == 0 && faccessat(dir, "oci-layout", F_OK, 0) < 0)
		rc = file_write(dir, "oci-layout", version, sizeof version - 1, 0644, false, e);
	close(dir);
	return rc;
}

int
layout_open(struct layout *l, const char *path, bool make, struct err *e)
{
	*l = (struct layout){ .dir = -1 };
	if (make && make_layout(path, e) < 0)
		return -1;
	l->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->dir < 0)
		return fail(e, errno, "'%s': %s", path, strerror(errno));
	l->path = xstrdup(path);
	return 0;
}

void
layout_close(struct layout *l)
{
	if (l->dir >= 0)
		close(l->dir);
	free(l->path);
	*l = (struct layout){ .dir = -1 };
}

json_t *
layout_index(const struct layout *l, struct err *e)
{
	char *text;
	size_t n;

	if (file_read_if(l->dir, "index.json", 4 * JSON_MOST, &text, &n, e) < 0) {
		err_prefix(e, "'%s'", l->path);
		return NULL;
	}
	if (!text)
		return json_pack("{s:i, s:s, s:[]}", "schemaVersion", 2, "mediaType", MEDIA_INDEX,
		                 "manifests");
	json_t *doc = json_parse(text, n, "index.json", e);
	free(text);
	if (doc && !json_is_array(json_object_get(doc, "manifests"))) {
		json_decref(doc);
		doc = NULL;
		fail(e, EINVAL, "'index.json' has no list of manifests");
	}
	if (!doc)
		err_prefix(e, "'%s'", l->path);
	return doc;
}

int
layout_lock(const struct layout *l, struct err *e)
{
	int fd = openat(l->dir, "index.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(e, errno, "'%s/index.lock': %s", l->path, strerror(errno));
	while (flock(fd, LOCK_EX) < 0) {
		if (errno == EINTR)
			continue;
		fail(e, errno, "'%s/index.lock': %s", l->path, strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

int
layout_save(const struct layout *l, const json_t *index, struct err *e)
{
	if (json_save(l->dir, "index.json", index, true, e) == 0)
		return 0;
	if (e && e->code == ENOSPC)
		err_hint(e, "free some space; the list of images is as it was");
	return -1;
}

const char *
layout_blob(const char *digest, char buf[80])
{
	snprintf(buf, 80, "blobs/sha256/%.64s", ref_hex(digest));
	return buf;
}

bool
layout_has(const struct layout *l, const char *digest, int64_t size)
{
	struct stat st;
	char path[80];

	return fstatat(l->dir, layout_blob(digest, path), &st, 0) == 0 && S_ISREG(st.st_mode) &&
	       (size < 0 || st.st_size == size);
}

json_t *
layout_json(const struct layout *l, const char *digest, const char *what, struct err *e)
{
	char path[80], *text;
	size_t n;

	if (!ref_is_digest(digest)) {
		fail(e, EINVAL, "broken image: %s is not named by a SHA-256 digest", what);
		return NULL;
	}
	if (file_read(l->dir, layout_blob(digest, path), MANIFEST_MOST, &text, &n, e) < 0) {
		if (e && e->code == ENOENT)
			fail(e, ENODATA, "broken image: its %s, %s, is not in '%s'", what, digest,
			     l->path);
		else
			err_prefix(e, "broken image: its %s", what);
		return NULL;
	}
	json_t *doc = json_parse(text, n, digest, e);
	free(text);
	if (!doc)
		err_prefix(e, "broken image: its %s", what);
	return doc;
}

char *
layout_follow(const struct layout *l, const struct descriptor *d, const struct platform *p,
              struct err *e)
{
	struct descriptor at = *d;
	json_t *held = NULL;
	char *found = NULL;

	/* An index may hold an index; real ones stop at two. */
	for (int depth = 0; depth < 4; depth++) {
		json_t *doc = layout_json(l, at.digest, "manifest", e);
		if (!doc)
			goto out;
		if (!manifest_is_index(doc)) {
			found = xstrdup(at.digest);
			json_decref(doc);
			goto out;
		}
		int rc = manifest_pick(doc, p, &at, e);
		json_decref(held);
		held = doc;
		if (rc < 0)
			goto out;
	}
	fail(e, ELOOP, "broken image: too many indexes within each other");
out:
	json_decref(held);
	return found;
}

static bool
named(const json_t *descriptor, const char *tag)
{
	const char *name = json_str(json_object_get(descriptor, "annotations"), LAYOUT_REF, NULL);

	if (!name)
		return false;
	if (strcmp(name, tag) == 0)
		return true;
	/* Some write the whole name where others write the tag only. */
	const char *colon = strrchr(name, ':');
	return colon && strcmp(colon + 1, tag) == 0;
}

char *
layout_find(const struct layout *l, const char *tag, const struct platform *p, struct err *e)
{
	json_t *index = layout_index(l, e), *d;
	struct descriptor best = { 0 }, one;
	char *found = NULL;
	size_t i, n = 0;
	int most = 0;

	if (!index)
		return NULL;
	json_array_foreach(json_object_get(index, "manifests"), i, d) {
		if (tag ? !named(d, tag) : false)
			continue;
		n++;
		int fit = manifest_fits(d, p);
		if (fit <= most)
			continue;
		if (manifest_descriptor(d, "a member of index.json", &one, e) < 0)
			goto out;
		most = fit;
		best = one;
	}
	if (n == 0) {
		fail(e, ENOENT, "there is no image %s%s%sin '%s'", tag ? "'" : "", tag ? tag : "",
		     tag ? "' " : "", l->path);
		err_hint(e, "see which there are: grep ref.name '%s/index.json'", l->path);
	} else if (!best.digest) {
		char text[100];
		fail(e, ENOENT, "the image in '%s' is not made for %s", l->path,
		     manifest_platform_text(p, text));
		err_hint(e, "choose one with --platform OS/ARCH");
	} else {
		found = layout_follow(l, &best, p, e);
	}
out:
	json_decref(index);
	return found;
}
