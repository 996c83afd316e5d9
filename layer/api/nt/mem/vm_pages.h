/* vm_pages.h -- which pages of a section are committed.
 *
 * Pages of a section that was made with SEC_RESERVE are committed once, in one view, for all
 * views of it: those that there are and those that come later, and they stay so when that view
 * is gone.  Runs of bytes of the section, in order, that neither overlap nor touch.  Guarded by
 * vm.c's lock; its memory is its own, as range.h's is, for the same reason.
 */
#ifndef LAYER_API_NT_MEM_VM_PAGES_H
#define LAYER_API_NT_MEM_VM_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vm_run {
	uint64_t start, end;
};

struct vm_pages {
	struct vm_run *run; /* own; sorted */
	size_t count, room;
};

/* false: no memory; nothing has changed. */
bool vm_pages_add(struct vm_pages *p, uint64_t start, uint64_t end);
/* The first run that ends above this; p->count: there is none. */
size_t vm_pages_from(const struct vm_pages *p, uint64_t at);
void vm_pages_free(struct vm_pages *p);

#endif
