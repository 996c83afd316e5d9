/* vm_region.h -- what vm.c and its sister files share: regions, the lock, what the host has.
 *
 * Whoever uses these holds the lock.
 */
#ifndef LAYER_API_NT_MEM_VM_REGION_H
#define LAYER_API_NT_MEM_VM_REGION_H

#include "layer/api/nt/mem/range.h"
#include "layer/api/nt/mem/vm.h"

struct region {
	uint64_t base, size;
	DWORD type;    /* MEM_PRIVATE, MEM_MAPPED, MEM_IMAGE */
	DWORD protect; /* as allocated */
	bool placeholder;
	bool replaced;      /* a placeholder was here before */
	bool foreign;       /* adopted: not ours to unmap; of MEM_PRIVATE, a stack */
	bool changed;       /* a stack's: by the program */
	bool copy, reserve; /* a view's */
	bool image;         /* a view's: of a program */
	DWORD most;
	struct object *section; /* own (a count), or NULL */
	struct vm_pages *pages; /* the section's; or NULL */
	uint64_t offset;
	uint64_t *dirty; /* own: a bit for each page, of a write watch; NULL without one */
	uint32_t faults; /* of the watch */
};

static inline bool
vm_is_stack(const struct region *r)
{
	return r->foreign && r->type == MEM_PRIVATE;
}

void vm_lock(void);
void vm_unlock(void);
static inline uint64_t
vm_page_down(uint64_t a)
{
	return a & ~(uint64_t)(VM_PAGE - 1);
}
static inline uint64_t
vm_page_up(uint64_t a)
{
	return (a + VM_PAGE - 1) & ~(uint64_t)(VM_PAGE - 1);
}

/* Make the host's protection that of these pages, which all have `protect`; -1: errno. */
int vm_apply(struct region *r, uint64_t start, uint64_t end, DWORD protect);
/* The region that holds all of [start, end); NULL: none does. */
struct region *vm_region_of(uint64_t start, uint64_t end);
/* vm_watch.c */
bool vm_watch_make(struct region *r);
void vm_watch_free(struct region *r);
int vm_watch_apply(struct region *r, uint64_t start, uint64_t end, int prot);
void vm_watch_clear(struct region *r, uint64_t start, uint64_t end);
/* vm_placeholder.c */
NTSTATUS vm_placeholder_free(struct region *r, uint64_t base, uint64_t size, DWORD type);
/* Two of one at an address inside; NULL: no memory. */
struct region *vm_region_split(struct region *r, uint64_t at);

#endif
