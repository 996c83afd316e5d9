/* SPDX-License-Identifier: Apache-2.0 */
#include "img/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "img/ref.h"

enum { ID_LEAST = 6 };

int
image_store_open(struct image_store *s, const char *root, struct err *e)
{
	char *images, real[4096];

	*s = (struct image_store){ .dir = -1, .lock = -1, .layout.dir = -1 };
	if (file_mkdirs(AT_FDCWD, root, 0700, e) < 0)
		return -1;
	if (!realpath(root, real))
		return fail(e, errno, "the store '%s': %s", root, strerror(errno));
	s->root = xstrdup(real);
	s->dir = file_opendir(AT_FDCWD, s->root, e);
	if (s->dir < 0)
		goto bad;
	images = xprintf("%s/images", s->root);
	int there = faccessat(s->dir, "images/blobs/sha256", F_OK, 0);
	int rc = layout_open(&s->layout, images, there < 0, e);
	free(images);
	if (rc < 0)
		goto bad;
	if (mkdirat(s->dir, "layers", 0700) < 0 && errno != EEXIST) {
		fail(e, errno, "'%s/layers': %s", s->root, strerror(errno));
		goto bad;
	}
	return 0;
bad:
	image_store_close(s);
	return -1;
}

void
image_store_close(struct image_store *s)
{
	image_release(s);
	layout_close(&s->layout);
	if (s->dir >= 0)
		close(s->dir);
	free(s->root);
	*s = (struct image_store){ .dir = -1, .lock = -1, .layout.dir = -1 };
}

static int
lock(struct image_store *s, int how, struct err *e)
{
	if (s->lock < 0)
		s->lock = openat(s->layout.dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock < 0)
		return fail(e, errno, "'%s/images/lock': %s", s->root, strerror(errno));
	while (flock(s->lock, how) < 0) {
		if (errno == EINTR)
			continue;
		return fail(e, errno == EWOULDBLOCK ? EBUSY : errno, "'%s/images/lock': %s",
		            s->root, strerror(errno));
	}
	return 0;
}

int
image_share(struct image_store *s, struct err *e)
{
	return lock(s, LOCK_SH, e);
}

int
image_exclude(struct image_store *s, int wait_ms, struct err *e)
{
	struct timespec nap = { .tv_nsec = 5000000 };

	for (;; wait_ms -= 5) {
		if (lock(s, LOCK_EX | LOCK_NB, e) == 0)
			return 0;
		if (wait_ms <= 0 || (e && e->code != EBUSY))
			break;
		nanosleep(&nap, NULL);
	}
	image_release(s);
	return fail(e, EBUSY, "images are just being read or fetched");
}

void
image_release(struct image_store *s)
{
	if (s->lock >= 0)
		close(s->lock);
	s->lock = -1;
}

const char *
image_layer(const char *diff_id, char buf[80])
{
	snprintf(buf, 80, "layers/%.64s", ref_hex(diff_id));
	return buf;
}

bool
image_has_layer(const struct image_store *s, const char *diff_id)
{
	char path[80];

	return faccessat(s->dir, image_layer(diff_id, path), F_OK, 0) == 0;
}

void
image_free(struct image *im)
{
	for (size_t i = 0; i < im->nlayers; i++) {
		if (im->ids)
			free(im->ids[i]);
		if (im->paths)
			free(im->paths[i]);
	}
	free(im->ids);
	free(im->paths);
	free(im->layers);
	free(im->name);
	free(im->digest);
	json_decref(im->manifest);
	json_decref(im->config);
	*im = (struct image){ 0 };
}

/* Fill an image from its manifest's digest, which is in layout l. */
static int
load(struct image_store *s, const struct layout *l, char *digest, struct image *im, struct err *e)
{
	struct manifest m = { 0 };
	const char **ids = NULL;
	struct str all = { 0 };
	int rc = -1;

	im->digest = digest;
	json_t *doc = layout_json(l, digest, "manifest", e);
	if (!doc || manifest_of(doc, &m, e) < 0)
		return -1;
	im->manifest = json_incref(m.doc);
	im->config = layout_json(l, m.config.digest, "configuration", e);
	if (!im->config || manifest_diff_ids(im->config, m.nlayers, &ids, e) < 0)
		goto out;
	im->ids = xcalloc(m.nlayers + 1, sizeof *im->ids);
	im->paths = xcalloc(m.nlayers + 1, sizeof *im->paths);
	for (size_t i = 0; i < m.nlayers; i++) {
		/* The same layer twice is once: overlayfs refuses it, and the upper one
		 * hides all of the lower. */
		bool again = false;
		for (size_t k = i + 1; k < m.nlayers; k++)
			again |= strcmp(ids[i], ids[k]) == 0;
		if (again)
			continue;
		if (!image_has_layer(s, ids[i])) {
			fail(e, ENODATA, "broken image: layer %zu of %zu, %.19s, is not unpacked",
			     i + 1, m.nlayers, ids[i]);
			goto out;
		}
		im->ids[im->nlayers] = xstrdup(ref_hex(ids[i]));
		im->paths[im->nlayers] = xprintf("%s/layers/%s/fs", s->root, ref_hex(ids[i]));
		str_printf(&all, "%s%s", im->nlayers ? "," : "", ref_hex(ids[i]));
		im->nlayers++;
	}
	im->layers = str_take(&all);
	if (!im->layers)
		im->layers = xstrdup("");
	rc = 0;
out:
	str_free(&all);
	free(ids);
	manifest_free(&m);
	return rc;
}

static const char *
name_of(const json_t *descriptor)
{
	return json_str(json_object_get(descriptor, "annotations"), LAYOUT_REF, "");
}

/* The descriptor that fits best among those of that name. */
static const json_t *
by_name(const json_t *list, const char *name, const struct platform *p, bool any, bool *other)
{
	const json_t *best = NULL, *d;
	int most = 0;
	size_t i;

	json_array_foreach(list, i, d) {
		if (strcmp(name_of(d), name) != 0)
			continue;
		int fit = manifest_fits(d, p);
		*other = true;
		if (fit > most || (any && !best)) {
			most = fit;
			best = d;
		}
	}
	return best;
}

static const json_t *
by_id(const json_t *list, const char *text, bool *several)
{
	const char *hex = str_starts(text, "sha256:") ? text + 7 : text;
	size_t n = strlen(hex), i;
	const json_t *found = NULL, *d;

	if (n < ID_LEAST || n > 64 || strspn(hex, "0123456789abcdef") != n)
		return NULL;
	json_array_foreach(list, i, d) {
		const char *digest = json_str(d, "digest", "");
		if (!ref_is_digest(digest) || strncmp(ref_hex(digest), hex, n) != 0)
			continue;
		if (found && strcmp(json_str(found, "digest", ""), digest) != 0)
			*several = true;
		if (!found)
			found = d;
	}
	return found;
}

const json_t *
image_lookup(const json_t *index, const char *text, const char *platform, struct err *e)
{
	const json_t *list = json_object_get(index, "manifests"), *d = NULL;
	struct platform p;
	struct ref r = { 0 };
	bool several = false, other = false;
	char *name = NULL, plat[100];

	if (manifest_platform(platform, &p, e) < 0)
		return NULL;
	struct err bad_name = { 0 };
	if (ref_parse(text, &r, &bad_name) == 0) {
		name = ref_name(&r);
		/* Without a wish, an image for another processor is better than none:
		 * the host may be able to run it (binfmt_misc). */
		d = by_name(list, name, &p, platform == NULL, &other);
	}
	if (!d)
		d = by_id(list, text, &several);
	/* repo@digest of an image that was fetched by its tag */
	if (!d && r.digest)
		d = by_id(list, r.digest, &several);
	ref_free(&r);
	if (several) {
		fail(e, EINVAL, "several images have an id that begins with '%s'", text);
		err_hint(e, "write more of it: joist images");
		d = NULL;
	} else if (!d && bad_name.code) {
		if (e)
			*e = bad_name;
	} else if (!d && other) {
		fail(e, ENOENT, "image '%s' is not in the store for %s", text,
		     manifest_platform_text(&p, plat));
		err_hint(e, "get it with: joist pull --platform %s %s", plat, text);
	} else if (!d) {
		fail(e, ENOENT, "image '%s' is not in the store", text);
		err_hint(e, "get it with: joist pull %s", text);
	}
	free(name);
	return d;
}

int
image_resolve(struct image_store *s, const char *text, const char *platform, struct image *im,
              struct err *e)
{
	struct platform p;
	struct descriptor d;
	char *digest = NULL;

	*im = (struct image){ 0 };
	if (manifest_platform(platform, &p, e) < 0 || image_share(s, e) < 0)
		return -1;
	json_t *index = layout_index(&s->layout, e);
	if (!index)
		return -1;
	const json_t *o = image_lookup(index, text, platform, e);
	if (o && manifest_descriptor(o, "the store's index", &d, e) == 0)
		digest = layout_follow(&s->layout, &d, &p, e);
	if (digest && *name_of(o))
		im->name = xstrdup(name_of(o));
	json_decref(index);
	if (!digest)
		return -1;
	if (load(s, &s->layout, digest, im, e) == 0)
		return 0;
	if (e && e->code == ENODATA)
		err_hint(e, "get it anew with: joist pull %s", text);
	image_free(im);
	return -1;
}

int
image_resolve_layout(struct image_store *s, const char *path, const char *tag, const char *platform,
                     struct image *im, struct err *e)
{
	struct platform p;
	struct layout l;

	*im = (struct image){ 0 };
	if (manifest_platform(platform, &p, e) < 0 || image_share(s, e) < 0 ||
	    layout_open(&l, path, false, e) < 0)
		return -1;
	char *digest = layout_find(&l, tag, &p, e);
	int rc = digest ? load(s, &l, digest, im, e) : -1;
	layout_close(&l);
	if (rc < 0) {
		if (e && e->code == ENODATA)
			err_hint(e, "unpack it with: joist import oci:%s", path);
		image_free(im);
	}
	return rc;
}

/* Two descriptors that cannot stand beside each other under one name. */
static bool
same_platform(const json_t *a, const json_t *b)
{
	static const char *const keys[] = { "os", "architecture", "variant" };
	const json_t *p = json_object_get(a, "platform"), *q = json_object_get(b, "platform");

	if (!p || !q)
		return true;
	for (size_t i = 0; i < 3; i++)
		if (strcmp(json_str(p, keys[i], ""), json_str(q, keys[i], "")) != 0)
			return false;
	return true;
}

int
image_tag(struct image_store *s, const char *name, json_t *descriptor, struct err *e)
{
	json_t *note = json_object_get(descriptor, "annotations"), *index = NULL, *d;
	int rc = -1, fd = layout_lock(&s->layout, e);

	if (fd < 0)
		goto out;
	index = layout_index(&s->layout, e);
	if (!index)
		goto out;
	if (!note) {
		note = json_object();
		json_object_set_new(descriptor, "annotations", note);
	}
	json_object_set_new(note, LAYOUT_REF, json_string(name));
	json_t *list = json_object_get(index, "manifests");
	for (size_t i = json_array_size(list); i-- > 0;) {
		d = json_array_get(list, i);
		if (strcmp(name_of(d), name) == 0 && same_platform(d, descriptor))
			json_array_remove(list, i);
	}
	json_array_append(list, descriptor);
	rc = layout_save(&s->layout, index, e);
out:
	json_decref(index);
	json_decref(descriptor);
	if (fd >= 0)
		close(fd);
	return rc;
}
