#!/bin/bash
# timeout: 120
# Runs of a user without rights: with ranges of ids, without, and what then
# cannot be had.
. "$(dirname "$0")/../lib.sh"
needs joist root userns
test_user || skip_all "all: no user can be made"
cp -a "$ROOTFS" "$W/home/root" && chown -R "$TEST_USER" "$W/home/root"
R=$W/home/root
u=$(id -u "$TEST_USER")

plain() {
	run as_user joist run --rm "$R" sh -c 'id -u; cat /proc/self/uid_map | tr -s " "; echo $$; touch /made && rm /made; hostname >/dev/null'
	expect_status 0 "$1" && expect_has "0 $u 1" "$1: root inside is the user outside" && ok "$1: root inside is the user outside"
	for n in mnt pid net ipc uts cgroup user; do
		[ "$(as_user joist run --rm "$R" readlink "/proc/self/ns/$n" 2>/dev/null)" != "$(readlink "/proc/self/ns/$n")" ] || not_ok "$1: namespace $n is the host's"
	done
	run as_user joist run --rm "$R" sh -c 'exit 9'
	expect_status 9 "$1: status" && ok "$1: exit status"
	run as_user joist run --rm -m 64M --pids-limit 20 -c 1 "$R" echo ran
	expect_status 0 "$1: limits" && expect_out ran "$1: limits" && [ "$(grep -c '^joist: ' "$W/.err")" -le 1 ] && ok "$1: limits that cannot be had cost one warning at most" || not_ok "$1: $err"
	run as_user joist run -d --name quiet "$R" sh -c 'trap "exit 0" TERM; while :; do sleep 0.1; done'
	expect_status 0 "$1: -d"
	run as_user joist exec quiet sh -c 'id -u; unshare -U true'
	expect_has 0 "$1: exec" && expect_err "not permitted" "$1: exec is filtered" && ok "$1: exec, and its filter"
	run as_user joist pause quiet
	[ "$status" = 0 ] || two_lines "$1: pause" && as_user joist resume quiet >/dev/null 2>&1
	run as_user joist stop -t 5 quiet
	expect_status 0 "$1: stop" && ok "$1: stop"
	run as_user joist rm quiet
	expect_status 0 "$1: rm" && ok "$1: rm"
	run as_user joist run --rm -v "$W/home:/h" --read-only --tmpfs /tmp "$R" sh -c 'touch /h/by && touch /tmp/x && ! touch /x 2>/dev/null'
	expect_status 0 "$1: volumes" && [ "$(stat -c %u "$W/home/by" 2>/dev/null)" = "$u" ] && ok "$1: what it writes in a volume is the user's"
	rm -f "$W/home/by"
	run as_user joist run --rm "$R" sh -c 'test -c /dev/null && echo x >/dev/null && head -c 1 /dev/zero | wc -c'
	expect_out 1 "$1: devices" && ok "$1: devices"
	run as_user joist run --rm --device /dev/kmsg "$R" cat /dev/kmsg
	[ "$status" != 0 ] && ok "$1: no device that the user may not open"
}

if grep -q "^$TEST_USER:" /etc/subuid && command -v newuidmap >/dev/null; then
	plain "with ranges"
	run as_user joist run --rm -u 1000:1000 "$R" id -u
	expect_out 1000 "with ranges: another user" && ok "with ranges: another user inside"
	run as_user joist run --rm "$R" sh -c 'touch /tmp/f && chown 5:6 /tmp/f && stat -c %u:%g /tmp/f; rm /tmp/f'
	expect_out 5:6 "with ranges: chown" && ok "with ranges: owners inside"
else
	skip "with ranges: no newuidmap"
fi
sed -i "/^$TEST_USER:/d" /etc/subuid /etc/subgid
plain "without ranges"
run as_user joist run --rm -u 1000:1000 "$R" true
expect_status 125 "without ranges: another user" && two_lines "without ranges: another user" && ok "without ranges: another user is refused, with advice"
run as_user joist --root "$W/store" ps
expect_status 125 "another's store" && two_lines "another's store" && ok "a store of root's is refused, with advice"
