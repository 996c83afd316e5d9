/* SPDX-License-Identifier: Apache-2.0 */
/* iphlpapi_route.c -- routes, and which one an address takes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/iphlpapi.h"

/* MIB_IPFORWARD_ROW2 */
struct route2 {
	ULONG64 luid;
	ULONG index;
	struct SOCKADDR_INET destination;
	BYTE length, pad[3];
	struct SOCKADDR_INET next;
	BYTE site_length;
	ULONG valid, preferred, metric;
	int protocol;
	BYTE loopback, autoconfigure, publish, immortal;
	ULONG age;
	int origin;
};

_Static_assert(sizeof(struct route2) == 104, "MIB_IPFORWARD_ROW2 of x64");

struct table {
	ULONG n, pad;
	struct route2 rows[];
};

/* NL_ROUTE_PROTOCOL of RTPROT_... */
static int
protocol(uint32_t p)
{
	return p == 2 ? 2 /* local: the kernel's */ : 3 /* by management */;
}

static void
fill(const struct netlink_route *r, struct route2 *out)
{
	struct netlink_address any = { .family = r->destination.family };
	memset(out, 0, sizeof *out);
	out->luid = iphlpapi_luid_of(r->index);
	out->index = r->index;
	iphlpapi_address(&r->destination, r->index, &out->destination);
	iphlpapi_address(r->gateway.family ? &r->gateway : &any, r->index, &out->next);
	out->length = (BYTE)r->length;
	out->valid = out->preferred = UINT32_MAX;
	out->metric = r->metric;
	out->protocol = protocol(r->protocol);
	out->loopback = r->local;
	out->immortal = 1;
}

WINAPI DWORD
iphlpapi_GetIpForwardTable2(USHORT family, struct table **out)
{
	struct netlink_route *r;
	size_t n;
	if (!out || iphlpapi_family(family) < 0)
		return ERROR_INVALID_PARAMETER;
	*out = NULL;
	if (!netlink_routes(iphlpapi_family(family), &r, &n))
		return ERROR_NOT_ENOUGH_MEMORY;
	*out = n ? calloc(1, sizeof **out + n * sizeof *(*out)->rows) : NULL;
	for (size_t i = 0; *out && i < n; i++)
		fill(&r[i], &(*out)->rows[i]);
	if (*out)
		(*out)->n = (ULONG)n;
	free(r);
	return !n ? IPHLPAPI_ERROR_NOT_FOUND : *out ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
}

struct route1 {
	BYTE destination[4];
	DWORD mask, policy;
	BYTE next[4];
	DWORD index, type, protocol, age, next_as, metric[5];
};

_Static_assert(sizeof(struct route1) == 56, "MIB_IPFORWARDROW");

WINAPI DWORD iphlpapi_ConvertLengthToIpv4Mask(ULONG n, ULONG *out);

static void
fill_old(const struct netlink_route *r, struct route1 *out)
{
	bool direct = !r->gateway.byte[0];
	*out = (struct route1){ .index = r->index,
		                .type = direct ? 3 : 4, /* direct, indirect */
		                .protocol = (DWORD)protocol(r->protocol),
		                .metric = { r->metric, UINT32_MAX, UINT32_MAX, UINT32_MAX,
		                            UINT32_MAX } };
	memcpy(out->destination, r->destination.byte, 4);
	memcpy(out->next, r->gateway.byte, 4);
	(void)iphlpapi_ConvertLengthToIpv4Mask(r->length, &out->mask);
}

WINAPI DWORD
iphlpapi_GetIpForwardTable(void *out, ULONG *size, BOOL ordered)
{
	struct netlink_route *r;
	size_t n;
	(void)ordered;
	if (!size)
		return ERROR_INVALID_PARAMETER;
	if (!netlink_routes(AF_INET, &r, &n))
		return ERROR_NOT_ENOUGH_MEMORY;
	ULONG need = (ULONG)(sizeof(ULONG) + (n ? n : 1) * sizeof(struct route1));
	DWORD e = !n                     ? IPHLPAPI_ERROR_NO_DATA
	          : !out || *size < need ? ERROR_INSUFFICIENT_BUFFER
	                                 : ERROR_SUCCESS;
	*size = need;
	if (!e)
		*(ULONG *)out = (ULONG)n;
	for (size_t i = 0; !e && i < n; i++)
		fill_old(&r[i], (struct route1 *)(void *)((ULONG *)out + 1) + i);
	free(r);
	return e;
}

/* -- the best one ------------------------------------------------------------------------------ */

static DWORD
way(const struct netlink_address *to, ULONG index, struct netlink_route *out)
{
	int e = netlink_way(to, index, out);
	return !e            ? ERROR_SUCCESS
	       : e == ENOMEM ? ERROR_NOT_ENOUGH_MEMORY
	                     : IPHLPAPI_NETWORK_UNREACHABLE;
}

WINAPI DWORD
iphlpapi_GetBestRoute2(const ULONG64 *luid, ULONG index, const struct SOCKADDR_INET *source,
                       const struct SOCKADDR_INET *destination, ULONG sort, struct route2 *route,
                       struct SOCKADDR_INET *best)
{
	struct netlink_route r;
	struct netlink_address to;
	(void)sort;
	if (!destination || !route || !best || !iphlpapi_address_in(destination, &to) ||
	    (source && source->family && source->family != destination->family))
		return ERROR_INVALID_PARAMETER;
	if (luid && *luid)
		index = (ULONG)(*luid >> 24 & 0xffffff);
	if (index && !iphlpapi_luid_of(index))
		return ERROR_FILE_NOT_FOUND;
	DWORD e = way(&to, index, &r);
	if (e)
		return e;
	fill(&r, route);
	iphlpapi_address(&r.source, r.index, best);
	best->family = destination->family;
	return ERROR_SUCCESS;
}

WINAPI DWORD
iphlpapi_GetBestRoute(DWORD destination, DWORD source, struct route1 *out)
{
	struct netlink_route r;
	struct netlink_address to = { .family = AF_INET };
	(void)source;
	if (!out)
		return ERROR_INVALID_PARAMETER;
	memcpy(to.byte, &destination, 4);
	DWORD e = way(&to, 0, &r);
	if (!e)
		fill_old(&r, out);
	return e;
}

WINAPI DWORD
iphlpapi_GetBestInterfaceEx(const struct SOCKADDR_INET *destination, DWORD *index)
{
	struct netlink_route r;
	struct netlink_address to;
	if (!destination || !index || !iphlpapi_address_in(destination, &to))
		return ERROR_INVALID_PARAMETER;
	DWORD e = way(&to, 0, &r);
	if (!e)
		*index = r.index;
	return e;
}

WINAPI DWORD
iphlpapi_GetBestInterface(DWORD destination, DWORD *index)
{
	struct SOCKADDR_INET a = { .family = WS_AF_INET };
	memcpy(a.v4, &destination, 4);
	return iphlpapi_GetBestInterfaceEx(&a, index);
}

/* Who has an address is the kernel's to ask: what it knows already is in GetIpNetTable. */
WINAPI DWORD
iphlpapi_SendARP(DWORD destination, DWORD source, void *physical, ULONG *length)
{
	struct netlink_neighbour *p;
	size_t n;
	DWORD e = 67; /* ERROR_BAD_NET_NAME: there is no answer */
	(void)source;
	if (!physical || !length || !*length)
		return ERROR_INVALID_PARAMETER;
	if (!netlink_neighbours(AF_INET, &p, &n))
		return ERROR_NOT_ENOUGH_MEMORY;
	for (size_t i = 0; i < n && e; i++)
		if (p[i].length && !memcmp(p[i].address.byte, &destination, 4)) {
			ULONG k = p[i].length < *length ? p[i].length : *length;
			memcpy(physical, p[i].physical, k);
			*length = k;
			e = ERROR_SUCCESS;
		}
	free(p);
	return e;
}
