/* SPDX-License-Identifier: Apache-2.0 */
/* psapi.c -- what a process uses, and its modules; of this process. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/host.h"
#include "layer/api/nt/ldr.h"
#include "layer/api/nt/nls.h"
#include "layer/api/nt/sysinfo.h"

#define SELF ((HANDLE)(intptr_t)-1)

struct PROCESS_MEMORY_COUNTERS_EX {
	DWORD cb, PageFaultCount;
	SIZE_T PeakWorkingSetSize, WorkingSetSize, QuotaPeakPagedPoolUsage, QuotaPagedPoolUsage,
	        QuotaPeakNonPagedPoolUsage, QuotaNonPagedPoolUsage, PagefileUsage,
	        PeakPagefileUsage, PrivateUsage;
};

WINAPI BOOL
psapi_GetProcessMemoryInfo(HANDLE process, struct PROCESS_MEMORY_COUNTERS_EX *c, DWORD size)
{
	struct host_use u = host_use();
	if (process != SELF)
		return refuse(ERROR_INVALID_HANDLE);
	if (size < offsetof(struct PROCESS_MEMORY_COUNTERS_EX, PrivateUsage))
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	memset(c, 0, size < sizeof *c ? size : sizeof *c);
	c->cb = size;
	c->PageFaultCount = (DWORD)u.faults;
	c->PeakWorkingSetSize = u.peak;
	c->WorkingSetSize = u.resident;
	c->PagefileUsage = c->PeakPagefileUsage = u.private;
	if (size >= sizeof *c)
		c->PrivateUsage = u.private;
	return TRUE;
}

struct PERFORMANCE_INFORMATION {
	DWORD cb;
	SIZE_T CommitTotal, CommitLimit, CommitPeak, PhysicalTotal, PhysicalAvailable, SystemCache,
	        KernelTotal, KernelPaged, KernelNonpaged, PageSize;
	DWORD HandleCount, ProcessCount, ThreadCount;
};

WINAPI BOOL
psapi_GetPerformanceInfo(struct PERFORMANCE_INFORMATION *p, DWORD size)
{
	struct host_memory m = host_memory();
	if (size < sizeof *p)
		return refuse(ERROR_BAD_LENGTH);
	*p = (struct PERFORMANCE_INFORMATION){ .cb = sizeof *p,
		                               .PageSize = 4096,
		                               .ProcessCount = 1 };
	p->PhysicalTotal = m.total >> 12;
	p->PhysicalAvailable = m.available >> 12;
	p->CommitLimit = (m.total + m.swap_total) >> 12;
	p->CommitTotal = p->CommitPeak = (m.total - m.available) >> 12;
	p->HandleCount = sysinfo_handles();
	p->ThreadCount = 1;
	return TRUE;
}

static const struct UNICODE_STRING *
name_of(HANDLE process, HMODULE module, bool base)
{
	struct module *m = process == SELF ? ldr_of(module) : NULL;
	if (!m) {
		last_error(ERROR_INVALID_HANDLE);
		return NULL;
	}
	return base ? &m->entry.BaseDllName : &m->entry.FullDllName;
}

static DWORD
give(const struct UNICODE_STRING *s, WCHAR *out, DWORD room)
{
	DWORD n = s ? s->Length / 2u : 0;
	if (!s || !room)
		return (DWORD)(s ? refuse(ERROR_INSUFFICIENT_BUFFER) : 0);
	if (n >= room)
		n = room - 1;
	memcpy(out, s->Buffer, n * sizeof *out);
	out[n] = 0;
	return n;
}

static DWORD
give_narrow(const struct UNICODE_STRING *s, char *out, DWORD room)
{
	DWORD n;
	if (!s || !room)
		return (DWORD)(s ? refuse(ERROR_INSUFFICIENT_BUFFER) : 0);
	n = (DWORD)nls_8_of_16(s->Buffer, s->Length / 2u, out, room - 1, NULL);
	if (n >= room)
		n = room - 1;
	out[n] = 0;
	return n;
}

WINAPI DWORD
psapi_GetModuleFileNameExW(HANDLE p, HMODULE m, WCHAR *out, DWORD room)
{
	return give(name_of(p, m, false), out, room);
}
WINAPI DWORD
psapi_GetModuleFileNameExA(HANDLE p, HMODULE m, char *out, DWORD room)
{
	return give_narrow(name_of(p, m, false), out, room);
}
WINAPI DWORD
psapi_GetModuleBaseNameW(HANDLE p, HMODULE m, WCHAR *out, DWORD room)
{
	return give(name_of(p, m, true), out, room);
}
WINAPI DWORD
psapi_GetModuleBaseNameA(HANDLE p, HMODULE m, char *out, DWORD room)
{
	return give_narrow(name_of(p, m, true), out, room);
}
struct MODULEINFO {
	void *lpBaseOfDll;
	DWORD SizeOfImage;
	void *EntryPoint;
};

WINAPI BOOL
psapi_GetModuleInformation(HANDLE process, HMODULE module, struct MODULEINFO *out, DWORD size)
{
	struct module *m = process == SELF ? ldr_of(module) : NULL;
	if (!m)
		return refuse(ERROR_INVALID_HANDLE);
	if (size < sizeof *out)
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	*out = (struct MODULEINFO){ m->entry.DllBase, m->entry.SizeOfImage, m->entry.EntryPoint };
	return TRUE;
}

WINAPI BOOL
psapi_EmptyWorkingSet(HANDLE process)
{
	return process ? TRUE : refuse(ERROR_INVALID_HANDLE);
}

WINAPI BOOL
psapi_QueryWorkingSetEx(HANDLE process, void *out, DWORD size)
{
	(void)process, (void)out, (void)size;
	return refuse(ERROR_NOT_SUPPORTED);
}
