/* timer.h -- waitable timers.
 *
 * A timer is a time: whoever waits for it sleeps until then and nobody signals it.  Only when
 * it has a call to queue, or a completion packet or a registered wait looks at it, the reactor
 * watches the time.  Of one that several processes have (sync_share.h) the time is the
 * machine's; who sets it rings for the others, and they look again.
 */
#ifndef LAYER_API_NT_OBJECT_TIMER_H
#define LAYER_API_NT_OBJECT_TIMER_H

#include "layer/api/nt/object/object.h"
#include "layer/api/nt/object/shared.h"

extern const struct object_class timer_class;

struct object *timer_new(bool manual);  /* one count; NULL: no memory */
/* due: as wait_deadline_nt gives it, 0 is now; period in ms, 0: once; f(argument, low, high) is
 * queued to the calling thread, or NULL. *was: it was signalled. */
NTSTATUS timer_set(struct object *timer, uint64_t due, uint32_t period, void *f, void *argument, bool *was);
void timer_cancel(struct object *timer, bool *was);
/* -- sync_share.c's: it becomes the machine's; fresh: what it is goes there, else it is there -- */

void timer_first(const struct object *timer, struct shared_first *f);
void timer_share(struct object *timer, struct shared_thing *t, bool fresh);

/* 100 ns until it is due, negative when it has been; and whether it is signalled. */
void timer_query(struct object *timer, int64_t *left, bool *signalled);

#endif
