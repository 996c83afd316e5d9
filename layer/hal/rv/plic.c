/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/rv/plic.h"

#include <stdlib.h>

#include "base/arena.h"

enum { WORDS = PLIC_SOURCES / 32, CONTEXTS = 2 * RV_HARTS };
enum { PRIORITY = 0, PENDING = 0x1000, ENABLE = 0x2000, CONTEXT = 0x200000 };
enum { ENABLE_STEP = 0x80, CONTEXT_STEP = 0x1000, MOST_PRIORITY = 7 };

struct plic {
	struct rv *rv; /* lent */
	uint32_t contexts;
	uint32_t priority[PLIC_SOURCES];
	uint32_t level[WORDS], pending[WORDS], claimed[WORDS];
	uint32_t enable[CONTEXTS * WORDS];
	uint32_t threshold[CONTEXTS];
};

static const struct field fields[] = {
	FIELD_OF_U32(struct plic, priority),
	FIELD_OF_U32(struct plic, level),
	FIELD_OF_U32(struct plic, pending),
	FIELD_OF_U32(struct plic, claimed),
	FIELD_OF_U32(struct plic, enable),
	FIELD_OF_U32(struct plic, threshold),
	{ NULL, FIELD_U8, 0, 0 },
};

/* The pending source that a context would claim, or 0. */
static unsigned
best(const struct plic *p, unsigned context)
{
	unsigned source = 0;
	uint32_t priority = p->threshold[context];
	for (unsigned w = 0; w < WORDS; w++) {
		uint32_t bits = p->pending[w] & ~p->claimed[w] & p->enable[context * WORDS + w];
		for (; bits; bits &= bits - 1) {
			unsigned n = w * 32 + (unsigned)__builtin_ctz(bits);
			if (p->priority[n] > priority) {
				priority = p->priority[n];
				source = n;
			}
		}
	}
	return source;
}

/* Context 2h is hart h's machine mode, 2h + 1 its supervisor mode. */
static void
update(struct plic *p)
{
	for (unsigned c = 0; c < p->contexts; c++)
		hart_irq(p->rv->hart[c / 2], c % 2 ? IRQ_SEI : IRQ_MEI, best(p, c) != 0);
}

static void
drive(void *ctx, unsigned n, bool high)
{
	struct plic *p = ctx;
	uint32_t bit = 1U << n % 32, *level = &p->level[n / 32];
	if (high == !!(*level & bit))
		return;
	*level ^= bit;
	if (high)
		p->pending[n / 32] |= bit;
	else
		p->pending[n / 32] &= ~bit;
	update(p);
}

static uint32_t
claim(struct plic *p, unsigned context)
{
	/* the threshold masks the interrupt, not the claim (7) */
	uint32_t threshold = p->threshold[context];
	p->threshold[context] = 0;
	unsigned n = best(p, context);
	p->threshold[context] = threshold;
	if (n) {
		p->pending[n / 32] &= ~(1U << n % 32);
		p->claimed[n / 32] |= 1U << n % 32;
		update(p);
	}
	return n;
}

static void
complete(struct plic *p, unsigned context, uint32_t n)
{
	if (n >= PLIC_SOURCES || !(p->enable[context * WORDS + n / 32] >> n % 32 & 1))
		return;
	uint32_t bit = 1U << n % 32;
	p->claimed[n / 32] &= ~bit;
	p->pending[n / 32] |= p->level[n / 32] & bit;
	update(p);
}

static uint64_t
read(void *dev, uint64_t offset, unsigned size)
{
	struct plic *p = dev;
	(void)size;
	if (offset < PENDING)
		return offset / 4 < PLIC_SOURCES ? p->priority[offset / 4] : 0;
	if (offset < ENABLE)
		return (offset - PENDING) / 4 < WORDS ? p->pending[(offset - PENDING) / 4] : 0;
	if (offset < CONTEXT) {
		uint64_t c = (offset - ENABLE) / ENABLE_STEP,
		         w = (offset - ENABLE) % ENABLE_STEP / 4;
		return c < p->contexts && w < WORDS ? p->enable[c * WORDS + w] : 0;
	}
	uint64_t c = (offset - CONTEXT) / CONTEXT_STEP, at = (offset - CONTEXT) % CONTEXT_STEP;
	if (c >= p->contexts)
		return 0;
	return at == 0 ? p->threshold[c] : at == 4 ? claim(p, (unsigned)c) : 0;
}

static void
write(void *dev, uint64_t offset, unsigned size, uint64_t value)
{
	struct plic *p = dev;
	uint32_t v = (uint32_t)value;
	(void)size;
	if (offset < PENDING) {
		if (offset / 4 && offset / 4 < PLIC_SOURCES)
			p->priority[offset / 4] = v & MOST_PRIORITY;
	} else if (offset < ENABLE) {
		return;
	} else if (offset < CONTEXT) {
		uint64_t c = (offset - ENABLE) / ENABLE_STEP,
		         w = (offset - ENABLE) % ENABLE_STEP / 4;
		if (c < p->contexts && w < WORDS)
			p->enable[c * WORDS + w] = w ? v : v & ~1U;
	} else {
		uint64_t c = (offset - CONTEXT) / CONTEXT_STEP;
		uint64_t at = (offset - CONTEXT) % CONTEXT_STEP;
		if (c < p->contexts && at == 0)
			p->threshold[c] = v & MOST_PRIORITY;
		else if (c < p->contexts && at == 4)
			complete(p, (unsigned)c, v);
	}
	update(p);
}

static void
reset(void *self)
{
	struct plic *p = self, fresh = { .rv = p->rv, .contexts = p->contexts };
	for (unsigned w = 0; w < WORDS; w++)
		fresh.level[w] = fresh.pending[w] = p->level[w];
	*p = fresh;
	update(p);
}

static void
loaded(void *self)
{
	update(self);
}

static const struct device kind = {
	.type = "plic",
	.fields = fields,
	.reset = reset,
	.loaded = loaded,
	.destroy = free,
};

struct plic *
plic_new(struct rv *r, uint64_t address, struct err *e)
{
	static const struct bus_ops ops = { read, write, 4, 4, false };
	struct plic *p = xcalloc(1, sizeof *p);
	p->rv = r;
	p->contexts = 2 * r->nhart;
	if (bus_add(r->bus, address, PLIC_SIZE, &ops, p, "plic", e) < 0) {
		free(p);
		return NULL;
	}
	board_add(r->board, &kind, "plic", p);
	return p;
}

struct irq
plic_wire(struct plic *p, unsigned n)
{
	return (struct irq){ drive, p, n };
}
