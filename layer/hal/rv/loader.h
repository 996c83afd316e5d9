/* loader.h -- what a computer begins with: a kernel, an initial RAM disk, firmware.
 *
 * Known forms: the boot image header of Linux for RISC-V (Image), the same
 * gzip-compressed, an EFI zboot image (gzip or zstd), ELF64, U-Boot for mode S, and
 * raw bytes as firmware.  Files are not trusted: every size is checked against the file and RAM.
 */
#ifndef LAYER_HAL_RV_LOADER_H
#define LAYER_HAL_RV_LOADER_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "layer/hal/dev/bus.h"

struct loaded {
	uint64_t entry;      /* where it begins */
	uint64_t start, end; /* the RAM it takes, its zeroed part too */
};

/* Put a kernel at or behind `lowest` (2 MiB aligned; an ELF goes where it says,
 * U-Boot 2 MiB behind the beginning of RAM).
 * name is for errors. */
int loader_kernel(struct bus *b, const void *file, size_t n, const char *name, uint64_t lowest,
                  struct loaded *out, struct err *e);

/* Put firmware: an ELF where it says, anything else at the beginning of RAM. */
int loader_firmware(struct bus *b, const void *file, size_t n, const char *name, struct loaded *out,
                    struct err *e);

/* Put bytes as high as possible below `top`, page-aligned, and above `above`: an initial
 * RAM disk, a device tree. */
int loader_high(struct bus *b, const void *bytes, size_t n, const char *name, uint64_t above,
                uint64_t top, uint64_t *at, struct err *e);

/* The kernel within gzip or zboot, in *out; 0 when it is neither: *out is empty. */
int loader_unpack(const void *file, size_t n, const char *name, uint64_t most, struct buf *out,
                  struct err *e);

#endif
