/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/rv/tree.h"

#include <errno.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "layer/hal/dev/flash.h"
#include "layer/hal/rv/aclint.h"
#include "layer/hal/rv/map.h"
#include "layer/hal/rv/plic.h"

/* What the processor has; tree_isa says the same. */
static const char *const extensions[] = {
	"i",      "m",      "a",       "f",       "d",      "c",        "zicbom",
	"zicbop", "zicboz", "zicntr",  "zicond",  "zicsr",  "zifencei", "zihintpause",
	"zihpm",  "zawrs",  "zfa",     "zba",     "zbb",    "zbc",      "zbs",
	"sstc",   "svadu",  "svinval", "svnapot", "svpbmt",
};
const char tree_isa[] = "rv64imafdc_zicbom_zicbop_zicboz_zicntr_zicond_zicsr_zifencei_zihintpause_"
                        "zihpm_zawrs_zfa_zba_zbb_zbc_zbs_sstc_svadu_svinval_svnapot_svpbmt";

/* Phandles: the interrupt controllers of the harts come first. */
enum {
	HANDLE_PLIC = 0x1000,
	HANDLE_FINISHER,
	IRQ_S = 9,
	IRQ_M = 11,
	IRQ_M_TIMER = 7,
	IRQ_M_SOFT = 3
};

/* A tree under construction; libfdt's first error is kept. */
struct maker {
	char *fdt;
	int rc;
};

#define DO(m, call) ((m)->rc = (m)->rc ? (m)->rc : (call))

static void begin(struct maker *m, const char *name) { DO(m, fdt_begin_node(m->fdt, name)); }
static void end(struct maker *m) { DO(m, fdt_end_node(m->fdt)); }
static void text(struct maker *m, const char *p, const char *v) { DO(m, fdt_property_string(m->fdt, p, v)); }
static void flag(struct maker *m, const char *p) { DO(m, fdt_property(m->fdt, p, NULL, 0)); }
static void cell(struct maker *m, const char *p, uint32_t v) { DO(m, fdt_property_u32(m->fdt, p, v)); }

static void
begin_at(struct maker *m, const char *name, uint64_t at)
{
	char full[64];
	snprintf(full, sizeof full, "%s@%llx", name, (unsigned long long)at);
	begin(m, full);
}

static void
cells(struct maker *m, const char *p, const uint32_t *v, size_t n)
{
	fdt32_t be[512];
	for (size_t i = 0; i < n; i++)
		be[i] = cpu_to_fdt32(v[i]);
	DO(m, fdt_property(m->fdt, p, be, (int)(n * sizeof *be)));
}

static void
reg(struct maker *m, uint64_t at, uint64_t size)
{
	const uint32_t v[] = { (uint32_t)(at >> 32), (uint32_t)at, (uint32_t)(size >> 32),
		               (uint32_t)size };
	cells(m, "reg", v, 4);
}

static void
interrupt(struct maker *m, uint32_t n)
{
	cell(m, "interrupt-parent", HANDLE_PLIC);
	cell(m, "interrupts", n);
}

static void
chosen(struct maker *m, const struct tree *t)
{
	begin(m, "chosen");
	if (t->bootargs)
		text(m, "bootargs", t->bootargs);
	if (t->uart)
		text(m, "stdout-path", "/soc/serial@10000000");
	if (t->initrd != t->initrd_end) {
		DO(m, fdt_property_u64(m->fdt, "linux,initrd-start", t->initrd));
		DO(m, fdt_property_u64(m->fdt, "linux,initrd-end", t->initrd_end));
	}
	if (t->seed)
		DO(m, fdt_property(m->fdt, "rng-seed", t->seed, 32));
	end(m);
}

static void
extension_list(struct maker *m)
{
	char list[512];
	size_t n = 0;
	for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
		size_t len = strlen(extensions[i]) + 1;
		memcpy(list + n, extensions[i], len);
		n += len;
	}
	DO(m, fdt_property(m->fdt, "riscv,isa-extensions", list, (int)n));
}

static void
cpus(struct maker *m, const struct tree *t)
{
	begin(m, "cpus");
	cell(m, "#address-cells", 1);
	cell(m, "#size-cells", 0);
	cell(m, "timebase-frequency", RV_TIMEBASE);
	for (uint32_t i = 0; i < t->harts; i++) {
		begin_at(m, "cpu", i);
		text(m, "device_type", "cpu");
		cell(m, "reg", i);
		text(m, "status", "okay");
		text(m, "compatible", "riscv");
		text(m, "riscv,isa", tree_isa);
		text(m, "riscv,isa-base", "rv64i");
		extension_list(m);
		text(m, "mmu-type", "riscv,sv57");
		cell(m, "riscv,cbom-block-size", 64);
		cell(m, "riscv,cbop-block-size", 64);
		cell(m, "riscv,cboz-block-size", 64);
		begin(m, "interrupt-controller");
		cell(m, "#interrupt-cells", 1);
		flag(m, "interrupt-controller");
		text(m, "compatible", "riscv,cpu-intc");
		cell(m, "phandle", i + 1);
		end(m);
		end(m);
	}
	end(m);
}

/* Pairs of a hart's controller and two of its interrupts. */
static void
both(struct maker *m, const struct tree *t, uint32_t first, uint32_t second)
{
	uint32_t v[4 * RV_HARTS];
	for (uint32_t i = 0; i < t->harts; i++) {
		v[4 * i] = v[4 * i + 2] = i + 1;
		v[4 * i + 1] = first;
		v[4 * i + 3] = second;
	}
	cells(m, "interrupts-extended", v, 4 * t->harts);
}

static void
controllers(struct maker *m, const struct tree *t)
{
	static const char clint[] = "sifive,clint0\0riscv,clint0",
	                  plic[] = "sifive,plic-1.0.0\0riscv,plic0";
	begin_at(m, "clint", MAP_ACLINT);
	DO(m, fdt_property(m->fdt, "compatible", clint, sizeof clint));
	reg(m, MAP_ACLINT, ACLINT_SIZE);
	both(m, t, IRQ_M_SOFT, IRQ_M_TIMER);
	end(m);
	begin_at(m, "plic", MAP_PLIC);
	DO(m, fdt_property(m->fdt, "compatible", plic, sizeof plic));
	reg(m, MAP_PLIC, PLIC_SIZE);
	both(m, t, IRQ_M, IRQ_S);
	flag(m, "interrupt-controller");
	cell(m, "#interrupt-cells", 1);
	cell(m, "#address-cells", 0);
	cell(m, "riscv,ndev", PLIC_SOURCES - 1);
	cell(m, "phandle", HANDLE_PLIC);
	end(m);
}

static void
pci(struct maker *m)
{
	uint32_t map[4 * 4 * 6], n = 0;
	for (uint32_t slot = 0; slot < 4; slot++)
		for (uint32_t pin = 1; pin <= 4; pin++) {
			const uint32_t row[6] = { slot << 11,  0,
				                  0,           pin,
				                  HANDLE_PLIC, MAP_IRQ_PCI + (slot + pin - 1) % 4 };
			memcpy(map + n, row, sizeof row);
			n += 6;
		}
	const uint32_t mask[] = { 0x1800, 0, 0, 7 };
	const uint32_t ranges[] = { 0x2000000,    0, MAP_PCI_MMIO,     0,
		                    MAP_PCI_MMIO, 0, MAP_PCI_MMIO_SIZE };
	const uint32_t buses[] = { 0, 0 };
	begin_at(m, "pci", MAP_ECAM);
	text(m, "compatible", "pci-host-ecam-generic");
	text(m, "device_type", "pci");
	reg(m, MAP_ECAM, 1 << 20);
	cell(m, "#address-cells", 3);
	cell(m, "#size-cells", 2);
	cell(m, "#interrupt-cells", 1);
	cell(m, "linux,pci-domain", 0);
	cells(m, "bus-range", buses, 2);
	cells(m, "ranges", ranges, 7);
	cells(m, "interrupt-map-mask", mask, 4);
	cells(m, "interrupt-map", map, n);
	flag(m, "dma-coherent");
	end(m);
}

static void
devices(struct maker *m, const struct tree *t)
{
	if (t->uart) {
		begin_at(m, "serial", MAP_UART);
		text(m, "compatible", "ns16550a");
		reg(m, MAP_UART, 0x100);
		cell(m, "clock-frequency", 3686400);
		interrupt(m, MAP_IRQ_UART);
		end(m);
	}
	if (t->rtc) {
		begin_at(m, "rtc", MAP_RTC);
		text(m, "compatible", "google,goldfish-rtc");
		reg(m, MAP_RTC, 0x1000);
		interrupt(m, MAP_IRQ_RTC);
		end(m);
	}
	if (t->flash) {
		const uint32_t banks[] = { 0, MAP_FLASH, 0, FLASH_SIZE, 0, MAP_FLASH + FLASH_SIZE,
			                   0, FLASH_SIZE };
		begin_at(m, "flash", MAP_FLASH);
		text(m, "compatible", "cfi-flash");
		cells(m, "reg", banks, 8);
		cell(m, "bank-width", 4);
		end(m);
	}
	for (uint32_t i = 0; i < t->virtio; i++) {
		begin_at(m, "virtio_mmio", MAP_VIRTIO + i * MAP_VIRTIO_STEP);
		text(m, "compatible", "virtio,mmio");
		reg(m, MAP_VIRTIO + i * MAP_VIRTIO_STEP, MAP_VIRTIO_STEP);
		interrupt(m, MAP_IRQ_VIRTIO + i);
		flag(m, "dma-coherent");
		end(m);
	}
	if (t->pci)
		pci(m);
}

static void
finisher(struct maker *m)
{
	static const char compatible[] = "sifive,test1\0sifive,test0\0syscon";
	begin_at(m, "test", MAP_FINISHER);
	DO(m, fdt_property(m->fdt, "compatible", compatible, sizeof compatible));
	reg(m, MAP_FINISHER, 0x1000);
	cell(m, "phandle", HANDLE_FINISHER);
	end(m);
}

/* Writing to the finisher ends or restarts the computer. */
static void
power(struct maker *m)
{
	static const struct {
		const char *name, *compatible;
		uint32_t value;
	} ways[] = { { "poweroff", "syscon-poweroff", 0x5555 },
		     { "reboot", "syscon-reboot", 0x7777 } };
	for (size_t i = 0; i < 2; i++) {
		begin(m, ways[i].name);
		text(m, "compatible", ways[i].compatible);
		cell(m, "regmap", HANDLE_FINISHER);
		cell(m, "offset", 0);
		cell(m, "value", ways[i].value);
		end(m);
	}
}

static void
memory(struct maker *m, const struct tree *t)
{
	begin_at(m, "memory", MAP_RAM);
	text(m, "device_type", "memory");
	reg(m, MAP_RAM, t->ram_size);
	end(m);
}

/* Firmware like OpenSBI writes into the tree that it was given, behind its end. */
static void
make_room(struct buf *b)
{
	enum { ROOM = 8192 };
	uint32_t n = fdt_totalsize(b->p) + ROOM;
	b->n = fdt_totalsize(b->p);
	memset(buf_room(b, ROOM), 0, ROOM);
	fdt_set_totalsize(b->p, n);
}

int
tree_make(const struct tree *t, struct buf *out, struct err *e)
{
	enum { ROOM = 64 << 10, PER_HART = 1 << 10 };
	size_t room = ROOM + (size_t)t->harts * PER_HART + (t->bootargs ? strlen(t->bootargs) : 0);
	struct maker m = { .fdt = (char *)buf_room(out, room) };
	DO(&m, fdt_create(m.fdt, (int)room));
	DO(&m, fdt_finish_reservemap(m.fdt));
	begin(&m, "");
	cell(&m, "#address-cells", 2);
	cell(&m, "#size-cells", 2);
	text(&m, "compatible", "riscv-virtio");
	text(&m, "model", "riscv-virtio,joist");
	chosen(&m, t);
	memory(&m, t);
	cpus(&m, t);
	begin(&m, "soc");
	text(&m, "compatible", "simple-bus");
	cell(&m, "#address-cells", 2);
	cell(&m, "#size-cells", 2);
	flag(&m, "ranges");
	controllers(&m, t);
	devices(&m, t);
	finisher(&m);
	end(&m);
	power(&m);
	end(&m);
	DO(&m, fdt_finish(m.fdt));
	if (m.rc < 0)
		return fail(e, E2BIG, "the device tree cannot be made: %s", fdt_strerror(m.rc));
	make_room(out);
	return 0;
}

static int
patch(char *fdt, const struct tree *t)
{
	int at = fdt_path_offset(fdt, "/chosen"), rc = at < 0 ? at : 0;
	if (at == -FDT_ERR_NOTFOUND) {
		at = fdt_add_subnode(fdt, 0, "chosen");
		rc = at < 0 ? at : 0;
	}
	if (!rc && t->bootargs)
		rc = fdt_setprop_string(fdt, at, "bootargs", t->bootargs);
	if (!rc && t->initrd != t->initrd_end) {
		rc = fdt_setprop_u64(fdt, at, "linux,initrd-start", t->initrd);
		rc = rc ? rc : fdt_setprop_u64(fdt, at, "linux,initrd-end", t->initrd_end);
	}
	if (!rc && t->seed)
		rc = fdt_setprop(fdt, at, "rng-seed", t->seed, 32);
	return rc;
}

int
tree_take(const struct tree *t, const void *bytes, size_t n, const char *name, struct buf *out,
          struct err *e)
{
	/* the names and values of patch(), more than once over */
	size_t more = 1024 + (t->bootargs ? strlen(t->bootargs) : 0);
	if (tree_check(bytes, n, name, e) < 0)
		return -1;
	size_t size = fdt_totalsize(bytes) + more;
	char *fdt = xcalloc(1, size);
	int rc = fdt_open_into(bytes, fdt, (int)size);
	rc = rc ? rc : patch(fdt, t);
	rc = rc ? rc : fdt_pack(fdt);
	/* an old version has less in it to be checked than what it was made into */
	rc = rc ? rc : fdt_check_full(fdt, fdt_totalsize(fdt));
	if (rc == 0) {
		buf_put(out, fdt, fdt_totalsize(fdt));
		make_room(out);
	} else {
		fail(e, EINVAL, "'%s' cannot be given a /chosen: %s", name, fdt_strerror(rc));
		rc = err_hint(e, "compile it with dtc -O dtb");
	}
	free(fdt);
	return rc;
}

int
tree_check(const void *bytes, size_t n, const char *name, struct err *e)
{
	int rc = n < sizeof(struct fdt_header) ? -FDT_ERR_TRUNCATED : fdt_check_header(bytes);
	/* libfdt 1.6 falls over older ones: to it their root can be without a name */
	if (!rc && fdt_version(bytes) < 16)
		rc = -FDT_ERR_BADVERSION;
	rc = rc ? rc : fdt_check_full(bytes, n);
	if (rc == 0)
		return 0;
	fail(e, EINVAL, "'%s' is no device tree: %s", name, fdt_strerror(rc));
	return err_hint(e, "compile it with dtc -O dtb");
}
