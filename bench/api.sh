#!/bin/bash
# api.sh -- Windows programs beside the same work done natively, and beside wine when it is
# on PATH, in one interleaved run.
#
# Programs: ../shared/bench/api (BENCH_API), compiled with mingw and gcc.  Prints minimum and
# median of each row, ratios and the targets, and writes build/bench/api.json.  A large Rust
# program's --version is compared with its Linux build where the corpus of
# ../shared/programs has been fetched.  Environment: BENCH_ROUNDS (5).
set -eu
cd "$(dirname "$0")/.."
build=${JOIST_BUILD:-$PWD/build}
sources=$(realpath "${BENCH_API:-../shared/bench/api}")
out=$build/bench
[ -x "$build/joist" ] || { echo "bench/api.sh: skipped: no $build/joist"; exit 0; }
[ -d "$sources" ] || { echo "bench/api.sh: skipped: no programs at $sources"; exit 0; }
for tool in x86_64-w64-mingw32-gcc gcc python3; do
	command -v "$tool" >/dev/null || { echo "bench/api.sh: skipped: no $tool"; exit 0; }
done
W=$(mktemp -d "${TMPDIR:-/tmp}"/joist-bench.XXXXXX)
trap 'rm -rf --one-file-system "$W"' EXIT
trap 'exit 130' INT TERM
mkdir -p "$out" "$W/win" "$W/lin"
export JOIST_ROOT=$W/store PATH=$build:$PATH
cc -D_GNU_SOURCE -std=gnu11 -O2 -static -o "$out/timer" bench/timer.c
mingw() { x86_64-w64-mingw32-gcc -O2 "$@"; }
mingw "$sources/winbench.c" -o "$W/win/winbench.exe" -lws2_32 -ladvapi32 -lsynchronization
mingw "$sources/tiny.c" -o "$W/win/tiny.exe"
mingw "$sources/hello.c" -o "$W/win/hello.exe"
mingw -nostdlib -Wl,-e,start "$sources/hello_nocrt.c" -o "$W/win/hello_nocrt.exe" -lkernel32
gcc -O2 "$sources/linbench.c" -o "$W/lin/linbench" -lpthread
gcc -O2 "$sources/tiny.c" -o "$W/lin/tiny"
gcc -O2 -static "$sources/hello.c" -o "$W/lin/hello"
exec python3 bench/api.py "$W" "$out"
