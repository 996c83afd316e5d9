/* sync_share.h -- events, mutants, semaphores, timers and keyed events that several processes have.
 *
 * An object begins as the process' own (sync.h) and becomes one of the machine when it gets a
 * name, is inherited, or is put into another process' table of handles; then its class is the
 * same, its kind is OBJECT_SHARED, and what happens to it happens to its `thing`
 * (shared_sync.h).  It never goes back.  The quick ways that take no lock need not know: its
 * state is 0, so nothing can be taken there, and its list of waiters is never empty, so whoever
 * has signalled comes to sync_share_wake(), which carries the signal over.
 *
 * A process has one object for a thing.  Of a mutant the machine knows which process owns it;
 * which thread, and how often, only that process does.
 *
 * A timer is a time (timer.h): the machine has that, and each process' object waits for it.  Who
 * meets at a keyed event is of one process, as keys are addresses: of those the machine has the
 * name.
 *
 * Locks, in this order: object.lock, the one of this file, a timer's, shared_lock().
 */
#ifndef LAYER_API_NT_OBJECT_SYNC_SHARE_H
#define LAYER_API_NT_OBJECT_SYNC_SHARE_H

#include "layer/api/nt/object/object.h"
#include "layer/api/nt/status.h"

struct shared_wait;
struct wait_watch;

/* One of the classes that the machine knows. */
bool sync_share_can(const struct object_class *class);
bool sync_share(struct object *o);      /* false: there is no room */
/* Each of the process' objects of a class that are the machine's, counted meanwhile. */
void sync_share_each(const struct object_class *class, void (*f)(struct object *o));

/* -- names: as name_give() and name_open(), of a name without its folder -- */

NTSTATUS sync_share_give(struct object **o, const WCHAR *name);
NTSTATUS sync_share_open(const struct object_class *class, const WCHAR *name, struct object **out);
void sync_share_closed(struct object *o);       /* the last handle of this process */
void sync_share_leave(struct object *o);        /* it goes */

/* -- inheritance -- */

bool sync_share_to_child(struct object *o, struct inherit *i);
struct object *sync_share_remake(const struct inherit *i);
struct object *sync_share_at(uint64_t number);  /* of a thing: counted, or NULL */

/* o, of another class and new, is waited for as this event is; the use stays the caller's. */
void sync_share_as_event(struct object *o, struct shared_thing *event);

/* -- waiting: wait.c's -- */

struct sync_share_wait {
	struct shared_wait *record;     /* NULL: there was no room for one */
	uint64_t mask;                  /* which of the objects are the machine's */
	uint8_t index[64];              /* of the object of each of the record's things */
};

uint64_t sync_share_mask(size_t n, struct object *const *o);
void sync_share_wake(struct object *o);
bool sync_share_there(struct object *o, struct thread *t);
/* Those of the mask, all or none. */
bool sync_share_take_all(size_t n, struct object *const *o, uint64_t mask, struct thread *t,
                         NTSTATUS *status);
void sync_share_back(struct object *o); /* sync_share_take() was in vain */
/* true: one was taken at once, with what the wait ends. */
bool sync_share_enter(size_t n, struct object *const *o, bool all, uint64_t mask, struct thread *t,
                      struct sync_share_wait *s, NTSTATUS *status);
/* true: one had been handed over, with what the wait ends. */
bool sync_share_part(struct object *const *o, struct thread *t, struct sync_share_wait *s,
                     NTSTATUS *status);
void sync_share_refuse(struct object *const *o, NTSTATUS status);       /* that one is not wanted */

/* -- sync_watch.c: with object.lock.  true: it was taken at once -- */

bool sync_watch_begin(struct wait_watch *w);
bool sync_watch_end(struct wait_watch *w);      /* false: it is not watched here */

#endif
