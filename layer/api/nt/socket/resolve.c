/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/socket/resolve.h"

#include <ares.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/time.h>
#include <unistd.h>

#include "layer/api/nt/host.h"
#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/socket/socket.h"

/* -- names ------------------------------------------------------------------------- */

static void
add(struct resolved *r, int family, const void *bytes, uint32_t scope)
{
	if (r->n == RESOLVE_MOST)
		return;
	struct resolve_address *a = r->a + r->n++;
	*a = (struct resolve_address){ .family = family, .scope = scope };
	memcpy(a->bytes, bytes, family == AF_INET ? 4 : 16);
}

/* 1.2.3.4, ::1, fe80::1%2 */
static bool
number(const char *name, int family, struct resolved *out)
{
	struct in_addr v4;
	unsigned char v6[16];
	char text[INET6_ADDRSTRLEN + 1] = "";
	if (family != AF_INET6 && inet_aton(name, &v4)) {
		add(out, AF_INET, &v4, 0);
		return true;
	}
	const char *percent = strchr(name, '%');
	size_t n = percent ? (size_t)(percent - name) : strlen(name);
	if (family == AF_INET || n >= sizeof text)
		return false;
	memcpy(text, name, n);
	if (inet_pton(AF_INET6, text, v6) != 1)
		return false;
	add(out, AF_INET6, v6, percent ? (uint32_t)strtoul(percent + 1, NULL, 10) : 0);
	return true;
}

struct answer {
	int status;
	bool done;
	struct resolved *out;
	char *name;
	size_t room;
};

static void
got(void *ctx, int status, int timeouts, struct ares_addrinfo *info)
{
	struct answer *a = ctx;
	(void)timeouts;
	a->status = status;
	a->done = true;
	for (const struct ares_addrinfo_node *n = info ? info->nodes : NULL; n; n = n->ai_next) {
		if (n->ai_family == AF_INET) {
			struct sockaddr_in v4;
			memcpy(&v4, n->ai_addr, sizeof v4);
			add(a->out, AF_INET, &v4.sin_addr, 0);
		} else if (n->ai_family == AF_INET6) {
			struct sockaddr_in6 v6;
			memcpy(&v6, n->ai_addr, sizeof v6);
			add(a->out, AF_INET6, &v6.sin6_addr, v6.sin6_scope_id);
		}
		if (a->out->n)
			a->out->a[a->out->n - 1].ttl = n->ai_ttl;
	}
	const char *canonical = info && info->cnames ? info->cnames->name
	                        : info               ? info->name
	                                             : NULL;
	if (canonical && strlen(canonical) < RESOLVE_NAME)
		memcpy(a->out->canonical, canonical, strlen(canonical) + 1);
	if (info)
		ares_freeaddrinfo(info);
}

static void
got_name(void *ctx, int status, int timeouts, char *node, char *service)
{
	struct answer *a = ctx;
	(void)timeouts, (void)service;
	a->status = status;
	a->done = true;
	if (node && strlen(node) < a->room)
		memcpy(a->name, node, strlen(node) + 1);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
begin(void)
{
	ares_library_init(ARES_LIB_INIT_ALL);
}

static ares_channel
channel_with(char *lookups, int flags)
{
	struct ares_options o = { .lookups = lookups, .timeout = 2000, .tries = 3, .flags = flags };
	int what = ARES_OPT_LOOKUPS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES;
	ares_channel c;
	pthread_once(&once, begin);
	return ares_init_options(&c, &o, what | (flags ? ARES_OPT_FLAGS : 0)) == ARES_SUCCESS
	               ? c
	               : NULL;
}

static ares_channel channel(void) { return channel_with(birth.network ? "fb" : "f", 0); }

static void
drive(ares_channel c, const struct answer *a)
{
	while (!a->done) {
		ares_socket_t s[ARES_GETSOCK_MAXNUM];
		struct pollfd p[ARES_GETSOCK_MAXNUM];
		/* the library's own macros shift into an int's sign */
		unsigned mask = (unsigned)ares_getsock(c, s, ARES_GETSOCK_MAXNUM);
		int n = 0;
		for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
			short events =
			        (short)((mask >> i & 1 ? POLLIN : 0) |
			                (mask >> (i + ARES_GETSOCK_MAXNUM) & 1 ? POLLOUT : 0));
			if (events)
				p[n++] = (struct pollfd){ s[i], events, 0 };
		}
		if (!n)
			break;
		struct timeval tv, *t = ares_timeout(c, NULL, &tv);
		int rc = poll(p, (nfds_t)n,
		              t ? (int)(t->tv_sec * 1000 + t->tv_usec / 1000 + 1) : 1000);
		if (rc < 0 && errno != EINTR)
			break;
		if (rc <= 0)
			ares_process_fd(c, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
		for (int i = 0; i < n && rc > 0; i++)
			if (p[i].revents)
				ares_process_fd(c,
				                p[i].revents & (POLLIN | POLLERR | POLLHUP)
				                        ? p[i].fd
				                        : ARES_SOCKET_BAD,
				                p[i].revents & POLLOUT ? p[i].fd : ARES_SOCKET_BAD);
	}
}

static int
error_of(int status)
{
	switch (status) {
	case ARES_SUCCESS: return 0;
	case ARES_ENODATA: return WSANO_DATA;
	case ARES_ENOTFOUND:
	case ARES_EBADNAME:
	case ARES_ENONAME: return WSAHOST_NOT_FOUND;
	case ARES_ENOMEM: return WSAENOBUFS;
	case ARES_ESERVFAIL:
	case ARES_ETIMEOUT:
	case ARES_ECONNREFUSED: return birth.network ? WSATRY_AGAIN : WSAHOST_NOT_FOUND;
	default: return birth.network ? WSANO_RECOVERY : WSAHOST_NOT_FOUND;
	}
}

static int
look_up(const char *name, int family, bool numeric, bool ask, struct resolved *out)
{
	static const uint8_t one4[4] = { 127, 0, 0, 1 }, one6[16] = { [15] = 1 };
	size_t n = strlen(name);
	out->n = 0;
	out->canonical[0] = 0;
	if (n >= RESOLVE_NAME)
		return WSAHOST_NOT_FOUND;
	memcpy(out->canonical, name, n + 1);
	if (number(name, family, out))
		return 0;
	if (numeric)
		return WSAHOST_NOT_FOUND;
	char own[RESOLVE_NAME] = "";
	host_name(own);
	/* RFC 6761 6.3: localhost and what ends with it is this machine */
	bool local = !n || !strcasecmp(name, "localhost") ||
	             (n > 10 && !strcasecmp(name + n - 10, ".localhost"));
	if (!local && !strcasecmp(name, own) && (!birth.network || birth.hostname))
		local = true;
	if (local) {
		if (family != AF_INET)
			add(out, AF_INET6, one6, 0);
		if (family != AF_INET6)
			add(out, AF_INET, one4, 0);
		if (!n)
			memcpy(out->canonical, own, strlen(own) + 1);
		return 0;
	}
	ares_channel c = ask ? channel() : channel_with("f", 0);
	if (!c)
		return WSANO_RECOVERY;
	struct answer a = { .out = out, .status = ARES_ETIMEOUT };
	struct ares_addrinfo_hints hints = { .ai_family = family, .ai_flags = ARES_AI_CANONNAME };
	ares_getaddrinfo(c, name, NULL, &hints, got, &a);
	drive(c, &a);
	ares_destroy(c);
	if (a.status == ARES_SUCCESS && !out->n)
		return WSANO_DATA;
	return error_of(a.status);
}

int
resolve_name(const char *name, int family, bool numeric, struct resolved *out)
{
	return look_up(name, family, numeric, true, out);
}

int
resolve_local(const char *name, int family, struct resolved *out)
{
	return look_up(name, family, false, false, out);
}

int
resolve_address(const struct resolve_address *a, char *name, size_t room)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	memcpy(&v4.sin_addr, a->bytes, 4);
	memcpy(&v6.sin6_addr, a->bytes, 16);
	ares_channel c = channel();
	if (!c)
		return WSANO_RECOVERY;
	struct answer answer = { .name = name, .room = room, .status = ARES_ETIMEOUT };
	if (a->family == AF_INET)
		ares_getnameinfo(c, (struct sockaddr *)&v4, sizeof v4,
		                 ARES_NI_LOOKUPHOST | ARES_NI_NAMEREQD, got_name, &answer);
	else
		ares_getnameinfo(c, (struct sockaddr *)&v6, sizeof v6,
		                 ARES_NI_LOOKUPHOST | ARES_NI_NAMEREQD, got_name, &answer);
	drive(c, &answer);
	ares_destroy(c);
	return error_of(answer.status);
}

/* -- questions ---------------------------------------------------------------------- */

struct reply {
	struct answer a; /* for drive() */
	uint8_t *message;
	size_t n;
};

static void
got_message(void *ctx, int status, int timeouts, unsigned char *message, int n)
{
	struct reply *r = ctx;
	(void)timeouts;
	r->a.status = status;
	r->a.done = true;
	if (message && n > 0 && (r->message = malloc((size_t)n))) {
		memcpy(r->message, message, (size_t)n);
		r->n = (size_t)n;
	}
}

static enum resolve_reply
reply_of(int status)
{
	switch (status) {
	case ARES_SUCCESS: return RESOLVE_OK;
	case ARES_ENODATA: return RESOLVE_NO_RECORDS;
	case ARES_ENOTFOUND: return RESOLVE_NO_NAME;
	case ARES_EFORMERR: return RESOLVE_FORMAT;
	case ARES_ENOTIMP: return RESOLVE_NOT_DONE;
	case ARES_EREFUSED: return RESOLVE_REFUSED;
	case ARES_EBADNAME: return RESOLVE_BAD_NAME;
	case ARES_ETIMEOUT: return RESOLVE_TIMEOUT;
	/* also when each of the servers has refused or failed */
	default: return RESOLVE_FAILURE;
	}
}

enum resolve_reply
resolve_query(const struct resolve_question *q, uint8_t **message, size_t *n)
{
	enum { INTERNET = 1 };
	struct ares_addr_node servers[8];
	struct reply r = { .a.status = ARES_ETIMEOUT };
	*message = NULL;
	*n = 0;
	if (!birth.network)
		return RESOLVE_NO_SERVER;
	ares_channel c = channel_with("b", (q->tcp ? ARES_FLAG_USEVC : 0) |
	                                           (q->no_recursion ? ARES_FLAG_NORECURSE : 0));
	if (!c)
		return RESOLVE_FAILURE;
	size_t given = q->nservers < 8 ? q->nservers : 8;
	for (size_t i = 0; i < given; i++) {
		servers[i] =
		        (struct ares_addr_node){ .family = AF_INET,
			                         .next = i + 1 < given ? &servers[i + 1] : NULL };
		servers[i].addr.addr4.s_addr = q->servers[i];
	}
	if (given)
		ares_set_servers(c, servers);
	(q->exact ? ares_query : ares_search)(c, q->name, INTERNET, q->type, got_message, &r);
	drive(c, &r.a);
	ares_destroy(c);
	*message = r.message;
	*n = r.n;
	return reply_of(r.a.status);
}

/* -- services and protocols --------------------------------------------------------- */

static const struct service {
	const char *name;
	uint16_t port;
	const char *protocols;
} services[] = {
#define SERVICE(name, port, protocols) { name, port, protocols },
#include "layer/api/nt/socket/service.def"
#undef SERVICE
};

int
resolve_service(const char *name, const char *protocol, uint16_t *port, const char **spelled)
{
	char *end;
	unsigned long n = strtoul(name, &end, 10);
	*spelled = name;
	if (*name && !*end) {
		*port = (uint16_t)n;
		return n > 65535 ? WSATYPE_NOT_FOUND : 0;
	}
	for (size_t i = 0; i < sizeof services / sizeof *services; i++)
		if (!strcasecmp(services[i].name, name) &&
		    (!protocol || strstr(services[i].protocols, protocol))) {
			*port = services[i].port;
			*spelled = services[i].name;
			return 0;
		}
	return WSATYPE_NOT_FOUND;
}

const char *
resolve_port(uint16_t port, const char *protocol)
{
	for (size_t i = 0; i < sizeof services / sizeof *services; i++)
		if (services[i].port == port &&
		    (!protocol || strstr(services[i].protocols, protocol)))
			return services[i].name;
	return NULL;
}

static const struct protocol {
	const char *name;
	int number;
} protocols[] = {
	{ "ip", 0 },   { "icmp", 1 }, { "igmp", 2 }, { "ggp", 3 },
	{ "tcp", 6 },  { "egp", 8 },  { "udp", 17 }, { "ipv6", 41 },
	{ "gre", 47 }, { "esp", 50 }, { "ah", 51 },  { "ipv6-icmp", 58 },
};

int
resolve_protocol(const char *name)
{
	for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
		if (!strcasecmp(protocols[i].name, name))
			return protocols[i].number;
	return -1;
}

const char *
resolve_protocol_name(int n)
{
	for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
		if (protocols[i].number == n)
			return protocols[i].name;
	return NULL;
}
