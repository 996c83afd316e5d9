/* caps.h -- capabilities of a process, config.md#linux-process.
 *
 * Parsing happens in the monitor; the two apply calls stand around the change
 * of identity in the child: the bounding set must go while CAP_SETPCAP is
 * still held, the rest is set when the identity is the final one.
 */
#ifndef LAYER_OS_CAPS_H
#define LAYER_OS_CAPS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Sets as masks, bit 1 << number. */
struct caps {
	uint64_t bounding, effective, permitted, inheritable, ambient;
};

/* The number of "CAP_CHOWN", "chown"; -1 when there is none. */
int caps_number(const char *name);
const char *caps_name(int number);      /* "CAP_CHOWN", or NULL */

/* Names that this kernel does not know, or nobody, cost a warning each
 * (config.md: a runtime should not fail for them).  An absent object (NULL) is
 * no capability at all, as in other runtimes.  *c is the caller's. */
int caps_parse(const json_t *o, struct caps **c, struct err *e);
void caps_free(struct caps *c);
uint64_t caps_effective(const struct caps *c);

/* process.capabilities of a request: the default set, --cap-add, --cap-drop;
 * "ALL" is all; privileged is everything. */
json_t *caps_of_request(const json_t *add, const json_t *drop, bool privileged, struct err *e);

int caps_before_setid(const struct caps *c, struct err *e);
int caps_after_setid(const struct caps *c, struct err *e);

#endif
