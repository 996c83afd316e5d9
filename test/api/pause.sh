#!/bin/bash
# parallel
# pause stops each process of a Windows program, and resume lets each of them go on.
. "$(dirname "$0")/../lib.sh"
needs joist mingw
cd "$W" || exit 1
cat >count.c <<'END'
#include <windows.h>
#include <stdio.h>
int main(int argc, char **argv) {
	if (argc < 3) {
		STARTUPINFOA s = { sizeof s };
		PROCESS_INFORMATION p;
		char line[300];
		snprintf(line, sizeof line, "\"%s\" %s", argv[0], argc < 2 ? "a" : "a b");
		CreateProcessA(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &s, &p);
	}
	for (int i = 0; i < 3000; i++) {
		FILE *f = fopen(argc < 2 ? "first" : argc < 3 ? "second" : "third", "a");
		fputc('.', f);
		fclose(f);
		Sleep(20);
	}
	return 0;
}
END
x86_64-w64-mingw32-gcc -O1 -o count.exe count.c || { not_ok "does not compile"; exit 1; }
size() { cat first second third 2>/dev/null | wc -c; }
more() { [ "$(stat -c %s "$1" 2>/dev/null || echo 0)" -gt "$2" ]; }
run joist run -d --name three ./count.exe
expect_status 0 "three processes"
until_ok 30 more third 3 && ok "three processes run" || not_ok "$(joist logs three; ls -l)"
run joist top --once --json three
case $out in *'"pids": {'*'"current": 3'* | *'"pids":{"current":3}'*) ok "top counts them" ;; *) not_ok "top: $out" ;; esac
joist pause three >/dev/null
sleep 0.2
before=$(size)
sleep 0.5
[ "$(size)" = "$before" ] && ok "paused, none of them goes on" || not_ok "$before bytes became $(size)"
first=$(stat -c %s first) second=$(stat -c %s second) third=$(stat -c %s third)
joist resume three >/dev/null
until_ok 30 more first "$first" && until_ok 30 more second "$second" && until_ok 30 more third "$third" &&
	ok "resumed, each does" || not_ok "one stands still"
joist rm -f three >/dev/null
no_leaks "nothing left"
