/* guid.h -- globally unique identifiers.
 *
 * Their text has braces and upper case, "{00000000-0000-0000-C000-000000000046}", as
 * StringFromGUID2 makes it; reading takes either case.
 */
#ifndef LAYER_API_NT_GUID_H
#define LAYER_API_NT_GUID_H

#include "layer/api/nt/types.h"

struct GUID {
	ULONG Data1;
	USHORT Data2, Data3;
	BYTE Data4[8];
};

void guid_new(struct GUID *g);          /* random, version 4 */
void guid_text(const struct GUID *g, WCHAR out[39]);
bool guid_parse(const WCHAR *s, struct GUID *g);        /* ends with the brace and a zero */

#endif
