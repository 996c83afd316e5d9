/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/file/console_key.h"

#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/text/utf.h"

enum { SHIFT = 0x10, CTRL = 0x8, ALT = 0x2, ENHANCED = 0x100 };

/* Final letters of CSI and SS3, and numbers before a tilde: virtual key and scan code. */
static const struct {
	char final;
	uint8_t number, key, scan;
	bool enhanced;
} keys[] = {
	{ 'A', 0, 0x26, 0x48, true },   { 'B', 0, 0x28, 0x50, true },
	{ 'C', 0, 0x27, 0x4d, true },   { 'D', 0, 0x25, 0x4b, true },
	{ 'H', 0, 0x24, 0x47, true },   { 'F', 0, 0x23, 0x4f, true },
	{ 'P', 0, 0x70, 0x3b, false },  { 'Q', 0, 0x71, 0x3c, false },
	{ 'R', 0, 0x72, 0x3d, false },  { 'S', 0, 0x73, 0x3e, false },
	{ 'Z', 0, 0x09, 0x0f, false },  { '~', 1, 0x24, 0x47, true },
	{ '~', 2, 0x2d, 0x52, true },   { '~', 3, 0x2e, 0x53, true },
	{ '~', 4, 0x23, 0x4f, true },   { '~', 5, 0x21, 0x49, true },
	{ '~', 6, 0x22, 0x51, true },   { '~', 7, 0x24, 0x47, true },
	{ '~', 8, 0x23, 0x4f, true },   { '~', 11, 0x70, 0x3b, false },
	{ '~', 12, 0x71, 0x3c, false }, { '~', 13, 0x72, 0x3d, false },
	{ '~', 14, 0x73, 0x3e, false }, { '~', 15, 0x74, 0x3f, false },
	{ '~', 17, 0x75, 0x40, false }, { '~', 18, 0x76, 0x41, false },
	{ '~', 19, 0x77, 0x42, false }, { '~', 20, 0x78, 0x43, false },
	{ '~', 21, 0x79, 0x44, false }, { '~', 23, 0x7a, 0x57, false },
	{ '~', 24, 0x7b, 0x58, false },
};

static void
key(struct INPUT_RECORD *r, WORD vk, WORD scan, WCHAR c, DWORD state)
{
	*r = (struct INPUT_RECORD){ .EventType = KEY_EVENT,
		                    .key = { TRUE, 1, vk, scan, c, state } };
}

/* ESC [ numbers letter, or ESC O letter. */
static size_t
sequence(const char *s, size_t n, struct INPUT_RECORD *out)
{
	unsigned number[3] = { 0, 0, 0 };
	size_t i = 2, k = 0;
	while (i < n && ((s[i] >= '0' && s[i] <= '9') || s[i] == ';')) {
		if (s[i] == ';')
			k += k < 2;
		else if (number[k] < 10000)
			number[k] = number[k] * 10 + (unsigned)(s[i] - '0');
		i++;
	}
	if (i >= n)
		return n < 32 ? 0 : n;
	unsigned m = number[1] ? number[1] - 1 : 0;
	DWORD state = (m & 1 ? SHIFT : 0) | (m & 2 ? ALT : 0) | (m & 4 ? CTRL : 0);
	for (size_t j = 0; j < sizeof keys / sizeof *keys; j++)
		if (keys[j].final == s[i] && (s[i] != '~' || keys[j].number == number[0])) {
			if (s[i] == 'Z')
				state |= SHIFT;
			key(out, keys[j].key, keys[j].scan, keys[j].key == 9 ? 9 : 0,
			    state | (keys[j].enhanced ? ENHANCED : 0));
			return i + 1;
		}
	key(out, 0, 0, 0, state);
	return i + 1;
}

static void
character(WCHAR c, DWORD state, struct INPUT_RECORD *out)
{
	WORD vk = 0;
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
		vk = utf_upper(c);
	} else if (c >= 'A' && c <= 'Z') {
		vk = c;
		state |= SHIFT;
	} else if (c == '\r' || c == '\n') {
		vk = 0x0d;
		if (c == '\n')
			state |= CTRL;
	} else if (c == '\t' || c == 27 || c == ' ') {
		vk = c;
	} else if (c == 127 || c == 8) {
		vk = 8;
		if (c == 8)
			state |= CTRL;
		c = c == 127 ? 8 : 127;
	} else if (c < 27) {
		vk = (WORD)(c + 'A' - 1);
		state |= CTRL;
	}
	key(out, vk, 0, c, state);
}

size_t
console_key(const char *s, size_t n, bool plain, struct INPUT_RECORD *out)
{
	if (!n)
		return 0;
	if (s[0] == 27 && !plain) {
		if (n == 1)
			return 0;
		if (s[1] == '[' || s[1] == 'O')
			return n == 2 ? 0 : sequence(s, n, out);
		/* Alt and a key */
		size_t k = s[1] == 27 ? 0 : console_key(s + 1, n - 1, true, out);
		if (!k) {
			character(27, 0, out);
			return 1;
		}
		out->key.dwControlKeyState |= ALT;
		return k + 1;
	}
	unsigned char c = (unsigned char)s[0];
	size_t len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (len > n)
		return 0;
	WCHAR w[4];
	size_t k = utf_to_16(w, s, len);
	/* of a pair there would be two records; programs put them together again */
	if (plain && c < 0x80)
		key(out, c == '\r' ? 0x0d : c == 27 ? 27 : 0, 0, w[0], 0);
	else
		character(w[0], 0, out);
	if (k == 2)
		out->key.UnicodeChar = 0xfffd;
	return len;
}
