/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/export.h"
#include <errno.h>
int export_command(struct image_store *s, const struct options *o, struct err *e) { (void)s; (void)o; return fail(e, ENOSYS, "x"); }
int export_flatten(struct image_store *s, const struct options *o, struct err *e) { (void)s; (void)o; return fail(e, ENOSYS, "x"); }
