/* SPDX-License-Identifier: Apache-2.0 */
/* qcow2_check.c -- does an image contradict itself, and making it right.
 *
 * All namings are counted by walking the tables and compared with the counts in the
 * image.  A cluster that is counted more often than named is a leak, which harms
 * nobody; one that is counted less would be taken a second time.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "img/qcow2.h"

enum { FINDINGS = 100 };

struct walk {
	struct qcow2 *q;
	struct disk_check *out;
	unsigned repair;
	uint32_t *named; /* own: how often, for each cluster of the file */
	uint64_t n;
	uint32_t tables;          /* L1 tables walked so far */
	bool rebuild;             /* the table of counts is no good */
	struct qcow2_claim fixed; /* own: clusters of what cannot be made anew */
	struct qcow2_claim l2;    /* own: clusters of L2 tables */
};

__attribute__((format(printf, 2, 3))) static void
found(struct walk *w, const char *fmt, ...)
{
	va_list ap;
	char text[200];

	if (w->out->findings && json_array_size(w->out->findings) >= FINDINGS)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (!w->out->findings)
		w->out->findings = json_array();
	json_array_append_new(w->out->findings, json_string(text));
}

/* Something other than a count is wrong: is it repaired now? */
static bool
wrong(struct walk *w)
{
	bool fix = w->repair == DISK_FIX_ALL;
	if (fix)
		w->out->corruptions_fixed++;
	else
		w->out->corruptions++;
	return fix;
}

/* One naming of each cluster of a range; false when it is not in the file. */
static bool
name(struct walk *w, uint64_t offset, uint64_t bytes)
{
	uint64_t first = offset >> w->q->cluster_bits, last;

	if (bytes == 0)
		return true;
	if (__builtin_add_overflow(offset, bytes - 1, &last) || last >> w->q->cluster_bits >= w->n)
		return false;
	for (uint64_t i = first; i <= last >> w->q->cluster_bits; i++)
		w->named[i] += w->named[i] < UINT32_MAX;
	return true;
}

/* Take such namings back. */
static void
unname(struct walk *w, uint64_t offset, uint64_t bytes)
{
	for (uint64_t i = offset >> w->q->cluster_bits;
	     i <= (offset + bytes - 1) >> w->q->cluster_bits; i++)
		w->named[i] -= w->named[i] > 0;
}

/* Does data there lie on a table, or is it named more often than can be counted? */
static bool
crowded(const struct walk *w, uint64_t offset, uint64_t bytes)
{
	for (uint64_t i = offset >> w->q->cluster_bits;
	     i <= (offset + bytes - 1) >> w->q->cluster_bits; i++)
		if (qcow2_claim_has(&w->fixed, i) || qcow2_claim_has(&w->l2, i) ||
		    w->named[i] > w->q->count_most)
			return true;
	return false;
}

static bool
aligned(const struct walk *w, uint64_t offset)
{
	return offset != 0 && (offset & (w->q->cluster - 1)) == 0;
}

/* -- walking ---------------------------------------------------------------------- */

struct table {
	uint64_t at;
	uint64_t *entry; /* as in the file, big-endian */
	bool active, changed;
	uint64_t after; /* where the next cluster would lie if they lay in a row */
};

static void
walk_entry(struct walk *w, struct table *t, uint64_t i)
{
	struct qcow2 *q = w->q;
	uint64_t e = be64toh(t->entry[i]), offset = e & QCOW2_PLACE, n = q->cluster;
	bool packed = e & QCOW2_PACKED, ok, inside;

	if (packed)
		qcow2_packed_place(q, e, &offset, &n);
	else if (offset == 0)
		return;
	ok = packed ? offset >= q->cluster : aligned(w, offset);
	inside = ok = ok && name(w, offset, n);
	if (ok && crowded(w, offset, n)) {
		unname(w, offset, n);
		ok = false;
	}
	if (ok) {
		if (t->active) {
			w->out->allocated++;
			w->out->compressed += packed;
			w->out->fragmented += packed || (t->after && t->after != offset);
			if (!packed)
				t->after = offset + n;
		}
		return;
	}
	found(w, "entry %llu of the L2 table at %#llx is %#llx, which is %s", (unsigned long long)i,
	      (unsigned long long)t->at, (unsigned long long)e,
	      inside ? "used for something else" : "outside of the file");
	if (wrong(w)) {
		/* What was there is lost: zeros, and not what is below. */
		t->entry[i] = htobe64(q->version >= 3 ? QCOW2_ZERO : 0);
		t->changed = true;
	}
}

static int
walk_l2(struct walk *w, uint64_t at, bool active, uint64_t *after)
{
	struct qcow2 *q = w->q;
	struct table t = { .at = at, .active = active, .after = *after };

	t.entry = xmalloc(q->cluster);
	int rc = platter_read(q->platter, at, t.entry, q->cluster);
	for (uint64_t i = 0; rc == 0 && i < q->cluster / 8; i++)
		if (t.entry[i])
			walk_entry(w, &t, i);
	if (rc == 0 && t.changed)
		rc = platter_write(q->platter, at, t.entry, q->cluster);
	*after = t.after;
	free(t.entry);
	return rc;
}

/* A table of `n` entries; what is wrong in the active one may be put right. */
static int
walk_l1(struct walk *w, const uint64_t *l1, uint64_t at, uint32_t n, bool active)
{
	struct qcow2 *q = w->q;
	uint64_t after = 0;
	int rc = 0;

	w->tables++;
	if (!name(w, at, n * UINT64_C(8)) || (n && !aligned(w, at))) {
		found(w, "an L1 table at %#llx is outside of the file", (unsigned long long)at);
		w->out->corruptions++;
		return 0;
	}
	for (uint32_t i = 0; i < n && rc == 0; i++) {
		uint64_t l2 = l1[i] & QCOW2_PLACE;
		if (l2 == 0)
			continue;
		bool ok = aligned(w, l2) && name(w, l2, q->cluster);
		/* Named once by each L1 table at most, or walking takes for ever. */
		if (ok && w->named[l2 >> q->cluster_bits] <= w->tables &&
		    w->named[l2 >> q->cluster_bits] <= q->count_most &&
		    !qcow2_claim_has(&w->fixed, l2 >> q->cluster_bits)) {
			rc = walk_l2(w, l2, active, &after);
			continue;
		}
		found(w, "entry %u of an L1 table is %#llx, which is %s", i,
		      (unsigned long long)l1[i],
		      ok ? "used for something else" : "outside of the file");
		if (!active || !(w->repair == DISK_FIX_ALL)) {
			w->out->corruptions++;
		} else {
			wrong(w);
			if (ok)
				unname(w, l2, q->cluster);
			qcow2_enter_l1(q, i, 0);
		}
	}
	return rc;
}

/* Name a range when it is time for that; before, only see that it is in the file. */
static bool
bitmap_range(struct walk *w, bool count, uint64_t offset, uint64_t bytes)
{
	if (!aligned(w, offset) || bytes > qcow2_end(w->q) || offset > qcow2_end(w->q) - bytes)
		return false;
	return !count || name(w, offset, bytes);
}

static bool
bitmap(struct walk *w, bool count, uint64_t offset, uint32_t size)
{
	uint64_t *table;
	bool ok = true;

	if (size == 0)
		return true;
	if (!bitmap_range(w, count, offset, size * UINT64_C(8)) ||
	    qcow2_load(w->q, offset, size, &table) < 0)
		return false;
	for (uint32_t k = 0; k < size && ok; k++)
		if (table[k] & QCOW2_PLACE)
			ok = bitmap_range(w, count, table[k] & QCOW2_PLACE, w->q->cluster);
	free(table);
	return ok;
}

/* The directory of bitmaps: of each where its table is and how long, and at 18 the
 * length of its name and of what else there is. */
static bool
bitmaps(struct walk *w, bool count)
{
	struct qcow2 *q = w->q;
	uint64_t at = q->bitmaps_offset, n = q->bitmaps_size, i = 0;
	bool ok = n <= 64 << 20 && bitmap_range(w, count, at, n);
	uint8_t *dir = ok ? xmalloc(n + 1) : NULL;

	ok = ok && platter_read(q->platter, at, dir, n) == 0;
	for (uint32_t k = 0; k < q->bitmaps && ok; k++) {
		uint64_t offset;
		uint32_t size, extra;
		uint16_t letters;
		ok = n - i >= 24;
		if (!ok)
			break;
		memcpy(&offset, dir + i, 8);
		memcpy(&size, dir + i + 8, 4);
		memcpy(&letters, dir + i + 18, 2);
		memcpy(&extra, dir + i + 20, 4);
		uint64_t length =
		        (24 + (uint64_t)be32toh(extra) + be16toh(letters) + 7) & ~UINT64_C(7);
		ok = length <= n - i && bitmap(w, count, be64toh(offset), be32toh(size));
		i += length;
	}
	free(dir);
	return ok;
}

static int
walk_bitmaps(struct walk *w)
{
	struct qcow2 *q = w->q;
	uint64_t none = 0;

	if (!q->bitmaps)
		return 0;
	if (bitmaps(w, false)) {
		bitmaps(w, true);
		return 0;
	}
	found(w, "the directory of bitmaps at %#llx is damaged",
	      (unsigned long long)q->bitmaps_offset);
	if (!wrong(w))
		return 0;
	/* without that bit it is nothing */
	q->bitmaps = 0;
	return qcow2_header_put(q, QCOW2_AT_AUTOCLEAR, &none, sizeof none);
}

static void
claim(struct walk *w, struct qcow2_claim *set, uint64_t offset, uint64_t bytes)
{
	uint64_t first = offset >> w->q->cluster_bits, n = qcow2_clusters(w->q, bytes);
	for (uint64_t i = 0; i < n && first + i < w->n; i++)
		qcow2_claim_add(set, first + i);
}

static void
claim_l2(struct walk *w, const uint64_t *l1, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (aligned(w, l1[i] & QCOW2_PLACE))
			claim(w, &w->l2, l1[i] & QCOW2_PLACE, w->q->cluster);
}

/* Where the tables are that data must not lie on.  Those of the counts do not belong
 * to them: they are made anew where somebody else wants their place. */
static int
claim_tables(struct walk *w)
{
	struct qcow2 *q = w->q;
	uint64_t *l1;
	int rc = 0;

	claim(w, &w->fixed, 0, q->cluster);
	claim(w, &w->fixed, q->l1_offset, q->l1_size * UINT64_C(8));
	if (q->snapshots)
		claim(w, &w->fixed, q->snapshots_offset, q->snapshots_bytes);
	claim_l2(w, q->l1, q->l1_size);
	for (uint32_t i = 0; rc == 0 && i < q->snapshots; i++) {
		struct qcow2_snapshot *s = &q->snapshot[i];
		claim(w, &w->fixed, s->l1_offset, s->l1_size * UINT64_C(8));
		rc = qcow2_load(q, s->l1_offset, s->l1_size, &l1);
		if (rc == 0)
			claim_l2(w, l1, s->l1_size);
		free(l1);
	}
	return rc;
}

/* All but the table of counts and its blocks. */
static int
walk_all(struct walk *w)
{
	struct qcow2 *q = w->q;
	uint64_t *l1;

	name(w, 0, q->cluster);
	int rc = claim_tables(w);
	if (rc == 0)
		rc = walk_l1(w, q->l1, q->l1_offset, q->l1_size, true);
	if (q->snapshots)
		name(w, q->snapshots_offset, q->snapshots_bytes);
	for (uint32_t i = 0; rc == 0 && i < q->snapshots; i++) {
		struct qcow2_snapshot *s = &q->snapshot[i];
		rc = qcow2_load(q, s->l1_offset, s->l1_size, &l1);
		if (rc == 0) {
			rc = walk_l1(w, l1, s->l1_offset, s->l1_size, false);
			free(l1);
		}
	}
	return rc < 0 ? rc : walk_bitmaps(w);
}

/* The table of counts as far as it is good. */
static void
walk_counts(struct walk *w)
{
	struct qcow2 *q = w->q;

	if (q->counts_n == 0 || !aligned(w, q->counts_offset) ||
	    !name(w, q->counts_offset, q->counts_n * 8)) {
		found(w, "the refcount table at %#llx is outside of the file",
		      (unsigned long long)q->counts_offset);
		w->rebuild = true;
	} else {
		uint64_t first = q->counts_offset >> q->cluster_bits;
		for (uint64_t i = 0; i < qcow2_clusters(q, q->counts_n * 8); i++)
			if (w->named[first + i] > 1 && !w->rebuild) {
				found(w, "the refcount table at %#llx is used for something else",
				      (unsigned long long)q->counts_offset);
				w->rebuild = true;
			}
	}
	for (uint64_t i = 0; i < q->counts_n; i++) {
		uint64_t at = q->counts[i];
		if (at == 0)
			continue;
		bool ok = aligned(w, at) && name(w, at, q->cluster);
		if (ok && w->named[at >> q->cluster_bits] == 1)
			continue;
		found(w, "refcount block %llu at %#llx is %s", (unsigned long long)i,
		      (unsigned long long)at,
		      ok ? "used for something else" : "outside of the file");
		if (ok)
			w->named[at >> q->cluster_bits]--;
		q->counts[i] = 0;
		w->rebuild = true;
	}
}

static void
forget_counts(struct walk *w)
{
	struct qcow2 *q = w->q;
	uint64_t at = q->counts_offset >> q->cluster_bits;

	for (uint64_t i = 0; i < qcow2_clusters(q, q->counts_n * 8); i++)
		if (at + i < w->n && w->named[at + i] > 0)
			w->named[at + i]--;
	for (uint64_t i = 0; i < q->counts_n; i++)
		if (q->counts[i] && w->named[q->counts[i] >> q->cluster_bits] > 0)
			w->named[q->counts[i] >> q->cluster_bits]--;
}

/* -- comparing --------------------------------------------------------------------- */

/* Say what is wrong with one count; true: set it. */
static bool
judge(struct walk *w, uint64_t cluster, uint64_t count, uint64_t named)
{
	struct disk_check *o = w->out;
	bool leak = count > named, fix = leak ? w->repair != 0 : w->repair == DISK_FIX_ALL;

	found(w, "%s: cluster %llu is named %llu times and counted %llu times",
	      leak ? "leak" : "error", (unsigned long long)cluster, (unsigned long long)named,
	      (unsigned long long)count);
	if (leak)
		fix ? o->leaks_fixed++ : o->leaks++;
	else
		fix ? o->corruptions_fixed++ : o->corruptions++;
	return fix;
}

static int
compare(struct walk *w)
{
	struct qcow2 *q = w->q;
	uint64_t per = qcow2_count_per(q);
	uint64_t blocks = w->n / per + (w->n % per != 0);
	struct qcow2_table *t;

	if (blocks < q->counts_n)
		blocks = q->counts_n;
	for (uint64_t b = 0; b < blocks; b++) {
		bool there = b < q->counts_n && q->counts[b];
		if (!there && b * per >= w->n)
			continue;
		if (there) {
			int rc = qcow2_cache_get(q, &q->blocks, q->counts[b], false, &t);
			if (rc < 0)
				return rc;
		}
		for (uint64_t i = 0; i < per; i++) {
			uint64_t c = b * per + i, named = c < w->n ? w->named[c] : 0;
			uint64_t count = there ? qcow2_count_peek(q, t->bytes, i) : 0;
			if (!there && c >= w->n)
				break;
			if (named > 0)
				w->out->end = (c + 1) << q->cluster_bits;
			/* more than can be counted is what a writer must not do */
			if (count == named || !judge(w, c, count, named))
				continue;
			if (!there || named > q->count_most) {
				w->rebuild = true;
				continue;
			}
			qcow2_count_poke(q, t->bytes, i, named);
			qcow2_cache_dirty(&q->blocks, t);
		}
	}
	return 0;
}

/* -- a new table of counts ------------------------------------------------------------- */

static bool
block_needed(const struct walk *w, uint64_t b, uint64_t from, uint64_t end)
{
	uint64_t per = qcow2_count_per(w->q), c = b * per;

	if (c < end && c + per > from)
		return true;
	for (uint64_t i = 0; i < per && c + i < w->n; i++)
		if (w->named[c + i])
			return true;
	return false;
}

/* Behind the end of the file, and then the header names it. */
static int
rebuild(struct walk *w)
{
	struct qcow2 *q = w->q;
	uint64_t per = qcow2_count_per(q), from = w->n, table_n, block_n = 1, before, end;

	do {
		before = block_n;
		uint64_t last = (from + block_n - 1) / per;
		table_n = qcow2_clusters(q, (last + 1) * 8);
		end = from + block_n + table_n;
		table_n = qcow2_clusters(q, ((end - 1) / per + 1) * 8);
		end = from + block_n + table_n;
		block_n = 0;
		for (uint64_t b = 0; b <= (end - 1) / per; b++)
			block_n += block_needed(w, b, from, end);
		if (block_n < before)
			block_n = before; /* one too many is no harm */
	} while (block_n != before);
	uint64_t entries = table_n << q->cluster_bits >> 3;
	if (entries * 8 > QCOW2_MOST_COUNTS)
		return -EFBIG;
	uint64_t *counts = xcalloc(entries, 8), at = from;
	uint8_t *block = xmalloc(q->cluster);
	int rc = platter_resize(q->platter, end << q->cluster_bits);

	for (uint64_t b = 0; rc == 0 && b <= (end - 1) / per; b++) {
		if (!block_needed(w, b, from, end))
			continue;
		memset(block, 0, q->cluster);
		for (uint64_t i = 0; i < per; i++) {
			uint64_t c = b * per + i, v = c < w->n ? w->named[c] : c < end;
			qcow2_count_poke(q, block, i, v < q->count_most ? v : q->count_most);
		}
		counts[b] = htobe64(at << q->cluster_bits);
		rc = platter_write(q->platter, at++ << q->cluster_bits, block, q->cluster);
	}
	uint64_t place = (from + block_n) << q->cluster_bits;
	if (rc == 0)
		rc = platter_write(q->platter, place, counts, entries * 8);
	if (rc == 0) {
		uint8_t field[12];
		uint64_t offset = htobe64(place);
		uint32_t length = htobe32((uint32_t)table_n);
		memcpy(field, &offset, 8);
		memcpy(field + 8, &length, 4);
		rc = qcow2_header_put(q, QCOW2_AT_COUNTS, field, sizeof field);
	}
	free(block);
	if (rc < 0) {
		free(counts);
		return rc;
	}
	for (uint64_t i = 0; i < entries; i++)
		counts[i] = be64toh(counts[i]);
	free(q->counts);
	q->counts = counts;
	q->counts_n = entries;
	q->counts_offset = place;
	q->counts_first = q->counts_last = 0;
	q->tail = end;
	w->out->end = end << q->cluster_bits;
	qcow2_cache_forget(&q->blocks);
	return 0;
}

/* -- all of it ---------------------------------------------------------------------------- */

/* Counts, tables and flags as they were put right, in an order that leaves nothing
 * worse than before. */
static int
put_right(struct walk *w)
{
	struct qcow2 *q = w->q;
	uint64_t n = 0;
	int rc;

	if ((rc = qcow2_cache_write(q, &q->blocks)) < 0 || (rc = platter_barrier(q->platter)) < 0)
		return rc;
	if (q->l1_first < q->l1_last && (rc = qcow2_l1_write(q)) < 0)
		return rc;
	if (w->repair != DISK_FIX_ALL)
		return platter_barrier(q->platter);
	qcow2_cache_forget(&q->l2); /* tables were written past it */
	if ((rc = qcow2_flags(q, true, &n)) < 0 || (rc = qcow2_cache_write(q, &q->l2)) < 0)
		return rc;
	w->out->corruptions_fixed += n;
	if (q->l1_first < q->l1_last && (rc = qcow2_l1_write(q)) < 0)
		return rc;
	if ((rc = platter_barrier(q->platter)) < 0)
		return rc;
	if (w->out->corruptions == 0) {
		rc = qcow2_header_flags(q, 0, QCOW2_DIRTY | QCOW2_CORRUPT);
		q->corrupt = false;
	}
	return rc;
}

static int
check(struct walk *w)
{
	struct qcow2 *q = w->q;
	int rc = walk_all(w);

	if (rc < 0)
		return rc;
	walk_counts(w);
	if (w->rebuild)
		wrong(w);
	if (!w->rebuild && (rc = compare(w)) < 0)
		return rc;
	if (w->rebuild && w->repair == DISK_FIX_ALL) {
		forget_counts(w);
		if ((rc = rebuild(w)) < 0)
			return rc;
	}
	if (w->repair)
		return put_right(w);
	uint64_t n = 0;
	if (!w->rebuild && (rc = qcow2_flags(q, false, &n)) == 0 && n > 0) {
		found(w, "%llu entries do not say rightly whether they are the only one",
		      (unsigned long long)n);
		w->out->corruptions += n;
	}
	return rc;
}

int
qcow2_check(struct disk *d, unsigned repair, struct disk_check *out, struct err *e)
{
	struct qcow2 *q = d->qcow2;
	struct walk w = { .q = q, .out = out, .repair = repair };
	int rc = 0;

	out->total = qcow2_clusters(q, d->size);
	if (repair && !d->writable)
		return fail(e, EROFS, "disk '%s' is open for reading only", d->path);
	/* What is in memory only is not to be seen in the file. */
	if (d->writable && q->counts && !q->corrupt)
		rc = qcow2_make_clean(q);
	w.n = qcow2_clusters(q, q->platter->size);
	w.named = calloc(w.n + 1, sizeof *w.named);
	if (!w.named)
		return fail(e, ENOMEM, "disk '%s': no memory to count %llu clusters", d->path,
		            (unsigned long long)w.n);
	if (rc == 0 && !q->counts && qcow2_inside(q, q->counts_offset, q->counts_n * 8))
		rc = qcow2_load(q, q->counts_offset, q->counts_n, &q->counts);
	if (!q->counts)
		q->counts_n = 0;
	for (uint64_t i = 0; i < q->counts_n; i++)
		q->counts[i] &= ~UINT64_C(511);
	if (rc == 0)
		rc = check(&w);
	free(w.named);
	qcow2_claim_free(&w.fixed);
	qcow2_claim_free(&w.l2);
	return rc < 0 ? fail(e, -rc, "disk '%s': %s", d->path, strerror(-rc)) : 0;
}

int
qcow2_recount(struct qcow2 *q, struct err *e)
{
	struct disk_check out = { 0 };
	int rc = qcow2_check(q->disk, DISK_FIX_ALL, &out, e);

	if (rc == 0 && out.corruptions > 0) {
		rc = fail(e, EIO, "disk '%s' was not closed, and is damaged", q->path);
		err_hint(e, "see: joist disk check %s", q->path);
	}
	json_decref(out.findings);
	/* What it read is read again by who opens it. */
	free(q->counts);
	q->counts = NULL;
	qcow2_cache_forget(&q->blocks);
	return rc;
}
