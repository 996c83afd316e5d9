/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/names.h"

#include <string.h>

struct name
names_section(const struct module *m, const char *name)
{
	for (uint32_t i = 0; i < m->ncustom; i++)
		if (module_name_is(m->custom[i].name, name, strlen(name)))
			return (struct name){ (const char *)m->bytes + m->custom[i].offset,
				              m->custom[i].size };
	return (struct name){ NULL, 0 };
}

struct bytes {
	const uint8_t *p, *end;
	bool bad;
};

static uint32_t
u32(struct bytes *b)
{
	uint64_t v = 0;
	for (int shift = 0; shift < 35; shift += 7) {
		if (b->p >= b->end)
			break;
		uint8_t c = *b->p++;
		v |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80))
			return (uint32_t)v;
	}
	b->bad = true;
	return 0;
}

/* Subsection 1: pairs of a function index, ascending, and a name. */
static struct name
in_map(struct bytes b, uint32_t index)
{
	for (uint32_t n = u32(&b); n && !b.bad; n--) {
		uint32_t i = u32(&b), size = u32(&b);
		if (b.bad || size > (size_t)(b.end - b.p))
			break;
		if (i == index)
			return (struct name){ (const char *)b.p, size };
		b.p += size;
	}
	return (struct name){ NULL, 0 };
}

static struct name
of_section(const struct module *m, uint32_t index)
{
	struct name s = names_section(m, "name");
	struct bytes b = { (const uint8_t *)s.p, (const uint8_t *)s.p + s.n, s.n == 0 };
	while (!b.bad && b.p < b.end) {
		uint8_t id = *b.p++;
		uint32_t size = u32(&b);
		if (b.bad || size > (size_t)(b.end - b.p))
			break;
		if (id == 1)
			return in_map((struct bytes){ b.p, b.p + size, false }, index);
		b.p += size;
	}
	return (struct name){ NULL, 0 };
}

struct name
names_function(const struct module *m, uint32_t index)
{
	struct name n = of_section(m, index);
	for (uint32_t i = 0; !n.n && i < m->nexport; i++)
		if (m->export[i].kind == EXTERN_FUNC && m->export[i].index == index)
			n = m->export[i].name;
	for (uint32_t i = 0; !n.n && i < m->nimport; i++)
		if (m->import[i].kind == EXTERN_FUNC && m->import[i].index == index)
			n = m->import[i].name;
	return n;
}
