/* SPDX-License-Identifier: Apache-2.0 */
/* Faults that are meant: guard pages and write watches.
 *
 * A watched page that was not written since the last reset is read-only for the host; its first
 * write faults, sets its bit and makes it writable. */
#include <errno.h>
#include <sys/mman.h>

#include "layer/api/nt/mem/vm.h"
#include "layer/api/nt/mem/vm_region.h"

/* A region whose pages are written one by one makes a mapping of the host each, of which there
 * are 65,530: after so many faults the neighbours are taken along. */
enum { SINGLE = 8192, TOGETHER = 16, WRITE_WATCH_FLAG_RESET = 1 };

_Atomic bool vm_watched;

static size_t
bytes(const struct region *r)
{
	return ((r->size / VM_PAGE + 63) / 64 * 8 + VM_PAGE - 1) & ~(size_t)(VM_PAGE - 1);
}

bool
vm_watch_make(struct region *r)
{
	void *p = mmap(NULL, bytes(r), PROT_READ | PROT_WRITE,
	               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	r->dirty = p == MAP_FAILED ? NULL : p;
	vm_watched = true;
	return r->dirty;
}

void
vm_watch_free(struct region *r)
{
	if (r->dirty)
		munmap(r->dirty, bytes(r));
	r->dirty = NULL;
}

static bool
is_dirty(const struct region *r, uint64_t address)
{
	uint64_t i = (address - r->base) / VM_PAGE;
	return r->dirty[i / 64] >> i % 64 & 1;
}

static void
set_dirty(struct region *r, uint64_t address)
{
	uint64_t i = (address - r->base) / VM_PAGE;
	r->dirty[i / 64] |= 1ull << i % 64;
}

void
vm_watch_clear(struct region *r, uint64_t start, uint64_t end)
{
	for (; start < end; start += VM_PAGE) {
		uint64_t i = (start - r->base) / VM_PAGE;
		r->dirty[i / 64] &= ~(1ull << i % 64);
	}
}

int
vm_watch_apply(struct region *r, uint64_t start, uint64_t end, int prot)
{
	while (start < end) {
		bool dirty = is_dirty(r, start);
		uint64_t to = start + VM_PAGE;
		while (to < end && is_dirty(r, to) == dirty)
			to += VM_PAGE;
		if (mprotect((void *)start, to - start, dirty ? prot : prot & ~PROT_WRITE) < 0)
			return -1;
		start = to;
	}
	return 0;
}

/* Under the lock. */
static bool
fault(uint64_t address, bool write, bool *guard)
{
	struct range *x = range_at(address);
	uint64_t page = vm_page_down(address);
	*guard = false;
	if (!x || !x->region || !x->protect)
		return false;
	struct region *r = x->region;
	if (x->protect & PAGE_GUARD) {
		DWORD protect = x->protect & ~(DWORD)PAGE_GUARD;
		*guard = range_set(page, page + VM_PAGE, protect) &&
		         vm_apply(r, page, page + VM_PAGE, protect) == 0;
		return false;
	}
	if (!write || !r->dirty || !(vm_prot(x->protect) & PROT_WRITE))
		return false;
	uint64_t end = page + VM_PAGE;
	if (++r->faults > SINGLE) {
		page &= ~(uint64_t)(TOGETHER * VM_PAGE - 1);
		end = page + TOGETHER * VM_PAGE;
		page = page > x->start ? page : x->start;
		end = end < x->end ? end : x->end;
	}
	for (uint64_t a = page; a < end; a += VM_PAGE)
		set_dirty(r, a);
	return mprotect((void *)page, end - page, vm_prot(x->protect)) == 0;
}

bool
vm_fault(void *address, bool write, bool *guard)
{
	vm_lock();
	bool again = fault((uint64_t)address, write, guard);
	vm_unlock();
	return again;
}

bool
vm_touch(const void *p, size_t n, bool write)
{
	bool some = false, guard;
	uint64_t from = vm_page_down((uint64_t)p), to = vm_page_up((uint64_t)p + n);
	vm_lock();
	for (uint64_t a = from; a < to;) {
		struct range *x = range_from(a);
		if (!x || x->start >= to)
			break;
		struct region *r = x->region;
		if (!r || !(x->protect & PAGE_GUARD || (write && r->dirty))) {
			a = x->end;
			continue;
		}
		a = a > x->start ? a : x->start;
		if (x->protect & PAGE_GUARD || !is_dirty(r, a))
			some |= fault(a, write, &guard) | guard;
		a += VM_PAGE;
	}
	vm_unlock();
	return some;
}

/* The written pages of [base, + size): up to *count of them, in order, forgotten when reset. */
static void
gather(struct region *r, uint64_t from, uint64_t to, bool again, void **addresses, ULONG_PTR *count)
{
	ULONG_PTR n = 0;
	while (from < to && (!addresses || n < *count)) {
		uint64_t i = (from - r->base) / VM_PAGE;
		if (!(r->dirty[i / 64] >> i % 64)) { /* none in the rest of this word */
			from += (64 - i % 64) * VM_PAGE;
			continue;
		}
		if (!is_dirty(r, from)) {
			from += VM_PAGE;
			continue;
		}
		uint64_t end = from;
		struct range *x = range_at(from);
		while (end < to && end < x->end && is_dirty(r, end) && (!addresses || n < *count)) {
			if (addresses)
				addresses[n] = (void *)end;
			n++;
			end += VM_PAGE;
		}
		/* Protected first: a write from now on faults, and waits for the lock. */
		if (again) {
			if (x->protect && vm_prot(x->protect) & PROT_WRITE)
				mprotect((void *)from, end - from,
				         vm_prot(x->protect) & ~PROT_WRITE);
			vm_watch_clear(r, from, end);
		}
		from = end;
	}
	if (count)
		*count = n;
}

NTSTATUS
vm_watch_get(DWORD flags, void *base, SIZE_T size, void **addresses, ULONG_PTR *count)
{
	uint64_t from = vm_page_down((uint64_t)base), to = vm_page_up((uint64_t)base + size);
	if (flags & ~(DWORD)WRITE_WATCH_FLAG_RESET || !size || to < from)
		return STATUS_INVALID_PARAMETER;
	NTSTATUS s = STATUS_SUCCESS;
	/* The answer is written under the lock that its own page may need. */
	void *page[512];
	ULONG_PTR left = *count, done = 0;
	while (s >= 0 && left) {
		ULONG_PTR n = left < 512 ? left : 512;
		vm_lock();
		struct region *r = vm_region_of(from, to);
		if (!r || !r->dirty)
			s = STATUS_INVALID_PARAMETER;
		else
			gather(r, from, to, flags & WRITE_WATCH_FLAG_RESET, page, &n);
		vm_unlock();
		if (s < 0)
			return s;
		for (ULONG_PTR i = 0; i < n; i++)
			addresses[done + i] = page[i];
		done += n;
		left -= n;
		if (n < 512)
			break;
		from = (uint64_t)page[n - 1] + VM_PAGE;
		if (from >= to)
			break;
	}
	*count = done;
	return s;
}

NTSTATUS
vm_watch_reset(void *base, SIZE_T size)
{
	uint64_t from = vm_page_down((uint64_t)base), to = vm_page_up((uint64_t)base + size);
	NTSTATUS s = STATUS_SUCCESS;
	vm_lock();
	struct region *r = size && to > from ? vm_region_of(from, to) : NULL;
	if (!r || !r->dirty)
		s = STATUS_INVALID_PARAMETER;
	else
		gather(r, from, to, true, NULL, NULL);
	vm_unlock();
	return s;
}
