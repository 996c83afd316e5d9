#!/bin/bash
# DnsQuery: records of all kinds from a server on the loopback, wide and narrow; what needs no server;
# and answers that are broken, cut short, or lead in circles.
. "$(dirname "$0")/../lib.sh"
needs joist mingw root python3
cd "$W" || exit 1

cat >server.py <<'END'
# A server of names that answers as it is told, also wrongly.
import socket, struct, sys
def name(s):
    return b''.join(bytes([len(p)]) + p.encode() for p in s.rstrip('.').split('.') if p) + b'\0'
def rr(n, t, d, ttl=300):
    return n + struct.pack('>HHIH', t, 1, ttl, len(d)) + d
ME = b'\xc0\x0c'
def answer(q, t):
    a, extra, code = [], [], 0
    if q == 'a.test' and t == 1: a = [rr(ME, 1, bytes([192, 0, 2, 1])), rr(ME, 1, bytes([192, 0, 2, 2]))]
    elif q == 'a.test' and t == 28: a = [rr(ME, 28, bytes(15) + b'\1')]
    elif q == 'alias.test' and t == 1: a = [rr(ME, 5, name('a.test')), rr(name('a.test'), 1, bytes([192, 0, 2, 1]))]
    elif q == 'mail.test' and t == 15:
        a = [rr(ME, 15, struct.pack('>H', 10) + b'\2mx\xc0\x0c')]
        extra = [rr(b'\2mx\xc0\x0c', 1, bytes([192, 0, 2, 9]))]
    elif t == 16: a = [rr(ME, 16, b'\3one\7two too')]
    elif t == 33: a = [rr(ME, 33, struct.pack('>HHH', 1, 2, 443) + name('host.test'))]
    elif t == 6: a = [rr(ME, 6, name('ns.test') + name('admin.test') + struct.pack('>IIIII', 1, 2, 3, 4, 5))]
    elif t == 35: a = [rr(ME, 35, struct.pack('>HH', 100, 50) + b'\1s' + b'\7SIP+D2U' + b'\0' + name('sip.test'))]
    elif t == 12: a = [rr(ME, 12, name('back.test'))]
    elif t == 257: a = [rr(ME, 257, b'\0\5issueca.test')]
    elif q == 'circle.test': a = [rr(ME, 5, b'\xc0\x29')]
    elif q == 'short.test': a = [ME + struct.pack('>HHIH', 15, 1, 300, 9) + b'\0']
    elif q == 'strings.test': a = [rr(ME, 16, b'\x20x')]
    elif q == 'empty.test': pass
    elif q == 'fail.test': code = 2
    elif q == 'no.test': code = 5
    else: code = 3
    return code, a, extra
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('127.53.53.1', 53))
print('up', flush=True)
while True:
    m, who = s.recvfrom(512)
    i, labels = 12, []
    while m[i]:
        labels.append(m[i + 1:i + 1 + m[i]].decode()); i += m[i] + 1
    t = struct.unpack('>H', m[i + 1:i + 3])[0]
    code, a, extra = answer('.'.join(labels).lower(), t)
    s.sendto(m[:2] + struct.pack('>HHHHH', 0x8180 | code, 1, len(a), 0, len(extra)) + m[12:i + 5] + b''.join(a + extra), who)
END

cat >ask.c <<'END'
#include <winsock2.h>
#include <windows.h>
#include <windns.h>
#include <stdio.h>
static IP4_ARRAY server;
static void ask(const WCHAR *name, WORD type) {
	DNS_RECORDW *list = (void *)1;
	DNS_STATUS s = DnsQuery_W(name, type, DNS_QUERY_STANDARD, &server, (DNS_RECORD **)&list, NULL);
	printf("%ls %u: %ld", name, type, s);
	if (s && list)
		printf(" and a list");
	for (DNS_RECORDW *r = s ? NULL : list; r; r = r->pNext) {
		printf(" %ls/%u/%lu/%lu/%u", r->pName, r->wType, r->dwTtl, (DWORD)r->Flags.S.Section, r->wDataLength);
		BYTE *b = (BYTE *)&r->Data;
		switch (r->wType) {
		case 1: printf("=%u.%u.%u.%u", b[0], b[1], b[2], b[3]); break;
		case 28: printf("=..%u", b[15]); break;
		case 5: case 12: printf("=%ls", r->Data.PTR.pNameHost); break;
		case 15: printf("=%u,%ls", r->Data.MX.wPreference, r->Data.MX.pNameExchange); break;
		case 16: printf("=%lu,%ls,%ls", r->Data.TXT.dwStringCount, r->Data.TXT.pStringArray[0], r->Data.TXT.pStringArray[1]); break;
		case 33: printf("=%u,%u,%u,%ls", r->Data.SRV.wPriority, r->Data.SRV.wWeight, r->Data.SRV.wPort, r->Data.SRV.pNameTarget); break;
		case 6: printf("=%ls,%ls,%lu,%lu", r->Data.SOA.pNamePrimaryServer, r->Data.SOA.pNameAdministrator, r->Data.SOA.dwSerialNo, r->Data.SOA.dwDefaultTtl); break;
		case 35: printf("=%u,%u,%ls,%ls,[%ls],%ls", r->Data.NAPTR.wOrder, r->Data.NAPTR.wPreference, r->Data.NAPTR.pFlags, r->Data.NAPTR.pService, r->Data.NAPTR.pRegularExpression, r->Data.NAPTR.pReplacement); break;
		default: printf("=%lu,%.5s", r->Data.Null.dwByteCount, (char *)r->Data.Null.Data + 2);
		}
	}
	printf("\n");
	if (!s)
		DnsRecordListFree((DNS_RECORD *)list, DnsFreeRecordList);
}
int main(int argc, char **argv) {
	DNS_RECORDA *a = NULL;
	(void)argv;
	server.AddrCount = 1;
	server.AddrArray[0] = inet_addr("127.53.53.1");
	/* no server is needed for these */
	ask(L"127.0.0.1", DNS_TYPE_A);
	DNS_STATUS s = DnsQuery_UTF8("localhost", DNS_TYPE_AAAA, 0, NULL, &a, NULL);
	printf("%ld %s %u\n", s, s ? "" : a->pName, s ? 0 : ((BYTE *)&a->Data)[15]);
	if (!s)
		DnsFree(a, DnsFreeRecordList);
	s = DnsQuery_W(L"a.test", 1, DNS_QUERY_NO_WIRE_QUERY, NULL, (DNS_RECORD **)&a, NULL);
	printf("%ld %d\n", s, a == NULL);
	printf("%ld\n", DnsQuery_W(L"", 1, 0, NULL, (DNS_RECORD **)&a, NULL));
	printf("%d%d%d\n", !!DnsNameCompare_W(L"A.test.", L"a.TEST"), !!DnsNameCompare_A("a", "b"), !!DnsNameCompare_A("x.", "X"));
	BOOL(WINAPI * flush)(void) = (void *)GetProcAddress(LoadLibraryA("dnsapi.dll"), "DnsFlushResolverCache");
	printf("%d\n", flush());
	if (argc > 1) {
		ask(L"a.test", DNS_TYPE_A);
		return 0;
	}
	ask(L"a.test", DNS_TYPE_A);
	ask(L"a.test", DNS_TYPE_AAAA);
	ask(L"alias.test", DNS_TYPE_A);
	ask(L"mail.test", DNS_TYPE_MX);
	ask(L"t.test", DNS_TYPE_TEXT);
	ask(L"_s._tcp.test", DNS_TYPE_SRV);
	ask(L"z.test", DNS_TYPE_SOA);
	ask(L"n.test", DNS_TYPE_NAPTR);
	ask(L"1.2.0.192.in-addr.arpa", DNS_TYPE_PTR);
	ask(L"c.test", 257);
	ask(L"empty.test", DNS_TYPE_A);
	ask(L"none.test", DNS_TYPE_A);
	ask(L"no.test", DNS_TYPE_A);
	ask(L"circle.test", DNS_TYPE_CNAME);
	ask(L"short.test", DNS_TYPE_MX);
	ask(L"strings.test", 99);
	s = DnsQuery_A("alias.test", DNS_TYPE_A, DNS_QUERY_TREAT_AS_FQDN, &server, (DNS_RECORD **)&a, NULL);
	printf("%ld %s %s %s\n", s, a->pName, a->Data.CNAME.pNameHost, a->pNext->pName);
	DnsRecordListFree((DNS_RECORD *)a, DnsFreeRecordList);
	return 0;
}
END
x86_64-w64-mingw32-gcc -O1 -o ask.exe ask.c -ldnsapi -lws2_32 || { not_ok "does not compile"; exit 1; }
python3 server.py >up 2>&1 &
server=$!
for _ in $(seq 100); do grep -q up up && break; sleep 0.05; done
grep -q up up || { echo "skip: no server on port 53 of the loopback: $(tail -n 1 up)"; exit 0; }
out=$(joist run --rm --net host ./ask.exe 2>&1 | tr -d '\r')
kill "$server"
wait "$server" 2>/dev/null

# it has sockets, and talks to itself: no server is there
alone=$(joist run --rm --net none ./ask.exe alone 2>&1 | tr -d '\r' | tail -n 1)
if [ "$alone" = "a.test 1: 9002" ]; then ok "without a network no server answers"; else not_ok "without a network: $alone"; fi

want='127.0.0.1 1: 0 127.0.0.1/1/86400/1/4=127.0.0.1
0 localhost 1
9701 1
123
101
1
a.test 1: 0 a.test/1/300/1/4=192.0.2.1 a.test/1/300/1/4=192.0.2.2
a.test 28: 0 a.test/28/300/1/16=..1
alias.test 1: 0 alias.test/5/300/1/8=a.test a.test/1/300/1/4=192.0.2.1
mail.test 15: 0 mail.test/15/300/1/16=10,mx.mail.test mx.mail.test/1/300/3/4=192.0.2.9
t.test 16: 0 t.test/16/300/1/24=2,one,two too
_s._tcp.test 33: 0 _s._tcp.test/33/300/1/16=1,2,443,host.test
z.test 6: 0 z.test/6/300/1/40=ns.test,admin.test,1,5
n.test 35: 0 n.test/35/300/1/40=100,50,s,SIP+D2U,[],sip.test
1.2.0.192.in-addr.arpa 12: 0 1.2.0.192.in-addr.arpa/12/300/1/8=back.test
c.test 257: 0 c.test/257/300/1/18=14,issue
empty.test 1: 9501
none.test 1: 9003
no.test 1: 9002
circle.test 5: 9502
short.test 15: 9502
strings.test 99: 9502
0 alias.test a.test a.test'
if [ "$out" = "$want" ]; then ok "records of all kinds"; else not_ok "records: $(diff <(echo "$want") <(echo "$out") | head -20)"; fi
