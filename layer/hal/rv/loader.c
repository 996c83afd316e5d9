/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/rv/loader.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/cur.h"

enum { MIB = 1 << 20, PAGE = 4096, IMAGE_HEADER = 64, ALIGN = 2 * MIB };
/* Nothing that a computer begins with is larger; a small file can claim to unpack to
 * terabytes. */
enum { UNPACKED_MOST = 1 << 30 };

static int
no_kernel(const char *name, const char *why, struct err *e)
{
	fail(e, ENOEXEC, "'%s' cannot run on this computer: %s", name, why);
	err_hint(e, "give it a Linux Image for riscv64 (vmlinuz of a riscv64 distribution), or an "
	            "ELF file");
	return err_status(e, EXIT_CANNOT_EXEC);
}

static int
too_large(const struct bus *b, const char *name, uint64_t need, struct err *e)
{
	fail(e, ENOMEM, "'%s' does not fit: it needs %" PRIu64 " MiB, the machine has %" PRIu64,
	     name, need / MIB + (need % MIB != 0), b->ram_size / MIB);
	err_hint(e, "give the machine more memory with -m");
	return err_status(e, EXIT_CANNOT_EXEC);
}

/* -- compressed kernels --------------------------------------------------------------------- */

static int
bad_packing(const char *name, bool large, struct err *e)
{
	return no_kernel(name,
	                 large ? "unpacked it is larger than the machine's memory"
	                       : "its compressed bytes are damaged or end too early",
	                 e);
}

static int
gunzip(const uint8_t *p, size_t n, const char *name, uint64_t most, struct buf *out, struct err *e)
{
	z_stream z = { .next_in = (Bytef *)p, .avail_in = (uInt)n };
	enum { PIECE = 1 << 20 };
	if (n > UINT32_MAX)
		return no_kernel(name, "it is too large", e);
	int rc = inflateInit2(&z, 15 + 16);
	if (rc != Z_OK)
		return fail(e, ENOMEM, "'%s' cannot be unpacked: no memory", name);
	while (rc == Z_OK && out->n <= most) {
		size_t before = out->n;
		z.next_out = buf_room(out, PIECE);
		z.avail_out = PIECE;
		rc = inflate(&z, Z_NO_FLUSH);
		out->n = before + PIECE - z.avail_out;
		if (rc == Z_BUF_ERROR || (rc == Z_OK && !z.avail_in && z.avail_out))
			rc = Z_DATA_ERROR;
	}
	inflateEnd(&z);
	if (rc == Z_STREAM_END && out->n <= most)
		return 0;
	return bad_packing(name, out->n > most, e);
}

static int
unzstd(const uint8_t *p, size_t n, const char *name, uint64_t most, struct buf *out, struct err *e)
{
	ZSTD_DCtx *z = ZSTD_createDCtx();
	if (!z)
		return fail(e, ENOMEM, "'%s' cannot be unpacked: no memory", name);
	ZSTD_inBuffer in = { p, n, 0 };
	size_t rc = 1, piece = ZSTD_DStreamOutSize();
	while (rc && !ZSTD_isError(rc) && out->n <= most) {
		size_t before = out->n, at = in.pos;
		ZSTD_outBuffer o = { buf_room(out, piece), piece, 0 };
		rc = ZSTD_decompressStream(z, &o, &in);
		out->n = before + o.pos;
		if (rc && !o.pos && in.pos == at)
			break;
	}
	ZSTD_freeDCtx(z);
	if (rc == 0 && out->n <= most)
		return 0;
	return bad_packing(name, out->n > most, e);
}

/* The header of an EFI zboot image: "MZ", 0, "zimg", offset, size, 0, 0, kind. */
static int
unpack_zboot(const uint8_t *p, size_t n, const char *name, uint64_t most, struct buf *out,
             struct err *e)
{
	struct cur c = cur_of(p + 8, n - 8);
	uint64_t offset = cur_u32(&c), size = cur_u32(&c);
	const char *kind = (const char *)p + 24;
	if (offset > n || size > n - offset)
		return no_kernel(name, "the file ends too early", e);
	if (strncmp(kind, "gzip", 8) == 0)
		return gunzip(p + offset, size, name, most, out, e);
	/* Linux names its level as well: "zstd22" */
	if (strncmp(kind, "zstd", 4) == 0)
		return unzstd(p + offset, size, name, most, out, e);
	return no_kernel(name, "it is compressed in a way other than gzip and zstd", e);
}

int
loader_unpack(const void *file, size_t n, const char *name, uint64_t most, struct buf *out,
              struct err *e)
{
	const uint8_t *p = file;
	if (most > UNPACKED_MOST)
		most = UNPACKED_MOST;
	if (n >= IMAGE_HEADER && memcmp(p, "MZ", 2) == 0 && memcmp(p + 4, "zimg", 4) == 0)
		return unpack_zboot(p, n, name, most, out, e);
	if (n >= 18 && memcmp(p, "\x1f\x8b", 2) == 0)
		return gunzip(p, n, name, most, out, e);
	return 0;
}

/* -- forms -------------------------------------------------------------------------------------- */

/* An Image with an EFI stub is a PE file too, and its sections tell how long the file was. */
static uint64_t
whole_length(const uint8_t *p, size_t n)
{
	enum { COFF = 24, SECTION = 40, RAW_SIZE = 16 };
	struct cur c = cur_of(p + 0x3c, 4);
	uint64_t pe = cur_u32(&c), most = 0;
	if (memcmp(p, "MZ", 2) || pe > n || n - pe < COFF || memcmp(p + pe, "PE\0", 4))
		return n;
	c = cur_of(p + pe + 6, 2);
	unsigned count = cur_u16(&c);
	c = cur_of(p + pe + 20, 2);
	uint64_t at = pe + COFF + cur_u16(&c);
	for (; count; count--, at += SECTION) {
		if (at > n || n - at < SECTION)
			return UINT64_MAX;
		c = cur_of(p + at + RAW_SIZE, 8);
		uint64_t size = cur_u32(&c), end = size + cur_u32(&c);
		if (size && end > most)
			most = end;
	}
	return most;
}

static int
load_image(struct bus *b, const uint8_t *p, size_t n, const char *name, uint64_t lowest,
           struct loaded *out, struct err *e)
{
	struct cur c = cur_of(p + 8, n - 8);
	uint64_t offset = cur_u64(&c), size = cur_u64(&c), flags = cur_u64(&c);
	if (flags & 1)
		return no_kernel(name, "it is big-endian", e);
	if (offset % PAGE)
		return no_kernel(name, "its header is damaged", e);
	if (whole_length(p, n) > n)
		return no_kernel(name, "the file ends too early", e);
	if (size < n)
		size = n;
	if (offset > b->ram_size || lowest - b->ram_start > b->ram_size)
		return too_large(b, name, offset, e);
	uint64_t at = b->ram_start + offset;
	if (at < lowest)
		at = (lowest + ALIGN - 1) & ~(uint64_t)(ALIGN - 1);
	void *to = bus_ram(b, at, size);
	if (!to) {
		uint64_t need = size + (at - b->ram_start);
		return too_large(b, name, need < size ? UINT64_MAX : need, e);
	}
	memcpy(to, p, n);
	*out = (struct loaded){ at, at, at + size };
	bus_wrote(b, at, n);
	return 0;
}

/* Where an ELF file asks to be, before it is believed. */
struct plan {
	uint64_t lowest; /* address of its first segment */
	uint64_t shift;  /* from the address that it says to ours */
	uint64_t total;  /* of all segments */
	uint64_t entry;  /* physical */
	bool any, entered;
};

static int
plan_segment(const Elf64_Phdr *ph, uint64_t entry, size_t n, const char *name, struct plan *plan,
             struct err *e)
{
	if (ph->p_type != PT_LOAD || !ph->p_memsz)
		return 0;
	if (ph->p_offset > n || ph->p_filesz > n - ph->p_offset)
		return no_kernel(name, "the file ends too early", e);
	if (ph->p_filesz > ph->p_memsz)
		return no_kernel(name, "its header is damaged", e);
	if (!plan->any || ph->p_paddr < plan->lowest)
		plan->lowest = ph->p_paddr;
	plan->any = true;
	plan->total =
	        ph->p_memsz > UINT64_MAX - plan->total ? UINT64_MAX : plan->total + ph->p_memsz;
	if (!plan->entered && entry - ph->p_vaddr < ph->p_memsz) {
		plan->entry = ph->p_paddr + (entry - ph->p_vaddr);
		plan->entered = true;
	}
	return 0;
}

static int
load_segment(struct bus *b, const uint8_t *p, const Elf64_Phdr *ph, uint64_t shift,
             const char *name, struct loaded *out, struct err *e)
{
	uint64_t at = ph->p_paddr + shift;
	if (ph->p_type != PT_LOAD || !ph->p_memsz)
		return 0;
	uint8_t *to = bus_ram(b, at, ph->p_memsz);
	if (!to && at - b->ram_start < b->ram_size)
		return too_large(b, name,
		                 ph->p_memsz > UINT64_MAX / 2 ? UINT64_MAX
		                                              : at - b->ram_start + ph->p_memsz,
		                 e);
	if (!to)
		return no_kernel(name, "it wants to stand where there is no memory", e);
	memcpy(to, p + ph->p_offset, ph->p_filesz);
	memset(to + ph->p_filesz, 0, ph->p_memsz - ph->p_filesz);
	bus_wrote(b, at, ph->p_memsz);
	if (out->start == out->end || at < out->start)
		out->start = at;
	if (at + ph->p_memsz > out->end)
		out->end = at + ph->p_memsz;
	return 0;
}

static const char *
other_machine(unsigned machine)
{
	switch (machine) {
	case EM_X86_64:
	case EM_386: return "it is for x86";
	case EM_AARCH64: return "it is for arm64";
	default: return "it is for another processor";
	}
}

static int
check_elf(const Elf64_Ehdr *h, size_t n, const char *name, struct err *e)
{
	if (h->e_ident[EI_CLASS] != ELFCLASS64)
		return no_kernel(name, "it is of 32 bits", e);
	if (h->e_ident[EI_DATA] != ELFDATA2LSB)
		return no_kernel(name, "it is big-endian", e);
	if (h->e_machine != EM_RISCV)
		return no_kernel(name, other_machine(h->e_machine), e);
	if (h->e_phentsize != sizeof(Elf64_Phdr) && h->e_phnum)
		return no_kernel(name, "its header is damaged", e);
	if (h->e_phoff > n || (n - h->e_phoff) / sizeof(Elf64_Phdr) < h->e_phnum)
		return no_kernel(name, "the file ends too early", e);
	return 0;
}

static Elf64_Phdr
segment(const uint8_t *p, const Elf64_Ehdr *h, unsigned i)
{
	Elf64_Phdr ph;
	memcpy(&ph, p + h->e_phoff + i * sizeof ph, sizeof ph);
	return ph;
}

static int
load_elf(struct bus *b, const uint8_t *p, size_t n, const char *name, uint64_t lowest,
         struct loaded *out, struct err *e)
{
	Elf64_Ehdr h = { 0 };
	struct plan plan = { 0 };
	memcpy(&h, p, n < sizeof h ? n : sizeof h);
	if (n < EI_NIDENT || (h.e_ident[EI_CLASS] == ELFCLASS64 && n < sizeof h))
		return no_kernel(name, "the file ends too early", e);
	if (check_elf(&h, n, name, e) < 0)
		return -1;
	for (unsigned i = 0; i < h.e_phnum; i++) {
		Elf64_Phdr ph = segment(p, &h, i);
		if (plan_segment(&ph, h.e_entry, n, name, &plan, e) < 0)
			return -1;
	}
	if (!plan.any)
		return no_kernel(name, "it has nothing to load", e);
	/* segments that lie over each other would be work without end */
	if (plan.total > b->ram_size)
		return too_large(b, name, plan.total, e);
	/* Linux' vmlinux is linked at the top of all addresses, counts its physical ones from
	 * 0, and runs at any 2 MiB behind the beginning of RAM. */
	if (h.e_entry >> 63 && plan.lowest < b->ram_start) {
		uint64_t least = b->ram_start + ALIGN;
		if (lowest < least)
			lowest = least;
		plan.shift = ((lowest + ALIGN - 1) & ~(uint64_t)(ALIGN - 1)) - plan.lowest;
	}
	*out = (struct loaded){ .entry = (plan.entered ? plan.entry : h.e_entry) + plan.shift };
	if (!bus_ram(b, out->entry, 2) || out->entry % 2)
		return no_kernel(name, "it begins where there is no memory", e);
	for (unsigned i = 0; i < h.e_phnum; i++) {
		Elf64_Phdr ph = segment(p, &h, i);
		if (load_segment(b, p, &ph, plan.shift, name, out, e) < 0)
			return -1;
	}
	return 0;
}

static bool
is_elf(const uint8_t *p, size_t n)
{
	return n >= SELFMAG && memcmp(p, ELFMAG, SELFMAG) == 0;
}

/* U-Boot of mode S is bytes without a header, known by its first instructions, which put hart and
 * device tree aside: mv tp, a0; mv s1, a1; li gp, 0. */
static bool
is_u_boot(const uint8_t *p, size_t n)
{
	return n >= IMAGE_HEADER && memcmp(p, "\x2a\x82\xae\x84\x93\x01\0\0", 8) == 0;
}

/* Where it is linked to stand, and where OpenSBI's fw_jump looks for it. */
static int
load_u_boot(struct bus *b, const uint8_t *p, size_t n, const char *name, uint64_t lowest,
            struct loaded *out, struct err *e)
{
	uint64_t at = b->ram_start + ALIGN;
	void *to = bus_ram(b, at, n);
	if (!to)
		return too_large(b, name, ALIGN + (uint64_t)n, e);
	if (at < lowest)
		return no_kernel(name, "firmware stands in its place", e);
	memcpy(to, p, n);
	bus_wrote(b, at, n);
	*out = (struct loaded){ at, at, at + n };
	return 0;
}

static int
load_plain(struct bus *b, const uint8_t *p, size_t n, const char *name, uint64_t lowest,
           struct loaded *out, struct err *e)
{
	if (is_elf(p, n))
		return load_elf(b, p, n, name, lowest, out, e);
	if (n >= IMAGE_HEADER && memcmp(p + 0x38, "RSC\x05", 4) == 0)
		return load_image(b, p, n, name, lowest, out, e);
	if (n >= IMAGE_HEADER && memcmp(p + 0x38, "ARMd", 4) == 0)
		return no_kernel(name, "it is for arm64", e);
	if (n >= 0x206 && memcmp(p + 0x202, "HdrS", 4) == 0)
		return no_kernel(name, "it is for x86", e);
	if (is_u_boot(p, n))
		return load_u_boot(b, p, n, name, lowest, out, e);
	return no_kernel(name, n < IMAGE_HEADER ? "the file ends too early" : "it is no kernel", e);
}

int
loader_kernel(struct bus *b, const void *file, size_t n, const char *name, uint64_t lowest,
              struct loaded *out, struct err *e)
{
	struct buf plain = { 0 };
	int rc = loader_unpack(file, n, name, b->ram_size, &plain, e);
	if (rc == 0)
		rc = plain.n ? load_plain(b, plain.p, plain.n, name, lowest, out, e)
		             : load_plain(b, file, n, name, lowest, out, e);
	buf_free(&plain);
	return rc;
}

int
loader_firmware(struct bus *b, const void *file, size_t n, const char *name, struct loaded *out,
                struct err *e)
{
	if (is_elf(file, n))
		return load_elf(b, file, n, name, b->ram_start, out, e);
	void *to = bus_ram(b, b->ram_start, n);
	if (!n)
		return no_kernel(name, "it is empty", e);
	if (!to)
		return too_large(b, name, n, e);
	memcpy(to, file, n);
	bus_wrote(b, b->ram_start, n);
	*out = (struct loaded){ b->ram_start, b->ram_start, b->ram_start + n };
	return 0;
}

int
loader_high(struct bus *b, const void *bytes, size_t n, const char *name, uint64_t above,
            uint64_t top, uint64_t *at, struct err *e)
{
	uint64_t room = (n + 4095) & ~UINT64_C(4095);
	if (room < n || room > top - b->ram_start || top - room < above)
		return too_large(b, name, n + (above - b->ram_start), e);
	*at = (top - room) & ~UINT64_C(4095);
	void *to = bus_ram(b, *at, n);
	if (!to || *at < above)
		return too_large(b, name, n + (above - b->ram_start), e);
	memcpy(to, bytes, n);
	bus_wrote(b, *at, n);
	return 0;
}
