/* SPDX-License-Identifier: Apache-2.0 */
/* A treap: a binary tree by address that is a heap by random rank. */
#include "layer/api/nt/mem/range.h"

#include <string.h>
#include <sys/mman.h>

enum { CELL = 160, SLAB = 0x40000 };

union cell {
	union cell *next;
	struct range range;
	char bytes[CELL];
};

_Static_assert(sizeof(union cell) == CELL, "a range fits");

/* Cells that were given back, and those of the newest slab that were never used: a page
 * is touched when a cell of it is. */
static union cell *unused;
static union cell *fresh, *fresh_end;
static struct range *root;
static uint32_t seed = 0x9e3779b9;

void *
range_new(size_t size)
{
	if (size > CELL)
		return NULL;
	if (!unused && fresh == fresh_end) {
		union cell *c = mmap(NULL, SLAB, PROT_READ | PROT_WRITE,
		                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (c == MAP_FAILED)
			return NULL;
		fresh = c;
		fresh_end = c + SLAB / CELL;
	}
	if (!unused)
		return fresh++;
	union cell *c = unused;
	unused = c->next;
	memset(c, 0, sizeof *c);
	return c;
}

void
range_free(void *p)
{
	if (!p)
		return;
	union cell *c = p;
	c->next = unused;
	unused = c;
}

static uint64_t
up(uint64_t a)
{
	return (a + RANGE_GRAIN - 1) & ~(uint64_t)(RANGE_GRAIN - 1);
}

static uint64_t
down(uint64_t a)
{
	return a & ~(uint64_t)(RANGE_GRAIN - 1);
}

static uint64_t
most(const struct range *r)
{
	return r ? r->most : 0;
}

static void
sum(struct range *r)
{
	uint64_t m = r->gap;
	if (most(r->left) > m)
		m = most(r->left);
	if (most(r->right) > m)
		m = most(r->right);
	r->most = m;
}

static uint64_t
gap_start(const struct range *r)
{
	return r->prev ? up(r->prev->end) : RANGE_LOW;
}

/* The gap in front of r has changed. */
static void
measure(struct range *r)
{
	uint64_t from = gap_start(r), to = down(r->start);
	r->gap = to > from ? to - from : 0;
	for (; r; r = r->parent)
		sum(r);
}

static void
replace(struct range *old, struct range *new)
{
	struct range *p = old->parent;
	if (!p)
		root = new;
	else if (p->left == old)
		p->left = new;
	else
		p->right = new;
	if (new)
		new->parent = p;
}

/* r comes up in place of its parent. */
static void
rotate(struct range *r)
{
	struct range *p = r->parent;
	replace(p, r);
	if (p->left == r) {
		p->left = r->right;
		if (p->left)
			p->left->parent = p;
		r->right = p;
	} else {
		p->right = r->left;
		if (p->right)
			p->right->parent = p;
		r->left = p;
	}
	p->parent = r;
	sum(p);
	sum(r);
}

struct range *
range_from(uint64_t address)
{
	struct range *r = root, *best = NULL;
	while (r) {
		if (r->end > address) {
			best = r;
			r = r->left;
		} else {
			r = r->right;
		}
	}
	return best;
}

struct range *
range_at(uint64_t address)
{
	struct range *r = range_from(address);
	return r && r->start <= address ? r : NULL;
}

struct range *
range_below(uint64_t address)
{
	struct range *r = root, *best = NULL;
	while (r) {
		if (r->start < address) {
			best = r;
			r = r->right;
		} else {
			r = r->left;
		}
	}
	return best;
}

/* The end of the address space, as a range that is always there: it measures the last gap. */
static struct range end_of_all = { .start = RANGE_HIGH, .end = UINT64_MAX, .rank = UINT32_MAX };

static void
begin(void)
{
	root = &end_of_all;
	measure(root);
}

static uint32_t
rank(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed >> 1;
}

struct range *
range_put(uint64_t start, uint64_t end, struct region *region, uint32_t protect)
{
	if (!root)
		begin();
	struct range *r = range_new(sizeof *r);
	if (!r)
		return NULL;
	*r = (struct range){
		.start = start, .end = end, .region = region, .protect = protect, .rank = rank()
	};
	struct range *p = root, *parent = NULL;
	while (p) {
		parent = p;
		p = start < p->start ? p->left : p->right;
	}
	r->parent = parent;
	if (start < parent->start) {
		parent->left = r;
		r->next = parent;
		r->prev = parent->prev;
	} else {
		parent->right = r;
		r->prev = parent;
		r->next = parent->next;
	}
	if (r->prev)
		r->prev->next = r;
	r->next->prev = r; /* end_of_all is behind each */
	while (r->parent && r->parent->rank < r->rank)
		rotate(r);
	measure(r);
	measure(r->next);
	return r;
}

void
range_remove(struct range *r)
{
	while (r->left && r->right)
		rotate(r->left->rank > r->right->rank ? r->left : r->right);
	replace(r, r->left ? r->left : r->right);
	if (r->parent)
		measure(r->parent);
	if (r->prev)
		r->prev->next = r->next;
	r->next->prev = r->prev;
	measure(r->next);
	range_free(r);
}

struct range *
range_split(struct range *r, uint64_t at)
{
	uint64_t end = r->end;
	r->end = at;
	struct range *second = range_put(at, end, r->region, r->protect);
	if (!second)
		r->end = end;
	return second;
}

/* r and the one behind it, when they are alike. */
static struct range *
join(struct range *r)
{
	struct range *n = r->next;
	if (n->region != r->region || n->protect != r->protect || n->start != r->end)
		return r;
	uint64_t end = n->end;
	range_remove(n);
	r->end = end;
	measure(r->next);
	return r;
}

bool
range_set(uint64_t start, uint64_t end, uint32_t protect)
{
	struct range *r = range_at(start), *last = range_at(end - 1);
	if (!r || !last)
		return false;
	if (r == last && r->protect == protect)
		return true;
	if (last->end != end && !range_split(last, end))
		return false;
	if (r->start != start) {
		struct range *second = range_split(r, start);
		if (!second)
			return false; /* only split: nothing is different */
		r = second;
	}
	while (r->end < end) {
		struct range *n = r->next;
		uint64_t e = n->end;
		range_remove(n);
		r->end = e;
		measure(r->next);
	}
	r->protect = protect;
	if (r->prev && r->prev->end == r->start)
		r = join(r->prev);
	join(r);
	return true;
}

/* The place in one gap. */
static uint64_t
place(const struct range *r, uint64_t size, uint64_t low, uint64_t high, uint64_t align,
      bool top_down)
{
	uint64_t from = gap_start(r), to = down(r->start);
	if (from < low)
		from = low;
	if (to > high)
		to = high;
	from = (from + align - 1) & ~(align - 1);
	if (from >= to || to - from < size)
		return 0;
	if (!top_down)
		return from;
	uint64_t at = (to - size) & ~(align - 1);
	return at >= from ? at : 0;
}

static uint64_t
lowest(const struct range *r, uint64_t size, uint64_t low, uint64_t high, uint64_t align)
{
	while (r && r->most >= size) {
		uint64_t at = 0;
		if (most(r->left) >= size && r->prev && r->prev->start > low)
			at = lowest(r->left, size, low, high, align);
		if (!at && r->gap >= size)
			at = place(r, size, low, high, align, false);
		if (at)
			return at;
		if (r->end >= high)
			return 0;
		r = r->right;
	}
	return 0;
}

static uint64_t
highest(const struct range *r, uint64_t size, uint64_t low, uint64_t high, uint64_t align)
{
	while (r && r->most >= size) {
		uint64_t at = 0;
		if (most(r->right) >= size && r->end < high)
			at = highest(r->right, size, low, high, align);
		if (!at && r->gap >= size)
			at = place(r, size, low, high, align, true);
		if (at)
			return at;
		if (!r->prev || r->prev->start <= low)
			return 0;
		r = r->left;
	}
	return 0;
}

uint64_t
range_gap(uint64_t size, uint64_t low, uint64_t high, uint64_t align, bool top_down)
{
	if (!root)
		begin();
	if (align < RANGE_GRAIN)
		align = RANGE_GRAIN;
	size = up(size);
	if (low < RANGE_LOW)
		low = RANGE_LOW;
	if (high > RANGE_HIGH)
		high = RANGE_HIGH;
	return top_down ? highest(root, size, low, high, align)
	                : lowest(root, size, low, high, align);
}
