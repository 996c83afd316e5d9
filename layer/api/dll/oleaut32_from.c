/* SPDX-License-Identifier: Apache-2.0 */
/* oleaut32_from.c -- one type from another, by functions of their own: what VariantChangeType does. */
#include "layer/api/dll/oleaut32.h"
#include "layer/api/nt/text/nls.h"

static HRESULT
from(struct VARIANT *v, USHORT flags, WORD vt)
{
	return oleaut32_VariantChangeType(v, v, flags, vt);
}

/* The text is one of C: no length is in front of it. */
static HRESULT
from_text(const WCHAR *s, ULONG flags, WORD vt, struct VARIANT *out)
{
	if (!s)
		return DISP_E_TYPEMISMATCH;
	*out = (struct VARIANT){ .vt = VT_BSTR,
		                 .bstrVal = oleaut32_SysAllocStringLen(s, (UINT)nls_length(s)) };
	if (!out->bstrVal)
		return E_OUTOFMEMORY;
	HRESULT r = from(out, (USHORT)flags, vt);
	if (r < 0)
		oleaut32_VariantClear(out);
	return r;
}

WINAPI HRESULT
oleaut32_VarI2FromStr(const WCHAR *s, ULONG locale, ULONG flags, int16_t *out)
{
	struct VARIANT v;
	(void)locale;
	HRESULT r = from_text(s, flags, VT_I2, &v);
	if (r >= 0)
		*out = v.iVal;
	return r;
}

WINAPI HRESULT
oleaut32_VarI4FromStr(const WCHAR *s, ULONG locale, ULONG flags, int32_t *out)
{
	struct VARIANT v;
	(void)locale;
	HRESULT r = from_text(s, flags, VT_I4, &v);
	if (r >= 0)
		*out = v.lVal;
	return r;
}

WINAPI HRESULT
oleaut32_VarI4FromR8(double d, int32_t *out)
{
	struct VARIANT v = { .vt = VT_R8, .dblVal = d };
	HRESULT r = from(&v, 0, VT_I4);
	if (r >= 0)
		*out = v.lVal;
	return r;
}

WINAPI HRESULT
oleaut32_VarR8FromStr(const WCHAR *s, ULONG locale, ULONG flags, double *out)
{
	struct VARIANT v;
	(void)locale;
	HRESULT r = from_text(s, flags, VT_R8, &v);
	if (r >= 0)
		*out = v.dblVal;
	return r;
}

WINAPI HRESULT
oleaut32_VarCyFromR8(double d, int64_t *out)
{
	struct VARIANT v = { .vt = VT_R8, .dblVal = d };
	HRESULT r = from(&v, 0, VT_CY);
	if (r >= 0)
		*out = v.llVal;
	return r;
}

WINAPI HRESULT
oleaut32_VarDateFromStr(const WCHAR *s, ULONG locale, ULONG flags, double *out)
{
	struct VARIANT v;
	(void)locale;
	HRESULT r = from_text(s, flags, VT_DATE, &v);
	if (r >= 0)
		*out = v.dblVal;
	return r;
}

WINAPI HRESULT
oleaut32_VarBoolFromStr(const WCHAR *s, ULONG locale, ULONG flags, int16_t *out)
{
	struct VARIANT v;
	(void)locale;
	HRESULT r = from_text(s, flags, VT_BOOL, &v);
	if (r >= 0)
		*out = v.iVal;
	return r;
}

static HRESULT
text_of(struct VARIANT *v, USHORT flags, WCHAR **out)
{
	HRESULT r = from(v, flags, VT_BSTR);
	if (r >= 0)
		*out = v->bstrVal;
	return r;
}

WINAPI HRESULT
oleaut32_VarBstrFromI4(int32_t i, ULONG locale, ULONG flags, WCHAR **out)
{
	struct VARIANT v = { .vt = VT_I4, .lVal = i };
	(void)locale;
	return text_of(&v, (USHORT)flags, out);
}

WINAPI HRESULT
oleaut32_VarBstrFromR8(double d, ULONG locale, ULONG flags, WCHAR **out)
{
	struct VARIANT v = { .vt = VT_R8, .dblVal = d };
	(void)locale;
	return text_of(&v, (USHORT)flags, out);
}

WINAPI HRESULT
oleaut32_VarBstrFromCy(int64_t cy, ULONG locale, ULONG flags, WCHAR **out)
{
	struct VARIANT v = { .vt = VT_CY, .llVal = cy };
	(void)locale;
	return text_of(&v, (USHORT)flags, out);
}

WINAPI HRESULT
oleaut32_VarBstrFromDate(double date, ULONG locale, ULONG flags, WCHAR **out)
{
	struct VARIANT v = { .vt = VT_DATE, .dblVal = date };
	(void)locale;
	return text_of(&v, (USHORT)flags, out);
}

WINAPI HRESULT
oleaut32_VarBstrFromBool(int16_t b, ULONG locale, ULONG flags, WCHAR **out)
{
	enum { ALPHABOOL = 2 };
	struct VARIANT v = { .vt = VT_BOOL, .iVal = b };
	(void)locale;
	return text_of(&v, (USHORT)flags | ALPHABOOL, out);
}
