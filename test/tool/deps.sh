#!/bin/bash
# parallel
# tool/deps.sh finds what reaches into a room it may not know, and nothing else.
. "$(dirname "$0")/../lib.sh"

mkdir -p "$W/tree"/{base,core,layer/os,layer/hal,img,cli,all,include,libexec/a,libexec/b}
cd "$W/tree" || exit 1
for h in base/b.h core/c.h layer/os/o.h layer/hal/h.h img/i.h include/joist.h libexec/a/a.h all/x.h cli/y.h; do
	echo "/* $(basename $h) -- */" >$h
done
judge() { run sh "$TOP/tool/deps.sh"; }

printf '#include <stdio.h>\n#include "base/b.h"\n#include "core/c.h"\n#include "img/i.h"\n' >layer/os/o.c
printf '#include "include/joist.h"\n#include "base/b.h"\n' >cli/v.c
printf '#include "layer/os/o.h"\n#include "cli/y.h"\n' >all/a.c
printf '#include "libexec/a/a.h"\n#include "img/i.h"\n' >libexec/a/m.c
judge
expect_status 0 "a tree in order" && expect_out "" "a tree in order" && ok "a tree in order is judged in silence"

refused() {
	printf '#include "%s"\n' "$2" >"$1"
	judge
	expect_status 1 "$1 -> $2" && expect_has "$1:1:" "$1 -> $2" && ok "$1 may not include $2"
	rm -f "$1"
}
refused base/bad.c core/c.h
refused core/bad.c img/i.h
refused core/bad.c layer/os/o.h
refused img/bad.c core/c.h
refused cli/bad.c core/c.h
refused layer/os/bad.c layer/hal/h.h
refused layer/os/bad.c include/joist.h
refused libexec/b/bad.c libexec/a/a.h
refused core/bad.c c.h
refused core/bad.c base/not-there.h
printf '  #  include "core/c.h"\n' >base/spaced.h
judge
expect_status 1 "spaces" && ok "spaces hide nothing"
rm base/spaced.h

cd "$TOP" || exit 1
run tool/deps.sh
expect_out "" "this tree" && ok "this tree is in order"
