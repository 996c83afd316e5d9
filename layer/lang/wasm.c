/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/wasm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "core/artifact.h"
#include "core/snap.h"
#include "core/spec.h"
#include "layer/lang/describe.h"
#include "layer/lang/grant.h"
#include "layer/lang/guest.h"
#include "layer/lang/invoke.h"
#include "layer/lang/program.h"
#include "layer/lang/save.h"

static int
probe(const struct artifact *a)
{
	return a->kind == ARTIFACT_FILE &&
	                       (strcmp(a->type, "wasm") == 0 || strcmp(a->type, "wat") == 0)
	               ? 100
	               : 0;
}

/* -- making --------------------------------------------------------------------------------- */

static void
destroy(struct guest *g)
{
	if (!g)
		return;
	crew_end(g);
	store_free(g->store);
	wasi_free(g->wasi);
	program_free(&g->program);
	grant_free(&g->grant);
	pthread_mutex_destroy(&g->lock);
	pthread_cond_destroy(&g->changed);
	if (g->timed)
		timer_delete(g->timer);
	free(g);
}

/* All but the instances: what a fresh guest and a restored one share. */
static struct guest *
prepare(const struct spec *s, const struct home *h, struct err *e)
{
	struct guest *g = xcalloc(1, sizeof *g);
	g->home = *h;
	g->spec = s;
	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->changed, NULL);
	if (grant_read(s, &g->grant, e) < 0 ||
	    program_open(&g->program, spec_note(s, "artifact", s->root ? s->root : ""), e) < 0)
		goto undo;
	struct wasi_config c = { .argv = s->process.args,
		                 .env = s->process.env,
		                 .dirs = g->grant.dirs,
		                 .ndir = g->grant.ndir,
		                 .fd = { h->fd[0], h->fd[1], h->fd[2] },
		                 .sockets = g->grant.sockets,
		                 .nsocket = g->grant.nsocket,
		                 .clocks = g->grant.clocks,
		                 .deterministic = g->grant.limits.deterministic,
		                 .spawn = crew_spawn,
		                 .spawn_ctx = g };
	g->wasi = wasi_new(&c, e);
	if (!g->wasi)
		goto undo;
	return g;
undo:
	destroy(g);
	return NULL;
}

static struct guest *
create(const struct spec *s, const struct home *h, struct err *e)
{
	struct guest *g = prepare(s, h, e);
	if (!g)
		return NULL;
	g->store = store_new(&g->grant.limits);
	struct thread *t = store_thread(g->store, e);
	if (!t || program_link(&g->program, g, t, &g->main, e) < 0 || invoke_find(g, e) < 0) {
		destroy(g);
		return NULL;
	}
	t->fuel = g->grant.fuel;
	g->phase = g->program.module->has_start ? PHASE_START : PHASE_INIT;
	return g;
}

/* -- running -------------------------------------------------------------------------------------- */

static void
nothing(int sig)
{
	(void)sig;
}

/* A kick interrupts what a host function waits for. */
static void
hear_kicks(void)
{
	struct sigaction a = { .sa_handler = nothing };
	sigset_t s;
	sigaction(SIGURG, &a, NULL);
	sigemptyset(&s);
	sigaddset(&s, SIGURG);
	pthread_sigmask(SIG_UNBLOCK, &s, NULL);
}

static struct thread *
first(const struct guest *g)
{
	return g->store->thread.p[0];
}

static void
kick(struct guest *g)
{
	atomic_store(&g->kicked, true);
	crew_kick(g);
}

static void
time_is_up(union sigval v)
{
	struct guest *g = v.sival_ptr;
	atomic_store(&g->timed_out, true);
	crew_kick(g);
}

static void
start_clock(struct guest *g)
{
	struct sigevent how = { .sigev_notify = SIGEV_THREAD,
		                .sigev_notify_function = time_is_up,
		                .sigev_value.sival_ptr = g };
	struct itimerspec when = { .it_value = { g->grant.time / 1000000000,
		                                 g->grant.time % 1000000000 } };
	if (g->grant.time == 0 || g->timed)
		return;
	g->timed = timer_create(CLOCK_MONOTONIC, &how, &g->timer) == 0;
	if (g->timed)
		timer_settime(g->timer, 0, &when, NULL);
}

/* The next call of the program's own: its start function, then what it is to
 * initialise, then what it is run for.  false: that was all. */
static bool
next_call(struct guest *g, struct err *e, bool *failed)
{
	struct thread *t = first(g);
	struct func *f = NULL;
	while (!f && g->phase != PHASE_OVER) {
		const uint64_t *args = NULL;
		switch (g->phase) {
		case PHASE_START:
			f = g->program.module->has_start
			            ? instance_func(g->main, g->program.module->start)
			            : NULL;
			g->phase = PHASE_INIT;
			break;
		case PHASE_INIT:
			f = g->initialize;
			g->phase = PHASE_RUN;
			break;
		case PHASE_RUN:
			f = g->entry;
			args = g->args;
			g->phase = PHASE_LAST;
			break;
		default: g->phase = PHASE_OVER; break;
		}
		if (f && run_begin(t, f, args, e) < 0) {
			*failed = true;
			return false;
		}
	}
	return f != NULL;
}

static enum why
faulted(struct guest *g, struct thread *t, enum stop stop, struct err *e)
{
	const char *what =
	        stop == STOP_THROW ? store_trap_text[TRAP_exception] : store_trap_text[t->trap];
	char *where = run_backtrace(t);
	fail(e, EFAULT, "the program trapped: %s%s%s", what, t->err.code ? ": " : "",
	     t->err.code ? t->err.what : "");
	if (g->home.fd[2] >= 0 && where) {
		char *text = xprintf("trap: %s\n%s", what, where);
		file_write_all(g->home.fd[2], text, strlen(text));
		free(text);
	}
	free(where);
	if (t->trap == TRAP_fuel)
		err_hint(e, "give it more with --fuel N");
	else if (t->trap == TRAP_stack)
		err_hint(e, "give it a larger stack with --max-stack SIZE");
	else
		err_hint(e, "the lines above it are its call stack");
	err_status(e, 134);
	g->status = 134;
	return WHY_FAULT;
}

static enum why
ended(struct guest *g, int status)
{
	g->status = status;
	g->phase = PHASE_OVER;
	crew_end(g);
	return WHY_EXIT;
}

/* Why did a thread come back at a kick?  WHY_START: for nothing, go on. */
static enum why
kicked(struct guest *g, struct err *e)
{
	int sig = atomic_load(&g->signal);
	if (sig)
		return ended(g, 128 + sig);
	if (atomic_load(&g->exiting))
		return ended(g, g->status);
	if (atomic_load(&g->timed_out)) {
		fail(e, ETIME, "the program ran longer than its --time-limit");
		err_hint(e, "give it more time");
		err_status(e, 124);
		g->status = 124;
		return WHY_FAULT;
	}
	if (!atomic_load(&g->kicked))
		return WHY_START;
	crew_rest(g);
	atomic_store(&g->kicked, false);
	return WHY_KICK;
}

static enum why
enter(struct guest *g, struct err *e)
{
	bool failed = false;
	if (!g->started) {
		g->started = true;
		return WHY_START;
	}
	if (g->phase == PHASE_OVER)
		return WHY_EXIT;
	hear_kicks();
	start_clock(g);
	crew_go(g);
	struct thread *t = first(g);
	for (;;) {
		/* What was said while nobody was inside. */
		if (atomic_load(&g->kicked) || atomic_load(&g->signal) ||
		    atomic_load(&g->exiting) || atomic_load(&g->timed_out)) {
			enum why why = kicked(g, e);
			if (why != WHY_START)
				return why;
		}
		if (!t->running && !next_call(g, e, &failed)) {
			if (failed)
				return faulted(g, t, STOP_TRAP, e);
			return ended(g, 0);
		}
		enum stop stop = run_go(t);
		switch (stop) {
		case STOP_DONE:
			if (g->phase == PHASE_LAST && g->print)
				invoke_print(g, t->stack);
			break;
		case STOP_KICK: break;
		case STOP_EXIT: return ended(g, t->status);
		default: return faulted(g, t, stop, e);
		}
	}
}

static int
exit_code(const struct guest *g)
{
	return g->status;
}

/* A program of this floor has no handlers: a signal that would end a process ends it. */
static int
send_signal(struct guest *g, int sig, struct err *e)
{
	(void)e;
	if (sig == SIGCHLD || sig == SIGURG || sig == SIGWINCH || sig == SIGCONT)
		return 0;
	atomic_store(&g->signal, sig);
	crew_kick(g);
	return 0;
}

static json_t *
stats(struct guest *g)
{
	uint64_t heap = g->store->heap ? g->store->heap->top - g->store->heap->low : 0;
	return json_pack("{s:{s:I, s:I}}", "memory", "usage",
	                 (json_int_t)(atomic_load(&g->store->memory_used) + heap), "limit",
	                 (json_int_t)(g->grant.limits.memory ? g->grant.limits.memory : 0));
}

/* -- at rest: to a snapshot and back (save.h) ----------------------------------------------------------- */

const struct layer wasm_layer = {
	.name = "wasm",
	.floor = FLOOR_LANGUAGE,
	.brief = "WebAssembly programs, with WASI",
	.probe = probe,
	.describe = describe_program,
	.takes = "allow deny_all deterministic fuel invoke max_heap max_instances max_stack "
	         "max_table memory time_limit volume",
	.complete = grant_complete,
	.create = create,
	.destroy = destroy,
	.enter = enter,
	.kick = kick,
	.exit_code = exit_code,
	.save = guest_save,
	.load = guest_load,
	.signal = send_signal,
	.stats = stats,
};
