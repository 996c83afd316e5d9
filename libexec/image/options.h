/* options.h -- the flags of every subcommand, from one table.
 */
#ifndef LIBEXEC_IMAGE_OPTIONS_H
#define LIBEXEC_IMAGE_OPTIONS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/vec.h"

struct options {
	const char *root, *platform, *creds, *cert_dir, *message, *output, *format, *machine;
	bool quiet, plain_http, no_verify, all_platforms, no_digest;
	bool archive, follow;   /* cp */
	struct vec changes;     /* of texts, lent */
	char **args;            /* what is not a flag; NULL-terminated, lent */
	int nargs;
	const char *verb;
};

/* Set when a signal asks us to end: long work looks at it. */
extern atomic_bool options_stop;

int options_parse(struct options *o, int argc, char **argv, struct err *e);

#endif
