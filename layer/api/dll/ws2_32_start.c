/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "layer/api/dll/ws2_32.h"
#include "layer/api/nt/host.h"

static _Atomic int starts;

struct WSADATA {
	WORD wVersion, wHighVersion;
	USHORT iMaxSockets, iMaxUdpDg;
	char *lpVendorInfo;
	char szDescription[257], szSystemStatus[129];
};

_Static_assert(sizeof(struct WSADATA) == 408, "WSADATA of x64");

bool
ws2_32_started(void)
{
	return atomic_load_explicit(&starts, memory_order_relaxed) > 0;
}

WINAPI int
ws2_32_WSAStartup(WORD version, struct WSADATA *out)
{
	int major = version & 0xff, minor = version >> 8;
	if (!out)
		return WSAEFAULT;
	memset(out, 0, sizeof *out);
	out->wHighVersion = 0x202;
	out->wVersion = major > 2 || (major == 2 && minor > 2) ? 0x202 : version;
	memcpy(out->szDescription, "WinSock 2.0", 12);
	memcpy(out->szSystemStatus, "Running", 8);
	if (major == 0)
		return WSAVERNOTSUPPORTED;
	if (major < 2) {
		out->iMaxSockets = 32767;
		out->iMaxUdpDg = 65467;
	}
	starts++;
	return 0;
}

WINAPI int
ws2_32_WSACleanup(void)
{
	int n = starts;
	while (n > 0)
		if (atomic_compare_exchange_weak(&starts, &n, n - 1))
			return 0;
	return wsa(WSANOTINITIALISED);
}

WINAPI int
ws2_32_WSAGetLastError(void)
{
	return (int)teb()->LastErrorValue;
}

WINAPI void
ws2_32_WSASetLastError(int error)
{
	last_error((DWORD)error);
}

WINAPI ULONG
ws2_32_htonl(ULONG v)
{
	return __builtin_bswap32(v);
}

WINAPI USHORT
ws2_32_htons(USHORT v)
{
	return __builtin_bswap16(v);
}

/* The order of bytes is a socket's: of all that there are, the network's. */
static int
order_of(HANDLE h, const void *out)
{
	struct file *f;
	struct socket *s;
	int e = socket_get(h, &f, &s);
	if (!e)
		object_unref(&f->object);
	return !ws2_32_started() ? WSANOTINITIALISED : e ? e : out ? 0 : WSAEFAULT;
}

WINAPI int
ws2_32_WSAHtonl(HANDLE h, ULONG v, ULONG *out)
{
	int e = order_of(h, out);
	if (!e)
		*out = __builtin_bswap32(v);
	return wsa(e);
}

WINAPI int
ws2_32_WSAHtons(HANDLE h, USHORT v, USHORT *out)
{
	int e = order_of(h, out);
	if (!e)
		*out = __builtin_bswap16(v);
	return wsa(e);
}

/* Winsock 1's blocking hooks went with 16-bit Windows. */
WINAPI BOOL
ws2_32_WSAIsBlocking(void)
{
	return FALSE;
}

WINAPI int
ws2_32_WSACancelBlockingCall(void)
{
	return wsa(WSAEINVAL);
}

WINAPI int
ws2_32_WSAUnhookBlockingHook(void)
{
	return wsa(WSAEOPNOTSUPP);
}

WINAPI void *
ws2_32_WSASetBlockingHook(void *hook)
{
	(void)hook;
	wsa(WSAEOPNOTSUPP);
	return NULL;
}

WINAPI int
ws2_32_gethostname(char *name, int size)
{
	char own[65];
	if (!ws2_32_started())
		return wsa(WSANOTINITIALISED);
	host_name(own);
	size_t n = strlen(own) + 1;
	if (!name || size < (int)n)
		return wsa(WSAEFAULT);
	memcpy(name, own, n);
	return 0;
}

WINAPI int
ws2_32_GetHostNameW(WCHAR *name, int size)
{
	char own[256];
	if (!name || size < 1)
		return wsa(WSAEFAULT);
	if (ws2_32_gethostname(own, sizeof own))
		return SOCKET_ERROR;
	int n = (int)strlen(own) + 1;
	if (size < n)
		return wsa(WSAEFAULT);
	for (int i = 0; i < n; i++)
		name[i] = (BYTE)own[i];
	return 0;
}
