/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_self.c -- what a process asks about itself, and what it sets of itself. */
#include <sched.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/dll/ntdll_process.h"
#include "layer/api/nt/clock.h"
#include "layer/api/nt/host.h"
#include "layer/api/nt/sysinfo.h"
#include "layer/api/nt/thread/thread.h"
#include "layer/api/nt/thread/threadinfo.h"

#define SELF ((HANDLE)(intptr_t)-1)

/* FALSE, with its reason: it is no process's handle. */
static BOOL
is_process(HANDLE h)
{
	struct object *o;
	if (!succeed(handle_get(h, &process_class, &o)))
		return FALSE;
	object_unref(o);
	return TRUE;
}

WINAPI HANDLE
kernel32_GetCurrentProcess(void)
{
	return SELF;
}

WINAPI DWORD
kernel32_GetCurrentProcessId(void)
{
	return (DWORD)(uintptr_t)teb()->ClientId.UniqueProcess;
}

/* For a debugger, or the program's own handler. */
WINAPI void
kernel32_DebugBreak(void)
{
	__asm__ volatile("int3");
}

WINAPI BOOL
kernel32_IsDebuggerPresent(void)
{
	return teb()->ProcessEnvironmentBlock->BeingDebugged;
}

WINAPI BOOL
kernel32_CheckRemoteDebuggerPresent(HANDLE process, BOOL *present)
{
	if (!process || !present)
		return refuse(ERROR_INVALID_PARAMETER);
	*present = FALSE;
	return TRUE;
}

/* Nobody listens: without a debugger Windows drops it too. */
WINAPI void
kernel32_OutputDebugStringW(const WCHAR *s)
{
	(void)s;
}
WINAPI void
kernel32_OutputDebugStringA(const char *s)
{
	(void)s;
}

WINAPI BOOL
kernel32_ProcessIdToSessionId(DWORD id, DWORD *session)
{
	(void)id;
	*session = teb()->ProcessEnvironmentBlock->SessionId;
	return TRUE;
}

WINAPI DWORD
kernel32_WTSGetActiveConsoleSessionId(void)
{
	return 1;
}

WINAPI BOOL
kernel32_IsWow64Process(HANDLE process, BOOL *wow)
{
	(void)process;
	*wow = FALSE;
	return TRUE;
}

WINAPI BOOL
kernel32_IsWow64Process2(HANDLE process, USHORT *machine, USHORT *native)
{
	(void)process;
	*machine = 0;
	if (native)
		*native = 0x8664;
	return TRUE;
}

WINAPI HRESULT
kernel32_IsWow64GuestMachineSupported(USHORT machine, BOOL *supported)
{
	(void)machine;
	*supported = FALSE;
	return 0;
}

/* -- times and counts: of this process; of others what the machine's table has (process.c) -- */

WINAPI BOOL
kernel32_GetProcessTimes(HANDLE process, struct FILETIME *created, struct FILETIME *ended,
                         struct FILETIME *kernel, struct FILETIME *user)
{
	int64_t k, u;
	struct object *o;
	NTSTATUS s = handle_get(process, &process_class, &o);
	if (s < 0)
		return succeed(s);
	bool other = o != &process_self()->object;
	LONGLONG t[4];
	if (other)
		ntdll_process_times((struct process *)o, t);
	object_unref(o);
	if (other) {
		*created = clock_filetime(t[0]);
		*ended = clock_filetime(t[1]);
		*kernel = clock_filetime(t[2]);
		*user = clock_filetime(t[3]);
		return TRUE;
	}
	sysinfo_times(&k, &u);
	*created = clock_filetime(clock_started());
	*ended = clock_filetime(0);
	*kernel = clock_filetime(k);
	*user = clock_filetime(u);
	return TRUE;
}

WINAPI BOOL
kernel32_QueryProcessCycleTime(HANDLE process, ULONG64 *cycles)
{
	int64_t k, u;
	if (process != SELF)
		return refuse(ERROR_INVALID_HANDLE);
	sysinfo_times(&k, &u);
	*cycles = (ULONG64)(k + u) * 250; /* as of 2.5 GHz */
	return TRUE;
}

struct IO_COUNTERS {
	ULONGLONG ReadOperationCount, WriteOperationCount, OtherOperationCount, ReadTransferCount,
	        WriteTransferCount, OtherTransferCount;
};

/* Nobody counts them. */
WINAPI BOOL
kernel32_GetProcessIoCounters(HANDLE process, struct IO_COUNTERS *c)
{
	if (!process)
		return refuse(ERROR_INVALID_HANDLE);
	memset(c, 0, sizeof *c);
	return TRUE;
}

static _Atomic DWORD priority = 0x20; /* NORMAL_PRIORITY_CLASS */

WINAPI DWORD
kernel32_GetPriorityClass(HANDLE process)
{
	return process ? priority : (DWORD)refuse(ERROR_INVALID_HANDLE);
}

WINAPI BOOL
kernel32_SetPriorityClass(HANDLE process, DWORD class)
{
	if (class == 0x100000 || class == 0x200000) /* background begins, ends */
		return TRUE;
	if (class != 0x20 && class != 0x40 && class != 0x80 && class != 0x100 && class != 0x4000 &&
	    class != 0x8000)
		return refuse(ERROR_INVALID_PARAMETER);
	if (process == SELF)
		priority = class == 0x100 ? 0x80 : class; /* real time needs a privilege */
	return TRUE;
}

static _Atomic BOOL no_boost;

WINAPI BOOL
kernel32_GetProcessPriorityBoost(HANDLE process, BOOL *disabled)
{
	(void)process;
	*disabled = no_boost;
	return TRUE;
}

WINAPI BOOL
kernel32_SetProcessPriorityBoost(HANDLE process, BOOL disable)
{
	if (!is_process(process))
		return FALSE;
	no_boost = disable != 0;
	return TRUE;
}

static _Atomic uint64_t affinity;

WINAPI BOOL
kernel32_GetProcessAffinityMask(HANDLE process, DWORD_PTR *mine, DWORD_PTR *system)
{
	if (!is_process(process))
		return FALSE;
	*system = host_processor_mask();
	*mine = affinity ? affinity : *system;
	return TRUE;
}

static void
bind(struct thread *t, void *mask)
{
	uint64_t before;
	threadinfo_affinity(t, mask, &before); /* one that ends meanwhile does not matter */
}

/* Its threads run there only, and those that they will make. */
WINAPI BOOL
kernel32_SetProcessAffinityMask(HANDLE process, DWORD_PTR mask)
{
	struct object *o;
	if (!succeed(handle_get(process, &process_class, &o)))
		return FALSE;
	bool mine = o == &process_self()->object;
	object_unref(o);
	if (!mask || (mask & ~host_processor_mask()))
		return refuse(ERROR_INVALID_PARAMETER);
	if (!mine)
		return refuse(ERROR_ACCESS_DENIED);
	uint64_t wanted = mask;
	thread_each(bind, &wanted);
	affinity = mask;
	return TRUE;
}

WINAPI BOOL
kernel32_GetProcessGroupAffinity(HANDLE process, USHORT *count, USHORT *groups)
{
	(void)process;
	if (*count < 1) {
		*count = 1;
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	}
	*count = 1;
	groups[0] = 0;
	return TRUE;
}

WINAPI BOOL
kernel32_SetProcessAffinityUpdateMode(HANDLE process, DWORD flags)
{
	if (!is_process(process))
		return FALSE;
	return flags & ~1u ? refuse(ERROR_INVALID_PARAMETER) : TRUE;
}

/* Flags: both limits may be passed (QUOTA_LIMITS_HARDWS_MIN_DISABLE, _MAX_DISABLE). */
static SIZE_T set_least = 200 << 10, set_most = 1380 << 10;
static DWORD set_flags = 2 | 8;

WINAPI BOOL
kernel32_GetProcessWorkingSetSize(HANDLE process, SIZE_T *least, SIZE_T *most)
{
	if (!is_process(process))
		return FALSE;
	*least = set_least;
	*most = set_most;
	return TRUE;
}

WINAPI BOOL
kernel32_GetProcessWorkingSetSizeEx(HANDLE process, SIZE_T *least, SIZE_T *most, DWORD *flags)
{
	*flags = set_flags;
	return kernel32_GetProcessWorkingSetSize(process, least, most);
}

WINAPI BOOL
kernel32_SetProcessWorkingSetSize(HANDLE process, SIZE_T least, SIZE_T most)
{
	if (!is_process(process))
		return FALSE;
	if (least == (SIZE_T)-1 && most == (SIZE_T)-1)
		return TRUE;
	if (least > most)
		return refuse(ERROR_INVALID_PARAMETER);
	set_least = least;
	set_most = most;
	return TRUE;
}

WINAPI BOOL
kernel32_SetProcessWorkingSetSizeEx(HANDLE process, SIZE_T least, SIZE_T most, DWORD flags)
{
	/* each limit is either hard or not */
	if (flags & ~15u || (flags & 3) == 3 || (flags & 12) == 12)
		return refuse(ERROR_INVALID_PARAMETER);
	if (!kernel32_SetProcessWorkingSetSize(process, least, most))
		return FALSE;
	if (flags & 3)
		set_flags = (set_flags & 12) | (flags & 3);
	if (flags & 12)
		set_flags = (set_flags & 3) | (flags & 12);
	return TRUE;
}

static DWORD shutdown_level = 0x280, shutdown_flags;

WINAPI BOOL
kernel32_GetProcessShutdownParameters(DWORD *level, DWORD *flags)
{
	*level = shutdown_level;
	*flags = shutdown_flags;
	return TRUE;
}

WINAPI BOOL
kernel32_SetProcessShutdownParameters(DWORD level, DWORD flags)
{
	shutdown_level = level;
	shutdown_flags = flags;
	return TRUE;
}

/* -- sets of processors: the n-th has the number 256 + n, as the system's table says ---- */

enum { FIRST_SET = 256 };
static _Atomic uint64_t sets;

WINAPI BOOL
kernel32_SetProcessDefaultCpuSets(HANDLE process, const ULONG *ids, ULONG n)
{
	uint64_t mask = 0;
	if (!is_process(process))
		return FALSE;
	if (n && !ids)
		return refuse(ERROR_INVALID_PARAMETER);
	for (ULONG i = 0; i < n; i++) {
		if (ids[i] < FIRST_SET || ids[i] - FIRST_SET >= host_processors())
			return refuse(ERROR_INVALID_PARAMETER);
		mask |= UINT64_C(1) << (ids[i] - FIRST_SET);
	}
	sets = mask;
	return TRUE;
}

WINAPI BOOL
kernel32_GetProcessDefaultCpuSets(HANDLE process, ULONG *ids, ULONG room, ULONG *n)
{
	uint64_t mask = sets;
	ULONG need = (ULONG)__builtin_popcountll(mask), i = 0;
	if (!is_process(process))
		return FALSE;
	*n = need;
	if (room < need)
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	for (ULONG k = 0; k < 64 && ids; k++)
		if (mask & UINT64_C(1) << k)
			ids[i++] = FIRST_SET + k;
	return TRUE;
}

/* -- applications of the Store: none; a console program is the desktop's ------------- */

WINAPI LONG
kernel32_AppPolicyGetProcessTerminationMethod(HANDLE token, int *policy)
{
	(void)token;
	*policy = 0; /* AppPolicyProcessTerminationMethod_ExitProcess */
	return ERROR_SUCCESS;
}

WINAPI LONG
kernel32_AppPolicyGetThreadInitializationType(HANDLE token, int *policy)
{
	(void)token;
	*policy = 0; /* none */
	return ERROR_SUCCESS;
}

WINAPI LONG
kernel32_AppPolicyGetShowDeveloperDiagnostic(HANDLE token, int *policy)
{
	(void)token;
	*policy = 1; /* show its message box */
	return ERROR_SUCCESS;
}

WINAPI LONG
kernel32_AppPolicyGetWindowingModel(HANDLE token, int *policy)
{
	(void)token;
	*policy = 2; /* classic desktop */
	return ERROR_SUCCESS;
}

WINAPI LONG
kernel32_AppPolicyGetCreateFileAccess(HANDLE token, int *policy)
{
	(void)token;
	*policy = 0; /* full */
	return ERROR_SUCCESS;
}

WINAPI LONG
kernel32_AppPolicyGetLifecycleManagement(HANDLE token, int *policy)
{
	(void)token;
	*policy = 0; /* unmanaged */
	return ERROR_SUCCESS;
}

enum { APPMODEL_ERROR_NO_PACKAGE = 15700, APPMODEL_ERROR_NO_APPLICATION = 15703 };

WINAPI LONG
kernel32_GetCurrentPackageId(UINT *size, BYTE *out)
{
	(void)out;
	return size ? APPMODEL_ERROR_NO_PACKAGE : ERROR_INVALID_PARAMETER;
}

WINAPI LONG
kernel32_GetCurrentPackageFullName(UINT *size, WCHAR *out)
{
	(void)out;
	return size ? APPMODEL_ERROR_NO_PACKAGE : ERROR_INVALID_PARAMETER;
}

WINAPI LONG
kernel32_GetCurrentPackageFamilyName(UINT *size, WCHAR *out)
{
	(void)out;
	return size ? APPMODEL_ERROR_NO_PACKAGE : ERROR_INVALID_PARAMETER;
}

WINAPI LONG
kernel32_GetCurrentPackagePath(UINT *size, WCHAR *out)
{
	(void)out;
	return size ? APPMODEL_ERROR_NO_PACKAGE : ERROR_INVALID_PARAMETER;
}

WINAPI LONG
kernel32_GetCurrentPackageInfo(DWORD flags, UINT *size, BYTE *out, UINT *count)
{
	(void)flags, (void)out, (void)count;
	return size ? APPMODEL_ERROR_NO_PACKAGE : ERROR_INVALID_PARAMETER;
}

WINAPI LONG
kernel32_GetCurrentApplicationUserModelId(UINT *size, WCHAR *out)
{
	(void)out;
	return size ? APPMODEL_ERROR_NO_APPLICATION : ERROR_INVALID_PARAMETER;
}

WINAPI LONG
kernel32_GetPackageFullName(HANDLE process, UINT *size, WCHAR *out)
{
	(void)process, (void)out;
	return size ? APPMODEL_ERROR_NO_PACKAGE : ERROR_INVALID_PARAMETER;
}

WINAPI LONG
kernel32_GetPackageFamilyName(HANDLE process, UINT *size, WCHAR *out)
{
	(void)process, (void)out;
	return size ? APPMODEL_ERROR_NO_PACKAGE : ERROR_INVALID_PARAMETER;
}

WINAPI LONG
kernel32_GetApplicationUserModelId(HANDLE process, UINT *size, WCHAR *out)
{
	(void)process, (void)out;
	return size ? APPMODEL_ERROR_NO_APPLICATION : ERROR_INVALID_PARAMETER;
}

/* -- pointers, numbers ------------------------------------------------------------------ */

/* The same for the whole process, as RtlEncodePointer's cookie. */
static uint64_t
cookie(void)
{
	static _Atomic uint64_t value;
	uint64_t none = 0, fresh;
	if (value)
		return value;
	host_random(&fresh, sizeof fresh);
	fresh |= 1;
	__atomic_compare_exchange_n((uint64_t *)&value, &none, fresh, false, __ATOMIC_SEQ_CST,
	                            __ATOMIC_SEQ_CST);
	return value;
}

WINAPI void *
kernel32_EncodePointer(void *p)
{
	uint64_t v = (uint64_t)(uintptr_t)p ^ cookie(), k = cookie() & 63;
	return (void *)(uintptr_t)(v >> k | v << (-k & 63));
}

WINAPI void *
kernel32_DecodePointer(void *p)
{
	uint64_t v = (uint64_t)(uintptr_t)p, k = cookie() & 63;
	return (void *)(uintptr_t)((v << k | v >> (-k & 63)) ^ cookie());
}

WINAPI HRESULT
kernel32_EncodeRemotePointer(HANDLE process, void *p, void **out)
{
	if (process != SELF)
		return (HRESULT)0x80070006;
	*out = kernel32_EncodePointer(p);
	return 0;
}

WINAPI HRESULT
kernel32_DecodeRemotePointer(HANDLE process, void *p, void **out)
{
	if (process != SELF)
		return (HRESULT)0x80070006;
	*out = kernel32_DecodePointer(p);
	return 0;
}

WINAPI int
kernel32_MulDiv(int a, int b, int c)
{
	int64_t product = (int64_t)a * b, half, r;
	if (c == 0)
		return -1;
	half = (c < 0 ? -(int64_t)c : c) / 2;
	r = product < 0 ? -((-product + half) / (c < 0 ? -(int64_t)c : c))
	                : (product + half) / (c < 0 ? -(int64_t)c : c);
	if (c < 0)
		r = -r;
	return r > INT32_MAX || r < INT32_MIN ? -1 : (int)r;
}

WINAPI UINT
kernel32_SetHandleCount(UINT n)
{
	return n;
}

/* The version of the system that a program was made for, as its header says it.  Of another
 * process only that it lives is known; it gets ours. */
WINAPI DWORD
kernel32_GetProcessVersion(DWORD id)
{
	const BYTE *base = teb()->ProcessEnvironmentBlock->ImageBaseAddress;
	struct process *p;
	uint32_t at;
	WORD v[2];
	if (id && id != process_self()->id) {
		if (!succeed(process_open(id, &p)))
			return 0;
		object_unref(&p->object);
	}
	memcpy(&at, base + 0x3c, sizeof at);
	memcpy(v, base + at + 24 + 48, sizeof v); /* MajorSubsystemVersion, Minor... */
	return (DWORD)v[0] << 16 | v[1];
}
