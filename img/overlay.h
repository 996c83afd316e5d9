/* overlay.h -- the disk that a machine writes: layers of its own on an image.
 *
 * In the machine's folder NAME.qcow2 is written; it stands on NAME.3.qcow2, that one
 * on NAME.2.qcow2, and so on to the image, which nobody writes.  A layer with a
 * number never changes again, so a snapshot keeps the disk by links to them.
 */
#ifndef IMG_OVERLAY_H
#define IMG_OVERLAY_H

#include "base/err.h"
#include "img/disk.h"

enum { OVERLAY_NAME_MAX = 48 };

/* Open the disk, and make it where it is missing.  `image` is an absolute path. */
struct disk *overlay_open(int dir, const char *name, const char *image, struct err *e);

/* All that was written becomes a layer with a number, and *d, which is replaced, a new
 * one on it.  -1: nothing happened, or *d is NULL and could not be opened again. */
int overlay_freeze(int dir, const char *name, struct disk **d, struct err *e);

/* Give a folder the layers with numbers. */
int overlay_keep(int dir, const char *name, int to, struct err *e);

/* Forget what was written, and stand on the layers that a folder was given.  *d, which
 * may be NULL, is closed and replaced; NULL on failure. */
int overlay_restore(int dir, const char *name, const char *image, int from, struct disk **d,
                    struct err *e);

/* A folder's lowest layer stands on the image from now on, which was moved there; that the
 * others stand on each other is made sure. */
int overlay_rebase(int dir, const char *name, const char *image, struct err *e);

#endif
