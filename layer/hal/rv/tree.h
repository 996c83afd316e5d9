/* tree.h -- the device tree that a kernel is given.
 *
 * Devicetree Specification 0.4, with the bindings that Linux has for the parts of the
 * board (map.h).  Behind it there is room: firmware adds to it where it stands, also
 * what memory is its own.
 */
#ifndef LAYER_HAL_RV_TREE_H
#define LAYER_HAL_RV_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct tree {
	unsigned harts;
	uint64_t ram_size;
	const char *bootargs;        /* NULL: none */
	uint64_t initrd, initrd_end; /* equal: none */
	unsigned virtio;             /* how many MMIO slots are taken */
	bool pci, uart, rtc, flash;
	const uint8_t *seed; /* 32 bytes for the kernel's random numbers, or NULL */
};

/* Make it; *out is its bytes. */
int tree_make(const struct tree *t, struct buf *out, struct err *e);

/* A tree of the user's: is it one?  n bytes; its own size must not exceed that. */
int tree_check(const void *bytes, size_t n, const char *name, struct err *e);

/* Take it: checked, and with what t has of bootargs, initrd and seed in its /chosen;
 * all else of it stays as it is. */
int tree_take(const struct tree *t, const void *bytes, size_t n, const char *name, struct buf *out,
              struct err *e);

/* The extensions in the form of riscv,isa. */
extern const char tree_isa[];

#endif
