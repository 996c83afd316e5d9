#!/bin/bash
# Snapshots through the command line: of a WebAssembly program that counts, and
# what is said where there can be none.
. "$(dirname "$0")/../lib.sh"
needs joist wasm

# Counts on standard output, one line each 10 ms, to 400, then ends with 5.  $1
# bytes of its memory are not zero.
counter() {
	cat <<-END
	(module
	  (import "wasi_snapshot_preview1" "fd_write" (func \$write (param i32 i32 i32 i32) (result i32)))
	  (import "wasi_snapshot_preview1" "poll_oneoff" (func \$poll (param i32 i32 i32 i32) (result i32)))
	  (import "wasi_snapshot_preview1" "proc_exit" (func \$exit (param i32)))
	  (memory (export "memory") $((1 + $1 / 65536)))
	  (func \$show (param \$v i32) (local \$p i32)
	    (local.set \$p (i32.const 1000))
	    (i32.store8 (local.get \$p) (i32.const 10))
	    (loop \$digit
	      (local.set \$p (i32.sub (local.get \$p) (i32.const 1)))
	      (i32.store8 (local.get \$p) (i32.add (i32.const 48) (i32.rem_u (local.get \$v) (i32.const 10))))
	      (local.set \$v (i32.div_u (local.get \$v) (i32.const 10)))
	      (br_if \$digit (local.get \$v)))
	    (i32.store (i32.const 0) (local.get \$p))
	    (i32.store (i32.const 4) (i32.sub (i32.const 1001) (local.get \$p)))
	    (drop (call \$write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
	  (func (export "_start") (local \$n i32)
	    (memory.fill (i32.const 65536) (i32.const 0x5a) (i32.const $1))
	    (i32.store (i32.const 116) (i32.const 1))
	    (i64.store (i32.const 124) (i64.const 10000000))
	    (loop \$again
	      (local.set \$n (i32.add (local.get \$n) (i32.const 1)))
	      (call \$show (local.get \$n))
	      (drop (call \$poll (i32.const 100) (i32.const 200) (i32.const 1) (i32.const 300)))
	      (br_if \$again (i32.lt_u (local.get \$n) (i32.const 400))))
	    (call \$exit (i32.const 5))))
	END
}
counter 0 >"$W/count.wat"
status_of() { joist ps -a --filter "name=$1" --json | tr -d ' \n' | grep -o '"status":"[a-z]*"' | head -n 1 | cut -d'"' -f4; }
is() { [ "$(status_of "$1")" = "$2" ]; }
reached() { [ "$(joist logs -n 1 "$1")" -ge "$2" ]; }
labels() { joist snaps "$@" | awk 'NR > 1 { print $1 }' | tr '\n' ' '; }

# Its lines are 1 2 3 ..: each is one more than the one before, but where it was put back.
steps_back() { joist logs "$1" | awk 'NR > 1 && $1 != last + 1 { n++ } { last = $1 } END { print n + 0 }'; }

# -- it goes on -------------------------------------------------------------------
run joist run -d --name c "$W/count.wat"
expect_status 0 "run" || exit 1
until_ok 10 reached c 10
run joist snapshot c@one
expect_status 0 "snapshot" && expect_out c@one "snapshot" && is c running && ok "snapshot writes one and lets the machine go on"
n=$(joist logs -n 1 c)
until_ok 10 reached c $((n + 20)) && [ "$(steps_back c)" = 0 ] && ok "and it lost nothing" || not_ok "after a snapshot: $(joist logs -n 5 c | tr '\n' ' ')"
run joist snapshot --json c@two
check "snapshot --json is JSON" sh -c "printf '%s' '$out' | python3 -c 'import json,sys; d = json.load(sys.stdin); assert d == [{\"machine\": \"c\", \"label\": \"two\"}], d'"
run joist snapshot c
expect_status 0 "snapshot without a label" && [[ $out =~ ^c@[0-9]{8}-[0-9]{6}$ ]] && ok "a label is made out of the time" || not_ok "label: $out"
joist rm "$out" >/dev/null
[ "$(labels)" = "c@one c@two " ] && [ "$(labels c)" = "c@one c@two " ] && ok "snaps lists them" || not_ok "snaps: $(labels)"
check "snaps --json is JSON" sh -c 'joist snaps --json c | python3 -c "import json,sys; d = json.load(sys.stdin); assert [x[\"label\"] for x in d] == [\"one\", \"two\"] and d[0][\"machine\"] == \"c\" and d[0][\"size\"] > 0 and d[0][\"created\"] > 0, d"'
check "inspect tells of them" sh -c 'joist inspect c | python3 -c "import json,sys; d = json.load(sys.stdin); d = d[0] if isinstance(d, list) else d; assert len(d[\"snapshots\"]) == 2"'
joist pause c >/dev/null
run joist snapshot c@three
expect_status 0 "snapshot of a paused one" && is c paused && ok "a paused machine is saved and stays paused" || not_ok "paused: $(status_of c)"
joist resume c >/dev/null

# -- and comes back -----------------------------------------------------------------
run joist restore c@one
expect_status 125 "restore of a running one" && two_lines "restore of a running one" && expect_err "joist restore -f c@one" "restore of a running one" && is c running && ok "restore refuses a running machine"
run joist restore --force c@one
expect_status 0 "restore -f" && expect_out c "restore -f" && is c running && [ "$(steps_back c)" = 1 ] && ok "restore -f puts a running one back" || not_ok "restore -f: $(status_of c), $(steps_back c) steps back"
run joist stop -t 0 c
run joist restore --json c@two
check "restore --json is JSON" sh -c "printf '%s' '$out' | python3 -c 'import json,sys; d = json.load(sys.stdin); assert d == {\"machine\": \"c\"}, d'"
is c running && ok "restore starts a stopped one" || not_ok "restore: $(status_of c)"
# As after a crash of the host: nobody but the store knows.
kill -9 "$(joist inspect c | grep -oE '"monitor": *[0-9]+' | grep -oE '[0-9]+')"
until_ok 10 is c stopped
run joist restore c@two
expect_status 0 "restore after a crash" && is c running && ok "restore after its monitor was killed"
run joist restore --name d c@one
expect_status 0 "restore --name" && expect_out d "restore --name" && is d running && is c running && ok "restore --name makes a new machine, beside the old one"
# The one that it came from is not needed.
run joist rm -f c
[ "$(labels)" = "d@one " ] && ok "with a copy of the snapshot" || not_ok "snaps: $(labels)"
run joist wait d
expect_out 5 "the end of a restored one" && [ "$(joist logs -n 1 d)" = 400 ] && [ "$(steps_back d)" = 0 ] && ok "it counts to its end"
run joist restore --attach --name e d@one
expect_status 5 "restore -a" && [ "$(tail -n 1 <<<"$out")" = 400 ] && ok "restore -a shows its output and takes its status"
run joist restore --interactive -a -f e@one
expect_status 5 "restore -a again" && ok "and again"
check "events tell" sh -c 'grep -q "\"event\":\"snapshot\",\"name\":\"c\",\"detail\":\"one\"" "$JOIST_ROOT/events" && grep -q "\"event\":\"restore\",\"name\":\"d\",\"detail\":\"one\"" "$JOIST_ROOT/events"'

# -- removal --------------------------------------------------------------------------
run joist rm d@one
expect_status 0 "rm NAME@LABEL" && [ "$(labels d)" = "" ] && [ -n "$(joist ps -a -n | grep -x d)" ] && ok "rm NAME@LABEL removes a snapshot and no machine"
run joist rm d@one
expect_status 125 "rm of none" && two_lines "rm of none" && ok "rm of a snapshot that is not there"
check "rm -f of one that is not there is no error" joist rm -f d@one
joist rm e >/dev/null

# -- what cannot be ---------------------------------------------------------------------
refused() {
	local name=$1
	shift
	run "$@"
	expect_status 125 "$name" && two_lines "$name" && ok "$name"
}
refused "snapshot of a stopped machine" joist snapshot d
refused "snapshot of no machine" joist snapshot ghost@x
refused "a label that is no name" joist snapshot 'd@../x'
refused "an empty label" joist snapshot d@
refused "restore without a label" joist restore d
refused "restore of what is not there" joist restore d@none
refused "restore of no machine" joist restore ghost@x
refused "snaps of no machine" joist snaps ghost
joist restore nothing@at-all >/dev/null 2>&1
[ "$(joist ps -a -n)" = d ] && ok "and nothing was made" || not_ok "machines: $(joist ps -a -n | tr '\n' ' ')"

joist start d >/dev/null
joist snapshot d@good >/dev/null
files=$JOIST_ROOT/machines/d/snap
head -c 100 "$files/good" >"$files/cut"
cp "$files/good" "$files/bad" && printf '?' | dd of="$files/bad" bs=1 seek=60 conv=notrunc status=none
cp "$files/good" "$files/newer" && printf '\7' | dd of="$files/newer" bs=1 seek=7 conv=notrunc status=none
echo hello >"$files/text"
: >"$files/empty"
for label in cut bad newer text empty; do
	refused "restore of one that is damaged: $label" joist restore -f "d@$label"
	is d running && ok "its machine goes on: $label" || not_ok "restore -f of $label ended its machine"
	refused "the same with --name: $label" joist restore --name new "d@$label"
done
[ "$(joist ps -a -n)" = d ] && ok "no machine is left of it" || not_ok "machines: $(joist ps -a -n | tr '\n' ' ')"
# Damage further inside is found by the floor.
size=$(stat -c %s "$files/good")
cp "$files/good" "$files/deep" && printf '?!?!' | dd of="$files/deep" bs=1 seek=$((size - 200)) conv=notrunc status=none
refused "restore of one that is damaged inside" joist restore --name new d@deep
[ "$(joist ps -a -n)" = d ] && ok "no machine is left of that" || not_ok "machines: $(joist ps -a -n | tr '\n' ' ')"
joist rm -f d >/dev/null

run joist run -d --rm --name r "$W/count.wat"
joist snapshot r@one >/dev/null
refused "restore -f of a machine that removes itself" joist restore -f r@one
is r running && [ "$(labels)" = "r@one " ] && ok "it goes on and keeps its snapshot" || not_ok "r is $(status_of r)"
joist rm -f r >/dev/null

# Another program in its place.
run joist run -d --name p "$W/count.wat"
joist snapshot p@one >/dev/null
joist stop -t 0 p >/dev/null
counter 65536 >"$W/count.wat"
refused "restore into another program" joist restore p@one
joist rm -f p >/dev/null

# -- killed while it writes ---------------------------------------------------------------
counter $((192 << 20)) >"$W/big.wat"
for ms in 5 20 50 100; do
	run joist run -d --name big "$W/big.wat"
	until_ok 20 reached big 2
	m=$(joist inspect big | grep -oE '"monitor": *[0-9]+' | grep -oE '[0-9]+')
	joist snapshot big@old >/dev/null 2>&1 &
	p=$!
	sleep "$(printf '0.%03d' "$ms")"
	kill -9 "$m"
	wait "$p"
	made=$?
	until_ok 10 is big stopped
	if [ "$made" = 0 ]; then
		[ "$(labels big)" = "big@old " ] && ok "killed after $ms ms: it was whole" || not_ok "a snapshot that was answered is not there"
	else
		[ "$(labels big)" = "" ] && ok "killed after $ms ms: no half snapshot is seen" || not_ok "half a snapshot: $(labels big)"
	fi
	joist start big >/dev/null
	until_ok 20 reached big 2
	run joist snapshot big@new
	expect_status 0 "the next one" && [ -z "$(find "$JOIST_ROOT/machines/big/snap" -name '.*' -type f)" ] && ok "and nothing is left of it after the next" || not_ok "left: $(ls -A "$JOIST_ROOT/machines/big/snap")"
	joist rm -f big >/dev/null
done

# -- another floor ---------------------------------------------------------------------------
if has root; then
	run joist run -d --name os "$ROOTFS" sleep 1000
	refused "snapshot on the os floor" joist snapshot os@one
	expect_err "a machine of the floor 'os' cannot be saved" "the words" && expect_err "joist pause" "the words" && is os running && ok "which says what can be done"
	run joist snaps os
	expect_status 0 "snaps of none" && [ "$(labels os)" = "" ] && ok "there are none"
	refused "restore on the os floor" joist restore os@one
	joist rm -f os >/dev/null
else
	skip "the os floor: not root"
fi
