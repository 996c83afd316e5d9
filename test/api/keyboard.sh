#!/bin/bash
# parallel
# Each key of the table is where the table says, and types what it says.
. "$(dirname "$0")/../lib.sh"
needs joist mingw
table=$PWD/layer/api/dll/user32_keyboard.def
cd "$W" || exit 1
cat >keys.c <<'END'
#include <stdio.h>
#include <windows.h>
static const struct { UINT vk, scan; int plain, shifted; } keys[] = {
#define KEY(vk, scan, plain, shifted) { vk, scan, plain, shifted },
#include TABLE
};
static int types(UINT vk, int shift) {
	BYTE state[256] = { 0 };
	WCHAR w[4];
	state[VK_SHIFT] = shift ? 0x80 : 0;
	return ToUnicodeEx(vk, 0, state, w, 4, 0, NULL) == 1 ? w[0] : 0;
}
int main(void) {
	int wrong = 0, n = sizeof keys / sizeof *keys;
	for (int i = 0; i < n; i++) {
		int at = MapVirtualKeyW(keys[i].vk, 4) == keys[i].scan;
		int says = types(keys[i].vk, 0) == keys[i].plain && types(keys[i].vk, 1) == keys[i].shifted;
		if (!at || !says)
			printf("key %#x: place %s, letters %s\n", keys[i].vk, at ? "ok" : "wrong", says ? "ok" : "wrong");
		wrong += !at || !says;
	}
	printf("%d keys, %d wrong\n", n, wrong);
	return wrong > 0 || n < 90;
}
END
x86_64-w64-mingw32-gcc -O1 -DTABLE="\"$table\"" -o keys.exe keys.c || { not_ok "does not compile"; exit 1; }
run joist run --rm ./keys.exe
expect_status 0 "every row of the table" && ok "every row of the table: $out"
no_leaks "nothing left"
