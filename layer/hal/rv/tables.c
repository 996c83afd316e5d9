/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/rv/tables.h"

#include <inttypes.h>

/* Privileged architecture 12.3 to 12.5, Svnapot, Svpbmt. */
enum { PTE_V = 1, PTE_R = 2, PTE_W = 4, PTE_X = 8, PTE_U = 16, PTE_G = 32, PTE_AD = 192 };
#define PTE_N    (UINT64_C(1) << 63)
#define PTE_PBMT (UINT64_C(3) << 61)
#define PTE_REST (UINT64_C(0x7f) << 54)
#define PPN(v)   ((v) & ((UINT64_C(1) << 44) - 1))
#define KEPT     (PTE_PBMT | PTE_R | PTE_W | PTE_X | PTE_U | PTE_G) /* what a range says of itself */

struct walk {
	const struct bus *bus; /* lent */
	json_t *ranges;        /* lent */
	unsigned shift;        /* bits of a virtual address */
	size_t most;
	unsigned entries;
	bool truncated;

	/* the range that may still grow; size 0: none */
	uint64_t virtual, physical, size, flags;
};

static json_t *
hex(uint64_t v)
{
	return json_sprintf("0x%" PRIx64, v);
}

static void
put(struct walk *w)
{
	char text[8];
	size_t n = 0;
	if (!w->size)
		return;
	static const struct {
		char letter;
		uint64_t bit;
	} letters[] = { { 'r', PTE_R },
		        { 'w', PTE_W },
		        { 'x', PTE_X },
		        { 'u', PTE_U },
		        { 'g', PTE_G },
		        { 'n', UINT64_C(1) << 61 },
		        { 'i', UINT64_C(2) << 61 } };
	for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
		if (w->flags & letters[i].bit)
			text[n++] = letters[i].letter;
	text[n] = '\0';
	/* an address is as many bits as the mode has, the rest is the highest of them */
	uint64_t virtual = (uint64_t)((int64_t)(w->virtual << (64 - w->shift)) >> (64 - w->shift));
	json_array_append_new(w->ranges, json_pack("{s:o, s:o, s:I, s:s}", "virtual", hex(virtual),
	                                           "physical", hex(w->physical), "size",
	                                           (json_int_t)w->size, "flags", text));
	w->size = 0;
}

static void
leaf(struct walk *w, uint64_t virtual, unsigned level, uint64_t pte)
{
	uint64_t ppn = PPN(pte >> 10), size = UINT64_C(4096) << 9 * level;
	if (pte & PTE_N) {
		/* each of the 16 says the same: 64 KiB that begin where the lowest does */
		if (level || (ppn & 15) != 8)
			return;
		ppn = (ppn & ~UINT64_C(15)) | (virtual >> 12 & 15);
	}
	/* a fault if it were used */
	if ((ppn << 12 & (size - 1)) || (pte & PTE_PBMT) == PTE_PBMT)
		return;
	uint64_t flags = pte & KEPT, half = UINT64_C(1) << (w->shift - 1);
	if (w->size && w->flags == flags && w->virtual + w->size == virtual && virtual != half &&
	    w->physical + w->size == ppn << 12) {
		w->size += size;
		return;
	}
	put(w);
	if (json_array_size(w->ranges) >= w->most) {
		w->truncated = true;
		return;
	}
	w->virtual = virtual;
	w->physical = ppn << 12;
	w->size = size;
	w->flags = flags;
}

static void
walk(struct walk *w, uint64_t table, unsigned level, uint64_t virtual)
{
	const uint64_t *entry = bus_ram(w->bus, table, 4096);
	for (unsigned i = 0; entry && i < 512 && !w->truncated; i++) {
		if (w->entries++ >= TABLES_ENTRIES) {
			w->truncated = true;
			return;
		}
		/* the harts may be writing it */
		uint64_t pte = __atomic_load_n(&entry[i], __ATOMIC_RELAXED);
		uint64_t at = virtual | (uint64_t)i << (12 + 9 * level);
		if (!(pte & PTE_V) || pte & PTE_REST || (pte & (PTE_R | PTE_W)) == PTE_W)
			continue;
		if (pte & (PTE_R | PTE_W | PTE_X))
			leaf(w, at, level, pte);
		else if (level && !(pte & (PTE_N | PTE_PBMT | PTE_U | PTE_AD)))
			walk(w, PPN(pte >> 10) << 12, level - 1, at);
	}
}

json_t *
tables_json(const struct bus *b, uint64_t satp, size_t most)
{
	static const char *const modes[] = { "sv39", "sv48", "sv57" };
	unsigned mode = (unsigned)(satp >> 60);
	uint64_t root = PPN(satp) << 12;
	if (mode < 8 || mode > 10)
		return json_pack("{s:s}", "mode", "bare");
	json_t *ranges = json_array();
	struct walk w = { .bus = b, .ranges = ranges, .most = most, .shift = 12 + 9 * (mode - 5) };
	walk(&w, root, mode - 6, 0);
	put(&w);
	json_t *o = json_pack("{s:s, s:o, s:o}", "mode", modes[mode - 8], "root", hex(root),
	                      "ranges", ranges);
	if (w.truncated)
		json_object_set_new(o, "truncated", json_true());
	return o;
}
