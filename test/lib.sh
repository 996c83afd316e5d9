# shellcheck shell=bash
# lib.sh -- what every shell test sources first.
#
#   . "$(dirname "$0")/../lib.sh"
#
#   needs root joist                     # else all of this file is skipped
#   run joist run --rm "$ROOTFS" /bin/echo hello
#   expect_status 0 && expect_out hello && ok "run prints"
#
# It gives: $TOP (the tree), $W (an empty folder of one's own, gone at the end),
# $JOIST_ROOT (a store of one's own below it), $ROOTFS (a busybox root folder of
# one's own), `joist` first on PATH.  At the end it looks for what
# was left behind and exits with 1 if anything failed.
#
# A test ends no process that it did not start: at the end those go that have
# our $JOIST_ROOT in their environment or were given to `own`.

set -u
TOP=${TOP:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}
JOIST_BUILD=${JOIST_BUILD:-$TOP/build}
case :$PATH: in *":$JOIST_BUILD:"*) ;; *) PATH=$JOIST_BUILD:$PATH ;; esac
PATH=$PATH:/usr/sbin:/sbin
JOIST_LIBEXEC=${JOIST_LIBEXEC:-$JOIST_BUILD/libexec}
export TOP JOIST_BUILD PATH JOIST_LIBEXEC LC_ALL=C.UTF-8

W=$(mktemp -d "${TMPDIR:-/tmp}/joist-test.XXXXXX") || exit 1
chmod 755 "$W"
JOIST_ROOT=$W/store ROOTFS=$W/rootfs
[ ! -d "$JOIST_BUILD/test-rootfs" ] || cp -a "$JOIST_BUILD/test-rootfs" "$ROOTFS"
export W JOIST_ROOT ROOTFS
failures=0 owned=()
out='' err='' status=''

# -- saying what happened ------------------------------------------------------
ok() { printf 'ok - %s\n' "$*"; }
not_ok() {
	printf 'not ok - %s\n' "$*"
	failures=$((failures + 1))
}
skip() { printf 'skipped - %s\n' "$*"; }

# skip_all WHY: nothing of this file can be tried here.
skip_all() {
	skip "$*"
	exit 0
}

# -- running -------------------------------------------------------------------
# run COMMAND...: leaves $status, $out and $err.  Takes no standard input.
run() {
	last="$*"
	"$@" >"$W/.out" 2>"$W/.err" </dev/null
	status=$?
	out=$(cat "$W/.out") err=$(cat "$W/.err")
	return 0
}

# These return 0, or say what is wrong and return 1; `name` is the test's.
# expect_status N [name]   expect_out TEXT [name] (all of standard output)
# expect_has TEXT [name]   expect_err TEXT [name] (somewhere in it)
wrong() {
	not_ok "$1"
	printf '# %s\n' "$2"
	printf '  command: %s\n  status: %s\n' "${last:-}" "$status"
	sed 's/^/  out: /' "$W/.out" | head -n 20
	sed 's/^/  err: /' "$W/.err" | head -n 20
	return 1
}
expect_status() {
	[ "$status" = "$1" ] || wrong "${2:-$last}" "status $status, expected $1"
}
expect_out() {
	[ "$out" = "$1" ] || wrong "${2:-$last}" "output is not '$1'"
}
expect_has() {
	case $out in *"$1"*) ;; *) wrong "${2:-$last}" "output lacks '$1'" ;; esac
}
expect_err() {
	case $err in *"$1"*) ;; *) wrong "${2:-$last}" "standard error lacks '$1'" ;; esac
}

# check NAME COMMAND...: ok when the command succeeds.
check() {
	local name=$1
	shift
	run "$@"
	expect_status 0 "$name" && ok "$name"
}

# until SECONDS COMMAND...: try until it succeeds; for what takes its time.
until_ok() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.05
	done
}

# two_lines NAME: our own errors have the form of the design.
two_lines() {
	local n
	n=$(wc -l <"$W/.err")
	case $err in
	"joist: "*) [ "$n" -le 2 ] && return 0 ;;
	esac
	wrong "$1" "the error is not 'joist: what happened' and one line of advice"
}

# own PID...: end these at the end of the test.
own() { owned+=("$@"); }

# -- what the host has -----------------------------------------------------------
has() {
	case $1 in
	root)    [ "$(id -u)" = 0 ] ;;
	joist)   [ -x "$JOIST_BUILD/joist" ] && [ -d "$ROOTFS/bin" ] ;;
	cgroup)  [ -w /sys/fs/cgroup/cgroup.procs ] || [ -w /sys/fs/cgroup/unified/cgroup.procs ] ||
		[ -w /sys/fs/cgroup/pids ] ;;
	memory|pids|cpu|cpuset|blkio|hugetlb|freezer)
		[ -w "/sys/fs/cgroup/$1" ] ||
			grep -qw "${1/blkio/io}" /sys/fs/cgroup/cgroup.controllers 2>/dev/null ;;
	overlay) grep -qw overlay /proc/filesystems ;;
	userns)  unshare -U true 2>/dev/null ;;
	netns)   unshare -n true 2>/dev/null ;;
	nft)     command -v nft >/dev/null && unshare -n nft list ruleset >/dev/null 2>&1 ;;
	tun)     [ -c /dev/net/tun ] && (exec 3<>/dev/net/tun) 2>/dev/null ;;
	blockdevice) [ -n "$(find /dev -maxdepth 1 -type b)" ] ;;
	kvm)     [ -w /dev/kvm ] ;;
	wasm)    # this build runs WebAssembly
		printf '\0asm\1\0\0\0' >"$W/.wasm" && [ -x "$JOIST_BUILD/joist" ] &&
			! joist what --json "$W/.wasm" | grep -q '"missingFloor"' ;;
	wasi)    # and a compiler and C library for it are here
		has wasm && echo 'int main(void) { return 0; }' |
			clang --target=wasm32-wasi -x c -o /dev/null - 2>/dev/null ;;
	mingw)   # a compiler for Windows, and this build runs its programs
		command -v x86_64-w64-mingw32-gcc >/dev/null && [ -x "$JOIST_BUILD/joist" ] &&
			joist version --json | grep -q '"win"' ;;
	static)  ! ldd "$JOIST_BUILD/joist" >/dev/null 2>&1 ;;
	*)       command -v "$1" >/dev/null ;;
	esac
}

# needs WORD...: rights, kernel features (above) or programs.
needs() {
	local w
	for w; do
		has "$w" || skip_all "all: this host has no $w"
	done
}

# test_user: a user of no rights with sub-id ranges, $TEST_USER; made when it
# is not there and then removed at the end.  as_user COMMAND... runs as it, with
# a store and a runtime folder of its own, and our programs where it can read them.
test_user() {
	TEST_USER=joist-test-$$
	useradd -M -d "$W/home" -s /bin/sh "$TEST_USER" 2>/dev/null || return 1
	made_user=1
	grep -q "^$TEST_USER:" /etc/subuid ||
		usermod --add-subuids 200000-265535 --add-subgids 200000-265535 "$TEST_USER"
	install -d -o "$TEST_USER" "$W/home" "$W/home/run" "$W/home/tmp"
	mkdir -p "$W/bin/libexec"
	cp "$JOIST_BUILD/joist" "$W/bin/" && cp "$JOIST_BUILD"/libexec/* "$W/bin/libexec/" 2>/dev/null
	chmod -R a+rX "$W/bin"
}
as_user() {
	setpriv --reuid "$TEST_USER" --regid "$TEST_USER" --init-groups --inh-caps=-all \
		env -i HOME="$W/home" XDG_RUNTIME_DIR="$W/home/run" TMPDIR="$W/home/tmp" \
		JOIST_ROOT="$W/home/store" LC_ALL=C.UTF-8 \
		PATH="$W/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" "$@"
}

# -- leaving nothing behind -------------------------------------------------------
# Processes that have our store in their environment or arguments, or see a mount
# of ours in their own mount namespace (a guest has neither of the others).
our_processes() {
	# The words are in a file, or grep would find itself.
	printf '%s\n' "JOIST_ROOT=$W/" "$W/store" >"$W/.words"
	grep -lsF -f "$W/.words" /proc/[0-9]*/environ /proc/[0-9]*/cmdline \
		/proc/[0-9]*/mountinfo 2>/dev/null | cut -d/ -f3 | sort -un |
		while read -r p; do
			# Our own children are at work; what is ending is no leak.
			case $(ps -o ppid=,stat= -p "$p" 2>/dev/null | tr -s ' ') in
			'' | *" Z"* | " $$ "* | "$$ "*) ;;
			*) [ "$p" = "$$" ] || [ "$p" = "$BASHPID" ] || echo "$p" ;;
			esac
		done
}

our_mounts() { grep -F "$W/" /proc/self/mountinfo; }

# The host's state that machines change, for tests that run alone.
host_state() {
	find /sys/fs/cgroup -mindepth 1 -maxdepth 4 -type d -path '*joist*' 2>/dev/null
	ip -br link 2>/dev/null | awk '{ sub(/@.*/, "", $1); print "link " $1 }'
	ip netns list 2>/dev/null | sed 's/^/netns /'
	nft list ruleset 2>/dev/null | grep -F joist | sed 's/^/nft /'
}

leaks() {
	local now p
	our_processes | while read -r p; do
		echo "process $p $(tr '\0' ' ' <"/proc/$p/cmdline" 2>/dev/null)"
	done
	our_mounts | sed 's/^/mount /'
	if [ -n "${JOIST_TEST_ALONE:-}" ] && [ -z "${JOIST_TEST_SHARED_HOST:-}" ]; then
		now=$(host_state)
		comm -13 <(sort -u <<<"$state_before") <(sort -u <<<"$now")
	fi
}

# no_leaks NAME: what was made is gone, at the latest in five seconds.
no_leaks() {
	local found end=$((SECONDS + 5))
	while found=$(leaks) && [ -n "$found" ] && [ "$SECONDS" -lt "$end" ]; do
		sleep 0.2
	done
	if [ -z "$found" ]; then
		ok "$1"
	else
		not_ok "$1: $(head -n 3 <<<"$found" | tr '\n' ';')"
	fi
}

finish() {
	local code=$? m p
	trap - EXIT INT TERM
	cd /
	if [ -d "$JOIST_ROOT/machines" ]; then
		for m in "$JOIST_ROOT"/machines/*/; do
			[ -d "$m" ] || continue
			timeout 20 joist rm -f "$(basename "$m")" >/dev/null 2>&1
		done
	fi
	for p in "${owned[@]+"${owned[@]}"}"; do kill "$p" 2>/dev/null; done
	if [ -e "$JOIST_ROOT" ]; then
		no_leaks "nothing left behind"
	fi
	for p in $(our_processes); do kill -9 "$p" 2>/dev/null; done
	our_mounts | awk '{ print $5 }' | sort -r | while read -r m; do umount -l "$m"; done
	[ -z "${made_user:-}" ] || userdel "$TEST_USER" 2>/dev/null
	rm -rf --one-file-system "$W"
	[ "$code" = 0 ] && [ "$failures" -gt 0 ] && code=1
	exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM
if [ -n "${JOIST_TEST_ALONE:-}" ]; then state_before=$(host_state); fi
