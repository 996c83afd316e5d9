/* win.h -- the API floor: Windows programs for x64, without Windows.
 *
 * A machine's first process is a child of its monitor, in a pid namespace of its own; it
 * becomes the program without an execve (nt/birth.h).  When it ends, all do.
 */
#ifndef LAYER_API_WIN_H
#define LAYER_API_WIN_H

#include "core/layer.h"

extern const struct layer win_layer;

#endif
