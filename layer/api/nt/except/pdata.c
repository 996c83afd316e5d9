/* SPDX-License-Identifier: Apache-2.0 */
/* pdata.c -- a frame that is described by unwind codes (x64 exception handling: UNWIND_INFO).
 *
 * Nothing here trusts a table: what lies outside its module, or a stack outside its bounds,
 * ends the walk.
 */
#include <string.h>

#include "layer/api/nt/except/unwind.h"

enum unwind_op {
	PUSH_NONVOL,
	ALLOC_LARGE,
	ALLOC_SMALL,
	SET_FPREG,
	SAVE_NONVOL,
	SAVE_NONVOL_FAR,
	EPILOG,
	SPARE,
	SAVE_XMM128,
	SAVE_XMM128_FAR,
	PUSH_MACHFRAME,
};

enum { MOST_CHAINED = 32, RSP = 4, DIRECTORY_EXCEPTION = 3 };

struct code {
	uint8_t offset, op_info;
};

struct info {
	uint8_t version, flags, prolog, count, reg;
	uint32_t reg_offset;
	const struct code *codes;
	const uint8_t *tail; /* behind the codes: chained entry, or handler */
};

static const void *
at(const struct image *im, uint64_t rva, uint64_t n)
{
	if (rva >= im->size || n > im->size - rva)
		return NULL;
	return (const void *)(im->base + rva);
}

static uint32_t
u32(const void *p)
{
	uint32_t v;
	memcpy(&v, p, 4);
	return v;
}

bool
pdata_image(uint64_t base, uint64_t size, struct image *im)
{
	*im = (struct image){ .base = base, .size = size };
	const uint8_t *mz = at(im, 0, 64);
	if (!mz || mz[0] != 'M' || mz[1] != 'Z')
		return false;
	const uint8_t *pe = at(im, u32(mz + 60), 24 + 112 + 8 * (DIRECTORY_EXCEPTION + 1));
	if (!pe || u32(pe) != 0x4550 || u32(pe + 24 + 108) <= DIRECTORY_EXCEPTION)
		return false;
	uint32_t rva = u32(pe + 24 + 112 + 8 * DIRECTORY_EXCEPTION);
	uint32_t n = u32(pe + 24 + 116 + 8 * DIRECTORY_EXCEPTION) / sizeof *im->functions;
	if (!rva || !n || !at(im, rva, (uint64_t)n * sizeof *im->functions))
		return false;
	im->functions = (const void *)(base + rva);
	im->nfunction = n;
	return true;
}

static const struct RUNTIME_FUNCTION *
direct(const struct image *im, const struct RUNTIME_FUNCTION *f)
{
	if (!(f->UnwindData & 1))
		return f;
	return at(im, f->UnwindData & ~1u, sizeof *f);
}

struct RUNTIME_FUNCTION *
pdata_find(const struct image *im, uint64_t pc)
{
	uint64_t rva = pc - im->base;
	uint32_t low = 0, high = im->nfunction;
	if (pc < im->base)
		return NULL;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		const struct RUNTIME_FUNCTION *f = im->functions + mid;
		if (rva < f->BeginAddress)
			high = mid;
		else if (rva >= f->EndAddress)
			low = mid + 1;
		else
			return (struct RUNTIME_FUNCTION *)(uintptr_t)direct(im, f);
	}
	return NULL;
}

static bool
info_read(const struct image *im, uint32_t rva, struct info *i)
{
	const uint8_t *p = at(im, rva, 4);
	if (!p)
		return false;
	*i = (struct info){
		.version = p[0] & 7,
		.flags = p[0] >> 3,
		.prolog = p[1],
		.count = p[2],
		.reg = p[3] & 15,
		.reg_offset = (p[3] >> 4) * 16u,
	};
	uint64_t codes = (i->count + 1u) / 2 * 4;
	if ((i->version != 1 && i->version != 2) || !at(im, rva, 4 + codes))
		return false;
	i->codes = (const void *)(p + 4);
	i->tail = p + 4 + codes;
	uint64_t behind = i->flags & UNW_FLAG_CHAININFO                        ? 12
	                  : i->flags & (UNW_FLAG_EHANDLER | UNW_FLAG_UHANDLER) ? 4
	                                                                       : 0;
	return at(im, rva, 4 + codes + behind);
}

const struct RUNTIME_FUNCTION *
pdata_primary(const struct image *im, const struct RUNTIME_FUNCTION *f)
{
	for (int i = 0; f && i < MOST_CHAINED; i++) {
		struct info info;
		if (!(f = direct(im, f)) || !info_read(im, f->UnwindData, &info))
			return NULL;
		if (!(info.flags & UNW_FLAG_CHAININFO))
			return f;
		f = (const void *)info.tail;
	}
	return NULL;
}

static uint64_t *
reg(struct CONTEXT *c, int n)
{
	return &c->Rax + n;
}

/* -- epilogs ---------------------------------------------------------------------------------- */

struct bytes {
	const uint8_t *p, *end;
};

/* The instruction that frees the locals: ADD RSP, n or LEA RSP, [frame register + n]. */
static bool
epilog_free(struct bytes *b, const struct info *i, struct CONTEXT *c)
{
	const uint8_t *p = b->p;
	size_t n = (size_t)(b->end - p);
	int32_t disp;
	if (n >= 4 && p[0] == 0x48 && p[1] == 0x83 && p[2] == 0xc4) {
		c->Rsp += (uint64_t)(int8_t)p[3];
		b->p += 4;
	} else if (n >= 7 && p[0] == 0x48 && p[1] == 0x81 && p[2] == 0xc4) {
		memcpy(&disp, p + 3, 4);
		c->Rsp += (uint64_t)(int64_t)disp;
		b->p += 7;
	} else if (n >= 4 && (p[0] & 0xfe) == 0x48 && p[1] == 0x8d && (p[2] & 0x38) == 0x20 &&
	           i->reg) {
		int base = (p[2] & 7) | (p[0] & 1) << 3, sib = base == RSP || base == 12;
		if (base != i->reg || (sib && (n < 5 || p[3] != 0x24)))
			return false;
		const uint8_t *d = p + 3 + sib;
		if (p[2] >> 6 == 1) {
			c->Rsp = *reg(c, base) + (uint64_t)(int8_t)d[0];
			b->p = d + 1;
		} else if (p[2] >> 6 == 2 && b->end - d >= 4) {
			memcpy(&disp, d, 4);
			c->Rsp = *reg(c, base) + (uint64_t)(int64_t)disp;
			b->p = d + 4;
		} else if (p[2] >> 6 == 0 && (base & 7) != 5) {
			c->Rsp = *reg(c, base);
			b->p = d;
		} else {
			return false;
		}
	}
	return true;
}

static bool
pop(struct CONTEXT *c, int n, struct KNONVOLATILE_CONTEXT_POINTERS *p, const struct bounds *stack)
{
	uint64_t v;
	if (!unwind_read(stack, c->Rsp, &v, 8))
		return false;
	if (p)
		p->IntegerContext[n] = (DWORD64 *)c->Rsp;
	*reg(c, n) = v;
	c->Rsp += 8;
	return true;
}

/* A jump that leaves the function (all of its pieces), or begins it anew. */
static bool
jump_leaves(const struct image *im, const struct RUNTIME_FUNCTION *f, uint64_t target)
{
	uint64_t rva = target - im->base;
	const struct RUNTIME_FUNCTION *mine = pdata_primary(im, f), *its = pdata_find(im, target);
	if (mine && rva == mine->BeginAddress)
		return true;
	if (rva >= f->BeginAddress && rva < f->EndAddress)
		return false;
	its = its ? pdata_primary(im, its) : NULL;
	return !its || !mine || its->BeginAddress != mine->BeginAddress;
}

static bool
epilog_end(const struct image *im, const struct RUNTIME_FUNCTION *f, const uint8_t *p, size_t n)
{
	if (n >= 1 && (p[0] == 0xc3 || p[0] == 0xc2))
		return true;
	if (n >= 2 && p[0] == 0xf3 && p[1] == 0xc3)
		return true;
	if (n >= 2 && p[0] == 0xeb)
		return jump_leaves(im, f, (uint64_t)(uintptr_t)p + 2 + (uint64_t)(int8_t)p[1]);
	if (n >= 5 && p[0] == 0xe9)
		return jump_leaves(
		        im, f, (uint64_t)(uintptr_t)p + 5 + (uint64_t)(int64_t)(int32_t)u32(p + 1));
	/* JMP through memory or, with REX.W, a register: a tail call */
	if (n >= 2 && p[0] == 0xff && p[1] == 0x25)
		return true;
	return n >= 3 && (p[0] & 0xf8) == 0x48 && p[1] == 0xff && (p[2] & 0x38) == 0x20;
}

/* Is pc in an epilog?  Its instructions are few and fixed (x64 calling convention: prolog and
 * epilog), so what is left of them is done. */
static bool
epilog_run(const struct image *im, const struct RUNTIME_FUNCTION *f, const struct info *i,
           uint64_t pc, struct CONTEXT *c, struct KNONVOLATILE_CONTEXT_POINTERS *ptrs,
           const struct bounds *stack)
{
	const uint8_t *code = at(im, pc - im->base, 1);
	if (!code || pc - im->base >= f->EndAddress || f->EndAddress > im->size)
		return false;
	struct bytes b = { code, (const uint8_t *)(im->base + f->EndAddress) };
	struct CONTEXT t = *c;
	struct KNONVOLATILE_CONTEXT_POINTERS tp = { { 0 }, { 0 } };
	uint64_t v;
	if (!epilog_free(&b, i, &t))
		return false;
	for (;;) {
		size_t n = (size_t)(b.end - b.p);
		if (n >= 1 && (b.p[0] & 0xf8) == 0x58) {
			if (!pop(&t, b.p[0] & 7, &tp, stack))
				return false;
			b.p += 1;
		} else if (n >= 2 && (b.p[0] & 0xf0) == 0x40 && (b.p[1] & 0xf8) == 0x58) {
			if (!pop(&t, (b.p[1] & 7) | (b.p[0] & 1) << 3, &tp, stack))
				return false;
			b.p += 2;
		} else {
			break;
		}
	}
	if (!epilog_end(im, f, b.p, (size_t)(b.end - b.p)) || !unwind_read(stack, t.Rsp, &v, 8))
		return false;
	t.Rip = v;
	t.Rsp += 8;
	*c = t;
	for (int k = 0; ptrs && k < 16; k++)
		if (tp.IntegerContext[k])
			ptrs->IntegerContext[k] = tp.IntegerContext[k];
	return true;
}

/* -- codes ---------------------------------------------------------------------------------------- */

static unsigned
slots(const struct info *i, const struct code *c)
{
	switch (c->op_info & 15) {
	case ALLOC_LARGE: return c->op_info >> 4 ? 3 : 2;
	case EPILOG: return i->version == 2 ? 1 : 2;
	case SAVE_NONVOL:
	case SAVE_XMM128: return 2;
	case SPARE:
	case SAVE_NONVOL_FAR:
	case SAVE_XMM128_FAR: return 3;
	default: return 1;
	}
}

static bool
save(struct CONTEXT *c, int n, uint64_t address, bool xmm, struct KNONVOLATILE_CONTEXT_POINTERS *p,
     const struct bounds *stack)
{
	if (xmm) {
		if (!unwind_read(stack, address, &c->FltSave.XmmRegisters[n], 16))
			return false;
		if (p)
			p->FloatingContext[n] = (struct M128A *)address;
		return true;
	}
	uint64_t v;
	if (!unwind_read(stack, address, &v, 8))
		return false;
	*reg(c, n) = v;
	if (p)
		p->IntegerContext[n] = (DWORD64 *)address;
	return true;
}

/* RIP and RSP that the processor has pushed, above an error code or not. */
static bool
machine_frame(struct CONTEXT *c, bool error, const struct bounds *stack)
{
	uint64_t rip, rsp, at_frame = c->Rsp + (error ? 8 : 0);
	if (!unwind_read(stack, at_frame, &rip, 8) || !unwind_read(stack, at_frame + 24, &rsp, 8))
		return false;
	c->Rip = rip;
	c->Rsp = rsp;
	return true;
}

/* Undo one code. */
static bool
undo(const struct info *i, const struct code *o, uint64_t frame, struct CONTEXT *c, bool *machine,
     struct KNONVOLATILE_CONTEXT_POINTERS *p, const struct bounds *stack)
{
	int info = o->op_info >> 4;
	uint16_t near = 0;
	uint32_t far = 0;
	if (slots(i, o) >= 2)
		memcpy(&near, o + 1, 2);
	if (slots(i, o) >= 3)
		memcpy(&far, o + 1, 4);
	switch (o->op_info & 15) {
	case PUSH_NONVOL: return pop(c, info, p, stack);
	case ALLOC_LARGE: c->Rsp += info ? far : near * 8u; return true;
	case ALLOC_SMALL: c->Rsp += (uint64_t)info * 8 + 8; return true;
	case SET_FPREG: c->Rsp = *reg(c, i->reg) - i->reg_offset; return true;
	case SAVE_NONVOL: return save(c, info, frame + near * 8u, false, p, stack);
	case SAVE_NONVOL_FAR: return save(c, info, frame + far, false, p, stack);
	case SAVE_XMM128: return save(c, info, frame + near * 16u, true, p, stack);
	case SAVE_XMM128_FAR: return save(c, info, frame + far, true, p, stack);
	case EPILOG:
	case SPARE: return true;
	case PUSH_MACHFRAME: *machine = true; return machine_frame(c, info, stack);
	default: return false;
	}
}

/* Undo the codes of the prolog that have run; `offset` is how far it has.  What is saved lies
 * above the frame: the frame register's place once it is set, or RSP. */
static bool
undo_all(const struct info *i, uint32_t offset, struct CONTEXT *c, bool *machine,
         struct KNONVOLATILE_CONTEXT_POINTERS *p, const struct bounds *stack)
{
	uint64_t frame = c->Rsp;
	if (i->reg) {
		bool set = offset >= i->prolog;
		for (unsigned k = 0; k < i->count; k += slots(i, i->codes + k))
			if ((i->codes[k].op_info & 15) == SET_FPREG && i->codes[k].offset <= offset)
				set = true;
		if (set)
			frame = *reg(c, i->reg) - i->reg_offset;
	}
	for (unsigned k = 0; k < i->count; k += slots(i, i->codes + k)) {
		const struct code *o = i->codes + k;
		int op = o->op_info & 15;
		if (k + slots(i, o) > i->count)
			return false;
		if (o->offset > offset && !(i->version == 2 && op == EPILOG))
			continue;
		if (!undo(i, o, frame, c, machine, p, stack))
			return false;
	}
	return true;
}

static uint64_t
establish(const struct info *i, uint32_t offset, const struct CONTEXT *c)
{
	if (!i->reg)
		return c->Rsp;
	bool set = offset >= i->prolog || (i->flags & UNW_FLAG_CHAININFO);
	for (unsigned k = 0; !set && k < i->count; k += slots(i, i->codes + k))
		set = (i->codes[k].op_info & 15) == SET_FPREG && i->codes[k].offset <= offset;
	return set ? (&c->Rax)[i->reg] - i->reg_offset : c->Rsp;
}

bool
pdata_step(const struct image *im, const struct RUNTIME_FUNCTION *f, uint64_t pc, struct CONTEXT *c,
           struct KNONVOLATILE_CONTEXT_POINTERS *p, DWORD kind, const struct bounds *stack,
           exception_routine **handler, void **data, uint64_t *establisher)
{
	struct info i;
	bool machine = false;
	uint64_t rva = pc - im->base;
	*handler = NULL;
	if (!(f = direct(im, f)) || !info_read(im, f->UnwindData, &i) || rva < f->BeginAddress)
		return false;
	uint64_t offset = rva - f->BeginAddress;
	bool body = offset >= i.prolog || (i.flags & UNW_FLAG_CHAININFO);
	*establisher = establish(&i, offset > 255 ? 255 : (uint32_t)offset, c);
	if (offset >= i.prolog && epilog_run(im, f, &i, pc, c, p, stack))
		return true;
	/* the codes of a chained piece, and then all of what it is a piece of */
	for (int n = 0;; n++) {
		if (!undo_all(&i, n || offset > 255 ? 255 : (uint32_t)offset, c, &machine, p,
		              stack))
			return false;
		if (!(i.flags & UNW_FLAG_CHAININFO))
			break;
		if (n == MOST_CHAINED || !(f = direct(im, (const void *)i.tail)) ||
		    !info_read(im, f->UnwindData, &i))
			return false;
	}
	if (!machine) {
		uint64_t v;
		if (!unwind_read(stack, c->Rsp, &v, 8))
			return false;
		c->Rip = v;
		c->Rsp += 8;
	}
	if (body && (i.flags & kind) && !(i.flags & UNW_FLAG_CHAININFO) && u32(i.tail) < im->size) {
		*handler = (exception_routine *)(im->base + u32(i.tail));
		*data = (void *)(uintptr_t)(i.tail + 4);
	}
	return true;
}
