#!/bin/bash
# lang.sh -- the language floor beside native code and whichever of wasm3, iwasm,
# wasmtime, wasmedge and node is on PATH, in one interleaved run.
#
# Programs: ../shared/bench/lang (BENCH_LANG), compiled with clang for wasm32-wasi and
# for this host.  Each says how long its measured part took, without start-up; all must
# give the same result.  Then whole processes: hello world, and modules of 20 and 75 MB
# whose main does nothing.  Prints minimum and median, ratios to native code and the
# targets, and writes build/bench/lang.json.  Environment: BENCH_ROUNDS (3).
set -eu
cd "$(dirname "$0")/.."
build=${JOIST_BUILD:-$PWD/build}
sources=${BENCH_LANG:-../shared/bench/lang}
out=$build/bench
[ -x "$build/joist" ] || { echo "bench/lang.sh: skipped: no $build/joist"; exit 0; }
[ -d "$sources" ] || { echo "bench/lang.sh: skipped: no programs at $sources"; exit 0; }
for tool in clang wasm-ld python3; do
	command -v "$tool" >/dev/null || { echo "bench/lang.sh: skipped: no $tool"; exit 0; }
done
W=$(mktemp -d /tmp/joist-bench.XXXXXX)
trap 'rm -rf --one-file-system "$W"' EXIT
trap 'exit 130' INT TERM
mkdir -p "$out"
export JOIST_ROOT=$W/store PATH=$build:$PATH
cc -D_GNU_SOURCE -std=gnu11 -O2 -static -o "$out/timer" bench/timer.c
for source in "$sources"/*.c; do
	name=$(basename "$source" .c)
	simd=
	case $name in simd*) simd=-msimd128 ;; esac
	clang --target=wasm32-wasi -O2 $simd -o "$W/$name.wasm" "$source" -lm
	cc -O2 -w -o "$W/$name" "$source" -lm
done
printf '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n' >"$W/hello.c"
clang --target=wasm32-wasi -O2 -Wl,-s -o "$W/hello.wasm" "$W/hello.c"
exec python3 bench/lang.py "$W" "$out"
