/* SPDX-License-Identifier: Apache-2.0 */
/* ntdll_thread.c -- threads, natively: made, ended, asked and told about. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/except/except.h"
#include "layer/api/nt/thread/fls.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/process/process.h"
#include "layer/api/nt/thread/threadinfo.h"
#include "layer/api/nt/object/wait.h"

enum {
	THREAD_ALL_ACCESS = 0x1fffff,
	CREATE_SUSPENDED = 1, /* THREAD_CREATE_FLAGS_... of NtCreateThreadEx */
	OBJ_INHERIT = 2,
	STILL_ACTIVE = 259,

	ThreadBasicInformation = 0,
	ThreadTimes = 1,
	ThreadPriority = 2,
	ThreadBasePriority = 3,
	ThreadAffinityMask = 4,
	ThreadQuerySetWin32StartAddress = 9,
	ThreadZeroTlsCell = 10,
	ThreadAmILastThread = 12,
	ThreadPriorityBoost = 14,
	ThreadHideFromDebugger = 17,
	ThreadIsIoPending = 16,
	ThreadIsTerminated = 20,
	ThreadNameInformation = 38,
};

static NTSTATUS
ours(HANDLE process)
{
	struct object *o;
	NTSTATUS s = handle_get(process, &process_class, &o);

	if (s < 0)
		return s;
	if (o != &process_self()->object)
		s = STATUS_ACCESS_DENIED;
	object_unref(o);
	return s;
}

WINAPI NTSTATUS
ntdll_NtCreateThreadEx(HANDLE *h, ACCESS_MASK access, const struct OBJECT_ATTRIBUTES *a,
                       HANDLE process, void *start, void *argument, ULONG flags, SIZE_T zero_bits,
                       SIZE_T commit, SIZE_T reserve, void *attributes)
{
	struct thread *t;
	NTSTATUS s = ours(process);

	(void)zero_bits;
	(void)attributes;
	if (s >= 0)
		s = thread_new(start, argument,
		               reserve                         ? reserve
		               : commit > thread_stack_default ? commit
		                                               : 0,
		               flags & CREATE_SUSPENDED, &t);
	if (s < 0)
		return s;
	*h = handle_new(&t->object, (access & 0x12000000) ? THREAD_ALL_ACCESS : access,
	                a && (a->Attributes & OBJ_INHERIT));
	return *h ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

WINAPI NTSTATUS
ntdll_RtlCreateUserThread(HANDLE process, void *security, BOOLEAN suspended, ULONG zero_bits,
                          SIZE_T reserve, SIZE_T commit, void *start, void *argument, HANDLE *h,
                          struct CLIENT_ID *id)
{
	struct thread *t;
	NTSTATUS s = ours(process);

	(void)security;
	(void)zero_bits;
	if (s >= 0)
		s = thread_new(start, argument,
		               reserve                         ? reserve
		               : commit > thread_stack_default ? commit
		                                               : 0,
		               suspended, &t);
	if (s < 0)
		return s;
	if (id)
		*id = (struct CLIENT_ID){ (HANDLE)(uintptr_t)thread_process_id,
			                  (HANDLE)(uintptr_t)t->number };
	if (!h) {
		object_unref(&t->object);
		return STATUS_SUCCESS;
	}
	*h = handle_new(&t->object, THREAD_ALL_ACCESS, false);
	return *h ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

WINAPI void
ntdll_RtlExitUserThread(NTSTATUS code)
{
	thread_exit((uint32_t)code);
}

WINAPI NTSTATUS
ntdll_NtTerminateThread(HANDLE h, NTSTATUS code)
{
	struct object *o;
	NTSTATUS s;

	if (!h)
		thread_exit((uint32_t)code);
	s = handle_get(h, &thread_class, &o);
	if (s < 0)
		return s;
	if ((struct thread *)o == thread_self()) {
		object_unref(o);
		thread_exit((uint32_t)code);
	}
	s = thread_terminate((struct thread *)o, (uint32_t)code);
	object_unref(o);
	return s;
}

WINAPI NTSTATUS
ntdll_NtOpenThread(HANDLE *h, ACCESS_MASK access, const struct OBJECT_ATTRIBUTES *a,
                   const struct CLIENT_ID *id)
{
	struct thread *t = thread_find((DWORD)(uintptr_t)id->UniqueThread);

	if (t && id->UniqueProcess && (uintptr_t)id->UniqueProcess != thread_process_id) {
		object_unref(&t->object);
		t = NULL;
	}
	if (!t)
		return STATUS_INVALID_CID;
	*h = handle_new(&t->object, (access & 0x12000000) ? THREAD_ALL_ACCESS : access,
	                a && (a->Attributes & OBJ_INHERIT));
	return *h ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

/* -- asking ------------------------------------------------------------------------------- */

struct THREAD_BASIC_INFORMATION {
	NTSTATUS ExitStatus;
	struct TEB *TebBaseAddress;
	struct CLIENT_ID ClientId;
	ULONG_PTR AffinityMask;
	LONG Priority, BasePriority;
};

static NTSTATUS
name_of(struct thread *t, void *out, ULONG size, ULONG *needed)
{
	WCHAR *text = threadinfo_description(t);
	size_t n = text ? nls_length(text) : 0;
	struct UNICODE_STRING u = { (USHORT)(2 * n), (USHORT)(2 * n),
		                    (WCHAR *)((char *)out + sizeof u) };
	NTSTATUS s = STATUS_SUCCESS;

	*needed = (ULONG)(sizeof u + 2 * n);
	if (size < *needed) {
		s = STATUS_BUFFER_TOO_SMALL;
	} else {
		memcpy(out, &u, sizeof u);
		if (n)
			memcpy((char *)out + sizeof u, text, 2 * n);
	}
	free(text);
	return s;
}

static NTSTATUS
put(const void *what, ULONG n, void *out, ULONG size, ULONG *needed)
{
	*needed = n;
	if (size != n)
		return STATUS_INFO_LENGTH_MISMATCH;
	memcpy(out, what, n);
	return STATUS_SUCCESS;
}

static NTSTATUS
query(struct thread *t, ULONG class, void *out, ULONG size, ULONG *needed)
{
	struct THREAD_BASIC_INFORMATION b = { 0 };
	struct threadinfo_times times;
	uint64_t mask = 0, four[4];
	bool ended = atomic_load(&t->ended);
	ULONG value;

	switch (class) {
	case ThreadBasicInformation:
		b.ExitStatus = ended ? (NTSTATUS)atomic_load(&t->exit_code) : STILL_ACTIVE;
		b.TebBaseAddress = ended ? NULL : t->teb;
		b.ClientId.UniqueProcess = (HANDLE)(uintptr_t)thread_process_id;
		b.ClientId.UniqueThread = (HANDLE)(uintptr_t)t->number;
		threadinfo_affinity(t, NULL, &mask);
		b.AffinityMask = mask;
		b.BasePriority = t->priority;
		b.Priority = 8 + t->priority;
		return put(&b, sizeof b, out, size, needed);
	case ThreadTimes:
		threadinfo_times(t, &times);
		four[0] = times.created;
		four[1] = times.ended;
		four[2] = times.kernel;
		four[3] = times.user;
		return put(four, sizeof four, out, size, needed);
	case ThreadQuerySetWin32StartAddress:
		return put(&t->start, sizeof t->start, out, size, needed);
	case ThreadAmILastThread: value = thread_count() == 1; break;
	case ThreadPriorityBoost: value = t->no_boost; break;
	case ThreadIsIoPending: value = 0; break;
	case ThreadIsTerminated: value = ended; break;
	case ThreadHideFromDebugger: {
		BOOLEAN no = FALSE;

		return put(&no, sizeof no, out, size, needed);
	}
	case ThreadNameInformation: return name_of(t, out, size, needed);
	default: return STATUS_INVALID_INFO_CLASS;
	}
	return put(&value, sizeof value, out, size, needed);
}

WINAPI NTSTATUS
ntdll_NtQueryInformationThread(HANDLE h, ULONG class, void *out, ULONG size, ULONG *returned)
{
	struct object *o;
	ULONG needed = 0;
	NTSTATUS s = handle_get(h, &thread_class, &o);

	if (s < 0)
		return s;
	s = query((struct thread *)o, class, out, size, &needed);
	object_unref(o);
	if (returned)
		*returned = needed;
	return s;
}

static NTSTATUS
set(struct thread *t, ULONG class, const void *in, ULONG size)
{
	const struct UNICODE_STRING *u = in;
	uint64_t mask, before;

	switch (class) {
	case ThreadNameInformation:
		if (size != sizeof *u)
			return STATUS_INFO_LENGTH_MISMATCH;
		return threadinfo_describe(t, u->Buffer, u->Length / 2);
	case ThreadHideFromDebugger: return size ? STATUS_INFO_LENGTH_MISMATCH : STATUS_SUCCESS;
	case ThreadAffinityMask:
		if (size != sizeof mask)
			return STATUS_INFO_LENGTH_MISMATCH;
		memcpy(&mask, in, sizeof mask);
		return threadinfo_affinity(t, &mask, &before);
	case ThreadBasePriority:
		if (size != sizeof t->priority)
			return STATUS_INFO_LENGTH_MISMATCH;
		memcpy(&t->priority, in, sizeof t->priority);
		return STATUS_SUCCESS;
	case ThreadPriority:
	case ThreadPriorityBoost:
		if (size != sizeof(ULONG))
			return STATUS_INFO_LENGTH_MISMATCH;
		if (class == ThreadPriorityBoost)
			t->no_boost = *(const ULONG *)in;
		return STATUS_SUCCESS;
	case ThreadQuerySetWin32StartAddress:
		if (size != sizeof t->start)
			return STATUS_INFO_LENGTH_MISMATCH;
		memcpy(&t->start, in, sizeof t->start);
		return STATUS_SUCCESS;
	default: return STATUS_INVALID_INFO_CLASS;
	}
}

WINAPI NTSTATUS
ntdll_NtSetInformationThread(HANDLE h, ULONG class, const void *in, ULONG size)
{
	struct object *o;
	NTSTATUS s = handle_get(h, &thread_class, &o);

	if (s < 0)
		return s;
	s = set((struct thread *)o, class, in, size);
	object_unref(o);
	return s;
}

/* -- calls ---------------------------------------------------------------------------------- */

WINAPI NTSTATUS
ntdll_NtQueueApcThread(HANDLE h, void *f, void *a, void *b, void *c)
{
	struct object *o;
	NTSTATUS s = handle_get(h, &thread_class, &o);

	if (s < 0)
		return s;
	s = wait_apc_queue((struct thread *)o, f, a, b, c);
	object_unref(o);
	return s;
}

WINAPI NTSTATUS
ntdll_NtQueueApcThreadEx(HANDLE h, HANDLE reserve, void *f, void *a, void *b, void *c)
{
	if ((uintptr_t)reserve == 1) /* QUEUE_USER_APC_FLAGS_SPECIAL_USER_APC */
		return STATUS_NOT_SUPPORTED;
	return ntdll_NtQueueApcThread(h, f, a, b, c);
}

WINAPI NTSTATUS
ntdll_NtTestAlert(void)
{
	wait_apc_run();
	return STATUS_SUCCESS;
}

/* -- fiber-local storage -------------------------------------------------------------------- */

WINAPI NTSTATUS
ntdll_RtlFlsAlloc(fls_callback f, ULONG *i)
{
	*i = fls_alloc(f);
	return *i == (ULONG)FLS_OUT ? STATUS_NO_MEMORY : STATUS_SUCCESS;
}

WINAPI NTSTATUS
ntdll_RtlFlsFree(ULONG i)
{
	return fls_free(i) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

WINAPI NTSTATUS
ntdll_RtlFlsGetValue(ULONG i, void **value)
{
	return i && fls_get(i, value) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

WINAPI NTSTATUS
ntdll_RtlFlsSetValue(ULONG i, void *value)
{
	return fls_set(i, value) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}
