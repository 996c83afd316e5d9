/* collect.h -- removing images, and what no image and no machine needs.
 *
 * Removing a name changes index.json only.  The bytes go when the collector,
 * alone by image_exclude, finds that neither the index nor a machine's
 * configuration leads to them.  When somebody is just reading or fetching, it
 * leaves the bytes for the next time and says so ("busy").
 */
#ifndef IMG_COLLECT_H
#define IMG_COLLECT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "img/image.h"

/* machine name -> {"digest": ..., "layers": "id,id"}; the caller's.  A machine
 * whose configuration cannot be read is left out, with *blind set (may be
 * NULL): then nothing may be collected. */
json_t *collect_users(struct image_store *s, bool *blind, struct err *e);

/* Untag by name, or all names of an id.  An image in use keeps its last name
 * unless `force`.  *report (the caller's): untagged, deleted (lists), freed
 * (bytes), busy. */
int collect_remove(struct image_store *s, const char *text, bool force, json_t **report,
                   struct err *e);

/* Collect; with `unused` first untag every image that no machine uses. */
int collect_run(struct image_store *s, bool unused, json_t **report, struct err *e);

/* Remove an unpacked layer's folder (a path below the store), whoever owns its
 * files. */
int collect_folder(struct image_store *s, const char *path, struct err *e);

/* What a killed pull left.  Nothing happens unless we are alone. */
void collect_sweep(struct image_store *s);

#endif
