/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "layer/hal/rv/core.h"
#include "layer/hal/rv/debug.h"
#include "layer/hal/rv/rv.h"

/* Decoded code: blocks in an arena that is emptied when it is full. */

static int64_t
now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void
block_forget_jumps(struct hart *h)
{
	memset(h->core->jump_block, 0, sizeof h->core->jump_block);
}

void
block_drop_all(struct hart *h)
{
	struct core *c = h->core;
	for (uint32_t i = 0; i < c->npage; i++)
		c->page_of[c->page[i].number] = 0;
	c->npage = 0;
	c->used = 0;
	memset(c->hash, 0, sizeof c->hash);
	block_forget_jumps(h);
}

static unsigned
hash(uint64_t paddr)
{
	return (unsigned)((paddr >> 1) * UINT64_C(0x9e3779b97f4a7c15) >> 50);
}

static void
unhash(struct core *c, const struct block *b)
{
	struct block **p = &c->hash[hash(b->paddr)];
	while (*p && *p != b)
		p = &(*p)->same_hash;
	if (*p)
		*p = b->same_hash;
}

static void
drop_page(struct core *c, uint32_t i)
{
	struct page *p = &c->page[i];
	for (struct block *b = p->first; b; b = b->same_page)
		if (!b->lone)
			unhash(c, b);
	c->page_of[p->number] = 0;
	c->page[i] = c->page[--c->npage];
	if (i < c->npage)
		c->page_of[c->page[i].number] = (uint16_t)(i + 1);
}

void
block_fence(struct hart *h)
{
	struct core *c = h->core;
	uint32_t changes = atomic_load(&h->rv->code_changes);
	bool several = h->rv->nhart > 1;
	int64_t young = several ? now() - 1000000 : 0;
	if (changes == c->changes && !several)
		return;
	c->changes = changes;
	bool dropped = false;
	/* Another hart may have stored before our mark on a page reached it, and say so
	 * nowhere; a millisecond is longer than any store is on its way. */
	for (uint32_t i = c->npage; i-- > 0;)
		if (c->page[i].version != atomic_load(&h->rv->version[c->page[i].number]) ||
		    (several && c->page[i].born > young)) {
			drop_page(c, i);
			dropped = true;
		}
	if (dropped)
		block_forget_jumps(h);
}

/* -- decoding ------------------------------------------------------------------------------------ */

static bool
ends_block(unsigned id)
{
	switch (id) {
	case INSN_jal:
	case INSN_jalr:
	case INSN_beq:
	case INSN_bne:
	case INSN_blt:
	case INSN_bge:
	case INSN_bltu:
	case INSN_bgeu:
	case INSN_ecall:
	case INSN_ebreak:
	case INSN_csrrw:
	case INSN_csrrs:
	case INSN_csrrc:
	case INSN_csrrwi:
	case INSN_csrrsi:
	case INSN_csrrci:
	case INSN_fence_i:
	case INSN_mret:
	case INSN_sret:
	case INSN_wfi:
	case INSN_sfence_vma:
	case INSN_sinval_vma:
	case INSN_sfence_w_inval:
	case INSN_sfence_inval_ir:
	case INSN_wrs_nto:
	case INSN_wrs_sto:
	case OP_ILLEGAL: return true;
	default: return false;
	}
}

/* The shape that the interpreter wants: fewer operands where some are known. */
static unsigned
simplify(const struct insn *i)
{
	switch (i->id) {
	case INSN_addi:
		if (!i->rd)
			return OP_NOP;
		return !i->rs1 ? OP_LI : i->imm == 0 ? OP_MV : INSN_addi;
	case INSN_add: return i->rs1 || !i->rd ? INSN_add : OP_MV;
	case INSN_lui: return i->rd ? OP_LI : OP_NOP;
	case INSN_prefetch_i:
	case INSN_prefetch_r:
	case INSN_prefetch_w: return OP_NOP;
	case INSN_pause: return OP_NOP;
	default: return i->id;
	}
}

/* Does the instruction write rd as an integer register? */
static bool
writes_integer(unsigned id)
{
	return insn_rows[id].operands[0] == 'd';
}

static unsigned
put(struct block *b, uint32_t word)
{
	struct insn i;
	struct op *op = &b->op[b->n++];
	unsigned id = insn_decode(word, &i) ? simplify(&i) : OP_ILLEGAL;
	*op = (struct op){ .go = core_go[id],
		           .rd = i.rd,
		           .rs1 = i.rs1,
		           .rs2 = i.rs2,
		           .at = (uint8_t)(b->bytes / 2),
		           .imm = i.imm };
	if (id == OP_MV && i.id == INSN_add)
		op->rs1 = i.rs2;
	else if (id == OP_ILLEGAL)
		op->imm = (int32_t)(i.length == 2 ? word & 0xffff : word);
	else if (strchr(insn_rows[i.id].operands, 'm'))
		op->imm = i.rm | i.rs3 << 8;
	else if (i.id >= INSN_beq && i.id <= INSN_bgeu)
		op->imm += b->bytes;
	else if (i.id == INSN_jal)
		op->imm += b->bytes;
	if (id < INSN_COUNT && !op->rd && writes_integer(id))
		op->rd = 32;
	b->bytes = (uint16_t)(b->bytes + i.length);
	return id;
}

/* Bytes at a physical address; false: nothing is there. */
static bool
peek(struct hart *h, uint64_t paddr, uint16_t *half)
{
	uint64_t v;
	const void *ram = bus_ram(h->bus, paddr, 2);
	if (ram) {
		memcpy(half, ram, 2);
		return true;
	}
	if (!bus_read(h->bus, paddr, 2, &v))
		return false;
	*half = (uint16_t)v;
	return true;
}

static void
finish(struct hart *h, struct block *b)
{
	b->op[b->n] = (struct op){ .go = core_go[OP_END], .at = (uint8_t)(b->bytes / 2) };
	h->core->used += (sizeof *b + (b->n + 1U) * sizeof b->op[0] + 15) & ~(size_t)15;
}

static bool
no_fetch(struct hart *h, uint64_t pc)
{
	h->core->cause = CAUSE_FETCH_ACCESS;
	h->core->tval = pc;
	return false;
}

/* One instruction, which may go on in the next page or stand in no RAM. */
static bool
lone(struct hart *h, uint64_t pc, uint64_t paddr, struct block *b)
{
	uint16_t low, high = 0;
	uint64_t second;
	if (!peek(h, paddr, &low))
		return no_fetch(h, pc);
	if ((low & 3) == 3 &&
	    (!mmu_fetch(h, pc + 2, &second) || (!peek(h, second, &high) && !no_fetch(h, pc + 2))))
		return false;
	b->lone = true;
	put(b, low | (uint32_t)high << 16);
	finish(h, b);
	return true;
}

static struct page *
page_at(struct hart *h, uint64_t paddr)
{
	struct core *c = h->core;
	uint64_t number = (paddr - h->bus->ram_start) >> 12;
	if (c->page_of[number])
		return &c->page[c->page_of[number] - 1];
	struct page *p = &c->page[c->npage++];
	*p = (struct page){ .number = number, .born = h->rv->nhart > 1 ? now() : 0 };
	p->version = atomic_load(&h->rv->version[number]);
	c->page_of[number] = (uint16_t)c->npage;
	atomic_store((_Atomic uint8_t *)&h->rv->code[number], 1);
	return p;
}

/* May a debugger wait there?  Of a page that is decoded once and seen under several
 * addresses only the place inside it tells. */
static bool
marked(const struct hart *h, uint64_t pc)
{
	return h->rv->debugger && h->core->block_most > 1 && debug_near(h->rv->debugger, pc);
}

/* A block that asks whether it stands at a breakpoint, before the one that was just made. */
static struct block *
ask_first(struct hart *h, struct block *real)
{
	struct core *c = h->core;
	struct block *b = (struct block *)(void *)(c->arena + c->used);
	*b = (struct block){ .paddr = real->paddr, .n = 1, .bytes = real->bytes, .lone = true };
	b->next[0] = real;
	b->op[0] = (struct op){ .go = core_go[OP_BREAK] };
	finish(h, b);
	return b;
}

static struct block *
decode(struct hart *h, uint64_t pc, uint64_t paddr)
{
	struct core *c = h->core;
	size_t most = sizeof(struct block) + (BLOCK_OPS + 1) * sizeof(struct op);
	if (c->size - c->used < 2 * most || c->npage + 2 > PAGE_MOST)
		block_drop_all(h);
	struct block *b = (struct block *)(void *)(c->arena + c->used);
	*b = (struct block){ .paddr = paddr };
	const uint8_t *ram = bus_ram(h->bus, paddr, 2);
	uint64_t left = 4096 - (paddr & 4095);
	bool even = mmu_even(h, paddr & ~UINT64_C(4095));
	bool whole = ram && even && (left >= 4 || (*ram & 3) != 3);
	if (ram) {
		/* the mark comes before the bytes are read */
		struct page *p = page_at(h, paddr);
		b->same_page = p->first;
		if (whole)
			p->first = b;
		else
			b->same_page = NULL;
	}
	if (!whole || c->block_most == 1 || marked(h, pc)) {
		uint64_t second;
		if (!lone(h, pc, paddr, b))
			return NULL;
		if (!whole && b->bytes == 4 && mmu_fetch(h, pc + 2, &second) &&
		    bus_ram(h->bus, second, 2))
			page_at(h, second);
		if (whole)
			c->page[c->page_of[(paddr - h->bus->ram_start) >> 12] - 1].first =
			        b->same_page;
		return marked(h, pc) ? ask_first(h, b) : b;
	}
	while (b->n < BLOCK_OPS && b->bytes < left) {
		uint32_t word = 0;
		uint64_t more = left - b->bytes;
		memcpy(&word, ram + b->bytes, more < 4 ? more : 4);
		if ((more < 4 && (word & 3) == 3) || marked(h, pc + b->bytes))
			break;
		if (ends_block(put(b, word)))
			break;
	}
	finish(h, b);
	unsigned k = hash(paddr);
	b->same_hash = c->hash[k];
	c->hash[k] = b;
	return b;
}

struct block *
block_find(struct hart *h, uint64_t pc)
{
	struct core *c = h->core;
	uint64_t paddr;
	if (!mmu_fetch(h, pc, &paddr))
		return NULL;
	struct block *b = c->hash[hash(paddr)];
	while (b && b->paddr != paddr)
		b = b->same_hash;
	if (!b)
		b = decode(h, pc, paddr);
	/* What is not in RAM may say something else next time, and a page under several
	 * rules is asked for each instruction. */
	if (b && bus_ram(h->bus, paddr, 2) && c->block_most > 1 &&
	    mmu_even(h, paddr & ~UINT64_C(4095))) {
		unsigned i = pc >> 1 & (JUMP_SIZE - 1);
		c->jump_pc[i] = pc ^ c->key;
		c->jump_block[i] = b;
	}
	return b;
}
