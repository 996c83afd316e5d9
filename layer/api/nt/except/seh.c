/* SPDX-License-Identifier: Apache-2.0 */
/* seh.c -- __C_specific_handler: __try, __except and __finally of C (the scope table of
 * Microsoft's x64 exception handling).
 *
 * A scope is a piece of the function.  JumpTarget is where __except's block begins, with its
 * filter (or 1: always) as handler; when it is 0 the handler is the function of a __finally.
 */
#include "layer/api/nt/except/cxx.h"
#include "layer/api/nt/except/except.h"
#include "layer/api/nt/image/ldr.h"

struct scope {
	DWORD BeginAddress, EndAddress, HandlerAddress, JumpTarget;
};

typedef LONG(WINAPI filter)(struct EXCEPTION_POINTERS *p, void *frame);
typedef void(WINAPI termination)(BOOLEAN abnormal, void *frame);

static bool
within(const struct scope *s, uint64_t rva)
{
	return rva >= s->BeginAddress && rva < s->EndAddress;
}

static int
search(const struct scope *s, DWORD n, uint64_t rva, struct EXCEPTION_RECORD *r, void *frame,
       struct CONTEXT *c, struct DISPATCHER_CONTEXT *dc)
{
	struct EXCEPTION_POINTERS p = { r, c };
	for (DWORD i = dc->ScopeIndex; i < n; i++) {
		if (!within(s + i, rva) || !s[i].JumpTarget)
			continue;
		LONG answer = EXCEPTION_EXECUTE_HANDLER;
		if (s[i].HandlerAddress != 1)
			answer = ((filter *)(dc->ImageBase + s[i].HandlerAddress))(&p, frame);
		if (answer < 0)
			return ExceptionContinueExecution;
		if (answer == 0)
			continue;
		struct CONTEXT here;
		if (cxx_is(r))
			cxx_destroy(r);
		except_capture(&here);
		unwind_to(&here, frame, (void *)(dc->ImageBase + s[i].JumpTarget), r,
		          (void *)(uintptr_t)r->ExceptionCode, dc->HistoryTable);
	}
	return ExceptionContinueSearch;
}

/* Does the unwinding stay in this scope?  Then it and those around it are not left. */
static bool
stays(const struct scope *s, DWORD n, const struct scope *left, uint64_t target)
{
	for (DWORD i = 0; i < n; i++)
		if (within(s + i, target) && s[i].JumpTarget == left->JumpTarget &&
		    s[i].HandlerAddress == left->HandlerAddress)
			return true;
	return false;
}

static void
unwind(const struct scope *s, DWORD n, uint64_t rva, struct EXCEPTION_RECORD *r, void *frame,
       struct DISPATCHER_CONTEXT *dc)
{
	uint64_t target = dc->TargetIp - dc->ImageBase;
	bool here = r->ExceptionFlags & EXCEPTION_TARGET_UNWIND;
	for (DWORD i = dc->ScopeIndex; i < n; i++) {
		if (!within(s + i, rva))
			continue;
		if (here &&
		    (stays(s, n, s + i, target) || (s[i].JumpTarget && s[i].JumpTarget == target)))
			break;
		if (s[i].JumpTarget)
			continue;
		/* should it be left by another unwinding, that one goes on behind it */
		dc->ScopeIndex = i + 1;
		((termination *)(dc->ImageBase + s[i].HandlerAddress))(TRUE, frame);
	}
}

WINAPI int
seh_handler(struct EXCEPTION_RECORD *r, void *frame, struct CONTEXT *c,
            struct DISPATCHER_CONTEXT *dc)
{
	const DWORD *table = dc->HandlerData;
	const struct scope *s = (const void *)(table + 1);
	uint64_t rva = dc->ControlPc - dc->ImageBase;
	struct module *m = ldr_at((const void *)(uintptr_t)dc->ImageBase);
	uint64_t end = m && (uint64_t)(uintptr_t)m->entry.DllBase == dc->ImageBase
	                       ? dc->ImageBase + m->entry.SizeOfImage
	                       : UINT64_MAX;
	DWORD n = *table;
	if ((uint64_t)(uintptr_t)s > end || n > (end - (uint64_t)(uintptr_t)s) / sizeof *s)
		return ExceptionContinueSearch;
	if (!(r->ExceptionFlags & (EXCEPTION_UNWINDING | EXCEPTION_EXIT_UNWIND)))
		return search(s, n, rva, r, frame, c, dc);
	unwind(s, n, rva, r, frame, dc);
	return ExceptionContinueSearch;
}
