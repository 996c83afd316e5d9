#!/bin/bash
# parallel
# The version of Windows that a program is told is the newest that its manifest knows.
. "$(dirname "$0")/../lib.sh"
needs joist mingw
cd "$W" || exit 1

cat >told.c <<'END'
#include <windows.h>
#include <stdio.h>
int main(void) {
	OSVERSIONINFOW v = { .dwOSVersionInfoSize = sizeof v };
	GetVersionExW(&v);
	printf("%lu.%lu\n", v.dwMajorVersion, v.dwMinorVersion);
	return 0;
}
END
echo '1 24 "told.manifest"' >told.rc

# told NAME GUID WANT
told() {
	local out
	cat >told.manifest <<END
<?xml version="1.0" encoding="UTF-8"?><assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0">
<compatibility xmlns="urn:schemas-microsoft-com:compatibility.v1"><application>
<supportedOS Id="{35138b9a-5d96-4fbd-8e2d-a2440225f93a}"/>$2
</application></compatibility></assembly>
END
	if ! x86_64-w64-mingw32-windres told.rc -o told.o ||
		! x86_64-w64-mingw32-gcc -O1 -o told.exe told.c told.o; then
		not_ok "$1: does not compile"
		return
	fi
	out=$(joist run --rm ./told.exe | tr -d '\r')
	if [ "$out" = "$3" ]; then ok "$1"; else not_ok "$1: $out"; fi
}

told "Windows 7 at most: as Windows 8" '' 6.2
told "Windows 8.1" '<supportedOS Id="{1F676C76-80E1-4239-95BB-83D0F6D0DA78}"/>' 6.3
told "Windows 10" '<supportedOS Id="{1f676c76-80e1-4239-95bb-83d0f6d0da78}"/><supportedOS Id="{8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a}"/>' 10.0
