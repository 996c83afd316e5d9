/* SPDX-License-Identifier: Apache-2.0 */
/* rvtest -- run a bare RISC-V program that reports in `tohost`, as the public unit tests do.
 *
 *   rvtest ELF...     a line for each, then "N passed, M failed"
 */
#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/file.h"
#include "layer/hal/rv/core.h"
#include "layer/hal/rv/rv.h"

enum { RAM = 64 << 20 };
#define RAM_START  UINT64_C(0x80000000)
#define MOST_INSNS UINT64_C(200000000)

static bool
load(struct bus *b, const struct buf *f, uint64_t *entry)
{
	Elf64_Ehdr eh;
	if (f->n < sizeof eh)
		return false;
	memcpy(&eh, f->p, sizeof eh);
	if (memcmp(eh.e_ident, ELFMAG, SELFMAG) || eh.e_machine != EM_RISCV)
		return false;
	*entry = eh.e_entry;
	for (unsigned i = 0; i < eh.e_phnum; i++) {
		Elf64_Phdr ph;
		memcpy(&ph, f->p + eh.e_phoff + i * sizeof ph, sizeof ph);
		void *to = bus_ram(b, ph.p_paddr, ph.p_memsz);
		if (ph.p_type != PT_LOAD)
			continue;
		if (!to)
			return false;
		memcpy(to, f->p + ph.p_offset, ph.p_filesz);
	}
	return true;
}

static uint64_t
symbol(const struct buf *f, const char *name)
{
	Elf64_Ehdr eh;
	memcpy(&eh, f->p, sizeof eh);
	for (unsigned i = 0; i < eh.e_shnum; i++) {
		Elf64_Shdr sh, strings;
		memcpy(&sh, f->p + eh.e_shoff + i * sizeof sh, sizeof sh);
		if (sh.sh_type != SHT_SYMTAB)
			continue;
		memcpy(&strings, f->p + eh.e_shoff + sh.sh_link * sizeof sh, sizeof strings);
		for (uint64_t k = 0; k < sh.sh_size / sizeof(Elf64_Sym); k++) {
			Elf64_Sym s;
			memcpy(&s, f->p + sh.sh_offset + k * sizeof s, sizeof s);
			if (!strcmp((const char *)f->p + strings.sh_offset + s.st_name, name))
				return s.st_value;
		}
	}
	return 0;
}

/* 0: passed; else what it put in tohost. */
static uint64_t
run(struct rv *r, uint64_t entry, const _Atomic uint64_t *tohost)
{
	struct hart *h = r->hart[0];
	hart_start(h, entry, MODE_M, 0, 0);
	while (!*tohost && h->instret < MOST_INSNS) {
		h->core->limit = h->instret + 10000;
		atomic_store(&h->limit, h->core->limit);
		hart_run(h);
	}
	return *tohost == 1 ? 0 : *tohost ? *tohost : UINT64_MAX;
}

static bool
test(const char *path)
{
	struct err e = { 0 };
	struct buf f = { 0 };
	uint64_t entry, result = UINT64_MAX;
	char *bytes;
	size_t n;
	if (file_read(AT_FDCWD, path, 64 << 20, &bytes, &n, &e) < 0) {
		printf("not ok - %s: %s\n", path, e.what);
		return false;
	}
	f.p = (uint8_t *)bytes;
	f.n = n;
	struct board *b = board_new(RAM_START, RAM, &e);
	struct rv *r = rv_new(b, 1, true, &e);
	struct timespec t0, t1;
	clock_gettime(CLOCK_MONOTONIC, &t0);
	if (load(board_bus(b), &f, &entry)) {
		uint64_t at = symbol(&f, "tohost");
		_Atomic uint64_t *tohost = bus_ram(board_bus(b), at, 8);
		if (tohost)
			result = run(r, entry, tohost);
	}
	clock_gettime(CLOCK_MONOTONIC, &t1);
	double s = (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) / 1e9;
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	if (result == 0)
		printf("ok - %s", base);
	else
		printf("not ok - %s: test %" PRId64 ", pc 0x%" PRIx64, base, (int64_t)result >> 1,
		       r->hart[0]->pc);
	if (r->hart[0]->instret > 10000000)
		printf(" (%.0f million instructions/s)", (double)r->hart[0]->instret / s / 1e6);
	printf("\n");
	rv_free(r);
	board_free(b);
	free(bytes);
	return result == 0;
}

int
main(int argc, char **argv)
{
	unsigned passed = 0, failed = 0;
	for (int i = 1; i < argc; i++)
		if (test(argv[i]))
			passed++;
		else
			failed++;
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
