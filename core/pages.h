/* pages.h -- the memory of a guest inside a snapshot.
 *
 * Pages of zeros and pages that were written before are left out; the others go
 * in frames of up to 32, compressed (zstd), and a list at the end says which page
 * is where.  So a page can be read without what stands before it, and a guest can
 * go on while its memory still lies in the file.
 */
#ifndef CORE_PAGES_H
#define CORE_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/snap.h"

enum { PAGES_SIZE = 4096, PAGES_FRAME = 32 };

/* Write n bytes of memory; `id` tells several memories of one tag apart. */
int pages_put(struct snap *s, uint32_t tag, uint64_t id, const void *p, uint64_t n, struct err *e);

/* Its counterpart, into memory that is zero. */
int pages_get(struct snap *s, uint32_t tag, uint64_t id, void *p, uint64_t n, struct err *e);

/* Or: know where they are and read them later.  NULL and an error. */
struct pages *pages_open(struct snap *s, uint32_t tag, uint64_t id, uint64_t n, struct err *e);
void pages_close(struct pages *p); /* NULL is allowed */

/* May it be read when the snap that it was opened from is gone?  Not of one in memory. */
bool pages_stay(const struct pages *p);
/* Read them all, into memory that is zero. */
int pages_all(struct pages *p, void *to, struct err *e);

uint64_t pages_count(const struct pages *p); /* of the whole memory */
/* Which frame has this page, and at which of its places; -1: it is zero. */
int64_t pages_frame(const struct pages *p, uint64_t page, unsigned *place);
/* Read a frame; to[i * PAGES_SIZE] is what belongs at page number[i], *n of them.  The
 * same bytes may belong to more pages (pages_frame).  One thread at a time. */
int pages_read(struct pages *p, uint64_t frame, uint8_t to[PAGES_FRAME * PAGES_SIZE],
               uint32_t number[PAGES_FRAME], unsigned *n, struct err *e);

#endif
