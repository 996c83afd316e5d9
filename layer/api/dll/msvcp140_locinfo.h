/* msvcp140_locinfo.h -- what facets keep of the locale that they were made for (xlocinfo). */
#ifndef LAYER_API_DLL_MSVCP140_LOCINFO_H
#define LAYER_API_DLL_MSVCP140_LOCINFO_H

#include "layer/api/dll/msvcp140.h"

struct collvec {
	unsigned page;
	WCHAR *name;
};

struct ctypevec {
	unsigned page;
	const int16_t *table;   /* of kinds, by byte */
	int own;                /* below 0: to be freed, above 0: deleted */
	WCHAR *name;
};

struct cvtvec {
	unsigned page, longest;
	int c;
	uint8_t lead[32];
};

_Static_assert(sizeof(struct ctypevec) == 32 && sizeof(struct cvtvec) == 44, "xlocinfo");

WINAPI int *msvcp140_Lockit(int *l, int kind);
WINAPI void msvcp140_Lockit_end(int *l);
WINAPI struct yarn *msvcp140_yarn_set(struct yarn *y, const char *s);
WINAPI const char *msvcp140_yarn_c_str(const struct yarn *y);
WINAPI void msvcp140_yarn_end(struct yarn *y);
WINAPI struct ctypevec *msvcp140__Getctype(struct ctypevec *out);
WINAPI struct cvtvec *msvcp140__Getcvt(struct cvtvec *out);

#endif
