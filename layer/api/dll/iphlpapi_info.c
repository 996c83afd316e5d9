/* SPDX-License-Identifier: Apache-2.0 */
/* iphlpapi_info.c -- adapters as programs before GetAdaptersAddresses ask for them: IPv4 alone. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/iphlpapi.h"

enum { BUFFER_OVERFLOW = 111, LOOPBACK = 8 /* IFF_LOOPBACK */ };

/* IP_ADDR_STRING */
struct address_string {
	struct address_string *next;
	char address[16], mask[16];
	DWORD context;
};

/* IP_ADAPTER_INFO */
struct adapter {
	struct adapter *next;
	DWORD combo;
	char name[260], description[132];
	UINT physical_length;
	BYTE physical[8];
	DWORD index;
	UINT type, dhcp;
	struct address_string *current, addresses, gateways, dhcp_server;
	BOOL wins;
	struct address_string primary_wins, secondary_wins;
	LONGLONG obtained, expires;
};

_Static_assert(sizeof(struct adapter) == 704, "IP_ADAPTER_INFO of x64");

/* IP_PER_ADAPTER_INFO */
struct per_adapter {
	UINT automatic, automatic_active;
	struct address_string *current, servers;
};

/* IP_INTERFACE_INFO */
struct interface {
	ULONG index;
	WCHAR name[128];
};

static void
guid_text(ULONG index, char out[40])
{
	(void)snprintf(out, 40, "{4A4F4953-5400-4000-8000-%012X}", index);
}

static void
ipv4(const BYTE a[4], char out[16])
{
	(void)snprintf(out, 16, "%u.%u.%u.%u", a[0], a[1], a[2], a[3]);
}

static void
put_address(const struct netlink_unicast *u, struct address_string *a)
{
	uint32_t mask = u->length ? htonl(UINT32_MAX << (32 - u->length)) : 0;
	BYTE m[4];
	memcpy(m, &mask, 4);
	ipv4(u->address.byte, a->address);
	ipv4(m, a->mask);
}

/* What is known of the host, at one time. */
struct view {
	struct netlink_link *link;
	struct netlink_unicast *unicast;
	struct netlink_route *route;
	size_t nlink, nunicast, nroute;
};

static void
view_free(struct view *v)
{
	free(v->link);
	free(v->unicast);
	free(v->route);
}

static bool
view_take(struct view *v)
{
	memset(v, 0, sizeof *v);
	if (netlink_links(&v->link, &v->nlink) &&
	    netlink_unicasts(AF_INET, &v->unicast, &v->nunicast) &&
	    netlink_routes(AF_INET, &v->route, &v->nroute))
		return true;
	view_free(v);
	return false;
}

/* The first address stands in the adapter, more behind all adapters. */
static void
fill(const struct view *v, const struct netlink_link *l, struct adapter *a,
     struct address_string **more)
{
	struct address_string *last = NULL;
	memset(a, 0, sizeof *a);
	guid_text(l->index, a->name);
	memcpy(a->description, "Ethernet", 9);
	a->physical_length = l->address_length < 8 ? l->address_length : 8;
	memcpy(a->physical, l->address, 8);
	a->index = l->index;
	a->type = IPHLPAPI_ETHERNET;
	memcpy(a->addresses.address, "0.0.0.0", 8);
	memcpy(a->addresses.mask, "0.0.0.0", 8);
	memcpy(a->gateways.address, "0.0.0.0", 8);
	memcpy(a->gateways.mask, "0.0.0.0", 8);
	for (size_t i = 0; i < v->nunicast; i++) {
		if (v->unicast[i].index != l->index)
			continue;
		struct address_string *s = last ? (*more)++ : &a->addresses;
		memset(s, 0, sizeof *s);
		put_address(&v->unicast[i], s);
		if (last)
			last->next = s;
		last = s;
	}
	for (size_t i = 0; i < v->nroute; i++)
		if (v->route[i].index == l->index && !v->route[i].length &&
		    v->route[i].gateway.byte[0])
			ipv4(v->route[i].gateway.byte, a->gateways.address);
}

/* Loopback is no adapter to this function. */
WINAPI DWORD
iphlpapi_GetAdaptersInfo(struct adapter *out, ULONG *size)
{
	struct view v;
	size_t n = 0, k = 0;
	if (!size)
		return ERROR_INVALID_PARAMETER;
	if (!view_take(&v))
		return ERROR_NOT_ENOUGH_MEMORY;
	for (size_t i = 0; i < v.nlink; i++)
		n += !(v.link[i].flags & LOOPBACK);
	/* as if none of the addresses stood in its adapter: enough for all */
	ULONG need = (ULONG)(n * sizeof *out + v.nunicast * sizeof(struct address_string));
	DWORD e = !n                     ? IPHLPAPI_ERROR_NO_DATA
	          : !out || *size < need ? (DWORD)BUFFER_OVERFLOW
	                                 : ERROR_SUCCESS;
	*size = n ? need : 0;
	struct address_string *more = e ? NULL : (struct address_string *)(out + n);
	for (size_t i = 0; !e && i < v.nlink; i++) {
		if (v.link[i].flags & LOOPBACK)
			continue;
		fill(&v, &v.link[i], &out[k], &more);
		if (k)
			out[k - 1].next = &out[k];
		k++;
	}
	view_free(&v);
	return e;
}

WINAPI DWORD
iphlpapi_GetPerAdapterInfo(ULONG index, struct per_adapter *out, ULONG *size)
{
	char line[256], text[64];
	if (!size || !iphlpapi_luid_of(index))
		return ERROR_INVALID_PARAMETER;
	bool fits = out && *size >= sizeof *out;
	*size = sizeof *out;
	if (!fits)
		return BUFFER_OVERFLOW;
	memset(out, 0, sizeof *out);
	FILE *f = fopen("/etc/resolv.conf", "re");
	while (f && !out->servers.address[0] && fgets(line, sizeof line, f))
		if (sscanf(line, " nameserver %63s", text) == 1 && strlen(text) < 16)
			memcpy(out->servers.address, text, strlen(text) + 1);
	if (f)
		(void)fclose(f);
	return ERROR_SUCCESS;
}

static void
device_name(ULONG index, WCHAR out[128])
{
	char text[128], guid[40];
	guid_text(index, guid);
	(void)snprintf(text, sizeof text, "\\DEVICE\\TCPIP_%s", guid);
	for (size_t i = 0; i <= strlen(text); i++)
		out[i] = (BYTE)text[i];
}

WINAPI DWORD
iphlpapi_GetInterfaceInfo(void *out, ULONG *size)
{
	struct view v;
	size_t n = 0;
	if (!size)
		return ERROR_INVALID_PARAMETER;
	if (!view_take(&v))
		return ERROR_NOT_ENOUGH_MEMORY;
	for (size_t i = 0; i < v.nlink; i++)
		n += !(v.link[i].flags & LOOPBACK);
	ULONG need = (ULONG)(sizeof(LONG) + n * sizeof(struct interface));
	DWORD e = !n                     ? IPHLPAPI_ERROR_NO_DATA
	          : !out || *size < need ? ERROR_INSUFFICIENT_BUFFER
	                                 : ERROR_SUCCESS;
	*size = need;
	struct interface *at = e ? NULL : (struct interface *)(void *)((LONG *)out + 1);
	if (!e)
		*(LONG *)out = (LONG)n;
	for (size_t i = 0; !e && i < v.nlink; i++) {
		if (v.link[i].flags & LOOPBACK)
			continue;
		memset(at, 0, sizeof *at);
		at->index = v.link[i].index;
		device_name(at->index, at->name);
		at++;
	}
	view_free(&v);
	return e;
}

/* Of a name that GetInterfaceInfo gave. */
WINAPI DWORD
iphlpapi_GetAdapterIndex(const WCHAR *name, ULONG *out)
{
	struct netlink_link *l;
	size_t n;
	DWORD e = IPHLPAPI_ERROR_NO_DATA;
	if (!name || !out)
		return ERROR_INVALID_PARAMETER;
	if (!netlink_links(&l, &n))
		return ERROR_NOT_ENOUGH_MEMORY;
	for (size_t i = 0; i < n && e; i++) {
		WCHAR w[128];
		size_t k = 0;
		device_name(l[i].index, w);
		while (w[k] && w[k] == name[k])
			k++;
		if (w[k] == name[k]) {
			*out = l[i].index;
			e = ERROR_SUCCESS;
		}
	}
	free(l);
	return e;
}
