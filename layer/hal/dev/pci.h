/* pci.h -- a PCI Express host with ECAM, and virtio devices in its slots.
 *
 * Implements the generic ECAM host (PCI Express Base 7.2.2), type 0
 * configuration headers, memory BARs, and wires INTA..INTD by slot.  Bus 0
 * only.  On it a virtio device has the capabilities of VIRTIO 1.2, 4.1, in one
 * memory BAR of 16 KiB; no MSI-X.
 */
#ifndef LAYER_HAL_DEV_PCI_H
#define LAYER_HAL_DEV_PCI_H

#include "base/err.h"
#include "layer/hal/dev/board.h"
#include "layer/hal/dev/virtio.h"

struct pci;

/* ECAM at `ecam` (1 MiB per bus, one bus), BARs are given out by the guest within
 * [mmio, mmio + mmio_size).  Pin p of slot s is wire (s + p) mod 4, INTA being pin 0. */
struct pci *pci_new(struct board *b, uint64_t ecam, uint64_t mmio, uint64_t mmio_size,
                    const struct irq wires[4], struct err *e);

/* Put a virtio device into the next free slot (1..31); slot 0 is the host bridge. */
int pci_virtio(struct pci *p, struct virtio *v, struct err *e);

#endif
