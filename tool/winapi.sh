#!/bin/bash
# winapi.sh -- doc/windows-api.md out of the tables of the API floor (`make doc`).
set -eu
cd "$(dirname "$0")/.."
dlls=layer/api/dll/dlls.def
names() { sed -nE 's/^(FN|AS|DATA)\(([^,]*),.*/\2/p' "$1"; }
total=$(for t in layer/api/dll/*.def; do [ "$t" = $dlls ] || names "$t"; done | wc -l)
cat <<END
# The Windows API that there is

Made from the tables in \`layer/api/dll\` by \`make doc\`: $total functions and variables. What a program
imports beyond them ends it, with the name, when it is called and not before; \`GetProcAddress\`
answers NULL for it. \`joist inspect PROGRAM.exe\` compares a program with these lists.

| DLL | done | what it is for |
|---|---|---|
END
sed -nE 's/^DLL\(([^,]*), "([^"]*)", "([^"]*)"\)/\1|\2|\3/p' $dlls | while IFS='|' read -r name file brief; do
	if [ -e "layer/api/dll/$name.def" ]; then
		echo "| \`$file\` | $(names "layer/api/dll/$name.def" | wc -l) | $brief |"
	else
		echo "| \`$file\` | as KERNEL32.DLL | $brief |"
	fi
done
echo
echo "DLLs that a program can load and that have nothing yet:"
sed -nE 's/^SYSTEM\("([^"]*)"\)/\1/p' $dlls | paste -sd ' ' | sed 's/ /, /g' | fold -s -w 96 | sed 's/ *$//'
echo
echo "Names of API sets (\`api-ms-win-*\`) lead to the DLL that stands behind them."
sed -nE 's/^DLL\(([^,]*), "([^"]*)", .*/\1|\2/p' $dlls | while IFS='|' read -r name file; do
	t=layer/api/dll/$name.def
	[ -e "$t" ] && [ "$(names "$t" | wc -l)" -gt 0 ] || continue
	printf '\n## %s\n\n' "$file"
	names "$t" | paste -sd ' ' | fold -s -w 92 | sed 's/ *$//; s/^/    /'
done
