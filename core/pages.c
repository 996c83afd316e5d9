/* SPDX-License-Identifier: Apache-2.0 */
#include "core/pages.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/arena.h"

/* Chunks of one tag: frames, then the list.  Each begins with
 *
 *   id u64, kind u32, count u32
 *
 * A frame goes on with `count` pages, as they are or compressed.  The list, of `count`
 * frames: size of the memory u64, pages in frames u32, copies u32; the number of each page in
 * the order of the frames u32; for each copy its number u32 and which of those it is like u32. */

enum { FRAME_PLAIN, FRAME_ZSTD, LIST };
enum { HEAD = 16, BYTES = PAGES_FRAME * PAGES_SIZE, LEVEL = 1 };
enum { SEEN = 1 << 16 }; /* pages that are remembered while looking for copies */

/* -- writing ---------------------------------------------------------------------------- */

struct seen {
	uint32_t crc, stored; /* behind 1 */
};

struct writer {
	struct snap *s;
	uint32_t tag;
	uint64_t id;
	const uint8_t *p;
	uint64_t n;
	ZSTD_CCtx *zstd;
	struct seen *seen;
	struct buf number, copy; /* of the list */
	uint32_t frames, stored;
	unsigned in_frame;
	uint8_t frame[BYTES], packed[ZSTD_COMPRESSBOUND(BYTES)];
};

static bool
is_zero(const uint8_t *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

static void
head_of(struct buf *b, uint64_t id, uint32_t kind, uint32_t count)
{
	buf_u64(b, id);
	buf_u32(b, kind);
	buf_u32(b, count);
}

static int
put_frame(struct writer *w, struct err *e)
{
	size_t n = (size_t)w->in_frame * PAGES_SIZE;
	if (!n)
		return 0;
	size_t packed = ZSTD_compressCCtx(w->zstd, w->packed, sizeof w->packed, w->frame, n, LEVEL);
	bool pays = !ZSTD_isError(packed) && packed < n - n / 8;
	struct buf head = { 0 };
	head_of(&head, w->id, pays ? FRAME_ZSTD : FRAME_PLAIN, w->in_frame);
	struct iovec v[] = { { head.p, head.n },
		             { pays ? w->packed : w->frame, pays ? packed : n } };
	int rc = snap_put_parts(w->s, w->tag, v, 2, e);
	buf_free(&head);
	w->frames++;
	w->in_frame = 0;
	return rc;
}

/* Was a page with these bytes put before, one of the last with its checksum? */
static bool
find_copy(struct writer *w, const uint8_t *bytes, uint32_t crc, uint32_t *stored)
{
	const struct seen *x = &w->seen[crc % SEEN];
	if (!x->stored || x->crc != crc)
		return false;
	*stored = x->stored - 1;
	struct cur c = cur_of(w->number.p + 4 * (size_t)*stored, 4);
	return memcmp(w->p + (uint64_t)cur_u32(&c) * PAGES_SIZE, bytes, PAGES_SIZE) == 0;
}

static int
put_page(struct writer *w, uint32_t number, const uint8_t *bytes, bool whole, struct err *e)
{
	uint32_t crc = snap_crc(bytes, PAGES_SIZE), like;
	if (whole && find_copy(w, bytes, crc, &like)) {
		buf_u32(&w->copy, number);
		buf_u32(&w->copy, like);
		return 0;
	}
	memcpy(w->frame + (size_t)w->in_frame * PAGES_SIZE, bytes, PAGES_SIZE);
	buf_u32(&w->number, number);
	w->stored++;
	if (whole)
		w->seen[crc % SEEN] = (struct seen){ crc, w->stored };
	return ++w->in_frame == PAGES_FRAME ? put_frame(w, e) : 0;
}

static int
put_list(struct writer *w, struct err *e)
{
	struct buf head = { 0 };
	head_of(&head, w->id, LIST, w->frames);
	buf_u64(&head, w->n);
	buf_u32(&head, w->stored);
	buf_u32(&head, (uint32_t)(w->copy.n / 8));
	struct iovec v[] = { { head.p, head.n },
		             { w->number.p, w->number.n },
		             { w->copy.p, w->copy.n } };
	int rc = snap_put_parts(w->s, w->tag, v, 3, e);
	buf_free(&head);
	return rc;
}

static int
put_all(struct writer *w, struct err *e)
{
	uint8_t last[PAGES_SIZE] = { 0 };
	enum { BLOCK = 16 * PAGES_SIZE };
	for (uint64_t at = 0; at < w->n;) {
		uint64_t left = w->n - at;
		const uint8_t *p = w->p + at;
		if (at % BLOCK == 0 && left >= BLOCK && is_zero(p, BLOCK)) {
			at += BLOCK;
			continue;
		}
		if (left < PAGES_SIZE)
			p = memcpy(last, p, left);
		if (!is_zero(p, PAGES_SIZE) &&
		    put_page(w, (uint32_t)(at / PAGES_SIZE), p, left >= PAGES_SIZE, e) < 0)
			return -1;
		at += PAGES_SIZE;
	}
	return put_frame(w, e) < 0 ? -1 : put_list(w, e);
}

int
pages_put(struct snap *s, uint32_t tag, uint64_t id, const void *p, uint64_t n, struct err *e)
{
	if (n / PAGES_SIZE >= UINT32_MAX)
		return fail(e, EFBIG, "a memory of %llu bytes cannot be saved",
		            (unsigned long long)n);
	struct writer *w = xmalloc(sizeof *w);
	memset(w, 0, offsetof(struct writer, frame));
	w->s = s;
	w->tag = tag;
	w->id = id;
	w->p = p;
	w->n = n;
	w->zstd = ZSTD_createCCtx();
	w->seen = xcalloc(SEEN, sizeof *w->seen);
	int rc = w->zstd ? put_all(w, e) : fail(e, ENOMEM, "no memory to save with");
	ZSTD_freeCCtx(w->zstd);
	buf_free(&w->number);
	buf_free(&w->copy);
	free(w->seen);
	free(w);
	return rc;
}

/* -- reading ------------------------------------------------------------------------------ */

struct frame {
	struct snap_place place;
	uint32_t first; /* of its pages, among all in frames */
	uint8_t kind, count;
};

struct pages {
	struct snap *s; /* own */
	uint64_t n, id;
	uint32_t stored;
	uint32_t *number;    /* own: by place among all in frames */
	uint32_t *frame_of;  /* own: by place, too */
	struct frame *frame; /* own */
	uint64_t nframe;
	/* own: by page, its place among all in frames, behind 1; mostly never touched */
	uint32_t *place;
	ZSTD_DCtx *zstd; /* own */
	uint8_t packed[HEAD + ZSTD_COMPRESSBOUND(BYTES)];
};

struct head {
	uint64_t id;
	uint32_t kind, count;
};

static bool
read_head(struct pages *p, const struct snap_place *at, struct head *h)
{
	uint8_t bytes[HEAD];
	if (at->n < HEAD || !snap_fetch(p->s, at->at, bytes, HEAD))
		return false;
	struct cur c = cur_of(bytes, HEAD);
	*h = (struct head){ cur_u64(&c), cur_u32(&c), cur_u32(&c) };
	return h->id == p->id;
}

static int
add_frame(struct pages *p, const struct snap_place *at, const struct head *h, struct err *e)
{
	uint64_t bytes = at->n - HEAD;
	bool fits = h->kind == FRAME_PLAIN ? bytes == (uint64_t)h->count * PAGES_SIZE
	                                   : bytes <= sizeof p->packed - HEAD;
	if (h->kind > FRAME_ZSTD || !h->count || h->count > PAGES_FRAME || !fits)
		return snap_damaged(p->s, "pages in a frame that cannot be", e);
	if (p->stored + h->count > pages_count(p))
		return snap_damaged(p->s, "more pages than its memory has", e);
	if ((p->nframe & (p->nframe - 1)) == 0)
		p->frame = xrealloc(p->frame, (p->nframe ? 2 * p->nframe : 1) * sizeof *p->frame);
	p->frame[p->nframe++] =
	        (struct frame){ *at, p->stored, (uint8_t)h->kind, (uint8_t)h->count };
	p->stored += h->count;
	return 0;
}

static int
place_pages(struct pages *p, struct cur *c, uint32_t copies, struct err *e)
{
	uint64_t most = pages_count(p);
	for (uint32_t i = 0; i < p->stored; i++) {
		p->number[i] = cur_u32(c);
		if (c->bad || p->number[i] >= most || p->place[p->number[i]])
			return snap_damaged(p->s, "pages outside of their memory", e);
		p->place[p->number[i]] = i + 1;
	}
	for (uint32_t i = 0; i < copies; i++) {
		uint32_t number = cur_u32(c), like = cur_u32(c);
		if (c->bad || number >= most || p->place[number] || like >= p->stored ||
		    p->n / PAGES_SIZE <= number || p->n / PAGES_SIZE <= p->number[like])
			return snap_damaged(p->s, "pages outside of their memory", e);
		p->place[number] = like + 1;
	}
	return cur_left(c) ? snap_damaged(p->s, "a list of pages that is too long", e) : 0;
}

static int
read_list(struct pages *p, const struct snap_place *at, const struct head *h, struct err *e)
{
	uint64_t most = pages_count(p);
	/* A page stands in it at most once. */
	if (at->n > HEAD + 16 + 8 * most || h->count != p->nframe)
		return snap_damaged(p->s, "a list of pages that cannot be", e);
	uint8_t *bytes = malloc(at->n);
	p->number = calloc((size_t)p->stored + 1, sizeof *p->number);
	p->frame_of = calloc((size_t)p->stored + 1, sizeof *p->frame_of);
	p->place = calloc(most + 1, sizeof *p->place);
	int rc = -1;
	if (!bytes || !p->number || !p->frame_of || !p->place) {
		fail(e, ENOMEM, "no memory to read a snapshot");
	} else if (!snap_fetch(p->s, at->at, bytes, at->n)) {
		snap_damaged(p->s, "it cannot be read", e);
	} else if (snap_crc(bytes, at->n) != at->crc) {
		snap_damaged(p->s, "a checksum is wrong", e);
	} else {
		struct cur c = cur_of(bytes + HEAD, at->n - HEAD);
		uint64_t n = cur_u64(&c);
		uint32_t stored = cur_u32(&c), copies = cur_u32(&c);
		rc = c.bad || n != p->n || stored != p->stored
		             ? snap_damaged(p->s, "pages of another memory", e)
		             : place_pages(p, &c, copies, e);
	}
	free(bytes);
	for (uint64_t f = 0; rc == 0 && f < p->nframe; f++)
		for (unsigned i = 0; i < p->frame[f].count; i++)
			p->frame_of[p->frame[f].first + i] = (uint32_t)f;
	return rc;
}

static int
read_chunks(struct pages *p, struct snap *s, uint32_t tag, struct err *e)
{
	struct snap_place at;
	struct head h;
	for (;;) {
		if (snap_pass(s, tag, &at, e) < 0)
			return -1;
		if (!read_head(p, &at, &h))
			return snap_damaged(s, "pages of another memory", e);
		if (h.kind == LIST)
			return read_list(p, &at, &h, e);
		if (add_frame(p, &at, &h, e) < 0)
			return -1;
	}
}

struct pages *
pages_open(struct snap *s, uint32_t tag, uint64_t id, uint64_t n, struct err *e)
{
	struct pages *p = xmalloc(sizeof *p);
	memset(p, 0, offsetof(struct pages, packed));
	p->n = n;
	p->id = id;
	p->s = snap_again(s, e);
	p->zstd = ZSTD_createDCtx();
	if (!p->zstd)
		fail(e, ENOMEM, "no memory to read a snapshot");
	if (p->s && p->zstd && read_chunks(p, s, tag, e) == 0)
		return p;
	pages_close(p);
	return NULL;
}

void
pages_close(struct pages *p)
{
	if (!p)
		return;
	ZSTD_freeDCtx(p->zstd);
	snap_free(p->s);
	free(p->number);
	free(p->frame_of);
	free(p->frame);
	free(p->place);
	free(p);
}

bool
pages_stay(const struct pages *p)
{
	return snap_is_file(p->s);
}

uint64_t
pages_count(const struct pages *p)
{
	return p->n / PAGES_SIZE + (p->n % PAGES_SIZE != 0);
}

int64_t
pages_frame(const struct pages *p, uint64_t page, unsigned *place)
{
	uint32_t i = p->place[page];
	if (!i)
		return -1;
	uint32_t f = p->frame_of[i - 1];
	*place = i - 1 - p->frame[f].first;
	return f;
}

int
pages_read(struct pages *p, uint64_t frame, uint8_t to[PAGES_FRAME * PAGES_SIZE],
           uint32_t number[PAGES_FRAME], unsigned *n, struct err *e)
{
	const struct frame *f = &p->frame[frame];
	size_t bytes = (size_t)f->count * PAGES_SIZE, packed = f->place.n - HEAD;
	if (!snap_fetch(p->s, f->place.at, p->packed, f->place.n))
		return snap_damaged(p->s, "it cannot be read", e);
	if (snap_crc(p->packed, f->place.n) != f->place.crc)
		return snap_damaged(p->s, "a checksum is wrong", e);
	if (f->kind == FRAME_PLAIN)
		memcpy(to, p->packed + HEAD, bytes);
	else if (ZSTD_decompressDCtx(p->zstd, to, bytes, p->packed + HEAD, packed) != bytes)
		return snap_damaged(p->s, "pages that cannot be unpacked", e);
	memcpy(number, p->number + f->first, f->count * sizeof *number);
	*n = f->count;
	return 0;
}

/* A place in the memory; the last page may be none. */
static void
put_back(const struct pages *p, uint8_t *base, uint64_t page, const uint8_t *bytes)
{
	uint64_t at = page * PAGES_SIZE, left = p->n - at;
	memcpy(base + at, bytes, left < PAGES_SIZE ? left : PAGES_SIZE);
}

int
pages_all(struct pages *p, void *to, struct err *e)
{
	uint8_t *base = to, *frame = xmalloc(BYTES);
	uint32_t number[PAGES_FRAME];
	unsigned n;
	int rc = 0;
	for (uint64_t f = 0; rc == 0 && f < p->nframe; f++) {
		rc = pages_read(p, f, frame, number, &n, e);
		for (unsigned i = 0; rc == 0 && i < n; i++)
			put_back(p, base, number[i], frame + (size_t)i * PAGES_SIZE);
	}
	free(frame);
	for (uint64_t i = 0, most = pages_count(p); rc == 0 && i < most; i++) {
		uint32_t place = p->place[i];
		if (place && p->number[place - 1] != i)
			put_back(p, base, i, base + (uint64_t)p->number[place - 1] * PAGES_SIZE);
	}
	return rc;
}

int
pages_get(struct snap *s, uint32_t tag, uint64_t id, void *base, uint64_t n, struct err *e)
{
	struct pages *p = pages_open(s, tag, id, n, e);
	int rc = p ? pages_all(p, base, e) : -1;
	pages_close(p);
	return rc;
}
