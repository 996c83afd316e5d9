#!/bin/bash
# parallel
# Disk images, and the same images under qemu-img where it is there.
. "$(dirname "$0")/../lib.sh"
[ -x "$JOIST_BUILD/joist" ] || skip_all "no joist"
cd "$W" || exit 1

# -- by ourselves -------------------------------------------------------------------
run joist disk new a.img 3M
expect_out "a.img: raw, 3.0M" "disk new" && ok "disk new makes a raw image"
run joist disk new a.qcow2 10G
expect_out "a.qcow2: qcow2, 10G" "disk new" && ok "its name can say the format"
run joist disk new --format qcow2 --backing a.img --backing-format raw over
expect_out "over: qcow2, 3.0M" "disk new --backing" && ok "--backing takes the size of what is below"
run joist disk info --backing-chain over
expect_has "backing file: a.img" "disk info" && expect_has "file format: raw" "disk info" && ok "disk info --backing-chain"
check "disk info --json" sh -c 'joist disk info --json over | python3 -c "
import json, sys
o = json.load(sys.stdin)
assert o[\"virtual-size\"] == 3 << 20 and o[\"format\"] == \"qcow2\" and o[\"backing-filename\"] == \"a.img\", o
assert o[\"format-specific\"][\"data\"][\"refcount-bits\"] == 16, o"'
check "disk info --output json" sh -c 'joist disk info --output=json over | grep -q virtual-size'

run joist disk check a.qcow2
expect_has "No errors" "disk check" && ok "disk check"
run joist disk check a.img
expect_status 63 "disk check of a raw image" && two_lines "disk check of a raw image" && ok "a raw image cannot be checked"

run joist disk resize a.img +1M
expect_out "a.img: raw, 4.0M" "disk resize" && ok "disk resize makes it longer"
run joist disk resize a.img -2M
expect_status 125 "resize" && two_lines "resize" && expect_err shrink "resize" && ok "but not shorter unasked"
run joist disk resize --shrink a.img -2M
expect_out "a.img: raw, 2.0M" "disk resize --shrink" && ok "disk resize --shrink"

for words in "disk" "disk nwe a 1G" "disk new b.img" "disk new b.img 1X" "disk new -f vmdk b.img 1G" \
	"disk new --option cluster_size=3 -f qcow2 b.img 1G" "disk new -o colour=red -f qcow2 b.img 1G" \
	"disk new -b missing b.img" "disk info missing" "disk info ." "disk convert a.img a.img" \
	"disk convert -c -O raw a.img b.img" "disk snapshot -c one a.img" "disk snapshot -d none a.qcow2" \
	"disk check -r some a.qcow2" "disk resize a.img much" "disk new -f raw -b a.img b.img"; do
	# shellcheck disable=SC2086
	run joist $words
	expect_status 125 "joist $words" && two_lines "joist $words" && ok "refused: joist $words"
done
run joist disk --help
expect_has "joist disk convert" "disk --help" && ok "disk --help"

# what goes around comes around
head -c 5000000 /dev/urandom >noise && truncate -s 20M noise
printf x | dd of=noise bs=1 seek=15000001 conv=notrunc status=none
truncate -s +700 noise
for how in "" "-c" "-o cluster_size=512" "-c -o cluster_size=2M,compression_type=zstd" "-o compat=0.10" \
	"-c -o compression_type=zstd" "-o preallocation=metadata" "-o lazy_refcounts=on,refcount_bits=1" "-S 0"; do
	# shellcheck disable=SC2086
	run joist --quiet disk convert -f raw -O qcow2 $how noise there
	expect_out "" "convert $how"
	run joist disk check there
	expect_has "No errors" "convert $how"
	joist --quiet disk convert --output-format raw there back && cmp noise back && ok "there and back: convert $how" || not_ok "convert $how"
done
[ "$(stat -c %b back)" -lt 12000 ] && ok "holes stay holes" || not_ok "holes stay holes: $(stat -c %b back) blocks"
joist --quiet disk convert -O qcow2 noise small && joist --quiet disk convert --compress -O qcow2 --sparse 64K <(:) x 2>/dev/null && not_ok "a pipe is no disk"
run joist disk convert --progress -O qcow2 noise there
expect_err "100%" "--progress" && ok "convert --progress"

# a copy onto something else
joist --quiet disk new -b noise -F raw top.qcow2
joist --quiet disk convert -O qcow2 --backing noise -F raw top.qcow2 thin && joist --quiet disk convert -O raw thin back &&
	cmp noise back && [ "$(stat -c %s thin)" -lt 1000000 ] && ok "convert --backing copies only what is its own" || not_ok "convert --backing"
truncate -s 21M target && joist --quiet disk convert --no-create noise target && cmp -n 20972220 noise target &&
	[ "$(stat -c %s target)" = $((21 << 20)) ] && ok "convert --no-create" || not_ok "convert --no-create"

# -- beside the other ---------------------------------------------------------------------
has qemu-img && has qemu-io || {
	skip "the images of others: no qemu-img"
	exit 0
}
qcheck() { qemu-img check -q "$1" >"$W/.q" 2>&1 || { not_ok "$2: $(head -n 3 "$W/.q" | tr '\n' ';')"; return 1; }; }
same() { qemu-img compare -q "$1" "$2" || { not_ok "$3: the contents differ"; return 1; }; }
# ours equals theirs: joist reads FILE as qemu-img does
reads() {
	qemu-img convert -O raw "$1" theirs.raw && joist --quiet disk convert -O raw "$1" ours.raw &&
		cmp theirs.raw ours.raw && ok "reads: $2" || not_ok "reads: $2"
	joist disk check "$1" >/dev/null || not_ok "disk check of: $2"
}
scribble() { qemu-io -f qcow2 -c "write -P 1 0 100k" -c "write -P 2 1M 3M" -c "write -z 2M 200k" -c "write -P 3 7000000 5000" \
	-c "discard 3M 128k" -c "write -z -u 3500k 64k" -c "write -P 4 9M 1M" "$1" >/dev/null; }

for o in compat=1.1 compat=0.10 cluster_size=512 cluster_size=2M refcount_bits=1 refcount_bits=64 \
	lazy_refcounts=on preallocation=metadata compression_type=zstd; do
	qemu-img create -q -f qcow2 -o "$o" q.qcow2 12M && scribble q.qcow2
	reads q.qcow2 "$o"
	qemu-img convert -c -O qcow2 -o "${o/refcount_bits=1*/refcount_bits=16}" noise q.qcow2 2>/dev/null && reads q.qcow2 "compressed, $o"
done

# chains, by relative names and without a format
mkdir -p deep && qemu-img create -q -f qcow2 deep/base.qcow2 5M && qemu-io -c "write -P 9 0 4M" deep/base.qcow2 >/dev/null
qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 deep/mid.qcow2 8M && qemu-io -c "write -P 8 3M 4M" -c "write -z 1M 64k" deep/mid.qcow2 >/dev/null
qemu-img create -q -f qcow2 -b "$W/deep/mid.qcow2" -F qcow2 top.qcow2 12M && scribble top.qcow2
reads top.qcow2 "three images on each other"
qemu-img rebase -q -u -b "" deep/base.qcow2
qemu-img rebase -q -u -b mid.qcow2 -F qcow2 deep/base.qcow2
run joist disk convert -O raw top.qcow2 back
expect_status 125 "a loop" && two_lines "a loop" && ok "images in a circle are refused"

# ours, to them
for o in compat=1.1 compat=0.10 cluster_size=512 cluster_size=2M refcount_bits=1 refcount_bits=64 \
	lazy_refcounts=on preallocation=metadata preallocation=falloc preallocation=full; do
	joist --quiet disk new -f qcow2 -o "$o" o.qcow2 12M && qcheck o.qcow2 "new -o $o" && scribble o.qcow2 &&
		qcheck o.qcow2 "new -o $o" && ok "makes: $o"
	reads o.qcow2 "ours after theirs, $o"
done
for how in "" "-c" "-c -o compression_type=zstd" "-c -o cluster_size=512" "-c -o cluster_size=2M" "-o compat=0.10" "-c -o refcount_bits=1"; do
	# shellcheck disable=SC2086
	joist --quiet disk convert -O qcow2 $how noise o.qcow2 && qcheck o.qcow2 "convert $how" && same noise o.qcow2 "convert $how" && ok "writes: convert $how"
done
joist --quiet disk new -b noise -F raw o.qcow2 && qemu-img info o.qcow2 | grep -q "backing file: noise" && same noise o.qcow2 "backing" && ok "writes: an image on another"

# snapshots, made by one and used by the other
joist --quiet disk new -f qcow2 -o cluster_size=4K s.qcow2 12M
scribble s.qcow2 && qemu-img convert -O raw s.qcow2 one.raw
joist disk snapshot --create one s.qcow2 && qcheck s.qcow2 "snapshot -c"
qemu-io -c "write -P 77 0 6M" s.qcow2 >/dev/null && qcheck s.qcow2 "write after snapshot -c" && qemu-img convert -O raw s.qcow2 two.raw
qemu-img snapshot -c two s.qcow2
qemu-io -c "write -P 78 2M 1M" -c "discard 4M 1M" s.qcow2 >/dev/null
run joist disk snapshot --list s.qcow2
expect_has one "snapshot -l" && expect_has two "snapshot -l" && ok "disk snapshot lists those of both"
joist --quiet disk convert -O raw --snapshot one s.qcow2 back && cmp back one.raw && ok "convert --snapshot" || not_ok "convert --snapshot"
joist disk snapshot --apply two s.qcow2 && qcheck s.qcow2 "snapshot -a" && same two.raw s.qcow2 "snapshot -a" && ok "disk snapshot --apply"
qemu-img snapshot -a one s.qcow2 && same one.raw s.qcow2 "their apply" && ok "theirs applies ours"
joist disk snapshot --delete one s.qcow2 && qcheck s.qcow2 "snapshot -d" && same one.raw s.qcow2 "snapshot -d" && ok "disk snapshot --delete"
qemu-img snapshot -d two s.qcow2 && qcheck s.qcow2 "their delete" && joist disk check s.qcow2 >/dev/null && ok "theirs removes what both made"
joist disk snapshot -c last s.qcow2 && joist --quiet disk resize s.qcow2 20M && qcheck s.qcow2 "resize with a snapshot" &&
	joist disk snapshot -a last s.qcow2 && same one.raw s.qcow2 "back to the old size" && qcheck s.qcow2 "back to the old size" && ok "a snapshot knows how long the disk was"

# resize
joist --quiet disk resize o.qcow2 100G && qcheck o.qcow2 "resize" && joist --quiet disk resize --shrink o.qcow2 1M && qcheck o.qcow2 "resize --shrink" &&
	joist --quiet disk resize o.qcow2 30M && qcheck o.qcow2 "resize" && joist --quiet disk convert -O raw o.qcow2 back &&
	cmp -n 1048576 back noise && cmp -n 30408704 -i 1048576:0 back /dev/zero && ok "what comes after the end is zeros" || not_ok "what comes after the end is zeros"

# damage
damage() { printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }
field() { od -An -j "$2" -N 8 --endian=big -tu8 "$1" | tr -d ' '; }
qemu-img create -q -f qcow2 d.qcow2 12M && scribble d.qcow2 && qemu-img convert -O raw d.qcow2 d.raw && cp d.qcow2 good.qcow2
block=$(field d.qcow2 "$(field d.qcow2 48)")
damage d.qcow2 $((block + 200)) '\0\7'
run joist disk check d.qcow2
expect_status 3 "a leak" && ok "a leak is found"
joist disk check --repair leaks d.qcow2 >/dev/null && qcheck d.qcow2 "repaired leak" && ok "and repaired"
damage d.qcow2 $((block + 12)) '\0\0'
run joist disk check d.qcow2
expect_status 2 "a count of 0" && ok "a cluster in use that counts as free is found"
joist disk check --repair all d.qcow2 >/dev/null && qcheck d.qcow2 "repaired count" && same d.raw d.qcow2 "repaired count" && ok "and repaired"
damage d.qcow2 48 '\0\0\0\0\77\0\0\0'
run joist disk check d.qcow2
expect_status 2 "no refcount table" && joist disk check -r all d.qcow2 >/dev/null && qcheck d.qcow2 "no refcount table" &&
	same d.raw d.qcow2 "no refcount table" && ok "a refcount table that is lost is made anew"
cp good.qcow2 d.qcow2
l2=$(($(field d.qcow2 "$(field d.qcow2 40)") & 0xfffffffffffe00))
damage d.qcow2 $l2 '\200\0\177\0\0\0\0\0'
run joist disk convert -O raw d.qcow2 back
expect_status 125 "a cluster outside of the file" && ok "a cluster outside of the file is not read"
run joist disk check d.qcow2
expect_status 2 "a cluster outside of the file" && joist disk check -r all d.qcow2 >/dev/null && qcheck d.qcow2 "outside" && ok "but repaired"
damage d.qcow2 79 '\2'
run joist disk check d.qcow2
expect_status 0 "marked as corrupt" && joist disk check -r all d.qcow2 >/dev/null && qemu-io -c "write 0 4k" d.qcow2 >/dev/null && ok "the mark of corruption goes with it"

# left open: the counts are not to be trusted and are made anew
for compat in 1.1 0.10; do
	[ $compat = 1.1 ] && lazy=,lazy_refcounts=on || lazy=
	qemu-img create -q -f qcow2 -o compat=$compat$lazy,cluster_size=4K l.qcow2 12M
	{ qemu-io -c "write -P 5 0 3M" -c "write -P 6 7M 1M" -c flush -c abort l.qcow2; } >/dev/null 2>&1
	qemu-img convert -O raw l.qcow2 l.raw
	[ -z "$lazy" ] || { run joist disk info l.qcow2 && expect_has "cleanly shut down: no" "left open"; }
	joist disk snapshot -c now l.qcow2 && qcheck l.qcow2 "left open, $compat" && same l.raw l.qcow2 "left open, $compat" &&
		run joist disk info l.qcow2 && ! grep -q "shut down" .out && ok "an image that was left open, $compat"
done
# a count of one bit cannot count a snapshot
joist --quiet disk new -f qcow2 -o refcount_bits=1 n.qcow2 12M && scribble n.qcow2 && qemu-img convert -O raw n.qcow2 n.raw
run joist disk snapshot -c one n.qcow2
expect_status 125 "counts of one bit" && two_lines "counts of one bit" && qcheck n.qcow2 "counts of one bit" && same n.raw n.qcow2 "counts of one bit" &&
	joist disk check n.qcow2 >/dev/null && ok "a snapshot that cannot be leaves the image as it was"

# what cannot be
qemu-img create -q -f qcow2 -o data_file=ext.raw e.qcow2 1M
qemu-img create -q -f qcow2 -o extended_l2=on x.qcow2 1M
qemu-img create -q -f qcow2 --object secret,id=s,data=abc -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10 c.qcow2 1M
for f in e.qcow2 x.qcow2 c.qcow2; do
	[ -e $f ] || continue
	run joist disk info $f
	expect_status 125 "$f" && two_lines "$f" && ok "refused: $(sed -n 's/^joist: //p' .err)"
done

# locks
mkfifo hold
qemu-io good.qcow2 <hold >/dev/null & own $!
exec 5>hold
until_ok 60 sh -c '! joist disk info good.qcow2' || not_ok "no lock was seen"
run joist disk info good.qcow2
expect_status 125 "an image in use" && expect_err "in use" "an image in use" && ok "an image that is being written is left alone"
check "but can be looked at with --force-share" joist disk info --force-share good.qcow2
exec 5>&-
wait
run joist disk info good.qcow2
expect_status 0 "afterwards" && ok "and afterwards is free"
