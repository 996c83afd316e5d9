/* usage.h -- what processes use, added up from /proc: for floors whose guests are processes.
 *
 * A process that ends meanwhile counts for what could be read of it.
 */
#ifndef CORE_USAGE_H
#define CORE_USAGE_H

#include <jansson.h>
#include <stdint.h>
#include <sys/types.h>

struct usage {
	int64_t rss, read, written;     /* bytes */
	int64_t processes, usec;        /* of processor time */
};

void usage_add(long pid, struct usage *u);

/* Of all processes in the pid namespace of `first`, which is not ours (else: of that process):
 * {"cpu": {"usec"}, "memory": {"current"}, "pids": {"current"}, "io": {"rbytes", "wbytes"}} */
json_t *usage_of_namespace(pid_t first);

#endif
