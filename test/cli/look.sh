#!/bin/bash
# The verbs that look: inspect, logs, top, events, what, doctor, version, help.
. "$(dirname "$0")/../lib.sh"
needs joist root python3

json() { python3 -c "import json,sys; d = json.load(sys.stdin); $1"; }

joist run -d --name web -m 128M --annotation org.example.k=v --label a=b --log-opt max-size=64k --log-opt max-file=2 \
	"$ROOTFS" sh -c 'for i in 1 2 3 4 5; do echo "line $i"; done; echo wrong >&2; sleep 100' >/dev/null
until_ok 5 sh -c 'joist logs web 2>&1 | grep -q wrong'

# -- logs --------------------------------------------------------------------------
run joist logs web
expect_out "line 1
line 2
line 3
line 4
line 5" "logs" && expect_err wrong "logs" && ok "logs keeps both streams apart"
run joist logs --tail 2 web
[ "$(cat "$W/.out" "$W/.err" | wc -l)" = 2 ] && ok "logs --tail shows the last lines" || not_ok "logs --tail"
run joist logs -t web
grep -qE '^20[0-9][0-9]-[0-9-]+T[0-9:.]+Z line 1$' "$W/.out" && ok "logs --timestamps" || not_ok "logs --timestamps: $(head -n 1 "$W/.out")"
run joist logs --since 1h --until 1h web
expect_out "" "logs --until" && ok "logs --since and --until choose a time"
check "logs --json is JSON" sh -c 'joist logs --json web | head -n 1 | python3 -c "import json,sys; json.loads(sys.stdin.readline())"'
joist run -d --name talk "$ROOTFS" sh -c 'for i in 1 2 3; do echo tick $i; sleep 0.2; done' >/dev/null
run timeout 10 joist logs -f talk
expect_status 0 "logs -f" && expect_has "tick 3" "logs -f" && ok "logs --follow goes on until the end"
joist run -d --name chatty --log-opt max-size=16k --log-opt max-file=3 "$ROOTFS" sh -c 'i=0; while [ $i -lt 4000 ]; do echo "this is line number $i"; i=$((i+1)); done' >/dev/null
joist wait chatty >/dev/null
size=$(cat "$JOIST_ROOT"/machines/chatty/log* | wc -c)
[ "$size" -lt 70000 ] && joist logs chatty | tail -n 1 | grep -q 3999 && ok "logs rotate by size and keep the newest" || not_ok "logs rotate: $size bytes"
joist rm talk chatty >/dev/null

# -- inspect --------------------------------------------------------------------------
check "inspect is JSON and knows the limit" sh -c 'joist inspect web | python3 -c "import json,sys; t = sys.stdin.read(); json.loads(t); assert str(128 << 20) in t"'
run joist inspect --json web
expect_has '"org.example.k"' "annotation" && ok "inspect shows annotations"
run joist inspect nothing-of-this-name
expect_status 125 "inspect of nothing" && two_lines "inspect of nothing" && ok "inspect of nothing is two lines"

# -- top ---------------------------------------------------------------------------------
run joist top --once
expect_has web "top" && ok "top shows what runs"
check "top --json has figures" sh -c 'joist top --json web | python3 -c "
import json,sys
d = json.load(sys.stdin); d = d[0] if isinstance(d, list) else d
t = json.dumps(d); assert \"cpu\" in t and \"memory\" in t and \"pids\" in t, t"'

# -- events ----------------------------------------------------------------------------------
run joist events --since 10m
expect_has start "events" && ok "events tells what happened"
run joist events --json --since 1h --until 0s web
check "events --json is a JSON object a line" sh -c 'joist events --json web | python3 -c "import json,sys; [json.loads(l) for l in sys.stdin]"'
timeout 10 joist events -f web >"$W/events" 2>/dev/null &
own $!
sleep 0.3
joist pause web && joist resume web
until_ok 5 grep -q resume "$W/events" && ok "events --follow sees what happens" || not_ok "events -f"

# -- what ---------------------------------------------------------------------------------------
printf '\0asm\1\0\0\0' >"$W/m.wasm"
printf 'MZ' >"$W/w.exe"
run joist what "$ROOTFS" "$W/m.wasm" /bin/sh
expect_status 0 "what" && ok "what names a folder, a module and a program"
check "what --json" sh -c "joist what --json '$W/m.wasm' | grep -qi wasm"
run joist what "$W/not-there"
expect_status 127 "what of nothing" && two_lines "what of nothing" && ok "what of nothing is two lines"

# -- doctor, version, help -----------------------------------------------------------------------
run joist doctor
expect_has group "doctor" && ok "doctor speaks of cgroups"
check "doctor --json" sh -c 'joist doctor --json | python3 -m json.tool'
run joist version
expect_has . "version" && ok "version"
check "version --json" sh -c 'joist version --json | python3 -m json.tool'
run joist --version
expect_status 0 "--version" && ok "--version"
run joist -V
expect_status 0 "-V" && ok "-V"
run joist help
expect_has run "help" && ok "help lists the verbs"
run joist help run
expect_has --memory "help run" && ok "help run lists its flags"
for v in $(sed -nE 's/^VERB\(([a-z]+),.*/\1/p' "$TOP/cli/verb.def"); do
	run joist help "$v"
	[ "$status" = 0 ] && [ -n "$out" ] || not_ok "help $v: status $status"
done
ok "help explains every verb"
run joist run --help
expect_has --memory "run --help" && ok "run --help is help run"
run joist -h
expect_status 0 "-h" && ok "-h"

# -- attach ------------------------------------------------------------------------------------------
joist run -d --name echo -i "$ROOTFS" sh -c 'while read -r l; do echo "got $l"; [ "$l" != end ] || exit 6; done' >/dev/null
run sh -c '(sleep 0.3; echo one; sleep 0.2; echo end; sleep 0.5) | timeout 10 joist attach echo'
expect_status 6 "attach" && expect_has "got one" "attach" && ok "attach takes part in its streams and its exit status"
run timeout 2 joist attach --no-stdin --detach-keys ctrl-x web
[ "$status" = 124 ] && ok "attach --no-stdin only looks" || not_ok "attach --no-stdin: $status"

# -- health --------------------------------------------------------------------------------------------
cp -a "$ROOTFS" "$W/sick"
joist run -d --name sick --health-cmd 'test -e /ok' --health-interval 0.2s --health-timeout 2s --health-retries 2 \
	--health-start-period 0s "$W/sick" sleep 100 >/dev/null
until_ok 10 sh -c 'joist inspect sick | grep -q unhealthy' && ok "a sick machine is called unhealthy" || not_ok "health: never unhealthy"
joist exec sick touch /ok
until_ok 10 sh -c 'joist inspect sick | grep -q "\"healthy\""' && ok "and healthy again" || not_ok "health: never healthy"

# -- restart policies --------------------------------------------------------------------------------------
joist run -d --name phoenix --restart on-failure:2 "$ROOTFS" sh -c 'exit 1' >/dev/null
until_ok 20 sh -c 'joist inspect phoenix | tr -d " \n" | grep -q "\"restarts\":2"' && ok "restart on-failure:2 tries twice" || not_ok "restart on-failure"
joist run -d --name always --restart always "$ROOTFS" sh -c 'sleep 0.1' >/dev/null
until_ok 20 sh -c 'joist inspect always | tr -d " \n" | grep -qE "\"restarts\":[1-9]"' && ok "restart always" || not_ok "restart always"
run joist stop -t 1 always
sleep 0.5
[ -z "$(joist ps -n --filter name=always)" ] && ok "stop ends a machine that always restarts" || not_ok "stop of restart always"
run joist start --boot
until_ok 5 sh -c 'joist ps -n | grep -q always' && ok "start --boot starts what its policy says" || not_ok "start --boot"
joist create --name sleepy --no-healthcheck --platform linux/amd64 --pull never "$ROOTFS" true >/dev/null && ok "create takes image flags for a folder too" || not_ok "create with image flags"
