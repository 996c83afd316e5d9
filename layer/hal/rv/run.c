/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <string.h>

#include "layer/hal/rv/hart.h"
#include "layer/hal/rv/core.h"
#include "layer/hal/rv/csr.h"
#include "layer/hal/rv/debug.h"
#include "layer/hal/rv/fp.h"
#include "layer/hal/rv/fp_fast.h"
#include "layer/hal/rv/reserve.h"
#include "layer/hal/rv/rv.h"

/* The interpreter: each decoded instruction knows its handler, and each handler jumps to the
 * next.  Inside a block pc is that of its first byte; h->pc and h->instret are true whenever
 * something else may look: at the end of a block, in a trap, in a system instruction. */

const void *core_go[OP_COUNT];

typedef unsigned __int128 u128;
typedef __int128 i128;

static inline uint64_t sext32(uint64_t v) { return (uint64_t)(int64_t)(int32_t)v; }

static inline uint64_t
divide(int64_t a, int64_t b)
{
	return b == 0 ? UINT64_MAX : a == INT64_MIN && b == -1 ? (uint64_t)a : (uint64_t)(a / b);
}

static inline uint64_t
remainder_of(int64_t a, int64_t b)
{
	return b == 0 ? (uint64_t)a : a == INT64_MIN && b == -1 ? 0 : (uint64_t)(a % b);
}

static inline uint64_t
divide32(int32_t a, int32_t b)
{
	return sext32(b == 0                      ? UINT32_MAX
	              : a == INT32_MIN && b == -1 ? (uint32_t)a
	                                          : (uint32_t)(a / b));
}

static inline uint64_t
remainder32(int32_t a, int32_t b)
{
	return sext32(b == 0 ? (uint32_t)a : a == INT32_MIN && b == -1 ? 0 : (uint32_t)(a % b));
}

static inline uint64_t rol64(uint64_t a, unsigned n) { return a << (n & 63) | a >> (-n & 63); }
static inline uint32_t rol32(uint32_t a, unsigned n) { return a << (n & 31) | a >> (-n & 31); }

static u128
clmul(uint64_t a, uint64_t b)
{
	u128 r = 0;
	for (unsigned i = 0; i < 64; i++)
		r ^= b >> i & 1 ? (u128)a << i : 0;
	return r;
}

/* 255 in every byte that is not 0. */
static uint64_t
orc(uint64_t a)
{
	uint64_t r = 0;
	for (unsigned i = 0; i < 64; i += 8)
		r |= a >> i & 255 ? UINT64_C(255) << i : 0;
	return r;
}

/* -- what is rare --------------------------------------------------------------------------- */

/* The first floating-point instruction after a while: false when it is off. */
static bool
fp_on(struct hart *h)
{
	if (!(h->mstatus & MSTATUS_FS))
		return false;
	h->mstatus |= MSTATUS_FS;
	return true;
}

/* A rounding mode as in the instruction; false: none. */
static inline bool
rounding(const struct hart *h, unsigned *rm)
{
	if (*rm == 7)
		*rm = h->frm;
	return *rm <= 4;
}

static inline uint32_t
unbox(uint64_t v)
{
	return v >> 32 == 0xffffffff ? (uint32_t)v : FP_NAN32;
}
static inline uint64_t box(uint32_t v) { return UINT64_C(0xffffffff) << 32 | v; }

/* csrrw and its kin. */
static bool
csr_insn(struct hart *h, const struct op *op, unsigned kind, uint64_t value, bool write)
{
	uint64_t old;
	if (!csr_access(h, (unsigned)op->imm, kind, value, write, &old))
		return false;
	h->x[op->rd] = old;
	return true;
}

static bool
wfi_allowed(const struct hart *h)
{
	return h->mode == MODE_M || (h->mode == MODE_S && !(h->mstatus & MSTATUS_TW));
}

static bool
sfence(struct hart *h, const struct op *op)
{
	if (h->mode == MODE_U || (h->mode == MODE_S && h->mstatus & MSTATUS_TVM))
		return false;
	if (op->rs1)
		mmu_flush_page(h, h->x[op->rs1]);
	else
		mmu_flush(h);
	return true;
}

/* May a mode do cache block operations? (CMO 2.3) */
static bool
cbo_allowed(const struct hart *h, uint64_t bits)
{
	if (h->mode != MODE_M && !(h->menvcfg & bits))
		return false;
	return h->mode != MODE_U || h->senvcfg & bits;
}

enum { CBO_BLOCK = 64 };

static bool
cbo_zero(struct hart *h, uint64_t addr)
{
	addr &= ~(uint64_t)(CBO_BLOCK - 1);
	const struct tlb *t = &h->core->data[addr >> 12 & (TLB_SIZE - 1)];
	/* the first store finds the page */
	if (t->write != (addr & ~UINT64_C(4095)) && !mmu_store(h, addr, 8, 0))
		return false;
	if (t->write == (addr & ~UINT64_C(4095)) && !*t->code) {
		memset((void *)(addr + t->add), 0, CBO_BLOCK);
		return true;
	}
	for (unsigned i = 0; i < CBO_BLOCK; i += 8)
		if (!mmu_store(h, addr + i, 8, 0))
			return false;
	return true;
}

/* Caches are coherent here: what is left of the others is to check the address. */
static bool
cbo_other(struct hart *h, uint64_t addr)
{
	uint64_t paddr, size;
	enum space s = (enum space)((h->core->data - h->core->tlb[0]) / TLB_SIZE);
	if (mmu_walk(h, addr, ACCESS_READ, s, false, &paddr, &size))
		return true;
	h->core->cause = h->core->cause == CAUSE_LOAD_PAGE ? CAUSE_STORE_PAGE : CAUSE_STORE_ACCESS;
	return false;
}

/* -- the loop ----------------------------------------------------------------------------------- */

#define X(r) x[op->r]
#define F(r) h->f[op->r]
#define IMM  ((uint64_t)(int64_t)op->imm)
#define NEXT                                                                                       \
	do {                                                                                       \
		op++;                                                                              \
		goto * op->go;                                                                     \
	} while (0)

#define ALU(name, expr)                                                                            \
	do_##name:                                                                                 \
	{                                                                                          \
		uint64_t a = X(rs1), b = X(rs2);                                                   \
		(void)a, (void)b;                                                                  \
		X(rd) = (uint64_t)(expr);                                                          \
		NEXT;                                                                              \
	}
#define ALU_I(name, expr)                                                                          \
	do_##name:                                                                                 \
	{                                                                                          \
		uint64_t a = X(rs1);                                                               \
		X(rd) = (uint64_t)(expr);                                                          \
		NEXT;                                                                              \
	}

/* Within the page that a translation is known of, and aligned? */
#define HIT(addr, t, field, size)                                                                  \
	__builtin_expect(((addr) & (~UINT64_C(4095) | (size - 1))) == (t)->field, 1)

#define LOAD(name, T, put)                                                                         \
	do_##name:                                                                                 \
	{                                                                                          \
		LOAD_AT(T, put)                                                                    \
		NEXT;                                                                              \
	}
#define LOAD_AT(T, put)                                                                            \
	uint64_t addr = X(rs1) + IMM, v;                                                           \
	const struct tlb *t = &c->data[addr >> 12 & (TLB_SIZE - 1)];                               \
	if (HIT(addr, t, read, sizeof(T)))                                                         \
		v = (uint64_t)__atomic_load_n((T *)(addr + t->add), __ATOMIC_RELAXED);             \
	else if (mmu_load(h, addr, sizeof(T), &v))                                                 \
		v = (uint64_t)(T)v;                                                                \
	else                                                                                       \
		goto fault;                                                                        \
	put;
#define STORE(name, T, value)                                                                      \
	do_##name:                                                                                 \
	{                                                                                          \
		STORE_AT(T, value)                                                                 \
		NEXT;                                                                              \
	}
#define STORE_AT(T, value)                                                                         \
	uint64_t addr = X(rs1) + IMM;                                                              \
	const struct tlb *t = &c->data[addr >> 12 & (TLB_SIZE - 1)];                               \
	if (HIT(addr, t, write, sizeof(T))) {                                                      \
		__atomic_store_n((T *)(addr + t->add), (T)(value), __ATOMIC_RELAXED);              \
		if (__builtin_expect(*t->code, 0))                                                 \
			mmu_wrote_code(h, (addr + t->add) - (uintptr_t)h->bus->ram +               \
			                          h->bus->ram_start);                              \
	} else if (!mmu_store(h, addr, sizeof(T), (T)(value))) {                                   \
		goto fault;                                                                        \
	}

/* Where an atomic works. */
#define ATOMIC_AT(T)                                                                               \
	uint64_t addr = X(rs1);                                                                    \
	const struct tlb *t = &c->data[addr >> 12 & (TLB_SIZE - 1)];                               \
	T *p;                                                                                      \
	if (HIT(addr, t, write, sizeof(T)) && !*t->code)                                           \
		p = (T *)(addr + t->add);                                                          \
	else if (!(p = mmu_atomic(h, addr, sizeof(T))))                                            \
		goto fault;
/* Its place in RAM, and its turn where there are other harts. */
#define OFFSET(p) ((uintptr_t)(p) - (uintptr_t)h->bus->ram)
#define TURN(p)   (h->rv->turns ? reserve_turn(h->rv->turns, OFFSET(p)) : NULL)
#define AMO(name, T, call)                                                                         \
	do_##name:                                                                                 \
	{                                                                                          \
		ATOMIC_AT(T)                                                                       \
		struct turn *turn = TURN(p);                                                       \
		if (turn)                                                                          \
			reserve_take(turn);                                                        \
		T old = call(p, (T)X(rs2), __ATOMIC_SEQ_CST);                                      \
		if (turn)                                                                          \
			reserve_give(turn);                                                        \
		X(rd) = (uint64_t)(int64_t)old;                                                    \
		NEXT;                                                                              \
	}
#define AMO_PICK(name, T, C, cmp)                                                                  \
	do_##name:                                                                                 \
	{                                                                                          \
		ATOMIC_AT(T)                                                                       \
		struct turn *turn = TURN(p);                                                       \
		if (turn)                                                                          \
			reserve_take(turn);                                                        \
		T mine = (T)X(rs2), old = __atomic_load_n(p, __ATOMIC_RELAXED);                    \
		while (!__atomic_compare_exchange_n(p, &old, (C)mine cmp(C) old ? mine : old,      \
		                                    true, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))     \
			;                                                                          \
		if (turn)                                                                          \
			reserve_give(turn);                                                        \
		X(rd) = (uint64_t)(int64_t)old;                                                    \
		NEXT;                                                                              \
	}
#define LR(name, T)                                                                                \
	do_##name:                                                                                 \
	{                                                                                          \
		uint64_t addr = X(rs1);                                                            \
		const struct tlb *t = &c->data[addr >> 12 & (TLB_SIZE - 1)];                       \
		const T *p;                                                                        \
		if (addr & (sizeof(T) - 1)) {                                                      \
			c->cause = CAUSE_LOAD_MISALIGNED;                                          \
			c->tval = addr;                                                            \
			goto fault;                                                                \
		}                                                                                  \
		if (HIT(addr, t, read, sizeof(T))) {                                               \
			p = (const T *)(addr + t->add);                                            \
		} else {                                                                           \
			uint64_t v;                                                                \
			if (!mmu_load(h, addr, sizeof(T), &v))                                     \
				goto fault;                                                        \
			if (!HIT(addr, t, read, sizeof(T))) {                                      \
				/* a device, or a page under several rules */                      \
				c->cause = CAUSE_LOAD_ACCESS;                                      \
				c->tval = addr;                                                    \
				goto fault;                                                        \
			}                                                                          \
			p = (const T *)(addr + t->add);                                            \
		}                                                                                  \
		const struct turn *turn = TURN(p);                                                 \
		h->reserved_turn = turn ? reserve_look(turn) : 0;                                  \
		T v = __atomic_load_n(p, __ATOMIC_SEQ_CST);                                        \
		h->reserved_addr = OFFSET(p);                                                      \
		h->reserved_value = (uint64_t)(int64_t)v;                                          \
		h->reserved_size = sizeof(T);                                                      \
		X(rd) = (uint64_t)(int64_t)v;                                                      \
		NEXT;                                                                              \
	}
#define SC(name, T)                                                                                \
	do_##name:                                                                                 \
	{                                                                                          \
		ATOMIC_AT(T)                                                                       \
		T expected = (T)h->reserved_value;                                                 \
		struct turn *turn = TURN(p);                                                       \
		bool ok = h->reserved_size == sizeof(T) && h->reserved_addr == OFFSET(p) &&        \
		          (!turn || reserve_retake(turn, h->reserved_turn));                       \
		if (ok) {                                                                          \
			ok = __atomic_compare_exchange_n(p, &expected, (T)X(rs2), false,           \
			                                 __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);      \
			if (turn)                                                                  \
				reserve_give(turn);                                                \
		}                                                                                  \
		h->reserved_size = 0;                                                              \
		X(rd) = !ok;                                                                       \
		NEXT;                                                                              \
	}

/* On from the end of a block. */
#define LEAVE(to, way)                                                                             \
	do {                                                                                       \
		pc = (to);                                                                         \
		uint64_t done = h->instret += blk->n;                                              \
		if (__builtin_expect(                                                              \
		            done >= atomic_load_explicit(&h->limit, memory_order_relaxed), 0))     \
			goto look;                                                                 \
		if (__builtin_expect(blk->next[way] != NULL, 1)) {                                 \
			blk = blk->next[way];                                                      \
			op = blk->op;                                                              \
			goto * op->go;                                                             \
		}                                                                                  \
		taken = way;                                                                       \
		goto link;                                                                         \
	} while (0)
#define BRANCH(name, condition)                                                                    \
	do_##name:                                                                                 \
	{                                                                                          \
		uint64_t a = X(rs1), b = X(rs2);                                                   \
		if (condition)                                                                     \
			LEAVE(pc + IMM, 1);                                                        \
		LEAVE(pc + blk->bytes, 0);                                                         \
	}

/* The last instruction of its block does something to the whole hart. */
#define SYSTEM(name, what)                                                                         \
	do_##name:                                                                                 \
	{                                                                                          \
		h->pc = pc + op->at * 2U;                                                          \
		h->instret += blk->n - 1U;                                                         \
		if (!(what))                                                                       \
			goto illegal;                                                              \
		h->pc = pc + blk->bytes;                                                           \
		h->instret++;                                                                      \
		goto enter;                                                                        \
	}

#define NEED_FP                                                                                    \
	if (__builtin_expect((h->mstatus & MSTATUS_FS) != MSTATUS_FS, 0) && !fp_on(h))             \
	goto illegal_fp
#define NEED_RM                                                                                    \
	unsigned rm = (unsigned)op->imm & 7;                                                       \
	if (__builtin_expect(!rounding(h, &rm), 0))                                                \
	goto illegal_fp
#define FP_OP(name, statement)                                                                     \
	do_##name:                                                                                 \
	{                                                                                          \
		NEED_FP;                                                                           \
		statement;                                                                         \
		NEXT;                                                                              \
	}
#define FP_RM(name, statement)                                                                     \
	do_##name:                                                                                 \
	{                                                                                          \
		NEED_FP;                                                                           \
		NEED_RM;                                                                           \
		statement;                                                                         \
		NEXT;                                                                              \
	}
#define S1         unbox(F(rs1))
#define S2         unbox(F(rs2))
#define S3         unbox(h->f[(unsigned)op->imm >> 8])
#define D1         F(rs1)
#define D2         F(rs2)
#define D3         h->f[(unsigned)op->imm >> 8]
#define FL         &h->fflags
#define MINUS32(v) ((v) ^ UINT32_C(0x80000000))
#define MINUS64(v) ((v) ^ UINT64_C(0x8000000000000000))

/* clang-format off */
enum hart_stop
hart_run(struct hart *h)
{
	static const void *const go[OP_COUNT] = {
#define INSN(name, text, operands, match, mask, ext) [INSN_##name] = &&do_##name,
#define CINSN(name, text, match, mask, base, rd, rs1, rs2, imm, legal)
#include "layer/hal/rv/insn.def"
#undef INSN
#undef CINSN
		[OP_ILLEGAL] = &&do_illegal, [OP_END] = &&do_end, [OP_NOP] = &&do_nop,
		[OP_MV] = &&do_mv, [OP_LI] = &&do_li, [OP_BREAK] = &&do_break,
	};
	if (!h) {
		memcpy(core_go, go, sizeof go);
		return HART_POKED;
	}

	struct core *const c = h->core;
	uint64_t *const x = h->x;
	uint64_t pc = h->pc;
	struct block *blk = NULL;
	const struct op *op;
	unsigned taken;

	mmu_space(h);
	goto look_pc;

	/* -- between blocks -- */
link: {	/* from blk, way `taken`, to pc: inside the page the way is remembered */
		struct block *from = blk;
		uint64_t at = pc - (taken ? IMM : blk->bytes);
		unsigned i = pc >> 1 & (JUMP_SIZE - 1);
		blk = c->jump_block[i];
		if (!blk || c->jump_pc[i] != (pc ^ c->key)) {
			/* decoding may empty the arena */
			uint32_t pages = c->npage;
			size_t used = c->used;
			blk = block_find(h, pc);
			if (!blk)
				goto no_code;
			if (c->used < used || c->npage < pages)
				from = NULL;
		}
		if (from && !from->lone && !blk->lone && (pc ^ at) >> 12 == 0 &&
		    from->paddr >> 12 == blk->paddr >> 12 && c->block_most > 1)
			from->next[taken] = blk;
		op = blk->op;
		goto *op->go;
	}
look:
	h->pc = pc;
enter:	/* h->pc is where to go on; somebody may want something */
	pc = h->pc;
look_pc:
	if (__builtin_expect(c->single != SINGLE_OFF, 0)) {
		if (c->single++ == SINGLE_DONE)
			return HART_POKED;
		goto find;
	}
	if (h->instret >= atomic_load_explicit(&h->limit, memory_order_relaxed)) {
		atomic_store(&h->limit, c->limit);
		uint32_t why = atomic_exchange(&h->poked, 0);
		if (why & POKE_STOP || h->instret >= c->limit)
			return HART_POKED;
	}
	if (trap_interrupt(h))
		pc = h->pc;
find: {
		unsigned i = pc >> 1 & (JUMP_SIZE - 1);
		blk = c->jump_block[i];
		if (!blk || c->jump_pc[i] != (pc ^ c->key)) {
			blk = block_find(h, pc);
			if (!blk)
				goto no_code;
		}
		op = blk->op;
		goto *op->go;
	}
no_code:
	h->pc = pc;
	trap_raise(h, c->cause, c->tval);
trapped:
	/* A trap whose handler's first instruction traps again retires nothing, for ever: each
	 * uses up some of its turn. */
	if (c->limit != UINT64_MAX)
		atomic_store(&h->limit, --c->limit);
	goto enter;
fault:	/* inside a block */
	h->pc = pc + op->at * 2U;
	h->instret += (uint64_t)(op - blk->op);
	trap_raise(h, c->cause, c->tval);
	goto trapped;
illegal_fp: {
		/* rare enough to read the instruction again */
		uint64_t paddr;
		uint16_t half[2] = { 0 };
		h->pc = pc + op->at * 2U;
		h->instret += (uint64_t)(op - blk->op);
		for (unsigned k = 0; k < 2; k++)
			if (mmu_fetch(h, h->pc + 2 * k, &paddr) && bus_ram(h->bus, paddr, 2))
				memcpy(&half[k], bus_ram(h->bus, paddr, 2), 2);
		uint32_t word = half[0] | (uint32_t)half[1] << 16;
		trap_raise(h, CAUSE_ILLEGAL, (word & 3) == 3 ? word : half[0]);
		goto trapped;
	}
illegal: /* of the block's last, counted already but for itself */
	h->instret -= blk->n - 1U;
	goto illegal_fp;

	do_illegal:
		h->pc = pc + op->at * 2U;
		h->instret += blk->n - 1U;
		trap_raise(h, CAUSE_ILLEGAL, (uint32_t)op->imm);
		goto trapped;
	do_end:
		LEAVE(pc + blk->bytes, 0);
	do_nop: NEXT;
	do_break: /* a breakpoint's place in its page: is it this page's? */
		h->pc = pc;
		if (debug_hit(h->rv->debugger, pc))
			return HART_BREAK;
		blk = blk->next[0];
		op = blk->op;
		goto *op->go;
	do_fence: do_fence_tso:
		atomic_thread_fence(memory_order_seq_cst);
		NEXT;
	do_pause: do_prefetch_i: do_prefetch_r: do_prefetch_w: NEXT;

	/* -- RV64I -- */
	do_li: do_lui: X(rd) = IMM; NEXT;
	do_mv: X(rd) = X(rs1); NEXT;
	do_auipc: X(rd) = pc + op->at * 2U + IMM; NEXT;
	do_jal: {
		uint64_t to = pc + IMM;
		X(rd) = pc + blk->bytes;
		LEAVE(to, 1);
	}
	do_jalr: {
		uint64_t to = (X(rs1) + IMM) & ~UINT64_C(1);
		X(rd) = pc + blk->bytes;
		pc = to;
		h->instret += blk->n;
		if (h->instret >= atomic_load_explicit(&h->limit, memory_order_relaxed))
			goto look;
		goto find;
	}
	BRANCH(beq, a == b)
	BRANCH(bne, a != b)
	BRANCH(blt, (int64_t)a < (int64_t)b)
	BRANCH(bge, (int64_t)a >= (int64_t)b)
	BRANCH(bltu, a < b)
	BRANCH(bgeu, a >= b)
	LOAD(lb, int8_t, X(rd) = v)
	LOAD(lh, int16_t, X(rd) = v)
	LOAD(lw, int32_t, X(rd) = v)
	LOAD(ld, uint64_t, X(rd) = v)
	LOAD(lbu, uint8_t, X(rd) = v)
	LOAD(lhu, uint16_t, X(rd) = v)
	LOAD(lwu, uint32_t, X(rd) = v)
	STORE(sb, uint8_t, X(rs2))
	STORE(sh, uint16_t, X(rs2))
	STORE(sw, uint32_t, X(rs2))
	STORE(sd, uint64_t, X(rs2))
	ALU_I(addi, a + IMM)
	ALU_I(slti, (int64_t)a < (int64_t)IMM)
	ALU_I(sltiu, a < IMM)
	ALU_I(xori, a ^ IMM)
	ALU_I(ori, a | IMM)
	ALU_I(andi, a & IMM)
	ALU_I(slli, a << (op->imm & 63))
	ALU_I(srli, a >> (op->imm & 63))
	ALU_I(srai, (int64_t)a >> (op->imm & 63))
	ALU_I(addiw, sext32(a + IMM))
	ALU_I(slliw, sext32((uint32_t)a << (op->imm & 31)))
	ALU_I(srliw, sext32((uint32_t)a >> (op->imm & 31)))
	ALU_I(sraiw, (int64_t)((int32_t)a >> (op->imm & 31)))
	ALU(add, a + b)
	ALU(sub, a - b)
	ALU(sll, a << (b & 63))
	ALU(slt, (int64_t)a < (int64_t)b)
	ALU(sltu, a < b)
	ALU(xor, a ^ b)
	ALU(srl, a >> (b & 63))
	ALU(sra, (int64_t)a >> (b & 63))
	ALU(or, a | b)
	ALU(and, a & b)
	ALU(addw, sext32(a + b))
	ALU(subw, sext32(a - b))
	ALU(sllw, sext32((uint32_t)a << (b & 31)))
	ALU(srlw, sext32((uint32_t)a >> (b & 31)))
	ALU(sraw, (int64_t)((int32_t)a >> (b & 31)))

	/* -- M -- */
	ALU(mul, a * b)
	ALU(mulh, (u128)((i128)(int64_t)a * (int64_t)b) >> 64)
	ALU(mulhsu, (u128)((i128)(int64_t)a * (i128)b) >> 64)
	ALU(mulhu, (u128)a * b >> 64)
	ALU(div, divide((int64_t)a, (int64_t)b))
	ALU(divu, b ? a / b : UINT64_MAX)
	ALU(rem, remainder_of((int64_t)a, (int64_t)b))
	ALU(remu, b ? a % b : a)
	ALU(mulw, sext32((uint32_t)a * (uint32_t)b))
	ALU(divw, divide32((int32_t)a, (int32_t)b))
	ALU(divuw, sext32((uint32_t)b ? (uint32_t)a / (uint32_t)b : UINT32_MAX))
	ALU(remw, remainder32((int32_t)a, (int32_t)b))
	ALU(remuw, sext32((uint32_t)b ? (uint32_t)a % (uint32_t)b : (uint32_t)a))

	/* -- A -- */
	LR(lr_w, int32_t)
	LR(lr_d, int64_t)
	SC(sc_w, int32_t)
	SC(sc_d, int64_t)
	AMO(amoswap_w, int32_t, __atomic_exchange_n)
	AMO(amoadd_w, int32_t, __atomic_fetch_add)
	AMO(amoxor_w, int32_t, __atomic_fetch_xor)
	AMO(amoand_w, int32_t, __atomic_fetch_and)
	AMO(amoor_w, int32_t, __atomic_fetch_or)
	AMO_PICK(amomin_w, int32_t, int32_t, <)
	AMO_PICK(amomax_w, int32_t, int32_t, >)
	AMO_PICK(amominu_w, int32_t, uint32_t, <)
	AMO_PICK(amomaxu_w, int32_t, uint32_t, >)
	AMO(amoswap_d, int64_t, __atomic_exchange_n)
	AMO(amoadd_d, int64_t, __atomic_fetch_add)
	AMO(amoxor_d, int64_t, __atomic_fetch_xor)
	AMO(amoand_d, int64_t, __atomic_fetch_and)
	AMO(amoor_d, int64_t, __atomic_fetch_or)
	AMO_PICK(amomin_d, int64_t, int64_t, <)
	AMO_PICK(amomax_d, int64_t, int64_t, >)
	AMO_PICK(amominu_d, int64_t, uint64_t, <)
	AMO_PICK(amomaxu_d, int64_t, uint64_t, >)

	/* -- Zba, Zbb, Zbc, Zbs, Zicond -- */
	ALU(sh1add, (a << 1) + b)
	ALU(sh2add, (a << 2) + b)
	ALU(sh3add, (a << 3) + b)
	ALU(add_uw, (uint32_t)a + b)
	ALU(sh1add_uw, ((uint64_t)(uint32_t)a << 1) + b)
	ALU(sh2add_uw, ((uint64_t)(uint32_t)a << 2) + b)
	ALU(sh3add_uw, ((uint64_t)(uint32_t)a << 3) + b)
	ALU_I(slli_uw, (uint64_t)(uint32_t)a << (op->imm & 63))
	ALU(andn, a & ~b)
	ALU(orn, a | ~b)
	ALU(xnor, ~(a ^ b))
	ALU_I(clz, a ? __builtin_clzll(a) : 64)
	ALU_I(ctz, a ? __builtin_ctzll(a) : 64)
	ALU_I(cpop, __builtin_popcountll(a))
	ALU(max, (int64_t)a > (int64_t)b ? a : b)
	ALU(maxu, a > b ? a : b)
	ALU(min, (int64_t)a < (int64_t)b ? a : b)
	ALU(minu, a < b ? a : b)
	ALU_I(sext_b, (int64_t)(int8_t)a)
	ALU_I(sext_h, (int64_t)(int16_t)a)
	ALU_I(zext_h, (uint16_t)a)
	ALU(rol, rol64(a, (unsigned)b))
	ALU(ror, rol64(a, -(unsigned)b))
	ALU_I(rori, rol64(a, -(unsigned)op->imm))
	ALU_I(orc_b, orc(a))
	ALU_I(rev8, __builtin_bswap64(a))
	ALU_I(clzw, (uint32_t)a ? __builtin_clz((uint32_t)a) : 32)
	ALU_I(ctzw, (uint32_t)a ? __builtin_ctz((uint32_t)a) : 32)
	ALU_I(cpopw, __builtin_popcount((uint32_t)a))
	ALU(rolw, sext32(rol32((uint32_t)a, (unsigned)b)))
	ALU(rorw, sext32(rol32((uint32_t)a, -(unsigned)b)))
	ALU_I(roriw, sext32(rol32((uint32_t)a, -(unsigned)op->imm)))
	ALU(clmul, clmul(a, b))
	ALU(clmulh, clmul(a, b) >> 64)
	ALU(clmulr, clmul(a, b) >> 63)
	ALU(bclr, a & ~(UINT64_C(1) << (b & 63)))
	ALU(bext, a >> (b & 63) & 1)
	ALU(binv, a ^ UINT64_C(1) << (b & 63))
	ALU(bset, a | UINT64_C(1) << (b & 63))
	ALU_I(bclri, a & ~(UINT64_C(1) << (op->imm & 63)))
	ALU_I(bexti, a >> (op->imm & 63) & 1)
	ALU_I(binvi, a ^ UINT64_C(1) << (op->imm & 63))
	ALU_I(bseti, a | UINT64_C(1) << (op->imm & 63))
	ALU(czero_eqz, b ? a : 0)
	ALU(czero_nez, b ? 0 : a)

	/* -- F and D, Zfa -- */
	do_flw: { NEED_FP; LOAD_AT(uint32_t, F(rd) = box((uint32_t)v)) NEXT; }
	do_fld: { NEED_FP; LOAD_AT(uint64_t, F(rd) = v) NEXT; }
	do_fsw: { NEED_FP; STORE_AT(uint32_t, F(rs2)) NEXT; }
	do_fsd: { NEED_FP; STORE_AT(uint64_t, F(rs2)) NEXT; }
	FP_RM(fmadd_s, F(rd) = box(fp_fast_fma32(S1, S2, S3, rm, FL)))
	FP_RM(fmsub_s, F(rd) = box(fp_fast_fma32(S1, S2, MINUS32(S3), rm, FL)))
	FP_RM(fnmsub_s, F(rd) = box(fp_fast_fma32(MINUS32(S1), S2, S3, rm, FL)))
	FP_RM(fnmadd_s, F(rd) = box(fp_fast_fma32(MINUS32(S1), S2, MINUS32(S3), rm, FL)))
	FP_RM(fadd_s, F(rd) = box(fp_fast_add32(S1, S2, rm, FL)))
	FP_RM(fsub_s, F(rd) = box(fp_fast_sub32(S1, S2, rm, FL)))
	FP_RM(fmul_s, F(rd) = box(fp_fast_mul32(S1, S2, rm, FL)))
	FP_RM(fdiv_s, F(rd) = box(fp_fast_div32(S1, S2, rm, FL)))
	FP_RM(fsqrt_s, F(rd) = box(fp_fast_sqrt32(S1, rm, FL)))
	FP_OP(fsgnj_s, F(rd) = box((S1 & 0x7fffffff) | (S2 & 0x80000000)))
	FP_OP(fsgnjn_s, F(rd) = box((S1 & 0x7fffffff) | (~S2 & 0x80000000)))
	FP_OP(fsgnjx_s, F(rd) = box(S1 ^ (S2 & 0x80000000)))
	FP_OP(fmin_s, F(rd) = box(fp_fast_min32(S1, S2, FL)))
	FP_OP(fmax_s, F(rd) = box(fp_fast_max32(S1, S2, FL)))
	FP_RM(fcvt_w_s, X(rd) = fp_fast_to_i32_32(S1, rm, FL))
	FP_RM(fcvt_wu_s, X(rd) = fp_fast_to_u32_32(S1, rm, FL))
	FP_RM(fcvt_l_s, X(rd) = fp_fast_to_i64_32(S1, rm, FL))
	FP_RM(fcvt_lu_s, X(rd) = fp_fast_to_u64_32(S1, rm, FL))
	FP_OP(fmv_x_w, X(rd) = sext32(F(rs1)))
	FP_OP(feq_s, X(rd) = fp_fast_eq32(S1, S2, FL))
	FP_OP(flt_s, X(rd) = fp_fast_lt32(S1, S2, FL))
	FP_OP(fle_s, X(rd) = fp_fast_le32(S1, S2, FL))
	FP_OP(fclass_s, X(rd) = fp_class32(S1))
	FP_RM(fcvt_s_w, F(rd) = box(fp_fast_of_i32_32((int32_t)X(rs1), rm, FL)))
	FP_RM(fcvt_s_wu, F(rd) = box(fp_fast_of_u32_32((uint32_t)X(rs1), rm, FL)))
	FP_RM(fcvt_s_l, F(rd) = box(fp_fast_of_i64_32((int64_t)X(rs1), rm, FL)))
	FP_RM(fcvt_s_lu, F(rd) = box(fp_fast_of_u64_32(X(rs1), rm, FL)))
	FP_OP(fmv_w_x, F(rd) = box((uint32_t)X(rs1)))
	FP_RM(fmadd_d, F(rd) = fp_fast_fma64(D1, D2, D3, rm, FL))
	FP_RM(fmsub_d, F(rd) = fp_fast_fma64(D1, D2, MINUS64(D3), rm, FL))
	FP_RM(fnmsub_d, F(rd) = fp_fast_fma64(MINUS64(D1), D2, D3, rm, FL))
	FP_RM(fnmadd_d, F(rd) = fp_fast_fma64(MINUS64(D1), D2, MINUS64(D3), rm, FL))
	FP_RM(fadd_d, F(rd) = fp_fast_add64(D1, D2, rm, FL))
	FP_RM(fsub_d, F(rd) = fp_fast_sub64(D1, D2, rm, FL))
	FP_RM(fmul_d, F(rd) = fp_fast_mul64(D1, D2, rm, FL))
	FP_RM(fdiv_d, F(rd) = fp_fast_div64(D1, D2, rm, FL))
	FP_RM(fsqrt_d, F(rd) = fp_fast_sqrt64(D1, rm, FL))
	FP_OP(fsgnj_d, F(rd) = (D1 & INT64_MAX) | (D2 & ~(uint64_t)INT64_MAX))
	FP_OP(fsgnjn_d, F(rd) = (D1 & INT64_MAX) | (~D2 & ~(uint64_t)INT64_MAX))
	FP_OP(fsgnjx_d, F(rd) = D1 ^ (D2 & ~(uint64_t)INT64_MAX))
	FP_OP(fmin_d, F(rd) = fp_fast_min64(D1, D2, FL))
	FP_OP(fmax_d, F(rd) = fp_fast_max64(D1, D2, FL))
	FP_RM(fcvt_s_d, F(rd) = box(fp_fast_narrow(D1, rm, FL)))
	FP_RM(fcvt_d_s, F(rd) = fp_fast_widen(S1, FL))
	FP_OP(feq_d, X(rd) = fp_fast_eq64(D1, D2, FL))
	FP_OP(flt_d, X(rd) = fp_fast_lt64(D1, D2, FL))
	FP_OP(fle_d, X(rd) = fp_fast_le64(D1, D2, FL))
	FP_OP(fclass_d, X(rd) = fp_class64(D1))
	FP_RM(fcvt_w_d, X(rd) = fp_fast_to_i32_64(D1, rm, FL))
	FP_RM(fcvt_wu_d, X(rd) = fp_fast_to_u32_64(D1, rm, FL))
	FP_RM(fcvt_l_d, X(rd) = fp_fast_to_i64_64(D1, rm, FL))
	FP_RM(fcvt_lu_d, X(rd) = fp_fast_to_u64_64(D1, rm, FL))
	FP_OP(fmv_x_d, X(rd) = D1)
	FP_RM(fcvt_d_w, F(rd) = fp_fast_of_i32_64((int32_t)X(rs1), rm, FL))
	FP_RM(fcvt_d_wu, F(rd) = fp_fast_of_u32_64((uint32_t)X(rs1), rm, FL))
	FP_RM(fcvt_d_l, F(rd) = fp_fast_of_i64_64((int64_t)X(rs1), rm, FL))
	FP_RM(fcvt_d_lu, F(rd) = fp_fast_of_u64_64(X(rs1), rm, FL))
	FP_OP(fmv_d_x, F(rd) = X(rs1))
	FP_OP(fli_s, F(rd) = box(fp_imm32((unsigned)op->imm)))
	FP_OP(fli_d, F(rd) = fp_imm64((unsigned)op->imm))
	FP_OP(fminm_s, F(rd) = box(fp_minm32(S1, S2, FL)))
	FP_OP(fmaxm_s, F(rd) = box(fp_maxm32(S1, S2, FL)))
	FP_OP(fminm_d, F(rd) = fp_minm64(D1, D2, FL))
	FP_OP(fmaxm_d, F(rd) = fp_maxm64(D1, D2, FL))
	FP_RM(fround_s, F(rd) = box(fp_round32(S1, rm, false, FL)))
	FP_RM(froundnx_s, F(rd) = box(fp_round32(S1, rm, true, FL)))
	FP_RM(fround_d, F(rd) = fp_round64(D1, rm, false, FL))
	FP_RM(froundnx_d, F(rd) = fp_round64(D1, rm, true, FL))
	FP_OP(fleq_s, X(rd) = fp_leq32(S1, S2, FL))
	FP_OP(fltq_s, X(rd) = fp_ltq32(S1, S2, FL))
	FP_OP(fleq_d, X(rd) = fp_leq64(D1, D2, FL))
	FP_OP(fltq_d, X(rd) = fp_ltq64(D1, D2, FL))
	FP_OP(fcvtmod_w_d, X(rd) = fp_to_mod32(D1, FL))

	/* -- cache blocks -- */
	do_cbo_zero:
		if (!cbo_allowed(h, ENVCFG_CBZE))
			goto illegal_fp;
		if (!cbo_zero(h, X(rs1)))
			goto fault;
		NEXT;
	do_cbo_clean: do_cbo_flush:
		if (!cbo_allowed(h, ENVCFG_CBCFE))
			goto illegal_fp;
		if (!cbo_other(h, X(rs1)))
			goto fault;
		NEXT;
	do_cbo_inval:
		if (!cbo_allowed(h, ENVCFG_CBIE))
			goto illegal_fp;
		if (!cbo_other(h, X(rs1)))
			goto fault;
		NEXT;

	/* -- the whole hart -- */
	SYSTEM(csrrw, csr_insn(h, op, 1, X(rs1), true))
	SYSTEM(csrrs, csr_insn(h, op, 2, X(rs1), op->rs1 != 0))
	SYSTEM(csrrc, csr_insn(h, op, 3, X(rs1), op->rs1 != 0))
	SYSTEM(csrrwi, csr_insn(h, op, 1, op->rs1, true))
	SYSTEM(csrrsi, csr_insn(h, op, 2, op->rs1, op->rs1 != 0))
	SYSTEM(csrrci, csr_insn(h, op, 3, op->rs1, op->rs1 != 0))
	SYSTEM(fence_i, (block_fence(h), true))
	SYSTEM(sfence_vma, sfence(h, op))
	SYSTEM(sinval_vma, sfence(h, op))
	SYSTEM(sfence_w_inval, h->mode != MODE_U)
	SYSTEM(sfence_inval_ir, h->mode != MODE_U)
	do_mret:
		h->instret += blk->n - 1U;
		h->pc = pc + op->at * 2U;
		if (!trap_mret(h))
			goto illegal;
		h->instret++;
		goto enter;
	do_sret:
		h->instret += blk->n - 1U;
		h->pc = pc + op->at * 2U;
		if (!trap_sret(h))
			goto illegal;
		h->instret++;
		goto enter;
	do_ecall:
		h->pc = pc + op->at * 2U;
		h->instret += blk->n - 1U;
		if (h->mode == MODE_S && h->rv->sbi) {
			h->pc += 4;
			h->instret++;
			return HART_SBI;
		}
		trap_raise(h, h->mode == MODE_M ? CAUSE_ECALL_M : CAUSE_ECALL_U + h->mode, 0);
		goto trapped;
	do_ebreak:
		h->pc = pc + op->at * 2U;
		h->instret += blk->n - 1U;
		if (h->rv->debug)
			return HART_BREAK;
		trap_raise(h, CAUSE_BREAKPOINT, h->pc);
		goto trapped;
	do_wfi:
		h->instret += blk->n - 1U;
		if (!wfi_allowed(h))
			goto illegal;
		goto wait;
	do_wrs_nto: do_wrs_sto:
		h->instret += blk->n - 1U;
		/* without a reservation there is nothing to wait for; else the other hart is soon done */
		if (op->go == core_go[INSN_wrs_nto] && !wfi_allowed(h))
			goto illegal;
	wait:
		h->pc = pc + blk->bytes;
		h->instret++;
		if (op->go != core_go[INSN_wfi] || hart_pending(h))
			goto enter;
		h->waiting = true;
		return HART_WAIT;
}
/* clang-format on */
