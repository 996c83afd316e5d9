/* SPDX-License-Identifier: Apache-2.0 */
/* Timers of multimedia: timeSetEvent, on those of the thread pool. */
#include <stdlib.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/thread/steady.h"

enum {
	TIMERS = 64, /* more than Windows' 16 */
	LONGEST = 1000000,
	TIME_PERIODIC = 1,
	TIME_CALLBACK_EVENT_SET = 0x10,
	TIME_CALLBACK_EVENT_PULSE = 0x20,
	TIME_KILL_SYNCHRONOUS = 0x100,
	TIMERR_NOCANDO = 97,
	WT_EXECUTEINTIMERTHREAD = 0x20,
};

WINAPI BOOL kernel32_CreateTimerQueueTimer(HANDLE *out, HANDLE queue, void *f, void *context,
                                           DWORD due, DWORD period, ULONG flags);
WINAPI BOOL kernel32_ChangeTimerQueueTimer(HANDLE queue, HANDLE timer, ULONG due, ULONG period);
WINAPI BOOL kernel32_DeleteTimerQueueTimer(HANDLE queue, HANDLE timer, HANDLE event);
WINAPI BOOL kernel32_SetEvent(HANDLE h);
WINAPI BOOL kernel32_PulseEvent(HANDLE h);

typedef void(WINAPI *timer_call)(UINT id, UINT message, DWORD_PTR user, DWORD_PTR a, DWORD_PTR b);

/* Under the lock.  An id is its place and how often that was used: 0 is none. */
static struct timer {
	UINT id, flags;
	HANDLE timer;
	void *what;
	DWORD_PTR user;
} timers[TIMERS];
static _Atomic uint32_t lock;
static UINT turn;

/* Takes it out of the table, if it is there still. */
static bool
take(UINT id, struct timer *out)
{
	steady_lock(&lock);
	struct timer *t = &timers[id % TIMERS];
	bool is = id && t->id == id;
	if (is) {
		*out = *t;
		t->id = 0;
	}
	steady_unlock(&lock);
	return is;
}

WINAPI static void
due(void *context, BOOLEAN fired)
{
	UINT id = (UINT)(uintptr_t)context;
	struct timer t;

	(void)fired;
	steady_lock(&lock);
	t = timers[id % TIMERS];
	steady_unlock(&lock);
	if (t.id != id)
		return;
	if (t.flags & TIME_CALLBACK_EVENT_SET)
		kernel32_SetEvent(t.what);
	else if (t.flags & TIME_CALLBACK_EVENT_PULSE)
		kernel32_PulseEvent(t.what);
	else
		((timer_call)(uintptr_t)t.what)(id, 0, t.user, 0, 0);
	if (!(t.flags & TIME_PERIODIC) && take(id, &t))
		kernel32_DeleteTimerQueueTimer(NULL, t.timer, NULL);
}

WINAPI UINT
winmm_timeSetEvent(UINT delay, UINT resolution, void *what, DWORD_PTR user, UINT flags)
{
	UINT id = 0;

	(void)resolution; /* it is as good as it can be */
	if (!delay || delay > LONGEST || !what)
		return 0;
	steady_lock(&lock);
	for (UINT i = 0; i < TIMERS && !id; i++)
		if (!timers[i].id) {
			id = ++turn * TIMERS + i;
			timers[i] = (struct timer){ id, flags, NULL, what, user };
		}
	steady_unlock(&lock);
	struct timer t;
	HANDLE h;
	if (!id)
		return 0;
	/* it begins when its handle is known */
	if (!kernel32_CreateTimerQueueTimer(&h, NULL, (void *)(uintptr_t)due, (void *)(uintptr_t)id,
	                                    INFINITE, 0, WT_EXECUTEINTIMERTHREAD)) {
		(void)take(id, &t);
		return 0;
	}
	steady_lock(&lock);
	timers[id % TIMERS].timer = h;
	steady_unlock(&lock);
	kernel32_ChangeTimerQueueTimer(NULL, h, delay, flags & TIME_PERIODIC ? delay : 0);
	return id;
}

WINAPI UINT
winmm_timeKillEvent(UINT id)
{
	struct timer t;

	if (!take(id, &t))
		return TIMERR_NOCANDO;
	kernel32_DeleteTimerQueueTimer(
	        NULL, t.timer, t.flags & TIME_KILL_SYNCHRONOUS ? INVALID_HANDLE_VALUE : NULL);
	return 0;
}
