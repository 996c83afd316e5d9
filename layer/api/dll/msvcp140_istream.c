/* SPDX-License-Identifier: Apache-2.0 */
/* msvcp140_istream.c -- basic_istream and basic_iostream for char and wchar_t. */
#include "layer/api/dll/msvcp140_num.h"
#include "layer/api/dll/msvcp140_unit.h"

#define UNIT        char
#define INT         int
#define END         (-1)
#define TO_INT(c)   ((unsigned char)(c))
#define SPACE(c)    ((void)(c), false)
#define C(name)     msvcp140_##name
#define CLASS(name) CLASS_##name
#define ID(name)    msvcp140_id_##name
#include "layer/api/dll/msvcp140_istream.inc"
#undef UNIT
#undef INT
#undef END
#undef TO_INT
#undef SPACE
#undef C
#undef CLASS
#undef ID
#define UNIT        WCHAR
#define INT         uint16_t
#define END         0xffff
#define TO_INT(c)   ((uint16_t)(c))
#define SPACE(c)    (crt_ctype_wide(c) & CRT_SPACE)
#define C(name)     msvcp140_w##name
#define CLASS(name) CLASS_W##name
#define ID(name)    msvcp140_id_w##name
#include "layer/api/dll/msvcp140_istream.inc"
