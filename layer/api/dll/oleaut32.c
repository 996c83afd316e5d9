/* SPDX-License-Identifier: Apache-2.0 */
/* oleaut32.c -- BSTR and error objects. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/oleaut32.h"
#include "layer/api/nt/text/nls.h"

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

WINAPI HRESULT
oleaut32_VarBstrCat(const WCHAR *a, const WCHAR *b, WCHAR **out)
{
	UINT n = oleaut32_SysStringByteLen(a), m = oleaut32_SysStringByteLen(b);
	if (!out || n > UINT32_MAX - 16 - m)
		return E_INVALIDARG;
	if (!(*out = oleaut32_SysAllocStringByteLen(NULL, n + m)))
		return E_OUTOFMEMORY;
	if (n)
		memcpy(*out, a, n);
	if (m)
		memcpy((char *)*out + n, b, m);
	return 0;
}

/* VARCMP_LT, VARCMP_EQ, VARCMP_GT */
WINAPI HRESULT
oleaut32_VarBstrCmp(const WCHAR *a, const WCHAR *b, ULONG locale, ULONG flags)
{
	(void)locale;
	return 1 + nls_collate(flags, a, oleaut32_SysStringLen(a), b, oleaut32_SysStringLen(b));
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
