#!/bin/bash
# timeout: 1800
# parallel
# needs: joist
# What stands below a system: U-Boot takes Linux from a disk, alone and above OpenSBI, EDK2 does
# from flash memory; and guests that reset for ever.
. "$(dirname "$0")/../lib.sh"
needs joist

# -- resets ------------------------------------------------------------------------------
for cc in riscv64-unknown-elf-gcc riscv64-linux-gnu-gcc none; do
	has "$cc" && break
done
if [ "$cc" != none ] && "$cc" -nostdlib -nostartfiles -static -no-pie -march=rv64gc -mabi=lp64d -mcmodel=medany \
	-Wl,-Ttext=0x80200000,--build-id=none -o "$W/resets" "$TOP/test/hal/reset_guest.S"; then
	run timeout 120 joist run --rm --no-reboot "$W/resets"
	expect_status 0 --no-reboot && expect_out R --no-reboot && ok "--no-reboot: a reset ends the machine"

	joist run -d --name resets "$W/resets" >/dev/null
	lives() { joist logs resets 2>/dev/null | grep -c R; }
	lived() { [ "$(lives)" -gt "$1" ]; }
	until_ok 200 sh -c 'joist logs resets 2>&1 | grep -q "again and again"' && ok "it resets again and again" ||
		not_ok "nothing said: $(joist logs resets 2>&1 | tail -n 3)"
	before=$(lives) start=${EPOCHREALTIME/./}
	[ "$before" -ge 10 ] && ok "ten lives as fast as they come" || not_ok "$before lives"
	until_ok 60 lived $((before + 2)) || not_ok "it does not begin again: $(lives) lives"
	after=$(lives) took=$((${EPOCHREALTIME/./} - start))
	# one may have been about to begin, and one may begin while we look
	[ $((after - before)) -le $((took / 1000000 + 2)) ] && ok "then no more than one a second" || not_ok "$((after - before)) lives in $took us"
	[ "$(joist logs resets 2>&1 | grep -c again)" = 1 ] && ok "said once" || not_ok "said $(joist logs resets 2>&1 | grep -c again) times"
	# in the middle of such a wait it can be put to rest, and ended
	run joist pause resets
	expect_status 0 pause && before=$(lives)
	sleep 1.5
	[ "$(lives)" = "$before" ] && ok "paused while it waits" || not_ok "it went on while paused"
	run joist resume resets
	until_ok 60 lived "$before" && ok "and resumed" || not_ok "no life after resume"
	run joist kill -s TERM resets
	expect_status 0 kill
	run timeout 60 joist wait resets
	[ "$status" -lt 124 ] || [ "$status" -gt 127 ] && ok "ended while it waits" || not_ok "it did not end: status $status"
	run joist rm -f resets
else
	skip "no compiler for RISC-V"
fi

# -- nothing to begin with -----------------------------------------------------------------
uboot=/usr/lib/u-boot/qemu-riscv64_smode/u-boot.bin
truncate -s 4M "$W/blank"
printf '\x55\xaa' | dd of="$W/blank" bs=1 seek=510 conv=notrunc status=none
none() {
	expect_err "U-Boot is not installed" "$1" && expect_err u-boot-qemu "$1" && expect_status 126 "$1" &&
		two_lines "$1" && ok "$1"
}
if [ -d /usr/lib/u-boot ]; then
	if unshare -rm true 2>/dev/null; then
		hidden() { run unshare -rm sh -c 'mount -t tmpfs none /usr/lib/u-boot && exec "$@"' - "$@"; }
	else
		hidden() { return 1; }
	fi
else
	hidden() { run "$@"; }
fi
if hidden joist create "$W/blank"; then
	none "without U-Boot a disk alone is refused"
	hidden joist create --disk "$W/blank:ro"
	none "by its flag as well"
else
	skip "U-Boot cannot be hidden here"
fi

# -- U-Boot --------------------------------------------------------------------------------
[ -e "$uboot" ] || skip_all "no U-Boot here: install the package u-boot-qemu"
. "$TOP/test/hal/guest.lib"
guest ready
expect_what() {
	run joist what "$1"
	expect_has "$2" what && expect_has "floor rv" what && ok "what: $2"
}
expect_what "$uboot" U-Boot
expect_what "$image" "disk image"
truncate -s 4M "$W/plain" && mke2fs -q -F -t ext4 "$W/plain" && expect_what "$W/plain" "ext file system"

# appends FILE TEXT: what U-Boot gives the kernel from this disk
appends() {
	local disk="$1?offset=1048576" conf=/boot/extlinux/extlinux.conf
	debugfs -R "cat $conf" "$image?offset=1048576" 2>/dev/null | sed "s#append .*#append console=ttyS0 quiet panic=-1 $2#" >"$W/conf"
	debugfs -w -R "rm $conf" "$disk" >"$W/debugfs" 2>&1 && debugfs -w -R "write $W/conf $conf" "$disk" >>"$W/debugfs" 2>&1 ||
		not_ok "debugfs: $(tail -n 1 "$W/debugfs")"
}
cp --sparse=always "$ready" "$W/disk"
appends "$W/disk" 'run=nproc; echo from `uname -m`; cat /sys/class/block/vda1/start'
# boots NAME FLAGS...: as far as the initial RAM disk
boots() {
	local name=$1
	shift
	run timeout 400 joist run --rm "$@"
	expect_status 0 "$name" && expect_has "U-Boot 20" "$name" && expect_has "from riscv64" "$name" && expect_has 2048 "$name" && ok "$name"
}
boots "U-Boot, from the built-in SBI" --kernel "$uboot" --disk "$W/disk"
boots "a disk alone" "$W/disk"
boots "a disk by its flag, of two harts" --disk "$W/disk:ro" --cpus 2
expect_has $'\n2\r' "two harts"
before=$(sha256sum <"$W/disk")
boots "a disk that is named twice is one" "$W/disk" --disk "$W/disk:rw" --no-reboot
case $out in *"Device 1: 1af4"*) not_ok "two disks" ;; esac

found=
for f in /usr/lib/riscv64-linux-gnu/opensbi/generic/fw_{dynamic,jump}.{bin,elf}; do
	[ -e "$f" ] || continue
	found=1
	boots "U-Boot above ${f##*/}" --firmware "$f" --kernel "$uboot" --disk "$W/disk"
	expect_has OpenSBI "$f"
done
[ -n "$found" ] || skip "no OpenSBI here"
[ "$(sha256sum <"$W/disk")" = "$before" ] && ok "who only reads leaves the disk as it is" || not_ok "the disk was changed"

# all the way up
appends "$W/disk" 'root=/dev/vda1 run=. /etc/os-release; echo id is \\${ID}; df / | tail -n 1'
run timeout 500 joist run --rm "$W/disk"
expect_status 0 "Debian from its disk" && expect_has "id is debian" "Debian from its disk" && expect_has /dev/vda1 "Debian from its disk" && ok "Debian from its disk alone"

# -- EDK2 from flash memory: its shell begins Linux as a program, from a FAT file system ----
run joist create --flash "$W/none" "$W/disk"
expect_err "flash '$W/none'" "no such flash" && expect_status 127 "no such flash" && two_lines "no such flash" && ok "no such flash"
efi=${EFI:-/usr/share/qemu-efi-riscv64}
if [ ! -e "$efi/RISCV_VIRT_CODE.fd" ]; then
	efi=$GUEST
	run flock "$GUEST/lock" "$TOP/tool/guest" efi "$efi"
	[ "$status" = 75 ] && skip_all "no EDK2: ${err%%$'\n'*}"
	expect_status 0 "tool/guest efi" || exit 1
fi
has qemu-img || skip_all "no qemu-img to make a FAT file system"
mkdir "$W/fat" && cp "$kernel" "$W/fat/vmlinux.efi" && cp "$initrd" "$W/fat/initrd.gz"
printf 'fs0:\r\n%s\r\n' 'vmlinux.efi initrd=initrd.gz console=ttyS0 quiet panic=-1 run=echo from `uname -m`; ls /sys/firmware/efi' >"$W/fat/startup.nsh"
qemu-img convert -O raw "fat:fat-type=16:$W/fat" "$W/fat.img" || skip_all "qemu-img makes no FAT file system"
before=$(sha256sum <"$efi/RISCV_VIRT_VARS.fd")
run timeout 600 joist run --name efi --flash "$efi/RISCV_VIRT_CODE.fd:ro" --flash "$efi/RISCV_VIRT_VARS.fd" --disk "$W/fat.img"
expect_status 0 EDK2 && expect_has "UEFI Interactive Shell" EDK2 && expect_has "from riscv64" EDK2 && expect_has systab EDK2 && ok "EDK2 from flash, and Linux from EDK2"
[ -s "$JOIST_ROOT/machines/efi/flash1" ] && [ ! -e "$JOIST_ROOT/machines/efi/flash0" ] && [ "$(sha256sum <"$efi/RISCV_VIRT_VARS.fd")" = "$before" ] &&
	ok "its settings are kept in the machine's folder" || not_ok "flash: $(ls "$JOIST_ROOT/machines/efi")"
run joist rm efi
no_leaks "no processes left"
