/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/pull.h"
#include <errno.h>
int
pull_command(struct image_store *s, const struct options *o, struct err *e)
{
	(void)s;
	(void)o;
	return fail(e, ENOSYS, "pull is not built yet");
}
