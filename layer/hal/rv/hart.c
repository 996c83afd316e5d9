/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/rv/hart.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/arena.h"
#include "layer/hal/rv/core.h"
#include "layer/hal/rv/csr.h"
#include "layer/hal/rv/rv.h"

#define H struct hart
/* clang-format off */
const struct field hart_fields[] = {
	{ "x", FIELD_U64, offsetof(H, x), 32 }, FIELD_OF_U64(H, f), FIELD_OF_U64(H, pc),
	FIELD_OF_U8(H, mode), FIELD_OF_U8(H, state), FIELD_OF_BOOL(H, waiting),
	FIELD_OF_U8(H, fflags), FIELD_OF_U8(H, frm),
	FIELD_OF_U64(H, mstatus), FIELD_OF_U64(H, medeleg), FIELD_OF_U64(H, mideleg),
	FIELD_OF_U64(H, mie), FIELD_OF_U64(H, mtvec), FIELD_OF_U64(H, mscratch),
	FIELD_OF_U64(H, mepc), FIELD_OF_U64(H, mcause), FIELD_OF_U64(H, mtval),
	FIELD_OF_U64(H, menvcfg), FIELD_OF_U64(H, mcounteren), FIELD_OF_U64(H, mcountinhibit),
	FIELD_OF_U64(H, mseccfg), FIELD_OF_U64(H, stvec), FIELD_OF_U64(H, scounteren),
	FIELD_OF_U64(H, senvcfg), FIELD_OF_U64(H, sscratch), FIELD_OF_U64(H, sepc),
	FIELD_OF_U64(H, scause), FIELD_OF_U64(H, stval), FIELD_OF_U64(H, satp),
	FIELD_OF_U64(H, stimecmp), FIELD_OF_U64(H, mhpmevent), FIELD_OF_U64(H, counter_base),
	FIELD_OF_U64(H, instret), FIELD_OF_U8(H, pmpcfg), FIELD_OF_U64(H, pmpaddr),
	FIELD_OF_U64(H, reserved_addr), FIELD_OF_U64(H, reserved_value),
	FIELD_OF_U8(H, reserved_size), FIELD_OF_U64(H, soft_mip),
	{ NULL, FIELD_U8, 0, 0 },
};
/* clang-format on */

enum { ARENA = 6 << 20, ARENA_LEAST = 2 << 20 };

struct hart *
hart_new(struct rv *r, struct bus *b, uint32_t id)
{
	struct core *c = mmap(NULL, sizeof *c, PROT_READ | PROT_WRITE,
	                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (c == MAP_FAILED)
		return NULL;
	c->size = ARENA / r->nhart > ARENA_LEAST ? ARENA / r->nhart : ARENA_LEAST;
	c->arena = mmap(NULL, c->size, PROT_READ | PROT_WRITE,
	                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (c->arena == MAP_FAILED) {
		munmap(c, sizeof *c);
		return NULL;
	}
	if (!core_go[0])
		hart_run(NULL);
	struct hart *h = xcalloc(1, sizeof *h);
	c->page_of = xcalloc(b->ram_size >> 12, sizeof *c->page_of);
	h->core = c;
	h->rv = r;
	h->bus = b;
	h->id = id;
	hart_reset(h);
	return h;
}

void
hart_free(struct hart *h)
{
	if (!h)
		return;
	free(h->core->page_of);
	munmap(h->core->arena, h->core->size);
	munmap(h->core, sizeof *h->core);
	free(h);
}

void
hart_reset(struct hart *h)
{
	for (const struct field *f = hart_fields; f->name; f++) {
		static const uint8_t width[] = { 1, 1, 2, 4, 8 };
		memset((char *)h + f->offset, 0, (size_t)f->count * width[f->kind]);
	}
	h->mode = MODE_M;
	h->stimecmp = UINT64_MAX;
	atomic_store(&h->wires, 0);
	atomic_store(&h->poked, 0);
	h->core->limit = UINT64_MAX;
	h->core->block_most = BLOCK_OPS;
	atomic_store(&h->limit, UINT64_MAX);
	block_drop_all(h);
	mmu_pmp_changed(h);
	mmu_space(h);
}

void
hart_start(struct hart *h, uint64_t pc, enum mode mode, uint64_t a0, uint64_t a1)
{
	h->pc = pc;
	h->x[10] = a0;
	h->x[11] = a1;
	h->satp = 0;
	h->mstatus &= ~(MSTATUS_SIE | MSTATUS_MIE);
	h->state = HART_STARTED;
	h->waiting = false;
	mmu_flush(h);
	trap_mode(h, mode);
}

void
hart_poke(struct hart *h, enum hart_poke_reason why)
{
	atomic_fetch_or(&h->poked, why);
	atomic_store(&h->limit, 0);
}

void
hart_trap(struct hart *h, uint64_t cause, uint64_t tval)
{
	trap_raise(h, cause, tval);
}

void
hart_flush_tlb(struct hart *h)
{
	mmu_flush(h);
}

void
hart_flush_code(struct hart *h)
{
	block_drop_all(h);
}

/* -- looking from outside ---------------------------------------------------------------------- */

bool
hart_translate(struct hart *h, uint64_t vaddr, uint64_t *paddr)
{
	enum space s = h->mode == MODE_M ? SPACE_M : h->mode == MODE_U ? SPACE_U : SPACE_SUM;
	uint64_t size;
	for (enum access a = ACCESS_READ; a <= ACCESS_FETCH; a += 2)
		if (mmu_walk(h, vaddr, a, s, true, paddr, &size))
			return true;
	return false;
}

static bool
copy(struct hart *h, uint64_t vaddr, void *to, const void *from, uint64_t n)
{
	for (uint64_t done = 0, piece; done < n; done += piece) {
		uint64_t at = vaddr + done, paddr;
		piece = 4096 - (at & 4095);
		if (piece > n - done)
			piece = n - done;
		void *ram = hart_translate(h, at, &paddr) ? bus_ram(h->bus, paddr, piece) : NULL;
		if (!ram)
			return false;
		if (to) {
			memcpy((char *)to + done, ram, piece);
		} else {
			memcpy(ram, (const char *)from + done, piece);
			bus_wrote(h->bus, paddr, piece);
		}
	}
	return true;
}

bool
hart_peek(struct hart *h, uint64_t vaddr, void *to, uint64_t n)
{
	return copy(h, vaddr, to, NULL, n);
}

bool
hart_write(struct hart *h, uint64_t vaddr, const void *from, uint64_t n)
{
	return copy(h, vaddr, NULL, from, n);
}
