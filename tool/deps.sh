#!/bin/sh
# deps.sh -- who may include whom.  Prints each line that reaches into a room
# it may not know, and nothing when all is well.  Run from the top of the tree.
#
# A room is the longest of the folders below that a path begins with.

rooms='base gen img core net layer/hal layer/os layer/api layer/lang oci all cli include libexec test'

# What each room may include besides itself.
may() {
	case $1 in
	base)           echo ;;
	gen|img|core)   echo base ;;
	net)            echo base core ;;
	include)        echo base ;;
	layer/hal)      echo base core gen img net ;;
	layer/os)       echo base core img net ;;
	layer/api)      echo base core ;;
	layer/lang)     echo base core gen ;;
	oci)            echo base core layer/os include ;;
	libexec)        echo base core img ;;
	cli)            echo base include ;;
	*)              echo "$rooms" ;;
	esac
}

room_of() {
	for r in $rooms; do
		case $1 in "$r"/*) echo "$r"; return ;; esac
	done
	echo "${1%%/*}"
}

bad=0
# shellcheck disable=SC2013 # no path has a space
# Lines: file:number:include "path"
for line in $(grep -rnHE --include='*.[ch]' --include='*.def' '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' \
		base gen img core net layer oci all cli include libexec 2>/dev/null |
		sed -E 's/^([^:]+:[0-9]+):[^"]*"([^"]*)".*/\1|\2/'); do
	where=${line%%|*} path=${line#*|}
	file=${where%%:*}
	from=$(room_of "$file")
	to=$(room_of "$path")
	case $path in
	*/*) ;;
	*)
		echo "$where: \"$path\": write the full path from the root"
		bad=1
		continue ;;
	esac
	[ -e "$path" ] || {
		echo "$where: \"$path\" is not there"
		bad=1
		continue
	}
	# A floor knows no other floor; two programs know nothing of each other.
	if [ "$from" = "$to" ]; then
		a=$(echo "$file" | cut -d/ -f1-2) b=$(echo "$path" | cut -d/ -f1-2)
		[ "$from" != libexec ] || [ "$a" = "$b" ] || {
			echo "$where: $a may not include \"$path\" (another program)"
			bad=1
		}
		continue
	fi
	case " $(may "$from") " in
	*" $to "*) ;;
	*)
		echo "$where: $from may not include \"$path\" ($to)"
		bad=1 ;;
	esac
done
exit $bad
