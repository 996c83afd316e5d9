#!/bin/bash
# parallel
# What is made from cli/verb.def says the same as it.
. "$(dirname "$0")/../lib.sh"
cd "$TOP" || exit 1

if has cc; then
	cc -std=c11 -D_GNU_SOURCE -I. -o "$W/mkdoc" tool/mkdoc.c || not_ok "mkdoc does not compile"
	for pair in man:doc/joist.1 bash:completion/joist.bash zsh:completion/_joist; do
		"$W/mkdoc" "${pair%%:*}" | cmp -s - "${pair#*:}" && ok "${pair#*:} is up to date" || not_ok "${pair#*:} is out of date: make doc"
	done
fi
if has mandoc; then
	run mandoc -Tlint -Wwarning doc/joist.1
	expect_out "" "mandoc" && ok "the manual page has no warning"
else
	skip "manual page: no mandoc"
fi
while read -r v; do
	grep -q "^\.Ss joist $v$" doc/joist.1 || not_ok "$v has no section in the manual"
done < <(sed -nE 's/^VERB\(([a-z]+),.*/\1/p; s/^VERB_OF\(([a-z]+), *([a-z]+),.*/\1 \2/p' cli/verb.def)
for f in $(sed -nE 's/^FLAG\([^,]*,[^,]*, "([^"]*)".*/\1/p' cli/verb.def); do
	grep -qF -e "Fl \\-$f" doc/joist.1 || not_ok "--$f is not in the manual"
	grep -qF -e "--$f" completion/joist.bash || not_ok "--$f is not completed by bash"
	grep -qF -e "--$f" completion/_joist || not_ok "--$f is not completed by zsh"
done
ok "every verb and flag is in the manual and both completions"

# bash, as a user meets it
joist() { case $* in "ps "*) printf 'web\ndb\n' ;; images*) printf 'IMAGE\nalpine\n' ;; esac; }
compopt() { :; }
# shellcheck source=completion/joist.bash
. completion/joist.bash
tab() {
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
	_joist
	echo "${COMPREPLY[*]}"
}
completes() {
	local want=$1 got
	shift
	got=$(tab "$@")
	case " $got " in *" $want "*) ok "completes: $* -> $want" ;; *) not_ok "$* completes to '$got', not $want" ;; esac
}
completes resume joist res
completes --memory joist run --mem
completes web joist stop w
completes alpine joist rmi al
completes always joist run --pull a
completes --root joist --r
completes disk joist di
completes convert joist disk con
completes --output-format joist disk convert --out
completes qcow2 joist disk new -f q
completes ps joist --root /x p
completes machine-not-a-file joist help machine-not-a-file 2>/dev/null | grep -q '^not ok' && ok "completes nothing out of thin air"
if has zsh; then
	check "zsh reads its completion" zsh -n completion/_joist
else
	skip "zsh completion: no zsh"
fi
