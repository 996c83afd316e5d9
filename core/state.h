/* state.h -- what changes in a machine's life, as kept in state.json.
 *
 * The members ociVersion, id, status, pid, bundle and annotations are those
 * of the OCI runtime state (runtime.md#state); the rest is ours.  The fields
 * are rows of one table in state.c: what is saved is what is loaded.
 */
#ifndef CORE_STATE_H
#define CORE_STATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum life { LIFE_CREATED, LIFE_RUNNING, LIFE_PAUSED, LIFE_STOPPED, LIFE_RESTARTING, LIFE_COUNT };

extern const char *const state_names[LIFE_COUNT];

struct state {
	enum life status;
	int64_t pid;            /* of the first program on the host; 0 when not running */
	int64_t monitor;        /* pid of the monitor; 0 when there is none */
	int64_t created, started, finished;     /* ns since 1970; 0 for never */
	int64_t exit;           /* exit status of the last run; -1 before the first */
	int64_t restarts;       /* since it was last started by somebody */
	bool oom;               /* ended for want of memory */
	bool stopped_by_user;   /* restart policies let it rest */
	bool no_log;            /* its output went straight to who ran it */
	char *boot;             /* own: boot id of the host when it was started */
	char *error;            /* own: why it could not run or go on */
	json_t *health;         /* own: core/health.h */
	json_t *net;            /* own: what the layer says of its network */
};

void state_free(struct state *s);

/* To and from the document.  state_load takes what it knows and forgives the
 * rest; a document that is no object is an error. */
json_t *state_save(const struct state *s);
int state_load(struct state *s, const json_t *doc, struct err *e);

void state_set(char **field, const char *text);         /* replaces an owned text */

#endif
