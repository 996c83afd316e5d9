/* SPDX-License-Identifier: Apache-2.0 */
/* process_new.c -- a child: its birth is packed, its handles are described, and our own binary
 * is executed again.  The child of the host shares our memory until it is another program,
 * so a large parent costs nothing. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/layer.h"
#include "layer/api/nt/env.h"
#include "layer/api/nt/image/image.h"
#include "layer/api/nt/host.h"
#include "layer/api/nt/process/job.h"
#include "layer/api/nt/process/parcel.h"
#include "layer/api/nt/file/file.h"
#include "layer/api/nt/file/path.h"
#include "layer/api/nt/file/pseudo.h"
#include "layer/api/nt/peb.h"
#include "layer/api/nt/object/post.h"
#include "layer/api/nt/object/shared.h"
#include "layer/api/nt/thread/steady.h"

enum {
	FLAG_SUSPENDED = 4,
	FLAG_DETACHED = 8,
	FLAG_NEW_CONSOLE = 0x10,
	FLAG_BREAKAWAY = 0x01000000,
	FLAG_NO_WINDOW = 0x08000000,
};

/* What is being packed. */
struct pack {
	const struct process_start *s;
	struct parcel parcel;
	struct object **of; /* lent: the object of each parcel_object */
	size_t cap_object, cap_handle;
	uint32_t child; /* its place in the table of processes */
	int *fds;       /* those that go along */
	size_t nfd, cap_fd;
	bool failed;
};

static bool
grow(void **p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return true;
	size_t more = *cap ? *cap * 2 : 16;
	void *q = realloc(*p, more * size);
	if (!q)
		return false;
	*p = q;
	*cap = more;
	return true;
}

static void
along(struct pack *k, int fd)
{
	if (fd < 0)
		return;
	if (!grow((void **)&k->fds, k->nfd, &k->cap_fd, sizeof *k->fds)) {
		k->failed = true;
		return;
	}
	k->fds[k->nfd++] = fd;
}

/* Which parcel_object an object is; -1: it cannot go. */
static int64_t
number_of(struct pack *k, struct object *o)
{
	struct parcel *p = &k->parcel;
	size_t cap = k->cap_object;

	for (size_t i = 0; i < p->nobject; i++)
		if (k->of[i] == o)
			return (int64_t)i;
	if (!o->class->give || !o->class->remake)
		return -1;
	if (!grow((void **)&p->objects, p->nobject, &cap, sizeof *p->objects) ||
	    !grow((void **)&k->of, p->nobject, &k->cap_object, sizeof *k->of)) {
		k->failed = true;
		return -1;
	}
	struct parcel_object *x = &p->objects[p->nobject];
	*x = (struct parcel_object){ .i = { .fd = { -1, -1 }, .child = k->child } };
	if (!o->class->give(o, &x->i))
		return -1;
	x->class = (int64_t)((uintptr_t)o->class - (uintptr_t)&process_class);
	for (size_t i = 0; i < sizeof x->i.fd / sizeof *x->i.fd; i++)
		along(k, x->i.fd[i]);
	k->of[p->nobject] = o;
	return (int64_t)p->nobject++;
}

static void
add(struct pack *k, HANDLE h, struct object *o, ACCESS_MASK access, bool inherit)
{
	struct parcel *p = &k->parcel;
	int64_t at;

	for (size_t i = 0; i < p->nhandle; i++)
		if (p->handles[i].value == (uintptr_t)h)
			return;
	at = number_of(k, o);
	if (at < 0)
		return;
	if (!grow((void **)&p->handles, p->nhandle, &k->cap_handle, sizeof *p->handles)) {
		k->failed = true;
		return;
	}
	p->handles[p->nhandle++] =
	        (struct parcel_handle){ (uintptr_t)h, (uint32_t)at, access, inherit };
}

static bool
inheritable(void *ctx, HANDLE h, struct object *o, ACCESS_MASK access, bool inherit)
{
	struct pack *k = ctx;
	bool listed = !k->s->list;

	for (size_t i = 0; i < k->s->nlist && !listed; i++)
		listed = k->s->list[i] == h;
	if (inherit && listed)
		add(k, h, o, access, true);
	return !k->failed;
}

/* Standard handles come along also when nothing else is inherited, as those of consoles do. */
static void
standard(struct pack *k)
{
	const struct RTL_USER_PROCESS_PARAMETERS *own = peb_block.ProcessParameters;
	struct birth *b = &k->parcel.birth;
	HANDLE std[3] = { own->StandardInput, own->StandardOutput, own->StandardError };

	b->std_given = true;
	for (int i = 0; i < 3; i++) {
		struct object *o;
		ACCESS_MASK access = 0;
		HANDLE h = k->s->std_given ? k->s->std[i] : std[i];
		if (!k->s->std_given &&
		    k->s->flags & (FLAG_DETACHED | FLAG_NEW_CONSOLE | FLAG_NO_WINDOW))
			h = NULL;
		b->std[i] = (uintptr_t)h;
		if (!h || h == INVALID_HANDLE_VALUE || handle_get(h, NULL, &o) < 0)
			continue;
		handle_flags(h, &access, NULL);
		add(k, h, o, access, false);
		object_unref(o);
	}
}

static NTSTATUS
describe(struct pack *k, const char *image, const char *cwd, WCHAR *environment, uint32_t id)
{
	struct birth *b = &k->parcel.birth;
	const struct process_start *s = k->s;

	*b = birth; /* the machine's part is the same */
	b->image = (char *)(uintptr_t)image;
	b->cwd = (char *)(uintptr_t)cwd;
	b->command_line = (WCHAR *)(uintptr_t)s->command_line;
	b->environment = environment;
	b->title = (WCHAR *)(uintptr_t)s->title;
	b->flags = s->flags;
	b->start_flags = s->start_flags;
	b->show_window = s->show;
	b->reserved = (void *)(uintptr_t)s->reserved;
	b->reserved_size = s->reserved_size;
	b->parent_id = s->parent_id ? s->parent_id : process_self()->id;
	b->process_id = id;
	k->parcel.shared_fd = shared_fd();
	k->parcel.exe_fd = process_exe();
	k->parcel.meminfo_fd = host.meminfo;
	k->parcel.stat_fd = host.stat;
	if (b->trace)
		along(k, b->trace_fd);
	along(k, b->monitor_fd);
	along(k, shared_fd());
	along(k, process_exe());
	along(k, host.meminfo);
	along(k, host.stat);
	if (s->inherit)
		handle_each(inheritable, k);
	standard(k);
	return k->failed ? STATUS_NO_MEMORY : STATUS_SUCCESS;
}

/* -- the host's process ------------------------------------------------------------------- */

struct spawn {
	char number[16]; /* of the parcel's descriptor */
	const int *fds;
	size_t nfd;
	int parcel_fd;
	int terminal; /* or -1: the parent's */
	int error;
};

static int
child(void *ctx)
{
	struct spawn *s = ctx;
	char *argv[] = { LAYER_AGAIN, s->number, NULL };
	sigset_t none;

	for (size_t i = 0; i < s->nfd; i++)
		fcntl(s->fds[i], F_SETFD, 0);
	fcntl(s->parcel_fd, F_SETFD, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (s->terminal >= 0 && (setsid() < 0 || ioctl(s->terminal, TIOCSCTTY, 0) < 0)) {
		s->error = errno;
		_exit(127);
	}
	execveat(process_exe(), "", argv, environ, AT_EMPTY_PATH);
	s->error = errno;
	_exit(127);
}

static NTSTATUS
execute(struct pack *k, const struct buf *bytes, int *pidfd, pid_t *pid)
{
	_Alignas(16) static char stack[16384]; /* under process_new()'s lock */
	struct spawn s = { .fds = k->fds,
		           .nfd = k->nfd,
		           .terminal = k->s->pseudo ? k->s->terminal : -1 };
	sigset_t all, before;
	NTSTATUS status = STATUS_SUCCESS;

	s.parcel_fd = memfd_create("joist-birth", MFD_CLOEXEC);
	if (s.parcel_fd < 0)
		return status_errno(errno);
	for (size_t done = 0; done < bytes->n;) {
		ssize_t n = write(s.parcel_fd, bytes->p + done, bytes->n - done);
		if (n <= 0) {
			status = n < 0 ? status_errno(errno) : STATUS_DISK_FULL;
			goto out;
		}
		done += (size_t)n;
	}
	snprintf(s.number, sizeof s.number, "%d", s.parcel_fd);
	/* No handler of ours may run in the child while our memory is its own. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	*pid = clone(child, stack + sizeof stack, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD,
	             &s, pidfd);
	int error = *pid < 0 ? errno : s.error;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error) {
		if (*pid > 0)
			close(*pidfd);
		status = status_errno(error);
	}
out:
	close(s.parcel_fd);
	return status;
}

/* -- the whole ------------------------------------------------------------------------------ */

static NTSTATUS
make(const struct process_start *s, const char *image, const char *cwd, WCHAR *environment,
     struct process **out, struct process_thread **thread)
{
	struct pack k = { .s = s };
	struct buf bytes = { 0 };
	struct shared_process *slot;
	int pidfd = -1;
	pid_t pid = 0;
	NTSTATUS status;

	slot = shared_new_process(s->image ? s->image : PROCESS_CMD,
	                          s->parent_id ? s->parent_id : process_self()->id);
	if (!slot)
		return STATUS_INSUFFICIENT_RESOURCES;
	uint32_t id = atomic_load(&slot->id);
	slot->main_thread = id + 4;
	k.child = (uint32_t)(slot - shared->process);
	/* what it inherits may be gifts: its own have other numbers */
	atomic_store(&slot->gifts, atomic_load(&process_self()->slot->gifts));
	atomic_store(&slot->gate, s->flags & FLAG_SUSPENDED ? 1 : 0);
	status = s->job ? STATUS_SUCCESS : job_admit(slot, s->flags & FLAG_BREAKAWAY);
	if (status >= 0)
		status = describe(&k, image, cwd, environment, id);
	if (status >= 0) {
		parcel_write(&bytes, &k.parcel);
		status = execute(&k, &bytes, &pidfd, &pid);
	}
	if (status >= 0) {
		/* it may have said so itself by now, and even have ended */
		int32_t unknown = 0;
		atomic_compare_exchange_strong(&slot->pid, &unknown, pid);
		if (s->pseudo)
			pseudo_attached(s->pseudo, pid);
		*out = process_watch(slot, pidfd, NULL, thread);
		if (!*out)
			status = STATUS_NO_MEMORY;
	}
	if (status < 0) {
		shared_gone(slot, id);
		atomic_store(&slot->state, SHARED_FREE);
	}
	buf_free(&bytes);
	for (size_t i = 0; i < k.parcel.nobject; i++)
		free(k.parcel.objects[i].i.text);
	free(k.parcel.objects);
	free(k.parcel.handles);
	free(k.of);
	free(k.fds);
	return status;
}

NTSTATUS
process_new(const struct process_start *s, struct process **out, struct process_thread **thread)
{
	static _Atomic uint32_t lock;
	static bool reaping;
	char *image = NULL, *cwd = NULL;
	WCHAR *device = NULL, *environment = NULL, *current = NULL;
	NTSTATUS status;

	if (process_share(NULL) < 0)
		return STATUS_INSUFFICIENT_RESOURCES;
	post_start();
	file_share_machine();
	if (s->image) {
		status = path_host(s->image, true, &image, &device);
		if (status >= 0 && device)
			status = STATUS_OBJECT_NAME_NOT_FOUND;
		if (status < 0)
			goto out;
	}
	current = s->current ? NULL : path_current();
	status = path_host(s->current ? s->current : current, true, &cwd, &device);
	if (status < 0 || device) {
		status = STATUS_NOT_A_DIRECTORY;
		goto out;
	}
	environment = s->environment ? (WCHAR *)(uintptr_t)s->environment : env_block(NULL);
	status = environment ? STATUS_SUCCESS : STATUS_NO_MEMORY;
	if (status < 0)
		goto out;
	steady_lock(&lock);
	if (!reaping) {
		/* pidfds tell of ends, the table tells of codes: the host may forget them */
		signal(SIGCHLD, SIG_IGN);
		reaping = true;
	}
	status = make(s, image, cwd, environment, out, thread);
	steady_unlock(&lock);
	if (status >= 0 && s->job)
		status = job_assign(s->job, *out);
out:
	if (environment != s->environment)
		free(environment);
	free(current);
	free(device);
	free(image);
	free(cwd);
	return status;
}
