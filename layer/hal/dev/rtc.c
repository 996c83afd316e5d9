/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/dev/rtc.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"

enum {
	TIME_LOW = 0,
	TIME_HIGH = 4,
	ALARM_LOW = 8,
	ALARM_HIGH = 12,
	IRQ_ENABLED = 16,
	CLEAR_ALARM = 20,
	ALARM_STATUS = 24,
	CLEAR_INTERRUPT = 28
};
#define YEAR_2000 INT64_C(946684800000000000)

struct rtc {
	struct board *board; /* lent */
	struct irq irq;
	struct board_source *timer;
	bool fixed;
	uint64_t ahead; /* of the clock, since the guest set the time */
	uint64_t alarm;
	uint32_t latched_high, new_high;
	bool enabled, armed, pending;
};

static const struct field fields[] = {
	FIELD_OF_U64(struct rtc, ahead),        FIELD_OF_U64(struct rtc, alarm),
	FIELD_OF_U32(struct rtc, latched_high), FIELD_OF_U32(struct rtc, new_high),
	FIELD_OF_BOOL(struct rtc, enabled),     FIELD_OF_BOOL(struct rtc, armed),
	FIELD_OF_BOOL(struct rtc, pending),     { NULL, FIELD_U8, 0, 0 },
};

static uint64_t
now(const struct rtc *r)
{
	struct timespec t;
	if (r->fixed)
		return (uint64_t)(YEAR_2000 + board_now(r->board)) + r->ahead;
	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec + r->ahead;
}

static void
update(struct rtc *r)
{
	int64_t left = (int64_t)(r->alarm - now(r));
	if (r->armed && left <= 0) {
		r->armed = false;
		r->pending = true;
	}
	board_at(r->timer,
	         r->armed && left < BOARD_OLDEST / 2 ? board_now(r->board) + left : INT64_MAX);
	irq_set(&r->irq, r->pending && r->enabled);
}

static void
rings(void *ctx, uint32_t events)
{
	(void)events;
	update(ctx);
}

static uint64_t
read(void *dev, uint64_t offset, unsigned size)
{
	struct rtc *r = dev;
	(void)size;
	switch (offset) {
	case TIME_LOW: {
		/* the high half that belongs to it is read next */
		uint64_t t = now(r);
		r->latched_high = (uint32_t)(t >> 32);
		return (uint32_t)t;
	}
	case TIME_HIGH: return r->latched_high;
	case ALARM_LOW: return (uint32_t)r->alarm;
	case ALARM_HIGH: return r->alarm >> 32;
	case IRQ_ENABLED: return r->enabled;
	case ALARM_STATUS: return r->armed;
	default: return 0;
	}
}

static void
write(void *dev, uint64_t offset, unsigned size, uint64_t v)
{
	struct rtc *r = dev;
	(void)size;
	switch (offset) {
	case TIME_LOW: r->ahead += ((uint64_t)r->new_high << 32 | v) - now(r); break;
	case TIME_HIGH: r->new_high = (uint32_t)v; break;
	case ALARM_LOW:
		r->alarm = (r->alarm & ~(uint64_t)UINT32_MAX) | (uint32_t)v;
		r->armed = true;
		break;
	case ALARM_HIGH: r->alarm = (uint32_t)r->alarm | v << 32; break;
	case IRQ_ENABLED: r->enabled = v & 1; break;
	case CLEAR_ALARM: r->armed = false; break;
	case CLEAR_INTERRUPT: r->pending = false; break;
	default: break;
	}
	update(r);
}

static void
loaded(void *self)
{
	update(self);
}

/* The host's clock went on while the guest's stood. */
static void
wake(void *self)
{
	struct rtc *r = self;
	pthread_mutex_lock(&board_bus(r->board)->lock);
	update(r);
	pthread_mutex_unlock(&board_bus(r->board)->lock);
}

static void
reset(void *self)
{
	struct rtc *r = self;
	r->alarm = r->ahead = 0;
	r->enabled = r->armed = r->pending = false;
	update(r);
}

static void
destroy(void *self)
{
	struct rtc *r = self;
	board_remove(r->timer);
	free(r);
}

static const struct device kind = {
	.type = "goldfish-rtc",
	.fields = fields,
	.reset = reset,
	.loaded = loaded,
	.wake = wake,
	.destroy = destroy,
};

int
rtc_new(struct board *b, uint64_t address, struct irq irq, bool fixed, struct err *e)
{
	static const struct bus_ops ops = { read, write, 4, 4, false };
	struct rtc *r = xcalloc(1, sizeof *r);
	*r = (struct rtc){ .board = b, .irq = irq, .fixed = fixed };
	if (bus_add(board_bus(b), address, RTC_SIZE, &ops, r, "rtc", e) < 0) {
		free(r);
		return -1;
	}
	r->timer = board_timer(b, rings, r);
	board_add(b, &kind, "rtc", r);
	return 0;
}
