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
#include <sys/uio.h>

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

/* One chunk out of n pieces. */
int snap_put_parts(struct snap *s, uint32_t tag, const struct iovec *v, size_t n, struct err *e);

/* The next chunk must have this tag; *c reads its payload, which stays valid
 * until the next call. */
int snap_get(struct snap *s, uint32_t tag, struct cur *c, struct err *e);
uint32_t snap_peek(struct snap *s);     /* tag of the next chunk, 0 at the end */
int snap_end(struct snap *s, struct err *e);    /* the end mark must be next, and nothing behind it */

/* -- for who reads out of order (core/pages.h) -- */

/* Where the payload of a chunk lies, and what its checksum must be. */
struct snap_place {
	uint64_t at, n;
	uint32_t crc;
};

/* The next chunk must have this tag: pass it by without a look at its payload. */
int snap_pass(struct snap *s, uint32_t tag, struct snap_place *p, struct err *e);
/* n bytes at a place of the snap; false: there are none. */
bool snap_fetch(const struct snap *s, uint64_t at, void *to, uint64_t n);
/* The same snap, at its place, whatever becomes of s; a snap in memory lends its bytes
 * on.  For snap_fetch. */
struct snap *snap_again(const struct snap *s, struct err *e);
bool snap_is_file(const struct snap *s);        /* not in memory */
/* Say that it is damaged, and how; -1. */
int snap_damaged(const struct snap *s, const char *how, struct err *e);

/* -- files that belong to it -- */

/* A folder for files beside the snapshot (disks), lent: hard links and copies of what
 * never changes again.  -1: it has none, as in memory. */
int snap_folder(const struct snap *s);
void snap_set_folder(struct snap *s, int fd);   /* lent */

#endif
