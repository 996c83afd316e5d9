/* vm.h -- the memory of the program: reservations of 64 KiB granularity, pages in them.
 *
 * A region is one reservation, with what it was asked for; its pages are reserved or committed
 * with a protection each (range.h).  What the table says and what the host has mapped change
 * together under one lock, which is never held while memory of the program is touched.  What
 * others map (modules, stacks) they adopt into the table, so that the program can ask for it.
 */
#ifndef LAYER_API_NT_MEM_VM_H
#define LAYER_API_NT_MEM_VM_H

#include "layer/api/nt/object/object.h"
#include "layer/api/nt/status.h"
#include "layer/api/nt/types.h"

enum {
	MEM_COALESCE_PLACEHOLDERS = 1,
	MEM_PRESERVE_PLACEHOLDER = 2,
	MEM_COMMIT = 0x1000,
	MEM_RESERVE = 0x2000,
	MEM_DECOMMIT = 0x4000,
	MEM_REPLACE_PLACEHOLDER = 0x4000,
	MEM_RELEASE = 0x8000,
	MEM_FREE = 0x10000,
	MEM_PRIVATE = 0x20000,
	MEM_MAPPED = 0x40000,
	MEM_RESERVE_PLACEHOLDER = 0x40000,
	MEM_RESET = 0x80000,
	MEM_TOP_DOWN = 0x100000,
	MEM_WRITE_WATCH = 0x200000,
	MEM_PHYSICAL = 0x400000,
	MEM_RESET_UNDO = 0x1000000,
	MEM_IMAGE = 0x1000000,
	MEM_LARGE_PAGES = 0x20000000,

	PAGE_NOACCESS = 1,
	PAGE_READONLY = 2,
	PAGE_READWRITE = 4,
	PAGE_WRITECOPY = 8,
	PAGE_EXECUTE = 0x10,
	PAGE_EXECUTE_READ = 0x20,
	PAGE_EXECUTE_READWRITE = 0x40,
	PAGE_EXECUTE_WRITECOPY = 0x80,
	PAGE_GUARD = 0x100,
	PAGE_NOCACHE = 0x200,
	PAGE_WRITECOMBINE = 0x400,
	PAGE_TARGETS_INVALID = 0x40000000,

	VM_PAGE = 4096,
	VM_GRAIN = 65536,
	VM_LARGE_PAGE = 0x200000,
};

struct MEMORY_BASIC_INFORMATION {
	void *BaseAddress, *AllocationBase;
	DWORD AllocationProtect;
	WORD PartitionId;
	SIZE_T RegionSize;
	DWORD State, Protect, Type;
};

/* Where a reservation may be: MEM_ADDRESS_REQUIREMENTS.  0: anywhere. */
struct vm_where {
	uint64_t low, high; /* the first byte, and the one behind the last */
	uint64_t align;
};

/* As NtAllocateVirtualMemory: *base NULL chooses; both come back rounded.  where may be NULL. */
NTSTATUS
vm_alloc(void **base, SIZE_T *size, DWORD type, DWORD protect, const struct vm_where *where);
NTSTATUS vm_free(void **base, SIZE_T *size, DWORD type);
NTSTATUS vm_protect(void **base, SIZE_T *size, DWORD protect, DWORD *old);
NTSTATUS vm_query(const void *address, struct MEMORY_BASIC_INFORMATION *out);

/* A protection of Windows as the host's PROT_...; -1: it is none. */
int vm_prot(DWORD protect);

/* A view: a mapping of a descriptor that belongs to a section (its count is taken over when it
 * works).  type: MEM_RESERVE (pages may be committed: SEC_RESERVE), MEM_REPLACE_PLACEHOLDER,
 * MEM_TOP_DOWN. */
struct vm_pages;
struct vm_view {
	struct object *section;
	struct vm_pages *pages; /* the section's, that are committed; NULL: all are */
	int fd;
	uint64_t offset;
	bool copy;  /* written pages are the view's own */
	bool image; /* of a program: MEM_IMAGE */
	DWORD most; /* the protection that the section gives */
};
NTSTATUS vm_map(void **base, SIZE_T *size, DWORD type, DWORD protect, const struct vm_where *where,
                const struct vm_view *view);
/* The section's count comes back to the caller; NULL for an image. */
NTSTATUS vm_unmap(void *address, bool placeholder, struct object **section);
/* Which view holds the address: its base, its size and its section, counted. */
NTSTATUS vm_view_at(const void *address, void **base, SIZE_T *size, struct object **section);

/* What somebody else has mapped, and later unmaps after vm_forget: type is MEM_IMAGE,
 * MEM_PRIVATE or MEM_MAPPED, protect what all pages have at first (and AllocationProtect). */
NTSTATUS vm_adopt(void *base, SIZE_T size, DWORD type, DWORD protect);
/* The owner has given some pages another protection (protect 0: they are reserved only). */
void vm_adopt_protect(void *base, SIZE_T size, DWORD protect);
/* The program has changed the pages of the stack there. */
bool vm_changed(const void *base);
void vm_forget(void *base);
/* A free place for who maps by himself (an image): mapped without access, and adopted with
 * `type`.  base 0: anywhere that `where` allows. */
NTSTATUS
vm_reserve(void **base, SIZE_T size, DWORD type, DWORD protect, const struct vm_where *where);

/* A page fault: true when the access may be tried again (write watch).  *guard: it was a guard
 * page and is none any more; STATUS_GUARD_PAGE_VIOLATION is due.  For the signal handler. */
bool vm_fault(void *address, bool write, bool *guard);
/* The host refused memory of the program with EFAULT: true when something was resolved, and the
 * system call may be tried again. */
bool vm_touch(const void *p, size_t n, bool write);
/* There is a write watch: a buffer that the host is to write to is touched first, as else it
 * gets only what fits before the first page that nobody wrote to. */
extern _Atomic bool vm_watched;

NTSTATUS vm_watch_get(DWORD flags, void *base, SIZE_T size, void **addresses, ULONG_PTR *count);
NTSTATUS vm_watch_reset(void *base, SIZE_T size);

/* Before the sandbox: opens what vm_query reads. */
void vm_start(void);

#endif
