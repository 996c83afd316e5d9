/* SPDX-License-Identifier: Apache-2.0 */
/* combase.c -- COM without servers: initialising, task memory, GUIDs, strings. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/combase.h"
#include "layer/api/nt/guid.h"
#include "layer/api/nt/mem/heap.h"
#include "layer/api/nt/text/nls.h"

WINAPI void *ntdll_RtlAllocateHeap(HANDLE heap, ULONG flags, SIZE_T n);
WINAPI void *ntdll_RtlReAllocateHeap(HANDLE heap, ULONG flags, void *p, SIZE_T n);
WINAPI BOOLEAN ntdll_RtlFreeHeap(HANDLE heap, ULONG flags, void *p);
WINAPI SIZE_T ntdll_RtlSizeHeap(HANDLE heap, ULONG flags, const void *p);
WINAPI BOOLEAN ntdll_RtlValidateHeap(HANDLE heap, ULONG flags, const void *p);

static HANDLE heap(void) { return teb()->ProcessEnvironmentBlock->ProcessHeap; }

WINAPI void *
combase_CoTaskMemAlloc(SIZE_T n)
{
	return ntdll_RtlAllocateHeap(heap(), 0, n);
}

WINAPI void
combase_CoTaskMemFree(void *p)
{
	if (p)
		ntdll_RtlFreeHeap(heap(), 0, p);
}

WINAPI void *
combase_CoTaskMemRealloc(void *p, SIZE_T n)
{
	if (!p)
		return combase_CoTaskMemAlloc(n);
	if (!n) {
		combase_CoTaskMemFree(p);
		return NULL;
	}
	return ntdll_RtlReAllocateHeap(heap(), 0, p, n);
}

/* The same as an object (IMalloc, objidl.h), which lasts as long as the process. */
struct allocator {
	const struct allocator_methods *methods;
};
struct allocator_methods {
	WINAPI HRESULT (*QueryInterface)(struct allocator *a, const struct GUID *id, void **out);
	WINAPI ULONG (*AddRef)(struct allocator *a);
	WINAPI ULONG (*Release)(struct allocator *a);
	WINAPI void *(*Alloc)(struct allocator *a, SIZE_T n);
	WINAPI void *(*Realloc)(struct allocator *a, void *p, SIZE_T n);
	WINAPI void (*Free)(struct allocator *a, void *p);
	WINAPI SIZE_T (*GetSize)(struct allocator *a, void *p);
	WINAPI int (*DidAlloc)(struct allocator *a, void *p);
	WINAPI void (*HeapMinimize)(struct allocator *a);
};

WINAPI static HRESULT
allocator_query(struct allocator *a, const struct GUID *id, void **out)
{
	static const struct GUID unknown = { 0, 0, 0, { 0xc0, 0, 0, 0, 0, 0, 0, 0x46 } };
	static const struct GUID malloc_id = { 2, 0, 0, { 0xc0, 0, 0, 0, 0, 0, 0, 0x46 } };
	if (!out)
		return E_POINTER;
	bool known = !memcmp(id, &unknown, sizeof *id) || !memcmp(id, &malloc_id, sizeof *id);
	*out = known ? a : NULL;
	return known ? S_OK : E_NOINTERFACE;
}
WINAPI static ULONG
allocator_count(struct allocator *a)
{
	(void)a;
	return 1;
}
WINAPI static void *
allocator_alloc(struct allocator *a, SIZE_T n)
{
	(void)a;
	return combase_CoTaskMemAlloc(n);
}
WINAPI static void *
allocator_realloc(struct allocator *a, void *p, SIZE_T n)
{
	(void)a;
	return combase_CoTaskMemRealloc(p, n);
}
WINAPI static void
allocator_free(struct allocator *a, void *p)
{
	(void)a;
	combase_CoTaskMemFree(p);
}
WINAPI static SIZE_T
allocator_size(struct allocator *a, void *p)
{
	(void)a;
	return p ? ntdll_RtlSizeHeap(heap(), 0, p) : (SIZE_T)-1;
}
WINAPI static int
allocator_did(struct allocator *a, void *p)
{
	(void)a;
	return p ? ntdll_RtlValidateHeap(heap(), 0, p) : -1;
}
WINAPI static void
allocator_minimize(struct allocator *a)
{
	(void)a;
}

WINAPI HRESULT
combase_CoGetMalloc(DWORD one, void **out)
{
	static const struct allocator_methods methods = {
		allocator_query, allocator_count,   allocator_count,
		allocator_alloc, allocator_realloc, allocator_free,
		allocator_size,  allocator_did,     allocator_minimize,
	};
	static struct allocator a = { &methods };
	if (one != 1 || !out) /* MEMCTX_TASK */
		return E_INVALIDARG;
	*out = &a;
	return S_OK;
}

/* -- apartments: each thread says how it wants its own ------------------------------- */

static __thread struct {
	uint32_t count;
	DWORD mode;
	bool main; /* the first of the single-threaded ones */
} apartment;

/* Of the process: threads that are in COM, in the many-threaded apartment; is there a main one? */
static _Atomic uint32_t inside, many;
static _Atomic bool main_taken, secured;

WINAPI HRESULT
combase_CoInitializeEx(void *reserved, DWORD mode)
{
	DWORD single = mode & 2;
	if (reserved)
		return E_INVALIDARG;
	if (apartment.count && apartment.mode != single)
		return RPC_E_CHANGED_MODE;
	if (apartment.count++)
		return S_FALSE;
	apartment.mode = single;
	apartment.main = single && !atomic_exchange(&main_taken, true);
	inside++;
	many += !single;
	return S_OK;
}

WINAPI HRESULT
combase_CoInitialize(void *reserved)
{
	return combase_CoInitializeEx(reserved, 2);
}

WINAPI void
combase_CoUninitialize(void)
{
	if (!apartment.count || --apartment.count)
		return;
	if (apartment.main)
		main_taken = false;
	many -= !apartment.mode;
	if (--inside == 0)
		secured = false;
}

/* In an apartment: its own, or as everybody else in the many-threaded one while there is one. */
bool
combase_in_apartment(void)
{
	return apartment.count || many;
}

WINAPI HRESULT
combase_RoInitialize(int type)
{
	return combase_CoInitializeEx(NULL, type == 1 ? 0 : 2);
}
WINAPI void
combase_RoUninitialize(void)
{
	combase_CoUninitialize();
}

WINAPI HRESULT
combase_CoGetApartmentType(int *type, int *qualifier)
{
	if (!type || !qualifier)
		return E_INVALIDARG;
	*qualifier = 0;
	*type = -1;
	if (!combase_in_apartment())
		return CO_E_NOTINITIALIZED;
	*qualifier = !apartment.count; /* implicit MTA */
	*type = !apartment.count || !apartment.mode ? 1
	        : apartment.main                    ? 3
	                                            : 0; /* MTA, main STA, STA */
	return S_OK;
}

/* The token of a context is its object, uncounted, which runtimes ask for IComThreadingInfo
 * (objidl.h): how the thread is in COM. */
struct context {
	const struct context_methods *methods;
};
struct context_methods {
	WINAPI HRESULT (*QueryInterface)(struct context *c, const struct GUID *id, void **out);
	WINAPI ULONG (*AddRef)(struct context *c);
	WINAPI ULONG (*Release)(struct context *c);
	WINAPI HRESULT (*GetCurrentApartmentType)(struct context *c, int *type);
	WINAPI HRESULT (*GetCurrentThreadType)(struct context *c, int *type);
	WINAPI HRESULT (*GetCurrentLogicalThreadId)(struct context *c, struct GUID *id);
	WINAPI HRESULT (*SetCurrentLogicalThreadId)(struct context *c, const struct GUID *id);
};

WINAPI static HRESULT
context_query(struct context *c, const struct GUID *id, void **out)
{
	static const struct GUID unknown = { 0, 0, 0, { 0xc0, 0, 0, 0, 0, 0, 0, 0x46 } };
	static const struct GUID threading = { 0x1ce, 0, 0, { 0xc0, 0, 0, 0, 0, 0, 0, 0x46 } };
	if (!out)
		return E_POINTER;
	bool known = !memcmp(id, &unknown, sizeof *id) || !memcmp(id, &threading, sizeof *id);
	*out = known ? c : NULL;
	return known ? S_OK : E_NOINTERFACE;
}

/* It is there as long as the process: nothing is counted. */
WINAPI static ULONG
context_count(struct context *c)
{
	(void)c;
	return 1;
}

WINAPI static HRESULT
context_apartment_type(struct context *c, int *type)
{
	int qualifier;
	(void)c;
	return type ? combase_CoGetApartmentType(type, &qualifier) : E_INVALIDARG;
}

/* THDTYPE: 0 waits without messages, 1 handles them while it waits. */
WINAPI static HRESULT
context_thread_type(struct context *c, int *type)
{
	(void)c;
	if (!type)
		return E_INVALIDARG;
	*type = apartment.mode ? 1 : 0;
	return S_OK;
}

static __thread struct GUID logical_thread;

WINAPI static HRESULT
context_logical_thread(struct context *c, struct GUID *id)
{
	(void)c;
	if (!id)
		return E_INVALIDARG;
	static const struct GUID none;
	if (!memcmp(&logical_thread, &none, sizeof none))
		guid_new(&logical_thread);
	*id = logical_thread;
	return S_OK;
}

WINAPI static HRESULT
context_set_logical_thread(struct context *c, const struct GUID *id)
{
	(void)c;
	if (!id)
		return E_INVALIDARG;
	logical_thread = *id;
	return S_OK;
}

static const struct context_methods context_methods = {
	.QueryInterface = context_query,
	.AddRef = context_count,
	.Release = context_count,
	.GetCurrentApartmentType = context_apartment_type,
	.GetCurrentThreadType = context_thread_type,
	.GetCurrentLogicalThreadId = context_logical_thread,
	.SetCurrentLogicalThreadId = context_set_logical_thread,
};
static struct context the_context = { &context_methods };

WINAPI HRESULT
combase_CoGetContextToken(ULONG_PTR *token)
{
	if (!token)
		return E_POINTER;
	if (!combase_in_apartment())
		return CO_E_NOTINITIALIZED;
	*token = (ULONG_PTR)&the_context;
	return S_OK;
}

WINAPI HRESULT
combase_CoInitializeSecurity(void *sd, LONG n, void *services, void *reserved, DWORD auth,
                             DWORD level, void *list, DWORD flags, void *reserved3)
{
	(void)sd, (void)n, (void)services, (void)reserved, (void)auth, (void)level, (void)list,
	        (void)flags, (void)reserved3;
	if (!combase_in_apartment())
		return CO_E_NOTINITIALIZED;
	return atomic_exchange(&secured, true) ? RPC_E_TOO_LATE : S_OK;
}

WINAPI HRESULT
combase_CoSetProxyBlanket(void *proxy, DWORD auth, DWORD z, void *name, DWORD level, DWORD imp,
                          void *info, DWORD caps)
{
	(void)auth, (void)z, (void)name, (void)level, (void)imp, (void)info, (void)caps;
	return proxy ? E_NOINTERFACE : E_INVALIDARG;
}

WINAPI void
combase_CoFreeUnusedLibraries(void)
{
}
WINAPI void
combase_CoFreeUnusedLibrariesEx(DWORD delay, DWORD reserved)
{
	(void)delay, (void)reserved;
}
WINAPI HRESULT
combase_CoDisconnectObject(void *u, DWORD reserved)
{
	(void)reserved;
	return u ? S_OK : E_INVALIDARG;
}

WINAPI HRESULT
combase_RoGetActivationFactory(void *class, const struct GUID *id, void **out)
{
	(void)class, (void)id;
	if (!out)
		return E_INVALIDARG;
	*out = NULL;
	return combase_in_apartment() ? REGDB_E_CLASSNOTREG : CO_E_NOTINITIALIZED;
}

WINAPI HRESULT
combase_RoActivateInstance(void *class, void **out)
{
	(void)class;
	if (!out)
		return E_INVALIDARG;
	*out = NULL;
	return combase_in_apartment() ? REGDB_E_CLASSNOTREG : CO_E_NOTINITIALIZED;
}

WINAPI BOOL
combase_RoOriginateError(HRESULT error, void *message)
{
	(void)message;
	return error < 0;
}
WINAPI BOOL
combase_RoOriginateErrorW(HRESULT error, UINT n, const WCHAR *s)
{
	(void)n, (void)s;
	return error < 0;
}

/* -- GUIDs --------------------------------------------------------------------------------- */

WINAPI HRESULT
combase_CoCreateGuid(struct GUID *g)
{
	if (!g)
		return E_INVALIDARG;
	guid_new(g);
	return S_OK;
}

WINAPI int
combase_StringFromGUID2(const struct GUID *g, WCHAR *out, int room)
{
	if (!out || room < 39)
		return 0;
	guid_text(g, out);
	return 39;
}

WINAPI HRESULT
combase_StringFromCLSID(const struct GUID *g, WCHAR **out)
{
	if (!out)
		return E_INVALIDARG;
	*out = combase_CoTaskMemAlloc(39 * sizeof **out);
	if (!*out)
		return E_OUTOFMEMORY;
	guid_text(g, *out);
	return S_OK;
}

WINAPI HRESULT
combase_CLSIDFromString(const WCHAR *s, struct GUID *g)
{
	if (!g)
		return E_INVALIDARG;
	memset(g, 0, sizeof *g);
	if (!s)
		return S_OK;
	return guid_parse(s, g) ? S_OK : CO_E_CLASSSTRING;
}

WINAPI HRESULT
combase_IIDFromString(const WCHAR *s, struct GUID *g)
{
	HRESULT r = combase_CLSIDFromString(s, g);
	return r == CO_E_CLASSSTRING ? E_INVALIDARG : r;
}

WINAPI HRESULT
combase_CLSIDFromProgID(const WCHAR *s, struct GUID *g)
{
	if (!s || !g)
		return E_INVALIDARG;
	memset(g, 0, sizeof *g);
	return CO_E_CLASSSTRING;
}

WINAPI BOOL
combase_IsEqualGUID(const struct GUID *a, const struct GUID *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

/* -- strings of the Windows Runtime: counted references to immutable text -------------------- */

struct hstring {
	_Atomic uint32_t refs; /* 0: the header that a caller lent */
	UINT length;
	const WCHAR *text;
	WCHAR own[];
};

static const WCHAR nothing[1];

WINAPI HRESULT
combase_WindowsCreateString(const WCHAR *s, UINT n, struct hstring **out)
{
	struct hstring *h;
	if (!out)
		return E_INVALIDARG;
	*out = NULL;
	if (!n)
		return S_OK;
	if (!s)
		return E_POINTER;
	if (!(h = malloc(sizeof *h + (n + 1) * sizeof *s)))
		return E_OUTOFMEMORY;
	h->refs = 1;
	h->length = n;
	memcpy(h->own, s, n * sizeof *s);
	h->own[n] = 0;
	h->text = h->own;
	*out = h;
	return S_OK;
}

WINAPI HRESULT
combase_WindowsCreateStringReference(const WCHAR *s, UINT n, struct hstring *header,
                                     struct hstring **out)
{
	if (!out || !header)
		return E_INVALIDARG;
	*out = NULL;
	if (!n)
		return S_OK;
	if (!s)
		return E_POINTER;
	if (s[n])
		return HR(0x80000017); /* E_STRING_NOT_NULL_TERMINATED */
	header->refs = 0;
	header->length = n;
	header->text = s;
	*out = header;
	return S_OK;
}

WINAPI HRESULT
combase_WindowsDeleteString(struct hstring *h)
{
	if (h && h->refs && --h->refs == 0)
		free(h);
	return S_OK;
}

WINAPI HRESULT
combase_WindowsDuplicateString(struct hstring *h, struct hstring **out)
{
	if (!out)
		return E_INVALIDARG;
	if (h && !h->refs)
		return combase_WindowsCreateString(h->text, h->length, out);
	if (h)
		h->refs++;
	*out = h;
	return S_OK;
}

WINAPI UINT
combase_WindowsGetStringLen(const struct hstring *h)
{
	return h ? h->length : 0;
}
WINAPI BOOL
combase_WindowsIsStringEmpty(const struct hstring *h)
{
	return !h || !h->length;
}

WINAPI const WCHAR *
combase_WindowsGetStringRawBuffer(const struct hstring *h, UINT *n)
{
	if (n)
		*n = h ? h->length : 0;
	return h ? h->text : nothing;
}

WINAPI HRESULT
combase_WindowsCompareStringOrdinal(const struct hstring *a, const struct hstring *b, int *result)
{
	if (!result)
		return E_INVALIDARG;
	*result = nls_compare(a ? a->text : nothing, a ? a->length : 0, b ? b->text : nothing,
	                      b ? b->length : 0);
	return S_OK;
}
