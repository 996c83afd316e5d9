/* SPDX-License-Identifier: Apache-2.0 */
/* cxx_match.c -- what was thrown, which catch takes it, and as what.
 *
 * A throw names its ThrowInfo: how to destroy the object, and the types that it may be caught
 * as, from the most derived on.  Its tables are in the module that throws, those of the catch
 * in the one that catches, so types are compared by their names when their addresses differ.
 */
#include <string.h>

#include "layer/api/nt/except/cxx.h"
#include "layer/api/nt/image/ldr.h"

enum {
	THROW_CONST = 1,
	THROW_VOLATILE = 2,
	THROW_UNALIGNED = 4,
	TYPE_SIMPLE = 1,
	TYPE_BY_REFERENCE_ONLY = 2,
	TYPE_VIRTUAL_BASE = 4,
	MOST_TYPES = 4096,
	MOST_NAME = 4096,
	NAME = 16,
};

bool
cxx_is(const struct EXCEPTION_RECORD *r)
{
	if (r->ExceptionCode != (DWORD)CXX_CODE || r->NumberParameters < 3)
		return false;
	uint32_t magic = (uint32_t)r->ExceptionInformation[0];
	return (magic >= CXX_MAGIC && magic <= CXX_MAGIC + 2) || magic == 0x01994000;
}

/* The module that throws. */
static bool
thrower(const struct EXCEPTION_RECORD *r, struct image *im, uint32_t info[4])
{
	uint64_t at = r->ExceptionInformation[2];
	*im = (struct image){ .base = r->NumberParameters > 3 ? r->ExceptionInformation[3] : 0 };
	struct module *m = im->base ? ldr_at((const void *)(uintptr_t)im->base) : NULL;
	/* what we throw is anywhere in our binary */
	im->size = m && !m->builtin && (uint64_t)(uintptr_t)m->entry.DllBase == im->base
	                   ? m->entry.SizeOfImage
	                   : UINT32_MAX;
	return im->base && at >= im->base && cxx_read(im, (uint32_t)(at - im->base), info, 16);
}

/* A descriptor's name: the string behind two pointers. */
static const char *
name_of(const struct image *im, uint32_t descriptor)
{
	char c;
	if (descriptor >= im->size || im->size - descriptor <= NAME ||
	    !cxx_read(im, descriptor + NAME, &c, 1))
		return NULL;
	const char *s = (const char *)(im->base + descriptor + NAME);
	uint64_t most = im->size - descriptor - NAME;
	return strnlen(s, most < MOST_NAME ? most : MOST_NAME) < most ? s : NULL;
}

static bool
same(const struct image *a, uint32_t x, const struct image *b, uint32_t y)
{
	if (a->base + x == b->base + y)
		return true;
	const char *s = name_of(a, x), *t = name_of(b, y);
	return s && t && strcmp(s, t) == 0;
}

bool
cxx_match(const struct cxx_func *f, const struct cxx_catch *k, const struct EXCEPTION_RECORD *r,
          struct cxx_type *as, bool *any)
{
	const char *name = k->type ? name_of(&f->im, k->type) : NULL;
	struct image im;
	uint32_t info[4], n;
	*any = !k->type || (name && !*name);
	if (*any)
		return true;
	if (!cxx_is(r) || !thrower(r, &im, info) || !cxx_read(&im, info[3], &n, 4) ||
	    n > MOST_TYPES)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t rva;
		if (!cxx_read(&im, info[3] + 4 + 4 * i, &rva, 4) ||
		    !cxx_read(&im, rva, as, sizeof *as))
			return false;
		if (!same(&f->im, k->type, &im, as->descriptor))
			continue;
		if ((as->properties & TYPE_BY_REFERENCE_ONLY) && !(k->adjectives & CATCH_REFERENCE))
			continue;
		if ((info[0] & THROW_CONST && !(k->adjectives & CATCH_CONST)) ||
		    (info[0] & THROW_VOLATILE && !(k->adjectives & CATCH_VOLATILE)) ||
		    (info[0] & THROW_UNALIGNED && !(k->adjectives & CATCH_UNALIGNED)))
			continue;
		return true;
	}
	return false;
}

/* The part of an object that is the caught type: by a displacement, and through the table of
 * virtual bases when there is one (PMD). */
static void *
part(void *object, const struct cxx_type *t)
{
	char *p = (char *)object + t->mdisp;
	if (t->pdisp >= 0) {
		p += t->pdisp;
		p += *(int32_t *)(*(char **)((char *)object + t->pdisp) + t->vdisp);
	}
	return p;
}

void
cxx_give(const struct cxx_func *f, const struct cxx_catch *k, const struct EXCEPTION_RECORD *r,
         const struct cxx_type *as)
{
	struct image im;
	uint32_t info[4];
	void *object = (void *)r->ExceptionInformation[1];
	void *to = (void *)(f->frame + (uint64_t)(int64_t)k->object);
	if (!k->type || !k->object || !object || !thrower(r, &im, info))
		return;
	if (k->adjectives & CATCH_REFERENCE) {
		*(void **)to = part(object, as);
	} else if (as->properties & TYPE_SIMPLE) {
		memmove(to, object, as->size);
		if (as->size == 8 && *(void **)to)
			*(void **)to = part(*(void **)to, as);
	} else if (!as->copy) {
		memmove(to, part(object, as), as->size);
	} else {
		void *from = part(object, as);
		uint64_t copy = im.base + as->copy;
		if (as->properties & TYPE_VIRTUAL_BASE)
			((void(WINAPI *)(void *, void *, int))copy)(to, from, 1);
		else
			((void(WINAPI *)(void *, void *))copy)(to, from);
	}
}

void
cxx_destroy(const struct EXCEPTION_RECORD *r)
{
	struct image im;
	uint32_t info[4];
	void *object = cxx_is(r) ? (void *)r->ExceptionInformation[1] : NULL;
	if (object && r->ExceptionInformation[2] && thrower(r, &im, info) && info[1])
		((void(WINAPI *)(void *))(im.base + info[1]))(object);
}
