/* given.h -- what a program of the API floor is given.
 *
 * given_complete() turns a request (-v, --allow, -w, -e ...) into the configuration: what it
 * sees are `mounts`, whose destination is a Windows path; the rest are annotations
 * dev.joist.win.*.  given_birth() makes of that what the process is born with.  A program
 * that is given nothing sees its own folder, to read, the working folder and a drive C: of
 * its own.
 */
#ifndef LAYER_API_GIVEN_H
#define LAYER_API_GIVEN_H

#include <jansson.h>

#include "core/layer.h"
#include "core/spec.h"
#include "layer/api/nt/process/birth.h"

int given_complete(json_t *config, const json_t *request, struct err *e);
int given_birth(const struct spec *s, const struct home *h, struct birth *b, struct err *e);
void given_free(struct birth *b);

#endif
