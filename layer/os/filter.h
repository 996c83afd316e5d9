/* filter.h -- the filter of system calls: the default profile (seccomp.def)
 * or one of the user's own (config-linux.md#seccomp).
 *
 * Compiling takes milliseconds, so programs are kept in the store's cache
 * beside the exact text that they were made from; a file is used only when
 * that text is what we would compile now.  Loading is one system call in the
 * child.
 */
#ifndef LAYER_OS_FILTER_H
#define LAYER_OS_FILTER_H

#include <jansson.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct filter;

/* `profile` NULL: the default one for a container with these capabilities.
 * `cache` is a folder's descriptor or -1.  *out is the caller's. */
int filter_prepare(const json_t *profile, uint64_t caps, int cache, struct filter **out,
                    struct err *e);
void filter_free(struct filter *s);

/* In the child.  *notify receives the listener's descriptor when the profile
 * has SCMP_ACT_NOTIFY, else it stays. */
int filter_load(const struct filter *s, int *notify, struct err *e);

/* In the monitor: hand the listener to the agent at listenerPath, with the
 * state that runtime-spec calls containerProcessState. */
int filter_notify(const struct filter *s, pid_t pid, int fd, const char *name, struct err *e);

#endif
