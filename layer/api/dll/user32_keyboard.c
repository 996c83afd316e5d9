/* SPDX-License-Identifier: Apache-2.0 */
/* user32_keyboard.c -- the keyboard of the United States: keys, their places and their letters. */
#include <stddef.h>

#include "layer/api/dll/dll.h"

enum {
	VK_SHIFT = 0x10,
	VK_CONTROL = 0x11,
	VK_MENU = 0x12,
	VK_CAPITAL = 0x14,
	VK_NUMPAD0 = 0x60,
	VK_DIVIDE = 0x6f,
	VK_LSHIFT = 0xa0,
	DOWN = 0x80,
	LOCKED = 1
};

/* A place above 0xe000 sends E0 first. */
static const struct key {
	BYTE vk;
	WORD scan;
	char plain, shifted;
} keys[] = {
#define KEY(vk, scan, plain, shifted) { vk, scan, plain, shifted },
#include "layer/api/dll/user32_keyboard.def"
#undef KEY
};

enum { KEYS = sizeof keys / sizeof *keys };

static const struct key *
key(UINT vk)
{
	for (size_t i = 0; i < KEYS; i++)
		if (keys[i].vk == vk)
			return &keys[i];
	return NULL;
}

/* sided: left and right are told apart. */
static UINT
key_at(UINT scan, bool sided)
{
	/* What is there itself; then what sends E0 first, and only then the numbers' block. */
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < KEYS; i++) {
			BYTE vk = keys[i].vk;
			bool side = vk >= VK_LSHIFT && vk <= VK_LSHIFT + 5;
			bool both = vk >= VK_SHIFT && vk <= VK_MENU;
			bool numbers = vk >= VK_NUMPAD0 && vk <= VK_DIVIDE;
			if ((sided ? both : side) || (round == 0 && numbers))
				continue;
			if (keys[i].scan == scan || (round && (keys[i].scan & 0xff) == scan))
				return vk;
		}
	return 0;
}

WINAPI UINT
user32_MapVirtualKeyW(UINT code, UINT what)
{
	const struct key *k = what == 1 || what == 3 ? NULL : key(code);
	switch (what) {
	case 0: return k ? k->scan & 0xff : 0;
	case 1: return key_at(code, false);
	case 2:
		return !k                                   ? 0
		       : k->plain >= 'a' && k->plain <= 'z' ? (UINT)k->plain - 32
		                                            : (UINT)k->plain;
	case 3: return key_at(code, true);
	case 4: return k ? k->scan : 0;
	default: return 0;
	}
}

WINAPI UINT
user32_MapVirtualKeyExW(UINT code, UINT what, void *layout)
{
	(void)layout;
	return user32_MapVirtualKeyW(code, what);
}

/* With Ctrl held: a control character, as far as there is one. */
static int
control(const struct key *k, bool shift)
{
	char c = shift ? k->shifted : k->plain;
	switch (c) {
	case '\r': return '\n';
	case '\b': return 0x7f;
	case ' ': return ' ';
	case '\033': return 0x1b;
	case '[':
	case '\\':
	case ']': return c & 0x1f;
	case '@':
	case '^':
	case '_': return c & 0x1f;
	default: return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ? c & 0x1f : -1;
	}
}

/* How many characters the key gives; none for one that has none or goes up. */
WINAPI int
user32_ToUnicode(UINT vk, UINT scan, const BYTE *state, WCHAR *out, int room, UINT flags)
{
	const struct key *k = key(vk);
	(void)flags;
	if (!k || !k->plain || scan & 0x8000 || room < 1)
		return 0;
	bool shift = state && state[VK_SHIFT] & DOWN;
	int c;
	if (state && state[VK_CONTROL] & DOWN && !(state[VK_MENU] & DOWN)) {
		c = control(k, shift);
		if (c < 0)
			return 0;
	} else {
		bool letter = k->plain >= 'a' && k->plain <= 'z';
		if (letter && state && state[VK_CAPITAL] & LOCKED)
			shift = !shift;
		c = shift ? k->shifted : k->plain;
	}
	out[0] = (WCHAR)c;
	if (room > 1)
		out[1] = 0;
	return 1;
}

WINAPI int
user32_ToUnicodeEx(UINT vk, UINT scan, const BYTE *state, WCHAR *out, int room, UINT flags,
                   void *layout)
{
	(void)layout;
	return user32_ToUnicode(vk, scan, state, out, room, flags);
}
