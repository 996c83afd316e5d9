/* scatter.h -- memory in pieces, read or filled from front to back.
 *
 * The pieces are lent and their number of bytes was checked by the caller:
 * taking more than there is stops at the end.
 */
#ifndef IMG_SCATTER_H
#define IMG_SCATTER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct scatter {
	const struct iovec *v; /* lent */
	int n;
	size_t skip; /* of *v */
};

struct scatter scatter_of(const struct iovec *v, int n);
/* All bytes of the pieces; UINT64_MAX when there are too many to count. */
uint64_t scatter_size(const struct iovec *v, int n);

/* Up to `n` bytes as at most `most` pieces: *pieces is how many, the result how
 * many bytes.  What was taken is behind us. */
uint64_t scatter_take(struct scatter *s, uint64_t n, struct iovec *out, int most, int *pieces);

void scatter_skip(struct scatter *s, uint64_t n);
void scatter_fill(struct scatter *s, uint64_t n);                 /* with zeros */
void scatter_put(struct scatter *s, const void *bytes, size_t n); /* into the pieces */
void scatter_get(struct scatter *s, void *bytes, size_t n);       /* out of them */

#endif
