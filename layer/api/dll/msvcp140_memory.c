/* SPDX-License-Identifier: Apache-2.0 */
/* msvcp140_memory.c -- MSVCP140_1.dll: where std::pmr's containers get their memory. */
#include <stdatomic.h>

#include "layer/api/dll/msvcp140.h"

/* memory_resource: 0 delete, 1 do_allocate, 2 do_deallocate, 3 do_is_equal */
enum { DELETE, ALLOCATE, DEALLOCATE, IS_EQUAL, SLOTS };

struct resource {
	msvcp140_function *const *table;
};

enum which { ALIGNED, UNALIGNED, NONE, RESOURCES };

static TABLE(slots[RESOURCES], SLOTS);
static struct resource resources[RESOURCES], *_Atomic chosen;

WINAPI static void *delete (struct resource *r, unsigned flags)
{
	(void)flags;
	return r;
}

/* More than the heap's 16 bytes: what it gave stands in front. */
WINAPI static void *
allocate_aligned(struct resource *r, size_t n, size_t align)
{
	(void)r;
	if (align <= 16)
		return msvcp140_new(n);
	if (n > SIZE_MAX - align - sizeof(void *))
		msvcp140_Xbad_alloc();
	char *whole = msvcp140_new(n + align + sizeof(void *));
	uintptr_t at = ((uintptr_t)whole + sizeof(void *) + align - 1) & ~(uintptr_t)(align - 1);
	((void **)at)[-1] = whole;
	return (void *)at;
}

WINAPI static void
deallocate_aligned(struct resource *r, void *p, size_t n, size_t align)
{
	(void)r, (void)n;
	crt_free(align > 16 && p ? ((void **)p)[-1] : p);
}

WINAPI static void *
allocate(struct resource *r, size_t n, size_t align)
{
	(void)r;
	if (align > 16)
		msvcp140_Xbad_alloc();
	return msvcp140_new(n);
}

WINAPI static void
deallocate(struct resource *r, void *p, size_t n, size_t align)
{
	(void)r, (void)n, (void)align;
	crt_free(p);
}

WINAPI static void *
allocate_nothing(struct resource *r, size_t n, size_t align)
{
	(void)r, (void)n, (void)align;
	msvcp140_Xbad_alloc();
}

WINAPI static void
deallocate_nothing(struct resource *r, void *p, size_t n, size_t align)
{
	(void)r, (void)p, (void)n, (void)align;
}

WINAPI static bool
is_equal(const struct resource *r, const struct resource *other)
{
	return r == other;
}

static struct resource *
resource(enum which which)
{
	msvcp140_function **t = msvcp140_table(slots[which], CLASS_FACET);
	t[DELETE] = (msvcp140_function *)delete;
	t[ALLOCATE] = (msvcp140_function *)(which == ALIGNED     ? allocate_aligned
	                                    : which == UNALIGNED ? allocate
	                                                         : allocate_nothing);
	t[DEALLOCATE] = (msvcp140_function *)(which == ALIGNED     ? deallocate_aligned
	                                      : which == UNALIGNED ? deallocate
	                                                           : deallocate_nothing);
	t[IS_EQUAL] = (msvcp140_function *)is_equal;
	resources[which].table = t;
	return &resources[which];
}

WINAPI struct resource *
msvcp140__Aligned_new_delete_resource(void)
{
	return resource(ALIGNED);
}

WINAPI struct resource *
msvcp140__Unaligned_new_delete_resource(void)
{
	return resource(UNALIGNED);
}

WINAPI struct resource *
msvcp140_null_memory_resource(void)
{
	return resource(NONE);
}

/* One choice for both; without one, each has its own. */
WINAPI struct resource *
msvcp140__Aligned_get_default_resource(void)
{
	struct resource *r = chosen;
	return r ? r : resource(ALIGNED);
}

WINAPI struct resource *
msvcp140__Unaligned_get_default_resource(void)
{
	struct resource *r = chosen;
	return r ? r : resource(UNALIGNED);
}

WINAPI struct resource *
msvcp140__Aligned_set_default_resource(struct resource *r)
{
	struct resource *old = atomic_exchange(&chosen, r);
	return old ? old : resource(ALIGNED);
}

WINAPI struct resource *
msvcp140__Unaligned_set_default_resource(struct resource *r)
{
	struct resource *old = atomic_exchange(&chosen, r);
	return old ? old : resource(UNALIGNED);
}
