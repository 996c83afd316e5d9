/* registry.h -- one repository of a registry (OCI distribution-spec 1.1).
 *
 * Requests are repeated when the network or the server stumbles (5xx, 429, a
 * broken connection), with growing pauses; a 401 is answered with what auth.h
 * knows, for a token where one is asked for.  May be used by several threads.
 */
#ifndef LIBEXEC_IMAGE_REGISTRY_H
#define LIBEXEC_IMAGE_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "img/manifest.h"
#include "img/ref.h"
#include "libexec/image/blob.h"
#include "libexec/image/http.h"
#include "libexec/image/options.h"
#include "libexec/image/progress.h"

struct registry;

/* Finds out how the registry wants to be talked to.  `from` are other
 * repositories there that will be read (NULL-terminated, or NULL). */
struct registry *registry_open(const struct options *o, const struct ref *r, bool push,
                               const char *const *from, struct err *e);
void registry_close(struct registry *g);

/* A manifest by tag or digest; its digest is checked, and put into `digest`.
 * The text is the caller's. */
int registry_manifest(struct registry *g, const char *reference, char **text, size_t *n,
                      char digest[80], struct err *e);

/* Bring a blob, from where it was cut off (the `bring` of struct intake). */
int registry_bring(void *registry, const struct descriptor *d, struct blob *b,
                   struct progress_row *row, struct err *e);

/* One request; q->url is a path ("/v2/...") or a whole URL that the registry
 * gave.  The answer may be any but 401.  Repeated only when `again`. */
int registry_call(struct registry *g, struct http_request *q, struct http_reply *r, bool again,
                  struct err *e);

/* An answer that is not what was hoped for, in words; returns -1. */
int registry_refused(struct registry *g, const struct http_reply *r, const char *what,
                     struct err *e);

const char *registry_path(const struct registry *g);

/* A whole URL for a Location header, which may be relative.  The caller's. */
char *registry_url(const struct registry *g, const char *location);

#endif
