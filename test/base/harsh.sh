#!/bin/bash
# parallel
# Out of memory at the n-th allocation: a clean end with our status, never a crash.
. "$(dirname "$0")/../lib.sh"
needs joist
case $JOIST_BUILD in */harsh*) ;; *) skip_all "only in a harsh build" ;; esac
has root && joist create --name one "$ROOTFS" true >/dev/null

try() {
	local name=$1 n bad=0
	shift
	for n in $(seq 1 3 200); do
		JOIST_HARSH_ALLOC=$n timeout 10 "$@" >"$W/.out" 2>"$W/.err"
		status=$?
		case $status in 0 | 125) ;; *) bad=$((bad + 1)); echo "# $name: allocation $n: status $status"; head -n 3 "$W/.err" ;; esac
	done
	[ "$bad" = 0 ] && ok "$name: any allocation may fail" || not_ok "$name: $bad allocations end it badly"
}
try ps joist ps -a
try inspect joist inspect one
try help joist help run
try what joist what "$ROOTFS"
has root && try run joist run --rm "$ROOTFS" /bin/true
run joist ps -a -n
has root && expect_has one "after all that" && ok "the store is whole after all that"
