/* ninep.h -- a server of 9P2000.L for a folder, without a transport.
 *
 * What it does is what Linux's v9fs asks for.  A fid is a path beneath the folder
 * and, once opened, a descriptor; every path is resolved by openat2 so that no
 * link, no ".." and nobody who moves folders meanwhile leads out of it.  Only
 * regular files and folders are ever opened: devices, pipes and sockets are the
 * guest's own.  Files show the numbers of their owners; who is root creates files
 * as the user that asks, others as themselves.
 *
 * One thread at a time.  After ninep_load the files that were open are open
 * again; one that had no name any more is ESTALE, and locks are not held.
 */
#ifndef LAYER_HAL_DEV_NINEP_H
#define LAYER_HAL_DEV_NINEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/err.h"

enum { NINEP_MSIZE = 512 << 10 }; /* the longest message */

struct ninep;

struct ninep *ninep_new(int folder, bool readonly, struct err *e); /* duplicated */
void ninep_free(struct ninep *p);                                  /* NULL is allowed */

/* Answer a message of n bytes; the reply is at most NINEP_MSIZE long, and as long as
 * the client agreed on. */
void ninep_serve(struct ninep *p, const uint8_t *message, size_t n, struct buf *reply);
void ninep_reset(struct ninep *p); /* forget all fids */

void ninep_save(const struct ninep *p, struct buf *b);
int ninep_load(struct ninep *p, struct cur *c, struct err *e);
size_t ninep_fids(const struct ninep *p);
size_t ninep_opened(const struct ninep *p);

#endif
