/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/mem/vm.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/mem/vm_pages.h"
#include "layer/api/nt/mem/vm_region.h"

/* Addresses that nobody asked for: above what programs ask for by number (image bases, Go's
 * 0xc000000000), below what the host maps by itself. */
#define ARENA     0x10000000000ull
#define ARENA_END 0x7e0000000000ull

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

static _Atomic uint32_t lock; /* steady.h's */
static uint64_t arena;        /* under lock; 0: not chosen yet */

void
vm_lock(void)
{
	steady_lock(&lock);
}

void
vm_unlock(void)
{
	steady_unlock(&lock);
}

int
vm_prot(DWORD protect)
{
	if (protect &
	    ~(DWORD)(0xff | PAGE_GUARD | PAGE_NOCACHE | PAGE_WRITECOMBINE | PAGE_TARGETS_INVALID))
		return -1;
	int prot;
	switch (protect & 0xff) {
	case PAGE_NOACCESS:
		return protect & (PAGE_GUARD | PAGE_NOCACHE | PAGE_WRITECOMBINE) ? -1 : PROT_NONE;
	case PAGE_READONLY: prot = PROT_READ; break;
	case PAGE_READWRITE:
	case PAGE_WRITECOPY: prot = PROT_READ | PROT_WRITE; break;
	case PAGE_EXECUTE:
	case PAGE_EXECUTE_READ: prot = PROT_READ | PROT_EXEC; break;
	case PAGE_EXECUTE_READWRITE:
	case PAGE_EXECUTE_WRITECOPY: prot = PROT_READ | PROT_WRITE | PROT_EXEC; break;
	default: return -1;
	}
	return protect & PAGE_GUARD ? PROT_NONE : prot;
}

int
vm_apply(struct region *r, uint64_t start, uint64_t end, DWORD protect)
{
	int prot = protect ? vm_prot(protect) : PROT_NONE;
	if (r->dirty && prot & PROT_WRITE)
		return vm_watch_apply(r, start, end, prot);
	return mprotect((void *)start, end - start, prot);
}

struct region *
vm_region_of(uint64_t start, uint64_t end)
{
	struct range *r = range_at(start);
	if (!r || !r->region || end > r->region->base + r->region->size || start >= end)
		return NULL;
	return r->region;
}

static struct region *
region_new(uint64_t base, uint64_t size, DWORD type, DWORD protect, DWORD pages)
{
	struct region *r = range_new(sizeof *r);
	if (!r)
		return NULL;
	*r = (struct region){ .base = base, .size = size, .type = type, .protect = protect };
	if (!range_put(base, base + size, r, pages)) {
		range_free(r);
		return NULL;
	}
	return r;
}

static void
region_drop(struct region *r)
{
	uint64_t end = r->base + r->size;
	for (struct range *x; (x = range_from(r->base)) && x->start < end;)
		range_remove(x);
	vm_watch_free(r);
	range_free(r);
}

/* Map [*base, + size), or somewhere when *base is 0. */
static NTSTATUS
claim(uint64_t *base, uint64_t size, const struct vm_where *where, DWORD type, int prot, int flags,
      int fd, uint64_t offset)
{
	flags |= MAP_NORESERVE | MAP_FIXED_NOREPLACE;
	if (*base) {
		struct range *n = range_from(*base);
		if (*base < RANGE_LOW || *base + size < *base || *base + size > RANGE_HIGH)
			return STATUS_INVALID_PARAMETER;
		if (n && n->start < *base + size)
			return STATUS_CONFLICTING_ADDRESSES;
		void *p = mmap((void *)*base, size, prot, flags, fd, (off_t)offset);
		if (p != MAP_FAILED)
			return STATUS_SUCCESS;
		return errno == EEXIST ? STATUS_CONFLICTING_ADDRESSES : status_errno(errno);
	}
	if (!arena) {
		uint16_t r = 0;
		if (getrandom(&r, sizeof r, GRND_NONBLOCK) < 0)
			r = 0;
		arena = ARENA + ((uint64_t)r << 24);
	}
	uint64_t low = where && where->low ? where->low : arena;
	uint64_t high = where && where->high ? where->high : ARENA_END;
	uint64_t align = where && where->align ? where->align : VM_GRAIN;
	if (where && where->high && !where->low)
		low = RANGE_LOW;
	bool top_down = type & MEM_TOP_DOWN, again = where && (where->low || where->high);
	for (int i = 0; i < 4096; i++) {
		uint64_t at = range_gap(size, low, high, align, top_down);
		if (!at) {
			if (again)
				return STATUS_NO_MEMORY;
			again = true;
			low = RANGE_LOW;
			high = RANGE_HIGH;
			continue;
		}
		void *p = mmap((void *)at, size, prot, flags, fd, (off_t)offset);
		if (p != MAP_FAILED) {
			*base = at;
			return STATUS_SUCCESS;
		}
		if (errno != EEXIST)
			return status_errno(errno);
		/* the host has something there that nobody told us of */
		uint64_t step = size > 0x100000 ? 0x1000000 : 0x100000;
		if (top_down)
			high = at + size - (size > step ? step : 0) - 1;
		else
			low = at + step;
		if (top_down && size <= step)
			high = at;
	}
	return STATUS_NO_MEMORY;
}

static NTSTATUS
reserve(uint64_t *base, uint64_t *size, DWORD type, DWORD protect, const struct vm_where *where)
{
	uint64_t from =
	        *base & ~(uint64_t)((type & MEM_RESERVE_PLACEHOLDER ? VM_PAGE : VM_GRAIN) - 1);
	uint64_t n = vm_page_up(*base + *size) - from;
	bool commit = type & MEM_COMMIT, watch = type & MEM_WRITE_WATCH;
	if (n < *size || n > RANGE_HIGH)
		return STATUS_NO_MEMORY;
	NTSTATUS s = claim(&from, n, where, type, commit && !watch ? vm_prot(protect) : PROT_NONE,
	                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s < 0)
		return s;
	struct region *r = region_new(from, n, MEM_PRIVATE, protect, commit ? protect : 0);
	if (!r || (watch && !vm_watch_make(r)) ||
	    (watch && commit && vm_apply(r, from, from + n, protect) < 0)) {
		if (r)
			region_drop(r);
		munmap((void *)from, n);
		return STATUS_NO_MEMORY;
	}
	r->placeholder = type & MEM_RESERVE_PLACEHOLDER;
	if (r->placeholder)
		r->protect = PAGE_NOACCESS;
	*base = from;
	*size = n;
	return STATUS_SUCCESS;
}

/* The placeholder that is exactly [base, + size). */
static struct region *
placeholder(uint64_t base, uint64_t size)
{
	struct region *r = vm_region_of(base, base + size);
	return r && r->placeholder && r->base == base && r->size == size ? r : NULL;
}

/* Private memory in place of a placeholder. */
static NTSTATUS
fill(uint64_t base, uint64_t size, DWORD type, DWORD protect)
{
	struct region *r = placeholder(base, size);
	if (!r)
		return vm_region_of(base, base + size) ? STATUS_CONFLICTING_ADDRESSES
		                                       : STATUS_INVALID_PARAMETER;
	if (type & MEM_WRITE_WATCH && !vm_watch_make(r))
		return STATUS_NO_MEMORY;
	if (type & MEM_COMMIT && (!range_set(base, base + size, protect) ||
	                          vm_apply(r, base, base + size, protect) < 0)) {
		range_set(base, base + size, 0);
		vm_watch_free(r);
		return STATUS_COMMITMENT_LIMIT;
	}
	r->placeholder = false;
	r->replaced = true;
	r->protect = protect;
	return STATUS_SUCCESS;
}

/* Pages of a section are committed: they are so in its other views too, where they have the
 * protection that the view was made with. */
static void
spread(const struct region *of, uint64_t offset, uint64_t size)
{
	for (struct range *x = range_from(0); x; x = x->next) {
		struct region *r = x->region;
		if (!r || r->section != of->section || !r->reserve || x->protect)
			continue;
		uint64_t from = offset > r->offset ? r->base + (offset - r->offset) : r->base;
		uint64_t to = r->base + (offset + size > r->offset ? offset + size - r->offset : 0);
		from = from > x->start ? from : x->start;
		to = to < x->end ? to : x->end;
		if (from < to && vm_apply(r, from, to, r->protect) == 0 &&
		    range_set(from, to, r->protect))
			x = range_at(from);
	}
}

static NTSTATUS
commit(uint64_t *base, uint64_t *size, DWORD protect)
{
	uint64_t from = vm_page_down(*base), to = vm_page_up(*base + *size);
	struct region *r = vm_region_of(from, to);
	if (!r || r->placeholder)
		return STATUS_CONFLICTING_ADDRESSES;
	bool stack = vm_is_stack(r);
	if ((r->foreign && !stack) || (r->type == MEM_MAPPED && !r->reserve))
		return STATUS_ALREADY_COMMITTED;
	/* the lowest page of a stack stays closed: what is below it is another's */
	uint64_t open = stack && from < r->base + VM_PAGE ? r->base + VM_PAGE : from;
	r->changed |= stack;
	if (open < to && vm_apply(r, open, to, protect) < 0)
		return errno == EACCES ? STATUS_ACCESS_DENIED : STATUS_COMMITMENT_LIMIT;
	if (!range_set(from, to, protect))
		return STATUS_NO_MEMORY;
	if (r->pages) {
		uint64_t offset = r->offset + (from - r->base);
		if (!vm_pages_add(r->pages, offset, offset + (to - from)))
			return STATUS_NO_MEMORY;
		spread(r, offset, to - from);
	}
	*base = from;
	*size = to - from;
	return STATUS_SUCCESS;
}

/* MEM_RESET: what is in the pages is not needed; MEM_RESET_UNDO: it is, if it is still there. */
static NTSTATUS
reset(uint64_t *base, uint64_t *size, DWORD type)
{
	/* MEM_RESET takes whole pages only: those that the range begins and ends in stay. */
	uint64_t from = vm_page_up(*base), to = vm_page_down(*base + *size);
	struct region *r = vm_region_of(vm_page_down(*base), vm_page_up(*base + *size));
	if (!r || r->type != MEM_PRIVATE || r->foreign || r->placeholder)
		return STATUS_CONFLICTING_ADDRESSES;
	for (struct range *x = range_from(from); x && x->start < to; x = x->next) {
		if (!x->protect)
			return STATUS_NOT_COMMITTED;
	}
	*base = vm_page_down(*base);
	*size = vm_page_up(*size);
	if (from >= to)
		return STATUS_SUCCESS;
	if (type & MEM_RESET)
		return madvise((void *)from, to - from, MADV_FREE) < 0 ? status_errno(errno)
		                                                       : STATUS_SUCCESS;
	unsigned char there[1024];
	for (uint64_t at = from; at < to; at += sizeof there * VM_PAGE) {
		uint64_t n = to - at < sizeof there * VM_PAGE ? to - at : sizeof there * VM_PAGE;
		if (mincore((void *)at, n, there) < 0)
			return status_errno(errno);
		for (uint64_t i = 0; i < n / VM_PAGE; i++) {
			if (!(there[i] & 1))
				return STATUS_UNSUCCESSFUL; /* gone */
			/* written, it will not be taken; the value stays what it is */
			struct range *x = range_at(at + i * VM_PAGE);
			if (vm_prot(x->protect) & PROT_WRITE && !r->dirty)
				atomic_fetch_or((_Atomic uint32_t *)(at + i * VM_PAGE), 0);
		}
	}
	return STATUS_SUCCESS;
}

NTSTATUS
vm_alloc(void **base, SIZE_T *size, DWORD type, DWORD protect, const struct vm_where *where)
{
	uint64_t b = (uint64_t)*base, n = *size;
	DWORD known = MEM_COMMIT | MEM_RESERVE | MEM_REPLACE_PLACEHOLDER | MEM_RESERVE_PLACEHOLDER |
	              MEM_RESET | MEM_RESET_UNDO | MEM_TOP_DOWN | MEM_WRITE_WATCH | MEM_PHYSICAL |
	              MEM_LARGE_PAGES;
	DWORD what = type & (MEM_COMMIT | MEM_RESERVE | MEM_RESET | MEM_RESET_UNDO);
	if (!n || n > RANGE_HIGH || b >= RANGE_HIGH || type & ~known || !what)
		return STATUS_INVALID_PARAMETER;
	if (type & (MEM_RESET | MEM_RESET_UNDO) &&
	    type & ~(DWORD)(type & MEM_RESET ? MEM_RESET : MEM_RESET_UNDO))
		return STATUS_INVALID_PARAMETER;
	if (vm_prot(protect) < 0 || (protect & 0xff) == PAGE_WRITECOPY ||
	    (protect & 0xff) == PAGE_EXECUTE_WRITECOPY)
		return STATUS_INVALID_PAGE_PROTECTION;
	/* Both need a privilege that an ordinary user does not have. */
	if (type & (MEM_LARGE_PAGES | MEM_PHYSICAL))
		return STATUS_PRIVILEGE_NOT_HELD;
	if (type & (MEM_RESERVE_PLACEHOLDER | MEM_WRITE_WATCH | MEM_REPLACE_PLACEHOLDER) &&
	    !(type & MEM_RESERVE))
		return STATUS_INVALID_PARAMETER;
	if (type & MEM_RESERVE_PLACEHOLDER &&
	    (type & MEM_COMMIT || (protect & 0xff) != PAGE_NOACCESS))
		return STATUS_INVALID_PARAMETER;
	if (!b && type & MEM_COMMIT)
		type |= MEM_RESERVE;

	NTSTATUS s;
	vm_lock();
	if (type & (MEM_RESET | MEM_RESET_UNDO))
		s = reset(&b, &n, type);
	else if (type & MEM_REPLACE_PLACEHOLDER)
		s = fill(b, n = vm_page_up(n), type, protect);
	else if (type & MEM_RESERVE)
		s = reserve(&b, &n, type, protect, where);
	else
		s = commit(&b, &n, protect);
	vm_unlock();
	if (s >= 0) {
		*base = (void *)b;
		*size = n;
	}
	return s;
}

static NTSTATUS
decommit(struct region *r, uint64_t from, uint64_t to)
{
	if (!range_set(from, to, 0))
		return STATUS_NO_MEMORY;
	if (mmap((void *)from, to - from, PROT_NONE,
	         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
		return status_errno(errno);
	if (r->dirty)
		vm_watch_clear(r, from, to);
	r->changed |= vm_is_stack(r);
	return STATUS_SUCCESS;
}

static NTSTATUS
release(struct region *r, uint64_t from, uint64_t to)
{
	uint64_t end = r->base + r->size;
	if (to < end && !vm_region_split(r, to))
		return STATUS_NO_MEMORY;
	if (from > r->base && !(r = vm_region_split(r, from)))
		return STATUS_NO_MEMORY;
	region_drop(r);
	munmap((void *)from, to - from);
	return STATUS_SUCCESS;
}

NTSTATUS
vm_free(void **base, SIZE_T *size, DWORD type)
{
	uint64_t from = vm_page_down((uint64_t)*base), to = vm_page_up((uint64_t)*base + *size);
	bool whole = !*size,
	     special = type & (MEM_COALESCE_PLACEHOLDERS | MEM_PRESERVE_PLACEHOLDER);
	DWORD what = type & ~(DWORD)(MEM_COALESCE_PLACEHOLDERS | MEM_PRESERVE_PLACEHOLDER);
	if ((what != MEM_DECOMMIT && what != MEM_RELEASE) ||
	    (special && (what != MEM_RELEASE || whole)) || to < from)
		return STATUS_INVALID_PARAMETER;
	NTSTATUS s;
	vm_lock();
	struct region *r = vm_region_of(from, from + 1);
	if (r && whole)
		to = r->base + r->size;
	if (!r) {
		s = STATUS_MEMORY_NOT_ALLOCATED;
	} else if (r->type != MEM_PRIVATE || (r->foreign && (what != MEM_DECOMMIT || whole))) {
		s = STATUS_UNABLE_TO_DELETE_SECTION;
	} else if (special) {
		s = vm_placeholder_free(r, from, to - from, type);
	} else if (whole && r->base != from) {
		s = STATUS_FREE_VM_NOT_AT_BASE;
	} else if (to > r->base + r->size) {
		s = STATUS_UNABLE_TO_FREE_VM;
	} else if (what == MEM_DECOMMIT) {
		s = r->placeholder ? STATUS_CONFLICTING_ADDRESSES : decommit(r, from, to);
	} else {
		s = release(r, from, to);
	}
	vm_unlock();
	if (s >= 0) {
		*base = (void *)from;
		*size = to - from;
	}
	return s;
}

NTSTATUS
vm_reserve(void **base, SIZE_T size, DWORD type, DWORD protect, const struct vm_where *where)
{
	uint64_t b = (uint64_t)*base, n = vm_page_up(size);
	vm_lock();
	NTSTATUS s = n ? claim(&b, n, where, 0, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
	               : STATUS_INVALID_PARAMETER;
	if (s >= 0) {
		struct region *r = region_new(b, n, type, protect, protect);
		if (!r) {
			munmap((void *)b, n);
			s = STATUS_NO_MEMORY;
		} else {
			r->foreign = true;
			*base = (void *)b;
		}
	}
	vm_unlock();
	return s;
}

NTSTATUS
vm_adopt(void *base, SIZE_T size, DWORD type, DWORD protect)
{
	uint64_t b = (uint64_t)base, n = vm_page_up(size);
	NTSTATUS s = STATUS_CONFLICTING_ADDRESSES;
	vm_lock();
	struct range *x = range_from(b);
	if (n && b + n > b && (!x || x->start >= b + n)) {
		struct region *r = region_new(b, n, type, protect, protect);
		s = r ? STATUS_SUCCESS : STATUS_NO_MEMORY;
		if (r)
			r->foreign = true;
	}
	vm_unlock();
	return s;
}

void
vm_adopt_protect(void *base, SIZE_T size, DWORD protect)
{
	uint64_t from = vm_page_down((uint64_t)base), to = vm_page_up((uint64_t)base + size);
	vm_lock();
	if (vm_region_of(from, to))
		range_set(from, to, protect);
	vm_unlock();
}

bool
vm_changed(const void *base)
{
	vm_lock();
	struct region *r = vm_region_of((uint64_t)base, (uint64_t)base + 1);
	bool changed = r && r->changed;
	vm_unlock();
	return changed;
}

void
vm_forget(void *base)
{
	vm_lock();
	struct region *r = vm_region_of((uint64_t)base, (uint64_t)base + 1);
	if (r && r->foreign && r->base == (uint64_t)base)
		region_drop(r);
	vm_unlock();
}

/* -- views (section.c) ---------------------------------------------------------- */

/* What is committed of the section is so in a new view of it. */
static bool
show(struct region *r, const struct vm_view *v, uint64_t b, uint64_t n, DWORD protect)
{
	const struct vm_pages *p = v->pages;
	if (!p)
		return true;
	for (size_t i = vm_pages_from(p, v->offset); i < p->count; i++) {
		uint64_t start = p->run[i].start, end = p->run[i].end;
		if (start >= v->offset + n)
			break;
		start = start > v->offset ? start - v->offset : 0;
		end = end < v->offset + n ? end - v->offset : n;
		if (vm_apply(r, b + start, b + end, protect) < 0 ||
		    !range_set(b + start, b + end, protect))
			return false;
	}
	return true;
}

NTSTATUS
vm_map(void **base, SIZE_T *size, DWORD type, DWORD protect, const struct vm_where *where,
       const struct vm_view *v)
{
	uint64_t b = (uint64_t)*base, n = vm_page_up(*size);
	bool late = v->pages;
	int prot = late ? PROT_NONE : vm_prot(protect), flags = v->copy ? MAP_PRIVATE : MAP_SHARED;
	NTSTATUS s = STATUS_SUCCESS;
	if (!n || vm_prot(protect) < 0)
		return STATUS_INVALID_PARAMETER;
	vm_lock();
	struct region *r = NULL;
	if (type & MEM_REPLACE_PLACEHOLDER) {
		r = placeholder(b, n);
		if (!r) {
			s = STATUS_CONFLICTING_ADDRESSES;
		} else if (mmap((void *)b, n, prot, flags | MAP_FIXED | MAP_NORESERVE, v->fd,
		                (off_t)v->offset) == MAP_FAILED) {
			s = status_errno(errno);
		} else {
			range_set(b, b + n, late ? 0 : protect);
			r->placeholder = false;
			r->replaced = true;
		}
	} else if (b % VM_GRAIN) {
		s = STATUS_MAPPED_ALIGNMENT;
	} else {
		s = claim(&b, n, where, type, prot, flags, v->fd, v->offset);
		if (s >= 0 && !(r = region_new(b, n, MEM_MAPPED, protect, late ? 0 : protect))) {
			munmap((void *)b, n);
			s = STATUS_NO_MEMORY;
		}
	}
	if (s >= 0 && !show(r, v, b, n, protect)) {
		region_drop(r);
		munmap((void *)b, n);
		s = STATUS_NO_MEMORY;
	}
	if (s >= 0) {
		r->type = MEM_MAPPED;
		r->protect = protect;
		r->section = v->section;
		r->offset = v->offset;
		r->copy = v->copy;
		r->image = v->image;
		r->pages = v->pages;
		r->reserve = type & MEM_RESERVE;
		r->most = v->most;
		*base = (void *)b;
		*size = n;
	}
	vm_unlock();
	return s;
}

NTSTATUS
vm_unmap(void *address, bool keep, struct object **section)
{
	NTSTATUS s = STATUS_SUCCESS;
	*section = NULL;
	vm_lock();
	struct region *r = vm_region_of((uint64_t)address, (uint64_t)address + 1);
	if (!r || r->type != MEM_MAPPED || r->foreign) {
		s = STATUS_NOT_MAPPED_VIEW;
	} else if (keep && !r->replaced) {
		s = STATUS_CONFLICTING_ADDRESSES;
	} else {
		*section = r->section;
		r->section = NULL;
		r->pages = NULL;
		if (keep) {
			decommit(r, r->base, r->base + r->size);
			r->type = MEM_PRIVATE;
			r->protect = PAGE_NOACCESS;
			r->placeholder = true;
			r->copy = r->reserve = false;
		} else {
			uint64_t b = r->base, n = r->size;
			region_drop(r);
			munmap((void *)b, n);
		}
	}
	vm_unlock();
	return s;
}

NTSTATUS
vm_view_at(const void *address, void **base, SIZE_T *size, struct object **section)
{
	NTSTATUS s = STATUS_NOT_MAPPED_VIEW;
	vm_lock();
	struct region *r = vm_region_of((uint64_t)address, (uint64_t)address + 1);
	if (r && r->section) {
		*base = (void *)r->base;
		*size = r->size;
		*section = object_ref(r->section);
		s = STATUS_SUCCESS;
	}
	vm_unlock();
	return s;
}
