/* cgtree.h -- folders in the hierarchies of cgroups: found, made, emptied and
 * taken away.
 *
 * Everything here works on a hierarchy's root folder (`top`) and a path below
 * it (`rel`), and knows neither containers nor limits.  A folder that cannot
 * be removed is left without a word: whoever comes next (cgroup_recover) tries
 * again.  The monitor's thread only.
 */
#ifndef LAYER_OS_CGTREE_H
#define LAYER_OS_CGTREE_H

#include <stdbool.h>

/* Where version 2 is mounted: alone, or beside version 1; NULL: it is not.
 * The text is a constant. */
const char *cgtree_v2_path(void);

/* Root folders, the caller's to close; -1 when there is no such hierarchy. */
int cgtree_v2(void);
int cgtree_v1(const char *controller);

/* Our own cgroup in version 2, as /proc/self/cgroup says ("/" is the root), or
 * NULL.  The caller's. */
char *cgtree_own(void);

/* mkdir -p below `top`, in version 2 with all controllers that the way down
 * has.  The last folder, the caller's, or -1 with errno set. */
int cgtree_make(int top, const char *rel, bool v2);

/* Give the controllers of each folder above `rel` to its children. */
void cgtree_enable(int top, const char *rel);

/* A cpuset of version 1 begins empty, and nothing can run in an empty one:
 * each folder on the way to `rel` takes what the one above it has. */
void cgtree_fill_cpuset(int top, const char *rel);

/* Does a folder, or one below it, hold a process? */
bool cgtree_busy(int dir);

/* End all processes of a folder and of those below it, frozen ones as well. */
void cgtree_kill(int dir);

/* Remove a folder and what was made below it; waits a moment for processes
 * that have ended but not yet left, and ends those that have not. */
void cgtree_remove(int top, const char *rel);

#endif
