/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the language floor: each row of op.def is found by its encoding, each row
 * of layer/lang/code.def and layer/lang/fuse.def has a handler, each trap its sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "layer/lang/code.h"
#include "layer/lang/fuse.h"
#include "layer/lang/op.h"
#include "layer/lang/run.h"

/* cmocka has a macro fail */
#include <cmocka.h>

static void
every_instruction_is_found(void **state)
{
	(void)state;
	unsigned n = 0;
#define OP(name, text_, prefix_, code_, in_, out_, imm_, n_)                                       \
	assert_int_equal(op_decode(prefix_, code_), OP_##name);                                    \
	assert_string_equal(op_info[OP_##name].text, text_);                                       \
	n++;
#include "layer/lang/op.def"
#undef OP
	assert_int_equal(n, OP_COUNT);
#define OP(name, text_, prefix_, code_, in_, out_, imm_, n_) assert_int_equal(prefix_, 0xfd);
#include "layer/lang/op_simd.def"
#undef OP
	assert_int_equal(op_decode(0, 0xff), -1);
	assert_int_equal(op_decode(0xfd, 0x11f), -1);
	assert_int_equal(op_decode(0xff, 0), -1);
}

static void
every_code_has_a_handler(void **state)
{
	(void)state;
	run_ready();
	for (unsigned i = 0; i < CODE_COUNT; i++) {
		assert_non_null(code_go[i]);
		for (unsigned k = 0; k < i; k++)
			assert_ptr_not_equal(code_go[i], code_go[k]);
	}
}

/* A row that no pair of instructions leads to would be dead. */
static void
every_pair_is_reached(void **state)
{
	static bool reached[CODE_COUNT];
	(void)state;
	for (unsigned a = 0; a < CODE_COUNT; a++)
		for (unsigned b = 0; b < CODE_COUNT; b++) {
			int one = fuse_pair((enum code_op)a, (enum code_op)b);
			int two = fuse_reversed((enum code_op)a, (enum code_op)b);
			if (one >= 0)
				reached[one] = true;
			if (two >= 0)
				reached[two] = true;
		}
	unsigned n = 0, rows = 0;
	for (unsigned i = 0; i < CODE_COUNT; i++)
		n += reached[i];
#define PAIR(...)      rows++;
#define PAIR_K(...)    rows++;
#define PAIR_2(...)    rows++;
#define PAIR_KK(...)   rows++;
#define FPAIR(...)     rows++;
#define FPAIR_R(...)   rows++;
#define LOADED(...)    rows++;
#define FLOADED(...)   rows++;
#define FLOADED_R(...) rows++;
#define STORED(...)    rows++;
#define STORED_K(...)  rows++;
#define FSTORED(...)   rows++;
#define COPIED(...)    rows++;
#define STEPPED(...)   rows++;
#define STEP_BR(...)   rows++;
#define STEP_BR_K(...) rows++;
#include "layer/lang/fuse.def"
#include "layer/lang/code_undef.h"
	assert_int_equal(n, rows);
}

static void
every_trap_has_its_sentence(void **state)
{
	(void)state;
#define TRAP(name, text) assert_string_equal(store_trap_text[TRAP_##name], text);
#include "layer/lang/trap.def"
#undef TRAP
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_instruction_is_found),
		cmocka_unit_test(every_code_has_a_handler),
		cmocka_unit_test(every_pair_is_reached),
		cmocka_unit_test(every_trap_has_its_sentence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
