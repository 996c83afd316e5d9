/* oleaut32.h -- VARIANT, what is in it, and arrays that know their bounds.
 *
 * Structures are automation's, as programs have them.  Texts are BSTRs, which are counted in bytes
 * in front of them (oleaut32.c).
 */
#ifndef LAYER_API_DLL_OLEAUT32_H
#define LAYER_API_DLL_OLEAUT32_H

#include "layer/api/dll/dll.h"

#define E_INVALIDARG        ((HRESULT)0x80070057)
#define E_OUTOFMEMORY       ((HRESULT)0x8007000e)
#define E_UNEXPECTED        ((HRESULT)0x8000ffff)
#define DISP_E_BADVARTYPE   ((HRESULT)0x80020008)
#define DISP_E_TYPEMISMATCH ((HRESULT)0x80020005)
#define DISP_E_OVERFLOW     ((HRESULT)0x8002000a)
#define DISP_E_BADINDEX     ((HRESULT)0x8002000b)
#define DISP_E_ARRAYISLOCKED ((HRESULT)0x8002000d)

enum {
	VT_EMPTY, VT_NULL, VT_I2, VT_I4, VT_R4, VT_R8, VT_CY, VT_DATE, VT_BSTR, VT_DISPATCH, VT_ERROR, VT_BOOL,
	VT_VARIANT, VT_UNKNOWN, VT_DECIMAL, VT_I1 = 16, VT_UI1, VT_UI2, VT_UI4, VT_I8, VT_UI8, VT_INT, VT_UINT,
	VT_INT_PTR = 37, VT_UINT_PTR, VT_RECORD = 36, VT_ARRAY = 0x2000, VT_BYREF = 0x4000
};

struct unknown {
	const struct {
		HRESULT(WINAPI *query)(struct unknown *u, const void *id, void **out);
		ULONG(WINAPI *add)(struct unknown *u);
		ULONG(WINAPI *release)(struct unknown *u);
	} *table;
};

struct bound {
	ULONG n;
	LONG first;
};

/* The last dimension's bound is the first one.  Sixteen bytes before it are of its kind: a type in
 * the last four, or an interface. */
struct SAFEARRAY {
	USHORT dimensions, features;
	ULONG size, locks;
	void *data;
	struct bound bound[];
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
		struct SAFEARRAY *parray;
		void *pointer[2];
	};
};

_Static_assert(sizeof(struct VARIANT) == 24, "VARIANT of x64");

WINAPI WCHAR *oleaut32_SysAllocStringLen(const WCHAR *s, UINT n);
WINAPI WCHAR *oleaut32_SysAllocStringByteLen(const char *s, UINT n);
WINAPI UINT oleaut32_SysStringByteLen(const WCHAR *s);
WINAPI UINT oleaut32_SysStringLen(const WCHAR *s);
WINAPI void oleaut32_SysFreeString(WCHAR *s);
WINAPI HRESULT oleaut32_VariantClear(struct VARIANT *v);
WINAPI HRESULT oleaut32_VariantCopy(struct VARIANT *to, const struct VARIANT *from);
WINAPI HRESULT oleaut32_VariantChangeType(struct VARIANT *to, struct VARIANT *from, USHORT flags, WORD vt);
WINAPI HRESULT oleaut32_SafeArrayDestroy(struct SAFEARRAY *a);
WINAPI HRESULT oleaut32_SafeArrayCopy(struct SAFEARRAY *a, struct SAFEARRAY **out);

/* One value of a type, where it is held: what a variant of it has, or an element of an array. */
size_t oleaut32_size(WORD vt);                  /* 0: there is none of it */
void oleaut32_drop(WORD vt, void *p);
HRESULT oleaut32_dup(WORD vt, void *to, const void *from);

/* The days of a text as automation counts them; false: it is no date. */
bool oleaut32_date(const WCHAR *s, size_t n, double *out);
size_t oleaut32_date_text(double date, WCHAR out[64]);

#endif
