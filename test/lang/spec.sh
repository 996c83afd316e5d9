#!/bin/bash
# parallel
# timeout: 900
# The test suite of the WebAssembly specification, where there is a copy of it: version 3,
# the legacy exceptions, and the proposals threads, wide arithmetic and custom page sizes.
. "$(dirname "$0")/../lib.sh"
suite=${SPEC:-$TOP/../shared/wasm-testsuite}
spec=$JOIST_BUILD/test/lang/spec
[ -x "$spec" ] || skip_all "all: the runner is not built"

# -- the runner itself: what fails must be seen to fail --------------------------------
cat >"$W/bad.wast" <<'EOF'
(module (func (export "one") (result i32) (i32.const 1)))
(assert_return (invoke "one") (i32.const 2))
(assert_trap (invoke "one") "unreachable")
(assert_malformed (module quote "(func)") "unexpected token")
(assert_invalid (module (func)) "type mismatch")
(assert_return (invoke "none"))
(nonsense)
(assert_return (invoke "one") (i32.const 1))
EOF
run "$spec" "$W/bad.wast"
expect_status 1 && expect_has "2 passed, 6 failed" &&
	expect_has "bad.wast:2: assert_return: \"one\": result 0 is i32 0x1" && ok "failures are told"

# Threads of a script share what they are given, and run side by side.
cat >"$W/thread.wast" <<'EOF'
(module $Mem (memory (export "mem") 1 1 shared)
  (func (export "get") (result i32) (i32.atomic.load (i32.const 0))))
(thread $T1 (shared (module $Mem))
  (register "mem" $Mem)
  (module (memory (import "mem" "mem") 1 1 shared)
    (func (export "wait") (result i32)
      (memory.atomic.wait32 (i32.const 8) (i32.const 0) (i64.const 20_000_000_000)))
    (func (export "add") (i32.atomic.store (i32.const 0) (i32.const 42))))
  (invoke "wait")
  (invoke "add"))
(thread $T2 (shared (module $Mem))
  (register "mem" $Mem)
  (module (memory (import "mem" "mem") 1 1 shared)
    (func (export "wake")
      (i32.atomic.store (i32.const 8) (i32.const 1))
      (drop (memory.atomic.notify (i32.const 8) (i32.const 1)))))
  (assert_return (invoke "wake")))
(wait $T1)
(wait $T2)
(assert_return (invoke $Mem "get") (i32.const 42))
EOF
run "$spec" "$W/thread.wast"
expect_status 0 && expect_out "13 passed, 0 failed" && ok "threads of a script"

# -- the suite ---------------------------------------------------------------------------
if [ ! -d "$suite" ]; then
	skip "no suite at $suite"
	exit
fi
run "$spec" "$suite"
if expect_status 0 "the suite"; then
	ok "the suite: $(tail -n 1 "$W/.out")"
else
	cat "$W/.out"
fi
