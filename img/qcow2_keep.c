/* SPDX-License-Identifier: Apache-2.0 */
/* qcow2_keep.c -- making, applying and removing snapshots inside of an image.
 *
 * A snapshot is a copy of the L1 table; all that it names is counted once more and
 * so not written in place any more.  Between the first and the last write the
 * header says (in version 3) that the counts are not to be trusted: who opens the
 * image after an accident counts anew.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/str.h"
#include "img/qcow2.h"

static int
say(struct qcow2 *q, int rc, struct err *e)
{
	if (rc < 0 && e && e->code == 0)
		fail(e, -rc, "disk '%s': %s", q->path, strerror(-rc));
	return rc < 0 ? -1 : 0;
}

/* By id first, as QEMU does. */
static struct qcow2_snapshot *
find(struct qcow2 *q, const char *name, struct err *e)
{
	for (uint32_t i = 0; i < q->snapshots; i++)
		if (strcmp(q->snapshot[i].id, name) == 0)
			return &q->snapshot[i];
	for (uint32_t i = 0; i < q->snapshots; i++)
		if (strcmp(q->snapshot[i].name, name) == 0)
			return &q->snapshot[i];
	fail(e, ENOENT, "disk '%s' has no snapshot '%s'", q->path, name);
	err_hint(e, "list them with: joist disk snapshot -l %s", q->path);
	return NULL;
}

/* -- all that an L1 table names ---------------------------------------------------- */

/* One naming more or less of a range of clusters. */
static int
change(struct qcow2 *q, uint64_t offset, uint64_t bytes, int more)
{
	uint64_t first = offset >> q->cluster_bits, last = (offset + bytes - 1) >> q->cluster_bits;
	int rc = 0;

	if (more < 0)
		return qcow2_release(q, first << q->cluster_bits, last - first + 1, true);
	for (uint64_t c = first; c <= last && rc == 0; c++) {
		rc = qcow2_count_add(q, c, more);
		/* only whole ranges are counted, so that they can be taken back */
		while (rc < 0 && c-- > first)
			qcow2_count_add(q, c, -more);
	}
	return rc;
}

static int
change_entry(struct qcow2 *q, uint64_t entry, int more)
{
	uint64_t offset = entry & QCOW2_PLACE, n = q->cluster;

	if (entry & QCOW2_PACKED)
		qcow2_packed_place(q, entry, &offset, &n);
	else if (offset == 0)
		return 0;
	if (offset < q->cluster || offset + n > qcow2_end(q) ||
	    (!(entry & QCOW2_PACKED) && (offset & (q->cluster - 1))))
		return -EIO;
	return change(q, offset, n, more);
}

/* Every naming below an L1 table, at most *most of them; *most is then how many there
 * were before it ended. */
static int
change_all(struct qcow2 *q, const uint64_t *l1, uint32_t n, int more, uint64_t *most)
{
	uint64_t *l2, done = 0;
	int rc = 0;

	for (uint32_t i = 0; i < n && rc == 0 && done < *most; i++) {
		uint64_t at = l1[i] & QCOW2_PLACE;
		if (at == 0)
			continue;
		if ((rc = qcow2_load(q, at, q->cluster / 8, &l2)) < 0)
			break;
		for (uint64_t k = 0; k < q->cluster / 8 && rc == 0 && done < *most; k++)
			if ((rc = change_entry(q, l2[k], more)) == 0)
				done++;
		free(l2);
		if (rc == 0 && done < *most && (rc = change(q, at, q->cluster, more)) == 0)
			done++;
	}
	*most = done;
	return rc;
}

/* Count all of it once more, or nothing of it. */
static int
name_all(struct qcow2 *q, const uint64_t *l1, uint32_t n)
{
	uint64_t done = UINT64_MAX, back;
	int rc = change_all(q, l1, n, +1, &done);

	if (rc < 0) {
		back = done;
		change_all(q, l1, n, -1, &back);
		qcow2_settle(q);
	}
	return rc;
}

static int
release_all(struct qcow2 *q, const uint64_t *l1, uint32_t n)
{
	uint64_t most = UINT64_MAX;
	return change_all(q, l1, n, -1, &most);
}

/* The flag of one entry: is it right, and shall it be made so?  The count is asked
 * for first: that may move other blocks. */
static int
flag(struct qcow2 *q, uint64_t entry, uint64_t *right, uint64_t *wrong)
{
	uint64_t count, offset = entry & QCOW2_PLACE;

	*right = entry;
	if ((entry & QCOW2_PACKED) || offset == 0)
		return 0;
	int rc = qcow2_count_get(q, offset >> q->cluster_bits, &count);
	if (rc < 0)
		return rc;
	*right = count == 1 ? entry | QCOW2_COPIED : entry & ~QCOW2_COPIED;
	*wrong += *right != entry;
	return 0;
}

int
qcow2_flags(struct qcow2 *q, bool modify, uint64_t *wrong)
{
	struct qcow2_table *t;
	uint64_t entry, right, be;
	int rc;

	for (uint32_t i = 0; i < q->l1_size; i++) {
		uint64_t at = q->l1[i] & QCOW2_PLACE;
		if (at == 0 || !qcow2_inside(q, at, q->cluster))
			continue;
		if ((rc = flag(q, q->l1[i], &right, wrong)) < 0)
			return rc;
		if (right != q->l1[i] && modify)
			qcow2_enter_l1(q, i, right);
		if ((rc = qcow2_cache_get(q, &q->l2, at, false, &t)) < 0)
			return rc;
		for (uint64_t k = 0; k < q->cluster; k += 8) {
			memcpy(&be, t->bytes + k, 8);
			entry = be64toh(be);
			if (entry == 0)
				continue;
			if ((rc = flag(q, entry, &right, wrong)) < 0)
				return rc;
			if (right == entry || !modify)
				continue;
			be = htobe64(right);
			memcpy(t->bytes + k, &be, 8);
			qcow2_cache_dirty(&q->l2, t);
		}
	}
	return 0;
}

/* -- the table ------------------------------------------------------------------------ */

static void
be(struct str *s, uint64_t v, unsigned bytes)
{
	while (bytes-- > 0)
		str_addc(s, (char)(v >> (8 * bytes)));
}

static void
write_one(struct str *s, const struct qcow2_snapshot *p)
{
	size_t start = s->n, id = strlen(p->id), name = strlen(p->name);

	be(s, p->l1_offset, 8);
	be(s, p->l1_size, 4);
	be(s, id, 2);
	be(s, name, 2);
	be(s, p->sec, 4);
	be(s, p->nsec, 4);
	be(s, p->vm_clock, 8);
	be(s, p->vm_state > UINT32_MAX ? 0 : p->vm_state, 4);
	be(s, 24 + p->extra_size, 4);
	be(s, p->vm_state, 8);
	be(s, p->size, 8);
	be(s, p->icount, 8);
	if (p->extra_size)
		str_addn(s, p->extra, p->extra_size);
	str_addn(s, p->id, id);
	str_addn(s, p->name, name);
	while ((s->n - start) % 8)
		str_addc(s, 0);
}

/* The table of n snapshots becomes the image's, in one step.  The list is taken over
 * when that went well. */
static int
put_table(struct qcow2 *q, struct qcow2_snapshot *list, uint32_t n)
{
	uint64_t old = q->snapshots_offset, old_n = qcow2_clusters(q, q->snapshots_bytes);
	uint64_t offset = 0, clusters;
	struct str s = { 0 }, head = { 0 };
	int rc = 0;

	for (uint32_t i = 0; i < n; i++)
		write_one(&s, &list[i]);
	clusters = qcow2_clusters(q, s.n);
	if (n > 0 && (rc = qcow2_take_row(q, clusters, &offset)) == 0)
		rc = platter_write(q->platter, offset, s.p, s.n);
	if (rc == 0)
		rc = qcow2_settle(q);
	be(&head, n, 4);
	be(&head, offset, 8);
	if (rc == 0 && (rc = qcow2_header_put(q, QCOW2_AT_SNAPSHOTS, head.p, head.n)) < 0)
		q->corrupt = true; /* who knows which table it has now */
	else if (rc < 0 && offset)
		qcow2_untake(q, offset, clusters);
	if (rc == 0) {
		for (uint64_t i = 0; i < old_n; i++)
			qcow2_claim_drop(&q->claim, (old >> q->cluster_bits) + i);
		for (uint64_t i = 0; i < clusters; i++)
			qcow2_claim_add(&q->claim, (offset >> q->cluster_bits) + i);
		if (old_n)
			rc = qcow2_release(q, old, old_n, false);
		q->snapshots_offset = offset;
		q->snapshots_bytes = s.n;
		free(q->snapshot);
		q->snapshot = list;
		q->snapshots = n;
	}
	str_free(&s);
	str_free(&head);
	return rc;
}

/* Claims anew, after other tables became the active ones. */
static int
reclaim(struct qcow2 *q, struct err *e)
{
	qcow2_claim_free(&q->claim);
	return qcow2_claim_all(q, e);
}

/* Everything written and marked as work in progress, or the reverse. */
static int
start(struct qcow2 *q)
{
	int rc = q->corrupt ? -EIO : qcow2_make_clean(q);
	return rc == 0 ? qcow2_header_flags(q, QCOW2_DIRTY, 0) : rc;
}

static int
finish(struct qcow2 *q, int rc)
{
	uint64_t wrong = 0;

	if (rc == 0)
		rc = qcow2_settle(q); /* counts first */
	if (rc == 0)
		rc = qcow2_flags(q, true, &wrong);
	int clean = q->corrupt ? rc : qcow2_make_clean(q);
	return rc < 0 ? rc : clean;
}

static char *
new_id(struct qcow2 *q)
{
	uint64_t most = 0, v;
	for (uint32_t i = 0; i < q->snapshots; i++)
		if (str_u64(q->snapshot[i].id, UINT32_MAX, &v) && v > most)
			most = v;
	return xprintf("%llu", (unsigned long long)most + 1);
}

/* A copy of the active L1 table, of which no entry may be written in place. */
static int
copy_l1(struct qcow2 *q, uint64_t *offset)
{
	uint64_t clusters = qcow2_clusters(q, q->l1_size * UINT64_C(8));
	*offset = 0;
	if (clusters == 0)
		return 0;
	int rc = qcow2_take_row(q, clusters, offset);
	if (rc < 0)
		return rc;
	uint64_t *row = xcalloc(clusters << q->cluster_bits >> 3, 8);
	for (uint32_t i = 0; i < q->l1_size; i++)
		row[i] = htobe64(q->l1[i] & ~QCOW2_COPIED);
	rc = platter_write(q->platter, *offset, row, clusters << q->cluster_bits);
	free(row);
	if (rc < 0) {
		qcow2_untake(q, *offset, clusters);
		return rc;
	}
	for (uint64_t i = 0; i < clusters; i++)
		qcow2_claim_add(&q->claim, (*offset >> q->cluster_bits) + i);
	return 0;
}

int
qcow2_snapshot_make(struct disk *d, const char *name, struct err *e)
{
	struct qcow2 *q = d->qcow2;
	struct timespec now;
	uint64_t l1, wrong = 0;

	if (!*name || strlen(name) > 255)
		return fail(e, EINVAL, "a snapshot's name has 1 to 255 bytes");
	for (uint32_t i = 0; i < q->snapshots; i++)
		if (strcmp(q->snapshot[i].name, name) == 0)
			return fail(e, EEXIST, "disk '%s' has a snapshot '%s' already", d->path,
			            name);
	if (q->snapshots == QCOW2_MOST_SNAPSHOTS)
		return fail(e, EMFILE, "disk '%s' has %u snapshots, there cannot be more", d->path,
		            q->snapshots);
	int rc = start(q);
	if (rc < 0)
		return say(q, rc, e);
	rc = name_all(q, q->l1, q->l1_size);
	if (rc == -ERANGE) {
		fail(e, ERANGE,
		     "disk '%s': its refcounts of %u bits cannot count one more snapshot", d->path,
		     1U << q->count_order);
		err_hint(e, "make a copy with wider ones: joist disk convert -O qcow2");
	}
	/* The flags must be right before the snapshot is there: who could write in place
	 * then would write to it. */
	if (rc == 0 && (rc = qcow2_flags(q, true, &wrong)) == 0)
		rc = qcow2_settle(q);
	if (rc == 0)
		rc = copy_l1(q, &l1);
	if (rc == 0) {
		struct qcow2_snapshot *list = xcalloc(q->snapshots + UINT64_C(1), sizeof *list);
		if (q->snapshots)
			memcpy(list, q->snapshot, q->snapshots * sizeof *list);
		struct qcow2_snapshot *s = &list[q->snapshots];
		clock_gettime(CLOCK_REALTIME, &now);
		*s = (struct qcow2_snapshot){ .id = new_id(q),
			                      .name = xstrdup(name),
			                      .l1_offset = l1,
			                      .l1_size = q->l1_size,
			                      .sec = (uint32_t)now.tv_sec,
			                      .nsec = (uint32_t)now.tv_nsec,
			                      .size = d->size,
			                      .icount = UINT64_MAX };
		rc = put_table(q, list, q->snapshots + 1);
		if (rc < 0) {
			/* what was counted for it is a leak, which `check` finds */
			free(s->id);
			free(s->name);
			free(list);
		}
	}
	return say(q, finish(q, rc), e);
}

int
qcow2_snapshot_apply(struct disk *d, const char *name, struct err *e)
{
	struct qcow2 *q = d->qcow2;
	struct qcow2_snapshot *s = find(q, name, e);
	uint64_t *l1, *wide, *was;

	if (!s)
		return -1;
	uint64_t span = qcow2_l1_span(q), needs = s->size / span + (s->size % span != 0);
	int rc = needs > QCOW2_MOST_L1 / 8 ? -EFBIG : start(q);
	if (rc == 0)
		rc = qcow2_load(q, s->l1_offset, s->l1_size, &l1);
	if (rc < 0)
		return say(q, rc, e);
	/* The disk may have become longer or shorter since. */
	uint32_t n = s->l1_size > needs ? s->l1_size : (uint32_t)needs, was_n = q->l1_size;
	wide = xcalloc(n + UINT64_C(1), sizeof *wide);
	was = xcalloc(was_n + UINT64_C(1), sizeof *was);
	if (s->l1_size)
		memcpy(wide, l1, s->l1_size * sizeof *l1);
	if (was_n)
		memcpy(was, q->l1, was_n * sizeof *was);
	for (uint32_t i = 0; i < n; i++)
		wide[i] &= ~QCOW2_COPIED;
	free(l1);
	if ((rc = name_all(q, wide, n)) < 0)
		free(wide);
	else if ((rc = qcow2_l1_replace(q, wide, n, s->size)) == 0) {
		d->size = s->size;
		rc = release_all(q, was, was_n);
	}
	free(was);
	if (rc == 0)
		rc = qcow2_settle(q);
	if (rc == 0 && reclaim(q, e) < 0) {
		q->corrupt = true;
		return -1;
	}
	return say(q, finish(q, rc), e);
}

int
qcow2_snapshot_drop(struct disk *d, const char *name, struct err *e)
{
	struct qcow2 *q = d->qcow2;
	struct qcow2_snapshot *s = find(q, name, e), gone;
	uint64_t *l1 = NULL;

	if (!s)
		return -1;
	gone = *s;
	uint32_t at = (uint32_t)(s - q->snapshot), n = q->snapshots - 1;
	int rc = start(q);
	if (rc == 0)
		rc = qcow2_load(q, gone.l1_offset, gone.l1_size, &l1);
	if (rc < 0)
		return say(q, rc, e);
	struct qcow2_snapshot *list = xcalloc(n + UINT64_C(1), sizeof *list);
	memcpy(list, q->snapshot, at * sizeof *list);
	memcpy(list + at, q->snapshot + at + 1, (n - at) * sizeof *list);
	rc = put_table(q, list, n);
	if (rc < 0) {
		free(list);
	} else {
		uint64_t clusters = qcow2_clusters(q, gone.l1_size * UINT64_C(8));
		free(gone.id);
		free(gone.name);
		free(gone.extra);
		rc = release_all(q, l1, gone.l1_size);
		if (rc == 0 && clusters) {
			for (uint64_t i = 0; i < clusters; i++)
				qcow2_claim_drop(&q->claim,
				                 (gone.l1_offset >> q->cluster_bits) + i);
			rc = qcow2_release(q, gone.l1_offset, clusters, false);
		}
	}
	free(l1);
	rc = finish(q, rc);
	if (rc == 0)
		rc = qcow2_trim(q);
	return say(q, rc, e);
}

int
qcow2_snapshot_look(struct disk *d, const char *name, struct err *e)
{
	struct qcow2 *q = d->qcow2;
	struct qcow2_snapshot *s = find(q, name, e);
	uint64_t *l1;

	if (!s)
		return -1;
	uint64_t span = qcow2_l1_span(q);
	int rc = qcow2_load(q, s->l1_offset, s->l1_size, &l1);
	if (rc == 0 && s->l1_size < s->size / span + (s->size % span != 0)) {
		free(l1);
		rc = -EIO;
	}
	if (rc < 0)
		return say(q, rc, e);
	free(q->l1);
	q->l1 = l1;
	q->l1_size = s->l1_size;
	d->size = s->size;
	return 0;
}
