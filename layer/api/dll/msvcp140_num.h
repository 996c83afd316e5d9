/* msvcp140_num.h -- numbers as text and back, before it is known what characters are.
 *
 * A number is written in ASCII first: with its sign and prefix apart, for what is put between
 * them and the digits, and the digits before the point counted, for what is put between those.
 */
#ifndef LAYER_API_DLL_MSVCP140_NUM_H
#define LAYER_API_DLL_MSVCP140_NUM_H

#include "layer/api/dll/msvcp140.h"

struct num {
	char *text;     /* own[], or the heap's */
	size_t n, prefix, whole;
	char own[128];
};

void msvcp140_num_integer(struct num *n, uint64_t value, bool negative, int flags);
void msvcp140_num_real(struct num *n, double value, int64_t precision, int flags);
void msvcp140_num_pointer(struct num *n, const void *p);
void msvcp140_num_end(struct num *n);

/* What is read, a character at a time, until it is none of a number. */
struct scan {
	char text[800];
	size_t n;
	int base;       /* 0: by its prefix */
	bool real, digits, point, exponent, zero;
};

void msvcp140_num_begin(struct scan *s, int flags, bool real);
bool msvcp140_num_take(struct scan *s, char c);         /* false: it does not belong to it */
/* 0, or IOS_FAIL: there is no number, or it is too large and the largest one is given. */
int msvcp140_num_signed(struct scan *s, int64_t least, int64_t most, int64_t *out);
int msvcp140_num_unsigned(struct scan *s, uint64_t most, uint64_t *out);
int msvcp140_num_double(struct scan *s, bool single, double *out);

extern size_t msvcp140_id_numpunct, msvcp140_id_wnumpunct, msvcp140_id_num_put, msvcp140_id_wnum_put,
	msvcp140_id_num_get, msvcp140_id_wnum_get, msvcp140_id_ctype, msvcp140_id_wctype;

#endif
