/* lease.h -- a named network as it is written down: net/NAME.json in the store.
 *
 *   {"name", "bridge", "subnet": "10.89.0.0/24", "gateway": "10.89.0.1",
 *    "leases": {MACHINE: {"ip", "mac", "names": [...], "ports": [...]}}}
 *
 * Whoever changes it holds the lock from reading to writing; the file is
 * replaced in one step, so a reader (joist-dns) needs none.  A network is made
 * at first use and keeps its subnet; the lease of a machine that is no more is
 * taken back by the next who asks.
 */
#ifndef NET_LEASE_H
#define NET_LEASE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct lease_book {
	int dir;                /* own: the store's net/ */
	int lock;               /* own */
	char *root;             /* own */
	char *file;             /* own: NAME.json */
	json_t *doc;            /* own */
};

/* Lock and read the book of a network; with `make` a new one gets a free
 * subnet.  Without, a missing one is ENOENT. */
int lease_open(struct lease_book *b, const char *root, const char *network, bool make,
               struct err *e);
int lease_save(struct lease_book *b, struct err *e);
void lease_close(struct lease_book *b);

/* Give a machine an address (ip NULL: any); the numbers are host order. */
int lease_take(struct lease_book *b, const char *machine, const char *ip, uint32_t *address,
               struct err *e);
void lease_give_back(struct lease_book *b, const char *machine);

uint32_t lease_gateway(const struct lease_book *b);
const char *lease_bridge(const struct lease_book *b);   /* device name, lent */
size_t lease_count(const struct lease_book *b);

/* Networks where a machine has a lease: an owned list of owned names. */
char **lease_networks_of(const char *root, const char *machine);

#endif
