/* SPDX-License-Identifier: Apache-2.0 */
/* iphlpapi_icmp.c -- echo requests, over the host's unprivileged sockets of ICMP.
 *
 * Whether a group may have one is the host's to say (net.ipv4.ping_group_range); where it may
 * not, a request fails with ERROR_ACCESS_DENIED.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "layer/api/dll/iphlpapi.h"
#include "layer/api/nt/clock.h"
#include "layer/api/nt/object/handle.h"
#include "layer/api/nt/process/birth.h"

enum {
	IP_BUF_TOO_SMALL = 11001,
	IP_DEST_NET_UNREACHABLE = 11002,
	IP_PACKET_TOO_BIG = 11009,
	IP_REQ_TIMED_OUT = 11010,
	IP_GENERAL_FAILURE = 11050,

	ECHO_REPLY = 0,
	ECHO_REQUEST = 8,
	ECHO6_REQUEST = 128,
	ECHO6_REPLY = 129,
	HEADER = 8,
	MOST = 65500,
};

struct IP_OPTION_INFORMATION {
	BYTE ttl, tos, flags, size;
	BYTE *data;
};

/* ICMP_ECHO_REPLY */
struct reply4 {
	BYTE address[4];
	ULONG status, milliseconds;
	USHORT size, reserved;
	void *data;
	struct IP_OPTION_INFORMATION options;
};

_Static_assert(sizeof(struct reply4) == 40, "ICMP_ECHO_REPLY of x64");

/* ICMPV6_ECHO_REPLY; the data is behind it */
struct reply6 {
	BYTE port[2], flow[4], address[16], scope[4], pad[2];
	ULONG status, milliseconds;
};

_Static_assert(sizeof(struct reply6) == 36, "ICMPV6_ECHO_REPLY");

/* -- handles: of what, is all they know ---------------------------------------------------- */

struct icmp {
	struct object object; /* first */
	int family;
};

static void
destroy(struct object *o)
{
	free(o);
}

static const struct object_class icmp_class = { .name = "File", .destroy = destroy };

static HANDLE
create(int family)
{
	struct icmp *p = calloc(1, sizeof *p);
	if (!p) {
		refuse(ERROR_NOT_ENOUGH_MEMORY);
		return INVALID_HANDLE_VALUE;
	}
	p->family = family;
	object_init(&p->object, &icmp_class, 0);
	HANDLE h = handle_new(&p->object, 0x1f0000, false);
	return h ? h : INVALID_HANDLE_VALUE;
}

WINAPI HANDLE
iphlpapi_IcmpCreateFile(void)
{
	return create(AF_INET);
}

WINAPI HANDLE
iphlpapi_Icmp6CreateFile(void)
{
	return create(AF_INET6);
}

/* 0: it is none of ours. */
static int
family_of(HANDLE h)
{
	struct object *o;
	if (!succeed(handle_get(h, &icmp_class, &o)))
		return 0;
	int family = ((struct icmp *)o)->family;
	object_unref(o);
	return family;
}

WINAPI BOOL
iphlpapi_IcmpCloseHandle(HANDLE h)
{
	return family_of(h) ? succeed(handle_close(h)) : refuse(ERROR_INVALID_HANDLE);
}

/* -- one request -------------------------------------------------------------------------------- */

struct echo {
	int family;
	struct sockaddr_storage to, from; /* from: family 0 is any */
	const void *data;
	size_t size;
	struct IP_OPTION_INFORMATION options;
	bool has_options;
	void *reply;
	size_t room;
	ULONG timeout;
	/* how it is told when nobody waits for the call */
	HANDLE event, thread;
	void *apc, *context;
	void *own; /* its copy of the data */
};

static socklen_t
length(int family)
{
	return family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

static size_t
header(const struct echo *e)
{
	return e->family == AF_INET ? sizeof(struct reply4) : sizeof(struct reply6);
}

static DWORD
error_of(int e)
{
	return e == EACCES || e == EPERM || e == EPROTONOSUPPORT ? ERROR_ACCESS_DENIED
	       : e == ENETUNREACH || e == EHOSTUNREACH           ? IP_DEST_NET_UNREACHABLE
	       : e == EMSGSIZE                                   ? IP_PACKET_TOO_BIG
	                                                         : IP_GENERAL_FAILURE;
}

static void
write_reply(const struct echo *e, const struct sockaddr_storage *from, const BYTE *data, size_t n,
            ULONG status, ULONG ms)
{
	if (e->family == AF_INET) {
		struct reply4 *r = e->reply;
		memset(r, 0, sizeof *r);
		memcpy(r->address, &((const struct sockaddr_in *)from)->sin_addr, 4);
		r->status = status;
		r->milliseconds = ms;
		r->size = (USHORT)n;
		r->data = r + 1;
		r->options.ttl = 64;
		memcpy(r + 1, data, n);
		return;
	}
	struct reply6 *r = e->reply;
	memset(r, 0, sizeof *r);
	memcpy(r->address, &((const struct sockaddr_in6 *)from)->sin6_addr, 16);
	r->status = status;
	r->milliseconds = ms;
	memcpy(r + 1, data, n);
}

static int
open_socket(const struct echo *e)
{
	if (!birth.network) {
		errno = ENETUNREACH;
		return -1;
	}
	int fd = socket(e->family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	                e->family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	if (fd < 0)
		return -1;
	int ttl = e->options.ttl;
	if (e->has_options && ttl)
		setsockopt(fd, e->family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
		           e->family == AF_INET ? IP_TTL : IPV6_UNICAST_HOPS, &ttl, sizeof ttl);
	if (e->from.ss_family &&
	    bind(fd, (const struct sockaddr *)&e->from, length(e->family)) < 0) {
		int why = errno;
		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

/* Until the answer to this very request has come: 0 and *n bytes at buf, or an error. */
static DWORD
await(int fd, const struct echo *e, uint64_t began, BYTE *buf, size_t *n,
      struct sockaddr_storage *from)
{
	for (;;) {
		uint64_t passed = clock_ticks() - began;
		struct pollfd p = { .fd = fd, .events = POLLIN };
		if (passed > e->timeout)
			return IP_REQ_TIMED_OUT;
		uint64_t left = e->timeout - passed;
		int k = poll(&p, 1, left > 60000 ? 60000 : (int)left);
		if (k < 0 && errno != EINTR)
			return error_of(errno);
		if (k == 0 && left <= 60000)
			return IP_REQ_TIMED_OUT;
		if (k <= 0)
			continue;
		socklen_t size = sizeof *from;
		ssize_t got = recvfrom(fd, buf, HEADER + MOST, 0, (struct sockaddr *)from, &size);
		if (got < 0 && errno != EAGAIN && errno != EINTR)
			return error_of(errno);
		if (got < HEADER)
			continue;
		if (buf[0] != (e->family == AF_INET ? ECHO_REPLY : ECHO6_REPLY))
			continue;
		*n = (size_t)got - HEADER;
		return ERROR_SUCCESS;
	}
}

static DWORD
exchange(const struct echo *e)
{
	BYTE head[HEADER] = { e->family == AF_INET ? ECHO_REQUEST : ECHO6_REQUEST };
	struct iovec v[2] = { { head, HEADER }, { (void *)(uintptr_t)e->data, e->size } };
	struct sockaddr_storage from = { 0 };
	struct msghdr m = { .msg_name = (void *)(uintptr_t)&e->to,
		            .msg_namelen = length(e->family),
		            .msg_iov = v,
		            .msg_iovlen = 2 };
	size_t n = 0;
	BYTE *buf = malloc(HEADER + MOST);
	int fd = buf ? open_socket(e) : -1;
	head[7] = 1; /* the first of this socket; the host fills in the rest */
	if (fd < 0) {
		DWORD why = buf ? error_of(errno) : (DWORD)ERROR_NOT_ENOUGH_MEMORY;
		free(buf);
		return why;
	}
	uint64_t began = clock_ticks();
	DWORD why = sendmsg(fd, &m, 0) < 0 ? error_of(errno) : await(fd, e, began, buf, &n, &from);
	close(fd);
	if (!why && n > e->room - header(e))
		why = IP_BUF_TOO_SMALL;
	if (!why)
		write_reply(e, &from, buf + HEADER, n, 0, (ULONG)(clock_ticks() - began));
	free(buf);
	return why;
}

/* -- calls that come back at once --------------------------------------------------------------- */

WINAPI HANDLE kernel32_CreateThread(void *a, SIZE_T stack, void *start, void *arg, DWORD flags,
                                    DWORD *id);
WINAPI HANDLE kernel32_OpenThread(DWORD access, BOOL inherit, DWORD id);
WINAPI DWORD kernel32_GetCurrentThreadId(void);
WINAPI BOOL kernel32_SetEvent(HANDLE h);
WINAPI BOOL kernel32_CloseHandle(HANDLE h);
WINAPI NTSTATUS ntdll_NtQueueApcThread(HANDLE thread, void *f, void *a, void *b, void *c);

static void
echo_free(struct echo *e)
{
	if (e->thread)
		kernel32_CloseHandle(e->thread);
	free(e->own);
	free(e);
}

WINAPI static DWORD
worker(void *arg)
{
	struct echo *e = arg;
	DWORD why = exchange(e);
	BYTE none = 0;
	/* who asks for the replies later finds the error in the first one */
	if (why)
		write_reply(e, &e->to, &none, 0, why, 0);
	if (e->apc)
		ntdll_NtQueueApcThread(e->thread, e->apc, e->context, NULL, NULL);
	else
		kernel32_SetEvent(e->event);
	echo_free(e);
	return 0;
}

enum { THREAD_SET_CONTEXT = 0x10 };

static DWORD
later(const struct echo *e)
{
	struct echo *own = malloc(sizeof *own);
	if (!own)
		return ERROR_NOT_ENOUGH_MEMORY;
	*own = *e;
	own->own = malloc(e->size ? e->size : 1);
	own->thread = e->apc ? kernel32_OpenThread(THREAD_SET_CONTEXT, FALSE,
	                                           kernel32_GetCurrentThreadId())
	                     : NULL;
	HANDLE h = NULL;
	if (own->own && (own->thread || !e->apc)) {
		memcpy(own->own, e->data, e->size);
		own->data = own->own;
		h = kernel32_CreateThread(NULL, 65536, (void *)(uintptr_t)worker, own, 0, NULL);
	}
	if (!h) {
		echo_free(own);
		return ERROR_NOT_ENOUGH_MEMORY;
	}
	kernel32_CloseHandle(h);
	return ERROR_IO_PENDING;
}

/* How many replies there are. */
static DWORD
begin(HANDLE h, struct echo *e)
{
	int family = family_of(h);
	if (!family)
		return 0;
	if (family != e->family || !e->reply || (e->size && !e->data) || e->size > MOST)
		return (DWORD)refuse(ERROR_INVALID_PARAMETER);
	if (e->room < header(e))
		return (DWORD)refuse(IP_BUF_TOO_SMALL);
	DWORD why = e->event || e->apc ? later(e) : exchange(e);
	return why ? (DWORD)refuse(why) : 1;
}

WINAPI DWORD
iphlpapi_IcmpSendEcho2Ex(HANDLE h, HANDLE event, void *apc, void *context, ULONG source,
                         ULONG destination, void *data, WORD size,
                         struct IP_OPTION_INFORMATION *options, void *reply, DWORD room,
                         DWORD timeout)
{
	struct echo e = { .family = AF_INET,
		          .data = data,
		          .size = size,
		          .reply = reply,
		          .room = room,
		          .timeout = timeout,
		          .event = event,
		          .apc = apc,
		          .context = context };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = destination };
	struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = source };
	memcpy(&e.to, &to, sizeof to);
	if (source)
		memcpy(&e.from, &from, sizeof from);
	if (options) {
		e.options = *options;
		e.has_options = true;
	}
	return begin(h, &e);
}

WINAPI DWORD
iphlpapi_IcmpSendEcho2(HANDLE h, HANDLE event, void *apc, void *context, ULONG destination,
                       void *data, WORD size, struct IP_OPTION_INFORMATION *options, void *reply,
                       DWORD room, DWORD timeout)
{
	return iphlpapi_IcmpSendEcho2Ex(h, event, apc, context, 0, destination, data, size, options,
	                                reply, room, timeout);
}

WINAPI DWORD
iphlpapi_IcmpSendEcho(HANDLE h, ULONG destination, void *data, WORD size,
                      struct IP_OPTION_INFORMATION *options, void *reply, DWORD room, DWORD timeout)
{
	return iphlpapi_IcmpSendEcho2Ex(h, NULL, NULL, NULL, 0, destination, data, size, options,
	                                reply, room, timeout);
}

static void
address6(const struct SOCKADDR_INET *a, struct sockaddr_storage *out)
{
	struct sockaddr_in6 s = { .sin6_family = AF_INET6, .sin6_scope_id = a->scope };
	memcpy(&s.sin6_addr, a->v6, 16);
	memcpy(out, &s, sizeof s);
}

WINAPI DWORD
iphlpapi_Icmp6SendEcho2(HANDLE h, HANDLE event, void *apc, void *context,
                        const struct SOCKADDR_INET *source, const struct SOCKADDR_INET *destination,
                        void *data, WORD size, struct IP_OPTION_INFORMATION *options, void *reply,
                        DWORD room, DWORD timeout)
{
	static const BYTE any[16];
	struct echo e = { .family = AF_INET6,
		          .data = data,
		          .size = size,
		          .reply = reply,
		          .room = room,
		          .timeout = timeout,
		          .event = event,
		          .apc = apc,
		          .context = context };
	if (!destination)
		return (DWORD)refuse(ERROR_INVALID_PARAMETER);
	address6(destination, &e.to);
	if (source && memcmp(source->v6, any, sizeof any))
		address6(source, &e.from);
	if (options) {
		e.options = *options;
		e.has_options = true;
	}
	return begin(h, &e);
}

/* How many replies a buffer holds that came later; 0, with the reason. */
WINAPI DWORD
iphlpapi_IcmpParseReplies(void *reply, DWORD size)
{
	struct reply4 *r = reply;
	if (!r || size < sizeof *r)
		return (DWORD)refuse(IP_BUF_TOO_SMALL);
	return r->status ? (DWORD)refuse(r->status) : 1;
}

WINAPI DWORD
iphlpapi_Icmp6ParseReplies(void *reply, DWORD size)
{
	struct reply6 *r = reply;
	if (!r || size < sizeof *r)
		return (DWORD)refuse(IP_BUF_TOO_SMALL);
	return r->status ? (DWORD)refuse(r->status) : 1;
}
