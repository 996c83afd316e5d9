/* SPDX-License-Identifier: Apache-2.0 */
/* iphlpapi_table.c -- tables of interfaces and of their addresses. */
#include <linux/if.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/iphlpapi.h"
#include "layer/api/nt/text/nls.h"

enum { STRING = 257, PHYSICAL = 32 };

/* MIB_IF_ROW2 */
struct row2 {
	ULONG64 luid;
	ULONG index;
	struct iphlpapi_guid guid;
	WCHAR alias[STRING], description[STRING];
	ULONG physical_length;
	BYTE physical[PHYSICAL], permanent[PHYSICAL];
	ULONG mtu, type, tunnel, media, physical_media, access, direction;
	BYTE flags;
	int oper, admin, connected;
	struct iphlpapi_guid network;
	int connection;
	ULONG64 transmit_speed, receive_speed;
	ULONG64 in_octets, in_unicast, in_other, in_discards, in_errors, in_unknown,
	        in_unicast_octets, in_multicast_octets, in_broadcast_octets;
	ULONG64 out_octets, out_unicast, out_other, out_discards, out_errors, out_unicast_octets,
	        out_multicast_octets, out_broadcast_octets, out_queue;
};

_Static_assert(sizeof(struct row2) == 1352, "MIB_IF_ROW2 of x64");

/* MIB_IFROW */
struct row1 {
	WCHAR name[256];
	DWORD index, type, mtu, speed, physical_length;
	BYTE physical[8];
	DWORD admin, oper, changed;
	DWORD in_octets, in_unicast, in_other, in_discards, in_errors, in_unknown;
	DWORD out_octets, out_unicast, out_other, out_discards, out_errors, out_queue;
	DWORD description_length;
	BYTE description[256];
};

_Static_assert(sizeof(struct row1) == 860, "MIB_IFROW");

/* The tables begin with a count; rows with 64-bit fields are aligned. */
struct table {
	ULONG n, pad;
	char rows[];
};

static struct table *
table_new(size_t n, size_t size)
{
	struct table *t = calloc(1, sizeof *t + n * size);
	if (t)
		t->n = (ULONG)n;
	return t;
}

/* -- numbers and names ----------------------------------------------------------------------- */

ULONG64
iphlpapi_luid(ULONG type, ULONG index) { return (ULONG64)type << 48 | (ULONG64)index << 24; }

struct iphlpapi_guid
iphlpapi_guid(ULONG index)
{
	struct iphlpapi_guid g = { 0x4a4f4953, 0x5400, 0x4000, { 0x80 } };
	for (int i = 0; i < 4; i++)
		g.d[4 + i] = (BYTE)(index >> (24 - 8 * i));
	return g;
}

int
iphlpapi_family(USHORT family)
{
	return family == 0             ? 0
	       : family == WS_AF_INET  ? AF_INET
	       : family == WS_AF_INET6 ? AF_INET6
	                               : -1;
}

void
iphlpapi_address(const struct netlink_address *a, ULONG scope, struct SOCKADDR_INET *out)
{
	memset(out, 0, sizeof *out);
	if (a->family == AF_INET) {
		out->family = WS_AF_INET;
		memcpy(out->v4, a->byte, 4);
	} else if (a->family == AF_INET6) {
		out->family = WS_AF_INET6;
		memcpy(out->v6, a->byte, 16);
		/* only link-local ones have a scope */
		out->scope = a->byte[0] == 0xfe && (a->byte[1] & 0xc0) == 0x80 ? scope : 0;
	}
}

bool
iphlpapi_address_in(const struct SOCKADDR_INET *a, struct netlink_address *out)
{
	memset(out, 0, sizeof *out);
	out->family = iphlpapi_family(a->family);
	if (out->family == AF_INET)
		memcpy(out->byte, a->v4, 4);
	else if (out->family == AF_INET6)
		memcpy(out->byte, a->v6, 16);
	else
		return false;
	return true;
}

static void
ascii(WCHAR *out, const char *text)
{
	while ((*out++ = (BYTE)*text++))
		;
}

static bool
is_loopback(const struct netlink_link *l)
{
	return l->flags & IFF_LOOPBACK;
}

static ULONG
type_of(const struct netlink_link *l)
{
	return is_loopback(l) ? IPHLPAPI_LOOPBACK : IPHLPAPI_ETHERNET;
}

void
iphlpapi_alias(const struct netlink_link *l, WCHAR out[STRING])
{
	ascii(out, is_loopback(l) ? "Loopback Pseudo-Interface 1" : l->name);
}

static const char *
description(const struct netlink_link *l)
{
	return is_loopback(l) ? "Software Loopback Interface 1" : "Ethernet";
}

/* A link by its index; or, when that is 0, by its LUID. */
static DWORD
find(ULONG index, ULONG64 luid, struct netlink_link *out)
{
	struct netlink_link *l;
	size_t n;
	DWORD e = ERROR_FILE_NOT_FOUND;
	if (!netlink_links(&l, &n))
		return ERROR_NOT_ENOUGH_MEMORY;
	for (size_t i = 0; i < n; i++)
		if (luid ? iphlpapi_luid(type_of(&l[i]), l[i].index) == luid
		         : l[i].index == index) {
			*out = l[i];
			e = ERROR_SUCCESS;
		}
	free(l);
	return e;
}

ULONG64
iphlpapi_luid_of(ULONG index)
{
	struct netlink_link l;
	return find(index, 0, &l) ? 0 : iphlpapi_luid(type_of(&l), index);
}

WINAPI DWORD
iphlpapi_ConvertInterfaceAliasToLuid(const WCHAR *alias, ULONG64 *out)
{
	struct netlink_link *l;
	size_t n;
	DWORD e = ERROR_INVALID_PARAMETER;
	if (!alias || !out)
		return e;
	if (!netlink_links(&l, &n))
		return ERROR_NOT_ENOUGH_MEMORY;
	for (size_t i = 0; i < n; i++) {
		WCHAR name[STRING];
		iphlpapi_alias(&l[i], name);
		if (nls_equal(name, alias)) {
			*out = iphlpapi_luid(type_of(&l[i]), l[i].index);
			e = ERROR_SUCCESS;
		}
	}
	free(l);
	return e;
}

WINAPI DWORD
iphlpapi_ConvertInterfaceLuidToAlias(const ULONG64 *luid, WCHAR *out, SIZE_T room)
{
	struct netlink_link l;
	WCHAR name[STRING];
	if (!luid || !out)
		return ERROR_INVALID_PARAMETER;
	if (!*luid || find(0, *luid, &l))
		return ERROR_INVALID_PARAMETER;
	iphlpapi_alias(&l, name);
	size_t n = nls_length(name) + 1;
	if (room < n)
		return ERROR_NOT_ENOUGH_MEMORY;
	memcpy(out, name, n * sizeof *out);
	return ERROR_SUCCESS;
}

WINAPI DWORD
iphlpapi_ConvertInterfaceLuidToGuid(const ULONG64 *luid, struct iphlpapi_guid *out)
{
	struct netlink_link l;
	if (!luid || !out || !*luid || find(0, *luid, &l))
		return ERROR_INVALID_PARAMETER;
	*out = iphlpapi_guid(l.index);
	return ERROR_SUCCESS;
}

WINAPI DWORD
iphlpapi_ConvertInterfaceGuidToLuid(const struct iphlpapi_guid *guid, ULONG64 *out)
{
	struct netlink_link *l;
	size_t n;
	DWORD e = ERROR_INVALID_PARAMETER;
	if (!guid || !out)
		return e;
	if (!netlink_links(&l, &n))
		return ERROR_NOT_ENOUGH_MEMORY;
	for (size_t i = 0; i < n; i++) {
		struct iphlpapi_guid g = iphlpapi_guid(l[i].index);
		if (!memcmp(&g, guid, sizeof g)) {
			*out = iphlpapi_luid(type_of(&l[i]), l[i].index);
			e = ERROR_SUCCESS;
		}
	}
	free(l);
	return e;
}

WINAPI DWORD iphlpapi_ConvertInterfaceLuidToNameW(const ULONG64 *l, WCHAR *out, SIZE_T room);
WINAPI DWORD iphlpapi_ConvertInterfaceNameToLuidW(const WCHAR *name, ULONG64 *out);

WINAPI DWORD
iphlpapi_ConvertInterfaceLuidToNameA(const ULONG64 *luid, char *out, SIZE_T room)
{
	WCHAR name[STRING];
	if (!out)
		return ERROR_INVALID_PARAMETER;
	DWORD e = iphlpapi_ConvertInterfaceLuidToNameW(luid, name, STRING);
	if (e)
		return e;
	if (nls_length(name) >= room)
		return ERROR_NOT_ENOUGH_MEMORY;
	nls_ansi_to(name, out, room);
	return ERROR_SUCCESS;
}

WINAPI DWORD
iphlpapi_ConvertInterfaceNameToLuidA(const char *name, ULONG64 *out)
{
	WCHAR *wide = name ? nls_wide_ansi(name) : NULL;
	DWORD e = wide || !name ? iphlpapi_ConvertInterfaceNameToLuidW(wide, out)
	                        : ERROR_NOT_ENOUGH_MEMORY;
	free(wide);
	return e;
}

/* -- interfaces ---------------------------------------------------------------------------------- */

static void
fill2(const struct netlink_link *l, struct row2 *r)
{
	bool up = l->flags & IFF_UP, running = l->flags & IFF_RUNNING;
	memset(r, 0, sizeof *r);
	r->luid = iphlpapi_luid(type_of(l), l->index);
	r->index = l->index;
	r->guid = iphlpapi_guid(l->index);
	iphlpapi_alias(l, r->alias);
	ascii(r->description, description(l));
	r->physical_length = l->address_length;
	memcpy(r->physical, l->address, PHYSICAL);
	memcpy(r->permanent, l->address, PHYSICAL);
	r->mtu = is_loopback(l) ? UINT32_MAX : l->mtu;
	r->type = type_of(l);
	r->physical_media = is_loopback(l) ? 0 : 14; /* NdisPhysicalMedium802_3 */
	r->access = is_loopback(l) ? 1 : 2;          /* loopback, broadcast */
	r->flags = is_loopback(l) ? 0 : 1 | 4;       /* hardware, with a connector */
	r->oper = running ? 1 : 2;
	r->admin = up ? 1 : 2;
	r->connected = running ? 1 : 2;
	r->connection = 1; /* dedicated */
	r->transmit_speed = r->receive_speed = l->speed;
	r->in_octets = r->in_unicast_octets = l->in.bytes;
	r->in_other = l->in.multicast;
	r->in_unicast = l->in.packets - (l->in.multicast < l->in.packets ? l->in.multicast : 0);
	r->in_discards = l->in.drops;
	r->in_errors = l->in.errors;
	r->out_octets = r->out_unicast_octets = l->out.bytes;
	r->out_unicast = l->out.packets;
	r->out_discards = l->out.drops;
	r->out_errors = l->out.errors;
}

WINAPI DWORD
iphlpapi_GetIfTable2(struct table **out)
{
	struct netlink_link *l;
	size_t n;
	if (!out)
		return ERROR_INVALID_PARAMETER;
	*out = NULL;
	if (!netlink_links(&l, &n))
		return ERROR_NOT_ENOUGH_MEMORY;
	*out = table_new(n, sizeof(struct row2));
	for (size_t i = 0; *out && i < n; i++)
		fill2(&l[i], (struct row2 *)(void *)(*out)->rows + i);
	free(l);
	return *out ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
}

/* Nothing stands between an interface and the wire: raw and normal are the same. */
WINAPI DWORD
iphlpapi_GetIfTable2Ex(int level, struct table **out)
{
	return level < 0 || level > 1 ? ERROR_INVALID_PARAMETER : iphlpapi_GetIfTable2(out);
}

WINAPI DWORD
iphlpapi_GetIfEntry2(struct row2 *r)
{
	struct netlink_link l;
	if (!r || (!r->luid && !r->index))
		return ERROR_INVALID_PARAMETER;
	DWORD e = find(r->index, r->luid, &l);
	if (!e)
		fill2(&l, r);
	return e;
}

WINAPI DWORD
iphlpapi_GetIfEntry2Ex(int level, struct row2 *r)
{
	return level < 0 || level > 1 ? ERROR_INVALID_PARAMETER : iphlpapi_GetIfEntry2(r);
}

static void
fill1(const struct netlink_link *l, struct row1 *r)
{
	struct row2 w;
	fill2(l, &w);
	memset(r, 0, sizeof *r);
	memcpy(r->name, u"\\DEVICE\\TCPIP_", 14 * sizeof(WCHAR));
	ascii(r->name + 14, l->name);
	r->index = w.index;
	r->type = w.type;
	r->mtu = w.mtu;
	r->speed = l->speed > UINT32_MAX ? UINT32_MAX : (DWORD)l->speed;
	r->physical_length = l->address_length < 8 ? l->address_length : 8;
	memcpy(r->physical, l->address, 8);
	r->admin = l->flags & IFF_UP ? 1 : 0;
	r->oper = w.oper == 1 ? 5 : 0; /* operational, or not */
	r->in_octets = (DWORD)w.in_octets;
	r->in_unicast = (DWORD)w.in_unicast;
	r->in_other = (DWORD)w.in_other;
	r->in_discards = (DWORD)w.in_discards;
	r->in_errors = (DWORD)w.in_errors;
	r->out_octets = (DWORD)w.out_octets;
	r->out_unicast = (DWORD)w.out_unicast;
	r->out_discards = (DWORD)w.out_discards;
	r->out_errors = (DWORD)w.out_errors;
	r->description_length = (DWORD)strlen(description(l)) + 1;
	memcpy(r->description, description(l), r->description_length);
}

/* Old tables go into the caller's memory: a count, then rows of DWORDs. */
static DWORD
room_for(void *out, ULONG *size, size_t n, size_t row)
{
	size_t need = sizeof(ULONG) + (n ? n : 1) * row;
	bool fits = out && *size >= need;
	*size = (ULONG)need;
	if (fits)
		*(ULONG *)out = (ULONG)n;
	return fits ? ERROR_SUCCESS : ERROR_INSUFFICIENT_BUFFER;
}

WINAPI DWORD
iphlpapi_GetIfTable(void *out, ULONG *size, BOOL ordered)
{
	struct netlink_link *l;
	size_t n;
	(void)ordered; /* it is, by index */
	if (!size)
		return ERROR_INVALID_PARAMETER;
	if (!netlink_links(&l, &n))
		return ERROR_NOT_ENOUGH_MEMORY;
	DWORD e = room_for(out, size, n, sizeof(struct row1));
	for (size_t i = 0; !e && i < n; i++)
		fill1(&l[i], (struct row1 *)(void *)((ULONG *)out + 1) + i);
	free(l);
	return e;
}

WINAPI DWORD
iphlpapi_GetIfEntry(struct row1 *r)
{
	struct netlink_link l;
	if (!r)
		return ERROR_INVALID_PARAMETER;
	DWORD e = find(r->index, 0, &l);
	if (e)
		return e == ERROR_FILE_NOT_FOUND ? 13 /* ERROR_INVALID_DATA */ : e;
	fill1(&l, r);
	return ERROR_SUCCESS;
}

WINAPI DWORD
iphlpapi_GetNumberOfInterfaces(DWORD *out)
{
	struct netlink_link *l;
	size_t n;
	if (!out)
		return ERROR_INVALID_PARAMETER;
	if (!netlink_links(&l, &n))
		return ERROR_NOT_ENOUGH_MEMORY;
	free(l);
	*out = (DWORD)n;
	return ERROR_SUCCESS;
}

/* An index without the bits that tell interfaces of different kinds apart. */
WINAPI DWORD
iphlpapi_GetFriendlyIfIndex(DWORD index)
{
	return index & 0xffffff;
}

/* -- addresses -------------------------------------------------------------------------------------- */

/* MIB_UNICASTIPADDRESS_ROW */
struct unicast {
	struct SOCKADDR_INET address;
	ULONG64 luid;
	ULONG index;
	int prefix_origin, suffix_origin;
	ULONG valid, preferred;
	BYTE length, skip_as_source;
	int state;
	ULONG scope;
	LONGLONG created;
};

_Static_assert(sizeof(struct unicast) == 80, "MIB_UNICASTIPADDRESS_ROW of x64");

static void
fill_unicast(const struct netlink_unicast *u, struct unicast *r)
{
	memset(r, 0, sizeof *r);
	iphlpapi_address(&u->address, u->index, &r->address);
	r->scope = r->address.family == WS_AF_INET6 ? r->address.scope : 0;
	r->luid = iphlpapi_luid_of(u->index);
	r->index = u->index;
	r->prefix_origin = r->suffix_origin = 1; /* manual */
	r->valid = u->valid;
	r->preferred = u->preferred;
	r->length = (BYTE)u->length;
	r->state = u->tentative ? 1 : u->preferred ? 4 : 3; /* preferred, deprecated */
}

WINAPI DWORD
iphlpapi_GetUnicastIpAddressTable(USHORT family, struct table **out)
{
	struct netlink_unicast *u;
	size_t n;
	if (!out || iphlpapi_family(family) < 0)
		return ERROR_INVALID_PARAMETER;
	*out = NULL;
	if (!netlink_unicasts(iphlpapi_family(family), &u, &n))
		return ERROR_NOT_ENOUGH_MEMORY;
	*out = n ? table_new(n, sizeof(struct unicast)) : NULL;
	for (size_t i = 0; *out && i < n; i++)
		fill_unicast(&u[i], (struct unicast *)(void *)(*out)->rows + i);
	free(u);
	return !n ? IPHLPAPI_ERROR_NOT_FOUND : *out ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
}

WINAPI DWORD
iphlpapi_GetUnicastIpAddressEntry(struct unicast *r)
{
	struct netlink_unicast *u;
	struct netlink_address a;
	size_t n;
	DWORD e = IPHLPAPI_ERROR_NOT_FOUND;
	if (!r || !iphlpapi_address_in(&r->address, &a) || (!r->luid && !r->index))
		return ERROR_INVALID_PARAMETER;
	ULONG index = r->luid ? (ULONG)(r->luid >> 24 & 0xffffff) : r->index;
	if (!netlink_unicasts(a.family, &u, &n))
		return ERROR_NOT_ENOUGH_MEMORY;
	for (size_t i = 0; i < n && e; i++)
		if (u[i].index == index && !memcmp(u[i].address.byte, a.byte, 16)) {
			fill_unicast(&u[i], r);
			e = ERROR_SUCCESS;
		}
	free(u);
	return e;
}

/* Addresses of many machines at once: the host says of none that it has one. */
WINAPI DWORD
iphlpapi_GetAnycastIpAddressTable(USHORT family, struct table **out)
{
	if (!out || iphlpapi_family(family) < 0)
		return ERROR_INVALID_PARAMETER;
	*out = NULL;
	return IPHLPAPI_ERROR_NOT_FOUND;
}

struct address_row {
	BYTE address[4];
	DWORD index, mask, broadcast, reassembly;
	USHORT unused, type;
};

WINAPI DWORD iphlpapi_ConvertLengthToIpv4Mask(ULONG n, ULONG *out);

WINAPI DWORD
iphlpapi_GetIpAddrTable(void *out, ULONG *size, BOOL ordered)
{
	struct netlink_unicast *u;
	size_t n;
	(void)ordered;
	if (!size)
		return ERROR_INVALID_PARAMETER;
	if (!netlink_unicasts(AF_INET, &u, &n))
		return ERROR_NOT_ENOUGH_MEMORY;
	DWORD e = room_for(out, size, n, sizeof(struct address_row));
	for (size_t i = 0; !e && i < n; i++) {
		struct address_row *r = (struct address_row *)(void *)((ULONG *)out + 1) + i;
		*r = (struct address_row){ .index = u[i].index,
			                   .broadcast = 1,
			                   .reassembly = 65535,
			                   .type = 1 /* primary */ };
		memcpy(r->address, u[i].address.byte, 4);
		(void)iphlpapi_ConvertLengthToIpv4Mask(u[i].length, &r->mask);
	}
	free(u);
	return e;
}

/* -- neighbours ----------------------------------------------------------------------------------------- */

/* MIB_IPNET_ROW2 */
struct neighbour {
	struct SOCKADDR_INET address;
	ULONG index;
	ULONG64 luid;
	BYTE physical[PHYSICAL];
	ULONG physical_length;
	int state;
	BYTE flags;
	ULONG reachable;
};

_Static_assert(sizeof(struct neighbour) == 88, "MIB_IPNET_ROW2 of x64");

/* NL_NEIGHBOR_STATE of NUD_... */
static int
neighbour_state(uint32_t state)
{
	return state & 0x80   ? 6 /* permanent */
	       : state & 0x40 ? 6 /* it needs no asking */
	       : state & 0x02 ? 5 /* reachable */
	       : state & 0x04 ? 4 /* stale */
	       : state & 0x08 ? 3 /* delay */
	       : state & 0x10 ? 2 /* probe */
	       : state & 0x01 ? 1 /* incomplete */
	                      : 0;
}

WINAPI DWORD
iphlpapi_GetIpNetTable2(USHORT family, struct table **out)
{
	struct netlink_neighbour *p;
	size_t n;
	if (!out || iphlpapi_family(family) < 0)
		return ERROR_INVALID_PARAMETER;
	*out = NULL;
	if (!netlink_neighbours(iphlpapi_family(family), &p, &n))
		return ERROR_NOT_ENOUGH_MEMORY;
	*out = n ? table_new(n, sizeof(struct neighbour)) : NULL;
	for (size_t i = 0; *out && i < n; i++) {
		struct neighbour *r = (struct neighbour *)(void *)(*out)->rows + i;
		iphlpapi_address(&p[i].address, p[i].index, &r->address);
		r->index = p[i].index;
		r->luid = iphlpapi_luid_of(p[i].index);
		memcpy(r->physical, p[i].physical, PHYSICAL);
		r->physical_length = p[i].length;
		r->state = neighbour_state(p[i].state);
		r->flags = p[i].router ? 1 : 0;
	}
	free(p);
	return !n ? IPHLPAPI_ERROR_NOT_FOUND : *out ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
}

struct neighbour_row {
	DWORD index, length;
	BYTE physical[8], address[4];
	DWORD type;
};

WINAPI DWORD
iphlpapi_GetIpNetTable(void *out, ULONG *size, BOOL ordered)
{
	struct netlink_neighbour *p;
	size_t n;
	(void)ordered;
	if (!size)
		return ERROR_INVALID_PARAMETER;
	if (!netlink_neighbours(AF_INET, &p, &n))
		return ERROR_NOT_ENOUGH_MEMORY;
	DWORD e = n ? room_for(out, size, n, sizeof(struct neighbour_row)) : IPHLPAPI_ERROR_NO_DATA;
	for (size_t i = 0; !e && i < n; i++) {
		struct neighbour_row *r = (struct neighbour_row *)(void *)((ULONG *)out + 1) + i;
		*r = (struct neighbour_row){ .index = p[i].index,
			                     .length = p[i].length < 8 ? p[i].length : 8,
			                     .type = p[i].state & 0xc0 ? 4 : 3 };
		memcpy(r->physical, p[i].physical, 8);
		memcpy(r->address, p[i].address.byte, 4);
	}
	free(p);
	return e;
}
