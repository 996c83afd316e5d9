#!/bin/bash
# timeout: 1200
# parallel
# needs: joist
# A computer as one file: its disks and snapshots go along, what its host gave it does not.
. "$(dirname "$0")/../lib.sh"
needs joist

[ -e "$JOIST_LIBEXEC/joist-agent.riscv64" ] || skip_all "this build has no agent for riscv64: there is no compiler for it"
. "$TOP/test/hal/guest.lib"
guest initrd
elsewhere() { joist --root "$W/elsewhere" "$@"; }

joist disk new "$W/system.qcow2" 16M >/dev/null
truncate -s 8M "$W/raw" && mkdir "$W/share" && echo mine >"$W/share/file"
cp "$W/raw" "$W/raw.before"
joist run -d --name box --kernel "$kernel" --initrd "$initrd" -m 256M --disk "$W/system.qcow2" --disk "$W/raw" \
	-v "$W/share:/data" --append "console=ttyS0 quiet" >/dev/null
until_ok 200 joist exec box true || not_ok "no agent: $(joist logs box | tail -n 2)"
run joist exec box sh -c 'echo first >/dev/vda; echo second >/dev/vdb; sync; echo in memory >/tmp/x; cat /data/file'
expect_status 0 before && expect_has mine before
joist snapshot box@one >/dev/null
run joist exec box sh -c 'echo later >/dev/vda; sync'
run joist export -o "$W/box.tar" box
expect_status 125 "export of one that runs" && expect_err "joist stop box" "export of one that runs" && two_lines "export of one that runs" &&
	[ ! -e "$W/box.tar" ] && ok "one that runs is not exported"
joist snapshot box@two >/dev/null
joist exec box sh -c 'echo last >/dev/vda; sync'
joist stop -t 1 box >/dev/null
run joist export -o "$W/box.tar" box
expect_status 0 export && ok "export"
cmp -s "$W/raw" "$W/raw.before" && ok "images stay as they were" || not_ok "the image was changed"

# elsewhere nothing of this place is there any more
joist rm -f box >/dev/null
rm -r "$W/system.qcow2" "$W/raw" "$W/share"
run elsewhere import "$W/box.tar"
expect_status 0 import && expect_has box import && expect_err "folders of its host" import && ok "import, and what is left behind is said"
run elsewhere import "$W/box.tar"
expect_status 125 "a name that is taken" && expect_err "joist import FILE NAME" "a name that is taken" && ok "a name that is taken"
run sh -c 'joist --root "$0/elsewhere" import - twin <"$0/box.tar"' "$W"
expect_status 0 "import of a stream" && expect_has twin "import of a stream" && ok "from a stream, under another name"
expect_in() { # MACHINE TEXT COMMAND
	run elsewhere exec "$1" sh -c "$3"
	expect_status 0 "$3" && expect_has "$2" "$3"
}
elsewhere start box >/dev/null && until_ok 200 elsewhere exec box true
expect_in box last 'head -c 5 /dev/vda' && expect_in box second 'head -c 6 /dev/vdb' && ok "its disks are as they were last"
elsewhere rm -f box >/dev/null
for s in one:first two:later; do
	elsewhere restore "twin@${s%:*}" >/dev/null && until_ok 60 elsewhere exec twin true
	expect_in twin "in memory" 'cat /tmp/x' && expect_in twin "${s#*:}" 'echo 3 >/proc/sys/vm/drop_caches; head -n 1 /dev/vda' &&
		ok "its snapshot ${s%:*}, and the disk of that time"
	run elsewhere exec twin ls -A /data
	expect_out "" "a folder" && ok "a folder of the old host is an empty one"
	elsewhere stop -t 1 twin >/dev/null
done
elsewhere rm -f twin >/dev/null

# -- files that others made
mkdir "$W/x" && tar -xf "$W/box.tar" -C "$W/x"
# refused NAME TEXT: a file with this change is not imported, and nothing is left
refused() {
	tar -cf "$W/bad.tar" -C "$W/x" joist-machine.json --exclude=./joist-machine.json .
	run elsewhere import "$W/bad.tar" bad
	expect_status 125 "$1" && expect_err "$2" "$1" && two_lines "$1" && [ ! -e "$W/elsewhere/machines/bad" ] && ok "$1"
}
edit() { sed "$1" "$W/x/joist-machine.json" >"$W/edited" && cp "$W/x/joist-machine.json" "$W/saved" && cp "$W/edited" "$W/x/joist-machine.json"; }
back() { cp "$W/saved" "$W/x/joist-machine.json"; }
edit 's|"dev.joist.rv.kernel": "kernel"|"dev.joist.rv.kernel": "/etc/passwd"|'
refused "a kernel of this host" "a file is missing"
back; edit 's|"joist-machine": 1|"joist-machine": 2|'
refused "a newer form" "newer Joist"
back; edit 's|image0|../image0|'
refused "a disk of this host" "a disk is missing"
back; edit 's|"rv"|"os"|'
refused "no computer" "it is no computer"
back
ln -s /etc/passwd "$W/x/snap/link"
refused "a link" "it holds more than files"
rm "$W/x/snap/link"
cp "$W/x/disk0.2.qcow2" "$W/kept"
joist disk new -f qcow2 -b /etc/passwd "$W/evil.qcow2" >/dev/null
cp "$W/evil.qcow2" "$W/x/disk0.2.qcow2"
refused "a layer that stands on a file of this host" "does not stand on"
cp "$W/kept" "$W/x/disk0.2.qcow2"
cp "$W/x/image0" "$W/kept" && cp "$W/evil.qcow2" "$W/x/image0"
refused "an image that stands on a file of this host" "stands on"
cp "$W/kept" "$W/x/image0"
printf 'x' | dd of="$W/x/disk0.1.qcow2" conv=notrunc status=none
refused "a layer that is none" "qcow2"
head -c 100000 "$W/box.tar" >"$W/short.tar"
run elsewhere import "$W/short.tar" bad
expect_status 125 short && two_lines short && [ ! -e "$W/elsewhere/machines/bad" ] && ok "half a file"
[ -z "$(ls "$W/elsewhere/layers")" ] && ok "no temporary folders are left" || not_ok "left: $(ls "$W/elsewhere/layers")"
no_leaks "no processes left"
