/* pkcs12.h -- files of private keys and certificates: RFC 7292.
 *
 * The reader checks the MAC with the password first: what does not bear it is not looked into.  Files
 * without one are read, too, as far as they open.  Encodings of indefinite length are not read.
 */
#ifndef LAYER_API_NT_CRYPTO_PKCS12_H
#define LAYER_API_NT_CRYPTO_PKCS12_H

#include "layer/api/nt/crypto/pbe.h"

enum { PKCS12_ITEMS = 1024 };
enum pkcs12_result { PKCS12_GOOD, PKCS12_BAD, PKCS12_PASSWORD, PKCS12_NO_MEMORY };

struct pkcs12_item {
	bool key;               /* PKCS #8; or else a certificate */
	struct der der;         /* own */
	WCHAR *name;            /* own; NULL: none */
	uint8_t id[64];         /* what a key and its certificate have in common */
	size_t id_size;
};

/* Zeroed it is empty. */
struct pkcs12 {
	struct pkcs12_item *item;       /* own */
	size_t n;
};

bool pkcs12_is(struct x509_span file);
/* Only the MAC. */
enum pkcs12_result pkcs12_check(struct x509_span file, const WCHAR *password);
enum pkcs12_result pkcs12_read(struct pkcs12 *x, struct x509_span file, const WCHAR *password, uint32_t rounds);
/* One more, empty; NULL: no memory, or too many. */
struct pkcs12_item *pkcs12_add(struct pkcs12 *x);
void pkcs12_write(const struct pkcs12 *x, const WCHAR *password, enum pbe_scheme s, struct der *d);
void pkcs12_free(struct pkcs12 *x);

#endif
