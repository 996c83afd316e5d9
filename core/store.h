/* store.h -- the folder where Joist keeps what it knows.
 *
 *   machines/NAME/   a machine (core/machine.h)
 *   images/ layers/  what they are made from (img/store.h)
 *   net/ cache/      networks; things that can be made again
 *   events           what happened, a JSON object a line
 *
 * The folder belongs to one user and is closed to others (0700): there is no
 * authority in Joist beyond that of the user who may open it.
 */
#ifndef CORE_STORE_H
#define CORE_STORE_H

#include <stdbool.h>

#include "base/err.h"

struct store {
	char *path;             /* own; absolute */
	int dir;                /* own */
	int machines;           /* own */
	int events;             /* own; -1 until something happens (event.c) */
	bool rootless;          /* our user is not the host's root */
};

/* path NULL: $JOIST_ROOT, else /var/lib/joist for root and
 * $XDG_DATA_HOME/joist (~/.local/share/joist) for others. */
struct store *store_open(const char *path, struct err *e);
void store_close(struct store *s);

/* A folder in the store, made when it is missing; the caller closes it. */
int store_folder(struct store *s, const char *name, struct err *e);

#endif
