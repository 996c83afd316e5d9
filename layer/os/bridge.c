/* SPDX-License-Identifier: Apache-2.0 */
/* bridge.c -- named networks: see netmode.h. */
#include <errno.h>

#include "layer/os/netmode.h"

static int
reserve(struct net *n, struct err *e)
{
	fail(e, ENOSYS, "--net '%s': named networks are not in this build yet", n->config->mode);
	return err_hint(e, "use --net none, host or user");
}

const struct netmode bridge_mode = { .reserve = reserve };
