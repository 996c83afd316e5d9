#!/bin/bash
# parallel
# OCI bundles: what config.json says beyond what flags can say.
. "$(dirname "$0")/../lib.sh"
needs joist root python3

B=$W/bundle
mkdir -p "$B"

# bundle KEY...: a config.json with this JSON laid over the plain one; the key
# `program` is a shell line.
bundle() {
	python3 - "$ROOTFS" "$B/config.json" "$1" <<-'END'
		import json, sys
		root, path, more = sys.argv[1:4]
		def lay(a, b):
		    for k, v in b.items():
		        if isinstance(v, dict) and isinstance(a.get(k), dict): lay(a[k], v)
		        else: a[k] = v
		doc = {"ociVersion": "1.2.0", "root": {"path": root},
		    "process": {"args": ["/bin/sh", "-c", "true"], "cwd": "/", "env": ["PATH=/bin"]},
		    "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
		        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs"}],
		    "linux": {"namespaces": [{"type": "mount"}, {"type": "pid"}]}}
		more = json.loads(more)
		if "program" in more: doc["process"]["args"][2] = more.pop("program")
		doc["mounts"] += more.pop("moremounts", [])
		doc["linux"]["namespaces"] += more.pop("morens", [])
		lay(doc, more)
		json.dump(doc, open(path, "w"))
	END
}
play() {
	bundle "$1"
	run timeout 30 joist run --rm "$B"
}

# -- hooks -----------------------------------------------------------------------
cat >"$W/hook" <<-END
	#!/bin/sh
	# What the point is, what we were told, what we see.
	state=\$(cat)
	echo "\$1 \$(echo "\$state" | tr -d ' \n' | grep -oE '"(status|id)":"[a-z]*"' | tr '\n' ' ')\$(echo "\$state" | tr -d ' ' | grep -cE '"pid":([2-9]|1[0-9])') \$KEY" >>"\${2:-/hooks}"
END
chmod 755 "$W/hook"
cp "$W/hook" "$ROOTFS/hook"
hook() { printf '{"path":"%s","args":["hook","%s"%s],"env":["KEY=k","PATH=/bin:/usr/bin"]}' "$2" "$1" "${3:+,\"$3\"}"; }
bundle '{"program":"cat /hooks; echo program >>/hooks; sleep 0.3", "hooks":{
	"prestart":['"$(hook prestart "$W/hook" "$W/h")"'],
	"createRuntime":['"$(hook createRuntime "$W/hook" "$W/h")"','"$(hook second "$W/hook" "$W/h")"'],
	"createContainer":['"$(hook createContainer "$W/hook" "$W/h")"'],
	"startContainer":['"$(hook startContainer /hook /hooks)"'],
	"poststart":['"$(hook poststart "$W/hook" "$W/h")"'],
	"poststop":['"$(hook poststop "$W/hook" "$W/h")"']}}'
run timeout 30 joist run --rm --name hooked "$B"
expect_status 0 "hooks" && expect_has 'startContainer "id":"hooked" "status":"created" 1' "hooks: startContainer runs inside" && ok "startContainer runs inside before the program"
order=$(cut -d' ' -f1 "$W/h" | tr '\n' ' ')
[ "$order" = "prestart createRuntime second createContainer poststart poststop " ] && ok "the other hooks run outside, in order" || not_ok "hooks: order is $order"
grep -q '^prestart .*"id":"hooked".* 1 k$' "$W/h" && grep -q '^poststart .*"status":"running"' "$W/h" &&
	grep -q '^poststop .*"status":"stopped".* 0 k' "$W/h" && grep -q '^createContainer .* 1 k' "$W/h" && ok "each is told the state on standard input, and has its own environment" ||
	not_ok "hooks: $(tr '\n' ';' <"$W/h")"
grep -q '^createRuntime .*"status":"creating"' "$W/h" || not_ok "createRuntime is not told 'creating': $(grep createRuntime "$W/h")"

for point in prestart createRuntime createContainer startContainer; do
	play '{"program":"echo ran", "hooks":{"'$point'":[{"path":"/bin/false"}]}}'
	expect_status 125 "a failing $point" && expect_err "$point" "a failing $point" && expect_out "" "a failing $point" &&
		two_lines "a failing $point" && ok "$point that fails ends the start"
done
play '{"program":"echo ran; sleep 0.2", "hooks":{"poststart":[{"path":"/bin/false"}],"poststop":[{"path":"/bin/false"}]}}'
expect_has ran "failing hooks at the end" && ok "poststart and poststop that fail do not undo what was done"
t=$SECONDS
play '{"hooks":{"createRuntime":[{"path":"/bin/sleep","args":["sleep","20"],"timeout":1}]}}'
expect_status 125 "a slow hook" && expect_err "more than 1 s" "a slow hook" && [ $((SECONDS - t)) -lt 8 ] && ok "a hook's timeout ends it"

# -- namespaces by path ------------------------------------------------------------
joist run -d --name other --hostname theirs "$ROOTFS" sleep 1000 >/dev/null
pid=$(joist inspect other | tr -d ' \n' | grep -oE '"pid":[0-9]+' | head -n 1 | cut -d: -f2)
for pair in uts:uts network:net ipc:ipc cgroup:cgroup pid:pid; do
	kind=${pair%:*} file=${pair#*:}
	ns='[{"type":"mount"},{"type":"'$kind'","path":"/proc/'$pid'/ns/'$file'"}]'
	# With another's processes /proc/self is what that namespace says.
	play '{"program":"readlink /proc/self/ns/'$file'", "linux":{"namespaces":'"$ns"'}}'
	expect_out "$(readlink "/proc/$pid/ns/$file")" "joining $kind" && ok "a namespace by its path: $kind"
done
play '{"linux":{"namespaces":[{"type":"mount"},{"type":"uts","path":"/proc/'$pid'/ns/net"}]}}'
expect_status 125 "a path of another kind" && two_lines "a path of another kind" && ok "a path of another kind of namespace is refused"
silent=0
for _ in $(seq 40); do joist run --rm "$B" 2>&1 | grep -q '^joist: ' || silent=$((silent + 1)); done
[ "$silent" = 0 ] && ok "and never in silence" || not_ok "$silent of 40 failed starts said nothing"
play '{"linux":{"namespaces":[{"type":"mount"},{"type":"uts","path":"/no/such/ns"}]}}'
expect_status 125 "a namespace that is not there" && expect_err /no/such/ns "a namespace that is not there" && ok "a namespace that is not there is named"
joist rm -f other >/dev/null

# -- the process ---------------------------------------------------------------------
play '{"program":"cut -d. -f1 /proc/uptime", "morens":[{"type":"time"}], "linux":{"timeOffsets":{"boottime":{"secs":1000000000},"monotonic":{"secs":5,"nanosecs":7}}}}'
expect_status 0 "timeOffsets" && [ "$out" -gt 1000000000 ] && ok "timeOffsets move its clocks" || not_ok "timeOffsets: $out"
play '{"program":"uname -m", "linux":{"personality":{"domain":"LINUX32"}}}'
case $out in i?86 | arm* | x86_64) [ "$out" != x86_64 ] && ok "personality LINUX32" || not_ok "personality: $out" ;; *) not_ok "personality: '$out' $err" ;; esac
# proc(5): 41 is the policy (3 is SCHED_BATCH), 19 is nice
play '{"program":"cut -d\" \" -f19,41 /proc/$$/stat", "process":{"scheduler":{"policy":"SCHED_BATCH","nice":5}}}'
expect_out "5 3" "scheduler" && ok "scheduler"
play '{"program":"ionice -p $$", "process":{"ioPriority":{"class":"IOPRIO_CLASS_BE","priority":6}}}'
expect_has "prio 6" "ioPriority" && ok "ioPriority"
play '{"program":"id; umask", "process":{"user":{"uid":7,"gid":8,"additionalGids":[9,10],"umask":63}}}'
expect_has "uid=7 gid=8" "user" && expect_has "9" "user" && expect_has 10 "user" && expect_has 0077 "user" && ok "user, additionalGids and umask"
play '{"program":"grep -E \"open files\" /proc/self/limits", "process":{"rlimits":[{"type":"RLIMIT_NOFILE","soft":100,"hard":200}]}}'
expect_has "100                  200" "rlimits" && ok "rlimits"
# This is more than root may give without CAP_SYS_RESOURCE.
run sh -c "setpriv --bounding-set -sys_resource --inh-caps -sys_resource joist run --rm --ulimit nofile=1000000:2000000000 '$ROOTFS' echo ran"
[ "$status" = 0 ] && expect_out ran "a limit beyond ours" && grep -q '^joist: ' "$W/.err" && [ "$(wc -l <"$W/.err")" -le 2 ] && ok "a limit that we may not raise costs one warning" || not_ok "a limit beyond ours: status $status, $err"

# -- mounts -----------------------------------------------------------------------------
mkdir -p "$W/data" && touch "$W/data/f" && chown 1234:1234 "$W/data/f"
play '{"program":"stat -c %u:%g /data/f", "moremounts":[{"destination":"/data","type":"bind","source":"'"$W/data"'","options":["rbind"],
	"uidMappings":[{"containerID":1234,"hostID":77,"size":1}],"gidMappings":[{"containerID":1234,"hostID":78,"size":1}]}]}'
expect_out 77:78 "id-mapped mount" && ok "an id-mapped mount shows other owners"
play '{"program":"cat /proc/version; ls /proc/bus 2>&1 | wc -l; echo x >/etc/x", "linux":{"maskedPaths":["/proc/version","/proc/bus","/not/there"],"readonlyPaths":["/etc","/not/there"]}}'
expect_out 0 "masked" && expect_err "Read-only" "read-only paths" && ok "maskedPaths and readonlyPaths"
play '{"program":"touch /x", "root":{"path":"'"$ROOTFS"'","readonly":true}}'
expect_err Read-only "a read-only root" && ok "root.readonly"
play '{"program":"stat -c %t:%T:%a:%u /dev/mine; cat /dev/mine | wc -c", "linux":{"devices":[{"path":"/dev/mine","type":"c","major":1,"minor":3,"fileMode":384,"uid":3}]}}'
expect_out "1:3:600:3
0" "devices" && ok "devices are made as they are described"
# A device of the host that is in no list of usual ones, and that opens.
minor=$(awk '$2 == "cpu_dma_latency" { print $1 }' /proc/misc)
if [ -n "$minor" ]; then
	for rule in true:0 false:1; do
		play '{"program":": </dev/zz", "linux":{"devices":[{"path":"/dev/zz","type":"c","major":10,"minor":'"$minor"'}],
			"resources":{"devices":[{"allow":true},{"allow":'${rule%:*}',"type":"c","major":10,"minor":'"$minor"',"access":"r"}]}}}'
		expect_status "${rule#*:}" "device rule ${rule%:*}" || continue
		[ "$rule" = true:0 ] || expect_err "not permitted" "device rule" && ok "a device rule: allow ${rule%:*}"
	done
	run joist run --rm --device /dev/cpu_dma_latency:/dev/zz "$ROOTFS" sh -c ': </dev/zz && echo opened'
	[ ! -e /dev/cpu_dma_latency ] || { expect_out opened "--device" && ok "--device opens the way"; }
	run joist run --rm --cap-add SYS_RAWIO "$ROOTFS" sh -c "mknod /tmp/zz c 10 $minor; : </tmp/zz"
	expect_err "not permitted" "mknod" && ok "without it not even one's own device file helps"
else
	skip "device rules: no device to try them with"
fi
play '{"domainname":"dom.test","hostname":"boxed","program":"hostname; cat /proc/sys/kernel/domainname", "morens":[{"type":"uts"}]}'
expect_out "boxed
dom.test" "names" && ok "hostname and domainname"
