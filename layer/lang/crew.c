/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "layer/lang/guest.h"

/* The program's further threads.  Each has an instance of its own of the same
 * module, which shares the imported memory, and its own thread of this process. */

enum { CREW_STACK = 256 << 10 };

/* One of them has ended the program, or has trapped: everybody comes back. */
static void
all_out(struct guest *g, int status)
{
	if (!atomic_exchange(&g->exiting, true))
		g->status = status;
	crew_kick(g);
}

static void
run(struct member *m)
{
	struct guest *g = m->guest;
	pthread_mutex_lock(&g->lock);
	for (;;) {
		while (!g->go && !atomic_load(&g->exiting))
			pthread_cond_wait(&g->changed, &g->lock);
		if (atomic_load(&g->exiting))
			break;
		m->inside = true;
		g->inside++;
		pthread_mutex_unlock(&g->lock);
		enum stop stop = run_go(m->t);
		pthread_mutex_lock(&g->lock);
		m->inside = false;
		g->inside--;
		pthread_cond_broadcast(&g->changed);
		if (stop == STOP_KICK)
			continue;
		if (stop != STOP_DONE) {
			int status = stop == STOP_EXIT ? m->t->status : 134;
			pthread_mutex_unlock(&g->lock);
			all_out(g, status);
			pthread_mutex_lock(&g->lock);
		}
		break;
	}
	m->over = true;
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
}

static void *
main_of(void *ctx)
{
	sigset_t s;
	sigemptyset(&s);
	sigaddset(&s, SIGURG);
	pthread_sigmask(SIG_UNBLOCK, &s, NULL);
	run(ctx);
	return NULL;
}

static int
enlist(struct guest *g, struct thread *t)
{
	struct member *m = xcalloc(1, sizeof *m);
	pthread_attr_t attr;
	m->guest = g;
	m->t = t;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, CREW_STACK);
	int rc = pthread_create(&m->id, &attr, main_of, m);
	pthread_attr_destroy(&attr);
	if (rc != 0) {
		free(m);
		return -1;
	}
	pthread_mutex_lock(&g->lock);
	m->next = g->crew;
	g->crew = m;
	pthread_mutex_unlock(&g->lock);
	return 0;
}

int
crew_spawn(void *guest, struct thread *caller, uint32_t start_arg, uint32_t tid)
{
	struct guest *g = guest;
	struct instance *i;
	struct external start;
	(void)caller;
	struct thread *t = store_thread(g->store, NULL);
	if (!t || program_link(&g->program, g, t, &i, NULL) < 0 ||
	    !link_export(i, "wasi_thread_start", 17, &start) || start.kind != EXTERN_FUNC)
		goto undo;
	const struct type *type = type_of(start.func->type);
	uint64_t args[2] = { tid, start_arg };
	t->fuel = g->grant.fuel;
	if (type->nparam != 2 || type->pslots != 2 || run_begin(t, start.func, args, NULL) < 0 ||
	    enlist(g, t) < 0)
		goto undo;
	return 0;
undo:
	store_thread_free(t);
	return -1;
}

int
crew_adopt(struct guest *g, struct err *e)
{
	for (uint32_t i = 1; i < g->store->thread.n; i++)
		if (enlist(g, g->store->thread.p[i]) < 0)
			return fail(e, EAGAIN, "cannot start the program's threads");
	return 0;
}

void
crew_go(struct guest *g)
{
	pthread_mutex_lock(&g->lock);
	g->go = true;
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
}

void
crew_kick(struct guest *g)
{
	pthread_mutex_lock(&g->lock);
	g->go = false;
	for (struct member *m = g->crew; m; m = m->next)
		if (m->inside)
			run_kick(m->t);
	pthread_mutex_unlock(&g->lock);
	if (g->store && g->store->thread.n)
		run_kick(g->store->thread.p[0]);
}

void
crew_rest(struct guest *g)
{
	pthread_mutex_lock(&g->lock);
	g->go = false;
	while (g->inside)
		pthread_cond_wait(&g->changed, &g->lock);
	pthread_mutex_unlock(&g->lock);
}

void
crew_end(struct guest *g)
{
	atomic_store(&g->exiting, true);
	crew_kick(g);
	pthread_mutex_lock(&g->lock);
	pthread_cond_broadcast(&g->changed);
	struct member *m = g->crew;
	g->crew = NULL;
	pthread_mutex_unlock(&g->lock);
	while (m) {
		struct member *next = m->next;
		/* A kick can come a moment before it is inside: say it until it is out. */
		pthread_mutex_lock(&g->lock);
		while (!m->over) {
			struct timespec soon;
			if (m->inside)
				run_kick(m->t);
			clock_gettime(CLOCK_REALTIME, &soon);
			soon.tv_nsec += 10000000;
			if (soon.tv_nsec >= 1000000000) {
				soon.tv_nsec -= 1000000000;
				soon.tv_sec++;
			}
			pthread_cond_timedwait(&g->changed, &g->lock, &soon);
		}
		pthread_mutex_unlock(&g->lock);
		pthread_join(m->id, NULL);
		free(m);
		m = next;
	}
}
