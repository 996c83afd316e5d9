#!/bin/bash
# parallel
# A Windows program and a module of WebAssembly in a container: --in os/win, os/wasm.
. "$(dirname "$0")/../lib.sh"
needs joist mingw
cd "$W" || exit 1
mkdir app here data && echo there >data/file
cat >app/say.c <<'END'
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv) {
	char line[100], folder[MAX_PATH];
	for (int i = 1; i < argc; i++)
		printf("[%s]", argv[i]);
	printf(" V=%s\n", getenv("V") ? getenv("V") : "");
	if (argc > 1 && strcmp(argv[1], "wait") == 0) {
		fflush(stdout);
		Sleep(60000);
	}
	if (fgets(line, sizeof line, stdin))
		printf("read %s", line);
	FILE *f = fopen("out.txt", "w");
	printf("written %d\n", f && fputs("kept\n", f) >= 0 && fclose(f) == 0);
	printf("host %d\n", GetFileAttributesA("Z:\\etc\\passwd") != INVALID_FILE_ATTRIBUTES);
	f = fopen("D:\\file", "r");
	printf("drive %s", f && fgets(line, sizeof line, f) ? line : "none\n");
	GetCurrentDirectoryA(sizeof folder, folder);
	printf("in %s\n", strrchr(folder, '\\') + 1);
	return argc > 1 ? atoi(argv[1]) : 0;
}
END
x86_64-w64-mingw32-gcc -O1 -o app/say.exe app/say.c || { not_ok "does not compile"; exit 1; }
cd here || exit 1
run sh -c 'echo hello | V=secret joist run --rm --in os/win -e V -v ../data:D:ro ../app/say.exe 7 "a b"'
expect_status 7 "os/win" && expect_has "[7][a b] V=secret" "arguments and environment" && expect_has "read hello" "input" &&
	expect_has "written 1" "its folder" && expect_has "drive there" "a drive" && expect_has "in here" "its folder" && ok "a program in a container"
expect_has "host 0" "files of the host" && ok "which sees nothing else"
[ "$(tr -d "\r" <out.txt)" = kept ] && ok "what it writes is there" || not_ok "out.txt: $(cat out.txt)"
run joist run --rm --in os/win --deny-all ../app/say.exe
expect_status 0 "--deny-all" && expect_has "written 0" "--deny-all" && ok "--deny-all: no folder of the host"
run joist run -d --name st --in os/win -m 64M --pids-limit 20 ../app/say.exe wait
until_ok 20 sh -c 'joist logs st | grep -q "\[wait\]"' && ok "in the background" || not_ok "it says nothing: $(joist logs st)"
run joist ps
expect_has "os/win" ps && expect_has "app/say.exe" ps && ok "ps shows the stack and the program"
joist pause st >/dev/null && run joist ps && expect_has paused ps && joist resume st >/dev/null && ok "pause and resume"
run joist stop -t 1 st
expect_status 0 stop && joist rm st >/dev/null && ok "stop"
printf '(module (import "wasi_snapshot_preview1" "proc_exit" (func $e (param i32))) (memory (export "memory") 1) (func (export "_start") i32.const 9 call $e))' >../app/nine.wat
run joist run --rm --in os/wasm ../app/nine.wat
expect_status 9 "os/wasm" && ok "a module in a container"
for bad in win/os os/rv os/os/win; do
	run joist run --rm --in $bad ../app/say.exe
	expect_status 125 "$bad" && expect_err "do not stand on each other" "$bad" && two_lines "$bad"
done
run joist run --rm --in os/win /etc/passwd
expect_status 126 "no program" && two_lines "no program"
run joist run --rm --in os/win ../app/nothing.exe
two_lines "no file" && ok "what cannot be stacked is said"
no_leaks "nothing left"
