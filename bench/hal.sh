#!/bin/bash
# hal.sh -- the computer in software beside native code, and beside qemu-system-riscv64 when
# that is on PATH: the same kernel, RAM disk and program (BENCH_HAL, ../shared/bench/hal).
#
# rvbench is compiled for riscv64 and for this host and run ROUNDS (3) times, in turn. Prints
# the least and the median of each part in seconds and as ratios; then instructions a
# second, the CPU time of a boot to the first program, of an idle second, and of a restore,
# what the monitor has resident beside the guest's memory, and how fast disk and network are
# (bench/hal_io.c, also in qemu).  BENCH_PARTS= leaves the first out.
set -eu
cd "$(dirname "$0")/.."
build=${JOIST_BUILD:-$PWD/build}
source=${BENCH_HAL:-../shared/bench/hal}/rvbench.c
rounds=${BENCH_ROUNDS:-3}
parts=${BENCH_PARTS-fib sieve hash crc qsort interp matint mat_d nbody mandel memcpy chase gups fault syscall pipe forkexec atomic smc}
skip() { echo "bench/hal.sh: skipped: $1"; exit 0; }
[ -x "$build/joist" ] || skip "no $build/joist"
[ -e "$source" ] || skip "no $source"
command -v riscv64-linux-gnu-gcc >/dev/null || skip "no riscv64-linux-gnu-gcc"
command -v python3 >/dev/null || skip "no python3"
tool/guest initrd build/guest >&2 || skip "no kernel to boot"
W=$(mktemp -d /tmp/joist-bench.XXXXXX)
export JOIST_ROOT=$W/store PATH=$build:$PATH W rounds parts
trap 'joist rm -f bench >/dev/null 2>&1; rm -rf --one-file-system "$W"' EXIT
trap 'exit 130' INT TERM
mkdir -p "$W/share" build/bench
riscv64-linux-gnu-gcc -O2 -static -w -o "$W/share/rvbench" "$source" -lm -lpthread
riscv64-linux-gnu-gcc -D_GNU_SOURCE -O2 -static -o "$W/share/hal_io" bench/hal_io.c -lpthread
cc -O2 -w -o "$W/native" "$source" -lm -lpthread
# qemu has no folder of ours: the program goes into its RAM disk
mkdir -p "$W/more/bench" && cp "$W/share/rvbench" "$W/share/hal_io" "$W/more/bench/"
(cd "$W/more" && find . | cpio -o -H newc --quiet | gzip -1) >"$W/more.gz"
cat build/guest/initrd.gz "$W/more.gz" >"$W/initrd.gz"
python3 bench/hal.py
