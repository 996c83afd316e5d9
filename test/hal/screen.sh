#!/bin/bash
# timeout: 900
# parallel
# needs: joist
# A computer's screen: Linux draws on it, screenshots and VNC show what it drew, and keys and the
# pointer come to it; the same at rest, and after a snapshot.
. "$(dirname "$0")/../lib.sh"
needs joist python3

. "$TOP/test/hal/guest.lib"
guest initrd
has_vnc=
[ ! -x "$JOIST_LIBEXEC/joist-vnc" ] || has_vnc=1

# -- what cannot be ---------------------------------------------------------------
refused() {
	local what=$1
	shift
	run joist create --kernel "$kernel" "$@"
	expect_status 125 "$what" && two_lines "$what" && ok "refused: $what"
}
refused "a display there is none of" --display curses
refused "a resolution without a screen" --resolution 640x480
refused "too small a screen" --display screen --resolution 31x480
refused "half a resolution" --display screen --resolution 640
refused "a password without VNC" --display screen --vnc-password /dev/null
refused "VNC for everybody" --display vnc=0.0.0.0:5900
refused "VNC for everybody, by IPv6" --display 'vnc=[::]:5900'
refused "an address that is none" --display vnc=nowhere
refused "a port that is none" --display vnc=127.0.0.1:0
refused "too long a socket" --display "vnc=unix:/$(printf '%0120d' 0)"
run joist create --kernel "$kernel" --display vnc --vnc-password "$W/none"
expect_status 127 "no password file" && two_lines "no password file" && ok "refused: a password file that is not there"

run joist run -d --name blind --kernel "$kernel" -m 64M
run joist screenshot blind "$W/x.png"
expect_status 125 "no screen" && two_lines "no screen" && expect_err "no screen" && ok "a computer without a screen"
run joist rm -f blind
run joist screenshot blind "$W/x.png"
expect_status 125 "no machine" && two_lines "no machine" && ok "a machine that is not there"
run joist create --name asleep --kernel "$kernel" --display screen
run joist screenshot asleep "$W/x.png"
expect_status 125 "not running" && two_lines "not running" && ok "a machine that does not run"
cat >"$W/sleep.wat" <<'END'
(module (func (export "_start") (loop $again (br $again))))
END
if has wasm && joist run -d --name other "$W/sleep.wat" >/dev/null; then
	run joist screenshot other "$W/x.png"
	expect_status 125 "another floor" && two_lines "another floor" && ok "a floor that has no screens"
	run joist rm -f other
fi
[ ! -e "$W/x.png" ] && ok "no file for a picture there is none of" || not_ok "a file was written"

# -- Linux draws -------------------------------------------------------------------
# All of the screen in one colour; after each press of a key in the next one.
mkdir "$W/data"
cat >"$W/data/draw" <<'END'
printf '\063\146\231\0' >p
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18; do cat p p >q; mv q p; done
show() { cat "$1" "$1" >/dev/fb0; }
events() { dd if=/dev/input/$1 bs=24 count=4 2>/dev/null | hexdump -v -e '24/1 "%02x" "\n"' | cut -c 33- | tr '\n' ' '; }
show p
echo 0 >/proc/sys/kernel/printk
echo drawn
while :; do echo "pointer: $(events event1)"; done &
n=0
while :; do
	n=$((n + 1))
	echo "keys: $(events event0)"
	tr '\231' "\\02$n" <p >q
	show q
	echo "colour $n"
done
END
vnc=unix:$W/vnc
if [ -n "$has_vnc" ]; then display=vnc=$vnc; else display=screen; fi
run joist run -d --name desk --kernel "$kernel" --initrd "$initrd" -m 256M --display "$display" --resolution 1024x512 \
	-v "$W/data:/data" --append "console=ttyS0 quiet panic=-1 run=sh /data/draw"
expect_status 0 "a computer with a screen" || exit 1
run joist screenshot desk "$W/x.png"
expect_status 125 "too early" && two_lines "too early" && expect_err "shows nothing" && ok "before the guest's driver there is no picture"
if [ -n "$has_vnc" ]; then
	run "$TOP/test/hal/vnc.py" "$vnc" pixel 1 1
	expect_out 000000 "VNC, early" && ok "but VNC is there, and black"
	[ "$(stat -c %a "$W/vnc")" = 600 ] && ok "its socket is the user's own" || not_ok "mode of the socket: $(stat -c %a "$W/vnc")"
fi
until_ok 200 sh -c 'joist logs desk | grep -q drawn' || not_ok "nothing was drawn: $(joist logs desk | tail -n 3)"

# look FILE X Y: size and colour of a picture
look() {
	python3 - "$@" <<'END'
import struct, sys, zlib
b, x, y = open(sys.argv[1], "rb").read(), int(sys.argv[2]), int(sys.argv[3])
at, data = 8, b""
while at < len(b):
    n, kind = struct.unpack(">I4s", b[at:at + 8])
    if kind == b"IHDR":
        w, h = struct.unpack(">II", b[at + 8:at + 16])
    if kind == b"IDAT":
        data += b[at + 8:at + 8 + n]
    at += 12 + n
data, above = zlib.decompress(data), bytes(w * 3)
for i in range(y + 1):
    row = data[i * (w * 3 + 1):(i + 1) * (w * 3 + 1)]
    assert row[0] in (0, 2)
    above = bytes((p + q) % 256 for p, q in zip(row[1:], above)) if row[0] else row[1:]
print("%dx%d %s" % (w, h, above[x * 3:x * 3 + 3].hex()))
END
}
# shows COLOUR NAME: Linux shows with some delay what was drawn
is() { joist screenshot desk "$W/desk.png" && [ "$(look "$W/desk.png" 700 300)" = "1024x512 $1" ]; }
shows() { until_ok 60 is "$1" && ok "$2" || not_ok "$2: $(joist screenshot desk "$W/desk.png" 2>&1; look "$W/desk.png" 700 300)"; }
shows 996633 "a screenshot while it runs"
# not byte for byte: a cursor blinks meanwhile
(cd "$W" && rm -f desk.png && joist screenshot desk) && joist screenshot desk - >"$W/out.png" &&
	[ "$(look "$W/desk.png" 700 300) $(look "$W/out.png" 700 300)" = "1024x512 996633 1024x512 996633" ] &&
	ok "to a file of its name, and to standard output" ||
	not_ok "a screenshot without a file: $(look "$W/desk.png" 700 300) $(look "$W/out.png" 700 300)"
run joist screenshot desk "$W/no/x.png"
expect_status 125 "no folder" && two_lines "no folder" && ok "a file that cannot be written"
run joist pause desk
shows 996633 "a screenshot at rest"

# -- VNC -------------------------------------------------------------------------------
view() { run "$TOP/test/hal/vnc.py" "$@"; }
# sees COLOUR NAME
sees() {
	view "$vnc" size pixel 700 300
	expect_out "1024x512"$'\n'"$1" "$2" && ok "$2"
}
said() { until_ok 60 sh -c "joist logs desk | grep -q '$1'"; }
down=01001e0001000000 up=01001e0000000000 end=0000000000000000
if [ -n "$has_vnc" ]; then
	sees 996633 "VNC at rest"
	view "$vnc" key 0x61
	expect_status 0 "a key at rest"
	[ "$(joist logs desk | grep -c keys:)" = 0 ] && ok "at rest no key comes to the guest" || not_ok "a key at rest"
	run joist resume desk
	said "keys: $down $end $up $end" && ok "and after it the one that was pressed" || not_ok "keys: $(joist logs desk | tail -n 2)"
	view "$vnc" await 700 300 116633
	expect_status 0 "a change" && ok "a change comes to the viewer"
	view "$vnc" point 1023 511 1
	said "pointer: 03000000ff7f0000 03000100ff7f0000 0100100101000000 $end" && ok "the pointer and its button" ||
		not_ok "pointer: $(joist logs desk | tail -n 2)"
	view "$vnc" point 0 0 8
	said "pointer: 0300000000000000 0300010000000000 0100100100000000 0200080001000000" && ok "the button let go, and the wheel" ||
		not_ok "pointer: $(joist logs desk | tail -n 2)"
	for i in 1 2 3 4; do "$TOP/test/hal/vnc.py" "$vnc" await 700 300 116633 pixel 3 400 >"$W/view$i" & done
	wait
	[ "$(cat "$W"/view? | sort | uniq -c | tr -s ' ')" = " 8 116633" ] && ok "four viewers at once" || not_ok "viewers: $(cat "$W"/view?)"
	printf 'RFB 003.008\n\1garbage' | timeout 5 nc -U -N "$W/vnc" >/dev/null 2>&1
	head -c 100000 /dev/urandom | timeout 5 nc -U -N "$W/vnc" >/dev/null 2>&1
	sees 116633 "what is no viewer does no harm"
else
	skip "this build has no VNC"
	run joist resume desk
fi

# -- a snapshot ----------------------------------------------------------------------------
run joist snapshot desk@here
expect_status 0 snapshot
if [ -n "$has_vnc" ]; then
	sees 116633 "VNC goes on behind a snapshot"
	view "$vnc" key 0x62 await 700 300 126633
	expect_status 0 "another key" && ok "and so does the guest"
	before=116633
else
	before=996633
fi
run joist restore -f desk@here
expect_status 0 restore
shows "$before" "restored, with the picture that was"
if [ -n "$has_vnc" ]; then
	sees 116633 "VNC shows it"
	view "$vnc" key 0x63 await 700 300 126633
	expect_status 0 "a key" && ok "and brings keys to the guest"
	# nobody cleans up behind a monitor that was killed
	monitor=$(joist inspect desk | grep -o '"monitor": [0-9]*' | tr -dc 0-9)
	kill -9 "$monitor"
	until_ok 60 sh -c "! '$TOP/test/hal/vnc.py' '$vnc' size" && ok "the server ends with its monitor" || not_ok "a server without its monitor"
	run joist restore desk@here
	expect_status 0 "again" && sees 116633 "its socket is made anew"
	run joist create --name second --kernel "$kernel" --display "vnc=$vnc"
	run joist start second
	expect_status 125 "taken" && two_lines "taken" && ok "an address that is taken"
	sees 116633 "whose owner keeps it"
fi
run joist rm -f desk
[ ! -e "$W/vnc" ] && ok "its socket goes with it" || not_ok "the socket is still there"

# -- by TCP, with a password ------------------------------------------------------------------
if [ -n "$has_vnc" ]; then
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	echo 'secret' >"$W/password"
	run joist run -d --name far --kernel "$kernel" -m 64M --display "vnc=127.0.0.1:$port" --vnc-password "$W/password"
	expect_status 0 "by TCP"
	view "127.0.0.1:$port" --password secret size
	expect_out 640x480 "a password" && ok "with the password"
	view "127.0.0.1:$port" --password Secret size
	expect_status 1 "another password" && ok "not with another one"
	view "127.0.0.1:$port" size
	expect_status 1 "no password" && ok "not without"
	run joist rm -f far
	: >"$W/password"
	run joist run --rm --kernel "$kernel" --display "vnc=127.0.0.1:$port" --vnc-password "$W/password"
	expect_status 125 "empty password" && two_lines "empty password" && ok "an empty password is none"
fi
JOIST_LIBEXEC=$W run joist run --rm --kernel "$kernel" --display "vnc=unix:$W/vnc"
expect_status 125 "no VNC" && two_lines "no VNC" && expect_err "this build has no VNC" && ok "a build without VNC says so"
