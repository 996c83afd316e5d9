/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/push.h"
#include <errno.h>
int
push_command(struct image_store *s, const struct options *o, struct err *e)
{
	(void)s;
	(void)o;
	return fail(e, ENOSYS, "push is not built yet");
}
