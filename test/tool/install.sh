#!/bin/bash
# parallel
# make install puts everything where it belongs, and uninstall takes it away.
. "$(dirname "$0")/../lib.sh"
needs joist make
cd "$TOP" || exit 1

[ "$JOIST_BUILD" = "$TOP/build" ] || skip_all "not the ordinary build"
run make -s install PREFIX=/usr DESTDIR="$W/stage"
expect_status 0 "make install" || exit 1
for f in bin/joist libexec/joist/joist-image share/man/man1/joist.1 lib/systemd/system/joist.service \
	lib/libjoist.so lib/libjoist.a lib/pkgconfig/joist.pc include/joist/joist.h include/joist/wasm.h share/bash-completion/completions/joist share/zsh/site-functions/_joist; do
	[ -e "$W/stage/usr/$f" ] || not_ok "install: no $f"
done
ok "make install with PREFIX and DESTDIR"
run env -u JOIST_LIBEXEC "$W/stage/usr/bin/joist" version
expect_status 0 "the installed program" && ok "the installed program runs"
grep -q '^ExecStart=/usr/bin/joist start --boot$' "$W/stage/usr/lib/systemd/system/joist.service" && ok "the unit names the installed program" || not_ok "unit"
if has systemd-analyze; then
	sed -i "s|/usr/bin/joist|/bin/true|" "$W/stage/usr/lib/systemd/system/joist.service"
	run systemd-analyze verify --man=no "$W/stage/usr/lib/systemd/system/joist.service"
	expect_status 0 "systemd-analyze" && ok "systemd accepts the unit"
fi
run make -s uninstall PREFIX=/usr DESTDIR="$W/stage"
left=$(find "$W/stage" -type f -o -type l)
[ -z "$left" ] && ok "make uninstall leaves no file" || not_ok "uninstall left: $left"
