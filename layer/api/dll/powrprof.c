/* SPDX-License-Identifier: Apache-2.0 */
/* powrprof.c -- power: this machine never sleeps and has no battery. */
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/host.h"

WINAPI DWORD
powrprof_PowerRegisterSuspendResumeNotification(DWORD flags, HANDLE recipient, void **out)
{
	(void)flags;
	if (!recipient || !out)
		return ERROR_INVALID_PARAMETER;
	*out = recipient;
	return ERROR_SUCCESS;
}

WINAPI DWORD
powrprof_PowerUnregisterSuspendResumeNotification(void *handle)
{
	return handle ? ERROR_SUCCESS : ERROR_INVALID_PARAMETER;
}

WINAPI void *kernel32_LocalAlloc(UINT flags, SIZE_T size);

/* Balanced (GUID_TYPICAL_POWER_SAVINGS), as on a system where nobody chose another. */
WINAPI DWORD
powrprof_PowerGetActiveScheme(HKEY root, void **scheme)
{
	static const struct {
		DWORD a;
		WORD b, c;
		BYTE d[8];
	} balanced = {
		0x381b4222, 0xf694, 0x41f0, { 0x96, 0x85, 0xff, 0x5b, 0xb2, 0x60, 0xdf, 0x2e }
	};
	(void)root;
	if (!scheme)
		return ERROR_INVALID_PARAMETER;
	if (!(*scheme = kernel32_LocalAlloc(0, sizeof balanced)))
		return ERROR_NOT_ENOUGH_MEMORY;
	memcpy(*scheme, &balanced, sizeof balanced);
	return ERROR_SUCCESS;
}

WINAPI DWORD
powrprof_PowerSettingRegisterNotification(const void *setting, DWORD flags, HANDLE recipient,
                                          void **out)
{
	(void)setting, (void)flags;
	if (!recipient || !out)
		return ERROR_INVALID_PARAMETER;
	*out = recipient;
	return ERROR_SUCCESS;
}

WINAPI DWORD
powrprof_PowerSettingUnregisterNotification(void *handle)
{
	return handle ? ERROR_SUCCESS : ERROR_INVALID_PARAMETER;
}

struct PROCESSOR_POWER_INFORMATION {
	ULONG Number, MaxMhz, CurrentMhz, MhzLimit, MaxIdleState, CurrentIdleState;
};

WINAPI NTSTATUS
powrprof_CallNtPowerInformation(int level, void *in, ULONG in_size, void *out, ULONG size)
{
	(void)in, (void)in_size;
	if (level == 11) { /* ProcessorInformation */
		struct PROCESSOR_POWER_INFORMATION *p = out;
		uint32_t n = host_processors();
		if (!out || size < n * sizeof *p)
			return STATUS_BUFFER_TOO_SMALL;
		for (uint32_t i = 0; i < n; i++)
			p[i] = (struct PROCESSOR_POWER_INFORMATION){ i, 2500, 2500, 2500, 0, 0 };
		return STATUS_SUCCESS;
	}
	if (level == 5 && out && size >= 32) { /* SystemBatteryState: none, on mains */
		memset(out, 0, size);
		*(BYTE *)out = 1;
		return STATUS_SUCCESS;
	}
	return level == 5 ? STATUS_BUFFER_TOO_SMALL : STATUS_NOT_SUPPORTED;
}

WINAPI BOOLEAN
powrprof_IsPwrHibernateAllowed(void)
{
	return FALSE;
}
WINAPI BOOLEAN
powrprof_IsPwrSuspendAllowed(void)
{
	return FALSE;
}
WINAPI BOOLEAN
powrprof_IsPwrShutdownAllowed(void)
{
	return FALSE;
}

WINAPI BOOLEAN
powrprof_SetSuspendState(BOOLEAN hibernate, BOOLEAN force, BOOLEAN no_events)
{
	(void)hibernate, (void)force, (void)no_events;
	return (BOOLEAN)refuse(1314);
}

WINAPI int
powrprof_PowerDeterminePlatformRoleEx(ULONG version)
{
	(void)version;
	return 1; /* desktop */
}
