#!/bin/sh
# sort_def.sh [-n] FILE.def... -- put the rows of a DLL's table in the order that image.S needs:
# by name as strcmp() does, each once.  With -n it only says which are not.
set -eu
check=
[ "${1:-}" != -n ] || { check=1; shift; }
bad=0
for f; do
	new=$(
		sed -n '/^[A-Z]*(/!p; /^[A-Z]*(/q' "$f"
		grep '^[A-Z]*(' "$f" | sed -E 's/^[A-Z]+\(([^,)]*).*/\1	&/' | LC_ALL=C sort -t '	' -k 1,1 -u -s | cut -f 2-
	) || true
	[ "$new" != "$(cat "$f")" ] || continue
	if [ -n "$check" ]; then
		echo "$f: not sorted; run tool/sort_def.sh $f"
		bad=1
	else
		printf '%s\n' "$new" >"$f"
	fi
done
exit $bad
