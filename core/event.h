/* event.h -- what happened to machines: one JSON object a line in the store.
 *
 *   {"time":"2026-01-01T00:00:00.000000000Z","event":"start","name":"web","detail":"..."}
 *
 * Lines are appended whole (O_APPEND, one write), so many processes may write
 * at once.  The file is turned over at 1 MiB; one older is kept.
 */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct store;

/* Never fails: an event that cannot be kept is lost. */
void event_add(struct store *s, const char *event, const char *name, const char *detail);

/* Call fn with each line from `since` to `until` (ns; 0: no bound), oldest
 * first; with follow it goes on until fn returns false. */
int event_read(struct store *s, bool follow, int64_t since, int64_t until,
               bool (*fn)(void *ctx, const char *line), void *ctx, struct err *e);

#endif
