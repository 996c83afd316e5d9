/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/op.h"

const struct opinfo op_info[OP_COUNT] = {
#define OP(name, text, prefix, code, in, out, imm, n)                                              \
	[OP_##name] = { text, prefix, code, in, out, IMM_##imm, n },
#include "layer/lang/op.def"
#undef OP
};

/* One row per prefix; number + 1, so that 0 says "none". */
enum { CODES = 0x120 };
static const uint16_t number[5][CODES] = {
#define OP(name, text, prefix, code, in, out, imm, n)                                              \
	[(prefix) ? (prefix)-0xfa : 0][(code)] = OP_##name + 1,
#include "layer/lang/op.def"
#undef OP
};

int
op_decode(uint8_t prefix, uint32_t code)
{
	unsigned row = prefix ? prefix - 0xfaU : 0;
	if (row >= 5 || code >= CODES)
		return -1;
	return (int)number[row][code] - 1;
}
