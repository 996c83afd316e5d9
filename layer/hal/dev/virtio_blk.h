/* virtio_blk.h -- a disk for the guest (VIRTIO 1.2, 5.2).
 *
 * The image is whatever has the functions of struct virtio_blk_disk, called by
 * one thread, the disk's own.  An error of the host is an I/O error of the
 * guest's, but a full file system stops the machine (BOARD_STUCK) and the
 * request waits: after a wake it is tried again, and the guest noticed nothing.
 */
#ifndef LAYER_HAL_DEV_VIRTIO_BLK_H
#define LAYER_HAL_DEV_VIRTIO_BLK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/err.h"
#include "layer/hal/dev/virtio.h"

/* All return 0 or -errno.  offset and n are multiples of 512 within size. */
struct virtio_blk_disk {
	int (*read)(void *disk, uint64_t offset, const struct iovec *v, int n);
	int (*write)(void *disk, uint64_t offset, const struct iovec *v,
	             int n); /* NULL: read only */
	int (*flush)(void *disk);
	int (*discard)(void *disk, uint64_t offset, uint64_t n);          /* NULL: it cannot */
	int (*zero)(void *disk, uint64_t offset, uint64_t n, bool unmap); /* NULL: it cannot */
	void (*close)(void *disk);                                        /* NULL: lent */
};

struct virtio_blk_options {
	uint64_t size;       /* bytes; what is no whole sector of 512 is not seen */
	uint32_t block_size; /* what the guest is told: 512 (0) to 4096 */
	uint32_t cluster;    /* best size of an access: 0 says nothing */
	const char *serial;  /* at most 20 bytes are told; may be NULL */
	unsigned queues;     /* one for each hart is best; at most VIRTIO_QUEUES are offered */
};

/* `disk` is closed with the device, also when this fails (by board_free only). */
struct virtio *virtio_blk_new(struct board *b, const char *name, const struct virtio_blk_disk *ops,
                              void *disk, const struct virtio_blk_options *o);
/* The same for an image that is open (img/disk.h), as it was opened: read only or not; of
 * the options its own serial and queues only. */
struct disk;
struct virtio *virtio_blk_image(struct board *b, const char *name, struct disk *image,
                                const char *serial, unsigned queues);
/* At rest: another image of the same kind and size, which is the device's now; the old one
 * is the caller's.  NULL: every request fails. */
void virtio_blk_insert(struct virtio *v, struct disk *image);
/* The disk has another size now (lock held). */
void virtio_blk_resize(struct virtio *v, uint64_t size);

#endif
