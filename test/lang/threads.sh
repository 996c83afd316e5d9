#!/bin/bash
# parallel
# needs: joist
# wasi-threads: a program with five threads, and a snapshot in the middle of all of them.
. "$(dirname "$0")/../lib.sh"

program() {
	cat >"$W/$1.wat" <<EOF
	(module
	  (import "env" "memory" (memory 1 4 shared))
	  (import "wasi" "thread-spawn" (func \$spawn (param i32) (result i32)))
	  (import "wasi_snapshot_preview1" "proc_exit" (func \$exit (param i32)))
	  (export "memory" (memory 0))
	  (func (export "wasi_thread_start") (param \$tid i32) (param \$n i32)
	    (local \$i i32)
	    (loop \$l
	      (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
	      (br_if \$l (i32.lt_u (local.tee \$i (i32.add (local.get \$i) (i32.const 1))) (local.get \$n))))
	    (drop (i32.atomic.rmw.add (i32.const 4) (i32.const 1)))
	    (drop (memory.atomic.notify (i32.const 4) (i32.const -1))))
	  (func (export "_start")
	    (local \$k i32) (local \$seen i32)
	    (loop \$s
	      (if (i32.lt_s (call \$spawn (i32.const $2)) (i32.const 1)) (then (unreachable)))
	      (br_if \$s (i32.lt_u (local.tee \$k (i32.add (local.get \$k) (i32.const 1))) (i32.const 4))))
	    (block \$done
	      (loop \$w
	        (br_if \$done (i32.eq (local.tee \$seen (i32.atomic.load (i32.const 4))) (i32.const 4)))
	        (drop (memory.atomic.wait32 (i32.const 4) (local.get \$seen) (i64.const -1)))
	        (br \$w)))
	    (if (i32.ne (i32.atomic.load (i32.const 0)) (i32.const $((4 * $2)))) (then (unreachable)))
	    (call \$exit (i32.const 9))))
EOF
}
program short 200000
run joist run --rm "$W/short.wat"
expect_status 9 && ok "four threads count together"

program long 10000000
run joist run -d --name t "$W/long.wat"
sleep 0.3
run joist snapshot t@middle
expect_status 0 && ok "snapshot of five threads"
run joist wait t
expect_out 9 && ok "they go on and count right"
run joist restore t@middle
run joist wait t
expect_out 9 && ok "so do the restored ones"
run joist rm -f t

program endless 500000000
run joist run -d --name e "$W/endless.wat"
run joist pause e
expect_status 0 && ok "pause of five threads"
run joist resume e
run joist stop e
expect_status 0 && ok "stop of five threads"
run joist rm e
