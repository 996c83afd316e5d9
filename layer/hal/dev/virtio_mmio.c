/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of VIRTIO 1.2, 4.2.2, version 2. */
#include "layer/hal/dev/virtio.h"

#include <stdlib.h>

#include "base/arena.h"

enum {
	MAGIC = 0x000,
	VERSION = 0x004,
	DEVICE_ID = 0x008,
	VENDOR_ID = 0x00c,
	DEVICE_FEATURES = 0x010,
	DEVICE_FEATURES_SEL = 0x014,
	DRIVER_FEATURES = 0x020,
	DRIVER_FEATURES_SEL = 0x024,
	QUEUE_SEL = 0x030,
	QUEUE_NUM_MAX = 0x034,
	QUEUE_NUM = 0x038,
	QUEUE_READY = 0x044,
	QUEUE_NOTIFY = 0x050,
	INTERRUPT_STATUS = 0x060,
	INTERRUPT_ACK = 0x064,
	STATUS = 0x070,
	QUEUE_DESC_LOW = 0x080,
	QUEUE_DESC_HIGH = 0x084,
	QUEUE_DRIVER_LOW = 0x090,
	QUEUE_DRIVER_HIGH = 0x094,
	QUEUE_DEVICE_LOW = 0x0a0,
	QUEUE_DEVICE_HIGH = 0x0a4,
	SHM_LEN_LOW = 0x0b0,
	SHM_BASE_HIGH = 0x0bc,
	CONFIG_GENERATION = 0x0fc,
	CONFIG = 0x100,
	SIZE = 0x200,
};

enum { USED_BUFFER = 1, CONFIG_CHANGE = 2 };

struct mmio {
	struct virtio *v; /* lent by the board, outlives us */
	struct irq irq;
	uint32_t device_features_sel, driver_features_sel, queue_sel;
	uint32_t interrupt_status;
};

static const struct field mmio_fields[] = { FIELD_OF_U32(struct mmio, device_features_sel),
	                                    FIELD_OF_U32(struct mmio, driver_features_sel),
	                                    FIELD_OF_U32(struct mmio, queue_sel),
	                                    FIELD_OF_U32(struct mmio, interrupt_status),
	                                    { 0 } };

static void
wire(void *self)
{
	struct mmio *m = self;
	irq_set(&m->irq, m->interrupt_status != 0);
}

static void
interrupt(void *transport, int queue)
{
	struct mmio *m = transport;
	m->interrupt_status |= queue < 0 ? CONFIG_CHANGE : USED_BUFFER;
	wire(m);
}

static uint32_t
get(struct mmio *m, uint64_t offset)
{
	struct virtqueue *q = virtio_queue(m->v, m->queue_sel);
	switch (offset) {
	case MAGIC: return 0x74726976;
	case VERSION: return 2;
	case DEVICE_ID: return m->v->ops->id;
	case VENDOR_ID: return 0x54534f4a; /* "JOST" */
	case DEVICE_FEATURES: return virtio_offered(m->v, m->device_features_sel);
	case QUEUE_NUM_MAX: return q ? m->v->ops->size : 0;
	case QUEUE_READY: return q && q->ready;
	case INTERRUPT_STATUS: return m->interrupt_status;
	case STATUS: return m->v->status;
	case CONFIG_GENERATION: return m->v->generation;
	default:
		/* 4.2.2: no shared memory, its length is -1 */
		return offset >= SHM_LEN_LOW && offset <= SHM_BASE_HIGH ? UINT32_MAX : 0;
	}
}

static void
set_status(struct mmio *m, uint8_t value)
{
	virtio_set_status(m->v, value);
	if (value)
		return;
	m->interrupt_status = 0;
	wire(m);
}

static void
set(struct mmio *m, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case DEVICE_FEATURES_SEL: m->device_features_sel = value; break;
	case DRIVER_FEATURES_SEL: m->driver_features_sel = value; break;
	case DRIVER_FEATURES: virtio_agree(m->v, m->driver_features_sel, value); break;
	case QUEUE_SEL: m->queue_sel = value; break;
	case QUEUE_NUM: virtio_queue_size(m->v, m->queue_sel, value); break;
	case QUEUE_READY: virtio_queue_ready(m->v, m->queue_sel, value & 1); break;
	case QUEUE_NOTIFY: virtio_notify(m->v, value); break;
	case INTERRUPT_ACK:
		m->interrupt_status &= ~value;
		wire(m);
		break;
	case STATUS: set_status(m, (uint8_t)value); break;
	case QUEUE_DESC_LOW:
	case QUEUE_DESC_HIGH:
		virtio_queue_set(m->v, m->queue_sel, VIRTIO_DESC, offset & 4, value);
		break;
	case QUEUE_DRIVER_LOW:
	case QUEUE_DRIVER_HIGH:
		virtio_queue_set(m->v, m->queue_sel, VIRTIO_AVAIL, offset & 4, value);
		break;
	case QUEUE_DEVICE_LOW:
	case QUEUE_DEVICE_HIGH:
		virtio_queue_set(m->v, m->queue_sel, VIRTIO_USED, offset & 4, value);
		break;
	default: break;
	}
}

/* 4.2.2.2: registers are read and written whole, the configuration as it is laid out. */
static uint64_t
mmio_read(void *dev, uint64_t offset, unsigned size)
{
	struct mmio *m = dev;
	if (offset >= CONFIG)
		return virtio_config_get(m->v, (uint32_t)(offset - CONFIG), size);
	return size == 4 ? get(m, offset) : 0;
}

static void
mmio_write(void *dev, uint64_t offset, unsigned size, uint64_t value)
{
	struct mmio *m = dev;
	if (offset >= CONFIG)
		virtio_config_set(m->v, (uint32_t)(offset - CONFIG), size, value);
	else if (size == 4)
		set(m, offset, (uint32_t)value);
}

static const struct bus_ops mmio_ops = {
	.read = mmio_read, .write = mmio_write, .min = 1, .max = 4
};

static void
reset(void *self)
{
	struct mmio *m = self;
	m->device_features_sel = m->driver_features_sel = m->queue_sel = 0;
	m->interrupt_status = 0;
	wire(m);
}

static void
destroy(void *self)
{
	struct mmio *m = self;
	m->v->interrupt = NULL;
	free(m);
}

static const struct device mmio_device = { .type = "virtio-mmio",
	                                   .fields = mmio_fields,
	                                   .reset = reset,
	                                   .loaded = wire,
	                                   .destroy = destroy };

int
virtio_mmio(struct virtio *v, uint64_t address, struct irq irq, struct err *e)
{
	struct mmio *m = xcalloc(1, sizeof *m);
	m->v = v;
	m->irq = irq;
	if (bus_add(v->bus, address, SIZE, &mmio_ops, m, v->name, e) < 0) {
		free(m);
		return -1;
	}
	v->interrupt = interrupt;
	v->transport = m;
	char *name = xprintf("%s-mmio", v->name);
	board_add(v->board, &mmio_device, name, m);
	free(name);
	return 0;
}
