/* vnc.h -- a screen, a keyboard and a tablet over VNC (RFC 6143).
 *
 * The protocol itself is spoken by a program of its own, joist-vnc: a viewer's bytes are
 * not read where guests are.  It has a copy of the picture and goes on serving it while
 * the computer is at rest; keys that are pressed meanwhile wait for the computer.
 */
#ifndef LAYER_HAL_DEV_VNC_H
#define LAYER_HAL_DEV_VNC_H

#include <stdbool.h>

#include "base/err.h"
#include "layer/hal/dev/board.h"
#include "layer/hal/dev/screen.h"
#include "layer/hal/dev/virtio.h"

struct vnc;

/* ADDRESS:PORT, localhost:PORT, [ADDRESS]:PORT or unix:PATH; *far: other hosts reach it. */
int vnc_check(const char *address, bool *far, struct err *e);

/* All are lent and outlive it.  password is the path of a file, its first line counts;
 * NULL for none. */
struct vnc *vnc_new(struct board *b, struct screen *screen, struct virtio *keyboard,
                    struct virtio *tablet, const char *address, const char *password,
                    struct err *e);
void vnc_free(struct vnc *v); /* at rest; NULL is allowed */

#endif
