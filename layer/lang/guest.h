/* guest.h -- one program of the language floor, as the files of this room see it.
 *
 * The thread in enter() runs the program's first thread.  Others that the program
 * starts (wasi-threads) run in threads of their own, the crew: they go when enter()
 * goes and are at rest when it has come back.
 */
#ifndef LAYER_LANG_GUEST_H
#define LAYER_LANG_GUEST_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

#include "core/layer.h"
#include "layer/lang/grant.h"
#include "layer/lang/heap.h"
#include "layer/lang/program.h"
#include "layer/lang/store.h"
#include "layer/lang/wasi/wasi.h"

enum phase { PHASE_START, PHASE_INIT, PHASE_RUN, PHASE_LAST, PHASE_OVER };

/* One thread of the program behind the first. */
struct member {
	struct guest *guest; /* lent */
	struct thread *t;    /* lent: the store's */
	pthread_t id;
	bool inside; /* under guest.lock: running code */
	bool over;
	struct member *next;
};

struct guest {
	/* fixed after create() */
	const struct spec *spec; /* lent */
	struct home home;
	struct grant grant;              /* own */
	struct program program;          /* own */
	struct wasi *wasi;               /* own */
	struct func *initialize, *entry; /* lent by the store, or NULL */
	uint64_t args[32];               /* of entry */
	bool print;                      /* its results are printed */

	/* the thread inside enter(), or the monitor's at rest */
	struct wasm_store *store; /* own */
	struct instance *main;    /* lent by the store */
	enum phase phase;
	bool started;
	int status;
	timer_t timer;
	bool timed;

	/* any thread */
	_Atomic bool kicked, timed_out, exiting;
	_Atomic int signal;

	/* under lock */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct member *crew; /* own */
	bool go;             /* the crew may run */
	uint32_t inside;     /* how many of it do */
};

/* crew.c */
int crew_spawn(void *guest, struct thread *caller, uint32_t start_arg, uint32_t tid);
void crew_go(struct guest *g);
void crew_rest(struct guest *g);                /* all have come back; kicked before */
void crew_kick(struct guest *g);                /* the first thread too */
void crew_end(struct guest *g);                 /* all threads are gone */
int crew_adopt(struct guest *g, struct err *e); /* the threads of a loaded store */

#endif
