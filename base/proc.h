/* proc.h -- other programs, and facts about processes.
 */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* Start argv[0] (looked up on PATH unless it has a slash) with descriptors
 * fd[0..2] as its standard ones (-1: /dev/null) and none other; signals are
 * reset.  env NULL keeps ours.  Returns its pid; a missing program is ENOENT. */
pid_t proc_spawn(char *const argv[], char *const env[], const int fd[3], struct err *e);

/* In a child before its program runs: make fd[0..2] the standard descriptors (-1: /dev/null). */
int proc_stdio(const int fd[3], struct err *e);

/* pid 1 of a pid namespace is spared every signal that it has no handler for, so programs that
 * rely on the default action would never end.  true: this signal would end any other process,
 * and this one has no handler, mask or wish for it: do what the signal would have done, kill. */
bool proc_spared(pid_t pid, int sig);

/* A signal for a process and for all that descend from it, until there are no others: what
 * SIGSTOP has stopped makes no more of them.  One after the other, not at once. */
void proc_signal_tree(pid_t pid, int sig);

/* Wait for a child: exit status 0..255, or 128 + signal. */
int proc_wait(pid_t pid);
int proc_status(int wstatus);

/* Run to its end.  Output (both streams, at most 64 KiB) is returned in *out
 * (own) unless out is NULL.  Returns the exit status or -1. */
int proc_run(char *const argv[], char **out, struct err *e);

/* Is there a program of that name on PATH (or in the sbin folders that a
 * user's PATH often lacks)?  Fills path when it is not NULL. */
bool proc_which(const char *name, char *path, size_t size);

/* Start time of a process in clock ticks since boot (proc(5), stat field 22);
 * 0 if there is none.  With the boot id it names a process for ever. */
uint64_t proc_start_time(pid_t pid);
const char *proc_boot_id(void);         /* 36 characters, cached */

/* Where our helper programs are: beside this program (libexec, ../libexec/joist
 * or its own folder), or $JOIST_LIBEXEC.  The text is xmalloc'ed. */
char *proc_libexec(const char *name);

/* Wall clock in nanoseconds; RFC 3339 text of one (UTC, nanoseconds). */
int64_t proc_now(void);
int64_t proc_monotonic(void);
const char *proc_time_text(int64_t ns, char buf[40]);
int64_t proc_time_parse(const char *text);      /* -1 when it is no RFC 3339 time */

#endif
