#!/bin/bash
# demo.sh -- a tour of Joist on real input, each command shown before it runs.
#
# Uses a store of its own in a temporary folder and leaves nothing behind.
# Environment: DEMO_PAUSE=1 waits for Enter between the steps.
set -u
cd "$(dirname "$0")/.." || exit 1
top=$PWD
build=${JOIST_BUILD:-$PWD/build}
export PATH=$build:$PATH JOIST_LIBEXEC=$build/libexec
W=$(mktemp -d /tmp/joist-demo.XXXXXX)
export JOIST_ROOT=$W/store
bold='' dim='' plain=''
if [ -t 1 ]; then bold=$'\033[1m' dim=$'\033[2m' plain=$'\033[0m'; fi

finish() {
	local code=$?
	trap - EXIT INT TERM
	for m in web greedy risc; do joist rm -f "$m" >/dev/null 2>&1; done
	joist rmi -f demo >/dev/null 2>&1
	rm -rf --one-file-system "$W" 2>/dev/null
	[ "$code" = 0 ] || echo "The tour ended early (status $code); the command above says why." >&2
	exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

say() {
	printf '\n%s%s%s\n' "$bold" "$*" "$plain"
	if [ -n "${DEMO_PAUSE:-}" ]; then read -r _ </dev/tty; fi
}
# show COMMAND LINE: print it as one would type it, then run it.  The tour goes
# on only when it succeeds.
show() {
	printf '%s$ %s%s\n' "$dim" "$1" "$plain"
	bash -c "$1" || exit
}
# The same for one that is meant to fail with this status.
show_status() {
	printf '%s$ %s%s\n' "$dim" "$2" "$plain"
	bash -c "$2"
	local code=$?
	printf '%sexit status %s%s\n' "$dim" "$code" "$plain"
	[ "$code" = "$1" ] || exit 1
}
export W

say "1. An image, made on the spot from a Debian package"
mkdir -p "$W/deb" && cd "$W/deb" || exit 1
# apt downloads as a user of its own, and a fresh system has no lists yet.
chmod 755 "$W"
if [ "$(id -u)" = 0 ]; then
	chmod 777 "$W/deb"
	apt-cache show busybox-static >/dev/null 2>&1 || apt-get -qq update
fi
show "apt-get -qq download busybox-static && ls"
show "dpkg-deb -x busybox-static_*.deb ../root && mkdir -p ../root/tmp ../root/www"
box=$(cd "$W/root" && find bin usr/bin -name busybox 2>/dev/null | head -n 1)
show "cd ../root && mkdir -p bin && ./$box --list | while read -r n; do [ -e bin/\$n ] || ln -s /$box bin/\$n; done"
cd "$W" || exit 1
echo 'Hello from a machine.' >root/www/index.html
show "joist import -c 'CMD [\"/bin/sh\"]' -c 'ENV GREETING=hello' -c 'STOPSIGNAL SIGTERM' root demo"
show "joist images"

say "2. Run something: no daemon, no set-up, the exit status is its own"
show "joist run --rm demo sh -c 'echo \$GREETING from pid \$\$ on \$(hostname); id -u'"
show_status 3 "joist run --rm demo sh -c 'exit 3'"
show_status 127 "joist run --rm demo no-such-program"

say "3. A machine in the background: limits, a network, a published port"
# A named network where there are the rights for one, else one that needs none.
net='--net user'
if joist -q run --rm --net demo-net demo true >/dev/null 2>&1; then net='--net demo-net'; fi
port=$((20000 + $$ % 20000))
show "joist run -d --name web -m 64M -c 0.5 --pids-limit 50 $net -p $port:80 \\
    demo sh -c 'echo serving; httpd -f -v -p 80 -h /www'"
show "joist ps"
for _ in $(seq 50); do
	"$W/root/$box" wget -q -O /dev/null "http://127.0.0.1:$port/" 2>/dev/null && break
	sleep 0.1
done
show "root/$box wget -q -O - http://127.0.0.1:$port/"

say "4. Its logs, another program inside, files in and out"
show "joist logs -t web"
show "joist exec web sh -c 'cat /etc/hostname; ps; ip addr show | grep inet'"
show "echo 'Changed from outside.' >index.html && joist cp index.html web:/www/ && root/$box wget -q -O - http://127.0.0.1:$port/"

say "5. What it uses; put to rest, and woken"
show "joist top --once"
show "joist pause web && joist ps"
show "joist resume web && joist ps"

say "6. Limits that bite: 16 MiB of memory for a greedy program, 50 processes for the other"
show_status 137 "joist run --name greedy -m 16M demo tail /dev/zero"
show "joist ps -a; joist rm greedy"
show "joist exec web sh -c 'i=0; while [ \$i -lt 80 ]; do sleep 5 & i=\$((i+1)); done 2>&1 | head -n 1; true' || true"

say "7. A computer in software: Debian's own kernel, unmodified, on a processor that is not this one's"
if "$top/tool/guest" initrd "$top/build/guest"; then
	guest="--kernel $top/build/guest/vmlinux --initrd $top/build/guest/initrd.gz"
	show "joist run --rm -m 256M $guest \\
    --append 'console=ttyS0 quiet panic=-1 run=uname -srm; head -n 2 /proc/cpuinfo; free -m'"
	show "joist run -d --name risc -m 256M $guest --append 'console=ttyS0 quiet run=n=0; while :; do n=\$((n+1)); echo turn \$n; sleep 1; done'"
	until joist logs risc 2>/dev/null | grep -q 'turn 3'; do sleep 0.2; done
	show "joist snapshot risc@three && joist snaps risc && joist stop -t 1 risc"
	show "joist restore risc@three && sleep 2 && joist logs -n 3 risc; joist rm -f risc"
else
	echo "nothing to boot can be made here"
fi

say "8. The end: a gentle stop, and nothing is left"
show "joist stop -t 2 web && joist ps -a"
show "joist events | tail -n 6"
show "joist rm web && joist rmi demo && joist ps -a && joist images"
say "That was the tour. Next: joist help, man joist, make test."
