/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/rv/hart.h"
#include "layer/hal/rv/csr.h"

#include <stdatomic.h>

#include "layer/hal/rv/core.h"
#include "layer/hal/rv/rv.h"

#define S_INTERRUPTS (BIT(IRQ_SSI) | BIT(IRQ_STI) | BIT(IRQ_SEI) | BIT(IRQ_LCOFI))
#define M_INTERRUPTS (BIT(IRQ_MSI) | BIT(IRQ_MTI) | BIT(IRQ_MEI))
#define MISA                                                                                       \
	(UINT64_C(2) << 62 | BIT('A' - 'A') | BIT('C' - 'A') | BIT('D' - 'A') | BIT('F' - 'A') |   \
	 BIT('I' - 'A') | BIT('M' - 'A') | BIT('S' - 'A') | BIT('U' - 'A'))
#define SSTATUS (MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_FS | MSTATUS_SUM | MSTATUS_MXR)

/* -- floating point ------------------------------------------------------------------------ */

static void
fp_dirty(struct hart *h)
{
	h->mstatus |= MSTATUS_FS;
}

static uint64_t get_fflags(struct hart *h, unsigned csr) { (void)csr; return h->fflags; }
static uint64_t get_frm(struct hart *h, unsigned csr) { (void)csr; return h->frm; }
static uint64_t
get_fcsr(struct hart *h, unsigned csr)
{
	(void)csr;
	return (uint64_t)h->frm << 5 | h->fflags;
}

static void
set_fflags(struct hart *h, unsigned csr, uint64_t v)
{
	(void)csr;
	h->fflags = v & 31;
	fp_dirty(h);
}

static void
set_frm(struct hart *h, unsigned csr, uint64_t v)
{
	(void)csr;
	h->frm = v & 7;
	fp_dirty(h);
}

static void
set_fcsr(struct hart *h, unsigned csr, uint64_t v)
{
	set_fflags(h, csr, v);
	set_frm(h, csr, v >> 5);
}

/* -- counters --------------------------------------------------------------------------------- */

/* Does counter n run?  An event of hpm counters is 1 for cycles, 2 for instructions; a cycle
 * is an instruction here. */
static bool
runs(const struct hart *h, unsigned n)
{
	if (h->mcountinhibit >> n & 1)
		return false;
	return n < 3 || h->mhpmevent[n] == 1 || h->mhpmevent[n] == 2;
}

static uint64_t
counter(const struct hart *h, unsigned n)
{
	return h->counter_base[n] + (runs(h, n) ? h->instret : 0);
}

static void
count_from(struct hart *h, unsigned n, uint64_t v)
{
	h->counter_base[n] = v - (runs(h, n) ? h->instret : 0);
}

static uint64_t get_cycle(struct hart *h, unsigned csr) { (void)csr; return counter(h, 0); }
static uint64_t get_instret(struct hart *h, unsigned csr) { (void)csr; return counter(h, 2); }
static uint64_t get_hpmcounter(struct hart *h, unsigned csr) { return counter(h, csr & 31); }
static uint64_t get_time(struct hart *h, unsigned csr) { (void)csr; return rv_time(h->rv); }
static uint64_t get_mcycle(struct hart *h, unsigned csr) { (void)csr; return counter(h, 0); }
static uint64_t get_minstret(struct hart *h, unsigned csr) { (void)csr; return counter(h, 2); }
static uint64_t get_mhpmcounter(struct hart *h, unsigned csr) { return counter(h, csr & 31); }
static uint64_t get_mhpmevent(struct hart *h, unsigned csr) { return h->mhpmevent[csr & 31]; }
static uint64_t get_mcountinhibit(struct hart *h, unsigned csr) { (void)csr; return h->mcountinhibit; }

static void
set_mhpmcounter(struct hart *h, unsigned csr, uint64_t v)
{
	/* The instruction that writes is counted, too, but not in what it wrote. */
	count_from(h, csr & 31, v - (runs(h, csr & 31) ? 1 : 0));
}
static void set_mcycle(struct hart *h, unsigned csr, uint64_t v) { set_mhpmcounter(h, csr, v); }
static void set_minstret(struct hart *h, unsigned csr, uint64_t v) { set_mhpmcounter(h, csr, v); }

static void
set_mhpmevent(struct hart *h, unsigned csr, uint64_t v)
{
	unsigned n = csr & 31;
	uint64_t now = counter(h, n);
	h->mhpmevent[n] = v & 3;
	count_from(h, n, now);
}

static void
set_mcountinhibit(struct hart *h, unsigned csr, uint64_t v)
{
	uint64_t now[32];
	(void)csr;
	for (unsigned n = 0; n < 32; n++)
		now[n] = counter(h, n);
	h->mcountinhibit = v & 0xfffffffd;
	for (unsigned n = 0; n < 32; n++)
		count_from(h, n, now[n]);
}

/* May this mode read it? */
static bool
counter_open(const struct hart *h, unsigned n)
{
	if (h->mode < MODE_M && !(h->mcounteren >> n & 1))
		return false;
	return h->mode > MODE_U || h->scounteren >> n & 1;
}

/* -- status -------------------------------------------------------------------------------------- */

static uint64_t
get_mstatus(struct hart *h, unsigned csr)
{
	(void)csr;
	return h->mstatus | MSTATUS_XLEN |
	       ((h->mstatus & MSTATUS_FS) == MSTATUS_FS ? MSTATUS_SD : 0);
}

static void
status(struct hart *h, uint64_t v, uint64_t mask)
{
	/* MPP holds no mode that is not there. */
	if ((v & MSTATUS_MPP) == BIT(12))
		mask &= ~MSTATUS_MPP;
	uint64_t old = h->mstatus;
	h->mstatus = (old & ~mask) | (v & mask);
	if ((old ^ h->mstatus) & MSTATUS_MXR)
		mmu_flush(h);
	mmu_space(h);
}

static void
set_mstatus(struct hart *h, unsigned csr, uint64_t v)
{
	(void)csr;
	status(h, v,
	       SSTATUS | MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_MPP | MSTATUS_MPRV | MSTATUS_TVM |
	               MSTATUS_TW | MSTATUS_TSR);
}

static uint64_t
get_sstatus(struct hart *h, unsigned csr)
{
	return get_mstatus(h, csr) & (SSTATUS | MSTATUS_SD | BIT(33));
}
static void
set_sstatus(struct hart *h, unsigned csr, uint64_t v)
{
	(void)csr;
	status(h, v, SSTATUS);
}

/* -- interrupts ------------------------------------------------------------------------------------- */

uint64_t
csr_mip(const struct hart *h)
{
	return atomic_load_explicit(&h->wires, memory_order_acquire) | h->soft_mip;
}

static uint64_t get_mip(struct hart *h, unsigned csr) { (void)csr; return csr_mip(h); }
static uint64_t get_sip(struct hart *h, unsigned csr) { (void)csr; return csr_mip(h) & h->mideleg; }
static uint64_t get_sie(struct hart *h, unsigned csr) { (void)csr; return h->mie & h->mideleg; }

static void
set_ip(struct hart *h, uint64_t v, uint64_t mask)
{
	/* SSIP is set by other threads as well, so it is kept with the wires. */
	if (mask & BIT(IRQ_SSI)) {
		if (v & BIT(IRQ_SSI))
			atomic_fetch_or(&h->wires, BIT(IRQ_SSI));
		else
			atomic_fetch_and(&h->wires, ~BIT(IRQ_SSI));
	}
	mask &= ~BIT(IRQ_SSI);
	h->soft_mip = (h->soft_mip & ~mask) | (v & mask);
}

static void
set_mip(struct hart *h, unsigned csr, uint64_t v)
{
	uint64_t mask = S_INTERRUPTS;
	(void)csr;
	if (h->menvcfg & MENVCFG_STCE)
		mask &= ~BIT(IRQ_STI);
	set_ip(h, v, mask);
}
static void
set_sip(struct hart *h, unsigned csr, uint64_t v)
{
	(void)csr;
	set_ip(h, v, (BIT(IRQ_SSI) | BIT(IRQ_LCOFI)) & h->mideleg);
}
static void
set_sie(struct hart *h, unsigned csr, uint64_t v)
{
	(void)csr;
	h->mie = (h->mie & ~h->mideleg) | (v & h->mideleg);
}

static uint64_t get_stimecmp(struct hart *h, unsigned csr) { (void)csr; return h->stimecmp; }
static void
set_stimecmp(struct hart *h, unsigned csr, uint64_t v)
{
	(void)csr;
	h->stimecmp = v;
	rv_timer(h);
}

/* -- vectors, translation, environment ------------------------------------------------------------------ */

static uint64_t get_stvec(struct hart *h, unsigned csr) { (void)csr; return h->stvec; }
static uint64_t get_mtvec(struct hart *h, unsigned csr) { (void)csr; return h->mtvec; }
static uint64_t get_satp(struct hart *h, unsigned csr) { (void)csr; return h->satp; }
static uint64_t get_menvcfg(struct hart *h, unsigned csr) { (void)csr; return h->menvcfg; }
static void set_stvec(struct hart *h, unsigned csr, uint64_t v) { (void)csr; h->stvec = v & ~UINT64_C(2); }
static void set_mtvec(struct hart *h, unsigned csr, uint64_t v) { (void)csr; h->mtvec = v & ~UINT64_C(2); }

static void
set_satp(struct hart *h, unsigned csr, uint64_t v)
{
	uint64_t scheme = v >> 60;
	(void)csr;
	if ((scheme && (scheme < 8 || scheme > 10)) || v == h->satp)
		return;
	h->satp = v;
	mmu_flush(h);
}

static void
set_menvcfg(struct hart *h, unsigned csr, uint64_t v)
{
	(void)csr;
	/* a cache block invalidation is off, a flush or itself: 2 is reserved */
	if ((v & ENVCFG_CBIE) == BIT(5))
		v = (v & ~ENVCFG_CBIE) | (h->menvcfg & ENVCFG_CBIE);
	h->menvcfg = v & (ENVCFG_FIOM | ENVCFG_CBIE | ENVCFG_CBCFE | ENVCFG_CBZE | MENVCFG_ADUE |
	                  MENVCFG_PBMTE | MENVCFG_STCE);
	mmu_flush(h);
	rv_timer(h);
}

/* -- PMP --------------------------------------------------------------------------------------------------- */

static uint64_t
get_pmpcfg0(struct hart *h, unsigned csr)
{
	unsigned first = (csr & 2) * 4;
	uint64_t v = 0;
	for (unsigned i = 0; i < 8; i++)
		v |= (uint64_t)h->pmpcfg[first + i] << 8 * i;
	return v;
}
static uint64_t get_pmpcfg2(struct hart *h, unsigned csr) { return get_pmpcfg0(h, csr); }

static void
set_pmpcfg0(struct hart *h, unsigned csr, uint64_t v)
{
	unsigned first = (csr & 2) * 4;
	for (unsigned i = 0; i < 8; i++) {
		uint8_t to = v >> 8 * i & 0x9f, *cfg = &h->pmpcfg[first + i];
		if (!(*cfg & 0x80) && (to & 3) != 2) /* writable but not readable is reserved */
			*cfg = to;
	}
	mmu_pmp_changed(h);
}
static void set_pmpcfg2(struct hart *h, unsigned csr, uint64_t v) { set_pmpcfg0(h, csr, v); }

static uint64_t get_pmpaddr(struct hart *h, unsigned csr) { return h->pmpaddr[csr & 15]; }
static void
set_pmpaddr(struct hart *h, unsigned csr, uint64_t v)
{
	unsigned i = csr & 15;
	bool next_locks =
	        i < 15 && (h->pmpcfg[i + 1] & 0x98) == 0x88; /* a locked range ends here */
	if (h->pmpcfg[i] & 0x80 || next_locks)
		return;
	h->pmpaddr[i] = v & (BIT(54) - 1);
	mmu_flush(h);
}

/* -- by number ---------------------------------------------------------------------------------------------- */

typedef uint64_t get_fn(struct hart *h, unsigned csr);
typedef void set_fn(struct hart *h, unsigned csr, uint64_t v);

#define CSR(number, name)
#define CSR_FIELD(number, name, mask)                                                              \
	static uint64_t get_##name(struct hart *h, unsigned csr)                                   \
	{                                                                                          \
		(void)csr;                                                                         \
		return h->name;                                                                    \
	}                                                                                          \
	static void set_##name(struct hart *h, unsigned csr, uint64_t v)                           \
	{                                                                                          \
		(void)csr;                                                                         \
		h->name = (h->name & ~(uint64_t)(mask)) | (v & (uint64_t)(mask));                  \
	}
#define CSR_CONST(number, name, value)                                                             \
	static uint64_t get_##name(struct hart *h, unsigned csr)                                   \
	{                                                                                          \
		(void)h;                                                                           \
		(void)csr;                                                                         \
		return value;                                                                      \
	}
#define CSR_RANGE(first, last, name)
#include "layer/hal/rv/csr.def"
#undef CSR
#undef CSR_FIELD
#undef CSR_CONST
#undef CSR_RANGE

static void set_misa(struct hart *h, unsigned csr, uint64_t v) { (void)h, (void)csr, (void)v; }
#define set_tselect    set_misa /* there is no trigger */
#define set_tdata1     set_misa
#define set_tdata2     set_misa
#define set_tdata3     set_misa
#define set_tinfo      set_misa
#define set_mvendorid  set_misa /* read-only by their numbers */
#define set_marchid    set_misa
#define set_mimpid     set_misa
#define set_mhartid    set_misa
#define set_mconfigptr set_misa
#define set_cycle      set_misa
#define set_time       set_misa
#define set_instret    set_misa
#define set_hpmcounter set_misa

static const struct {
	uint16_t first, last;
	get_fn *get;
	set_fn *set;
} table[] = {
#define CSR(number, name)              { number, number, get_##name, set_##name },
#define CSR_FIELD(number, name, mask)  { number, number, get_##name, set_##name },
#define CSR_CONST(number, name, value) { number, number, get_##name, set_##name },
#define CSR_RANGE(first, last, name)   { first, last, get_##name, set_##name },
#include "layer/hal/rv/csr.def"
#undef CSR
#undef CSR_FIELD
#undef CSR_CONST
#undef CSR_RANGE
};

/* Beyond what the number says. */
static bool
open_to(const struct hart *h, unsigned csr, bool write)
{
	if ((csr >> 8 & 3) > h->mode || (write && csr >> 10 == 3))
		return false;
	if (csr <= CSR_fcsr)
		return h->mstatus & MSTATUS_FS;
	if (csr >= CSR_cycle && csr <= 0xc1f)
		return counter_open(h, csr & 31);
	if (csr == CSR_satp)
		return h->mode != MODE_S || !(h->mstatus & MSTATUS_TVM);
	if (csr == CSR_stimecmp && h->mode == MODE_S)
		return h->menvcfg & MENVCFG_STCE && h->mcounteren & 2;
	return true;
}

bool
csr_access(struct hart *h, unsigned csr, unsigned op, uint64_t value, bool write, uint64_t *old)
{
	size_t i = 0, n = sizeof table / sizeof *table;
	while (i < n && (csr < table[i].first || csr > table[i].last))
		i++;
	if (i == n || !open_to(h, csr, write))
		return false;
	uint64_t v = *old = table[i].get(h, csr);
	if (!write)
		return true;
	/* SEIP as read includes the wire; a set or clear works on what software wrote. */
	if (csr == CSR_mip && op != 1)
		v = (v & ~BIT(IRQ_SEI)) | (h->soft_mip & BIT(IRQ_SEI));
	table[i].set(h, csr, op == 1 ? value : op == 2 ? v | value : v & ~value);
	return true;
}

bool
hart_csr_read(struct hart *h, unsigned csr, uint64_t *value)
{
	uint8_t mode = h->mode;
	h->mode = MODE_M;
	bool ok = csr_access(h, csr, 2, 0, false, value);
	h->mode = mode;
	return ok;
}

bool
hart_csr_write(struct hart *h, unsigned csr, uint64_t value)
{
	uint8_t mode = h->mode;
	uint64_t old;
	h->mode = MODE_M;
	bool ok = csr_access(h, csr, 1, value, true, &old);
	h->mode = mode;
	mmu_space(h);
	return ok;
}
