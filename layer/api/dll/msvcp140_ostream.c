/* SPDX-License-Identifier: Apache-2.0 */
/* msvcp140_ostream.c -- basic_ostream<char> and <wchar_t>. */
#include "layer/api/dll/msvcp140_num.h"
#include "layer/api/dll/msvcp140_unit.h"

WINAPI bool vcruntime140___uncaught_exception(void);

#define UNIT        char
#define INT         int
#define END         (-1)
#define SPACE(c)    ((void)(c), false)
#define C(name)     msvcp140_##name
#define CLASS(name) CLASS_##name
#define ID(name)    msvcp140_id_##name
#include "layer/api/dll/msvcp140_ostream.inc"
#undef UNIT
#undef INT
#undef END
#undef SPACE
#undef C
#undef CLASS
#undef ID
#define UNIT        WCHAR
#define INT         uint16_t
#define END         0xffff
#define SPACE(c)    (crt_ctype_wide(c) & CRT_SPACE)
#define C(name)     msvcp140_w##name
#define CLASS(name) CLASS_W##name
#define ID(name)    msvcp140_id_w##name
#include "layer/api/dll/msvcp140_ostream.inc"
