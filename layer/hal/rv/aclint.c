/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/rv/aclint.h"

#include <stdlib.h>

#include "base/arena.h"

enum { MSIP = 0, MTIMECMP = 0x4000, MTIME = 0xbff8, NS_PER_TICK = 1000000000 / RV_TIMEBASE };

struct aclint {
	struct rv *rv;  /* lent */
	uint64_t ahead; /* of mtime before the board's clock */
	uint64_t mtimecmp[RV_HARTS];
	uint8_t msip[RV_HARTS];
	struct board_source *timer[RV_HARTS];
};

static const struct field fields[] = {
	FIELD_OF_U64(struct aclint, ahead),
	FIELD_OF_U64(struct aclint, mtimecmp),
	FIELD_OF_U8(struct aclint, msip),
	{ NULL, FIELD_U8, 0, 0 },
};

static uint64_t
mtime(const struct aclint *a)
{
	return rv_time(a->rv) + a->ahead;
}

/* Drive MTIP of hart i, now and when its time comes. */
static void
wind(struct aclint *a, unsigned i)
{
	uint64_t now = mtime(a), cmp = a->mtimecmp[i], left = cmp - now;
	bool due = now >= cmp;
	hart_irq(a->rv->hart[i], IRQ_MTI, due);
	board_at(a->timer[i], due || left > INT64_MAX / 4 / NS_PER_TICK
	                              ? INT64_MAX
	                              : board_now(a->rv->board) + (int64_t)left * NS_PER_TICK);
}

static void
rings(void *ctx, uint32_t events)
{
	struct aclint *a = ctx;
	(void)events;
	for (unsigned i = 0; i < a->rv->nhart; i++)
		wind(a, i);
}

static uint64_t
part(uint64_t v, uint64_t offset, unsigned size)
{
	return size == 8 ? v : (uint32_t)(v >> (offset & 4 ? 32 : 0));
}

static uint64_t
merge(uint64_t old, uint64_t offset, unsigned size, uint64_t v)
{
	if (size == 8)
		return v;
	return offset & 4 ? (old & UINT32_MAX) | v << 32
	                  : (old & ~(uint64_t)UINT32_MAX) | (uint32_t)v;
}

static uint64_t
read(void *dev, uint64_t offset, unsigned size)
{
	struct aclint *a = dev;
	if (offset < MTIMECMP)
		return offset / 4 < a->rv->nhart ? a->msip[offset / 4] : 0;
	if (offset >= MTIME)
		return part(mtime(a), offset, size);
	uint64_t i = (offset - MTIMECMP) / 8;
	return i < a->rv->nhart ? part(a->mtimecmp[i], offset, size) : 0;
}

static void
write(void *dev, uint64_t offset, unsigned size, uint64_t v)
{
	struct aclint *a = dev;
	if (offset < MTIMECMP) {
		if (offset / 4 >= a->rv->nhart)
			return;
		a->msip[offset / 4] = v & 1;
		hart_irq(a->rv->hart[offset / 4], IRQ_MSI, v & 1);
	} else if (offset >= MTIME) {
		a->ahead += merge(mtime(a), offset, size, v) - mtime(a);
		rings(a, 0);
	} else if ((offset - MTIMECMP) / 8 < a->rv->nhart) {
		unsigned i = (unsigned)(offset - MTIMECMP) / 8;
		a->mtimecmp[i] = merge(a->mtimecmp[i], offset, size, v);
		wind(a, i);
	}
}

static void
loaded(void *self)
{
	struct aclint *a = self;
	for (unsigned i = 0; i < a->rv->nhart; i++) {
		hart_irq(a->rv->hart[i], IRQ_MSI, a->msip[i] & 1);
		wind(a, i);
	}
}

static void
reset(void *self)
{
	struct aclint *a = self;
	a->ahead = 0;
	for (unsigned i = 0; i < RV_HARTS; i++) {
		a->mtimecmp[i] = UINT64_MAX;
		a->msip[i] = 0;
	}
	loaded(a);
}

static void
destroy(void *self)
{
	struct aclint *a = self;
	for (unsigned i = 0; i < a->rv->nhart; i++)
		board_remove(a->timer[i]);
	free(a);
}

static const struct device kind = {
	.type = "aclint",
	.fields = fields,
	.reset = reset,
	.loaded = loaded,
	.destroy = destroy,
};

int
aclint_new(struct rv *r, uint64_t address, struct err *e)
{
	static const struct bus_ops ops = { read, write, 4, 8, false };
	struct aclint *a = xcalloc(1, sizeof *a);
	a->rv = r;
	if (bus_add(r->bus, address, ACLINT_SIZE, &ops, a, "aclint", e) < 0) {
		free(a);
		return -1;
	}
	for (unsigned i = 0; i < r->nhart; i++)
		a->timer[i] = board_timer(r->board, rings, a);
	board_add(r->board, &kind, "aclint", a);
	reset(a);
	return 0;
}
