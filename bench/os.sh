#!/bin/bash
# os.sh -- the operating system floor beside its peers, in one interleaved run.
#
# Peers: whichever of crun, runc and bwrap is on PATH; floor.c, the least kernel
# work for the same container; an empty static program.  Prints a table of
# minimum and median, then each target as a ratio of minimums, and writes both as
# JSON to build/bench/os.json.
#
# Needs root.  crun and runc refuse a host that mixes cgroup v1 and v2, so they run
# in a mount namespace that shows them the v2 hierarchy alone; ours stay on the host
# as it is.  Environment: BENCH_ROUNDS (30), BENCH_FLOOR (the floor's
# source, ../shared/bench/os/floor.c).
set -eu
cd "$(dirname "$0")/.."
build=${JOIST_BUILD:-$PWD/build}
rounds=${BENCH_ROUNDS:-30}
out=$build/bench
[ "$(id -u)" = 0 ] || { echo "bench/os.sh: skipped: needs root"; exit 0; }
[ -x "$build/joist" ] || { echo "bench/os.sh: skipped: no $build/joist"; exit 0; }
export PATH=$build:$PATH:/usr/sbin:/sbin
W=$(mktemp -d /tmp/joist-bench.XXXXXX)
export JOIST_ROOT=$W/store
mkdir -p "$out"
view=''

finish() {
	set +e
	for m in exec fifty rss; do joist rm -f "bench-$m" >/dev/null 2>&1; done
	for tool in crun runc; do
		[ -z "$view" ] || nsenter -m/proc/"$view"/ns/mnt "$tool" --root "$W/$tool" delete -f bench-exec
	done >/dev/null 2>&1
	[ -z "$view" ] || kill "$view"
	rm -rf --one-file-system "$W"
}
trap finish EXIT
trap 'exit 130' INT TERM

# -- programs -------------------------------------------------------------------
static() { cc -D_GNU_SOURCE -std=gnu11 -O2 -static -o "$@" || exit 1; }
static "$out/timer" bench/timer.c
echo 'int main(void) { return 0; }' >"$W/empty.c"
static "$out/empty" "$W/empty.c"
root=$W/rootfs
test/rootfs "$root"
floor=${BENCH_FLOOR:-../shared/bench/os/floor.c}
if [ -e "$floor" ]; then
	static "$out/floor" -w "$floor"
	"$out/floor" 2 2 "$root" /bin/true || floor=''
else
	floor=''
fi
[ -n "$floor" ] || echo "bench/os.sh: no floor (BENCH_FLOOR) that runs here: skipped"

# -- a layout that the peers accept -------------------------------------------------
v2=$(awk '$(NF-2) == "cgroup2" { print $5; exit }' /proc/self/mountinfo)
unshare -m --propagation private sh -c "
	[ '$v2' = /sys/fs/cgroup ] || mount --bind '$v2' /sys/fs/cgroup
	echo ready >'$W/ready'; exec sleep 100000" &
view=$!
until [ -s "$W/ready" ]; do sleep 0.02; done
ns=/proc/$view/ns/mnt

# -- one bundle for crun, runc and us ---------------------------------------------------
# The peers' own default configuration with the field's default seccomp profile.
# Device rules are left out: without CAP_SYS_RESOURCE crun fails at RLIMIT_MEMLOCK.
peers=''
for tool in crun runc; do
	command -v $tool >/dev/null && peers="$peers $tool" || echo "bench/os.sh: $tool is not on PATH: skipped"
done
bundle() {
	mkdir -p "$1"
	python3 tool/bundle.py "$root" "$2" >"$1/config.json"
}
bundle "$W/true" '/bin/true'
bundle "$W/sleep" '/bin/sleep 100000'

for tool in $peers; do
	nsenter -m"$ns" $tool --root "$W/$tool" run -b "$W/true" bench-try >"$W/try" 2>&1 </dev/null || {
		echo "bench/os.sh: $tool does not run here: skipped ($(head -n 1 "$W/try"))"
		peers=${peers/ $tool/}
	}
done

# -- the rows ------------------------------------------------------------------------
rows=$W/rows
row() { printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$rows"; }
row empty - "$out/empty"
row run/joist - "joist run --rm $root /bin/true"
row run-bundle/joist - "joist run --rm $W/true"
[ -z "$floor" ] || row run/floor - "$out/floor 2 2 $root /bin/true"
for tool in $peers; do row run/$tool "$ns" "$tool --root $W/$tool run -b $W/true bench-%d"; done
if command -v bwrap >/dev/null; then
	row run/bwrap - "bwrap --unshare-all --bind $root / --proc /proc --dev /dev /bin/true"
else
	echo "bench/os.sh: bwrap is not on PATH: skipped"
fi

joist run -d --name bench-exec "$root" /bin/sleep 100000 >/dev/null
row exec/joist - "joist exec bench-exec /bin/true"
for tool in $peers; do
	nsenter -m"$ns" $tool --root "$W/$tool" run -d -b "$W/sleep" bench-exec >/dev/null 2>&1 </dev/null
	row exec/$tool "$ns" "$tool --root $W/$tool exec bench-exec /bin/true"
done
row ps/joist - "joist ps"
for tool in $peers; do row ps/$tool "$ns" "$tool --root $W/$tool list"; done
row version/joist - "joist version"
for tool in $peers; do row version/$tool "$ns" "$tool --version"; done

"$out/timer" -n "$rounds" "$rows" >"$W/result"

# Fifty at once: fewer rounds, each is long.
: >"$rows"
row fifty/joist - "$out/timer -p 50 joist run --rm $root /bin/true"
for tool in $peers; do
	row fifty/$tool "$ns" "$out/timer -p 50 $tool --root $W/$tool run -b $W/true fifty-%p"
done
"$out/timer" -n $(((rounds + 9) / 10)) "$rows" >>"$W/result"

# What stays in memory for a machine in the background.
monitor=$(joist inspect bench-exec | python3 -c '
import json, sys
doc = json.load(sys.stdin)
doc = doc[0] if isinstance(doc, list) else doc
def find(o):
    if isinstance(o, dict):
        for k, v in o.items():
            if k in ("monitor", "monitor_pid") and isinstance(v, int): return v
            got = find(v)
            if got: return got
print(find(doc) or "")' || true)
resident=0
[ -z "$monitor" ] || resident=$(awk '/^VmRSS/ { print $2 }' "/proc/$monitor/status" 2>/dev/null) || resident=0
printf 'resident/joist\t0\t0\t0\t0\t%s\t0\n' "$resident" >>"$W/result"

python3 tool/ratios.py "$W/result" "$out/os.json"
