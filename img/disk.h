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

/* Only what this image has of its own, whatever it stands on: *own is false where it
 * has nothing. */
int disk_extent_own(struct disk *d, uint64_t offset, uint64_t end, uint64_t *n, bool *own);

/* -- looking after ------------------------------------------------------------ */

/* As `qemu-img info --output=json` says it; NULL and an error. */
json_t *disk_info(struct disk *d, struct err *e);

enum { DISK_FIX_LEAKS = 1, DISK_FIX_ALL = 3 };

struct disk_check {
	uint64_t leaks, corruptions; /* found and not repaired */
	uint64_t leaks_fixed, corruptions_fixed;
	uint64_t end; /* of what is used of the file */
	uint64_t total, allocated, fragmented, compressed; /* clusters of the disk */
	json_t *findings; /* own: the first of them, in words; may be NULL */
};

/* See that the image does not contradict itself; a raw one cannot. */
int disk_check(struct disk *d, unsigned repair, struct disk_check *out, struct err *e);

/* Snapshots inside of the image, by name or id. */
int disk_snapshot_make(struct disk *d, const char *name, struct err *e);
int disk_snapshot_apply(struct disk *d, const char *name, struct err *e);
int disk_snapshot_drop(struct disk *d, const char *name, struct err *e);
/* Read this snapshot from now on; the disk is not writable. */
int disk_snapshot_look(struct disk *d, const char *name, struct err *e);
json_t *disk_snapshots(struct disk *d); /* as disk_info has them; never NULL */

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
int disk_create(int dir, const char *path, uint64_t size, const struct disk_options *o,
                struct err *e);

/* A qcow2 image that nobody has open stands on another one from now on, of the same format
 * and contents as what it stood on: nothing but the name in it is changed. */
int disk_rebase(int dir, const char *path, const char *backing, struct err *e);

/* A copy: `to` becomes what `o` says, of the same size.  With o->backing only what the
 * image itself has is copied, the rest is below. */
struct disk_convert {
	bool compress;
	uint64_t sparse; /* so many zeros become no data; 0: all zeros are written, too */
	bool existing;   /* write into what is there already; o->format may be NULL then */
	void (*progress)(void *arg, uint64_t done, uint64_t all); /* may be NULL */
	void *arg;
};
int disk_convert(struct disk *from, int dir, const char *to, const struct disk_options *o,
                 const struct disk_convert *how, struct err *e);

#endif
