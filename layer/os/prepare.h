/* prepare.h -- all decisions before a container is born.
 *
 * prepare() reads the spec, opens, parses and reserves; after it the child
 * (child.c) has everything at hand.  What was prepared is undone by
 * prepare_undo, also after a failure in the middle.
 */
#ifndef LAYER_OS_PREPARE_H
#define LAYER_OS_PREPARE_H

#include "base/err.h"

struct guest;
struct home;

int prepare(struct guest *g, struct err *e);
void prepare_undo(struct guest *g);

/* Around clone3: put the monitor's future children into a pid namespace that
 * is to be joined, and into a time namespace with its offsets.  The two
 * descriptors lead back. */
int prepare_birth(struct guest *g, int *own_pid, int *own_time, struct err *e);
void prepare_birth_done(int own_pid, int own_time);

/* The OCI state (runtime.md#state) that hooks read, with this status ("creating"
 * is the longest) and g->pid.  Allocates only the first time, in the monitor. */
void prepare_state_text(struct guest *g, const char *status);

/* The name (own) of a machine's cgroup: its own, and which store it is of, as
 * two stores may have machines of one name. */
char *prepare_group(const struct home *h);

/* No overlay here: copy the layers into the machine's folder flat/. */
int prepare_flat(struct guest *g, struct err *e);

#endif
