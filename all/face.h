/* face.h -- what the files behind include/joist.h share. */
#ifndef ALL_FACE_H
#define ALL_FACE_H

#include <jansson.h>

#include "core/store.h"
#include "include/joist.h"

struct joist {
	struct store *store;    /* own; opened at first use */
	char *root;             /* own: as given, or NULL */
	struct machine *fresh;  /* own: made last and not yet run, to spare reading it again */
};

/* The store, opened when it is first needed: `version` and `help` touch none. */
struct store *face_store(struct joist *j, struct err *e);

/* A request or options object; NULL text is an empty one. */
json_t *face_options(const char *text, struct err *e);

char *face_text(json_t *doc);           /* compact JSON; takes doc over */

#endif
