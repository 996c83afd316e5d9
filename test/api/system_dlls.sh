#!/bin/bash
# Each system DLL of layer/api/dll/dlls.def can be loaded, and each row of its table is an
# export that GetProcAddress finds, by its name and by its ordinal where it has one.  (That a
# function does what it should, the gallery tests: reading the tables names none of their rows.)
. "$(dirname "$0")/../lib.sh"
needs joist mingw

cat >"$W/find.c" <<'END'
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <string.h>
#include <windows.h>

int
main(int argc, char **argv)
{
	char line[512], dll[64], name[320];
	int ordinal, dlls = 0, rows = 0;
	_setmode(1, _O_BINARY);
	FILE *f = fopen(argv[1], "rb");
	while (f && fgets(line, sizeof line, f)) {
		int n = sscanf(line, "%63s %319s %d", dll, name, &ordinal);
		HMODULE m = LoadLibraryA(dll);
		if (!m) {
			printf("no %s: %lu\n", dll, GetLastError());
			continue;
		}
		dlls += n == 1;
		if (n < 3)
			continue;
		FARPROC p = GetProcAddress(m, name);
		if (!p)
			printf("no %s in %s\n", name, dll);
		if (ordinal && GetProcAddress(m, (char *)(ULONG_PTR)ordinal) != p)
			printf("%s in %s is not %d\n", name, dll, ordinal);
		rows++;
	}
	printf("%d %d\n", dlls, rows);
	return argc != 2;
}
END
x86_64-w64-mingw32-gcc -O1 -o "$W/find.exe" "$W/find.c" || {
	not_ok "does not compile"
	exit 1
}

cd "$W" || exit 1
defs=$TOP/layer/api/dll
sed -nE 's/^SYSTEM\("([^"]+)"\).*/\1/p; s/^DLL\([^,]+, *"([^"]+)".*/\1/p' "$defs/dlls.def" >all
dlls=$(wc -l <all)
sed -nE 's/^DLL\(([^,]+), *"([^"]+)".*/\1 \2/p' "$defs/dlls.def" | while read -r name dll; do
	[ ! -e "$defs/$name.def" ] ||
		sed -nE "s/^(FN|AS|DATA)\(([^,]+), *([0-9]+).*/$dll \2 \3/p" "$defs/$name.def"
done >>all
rows=$(($(wc -l <all) - dlls))
run joist run --rm find.exe all
expect_status 0 && expect_out "$dlls $rows" && ok "$dlls DLLs export what their tables have"
