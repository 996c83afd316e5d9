/* SPDX-License-Identifier: Apache-2.0 */
/* Who has which file open, and what he lets others do with it.  Learn: CreateFileW,
 * dwShareMode. */
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "layer/api/nt/file/file.h"
#include "layer/api/nt/object/shared_file.h"
#include "layer/api/nt/thread/steady.h"

/* A file is looked up by device and inode, which costs a system call to learn.  So it is first asked
 * whether any open file at all could be in the way, or have something against it: mostly none is,
 * and then which file it is stays unknown until another one comes that must be compared.  From the
 * moment on at which there are other processes, they are told of each file (shared_file.h). */
enum { BUCKETS = 256, RIGHTS = 3 };

static _Atomic uint32_t lock; /* steady.h's */
static struct file *table[BUCKETS], *unknown;
/* of the files in the lists: those that use a right, that deny it to others */
static uint32_t users[RIGHTS], deniers[RIGHTS];
static bool machine;      /* there are other processes, or there were */
static uint32_t deleting; /* those that are to be deleted, and were not opened for that */

static struct file **
bucket(dev_t dev, ino_t ino)
{
	return &table[(ino ^ ino >> 8 ^ dev) % BUCKETS];
}

/* The sharing that an access needs of others. */
static uint32_t
wants(ACCESS_MASK a)
{
	return (a & (FILE_READ_DATA | FILE_EXECUTE) ? FILE_SHARE_READ : 0) |
	       (a & (FILE_WRITE_DATA | FILE_APPEND_DATA) ? FILE_SHARE_WRITE : 0) |
	       (a & ACCESS_DELETE ? FILE_SHARE_DELETE : 0);
}

static bool
is_deleting(const struct file *f)
{
	return f->delete_on_close && !(f->options & FILE_DELETE_ON_CLOSE);
}

static void
count(const struct file *f, uint32_t n)
{
	uint32_t has = wants(f->access);
	/* one who only looks at attributes is in nobody's way */
	if (has)
		for (int i = 0; i < RIGHTS; i++) {
			users[i] += has >> i & 1 ? n : 0;
			deniers[i] += f->share >> i & 1 ? 0 : n;
		}
	if (is_deleting(f))
		deleting += n;
}

/* Could any of them and this one forbid each other something? */
static bool
harmless(const struct file *f)
{
	uint32_t want = wants(f->access);
	if (deleting)
		return false;
	for (int i = 0; want && i < RIGHTS; i++)
		if ((want >> i & 1 && deniers[i]) || (!(f->share >> i & 1) && users[i]))
			return false;
	return true;
}

static void
put(struct file **list, struct file *f)
{
	f->share_next = *list;
	f->share_at = list;
	if (f->share_next)
		f->share_next->share_at = &f->share_next;
	*list = f;
}

static void
take(struct file *f)
{
	*f->share_at = f->share_next;
	if (f->share_next)
		f->share_next->share_at = f->share_at;
}

void
file_share_known(struct file *f, const struct stat *st)
{
	f->dev = st->st_dev;
	f->ino = st->st_ino;
	f->known = true;
}

static void
learn(struct file *f)
{
	struct stat st = { 0 };
	if (!f->known && syscall(SYS_fstat, f->fd, &st) == 0)
		file_share_known(f, &st);
	f->known = true;
}

static void
learn_all(void)
{
	for (struct file *f = unknown; f; f = unknown) {
		learn(f);
		take(f);
		put(bucket(f->dev, f->ino), f);
	}
}

static NTSTATUS
compare(const struct file *f)
{
	uint32_t want = wants(f->access);
	NTSTATUS s = STATUS_SUCCESS;
	for (struct file *g = *bucket(f->dev, f->ino); g && s >= 0; g = g->share_next) {
		if (g->ino != f->ino || g->dev != f->dev)
			continue;
		uint32_t has = wants(g->access);
		if (is_deleting(g))
			s = STATUS_DELETE_PENDING;
		/* one who only looks at attributes is in nobody's way */
		else if (want && has && ((want & ~g->share) || (has & ~f->share)))
			s = STATUS_SHARING_VIOLATION;
	}
	return s;
}

/* Others of the machine see it, too; they may be in the way. */
static NTSTATUS
tell(struct file *f, bool check)
{
	learn(f);
	const struct shared_open o = {
		.dev = f->dev,
		.ino = f->ino,
		.want = (uint8_t)wants(f->access),
		.share = (uint8_t)(f->share & 7),
		.pending = is_deleting(f),
	};
	return shared_file_enter(&o, check, &f->place);
}

static void
untell(struct file *f)
{
	if (f->place)
		shared_file_leave(f->place);
	f->place = 0;
}

static void
enter(struct file *f)
{
	put(f->known ? bucket(f->dev, f->ino) : &unknown, f);
	count(f, 1);
	f->shared = true;
}

NTSTATUS
file_share_enter(struct file *f)
{
	NTSTATUS s = STATUS_SUCCESS;
	steady_lock(&lock);
	if (!harmless(f)) {
		learn(f);
		learn_all();
		s = compare(f);
	}
	if (s >= 0 && machine)
		s = tell(f, true);
	if (s >= 0)
		enter(f);
	steady_unlock(&lock);
	return s;
}

void
file_share_join(struct file *f)
{
	steady_lock(&lock);
	if (machine)
		(void)tell(f, false);
	enter(f);
	steady_unlock(&lock);
}

void
file_share_machine(void)
{
	steady_lock(&lock);
	learn_all();
	for (size_t i = 0; !machine && i < BUCKETS; i++)
		for (struct file *g = table[i]; g; g = g->share_next)
			(void)tell(g, false);
	machine = true;
	steady_unlock(&lock);
}

/* As if it were closed. */
static void
end_one(struct file *f)
{
	struct stat st;
	untell(f);
	if (!f->delete_on_close || !f->path || lstat(f->path, &st) < 0)
		return;
	learn(f);
	if (f->dev == st.st_dev && f->ino == st.st_ino)
		(void)(S_ISDIR(st.st_mode) ? rmdir(f->path) : unlink(f->path));
}

/* Another thread may have the lock for good: then who looks finds that we are gone. */
void
file_share_end(void)
{
	uint32_t free = 0;
	steady_on();
	if (!atomic_compare_exchange_strong(&lock, &free, 1)) {
		steady_off();
		return;
	}
	for (size_t i = 0; i <= BUCKETS; i++)
		for (struct file *g = i < BUCKETS ? table[i] : unknown; g; g = g->share_next)
			end_one(g);
	steady_unlock(&lock);
}

void
file_share_leave(struct file *f)
{
	if (!f->shared)
		return;
	steady_lock(&lock);
	take(f);
	count(f, -1u);
	untell(f);
	f->shared = false;
	steady_unlock(&lock);
}

bool
file_share_is(struct file *f, const struct stat *st)
{
	steady_lock(&lock);
	if (f->shared)
		learn_all();
	learn(f);
	bool same = f->dev == st->st_dev && f->ino == st->st_ino;
	steady_unlock(&lock);
	return same;
}

void
file_share_deleting(struct file *f, bool on)
{
	steady_lock(&lock);
	if (f->shared)
		count(f, -1u);
	f->delete_on_close = on;
	if (f->shared)
		count(f, 1);
	if (f->place)
		shared_file_pending(f->place, is_deleting(f));
	steady_unlock(&lock);
}

void
file_share_became(struct file *f, const struct stat *st)
{
	steady_lock(&lock);
	if (f->shared)
		take(f);
	file_share_known(f, st);
	if (f->shared)
		put(bucket(f->dev, f->ino), f);
	if (f->place) {
		untell(f);
		(void)tell(f, false);
	}
	steady_unlock(&lock);
}

NTSTATUS
file_share_delete(dev_t dev, ino_t ino, const struct file *except)
{
	NTSTATUS s = STATUS_SUCCESS;
	steady_lock(&lock);
	learn_all();
	for (struct file *g = *bucket(dev, ino); g && s >= 0; g = g->share_next)
		if (g->ino == ino && g->dev == dev && g != except && wants(g->access) &&
		    !(g->share & FILE_SHARE_DELETE))
			s = STATUS_SHARING_VIOLATION;
	if (s >= 0 && machine)
		s = shared_file_delete(dev, ino);
	steady_unlock(&lock);
	return s;
}

size_t
file_share_users(dev_t dev, ino_t ino, uint32_t *index, size_t room)
{
	bool ours = false;
	steady_lock(&lock);
	learn_all();
	for (struct file *g = *bucket(dev, ino); g && !ours; g = g->share_next)
		ours = g->ino == ino && g->dev == dev;
	size_t n = 0;
	if (ours && room)
		index[n++] = shared_index();
	if (machine)
		n += shared_file_users(dev, ino, index + n, room - n);
	steady_unlock(&lock);
	return n;
}

/* The path of one in a folder that is called otherwise now.  Under its lock. */
static void
rename_one(struct file *g, const char *from, const char *to, size_t n)
{
	if (!g->path || strncmp(g->path, from, n) != 0 || (g->path[n] && g->path[n] != '/'))
		return;
	size_t m = strlen(to), rest = strlen(g->path + n) + 1;
	char *p = malloc(m + rest);
	if (!p)
		return;
	memcpy(p, to, m);
	memcpy(p + m, g->path + n, rest);
	free(g->path);
	g->path = p;
}

void
file_share_moved(const char *from, const char *to)
{
	size_t n = strlen(from);
	steady_lock(&lock);
	for (size_t i = 0; i <= BUCKETS; i++)
		for (struct file *g = i < BUCKETS ? table[i] : unknown; g; g = g->share_next) {
			pthread_mutex_lock(&g->lock);
			rename_one(g, from, to, n);
			pthread_mutex_unlock(&g->lock);
		}
	steady_unlock(&lock);
}
