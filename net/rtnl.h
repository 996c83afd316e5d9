/* rtnl.h -- links, addresses and routes by rtnetlink(7).
 *
 * Each call is one request and its acknowledgement in the network namespace of
 * the caller's thread.  Errors name what was asked for.
 */
#ifndef NET_RTNL_H
#define NET_RTNL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* May the caller change links here at all?  Changes none. */
bool rtnl_allowed(void);

/* A bridge device; one that exists is fine. */
int rtnl_bridge(const char *name, struct err *e);

/* A pair: `name` here in bridge `master`, `peer` in the namespace of `pid`. */
int rtnl_veth(const char *name, const char *master, const char *peer, pid_t pid,
              const uint8_t peer_mac[6], struct err *e);

/* An IPv4 address (host order) with its prefix; one that is set is fine. */
int rtnl_address(const char *link, uint32_t ip, int prefix, struct err *e);
int rtnl_master(const char *link, const char *bridge, struct err *e);
int rtnl_up(const char *link, struct err *e);
int rtnl_default_route(uint32_t gateway, struct err *e);
int rtnl_delete(const char *link, struct err *e);       /* a missing one is fine */

#endif
