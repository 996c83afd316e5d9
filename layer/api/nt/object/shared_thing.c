/* SPDX-License-Identifier: Apache-2.0 */
/* shared_thing.c -- what processes of a machine have in common: who has it, and its name.
 *
 * A process is a user of a thing as long as it has the object, and one that has it open as
 * long as it has a handle.  A name goes with the last handle, a thing with its last user; who
 * was killed is found out when somebody looks for the name.
 */
#include <stdatomic.h>
#include <string.h>

#include "layer/api/nt/process/process.h"
#include "layer/api/nt/object/shared.h"
#include "layer/api/nt/object/shared_file.h"
#include "layer/api/nt/object/shared_sync.h"

/* -- names ------------------------------------------------------------------------------- */

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

/* b ends, whatever stands in a. */
static bool
same_name(const WCHAR *a, const WCHAR *b)
{
	for (; *b && *a == *b; a++, b++)
		;
	return *a == *b;
}

static void
unname(struct shared_thing *t)
{
	t->hash = 0;
	t->name[0] = 0;
}

/* -- users --------------------------------------------------------------------------------- */

static bool
has(const uint32_t *set, uint32_t i)
{
	return set[i / 32] >> i % 32 & 1;
}

static void put(uint32_t *set, uint32_t i) { set[i / 32] |= 1u << i % 32; }
static void drop(uint32_t *set, uint32_t i) { set[i / 32] &= ~(1u << i % 32); }

/* Users that were killed are no users any more; under the lock. */
static void
sweep(struct shared_thing *t)
{
	bool open = false;

	t->refs = 0;
	for (uint32_t i = 0; i < SHARED_PROCESSES; i++) {
		if (!has(t->users, i))
			continue;
		if (shared_lives(&shared->process[i])) {
			t->refs++;
			open |= has(t->open, i);
		} else {
			drop(t->users, i);
			drop(t->open, i);
		}
	}
	if (!open)
		unname(t);
	if (!t->refs)
		t->kind = SHARED_NOTHING;
}

static void
use(struct shared_thing *t, uint32_t i)
{
	if (!has(t->users, i)) {
		put(t->users, i);
		t->refs++;
	}
	put(t->open, i);
}

/* Has somebody put a handle of it into the process' table, which it has not seen yet? */
static bool
given(const struct shared_thing *t, uint32_t i)
{
	for (uint32_t k = 0; k < shared->ngift && k < SHARED_GIFTS; k++)
		if (atomic_load(&shared->gift[k].target) == i + 1 &&
		    shared->gift[k].thing == shared_number(t))
			return true;
	return false;
}

/* A process has it no longer, or only has no handle any more. */
static void
leave(struct shared_thing *t, uint32_t i, bool whole)
{
	bool open = false;

	if (given(t, i))
		return;
	drop(t->open, i);
	for (uint32_t w = 0; w < SHARED_PROCESSES / 32; w++)
		open |= t->open[w] != 0;
	if (!open)
		unname(t);
	if (whole && has(t->users, i)) {
		drop(t->users, i);
		t->refs--;
	}
	if (!t->refs)
		t->kind = SHARED_NOTHING;
}

/* -- things ---------------------------------------------------------------------------------- */

static struct shared_thing *
find(const WCHAR *name, struct shared_thing **free_one)
{
	uint32_t hash = hash_of(name), n = shared->nthing;

	*free_one = NULL;
	for (uint32_t i = 0; i < n && i < SHARED_THINGS; i++) {
		struct shared_thing *t = &shared->thing[i];
		if (t->kind != SHARED_NOTHING && *name && t->hash == hash &&
		    same_name(t->name, name)) {
			sweep(t);
			if (t->name[0])
				return t;
		}
		if (t->kind == SHARED_NOTHING && !*free_one)
			*free_one = t;
	}
	if (!*free_one && n < SHARED_THINGS) {
		shared->nthing = n + 1;
		*free_one = &shared->thing[n];
	}
	for (uint32_t i = 0; !*free_one && i < SHARED_THINGS; i++) {
		sweep(&shared->thing[i]);
		if (shared->thing[i].kind == SHARED_NOTHING)
			*free_one = &shared->thing[i];
	}
	return NULL;
}

static void
begin(struct shared_thing *t, enum shared_kind kind, const WCHAR *name,
      const struct shared_first *first)
{
	memset(t, 0, sizeof *t);
	memcpy(t->name, name, sizeof t->name);
	t->hash = hash_of(t->name);
	atomic_store(&t->state, first->state);
	atomic_store(&t->owner, first->owned ? shared_index() + 1 : 0);
	atomic_store(&t->flags, first->flags);
	atomic_store(&t->limit, first->limit);
	use(t, shared_index());
	atomic_signal_fence(memory_order_seq_cst);
	t->kind = kind;
}

NTSTATUS
shared_open(enum shared_kind kind, const WCHAR *name, const struct shared_first *make,
            struct shared_thing **out, bool *made)
{
	WCHAR own[SHARED_NAME] = { 0 };
	struct shared_thing *t, *fresh;
	NTSTATUS s = STATUS_SUCCESS;

	*made = false;
	*out = NULL;
	if (!make && !shared)
		return STATUS_OBJECT_NAME_NOT_FOUND;
	if (process_share(NULL) < 0)
		return STATUS_INSUFFICIENT_RESOURCES;
	if (name)
		short_name(name, own);
	shared_lock();
	t = find(own, &fresh);
	if (t && t->kind != (uint32_t)kind) {
		s = STATUS_OBJECT_TYPE_MISMATCH;
	} else if (t) {
		use(t, shared_index());
	} else if (!make) {
		s = STATUS_OBJECT_NAME_NOT_FOUND;
	} else if (!fresh) {
		s = STATUS_INSUFFICIENT_RESOURCES;
	} else {
		t = fresh;
		begin(t, kind, own, make);
		*made = true;
	}
	shared_unlock();
	*out = t;
	return s;
}

bool
shared_named(const WCHAR *name)
{
	WCHAR own[SHARED_NAME] = { 0 };
	struct shared_thing *t, *fresh;

	if (!shared)
		return false;
	short_name(name, own);
	shared_lock();
	t = find(own, &fresh);
	shared_unlock();
	return t;
}

void
shared_close_with(struct shared_thing *t, void (*end)(const struct shared_thing *t))
{
	uint32_t i = shared_index();

	shared_lock();
	if (t->refs == 1 && has(t->users, i))
		end(t);
	leave(t, i, true);
	shared_unlock();
}

void
shared_close(struct shared_thing *t)
{
	shared_lock();
	leave(t, shared_index(), true);
	shared_unlock();
}

bool
shared_elsewhere(struct shared_thing *t)
{
	bool yes = false;

	shared_lock();
	for (uint32_t i = 0; i < SHARED_PROCESSES && !yes; i++)
		yes = has(t->open, i) && i != shared_index() && shared_lives(&shared->process[i]);
	shared_unlock();
	return yes;
}

void
shared_ring_users(const struct shared_thing *t)
{
	for (uint32_t i = 0; i < SHARED_PROCESSES; i++)
		if (has(t->users, i) && i != shared_index())
			shared_ring(&shared->process[i]);
}

void
shared_nameless(struct shared_thing *t)
{
	shared_lock();
	leave(t, shared_index(), false);
	shared_unlock();
}

void
shared_use(struct shared_thing *t, uint32_t index)
{
	shared_lock();
	if (index < SHARED_PROCESSES)
		use(t, index);
	shared_unlock();
}

struct shared_thing *
shared_at(uint64_t number, enum shared_kind kind)
{
	struct shared_thing *t;

	if (!shared || !number || number > SHARED_THINGS)
		return NULL;
	t = &shared->thing[number - 1];
	return t->kind != SHARED_NOTHING && (kind == SHARED_NOTHING || t->kind == (uint32_t)kind)
	               ? t
	               : NULL;
}

uint32_t
shared_number(const struct shared_thing *t)
{
	return (uint32_t)(t - shared->thing) + 1;
}

/* -- gifts ----------------------------------------------------------------------------------- */

uint32_t
shared_give(struct shared_process *to, const struct shared_gift *what)
{
	uint32_t target = (uint32_t)(to - shared->process), n, number = 0;
	struct shared_gift *g = NULL;

	shared_lock();
	n = shared->ngift < SHARED_GIFTS ? shared->ngift : SHARED_GIFTS;
	for (uint32_t i = 0; i < n && !g; i++)
		if (!atomic_load(&shared->gift[i].target))
			g = &shared->gift[i];
	if (!g && n < SHARED_GIFTS) {
		g = &shared->gift[n];
		shared->ngift = n + 1;
	}
	if (g) {
		number = atomic_fetch_add(&to->gifts, 1) + 1;
		*g = *what;
		g->number = number;
		if (what->thing && what->thing <= SHARED_THINGS)
			use(&shared->thing[what->thing - 1], target);
		atomic_store(&g->target, target + 1);
	}
	shared_unlock();
	return number;
}

bool
shared_gift(uint32_t number, struct shared_gift *out)
{
	uint32_t me = shared_index() + 1;
	bool found = false;

	shared_lock();
	for (uint32_t i = 0; i < shared->ngift && i < SHARED_GIFTS && !found; i++) {
		struct shared_gift *g = &shared->gift[i];
		found = atomic_load(&g->target) == me && g->number == number;
		if (found) {
			*out = *g;
			atomic_store(&g->target, 0);
		}
	}
	shared_unlock();
	return found;
}

/* A job lives as long as there are processes in it: its number stands in their places. */
static bool
has_members(uint32_t number)
{
	for (uint32_t i = 0; i < SHARED_PROCESSES; i++)
		if (atomic_load(&shared->process[i].job) == number &&
		    shared_lives(&shared->process[i]))
			return true;
	return false;
}

void
shared_thing_gone(uint32_t index)
{
	shared_sync_gone(index);
	shared_file_gone(index);
	for (uint32_t i = 0; i < shared->ngift && i < SHARED_GIFTS; i++)
		if (atomic_load(&shared->gift[i].target) == index + 1)
			atomic_store(&shared->gift[i].target, 0);
	for (uint32_t i = 0; i < shared->nthing && i < SHARED_THINGS; i++) {
		struct shared_thing *t = &shared->thing[i];
		if (t->kind != SHARED_NOTHING && has(t->users, index))
			leave(t, index, t->kind != SHARED_JOB || !has_members(i + 1));
	}
}
