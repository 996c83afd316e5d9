/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/agent/request.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

/* The value of a word that begins with `name`, or NULL. */
static const char *
value(const char *word, const char *name)
{
	return str_starts(word, name) ? word + strlen(name) : NULL;
}

static int
number(const char *text, uint64_t most, uint64_t *v, struct err *e)
{
	return str_u64(text, most, v) ? 0
	                              : fail(e, EPROTO, "'%s' is no number for a request", text);
}

static int
word(struct request *r, char *w, struct err *e)
{
	const char *v;
	uint64_t n = 0;
	int rc = 0;
	if (value(w, "arg=")) {
		vec_push(&r->args, w + strlen("arg="));
	} else if (value(w, "env=")) {
		vec_push(&r->env, w + strlen("env="));
	} else if (value(w, "group=")) {
		vec_push(&r->groups, w + strlen("group="));
	} else if ((v = value(w, "do="))) {
		r->stats = strcmp(v, "stats") == 0;
		r->settle = strcmp(v, "settle") == 0;
	} else if ((v = value(w, "user=")))
		r->user = v;
	else if ((v = value(w, "cwd=")))
		r->cwd = v;
	else if ((v = value(w, "terminal=")))
		r->terminal = strcmp(v, "1") == 0;
	else if ((v = value(w, "detached=")))
		r->detached = strcmp(v, "1") == 0;
	else if ((v = value(w, "uid=")) && (rc = number(v, UINT32_MAX - 1, &n, e)) == 0)
		r->uid = (uint32_t)n;
	else if ((v = value(w, "gid=")) && (rc = number(v, UINT32_MAX - 1, &n, e)) == 0)
		r->gid = (uint32_t)n;
	else if ((v = value(w, "now=")) && (rc = number(v, INT64_MAX, &n, e)) == 0)
		r->now = (int64_t)n;
	else if ((v = value(w, "umask=")) && (rc = number(v, 0777, &n, e)) == 0)
		r->umask = (int)n;
	else if ((v = value(w, "rows=")) && (rc = number(v, UINT16_MAX, &n, e)) == 0)
		r->rows = (unsigned)n;
	else if ((v = value(w, "cols=")) && (rc = number(v, UINT16_MAX, &n, e)) == 0)
		r->cols = (unsigned)n;
	return rc;
}

int
request_read(struct request *r, const char *words, size_t n, struct err *e)
{
	*r = (struct request){ .umask = -1 };
	if (n == 0 || words[n - 1] != '\0')
		return fail(e, EPROTO, "a request has no end");
	for (size_t at = 0; at < n; at += strlen(words + at) + 1)
		/* an argv is not const, and nobody writes to it */
		if (word(r, (char *)words + at, e) < 0)
			return -1;
	if (!r->stats && !r->settle && r->args.n == 0)
		return fail(e, EPROTO, "a request names no program");
	return 0;
}

void
request_free(struct request *r)
{
	vec_free(&r->args);
	vec_free(&r->env);
	vec_free(&r->groups);
}
