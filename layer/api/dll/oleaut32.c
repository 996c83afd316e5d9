/* SPDX-License-Identifier: Apache-2.0 */
/* oleaut32.c -- BSTR and VARIANT. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/clock.h"
#include "layer/api/nt/text/nls.h"

#define E_INVALIDARG        ((HRESULT)0x80070057)
#define E_OUTOFMEMORY       ((HRESULT)0x8007000e)
#define DISP_E_BADVARTYPE   ((HRESULT)0x80020008)
#define DISP_E_TYPEMISMATCH ((HRESULT)0x80020005)

/* A BSTR points behind its length in bytes; the block begins eight before it, with how often it
 * is pinned (SysAddRefString), twice, and whether it was freed meanwhile. */
enum { FREED = 1, PIN = 2 };

static _Atomic uint32_t *
pins(WCHAR *s)
{
	return (_Atomic uint32_t *)(void *)((char *)s - 8);
}

WINAPI WCHAR *
oleaut32_SysAllocStringByteLen(const char *s, UINT n)
{
	char *p = malloc(8 + (size_t)n + 2);
	if (!p)
		return NULL;
	memset(p, 0, 4);
	memcpy(p + 4, &n, 4);
	if (s)
		memcpy(p + 8, s, n);
	memset(p + 8 + n, 0, 2);
	return (WCHAR *)(void *)(p + 8);
}

WINAPI WCHAR *
oleaut32_SysAllocStringLen(const WCHAR *s, UINT n)
{
	return n > 0x7ffffff0 ? NULL : oleaut32_SysAllocStringByteLen((const char *)s, n * 2);
}

WINAPI WCHAR *
oleaut32_SysAllocString(const WCHAR *s)
{
	return s ? oleaut32_SysAllocStringLen(s, (UINT)nls_length(s)) : NULL;
}

WINAPI void
oleaut32_SysFreeString(WCHAR *s)
{
	/* one that is pinned stays until the last SysReleaseString */
	if (s && !(atomic_fetch_or(pins(s), FREED) & ~(uint32_t)FREED))
		free((char *)s - 8);
}

WINAPI UINT
oleaut32_SysStringByteLen(const WCHAR *s)
{
	UINT n = 0;
	if (s)
		memcpy(&n, (const char *)s - 4, 4);
	return n;
}

WINAPI UINT
oleaut32_SysStringLen(const WCHAR *s)
{
	return oleaut32_SysStringByteLen(s) / 2;
}

WINAPI int
oleaut32_SysReAllocStringLen(WCHAR **p, const WCHAR *s, UINT n)
{
	WCHAR *fresh = oleaut32_SysAllocStringLen(s, n);
	if (!fresh)
		return FALSE;
	oleaut32_SysFreeString(*p);
	*p = fresh;
	return TRUE;
}

WINAPI int
oleaut32_SysReAllocString(WCHAR **p, const WCHAR *s)
{
	return oleaut32_SysReAllocStringLen(p, s, s ? (UINT)nls_length(s) : 0);
}

WINAPI HRESULT
oleaut32_SysAddRefString(WCHAR *s)
{
	if (s)
		atomic_fetch_add(pins(s), PIN);
	return 0;
}

WINAPI void
oleaut32_SysReleaseString(WCHAR *s)
{
	if (s && atomic_load(pins(s)) >= PIN &&
	    atomic_fetch_sub(pins(s), PIN) == (uint32_t)(PIN | FREED))
		free((char *)s - 8);
}

enum {
	VT_EMPTY,
	VT_NULL,
	VT_I2,
	VT_I4,
	VT_R4,
	VT_R8,
	VT_CY,
	VT_DATE,
	VT_BSTR,
	VT_DISPATCH,
	VT_ERROR,
	VT_BOOL,
	VT_VARIANT,
	VT_UNKNOWN,
	VT_DECIMAL,
	VT_I1 = 16,
	VT_UI1,
	VT_UI2,
	VT_UI4,
	VT_I8,
	VT_UI8,
	VT_INT,
	VT_UINT,
	VT_RECORD = 36,
	VT_ARRAY = 0x2000,
	VT_BYREF = 0x4000
};

struct unknown {
	const struct {
		HRESULT(WINAPI *query)(struct unknown *u, const void *id, void **out);
		ULONG(WINAPI *add)(struct unknown *u);
		ULONG(WINAPI *release)(struct unknown *u);
	} * table;
};

struct VARIANT {
	WORD vt, reserved[3];
	union {
		int64_t llVal;
		int32_t lVal;
		int16_t iVal;
		int8_t cVal;
		uint64_t ullVal;
		double dblVal;
		float fltVal;
		WCHAR *bstrVal;
		struct unknown *punkVal;
		void *pointer[2];
	};
};

_Static_assert(sizeof(struct VARIANT) == 24, "VARIANT of x64");

WINAPI void
oleaut32_VariantInit(struct VARIANT *v)
{
	v->vt = VT_EMPTY;
}

static bool
known(WORD vt)
{
	WORD t = vt & 0xfff;
	return t <= VT_DECIMAL || (t >= VT_I1 && t <= VT_UINT) || t == VT_RECORD;
}

WINAPI HRESULT
oleaut32_VariantClear(struct VARIANT *v)
{
	if (!known(v->vt))
		return DISP_E_BADVARTYPE;
	if (v->vt == VT_BSTR)
		oleaut32_SysFreeString(v->bstrVal);
	else if ((v->vt == VT_UNKNOWN || v->vt == VT_DISPATCH) && v->punkVal)
		v->punkVal->table->release(v->punkVal);
	else if (v->vt & VT_ARRAY && !(v->vt & VT_BYREF))
		return DISP_E_BADVARTYPE; /* there are no arrays here */
	v->vt = VT_EMPTY;
	return 0;
}

WINAPI HRESULT
oleaut32_VariantCopy(struct VARIANT *to, const struct VARIANT *from)
{
	struct VARIANT v = *from;
	HRESULT r;
	if (to == from)
		return 0;
	if (!known(v.vt) || ((v.vt & VT_ARRAY) && !(v.vt & VT_BYREF)))
		return DISP_E_BADVARTYPE;
	if (v.vt == VT_BSTR && v.bstrVal &&
	    !(v.bstrVal = oleaut32_SysAllocStringByteLen((const char *)v.bstrVal,
	                                                 oleaut32_SysStringByteLen(v.bstrVal))))
		return E_OUTOFMEMORY;
	if ((v.vt == VT_UNKNOWN || v.vt == VT_DISPATCH) && v.punkVal)
		v.punkVal->table->add(v.punkVal);
	if ((r = oleaut32_VariantClear(to)) < 0)
		return r;
	*to = v;
	return 0;
}

/* The error object of a thread.  It is given away: the next who asks gets none. */
static _Thread_local struct unknown *error_info;

WINAPI HRESULT
oleaut32_GetErrorInfo(ULONG reserved, void **out)
{
	if (reserved || !out)
		return E_INVALIDARG;
	*out = error_info;
	error_info = NULL;
	return *out ? 0 : 1; /* S_FALSE: there is none */
}

WINAPI HRESULT
oleaut32_SetErrorInfo(ULONG reserved, void *info)
{
	struct unknown *before = error_info, *u = info;
	if (reserved)
		return E_INVALIDARG;
	if (u)
		u->table->add(u);
	error_info = u;
	if (before)
		before->table->release(before);
	return 0;
}

/* Days since 1899-12-30, with the time as a part of a day. */
WINAPI int
oleaut32_SystemTimeToVariantTime(const struct SYSTEMTIME *t, double *out)
{
	int64_t v;
	if (!clock_of_fields(t, &v))
		return FALSE;
	*out = (double)v / (double)CLOCK_DAY - 109205.0;
	return TRUE;
}

WINAPI int
oleaut32_VariantTimeToSystemTime(double time, struct SYSTEMTIME *t)
{
	double d = (time + 109205.0) * 86400.0;
	if (!(d >= 0) || d > 9e11)
		return FALSE;
	return clock_fields((int64_t)(d + 0.5) * CLOCK_SECOND, t);
}
