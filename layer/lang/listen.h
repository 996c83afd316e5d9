/* listen.h -- a socket that a program may accept on. */
#ifndef LAYER_LANG_LISTEN_H
#define LAYER_LANG_LISTEN_H

#include "base/err.h"

/* ADDRESS:PORT in numbers, an IPv6 address in brackets; -1 on failure. */
int listen_on(const char *text, struct err *e);

#endif
