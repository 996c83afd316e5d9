/* SPDX-License-Identifier: Apache-2.0 */
/* ntdll_address.c -- WaitOnAddress, keyed events, waits for another thread's alert. */
#include <stdatomic.h>

#include "layer/api/dll/dll.h"
#include "layer/api/dll/ntdll_named.h"
#include "layer/api/nt/object/address.h"
#include "layer/api/nt/object/object.h"
#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/thread/thread.h"
#include "layer/api/nt/object/wait.h"

WINAPI NTSTATUS
ntdll_RtlWaitOnAddress(const volatile void *p, const void *compare, SIZE_T size,
                       const LONGLONG *timeout)
{
	return address_wait(p, compare, size, wait_deadline_nt(timeout));
}

WINAPI void
ntdll_RtlWakeAddressSingle(const void *p)
{
	address_wake(p, false);
}

WINAPI void
ntdll_RtlWakeAddressAll(const void *p)
{
	address_wake(p, true);
}

/* -- keyed events ------------------------------------------------------------------------ */

WINAPI NTSTATUS
ntdll_NtCreateKeyedEvent(HANDLE *h, ACCESS_MASK access, const struct OBJECT_ATTRIBUTES *a,
                         ULONG flags)
{
	return flags ? STATUS_INVALID_PARAMETER : ntdll_named_give(h, access, a, address_keyed());
}

WINAPI NTSTATUS
ntdll_NtOpenKeyedEvent(HANDLE *h, ACCESS_MASK access, const struct OBJECT_ATTRIBUTES *a)
{
	return ntdll_named_open(h, access, a, &address_keyed_class);
}

/* Without a handle it is the process' own: \KernelObjects\CritSecOutOfMemoryEvent. */
static NTSTATUS
meet(HANDLE h, const void *key, bool release, BOOLEAN alertable, const LONGLONG *timeout)
{
	struct object *o = NULL;
	NTSTATUS s;

	if ((uintptr_t)key & 1)
		return STATUS_INVALID_PARAMETER_1;
	if (h) {
		s = handle_get(h, &address_keyed_class, &o);
		if (s < 0)
			return s;
	}
	s = address_meet(o, key, release, alertable, wait_deadline_nt(timeout));
	if (o)
		object_unref(o);
	return s;
}

WINAPI NTSTATUS
ntdll_NtWaitForKeyedEvent(HANDLE h, const void *key, BOOLEAN alertable, const LONGLONG *timeout)
{
	return meet(h, key, false, alertable, timeout);
}

WINAPI NTSTATUS
ntdll_NtReleaseKeyedEvent(HANDLE h, const void *key, BOOLEAN alertable, const LONGLONG *timeout)
{
	return meet(h, key, true, alertable, timeout);
}

/* -- alerts by thread id -------------------------------------------------------------------- */

WINAPI NTSTATUS
ntdll_NtAlertThreadByThreadId(HANDLE id)
{
	struct thread *t = thread_find((DWORD)(uintptr_t)id);

	if (!t)
		return STATUS_INVALID_CID;
	atomic_store(&t->alerted, 1);
	address_wake((void *)&t->alerted, true);
	object_unref(&t->object);
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
ntdll_NtWaitForAlertByThreadId(const void *address, const LONGLONG *timeout)
{
	struct thread *t = thread_self();
	uint64_t deadline = wait_deadline_nt(timeout);
	uint32_t none = 0;
	NTSTATUS s;

	(void)address; /* for debuggers only */
	while (!atomic_exchange(&t->alerted, 0)) {
		s = address_wait((void *)&t->alerted, &none, sizeof none, deadline);
		if (s == STATUS_TIMEOUT && !atomic_load(&t->alerted))
			return s;
	}
	return STATUS_ALERTED;
}
