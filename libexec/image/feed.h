/* feed.h -- a file that one thread writes and another already reads.
 *
 * A layer is unpacked while it comes in: the writer appends to the file and
 * says how much is there; the reader waits for what it needs.  The reader may
 * give up, and the writer learns of that; the writer may fail, and the reader
 * does.  A file that is complete is a feed that has ended.
 */
#ifndef LIBEXEC_IMAGE_FEED_H
#define LIBEXEC_IMAGE_FEED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct feed;

/* fd is lent and must be readable; `have` bytes are there already. */
struct feed *feed_new(int fd, int64_t have);
void feed_free(struct feed *f);

/* The writer: more is there; no more will come (well, or badly). */
void feed_more(struct feed *f, int64_t have);
void feed_end(struct feed *f, bool good);
bool feed_dropped(struct feed *f);

/* The reader: bytes at an offset, 0 at the end, -1 when the writer failed. */
ssize_t feed_read(struct feed *f, void *buf, size_t n, int64_t at);
void feed_drop(struct feed *f);

#endif
