/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/process/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "layer/api/nt/clock.h"
#include "layer/api/nt/process/job.h"
#include "layer/api/nt/peb.h"
#include "layer/api/nt/file/file.h"
#include "layer/api/nt/object/post.h"
#include "layer/api/nt/object/shared.h"
#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/thread/thread.h"

enum { STILL_ACTIVE = 259, SUSPENDED = 4 /* CREATE_SUSPENDED */ };

static int exe_fd = -1;

static void
destroy(struct object *o)
{
	struct process *p = (struct process *)o;

	if (p->pidfd >= 0)
		close(p->pidfd);
	if (p->job)
		object_unref(job_object(p->job));
	free(p);
}

/* Another process knows it by its id. */
static bool
give(struct object *o, struct inherit *i)
{
	if (process_share(NULL) < 0)
		return false;
	i->number[0] = ((struct process *)o)->id;
	return true;
}

static struct object *
remake(const struct inherit *i)
{
	struct shared_process *slot = shared_find_process((uint32_t)i->number[0]);
	struct process *p;

	if (i->number[0] == process_self()->id)
		return object_ref(&process_self()->object);
	/* it may have ended meanwhile, and is still one that can be asked */
	return slot && process_of_slot(slot, &p) >= 0 ? &p->object : NULL;
}

const struct object_class process_class = {
	.name = "Process",
	.destroy = destroy,
	.give = give,
	.remake = remake,
};

/* -- ourselves ---------------------------------------------------------------------------- */

static struct process *self;
static _Atomic uint32_t self_lock;

static struct process *
make_self(void)
{
	struct process *p = calloc(1, sizeof *p);

	if (!p)
		abort();
	object_init(&p->object, &process_class, 0);
	p->id = birth.process_id ? birth.process_id : 8;
	p->pidfd = -1;
	p->exit_code = STILL_ACTIVE;
	return p;
}

struct process *
process_self(void)
{
	if (!self) {
		steady_lock(&self_lock);
		if (!self)
			self = make_self();
		steady_unlock(&self_lock);
	}
	return self;
}

int
process_share(struct err *e)
{
	static _Atomic uint32_t lock;
	struct process *p = process_self();
	int rc = 0;

	if (p->slot)
		return 0;
	steady_lock(&lock);
	if (!p->slot) {
		struct shared_process *slot = NULL;
		if (shared_start(e) < 0)
			rc = -1;
		else if (!(slot = shared_new_process(process_image(), birth.parent_id)))
			rc = fail(e, EAGAIN, "there are too many processes");
		if (slot) {
			slot->created = (uint64_t)clock_started();
			slot->main_thread = p->id + 4;
			shared_be(slot);
			p->slot = slot;
		}
	}
	steady_unlock(&lock);
	return rc;
}

const WCHAR *
process_image(void)
{
	const struct RTL_USER_PROCESS_PARAMETERS *p = peb_block.ProcessParameters;

	return p && p->ImagePathName.Buffer ? p->ImagePathName.Buffer : u"";
}

int
process_exe(void)
{
	return exe_fd;
}

void
process_exe_adopt(int fd)
{
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	exe_fd = fd;
}

int
process_begin(struct birth *b, struct err *e)
{
	if (exe_fd < 0)
		exe_fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	/* A child has its place in the table since it was made. */
	if (shared) {
		struct shared_process *slot = shared_find_process(b->process_id);
		if (!slot)
			return fail(e, EINVAL, "the process has no place in its machine");
		shared_be(slot);
		process_self()->slot = slot;
		file_share_machine();
	}
	return 0;
}

void
process_gate(void)
{
	if (birth.flags & SUSPENDED && shared_self())
		shared_gate_wait(shared_self());
}

static uint64_t
ticks_of(const struct timeval *t)
{
	return (uint64_t)t->tv_sec * 10000000 + (uint64_t)t->tv_usec * 10;
}

void
process_end(uint32_t code)
{
	struct shared_process *slot = shared_self();
	struct rusage use;

	file_share_end();
	if (!slot)
		return;
	job_process_ends();
	post_close();
	if (getrusage(RUSAGE_SELF, &use) == 0) {
		slot->cpu_user = ticks_of(&use.ru_utime);
		slot->cpu_kernel = ticks_of(&use.ru_stime);
	}
	slot->ended = (uint64_t)clock_now();
	uint32_t active = STILL_ACTIVE;
	/* Whoever terminates us said the code first. */
	atomic_compare_exchange_strong(&slot->exit_code, &active, code);
	atomic_store(&slot->state, SHARED_ENDED);
	/* With the first process all end; a namespace of processes does it without us. */
	if (slot == &shared->process[0] && getpid() != 1)
		for (uint32_t i = 1; i < SHARED_PROCESSES; i++)
			if (atomic_load(&shared->process[i].state) == SHARED_ALIVE)
				kill(atomic_load(&shared->process[i].pid), SIGKILL);
}

/* -- others ------------------------------------------------------------------------------- */

/* It has ended.  Its last words are in the table; who was killed said none. */
static void
ended(struct reactor_wait *w, uint32_t events)
{
	struct process *p = (struct process *)((char *)w - offsetof(struct process, wait));
	struct shared_process *slot = p->slot;
	uint32_t code = (uint32_t)STATUS_UNSUCCESSFUL;

	(void)events;
	if (atomic_load(&slot->id) == p->id) {
		uint32_t said = atomic_load(&slot->exit_code);
		if (said != STILL_ACTIVE || atomic_load(&slot->state) == SHARED_ENDED)
			code = said;
		if (atomic_load(&slot->state) != SHARED_ENDED) {
			slot->ended = (uint64_t)clock_now();
			atomic_store(&slot->exit_code, code);
			atomic_store(&slot->state, SHARED_ENDED);
		}
		/* whoever waits for its mutexes may go on */
		shared_gone(slot, p->id);
		job_other_ended();
	}
	atomic_store(&p->exit_code, code);
	/* the job is told first: whoever waited finds the message there */
	if (p->job)
		job_member_ended(p->job, p, code);
	object_signal(&p->object);
	struct process_thread *t = p->thread;
	p->thread = NULL;
	if (t) {
		object_signal(&t->object);
		object_unref(&t->object);
	}
	object_unref(&p->object);
}

/* Watch it to its end: the reactor has a count until then.  Takes pidfd. */
struct process *
process_watch(struct shared_process *slot, int pidfd, struct job *job,
              struct process_thread **thread)
{
	struct process *p = calloc(1, sizeof *p);
	struct process_thread *t = thread ? calloc(1, sizeof *t) : NULL;

	if (!p || (thread && !t)) {
		free(p);
		free(t);
		close(pidfd);
		return NULL;
	}
	object_init(&p->object, &process_class, 0);
	p->slot = slot;
	p->id = atomic_load(&slot->id);
	p->pidfd = pidfd;
	p->exit_code = STILL_ACTIVE;
	p->job = job;
	if (job)
		object_ref(job_object(job));
	if (t) {
		object_init(&t->object, &process_thread_class, 0);
		t->process = (struct process *)object_ref(&p->object);
		t->id = slot->main_thread;
		p->thread = (struct process_thread *)object_ref(&t->object);
		*thread = t;
	}
	p->wait = (struct reactor_wait){ .ready = ended, .fd = pidfd, .events = EPOLLIN };
	object_ref(&p->object);
	if (reactor_arm(&p->wait) < 0)
		ended(&p->wait, 0); /* nobody can tell: it counts as ended */
	return p;
}

NTSTATUS
process_of_slot(struct shared_process *slot, struct process **out)
{
	if (slot == shared_self()) {
		*out = (struct process *)object_ref(&process_self()->object);
		return STATUS_SUCCESS;
	}
	uint32_t id = atomic_load(&slot->id);
	int fd = (int)syscall(SYS_pidfd_open, atomic_load(&slot->pid), 0);
	if (fd < 0 || !shared_lives(slot) || atomic_load(&slot->id) != id) {
		/* It has ended: what is left of it can be asked for. */
		struct process *p = calloc(1, sizeof *p);
		if (fd >= 0)
			close(fd);
		if (!p)
			return STATUS_NO_MEMORY;
		object_init(&p->object, &process_class, 1);
		p->slot = slot;
		p->id = id;
		p->pidfd = -1;
		p->exit_code = atomic_load(&slot->exit_code);
		*out = p;
		return STATUS_SUCCESS;
	}
	*out = process_watch(slot, fd, NULL, NULL);
	return *out ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

NTSTATUS
process_open(uint32_t id, struct process **out)
{
	if (id == process_self()->id) {
		*out = (struct process *)object_ref(&process_self()->object);
		return STATUS_SUCCESS;
	}
	struct shared_process *slot = shared_find_process(id & ~3u);
	/* One that nobody has a handle of is gone, as far as anybody can tell. */
	if (!slot || !shared_lives(slot))
		return STATUS_INVALID_CID;
	return process_of_slot(slot, out);
}

NTSTATUS
process_open_thread(uint32_t id, struct process_thread **out)
{
	for (uint32_t i = 0; shared && id && i < SHARED_PROCESSES; i++) {
		struct shared_process *slot = &shared->process[i];
		if (slot == shared_self() || slot->main_thread != id || !shared_lives(slot))
			continue;
		int fd = (int)syscall(SYS_pidfd_open, atomic_load(&slot->pid), 0);
		if (fd < 0)
			break;
		struct process *p = process_watch(slot, fd, NULL, out);
		if (!p)
			return STATUS_NO_MEMORY;
		object_unref(&p->object);
		return STATUS_SUCCESS;
	}
	return STATUS_INVALID_CID;
}

uint32_t
process_code(struct process *p)
{
	return p == process_self() ? (uint32_t)STILL_ACTIVE : atomic_load(&p->exit_code);
}

NTSTATUS
process_terminate(struct process *p, uint32_t code)
{
	if (p == process_self())
		birth_end(code);
	if (atomic_load(&p->object.state) || p->pidfd < 0)
		return STATUS_PROCESS_IS_TERMINATING;
	uint32_t active = STILL_ACTIVE;
	if (atomic_load(&p->slot->id) == p->id)
		atomic_compare_exchange_strong(&p->slot->exit_code, &active, code);
	if (syscall(SYS_pidfd_send_signal, p->pidfd, SIGKILL, NULL, 0) < 0)
		return errno == ESRCH ? STATUS_PROCESS_IS_TERMINATING : status_errno(errno);
	return STATUS_SUCCESS;
}

NTSTATUS
process_resume(struct process_thread *t, ULONG *before)
{
	uint32_t was = shared_gate_open(t->process->slot);

	if (before)
		*before = was;
	return STATUS_SUCCESS;
}
