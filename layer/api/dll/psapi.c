/* SPDX-License-Identifier: Apache-2.0 */
/* psapi.c -- what a process uses, and its modules; of this process. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "layer/api/dll/dll.h"
#include "layer/api/dll/ntdll_vm.h"
#include "layer/api/nt/host.h"
#include "layer/api/nt/image/ldr.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/process/process.h"
#include "layer/api/nt/object/shared.h"
#include "layer/api/nt/sysinfo.h"
#include "layer/api/nt/thread/thread.h"
#include "layer/api/nt/mem/vm.h"

/* Is it our own process's?  FALSE, with its reason: no process, or another, which tells us nothing
 * of its memory. */
static BOOL
own(HANDLE h)
{
	struct object *o;
	if (!succeed(handle_get(h, &process_class, &o)))
		return FALSE;
	bool is = o == &process_self()->object;
	object_unref(o);
	return is ? TRUE : refuse(ERROR_ACCESS_DENIED);
}

struct PROCESS_MEMORY_COUNTERS_EX {
	DWORD cb, PageFaultCount;
	SIZE_T PeakWorkingSetSize, WorkingSetSize, QuotaPeakPagedPoolUsage, QuotaPagedPoolUsage,
	        QuotaPeakNonPagedPoolUsage, QuotaNonPagedPoolUsage, PagefileUsage,
	        PeakPagefileUsage, PrivateUsage;
};

WINAPI BOOL
psapi_GetProcessMemoryInfo(HANDLE process, struct PROCESS_MEMORY_COUNTERS_EX *c, DWORD size)
{
	struct post_memory m = { .what = POST_USE };
	if (size < offsetof(struct PROCESS_MEMORY_COUNTERS_EX, PrivateUsage))
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	/* another one tells it itself */
	if (!succeed(ntdll_vm_do(process, &m)))
		return FALSE;
	struct host_use u = m.use;
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
	p->ThreadCount = thread_count();
	if (process_share(NULL) < 0)
		return TRUE;
	/* and those of the machine's other processes */
	for (uint32_t i = 0; i < SHARED_PROCESSES; i++) {
		struct shared_process *q = &shared->process[i];
		if (q == shared_self() || !shared_lives(q))
			continue;
		p->ProcessCount++;
		p->ThreadCount += atomic_load(&q->threads);
	}
	return TRUE;
}

static const struct UNICODE_STRING *
name_of(HANDLE process, HMODULE module, bool base)
{
	if (!own(process))
		return NULL;
	struct module *m = ldr_of(module);
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
	if (!own(process))
		return FALSE;
	struct module *m = ldr_of(module);
	if (!m)
		return refuse(ERROR_INVALID_HANDLE);
	if (size < sizeof *out)
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	*out = (struct MODULEINFO){ m->entry.DllBase, m->entry.SizeOfImage, m->entry.EntryPoint };
	return TRUE;
}

/* What is in memory is the host's to decide; it needs no advice. */
WINAPI BOOL
psapi_EmptyWorkingSet(HANDLE process)
{
	return own(process);
}

/* PSAPI_WORKING_SET_EX_INFORMATION: the page of an address, and what it is. */
struct page {
	void *address;
	ULONG_PTR attributes;
};

enum { PAGE_VALID = 1, PAGE_COUNT_SHIFT = 1, PAGE_PROTECTION_SHIFT = 4, PAGE_SHARED = 1 << 15 };

/* A page that is not in memory has no attributes. */
WINAPI BOOL
psapi_QueryWorkingSetEx(HANDLE process, struct page *p, DWORD size)
{
	if (!own(process))
		return FALSE;
	if (!p || size < sizeof *p)
		return refuse(ERROR_BAD_LENGTH);
	for (DWORD i = 0; i < size / sizeof *p; i++) {
		struct MEMORY_BASIC_INFORMATION m;
		unsigned char there = 0;
		void *at = (void *)((uintptr_t)p[i].address & ~(uintptr_t)4095);
		p[i].attributes = 0;
		if (vm_query(at, &m) < 0 || m.State != MEM_COMMIT || m.Protect & PAGE_NOACCESS)
			continue;
		if (mincore(at, 4096, &there) < 0 || !(there & 1))
			continue;
		p[i].attributes = PAGE_VALID | (ULONG_PTR)(m.Protect & 0x7ff)
		                                       << PAGE_PROTECTION_SHIFT;
		if (m.Type != MEM_PRIVATE)
			p[i].attributes |= PAGE_SHARED | 1 << PAGE_COUNT_SHIFT;
	}
	return TRUE;
}
