#!/bin/bash
# Named networks: addresses, names, published ports, isolation, and that nothing
# of them is left.
# timeout: 120
. "$(dirname "$0")/../lib.sh"
needs root joist
command -v nft >/dev/null || skip_all "no nft on this host"

devices() { ip -br link | grep -cE '^(jst|jv)-'; }
tables() { nft list tables 2>/dev/null | grep -c joist_; }
before_devices=$(devices) before_tables=$(tables)

serve='mkdir -p /tmp/www; echo served >/tmp/www/index.html; exec httpd -f -p 80 -h /tmp/www'
cp -a "$ROOTFS" "$W/root"
run joist run -d --name one --net blue --net-alias www --publish 127.0.0.1:18077:80 "$W/root" sh -c "$serve"
expect_status 0 "a machine in a network" && ok "a network is made at first use"
run joist run --rm --name two --net blue "$W/root" sh -c 'ping -c1 -W2 one >/dev/null && ping -c1 -W2 www >/dev/null && for i in 1 2 3 4 5 6 7 8 9; do wget -qO- http://one/ 2>/dev/null && break; sleep 0.3; done'
expect_out served "names" && ok "machines of a network find each other by name and alias"
run joist run --rm --net blue "$W/root" sh -c 'ip=$(grep one /etc/hosts); nslookup one | grep -A1 "Name:" | grep -o "10\.[0-9.]*"'
address=$out
run joist run --rm --net blue "$W/root" nslookup "$address"
expect_has 'name = one' "PTR" && ok "an address has its name"

got=
for _ in 1 2 3 4 5 6 7 8 9 10; do
	got=$(exec 3<>/dev/tcp/127.0.0.1/18077 && printf 'GET / HTTP/1.0\r\n\r\n' >&3 && tail -1 <&3) 2>/dev/null
	[ "$got" = served ] && break
	sleep 0.2
done
[ "$got" = served ] && ok "a published port is reached on the loopback" || not_ok "published port: $got"
run joist run --rm --net blue -p 127.0.0.1:18077:81 "$W/root" true
expect_status 125 "a port twice" && expect_err "one" "a port twice" && ok "a port that another machine has is refused"

run joist run --rm --net red "$W/root" sh -c "ping -c1 -W1 $address >/dev/null && echo reached || echo apart"
expect_out apart "isolation" && ok "machines of other networks are not reached"
run joist run --rm --net blue --ip "${address%.*}.77" "$W/root" sh -c 'ip -4 addr show eth0 | grep -o "10[0-9.]*/24"'
expect_out "${address%.*}.77/24" "--ip" && ok "an address of one's choice"
run joist run --rm --net blue --ip 192.0.2.1 "$W/root" true
expect_status 125 "--ip outside" && ok "an address outside of the network is refused"
run joist run --rm --net 'no/name' "$W/root" true
expect_status 125 "bad name" && expect_err "no name for a network" "bad name" && ok "a bad name is refused"

run joist inspect one
expect_has "\"ip\": \"$address\"" "inspect" && ok "inspect knows the address"
monitor=$(sed -n 's/.*"monitor":\([0-9]*\).*/\1/p' "$JOIST_ROOT/machines/one/state.json")
kill -9 "$monitor"
for _ in 1 2 3 4 5 6 7 8 9 10; do [ -d "/proc/$monitor" ] || break; sleep 0.1; done
run joist ps -a
expect_has 'monitor was killed' "ps after a kill" && ok "ps tells the truth after a kill -9 of the monitor"
joist rm -f one
for _ in 1 2 3 4 5 6 7 8 9 10; do
	[ "$(devices)" = "$before_devices" ] && [ "$(tables)" = "$before_tables" ] && ! pgrep -f "joist-dns $JOIST_ROOT" >/dev/null && break
	sleep 0.3
done
[ "$(devices)" = "$before_devices" ] && ok "no device is left" || not_ok "devices are left: $(ip -br link | grep -E '^(jst|jv)-')"
[ "$(tables)" = "$before_tables" ] && ok "no rules are left" || not_ok "rules are left"
pgrep -f "joist-dns $JOIST_ROOT" >/dev/null && not_ok "a name server is left" || ok "no name server is left"
