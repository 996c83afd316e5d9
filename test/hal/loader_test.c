/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/arena.h"
#include "layer/hal/rv/loader.h"

#define RAM  UINT64_C(0x80000000)
#define HIGH UINT64_C(0xffffffff80000000)
enum { MIB = 1 << 20, SIZE = 16 * MIB, IMAGE = 5000 };

static struct bus *
ram(void)
{
	struct err e = { 0 };
	struct bus *b = bus_new(RAM, SIZE, &e);
	assert_non_null(b);
	return b;
}

/* -- files --------------------------------------------------------------------------------- */

static void
poke(struct buf *b, size_t at, const void *p, size_t n)
{
	if (b->n < at + n) {
		size_t more = at + n - b->n;
		memset(buf_room(b, more), 0, more);
	}
	memcpy(b->p + at, p, n);
}

static void poke16(struct buf *b, size_t at, uint16_t v) { poke(b, at, &v, 2); }
static void poke32(struct buf *b, size_t at, uint32_t v) { poke(b, at, &v, 4); }
static void poke64(struct buf *b, size_t at, uint64_t v) { poke(b, at, &v, 8); }

/* A boot image of IMAGE bytes that count. */
static struct buf
image(uint64_t offset, uint64_t size)
{
	struct buf b = { 0 };
	for (unsigned i = 0; i < IMAGE; i++)
		buf_u8(&b, (uint8_t)(i * 7));
	poke32(&b, 0, 0x0400006f);
	poke32(&b, 4, 0);
	poke64(&b, 8, offset);
	poke64(&b, 16, size);
	poke64(&b, 24, 0);
	poke(&b, 0x30, "RISCV\0\0\0RSC\x05", 12);
	poke32(&b, 0x3c, 0x40);
	return b;
}

/* The same with an EFI stub: it tells how long it is. */
static struct buf
efi_image(void)
{
	struct buf b = image(2 * MIB, IMAGE);
	poke(&b, 0, "MZ", 2);
	poke(&b, 0x40, "PE\0", 4);
	poke16(&b, 0x46, 2);    /* sections */
	poke16(&b, 0x54, 0x20); /* optional header */
	poke32(&b, 0x78 + 16, 0x400);
	poke32(&b, 0x78 + 20, 0x200);
	poke32(&b, 0xa0 + 16, IMAGE - 0x600);
	poke32(&b, 0xa0 + 20, 0x600);
	return b;
}

static struct buf
gz(const struct buf *from)
{
	struct buf b = { 0 };
	z_stream z = { .next_in = from->p, .avail_in = (uInt)from->n };
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY), Z_OK);
	size_t most = deflateBound(&z, from->n);
	z.next_out = buf_room(&b, most);
	z.avail_out = (uInt)most;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	b.n = most - z.avail_out;
	deflateEnd(&z);
	return b;
}

static struct buf
zst(const struct buf *from)
{
	struct buf b = { 0 };
	size_t most = ZSTD_compressBound(from->n);
	uint8_t *p = buf_room(&b, most);
	b.n = ZSTD_compress(p, most, from->p, from->n, 3);
	assert_false(ZSTD_isError(b.n));
	return b;
}

/* Takes the payload. */
static struct buf
zboot(struct buf payload, const char *kind)
{
	struct buf b = { 0 };
	poke(&b, 0, "MZ\0\0zimg", 8);
	poke32(&b, 8, 512);
	poke32(&b, 12, (uint32_t)payload.n);
	poke(&b, 24, kind, strlen(kind) + 1);
	poke(&b, 512, payload.p, payload.n);
	poke32(&b, b.n, 12345);
	buf_free(&payload);
	return b;
}

/* An ELF file with one or two segments of 0x100 bytes of 'A', 'B' and as many zeros. */
static struct buf
elf(uint64_t entry, unsigned count, uint64_t paddr, uint64_t vaddr)
{
	struct buf b = { 0 };
	Elf64_Ehdr h = { .e_type = ET_EXEC,
		         .e_machine = EM_RISCV,
		         .e_entry = entry,
		         .e_phoff = sizeof h,
		         .e_phentsize = sizeof(Elf64_Phdr),
		         .e_phnum = (Elf64_Half)count };
	memcpy(h.e_ident, ELFMAG, SELFMAG);
	h.e_ident[EI_CLASS] = ELFCLASS64;
	h.e_ident[EI_DATA] = ELFDATA2LSB;
	poke(&b, 0, &h, sizeof h);
	for (unsigned i = 0; i < count; i++) {
		Elf64_Phdr p = { .p_type = PT_LOAD,
			         .p_offset = 0x1000 + 0x100 * i,
			         .p_paddr = paddr + 0x1000 * i,
			         .p_vaddr = vaddr + 0x1000 * i,
			         .p_filesz = 0x100,
			         .p_memsz = 0x200 };
		uint8_t bytes[0x100];
		memset(bytes, 'A' + (int)i, sizeof bytes);
		poke(&b, sizeof h + i * sizeof p, &p, sizeof p);
		poke(&b, p.p_offset, bytes, sizeof bytes);
	}
	return b;
}

static Elf64_Ehdr *head(struct buf *b) { return (void *)b->p; }
static Elf64_Phdr *phdr(struct buf *b, unsigned i) { return (void *)(b->p + sizeof(Elf64_Ehdr) + i * sizeof(Elf64_Phdr)); }

/* -- what is taken -------------------------------------------------------------------------- */

/* Load it and look whether the bytes of `plain` are where they should be.  Frees both. */
static void
takes(struct buf file, struct buf plain, uint64_t lowest, uint64_t at, uint64_t end)
{
	struct err e = { 0 };
	struct bus *b = ram();
	struct loaded l = { 0 };
	if (loader_kernel(b, file.p, file.n, "k", lowest, &l, &e) < 0)
		fail_msg("%s", e.what);
	assert_int_equal(l.entry, at);
	assert_int_equal(l.start, at);
	assert_int_equal(l.end, end);
	assert_memory_equal(bus_ram(b, at, plain.n), plain.p, plain.n);
	bus_free(b);
	buf_free(&file);
	buf_free(&plain);
}

static void
images(void **state)
{
	(void)state;
	struct buf a;
	takes(image(2 * MIB, 3 * MIB), image(2 * MIB, 3 * MIB), RAM, RAM + 2 * MIB, RAM + 5 * MIB);
	takes(image(0, 0), image(0, 0), RAM, RAM, RAM + IMAGE);
	/* behind firmware */
	takes(image(0, 0), image(0, 0), RAM + MIB, RAM + 2 * MIB, RAM + 2 * MIB + IMAGE);
	takes(efi_image(), efi_image(), RAM, RAM + 2 * MIB, RAM + 2 * MIB + IMAGE);
	/* the last that fits */
	takes(image(2 * MIB, SIZE - 2 * MIB), image(2 * MIB, SIZE - 2 * MIB), RAM, RAM + 2 * MIB,
	      RAM + SIZE);
	a = image(2 * MIB, 3 * MIB);
	takes(gz(&a), a, RAM, RAM + 2 * MIB, RAM + 5 * MIB);
	a = image(2 * MIB, 3 * MIB);
	takes(zboot(gz(&a), "gzip"), a, RAM, RAM + 2 * MIB, RAM + 5 * MIB);
	a = image(2 * MIB, 3 * MIB);
	takes(zboot(zst(&a), "zstd"), a, RAM, RAM + 2 * MIB, RAM + 5 * MIB);
	a = image(2 * MIB, 3 * MIB);
	takes(zboot(zst(&a), "zstd22"), a, RAM, RAM + 2 * MIB, RAM + 5 * MIB);
}

static void
elf_loads(struct buf file, uint64_t lowest, uint64_t entry, uint64_t start, uint64_t end)
{
	struct err e = { 0 };
	struct bus *b = ram();
	struct loaded l = { 0 };
	memset(b->ram, 0xee, b->ram_size);
	if (loader_kernel(b, file.p, file.n, "k", lowest, &l, &e) < 0)
		fail_msg("%s", e.what);
	assert_int_equal(l.entry, entry);
	assert_int_equal(l.start, start);
	assert_int_equal(l.end, end);
	const uint8_t *p = bus_ram(b, start, 0x1200);
	assert_int_equal(p[0], 'A');
	assert_int_equal(p[0xff], 'A');
	assert_int_equal(p[0x100], 0);
	assert_int_equal(p[0x1ff], 0);
	assert_int_equal(p[0x200], 0xee);
	assert_int_equal(p[0x1000], 'B');
	assert_int_equal(p[0x1100], 0);
	bus_free(b);
	buf_free(&file);
}

static void
elf_files(void **state)
{
	(void)state;
	elf_loads(elf(RAM + 4, 2, RAM, RAM), RAM, RAM + 4, RAM, RAM + 0x1200);
	/* an entry in virtual addresses */
	elf_loads(elf(0x400010, 2, RAM + MIB, 0x400000), RAM, RAM + MIB + 0x10, RAM + MIB,
	          RAM + MIB + 0x1200);
	/* vmlinux: linked high, physical addresses from 0 */
	elf_loads(elf(HIGH + 0x1002, 2, 0, HIGH), RAM, RAM + 2 * MIB + 0x1002, RAM + 2 * MIB,
	          RAM + 2 * MIB + 0x1200);
	elf_loads(elf(HIGH + 2, 2, 0, HIGH), RAM + 3 * MIB, RAM + 4 * MIB + 2, RAM + 4 * MIB,
	          RAM + 4 * MIB + 0x1200);
}

static void
firmware(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct bus *b = ram();
	struct loaded l = { 0 };
	struct buf f = elf(RAM + 0x1000, 2, RAM, RAM);
	assert_int_equal(loader_firmware(b, f.p, f.n, "f", &l, &e), 0);
	assert_int_equal(l.entry, RAM + 0x1000);
	assert_int_equal(l.end, RAM + 0x1200);
	buf_free(&f);
	assert_int_equal(loader_firmware(b, "raw bytes", 9, "f", &l, &e), 0);
	assert_int_equal(l.entry, RAM);
	assert_int_equal(l.end, RAM + 9);
	assert_memory_equal(bus_ram(b, RAM, 9), "raw bytes", 9);
	assert_int_equal(loader_firmware(b, NULL, 0, "f", &l, &e), -1);
	assert_string_equal(e.what, "'f' cannot run on this computer: it is empty");
	uint8_t *large = xcalloc(1, SIZE + 1);
	assert_int_equal(loader_firmware(b, large, SIZE + 1, "f", &l, &e), -1);
	assert_string_equal(e.what, "'f' does not fit: it needs 17 MiB, the machine has 16");
	free(large);
	bus_free(b);
}

static struct buf
u_boot(size_t n)
{
	struct buf b = { 0 };
	poke(&b, n - 1, "\1", 1);
	poke(&b, 0, "\x2a\x82\xae\x84\x93\x01\0\0", 8);
	return b;
}

/* Bytes without a header, where they are linked to stand. */
static void
u_boots(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct bus *b = ram();
	struct loaded l = { 0 };
	struct buf f = u_boot(100);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(loader_kernel(b, f.p, f.n, "k", i ? RAM + 2 * MIB : RAM, &l, &e),
		                 0);
		assert_int_equal(l.entry, RAM + 2 * MIB);
		assert_int_equal(l.start, RAM + 2 * MIB);
		assert_int_equal(l.end, RAM + 2 * MIB + 100);
		assert_memory_equal(bus_ram(b, RAM + 2 * MIB, 100), f.p, 100);
	}
	assert_int_equal(loader_kernel(b, f.p, f.n, "k", RAM + 2 * MIB + 1, &l, &e), -1);
	assert_string_equal(e.what,
	                    "'k' cannot run on this computer: firmware stands in its place");
	buf_free(&f);
	f = u_boot(SIZE - 2 * MIB + 1);
	assert_int_equal(loader_kernel(b, f.p, f.n, "k", RAM, &l, &e), -1);
	assert_string_equal(e.what, "'k' does not fit: it needs 17 MiB, the machine has 16");
	buf_free(&f);
	bus_free(b);
}

static void
high(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct bus *b = ram();
	uint64_t at = 0, top = RAM + SIZE;
	assert_int_equal(loader_high(b, "0123456789", 10, "i", RAM, top, &at, &e), 0);
	assert_int_equal(at, top - 4096);
	assert_memory_equal(bus_ram(b, at, 10), "0123456789", 10);
	assert_int_equal(loader_high(b, "x", 1, "i", RAM, at, &at, &e), 0);
	assert_int_equal(at, top - 8192);
	/* exactly what there is room for, and a byte more */
	uint8_t *page = xcalloc(1, 4097);
	assert_int_equal(loader_high(b, page, 4096, "i", top - 4096, top, &at, &e), 0);
	assert_int_equal(loader_high(b, page, 4097, "i", top - 4096, top, &at, &e), -1);
	assert_string_equal(e.what, "'i' does not fit: it needs 17 MiB, the machine has 16");
	assert_string_equal(e.hint, "give the machine more memory with -m");
	assert_int_equal(loader_high(b, page, 4096, "i", top - 4095, top, &at, &e), -1);
	assert_int_equal(loader_high(b, page, SIZE_MAX, "i", RAM, top, &at, &e), -1);
	assert_int_equal(loader_high(b, page, SIZE_MAX - 5000, "i", RAM, top, &at, &e), -1);
	free(page);
	bus_free(b);
}

/* -- what is refused ------------------------------------------------------------------------ */

/* Frees the file. */
static void
refused(struct buf file, const char *why)
{
	struct err e = { 0 };
	struct bus *b = ram();
	struct loaded l = { 0 };
	char what[200];
	snprintf(what, sizeof what, "'k' cannot run on this computer: %s", why);
	/* of its own size, so that a sanitizer sees what lies behind it */
	uint8_t *p = xmalloc(file.n + 1);
	if (file.n)
		memcpy(p, file.p, file.n);
	p = xrealloc(p, file.n ? file.n : 1);
	assert_int_equal(loader_kernel(b, p, file.n, "k", RAM, &l, &e), -1);
	assert_string_equal(e.what, why[0] == '\'' ? why : what);
	assert_int_equal(e.status, EXIT_CANNOT_EXEC);
	assert_true(e.hint[0] != '\0');
	free(p);
	buf_free(&file);
	bus_free(b);
}

static struct buf
cut(struct buf b, size_t n)
{
	assert_true(n <= b.n);
	b.n = n;
	return b;
}

static void
other_kinds(void **state)
{
	(void)state;
	struct buf b = { 0 };
	refused(b, "the file ends too early");
	poke(&b, 999, "", 1);
	poke(&b, 0, "#!/bin/sh\n", 10);
	refused(b, "it is no kernel");
	refused(cut(u_boot(100), 63), "the file ends too early");
	b = (struct buf){ 0 };
	poke(&b, 0x202, "HdrS", 4);
	poke(&b, 0, "MZ", 2);
	refused(b, "it is for x86");
	b = (struct buf){ 0 };
	poke(&b, 0x38, "ARMd\0\0\0", 8);
	refused(b, "it is for arm64");
	b = (struct buf){ 0 };
	poke(&b, 0x38, "ARMd\0\0\0", 8);
	struct buf packed = gz(&b);
	refused(zboot(packed, "gzip"), "it is for arm64");
	buf_free(&b);
	b = image(0, 0);
	b.p[24] = 1;
	refused(b, "it is big-endian");
	refused(image(123, 0), "its header is damaged");

	b = elf(RAM, 1, RAM, RAM);
	head(&b)->e_machine = EM_X86_64;
	refused(b, "it is for x86");
	b = elf(RAM, 1, RAM, RAM);
	head(&b)->e_machine = EM_AARCH64;
	refused(b, "it is for arm64");
	b = elf(RAM, 1, RAM, RAM);
	head(&b)->e_machine = EM_S390;
	refused(b, "it is for another processor");
	b = elf(RAM, 1, RAM, RAM);
	head(&b)->e_ident[EI_CLASS] = ELFCLASS32;
	refused(cut(b, sizeof(Elf32_Ehdr)), "it is of 32 bits");
	b = elf(RAM, 1, RAM, RAM);
	head(&b)->e_ident[EI_DATA] = ELFDATA2MSB;
	refused(b, "it is big-endian");
}

static void
cut_short(void **state)
{
	(void)state;
	struct buf a = image(0, 0);
	refused(cut(image(0, 0), 63), "the file ends too early");
	refused(cut(efi_image(), IMAGE - 1), "the file ends too early");
	refused(cut(efi_image(), 0xc0), "the file ends too early");
	struct buf b = gz(&a);
	refused(cut(b, b.n / 2), "its compressed bytes are damaged or end too early");
	b = gz(&a);
	memset(b.p + 20, 0xff, 20);
	refused(b, "its compressed bytes are damaged or end too early");
	b = zboot(zst(&a), "zstd");
	refused(cut(b, b.n - 5), "the file ends too early");
	b = zboot(zst(&a), "zstd");
	memset(b.p + 512, 0, 4);
	refused(b, "its compressed bytes are damaged or end too early");
	b = zboot(zst(&a), "zstd");
	poke32(&b, 12, 100);
	refused(b, "its compressed bytes are damaged or end too early");
	b = zboot(zst(&a), "zstd");
	poke32(&b, 8, UINT32_MAX);
	refused(b, "the file ends too early");
	refused(zboot(zst(&a), "xzkern"), "it is compressed in a way other than gzip and zstd");
	buf_free(&a);

	for (size_t n = SELFMAG; n < sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr); n += 7)
		refused(cut(elf(RAM, 1, RAM, RAM), n), "the file ends too early");
	refused(cut(elf(RAM, 1, RAM, RAM), 0x10ff), "the file ends too early");
	b = elf(RAM, 1, RAM, RAM);
	head(&b)->e_phoff = UINT64_MAX;
	refused(b, "the file ends too early");
	b = elf(RAM, 1, RAM, RAM);
	phdr(&b, 0)->p_offset = UINT64_MAX;
	refused(b, "the file ends too early");
	b = elf(RAM, 1, RAM, RAM);
	phdr(&b, 0)->p_memsz = 0xff;
	refused(b, "its header is damaged");
	b = elf(RAM, 1, RAM, RAM);
	head(&b)->e_phentsize = 8;
	refused(b, "its header is damaged");
}

static void
places(void **state)
{
	(void)state;
	struct buf b;
	const char *no_memory = "it wants to stand where there is no memory";
	const char *no_entry = "it begins where there is no memory";
	refused(elf(RAM, 0, 0, 0), "it has nothing to load");
	refused(elf(0x1000, 1, 0x1000, 0x1000), no_entry);
	refused(elf(RAM + 1, 1, RAM, RAM), no_entry);
	refused(elf(RAM + SIZE, 1, RAM, RAM), no_entry);
	b = elf(RAM, 2, RAM, RAM);
	phdr(&b, 1)->p_paddr = RAM - 0x100;
	refused(b, no_memory);
	b = elf(RAM, 2, RAM, RAM);
	phdr(&b, 1)->p_paddr = UINT64_MAX - 0x10;
	refused(b, no_memory);
	b = elf(RAM, 2, RAM, RAM);
	phdr(&b, 1)->p_memsz = UINT64_MAX - 0x10;
	refused(b, "'k' does not fit: it needs 17592186044416 MiB, the machine has 16");
	b = elf(RAM, 2, RAM, RAM);
	phdr(&b, 1)->p_paddr = RAM + SIZE - 0x100;
	refused(b, "'k' does not fit: it needs 17 MiB, the machine has 16");
	/* one over the other, again and again */
	b = elf(RAM, 2, RAM, RAM);
	phdr(&b, 0)->p_memsz = phdr(&b, 1)->p_memsz = SIZE - 0x1000;
	refused(b, "'k' does not fit: it needs 32 MiB, the machine has 16");

	refused(image(2 * MIB, SIZE), "'k' does not fit: it needs 18 MiB, the machine has 16");
	refused(image(SIZE, 0), "'k' does not fit: it needs 17 MiB, the machine has 16");
	refused(image(UINT64_MAX & ~4095, 0),
	        "'k' does not fit: it needs 17592186044416 MiB, the machine has 16");
	refused(image(2 * MIB, UINT64_MAX),
	        "'k' does not fit: it needs 17592186044416 MiB, the machine has 16");

	/* zeros that unpack to more than there is */
	b = (struct buf){ 0 };
	poke(&b, SIZE + MIB, "", 1);
	struct buf packed = gz(&b);
	refused(packed, "unpacked it is larger than the machine's memory");
	packed = zst(&b);
	refused(zboot(packed, "zstd"), "unpacked it is larger than the machine's memory");
	buf_free(&b);
}

UNIT_MAIN(TEST(images), TEST(elf_files), TEST(firmware), TEST(u_boots), TEST(high),
          TEST(other_kinds), TEST(cut_short), TEST(places))
