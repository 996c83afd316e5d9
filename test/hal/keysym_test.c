/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <linux/input-event-codes.h>

#include "layer/hal/dev/keysym.h"

/* Every row of layer/hal/dev/keysym.def, and none that a row before it hides. */
static void
each_row(void **state)
{
	static const struct {
		uint32_t keysym;
		uint16_t code;
	} rows[] = {
#define KEYSYM(value, key) { value, KEY_##key },
#include "layer/hal/dev/keysym.def"
#undef KEYSYM
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(keysym_code(rows[i].keysym), rows[i].code);
}

static void
all_that_can_be_typed(void **state)
{
	(void)state;
	for (uint32_t c = ' '; c <= '~'; c++)
		assert_int_not_equal(keysym_code(c), 0);
}

static void
some_by_hand(void **state)
{
	static const struct {
		uint32_t keysym;
		uint16_t code;
	} rows[] = {
		{ 'a', KEY_A },           { 'A', KEY_A },          { 'Z', KEY_Z },
		{ '1', KEY_1 },           { '!', KEY_1 },          { ')', KEY_0 },
		{ '_', KEY_MINUS },       { '"', KEY_APOSTROPHE }, { '~', KEY_GRAVE },
		{ '<', KEY_COMMA },       { 0xff0d, KEY_ENTER },   { 0xff1b, KEY_ESC },
		{ 0xffbe, KEY_F1 },       { 0xffc8, KEY_F11 },     { 0xffc9, KEY_F12 },
		{ 0xffe3, KEY_LEFTCTRL }, { 0xff8d, KEY_KPENTER }, { 0xffb9, KEY_KP9 },
		{ 0xff9f, KEY_KPDOT },    { 0xffff, KEY_DELETE },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(keysym_code(rows[i].keysym), rows[i].code);
}

static void
what_no_key_has(void **state)
{
	static const uint32_t none[] = { 0, 0xe4, 0xff00, 0x10061, 0x010020ac, 0xffffffff };
	(void)state;
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		assert_int_equal(keysym_code(none[i]), 0);
}

UNIT_MAIN(TEST(each_row), TEST(all_that_can_be_typed), TEST(some_by_hand), TEST(what_no_key_has))
