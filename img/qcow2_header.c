/* SPDX-License-Identifier: Apache-2.0 */
/* qcow2_header.c -- the header, its extensions, and what we cannot do with them. */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "img/qcow2.h"

enum {
	EXT_BACKING_FORMAT = (int)0xe2792aca,
	EXT_FEATURES = 0x6803f857,
	EXT_BITMAPS = 0x23852875,
	LONGEST_NAME = 1023,
	HEADER_MOST = 2 << 20,
};

static uint32_t
be32(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, 4);
	return be32toh(v);
}

static uint64_t
be64(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, 8);
	return be64toh(v);
}

static int
bad(struct qcow2 *q, struct err *e, const char *what, uint64_t value)
{
	return fail(e, EINVAL, "disk '%s' is damaged: its %s is %llu", q->path, what,
	            (unsigned long long)value);
}

/* The first cluster as far as it is there, with the fields that every version has. */
static int
first_fields(struct qcow2 *q, const uint8_t *h, struct err *e)
{
	q->version = be32(h + 4);
	if (q->version != 2 && q->version != 3)
		return fail(e, ENOTSUP, "disk '%s' is qcow2 version %u; there are 2 and 3", q->path,
		            q->version);
	q->cluster_bits = be32(h + 20);
	if (q->cluster_bits < 9 || q->cluster_bits > 21)
		return bad(q, e, "number of cluster bits", q->cluster_bits);
	q->cluster = UINT64_C(1) << q->cluster_bits;
	q->l2_bits = q->cluster_bits - 3;
	q->disk->size = be64(h + QCOW2_AT_SIZE);
	if (be32(h + 32) != 0) {
		fail(e, ENOTSUP, "disk '%s' is encrypted", q->path);
		return err_hint(e, "make a copy in clear with: qemu-img convert");
	}
	q->l1_size = be32(h + QCOW2_AT_L1);
	q->l1_offset = be64(h + QCOW2_AT_L1 + 4);
	q->counts_offset = be64(h + QCOW2_AT_COUNTS);
	q->counts_n = (uint64_t)be32(h + QCOW2_AT_COUNTS + 8) << q->cluster_bits >> 3;
	q->snapshots = be32(h + QCOW2_AT_SNAPSHOTS);
	q->snapshots_offset = be64(h + QCOW2_AT_SNAPSHOTS + 4);
	q->count_order = 4;

	if (q->disk->size > INT64_MAX)
		return bad(q, e, "size", q->disk->size);
	if (q->l1_size > QCOW2_MOST_L1 / 8)
		return bad(q, e, "length of the L1 table", q->l1_size);
	if (q->counts_n * 8 > QCOW2_MOST_COUNTS)
		return bad(q, e, "length of the refcount table", q->counts_n);
	if (q->snapshots > QCOW2_MOST_SNAPSHOTS)
		return bad(q, e, "number of snapshots", q->snapshots);
	uint64_t needs = q->disk->size / qcow2_l1_span(q) + (q->disk->size % qcow2_l1_span(q) != 0);
	if (q->l1_size < needs)
		return bad(q, e, "L1 table, which is too short for the disk,", q->l1_size);
	if (q->l1_size > 0 && !qcow2_inside(q, q->l1_offset, q->l1_size * UINT64_C(8)))
		return bad(q, e, "offset of the L1 table", q->l1_offset);
	return 0;
}

/* An incompatible feature by the name that the image itself has for it. */
static const char *
feature(const uint8_t *names, uint64_t n, unsigned bit, char text[64])
{
	for (; n >= 48; names += 48, n -= 48)
		if (names[0] == 0 && names[1] == bit) {
			memcpy(text, names + 2, 46);
			text[46] = 0;
			return text;
		}
	return NULL;
}

static int
refuse(struct qcow2 *q, const uint8_t *names, uint64_t n, struct err *e)
{
	static const char *const known[] = { NULL, NULL, "external data file", NULL,
		                             "extended L2 entries" };
	uint64_t cannot =
	        q->incompatible & ~(uint64_t)(QCOW2_DIRTY | QCOW2_CORRUPT | QCOW2_COMPRESSION);
	char text[64];

	if (cannot == 0)
		return 0;
	unsigned bit = (unsigned)__builtin_ctzll(cannot);
	const char *name = bit < 5 ? known[bit] : feature(names, n, bit, text);
	if (name)
		fail(e, ENOTSUP, "disk '%s' uses '%s', which Joist cannot", q->path, name);
	else
		fail(e, ENOTSUP, "disk '%s' uses the unknown feature %u", q->path, bit);
	return err_hint(e, "make a copy that it can read with: qemu-img convert -O qcow2");
}

static int
extensions(struct qcow2 *q, const uint8_t *h, uint64_t from, uint64_t end, struct err *e)
{
	const uint8_t *names = NULL;
	uint64_t names_n = 0;

	while (end - from >= 8) {
		uint32_t kind = be32(h + from), n = be32(h + from + 4);
		from += 8;
		if (kind == 0)
			break;
		if (n > end - from)
			return bad(q, e, "length of a header extension", n);
		if (kind == (uint32_t)EXT_BACKING_FORMAT && !q->backing_format && n < 64) {
			q->backing_format = xprintf("%.*s", (int)n, (const char *)h + from);
		} else if (kind == EXT_FEATURES) {
			names = h + from;
			names_n = n;
		} else if (kind == EXT_BITMAPS && n >= 24 && (q->autoclear & QCOW2_BITMAPS)) {
			q->bitmaps = be32(h + from);
			q->bitmaps_size = be64(h + from + 8);
			q->bitmaps_offset = be64(h + from + 16);
		}
		uint64_t padded = ((uint64_t)n + 7) & ~UINT64_C(7);
		from = padded > end - from ? end : from + padded;
	}
	return refuse(q, names, names_n, e);
}

static int
third_fields(struct qcow2 *q, const uint8_t *h, uint64_t n, uint64_t *length, struct err *e)
{
	*length = QCOW2_HEADER_2;
	if (q->version == 2)
		return 0;
	if (n < QCOW2_HEADER_3)
		return fail(e, EINVAL, "disk '%s' is damaged: its header is cut off", q->path);
	q->incompatible = be64(h + QCOW2_AT_INCOMPATIBLE);
	q->compatible = be64(h + QCOW2_AT_INCOMPATIBLE + 8);
	q->autoclear = be64(h + QCOW2_AT_AUTOCLEAR);
	q->count_order = be32(h + 96);
	*length = be32(h + 100);
	if (q->count_order > 6)
		return bad(q, e, "refcount order", q->count_order);
	if (*length < QCOW2_HEADER_3 || *length > n || *length % 8 != 0)
		return bad(q, e, "header length", *length);
	if (*length > QCOW2_HEADER_3)
		q->compression = h[104];
	if (q->compression > 1) {
		fail(e, ENOTSUP, "disk '%s' is compressed in way %u, which Joist does not know",
		     q->path, q->compression);
		return err_hint(e, "the ways are zlib and zstd");
	}
	if ((q->compression != 0) != ((q->incompatible & QCOW2_COMPRESSION) != 0))
		return bad(q, e, "kind of compression", q->compression);
	return 0;
}

static int
backing(struct qcow2 *q, const uint8_t *h, uint64_t n, uint64_t *end, struct err *e)
{
	uint64_t offset = be64(h + 8);
	uint32_t length = be32(h + 16);

	*end = n;
	if (offset == 0)
		return 0;
	if (length > LONGEST_NAME || offset > n || length > n - offset)
		return bad(q, e, "place of the backing file's name", offset);
	*end = offset;
	if (length == 0)
		return 0;
	q->backing = xprintf("%.*s", (int)length, (const char *)h + offset);
	return 0;
}

int
qcow2_header_read(struct qcow2 *q, struct err *e)
{
	uint8_t small[QCOW2_HEADER_2];
	uint64_t length, end, n;

	if (q->platter->size < sizeof small)
		return fail(e, EINVAL, "disk '%s' is too short for a qcow2 image", q->path);
	int rc = platter_read(q->platter, 0, small, sizeof small);
	if (rc < 0)
		return fail(e, -rc, "disk '%s': %s", q->path, strerror(-rc));
	if (memcmp(small, "QFI\xfb", 4) != 0)
		return fail(e, EINVAL, "disk '%s' is no qcow2 image", q->path);
	if (first_fields(q, small, e) < 0)
		return -1;
	/* What a short file lacks of its first cluster counts as zeros. */
	n = q->cluster;
	uint8_t *h = xmalloc(n);
	rc = platter_read(q->platter, 0, h, n);
	if (rc < 0)
		rc = fail(e, -rc, "disk '%s': %s", q->path, strerror(-rc));
	else if (third_fields(q, h, n, &length, e) < 0 || backing(q, h, n, &end, e) < 0)
		rc = -1;
	else
		rc = extensions(q, h, length, end < length ? length : end, e);
	free(h);
	if (rc < 0)
		return -1;
	q->count_most =
	        q->count_order == 6 ? UINT64_MAX : (UINT64_C(1) << (1U << q->count_order)) - 1;
	q->lazy = q->version >= 3 && (q->compatible & QCOW2_LAZY);
	return 0;
}

int
qcow2_header_put(struct qcow2 *q, unsigned at, const void *bytes, size_t n)
{
	int rc = platter_barrier(q->platter);
	if (rc == 0)
		rc = platter_write(q->platter, at, bytes, n);
	return rc == 0 ? platter_sync(q->platter) : rc;
}

int
qcow2_header_flags(struct qcow2 *q, uint64_t set, uint64_t clear)
{
	uint64_t flags = (q->incompatible | set) & ~clear, be = htobe64(flags);

	if (q->version < 3 || flags == q->incompatible)
		return 0;
	int rc = qcow2_header_put(q, QCOW2_AT_INCOMPATIBLE, &be, sizeof be);
	if (rc == 0)
		q->incompatible = flags;
	return rc;
}
