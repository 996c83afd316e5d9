/* threadinfo.h -- what can be asked about a thread: times, processors, its description. */
#ifndef LAYER_API_NT_THREAD_THREADINFO_H
#define LAYER_API_NT_THREAD_THREADINFO_H

#include "layer/api/nt/status.h"
#include "layer/api/nt/thread/thread.h"

struct threadinfo_times {
	uint64_t created, ended, kernel, user;  /* 100 ns; ended 0: it runs */
	uint64_t nanoseconds;                   /* of processors' time */
};

void threadinfo_times(struct thread *t, struct threadinfo_times *out);
/* A bit for each processor that it may use; `mask` NULL only asks. */
NTSTATUS threadinfo_affinity(struct thread *t, const uint64_t *mask, uint64_t *before);
NTSTATUS threadinfo_describe(struct thread *t, const WCHAR *text, size_t n);
WCHAR *threadinfo_description(struct thread *t);        /* a copy; NULL: none */

#endif
