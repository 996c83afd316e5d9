/* SPDX-License-Identifier: Apache-2.0 */
/* qcow2_snapshot.c -- the table of snapshots inside of an image. */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "img/qcow2.h"

enum { FIXED = 40, LONGEST_TABLE = 64 << 20, EXTRA_MOST = 1024, EXTRA_OURS = 24 };

/* Big-endian fields of memory that ends. */
struct field {
	const uint8_t *p, *end;
	bool bad;
};

static uint64_t
number(struct field *f, unsigned bytes)
{
	uint64_t v = 0;
	if ((size_t)(f->end - f->p) < bytes) {
		f->bad = true;
		return 0;
	}
	while (bytes-- > 0)
		v = v << 8 | *f->p++;
	return v;
}

static const uint8_t *
some(struct field *f, size_t n)
{
	const uint8_t *p = f->p;
	if ((size_t)(f->end - p) < n) {
		f->bad = true;
		return NULL;
	}
	f->p += n;
	return p;
}

void
qcow2_snapshots_free(struct qcow2 *q)
{
	for (uint32_t i = 0; q->snapshot && i < q->snapshots; i++) {
		free(q->snapshot[i].id);
		free(q->snapshot[i].name);
		free(q->snapshot[i].extra);
	}
	free(q->snapshot);
	q->snapshot = NULL;
}

static void
read_one(struct qcow2 *q, struct field *f, struct qcow2_snapshot *s)
{
	const uint8_t *start = f->p, *p;

	s->l1_offset = number(f, 8);
	s->l1_size = (uint32_t)number(f, 4);
	uint16_t id = (uint16_t)number(f, 2), name = (uint16_t)number(f, 2);
	s->sec = (uint32_t)number(f, 4);
	s->nsec = (uint32_t)number(f, 4);
	s->vm_clock = number(f, 8);
	s->vm_state = number(f, 4);
	uint32_t extra = (uint32_t)number(f, 4);
	s->size = q->disk->size;
	s->icount = UINT64_MAX;
	if (extra > EXTRA_MOST || (p = some(f, extra)) == NULL) {
		f->bad = true;
		return;
	}
	struct field more = { p, p + extra, false };
	if (extra >= 8)
		s->vm_state = number(&more, 8);
	if (extra >= 16)
		s->size = number(&more, 8);
	if (extra >= 24)
		s->icount = number(&more, 8);
	s->extra_size = extra > EXTRA_OURS ? extra - EXTRA_OURS : 0;
	if (s->extra_size) {
		s->extra = xmalloc(s->extra_size);
		memcpy(s->extra, p + EXTRA_OURS, s->extra_size);
	}
	if ((p = some(f, id)))
		s->id = xprintf("%.*s", id, (const char *)p);
	if ((p = some(f, name)))
		s->name = xprintf("%.*s", name, (const char *)p);
	some(f, -(size_t)(f->p - start) & 7);
}

int
qcow2_snapshots_read(struct qcow2 *q, struct err *e)
{
	uint32_t n = q->snapshots;

	q->snapshots = 0;
	if (n == 0) {
		q->snapshots_offset = 0;
		return 0;
	}
	uint64_t offset = q->snapshots_offset;
	uint64_t end = qcow2_clusters(q, q->platter->size) << q->cluster_bits;
	if (!qcow2_inside(q, offset, 1) || offset >= end)
		goto bad;
	uint64_t length = end - offset < LONGEST_TABLE ? end - offset : LONGEST_TABLE;
	if ((uint64_t)n * FIXED > length)
		goto bad;
	/* How long it is, only reading it tells: first as much as most need. */
	for (uint64_t guess = 65536;; guess *= 16) {
		if (guess > length)
			guess = length;
		uint8_t *bytes = xmalloc(guess);
		int rc = platter_read(q->platter, offset, bytes, guess);
		struct field f = { bytes, bytes + guess, rc < 0 };
		q->snapshot = xcalloc(n, sizeof *q->snapshot);
		q->snapshots = n;
		for (uint32_t i = 0; i < n && !f.bad; i++)
			read_one(q, &f, &q->snapshot[i]);
		q->snapshots_bytes = (uint64_t)(f.p - bytes);
		free(bytes);
		if (!f.bad)
			break;
		qcow2_snapshots_free(q);
		q->snapshots = 0;
		if (guess == length || rc < 0)
			goto bad;
	}
	for (uint32_t i = 0; i < n; i++) {
		struct qcow2_snapshot *s = &q->snapshot[i];
		if (s->l1_size > QCOW2_MOST_L1 / 8 || s->size > INT64_MAX ||
		    (s->l1_size && !qcow2_inside(q, s->l1_offset, s->l1_size * UINT64_C(8))))
			goto bad;
	}
	return 0;
bad:
	fail(e, EIO, "disk '%s' is damaged: its table of snapshots, at %#llx", q->path,
	     (unsigned long long)q->snapshots_offset);
	return -1;
}
