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
		return LOCALE_ENGLISH;
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
	if (id == LOCALE_ENGLISH)
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
	return id == 0 || id == LOCALE_US || id == LOCALE_ENGLISH || id == LOCALE_INVARIANT ||
	       id == LOCALE_USER_DEFAULT || id == LOCALE_SYSTEM_DEFAULT || id == 0xc00;
}

/* What "en", of no country, says otherwise than en-US.  Its parent is the invariant locale: a
 * program that looks for a language's texts goes from parent to parent. */
static const WCHAR *
neutral(DWORD type, DWORD *number)
{
	switch (type) {
	case 0x01: *number = LOCALE_ENGLISH; return u"0009"; /* ILANGUAGE */
	case 0x02:
	case 0x72:
	case 0x73: return u"English";
	case 0x5c: return u"en";             /* SNAME */
	case 0x6d: return u"";               /* SPARENT */
	case 0x71: *number = 1; return u"1"; /* INEUTRAL */
	default: return NULL;
	}
}

const WCHAR *
locale_text(LCID id, DWORD type, DWORD *number)
{
	bool invariant = (id & 0xffff) == LOCALE_INVARIANT;
	const WCHAR *text;
	*number = 0;
	if ((id & 0xffff) == LOCALE_ENGLISH && (text = neutral(type, number)))
		return text;
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
