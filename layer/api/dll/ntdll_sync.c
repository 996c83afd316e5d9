/* SPDX-License-Identifier: Apache-2.0 */
/* ntdll_sync.c -- the native names of events, mutants, semaphores, timers, and waits. */
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/dll/kernel32_sync.h"
#include "layer/api/dll/ntdll_named.h"
#include "layer/api/nt/object/shared.h"
#include "layer/api/nt/object/sync.h"
#include "layer/api/nt/object/timer.h"
#include "layer/api/nt/object/wait.h"

enum {
	ALL = 0x1f0003,
	MUTANT_ALL = 0x1f0001,
	NotificationEvent = 0,
	SynchronizationEvent = 1,
};

/* -- events --------------------------------------------------------------------------- */

WINAPI NTSTATUS
ntdll_NtCreateEvent(HANDLE *h, ACCESS_MASK access, const struct OBJECT_ATTRIBUTES *a, ULONG type,
                    BOOLEAN set)
{
	if (type > SynchronizationEvent)
		return STATUS_INVALID_PARAMETER;
	return ntdll_named_give(h, kernel32_sync_access(access, ALL), a,
	                        sync_event(type == NotificationEvent, set));
}

WINAPI NTSTATUS
ntdll_NtOpenEvent(HANDLE *h, ACCESS_MASK access, const struct OBJECT_ATTRIBUTES *a)
{
	return ntdll_named_open(h, kernel32_sync_access(access, ALL), a, &sync_event_class);
}

static NTSTATUS
change_event(HANDLE h, void (*f)(struct object *, LONG *), LONG *before)
{
	struct object *o;
	NTSTATUS s = ntdll_named_get(h, &sync_event_class, 2, &o);

	if (s >= 0) {
		f(o, before);
		object_unref(o);
	}
	return s;
}

WINAPI NTSTATUS
ntdll_NtSetEvent(HANDLE h, LONG *before)
{
	return change_event(h, sync_set, before);
}

WINAPI NTSTATUS
ntdll_NtResetEvent(HANDLE h, LONG *before)
{
	return change_event(h, sync_reset, before);
}

WINAPI NTSTATUS
ntdll_NtClearEvent(HANDLE h)
{
	return change_event(h, sync_reset, NULL);
}

WINAPI NTSTATUS
ntdll_NtPulseEvent(HANDLE h, LONG *before)
{
	return change_event(h, sync_pulse, before);
}

WINAPI NTSTATUS
ntdll_NtQueryEvent(HANDLE h, ULONG class, void *out, ULONG size, ULONG *returned)
{
	struct object *o;
	LONG info[2];
	NTSTATUS s;

	if (class)
		return STATUS_INVALID_INFO_CLASS;
	if (size != sizeof info)
		return STATUS_INFO_LENGTH_MISMATCH;
	s = ntdll_named_get(h, &sync_event_class, 1, &o);
	if (s < 0)
		return s;
	info[0] = sync_is_manual(o) ? NotificationEvent : SynchronizationEvent;
	info[1] = sync_state(o);
	object_unref(o);
	memcpy(out, info, sizeof info);
	if (returned)
		*returned = sizeof info;
	return STATUS_SUCCESS;
}

/* -- mutants ----------------------------------------------------------------------------- */

WINAPI NTSTATUS
ntdll_NtCreateMutant(HANDLE *h, ACCESS_MASK access, const struct OBJECT_ATTRIBUTES *a,
                     BOOLEAN owned)
{
	struct object *o = sync_mutant(owned), *mine = owned && o ? object_ref(o) : NULL;
	NTSTATUS s = ntdll_named_give(h, kernel32_sync_access(access, MUTANT_ALL), a, o);

	if (mine && s != STATUS_SUCCESS)
		sync_unlock(mine, NULL);
	if (mine)
		object_unref(mine);
	return s;
}

WINAPI NTSTATUS
ntdll_NtOpenMutant(HANDLE *h, ACCESS_MASK access, const struct OBJECT_ATTRIBUTES *a)
{
	return ntdll_named_open(h, kernel32_sync_access(access, MUTANT_ALL), a, &sync_mutant_class);
}

WINAPI NTSTATUS
ntdll_NtReleaseMutant(HANDLE h, LONG *before)
{
	struct object *o;
	NTSTATUS s = handle_get(h, &sync_mutant_class, &o);

	if (s >= 0) {
		s = sync_unlock(o, before);
		object_unref(o);
	}
	return s;
}

WINAPI NTSTATUS
ntdll_NtQueryMutant(HANDLE h, ULONG class, void *out, ULONG size, ULONG *returned)
{
	struct {
		LONG count;
		BOOLEAN owned, abandoned;
	} info = { 0 };
	struct sync_mutant *m;
	struct object *o;
	NTSTATUS s;

	if (class)
		return STATUS_INVALID_INFO_CLASS;
	if (size != sizeof info)
		return STATUS_INFO_LENGTH_MISMATCH;
	s = ntdll_named_get(h, &sync_mutant_class, 1, &o);
	if (s < 0)
		return s;
	m = (struct sync_mutant *)o;
	info.owned = atomic_load(&m->owner) == thread_self();
	info.count = sync_state(o) ? 1 : 1 - (LONG)m->count;
	info.abandoned = o->thing ? atomic_load(&o->thing->abandoned) : m->abandoned;
	object_unref(o);
	memcpy(out, &info, sizeof info);
	if (returned)
		*returned = sizeof info;
	return STATUS_SUCCESS;
}

/* -- semaphores ---------------------------------------------------------------------------- */

WINAPI NTSTATUS
ntdll_NtCreateSemaphore(HANDLE *h, ACCESS_MASK access, const struct OBJECT_ATTRIBUTES *a,
                        LONG count, LONG limit)
{
	if (limit <= 0 || count < 0 || count > limit)
		return STATUS_INVALID_PARAMETER;
	return ntdll_named_give(h, kernel32_sync_access(access, ALL), a,
	                        sync_semaphore(count, limit));
}

WINAPI NTSTATUS
ntdll_NtOpenSemaphore(HANDLE *h, ACCESS_MASK access, const struct OBJECT_ATTRIBUTES *a)
{
	return ntdll_named_open(h, kernel32_sync_access(access, ALL), a, &sync_semaphore_class);
}

WINAPI NTSTATUS
ntdll_NtReleaseSemaphore(HANDLE h, LONG n, LONG *before)
{
	struct object *o;
	NTSTATUS s = ntdll_named_get(h, &sync_semaphore_class, 2, &o);

	if (s >= 0) {
		s = n <= 0 ? STATUS_INVALID_PARAMETER : sync_release(o, n, before);
		object_unref(o);
	}
	return s;
}

WINAPI NTSTATUS
ntdll_NtQuerySemaphore(HANDLE h, ULONG class, void *out, ULONG size, ULONG *returned)
{
	struct object *o;
	LONG info[2];
	NTSTATUS s;

	if (class)
		return STATUS_INVALID_INFO_CLASS;
	if (size != sizeof info)
		return STATUS_INFO_LENGTH_MISMATCH;
	s = ntdll_named_get(h, &sync_semaphore_class, 1, &o);
	if (s < 0)
		return s;
	info[0] = sync_state(o);
	info[1] = ((struct sync_semaphore *)o)->limit;
	object_unref(o);
	memcpy(out, info, sizeof info);
	if (returned)
		*returned = sizeof info;
	return STATUS_SUCCESS;
}

/* -- timers ------------------------------------------------------------------------------------ */

WINAPI NTSTATUS
ntdll_NtCreateTimer(HANDLE *h, ACCESS_MASK access, const struct OBJECT_ATTRIBUTES *a, ULONG type)
{
	if (type > SynchronizationEvent)
		return STATUS_INVALID_PARAMETER;
	return ntdll_named_give(h, kernel32_sync_access(access, ALL), a,
	                        timer_new(type == NotificationEvent));
}

WINAPI NTSTATUS
ntdll_NtCreateTimer2(HANDLE *h, void *reserved, const struct OBJECT_ATTRIBUTES *a, ULONG attributes,
                     ACCESS_MASK access)
{
	/* bit 31: a notification timer */
	if (reserved)
		return STATUS_INVALID_PARAMETER;
	return ntdll_named_give(h, kernel32_sync_access(access, ALL), a,
	                        timer_new(attributes >> 31));
}

WINAPI NTSTATUS
ntdll_NtOpenTimer(HANDLE *h, ACCESS_MASK access, const struct OBJECT_ATTRIBUTES *a)
{
	return ntdll_named_open(h, kernel32_sync_access(access, ALL), a, &timer_class);
}

WINAPI NTSTATUS
ntdll_NtSetTimer(HANDLE h, const LONGLONG *due, void *f, void *argument, BOOLEAN resume,
                 LONG period, BOOLEAN *before)
{
	struct object *o;
	bool was = false;
	NTSTATUS s;

	(void)resume;
	if (period < 0)
		return STATUS_INVALID_PARAMETER;
	s = ntdll_named_get(h, &timer_class, 2, &o);
	if (s < 0)
		return s;
	s = timer_set(o, wait_deadline_nt(due), (uint32_t)period, f, argument, &was);
	object_unref(o);
	if (before)
		*before = was;
	return s;
}

WINAPI NTSTATUS
ntdll_NtCancelTimer(HANDLE h, BOOLEAN *before)
{
	struct object *o;
	bool was = false;
	NTSTATUS s = ntdll_named_get(h, &timer_class, 2, &o);

	if (s < 0)
		return s;
	timer_cancel(o, &was);
	object_unref(o);
	if (before)
		*before = was;
	return s;
}

WINAPI NTSTATUS
ntdll_NtQueryTimer(HANDLE h, ULONG class, void *out, ULONG size, ULONG *returned)
{
	struct {
		LONGLONG left;
		BOOLEAN state;
	} info = { 0 };
	struct object *o;
	int64_t left;
	bool signalled;
	NTSTATUS s;

	if (class)
		return STATUS_INVALID_INFO_CLASS;
	if (size != sizeof info)
		return STATUS_INFO_LENGTH_MISMATCH;
	s = ntdll_named_get(h, &timer_class, 1, &o);
	if (s < 0)
		return s;
	timer_query(o, &left, &signalled);
	object_unref(o);
	info.left = left;
	info.state = signalled;
	memcpy(out, &info, sizeof info);
	if (returned)
		*returned = sizeof info;
	return STATUS_SUCCESS;
}

/* -- waits ---------------------------------------------------------------------------------------- */

WINAPI NTSTATUS
ntdll_NtWaitForSingleObject(HANDLE h, BOOLEAN alertable, const LONGLONG *timeout)
{
	return wait_handles(1, &h, false, alertable, wait_deadline_nt(timeout));
}

/* type: 0 all, 1 any */
WINAPI NTSTATUS
ntdll_NtWaitForMultipleObjects(ULONG n, const HANDLE *h, ULONG type, BOOLEAN alertable,
                               const LONGLONG *timeout)
{
	if (type > 1)
		return STATUS_INVALID_PARAMETER;
	return wait_handles(n, h, type == 0, alertable, wait_deadline_nt(timeout));
}

WINAPI NTSTATUS
ntdll_NtSignalAndWaitForSingleObject(HANDLE signal, HANDLE wait, BOOLEAN alertable,
                                     const LONGLONG *timeout)
{
	return sync_signal_and_wait(signal, wait, alertable, wait_deadline_nt(timeout));
}

WINAPI NTSTATUS
ntdll_NtDelayExecution(BOOLEAN alertable, const LONGLONG *interval)
{
	return wait_sleep(alertable, wait_deadline_nt(interval));
}

WINAPI NTSTATUS
ntdll_NtYieldExecution(void)
{
	sched_yield();
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
ntdll_RtlDelayExecution(BOOLEAN alertable, const LONGLONG *interval)
{
	return ntdll_NtDelayExecution(alertable, interval);
}
