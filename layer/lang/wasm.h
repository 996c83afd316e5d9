/* wasm.h -- the language floor as a layer: WebAssembly programs with WASI.
 *
 * A guest is a store with one program in it (wasi-threads: an instance and a
 * thread of this process for each of its threads).  create() reads and links it,
 * enter() runs it; a kick is seen at the next call or loop of every thread, and
 * the guest is at rest when all of them have come back.
 */
#ifndef LAYER_LANG_WASM_H
#define LAYER_LANG_WASM_H

#include "core/layer.h"

extern const struct layer wasm_layer;

#endif
