/* request.h -- what the agent is asked for (libexec/agent/wire.h: words). */
#ifndef LIBEXEC_AGENT_REQUEST_H
#define LIBEXEC_AGENT_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/vec.h"

/* All text is lent by the words. */
struct request {
	bool stats;              /* do=stats: no program, but how the guest is */
	bool settle;             /* do=settle: nor one, but the console is as large as this, and the
	                          * time is now= */
	int64_t now;             /* ns since 1970 */
	bool terminal;           /* terminal=1 */
	bool detached;           /* detached=1: it goes on when who asked has gone */
	unsigned rows, cols;     /* rows= cols= of the terminal; 0: not known */
	struct vec args, env;    /* arg=, env=NAME=VALUE: in their order */
	struct vec groups;       /* group=: further ones, names or numbers */
	const char *user;        /* user=USER[:GROUP], as in base/user.h; NULL: uid= and gid= */
	uint32_t uid, gid;
	const char *cwd;         /* cwd=; NULL: the user's home */
	int umask;               /* umask=, decimal; -1: as the agent's */
};

int request_read(struct request *r, const char *words, size_t n, struct err *e);
void request_free(struct request *r);

#endif
