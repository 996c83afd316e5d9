/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/sched.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/json.h"

/* sched_setattr(2) has no wrapper in the C library. */
struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static const struct {
	const char *name;
	uint32_t value;
} policies[] = {
	{ "SCHED_OTHER", 0 }, { "SCHED_FIFO", 1 }, { "SCHED_RR", 2 },
	{ "SCHED_BATCH", 3 }, { "SCHED_IDLE", 5 }, { "SCHED_DEADLINE", 6 },
}, flags[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", 1 }, { "SCHED_FLAG_RECLAIM", 2 },
	{ "SCHED_FLAG_DL_OVERRUN", 4 },    { "SCHED_FLAG_KEEP_POLICY", 8 },
	{ "SCHED_FLAG_KEEP_PARAMS", 16 },  { "SCHED_FLAG_UTIL_CLAMP_MIN", 32 },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", 64 },
}, classes[] = {
	{ "IOPRIO_CLASS_RT", 1 }, { "IOPRIO_CLASS_BE", 2 }, { "IOPRIO_CLASS_IDLE", 3 },
};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static int
scheduler(const json_t *o, struct err *e)
{
	struct attr a = { .size = sizeof a };
	const char *policy = json_str(o, "policy", "SCHED_OTHER");
	size_t i = 0, k;
	json_t *f;

	while (i < COUNT(policies) && strcmp(policies[i].name, policy) != 0)
		i++;
	if (i == COUNT(policies))
		return fail(e, EINVAL, "scheduler: there is no policy '%s'", policy);
	a.policy = policies[i].value;
	json_array_foreach(json_object_get(o, "flags"), i, f) {
		const char *name = json_string_value(f);
		for (k = 0; k < COUNT(flags); k++)
			if (name && strcmp(name, flags[k].name) == 0)
				a.flags |= flags[k].value;
	}
	a.nice = (int32_t)json_int(o, "nice", 0);
	a.priority = (uint32_t)json_int(o, "priority", 0);
	a.runtime = (uint64_t)json_int(o, "runtime", 0);
	a.deadline = (uint64_t)json_int(o, "deadline", 0);
	a.period = (uint64_t)json_int(o, "period", 0);
	if (syscall(SYS_sched_setattr, 0, &a, 0) < 0)
		return fail(e, errno, "scheduler '%s': %s", policy, strerror(errno));
	return 0;
}

static int
io_priority(const json_t *o, struct err *e)
{
	const char *class = json_str(o, "class", "IOPRIO_CLASS_BE");
	size_t i = 0;

	while (i < COUNT(classes) && strcmp(classes[i].name, class) != 0)
		i++;
	if (i == COUNT(classes))
		return fail(e, EINVAL, "ioPriority: there is no class '%s'", class);
	/* ioprio_set(2): IOPRIO_WHO_PROCESS is 1, the class stands above bit 13. */
	long value = (long)classes[i].value << 13 | (long)json_int(o, "priority", 4);
	if (syscall(SYS_ioprio_set, 1, 0, value) < 0)
		return fail(e, errno, "ioPriority '%s': %s", class, strerror(errno));
	return 0;
}

int
sched_apply(const struct process *p, struct err *e)
{
	if (p->scheduler && scheduler(p->scheduler, e) < 0)
		return -1;
	if (p->io_priority && io_priority(p->io_priority, e) < 0)
		return -1;
	return 0;
}
