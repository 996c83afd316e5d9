/* watch.h -- a monitor's own data, shared by the files that make it up:
 * monitor.c (the life), stream.c (what the guest writes and reads), serve.c
 * (conversations on the control socket), hold.c (a debugger's), health.c.
 *
 * Everything here belongs to the monitor's thread, but for the part at the
 * end, which the guest's thread, where there is one, shares under the lock.
 */
#ifndef CORE_WATCH_H
#define CORE_WATCH_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"
#include "core/layer.h"
#include "core/monitor.h"

struct client;
struct health;
struct hold;
struct log;
struct machine;
struct spec;
struct stream;

struct watch {
	struct machine *machine;        /* lent */
	const struct layer *layer;
	struct spec *spec;              /* own */
	struct guest *guest;            /* own; NULL between two runs */
	struct home home;
	struct loop *loop;              /* own */
	enum monitor_mode mode;
	int ready_fd;                   /* own; -1 once told */
	int signal_fd;                  /* own */
	bool has_thread;
	struct source *waits;           /* of the layer's wait_fd, for a guest without a thread */

	struct client *clients;         /* own: serve.c */
	struct stream *stream;          /* own: stream.c */
	struct log *log;                /* own */
	struct health *health;          /* own: health.c */
	struct hold *hold;              /* own: hold.c; NULL until a debugger may come */
	struct source *stop_timer, *again_timer;
	struct source *show_timer;      /* until it fires, the machine's folder says nothing of it */

	bool stopping;                  /* somebody asked for the end: no restart */
	bool restart_asked;             /* `restart`: the end is a new beginning */
	bool held_first;                /* its debugger sees it before the first instruction */
	bool starting;                  /* its program runs, and is not called running yet */
	bool pausing;                   /* kicked, and not at rest yet */
	bool saving;                    /* likewise, to take a snapshot and go on */
	bool serving;                   /* the control socket is open */
	bool over;                      /* the guest's thread has returned */
	int sent;                       /* the last signal since it was let in; 0 */
	int64_t backoff;                /* ns until the next run after a failure */

	/* shared with the guest's thread */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t go;
	bool may_enter;                 /* main -> guest: go (back) in */
	bool must_return;               /* main -> guest: do not go in again */
	int report_fd;                  /* guest -> main: eventfd */
	unsigned reports;               /* bits 1 << enum why */
	struct err err;                 /* of WHY_FAULT */
};

/* monitor.c: what a conversation may ask for. */
void watch_stop(struct watch *w, int sig, int64_t patience);   /* signal, wait, kill */
int watch_signal(struct watch *w, int sig, struct err *e);
int watch_pause(struct watch *w, struct err *e);
int watch_resume(struct watch *w, struct err *e);
int watch_save(struct watch *w, struct err *e);         /* come to rest; serve_save, then go on */
bool watch_running(const struct watch *w);
void watch_enter(struct watch *w);      /* let the guest (back) in */
void watch_settle(struct watch *w);     /* the layer, before the guest goes on */
void watch_write(struct watch *w);      /* the machine's state; a full disk is a warning */
/* In a harsh build no guest stays as it was: what came to rest is saved, ended,
 * made again and loaded before it goes on. */
bool watch_anew(const struct watch *w);

/* stream.c */
int stream_open(struct watch *w, struct err *e);        /* before create: fills home.fd */
void stream_started(struct watch *w);                   /* the guest has its ends */
void stream_say(struct watch *w, const struct err *e);  /* two lines of ours among its errors */
void stream_drain(struct watch *w);                     /* after its end: what is still there */
void stream_close(struct watch *w);
void stream_input(struct watch *w, const char *bytes, size_t n);        /* n 0: end of input */
void stream_size(struct watch *w, unsigned rows, unsigned cols);
/* Room for more?  With no reader that is behind, always. */
void stream_flow(struct watch *w);

/* serve.c */
int serve_open(struct watch *w, struct err *e);
void serve_close(struct watch *w);
void serve_output(struct watch *w, int stream, const char *bytes, size_t n);
bool serve_behind(const struct watch *w);               /* is an attached reader slow? */
/* Take a socket over as an attached client from the first moment; it is told
 * of the start like one that waited for it (serve_greet). */
void serve_adopt(struct watch *w, int sock, bool input);
void serve_greet(struct watch *w, const struct err *why);
void serve_rest(struct watch *w, const struct err *why);        /* paused, or why not: answer */
void serve_save(struct watch *w);                       /* at rest: take what was asked for */
void serve_ended(struct watch *w, int status);          /* ended for good: answer who waits */
void serve_exec_ended(struct watch *w);                 /* one run ended: its commands did too */

/* hold.c: a debugger's line.  It holds the guest at rest as long as it wants. */
/* Where one may come from now: a path, or a port (0: any) of this host alone; with
 * neither (NULL, -1) where it was, or in the machine's folder.  Lent. */
const char *hold_open(struct watch *w, const char *path, int port, struct err *e);
void hold_wait(struct watch *w);        /* hold the guest until one comes, and goes */
void hold_begins(struct watch *w);      /* likewise; it is at rest and was never let in */
bool hold_rests(struct watch *w, bool broke);   /* at rest: is it held? */
bool hold_on(const struct watch *w);
bool hold_joined(const struct watch *w);        /* the guest knows of a debugger */
int hold_resume(struct watch *w, struct err *e);        /* e NULL: against its will */
void hold_ended(struct watch *w);       /* the guest's thread has returned */
void hold_close(struct watch *w);

/* health.c */
void health_start(struct watch *w);
void health_stop(struct watch *w);

#endif
