/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses: Winsock's and the host's differ in the number of IPv6, and in paths. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/socket/socket.h"

int
socket_family_in(int family)
{
	switch (family) {
	case 0: return AF_UNSPEC;
	case WS_AF_UNIX: return AF_UNIX;
	case WS_AF_INET: return AF_INET;
	case WS_AF_INET6: return AF_INET6;
	default: return -1;
	}
}

int
socket_family_out(int family)
{
	return family == AF_INET6 ? WS_AF_INET6 : family;
}

/* A path of Windows is looked up as one; the host's own are left. */
static int
unix_in(const struct ws_sockaddr *a, int size, struct sockaddr_un *out, socklen_t *n)
{
	char path[sizeof out->sun_path + 1] = "";
	size_t length = (size_t)size - 2;
	if (length > sizeof out->sun_path)
		return WSAEFAULT;
	memcpy(path, a->data, length);
	out->sun_family = AF_UNIX;
	if (!path[0]) { /* unnamed, or abstract: as the host has it */
		memcpy(out->sun_path, path, length);
		*n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
		return 0;
	}
	WCHAR *wide = nls_wide(path), *device = NULL;
	char *host = NULL;
	NTSTATUS s = wide ? path_host(wide, false, &host, &device) : STATUS_NO_MEMORY;
	free(wide);
	free(device);
	if (s < 0 || !host)
		return socket_error_of(STATUS_INVALID_PARAMETER);
	size_t m = strlen(host);
	if (m < sizeof out->sun_path)
		memcpy(out->sun_path, host, m + 1);
	free(host);
	*n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + m + 1);
	return m < sizeof out->sun_path ? 0 : WSAEINVAL;
}

int
socket_address_in(const struct ws_sockaddr *a, int size, struct sockaddr_storage *out, socklen_t *n)
{
	memset(out, 0, sizeof *out);
	if (!a || size < 2)
		return WSAEFAULT;
	switch (a->family) {
	case WS_AF_INET:
		if (size < (int)sizeof(struct sockaddr_in))
			return WSAEFAULT;
		memcpy(out, a, *n = sizeof(struct sockaddr_in));
		return 0;
	case WS_AF_INET6:
		if (size < (int)sizeof(struct sockaddr_in6))
			return WSAEFAULT;
		memcpy(out, a, *n = sizeof(struct sockaddr_in6));
		out->ss_family = AF_INET6;
		return 0;
	case WS_AF_UNIX: return unix_in(a, size, (struct sockaddr_un *)out, n);
	case AF_UNSPEC: *n = 16; return 0; /* connect: to nobody any more */
	default: return WSAEAFNOSUPPORT;
	}
}

int
socket_address_out(const struct sockaddr_storage *a, socklen_t n, struct ws_sockaddr *out,
                   int *size)
{
	struct ws_sockaddr w = { (USHORT)socket_family_out(a->ss_family), { 0 } };
	int need;
	switch (a->ss_family) {
	case AF_INET: need = sizeof(struct sockaddr_in); break;
	case AF_INET6: need = sizeof(struct sockaddr_in6); break;
	case AF_UNIX: {
		const struct sockaddr_un *u = (const struct sockaddr_un *)a;
		size_t length = n > 2 ? n - 2 : 0;
		char path[sizeof u->sun_path + 1] = "";
		memcpy(path, u->sun_path,
		       length < sizeof u->sun_path ? length : sizeof u->sun_path);
		WCHAR *wide = path[0] ? path_windows(path) : NULL;
		char *narrow = wide ? nls_utf8(wide) : NULL;
		size_t m = narrow ? strlen(narrow) : 0;
		if (narrow && m < sizeof u->sun_path)
			memcpy(w.data, narrow, m);
		free(wide);
		free(narrow);
		need = 110;
		break;
	}
	default: need = 2; break;
	}
	if (a->ss_family == AF_INET || a->ss_family == AF_INET6)
		memcpy(w.data, (const char *)a + 2, (size_t)need - 2);
	if (*size < need) {
		*size = need;
		return WSAEFAULT;
	}
	memcpy(out, &w, (size_t)need);
	*size = need;
	return 0;
}
