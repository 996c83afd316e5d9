/* loop.h -- one thread waiting for many descriptors and timers.
 *
 * A handler may add and remove any source, its own too; a removed source is
 * not called again.  Not thread-safe: one loop, one thread.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdint.h>

#include "base/err.h"

struct loop;
struct source;

typedef void loop_fn(void *ctx, uint32_t events);

struct loop *loop_new(struct err *e);
void loop_free(struct loop *l);         /* removes all sources; their descriptors stay open */

/* Watch fd (lent) for epoll events. */
struct source *loop_fd(struct loop *l, int fd, uint32_t events, loop_fn *fn, void *ctx,
                       struct err *e);
int  loop_events(struct source *s, uint32_t events);

/* Call fn once after ns nanoseconds; loop_again sets it anew. */
struct source *loop_timer(struct loop *l, int64_t ns, loop_fn *fn, void *ctx);
void loop_again(struct source *s, int64_t ns);

void loop_remove(struct source *s);     /* NULL is allowed */

int  loop_run(struct loop *l, struct err *e);   /* until loop_stop; 0 */
void loop_stop(struct loop *l);

#endif
