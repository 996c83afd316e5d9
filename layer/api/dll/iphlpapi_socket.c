/* SPDX-License-Identifier: Apache-2.0 */
/* iphlpapi_socket.c -- tables of TCP connections and UDP sockets, and whose they are.
 *
 * A row names its process when that is this one: of others the host does not tell.
 */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/iphlpapi.h"
#include "layer/api/nt/process/process.h"

enum {
	BASIC_LISTENER,
	BASIC_CONNECTIONS,
	BASIC_ALL,
	OWNER_LISTENER,
	OWNER_CONNECTIONS,
	OWNER_ALL,
	LISTEN = 2, /* MIB_TCP_STATE_LISTEN */
};

/* MIB_TCP_STATE of the host's, which count from 1. */
static DWORD
state(uint32_t s)
{
	static const BYTE of[] = { 0, 5, 3, 4, 6, 7, 11, 1, 8, 9, 2, 10, 4 };
	return s < sizeof of ? of[s] : 1;
}

static bool
wanted(const struct netlink_socket *s, int class)
{
	bool listens = state(s->state) == LISTEN;
	return class % 3 == BASIC_ALL || (class % 3 == BASIC_LISTENER) == listens;
}

/* A row is written word by word, as the tables are. */
struct row {
	DWORD word[16];
	size_t n;
};

static void
put(struct row *r, DWORD v)
{
	r->word[r->n++] = v;
}

static void
put_end(struct row *r, const struct netlink_address *a, uint16_t port)
{
	DWORD w[4];
	memcpy(w, a->byte, sizeof w);
	for (size_t i = 0; i < (a->family == AF_INET ? 1u : 4u); i++)
		put(r, w[i]);
	if (a->family == AF_INET6)
		put(r, 0); /* its scope */
	put(r, port);
}

static DWORD
owner(const struct netlink_socket *s)
{
	return s->own ? process_self()->id : 0;
}

/* How a table writes one of its rows. */
typedef void writer(const struct netlink_socket *s, struct row *r);

static void
tcp(const struct netlink_socket *s, struct row *r)
{
	put(r, state(s->state));
	put_end(r, &s->local, s->local_port);
	put_end(r, &s->remote, s->remote_port);
}

static void
tcp_owner(const struct netlink_socket *s, struct row *r)
{
	tcp(s, r);
	put(r, owner(s));
}

static void
tcp_offload(const struct netlink_socket *s, struct row *r)
{
	tcp_owner(s, r);
	put(r, 1); /* TcpConnectionOffloadStateInHost */
}

static void
tcp6_owner(const struct netlink_socket *s, struct row *r)
{
	put_end(r, &s->local, s->local_port);
	put_end(r, &s->remote, s->remote_port);
	put(r, state(s->state));
	put(r, owner(s));
}

static void
udp(const struct netlink_socket *s, struct row *r)
{
	put_end(r, &s->local, s->local_port);
}

static void
udp_owner(const struct netlink_socket *s, struct row *r)
{
	udp(s, r);
	put(r, owner(s));
}

static DWORD
table(int family, int protocol, int class, writer *write, void *out, ULONG *size)
{
	struct netlink_socket *s;
	size_t n, count = 0, words = 0;
	if (!size)
		return ERROR_INVALID_PARAMETER;
	if (!netlink_sockets(family, protocol, &s, &n))
		return ERROR_NOT_ENOUGH_MEMORY;
	struct row r;
	struct netlink_socket none = { .family = family,
		                       .local.family = family,
		                       .remote.family = family };
	r.n = 0;
	write(&none, &r);
	words = r.n;
	for (size_t i = 0; i < n; i++)
		count += wanted(&s[i], class);
	ULONG need = (ULONG)(sizeof(DWORD) * (1 + (count ? count : 1) * words));
	bool fits = out && *size >= need;
	*size = need;
	DWORD *at = out;
	if (fits)
		*at++ = (DWORD)count;
	for (size_t i = 0; fits && i < n; i++) {
		if (!wanted(&s[i], class))
			continue;
		r.n = 0;
		write(&s[i], &r);
		memcpy(at, r.word, words * sizeof *at);
		at += words;
	}
	free(s);
	return fits ? ERROR_SUCCESS : ERROR_INSUFFICIENT_BUFFER;
}

/* Tables with modules would name the services of a process: there are none. */
WINAPI DWORD
iphlpapi_GetExtendedTcpTable(void *out, ULONG *size, BOOL ordered, ULONG family, int class,
                             ULONG reserved)
{
	(void)ordered, (void)reserved;
	if (!size || (family != WS_AF_INET && family != WS_AF_INET6) || class < 0 || class > 8)
		return ERROR_INVALID_PARAMETER;
	if (class > OWNER_ALL || (family == WS_AF_INET6 && class < OWNER_LISTENER))
		return ERROR_NOT_SUPPORTED;
	bool v6 = family == WS_AF_INET6;
	return table(v6 ? AF_INET6 : AF_INET, IPPROTO_TCP, class,
	             v6                        ? tcp6_owner
	             : class >= OWNER_LISTENER ? tcp_owner
	                                       : tcp,
	             out, size);
}

WINAPI DWORD
iphlpapi_GetExtendedUdpTable(void *out, ULONG *size, BOOL ordered, ULONG family, int class,
                             ULONG reserved)
{
	(void)ordered, (void)reserved;
	if (!size || (family != WS_AF_INET && family != WS_AF_INET6) || class < 0 || class > 2)
		return ERROR_INVALID_PARAMETER;
	if (class > 1)
		return ERROR_NOT_SUPPORTED;
	return table(family == WS_AF_INET ? AF_INET : AF_INET6, IPPROTO_UDP, BASIC_ALL,
	             class ? udp_owner : udp, out, size);
}

WINAPI DWORD
iphlpapi_GetTcpTable(void *out, ULONG *size, BOOL ordered)
{
	(void)ordered;
	return table(AF_INET, IPPROTO_TCP, BASIC_ALL, tcp, out, size);
}

WINAPI DWORD
iphlpapi_GetTcpTable2(void *out, ULONG *size, BOOL ordered)
{
	(void)ordered;
	return table(AF_INET, IPPROTO_TCP, BASIC_ALL, tcp_offload, out, size);
}

WINAPI DWORD
iphlpapi_GetUdpTable(void *out, ULONG *size, BOOL ordered)
{
	(void)ordered;
	return table(AF_INET, IPPROTO_UDP, BASIC_ALL, udp, out, size);
}

/* -- statistics: the host shows them only in files that the sandbox hides ---------------------- */

WINAPI DWORD
iphlpapi_GetTcpStatistics(void *out)
{
	return out ? ERROR_NOT_SUPPORTED : ERROR_INVALID_PARAMETER;
}

WINAPI DWORD
iphlpapi_GetTcpStatisticsEx(void *out, ULONG family)
{
	return out && (family == WS_AF_INET || family == WS_AF_INET6) ? ERROR_NOT_SUPPORTED
	                                                              : ERROR_INVALID_PARAMETER;
}
