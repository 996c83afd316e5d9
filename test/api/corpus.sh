#!/bin/bash
# timeout: 900
# Real Windows programs out of ../shared/programs: the cases whose packages are small, so that
# those who have no cache fetch little.  `make test-windows` runs them all.
. "$(dirname "$0")/../lib.sh"
needs joist python3
programs=$TOP/../shared/programs
[ -x "$programs/run" ] || skip_all "all: there is no ../shared/programs"
command -v npm >/dev/null || [ -d "${JOIST_PROGRAMS:-$HOME/.cache/joist-programs}" ] ||
	skip_all "all: no npm and no cache of programs"

# The cases write into copies of the fixtures, which have their modes.
cp -r "$programs" "$W/programs" && chmod -R u+w "$W/programs" || exit 1
programs=$W/programs

cases=sherif,clipboard-x64,cmcldeps,ninja-graph,ninja-build,buildifier,7za-x64,7za-roundtrip,esbuild-stdin,esbuild-bundle,esbuild-css,elm-format
for stdout in pipe file; do
	"$programs/run" --with "$JOIST_BUILD/joist run" --only "$cases" --stdout "$stdout" >"$W/report" 2>&1
	seen=0
	while read -r id rest; do
		case ,$cases, in *",$id,"*) ;; *) continue ;; esac
		seen=$((seen + 1))
		case $rest in
		*" ok "*) ok "$id, standard output on a $stdout" ;;
		*skip*) skip "$id: $rest" ;;
		*) not_ok "$id, standard output on a $stdout: $rest" ;;
		esac
	done <"$W/report"
	[ "$seen" -gt 0 ] || {
		not_ok "the corpus could not be run"
		sed 's/^/# /' "$W/report"
	}
done
