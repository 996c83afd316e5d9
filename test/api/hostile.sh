#!/bin/bash
# parallel
# Bad input of the API floor: every file says in two lines what is wrong with it, and nothing
# crashes, hangs or stays behind.
. "$(dirname "$0")/../lib.sh"
needs joist mingw python3
cc=x86_64-w64-mingw32-gcc
cd "$W" || exit 1

cat >good.c <<'END'
#include <windows.h>
#include <stdio.h>
#include <string.h>
int main(int argc, char **argv) {
	if (argc > 1 && strcmp(argv[1], "crash") == 0)
		*(volatile int *)0x10 = 1;
	if (argc > 1 && strcmp(argv[1], "divide") == 0)
		return 100 / (argc - 2);
	if (argc > 1 && strcmp(argv[1], "abort") == 0)
		RaiseException(0xe0001234, 0, 0, NULL);
	if (argc > 1 && strcmp(argv[1], "write") == 0) {
		char block[65536] = "x";
		DWORD n;
		for (int i = 0; i < 1024; i++)
			if (!WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), block, sizeof block, &n, NULL))
				return (int)GetLastError();
	}
	puts("ran");
	return 0;
}
END
$cc -O1 -o good.exe good.c || exit 1
mkdir bad && python3 "$TOP/test/api/hostile.py" good.exe bad || exit 1

# A file that is refused is refused in two lines, with 125, 126 or 127; one that is not has an
# end of its own.  What a signal ends is 128 and more, and only Windows' own ends may be that.
bad_ones=0
for f in bad/*.exe; do
	run timeout 20 joist run --rm "./$f"
	case $status in
	125 | 126 | 127) two_lines "$f" || bad_ones=1 ;;
	124)
		not_ok "$f hangs"
		bad_ones=1 ;;
	0) ;;
	*)      # it ran as far as it could: a crash report names the exception
		[ -n "$err" ] || {
			not_ok "$f: status $status without a word"
			bad_ones=1
		} ;;
	esac
done
[ "$bad_ones" = 1 ] || ok "hostile files are refused, each with its reason"

for m in i386 arm64; do
	run joist run --rm ./bad/$m.exe
	expect_status 126 "$m" && two_lines "$m" && ok "a program for $m is named as such"
done

run joist run --rm ./none.exe
[ "$status" = 127 ] && two_lines "not there" && ok "a program that is not there"

# a DLL of the program that is missing
echo '__declspec(dllexport) int f(void) { return 1; }' >own.c
echo '__declspec(dllimport) int f(void); int main(void) { return f(); }' >user.c
$cc -shared -o own.dll own.c && $cc -o user.exe user.c own.dll && rm own.dll
run joist run --rm ./user.exe
expect_err own.dll && [ "$status" != 0 ] && two_lines "missing DLL" && ok "a missing DLL is named"

# a function that nobody has done: it is named when it is called
cat >undone.c <<'END'
__declspec(dllimport) int __stdcall GetSaveFileNameW(void *);
int main(void) { return GetSaveFileNameW(0); }
END
if $cc -o undone.exe undone.c -lcomdlg32 2>/dev/null; then
	run joist run --rm ./undone.exe
	expect_err GetSaveFileNameW && [ "$status" != 0 ] && ok "a function that is not done is named"
fi

run joist run --rm ./good.exe crash
expect_status 139 crash && expect_err 0xc0000005 && ok "a crash is reported"
run joist run --rm ./good.exe divide
expect_status 136 divide && expect_err 0xc0000094 && ok "a division by zero is reported"
run joist run --rm ./good.exe abort
expect_err 0xe0001234 && [ "$status" != 0 ] && ok "an exception that nobody handles is reported"

# a full disk, and a reader that goes
if [ -c /dev/full ]; then
	joist run --rm ./good.exe write >/dev/full 2>"$W/.err"
	[ $? = 112 ] && ok "a full disk is ERROR_DISK_FULL" || not_ok "a full disk is ERROR_DISK_FULL"
fi
joist run --rm ./good.exe write 2>/dev/null | head -c 10 >/dev/null
case ${PIPESTATUS[0]} in
109 | 232) ok "a closed pipe is an error that the program sees" ;;
*) not_ok "a closed pipe is an error that the program sees: ${PIPESTATUS[0]}" ;;
esac
