/* lsm.h -- AppArmor profile and SELinux label of the program, at its execve.
 *
 * Asked for on a host that has no such module is an error: a confinement that
 * silently is none would be worse than none.
 */
#ifndef LAYER_OS_LSM_H
#define LAYER_OS_LSM_H

#include "base/err.h"

/* In the monitor: mounts are not labelled here, so that a label for them
 * (linux.mountLabel) is an error as well.  NULL is not asked for. */
int lsm_check(const char *mount_label, struct err *e);

/* In the child, with /proc mounted; NULL is not asked for. */
int lsm_apply(const char *apparmor, const char *selinux, struct err *e);

#endif
