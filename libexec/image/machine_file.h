/* machine_file.h -- a computer that is off as one file, to go on elsewhere.
 *
 * A tar file: joist-machine.json (its configuration, with names for paths), its kernel
 * and images under these names, and the layers of its disks and its snapshots as they are
 * in its folder.  Who imports one trusts its maker no further than any disk: folders of the
 * host, ports and screens that it was given are not, and nothing in it names a file
 * of the host.
 */
#ifndef LIBEXEC_IMAGE_MACHINE_FILE_H
#define LIBEXEC_IMAGE_MACHINE_FILE_H

#include "base/err.h"
#include "img/image.h"
#include "libexec/image/options.h"
#include "libexec/image/pack.h"

/* The first member, by which it is known. */
#define MACHINE_FILE_MARK "joist-machine.json"

int machine_file_save(struct image_store *s, const char *machine, pack_put *put, void *ctx,
                      struct err *e);

/* Make the machine; `name` NULL: the name that it had.  fd is lent, at its beginning. */
int machine_file_load(struct image_store *s, int fd, const char *path, const char *name,
                      struct err *e);

#endif
