/* SPDX-License-Identifier: Apache-2.0 */
/* ntdll_system.c -- versions, clocks, statuses, environment, and what is asked of system and
 * process by class. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/dll/ntdll_process.h"
#include "layer/api/nt/clock.h"
#include "layer/api/nt/env.h"
#include "layer/api/nt/host.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/process/process.h"
#include "layer/api/nt/sysinfo.h"

#define SELF ((HANDLE)(intptr_t)-1)

WINAPI ULONG
ntdll_RtlNtStatusToDosErrorNoTeb(NTSTATUS s)
{
	return status_error(s);
}

WINAPI ULONG
ntdll_RtlNtStatusToDosError(NTSTATUS s)
{
	teb()->LastStatusValue = (ULONG)s;
	return status_error(s);
}

WINAPI NTSTATUS
ntdll_RtlGetLastNtStatus(void)
{
	return (NTSTATUS)teb()->LastStatusValue;
}

WINAPI void
ntdll_RtlSetLastWin32ErrorAndNtStatusFromNtStatus(NTSTATUS s)
{
	last_error(ntdll_RtlNtStatusToDosError(s));
}

WINAPI struct PEB *
ntdll_RtlGetCurrentPeb(void)
{
	return teb()->ProcessEnvironmentBlock;
}
WINAPI void
ntdll_RtlAcquirePebLock(void)
{
}
WINAPI void
ntdll_RtlReleasePebLock(void)
{
}

/* -- versions --------------------------------------------------------------------- */

WINAPI NTSTATUS
ntdll_RtlGetVersion(struct OSVERSIONINFOEXW *v)
{
	DWORD size = v->dwOSVersionInfoSize;
	v->dwMajorVersion = 10;
	v->dwMinorVersion = 0;
	v->dwBuildNumber = SYSINFO_BUILD;
	v->dwPlatformId = 2;
	v->szCSDVersion[0] = 0;
	if (size >= sizeof *v) {
		v->wServicePackMajor = v->wServicePackMinor = 0;
		v->wSuiteMask = 0x100;
		v->wProductType = 1;
		v->wReserved = 0;
	}
	return STATUS_SUCCESS;
}

WINAPI void
ntdll_RtlGetNtVersionNumbers(ULONG *major, ULONG *minor, ULONG *build)
{
	if (major)
		*major = 10;
	if (minor)
		*minor = 0;
	if (build)
		*build = 0xf0000000 | SYSINFO_BUILD;
}

WINAPI NTSTATUS
ntdll_RtlVerifyVersionInfo(const struct OSVERSIONINFOEXW *v, ULONG types, ULONGLONG conditions)
{
	if (!types)
		return STATUS_INVALID_PARAMETER;
	return sysinfo_verify(v, types, conditions, 10, 0, SYSINFO_BUILD)
	               ? STATUS_SUCCESS
	               : STATUS_REVISION_MISMATCH;
}

WINAPI ULONGLONG
ntdll_VerSetConditionMask(ULONGLONG mask, DWORD types, BYTE condition)
{
	static const BYTE at[] = { 0, 3, 6, 9, 15, 12, 18, 21 };
	static const BYTE bit[] = { 0, 1, 2, 3, 5, 4, 6, 7 };
	condition &= 7;
	if (!condition)
		return 0;
	for (size_t i = 8; i-- > 0;)
		if (types & 1u << bit[i])
			return mask | (ULONGLONG)condition << at[i];
	return mask;
}

WINAPI BOOLEAN
ntdll_RtlGetProductInfo(ULONG major, ULONG minor, ULONG sp_major, ULONG sp_minor, ULONG *type)
{
	(void)major, (void)minor, (void)sp_major, (void)sp_minor;
	*type = 0x30;
	return TRUE;
}

WINAPI ULONG
ntdll_RtlGetNtGlobalFlags(void)
{
	return 0;
}

/* -- clocks ------------------------------------------------------------------------- */

WINAPI NTSTATUS
ntdll_NtQuerySystemTime(LONGLONG *t)
{
	*t = clock_now();
	return STATUS_SUCCESS;
}

WINAPI LONGLONG
ntdll_RtlGetSystemTimePrecise(void)
{
	return clock_now();
}

WINAPI NTSTATUS
ntdll_NtSetSystemTime(const LONGLONG *t, LONGLONG *before)
{
	(void)t, (void)before;
	return STATUS_PRIVILEGE_NOT_HELD;
}

WINAPI NTSTATUS
ntdll_NtQueryPerformanceCounter(LONGLONG *counter, LONGLONG *frequency)
{
	*counter = (LONGLONG)clock_counter();
	if (frequency)
		*frequency = CLOCK_FREQUENCY;
	return STATUS_SUCCESS;
}

WINAPI BOOLEAN
ntdll_RtlQueryPerformanceCounter(LONGLONG *counter)
{
	*counter = (LONGLONG)clock_counter();
	return TRUE;
}

WINAPI BOOLEAN
ntdll_RtlQueryPerformanceFrequency(LONGLONG *frequency)
{
	*frequency = CLOCK_FREQUENCY;
	return TRUE;
}

WINAPI ULONG
ntdll_NtGetTickCount(void)
{
	return (ULONG)clock_ticks();
}

/* Timers are as fine as the host's whatever is asked for. */
WINAPI NTSTATUS
ntdll_NtQueryTimerResolution(ULONG *coarsest, ULONG *finest, ULONG *current)
{
	*coarsest = 156250;
	*finest = 5000;
	*current = 10000;
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
ntdll_NtSetTimerResolution(ULONG wanted, BOOLEAN set, ULONG *current)
{
	(void)wanted, (void)set;
	*current = 10000;
	return STATUS_SUCCESS;
}

WINAPI void
ntdll_RtlTimeToTimeFields(const LONGLONG *t, SHORT f[8])
{
	struct SYSTEMTIME s = { 0 };
	clock_fields(*t, &s);
	f[0] = (SHORT)s.wYear;
	f[1] = (SHORT)s.wMonth;
	f[2] = (SHORT)s.wDay;
	f[3] = (SHORT)s.wHour;
	f[4] = (SHORT)s.wMinute;
	f[5] = (SHORT)s.wSecond;
	f[6] = (SHORT)s.wMilliseconds;
	f[7] = (SHORT)s.wDayOfWeek;
}

WINAPI BOOLEAN
ntdll_RtlTimeFieldsToTime(const SHORT f[8], LONGLONG *t)
{
	struct SYSTEMTIME s = { (WORD)f[0], (WORD)f[1], 0,          (WORD)f[2],
		                (WORD)f[3], (WORD)f[4], (WORD)f[5], (WORD)f[6] };
	return clock_of_fields(&s, t);
}

WINAPI BOOLEAN
ntdll_RtlTimeToSecondsSince1970(const LONGLONG *t, ULONG *seconds)
{
	int64_t v = (*t - CLOCK_UNIX) / CLOCK_SECOND;
	if (*t < CLOCK_UNIX || v > UINT32_MAX)
		return FALSE;
	*seconds = (ULONG)v;
	return TRUE;
}

WINAPI void
ntdll_RtlSecondsSince1970ToTime(ULONG seconds, LONGLONG *t)
{
	*t = CLOCK_UNIX + seconds * CLOCK_SECOND;
}

WINAPI BOOLEAN
ntdll_RtlTimeToSecondsSince1980(const LONGLONG *t, ULONG *seconds)
{
	int64_t v = (*t - INT64_C(119600064000000000)) / CLOCK_SECOND;
	if (v < 0 || v > UINT32_MAX)
		return FALSE;
	*seconds = (ULONG)v;
	return TRUE;
}

WINAPI void
ntdll_RtlSecondsSince1980ToTime(ULONG seconds, LONGLONG *t)
{
	*t = INT64_C(119600064000000000) + seconds * CLOCK_SECOND;
}

WINAPI NTSTATUS
ntdll_RtlSystemTimeToLocalTime(const LONGLONG *utc, LONGLONG *local)
{
	*local = *utc - (int64_t)clock_bias(*utc) * 60 * CLOCK_SECOND;
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
ntdll_RtlLocalTimeToSystemTime(const LONGLONG *local, LONGLONG *utc)
{
	*utc = *local + (int64_t)clock_bias(*local) * 60 * CLOCK_SECOND;
	return STATUS_SUCCESS;
}

/* -- random ------------------------------------------------------------------------------ */

/* The generator that RtlUniform is documented to be: Lehmer's, modulo 2^31 - 1. */
WINAPI ULONG
ntdll_RtlUniform(ULONG *seed)
{
	*seed = (ULONG)(((ULONGLONG)*seed * 0x7fffffed + 0x7fffffc3) % 0x7fffffff);
	return *seed;
}

WINAPI ULONG
ntdll_RtlRandom(ULONG *seed)
{
	return ntdll_RtlUniform(seed);
}
WINAPI ULONG
ntdll_RtlRandomEx(ULONG *seed)
{
	return ntdll_RtlUniform(seed);
}

/* -- environment ---------------------------------------------------------------------------- */

WINAPI NTSTATUS
ntdll_RtlQueryEnvironmentVariable_U(const WCHAR *block, const struct UNICODE_STRING *name,
                                    struct UNICODE_STRING *value)
{
	size_t n = 0;
	if (block) {
		const WCHAR *p = env_find(block, name->Buffer, name->Length / 2);
		if (!p)
			return STATUS_VARIABLE_NOT_FOUND;
		p += name->Length / 2 + 1;
		n = nls_length(p);
		value->Length = (USHORT)(n * 2);
		if (value->MaximumLength < n * 2)
			return STATUS_BUFFER_TOO_SMALL;
		memcpy(value->Buffer, p, n * 2);
		if (value->MaximumLength >= n * 2 + 2)
			value->Buffer[n] = 0;
		return STATUS_SUCCESS;
	}
	NTSTATUS s = env_get(name->Buffer, name->Length / 2, value->Buffer,
	                     value->MaximumLength / 2, &n);
	if (s != STATUS_VARIABLE_NOT_FOUND)
		value->Length = (USHORT)(n * 2);
	return s;
}

WINAPI NTSTATUS
ntdll_RtlQueryEnvironmentVariable(const WCHAR *block, const WCHAR *name, SIZE_T length, WCHAR *out,
                                  SIZE_T room, SIZE_T *n)
{
	if (!block)
		return env_get(name, length, out, room, n);
	const WCHAR *p = env_find(block, name, length);
	if (!p)
		return STATUS_VARIABLE_NOT_FOUND;
	p += length + 1;
	*n = nls_length(p);
	if (room < *n)
		return STATUS_BUFFER_TOO_SMALL;
	memcpy(out, p, *n * 2);
	if (room > *n)
		out[*n] = 0;
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
ntdll_RtlSetEnvironmentVariable(WCHAR **block, const struct UNICODE_STRING *name,
                                const struct UNICODE_STRING *value)
{
	if (block && *block)
		return STATUS_NOT_SUPPORTED;
	return env_set(name->Buffer, name->Length / 2, value ? value->Buffer : NULL,
	               value ? value->Length / 2 : 0);
}

WINAPI NTSTATUS
ntdll_RtlExpandEnvironmentStrings_U(const WCHAR *block, const struct UNICODE_STRING *in,
                                    struct UNICODE_STRING *out, ULONG *need)
{
	size_t n =
	        env_expand(block, in->Buffer, in->Length / 2, out->Buffer, out->MaximumLength / 2);
	if (need)
		*need = (ULONG)(n + 1) * 2;
	if ((n + 1) * 2 > out->MaximumLength)
		return STATUS_BUFFER_TOO_SMALL;
	out->Length = (USHORT)(n * 2);
	return STATUS_SUCCESS;
}

/* -- the system and processes, by class --------------------------------------------------------- */

WINAPI NTSTATUS
ntdll_NtQuerySystemInformation(ULONG class, void *out, ULONG size, ULONG *need)
{
	return sysinfo_query(class, out, size, need);
}

WINAPI NTSTATUS
ntdll_NtSetSystemInformation(ULONG class, void *in, ULONG size)
{
	(void)class, (void)in, (void)size;
	return STATUS_PRIVILEGE_NOT_HELD;
}

struct PROCESS_BASIC_INFORMATION {
	NTSTATUS ExitStatus;
	struct PEB *PebBaseAddress;
	ULONG_PTR AffinityMask;
	LONG BasePriority;
	ULONG_PTR UniqueProcessId, InheritedFromUniqueProcessId;
};

static NTSTATUS
give(void *out, ULONG size, ULONG *need, const void *from, size_t n)
{
	if (need)
		*need = (ULONG)n;
	if (size != n)
		return STATUS_INFO_LENGTH_MISMATCH;
	memcpy(out, from, n);
	return STATUS_SUCCESS;
}

static NTSTATUS
image_name(void *out, ULONG size, ULONG *need, bool native)
{
	const struct UNICODE_STRING *image =
	        &teb()->ProcessEnvironmentBlock->ProcessParameters->ImagePathName;
	static const WCHAR device[] = u"\\Device\\HarddiskVolume1";
	size_t skip = native && image->Length >= 4 ? 2 : 0, head = native ? nls_length(device) : 0;
	size_t n = head + image->Length / 2 - skip,
	       total = sizeof(struct UNICODE_STRING) + (n + 1) * 2;
	struct UNICODE_STRING *s = out;
	if (need)
		*need = (ULONG)total;
	if (size < total)
		return STATUS_INFO_LENGTH_MISMATCH;
	s->Buffer = (WCHAR *)(s + 1);
	s->Length = (USHORT)(n * 2);
	s->MaximumLength = (USHORT)(n * 2 + 2);
	memcpy(s->Buffer, device, head * 2);
	memcpy(s->Buffer + head, image->Buffer + skip, (n - head) * 2);
	s->Buffer[n] = 0;
	return STATUS_SUCCESS;
}

static NTSTATUS
basic(void *out, ULONG size, ULONG *need)
{
	struct PROCESS_BASIC_INFORMATION b = {
		0x103, teb()->ProcessEnvironmentBlock,           host_processor_mask(),
		8,     (ULONG_PTR)teb()->ClientId.UniqueProcess, birth.parent_id
	};
	return give(out, size, need, &b, sizeof b);
}

static NTSTATUS
command_line(void *out, ULONG size, ULONG *need)
{
	const struct UNICODE_STRING *c =
	        &teb()->ProcessEnvironmentBlock->ProcessParameters->CommandLine;
	struct UNICODE_STRING *s = out;
	ULONG total = (ULONG)sizeof *s + c->Length + 2;
	if (need)
		*need = total;
	if (size < total)
		return STATUS_INFO_LENGTH_MISMATCH;
	s->Buffer = (WCHAR *)(s + 1);
	s->Length = c->Length;
	s->MaximumLength = (USHORT)(c->Length + 2);
	memcpy(s->Buffer, c->Buffer, c->Length);
	s->Buffer[c->Length / 2] = 0;
	return STATUS_SUCCESS;
}

static NTSTATUS
memory_counters(void *out, ULONG size, ULONG *need)
{
	struct host_use u = host_use();
	struct {
		SIZE_T PeakVirtualSize, VirtualSize;
		ULONG PageFaultCount;
		SIZE_T Peak, WorkingSet, quota[4], Pagefile, PeakPagefile, Private;
	} m = { u.size, u.size,    (ULONG)u.faults, u.peak,   u.resident,
		{ 0 },  u.private, u.private,       u.private };
	size_t n = size == sizeof m ? sizeof m : sizeof m - sizeof m.Private;
	return give(out, size, need, &m, n);
}

/* -- wishes: what is said is given back --------------------------------------------------------- */

WINAPI UINT kernel32_GetErrorMode(void);
WINAPI UINT kernel32_SetErrorMode(UINT mode);
WINAPI DWORD kernel32_GetPriorityClass(HANDLE process);
WINAPI BOOL kernel32_SetPriorityClass(HANDLE process, DWORD class);
WINAPI BOOL kernel32_GetProcessPriorityBoost(HANDLE process, BOOL *disabled);
WINAPI BOOL kernel32_SetProcessPriorityBoost(HANDLE process, BOOL disable);
WINAPI BOOL kernel32_GetProcessAffinityMask(HANDLE process, DWORD_PTR *mine, DWORD_PTR *system);
WINAPI BOOL kernel32_SetProcessAffinityMask(HANDLE process, DWORD_PTR mask);

enum {
	HARD_ERRORS = 12,
	PRIORITY = 18,
	AFFINITY = 21,
	BOOST = 22,
	TERMINATION = 29,
	IO_PRIORITY = 33,
	PAGE_PRIORITY = 39
};

/* Kernel32's classes by PROCESS_PRIORITY_CLASS_'s numbers. */
static const DWORD priorities[] = { 0, 0x40, 0x20, 0x80, 0x100, 0x4000, 0x8000 };

static _Atomic ULONG io_priority = 2, page_priority = 5;

static NTSTATUS
wish(HANDLE process, ULONG class, void *out, ULONG size, ULONG *need)
{
	DWORD_PTR mine, system;
	BOOL off = 0;
	BYTE priority[2] = { 0, 2 };
	switch (class) {
	case HARD_ERRORS: /* the bit of SEM_FAILCRITICALERRORS is the other way round */
		return give(out, size, need, &(ULONG){ kernel32_GetErrorMode() ^ 1 }, 4);
	case PRIORITY:
		for (BYTE i = 1; i < sizeof priorities / sizeof *priorities; i++)
			if (priorities[i] == kernel32_GetPriorityClass(process))
				priority[1] = i;
		return give(out, size, need, priority, 2);
	case AFFINITY:
		if (!kernel32_GetProcessAffinityMask(process, &mine, &system))
			return STATUS_INVALID_HANDLE;
		return give(out, size, need, &mine, 8);
	case BOOST:
		kernel32_GetProcessPriorityBoost(process, &off);
		return give(out, size, need, &(ULONG){ (ULONG)off }, 4);
	case IO_PRIORITY: return give(out, size, need, &(ULONG){ io_priority }, 4);
	default: return give(out, size, need, &(ULONG){ page_priority }, 4);
	}
}

static NTSTATUS
set_wish(HANDLE process, ULONG class, const void *in)
{
	ULONG v = 0;
	DWORD_PTR mask = 0;
	if (class == AFFINITY)
		memcpy(&mask, in, sizeof mask);
	else
		memcpy(&v, in, class == PRIORITY ? 2 : 4);
	switch (class) {
	case HARD_ERRORS: kernel32_SetErrorMode(v ^ 1); return STATUS_SUCCESS;
	case PRIORITY: /* PROCESS_PRIORITY_CLASS: in front, and its class */
		v = v >> 8 & 0xff;
		if (!v || v >= sizeof priorities / sizeof *priorities)
			return STATUS_INVALID_PARAMETER;
		kernel32_SetPriorityClass(process, priorities[v]);
		return STATUS_SUCCESS;
	case AFFINITY:
		return kernel32_SetProcessAffinityMask(process, mask) ? STATUS_SUCCESS
		                                                      : STATUS_INVALID_PARAMETER;
	case BOOST:
		return kernel32_SetProcessPriorityBoost(process, v != 0) ? STATUS_SUCCESS
		                                                         : STATUS_INVALID_HANDLE;
	case TERMINATION: /* SeDebugPrivilege, which is nobody's here */
		return v ? STATUS_PRIVILEGE_NOT_HELD : STATUS_SUCCESS;
	case IO_PRIORITY:
		if (v > 4)
			return STATUS_INVALID_PARAMETER;
		io_priority = v;
		return STATUS_SUCCESS;
	case PAGE_PRIORITY:
		if (v > 5)
			return STATUS_INVALID_PARAMETER;
		page_priority = v;
		return STATUS_SUCCESS;
	default: return STATUS_SUCCESS; /* there is nothing of it here to be set */
	}
}

WINAPI NTSTATUS
ntdll_NtQueryInformationProcess(HANDLE process, ULONG class, void *out, ULONG size, ULONG *need)
{
	int64_t kernel, user;
	NTSTATUS s;
	if (ntdll_process_other(process, class, out, size, need, &s))
		return s;
	switch (class) {
	case 0: return basic(out, size, need);
	case 3: return memory_counters(out, size, need);
	case 4: { /* times */
		sysinfo_times(&kernel, &user);
		LONGLONG t[4] = { clock_started(), 0, kernel, user };
		return give(out, size, need, t, sizeof t);
	}
	case 7:                                                      /* debug port */
	case 26: return give(out, size, need, &(ULONG_PTR){ 0 }, 8); /* WOW64 */
	case HARD_ERRORS:
	case PRIORITY:
	case AFFINITY:
	case BOOST:
	case IO_PRIORITY:
	case PAGE_PRIORITY: return wish(process, class, out, size, need);
	case 20: return give(out, size, need, &(ULONG){ sysinfo_handles() }, 4);
	case 24:
		return give(out, size, need, &(ULONG){ teb()->ProcessEnvironmentBlock->SessionId },
		            4);
	case 27: return image_name(out, size, need, true);
	case TERMINATION: return give(out, size, need, &(ULONG){ 0 }, 4);
	case 30: return STATUS_PORT_NOT_SET;                     /* debug object */
	case 31: return give(out, size, need, &(ULONG){ 1 }, 4); /* debug flags: not debugged */
	case 34:
		return give(out, size, need, &(ULONG){ 0x0d },
		            4); /* execute flags: DEP, permanent */
	case 36:
		return give(out, size, need, &(ULONG){ 0x2b992ddf ^ (ULONG)birth.process_id },
		            4); /* cookie */
	case 43: return image_name(out, size, need, false);
	case 60: return command_line(out, size, need);
	default: return STATUS_INVALID_INFO_CLASS;
	}
}

/* Each class has its size, if it is only one. */
WINAPI NTSTATUS
ntdll_NtSetInformationProcess(HANDLE process, ULONG class, void *in, ULONG size)
{
	static const struct {
		ULONG class, size;
	} known[] = {
		{ 12, 4 }, /* ProcessDefaultHardErrorMode */
		{ 18, 2 }, /* ProcessPriorityClass */
		{ 21, 8 }, /* ProcessAffinityMask */
		{ 22, 4 }, /* ProcessPriorityBoost */
		{ 29, 4 }, /* ProcessBreakOnTermination */
		{ 33, 4 }, /* ProcessIoPriority */
		{ 34, 4 }, /* ProcessExecuteFlags */
		{ 39, 4 }, /* ProcessPagePriority */
		{ 41, 0 }, /* ProcessThreadStackAllocation */
		{ 52, 0 }, /* ProcessMitigationPolicy */
		{ 77, 0 }, /* ProcessPowerThrottlingState */
	};
	struct object *o;
	size_t i = 0, n = sizeof known / sizeof *known;
	if (!in && size)
		return STATUS_ACCESS_VIOLATION;
	while (i < n && known[i].class != class)
		i++;
	if (i == n)
		return STATUS_INVALID_INFO_CLASS;
	if (known[i].size && size != known[i].size)
		return STATUS_INFO_LENGTH_MISMATCH;
	NTSTATUS s = handle_get(process, &process_class, &o);
	if (s < 0)
		return s;
	bool mine = o == &process_self()->object;
	object_unref(o);
	return mine ? set_wish(process, class, in) : STATUS_ACCESS_DENIED;
}

/* -- event tracing: nobody listens -------------------------------------------------------------------- */

WINAPI ULONG
ntdll_EtwEventRegister(const void *provider, void *callback, void *context, ULONGLONG *handle)
{
	static _Atomic ULONGLONG next = 1;
	(void)callback, (void)context;
	if (!provider || !handle)
		return ERROR_INVALID_PARAMETER;
	*handle = next++;
	return ERROR_SUCCESS;
}

WINAPI ULONG
ntdll_EtwEventUnregister(ULONGLONG handle)
{
	return handle ? ERROR_SUCCESS : ERROR_INVALID_HANDLE;
}

WINAPI ULONG
ntdll_EtwEventSetInformation(ULONGLONG handle, int class, void *in, ULONG size)
{
	(void)class, (void)in, (void)size;
	return handle ? ERROR_SUCCESS : ERROR_INVALID_HANDLE;
}

WINAPI BOOLEAN
ntdll_EtwEventEnabled(ULONGLONG handle, const void *event)
{
	(void)handle, (void)event;
	return FALSE;
}

WINAPI BOOLEAN
ntdll_EtwEventProviderEnabled(ULONGLONG handle, BYTE level, ULONGLONG keyword)
{
	(void)handle, (void)level, (void)keyword;
	return FALSE;
}

WINAPI ULONG
ntdll_EtwEventWrite(ULONGLONG handle, const void *event, ULONG n, const void *data)
{
	(void)event, (void)n, (void)data;
	return handle ? ERROR_SUCCESS : ERROR_INVALID_HANDLE;
}

WINAPI ULONG
ntdll_EtwEventWriteTransfer(ULONGLONG handle, const void *event, const void *id,
                            const void *related, ULONG n, const void *data)
{
	(void)event, (void)id, (void)related, (void)n, (void)data;
	return handle ? ERROR_SUCCESS : ERROR_INVALID_HANDLE;
}

WINAPI ULONG
ntdll_EtwEventWriteString(ULONGLONG handle, BYTE level, ULONGLONG keyword, const WCHAR *s)
{
	(void)level, (void)keyword, (void)s;
	return handle ? ERROR_SUCCESS : ERROR_INVALID_HANDLE;
}

/* What a thread is busy with: it gets, sets, makes, or exchanges its number. */
WINAPI ULONG
ntdll_EtwEventActivityIdControl(ULONG code, void *id)
{
	static _Thread_local BYTE mine[16];
	BYTE given[16], fresh[16];
	if (!id || code < 1 || code > 5)
		return ERROR_INVALID_PARAMETER;
	if (code == 3 || code == 5) { /* a GUID of chance is of version 4, variant 1 (RFC 9562) */
		host_random(fresh, sizeof fresh);
		fresh[7] = (BYTE)((fresh[7] & 15) | 0x40);
		fresh[8] = (BYTE)((fresh[8] & 0x3f) | 0x80);
	}
	switch (code) {
	case 1: memcpy(id, mine, 16); break;
	case 2: memcpy(mine, id, 16); break;
	case 3: memcpy(id, fresh, 16); break;
	case 4:
		memcpy(given, id, 16);
		memcpy(id, mine, 16);
		memcpy(mine, given, 16);
		break;
	default: memcpy(id, mine, 16); memcpy(mine, fresh, 16);
	}
	return ERROR_SUCCESS;
}

WINAPI ULONG
ntdll_EtwRegisterTraceGuidsW(void *callback, void *context, const void *guid, ULONG n, void *guids,
                             const WCHAR *path, const WCHAR *name, ULONGLONG *handle)
{
	(void)context, (void)path, (void)name;
	if (!callback || !guid || !handle || (n && !guids))
		return ERROR_INVALID_PARAMETER;
	*handle = 1;
	return ERROR_SUCCESS;
}

WINAPI ULONG
ntdll_EtwUnregisterTraceGuids(ULONGLONG handle)
{
	return handle ? ERROR_SUCCESS : ERROR_INVALID_PARAMETER;
}
