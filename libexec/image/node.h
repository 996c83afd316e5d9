/* node.h -- one entry of a tar becomes one file, with all that belongs to it.
 *
 * The order is the kernel's: owner, then mode (a change of owner drops the
 * set-user-id bit), then attributes (it drops capabilities as well), then
 * time.  What an unprivileged user may not give (owners, devices, trusted
 * attributes) is left out with one warning a process.
 */
#ifndef LIBEXEC_IMAGE_NODE_H
#define LIBEXEC_IMAGE_NODE_H

#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct node_policy {
	bool owners;            /* give files their owners */
	bool devices;           /* make device nodes */
	bool trusted;           /* trusted.* may be set: we are the host's root */
	bool marks;             /* keep overlayfs's own attributes: the source is ours */
};

/* What this process may do, in the namespace where it is. */
struct node_policy node_policy(void);

/* Owner, mode, attributes and time of dir/name; fd is it open, or -1.  */
int node_attributes(const struct node_policy *p, int dir, const char *name, int fd,
                    struct archive_entry *a, struct err *e);

/* Attributes alone: of a folder whose mode and time come last. */
int node_xattrs(const struct node_policy *p, int dir, const char *name, int fd,
                struct archive_entry *a, struct err *e);

/* A fifo, socket or device. 1: left out. */
int node_special(const struct node_policy *p, int dir, const char *name, struct archive_entry *a,
                 struct err *e);

/* A whiteout (overlayfs.rst): a character device 0:0. */
int node_whiteout(int dir, const char *name, struct err *e);

/* A folder that hides what lies below: dir/name, or dir itself when name is "". */
int node_opaque(const struct node_policy *p, int dir, const char *name, struct err *e);

#endif
