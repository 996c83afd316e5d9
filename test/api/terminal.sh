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
no_leaks "nothing left"
