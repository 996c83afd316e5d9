/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/rv/debug.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "layer/hal/rv/core.h"
#include "layer/hal/rv/rv.h"
#include "layer/hal/rv/trace.h"

/* How often a hart that stops looks whether the others have begun. */
enum { PATIENCE = 2000 };

struct watched {
	enum debug_watch kind;
	uint64_t addr, size;
};

struct debug {
	struct rv *rv; /* lent */

	/* changed at rest only */
	uint64_t at[DEBUG_BREAKS];
	unsigned nbreak;
	uint16_t near[2048]; /* how many breakpoints have this place in their page */
	struct watched watch[DEBUG_WATCHES];
	unsigned nwatch;

	/* of each hart's thread, or at rest */
	enum debug_go go[RV_HARTS];
	struct {
		bool is;
		uint64_t pc;
	} shown[RV_HARTS]; /* the debugger was told that the hart stands there */

	struct own {
		_Atomic bool stopped;
		struct debug_stop stop;
		_Atomic uint64_t instret; /* when it was let go; it has begun when it differs */
	} own[RV_HARTS];
	unsigned said; /* the hart whose stop was said last */
};

/* -- its life --------------------------------------------------------------------------- */

struct debug *
debug_new(struct rv *r)
{
	struct debug *d = xcalloc(1, sizeof *d);
	d->rv = r;
	r->debugger = d;
	return d;
}

/* Blocks of one instruction, or of as many as there are. */
static void
pace(struct hart *h, bool each)
{
	unsigned most = each ? 1 : BLOCK_OPS;
	if (h->core->block_most == most)
		return;
	h->core->block_most = most;
	block_drop_all(h);
}

void
debug_wrote(struct debug *d)
{
	for (unsigned i = 0; i < d->rv->nhart; i++)
		block_drop_all(d->rv->hart[i]);
}

void
debug_attach(struct debug *d, bool attached)
{
	d->rv->debug = attached;
	for (unsigned i = 0; i < d->rv->nhart; i++)
		atomic_store(&d->own[i].stopped, false);
	memset(d->shown, 0, sizeof d->shown);
	d->nbreak = d->nwatch = 0;
	memset(d->near, 0, sizeof d->near);
	debug_wrote(d);
	debug_resume(d);
}

void
debug_free(struct debug *d)
{
	if (!d)
		return;
	debug_attach(d, false);
	for (unsigned i = 0; i < d->rv->nhart; i++)
		pace(d->rv->hart[i], false);
	d->rv->debugger = NULL;
	free(d);
}

/* -- what is waited for --------------------------------------------------------------------- */

bool
debug_near(const struct debug *d, uint64_t addr)
{
	return d->near[addr >> 1 & 2047];
}

bool
debug_hit(const struct debug *d, uint64_t addr)
{
	for (unsigned i = 0; debug_near(d, addr) && i < d->nbreak; i++)
		if (d->at[i] == addr)
			return true;
	return false;
}

bool
debug_break(struct debug *d, uint64_t addr, bool set)
{
	unsigned i = 0;
	addr &= ~UINT64_C(1);
	while (i < d->nbreak && d->at[i] != addr)
		i++;
	if (set == (i < d->nbreak))
		return set; /* it is as wanted, or there was none */
	if (set && i == DEBUG_BREAKS)
		return false;
	if (set) {
		d->at[d->nbreak++] = addr;
		d->near[addr >> 1 & 2047]++;
	} else {
		d->at[i] = d->at[--d->nbreak];
		d->near[addr >> 1 & 2047]--;
	}
	debug_wrote(d);
	return true;
}

bool
debug_watch(struct debug *d, enum debug_watch kind, uint64_t addr, uint64_t size, bool set)
{
	unsigned i = 0;
	while (i < d->nwatch &&
	       (d->watch[i].kind != kind || d->watch[i].addr != addr || d->watch[i].size != size))
		i++;
	if (set == (i < d->nwatch))
		return set;
	if (set && (i == DEBUG_WATCHES || !size))
		return false;
	if (set)
		d->watch[d->nwatch++] = (struct watched){ kind, addr, size };
	else
		d->watch[i] = d->watch[--d->nwatch];
	return true;
}

/* -- stopping and going on ---------------------------------------------------------------------- */

/* Has every other hart that could run done so?  Else one that stops again at once, such as
 * in a short loop, would keep all others from ever going on. */
static bool
others_began(const struct debug *d, const struct hart *h)
{
	for (unsigned i = 0; i < d->rv->nhart; i++) {
		const struct hart *o = d->rv->hart[i];
		if (o != h && o->state == HART_STARTED && !o->waiting && !o->held &&
		    !atomic_load(&d->own[i].stopped) &&
		    atomic_load(&d->own[i].instret) ==
		            __atomic_load_n(&o->instret, __ATOMIC_RELAXED))
			return false;
	}
	return true;
}

/* Each hart has its reason; one of them is said, and the others will be met again. */
static enum hart_stop
stop(struct debug *d, struct hart *h, struct debug_stop why)
{
	struct own *own = &d->own[h->id];
	own->stop = why;
	own->stop.hart = h;
	atomic_store(&own->stopped, true);
	/* One that cannot begin, since it waits for us, is not waited for. */
	for (unsigned tries = 0; !d->rv->deterministic && tries < PATIENCE; tries++) {
		if (others_began(d, h) || atomic_load(&d->rv->stop))
			break;
		sched_yield();
	}
	return HART_BREAK;
}

bool
debug_stopped(struct debug *d, struct debug_stop *why)
{
	bool any = false;
	unsigned n = d->rv->nhart;
	/* in turn, from behind the one that was last */
	for (unsigned k = 1; k <= n; k++) {
		unsigned i = (d->said + k) % n;
		if (atomic_exchange(&d->own[i].stopped, false) && !any) {
			any = true;
			*why = d->own[i].stop;
		}
	}
	if (!any)
		return false;
	d->said = why->hart->id;
	d->shown[why->hart->id].is = true;
	d->shown[why->hart->id].pc = why->hart->pc;
	return true;
}

void
debug_go(struct debug *d, unsigned hart, enum debug_go how)
{
	struct hart *h = d->rv->hart[hart];
	d->go[hart] = how;
	h->held = how == DEBUG_STAY;
	/* a wfi may end for no reason (privileged 3.3.3) */
	if (how == DEBUG_STEP)
		h->waiting = false;
}

void
debug_resume(struct debug *d)
{
	for (unsigned i = 0; i < d->rv->nhart; i++) {
		atomic_store(&d->own[i].stopped, false);
		atomic_store(&d->own[i].instret, d->rv->hart[i]->instret);
		debug_go(d, i, DEBUG_GO);
	}
}

void
debug_moved(struct debug *d, struct hart *h)
{
	h->waiting = false;
	d->shown[h->id].is = false;
}

/* -- one instruction ------------------------------------------------------------------------------ */

bool
debug_word(struct hart *h, uint32_t *word)
{
	uint16_t half[2] = { 0, 0 };
	if (!hart_peek(h, h->pc, &half[0], 2) ||
	    ((half[0] & 3) == 3 && !hart_peek(h, h->pc + 2, &half[1], 2)))
		return false;
	*word = half[0] | (uint32_t)half[1] << 16;
	return true;
}

/* What memory an instruction is about to use; 0: none. */
static enum debug_watch
access_of(const struct hart *h, uint32_t word, uint64_t *addr, uint64_t *size)
{
	enum { LOAD = 0x03, LOAD_FP = 0x07, STORE = 0x23, STORE_FP = 0x27, AMO = 0x2f };
	struct insn i;
	if (!insn_decode(word, &i))
		return 0;
	uint32_t match = insn_rows[i.id].match, width = match >> 12 & 7;
	*addr = h->x[i.rs1] + (uint64_t)(int64_t)i.imm;
	*size = UINT64_C(1) << (width & 3);
	switch (match & 0x7f) {
	case LOAD:
	case LOAD_FP: return DEBUG_READ;
	case STORE:
	case STORE_FP: return DEBUG_WRITE;
	case AMO:
		*addr = h->x[i.rs1];
		return i.id == INSN_lr_w || i.id == INSN_lr_d   ? DEBUG_READ
		       : i.id == INSN_sc_w || i.id == INSN_sc_d ? DEBUG_WRITE
		                                                : DEBUG_ACCESS;
	default: break;
	}
	if (i.id != INSN_cbo_zero)
		return 0;
	*size = 64;
	*addr = h->x[i.rs1] & ~(*size - 1);
	return DEBUG_WRITE;
}

static bool
watched(const struct debug *d, const struct hart *h, uint32_t word, struct debug_stop *why)
{
	uint64_t addr = 0, size = 0;
	enum debug_watch use = d->nwatch ? access_of(h, word, &addr, &size) : 0;
	for (unsigned i = 0; use && i < d->nwatch; i++) {
		const struct watched *w = &d->watch[i];
		/* Distances, since a range may end with the last address. */
		if (!(w->kind & use) || (addr - w->addr >= w->size && w->addr - addr >= size))
			continue;
		*why = (struct debug_stop){ .reason = DEBUG_WATCHED,
			                    .watch = w->kind,
			                    .addr = addr - w->addr < w->size ? addr : w->addr };
		return true;
	}
	return false;
}

/* Run what stands at pc, or its trap. */
static enum hart_stop
one(struct hart *h, bool ebreak)
{
	if (ebreak) {
		trap_raise(h, CAUSE_BREAKPOINT, h->pc);
		return HART_POKED;
	}
	h->core->single = SINGLE_NEXT;
	/* every way out of a block looks at the limit */
	atomic_store(&h->limit, 0);
	enum hart_stop why = hart_run(h);
	h->core->single = SINGLE_OFF;
	return why;
}

static bool
is_ebreak(uint32_t word)
{
	return word == 0x00100073 || (word & 0xffff) == 0x9002;
}

static bool
is_shown(const struct debug *d, const struct hart *h)
{
	return d->shown[h->id].is && d->shown[h->id].pc == h->pc;
}

/* Look at the next instruction, and run it if nobody wants to stop there. */
static enum hart_stop
look(struct debug *d, struct hart *h)
{
	bool shown = is_shown(d, h), step = d->go[h->id] == DEBUG_STEP;
	struct debug_stop why = { .reason = DEBUG_BREAK };
	struct trace_line line;
	uint32_t word = 0;
	d->shown[h->id].is = false;
	if (!shown && !step)
		trap_interrupt(h);
	if (!shown && !step && debug_hit(d, h->pc))
		return stop(d, h, why);
	bool there = debug_word(h, &word);
	if (!shown && there && watched(d, h, word, &why))
		return stop(d, h, why);
	if (d->rv->trace)
		trace_before(&line, h, there, word);
	enum hart_stop end = one(h, shown && there && d->rv->debug && is_ebreak(word));
	if (end == HART_BREAK)
		return stop(d, h, (struct debug_stop){ .reason = DEBUG_EBREAK });
	if (d->rv->trace)
		trace_after(d->rv->trace, &line, h, end);
	if (!step)
		return end;
	if (end != HART_SBI)
		return stop(d, h, (struct debug_stop){ .reason = DEBUG_STEP_MADE });
	d->go[h->id] = DEBUG_STEPPED;
	return end;
}

enum hart_stop
debug_run(struct hart *h)
{
	struct debug *d = h->rv->debugger;
	for (;;) {
		bool each = h->rv->trace || d->nwatch || d->go[h->id] != DEBUG_GO || is_shown(d, h);
		pace(h, each);
		if (d->go[h->id] == DEBUG_STEPPED)
			return stop(d, h, (struct debug_stop){ .reason = DEBUG_STEP_MADE });
		enum hart_stop end;
		if (each) {
			uint32_t why = atomic_exchange(&h->poked, 0);
			end = why & POKE_STOP || h->instret >= h->core->limit ? HART_POKED
			                                                      : look(d, h);
			if (end == HART_POKED && !(why & POKE_STOP) && h->instret < h->core->limit)
				continue;
			return end;
		}
		end = hart_run(h);
		if (end == HART_BREAK)
			stop(d, h,
			     (struct debug_stop){ .reason = debug_hit(d, h->pc) ? DEBUG_BREAK
			                                                        : DEBUG_EBREAK });
		return end;
	}
}
