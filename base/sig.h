/* sig.h -- signal names and numbers of this host. */
#ifndef BASE_SIG_H
#define BASE_SIG_H

#include <stdbool.h>

/* "TERM", "SIGTERM", "term", "15", "RTMIN+3"; -1 when it is none. */
int sig_number(const char *name);

/* "SIGTERM"; "SIGRTMIN+3"; the text is static or in the caller's buffer. */
const char *sig_name(int sig, char buf[16]);

/* Does the kernel end a process for it when nobody handles it? */
bool sig_fatal(int sig);

#endif
