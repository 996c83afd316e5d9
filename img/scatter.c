/* SPDX-License-Identifier: Apache-2.0 */
#include "img/scatter.h"

#include <string.h>

struct scatter
scatter_of(const struct iovec *v, int n)
{
	return (struct scatter){ v, n, 0 };
}

uint64_t
scatter_size(const struct iovec *v, int n)
{
	uint64_t sum = 0;
	for (int i = 0; i < n; i++)
		if (__builtin_add_overflow(sum, v[i].iov_len, &sum))
			return UINT64_MAX;
	return sum;
}

/* The next piece, at most n bytes of it; its length is 0 at the end. */
static struct iovec
next(struct scatter *s, uint64_t n)
{
	while (s->n > 0 && s->skip == s->v->iov_len) {
		s->v++;
		s->n--;
		s->skip = 0;
	}
	if (s->n <= 0 || n == 0)
		return (struct iovec){ NULL, 0 };
	size_t left = s->v->iov_len - s->skip;
	struct iovec piece = { (char *)s->v->iov_base + s->skip, left < n ? left : (size_t)n };
	s->skip += piece.iov_len;
	return piece;
}

uint64_t
scatter_take(struct scatter *s, uint64_t n, struct iovec *out, int most, int *pieces)
{
	uint64_t taken = 0;
	*pieces = 0;
	while (taken < n && *pieces < most) {
		struct iovec piece = next(s, n - taken);
		if (piece.iov_len == 0)
			break;
		out[(*pieces)++] = piece;
		taken += piece.iov_len;
	}
	return taken;
}

void
scatter_skip(struct scatter *s, uint64_t n)
{
	struct iovec piece;
	for (; (piece = next(s, n)).iov_len > 0; n -= piece.iov_len)
		;
}

void
scatter_fill(struct scatter *s, uint64_t n)
{
	struct iovec piece;
	for (; (piece = next(s, n)).iov_len > 0; n -= piece.iov_len)
		memset(piece.iov_base, 0, piece.iov_len);
}

void
scatter_put(struct scatter *s, const void *bytes, size_t n)
{
	const char *from = bytes;
	struct iovec piece;
	for (; (piece = next(s, n)).iov_len > 0; n -= piece.iov_len, from += piece.iov_len)
		memcpy(piece.iov_base, from, piece.iov_len);
}

void
scatter_get(struct scatter *s, void *bytes, size_t n)
{
	char *to = bytes;
	struct iovec piece;
	for (; (piece = next(s, n)).iov_len > 0; n -= piece.iov_len, to += piece.iov_len)
		memcpy(to, piece.iov_base, piece.iov_len);
}
