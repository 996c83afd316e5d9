/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/thread/threadinfo.h"

/* clock_getcpuclockid(3)'s way to name a thread's clock, by its number for the kernel: the C
 * library's own idea of that number is not the child's of a namespace. */
static clockid_t
clock_of(struct thread *t)
{
	return t == thread_self() ? CLOCK_THREAD_CPUTIME_ID
	                          : (clockid_t)(~(unsigned)t->tid << 3 | 6);
}

void
threadinfo_times(struct thread *t, struct threadinfo_times *out)
{
	struct timespec now = { 0 };
	struct rusage r;

	memset(out, 0, sizeof *out);
	out->created = t->created;
	steady_lock(&t->object.lock);
	if (atomic_load(&t->ended)) {
		out->ended = t->ended_at;
		out->nanoseconds = t->cpu;
	} else if (atomic_load(&t->started) && syscall(SYS_clock_gettime, clock_of(t), &now) == 0)
		out->nanoseconds =
		        (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec - t->cpu_before;
	steady_unlock(&t->object.lock);
	out->user = out->nanoseconds / 100;
	/* how much of it was the host's kernel's is only known of oneself */
	if (t == thread_self() && getrusage(RUSAGE_THREAD, &r) == 0) {
		out->kernel =
		        (uint64_t)r.ru_stime.tv_sec * 10000000 + (uint64_t)r.ru_stime.tv_usec * 10;
		if (out->kernel > out->user)
			out->kernel = out->user;
		out->user -= out->kernel;
	}
}

NTSTATUS
threadinfo_affinity(struct thread *t, const uint64_t *mask, uint64_t *before)
{
	cpu_set_t set;
	NTSTATUS s = STATUS_SUCCESS;

	steady_lock(&t->object.lock);
	*before = 0;
	CPU_ZERO(&set);
	if (atomic_load(&t->ended) || sched_getaffinity(t->tid, sizeof set, &set) < 0)
		s = STATUS_THREAD_IS_TERMINATING;
	for (int i = 0; i < 64; i++)
		if (CPU_ISSET(i, &set))
			*before |= UINT64_C(1) << i;
	if (s >= 0 && mask) {
		CPU_ZERO(&set);
		for (int i = 0; i < 64; i++)
			if (*mask & UINT64_C(1) << i)
				CPU_SET(i, &set);
		if (sched_setaffinity(t->tid, sizeof set, &set) < 0)
			s = STATUS_INVALID_PARAMETER;
	}
	steady_unlock(&t->object.lock);
	return s;
}

NTSTATUS
threadinfo_describe(struct thread *t, const WCHAR *text, size_t n)
{
	WCHAR *new = malloc((n + 1) * sizeof *new), *old;

	if (!new)
		return STATUS_NO_MEMORY;
	memcpy(new, text, n * sizeof *new);
	new[n] = 0;
	steady_lock(&t->object.lock);
	old = t->description;
	t->description = new;
	steady_unlock(&t->object.lock);
	free(old);
	return STATUS_SUCCESS;
}

WCHAR *
threadinfo_description(struct thread *t)
{
	WCHAR *copy;

	steady_lock(&t->object.lock);
	copy = t->description ? nls_dup(t->description) : NULL;
	steady_unlock(&t->object.lock);
	return copy;
}
