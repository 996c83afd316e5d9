/* computer.h -- files inside a computer: by sh and tar of its guest, which its agent runs.
 *
 * A computer's files are its guest's affair: its disks may be of any kind, and while it
 * runs nobody else may touch them.
 */
#ifndef LIBEXEC_IMAGE_COMPUTER_H
#define LIBEXEC_IMAGE_COMPUTER_H

#include <stdbool.h>

#include "base/err.h"
#include "img/image.h"

struct computer {
	const char *name; /* lent */
	char *socket;     /* own: where its agent is reached */
};

bool computer_is(struct image_store *s, const char *name);

/* Is a machine one?  Then an error unless it runs: 1 yes, 0 no, -1. */
int computer_open(struct computer *c, struct image_store *s, const char *name, struct err *e);
void computer_close(struct computer *c);

enum computer_path { COMPUTER_FOLDER = 10, COMPUTER_FILE, COMPUTER_NEW, COMPUTER_NOWHERE };

/* What a path is there: a folder, anything else, a name that is free in a folder that is
 * there, or neither; -1: nobody could say. */
int computer_look(const struct computer *c, const char *path, struct err *e);

/* A tar stream of what is at the path, by its last name (after links, if they are to be
 * followed), into a descriptor or unpacked into an empty folder.  "DIR/." is what is in DIR. */
int computer_send(const struct computer *c, const char *path, bool follow, int to, struct err *e);
int computer_take(const struct computer *c, const char *path, bool follow, int folder,
                  struct err *e);

/* All that is in a folder goes into one that is there. */
int computer_give(const struct computer *c, int folder, const char *into, struct err *e);

#endif
