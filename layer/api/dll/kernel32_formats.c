/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_formats.c -- the ways in which a locale writes the time. */
#include "layer/api/dll/dll.h"
#include "layer/api/nt/text/locale.h"
#include "layer/api/nt/text/nls.h"

enum { TIME_NOSECONDS = 2, NO_USER = (int)0x80000000, FORMATS = 4 };

/* The first is the locale's own. */
static const WCHAR *const us[2][FORMATS] = {
	{ u"h:mm:ss tt", u"hh:mm:ss tt", u"H:mm:ss", u"HH:mm:ss" },
	{ u"h:mm tt", u"hh:mm tt", u"H:mm", u"HH:mm" },
};
static const WCHAR *const invariant[2][FORMATS] = { { u"HH:mm:ss" }, { u"HH:mm" } };

static BOOL
each(BOOL(WINAPI *with)(WCHAR *, LONG_PTR), BOOL(WINAPI *plain)(WCHAR *), LCID id, DWORD flags,
     LONG_PTR param)
{
	if (flags & ~(DWORD)(TIME_NOSECONDS | NO_USER))
		return refuse(ERROR_INVALID_FLAGS);
	bool none = (id & 0xffff) == LOCALE_INVARIANT;
	const WCHAR *const *list = (none ? invariant : us)[(flags & TIME_NOSECONDS) != 0];
	for (int i = 0; i < FORMATS && list[i]; i++) {
		WCHAR text[16]; /* the program's to change */
		size_t n = nls_length(list[i]) + 1;
		for (size_t k = 0; k < n; k++)
			text[k] = list[i][k];
		if (!(with ? with(text, param) : plain(text)))
			break;
	}
	return TRUE;
}

WINAPI BOOL
kernel32_EnumTimeFormatsEx(BOOL(WINAPI *f)(WCHAR *, LONG_PTR), const WCHAR *name, DWORD flags,
                           LONG_PTR param)
{
	LCID id = locale_id(name);
	if (!f || !id || !locale_valid(id))
		return refuse(ERROR_INVALID_PARAMETER);
	return each(f, NULL, id, flags, param);
}

WINAPI BOOL
kernel32_EnumTimeFormatsW(BOOL(WINAPI *f)(WCHAR *), LCID id, DWORD flags)
{
	if (!f || !locale_valid(id))
		return refuse(ERROR_INVALID_PARAMETER);
	return each(NULL, f, id, flags, 0);
}
