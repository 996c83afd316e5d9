/* text.h -- the text format of WebAssembly (Core specification, chapter 6).
 *
 * The text is encoded to the binary format and not checked any further than
 * its grammar asks for: the reader of binaries (module.h) validates what comes
 * out.  A module that is well formed but invalid is encoded all the same.
 */
#ifndef LAYER_LANG_TEXT_TEXT_H
#define LAYER_LANG_TEXT_TEXT_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* Encode one (module ...) or the inline module fields of a file.  The error's
 * sentence begins with the specification's text ("unknown operator", "unexpected
 * token", "unknown label", ...) followed by ` at LINE:COLUMN`.  On failure *out
 * is as it was. */
int text_module(const char *src, size_t n, struct buf *out, struct err *e);

/* The same for src[from .. to) of a longer text: lines are counted from its begin. */
int text_part(const char *src, size_t from, size_t to, struct buf *out, struct err *e);

#endif
