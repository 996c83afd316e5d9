/* SPDX-License-Identifier: Apache-2.0 */
/* functable.c -- which function holds an address: the tables of modules, and those that a
 * program has registered for code that it makes.
 *
 * Looking up takes no lock, as any thread may be suspended anywhere: a table that is deleted
 * leaves the list at once, and its memory is used again when nobody walks the list.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/image/ldr.h"
#include "layer/api/nt/except/unwind.h"

struct table {
	struct table *_Atomic next;
	/* fixed while it is in the list */
	uint64_t id, low, high, base;
	const struct RUNTIME_FUNCTION *functions;
	function_callback *callback;
	void *context;
	/* atomically */
	_Atomic uint32_t n;
};

static struct table *_Atomic tables;
static _Atomic uint32_t walkers;
/* under lock */
static _Atomic uint32_t lock;
static struct table *unused;

/* The first code byte and UNWIND_INFO of an entry that says nothing: version 1, no codes. */
struct RUNTIME_FUNCTION functable_ours[1];

static void
insert(struct table *t)
{
	atomic_store(&t->next, atomic_load(&tables));
	atomic_store(&tables, t);
}

static struct table *
table_new(void)
{
	struct table *t;
	steady_on();
	t = unused;
	if (t && !atomic_load(&walkers)) {
		unused = t->next;
		*t = (struct table){ .id = 0 };
	} else {
		t = calloc(1, sizeof *t);
	}
	steady_off();
	return t;
}

/* What the functions span: they are sorted by Windows' rule, but not every program keeps it. */
static void
span(struct table *t)
{
	t->low = UINT64_MAX;
	for (uint32_t i = 0; i < t->n; i++) {
		const struct RUNTIME_FUNCTION *f = t->functions + i;
		if (t->base + f->BeginAddress < t->low)
			t->low = t->base + f->BeginAddress;
		if (t->base + f->EndAddress > t->high)
			t->high = t->base + f->EndAddress;
	}
}

BOOLEAN
functable_add(struct RUNTIME_FUNCTION *functions, DWORD n, uint64_t base)
{
	steady_lock(&lock);
	struct table *t = n ? table_new() : NULL;
	if (t) {
		t->id = (uint64_t)(uintptr_t)functions;
		t->functions = functions;
		t->n = n;
		t->base = base;
		span(t);
		insert(t);
	}
	steady_unlock(&lock);
	return t ? TRUE : FALSE;
}

BOOLEAN
functable_add_callback(uint64_t id, uint64_t base, DWORD size, function_callback *f, void *context)
{
	if ((id & 3) != 3 || !f)
		return FALSE;
	steady_lock(&lock);
	struct table *t = table_new();
	if (t) {
		t->id = id;
		t->low = t->base = base;
		t->high = base + size;
		t->callback = f;
		t->context = context;
		insert(t);
	}
	steady_unlock(&lock);
	return t ? TRUE : FALSE;
}

NTSTATUS
functable_add_growable(void **out, struct RUNTIME_FUNCTION *functions, DWORD n, DWORD most,
                       uint64_t low, uint64_t high)
{
	if (!most || n > most || low >= high)
		return STATUS_INVALID_PARAMETER;
	steady_lock(&lock);
	struct table *t = table_new();
	if (t) {
		t->id = (uint64_t)(uintptr_t)t;
		t->functions = functions;
		t->n = n;
		t->low = t->base = low;
		t->high = high;
		insert(t);
		*out = t;
	}
	steady_unlock(&lock);
	return t ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

void
functable_grow(void *dynamic, DWORD n)
{
	struct table *t = dynamic;
	if (n >= atomic_load(&t->n))
		atomic_store(&t->n, n);
}

bool
functable_delete(uint64_t id)
{
	bool found = false;
	steady_lock(&lock);
	struct table *before = NULL, *t = atomic_load(&tables);
	for (; t && t->id != id; t = atomic_load(&t->next))
		before = t;
	if (t) {
		found = true;
		atomic_store(before ? &before->next : &tables, atomic_load(&t->next));
		/* Whoever walks may still stand on it: its next goes on being right, so it
		 * joins the unused only when nobody walks; else it is lost. */
		if (!atomic_load(&walkers)) {
			atomic_store(&t->next, unused);
			unused = t;
		}
	}
	steady_unlock(&lock);
	return found;
}

static struct RUNTIME_FUNCTION *
registered(uint64_t pc, struct image *im)
{
	struct table copy = { .id = 0 };
	bool found = false;
	atomic_fetch_add(&walkers, 1);
	for (struct table *t = atomic_load(&tables); t && !found; t = atomic_load(&t->next))
		if (pc >= t->low && pc < t->high) {
			copy.base = t->base;
			copy.functions = t->functions;
			copy.n = atomic_load(&t->n);
			copy.callback = t->callback;
			copy.context = t->context;
			found = true;
		}
	atomic_fetch_sub(&walkers, 1);
	if (!found)
		return NULL;
	/* how much there is to read behind the base, nobody has said */
	*im = (struct image){ .base = copy.base,
		              .size = UINT32_MAX,
		              .functions = copy.functions,
		              .nfunction = copy.n };
	if (copy.callback)
		return copy.callback(pc, copy.context);
	struct RUNTIME_FUNCTION *f = pdata_find(im, pc);
	for (uint32_t i = 0; !f && i < copy.n; i++) /* one that is not sorted */
		if (pc - copy.base >= copy.functions[i].BeginAddress &&
		    pc - copy.base < copy.functions[i].EndAddress)
			f = (struct RUNTIME_FUNCTION *)(uintptr_t)(copy.functions + i);
	return f;
}

struct RUNTIME_FUNCTION *
functable_find(uint64_t pc, struct image *im)
{
	struct module *m;
	*im = (struct image){ .base = 0 };
	if (cfi_ours(pc)) {
		m = ldr_at((const void *)(uintptr_t)pc);
		if (m)
			*im = (struct image){ .base = (uint64_t)(uintptr_t)m->entry.DllBase,
				              .size = m->entry.SizeOfImage };
		return functable_ours;
	}
	m = ldr_at((const void *)(uintptr_t)pc);
	if (!m)
		return atomic_load(&tables) ? registered(pc, im) : NULL;
	if (!pdata_image((uint64_t)(uintptr_t)m->entry.DllBase, m->entry.SizeOfImage, im))
		return NULL;
	return pdata_find(im, pc);
}
