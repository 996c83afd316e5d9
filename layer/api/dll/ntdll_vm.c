/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual memory.  What is to be done with another process' memory it does itself (post.h). */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "layer/api/dll/dll.h"
#include "layer/api/dll/ntdll_vm.h"
#include "layer/api/nt/except/except.h"
#include "layer/api/nt/image/ldr.h"
#include "layer/api/nt/file/path.h"
#include "layer/api/nt/process/process.h"
#include "layer/api/nt/object/shared.h"
#include "layer/api/nt/mem/vm.h"

enum {
	PROCESS_VM_OPERATION = 8,
	PROCESS_QUERY_INFORMATION = 0x400,
	PROCESS_QUERY_LIMITED_INFORMATION = 0x1000,
	GENERIC_ALL = 0x10000000,
	MAXIMUM_ALLOWED = 0x2000000,
};

/* STATUS_SUCCESS: the handle is our own process.  STATUS_ACCESS_DENIED: another; *pid is its. */
static NTSTATUS
process_of(HANDLE h, pid_t *pid)
{
	*pid = getpid();
	if (h == INVALID_HANDLE_VALUE)
		return STATUS_SUCCESS;
	struct object *o;
	NTSTATUS s = handle_get(h, &process_class, &o);
	if (s < 0)
		return s;
	struct process *p = (struct process *)o;
	bool own = p == process_self();
	if (!own && p->slot)
		*pid = atomic_load(&p->slot->pid);
	object_unref(o);
	return own ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
}

NTSTATUS
ntdll_vm_own(HANDLE process)
{
	pid_t pid;
	return process_of(process, &pid);
}

NTSTATUS
ntdll_vm_do(HANDLE process, struct post_memory *m)
{
	const ACCESS_MASK need = m->what == POST_QUERY ? PROCESS_QUERY_INFORMATION
	                         : m->what == POST_USE ? PROCESS_QUERY_INFORMATION |
	                                                         PROCESS_QUERY_LIMITED_INFORMATION
	                                               : PROCESS_VM_OPERATION;
	struct object *o;
	ACCESS_MASK access = 0;

	if (process == INVALID_HANDLE_VALUE)
		return post_memory_do(m);
	NTSTATUS s = handle_get(process, &process_class, &o);
	if (s < 0)
		return s;
	handle_flags(process, &access, NULL);
	s = !(access & (need | GENERIC_ALL | MAXIMUM_ALLOWED)) ? STATUS_ACCESS_DENIED
	    : o == &process_self()->object                     ? post_memory_do(m)
	                                   : post_memory((struct process *)o, m);
	object_unref(o);
	return s;
}

NTSTATUS
ntdll_vm_where(const struct MEM_EXTENDED_PARAMETER *p, ULONG n, struct vm_where *w)
{
	*w = (struct vm_where){ 0 };
	if (n && !p)
		return STATUS_INVALID_PARAMETER;
	for (ULONG i = 0; i < n; i++) {
		switch (p[i].Type & 0xff) {
		case 1: { /* MemExtendedParameterAddressRequirements */
			const struct MEM_ADDRESS_REQUIREMENTS *a = p[i].Pointer;
			if (!a)
				return STATUS_INVALID_PARAMETER;
			uint64_t low = (uint64_t)a->LowestStartingAddress,
			         high = (uint64_t)a->HighestEndingAddress;
			if (low % VM_GRAIN || (high && (high + 1) % VM_PAGE) ||
			    (high && high < low) ||
			    (a->Alignment &&
			     (a->Alignment < VM_GRAIN || a->Alignment & (a->Alignment - 1))))
				return STATUS_INVALID_PARAMETER;
			w->low = low;
			w->high = high ? high + 1 : 0;
			w->align = a->Alignment;
			break;
		}
		case 2:        /* MemExtendedParameterNumaNode: there is one */
		case 5: break; /* MemExtendedParameterAttributeFlags: hints */
		case 3:        /* MemExtendedParameterPartitionHandle */
		case 4: return STATUS_NOT_SUPPORTED; /* MemExtendedParameterUserPhysicalHandle */
		default: return STATUS_INVALID_PARAMETER;
		}
	}
	return STATUS_SUCCESS;
}

/* What came of it, where the caller wants it. */
static NTSTATUS
done(NTSTATUS s, const struct post_memory *m, void **base, SIZE_T *size)
{
	if (s >= 0) {
		*base = m->base;
		*size = m->size;
	}
	return s;
}

WINAPI NTSTATUS
ntdll_NtAllocateVirtualMemory(HANDLE process, void **base, ULONG_PTR zero_bits, SIZE_T *size,
                              ULONG type, ULONG protect)
{
	struct post_memory m = { .what = POST_ALLOC, .type = type, .protect = protect };
	struct vm_where w = { 0 };
	if (zero_bits > 21 && zero_bits < 32)
		return STATUS_INVALID_PARAMETER;
	/* so many bits at the top of 32 are zero; or a mask of those that need not be */
	if (zero_bits && zero_bits <= 21)
		w.high = 1ull << (32 - zero_bits);
	else if (zero_bits)
		w.high = zero_bits >> 63 ? 0 : 2ull << (63 - __builtin_clzll(zero_bits));
	m.base = *base;
	m.size = *size;
	if (!m.base)
		m.where = w;
	return done(ntdll_vm_do(process, &m), &m, base, size);
}

WINAPI NTSTATUS
ntdll_NtAllocateVirtualMemoryEx(HANDLE process, void **base, SIZE_T *size, ULONG type,
                                ULONG protect, struct MEM_EXTENDED_PARAMETER *parameters, ULONG n)
{
	struct post_memory m = { .what = POST_ALLOC, .type = type, .protect = protect };
	NTSTATUS s = ntdll_vm_where(parameters, n, &m.where);
	if (s < 0)
		return s;
	m.base = *base;
	m.size = *size;
	if (m.base && (m.where.low || m.where.high || m.where.align))
		return STATUS_INVALID_PARAMETER;
	return done(ntdll_vm_do(process, &m), &m, base, size);
}

WINAPI NTSTATUS
ntdll_NtFreeVirtualMemory(HANDLE process, void **base, SIZE_T *size, ULONG type)
{
	struct post_memory m = { .what = POST_FREE, .type = type };
	m.base = *base;
	m.size = *size;
	return done(ntdll_vm_do(process, &m), &m, base, size);
}

WINAPI NTSTATUS
ntdll_NtProtectVirtualMemory(HANDLE process, void **base, SIZE_T *size, ULONG protect, ULONG *old)
{
	struct post_memory m = { .what = POST_PROTECT, .protect = protect };
	if (!old)
		return STATUS_ACCESS_VIOLATION;
	m.base = *base;
	m.size = *size;
	(void)*(volatile ULONG *)old;
	NTSTATUS s = done(ntdll_vm_do(process, &m), &m, base, size);
	if (s >= 0)
		*old = m.protect;
	return s;
}

static NTSTATUS
query(HANDLE process, const void *address, void *out, SIZE_T room, SIZE_T *returned)
{
	struct post_memory m = { .what = POST_QUERY, .base = (void *)address };
	if (room < sizeof m.found)
		return STATUS_INFO_LENGTH_MISMATCH;
	NTSTATUS s = ntdll_vm_do(process, &m);
	if (s < 0)
		return s;
	memcpy(out, &m.found, sizeof m.found);
	if (returned)
		*returned = sizeof m.found;
	return s;
}

/* The Windows path of what is mapped at an address. */
static NTSTATUS
file_name(const void *address, struct UNICODE_STRING *out, SIZE_T room, SIZE_T *returned)
{
	struct module *m = ldr_at(address);
	if (!m)
		return STATUS_INVALID_PARAMETER;
	const struct UNICODE_STRING *name = &m->entry.FullDllName;
	SIZE_T need = sizeof *out + name->Length + 2;
	if (returned)
		*returned = need;
	if (room < need)
		return STATUS_BUFFER_OVERFLOW;
	out->Buffer = (WCHAR *)(out + 1);
	out->Length = name->Length;
	out->MaximumLength = (USHORT)(name->Length + 2);
	memcpy(out->Buffer, name->Buffer, name->Length);
	out->Buffer[name->Length / 2] = 0;
	return STATUS_SUCCESS;
}

/* PSAPI_WORKING_SET_EX_INFORMATION: is a page there? */
static void
working_set(struct MEMORY_WORKING_SET_EX_INFORMATION *w, SIZE_T n)
{
	for (SIZE_T i = 0; i < n; i++) {
		struct MEMORY_BASIC_INFORMATION m;
		unsigned char there = 0;
		w[i].VirtualAttributes = 0;
		if (vm_query(w[i].VirtualAddress, &m) < 0 || m.State != MEM_COMMIT ||
		    mincore(m.BaseAddress, VM_PAGE, &there) < 0 || !(there & 1))
			continue;
		bool common = m.Type != MEM_PRIVATE;
		w[i].VirtualAttributes = 1 | (common ? 0 : 1 << 1) | (m.Protect & 0x7ff) << 4 |
		                         (ULONG_PTR)common << 15;
	}
}

WINAPI NTSTATUS
ntdll_NtQueryVirtualMemory(HANDLE process, const void *address, int class, void *out, SIZE_T room,
                           SIZE_T *returned)
{
	struct MEMORY_BASIC_INFORMATION m;
	if (!class) /* MemoryBasicInformation */
		return query(process, address, out, room, returned);
	NTSTATUS s = ntdll_vm_own(process);
	if (s < 0)
		return s;
	switch (class) {
	case 2: /* MemoryMappedFilenameInformation */
		return file_name(address, out, room, returned);
	case 3: { /* MemoryRegionInformation */
		struct MEMORY_REGION_INFORMATION r = { 0 };
		if (room < offsetof(struct MEMORY_REGION_INFORMATION, CommitSize))
			return STATUS_INFO_LENGTH_MISMATCH;
		s = vm_query(address, &m);
		if (s < 0)
			return s;
		if (m.State == MEM_FREE)
			return STATUS_INVALID_ADDRESS;
		r.AllocationBase = m.AllocationBase;
		r.AllocationProtect = m.AllocationProtect;
		r.RegionType = m.Type == MEM_PRIVATE ? 1 : m.Type == MEM_MAPPED ? 2 : 4;
		for (char *at = m.AllocationBase;
		     vm_query(at, &m) >= 0 && m.AllocationBase == r.AllocationBase;
		     at += m.RegionSize) {
			r.RegionSize += m.RegionSize;
			r.CommitSize += m.State == MEM_COMMIT ? m.RegionSize : 0;
		}
		SIZE_T n = room < sizeof r ? room : sizeof r;
		memcpy(out, &r, n);
		if (returned)
			*returned = n;
		return STATUS_SUCCESS;
	}
	case 4: /* MemoryWorkingSetExInformation */
		working_set(out, room / sizeof(struct MEMORY_WORKING_SET_EX_INFORMATION));
		if (returned)
			*returned = room;
		return STATUS_SUCCESS;
	default: return STATUS_INVALID_INFO_CLASS;
	}
}

WINAPI NTSTATUS
ntdll_NtReadVirtualMemory(HANDLE process, const void *from, void *to, SIZE_T n, SIZE_T *done)
{
	pid_t pid;
	NTSTATUS s = process_of(process, &pid);
	if (s < 0 && (s != STATUS_ACCESS_DENIED || pid == getpid()))
		return s;
	struct iovec local = { to, n }, remote = { (void *)from, n };
	ssize_t r = n ? process_vm_readv(pid, &local, 1, &remote, 1, 0) : 0;
	if (done)
		*done = r > 0 ? (SIZE_T)r : 0;
	if (r < 0 && errno != EFAULT)
		return status_errno(errno);
	return r == (ssize_t)n ? STATUS_SUCCESS : STATUS_PARTIAL_COPY;
}

WINAPI NTSTATUS
ntdll_NtWriteVirtualMemory(HANDLE process, void *to, const void *from, SIZE_T n, SIZE_T *done)
{
	pid_t pid;
	NTSTATUS s = process_of(process, &pid);
	if (s < 0 && (s != STATUS_ACCESS_DENIED || pid == getpid()))
		return s;
	struct iovec local = { (void *)from, n }, remote = { to, n };
	ssize_t r = n ? process_vm_writev(pid, &local, 1, &remote, 1, 0) : 0;
	if (r < (ssize_t)n && pid == getpid() && vm_touch(to, n, true))
		r = process_vm_writev(pid, &local, 1, &remote, 1, 0);
	if (done)
		*done = r > 0 ? (SIZE_T)r : 0;
	if (r < 0 && errno != EFAULT)
		return status_errno(errno);
	return r == (ssize_t)n ? STATUS_SUCCESS : STATUS_PARTIAL_COPY;
}

WINAPI NTSTATUS
ntdll_NtFlushInstructionCache(HANDLE process, const void *base, SIZE_T n)
{
	(void)base;
	(void)n;
	/* x86 sees its own writes */
	return ntdll_vm_own(process);
}

WINAPI NTSTATUS
ntdll_NtGetWriteWatch(HANDLE process, ULONG flags, void *base, SIZE_T size, void **addresses,
                      ULONG_PTR *count, ULONG *granularity)
{
	NTSTATUS s = ntdll_vm_own(process);
	if (s >= 0)
		s = vm_watch_get(flags, base, size, addresses, count);
	if (s >= 0 && granularity)
		*granularity = VM_PAGE;
	return s;
}

WINAPI NTSTATUS
ntdll_NtResetWriteWatch(HANDLE process, void *base, SIZE_T size)
{
	NTSTATUS s = ntdll_vm_own(process);
	return s < 0 ? s : vm_watch_reset(base, size);
}

/* Pages of [base, + size), all committed; STATUS_ACCESS_VIOLATION otherwise. */
static NTSTATUS
committed(const void *base, SIZE_T size)
{
	struct MEMORY_BASIC_INFORMATION m;
	for (const char *at = base, *end = at + size; at < end;
	     at = (char *)m.BaseAddress + m.RegionSize) {
		if (vm_query(at, &m) < 0 || m.State != MEM_COMMIT ||
		    m.Protect & (PAGE_NOACCESS | PAGE_GUARD))
			return STATUS_ACCESS_VIOLATION;
	}
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
ntdll_NtLockVirtualMemory(HANDLE process, void **base, SIZE_T *size, ULONG type)
{
	(void)type;
	NTSTATUS s = ntdll_vm_own(process);
	if (s >= 0 && !*size)
		s = STATUS_INVALID_PARAMETER;
	if (s >= 0)
		s = committed(*base, *size);
	/* the host's limit is as small as Windows' minimum working set */
	if (s >= 0 && mlock(*base, *size) < 0)
		s = errno == EPERM || errno == ENOMEM || errno == EAGAIN ? STATUS_WORKING_SET_QUOTA
		                                                         : status_errno(errno);
	return s;
}

WINAPI NTSTATUS
ntdll_NtUnlockVirtualMemory(HANDLE process, void **base, SIZE_T *size, ULONG type)
{
	(void)type;
	NTSTATUS s = ntdll_vm_own(process);
	if (s >= 0 && munlock(*base, *size) < 0)
		s = STATUS_NOT_LOCKED;
	return s;
}
