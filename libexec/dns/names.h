/* names.h -- who is who in a network, as its book says (net/lease.h). */
#ifndef LIBEXEC_DNS_NAMES_H
#define LIBEXEC_DNS_NAMES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct names {
	int dir;                /* lent: the store's net/ */
	const char *network;    /* lent */
	char *file;             /* own */
	json_t *book;           /* own; NULL while there is none */
	int64_t seen;           /* its time of change, and inode, when it was read */
	uint64_t inode;
};

/* Read it again if it has changed. */
void names_fresh(struct names *n);
size_t names_count(const struct names *n);      /* machines */
uint32_t names_gateway(const struct names *n);

/* Addresses of a name, with or without ".NETWORK"; how many, at most most. */
size_t names_find(const struct names *n, const char *name, uint32_t *ip, size_t most);
const char *names_of(const struct names *n, uint32_t ip);       /* lent, or NULL */

#endif
