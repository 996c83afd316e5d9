#!/bin/bash
# style.sh BUILD -- what can be checked of the house style (`make style`).
#
# A check prints what is wrong, with its place, and the run ends with 1.  What
# is only advice begins with "advice:" and fails nothing.
set -u
shopt -s lastpipe         # so that say can set bad
build=${1:-build}
bad=0
mapfile -t code < <(git ls-files '*.c' '*.h' 2>/dev/null || find . -name '*.[ch]')
mapfile -t headers < <(printf '%s\n' "${code[@]}" | grep '\.h$')
mapfile -t defs < <(git ls-files '*.def')

# say CHECK: print the lines of standard input below a title, if there are any.
say() {
	local lines
	lines=$(cat)
	[ -n "$lines" ] || return
	bad=1
	printf 'style: %s\n' "$1"
	sed 's/^/  /' <<<"$lines"
}
advise() { sed "s#^#advice: $1: #"; }

# 1. who may include whom
tool/deps.sh | say 'a room reaches where it may not (tool/deps.sh)'

# 2. the formatter changes nothing
if command -v clang-format >/dev/null; then
	tool/format.sh -n | say 'the formatter would change'
else
	echo "style: skipped: clang-format is not there" >&2
fi

# 3. every header opens with the law of its module, and is named in it
for f in "${headers[@]}"; do
	head -n 1 "$f" | grep -q "^/\* $(basename "$f") -- " ||
		echo "$f:1: begin with /* $(basename "$f") -- what it is."
done | say 'no opening paragraph'
for f in $(printf '%s\n' "${code[@]}" | grep '\.c$'); do
	head -n 1 "$f" | grep -q '^/\* SPDX-License-Identifier: Apache-2.0 \*/$' || echo "$f:1"
done | say 'the first line is not the one SPDX line'

# 4. functions that have no safe use
grep -nE '(^|[^a-zA-Z0-9_.>])(strcpy|strcat|sprintf|vsprintf|gets|atoi|atol|atof|alloca|system|popen)\(' \
	"${code[@]}" | grep -vE ':[0-9]+:[[:space:]]*(\*|/\*|//)' | say 'a forbidden function'

# 5. every symbol that others can see begins with the name of its file, or of a
#    header of its room that the file includes: one noun may need two files.  The
#    library's own prefix is joist_, and a verb's function is verb_NAME.
find "$build" \( -path "$build/san" -o -path "$build/harsh" -o -path "$build/test" \) -prune -o \
	-name '*.o' -print | while read -r o; do
	src=${o#"$build"/} src=${src%.o}.c
	[ -e "$src" ] || continue
	file=$(basename "$src" .c)
	case $file in main) continue ;; esac
	room=$(dirname "$src")
	names="$file $(sed -nE "s|^#include \"$room/([a-z0-9_]+)\\.h\".*|\1|p" "$src" | tr '\n' ' ')"
	case $room in
	all) names="$names joist" ;;
	cli) names="$names verb" ;;
	all/wasm) names="$names wasm thing" ;;	# of include/wasm.h; thing.h
	layer/api/dll) names="$names ${file%%_*}" ;;	# a DLL's functions: kernel32_file.c has kernel32_*
	esac
	nm --defined-only -g "$o" | awk -v names="$names" -v src="$src" '
		BEGIN { n = split(names, name, " ") }
		{
			s = $3
			for (i = 1; i <= n; i++) if (index(s, name[i]) == 1) next
			if (s ~ /^__(wrap|asan|odr|sanitizer)/ || s == "main") next
			# What a library of ours would else take from the C library (resolve_service.c).
			if (src ~ /resolve_service/ && s ~ /^getserv/) next
			# The few words that the whole tree speaks.
			if (src ~ /^base\// && s ~ /^(fail|x(malloc|calloc|realloc|strdup|printf))$/) next
			print src ": " s
		}'
done | say 'a symbol without its file as prefix'

# 6. every row of every table is named by a test
words=$(mktemp)
git ls-files -co --exclude-standard test bench 'fuzz/*.c' | xargs -r cat 2>/dev/null | grep -aoE '[A-Za-z0-9_-]+' | sort -u >"$words"
for d in "${defs[@]}"; do
	# A test that reads the table names every row of it.
	git ls-files -co --exclude-standard 'test/*.c' 'test/*.sh' | xargs -r grep -lF "$d" >/dev/null 2>&1 && [ "$d" != cli/verb.def ] && continue
	sed -nE 's/^([A-Z_]+)\(([^,]*, *[^,]*, *"[^"]*"|[^,)]*).*/\1 \2/p' "$d" |
	while read -r kind rest; do
		case $kind in
		FLAG) row=$(sed -E 's/.*"([^"]*)".*/--\1/' <<<"$rest") ;;
		*) row=$(sed -E 's/^"?([A-Za-z0-9_.-]+)"?.*/\1/' <<<"$rest") ;;
		esac
		grep -qxF -- "$row" "$words" || echo "$d: $row"
	done
done | say 'a row that no test names'
rm -f "$words"

tool/sort_def.sh -n layer/api/dll/*.def layer/api/nt/status.def 2>&1 | say 'a table that is not in order'

# 7. every verb has a section of the manual and a test; what is made from the
#    table is up to date
if [ -e cli/verb.def ]; then
	sed -nE 's/^VERB\(([a-z]+),.*/\1/p; s/^VERB_OF\(([a-z]+), *([a-z]+),.*/\1 \2/p' cli/verb.def | while read -r v; do
		grep -qE "^\.S[SH] .*\b$v\b|^\.Ss .*\b$v\b" doc/joist.1 2>/dev/null || echo "$v: no section in doc/joist.1 (make doc)"
		git grep -qE "joist( --?[a-z]+[ =][^ ]+)* $v\b" -- test || echo "$v: no test runs 'joist $v'"
	done | say 'a verb without manual or test'
	if [ -x "$build/mkdoc" ] || make -s "$build/mkdoc"; then
		"$build/mkdoc" man | cmp -s - doc/joist.1 || echo doc/joist.1
		"$build/mkdoc" bash | cmp -s - completion/joist.bash || echo completion/joist.bash
		"$build/mkdoc" zsh | cmp -s - completion/_joist || echo completion/_joist
		tool/winapi.sh | cmp -s - doc/windows-api.md || echo doc/windows-api.md
	fi 2>&1 | say 'out of date; run make doc'
	if command -v mandoc >/dev/null; then
		mandoc -Tlint -Wstyle doc/joist.1 2>&1 | say 'mandoc -Tlint'
	fi
fi

# 8. shell
if command -v shellcheck >/dev/null; then
	mapfile -t shell < <(git ls-files test tool bench .ci | while read -r f; do
		case $f in
		*/gallery/*) ;;
		*.sh) echo "$f" ;;
		*) head -c 20 "$f" 2>/dev/null | grep -qaE '^#!/bin/(ba)?sh' && echo "$f" ;;
		esac
	done)
	shellcheck -S warning -e SC2154 -x -f gcc "${shell[@]}" | say 'shellcheck'
fi

# Advice
wc -l "${code[@]}" | awk '$2 != "total" && $1 > 1000 { print $2 ": " $1 " lines" }' | advise 'a long file'
grep -nE '^[[:space:]]*#[[:space:]]*(if|ifdef|ifndef|elif)\b' "${code[@]}" |
	grep -vE '^base/host_|:1?[0-9]?[0-9]:#ifndef [A-Z0-9_]+_H$' | advise 'a conditional outside base/host_*.h'
for f in $(printf '%s\n' "${code[@]}" | grep '\.c$'); do
	awk -v f="$f" '
		/^[a-z_].*\(/ && !/;$/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
		/^\{/ { start = NR }
		/^\}/ && start { if (NR - start > 80) print f ":" start ": " name " has " NR - start " lines"; start = 0 }
	' "$f"
done | advise 'a long function'

[ "$bad" = 0 ] && echo "style: clean"
exit "$bad"
