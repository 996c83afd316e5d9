/* image_cache.h -- images kept as they are in memory.
 *
 * A linker puts sections on 512 bytes of the file, which cannot be mapped to pages.  A large
 * image is laid out once in a file of ours, where each byte stands at its RVA, so that the
 * next start maps it.  What is there can be removed at any time; beyond IMAGE_CACHE_MOST
 * the files that were not used for the longest time are.
 */
#ifndef LAYER_API_NT_IMAGE_IMAGE_CACHE_H
#define LAYER_API_NT_IMAGE_IMAGE_CACHE_H

#include <stdint.h>

#include "layer/api/nt/image/pe.h"

#define IMAGE_CACHE_MOST (UINT64_C(2) << 30) /* bytes */

/* The folder for it, lent; NULL: nothing is kept. */
void image_cache(const char *path);
/* The laid-out file of an image whose own file is `fd`, made if it is not there: a descriptor
 * for the caller to close, or -1, and the image is read from its own file. */
int image_cache_open(int fd, const struct pe *pe);
/* Remove the oldest until the files are `most` bytes together. */
void image_cache_trim(const char *path, uint64_t most);

#endif
