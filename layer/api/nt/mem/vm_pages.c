/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/mem/vm_pages.h"

#include <string.h>
#include <sys/mman.h>

enum { FIRST = 4096 / sizeof(struct vm_run) };

static bool
grow(struct vm_pages *p)
{
	size_t more = p->room ? p->room * 2 : FIRST;
	void *q = p->room ? mremap(p->run, p->room * sizeof *p->run, more * sizeof *p->run,
	                           MREMAP_MAYMOVE)
	                  : mmap(NULL, more * sizeof *p->run, PROT_READ | PROT_WRITE,
	                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (q == MAP_FAILED)
		return false;
	p->run = q;
	p->room = more;
	return true;
}

size_t
vm_pages_from(const struct vm_pages *p, uint64_t at)
{
	size_t low = 0, high = p->count;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (p->run[mid].end > at)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

bool
vm_pages_add(struct vm_pages *p, uint64_t start, uint64_t end)
{
	/* Those that it touches, at an edge too, become one with it. */
	size_t first = start ? vm_pages_from(p, start - 1) : 0, last = first;
	while (last < p->count && p->run[last].start <= end)
		last++;
	if (first == last && p->count == p->room && !grow(p))
		return false;
	if (first < last) {
		if (p->run[first].start < start)
			start = p->run[first].start;
		if (p->run[last - 1].end > end)
			end = p->run[last - 1].end;
	}
	memmove(p->run + first + 1, p->run + last, (p->count - last) * sizeof *p->run);
	p->count = p->count - (last - first) + 1;
	p->run[first] = (struct vm_run){ start, end };
	return true;
}

void
vm_pages_free(struct vm_pages *p)
{
	if (p->room)
		munmap(p->run, p->room * sizeof *p->run);
	*p = (struct vm_pages){ 0 };
}
