/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/rv/computer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "img/disk.h"
#include "img/overlay.h"
#include "layer/hal/dev/finisher.h"
#include "layer/hal/dev/flash.h"
#include "layer/hal/dev/lazy.h"
#include "layer/hal/dev/rtc.h"
#include "layer/hal/dev/terminal.h"
#include "layer/hal/dev/virtio_9p.h"
#include "layer/hal/dev/virtio_balloon.h"
#include "layer/hal/dev/virtio_blk.h"
#include "layer/hal/dev/virtio_gpu.h"
#include "layer/hal/dev/virtio_input.h"
#include "layer/hal/dev/virtio_rng.h"
#include "layer/hal/dev/virtio_vsock.h"
#include "layer/hal/dev/vnc.h"
#include "layer/hal/rv/aclint.h"
#include "layer/hal/rv/agent.h"
#include "layer/hal/rv/debug.h"
#include "layer/hal/rv/gdb.h"
#include "layer/hal/rv/loader.h"
#include "layer/hal/rv/map.h"
#include "layer/hal/rv/network.h"
#include "layer/hal/rv/tree.h"

enum {
	TRACE_BUFFER = 1 << 18,
	FILE_MOST = 1 << 30,
	KERNEL_BEHIND_FIRMWARE = 2 << 20,
	TREE_GROWS = 64 << 10
};
enum { GUEST_CID = 3 };

/* -- console --------------------------------------------------------------------------------- */

static size_t
console_out(void *ctx, const void *bytes, size_t n)
{
	struct guest *g = ctx;
	pthread_mutex_lock(&board_bus(g->board)->lock);
	n = uart_put(g->uart, bytes, n);
	pthread_mutex_unlock(&board_bus(g->board)->lock);
	return n;
}

static size_t
console_in(void *ctx, void *bytes, size_t n)
{
	struct guest *g = ctx;
	pthread_mutex_lock(&board_bus(g->board)->lock);
	n = uart_take(g->uart, bytes, n);
	pthread_mutex_unlock(&board_bus(g->board)->lock);
	return n;
}

/* A terminal of its own: the guest's kernel does what a terminal's line discipline does. */
static int
open_terminal(struct guest *g, struct err *e)
{
	const struct process *p = &g->spec->process;
	if (terminal_open(p->rows, p->cols, &g->terminal, &g->in, e) < 0)
		return -1;
	g->out = fcntl(g->in, F_DUPFD_CLOEXEC, 3);
	return g->out < 0 ? fail(e, errno, "cannot open the terminal: %s", strerror(errno)) : 0;
}

/* -- devices ----------------------------------------------------------------------------------- */

static int
add_disk(struct guest *g, unsigned i, struct err *e)
{
	const char *path = g->options.disk[i].path;
	struct disk *d;
	char name[16];
	snprintf(name, sizeof name, "disk%u", i);
	switch (g->options.disk[i].use) {
	case DISK_OVERLAY: d = overlay_open(g->home.dir, name, path, e); break;
	case DISK_DIRECT: d = disk_open(AT_FDCWD, path, DISK_WRITE, e); break;
	default: d = disk_open(AT_FDCWD, path, 0, e); break;
	}
	if (!d)
		return -1;
	g->disk[i] = d;
	g->drive[i] = virtio_blk_image(g->board, name, d, name, g->options.harts);
	return pci_virtio(g->pci, g->drive[i], e);
}

/* -v: a folder, whose tag is where the guest shall mount it. */
static int
add_folder(struct guest *g, size_t i, struct err *e)
{
	const struct mount_spec *m = &g->spec->mounts[i];
	bool readonly = false;
	char name[32];
	for (char **o = m->options; o && *o; o++)
		readonly |= strcmp(*o, "ro") == 0;
	int folder = open(m->source, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0) {
		fail(e, errno, "-v '%s': %s", m->source, strerror(errno));
		return err_hint(e, "a computer is given folders, not files");
	}
	snprintf(name, sizeof name, "folder%zu", i);
	struct virtio *v = virtio_9p_new(g->board, name, m->dest, folder, readonly, e);
	close(folder);
	return v ? pci_virtio(g->pci, v, e) : -1;
}

static int
add_screen(struct guest *g, struct err *e)
{
	const struct options *o = &g->options;
	struct virtio *keyboard, *tablet;
	g->gpu = virtio_gpu_new(g->board, "gpu0", o->width, o->height);
	keyboard = virtio_input_new(g->board, "keyboard0", VIRTIO_INPUT_KEYBOARD);
	tablet = virtio_input_new(g->board, "tablet0", VIRTIO_INPUT_TABLET);
	if (pci_virtio(g->pci, g->gpu, e) < 0 || pci_virtio(g->pci, keyboard, e) < 0 ||
	    pci_virtio(g->pci, tablet, e) < 0)
		return -1;
	if (!o->vnc)
		return 0;
	g->vnc = vnc_new(g->board, virtio_gpu_screen(g->gpu), keyboard, tablet, o->vnc,
	                 o->vnc_password, e);
	return g->vnc ? 0 : -1;
}

/* Where the agent in the guest is reached, and whoever else listens there. */
static int
add_vsock(struct guest *g, struct err *e)
{
	g->vsock = virtio_vsock_new(g->board, "vsock0", GUEST_CID, g->home.dir, AGENT_SOCKET, e);
	return g->vsock ? pci_virtio(g->pci, g->vsock, e) : -1;
}

/* Both banks, when there is something for the first. */
static int
add_flash(struct guest *g, struct err *e)
{
	for (unsigned i = 0; g->options.nflash && i < OPTIONS_FLASH; i++) {
		char name[16];
		snprintf(name, sizeof name, "flash%u", i);
		if (flash_new(g->board, MAP_FLASH + (uint64_t)i * FLASH_SIZE, name,
		              g->options.flash[i].path, g->home.dir, g->options.flash[i].readonly,
		              e) < 0)
			return -1;
	}
	return 0;
}

static int
add_devices(struct guest *g, struct err *e)
{
	struct irq wires[4];
	g->plic = plic_new(g->rv, MAP_PLIC, e);
	if (!g->plic || aclint_new(g->rv, MAP_ACLINT, e) < 0 ||
	    finisher_new(g->board, MAP_FINISHER, e) < 0 ||
	    rtc_new(g->board, MAP_RTC, plic_wire(g->plic, MAP_IRQ_RTC), g->options.deterministic,
	            e) < 0)
		return -1;
	g->uart = uart_new(g->board, "uart0", MAP_UART, plic_wire(g->plic, MAP_IRQ_UART), g->in,
	                   g->out, g->options.deterministic, e);
	for (unsigned i = 0; i < 4; i++)
		wires[i] = plic_wire(g->plic, MAP_IRQ_PCI + i);
	g->pci = g->uart ? pci_new(g->board, MAP_ECAM, MAP_PCI_MMIO, MAP_PCI_MMIO_SIZE, wires, e)
	                 : NULL;
	if (!g->pci || add_flash(g, e) < 0)
		return -1;
	for (unsigned i = 0; i < g->options.ndisk; i++)
		if (add_disk(g, i, e) < 0)
			return -1;
	for (size_t i = 0; i < g->spec->nmounts; i++)
		if (add_folder(g, i, e) < 0)
			return -1;
	if (network_add(g, e) < 0)
		return -1;
	if (g->options.screen && add_screen(g, e) < 0)
		return -1;
	/* the host's random numbers are never the same, nor when somebody comes in */
	if (!g->options.deterministic &&
	    (pci_virtio(g->pci, virtio_rng_new(g->board, "rng0"), e) < 0 || add_vsock(g, e) < 0))
		return -1;
	if (pci_virtio(g->pci, virtio_balloon_new(g->board, "balloon0", 0), e) < 0)
		return -1;
	return 0;
}

static int
open_trace(struct guest *g, struct err *e)
{
	const char *path = g->options.trace;
	g->trace = path ? fopen(path, "ae") : NULL;
	if (path && !g->trace)
		return fail(e, errno, "--trace '%s': %s", path, strerror(errno));
	if (g->trace) {
		setvbuf(g->trace, NULL, _IOFBF, TRACE_BUFFER);
		g->rv->trace = g->trace;
		debug_new(g->rv);
	}
	return 0;
}

int
computer_build(struct guest *g, struct err *e)
{
	if (options_read(g->spec, &g->options, e) < 0)
		return -1;
	if (g->spec->process.terminal) {
		if (open_terminal(g, e) < 0)
			return -1;
	} else {
		/* what is lent is closed when the guest has been made */
		g->in = g->home.fd[0] < 0 ? -1 : fcntl(g->home.fd[0], F_DUPFD_CLOEXEC, 3);
		g->out = g->home.fd[1] < 0 ? -1 : fcntl(g->home.fd[1], F_DUPFD_CLOEXEC, 3);
		g->err = g->home.fd[2] < 0 ? -1 : fcntl(g->home.fd[2], F_DUPFD_CLOEXEC, 3);
	}
	g->board = board_new(MAP_RAM, g->options.memory, e);
	g->rv = g->board ? rv_new(g->board, g->options.harts, g->options.deterministic, e) : NULL;
	if (!g->rv || add_devices(g, e) < 0 || open_trace(g, e) < 0)
		return -1;
	g->sbi = (struct sbi_console){ console_out, console_in, g };
	/* for a snapshot; who is reset is prepared again */
	if (!g->options.firmware)
		sbi_attach(g->rv, &g->sbi);
	return 0;
}

void
computer_free(struct guest *g)
{
	/* the devices drive wires into the harts until they are gone */
	struct rv *r = g->rv;
	agent_free(g);
	gdb_free(g->gdb);
	if (r)
		debug_free(r->debugger);
	if (g->trace)
		fclose(g->trace);
	if (g->board) {
		board_rest(g->board);
		lazy_end(board_bus(g->board));
	}
	vnc_free(g->vnc);
	if (r)
		rv_leave(r);
	board_free(g->board);
	rv_free(r);
	options_free(&g->options);
	network_leave(g);
	const int fds[] = { g->in, g->out, g->err, g->terminal };
	for (unsigned i = 0; i < sizeof fds / sizeof *fds; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* -- disks in a snapshot ---------------------------------------------------------------------------- */

static void
put_in(struct guest *g, unsigned i)
{
	virtio_blk_insert(g->drive[i], g->disk[i]);
}

int
computer_flush_disks(struct guest *g, struct err *e)
{
	for (unsigned i = 0; i < g->options.ndisk; i++) {
		int rc = disk_writable(g->disk[i]) ? disk_flush(g->disk[i]) : 0;
		if (rc < 0)
			return fail(e, -rc, "disk 'disk%u': %s", i, strerror(-rc));
	}
	return 0;
}

int
computer_keep_disks(struct guest *g, int folder, struct err *e)
{
	char name[16];
	for (unsigned i = 0; i < g->options.ndisk; i++)
		if (g->options.disk[i].use == DISK_DIRECT) {
			fail(e, ENOTSUP, "disk '%s' is written directly: no snapshot can keep it",
			     g->options.disk[i].path);
			return err_hint(e,
			                "give it without ':rw', or stop the machine and copy it");
		}
	for (unsigned i = 0; i < g->options.ndisk; i++) {
		if (g->options.disk[i].use != DISK_OVERLAY)
			continue;
		snprintf(name, sizeof name, "disk%u", i);
		int rc = overlay_freeze(g->home.dir, name, &g->disk[i], e);
		put_in(g, i);
		if (rc < 0 || overlay_keep(g->home.dir, name, folder, e) < 0)
			return -1;
	}
	return 0;
}

int
computer_take_disks(struct guest *g, int folder, struct err *e)
{
	char name[16];
	for (unsigned i = 0; i < g->options.ndisk; i++) {
		if (g->options.disk[i].use != DISK_OVERLAY)
			continue;
		snprintf(name, sizeof name, "disk%u", i);
		if (folder < 0) {
			fail(e, ENOENT, "the snapshot's disks are missing");
			return err_hint(e, "use another one: joist snaps");
		}
		int rc = overlay_restore(g->home.dir, name, g->options.disk[i].path, folder,
		                         &g->disk[i], e);
		put_in(g, i);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/* -- power on -------------------------------------------------------------------------------------- */

/* A file of the user's, mapped; empty is an error of whoever reads it. */
static int
map_file(const char *path, void **p, size_t *n, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	*p = NULL;
	*n = 0;
	if (size > FILE_MOST) {
		close(fd);
		fail(e, EFBIG, "'%s' is too large to be a kernel or an initial RAM disk", path);
		return err_hint(e, "a disk is given with --disk");
	}
	if (size > 0) {
		*p = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
		*n = (size_t)size;
	}
	if (fd < 0 || size < 0 || *p == MAP_FAILED) {
		fail(e, errno, "'%s': %s", path, strerror(errno));
		*p = NULL;
		if (fd >= 0)
			close(fd);
		return err_status(e, EXIT_CANNOT_EXEC);
	}
	close(fd);
	return 0;
}

static void
unmap_file(void *p, size_t n)
{
	if (p)
		munmap(p, n);
}

/* What stands where in memory while it is filled. */
struct layout {
	struct loaded kernel, firmware;
	uint64_t low, high; /* free between them */
	uint64_t initrd, initrd_end, dtb, info;
};

static int
put_kernel(struct guest *g, struct layout *l, struct err *e)
{
	struct bus *b = board_bus(g->board);
	void *p;
	size_t n;
	int rc = 0;
	if (g->options.firmware) {
		rc = map_file(g->options.firmware, &p, &n, e);
		if (rc == 0)
			rc = loader_firmware(b, p, n, g->options.firmware, &l->firmware, e);
		unmap_file(p, n);
		l->low = l->firmware.end;
	}
	if (!g->options.kernel && g->options.nflash)
		l->kernel.entry = MAP_FLASH;
	if (rc < 0 || !g->options.kernel)
		return rc;
	rc = map_file(g->options.kernel, &p, &n, e);
	if (rc == 0)
		rc = loader_kernel(b, p, n, g->options.kernel,
		                   g->options.firmware ? MAP_RAM + KERNEL_BEHIND_FIRMWARE : MAP_RAM,
		                   &l->kernel, e);
	unmap_file(p, n);
	if (rc == 0 && g->options.firmware && l->kernel.start < l->firmware.end)
		rc = fail(e, EINVAL, "kernel and firmware overlap in memory");
	l->low = l->kernel.end;
	return rc;
}

static int
put_initrd(struct guest *g, struct layout *l, struct err *e)
{
	void *p;
	size_t n;
	if (!g->options.initrd)
		return 0;
	int rc = map_file(g->options.initrd, &p, &n, e);
	if (rc == 0)
		rc = loader_high(board_bus(g->board), p, n, g->options.initrd, l->low, l->high,
		                 &l->initrd, e);
	unmap_file(p, n);
	l->initrd_end = l->initrd + n;
	l->high = l->initrd;
	return rc;
}

static int
put_tree(struct guest *g, struct layout *l, struct err *e)
{
	uint8_t seed[32];
	struct buf b = { 0 };
	void *p = NULL;
	size_t n = 0;
	int rc;
	struct tree t = { .harts = g->rv->nhart,
		          .ram_size = g->options.memory,
		          .bootargs = g->options.append,
		          .initrd = l->initrd,
		          .initrd_end = l->initrd_end,
		          .pci = true,
		          .uart = true,
		          .rtc = true,
		          .flash = g->options.nflash > 0 };
	if (!g->options.deterministic && getrandom(seed, sizeof seed, 0) == sizeof seed)
		t.seed = seed;
	if (g->options.dtb) {
		rc = map_file(g->options.dtb, &p, &n, e);
		if (rc == 0)
			rc = tree_take(&t, p, n, g->options.dtb, &b, e);
		unmap_file(p, n);
	} else {
		if (!t.bootargs)
			t.bootargs = "console=ttyS0";
		rc = tree_make(&t, &b, e);
	}
	/* firmware adds to the tree and makes it longer than it needs to be: whoever copies it
	 * then reads what is behind it */
	if (g->options.firmware)
		l->high -= TREE_GROWS;
	if (rc == 0)
		rc = loader_high(board_bus(g->board), b.p, b.n, "device tree", l->low, l->high,
		                 &l->dtb, e);
	l->high = l->dtb;
	buf_free(&b);
	return rc;
}

/* What OpenSBI's fw_dynamic is told of the next stage: magic, version, address, mode S. */
static int
put_info(struct guest *g, struct layout *l, struct err *e)
{
	const uint64_t info[] = { 0x4942534f, 2, l->kernel.entry, 1, 0, 0 };
	return loader_high(board_bus(g->board), info, sizeof info, "firmware's parameters", l->low,
	                   l->high, &l->info, e);
}

void
computer_forget(struct guest *g)
{
	struct bus *b = board_bus(g->board);
	lazy_end(b);
	/* what is freed reads as zeros again */
	madvise(b->ram, b->ram_size, MADV_DONTNEED);
	bus_wrote(b, b->ram_start, b->ram_size);
}

int
computer_boot(struct guest *g, struct err *e)
{
	struct layout l = { .low = MAP_RAM, .high = MAP_RAM + g->options.memory };
	computer_forget(g);
	board_reset(g->board);
	for (unsigned i = 0; i < g->rv->nhart; i++) {
		hart_reset(g->rv->hart[i]);
		rv_timer(g->rv->hart[i]);
	}
	if (put_kernel(g, &l, e) < 0 || put_initrd(g, &l, e) < 0 || put_tree(g, &l, e) < 0)
		return -1;
	if (g->options.firmware) {
		if (put_info(g, &l, e) < 0)
			return -1;
		for (unsigned i = 0; i < g->rv->nhart; i++) {
			hart_start(g->rv->hart[i], l.firmware.entry, MODE_M, i, l.dtb);
			g->rv->hart[i]->x[12] = l.info;
		}
		return 0;
	}
	sbi_attach(g->rv, &g->sbi);
	hart_start(g->rv->hart[0], l.kernel.entry, MODE_S, 0, l.dtb);
	return 0;
}
