#!/bin/bash
# timeout: 600
# Nothing is leaked: 200 runs in a row, fifty at once, and a monitor that is
# killed at ten points of a run.
. "$(dirname "$0")/../lib.sh"
needs joist root python3

bad=0
for i in $(seq 200); do
	joist run --rm "$ROOTFS" /bin/true || bad=$((bad + 1))
done
[ "$bad" = 0 ] && ok "200 runs in a row" || not_ok "$bad of 200 runs failed"
[ -z "$(joist ps -a -n)" ] && ok "and no machine is left" || not_ok "machines left: $(joist ps -a -n | wc -l)"
no_leaks "and nothing else"

pids=()
for i in $(seq 50); do
	joist run -d --name "many$i" "$ROOTFS" sleep 1000 >/dev/null 2>"$W/many.err" &
	pids+=($!)
done
bad=0
for p in "${pids[@]}"; do wait "$p" || bad=$((bad + 1)); done
n=$(joist ps -n | wc -l)
[ "$bad" = 0 ] && [ "$n" = 50 ] && ok "fifty start at once, and ps shows them all" || not_ok "fifty at once: $bad failed, ps shows $n: $(cat "$W/many.err")"
run joist rm -f --all
[ -z "$(joist ps -a -n)" ] && ok "rm -f --all removes fifty" || not_ok "rm -f --all left $(joist ps -a -n | wc -l)"
no_leaks "fifty leave nothing"

# The pid of a machine's monitor: whoever holds its lock.
monitor() { joist inspect "$1" 2>/dev/null | tr -d ' \n' | grep -oE '"monitor":[0-9]+' | head -n 1 | cut -d: -f2; }

# A foreground run is its own monitor: kill it after more and more time.
for ms in 0 1 2 3 4 6 8 12 20 50; do
	joist run --name "k$ms" "$ROOTFS" sleep 1000 >/dev/null 2>&1 &
	p=$!
	sleep "$(printf '0.%03d' "$ms")"
	kill -9 "$p" 2>/dev/null
	wait "$p" 2>/dev/null
	if joist ps -n 2>/dev/null | grep -qx "k$ms"; then
		not_ok "killed after $ms ms: ps says that it runs"
	else
		ok "killed after $ms ms: ps does not say that it runs"
	fi
	run joist rm -f "k$ms"
	expect_status 0 "rm after a kill at $ms ms"
done
[ -z "$(joist ps -a -n)" ] && ok "rm -f cleans up after each" || not_ok "left: $(joist ps -a -n)"
no_drafts() { joist ps -a && left=$(ls -A "$JOIST_ROOT/machines") && [ -z "$left" ]; }
until_ok 10 no_drafts && ok "and the store has no half-made folder" || not_ok "half-made folders: $left"
no_leaks "killed monitors leave nothing after rm -f"

# The same for one in the background.
joist run -d --name back --restart always "$ROOTFS" sleep 1000 >/dev/null
m=$(monitor back)
kill -9 "$m"
until_ok 5 sh -c '! joist ps -n | grep -qx back' && ok "ps tells the truth about a killed monitor in the background" || not_ok "ps says that 'back' runs"
run joist start back
expect_status 0 "start after a kill" && [ -n "$(joist ps -n)" ] && ok "it can be started again"
run joist rm -f back
no_leaks "and removed"

# While it is being removed, or stopped, by somebody else too.
joist run -d --name shared "$ROOTFS" sleep 1000 >/dev/null
for i in 1 2 3 4; do joist rm -f shared >/dev/null 2>&1 & pids+=($!); done
wait
[ -z "$(joist ps -a -n)" ] && ok "four remove one machine at the same time" || not_ok "still there after four rm -f"
