/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/rv/hart.h"
#include "layer/hal/rv/core.h"
#include "layer/hal/rv/csr.h"

/* Exceptions, interrupts and the returns from them: privileged architecture 3.1.6 to
 * 3.1.15, 3.3.2, 12.1. */

void
trap_mode(struct hart *h, enum mode m)
{
	h->mode = (uint8_t)m;
	mmu_space(h);
}

static void
enter(struct hart *h, uint64_t cause, uint64_t tval, bool to_s)
{
	bool interrupt = cause >> 63;
	uint64_t vector = to_s ? h->stvec : h->mtvec, st = h->mstatus;
	if (to_s) {
		h->scause = cause;
		h->sepc = h->pc;
		h->stval = tval;
		st &= ~(MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_SIE);
		st |= h->mstatus & MSTATUS_SIE ? MSTATUS_SPIE : 0;
		st |= h->mode == MODE_S ? MSTATUS_SPP : 0;
	} else {
		h->mcause = cause;
		h->mepc = h->pc;
		h->mtval = tval;
		st &= ~(MSTATUS_MPIE | MSTATUS_MPP | MSTATUS_MIE);
		st |= h->mstatus & MSTATUS_MIE ? MSTATUS_MPIE : 0;
		st |= (uint64_t)h->mode << 11;
	}
	h->mstatus = st;
	h->pc = vector & ~UINT64_C(3);
	if (vector & 1 && interrupt)
		h->pc += 4 * (cause & 63);
	trap_mode(h, to_s ? MODE_S : MODE_M);
}

void
trap_raise(struct hart *h, uint64_t cause, uint64_t tval)
{
	h->waiting = false;
	enter(h, cause, tval, h->mode != MODE_M && h->medeleg >> cause & 1);
}

bool
hart_pending(const struct hart *h)
{
	return csr_mip(h) & h->mie;
}

/* The interrupt that would be taken now, or -1. */
static int
due(const struct hart *h, bool *to_s)
{
	static const uint8_t order[] = { IRQ_MEI, IRQ_MSI, IRQ_MTI,  IRQ_SEI,
		                         IRQ_SSI, IRQ_STI, IRQ_LCOFI };
	uint64_t pending = csr_mip(h) & h->mie;
	uint64_t m = pending & ~h->mideleg, s = pending & h->mideleg;
	if (h->mode == MODE_M && !(h->mstatus & MSTATUS_MIE))
		m = 0;
	if (h->mode == MODE_M || (h->mode == MODE_S && !(h->mstatus & MSTATUS_SIE)))
		s = 0;
	*to_s = !m;
	uint64_t take = m ? m : s;
	for (unsigned i = 0; take && i < sizeof order; i++)
		if (take >> order[i] & 1)
			return order[i];
	return -1;
}

bool
trap_interrupt(struct hart *h)
{
	bool to_s;
	int irq = due(h, &to_s);
	if (irq < 0)
		return false;
	h->waiting = false;
	enter(h, UINT64_C(1) << 63 | (unsigned)irq, 0, to_s);
	return true;
}

bool
trap_mret(struct hart *h)
{
	if (h->mode != MODE_M)
		return false;
	uint64_t st = h->mstatus;
	enum mode to = st >> 11 & 3;
	st = (st & ~MSTATUS_MIE) | (st & MSTATUS_MPIE ? MSTATUS_MIE : 0);
	st |= MSTATUS_MPIE;
	st &= ~MSTATUS_MPP;
	if (to != MODE_M)
		st &= ~MSTATUS_MPRV;
	h->mstatus = st;
	h->pc = h->mepc;
	h->reserved_size = 0;
	trap_mode(h, to);
	return true;
}

bool
trap_sret(struct hart *h)
{
	if (h->mode == MODE_U || (h->mode == MODE_S && h->mstatus & MSTATUS_TSR))
		return false;
	uint64_t st = h->mstatus;
	enum mode to = st & MSTATUS_SPP ? MODE_S : MODE_U;
	st = (st & ~MSTATUS_SIE) | (st & MSTATUS_SPIE ? MSTATUS_SIE : 0);
	st |= MSTATUS_SPIE;
	st &= ~(MSTATUS_SPP | MSTATUS_MPRV);
	h->mstatus = st;
	h->pc = h->sepc;
	h->reserved_size = 0;
	trap_mode(h, to);
	return true;
}
