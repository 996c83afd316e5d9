/* insn.h -- instructions, taken apart.
 *
 * insn.def is the one table; here are its names as numbers, and the decoder.
 */
#ifndef LAYER_HAL_RV_INSN_H
#define LAYER_HAL_RV_INSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum insn_id {
#define INSN(name, text, operands, match, mask, ext) INSN_##name,
#define CINSN(name, text, match, mask, base, rd, rs1, rs2, imm, legal)
#include "layer/hal/rv/insn.def"
#undef INSN
#undef CINSN
	INSN_COUNT
};

enum insn_compressed {
#define INSN(name, text, operands, match, mask, ext)
#define CINSN(name, text, match, mask, base, rd, rs1, rs2, imm, legal) CINSN_##name,
#include "layer/hal/rv/insn.def"
#undef INSN
#undef CINSN
	CINSN_COUNT
};

struct insn_row {
	char text[16], operands[12];
	uint32_t match, mask;
};
extern const struct insn_row insn_rows[INSN_COUNT];

struct insn {
	uint16_t id;       /* enum insn_id */
	uint8_t length;    /* 2 or 4 */
	int8_t compressed; /* enum insn_compressed, or -1 */
	uint8_t rd, rs1, rs2, rs3, rm;
	int32_t imm; /* sign-extended; csr number, shift amount, constant of fli; of lui
	                         * and auipc the value itself */
};

/* Take apart what stands at a place: 4 bytes, of which a 16-bit instruction uses 2.
 * false: it is illegal (*out has its length). */
bool insn_decode(uint32_t word, struct insn *out);

/* ABI names of the registers. */
extern const char *const insn_integer[32], *const insn_floating[32];

/* Name and operands as in assembly, with ABI names of registers and without aliases;
 * pc is its address, for targets.  An illegal one is ".word 0x..." or ".half".  Returns
 * its length. */
unsigned insn_text(uint32_t word, uint64_t pc, char *out, size_t size);

#endif
