/* virtio_vsock.h -- streams between programs of the guest and of the host (VIRTIO
 * 1.2, 5.10).
 *
 * On the host they are Unix sockets in a folder, as Firecracker and Cloud
 * Hypervisor have them.  Who connects to the socket NAME says "CONNECT port\n",
 * reads "OK number\n" and is connected with what listens on that port in the
 * guest.  When the guest connects to port P of the host (CID 2), it is connected
 * with what listens on NAME_P.
 *
 * Connections are not in a snapshot: the guest that goes on elsewhere is told that
 * they are gone.
 */
#ifndef LAYER_HAL_DEV_VIRTIO_VSOCK_H
#define LAYER_HAL_DEV_VIRTIO_VSOCK_H

#include <stdint.h>

#include "base/err.h"
#include "layer/hal/dev/virtio.h"

/* cid is the guest's: 3 and up.  The folder is duplicated; the socket in it is ours, is
 * replaced if nobody listens on it, and is removed at the end. */
struct virtio *virtio_vsock_new(struct board *b, const char *name, uint32_t cid, int folder,
                                const char *socket, struct err *e);

#endif
