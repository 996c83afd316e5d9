/* gdb.h -- gdb's remote protocol, for the harts of a computer.
 *
 * Bytes go in and answers come out; the connection is somebody else's.  As in gdb's
 * manual, appendix E: all-stop, a thread is a hart (thread 1 is hart 0), registers as in
 * target.xml.  Nothing that comes in is trusted; what is not known is answered with an
 * empty packet.
 */
#ifndef LAYER_HAL_RV_GDB_H
#define LAYER_HAL_RV_GDB_H

#include <stddef.h>

#include "base/str.h"
#include "core/layer.h"
#include "layer/hal/rv/rv.h"

enum { GDB_PACKET = 16384 }; /* bytes between $ and #, at most */

struct gdb;

/* A debugger has come, and the harts are at rest; r->debugger is there. */
struct gdb *gdb_new(struct rv *r);
void gdb_free(struct gdb *g); /* it has gone, likewise */

/* It said that.  Ends at the first wish; what lies behind it waits for the next call. */
enum debug_wish gdb_says(struct gdb *g, const void *bytes, size_t n, struct str *answer);

/* The harts, which went on as it wished, are at rest: tell it why. */
void gdb_rests(struct gdb *g, struct str *answer);

/* The computer ended with that status. */
void gdb_ends(struct gdb *g, int status, struct str *answer);

#endif
