/* ring.h -- a few large buffers that go round between two threads.
 *
 * One thread fills, one drains, neither copies.  Either may break the ring:
 * the other's next call returns NULL (or false) and it stops too.
 */
#ifndef LIBEXEC_IMAGE_RING_H
#define LIBEXEC_IMAGE_RING_H

#include <stdbool.h>
#include <stddef.h>

enum { RING_SIZE = 512 << 10, RING_BUFFERS = 8 };

struct ring;

struct ring *ring_new(void);
void ring_free(struct ring *r);

/* The filler: an empty buffer of RING_SIZE, or NULL when the ring is broken;
 * then hand it over with n bytes in it.  n 0 is the end. */
unsigned char *ring_empty(struct ring *r);
void ring_put(struct ring *r, size_t n);

/* The drainer: the next full buffer, *n 0 at the end; the one before it is
 * given back.  NULL when broken. */
const unsigned char *ring_full(struct ring *r, size_t *n);

void ring_break(struct ring *r);

#endif
