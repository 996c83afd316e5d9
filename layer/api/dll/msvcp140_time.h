/* msvcp140_time.h -- dates as text and back, before it is known what characters are: time_put and
 * time_get with the "C" locale's names.
 */
#ifndef LAYER_API_DLL_MSVCP140_TIME_H
#define LAYER_API_DLL_MSVCP140_TIME_H

#include "layer/api/dll/msvcp140.h"

/* What is left to read, a character at a time in ASCII; -1: the end. */
struct reader {
	int (*peek)(struct reader *r);
	void (*next)(struct reader *r);
};

/* One conversion (%Y: 'Y'): 0, or IOS_FAIL and IOS_EOF. */
int msvcp140_time_read(struct reader *r, struct crt_tm *tm, char conversion);
/* One conversion to bytes: how many. */
size_t msvcp140_time_write(char *to, size_t room, const struct crt_tm *tm, char conversion, char modifier);

#endif
