/* SPDX-License-Identifier: Apache-2.0 */
// Automation: variants that become other types, arrays that know their bounds, dates.
// needs: joist mingw
// libs: -loleaut32 -lole32 -luuid
// run: joist run --rm $GUEST
// expect: numbers: ok
// expect: texts: ok
// expect: references: ok
// expect: interfaces: ok
// expect: decimals: ok
// expect: dates: ok
// expect: vectors: ok
// expect: tables: ok
// expect: owners: ok
// expect: in variants: ok
// expect: ordinals: ok
#define COBJMACROS
#include "check.h"
#include <oleauto.h>
#include <math.h>
#include <stdint.h>

static VARIANT v, w;

static VARIANT *
i4(LONG x)
{
	VariantClear(&v);
	V_VT(&v) = VT_I4, V_I4(&v) = x;
	return &v;
}

static VARIANT *
r8(double x)
{
	VariantClear(&v);
	V_VT(&v) = VT_R8, V_R8(&v) = x;
	return &v;
}

static VARIANT *
str(const WCHAR *s)
{
	VariantClear(&v);
	V_VT(&v) = VT_BSTR, V_BSTR(&v) = SysAllocString(s);
	return &v;
}

static int
becomes(VARIANT *from, VARTYPE vt)
{
	VariantClear(&w);
	return VariantChangeType(&w, from, 0, vt) == S_OK && V_VT(&w) == vt;
}

static int
reads(VARIANT *from, const WCHAR *s)
{
	if (!becomes(from, VT_BSTR) || wcscmp(V_BSTR(&w), s)) {
		printf("%ls\n", V_VT(&w) == VT_BSTR ? V_BSTR(&w) : L"-");
		return 0;
	}
	return 1;
}

static void
numbers(void)
{
	IS(becomes(i4(-5), VT_I2) && V_I2(&w) == -5);
	IS(becomes(i4(-5), VT_R8) && V_R8(&w) == -5.0);
	IS(becomes(i4(200), VT_UI1) && V_UI1(&w) == 200);
	IS(VariantChangeType(&w, i4(300), 0, VT_UI1) == DISP_E_OVERFLOW);
	IS(VariantChangeType(&w, i4(-1), 0, VT_UI4) == DISP_E_OVERFLOW);
	IS(becomes(i4(INT_MIN), VT_I8) && V_I8(&w) == INT_MIN);
	/* halves go to the even neighbour */
	IS(becomes(r8(2.5), VT_I4) && V_I4(&w) == 2);
	IS(becomes(r8(3.5), VT_I4) && V_I4(&w) == 4);
	IS(becomes(r8(-2.5), VT_I2) && V_I2(&w) == -2);
	IS(VariantChangeType(&w, r8(1e10), 0, VT_I4) == DISP_E_OVERFLOW);
	IS(VariantChangeType(&w, r8(NAN), 0, VT_I4) == DISP_E_OVERFLOW);
	IS(becomes(r8(12.34567), VT_CY) && V_CY(&w).int64 == 123457);
	IS(becomes(r8(0.25), VT_BOOL) && V_BOOL(&w) == VARIANT_TRUE);
	IS(becomes(i4(0), VT_BOOL) && V_BOOL(&w) == VARIANT_FALSE);
	VariantClear(&v);
	IS(becomes(&v, VT_I4) && V_I4(&w) == 0 && becomes(&v, VT_BSTR) &&
	   SysStringLen(V_BSTR(&w)) == 0);
	V_VT(&v) = VT_NULL;
	IS(VariantChangeType(&w, &v, 0, VT_I4) == DISP_E_TYPEMISMATCH);
	V_VT(&v) = VT_UI8, V_UI8(&v) = ~0ull;
	IS(reads(&v, L"18446744073709551615") &&
	   VariantChangeType(&w, &v, 0, VT_I8) == DISP_E_OVERFLOW);
	V_VT(&v) = 99;
	IS(VariantChangeType(&w, &v, 0, VT_I4) == DISP_E_BADVARTYPE);
	V_VT(&v) = VT_EMPTY;
	/* in place */
	IS(VariantChangeType(i4(77), &v, 0, VT_BSTR) == S_OK && !wcscmp(V_BSTR(&v), L"77"));
	done("numbers");
}

static void
texts(void)
{
	IS(reads(i4(-1234), L"-1234") && reads(r8(0.1), L"0.1") && reads(r8(-2.5), L"-2.5") &&
	   reads(r8(1e15), L"1E+15"));
	IS(reads(r8(123456789012345.0), L"123456789012345") && reads(r8(1e20), L"1E+20"));
	VariantClear(&v);
	V_VT(&v) = VT_R4, V_R4(&v) = 0.1f;
	IS(reads(&v, L"0.1"));
	V_VT(&v) = VT_CY, V_CY(&v).int64 = -125000;
	IS(reads(&v, L"-12.5"));
	V_VT(&v) = VT_BOOL, V_BOOL(&v) = VARIANT_TRUE;
	IS(reads(&v, L"-1"));
	VariantClear(&w);
	IS(VariantChangeTypeEx(&w, &v, 0x409, VARIANT_ALPHABOOL, VT_BSTR) == S_OK &&
	   !wcscmp(V_BSTR(&w), L"True"));
	IS(becomes(str(L" 42 "), VT_I4) && V_I4(&w) == 42);
	IS(becomes(str(L"-1,234.5"), VT_R8) && V_R8(&w) == -1234.5);
	IS(becomes(str(L"1.5e3"), VT_R8) && V_R8(&w) == 1500.0);
	IS(becomes(str(L"&H1f"), VT_I4) && V_I4(&w) == 31);
	IS(becomes(str(L"9223372036854775807"), VT_I8) && V_I8(&w) == INT64_MAX);
	IS(VariantChangeType(&w, str(L"9223372036854775808"), 0, VT_I8) == DISP_E_OVERFLOW);
	IS(VariantChangeType(&w, str(L"12x"), 0, VT_I4) == DISP_E_TYPEMISMATCH);
	IS(VariantChangeType(&w, str(L""), 0, VT_I4) == DISP_E_TYPEMISMATCH);
	IS(VariantChangeType(&w, str(L"1.2.3"), 0, VT_R8) == DISP_E_TYPEMISMATCH);
	IS(becomes(str(L"TRUE"), VT_BOOL) && V_BOOL(&w) == VARIANT_TRUE);
	IS(becomes(str(L"0"), VT_BOOL) && V_BOOL(&w) == VARIANT_FALSE);
	IS(VariantChangeType(&w, str(L"maybe"), 0, VT_BOOL) == DISP_E_TYPEMISMATCH);
	LONG l = 0;
	SHORT i = 0;
	double d = 0;
	CY cy;
	VARIANT_BOOL b = 0;
	BSTR s = NULL, t = NULL;
	IS(VarI4FromStr(L"17", 0x409, 0, &l) == S_OK && l == 17 &&
	   VarI2FromStr(L"70000", 0x409, 0, &i) == DISP_E_OVERFLOW);
	IS(VarI4FromR8(1.5, &l) == S_OK && l == 2 && VarR8FromStr(L"2.25", 0x409, 0, &d) == S_OK &&
	   d == 2.25);
	IS(VarCyFromR8(1.23456, &cy) == S_OK && cy.int64 == 12346 &&
	   VarBoolFromStr(L"True", 0x409, 0, &b) == S_OK && b == -1);
	IS(VarBstrFromI4(-3, 0x409, 0, &s) == S_OK && !wcscmp(s, L"-3"));
	IS(VarBstrFromR8(0.5, 0x409, 0, &t) == S_OK && !wcscmp(t, L"0.5"));
	BSTR both = NULL;
	IS(VarBstrCat(s, t, &both) == S_OK && !wcscmp(both, L"-30.5"));
	SysFreeString(s), SysFreeString(t);
	IS(VarBstrFromBool(-1, 0x409, 0, &s) == S_OK && !wcscmp(s, L"True"));
	cy.int64 = 5;
	IS(VarBstrFromCy(cy, 0x409, 0, &t) == S_OK && !wcscmp(t, L"0.0005"));
	IS(VarBstrCmp(s, t, 0x409, 0) == VARCMP_GT && VarBstrCmp(s, s, 0x409, 0) == VARCMP_EQ);
	SysFreeString(s), SysFreeString(t), SysFreeString(both);
	done("texts");
}

static void
references(void)
{
	LONG l = 5;
	BSTR s = SysAllocString(L"there");
	VARIANT ref, inner, copy;
	VariantInit(&ref), VariantInit(&inner), VariantInit(&copy);
	V_VT(&ref) = VT_I4 | VT_BYREF, V_I4REF(&ref) = &l;
	IS(VariantCopyInd(&copy, &ref) == S_OK && V_VT(&copy) == VT_I4 && V_I4(&copy) == 5);
	V_VT(&ref) = VT_BSTR | VT_BYREF, V_BSTRREF(&ref) = &s;
	IS(VariantCopyInd(&copy, &ref) == S_OK && V_BSTR(&copy) != s &&
	   !wcscmp(V_BSTR(&copy), L"there"));
	V_VT(&inner) = VT_BSTR, V_BSTR(&inner) = s;
	V_VT(&ref) = VT_VARIANT | VT_BYREF, V_VARIANTREF(&ref) = &inner;
	IS(VariantCopyInd(&copy, &ref) == S_OK && V_VT(&copy) == VT_BSTR && V_BSTR(&copy) != s);
	V_VT(&ref) = VT_I4 | VT_BYREF, V_I4REF(&ref) = &l;
	IS(VariantChangeType(&copy, &ref, 0, VT_BSTR) == S_OK && !wcscmp(V_BSTR(&copy), L"5"));
	IS(VariantCopy(&copy, &ref) == S_OK && V_VT(&copy) == (VT_I4 | VT_BYREF) &&
	   V_I4REF(&copy) == &l);
	IS(VariantClear(&copy) == S_OK && l == 5);
	SysFreeString(s);
	done("references");
}

/* An object that counts. */
static LONG counts = 1;

static HRESULT STDMETHODCALLTYPE
query(IDispatch *d, REFIID id, void **out)
{
	if (!IsEqualGUID(id, &IID_IUnknown) && !IsEqualGUID(id, &IID_IDispatch))
		return E_NOINTERFACE;
	*out = d;
	counts++;
	return S_OK;
}
static ULONG STDMETHODCALLTYPE add(IDispatch *d) { (void)d; return (ULONG)++counts; }
static ULONG STDMETHODCALLTYPE release(IDispatch *d) { (void)d; return (ULONG)--counts; }
static IDispatchVtbl table = { query, add, release, NULL, NULL, NULL, NULL };
static IDispatch object = { &table };

static void
interfaces(void)
{
	VARIANT u, copy;
	VariantInit(&u), VariantInit(&copy);
	V_VT(&u) = VT_UNKNOWN, V_UNKNOWN(&u) = (IUnknown *)&object;
	IS(VariantCopy(&copy, &u) == S_OK && counts == 2 && VariantClear(&copy) == S_OK &&
	   counts == 1);
	IS(VariantChangeType(&copy, &u, 0, VT_DISPATCH) == S_OK && V_VT(&copy) == VT_DISPATCH &&
	   counts == 2);
	IS(VariantClear(&copy) == S_OK && counts == 1);
	IS(VariantChangeType(&copy, &u, 0, VT_I4) == DISP_E_TYPEMISMATCH && counts == 1);
	done("interfaces");
}

static void
decimals(void)
{
	VARIANT d;
	VariantInit(&d);
	IS(becomes(r8(-1.25), VT_DECIMAL) && V_DECIMAL(&w).scale == 2 &&
	   V_DECIMAL(&w).sign == 0x80 && V_DECIMAL(&w).Lo64 == 125);
	d = w;
	V_VT(&w) = VT_EMPTY;
	IS(reads(&d, L"-1.25") && becomes(&d, VT_R8) && V_R8(&w) == -1.25 && becomes(&d, VT_I4) &&
	   V_I4(&w) == -1);
	IS(becomes(str(L"79228162514264337593543950335"), VT_R8));
	IS(becomes(i4(123), VT_DECIMAL) && V_DECIMAL(&w).Lo64 == 123 && V_DECIMAL(&w).scale == 0);
	IS(becomes(r8(1e20), VT_DECIMAL) && V_DECIMAL(&w).Hi32 == 5);
	IS(VariantChangeType(&d, r8(1e30), 0, VT_DECIMAL) == DISP_E_OVERFLOW);
	IS(becomes(r8(1e-10), VT_DECIMAL) && V_DECIMAL(&w).scale == 10 && V_DECIMAL(&w).Lo64 == 1);
	done("decimals");
}

static void
dates(void)
{
	SYSTEMTIME t = { .wYear = 2024, .wMonth = 2, .wDay = 29, .wHour = 18, .wMinute = 30 }, back;
	DATE d = 0;
	BSTR s = NULL;
	USHORT day, time;
	IS(SystemTimeToVariantTime(&t, &d) && d == 45351.770833333336);
	IS(VariantTimeToSystemTime(d, &back) && back.wDay == 29 && back.wHour == 18 &&
	   back.wMinute == 30 && back.wDayOfWeek == 4);
	IS(VariantTimeToSystemTime(-1.25, &back) && back.wYear == 1899 && back.wDay == 29 &&
	   back.wHour == 6);
	IS(VariantTimeToSystemTime(-657434.0, &back) && back.wYear == 100 && back.wMonth == 1 &&
	   back.wDay == 1);
	IS(!VariantTimeToSystemTime(2958466.0, &back));
	t.wMonth = 13;
	IS(!SystemTimeToVariantTime(&t, &d));
	IS(VarBstrFromDate(45351.770833333336, 0x409, 0, &s) == S_OK &&
	   !wcscmp(s, L"2/29/2024 6:30:00 PM"));
	SysFreeString(s);
	IS(VarBstrFromDate(0.5, 0x409, 0, &s) == S_OK && !wcscmp(s, L"12:00:00 PM"));
	SysFreeString(s);
	IS(VarDateFromStr(L"2/29/2024 6:30 PM", 0x409, 0, &d) == S_OK && d == 45351.770833333336);
	IS(VarDateFromStr(L"2024-02-29 18:30:00", 0x409, 0, &d) == S_OK && d == 45351.770833333336);
	IS(VarDateFromStr(L"29 Feb 2024", 0x409, 0, &d) == S_OK && d == 45351.0);
	IS(VarDateFromStr(L"February 29, 2024", 0x409, 0, &d) == S_OK && d == 45351.0);
	IS(VarDateFromStr(L"6:00 AM", 0x409, 0, &d) == S_OK && d == 0.25);
	IS(VarDateFromStr(L"2/30/2024", 0x409, 0, &d) == DISP_E_TYPEMISMATCH);
	IS(VarDateFromStr(L"soon", 0x409, 0, &d) == DISP_E_TYPEMISMATCH);
	IS(VariantTimeToDosDateTime(45351.770833333336, &day, &time) &&
	   day == ((44 << 9) | (2 << 5) | 29));
	IS(time == ((18 << 11) | (30 << 5)) && DosDateTimeToVariantTime(day, time, &d) &&
	   d == 45351.770833333336);
	IS(!VariantTimeToDosDateTime(1.0, &day, &time));
	IS(becomes(str(L"1/1/1900"), VT_DATE) && V_DATE(&w) == 2.0);
	done("dates");
}

static void
vectors(void)
{
	SAFEARRAY *a = SafeArrayCreateVector(VT_I4, 1, 5), *b = NULL;
	LONG *data = NULL, i, x, low = 0, high = 0;
	VARTYPE vt = 0;
	IS(a && SafeArrayGetDim(a) == 1 && SafeArrayGetElemsize(a) == 4);
	IS(SafeArrayGetLBound(a, 1, &low) == S_OK && low == 1 &&
	   SafeArrayGetUBound(a, 1, &high) == S_OK && high == 5);
	IS(SafeArrayGetLBound(a, 2, &low) == DISP_E_BADINDEX &&
	   SafeArrayGetVartype(a, &vt) == S_OK && vt == VT_I4);
	for (i = 1; i <= 5; i++)
		x = i * 10, IS(SafeArrayPutElement(a, &i, &x) == S_OK);
	i = 6;
	IS(SafeArrayPutElement(a, &i, &x) == DISP_E_BADINDEX);
	IS(SafeArrayAccessData(a, (void **)&data) == S_OK && data[0] == 10 && data[4] == 50);
	IS(SafeArrayDestroy(a) == DISP_E_ARRAYISLOCKED && SafeArrayUnaccessData(a) == S_OK);
	IS(SafeArrayUnlock(a) == E_UNEXPECTED && SafeArrayLock(a) == S_OK &&
	   SafeArrayUnlock(a) == S_OK);
	i = 3;
	IS(SafeArrayCopy(a, &b) == S_OK && SafeArrayGetElement(b, &i, &x) == S_OK && x == 30);
	SAFEARRAYBOUND longer = { 7, 1 };
	IS(SafeArrayRedim(a, &longer) == E_INVALIDARG); /* a vector is of fixed size */
	IS(SafeArrayRedim(b, &longer) == S_OK && SafeArrayGetUBound(b, 1, &high) == S_OK &&
	   high == 7);
	i = 7;
	IS(SafeArrayGetElement(b, &i, &x) == S_OK && x == 0);
	i = 5;
	IS(SafeArrayGetElement(b, &i, &x) == S_OK && x == 50);
	IS(SafeArrayCopyData(a, b) == E_INVALIDARG);
	IS(SafeArrayDestroy(a) == S_OK && SafeArrayDestroy(b) == S_OK &&
	   SafeArrayDestroy(NULL) == S_OK);
	IS(!SafeArrayCreateVector(99, 0, 1) && SafeArrayCopy(NULL, &b) == S_OK && !b);
	done("vectors");
}

static void
tables(void)
{
	SAFEARRAYBOUND bounds[2] = { { 2, 0 }, { 3, -1 } };
	SAFEARRAY *a = SafeArrayCreate(VT_R8, 2, bounds);
	LONG at[2], low, high;
	double x, *data, *p;
	IS(a && SafeArrayGetDim(a) == 2);
	IS(SafeArrayGetUBound(a, 1, &high) == S_OK && high == 1 &&
	   SafeArrayGetUBound(a, 2, &high) == S_OK && high == 1);
	IS(SafeArrayGetLBound(a, 2, &low) == S_OK && low == -1);
	for (at[0] = 0; at[0] < 2; at[0]++)
		for (at[1] = -1; at[1] < 2; at[1]++)
			x = at[0] * 10 + at[1], IS(SafeArrayPutElement(a, at, &x) == S_OK);
	/* the left index runs fastest */
	IS(SafeArrayAccessData(a, (void **)&data) == S_OK && data[0] == -1 && data[1] == 9 &&
	   data[2] == 0 && data[5] == 11);
	at[0] = 1, at[1] = 1;
	IS(SafeArrayPtrOfIndex(a, at, (void **)&p) == S_OK && p == data + 5 &&
	   SafeArrayUnaccessData(a) == S_OK);
	SAFEARRAYBOUND right = { 1, -1 };
	IS(SafeArrayRedim(a, &right) == S_OK && SafeArrayGetUBound(a, 2, &high) == S_OK &&
	   high == -1);
	at[0] = 1, at[1] = -1;
	IS(SafeArrayGetElement(a, at, &x) == S_OK && x == 9);
	at[1] = 0;
	IS(SafeArrayGetElement(a, at, &x) == DISP_E_BADINDEX);
	IS(SafeArrayDestroy(a) == S_OK);
	/* a descriptor and its data one after the other */
	IS(SafeArrayAllocDescriptorEx(VT_UI1, 1, &a) == S_OK);
	a->rgsabound[0].cElements = 9;
	IS(SafeArrayAllocData(a) == S_OK && a->pvData && SafeArrayDestroyData(a) == S_OK &&
	   !a->pvData);
	IS(SafeArrayDestroyDescriptor(a) == S_OK);
	IS(SafeArrayAllocDescriptor(0, &a) == E_INVALIDARG &&
	   SafeArrayAllocDescriptor(3, &a) == S_OK && a->cDims == 3);
	IS(SafeArrayDestroyDescriptor(a) == S_OK);
	SAFEARRAYBOUND huge[2] = { { 0x40000000, 0 }, { 0x40000000, 0 } };
	IS(!SafeArrayCreate(VT_I4, 2, huge));
	done("tables");
}

static void
owners(void)
{
	SAFEARRAY *s = SafeArrayCreateVector(VT_BSTR, 0, 2),
	          *v2 = SafeArrayCreateVectorEx(VT_VARIANT, 0, 2, NULL), *copy = NULL;
	SAFEARRAYBOUND two = { 2, 0 };
	SAFEARRAY *u = SafeArrayCreateEx(VT_UNKNOWN, 1, &two, (void *)&IID_IDispatch);
	LONG i = 1;
	BSTR text = SysAllocString(L"mine"), got = NULL;
	VARIANT x, y;
	GUID id;
	VARTYPE vt = 0;
	IS(SafeArrayPutElement(s, &i, text) == S_OK && SafeArrayGetElement(s, &i, &got) == S_OK);
	IS(got != text && !wcscmp(got, L"mine") && ((BSTR *)s->pvData)[1] != text);
	IS(SafeArrayCopy(s, &copy) == S_OK && ((BSTR *)copy->pvData)[1] != ((BSTR *)s->pvData)[1]);
	IS(!wcscmp(((BSTR *)copy->pvData)[1], L"mine") && !((BSTR *)copy->pvData)[0]);
	IS(SafeArrayDestroy(copy) == S_OK);
	VariantInit(&x), VariantInit(&y);
	V_VT(&x) = VT_BSTR, V_BSTR(&x) = text;
	IS(SafeArrayPutElement(v2, &i, &x) == S_OK && SafeArrayGetElement(v2, &i, &y) == S_OK &&
	   V_BSTR(&y) != text);
	IS(VariantClear(&y) == S_OK && SafeArrayDestroy(v2) == S_OK);
	IS(SafeArrayPutElement(u, &i, &object) == S_OK && counts == 2 &&
	   SafeArrayGetVartype(u, &vt) == S_OK && vt == VT_UNKNOWN);
	IS(SafeArrayGetIID(u, &id) == S_OK && IsEqualGUID(&id, &IID_IDispatch) &&
	   SafeArraySetIID(u, &IID_IUnknown) == S_OK);
	IS(SafeArrayGetIID(u, &id) == S_OK && IsEqualGUID(&id, &IID_IUnknown) &&
	   SafeArrayGetIID(s, &id) == E_INVALIDARG);
	IS(SafeArrayDestroy(u) == S_OK && counts == 1 && SafeArrayDestroy(s) == S_OK);
	SysFreeString(text), SysFreeString(got);
	done("owners");
}

static void
in_variants(void)
{
	VARIANT a, b;
	LONG i = 0, x = 7;
	VariantInit(&a), VariantInit(&b);
	V_VT(&a) = VT_ARRAY | VT_I4, V_ARRAY(&a) = SafeArrayCreateVector(VT_I4, 0, 1);
	IS(SafeArrayPutElement(V_ARRAY(&a), &i, &x) == S_OK && VariantCopy(&b, &a) == S_OK &&
	   V_ARRAY(&b) != V_ARRAY(&a));
	x = 0;
	IS(SafeArrayGetElement(V_ARRAY(&b), &i, &x) == S_OK && x == 7);
	IS(VariantChangeType(&b, &a, 0, VT_I4) == DISP_E_TYPEMISMATCH);
	IS(SafeArrayLock(V_ARRAY(&a)) == S_OK && VariantClear(&a) == DISP_E_ARRAYISLOCKED &&
	   V_VT(&a) == (VT_ARRAY | VT_I4));
	IS(SafeArrayUnlock(V_ARRAY(&a)) == S_OK && VariantClear(&a) == S_OK &&
	   VariantClear(&b) == S_OK && V_VT(&a) == VT_EMPTY);
	done("in variants");
}

/* Programs of Microsoft's linker know them by these numbers. */
static void
ordinals(void)
{
	static const struct {
		int number;
		const char *name;
	} known[] = { { 9, "VariantClear" },         { 12, "VariantChangeType" },
		      { 16, "SafeArrayDestroy" },    { 17, "SafeArrayGetDim" },
		      { 20, "SafeArrayGetLBound" },  { 26, "SafeArrayPutElement" },
		      { 77, "SafeArrayGetVartype" }, { 411, "SafeArrayCreateVector" } };
	HMODULE m = LoadLibraryA("oleaut32.dll");
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		IS(GetProcAddress(m, known[i].name) &&
		   GetProcAddress(m, known[i].name) ==
		           GetProcAddress(m, (char *)(INT_PTR)known[i].number));
	done("ordinals");
}

int
main(void)
{
	numbers();
	texts();
	references();
	interfaces();
	decimals();
	dates();
	vectors();
	tables();
	owners();
	in_variants();
	ordinals();
	return 0;
}
