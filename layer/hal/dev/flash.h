/* flash.h -- a bank of NOR flash memory that firmware stands in and keeps its settings in.
 *
 * Two chips of 16 bits side by side, as QEMU's `virt` board has them: JEDEC's common flash
 * interface (JESD68) and Intel's basic command set (0001h).  Bits are programmed from 1 to 0 and
 * erased to 1 in blocks.  What the guest changes is kept in a file, made at the first change; the
 * file that the bank begins with is only read.
 */
#ifndef LAYER_HAL_DEV_FLASH_H
#define LAYER_HAL_DEV_FLASH_H

#include <stdbool.h>

#include "base/err.h"
#include "layer/hal/dev/board.h"

enum { FLASH_SIZE = 32 << 20, FLASH_BLOCK = 256 << 10 };

/* It begins with what file `name` in `folder` (lent) has, else with `image`, else (NULL) erased;
 * an image may be shorter.  With `readonly` the guest changes nothing. */
int flash_new(struct board *b, uint64_t address, const char *name, const char *image, int folder,
              bool readonly, struct err *e);

#endif
