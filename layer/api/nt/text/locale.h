/* locale.h -- locales: English of the United States, and the invariant one.
 *
 * Others have names and numbers here (locale.def), so that they can be turned into each other,
 * but no words: they are valid nowhere, as languages that are not installed.
 */
#ifndef LAYER_API_NT_TEXT_LOCALE_H
#define LAYER_API_NT_TEXT_LOCALE_H

#include "layer/api/nt/types.h"

enum {
	LOCALE_ENGLISH = 9,
	LOCALE_US = 0x409,
	LOCALE_INVARIANT = 0x7f,
	LOCALE_SYSTEM_DEFAULT = 0x800,
	LOCALE_USER_DEFAULT = 0x400,
	LOCALE_CUSTOM = 0x1000
};

/* NULL is the user's, "!x-sys-default-locale" the system's, "" the invariant; "en" is English of no country.
 * 0: not known. */
LCID locale_id(const WCHAR *name);
const WCHAR *locale_name(LCID id); /* NULL: not known */
bool locale_valid(LCID id);        /* the defaults, en, en-US, invariant */
/* The text of an LCTYPE without its flags; NULL: there is none.  A number: *number. */
const WCHAR *locale_text(LCID id, DWORD type, DWORD *number);

#endif
