/* SPDX-License-Identifier: Apache-2.0 */
#include "img/qcow2.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"

/* Memory for tables: at 64K clusters the L2 tables of 256 GiB. */
enum { L2_MEMORY = 32 << 20, BLOCK_MEMORY = 4 << 20 };

static bool
qcow2_probe(const uint8_t *head, size_t n)
{
	return n >= 4 && memcmp(head, "QFI\xfb", 4) == 0;
}

static void
release(struct disk *d)
{
	struct qcow2 *q = d->qcow2;

	qcow2_cache_free(&q->l2);
	qcow2_cache_free(&q->blocks);
	qcow2_claim_free(&q->claim);
	qcow2_pack_free(q);
	qcow2_snapshots_free(q);
	free(q->l1);
	free(q->counts);
	free(q->gone);
	free(q->bounce);
	free(q->backing);
	free(q->backing_format);
	free(q);
	d->qcow2 = NULL;
}

/* What a writer needs more than a reader. */
static int
open_to_write(struct qcow2 *q, struct err *e)
{
	uint64_t zero = 0;

	if (q->incompatible & QCOW2_CORRUPT) {
		fail(e, EIO, "disk '%s' is marked as damaged and can only be read", q->path);
		return err_hint(e, "try: joist disk check -r all %s", q->path);
	}
	if (q->incompatible & QCOW2_DIRTY && qcow2_recount(q, e) < 0)
		return -1;
	if (qcow2_count_load(q, e) < 0 || qcow2_claim_all(q, e) < 0)
		return -1;
	/* Features of a writer that we are not: what they say may become wrong now. */
	if (q->autoclear) {
		int rc = qcow2_header_put(q, QCOW2_AT_AUTOCLEAR, &zero, sizeof zero);
		if (rc < 0)
			return fail(e, -rc, "disk '%s': %s", q->path, strerror(-rc));
		q->autoclear = 0;
	}
	return 0;
}

static int
qcow2_open(struct disk *d, struct err *e)
{
	struct qcow2 *q = xcalloc(1, sizeof *q);

	q->disk = d;
	q->platter = d->platter;
	q->path = d->path;
	d->qcow2 = q;
	if (qcow2_header_read(q, e) < 0 || qcow2_snapshots_read(q, e) < 0)
		goto undo;
	qcow2_cache_init(q, &q->l2, L2_MEMORY);
	qcow2_cache_init(q, &q->blocks, BLOCK_MEMORY);
	q->bounce = xmalloc(q->cluster);
	int rc = qcow2_load(q, q->l1_offset, q->l1_size, &q->l1);
	if (rc < 0) {
		fail(e, -rc, "disk '%s': its L1 table: %s", d->path, strerror(-rc));
		goto undo;
	}
	if (d->writable && !(d->flags & DISK_REPAIR) && open_to_write(q, e) < 0)
		goto undo;
	if (q->backing && !(d->flags & DISK_ALONE) &&
	    format_stand(d, q->backing, q->backing_format, e) < 0)
		goto undo;
	return 0;
undo:
	release(d);
	return -1;
}

static int
qcow2_flush(struct disk *d)
{
	int rc = qcow2_settle(d->qcow2);
	return rc == 0 ? platter_sync(d->platter) : rc;
}

static int
qcow2_close(struct disk *d)
{
	struct qcow2 *q = d->qcow2;
	int rc = 0;

	if (d->writable && !(d->flags & (DISK_SCRATCH | DISK_REPAIR)) && !q->corrupt && q->counts) {
		rc = qcow2_settle(q);
		/* With lazy counts they are written now. */
		if (rc == 0 && q->incompatible & QCOW2_DIRTY)
			rc = qcow2_make_clean(q);
	}
	release(d);
	return rc;
}

int
qcow2_broken(struct qcow2 *q, const char *what, uint64_t offset)
{
	if (!q->corrupt)
		err_warn("disk '%s' is damaged: %s, at %#llx", q->path, what,
		         (unsigned long long)offset);
	q->corrupt = true;
	if (q->disk->writable)
		qcow2_header_flags(q, QCOW2_CORRUPT, 0);
	return -EIO;
}

static uint32_t
qcow2_cluster(const struct disk *d)
{
	return (uint32_t)d->qcow2->cluster;
}

const struct format qcow2_format = {
	.name = "qcow2",
	.probe = qcow2_probe,
	.open = qcow2_open,
	.close = qcow2_close,
	.read = qcow2_read,
	.write = qcow2_write,
	.flush = qcow2_flush,
	.discard = qcow2_discard,
	.zero = qcow2_zero,
	.resize = qcow2_resize,
	.extent = qcow2_extent,
	.cluster = qcow2_cluster,
	.info = qcow2_info,
	.check = qcow2_check,
	.snapshots = qcow2_snapshots,
	.snapshot_make = qcow2_snapshot_make,
	.snapshot_apply = qcow2_snapshot_apply,
	.snapshot_drop = qcow2_snapshot_drop,
	.snapshot_look = qcow2_snapshot_look,
	.squeeze = qcow2_squeeze,
	.create = qcow2_create,
};
