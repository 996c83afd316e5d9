/* virtio.h -- a virtio device, its queues, and the two ways a guest reaches it.
 *
 * Implements Virtual I/O Device (VIRTIO) 1.2: split virtqueues with indirect
 * descriptors and event indices, over MMIO (4.2) and PCI (4.1, modern only).  A
 * device (block, net ...) fills struct virtio_ops and knows no transport.
 *
 * Everything in guest memory is hostile: a chain is checked whole (addresses in
 * RAM, length, no loop, readable before writable) before the device sees it; a
 * wrong one sets DEVICE_NEEDS_RESET and the queue stands still until a reset.
 * All functions are called under bus->lock unless it says otherwise.
 *
 * After a rest (and so after a load) and when the driver says that it is ready,
 * every queue is notified once: a device keeps nothing in mind for then.
 */
#ifndef LAYER_HAL_DEV_VIRTIO_H
#define LAYER_HAL_DEV_VIRTIO_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/err.h"
#include "layer/hal/dev/board.h"

enum { VIRTIO_QUEUES = 4, VIRTIO_QUEUE_SIZE = 1024, VIRTIO_CHAIN = 1024 };

/* Bits of the device status field (2.1). */
enum {
	VIRTIO_ACKNOWLEDGE = 1,
	VIRTIO_DRIVER = 2,
	VIRTIO_DRIVER_OK = 4,
	VIRTIO_FEATURES_OK = 8,
	VIRTIO_NEEDS_RESET = 64,
	VIRTIO_FAILED = 128,
};

/* Features that all devices have (6). */
#define VIRTIO_INDIRECT_DESC (UINT64_C(1) << 28)
#define VIRTIO_EVENT_IDX     (UINT64_C(1) << 29)
#define VIRTIO_VERSION_1     (UINT64_C(1) << 32)

struct snap;
struct virtio;

struct virtio_ops {
	const char *type; /* "virtio-blk" */
	uint16_t id;      /* 5: device types */
	uint8_t queues;
	uint16_t size;              /* of each queue at most */
	uint64_t features;          /* offered besides VERSION_1, INDIRECT_DESC, EVENT_IDX */
	const struct field *fields; /* the device's own state, of `self` */
	/* The driver is ready: features are agreed (v->features), queues are set up. */
	void (*start)(struct virtio *v);                  /* optional */
	void (*reset)(struct virtio *v);                  /* back to the beginning; optional */
	void (*notify)(struct virtio *v, unsigned queue); /* buffers were added */
	/* Configuration space, bytes (zero when called); optional, both */
	void (*config_read)(struct virtio *v, uint32_t offset, uint8_t *bytes, uint32_t n);
	void (*config_write)(struct virtio *v, uint32_t offset, const uint8_t *bytes, uint32_t n);
	int (*save)(struct virtio *v, struct snap *s, struct err *e); /* optional */
	int (*load)(struct virtio *v, struct snap *s, struct err *e);
	void (*rest)(struct virtio *v); /* without the lock; nothing in flight after it; optional */
	void (*wake)(struct virtio *v);
	json_t *(*inspect)(struct virtio *v); /* optional */
	void (*destroy)(struct virtio *v);
};

struct virtqueue {
	uint64_t desc, avail, used; /* guest addresses */
	uint16_t size;
	bool ready;
	uint16_t next_avail, next_used; /* counters, as in the rings */
	uint16_t signalled;             /* used index at the last interrupt */
	bool signalled_valid;
	bool quiet; /* the device polls: no notifications wanted */
};

struct virtio {
	const struct virtio_ops *ops;
	char *name;          /* own */
	void *self;          /* of the device, own by ops->destroy */
	struct board *board; /* lent */
	struct bus *bus;     /* lent: the board's */
	struct device kind;  /* what the board sees */
	uint64_t offer;      /* features offered; the device may change it before it is reached */
	struct virtqueue queue[VIRTIO_QUEUES];
	/* Queues besides ops->queues, which the driver has once it agrees on feature bit
	 * `more_bit`; both are set before the device is reached. */
	uint8_t more, more_bit;
	uint64_t features; /* agreed */
	uint8_t status;
	uint32_t generation; /* of the configuration */
	bool broken;         /* the driver did what it must not; until reset */
	/* of the transport: raise its interrupt; queue -1: the configuration changed */
	void (*interrupt)(void *transport, int queue);
	void *transport;
};

/* A chain of buffers that the guest gave: `out` is for the device to read, `in` to
 * write.  Pointers go into guest RAM and stay valid until virtio_push. */
struct chain {
	uint16_t head;
	unsigned nout, nin;
	uint64_t out_bytes, in_bytes;
	struct iovec out[VIRTIO_CHAIN]; /* out and in together at most VIRTIO_CHAIN */
	struct iovec in[VIRTIO_CHAIN];
};

/* The next chain, copied into *c: 1, 0 when there is none, -1 when the guest broke
 * the rules (v->broken is set, the guest is told). */
int virtio_pop(struct virtio *v, unsigned queue, struct chain *c);
/* Give it back: the first `written` bytes of c->in were written (calls bus_wrote). */
void virtio_push(struct virtio *v, unsigned queue, const struct chain *c, uint32_t written);
/* The same in two steps, for buffers that belong together: the guest sees none of those
 * put before virtio_publish.  `in` is the chain's list to write, `written` at most its
 * length. */
void virtio_put(struct virtio *v, unsigned queue, uint16_t head, const struct iovec *in,
                unsigned nin, uint32_t written);
void virtio_publish(struct virtio *v, unsigned queue);
/* Undo the last virtio_pop: it will be popped again. */
void virtio_unpop(struct virtio *v, unsigned queue);
/* Interrupt the guest if it wants to know of what was pushed. */
void virtio_signal(struct virtio *v, unsigned queue);
/* Ask the guest to notify, or to save itself the trouble while we poll. */
void virtio_want_notify(struct virtio *v, unsigned queue, bool want);
void virtio_config_changed(struct virtio *v);
void virtio_break(struct virtio *v, const char *why); /* warns once */
/* Is there a chain that was not popped?  And does the device run at all? */
bool virtio_more(struct virtio *v, unsigned queue);
bool virtio_running(const struct virtio *v);
static inline bool
virtio_has(const struct virtio *v, unsigned bit)
{
	return v->features >> bit & 1;
}
/* How many queues the driver has, by the features it agreed on. */
static inline unsigned
virtio_queues(const struct virtio *v)
{
	return v->ops->queues + (v->more && virtio_has(v, v->more_bit) ? v->more : 0u);
}
/* Offer `more` queues besides ops->queues under a feature bit (of a device that is new). */
void virtio_offer_queues(struct virtio *v, uint8_t more, uint8_t bit);

/* For config_read: bytes of a configuration space that is `size` long. */
void
virtio_config_bytes(const void *config, size_t size, uint32_t offset, uint8_t *bytes, uint32_t n);

/* Copy between bytes and a list of buffers; returns how many were copied. */
uint64_t virtio_gather(void *to, uint64_t n, const struct iovec *v, unsigned nv, uint64_t skip);
uint64_t
virtio_scatter(const struct iovec *v, unsigned nv, uint64_t skip, const void *from, uint64_t n);

/* A device of that kind on the board; `name` as for board_add.  It must be given a
 * transport: an MMIO region (0x200 bytes, one wire) or a slot of a PCI host. */
struct virtio *
virtio_new(struct board *b, const struct virtio_ops *ops, const char *name, void *self);
int virtio_mmio(struct virtio *v, uint64_t address, struct irq irq, struct err *e);

/* For transports: what the driver does through registers. */
void virtio_set_status(struct virtio *v, uint8_t value); /* 0 resets */
uint32_t virtio_offered(const struct virtio *v, uint32_t word);
uint32_t virtio_agreed(const struct virtio *v, uint32_t word);
void virtio_agree(struct virtio *v, uint32_t word, uint32_t bits);
struct virtqueue *virtio_queue(struct virtio *v, uint32_t queue); /* NULL: no such queue */
void virtio_queue_size(struct virtio *v, uint32_t queue, uint32_t size);
enum virtio_ring { VIRTIO_DESC, VIRTIO_AVAIL, VIRTIO_USED };
/* Half of an address (0 low, 1 high). */
void virtio_queue_set(struct virtio *v, uint32_t queue, enum virtio_ring r, int half, uint32_t to);
void virtio_queue_ready(struct virtio *v, uint32_t queue, bool ready);
void virtio_notify(struct virtio *v, uint32_t queue);
uint64_t virtio_config_get(struct virtio *v, uint32_t offset, unsigned size);
void virtio_config_set(struct virtio *v, uint32_t offset, unsigned size, uint64_t value);

#endif
