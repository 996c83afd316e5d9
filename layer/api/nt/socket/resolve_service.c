/* SPDX-License-Identifier: Apache-2.0 */
/* c-ares looks services up in the C library, which a static program cannot; we only ask it for
 * hosts, so these two have nothing to say. */
#include <netdb.h>
#include <stddef.h>

struct servent *
getservbyname(const char *name, const char *protocol)
{
	(void)name, (void)protocol;
	return NULL;
}

int
getservbyport_r(int port, const char *protocol, struct servent *entry, char *buffer, size_t room,
                struct servent **result)
{
	(void)port, (void)protocol, (void)entry, (void)buffer, (void)room;
	*result = NULL;
	return 0;
}
