#!/bin/bash
# parallel
# --trace of a Windows program: a line for each call of an imported function, and the program does
# what it does without.
. "$(dirname "$0")/../lib.sh"
needs joist mingw
cd "$W" || exit 1
cat >say.c <<'END'
#include <stdio.h>
#include <windows.h>
int main(int argc, char **argv) {
	/* a variable of the C run-time, by way of the import table */
	_fmode = 0x8000;
	SetLastError(1234);
	printf("%lu %d\n", GetLastError(), argc);
	return 7;
}
END
x86_64-w64-mingw32-gcc -O1 -o say.exe say.c || { not_ok "does not compile"; exit 1; }
run joist run --rm --trace calls.txt ./say.exe a b
expect_status 7 "the status of the program"
expect_out "1234 3"$'\r' "its output"
grep -qE '^[0-9]+ KERNEL32\.dll!SetLastError\(4d2\)$' calls.txt && ok "a call, with the arguments that it takes" ||
	not_ok "calls.txt: $(head -n 5 calls.txt)"
grep -q 'GetLastError()$' calls.txt && ok "one without arguments" || not_ok "calls.txt: $(cat calls.txt)"
! grep -q '_fmode' calls.txt && ok "no variable is called" || not_ok "calls.txt: $(grep _fmode calls.txt)"
run joist run --rm --trace /nowhere/calls.txt ./say.exe
expect_status 125 "no place for it" && two_lines "no place for it" && ok "a file that cannot be made is said"
no_leaks "nothing left"
