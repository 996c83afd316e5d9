/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/dev/pci.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "core/snap.h"

enum { SLOTS = 32, ECAM_SIZE = 1 << 20, SLOT_TAG = SNAP_TAG('P', 'S', 'L', 'T') };

/* Configuration space (PCI Local Bus 3.0, 6.1). */
enum {
	CONFIG = 256,
	VENDOR = 0x00,
	DEVICE = 0x02,
	COMMAND = 0x04,
	STATUS = 0x06,
	REVISION = 0x08,
	CLASS = 0x0a, /* and the subclass below it */
	BAR0 = 0x10,
	SUB_VENDOR = 0x2c,
	SUB_ID = 0x2e,
	CAPABILITIES = 0x34,
	LINE = 0x3c,
	PIN = 0x3d,
};
enum { COMMAND_MEMORY = 2, COMMAND_MASTER = 4, COMMAND_NO_INTX = 1 << 10 };
enum { STATUS_INTX = 1 << 3, STATUS_CAPABILITIES = 1 << 4 };

/* What is where in the BAR of a virtio device (4.1.4), a page each. */
enum {
	BAR_SIZE = 0x4000,
	AT_COMMON = 0x0000,
	AT_ISR = 0x1000,
	AT_DEVICE = 0x2000,
	AT_NOTIFY = 0x3000,
	PART = 0x1000,
	NOTIFY_STEP = 4,
};
enum { CAP_COMMON = 1, CAP_NOTIFY, CAP_ISR, CAP_DEVICE, CAP_PCI };
enum { CAP_FIRST = 0x40, CAP_VENDOR = 9 };

/* struct virtio_pci_common_cfg (4.1.4.3). */
enum {
	DEVICE_FEATURE_SELECT = 0,
	DEVICE_FEATURE = 4,
	DRIVER_FEATURE_SELECT = 8,
	DRIVER_FEATURE = 12,
	CONFIG_VECTOR = 16,
	NUM_QUEUES = 18,
	DEVICE_STATUS = 20,
	GENERATION = 21,
	QUEUE_SELECT = 22,
	QUEUE_SIZE = 24,
	QUEUE_VECTOR = 26,
	QUEUE_ENABLE = 28,
	QUEUE_NOTIFY = 30,
	QUEUE_DESC = 32,
	QUEUE_END = 56,
	COMMON = 64,
};

struct slot {
	struct pci *pci;  /* lent: that we are in */
	struct virtio *v; /* lent by the board; NULL: nothing here, or the bridge */
	unsigned number;
	uint8_t config[CONFIG]; /* what is only read; the rest is written in by config_of */
	unsigned pci_cap;       /* where the capability for access without BAR stands */

	/* state */
	uint16_t command;
	uint32_t bar;
	uint8_t line, isr;
	uint32_t device_feature_select, driver_feature_select;
	uint16_t queue_select;
	uint8_t window_bar;
	uint32_t window_at, window_size;
};

struct pci {
	struct bus *bus; /* lent */
	uint64_t mmio, mmio_size;
	struct irq wires[4];
	struct slot slot[SLOTS];
	unsigned used;
};

static const struct field slot_fields[] = { FIELD_OF_U16(struct slot, command),
	                                    FIELD_OF_U32(struct slot, bar),
	                                    FIELD_OF_U8(struct slot, line),
	                                    FIELD_OF_U8(struct slot, isr),
	                                    FIELD_OF_U32(struct slot, device_feature_select),
	                                    FIELD_OF_U32(struct slot, driver_feature_select),
	                                    FIELD_OF_U16(struct slot, queue_select),
	                                    FIELD_OF_U8(struct slot, window_bar),
	                                    FIELD_OF_U32(struct slot, window_at),
	                                    FIELD_OF_U32(struct slot, window_size),
	                                    { 0 } };

static void
put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static void
put32(uint8_t *p, uint32_t v)
{
	put16(p, v);
	put16(p + 2, v >> 16);
}

static uint64_t
get(const uint8_t *p, unsigned size)
{
	uint64_t v = 0;
	for (unsigned i = 0; i < size; i++)
		v |= (uint64_t)p[i] << 8 * i;
	return v;
}

/* -- wires ---------------------------------------------------------------------------- */

/* Several slots share a wire: it is high while one of them wants it. */
static void
set_wire(struct pci *p, unsigned wire)
{
	bool level = false;
	for (unsigned i = 0; i < p->used; i++) {
		const struct slot *s = &p->slot[i];
		level = level || (i % 4 == wire && s->isr && !(s->command & COMMAND_NO_INTX));
	}
	irq_set(&p->wires[wire], level);
}

static void
interrupt(void *transport, int queue)
{
	struct slot *s = transport;
	s->isr |= queue < 0 ? 2 : 1;
	set_wire(s->pci, s->number % 4);
}

/* -- the BAR ---------------------------------------------------------------------------- */

static uint64_t
common_read(struct slot *s, uint32_t offset, unsigned size)
{
	uint8_t c[COMMON + 8] = { 0 };
	const struct virtqueue *q = virtio_queue(s->v, s->queue_select);
	put32(c + DEVICE_FEATURE_SELECT, s->device_feature_select);
	put32(c + DEVICE_FEATURE, virtio_offered(s->v, s->device_feature_select));
	put32(c + DRIVER_FEATURE_SELECT, s->driver_feature_select);
	put32(c + DRIVER_FEATURE, virtio_agreed(s->v, s->driver_feature_select));
	put16(c + CONFIG_VECTOR, 0xffff);
	put16(c + NUM_QUEUES, (uint16_t)(s->v->ops->queues + s->v->more));
	c[DEVICE_STATUS] = s->v->status;
	c[GENERATION] = (uint8_t)s->v->generation;
	put16(c + QUEUE_SELECT, s->queue_select);
	put16(c + QUEUE_VECTOR, 0xffff);
	if (q) {
		const uint64_t ring[] = { q->desc, q->avail, q->used };
		put16(c + QUEUE_SIZE, q->size);
		put16(c + QUEUE_ENABLE, q->ready);
		put16(c + QUEUE_NOTIFY, s->queue_select);
		for (unsigned i = 0; i < 6; i++)
			put32(c + QUEUE_DESC + 4 * i, (uint32_t)(ring[i / 2] >> 32 * (i % 2)));
	}
	return offset < COMMON ? get(c + offset, size) : 0;
}

static void
set_status(struct slot *s, uint8_t value)
{
	virtio_set_status(s->v, value);
	if (value)
		return;
	s->isr = 0;
	s->device_feature_select = s->driver_feature_select = 0;
	s->queue_select = 0;
	set_wire(s->pci, s->number % 4);
}

/* Fields are written whole (4.1.3.1). */
static void
common_write(struct slot *s, uint32_t offset, unsigned size, uint32_t value)
{
	static const uint8_t sizes[] = {
		[DEVICE_FEATURE_SELECT] = 4, [DRIVER_FEATURE_SELECT] = 4, [DRIVER_FEATURE] = 4,
		[DEVICE_STATUS] = 1,         [QUEUE_SELECT] = 2,          [QUEUE_SIZE] = 2,
		[QUEUE_ENABLE] = 2
	};
	if (offset >= QUEUE_DESC && offset < QUEUE_END && size == 4) {
		virtio_queue_set(s->v, s->queue_select, (offset - QUEUE_DESC) / 8, offset & 4,
		                 value);
		return;
	}
	if (offset >= sizeof sizes || sizes[offset] != size)
		return;
	switch (offset) {
	case DEVICE_FEATURE_SELECT: s->device_feature_select = value; break;
	case DRIVER_FEATURE_SELECT: s->driver_feature_select = value; break;
	case DRIVER_FEATURE: virtio_agree(s->v, s->driver_feature_select, value); break;
	case DEVICE_STATUS: set_status(s, (uint8_t)value); break;
	case QUEUE_SELECT: s->queue_select = (uint16_t)value; break;
	case QUEUE_SIZE: virtio_queue_size(s->v, s->queue_select, value); break;
	case QUEUE_ENABLE:
		/* 4.1.4.3.2: only a reset takes it back */
		if (value == 1)
			virtio_queue_ready(s->v, s->queue_select, true);
		break;
	}
}

static uint64_t
bar_read(void *dev, uint64_t offset, unsigned size)
{
	struct slot *s = dev;
	uint32_t at = offset % PART;
	switch (offset - at) {
	case AT_COMMON: return common_read(s, at, size);
	case AT_DEVICE: return virtio_config_get(s->v, at, size);
	case AT_ISR:
		if (at == 0) {
			uint8_t isr = s->isr;
			s->isr = 0;
			set_wire(s->pci, s->number % 4);
			return isr;
		}
		return 0;
	default: return 0;
	}
}

static void
bar_write(void *dev, uint64_t offset, unsigned size, uint64_t value)
{
	struct slot *s = dev;
	uint32_t at = offset % PART;
	switch (offset - at) {
	case AT_COMMON:
		common_write(s, at, size < 8 ? size : 4, (uint32_t)value);
		if (size == 8)
			common_write(s, at + 4, 4, (uint32_t)(value >> 32));
		break;
	case AT_DEVICE: virtio_config_set(s->v, at, size, value); break;
	case AT_NOTIFY:
		/* 4.1.5.2: the place says which queue */
		if (at % NOTIFY_STEP == 0)
			virtio_notify(s->v, at / NOTIFY_STEP);
		break;
	default: break;
	}
}

static const struct bus_ops bar_ops = { .read = bar_read, .write = bar_write, .min = 1, .max = 8 };

/* Where a device can be seen, or not at all. */
static bool
seen(const struct pci *p, const struct slot *s)
{
	return s->v && s->command & COMMAND_MEMORY && s->bar >= p->mmio &&
	       s->bar - p->mmio <= p->mmio_size - BAR_SIZE;
}

/* All are put in place anew: what was hidden by another one may not be any more. */
static void
map_bars(struct pci *p)
{
	for (unsigned i = 1; i < p->used; i++)
		bus_move(p->bus, &p->slot[i], &bar_ops, 0, 0, p->slot[i].v->name);
	for (unsigned i = 1; i < p->used; i++)
		if (seen(p, &p->slot[i]))
			bus_move(p->bus, &p->slot[i], &bar_ops, p->slot[i].bar, BAR_SIZE,
			         p->slot[i].v->name);
}

/* -- configuration space ------------------------------------------------------------------ */

/* 4.1.4.9: the BAR through a window, for who has no memory mapped. */
static bool
window(const struct slot *s, uint32_t offset, unsigned size, uint32_t *at)
{
	if (!s->v || offset != s->pci_cap + 16 || s->window_bar != 0 || s->window_size != size ||
	    s->window_at % size || s->window_at > BAR_SIZE - size)
		return false;
	*at = s->window_at;
	return true;
}

static uint64_t
config_read(struct slot *s, uint32_t offset, unsigned size)
{
	uint8_t c[CONFIG];
	uint32_t at;
	if (offset >= CONFIG)
		return 0;
	if (window(s, offset, size, &at))
		return bar_read(s, at, size);
	memcpy(c, s->config, CONFIG);
	put16(c + COMMAND, s->command);
	if (s->isr)
		c[STATUS] |= STATUS_INTX;
	c[LINE] = s->line;
	if (s->v) {
		put32(c + BAR0, s->bar);
		c[s->pci_cap + 4] = s->window_bar;
		put32(c + s->pci_cap + 8, s->window_at);
		put32(c + s->pci_cap + 12, s->window_size);
	}
	return get(c + offset, size);
}

/* One byte; a longer write is one after the other, and what it changes is put into
 * effect behind the last. */
static void
config_write_byte(struct slot *s, uint32_t offset, uint8_t value)
{
	uint32_t window_at = offset - s->pci_cap - 8, shift = 8 * (offset & 3);
	switch (offset) {
	case COMMAND:
		s->command = (uint16_t)((s->command & ~0xff) |
		                        (value & (COMMAND_MEMORY | COMMAND_MASTER)));
		return;
	case COMMAND + 1:
		s->command = (uint16_t)((s->command & 0xff) | (value << 8 & COMMAND_NO_INTX));
		return;
	case LINE: s->line = value; return;
	default: break;
	}
	if (!s->v)
		return;
	if (offset >= BAR0 && offset < BAR0 + 4) {
		s->bar = (s->bar & ~(UINT32_C(0xff) << shift)) | (uint32_t)value << shift;
		/* The low bits are 0 whatever is written: that is how its size is found. */
		s->bar &= ~(uint32_t)(BAR_SIZE - 1);
	} else if (offset == s->pci_cap + 4) {
		s->window_bar = value;
	} else if (window_at < 8) {
		uint32_t *to = window_at < 4 ? &s->window_at : &s->window_size;
		*to = (*to & ~(UINT32_C(0xff) << shift)) | (uint32_t)value << shift;
	}
}

static void
config_write(struct slot *s, uint32_t offset, unsigned size, uint64_t value)
{
	uint32_t at;
	if (offset >= CONFIG)
		return;
	if (window(s, offset, size, &at)) {
		bar_write(s, at, size, value);
		return;
	}
	uint16_t command = s->command;
	uint32_t bar = s->bar;
	for (unsigned i = 0; i < size; i++)
		config_write_byte(s, offset + i, (uint8_t)(value >> 8 * i));
	if (s->bar != bar || s->command != command)
		map_bars(s->pci);
	if (s->command != command)
		set_wire(s->pci, s->number % 4);
}

/* PCI Express 7.2.2: bus, device, function and register are the address. */
static struct slot *
slot_at(struct pci *p, uint64_t offset)
{
	unsigned slot = offset >> 15 & 31, function = offset >> 12 & 7;
	return !function && slot < p->used ? &p->slot[slot] : NULL;
}

static uint64_t
ecam_read(void *dev, uint64_t offset, unsigned size)
{
	struct slot *s = slot_at(dev, offset);
	return s ? config_read(s, offset & 0xfff, size) : UINT64_MAX >> (64 - 8 * size);
}

static void
ecam_write(void *dev, uint64_t offset, unsigned size, uint64_t value)
{
	struct slot *s = slot_at(dev, offset);
	if (s)
		config_write(s, offset & 0xfff, size, value);
}

static const struct bus_ops ecam_ops = {
	.read = ecam_read, .write = ecam_write, .min = 1, .max = 4
};

/* -- the device ------------------------------------------------------------------------------ */

static void
show(void *self)
{
	struct pci *p = self;
	map_bars(p);
	for (unsigned i = 0; i < 4; i++)
		set_wire(p, i);
}

static void
reset(void *self)
{
	struct pci *p = self;
	for (unsigned i = 0; i < p->used; i++) {
		struct slot *s = &p->slot[i];
		s->command = s->queue_select = 0;
		s->bar = s->device_feature_select = s->driver_feature_select = 0;
		s->line = s->isr = s->window_bar = 0;
		s->window_at = s->window_size = 0;
	}
	show(p);
}

static int
save(void *self, struct snap *to, struct err *e)
{
	struct pci *p = self;
	struct buf b = { 0 };
	int rc = 0;
	for (unsigned i = 0; i < p->used && rc == 0; i++) {
		b.n = 0;
		field_save(&b, slot_fields, &p->slot[i]);
		rc = snap_put_buf(to, SLOT_TAG, &b, e);
	}
	buf_free(&b);
	return rc;
}

static int
load(void *self, struct snap *from, struct err *e)
{
	struct pci *p = self;
	struct cur c;
	for (unsigned i = 0; i < p->used; i++) {
		if (snap_get(from, SLOT_TAG, &c, e) < 0 ||
		    field_load(&c, slot_fields, &p->slot[i], "a PCI slot", e) < 0)
			return -1;
		p->slot[i].bar &= ~(uint32_t)(BAR_SIZE - 1);
	}
	return 0;
}

static json_t *
inspect(void *self)
{
	const struct pci *p = self;
	json_t *slots = json_array();
	for (unsigned i = 1; i < p->used; i++) {
		json_t *o = field_json(slot_fields, &p->slot[i]);
		json_object_set_new(o, "device", json_string(p->slot[i].v->name));
		json_array_append_new(slots, o);
	}
	return json_pack("{s:o}", "slots", slots);
}

static const struct device pci_device = { .type = "pci-host",
	                                  .reset = reset,
	                                  .save = save,
	                                  .load = load,
	                                  .loaded = show,
	                                  .inspect = inspect,
	                                  .destroy = free };

static struct slot *
slot_new(struct pci *p, uint16_t vendor, uint16_t device, uint16_t class)
{
	struct slot *s = &p->slot[p->used];
	s->pci = p;
	s->number = p->used++;
	put16(s->config + VENDOR, vendor);
	put16(s->config + DEVICE, device);
	put16(s->config + CLASS, class);
	return s;
}

struct pci *
pci_new(struct board *b, uint64_t ecam, uint64_t mmio, uint64_t mmio_size,
        const struct irq wires[4], struct err *e)
{
	if (mmio_size < BAR_SIZE || mmio > UINT32_MAX || mmio_size - 1 > UINT32_MAX - mmio) {
		fail(e, EINVAL, "a PCI host's window must lie below 4 GiB");
		return NULL;
	}
	struct pci *p = xcalloc(1, sizeof *p);
	p->bus = board_bus(b);
	p->mmio = mmio;
	p->mmio_size = mmio_size;
	memcpy(p->wires, wires, sizeof p->wires);
	if (bus_add(p->bus, ecam, ECAM_SIZE, &ecam_ops, p, "pci", e) < 0) {
		free(p);
		return NULL;
	}
	/* The generic PCI Express host bridge, as others have it too. */
	slot_new(p, 0x1b36, 0x0008, 0x0600);
	board_add(b, &pci_device, "pci", p);
	return p;
}

/* -- a virtio device in a slot ------------------------------------------------------------------ */

/* Class codes by virtio's device numbers; the others are "unassigned". */
static uint16_t
class_of(uint16_t id)
{
	static const uint16_t of[] = { [1] = 0x0200,  [2] = 0x0180,  [3] = 0x0780,
		                       [16] = 0x0380, [18] = 0x0980, [19] = 0x0780 };
	return id < sizeof of / sizeof of[0] && of[id] ? of[id] : 0x00ff;
}

/* struct virtio_pci_cap (4.1.4), behind the one before; returns where it stands. */
static unsigned
capability(struct slot *s, unsigned *next, uint8_t type, uint8_t len, uint32_t at, uint32_t size)
{
	unsigned here = CAP_FIRST;
	uint8_t *link = &s->config[CAPABILITIES];
	if (*link) {
		here = *next;
		for (unsigned c = *link; c; c = s->config[c + 1])
			link = &s->config[c + 1];
	}
	*link = (uint8_t)here;
	s->config[here] = CAP_VENDOR;
	s->config[here + 2] = len;
	s->config[here + 3] = type;
	put32(s->config + here + 8, at);
	put32(s->config + here + 12, size);
	*next = (here + len + 3u) & ~3u;
	return here;
}

int
pci_virtio(struct pci *p, struct virtio *v, struct err *e)
{
	unsigned next = 0;
	if (p->used == SLOTS)
		return fail(e, ENOSPC, "%s: all %d slots of the PCI bus are taken", v->name,
		            SLOTS - 1);
	struct slot *s = slot_new(p, 0x1af4, (uint16_t)(0x1040 + v->ops->id), class_of(v->ops->id));
	s->v = v;
	s->config[REVISION] = 1;
	s->config[STATUS] = STATUS_CAPABILITIES;
	put16(s->config + SUB_VENDOR, 0x1af4);
	put16(s->config + SUB_ID, 0x1100); /* 4.1.2.1: 0x40 or more */
	s->config[PIN] = 1;
	capability(s, &next, CAP_COMMON, 16, AT_COMMON, COMMON);
	capability(s, &next, CAP_ISR, 16, AT_ISR, 1);
	capability(s, &next, CAP_DEVICE, 16, AT_DEVICE, PART);
	unsigned n = capability(s, &next, CAP_NOTIFY, 20, AT_NOTIFY, NOTIFY_STEP * VIRTIO_QUEUES);
	put32(s->config + n + 16, NOTIFY_STEP);
	s->pci_cap = capability(s, &next, CAP_PCI, 20, 0, 0);
	v->interrupt = interrupt;
	v->transport = s;
	return 0;
}
