/* SPDX-License-Identifier: Apache-2.0 */
/* oleaut32_array.c -- SAFEARRAYs. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/oleaut32.h"

enum {
	AUTO = 1,
	STATIC = 2,
	EMBEDDED = 4,
	FIXEDSIZE = 0x10,
	RECORD = 0x20,
	HAVE_IID = 0x40,
	HAVE_TYPE = 0x80,
	OF_BSTR = 0x100,
	OF_UNKNOWN = 0x200,
	OF_DISPATCH = 0x400,
	OF_VARIANT = 0x800
};
enum { PREFIX = 16, MOST = 0x7fffffff };

/* The type that it was made with, in front of it. */
static DWORD *
type_place(struct SAFEARRAY *a)
{
	return (DWORD *)(void *)((char *)a - 4);
}

static void *iid_place(struct SAFEARRAY *a) { return (char *)a - PREFIX; }

/* What its elements own, by its features. */
static WORD
owned(const struct SAFEARRAY *a)
{
	return a->features & OF_BSTR       ? VT_BSTR
	       : a->features & OF_UNKNOWN  ? VT_UNKNOWN
	       : a->features & OF_DISPATCH ? VT_DISPATCH
	       : a->features & OF_VARIANT  ? VT_VARIANT
	                                   : VT_EMPTY;
}

/* How many there are; false: more than can be. */
static bool
count(const struct SAFEARRAY *a, size_t *out)
{
	size_t n = 1;
	for (USHORT i = 0; i < a->dimensions; i++) {
		if (a->bound[i].n && n > MOST / a->bound[i].n)
			return false;
		n *= a->bound[i].n;
	}
	*out = n;
	return !a->size || n <= MOST / a->size;
}

WINAPI HRESULT
oleaut32_SafeArrayAllocDescriptor(UINT dimensions, struct SAFEARRAY **out)
{
	if (!dimensions || dimensions > UINT16_MAX || !out)
		return E_INVALIDARG;
	char *p = calloc(1, PREFIX + sizeof **out + dimensions * sizeof(struct bound));
	if (!p)
		return E_OUTOFMEMORY;
	*out = (struct SAFEARRAY *)(void *)(p + PREFIX);
	(*out)->dimensions = (USHORT)dimensions;
	return 0;
}

WINAPI HRESULT
oleaut32_SafeArrayAllocDescriptorEx(WORD vt, UINT dimensions, struct SAFEARRAY **out)
{
	HRESULT r;
	if (!oleaut32_size(vt) && vt != VT_RECORD)
		return DISP_E_BADVARTYPE;
	if ((r = oleaut32_SafeArrayAllocDescriptor(dimensions, out)) < 0)
		return r;
	struct SAFEARRAY *a = *out;
	a->size = (ULONG)oleaut32_size(vt);
	a->features = vt == VT_BSTR       ? OF_BSTR
	              : vt == VT_UNKNOWN  ? OF_UNKNOWN | HAVE_IID
	              : vt == VT_DISPATCH ? OF_DISPATCH | HAVE_IID
	              : vt == VT_VARIANT  ? OF_VARIANT
	                                  : 0;
	if (a->features & HAVE_IID) {
		BYTE id[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46 };
		if (vt == VT_DISPATCH)
			id[1] = 4, id[2] = 2;
		memcpy(iid_place(a), id, sizeof id);
	} else {
		a->features |= HAVE_TYPE;
		*type_place(a) = vt;
	}
	return 0;
}

WINAPI HRESULT
oleaut32_SafeArrayAllocData(struct SAFEARRAY *a)
{
	size_t n;
	if (!a)
		return E_INVALIDARG;
	if (!count(a, &n) || !(a->data = calloc(n ? n : 1, a->size ? a->size : 1)))
		return E_OUTOFMEMORY;
	return 0;
}

static void
drop_all(struct SAFEARRAY *a, size_t from, size_t n)
{
	WORD vt = owned(a);
	for (size_t i = from; vt && a->data && i < n; i++)
		oleaut32_drop(vt, (char *)a->data + i * a->size);
}

WINAPI HRESULT
oleaut32_SafeArrayDestroyData(struct SAFEARRAY *a)
{
	size_t n = 0;
	if (!a)
		return E_INVALIDARG;
	if (a->locks)
		return DISP_E_ARRAYISLOCKED;
	count(a, &n);
	drop_all(a, 0, n);
	if (a->features & (STATIC | EMBEDDED | AUTO)) {
		if (a->data)
			memset(a->data, 0, n * a->size);
		return 0;
	}
	free(a->data);
	a->data = NULL;
	return 0;
}

WINAPI HRESULT
oleaut32_SafeArrayDestroyDescriptor(struct SAFEARRAY *a)
{
	if (!a)
		return 0;
	if (a->locks)
		return DISP_E_ARRAYISLOCKED;
	if (!(a->features & (STATIC | AUTO)))
		free((char *)a - PREFIX);
	return 0;
}

WINAPI HRESULT
oleaut32_SafeArrayDestroy(struct SAFEARRAY *a)
{
	if (!a)
		return 0;
	HRESULT r = oleaut32_SafeArrayDestroyData(a);
	return r < 0 ? r : oleaut32_SafeArrayDestroyDescriptor(a);
}

/* extra: the interface that its elements have; of records there are none here. */
WINAPI struct SAFEARRAY *
oleaut32_SafeArrayCreateEx(WORD vt, UINT dimensions, const struct bound *bounds, const void *extra)
{
	struct SAFEARRAY *a;
	if (!bounds || vt == VT_RECORD ||
	    oleaut32_SafeArrayAllocDescriptorEx(vt, dimensions, &a) < 0)
		return NULL;
	for (UINT i = 0; i < dimensions; i++)
		a->bound[i] = bounds[dimensions - 1 - i];
	if (extra && (a->features & HAVE_IID))
		memcpy(iid_place(a), extra, 16);
	if (oleaut32_SafeArrayAllocData(a) < 0) {
		oleaut32_SafeArrayDestroyDescriptor(a);
		return NULL;
	}
	return a;
}

WINAPI struct SAFEARRAY *
oleaut32_SafeArrayCreate(WORD vt, UINT dimensions, const struct bound *bounds)
{
	return oleaut32_SafeArrayCreateEx(vt, dimensions, bounds, NULL);
}

WINAPI struct SAFEARRAY *
oleaut32_SafeArrayCreateVectorEx(WORD vt, LONG first, ULONG n, const void *extra)
{
	struct bound b = { n, first };
	struct SAFEARRAY *a = oleaut32_SafeArrayCreateEx(vt, 1, &b, extra);
	if (a)
		a->features |= FIXEDSIZE;
	return a;
}

WINAPI struct SAFEARRAY *
oleaut32_SafeArrayCreateVector(WORD vt, LONG first, ULONG n)
{
	return oleaut32_SafeArrayCreateVectorEx(vt, first, n, NULL);
}

/* -- what it is ---------------------------------------------------------------------------------- */

WINAPI UINT
oleaut32_SafeArrayGetDim(const struct SAFEARRAY *a)
{
	return a ? a->dimensions : 0;
}

WINAPI UINT
oleaut32_SafeArrayGetElemsize(const struct SAFEARRAY *a)
{
	return a ? a->size : 0;
}

/* Dimensions count from 1, which is the left one. */
static const struct bound *
bound_of(const struct SAFEARRAY *a, UINT dimension)
{
	return dimension && dimension <= a->dimensions ? &a->bound[a->dimensions - dimension]
	                                               : NULL;
}

WINAPI HRESULT
oleaut32_SafeArrayGetLBound(const struct SAFEARRAY *a, UINT dimension, LONG *out)
{
	if (!a || !out)
		return E_INVALIDARG;
	const struct bound *b = bound_of(a, dimension);
	if (!b)
		return DISP_E_BADINDEX;
	*out = b->first;
	return 0;
}

WINAPI HRESULT
oleaut32_SafeArrayGetUBound(const struct SAFEARRAY *a, UINT dimension, LONG *out)
{
	if (!a || !out)
		return E_INVALIDARG;
	const struct bound *b = bound_of(a, dimension);
	if (!b)
		return DISP_E_BADINDEX;
	*out = (LONG)((uint32_t)b->first + b->n - 1);
	return 0;
}

WINAPI HRESULT
oleaut32_SafeArrayGetVartype(struct SAFEARRAY *a, WORD *out)
{
	if (!a || !out)
		return E_INVALIDARG;
	if (a->features & HAVE_TYPE)
		*out = (WORD)*type_place(a);
	else if (owned(a))
		*out = owned(a);
	else
		return E_INVALIDARG;
	return 0;
}

WINAPI HRESULT
oleaut32_SafeArrayGetIID(struct SAFEARRAY *a, void *out)
{
	if (!a || !out || !(a->features & HAVE_IID))
		return E_INVALIDARG;
	memcpy(out, iid_place(a), 16);
	return 0;
}

WINAPI HRESULT
oleaut32_SafeArraySetIID(struct SAFEARRAY *a, const void *id)
{
	if (!a || !id || !(a->features & HAVE_IID))
		return E_INVALIDARG;
	memcpy(iid_place(a), id, 16);
	return 0;
}

/* -- its elements ---------------------------------------------------------------------------------- */

WINAPI HRESULT
oleaut32_SafeArrayLock(struct SAFEARRAY *a)
{
	if (!a)
		return E_INVALIDARG;
	if (__atomic_add_fetch(&a->locks, 1, __ATOMIC_SEQ_CST) > UINT16_MAX) {
		__atomic_sub_fetch(&a->locks, 1, __ATOMIC_SEQ_CST);
		return E_UNEXPECTED;
	}
	return 0;
}

WINAPI HRESULT
oleaut32_SafeArrayUnlock(struct SAFEARRAY *a)
{
	if (!a)
		return E_INVALIDARG;
	if (!a->locks)
		return E_UNEXPECTED;
	__atomic_sub_fetch(&a->locks, 1, __ATOMIC_SEQ_CST);
	return 0;
}

WINAPI HRESULT
oleaut32_SafeArrayAccessData(struct SAFEARRAY *a, void **out)
{
	HRESULT r = a && out ? oleaut32_SafeArrayLock(a) : E_INVALIDARG;
	if (r >= 0)
		*out = a->data;
	return r;
}

WINAPI HRESULT
oleaut32_SafeArrayUnaccessData(struct SAFEARRAY *a)
{
	return oleaut32_SafeArrayUnlock(a);
}

/* The left index runs fastest. */
WINAPI HRESULT
oleaut32_SafeArrayPtrOfIndex(struct SAFEARRAY *a, const LONG *index, void **out)
{
	size_t at = 0, step = 1;
	if (!a || !index || !out)
		return E_INVALIDARG;
	for (UINT i = 0; i < a->dimensions; i++) {
		const struct bound *b = &a->bound[a->dimensions - 1 - i];
		int64_t k = (int64_t)index[i] - b->first;
		if (k < 0 || k >= b->n)
			return DISP_E_BADINDEX;
		at += (size_t)k * step;
		step *= b->n;
	}
	*out = (char *)a->data + at * a->size;
	return 0;
}

WINAPI HRESULT
oleaut32_SafeArrayGetElement(struct SAFEARRAY *a, const LONG *index, void *out)
{
	void *p;
	if (!out)
		return E_INVALIDARG;
	HRESULT r = oleaut32_SafeArrayPtrOfIndex(a, index, &p);
	if (r < 0)
		return r;
	if (owned(a))
		return oleaut32_dup(owned(a), out, p);
	memcpy(out, p, a->size);
	return 0;
}

/* Texts and interfaces are given themselves, all else by a pointer. */
WINAPI HRESULT
oleaut32_SafeArrayPutElement(struct SAFEARRAY *a, const LONG *index, void *value)
{
	void *p;
	struct VARIANT fresh = { .vt = VT_EMPTY };
	HRESULT r = oleaut32_SafeArrayPtrOfIndex(a, index, &p);
	if (r < 0)
		return r;
	WORD vt = owned(a);
	if (!value && vt != VT_BSTR && vt != VT_UNKNOWN && vt != VT_DISPATCH)
		return E_INVALIDARG;
	if (!vt) {
		memcpy(p, value, a->size);
		return 0;
	}
	r = oleaut32_dup(vt, &fresh, vt == VT_VARIANT ? value : (void *)&value);
	if (r < 0)
		return r;
	oleaut32_drop(vt, p);
	memcpy(p, &fresh, oleaut32_size(vt));
	return 0;
}

/* Elements of one into another of as many. */
WINAPI HRESULT
oleaut32_SafeArrayCopyData(struct SAFEARRAY *from, struct SAFEARRAY *to)
{
	size_t n, m;
	if (!from || !to || !count(from, &n) || !count(to, &m) || n != m ||
	    from->size != to->size || owned(from) != owned(to))
		return E_INVALIDARG;
	WORD vt = owned(from);
	if (!vt) {
		memcpy(to->data, from->data, n * from->size);
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		char *p = (char *)to->data + i * to->size;
		oleaut32_drop(vt, p);
		HRESULT r = oleaut32_dup(vt, p, (char *)from->data + i * from->size);
		if (r < 0) {
			memset(p, 0, to->size);
			return r;
		}
	}
	return 0;
}

WINAPI HRESULT
oleaut32_SafeArrayCopy(struct SAFEARRAY *a, struct SAFEARRAY **out)
{
	struct SAFEARRAY *b;
	if (!out)
		return E_INVALIDARG;
	*out = NULL;
	if (!a)
		return 0;
	HRESULT r = oleaut32_SafeArrayAllocDescriptor(a->dimensions, &b);
	if (r < 0)
		return r;
	b->features = a->features & (USHORT) ~(AUTO | STATIC | EMBEDDED | FIXEDSIZE);
	b->size = a->size;
	memcpy(b->bound, a->bound, a->dimensions * sizeof *a->bound);
	if (a->features & (HAVE_IID | HAVE_TYPE))
		memcpy(iid_place(b), iid_place(a), PREFIX);
	if ((r = oleaut32_SafeArrayAllocData(b)) >= 0 && a->data)
		r = oleaut32_SafeArrayCopyData(a, b);
	if (r < 0) {
		oleaut32_SafeArrayDestroy(b);
		return r;
	}
	*out = b;
	return 0;
}

/* The right dimension, whose index runs slowest, becomes longer or shorter. */
WINAPI HRESULT
oleaut32_SafeArrayRedim(struct SAFEARRAY *a, const struct bound *right)
{
	size_t before, after;
	if (!a || !right || (a->features & FIXEDSIZE))
		return E_INVALIDARG;
	if (a->locks)
		return DISP_E_ARRAYISLOCKED;
	struct bound old = a->bound[0];
	if (!count(a, &before))
		return E_UNEXPECTED;
	a->bound[0] = *right;
	if (!count(a, &after)) {
		a->bound[0] = old;
		return E_OUTOFMEMORY;
	}
	char *p = calloc(after ? after : 1, a->size ? a->size : 1);
	if (!p) {
		a->bound[0] = old;
		return E_OUTOFMEMORY;
	}
	drop_all(a, after, before);
	memcpy(p, a->data, (before < after ? before : after) * a->size);
	free(a->data);
	a->data = p;
	return 0;
}
