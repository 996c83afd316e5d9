/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/process/job.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/object/port.h"
#include "layer/api/nt/process/process.h"
#include "layer/api/nt/object/shared.h"
#include "layer/api/nt/thread/steady.h"

/* The thing's fields, of a job: flags are the limits, limit the most processes (0: any),
 * state how many there ever were, recursion how many were terminated. */
struct job {
	struct object object;       /* first */
	struct shared_thing *thing; /* ours as long as it is open */
	uint32_t number;            /* of the thing + 1 */
	/* under object.lock */
	struct object *port; /* own (a count), or NULL */
	ULONG_PTR key;
	struct JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits; /* as they were set */
	struct job *next; /* of all that are open, under the list's lock */
};

enum {
	MSG_ACTIVE_PROCESS_LIMIT = 3,
	MSG_ACTIVE_PROCESS_ZERO = 4,
	MSG_NEW_PROCESS = 6,
	MSG_EXIT_PROCESS = 7,
	MSG_ABNORMAL_EXIT_PROCESS = 8,
};

static _Atomic uint32_t list_lock;
static struct job *open_jobs;

struct object *
job_object(struct job *j)
{
	return &j->object;
}

static uint32_t
members(uint32_t number, bool all)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < SHARED_PROCESSES; i++) {
		struct shared_process *p = &shared->process[i];
		if (atomic_load(&p->job) == number && (all || shared_lives(p)))
			n++;
	}
	return n;
}

static void
end_members(uint32_t number, uint32_t code)
{
	for (uint32_t i = 0; i < SHARED_PROCESSES; i++) {
		struct shared_process *p = &shared->process[i];
		uint32_t active = 259;
		if (atomic_load(&p->job) != number || p == shared_self() || !shared_lives(p))
			continue;
		atomic_compare_exchange_strong(&p->exit_code, &active, code);
		if (atomic_load(&p->pid) > 0)
			kill(atomic_load(&p->pid), SIGKILL);
	}
}

static void
say(struct job *j, uint32_t message, uint32_t id)
{
	struct object *port;
	struct packet p = { .apc_context = (void *)(uintptr_t)id, .information = message };

	steady_lock(&j->object.lock);
	port = j->port;
	p.key = j->key;
	if (port)
		object_ref(port);
	steady_unlock(&j->object.lock);
	if (!port)
		return;
	/* The message is what GetQueuedCompletionStatus calls the number of bytes. */
	port_post(port, &p);
	object_unref(port);
}

/* The last of this process' handles is closed; other processes may have it open. */
static void
closed(struct object *o)
{
	struct job *j = (struct job *)o;
	bool last;

	steady_lock(&list_lock);
	for (struct job **at = &open_jobs; *at; at = &(*at)->next)
		if (*at == j) {
			*at = j->next;
			break;
		}
	steady_unlock(&list_lock);
	if (!j->thing)
		return;
	uint32_t flags = atomic_load(&j->thing->flags);
	last = !shared_elsewhere(j->thing);
	if (last && flags & JOB_LIMIT_KILL_ON_CLOSE)
		end_members(j->number, 0);
	/* The number stays in the members' slots: the thing is kept while there are some. */
	if (members(j->number, false))
		shared_nameless(j->thing);
	else
		shared_close(j->thing);
	j->thing = NULL;
}

static void
destroy(struct object *o)
{
	struct job *j = (struct job *)o;

	if (j->port)
		object_unref(j->port);
	free(j);
}

static bool give(struct object *o, struct inherit *i);
static struct object *remake(const struct inherit *i);

const struct object_class job_class = {
	.name = "Job", .destroy = destroy, .close = closed, .give = give, .remake = remake
};

/* The process' object of a job, counted, when it has it open.  There is one: the machine counts
 * processes, not handles. */
static struct job *
job_numbered(uint32_t number)
{
	struct job *j;

	steady_lock(&list_lock);
	for (j = open_jobs; j && j->number != number; j = j->next)
		;
	if (j && !object_try_ref(&j->object))
		j = NULL;
	steady_unlock(&list_lock);
	return j;
}

/* Of a thing that is ours. */
static struct job *
of_thing(struct shared_thing *t)
{
	struct job *j = job_numbered(shared_number(t));

	if (j)
		return j;
	j = calloc(1, sizeof *j);
	if (!j) {
		shared_close(t);
		return NULL;
	}
	object_init(&j->object, &job_class, 0);
	j->thing = t;
	j->number = shared_number(t);
	steady_lock(&list_lock);
	j->next = open_jobs;
	open_jobs = j;
	steady_unlock(&list_lock);
	return j;
}

static NTSTATUS
make(const WCHAR *name, bool create, struct object **out)
{
	struct shared_thing *t;
	bool made;

	if (process_share(NULL) < 0)
		return STATUS_INSUFFICIENT_RESOURCES;
	const struct shared_first first = { 0 };
	NTSTATUS s = shared_open(SHARED_JOB, name, create ? &first : NULL, &t, &made);
	if (s < 0)
		return s;
	uint32_t number = shared_number(t);
	if (made) /* members of another job that had this place are not ours */
		for (uint32_t i = 0; i < SHARED_PROCESSES; i++) {
			uint32_t old = number;
			atomic_compare_exchange_strong(&shared->process[i].job, &old, 0);
		}
	struct job *j = of_thing(t);
	if (!j)
		return STATUS_NO_MEMORY;
	*out = &j->object;
	return create && !made ? STATUS_OBJECT_NAME_EXISTS : STATUS_SUCCESS;
}

/* For another process; its port stays here. */
static bool
give(struct object *o, struct inherit *i)
{
	struct job *j = (struct job *)o;

	if (!j->thing)
		return false;
	shared_use(j->thing, i->child);
	i->number[0] = j->number;
	return true;
}

static struct object *
remake(const struct inherit *i)
{
	struct shared_thing *t = shared_at(i->number[0], SHARED_JOB);

	if (!t)
		return NULL;
	shared_use(t, shared_index());
	struct job *j = of_thing(t);
	return j ? &j->object : NULL;
}

NTSTATUS
job_new(const WCHAR *name, struct object **out) { return make(name, true, out); }

NTSTATUS
job_open(const WCHAR *name, struct object **out) { return make(name, false, out); }

/* -- membership ---------------------------------------------------------------------------- */

static NTSTATUS
enter(struct shared_thing *t, uint32_t number, struct shared_process *p)
{
	int64_t most = atomic_load(&t->limit);

	if (atomic_load(&t->flags) & JOB_LIMIT_ACTIVE_PROCESS &&
	    (int64_t)members(number, false) >= most)
		return STATUS_QUOTA_EXCEEDED;
	atomic_store(&p->job, number);
	atomic_fetch_add(&t->state, 1);
	return STATUS_SUCCESS;
}

NTSTATUS
job_assign(struct job *j, struct process *p)
{

	if (process_share(NULL) < 0 || !j->thing)
		return STATUS_INSUFFICIENT_RESOURCES;
	if (!shared_lives(p->slot))
		return STATUS_PROCESS_IS_TERMINATING;
	if (atomic_load(&p->slot->job) == j->number)
		return STATUS_SUCCESS;
	/* A job in a job: the inner one counts here, as it is within the outer one. */
	NTSTATUS s = enter(j->thing, j->number, p->slot);
	if (s < 0) {
		say(j, MSG_ACTIVE_PROCESS_LIMIT, 0);
		return s;
	}
	/* Its end is to be told: by a watch of its own, as p may be watched without a job. */
	if (p != process_self() && !p->job) {
		steady_lock(&j->object.lock);
		if (!p->job && !atomic_load(&p->object.state))
			p->job = (struct job *)object_ref(&j->object);
		steady_unlock(&j->object.lock);
	}
	say(j, MSG_NEW_PROCESS, p->id);
	return STATUS_SUCCESS;
}

NTSTATUS
job_admit(struct shared_process *child, bool breakaway)
{
	struct shared_process *me = shared_self();
	uint32_t number = me ? atomic_load(&me->job) : 0;

	if (!number)
		return STATUS_SUCCESS;
	struct shared_thing *t = &shared->thing[(number - 1) % SHARED_THINGS];
	uint32_t flags = atomic_load(&t->flags);
	if (flags & JOB_LIMIT_SILENT_BREAKAWAY_OK)
		return STATUS_SUCCESS;
	if (breakaway)
		return flags & JOB_LIMIT_BREAKAWAY_OK ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
	return enter(t, number, child);
}

void
job_member_new(struct job *j, uint32_t id)
{
	say(j, MSG_NEW_PROCESS, id);
}

void
job_member_ended(struct job *j, struct process *p, uint32_t code)
{
	say(j, code >= 0xc0000000 ? MSG_ABNORMAL_EXIT_PROCESS : MSG_EXIT_PROCESS, p->id);
	if (!members(j->number, false))
		say(j, MSG_ACTIVE_PROCESS_ZERO, 0);
}

void
job_process_ends(void)
{
	for (struct job *j = open_jobs; j; j = j->next)
		if (j->thing && atomic_load(&j->thing->flags) & JOB_LIMIT_KILL_ON_CLOSE &&
		    !shared_elsewhere(j->thing))
			end_members(j->number, 0);
}

void
job_other_ended(void)
{
	uint32_t n = shared->nthing < SHARED_THINGS ? shared->nthing : SHARED_THINGS;

	for (uint32_t i = 0; i < n; i++) {
		struct shared_thing *t = &shared->thing[i];
		if (t->kind != SHARED_JOB || !(atomic_load(&t->flags) & JOB_LIMIT_KILL_ON_CLOSE))
			continue;
		struct job *j = job_numbered(i + 1);
		if (j)
			object_unref(&j->object);
		else if (!shared_elsewhere(t))
			end_members(i + 1, 0);
	}
}

NTSTATUS
job_terminate(struct job *j, uint32_t code)
{
	if (!j->thing)
		return STATUS_SUCCESS;
	uint32_t n = members(j->number, false);
	atomic_fetch_add(&j->thing->recursion, n);
	end_members(j->number, code);
	if (shared_self() && atomic_load(&shared_self()->job) == j->number)
		birth_end(code);
	return STATUS_SUCCESS;
}

bool
job_has(struct job *j, const struct shared_process *p)
{
	uint32_t number = p ? atomic_load(&p->job) : 0;

	return j ? number == j->number : number != 0;
}

/* -- information ----------------------------------------------------------------------------- */

enum {
	BASIC_ACCOUNTING = 1,
	BASIC_LIMIT = 2,
	BASIC_PROCESS_LIST = 3,
	BASIC_UI = 4,
	END_OF_JOB_TIME = 6,
	COMPLETION_PORT = 7,
	BASIC_AND_IO_ACCOUNTING = 8,
	EXTENDED_LIMIT = 9,
	GROUP = 11,
	CPU_RATE = 15,
};

static NTSTATUS
set_limits(struct job *j, const void *data, size_t n)
{
	struct JOBOBJECT_EXTENDED_LIMIT_INFORMATION l;

	steady_lock(&j->object.lock);
	memcpy(&j->limits, data, n);
	l = j->limits;
	steady_unlock(&j->object.lock);
	atomic_store(&j->thing->limit, (int64_t)l.BasicLimitInformation.ActiveProcessLimit);
	atomic_store(&j->thing->flags, l.BasicLimitInformation.LimitFlags);
	return STATUS_SUCCESS;
}

NTSTATUS
job_set(struct job *j, int class, const void *data, ULONG n)
{
	struct {
		void *key;
		HANDLE port;
	} with;
	struct object *port = NULL;
	NTSTATUS s;

	if (!j->thing)
		return STATUS_INVALID_HANDLE;
	switch (class) {
	case EXTENDED_LIMIT:
		if (n != sizeof j->limits)
			return STATUS_INFO_LENGTH_MISMATCH;
		return set_limits(j, data, n);
	case BASIC_LIMIT:
		if (n != sizeof j->limits.BasicLimitInformation)
			return STATUS_INFO_LENGTH_MISMATCH;
		return set_limits(j, data, n);
	case COMPLETION_PORT:
		if (n != sizeof with)
			return STATUS_INFO_LENGTH_MISMATCH;
		memcpy(&with, data, sizeof with);
		if (with.port && (s = handle_get(with.port, &port_class, &port)) < 0)
			return s;
		steady_lock(&j->object.lock);
		struct object *old = j->port;
		j->port = port;
		j->key = (ULONG_PTR)with.key;
		steady_unlock(&j->object.lock);
		if (old)
			object_unref(old);
		/* Members that are there already are told of now. */
		for (uint32_t i = 0; port && i < SHARED_PROCESSES; i++)
			if (atomic_load(&shared->process[i].job) == j->number &&
			    shared_lives(&shared->process[i]))
				say(j, MSG_NEW_PROCESS, atomic_load(&shared->process[i].id));
		return STATUS_SUCCESS;
	case BASIC_UI:
	case END_OF_JOB_TIME:
	case CPU_RATE:
	case GROUP: return STATUS_SUCCESS; /* no window and no rate is limited here */
	default: return STATUS_INVALID_INFO_CLASS;
	}
}

static void
account(uint32_t number, const struct shared_thing *t,
        struct JOBOBJECT_BASIC_ACCOUNTING_INFORMATION *a)
{
	memset(a, 0, sizeof *a);
	for (uint32_t i = 0; i < SHARED_PROCESSES; i++) {
		const struct shared_process *p = &shared->process[i];
		if (atomic_load(&p->job) != number)
			continue;
		a->TotalUserTime += (LONGLONG)p->cpu_user;
		a->TotalKernelTime += (LONGLONG)p->cpu_kernel;
	}
	a->ThisPeriodTotalUserTime = a->TotalUserTime;
	a->ThisPeriodTotalKernelTime = a->TotalKernelTime;
	a->TotalProcesses = (DWORD)atomic_load(&t->state);
	a->ActiveProcesses = members(number, false);
	a->TotalTerminatedProcesses = atomic_load(&t->recursion);
}

static NTSTATUS
list(uint32_t number, void *out, ULONG n, ULONG *done)
{
	struct {
		DWORD NumberOfAssignedProcesses, NumberOfProcessIdsInList;
		ULONG_PTR ProcessIdList[];
	} *l = out;
	ULONG room = n < 8 ? 0 : (n - 8) / 8;

	if (n < 16)
		return STATUS_INFO_LENGTH_MISMATCH;
	l->NumberOfAssignedProcesses = members(number, false);
	l->NumberOfProcessIdsInList = 0;
	for (uint32_t i = 0; i < SHARED_PROCESSES; i++) {
		struct shared_process *p = &shared->process[i];
		if (atomic_load(&p->job) == number && shared_lives(p) &&
		    l->NumberOfProcessIdsInList < room)
			l->ProcessIdList[l->NumberOfProcessIdsInList++] = atomic_load(&p->id);
	}
	*done = 8 + l->NumberOfProcessIdsInList * 8;
	return l->NumberOfProcessIdsInList < l->NumberOfAssignedProcesses ? STATUS_BUFFER_OVERFLOW
	                                                                  : STATUS_SUCCESS;
}

static NTSTATUS
fixed(const void *data, size_t size, void *out, ULONG n, ULONG *done)
{
	if (n < size)
		return STATUS_INFO_LENGTH_MISMATCH;
	memcpy(out, data, size);
	*done = (ULONG)size;
	return STATUS_SUCCESS;
}

NTSTATUS
job_query(struct job *j, int class, void *out, ULONG n, ULONG *done)
{
	struct {
		struct JOBOBJECT_BASIC_ACCOUNTING_INFORMATION a;
		struct IO_COUNTERS io;
	} both = { 0 };
	struct JOBOBJECT_EXTENDED_LIMIT_INFORMATION l = { 0 };
	struct job *found = NULL;
	uint32_t number = j ? j->number : shared_self() ? atomic_load(&shared_self()->job) : 0;

	if (!number) /* asked about a job of which it is in none */
		return STATUS_ACCESS_DENIED;
	struct shared_thing *t = &shared->thing[(number - 1) % SHARED_THINGS];
	if (!j)
		j = found = job_numbered(number);
	if (j) {
		steady_lock(&j->object.lock);
		l = j->limits;
		steady_unlock(&j->object.lock);
	} else { /* another process made it: what all can know */
		l.BasicLimitInformation.LimitFlags = atomic_load(&t->flags);
		l.BasicLimitInformation.ActiveProcessLimit = (DWORD)atomic_load(&t->limit);
	}
	if (found)
		object_unref(&found->object);
	switch (class) {
	case BASIC_ACCOUNTING:
		account(number, t, &both.a);
		return fixed(&both.a, sizeof both.a, out, n, done);
	case BASIC_AND_IO_ACCOUNTING:
		account(number, t, &both.a);
		return fixed(&both, sizeof both, out, n, done);
	case BASIC_LIMIT:
		return fixed(&l.BasicLimitInformation, sizeof l.BasicLimitInformation, out, n,
		             done);
	case EXTENDED_LIMIT: return fixed(&l, sizeof l, out, n, done);
	case BASIC_PROCESS_LIST: return list(number, out, n, done);
	case BASIC_UI: {
		DWORD none = 0;
		return fixed(&none, sizeof none, out, n, done);
	}
	default: return STATUS_INVALID_INFO_CLASS;
	}
}
