/* SPDX-License-Identifier: Apache-2.0 */
/* ntdll_except.c -- exception handlers of the process; contexts and suspension of threads.
 * What raises and unwinds begins in layer/api/nt/except/except_entry.S. */
#include "layer/api/dll/dll.h"
#include "layer/api/nt/except/except.h"
#include "layer/api/nt/process/process.h"

WINAPI void *
ntdll_RtlAddVectoredExceptionHandler(ULONG first, except_filter *f)
{
	return vector_add(false, first, f);
}

WINAPI ULONG
ntdll_RtlRemoveVectoredExceptionHandler(void *handle)
{
	return vector_remove(false, handle);
}

WINAPI void *
ntdll_RtlAddVectoredContinueHandler(ULONG first, except_filter *f)
{
	return vector_add(true, first, f);
}

WINAPI ULONG
ntdll_RtlRemoveVectoredContinueHandler(void *handle)
{
	return vector_remove(true, handle);
}

WINAPI void
ntdll_RtlSetUnhandledExceptionFilter(except_filter *f)
{
	except_set_filter(f);
}

WINAPI LONG
ntdll_RtlUnhandledExceptionFilter(struct EXCEPTION_POINTERS *p)
{
	return except_unhandled(p);
}

WINAPI NTSTATUS
ntdll_NtContinue(const struct CONTEXT *c, BOOLEAN alert)
{
	(void)alert; /* APCs run in waits only */
	except_resume(c);
}

static NTSTATUS
thread_of(HANDLE h, struct thread **t)
{
	struct object *o;
	NTSTATUS s = handle_get(h, &thread_class, &o);
	if (s >= 0)
		*t = (struct thread *)o;
	return s;
}

WINAPI NTSTATUS
ntdll_NtSuspendThread(HANDLE h, ULONG *before)
{
	struct thread *t;
	NTSTATUS s = thread_of(h, &t);
	if (s < 0)
		return s;
	s = suspend_thread(t, before);
	object_unref(&t->object);
	return s;
}

WINAPI NTSTATUS
ntdll_NtResumeThread(HANDLE h, ULONG *before)
{
	struct thread *t;
	NTSTATUS s = thread_of(h, &t);
	/* the first one of another process, which was made suspended */
	struct object *o;
	if (s == STATUS_OBJECT_TYPE_MISMATCH && handle_get(h, &process_thread_class, &o) >= 0) {
		/* of another one only its own process knows how it stands */
		s = o->thing ? STATUS_NOT_SUPPORTED
		             : process_resume((struct process_thread *)o, before);
		object_unref(o);
		return s;
	}
	if (s < 0)
		return s;
	s = suspend_resume(t, before);
	object_unref(&t->object);
	return s;
}

WINAPI NTSTATUS
ntdll_NtAlertResumeThread(HANDLE h, ULONG *before)
{
	return ntdll_NtResumeThread(h, before);
}

WINAPI NTSTATUS
ntdll_NtGetContextThread(HANDLE h, struct CONTEXT *c)
{
	struct thread *t;
	NTSTATUS s = thread_of(h, &t);
	if (s < 0)
		return s;
	s = suspend_get(t, c);
	object_unref(&t->object);
	return s;
}

WINAPI NTSTATUS
ntdll_NtSetContextThread(HANDLE h, const struct CONTEXT *c)
{
	struct thread *t;
	NTSTATUS s = thread_of(h, &t);
	if (s < 0)
		return s;
	object_unref(
	        &t->object); /* the handle has one too, and setting one's own never comes back */
	return suspend_set(t, c);
}
