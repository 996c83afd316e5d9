/* http.h -- one HTTP request, its answer, and nothing of registries.
 *
 * A failure of the network is ECOMM, an order to stop is EINTR.  What is sent
 * to authenticate goes to the host of the request only: when an answer leads
 * to another one, the library leaves it out.  Redirects never lead from HTTPS
 * to HTTP, nor to other protocols.
 */
#ifndef LIBEXEC_IMAGE_HTTP_H
#define LIBEXEC_IMAGE_HTTP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"

/* How to talk, for a whole run.  All lent. */
struct http_rules {
	bool no_verify;                 /* any certificate will do */
	const char *authorities;        /* PEM texts beside the system's, or NULL */
	const char *cert, *key;         /* files of ours, or NULL */
};

struct http_request {
	const char *method;             /* GET HEAD POST PUT PATCH DELETE */
	const char *url;
	struct vec headers;             /* of "Name: value", own by the caller */
	const void *body;               /* from memory ... */
	int fd;                         /* ... or, when body is NULL and n > 0, from a file */
	int64_t at, n;
	/* Takes the body of a good answer (2xx); else it goes to reply.body.  *status
	 * is known then. */
	int (*sink)(void *ctx, long status, const void *bytes, size_t n, struct err *e);
	void *ctx;
	_Atomic int64_t *sent;          /* counts what was sent, or NULL */
};

struct http_reply {
	long status;
	struct str body;                /* at most 4 MiB; own */
	char *type, *location, *challenge, *digest, *range, *retry_after;       /* own, or NULL */
	int64_t range_start;            /* of Content-Range, or -1 */
};

struct http;

struct http *http_new(const struct http_rules *rules);
void http_free(struct http *h);

/* 0 when there was an answer, whatever it says. */
int http_do(struct http *h, const struct http_request *q, struct http_reply *r, struct err *e);
void http_reply_free(struct http_reply *r);

#endif
