/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/object/post.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <ucontext.h>
#include <unistd.h>

#include "layer/api/nt/file/file.h"
#include "layer/api/nt/mem/section.h"
#include "layer/api/nt/object/address.h"
#include "layer/api/nt/object/shared.h"
#include "layer/api/nt/object/sync.h"
#include "layer/api/nt/object/timer.h"
#include "layer/api/nt/object/wait.h"
#include "layer/api/nt/own.h"
#include "layer/api/nt/process/job.h"
#include "layer/api/nt/registry/registry.h"
#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/thread/thread.h"

enum { MAGIC = 0x54534f50, TEXT_MOST = 32768, FDS = 2, BACKLOG = 128 };
enum { PUT = 1, GET, WITHIN, MEMORY, ANSWER };
/* shared_process.post */
enum { NOT_YET, SLEEPS, OPEN, NEVER };
enum { PATIENCE = 10000, KNOCK_AGAIN = 2 }; /* ms */

/* Which class a letter's object is of. */
static const struct object_class *const classes[] = {
	NULL,
	&file_class,
	&section_class,
	&process_class,
	&process_thread_class,
	&thread_class,
	&sync_event_class,
	&sync_mutant_class,
	&sync_semaphore_class,
	&timer_class,
	&address_keyed_class,
	&job_class,
	&registry_class,
};

struct letter {
	uint32_t magic, op;
	uint32_t to; /* the process that is meant */
	NTSTATUS status;
	uint64_t handle;
	uint32_t access, inherit, options;
	/* an object: its class' place in classes[], or 0 */
	uint32_t class;
	uint32_t fds;  /* a bit for each descriptor that comes along */
	uint32_t text; /* WCHARs behind the letter */
	uint64_t number[sizeof((struct inherit *)0)->number / sizeof(uint64_t)];
};

_Static_assert(sizeof(struct post_memory) <= sizeof((struct letter *)0)->number, "it goes there");

static uint32_t
class_number(const struct object *o)
{
	for (uint32_t i = 1; i < sizeof classes / sizeof *classes; i++)
		if (classes[i] == o->class)
			return i;
	return 0;
}

static bool
address(const struct shared_process *p, struct sockaddr_un *a)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	int n = birth.store ? snprintf(a->sun_path, sizeof a->sun_path, "%s/post-%u", birth.store,
	                               (unsigned)(p - shared->process))
	                    : -1;
	return n > 0 && (size_t)n < sizeof a->sun_path;
}

/* -- letters -------------------------------------------------------------------------------- */

static bool
write_letter(int fd, struct letter *l, const struct inherit *i)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(FDS * sizeof(int))];
	} room = { .bytes = { 0 } };
	struct iovec v[2] = { { l, sizeof *l }, { NULL, 0 } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 1 };
	int fds[FDS], n = 0;

	l->magic = MAGIC;
	l->fds = l->text = 0;
	if (i) {
		memcpy(l->number, i->number, sizeof l->number);
		for (int k = 0; k < FDS; k++)
			if (i->fd[k] >= 0) {
				fds[n++] = i->fd[k];
				l->fds |= 1U << k;
			}
		while (i->text && i->text[l->text] && l->text < TEXT_MOST)
			l->text++;
		v[1] = (struct iovec){ i->text, l->text * sizeof *i->text };
		m.msg_iovlen = l->text ? 2 : 1;
	}
	if (n) {
		struct cmsghdr *c = &room.align;
		*c = (struct cmsghdr){ .cmsg_len = CMSG_LEN((size_t)n * sizeof(int)),
			               .cmsg_level = SOL_SOCKET,
			               .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(c), fds, (size_t)n * sizeof(int));
		m.msg_control = room.bytes;
		m.msg_controllen = CMSG_SPACE((size_t)n * sizeof(int));
	}
	ssize_t sent;
	do
		sent = sendmsg(fd, &m, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)(sizeof *l + v[1].iov_len);
}

/* The descriptors that came, -1 for those that did not. */
static int
take_fds(struct msghdr *m, int fds[FDS])
{
	int n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t many = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t k = 0; k < many; k++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + k * sizeof fd, sizeof fd);
			if (n < FDS)
				fds[n++] = fd;
			else
				close(fd);
		}
	}
	return n;
}

/* What is in *i is the caller's, also when it is no letter. */
static bool
read_letter(int fd, struct letter *l, struct inherit *i, int flags)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(FDS * sizeof(int))];
	} room;
	int fds[FDS] = { -1, -1 }, next = 0;

	*i = (struct inherit){ .fd = { -1, -1 }, .child = shared_index() };
	i->text = calloc(TEXT_MOST + 1, sizeof *i->text);
	if (!i->text)
		return false;
	struct iovec v[2] = { { l, sizeof *l }, { i->text, TEXT_MOST * sizeof *i->text } };
	struct msghdr m = { .msg_iov = v,
		            .msg_iovlen = 2,
		            .msg_control = room.bytes,
		            .msg_controllen = sizeof room.bytes };
	ssize_t n;
	do
		n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC | flags);
	while (n < 0 && errno == EINTR);
	int came = n < 0 ? 0 : take_fds(&m, fds);
	bool fine = n >= (ssize_t)sizeof *l && l->magic == MAGIC && l->text <= TEXT_MOST &&
	            (size_t)n == sizeof *l + l->text * sizeof *i->text &&
	            l->class < sizeof classes / sizeof *classes;
	for (int k = 0; k < FDS; k++)
		if (fine && l->fds >> k & 1 && next < came)
			i->fd[k] = fds[next++];
	while (next < came)
		close(fds[next++]);
	if (fine)
		memcpy(i->number, l->number, sizeof i->number);
	if (!fine || !l->text) {
		free(i->text);
		i->text = NULL;
	}
	return fine;
}

/* What came and became no object's. */
static void
drop(struct inherit *i, bool fds)
{
	free(i->text);
	for (int k = 0; fds && k < FDS; k++)
		if (i->fd[k] >= 0)
			close(i->fd[k]);
}

/* The object of a letter: a count, or NULL. */
static struct object *
unpack(const struct letter *l, struct inherit *i)
{
	const struct object_class *c = classes[l->class];
	struct object *o = c ? c->remake(i) : NULL;

	drop(i, !o);
	return o;
}

/* Put an object into a letter; *i is to be dropped then. */
static bool
pack(struct letter *l, struct inherit *i, struct object *o, uint32_t reader)
{
	l->class = class_number(o);
	i->child = reader;
	return l->class && o->class->give(o, i);
}

/* -- who answers ------------------------------------------------------------------------------- */

static struct reactor_wait door;

struct visit {
	struct reactor_wait wait;
	uint32_t who; /* its place in the table */
};

/* A process' own handles, as somebody else may name them. */
static NTSTATUS
look_up(HANDLE h, struct object **o, ACCESS_MASK *access, bool *inherit)
{
	if (h == (HANDLE)-2) /* whose thread? */
		return STATUS_INVALID_HANDLE;
	NTSTATUS s = handle_flags(h, access, inherit);

	return s < 0 ? s : handle_get(h, NULL, o);
}

static void
answer_put(struct letter *l, struct inherit *i)
{
	bool inherit = l->inherit;
	struct object *o = unpack(l, i);

	l->status = STATUS_INSUFFICIENT_RESOURCES;
	l->handle = o ? (uintptr_t)handle_new(o, l->access, inherit) : 0;
	if (l->handle)
		l->status = STATUS_SUCCESS;
	l->class = 0;
}

static void
answer_within(struct letter *l)
{
	ACCESS_MASK access;
	bool inherit;
	struct object *o;

	l->status = look_up((HANDLE)(uintptr_t)l->handle, &o, &access, &inherit);
	if (l->status >= 0) {
		if (!(l->options & DUPLICATE_SAME_ACCESS))
			access = l->access;
		if (!(l->options & DUPLICATE_SAME_ATTRIBUTES))
			inherit = l->inherit;
		HANDLE source = (HANDLE)(uintptr_t)l->handle;
		l->handle = (uintptr_t)handle_new(o, access, inherit);
		if (!l->handle)
			l->status = STATUS_INSUFFICIENT_RESOURCES;
		if (l->options & DUPLICATE_CLOSE_SOURCE)
			handle_close(source);
	}
	l->class = 0;
}

NTSTATUS
post_memory_do(struct post_memory *m)
{
	const struct vm_where *w = &m->where;

	switch (m->what) {
	case POST_ALLOC:
		return vm_alloc(&m->base, &m->size, m->type, m->protect,
		                w->low || w->high || w->align ? w : NULL);
	case POST_FREE: return vm_free(&m->base, &m->size, m->type);
	case POST_PROTECT: return vm_protect(&m->base, &m->size, m->protect, &m->protect);
	case POST_QUERY: return vm_query(m->base, &m->found);
	case POST_USE: m->use = host_use(); return STATUS_SUCCESS;
	}
	return STATUS_INVALID_PARAMETER;
}

static void
answer_memory(struct letter *l)
{
	struct post_memory m;

	memcpy(&m, l->number, sizeof m);
	l->status = post_memory_do(&m);
	memcpy(l->number, &m, sizeof m);
	l->class = 0;
}

/* The handle is closed before the answer goes, and what is behind it after. */
static void
answer_get(struct letter *l, int fd, uint32_t who)
{
	HANDLE h = (HANDLE)(uintptr_t)l->handle;
	struct inherit i = { .fd = { -1, -1 } };
	ACCESS_MASK access = 0;
	bool inherit = false, wanted = l->class, closes = l->options & DUPLICATE_CLOSE_SOURCE;
	struct object *o = NULL;

	l->class = 0;
	l->status = look_up(h, &o, &access, &inherit);
	i.moved = closes && o && atomic_load(&o->handles) == 1 && !handle_protected(h);
	if (l->status >= 0 && wanted && !pack(l, &i, o, who))
		l->status = STATUS_NOT_SUPPORTED;
	if (l->status < 0)
		l->class = 0;
	l->access = access;
	l->inherit = inherit;
	if (o && closes) {
		NTSTATUS s = handle_close(h);
		if (s < 0 && l->status >= 0 && !wanted)
			l->status = s;
	}
	write_letter(fd, l, l->class ? &i : NULL);
	drop(&i, false);
	if (o)
		object_unref(o);
}

/* A letter has come, or its writer has ended. */
static void
visited(struct reactor_wait *w, uint32_t events)
{
	struct visit *v = (struct visit *)((char *)w - offsetof(struct visit, wait));
	struct letter l;
	struct inherit i;

	(void)events;
	bool fine = read_letter(w->fd, &l, &i, MSG_DONTWAIT);
	if (!fine || l.to != process_self()->id || l.op < PUT || l.op > MEMORY) {
		drop(&i, true);
	} else {
		uint32_t op = l.op;
		l.op = ANSWER;
		if (op == PUT) {
			answer_put(&l, &i);
		} else {
			drop(&i, true);
			if (op == WITHIN)
				answer_within(&l);
			else if (op == MEMORY)
				answer_memory(&l);
		}
		if (op == GET)
			answer_get(&l, w->fd, v->who);
		else
			write_letter(w->fd, &l, NULL);
	}
	close(w->fd);
	free(v);
}

/* Which process of the machine connected; -1: it is none. */
static int64_t
peer(int fd)
{
	struct ucred u;
	socklen_t n = sizeof u;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &u, &n) < 0 || u.pid <= 0)
		return -1;
	for (uint32_t i = 0; i < SHARED_PROCESSES; i++)
		if (atomic_load(&shared->process[i].state) == SHARED_ALIVE &&
		    atomic_load(&shared->process[i].pid) == u.pid)
			return i;
	return -1;
}

static void
called(struct reactor_wait *w, uint32_t events)
{
	int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC);
	int64_t who = fd >= 0 ? peer(fd) : -1;
	struct visit *v = who >= 0 ? calloc(1, sizeof *v) : NULL;

	(void)events;
	if (v) {
		v->who = (uint32_t)who;
		v->wait = (struct reactor_wait){ .ready = visited, .fd = fd, .events = EPOLLIN };
	}
	if (!v || reactor_arm(&v->wait) < 0) {
		free(v);
		if (fd >= 0)
			close(fd);
	}
	(void)reactor_arm(w);
}

/* In the reactor: who begins does not wait for it. */
static void
open_door(struct reactor_timer *t)
{
	struct shared_process *self = shared_self();
	struct sockaddr_un a;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)t;
	door = (struct reactor_wait){ .ready = called, .fd = fd, .events = EPOLLIN };
	/* one that was killed left it */
	bool fine = fd >= 0 && address(self, &a) &&
	            (bind(fd, (struct sockaddr *)&a, sizeof a) == 0 ||
	             (errno == EADDRINUSE && unlink(a.sun_path) == 0 &&
	              bind(fd, (struct sockaddr *)&a, sizeof a) == 0)) &&
	            listen(fd, BACKLOG) == 0 && reactor_arm(&door) == 0;
	atomic_store(&self->post, fine ? OPEN : NEVER);
	shared_wake(&self->post);
}

/* Is the thread that was interrupted here between two instructions of the program, or in a call
 * of the host that waits?  Then it holds no lock: not ours, and not the C library's. */
static bool
holds_nothing(const ucontext_t *u)
{
	const greg_t *r = u->uc_mcontext.gregs;
	const uint8_t *ip = (const uint8_t *)r[REG_RIP];
	static const uint8_t call[] = { 0x0f, 0x05 };
	/* not those that an allocation makes */
	static const long waits[] = { SYS_futex,    SYS_futex_waitv, SYS_read,    SYS_write,
		                      SYS_readv,    SYS_writev,      SYS_pread64, SYS_preadv2,
		                      SYS_recvfrom, SYS_recvmsg,     SYS_sendto,  SYS_sendmsg,
		                      SYS_accept4,  SYS_connect,     SYS_fcntl,   SYS_flock };

	if (steady_self.depth)
		return false;
	if (!own_code(ip))
		return true;
	/* it has come back because of the signal, or will be made again behind it */
	if (r[REG_RAX] == -EINTR)
		return !memcmp(ip - sizeof call, call, sizeof call);
	bool known = false;
	for (size_t i = 0; i < sizeof waits / sizeof *waits; i++)
		known |= r[REG_RAX] == waits[i];
	return known && !memcmp(ip, call, sizeof call);
}

/* Somebody asks.  Who finds us busy knocks again. */
static void
knocked(int sig, siginfo_t *info, void *context)
{
	static _Atomic bool begun;
	static struct reactor_timer now = { .due = open_door };
	int saved = errno;

	(void)sig;
	(void)info;
	if (holds_nothing(context) && !atomic_exchange(&begun, true) && reactor_at(&now, 1) < 0) {
		atomic_store(&shared_self()->post, NEVER);
		shared_wake(&shared_self()->post);
	}
	errno = saved;
}

void
post_start(void)
{
	static _Atomic bool begun;
	struct sigaction a = { .sa_sigaction = knocked,
		               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART };

	if (atomic_exchange(&begun, true))
		return;
	sigfillset(&a.sa_mask);
	sigaction(SIGRTMIN + 7, &a, NULL);
	atomic_store(&shared_self()->post, SLEEPS);
}

void
post_close(void)
{
	struct sockaddr_un a;

	if (atomic_load(&shared_self()->post) == OPEN && address(shared_self(), &a))
		(void)unlink(a.sun_path);
}

/* -- who asks ----------------------------------------------------------------------------------- */

static bool
there(const struct process *p)
{
	return p->slot && shared_lives(p->slot) && atomic_load(&p->slot->id) == p->id;
}

/* Connected to a process: it may be about to begin. */
static NTSTATUS
visit(const struct process *p, int *out)
{
	struct sockaddr_un a;
	uint64_t late = wait_now() + PATIENCE * UINT64_C(1000000);
	uint32_t state = NOT_YET;

	while (there(p) && (state = atomic_load(&p->slot->post)) < OPEN && wait_now() < late) {
		if (state == SLEEPS && p->pidfd >= 0)
			(void)syscall(SYS_pidfd_send_signal, p->pidfd, SIGRTMIN + 7, NULL, 0);
		shared_wait(&p->slot->post, state, KNOCK_AGAIN);
	}
	if (!there(p))
		return STATUS_PROCESS_IS_TERMINATING;
	if (state < OPEN) /* all its threads are stopped */
		return STATUS_INSUFFICIENT_RESOURCES;
	if (state != OPEN || !address(p->slot, &a))
		return STATUS_NOT_SUPPORTED;
	*out = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (*out < 0)
		return status_errno(errno);
	int rc;
	do
		rc = connect(*out, (struct sockaddr *)&a, sizeof a);
	while (rc < 0 && errno == EINTR);
	if (rc == 0)
		return STATUS_SUCCESS;
	close(*out);
	return there(p) ? STATUS_INSUFFICIENT_RESOURCES : STATUS_PROCESS_IS_TERMINATING;
}

/* Send it and wait for the answer, which is in its place then; *i too. */
static NTSTATUS
exchange(const struct process *p, struct letter *l, const struct inherit *sent, struct inherit *i)
{
	int fd;
	NTSTATUS s = visit(p, &fd);

	*i = (struct inherit){ .fd = { -1, -1 } };
	if (s < 0)
		return s;
	l->to = p->id;
	if (!write_letter(fd, l, sent) || !read_letter(fd, l, i, 0) || l->op != ANSWER) {
		drop(i, true);
		*i = (struct inherit){ .fd = { -1, -1 } };
		s = STATUS_PROCESS_IS_TERMINATING;
	} else {
		s = l->status;
	}
	close(fd);
	return s;
}

NTSTATUS
post_put(struct process *to, struct object *o, const struct post_terms *t, HANDLE *out)
{
	struct letter l = { .op = PUT, .access = t->access, .inherit = t->inherit };
	struct inherit sent = { .fd = { -1, -1 }, .moved = t->moved }, got;

	if (process_share(NULL) < 0)
		return STATUS_INSUFFICIENT_RESOURCES;
	if (!there(to))
		return STATUS_PROCESS_IS_TERMINATING;
	if (!pack(&l, &sent, o, (uint32_t)(to->slot - shared->process)))
		return STATUS_NOT_SUPPORTED;
	NTSTATUS s = exchange(to, &l, &sent, &got);
	drop(&sent, false);
	drop(&got, true);
	*out = (HANDLE)(uintptr_t)(s < 0 ? 0 : l.handle);
	return s;
}

NTSTATUS
post_get(struct process *from, HANDLE h, struct post_terms *t, struct object **out)
{
	struct letter l = {
		.op = GET, .handle = (uintptr_t)h, .options = t->options, .class = out != NULL
	};
	struct inherit got;

	if (process_share(NULL) < 0)
		return STATUS_INSUFFICIENT_RESOURCES;
	NTSTATUS s = exchange(from, &l, NULL, &got);
	t->access = l.access;
	t->inherit = l.inherit;
	if (s >= 0 && out) {
		*out = unpack(&l, &got);
		return *out ? s : STATUS_INSUFFICIENT_RESOURCES;
	}
	drop(&got, true);
	return s;
}

NTSTATUS
post_within(struct process *p, HANDLE h, const struct post_terms *t, HANDLE *out)
{
	struct letter l = { .op = WITHIN,
		            .handle = (uintptr_t)h,
		            .access = t->access,
		            .inherit = t->inherit,
		            .options = t->options };
	struct inherit got;

	if (process_share(NULL) < 0)
		return STATUS_INSUFFICIENT_RESOURCES;
	NTSTATUS s = exchange(p, &l, NULL, &got);
	drop(&got, true);
	*out = (HANDLE)(uintptr_t)(s < 0 ? 0 : l.handle);
	return s;
}

NTSTATUS
post_memory(struct process *p, struct post_memory *m)
{
	struct letter l = { .op = MEMORY };
	struct inherit got;

	memcpy(l.number, m, sizeof *m);
	NTSTATUS s = exchange(p, &l, NULL, &got);
	drop(&got, true);
	memcpy(m, l.number, sizeof *m);
	return s;
}
