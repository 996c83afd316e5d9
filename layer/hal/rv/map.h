/* map.h -- where things stand in the computer: the memory map of QEMU's `virt` board, so
 * that stock firmware and kernels find what they look for. */
#ifndef LAYER_HAL_RV_MAP_H
#define LAYER_HAL_RV_MAP_H

enum {
	MAP_FINISHER = 0x100000,
	MAP_RTC = 0x101000,
	MAP_ACLINT = 0x2000000,
	MAP_PLIC = 0xc000000,
	MAP_UART = 0x10000000,
	MAP_VIRTIO = 0x10001000, /* + n * MAP_VIRTIO_STEP */
	MAP_FW_CFG = 0x10100000,
	MAP_FLASH = 0x20000000,
	MAP_ECAM = 0x30000000,
	MAP_PCI_MMIO = 0x40000000,
};
#define MAP_RAM UINT64_C(0x80000000)

enum { MAP_VIRTIO_STEP = 0x1000, MAP_VIRTIO_COUNT = 8, MAP_PCI_MMIO_SIZE = 0x40000000 };

/* Sources of the interrupt controller. */
enum { MAP_IRQ_VIRTIO = 1, MAP_IRQ_UART = 10, MAP_IRQ_RTC = 11, MAP_IRQ_PCI = 32 };

#endif
