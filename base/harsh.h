/* harsh.h -- is this the build that gives bugs a chance (`make harsh`)?
 *
 * A constant, so that what it guards costs nothing elsewhere: write
 * `if (harsh_on()) ...`, never a conditional.  In such a build the calls below
 * are replaced when the program is linked (base/harsh_wrap.c):
 *
 *   read, write     on pipes and stream sockets now and then move less than was
 *                   asked or fail with EINTR; on ordinary files only the first.
 *                   Kernel files (proc, sysfs, cgroup) are left alone: there a
 *                   short write is another write.
 *   malloc, calloc, realloc   fail at the n-th call of the process, when
 *                   JOIST_HARSH_ALLOC=n is in the environment.
 *
 * JOIST_HARSH_IO=n sets how often (every n-th call, 0 for never, normally 5).
 * Nothing here depends on time or chance, so that a failure can be repeated.
 */
#ifndef BASE_HARSH_H
#define BASE_HARSH_H

#include <stdbool.h>

static inline bool
harsh_on(void)
{
	return JOIST_HARSH;
}

#endif
