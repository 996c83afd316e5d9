/* SPDX-License-Identifier: Apache-2.0 */
/* qcow2_make.c -- a new image. */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "img/qcow2.h"

/* Where the first tables lie: the header in cluster 0, then these. */
struct plan {
	unsigned bits, order;
	uint64_t cluster, table, table_n, block, block_n, l1, l1_n, end; /* in clusters */
	uint64_t l1_entries;
};

static void
be32(struct buf *b, uint32_t v)
{
	v = htobe32(v);
	buf_put(b, &v, sizeof v);
}

static void
be64(struct buf *b, uint64_t v)
{
	v = htobe64(v);
	buf_put(b, &v, sizeof v);
}

static int
plan(struct plan *p, uint64_t size, struct err *e)
{
	uint64_t span = p->cluster << (p->bits - 3), per = p->cluster * 8 >> p->order;
	uint64_t before;

	p->l1_entries = size / span + (size % span != 0);
	if (p->l1_entries * 8 > QCOW2_MOST_L1) {
		fail(e, EFBIG, "clusters of %llu bytes are too small for a disk of %llu",
		     (unsigned long long)p->cluster, (unsigned long long)size);
		return err_hint(e, "make it with -o cluster_size=2M");
	}
	p->l1_n = (p->l1_entries * 8 + p->cluster - 1) >> p->bits;
	p->block_n = 1;
	do {
		before = p->block_n;
		p->table_n = (p->block_n * 8 + p->cluster - 1) >> p->bits;
		p->end = 1 + p->table_n + p->block_n + p->l1_n;
		p->block_n = (p->end + per - 1) / per;
	} while (p->block_n != before);
	p->table = 1;
	p->block = p->table + p->table_n;
	p->l1 = p->block + p->block_n;
	return 0;
}

/* The names of the features that we may turn on, so that other programs can say
 * what they do not know. */
static void
feature_names(struct buf *b)
{
	static const struct {
		uint8_t kind, bit;
		const char *name;
	} known[] = { { 0, 0, "dirty bit" },
		      { 0, 1, "corrupt bit" },
		      { 0, 2, "external data file" },
		      { 0, 3, "compression type" },
		      { 0, 4, "extended L2 entries" },
		      { 1, 0, "lazy refcounts" },
		      { 2, 0, "bitmaps" } };
	enum { N = sizeof known / sizeof *known };

	be32(b, 0x6803f857);
	be32(b, N * 48);
	for (int i = 0; i < N; i++) {
		char name[46] = "";
		memcpy(name, known[i].name, strlen(known[i].name));
		buf_u8(b, known[i].kind);
		buf_u8(b, known[i].bit);
		buf_put(b, name, sizeof name);
	}
}

static void
header(struct buf *b, const struct plan *p, uint64_t size, const struct disk_options *o,
       uint32_t version, bool zstd)
{
	size_t backing = o->backing ? strlen(o->backing) : 0, backing_at;

	buf_put(b, "QFI\xfb", 4);
	be32(b, version);
	backing_at = b->n;
	be64(b, 0);
	be32(b, (uint32_t)backing);
	be32(b, p->bits);
	be64(b, size);
	be32(b, 0);
	be32(b, (uint32_t)p->l1_entries);
	be64(b, p->l1 << p->bits);
	be64(b, p->table << p->bits);
	be32(b, (uint32_t)p->table_n);
	be32(b, 0);
	be64(b, 0);
	if (version >= 3) {
		be64(b, zstd ? QCOW2_COMPRESSION : 0);
		be64(b, o->lazy_refcounts ? QCOW2_LAZY : 0);
		be64(b, 0);
		be32(b, p->order);
		be32(b, QCOW2_HEADER_OURS);
		buf_u64(b, zstd);
	}
	if (backing && o->backing_format) {
		size_t n = strlen(o->backing_format);
		be32(b, 0xe2792aca);
		be32(b, (uint32_t)n);
		buf_put(b, o->backing_format, n);
		buf_put(b, "\0\0\0\0\0\0\0", -n & 7);
	}
	/* not where a small cluster has no room for it */
	if (version >= 3 && p->cluster >= 1024 + backing)
		feature_names(b);
	be64(b, 0);
	if (backing) {
		uint64_t at = htobe64(b->n);
		memcpy(b->p + backing_at, &at, 8);
		buf_put(b, o->backing, backing);
	}
}

static int
check(struct plan *p, uint32_t *version, bool *zstd, const char *path, const struct disk_options *o,
      struct err *e)
{
	uint32_t cluster = o->cluster_size ? o->cluster_size : 65536;
	uint32_t bits = o->refcount_bits ? o->refcount_bits : 16;
	const char *way = o->compression ? o->compression : "zlib";

	*version = o->version ? o->version : 3;
	*zstd = strcmp(way, "zstd") == 0;
	if (*version != 2 && *version != 3)
		return fail(e, EINVAL, "there is no qcow2 version %u", *version);
	if (cluster < 512 || cluster > 2 << 20 || (cluster & (cluster - 1)))
		return fail(e, EINVAL, "a cluster is a power of two from 512 to 2M, not %u",
		            cluster);
	if (bits > 64 || (bits & (bits - 1)))
		return fail(e, EINVAL, "a refcount has 1, 2, 4, 8, 16, 32 or 64 bits, not %u",
		            bits);
	if (!*zstd && strcmp(way, "zlib") != 0)
		return fail(e, EINVAL, "there is no compression '%s': it is zlib or zstd", way);
	if (*version == 2 && (bits != 16 || *zstd || o->lazy_refcounts))
		return fail(e, EINVAL,
		            "qcow2 version 2 knows 16 refcount bits, zlib and no lazy "
		            "refcounts");
	if (o->backing && strlen(o->backing) > 1023)
		return fail(e, ENAMETOOLONG, "disk '%s': the name of what it stands on is too long",
		            path);
	p->cluster = cluster;
	p->bits = (unsigned)__builtin_ctz(cluster);
	p->order = (unsigned)__builtin_ctz(bits);
	return 0;
}

/* The table of blocks and the blocks; the L1 table is zeros as the file is. */
static int
tables(struct platter *p, const struct plan *plan)
{
	struct qcow2 q = { .count_order = plan->order };
	uint64_t per = plan->cluster * 8 >> plan->order;
	uint64_t bytes = (plan->table_n + plan->block_n) << plan->bits;
	uint8_t *t = xcalloc(1, bytes), *block = t + (plan->table_n << plan->bits);

	for (uint64_t i = 0; i < plan->block_n; i++) {
		uint64_t at = htobe64((plan->block + i) << plan->bits);
		memcpy(t + i * 8, &at, 8);
	}
	for (uint64_t i = 0; i < plan->end; i++)
		qcow2_count_poke(&q, block + (i / per << plan->bits), i % per, 1);
	int rc = platter_zero(p, 0, plan->end << plan->bits, p->regular);
	if (rc == 0)
		rc = platter_write(p, plan->table << plan->bits, t, bytes);
	free(t);
	return rc;
}

/* Take all clusters of the disk now, in order.  With `room` the host's file system
 * does too, with `full` it has them written. */
static int
preallocate(struct platter *p, const char *path, const char *how, struct err *e)
{
	struct disk d = { .format = &qcow2_format,
		          .path = (char *)(uintptr_t)path,
		          .writable = true,
		          .platter = p };
	uint64_t host, got, clusters, at = 0;
	bool fresh;

	if (qcow2_format.open(&d, e) < 0)
		return -1;
	struct qcow2 *q = d.qcow2;
	int rc = 0;
	while (rc == 0 && at < d.size) {
		uint64_t span = qcow2_l1_span(q), left = d.size - at;
		struct qcow2_table *t;
		clusters = qcow2_clusters(q, left < span - at % span ? left : span - at % span);
		if ((rc = qcow2_l2_ours(q, at, &t)) < 0 ||
		    (rc = qcow2_take(q, clusters, &host, &got, &fresh)) < 0)
			break;
		if (strcmp(how, "full") == 0 || !fresh)
			rc = platter_zero(p, host, got << q->cluster_bits, false);
		else if (strcmp(how, "falloc") == 0)
			rc = platter_reserve(p, host, got << q->cluster_bits);
		if (rc == 0)
			rc = qcow2_enter(q, at, got, host | QCOW2_COPIED, q->cluster, false);
		at += got << q->cluster_bits;
	}
	if (rc == 0)
		rc = qcow2_settle(q);
	int end = qcow2_format.close(&d);
	rc = rc < 0 ? rc : end;
	return rc < 0 ? fail(e, -rc, "disk '%s': %s", path, strerror(-rc)) : 0;
}

int
qcow2_create(struct platter *p, const char *path, uint64_t size, const struct disk_options *o,
             struct err *e)
{
	const char *room = o->preallocation ? o->preallocation : "off";
	struct plan s = { 0 };
	struct buf b = { 0 };
	uint32_t version;
	bool zstd;

	if (strcmp(room, "off") != 0 && strcmp(room, "metadata") != 0 &&
	    strcmp(room, "falloc") != 0 && strcmp(room, "full") != 0)
		return fail(e, EINVAL, "there is no preallocation '%s'", room);
	if (check(&s, &version, &zstd, path, o, e) < 0 || plan(&s, size, e) < 0)
		return -1;
	if (o->backing && strcmp(room, "off") != 0)
		return fail(e, EINVAL, "an image that stands on another is not preallocated");
	header(&b, &s, size, o, version, zstd);
	int rc = 0;
	if (b.n > s.cluster) {
		rc = fail(e, ENAMETOOLONG,
		          "disk '%s': the name of what it stands on does not fit "
		          "in a cluster",
		          path);
		goto out;
	}
	/* The header last: before it is there this is no image. */
	if ((rc = tables(p, &s)) < 0 || (rc = platter_barrier(p)) < 0 ||
	    (rc = platter_write(p, 0, b.p, b.n)) < 0)
		fail(e, -rc, "disk '%s': %s", path, strerror(-rc));
	else if (strcmp(room, "off") != 0)
		rc = preallocate(p, path, room, e);
out:
	buf_free(&b);
	return rc < 0 ? -1 : 0;
}
