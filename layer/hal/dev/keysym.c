/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/dev/keysym.h"

#include <stddef.h>

#include <linux/input-event-codes.h>

static const struct {
	uint16_t keysym, code;
} keys[] = {
#define KEYSYM(value, key) { value, KEY_##key },
#include "layer/hal/dev/keysym.def"
#undef KEYSYM
};

uint16_t
keysym_code(uint32_t keysym)
{
	if (keysym >= 'A' && keysym <= 'Z')
		keysym += 'a' - 'A';
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (keys[i].keysym == keysym)
			return keys[i].code;
	return 0;
}
