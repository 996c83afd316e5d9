/* section_image.h -- a section of a PE file as it stands in memory (SEC_IMAGE).
 *
 * The file is laid out once, into memory that all views copy when they are written; a view is
 * relocated to where it is, and each part gets the rights that the file asks for.  Nothing is
 * loaded: no import is bound and nothing is called.  Images of 32 bits can be looked at, too:
 * .NET maps its programs so, which are of no machine.
 */
#ifndef LAYER_API_NT_MEM_SECTION_IMAGE_H
#define LAYER_API_NT_MEM_SECTION_IMAGE_H

#include "layer/api/nt/status.h"
#include "layer/api/nt/types.h"

/* The laid-out file in *memory (own), and its size; STATUS_INVALID_IMAGE_FORMAT. */
NTSTATUS section_image_make(int fd, int *memory, uint64_t *size);
/* The address it was linked for; 0: it says none. */
uint64_t section_image_base(int memory);
/* A view that is wholly mapped and can be written: relocate, then set the rights.
 * STATUS_IMAGE_NOT_AT_BASE when it stands elsewhere. */
NTSTATUS section_image_settle(void *base, uint64_t size);

#endif
