/* snap.h -- the state of a guest as a stream of chunks.
 *
 * A chunk is: tag (4 bytes), CRC-32C of the payload (4), length (8), payload.
 * Everything is little-endian and nothing in it depends on the host: no
 * address, no descriptor, no code.  A layer's save() writes chunks in an order
 * of its own choice and its load() reads them in that order; the header with
 * the version, the configuration and the end mark are the core's.
 *
 * A reader never trusts a length: chunks come as cursors (base/cur.h), and a
 * wrong checksum or a missing chunk is an error with the file's name.
 */
#ifndef CORE_SNAP_H
#define CORE_SNAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/err.h"

struct snap;

/* CRC-32C (Castagnoli) of n bytes. */
uint32_t snap_crc(const void *bytes, size_t n);

/* Four letters as a tag. */
#define SNAP_TAG(a, b, c, d) \
	((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

/* A snap in memory: write to it, then read it with snap_of. */
struct snap *snap_new(void);
struct snap *snap_of(const void *bytes, size_t n);      /* bytes are lent */
const struct buf *snap_bytes(const struct snap *s);     /* of snap_new; lent */

/* A snap written to, or read from, a file; fd is lent, `name` is for errors. */
struct snap *snap_writer(int fd, const char *name);
struct snap *snap_reader(int fd, const char *name, struct err *e);     /* refuses one without its end */
int  snap_finish(struct snap *s, struct err *e);        /* writer: the end mark, all on disk */
void snap_free(struct snap *s);                         /* NULL is allowed */

/* Write one chunk.  The first failure is remembered and reported by each. */
int snap_put(struct snap *s, uint32_t tag, const void *payload, size_t n, struct err *e);
int snap_put_buf(struct snap *s, uint32_t tag, const struct buf *b, struct err *e);

/* Write n bytes of memory as chunks that leave out pages of zeros; `id` tells
 * several memories of one tag apart. */
int snap_put_pages(struct snap *s, uint32_t tag, uint64_t id, const void *p, uint64_t n,
                   struct err *e);

/* The next chunk must have this tag; *c reads its payload, which stays valid
 * until the next call. */
int snap_get(struct snap *s, uint32_t tag, struct cur *c, struct err *e);
uint32_t snap_peek(struct snap *s);     /* tag of the next chunk, 0 at the end */
int snap_end(struct snap *s, struct err *e);    /* the end mark must be next, and nothing behind it */

/* The counterpart of snap_put_pages into memory that is zero. */
int snap_get_pages(struct snap *s, uint32_t tag, uint64_t id, void *p, uint64_t n, struct err *e);

#endif
