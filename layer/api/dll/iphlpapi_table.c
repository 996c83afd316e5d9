/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of SNMP: interfaces and IPv4 addresses, made of what GetAdaptersAddresses knows.  Nothing is
 * counted: what counts of the host there are belong to others, too. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/iphlpapi.h"
#include "layer/api/nt/text/nls.h"

enum {
	V4 = 2,
	UP = 1,
	ADMIN_UP = 1,
	OPERATIONAL = 5, /* MIB_IF_OPER_STATUS_OPERATIONAL */
	PRIMARY = 1,     /* MIB_IPADDR_PRIMARY */
};

/* MIB_IFROW */
struct interface_row {
	WCHAR name[256];
	DWORD index, type, mtu, speed, physical_length;
	BYTE physical[8];
	DWORD admin, operational, last_change, counts[11], queue, description_length;
	BYTE description[256];
};

_Static_assert(sizeof(struct interface_row) == 860, "MIB_IFROW");

/* MIB_IPADDRROW */
struct address_row {
	DWORD address, index, mask, broadcast, reassembly;
	USHORT unused, type;
};

_Static_assert(sizeof(struct address_row) == 24, "MIB_IPADDRROW");

/* To be freed; NULL: *error says why, ERROR_NO_DATA where there are none. */
static struct adapter *
adapters(ULONG *error)
{
	struct adapter *list = NULL;
	ULONG size = 16384;
	for (int tries = 0; tries < 4; tries++) {
		struct adapter *more = realloc(list, size);
		if (!more) {
			free(list);
			*error = ERROR_NOT_ENOUGH_MEMORY;
			return NULL;
		}
		list = more;
		*error = iphlpapi_GetAdaptersAddresses(0, 0, NULL, list, &size);
		if (!*error)
			return list;
		if (*error != 111) /* ERROR_BUFFER_OVERFLOW */
			break;
	}
	free(list);
	return NULL;
}

static void
interface_of(const struct adapter *a, struct interface_row *r)
{
	*r = (struct interface_row){
		.index = a->IfIndex ? a->IfIndex : a->Ipv6IfIndex,
		.type = a->IfType,
		.mtu = a->Mtu,
		.speed = a->TransmitLinkSpeed > UINT32_MAX ? UINT32_MAX
		                                           : (DWORD)a->TransmitLinkSpeed,
		.physical_length = a->PhysicalAddressLength,
		.admin = ADMIN_UP,
		.operational = a->OperStatus == UP ? OPERATIONAL : 0,
	};
	memcpy(r->physical, a->PhysicalAddress, sizeof r->physical);
	size_t n = a->FriendlyName ? nls_length(a->FriendlyName) : 0;
	memcpy(r->name, a->FriendlyName, (n < 255 ? n : 255) * sizeof(WCHAR));
	n = a->Description ? nls_8_of_16(a->Description, nls_length(a->Description),
	                                 (char *)r->description, 255, NULL)
	                   : 0;
	r->description_length = (DWORD)n + 1;
}

/* A table is a count and its rows; what is asked for twice is sized in between. */
static DWORD
table(void *out, ULONG *size, const void *rows, size_t n, size_t each)
{
	DWORD count = (DWORD)n;
	ULONG need = (ULONG)(sizeof count + n * each);
	if (!out || *size < need) {
		*size = need;
		return ERROR_INSUFFICIENT_BUFFER;
	}
	memcpy(out, &count, sizeof count);
	if (n)
		memcpy((char *)out + sizeof count, rows, n * each);
	return ERROR_SUCCESS;
}

WINAPI DWORD
iphlpapi_GetIfTable(void *out, ULONG *size, BOOL order)
{
	(void)order; /* they come in the order of their numbers */
	ULONG e;
	if (!size)
		return ERROR_INVALID_PARAMETER;
	struct adapter *list = adapters(&e);
	if (!list)
		return e;
	size_t n = 0;
	for (struct adapter *a = list; a; a = a->Next)
		n++;
	struct interface_row *rows = calloc(n, sizeof *rows);
	e = ERROR_NOT_ENOUGH_MEMORY;
	if (rows) {
		n = 0;
		for (struct adapter *a = list; a; a = a->Next)
			interface_of(a, rows + n++);
		e = table(out, size, rows, n, sizeof *rows);
	}
	free(rows);
	free(list);
	return e;
}

WINAPI DWORD
iphlpapi_GetIfEntry(struct interface_row *r)
{
	ULONG e;
	if (!r)
		return ERROR_INVALID_PARAMETER;
	struct adapter *list = adapters(&e);
	DWORD index = r->index;
	if (!list)
		return e;
	e = ERROR_INVALID_DATA;
	for (struct adapter *a = list; a && e; a = a->Next)
		if (a->IfIndex == index || a->Ipv6IfIndex == index) {
			interface_of(a, r);
			e = ERROR_SUCCESS;
		}
	free(list);
	return e;
}

WINAPI DWORD
iphlpapi_GetNumberOfInterfaces(DWORD *n)
{
	ULONG e;
	if (!n)
		return ERROR_INVALID_PARAMETER;
	struct adapter *list = adapters(&e);
	*n = 0;
	for (struct adapter *a = list; a; a = a->Next)
		++*n;
	free(list);
	return list || e == ERROR_NO_DATA ? ERROR_SUCCESS : e;
}

static bool
address_of(const struct adapter *a, const struct unicast *u, struct address_row *r)
{
	if (u->Address.lpSockaddr->family != V4)
		return false;
	DWORD mask = u->OnLinkPrefixLength ? UINT32_MAX << (32 - u->OnLinkPrefixLength) : 0;
	*r = (struct address_row){
		.index = a->IfIndex,
		.mask = __builtin_bswap32(mask),
		.broadcast = 1, /* its lowest bit: all ones */
		.reassembly = 65535,
		.type = PRIMARY,
	};
	/* sockaddr_in: family, port, address */
	memcpy(&r->address, (const char *)u->Address.lpSockaddr + 4, sizeof r->address);
	return true;
}

WINAPI DWORD
iphlpapi_GetIpAddrTable(void *out, ULONG *size, BOOL order)
{
	(void)order;
	ULONG e;
	if (!size)
		return ERROR_INVALID_PARAMETER;
	struct adapter *list = adapters(&e);
	if (!list)
		return e;
	size_t n = 0;
	for (struct adapter *a = list; a; a = a->Next)
		for (struct unicast *u = a->FirstUnicastAddress; u; u = u->Next)
			n++;
	struct address_row *rows = calloc(n ? n : 1, sizeof *rows);
	e = ERROR_NOT_ENOUGH_MEMORY;
	if (rows) {
		n = 0;
		for (struct adapter *a = list; a; a = a->Next)
			for (struct unicast *u = a->FirstUnicastAddress; u; u = u->Next)
				n += address_of(a, u, rows + n);
		e = table(out, size, rows, n, sizeof *rows);
	}
	free(rows);
	free(list);
	return e;
}

/* Its page: only the lower 24 bits are used. */
WINAPI DWORD
iphlpapi_GetFriendlyIfIndex(DWORD index)
{
	return index & 0xffffff;
}
