/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses as text. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/ws2_32.h"
#include "layer/api/nt/text/nls.h"

WINAPI ULONG
ws2_32_inet_addr(const char *text)
{
	struct in_addr a;
	if (!text)
		return INADDR_NONE;
	/* a blank is 0.0.0.0, as ever */
	if (text[0] == ' ' && !text[1])
		return 0;
	return inet_aton(text, &a) ? a.s_addr : INADDR_NONE;
}

WINAPI char *
ws2_32_inet_ntoa(struct in_addr a)
{
	static _Thread_local char text[INET_ADDRSTRLEN];
	inet_ntop(AF_INET, &a, text, sizeof text);
	return text;
}

WINAPI const char *
ws2_32_inet_ntop(int family, const void *a, char *out, size_t room)
{
	char text[INET6_ADDRSTRLEN];
	int host = socket_family_in(family);
	if (host != AF_INET && host != AF_INET6) {
		wsa(WSAEAFNOSUPPORT);
		return NULL;
	}
	inet_ntop(host, a, text, sizeof text);
	if (!out || room <= strlen(text)) {
		last_error(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	memcpy(out, text, strlen(text) + 1);
	return out;
}

WINAPI const WCHAR *
ws2_32_InetNtopW(int family, const void *a, WCHAR *out, size_t room)
{
	char text[INET6_ADDRSTRLEN];
	if (!ws2_32_inet_ntop(family, a, text, sizeof text))
		return NULL;
	if (!out || room <= strlen(text)) {
		last_error(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	for (size_t i = 0; i <= strlen(text); i++)
		out[i] = (BYTE)text[i];
	return out;
}

WINAPI int
ws2_32_inet_pton(int family, const char *text, void *out)
{
	int host = socket_family_in(family);
	if (host != AF_INET && host != AF_INET6)
		return wsa(WSAEAFNOSUPPORT);
	if (!text || !out)
		return wsa(WSAEFAULT);
	return inet_pton(host, text, out);
}

WINAPI int
ws2_32_InetPtonW(int family, const WCHAR *text, void *out)
{
	if (!text)
		return wsa(WSAEFAULT);
	char *narrow = nls_utf8(text);
	int r = narrow ? ws2_32_inet_pton(family, narrow, out) : wsa(WSAENOBUFS);
	free(narrow);
	return r;
}

/* With the port when there is one: 1.2.3.4:80, [::1]:80, fe80::1%3. */
static int
print(const struct ws_sockaddr *a, DWORD size, char out[80])
{
	char text[INET6_ADDRSTRLEN];
	uint16_t port;
	if (!a || size < 16)
		return WSAEFAULT;
	memcpy(&port, a->data, 2);
	port = ntohs(port);
	if (a->family == WS_AF_INET) {
		inet_ntop(AF_INET, a->data + 2, text, sizeof text);
		(void)(port ? snprintf(out, 80, "%s:%u", text, port)
		            : snprintf(out, 80, "%s", text));
		return 0;
	}
	if (a->family != WS_AF_INET6 || size < 28)
		return a->family == WS_AF_INET6 ? WSAEFAULT : WSAEINVAL;
	uint32_t scope;
	char zone[16] = "";
	memcpy(&scope, a->data + 22, 4);
	inet_ntop(AF_INET6, a->data + 6, text, sizeof text);
	if (scope)
		(void)snprintf(zone, sizeof zone, "%%%u", scope);
	(void)(port ? snprintf(out, 80, "[%s%s]:%u", text, zone, port)
	            : snprintf(out, 80, "%s%s", text, zone));
	return 0;
}

WINAPI int
ws2_32_WSAAddressToStringA(const struct ws_sockaddr *a, DWORD size, void *info, char *out,
                           DWORD *room)
{
	char text[80];
	(void)info;
	int e = room ? print(a, size, text) : WSAEFAULT;
	if (e)
		return wsa(e);
	DWORD n = (DWORD)strlen(text) + 1;
	if (!out || *room < n) {
		*room = n;
		return wsa(WSAEFAULT);
	}
	memcpy(out, text, n);
	*room = n;
	return 0;
}

WINAPI int
ws2_32_WSAAddressToStringW(const struct ws_sockaddr *a, DWORD size, void *info, WCHAR *out,
                           DWORD *room)
{
	char text[80];
	(void)info;
	int e = room ? print(a, size, text) : WSAEFAULT;
	if (e)
		return wsa(e);
	DWORD n = (DWORD)strlen(text) + 1;
	if (!out || *room < n) {
		*room = n;
		return wsa(WSAEFAULT);
	}
	for (DWORD i = 0; i < n; i++)
		out[i] = (BYTE)text[i];
	*room = n;
	return 0;
}

static bool
port_of(const char *text, uint16_t *out)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);
	*out = htons((uint16_t)n);
	return *text >= '0' && *text <= '9' && !*end && n <= 65535;
}

/* The address of a text; its size, or 0. */
int
ws2_32_text_parse(const char *text, int family, struct ws_sockaddr *out)
{
	char copy[80];
	uint16_t port = 0;
	size_t n = strlen(text);
	memset(out, 0, sizeof *out);
	if (n >= sizeof copy)
		return 0;
	memcpy(copy, text, n + 1);
	out->family = (USHORT)family;
	char *host = copy;
	if (family == WS_AF_INET) {
		char *colon = strchr(copy, ':');
		if (colon && (*colon = 0, !port_of(colon + 1, &port)))
			return 0;
		struct in_addr a;
		if (!inet_aton(host, &a))
			return 0;
		memcpy(out->data, &port, 2);
		memcpy(out->data + 2, &a, 4);
		return 16;
	}
	if (family != WS_AF_INET6)
		return 0;
	if (copy[0] == '[') {
		char *end = strchr(++host, ']');
		if (!end || (end[1] && (end[1] != ':' || !port_of(end + 2, &port))))
			return 0;
		*end = 0;
	}
	char *percent = strchr(host, '%');
	if (percent) {
		char *end;
		unsigned long scope = strtoul(percent + 1, &end, 10);
		if (end == percent + 1 || *end || scope > UINT32_MAX)
			return 0;
		uint32_t s = (uint32_t)scope;
		memcpy(out->data + 22, &s, 4);
		*percent = 0;
	}
	if (inet_pton(AF_INET6, host, out->data + 6) != 1)
		return 0;
	memcpy(out->data, &port, 2);
	return 28;
}

WINAPI int
ws2_32_WSAStringToAddressA(const char *text, INT family, void *info, struct ws_sockaddr *out,
                           INT *size)
{
	struct ws_sockaddr a;
	(void)info;
	if (!text || !size)
		return wsa(WSAEFAULT);
	int n = ws2_32_text_parse(text, family, &a);
	if (!n)
		return wsa(WSAEINVAL);
	if (!out || *size < n) {
		*size = n;
		return wsa(WSAEFAULT);
	}
	memcpy(out, &a, (size_t)n);
	*size = n;
	return 0;
}

WINAPI int
ws2_32_WSAStringToAddressW(const WCHAR *text, INT family, void *info, struct ws_sockaddr *out,
                           INT *size)
{
	char *narrow = text ? nls_utf8(text) : NULL;
	int r = narrow ? ws2_32_WSAStringToAddressA(narrow, family, info, out, size)
	               : wsa(WSAEFAULT);
	free(narrow);
	return r;
}
