/* program.h -- a program that runs in the guest for somebody outside. */
#ifndef LIBEXEC_AGENT_PROGRAM_H
#define LIBEXEC_AGENT_PROGRAM_H

#include <sys/types.h>

#include "libexec/agent/request.h"

struct program {
	pid_t pid; /* leader of a session of its own */
	int pidfd; /* own: readable when it has ended */
	int in;    /* own: its standard input, not blocking; -1 */
	int out;   /* own: its standard output, or its terminal's master side; -1 */
	int errors;
};

/* On failure err has the exit status 126 or 127, as a shell gives it. */
int program_start(const struct request *r, struct program *p, struct err *e);
void program_size(const struct program *p, unsigned rows, unsigned cols);

/* It and its process group are told to end, and after a second must. */
void program_end(const struct program *p);
/* Wait for it: its exit status, or 128 + signal. */
int program_status(struct program *p);

#endif
