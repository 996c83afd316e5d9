/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/dev/virtio_blk.h"

#include <string.h>

#include "base/err.h"
#include "img/disk.h"

static int
image_read(void *disk, uint64_t offset, const struct iovec *v, int n)
{
	return disk_read(disk, offset, v, n);
}

static int
image_write(void *disk, uint64_t offset, const struct iovec *v, int n)
{
	return disk_write(disk, offset, v, n);
}

static int
image_flush(void *disk)
{
	return disk_flush(disk);
}

static int
image_discard(void *disk, uint64_t offset, uint64_t n)
{
	return disk_discard(disk, offset, n);
}

static int
image_zero(void *disk, uint64_t offset, uint64_t n, bool unmap)
{
	return disk_zero(disk, offset, n, unmap);
}

static void
image_close(void *disk)
{
	int rc = disk_close(disk);
	if (rc < 0)
		err_warn("a disk could not be written to its end: %s", strerror(-rc));
}

static const struct virtio_blk_disk writable = { .read = image_read,
	                                         .write = image_write,
	                                         .flush = image_flush,
	                                         .discard = image_discard,
	                                         .zero = image_zero,
	                                         .close = image_close };
static const struct virtio_blk_disk readonly = { .read = image_read, .close = image_close };

struct virtio *
virtio_blk_image(struct board *b, const char *name, struct disk *image, const char *serial,
                 unsigned queues)
{
	struct virtio_blk_options o = { .size = disk_size(image),
		                        .cluster = disk_cluster(image),
		                        .serial = serial,
		                        .queues = queues };
	return virtio_blk_new(b, name, disk_writable(image) ? &writable : &readonly, image, &o);
}
