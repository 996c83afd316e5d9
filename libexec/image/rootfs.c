/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/rootfs.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/arena.h"
#include "base/proc.h"
#include "base/str.h"
#include "img/manifest.h"
#include "img/ref.h"
#include "libexec/image/blob.h"
#include "libexec/image/change.h"
#include "libexec/image/import.h"
#include "libexec/image/intake.h"
#include "libexec/image/pack.h"
#include "libexec/image/unpack.h"

enum { SIZE = 256 << 10, LEVEL = 3 };

/* The layer's bytes on their way: perhaps compressed here. */
struct sink {
	struct blob *b; /* lent */
	z_stream z;
	unsigned char *out; /* own */
};

static int
deflate_put(struct sink *k, const void *bytes, size_t n, int flush, struct err *e)
{
	k->z.next_in = (unsigned char *)(uintptr_t)bytes;
	k->z.avail_in = (unsigned)n;
	do {
		k->z.next_out = k->out;
		k->z.avail_out = SIZE;
		int rc = deflate(&k->z, flush);
		if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
			return fail(e, EIO, "cannot compress the layer");
		if (blob_write(k->b, k->out, SIZE - k->z.avail_out, e) < 0)
			return -1;
	} while (k->z.avail_out == 0);
	return 0;
}

static int
sink_put(void *ctx, const void *bytes, size_t n, struct err *e)
{
	return deflate_put(ctx, bytes, n, Z_NO_FLUSH, e);
}

static int
sink_open(struct sink *k, struct blob *b, struct err *e)
{
	*k = (struct sink){ .b = b };
	/* 16 + 15: a gzip header and the largest window. */
	if (deflateInit2(&k->z, LEVEL, Z_DEFLATED, 16 + 15, 9, Z_DEFAULT_STRATEGY) != Z_OK)
		return fail(e, ENOMEM, "cannot compress the layer");
	k->out = xmalloc(SIZE);
	return 0;
}

static int
sink_close(struct sink *k, int rc, struct err *e)
{
	if (rc == 0)
		rc = deflate_put(k, "", 0, Z_FINISH, e);
	deflateEnd(&k->z);
	free(k->out);
	return rc;
}

/* -- sources -------------------------------------------------------------------------- */

struct source {
	int fd;           /* lent */
	const char *path; /* for errors */
	bool folder;
	const char *media; /* of what comes out */
};

static int
from_folder(struct source *s, struct blob *b, struct err *e)
{
	struct sink k;

	s->media = MEDIA_LAYER "+gzip";
	if (sink_open(&k, b, e) < 0)
		return -1;
	return sink_close(&k, pack_folder(s->fd, sink_put, &k, e), e);
}

/* gzip and zstd are kept as they are. */
static int
as_it_is(struct source *s, struct blob *b, struct err *e)
{
	char *buf = xmalloc(SIZE);
	int rc = 0;
	off_t at = 0;

	while (rc == 0) {
		ssize_t n = pread(s->fd, buf, SIZE, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = fail(e, errno, "'%s': %s", s->path, strerror(errno));
		if (n <= 0)
			break;
		at += n;
		rc = blob_write(b, buf, (size_t)n, e);
		if (rc == 0 && atomic_load(&options_stop))
			rc = fail(e, EINTR, "interrupted");
	}
	free(buf);
	return rc;
}

/* Anything else is inflated, if need be, and compressed as gzip. */
static int
anew(struct source *s, struct blob *b, struct err *e)
{
	struct archive *a = archive_read_new();
	struct archive_entry *entry;
	struct sink k;
	la_ssize_t n = 0;
	int rc = -1;

	char *buf = xmalloc(SIZE);
	archive_read_support_filter_none(a);
	archive_read_support_filter_xz(a);
	archive_read_support_filter_bzip2(a);
	archive_read_support_format_raw(a);
	archive_read_support_format_empty(a);
	if (sink_open(&k, b, e) < 0)
		goto out;
	lseek(s->fd, 0, SEEK_SET);
	rc = archive_read_open_fd(a, s->fd, SIZE);
	if (rc == ARCHIVE_OK)
		rc = archive_read_next_header(a, &entry);
	if (rc == ARCHIVE_EOF)
		rc = ARCHIVE_OK;
	while (rc == ARCHIVE_OK && (n = archive_read_data(a, buf, SIZE)) > 0) {
		if (sink_put(&k, buf, (size_t)n, e) < 0)
			rc = -1;
		else if (atomic_load(&options_stop))
			rc = fail(e, EINTR, "interrupted");
	}
	if (n < 0)
		rc = fail(e, EINVAL, "'%s' is broken: %s", s->path, archive_error_string(a));
	rc = sink_close(&k, rc == ARCHIVE_OK ? 0 : -1, e);
out:
	free(buf);
	archive_read_free(a);
	return rc;
}

static int
from_tarball(struct source *s, struct blob *b, struct err *e)
{
	unsigned char head[4] = { 0 };

	if (pread(s->fd, head, sizeof head, 0) < 0)
		return fail(e, errno, "'%s': %s", s->path, strerror(errno));
	s->media = MEDIA_LAYER "+gzip";
	if (memcmp(head, "\x1f\x8b", 2) == 0)
		return as_it_is(s, b, e);
	if (memcmp(head, "\x28\xb5\x2f\xfd", 4) == 0) {
		s->media = MEDIA_LAYER "+zstd";
		return as_it_is(s, b, e);
	}
	return anew(s, b, e);
}

/* -- the image ---------------------------------------------------------------------------- */

static json_t *
config_of(const struct options *o, const struct source *s, const char *diff_id, struct err *e)
{
	struct platform p;
	char when[40];
	json_t *inner = json_object();

	if (manifest_platform(o->platform, &p, e) < 0)
		goto bad;
	for (size_t i = 0; i < o->changes.n; i++)
		if (change_apply(inner, o->changes.p[i], e) < 0)
			goto bad;
	proc_time_text(proc_now(), when);
	char *by = xprintf("joist import %s", s->path);
	json_t *c = json_pack("{s:s, s:s, s:s, s:o, s:{s:s, s:[s]}, s:[{s:s, s:s, s:s}]}",
	                      "created", when, "architecture", p.arch, "os", p.os, "config", inner,
	                      "rootfs", "type", "layers", "diff_ids", diff_id, "history", "created",
	                      when, "created_by", by, "comment", o->message ? o->message : "");
	if (p.variant[0] && strcmp(p.arch, "arm64") != 0)
		json_object_set_new(c, "variant", json_string(p.variant));
	free(by);
	return c;
bad:
	json_decref(inner);
	return NULL;
}

/* Keep a document as a blob and describe it. */
static json_t *
keep(struct image_store *s, const json_t *doc, const char *media, struct err *e)
{
	char digest[80], *text = json_dumps(doc, JSON_COMPACT);
	size_t n = strlen(text);
	json_t *d = NULL;

	if (blob_put(s, text, n, NULL, digest, e) == 0)
		d = json_pack("{s:s, s:s, s:I}", "mediaType", media, "digest", digest, "size",
		              (json_int_t)n);
	free(text);
	return d;
}

static int
name_it(struct image_store *s, const struct options *o, const struct source *src,
        const struct blob *b, const char *diff_id, const char *name, struct err *e)
{
	json_t *config = config_of(o, src, diff_id, e), *d = NULL, *manifest = NULL, *c = NULL;
	char *own = name ? NULL : import_name(src->path);
	int rc = -1;

	if (!config || !(c = keep(s, config, MEDIA_CONFIG, e)))
		goto out;
	manifest = json_pack("{s:i, s:s, s:O, s:[{s:s, s:s, s:I}]}", "schemaVersion", 2,
	                     "mediaType", MEDIA_MANIFEST, "config", c, "layers", "mediaType",
	                     src->media, "digest", b->digest, "size", (json_int_t)b->have);
	json_t *m = keep(s, manifest, MEDIA_MANIFEST, e);
	if (!m)
		goto out;
	char *digest = xstrdup(json_string_value(json_object_get(m, "digest")));
	d = intake_descriptor(MEDIA_MANIFEST, digest,
	                      (size_t)json_integer_value(json_object_get(m, "size")), config);
	json_decref(m);
	rc = image_tag(s, name ? name : own, d, e);
	if (rc == 0)
		import_done(o, name ? name : own, digest);
	free(digest);
out:
	free(own);
	json_decref(c);
	json_decref(manifest);
	json_decref(config);
	return rc;
}

struct unpacking {
	struct image_store *s;
	struct blob *b;
	int64_t hint;
	char diff_id[80];
	struct err err;
	int rc;
};

static void *
unpack_main(void *ctx)
{
	struct unpacking *u = ctx;

	u->rc = unpack_layer(u->s, u->b->feed, u->hint, u->diff_id, &options_stop, &u->err);
	return NULL;
}

/* A store that can hold no descriptor of a stranger's choice checks changes
 * before any work. */
static int
check(const struct options *o, struct err *e)
{
	struct source none = { .path = "" };
	json_t *c = config_of(o, &none, "", e);

	json_decref(c);
	return c ? 0 : -1;
}

static int
take(struct image_store *s, const struct options *o, struct source *src, const char *name,
     struct err *e)
{
	struct unpacking u = { .s = s };
	struct blob b;
	struct stat st;
	pthread_t thread;

	if (check(o, e) < 0 || blob_open(&b, s, NULL, -1, e) < 0)
		return -1;
	u.b = &b;
	/* How much it may become: of a folder, what this user already has. */
	u.hint = src->folder || fstat(src->fd, &st) < 0 ? INT64_MAX : st.st_size;
	if (pthread_create(&thread, NULL, unpack_main, &u) != 0) {
		blob_close(&b);
		return fail(e, EAGAIN, "cannot start a thread");
	}
	int rc = src->folder ? from_folder(src, &b, e) : from_tarball(src, &b, e);
	if (rc == 0)
		rc = blob_commit(&b, e);
	if (rc < 0)
		feed_end(b.feed, false);
	pthread_join(thread, NULL);
	if (u.rc < 0 && (rc == 0 || (e && e->code == ECANCELED))) {
		*e = u.err;
		err_prefix(e, "'%s'", src->path);
		rc = -1;
	}
	if (rc == 0)
		rc = name_it(s, o, src, &b, u.diff_id, name, e);
	blob_close(&b);
	return rc;
}

int
rootfs_tarball(struct image_store *s, const struct options *o, int fd, const char *name,
               const char *path, struct err *e)
{
	struct source src = { .fd = fd, .path = path };

	return take(s, o, &src, name, e);
}

int
rootfs_folder(struct image_store *s, const struct options *o, int fd, const char *name,
              const char *path, struct err *e)
{
	struct source src = { .fd = fd, .path = path, .folder = true };

	return take(s, o, &src, name, e);
}
