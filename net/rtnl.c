/* SPDX-License-Identifier: Apache-2.0 */
#include "net/rtnl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One request as it grows.  Its attributes are few and short: the buffer is
 * larger than they can become. */
struct request {
	_Alignas(struct nlmsghdr) char buf[1024];
	struct nlmsghdr *head;
};

static void *
begin(struct request *r, uint16_t type, uint16_t flags, size_t body)
{
	memset(r, 0, sizeof *r);
	r->head = (struct nlmsghdr *)r->buf;
	r->head->nlmsg_len = (uint32_t)NLMSG_LENGTH(body);
	r->head->nlmsg_type = type;
	r->head->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	return NLMSG_DATA(r->head);
}

static struct rtattr *
add(struct request *r, uint16_t type, const void *data, size_t n)
{
	struct rtattr *a = (struct rtattr *)(r->buf + NLMSG_ALIGN(r->head->nlmsg_len));

	a->rta_type = type;
	a->rta_len = (uint16_t)RTA_LENGTH(n);
	if (n)
		memcpy(RTA_DATA(a), data, n);
	r->head->nlmsg_len = NLMSG_ALIGN(r->head->nlmsg_len) + RTA_ALIGN(a->rta_len);
	return a;
}

static void
end(struct request *r, struct rtattr *nest)
{
	nest->rta_len = (uint16_t)(r->buf + r->head->nlmsg_len - (char *)nest);
}

/* Send and wait for the answer: 0, or -1 with the kernel's errno. */
static int
ask(struct request *r)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	_Alignas(struct nlmsghdr) char buf[4096];
	int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), why = 0;

	if (sock < 0)
		return -1;
	if (sendto(sock, r->buf, r->head->nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof kernel) <
	    0)
		why = errno;
	ssize_t n = why ? 0 : recv(sock, buf, sizeof buf, 0);
	if (n < 0)
		why = errno;
	struct nlmsghdr *h = (struct nlmsghdr *)buf;
	if (n > 0 && (size_t)n >= NLMSG_LENGTH(sizeof(struct nlmsgerr)) &&
	    h->nlmsg_type == NLMSG_ERROR)
		why = -((struct nlmsgerr *)NLMSG_DATA(h))->error;
	close(sock);
	errno = why;
	return why ? -1 : 0;
}

static int
index_of(const char *link, struct err *e)
{
	unsigned i = if_nametoindex(link);

	return i ? (int)i : fail(e, errno, "network device '%s': %s", link, strerror(errno));
}

bool
rtnl_allowed(void)
{
	struct request r;
	/* The right is asked for before the device is looked for, and this one never is. */
	struct ifinfomsg *m = begin(&r, RTM_DELLINK, 0, sizeof *m);

	m->ifi_index = INT_MAX;
	return ask(&r) == 0 || errno != EPERM;
}

int
rtnl_bridge(const char *name, struct err *e)
{
	struct request r;

	begin(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
	add(&r, IFLA_IFNAME, name, strlen(name) + 1);
	struct rtattr *info = add(&r, IFLA_LINKINFO, NULL, 0);
	add(&r, IFLA_INFO_KIND, "bridge", 6);
	end(&r, info);
	if (ask(&r) == 0 || errno == EEXIST)
		return 0;
	fail(e, errno, "cannot make bridge '%s': %s", name, strerror(errno));
	if (errno == EOPNOTSUPP)
		err_hint(e, "this kernel has no bridges: modprobe bridge");
	return -1;
}

int
rtnl_veth(const char *name, const char *master, const char *peer, pid_t pid,
          const uint8_t peer_mac[6], struct err *e)
{
	struct request r;
	int32_t bridge = index_of(master, e), ns = pid;

	if (bridge < 0)
		return -1;
	begin(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
	add(&r, IFLA_IFNAME, name, strlen(name) + 1);
	add(&r, IFLA_MASTER, &bridge, sizeof bridge);
	struct rtattr *info = add(&r, IFLA_LINKINFO, NULL, 0);
	add(&r, IFLA_INFO_KIND, "veth", 4);
	struct rtattr *data = add(&r, IFLA_INFO_DATA, NULL, 0);
	struct rtattr *other = add(&r, VETH_INFO_PEER, NULL, 0);
	r.head->nlmsg_len += (uint32_t)sizeof(struct ifinfomsg);
	add(&r, IFLA_IFNAME, peer, strlen(peer) + 1);
	add(&r, IFLA_ADDRESS, peer_mac, 6);
	add(&r, IFLA_NET_NS_PID, &ns, sizeof ns);
	end(&r, other);
	end(&r, data);
	end(&r, info);
	if (ask(&r) < 0)
		return fail(e, errno, "cannot make the network device '%s': %s", name,
		            strerror(errno));
	return 0;
}

int
rtnl_address(const char *link, uint32_t ip, int prefix, struct err *e)
{
	struct request r;
	uint32_t net = htonl(ip), all = htonl(ip | (prefix < 32 ? UINT32_MAX >> prefix : 0));
	int i = index_of(link, e);

	if (i < 0)
		return -1;
	struct ifaddrmsg *m = begin(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof *m);
	m->ifa_family = AF_INET;
	m->ifa_prefixlen = (uint8_t)prefix;
	m->ifa_index = (uint32_t)i;
	add(&r, IFA_LOCAL, &net, sizeof net);
	add(&r, IFA_ADDRESS, &net, sizeof net);
	add(&r, IFA_BROADCAST, &all, sizeof all);
	if (ask(&r) < 0 && errno != EEXIST)
		return fail(e, errno, "cannot give '%s' its address: %s", link, strerror(errno));
	return 0;
}

int
rtnl_up(const char *link, struct err *e)
{
	struct request r;
	int i = index_of(link, e);

	if (i < 0)
		return -1;
	struct ifinfomsg *m = begin(&r, RTM_NEWLINK, 0, sizeof *m);
	m->ifi_index = i;
	m->ifi_flags = m->ifi_change = IFF_UP;
	if (ask(&r) < 0)
		return fail(e, errno, "cannot bring '%s' up: %s", link, strerror(errno));
	return 0;
}

int
rtnl_master(const char *link, const char *bridge, struct err *e)
{
	struct request r;
	int i = index_of(link, e);
	int32_t master = i < 0 ? -1 : index_of(bridge, e);

	if (master < 0)
		return -1;
	struct ifinfomsg *m = begin(&r, RTM_NEWLINK, 0, sizeof *m);
	m->ifi_index = i;
	add(&r, IFLA_MASTER, &master, sizeof master);
	if (ask(&r) < 0)
		return fail(e, errno, "cannot put '%s' on bridge '%s': %s", link, bridge,
		            strerror(errno));
	return 0;
}

int
rtnl_default_route(uint32_t gateway, struct err *e)
{
	struct request r;
	uint32_t net = htonl(gateway);
	struct rtmsg *m = begin(&r, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, sizeof *m);

	m->rtm_family = AF_INET;
	m->rtm_table = RT_TABLE_MAIN;
	m->rtm_protocol = RTPROT_BOOT;
	m->rtm_scope = RT_SCOPE_UNIVERSE;
	m->rtm_type = RTN_UNICAST;
	add(&r, RTA_GATEWAY, &net, sizeof net);
	if (ask(&r) < 0 && errno != EEXIST)
		return fail(e, errno, "cannot set the default route: %s", strerror(errno));
	return 0;
}

int
rtnl_delete(const char *link, struct err *e)
{
	struct request r;
	unsigned i = if_nametoindex(link);

	if (!i)
		return 0;
	struct ifinfomsg *m = begin(&r, RTM_DELLINK, 0, sizeof *m);
	m->ifi_index = (int)i;
	if (ask(&r) < 0 && errno != ENODEV)
		return fail(e, errno, "cannot remove '%s': %s", link, strerror(errno));
	return 0;
}
