/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/text/locale.h"

#include "layer/api/nt/text/nls.h"

static const struct {
	LCID id;
	const WCHAR *name;
} locales[] = {
#define LOCALE(id, name) { id, name },
#include "layer/api/nt/text/locale.def"
#undef LOCALE
};

LCID
locale_id(const WCHAR *name)
{
	size_t n;
	if (!name || nls_equal_ascii(name, "!x-sys-default-locale"))
		return LOCALE_US;
	if (!*name)
		return LOCALE_INVARIANT;
	for (size_t i = 0; i < sizeof locales / sizeof *locales; i++)
		if (nls_equal(locales[i].name, name))
			return locales[i].id;
	/* a language alone: 9 for "en" */
	n = nls_length(name);
	if (nls_equal_ascii(name, "en"))
		return 9;
	for (size_t i = 0; n == 2 && i < sizeof locales / sizeof *locales; i++)
		if (nls_compare_case(locales[i].name, 2, name, 2) == 0)
			return locales[i].id & 0x3ff;
	return 0;
}

const WCHAR *
locale_name(LCID id)
{
	id &= 0xfffff;
	if (id == 0 || id == LOCALE_USER_DEFAULT || id == LOCALE_SYSTEM_DEFAULT || id == 0xc00)
		return u"en-US";
	if (id == LOCALE_INVARIANT)
		return u"";
	if (id == 9)
		return u"en";
	for (size_t i = 0; i < sizeof locales / sizeof *locales; i++)
		if (locales[i].id == (id & 0xffff))
			return locales[i].name;
	return NULL;
}

bool
locale_valid(LCID id)
{
	id &= 0xffff;
	return id == 0 || id == LOCALE_US || id == 9 || id == LOCALE_INVARIANT ||
	       id == LOCALE_USER_DEFAULT || id == LOCALE_SYSTEM_DEFAULT || id == 0xc00;
}

const WCHAR *
locale_text(LCID id, DWORD type, DWORD *number)
{
	bool invariant = (id & 0xffff) == LOCALE_INVARIANT;
	const WCHAR *text;
	switch (type) {
#define INFO(t, us, value, other)                                                                  \
	case t:                                                                                    \
		text = other;                                                                      \
		*number = value;                                                                   \
		if (!invariant || !text)                                                           \
			return us;                                                                 \
		if (*text >= '0' && *text <= '9' && !text[1])                                      \
			*number = (DWORD)(*text - '0');                                            \
		return text;
#include "layer/api/nt/text/locale_info.def"
#undef INFO
	default: return NULL;
	}
}
