/* packet.h -- DNS messages (RFC 1035), as much as a network's name server needs.
 *
 * A query comes from a container and is hostile; so may be what a server far
 * away answers.  Both are read through a cursor that cannot overrun.
 */
#ifndef LIBEXEC_DNS_PACKET_H
#define LIBEXEC_DNS_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PACKET_MOST = 4096, PACKET_HEAD = 12 };
enum { TYPE_A = 1, TYPE_PTR = 12, TYPE_AAAA = 28, TYPE_ANY = 255, CLASS_IN = 1 };
enum { RCODE_OK = 0, RCODE_FORMAT = 1, RCODE_SERVER = 2, RCODE_NAME = 3, RCODE_NONE = 4 };

struct question {
	uint16_t id, type, class;
	char name[256];         /* lower case, dots between labels, none at the end */
	size_t end;             /* where it ends in the message */
};

/* Read the one question of a query.  RCODE_OK, or what to answer with; -1: it
 * is no query at all and gets no answer. */
int packet_question(const uint8_t *p, size_t n, struct question *q);

/* An answer to the query p, with `count` addresses (host order), or the name
 * when ptr is not NULL.  Returns its length, at most PACKET_MOST. */
size_t packet_answer(const uint8_t *p, const struct question *q, int rcode, const uint32_t *ip,
                     size_t count, const char *ptr, uint8_t out[PACKET_MOST]);

/* Is `r` the answer to query `p` of n bytes, which was sent under id? */
bool packet_matches(const uint8_t *r, size_t rn, const uint8_t *p, const struct question *q,
                    uint16_t id);

/* "3.0.89.10.in-addr.arpa" -> 10.89.0.3; 0 when it is none. */
uint32_t packet_reverse(const char *name);

#endif
