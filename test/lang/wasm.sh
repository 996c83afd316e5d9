#!/bin/bash
# parallel
# needs: joist
# Programs of the language floor through the command line: how they are run, what
# they are given, what ends them, and how bad ones are refused.
. "$(dirname "$0")/../lib.sh"

wat() { cat >"$W/$1.wat"; }
bytes() { printf '%b' "$2" >"$W/$1.wasm"; }

# -- calling ---------------------------------------------------------------------
wat math <<'EOF'
(module
  (func (export "main") (result i32) (i32.const 42))
  (func (export "add") (param i64 i64) (result i64) (i64.add (local.get 0) (local.get 1)))
  (func (export "half") (param f64) (result f64 i32) (f64.div (local.get 0) (f64.const 2)) (i32.const -1))
  (func (export "spin") (loop (br 0)))
  (func $deep (export "deep") (result i32) (i32.add (call $deep) (i32.const 1)))
  (func (export "bad") (drop (i32.load (i32.const -1))))
  (func (export "nan") (param f32) (result i32)
    (i32.reinterpret_f32 (f32.add (f32.sub (local.get 0) (local.get 0)) (f32.const nan:0x200001))))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "table") (param i32) (result i32) (table.grow (ref.null func) (local.get 0)))
  (type $box (array (mut i64)))
  (func (export "heap") (param i32) (result i32) (array.len (array.new_default $box (local.get 0))))
  (memory 1) (table 1 funcref))
EOF
run joist run --rm "$W/math.wat"
expect_status 0 && expect_out 42 && ok "main is called and its result printed"
run joist run --rm --invoke add "$W/math.wat" 40 -2
expect_status 0 && expect_out 38 && ok "--invoke with arguments"
run joist run --rm --invoke half "$W/math.wat" 3
expect_status 0 && expect_out "1.5
-1" && ok "several results"
run joist run --rm --invoke none "$W/math.wat"
expect_status 126 && expect_err "exports no function 'none'" && ok "--invoke of what is not there"
run joist run --rm --invoke add "$W/math.wat" 1
expect_status 126 && expect_err "takes 2 arguments, 1 are given" && ok "too few arguments"
run joist run --rm --invoke add "$W/math.wat" 1 x
expect_status 126 && expect_err "'x' of 'add' is no i64" && ok "an argument that is no number"

# -- what ends a program -----------------------------------------------------------
run joist run --rm --invoke bad "$W/math.wat"
expect_status 134 && expect_err "out of bounds memory access" && expect_err "#0 0x" && ok "a trap and its place"
run joist run --rm --invoke deep "$W/math.wat"
expect_status 134 && expect_err "call stack exhausted" && expect_err "more" && ok "endless recursion"
run joist run --rm --max-stack 64K --invoke deep "$W/math.wat"
expect_status 134 && expect_err "give it a larger stack" && ok "--max-stack"
run joist run --rm --fuel 100000 --invoke spin "$W/math.wat"
expect_status 134 && expect_err "all fuel consumed" && ok "--fuel"
run joist run --rm --fuel 100000 --invoke add "$W/math.wat" 1 2
expect_status 0 && expect_out 3 && ok "enough --fuel"
run joist run --rm --time-limit 200ms --invoke spin "$W/math.wat"
expect_status 124 && expect_err "longer than its --time-limit" && ok "--time-limit"
run joist run --rm -m 1M --invoke grow "$W/math.wat" 100
expect_status 0 && expect_out -1 && ok "-m bounds memory"
run joist run --rm --invoke grow "$W/math.wat" 70000
expect_status 0 && expect_out -1 && ok "memory ends at 4 GiB"
run joist run --rm --max-table 50 --invoke table "$W/math.wat" 100
expect_status 0 && expect_out -1 && ok "--max-table"
run joist run --rm --max-heap 1M --invoke heap "$W/math.wat" 1000000
expect_status 134 && expect_err "out of memory" && ok "--max-heap"
run joist run --rm --max-instances 1 "$W/math.wat"
expect_status 0 && expect_out 42 && ok "--max-instances leaves the one"
run joist run --rm --deterministic --invoke nan "$W/math.wat" 1
expect_status 0 && expect_out 2143289344 && ok "--deterministic has one NaN"

# -- what it is given ----------------------------------------------------------------
wat clock <<'EOF'
(module
  (import "wasi_snapshot_preview1" "clock_time_get" (func $now (param i32 i64 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "main") (result i32) (call $now (i32.const 0) (i64.const 0) (i32.const 0))))
EOF
run joist run --rm "$W/clock.wat"
expect_status 0 && expect_out 0 && ok "clocks by default"
run joist run --rm --deny-all "$W/clock.wat"
expect_status 0 && expect_out 58 && ok "--deny-all"
run joist run --rm --deny-all --allow time "$W/clock.wat"
expect_status 0 && expect_out 0 && ok "--allow time"
run joist run --rm --allow magic "$W/clock.wat"
expect_status 125 && expect_err "use fs:PATH" && ok "--allow of nothing that there is"
wat dirs <<'EOF'
(module
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $get (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "main") (result i32) (call $get (i32.const 3) (i32.const 0))))
EOF
run joist run --rm "$W/dirs.wat"
expect_status 0 && expect_out 8 && ok "no folder unless given"
run joist run --rm --allow "fs:$W:ro" "$W/dirs.wat"
expect_status 0 && expect_out 0 && ok "--allow fs:"
run joist run --rm -v "$W/none:/x" "$W/dirs.wat"
expect_status 125 && expect_err "none" && ok "a folder that is not there"

# -- what is in it ---------------------------------------------------------------------
run joist inspect "$W/clock.wat"
expect_status 0 && expect_has '"clock_time_get"' && expect_has '(i32 i64 i32) -> (i32)' && ok "inspect: imports"
run joist inspect "$W/math.wat"
expect_status 0 && expect_has '"gc"' && expect_has '"export"' && ok "inspect: features and sections"
run joist what "$W/math.wat"
expect_status 0 && expect_has "floor wasm" && ok "text is known by its text"

# -- bad ones ------------------------------------------------------------------------------
refused() {
	run joist run --rm "$W/$1"
	expect_status 126 && expect_err "$2" && ok "refused: $3"
}
bytes short '\0asm\1\0\0\0\1'
refused short.wasm "unexpected end" "a truncated file"
bytes future '\0asm\2\0\0\0'
refused future.wasm "unknown binary version" "a newer version"
bytes component '\0asm\15\0\1\0'
refused component.wasm "a component" "a component"
echo '(module (func (result i32)))' >"$W/invalid.wat"
refused invalid.wat "type mismatch" "an invalid module"
echo '(module (import "env" "magic" (func)))' >"$W/magic.wat"
refused magic.wat "env.magic" "an unknown import"
echo '(module (table 4294967295 funcref))' >"$W/table.wat"
refused table.wat "beyond the limit" "a table of 4 GiB"
echo '(module (func (export "main")' >"$W/open.wat"
refused open.wat "unexpected" "text that does not end"
{ printf '(module (func (export "main") (result i32) '; for _ in {1..10000}; do printf '(block (result i32) '; done
  printf '(i32.const 7)'; for _ in {1..10002}; do printf ')'; done; } >"$W/nested.wat"
run joist run --rm "$W/nested.wat"
if [ "$(cat "$W/.out")" = 7 ]; then ok "10,000 blocks in each other"
else expect_status 126 && expect_err "nesting" && ok "10,000 blocks in each other: refused"; fi
python3 - "$W" <<'EOF'
import sys
def leb(n):
    out = b''
    while n >= 128:
        out += bytes([n & 127 | 128]); n >>= 7
    return out + bytes([n])
def section(i, b): return bytes([i]) + leb(len(b)) + b
head = b'\0asm\1\0\0\0' + section(1, b'\2\x60\0\0\x60\0\1\x7f')
name = section(7, b'\1\4main\0\0')
body = b'\0' + b'\x41\1\x1a' * 2333333 + b'\x41\5\x0b'
open(sys.argv[1] + '/large.wasm', 'wb').write(head + section(3, b'\1\1') + name + section(10, b'\1' + leb(len(body)) + body))
n = 600000
open(sys.argv[1] + '/many.wasm', 'wb').write(head + section(3, leb(n) + b'\1' * n) + name +
    section(10, leb(n) + b'\4\0\x41\6\x0b' * n))
EOF
run joist run --rm "$W/large.wasm"
expect_status 0 && expect_out 5 && ok "a function of 7 MB"
run joist run --rm "$W/many.wasm"
expect_status 0 && expect_out 6 && ok "600,000 functions"
case $JOIST_BUILD in
*/san*) skip "little address space: sanitizers need more" ;;
*)
	(ulimit -v 600000; joist run --rm "$W/math.wat") >"$W/.out" 2>"$W/.err"
	if [ "$(cat "$W/.out")" = 42 ]; then ok "little address space"
	else not_ok "little address space: $(cat "$W/.err")"; fi ;;
esac
