/* auth.h -- who we are for a registry.
 *
 * From --creds, else from the files where other tools keep it:
 * $REGISTRY_AUTH_FILE, $XDG_RUNTIME_DIR/containers/auth.json,
 * $DOCKER_CONFIG/config.json or ~/.docker/config.json; there from "auths", or
 * from the program docker-credential-NAME that "credHelpers" or "credsStore"
 * name.
 */
#ifndef LIBEXEC_IMAGE_AUTH_H
#define LIBEXEC_IMAGE_AUTH_H

#include <stdbool.h>

#include "base/err.h"

struct auth {
	char *user, *secret;    /* own; NULL: nobody */
	char *identity;         /* own; a token to get tokens with, or NULL */
};

/* What a WWW-Authenticate header asks for. */
struct auth_challenge {
	bool bearer, basic;
	char *realm, *service, *scope;  /* own; NULL when not given */
};

/* creds may be NULL; a missing entry is nobody, no error.  `path` is the
 * repository: an entry may be for a part of a registry. */
int auth_find(struct auth *a, const char *creds, const char *host, const char *path,
              struct err *e);
void auth_free(struct auth *a);

/* "Authorization: Basic ..."; the caller's. */
char *auth_basic(const struct auth *a);

bool auth_challenge(const char *header, struct auth_challenge *c);
void auth_challenge_free(struct auth_challenge *c);

#endif
