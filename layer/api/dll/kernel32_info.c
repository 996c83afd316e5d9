/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_info.c -- what the system and its processors are. */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/except/xstate.h"
#include "layer/api/nt/object/object.h"
#include "layer/api/nt/host.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/sysinfo.h"

WINAPI void
kernel32_GetSystemInfo(struct SYSTEM_INFO *s)
{
	sysinfo_system(s);
}
WINAPI void
kernel32_GetNativeSystemInfo(struct SYSTEM_INFO *s)
{
	sysinfo_system(s);
}

WINAPI DWORD
kernel32_GetVersion(void)
{
	DWORD major, minor, build;
	sysinfo_version(&major, &minor, &build);
	return major | minor << 8 | build << 16;
}

WINAPI BOOL
kernel32_GetVersionExW(struct OSVERSIONINFOEXW *v)
{
	DWORD size = v->dwOSVersionInfoSize;
	if (size != sizeof *v && size != offsetof(struct OSVERSIONINFOEXW, wServicePackMajor))
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	memset(v, 0, size);
	v->dwOSVersionInfoSize = size;
	sysinfo_version(&v->dwMajorVersion, &v->dwMinorVersion, &v->dwBuildNumber);
	v->dwPlatformId = 2;
	if (size == sizeof *v) {
		v->wSuiteMask = 0x100;
		v->wProductType = 1;
	}
	return TRUE;
}

struct OSVERSIONINFOEXA {
	DWORD dwOSVersionInfoSize, dwMajorVersion, dwMinorVersion, dwBuildNumber, dwPlatformId;
	char szCSDVersion[128];
	WORD wServicePackMajor, wServicePackMinor, wSuiteMask;
	BYTE wProductType, wReserved;
};

WINAPI BOOL
kernel32_GetVersionExA(struct OSVERSIONINFOEXA *v)
{
	DWORD size = v->dwOSVersionInfoSize;
	if (size != sizeof *v && size != offsetof(struct OSVERSIONINFOEXA, wServicePackMajor))
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	memset(v, 0, size);
	v->dwOSVersionInfoSize = size;
	sysinfo_version(&v->dwMajorVersion, &v->dwMinorVersion, &v->dwBuildNumber);
	v->dwPlatformId = 2;
	if (size == sizeof *v) {
		v->wSuiteMask = 0x100;
		v->wProductType = 1;
	}
	return TRUE;
}

enum { ERROR_OLD_WIN_VERSION = 1150, ERROR_BAD_ARGUMENTS = 160 };

static BOOL
verify(const struct OSVERSIONINFOEXW *v, DWORD types, ULONGLONG conditions)
{
	DWORD major, minor, build;
	if (!types)
		return refuse(ERROR_BAD_ARGUMENTS);
	sysinfo_version(&major, &minor, &build);
	return sysinfo_verify(v, types, conditions, major, minor, build)
	               ? TRUE
	               : refuse(ERROR_OLD_WIN_VERSION);
}

WINAPI BOOL
kernel32_VerifyVersionInfoW(const struct OSVERSIONINFOEXW *v, DWORD types, ULONGLONG conditions)
{
	return verify(v, types, conditions);
}

WINAPI BOOL
kernel32_VerifyVersionInfoA(const struct OSVERSIONINFOEXA *a, DWORD types, ULONGLONG conditions)
{
	struct OSVERSIONINFOEXW v = { .dwMajorVersion = a->dwMajorVersion,
		                      .dwMinorVersion = a->dwMinorVersion,
		                      .dwBuildNumber = a->dwBuildNumber,
		                      .dwPlatformId = a->dwPlatformId,
		                      .wServicePackMajor = a->wServicePackMajor,
		                      .wServicePackMinor = a->wServicePackMinor,
		                      .wSuiteMask = a->wSuiteMask,
		                      .wProductType = a->wProductType };
	return verify(&v, types, conditions);
}

WINAPI BOOL
kernel32_GetProductInfo(DWORD major, DWORD minor, DWORD sp_major, DWORD sp_minor, DWORD *type)
{
	(void)major, (void)minor, (void)sp_major, (void)sp_minor;
	*type = 0x30; /* PRODUCT_PROFESSIONAL */
	return TRUE;
}

WINAPI BOOL
kernel32_IsProcessorFeaturePresent(DWORD n)
{
	return sysinfo_feature(n);
}

WINAPI DWORD64
kernel32_GetEnabledXStateFeatures(void)
{
	return XSTATE_LEGACY | xstate_enabled();
}

/* -- processors, groups, nodes: one group, one node -------------------------------- */

WINAPI WORD
kernel32_GetActiveProcessorGroupCount(void)
{
	return 1;
}
WINAPI WORD
kernel32_GetMaximumProcessorGroupCount(void)
{
	return 1;
}

WINAPI DWORD
kernel32_GetActiveProcessorCount(WORD group)
{
	if (group != 0 && group != 0xffff)
		return (DWORD)refuse(ERROR_INVALID_PARAMETER);
	return host_processors();
}

WINAPI DWORD
kernel32_GetMaximumProcessorCount(WORD group)
{
	return kernel32_GetActiveProcessorCount(group);
}

WINAPI BOOL
kernel32_GetNumaHighestNodeNumber(ULONG *node)
{
	*node = 0;
	return TRUE;
}

WINAPI BOOL
kernel32_GetNumaNodeProcessorMask(BYTE node, ULONGLONG *mask)
{
	*mask = node ? 0 : host_processor_mask();
	return node ? refuse(ERROR_INVALID_PARAMETER) : TRUE;
}

struct GROUP_AFFINITY {
	ULONG_PTR Mask;
	WORD Group, Reserved[3];
};

WINAPI BOOL
kernel32_GetNumaNodeProcessorMaskEx(USHORT node, struct GROUP_AFFINITY *a)
{
	if (node)
		return refuse(ERROR_INVALID_PARAMETER);
	*a = (struct GROUP_AFFINITY){ host_processor_mask(), 0, { 0 } };
	return TRUE;
}

WINAPI BOOL
kernel32_GetNumaProcessorNode(BYTE processor, BYTE *node)
{
	*node = processor < host_processors() ? 0 : 0xff;
	return *node ? refuse(ERROR_INVALID_PARAMETER) : TRUE;
}

struct PROCESSOR_NUMBER {
	WORD Group;
	BYTE Number, Reserved;
};

WINAPI BOOL
kernel32_GetNumaProcessorNodeEx(const struct PROCESSOR_NUMBER *p, USHORT *node)
{
	*node = p->Group == 0 && p->Number < host_processors() ? 0 : 0xffff;
	return *node ? refuse(ERROR_INVALID_PARAMETER) : TRUE;
}

WINAPI BOOL
kernel32_GetNumaProximityNode(ULONG id, BYTE *node)
{
	*node = 0;
	return id ? refuse(ERROR_INVALID_PARAMETER) : TRUE;
}

WINAPI BOOL
kernel32_GetNumaAvailableMemoryNode(BYTE node, ULONGLONG *bytes)
{
	if (node)
		return refuse(ERROR_INVALID_PARAMETER);
	*bytes = host_memory().available;
	return TRUE;
}

WINAPI BOOL
kernel32_GetNumaAvailableMemoryNodeEx(USHORT node, ULONGLONG *bytes)
{
	return kernel32_GetNumaAvailableMemoryNode((BYTE)(node ? 1 : 0), bytes);
}

static DWORD
processor_number(void)
{
	int n = sched_getcpu();
	return n < 0 ? 0 : (DWORD)n % host_processors();
}

WINAPI DWORD
kernel32_GetCurrentProcessorNumber(void)
{
	return processor_number();
}

WINAPI void
kernel32_GetCurrentProcessorNumberEx(struct PROCESSOR_NUMBER *p)
{
	*p = (struct PROCESSOR_NUMBER){ 0, (BYTE)processor_number(), 0 };
}

/* -- logical processors ------------------------------------------------------------- */

struct SYSTEM_LOGICAL_PROCESSOR_INFORMATION {
	ULONG_PTR ProcessorMask;
	DWORD Relationship, pad;
	union {
		struct {
			BYTE Flags;
		} ProcessorCore;
		struct {
			DWORD NodeNumber;
		} NumaNode;
		struct {
			BYTE Level, Associativity;
			WORD LineSize;
			DWORD Size, Type;
		} Cache;
		ULONGLONG Reserved[2];
	};
};

/* Each processor a core with its own caches of usual sizes; the last one is shared. */
static const struct {
	BYTE level, ways;
	DWORD size, type;
} caches[] = { { 1, 8, 32 << 10, 2 }, { 1, 8, 32 << 10, 1 }, { 2, 8, 1 << 20, 0 } };

WINAPI BOOL
kernel32_GetLogicalProcessorInformation(struct SYSTEM_LOGICAL_PROCESSOR_INFORMATION *out,
                                        DWORD *size)
{
	DWORD n = host_processors(), rows = n * 4 + 3, i = 0;
	if (*size < rows * sizeof *out) {
		*size = rows * (DWORD)sizeof *out;
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	}
	memset(out, 0, rows * sizeof *out);
	*size = rows * (DWORD)sizeof *out;
	for (DWORD p = 0; p < n; p++) {
		out[i].ProcessorMask = UINT64_C(1) << p;
		out[i++].Relationship = 0;
		for (size_t c = 0; c < 3; c++, i++) {
			out[i].ProcessorMask = UINT64_C(1) << p;
			out[i].Relationship = 2;
			out[i].Cache.Level = caches[c].level;
			out[i].Cache.Associativity = caches[c].ways;
			out[i].Cache.LineSize = 64;
			out[i].Cache.Size = caches[c].size;
			out[i].Cache.Type = caches[c].type;
		}
	}
	for (DWORD k = 0; k < 3; k++, i++) {
		out[i].ProcessorMask = host_processor_mask();
		out[i].Relationship = k == 0 ? 3 : k == 1 ? 1 : 2; /* package, node, cache */
	}
	out[i - 1].Cache.Level = 3;
	out[i - 1].Cache.Associativity = 16;
	out[i - 1].Cache.LineSize = 64;
	out[i - 1].Cache.Size = 16 << 20;
	return TRUE;
}

struct relation {
	DWORD Relationship, Size;
	union {
		struct {
			BYTE Flags, EfficiencyClass, Reserved[20];
			WORD GroupCount;
			struct GROUP_AFFINITY GroupMask[1];
		} Processor;
		struct {
			DWORD NodeNumber;
			BYTE Reserved[18];
			WORD GroupCount;
			struct GROUP_AFFINITY GroupMask;
		} NumaNode;
		struct {
			BYTE Level, Associativity;
			WORD LineSize;
			DWORD CacheSize, Type;
			BYTE Reserved[18];
			WORD GroupCount;
			struct GROUP_AFFINITY GroupMask;
		} Cache;
		struct {
			WORD MaximumGroupCount, ActiveGroupCount;
			BYTE Reserved[20];
			struct {
				BYTE Maximum, Active, Reserved[38];
				ULONG_PTR Mask;
			} GroupInfo[1];
		} Group;
	};
};

enum { RELATION_CORE, RELATION_NODE, RELATION_CACHE, RELATION_PACKAGE, RELATION_GROUP };

static DWORD
relation(struct relation *r, DWORD which, DWORD processor, size_t cache)
{
	struct GROUP_AFFINITY mask = { host_processor_mask(), 0, { 0 } };
	memset(r, 0, sizeof *r);
	r->Relationship = which;
	if (which == RELATION_CORE || (which == RELATION_CACHE && cache < 3))
		mask.Mask = UINT64_C(1) << processor;
	switch (which) {
	case RELATION_CORE:
	case RELATION_PACKAGE:
		r->Processor.GroupCount = 1;
		r->Processor.GroupMask[0] = mask;
		r->Size = 8 + sizeof r->Processor;
		break;
	case RELATION_NODE:
		r->NumaNode.GroupCount = 1;
		r->NumaNode.GroupMask = mask;
		r->Size = 8 + sizeof r->NumaNode;
		break;
	case RELATION_CACHE:
		r->Cache.Level = cache < 3 ? caches[cache].level : 3;
		r->Cache.Associativity = cache < 3 ? caches[cache].ways : 16;
		r->Cache.LineSize = 64;
		r->Cache.CacheSize = cache < 3 ? caches[cache].size : 16 << 20;
		r->Cache.Type = cache < 3 ? caches[cache].type : 0;
		r->Cache.GroupCount = 1;
		r->Cache.GroupMask = mask;
		r->Size = 8 + sizeof r->Cache;
		break;
	default:
		r->Group.MaximumGroupCount = r->Group.ActiveGroupCount = 1;
		r->Group.GroupInfo[0].Maximum = r->Group.GroupInfo[0].Active =
		        (BYTE)host_processors();
		r->Group.GroupInfo[0].Mask = mask.Mask;
		r->Size = 8 + sizeof r->Group;
		break;
	}
	return r->Size;
}

WINAPI BOOL
kernel32_GetLogicalProcessorInformationEx(DWORD which, void *out, DWORD *size)
{
	DWORD total = 0, n = host_processors(), room = *size;
	for (DWORD kind = RELATION_CORE; kind <= RELATION_GROUP; kind++) {
		DWORD rows = kind == RELATION_CORE ? n : kind == RELATION_CACHE ? n * 3 + 1 : 1;
		if (which != 0xffff && which != kind)
			continue;
		for (DWORD i = 0; i < rows; i++) {
			struct relation r;
			DWORD k = relation(&r, kind, kind == RELATION_CACHE ? i / 3 : i,
			                   kind == RELATION_CACHE && i == n * 3 ? 3 : i % 3);
			if (out && total + k <= room)
				memcpy((char *)out + total, &r, k);
			total += k;
		}
	}
	if (!total)
		return refuse(ERROR_INVALID_PARAMETER);
	*size = total;
	return total > room || !out ? refuse(ERROR_INSUFFICIENT_BUFFER) : TRUE;
}

/* -- memory --------------------------------------------------------------------------- */

struct MEMORYSTATUSEX {
	DWORD dwLength, dwMemoryLoad;
	DWORD64 ullTotalPhys, ullAvailPhys, ullTotalPageFile, ullAvailPageFile, ullTotalVirtual,
	        ullAvailVirtual, ullAvailExtendedVirtual;
};

WINAPI BOOL
kernel32_GlobalMemoryStatusEx(struct MEMORYSTATUSEX *s)
{
	struct host_memory m = host_memory();
	if (s->dwLength != sizeof *s)
		return refuse(ERROR_INVALID_PARAMETER);
	s->ullTotalPhys = m.total;
	s->ullAvailPhys = m.available;
	s->dwMemoryLoad = m.total ? (DWORD)((m.total - m.available) * 100 / m.total) : 0;
	s->ullTotalPageFile = m.total + m.swap_total;
	s->ullAvailPageFile = m.available + m.swap_free;
	s->ullTotalVirtual = 0x7fffffff0000 - 0x10000;
	s->ullAvailVirtual = s->ullTotalVirtual - host_use().size % s->ullTotalVirtual;
	s->ullAvailExtendedVirtual = 0;
	return TRUE;
}

struct MEMORYSTATUS {
	DWORD dwLength, dwMemoryLoad;
	SIZE_T dwTotalPhys, dwAvailPhys, dwTotalPageFile, dwAvailPageFile, dwTotalVirtual,
	        dwAvailVirtual;
};

WINAPI void
kernel32_GlobalMemoryStatus(struct MEMORYSTATUS *s)
{
	struct MEMORYSTATUSEX x = { .dwLength = sizeof x };
	kernel32_GlobalMemoryStatusEx(&x);
	*s = (struct MEMORYSTATUS){ sizeof *s,         x.dwMemoryLoad,     x.ullTotalPhys,
		                    x.ullAvailPhys,    x.ullTotalPageFile, x.ullAvailPageFile,
		                    x.ullTotalVirtual, x.ullAvailVirtual };
}

WINAPI BOOL
kernel32_GetPhysicallyInstalledSystemMemory(ULONGLONG *kilobytes)
{
	*kilobytes = host_memory().total >> 10;
	return TRUE;
}

/* -- names ------------------------------------------------------------------------------ */

/* A computer name is at most 15 upper-case letters (NetBIOS); a DNS name is as it is. */
static void
computer_name(bool netbios, WCHAR out[65])
{
	char name[65];
	size_t n = 0;
	host_name(name);
	for (const char *p = name; *p && *p != '.' && n < (netbios ? 15u : 64u); p++)
		out[n++] = netbios ? nls_up((uint8_t)*p) : (uint8_t)*p;
	out[n] = 0;
}

WINAPI BOOL
kernel32_GetComputerNameExW(DWORD type, WCHAR *out, DWORD *size)
{
	WCHAR name[65] = u"";
	DWORD n;
	if (type > 7)
		return refuse(ERROR_INVALID_PARAMETER);
	if (type % 4 != 2) /* the DNS domain: it is in none */
		computer_name(type % 4 == 0, name);
	n = (DWORD)nls_length(name);
	if (!out || *size <= n) {
		*size = n + 1;
		return refuse(ERROR_MORE_DATA);
	}
	memcpy(out, name, (n + 1) * 2);
	*size = n;
	return TRUE;
}

WINAPI BOOL
kernel32_GetComputerNameExA(DWORD type, char *out, DWORD *size)
{
	WCHAR name[65];
	DWORD n = 65;
	if (!kernel32_GetComputerNameExW(type, name, &n))
		return FALSE;
	n = (DWORD)nls_ansi_to(name, out, out ? *size : 0);
	if (!out || *size <= n) {
		*size = n + 1;
		return refuse(ERROR_MORE_DATA);
	}
	*size = n;
	return TRUE;
}

WINAPI BOOL
kernel32_GetComputerNameW(WCHAR *out, DWORD *size)
{
	if (kernel32_GetComputerNameExW(0, out, size))
		return TRUE;
	return refuse(111); /* ERROR_BUFFER_OVERFLOW */
}

WINAPI BOOL
kernel32_GetComputerNameA(char *out, DWORD *size)
{
	if (kernel32_GetComputerNameExA(0, out, size))
		return TRUE;
	return refuse(111);
}

static UINT
folder(const WCHAR *path, WCHAR *out, UINT size)
{
	UINT n = (UINT)nls_length(path);
	if (!out || size <= n)
		return n + 1;
	memcpy(out, path, (n + 1) * 2);
	return n;
}

static UINT
folder_ansi(const char *path, char *out, UINT size)
{
	UINT n = (UINT)strlen(path);
	if (!out || size <= n)
		return n + 1;
	memcpy(out, path, n + 1);
	return n;
}

WINAPI UINT
kernel32_GetSystemDirectoryW(WCHAR *out, UINT size)
{
	return folder(u"C:\\Windows\\System32", out, size);
}
WINAPI UINT
kernel32_GetSystemDirectoryA(char *out, UINT size)
{
	return folder_ansi("C:\\Windows\\System32", out, size);
}
WINAPI UINT
kernel32_GetWindowsDirectoryW(WCHAR *out, UINT size)
{
	return folder(u"C:\\Windows", out, size);
}
WINAPI UINT
kernel32_GetWindowsDirectoryA(char *out, UINT size)
{
	return folder_ansi("C:\\Windows", out, size);
}

WINAPI UINT
kernel32_GetSystemWow64DirectoryW(WCHAR *out, UINT size)
{
	(void)out, (void)size;
	return (UINT)refuse(
	        ERROR_CALL_NOT_IMPLEMENTED); /* as on a system without 32-bit programs */
}

WINAPI UINT
kernel32_GetSystemWow64DirectoryA(char *out, UINT size)
{
	(void)out, (void)size;
	return (UINT)refuse(ERROR_CALL_NOT_IMPLEMENTED);
}

/* -- power --------------------------------------------------------------------------------- */

struct SYSTEM_POWER_STATUS {
	BYTE ACLineStatus, BatteryFlag, BatteryLifePercent, SystemStatusFlag;
	DWORD BatteryLifeTime, BatteryFullLifeTime;
};

WINAPI BOOL
kernel32_GetSystemPowerStatus(struct SYSTEM_POWER_STATUS *s)
{
	*s = (struct SYSTEM_POWER_STATUS){
		1, 128, 255, 0, 0xffffffff, 0xffffffff
	}; /* no battery */
	return TRUE;
}

WINAPI DWORD
kernel32_SetThreadExecutionState(DWORD flags)
{
	static __thread DWORD state = 0x80000000;
	DWORD old = state;
	if (flags & 0x80000000)
		state = flags;
	return old;
}

WINAPI BOOL
kernel32_GetDevicePowerState(HANDLE device, BOOL *on)
{
	struct object *o;
	if (!succeed(handle_get(device, NULL, &o)))
		return FALSE;
	object_unref(o);
	*on = TRUE;
	return TRUE;
}

WINAPI BOOL
kernel32_IsSystemResumeAutomatic(void)
{
	return FALSE;
}
