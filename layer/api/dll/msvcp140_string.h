/* msvcp140_string.h -- std::string, as far as functions of ours give and take one.
 *
 * Up to 15 bytes (7 wide characters) stand in the object, longer ones on the heap.
 */
#ifndef LAYER_API_DLL_MSVCP140_STRING_H
#define LAYER_API_DLL_MSVCP140_STRING_H

#include <string.h>

#include "layer/api/dll/msvcp140.h"

struct string {
	union {
		char small[16];
		char *s;
	};
	size_t n, room; /* in characters, without the final zero */
};

_Static_assert(sizeof(struct string) == 32, "std::string");

static inline struct string *
msvcp140_string_of(struct string *out, const char *s)
{
	size_t n = strlen(s);
	out->n = n;
	out->room = n < 16 ? 15 : n;
	char *to = n < 16 ? out->small : (out->s = msvcp140_new(n + 1));
	memcpy(to, s, n + 1);
	return out;
}

/* unit: the size of a character */
static inline const void *
msvcp140_string_text(const struct string *s, size_t unit)
{
	return s->room < 16 / unit ? s->small : s->s;
}

static inline void
msvcp140_string_end(struct string *s, size_t unit)
{
	if (s->room < 16 / unit)
		return;
	/* large ones stand on a boundary of 32 bytes, with what was allocated in front of them */
	crt_free((s->room + 1) * unit >= 4096 ? ((void **)(void *)s->s)[-1] : (void *)s->s);
}

#endif
