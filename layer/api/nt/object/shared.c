/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/object/shared.h"

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
#include "layer/api/nt/object/shared_sync.h"
#include "layer/api/nt/peb.h"
#include "layer/api/nt/thread/steady.h"

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

/* Before there is a memory to be shared. */
static uint32_t
run_alone(void)
{
	static _Atomic uint32_t run;
	uint32_t none = 0, fresh = (uint32_t)clock_now() ^ (uint32_t)getpid() << 20;

	atomic_compare_exchange_strong(&run, &none, fresh ? fresh : 1);
	return atomic_load(&run);
}

uint32_t
shared_run(void)
{
	return shared ? shared->run : run_alone();
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
			shared->run = run_alone();
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

static bool
is_gone(const struct shared_process *p)
{
	int32_t pid = atomic_load(&p->pid);
	int saved = errno;
	bool gone = pid > 0 && kill(pid, 0) < 0 && errno == ESRCH;

	errno = saved;
	return gone;
}

/* Is the holder gone?  Its place says which process of the host it is.  One that said that it
 * ends has threads for a moment yet; when it is over, its number may be another's. */
static bool
orphaned(uint32_t holder, uint32_t sleeps)
{
	if (!holder || holder == NOBODY)
		return false;
	if (holder > SHARED_PROCESSES) /* such a one never was */
		return true;
	struct shared_process *p = &shared->process[holder - 1];
	return is_gone(p) || (sleeps > 50 && atomic_load(&p->state) == SHARED_ENDED);
}

void
shared_lock(void)
{
	uint32_t me = self ? (uint32_t)(self - shared->process) + 1 : NOBODY, want = me, sleeps = 0;
	const struct timespec patience = { 0, 20000000 };

	steady_on();
	for (uint32_t spins = 0;; spins++) {
		uint32_t was = 0;
		if (atomic_compare_exchange_strong(&shared->lock, &was, want))
			return;
		if (spins < 200) { /* it is held for some hundred nanoseconds */
			__builtin_ia32_pause();
			continue;
		}
		if (orphaned(was & ~WAITED, sleeps) &&
		    atomic_compare_exchange_strong(&shared->lock, &was, me | WAITED)) {
			shared_sync_repair();
			return;
		}
		if (!was || (!(was & WAITED) &&
		             !atomic_compare_exchange_strong(&shared->lock, &was, was | WAITED)))
			continue;
		/* there may be others who sleep: whoever has slept wakes them, too */
		want = me | WAITED;
		sleeps++;
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
		if (before)
			shared_thing_gone(index);
		/* 8 is the first process; a place that is used again gives another number */
		uint32_t turn = before ? (before / 4 - 2) / SHARED_PROCESSES + 1 : 0;
		atomic_store(&p->id, 4 * (index + 2 + turn * SHARED_PROCESSES));
		atomic_store(&p->pid, 0);
		atomic_store(&p->exit_code, 259);
		atomic_store(&p->gate, 0);
		atomic_store(&p->job, 0);
		atomic_store(&p->gifts, 0);
		atomic_store(&p->post, 0);
		atomic_store(&p->files, 0);
		atomic_store(&p->watches, 0);
		atomic_store(&p->peb, 0);
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

uint32_t
shared_index(void)
{
	return self ? (uint32_t)(self - shared->process) : 0;
}

void
shared_gone(struct shared_process *p, uint32_t id)
{
	shared_lock();
	if (!id || atomic_load(&p->id) == id)
		shared_thing_gone((uint32_t)(p - shared->process));
	shared_unlock();
}

void
shared_be(struct shared_process *p)
{
	self = p;
	atomic_store(&p->pid, getpid());
	atomic_store(&p->peb, (uintptr_t)&peb_block);
	atomic_store(&p->state, SHARED_ALIVE);
}

bool
shared_lives(struct shared_process *p)
{
	uint32_t state = atomic_load(&p->state);

	return state == SHARED_STARTING || (state == SHARED_ALIVE && !is_gone(p));
}

/* -- bells and gates --------------------------------------------------------------------- */

uint32_t
shared_bell(void)
{
	return atomic_load(&self->bell);
}

void
shared_ring(struct shared_process *p)
{
	atomic_fetch_add(&p->bell, 1);
	futex(&p->bell, FUTEX_WAKE, INT32_MAX, NULL);
}

void
shared_ring_watchers(void)
{
	for (uint32_t i = 0; i < SHARED_PROCESSES; i++)
		if (atomic_load(&shared->process[i].watches) && &shared->process[i] != self)
			shared_ring(&shared->process[i]);
}

void
shared_listen(uint32_t seen)
{
	futex(&self->bell, FUTEX_WAIT, seen, NULL);
}

void
shared_wait(_Atomic uint32_t *word, uint32_t value, uint32_t ms)
{
	const struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };
	int saved = errno;

	futex(word, FUTEX_WAIT, value, &t);
	errno = saved;
}

void
shared_wake(_Atomic uint32_t *word)
{
	futex(word, FUTEX_WAKE, INT32_MAX, NULL);
}

bool
shared_dead(const struct shared_process *p)
{
	return atomic_load(&p->state) == SHARED_FREE || is_gone(p);
}

const WCHAR *
shared_image(const struct shared_process *p, WCHAR out[MAX_PATH])
{
	memcpy(out, p->image, sizeof p->image);
	out[MAX_PATH - 1] = 0;
	return out;
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
