/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "layer/hal/rv/tree.h"

#define GIB (UINT64_C(1) << 30)

static uint8_t seed[32] = "thirty-two bytes that are random";

static struct tree
whole(void)
{
	return (struct tree){ .harts = 4,
		              .ram_size = 5 * GIB,
		              .bootargs = "console=ttyS0 quiet",
		              .initrd = 0x88000000,
		              .initrd_end = 0x88123456,
		              .virtio = 8,
		              .pci = true,
		              .uart = true,
		              .flash = true,
		              .rtc = true,
		              .seed = seed };
}

static struct buf
make(const struct tree *t)
{
	struct err e = { 0 };
	struct buf b = { 0 };
	if (tree_make(t, &b, &e) < 0)
		fail_msg("%s", e.what);
	assert_int_equal(fdt_check_full(b.p, b.n), 0);
	assert_int_equal(fdt_totalsize(b.p), b.n);
	return b;
}

/* -- reading ---------------------------------------------------------------------------------- */

static int
node(const struct buf *b, const char *path)
{
	int at = fdt_path_offset(b->p, path);
	if (at < 0)
		fail_msg("%s: %s", path, fdt_strerror(at));
	return at;
}

/* n cells of a property; their number must be n. */
static void
cells_are(const struct buf *b, const char *path, const char *property, const uint32_t *v, size_t n)
{
	int len;
	const fdt32_t *p = fdt_getprop(b->p, node(b, path), property, &len);
	if (!p || len != (int)(4 * n))
		fail_msg("%s %s has length %d", path, property, len);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(fdt32_to_cpu(p[i]), v[i]);
}
#define CELLS(b, path, property, ...)                                                              \
	cells_are(b, path, property, (const uint32_t[]){ __VA_ARGS__ },                            \
	          sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

static void
text_is(const struct buf *b, const char *path, const char *property, const char *text)
{
	int len;
	const char *p = fdt_getprop(b->p, node(b, path), property, &len);
	assert_non_null(p);
	assert_int_equal(len, strlen(p) + 1);
	assert_string_equal(p, text);
}

static bool
has(const struct buf *b, const char *path)
{
	return fdt_path_offset(b->p, path) >= 0;
}

/* -- tests --------------------------------------------------------------------------------------- */

static void
everything(void **state)
{
	(void)state;
	struct tree t = whole();
	struct buf b = make(&t);
	text_is(&b, "/", "compatible", "riscv-virtio");
	text_is(&b, "/chosen", "bootargs", "console=ttyS0 quiet");
	text_is(&b, "/chosen", "stdout-path", "/soc/serial@10000000");
	assert_true(has(&b, "/soc/serial@10000000"));
	CELLS(&b, "/chosen", "linux,initrd-start", 0, 0x88000000);
	CELLS(&b, "/chosen", "linux,initrd-end", 0, 0x88123456);
	int len;
	const void *p = fdt_getprop(b.p, node(&b, "/chosen"), "rng-seed", &len);
	assert_int_equal(len, 32);
	assert_memory_equal(p, seed, 32);
	CELLS(&b, "/memory@80000000", "reg", 0, 0x80000000, 1, 0x40000000);
	CELLS(&b, "/cpus", "timebase-frequency", 10000000);
	for (unsigned i = 0; i < 4; i++) {
		char path[64];
		snprintf(path, sizeof path, "/cpus/cpu@%u", i);
		CELLS(&b, path, "reg", i);
		text_is(&b, path, "riscv,isa", tree_isa);
		text_is(&b, path, "riscv,isa-base", "rv64i");
		text_is(&b, path, "mmu-type", "riscv,sv57");
		snprintf(path, sizeof path, "/cpus/cpu@%u/interrupt-controller", i);
		assert_int_equal(fdt_get_phandle(b.p, node(&b, path)), i + 1);
	}
	assert_false(has(&b, "/cpus/cpu@4"));
	/* a hart's software and timer, external for M and S */
	CELLS(&b, "/soc/clint@2000000", "interrupts-extended", 1, 3, 1, 7, 2, 3, 2, 7, 3, 3, 3, 7,
	      4, 3, 4, 7);
	CELLS(&b, "/soc/plic@c000000", "interrupts-extended", 1, 11, 1, 9, 2, 11, 2, 9, 3, 11, 3, 9,
	      4, 11, 4, 9);
	CELLS(&b, "/soc/plic@c000000", "reg", 0, 0xc000000, 0, 0x600000);
	uint32_t plic = fdt_get_phandle(b.p, node(&b, "/soc/plic@c000000"));
	CELLS(&b, "/soc/serial@10000000", "interrupt-parent", plic);
	CELLS(&b, "/soc/serial@10000000", "interrupts", 10);
	CELLS(&b, "/soc/rtc@101000", "interrupts", 11);
	for (unsigned i = 0; i < 8; i++) {
		char path[64];
		snprintf(path, sizeof path, "/soc/virtio_mmio@1000%u000", i + 1);
		CELLS(&b, path, "interrupts", i + 1);
		CELLS(&b, path, "reg", 0, 0x10001000 + i * 0x1000, 0, 0x1000);
	}
	CELLS(&b, "/soc/flash@20000000", "reg", 0, 0x20000000, 0, 0x2000000, 0, 0x22000000, 0,
	      0x2000000);
	CELLS(&b, "/soc/flash@20000000", "bank-width", 4);
	uint32_t finisher = fdt_get_phandle(b.p, node(&b, "/soc/test@100000"));
	CELLS(&b, "/poweroff", "regmap", finisher);
	CELLS(&b, "/poweroff", "value", 0x5555);
	CELLS(&b, "/reboot", "regmap", finisher);
	CELLS(&b, "/reboot", "value", 0x7777);
	buf_free(&b);
}

/* Pin p of slot s is wire (s + p) mod 4 of the four from 32, INTA being 0 (pci.h). */
static void
pci_interrupts(void **state)
{
	(void)state;
	struct tree t = whole();
	struct buf b = make(&t);
	int len;
	const fdt32_t *map = fdt_getprop(b.p, node(&b, "/soc/pci@30000000"), "interrupt-map", &len);
	uint32_t plic = fdt_get_phandle(b.p, node(&b, "/soc/plic@c000000"));
	assert_int_equal(len, 16 * 6 * 4);
	for (uint32_t slot = 0, i = 0; slot < 4; slot++)
		for (uint32_t pin = 0; pin < 4; pin++, i++) {
			assert_int_equal(fdt32_to_cpu(map[6 * i]), slot << 11);
			assert_int_equal(fdt32_to_cpu(map[6 * i + 3]), pin + 1);
			assert_int_equal(fdt32_to_cpu(map[6 * i + 4]), plic);
			assert_int_equal(fdt32_to_cpu(map[6 * i + 5]), 32 + (slot + pin) % 4);
		}
	CELLS(&b, "/soc/pci@30000000", "interrupt-map-mask", 0x1800, 0, 0, 7);
	CELLS(&b, "/soc/pci@30000000", "bus-range", 0, 0);
	CELLS(&b, "/soc/pci@30000000", "ranges", 0x2000000, 0, 0x40000000, 0, 0x40000000, 0,
	      0x40000000);
	buf_free(&b);
}

static void
nothing_more_than_asked(void **state)
{
	(void)state;
	struct tree t = { .harts = 1, .ram_size = GIB };
	struct buf b = make(&t);
	const char *const absent[] = { "/soc/serial@10000000", "/soc/rtc@101000",
		                       "/soc/virtio_mmio@10001000", "/soc/pci@30000000",
		                       "/soc/flash@20000000" };
	for (unsigned i = 0; i < sizeof absent / sizeof *absent; i++)
		assert_false(has(&b, absent[i]));
	assert_int_equal(fdt_first_property_offset(b.p, node(&b, "/chosen")), -FDT_ERR_NOTFOUND);
	buf_free(&b);
}

/* As many harts as there can be and a long command line have room. */
static void
largest(void **state)
{
	(void)state;
	struct tree t = whole();
	char *line = xcalloc(1, 1 << 20);
	memset(line, 'x', (1 << 20) - 1);
	t.harts = 64;
	t.bootargs = line;
	struct buf b = make(&t);
	text_is(&b, "/chosen", "bootargs", line);
	assert_true(has(&b, "/cpus/cpu@3f"));
	buf_free(&b);
	free(line);
}

/* Every byte is the same each time, whatever the heap held: what is between the properties
 * is the guest's to see. */
static void
no_heap_inside(void **state)
{
	(void)state;
	struct tree t = whole();
	struct buf b[2] = { { 0 }, { 0 } };
	for (unsigned i = 0; i < 2; i++) {
		struct err e = { 0 };
		/* room that is dirty already */
		memset(buf_room(&b[i], 200000), i ? 0xaa : 0x55, 200000);
		b[i].n = 0;
		assert_int_equal(tree_make(&t, &b[i], &e), 0);
	}
	assert_int_equal(b[0].n, b[1].n);
	assert_memory_equal(b[0].p, b[1].p, b[0].n);
	buf_free(&b[0]);
	buf_free(&b[1]);
}

/* Firmware opens the tree where it stands and adds nodes: it may grow by a few KiB. */
static void
room_behind(void **state)
{
	(void)state;
	struct tree t = whole();
	struct buf b = make(&t);
	int at = node(&b, "/chosen");
	uint8_t large[4096] = { 1 };
	assert_int_equal(fdt_setprop(b.p, at, "more", large, sizeof large), 0);
	assert_int_equal(fdt_check_full(b.p, b.n), 0);
	buf_free(&b);
}

/* Both forms of what the processor has say the same. */
static void
extensions(void **state)
{
	(void)state;
	struct tree t = whole();
	struct buf b = make(&t);
	int len;
	const char *list = fdt_getprop(b.p, node(&b, "/cpus/cpu@0"), "riscv,isa-extensions", &len);
	char isa[512] = "rv64";
	size_t n = strlen(isa);
	bool letters = true;
	for (const char *p = list; p < list + len; p += strlen(p) + 1) {
		letters &= strlen(p) == 1;
		n += (size_t)snprintf(isa + n, sizeof isa - n, "%s%s", letters ? "" : "_", p);
	}
	assert_string_equal(isa, tree_isa);
	buf_free(&b);
}

/* -- a user's own --------------------------------------------------------------------------------- */

static void
taken(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct tree t = whole(), none = { 0 };
	t.bootargs = "of the file";
	struct buf file = make(&t), b = { 0 };
	assert_int_equal(tree_take(&none, file.p, file.n, "f", &b, &e), 0);
	text_is(&b, "/chosen", "bootargs", "of the file");
	CELLS(&b, "/chosen", "linux,initrd-start", 0, 0x88000000);
	buf_free(&b);
	struct tree mine = { .bootargs = "mine", .initrd = 0x90000000, .initrd_end = 0x90000001 };
	assert_int_equal(tree_take(&mine, file.p, file.n, "f", &b, &e), 0);
	assert_int_equal(fdt_check_full(b.p, b.n), 0);
	text_is(&b, "/chosen", "bootargs", "mine");
	CELLS(&b, "/chosen", "linux,initrd-start", 0, 0x90000000);
	CELLS(&b, "/chosen", "linux,initrd-end", 0, 0x90000001);
	assert_true(has(&b, "/soc/pci@30000000"));
	uint8_t large[4096] = { 1 };
	assert_int_equal(fdt_setprop(b.p, node(&b, "/chosen"), "more", large, sizeof large), 0);
	buf_free(&b);
	buf_free(&file);

	/* one that has no /chosen gets one */
	uint8_t *small = xcalloc(1, 4096);
	assert_int_equal(fdt_create_empty_tree(small, 4096), 0);
	t = whole();
	assert_int_equal(tree_take(&t, small, 4096, "f", &b, &e), 0);
	text_is(&b, "/chosen", "bootargs", t.bootargs);
	buf_free(&b);
	free(small);
}

/* Version 16 tells the size of its strings, and libfdt believes it when it makes a 17 of it. */
static void
of_version_16(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct tree t = whole(), none = { 0 };
	struct buf b = make(&t), out = { 0 };
	fdt_pack(b.p);
	b.n = fdt_totalsize(b.p);
	fdt_set_version(b.p, 16);
	assert_int_equal(tree_take(&none, b.p, b.n, "f", &out, &e), 0);
	text_is(&out, "/chosen", "bootargs", t.bootargs);
	buf_free(&out);
	fdt_set_size_dt_strings(b.p, 0);
	assert_int_equal(tree_take(&none, b.p, b.n, "f", &out, &e), -1);
	assert_null(out.p);
	buf_free(&b);
}

static void
refused(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct tree t = whole();
	struct buf b = make(&t), out = { 0 };
	assert_int_equal(tree_check(b.p, b.n, "f", &e), 0);
	assert_int_equal(tree_check("no tree at all, but long enough for a header", 44, "f", &e),
	                 -1);
	assert_string_equal(e.what, "'f' is no device tree: FDT_ERR_BADMAGIC");
	assert_string_equal(e.hint, "compile it with dtc -O dtb");
	assert_int_equal(tree_check(NULL, 0, "f", &e), -1);
	fdt_set_version(b.p, 15);
	fdt_set_last_comp_version(b.p, 2);
	assert_int_equal(tree_check(b.p, b.n, "f", &e), -1);
	assert_string_equal(e.what, "'f' is no device tree: FDT_ERR_BADVERSION");
	fdt_set_version(b.p, 17);
	for (size_t n = 0; n < b.n; n += n < 100 ? 1 : 97) {
		/* of that size, so that a sanitizer sees what lies behind it */
		void *cut = xmalloc(n ? n : 1);
		memcpy(cut, b.p, n);
		assert_int_equal(tree_check(cut, n, "f", &e), -1);
		assert_int_equal(tree_take(&t, cut, n, "f", &out, &e), -1);
		assert_null(out.p);
		free(cut);
	}
	buf_free(&b);
}

UNIT_MAIN(TEST(everything), TEST(pci_interrupts), TEST(nothing_more_than_asked), TEST(largest),
          TEST(no_heap_inside), TEST(room_behind), TEST(extensions), TEST(taken),
          TEST(of_version_16), TEST(refused))
