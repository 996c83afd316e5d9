/* SPDX-License-Identifier: Apache-2.0 */
/* msvcp140_times.c -- time_put and time_get for char and wchar_t. */
#include "layer/api/dll/msvcp140_time.h"
#include "layer/api/dll/msvcp140_unit.h"

#define UNIT    char
#define INT     int
#define END     (-1)
#define C(name) msvcp140_##name
#include "layer/api/dll/msvcp140_times.inc"
#undef UNIT
#undef INT
#undef END
#undef C
#define UNIT    WCHAR
#define INT     uint16_t
#define END     0xffff
#define C(name) msvcp140_w##name
#include "layer/api/dll/msvcp140_times.inc"
