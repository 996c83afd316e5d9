/* image.h -- a PE file in memory.
 *
 * It stands at the address that it was linked for when that is free, so that nothing needs to
 * be relocated; its pages come from the file when they are touched where the file allows it.
 */
#ifndef LAYER_API_NT_IMAGE_IMAGE_H
#define LAYER_API_NT_IMAGE_IMAGE_H

#include "layer/api/nt/image/pe.h"

/* Open and check; the descriptor is the caller's.  path is of the host. */
int image_open(const char *path, struct pe *pe, struct err *e);

/* Map and relocate it: all of it can be written until image_protect().  NULL: an error. */
void *image_map(int fd, const char *path, const struct pe *pe, struct err *e);
/* Each section gets the rights that it asks for. */
int image_protect(void *base, const struct pe *pe, struct err *e);
void image_unmap(void *base, const struct pe *pe);

#endif
