/* SPDX-License-Identifier: Apache-2.0 */
/* oleaut32_variant.c -- VARIANTs: emptied, copied, made another type. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/oleaut32.h"
#include "layer/api/nt/text/nls.h"

/* -- one value --------------------------------------------------------------------------------- */

size_t
oleaut32_size(WORD vt)
{
	switch (vt) {
	case VT_I1:
	case VT_UI1: return 1;
	case VT_I2:
	case VT_UI2:
	case VT_BOOL: return 2;
	case VT_I4:
	case VT_UI4:
	case VT_R4:
	case VT_INT:
	case VT_UINT:
	case VT_ERROR: return 4;
	case VT_R8:
	case VT_CY:
	case VT_DATE:
	case VT_I8:
	case VT_UI8:
	case VT_BSTR:
	case VT_UNKNOWN:
	case VT_DISPATCH:
	case VT_INT_PTR:
	case VT_UINT_PTR: return 8;
	case VT_DECIMAL: return 16;
	case VT_VARIANT: return sizeof(struct VARIANT);
	}
	return 0;
}

void
oleaut32_drop(WORD vt, void *p)
{
	struct unknown *u;
	if (vt == VT_BSTR)
		oleaut32_SysFreeString(*(WCHAR **)p);
	else if ((vt == VT_UNKNOWN || vt == VT_DISPATCH) && (u = *(struct unknown **)p))
		u->table->release(u);
	else if (vt == VT_VARIANT)
		oleaut32_VariantClear(p);
	memset(p, 0, oleaut32_size(vt));
}

HRESULT
oleaut32_dup(WORD vt, void *to, const void *from)
{
	const WCHAR *s = vt == VT_BSTR ? *(WCHAR *const *)from : NULL;
	struct unknown *u;
	if (vt == VT_VARIANT) {
		memset(to, 0, sizeof(struct VARIANT));
		return oleaut32_VariantCopy(to, from);
	}
	memcpy(to, from, oleaut32_size(vt));
	if (s && !(*(WCHAR **)to = oleaut32_SysAllocStringByteLen((const char *)s,
	                                                          oleaut32_SysStringByteLen(s))))
		return E_OUTOFMEMORY;
	if ((vt == VT_UNKNOWN || vt == VT_DISPATCH) && (u = *(struct unknown *const *)from))
		u->table->add(u);
	return 0;
}

/* -- whole variants ----------------------------------------------------------------------------- */

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

/* Where the value is: a decimal takes all of the variant. */
static void *
value_of(struct VARIANT *v)
{
	return v->vt == VT_DECIMAL ? (void *)v : &v->llVal;
}

WINAPI HRESULT
oleaut32_VariantClear(struct VARIANT *v)
{
	HRESULT r = 0;
	if (!known(v->vt))
		return DISP_E_BADVARTYPE;
	if (v->vt & VT_BYREF)
		; /* what it leads to is somebody else's */
	else if (v->vt & VT_ARRAY)
		r = v->parray ? oleaut32_SafeArrayDestroy(v->parray) : 0;
	else if (v->vt == VT_RECORD)
		r = v->pointer[0] ? DISP_E_BADVARTYPE : 0; /* nobody makes them here */
	else if (v->vt == VT_BSTR || v->vt == VT_UNKNOWN || v->vt == VT_DISPATCH)
		oleaut32_drop(v->vt, &v->llVal);
	if (r >= 0)
		v->vt = VT_EMPTY;
	return r;
}

WINAPI HRESULT
oleaut32_VariantCopy(struct VARIANT *to, const struct VARIANT *from)
{
	struct VARIANT v = *from;
	HRESULT r = 0;
	if (to == from)
		return 0;
	if (!known(v.vt) || v.vt == VT_RECORD)
		return DISP_E_BADVARTYPE;
	if ((v.vt & VT_ARRAY) && !(v.vt & VT_BYREF))
		r = v.parray ? oleaut32_SafeArrayCopy(from->parray, &v.parray) : 0;
	else if (v.vt == VT_BSTR || v.vt == VT_UNKNOWN || v.vt == VT_DISPATCH)
		r = oleaut32_dup(v.vt, &v.llVal, &from->llVal);
	if (r < 0)
		return r;
	if ((r = oleaut32_VariantClear(to)) < 0) {
		oleaut32_VariantClear(&v);
		return r;
	}
	*to = v;
	return 0;
}

/* As VariantCopy, of what a reference leads to. */
WINAPI HRESULT
oleaut32_VariantCopyInd(struct VARIANT *to, const struct VARIANT *from)
{
	struct VARIANT v = { .vt = from->vt & (WORD)~VT_BYREF };
	HRESULT r;
	if (!(from->vt & VT_BYREF))
		return oleaut32_VariantCopy(to, from);
	const void *p = from->pointer[0];
	if (!p)
		return E_INVALIDARG;
	if (v.vt & VT_ARRAY) {
		struct SAFEARRAY *a = *(struct SAFEARRAY *const *)p;
		r = a ? oleaut32_SafeArrayCopy(a, &v.parray) : 0;
	} else if (v.vt == VT_VARIANT) {
		/* a reference to a variant may lead to a reference, once */
		const struct VARIANT *inner = p;
		if (inner->vt == (VT_VARIANT | VT_BYREF))
			return E_INVALIDARG;
		v.vt = VT_EMPTY;
		r = oleaut32_VariantCopyInd(&v, inner);
	} else {
		size_t n = oleaut32_size(v.vt);
		if (!n)
			return DISP_E_BADVARTYPE;
		r = oleaut32_dup(v.vt, value_of(&v), p);
		if (v.vt == VT_DECIMAL || n == 16)
			v.vt = VT_DECIMAL;
	}
	if (r >= 0 && (r = oleaut32_VariantClear(to)) < 0)
		oleaut32_VariantClear(&v);
	if (r >= 0)
		*to = v;
	return r;
}

/* -- numbers ------------------------------------------------------------------------------------ */

__extension__ typedef unsigned __int128 u128;

/* A DECIMAL lies over all of its variant. */
struct decimal {
	WORD vt;
	BYTE scale, sign;
	uint32_t high;
	uint64_t low;
};

/* A number on its way: whole when it can be, as exactly as 96 bits and a power of ten are. */
struct number {
	bool whole;
	u128 magnitude;
	bool negative;
	double real;
};

static struct number
of_int(int64_t v)
{
	return (struct number){ true, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, v < 0, (double)v };
}

static struct number
of_uint(uint64_t v)
{
	return (struct number){ true, v, false, (double)v };
}

static struct number of_real(double v) { return (struct number){ .real = v }; }

static struct number
of_decimal(const struct decimal *d)
{
	u128 m = (u128)d->high << 64 | d->low, ten = 1;
	for (BYTE i = 0; i < d->scale && i < 28; i++)
		ten *= 10;
	struct number n = { .whole = m % ten == 0,
		            .magnitude = m / ten,
		            .negative = d->sign & 0x80 };
	n.real = (double)((long double)m / (long double)ten);
	if (n.negative)
		n.real = -n.real;
	return n;
}

/* What is written as a number is written: sign, digits with commas, a point, an exponent; &H, &O. */
static bool
of_text(const WCHAR *s, size_t n, struct number *out)
{
	char buf[400];
	size_t k = 0, i = 0;
	bool negative = false, digits = false, whole = true;
	while (n && s[n - 1] <= ' ')
		n--;
	while (i < n && s[i] <= ' ')
		i++;
	if (n - i > 2 && s[i] == '&' && ((s[i + 1] | 32) == 'h' || (s[i + 1] | 32) == 'o')) {
		int base = (s[i + 1] | 32) == 'h' ? 16 : 8;
		for (i += 2; i < n && k < 20; i++)
			buf[k++] = s[i] < 128 ? (char)s[i] : '?';
		buf[k] = 0;
		char *end;
		uint64_t v = strtoull(buf, &end, base);
		*out = of_uint(v);
		return i == n && k && !*end;
	}
	if (i < n && (s[i] == '-' || s[i] == '+'))
		negative = s[i++] == '-';
	while (i < n && s[i] <= ' ')
		i++;
	if (i < n && s[i] == '$')
		i++;
	for (; i < n && k < sizeof buf - 2; i++) {
		WCHAR c = s[i];
		if (c >= '0' && c <= '9')
			digits = true;
		else if (c == ',' && whole && digits)
			continue;
		else if (c == '.' && whole)
			whole = false;
		else if ((c == 'e' || c == 'E' || c == 'd' || c == 'D') && digits)
			break;
		else
			return false;
		buf[k++] = (char)c;
	}
	if (i < n) { /* an exponent, or too much */
		whole = false;
		buf[k++] = 'e';
		for (i++; i < n && k < sizeof buf - 1; i++) {
			if (!(s[i] >= '0' && s[i] <= '9') &&
			    !(buf[k - 1] == 'e' && (s[i] == '-' || s[i] == '+')))
				return false;
			buf[k++] = (char)s[i];
		}
		if (i < n || buf[k - 1] < '0')
			return false;
	}
	buf[k] = 0;
	if (!digits)
		return false;
	*out = of_real(strtod(buf, NULL));
	if (negative)
		out->real = -out->real;
	if (whole && k <= 28) {
		out->whole = true;
		out->negative = negative;
		for (size_t j = 0; j < k; j++)
			out->magnitude = out->magnitude * 10 + (unsigned)(buf[j] - '0');
	}
	return true;
}

/* A whole number in a range, rounded to the even one of two that are as near. */
static HRESULT
to_int(const struct number *n, bool negative_too, uint64_t most, int64_t *out)
{
	u128 m = n->magnitude;
	bool negative = n->negative;
	if (!n->whole) {
		double r = nearbyint(n->real);
		if (!(fabs(r) < 1.9e19))
			return DISP_E_OVERFLOW;
		negative = r < 0;
		m = (u128)fabs(r);
	}
	if (negative && m && !negative_too)
		return DISP_E_OVERFLOW;
	if (m > (u128)most + (negative && negative_too ? 1 : 0))
		return DISP_E_OVERFLOW;
	*out = negative ? (int64_t)(0 - (uint64_t)m) : (int64_t)(uint64_t)m;
	return 0;
}

static HRESULT
to_cy(const struct number *n, int64_t *out)
{
	struct number scaled = of_real(n->real * 10000.0);
	if (n->whole && n->magnitude < ((u128)1 << 64))
		scaled = (struct number){ true, n->magnitude * 10000, n->negative, 0 };
	return to_int(&scaled, true, INT64_MAX, out);
}

static HRESULT
to_decimal(const struct number *n, struct VARIANT *v)
{
	struct decimal d = { .sign = n->negative ? 0x80 : 0 };
	u128 m = n->magnitude;
	if (!n->whole) {
		/* the digits that a double stands for */
		char text[64];
		double a = fabs(n->real);
		if (!(a < 7.9228162514264338e28))
			return DISP_E_OVERFLOW;
		d.sign = n->real < 0 ? 0x80 : 0;
		snprintf(text, sizeof text, "%.14e", a);
		int exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10), digits = 15;
		m = 0;
		for (char *p = text; *p != 'e'; p++)
			if (*p != '.')
				m = m * 10 + (unsigned)(*p - '0');
		while (m && m % 10 == 0 && digits > 1)
			m /= 10, digits--;
		int scale = digits - 1 - exponent;
		for (; scale < 0; scale++)
			m *= 10;
		for (; scale > 28; scale--)
			m /= 10;
		d.scale = (BYTE)scale;
	}
	if (m >> 96)
		return DISP_E_OVERFLOW;
	d.high = (uint32_t)(m >> 64);
	d.low = (uint64_t)m;
	d.vt = VT_DECIMAL;
	memcpy(v, &d, sizeof d);
	return 0;
}

/* -- from one type to another --------------------------------------------------------------------- */

enum { NOVALUEPROP = 1, ALPHABOOL = 2 };

static HRESULT
read_number(const struct VARIANT *v, struct number *n)
{
	switch (v->vt) {
	case VT_EMPTY: *n = of_int(0); return 0;
	case VT_I1: *n = of_int(v->cVal); return 0;
	case VT_UI1: *n = of_int((uint8_t)v->cVal); return 0;
	case VT_I2:
	case VT_BOOL: *n = of_int(v->iVal); return 0;
	case VT_UI2: *n = of_int((uint16_t)v->iVal); return 0;
	case VT_I4:
	case VT_INT: *n = of_int(v->lVal); return 0;
	case VT_UI4:
	case VT_UINT: *n = of_int((uint32_t)v->lVal); return 0;
	case VT_I8: *n = of_int(v->llVal); return 0;
	case VT_UI8: *n = of_uint(v->ullVal); return 0;
	case VT_R4: *n = of_real((double)v->fltVal); return 0;
	case VT_R8:
	case VT_DATE: *n = of_real(v->dblVal); return 0;
	case VT_CY:
		*n = v->llVal % 10000 ? of_real((double)v->llVal / 10000.0)
		                      : of_int(v->llVal / 10000);
		return 0;
	case VT_DECIMAL: *n = of_decimal((const struct decimal *)(const void *)v); return 0;
	case VT_BSTR:
		return of_text(v->bstrVal, oleaut32_SysStringLen(v->bstrVal), n)
		               ? 0
		               : DISP_E_TYPEMISMATCH;
	}
	return DISP_E_TYPEMISMATCH;
}

static size_t
narrow_text(const struct VARIANT *v, USHORT flags, char out[64])
{
	switch (v->vt) {
	case VT_BOOL:
		return (size_t)snprintf(out, 64, "%s",
		                        flags & ALPHABOOL ? (v->iVal ? "True" : "False")
		                        : v->iVal         ? "-1"
		                                          : "0");
	case VT_UI8: return (size_t)snprintf(out, 64, "%llu", (unsigned long long)v->ullVal);
	case VT_R4: return (size_t)snprintf(out, 64, "%.7G", (double)v->fltVal);
	case VT_R8: return (size_t)snprintf(out, 64, "%.15G", v->dblVal);
	}
	/* digits, with a point before the last of them that its scale says */
	struct number n = { 0 };
	u128 m;
	unsigned scale = 0;
	bool negative;
	char digits[48];
	size_t k = 0, at = 0;
	if (v->vt == VT_CY) {
		m = v->llVal < 0 ? 0 - (uint64_t)v->llVal : (uint64_t)v->llVal;
		negative = v->llVal < 0;
		scale = 4;
	} else if (v->vt == VT_DECIMAL) {
		const struct decimal *d = (const struct decimal *)(const void *)v;
		m = (u128)d->high << 64 | d->low;
		negative = d->sign & 0x80;
		scale = d->scale <= 28 ? d->scale : 28;
	} else {
		read_number(v, &n);
		m = n.magnitude;
		negative = n.negative;
	}
	for (; scale && m % 10 == 0; scale--)
		m /= 10;
	while (m || k <= scale) {
		digits[k++] = (char)('0' + (int)(m % 10));
		m /= 10;
	}
	if (negative)
		out[at++] = '-';
	while (k) {
		out[at++] = digits[--k];
		if (k == scale && k)
			out[at++] = '.';
	}
	return at;
}

static HRESULT
to_text(const struct VARIANT *v, USHORT flags, struct VARIANT *out)
{
	WCHAR wide[64];
	char text[64];
	size_t n = 0;
	if (v->vt == VT_NULL || v->vt == VT_ERROR || v->vt == VT_UNKNOWN || v->vt == VT_DISPATCH)
		return DISP_E_TYPEMISMATCH;
	if (v->vt == VT_DATE) {
		if (!(n = oleaut32_date_text(v->dblVal, wide)))
			return DISP_E_OVERFLOW;
	} else if (v->vt != VT_EMPTY) {
		n = narrow_text(v, flags, text);
		for (size_t i = 0; i < n; i++)
			wide[i] = (WCHAR)text[i];
	}
	out->bstrVal = oleaut32_SysAllocStringLen(wide, (UINT)n);
	return out->bstrVal ? 0 : E_OUTOFMEMORY;
}

static HRESULT
to_bool(const struct VARIANT *v, struct VARIANT *out)
{
	struct number n;
	if (v->vt == VT_BSTR && v->bstrVal) {
		static const char *const words[] = { "false", "true", "#FALSE#", "#TRUE#" };
		for (int i = 0; i < 4; i++)
			if (nls_equal_ascii(v->bstrVal, words[i])) {
				out->iVal = i & 1 ? -1 : 0;
				return 0;
			}
	}
	HRESULT r = read_number(v, &n);
	if (r >= 0)
		out->iVal = (n.whole ? n.magnitude != 0 : n.real != 0) ? -1 : 0;
	return r;
}

static HRESULT
to_date(const struct VARIANT *v, struct VARIANT *out)
{
	struct number n;
	if (v->vt == VT_BSTR && v->bstrVal &&
	    oleaut32_date(v->bstrVal, oleaut32_SysStringLen(v->bstrVal), &out->dblVal))
		return 0;
	HRESULT r = read_number(v, &n);
	if (r >= 0)
		out->dblVal = n.real;
	return r < 0 || (n.real > -657435.0 && n.real < 2958466.0) ? r : DISP_E_OVERFLOW;
}

/* IDispatch out of IUnknown, and back. */
static HRESULT
to_interface(const struct VARIANT *v, WORD vt, struct VARIANT *out)
{
	BYTE id[16] = { 0x00, 0x04, 0x02, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46 };
	if (vt == VT_UNKNOWN)
		memset(id, 0, 4);
	if (v->vt != VT_UNKNOWN && v->vt != VT_DISPATCH)
		return DISP_E_TYPEMISMATCH;
	if (!v->punkVal)
		return 0;
	return v->punkVal->table->query(v->punkVal, id, out->pointer) < 0 ? DISP_E_TYPEMISMATCH : 0;
}

static HRESULT
to_number(const struct VARIANT *v, WORD vt, struct VARIANT *out)
{
	static const struct {
		WORD vt;
		bool negative;
		uint64_t most;
	} ranges[] = {
		{ VT_I1, true, INT8_MAX },   { VT_UI1, false, UINT8_MAX },
		{ VT_I2, true, INT16_MAX },  { VT_UI2, false, UINT16_MAX },
		{ VT_I4, true, INT32_MAX },  { VT_UI4, false, UINT32_MAX },
		{ VT_INT, true, INT32_MAX }, { VT_UINT, false, UINT32_MAX },
		{ VT_I8, true, INT64_MAX },  { VT_UI8, false, UINT64_MAX },
	};
	struct number n;
	HRESULT r = read_number(v, &n);
	if (r < 0)
		return r;
	switch (vt) {
	case VT_R8: out->dblVal = n.real; return 0;
	case VT_R4:
		if (fabs(n.real) > (double)3.402823466e38f && !isinf(n.real))
			return DISP_E_OVERFLOW;
		out->fltVal = (float)n.real;
		return 0;
	case VT_CY: return to_cy(&n, &out->llVal);
	case VT_DECIMAL: return to_decimal(&n, out);
	}
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (ranges[i].vt == vt)
			return to_int(&n, ranges[i].negative, ranges[i].most, &out->llVal);
	return DISP_E_BADVARTYPE;
}

static HRESULT
change(const struct VARIANT *v, USHORT flags, WORD vt, struct VARIANT *out)
{
	switch (vt) {
	case VT_EMPTY:
	case VT_NULL:
	case VT_ERROR: return v->vt == VT_EMPTY && vt == VT_NULL ? 0 : DISP_E_TYPEMISMATCH;
	case VT_BSTR: return to_text(v, flags, out);
	case VT_BOOL: return to_bool(v, out);
	case VT_DATE: return to_date(v, out);
	case VT_UNKNOWN:
	case VT_DISPATCH: return to_interface(v, vt, out);
	case VT_VARIANT: return DISP_E_TYPEMISMATCH;
	}
	return oleaut32_size(vt) && !(vt & (VT_ARRAY | VT_BYREF)) ? to_number(v, vt, out)
	                                                          : DISP_E_BADVARTYPE;
}

WINAPI HRESULT
oleaut32_VariantChangeTypeEx(struct VARIANT *to, struct VARIANT *from, ULONG locale, USHORT flags,
                             WORD vt)
{
	struct VARIANT v = { .vt = VT_EMPTY }, out = { .vt = VT_EMPTY };
	(void)locale; /* numbers and dates are written as in the one there is */
	if (!to || !from)
		return E_INVALIDARG;
	HRESULT r = oleaut32_VariantCopyInd(&v, from);
	if (r < 0)
		return r;
	if (v.vt == vt) {
		out = v;
	} else {
		r = (v.vt | vt) & VT_ARRAY ? DISP_E_TYPEMISMATCH : change(&v, flags, vt, &out);
		if (r >= 0)
			out.vt = vt;
		oleaut32_VariantClear(&v);
	}
	if (r >= 0 && (r = oleaut32_VariantClear(to)) < 0)
		oleaut32_VariantClear(&out);
	if (r >= 0)
		*to = out;
	return r;
}

WINAPI HRESULT
oleaut32_VariantChangeType(struct VARIANT *to, struct VARIANT *from, USHORT flags, WORD vt)
{
	return oleaut32_VariantChangeTypeEx(to, from, 0x409, flags, vt);
}
