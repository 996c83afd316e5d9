/* packet.h -- wait completion packets: an object that is signalled becomes a port's packet. */
#ifndef LAYER_API_NT_OBJECT_PACKET_H
#define LAYER_API_NT_OBJECT_PACKET_H

#include "layer/api/nt/object/port.h"

extern const struct object_class packet_class;

struct object *packet_new(void);        /* one count; NULL: no memory */
/* Once, until it has been posted or cancelled.  *signalled: it was, and is posted already. */
NTSTATUS packet_associate(struct object *packet, struct object *port, struct object *target,
                          const struct packet *what, bool *signalled);
/* STATUS_PENDING: it was posted; take: then out of the port's queue, too, if it is there yet. */
NTSTATUS packet_cancel(struct object *packet, bool take);

#endif
