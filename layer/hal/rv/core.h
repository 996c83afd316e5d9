/* core.h -- the inside of a hart: what makes it fast and can be thrown away.
 *
 * Code is decoded into blocks: straight runs of instructions inside one page,
 * found by physical address, linked to each other inside a page, and else
 * through a cache by virtual address that is emptied when mappings change.
 * Data go through a direct-mapped cache of translations per kind of access.
 *
 * A store into a page that some hart has decoded code from is seen by the
 * page's mark (struct rv's `code`): it raises the page's version, and each hart
 * drops what it has of the page at its next fence.i, where the architecture
 * asks for it.
 */
#ifndef LAYER_HAL_RV_CORE_H
#define LAYER_HAL_RV_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "layer/hal/rv/hart.h"
#include "layer/hal/rv/insn.h"

/* One decoded instruction. */
struct op {
	const void *go;       /* its handler in run.c */
	uint8_t rd, rs1, rs2; /* an integer rd of 0 is 32 */
	uint8_t at;           /* half-words from the block's first byte */
	int32_t imm;
};

enum { BLOCK_OPS = 60 };

struct block {
	struct block *same_hash, *same_page;
	struct block *next[2]; /* not taken, taken: only within the page */
	uint64_t paddr;
	uint16_t n, bytes; /* instructions, their bytes */
	bool lone;         /* not in the tables: crosses a page, or is not in RAM */
	/* one that begins with OP_BREAK has in next[0] the block of its instruction alone */
	struct op op[];
};

/* Code of one page of RAM that this hart has decoded. */
struct page {
	uint64_t number;
	struct block *first;
	uint32_t version;
	int64_t born; /* when its first block was decoded, ns */
};

enum {
	TLB_NONE = 0x800,
	TLB_SIZE = 512,
	JUMP_SIZE = 2048,
	FETCH_SIZE = 256,
	WALK_SIZE = 64,
	PAGE_MOST = 4096,
	HASH_SIZE = 16384
};

struct tlb {
	uint64_t read, write; /* virtual page, or TLB_NONE */
	uintptr_t add;        /* host address - virtual address */
	uint8_t *code;        /* the page's mark */
};

/* Kinds of access, each with its translations: user, supervisor without and with SUM, machine. */
enum space { SPACE_U, SPACE_S, SPACE_SUM, SPACE_M, SPACE_COUNT };
enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_FETCH };

struct core {
	struct tlb *data; /* of the current space */
	struct tlb tlb[SPACE_COUNT][TLB_SIZE];
	uint64_t jump_pc[JUMP_SIZE];         /* ^ key */
	struct block *jump_block[JUMP_SIZE]; /* NULL: nothing */
	struct {
		uint64_t page, paddr; /* virtual ^ key, physical; page 2: nothing */
	} fetch[FETCH_SIZE];
	/* last-level page tables, by the 2 MiB that they map; tag 1: nothing */
	struct {
		uint64_t tag, table;
	} walk[WALK_SIZE];
	bool pmp;     /* some entry of PMP is on */
	uint64_t key; /* tells the modes apart in `jump_pc` and `fetch` */

	uint8_t *arena; /* own: blocks, until it is full */
	size_t used, size;
	struct block *hash[HASH_SIZE];
	struct page page[PAGE_MOST];
	uint32_t npage;
	uint16_t *page_of; /* own: by page of RAM, behind 1 */
	uint32_t changes;  /* of rv->code_changes, at the last fence.i */

	uint64_t limit;      /* of instret, when not poked */
	unsigned block_most; /* 1 while every instruction is looked at (trace, debugger) */
	unsigned single;     /* enum core_single: hart_run runs one, and takes no interrupt */

	/* what mmu_ functions leave when they say no */
	uint64_t cause, tval;
};

enum core_single { SINGLE_OFF, SINGLE_NEXT, SINGLE_DONE };

/* Handlers of run.c, by insn_id; and those behind INSN_COUNT. */
enum { OP_ILLEGAL = INSN_COUNT, OP_END, OP_NOP, OP_MV, OP_LI, OP_BREAK, OP_COUNT };
extern const void *core_go[OP_COUNT];

/* -- mmu.c ------------------------------------------------------------------------------- */

/* One access of 1, 2, 4 or 8 bytes, aligned or not.  false: core->cause and tval. */
bool mmu_load(struct hart *h, uint64_t addr, unsigned size, uint64_t *value);
bool mmu_store(struct hart *h, uint64_t addr, unsigned size, uint64_t value);
/* The host's place of an aligned piece of RAM, for atomics; NULL: core->cause and tval. */
void *mmu_atomic(struct hart *h, uint64_t addr, unsigned size);
/* Physical address to fetch from. */
bool mmu_fetch(struct hart *h, uint64_t addr, uint64_t *paddr);
/* Walk the tables for a space, without side effects when `peek`. */
bool mmu_walk(struct hart *h, uint64_t addr, enum access a, enum space s, bool peek,
              uint64_t *paddr, uint64_t *page_size);
/* The mode, mstatus or satp changed: choose the space of data again. */
void mmu_space(struct hart *h);
void mmu_flush(struct hart *h); /* all translations */
void mmu_flush_page(struct hart *h, uint64_t addr);
/* pmpcfg changed. */
void mmu_pmp_changed(struct hart *h);
bool mmu_even(const struct hart *h, uint64_t page); /* does one rule of PMP hold for it? */
bool mmu_pmp(const struct hart *h, uint64_t paddr, uint64_t size, enum access a, enum mode m);
/* A store to a marked page happened. */
void mmu_wrote_code(struct hart *h, uint64_t paddr);

/* -- block.c -------------------------------------------------------------------------------- */

/* The block at h->pc; NULL: core->cause and tval. */
struct block *block_find(struct hart *h, uint64_t pc);
void block_fence(struct hart *h); /* fence.i */
void block_drop_all(struct hart *h);
void block_forget_jumps(struct hart *h);

/* -- trap.c ---------------------------------------------------------------------------------- */

void trap_raise(struct hart *h, uint64_t cause, uint64_t tval); /* at h->pc */
bool trap_interrupt(struct hart *h); /* take the highest that is due; false: none is */
bool trap_mret(struct hart *h);      /* false: illegal */
bool trap_sret(struct hart *h);
void trap_mode(struct hart *h, enum mode m);

/* -- csr.c -------------------------------------------------------------------------------------- */

/* Read and, when write is set, write: op 1 write, 2 set, 3 clear (funct3 & 3).
 * false: illegal instruction. */
bool
csr_access(struct hart *h, unsigned csr, unsigned op, uint64_t value, bool write, uint64_t *old);
uint64_t csr_mip(const struct hart *h);

#endif
