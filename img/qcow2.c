/* SPDX-License-Identifier: Apache-2.0 */
/* qcow2.c -- the format qcow2: not yet more than knowing one. */
#include <errno.h>
#include <string.h>

#include "img/format.h"

static bool
qcow2_probe(const uint8_t *head, size_t n)
{
	return n >= 4 && memcmp(head, "QFI\xfb", 4) == 0;
}

static int
qcow2_open(struct disk *d, struct err *e)
{
	return fail(e, ENOSYS, "disk '%s': qcow2 images cannot be read yet", d->path);
}

static int
qcow2_create(struct platter *p, const char *path, uint64_t size, const struct disk_options *o,
             struct err *e)
{
	(void)p, (void)size, (void)o;
	return fail(e, ENOSYS, "disk '%s': qcow2 images cannot be made yet", path);
}

const struct format qcow2_format = {
	.name = "qcow2",
	.probe = qcow2_probe,
	.open = qcow2_open,
	.create = qcow2_create,
};
