#!/bin/bash
# timeout: 1200
# needs: joist
# A computer's network: passt's, with its complaints, and named networks, which it shares with
# containers. The second needs a network namespace, in which all is gone at the end.
. "$(dirname "$0")/../lib.sh"
needs joist

. "$TOP/test/hal/guest.lib"
guest initrd
computer=(--kernel "$kernel" --initrd "$initrd" -m 256M)
append="console=ttyS0 quiet panic=-1 run="

# -- inside of a namespace of our own: it calls itself ------------------------------------
if [ -n "${JOIST_NET_INSIDE:-}" ]; then
	ip link set lo up
	serve='mkdir -p /tmp/www; echo served >/tmp/www/index.html; exec httpd -f -p 80 -h /tmp/www'
	run joist run -d --name one --net blue "$ROOTFS" sh -c "$serve"
	expect_status 0 "a container"
	# what it knows, that it reaches container and router by name, and that it is served
	mkdir "$W/share"
	printf '#!/bin/sh\nenv\n' >"$W/share/told"
	cat >"$W/share/two" <<'END'
ip -4 addr show eth0
cat /etc/resolv.conf
route -n
ping -c 1 -W 5 one && wget -qO- http://one/
udhcpc -q -n -i eth0 -s /share/told
mkdir /w
echo 'from the computer' >/w/index.html
httpd -p 80 -h /w
echo listening
sleep 1000
END
	chmod +x "$W/share/told"
	run joist run -d --name two --net blue --hostname riscv --net-alias www --dns-search lab.example -p 18078:80 \
		-v "$W/share:/share" "${computer[@]}" --append "${append}sh /share/two"
	expect_status 0 "a computer in a network" && ok "a computer joins a named network"
	until_ok 200 sh -c 'joist logs two | grep -q listening' || not_ok "it did not come up: $(joist logs two | tail -n 5)"
	joist logs two >"$W/.out" 2>&1
	# shellcheck disable=SC2034 # expect_has reads it
	out=$(tr -d '\r' <"$W/.out") status=0
	joist inspect two >"$W/inspect"
	address=$(sed -n 's/.*"ip": "\([0-9.]*\)".*/\1/p' "$W/inspect" | head -n 1)
	gateway=${address%.*}.1
	expect_has "inet $address/24" address && ok "DHCP gives the address that inspect shows"
	expect_has "nameserver $gateway" "name server" && expect_has "0.0.0.0         $gateway" route && ok "and router and name server"
	expect_has served wget && ok "it reaches a container by name"
	expect_has hostname=riscv "host name" && expect_has search=lab.example search && ok "and is told its name and where to search"
	run joist run --rm --net blue "$ROOTFS" sh -c 'wget -qO- http://two/ && wget -qO- http://riscv/ && wget -qO- http://www/ && nslookup two | grep -o "10[.][0-9.]*" | tail -n 1'
	expect_out "from the computer
from the computer
from the computer
$address" "names" && ok "containers reach it by its names"
	# the host's own address, not its loopback alone
	got=
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		got=$(exec 3<>/dev/tcp/127.0.0.1/18078 && printf 'GET /index.html HTTP/1.0\r\n\r\n' >&3 && tail -n 1 <&3) 2>/dev/null
		[ "$got" = 'from the computer' ] && break
		sleep 0.5
	done
	[ "$got" = 'from the computer' ] && ok "a published port" || not_ok "published port: $got"
	run joist run --rm --net blue -p 18078:80 "${computer[@]}"
	[ "$status" = 125 ] && expect_err two "a port twice" && two_lines "a port twice" && ok "a port that another machine has is refused"
	# its monitor is killed: the device goes at once, the rest with the machine
	tap() { ip -o link show type tun 2>/dev/null | grep -q jv-; }
	tap || not_ok "there is no TAP device: $(ip -br link)"
	kill -9 "$(sed -n 's/.*"monitor": *\([0-9]*\).*/\1/p' "$JOIST_ROOT/machines/two/state.json")"
	until_ok 60 sh -c '! ip -o link show type tun | grep -q jv-' && ok "a killed monitor leaves no device" || not_ok "a device is left: $(ip -br link)"
	joist rm -f two >/dev/null 2>&1
	grep -q '"two"' "$JOIST_ROOT/net/blue.json" && not_ok "a lease is left" || ok "nor a lease when its machine is removed"
	# a snapshot goes on in the network
	run joist run -d --name three --net blue "${computer[@]}" --append "${append}echo up; while :; do wget -qO- http://one/; sleep 1; done"
	until_ok 200 sh -c 'joist logs three | grep -q served' || not_ok "three: $(joist logs three | tail -n 3)"
	run joist snapshot three@a
	expect_status 0 snapshot
	run joist restore -f three@a
	expect_status 0 restore && before=$(joist logs three | grep -c served) &&
		until_ok 60 sh -c "[ \$(joist logs three | grep -c served) -gt $before ]" && ok "a snapshot goes on in its network" ||
		not_ok "restore: $(joist logs three | tail -n 3)"
	joist rm -f three one >/dev/null 2>&1
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		ip -br link | grep -qE '^(jst|jv)-' || break
		sleep 0.3
	done
	ip -br link | grep -qE '^(jst|jv)-' && not_ok "devices are left" || ok "no device is left"
	exit
fi

# -- passt ------------------------------------------------------------------------------------
refused() {
	local what=$1
	shift
	run joist run --rm "${computer[@]}" "$@"
	[ "$status" = 125 ] && two_lines "$what" && [ "$(wc -l <"$W/.err")" = 2 ] && ok "refused: $what" || not_ok "$what: status $status, $err"
}
refused "the host's network" --net host
refused "a bad name" --net no/name
if has passt; then
	python3 -c 'import socket, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); print(s.getsockname()[1], flush=True); time.sleep(300)' >"$W/port" &
	own $!
	until_ok 60 test -s "$W/port"
	port=$(cat "$W/port")
	refused "a port that is taken" -p "127.0.0.1:$port:80"
	expect_err "port $port/tcp" "a port that is taken" && ok "and it is named"
	mkdir "$W/fake"
	printf '#!/bin/sh\necho "an idle word" >&2\necho "No interface with a default route" >&2\nexit 1\n' >"$W/fake/passt"
	chmod +x "$W/fake/passt"
	PATH=$W/fake:$PATH refused "what passt refuses" --net user
	expect_err "No interface with a default route" "what passt refuses" && ok "with its own words"
	printf '#!/bin/sh\nexit 3\n' >"$W/fake/passt"
	PATH=$W/fake:$PATH refused "a passt that says nothing" --net user
	expect_err "status 3" "a passt that says nothing"
	# the gateway is the host's loopback
	mkdir "$W/www" && head -c 8388608 /dev/zero >"$W/www/big"
	python3 -u -c 'import http.server as h, functools as f, sys
s = h.ThreadingHTTPServer(("127.0.0.1", 0), f.partial(h.SimpleHTTPRequestHandler, directory=sys.argv[1]))
print(s.server_port, flush=True); s.serve_forever()' "$W/www" >"$W/served" 2>/dev/null &
	own $!
	until_ok 60 test -s "$W/served"
	cat >"$W/www/go" <<END
ip -4 addr show eth0 | grep -c inet
echo mtu \$(cat /sys/class/net/eth0/mtu)
gw=\$(route -n | sed -n 's/^0.0.0.0 *\([0-9.]*\).*/\1/p')
wget -qO- "http://\$gw:$(cat "$W/served")/big" | wc -c
END
	run joist run --rm "${computer[@]}" -v "$W/www:/www" --net user --append "${append}sh /www/go"
	expect_status 0 "the user network" && expect_has 1 "the user network" && ok "the user network gives an address"
	expect_has "mtu 65520" "MTU" && ok "and takes packets as long as they can be"
	expect_has 8388608 download && ok "what the host sends arrives"
else
	skip "no passt"
fi

# -- named networks -----------------------------------------------------------------------------
if [ "$(id -u)" = 0 ]; then
	run setpriv --bounding-set -net_admin --inh-caps -net_admin joist run --rm "${computer[@]}" --net blue
else
	run joist run --rm "${computer[@]}" --net blue
fi
[ "$status" = 125 ] && two_lines "no rights" && [ "$(wc -l <"$W/.err")" = 2 ] && [ ! -e "$JOIST_ROOT/net/blue.json" ] &&
	ok "without rights it says so, and makes nothing" || not_ok "no rights: status $status, $err"
has root && has netns && has nft && has tun || { skip "named networks: no rights, nft or tun here"; exit; }
JOIST_NET_INSIDE=1 unshare -n "$0" || failures=$((failures + 1))
