#!/bin/bash
# parallel
# Filters of system calls: the default one, profiles with arguments, and agents
# that are asked.
. "$(dirname "$0")/../lib.sh"
needs joist root python3

p() { cat >"$W/p.json"; }
with() { run timeout 30 joist run --rm --security-opt seccomp="$W/p.json" "$ROOTFS" "$@"; }

# -- the default -----------------------------------------------------------------
# A program that makes one call by number and prints its errno.
cat >"$W/call.c" <<-'END'
	#define _GNU_SOURCE
	#include <errno.h>
	#include <stdio.h>
	#include <stdlib.h>
	#include <unistd.h>
	int main(int c, char **v) {
		long a[3] = { 0 };
		for (int i = 2; i < c && i < 5; i++) a[i - 2] = strtol(v[i], NULL, 0);
		errno = 0;
		long r = syscall(strtol(v[1], NULL, 0), a[0], a[1], a[2]);
		printf("%d\n", r < 0 ? errno : 0);
		return 0;
	}
END
if gcc -static -O1 -o "$ROOTFS/bin/call" "$W/call.c" 2>/dev/null; then
	number() { printf '#include <sys/syscall.h>\nSYS_%s\n' "$1" | gcc -E -P - | tail -n 1; }
	errno_of() { run joist run --rm "$ROOTFS" call "$@"; }
	for c in unshare mount setns bpf perf_event_open keyctl add_key init_module reboot open_by_handle_at userfaultfd; do
		errno_of "$(number $c)" 0x10000000
		expect_out 1 "the default filter: $c" && ok "the default filter says EPERM to $c"
	done
	errno_of 9999
	expect_out 38 "an unknown call" && ok "a call that no kernel has is ENOSYS, not EPERM"
	errno_of "$(number clone3)"
	expect_out 38 "clone3" && ok "clone3 is ENOSYS, so that programs fall back to clone"
	errno_of "$(number personality)" 0xffffffff
	expect_out 0 "personality" && ok "the argument filter lets personality be asked"
	errno_of "$(number personality)" 0x0040000
	expect_out 1 "personality" && ok "and does not let it be changed"
	errno_of "$(number socket)" 40 1 0
	expect_out 1 "vsock" && ok "sockets to the hypervisor are refused"
	errno_of "$(number getpid)"
	expect_out 0 "getpid" && ok "the rest passes"
	run joist run --rm --cap-add SYS_ADMIN "$ROOTFS" call "$(number unshare)" 0x04000000
	expect_out 0 "unshare with CAP_SYS_ADMIN" && ok "a capability brings its calls with it"
else
	skip "calls by number: no static C library"
fi

# -- profiles of one's own ------------------------------------------------------------
p <<-'END'
	{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["kill"],"action":"SCMP_ACT_ERRNO","errnoRet":95,
	"args":[{"index":1,"value":12,"op":"SCMP_CMP_EQ"}]}]}
END
with sh -c 'kill -0 $$ && echo zero; kill -12 $$'
expect_out zero "args" && expect_err "not supported" "args" && ok "a filter of arguments, with its errno"
p <<-'END'
	{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["kill"],"action":"SCMP_ACT_ERRNO",
	"args":[{"index":1,"value":255,"valueTwo":12,"op":"SCMP_CMP_MASKED_EQ"}]}]}
END
with sh -c 'kill -0 $$ && echo zero; kill -12 $$'
expect_out zero "masked args" && expect_err "not permitted" "masked args" && ok "a masked comparison, EPERM when no errno is said"
p <<-'END'
	{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_KILL_PROCESS"}]}
END
with mkdir /tmp/x
expect_status 159 "KILL_PROCESS" && ok "SCMP_ACT_KILL_PROCESS ends it with SIGSYS"
p <<-'END'
	{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["no_such_call_at_all","mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO"}]}
END
with mkdir /tmp/x
expect_status 1 "an unknown name" && expect_err "not permitted" "an unknown name" && ok "a call that we do not know is passed over, the rest stands"
for bad in '{' '[]' '{}' '{"defaultAction":"SCMP_ACT_DANCE"}' '{"defaultAction":5}' \
	'{"defaultAction":"SCMP_ACT_ALLOW","syscalls":5}' \
	'{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["kill"],"action":"SCMP_ACT_ERRNO","args":[{"index":9,"value":1,"op":"SCMP_CMP_EQ"}]}]}' \
	'{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["kill"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":1,"op":"NO"}]}]}' \
	'{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_MOON"]}' \
	'{"defaultAction":"SCMP_ACT_ALLOW","flags":["WHITE"]}' \
	'{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_NOTIFY"}]}'; do
	p <<<"$bad"
	with true
	expect_status 125 "profile $bad" && two_lines "profile $bad" && ok "refused: $bad"
done

# -- the cache of compiled programs -----------------------------------------------------
run joist run --rm "$ROOTFS" grep ^Seccomp: /proc/self/status
file=$(ls "$JOIST_ROOT"/cache/seccomp-*.bpf 2>/dev/null | head -n 1)
if [ -n "$file" ]; then
	case $(stat -c %a "$file") in 600 | 400) ok "nobody else can write the cache" ;; *) not_ok "the cache's mode is $(stat -c %a "$file")" ;; esac
	python3 - "$JOIST_ROOT/cache" <<-'END'
		import glob, struct, sys
		# "return ALLOW", in a file that says it was made from some other text
		allow = struct.pack("<HBBI", 6, 0, 0, 0x7fff0000)
		for f in glob.glob(sys.argv[1] + "/seccomp-*.bpf"):
		    open(f, "wb").write(b"JSTBPF1\0" + struct.pack("<I", 1) + b"x" + struct.pack("<I", 1) + allow)
	END
	run joist run --rm "$ROOTFS" unshare -U true
	expect_status 1 "a poisoned cache" && expect_err "not permitted" "a poisoned cache" && ok "a cache file that was made from another text is not used"
	for f in "$JOIST_ROOT"/cache/seccomp-*.bpf; do head -c 20 "$f" >"$f.x" && mv "$f.x" "$f"; done
	run joist run --rm "$ROOTFS" unshare -U true
	expect_status 1 "a cut cache" && ok "nor one that was cut off"
fi

# -- an agent that is asked ----------------------------------------------------------------
cat >"$W/agent" <<-'END'
	import array, fcntl, json, os, socket, struct, sys
	path, out = sys.argv[1:3]
	s = socket.socket(socket.AF_UNIX); s.bind(path); s.listen(1); s.settimeout(20)
	c, _ = s.accept()
	data, anc, _, _ = c.recvmsg(65536, 4096)
	more = c.recv(65536)
	while more: data += more; more = c.recv(65536)
	fd = array.array("i", anc[0][2])[0]
	open(out, "wb").write(data)
	for _ in range(int(sys.argv[3])):
	    # struct seccomp_notif: id u64, pid u32, flags u32, data (64)
	    b = bytearray(80)
	    fcntl.ioctl(fd, 0xc0502100, b, True)
	    i, = struct.unpack_from("<Q", b, 0)
	    fcntl.ioctl(fd, 0xc0182101, bytearray(struct.pack("<QqiI", i, 0, -122, 0)), True)
END
p <<-END
	{"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"$W/agent.sock","listenerMetadata":"from the test",
	"syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_NOTIFY"}]}
END
python3 "$W/agent" "$W/agent.sock" "$W/agent.out" 1 2>"$W/agent.err" &
own $!
until_ok 5 test -S "$W/agent.sock"
with mkdir /tmp/asked
expect_status 1 "notify" && expect_err "quota" "notify" && ok "an agent answers for the kernel"
check "and is told whom it serves" python3 -c "
import json; d = json.load(open('$W/agent.out'))
assert d['fds'] == ['seccompFd'] and d['metadata'] == 'from the test' and d['pid'] > 1, d
assert d['state']['status'] == 'creating' and d['state']['pid'] == d['pid'] and d['state']['bundle'], d"
# The same for exec, which must not make the monitor wait for ever.
rm -f "$W/agent.sock"
python3 "$W/agent" "$W/agent.sock" "$W/agent.out" 0 2>>"$W/agent.err" &
own $!
until_ok 5 test -S "$W/agent.sock"
joist run -d --name asked --security-opt seccomp="$W/p.json" "$ROOTFS" sleep 100 >/dev/null
until_ok 5 test -s "$W/agent.out" && rm -f "$W/agent.sock"
python3 "$W/agent" "$W/agent.sock" "$W/agent.out" 1 2>>"$W/agent.err" &
own $!
until_ok 5 test -S "$W/agent.sock"
run timeout 10 joist exec asked mkdir /tmp/asked
expect_status 1 "notify of exec" && expect_err quota "notify of exec" && ok "exec asks the agent too"
rm -f "$W/agent.sock"
run timeout 10 joist exec asked true
expect_status 125 "exec without an agent" && expect_err agent.sock "exec without an agent" && ok "exec without an agent is an error, not a hang"
run timeout 10 joist rm -f asked
expect_status 0 "rm -f asked" && ok "and its monitor still listens"
with mkdir /tmp/asked
expect_status 125 "no agent" && expect_err agent.sock "no agent" && two_lines "no agent" && ok "an agent that is not there is an error, not a hang"
