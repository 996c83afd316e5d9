/* machine_root.h -- the root of a machine as one folder, seen from outside.
 *
 * Its layers with what it changed on top, mounted as a read-only overlay in a
 * mount namespace of this process alone; where that is refused, a copy.
 */
#ifndef LIBEXEC_IMAGE_MACHINE_ROOT_H
#define LIBEXEC_IMAGE_MACHINE_ROOT_H

#include "base/err.h"
#include "img/image.h"

struct machine_root {
	int fd;                 /* own; the folder */
	char *temporary;        /* own; the copy, or NULL */
};

/* Call it before there are threads.  On failure r owns nothing. */
int machine_root_open(struct machine_root *r, struct image_store *s, const char *machine,
                      struct err *e);
/* The same to be written to: what is changed is the machine's. */
int machine_root_write(struct machine_root *r, struct image_store *s, const char *machine,
                       struct err *e);
void machine_root_close(struct machine_root *r, struct image_store *s);

/* Copy it into machines/NAME/<as>, which appears when it is complete. */
int machine_root_flatten(struct image_store *s, const char *machine, const char *as,
                         struct err *e);

#endif
