#!/bin/bash
# Schannel against OpenSSL: a program of Windows as the client of servers of all kinds, good and bad, and
# what it says of them.
. "$(dirname "$0")/../lib.sh"
needs joist mingw openssl python3
client=$TOP/test/api/tls_client.c
cd "$W" || exit 1
x86_64-w64-mingw32-gcc -O1 -o client.exe "$client" -lsecur32 -lcrypt32 -lws2_32 || { not_ok "does not compile"; exit 1; }

# -- who is who: an authority, one between, servers --------------------------------------
authority() { # NAME SUBJECT
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.pem" -subj "$2" -days 30 \
		-addext basicConstraints=critical,CA:TRUE -addext keyUsage=keyCertSign 2>/dev/null
}
signed() { # NAME SUBJECT ISSUER EXTENSIONS [OPTIONS]: an end, or one between
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2" 2>/dev/null
	printf '%b' "$4" >"$1.ext"
	openssl x509 -req -in "$1.csr" -CA "$3.pem" -CAkey "$3.key" -CAcreateserial -out "$1.pem" \
		-extfile "$1.ext" ${5:--days 30} 2>/dev/null
}
alt='subjectAltName=DNS:server.test,DNS:localhost,IP:127.0.0.1\n'
authority ca "/CN=Authority" && signed between "/CN=Between" ca 'basicConstraints=critical,CA:TRUE' &&
	signed server "/CN=server.test" between "${alt}extendedKeyUsage=serverAuth" &&
	signed late "/CN=server.test" ca "$alt" "-days -1" &&
	signed mail "/CN=server.test" ca "${alt}extendedKeyUsage=emailProtection" ||
	{ not_ok "openssl makes no certificates"; exit 1; }
openssl req -x509 -key server.key -out alone.pem -subj "/CN=server.test" -days 30 -addext "${alt%??}" 2>/dev/null

# serve FLAGS...: a server on a port of its own, $port
serve() {
	rm -f server.out # that of the one before says another port
	openssl s_server -accept 0 "$@" >server.out 2>&1 </dev/null &
	own $!
	if until_ok 20 grep -qs '^ACCEPT.*:[0-9]' server.out; then
		port=$(sed -n 's/^ACCEPT.*:\([0-9]*\)$/\1/p' server.out | head -n 1)
	else
		not_ok "no server: $(head -n 3 server.out)"
	fi
}
client() {
	run joist run --rm --allow net ./client.exe "$port" "$@"
	out=${out//$'\r'/}
}
# said WHAT LINE...: what it says, in this order and nothing else between
said() {
	local what=$1
	shift
	[ "$out" = "$(printf '%s\n' "$@")" ] && ok "$what" || not_ok "$what: $out $err"
}
good='-cert server.pem -key server.key -cert_chain between.pem'
agreed='version 0x800, cipher 0x6610 of 256, exchange 0xae06'
who='server server.test, 2 certificates'

# shellcheck disable=SC2086
serve $good -rev -alpn h2,http/1.1
client server.test manual send=100
said "what was agreed" "$agreed" "$who" "100 bytes: turned round"
client server.test send=100
said "an authority that nobody knows" "InitializeSecurityContext: untrusted root"
client server.test root=ca.pem send=1
said "one that the program trusts" "$agreed" "$who" "1 bytes: turned round"
client 127.0.0.1 root=ca.pem send=16000
said "an address is a name, too" "$agreed" "$who" "16000 bytes: turned round"
client other.test root=ca.pem send=1
said "another name" "InitializeSecurityContext: wrong principal"
client server.test root=ca.pem alpn=h2 send=9
said "a protocol" "$agreed" "$who" "protocol h2" "9 bytes: turned round"
client server.test root=ca.pem alpn=other send=9
said "none in common" "InitializeSecurityContext: no application protocol"
client server.test root=ca.pem again send=9
said "the session of before" "$agreed" "$who" "9 bytes: turned round" "$agreed" "$who" "the session of before" \
	"9 bytes: turned round"

serve -cert late.pem -key late.key -rev
client server.test root=ca.pem send=1
said "a certificate of yesterday" "InitializeSecurityContext: certificate expired"
serve -cert mail.pem -key mail.key -rev
client server.test root=ca.pem send=1
said "one for something else" "InitializeSecurityContext: 0x80090349"
serve -cert server.pem -key server.key -rev
client server.test root=ca.pem send=1
said "one between that is not sent" "InitializeSecurityContext: untrusted root"
serve -cert alone.pem -key server.key -rev
client server.test root=ca.pem send=1
said "one that stands alone" "InitializeSecurityContext: untrusted root"
client server.test root=alone.pem send=1
said "and is trusted" "$agreed" "server server.test, 1 certificates" "1 bytes: turned round"

for c in ECDHE-ECDSA-CHACHA20-POLY1305:0:256 ECDHE-ECDSA-AES128-GCM-SHA256:0x660e:128 ECDHE-ECDSA-AES256-SHA384:0x6610:256 \
	ECDHE-ECDSA-AES128-SHA:0x660e:128; do
	IFS=: read -r name id bits <<<"$c"
	# shellcheck disable=SC2086
	serve $good -rev -tls1_2 -cipher "$name"
	client server.test root=ca.pem send=5000
	said "$name" "version 0x800, cipher $id of $bits, exchange 0xae06" "$who" "5000 bytes: turned round"
done
serve -cert ca.pem -key ca.key -rev -tls1_2 -cipher AES128-GCM-SHA256
client Authority root=ca.pem manual send=5000
said "without forward secrecy" "version 0x800, cipher 0x660e of 128, exchange 0xa400" "server Authority, 1 certificates" \
	"5000 bytes: turned round"
# shellcheck disable=SC2086
serve $good -rev -tls1 -cipher ALL@SECLEVEL=0
client server.test root=ca.pem send=1
said "version 1.0 is off" "InitializeSecurityContext: algorithm mismatch"
client server.test root=ca.pem tls1 send=1000
said "but for those who ask for it" "version 0x80, cipher 0x6610 of 256, exchange 0xae06" "$who" "1000 bytes: turned round"

# -- clients' certificates: there is none -------------------------------------------------
# shellcheck disable=SC2086
serve $good -rev -verify 1
client server.test root=ca.pem send=9
said "a certificate is asked for" "a certificate is wanted" "$agreed" "$who" "9 bytes: turned round"
# shellcheck disable=SC2086
serve $good -rev -Verify 1
client server.test root=ca.pem send=9
said "and is a condition" "a certificate is wanted" "InitializeSecurityContext: illegal message"

# -- much, and the end ------------------------------------------------------------------------
head -c 3000000 /dev/urandom | base64 >big.txt
# shellcheck disable=SC2086
serve $good -WWW
joist run --rm --allow net ./client.exe "$port" server.test root=ca.pem get=big.txt 2>&1 | tr -d '\r' >got.txt
sed -e '1,/^$/d' -e '$d' got.txt | cmp -s - big.txt && [ "$(tail -n 1 got.txt)" = closed ] &&
	ok "four million bytes, and the end is said" || not_ok "four million bytes: $(head -n 3 got.txt)"

# -- no server of TLS ----------------------------------------------------------------------------
python3 -c '
import socket
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
c, _ = s.accept()
c.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
c.recv(1000)
' >port &
own $!
until_ok 20 grep -qs "[0-9]" port && port=$(cat port)
client server.test send=1
said "who does not speak it" "InitializeSecurityContext: invalid token"
no_leaks "nothing left behind"
