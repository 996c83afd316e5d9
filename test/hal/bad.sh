#!/bin/bash
# timeout: 900
# parallel
# needs: joist
# What guests and their images do wrong, with the whole machine: a console that is flooded, disks
# that end too early.
. "$(dirname "$0")/../lib.sh"
needs joist

# -- a guest that never stops talking --------------------------------------------------------
if has riscv64-linux-gnu-gcc; then
	riscv64-linux-gnu-gcc -nostdlib -nostartfiles -static -no-pie -march=rv64gc -mabi=lp64d -mcmodel=medany \
		-Wl,-Ttext=0x80200000,--build-id=none -o "$W/flood" "$TOP/test/hal/flood_guest.S" || exit 1
	run joist run -d --name loud -m 32M --log-opt max-size=200k --log-opt max-file=2 --in rv --kernel "$W/flood"
	expect_status 0 "a loud guest"
	folder=$JOIST_ROOT/machines/loud
	until_ok 200 test -e "$folder/log.1" && ok "its log is cut" || not_ok "no second log: $(ls "$folder")"
	monitor=$(sed -n 's/.*"monitor": *\([0-9]*\).*/\1/p' "$folder/state.json")
	resident() { awk '/^VmRSS/ { print $2 }' "/proc/$monitor/status"; }
	before=$(resident) first=$(stat -c %i "$folder/log.1")
	# three more logs later
	for _ in 1 2 3; do
		until_ok 200 sh -c "[ \$(stat -c %i '$folder/log.1') != $first ]" || not_ok "it went silent"
		first=$(stat -c %i "$folder/log.1")
	done
	[ "$(cat "$folder"/log* | wc -c)" -lt 420000 ] && [ ! -e "$folder/log.2" ] && ok "and no longer than it may be" ||
		not_ok "logs: $(ls -l "$folder")"
	[ $(($(resident) - before)) -lt 2000 ] && ok "nothing piles up in memory" || not_ok "resident: $before KiB, then $(resident)"
	run joist pause loud
	expect_status 0 pause && ok "it can be paused"
	size=$(stat -c %s "$folder/log")
	run joist ps
	expect_has paused ps && [ "$(stat -c %s "$folder/log")" = "$size" ] && ok "then it is silent" || not_ok "it went on"
	joist resume loud >/dev/null
	until_ok 200 sh -c "[ \$(stat -c %s '$folder/log') != $size ]" && ok "and after it not" || not_ok "silent after resume"
	# who reads slowly slows it down, and nobody else
	joist attach --no-stdin loud 2>/dev/null | { sleep 2; head -c 1000 >/dev/null; }
	run timeout 100 joist inspect loud
	expect_status 0 inspect && ok "a slow reader holds nobody up"
	run timeout 100 joist stop -t 1 loud
	expect_status 0 stop && ok "it can be stopped"
	joist rm -f loud >/dev/null
else
	skip "no riscv64-linux-gnu-gcc"
fi

# -- disks that end too early ------------------------------------------------------------------
. "$TOP/test/hal/guest.lib"
guest initrd
boot() { # COMMANDS FLAGS...
	local what=$1
	shift
	run timeout 300 joist run --rm -m 256M --kernel "$kernel" --initrd "$initrd" --append "console=ttyS0 quiet panic=-1 run=$what" "$@"
}
joist disk new -f qcow2 "$W/whole.qcow2" 8M >/dev/null
head -c 4M /dev/urandom >"$W/noise" && joist --quiet disk convert -O qcow2 "$W/noise" "$W/full.qcow2"
head -c 300000 "$W/full.qcow2" >"$W/half.qcow2"
for n in 70 100; do
	head -c $n "$W/full.qcow2" >"$W/header.qcow2"
	boot true --disk "$W/header.qcow2"
	[ "$status" != 0 ] && [ "$status" != 124 ] && two_lines "$n bytes" && ok "$n bytes of an image are refused" || not_ok "$n bytes: $status"
done
run joist disk check "$W/half.qcow2"
[ "$status" != 0 ] && ok "disk check says what is lost" || not_ok "disk check: $out"
boot 'dd if=/dev/vda bs=64k count=1 2>/dev/null | md5sum; dd if=/dev/vda of=/dev/null bs=64k; echo alive $?; sync' --disk "$W/half.qcow2"
case $status in
0) expect_has "alive" "half an image" && ok "a guest with half an image sees errors and lives" ;;
124) not_ok "half an image: it hangs" ;;
*) two_lines "half an image" && ok "half an image is refused" ;;
esac

# a raw one becomes shorter while it is read
head -c 4M /dev/urandom >"$W/raw"
mkdir "$W/share"
cat >"$W/share/read" <<'END'
echo begins
until [ -e /data/go ]; do sleep 0.2; done
dd if=/dev/vda of=/dev/null bs=64k skip=32 count=4 iflag=direct 2>/dev/null
echo first $?
dd if=/dev/zero of=/dev/vda bs=64k seek=4 count=4 oflag=direct 2>/dev/null
echo second $?
dd if=/dev/vda of=/dev/null bs=64k count=4 iflag=direct 2>/dev/null
echo third $?
END
joist run -d --name shrinks -m 256M --kernel "$kernel" --initrd "$initrd" --disk "$W/raw" -v "$W/share:/data" \
	--append "console=ttyS0 quiet panic=-1 run=sh /data/read" >/dev/null
until_ok 200 sh -c 'joist logs shrinks | grep -q begins' || not_ok "no start: $(joist logs shrinks | tail -n 2)"
truncate -s 1M "$W/raw" && touch "$W/share/go"
run timeout 200 joist wait shrinks
expect_out 0 "a disk that shrinks" && run joist logs shrinks && expect_has "first 1" "what is gone" && expect_has "second 0" "a write" &&
	expect_has "third 0" "what is there" && ok "what is gone is an I/O error, all else is as it was"
joist rm -f shrinks >/dev/null
