/* png.h -- a picture as a PNG file (ISO/IEC 15948, W3C PNG specification).
 *
 * Eight bits of red, green and blue each, no transparency, no metadata: the same
 * picture always gives the same bytes.
 */
#ifndef BASE_PNG_H
#define BASE_PNG_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Pixels are 0x00RRGGBB row by row; neither side is 0.  Appends the file to *out. */
int png_write(struct buf *out, const uint32_t *pixels, uint32_t width, uint32_t height,
              struct err *e);

#endif
