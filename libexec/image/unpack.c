/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "img/collect.h"
#include "img/ref.h"
#include "libexec/image/hash.h"
#include "libexec/image/ring.h"

enum { INPUT = 256 << 10 };

/* One thread inflates ... */
struct inflater {
	struct feed *feed; /* lent */
	struct ring *ring; /* lent */
	int64_t at;
	unsigned char *buf; /* own */
	struct err err;
	bool failed;
};

/* ... and the other one reads tar. */
struct reader {
	struct ring *ring; /* lent */
	struct hash *hash; /* own */
	int64_t bytes;
	bool starved; /* the ring was broken: the inflater knows why */
};

static ssize_t
take_input(struct archive *a, void *ctx, const void **out)
{
	struct inflater *f = ctx;
	ssize_t n = feed_read(f->feed, f->buf, INPUT, f->at);

	if (n < 0) {
		archive_set_error(a, EIO, "its bytes did not come");
		return -1;
	}
	f->at += n;
	*out = f->buf;
	return n;
}

static void
inflate_all(struct inflater *f, struct archive *a)
{
	struct archive_entry *entry;
	unsigned char *p;
	int rc = archive_read_next_header(a, &entry);

	while (rc == ARCHIVE_OK || rc == ARCHIVE_WARN) {
		size_t n = 0;
		if (!(p = ring_empty(f->ring)))
			return;
		/* As much as fits: fewer and larger pieces go round. */
		while (n < RING_SIZE) {
			la_ssize_t got = archive_read_data(a, p + n, RING_SIZE - n);
			if (got < 0)
				goto bad;
			if (got == 0)
				break;
			n += (size_t)got;
		}
		ring_put(f->ring, n);
		if (n == 0)
			return;
	}
	if (rc == ARCHIVE_EOF) {
		if ((p = ring_empty(f->ring)))
			ring_put(f->ring, 0);
		return;
	}
bad:
	f->failed = true;
	const char *why = archive_error_string(a);
	fail(&f->err, EINVAL, "the compressed layer is broken: %s",
	     why ? why : "it ends too early");
	ring_break(f->ring);
}

static void *
inflater_main(void *ctx)
{
	struct inflater *f = ctx;
	struct archive *a = archive_read_new();

	f->buf = xmalloc(INPUT);
	/* No filter that runs a program, none that images do not use. */
	archive_read_support_filter_none(a);
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_filter_xz(a);
	archive_read_support_filter_bzip2(a);
	archive_read_support_format_raw(a);
	archive_read_support_format_empty(a);
	if (archive_read_open(a, f, NULL, take_input, NULL) == ARCHIVE_OK) {
		inflate_all(f, a);
	} else {
		f->failed = true;
		const char *why = archive_error_string(a);
		fail(&f->err, EINVAL, "the compressed layer is broken: %s",
		     why ? why : "it cannot be read");
		ring_break(f->ring);
	}
	archive_read_free(a);
	free(f->buf);
	return NULL;
}

static ssize_t
take_tar(struct archive *a, void *ctx, const void **out)
{
	struct reader *r = ctx;
	size_t n = 0;
	const unsigned char *p = ring_full(r->ring, &n);

	if (!p) {
		r->starved = true;
		archive_set_error(a, EIO, "its bytes did not come");
		return -1;
	}
	hash_add(r->hash, p, n);
	r->bytes += (int64_t)n;
	*out = p;
	return (ssize_t)n;
}

struct archive *
unpack_tar_reader(void *ctx, ssize_t (*read)(struct archive *, void *, const void **))
{
	struct archive *a = archive_read_new();

	archive_read_support_filter_none(a);
	archive_read_support_format_tar(a);
	archive_read_support_format_empty(a);
	if (archive_read_open(a, ctx, NULL, read, NULL) == ARCHIVE_OK)
		return a;
	archive_read_free(a);
	return NULL;
}

/* Behind the end mark there may be more, which the digest covers. */
static int
drain(struct reader *r, int64_t most)
{
	size_t n = 0;

	for (;;) {
		const unsigned char *p = ring_full(r->ring, &n);
		if (!p) {
			r->starved = true;
			return -1;
		}
		if (n == 0)
			return 0;
		hash_add(r->hash, p, n);
		r->bytes += (int64_t)n;
		if (r->bytes > most)
			return -1;
	}
}

int
unpack_into(struct apply *p, struct feed *f, char diff_id[80], struct err *e)
{
	struct inflater in = { .feed = f, .ring = ring_new() };
	struct reader r = { .ring = in.ring, .hash = hash_new() };
	pthread_t thread;
	char got[80];
	int rc = -1;

	if (pthread_create(&thread, NULL, inflater_main, &in) != 0) {
		fail(e, EAGAIN, "cannot start a thread");
		ring_free(in.ring);
		hash_free(r.hash);
		return -1;
	}
	struct archive *a = unpack_tar_reader(&r, take_tar);
	if (!a)
		fail(e, EINVAL, "the layer is not a tar stream");
	else if (apply_archive(p, a, e) == 0)
		rc = 0;
	if (a)
		archive_read_free(a);
	/* The tar headers of the smallest files are four times their contents. */
	int64_t most = p->limits.bytes > INT64_MAX / 8 ? INT64_MAX : p->limits.bytes * 8;
	if (rc == 0 && drain(&r, most) < 0)
		rc = fail(e, EINVAL, "the layer's tar stream does not end");
	ring_break(in.ring);
	if (rc < 0)
		feed_drop(f);
	pthread_join(thread, NULL);
	hash_digest(r.hash, got);
	if (in.failed && r.starved) {
		rc = fail(e, in.err.code, "%s", in.err.what);
	} else if (rc == 0 && diff_id[0] && strcmp(diff_id, got) != 0) {
		rc = fail(e, EBADMSG,
		          "wrong digest: the unpacked layer should be %.19s... and is %.19s...",
		          diff_id, got);
		err_hint(e, "nothing of it was kept; whoever made the image made it wrong");
	}
	if (rc == 0)
		memcpy(diff_id, got, sizeof got);
	ring_free(in.ring);
	return rc;
}

char *
unpack_temporary(struct image_store *s, int *fd, struct err *e)
{
	static atomic_uint serial;

	char *path = xprintf("layers/.tmp-%d-%u", (int)getpid(), atomic_fetch_add(&serial, 1));
	char *inside = xprintf("%s/fs", path);
	*fd = -1;
	/* A process of that number may have left one. */
	if (collect_folder(s, path, e) < 0)
		goto bad;
	if (mkdirat(s->dir, path, 0755) < 0 || mkdirat(s->dir, inside, 0755) < 0 ||
	    (*fd = openat(s->dir, inside, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
		fail(e, errno, "'%s/%s': %s", s->root, inside, strerror(errno));
		if (errno == ENOSPC)
			err_hint(
			        e,
			        "free some space (joist rmi --unused), or put the store elsewhere: "
			        "--root DIR");
		goto bad;
	}
	free(inside);
	return path;
bad:
	free(inside);
	free(path);
	return NULL;
}

int
unpack_place(struct image_store *s, const char *temporary, const char *diff_id, int64_t bytes,
             int64_t entries, struct err *e)
{
	char place[80];
	json_t *info =
	        json_pack("{s:I, s:I}", "size", (json_int_t)bytes, "entries", (json_int_t)entries);
	char *path = xprintf("%s/info.json", temporary);
	int rc = json_save(s->dir, path, info, false, e);

	json_decref(info);
	free(path);
	/* One call for all files, before the name that says that they are there. */
	if (rc == 0 && syncfs(s->dir) < 0)
		rc = fail(e, errno, "'%s/layers': %s", s->root, strerror(errno));
	if (rc == 0 && renameat(s->dir, temporary, s->dir, image_layer(diff_id, place)) < 0) {
		if (errno != EEXIST && errno != ENOTEMPTY)
			rc = fail(e, errno, "'%s/%s': %s", s->root, place, strerror(errno));
		else
			collect_folder(s, temporary, NULL); /* another was faster */
	}
	return rc;
}

int
unpack_layer(struct image_store *s, struct feed *f, int64_t compressed, char diff_id[80],
             const atomic_bool *stop, struct err *e)
{
	struct apply p = { .layer = true, .policy = node_policy(), .stop = stop };
	char *temporary = unpack_temporary(s, &p.root, e);

	if (!temporary) {
		feed_drop(f);
		return -1;
	}
	p.limits = apply_limits(p.root, compressed);
	int rc = unpack_into(&p, f, diff_id, e);
	close(p.root);
	if (rc == 0)
		rc = unpack_place(s, temporary, diff_id, p.bytes, p.entries, e);
	if (rc < 0)
		collect_folder(s, temporary, NULL);
	free(temporary);
	return rc;
}
