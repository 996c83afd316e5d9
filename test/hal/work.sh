#!/bin/bash
# timeout: 1800
# parallel
# needs: joist
# Debian at work: apt fetches a package over the network, gcc compiles, and a snapshot taken in the
# middle of that ends with the same bytes in another machine.
. "$(dirname "$0")/../lib.sh"
needs joist

[ -e "$JOIST_LIBEXEC/joist-agent.riscv64" ] || skip_all "this build has no agent for riscv64: there is no compiler for it"
. "$TOP/test/hal/guest.lib"
guest ready
net=
command -v passt >/dev/null && net="--net user"
# shellcheck disable=SC2086 # two words or none
joist run -d --name deb -m 1G --cpus 2 $net --kernel "$kernel" --initrd "$initrd" \
	--disk "$ready" --append "console=ttyS0 quiet root=/dev/vda1" >/dev/null
until_ok 300 sh -c 'joist logs deb | grep -qE "joist: (ready|.*cannot be)"'
run joist exec deb sh -c '. /etc/os-release; echo "id=$ID"; command -v gcc'
expect_status 0 "Debian" && expect_has id=debian Debian && expect_has /usr/bin/gcc Debian && ok "Debian with a compiler starts" || {
	joist logs deb | tail -n 5
	exit 1
}

# what this host itself reaches, its guest must
source=$(debugfs -R "cat /etc/apt/sources.list" "$image?offset=1048576" 2>/dev/null | awk '{ print $2 "/dists/" $3 "/InRelease" }')
proxy=$(apt-config dump 2>/dev/null | grep -iE '^Acquire::https?::Proxy.*(//localhost|//127\.)')
if [ -z "$net" ]; then
	skip "no passt here: no network for apt"
elif [ -n "$proxy" ]; then
	skip "apt's proxy is on this host's loopback: $proxy"
elif ! /usr/lib/apt/apt-helper download-file "$source" "$W/InRelease" >"$W/apt" 2>&1; then
	skip "the mirror cannot be reached from here: $(grep -m 1 -E '^(E|Err)' "$W/apt")"
else
	run joist exec deb apt-get -q -o APT::Update::Error-Mode=any update
	expect_status 0 "apt-get update" &&
		run joist exec -e DEBIAN_FRONTEND=noninteractive deb sh -c 'apt-get -q -y install hello && hello' &&
		expect_status 0 apt && expect_has 'Hello, world!' apt && ok "apt installs a package over the user network"
fi

cat >"$W/make.sh" <<'END'
i=0
while [ $i -lt 120 ]; do
	echo "int f$i(int a, int b) { int s = $i; for (int k = 0; k < a; k++) { s += (b ^ k) * $i; if (s % 7 == 3) s -= a * k; } return s; }"
	i=$((i+1))
done
echo '#include <stdio.h>'
echo 'int main(void) { unsigned s = 0;'
i=0
while [ $i -lt 120 ]; do echo "s = s * 31 + (unsigned)f$i(9, $i);"; i=$((i+1)); done
echo 'printf("%08x", s); return 0; }'
END
sh "$W/make.sh" >"$W/big.c"
joist cp "$W/big.c" deb:/root
joist exec -d deb sh -c 'cd /root; gcc -O2 -o big big.c && ./big >out && sha256sum big >sum && touch done'
until_ok 300 joist exec deb sh -c 'grep -l cc1 /proc/[0-9]*/comm >/dev/null || test -e /root/done' || not_ok "no compiler: $(joist exec deb ls /root)"
run joist snapshot deb@middle
expect_status 0 "snapshot in the middle"
joist exec deb test -e /root/done && not_ok "it was too late for the middle" || ok "a snapshot in the middle"
until_ok 600 joist exec deb test -e /root/done || not_ok "it does not end"
whole=$(joist exec deb cat /root/out /root/sum)
joist stop -t 1 deb >/dev/null
joist restore deb@middle --name again >/dev/null
until_ok 600 joist exec again test -e /root/done || not_ok "the restored one does not end"
half=$(joist exec again cat /root/out /root/sum)
[ -n "$whole" ] && [ "$whole" = "$half" ] && ok "the restored one ends with the same bytes" || not_ok "'$whole' and '$half'"
if command -v gcc >/dev/null; then
	gcc -o "$W/big" "$W/big.c"
	case $whole in
	"$("$W/big")"*) ok "and with what the same program says here" ;;
	*) not_ok "the program: '$whole'" ;;
	esac
fi
joist rm -f deb again >/dev/null
no_leaks "no processes left"
