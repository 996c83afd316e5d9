/* layer.h -- the contract between the life of a machine and the floors.
 *
 * A layer gives a guest the illusion of a machine.  It has one loop, enter(),
 * and the loop comes back with a reason.  A guest that is not inside enter()
 * is at rest: pausing is the absence of enter(), a snapshot is legal exactly
 * at rest.  A layer is const and has no state; an ability that it lacks is
 * NULL, and only core/ tests those pointers.
 *
 * Threads: create, destroy, exec, reap, signal, stats, picture and console are
 * called by the monitor's thread; enter by the guest's thread, or by the monitor's when
 * there is wait_fd; kick by any thread or signal handler.  destroy is called only at rest.
 */
#ifndef CORE_LAYER_H
#define CORE_LAYER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct artifact;
struct guest;
struct process;
struct snap;
struct spec;
struct str;

/* The four interfaces that a virtual machine can give (doc/architecture.md). */
enum floor { FLOOR_HARDWARE = 1, FLOOR_SYSTEM, FLOOR_API, FLOOR_LANGUAGE };

enum why {
	WHY_START,      /* its first program runs now; or, with err filled, it could not
	                 * come to rest and goes on: enter again */
	WHY_EXIT,       /* it ended; exit_code() knows how */
	WHY_KICK,       /* kick() was called; the guest is at rest */
	WHY_RESET,      /* it asks to be destroyed and made anew */
	WHY_FAULT,      /* it cannot go on; err says why, exit_code() what status */
	WHY_DEBUG,      /* its debugger waited for this; the guest is at rest */
	WHY_STUCK,      /* at rest until somebody mends what err says, and resumes it */
	WHY_LATER,      /* nothing yet: wait_fd() will tell */
};

/* What happens between a guest and its debugger, and what the debugger wants then. */
enum debug_event {
	DEBUG_COMES,    /* it is there, and holds the guest */
	DEBUG_SAYS,     /* it wrote something; at rest or not */
	DEBUG_RESTS,    /* the guest, after it went on, is at rest and held again */
	DEBUG_ENDS,     /* the guest, for good */
	DEBUG_LEAVES,   /* it is gone: forget all that it wanted */
};
enum debug_wish {
	WISH_NOTHING,
	WISH_GO,        /* let the guest go on */
	WISH_REST,      /* bring it to rest */
	WISH_LEAVE,     /* it has said goodbye */
	WISH_KILL,      /* end the guest */
};

/* Where a guest lives and what it is given; all lent for the guest's life. */
struct home {
	const char *name;       /* of the machine */
	int root;               /* the store's folder */
	const char *root_path;  /* the same as an absolute path */
	int dir;                /* the machine's folder */
	const char *dir_path;
	int fd[3];              /* the guest's standard descriptors; -1 for /dev/null */
	bool rootless;          /* we have no rights of the host's root */
};

struct layer {
	const char *name;       /* as written in --in: rv kvm os win wasm */
	enum floor floor;
	const char *brief;      /* one line for help and the dashboard */

	/* 0 not mine .. 100 certainly; reads, never runs. */
	int (*probe)(const struct artifact *a);

	/* Optional: what is in an artifact of ours, for `inspect`; reads and checks, never
	 * runs.  NULL with e filled: it is not what it seemed. */
	json_t *(*describe)(const struct artifact *a, struct err *e);

	/* Optional: the keys of a request that complete() has a use for, besides those of every
	 * machine, with a space between; others are refused (all/takes.c).  NULL: it takes
	 * whatever comes. */
	const char *takes;

	/* Add what this layer needs to a configuration that has only what the
	 * user asked for (`request`, see core/request.h). */
	int (*complete)(json_t *config, const json_t *request, struct err *e);

	/* A guest at rest before its first instruction; on failure owns nothing. */
	struct guest *(*create)(const struct spec *s, const struct home *h, struct err *e);
	void (*destroy)(struct guest *g);
	enum why (*enter)(struct guest *g, struct err *e);
	void (*kick)(struct guest *g);
	/* Optional, for a guest that runs by itself, as processes of the host do: a descriptor
	 * (lent) that is readable while enter() has something to say.  Such a guest needs no
	 * thread: enter() never blocks, and says WHY_LATER. */
	int (*wait_fd)(const struct guest *g);
	int (*exit_code)(const struct guest *g);

	/* Optional.  NULL: the core asks the layer beneath, or says so.  A loaded guest
	 * has started: it need not say WHY_START again. */
	int (*save)(struct guest *g, struct snap *s, struct err *e);
	int (*load)(struct guest *g, struct snap *s, struct err *e);
	size_t (*dirty)(struct guest *g, uint64_t *bitmap, size_t nbits);

	/* Start another program beside the first.  *console receives the master
	 * side of its terminal when p->terminal, else -1.  Returns a descriptor
	 * that becomes readable when the program ends; reap() takes it back,
	 * closes it and gives the exit status. */
	int (*exec)(struct guest *g, const struct process *p, const int fd[3], int *console,
	            struct err *e);
	int (*reap)(struct guest *g, int fd);
	void (*cancel)(struct guest *g, int fd);        /* kill it; it is reaped as ever */

	int (*signal)(struct guest *g, int sig, struct err *e);  /* to the first program */
	int (*console)(struct guest *g);        /* master side of its terminal, lent; or -1 */
	/* Optional: the terminal has another size, or time went by while it was at rest; it goes
	 * on at once. */
	void (*settle)(struct guest *g);
	pid_t (*pid)(const struct guest *g);    /* of the first program on the host; 0 if none */
	bool (*oom)(const struct guest *g);     /* was something killed for want of memory? */
	json_t *(*stats)(struct guest *g);      /* see core/stats in doc/architecture.md */
	json_t *(*inspect)(struct guest *g);    /* what is known only while it runs */

	/* What its screen shows now: 0x00RRGGBB row by row, to be freed; at rest too. */
	uint32_t *(*picture)(struct guest *g, uint32_t *width, uint32_t *height, struct err *e);

	/* Optional: talk to a debugger in gdb's remote protocol; the bytes are carried by the
	 * monitor, for one debugger at a time.  *answer receives what it is told.  Called by
	 * the monitor's thread, and but for DEBUG_SAYS at rest; after a wish again with
	 * DEBUG_SAYS and no bytes until there is none. */
	enum debug_wish (*debug)(struct guest *g, enum debug_event what, const void *bytes,
	                         size_t n, struct str *answer);

	/* Optional: a program of ours was started as "joist-again" (a guest's process that makes
	 * another one): be that process, with the exit status as the answer; -1: it is not ours.
	 * Needs none of the rest: there is no guest, no store and no command line. */
	int (*again)(int argc, char **argv);

	/* Undo all that a killed monitor left behind; the guest is gone or is
	 * ended by this.  Idempotent. */
	void (*recover)(const char *name, const json_t *config, const struct home *h);
};

/* The one list, in all/layers.c, ended by NULL; set once before any use. */
void layer_list(const struct layer *const *list);
const struct layer *layer_find(const char *name);       /* NULL when this build has none */
const struct layer *layer_at(size_t i);                 /* NULL behind the last */
/* Started as LAYER_AGAIN: the exit status of the process that was asked for; -1: we were not, or
 * no layer knows of it. */
#define LAYER_AGAIN "joist-again"
int layer_again(const struct layer *const *list, int argc, char **argv);
int layer_debugs(const struct layer *l, struct err *e); /* has it a debugger? else an error */

#endif
