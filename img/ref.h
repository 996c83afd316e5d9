/* ref.h -- the name of an image.
 *
 * The grammar and the defaults are those that users of other tools know
 * (distribution, "reference" grammar): `alpine` is docker.io/library/alpine:latest,
 * the part before the first '/' is a host when it holds a '.' or a ':' or is
 * "localhost".  A name is either valid or refused: nothing is repaired but
 * what the defaults add.  No function here looks at the store.
 */
#ifndef IMG_REF_H
#define IMG_REF_H

#include <stdbool.h>

#include "base/err.h"

struct ref {
	char *host;             /* own: "docker.io", "localhost:5000" */
	char *path;             /* own: "library/alpine" */
	char *tag;              /* own: NULL when only a digest is given */
	char *digest;           /* own: "sha256:..." or NULL */
};

/* Parse `text`; on failure r owns nothing.  EINVAL. */
int ref_parse(const char *text, struct ref *r, struct err *e);
void ref_free(struct ref *r);

/* The one full spelling, host/path:tag or host/path@digest (the digest wins,
 * as it says more); the caller owns it. */
char *ref_name(const struct ref *r);

/* As people write it: without docker.io/ and library/.  `name` is a full
 * spelling, the result points into it. */
const char *ref_short(const char *name);

/* "sha256:" and 64 lower-case hexadecimal digits. */
bool ref_is_digest(const char *text);

/* The 64 digits of a valid digest. */
const char *ref_hex(const char *digest);

#endif
