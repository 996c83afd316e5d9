#!/bin/sh
# sort_def.sh [-n] FILE.def... -- put the rows of a table in order, each name once: a DLL's by
# name as strcmp() does, which image.S needs; status.def's by value.  With -n it only says
# which are not.
set -eu
check=
[ "${1:-}" != -n ] || { check=1; shift; }
bad=0
for f; do
	case $f in
	*status.def) by=2 ;;
	*) by=1 ;;
	esac
	new=$(
		sed -n '/^[A-Z]*(/!p; /^[A-Z]*(/q' "$f"
		grep '^[A-Z]*(' "$f" | awk -v by=$by '{
			split($0, part, /[(,)] */)
			if (!(part[2] in seen)) print part[1 + by] "\t" $0
			seen[part[2]] = 1
		}' | LC_ALL=C sort -t '	' -k 1,1 -s | cut -f 2-
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
