/* SPDX-License-Identifier: Apache-2.0 */
// COM in one process, by ole32's names and by combase's: apartments, classes that the program
// registers itself, memory as an object, names of identifiers, and what needs a server.
// needs: joist mingw
// libs: -lole32 -luuid
// run: joist run --rm $GUEST
// expect: apartments: ok
// expect: classes: ok
// expect: suspended: ok
// expect: servers: ok
// expect: memory: ok
// expect: names: ok
// expect: runtime: ok
// expect: combase: ok
#define COBJMACROS
#define _WIN32_WINNT 0x0602
#include "check.h"
#include <objbase.h>
#include <unknwn.h>

static FARPROC
of(const char *name)
{
	FARPROC p = GetProcAddress(LoadLibraryA("combase.dll"), name);
	if (!p)
		printf("no %s\n", name);
	return p;
}
#define CALL(result, name, ...) ((result(WINAPI *)(__VA_ARGS__))(void *)of(#name))

static const CLSID class_a = { 0x4a6f6973, 0x7401, 1, { 1 } },
                   class_b = { 0x4a6f6973, 0x7402, 2, { 2 } };

/* -- an object that is its own factory ------------------------------------------------ */

static LONG count;

static HRESULT STDMETHODCALLTYPE
query(IClassFactory *f, REFIID id, void **out)
{
	if (IsEqualIID(id, &IID_IUnknown) || IsEqualIID(id, &IID_IClassFactory)) {
		*out = f;
		count++;
		return S_OK;
	}
	*out = NULL;
	return E_NOINTERFACE;
}
static ULONG STDMETHODCALLTYPE add(IClassFactory *f) { (void)f; return (ULONG)++count; }
static ULONG STDMETHODCALLTYPE drop(IClassFactory *f) { (void)f; return (ULONG)--count; }
static HRESULT STDMETHODCALLTYPE
create(IClassFactory *f, IUnknown *outer, REFIID id, void **out)
{
	return outer ? CLASS_E_NOAGGREGATION : query(f, id, out);
}
static HRESULT STDMETHODCALLTYPE hold(IClassFactory *f, BOOL on) { (void)f, (void)on; return S_OK; }
static IClassFactoryVtbl table = { query, add, drop, create, hold };
static IClassFactory factory = { &table };

static DWORD WINAPI
other(void *want)
{
	APTTYPE t;
	APTTYPEQUALIFIER q;
	(void)want;
	/* it has initialised nothing: as in the process's many-threaded apartment, if there is one */
	HRESULT r = CoGetApartmentType(&t, &q);
	int implicit = r == S_OK && t == APTTYPE_MTA && q == APTTYPEQUALIFIER_IMPLICIT_MTA;
	int none = r == CO_E_NOTINITIALIZED && (int)t == APTTYPE_CURRENT;
	CoInitializeEx(NULL, COINIT_APARTMENTTHREADED);
	int first = CoGetApartmentType(&t, &q) == S_OK && t == APTTYPE_MAINSTA;
	int later = t == APTTYPE_STA;
	CoUninitialize();
	return (DWORD)(implicit | none << 1 | first << 2 | later << 3);
}

static DWORD
elsewhere(LPTHREAD_START_ROUTINE f, void *x)
{
	DWORD code = 99;
	HANDLE t = CreateThread(NULL, 0, f, x, 0, NULL);
	WaitForSingleObject(t, INFINITE);
	GetExitCodeThread(t, &code);
	CloseHandle(t);
	return code;
}

static void
apartments(void)
{
	APTTYPE t;
	APTTYPEQUALIFIER q;
	IS(CoInitializeSecurity(NULL, -1, NULL, NULL, RPC_C_AUTHN_LEVEL_DEFAULT,
	                        RPC_C_IMP_LEVEL_IDENTIFY, NULL, EOAC_NONE,
	                        NULL) == CO_E_NOTINITIALIZED);
	IS(CoGetApartmentType(&t, &q) == CO_E_NOTINITIALIZED);
	IS(CoGetApartmentType(NULL, &q) == E_INVALIDARG);
	IS(elsewhere(other, NULL) == (2 | 4)); /* nothing, then the main one */
	IS(CoInitializeEx(NULL, COINIT_APARTMENTTHREADED) == S_OK);
	IS(CoGetApartmentType(&t, &q) == S_OK && t == APTTYPE_MAINSTA &&
	   q == APTTYPEQUALIFIER_NONE);
	IS(elsewhere(other, NULL) == (2 | 8));
	CoUninitialize();
	IS(CoInitializeEx(NULL, COINIT_MULTITHREADED) == S_OK);
	IS(CoGetApartmentType(&t, &q) == S_OK && t == APTTYPE_MTA && q == APTTYPEQUALIFIER_NONE);
	IS(elsewhere(other, NULL) == (1 | 4));
	for (int i = 0; i < 2; i++)
		IS(CoInitializeSecurity(NULL, -1, NULL, NULL, RPC_C_AUTHN_LEVEL_DEFAULT,
		                        RPC_C_IMP_LEVEL_IDENTIFY, NULL, EOAC_NONE,
		                        NULL) == (i ? RPC_E_TOO_LATE : S_OK));
	done("apartments");
}

static void
classes(void)
{
	DWORD cookie = 0;
	IUnknown *u = NULL;
	void *p = &u;
	MULTI_QI q[2] = { { &IID_IUnknown, NULL, 1 }, { &IID_IStream, NULL, 1 } };
	IS(CoGetClassObject(&class_a, CLSCTX_ALL, NULL, &IID_IClassFactory, &p) ==
	           REGDB_E_CLASSNOTREG &&
	   !p);
	IS(CoCreateInstanceEx(&class_a, NULL, CLSCTX_ALL, NULL, 2, q) == REGDB_E_CLASSNOTREG);
	IS(FAILED(q[0].hr) && !q[0].pItf && FAILED(q[1].hr) && !q[1].pItf);
	IS(CoRegisterClassObject(&class_a, (IUnknown *)&factory, CLSCTX_INPROC_SERVER,
	                         REGCLS_MULTIPLEUSE, &cookie) == S_OK &&
	   cookie);
	IS(count == 1);
	IS(CoGetClassObject(&class_a, CLSCTX_INPROC_SERVER, NULL, &IID_IClassFactory, &p) == S_OK &&
	   p == &factory);
	IS(count == 2 && IClassFactory_Release(&factory) == 1);
	IS(CoGetClassObject(&class_a, CLSCTX_INPROC_SERVER, NULL, &IID_IStream, &p) ==
	           E_NOINTERFACE &&
	   !p && count == 1);
	IS(CoGetClassObject(&class_a, CLSCTX_REMOTE_SERVER, NULL, &IID_IClassFactory, &p) ==
	   REGDB_E_CLASSNOTREG);
	IS(CoGetClassObject(&class_b, CLSCTX_ALL, NULL, &IID_IClassFactory, &p) ==
	   REGDB_E_CLASSNOTREG);
	IS(CoCreateInstance(&class_a, NULL, CLSCTX_ALL, &IID_IUnknown, (void **)&u) == S_OK && u);
	IS(count == 2 && IUnknown_Release(u) == 1);
	IS(CoCreateInstance(&class_a, (IUnknown *)&factory, CLSCTX_ALL, &IID_IUnknown,
	                    (void **)&u) == CLASS_E_NOAGGREGATION);
	IS(CoCreateInstanceEx(&class_a, NULL, CLSCTX_ALL, NULL, 2, q) == CO_S_NOTALLINTERFACES);
	IS(q[0].hr == S_OK && q[0].pItf && q[1].hr == E_NOINTERFACE && !q[1].pItf);
	IUnknown_Release(q[0].pItf);
	IS(CoCreateInstanceEx(&class_a, NULL, CLSCTX_ALL, NULL, 1, q + 1) == E_NOINTERFACE);
	IS(CoDisconnectObject((IUnknown *)&factory, 0) == S_OK);
	IS(count == 1 && CoRevokeClassObject(cookie) == S_OK && count == 0);
	IS(FAILED(CoRevokeClassObject(cookie)));
	IS(CoGetClassObject(&class_a, CLSCTX_ALL, NULL, &IID_IClassFactory, &p) ==
	   REGDB_E_CLASSNOTREG);
	IS(CoRegisterClassObject(&class_a, NULL, CLSCTX_ALL, 0, &cookie) == E_INVALIDARG);
	done("classes");
}

static HRESULT
get(DWORD context)
{
	void *p = NULL;
	HRESULT r = CoGetClassObject(&class_b, context, NULL, &IID_IUnknown, &p);
	if (p)
		IUnknown_Release((IUnknown *)p);
	return r;
}

static void
suspended(void)
{
	DWORD cookie = 0;
	IS(!CoRegisterClassObject(&class_b, (IUnknown *)&factory, CLSCTX_LOCAL_SERVER,
	                          REGCLS_MULTIPLEUSE | REGCLS_SUSPENDED, &cookie));
	IS(get(CLSCTX_LOCAL_SERVER) == REGDB_E_CLASSNOTREG);
	IS(CoResumeClassObjects() == S_OK && get(CLSCTX_LOCAL_SERVER) == S_OK);
	/* REGCLS_MULTIPLEUSE of a local server is one within the process, too */
	IS(get(CLSCTX_INPROC_SERVER) == S_OK);
	IS(CoSuspendClassObjects() == S_OK && get(CLSCTX_LOCAL_SERVER) == REGDB_E_CLASSNOTREG);
	IS(CoResumeClassObjects() == S_OK && get(CLSCTX_LOCAL_SERVER) == S_OK);
	IS(!CoRevokeClassObject(cookie));
	/* for one client only */
	IS(!CoRegisterClassObject(&class_b, (IUnknown *)&factory, CLSCTX_LOCAL_SERVER,
	                          REGCLS_SINGLEUSE, &cookie));
	IS(get(CLSCTX_LOCAL_SERVER) == S_OK && get(CLSCTX_LOCAL_SERVER) == REGDB_E_CLASSNOTREG);
	IS(!CoRevokeClassObject(cookie) && count == 0);
	done("suspended");
}

static void
servers(void)
{
	DWORD cookie = 0;
	IS(!CoRegisterClassObject(&class_b, (IUnknown *)&factory, CLSCTX_LOCAL_SERVER,
	                          REGCLS_MULTIPLEUSE, &cookie));
	IS(CoAddRefServerProcess() == 1 && CoAddRefServerProcess() == 2);
	IS(CoReleaseServerProcess() == 1 && get(CLSCTX_LOCAL_SERVER) == S_OK);
	/* the last client has gone: no new one comes */
	IS(CoReleaseServerProcess() == 0 && get(CLSCTX_LOCAL_SERVER) == REGDB_E_CLASSNOTREG);
	IS(!CoRevokeClassObject(cookie));
	/* an object of the process itself is no proxy */
	IS(CoSetProxyBlanket((IUnknown *)&factory, RPC_C_AUTHN_WINNT, RPC_C_AUTHZ_NONE, NULL,
	                     RPC_C_AUTHN_LEVEL_CALL, RPC_C_IMP_LEVEL_IMPERSONATE, NULL,
	                     EOAC_NONE) == E_NOINTERFACE);
	CoFreeUnusedLibraries();
	CoFreeUnusedLibrariesEx(0, 0);
	IS(GetModuleHandleA("ole32.dll") && GetModuleHandleA("kernel32.dll"));
	done("servers");
}

static void
memory(void)
{
	IMalloc *m = NULL, *n = NULL;
	IUnknown *u = NULL;
	IS(CoGetMalloc(1, &m) == S_OK && m && CoGetMalloc(2, &n) == E_INVALIDARG);
	char *p = IMalloc_Alloc(m, 10);
	strcpy_s(p, 10, "memory");
	IS(IMalloc_GetSize(m, p) >= 10 && IMalloc_DidAlloc(m, p) == 1);
	IS(IMalloc_DidAlloc(m, NULL) == -1 && IMalloc_GetSize(m, NULL) == (SIZE_T)-1);
	p = IMalloc_Realloc(m, p, 100000);
	IS(p && !strcmp(p, "memory") && IMalloc_GetSize(m, p) >= 100000);
	p = CoTaskMemRealloc(p, 20); /* they are the same memory */
	IS(!strcmp(p, "memory"));
	IMalloc_Free(m, p);
	IMalloc_Free(m, NULL);
	IMalloc_HeapMinimize(m);
	IS(IMalloc_QueryInterface(m, &IID_IMalloc, (void **)&n) == S_OK && n == m);
	IS(IMalloc_QueryInterface(m, &IID_IStream, (void **)&u) == E_NOINTERFACE && !u);
	IMalloc_Release(n);
	IMalloc_Release(m);
	done("memory");
}

static void
names(void)
{
	WCHAR *a = NULL, *b = NULL;
	CLSID id = class_a;
	IS(StringFromCLSID(&class_b, &a) == S_OK &&
	   !wcscmp(a, L"{4A6F6973-7402-0002-0200-000000000000}"));
	IS(StringFromIID(&IID_IUnknown, &b) == S_OK &&
	   !wcscmp(b, L"{00000000-0000-0000-C000-000000000046}"));
	IS(CLSIDFromString(a, &id) == S_OK && IsEqualCLSID(&id, &class_b));
	CoTaskMemFree(a), CoTaskMemFree(b);
	IS(CLSIDFromProgID(L"Joist.NoSuchThing", &id) == CO_E_CLASSSTRING);
	done("names");
}

static void
runtime(void)
{
	char header[24], more[24];
	void *class = NULL, *copy = NULL, *p = header;
	WCHAR text[] = L"Joist.Nothing";
	UINT32 n = 0;
	IS(!CALL(HRESULT, WindowsCreateStringReference, PCWSTR, UINT32, void *,
	         void **)(text, 13, header, &class));
	IS(CALL(PCWSTR, WindowsGetStringRawBuffer, void *, UINT32 *)(class, &n) == text && n == 13);
	/* a duplicate outlives the text that was lent */
	IS(!CALL(HRESULT, WindowsDuplicateString, void *, void **)(class, &copy));
	text[0] = 'X';
	IS(!wcscmp(CALL(PCWSTR, WindowsGetStringRawBuffer, void *, UINT32 *)(copy, NULL),
	           L"Joist.Nothing"));
	IS(!CALL(HRESULT, WindowsDeleteString, void *)(class));
	IS(FAILED(CALL(HRESULT, WindowsCreateStringReference, PCWSTR, UINT32, void *,
	               void **)(text, 5, more, &class)));
	IS(CALL(HRESULT, WindowsCreateStringReference, PCWSTR, UINT32, void *,
	        void **)(NULL, 5, more, &class) == E_POINTER);
	IS(CALL(HRESULT, WindowsCreateStringReference, PCWSTR, UINT32, void *,
	        void **)(NULL, 0, more, &class) == S_OK &&
	   !class);
	IS(CALL(HRESULT, RoGetActivationFactory, void *, const IID *,
	        void **)(copy, &IID_IUnknown, &p) == REGDB_E_CLASSNOTREG &&
	   !p);
	p = header;
	IS(CALL(HRESULT, RoActivateInstance, void *, void **)(copy, &p) == REGDB_E_CLASSNOTREG &&
	   !p);
	/* TRUE when the error is one */
	IS(CALL(BOOL, RoOriginateError, HRESULT, void *)(E_FAIL, copy));
	IS(!CALL(BOOL, RoOriginateError, HRESULT, void *)(S_OK, copy));
	IS(CALL(BOOL, RoOriginateErrorW, HRESULT, UINT, PCWSTR)(E_FAIL, 0, L"why"));
	IS(!CALL(BOOL, RoOriginateErrorW, HRESULT, UINT, PCWSTR)(S_OK, 0, NULL));
	IS(!CALL(HRESULT, WindowsDeleteString, void *)(copy));
	done("runtime");
}

/* The functions of ole32 are combase's. */
static void
combase(void)
{
	static const char *const both[] = {
		"CLSIDFromProgID",
		"CoAddRefServerProcess",
		"CoCreateInstanceEx",
		"CoDisconnectObject",
		"CoFreeUnusedLibraries",
		"CoFreeUnusedLibrariesEx",
		"CoGetApartmentType",
		"CoGetClassObject",
		"CoInitializeSecurity",
		"CoRegisterClassObject",
		"CoReleaseServerProcess",
		"CoResumeClassObjects",
		"CoRevokeClassObject",
		"CoSetProxyBlanket",
		"CoSuspendClassObjects",
		"StringFromCLSID",
		"CoGetMalloc",
	};
	DWORD cookie = 0;
	void *p = NULL;
	WCHAR *a = NULL;
	for (size_t i = 0; i < sizeof both / sizeof *both; i++)
		IS(of(both[i]) != NULL);
	/* registered by the one, found by the other */
	IS(!CALL(HRESULT, CoRegisterClassObject, const CLSID *, void *, DWORD, DWORD,
	         DWORD *)(&class_a, &factory, CLSCTX_INPROC_SERVER, REGCLS_MULTIPLEUSE, &cookie));
	IS(!CoGetClassObject(&class_a, CLSCTX_INPROC_SERVER, NULL, &IID_IUnknown, &p));
	IClassFactory_Release(&factory);
	IS(!CALL(HRESULT, CoRevokeClassObject, DWORD)(cookie) && count == 0);
	IS(!CALL(HRESULT, StringFromCLSID, const CLSID *, WCHAR **)(&class_a, &a) && a[37] == '}');
	CoTaskMemFree(a);
	done("combase");
}

int
main(void)
{
	apartments();
	classes();
	suspended();
	servers();
	memory();
	names();
	runtime();
	combase();
	CoUninitialize();
	return 0;
}
