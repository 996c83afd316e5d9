/* secprofile.h -- seccomp profiles as people keep them, made plain.
 *
 * The files that container tools pass around (--security-opt seccomp=FILE) are
 * not yet what config-linux.md#seccomp says: an entry may hold only with or
 * without a capability, on some processors, from some kernel on (`includes`,
 * `excludes`), and `archMap` stands for `architectures`.  Read as if they were
 * plain, such entries would open what they are there to keep shut.
 */
#ifndef LAYER_OS_SECPROFILE_H
#define LAYER_OS_SECPROFILE_H

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"

/* The profile for a container with these capabilities on this machine: a new
 * reference, to the same document when it is plain already. */
json_t *secprofile_plain(const json_t *profile, uint64_t caps, struct err *e);

#endif
