/* SPDX-License-Identifier: Apache-2.0 */
/* PROPVARIANT: a VARIANT with a few more types. */
#include <string.h>

#include "layer/api/dll/oleaut32.h"

WINAPI void combase_CoTaskMemFree(void *p);
WINAPI HRESULT oleaut32_VariantClear(struct VARIANT *v);

/* A PROPVARIANT: what a VARIANT is, and texts, bytes and rows of numbers that CoTaskMemAlloc gave. */
WINAPI HRESULT
ole32_PropVariantClear(struct VARIANT *v)
{
	enum {
		VT_FILETIME = 64,
		VT_BLOB = 65,
		VT_STREAM = 66,
		VT_CLSID = 72,
		VT_LPSTR = 30,
		VT_LPWSTR
	};
	struct row {
		ULONG n;
		void **p;
	} * row;

	if (!v)
		return 0;
	row = (struct row *)&v->llVal;
	WORD of = v->vt & 0xfff;
	if (v->vt & 0x1000) { /* VT_VECTOR */
		for (ULONG i = 0; i < row->n && (of == VT_LPSTR || of == VT_LPWSTR); i++)
			combase_CoTaskMemFree(row->p[i]);
		combase_CoTaskMemFree(row->p);
	} else if (v->vt == VT_LPSTR || v->vt == VT_LPWSTR || v->vt == VT_CLSID) {
		combase_CoTaskMemFree(v->bstrVal);
	} else if (v->vt == VT_BLOB) {
		combase_CoTaskMemFree(row->p);
	} else if (v->vt == VT_STREAM) {
		if (v->punkVal)
			v->punkVal->table->release(v->punkVal);
	} else if (v->vt != VT_FILETIME) {
		HRESULT r = oleaut32_VariantClear(v);
		if (r < 0)
			return r;
	}
	memset(v, 0, sizeof *v);
	return 0;
}
