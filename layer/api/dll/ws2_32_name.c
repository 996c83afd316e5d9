/* SPDX-License-Identifier: Apache-2.0 */
/* Names: getaddrinfo and those before it. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "layer/api/dll/ws2_32.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/socket/resolve.h"
#include "layer/api/nt/object/sync.h"
#include "layer/api/nt/object/wait.h"

enum {
	AI_PASSIVE = 1,
	AI_CANONNAME = 2,
	AI_NUMERICHOST = 4,
	AI_NUMERICSERV = 8,
	AI_V4MAPPED = 0x800,

	NI_NUMERICHOST = 2,
	NI_NAMEREQD = 4,
	NI_NUMERICSERV = 8,
	NI_DGRAM = 0x10,
};

/* ADDRINFOA and ADDRINFOW: what the name is made of differs. */
struct addrinfo_ws {
	int ai_flags, ai_family, ai_socktype, ai_protocol;
	size_t ai_addrlen;
	void *ai_canonname;
	struct ws_sockaddr *ai_addr;
	struct addrinfo_ws *ai_next;
};

/* ADDRINFOEXW */
struct addrinfo_ex {
	int ai_flags, ai_family, ai_socktype, ai_protocol;
	size_t ai_addrlen;
	WCHAR *ai_canonname;
	struct ws_sockaddr *ai_addr;
	void *ai_blob;
	size_t ai_bloblen;
	void *ai_provider;
	struct addrinfo_ex *ai_next;
};

struct wanted {
	int flags, family, type, protocol;
};

/* A node in a block of its own: header, address. */
static int
address_of(const struct resolve_address *a, uint16_t port, bool mapped, struct ws_sockaddr *out)
{
	memset(out, 0, sizeof *out);
	port = htons(port);
	memcpy(out->data, &port, 2);
	if (a->family == AF_INET && !mapped) {
		out->family = WS_AF_INET;
		memcpy(out->data + 2, a->bytes, 4);
		return 16;
	}
	out->family = WS_AF_INET6;
	if (mapped) {
		out->data[16] = out->data[17] = 0xff;
		memcpy(out->data + 18, a->bytes, 4);
	} else {
		memcpy(out->data + 6, a->bytes, 16);
	}
	memcpy(out->data + 22, &a->scope, 4);
	return 28;
}

static int
look_up(const char *name, const char *service, const struct wanted *w, struct resolved *out,
        uint16_t *port)
{
	const char *spelled;
	int e, family = socket_family_in(w->family);
	*port = 0;
	if (!ws2_32_started())
		return WSANOTINITIALISED;
	if (!name && !service)
		return WSAHOST_NOT_FOUND;
	if (w->family && w->family != WS_AF_INET && w->family != WS_AF_INET6)
		return WSAEAFNOSUPPORT;
	if (w->type < 0 || w->type > SOCK_RAW)
		return WSAESOCKTNOSUPPORT;
	if (w->flags & AI_CANONNAME && !name)
		return WSAEINVAL;
	if (service && *service) {
		const char *protocol = w->type == SOCK_STREAM  ? "tcp"
		                       : w->type == SOCK_DGRAM ? "udp"
		                                               : NULL;
		if ((e = resolve_service(service, protocol, port, &spelled)))
			return e;
		if (w->flags & AI_NUMERICSERV && spelled != service)
			return WSAHOST_NOT_FOUND;
	}
	if (name) {
		e = resolve_name(name, family < 0 ? 0 : family, w->flags & AI_NUMERICHOST, out);
		if (e && family == AF_INET6 && w->flags & AI_V4MAPPED)
			e = resolve_name(name, AF_INET, w->flags & AI_NUMERICHOST, out);
		return e;
	}
	/* nobody: all interfaces for who listens, this machine for who connects */
	bool passive = w->flags & AI_PASSIVE;
	out->n = 0;
	out->canonical[0] = 0;
	if (w->family != WS_AF_INET) {
		out->a[out->n] = (struct resolve_address){ .family = AF_INET6 };
		out->a[out->n++].bytes[15] = !passive;
	}
	if (w->family != WS_AF_INET6) {
		out->a[out->n] = (struct resolve_address){ .family = AF_INET };
		out->a[out->n].bytes[0] = passive ? 0 : 127;
		out->a[out->n++].bytes[3] = !passive;
	}
	return 0;
}

static void
free_list(struct addrinfo_ws *p)
{
	while (p) {
		struct addrinfo_ws *next = p->ai_next;
		free(p->ai_canonname);
		free(p);
		p = next;
	}
}

static int
list_of(const struct resolved *r, uint16_t port, const struct wanted *w, bool wide,
        struct addrinfo_ws **out)
{
	struct addrinfo_ws *first = NULL, **last = &first;
	for (size_t i = 0; i < r->n; i++) {
		struct addrinfo_ws *p = calloc(1, sizeof *p + sizeof(struct ws_sockaddr));
		if (!p) {
			free_list(first);
			return ERROR_NOT_ENOUGH_MEMORY;
		}
		p->ai_addr = (struct ws_sockaddr *)(p + 1);
		p->ai_addrlen = (size_t)address_of(
		        r->a + i, port, r->a[i].family == AF_INET && w->family == WS_AF_INET6,
		        p->ai_addr);
		p->ai_family = p->ai_addr->family;
		p->ai_socktype = w->type;
		p->ai_protocol = w->protocol;
		if (!i && w->flags & AI_CANONNAME)
			p->ai_canonname = wide ? (void *)nls_wide(r->canonical)
			                       : (void *)strdup(r->canonical);
		*last = p;
		last = &p->ai_next;
	}
	*out = first;
	return 0;
}

static int
get(const char *name, const char *service, const struct addrinfo_ws *hints, bool wide,
    struct addrinfo_ws **out)
{
	struct wanted w = { 0 };
	uint16_t port;
	if (!out)
		return WSAEINVAL;
	*out = NULL;
	if (hints) {
		if (hints->ai_addrlen || hints->ai_canonname || hints->ai_addr || hints->ai_next)
			return WSANO_RECOVERY;
		w = (struct wanted){ hints->ai_flags, hints->ai_family, hints->ai_socktype,
			             hints->ai_protocol };
	}
	struct resolved *r = malloc(sizeof *r);
	if (!r)
		return ERROR_NOT_ENOUGH_MEMORY;
	int e = look_up(name, service, &w, r, &port);
	if (!e)
		e = list_of(r, port, &w, wide, out);
	free(r);
	return e;
}

WINAPI int
ws2_32_getaddrinfo(const char *name, const char *service, const struct addrinfo_ws *hints,
                   struct addrinfo_ws **out)
{
	int e = get(name, service, hints, false, out);
	if (e)
		last_error((DWORD)e);
	return e;
}

WINAPI int
ws2_32_GetAddrInfoW(const WCHAR *name, const WCHAR *service, const struct addrinfo_ws *hints,
                    struct addrinfo_ws **out)
{
	char *n = name ? nls_utf8(name) : NULL, *s = service ? nls_utf8(service) : NULL;
	int e = (name && !n) || (service && !s) ? ERROR_NOT_ENOUGH_MEMORY
	                                        : get(n, s, hints, true, out);
	free(n);
	free(s);
	if (e)
		last_error((DWORD)e);
	return e;
}

WINAPI void
ws2_32_freeaddrinfo(struct addrinfo_ws *p)
{
	free_list(p);
}

/* -- GetAddrInfoEx ------------------------------------------------------------------ */

struct query {
	char *name, *service;
	struct wanted w;
	bool wide; /* the canonical name */
	struct addrinfo_ex **out;
	struct OVERLAPPED *o;
	ws2_32_routine routine;
	struct object *event; /* own (a count), or NULL */
};

static void
free_ex(struct addrinfo_ex *p)
{
	while (p) {
		struct addrinfo_ex *next = p->ai_next;
		free(p->ai_canonname);
		free(p);
		p = next;
	}
}

static int
get_ex(const struct query *q)
{
	struct addrinfo_ws *list,
	        hints = { q->w.flags, q->w.family, q->w.type, q->w.protocol, 0, NULL, NULL, NULL };
	struct addrinfo_ex *first = NULL, **last = &first;
	int e = get(q->name, q->service, &hints, q->wide, &list);
	if (e)
		return e;
	for (struct addrinfo_ws *p = list; p && !e; p = p->ai_next) {
		struct addrinfo_ex *x = calloc(1, sizeof *x + sizeof(struct ws_sockaddr));
		if (!x) {
			e = ERROR_NOT_ENOUGH_MEMORY;
			break;
		}
		*x = (struct addrinfo_ex){
			.ai_flags = p->ai_flags,
			.ai_family = p->ai_family,
			.ai_socktype = p->ai_socktype,
			.ai_protocol = p->ai_protocol,
			.ai_addrlen = p->ai_addrlen,
			.ai_canonname = p->ai_canonname,
			.ai_addr = (struct ws_sockaddr *)(x + 1),
		};
		memcpy(x->ai_addr, p->ai_addr, sizeof *x->ai_addr);
		p->ai_canonname = NULL;
		*last = x;
		last = &x->ai_next;
	}
	free_list(list);
	if (e)
		free_ex(first);
	else
		*q->out = first;
	return e;
}

static void
query_free(struct query *q)
{
	if (q->event)
		object_unref(q->event);
	free(q->name);
	free(q->service);
	free(q);
}

/* A thread of the program: the routine is called in it. */
static WINAPI DWORD
query_run(struct query *q)
{
	int e = get_ex(q);
	q->o->InternalHigh = 0;
	__atomic_store_n(&q->o->Internal, (ULONG_PTR)e, __ATOMIC_RELEASE);
	if (q->event)
		sync_set(q->event, NULL);
	else if (q->routine)
		q->routine((DWORD)e, 0, q->o, 0);
	query_free(q);
	return 0;
}

/* It owns the texts, which are NULL where none were given. */
static int
ask(struct query *q, const struct addrinfo_ex *hints, struct OVERLAPPED *o)
{
	int e = 0;
	q->o = o;
	if (hints)
		q->w = (struct wanted){ hints->ai_flags, hints->ai_family, hints->ai_socktype,
			                hints->ai_protocol };
	if (!q->out || (q->routine && o && o->hEvent))
		e = WSAEINVAL;
	if (!e && !o)
		e = get_ex(q);
	if (e || !o) {
		query_free(q);
		if (e)
			last_error((DWORD)e);
		return e;
	}
	*q->out = NULL;
	o->Internal = (ULONG_PTR)WSA_IO_PENDING;
	o->Pointer = q->out;
	if (o->hEvent && handle_get(o->hEvent, &sync_event_class, &q->event) >= 0)
		sync_reset(q->event, NULL);
	struct thread *t;
	if (thread_new((void *)(uintptr_t)query_run, q, 0, false, &t) < 0) {
		query_free(q);
		last_error(WSAENOBUFS);
		return WSAENOBUFS;
	}
	object_unref(&t->object);
	last_error(WSA_IO_PENDING);
	return WSA_IO_PENDING;
}

static int
no_memory(void)
{
	last_error(ERROR_NOT_ENOUGH_MEMORY);
	return ERROR_NOT_ENOUGH_MEMORY;
}

WINAPI int
ws2_32_GetAddrInfoExW(const WCHAR *name, const WCHAR *service, DWORD space, void *id,
                      const struct addrinfo_ex *hints, struct addrinfo_ex **out,
                      const void *timeout, struct OVERLAPPED *o, ws2_32_routine routine,
                      HANDLE *cancel)
{
	(void)space, (void)id, (void)timeout;
	struct query *q = calloc(1, sizeof *q);
	if (cancel)
		*cancel = NULL;
	if (!q)
		return no_memory();
	*q = (struct query){ .wide = true, .out = out, .routine = routine };
	q->name = name ? nls_utf8(name) : NULL;
	q->service = service ? nls_utf8(service) : NULL;
	if ((name && !q->name) || (service && !q->service)) {
		query_free(q);
		return no_memory();
	}
	return ask(q, hints, o);
}

/* Microsoft's page: what is asked with char has to be asked at once. */
WINAPI int
ws2_32_GetAddrInfoExA(const char *name, const char *service, DWORD space, void *id,
                      const struct addrinfo_ex *hints, struct addrinfo_ex **out,
                      const void *timeout, struct OVERLAPPED *o, ws2_32_routine routine,
                      HANDLE *cancel)
{
	(void)space, (void)id;
	if (cancel)
		*cancel = NULL;
	if (timeout || o || routine) {
		last_error(WSAEINVAL);
		return WSAEINVAL;
	}
	struct query *q = calloc(1, sizeof *q);
	if (!q)
		return no_memory();
	q->out = out;
	q->name = name ? strdup(name) : NULL;
	q->service = service ? strdup(service) : NULL;
	if ((name && !q->name) || (service && !q->service)) {
		query_free(q);
		return no_memory();
	}
	return ask(q, hints, NULL);
}

WINAPI int
ws2_32_GetAddrInfoExOverlappedResult(const struct OVERLAPPED *o)
{
	return o ? (int)__atomic_load_n(&o->Internal, __ATOMIC_ACQUIRE) : WSAEINVAL;
}

WINAPI int
ws2_32_GetAddrInfoExCancel(HANDLE *h)
{
	(void)h;
	return 6; /* WSA_INVALID_HANDLE: none was given */
}

WINAPI void
ws2_32_FreeAddrInfoExW(struct addrinfo_ex *p)
{
	free_ex(p);
}

/* -- numbers to names ----------------------------------------------------------------- */

static int
address_from(const struct ws_sockaddr *a, int size, struct resolve_address *out, uint16_t *port)
{
	*out = (struct resolve_address){ 0 };
	if (!a || size < 16)
		return WSAEFAULT;
	memcpy(port, a->data, 2);
	*port = ntohs(*port);
	if (a->family == WS_AF_INET) {
		out->family = AF_INET;
		memcpy(out->bytes, a->data + 2, 4);
		return 0;
	}
	if (a->family != WS_AF_INET6)
		return WSAEAFNOSUPPORT;
	if (size < 28)
		return WSAEFAULT;
	out->family = AF_INET6;
	memcpy(out->bytes, a->data + 6, 16);
	memcpy(&out->scope, a->data + 22, 4);
	return 0;
}

static int
name_of(const struct ws_sockaddr *a, int size, int flags, char host[RESOLVE_NAME], char service[64])
{
	struct resolve_address x;
	uint16_t port;
	int e = address_from(a, size, &x, &port);
	if (e)
		return e;
	host[0] = 0;
	if (!(flags & NI_NUMERICHOST)) {
		e = resolve_address(&x, host, RESOLVE_NAME);
		if (e && flags & NI_NAMEREQD)
			return WSAHOST_NOT_FOUND;
	}
	if (!host[0]) {
		inet_ntop(x.family, x.bytes, host, RESOLVE_NAME);
		if (x.scope)
			(void)snprintf(host + strlen(host), 16, "%%%u", x.scope);
	}
	const char *s = flags & NI_NUMERICSERV
	                        ? NULL
	                        : resolve_port(port, flags & NI_DGRAM ? "udp" : "tcp");
	if (s)
		(void)snprintf(service, 64, "%s", s);
	else
		(void)snprintf(service, 64, "%u", port);
	return 0;
}

WINAPI int
ws2_32_getnameinfo(const struct ws_sockaddr *a, int size, char *host, DWORD nhost, char *service,
                   DWORD nservice, int flags)
{
	char h[RESOLVE_NAME], s[64];
	if (!ws2_32_started())
		return (int)wsa(WSANOTINITIALISED), WSANOTINITIALISED;
	int e = name_of(a, size, flags, h, s);
	if (!e && ((host && nhost && strlen(h) >= nhost) ||
	           (service && nservice && strlen(s) >= nservice)))
		e = ERROR_INSUFFICIENT_BUFFER;
	if (e)
		return (void)wsa(e), e;
	if (host && nhost)
		memcpy(host, h, strlen(h) + 1);
	if (service && nservice)
		memcpy(service, s, strlen(s) + 1);
	return 0;
}

WINAPI int
ws2_32_GetNameInfoW(const struct ws_sockaddr *a, int size, WCHAR *host, DWORD nhost, WCHAR *service,
                    DWORD nservice, int flags)
{
	char h[RESOLVE_NAME], s[64];
	if (!ws2_32_started())
		return (int)wsa(WSANOTINITIALISED), WSANOTINITIALISED;
	int e = name_of(a, size, flags, h, s);
	if (!e && ((host && nhost && strlen(h) >= nhost) ||
	           (service && nservice && strlen(s) >= nservice)))
		e = ERROR_INSUFFICIENT_BUFFER;
	if (e)
		return (void)wsa(e), e;
	for (size_t i = 0; host && nhost && i <= strlen(h); i++)
		host[i] = (BYTE)h[i];
	for (size_t i = 0; service && nservice && i <= strlen(s); i++)
		service[i] = (BYTE)s[i];
	return 0;
}

/* -- Winsock 1.1: answers in a place of the thread --------------------------------------- */

struct hostent_ws {
	char *h_name;
	char **h_aliases;
	SHORT h_addrtype, h_length;
	char **h_addr_list;
};

struct servent_ws { /* Win64: the protocol before the port */
	char *s_name;
	char **s_aliases;
	char *s_proto;
	SHORT s_port;
};

struct protoent_ws {
	char *p_name;
	char **p_aliases;
	SHORT p_proto;
};

static _Thread_local struct {
	struct hostent_ws host;
	struct servent_ws service;
	struct protoent_ws protocol;
	char name[RESOLVE_NAME], other[64], kind[16];
	char *none[1], *list[RESOLVE_MOST + 1];
	char bytes[RESOLVE_MOST][16];
} own;

WINAPI struct hostent_ws *
ws2_32_gethostbyname(const char *name)
{
	static const char nobody[] = "";
	struct resolved *r = malloc(sizeof *r);
	int e = !ws2_32_started() ? WSANOTINITIALISED
	        : r               ? resolve_name(name ? name : nobody, AF_INET, false, r)
	                          : WSAENOBUFS;
	if (e) {
		free(r);
		last_error((DWORD)e);
		return NULL;
	}
	memcpy(own.name, r->canonical, sizeof own.name);
	for (size_t i = 0; i < r->n; i++) {
		memcpy(own.bytes[i], r->a[i].bytes, 4);
		own.list[i] = own.bytes[i];
	}
	own.list[r->n] = NULL;
	free(r);
	own.host = (struct hostent_ws){ own.name, own.none, WS_AF_INET, 4, own.list };
	return &own.host;
}

WINAPI struct hostent_ws *
ws2_32_gethostbyaddr(const void *a, int n, int family)
{
	struct resolve_address x = { .family = socket_family_in(family) };
	int e = !ws2_32_started()                             ? WSANOTINITIALISED
	        : x.family != AF_INET && x.family != AF_INET6 ? WSAEAFNOSUPPORT
	        : !a || n != (x.family == AF_INET ? 4 : 16)   ? WSAEFAULT
	                                                      : 0;
	if (!e) {
		memcpy(x.bytes, a, (size_t)n);
		e = resolve_address(&x, own.name, sizeof own.name);
	}
	if (e) {
		last_error((DWORD)e);
		return NULL;
	}
	memcpy(own.bytes[0], x.bytes, 16);
	own.list[0] = own.bytes[0];
	own.list[1] = NULL;
	own.host = (struct hostent_ws){ own.name, own.none, (SHORT)family, (SHORT)n, own.list };
	return &own.host;
}

static struct servent_ws *
service(const char *name, uint16_t port, const char *protocol)
{
	(void)snprintf(own.other, sizeof own.other, "%s", name);
	(void)snprintf(own.kind, sizeof own.kind, "%s", protocol ? protocol : "tcp");
	own.service = (struct servent_ws){ own.other, own.none, own.kind, (SHORT)htons(port) };
	return &own.service;
}

WINAPI struct servent_ws *
ws2_32_getservbyname(const char *name, const char *protocol)
{
	uint16_t port;
	const char *spelled;
	if (!name || resolve_service(name, protocol, &port, &spelled)) {
		last_error(WSANO_DATA);
		return NULL;
	}
	return service(spelled, port, protocol);
}

WINAPI struct servent_ws *
ws2_32_getservbyport(int port, const char *protocol)
{
	const char *name = resolve_port(ntohs((uint16_t)port), protocol);
	if (!name) {
		last_error(WSANO_DATA);
		return NULL;
	}
	return service(name, ntohs((uint16_t)port), protocol);
}

static struct protoent_ws *
protocol(const char *name, int number)
{
	if (!name || number < 0) {
		last_error(WSANO_DATA);
		return NULL;
	}
	(void)snprintf(own.other, sizeof own.other, "%s", name);
	own.protocol = (struct protoent_ws){ own.other, own.none, (SHORT)number };
	return &own.protocol;
}

WINAPI struct protoent_ws *
ws2_32_getprotobyname(const char *name)
{
	int n = name ? resolve_protocol(name) : -1;
	return protocol(n < 0 ? NULL : resolve_protocol_name(n), n);
}

WINAPI struct protoent_ws *
ws2_32_getprotobynumber(int n)
{
	return protocol(resolve_protocol_name(n), n);
}
