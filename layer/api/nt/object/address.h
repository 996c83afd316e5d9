/* address.h -- waiting for an address of the program: WaitOnAddress and keyed events.
 *
 * Who waits stands in a list found by the address, so nothing of the program's memory is used
 * and a wake of an address that nobody waits for is one load.
 */
#ifndef LAYER_API_NT_OBJECT_ADDRESS_H
#define LAYER_API_NT_OBJECT_ADDRESS_H

#include "layer/api/nt/object/object.h"
#include "layer/api/nt/status.h"

/* Until what is at p differs from *compare (size 1, 2, 4, 8) or it is woken.  STATUS_TIMEOUT. */
NTSTATUS address_wait(const volatile void *p, const void *compare, size_t size, uint64_t deadline);
void address_wake(const void *p, bool all);

extern const struct object_class address_keyed_class;
struct object *address_keyed(void);     /* a keyed event; one count, or NULL */
/* Each waits for one of the other kind with the same key, of the same event. */
NTSTATUS address_meet(const void *event, const void *key, bool release, bool alertable, uint64_t deadline);

#endif
