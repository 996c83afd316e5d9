/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/dev/virtio_input.h"

#include <stdlib.h>
#include <string.h>

#include <linux/input-event-codes.h>

#include "base/arena.h"

enum { EVENTS = 0, STATUS = 1 }; /* queues */
enum { QUEUE = 64, EVENT = 8, WAITING = 128, KEYS = 248, DATA = 128 };

/* What is asked of the configuration (5.8.4). */
enum { ID_NAME = 1, ID_DEVIDS = 3, EV_BITS = 0x11, ABS_INFO = 0x12 };

struct input {
	enum virtio_input_kind kind;
	uint8_t select, subsel;    /* what is asked */
	uint8_t leds;              /* bits: which are on */
	uint8_t buttons;           /* which are down */
	uint64_t waiting[WAITING]; /* events, oldest first: type, code, value from below */
	uint8_t nwaiting;
	struct chain c;
};

static const struct field input_fields[] = { FIELD_OF_U8(struct input, select),
	                                     FIELD_OF_U8(struct input, subsel),
	                                     FIELD_OF_U8(struct input, leds),
	                                     FIELD_OF_U8(struct input, buttons),
	                                     FIELD_OF_U64(struct input, waiting),
	                                     FIELD_OF_U8(struct input, nwaiting),
	                                     { 0 } };

static const struct {
	unsigned mask;
	uint16_t code;
} buttons[] = { { 1, BTN_LEFT }, { 2, BTN_MIDDLE }, { 4, BTN_RIGHT } };

/* -- events ------------------------------------------------------------------------------- */

static uint64_t
event(uint16_t type, uint16_t code, int32_t value)
{
	return type | (uint64_t)code << 16 | (uint64_t)(uint32_t)value << 32;
}

/* Give the guest what waits, as far as it has buffers. */
static void
deliver(struct virtio *v)
{
	struct input *x = v->self;
	uint8_t n = x->nwaiting, i = 0;
	for (; i < n && virtio_pop(v, EVENTS, &x->c) > 0; i++) {
		uint8_t bytes[EVENT];
		for (unsigned k = 0; k < EVENT; k++)
			bytes[k] = (uint8_t)(x->waiting[i] >> 8 * k);
		uint64_t put = virtio_scatter(x->c.in, x->c.nin, 0, bytes, EVENT);
		virtio_push(v, EVENTS, &x->c, (uint32_t)put);
	}
	memmove(x->waiting, x->waiting + i, (size_t)(n - i) * sizeof x->waiting[0]);
	x->nwaiting = (uint8_t)(n - i);
	virtio_signal(v, EVENTS);
}

/* A group of events and its end. */
static void
happen(struct virtio *v, const uint64_t *events, unsigned n)
{
	struct input *x = v->self;
	if (!virtio_running(v) || n == 0 || x->nwaiting + n + 1 > WAITING)
		return;
	memcpy(x->waiting + x->nwaiting, events, n * sizeof *events);
	x->nwaiting = (uint8_t)(x->nwaiting + n);
	x->waiting[x->nwaiting++] = event(EV_SYN, SYN_REPORT, 0);
	deliver(v);
}

void
virtio_input_key(struct virtio *v, uint16_t code, bool down)
{
	uint64_t e = event(EV_KEY, code, down);
	if (code > 0 && code < KEYS)
		happen(v, &e, 1);
}

void
virtio_input_point(struct virtio *v, uint32_t px, uint32_t py, unsigned down, int wheel)
{
	struct input *x = v->self;
	uint64_t e[8];
	unsigned n = 0;
	e[n++] = event(EV_ABS, ABS_X, (int32_t)(px < VIRTIO_INPUT_RANGE ? px : VIRTIO_INPUT_RANGE));
	e[n++] = event(EV_ABS, ABS_Y, (int32_t)(py < VIRTIO_INPUT_RANGE ? py : VIRTIO_INPUT_RANGE));
	for (unsigned i = 0; i < sizeof buttons / sizeof buttons[0]; i++)
		if ((down ^ x->buttons) & buttons[i].mask)
			e[n++] = event(EV_KEY, buttons[i].code, !!(down & buttons[i].mask));
	if (wheel)
		e[n++] = event(EV_REL, REL_WHEEL, wheel);
	/* A button whose event is lost is not down for us either: it is told next time. */
	if (!virtio_running(v) || x->nwaiting + n + 1 > WAITING)
		return;
	x->buttons = (uint8_t)(down & 7);
	happen(v, e, n);
}

/* Lights that the guest sets. */
static void
status(struct virtio *v)
{
	struct input *x = v->self;
	while (virtio_pop(v, STATUS, &x->c) > 0) {
		uint8_t b[EVENT];
		if (virtio_gather(b, EVENT, x->c.out, x->c.nout, 0) == EVENT) {
			struct cur c = cur_of(b, EVENT);
			uint16_t type = cur_u16(&c), code = cur_u16(&c);
			uint8_t bit = code < 8 ? (uint8_t)(1u << code) : 0;
			if (type == EV_LED)
				x->leds = cur_u32(&c) ? x->leds | bit : x->leds & (uint8_t)~bit;
		}
		virtio_push(v, STATUS, &x->c, 0);
	}
	virtio_signal(v, STATUS);
}

/* -- configuration --------------------------------------------------------------------------- */

static void
set_bit(struct buf *b, unsigned bit)
{
	while (b->n <= bit / 8)
		buf_u8(b, 0);
	b->p[bit / 8] |= (uint8_t)(1u << bit % 8);
}

/* The bits of the codes of one type. */
static void
codes(const struct input *x, uint8_t type, struct buf *b)
{
	bool keyboard = x->kind == VIRTIO_INPUT_KEYBOARD;
	if (type == EV_KEY && keyboard)
		for (unsigned i = 1; i < KEYS; i++)
			set_bit(b, i);
	else if (type == EV_KEY)
		for (unsigned i = 0; i < sizeof buttons / sizeof buttons[0]; i++)
			set_bit(b, buttons[i].code);
	else if (type == EV_REP && keyboard)
		set_bit(b, REP_DELAY), set_bit(b, REP_PERIOD);
	else if (type == EV_LED && keyboard)
		set_bit(b, LED_NUML), set_bit(b, LED_CAPSL), set_bit(b, LED_SCROLLL);
	else if (type == EV_ABS && !keyboard)
		set_bit(b, ABS_X), set_bit(b, ABS_Y);
	else if (type == EV_REL && !keyboard)
		set_bit(b, REL_WHEEL);
}

static void
answer(const struct input *x, struct buf *b)
{
	static const char *const names[] = { "Joist keyboard", "Joist tablet" };
	switch (x->select) {
	case ID_NAME: buf_put(b, names[x->kind], strlen(names[x->kind])); break;
	case ID_DEVIDS:
		buf_u16(b, 6 /* BUS_VIRTUAL */);
		buf_u16(b, 0x4a53);
		buf_u16(b, (uint16_t)(1 + x->kind));
		buf_u16(b, 1);
		break;
	case EV_BITS: codes(x, x->subsel, b); break;
	case ABS_INFO:
		if (x->kind != VIRTIO_INPUT_TABLET || x->subsel > ABS_Y)
			break;
		buf_u32(b, 0);
		buf_u32(b, VIRTIO_INPUT_RANGE);
		for (int i = 0; i < 3; i++)
			buf_u32(b, 0);
		break;
	default: break;
	}
}

static void
config_read(struct virtio *v, uint32_t offset, uint8_t *bytes, uint32_t n)
{
	const struct input *x = v->self;
	uint8_t c[8 + DATA] = { x->select, x->subsel };
	struct buf b = { 0 };
	answer(x, &b);
	c[2] = (uint8_t)b.n;
	if (b.n)
		memcpy(c + 8, b.p, b.n);
	buf_free(&b);
	virtio_config_bytes(c, sizeof c, offset, bytes, n);
}

static void
config_write(struct virtio *v, uint32_t offset, const uint8_t *bytes, uint32_t n)
{
	struct input *x = v->self;
	for (uint32_t i = 0; i < n; i++) {
		if (offset + i == 0)
			x->select = bytes[i];
		else if (offset + i == 1)
			x->subsel = bytes[i];
	}
}

/* -- the device ------------------------------------------------------------------------------ */

static void
notify(struct virtio *v, unsigned queue)
{
	if (queue == EVENTS)
		deliver(v);
	else
		status(v);
}

static void
reset(struct virtio *v)
{
	struct input *x = v->self;
	x->select = x->subsel = x->leds = x->buttons = x->nwaiting = 0;
}

static int
load(struct virtio *v, struct snap *from, struct err *e)
{
	struct input *x = v->self;
	(void)from, (void)e;
	if (x->nwaiting > WAITING)
		x->nwaiting = 0;
	return 0;
}

static void
destroy(struct virtio *v)
{
	free(v->self);
}

static const struct virtio_ops input_ops = { .type = "virtio-input",
	                                     .id = 18,
	                                     .queues = 2,
	                                     .size = QUEUE,
	                                     .fields = input_fields,
	                                     .reset = reset,
	                                     .notify = notify,
	                                     .config_read = config_read,
	                                     .config_write = config_write,
	                                     .load = load,
	                                     .destroy = destroy };

struct virtio *
virtio_input_new(struct board *b, const char *name, enum virtio_input_kind kind)
{
	struct input *x = xcalloc(1, sizeof *x);
	x->kind = kind;
	return virtio_new(b, &input_ops, name, x);
}
