/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/dll/dll.h"
#include "layer/api/nt/thread/fls.h"
#include "layer/api/nt/thread/tls.h"

WINAPI DWORD
kernel32_TlsAlloc(void)
{
	DWORD i = tls_alloc();

	if (i == (DWORD)TLS_OUT)
		last_error(ERROR_NO_MORE_ITEMS);
	else if (i < TLS_MINIMUM)
		teb()->TlsSlots[i] = NULL;
	return i;
}

WINAPI BOOL
kernel32_TlsFree(DWORD i)
{
	return tls_free(i) ? TRUE : refuse(ERROR_INVALID_PARAMETER);
}

WINAPI void *
kernel32_TlsGetValue(DWORD i)
{
	struct TEB *t = teb();

	/* it says so that a NULL is no error */
	t->LastErrorValue = ERROR_SUCCESS;
	if (i < TLS_MINIMUM)
		return t->TlsSlots[i];
	if (i < TLS_MINIMUM + TLS_EXPANSION)
		return t->TlsExpansionSlots ? t->TlsExpansionSlots[i - TLS_MINIMUM] : NULL;
	t->LastErrorValue = ERROR_INVALID_PARAMETER;
	return NULL;
}

WINAPI void *
kernel32_TlsGetValue2(DWORD i)
{
	struct TEB *t = teb();

	if (i < TLS_MINIMUM)
		return t->TlsSlots[i];
	if (i < TLS_MINIMUM + TLS_EXPANSION && t->TlsExpansionSlots)
		return t->TlsExpansionSlots[i - TLS_MINIMUM];
	return NULL;
}

static __attribute__((noinline)) WINAPI BOOL
set_high(DWORD i, void *value)
{
	if (tls_set_high(i, value))
		return TRUE;
	return refuse(i < TLS_MINIMUM + TLS_EXPANSION ? ERROR_NOT_ENOUGH_MEMORY
	                                              : ERROR_INVALID_PARAMETER);
}

WINAPI BOOL
kernel32_TlsSetValue(DWORD i, void *value)
{
	if (i >= TLS_MINIMUM)
		return set_high(i, value);
	teb()->TlsSlots[i] = value;
	return TRUE;
}

WINAPI DWORD
kernel32_FlsAlloc(fls_callback f)
{
	DWORD i = fls_alloc(f);

	if (i == (DWORD)FLS_OUT)
		last_error(ERROR_NO_MORE_ITEMS);
	return i;
}

WINAPI BOOL
kernel32_FlsFree(DWORD i)
{
	return fls_free(i) ? TRUE : refuse(ERROR_INVALID_PARAMETER);
}

static __attribute__((noinline)) WINAPI void *
get_high(DWORD i)
{
	void *value;

	last_error(ERROR_SUCCESS);
	if (i && fls_get(i, &value))
		return value;
	last_error(ERROR_INVALID_PARAMETER);
	return NULL;
}

WINAPI void *
kernel32_FlsGetValue(DWORD i)
{
	struct TEB *t = teb();
	struct fls_values *v = t->thread->fls;

	if (!i || !v || i >= sizeof v->low / sizeof *v->low)
		return get_high(i);
	t->LastErrorValue = ERROR_SUCCESS;
	return v->low[i];
}

WINAPI void *
kernel32_FlsGetValue2(DWORD i)
{
	void *value;

	return i && fls_get(i, &value) ? value : NULL;
}

WINAPI BOOL
kernel32_FlsSetValue(DWORD i, void *value)
{
	return fls_set(i, value) ? TRUE : refuse(ERROR_INVALID_PARAMETER);
}
