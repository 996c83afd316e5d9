/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_timer.c -- waitable timers. */
#include <stdlib.h>

#include "layer/api/dll/dll.h"
#include "layer/api/dll/kernel32_sync.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/object/timer.h"
#include "layer/api/nt/object/wait.h"

enum {
	TIMER_ALL_ACCESS = 0x1f0003,
	CREATE_WAITABLE_TIMER_MANUAL_RESET = 1,
	CREATE_WAITABLE_TIMER_HIGH_RESOLUTION = 2, /* they all are */
};

WINAPI HANDLE
kernel32_CreateWaitableTimerExW(struct SECURITY_ATTRIBUTES *a, const WCHAR *name, DWORD flags,
                                DWORD access)
{
	if (flags &
	    ~(DWORD)(CREATE_WAITABLE_TIMER_MANUAL_RESET | CREATE_WAITABLE_TIMER_HIGH_RESOLUTION)) {
		last_error(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	return kernel32_sync_give(timer_new(flags & CREATE_WAITABLE_TIMER_MANUAL_RESET), name, a,
	                          kernel32_sync_access(access, TIMER_ALL_ACCESS), NULL);
}

WINAPI HANDLE
kernel32_CreateWaitableTimerExA(struct SECURITY_ATTRIBUTES *a, const char *name, DWORD flags,
                                DWORD access)
{
	WCHAR *w = nls_wide_ansi(name);
	HANDLE h = kernel32_CreateWaitableTimerExW(a, w, flags, access);

	free(w);
	return h;
}

WINAPI HANDLE
kernel32_CreateWaitableTimerW(struct SECURITY_ATTRIBUTES *a, BOOL manual, const WCHAR *name)
{
	return kernel32_CreateWaitableTimerExW(a, name, manual != 0, TIMER_ALL_ACCESS);
}

WINAPI HANDLE
kernel32_CreateWaitableTimerA(struct SECURITY_ATTRIBUTES *a, BOOL manual, const char *name)
{
	return kernel32_CreateWaitableTimerExA(a, name, manual != 0, TIMER_ALL_ACCESS);
}

WINAPI HANDLE
kernel32_OpenWaitableTimerW(DWORD access, BOOL inherit, const WCHAR *name)
{
	return kernel32_sync_open(&timer_class, name, inherit,
	                          kernel32_sync_access(access, TIMER_ALL_ACCESS));
}

WINAPI HANDLE
kernel32_OpenWaitableTimerA(DWORD access, BOOL inherit, const char *name)
{
	WCHAR *w = nls_wide_ansi(name);
	HANDLE h = kernel32_OpenWaitableTimerW(access, inherit, w);

	free(w);
	return h;
}

static BOOL
set(HANDLE h, const LONGLONG *due, LONG period, void *f, void *argument)
{
	struct object *o;
	NTSTATUS s;

	if (!due || period < 0)
		return refuse(ERROR_INVALID_PARAMETER);
	s = handle_get(h, &timer_class, &o);
	if (s >= 0) {
		s = timer_set(o, wait_deadline_nt(due), (uint32_t)period, f, argument, NULL);
		object_unref(o);
	}
	return succeed(s);
}

WINAPI BOOL
kernel32_SetWaitableTimer(HANDLE h, const LONGLONG *due, LONG period, void *f, void *argument,
                          BOOL resume)
{
	(void)resume; /* there is no sleep of the system to come out of */
	return set(h, due, period, f, argument);
}

WINAPI BOOL
kernel32_SetWaitableTimerEx(HANDLE h, const LONGLONG *due, LONG period, void *f, void *argument,
                            void *reason, ULONG tolerable)
{
	(void)reason;
	(void)tolerable;
	return set(h, due, period, f, argument);
}

WINAPI BOOL
kernel32_CancelWaitableTimer(HANDLE h)
{
	struct object *o;
	NTSTATUS s = handle_get(h, &timer_class, &o);

	if (s >= 0) {
		timer_cancel(o, NULL);
		object_unref(o);
	}
	return succeed(s);
}
