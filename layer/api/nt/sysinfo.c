/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/sysinfo.h"

#include <cpuid.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>

#include "layer/api/nt/clock.h"
#include "layer/api/nt/object/handle.h"
#include "layer/api/nt/host.h"
#include "layer/api/nt/image/resource.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/teb.h"
#include "layer/api/nt/thread/thread.h"

bool
sysinfo_feature(DWORD n)
{
	unsigned a, b, c, d, b7 = 0, c7 = 0, d7 = 0;
	__cpuid(1, a, b, c, d);
	if (__get_cpuid_max(0, NULL) >= 7)
		__cpuid_count(7, 0, a, b7, c7, d7);
	bool os = c & bit_OSXSAVE;
	switch (n) {
	case 2:               /* PF_COMPARE_EXCHANGE_DOUBLE */
	case 3:               /* MMX */
	case 6:               /* SSE */
	case 8:               /* RDTSC */
	case 9:               /* PAE */
	case 10:              /* SSE2 */
	case 12:              /* NX */
	case 14:              /* COMPARE_EXCHANGE128 */
	case 15:              /* COMPARE64_EXCHANGE128 */
	case 16: return true; /* CHANNELS */
	case 13: return c & bit_SSE3;
	case 17: return os;
	case 22: return (b7 & bit_FSGSBASE) != 0;
	case 23: return true; /* FASTFAIL */
	case 28: return c & bit_RDRND;
	case 32: { /* RDTSCP */ __cpuid(0x80000001, a, b, c, d); return d & (1u << 27);
	}
	case 33: return (c7 & (1u << 22)) != 0;
	case 36: return (c & bit_SSSE3) != 0;
	case 37: return (c & bit_SSE4_1) != 0;
	case 38: return (c & bit_SSE4_2) != 0;
	case 39: return os && (c & bit_AVX);
	case 40: return os && (b7 & bit_AVX2);
	case 41: return os && (b7 & bit_AVX512F);
	default: return false;
	}
}

void
sysinfo_system(struct SYSTEM_INFO *s)
{
	unsigned a = 0, b, c, d;
	__cpuid(1, a, b, c, d);
	unsigned family = a >> 8 & 15, model = a >> 4 & 15;
	if (family == 6 || family == 15)
		model |= a >> 12 & 0xf0;
	if (family == 15)
		family += a >> 20 & 255;
	memset(s, 0, sizeof *s);
	s->wProcessorArchitecture = 9;
	s->dwPageSize = 4096;
	s->lpMinimumApplicationAddress = (void *)(uintptr_t)0x10000;
	s->lpMaximumApplicationAddress = (void *)(uintptr_t)0x7ffffffeffff;
	s->dwActiveProcessorMask = host_processor_mask();
	s->dwNumberOfProcessors = host_processors();
	s->dwProcessorType = 8664;
	s->dwAllocationGranularity = 0x10000;
	s->wProcessorLevel = (WORD)family;
	s->wProcessorRevision = (WORD)(model << 8 | (a & 15));
}

bool
sysinfo_verify(const struct OSVERSIONINFOEXW *v, DWORD types, ULONGLONG conditions, DWORD major,
               DWORD minor, DWORD build)
{
	/* in the order in which one decides only when those before it were equal */
	const struct {
		DWORD type;
		int shift;
		DWORD have, want;
	} row[] = {
		{ 2, 3, major, v->dwMajorVersion },    { 1, 0, minor, v->dwMinorVersion },
		{ 0x20, 15, 0, v->wServicePackMajor }, { 0x10, 12, 0, v->wServicePackMinor },
		{ 4, 6, build, v->dwBuildNumber },     { 8, 9, 2, v->dwPlatformId },
		{ 0x40, 18, 0x100, v->wSuiteMask },    { 0x80, 21, 1, v->wProductType },
	};
	bool decided = false;
	/* a version is compared part by part, with the condition of the first part that is asked */
	int how = 0;
	for (size_t i = 0; i < 4; i++) {
		if (!(types & row[i].type))
			continue;
		int c = (int)(conditions >> row[i].shift & 7);
		if (!how || c != 1)
			how = how ? how : c;
		if (decided)
			continue;
		if (row[i].have != row[i].want) {
			decided = true;
			bool more = row[i].have > row[i].want;
			if (how == 1 || !(more ? how == 2 || how == 3 : how == 4 || how == 5))
				return false;
		}
	}
	if (!decided && (how == 2 || how == 4))
		return false;
	for (size_t i = 4; i < sizeof row / sizeof *row; i++) {
		int c = (int)(conditions >> row[i].shift & 7);
		DWORD have = row[i].have, want = row[i].want;
		if (!(types & row[i].type))
			continue;
		if (row[i].type == 0x40) {
			if (c == 6 ? (have & want) != want : !(have & want))
				return false;
			continue;
		}
		if (!(c == 1   ? have == want
		      : c == 2 ? have > want
		      : c == 3 ? have >= want
		      : c == 4 ? have < want
		      : c == 5 ? have <= want
		               : false))
			return false;
	}
	return true;
}

void
sysinfo_times(int64_t *kernel, int64_t *user)
{
	struct rusage r = { 0 };
	getrusage(RUSAGE_SELF, &r);
	*kernel = r.ru_stime.tv_sec * CLOCK_SECOND + r.ru_stime.tv_usec * INT64_C(10);
	*user = r.ru_utime.tv_sec * CLOCK_SECOND + r.ru_utime.tv_usec * INT64_C(10);
}

uint32_t
sysinfo_handles(void)
{
	uint32_t n = 0;
	for (size_t i = 0; i < HANDLE_CHUNKS && handle_chunk[i]; i++)
		for (size_t j = 0; j < HANDLE_CHUNK; j++)
			n += handle_object(handle_chunk[i][j].word) != NULL;
	return n;
}

/* What follows fills `size` bytes at most and says how many there are. */

static NTSTATUS
give(void *out, ULONG size, ULONG *need, const void *from, size_t n, bool exact)
{
	if (need)
		*need = (ULONG)n;
	if (exact ? size != n : size < n)
		return STATUS_INFO_LENGTH_MISMATCH;
	memcpy(out, from, n);
	return STATUS_SUCCESS;
}

static NTSTATUS
basic(void *out, ULONG size, ULONG *need)
{
	struct {
		ULONG Reserved, TimerResolution, PageSize, Pages, Lowest, Highest, Granularity;
		ULONG_PTR Minimum, Maximum, Mask;
		char Processors;
	} b = { 0,
		156250,
		4096,
		0,
		1,
		0,
		0x10000,
		0x10000,
		0x7ffffffeffff,
		host_processor_mask(),
		(char)host_processors() };
	b.Pages = b.Highest = (ULONG)(host_memory().total >> 12);
	return give(out, size, need, &b, sizeof b, true);
}

static NTSTATUS
processor(void *out, ULONG size, ULONG *need)
{
	struct {
		USHORT Architecture, Level, Revision, Maximum;
		ULONG Features;
	} p;
	struct SYSTEM_INFO s;
	sysinfo_system(&s);
	p.Architecture = s.wProcessorArchitecture;
	p.Level = s.wProcessorLevel;
	p.Revision = s.wProcessorRevision;
	p.Maximum = (USHORT)s.dwNumberOfProcessors;
	p.Features = 0;
	return give(out, size, need, &p, sizeof p, false);
}

static NTSTATUS
time_of_day(void *out, ULONG size, ULONG *need)
{
	struct {
		LONGLONG Boot, Current, Bias;
		ULONG Zone, Reserved;
		ULONGLONG BootBias, SleepBias;
	} t = { 0 };
	t.Current = clock_now();
	t.Boot = t.Current - (LONGLONG)clock_ticks() * 10000;
	t.Bias = (LONGLONG)clock_bias(t.Current) * 60 * CLOCK_SECOND;
	if (size > sizeof t)
		return STATUS_INFO_LENGTH_MISMATCH;
	if (need)
		*need = size;
	memcpy(out, &t, size);
	return STATUS_SUCCESS;
}

static NTSTATUS
processor_times(void *out, ULONG size, ULONG *need)
{
	struct times {
		LONGLONG Idle, Kernel, User, Dpc, Interrupt;
		ULONG Interrupts, pad;
	} *p = out;
	ULONG n = host_processors();
	if (need)
		*need = n * (ULONG)sizeof *p;
	if (size / sizeof *p < n)
		n = (ULONG)(size / sizeof *p);
	if (!n)
		return STATUS_INFO_LENGTH_MISMATCH;
	for (ULONG i = 0; i < n; i++) {
		struct host_times t = host_times((int)i);
		p[i] = (struct times){ (LONGLONG)t.idle,
			               (LONGLONG)(t.kernel + t.idle),
			               (LONGLONG)t.user,
			               0,
			               0,
			               0,
			               0 };
	}
	return STATUS_SUCCESS;
}

struct SYSTEM_PROCESS_INFORMATION {
	ULONG NextEntryOffset, NumberOfThreads;
	LONGLONG WorkingSetPrivateSize;
	ULONG HardFaultCount, NumberOfThreadsHighWatermark;
	ULONGLONG CycleTime;
	LONGLONG CreateTime, UserTime, KernelTime;
	struct UNICODE_STRING ImageName;
	LONG BasePriority;
	HANDLE UniqueProcessId, InheritedFromUniqueProcessId;
	ULONG HandleCount, SessionId;
	ULONG_PTR UniqueProcessKey;
	SIZE_T PeakVirtualSize, VirtualSize;
	ULONG PageFaultCount;
	SIZE_T PeakWorkingSetSize, WorkingSetSize, QuotaPeakPagedPoolUsage, QuotaPagedPoolUsage,
	        QuotaPeakNonPagedPoolUsage, QuotaNonPagedPoolUsage, PagefileUsage,
	        PeakPagefileUsage, PrivatePageCount;
	LONGLONG io[6];
};

/* This process alone: what others are is toolhelp's to say. */
static NTSTATUS
process(void *out, ULONG size, ULONG *need)
{
	struct SYSTEM_PROCESS_INFORMATION *p = out;
	const struct UNICODE_STRING *image =
	        &teb()->ProcessEnvironmentBlock->ProcessParameters->ImagePathName;
	size_t n = image->Length / 2, at = n;
	struct host_use u = host_use();
	int64_t kernel, user;
	while (at > 0 && image->Buffer[at - 1] != '\\')
		at--;
	size_t total = sizeof *p + (n - at + 1) * sizeof(WCHAR);
	if (need)
		*need = (ULONG)total;
	if (size < total)
		return STATUS_INFO_LENGTH_MISMATCH;
	memset(p, 0, sizeof *p);
	sysinfo_times(&kernel, &user);
	p->NumberOfThreads = thread_count();
	p->CreateTime = clock_started();
	p->UserTime = user;
	p->KernelTime = kernel;
	p->BasePriority = 8;
	p->UniqueProcessId = teb()->ClientId.UniqueProcess;
	p->PeakVirtualSize = p->VirtualSize = u.size;
	p->PageFaultCount = (ULONG)u.faults;
	p->PeakWorkingSetSize = u.peak;
	p->WorkingSetSize = u.resident;
	p->PagefileUsage = p->PeakPagefileUsage = p->PrivatePageCount = u.private;
	p->WorkingSetPrivateSize = (LONGLONG)u.private;
	p->ImageName.Buffer = (WCHAR *)(p + 1);
	p->ImageName.Length = (USHORT)((n - at) * 2);
	p->ImageName.MaximumLength = (USHORT)(p->ImageName.Length + 2);
	memcpy(p + 1, image->Buffer + at, p->ImageName.Length);
	p->ImageName.Buffer[n - at] = 0;
	return STATUS_SUCCESS;
}

NTSTATUS
sysinfo_query(ULONG class, void *out, ULONG size, ULONG *need)
{
	static const BYTE zero[344];
	switch (class) {
	case 0: return basic(out, size, need);
	case 1: return processor(out, size, need);
	case 2: return give(out, size, need, zero, sizeof zero, false);
	case 3: return time_of_day(out, size, need);
	case 5: return process(out, size, need);
	case 8: return processor_times(out, size, need);
	case 35: return give(out, size, need, (BYTE[]){ 0, 1 }, 2, false); /* no kernel debugger */
	case 103:
		return give(out, size, need, (ULONG[]){ 8, 1 }, 8, true); /* code integrity is on */
	default: return STATUS_INVALID_INFO_CLASS;
	}
}

/* -- what this program is told ------------------------------------------------------------------ */

static struct told {
	DWORD major, minor, build;
} told;

/* The text, in bytes or in units, without case. */
static bool
holds(const BYTE *p, size_t n, const char *word)
{
	size_t length = strlen(word);
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;
		for (size_t j = i; j < n && k < length; j++) {
			if (!p[j])
				continue;
			if ((p[j] | 32) != (BYTE)(word[k] | 32))
				break;
			k++;
		}
		if (k == length)
			return true;
	}
	return false;
}

/* "Targeting your application for Windows": a program is told the newest version whose
 * supportedOS its manifest names, and Windows 8 when it names none of these. */
static void
read_manifest(void)
{
	const WCHAR *manifest = (const WCHAR *)24, *of_program = (const WCHAR *)1;
	const struct resource_data *d = resource_find(ldr_main(), manifest, of_program, 0);
	const BYTE *p = d ? resource_bytes(ldr_main(), d) : NULL;
	if (p && holds(p, d->size, "{8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a}"))
		told = (struct told){ 10, 0, SYSINFO_BUILD };
	else if (p && holds(p, d->size, "{1f676c76-80e1-4239-95bb-83d0f6d0da78}"))
		told = (struct told){ 6, 3, 9600 };
	else
		told = (struct told){ 6, 2, 9200 };
}

void
sysinfo_version(DWORD *major, DWORD *minor, DWORD *build)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, read_manifest);
	*major = told.major;
	*minor = told.minor;
	*build = told.build;
}
