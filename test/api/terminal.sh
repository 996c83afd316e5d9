#!/bin/bash
# parallel
# A Windows program with a terminal of its own: -it, and without.
. "$(dirname "$0")/../lib.sh"
needs joist mingw
command -v script >/dev/null || skip_all "no script(1) here"
cd "$W" || exit 1
cat >tty.c <<'END'
#include <windows.h>
#include <stdio.h>
int main(void) {
	DWORD mode;
	char line[50];
	printf("console %d\n", GetConsoleMode(GetStdHandle(STD_OUTPUT_HANDLE), &mode) != 0);
	fflush(stdout);
	if (fgets(line, sizeof line, stdin))
		printf("got %s", line);
	return 3;
}
END
x86_64-w64-mingw32-gcc -O1 -o tty.exe tty.c || { not_ok "does not compile"; exit 1; }
mkfifo keys
script -qec "joist run -it --rm ./tty.exe" /dev/null <keys >screen &
own $!
exec 9>keys
until_ok 30 grep -q 'console 1' screen && ok "with -t standard output is a console" || not_ok "no console: $(cat -A screen)"
echo hello >&9
until_ok 30 grep -q 'got hello' screen && ok "and what is typed is read" || not_ok "not read: $(cat -A screen)"
exec 9>&-
wait $!
[ $? = 3 ] && ok "its status comes through" || not_ok "another status"
run joist run --rm ./tty.exe
expect_status 3 "without -t" && expect_has "console 0" && ok "without -t it is none"

# -- screen buffers: what is not shown is kept -------------------------------------------
cat >buffers.c <<'END'
#include <windows.h>
static void say(HANDLE h, const char *s) {
	DWORD n;
	WriteConsoleA(h, s, lstrlenA(s), &n, NULL);
}
int main(void) {
	HANDLE own = GetStdHandle(STD_OUTPUT_HANDLE);
	HANDLE a = CreateConsoleScreenBuffer(GENERIC_READ | GENERIC_WRITE, 0, NULL, CONSOLE_TEXTMODE_BUFFER, NULL);
	HANDLE b = CreateConsoleScreenBuffer(GENERIC_WRITE, FILE_SHARE_READ, NULL, CONSOLE_TEXTMODE_BUFFER, NULL);
	CONSOLE_SCREEN_BUFFER_INFO i;
	DWORD mode;
	if (a == INVALID_HANDLE_VALUE || b == INVALID_HANDLE_VALUE || !GetConsoleMode(a, &mode))
		return 1;
	say(own, "[1]");
	say(a, "[3]");
	if (!GetConsoleScreenBufferInfo(b, &i) || i.dwSize.X < 1) /* nobody is asked */
		return 2;
	say(own, "[2]");
	SetConsoleActiveScreenBuffer(a);
	say(own, "[8]");
	say(b, "[5]");
	say(a, "[4]");
	SetConsoleActiveScreenBuffer(b);
	say(b, "[6]");
	SetConsoleActiveScreenBuffer(a); /* once more what it had */
	say(a, "[7]");
	CloseHandle(a); /* is the end of it */
	say(own, "[9]");
	SetConsoleActiveScreenBuffer(b);
	return 3; /* and so is the end of the program */
}
END
x86_64-w64-mingw32-gcc -O1 -o buffers.exe buffers.c || { not_ok "does not compile"; exit 1; }
script -qec "joist run -it --rm ./buffers.exe" /dev/null </dev/null >screen
[ $? = 3 ] && ok "buffers" || not_ok "buffers: another status: $(cat -A screen)"
seen=$(sed -e 's/\x1b\[2J\x1b\[H//g' -e 's/\x1b/^/g' screen)
[ "$seen" = '[1][2]^[?1049h[3][4][5][6][3][4][7]^[?1049l[8][9]^[?1049h[5][6]^[?1049l' ] &&
	ok "each is shown in its turn" || not_ok "shown otherwise: $(cat -A screen)"
no_leaks "nothing left"
