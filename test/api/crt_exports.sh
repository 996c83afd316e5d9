#!/bin/bash
# Each row of the C run-times' tables is an export that GetProcAddress finds:
# layer/api/dll/ucrtbase.def, layer/api/dll/msvcrt.def, layer/api/dll/vcruntime140.def.
. "$(dirname "$0")/../lib.sh"
needs joist mingw

cat >"$W/names.c" <<'END'
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <string.h>
#include <windows.h>

int
main(int argc, char **argv)
{
	char name[256];
	int n = 0;
	_setmode(1, _O_BINARY);
	HMODULE m = LoadLibraryA(argv[1]);
	FILE *f = fopen(argv[2], "r");
	while (m && f && fgets(name, sizeof name, f)) {
		name[strcspn(name, "\r\n")] = 0;
		if (!GetProcAddress(m, name))
			printf("no %s\n", name);
		n++;
	}
	printf("%d\n", n);
	return 0;
}
END
x86_64-w64-mingw32-gcc -O1 -o "$W/names.exe" "$W/names.c" || {
	not_ok "does not compile"
	exit 1
}

cd "$W" || exit 1
for dll in ucrtbase msvcrt vcruntime140; do
	sed -nE 's/^(FN|AS|DATA)\(([^,]+),.*/\2/p' "$TOP/layer/api/dll/$dll.def" >names
	run joist run --rm names.exe "$dll.dll" names
	expect_status 0 && expect_out "$(wc -l <names)" && ok "$dll.dll exports what its table has"
done
