#!/bin/bash
# parallel
# Every row of the tables that a machine is made from does something:
# layer/os/mountopt.def, layer/os/dev.def, layer/os/rlimit.def, layer/os/cglimit.def.
. "$(dirname "$0")/../lib.sh"
needs joist root

rows() { sed -nE "s/^$2\(\"?([A-Za-z0-9]+)\"?[,)].*/\1/p" "$TOP/layer/os/$1"; }
bundle() {
	mkdir -p "$W/b"
	cat >"$W/b/config.json"
	run joist run --rm "$W/b"
}

# -- mount options -------------------------------------------------------------
n=0
mkdir -p "$W/src" && touch "$W/src/there"
for o in $(rows mountopt.def OPT); do
	case $o in
	rro | rrw | rno* | rsuid | rdev | rexec | bind | rbind | idmap | ridmap | tmpcopyup | private | rprivate | slave | rslave | shared | rshared | unbindable | runbindable)
		type=bind ;;
	mand) continue ;; # gone from Linux 5.15
	*) type=tmpfs ;;
	esac
	case $type in
	bind) m='{"destination":"/m","type":"bind","source":"'$W/src'","options":["rbind","'$o'"]}' ;;
	*) m='{"destination":"/m","type":"tmpfs","source":"tmpfs","options":["'$o'"]}' ;;
	esac
	case $o in
	idmap | ridmap)
		m='{"destination":"/m","type":"bind","source":"'$W/src'","options":["rbind","'$o'"],"uidMappings":[{"containerID":0,"hostID":1000,"size":1}],"gidMappings":[{"containerID":0,"hostID":1000,"size":1}]}' ;;
	esac
	bundle <<-END
		{"ociVersion":"1.0.2","process":{"args":["/bin/cat","/proc/self/mountinfo"],"cwd":"/"},
		"root":{"path":"$ROOTFS"},"linux":{"namespaces":[{"type":"mount"},{"type":"pid"}]},
		"mounts":[{"destination":"/proc","type":"proc","source":"proc"},
		{"destination":"/dev","type":"tmpfs","source":"tmpfs"},$m]}
	END
	expect_status 0 "mount option $o" && expect_has " /m " "mount option $o" && n=$((n + 1))
	case $o in
	ro | nosuid | nodev | noexec | noatime | nodiratime | sync | dirsync | rro | rnosuid | rnodev | rnoexec)
		# "rro" shows as "ro"
		shown=$o
		case $o in rro | rno*) shown=${o#r} ;; esac
		grep ' /m ' "$W/.out" | grep -qE "[ ,]$shown([ ,]|\$)" || not_ok "mount option $o has no effect: $(grep ' /m ' "$W/.out")" ;;
	esac
done
[ "$n" -gt 30 ] && ok "$n mount options are taken" || not_ok "only $n mount options are taken"

# -- devices ------------------------------------------------------------------
for d in $(rows dev.def DEV); do
	run joist run --rm "$ROOTFS" sh -c "test -c /dev/$d && : >>/dev/$d"
	[ "$d" = tty ] || expect_status 0 "device $d" || exit 1
done
ok "every default device is there and can be opened"

# -- rlimits -----------------------------------------------------------------------
n=0
for l in $(rows rlimit.def RLIMIT); do
	name=$(tr 'A-Z' 'a-z' <<<"$l")
	# A hundred of anything but what a program needs to start.
	case $l in AS | DATA | STACK | RSS) v=100000000 ;; NICE | RTPRIO) v=0 ;; *) v=100 ;; esac
	run joist run --rm --ulimit "$name=$v" "$ROOTFS" grep -E "^Max .* $v +$v|^Max .* 0 +0" /proc/self/limits
	expect_status 0 "ulimit $name" && n=$((n + 1))
done
ok "$n kinds of rlimit are set"
run joist run --rm --ulimit nothing=1 "$ROOTFS" true
expect_status 125 "an unknown rlimit" && two_lines "an unknown rlimit" && ok "an unknown rlimit is refused"

# -- cgroup limits -------------------------------------------------------------------
# What a row holds must be a number; the value itself is judged by the kernel.
sed -nE 's/^LIMIT\("([A-Za-z]+)", "([A-Za-z]+)".*/\1 \2/p' "$TOP/layer/os/cglimit.def" >"$W/limits"
while read -r group key; do
	bundle <<-END
		{"ociVersion":"1.0.2","process":{"args":["/bin/true"],"cwd":"/"},"root":{"path":"$ROOTFS"},
		"linux":{"namespaces":[{"type":"mount"},{"type":"pid"}],"resources":{"$group":{"$key":"much"}}}}
	END
	expect_status 125 "resources.$group.$key" && expect_err "$key" "resources.$group.$key" || exit 1
done <"$W/limits"
ok "every cgroup limit that is no number is refused by name"
