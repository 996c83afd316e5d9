/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/socket/netlink.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/inet_diag.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layer/api/nt/process/birth.h"

enum { ROOM = 32768, DESCRIPTORS = 4096, USUAL_SPEED = 1000000000 };

/* What is collected: n things of one size. */
struct list {
	char *at;
	size_t n, size, room;
	bool full; /* there was no memory */
};

static void *
more(struct list *l)
{
	if (l->n == l->room) {
		size_t room = l->room ? l->room * 2 : 16;
		char *p = reallocarray(l->at, room, l->size);
		if (!p) {
			l->full = true;
			return NULL;
		}
		l->at = p;
		l->room = room;
	}
	return memset(l->at + l->n++ * l->size, 0, l->size);
}

static bool
finish(struct list *l, bool fine, void *out, size_t *n)
{
	if (!fine || l->full) {
		free(l->at);
		return false;
	}
	memcpy(out, &l->at, sizeof l->at);
	*n = l->n;
	return true;
}

/* -- questions and answers ----------------------------------------------------------------- */

typedef void each(const struct nlmsghdr *h, void *ctx);

struct question {
	struct nlmsghdr h;
	char body[128];
};

/* 0, or an errno; each answer is told. */
static int
answers(int fd, bool many, each *f, void *ctx)
{
	char *buf = malloc(ROOM);
	int e = buf ? -1 : ENOMEM;
	while (e < 0) {
		ssize_t got = recv(fd, buf, ROOM, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			e = got < 0 ? errno : EIO;
			break;
		}
		const struct nlmsghdr *h = (const struct nlmsghdr *)(const void *)buf;
		for (size_t left = (size_t)got; NLMSG_OK(h, left) && e < 0;
		     h = NLMSG_NEXT(h, left)) {
			if (h->nlmsg_type == NLMSG_DONE) {
				e = 0;
			} else if (h->nlmsg_type == NLMSG_ERROR) {
				const struct nlmsgerr *x = NLMSG_DATA(h);
				e = h->nlmsg_len >= NLMSG_LENGTH(sizeof *x) ? -x->error : EIO;
			} else {
				f(h, ctx);
				if (!many)
					e = 0;
			}
		}
	}
	free(buf);
	return e;
}

static int
ask(int protocol, struct question *q, size_t body, bool many, each *f, void *ctx)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		return errno;
	q->h.nlmsg_len = (uint32_t)NLMSG_LENGTH(body);
	q->h.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | (many ? NLM_F_DUMP : 0));
	int e = send(fd, q, q->h.nlmsg_len, 0) < 0 ? errno : answers(fd, many, f, ctx);
	close(fd);
	return e;
}

static bool
dump(uint16_t type, int family, each *f, struct list *l)
{
	/* each family's structure begins with the family; the largest is ifinfomsg's */
	struct question q = { .h.nlmsg_type = type };
	q.body[0] = (char)family;
	return ask(NETLINK_ROUTE, &q, sizeof(struct ifinfomsg), true, f, l) == 0;
}

/* The attributes behind a message's structure. */
static void
attributes(const struct nlmsghdr *h, size_t size, const struct rtattr **out, unsigned most)
{
	memset(out, 0, (most + 1) * sizeof *out);
	if (h->nlmsg_len < NLMSG_LENGTH(size))
		return;
	size_t left = h->nlmsg_len - NLMSG_LENGTH(size);
	const char *at = (const char *)NLMSG_DATA(h) + NLMSG_ALIGN(size);
	for (const struct rtattr *a = (const void *)at; RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type <= most)
			out[a->rta_type] = a;
}

static uint32_t
word(const struct rtattr *a, uint32_t otherwise)
{
	uint32_t v = otherwise;
	if (a && RTA_PAYLOAD(a) >= sizeof v)
		memcpy(&v, RTA_DATA(a), sizeof v);
	return v;
}

static void
address(const struct rtattr *a, int family, struct netlink_address *out)
{
	size_t n = family == AF_INET ? 4 : 16;
	out->family = family;
	if (a && RTA_PAYLOAD(a) >= n)
		memcpy(out->byte, RTA_DATA(a), n);
	else if (!a)
		memset(out->byte, 0, 16);
}

static bool
inet(int family)
{
	return family == AF_INET || family == AF_INET6;
}

/* -- links ------------------------------------------------------------------------------------ */

static void
counts(struct netlink_link *l, const struct rtattr *a)
{
	struct rtnl_link_stats64 s = { 0 };
	if (!a)
		return;
	memcpy(&s, RTA_DATA(a), RTA_PAYLOAD(a) < sizeof s ? RTA_PAYLOAD(a) : sizeof s);
	l->in.bytes = s.rx_bytes;
	l->in.packets = s.rx_packets;
	l->in.multicast = s.multicast;
	l->in.drops = s.rx_dropped;
	l->in.errors = s.rx_errors;
	l->out.bytes = s.tx_bytes;
	l->out.packets = s.tx_packets;
	l->out.drops = s.tx_dropped;
	l->out.errors = s.tx_errors;
}

static void
one_link(const struct nlmsghdr *h, void *ctx)
{
	const struct rtattr *a[IFLA_STATS64 + 1];
	const struct ifinfomsg *i = NLMSG_DATA(h);
	struct netlink_link *l;
	if (h->nlmsg_type != RTM_NEWLINK || h->nlmsg_len < NLMSG_LENGTH(sizeof *i) ||
	    !(l = more(ctx)))
		return;
	attributes(h, sizeof *i, a, IFLA_STATS64);
	l->index = (uint32_t)i->ifi_index;
	l->flags = i->ifi_flags;
	l->mtu = word(a[IFLA_MTU], 1500);
	l->speed = USUAL_SPEED;
	if (a[IFLA_IFNAME])
		strncpy(l->name, RTA_DATA(a[IFLA_IFNAME]), sizeof l->name - 1);
	if (a[IFLA_ADDRESS] && RTA_PAYLOAD(a[IFLA_ADDRESS]) <= sizeof l->address &&
	    !(l->flags & IFF_LOOPBACK)) {
		l->address_length = (uint32_t)RTA_PAYLOAD(a[IFLA_ADDRESS]);
		memcpy(l->address, RTA_DATA(a[IFLA_ADDRESS]), l->address_length);
	}
	counts(l, a[IFLA_STATS64]);
}

/* What a driver says of its speed, if it says anything. */
static void
speeds(struct netlink_link *l, size_t n)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	for (size_t i = 0; fd >= 0 && i < n; i++) {
		struct ethtool_cmd c = { .cmd = ETHTOOL_GSET };
		struct ifreq r = { .ifr_data = (void *)&c };
		memcpy(r.ifr_name, l[i].name, sizeof l[i].name);
		if (ioctl(fd, SIOCETHTOOL, &r) < 0)
			continue;
		uint32_t speed = ethtool_cmd_speed(&c);
		if (speed && speed < 1000000)
			l[i].speed = speed * UINT64_C(1000000);
	}
	if (fd >= 0)
		close(fd);
}

bool
netlink_links(struct netlink_link **out, size_t *n)
{
	struct list l = { .size = sizeof **out };
	if (birth.network) {
		bool fine = dump(RTM_GETLINK, AF_UNSPEC, one_link, &l);
		if (fine)
			speeds((struct netlink_link *)(void *)l.at, l.n);
		return finish(&l, fine, out, n);
	}
	struct netlink_link *lo = more(&l);
	if (lo)
		*lo = (struct netlink_link){ .index = 1,
			                     .flags = IFF_UP | IFF_RUNNING | IFF_LOOPBACK,
			                     .mtu = 65536,
			                     .name = "lo",
			                     .speed = USUAL_SPEED };
	return finish(&l, true, out, n);
}

/* -- addresses ---------------------------------------------------------------------------------- */

static void
one_unicast(const struct nlmsghdr *h, void *ctx)
{
	const struct rtattr *a[IFA_FLAGS + 1];
	const struct ifaddrmsg *i = NLMSG_DATA(h);
	struct netlink_unicast *u;
	if (h->nlmsg_type != RTM_NEWADDR || h->nlmsg_len < NLMSG_LENGTH(sizeof *i) ||
	    !inet(i->ifa_family) || !(u = more(ctx)))
		return;
	attributes(h, sizeof *i, a, IFA_FLAGS);
	u->index = i->ifa_index;
	u->length = i->ifa_prefixlen;
	u->tentative = i->ifa_flags & IFA_F_TENTATIVE;
	u->valid = u->preferred = UINT32_MAX;
	/* of a link between two, IFA_ADDRESS is the other's */
	address(a[IFA_LOCAL] ? a[IFA_LOCAL] : a[IFA_ADDRESS], i->ifa_family, &u->address);
	if (a[IFA_CACHEINFO] && RTA_PAYLOAD(a[IFA_CACHEINFO]) >= sizeof(struct ifa_cacheinfo)) {
		struct ifa_cacheinfo c;
		memcpy(&c, RTA_DATA(a[IFA_CACHEINFO]), sizeof c);
		u->valid = c.ifa_valid;
		u->preferred = c.ifa_prefered;
	}
}

/* This machine to itself. */
static struct netlink_address
loopback(int family)
{
	struct netlink_address a = { .family = family };
	if (family == AF_INET)
		memcpy(a.byte, (BYTE[]){ 127, 0, 0, 1 }, 4);
	else
		a.byte[15] = 1;
	return a;
}

bool
netlink_unicasts(int family, struct netlink_unicast **out, size_t *n)
{
	struct list l = { .size = sizeof **out };
	if (birth.network)
		return finish(&l, dump(RTM_GETADDR, family, one_unicast, &l), out, n);
	for (int i = 0; i < 2; i++) {
		int f = i ? AF_INET6 : AF_INET;
		struct netlink_unicast *u = family && family != f ? NULL : more(&l);
		if (u)
			*u = (struct netlink_unicast){ 1,          f == AF_INET ? 8 : 128,
				                       UINT32_MAX, UINT32_MAX,
				                       false,      loopback(f) };
	}
	return finish(&l, true, out, n);
}

/* -- routes --------------------------------------------------------------------------------------- */

static bool
route(const struct nlmsghdr *h, struct netlink_route *r)
{
	const struct rtattr *a[RTA_TABLE + 1];
	const struct rtmsg *m = NLMSG_DATA(h);
	if (h->nlmsg_type != RTM_NEWROUTE || h->nlmsg_len < NLMSG_LENGTH(sizeof *m) ||
	    !inet(m->rtm_family))
		return false;
	attributes(h, sizeof *m, a, RTA_TABLE);
	*r = (struct netlink_route){ .length = m->rtm_dst_len, .protocol = m->rtm_protocol };
	r->index = word(a[RTA_OIF], 0);
	r->metric = word(a[RTA_PRIORITY], 0);
	r->local = m->rtm_type == RTN_LOCAL;
	address(a[RTA_DST], m->rtm_family, &r->destination);
	address(a[RTA_GATEWAY], m->rtm_family, &r->gateway);
	address(a[RTA_PREFSRC], m->rtm_family, &r->source);
	if (!a[RTA_PREFSRC])
		r->source.family = 0;
	return m->rtm_type == RTN_UNICAST || m->rtm_type == RTN_LOCAL;
}

static void
one_route(const struct nlmsghdr *h, void *ctx)
{
	struct netlink_route r, *p;
	if (route(h, &r) && r.index && (p = more(ctx)))
		*p = r;
}

static struct netlink_route
own_route(int family)
{
	struct netlink_route r = { .index = 1, .length = family == AF_INET ? 8 : 128 };
	r.local = true;
	r.destination = r.source = loopback(family);
	if (family == AF_INET)
		r.destination.byte[3] = 0;
	r.gateway.family = family;
	return r;
}

bool
netlink_routes(int family, struct netlink_route **out, size_t *n)
{
	struct list l = { .size = sizeof **out };
	if (birth.network)
		return finish(&l, dump(RTM_GETROUTE, family, one_route, &l), out, n);
	for (int i = 0; i < 2; i++) {
		int f = i ? AF_INET6 : AF_INET;
		struct netlink_route *r = family && family != f ? NULL : more(&l);
		if (r)
			*r = own_route(f);
	}
	return finish(&l, true, out, n);
}

static void
the_route(const struct nlmsghdr *h, void *ctx)
{
	struct netlink_route *r = ctx;
	if (!route(h, r))
		r->index = 0;
}

static size_t
put(struct question *q, size_t at, uint16_t type, const void *p, size_t n)
{
	struct rtattr a = { (uint16_t)RTA_LENGTH(n), type };
	memcpy(q->body + at, &a, sizeof a);
	memcpy(q->body + at + RTA_LENGTH(0), p, n);
	return at + RTA_ALIGN(RTA_LENGTH(n));
}

int
netlink_way(const struct netlink_address *to, uint32_t index, struct netlink_route *out)
{
	size_t size = to->family == AF_INET ? 4 : 16, n = NLMSG_ALIGN(sizeof(struct rtmsg));
	if (!birth.network) {
		struct netlink_address lo = loopback(to->family);
		bool is =
		        to->family == AF_INET ? to->byte[0] == 127 : !memcmp(to->byte, lo.byte, 16);
		*out = own_route(to->family);
		return is && index <= 1 ? 0 : ENETUNREACH;
	}
	struct question q = { .h.nlmsg_type = RTM_GETROUTE };
	struct rtmsg m = { .rtm_family = (uint8_t)to->family, .rtm_dst_len = (uint8_t)(size * 8) };
	memcpy(q.body, &m, sizeof m);
	n = put(&q, n, RTA_DST, to->byte, size);
	if (index)
		n = put(&q, n, RTA_OIF, &index, sizeof index);
	memset(out, 0, sizeof *out);
	int e = ask(NETLINK_ROUTE, &q, n, false, the_route, out);
	return e ? e : out->index ? 0 : ENETUNREACH;
}

/* -- neighbours ------------------------------------------------------------------------------------- */

static void
one_neighbour(const struct nlmsghdr *h, void *ctx)
{
	const struct rtattr *a[NDA_LLADDR + 1];
	const struct ndmsg *m = NLMSG_DATA(h);
	struct netlink_neighbour *p;
	if (h->nlmsg_type != RTM_NEWNEIGH || h->nlmsg_len < NLMSG_LENGTH(sizeof *m) ||
	    !inet(m->ndm_family) || !(p = more(ctx)))
		return;
	attributes(h, sizeof *m, a, NDA_LLADDR);
	p->index = (uint32_t)m->ndm_ifindex;
	p->state = m->ndm_state;
	p->router = m->ndm_flags & NTF_ROUTER;
	address(a[NDA_DST], m->ndm_family, &p->address);
	if (a[NDA_LLADDR] && RTA_PAYLOAD(a[NDA_LLADDR]) <= sizeof p->physical) {
		p->length = (uint32_t)RTA_PAYLOAD(a[NDA_LLADDR]);
		memcpy(p->physical, RTA_DATA(a[NDA_LLADDR]), p->length);
	}
}

bool
netlink_neighbours(int family, struct netlink_neighbour **out, size_t *n)
{
	struct list l = { .size = sizeof **out };
	return finish(&l, !birth.network || dump(RTM_GETNEIGH, family, one_neighbour, &l), out, n);
}

/* -- connections -------------------------------------------------------------------------------------- */

static void
one_socket(const struct nlmsghdr *h, void *ctx)
{
	const struct inet_diag_msg *m = NLMSG_DATA(h);
	struct netlink_socket *s;
	if (h->nlmsg_len < NLMSG_LENGTH(sizeof *m) || !inet(m->idiag_family) || !(s = more(ctx)))
		return;
	s->family = m->idiag_family;
	s->state = m->idiag_state;
	s->inode = m->idiag_inode;
	s->local_port = m->id.idiag_sport;
	s->remote_port = m->id.idiag_dport;
	s->local.family = s->remote.family = m->idiag_family;
	memcpy(s->local.byte, m->id.idiag_src, sizeof s->local.byte);
	memcpy(s->remote.byte, m->id.idiag_dst, sizeof s->remote.byte);
}

/* Whose the others are is not for us to see. */
static void
find_own(struct netlink_socket *s, size_t n)
{
	for (int fd = 0; n && fd < DESCRIPTORS; fd++) {
		struct stat st;
		if (fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode))
			continue;
		for (size_t i = 0; i < n; i++)
			s[i].own |= s[i].inode && s[i].inode == st.st_ino;
	}
}

bool
netlink_sockets(int family, int protocol, struct netlink_socket **out, size_t *n)
{
	struct list l = { .size = sizeof **out };
	struct question q = { .h.nlmsg_type = SOCK_DIAG_BY_FAMILY };
	struct inet_diag_req_v2 r = { .sdiag_family = (uint8_t)family,
		                      .sdiag_protocol = (uint8_t)protocol,
		                      .idiag_states = UINT32_MAX };
	memcpy(q.body, &r, sizeof r);
	bool fine =
	        !birth.network || ask(NETLINK_SOCK_DIAG, &q, sizeof r, true, one_socket, &l) == 0;
	if (fine)
		find_own((struct netlink_socket *)(void *)l.at, l.n);
	return finish(&l, fine, out, n);
}

/* -- changes -------------------------------------------------------------------------------------------- */

int
netlink_watch(void)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK,
		                 .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR |
		                              RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
		                              RTMGRP_IPV6_ROUTE };
	int fd = birth.network ? socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	                                NETLINK_ROUTE)
	                       : -1;
	if (fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}
