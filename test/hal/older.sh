#!/bin/bash
# parallel
# needs: joist
# Snapshots that older versions made are restored, and go on where they were: each file of
# older/ is the export of a machine with older_guest.S, two harts and a disk, made by
#
#   joist run -d --name old -m 32M --cpus 2 --in rv --kernel guest --disk disk
#   joist snapshot old@middle; joist stop old; joist export -o FILE old
#
# and is never changed.  A version that changes what is saved adds its own.
. "$(dirname "$0")/../lib.sh"
needs joist
has zstd || skip_all "no zstd"

for file in "$TOP"/test/hal/older/*.tar.zst; do
	version=$(basename "$file" .tar.zst)
	zstd -dqc "$file" >"$W/old.tar"
	run joist import "$W/old.tar"
	expect_status 0 "$version: import"
	run joist restore old@middle
	expect_status 0 "$version: restore"
	run joist wait old
	expect_out 0 "$version: all is as it was"
	run joist logs old
	expect_has kept "$version: it went on" && ok "$version"
	joist rm -f old >/dev/null
done
no_leaks "no processes left"
