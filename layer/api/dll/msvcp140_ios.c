/* SPDX-License-Identifier: Apache-2.0 */
/* msvcp140_ios.c -- basic_ios<char> and <wchar_t>. */
#include "layer/api/dll/msvcp140_unit.h"

#define UNIT             char
#define INT              int
#define END              (-1)
#define TO_INT(c)        ((unsigned char)(c))
#define NARROW(c, other) ((void)(other), (c))
#define C(name)          msvcp140_##name
#define CLASS(name)      CLASS_##name
#include "layer/api/dll/msvcp140_ios.inc"
#undef UNIT
#undef INT
#undef END
#undef TO_INT
#undef NARROW
#undef C
#undef CLASS
#define UNIT             WCHAR
#define INT              uint16_t
#define END              0xffff
#define TO_INT(c)        ((uint16_t)(c))
#define NARROW(c, other) ((c) < 256 ? (char)(c) : (other))
#define C(name)          msvcp140_w##name
#define CLASS(name)      CLASS_W##name
#include "layer/api/dll/msvcp140_ios.inc"
