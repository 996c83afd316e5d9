/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_thread.c -- threads of the process: making, ending, what they are called. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/process/process.h"
#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/thread/thread.h"
#include "layer/api/nt/thread/threadinfo.h"
#include "layer/api/nt/object/wait.h"

enum {
	THREAD_ALL_ACCESS = 0x1fffff,
	CREATE_SUSPENDED = 4,
	STACK_SIZE_PARAM_IS_A_RESERVATION = 0x10000,
	STILL_ACTIVE = 259,
	QUEUE_USER_APC_FLAGS_SPECIAL_USER_APC = 1,
	THREAD_PRIORITY_IDLE = -15,
	THREAD_PRIORITY_TIME_CRITICAL = 15,
	THREAD_PRIORITY_ERROR_RETURN = 0x7fffffff,
	THREAD_MODE_BACKGROUND_BEGIN = 0x10000,
	THREAD_MODE_BACKGROUND_END = 0x20000,
};

/* The thread of a handle, counted; or the last error. */
static struct thread *
thread_of(HANDLE h)
{
	struct object *o;
	NTSTATUS s = handle_get(h, &thread_class, &o);

	if (s >= 0)
		return (struct thread *)o;
	succeed(s);
	return NULL;
}

static void
put(struct thread *t)
{
	object_unref(&t->object);
}

WINAPI HANDLE
kernel32_CreateThread(struct SECURITY_ATTRIBUTES *a, SIZE_T stack, void *start, void *argument,
                      DWORD flags, DWORD *id)
{
	struct thread *t;
	NTSTATUS s;
	HANDLE h;

	/* What is asked for is committed at once, of the program's reserve if that is more. */
	if (!(flags & STACK_SIZE_PARAM_IS_A_RESERVATION) && stack <= thread_stack_default)
		stack = 0;
	s = thread_new(start, argument, stack, flags & CREATE_SUSPENDED, &t);
	if (s < 0) {
		last_error(status_error(s));
		return NULL;
	}
	if (id)
		*id = t->number;
	h = handle_new(&t->object, THREAD_ALL_ACCESS, a && a->bInheritHandle);
	if (!h)
		last_error(ERROR_NOT_ENOUGH_MEMORY);
	return h;
}

WINAPI HANDLE
kernel32_CreateRemoteThreadEx(HANDLE process, struct SECURITY_ATTRIBUTES *a, SIZE_T stack,
                              void *start, void *argument, DWORD flags, void *attributes, DWORD *id)
{
	struct object *o;
	NTSTATUS s = handle_get(process, &process_class, &o);

	(void)attributes; /* groups, ideal processors: hints */
	if (s >= 0) {
		if (o != &process_self()->object)
			s = STATUS_ACCESS_DENIED;
		object_unref(o);
	}
	if (s < 0) {
		last_error(status_error(s));
		return NULL;
	}
	return kernel32_CreateThread(a, stack, start, argument, flags, id);
}

WINAPI HANDLE
kernel32_CreateRemoteThread(HANDLE process, struct SECURITY_ATTRIBUTES *a, SIZE_T stack,
                            void *start, void *argument, DWORD flags, DWORD *id)
{
	return kernel32_CreateRemoteThreadEx(process, a, stack, start, argument, flags, NULL, id);
}

WINAPI void
kernel32_ExitThread(DWORD code)
{
	thread_exit(code);
}

WINAPI BOOL
kernel32_TerminateThread(HANDLE h, DWORD code)
{
	struct thread *t = thread_of(h);

	if (!t)
		return FALSE;
	if (t == thread_self()) {
		put(t);
		thread_exit(code);
	}
	thread_terminate(t, code);
	put(t);
	return TRUE;
}

WINAPI BOOL
kernel32_GetExitCodeThread(HANDLE h, DWORD *code)
{
	struct object *o;

	if (handle_get(h, &process_thread_class, &o) >= 0) {
		*code = process_thread_code((struct process_thread *)o);
		object_unref(o);
		return TRUE;
	}
	struct thread *t = thread_of(h);
	if (!t)
		return FALSE;
	*code = atomic_load(&t->ended) ? atomic_load(&t->exit_code) : STILL_ACTIVE;
	put(t);
	return TRUE;
}

WINAPI HANDLE
kernel32_GetCurrentThread(void)
{
	return (HANDLE)(intptr_t)-2;
}

WINAPI DWORD
kernel32_GetCurrentThreadId(void)
{
	return (DWORD)(uintptr_t)teb()->ClientId.UniqueThread;
}

WINAPI DWORD
kernel32_GetThreadId(HANDLE h)
{
	struct object *o;
	if (handle_get(h, &process_thread_class, &o) >= 0) {
		DWORD other = ((struct process_thread *)o)->id;
		object_unref(o);
		return other;
	}
	struct thread *t = thread_of(h);
	DWORD id = t ? t->number : 0;

	if (t)
		put(t);
	return id;
}

WINAPI DWORD
kernel32_GetProcessIdOfThread(HANDLE h)
{
	struct object *o;
	if (handle_get(h, &process_thread_class, &o) >= 0) {
		DWORD id = ((struct process_thread *)o)->process->id;
		object_unref(o);
		return id;
	}
	struct thread *t = thread_of(h);

	if (!t)
		return 0;
	put(t);
	return thread_process_id;
}

WINAPI HANDLE
kernel32_OpenThread(DWORD access, BOOL inherit, DWORD id)
{
	struct thread *t = thread_find(id);
	struct process_thread *other = NULL;
	HANDLE h;

	if (!t && process_open_thread(id, &other) < 0) {
		last_error(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	struct object *o = t ? &t->object : &other->object;
	h = handle_new(o, (access & 0x12000000) ? THREAD_ALL_ACCESS : access, inherit);
	if (!h)
		last_error(ERROR_NOT_ENOUGH_MEMORY);
	return h;
}

/* -- priorities: kept, and told; the host schedules all alike ------------------------------ */

WINAPI BOOL
kernel32_SetThreadPriority(HANDLE h, int priority)
{
	struct thread *t = thread_of(h);

	if (!t)
		return FALSE;
	if (priority == THREAD_MODE_BACKGROUND_BEGIN || priority == THREAD_MODE_BACKGROUND_END) {
		put(t);
		return TRUE;
	}
	if ((priority < -2 || priority > 2) && priority != THREAD_PRIORITY_IDLE &&
	    priority != THREAD_PRIORITY_TIME_CRITICAL) {
		put(t);
		return refuse(ERROR_INVALID_PARAMETER);
	}
	t->priority = priority;
	put(t);
	return TRUE;
}

WINAPI int
kernel32_GetThreadPriority(HANDLE h)
{
	struct thread *t = thread_of(h);
	int priority = t ? t->priority : THREAD_PRIORITY_ERROR_RETURN;

	if (t)
		put(t);
	return priority;
}

WINAPI BOOL
kernel32_SetThreadPriorityBoost(HANDLE h, BOOL disable)
{
	struct thread *t = thread_of(h);

	if (!t)
		return FALSE;
	t->no_boost = disable;
	put(t);
	return TRUE;
}

WINAPI BOOL
kernel32_GetThreadPriorityBoost(HANDLE h, BOOL *disabled)
{
	struct thread *t = thread_of(h);

	if (!t)
		return FALSE;
	*disabled = t->no_boost;
	put(t);
	return TRUE;
}

/* -- names ------------------------------------------------------------------------------------ */

WINAPI HRESULT
kernel32_SetThreadDescription(HANDLE h, const WCHAR *text)
{
	struct object *o;
	NTSTATUS s = handle_get(h, &thread_class, &o);

	if (s >= 0) {
		s = threadinfo_describe((struct thread *)o, text ? text : u"",
		                        text ? nls_length(text) : 0);
		object_unref(o);
	}
	return s < 0 ? (HRESULT)(0x10000000 | (uint32_t)s) : 0; /* HRESULT_FROM_NT */
}

WINAPI void *kernel32_GlobalAlloc(UINT flags, SIZE_T size);

WINAPI HRESULT
kernel32_GetThreadDescription(HANDLE h, WCHAR **text)
{
	struct object *o;
	NTSTATUS s = handle_get(h, &thread_class, &o);
	WCHAR *copy, *out;
	size_t n;

	*text = NULL;
	if (s < 0)
		return (HRESULT)(0x10000000 | (uint32_t)s);
	copy = threadinfo_description((struct thread *)o);
	object_unref(o);
	n = copy ? nls_length(copy) : 0;
	out = kernel32_GlobalAlloc(0, (n + 1) * sizeof *out); /* LocalFree is the caller's */
	if (out) {
		if (n)
			memcpy(out, copy, n * sizeof *out);
		out[n] = 0;
	}
	free(copy);
	*text = out;
	return out ? 0 : (HRESULT)0x8007000e; /* E_OUTOFMEMORY */
}

/* -- processors and times ------------------------------------------------------------------------ */

struct GROUP_AFFINITY {
	uint64_t Mask;
	WORD Group, Reserved[3];
};

struct PROCESSOR_NUMBER {
	WORD Group;
	BYTE Number, Reserved;
};

WINAPI DWORD_PTR
kernel32_SetThreadAffinityMask(HANDLE h, DWORD_PTR mask)
{
	struct thread *t = thread_of(h);
	uint64_t before = 0;
	NTSTATUS s;

	if (!t)
		return 0;
	s = threadinfo_affinity(t, &mask, &before);
	put(t);
	return succeed(s) ? before : 0;
}

WINAPI BOOL
kernel32_GetThreadGroupAffinity(HANDLE h, struct GROUP_AFFINITY *a)
{
	struct thread *t = thread_of(h);
	NTSTATUS s;

	if (!t)
		return FALSE;
	memset(a, 0, sizeof *a);
	s = threadinfo_affinity(t, NULL, &a->Mask);
	put(t);
	return succeed(s);
}

WINAPI BOOL
kernel32_SetThreadGroupAffinity(HANDLE h, const struct GROUP_AFFINITY *a,
                                struct GROUP_AFFINITY *before)
{
	struct thread *t = thread_of(h);
	uint64_t mask = a->Mask, was = 0;
	NTSTATUS s;

	if (!t)
		return FALSE;
	s = a->Group ? STATUS_INVALID_PARAMETER : threadinfo_affinity(t, &mask, &was);
	put(t);
	if (s >= 0 && before) {
		memset(before, 0, sizeof *before);
		before->Mask = was;
	}
	return succeed(s);
}

WINAPI BOOL
kernel32_GetThreadIdealProcessorEx(HANDLE h, struct PROCESSOR_NUMBER *p)
{
	struct thread *t = thread_of(h);

	if (!t)
		return FALSE;
	memset(p, 0, sizeof *p);
	p->Number = t->ideal;
	put(t);
	return TRUE;
}

WINAPI BOOL
kernel32_SetThreadIdealProcessorEx(HANDLE h, const struct PROCESSOR_NUMBER *p,
                                   struct PROCESSOR_NUMBER *before)
{
	struct thread *t = thread_of(h);

	if (!t)
		return FALSE;
	if (before) {
		memset(before, 0, sizeof *before);
		before->Number = t->ideal;
	}
	if (p->Group || p->Number >= 64) {
		put(t);
		return refuse(ERROR_INVALID_PARAMETER);
	}
	t->ideal = p->Number;
	put(t);
	return TRUE;
}

WINAPI DWORD
kernel32_SetThreadIdealProcessor(HANDLE h, DWORD processor)
{
	struct thread *t = thread_of(h);
	DWORD before;

	if (!t)
		return (DWORD)-1;
	before = t->ideal;
	if (processor > 64) { /* MAXIMUM_PROCESSORS only asks */
		put(t);
		last_error(ERROR_INVALID_PARAMETER);
		return (DWORD)-1;
	}
	if (processor < 64)
		t->ideal = (uint8_t)processor;
	put(t);
	return before;
}

static struct FILETIME
filetime(uint64_t t)
{
	return (struct FILETIME){ (DWORD)t, (DWORD)(t >> 32) };
}

WINAPI BOOL
kernel32_GetThreadTimes(HANDLE h, struct FILETIME *created, struct FILETIME *ended,
                        struct FILETIME *kernel, struct FILETIME *user)
{
	struct thread *t = thread_of(h);
	struct threadinfo_times times;

	if (!t)
		return FALSE;
	threadinfo_times(t, &times);
	put(t);
	*created = filetime(times.created);
	*ended = filetime(times.ended);
	*kernel = filetime(times.kernel);
	*user = filetime(times.user);
	return TRUE;
}

WINAPI BOOL
kernel32_QueryThreadCycleTime(HANDLE h, uint64_t *cycles)
{
	struct thread *t = thread_of(h);
	struct threadinfo_times times;

	if (!t)
		return FALSE;
	threadinfo_times(t, &times);
	put(t);
	*cycles = times.nanoseconds;
	return TRUE;
}

WINAPI BOOL
kernel32_GetThreadIOPendingFlag(HANDLE h, BOOL *pending)
{
	struct thread *t = thread_of(h);

	if (!t)
		return FALSE;
	*pending = FALSE; /* what is pending belongs to no thread here */
	put(t);
	return TRUE;
}

WINAPI void
kernel32_GetCurrentThreadStackLimits(ULONG_PTR *low, ULONG_PTR *high)
{
	*low = (ULONG_PTR)teb()->DeallocationStack;
	*high = (ULONG_PTR)teb()->StackBase;
}

enum {
	ThreadMemoryPriority = 0,
	ThreadAbsoluteCpuPriority = 1,
	ThreadDynamicCodePolicy = 2,
	ThreadPowerThrottling = 3
};

WINAPI BOOL
kernel32_SetThreadInformation(HANDLE h, int class, const void *in, DWORD size)
{
	struct thread *t = thread_of(h);

	(void)in;
	if (!t)
		return FALSE;
	put(t);
	/* hints to a scheduler and a pager that are not there */
	if (class == ThreadMemoryPriority && size == 4)
		return TRUE;
	if (class == ThreadPowerThrottling && size == 12)
		return TRUE;
	return refuse(ERROR_INVALID_PARAMETER);
}

WINAPI BOOL
kernel32_GetThreadInformation(HANDLE h, int class, void *out, DWORD size)
{
	struct thread *t = thread_of(h);
	DWORD value;

	if (!t)
		return FALSE;
	put(t);
	value = class == ThreadMemoryPriority ? 5 : 0; /* MEMORY_PRIORITY_NORMAL; code is allowed */
	if ((class != ThreadMemoryPriority && class != ThreadDynamicCodePolicy) ||
	    size != sizeof value)
		return refuse(ERROR_INVALID_PARAMETER);
	memcpy(out, &value, sizeof value);
	return TRUE;
}

/* -- calls in other threads ------------------------------------------------------------------------- */

WINAPI BOOL
kernel32_QueueUserAPC2(void *f, HANDLE h, ULONG_PTR data, DWORD flags)
{
	struct thread *t;
	NTSTATUS s;

	/* A special one interrupts its thread anywhere, which nothing here can do safely. */
	if (flags & QUEUE_USER_APC_FLAGS_SPECIAL_USER_APC)
		return refuse(ERROR_NOT_SUPPORTED);
	if (flags & ~0x10000u)
		return refuse(ERROR_INVALID_PARAMETER);
	t = thread_of(h);
	if (!t)
		return FALSE;
	s = wait_apc_queue(t, f, (void *)data, NULL, NULL);
	put(t);
	return s < 0 ? refuse(31) : TRUE; /* ERROR_GEN_FAILURE */
}

WINAPI DWORD
kernel32_QueueUserAPC(void *f, HANDLE h, ULONG_PTR data)
{
	return (DWORD)kernel32_QueueUserAPC2(f, h, data, 0);
}
