/* SPDX-License-Identifier: Apache-2.0 */
/* cfi.c -- a frame of our own binary, by the call frame information that the compiler leaves in
 * .eh_frame (DWARF 5, section 6.4; Linux Standard Base, "Exception Frames").
 *
 * Functions with Microsoft's calling convention save XMM6..15, which the tables describe too.
 * The tables are our own and are trusted; the stack that they lead over is not.
 */
#include <link.h>
#include <string.h>

#include "layer/api/nt/except/unwind.h"

enum { MOST_OBJECTS = 16, REGS = 33, RA = 16, XMM = 17, MOST_STATES = 8, MOST_STACK = 16 };

struct ours {
	uint64_t low, high;
	const uint8_t *hdr; /* .eh_frame_hdr */
};

/* fixed after cfi_start() */
static struct ours objects[MOST_OBJECTS];
static size_t nobject;

static const uint8_t of_dwarf[16] = { 0, 2, 1, 3, 6, 7, 5, 4, 8, 9, 10, 11, 12, 13, 14, 15 };

static int
object(struct dl_phdr_info *p, size_t size, void *ctx)
{
	struct ours o = { 0 };
	(void)size;
	(void)ctx;
	for (int i = 0; i < p->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &p->dlpi_phdr[i];
		if (h->p_type == PT_LOAD && (h->p_flags & PF_X)) {
			o.low = p->dlpi_addr + h->p_vaddr;
			o.high = o.low + h->p_memsz;
		}
		if (h->p_type == PT_GNU_EH_FRAME)
			o.hdr = (const void *)(p->dlpi_addr + h->p_vaddr);
	}
	if (o.high && nobject < MOST_OBJECTS)
		objects[nobject++] = o;
	return 0;
}

void
cfi_start(void)
{
	if (!nobject)
		dl_iterate_phdr(object, NULL);
}

static const struct ours *
ours_at(uint64_t pc)
{
	for (size_t i = 0; i < nobject; i++)
		if (pc >= objects[i].low && pc < objects[i].high)
			return &objects[i];
	return NULL;
}

bool
cfi_ours(uint64_t pc)
{
	return ours_at(pc);
}

/* -- reading -------------------------------------------------------------------------------------- */

static uint64_t
uleb(const uint8_t **p)
{
	uint64_t v = 0;
	for (unsigned shift = 0;; shift += 7) {
		uint8_t b = *(*p)++;
		if (shift < 64)
			v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return v;
	}
}

static int64_t
sleb(const uint8_t **p)
{
	uint64_t v = 0;
	for (unsigned shift = 0;;) {
		uint8_t b = *(*p)++;
		if (shift < 64)
			v |= (uint64_t)(b & 0x7f) << shift;
		shift += 7;
		if (!(b & 0x80)) {
			if ((b & 0x40) && shift < 64)
				v |= UINT64_MAX << shift;
			return (int64_t)v;
		}
	}
}

static uint64_t
fixed(const uint8_t **p, int n)
{
	uint64_t v = 0;
	memcpy(&v, *p, (size_t)n);
	*p += n;
	return v;
}

/* A pointer in one of the encodings of .eh_frame (DW_EH_PE_...). */
static uint64_t
encoded(const uint8_t **p, uint8_t encoding, uint64_t data)
{
	uint64_t here = (uint64_t)(uintptr_t)*p, v;
	switch (encoding & 15) {
	case 1: v = uleb(p); break;
	case 2: v = fixed(p, 2); break;
	case 3: v = fixed(p, 4); break;
	case 9: v = (uint64_t)sleb(p); break;
	case 10: v = (uint64_t)(int64_t)(int16_t)fixed(p, 2); break;
	case 11: v = (uint64_t)(int64_t)(int32_t)fixed(p, 4); break;
	default: v = fixed(p, 8); break;
	}
	if ((encoding & 0x70) == 0x10)
		v += here;
	else if ((encoding & 0x70) == 0x30)
		v += data;
	return v;
}

/* The frame description whose code holds pc: by the sorted table of .eh_frame_hdr, which the
 * linker writes as pairs of 32-bit distances from it. */
static const uint8_t *
fde_find(const struct ours *o, uint64_t pc)
{
	const uint8_t *p = o->hdr;
	if (!p || p[0] != 1 || p[2] != 3 || p[3] != 0x3b)
		return NULL;
	uint64_t hdr = (uint64_t)(uintptr_t)p;
	const uint8_t *q = p + 4;
	encoded(&q, p[1], hdr);
	uint32_t n = (uint32_t)fixed(&q, 4), low = 0, high = n;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		const uint8_t *row = q + 8 * (size_t)mid;
		uint64_t begin = hdr + (uint64_t)(int64_t)(int32_t)fixed(&row, 4);
		if (begin <= pc)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low)
		return NULL;
	const uint8_t *row = q + 8 * (size_t)(low - 1) + 4;
	return p + (int32_t)fixed(&row, 4);
}

/* -- rules ----------------------------------------------------------------------------------------- */

enum rule { SAME, UNDEFINED, OFFSET, VAL_OFFSET, REGISTER, EXPRESSION, VAL_EXPRESSION };

struct row {
	int cfa_reg;
	int64_t cfa_offset;
	const uint8_t *cfa_expression;
	struct {
		enum rule rule;
		int64_t offset;
		const uint8_t *expression;
	} reg[REGS];
};

struct cie {
	uint64_t code_align;
	int64_t data_align;
	uint8_t encoding;
	bool augmented;
	const uint8_t *program, *end;
};

static bool
cie_read(const uint8_t *p, struct cie *c)
{
	uint32_t length = (uint32_t)fixed(&p, 4);
	*c = (struct cie){ .end = p + length };
	if (length == 0xffffffff || fixed(&p, 4) != 0)
		return false;
	p++; /* version: 1 or 3 */
	const char *aug = (const char *)p;
	p += strlen(aug) + 1;
	c->code_align = uleb(&p);
	c->data_align = sleb(&p);
	if (uleb(&p) != RA)
		return false;
	if (*aug == 'z') {
		const uint8_t *q = p;
		uint64_t n = uleb(&q);
		c->augmented = true;
		p = q + n;
		for (aug++; *aug; aug++)
			switch (*aug) {
			case 'R': c->encoding = *q++; break;
			case 'L': q++; break;
			case 'P': {
				uint8_t e = *q++;
				encoded(&q, e, 0);
				break;
			}
			}
	}
	c->program = p;
	return true;
}

struct machine {
	struct row row, initial, saved[MOST_STATES];
	int nsaved;
	uint64_t loc;
};

static void
set(struct machine *m, uint64_t r, enum rule rule, int64_t offset)
{
	if (r < REGS) {
		m->row.reg[r].rule = rule;
		m->row.reg[r].offset = offset;
	}
}

static void
set_expression(struct machine *m, uint64_t r, enum rule rule, const uint8_t **p)
{
	if (r < REGS) {
		m->row.reg[r].rule = rule;
		m->row.reg[r].expression = *p;
	}
	uint64_t n = uleb(p);
	*p += n;
}

/* The instructions that stand in a byte of their own (DWARF 5, 6.4.2). */
static bool
instruction(struct machine *m, const struct cie *c, uint8_t op, const uint8_t **p)
{
	uint64_t r;
	switch (op) {
	case 0x00: break;                                        /* nop */
	case 0x01: m->loc = encoded(p, c->encoding, 0); break;   /* set_loc */
	case 0x02: m->loc += fixed(p, 1) * c->code_align; break; /* advance_loc1 */
	case 0x03: m->loc += fixed(p, 2) * c->code_align; break; /* advance_loc2 */
	case 0x04: m->loc += fixed(p, 4) * c->code_align; break; /* advance_loc4 */
	case 0x05:
		r = uleb(p);
		set(m, r, OFFSET, (int64_t)uleb(p) * c->data_align);
		break;
	case 0x06:
		r = uleb(p); /* restore_extended */
		if (r < REGS)
			m->row.reg[r] = m->initial.reg[r];
		break;
	case 0x07: set(m, uleb(p), UNDEFINED, 0); break;
	case 0x08: set(m, uleb(p), SAME, 0); break;
	case 0x09:
		r = uleb(p);
		set(m, r, REGISTER, (int64_t)uleb(p));
		break;
	case 0x0a: /* remember_state */
		if (m->nsaved == MOST_STATES)
			return false;
		m->saved[m->nsaved++] = m->row;
		break;
	case 0x0b: /* restore_state */
		if (!m->nsaved)
			return false;
		m->row = m->saved[--m->nsaved];
		break;
	case 0x0c: /* def_cfa */
		m->row.cfa_expression = NULL;
		m->row.cfa_reg = (int)uleb(p);
		m->row.cfa_offset = (int64_t)uleb(p);
		break;
	case 0x0d: m->row.cfa_reg = (int)uleb(p); break;
	case 0x0e: m->row.cfa_offset = (int64_t)uleb(p); break;
	case 0x0f: /* def_cfa_expression */
		m->row.cfa_expression = *p;
		r = uleb(p);
		*p += r;
		break;
	case 0x10:
		r = uleb(p);
		set_expression(m, r, EXPRESSION, p);
		break;
	case 0x11:
		r = uleb(p);
		set(m, r, OFFSET, sleb(p) * c->data_align);
		break;
	case 0x12: /* def_cfa_sf */
		m->row.cfa_expression = NULL;
		m->row.cfa_reg = (int)uleb(p);
		m->row.cfa_offset = sleb(p) * c->data_align;
		break;
	case 0x13: m->row.cfa_offset = sleb(p) * c->data_align; break;
	case 0x14:
		r = uleb(p);
		set(m, r, VAL_OFFSET, (int64_t)uleb(p) * c->data_align);
		break;
	case 0x15:
		r = uleb(p);
		set(m, r, VAL_OFFSET, sleb(p) * c->data_align);
		break;
	case 0x16:
		r = uleb(p);
		set_expression(m, r, VAL_EXPRESSION, p);
		break;
	case 0x2e: uleb(p); break; /* GNU_args_size */
	default: return false;
	}
	return true;
}

/* Run a program until it describes what comes after pc. */
static bool
program(struct machine *m, const struct cie *c, const uint8_t *p, const uint8_t *end, uint64_t pc)
{
	while (p < end && m->loc <= pc) {
		uint8_t op = *p++;
		switch (op & 0xc0) {
		case 0x40: m->loc += (op & 0x3f) * c->code_align; break;
		case 0x80: set(m, op & 0x3f, OFFSET, (int64_t)uleb(&p) * c->data_align); break;
		case 0xc0:
			if ((op & 0x3f) < REGS)
				m->row.reg[op & 0x3f] = m->initial.reg[op & 0x3f];
			break;
		default:
			if (!instruction(m, c, op, &p))
				return false;
		}
	}
	return true;
}

/* -- expressions: those that compilers write for frames ------------------------------------------ */

static uint64_t
value(const struct CONTEXT *c, uint64_t r)
{
	return r < 16 ? (&c->Rax)[of_dwarf[r]] : r == RA ? c->Rip : 0;
}

static bool
binary(uint8_t op, uint64_t *a, uint64_t b)
{
	switch (op) {
	case 0x1a: *a &= b; return true;
	case 0x1c: *a -= b; return true;
	case 0x1e: *a *= b; return true;
	case 0x21: *a |= b; return true;
	case 0x22: *a += b; return true;
	case 0x24: *a = b < 64 ? *a << b : 0; return true;
	case 0x25: *a = b < 64 ? *a >> b : 0; return true;
	case 0x27: *a ^= b; return true;
	case 0x29: *a = *a == b; return true;
	case 0x2a: *a = (int64_t)*a >= (int64_t)b; return true;
	case 0x2b: *a = (int64_t)*a > (int64_t)b; return true;
	case 0x2c: *a = (int64_t)*a <= (int64_t)b; return true;
	case 0x2d: *a = (int64_t)*a < (int64_t)b; return true;
	case 0x2e: *a = *a != b; return true;
	}
	return false;
}

static bool
evaluate(const uint8_t *p, const struct CONTEXT *c, const uint64_t *cfa, const struct bounds *stack,
         uint64_t *out)
{
	uint64_t s[MOST_STACK + 1], n = 0, length = uleb(&p);
	const uint8_t *end = p + length;
	if (cfa)
		s[n++] = *cfa;
	while (p < end) {
		uint8_t op = *p++;
		if (n == MOST_STACK)
			return false;
		if (op >= 0x30 && op <= 0x4f) { /* lit0..31 */
			s[n++] = op - 0x30u;
		} else if (op >= 0x70 && op <= 0x8f) { /* breg0..31 */
			s[n++] = value(c, op - 0x70u) + (uint64_t)sleb(&p);
		} else if (op >= 0x08 && op <= 0x0f) { /* const1u..8s */
			int size = 1 << ((op - 8) / 2), shift = 64 - 8 * size;
			uint64_t v = fixed(&p, size);
			s[n++] = op & 1 ? (uint64_t)((int64_t)(v << shift) >> shift) : v;
		} else if (op == 0x10) { /* constu */
			s[n++] = uleb(&p);
		} else if (op == 0x11) { /* consts */
			s[n++] = (uint64_t)sleb(&p);
		} else if (op == 0x12 && n) { /* dup */
			s[n] = s[n - 1];
			n++;
		} else if (op == 0x06 && n) { /* deref */
			if (!unwind_read(stack, s[n - 1], &s[n - 1], 8))
				return false;
		} else if (op == 0x23 && n) { /* plus_uconst */
			s[n - 1] += uleb(&p);
		} else if (n >= 2 && binary(op, &s[n - 2], s[n - 1])) {
			n--;
		} else if (op != 0x96) { /* nop */
			return false;
		}
	}
	if (!n)
		return false;
	*out = s[n - 1];
	return true;
}

/* -- a step ----------------------------------------------------------------------------------------- */

/* Give the caller's register r its value out of c. */
static bool
restore(const struct machine *m, int r, uint64_t cfa, const struct CONTEXT *c, struct CONTEXT *to,
        struct KNONVOLATILE_CONTEXT_POINTERS *ptrs, const struct bounds *stack)
{
	uint64_t a, v;
	switch (m->row.reg[r].rule) {
	case SAME: return true;
	case UNDEFINED:
		if (r == RA)
			to->Rip = 0;
		return true;
	case OFFSET: a = cfa + (uint64_t)m->row.reg[r].offset; break;
	case EXPRESSION:
		if (!evaluate(m->row.reg[r].expression, c, &cfa, stack, &a))
			return false;
		break;
	case VAL_OFFSET: v = cfa + (uint64_t)m->row.reg[r].offset; goto have;
	case VAL_EXPRESSION:
		if (!evaluate(m->row.reg[r].expression, c, &cfa, stack, &v))
			return false;
		goto have;
	case REGISTER: v = value(c, (uint64_t)m->row.reg[r].offset); goto have;
	default: return false;
	}
	if (r >= XMM) {
		if (ptrs)
			ptrs->FloatingContext[r - XMM] = (struct M128A *)a;
		return r < XMM + 16 &&
		       unwind_read(stack, a, &to->FltSave.XmmRegisters[r - XMM], 16);
	}
	if (!unwind_read(stack, a, &v, 8))
		return false;
	if (ptrs && r < RA)
		ptrs->IntegerContext[of_dwarf[r]] = (DWORD64 *)a;
have:
	if (r == RA)
		to->Rip = v;
	else if (r < RA)
		(&to->Rax)[of_dwarf[r]] = v;
	return true;
}

/* A frame's rules at pc.  Big, so that the walk keeps it off its own stack frame. */
static bool
rules(uint64_t pc, struct machine *m)
{
	const struct ours *o = ours_at(pc);
	const uint8_t *fde = o ? fde_find(o, pc) : NULL;
	struct cie c;
	if (!fde)
		return false;
	const uint8_t *p = fde;
	uint32_t length = (uint32_t)fixed(&p, 4);
	const uint8_t *end = p + length, *here = p;
	uint32_t back = (uint32_t)fixed(&p, 4);
	if (!length || !back || !cie_read(here - back, &c))
		return false;
	uint64_t begin = encoded(&p, c.encoding, 0), size = encoded(&p, c.encoding & 15, 0);
	if (pc < begin || pc - begin >= size)
		return false;
	if (c.augmented) {
		uint64_t n = uleb(&p);
		p += n;
	}
	m->loc = 0;
	if (!program(m, &c, c.program, c.end, UINT64_MAX))
		return false;
	m->initial = m->row;
	m->loc = begin;
	return program(m, &c, p, end, pc);
}

bool
cfi_step(struct CONTEXT *c, struct KNONVOLATILE_CONTEXT_POINTERS *p, bool exact,
         const struct bounds *stack)
{
	struct machine m = { .loc = 0 };
	struct CONTEXT to = *c;
	uint64_t cfa;
	/* A call of a function that never returns may be a function's last instruction. */
	if (!rules(exact ? c->Rip : c->Rip - 1, &m))
		return false;
	if (m.row.cfa_expression) {
		if (!evaluate(m.row.cfa_expression, c, NULL, stack, &cfa))
			return false;
	} else {
		cfa = value(c, (uint64_t)m.row.cfa_reg) + (uint64_t)m.row.cfa_offset;
	}
	to.Rsp = cfa;
	for (int r = 0; r < REGS; r++)
		if (r != 7 && !restore(&m, r, cfa, c, &to, p, stack))
			return false;
	*c = to;
	return true;
}
