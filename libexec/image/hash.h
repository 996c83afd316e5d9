/* hash.h -- SHA-256 of what goes by, and the digest text of it.
 *
 * The library knows the processor's own instructions for it.
 */
#ifndef LIBEXEC_IMAGE_HASH_H
#define LIBEXEC_IMAGE_HASH_H

#include <stddef.h>

struct hash;

struct hash *hash_new(void);
void hash_add(struct hash *h, const void *bytes, size_t n);
/* "sha256:<hex>"; ends and frees h. */
void hash_digest(struct hash *h, char digest[80]);
void hash_free(struct hash *h);                 /* NULL is allowed */
void hash_of(const void *bytes, size_t n, char digest[80]);

#endif
