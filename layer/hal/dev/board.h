/* board.h -- what all devices of a computer share: bus, clock, and a thread that waits.
 *
 * The board's thread waits for descriptors and timers of all devices and calls
 * them under bus->lock.  A device that would keep the thread busy (disk I/O) has
 * a thread of its own.  At rest neither runs: board_rest returns when no device
 * has anything in flight, and until board_wake nothing of a device changes.
 *
 * Devices know nothing of the processor: interrupts are wires (bus.h), time is
 * board_now.  They are listed here in the order in which they were made, which is
 * the order of reset, save and load.
 */
#ifndef LAYER_HAL_DEV_BOARD_H
#define LAYER_HAL_DEV_BOARD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "layer/hal/dev/bus.h"
#include "layer/hal/dev/field.h"

struct board;
struct snap;
struct board_source;

/* A kind of device.  Optional members may be NULL.  All but rest, wake and destroy
 * are called under bus->lock. */
struct device {
	const char *type;           /* "uart16550" */
	const struct field *fields; /* its state */
	void (*reset)(void *self);  /* as after power on */
	/* state that is no table (queues, packets on the way), optional */
	int (*save)(void *self, struct snap *s, struct err *e);
	int (*load)(void *self, struct snap *s, struct err *e);
	void (*loaded)(void *self); /* all devices are loaded: raise wires, set timers, optional */
	void (*rest)(void *self);   /* come back when nothing is in flight, optional */
	void (*wake)(void *self);   /* optional */
	json_t *(*inspect)(void *self); /* more than its fields, optional */
	void (*destroy)(void *self);
};

/* A board with RAM (see bus_new); its thread starts with the first board_wake. */
struct board *board_new(uint64_t ram_start, uint64_t ram_size, struct err *e);
void board_free(struct board *b); /* destroys its devices, the last made first */

struct bus *board_bus(const struct board *b);

/* Take over a device (its destroy is called by board_free).  name is copied, and
 * unique: "uart0". */
void board_add(struct board *b, const struct device *d, const char *name, void *self);

void board_reset(struct board *b);
void board_rest(struct board *b);
void board_wake(struct board *b);
int board_save(struct board *b, struct snap *s, struct err *e); /* at rest; not RAM */
int board_load(struct board *b, struct snap *s, struct err *e);
json_t *board_inspect(struct board *b);

/* Nanoseconds of the guest's life: they stop at rest and go through a snapshot.
 * Any thread. */
int64_t board_now(const struct board *b);
/* No snapshot is of an older guest (146 years): half as much can be added to any time. */
#define BOARD_OLDEST (INT64_MAX / 2)
/* Or a clock of the processor's own, that replaces it (instruction count). */
void board_clock(struct board *b, int64_t (*now)(void *ctx), void *ctx);

/* Call fn on the board's thread, lock held, when fd (lent) has one of the epoll
 * events, until it is removed.  Called under the lock, from any thread. */
typedef void board_fn(void *ctx, uint32_t events);
struct board_source *board_fd(struct board *b, int fd, uint32_t events, board_fn *fn, void *ctx);
void board_events(struct board_source *s, uint32_t events); /* 0: do not look for now */
/* Call fn once when board_now reaches `at`; board_at sets it anew, INT64_MAX never. */
struct board_source *board_timer(struct board *b, board_fn *fn, void *ctx);
void board_at(struct board_source *s, int64_t at);
/* With a clock of the processor's, it asks when the next timer is due and rings those that
 * are; lock held. */
int64_t board_next(const struct board *b);
void board_ring(struct board *b);
void board_remove(struct board_source *s); /* NULL is allowed; it is not called again */

/* Something the whole machine must know, from any device, any thread. */
enum board_event { BOARD_POWEROFF, BOARD_RESET, BOARD_FAULT, BOARD_STUCK };
/* The first counts until it is taken, but what waits for somebody (BOARD_STUCK: a full disk) gives
 * way to what does not; lock held.  sentence (may be NULL) says why. */
void board_raise(struct board *b, enum board_event what, int status, const char *sentence);
/* The processor's side: called (any thread) when something is raised. */
void board_listen(struct board *b, void (*fn)(void *ctx), void *ctx);
bool
board_raised(struct board *b, enum board_event *what, int *status, struct err *e); /* takes it */

#endif
