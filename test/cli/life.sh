#!/bin/bash
# The life of a machine, verb by verb.
. "$(dirname "$0")/../lib.sh"
needs joist root

status_of() { joist ps -a --filter "name=$1" --json | tr -d ' \n' | grep -o '"status":"[a-z]*"' | head -n 1 | cut -d'"' -f4; }
is() { [ "$(status_of "$1")" = "$2" ]; }

# -- create, start, wait -------------------------------------------------------
run joist create --name a "$ROOTFS" sh -c 'echo started; exit 5'
expect_status 0 "create" && expect_out a "create prints the name" && is a created && ok "create makes a machine that rests"
run joist start --attach a
expect_status 5 "start -a" && expect_out started "start -a" && ok "start -a shows its output and takes its status"
is a stopped && ok "it is stopped when its program has ended" || not_ok "status after the end: $(status_of a)"
run joist start a
run joist wait a
expect_out 5 "wait" && ok "wait prints the exit status"
run joist logs a
expect_has started "logs" && ok "logs keeps what it wrote"
run joist rm a
expect_status 0 "rm" && [ -z "$(joist ps -a -n)" ] && ok "rm leaves no machine"

# -- run -d, ps, exec, stop ---------------------------------------------------------
run joist --quiet run --detach --name web --cpus 1.5 --label tier=front --stop-timeout 1 "$ROOTFS" sh -c 'trap "echo bye; exit 0" TERM; echo up; while :; do sleep 0.1; done'
expect_status 0 "run -d" && expect_out web "run -d" && ok "run -d prints the name"
run joist ps
expect_has web "ps" && ok "ps shows it"
run joist ps -n
expect_out web "ps --names" && ok "ps --names prints names only"
check "ps --json is JSON" sh -c 'joist ps --json | python3 -c "import json,sys; assert json.load(sys.stdin)[0][\"name\"] == \"web\""'
run joist ps -n --filter label=tier=front
expect_out web "filter by label" && ok "ps --filter label= finds it"
run joist ps -n --filter status=stopped
expect_out "" "filter by status" && ok "ps --filter status= leaves out others"
run joist exec web sh -c 'echo inside; hostname; exit 9'
expect_status 9 "exec" && expect_out "inside
web" "exec" && ok "exec runs beside it, with its own status"
run joist exec -w /tmp -u 1000 -e A=b --env-file /dev/null web sh -c 'pwd; id -u; echo $A'
expect_out "/tmp
1000
b" "exec flags" && ok "exec takes a folder, a user, an environment"
run joist exec web /bin/no-such
expect_status 127 "exec of nothing" && ok "exec of a missing command is 127"
run joist exec web /etc/passwd
expect_status 126 "exec of a plain file" && ok "exec of what cannot be executed is 126"
run sh -c 'echo typed | joist exec --interactive web cat'
expect_out typed "exec -i" && ok "exec -i forwards standard input"
run joist exec --privileged web grep CapEff /proc/self/status
expect_status 0 "exec --privileged" && ok "exec --privileged"
run joist exec --detach web sh -c 'touch /tmp/detached'
until_ok 5 joist exec web test -e /tmp/detached && ok "exec -d does not wait" || not_ok "exec -d did nothing"
run script -qec "joist exec -i --tty web tty" /dev/null
expect_has /dev/ "exec -t" && ok "exec -t gives a terminal"

# -- pause, resume ----------------------------------------------------------------
run joist pause web
expect_status 0 "pause" && is web paused && ok "pause puts it at rest" || not_ok "pause: $(status_of web)"
run timeout 5 joist exec web true
[ "$status" != 0 ] && [ "$status" != 124 ] && ok "exec in a paused machine says so" || not_ok "exec in a paused machine: $status"
run joist resume web
expect_status 0 "resume" && is web running && ok "resume lets it go on" || not_ok "resume: $(status_of web)"

# -- cp ----------------------------------------------------------------------------
echo one >"$W/one"
mkdir -p "$W/folder/deep" && echo two >"$W/folder/deep/two"
run joist cp "$W/one" web:/tmp/one
run joist exec web cat /tmp/one
expect_out one "cp into" && ok "cp copies a file into a machine"
run joist cp --archive "$W/folder" web:/tmp/
run joist exec web cat /tmp/folder/deep/two
expect_out two "cp of a folder" && ok "cp copies a folder whole"
joist exec web ln -s /etc/passwd /tmp/link
run joist cp --follow-link web:/tmp/link "$W/back"
[ -f "$W/back" ] && ! [ -L "$W/back" ] && grep -q '^user:' "$W/back" && ok "cp -L follows a link inside the machine" || not_ok "cp -L"
run joist cp web:/tmp/not-there "$W/x"
expect_status 125 "cp of nothing" && ok "cp of a missing file fails"

# -- stop, restart, kill -------------------------------------------------------------
run joist restart -t 1 web
expect_status 0 "restart" && is web running && ok "restart stops it and starts it again"
run joist stop -t 5 web
expect_status 0 "stop" && is web stopped && ok "stop ends it"
run joist logs -n 1 web
expect_has bye "stop signal" && ok "stop was gentle: its handler ran"
run joist start web
run joist kill --signal USR1 web
expect_status 0 "kill -s" && until_ok 5 is web stopped && ok "kill sends the signal it was given"
run joist start web
run joist kill web
until_ok 5 is web stopped && ok "kill kills" || not_ok "kill: $(status_of web)"
run joist rm web
expect_status 0 "rm" && ok "rm of a stopped machine"

# A program that ignores the gentle signal.
run joist run -d --name deaf --stop-signal INT "$ROOTFS" sh -c 'trap "" TERM INT; while :; do sleep 1; done'
start=$SECONDS
run joist stop --time 1 deaf
expect_status 0 "stop of a deaf one" && [ $((SECONDS - start)) -lt 6 ] && ok "stop kills what does not listen, after its time"
run joist start deaf
run joist rm deaf
expect_status 125 "rm of a running one" && two_lines "rm of a running one" && ok "rm refuses a running machine"
run joist rm --force deaf
expect_status 0 "rm -f" && ok "rm -f removes it all the same"
run joist rm -f deaf
expect_status 0 "rm -f of nothing" && ok "rm -f of a machine that is not there is no error"

# Between two runs there is nothing to kill.
run joist run -d --name again --restart always "$ROOTFS" false
until_ok 10 is again restarting
run joist rm -f again
expect_status 0 "rm -f between two runs" && [ -z "$(joist ps -a -n)" ] && ok "rm -f removes a machine that waits for its next run"

# -- names -----------------------------------------------------------------------------
run joist create --name twin "$ROOTFS" true
run joist create --name twin "$ROOTFS" true
expect_status 125 "two of one name" && two_lines "two of one name" && ok "a name is given once"
run joist create --name '../evil' "$ROOTFS" true
expect_status 125 "a bad name" && two_lines "a bad name" && ok "a name that is no file name is refused"
run joist rm twin
run joist create "$ROOTFS" true
name=$out
expect_status 0 "create without a name" && [ -n "$name" ] && ok "a name is made up: $name" && joist rm "$name"
run joist run --rm --name gone "$ROOTFS" true
run joist ps -a -n
expect_out "" "--rm" && ok "run --rm leaves no machine"

# -- several at once ----------------------------------------------------------------------
for i in 1 2 3; do joist run -d --name "m$i" "$ROOTFS" sleep 100 >/dev/null; done
run joist pause --all
[ "$(joist ps --filter status=paused -n | wc -l)" = 3 ] && ok "pause --all" || not_ok "pause --all"
run joist resume -a
run joist stop -t 0 -a
[ "$(joist ps -n | wc -l)" = 0 ] && ok "stop --all" || not_ok "stop --all"
run joist rm --all
[ "$(joist ps -a -n | wc -l)" = 0 ] && ok "rm --all" || not_ok "rm --all"
