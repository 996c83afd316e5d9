/* resource.h -- resources of a mapped module.
 *
 * "PE Format", The .rsrc Section.  Whatever is read lies inside the module, or is not found.
 */
#ifndef LAYER_API_NT_IMAGE_RESOURCE_H
#define LAYER_API_NT_IMAGE_RESOURCE_H

#include "layer/api/nt/image/ldr.h"

struct resource {
	const void *root;
	uint32_t size;
	const void *image;
	uint32_t image_size;
};

struct resource_data {
	uint32_t rva, size, page, reserved;
};

bool resource_root(struct module *m, struct resource *r);       /* false: it has none */
/* Names and types below 65536 are numbers.  language 0: any. */
const struct resource_data *resource_find(struct module *m, const WCHAR *type, const WCHAR *name,
                                          WORD language);
const void *resource_bytes(struct module *m, const struct resource_data *d);

/* One level: where `want` leads to; bit 31 is set when that is a level again. */
bool resource_level(const struct resource *r, uint32_t at, const WCHAR *want, uint32_t *next);
bool resource_language(const struct resource *r, uint32_t at, WORD language, uint32_t *next);
/* Each entry of a level: a number, or n units. */
bool resource_each(const struct resource *r, uint32_t at,
                   bool (*f)(void *ctx, const WCHAR *name, size_t n, uint32_t next), void *ctx);

#endif
