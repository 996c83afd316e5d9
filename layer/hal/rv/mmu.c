/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <string.h>

#include "layer/hal/rv/core.h"
#include "layer/hal/rv/csr.h"
#include "layer/hal/rv/rv.h"

/* Virtual addresses: privileged architecture 12.3 to 12.7, PMP 3.7. */

enum {
	PTE_V = 1,
	PTE_R = 2,
	PTE_W = 4,
	PTE_X = 8,
	PTE_U = 16,
	PTE_A = 64,
	PTE_D = 128,
};
#define PTE_N      (UINT64_C(1) << 63)
#define PTE_PBMT   (UINT64_C(3) << 61)
#define PTE_REST   (UINT64_C(0x7f) << 54)
#define PTE_PPN(p) ((p) >> 10 & ((UINT64_C(1) << 44) - 1))

static bool
refuse(struct hart *h, enum access a, bool page, uint64_t addr)
{
	static const uint8_t causes[][2] = {
		[ACCESS_READ] = { CAUSE_LOAD_ACCESS, CAUSE_LOAD_PAGE },
		[ACCESS_WRITE] = { CAUSE_STORE_ACCESS, CAUSE_STORE_PAGE },
		[ACCESS_FETCH] = { CAUSE_FETCH_ACCESS, CAUSE_FETCH_PAGE },
	};
	h->core->cause = causes[a][page];
	h->core->tval = addr;
	return false;
}

/* -- PMP -------------------------------------------------------------------------------------- */

/* The range of entry i; false: it is off. */
static bool
pmp_range(const struct hart *h, unsigned i, uint64_t *from, uint64_t *to)
{
	uint64_t a = h->pmpaddr[i];
	switch (h->pmpcfg[i] >> 3 & 3) {
	case 1:
		*from = i ? h->pmpaddr[i - 1] << 2 : 0;
		*to = a << 2;
		return *from < *to;
	case 2:
		*from = a << 2;
		*to = *from + 4;
		return true;
	case 3: {
		uint64_t size = (a ^ (a + 1)) + 1; /* of 4 bytes */
		*from = (a & ~(size - 1)) << 2;
		*to = size > UINT64_MAX >> 3 ? UINT64_MAX : *from + (size << 2);
		return true;
	}
	default: return false;
	}
}

bool
mmu_pmp(const struct hart *h, uint64_t paddr, uint64_t size, enum access a, enum mode m)
{
	static const uint8_t need[] = { 1, 2, 4 };
	bool any = false;
	if (!h->core->pmp)
		return true;
	for (unsigned i = 0; i < 16; i++) {
		uint64_t from, to;
		any |= (h->pmpcfg[i] & 0x18) != 0;
		if (!pmp_range(h, i, &from, &to) || paddr >= to || paddr + size <= from)
			continue;
		if (paddr < from || paddr + size > to)
			return false;
		if (m == MODE_M && !(h->pmpcfg[i] & 0x80))
			return true;
		return (h->pmpcfg[i] & need[a]) != 0;
	}
	return m == MODE_M || !any;
}

void
mmu_pmp_changed(struct hart *h)
{
	h->core->pmp = false;
	for (unsigned i = 0; i < 16; i++)
		h->core->pmp |= (h->pmpcfg[i] & 0x18) != 0;
	mmu_flush(h);
}

/* Does one rule hold for the whole page? */
bool
mmu_even(const struct hart *h, uint64_t page)
{
	if (!h->core->pmp)
		return true;
	for (unsigned i = 0; i < 16; i++) {
		uint64_t from, to;
		if (!pmp_range(h, i, &from, &to) || page >= to || page + 4096 <= from)
			continue;
		return page >= from && page + 4096 <= to;
	}
	return true;
}

/* -- the tables --------------------------------------------------------------------------------- */

static enum mode
mode_of(enum space s)
{
	return s == SPACE_U ? MODE_U : s == SPACE_M ? MODE_M : MODE_S;
}

/* What a leaf allows: 12.3.1, and Svnapot, Svpbmt. */
static bool
allowed(const struct hart *h, uint64_t pte, enum access a, enum space s)
{
	bool user = pte & PTE_U;
	if (s == SPACE_U ? !user : user && (s == SPACE_S || a == ACCESS_FETCH))
		return false;
	switch (a) {
	case ACCESS_FETCH: return pte & PTE_X;
	case ACCESS_WRITE: return pte & PTE_W;
	default: return pte & PTE_R || (h->mstatus & MSTATUS_MXR && pte & PTE_X);
	}
}

static bool
well_formed(const struct hart *h, uint64_t pte, bool leaf)
{
	if (!(pte & PTE_V) || (pte & (PTE_R | PTE_W)) == PTE_W || pte & PTE_REST)
		return false;
	if (!leaf)
		return !(pte & (PTE_N | PTE_PBMT | PTE_U | PTE_A | PTE_D));
	if (pte & PTE_PBMT && (!(h->menvcfg & MENVCFG_PBMTE) || (pte & PTE_PBMT) == PTE_PBMT))
		return false;
	return true;
}

/* Set A, and D for a store; false: the table's entry has changed meanwhile. */
static bool
touch(uint64_t *at, uint64_t pte, uint64_t more)
{
	return atomic_compare_exchange_strong((_Atomic uint64_t *)(void *)at, &pte, pte | more);
}

bool
mmu_walk(struct hart *h, uint64_t addr, enum access a, enum space s, bool peek, uint64_t *paddr,
         uint64_t *page_size)
{
	unsigned scheme = (unsigned)(h->satp >> 60), levels = scheme - 5;
	if (s == SPACE_M || scheme < 8) {
		*paddr = addr;
		*page_size = UINT64_C(1) << 30;
		return s == SPACE_M || addr >> 56 == 0 ? true : refuse(h, a, false, addr);
	}
	unsigned shift = 12 + 9 * levels;
	if ((uint64_t)((int64_t)(addr << (64 - shift)) >> (64 - shift)) != addr)
		return refuse(h, a, true, addr);
again:;
	uint64_t table = (h->satp & ((UINT64_C(1) << 44) - 1)) << 12;
	unsigned level = levels, near = addr >> 21 & (WALK_SIZE - 1);
	if (h->core->walk[near].tag == addr >> 21 << 21) {
		table = h->core->walk[near].table;
		level = 1;
	}
	while (level-- > 0) {
		uint64_t place = table + (addr >> (12 + 9 * level) & 511) * 8;
		uint64_t *at = bus_ram(h->bus, place, 8);
		if (!at || !mmu_pmp(h, place, 8, ACCESS_READ, MODE_S))
			return refuse(h, a, false, addr);
		uint64_t pte =
		        atomic_load_explicit((_Atomic uint64_t *)(void *)at, memory_order_relaxed);
		bool leaf = pte & (PTE_R | PTE_W | PTE_X);
		if (!well_formed(h, pte, leaf))
			return refuse(h, a, true, addr);
		if (!leaf) {
			table = PTE_PPN(pte) << 12;
			if (level == 1 && !peek) {
				h->core->walk[near].tag = addr >> 21 << 21;
				h->core->walk[near].table = table;
			}
			continue;
		}
		uint64_t size = UINT64_C(4096) << 9 * level, ppn = PTE_PPN(pte);
		if (pte & PTE_N) {
			/* Svnapot: 64 KiB */
			if (level || (ppn & 15) != 8)
				return refuse(h, a, true, addr);
			size = 65536;
			ppn &= ~UINT64_C(15);
		}
		if (ppn << 12 & (size - 1) || !allowed(h, pte, a, s))
			return refuse(h, a, true, addr);
		uint64_t more = (PTE_A | (a == ACCESS_WRITE ? PTE_D : 0)) & ~pte;
		if (more && !peek) {
			if (!(h->menvcfg & MENVCFG_ADUE))
				return refuse(h, a, true, addr);
			if (!mmu_pmp(h, place, 8, ACCESS_WRITE, MODE_S))
				return refuse(h, a, false, addr);
			if (!touch(at, pte, more))
				goto again;
		}
		*paddr = ppn << 12 | (addr & (size - 1));
		*page_size = size;
		return true;
	}
	return refuse(h, a, true, addr);
}

/* -- spaces --------------------------------------------------------------------------------------- */

static enum space
space_of(const struct hart *h, enum mode m)
{
	if (m == MODE_M)
		return SPACE_M;
	if (m == MODE_U)
		return SPACE_U;
	return h->mstatus & MSTATUS_SUM ? SPACE_SUM : SPACE_S;
}

void
mmu_space(struct hart *h)
{
	enum mode m = h->mode;
	if (m == MODE_M && h->mstatus & MSTATUS_MPRV)
		m = h->mstatus >> 11 & 3;
	h->core->data = h->core->tlb[space_of(h, m)];
	/* No address has bits 63 and 62 apart, and none of an instruction is odd. */
	h->core->key = h->mode == MODE_M ? UINT64_C(1) << 62 : h->mode == MODE_U;
}

static enum space
data_space(const struct hart *h)
{
	return (enum space)((h->core->data - h->core->tlb[0]) / TLB_SIZE);
}

void
mmu_flush(struct hart *h)
{
	struct core *c = h->core;
	for (unsigned s = 0; s < SPACE_COUNT; s++)
		for (unsigned i = 0; i < TLB_SIZE; i++)
			c->tlb[s][i].read = c->tlb[s][i].write = TLB_NONE;
	for (unsigned i = 0; i < WALK_SIZE; i++)
		c->walk[i].tag = 1;
	for (unsigned i = 0; i < FETCH_SIZE; i++)
		c->fetch[i].page = 2; /* ^ key it can be no page */
	block_forget_jumps(h);
}

void
mmu_flush_page(struct hart *h, uint64_t addr)
{
	struct core *c = h->core;
	uint64_t page = addr >> 12;
	for (unsigned s = 0; s < SPACE_M; s++) {
		struct tlb *t = &c->tlb[s][page % TLB_SIZE];
		t->read = t->write = TLB_NONE;
	}
	c->walk[addr >> 21 & (WALK_SIZE - 1)].tag = 1;
	c->fetch[page % FETCH_SIZE].page = 2;
	block_forget_jumps(h);
}

/* -- data --------------------------------------------------------------------------------------------- */

void
mmu_wrote_code(struct hart *h, uint64_t paddr)
{
	rv_code_changed(h->rv, (paddr - h->bus->ram_start) >> 12);
}

/* Keep the translation of a page of RAM. */
static void
keep(struct hart *h, uint64_t addr, uint64_t paddr, enum access a)
{
	uint64_t page = paddr & ~UINT64_C(4095), vpage = addr & ~UINT64_C(4095);
	uint8_t *host = bus_ram(h->bus, page, 4096);
	if (!host || !mmu_even(h, page))
		return;
	struct tlb *t = &h->core->data[addr >> 12 & (TLB_SIZE - 1)];
	uintptr_t add = (uintptr_t)host - vpage;
	if (t->add != add)
		t->read = t->write = TLB_NONE;
	t->add = add;
	t->code = &h->rv->code[(page - h->bus->ram_start) >> 12];
	if (a == ACCESS_READ)
		t->read = vpage;
	else
		t->write = vpage;
}

/* Where an access that crosses no page goes. */
static bool
translate(struct hart *h, uint64_t addr, unsigned size, enum access a, uint64_t *paddr)
{
	uint64_t page_size;
	enum space s = data_space(h);
	if (!mmu_walk(h, addr, a, s, false, paddr, &page_size))
		return false;
	if (!mmu_pmp(h, *paddr, size, a, mode_of(s)))
		return refuse(h, a, false, addr);
	keep(h, addr, *paddr, a);
	return true;
}

static bool
crosses(uint64_t addr, unsigned size)
{
	return (addr & 4095) + size > 4096;
}

bool
mmu_load(struct hart *h, uint64_t addr, unsigned size, uint64_t *value)
{
	uint64_t paddr, byte;
	*value = 0;
	if (crosses(addr, size)) {
		for (unsigned i = 0; i < size; i++) {
			if (!mmu_load(h, addr + i, 1, &byte))
				return false;
			*value |= byte << 8 * i;
		}
		return true;
	}
	if (!translate(h, addr, size, ACCESS_READ, &paddr))
		return false;
	const void *ram = bus_ram(h->bus, paddr, size);
	if (ram) {
		memcpy(value, ram, size);
		return true;
	}
	if (bus_read(h->bus, paddr, size, value))
		return true;
	refuse(h, ACCESS_READ, false, addr);
	/* devices have no bytes between two registers */
	if (addr & (size - 1))
		h->core->cause = CAUSE_LOAD_MISALIGNED;
	return false;
}

bool
mmu_store(struct hart *h, uint64_t addr, unsigned size, uint64_t value)
{
	uint64_t paddr;
	if (crosses(addr, size)) {
		/* Both pages must allow it before a byte is written. */
		uint64_t last = (addr + size - 1) & ~UINT64_C(4095);
		if (!translate(h, addr, 1, ACCESS_WRITE, &paddr) ||
		    !translate(h, last, 1, ACCESS_WRITE, &paddr))
			return false;
		for (unsigned i = 0; i < size; i++)
			if (!mmu_store(h, addr + i, 1, value >> 8 * i & 255))
				return false;
		return true;
	}
	if (!translate(h, addr, size, ACCESS_WRITE, &paddr))
		return false;
	void *ram = bus_ram(h->bus, paddr, size);
	if (ram) {
		memcpy(ram, &value, size);
		if (h->rv->code[(paddr - h->bus->ram_start) >> 12])
			mmu_wrote_code(h, paddr);
		return true;
	}
	if (addr & (size - 1)) {
		h->core->cause = CAUSE_STORE_MISALIGNED;
		h->core->tval = addr;
		return false;
	}
	return bus_write(h->bus, paddr, size, value) ? true : refuse(h, ACCESS_WRITE, false, addr);
}

void *
mmu_atomic(struct hart *h, uint64_t addr, unsigned size)
{
	uint64_t paddr;
	if (addr & (size - 1)) {
		h->core->cause = CAUSE_STORE_MISALIGNED;
		h->core->tval = addr;
		return NULL;
	}
	if (!translate(h, addr, size, ACCESS_WRITE, &paddr))
		return NULL;
	void *ram = bus_ram(h->bus, paddr, size);
	if (!ram)
		refuse(h, ACCESS_WRITE, false, addr);
	else if (h->rv->code[(paddr - h->bus->ram_start) >> 12])
		mmu_wrote_code(h, paddr);
	return ram;
}

/* -- code ----------------------------------------------------------------------------------------------- */

bool
mmu_fetch(struct hart *h, uint64_t addr, uint64_t *paddr)
{
	struct core *c = h->core;
	uint64_t page = addr & ~UINT64_C(4095), tag = page ^ c->key, size;
	unsigned i = addr >> 12 & (FETCH_SIZE - 1);
	if (c->fetch[i].page == tag) {
		*paddr = c->fetch[i].paddr | (addr & 4095);
		return true;
	}
	enum space s = space_of(h, h->mode);
	if (!mmu_walk(h, addr, ACCESS_FETCH, s, false, paddr, &size))
		return false;
	if (!mmu_pmp(h, *paddr, 2, ACCESS_FETCH, mode_of(s)))
		return refuse(h, ACCESS_FETCH, false, addr);
	if (mmu_even(h, *paddr & ~UINT64_C(4095))) {
		c->fetch[i].page = tag;
		c->fetch[i].paddr = *paddr & ~UINT64_C(4095);
	}
	return true;
}
