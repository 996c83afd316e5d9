/* tables.h -- what a hart's page tables map, for people.
 *
 * The tables are the guest's and may be anything: a walk has as many levels as the mode
 * says, and ends after so many entries or ranges.
 */
#ifndef LAYER_HAL_RV_TABLES_H
#define LAYER_HAL_RV_TABLES_H

#include <jansson.h>
#include <stdint.h>

#include "layer/hal/dev/bus.h"

enum { TABLES_RANGES = 4096, TABLES_ENTRIES = 1 << 20 };

/* Of at most `most` ranges, and TABLES_ENTRIES entries looked at:
 * {"mode": "sv39", "root": "0x..", "ranges": [{"virtual", "physical", "size", "flags"}]};
 * "truncated": true when there is more.  Of flags: r w x, u for user mode, g global, n and
 * i for memory types NC and IO.  Neighbours that map neighbours alike are one range. */
json_t *tables_json(const struct bus *b, uint64_t satp, size_t most);

#endif
