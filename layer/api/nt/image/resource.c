/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/image/resource.h"

#include <string.h>

#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/image/pe.h"

/* "PE Format", The .rsrc Section: three levels, of types, names and languages. */
struct directory {
	uint32_t flags, stamp;
	uint16_t major, minor, named, numbered;
};

struct entry {
	uint32_t name, at; /* name: bit 31 a string; at: bit 31 a directory */
};

enum { HIGH = (int)0x80000000, MOST = 1 << 16 };

bool
resource_root(struct module *m, struct resource *r)
{
	const char *base = (const char *)m->entry.DllBase;
	struct pe_range dir = { 0 };
	if (!m->builtin)
		dir = pe_directory(base, m->entry.SizeOfImage, PE_RESOURCE);
	r->root = m->builtin || !dir.rva ? NULL
	                                 : pe_at(base, m->entry.SizeOfImage, dir.rva, dir.size);
	r->size = dir.size;
	r->image = base;
	r->image_size = m->entry.SizeOfImage;
	return r->root != NULL;
}

static const struct entry *
entries(const struct resource *r, uint32_t at, uint32_t *named, uint32_t *count)
{
	const struct directory *d = pe_at(r->root, r->size, at, sizeof *d);
	if (!d)
		return NULL;
	*named = d->named;
	*count = (uint32_t)d->named + d->numbered;
	return pe_at(r->root, r->size, at + (uint32_t)sizeof *d, *count * sizeof(struct entry));
}

static const WCHAR *
name_of(const struct resource *r, uint32_t at, uint16_t *n)
{
	const uint16_t *p = pe_at(r->root, r->size, at & ~(uint32_t)HIGH, 2);
	if (!p || !pe_at(r->root, r->size, at & ~(uint32_t)HIGH, 2 + (size_t)*p * 2))
		return NULL;
	*n = *p;
	return p + 1;
}

static bool
same(const struct resource *r, uint32_t id, const WCHAR *want)
{
	uint16_t n;
	if ((uintptr_t)want < MOST)
		return id == (uintptr_t)want;
	const WCHAR *s = id & (uint32_t)HIGH ? name_of(r, id, &n) : NULL;
	return s && nls_compare_case(s, n, want, nls_length(want)) == 0;
}

/* "#123" is the number. */
static const WCHAR *
number(const WCHAR *s)
{
	uintptr_t v = 0;
	if ((uintptr_t)s < MOST || *s != '#')
		return s;
	while (*++s >= '0' && *s <= '9' && v < MOST)
		v = v * 10 + (*s - u'0');
	return (const WCHAR *)(v & 0xffff);
}

bool
resource_level(const struct resource *r, uint32_t at, const WCHAR *want, uint32_t *next)
{
	uint32_t named, count;
	const struct entry *e = entries(r, at, &named, &count);
	want = number(want);
	for (uint32_t i = 0; e && i < count; i++)
		if (same(r, e[i].name, want)) {
			*next = e[i].at;
			return true;
		}
	return false;
}

/* The language that is asked for, or neutral, or English, or whatever there is. */
bool
resource_language(const struct resource *r, uint32_t at, WORD language, uint32_t *next)
{
	uint32_t named, count;
	const struct entry *e = entries(r, at, &named, &count);
	const WORD order[] = { language, language & 0x3ff, 0, 0x409 };
	if (!e || !count)
		return false;
	for (size_t k = 0; k < 4; k++)
		for (uint32_t i = 0; i < count; i++)
			if (e[i].name == order[k]) {
				*next = e[i].at;
				return true;
			}
	*next = e[0].at;
	return language == 0;
}

const struct resource_data *
resource_find(struct module *m, const WCHAR *type, const WCHAR *name, WORD language)
{
	struct resource r;
	uint32_t at = 0;
	if (!resource_root(m, &r) || !resource_level(&r, 0, type, &at) || !(at & (uint32_t)HIGH) ||
	    !resource_level(&r, at & ~(uint32_t)HIGH, name, &at) || !(at & (uint32_t)HIGH) ||
	    !resource_language(&r, at & ~(uint32_t)HIGH, language, &at) || at & (uint32_t)HIGH)
		return NULL;
	const struct resource_data *d = pe_at(r.root, r.size, at, sizeof *d);
	return d && pe_at(r.image, r.image_size, d->rva, d->size) ? d : NULL;
}

const void *
resource_bytes(struct module *m, const struct resource_data *d)
{
	return pe_at(m->entry.DllBase, m->entry.SizeOfImage, d->rva, d->size);
}

bool
resource_each(const struct resource *r, uint32_t at,
              bool (*f)(void *ctx, const WCHAR *name, size_t n, uint32_t next), void *ctx)
{
	uint32_t named, count;
	const struct entry *e = entries(r, at & ~(uint32_t)HIGH, &named, &count);
	for (uint32_t i = 0; e && i < count; i++) {
		uint16_t n = 0;
		const WCHAR *s = e[i].name & (uint32_t)HIGH
		                         ? name_of(r, e[i].name, &n)
		                         : (const WCHAR *)(uintptr_t)(e[i].name & 0xffff);
		if (s && !f(ctx, s, n, e[i].at))
			return false;
	}
	return e != NULL;
}
