#!/bin/bash
# Bad input: two lines, the documented exit status, nothing lost or left.
. "$(dirname "$0")/../lib.sh"
needs joist root python3

bad() {
	local want=$1 name=$2
	shift 2
	run timeout 20 "$@"
	expect_status "$want" "$name" && two_lines "$name" && ok "$name"
}

bad 125 "an unknown verb" joist frobnicate
bad 125 "an unknown flag" joist run --frobnicate "$ROOTFS" true
bad 125 "an unknown letter" joist ps -Z
bad 125 "a flag without its value" joist run --name
echo '(module (memory (export "memory") 1) (func (export "_start")))' >"$W/none.wat"
for flag in "--cpus 1" "-p 80:80" "--read-only" "--net user" "--kernel x"; do
	# shellcheck disable=SC2086 # flag and value
	bad 125 "what a floor has no use for: $flag" joist run --rm $flag "$W/none.wat"
done
bad 125 "what a container has no use for" joist run --rm --fuel 1000 "$ROOTFS" true
bad 125 "a switch with a value" joist run --rm=yes "$ROOTFS" true
bad 125 "too few arguments" joist exec
bad 125 "too many arguments" joist version one two
bad 125 "a number that is none" joist run --pids-limit many "$ROOTFS" true
bad 125 "a time that is none" joist stop -t soon x
bad 125 "a machine that is not there" joist stop nobody
bad 125 "exec in a machine that is not there" joist exec nobody true
bad 125 "logs of a machine that is not there" joist logs nobody
bad 125 "an image that is not there" joist run --rm --pull never no-such-image:1 true
bad 125 "a reference that is none" joist run --rm --pull never 'UPPER//case:::' true
bad 125 "a floor that is not there" joist run --rm --in moon "$ROOTFS" true
bad 127 "a folder that is no root" joist run --rm "$W" true
bad 125 "a store that cannot be made" joist --root /proc/none ps
bad 125 "a seccomp profile that is not there" joist run --rm --security-opt seccomp=/none "$ROOTFS" true
run joist
[ "$status" = 125 ] || [ "$status" = 0 ]
expect_status "$status" && ok "no verb at all shows the way"

# A configuration of 100 MB of brackets.
mkdir -p "$W/deep/rootfs"
head -c 104857600 /dev/zero | tr '\0' '[' >"$W/deep/config.json"
bad 125 "100 MB of brackets" joist run --rm "$W/deep"
rm -f "$W/deep/config.json"
python3 -c 'print("[" * 1000000)' >"$W/deep/config.json"
bad 125 "a tower of brackets" joist run --rm "$W/deep"
for text in '' '{' '[]' '{"ociVersion": "9.0"}' '{"ociVersion": 1}' '{"ociVersion": "1.0.2", "process": 5}' \
	'{"ociVersion": "1.0.2", "process": {"args": [], "cwd": "/"}, "root": {"path": "rootfs"}}' \
	'{"ociVersion": "1.0.2", "process": {"args": ["x\u0000y"], "cwd": "/"}, "root": {"path": "rootfs"}}' \
	'{"ociVersion": "1.0.2", "process": {"args": ["x"], "cwd": "rel"}, "root": {"path": "rootfs"}}'; do
	printf '%s' "$text" >"$W/deep/config.json"
	bad 125 "config: ${text:-nothing}" joist run --rm "$W/deep"
done

# Damage in the store costs one machine, not the others.
joist create --name good "$ROOTFS" true >/dev/null
joist create --name broken "$ROOTFS" true >/dev/null
echo '{"half":' >"$JOIST_ROOT/machines/broken/config.json"
run joist ps -a -n
expect_has good "a damaged machine" && ok "ps shows the others beside a damaged machine"
run joist rm -f broken
expect_status 0 "rm -f of a damaged machine" && ok "rm -f removes a damaged machine"
head -c 100 /dev/urandom >"$JOIST_ROOT/machines/good/state.json"
run joist ps -a
expect_status 0 "a damaged state" && ok "ps survives a damaged state"
run joist rm -f good
expect_status 0 "rm -f with a damaged state" && ok "rm -f removes a machine of damaged state"

# A full disk.
mkdir -p "$W/small"
if mount -t tmpfs -o size=64k tmpfs "$W/small" 2>/dev/null; then
	head -c 100000 /dev/zero >"$W/small/fill" 2>/dev/null
	bad 125 "a full disk" env JOIST_ROOT="$W/small/store" joist create --name x "$ROOTFS" true
	rm -f "$W/small/fill"
	run env JOIST_ROOT="$W/small/store" joist ps -a -n
	expect_out "" "after a full disk" && ok "nothing is left of it"
	umount "$W/small"
else
	skip "a full disk: cannot mount a tmpfs"
fi

# Two makers of one name: exactly one wins.
pids=()
for _ in 1 2 3 4 5 6 7 8; do
	joist create --name race "$ROOTFS" true >>"$W/won" 2>/dev/null &
	pids+=($!)
done
wait "${pids[@]}"
[ "$(grep -c race "$W/won")" = 1 ] && ok "of eight makers of one name one wins" || not_ok "$(grep -c race "$W/won") makers won the name"
