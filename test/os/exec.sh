#!/bin/bash
# parallel
# exec: the same confinement as the first process; terminals; machines that
# end, rest and are ended.
. "$(dirname "$0")/../lib.sh"
needs joist root python3

# -- the same walls ------------------------------------------------------------
joist run -d --name box --user 1000:1000 --group-add 77 --cap-drop ALL --cap-add NET_BIND_SERVICE -e A=first -w /home/user \
	--security-opt no-new-privileges --ulimit nofile=99:99 --pids-limit 50 "$ROOTFS" sleep 1000 >/dev/null
pid=$(joist inspect box | tr -d ' \n' | grep -oE '"pid":[0-9]+' | head -n 1 | cut -d: -f2)
facts='grep -E "^(Cap|NoNewPrivs|Seccomp:|Groups|Uid|Gid)" /proc/self/status; grep "open files" /proc/self/limits'
run joist exec box sh -c "$facts"
first=$(grep -E "^(Cap|NoNewPrivs|Seccomp:|Groups|Uid|Gid)" "/proc/$pid/status"; grep "open files" "/proc/$pid/limits")
expect_out "$first" "exec's identity" && ok "exec has the first process's identity, capabilities, limits and filter"
joist exec box sh -c 'sleep 30; :' &
own $!
inner() { pgrep --ns "$pid" --nslist pid -f '^sleep 30$'; }
inside() { [ -n "$(inner)" ]; }
until_ok 5 inside
other=$(inner | head -n 1)
for n in mnt pid net ipc uts cgroup user time; do
	[ "$(readlink "/proc/$other/ns/$n")" = "$(readlink "/proc/$pid/ns/$n")" ] || not_ok "exec is in another namespace: $n"
done
[ "$(sed 's/^[0-9]*://' "/proc/$other/cgroup")" = "$(sed 's/^[0-9]*://' "/proc/$pid/cgroup")" ] && ok "exec is in its namespaces and cgroups" || not_ok "exec's cgroups: $(diff "/proc/$other/cgroup" "/proc/$pid/cgroup" | tr '\n' ';')"
run joist exec box sh -c 'echo $A; pwd; id -u'
expect_out "first
/home/user
1000" "exec's environment" && ok "exec has its environment, folder and user"
run joist exec -u 0 -w / -e A=second box sh -c 'echo $A; pwd; id -u; grep CapEff /proc/self/status | cut -f2'
expect_out "second
/
0
0000000000000400" "exec of another user" && ok "root by exec has no more than the bounding set"
run joist exec -u daemon box id -u
expect_out 1 "exec -u name" && ok "a user by name, from the container's passwd"
run joist exec -u 0 box unshare -U true
expect_status 1 "exec's filter" && ok "the filter holds for exec"
run joist exec --privileged -u 0 box sh -c 'unshare -U true && echo free'
expect_out free "exec --privileged" && ok "exec --privileged goes without"
run sh -c 'for i in $(seq 80); do joist exec -d box sleep 100 2>&1; done | grep -c .'
run joist exec box true
[ "$status" != 0 ] && two_lines "exec beyond the pids limit" && ok "the limit of processes counts exec too"
run joist rm -f box
expect_status 0 "rm of a full one" && ok "and a full machine can still be ended"

# commands that nobody waits for are no reason to forget those that somebody does
joist run -d --name box "$ROOTFS" sleep 100 >/dev/null
joist exec -d box sleep 100
joist exec box sleep 100 & one=$!
joist exec -d box sleep 100
joist exec box sh -c 'echo >/tmp/begun; sleep 100' & two=$!
until_ok 10 joist exec box test -e /tmp/begun
joist kill box >/dev/null
wait $one; a=$?
wait $two; b=$?
[ $a = 137 ] && [ $b = 137 ] && ok "a machine that is killed ends every exec" || not_ok "exec in a killed machine: $a $b"
joist rm -f box >/dev/null

# -- a fork bomb --------------------------------------------------------------------
joist run -d --name bomb --pids-limit 40 "$ROOTFS" sh -c 'trap "" TERM; f() { f | f & }; f; while :; do sleep 1 || f; done' >/dev/null 2>&1
sleep 1
t=$SECONDS
run joist stop -t 1 bomb
expect_status 0 "stop of a fork bomb" && [ $((SECONDS - t)) -lt 8 ] && ok "a fork bomb is stopped"
joist rm -f bomb >/dev/null

# -- pause really stops -----------------------------------------------------------------
joist run -d --name clock -v "$W:/out" "$ROOTFS" sh -c 'i=0; while :; do i=$((i+1)); echo $i >/out/n.new; mv /out/n.new /out/n; sleep 0.01; done' >/dev/null
until_ok 5 test -s "$W/n"
joist pause clock >/dev/null
a=$(cat "$W/n"); sleep 0.3; b=$(cat "$W/n")
joist resume clock >/dev/null
sleep 0.3; c=$(cat "$W/n")
[ "$a" = "$b" ] && [ "$c" -gt "$b" ] && ok "a paused machine stands still, a resumed one goes on" || not_ok "pause: $a, $b, then $c"
joist pause clock >/dev/null
t=$SECONDS
run timeout 20 joist stop -t 1 clock
expect_status 0 "stop of a paused one" && [ $((SECONDS - t)) -lt 8 ] && ok "a paused machine can be stopped"
joist start clock >/dev/null && joist pause clock >/dev/null
run timeout 20 joist rm -f clock
expect_status 0 "rm -f of a paused one" && ok "and removed"

# -- process 1 without a handler -----------------------------------------------------------
joist run -d --name plain "$ROOTFS" sleep 1000 >/dev/null
t=$(date +%s%N)
run joist stop -t 10 plain
ms=$((($(date +%s%N) - t) / 1000000))
expect_status 0 "stop of a plain one" && [ "$ms" -lt 3000 ] && ok "process 1 without a handler is ended at once" || not_ok "stop of a plain sleep took $ms ms"
run joist ps -a --json --filter name=plain
code=$(python3 -c 'import json,sys; d = json.load(open(sys.argv[1]))[0]; print(d.get("exitCode", d.get("exitStatus", d)))' "$W/.out")
[ "$code" = 143 ] && ok "its status is that of the signal" || not_ok "exit status after stop: $code"
joist rm plain >/dev/null
joist run --name greedy -m 24M --memory-swap 24M "$ROOTFS" tail /dev/zero >/dev/null 2>&1
run joist ps -a --json --filter name=greedy
python3 -c 'import json,sys; d = json.load(open(sys.argv[1]))[0]; assert d["oomKilled"] is True, d; assert 137 in d.values(), d' "$W/.out" 2>"$W/why" && ok "ps --json tells an OOM kill" || not_ok "ps --json after an OOM kill: $(tail -n 1 "$W/why")"
joist rm greedy >/dev/null
