/* SPDX-License-Identifier: Apache-2.0 */
/* What is at an address, and its protection. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "layer/api/nt/image/ldr.h"
#include "layer/api/nt/mem/vm.h"
#include "layer/api/nt/mem/vm_region.h"

/* What the host has mapped and nobody told us of: our own binary, the C library's heap, the
 * stacks of threads of the host.  Opened before the sandbox. */
static int maps = -1;

struct mapping {
	uint64_t start, end;
	int prot;
	bool file;
};

void
vm_start(void)
{
	if (maps < 0)
		maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
}

/* The mapping that holds the address, or the first behind it. */
static bool
look(uint64_t address, struct mapping *m)
{
	if (maps < 0)
		return false;
	static const size_t room = 65536;
	char *text = malloc(room + 1);
	size_t have = 0;
	off_t at = 0;
	bool found = false, more = true;
	while (text && !found && more) {
		ssize_t n = pread(maps, text + have, room - have, at);
		if (n < 0 && errno == EINTR)
			continue;
		more = n > 0;
		have += n > 0 ? (size_t)n : 0;
		at += n > 0 ? n : 0;
		text[have] = 0;
		char *line = text;
		for (char *end; !found && (end = strchr(line, '\n')); line = end + 1) {
			unsigned long start, stop, offset, inode;
			char r, w, x, p;
			*end = 0;
			if (sscanf(line, "%lx-%lx %c%c%c%c %lx %*x:%*x %lu", &start, &stop, &r, &w,
			           &x, &p, &offset, &inode) != 8 ||
			    stop <= address)
				continue;
			m->start = start;
			m->end = stop;
			m->prot = (r == 'r' ? PROT_READ : 0) | (w == 'w' ? PROT_WRITE : 0) |
			          (x == 'x' ? PROT_EXEC : 0);
			m->file = inode;
			found = start < RANGE_HIGH;
			more = false;
		}
		have = strlen(line);
		memmove(text, line, have);
	}
	free(text);
	return found;
}

static DWORD
protect_of(int prot)
{
	switch (prot & (PROT_READ | PROT_WRITE | PROT_EXEC)) {
	case PROT_NONE: return PAGE_NOACCESS;
	case PROT_READ: return PAGE_READONLY;
	case PROT_EXEC: return PAGE_EXECUTE;
	case PROT_READ | PROT_EXEC: return PAGE_EXECUTE_READ;
	case PROT_READ | PROT_WRITE: return PAGE_READWRITE;
	default: return prot & PROT_EXEC ? PAGE_EXECUTE_READWRITE : PAGE_READWRITE;
	}
}

/* From the table; false: it has nothing there, and *next is where it goes on. */
static bool
known(uint64_t page, struct MEMORY_BASIC_INFORMATION *o, uint64_t *next)
{
	vm_lock();
	struct range *x = range_from(page);
	bool found = x && x->region && x->start <= page;
	if (found) {
		const struct region *r = x->region;
		o->AllocationBase = (void *)r->base;
		o->AllocationProtect = r->protect;
		o->RegionSize = x->end - page;
		o->State = x->protect ? MEM_COMMIT : MEM_RESERVE;
		o->Protect = x->protect;
		o->Type = r->image ? MEM_IMAGE : r->type;
	}
	*next = x && x->start < RANGE_HIGH ? x->start : RANGE_HIGH;
	vm_unlock();
	return found;
}

/* A module that was mapped from a file comes into the table when it is first asked for. */
static bool
adopt_module(const void *address)
{
	struct module *m = ldr_at(address);
	if (!m || m->builtin || !m->entry.DllBase)
		return false;
	const BYTE *base = m->entry.DllBase;
	uint32_t size = m->entry.SizeOfImage, at, optional, n;
	uint16_t half;
	/* the loader has checked the headers */
	memcpy(&at, base + 0x3c, 4);
	memcpy(&half, base + at + 6, 2);
	n = half;
	memcpy(&half, base + at + 20, 2);
	optional = half;
	if (vm_adopt((void *)base, size, MEM_IMAGE, PAGE_EXECUTE_WRITECOPY) < 0)
		return false;
	vm_adopt_protect((void *)base, VM_PAGE, PAGE_READONLY);
	for (uint32_t i = 0, end = VM_PAGE; i < n; i++) {
		const BYTE *section = base + at + 24 + optional + 40ull * i;
		uint32_t length, start, flags;
		memcpy(&length, section + 8, 4);
		memcpy(&start, section + 12, 4);
		memcpy(&flags, section + 36, 4);
		if (start < end || start >= size || !length || length > size - start)
			continue;
		end = start + length;
		bool x = flags & 0x20000000, w = flags & 0x80000000;
		vm_adopt_protect((void *)(base + start), length,
		                 x   ? (w ? PAGE_EXECUTE_READWRITE : PAGE_EXECUTE_READ)
		                 : w ? PAGE_READWRITE
		                     : PAGE_READONLY);
	}
	return true;
}

NTSTATUS
vm_query(const void *address, struct MEMORY_BASIC_INFORMATION *out)
{
	uint64_t page = vm_page_down((uint64_t)address), next;
	if (page >= RANGE_HIGH)
		return STATUS_INVALID_PARAMETER;
	struct MEMORY_BASIC_INFORMATION o = { .BaseAddress = (void *)page };
	struct mapping m;
	if (!known(page, &o, &next) && !(adopt_module(address) && known(page, &o, &next))) {
		struct module *mod = ldr_at(address);
		struct module *exact = mod && mod->builtin && page ? ldr_of((void *)page) : NULL;
		mod = exact ? exact : mod;
		struct TEB *t = teb();
		bool there = look(page, &m), stack = t && page >= (uint64_t)t->DeallocationStack &&
		                                     page < (uint64_t)t->StackBase;
		if (there && m.start <= page) {
			o.AllocationBase = stack ? t->DeallocationStack
			                   : mod ? mod->entry.DllBase
			                         : (void *)m.start;
			o.AllocationProtect =
			        mod && !stack ? PAGE_EXECUTE_WRITECOPY : PAGE_READWRITE;
			o.State = MEM_COMMIT;
			o.Protect = protect_of(m.prot);
			o.Type = mod && !stack ? MEM_IMAGE : m.file ? MEM_MAPPED : MEM_PRIVATE;
			if (m.file && !mod) {
				o.AllocationProtect = PAGE_EXECUTE_WRITECOPY;
				o.Type = MEM_IMAGE; /* our own binary */
			}
			next = m.end < next ? m.end : next;
		} else {
			o.State = MEM_FREE;
			o.Protect = PAGE_NOACCESS;
			if (there && m.start < next)
				next = m.start;
		}
		o.RegionSize = next - page;
	}
	*out = o;
	return STATUS_SUCCESS;
}

/* A region of ours or adopted. */
static NTSTATUS
protect_known(struct region *r, uint64_t from, uint64_t to, DWORD protect, DWORD *old)
{
	if (r->placeholder)
		return STATUS_CONFLICTING_ADDRESSES;
	for (struct range *x = range_at(from); x && x->start < to; x = x->next) {
		if (!x->protect)
			return STATUS_NOT_COMMITTED;
	}
	DWORD base = protect & 0xff;
	if (r->type == MEM_PRIVATE && (base == PAGE_WRITECOPY || base == PAGE_EXECUTE_WRITECOPY))
		return STATUS_INVALID_PAGE_PROTECTION;
	if (r->type == MEM_MAPPED && !r->copy && vm_prot(protect) & PROT_WRITE &&
	    !(vm_prot(r->most) & PROT_WRITE))
		return STATUS_SECTION_PROTECTION;
	*old = range_at(from)->protect;
	r->changed |= vm_is_stack(r);
	if (vm_apply(r, from, to, protect) < 0)
		return errno == EACCES ? STATUS_SECTION_PROTECTION : status_errno(errno);
	if (!range_set(from, to, protect)) {
		vm_apply(r, from, to, *old);
		return STATUS_NO_MEMORY;
	}
	return STATUS_SUCCESS;
}

NTSTATUS
vm_protect(void **base, SIZE_T *size, DWORD protect, DWORD *old)
{
	uint64_t from = vm_page_down((uint64_t)*base), to = vm_page_up((uint64_t)*base + *size);
	if (!*size || to <= from)
		return STATUS_INVALID_PARAMETER;
	if (vm_prot(protect) < 0)
		return STATUS_INVALID_PAGE_PROTECTION;
	bool again = false;
retry:
	vm_lock();
	struct region *r = vm_region_of(from, to);
	NTSTATUS s = r ? protect_known(r, from, to, protect, old) : STATUS_CONFLICTING_ADDRESSES;
	vm_unlock();
	if (!r && !again && adopt_module(*base)) {
		again = true;
		goto retry;
	}
	struct mapping m;
	/* Blocks of a heap are memory as any; our own binary stays as it is. */
	if (!r && look(from, &m) && m.start <= from && m.end >= to) {
		if (m.file)
			return STATUS_ACCESS_DENIED;
		*old = protect_of(m.prot);
		s = mprotect((void *)from, to - from, vm_prot(protect)) < 0 ? status_errno(errno)
		                                                            : STATUS_SUCCESS;
	}
	if (s >= 0) {
		*base = (void *)from;
		*size = to - from;
	}
	return s;
}
