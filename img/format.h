/* format.h -- what a format of disk images has to do, and the disk it works on.
 *
 * Known to the formats and to disk.c only.  disk.c has checked offsets and lengths
 * (within size, not empty), holds the lock, and calls what writes for a writable
 * disk only; an ability that is NULL is not there.  Numbers are 0 or -errno.
 */
#ifndef IMG_FORMAT_H
#define IMG_FORMAT_H

#include <pthread.h>
#include <stddef.h>

#include "img/disk.h"
#include "img/platter.h"
#include "img/scatter.h"

struct qcow2;

struct disk {
	pthread_mutex_t lock;

	/* fixed after open */
	const struct format *format;
	char *path;     /* own */
	int dir;        /* lent, while it is opened only */
	unsigned flags; /* as given to disk_open */
	bool writable;
	bool guessed;             /* the format was looked at */
	const struct disk *above; /* lent, while it is opened only: what stands on it */
	struct platter *platter;  /* own */
	struct qcow2 *qcow2;      /* own; the format's state */

	/* under lock */
	struct disk *backing; /* own; read only */
	uint64_t size;
};

struct format {
	const char *name;
	bool (*probe)(const uint8_t *head, size_t n);
	int (*open)(struct disk *d, struct err *e); /* platter, path, flags, writable are set */
	int (*close)(struct disk *d);               /* NULL: nothing of its own */
	int (*read)(struct disk *d, uint64_t offset, struct scatter *s, uint64_t n);
	int (*write)(struct disk *d, uint64_t offset, struct scatter *s, uint64_t n);
	int (*flush)(struct disk *d);
	int (*discard)(struct disk *d, uint64_t offset, uint64_t n);
	int (*zero)(struct disk *d, uint64_t offset, uint64_t n, bool unmap);
	int (*resize)(struct disk *d, uint64_t size, struct err *e);
	/* As disk_extent, but with FORMAT_BELOW for what it has nothing of. */
	int (*extent)(struct disk *d, uint64_t offset, uint64_t end, uint64_t *n);
	uint32_t (*cluster)(const struct disk *d);
	void (*info)(struct disk *d, json_t *o); /* what only it knows */
	int (*check)(struct disk *d, unsigned repair, struct disk_check *out, struct err *e);
	int (*snapshot_make)(struct disk *d, const char *name, struct err *e);
	int (*snapshot_apply)(struct disk *d, const char *name, struct err *e);
	int (*snapshot_drop)(struct disk *d, const char *name, struct err *e);
	int (*snapshot_look)(struct disk *d, const char *name, struct err *e);
	json_t *(*snapshots)(struct disk *d);
	int (*squeeze)(struct disk *d, uint64_t offset, const void *bytes, size_t n);
	/* The platter is empty and ours. */
	int (*create)(struct platter *p, const char *path, uint64_t size,
	              const struct disk_options *o, struct err *e);
};

enum { FORMAT_BELOW = 3 };

extern const struct format raw_format, qcow2_format;

/* Open what the header names as the disk below; format may be NULL. */
int format_stand(struct disk *d, const char *name, const char *format, struct err *e);
/* A name as seen from the folder of path; the caller's. */
char *format_beside(const char *path, const char *name);

/* What the disk below has, and zeros behind its end or without one. */
int format_below(struct disk *d, uint64_t offset, struct scatter *s, uint64_t n);

#endif
