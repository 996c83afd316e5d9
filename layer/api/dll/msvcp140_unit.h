/* msvcp140_unit.h -- what classes of bytes and of wide characters ask of each other.
 *
 * Each is declared for bytes and, with a w, for wide characters.
 */
#ifndef LAYER_API_DLL_MSVCP140_UNIT_H
#define LAYER_API_DLL_MSVCP140_UNIT_H

#include <string.h>

#include "layer/api/dll/msvcp140.h"

#define UNIT char
#define INT int
#define C(name) msvcp140_##name
#include "layer/api/dll/msvcp140_unit.inc"
#undef UNIT
#undef INT
#undef C
#define UNIT WCHAR
#define INT uint16_t
#define C(name) msvcp140_w##name
#include "layer/api/dll/msvcp140_unit.inc"
#undef UNIT
#undef INT
#undef C

#endif
