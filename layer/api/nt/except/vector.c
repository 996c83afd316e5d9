/* SPDX-License-Identifier: Apache-2.0 */
/* vector.c -- vectored exception handlers and vectored continue handlers.
 *
 * They are called without a lock and may add and remove any of them.  One that is removed
 * leaves its list at once; its memory is used again when no list is being walked.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "layer/api/nt/except/except.h"
#include "layer/api/nt/thread/steady.h"

struct handler {
	struct handler *_Atomic next;
	except_filter *_Atomic f;
};

static struct handler *_Atomic lists[2];
static _Atomic uint32_t walkers;
/* under lock */
static _Atomic uint32_t lock;
static struct handler *unused;

void *
vector_add(bool go_on, bool first, except_filter *f)
{
	struct handler *_Atomic *at = &lists[go_on];
	steady_lock(&lock);
	struct handler *h = unused;
	if (h && !atomic_load(&walkers))
		unused = atomic_load(&h->next);
	else
		h = calloc(1, sizeof *h);
	if (h) {
		atomic_store(&h->f, f);
		while (!first && atomic_load(at))
			at = &atomic_load(at)->next;
		atomic_store(&h->next, atomic_load(at));
		atomic_store(at, h);
	}
	steady_unlock(&lock);
	return h;
}

bool
vector_remove(bool go_on, void *handle)
{
	struct handler *_Atomic *at = &lists[go_on], *h;
	steady_lock(&lock);
	while ((h = atomic_load(at)) && h != handle)
		at = &h->next;
	if (h) {
		atomic_store(at, atomic_load(&h->next));
		if (!atomic_load(&walkers)) {
			atomic_store(&h->next, unused);
			unused = h;
		}
	}
	steady_unlock(&lock);
	return h;
}

/* true: one of them lets the program go on. */
bool
vector_call(bool go_on, struct EXCEPTION_RECORD *r, struct CONTEXT *c)
{
	struct EXCEPTION_POINTERS p = { r, c };
	bool done = false;
	if (!atomic_load(&lists[go_on]))
		return false;
	atomic_fetch_add(&walkers, 1);
	for (struct handler *h = atomic_load(&lists[go_on]); h && !done; h = atomic_load(&h->next))
		done = atomic_load(&h->f)(&p) == EXCEPTION_CONTINUE_EXECUTION;
	atomic_fetch_sub(&walkers, 1);
	return done;
}
