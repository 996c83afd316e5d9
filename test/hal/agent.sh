#!/bin/bash
# timeout: 1200
# parallel
# needs: joist
# Programs inside a computer: exec, top, and a console that is as large as its terminal.
. "$(dirname "$0")/../lib.sh"
needs joist

[ -e "$JOIST_LIBEXEC/joist-agent.riscv64" ] || skip_all "this build has no agent for riscv64: there is no compiler for it"
. "$TOP/test/hal/guest.lib"
guest initrd

# who starts an agent may rely on it as soon as it is in the background
run timeout 60 "$JOIST_LIBEXEC/joist-agent" serve --detach "unix:$W/agent"
expect_status 0 --detach && [ -S "$W/agent" ] && python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.send(b"CONNECT 1000\n"); assert s.recv(5) == b"OK 1\n"' "$W/agent" &&
	ok "an agent in the background" || not_ok "an agent in the background"
agent=$(pgrep -f "serve --detach unix:$W/agent") && kill "$agent" || not_ok "the agent is not there"

# who comes too early is told what to do
joist run -d --name box --kernel "$kernel" --initrd "$initrd" -m 256M --append "console=ttyS0 quiet" >/dev/null
run joist exec box true
expect_status 125 early && expect_err "no agent answers in machine 'box'" early && expect_err "run joist-agent in the guest" early &&
	ok "without an agent there is a message"
until_ok 200 sh -c 'joist logs box | grep -q "joist: ready"' || not_ok "no start: $(joist logs box | tail -n 3)"
run joist exec box true
expect_status 0 "the agent" && ok "who is ready has an agent"

run joist exec box sh -c 'uname -m; echo to errors >&2; exit 7'
expect_status 7 exec && expect_has riscv64 exec && expect_err 'to errors' exec && ok "exec: output, errors and status"
run joist exec box no-such-program
expect_status 127 missing && expect_err "cannot run 'no-such-program': No such file or directory" missing && ok "what is not there is 127"
run joist exec -e 'WORD=two words' -w /tmp box sh -c 'pwd; echo "$WORD"'
expect_status 0 environment && expect_has /tmp environment && expect_has 'two words' environment && ok "environment and folder"
run joist exec -u 1234:77 box id
expect_status 0 user && expect_has 'uid=1234 gid=77' user && ok "as another user"
head -c 3000000 /dev/urandom >"$W/bytes"
joist exec -i box cat <"$W/bytes" >"$W/back"
cmp -s "$W/bytes" "$W/back" && ok "every byte there and back" || not_ok "bytes: $(cmp "$W/bytes" "$W/back" 2>&1)"
run script -qec "stty rows 33 cols 99; joist exec -it box sh -c 'test -t 0 && stty size'" /dev/null
expect_status 0 terminal && expect_has '33 99' terminal && ok "a terminal of the right size"

# -- cp: by the guest's own tar
mkdir -p "$W/d/sub" && echo one >"$W/d/f" && echo two >"$W/d/sub/g" && ln -s f "$W/d/l" && chmod 751 "$W/d/f"
run joist cp "$W/d" box:/tmp
expect_status 0 "cp in"
run joist exec box sh -c 'cat /tmp/d/f /tmp/d/sub/g; readlink /tmp/d/l; stat -c %a /tmp/d/f; stat -c %a /tmp'
expect_out "one
two
f
751
755" "cp in" && ok "cp of a folder into a computer, and nothing else is changed"
joist exec box sh -c 'chmod 1777 /tmp; echo three >/tmp/d/h'
run joist cp box:/tmp/d "$W/out"
expect_status 0 "cp out" && [ "$(cat "$W/out/h")" = three ] && [ "$(readlink "$W/out/l")" = f ] && ok "cp out, under a new name"
run joist cp -L box:/tmp/d/l "$W/followed"
expect_status 0 "cp -L" && [ "$(cat "$W/followed")" = one ] && ok "cp -L goes where a link leads"
run joist cp box:/tmp/d/l "$W/link"
[ "$(readlink "$W/link")" = f ] && ok "without, a link is a link" || not_ok "cp of a link"
joist cp box:/tmp/d/sub - >"$W/sub.tar" && [ "$(tar -xOf "$W/sub.tar" sub/g)" = two ] && ok "cp to a tar stream" || not_ok "cp to a stream"
gzip -k "$W/sub.tar"
run sh -c 'joist cp - box:/mnt <"$0/sub.tar.gz"' "$W"
expect_status 0 "cp from a stream" && [ "$(joist exec box cat /mnt/sub/g)" = two ] && ok "cp from a tar stream"
joist cp "$W/d/f" box:/tmp/as && joist cp box:/tmp/d/. box:/mnt
[ "$(joist exec box cat /tmp/as /mnt/h)" = "$(printf 'one\nthree')" ] && ok "a new name; from machine to machine" || not_ok "a new name"
[ "$(joist exec box stat -c %a /tmp)" = 1777 ] && ok "the folder around stays as it is" || not_ok "/tmp was changed"
run joist cp box:/nowhere "$W"
expect_status 125 "cp of nothing" && expect_err "'box:/nowhere': No such file or directory" "cp of nothing" && two_lines "cp of nothing" && ok "what is not there"
run joist cp "$W/d" box:/tmp/as
expect_status 125 "cp onto a file" && two_lines "cp onto a file" && ok "a folder onto a file"
run joist cp "$W/d/f" box:/no/where
expect_status 125 "cp nowhere" && expect_err "the folder '/no/' is not there" "cp nowhere" && two_lines "cp nowhere" && ok "no folder for it"

# who is killed outside ends inside
joist exec box sleep 54321 &
first=$!
until_ok 60 sh -c 'joist exec box ps | grep -q "sleep 5432[1]"' || not_ok "no sleep"
joist exec -d box sh -c 'echo; sleep 12; echo late >/tmp/late' && ok "exec -d"
run joist top box
expect_status 0 top && expect_has 256M top && ok "top"
# (a machine that is at rest for a moment, as in a harsh build, says nothing then)
processes() { joist inspect box | sed -n '/"pids"/,/}/s/.*"current": \([0-9]*\).*/\1/p'; }
more_than() { [ "$(processes)" -gt "$1" ]; }
until_ok 20 more_than 5 && ok "the guest's own processes are counted" || not_ok "processes: '$(processes)'"

# at rest nobody answers, nor waits
joist pause box
run joist exec box true
expect_status 125 paused && expect_err resume paused && ok "exec at rest says how to go on"
run joist cp "$W/d/f" box:/tmp
expect_status 125 "cp at rest" && expect_err "joist resume box" "cp at rest" && ok "cp at rest says how to go on"
run joist top box
expect_status 0 "top of one at rest" && ok "top of one at rest"
joist resume box
run joist exec box echo again
expect_status 0 again && expect_has again again && ok "after a rest"

clock() { echo $(($(joist exec "$1" date +%s) - $(date +%s))); }
joist pause box >/dev/null && sleep 3 && joist resume box >/dev/null
until_ok 60 sh -c 'd=$(($(joist exec box date +%s) - $(date +%s))); [ $d -ge -1 ] && [ $d -le 1 ]' && ok "the clock is right after a pause" ||
	not_ok "the clock is $(clock box) s off"

# restored, it has an agent too; whoever was in there before is told
joist snapshot box@s >/dev/null && sleep 3 && joist restore box@s --name twin >/dev/null
until_ok 60 joist exec twin true && ok "in one that was restored" || not_ok "restored: $(joist exec twin true 2>&1)"
joist exec twin ps | grep -q 'sleep 5432[1]' && not_ok "a program of nobody's" || ok "who was inside is told to go"
until_ok 60 sh -c 'd=$(($(joist exec twin date +%s) - $(date +%s))); [ $d -ge -1 ] && [ $d -le 1 ]' && ok "and a clock that is right" ||
	not_ok "the clock of the restored one is $(clock twin) s off"
until_ok 60 joist exec twin test -e /tmp/late && ok "exec -d goes on in it" || not_ok "exec -d did not go on"
joist rm -f twin >/dev/null
joist exec box sleep 54322 &
second=$!
until_ok 60 sh -c 'joist exec box ps | grep -q "sleep 5432[2]"' || not_ok "no second sleep"
joist stop -t 1 box >/dev/null
wait $second
[ $? = 137 ] && ok "when the machine ends, so does exec" || not_ok "exec did not end with 137"
wait $first
code=$?
case $JOIST_BUILD in
*/harsh*) ;; # every rest is a restore there
*) [ $code = 137 ] && ok "one that was there before a rest, too" || not_ok "the older one ended with $code" ;;
esac
run joist cp "$W/d/f" box:/tmp
expect_status 125 "cp when stopped" && expect_err "joist start box" "cp when stopped" && ok "cp of one that is off"
joist rm -f box >/dev/null

# the console
cat >"$W/console.py" <<'END'
import fcntl, os, pty, select, struct, sys, termios, time
pid, fd = pty.fork()
if pid == 0:
    os.execvp("joist", ["joist", "run", "-it", "--rm", "--kernel", sys.argv[1], "--initrd", sys.argv[2], "-m", "256M"])
seen = b""
def size(rows, cols):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
def until(text, again=None):
    global seen
    end = time.time() + 120
    at = 0
    while text not in seen:
        if time.time() > end:
            sys.exit("no " + text.decode() + " in " + repr(seen[-300:]))
        if again and time.time() - at > 1:
            os.write(fd, again)
            at = time.time()
        if select.select([fd], [], [], 0.2)[0]:
            seen += os.read(fd, 4096)
    seen = b""
size(41, 111)
until(b"'help'")
until(b"41 111", b"stty size\n")
size(22, 77)
until(b"22 77", b"stty size\n")
os.write(fd, b"poweroff -f\n")
try:
    while os.read(fd, 4096):
        pass
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
run timeout 400 python3 "$W/console.py" "$kernel" "$initrd"
expect_status 0 console && ok "the console follows its terminal's size"
