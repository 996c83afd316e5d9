/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "layer/api/nt/clock.h"
#include "layer/api/nt/process.h"
#include "layer/api/nt/steady.h"

enum { MAGIC = 0x5453494a, NOBODY = 0x7fffffff };
#define WAITED 0x80000000u

struct shared *shared;

static int own_fd = -1;
static _Atomic uint32_t starting; /* steady lock of shared_start() */
static struct shared_process *self;

static long
futex(_Atomic uint32_t *word, int op, uint32_t value, const struct timespec *t)
{
	return syscall(SYS_futex, word, op, value, t, NULL, 0);
}

static int
map(int fd, struct err *e)
{
	void *p = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return fail(e, errno, "the machine's shared memory cannot be mapped: %s",
		            strerror(errno));
	shared = p;
	own_fd = fd;
	return 0;
}

/* Whoever shares it is a child of who made it: a file without a name is enough. */
int
shared_start(struct err *e)
{
	int rc = 0;

	steady_lock(&starting);
	if (!shared) {
		int fd = memfd_create("joist-machine", MFD_CLOEXEC);
		if (fd < 0 || ftruncate(fd, sizeof *shared) < 0) {
			rc = fail(e, errno, "the machine's shared memory cannot be made: %s",
			          strerror(errno));
			if (fd >= 0)
				close(fd);
		} else if (map(fd, e) < 0) {
			rc = -1;
			close(fd);
		} else {
			shared->magic = MAGIC;
			shared->size = sizeof *shared;
		}
	}
	steady_unlock(&starting);
	return rc;
}

int
shared_adopt(int fd, struct err *e)
{
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	if (map(fd, e) < 0)
		return -1;
	if (shared->magic != MAGIC || shared->size != sizeof *shared)
		return fail(e, EINVAL, "the machine's shared memory is another build's");
	return 0;
}

int
shared_fd(void)
{
	return own_fd;
}

/* -- the lock ------------------------------------------------------------------------- */

/* Is the holder gone?  Its slot says which process of the host it is. */
static bool
orphaned(uint32_t holder)
{
	if (holder == NOBODY || holder > SHARED_PROCESSES)
		return false;
	int32_t pid = atomic_load(&shared->process[holder - 1].pid);
	return pid > 0 && kill(pid, 0) < 0 && errno == ESRCH;
}

void
shared_lock(void)
{
	uint32_t me = self ? (uint32_t)(self - shared->process) + 1 : NOBODY;
	const struct timespec patience = { 0, 50000000 };

	steady_on();
	for (;;) {
		uint32_t was = 0;
		if (atomic_compare_exchange_strong(&shared->lock, &was, me))
			return;
		if (orphaned(was & ~WAITED) &&
		    atomic_compare_exchange_strong(&shared->lock, &was, me | WAITED))
			return;
		if (!(was & WAITED) &&
		    !atomic_compare_exchange_strong(&shared->lock, &was, was | WAITED))
			continue;
		futex(&shared->lock, FUTEX_WAIT, was | WAITED, &patience);
	}
}

void
shared_unlock(void)
{
	if (atomic_exchange(&shared->lock, 0) & WAITED)
		futex(&shared->lock, FUTEX_WAKE, 1, NULL);
	steady_off();
}

/* -- processes ------------------------------------------------------------------------- */

static bool
is_gone(const struct shared_process *p)
{
	int32_t pid = atomic_load(&p->pid);

	return pid > 0 && kill(pid, 0) < 0 && errno == ESRCH;
}

/* A free place, or that of the one that ended first. */
static struct shared_process *
place(void)
{
	struct shared_process *best = NULL;

	for (uint32_t i = 0; i < SHARED_PROCESSES; i++) {
		struct shared_process *p = &shared->process[i];
		uint32_t state = atomic_load(&p->state);
		if (state == SHARED_FREE)
			return p;
		if (state == SHARED_ALIVE && is_gone(p)) {
			atomic_store(&p->state, SHARED_ENDED);
			state = SHARED_ENDED;
		}
		if (state == SHARED_ENDED && (!best || p->ended < best->ended))
			best = p;
	}
	return best;
}

struct shared_process *
shared_new_process(const WCHAR *image, uint32_t parent)
{
	struct shared_process *p;

	shared_lock();
	p = place();
	if (p) {
		uint32_t index = (uint32_t)(p - shared->process);
		uint32_t before = atomic_load(&p->id);
		/* 8 is the first process; a place that is used again gives another number */
		uint32_t turn = before ? (before / 4 - 2) / SHARED_PROCESSES + 1 : 0;
		atomic_store(&p->id, 4 * (index + 2 + turn * SHARED_PROCESSES));
		atomic_store(&p->pid, 0);
		atomic_store(&p->exit_code, 259);
		atomic_store(&p->gate, 0);
		atomic_store(&p->job, 0);
		atomic_store(&p->threads, 1);
		p->parent = parent;
		p->main_thread = 0;
		p->created = (uint64_t)clock_now();
		p->ended = p->cpu_user = p->cpu_kernel = 0;
		size_t n = 0;
		for (; image[n] && n < sizeof p->image / sizeof *p->image - 1; n++)
			p->image[n] = image[n];
		p->image[n] = 0;
		atomic_store(&p->state, SHARED_STARTING);
	}
	shared_unlock();
	return p;
}

struct shared_process *
shared_find_process(uint32_t id)
{
	if (!shared || id < 8 || id % 4)
		return NULL;
	struct shared_process *p = &shared->process[(id / 4 - 2) % SHARED_PROCESSES];
	return atomic_load(&p->id) == id && atomic_load(&p->state) != SHARED_FREE ? p : NULL;
}

struct shared_process *
shared_self(void)
{
	return self;
}

void
shared_be(struct shared_process *p)
{
	self = p;
	atomic_store(&p->pid, getpid());
	atomic_store(&p->state, SHARED_ALIVE);
}

bool
shared_lives(struct shared_process *p)
{
	uint32_t state = atomic_load(&p->state);

	return state == SHARED_STARTING || (state == SHARED_ALIVE && !is_gone(p));
}

/* -- things ----------------------------------------------------------------------------- */

static uint32_t
hash_of(const WCHAR *name)
{
	uint32_t h = 2166136261u;

	for (; *name; name++)
		h = (h ^ *name) * 16777619u;
	return h;
}

/* A name that is too long is cut, and told apart from others by its hash. */
static void
short_name(const WCHAR *name, WCHAR out[SHARED_NAME])
{
	size_t n = 0;

	for (; name[n] && n < SHARED_NAME - 1; n++)
		out[n] = name[n];
	if (name[n]) {
		uint32_t h = hash_of(name);
		for (n = SHARED_NAME - 9; n < SHARED_NAME - 1; n++, h >>= 4)
			out[n] = u"0123456789abcdef"[h & 15];
	}
	out[n] = 0;
}

static bool
same_name(const WCHAR *a, const WCHAR *b)
{
	for (; *a && *a == *b; a++, b++)
		;
	return *a == *b;
}

/* Users that were killed are no users any more; under the lock. */
static void
sweep(struct shared_thing *t)
{
	t->refs = 0;
	for (uint32_t i = 0; i < SHARED_PROCESSES; i++) {
		if (!(t->users[i / 32] >> i % 32 & 1))
			continue;
		if (shared_lives(&shared->process[i]))
			t->refs++;
		else
			t->users[i / 32] &= ~(1u << i % 32);
	}
	if (!t->refs)
		t->kind = SHARED_NOTHING;
}

static void
use(struct shared_thing *t)
{
	uint32_t i = self ? (uint32_t)(self - shared->process) : 0;

	if (!(t->users[i / 32] >> i % 32 & 1)) {
		t->users[i / 32] |= 1u << i % 32;
		t->refs++;
	}
}

static struct shared_thing *
find(const WCHAR *name, struct shared_thing **free_one)
{
	*free_one = NULL;
	for (uint32_t i = 0; i < shared->nthing; i++) {
		struct shared_thing *t = &shared->thing[i];
		if (t->kind != SHARED_NOTHING && name && *name && same_name(t->name, name)) {
			sweep(t);
			if (t->kind != SHARED_NOTHING)
				return t;
		}
		if (t->kind == SHARED_NOTHING && !*free_one)
			*free_one = t;
	}
	if (!*free_one && shared->nthing < SHARED_THINGS)
		*free_one = &shared->thing[shared->nthing++];
	for (uint32_t i = 0; !*free_one && i < SHARED_THINGS; i++) {
		sweep(&shared->thing[i]);
		if (shared->thing[i].kind == SHARED_NOTHING)
			*free_one = &shared->thing[i];
	}
	return NULL;
}

NTSTATUS
shared_open(enum shared_kind kind, const WCHAR *name, bool make, struct shared_thing **out,
            bool *made)
{
	WCHAR own[SHARED_NAME] = { 0 };
	struct shared_thing *t, *fresh;
	NTSTATUS s = STATUS_SUCCESS;

	*made = false;
	*out = NULL;
	if (process_share(NULL) < 0)
		return STATUS_INSUFFICIENT_RESOURCES;
	if (name)
		short_name(name, own);
	shared_lock();
	t = find(own, &fresh);
	if (t && t->kind != (uint32_t)kind) {
		s = STATUS_OBJECT_TYPE_MISMATCH;
	} else if (t) {
		use(t);
	} else if (!make) {
		s = STATUS_OBJECT_NAME_NOT_FOUND;
	} else if (!fresh) {
		s = STATUS_INSUFFICIENT_RESOURCES;
	} else {
		t = fresh;
		memset(t, 0, sizeof *t);
		memcpy(t->name, own, sizeof own);
		use(t);
		t->kind = kind;
		*made = true;
	}
	shared_unlock();
	*out = t;
	return s;
}

void
shared_close(struct shared_thing *t)
{
	uint32_t i = self ? (uint32_t)(self - shared->process) : 0;

	shared_lock();
	if (t->users[i / 32] >> i % 32 & 1) {
		t->users[i / 32] &= ~(1u << i % 32);
		t->refs--;
	}
	if (!t->refs)
		t->kind = SHARED_NOTHING;
	shared_unlock();
}

void
shared_adopt_thing(struct shared_thing *t)
{
	shared_lock();
	use(t);
	shared_unlock();
}

void
shared_ring(struct shared_thing *t)
{
	for (uint32_t w = 0; w < SHARED_PROCESSES / 32; w++) {
		uint32_t users = t->users[w];
		for (; users; users &= users - 1) {
			struct shared_process *p =
			        &shared->process[w * 32 + (uint32_t)__builtin_ctz(users)];
			atomic_fetch_add(&p->bell, 1);
			if (p != self || atomic_load(&p->listens))
				futex(&p->bell, FUTEX_WAKE, 1, NULL);
		}
	}
}

void
shared_listen(uint32_t seen)
{
	futex(&self->bell, FUTEX_WAIT, seen, NULL);
}

void
shared_gate_wait(struct shared_process *p)
{
	while (atomic_load(&p->gate))
		futex(&p->gate, FUTEX_WAIT, 1, NULL);
}

uint32_t
shared_gate_open(struct shared_process *p)
{
	uint32_t was = atomic_exchange(&p->gate, 0);

	futex(&p->gate, FUTEX_WAKE, 1, NULL);
	return was;
}
