#!/bin/bash
# timeout: 1800
# parallel
# needs: joist
# Debian from a disk: its packages configure themselves at the first start, and it is there again
# at the next. The same kernel, from firmware and in QEMU where that is installed.
. "$(dirname "$0")/../lib.sh"
needs joist

. "$TOP/test/hal/guest.lib"
guest again
expect_has "first start: packages are configured" "first start" && ok "packages are configured at the first start"
e2fsck -fn "$image?offset=1048576" >"$W/e2fsck" 2>&1 && ok "the file system is sound" || not_ok "e2fsck: $(tail -n 2 "$W/e2fsck")"

# boot COMMANDS FLAGS...: run them in Debian; it powers off then
boot() {
	local what=$1
	shift
	run joist run --rm --kernel "$kernel" --initrd "$initrd" --append "console=ttyS0 quiet panic=-1 root=/dev/vda1 run=$what" "$@"
}
mkdir "$W/share" && echo outside >"$W/share/in"
cp --sparse=always "$ready" "$W/disk"
boot 'dpkg --audit; echo wrong=$(dpkg -l | grep "^[a-z]" | grep -vc "^ii"); stat -c "%n %U:%G %a" /etc/shadow /usr/bin/su; cat /data/in; echo kept >/root/file; ls /lib/modules/*/modules.dep; apt-get check' \
	-v "$W/share:/data" --disk "$W/disk:rw"
expect_status 0 "second start" && expect_has "wrong=0" "second start" && ok "all packages are configured"
expect_has "/etc/shadow root:shadow 640" owners && expect_has "/usr/bin/su root:root 4755" owners && ok "owners and modes"
expect_has outside "a folder" && ok "a folder of the host in Debian"
expect_has modules.dep modules && ok "modules can be found"
boot 'cat /root/file; . /etc/os-release; echo "id=$ID"; perl -e "print 6 * 7"' --disk "$W/disk"
expect_status 0 "third start" && expect_has kept "third start" && expect_has id=debian "third start" && expect_has 42 "third start" &&
	ok "what was written is there at the next start"
case $out in
*"packages are configured"*) not_ok "configured twice" ;;
*) ok "configured once" ;;
esac
e2fsck -fn "$W/disk?offset=1048576" >"$W/e2fsck" 2>&1
[ $? -lt 4 ] && ok "the file system is sound after it" || not_ok "e2fsck after: $(tail -n 2 "$W/e2fsck")"

# to a login on its console, with harts that are many
cat >"$W/login.py" <<'END'
import os, pty, select, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execvp("joist", ["joist", "run", "-it", "--rm", *sys.argv[1:]])
seen = b""
def until(text):
    global seen
    end = time.time() + 300
    while text not in seen:
        if time.time() > end:
            sys.exit("no " + text.decode() + " in " + repr(seen[-500:]))
        if select.select([fd], [], [], 1)[0]:
            seen += os.read(fd, 4096)
    seen = seen[seen.index(text) + len(text):]
until(b"debian login: ")
os.write(fd, b"root\n")
until(b"# ")
os.write(fd, b"echo $(id -un) has $(nproc) at $(tty)\n")
until(b"root has " + sys.argv[2].encode() + b" at /dev/ttyS0")
os.write(fd, b"sync; busybox poweroff -f\n")
try:
    while os.read(fd, 4096):
        pass
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
for n in 1 2 4; do
	run python3 "$W/login.py" --cpus $n --kernel "$kernel" --initrd "$initrd" --append "console=ttyS0 quiet root=/dev/vda1" --disk "$ready"
	expect_status 0 "a login with $n harts" && ok "a login with $n harts"
done

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
