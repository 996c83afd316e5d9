/* machine.h -- a named guest with a life: its folder in the store.
 *
 *   config.json   the spec, written once; locked by the monitor while it lives
 *   state.json    where its life is (replaced in one step at each change)
 *   control       the monitor's socket (core/control.h)
 *   log log.1 ..  what it wrote (core/log.h)
 *   snap          its snapshots (core/snapshot.h)
 *   upper work    what it changed of its root (layer/os)
 *
 * A name is taken in one step (rename), so two makers cannot share one.  The
 * lock is the truth about the monitor: the kernel drops it when the process
 * dies, however it dies, and a reader can ask without taking it.
 */
#ifndef CORE_MACHINE_H
#define CORE_MACHINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "core/layer.h"
#include "core/state.h"
#include "core/store.h"

struct spec;

struct machine {
	struct store *store;    /* lent */
	char *name;             /* own */
	char *path;             /* own: absolute path of the folder */
	int dir;                /* own */
	int lock;               /* own; -1 until machine_lock */
	bool durable;           /* writes survive a crash of the host; not with --rm */
	json_t *config;         /* own */
	char *restore;          /* own: the snapshot that its next run begins from, or NULL */
	struct state state;
};

enum { MACHINE_NAME_MAX = 63 };

/* [a-zA-Z0-9][a-zA-Z0-9_.-]*, at most 63 characters: a file name, a host name. */
bool machine_name_ok(const char *name);

/* Make a machine's folder.  `name` NULL makes one up.  `config` is lent. */
struct machine *machine_new(struct store *s, const char *name, const json_t *config, struct err *e);

/* Open an existing one; not found has exit status 125 and says so. */
struct machine *machine_open(struct store *s, const char *name, struct err *e);
void machine_close(struct machine *m);

/* All names, sorted, as an owned NULL-terminated list of owned strings. */
char **machine_names(struct store *s, struct err *e);
void machine_names_free(char **names);

/* Does a monitor live?  machine_lock becomes the monitor; it waits a moment
 * for one that is just ending, then fails. */
bool machine_has_monitor(struct machine *m);
int machine_lock(struct machine *m, struct err *e);
void machine_unlock(struct machine *m);

int machine_read(struct machine *m, struct err *e);     /* state.json again */
int machine_write(struct machine *m, struct err *e);

/* The truth about a machine whose monitor is gone: ends what it left, and
 * writes state "stopped" with the reason.  Harmless for any other. */
int machine_settle(struct machine *m, struct err *e);

/* Remove what is left of one that cannot even be opened. */
int machine_wreck(struct store *s, const char *name, struct err *e);

/* Remove the folder; the lock must be ours. */
int machine_delete(struct machine *m, struct err *e);

/* The innermost layer of its stack; an error names a missing floor. */
const struct layer *machine_layer(const struct machine *m, struct err *e);
void machine_home(const struct machine *m, struct home *h);

#endif
