#!/bin/bash
# timeout: 900
# parallel
# needs: joist
# The host's disk is full while a computer writes to its own: it waits, and nothing is lost.
. "$(dirname "$0")/../lib.sh"
needs joist

. "$TOP/test/hal/guest.lib"
guest initrd
mkdir "$W/small" "$W/share"
mount -t tmpfs -o size=32m tmpfs "$W/small" 2>/dev/null || skip_all "no tmpfs may be mounted here"
small() { joist --root "$W/small/store" "$@"; }
export -f small
export W
head -c 28M /dev/zero >"$W/small/filler"
truncate -s 64M "$W/blank"
cat >"$W/share/write" <<'END'
dd if=/dev/urandom of=/bytes bs=64k count=128 2>/dev/null
echo begins
dd if=/bytes of=/dev/vda bs=64k conv=fsync 2>&1 && echo written
dd if=/dev/vda bs=64k count=128 iflag=direct 2>/dev/null | cmp - /bytes && echo same
END
small run -d --name full --kernel "$kernel" --initrd "$initrd" -m 256M \
	--disk "$W/blank" -v "$W/share:/data" --append "console=ttyS0 quiet panic=-1 run=sh /data/write" >/dev/null
until_ok 200 bash -c 'small ps -a | grep -q paused' && ok "a full disk pauses the machine" ||
	not_ok "it is not paused: $(small ps -a) $(small logs full | tail -n 3)"
run small logs full
expect_err "disk 'disk0': No space left on device" log && expect_err "joist resume full" log && ok "with a message of two lines"
run small ps
expect_has "No space left" ps && ok "which ps has too"
run small events
expect_has stuck events && expect_has "No space left" events && ok "and events"
run small resume full
expect_status 0 "resume while it is full"
until_ok 60 bash -c 'small ps -a | grep -q paused' && ok "still full, it is paused again" || not_ok "$(small ps -a)"
rm "$W/small/filler"
run small resume full
expect_status 0 resume
until_ok 60 bash -c 'small logs full | grep -q same' && ok "with room it goes on, and the guest noticed nothing" ||
	not_ok "after resume: $(small ps -a) $(small logs full | tail -n 3)"
small logs full 2>&1 | grep -qi "I/O error" && not_ok "the guest saw an error" || ok "no I/O error in the guest"
run small wait full
expect_out 0 wait && ok "and it ends well"
run small rm full
expect_status 0 rm
umount "$W/small"
