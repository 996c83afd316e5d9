/* shared_sync.h -- events, mutexes and semaphores of the machine, and who waits for them.
 *
 * All of it happens under the machine's lock.  Who makes a thing available hands it to whoever has
 * waited longest: its record says so from then on, the thing is taken, and the waiter's
 * thread is woken.  So a signal is nobody else's, and an event that is set and reset at once
 * has still released who waited.  A record is in one piece or it is not there; what two stores
 * are needed for is written down first (`redo`), and done again by whoever finds that the
 * lock's holder was killed.  Numbers that come out of the shared memory are never believed.
 */
#ifndef LAYER_API_NT_OBJECT_SHARED_SYNC_H
#define LAYER_API_NT_OBJECT_SHARED_SYNC_H

#include "layer/api/nt/object/shared.h"

enum shared_sync_change { SHARED_SET, SHARED_RESET, SHARED_PULSE };

/* before may be NULL. */
void shared_sync_event(struct shared_thing *t, enum shared_sync_change how, LONG *before);
NTSTATUS shared_sync_release(struct shared_thing *t, int32_t n, LONG *before);
/* A mutex of the calling process is free again. */
void shared_sync_unlock(struct shared_thing *t, bool abandoned);
/* What was taken for a wait that has ended otherwise. */
void shared_sync_back(struct shared_thing *t, bool abandoned);

bool shared_sync_there(struct shared_thing *t);
/* For a wait of the calling process: true when it was there to be taken. */
bool shared_sync_take(struct shared_thing *t, bool *abandoned);
bool shared_sync_take_all(size_t n, struct shared_thing *const *t, bool *abandoned);

/* Stand in the line of each of n things.  >= 0: that one was taken at once (with
 * SHARED_ABANDONED), and there is no record.  -1: *out is the record; NULL when there is no
 * room for one. */
int shared_sync_wait(size_t n, struct shared_thing *const *t, bool all, bool bell,
                     struct shared_wait **out);
/* Leave the line.  >= 0: that one had been handed over. */
int shared_sync_leave(struct shared_wait *w);
/* Sleep until the word or the record has changed; as steady_futex_wait(). */
int shared_sync_sleep(_Atomic uint32_t *word, uint32_t value, struct shared_wait *w,
                      uint64_t deadline);

/* Under the lock: a process has ended; the lock's holder has. */
void shared_sync_gone(uint32_t index);
void shared_sync_repair(void);

#endif
