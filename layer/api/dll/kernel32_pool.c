/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_pool.c -- the thread pool API of Windows Vista: work, timers, waits, I/O, groups. */
#include <stdatomic.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/thread/pool.h"
#include "layer/api/nt/object/sync.h"
#include "layer/api/nt/object/wait.h"

enum { ERROR_NOT_ENOUGH = ERROR_NOT_ENOUGH_MEMORY };

/* TP_CALLBACK_ENVIRON of x64; version 3 adds what we do not look at. */
struct TP_CALLBACK_ENVIRON {
	DWORD Version;
	struct pool *Pool;
	struct pool_group *CleanupGroup;
	void *CleanupGroupCancelCallback;
	void *RaceDll;
	void *ActivationContext;
	void *FinalizationCallback;
	DWORD Flags; /* 1 long function, 2 persistent */
};

static struct pool_item *
make(enum pool_kind kind, void *f, void *context, const struct TP_CALLBACK_ENVIRON *e)
{
	struct pool_item *i;

	if (!f || (e && e->Version != 1 && e->Version != 3)) {
		last_error(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	i = pool_item_new(e ? e->Pool : NULL, kind, f, context);
	if (!i) {
		last_error(ERROR_NOT_ENOUGH);
		return NULL;
	}
	if (e) {
		i->finalize = e->FinalizationCallback;
		i->library = e->RaceDll;
		i->group_cancel = e->CleanupGroupCancelCallback;
		if (e->CleanupGroup)
			pool_group_add(e->CleanupGroup, i);
	}
	return i;
}

static void
close_item(struct pool_item *i)
{
	pool_group_remove(i);
	pool_item_unref(i);
}

/* -- pools --------------------------------------------------------------------------- */

WINAPI struct pool *
kernel32_CreateThreadpool(void *reserved)
{
	struct pool *p = reserved ? NULL : pool_new();

	if (!p)
		last_error(reserved ? ERROR_INVALID_PARAMETER : ERROR_NOT_ENOUGH);
	return p;
}

WINAPI void
kernel32_CloseThreadpool(struct pool *p)
{
	pool_close(p);
}

WINAPI void
kernel32_SetThreadpoolThreadMaximum(struct pool *p, DWORD most)
{
	pool_limit(p, most);
}

WINAPI BOOL
kernel32_SetThreadpoolThreadMinimum(struct pool *p, DWORD least)
{
	return pool_least(p, least) ? TRUE : refuse(ERROR_NOT_ENOUGH);
}

struct TP_POOL_STACK_INFORMATION {
	SIZE_T StackReserve, StackCommit;
};

WINAPI BOOL
kernel32_SetThreadpoolStackInformation(struct pool *p, struct TP_POOL_STACK_INFORMATION *s)
{
	pool_stack(p, &s->StackReserve, &s->StackCommit, true);
	return TRUE;
}

WINAPI BOOL
kernel32_QueryThreadpoolStackInformation(struct pool *p, struct TP_POOL_STACK_INFORMATION *s)
{
	pool_stack(p, &s->StackReserve, &s->StackCommit, false);
	return TRUE;
}

/* -- groups ----------------------------------------------------------------------------- */

WINAPI struct pool_group *
kernel32_CreateThreadpoolCleanupGroup(void)
{
	struct pool_group *g = pool_group_new();

	if (!g)
		last_error(ERROR_NOT_ENOUGH);
	return g;
}

WINAPI void
kernel32_CloseThreadpoolCleanupGroup(struct pool_group *g)
{
	pool_group_free(g);
}

WINAPI void
kernel32_CloseThreadpoolCleanupGroupMembers(struct pool_group *g, BOOL cancel, void *context)
{
	pool_group_close_members(g, cancel, context);
}

/* -- work --------------------------------------------------------------------------------- */

WINAPI BOOL
kernel32_TrySubmitThreadpoolCallback(void *f, void *context, const struct TP_CALLBACK_ENVIRON *e)
{
	struct pool_item *i = make(POOL_SIMPLE, f, context, e);

	if (!i)
		return FALSE;
	pool_submit(i);
	pool_item_unref(i);
	return TRUE;
}

WINAPI struct pool_item *
kernel32_CreateThreadpoolWork(void *f, void *context, const struct TP_CALLBACK_ENVIRON *e)
{
	return make(POOL_WORK, f, context, e);
}

WINAPI void
kernel32_SubmitThreadpoolWork(struct pool_item *i)
{
	pool_submit(i);
}

WINAPI void
kernel32_WaitForThreadpoolWorkCallbacks(struct pool_item *i, BOOL cancel)
{
	pool_settle(i, cancel);
}

WINAPI void
kernel32_CloseThreadpoolWork(struct pool_item *i)
{
	close_item(i);
}

/* -- timers ---------------------------------------------------------------------------------- */

WINAPI struct pool_item *
kernel32_CreateThreadpoolTimer(void *f, void *context, const struct TP_CALLBACK_ENVIRON *e)
{
	return make(POOL_TIMER, f, context, e);
}

/* A FILETIME that is relative when it is negative. */
static uint64_t
deadline(const struct FILETIME *due)
{
	LONGLONG t = (LONGLONG)((uint64_t)due->dwHighDateTime << 32 | due->dwLowDateTime);

	return wait_deadline_nt(&t);
}

WINAPI BOOL
kernel32_SetThreadpoolTimerEx(struct pool_item *i, const struct FILETIME *due, DWORD period,
                              DWORD window)
{
	(void)window;
	return pool_timer(i, due ? deadline(due) : WAIT_FOREVER, (uint64_t)period * 1000000);
}

WINAPI void
kernel32_SetThreadpoolTimer(struct pool_item *i, const struct FILETIME *due, DWORD period,
                            DWORD window)
{
	kernel32_SetThreadpoolTimerEx(i, due, period, window);
}

WINAPI BOOL
kernel32_IsThreadpoolTimerSet(struct pool_item *i)
{
	return atomic_load(&i->set);
}

WINAPI void
kernel32_WaitForThreadpoolTimerCallbacks(struct pool_item *i, BOOL cancel)
{
	pool_settle(i, cancel);
}

WINAPI void
kernel32_CloseThreadpoolTimer(struct pool_item *i)
{
	pool_timer(i, WAIT_FOREVER, 0);
	close_item(i);
}

/* -- waits ------------------------------------------------------------------------------------- */

WINAPI struct pool_item *
kernel32_CreateThreadpoolWait(void *f, void *context, const struct TP_CALLBACK_ENVIRON *e)
{
	return make(POOL_WAIT, f, context, e);
}

WINAPI BOOL
kernel32_SetThreadpoolWaitEx(struct pool_item *i, HANDLE h, const struct FILETIME *timeout,
                             void *reserved)
{
	uint64_t left = UINT64_MAX, now = wait_now(), until;
	struct object *o = NULL;
	bool was;
	NTSTATUS s;

	(void)reserved;
	if (h) {
		s = handle_get(h, NULL, &o);
		if (s < 0)
			return succeed(s);
	}
	if (timeout) {
		until = deadline(timeout);
		left = until == WAIT_FOREVER ? UINT64_MAX : until > now ? until - now : 0;
	}
	was = pool_wait(i, o, left);
	if (o)
		object_unref(o);
	return was;
}

WINAPI void
kernel32_SetThreadpoolWait(struct pool_item *i, HANDLE h, const struct FILETIME *timeout)
{
	kernel32_SetThreadpoolWaitEx(i, h, timeout, NULL);
}

WINAPI void
kernel32_WaitForThreadpoolWaitCallbacks(struct pool_item *i, BOOL cancel)
{
	pool_settle(i, cancel);
}

WINAPI void
kernel32_CloseThreadpoolWait(struct pool_item *i)
{
	pool_wait(i, NULL, 0);
	close_item(i);
}

/* -- I/O ----------------------------------------------------------------------------------------- */

WINAPI struct pool_item *
kernel32_CreateThreadpoolIo(HANDLE file, void *f, void *context,
                            const struct TP_CALLBACK_ENVIRON *e)
{
	struct pool_item *i = make(POOL_IO, f, context, e);
	struct object *o;
	NTSTATUS s;

	if (!i)
		return NULL;
	s = handle_get(file, NULL, &o);
	if (s >= 0) {
		s = pool_io(i, o);
		object_unref(o);
	}
	if (succeed(s))
		return i;
	close_item(i);
	return NULL;
}

WINAPI void
kernel32_StartThreadpoolIo(struct pool_item *i)
{
	pool_io_start(i);
}

WINAPI void
kernel32_CancelThreadpoolIo(struct pool_item *i)
{
	pool_io_cancel(i);
}

WINAPI void
kernel32_WaitForThreadpoolIoCallbacks(struct pool_item *i, BOOL cancel)
{
	pool_settle(i, cancel);
}

WINAPI void
kernel32_CloseThreadpoolIo(struct pool_item *i)
{
	close_item(i);
}

/* -- in a callback ------------------------------------------------------------------------------- */

static struct object *
get(HANDLE h, const struct object_class *class)
{
	struct object *o;

	return handle_get(h, class, &o) < 0 ? NULL : o;
}

WINAPI void
kernel32_SetEventWhenCallbackReturns(struct pool_instance *n, HANDLE h)
{
	n->event = get(h, &sync_event_class);
}

WINAPI void
kernel32_ReleaseSemaphoreWhenCallbackReturns(struct pool_instance *n, HANDLE h, DWORD count)
{
	n->semaphore = get(h, &sync_semaphore_class);
	n->count = (LONG)count;
}

WINAPI void
kernel32_ReleaseMutexWhenCallbackReturns(struct pool_instance *n, HANDLE h)
{
	n->mutex = get(h, &sync_mutant_class);
}

WINAPI void
kernel32_LeaveCriticalSectionWhenCallbackReturns(struct pool_instance *n,
                                                 struct CRITICAL_SECTION *c)
{
	n->section = c;
}

WINAPI void
kernel32_FreeLibraryWhenCallbackReturns(struct pool_instance *n, HMODULE library)
{
	n->library = library;
}

WINAPI BOOL
kernel32_CallbackMayRunLong(struct pool_instance *n)
{
	return pool_may_run_long(n);
}

WINAPI void
kernel32_DisassociateCurrentThreadFromCallback(struct pool_instance *n)
{
	pool_leave(n);
}
