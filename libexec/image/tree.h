/* tree.h -- making files beneath a folder, and nowhere else.
 *
 * Names come from strangers.  A path is relative, has no "..", and its folders
 * are opened by the kernel under RESOLVE_BENEATH: a link on the way that leads
 * out is refused (EXDEV), one that stays inside is followed.  The last
 * component is only ever made new (O_EXCL, mknod, link, symlink), so nothing
 * that exists is written through.  Descriptors of recent folders are kept, so
 * that a file costs no lookup of its path.  One thread per tree.
 */
#ifndef LIBEXEC_IMAGE_TREE_H
#define LIBEXEC_IMAGE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

enum { TREE_DEPTH = 256, TREE_PATH = 4095 };

struct tree;

/* `root` is a descriptor of the folder, lent. */
struct tree *tree_open(int root);
void tree_close(struct tree *t);                /* NULL is allowed */

/* Check a name from an archive and spell it plainly: no "." and no empty
 * parts, "" for the root itself.  `absolute` allows (and drops) a '/' at the
 * start.  EINVAL with a sentence. */
int tree_plain(const char *name, bool absolute, char path[TREE_PATH + 1], struct err *e);

/* The folder that holds `path` (plain), and the last component in *name.  With
 * `make` missing folders are made.  The descriptor is lent until the next
 * call. */
int tree_parent(struct tree *t, const char *path, bool make, const char **name, struct err *e);

/* An entry of that name is in the way, or to be gone: remove it with all below. */
int tree_remove(struct tree *t, const char *path, struct err *e);

/* Folders made by tree_parent without being asked for: how many. */
size_t tree_implied(const struct tree *t);

#endif
