/* computer.h -- the whole computer: board, harts, devices, and what it begins with. */
#ifndef LAYER_HAL_RV_COMPUTER_H
#define LAYER_HAL_RV_COMPUTER_H

#include <stdio.h>

#include "core/layer.h"
#include "layer/hal/dev/board.h"
#include "layer/hal/dev/pci.h"
#include "layer/hal/dev/uart.h"
#include "layer/hal/rv/options.h"
#include "layer/hal/rv/plic.h"
#include "layer/hal/rv/rv.h"
#include "layer/hal/rv/sbi.h"

struct guest {
	const struct spec *spec; /* lent */
	struct home home;
	struct options options; /* own */
	struct board *board;    /* own */
	struct rv *rv;          /* own */
	struct plic *plic;      /* the board's, as all devices */
	struct uart *uart;
	struct pci *pci;
	struct network *network;             /* own */
	struct disk *disk[OPTIONS_DISKS];    /* their drives' */
	struct virtio *drive[OPTIONS_DISKS]; /* the board's */
	struct sbi_console sbi;
	struct gdb *gdb;      /* own: while a debugger is there */
	FILE *trace;          /* own, or NULL */
	int in, out;          /* own: of the serial port */
	int err;              /* own: where we say something ourselves */
	int64_t born;         /* when this life began or may begin, by the host's clock */
	unsigned resets;      /* of short lives, one after another */
	bool slowed;          /* that was too often, and was said */
	int terminal;         /* own: its master side, or -1 */
	struct virtio *vsock; /* the board's, or NULL */
	int64_t rested;       /* since when, monotonic; 0: it comes from a snapshot */
	int settling;         /* own: who tells the guest about the time and its console, or -1 */
	struct virtio *gpu;   /* the board's, or NULL */
	struct vnc *vnc;      /* own, or NULL */
	bool started;
	_Atomic bool inside; /* its harts run */
	int status;
	_Atomic bool kicked;
	_Atomic int signal;
};

/* Make it, with nothing in memory. */
int computer_build(struct guest *g, struct err *e);
void computer_free(struct guest *g);

/* At rest: RAM is all zero. */
void computer_forget(struct guest *g);

/* At rest: what was written to disks never changes again and is in a folder too; and back. */
int computer_keep_disks(struct guest *g, int folder, struct err *e);
int computer_take_disks(struct guest *g, int folder, struct err *e);
/* At rest: all that was written to disks is in their files. */
int computer_flush_disks(struct guest *g, struct err *e);

/* Power on: everything reset, kernel and device tree in place, hart 0 at its entry. */
int computer_boot(struct guest *g, struct err *e);

#endif
