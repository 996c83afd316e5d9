/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_except.c -- filters of last resort, contexts of threads. */
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/except/except.h"

WINAPI NTSTATUS ntdll_NtSuspendThread(HANDLE h, ULONG *before);
WINAPI NTSTATUS ntdll_NtResumeThread(HANDLE h, ULONG *before);
WINAPI NTSTATUS ntdll_NtGetContextThread(HANDLE h, struct CONTEXT *c);
WINAPI NTSTATUS ntdll_NtSetContextThread(HANDLE h, const struct CONTEXT *c);

enum {
	STACK_BYTES_MOST = 0xe000, /* what is yellow (thread.h), with room for the exception */
};

WINAPI except_filter *
kernel32_SetUnhandledExceptionFilter(except_filter *f)
{
	return except_set_filter(f);
}

WINAPI LONG
kernel32_UnhandledExceptionFilter(struct EXCEPTION_POINTERS *p)
{
	return except_unhandled(p);
}

/* No handler is asked, of whatever kind. */
WINAPI void
kernel32_RaiseFailFastException(const struct EXCEPTION_RECORD *record, struct CONTEXT *context,
                                DWORD flags)
{
	struct EXCEPTION_RECORD r = { .ExceptionCode = STATUS_FAIL_FAST_EXCEPTION,
		                      .ExceptionFlags = 1 /* EXCEPTION_NONCONTINUABLE */ };
	struct CONTEXT here;
	if (record)
		r = *record;
	if (!record || flags & 1 /* FAIL_FAST_GENERATE_EXCEPTION_ADDRESS */)
		r.ExceptionAddress = __builtin_return_address(0);
	if (!context)
		except_capture(&here);
	except_fatal(&(struct EXCEPTION_POINTERS){ &r, context ? context : &here });
}

/* The yellow pages are always there; whoever asks for less has them too. */
WINAPI BOOL
kernel32_SetThreadStackGuarantee(ULONG *bytes)
{
	struct TEB *t = teb();
	ULONG before = t->GuaranteedStackBytes, wanted = *bytes;
	if (wanted > STACK_BYTES_MOST)
		return refuse(ERROR_INVALID_PARAMETER);
	if (wanted > before)
		t->GuaranteedStackBytes = (wanted + 4095) & ~4095u;
	*bytes = before;
	return TRUE;
}

WINAPI DWORD
kernel32_SuspendThread(HANDLE h)
{
	ULONG before;
	return succeed(ntdll_NtSuspendThread(h, &before)) ? before : UINT32_MAX;
}

WINAPI DWORD
kernel32_ResumeThread(HANDLE h)
{
	ULONG before;
	return succeed(ntdll_NtResumeThread(h, &before)) ? before : UINT32_MAX;
}

WINAPI BOOL
kernel32_GetThreadContext(HANDLE h, struct CONTEXT *c)
{
	return succeed(ntdll_NtGetContextThread(h, c));
}

WINAPI BOOL
kernel32_SetThreadContext(HANDLE h, const struct CONTEXT *c)
{
	return succeed(ntdll_NtSetContextThread(h, c));
}
