/* leb.h -- numbers of bytes that were validated: no end is looked for.
 */
#ifndef LAYER_LANG_LEB_H
#define LAYER_LANG_LEB_H

#include <stdint.h>

static inline uint64_t
leb_u(const uint8_t **p)
{
	uint64_t v = 0;
	for (int shift = 0;; shift += 7) {
		uint8_t b = *(*p)++;
		v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return v;
	}
}

static inline int64_t
leb_s(const uint8_t **p)
{
	uint64_t v = 0;
	for (int shift = 0;;) {
		uint8_t b = *(*p)++;
		v |= (uint64_t)(b & 0x7f) << shift;
		shift += 7;
		if (!(b & 0x80))
			return (int64_t)(shift < 64 && (b & 0x40) ? v | ~(uint64_t)0 << shift : v);
	}
}

#endif
