/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/object/shared_file.h"

#include <stdatomic.h>

/* Links are numbers of entries + 1.  An entry is whole before it is linked, and unlinked before it
 * is free: who is killed between two stores leaves one that nobody uses, no more. */

enum { SHARE_DELETE = 4 };

static _Atomic uint32_t *
bucket(uint64_t dev, uint64_t ino)
{
	return &shared->file_bucket[(ino ^ ino >> 12 ^ dev * 31) % SHARED_FILE_BUCKETS];
}

/* The entry that a link leads to, or NULL: also one that cannot be. */
static struct shared_file *
at(uint32_t link)
{
	return link && link <= SHARED_FILES ? &shared->file[link - 1] : NULL;
}

static struct shared_file *
take_free(void)
{
	struct shared_file *f = at(shared->file_free);

	if (f) {
		shared->file_free = f->next;
		return f;
	}
	return shared->nfile < SHARED_FILES ? &shared->file[shared->nfile++] : NULL;
}

/* The entry behind a link goes. */
static void
unlink_entry(_Atomic uint32_t *link)
{
	uint32_t number = atomic_load(link);
	struct shared_file *f = at(number);
	uint32_t owner = atomic_load(&f->process);

	atomic_store(link, atomic_load(&f->next));
	atomic_store(&f->process, 0);
	atomic_store(&f->next, shared->file_free);
	atomic_signal_fence(memory_order_seq_cst);
	shared->file_free = number;
	if (owner && owner <= SHARED_PROCESSES)
		atomic_fetch_sub(&shared->process[owner - 1].files, 1);
}

/* Does its process live?  Our own entries are none of the others'. */
static bool
is_others(const struct shared_file *f, bool *dead)
{
	uint32_t owner = atomic_load(&f->process);

	*dead = !owner || owner > SHARED_PROCESSES || !shared_lives(&shared->process[owner - 1]);
	return !*dead && owner != shared_index() + 1;
}

static NTSTATUS
conflict(const struct shared_file *f, const struct shared_open *o)
{
	if (f->pending)
		return STATUS_DELETE_PENDING;
	/* one who only looks at attributes is in nobody's way */
	if (o->want && f->want && ((o->want & ~f->share) || (f->want & ~o->share)))
		return STATUS_SHARING_VIOLATION;
	return STATUS_SUCCESS;
}

/* What one of the others says of o.  A damaged chain has an end, too. */
static NTSTATUS
ask(const struct shared_open *o,
    NTSTATUS (*says)(const struct shared_file *f, const struct shared_open *o))
{
	_Atomic uint32_t *link = bucket(o->dev, o->ino);
	struct shared_file *f;
	NTSTATUS s;
	bool dead;

	for (uint32_t n = 0; n < SHARED_FILES && (f = at(atomic_load(link))) != NULL; n++) {
		if (f->dev == o->dev && f->ino == o->ino && (s = says(f, o)) < 0) {
			if (is_others(f, &dead))
				return s;
			if (dead) {
				unlink_entry(link);
				continue;
			}
		}
		link = &f->next;
	}
	return STATUS_SUCCESS;
}

NTSTATUS
shared_file_enter(const struct shared_open *o, bool check, uint32_t *place)
{
	_Atomic uint32_t *link = bucket(o->dev, o->ino);
	NTSTATUS s = STATUS_SUCCESS;
	struct shared_file *f;

	*place = 0;
	shared_lock();
	if (check)
		s = ask(o, conflict);
	if (s >= 0 && (f = take_free()) != NULL) {
		f->dev = o->dev;
		f->ino = o->ino;
		f->want = o->want;
		f->share = o->share;
		f->pending = o->pending;
		atomic_store(&f->process, shared_index() + 1);
		atomic_store(&f->next, atomic_load(link));
		*place = (uint32_t)(f - shared->file) + 1;
		atomic_fetch_add(&shared_self()->files, 1);
		atomic_store(link, *place);
	}
	shared_unlock();
	return s;
}

void
shared_file_leave(uint32_t place)
{
	struct shared_file *f = at(place);

	if (!f)
		return;
	shared_lock();
	if (atomic_load(&f->process) == shared_index() + 1) {
		_Atomic uint32_t *link = bucket(f->dev, f->ino);
		uint32_t n = 0;
		while (n++ < SHARED_FILES && at(atomic_load(link)) && atomic_load(link) != place)
			link = &at(atomic_load(link))->next;
		if (atomic_load(link) == place)
			unlink_entry(link);
	}
	shared_unlock();
}

void
shared_file_pending(uint32_t place, bool pending)
{
	struct shared_file *f = at(place);

	shared_lock();
	if (f && atomic_load(&f->process) == shared_index() + 1)
		f->pending = pending;
	shared_unlock();
}

static NTSTATUS
forbids(const struct shared_file *f, const struct shared_open *o)
{
	(void)o;
	return f->want && !(f->share & SHARE_DELETE) ? STATUS_SHARING_VIOLATION : STATUS_SUCCESS;
}

NTSTATUS
shared_file_delete(uint64_t dev, uint64_t ino)
{
	const struct shared_open o = { .dev = dev, .ino = ino };

	shared_lock();
	NTSTATUS s = ask(&o, forbids);
	shared_unlock();
	return s;
}

size_t
shared_file_users(uint64_t dev, uint64_t ino, uint32_t *index, size_t room)
{
	struct shared_file *f;
	size_t n = 0;
	bool dead;

	shared_lock();
	uint32_t link = atomic_load(bucket(dev, ino));
	for (uint32_t i = 0; i < SHARED_FILES && n < room && (f = at(link)) != NULL; i++) {
		link = atomic_load(&f->next);
		if (f->dev != dev || f->ino != ino || !is_others(f, &dead))
			continue;
		uint32_t owner = atomic_load(&f->process) - 1;
		size_t k = 0;
		while (k < n && index[k] != owner)
			k++;
		index[k] = owner;
		n = k == n ? n + 1 : n;
	}
	shared_unlock();
	return n;
}

void
shared_file_gone(uint32_t index)
{
	if (!atomic_load(&shared->process[index].files))
		return;
	for (uint32_t i = 0; i < SHARED_FILE_BUCKETS; i++) {
		_Atomic uint32_t *link = &shared->file_bucket[i];
		struct shared_file *f;
		for (uint32_t n = 0; n < SHARED_FILES && (f = at(atomic_load(link))) != NULL; n++)
			if (atomic_load(&f->process) == index + 1)
				unlink_entry(link);
			else
				link = &f->next;
	}
	atomic_store(&shared->process[index].files, 0);
}
