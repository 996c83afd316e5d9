/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "layer/hal/rv/insn.h"

/* Instructions as text: the letters of a row's operands, one after the other. */

const char *const insn_integer[32] = {
	"zero", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
	"a1",   "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
	"s6",   "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
};
const char *const insn_floating[32] = {
	"ft0", "ft1", "ft2", "ft3", "ft4",  "ft5",  "ft6", "ft7", "fs0",  "fs1",  "fa0",
	"fa1", "fa2", "fa3", "fa4", "fa5",  "fa6",  "fa7", "fs2", "fs3",  "fs4",  "fs5",
	"fs6", "fs7", "fs8", "fs9", "fs10", "fs11", "ft8", "ft9", "ft10", "ft11",
};
static const char *const rounding[8] = { "rne", "rtz", "rdn", "rup", "rmm", "5", "6", "dyn" };

static const struct {
	unsigned first, last;
	const char *name;
} csrs[] = {
#define CSR(number, name)              { number, number, #name },
#define CSR_FIELD(number, name, mask)  { number, number, #name },
#define CSR_CONST(number, name, value) { number, number, #name },
#define CSR_RANGE(first, last, name)   { first, last, #name },
#include "layer/hal/rv/csr.def"
#undef CSR
#undef CSR_FIELD
#undef CSR_CONST
#undef CSR_RANGE
};

static const char *const compressed[CINSN_COUNT] = {
#define INSN(name, text, operands, match, mask, ext)
#define CINSN(name, text, match, mask, base, rd, rs1, rs2, imm, legal) text,
#include "layer/hal/rv/insn.def"
#undef INSN
#undef CINSN
};

struct out {
	char *p;
	size_t n, size;
};

static void put(struct out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void
put(struct out *o, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	size_t room = o->n < o->size ? o->size - o->n : 0;
	int n = vsnprintf(room ? o->p + o->n : NULL, room, fmt, ap);
	o->n += n > 0 ? (size_t)n : 0;
	va_end(ap);
}

static void
put_csr(struct out *o, unsigned number)
{
	for (size_t i = 0; i < sizeof csrs / sizeof *csrs; i++)
		if (number >= csrs[i].first && number <= csrs[i].last) {
			put(o, "%s", csrs[i].name);
			/* of several the number is in the name: pmpaddr0, hpmcounter3 */
			if (csrs[i].first != csrs[i].last)
				put(o, "%u", number - (csrs[i].first & ~15U));
			return;
		}
	put(o, "0x%x", number);
}

static void
put_order(struct out *o, unsigned set)
{
	static const char letter[] = "wroi";
	if (!set)
		put(o, "0");
	for (unsigned i = 4; i-- > 0;)
		if (set >> i & 1)
			put(o, "%c", letter[i]);
}

static void
operand(struct out *o, char letter, const struct insn *i, uint64_t pc)
{
	switch (letter) {
	case 'd': put(o, "%s", insn_integer[i->rd]); break;
	case 's': put(o, "%s", insn_integer[i->rs1]); break;
	case 't': put(o, "%s", insn_integer[i->rs2]); break;
	case 'D': put(o, "%s", insn_floating[i->rd]); break;
	case 'S': put(o, "%s", insn_floating[i->rs1]); break;
	case 'T': put(o, "%s", insn_floating[i->rs2]); break;
	case 'R': put(o, "%s", insn_floating[i->rs3]); break;
	case 'j':
	case 'q':
	case 'f': put(o, "%d", i->imm); break;
	case '>':
	case '<': put(o, "0x%x", (unsigned)i->imm); break;
	case 'u': put(o, "0x%x", (uint32_t)i->imm >> 12); break;
	case 'p':
	case 'a': put(o, "0x%" PRIx64, pc + (uint64_t)(int64_t)i->imm); break;
	case 'E': put_csr(o, (unsigned)i->imm); break;
	case 'Z': put(o, "%u", i->rs1); break;
	case 'm': put(o, "%s", rounding[i->rm]); break;
	case 'P': put_order(o, (unsigned)i->imm >> 4 & 15); break;
	case 'Q': put_order(o, (unsigned)i->imm & 15); break;
	case 'e': put(o, "%d", i->imm); break;
	default: put(o, "%c", letter); break;
	}
}

unsigned
insn_text(uint32_t word, uint64_t pc, char *text, size_t size)
{
	struct out o = { text, 0, size };
	struct insn i;
	if (!insn_decode(word, &i)) {
		if (i.length == 2)
			put(&o, ".half 0x%04x", word & 0xffff);
		else
			put(&o, ".word 0x%08x", word);
		return i.length;
	}
	/* a short form is named as such and shown with the operands of what it stands for */
	put(&o, "%s", i.compressed < 0 ? insn_rows[i.id].text : compressed[i.compressed]);
	const char *operands = insn_rows[i.id].operands;
	for (const char *p = operands; *p; p++) {
		put(&o, "%s", p == operands ? " " : "");
		operand(&o, *p, &i, pc);
	}
	return i.length;
}
