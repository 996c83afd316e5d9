#!/bin/bash
# parallel
# The C++ library's table (layer/api/dll/msvcp140.def): each decorated name is one that a compiler
# writes, and leads to the function of that class, that member and that kind of character.
. "$(dirname "$0")/../lib.sh"
table=$TOP/layer/api/dll/msvcp140.def
sed -nE 's/^(AS|DATA)\((\?[^,]+), .*, ([^ )]+).*/\2 \3/p' "$table" >"$W/rows"
rows=$(wc -l <"$W/rows")

undname=$(command -v llvm-undname || command -v llvm-undname-14)
if [ -n "$undname" ]; then
	bad=$(cut -d' ' -f1 "$W/rows" | "$undname" 2>&1 | grep -m3 -B1 '^error')
	[ "$rows" -gt 700 ] && [ -z "$bad" ] && ok "$rows names" || not_ok "no compiler writes $bad"
else
	skip "no llvm-undname"
fi

# ?sputc@?$basic_streambuf@_WU... is msvcp140_wstreambuf_sputc
sed -nE 's/^\?([A-Za-z_]+)@\?\$(basic_)?(streambuf|ios|ostream|istream|num_[a-z]+|time_[a-z]+|ctype)@(D|_W)[^ ]* /\1 \3 \4 /p' \
	"$W/rows" >"$W/members"
bad=$(while read -r member class kind symbol; do
	member=${member#_} member=${member,,} w=
	[ "$kind" = D ] || w=w
	case ${symbol,,} in
	msvcp140_"$w$class"_*"${member#do_}"*) ;;
	msvcp140_"id_$w$class") ;;
	msvcp140_"$w${class%_*}_${member#do_}"_*) ;; # num_get::get, num_get::do_get
	# of no character
	msvcp140_ctype_tidy) ;;
	*) echo "$symbol is no $class::$member" ;;
	esac
done <"$W/members")
[ "$(wc -l <"$W/members")" -gt 350 ] && [ -z "$bad" ] && ok "members of their classes" || not_ok "$bad"
