/* platter.h -- where the bytes of a disk image lie: a file of the host, or a
 * block device.
 *
 * Whoever opens one takes the locks that QEMU takes too (open file descriptor
 * locks on single bytes, each standing for a right), so that nobody writes what
 * another reads.  All calls return 0 or -errno and move all bytes or fail; what
 * lies behind the end of a file reads as zeros.  After a sync that failed the
 * kernel has forgotten what it could not write, and so every later one fails.
 *
 * Not safe for two threads: struct disk has the lock.
 */
#ifndef IMG_PLATTER_H
#define IMG_PLATTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/err.h"
#include "img/scatter.h"

enum {
	PLATTER_WRITE = 1,
	PLATTER_CREATE = 2,   /* make it when it is not there, and leave nothing in it */
	PLATTER_UNLOCKED = 4, /* look at what another writes */
};

/* What a platter is told to do, for a test that wants to cut the power. */
enum platter_act { PLATTER_PUT, PLATTER_SYNC, PLATTER_SIZE, PLATTER_CLEAR };

typedef void
platter_watcher(void *arg, enum platter_act act, uint64_t offset, uint64_t n, const void *bytes);

struct platter {
	/* fixed */
	int fd; /* own */
	bool writable;
	bool regular; /* a file, which grows and has an end */
	bool locked;
	bool fleeting; /* gone at the end anyway: never synced */

	uint64_t size;
	bool changed; /* since the last sync */
	int broken; /* -errno of the sync that failed */

	platter_watcher *watch; /* before each act; may be NULL */
	void *watch_arg;
};

struct platter *platter_open(int dir, const char *path, unsigned flags, struct err *e);
struct platter *platter_scratch(struct err *e); /* a file without a name, gone when closed */
struct platter *platter_of(int fd, bool writable, struct err *e); /* takes fd over, no locks */
void platter_close(struct platter *p);                            /* NULL is allowed */

/* The next n bytes of the scattered memory. */
int platter_readv(struct platter *p, uint64_t offset, struct scatter *s, uint64_t n);
int platter_writev(struct platter *p, uint64_t offset, struct scatter *s, uint64_t n);
int platter_read(struct platter *p, uint64_t offset, void *bytes, size_t n);
int platter_write(struct platter *p, uint64_t offset, const void *bytes, size_t n);

int platter_sync(struct platter *p);
int platter_barrier(struct platter *p); /* likewise, if anything was changed since the last */
int platter_resize(struct platter *p, uint64_t size);

/* Zeros from here on: with `unmap` as a hole, else with room kept for them.  Asked
 * for a hole, a file system that has none writes zeros. */
int platter_zero(struct platter *p, uint64_t offset, uint64_t n, bool unmap);
/* Nobody needs these bytes: they may become a hole, or stay. */
int platter_discard(struct platter *p, uint64_t offset, uint64_t n);
/* Take room for these bytes now, so that no write to them can fail for want of it. */
int platter_reserve(struct platter *p, uint64_t offset, uint64_t n);

/* Does data begin at offset?  *n is how far that goes on, at most to `end`. */
bool platter_data(struct platter *p, uint64_t offset, uint64_t end, uint64_t *n);
uint64_t platter_used(struct platter *p); /* bytes taken from the file system */

#endif
