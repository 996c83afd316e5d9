#!/bin/bash
# format.sh [-n] [FILE.c...] -- put .c files (all of them) in the house style.
#
# With -n only say which would change, and exit with 1 if there is one.  A
# function on one line ("int f(void) { return 1; }" at column 0) stays so: it is
# hidden from clang-format, which would unfold it, as a comment.
set -u
dry=
[ "${1:-}" != -n ] || { dry=1; shift; }
[ $# -gt 0 ] || { mapfile -t all < <(git ls-files -co --exclude-standard '*.c'); set -- "${all[@]}"; }
style=$(command -v clang-format clang-format-14 clang-format-19 | head -n 1)
[ -n "$style" ] || { echo "clang-format is not there; apt-get install clang-format" >&2; exit 2; }
new=$(mktemp)
trap 'rm -f "$new"' EXIT
code=0
for f; do
	[ -e "$f" ] || continue
	# Only where type and name stand on that line: a comment between a type and
	# its function would glue the two to what follows.
	sed -E 's|^([a-z_][a-zA-Z0-9_ *]*[ *][a-z0-9_]+\([^{]*\) \{ .* \})$|//1 \1|' "$f" |
		"$style" --assume-filename="$f" | sed 's|^//1 ||' >"$new"
	cmp -s "$new" "$f" && continue
	if grep -qE '// ?1 ' "$new"; then
		echo "$f: a one-line function is where none can be; unfold it" >&2
		code=1
		continue
	fi
	if [ -n "$dry" ]; then
		echo "$f: tool/format.sh $f"
		code=1
	else
		cat "$new" >"$f"
	fi
done
exit "$code"
