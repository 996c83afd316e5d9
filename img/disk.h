/* disk.h -- disk images: the sectors of a computer in a file of the host.
 *
 * An image is raw (the file is the disk) or qcow2 version 2 or 3, which grows as
 * it is written, has snapshots inside, and may stand on another image that it
 * reads where it has nothing of its own.  What is written is on the host's disk
 * when disk_flush has returned, and a program or a host that ends at any moment
 * leaves an image with all that was flushed before.
 *
 * Reading and writing take any offset and length within the disk and return 0 or
 * -errno; -ENOSPC may be tried again when there is room.  The pieces of memory may
 * be changed by others meanwhile (a guest's), which harms nobody but them.  A disk
 * is for any number of threads: it does one thing at a time.
 */
#ifndef IMG_DISK_H
#define IMG_DISK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/err.h"

struct disk;

enum {
	DISK_WRITE = 1 << 0,    /* else nothing of the file is changed */
	DISK_SCRATCH = 1 << 1,  /* write, but to a nameless file that goes at the end */
	DISK_RAW = 1 << 2,      /* the format is known: do not look, which the contents of */
	DISK_QCOW2 = 1 << 3,    /* a raw disk could abuse */
	DISK_UNLOCKED = 1 << 4, /* look at an image that a machine writes */
	DISK_ALONE = 1 << 5,    /* for info and check: do not open what it stands on */
	DISK_REPAIR = 1 << 6,   /* for check: also when it is corrupt */
};

/* `path` relative to the folder `dir` (AT_FDCWD is allowed), which is lent. */
struct disk *disk_open(int dir, const char *path, unsigned flags, struct err *e);
/* Flushes; what could not be written then is said by the result. */
int disk_close(struct disk *d); /* NULL is allowed */

uint64_t disk_size(const struct disk *d);
bool disk_writable(const struct disk *d);
const char *disk_format(const struct disk *d);
uint32_t disk_cluster(const struct disk *d); /* best size of an access, 0 unknown */

int disk_read(struct disk *d, uint64_t offset, const struct iovec *v, int n);
int disk_write(struct disk *d, uint64_t offset, const struct iovec *v, int n);
int disk_flush(struct disk *d);
/* Nobody needs these any more: they read as zeros or as before. */
int disk_discard(struct disk *d, uint64_t offset, uint64_t n);
/* Zeros, with `unmap` in no room at all where that can be. */
int disk_zero(struct disk *d, uint64_t offset, uint64_t n, bool unmap);
int disk_resize(struct disk *d, uint64_t size, struct err *e);

/* What lies at an offset, and for how long (*n, at most to `end`): DISK_HOLE, zeros
 * that take no room; DISK_ZERO, zeros that are known to be; DISK_DATA. */
enum disk_extent { DISK_HOLE, DISK_ZERO, DISK_DATA };
int disk_extent(struct disk *d, uint64_t offset, uint64_t end, uint64_t *n);

/* -- making ------------------------------------------------------------------ */

/* A zeroed one asks for raw. */
struct disk_options {
	const char *format;         /* "raw" or "qcow2" */
	const char *backing;        /* what it stands on, as seen from its own folder */
	const char *backing_format; /* NULL: looked at */
	const char *preallocation;  /* "off", "metadata", "falloc", "full" */
	const char *compression;    /* "zlib" or "zstd" */
	uint32_t cluster_size;      /* 64K */
	uint32_t version;           /* of qcow2: 3 */
	uint32_t refcount_bits;     /* 16 */
	bool lazy_refcounts;
};

/* What was at `path` is gone, unless a machine uses it.  Size 0 with a backing
 * image takes that one's size. */
int
disk_create(int dir, const char *path, uint64_t size, const struct disk_options *o, struct err *e);

#endif
