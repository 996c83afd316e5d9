/* SPDX-License-Identifier: Apache-2.0 */
/* layers.c -- the one list of layers.  Delete a floor's folder and its rows
 * here, and the rest still builds. */
#include "all/layers.h"

#include <stddef.h>

#include "layer/api/win.h"
#include "layer/hal/rv/rv.h"
#include "layer/lang/wasm.h"
#include "layer/os/os.h"

const struct layer *const layers_all[] = {
	&os_layer, &wasm_layer, &rv_layer, &win_layer, NULL,
};
