#!/bin/bash
# parallel
# A program in the foreground with --rm may be over before anybody could look; one that stays can
# be found by all that is found by name, from its first moment.
. "$(dirname "$0")/../lib.sh"
needs joist
cd "$W" || exit 1
cat >wait.wat <<'END'
(module (memory (export "memory") 1) (func (export "_start") (loop $l (br $l))))
END
cat >none.wat <<'END'
(module (memory (export "memory") 1) (func (export "_start")))
END
# Wait for the folder of machine $1, without a pause in which it would have its socket.
there() { for ((n = 0; n < 200000; n++)); do [ -e "$JOIST_ROOT/machines/$1" ] && return; done; }
pid_written() { grep -q '"pid"' "$JOIST_ROOT/machines/$1/state.json" 2>/dev/null; }

run joist run --rm --name brief ./none.wat
expect_status 0 "one that is over at once"
check "its four events are kept" test "$(grep -c '"brief"' "$JOIST_ROOT/events")" = 4

# stopped as soon as its folder is there, before it has a socket
for i in 1 2 3; do
	joist run --rm --name "one$i" ./wait.wat &
	pid=$!
	there "one$i"
	run joist stop -t 0 "one$i"
	expect_status 0 "stopped in its first moment ($i)"
	wait $pid
	[ $? = 137 ] && ok "it was killed ($i)" || not_ok "one$i ended by itself"
done

joist run --rm --name stays ./wait.wat &
pid=$!
there stays
run joist ps
expect_has stays "ps has it in its first moment"
until_ok 10 pid_written stays && ok "its state is written when it stays" || not_ok "no state.json"
check "and its socket is there" test -S "$JOIST_ROOT/machines/stays/control"
run joist kill stays
expect_status 0 "killed by name"
wait $pid
check "nothing of it stays" test ! -e "$JOIST_ROOT/machines/stays"
no_leaks "nothing left"
