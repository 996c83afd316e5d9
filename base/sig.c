/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sig.h"

#include <ctype.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

enum { MILD, FATAL };

static const struct {
	const char *name;
	int sig, effect;
} signals[] = {
#define SIG(name, effect) { "SIG" #name, SIG##name, effect },
#include "base/sig.def"
#undef SIG
};

enum { COUNT = sizeof signals / sizeof signals[0] };

int
sig_number(const char *name)
{
	uint64_t n;

	if (isdigit((unsigned char)name[0]))
		return str_u64(name, (uint64_t)SIGRTMAX, &n) ? (int)n : -1;
	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	for (size_t i = 0; i < COUNT; i++)
		if (strcasecmp(name, signals[i].name + 3) == 0)
			return signals[i].sig;
	if (strncasecmp(name, "RTMIN", 5) == 0) {
		if (!name[5])
			return SIGRTMIN;
		if (name[5] == '+' && str_u64(name + 6, (uint64_t)(SIGRTMAX - SIGRTMIN), &n))
			return SIGRTMIN + (int)n;
	}
	if (strncasecmp(name, "RTMAX", 5) == 0) {
		if (!name[5])
			return SIGRTMAX;
		if (name[5] == '-' && str_u64(name + 6, (uint64_t)(SIGRTMAX - SIGRTMIN), &n))
			return SIGRTMAX - (int)n;
	}
	return -1;
}

const char *
sig_name(int sig, char buf[16])
{
	for (size_t i = 0; i < COUNT; i++)
		if (signals[i].sig == sig)
			return signals[i].name;
	if (sig >= SIGRTMIN && sig <= SIGRTMAX)
		snprintf(buf, 16, "SIGRTMIN+%d", sig - SIGRTMIN);
	else
		snprintf(buf, 16, "%d", sig);
	return buf;
}

bool
sig_fatal(int sig)
{
	for (size_t i = 0; i < COUNT; i++)
		if (signals[i].sig == sig)
			return signals[i].effect == FATAL;
	return sig >= SIGRTMIN && sig <= SIGRTMAX;
}
