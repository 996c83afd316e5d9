/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_sync.c -- events, mutexes, semaphores, and waiting.
 *
 * SetEvent, ReleaseMutex and the waits for one object are written out here for the case in which
 * nobody has to sleep or be woken: no lock, and no call of the host's convention, for which
 * ten vector registers would be saved.  Whatever else happens is a jump to the slow way.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "layer/api/dll/dll.h"
#include "layer/api/dll/kernel32_sync.h"
#include "layer/api/dll/ntdll_named.h"
#include "layer/api/nt/object/handle.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/object/sync.h"
#include "layer/api/nt/thread/thread.h"
#include "layer/api/nt/object/wait.h"

enum {
	EVENT_ALL_ACCESS = 0x1f0003,
	EVENT_MODIFY_STATE = 2,
	MUTEX_ALL_ACCESS = 0x1f0001,
	SEMAPHORE_ALL_ACCESS = 0x1f0003,
	SEMAPHORE_MODIFY_STATE = 2,
	CREATE_EVENT_MANUAL_RESET = 1,
	CREATE_EVENT_INITIAL_SET = 2,
	CREATE_MUTEX_INITIAL_OWNER = 1,
	WAIT_FAILED = -1,
	WAIT_IO_COMPLETION = 0xc0,
};

DWORD
kernel32_sync_access(DWORD access, DWORD all)
{
	if (access & 0x12000000) /* GENERIC_ALL, MAXIMUM_ALLOWED */
		return all;
	if (access & 0x80000000)
		access |= 0x20000 | (all & 1);
	if (access & 0x40000000)
		access |= 0x20000 | (all & 2);
	if (access & 0x20000000)
		access |= 0x120000;
	return access & 0x1fffff;
}

HANDLE
kernel32_sync_give(struct object *o, const WCHAR *name, const struct SECURITY_ATTRIBUTES *a,
                   DWORD access, bool *fresh)
{
	size_t n = name ? nls_length(name) : 0;
	struct UNICODE_STRING u = { (USHORT)(2 * n), (USHORT)(2 * n), (WCHAR *)name };
	struct OBJECT_ATTRIBUTES x = {
		.ObjectName = n ? &u : NULL,
		.Attributes = OBJ_OPENIF | (a && a->bInheritHandle ? OBJ_INHERIT : 0),
	};
	HANDLE h = NULL;

	if (n > MAX_PATH) {
		if (o)
			object_unref(o);
		last_error(206); /* ERROR_FILENAME_EXCED_RANGE */
		return NULL;
	}
	NTSTATUS s = ntdll_named_give(&h, access, &x, o);
	if (fresh)
		*fresh = s == STATUS_SUCCESS;
	last_error(s == STATUS_OBJECT_NAME_EXISTS ? ERROR_ALREADY_EXISTS : status_error(s));
	return h;
}

HANDLE
kernel32_sync_open(const struct object_class *class, const WCHAR *name, BOOL inherit, DWORD access)
{
	size_t n = name ? nls_length(name) : 0;
	struct UNICODE_STRING u = { (USHORT)(2 * n), (USHORT)(2 * n), (WCHAR *)name };
	const struct OBJECT_ATTRIBUTES x = { .ObjectName = &u,
		                             .Attributes = inherit ? OBJ_INHERIT : 0 };
	HANDLE h = NULL;

	if (!n || n > MAX_PATH) {
		last_error(name ? ERROR_INVALID_NAME : ERROR_INVALID_PARAMETER);
		return NULL;
	}
	NTSTATUS s = ntdll_named_open(&h, access, &x, class);
	if (s < 0)
		last_error(status_error(s));
	return h;
}

/* f(wide name) for an A function. */
static HANDLE
open_ansi(const struct object_class *class, const char *name, BOOL inherit, DWORD access)
{
	WCHAR *w = nls_wide_ansi(name);
	HANDLE h = kernel32_sync_open(class, w, inherit, access);

	free(w);
	return h;
}

/* -- events --------------------------------------------------------------------------- */

WINAPI HANDLE
kernel32_CreateEventExW(struct SECURITY_ATTRIBUTES *a, const WCHAR *name, DWORD flags, DWORD access)
{
	if (flags & ~(DWORD)(CREATE_EVENT_MANUAL_RESET | CREATE_EVENT_INITIAL_SET)) {
		last_error(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	return kernel32_sync_give(
	        sync_event(flags & CREATE_EVENT_MANUAL_RESET, flags & CREATE_EVENT_INITIAL_SET),
	        name, a, kernel32_sync_access(access, EVENT_ALL_ACCESS), NULL);
}

WINAPI HANDLE
kernel32_CreateEventExA(struct SECURITY_ATTRIBUTES *a, const char *name, DWORD flags, DWORD access)
{
	WCHAR *w = nls_wide_ansi(name);
	HANDLE h = kernel32_CreateEventExW(a, w, flags, access);

	free(w);
	return h;
}

static DWORD
event_flags(BOOL manual, BOOL set)
{
	return (manual ? CREATE_EVENT_MANUAL_RESET : 0) | (set ? CREATE_EVENT_INITIAL_SET : 0);
}

WINAPI HANDLE
kernel32_CreateEventW(struct SECURITY_ATTRIBUTES *a, BOOL manual, BOOL set, const WCHAR *name)
{
	return kernel32_CreateEventExW(a, name, event_flags(manual, set), EVENT_ALL_ACCESS);
}

WINAPI HANDLE
kernel32_CreateEventA(struct SECURITY_ATTRIBUTES *a, BOOL manual, BOOL set, const char *name)
{
	return kernel32_CreateEventExA(a, name, event_flags(manual, set), EVENT_ALL_ACCESS);
}

WINAPI HANDLE
kernel32_OpenEventW(DWORD access, BOOL inherit, const WCHAR *name)
{
	return kernel32_sync_open(&sync_event_class, name, inherit,
	                          kernel32_sync_access(access, EVENT_ALL_ACCESS));
}

WINAPI HANDLE
kernel32_OpenEventA(DWORD access, BOOL inherit, const char *name)
{
	return open_ansi(&sync_event_class, name, inherit,
	                 kernel32_sync_access(access, EVENT_ALL_ACCESS));
}

/* It is not one that may be changed, or other processes have it too. */
static __attribute__((noinline)) WINAPI BOOL
change_slowly(HANDLE h, void (*f)(struct object *event, LONG *before))
{
	struct object *o;
	NTSTATUS s = ntdll_named_get(h, &sync_event_class, EVENT_MODIFY_STATE, &o);

	if (s >= 0) {
		f(o, NULL);
		object_unref(o);
	}
	return succeed(s);
}

/* Somebody waits.  The handle is looked at again: then the object stays. */
static __attribute__((noinline)) WINAPI BOOL
wake(HANDLE h, const struct object_class *class)
{
	struct object *o;

	if (handle_get(h, class, &o) >= 0) {
		object_wake(o);
		object_unref(o);
	}
	return TRUE;
}

/* An event that may be changed by this handle. */
static inline __attribute__((always_inline)) struct object *
event_of(HANDLE h)
{
	struct handle_entry *e;
	struct object *o = handle_stable(h, &e);

	if (o && o->class == &sync_event_class &&
	    (atomic_load_explicit(&e->access, memory_order_relaxed) & EVENT_MODIFY_STATE))
		return o;
	return NULL;
}

WINAPI BOOL
kernel32_SetEvent(HANDLE h)
{
	struct object *o = event_of(h);

	if (!o)
		return change_slowly(h, sync_set);
	atomic_exchange(&o->state, 1);
	if (atomic_load(&o->waiters))
		return wake(h, &sync_event_class);
	return TRUE;
}

WINAPI BOOL
kernel32_ResetEvent(HANDLE h)
{
	struct object *o = event_of(h);

	if (!o)
		return change_slowly(h, sync_reset);
	atomic_store(&o->state, 0);
	if (o->kind == OBJECT_SHARED)
		return change_slowly(h, sync_reset);
	return TRUE;
}

WINAPI BOOL
kernel32_PulseEvent(HANDLE h)
{
	return change_slowly(h, sync_pulse);
}

/* -- mutexes ----------------------------------------------------------------------------- */

WINAPI HANDLE
kernel32_CreateMutexExW(struct SECURITY_ATTRIBUTES *a, const WCHAR *name, DWORD flags, DWORD access)
{
	struct object *o = sync_mutant(false), *mine;
	bool fresh = false;
	HANDLE h;

	if (flags & ~(DWORD)CREATE_MUTEX_INITIAL_OWNER) {
		if (o)
			object_unref(o);
		last_error(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	/* Nobody else may take it before its maker has; but whom it belongs to when there is
	 * one of that name already is not the caller's business. */
	if (o && (flags & CREATE_MUTEX_INITIAL_OWNER)) {
		NTSTATUS s = STATUS_SUCCESS;

		sync_take(o, thread_self(), &s);
		mine = object_ref(o);
		h = kernel32_sync_give(o, name, a, kernel32_sync_access(access, MUTEX_ALL_ACCESS),
		                       &fresh);
		if (!h || !fresh)
			sync_unlock(mine, NULL);
		object_unref(mine);
		return h;
	}
	return kernel32_sync_give(o, name, a, kernel32_sync_access(access, MUTEX_ALL_ACCESS), NULL);
}

WINAPI HANDLE
kernel32_CreateMutexExA(struct SECURITY_ATTRIBUTES *a, const char *name, DWORD flags, DWORD access)
{
	WCHAR *w = nls_wide_ansi(name);
	HANDLE h = kernel32_CreateMutexExW(a, w, flags, access);

	free(w);
	return h;
}

WINAPI HANDLE
kernel32_CreateMutexW(struct SECURITY_ATTRIBUTES *a, BOOL owner, const WCHAR *name)
{
	return kernel32_CreateMutexExW(a, name, owner ? CREATE_MUTEX_INITIAL_OWNER : 0,
	                               MUTEX_ALL_ACCESS);
}

WINAPI HANDLE
kernel32_CreateMutexA(struct SECURITY_ATTRIBUTES *a, BOOL owner, const char *name)
{
	return kernel32_CreateMutexExA(a, name, owner ? CREATE_MUTEX_INITIAL_OWNER : 0,
	                               MUTEX_ALL_ACCESS);
}

WINAPI HANDLE
kernel32_OpenMutexW(DWORD access, BOOL inherit, const WCHAR *name)
{
	return kernel32_sync_open(&sync_mutant_class, name, inherit,
	                          kernel32_sync_access(access, MUTEX_ALL_ACCESS));
}

WINAPI HANDLE
kernel32_OpenMutexA(DWORD access, BOOL inherit, const char *name)
{
	return open_ansi(&sync_mutant_class, name, inherit,
	                 kernel32_sync_access(access, MUTEX_ALL_ACCESS));
}

static __attribute__((noinline)) WINAPI BOOL
release_slowly(HANDLE h)
{
	struct object *o;
	NTSTATUS s = handle_get(h, &sync_mutant_class, &o);

	if (s >= 0) {
		s = sync_unlock(o, NULL);
		object_unref(o);
	}
	return succeed(s);
}

/* It was closed meanwhile. */
static __attribute__((noinline)) WINAPI BOOL
forget(struct object *o)
{
	object_ref(o);
	object_unref(o);
	return TRUE;
}

WINAPI BOOL
kernel32_ReleaseMutex(HANDLE h)
{
	struct handle_entry *e;
	struct object *o = handle_stable(h, &e);
	struct sync_mutant *m = (struct sync_mutant *)o;

	/* the owner has a count, so it is there */
	if (!o || o->class != &sync_mutant_class ||
	    atomic_load_explicit(&m->owner, memory_order_relaxed) != teb()->thread ||
	    m->count != 1 || atomic_load_explicit(&o->refs, memory_order_relaxed) == 1)
		return release_slowly(h);
	m->count = 0;
	sync_disown(m);
	atomic_exchange(&o->state, 1);
	if (atomic_load(&o->waiters))
		wake(h, &sync_mutant_class);
	/* the last but one: the handle's is left, or its closing frees what it finds */
	if (atomic_fetch_sub_explicit(&o->refs, 1, memory_order_acq_rel) == 1)
		return forget(o);
	return TRUE;
}

/* -- semaphores -------------------------------------------------------------------------- */

WINAPI HANDLE
kernel32_CreateSemaphoreExW(struct SECURITY_ATTRIBUTES *a, LONG count, LONG limit,
                            const WCHAR *name, DWORD flags, DWORD access)
{
	if (flags || limit <= 0 || count < 0 || count > limit) {
		last_error(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	return kernel32_sync_give(sync_semaphore(count, limit), name, a,
	                          kernel32_sync_access(access, SEMAPHORE_ALL_ACCESS), NULL);
}

WINAPI HANDLE
kernel32_CreateSemaphoreExA(struct SECURITY_ATTRIBUTES *a, LONG count, LONG limit, const char *name,
                            DWORD flags, DWORD access)
{
	WCHAR *w = nls_wide_ansi(name);
	HANDLE h = kernel32_CreateSemaphoreExW(a, count, limit, w, flags, access);

	free(w);
	return h;
}

WINAPI HANDLE
kernel32_CreateSemaphoreW(struct SECURITY_ATTRIBUTES *a, LONG count, LONG limit, const WCHAR *name)
{
	return kernel32_CreateSemaphoreExW(a, count, limit, name, 0, SEMAPHORE_ALL_ACCESS);
}

WINAPI HANDLE
kernel32_CreateSemaphoreA(struct SECURITY_ATTRIBUTES *a, LONG count, LONG limit, const char *name)
{
	return kernel32_CreateSemaphoreExA(a, count, limit, name, 0, SEMAPHORE_ALL_ACCESS);
}

WINAPI HANDLE
kernel32_OpenSemaphoreW(DWORD access, BOOL inherit, const WCHAR *name)
{
	return kernel32_sync_open(&sync_semaphore_class, name, inherit,
	                          kernel32_sync_access(access, SEMAPHORE_ALL_ACCESS));
}

WINAPI HANDLE
kernel32_OpenSemaphoreA(DWORD access, BOOL inherit, const char *name)
{
	return open_ansi(&sync_semaphore_class, name, inherit,
	                 kernel32_sync_access(access, SEMAPHORE_ALL_ACCESS));
}

WINAPI BOOL
kernel32_ReleaseSemaphore(HANDLE h, LONG n, LONG *before)
{
	struct object *o;
	NTSTATUS s = ntdll_named_get(h, &sync_semaphore_class, SEMAPHORE_MODIFY_STATE, &o);

	if (s >= 0) {
		s = n <= 0 ? STATUS_INVALID_PARAMETER : sync_release(o, n, before);
		object_unref(o);
	}
	return succeed(s);
}

/* -- waiting -------------------------------------------------------------------------------- */

DWORD
kernel32_sync_waited(NTSTATUS s)
{
	if (s >= 0)
		return (DWORD)s;
	last_error(status_error(s));
	return (DWORD)WAIT_FAILED;
}

static __attribute__((noinline)) WINAPI DWORD
wait_slowly(HANDLE h, DWORD ms, BOOL alertable)
{
	return kernel32_sync_waited(wait_handles(1, &h, false, alertable, wait_deadline_ms(ms)));
}

WINAPI DWORD
kernel32_WaitForSingleObject(HANDLE h, DWORD ms)
{
	struct handle_entry *e;
	struct object *o = handle_stable(h, &e);
	NTSTATUS s = STATUS_SUCCESS;

	if (o && (atomic_load_explicit(&e->access, memory_order_relaxed) & SYNCHRONIZE) &&
	    sync_take_quick(o, teb()->thread, &s) && s >= 0)
		return (DWORD)s;
	return wait_slowly(h, ms, FALSE);
}

WINAPI DWORD
kernel32_WaitForSingleObjectEx(HANDLE h, DWORD ms, BOOL alertable)
{
	return alertable ? wait_slowly(h, ms, TRUE) : kernel32_WaitForSingleObject(h, ms);
}

WINAPI DWORD
kernel32_WaitForMultipleObjectsEx(DWORD n, const HANDLE *h, BOOL all, DWORD ms, BOOL alertable)
{
	return kernel32_sync_waited(wait_handles(n, h, all, alertable, wait_deadline_ms(ms)));
}

WINAPI DWORD
kernel32_WaitForMultipleObjects(DWORD n, const HANDLE *h, BOOL all, DWORD ms)
{
	return kernel32_WaitForMultipleObjectsEx(n, h, all, ms, FALSE);
}

WINAPI DWORD
kernel32_SignalObjectAndWait(HANDLE signal, HANDLE wait, DWORD ms, BOOL alertable)
{
	return kernel32_sync_waited(
	        sync_signal_and_wait(signal, wait, alertable, wait_deadline_ms(ms)));
}

WINAPI DWORD
kernel32_SleepEx(DWORD ms, BOOL alertable)
{
	return wait_sleep(alertable, wait_deadline_ms(ms)) == STATUS_USER_APC ? WAIT_IO_COMPLETION
	                                                                      : 0;
}

WINAPI void
kernel32_Sleep(DWORD ms)
{
	wait_sleep(false, wait_deadline_ms(ms));
}

WINAPI BOOL
kernel32_SwitchToThread(void)
{
	sched_yield();
	return TRUE;
}
