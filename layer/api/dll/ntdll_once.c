/* SPDX-License-Identifier: Apache-2.0 */
/* ntdll_once.c -- one-time initialisation: INIT_ONCE is a word of two bits of state and a pointer.
 *
 * 0 not begun, 1 under way, 3 under way in several threads (asynchronous), 2 done: then the other
 * bits are the context, whose low two bits are not used (INIT_ONCE_CTX_RESERVED_BITS).
 */
#include <stdatomic.h>

#include "layer/api/dll/dll.h"
#include "layer/api/dll/ntdll_once.h"
#include "layer/api/nt/object/port.h"
#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/object/wait.h"

enum {
	NOT_BEGUN = 0,
	UNDER_WAY = 1,
	DONE = 2,
	UNDER_WAY_ASYNC = 3,
	STATE = 3,
	WAITED_FOR = 4, /* with UNDER_WAY: somebody sleeps */

	CHECK_ONLY = 1,
	ASYNC = 2,
	INIT_FAILED = 4,
};

WINAPI void
ntdll_RtlRunOnceInitialize(ntdll_once *o)
{
	atomic_store(o, NOT_BEGUN);
}

static NTSTATUS
done(uint64_t v, void **context)
{
	if (context)
		*context = (void *)(v & ~(uint64_t)STATE);
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
ntdll_RtlRunOnceBeginInitialize(ntdll_once *o, ULONG flags, void **context)
{
	if ((flags & ~(ULONG)(CHECK_ONLY | ASYNC)) || flags == (CHECK_ONLY | ASYNC))
		return STATUS_INVALID_PARAMETER;
	for (;;) {
		uint64_t v = atomic_load(o), next = flags & ASYNC ? UNDER_WAY_ASYNC : UNDER_WAY;

		switch (v & STATE) {
		case DONE: return done(v, context);
		case NOT_BEGUN:
			if (flags & CHECK_ONLY)
				return STATUS_UNSUCCESSFUL;
			if (atomic_compare_exchange_strong(o, &v, next))
				return STATUS_PENDING;
			break;
		case UNDER_WAY_ASYNC:
			if (flags & CHECK_ONLY)
				return STATUS_UNSUCCESSFUL;
			return flags & ASYNC ? STATUS_PENDING : STATUS_INVALID_PARAMETER;
		default:
			if (flags & CHECK_ONLY)
				return STATUS_UNSUCCESSFUL;
			if (flags & ASYNC)
				return STATUS_INVALID_PARAMETER;
			if ((v & WAITED_FOR) ||
			    atomic_compare_exchange_strong(o, &v, v | WAITED_FOR))
				port_sleep((_Atomic uint32_t *)o, UNDER_WAY | WAITED_FOR,
				           WAIT_FOREVER);
		}
	}
}

WINAPI NTSTATUS
ntdll_RtlRunOnceComplete(ntdll_once *o, ULONG flags, void *context)
{
	uint64_t v = atomic_load(o), next = (uintptr_t)context | DONE;
	bool failed = flags & INIT_FAILED;

	if ((uintptr_t)context & STATE)
		return STATUS_INVALID_PARAMETER;
	if (failed && context)
		return STATUS_INVALID_PARAMETER;
	if (failed)
		next = NOT_BEGUN;
	switch (v & STATE) {
	case UNDER_WAY:
		if (flags & ASYNC)
			return STATUS_INVALID_PARAMETER;
		v = atomic_exchange(o, next);
		if (v & WAITED_FOR)
			steady_futex_wake((_Atomic uint32_t *)o, INT32_MAX);
		return STATUS_SUCCESS;
	case UNDER_WAY_ASYNC:
		if (!(flags & ASYNC) || failed)
			return STATUS_INVALID_PARAMETER;
		if (atomic_compare_exchange_strong(o, &v, next))
			return STATUS_SUCCESS;
		return STATUS_OBJECT_NAME_COLLISION; /* another thread's is the one */
	default: return flags & ASYNC ? STATUS_OBJECT_NAME_COLLISION : STATUS_UNSUCCESSFUL;
	}
}

WINAPI NTSTATUS
ntdll_RtlRunOnceExecuteOnce(ntdll_once *o, ntdll_once_function f, void *parameter, void **context)
{
	void *c = NULL;
	NTSTATUS s = ntdll_RtlRunOnceBeginInitialize(o, 0, context);

	if (s != STATUS_PENDING)
		return s;
	if (!f(o, parameter, context ? context : &c)) {
		ntdll_RtlRunOnceComplete(o, INIT_FAILED, NULL);
		return STATUS_UNSUCCESSFUL;
	}
	return ntdll_RtlRunOnceComplete(o, 0, context ? *context : NULL);
}
