/* change.h -- instructions of a Dockerfile that only change the configuration.
 *
 * CMD ENTRYPOINT ENV USER WORKDIR EXPOSE VOLUME LABEL STOPSIGNAL HEALTHCHECK
 * SHELL, in the exec and the shell form.  The names of the members are those
 * of the image-spec's config.md.
 */
#ifndef LIBEXEC_IMAGE_CHANGE_H
#define LIBEXEC_IMAGE_CHANGE_H

#include <jansson.h>

#include "base/err.h"

/* `config` is the configuration's member "config". */
int change_apply(json_t *config, const char *instruction, struct err *e);

#endif
