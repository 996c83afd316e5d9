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
	XSTATE_LEGACY = 3,         /* x87 and SSE */
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

/* -- contexts in buffers: there are no extended features in them -------------------------------- */

WINAPI BOOL
kernel32_InitializeContext2(void *buffer, DWORD flags, struct CONTEXT **context, DWORD *length,
                            ULONG64 features)
{
	DWORD need = sizeof(struct CONTEXT) + 15;
	(void)features;
	if (!(flags & 0x100000))
		return refuse(ERROR_INVALID_PARAMETER);
	if (!buffer || *length < need) {
		*length = need;
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	}
	*context = (struct CONTEXT *)(((uintptr_t)buffer + 15) & ~(uintptr_t)15);
	memset(*context, 0, sizeof **context);
	(*context)->ContextFlags = flags & ~0x40u;
	return TRUE;
}

WINAPI BOOL
kernel32_InitializeContext(void *buffer, DWORD flags, struct CONTEXT **context, DWORD *length)
{
	return kernel32_InitializeContext2(buffer, flags, context, length, UINT64_MAX);
}

WINAPI BOOL
kernel32_CopyContext(struct CONTEXT *to, DWORD flags, const struct CONTEXT *from)
{
	flags &= from->ContextFlags & to->ContextFlags;
	if (!(flags & 0x100000))
		return refuse(ERROR_INVALID_PARAMETER);
	if ((flags & CONTEXT_CONTROL) == CONTEXT_CONTROL) {
		to->Rip = from->Rip;
		to->Rsp = from->Rsp;
		to->EFlags = from->EFlags;
		to->SegCs = from->SegCs;
		to->SegSs = from->SegSs;
	}
	if ((flags & CONTEXT_INTEGER) == CONTEXT_INTEGER) {
		DWORD64 rsp = to->Rsp;
		memcpy(&to->Rax, &from->Rax,
		       offsetof(struct CONTEXT, Rip) - offsetof(struct CONTEXT, Rax));
		to->Rsp = rsp;
	}
	if ((flags & CONTEXT_FLOATING_POINT) == CONTEXT_FLOATING_POINT) {
		to->FltSave = from->FltSave;
		to->MxCsr = from->MxCsr;
	}
	return TRUE;
}

WINAPI BOOL
kernel32_GetXStateFeaturesMask(struct CONTEXT *c, DWORD64 *mask)
{
	(void)c;
	*mask = XSTATE_LEGACY;
	return TRUE;
}

WINAPI BOOL
kernel32_SetXStateFeaturesMask(struct CONTEXT *c, DWORD64 mask)
{
	(void)c;
	return !(mask & ~(DWORD64)XSTATE_LEGACY);
}

WINAPI void *
kernel32_LocateXStateFeature(struct CONTEXT *c, DWORD feature, DWORD *length)
{
	DWORD size = feature == 0   ? offsetof(struct XMM_SAVE_AREA32, XmmRegisters)
	             : feature == 1 ? sizeof c->FltSave.XmmRegisters
	                            : 0;
	if (length)
		*length = size;
	return feature == 0   ? (void *)&c->FltSave
	       : feature == 1 ? (void *)c->FltSave.XmmRegisters
	                      : NULL;
}
