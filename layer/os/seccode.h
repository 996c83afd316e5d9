/* seccode.h -- the default seccomp profile (seccomp.def) as a filter program.
 *
 * libseccomp gives the numbers of the calls; the code is ours, because this
 * program is loaded at every start and its length is most of what that costs:
 * a search over runs of numbers with one answer is a quarter of the code that
 * a rule for each call becomes.
 */
#ifndef LAYER_OS_SECCODE_H
#define LAYER_OS_SECCODE_H

#include <linux/filter.h>
#include <stdint.h>

#include "base/err.h"

enum { SECCODE_MOST = 2000 };

struct seccode {
	struct sock_filter code[SECCODE_MOST];
	int n;
};

/* The program for a container with these capabilities. */
int seccode_build(struct seccode *c, uint64_t caps, struct err *e);

/* What it is made from, as text (the caller's): the key of the cache. */
char *seccode_text(uint64_t caps);

#endif
