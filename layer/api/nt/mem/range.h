/* range.h -- the map of the address space: ordered ranges that never overlap.
 *
 * A range is a run of pages that are alike and belong to one region.  They are a tree in which
 * each also knows the free space in front of it, so that finding a range, its neighbours or a
 * gap of some size takes logarithmic time, however many there are.  Not locked: vm.c's lock
 * guards it.  Its memory is its own, not the C library's, whose locks a suspended thread may
 * hold.
 */
#ifndef LAYER_API_NT_MEM_RANGE_H
#define LAYER_API_NT_MEM_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct region;

struct range {
	uint64_t start, end;
	struct region *region; /* lent */
	uint32_t protect;      /* PAGE_...; 0: reserved only */
	/* range.c's */
	uint32_t rank;
	uint64_t gap, most; /* free space in front; the most of it in this subtree */
	struct range *left, *right, *parent, *prev, *next;
};

enum { RANGE_GRAIN = 0x10000 }; /* gaps begin and end at multiples of this */

#define RANGE_LOW  0x10000ull
#define RANGE_HIGH 0x7fffffff0000ull /* what a program can have ends here */

/* The one that holds the address, or NULL. */
struct range *range_at(uint64_t address);
/* The first that ends above the address; NULL: none. */
struct range *range_from(uint64_t address);
/* The last that begins below it; NULL: none. */
struct range *range_below(uint64_t address);

/* Put one where nothing is.  NULL: no memory. */
struct range *range_put(uint64_t start, uint64_t end, struct region *r, uint32_t protect);
void range_remove(struct range *r);
/* Two of one, the second from `at`; gives the second.  NULL: no memory. */
struct range *range_split(struct range *r, uint64_t at);
/* Give [start, end) of one region this protection: ranges are split and joined as needed.
 * Not a hole may be in it.  false: no memory; nothing has changed. */
bool range_set(uint64_t start, uint64_t end, uint32_t protect);

/* The lowest (or highest) free place of this size in [low, high), at a multiple of align, which
 * is a power of two; 0: there is none. */
uint64_t range_gap(uint64_t size, uint64_t low, uint64_t high, uint64_t align, bool top_down);

/* Small things that live as long as their region: from the same pages.  NULL: no memory. */
void *range_new(size_t size); /* zeroed; at most 160 bytes */
void range_free(void *p);

#endif
