#!/bin/bash
# timeout: 1200
# needs: joist
# Debian from a disk: its packages configure themselves at the first start, and it is there again
# at the next. The same kernel, from firmware and in QEMU where that is installed.
. "$(dirname "$0")/../lib.sh"
needs joist

guest=$TOP/build/guest
out=$("$TOP/tool/guest" disk "$guest" 2>&1)
case $? in
0) ;;
75) skip_all "no Debian to boot: ${out%%$'\n'*}" ;;
*) not_ok "tool/guest disk: $out"; exit 1 ;;
esac
kernel=$guest/vmlinux initrd=$guest/initrd.gz
e2fsck -fn "$guest/debian.img?offset=1048576" >"$W/e2fsck" 2>&1 && ok "the file system is sound" || not_ok "e2fsck: $(tail -n 2 "$W/e2fsck")"

# boot COMMANDS FLAGS...: run them in Debian; it powers off then
boot() {
	local what=$1
	shift
	run joist run --rm --kernel "$kernel" --initrd "$initrd" --append "console=ttyS0 quiet panic=-1 root=/dev/vda1 run=$what" "$@"
}
mkdir "$W/share" && echo outside >"$W/share/in"
cp --sparse=always "$guest/debian.img" "$W/disk"
boot 'dpkg --audit; echo wrong=$(dpkg -l | grep "^[a-z]" | grep -vc "^ii"); stat -c "%n %U:%G %a" /etc/shadow /usr/bin/su; cat /data/in; echo kept >/root/file; ls /lib/modules/*/modules.dep; apt-get check' \
	-v "$W/share:/data" --disk "$W/disk:rw"
expect_status 0 "first start" && expect_has "first start: packages are configured" "first start" &&
	expect_has "wrong=0" "first start" && ok "all packages are configured"
expect_has "/etc/shadow root:shadow 640" owners && expect_has "/usr/bin/su root:root 4755" owners && ok "owners and modes"
expect_has outside "a folder" && ok "a folder of the host in Debian"
expect_has modules.dep modules && ok "modules can be found"
boot 'cat /root/file; . /etc/os-release; echo "id=$ID"; perl -e "print 6 * 7"' --disk "$W/disk"
expect_status 0 "second start" && expect_has kept "second start" && expect_has id=debian "second start" && expect_has 42 "second start" &&
	ok "what was written is there at the next start"
case $out in
*"packages are configured"*) not_ok "configured twice" ;;
*) ok "configured once" ;;
esac
e2fsck -fn "$W/disk?offset=1048576" >"$W/e2fsck" 2>&1
[ $? -lt 4 ] && ok "the file system is sound after it" || not_ok "e2fsck after: $(tail -n 2 "$W/e2fsck")"

# firmware of the field below the same kernel: it takes the place of our own
line="console=ttyS0 panic=-1 run=dmesg | grep -i sbi; echo 6 times 7 is \$((6 * 7))"
firmware=
for f in /usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.{elf,bin} /usr/share/qemu/opensbi-riscv64-generic-fw_dynamic.bin; do
	[ ! -e "$f" ] || firmware="$firmware $f"
done
[ -n "$firmware" ] || skip "no OpenSBI here"
for f in $firmware; do
	run joist run --rm --firmware "$f" --kernel "$kernel" --initrd "$initrd" --cpus 2 --append "$line"
	expect_status 0 "$f" && expect_has "times 7 is 42" "$f" && expect_has OpenSBI "$f" && ok "with $f"
done
if command -v qemu-system-riscv64 >/dev/null; then
	run timeout 300 qemu-system-riscv64 -M virt -m 512M -nographic -no-reboot -kernel "$kernel" -initrd "$initrd" -append "$line"
	expect_status 0 qemu && expect_has "times 7 is 42" qemu && ok "QEMU agrees"
else
	skip "no qemu-system-riscv64 to compare with"
fi
no_leaks "no processes left"
