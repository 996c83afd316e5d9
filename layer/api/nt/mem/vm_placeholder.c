/* SPDX-License-Identifier: Apache-2.0 */
/* Placeholders: reservations that may be cut, filled and joined again (VirtualAlloc2). */
#include <errno.h>
#include <sys/mman.h>

#include "layer/api/nt/mem/vm.h"
#include "layer/api/nt/mem/vm_region.h"

struct region *
vm_region_split(struct region *r, uint64_t at)
{
	struct range *x = range_at(at);
	if (x->start != at && !(x = range_split(x, at)))
		return NULL;
	struct region *second = range_new(sizeof *second);
	if (!second)
		return NULL;
	*second = *r;
	second->base = at;
	second->size = r->base + r->size - at;
	second->dirty = NULL;
	if (r->dirty && !vm_watch_make(second)) {
		range_free(second);
		return NULL;
	}
	for (uint64_t a = at; r->dirty && a < r->base + r->size; a += VM_PAGE) {
		uint64_t i = (a - r->base) / VM_PAGE, j = (a - at) / VM_PAGE;
		if (r->dirty[i / 64] >> i % 64 & 1)
			second->dirty[j / 64] |= 1ull << j % 64;
	}
	for (uint64_t end = r->base + r->size; x && x->start < end; x = x->next)
		x->region = second;
	r->size = at - r->base;
	return second;
}

/* [base, + size) of a placeholder becomes one of its own. */
static NTSTATUS
cut(struct region *r, uint64_t base, uint64_t size)
{
	uint64_t end = r->base + r->size;
	if (base + size > end || size == r->size)
		return STATUS_CONFLICTING_ADDRESSES;
	if (base + size < end && !vm_region_split(r, base + size))
		return STATUS_NO_MEMORY;
	if (base > r->base && !vm_region_split(r, base))
		return STATUS_NO_MEMORY;
	return STATUS_SUCCESS;
}

/* What filled a placeholder goes; the placeholder comes back. */
static NTSTATUS
empty(struct region *r, uint64_t base, uint64_t size)
{
	if (!r->replaced || r->base != base || r->size != size)
		return STATUS_CONFLICTING_ADDRESSES;
	if (!range_set(base, base + size, 0))
		return STATUS_NO_MEMORY;
	if (mmap((void *)base, size, PROT_NONE,
	         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
		return status_errno(errno);
	vm_watch_free(r);
	r->placeholder = true;
	r->protect = PAGE_NOACCESS;
	return STATUS_SUCCESS;
}

/* Placeholders side by side become one. */
static NTSTATUS
coalesce(struct region *r, uint64_t base, uint64_t size)
{
	uint64_t at = base, n = 0;
	while (at < base + size) {
		struct region *x = vm_region_of(at, at + 1);
		if (!x || !x->placeholder || x->base != at)
			return STATUS_CONFLICTING_ADDRESSES;
		at += x->size;
		n++;
	}
	if (at != base + size || n < 2)
		return STATUS_CONFLICTING_ADDRESSES;
	for (at = base + r->size; at < base + size;) {
		struct range *x = range_at(at);
		struct region *old = x->region;
		at += old->size;
		x->region = r;
		range_free(old);
	}
	r->size = size;
	range_set(base, base + size, 0); /* joins the ranges */
	return STATUS_SUCCESS;
}

NTSTATUS
vm_placeholder_free(struct region *r, uint64_t base, uint64_t size, DWORD type)
{
	if (type & MEM_COALESCE_PLACEHOLDERS)
		return type & MEM_PRESERVE_PLACEHOLDER ? STATUS_INVALID_PARAMETER
		       : r->base == base               ? coalesce(r, base, size)
		                                       : STATUS_CONFLICTING_ADDRESSES;
	return r->placeholder ? cut(r, base, size) : empty(r, base, size);
}
