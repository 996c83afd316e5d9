/* number.h -- number literals of the text format (Core specification 6.3.1, 6.3.2).
 *
 * number_kind says whether a text is one; the others are given only what it
 * took.  They return false when the value is out of range.
 */
#ifndef LAYER_LANG_TEXT_NUMBER_H
#define LAYER_LANG_TEXT_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum number { NUMBER_NONE, NUMBER_NAT, NUMBER_INT, NUMBER_FLOAT };

/* 12 is a NAT, +12 an INT, 12.0 and nan:0x12 are FLOATs. */
enum number number_kind(const char *p, size_t n);

bool number_nat(const char *p, size_t n, uint64_t *out);
/* Signed or unsigned in so many bits (8, 16, 32, 64); the bits, the rest zero. */
bool number_int(const char *p, size_t n, unsigned bits, uint64_t *out);
bool number_f32(const char *p, size_t n, uint32_t *out);
bool number_f64(const char *p, size_t n, uint64_t *out);

#endif
