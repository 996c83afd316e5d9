/* SPDX-License-Identifier: Apache-2.0 */
/* ntdll_unwind.c -- function tables and unwinding, for programs that walk stacks themselves. */
#include "layer/api/dll/dll.h"
#include "layer/api/nt/except/except.h"
#include "layer/api/nt/image/ldr.h"
#include "layer/api/nt/except/unwind.h"

WINAPI struct RUNTIME_FUNCTION *
ntdll_RtlLookupFunctionEntry(DWORD64 pc, DWORD64 *base, void *history)
{
	struct image im;
	struct RUNTIME_FUNCTION *f = functable_find(pc, &im);
	(void)history;
	if (f)
		*base = im.base;
	return f;
}

WINAPI struct RUNTIME_FUNCTION *
ntdll_RtlLookupFunctionTable(void *pc, void **base, ULONG *size)
{
	struct image im;
	struct module *m = ldr_at(pc);
	if (!m || !pdata_image((uint64_t)(uintptr_t)m->entry.DllBase, m->entry.SizeOfImage, &im))
		return NULL;
	*base = m->entry.DllBase;
	*size = im.nfunction * (ULONG)sizeof(struct RUNTIME_FUNCTION);
	return (struct RUNTIME_FUNCTION *)(uintptr_t)im.functions;
}

WINAPI exception_routine *
ntdll_RtlVirtualUnwind(DWORD kind, DWORD64 base, DWORD64 pc, struct RUNTIME_FUNCTION *f,
                       struct CONTEXT *c, void **data, DWORD64 *establisher,
                       struct KNONVOLATILE_CONTEXT_POINTERS *p)
{
	/* whose stack it is, nobody says */
	static const struct bounds anywhere = { 0, UINT64_MAX };
	exception_routine *handler = NULL;
	bool ok;
	if (f == functable_ours) {
		struct unwind_frame frame = { .exact = false };
		*establisher = c->Rsp;
		ok = unwind_ours(c, p, &anywhere, &frame);
		if (!ok)
			c->Rip = 0; /* the end of the stack */
		return NULL;
	}
	struct module *m = ldr_at((const void *)(uintptr_t)base);
	struct image im = { .base = base, .size = UINT32_MAX };
	if (m && (uint64_t)(uintptr_t)m->entry.DllBase == base)
		pdata_image(base, m->entry.SizeOfImage, &im);
	ok = pdata_step(&im, f, pc, c, p, kind, &anywhere, &handler, data, establisher);
	if (!ok)
		except_raise(0xc00000ff /* STATUS_BAD_FUNCTION_TABLE */, EXCEPTION_NONCONTINUABLE,
		             0, NULL);
	return handler;
}

WINAPI BOOLEAN
ntdll_RtlAddFunctionTable(struct RUNTIME_FUNCTION *table, DWORD n, DWORD64 base)
{
	return functable_add(table, n, base);
}

WINAPI BOOLEAN
ntdll_RtlDeleteFunctionTable(struct RUNTIME_FUNCTION *table)
{
	return functable_delete((uint64_t)(uintptr_t)table) ? TRUE : FALSE;
}

/* The DLL is for debuggers of other processes. */
WINAPI BOOLEAN
ntdll_RtlInstallFunctionTableCallback(DWORD64 id, DWORD64 base, DWORD length, function_callback *f,
                                      void *context, const WCHAR *dll)
{
	(void)dll;
	return functable_add_callback(id, base, length, f, context);
}

WINAPI NTSTATUS
ntdll_RtlAddGrowableFunctionTable(void **dynamic, struct RUNTIME_FUNCTION *table, DWORD n,
                                  DWORD most, ULONG_PTR low, ULONG_PTR high)
{
	return functable_add_growable(dynamic, table, n, most, low, high);
}

WINAPI void
ntdll_RtlGrowFunctionTable(void *dynamic, DWORD n)
{
	functable_grow(dynamic, n);
}

WINAPI void
ntdll_RtlDeleteGrowableFunctionTable(void *dynamic)
{
	functable_delete((uint64_t)(uintptr_t)dynamic);
}

WINAPI void *
ntdll_RtlPcToFileHeader(void *pc, void **base)
{
	struct module *m = ldr_at(pc);
	*base = m ? m->entry.DllBase : NULL;
	return *base;
}

WINAPI _Noreturn void
ntdll_RtlRestoreContext(struct CONTEXT *c, struct EXCEPTION_RECORD *r)
{
	except_restore(c, r, 0);
}
