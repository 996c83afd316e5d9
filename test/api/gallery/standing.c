/* SPDX-License-Identifier: Apache-2.0 */
// An exception that is raised stands in RaiseException, not in who called it; who continues comes
// back behind the call.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: standing: all right
#include "right.h"

static HMODULE where;
static void *caller_frame, *address;
static int same, raised;

static LONG CALLBACK
look(EXCEPTION_POINTERS *p)
{
	DWORD64 base;
	address = p->ExceptionRecord->ExceptionAddress;
	same = (DWORD64)(ULONG_PTR)address == p->ContextRecord->Rip;
	GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
	                           GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
	                   address, &where);
	/* one frame up is the caller */
	CONTEXT c = *p->ContextRecord;
	RUNTIME_FUNCTION *f = RtlLookupFunctionEntry(c.Rip, &base, NULL);
	DWORD64 establisher;
	void *data;
	if (f)
		RtlVirtualUnwind(UNW_FLAG_NHANDLER, base, c.Rip, f, &c, &data, &establisher, NULL);
	else
		c.Rip = *(DWORD64 *)(ULONG_PTR)c.Rsp;
	caller_frame = (void *)(ULONG_PTR)c.Rip;
	raised++;
	return EXCEPTION_CONTINUE_EXECUTION;
}

int
main(void)
{
	ULONG_PTR arguments[2] = { 0, 0x1234 };
	BYTE *self = (BYTE *)GetModuleHandleA(NULL);
	volatile int before = 7;
	PVOID v = AddVectoredExceptionHandler(1, look);
	RaiseException(EXCEPTION_ACCESS_VIOLATION, 0, 2, arguments);
	IS(raised == 1 && before == 7 && same);
	IS(where != (HMODULE)self && where != NULL);
	IS((BYTE *)caller_frame > self && (BYTE *)caller_frame < self + 0x1000000);
	RaiseException(0x12345, 0, 0, NULL);
	IS(raised == 2);
	RemoveVectoredExceptionHandler(v);
	return done("standing");
}
