/* der.h -- writing the distinguished encoding rules: elements in elements, each with its length.
 *
 * X.690.  What is written may be a secret: memory that is given back was cleared before.  When there is
 * no memory, or something cannot be written, `bad` is set and stays: one question at the end.
 * Reading is x509.h's.
 */
#ifndef LAYER_API_NT_CRYPTO_DER_H
#define LAYER_API_NT_CRYPTO_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DER_BOOLEAN = 1, DER_INTEGER, DER_BITS, DER_OCTETS, DER_NULL, DER_OID, DER_UTF8 = 12, DER_PRINTABLE = 19,
       DER_T61 = 20, DER_IA5 = 22, DER_UTC = 23, DER_TIME = 24, DER_BMP = 30, DER_SEQUENCE = 0x30, DER_SET = 0x31,
       DER_CONTEXT = 0x80, DER_MADE = 0x20 };

/* Zeroed it is empty. */
struct der {
	uint8_t *p;             /* own */
	size_t n, room;
	size_t open[24];        /* where the contents of what has no end yet begin */
	unsigned depth;
	bool bad;
};

void der_begin(struct der *d, uint8_t tag);
void der_end(struct der *d);
void der_raw(struct der *d, const void *p, size_t n);   /* elements that are written already */
void der_put(struct der *d, uint8_t tag, const void *p, size_t n);
void der_number(struct der *d, uint64_t v);
void der_integer(struct der *d, const uint8_t *p, size_t n);    /* a positive one, the highest byte first */
void der_oid(struct der *d, const char *text);
void der_algorithm(struct der *d, const char *oid);     /* with NULL for its parameters */
void der_bits(struct der *d, const uint8_t *p, size_t n, unsigned unused);
void der_time(struct der *d, int64_t t);                /* 100 ns since 1601; RFC 5280 4.1.2.5 */
void der_free(struct der *d);                           /* and empty again */

#endif
