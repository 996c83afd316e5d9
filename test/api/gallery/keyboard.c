/* SPDX-License-Identifier: Apache-2.0 */
// Keys, their places and what they type.
// needs: joist mingw
// libs: -lgdi32
// run: joist run --rm $GUEST
// expect: keyboard: all right
#include "right.h"

static WCHAR
typed(UINT vk, int shift, int control, int caps)
{
	BYTE state[256] = { 0 };
	WCHAR w[4] = { 0 };
	state[VK_SHIFT] = shift ? 0x80 : 0;
	state[VK_CONTROL] = control ? 0x80 : 0;
	state[VK_CAPITAL] = caps ? 1 : 0;
	return ToUnicodeEx(vk, 0, state, w, 4, 0, NULL) == 1 ? w[0] : 0xffff;
}

int
main(void)
{
	BYTE state[256] = { 0 };
	WCHAR w[4];
	IS(MapVirtualKeyW(VK_RETURN, MAPVK_VK_TO_VSC) == 0x1c &&
	   MapVirtualKeyA('A', MAPVK_VK_TO_VSC) == 0x1e);
	IS(MapVirtualKeyW(VK_UP, MAPVK_VK_TO_VSC) == 0x48 && MapVirtualKeyW(VK_UP, 4) == 0xe048);
	IS(MapVirtualKeyW(0x1e, MAPVK_VSC_TO_VK) == 'A' &&
	   MapVirtualKeyW(0x47, MAPVK_VSC_TO_VK) == VK_HOME);
	IS(MapVirtualKeyW(0x2a, MAPVK_VSC_TO_VK) == VK_SHIFT &&
	   MapVirtualKeyW(0x2a, MAPVK_VSC_TO_VK_EX) == VK_LSHIFT);
	IS(MapVirtualKeyExW(0x36, MAPVK_VSC_TO_VK_EX, NULL) == VK_RSHIFT &&
	   MapVirtualKeyExA(VK_NUMPAD5, 0, NULL) == 0x4c);
	IS(MapVirtualKeyW('A', MAPVK_VK_TO_CHAR) == 'A' &&
	   MapVirtualKeyW(VK_OEM_1, MAPVK_VK_TO_CHAR) == ';' &&
	   MapVirtualKeyW(VK_F5, MAPVK_VK_TO_CHAR) == 0);
	IS(!MapVirtualKeyW(0xff, MAPVK_VK_TO_VSC) && !MapVirtualKeyW(0x7f, MAPVK_VSC_TO_VK) &&
	   !MapVirtualKeyW('A', 9));
	IS(typed('A', 0, 0, 0) == 'a' && typed('A', 1, 0, 0) == 'A' && typed('A', 0, 0, 1) == 'A' &&
	   typed('A', 1, 0, 1) == 'a');
	IS(typed('1', 1, 0, 0) == '!' && typed('1', 0, 0, 1) == '1' &&
	   typed(VK_OEM_7, 1, 0, 0) == '"');
	IS(typed('C', 0, 1, 0) == 3 && typed(VK_OEM_4, 0, 1, 0) == 27 &&
	   typed('1', 0, 1, 0) == 0xffff);
	IS(typed(VK_RETURN, 0, 0, 0) == '\r' && typed(VK_RETURN, 0, 1, 0) == '\n' &&
	   typed(VK_BACK, 0, 1, 0) == 0x7f);
	IS(typed(VK_UP, 0, 0, 0) == 0xffff && typed(VK_NUMPAD7, 0, 0, 0) == '7');
	IS(ToUnicode('B', 0x30, state, w, 4, 0) == 1 && w[0] == 'b' &&
	   ToUnicode('B', 0x8030, state, w, 4, 0) == 0);
	IS(!DeleteObject((HGDIOBJ)(ULONG_PTR)0x1234));
	return done("keyboard");
}
