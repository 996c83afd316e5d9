#!/bin/bash
# timeout: 900
# parallel
# needs: joist
# Debian's own kernel on the computer in software: it boots, sees its devices, rests and goes on.
. "$(dirname "$0")/../lib.sh"
needs joist

. "$TOP/test/hal/guest.lib"
guest initrd

# boot COMMANDS FLAGS...: run them as the guest's first program; it powers off then
boot() {
	local what=$1
	shift
	run joist run --rm --kernel "$kernel" --initrd "$initrd" --append "console=ttyS0 quiet panic=-1 run=$what" "$@"
}

boot 'uname -m; nproc; grep -c sstc /proc/cpuinfo; echo $((6 * 7))'
expect_status 0 "one hart" && expect_has riscv64 "one hart" && expect_has 42 "one hart" && ok "boots, and powers off with status 0"
boot 'nproc; cat /proc/interrupts; for i in 1 2 3 4; do dd if=/dev/urandom bs=64k count=4 2>/dev/null | md5sum & done; wait' --cpus 4 -m 256M
expect_status 0 "four harts" && expect_has 4 "four harts" && ok "four harts"

run joist run --rm --kernel "$kernel" --initrd "$initrd" --append "console=ttyS0 quiet panic=-1 root=/dev/vdz run=echo in its place"
expect_status 0 "no root" && expect_has "root=/dev/vdz cannot be mounted" "no root" && case $out in
*"in its place"* | *"joist: ready"*) not_ok "no root: $out" ;;
*) ok "a root that is not there is said, and nothing is run in its place" ;;
esac

# a disk is not changed unless asked; a folder of the host; the clock; floating point
printf 'from outside\n' >"$W/in"
mkdir "$W/share" && cp "$W/in" "$W/share/in"
truncate -s 8M "$W/disk"
before=$(sha256sum <"$W/disk")
boot 'cat /data/in; echo inside >/data/out; echo no >/ro/x; echo $?; echo mine >/dev/vda; sync; head -c 5 /dev/vda; date +%Y; awk "BEGIN { printf \"%.10f\\n\", 1.1 * 3 / 7 }"' \
	-v "$W/share:/data" -v "$W/share:/ro:ro" --disk "$W/disk"
expect_status 0 devices && expect_has 'from outside' devices && expect_has mine devices && expect_has 0.4714285714 devices &&
	expect_has "$(date +%Y)" devices && ok "a folder by 9P, a disk, the time of day, floating point"
[ "$(cat "$W/share/out" 2>/dev/null)" = inside ] && ok "what the guest writes to a folder is there" || not_ok "the folder"
[ "$(sha256sum <"$W/disk")" = "$before" ] && ok "an image is not changed unless asked" || not_ok "the image was changed"
boot 'echo mine >/dev/vda; sync' --disk "$W/disk:rw"
[ "$(head -c 4 "$W/disk")" = mine ] && ok "with rw it is" || not_ok "rw: the image was not changed"

# rest: a snapshot in the middle, and it goes on from there, also as another machine
joist run -d --name counts --kernel "$kernel" --initrd "$initrd" --cpus 2 -m 256M \
	--append "console=ttyS0 quiet run=i=0; while :; do i=\$((i+1)); echo count \$i; sleep 0.2; done" >/dev/null
until_ok 200 sh -c 'joist logs counts | grep -q "count 5"' && ok "in the background, with a log" || not_ok "no count: $(joist logs counts | tail -n 3)"
run joist pause counts
expect_status 0 pause
at=$(joist logs counts | grep -c count)
sleep 1
[ "$(joist logs counts | grep -c count)" = "$at" ] && ok "pause" || not_ok "it went on while paused"
run joist resume counts
expect_status 0 resume
run joist snapshot counts@a
expect_status 0 snapshot && ok "snapshot"
seen=$(joist logs counts | tail -n 1 | tr -d '\r')
run joist restore counts@a --name again
expect_status 0 restore
until_ok 60 sh -c "joist logs again | grep -q 'count $((${seen#count } + 3))'" && ok "restored as another machine it goes on from there" ||
	not_ok "restore: $(joist logs again | tail -n 2)"
joist logs again | grep -q 'count 1$' && not_ok "the restored one began anew" || ok "and not from the beginning"
run joist rm -f counts again
expect_status 0 rm

# a snapshot's disk is as it was then, whatever was written later
cat >"$W/share/count" <<'END'
i=0
while :; do
	j=$(dd if=/dev/vda bs=512 count=1 iflag=direct 2>/dev/null | tr -d '\000')
	[ "x$i" = "x${j:-0}" ] || echo "BAD $i $j"
	i=$((i+1))
	{ echo -n $i; dd if=/dev/zero bs=512 count=1 2>/dev/null; } |
		dd of=/dev/vda bs=512 count=1 iflag=fullblock oflag=direct 2>/dev/null
	echo count $i
	sleep 0.1
done
END
truncate -s 8M "$W/blank"
computer() { joist run -d --kernel "$kernel" --initrd "$initrd" -m 256M "$@"; }
computer --name writes --disk "$W/blank" -v "$W/share:/data" --append "console=ttyS0 quiet run=sh /data/count" >/dev/null
until_ok 200 sh -c 'joist logs writes | grep -q "count 5"' || not_ok "no count: $(joist logs writes | tail -n 3)"
run joist snapshot writes@a
expect_status 0 "snapshot of a disk"
seen=$(joist logs writes | grep -c count)
until_ok 60 sh -c "joist logs writes | grep -q 'count $((seen + 5))'"
run joist snapshot writes@b
expect_status 0 "another one"
run joist restore -f writes@a
expect_status 0 "restore -f"
run joist restore writes@b --name also
expect_status 0 "restore --name"
until_ok 60 sh -c "joist logs also | grep -q 'count $((seen + 9))'"
until_ok 60 sh -c "joist logs writes | grep -q 'count $((seen + 3))'"
joist logs writes | grep BAD && not_ok "back in time, the disk was not" || ok "a disk goes back in time with its snapshot"
joist logs also | grep BAD && not_ok "the disk of another machine" || ok "and into another machine"
joist rm -f writes also >/dev/null
computer --name direct --disk "$W/blank:rw" --append "console=ttyS0 quiet run=echo up; sleep 100" >/dev/null
run joist snapshot direct@a
expect_status 125 "a direct disk" && expect_err 'is written directly' "a direct disk" && expect_err "without ':rw'" "a direct disk" &&
	ok "a disk that is written directly is in no snapshot, and it says so"
joist rm -f direct >/dev/null

# the same instructions at the same times, twice
for i in 1 2; do
	boot 'cat /proc/uptime; dmesg | md5sum' --deterministic -m 128M
	printf '%s\n' "$out" | grep -vE '^joist' >"$W/run$i"
done
cmp -s "$W/run1" "$W/run2" && ok "deterministic: two runs are alike" || not_ok "deterministic runs differ: $(diff "$W/run1" "$W/run2" | head -n 4)"

# a computer that restarts itself begins anew
joist run -d --name twice --kernel "$kernel" --initrd "$initrd" -m 128M --append "console=ttyS0 quiet panic=-1 run=echo up; reboot -f" >/dev/null
until_ok 200 sh -c '[ "$(joist logs twice | grep -c "^up")" -ge 2 ]' && ok "reboot" || not_ok "reboot: $(joist logs twice | tail -n 2)"
joist rm -f twice >/dev/null

# -- what cannot be run -----------------------------------------------------------
refused() {
	local what=$1
	shift
	run timeout 120 joist run --rm "$@"
	[ "$status" != 0 ] && [ "$status" != 124 ] && two_lines "$what" && ok "refused: $what" || not_ok "$what: status $status"
}
printf 'no kernel at all, only a file of text' >"$W/text"
head -c 100000 "$kernel" >"$W/short"
printf 'MZ\0\0zimg\100\0\0\0\377\377\377\177\0\0\0\0\0\0\0\0gzip\0\0\0\0' >"$W/zboot" && truncate -s 100 "$W/zboot"
head -c 2000 "$initrd" >"$W/gz"
refused "a text as a kernel" --in rv --kernel "$W/text"
refused "a zboot image that ends too early" --in rv --kernel "$W/zboot"
refused "a gzip file that ends too early" --in rv --kernel "$W/gz"
refused "more than its memory" --kernel "$kernel" -m 16M
truncate -s 64M "$W/large"
refused "an initrd larger than its memory" --kernel "$kernel" --initrd "$W/large" -m 64M
refused "no such kernel" --kernel "$W/none"
refused "a device tree that is none" --kernel "$kernel" --dtb "$W/text"
refused "half a hart" --kernel "$kernel" --cpus 1.5
refused "a folder that is not there" --kernel "$kernel" -v "$W/none:/x"
refused "a port that is none" --kernel "$kernel" -p nonsense
refused "firmware that is empty" --in rv --firmware /dev/null --kernel "$kernel"
