#!/bin/bash
# parallel
# Terminals: size, detach keys, attach brings it back, the interrupt key.
. "$(dirname "$0")/../lib.sh"
needs joist root python3

# term.py ROWS COLS COMMAND...: runs the command on a terminal; standard input
# is a script of lines: "wait TEXT" (ten seconds at most), "pause SECONDS", "send TEXT" (with
# Python's escapes), "size ROWS COLS".  Prints what came; ends with the
# command's status.
cat >"$W/term.py" <<-'END'
	import fcntl, os, pty, select, struct, sys, termios, time
	def size(fd, r, c): fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", r, c, 0, 0))
	steps = [l.rstrip("\n").split(" ", 1) for l in sys.stdin]
	pid, fd = pty.fork()
	if pid == 0:
	    size(0, int(sys.argv[1]), int(sys.argv[2]))
	    os.execvp(sys.argv[3], sys.argv[3:])
	seen, mark = b"", 0
	def more(t):
	    global seen
	    if select.select([fd], [], [], t)[0]:
	        try: d = os.read(fd, 65536)
	        except OSError: d = b""
	        seen += d
	        return d != b""
	    return True
	bad = None
	for what, arg in steps:
	    if what == "wait":
	        end = time.time() + 10
	        while arg.encode() not in seen[mark:] and time.time() < end and more(0.1): pass
	        at = seen.find(arg.encode(), mark)
	        if at < 0: bad = arg; break
	        mark = at + len(arg)
	    elif what == "send": os.write(fd, arg.encode().decode("unicode_escape").encode("latin-1"))
	    elif what == "pause":
	        end = time.time() + float(arg)
	        while time.time() < end and more(0.05): pass
	    elif what == "size": size(fd, *map(int, arg.split()))
	end = time.time() + 10
	status = None
	while time.time() < end and status is None:
	    alive = more(0.1)
	    p, w = os.waitpid(pid, os.WNOHANG)
	    if p: status = os.waitstatus_to_exitcode(w)
	    elif not alive: time.sleep(0.05)
	sys.stdout.write(seen.decode(errors="replace").replace("\r", ""))
	if bad: print("NEVER CAME:", bad)
	if status is None: os.kill(pid, 9); print("NEVER ENDED"); status = 99
	sys.exit(status)
END
# shellcheck disable=SC2034  # lib.sh reads these three
on_tty() {
	local rows=$1 cols=$2
	shift 2
	cat >"$W/steps"
	last="$*"
	timeout 60 python3 "$W/term.py" "$rows" "$cols" "$@" <"$W/steps" >"$W/.out" 2>"$W/.err"
	status=$? out=$(cat "$W/.out") err=$(cat "$W/.err")
}

on_tty 33 77 joist run --rm -it "$ROOTFS" sh <<-'END'
	wait #
	send stty size\n
	wait 33 77
	size 44 99
	send sleep 0.3; stty size\n
	wait 44 99
	send exit 7\n
END
expect_status 7 "window size" && ok "the window's size goes in, and its changes"

on_tty 24 80 joist run -it --name term "$ROOTFS" sh <<-'END'
	wait #
	send X=kept\n
	send \x10\x11
END
expect_status 0 "detach" && [ "$(joist ps -n)" = term ] && ok "ctrl-p ctrl-q leaves the machine running" || not_ok "after detaching: '$(joist ps -n)', status $status"
on_tty 24 80 joist attach term <<-'END'
	send echo "<$X>"\n
	wait <kept>
	send \x10\x11
END
expect_status 0 "attach" && expect_has "<kept>" "attach" && ok "attach brings the terminal back"
on_tty 24 80 joist attach --detach-keys ctrl-x,d term <<-'END'
	send echo st''ill\n
	wait still
	send \x10\x11
	send \x18d
END
expect_status 0 "--detach-keys" && [ "$(joist ps -n)" = term ] && ok "--detach-keys changes them"
on_tty 24 80 joist attach term <<-'END'
	send echo a''b\n
	wait ab
	send sleep 100\n
	pause 0.5
	send \x03
	send echo "st $?"\n
	wait st 130
	send exit 3\n
END
expect_status 3 "interrupt" && ok "the interrupt key is the guest's; the end's status is attach's"
joist rm -f term >/dev/null

joist run -d --name box "$ROOTFS" sleep 100 >/dev/null
on_tty 31 71 joist exec -it box sh <<-'END'
	wait #
	send stty size; tty; test -t 0 && test -t 1 && test -t 2 && echo all three\n
	wait 31 71
	wait /dev/pts/
	wait all three
	send exit 4\n
END
expect_status 4 "exec -t" && ok "exec -it: a terminal of its own size, its own status"
on_tty 24 80 sh -c 'stty -a >"$1"/before; joist run --rm -it "$2" true; stty -a >"$1"/after; cmp "$1"/before "$1"/after' sh "$W" "$ROOTFS" </dev/null
expect_status 0 "restored" && ok "our terminal is as it was"
# Its other end goes away: the machine stays, as after detaching.
python3 - "$ROOTFS" <<-'END'
	import os, pty, sys, time
	pid, fd = pty.fork()
	if pid == 0: os.execvp("joist", ["joist", "attach", "box"])
	time.sleep(0.3); os.close(fd); time.sleep(0.3)
	os.waitpid(pid, os.WNOHANG)
END
run joist exec box echo alive
expect_out alive "after a hang-up" && ok "a hang-up of attach does not end the machine"
