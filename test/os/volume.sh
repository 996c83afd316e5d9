#!/bin/bash
# parallel
# Volumes, and links in a root folder that try to lead out of it.
. "$(dirname "$0")/../lib.sh"
needs joist root

mkdir -p "$W/out" "$W/vol" && echo host >"$W/out/f" && echo volume >"$W/vol/f"

# A root folder is the guest's to prepare: every place inside may be a link.
ln -s "$W/out" "$ROOTFS/abs"
ln -s "../../../../../../../../../../..$W/out" "$ROOTFS/rel"
for l in abs rel; do
	run joist run --rm -v "$W/vol:/$l/deep/er" "$ROOTFS" cat "/$l/deep/er/f"
	expect_status 125 "a volume through a link to nowhere: $l" && two_lines "a link to nowhere: $l" && ok "a link that leads nowhere inside is refused: $l"
done
mkdir -p "$ROOTFS$W/out"
for l in abs rel; do
	run joist run --rm -v "$W/vol:/$l/deep/$l" "$ROOTFS" cat "/$l/deep/$l/f"
	expect_status 0 "a volume through a link: $l" && expect_out volume "a volume through a link: $l" && ok "a link in the root is followed inside it: $l"
done
[ "$(ls "$W/out")" = f ] && ok "nothing was made outside" || not_ok "made outside: $(ls -R "$W/out" | tr '\n' ' ')"
ln -s "$W/out/f" "$ROOTFS/link"
run joist run --rm -v "$W/vol/f:/link" "$ROOTFS" true
[ "$(cat "$W/out/f")" = host ] && ok "a file over a link spoils nothing outside" || not_ok "the host's file: $(cat "$W/out/f")"
for place in proc sys dev etc tmp; do
	for to in "$W/out" "../../../../../../..$W/out"; do
	rm -rf "${ROOTFS:?}/$place.was" && mv "$ROOTFS/$place" "$ROOTFS/$place.was" && ln -s "$to" "$ROOTFS/$place"
	run timeout 20 joist run --rm --tmpfs /tmp "$ROOTFS" echo started
	[ "$(ls "$W/out")" = f ] && ! grep -q " $W/out" /proc/self/mountinfo && ok "/$place as a link out: $status" || not_ok "/$place as a link out: $(ls "$W/out" | tr '\n' ' ')"
	rm -f "$ROOTFS/$place" && mv "$ROOTFS/$place.was" "$ROOTFS/$place"
	done
done
rm -f "$ROOTFS/abs" "$ROOTFS/rel" "$ROOTFS/link"

run joist run --rm -v "$W/vol:/etc/passwd" "$ROOTFS" true
expect_status 125 "a folder on a file" && two_lines "a folder on a file" && ok "a folder on a file is refused"
run joist run --rm -v "$W/vol/f:/etc" "$ROOTFS" true
expect_status 125 "a file on a folder" && two_lines "a file on a folder" && ok "a file on a folder is refused"
run joist run --rm --mount "type=bind,src=$W/not-there,dst=/x" "$ROOTFS" true
expect_status 125 "--mount of nothing" && two_lines "--mount of nothing" && ok "--mount of a missing source is refused"
for bad in "$W/vol:relative" ":/x" "$W/vol:/x:bogus" ""; do
	run joist run --rm -v "$bad" "$ROOTFS" true
	expect_status 125 "-v '$bad'" && two_lines "-v '$bad'" && ok "-v '$bad' is refused"
done
for bad in type=bind type=nfs,dst=/x "type=bind,src=$W/vol" "type=bind,src=$W/vol,dst=x" "type=tmpfs,dst=/t,frob=1" ""; do
	run joist run --rm --mount "$bad" "$ROOTFS" true
	expect_status 125 "--mount '$bad'" && two_lines "--mount '$bad'" && ok "--mount '$bad' is refused"
done
for bad in rel /t:size=lots /t:frob=1; do
	run joist run --rm --tmpfs "$bad" "$ROOTFS" true
	expect_status 125 "--tmpfs '$bad'" && two_lines "--tmpfs '$bad'" && ok "--tmpfs '$bad' is refused"
done

run sh -c "cd '$W' && joist run --rm -v ./vol:/v:ro -v vol/f:/one '$ROOTFS' cat /v/f /one"
expect_out "volume
volume" "a relative source" && ok "a relative source starts at our folder"
mkdir "$W/vol/below" && mount -t tmpfs t "$W/vol/below" && touch "$W/vol/below/b"
run joist run --rm -v "$W/vol:/v:ro" "$ROOTFS" sh -c 'ls /v/below; touch /v/x 2>/dev/null; touch /v/below/x 2>/dev/null && echo "wrote below"'
expect_has b "a mount below" && ok "mounts below a volume come along"
grep -q wrote "$W/.out" && not_ok "a read-only volume lets one write to a mount below it" || ok "and are read-only with it"
umount "$W/vol/below"
run joist run --rm --read-only --tmpfs /tmp "$ROOTFS" sh -c 'touch /x; touch /tmp/x && echo tmp; : >/dev/null && echo dev'
expect_out "tmp
dev" "--read-only" && expect_err Read-only "--read-only" && ok "--read-only leaves /tmp and /dev usable"
run joist run --rm --shm-size 2M "$ROOTFS" sh -c 'df -k /dev/shm | tail -n 1'
expect_has 2048 "--shm-size" && ok "--shm-size"
