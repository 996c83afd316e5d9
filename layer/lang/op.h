/* op.h -- the instructions of WebAssembly, by number.
 *
 * Everything here comes out of op.def.  An instruction has a small number of
 * ours (enum op) and its encoding; op_decode goes from the one to the other.
 */
#ifndef LAYER_LANG_OP_H
#define LAYER_LANG_OP_H

#include <stddef.h>
#include <stdint.h>

enum op {
#define OP(name, text, prefix, code, in, out, imm, n) OP_##name,
#include "layer/lang/op.def"
#undef OP
	OP_COUNT
};

/* What follows the opcode. */
enum imm {
	IMM_NONE,
	IMM_BLOCK, /* block type */
	IMM_LABEL,
	IMM_LABELS, /* br_table: vector and default */
	IMM_LOCAL,
	IMM_GLOBAL,
	IMM_FUNC,
	IMM_TYPE,
	IMM_TAG,
	IMM_TABLE,
	IMM_MEMORY,
	IMM_DATA,
	IMM_ELEM,
	IMM_CALL_INDIRECT, /* type, table */
	IMM_SELECT,        /* vector of value types */
	IMM_TRY_TABLE,     /* block type, vector of catch clauses */
	IMM_MEMARG,
	IMM_ATOMIC,      /* alignment and memory, offset; an atomic one must be aligned */
	IMM_MEMARG_LANE, /* memarg, lane */
	IMM_I32,
	IMM_I64,
	IMM_F32,
	IMM_F64,
	IMM_V128,
	IMM_LANE,    /* one byte */
	IMM_SHUFFLE, /* 16 lanes */
	IMM_HEAPTYPE,
	IMM_FIELD, /* type, field */
	IMM_TYPE_N,
	IMM_TYPE_DATA,
	IMM_TYPE_ELEM,
	IMM_TYPE_TYPE,
	IMM_BR_CAST, /* flags, label, two heap types */
	IMM_DATA_MEMORY,
	IMM_MEMORY_MEMORY,
	IMM_ELEM_TABLE,
	IMM_TABLE_TABLE,
	IMM_FENCE, /* a zero byte */
};

struct opinfo {
	char text[36];        /* as in the text format; no pointers here: what has none costs a
	                       * start of the program nothing */
	uint8_t prefix;       /* 0, 0xfb, 0xfc, 0xfd, 0xfe */
	uint16_t code;        /* behind the prefix, or the only byte */
	char in[6], out[4];   /* op.def */
	enum imm imm;
	uint8_t n; /* natural alignment (log2), or lanes */
};

extern const struct opinfo op_info[OP_COUNT];

/* enum op of an encoding, or -1.  0xfb.. 0xfe are no opcodes but prefixes. */
int op_decode(uint8_t prefix, uint32_t code);

#endif
